"""Evidence that a position of a text should read a stored row: the input of a judge.

Each kind of evidence is one small function that scores candidates, and has a name. A candidate is a row, with its
item and its sentence. Some evidence compares cues, some compares words; a memory that was saved without its words has
only the first. None of it depends on a language: how much a word counts depends on how rare its tokens
are in general text and on how many of the stored sentences contain it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bdh_workbench.model.likeness import Likeness, Vector
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.units import unit
from bdh_workbench.reading.words import Sentence, Word

RARE = 2.0  # power of a word's weight where it is asked how much of what is rare is there: a name counts, not "of the"
LEAST_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Compared:
    """The words of a text, compared with those of a stored sentence.

    Attributes:
        asked: weight of each word of the text that counts: those from the sentence on that names what the two share.
        said: weight of each word of the stored sentence.
        asked_names: weights of the words of the text that begin with a capital; of all words if none does.
        said_names: the same of the stored sentence.
        sentence: the stored sentence.
        known: all words of its item.
        content: rarity of each word of the text that is neither a name nor part of the names of the sentence.
    """

    asked: Mapping[str, float]
    said: Mapping[str, float]
    asked_names: Mapping[str, float]
    said_names: Mapping[str, float]
    sentence: Sentence
    known: set[str]
    content: Mapping[str, float]

    @property
    def shared(self) -> list[str]:
        """The words that both have."""
        return [word for word in self.asked if word in self.said]


def named(pair: Compared) -> float:
    """The share of the rare words of the stored sentence that the text has too."""
    return _part(pair.said, pair.asked)


def subject(pair: Compared) -> float:
    """The same share of its names: whether the text is about its subject."""
    return _part(pair.said_names, pair.asked)


def missing(pair: Compared) -> float:
    """The weight of the rarest name of the stored sentence that the text lacks."""
    return max((weight for word, weight in pair.said_names.items() if word not in pair.asked), default=0.0)


def answered(pair: Compared) -> float:
    """The share of the text's words that the stored sentence has, by weight."""
    whole = sum(pair.asked.values())
    own = sum(w for word, w in pair.asked.items() if word in pair.said or word in pair.sentence.answer)
    return own / whole if whole else 0.0


def known(pair: Compared) -> float:
    """The same share for the whole item."""
    whole = sum(pair.asked.values())
    return sum(w for word, w in pair.asked.items() if word in pair.known) / whole if whole else 0.0


def strange(pair: Compared) -> float:
    """The weight of the rarest word of the text that the item lacks."""
    return max((weight for word, weight in pair.asked.items() if word not in pair.known), default=0.0)


def stranger(pair: Compared) -> float:
    """The weight of the rarest name in the text that the item lacks: another subject."""
    return max((weight for word, weight in pair.asked_names.items() if word not in pair.known), default=0.0)


def shared(pair: Compared) -> float:
    """The logarithm of how much the two share, by weight: the tenth word counts for less than the first."""
    return math.log1p(sum(pair.asked[word] for word in pair.shared))


def relation(pair: Compared) -> float:
    """The share of common words, names apart, that both have: what is asked about the subject, and in which form."""
    both = [word for word in pair.shared if word not in pair.sentence.names]
    said = [word for word in pair.said if word not in pair.sentence.names]
    rest = [word for word in pair.asked if word not in pair.said and word not in pair.asked_names]
    whole = len(said) + len(rest)
    return len(both) / whole if whole else 0.0


def content(pair: Compared) -> float:
    """The same share by weight: the content of what is asked."""
    both = sum(pair.said[word] for word in pair.shared if word not in pair.sentence.names)
    whole = sum(weight for word, weight in pair.said.items() if word not in pair.sentence.names)
    whole += sum(w for word, w in pair.asked.items() if word not in pair.said and word not in pair.asked_names)
    return both / whole if whole else 0.0


def asks(pair: Compared) -> float:
    """The logarithm of how much the text says at all, by weight."""
    return math.log1p(sum(pair.asked.values()))


def _part(weights: Mapping[str, float], of: Mapping[str, float]) -> float:
    """The share of weights, to the power ``RARE``, whose words are among others."""
    whole = sum(weight**RARE for weight in weights.values())
    return sum(weight**RARE for word, weight in weights.items() if word in of) / whole if whole else 0.0


WORD_EVIDENCE: dict[str, Callable[[Compared], float]] = {
    "named": named,
    "subject": subject,
    "missing": missing,
    "answered": answered,
    "known": known,
    "strange": strange,
    "stranger": stranger,
    "shared": shared,
    "relation": relation,
    "content": content,
    "asks": asks,
}


