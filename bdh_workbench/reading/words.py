"""Words instead of tokens: which stored sentence shares the words of a question, and how far it answers for them.

A tokenizer may cut a word in one way at the start of a text, in another behind a space and in a third behind a
quotation mark. So texts are compared by their words, without regard to case and accents; tokens only tell how rare a
word is. With s the sum of -log p of its tokens in general text, a stretch of e^OFFSET tokens holds it about once in
e^(s - OFFSET); rarity is that exponent over SPAN, from 0 to 1. It needs no list of words: a rare word is a run of
tokens that rarely follow each other.
"""

from __future__ import annotations

import bisect
import itertools
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite

OFFSET, SPAN = 4.2, 9.0  # nats; from words that stand in every stretch of text to those of one in eight thousand
RECENT = 48  # tokens of a text whose words are looked at
BEFORE = RECENT + 4  # that must be known for it: four more hold a character of which the first of them is the end
ENOUGH = 2.0  # sum of shared rarities at which a match counts for half of what it covers
ELSEWHERE = 0.3  # weight of a shared word that stands in another sentence of the same document
SHORT = 40  # sentences of a document from which on that weight falls as they grow more: a long text says every word
COVERED = 0.75  # power of a question's whole rarity that its shared part is measured by
WORD = re.compile(r"\w+")


