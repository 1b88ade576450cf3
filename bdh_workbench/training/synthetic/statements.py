"""Invented facts before they are put into words: a relation, an entity and an answer."""

from __future__ import annotations

import functools
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bdh_workbench.training.synthetic.grammar import fill
from bdh_workbench.training.synthetic.lexicon import ANSWER_ARTICLES, CATEGORY_ANSWERS
from bdh_workbench.training.synthetic.names import Entity, entity, is_reserved
from bdh_workbench.training.synthetic.relations import Relation, relations


@dataclass(frozen=True, slots=True)
class Statement:
    """One invented fact before it is put into words."""

    relation: Relation
    entity: Entity
    answer: str

    def say(self, phrasing: str) -> str:
        """A phrasing with names and pronouns filled in and articles corrected."""
        return fill(phrasing, self.entity, self.answer)

    def turned(self, phrasing: str) -> str:
        """A reversed phrasing, which ends before the entity's name."""
        return fill(phrasing, self.entity, self.entity.name, given=self.answer)

    def questions(self) -> list[str]:
        """The question forms, each ending right before the answer."""
        article = ANSWER_ARTICLES.get(self.relation.category, "")
        forms = []
        for line in self.relation.questions:
            question, _, own = line.partition(" => ")
            lead = own or article
            forms += [f"Q: {question} A: {lead}", f"{question} The answer is {lead}"]
        return [self.say(form) for form in forms]

    def question(self) -> str:
        """One question alone."""
        return self.say(self.relation.questions[0].partition(" => ")[0])


@functools.cache
def _answers(relation: Relation) -> tuple[str, ...]:
    """The answers of a relation that none of its phrasings gives away."""
    said = " ".join((*relation.statements, *relation.questions, *relation.synonyms, *relation.reversals))
    return tuple(
        word
        for word in CATEGORY_ANSWERS[relation.category]
        if not re.search(rf"\b{re.escape(word)}\b", said, re.IGNORECASE)
    )


@dataclass
class StatementSource:
    """Endless invented facts: all relations in turn, entities never twice, answers as rarely twice as possible.

    A source of reserved names is about subjects that no other source ever names.
    """

    rng: random.Random
    split: str
    reserved: bool = False
    names: set[str] = field(default_factory=set)
    used: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[Relation, str]] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Statement]:
        """Each relation of the split once in random order, then again."""
        pool = relations(self.split)
        while True:
            for relation in self.rng.sample(pool, len(pool)):
                subject = self.subject(relation.kind)
                yield Statement(relation, subject, self.answer(relation, subject))

    def subject(self, kind: str) -> Entity:
        """A new entity of a kind; neither its name nor its short name was given before."""
        while True:
            subject = entity(self.rng, kind, self.split)
            taken = {subject.name.lower(), subject.short.lower()} & self.names
            if not taken and is_reserved(subject.name) == self.reserved:
                break
        self.names |= {subject.name.lower(), subject.short.lower()}
        return subject

    def answer(self, relation: Relation, subject: Entity) -> str:
        """An answer that was used as little as possible, first with this relation, then at all."""
        if relation.category not in CATEGORY_ANSWERS:  # an invented name
            word = self.subject(relation.category).name
        else:
            named = set(subject.name.lower().split())
            words = [word for word in _answers(relation) if not named & set(word.lower().split())]
            rarest = min((self.pairs[relation, word], self.used[word]) for word in words)
            word = self.rng.choice([word for word in words if (self.pairs[relation, word], self.used[word]) == rarest])
        self.used[word] += 1
        self.pairs[relation, word] += 1
        return word
