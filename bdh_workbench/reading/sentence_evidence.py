"""Evidence for which stored sentence answers a question: small functions, each scoring every sentence of a memory.

A word's weight depends on how few sentences of this memory contain it, so nothing depends on the language; the rarity
of words in the corpus and the similarity of their vectors are further evidence, and a fitted judge weighs all of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rank_bm25 import BM25Okapi

from bdh_workbench.reading.units import UNIT_SHAPES, Unit, units

Array = npt.NDArray[np.float32]

SENTENCE_EVIDENCE = (
    "words",  # share of the question's words that the sentence has, by how few sentences have them
    "like words",  # the same by their rarity in the corpus; a word similar to one of the sentence counts in part
    "bm25",  # log(1 + Okapi BM25)
    "before",  # share of its words that this sentence or the one before has, beyond "words"
    "after",  # the same of the one after
    "document",  # share of its words that the document or its title has anywhere
    "document's names",  # the same of names and numbers, 1 where the question has none
    "length",  # log of the sentence's words over ten
    "crowd",  # log of the memory's sentences over a hundred: the more there are, the better the best of them looks
    "last item",  # for a question that only says "it", "he", "they": the item of the last answer
    "last sentence",  # and how near its sentence is, 1 for the very one
)
READ_EVIDENCE = (  # further evidence for a sentence that was read
    "readable",  # the reader's log-odds of an answer in it, against none
    "fact",  # whether it is a fact
    "gives the answer",  # whether the question says the fact's answer, and so asks the other way round
)
ALIKE_COSINE = 0.35  # cosine from which two words are alike at all
NOWHERE = np.zeros(0, dtype=np.int64)
POINTING_WORDS = frozenset("it its he his him she her hers they their them this that these those there".split())


def points_back(u: Unit) -> bool:
    """Whether a unit of a stored text points to what was said before; "IT" is a name."""
    return u.folded in POINTING_WORDS and not u.shape[UNIT_SHAPES.index("capitals")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence stands.

    Attributes:
        item: index of its item.
        sentence: number in the item, from 0.
    """

    item: int
    sentence: int


