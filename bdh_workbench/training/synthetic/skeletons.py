"""Invented documents: coherent texts of 7 to 11 sentences about one subject, with cold fill-in probes.

A skeleton is written as

    = name E=island P=person Q=woman ...       what the capital letters stand for; E is the subject
    - sentence with {E}, {P.l}, {material} and [one|another] choice of words
    > probe prompt => answer

Blank lines part the slots of a text; the lines of a slot are alternatives, of which one is taken; `?` in place of
`-` marks a slot that may be left out. `{P}` is a whole name, `{P.f}` and `{P.l}` its first and last word,
`{P.he} {P.His} ...` pronouns; `{wood}`, `{wood.1}` are different answers of one category; `{year}`, `{year.1}` rise in
the order of their appearance. A probe repeats the words right before its answer, so that the answer is the next
word in the text, and names its subject, so that it can be asked without the text.
"""

from __future__ import annotations

import functools
import random
import re
from dataclasses import dataclass, field

from bdh_workbench.inputs.items import Probe, TextDocument
from bdh_workbench.training.synthetic.data import text as read
from bdh_workbench.training.synthetic.grammar import articles, capitalised
from bdh_workbench.training.synthetic.lexicon import CATEGORY_ANSWERS
from bdh_workbench.training.synthetic.names import Entity, entity, is_reserved, person

PROBES = 8
SENTENCES_EACH = range(7, 12)
WORDS_EACH = range(135, 195)
_FILES = ("places", "works", "lives", "more")
_VARIABLE = re.compile(r"\{(\w+)(?:\.(\w+))?\}")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_FEW = "two three four five six seven eight nine".split()
_NUM = _FEW + "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
_BIG = [f"{a} hundred" for a in _FEW] + [f"{a} thousand" for a in _FEW] + ["sixty", "eighty", "ninety"]
_DIRECTIONS = ["north", "south", "east", "west", "north-east", "north-west", "south-east", "south-west"]
_WORDS = {"few": _FEW, "num": _NUM, "big": _BIG, "dir": _DIRECTIONS}


@dataclass(frozen=True)
class Sentence:
    """One sentence of a skeleton with its probes, before anything is filled in."""

    text: str
    probes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Slot:
    """Alternative sentences for one place in a text."""

    sentences: tuple[Sentence, ...]
    optional: bool


@dataclass(frozen=True)
class Skeleton:
    """A genre of documents: its cast and its slots."""

    name: str
    cast: tuple[tuple[str, str], ...]
    slots: tuple[Slot, ...]


def _slot(block: str) -> Slot:
    """Parse the alternatives of one slot; indented lines continue the line before."""
    joined = re.sub(r"\n\s+", " ", block.strip())
    optional = joined.startswith("?")
    sentences: list[Sentence] = []
    for line in joined.splitlines():
        mark, text = line[0], line[1:].strip()
        if mark == ">":
            prompt, answer = text.split(" => ")
            last = sentences[-1]
            sentences[-1] = Sentence(last.text, (*last.probes, (prompt, answer)))
        else:
            sentences.append(Sentence(text, ()))
    return Slot(tuple(sentences), optional)


@functools.cache
def skeletons() -> tuple[Skeleton, ...]:
    """Every skeleton, in the order of the files."""
    every = []
    for file in _FILES:
        for part in read(f"skeletons/{file}.txt").split("\n= "):
            head, body = part.removeprefix("= ").split("\n", 1)
            name, *cast = head.split()
            pairs = tuple((role.split("=")[0], role.split("=")[1]) for role in cast)
            every.append(Skeleton(name, pairs, tuple(_slot(block) for block in body.strip().split("\n\n"))))
    return tuple(every)


