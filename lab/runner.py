"""The runner of all experiments: what one measures goes into a JSON file, its pictures and a page.

A module that a record names has two functions, or three:

- ``measure(note, **options)``: an iterator of reports, which are dataclasses; each holds more than the one before, so
  that a page is there before the last figure is. It is given the model if the record says so, and the folder of results
  as ``folder`` if it keeps finished runs there;
- ``page(report, names)``: a report as Markdown, with the pictures of these names;
- ``pictures(report, out)``: draws into a folder and returns the names of the files.

A report that is made part by part over several calls is a mapping in place of a dataclass. The page of claims measures
nothing: ``lab.reproduction`` writes it itself.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bdh_workbench.evaluation.provenance import provenance
from bdh_workbench.model.files import save_json_atomically, save_text_atomically
from bdh_workbench.model.loading import Model
from bdh_workbench.version import __version__
from lab.records import EXPERIMENTS
from lab.results import Note, command


def carry_out(
    name: str, out: Path, note: Note = lambda line: None, model: Model | None = None, **options: Any
) -> dict[str, Any]:
    """Carry out an experiment and save its results.

    Args:
        name: of its record.
        out: folder of results.
        note: called with a line of progress now and then.
        model: the frozen model, of those that read one.
        options: of the experiment.

    Returns:
        The report as in the JSON file.
    """
    record = EXPERIMENTS[name]
    module = importlib.import_module(record.module)
    given = options | ({"model": model} if record.reads_model else {}) | ({"folder": out} if record.keeps_runs else {})
    if record.has_page_alone:
        rows: dict[str, Any] = module.write_page(note=note, **given)
        return {"experiment": name} | rows
    # Which program, and which model, the figures are of.
    about = {"experiment": name} | (provenance(model) if model else {"version": __version__})
    saved: dict[str, Any] = about
    for report in module.measure(note=note, **given):
        names = module.pictures(report, out) if hasattr(module, "pictures") else []
        saved = about | (dict(report) if isinstance(report, Mapping) else dataclasses.asdict(report))
        save(out, saved, module.page(report, names))
    return saved


def save(out: Path, report: Mapping[str, Any], page: str) -> None:
    """Write ``NAME.json`` and ``NAME.md`` of the experiment that the report names.

    Args:
        out: folder.
        report: as it goes into the JSON file.
        page: its title, an empty line, and the rest; the command that makes both is put after the title.
    """
    name = report["experiment"]
    title, rest = page.split("\n", 1)
    save_json_atomically(out / f"{name}.json", report)
    save_text_atomically(out / f"{name}.md", f"{title}\n\nBy `{command(name, report)}`\n{rest}")
