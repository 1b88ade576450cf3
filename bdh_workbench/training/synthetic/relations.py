"""Relations of the invented facts: phrasings that end right before the answer, one fixed split each.

A relation is written as a block of lines, blocks apart by a blank line:

    # kind category split    entity kind, answer category (a kind as category: an invented name), split
    cloze ...                five or more statements that end before the answer
    ? question ...           asked as 'Q: ... A:' and '... The answer is'; ' => his' after it leads to the answer
    ~ synonym ...            the entity's name, but few other words of the statements
    < reversed ... {a} ...   ends before the entity's name

`{e}` is the entity, `{l}` its short name, `{a}` the answer, `{he} {his} {him}` pronouns of the entity.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from bdh_workbench.training.synthetic.data import text

_FILES = (
    "people",
    "places",
    "realms",
    "nature",
    "works",
    "industry",
    "society",
    "history",
    "leisure",
    "transport",
)


@dataclass(frozen=True)
class Relation:
    """One relation: what kind of entity it is about, which answers it takes, and how it is said."""

    kind: str
    category: str
    split: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    synonyms: tuple[str, ...]
    reversals: tuple[str, ...]


def _parse(block: str) -> Relation:
    head, *lines = [line.strip() for line in block.strip().splitlines()]
    kind, category, split = head.removeprefix("#").split()
    marked: dict[str, list[str]] = {"?": [], "~": [], "<": [], "": []}
    for line in lines:
        mark = line[0] if line[0] in "?~<" else ""
        marked[mark].append(line.removeprefix(mark).strip())
    return Relation(kind, category, split, *(tuple(marked[mark]) for mark in ("", "?", "~", "<")))


def _read(name: str) -> list[Relation]:
    """The relations of one file."""
    return [_parse(block) for block in text(f"relations/{name}.txt").split("\n\n")]


@functools.cache
def all_relations() -> tuple[Relation, ...]:
    """Every relation but the plain ones, in the order of the files."""
    return tuple(relation for name in _FILES for relation in _read(name))


@functools.cache
def plain_relations(split: str) -> tuple[Relation, ...]:
    """The plain relations of one split, as encyclopedias and tables have them, which are kept apart from the others.

    They say little besides the subject, so that one word decides what is asked: "The employer of X is". The judges of
    rows are fitted with them. The network is not trained on them, and no measure of the synthetic facts counts them.
    """
    return tuple(relation for relation in _read("plain") if relation.split == split)


@functools.cache
def relations(split: str) -> tuple[Relation, ...]:
    """The relations of one split."""
    return tuple(relation for relation in all_relations() if relation.split == split)