@dataclass(frozen=True, slots=True)
class Relations:
    """What two sentences say besides names, by the meaning of their words: what is asked, and what is known.

    Attributes:
        asked: (a,), the weights of the words of the text, 1 at most.
        said: (s,), those of the stored sentence.
        asked_best: (a,), how much each word of the text is like the word of the other, or of the answer, that it is
            most like.
        said_best: (s,), how much each stored word is like the word of the text that it is most like.
        asks: (K,), what the text asks for.
        told: (K,), what the stored sentence would ask for.
        answer: (K,), what its answer is.
    """

    asked: Vector
    said: Vector
    asked_best: Vector
    said_best: Vector
    asks: Vector
    told: Vector
    answer: Vector

    @staticmethod
    def of(pair: Compared, likeness: Likeness) -> Relations:
        """Those of a text and a stored sentence."""
        # What many of the stored facts say tells little of which is meant, and everything of what is asked.
        asked, answer = pair.content, sorted(pair.sentence.answer)
        said = {w: min(1.0, rarity) for w, rarity in pair.sentence.words.items() if w not in pair.sentence.names}
        one, other = list(asked), list(said)
        cosines = _cosines(one, [*other, *answer], likeness)
        return Relations(
            np.array([*asked.values()], dtype=np.float32),
            np.array([*said.values()], dtype=np.float32),
            cosines.max(axis=1, initial=0.0),
            cosines[:, : len(other)].max(axis=0, initial=0.0),
            likeness.asks(one),
            likeness.asks(other),
            likeness.answers(answer),
        )


def _cosines(asked: Sequence[str], known_words: Sequence[str], likeness: Likeness) -> Vector:
    """How much each word (a,) is like each other one (k,): by meaning, or by the beginning that they share."""
    found = likeness.all(asked) @ likeness.all(known_words).T
    for row, word in enumerate(asked):
        for column, other in enumerate(known_words):
            if unit(word).stem == unit(other).stem:
                found[row, column] = max(found[row, column], _begin(word, other) / max(len(word), len(other)))
    return found


def _begin(word: str, other: str) -> int:
    """The number of letters with which both begin."""
    return next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))


def same(both: Relations) -> float:
    """How much what the text asks for is what the stored sentence states."""
    return float(both.asks @ both.told)


def suits(both: Relations) -> float:
    """How well the answer suits what the text asks for: "French" and "speaks the language"."""
    return float(both.asks @ both.answer)


def suited(both: Relations) -> float:
    """How well it suits its own prompt, for comparison."""
    return float(both.told @ both.answer)


def beyond(both: Relations) -> float:
    """The largest weight of a word of the question that is like nothing known."""
    return float((both.asked * (1.0 - both.asked_best)).max(initial=0.0))


def unsaid(both: Relations) -> float:
    """The largest weight of a known word that is like nothing in the question."""
    return float((both.said * (1.0 - both.said_best)).max(initial=0.0))


def covered(both: Relations) -> float:
    """The share of what is asked, by weight, that is like something that is known."""
    return float(both.asked @ both.asked_best / max(LEAST_SHARE, float(both.asked.sum())))


def covers(both: Relations) -> float:
    """The share of what is known that is like something that is asked."""
    return float(both.said @ both.said_best / max(LEAST_SHARE, float(both.said.sum())))


def rarest(both: Relations) -> float:
    """The weight of the rarest word of the question: whether it asks for anything in particular."""
    return float(both.asked.max(initial=0.0))


def asked(both: Relations) -> float:
    """The weight of all that is asked."""
    return float(both.asked.sum())


MEANING: dict[str, Callable[[Relations], float]] = {
    "same": same,
    "suits": suits,
    "suited": suited,
    "beyond": beyond,
    "unsaid": unsaid,
    "covered": covered,
    "covers": covers,
    "rarest": rarest,
    "asked": asked,
}


def cosine_names(site: WriteSite) -> tuple[str, ...]:
    """The names of the evidence by cues, as ``cosines`` and what follows it gives it."""
    kinds = tuple(f"summary {number + 1}" for number in range(len(site.decays)))
    return (*kinds, "item", "margin", "sure", "repeated", "stored")


def cosines(site: WriteSite, summaries: Tensor, cues: Tensor) -> Tensor:
    """The cosine (m, K) of each content summary (m, K, C) with that of a row, whose cue (m, K * C) is given."""
    kinds = summaries.shape[1]
    stored = torch.nn.functional.normalize(cues.view(len(cues), kinds, -1), dim=-1)
    return (summaries * stored).sum(-1)


def compared(
    words: Sequence[Word],
    asked: Mapping[str, float],
    said: Mapping[str, float],
    sentence: Sentence,
    known_words: set[str],
) -> Compared:
    """Compare a text with a stored sentence.

    Args:
        words: of the text, in order.
        asked: their weights.
        said: the weights of the words of the stored sentence.
        sentence: the stored sentence.
        known_words: all words of its item.

    What comes before the sentence that names the rarest of the shared words is about something else.
    """
    most, begin = 0.0, 0
    for word in words:
        weight = said.get(word.text, 0.0)
        if weight > most:
            most, begin = weight, word.sentence
    kept = [word for word in words if word.sentence >= begin]
    counted = {word.text: asked[word.text] for word in kept}
    names = {word.text: counted[word.text] for word in kept if word.capital and counted[word.text] > 0.0}
    own = {word: said[word] for word in sentence.names if said.get(word, 0.0) > 0.0}
    content = {
        word.text: min(1.0, word.rarity)
        for place, word in enumerate(kept)
        if word.text not in sentence.names
        and not (word.capital and place and kept[place - 1].sentence == word.sentence)  # a sentence begins with one
    }
    return Compared(counted, said, names or counted, own or said, sentence, known_words, content)
