"""Evidence that a position of a text reads a stored row: what a judge is given.

Each kind of evidence is one small function that scores candidates, and has a name. A candidate is a row with the item
and the sentence that it is of. Some evidence compares cues, some compares words; of a memory that was saved without its
words there is only the first. None of it knows a language: how much a word tells comes from how rare its tokens are in
general text and from how many of the stored sentences say it.
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
from bdh_workbench.reading.words import Sentence, Word

RARE = 2.0  # power of a word's weight where it is asked how much of what is rare is there: a name counts, not "of the"
LAST, LEAST = 4, 0.1  # words that an answer follows, and the least that each of them counts
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Compared:
    """A text beside a stored sentence, by their words.

    Attributes:
        asked: weight of each word of the text that counts: from the sentence on that names what the two share.
        said: weight of each word of the stored sentence.
        asked_names: weights of the words of the text that begin with a capital; of all where none does.
        said_names: the same of the stored sentence.
        sentence: the stored sentence.
        known: all words of the item that it is of.
        last: the last words of the text, with their weights.
        content: rarity of each word of the text that is neither a name nor at home among the names of the sentence.
    """

    asked: Mapping[str, float]
    said: Mapping[str, float]
    asked_names: Mapping[str, float]
    said_names: Mapping[str, float]
    sentence: Sentence
    known: set[str]
    last: Sequence[tuple[str, float]]
    content: Mapping[str, float]

    @property
    def shared(self) -> list[str]:
        """The words that both say."""
        return [word for word in self.asked if word in self.said]


def named(pair: Compared) -> float:
    """The share of what is rare in the stored sentence that the text says too."""
    return _part(pair.said, pair.asked)


def subject(pair: Compared) -> float:
    """The same share of its names: whether the text is about its subject."""
    return _part(pair.said_names, pair.asked)


def missing(pair: Compared) -> float:
    """The weight of the rarest name of the stored sentence that the text does not say."""
    return max((weight for word, weight in pair.said_names.items() if word not in pair.asked), default=0.0)


def answered(pair: Compared) -> float:
    """The share of the text's words that the stored sentence says, by weight."""
    whole = sum(pair.asked.values())
    own = sum(w for word, w in pair.asked.items() if word in pair.said or word in pair.sentence.answer)
    return own / whole if whole else 0.0


def known(pair: Compared) -> float:
    """The same share for the whole item."""
    whole = sum(pair.asked.values())
    return sum(w for word, w in pair.asked.items() if word in pair.known) / whole if whole else 0.0


def strange(pair: Compared) -> float:
    """The weight of the rarest word of the text that the item does not say."""
    return max((weight for word, weight in pair.asked.items() if word not in pair.known), default=0.0)


def stranger(pair: Compared) -> float:
    """The weight of the rarest name in the text that the item does not say: another subject."""
    return max((weight for word, weight in pair.asked_names.items() if word not in pair.known), default=0.0)


def shared(pair: Compared) -> float:
    """How much the two share, by weight; the logarithm of it, as the tenth word tells less than the first."""
    return math.log1p(sum(pair.asked[word] for word in pair.shared))


def relation(pair: Compared) -> float:
    """The share of what is neither rare nor a name that both say: what is asked of the subject, and in which form."""
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
    """How much the text says at all, by weight; the logarithm of it."""
    return math.log1p(sum(pair.asked.values()))


def _part(weights: Mapping[str, float], of: Mapping[str, float]) -> float:
    """The share of weights, to the power ``RARE``, whose words are among others."""
    whole = sum(weight**RARE for weight in weights.values())
    return sum(weight**RARE for word, weight in weights.items() if word in of) / whole if whole else 0.0


