"""Words instead of tokens: which stored sentence shares the words of a question, and how far it answers for them.

A text is cut into words, each a tuple of the classes of its tokens, and each has a rarity. With s the sum of -log p of
its tokens in general text, a stretch of e^OFFSET tokens holds it about once in e^(s - OFFSET); rarity is that exponent
over SPAN, from 0 to 1. It needs no list of words: a rare word is a run of tokens that rarely follow each other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bdh_workbench.model.write_site import WriteSite

OFFSET, SPAN = 4.2, 9.0  # nats; from words that stand in every stretch of text to those of one in eight thousand
RECENT = 48  # tokens of a text whose words are looked at
ENOUGH = 2.0  # sum of shared rarities at which a match counts for half of what it covers
COVERED = 0.75  # power of a question's whole rarity that its shared part is measured by

Word: TypeAlias = tuple[int, ...]  # the classes of its tokens, which are the same in either case


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a site knows of each token, as plain lists that are quick to look into one at a time.

    Attributes:
        classes: the token that stands for all that differ from it only in case and the space before them.
        surprisal: -log p of that class in general text, in nats.
        begins: whether it begins a word.
        capital: whether it begins with a capital letter.
    """

    classes: list[int]
    surprisal: list[float]
    begins: list[bool]
    capital: list[bool]

    @staticmethod
    def of(site: WriteSite) -> Lexicon:
        """The lexicon of a site."""
        return Lexicon(site.same_as.tolist(), site.surprisal.tolist(), site.begins_word.tolist(), site.capital.tolist())

    def words(self, ids: Sequence[int], *, first: bool = False, names: bool = True) -> dict[Word, float]:
        """The words of token ids with their rarities; those of none, and the rest of one that began before, left out.

        Args:
            ids: of a stretch of text.
            first: whether they begin a sentence, so that the first of them begins a word, and its capital says nothing.
            names: whether names are wanted, words with a capital.
        """
        starts = [place for place, token in enumerate(ids) if self.begins[token] or (first and place == 0)]
        found: dict[Word, float] = {}
        for start, stop in itertools.pairwise([*starts, len(ids)]):
            word = ids[start:stop]
            rarity = min(1.0, (sum([self.surprisal[token] for token in word]) - OFFSET) / SPAN)
            # The capital may stand behind a token that is the space before the word.
            kept = names or (first and start == 0) or not any(self.capital[token] for token in word[:2])
            if rarity > 0.0 and kept:
                found[tuple(self.classes[token] for token in word)] = rarity
        return found


def recent_words(lexicon: Lexicon, ids: Sequence[int], stop: int, *, names: bool = True) -> dict[Word, float]:
    """The words of the last ``RECENT`` tokens of a text that has been read up to ``stop``."""
    start = max(0, stop - RECENT)
    return lexicon.words(ids[start:stop], first=start == 0, names=names)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Token ids of a part of a document, all of one sentence.

    Attributes:
        sentence: its number in the document, from 0.
        begins: whether the first of them is the sentence's first.
        ids: the tokens.
    """

    sentence: int
    begins: bool
    ids: list[int]

    @staticmethod
    def all_of(positions: Iterable[tuple[int, int, bool]]) -> list[Stretch]:
        """The stretches of a document from its positions: token, sentence, and whether the one before goes on to it.

        The first tokens of a window are not stored, so that only a text that goes on begins a sentence here.
        """
        out: list[Stretch] = []
        for token, sentence, goes_on in positions:
            if not goes_on or out[-1].sentence != sentence:
                out.append(Stretch(sentence, goes_on, []))
            out[-1].ids.append(token)
        return out


class SentenceWords:
    """Which sentences of one document say which words.

    Names are left out. A document names its subject in one sentence and speaks of it in all, and a question names it
    whatever it asks for: a name tells which document is meant, and misleads about the sentence.
    """

    def __init__(self, lexicon: Lexicon, stretches: Sequence[Stretch]) -> None:
        """Take in a document."""
        self.count = 1 + max((stretch.sentence for stretch in stretches), default=0)
        said: dict[Word, set[int]] = {}
        for stretch in stretches:
            for word in lexicon.words(stretch.ids, first=stretch.begins, names=False):
                said.setdefault(word, set()).add(stretch.sentence)
        # How much a word tells of the sentence: 1 if a single one says it, 0 if all do.
        most = math.log((self.count + 0.5) / 1.5) if self.count > 1 else 1.0
        self._said = {
            word: (tuple(sorted(places)), math.log((self.count + 0.5) / (len(places) + 0.5)) / most)
            for word, places in said.items()
        }

    def scores(self, asked: Mapping[Word, float]) -> list[float]:
        """For each sentence the sum, over the words of a question that it says, of rarity times what they tell."""
        out = [0.0] * self.count
        for word, rarity in asked.items():
            places, telling = self._said.get(word, ((), 0.0))
            for place in places:
                out[place] += rarity * telling
        return out


class WordIndex:
    """The sentences of all documents by their words, names among them."""

    def __init__(self, lexicon: Lexicon, documents: Mapping[int, Sequence[Stretch]]) -> None:
        """Take in documents by number."""
        self._lexicon = lexicon
        sentences: dict[tuple[int, int], int] = {}
        said: dict[Word, set[int]] = {}
        for number, stretches in documents.items():
            for stretch in stretches:
                place = sentences.setdefault((number, stretch.sentence), len(sentences))
                for word in lexicon.words(stretch.ids, first=stretch.begins):
                    said.setdefault(word, set()).add(place)
        self._documents = [number for number, _ in sentences]
        self._said: dict[Word, npt.NDArray[np.int64]] = {
            word: np.array(sorted(places), dtype=np.int64) for word, places in said.items()
        }

    def read(self, ids: Sequence[int], start: int) -> list[tuple[float, int]]:
        """The best match (``best``) of the last words at each token of a text from ``start`` on."""
        out = []
        for stop in range(start + 1, len(ids) + 1):
            out.append(self.best(recent_words(self._lexicon, ids, stop)))
        return out

    def best(self, asked: Mapping[Word, float]) -> tuple[float, int]:
        """How well the sentence that shares most with a question answers for its words, and its document; -1 for none.

        With A the rarity of the words shared and T that of all that are asked, the score is
        A / T^COVERED x A / (A + ENOUGH): a stranger shares a few common words with many sentences, or one rare word.
        """
        shared = np.zeros(len(self._documents))
        for word, rarity in asked.items():
            places = self._said.get(word)
            if places is not None:
                shared[places] += rarity
        place = int(shared.argmax()) if len(shared) else -1
        most = float(shared[place]) if len(shared) else 0.0
        if most <= 0.0:
            return 0.0, -1
        return most / sum(asked.values()) ** COVERED * most / (most + ENOUGH), self._documents[place]
