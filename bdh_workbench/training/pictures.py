"""Pictures of a training run for the model card: the loss, and the gates of the memory sites."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bdh_workbench.model.files import write_atomically
from bdh_workbench.training.checkpoint import Progress

COLOURS = ("#4e9fe0", "#e69f00", "#2fae84", "#cc79a7", "#d55e00", "#8f8ae6", "#56b4e9", "#b5a13a")
MUTED_COLOUR, LINE_COLOUR = "#667085", "#d9dde5"
LOSS_SMOOTHING = 0.01  # share of the points on each side that a smoothed line takes the mean with


def draw_pictures(folder: Path, progress: Progress) -> list[str]:
    """Draw ``loss.png`` and ``gates.png`` into a folder.

    Args:
        folder: of the model card.
        progress: what the run logged.

    Returns:
        The names of the pictures made; none where matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return []
    made = []
    if progress.losses:
        _draw_loss(folder / "loss.png", progress)
        made.append("loss.png")
    if progress.gates and len(progress.gates[0]) > 1:
        _draw_gates(folder / "gates.png", progress.gates)
        made.append("gates.png")
    return made


def smoothed(values: Sequence[float], share: float = LOSS_SMOOTHING) -> list[float]:
    """The mean of each value and its neighbours on both sides, so that the line does not lag."""
    reach = int(share * len(values))
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    means = []
    for place in range(len(values)):
        start, stop = max(0, place - reach), min(len(values), place + reach + 1)
        means.append((sums[stop] - sums[start]) / (stop - start))
    return means


def _draw_loss(path: Path, progress: Progress) -> None:
    figure, axes = new_figure("Pre-training loss", "tokens read (millions)", "cross-entropy (nats per token)")
    tokens = [row[1] / 1e6 for row in progress.losses]
    losses = [row[3] for row in progress.losses]
    axes.plot(tokens, losses, color=COLOURS[0], alpha=0.35, linewidth=0.8, label="training text")
    axes.plot(tokens, smoothed(losses), color=COLOURS[0], linewidth=1.8, label="training text, smoothed")
    if progress.validation:
        held_out = [(row[1] / 1e6, row[3]) for row in progress.validation]
        axes.plot(*zip(*held_out, strict=True), color=COLOURS[1], marker="o", markersize=3, label="held-out text")
    # The first steps stand at the log of the vocabulary's size and would press everything else together.
    later = sorted(losses[len(losses) // 20 :])
    low = min([*losses, *(row[3] for row in progress.validation)])
    axes.set_ylim(low - 0.1, later[int(0.99 * (len(later) - 1))] + 0.3)
    save_figure(figure, axes, path)


def _draw_gates(path: Path, gates: list[list[float]]) -> None:
    figure, axes = new_figure("Gates of the memory sites", "step", "gate, tanh(g) (no unit)")
    steps = [row[0] for row in gates]
    for column in range(1, len(gates[0])):
        site, kind = (column + 1) // 2, "slow memory" if column % 2 else "fast state"
        values = [row[column] for row in gates]
        colour, style = COLOURS[(site - 1) % len(COLOURS)], "-" if column % 2 else "--"
        axes.plot(steps, values, style, color=colour, alpha=0.35, linewidth=0.8)
        axes.plot(steps, smoothed(values), style, color=colour, linewidth=1.8, label=f"site {site}, {kind}")
    axes.axhline(0.0, color=MUTED_COLOUR, linewidth=0.8)
    save_figure(figure, axes, path)


def new_figure(title: str, across: str, up: str) -> tuple[Any, Any]:
    """A figure with one pair of axes, titled and labelled, without a window; matplotlib must be installed."""
    # Without pyplot, which keeps figures alive and looks for a screen; by name, as the package may not be installed.
    figure: Any = importlib.import_module("matplotlib.figure").Figure(figsize=(7.2, 4.2), dpi=120, layout="constrained")
    importlib.import_module("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(color=LINE_COLOUR, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def save_figure(figure: Any, axes: Any, path: Path) -> None:
    """Write a figure in the form that the file's name ends in, with a legend below if any line has a label."""
    count = len(axes.get_legend_handles_labels()[1])
    if count and not figure.legends:
        figure.legend(loc="outside lower center", ncols=min(count, 3), frameon=False, fontsize=9)
    write_atomically(path, lambda temporary: figure.savefig(temporary, format=path.suffix[1:]))
