"""`query`: ask a model, with or without a memory, one question or several that refer to each other."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from bdh_workbench.asking.kinds import AS_KINDS
from bdh_workbench.commands import common
from bdh_workbench.commands.console import Console, say
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.items import composed
from bdh_workbench.memory.files.format import MEMORY_SUFFIX
from bdh_workbench.memory.settings import EMPTY_PROMPT, ReadSettings, SamplingSettings
from bdh_workbench.reading.units import UNSPACED_LETTERS
from bdh_workbench.wording import probability, shortened

if TYPE_CHECKING:
    from bdh_workbench.asking.answers import Answer, Candidate, Heard, Scored
    from bdh_workbench.reading.sentence_evidence import Place
    from bdh_workbench.reading.sources import Source

NEAREST = 2  # sentences shown where none answers
FROM_INPUT = ["-"]  # prompts that stand for the lines of standard input
SEVERAL_WORDS = re.compile(rf"\s|[{UNSPACED_LETTERS}]")  # a prompt with neither is a single word


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "prompts",
        nargs="+",
        metavar="PROMPT",
        help="a question, the beginning of a sentence, or one with a gap; several are asked in order, so that “it” or "
        "“she” refers to the answer before; - reads them from standard input, one a line",
    )
    parser.add_argument("--memory", metavar="F", help="a memory file, or the title of a memory in the library")
    parser.add_argument(
        "--as",
        dest="kind",
        choices=AS_KINDS,
        default="auto",
        help="the kind of prompt; auto: decide by the prompt (auto)",
    )
    parser.add_argument("--answer", metavar="TEXT", help="report the probability of this answer")
    parser.add_argument(
        "--top-k", type=common.whole_number(0), default=5, metavar="N", help="number of next tokens to show (5)"
    )
    parser.add_argument("--no-stop", action="store_true", help="continue past the end of the sentence")
    common.add_settings(parser.add_argument_group("sampling"), SamplingSettings)
    common.add_settings(parser.add_argument_group("reading"), ReadSettings)


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    from bdh_workbench.memory.files.memory_file import load_memory_of, read_header

    sampling = common.given_settings(args, SamplingSettings)
    # What takes no model to be reported is reported before it is loaded.
    prompts: Iterable[str] = _typed(console) if args.prompts == FROM_INPUT else _given(args.prompts)
    several = args.prompts == FROM_INPUT or len(args.prompts) > 1
    if several and args.answer is not None:
        raise common.UsageError("--answer is for one prompt, not for several")
    if args.memory is None and any(prompt.endswith(MEMORY_SUFFIX) for prompt in args.prompts):
        raise common.UsageError("a memory file is no prompt: put --memory before it")
    path = common.memory_path(args.memory) if args.memory else None
    if path is not None:
        read_header(path)
    model = common.open_model(args, console)
    from bdh_workbench.asking.ask import ask, holds_something, score_answer
    from bdh_workbench.reading.reader import Reader
    from bdh_workbench.reading.sources import Sources

    memory = load_memory_of(path, model) if path is not None else None
    settings = common.given_settings(args, ReadSettings)
    reader, sources = Reader(model, memory, settings), Sources(memory)
    console.clear()
    reads = holds_something(memory) and settings.written
    records: list[dict[str, Any]] = []
    last: Place | None = None
    for number, prompt in enumerate(prompts):
        said = _Said(prompt, reads, repeat=several and not _is_typed(args.prompts))
        if number and not console.as_json:
            say("")
        answer = ask(
            reader,
            prompt,
            sampling,
            sources=sources,
            kind=args.kind,
            one_sentence=not args.no_stop,
            top=args.top_k,
            last=last,
            heard=(lambda heard: None) if console.as_json else said.hear,
        )
        last = answer.place or last
        scored = score_answer(reader, prompt, args.answer, sources) if args.answer is not None else None
        if console.as_json:
            records.append(_record(prompt, answer, scored) | {"model": model.name, "device": str(model.device)})
        else:
            said.finish(answer)
            say("\n".join(_under(answer, scored, sampling.max_tokens)))
    if console.as_json:
        console.result({"answers": records} if several else records[0], "")


def _given(prompts: list[str]) -> list[str]:
    """The prompts of the command line.

    Raises:
        UsageError: when they look like the words of one prompt.
        UserError: when one of them is empty.
    """
    if len(prompts) > 1 and not any(map(SEVERAL_WORDS.search, prompts)):
        raise common.UsageError("put each prompt between quotes: these are single words")
    if any(map(is_blank, prompts)):
        raise UserError(EMPTY_PROMPT)
    return [composed(prompt) for prompt in prompts]


def _typed(console: Console) -> Iterator[str]:
    """The lines of standard input as they come, without empty ones.

    Raises:
        UserError: when there are none, or they are not text.
    """
    if _is_typed(FROM_INPUT):
        console.note("Type a question on each line; Ctrl+D (on Windows Ctrl+Z and Enter) ends.")
    some = False
    try:
        for line in sys.stdin or ():
            if not is_blank(line):
                some = True
                yield composed(line.removeprefix("\ufeff").strip())
    except UnicodeDecodeError:
        raise UserError(f"Standard input is not text in the encoding {sys.stdin.encoding}.") from None
    if not some:
        raise UserError("There is nothing to ask: standard input has no prompts, one a line.")


def _is_typed(prompts: list[str]) -> bool:
    """Whether a person types them, and sees them already."""
    return prompts == FROM_INPUT and sys.stdin is not None and sys.stdin.isatty()


def _record(prompt: str, answer: Answer, scored: Scored | None) -> dict[str, Any]:
    """An answer as plain values for JSON."""
    record = {
        "prompt": prompt,
        "kind": answer.kind,
        "mode": answer.mode,
        "answer": answer.answer,
        "answer_p": answer.answer_p,
        "sentence": answer.sentence,
        "span": answer.span,
        "kept": answer.kept,
        "candidates": [_candidate(candidate) for candidate in answer.candidates],
        "completion": answer.completion,
        "tokens": [{"text": one.text, "p": one.p, "familiarity": one.familiarity} for one in answer.tokens],
        "top": [{"text": text, "p": p} for text, p in answer.top],
        "familiarity": answer.familiarity,
        "source": _source(answer.source),
        "abstained": answer.abstained,
        "ended": answer.ended,
        "cut": answer.cut,
    }
    if scored is not None:
        tokens = [{"text": text, "p": p} for text, p in scored.tokens]
        record["scored"] = dataclasses.asdict(scored) | {"tokens": tokens}
    return record


class _Said:
    """What stands over the notes: a continuation as it comes, or an answer."""

    def __init__(self, prompt: str, reads: bool, repeat: bool) -> None:
        """Nothing is said yet.

        Args:
            prompt: that is answered.
            reads: whether there is a memory to answer.
            repeat: whether the prompt stands over an answer that does not continue it.
        """
        self._prompt, self._reads, self._repeat, self._begun, self._silent = prompt, reads, repeat, False, False

    def hear(self, heard: Heard) -> None:
        """Say a token of a continuation, unless it is the untouched model's in place of the memory's."""
        if not self._begun and not self._silent:
            self._silent = self._reads and not heard.token.read
            if not self._silent:
                self._begin()
        if self._begun:
            say(heard.token.text, end="")

    def _begin(self) -> None:
        self._begun = True
        say(self._prompt, end="", pale=True)

    def finish(self, answer: Answer) -> None:
        """Say what was not said yet, and end the line."""
        marked = answer.mode == "question" and answer.chosen is not None
        if self._repeat and not self._begun and (answer.abstained or marked):
            say(self._prompt, pale=True)
        if answer.abstained:
            say("Not in this memory.")
            return
        if marked:
            say(answer.answer or answer.sentence or "")
            return
        if not self._begun:
            self._begin()
            say(answer.completion, end="")
        say("…" if answer.cut else "")


def _candidate(candidate: Candidate) -> dict[str, object]:
    why = [{"name": name, "value": value} for name, value in candidate.why]
    return dataclasses.asdict(candidate) | {"source": _source(candidate.source), "why": why}


def _source(source: Source | None) -> dict[str, object] | None:
    """A source without the number of its item, by which only a program that has opened the memory could find it."""
    if source is None:
        return None
    return {name: value for name, value in dataclasses.asdict(source).items() if name != "item"}


def _under(answer: Answer, scored: Scored | None, most: int) -> list[str]:
    """What stands under an answer: where it comes from, what else was likely, and the answer that was asked about."""
    lines = []
    chosen = answer.chosen
    if answer.cut and not answer.abstained:
        lines.append(f"cut after {most:,} tokens: --max-tokens sets the limit")
    if chosen is not None:
        if chosen.source.kind == "document" and (chosen.answer is not None or answer.mode == "beginning"):
            lines.append(_quoted(_marked(chosen)))
        title = shortened(chosen.source.title)
        place = (
            f"the fact “{title}”" if chosen.source.kind == "fact" else f"“{title}”, sentence {chosen.source.sentence}"
        )
        sure = f" · p {probability(chosen.answer_p)}" if chosen.answer_p is not None else ""
        lines.append(f"from {place} · familiarity {answer.familiarity:.2f}{sure}")
        if chosen.kept is not None:
            lines.append(f"the stored text reads {_quoted(chosen.kept)}")
        lines += [
            f"or: {_quoted(_marked(other))} p {probability(other.p)}" for other in answer.candidates if other != chosen
        ]
    elif answer.abstained:
        lines += [f"nearest: {_quoted(one.sentence)} p {probability(one.p)}" for one in answer.candidates[:NEAREST]]
        lines.append(f"familiarity {answer.familiarity:.2f} · --no-memory shows what the model says without it")
    if answer.top and not answer.abstained:
        likely = " · ".join(f"{_quoted(text)} {probability(p)}" for text, p in answer.top)
        lines.append(f"next token: {likely}")
    if scored is not None:
        verdict = "is what greedy decoding gives" if scored.greedy_correct else "is not what greedy decoding gives"
        lines.append(
            f"{_quoted(scored.text)} {verdict}: p {probability(scored.p)}, "
            f"first token {probability(scored.first_token_p)}, worst {probability(scored.min_token_p)}"
        )
    return lines


def _marked(candidate: Candidate) -> str:
    """A sentence with the answer between marks."""
    if candidate.span is None:
        return candidate.sentence
    start, stop = candidate.span
    return f"{candidate.sentence[:start]}[{candidate.sentence[start:stop]}]{candidate.sentence[stop:]}"


def _quoted(text: str) -> str:
    return "“" + text.replace("\n", "⏎").replace("\t", "⇥") + "”"
