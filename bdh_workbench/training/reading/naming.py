"""The words by which people ask for a name: "what chemist", "which river", "what is the name of the actress".

Two patterns of the corpus say what names are (Hearst 1992): the first sentence of an article about one ("Marlee Matlin
is an American actress and author"), and a noun before a name ("historian Fred Anderson"). An answer may also contain
its noun: "what court" asks for the Supreme Court.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bdh_workbench.reading.units import UNIT_SHAPES, folded, unit
from bdh_workbench.training.corpus import CorpusDocument

DEFINED = re.compile(r"[^.\n]{1,120}?\b(?:is|was|are|were) (?:an?|the|one of the) ([^.,;:()\n]+)")
BEFORE_NAME = re.compile(r"\b([a-z]{3,}) ((?:[A-Z][\w'’-]+ ){1,3}[A-Z][\w'’-]+)")
BRACKETED = re.compile(r"\s*\(.*\)$")
OPENING = 400  # characters of an article in which its subject is defined
# Words that end the noun phrase that they follow.
ENDS_PHRASE = frozenset(
    "of in from who that which by for on at and or with to where when is was are were it its as near between about "
    "under during within".split()
)
DEFINING = 5  # definitions that use a word before it counts as a noun for names
YEAR = UNIT_SHAPES.index("year")
TIME_NOUNS = ("date", "time", "year")  # the last one for years alone
PLACE_NOUNS = ("place", "location", "city", "town", "country", "region", "area")
# Words that may follow "who" and "what" where a noun can be put between them.
VERBS = frozenset(
    "is was are were did does do has have had can could will would should may might must said made gave wrote led won "
    "became caused said took came".split()
)


@dataclass(frozen=True, slots=True)
class Nouns:
    """What names are.

    Attributes:
        of: the noun of each name, both folded.
        all: the nouns.
    """

    of: Mapping[str, str]
    all: frozenset[str]


def nouns_of_names(documents: Iterable[CorpusDocument], words: Collection[str]) -> dict[str, str]:
    """The noun that says what a name is, for the names in documents, folded.

    ``words`` are frequent ones: a noun has its plural among them, which "formed" and "first" have not.
    """
    defined: dict[str, str] = {}
    beside: dict[str, Counter[str]] = {}
    for document in documents:
        match = DEFINED.match(document.text[:OPENING].lstrip())
        noun = _head(match[1].split()) if match else None
        if noun is not None:
            defined.setdefault(folded(BRACKETED.sub("", document.title)), noun)
        for word, name in BEFORE_NAME.findall(document.text):
            beside.setdefault(folded(name), Counter())[word] += 1
    common = {
        noun
        for noun, count in Counter(defined.values()).items()
        if count >= DEFINING and any(plural in words for plural in (noun + "s", noun + "es", noun[:-1] + "ies"))
    }
    nouns = {}
    for name, words in beside.items():
        fitting = [(count, word) for word, count in words.items() if word in common]
        if fitting:
            nouns[name] = max(fitting)[1]
    return nouns | {name: noun for name, noun in defined.items() if noun in common}


def _head(words: Sequence[str]) -> str | None:
    """The head of an English noun phrase, its last word before a preposition or clause; None if that is a name."""
    head = None
    for word in words:
        if word.lower() in ENDS_PHRASE:
            break
        head = word
    return head if head is not None and head.isalpha() and head.islower() else None


def with_noun(question: str, answer: str, nouns: Nouns, chooser: random.Random) -> str:
    """A question for a name or a time that says what kind of thing is asked for; unchanged where that is not known.

    Args:
        question: "Who wrote ...?"
        answer: the words that answer it.
        nouns: of names.
        chooser: of noun and form.
    """
    words = question.split()
    asks = words[0].lower() if words else ""
    if len(words) < 3 or asks not in ("who", "what", "which", "where", "when"):
        return question
    verb = words[1].lower()
    if asks in ("what", "which") and verb not in VERBS:
        return question  # it has its noun
    named = (folded(answer), folded(answer.removeprefix("the ")))
    found = [nouns.of[name] for name in named if name in nouns.of]
    if asks == "when":
        year = any(unit(word).shape[YEAR] for word in answer.split())
        found = [chooser.choice(TIME_NOUNS[: 3 if year else 2])]
    elif asks == "where" and not found:
        found = [chooser.choice(PLACE_NOUNS)]
    else:
        own = _own_noun(answer, nouns.all)
        found += [own] if own else []
    if not found:
        return question
    noun = chooser.choice(found)
    if asks in ("who", "what") and verb not in ("did", "does", "do") and chooser.random() < 0.3:
        opening = chooser.choice(("What is the name of the", "What was the name of the"))
        return " ".join([opening, noun, "that", *words[1:]])
    forms = ("In what", "What") if noun == "year" else ("What", "What", "Which")
    return " ".join([chooser.choice(forms), noun, *words[1:]])


def _own_noun(answer: str, nouns: frozenset[str]) -> str | None:
    """A noun that an answer of several words contains: court, of the Supreme Court."""
    words = [folded(word) for word in answer.split()]
    fitting = [word for word in words if word in nouns]
    return fitting[-1] if len(words) > 1 and fitting else None
