"""How many facts a memory takes: joint writes of 1 to 1,000 facts, against slots and time, over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from bdh_workbench.errors import UserError
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training.pictures import COLOURS
from bdh_workbench.training.synthetic import facts
from lab.memories.variants import fact_shares, with_slots
from lab.results import (
    Note,
    cell,
    draw,
    header,
    markdown_table,
    pictures_in,
    save,
    spread_of,
)

SPLIT = "test"
COUNTS = (1, 5, 20, 50, 100, 200, 500, 1000)
SLOTS = (1024, 4096)  # besides those of the model
ASKED = 60  # facts that are asked of each memory


def run(model: Model, out: Path, seeds: int, note: Note = lambda line: None) -> dict[str, Any]:
    """Write facts into fresh memories of several sizes.

    Args:
        model: the frozen model.
        out: folder of results.
        seeds: sets of facts.
        note: called with a line for each size.
    """
    sizes = sorted({*(slots for slots in SLOTS if slots < model.config.write_slots), model.config.write_slots})
    results: list[dict[str, Any]] = []
    for slots in sizes:
        variant = with_slots(model, slots)
        for count in COUNTS:
            found = [figures for seed in range(seeds) if (figures := _measure(variant, count, seed)) is not None]
            entry: dict[str, Any] = {"slots": slots, "facts": count, "refused": seeds - len(found)}
            if found:
                entry |= spread_of(found)
            results.append(entry)
            note(f"{slots} slots, {count} facts: exact {cell(entry.get('exact'))}, {cell(entry.get('seconds'))} s")
    report = {
        **header("capacity", model),
        "split": SPLIT,
        "seeds": seeds,
        "threads": torch.get_num_threads(),
        "results": results,
    }
    names = draw(
        out,
        "capacity",
        ("Facts of one write answered exactly", "facts written", "share answered exactly"),
        lambda axes: _plot(axes, results, sizes),
    )
    names += draw(
        out,
        "capacity-seconds",
        ("Time of one write", "facts written", "time (s)"),
        lambda axes: _plot_seconds(axes, results, sizes),
    )
    save(out, report, _page(report, names))
    return report


def _measure(model: Model, count: int, seed: int) -> dict[str, float | None] | None:
    """The figures of one memory; None where the write was refused for lack of room."""
    given = facts(count, seed, SPLIT)
    try:
        result = finish(write(model, None, given))
    except UserError:
        return None
    memory = result.memory
    return {
        **fact_shares(Reader(model, memory), given, ASKED),
        "seconds": result.seconds,
        "rank": len(memory.basis),
        "fill": memory.fill,
        "rows": len(memory.rows),
    }


def _plot(axes: Any, results: list[dict[str, Any]], sizes: list[int]) -> None:
    for slots, colour in zip(sizes, COLOURS, strict=False):
        entries = [entry for entry in results if entry["slots"] == slots and "exact" in entry]
        x = [entry["facts"] for entry in entries]
        for name, label, style in (
            ("exact", "", "-"),
            ("paraphrase_exact", ", reworded", "--"),
            ("paraphrase_pure", ", reworded, pure", ":"),
        ):
            y = [entry[name]["mean"] for entry in entries]
            axes.plot(x, y, style, color=colour, marker="o", markersize=3, label=f"{slots:,} slots{label}")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.03)


def _plot_seconds(axes: Any, results: list[dict[str, Any]], sizes: list[int]) -> None:
    for slots, colour in zip(sizes, COLOURS, strict=False):
        entries = [entry for entry in results if entry["slots"] == slots and "seconds" in entry]
        x, y = [entry["facts"] for entry in entries], [entry["seconds"]["mean"] for entry in entries]
        axes.plot(x, y, color=colour, marker="o", markersize=3, label=f"{slots:,} slots")
    axes.set_xscale("log")
    axes.set_yscale("log")


def _page(report: dict[str, Any], names: list[str]) -> str:
    shown = {
        "exact": "exact",
        "paraphrase_exact": "reworded",
        "paraphrase_pure": "reworded, pure read",
        "fill": "fill",
        "seconds": "seconds",
    }
    rows = []
    for entry in report["results"]:
        figures = [cell(entry.get(name)) for name in shown]
        rows.append([f"{entry['slots']:,}", f"{entry['facts']:,}", *figures, str(entry["refused"] or "")])
    return (
        "# Capacity\n\n"
        f"Facts of the `{SPLIT}` split in one joint write by model `{report['model']}`, {report['seeds']} seeds, "
        f"threads: {report['threads']}; of each memory {ASKED} facts with two paraphrases each are asked, or all there "
        "are. Mean ± sample standard deviation; refused: writes that found no room and left the memory as it was.\n\n"
        + markdown_table(["slots", "facts", *shown.values(), "refused"], rows)
        + pictures_in("Capacity", names)
    )
