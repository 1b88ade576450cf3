"""Invented facts, documents and statement-then-question texts, all seeded and the same in every process.

* Relations and entity names are divided by fixed rules into 'train', 'dev' and 'test', which share nothing.
* `facts` are easy (paraphrases share words), `hard_facts` hard (synonyms, questions), `reversed_probes` harder still.
* `passage` is training text for the language model; `documents` come with cold fill-in probes.
* Names, relations and phrases of the public benchmark appear nowhere.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass

from bdh_workbench.inputs.items import Fact, Probe, TextDocument
from bdh_workbench.training.synthetic import skeletons
from bdh_workbench.training.synthetic.names import SPLITS
from bdh_workbench.training.synthetic.passages import passage
from bdh_workbench.training.synthetic.statements import Statement, StatementSource

__all__ = [
    "SPLITS",
    "ReversedProbe",
    "documents",
    "facts",
    "hard_facts",
    "other_subject_prompts",
    "passage",
    "reversed_probes",
]


@dataclass(frozen=True, slots=True)
class ReversedProbe:
    """A question for the entity, given the answer of `hard_facts(...)[index]`."""

    index: int
    probe: Probe


def _check(count: int, split: str) -> None:
    if count < 0:
        raise ValueError(f"count must not be negative, got {count}")
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")


def _take(count: int, seed: int, split: str, purpose: str) -> tuple[list[Statement], random.Random]:
    """The first `count` statements for a purpose, and a generator for their wording."""
    _check(count, split)
    source = StatementSource(random.Random(f"{purpose}:{split}:{seed}"), split, reserved=purpose == "others")
    return list(itertools.islice(source, count)), random.Random(f"{purpose}:wording:{split}:{seed}")


def facts(count: int, seed: int, split: str = "train") -> list[Fact]:
    """Invented facts about distinct entities, each with two reworded prompts that share words with the statement."""
    made = []
    statements, rng = _take(count, seed, split, "facts")
    for statement in statements:
        wordings = rng.sample(statement.relation.statements, len(statement.relation.statements))
        wordings += statement.relation.synonyms
        texts = [statement.say(wording) for wording in wordings[:3]]
        made.append(Fact(texts[0], statement.answer, tuple(texts[1:])))
    return made


def hard_facts(count: int, seed: int, split: str = "train") -> list[Fact]:
    """Invented facts whose paraphrases are the synonym forms and the question forms ('Q: ... A:', '... The answer is').

    The reversed form has another answer and so comes from `reversed_probes` with the same arguments.
    """
    made = []
    statements, rng = _take(count, seed, split, "hard")
    for statement in statements:
        prompt = statement.say(rng.choice(statement.relation.statements))
        synonyms = [statement.say(wording) for wording in statement.relation.synonyms]
        made.append(Fact(prompt, statement.answer, (*synonyms, *statement.questions())))
    return made


def reversed_probes(count: int, seed: int, split: str = "train") -> list[ReversedProbe]:
    """Reversed statements of `hard_facts(count, seed, split)`: the answer is given and the entity asked for.

    `index` says which fact is meant. Facts whose relation and answer occur twice in the list are left out, as the
    question would have two right answers.
    """
    statements, _ = _take(count, seed, split, "hard")
    times = Counter((statement.relation, statement.answer) for statement in statements)
    return [
        ReversedProbe(index, Probe(statement.turned(wording), statement.entity.name))
        for index, statement in enumerate(statements)
        if times[statement.relation, statement.answer] == 1
        for wording in statement.relation.reversals
    ]


def other_subject_prompts(count: int, seed: int, split: str = "train") -> list[str]:
    """Prompts of the same form about entities that are never written, for measuring false accepts.

    Their names are reserved: no fact, document or passage is ever about one of them, whatever the seed.
    """
    statements, rng = _take(count, seed, split, "others")
    return [statement.say(rng.choice(statement.relation.statements)) for statement in statements]


def documents(count: int, seed: int, split: str = "train") -> list[TextDocument]:
    """Invented documents of 7 to 11 sentences, each with 8 cold fill-in probes; no name occurs in two of them.

    All splits use the same genres; the names in them are disjoint.
    """
    _check(count, split)
    return skeletons.documents(count, seed, split)
