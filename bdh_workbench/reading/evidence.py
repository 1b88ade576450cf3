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

import torch
from torch import Tensor

from bdh_workbench.model.likeness import Likeness
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.words import Sentence, Word

RARE = 2.0  # power of a word's weight where it is asked how much of what is rare is there: a name counts, not "of the"
CONTENT = 0.2  # weight from which on a word is looked at for its likeness with others
LAST, LEAST = 4, 0.1  # words that an answer follows, and the least that each of them counts


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
    """

    asked: Mapping[str, float]
    said: Mapping[str, float]
    asked_names: Mapping[str, float]
    said_names: Mapping[str, float]
    sentence: Sentence
    known: set[str]
    last: Sequence[tuple[str, float]]

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


def _asked_content(pair: Compared) -> list[tuple[str, float]]:
    """What the text says beside names."""
    names = pair.asked_names if len(pair.asked_names) < len(pair.asked) else ()
    return [
        (word, min(1.0, weight))
        for word, weight in pair.asked.items()
        if word not in names and word not in pair.sentence.names
    ]


def _said_content(pair: Compared) -> list[tuple[str, float]]:
    """What the stored sentence says beside names."""
    return [(word, min(1.0, weight)) for word, weight in pair.said.items() if word not in pair.sentence.names]


def alike(pair: Compared, likeness: Likeness) -> float:
    """How much alike what the two say beside names is: "hobby" and "collecting"."""
    return float(likeness.sum(_asked_content(pair)) @ likeness.sum(_said_content(pair)))


def nearest(pair: Compared, likeness: Likeness) -> float:
    """The cosine of the two words that are most alike."""
    said = [likeness.of(word) for word, weight in _said_content(pair) if weight > CONTENT and word in likeness]
    asked = [likeness.of(word) for word, weight in _asked_content(pair) if weight > CONTENT and word in likeness]
    return max((float(one @ other) for one in asked for other in said), default=0.0)


def fits(pair: Compared, likeness: Likeness) -> float:
    """How well the answer of a fact fits what the text says: "French" and "speaks the language"."""
    return float(likeness.sum(_asked_content(pair)) @ likeness.sum((w, 1.0) for w in pair.sentence.answer))


def follows(pair: Compared, likeness: Likeness) -> float:
    """How well the answer of a fact fits the last words of the text."""
    names = pair.asked_names if len(pair.asked_names) < len(pair.asked) else ()
    last = [(word, weight) for word, weight in pair.last if word not in names and word not in pair.sentence.names]
    return float(likeness.sum(last) @ likeness.sum((w, 1.0) for w in pair.sentence.answer))


MEANING: dict[str, Callable[[Compared, Likeness], float]] = {
    "alike": alike,
    "nearest": nearest,
    "fits": fits,
    "follows": follows,
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
    return Compared(counted, said, names or counted, own or said, sentence, known_words, last)
