"""`query`: ask a model, with or without a memory."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from bdh_workbench.commands import common
from bdh_workbench.commands.console import Console, probability, say, shortened
from bdh_workbench.errors import UserError
from bdh_workbench.memory.as_read import is_blank
from bdh_workbench.memory.items import composed
from bdh_workbench.memory.settings import EMPTY_PROMPT, SamplingSettings

if TYPE_CHECKING:
    from bdh_workbench.asking.ask import Answer
    from bdh_workbench.reading.sources import Source


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("prompt", metavar="PROMPT", help="the beginning of a sentence, or a question")
    parser.add_argument("--memory", metavar="F", help="a memory file, or the title of a memory in the library")
    parser.add_argument("--answer", metavar="TEXT", help="an answer whose probability is told")
    parser.add_argument("--top-k", type=common.whole_number(0), default=5, metavar="N", help="next tokens shown (5)")
    parser.add_argument("--max-tokens", type=common.whole_number(1), default=24, metavar="N", help="at most (24)")
    sampling = parser.add_argument_group("sampling")
    sampling.add_argument("--temperature", type=float, default=0.0, metavar="X", help="0: the most probable token (0)")
    sampling.add_argument(
        "--sample-top-k", type=common.whole_number(0), default=0, metavar="N", help="choose among so many; 0: all (0)"
    )
    sampling.add_argument("--top-p", type=float, default=1.0, metavar="X", help="choose among those with so much p (1)")
    sampling.add_argument("--seed", type=common.whole_number(0), default=0, metavar="N", help="of the choice (0)")
    reading = parser.add_argument_group("reading")
    reading.add_argument("--no-completion", action="store_true", help="read at the position's own address")
    reading.add_argument("--no-gate", action="store_true", help="read even where nothing stored is familiar")
    reading.add_argument("--no-memory", action="store_true", help="do not read the memory at all")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    from bdh_workbench.memory.files import load_memory_of, read_header

    prompt = composed(args.prompt)
    sampling = SamplingSettings(args.temperature, args.sample_top_k, args.top_p, args.max_tokens, args.seed)
    # What takes no model to be told is told before it is loaded.
    if is_blank(prompt):
        raise UserError(EMPTY_PROMPT)
    path = common.memory_path(args.memory) if args.memory else None
    if path is not None:
        read_header(path)
    model = common.open_model(args, console)
    from bdh_workbench.asking.ask import ask, score
    from bdh_workbench.reading.reader import Reader, ReadSettings

    memory = load_memory_of(path, model) if path is not None else None
    settings = ReadSettings(written=not args.no_memory, gate=not args.no_gate, completion=not args.no_completion)
    reader = Reader(model, memory, settings)
    console.clear()
    speaking = not console.as_json
    begun: list[str] = []

    def speak(text: str) -> None:
        if not begun:
            say(prompt, end="", pale=True)
        begun.append(text)
        say(text, end="")

    answer = ask(reader, prompt, sampling, args.top_k, speak if speaking else lambda text: None)
    scored = None
    if args.answer is not None:
        scored = score(reader, prompt, args.answer)
    if speaking:
        if not begun:
            say(prompt, end="", pale=True)
        say("\n" + _under(answer, scored))
        return
    record = {
        "prompt": prompt,
        "completion": answer.completion,
        "tokens": [dataclasses.asdict(token) for token in answer.tokens],
        "top": [{"text": text, "p": p} for text, p in answer.top],
        "familiarity": answer.familiarity,
        "source": _source(answer.source),
        "abstained": answer.abstained,
        "ended": answer.ended,
        "model": model.name,
        "device": str(model.device),
    }
    console.result(record | ({"answer": scored} if scored is not None else {}), "")


def _source(source: Source | None) -> dict[str, Any] | None:
    """A source without the number of its item, by which only a program that holds the memory could find it."""
    if source is None:
        return None
    return {name: value for name, value in dataclasses.asdict(source).items() if name != "item"}


def _under(answer: Answer, scored: dict[str, Any] | None) -> str:
    """What stands under an answer: where it comes from, what else was likely, and the answer that was asked about."""
    lines = []
    if answer.source is not None:
        title = shortened(answer.source.title)
        place = f"“{title}”, sentence {answer.source.sentence}"
        if answer.source.kind == "fact":
            place = f"the fact “{title}”"
        lines.append(f"from {place} · familiarity {answer.familiarity:.2f}")
        if answer.source.kind == "document" and answer.source.text:
            lines.append(_quoted(answer.source.text))
    elif answer.abstained:
        lines.append(f"not in memory (familiarity {answer.familiarity:.2f}): answered by the untouched model")
    if answer.top:
        likely = " · ".join(f"{_quoted(text)} {probability(p)}" for text, p in answer.top)
        lines.append(f"next token: {likely}")
    if scored is not None:
        verdict = "is what greedy decoding gives" if scored["greedy_correct"] else "is not what greedy decoding gives"
        lines.append(
            f"{_quoted(scored['text'])} {verdict}: p {probability(scored['p'])}, "
            f"first token {probability(scored['first_token_p'])}, worst {probability(scored['min_token_p'])}"
        )
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "“" + text.replace("\n", "⏎").replace("\t", "⇥") + "”"
