"""Do levels specialise into a slow and a fast system where both reads of a level share one gate?

The construction is that of the paper's public code (``one_gate``); networks of one seed start alike and read the same
batches. A level cannot choose between its reads by its gate: it can only open it. What can differ is how far each level
opens its gate, and how much of what it then adds comes from the slow memory and from the fast state. The measures are
those of ``gates``, with nothing read from all fast states, or all slow memories, in place of a shut gate. Fast states
are at all levels, or at none; the control is the state of another sequence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bdh_workbench.model.network import Network
from bdh_workbench.training.pictures import LINE_COLOUR
from lab.networks.gates import measure_network
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
from lab.networks.study import HEBBIAN_STATE, NO_STATE, OTHER_STATE, StudyText
from lab.results import Note, Spread, bars, cell, draw, markdown_table, pictures_in

ONE_GATE_KINDS = {HEBBIAN_STATE: "Hebbian", OTHER_STATE: "control"}
ONE_GATE_COLUMNS = {
    "gate": "size of the gate",
    "slow_share": "slow share",
    "fast_share": "fast share",
    "index": "index",
}
FIGURES = {
    "range": "range of the index over levels",
    "fast_term": "fast term (nats)",
    "slow_term": "slow term (nats)",
    "contrast": "contrast (nats)",
    "p": "p of the contrast",
    "loss": "held-out loss (nats per token)",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """Networks of one kind over seeds; gate, shares and index are those of each level."""

    range: Spread
    fast_term: Spread
    slow_term: Spread
    contrast: Spread
    p: Spread
    loss: Spread
    slow_share: list[Spread]
    fast_share: list[Spread]
    index: list[Spread]
    gate: list[Spread]


Results = dict[str, dict[str, Any]]  # by kind of tokens: "none", a summary, and by setting the summaries of each kind


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured so far."""

    seeds: int
    steps: int
    tokens: int
    settings: dict[str, FastSettings]
    results: Results


def measure(corpus: str, folder: Path, steps: int, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Train all networks, or those that an earlier call did not finish, and measure them.

    Args:
        corpus: text to train on; its validation part is held out.
        folder: finished runs are kept in ``one-gate-runs`` in it.
        steps: of each run.
        seeds: runs of each kind, side by side.
        note: called with a line for each kind.
    """
    report = Report(seeds, steps, steps * STEP_SEQUENCES * SEQUENCE_TOKENS, FAST_SETTINGS, {})
    runs = Runs("gates", corpus, folder / "one-gate-runs", steps, seeds, note, _measured)
    for tokens in TOKENIZERS:
        bare = runs.get(tokens, "author", NO_STATE, (NO_STATE,) * LEVELS)
        of_tokens: dict[str, Any] = {"none": _summary(bare)}
        report.results[tokens] = of_tokens
        for setting in FAST_SETTINGS:
            of_tokens[setting] = {
                kind: _summary(runs.get(tokens, setting, kind, (kind,) * LEVELS)) for kind in ONE_GATE_KINDS
            }
            yield report


def _measured(networks: Sequence[Network], text: StudyText) -> dict[str, Any]:
    measures = [measure_network(network, text.held_out, seed) for seed, network in enumerate(networks)]
    return {"measures": [dataclasses.asdict(each) for each in measures]}


def _summary(runs: Mapping[str, Any]) -> Summary:
    measures, last = runs["measures"], runs["gates"][-1]
    of_levels: dict[str, Any] = {
        name: [Spread.of([each[name][level] for each in measures]) for level in range(LEVELS)]
        for name in ("slow_share", "fast_share", "index")
    }
    gate = [Spread.of([abs(gates[level]) for gates in last]) for level in range(LEVELS)]
    of_networks: dict[str, Any] = {name: Spread.of([each[name] for each in measures]) for name in FIGURES}
    return Summary(**of_networks, **of_levels, gate=gate)


def pictures(report: Report, out: Path) -> list[str]:
    """What each level adds, from its slow memory and from its fast state."""
    names, series, beside = [], {"from the slow memory": list[Spread](), "from the fast state": list[Spread]()}, []
    for tokens, of_tokens in report.results.items():
        for setting in (name for name in FAST_SETTINGS if name in of_tokens):
            own, control = (of_tokens[setting][kind] for kind in (HEBBIAN_STATE, OTHER_STATE))
            for level in range(LEVELS):
                names.append(f"{tokens}, {SETTING_LABELS[setting]}: level {level + 1}")
                for figures, shares in zip(series.values(), (own.slow_share, own.fast_share), strict=True):
                    figures.append(shares[level])
            indices = (", ".join(f"{figure.mean:.2f}" for figure in each.index) for each in (own, control))
            beside.append("index {}\ncontrol {}".format(*indices))
    title = (
        f"Does one level become slow and the other fast? What each adds, mean and deviation over {report.seeds} seeds\n"
        "Index of the levels: -1 for all slow, 1 for all fast; control: with the fast state of another sequence"
    )

    def plot(axes: Any) -> None:
        bars(axes, names, series, ".2g")
        axes.figure.set_size_inches(8.8, 1.6 + 0.36 * len(names))
        axes.set_xlim(0.0, 1.45 * axes.get_xlim()[1])
        for number, text in enumerate(beside):
            middle = len(names) - number * LEVELS - (LEVELS - 1) / 2 - 0.2
            at = (0.99, middle)
            axes.annotate(text, at, xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=8)
            axes.axhline(middle - LEVELS / 2, color=LINE_COLOUR, linewidth=0.8)
        axes.grid(visible=False, axis="y")

    return draw(out, "gates-one-gate", (title, "norm of what is added, over that of the stream (ratio)", ""), plot)


def page(report: Report, names: list[str]) -> str:
    """A table for each kind of tokens."""
    parts = [
        "# Gates, one for both reads\n\n"
        f"Networks in the construction of the paper's public code: {LEVELS} levels, {AUTHOR_SLOTS} slots, one gate a "
        "level "
        f"that starts at 0; {report.steps} steps ({report.tokens:,} tokens), {report.seeds} seeds; mean ± "
        "sample standard deviation. The measures are those of [the networks with two gates](gates.md).\n"
    ]
    for tokens, of_tokens in report.results.items():
        columns: list[tuple[str, Summary]] = [("no fast state", of_tokens["none"])]
        columns += [
            (f"{ONE_GATE_KINDS[kind]}, {SETTING_LABELS[setting]}", of_tokens[setting][kind])
            for setting in FAST_SETTINGS
            if setting in of_tokens
            for kind in ONE_GATE_KINDS
        ]
        rows = [
            [f"level {level + 1}: {label}", *(cell(getattr(summary, name)[level]) for _, summary in columns)]
            for level in range(LEVELS)
            for name, label in ONE_GATE_COLUMNS.items()
        ]
        rows += [
            [label, *(cell(getattr(summary, name), ".4f") for _, summary in columns)] for name, label in FIGURES.items()
        ]
        parts.append(f"\n## {tokens}\n\n" + markdown_table(["", *(name for name, _ in columns)], rows))
    return "".join(parts) + pictures_in("What each level adds", names)
