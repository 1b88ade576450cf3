"""Do levels specialise into a slow and a fast system where both reads of a level share one gate?

The construction is that of the paper's public code (``one_gate``); networks of one seed start alike and read the same
batches. A level cannot choose between its reads by its gate: it can only open it. What can differ is how far each level
opens its gate, and how much of what it then adds comes from the slow memory and from the fast state. The measures are
those of ``gates``, with nothing read from all fast states, or all slow memories, in place of a shut gate. Fast states
are at all levels, or at none; the control is the state of another sequence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bdh_workbench.model.network import Network
from bdh_workbench.training.pictures import COLOURS
from lab.networks.gates import measure
from lab.networks.one_gate import CONTEXT, LEVELS, ROWS, SETTING_LABELS, SETTINGS, SLOTS, TOKENS, Runs
from lab.networks.study import HEBBIAN, NONE, OTHER, StudyText
from lab.results import Note, cell, draw, markdown_table, pictures_in, save, spread, without_model

KINDS = {HEBBIAN: "Hebbian", OTHER: "control"}
SHOWN = {
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


def run(corpus: str, out: Path, steps: int, seeds: int, note: Note = lambda line: None) -> dict[str, Any]:
    """Train all networks, or those that an earlier call did not finish, and measure them.

    Args:
        corpus: text to train on; its validation part is held out.
        out: folder of results; finished runs are kept in ``one-gate-runs`` in it.
        steps: of each run.
        seeds: runs of each kind, side by side.
        note: told a line for each kind.
    """
    report: dict[str, Any] = {
        **without_model("gates-one-gate"),
        "seeds": seeds,
        "steps": steps,
        "tokens": steps * ROWS * CONTEXT,
        "settings": {name: dataclasses.asdict(fast) for name, fast in SETTINGS.items()},
        "results": {},
    }
    runs = Runs("gates", corpus, out / "one-gate-runs", steps, seeds, note, _measured)
    for tokens in TOKENS:
        bare = runs.get(tokens, "author", NONE, (NONE,) * LEVELS)
        report["results"][tokens] = found = {"none": _summary(bare)}
        for setting in SETTINGS:
            found[setting] = {kind: _summary(runs.get(tokens, setting, kind, (kind,) * LEVELS)) for kind in KINDS}
            # the page is there from the first setting on, as the whole takes a while
            save(out, report, _page(report, _picture(out, report)))
    return report


def _measured(networks: Sequence[Network], text: StudyText) -> dict[str, Any]:
    return {"measures": [measure(network, text.held_out, seed) for seed, network in enumerate(networks)]}


def _summary(found: Mapping[str, Any]) -> dict[str, Any]:
    """Spreads over seeds; of what differs from level to level, one for each."""
    measures = found["measures"]
    summary: dict[str, Any] = {name: spread([each[name] for each in measures]) for name in FIGURES}
    for name in SHOWN:
        if name != "gate":
            summary[name] = [spread([each[name][level] for each in measures]) for level in range(LEVELS)]
    last = found["gates"][-1]
    summary["gate"] = [spread([abs(gates[level]) for gates in last]) for level in range(LEVELS)]
    return summary


def _picture(out: Path, report: Mapping[str, Any]) -> list[str]:
    bars = [
        (f"level {level + 1}, {SETTING_LABELS[setting]}, {tokens}", found[setting][HEBBIAN], level)
        for tokens, found in report["results"].items()
        for setting in SETTINGS
        if setting in found
        for level in range(LEVELS)
    ]

    def plot(axes: Any) -> None:
        shown = {"slow_share": "from the slow memory", "fast_share": "from the fast state"}
        for number, ((key, label), colour) in enumerate(zip(shown.items(), COLOURS, strict=False)):
            figures = [found[key][level] for _, found, level in bars]
            axes.barh(
                [len(bars) - place - 0.4 * number for place in range(len(bars))],
                [figure["mean"] for figure in figures],
                0.4,
                xerr=[figure["deviation"] for figure in figures],
                color=colour,
                label=label,
                error_kw={"linewidth": 0.8},
            )
        axes.set_yticks([len(bars) - place - 0.2 for place in range(len(bars))], [name for name, _, _ in bars])
        axes.tick_params(axis="y", labelsize=8)

    title = "What each level adds to the stream through its one gate, mean and deviation over seeds"
    return draw(out, "gates-one-gate", (title, "norm of what is added, over that of the stream", ""), plot)


def _page(report: Mapping[str, Any], names: list[str]) -> str:
    parts = [
        "# Gates, one for both reads\n\n"
        f"Networks in the construction of the paper's public code: {LEVELS} levels, {SLOTS} slots, one gate a level "
        f"that starts at 0; {report['steps']} steps ({report['tokens']:,} tokens), {report['seeds']} seeds; mean ± "
        "sample standard deviation. The measures are those of [the networks with two gates](gates.md).\n"
    ]
    for tokens, found in report["results"].items():
        columns = [("no fast state", found["none"])]
        columns += [
            (f"{KINDS[kind]}, {SETTING_LABELS[setting]}", found[setting][kind])
            for setting in SETTINGS
            if setting in found
            for kind in KINDS
        ]
        rows = [
            [f"level {level + 1}: {label}", *(cell(figures[name][level]) for _, figures in columns)]
            for level in range(LEVELS)
            for name, label in SHOWN.items()
        ]
        rows += [[label, *(cell(figures[name], ".4f") for _, figures in columns)] for name, label in FIGURES.items()]
        parts.append(f"\n## {tokens}\n\n" + markdown_table(["", *(name for name, _ in columns)], rows))
    return "".join(parts) + pictures_in("What each level adds", names)