WORDS: dict[str, Callable[[Compared], float]] = {
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
    """What two sentences say beside names, by the meaning of their words: what is asked of a subject, and what is known.

    Attributes:
        asked: words of the text, a of them.
        said: words of the stored sentence, s of them.
        asked_weights: (a,), of each word, 1 at most.
        said_weights: (s,).
        asked_whole: (C,), their sum, of unit length.
        said_whole: (C,).
        answer: (C,), the sum of the words of the answer.
        last: (C,), the sum of the last words of the text.
        cosines: (a, s), of each word with each; 1 for the same word.
        fitting: (a,), the cosine of each word with the answer.
    """

    asked: Sequence[str]
    said: Sequence[str]
    asked_weights: Vector
    said_weights: Vector
    asked_whole: Vector
    said_whole: Vector
    answer: Vector
    last: Vector
    cosines: Vector
    fitting: Vector

    @staticmethod
    def of(pair: Compared, likeness: Likeness) -> Relations:
        """Those of a text and a stored sentence."""
        # What many of the stored facts say tells little of which is meant, and everything of what is asked.
        names, asked = pair.sentence.names, pair.content
        said = {word: min(1.0, rarity) for word, rarity in pair.sentence.words.items() if word not in names}
        one, other = likeness.all(list(asked)), likeness.all(list(said))
        cosines = one @ other.T
        for row, word in enumerate(asked):
            for column, known_word in enumerate(said):
                if word == known_word:
                    cosines[row, column] = 1.0
        answer = likeness.sum((word, 1.0) for word in pair.sentence.answer)
        return Relations(
            list(asked),
            list(said),
            np.array(list(asked.values()), dtype=np.float32),
            np.array(list(said.values()), dtype=np.float32),
            likeness.sum(asked.items()),
            likeness.sum(said.items()),
            answer,
            likeness.sum((word, weight) for word, weight in pair.last if word in asked),
            cosines,
            one @ answer,
        )


def alike(both: Relations) -> float:
    """How much alike the two are as a whole: "hobby" and "collecting"."""
    return float(both.asked_whole @ both.said_whole)


def nearest(both: Relations) -> float:
    """The largest product of a cosine of two words and the weight of either."""
    weights = np.sqrt(both.asked_weights[:, None] * both.said_weights)
    return float((both.cosines * weights).max(initial=0.0))


def fits(both: Relations) -> float:
    """How well the answer of a fact fits what the text says: "French" and "speaks the language"."""
    return float(both.asked_whole @ both.answer)


def follows(both: Relations) -> float:
    """How well the answer of a fact fits the last words of the text."""
    return float(both.last @ both.answer)


def beyond(both: Relations) -> float:
    """The weight of what is asked that is like nothing that is known: of the word for which it is largest."""
    best = np.maximum(both.cosines.max(axis=1, initial=0.0), both.fitting)
    return float((both.asked_weights * (1.0 - best)).max(initial=0.0))


def unsaid(both: Relations) -> float:
    """The weight of what is known that is like nothing that is asked."""
    return float((both.said_weights * (1.0 - both.cosines.max(axis=0, initial=0.0))).max(initial=0.0))


def covered(both: Relations) -> float:
    """The share of what is asked, by weight, that is like something that is known."""
    best = np.maximum(both.cosines.max(axis=1, initial=0.0), both.fitting)
    return float(both.asked_weights @ best / max(TINY, float(both.asked_weights.sum())))


def covers(both: Relations) -> float:
    """The share of what is known that is like something that is asked."""
    best = both.cosines.max(axis=0, initial=0.0)
    return float(both.said_weights @ best / max(TINY, float(both.said_weights.sum())))


MEANING: dict[str, Callable[[Relations], float]] = {
    "alike": alike,
    "nearest": nearest,
    "fits": fits,
    "follows": follows,
    "beyond": beyond,
    "unsaid": unsaid,
    "covered": covered,
    "covers": covers,
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
    """A text beside a stored sentence.

    Args:
        words: of the text, in order.
        asked: their weights.
        said: the weights of the words of the stored sentence.
        sentence: the stored sentence.
        known_words: all words of its item.

    What was said before the sentence that names the rarest of the shared words is about something else.
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
    last = [(word.text, min(1.0, max(LEAST, word.rarity))) for word in words[-LAST:]]
    content = {
        word.text: min(1.0, word.rarity)
        for place, word in enumerate(kept)
        if word.text not in sentence.names
        and not (word.capital and place and kept[place - 1].sentence == word.sentence)  # a sentence begins with one
    }
    return Compared(counted, said, names or counted, own or said, sentence, known_words, last, content)
