"""`write`: facts and documents into a memory file."""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from typing import TYPE_CHECKING

from bdh_workbench.commands import common
from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import composed
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.wording import percent, plural, probability, shortened

if TYPE_CHECKING:
    from pathlib import Path

    from bdh_workbench.memory.writing.writer import WriteResult


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    common.add_inputs(parser)
    parser.add_argument("--into", metavar="IN", help="a memory file to add to; the file itself is not changed")
    parser.add_argument("--memory", metavar="OUT", required=True, help="the new memory file; may be IN")
    parser.add_argument("--overwrite", action="store_true", help="replace the memory in OUT, if there is one")
    parser.add_argument("--title", help="title of the memory")
    common.add_write_settings(parser)


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    with common.renewing_target(args, console):
        _write(args, console)


def _write(args: argparse.Namespace, console: Console) -> None:
    if not args.facts and not args.documents:
        raise common.UsageError("there is nothing to write: give --facts or --document")
    settings = common.given_settings(args, WriteSettings)
    target = common.check_target(args.memory)
    console.progress("Reading the files")
    inputs = common.read_inputs(args, args.facts, args.documents)
    _check_not_lost(args, target)
    model = common.open_model(args, console)
    from bdh_workbench.memory.writing.encoding import further_wordings
    from bdh_workbench.memory.writing.given import compare, write_new
    from bdh_workbench.memory.writing.writer import finish

    memory = common.open_memory(args.into, model) if args.into else None
    new = compare(model, memory, inputs.facts, inputs.documents, settings)
    steps = write_new(model, memory, new, settings)
    result = finish(steps, lambda event: console.progress(f"Writing: {common.step_line(event)}"))
    memory = result.memory
    if args.title is not None:
        memory = dataclasses.replace(memory, title=composed(" ".join(args.title.split())) or memory.title)
    console.progress("Saving")
    paraphrases = sum(len(fact.paraphrases) for fact in new.facts)
    written = sum(map(len, further_wordings(new.facts))) if settings.write_paraphrases else 0
    begun = time.monotonic()
    record = common.save(target, memory) | {
        "device": str(model.device),
        "facts": len(new.facts),
        "documents": len(new.documents),
        "method": settings.method,
        **dataclasses.asdict(result.summary),
        **({} if new.writes else {"worst_p": None, "median_p": None}),
        "saving_seconds": time.monotonic() - begun,
        "paraphrases": paraphrases,
        "paraphrases_written": written,
        "files": [dataclasses.asdict(file) for file in inputs.files],
        **new.record(),
    }
    if not new.writes:
        state = "is as it was" if _renews(args, target) else f"has the same contents as {args.into}"
        lines = [f"Nothing was written: {target} {state}."]
    else:
        what = [plural(len(new.facts), "fact")] * bool(new.facts)
        what += [plural(len(new.documents), "document")] * bool(new.documents)
        lines = [
            f"Wrote {' and '.join(what)} into {target} in {result.summary.seconds:.1f} s "
            f"({plural(result.summary.steps, 'step')})."
        ]
    lines += [*common.name_notes(record), *inputs.notes()]
    lines += [f"{head}: {names}." for head, names in new.notes()]
    if new.writes:
        lines += _told(result, settings, paraphrases, written)
    console.result(record, "\n".join(lines))


def _renews(args: argparse.Namespace, target: Path) -> bool:
    """Whether the memory that is added to is the file that is saved."""
    return args.into is not None and os.path.realpath(args.into) == os.path.realpath(target)


def _check_not_lost(args: argparse.Namespace, target: Path) -> None:
    """Make sure that no memory is replaced that nobody asked to replace.

    Raises:
        UserError: when there is one.
    """
    if target.exists() and not args.overwrite and not _renews(args, target):
        raise UserError(
            f"{target} exists already: --into {target} adds to it, --overwrite replaces it, or choose another --memory."
        )


def _told(result: WriteResult, settings: WriteSettings, paraphrases: int, written: int) -> list[str]:
    """How well the write went, in lines; ``written`` of the facts' paraphrases were written too."""
    summary = result.summary
    lines = [
        f"p of what was written: worst token {probability(summary.worst_p)}"
        f"{' (of those not left out)' if summary.ambiguous + summary.unlearnt else ''}, median over items "
        f"{probability(summary.median_p)}; fill {percent(result.memory.fill)}."
    ]
    if summary.ambiguous:
        words = "" if summary.left_out else ", ".join(f"“…{shortened(each)}”" for each in summary.ambiguous_words)
        lines.append(
            f"Left out: {plural(summary.ambiguous, 'position')} after the same words as another that continues "
            f"differently{f' ({words})' if words else ''}. The first is kept."
        )
        lines += [f"  {each.said()}" for each in summary.left_out]
    if written:
        lines.append(f"Also wrote {plural(written, 'paraphrase')} as further wordings of the facts.")
    elif paraphrases:
        lines.append(
            f"{plural(paraphrases, 'paraphrase')} kept for measuring and not written: --write-paraphrases "
            f"writes them too."
        )
    if summary.unlearnt:
        tokens = ", ".join(f"“{token}”" for token in summary.unlearnt_tokens)
        lines.append(
            f"Left out: {plural(summary.unlearnt, 'position')} of tokens that the model never learnt ({tokens}); "
            f"no memory can make them certain."
        )
    if summary.worst_p < settings.goal:
        lines.append("Not every answer is certain: try more --steps, or write fewer things at once.")
    return lines