class SentenceIndex:
    """The sentences of a memory, ready to be scored; S of them."""

    def __init__(
        self,
        places: Sequence[Place],
        texts: Sequence[str],
        titles: Mapping[int, str],
        numbers: Mapping[str, int],
        vectors: Array,
        rarity: Array,
    ) -> None:
        """Take in sentences.

        Args:
            places: of each sentence, in the order of items and sentences.
            texts: of each.
            titles: of each item.
            numbers: of the words that have vectors.
            vectors: (V + 1, C) of unit length, the last one zero for words without.
            rarity: (V + 1,) of the words, 0 to 1.
        """
        self.places, self.texts = list(places), list(texts)
        self._numbers, self._vectors, self._rarity = numbers, vectors, rarity
        self.units = [units(text) for text in texts]
        self._items = np.array([place.item for place in places])
        self._sentences = np.array([place.sentence for place in places])
        said: dict[int, list[int]] = defaultdict(list)
        words: dict[int, int] = {}  # one word of each stem
        for number, sentence in enumerate(self.units):
            for stem, u in {u.stem: u for u in sentence if u.word}.items():
                said[stem].append(number)
                words.setdefault(stem, self._number(u))
        self._said = {stem: np.array(found, dtype=np.int64) for stem, found in said.items()}
        self._word_vectors = vectors[np.array([words[stem] for stem in said], dtype=np.int64)]
        # The distinct words of each sentence that has any, one sentence after the other.
        saying = np.concatenate((NOWHERE, *self._said.values()))
        order = np.argsort(saying, kind="stable")
        self._words = np.repeat(np.arange(len(said)), [len(found) for found in said.values()])[order]
        self._worded, self._word_starts = np.unique(saying[order], return_index=True)
        self._bm25 = _Okapi([[u.stem for u in sentence if u.word] or [-1] for sentence in self.units], self._said)
        self._lengths = np.array([sum(u.word for u in sentence) for sentence in self.units], dtype=np.float32)
        # The sentences before and after, itself where there is none in its item.
        own = np.arange(len(places))
        same = self._items[1:] == self._items[:-1] if len(places) else np.zeros(0, dtype=bool)
        self._before = np.where(np.concatenate(([False], same)), own - 1, own) if len(places) else own
        self._after = np.where(np.concatenate((same, [False])), own + 1, own) if len(places) else own
        groups, self._group_starts, self._group_of = np.unique(self._items, return_index=True, return_inverse=True)
        titled: dict[int, list[int]] = defaultdict(list)
        for group, item in enumerate(groups.tolist()):
            for stem in {u.stem for u in units(titles.get(item, ""))}:
                titled[stem].append(group)
        self._titled = {stem: np.array(found, dtype=np.int64) for stem, found in titled.items()}

    def __len__(self) -> int:
        """The number of sentences."""
        return len(self.places)

    def lead(self, number: int) -> int | None:
        """The sentence before one that begins by pointing back ("He", "This"), which is read with it; else None."""
        first, before = self.units[number][:1], int(self._before[number])
        return before if before != number and first and points_back(first[0]) else None

    def evidence(self, question: Sequence[Unit], last: Place | None = None) -> Array:
        """Score all sentences: (S, len(EVIDENCE)).

        Args:
            question: its units.
            last: where the last answer came from.
        """
        asked = list({u.stem: u for u in question if u.word}.values())
        says = np.zeros((len(asked), len(self)), dtype=np.float32)  # whether a sentence says a word
        few = np.zeros(len(asked), dtype=np.float32)  # how few sentences say it
        for row, u in enumerate(asked):
            places = self._said.get(u.stem, NOWHERE)
            says[row, places] = 1.0
            few[row] = math.log((len(self) + 1.0) / (len(places) + 0.5))
        rarity = np.array([self._rarity[self._number(u)] for u in asked], dtype=np.float32)
        few *= rarity
        names = np.array([_name(u, u is question[0]) for u in asked], dtype=np.float32)
        out = np.zeros((len(self), len(SENTENCE_EVIDENCE)), dtype=np.float32)
        if not asked or not len(self):
            return out
        said_here = _share(few, says)
        anywhere = np.maximum.reduceat(says, self._group_starts, axis=1)  # (Q, items)
        for row, u in enumerate(asked):
            anywhere[row, self._titled.get(u.stem, NOWHERE)] = 1.0
        out[:, 0] = said_here
        out[:, 1] = _share(rarity, np.maximum(says, self._like(asked)))
        out[:, 2] = np.log1p(np.maximum(0.0, self._bm25.scores([u.stem for u in asked])))
        out[:, 3] = _share(few, np.maximum(says, says[:, self._before])) - said_here
        out[:, 4] = _share(few, np.maximum(says, says[:, self._after])) - said_here
        out[:, 5] = _share(rarity, anywhere)[self._group_of]
        out[:, 6] = _share(names, anywhere)[self._group_of]
        out[:, 7] = np.log((self._lengths + 1.0) / 10.0)
        out[:, 8] = math.log(len(self) / 100.0)
        if last is not None and any(u.folded in POINTING_WORDS for u in question):
            same = self._items == last.item
            same &= same.sum() > 1  # a fact that was the answer has nothing else to say
            out[:, 9] = same
            out[:, 10] = same / (1.0 + np.abs(self._sentences - last.sentence))
        return out

    def _number(self, u: Unit) -> int:
        return self._numbers.get(u.folded, len(self._rarity) - 1)

    def _like(self, asked: Sequence[Unit]) -> Array:
        """The largest similarity of each word of the question to a word of each sentence: (Q, S)."""
        vectors = self._vectors[np.array([self._number(u) for u in asked])]
        likeness = vectors @ self._word_vectors.T  # (Q, distinct words)
        likeness[likeness <= ALIKE_COSINE] = 0.0
        out = np.zeros((len(asked), len(self)), dtype=np.float32)
        if len(self._words):
            for row, values in enumerate(likeness):
                out[row, self._worded] = np.maximum.reduceat(values[self._words], self._word_starts)
        return out


class _Okapi:
    """Okapi BM25 of ``rank_bm25`` to the bit, which visits only the sentences that say a word."""

    def __init__(self, sentences: Sequence[Sequence[int]], said: Mapping[int, npt.NDArray[np.int64]]) -> None:
        """Take in the stems of each sentence, at least one of each, and the sentences that say each stem."""
        self._said, self._size = said, len(sentences)
        if not sentences:
            return
        found = BM25Okapi(sentences)
        self._idf = found.idf
        self._more = found.k1 + 1
        self._length = found.k1 * (1 - found.b + found.b * np.array(found.doc_len) / found.avgdl)
        self._counts = {
            stem: np.array([found.doc_freqs[place][stem] for place in places.tolist()]) for stem, places in said.items()
        }

    def scores(self, asked: Sequence[int]) -> npt.NDArray[np.float64]:
        """The score of each sentence for some stems."""
        out = np.zeros(self._size)
        for stem in asked:
            places = self._said.get(stem)
            if places is not None:
                counts = self._counts[stem]
                out[places] += self._idf[stem] * (counts * self._more / (counts + self._length[places]))
        return out


def _share(weights: Array, flags: Array) -> Array:
    """The share of weights (Q,) whose flags (Q, n) are set: (n,); 1 where there are no weights."""
    whole = float(weights.sum())
    return weights @ flags / whole if whole > 0.0 else np.ones(flags.shape[1], dtype=np.float32)


def _name(u: Unit, first: bool) -> float:
    """Whether a word of a question is a name or a number; "I" is none, though it has a capital anywhere."""
    return float((u.shape[0] and not first and u.folded != "i") or u.shape[2])
