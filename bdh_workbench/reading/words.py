"""Words instead of tokens: what a text says, how rare its words are, and which stored sentences say them.

A tokenizer may cut a word in one way at the start of a text, in another after a space and in a third after a
quotation mark. So texts are compared by their words, without regard to case and accents; tokens only tell how rare a
word is. With s the sum of -log p of its tokens in general text, a stretch of e^OFFSET tokens holds it about once in
e^(s - OFFSET); rarity is that exponent over SPAN, 0 at least. It needs no list of words: a rare word is a run of tokens
that rarely follow each other. Scripts that put no space between words are read as pairs of characters.
"""

from __future__ import annotations

import bisect
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.units import WORD, folded, numbers_of

# Nats; from words that stand in every stretch of text to those of one in eight thousand.
RARITY_OFFSET, RARITY_SPAN = 4.2, 9.0
RECENT = 48  # tokens of a text whose words are looked at
KNOWN_BEFORE = RECENT + 4  # that must be known for it: four more hold a character of which the first of them is the end
UNSPACED_RUN = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31f0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
ENDS = re.compile(r"[!?\n\u3002\uff01\uff1f]|\.(?=\s)")  # of a sentence, between two words


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the words of a text stand; of scripts without spaces, each two characters that stand together."""
    for match in WORD.finditer(text):
        start, stop = match.span()
        if match[0].isascii() or not UNSPACED_RUN.search(match[0]):
            yield start, stop
            continue
        for part in re.finditer(f"{UNSPACED_RUN.pattern}|{UNSPACED_RUN.pattern.replace('[', '[^', 1)}", match[0]):
            begin, end = start + part.start(), start + part.end()
            if UNSPACED_RUN.match(part[0]) and end - begin > 1:
                yield from ((place, place + 2) for place in range(begin, end - 1))
            else:
                yield begin, end


def words_of(text: str, *, names: bool = True) -> set[str]:
    """The words of a sentence as they are compared.

    Args:
        text: the sentence.
        names: whether names are wanted, words with a capital anywhere but at its beginning.
    """
    found = list(spans(text))
    return {
        folded(text[start:stop])
        for place, (start, stop) in enumerate(found)
        if names or not place or not text[start].isupper()
    }


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes:
        text: as it is compared.
        rarity: from 0; 1 for a word in eight thousand, and names made of many tokens have more.
        capital: whether it begins with one.
        start: its first token in the text.
        stop: the token after its last.
        sentence: how many sentences ended before it.
    """

    text: str
    rarity: float
    capital: bool
    start: int
    stop: int
    sentence: int = 0


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known about each token, as plain lists, which are quick to look up one at a time.

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
        last = sentence = 0
        for begin, end in spans(text):
            start = bisect.bisect_right(ends, places[begin])
            stop = bisect.bisect_left(ends, places[end]) + 1
            rarity = (sum([self.surprisal[token] for token in ids[start:stop]]) - RARITY_OFFSET) / RARITY_SPAN
            if begin > last and ENDS.search(text, last, begin):
                # "J. Smith" is one sentence.
                sentence += text[last] != "." or (len(found[-1].text) > 2 if found else 0)
            found.append(Word(folded(text[begin:end]), max(0.0, rarity), text[begin].isupper(), start, stop, sentence))
            last = end
        return found


