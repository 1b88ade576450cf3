"""`query`: ask a model, with or without a memory."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from bdh_workbench.asking.kinds import AS_KINDS
from bdh_workbench.commands import common
from bdh_workbench.commands.console import Console, say
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.items import composed
from bdh_workbench.memory.settings import EMPTY_PROMPT, ReadSettings, SamplingSettings
from bdh_workbench.wording import probability, shortened

if TYPE_CHECKING:
    from bdh_workbench.asking.answers import Answer, Candidate, Heard, Scored
    from bdh_workbench.reading.sources import Source


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("prompt", metavar="PROMPT", help="a question, the beginning of a sentence, or one with a gap")
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

    prompt = composed(args.prompt)
    sampling = common.given_settings(args, SamplingSettings)
    # What takes no model to be reported is reported before it is loaded.
    if is_blank(prompt):
        raise UserError(EMPTY_PROMPT)
    path = common.memory_path(args.memory) if args.memory else None
    if path is not None:
        read_header(path)
    model = common.open_model(args, console)
    from bdh_workbench.asking.ask import ask, holds_something, score_answer
    from bdh_workbench.reading.reader import Reader

    memory = load_memory_of(path, model) if path is not None else None
    settings = common.given_settings(args, ReadSettings)
    reader = Reader(model, memory, settings)
    console.clear()
    reads = holds_something(memory) and settings.written
    said = _Said(prompt, reads)
    answer = ask(
        reader,
        prompt,
        sampling,
        kind=args.kind,
        one_sentence=not args.no_stop,
        top=args.top_k,
        heard=(lambda heard: None) if console.as_json else said.hear,
    )
    scored = score_answer(reader, prompt, args.answer) if args.answer is not None else None
    if not console.as_json:
        said.finish(answer)
        say("\n".join(_under(answer, scored, sampling.max_tokens)))
        return
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
        "model": model.name,
        "device": str(model.device),
    }
    if scored is not None:
        tokens = [{"text": text, "p": p} for text, p in scored.tokens]
        record["scored"] = dataclasses.asdict(scored) | {"tokens": tokens}
    console.result(record, "")


class _Said:
    """What stands over the notes: a continuation as it comes, or an answer."""

    def __init__(self, prompt: str, reads: bool) -> None:
        """Nothing is said yet; ``reads``: whether there is a memory to answer."""
        self._prompt, self._reads, self._begun, self._silent = prompt, reads, False, False

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
        if answer.abstained:
            say("Not in this memory.")
            return
        if answer.mode == "question" and answer.chosen is not None:
            say(answer.answer or answer.chosen.sentence)
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
        lines.append(f"familiarity {answer.familiarity:.2f} · --no-memory shows what the model says without it")
    if answer.top:
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
