"""`write`: facts and documents into a memory file."""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bdh_workbench.commands import common
from bdh_workbench.commands.console import Console, counted, percent, probability, shortened
from bdh_workbench.errors import UserError
from bdh_workbench.memory.items import TextDocument, composed, same_text

if TYPE_CHECKING:
    from bdh_workbench.memory.state import Memory


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    common.add_inputs(parser)
    parser.add_argument("--into", metavar="IN", help="a memory file that is extended; it is not changed itself")
    parser.add_argument("--memory", metavar="OUT", required=True, help="the memory file to make; may be IN")
    parser.add_argument("--title", help="of the memory")
    common.add_write_settings(parser)


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    with common.renewing_target(args, console):
        _write(args, console)


def _write(args: argparse.Namespace, console: Console) -> None:
    if not args.facts and not args.documents:
        raise common.UsageError("there is nothing to write: give --facts or --document")
    settings = common.write_settings(args)
    facts, documents = common.read_inputs(args.facts, args.documents)
    target = common.check_target(args.memory)
    model = common.open_model(args, console)
    from bdh_workbench.memory.encoding import further_wordings
    from bdh_workbench.memory.writer import write

    memory = common.open_memory(args.into, model) if args.into else None
    _check_new(documents, memory)
    steps = write(model, memory, facts, documents, settings)
    while True:
        try:
            console.progress(f"Writing: {common.step_line(next(steps))}")
        except StopIteration as stop:
            result = stop.value
            break
    memory = result.memory
    if args.title is not None:
        memory = dataclasses.replace(memory, title=composed(" ".join(args.title.split())) or memory.title)
    console.progress("Saving")
    begun = time.monotonic()
    record = common.save(target, memory) | {
        "device": str(model.device),
        "facts": len(facts),
        "documents": len(documents),
        "method": settings.method,
        "steps": result.steps,
        "seconds": result.seconds,
        "saving_seconds": time.monotonic() - begun,
        "worst_p": result.worst_p,
        "median_p": result.median_p,
        "ambiguous": result.ambiguous,
        "ambiguous_words": list(result.ambiguous_words),
        "unlearnt": result.unlearnt,
        "unlearnt_tokens": list(result.unlearnt_tokens),
    }
    written = sum(map(len, further_wordings(facts))) if settings.write_paraphrases else 0
    record |= {"paraphrases": sum(len(fact.paraphrases) for fact in facts), "paraphrases_written": written}
    what = [counted(len(facts), "fact")] * bool(facts) + [counted(len(documents), "document")] * bool(documents)
    lines = [
        f"Wrote {' and '.join(what)} into {target} in {result.seconds:.1f} s ({counted(result.steps, 'step')}).",
        f"p of what was written: worst token {probability(result.worst_p)}"
        f"{' (of those not left out)' if result.ambiguous + result.unlearnt else ''}, median over items "
        f"{probability(result.median_p)}; fill {percent(memory.fill)}.",
    ]
    if result.ambiguous:
        words = ", ".join(f"“…{shortened(each)}”" for each in result.ambiguous_words)
        lines.append(
            f"Left out: {counted(result.ambiguous, 'position')} behind the same words as another that goes on "
            f"otherwise ({words}). What is held already stays: forget it first to replace it."
        )
    if written:
        lines.append(f"With {counted(written, 'paraphrase')} as further wordings of the facts.")
    elif record["paraphrases"]:
        lines.append(
            f"{counted(record['paraphrases'], 'paraphrase')} kept for measuring and not written: --write-paraphrases "
            "writes such further wordings too."
        )
    if result.unlearnt:
        tokens = ", ".join(f"“{token}”" for token in result.unlearnt_tokens)
        lines.append(
            f"Left out: {counted(result.unlearnt, 'position')} of tokens that the model never learnt ({tokens}); no "
            "memory makes them certain."
        )
    if result.worst_p < settings.goal:
        lines.append("Not every answer is certain: try more --steps, or fewer things at once.")
    console.result(record, "\n".join(lines))


def _check_new(documents: Sequence[TextDocument], memory: Memory | None) -> None:
    """Refuse a document that is held already, or given twice: a second copy takes room and adds nothing."""
    items = memory.items if memory is not None else ()
    known = {same_text(item.text): item.title for item in items if item.text is not None}
    for document in documents:
        text = same_text(document.text)
        if text in known:
            raise UserError(
                f"The document “{shortened(document.title)}” is the same text as “{shortened(known[text])}”, which is "
                "held or given already: leave it out, or forget the other first."
            )
        known[text] = document.title
