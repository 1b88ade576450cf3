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
import importlib
from dataclasses import dataclass

from bdh_workbench.training.synthetic_relations_plain import RELATIONS as PLAIN

_MODULES = (
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


@functools.cache
def all_relations() -> tuple[Relation, ...]:
    """Every relation, in the order of the files."""
    found = []
    for name in _MODULES:
        module = importlib.import_module(f"bdh_workbench.training.synthetic_relations_{name}")
        found += [_parse(block) for block in module.RELATIONS.strip().split("\n\n")]
    return tuple(found)


@functools.cache
def plain_relations(split: str) -> tuple[Relation, ...]:
    """The plain relations of one split, which are kept apart from the others."""
    found = [_parse(block) for block in PLAIN.strip().split("\n\n")]
    return tuple(relation for relation in found if relation.split == split)


@functools.cache
def relations(split: str) -> tuple[Relation, ...]:
    """The relations of one split."""
    return tuple(relation for relation in all_relations() if relation.split == split)
