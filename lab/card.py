"""Fills a model's card with what its network says untouched, and with a report of `bench`.

`python -m lab.card --model models/NAME --corpus DIR [--bench FILE]`. Each section lies between two comments of the card
(`<!-- samples:begin -->`, `<!-- bench:begin -->`, and the same with `end`), or is added at the end of it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.asking.generation import generate
from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.model.files import save_text_atomically
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training.card import plain
from bdh_workbench.training.corpus import read_corpus, validation_documents
from bdh_workbench.training.synthetic.data import table
from lab.results import markdown_table

SAMPLES = 20
PROMPT_WORDS = 12
SAID_TOKENS = 60
TEMPERATURE = 0.8
APART = 10  # validation documents from one prompt to the next, so that all sources have a turn
COMMON_CHARACTERS = 30_000_000  # of the corpus, in which a word must occur to count as one of its own
NAME = re.compile(r"\b[A-Z][a-z]{3,}\b")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the model said after the beginning of a text that it has not read."""

    prompt: str
    said: str


def samples(model: Model, corpus: str, count: int = SAMPLES) -> list[Sample]:
    """The beginnings of validation documents, continued by the model without a memory at ``TEMPERATURE``.

    Args:
        model: to be heard.
        corpus: whose validation documents are taken, every ``APART``-th.
        count: of samples; fewer where there are fewer documents. The number of a sample is its seed.
    """
    reader = Reader(model)
    found: list[Sample] = []
    for number, document in enumerate(validation_documents(corpus)):
        words = document.text.split()
        if number % APART or len(words) <= PROMPT_WORDS:
            continue
        prompt = " ".join(words[:PROMPT_WORDS])
        settings = SamplingSettings(temperature=TEMPERATURE, max_tokens=SAID_TOKENS, seed=len(found))
        ids = [one.token for one in generate(reader, model.tokenizer.encode(prompt), settings)]
        found.append(Sample(prompt, model.tokenizer.decode([i for i in ids if i != model.tokenizer.end_id])))
        if len(found) == count:
            break
    return found


def invented_names(said: Sequence[Sample], corpus: str) -> list[str]:
    """Names in the samples which the generator of synthetic text can make and the corpus does not contain.

    Args:
        said: the samples.
        corpus: its first ``COMMON_CHARACTERS`` are looked through.
    """
    styles = [
        [style[part].split() for part in ("beginnings", "middles", "endings")]
        for style in table("names.toml")["styles"]
    ]
    made = {
        "".join(p for p in (a, b, c) if p != "-").lower()
        for one in styles
        for a in one[0]
        for b in one[1]
        for c in one[2]
    }
    found = {name for sample in said for name in NAME.findall(sample.said) if name.lower() in made}
    taken = 0
    for document in read_corpus(corpus):
        if not found or taken > COMMON_CHARACTERS:
            break
        taken += len(document.text)
        found -= set(NAME.findall(document.text))
    return sorted(found)


def samples_section(model: Model, corpus: str) -> list[str]:
    """The lines of the section about what the model says without a memory."""
    said = samples(model, corpus)
    invented = invented_names(said, corpus)
    head = (
        f"{len(said)} beginnings of held-out texts, {PROMPT_WORDS} words each, continued by the model without a memory "
        f"at temperature {TEMPERATURE} by at most {SAID_TOKENS} tokens; none is left out "
        "(`.venv/bin/python -m lab.card`). "
    )
    told = (
        f"Names of the synthetic training text in them: {', '.join(invented)}."
        if invented
        else "They contain no name of the synthetic training text."
    )
    lines = [head + told, ""]
    for number, sample in enumerate(said, start=1):
        text = f"**{_one_line(sample.prompt)}** {_one_line(sample.said)}"
        lines.append(f"{number}. {text}")
    return lines


def bench_section(report: Mapping[str, Any]) -> list[str]:
    """The lines of the section with every figure of a report of `bench`."""
    command = "python3 workbench.py run bench --facts ../shared/benchmark/facts20.json --documents "
    command += "../shared/benchmark/documents.json --text ../shared/corpus --json"
    rows = [(name, plain(value)) for name, value in _flat(report)]
    return [f"`{command}`", "", *markdown_table(("figure", "value"), rows).splitlines()]


def with_section(card: str, name: str, title: str, lines: Sequence[str]) -> str:
    """The card with a section replaced, or added at its end under a title."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    section = "\n".join((begin, *lines, end))
    before, found, rest = card.partition(begin)
    if not found:
        return f"{card.rstrip()}\n\n## {title}\n\n{section}\n"
    _, closed, after = rest.partition(end)
    if not closed:
        raise UserError(f"The card has {begin} without {end}: add it where the section ends.")
    return before + section + after


def _one_line(text: str) -> str:
    return " ".join(text.replace("*", "\\*").replace("<", "&lt;").split())


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def main(arguments: list[str] | None = None) -> int:
    """Fill the card from the command line; 0 if it was filled, 1 for an error explained in one line."""
    parser = argparse.ArgumentParser(prog="python -m lab.card", description=__doc__)
    parser.add_argument("--model", required=True, help="a model folder, or the name of a bundled model")
    parser.add_argument("--corpus", required=True, help="whose validation text is continued")
    parser.add_argument("--bench", metavar="FILE", help="a report of `bench --json`")
    options = parser.parse_args(arguments)
    try:
        model = load_model(options.model, torch.device("cpu"))
        path = model.folder / "README.md"
        card = path.read_text(encoding="utf-8")
        card = with_section(card, "samples", "Without a memory", samples_section(model, options.corpus))
        if options.bench:
            report = json.loads(Path(options.bench).read_text(encoding="utf-8"))
            card = with_section(card, "bench", "Benchmark", bench_section(report))
        save_text_atomically(path, card)
    except (UserError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
