"""Texts cut into units, the words, numbers and marks that evidence and the reader compare and mark.

An answer begins and ends with a unit, so that it is never a piece of a word or of a number such as 2.3.1 or 1,200.
Scripts without spaces are cut into characters.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

# Kana, Han, Thai, Lao, Khmer and Burmese are written without spaces.
UNSPACED_LETTERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(r"\w+")
UNIT = re.compile(
    rf"\d+(?:[.,:]\d+)*(?!\w)"  # a number with its points and commas
    r"|(?:[^\W\d_]\.){2,}"  # initials: U.S.
    r"|['’]s\b"  # a possessive, which is no part of a name
    rf"|[{UNSPACED_LETTERS}]"
    rf"|(?:(?![{UNSPACED_LETTERS}])[^\W_])+(?:['’](?!s\b)(?:(?![{UNSPACED_LETTERS}])[^\W_])+)*"  # a word
    r"|\S"  # a mark
)
_DIGITS = re.compile(r"\d{1,300}")  # more digits than any number that is read for what it says
_POINTS = re.compile(r"(?<=\d)[.,'’ \xa0\u202f](?=\d{3}(?!\d))")  # between the thousands of a number
STEM_LETTERS = 5  # letters by which inflections of a word are taken for one: founded, founder, founding
HASH = 0x7FFFFFFF
# Words that say what a question asks for. The first ones are never relative pronouns ("the man who led the team").
ASKING, ASKING_OR_RELATIVE = frozenset({"what", "how"}), frozenset("who whom whose when where why which".split())
UNIT_SHAPES = ("capital", "capitals", "digit", "number", "year", "mark", "long")


@dataclass(frozen=True, slots=True)
class Unit:
    """What is known about a unit by itself.

    Attributes:
        folded: without case and accents.
        same: a number that equal folded forms share.
        stem: a number that words with the same beginning share.
        ending: a number made from the last three letters.
        shape: one number for each of ``UNIT_SHAPES``.
    """

    folded: str
    same: int
    stem: int
    ending: int
    shape: tuple[float, ...]

    @property
    def word(self) -> bool:
        """Whether it is a word or a number, not a mark."""
        return not self.shape[5]


def folded(word: str) -> str:
    """A word in the form in which words are compared: without case and accents."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))


@functools.lru_cache(maxsize=1 << 17)
def unit(text: str) -> Unit:
    """What is known about one unit."""
    plain = folded(text)
    word = any(character.isalnum() for character in text)
    digits = sum(character.isdigit() for character in text)
    year = len(text) == 4 and digits == 4 and "1000" <= text <= "2100"
    shape = (
        float(text[:1].isupper()),
        float(len(text) > 1 and text.isupper()),
        float(digits > 0),
        float(digits > 0 and text[0].isdigit() and text[-1].isdigit()),
        float(year),
        float(not word),
        min(1.0, len(text) / 12),
    )
    # A plural is its word even where that is short.
    stem = plain[:STEM_LETTERS] if len(plain) > STEM_LETTERS else plain.removesuffix("s") if len(plain) > 3 else plain
    return Unit(plain, _number(plain), _number(stem + "|"), _number(plain[-3:] + "$"), shape)


def _number(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", errors="replace")) & HASH


def numbers_of(text: str) -> frozenset[int]:
    """The numbers of a text, in any script's digits: 77 and 77th say one, and 1,200 and 1.200 the same as 1200."""
    return frozenset(int(digits) for digits in _DIGITS.findall(_POINTS.sub("", text)))


def other_number(asked: frozenset[int], prompt: frozenset[int], answer: frozenset[int]) -> bool:
    """Whether a text says another number than the prompt of a fact, and so asks for another fact.

    No weighing of words may open such a fact: "lock 77" and "lock 13" are written alike in every language.

    Args:
        asked: the numbers of the text.
        prompt: those of the prompt.
        answer: those of the answer, which a question may say that asks the other way round.
    """
    return not asked <= prompt | answer and not prompt <= asked


def spans(text: str) -> list[tuple[int, int]]:
    """Where each unit of a text begins and ends, in characters."""
    return [match.span() for match in UNIT.finditer(text)]


def units(text: str) -> list[Unit]:
    """The units of a text in order."""
    return [unit(match[0]) for match in UNIT.finditer(text)]


def asking_first(question: Sequence[Unit]) -> list[Unit]:
    """The units of a question from its asking word on, what stands before that word after the rest; all of them.

    "In the US, who decides?" becomes "who decides In the US,?": questions are read by how they begin.
    """
    words = [u.folded for u in question]
    if not words or words[0] in ASKING | ASKING_OR_RELATIVE:
        return list(question)
    marked = words[-1] == "?"  # without the mark, "the man who" may be a statement
    kinds = (ASKING, ASKING_OR_RELATIVE) if marked else (ASKING,)
    places = [place for kind in kinds for place, word in enumerate(words) if word in kind]
    start, end = places[0] if places else 0, len(words) - marked
    return [*question[start:end], *question[:start], *question[end:]]


def covering(places: list[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """The first and last unit that characters [start, end) touch, None where they touch none."""
    touched = [number for number, (first, last) in enumerate(places) if first < end and last > start]
    return (touched[0], touched[-1]) if touched else None
