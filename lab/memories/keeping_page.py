"""The results of the ``keeping`` experiment as Markdown tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bdh_workbench.training.pictures import COLOURS
from lab.results import draw, markdown_table, probability

INTRODUCTION = (
    "# Keeping\n\n"
    "Token accuracy, and retention, which is a quotient of two of them, are teacher-forced: the share of tokens that "
    "are the most probable ones given the true tokens before them. Recitation is free-running. The pure read is S "
    "alone, without completion or gate. Every part is of one set of facts or documents, of seed 0 unless it says "
    "otherwise; the three orders of the ten documents are orders of that one set: what differs between them is no "
    "spread over sets."
)

Rows = list[tuple[str, ...]]


def page(report: Mapping[str, Any], names: list[str]) -> str:
    """Tables of all parts of the report, each under its own heading."""
    made = []
    for part, tables in SECTIONS.items():
        if part in report:
            made.append(tables(report[part]))
    return "\n\n".join([INTRODUCTION, *made]) + "\n"


def _table(title: str, head: tuple[str, ...], rows: Rows, figures: Mapping[str, Any]) -> str:
    minutes = figures["part_seconds"] / 60
    measured = f"Seed {figures['seed']}, threads: {figures['threads']}, {minutes:.1f} minutes."
    return f"### {title}\n\n{markdown_table(head, rows)}\n{measured}"


def _n(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.3f}%"


DOCUMENT_FIGURES = {
    "retention_final": "retention, mean",
    "retention_min": "retention, least",
    "retention_final_without_completion": "retention, pure read, mean",
    "retention_min_without_completion": "retention, pure read, least",
    "token_accuracy_mean": "own token accuracy, mean",
    "token_accuracy_min": "own token accuracy, least",
    "probe_exact": "probes exact",
    "probe_exact_without_completion": "probes exact, pure read",
    "recitation_mean": "recited from eight words, mean",
    "recitation_min": "recited, least",
    "fill": "fill",
}


def _documents(title: str, figures: Mapping[str, Any], reports: list[Mapping[str, Any]]) -> str:
    head = ("measure", *(f"order {n + 1}" for n in range(len(reports)))) if len(reports) > 1 else ("measure", "value")
    rows: Rows = [(label, *(_n(report[key]) for report in reports)) for key, label in DOCUMENT_FIGURES.items()]
    rows.append(("locality with the gate", *(_percent(r["locality"]["relative_change"]) for r in reports)))
    rows.append(("held-out positions opened", *(_percent(r["locality"]["open"]) for r in reports)))
    rows.append(("slowest write (s)", *(_n(max(g["seconds"] for g in r["growth"]), 1) for r in reports)))
    rows.append(("file (MB)", *(_n(r["bytes"] / 1e6, 1) for r in reports)))
    return _table(title, head, rows, figures)


def _ten(figures: Mapping[str, Any]) -> str:
    return _documents("Ten documents, one at a time, in three orders", figures, figures["orders"])


def _one(title: str, figures: Mapping[str, Any]) -> str:
    return _documents(title, figures, [figures])


def _facts(title: str, figures: Mapping[str, Any]) -> str:
    rows: Rows = [
        ("exact", _n(figures["exact"])),
        ("exact, pure read", _n(figures["exact_without_completion"])),
        ("least p of an answer", probability(figures["min_p"])),
        ("median p", probability(figures["median_p"])),
        ("unseen paraphrases exact", _n(figures["paraphrase_exact"])),
        ("fill", _n(figures["fill"])),
        ("locality with the gate", _percent(figures["locality"]["relative_change"])),
        ("file (MB)", _n(figures["bytes"] / 1e6, 1)),
        ("most memory held by the process (GB)", _n(figures["peak_bytes"] / 1e9, 2)),
    ]
    if "seconds" in figures:
        rows.append(("write (s)", _n(figures["seconds"], 1)))
    else:
        rows.append(("slowest write (s)", _n(max(step["seconds"] for step in figures["growth"]), 1)))
    return _table(title, ("measure", "value"), rows, figures)


def _algebra(figures: Mapping[str, Any]) -> str:
    merged, forgot = figures["merge"], figures["forget"]
    rows: Rows = [
        ("facts exact apart", _n(merged["facts_exact_apart"])),
        ("facts exact when merged", _n(merged["facts_exact"])),
        ("documents' token accuracy apart, least", _n(min(merged["token_accuracy_apart"]))),
        ("the same when merged", _n(min(merged["token_accuracy"]))),
        ("largest difference of S between the two orders of merging", f"{merged['order_difference']:.1e}"),
        ("p of a document's probes before it is forgotten, mean", _n(forgot["probe_p_before_mean"])),
        ("largest distance of their p from the untouched model's afterwards", _n(forgot["probe_p_difference_max"], 6)),
        ("share of their accuracy that the others keep, least", _n(forgot["others_kept_min"])),
        ("logits as untouched to the bit after undoing all", "yes" if figures["undo"]["untouched_bits"] else "no"),
    ]
    return _table("Merging, forgetting, undoing", ("measure", "value"), rows, figures)


def _familiarity(figures: Mapping[str, Any]) -> str:
    head = ("memory", "threshold", "false accepts", "written prompts", "unseen paraphrases", "cold probes")
    rows: Rows = []
    for memory, found in figures.items():
        if not isinstance(found, Mapping):
            continue
        for name, rates in found.items():
            if isinstance(rates, Mapping):
                cells = [
                    _n(rates.get(f"{key} found"), 3) for key in ("written prompts", "unseen paraphrases", "probes")
                ]
                rows.append((f"{memory}, {name}", _n(rates["threshold"], 3), _percent(rates["false accepts"]), *cells))
    table = _table("Familiarity: shares found, on 100,096 held-out positions", head, rows, figures)
    return (
        f"{table}\n\nFalse accepts at the calibrated threshold are the positions that the reader opens. Other limits "
        "are set, and counted, by familiarity without the gate, where a place is sought at every position."
    )


def _ablation(figures: Mapping[str, Any]) -> str:
    head = (
        "write",
        "exact",
        "locality, gate",
        "locality, no gate",
        "locality, pure",
        "pure paraphrases",
        "norm",
        "steps",
    )
    keys = ("exact", "change, gate", "change, no gate", "change, pure", "pure paraphrases", "norm", "steps")
    rows: Rows = []
    for name, found in figures.items():
        if isinstance(found, Mapping):
            cells = []
            for key in keys:
                mean, spread = found[key]["mean"], found[key]["deviation"]
                percent = key.startswith("change")
                cells.append(f"{100 * mean:.3g}% ± {100 * spread:.2g}" if percent else f"{mean:.3g} ± {spread:.2g}")
            rows.append((name, *cells))
    return _table("Terms of a gradient write of 20 facts, each left out (three sets)", head, rows, figures)


GROWING = {
    "sequence1000": ("1,000 facts in 50 writes", "facts held", 20),
    "fifty": ("50 documents, one at a time", "documents held", 1),
}  # part of the experiment: title, axis, items of each write


def pictures(report: Mapping[str, Any], out: Path) -> list[str]:
    """The used rank and the seconds of each write over what is stored; parts that are missing are not drawn."""
    names = []
    for part, (title, across, size) in GROWING.items():
        growth = report.get(part, {}).get("growth", [])
        for measure, label in (("rank", "used rank (directions)"), ("seconds", "time of the write (s)")):

            def plot(axes: Any, growth: list[Any] = growth, measure: str = measure, size: int = size) -> None:
                stored = [size * (number + 1) for number in range(len(growth))]
                axes.plot(stored, [step[measure] for step in growth], color=COLOURS[0], linewidth=1.8)
                axes.set_ylim(bottom=0)

            if growth:
                names += draw(out, f"{part}-{measure}", (title, across, label), plot)
    return names


SECTIONS = {
    "ten": _ten,
    "fifty": lambda figures: _one("Fifty documents, one at a time", figures),
    "long": lambda figures: _one("A document of ten thousand tokens, and another after it", figures),
    "facts200": lambda figures: _facts("200 facts in ten writes", figures),
    "sequence1000": lambda figures: _facts("1,000 facts in fifty writes", figures),
    "facts1000": lambda figures: _facts("1,000 facts in one write", figures),
    "algebra": _algebra,
    "familiarity": _familiarity,
    "ablation": _ablation,
}
