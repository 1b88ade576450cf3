"""How many facts a memory takes: joint writes of 1 to 1,000 facts, against slots and time, over seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.errors import UserError
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training.pictures import COLOURS
from bdh_workbench.training.synthetic import facts
from lab.memories.variants import MEASURED_SPLIT, fact_shares, with_slots
from lab.results import Figures, Note, cell, draw, markdown_table, mean, pictures_in, spread_of

FACT_COUNTS = (1, 5, 20, 50, 100, 200, 500, 1000)
SLOT_COUNTS = (1024, 4096)  # besides those of the model
ASKED_AT_MOST = 60  # facts that are asked of each memory


@dataclass(frozen=True, slots=True)
class Size:
    """Memories of one size: slots, facts in one write, refused writes, and the figures of the others."""

    slots: int
    facts: int
    refused: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured."""

    model: str
    split: str
    seeds: int
    threads: int
    results: list[Size]


def measure(model: Model, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Write facts into fresh memories of several sizes.

    Args:
        model: the frozen model.
        seeds: sets of facts.
        note: called with a line for each size.
    """
    report = Report(model.name, MEASURED_SPLIT, seeds, torch.get_num_threads(), [])
    for slots in sorted(
        {*(slots for slots in SLOT_COUNTS if slots < model.config.write_slots), model.config.write_slots}
    ):
        variant = with_slots(model, slots)
        for count in FACT_COUNTS:
            written = [one for seed in range(seeds) if (one := _measure(variant, count, seed)) is not None]
            figures = spread_of(written) if written else {}
            report.results.append(Size(slots, count, seeds - len(written), figures))
            exact, seconds = cell(figures.get("exact")), cell(figures.get("seconds"))
            note(f"{slots} slots, {count} facts: exact {exact}, {seconds} s")
    yield report


def _measure(model: Model, count: int, seed: int) -> dict[str, float | None] | None:
    """The figures of one memory; None where the write was refused for lack of room."""
    given = facts(count, seed, MEASURED_SPLIT)
    try:
        result = finish(write(model, None, given))
    except UserError:
        return None
    memory = result.memory
    return {
        **fact_shares(Reader(model, memory), given, ASKED_AT_MOST),
        "seconds": result.summary.seconds,
        "rank": len(memory.basis),
        "fill": memory.fill,
        "rows": len(memory.rows),
    }


def pictures(report: Report, out: Path) -> list[str]:
    """What is answered, and what a write takes, over the number of facts."""
    sizes: dict[int, list[Size]] = {}
    for size in report.results:
        if size.figures:
            sizes.setdefault(size.slots, []).append(size)
    lines = {"exact": ("", "-"), "paraphrase_exact": (", reworded", "--"), "paraphrase_pure": (", reworded, pure", ":")}

    def plot(axes: Any, name: str, label: str = "", style: str = "-") -> None:
        for (slots, entries), colour in zip(sizes.items(), COLOURS, strict=False):
            x, y = [size.facts for size in entries], [mean(size.figures[name]) for size in entries]
            axes.plot(x, y, style, color=colour, marker="o", markersize=3, label=f"{slots:,} slots{label}")
        axes.set_xscale("log")

    def answered(axes: Any) -> None:
        for name, (label, style) in lines.items():
            plot(axes, name, label, style)
        axes.set_ylim(0, 1.03)

    def seconds(axes: Any) -> None:
        plot(axes, "seconds")
        axes.set_yscale("log")

    labels = ("Facts of one write answered exactly", "facts written", "share answered exactly")
    names = draw(out, "capacity", labels, answered)
    return names + draw(out, "capacity-seconds", ("Time of one write", "facts written", "time (s)"), seconds)


def page(report: Report, names: list[str]) -> str:
    """The figures of all sizes in one table."""
    shown = {
        "exact": "exact",
        "paraphrase_exact": "reworded",
        "paraphrase_pure": "reworded, pure read",
        "fill": "fill",
        "seconds": "seconds",
    }
    rows = []
    for size in report.results:
        figures = [cell(size.figures.get(name)) for name in shown]
        rows.append([f"{size.slots:,}", f"{size.facts:,}", *figures, str(size.refused or "")])
    return (
        "# Capacity\n\n"
        f"Facts of the `{MEASURED_SPLIT}` split in one joint write by model `{report.model}`, {report.seeds} seeds, "
        f"threads: {report.threads}; of each memory {ASKED_AT_MOST} facts with two paraphrases each are asked, "
        "or all there "
        "are. Mean ± sample standard deviation; refused: writes that found no room and left the memory as it was.\n\n"
        + markdown_table(["slots", "facts", *shown.values(), "refused"], rows)
        + pictures_in("Capacity", names)
    )
