"""Does a Hebbian write at one level raise the gradient of that level's slow memory, where both share one gate?

The construction is that of the paper's public code (``one_gate``). Networks of one seed start alike and read the same
batches. The network to compare with has no fast state at all; the others have one at one level alone:

- Hebbian: that of the construction;
- two controls of the same norm (``study``): the state of another sequence, and random directions;
- lent gate: no fast state, but at every step the gate that the Hebbian network of the same seed had there.

The hypothesis: dL/dS = tanh(gate) sum q (x) G, so that the ratio of two gradients is the ratio of the gates times a
rest, and the fast read acts through the gate. It predicts a rest near 1, and that a lent gate does what the fast state
does. All ratios are geometric means over the looks after the first fifth of the steps, so that gradient = gate x rest
holds in every run.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bdh_workbench.training.pictures import COLOURS, MUTED_COLOUR
from lab.networks.one_gate import (
    AUTHOR_SLOTS,
    FAST_SETTINGS,
    LEVELS,
    SEQUENCE_TOKENS,
    SETTING_LABELS,
    STEP_SEQUENCES,
    TOKENIZERS,
    FastSettings,
    Runs,
)
from lab.networks.study import HEBBIAN_STATE, NO_STATE, NOISE_STATE, OTHER_STATE, TINY, WARM
from lab.results import Note, Paired, band, draw, markdown_table, panels, pictures_in, title_of_the_figure

LENT = "lent"
LEVEL_KINDS = {
    HEBBIAN_STATE: "Hebbian",
    OTHER_STATE: "control: another sequence's",
    NOISE_STATE: "control: random directions",
    LENT: "no fast state, gate of the Hebbian network",
}
CHOSEN_LEVEL = LEVELS - 1  # the level, from 0, that has a fast state
QUARTERS = tuple((number / 4, (number + 1) / 4) for number in range(4))  # of the steps
OPEN_GATE = 0.1  # of |tanh(gate)|: where the gates of our own construction start
RATIOS = ("gradient", "gate", "rest")
PULLS = ("pull_slow", "pull_fast")


@dataclass(frozen=True, slots=True)
class Ratios:
    """Gradient, gate and rest of networks, over those without a fast state."""

    gradient: Paired
    gate: Paired
    rest: Paired


@dataclass(frozen=True, slots=True)
class Shown:
    """What the report keeps of networks of one kind at the level.

    Attributes:
        marks: steps of the looks.
        loss: at the end.
        gates: for each look and seed, in four digits.
        gradients: the same.
        opened: of each seed, the step at which its gate had opened; None where it did not.
        fast_share_of_pull: of each seed, the fast read's share of what acts on the gate.
    """

    marks: list[int]
    loss: float
    gates: list[list[float]]
    gradients: list[list[float]]
    opened: list[int | None]
    fast_share_of_pull: list[float]


@dataclass(frozen=True, slots=True)
class Compared(Shown):
    """The same with the ratios, over all that is counted and in quarters; of a control, what Hebbian does over it."""

    gradient: Paired
    gate: Paired
    rest: Paired
    quarters: list[Ratios]
    hebbian_over: Paired | None


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured so far; results by kind of tokens: "none", and by setting each kind compared."""

    seeds: int
    steps: int
    tokens: int
    level: int
    settings: dict[str, FastSettings]
    results: dict[str, dict[str, Any]]


