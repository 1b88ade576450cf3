"""Words instead of tokens: which sentence of a document shares the words of a question.

Names are left out. A document names its subject in one sentence and speaks of it in all, and a question names it
whatever it asks for: a name tells which document is meant, and misleads about the sentence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bdh_workbench.model.write_site import WriteSite

Word: TypeAlias = tuple[int, ...]  # the classes of its tokens, which are the same in either case


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a site knows of each token, as plain lists that are quick to look into one at a time.

    Attributes:
        classes: the token that stands for all that differ from it only in case and the space before them.
        weights: how rare it is in general text.
        begins: whether it begins a word.
        capital: whether it begins with a capital letter.
    """

    classes: list[int]
    weights: list[float]
    begins: list[bool]
    capital: list[bool]

    @staticmethod
    def of(site: WriteSite) -> Lexicon:
        """The lexicon of a site."""
        return Lexicon(
            site.same_as.tolist(), site.token_weights.tolist(), site.begins_word.tolist(), site.capital.tolist()
        )

    def words(self, ids: Sequence[int], *, first: bool = False) -> dict[Word, float]:
        """The words of token ids, each with its weight; names, and the rest of a word that began before, left out.

        Args:
            ids: of a stretch of text.
            first: whether they begin a sentence, so that the first of them begins a word, and its capital says nothing.
        """
        starts = [place for place, token in enumerate(ids) if self.begins[token] or (first and place == 0)]
        found: dict[Word, float] = {}
        for start, stop in itertools.pairwise([*starts, len(ids)]):
            word = ids[start:stop]
            # The capital may stand behind a token that is the space before the word.
            if (first and start == 0) or not any(self.capital[token] for token in word[:2]):
                found[tuple(self.classes[token] for token in word)] = max(self.weights[token] for token in word)
        return found


class SentenceWords:
    """Which sentences of one document say which words."""

    def __init__(self, lexicon: Lexicon, stretches: Sequence[tuple[int, bool, Sequence[int]]]) -> None:
        """Take in stretches of text: the number of the sentence, from 0, whether they begin it, and their token ids."""
        self.count = 1 + max((sentence for sentence, _, _ in stretches), default=0)
        said: dict[Word, set[int]] = {}
        for sentence, first, ids in stretches:
            for word in lexicon.words(ids, first=first):
                said.setdefault(word, set()).add(sentence)
        # The rarity of a word among the sentences: 1 if a single one says it, 0 if all do.
        most = math.log((self.count + 0.5) / 1.5) if self.count > 1 else 1.0
        self._said = {
            word: (tuple(sorted(places)), math.log((self.count + 0.5) / (len(places) + 0.5)) / most)
            for word, places in said.items()
        }

    def scores(self, asked: Mapping[Word, float]) -> list[float]:
        """For each sentence the sum of weight times rarity over the words of a question that it says."""
        out = [0.0] * self.count
        for word, weight in asked.items():
            places, rarity = self._said.get(word, ((), 0.0))
            for place in places:
                out[place] += weight * rarity
        return out