def folded(word: str) -> str:
    """A word in the form in which words are compared: without case and accents."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))


def words_of(text: str, *, names: bool = True) -> set[str]:
    """The words of a sentence as they are compared.

    Args:
        text: the sentence.
        names: whether names are wanted, words with a capital anywhere but at its beginning.
    """
    found = list(WORD.finditer(text))
    return {folded(match[0]) for place, match in enumerate(found) if names or not place or not match[0][0].isupper()}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes:
        text: as it is compared.
        rarity: from 0 to 1.
        capital: whether it begins with one.
        start: its first token in the text.
        stop: the token behind its last.
    """

    text: str
    rarity: float
    capital: bool
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of each token, as plain lists that are quick to look into one at a time.

    Attributes:
        pieces: the bytes of its text.
        surprisal: -log p of it in general text in nats, in either case and with or without the space before it.
    """

    pieces: list[bytes]
    surprisal: list[float]

    @staticmethod
    def of(site: WriteSite, tokenizer: Tokenizer) -> Lexicon:
        """The lexicon of a site and the tokenizer that it goes with."""
        pieces = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
        pieces[tokenizer.end_id] = b"\n"  # between two texts, which are no one word
        return Lexicon(pieces, site.surprisal.tolist())

    def words(self, ids: Sequence[int]) -> list[Word]:
        """The words of token ids in order. Characters that are cut off at either end belong to none."""
        pieces = [self.pieces[token] for token in ids]
        ends = list(itertools.accumulate(map(len, pieces)))
        data = b"".join(pieces)
        text = data.decode("utf-8", errors="surrogateescape")
        # Where each character begins, in bytes.
        places: Sequence[int] = range(len(text) + 1)
        if len(text) != len(data):
            sizes = (len(character.encode("utf-8", errors="surrogateescape")) for character in text)
            places = list(itertools.accumulate(sizes, initial=0))
        found: list[Word] = []
        for match in WORD.finditer(text):
            start = bisect.bisect_right(ends, places[match.start()])
            stop = bisect.bisect_left(ends, places[match.end()]) + 1
            rarity = (sum([self.surprisal[token] for token in ids[start:stop]]) - OFFSET) / SPAN
            found.append(Word(folded(match[0]), min(1.0, max(0.0, rarity)), match[0][0].isupper(), start, stop))
        return found


class RecentWords:
    """The last words of a text at each of its tokens."""

    def __init__(self, lexicon: Lexicon, ids: Sequence[int]) -> None:
        """Take in a text: all that was read, or at least ``BEFORE`` tokens before the first that is asked for."""
        self._lexicon, self._ids = lexicon, ids
        self._words = lexicon.words(ids)
        self._stops = [word.stop for word in self._words]

    def before(self, stop: int, *, names: bool = True) -> dict[str, float]:
        """The words of the ``RECENT`` tokens before ``stop`` with their rarities; those that all texts have left out.

        Args:
            stop: the token behind the last that was read.
            names: whether names are wanted.
        """
        start = max(0, stop - RECENT)
        whole = bisect.bisect_right(self._stops, stop)
        words = self._words[bisect.bisect_left(self._words, start, key=lambda word: word.start) : whole]
        if whole < len(self._words) and start <= self._words[whole].start < stop:
            begun = self._words[whole]  # and not yet at its end
            for part in self._lexicon.words(self._ids[begun.start : stop])[:1]:
                words.append(Word(part.text, part.rarity, begun.capital, begun.start, stop))
        found: dict[str, float] = {}
        for place, word in enumerate(words):
            # The capital of a text's first word says nothing.
            wanted = names or not word.capital or (start == 0 and place == 0)
            if wanted and word.rarity > found.get(word.text, 0.0):
                found[word.text] = word.rarity
        return found


class SentenceWords:
    """Which sentences of one document say which words.

    Names are left out. A document names its subject in one sentence and speaks of it in all, and a question names it
    whatever it asks for: a name tells which document is meant, and misleads about the sentence.
    """

    def __init__(self, sentences: Sequence[str]) -> None:
        """Take in the sentences of a document."""
        self.count = len(sentences)
        said: dict[str, list[int]] = {}
        for place, sentence in enumerate(sentences):
            for word in words_of(sentence, names=False):
                said.setdefault(word, []).append(place)
        # How much a word tells of the sentence: 1 if a single one says it, 0 if all do.
        most = math.log((self.count + 0.5) / 1.5) if self.count > 1 else 1.0
        self._said = {
            word: (places, math.log((self.count + 0.5) / (len(places) + 0.5)) / most) for word, places in said.items()
        }

    def scores(self, asked: Mapping[str, float]) -> list[float]:
        """For each sentence the sum, over the words of a question that it says, of rarity times what they tell."""
        out = [0.0] * self.count
        for word, rarity in asked.items():
            places, telling = self._said.get(word, ((), 0.0))
            for place in places:
                out[place] += rarity * telling
        return out


class WordIndex:
    """The sentences of all documents by their words, names among them."""

    def __init__(self, documents: Mapping[int, Sequence[str]]) -> None:
        """Take in the sentences of documents, by the number of each document."""
        self._documents = list(documents)
        said: dict[str, list[int]] = {}
        owners: list[int] = []  # of each sentence, the place of its document
        for owner, sentences in enumerate(documents.values()):
            for sentence in sentences:
                for word in words_of(sentence):
                    said.setdefault(word, []).append(len(owners))
                owners.append(owner)
        self._owners = np.array(owners, dtype=np.int64)
        counts = np.array([len(sentences) for sentences in documents.values()])
        self._elsewhere = (ELSEWHERE * np.minimum(1.0, SHORT / np.maximum(1, counts)))[self._owners]
        self._said: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}
        for word, places in said.items():
            found = np.array(places, dtype=np.int64)
            self._said[word] = found, np.unique(self._owners[found])

    def read(self, words: RecentWords, start: int, stop: int) -> list[tuple[float, int]]:
        """The best match (``best``) of the last words at each token of a text from ``start`` up to ``stop``."""
        return [self.best(words.before(place + 1)) for place in range(start, stop)]

    def best(self, asked: Mapping[str, float]) -> tuple[float, int]:
        """How well the sentence that shares most with a question answers for its words, and its document; -1 for none.

        With A the rarity of the words shared and T that of all that are asked, the score is
        A / T^COVERED x A / (A + ENOUGH): a stranger shares a few common words with many sentences, or one rare word.
        Words that only other sentences of the document say count for ELSEWHERE, and for less in a long one: a document
        names its subject in one sentence, and a question in all.
        """
        shared, anywhere = np.zeros(len(self._owners)), np.zeros(len(self._documents))
        for word, rarity in asked.items():
            if word in self._said:
                places, owners = self._said[word]
                shared[places] += rarity
                anywhere[owners] += rarity
        if not anywhere.any():
            return 0.0, -1
        shared += self._elsewhere * (anywhere[self._owners] - shared)
        place = int(shared.argmax())
        most = float(shared[place])
        return most / sum(asked.values()) ** COVERED * most / (most + ENOUGH), self._documents[self._owners[place]]