def measure(corpus: str, folder: Path, steps: int, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Train all networks, or those that an earlier call did not finish, and compare gradients.

    Args:
        corpus: text to train on.
        folder: finished runs are kept in ``one-gate-runs`` in it.
        steps: of each run.
        seeds: runs of each kind, side by side.
        note: called with a line for each kind.
    """
    report = Report(seeds, steps, steps * STEP_SEQUENCES * SEQUENCE_TOKENS, CHOSEN_LEVEL + 1, FAST_SETTINGS, {})
    runs = Runs("routing", corpus, folder / "one-gate-runs", steps, seeds, note)
    for tokens in TOKENIZERS:
        bare = runs.get(
            tokens, "author", NO_STATE, _placed(NO_STATE)
        )  # without a fast state its settings do not matter
        report.results[tokens] = {"none": Shown(**_shown(bare, steps))}
        for setting in FAST_SETTINGS:
            own = runs.get(tokens, setting, HEBBIAN_STATE, _placed(HEBBIAN_STATE))
            made = {HEBBIAN_STATE: own}
            for kind in (OTHER_STATE, NOISE_STATE):
                made[kind] = runs.get(tokens, setting, kind, _placed(kind))
            made[LENT] = runs.get(tokens, setting, LENT, _placed(NO_STATE), own["every_gate"])
            report.results[tokens][setting] = {
                kind: Compared(
                    **_shown(each, steps),
                    **{name: getattr(ratios, name) for name in RATIOS},
                    quarters=[compare(each, bare, steps, quarter) for quarter in QUARTERS],
                    hebbian_over=compare(own, each, steps).gradient if kind in (OTHER_STATE, NOISE_STATE) else None,
                )
                for kind, each in made.items()
                for ratios in [compare(each, bare, steps)]
            }
            yield report


def _placed(kind: str) -> list[str]:
    """A fast read of a kind at one level, none at the others."""
    return [kind if level == CHOSEN_LEVEL else NO_STATE for level in range(LEVELS)]


def compare(
    runs: Mapping[str, Any], bare: Mapping[str, Any], steps: int, part: tuple[float, float] = (WARM, 1.0)
) -> Ratios:
    """Ratios of gradient, gate and rest of paired runs, geometric means over the looks in a part of the steps."""
    later = [number for number, step in enumerate(runs["marks"]) if step > part[0] * steps]
    # in a short run, a part may lie between two looks; the next look is used for it
    counted = [number for number in later if runs["marks"][number] <= part[1] * steps] or later[:1]

    def mean_log(values: Sequence[Sequence[Sequence[float]]], seed: int) -> float:
        return statistics.mean(math.log(max(abs(values[number][seed][CHOSEN_LEVEL]), TINY)) for number in counted)

    seeds = range(len(runs["loss"][0]))
    logs = {
        name: [mean_log(runs[key], seed) - mean_log(bare[key], seed) for seed in seeds]
        for name, key in (("gradient", "gradients"), ("gate", "gates"))
    }
    logs["rest"] = [a - b for a, b in zip(logs["gradient"], logs["gate"], strict=True)]
    return Ratios(**{name: Paired.of([math.exp(value) for value in values]) for name, values in logs.items()})


def _shown(runs: Mapping[str, Any], steps: int) -> dict[str, Any]:
    """The fields of ``Shown``."""
    curves = {
        key: [[float(f"{value[CHOSEN_LEVEL]:.4g}") for value in row] for row in runs[key]]
        for key in ("gates", "gradients")
    }
    counted = [n for n, step in enumerate(runs["marks"]) if step > WARM * steps]
    seeds = range(len(runs["loss"][0]))
    sizes = [[statistics.mean(abs(runs[key][n][s][CHOSEN_LEVEL]) for n in counted) for s in seeds] for key in PULLS]
    gates = list(zip(runs["marks"], curves["gates"], strict=True))
    return {
        "marks": runs["marks"],
        "loss": statistics.mean(runs["loss"][-1]),
        **curves,
        "opened": [next((step for step, gate in gates if abs(gate[s]) >= OPEN_GATE), None) for s in seeds],
        "fast_share_of_pull": [fast / max(slow + fast, TINY) for slow, fast in zip(*sizes, strict=True)],
    }


def pictures(report: Report, out: Path) -> list[str]:
    """The ratios with their intervals, and gradients and gates while training."""
    results = report.results
    found: dict[str, list[str]] = {}
    for tokens, of_tokens in results.items():
        for setting in (name for name in FAST_SETTINGS if name in of_tokens):
            ratio = of_tokens[setting][HEBBIAN_STATE].gradient.mean
            found.setdefault(SETTING_LABELS[setting], []).append(f"{ratio:.2f} ({tokens})")
    title = (
        f"Does a fast state double the gradient of the slow memory? Mean and 95% interval over {report.seeds} seeds\n"
        "Hebbian state: " + "; ".join(f"{', '.join(ratios)} at {rate}" for rate, ratios in found.items())
    )
    labels = (title, "network with a fast state, over the one without (ratio)", "")
    names = draw(out, "routing-one-gate", labels, lambda axes: _ratios(axes, results))
    title = (
        f"Gradient of the slow memory of level {report.level}, and its gate: mean and range over {report.seeds} seeds\n"
    )
    title += "Predicted: the gradient without a fast state, times the ratio of the gates"
    return names + draw(out, "routing-one-gate-training", (title, "step", ""), lambda axes: _training(axes, results))


def _ratios(axes: Any, results: Mapping[str, Any]) -> None:
    """A row for each kind of network: its gradient with the interval, and its gate."""
    title_of_the_figure(axes)
    places: list[float] = []
    names: list[str] = []
    place, own = 0.0, COLOURS[0]
    for tokens, of_tokens in results.items():
        for setting in (name for name in FAST_SETTINGS if name in of_tokens):
            heading, at = f"{tokens}, {SETTING_LABELS[setting]}", (0.01, place)
            axes.annotate(heading, at, xycoords=("axes fraction", "data"), va="center", fontsize=9, weight="bold")
            for kind, label in LEVEL_KINDS.items():
                place -= 1.0
                found, first = of_tokens[setting][kind], not places
                mean, gate = found.gradient.mean, found.gate.mean
                reach = [[mean - found.gradient.low], [found.gradient.high - mean]]
                text = "gradient of the slow memory" if first else None
                axes.errorbar(mean, place, xerr=reach, fmt="o", markersize=5, capsize=2, color=own, label=text)
                text = "its gate" if first else None
                axes.plot(gate, place, "D", markersize=9, markerfacecolor="none", color=COLOURS[4], label=text)
                places.append(place)
                names.append(label)
            place -= 1.4
    axes.set_ylim(place + 0.9, 0.7)
    axes.figure.set_size_inches(8.6, 1.6 + 0.2 * -place)
    axes.set_yticks(places, names, fontsize=8)
    axes.set_xscale("log")
    ticks = (0.01, 0.03, 0.1, 0.3, 1.0, 2.0)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    for value, text, side in ((1.0, "unchanged ", "right"), (2.0, " doubled", "left")):
        axes.axvline(value, color=MUTED_COLOUR, linewidth=0.9, linestyle=":")
        axes.annotate(text, (value, 1.0), xycoords=("data", "axes fraction"), va="bottom", ha=side, fontsize=9)
    axes.set_xlim(right=4.0)
    axes.grid(visible=False, axis="y")


def _curves(of_tokens: Mapping[str, Any]) -> dict[str, Shown]:
    shown: dict[str, Shown] = {"no fast state": of_tokens["none"]}
    for setting in FAST_SETTINGS:
        if setting in of_tokens:
            shown[f"Hebbian, {SETTING_LABELS[setting]}"] = of_tokens[setting][HEBBIAN_STATE]
    return shown


def _training(axes: Any, results: Mapping[str, Any]) -> None:
    """A row of panels for each kind of tokens: the gradient, measured and as the gate predicts it, and the gate."""
    made = panels(axes, len(results), 2, (8.6, 1.4 + 2.6 * len(results)))
    for row, (tokens, of_tokens) in enumerate(results.items()):
        gradients, gates = made[2 * row], made[2 * row + 1]
        bare = of_tokens["none"]
        for (label, runs), colour in zip(_curves(of_tokens).items(), COLOURS, strict=False):
            sizes = [[abs(gate) for gate in column] for column in zip(*runs.gates, strict=True)]
            band(gates, runs.marks, sizes, label, color=colour)
            band(gradients, runs.marks, list(zip(*runs.gradients, strict=True)), label, color=colour)
            if runs is not bare:
                predicted = [
                    statistics.mean(
                        gradient * abs(gate) / max(abs(other), TINY)
                        for gradient, gate, other in zip(*look, strict=True)
                    )
                    for look in zip(bare.gradients, runs.gates, bare.gates, strict=True)
                ]
                gradients.plot(runs.marks, predicted, "--", color=colour, linewidth=1.2, label=f"{label}: predicted")
        gradients.set_yscale("log")
        gradients.set_ylim(bottom=gradients.get_ylim()[1] / 2e3)  # the first steps begin at zero
        gradients.set_title(f"{tokens}: norm of the gradient (nats)", loc="left", fontsize=9)
        gates.set_title(f"{tokens}: size of the gate, |tanh(g)| (no unit)", loc="left", fontsize=9)
        for panel in (gradients, gates):
            panel.set_xlabel("step" if row == len(results) - 1 else "")
    axes.figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=9
    )


def page(report: Report, names: list[str]) -> str:
    """Two tables for each kind of tokens and setting."""
    parts = [
        "# Routing of the gradient, one gate\n\n"
        f"Networks in the construction of the paper's public code: {LEVELS} levels, {AUTHOR_SLOTS} slots, one gate a "
        "level "
        f"that starts at 0; the fast state is at level {report.level} alone. {report.steps} steps "
        f"({report.tokens:,} tokens), {report.seeds} seeds. Rate and decay of the fast state: "
        + "; ".join(
            f"{SETTING_LABELS[name]} {fast.rate:g} and {fast.decay:g}" for name, fast in report.settings.items()
        )
        + f". All ratios are over the network of the same seed without a fast state, after the first {WARM:.0%} of "
        "the steps: geometric mean, in brackets its 95% interval over seeds. Gradient is that of the slow memory and "
        "equals gate times rest. Effect: mean over standard deviation of the logarithms. Seen: the least ratio that "
        "this spread would have told from 1. Pull: the fast read's share of what acts on the gate.\n"
    ]
    head = ["fast state", "gradient", "gate", "rest", "effect", "seen", "gate at the end", "pull"]
    for tokens, of_tokens in report.results.items():
        for setting in (name for name in FAST_SETTINGS if name in of_tokens):
            kinds: dict[str, Compared] = of_tokens[setting]
            rows = [["none", "1", "1", "1", "–", "–", _final(of_tokens["none"]), "–"]]
            for kind, label in LEVEL_KINDS.items():
                figures = kinds[kind]
                effect = figures.gradient.effect
                rows.append(
                    [
                        label,
                        *(str(getattr(figures, name)) for name in RATIOS),
                        "–" if effect is None else f"{effect:+.1f}",
                        f"{figures.gradient.seen:.2f}",
                        _final(figures),
                        "–" if kind == LENT else f"{statistics.mean(figures.fast_share_of_pull):.0%}",
                    ]
                )
            over = ", ".join(
                f"{kinds[kind].hebbian_over} times that of the {LEVEL_KINDS[kind]}"
                for kind in (OTHER_STATE, NOISE_STATE)
            )
            quarters = [
                [f"{label}: {name}", *(str(getattr(each, name)) for each in kinds[kind].quarters)]
                for kind, label in LEVEL_KINDS.items()
                for name in ("gradient", "gate")
            ]
            parts.append(
                f"\n## {tokens}, {SETTING_LABELS[setting]}\n\n{markdown_table(head, rows)}\n"
                f"The Hebbian network's gradient is {over}. The same ratios in each quarter of the training, the start "
                "included:\n\n" + markdown_table(["fast state", "first", "second", "third", "last"], quarters)
            )
    return "".join(parts) + pictures_in("Gradient of the slow memory and gate", names)


def _final(figures: Shown) -> str:
    """Mean size of the gates at the end, and how many of them have opened."""
    last = [abs(gate) for gate in figures.gates[-1]]
    opened = sum(step is not None for step in figures.opened)
    return f"{statistics.mean(last):.3f} ({opened} of {len(last)} reached {OPEN_GATE})"