class RecentWords:
    """The last words of a text at each of its tokens."""

    def __init__(self, lexicon: Lexicon, ids: Sequence[int]) -> None:
        """Take in a text: all that was read, or at least ``KNOWN_BEFORE`` tokens before the first that is asked for."""
        self._lexicon, self._ids = lexicon, ids
        self._words = lexicon.words(ids)
        self._stops = [word.stop for word in self._words]

    def before(self, stop: int) -> list[Word]:
        """The words of the ``RECENT`` tokens before ``stop``, in order.

        Args:
            stop: the token after the last that was read.
        """
        start = max(0, stop - RECENT)
        whole = bisect.bisect_right(self._stops, stop)
        words = self._words[bisect.bisect_left(self._words, start, key=lambda word: word.start) : whole]
        if whole < len(self._words) and start <= self._words[whole].start < stop:
            begun = self._words[whole]  # and not yet at its end
            for part in self._lexicon.words(self._ids[begun.start : stop])[:1]:
                words.append(Word(part.text, part.rarity, begun.capital, begun.start, stop, begun.sentence))
        return words


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


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stored sentence: one of a document, or the prompt of a fact.

    Attributes:
        item: that it is of.
        number: of the sentence in its item.
        words: with their rarities.
        names: those of them that begin with a capital.
        answer: further words that may follow, of a fact.
        numbers: that the prompt of a fact says.
        answer_numbers: that its answer says.
    """

    item: int
    number: int
    words: Mapping[str, float]
    names: frozenset[str] = frozenset()
    answer: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    answer_numbers: frozenset[int] = frozenset()


def sentences_said(
    item: int, texts: Sequence[str], lexicon: Lexicon, tokenizer: Tokenizer, answer: str = ""
) -> list[Sentence]:
    """The words of the sentences of a document, or of the prompt of a fact.

    Args:
        item: its number.
        texts: the sentences, or the prompt alone.
        lexicon: says how rare words are.
        tokenizer: that the lexicon is of.
        answer: of a fact.
    """
    found = []
    for number, text in enumerate(texts):
        words: dict[str, float] = {}
        read = lexicon.words(tokenizer.encode(text))
        for word in read:
            words[word.text] = max(word.rarity, words.get(word.text, 0.0))
        names = frozenset(word.text for word in read if word.capital)
        numbers = (numbers_of(text), numbers_of(answer)) if answer else ()
        found.append(Sentence(item, number, words, names, frozenset(words_of(answer)), *numbers))
    return found


class WordIndex:
    """Stored sentences by their words."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        """Take in sentences."""
        self.sentences = sentences
        self.known: dict[int, set[str]] = {}  # all words of each item
        said: dict[str, list[int]] = {}
        for place, sentence in enumerate(sentences):
            self.known.setdefault(sentence.item, set()).update(sentence.words, sentence.answer)
            for word in sentence.words:
                said.setdefault(word, []).append(place)
        count = len(sentences)
        most = math.log((count + 0.5) / 1.5) if count > 1 else 1.0
        self._said = {word: np.array(places, dtype=np.int64) for word, places in said.items()}
        # How much a word tells of the sentence: 1 if a single one says it, 0 if all do.
        self._telling = {word: math.log((count + 0.5) / (len(places) + 0.5)) / most for word, places in said.items()}

    def weight(self, word: str, rarity: float) -> float:
        """How much a word counts: its rarity in general text, and less if many of the stored sentences contain it."""
        return rarity * max(0.0, self._telling.get(word, 1.0))

    def weights(self, words: Sequence[Word]) -> dict[str, float]:
        """The weight of each word of a text."""
        found: dict[str, float] = {}
        for word in words:
            found[word.text] = max(found.get(word.text, 0.0), self.weight(word.text, word.rarity))
        return found

    def weights_of(self, sentence: Sentence) -> dict[str, float]:
        """The weight of each word of a stored sentence."""
        return {word: self.weight(word, rarity) for word, rarity in sentence.words.items()}

    def best(self, asked: Mapping[str, float], count: int) -> list[int]:
        """The places of the sentences that share most with a text, at most ``count`` of them, each of its own item."""
        shared: npt.NDArray[np.float64] | None = None
        for word, weight in asked.items():
            if weight > 0.0 and word in self._said:
                if shared is None:
                    shared = np.zeros(len(self.sentences))
                shared[self._said[word]] += weight
        if shared is None:
            return []
        found: dict[int, int] = {}
        for place in np.argsort(-shared, kind="stable")[: 4 * count].tolist():
            if shared[place] <= 0.0 or len(found) == count:
                break
            found.setdefault(self.sentences[place].item, place)
        return list(found.values())
