"""What the reader is trained on: a question, one or two sentences, and where the answer stands, if it does.

Words of a question are replaced by words with close vectors now and then, since people ask in other words than the text
has: questions whose words stand in the sentence teach that words are looked up (docs/negative-results.md has figures).
"""

from __future__ import annotations

import functools
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bdh_workbench.reading.sentence_evidence import points_back
from bdh_workbench.reading.units import Unit, unit, units
from bdh_workbench.training.reading.questions import Asked, Pool, asked_as

UNANSWERABLE = 0.2  # share of the pairs
ALTERED = 0.5  # of those, share whose question asks about another thing of the same kind
REPLACED = 0.25  # share of the words with close ones that these stand for
SENTENCES_READ = (1, 2, 3, 4)  # sentences that are read for a question, one drawn at random
TRIED = 8  # sentences drawn for one that does not answer: the most alike is the hardest
NEAR_SHARE, NEAR_SENTENCES = 0.6, 12  # share of those that stand so many sentences away at most
ASKING_WORDS = 2  # words that a question begins with, which say what it asks for
OFTEN_SAID = 300  # sentences that say a word from which on it finds no rivals


@dataclass(frozen=True, slots=True)
class Example:
    """A pair.

    Attributes:
        question: its units.
        sentences: the units of each sentence.
        answer: number of the sentence, first and last unit in it; None where there is no answer.
    """

    question: Sequence[Unit]
    sentences: Sequence[Sequence[Unit]]
    answer: tuple[int, int, int] | None


class Examples:
    """Draws examples from one pool of sentences and questions."""

    def __init__(
        self,
        pool: Pool,
        *,
        ordered: bool,
        rivals: Sequence[str] = (),
        close: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        """Take in a pool.

        Args:
            pool: of sentences and questions.
            ordered: whether sentences that stand beside each other come from one text.
            rivals: more sentences that do not answer, for a pool that has few with the same words.
            close: for a word those with close vectors, which may stand for it in a question.
        """
        self._pool, self._ordered, self._close = pool, ordered, close
        self._sentences = [*pool.sentences, *rivals]
        self._said: dict[int, list[int]] = defaultdict(list)
        for number, sentence in enumerate(self._sentences):
            for stem in {u.stem for u in units(sentence) if u.word and len(u.folded) > 3}:
                self._said[stem].append(number)
        self._cut = functools.lru_cache(maxsize=1 << 15)(lambda number: units(self._sentences[number]))

    def __len__(self) -> int:
        """The number of questions."""
        return len(self._pool.asked)

    def draw(self, chooser: random.Random) -> Example:
        """One example at random."""
        asked = self._pool.asked[chooser.randrange(len(self))]
        text = asked_as(asked, self._pool.sentences, chooser, ordered=self._ordered)
        question = self._reworded(units(text), chooser)
        size = chooser.choice(SENTENCES_READ)
        if chooser.random() < UNANSWERABLE:
            altered = self._altered(question, asked, chooser) if chooser.random() < ALTERED else None
            if altered is not None:
                return self._around(altered, asked, size, chooser, answered=False)
            rivals = self._rivals(question, asked, max(1, size), chooser)
            return Example(question, [self._passage(number, asked)[0] for number in rivals], None)
        return self._around(question, asked, size, chooser, answered=True)

    def plain(self, number: int) -> Example:
        """A question with the sentence that answers it alone."""
        asked = self._pool.asked[number]
        return Example(units(asked.question), [self._cut(asked.sentence)], (0, asked.first, asked.last))

    def _around(
        self, question: Sequence[Unit], asked: Asked, size: int, chooser: random.Random, *, answered: bool
    ) -> Example:
        numbers = [asked.sentence, *self._rivals(question, asked, size - 1, chooser)]
        if self._ordered and chooser.random() < 0.7:
            numbers.sort()
        else:
            chooser.shuffle(numbers)
        read = [self._passage(number, asked) for number in numbers]
        gold = numbers.index(asked.sentence)
        place = (gold, read[gold][1] + asked.first, read[gold][1] + asked.last)
        return Example(question, [passage for passage, _ in read], place if answered else None)

    def _passage(self, number: int, asked: Asked) -> tuple[Sequence[Unit], int]:
        """A sentence as it is read, with the one before it if it points back to that, and the units of that one."""
        own, before = self._cut(number), number - 1
        points = self._ordered and before >= 0 and own and points_back(own[0])
        if not points or before in (asked.sentence, asked.beside):
            return own, 0
        lead = self._cut(before)
        return [*lead, *own], len(lead)

    def _rivals(self, question: Sequence[Unit], asked: Asked, count: int, chooser: random.Random) -> list[int]:
        """Other sentences, each the one of ``TRIED`` that shares most words with the question."""
        found: list[int] = []
        weight = {u.stem: 1.0 / (1 + len(self._said.get(u.stem, ()))) ** 0.5 for u in question if u.word}
        rare = [stem for stem in weight if 1 < len(self._said.get(stem, ())) < OFTEN_SAID]
        while len(found) < count:
            tried = [self._other(rare, asked, chooser) for _ in range(TRIED)]
            left = [number for number in tried if number not in (asked.sentence, asked.beside, *found)]
            if left:
                shared = [sum(weight.get(stem, 0.0) for stem in {u.stem for u in self._cut(n)}) for n in left]
                found.append(left[shared.index(max(shared))])
        return found

    def _other(self, rare: Sequence[int], asked: Asked, chooser: random.Random) -> int:
        """A sentence at random: near in the same text, with a word of the question, or any."""
        way = chooser.random()
        if self._ordered and way < NEAR_SHARE:
            return min(
                max(0, asked.sentence + chooser.randint(-NEAR_SENTENCES, NEAR_SENTENCES)), len(self._sentences) - 1
            )
        if rare and way < 0.9:
            return chooser.choice(self._said[chooser.choice(rare)])
        return chooser.randrange(len(self._sentences))

    def _reworded(self, question: Sequence[Unit], chooser: random.Random) -> list[Unit]:
        """The question with some of its words replaced by close ones; its opening, names and numbers stay."""
        return [
            unit(chooser.choice(self._close[u.folded]))
            if place >= ASKING_WORDS and u.folded in self._close and not u.shape[0] and chooser.random() < REPLACED
            else u
            for place, u in enumerate(question)
        ]

    def _altered(self, question: Sequence[Unit], asked: Asked, chooser: random.Random) -> list[Unit] | None:
        """The question with a name, number or word of the sentence replaced by one of its kind; None without one."""
        sentence = self._cut(asked.sentence)
        said = {u.stem for u in sentence}
        own = [
            place
            for place, u in enumerate(question)
            if place and u.stem in said and u.word and (u.shape[0] or u.shape[3] or len(u.folded) > 5)
        ]
        names = [place for place in own if question[place].shape[0] or question[place].shape[3]]
        if not own:
            return None
        place = chooser.choice(names or own)
        for _ in range(40):
            other = units(self._pool.asked[chooser.randrange(len(self))].question)[1:]
            fitting = [u for u in other if u.shape[:5] == question[place].shape[:5] and u.stem not in said]
            fitting = [u for u in fitting if (u.word and len(u.folded) > 3) or u.shape[3]]
            if fitting:
                out = list(question)
                out[place] = chooser.choice(fitting)
                return out
        return None