@dataclass
class _Writer:
    """Fills one document: keeps names, words and years the same throughout, and different from each other."""

    rng: random.Random
    cast: dict[str, Entity]
    words: dict[str, str] = field(default_factory=dict)
    last_year: int = 0

    def _word(self, category: str, number: str) -> str:
        key = f"{category}.{number}"
        if key not in self.words:
            if category == "year":
                first = self.rng.randint(1560, 1890)
                self.last_year = self.last_year + self.rng.randint(3, 28) if self.last_year else first
                self.words[key] = str(self.last_year)
            else:
                taken = set(self.words.values())
                pool = _WORDS.get(category) or CATEGORY_ANSWERS[category]
                self.words[key] = self.rng.choice([word for word in pool if word not in taken])
        return self.words[key]

    def _value(self, match: re.Match[str]) -> str:
        role, part = match[1], match[2] or ""
        if role not in self.cast:
            return self._word(role, part)
        subject = self.cast[role]
        if part in ("f", "l"):
            return subject.name.split()[0] if part == "f" else subject.short
        return subject.pronouns()[part] if part else subject.name

    def fill(self, template: str) -> str:
        """The template with its choices made and its variables filled in."""
        chosen = _CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), template)
        return articles(_VARIABLE.sub(self._value, chosen))

    def probe(self, prompt: str, answer: str) -> Probe:
        """A probe, its last article in agreement with the answer."""
        end = self.fill(answer)
        whole = capitalised(articles(f"{_VARIABLE.sub(self._value, prompt)} {end}"))
        return Probe(whole[: -len(end)].strip(), end)


def _subject(rng: random.Random, kind: str, split: str) -> Entity:
    if kind in ("man", "woman"):
        somebody = person(rng, split)
        while somebody.gender != kind.replace("woman", "f").replace("man", "m"):
            somebody = person(rng, split)
        return somebody
    return entity(rng, kind, split)


def _cast(rng: random.Random, skeleton: Skeleton, split: str, names: set[str]) -> dict[str, Entity]:
    """Entities for every role; no word of a name was used before."""
    cast = {}
    for role, kind in skeleton.cast:
        subject = _subject(rng, kind, split)
        while {subject.name.lower(), subject.short.lower()} & names or is_reserved(subject.name):
            subject = _subject(rng, kind, split)
        names |= {subject.name.lower(), subject.short.lower()}
        cast[role] = subject
    return cast


def _gives_away(probe: Probe) -> bool:
    """Whether the prompt contains the answer already."""
    return re.search(rf"\b{re.escape(probe.answer)}\b", probe.prompt, re.IGNORECASE) is not None


def _choose_probes(rng: random.Random, sentences: list[list[Probe]]) -> tuple[Probe, ...]:
    """Eight probes with different answers, from as many sentences as possible, in the order of the text."""
    sentences = [[probe for probe in probes if not _gives_away(probe)] for probes in sentences]
    first = [rng.choice(probes) for probes in sentences if probes]
    rest = [probe for probes in sentences for probe in probes if probe not in first]
    chosen: list[Probe] = []
    for probe in rng.sample(first, len(first)) + rng.sample(rest, len(rest)):
        if len(chosen) < PROBES and probe.answer.lower() not in {other.answer.lower() for other in chosen}:
            chosen.append(probe)
    order = [probe for probes in sentences for probe in probes]
    return tuple(sorted(chosen, key=order.index))


def document(rng: random.Random, skeleton: Skeleton, split: str, names: set[str]) -> TextDocument:
    """One document of a genre; `names` collects the names that are taken."""
    cast = _cast(rng, skeleton, split, names)
    while True:
        writer = _Writer(rng, cast)
        slots = [slot for slot in skeleton.slots if not slot.optional or rng.random() < 0.35]
        chosen = [rng.choice(slot.sentences) for slot in slots]
        texts = [capitalised(writer.fill(sentence.text)) for sentence in chosen]
        probes = _choose_probes(
            rng, [[writer.probe(prompt, answer) for prompt, answer in sentence.probes] for sentence in chosen]
        )
        text = " ".join(texts)
        if len(texts) in SENTENCES_EACH and len(text.split()) in WORDS_EACH and len(probes) == PROBES:
            return TextDocument(capitalised(cast["E"].name), text, probes)


def documents(count: int, seed: int, split: str = "train") -> list[TextDocument]:
    """Invented documents with 8 probes each, all genres in turn, no name in two documents."""
    rng = random.Random(f"documents:{split}:{seed}")
    names: set[str] = set()
    made: list[TextDocument] = []
    while len(made) < count:
        order = rng.sample(skeletons(), len(skeletons()))
        made += [document(rng, skeleton, split, names) for skeleton in order[: count - len(made)]]
    return made
