"""Where the sentences and headings of a text begin and end."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Sequence

from bdh_workbench.inputs.as_read import AsRead

# A run of spaces or of stops is looked at once, from its first character on, and nothing of it is given back: a file of
# dots or of spaces would else take time that grows with the square of its length.
# Besides the Latin stops: Arabic, Urdu, Devanagari, Ethiopic, Armenian, Burmese, Khmer and Tibetan ones.
STOPS = ".!?…\u061f\u06d4\u0964\u0965\u1362\u1367\u0589\u104b\u17d4\u0f0d"
SENTENCE_END = re.compile(
    r"(?<!\s)[^\S\n]*+\n[^\S\n]*+\n\s*+"
    rf"|(?<![{STOPS}])(?P<stop>[{STOPS}]++)(?P<closing>[\"'”’»)\]]*+)\s++"
    r"|[。\uff01\uff1f\uff61]++[」』”’\uff09]*+\s*+"  # Chinese and Japanese put no space after a sentence
)
EMPTY_LINE = re.compile(r"\n[^\S\n]*+\n")
NEVER_LAST = frozenset(
    "Mr Mrs Ms Dr Prof St Rev Hon Gen Col Capt Lt Sgt Mt Messrs Mme Mlle vs cf ca e.g i.e approx "
    "Hr Fr Sra bzw vgl bspw sog z z.B d.h u.a z.T им ул".split()
)
# These continue in lower case, as any single small letter does: "d. h.", "и т. д."
SELDOM_LAST = frozenset("etc a.m p.m Inc Ltd Co Corp Jr Sr al usw".split())
NUMBER_WORDS = frozenset("No Nos Nr Fig Figs Vol Art Sec Ch p pp c".split())  # these continue with a number
INITIALS = re.compile(r"(?:[^\W\d_a-z]\.)*[^\W\d_a-z]")  # capital letters with full stops between them
# Characters of a line that a program would fill, and the share from which on it is full.
FULL_LINE, FULL_SHARE = 72, 0.8
MARKED_HEADING = re.compile(r"#{1,6}\s")
STOPPED = re.compile("[.!?…。\uff01\uff1f।؟][\"'”’»)\\]]*$")
LISTED = 5  # lines without a small letter at the beginning of any but the first that make a list, however long they are
GOES_ON = (",", ";", "-", "–", "—", "\uff0c", "、")  # at the end of a line


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Character spans of the sentences and headings of a text, in order, without the space between them.

    They are found in the text as it is read (``as_read.py``). Closing quotes and brackets stay with their sentence.
    Common abbreviations, initials and the number of a list's entry end none. Each row of a table and each line of a
    list is a sentence too.
    """
    read = AsRead.of(text)
    return [(read.origin(start), read.origin(stop)) for start, stop in _by_rows(read.text)]


def sentences_of(text: str) -> list[str]:
    """The sentences and headings of a text, as they are read."""
    read = AsRead.of(text).text
    return [read[start:stop] for start, stop in _by_rows(read)]


def headings(sentences: Sequence[str]) -> set[int]:
    """Which sentences of a text are headings: they say what the text is about, and answer nothing about it.

    These are lines that Markdown marks, and a first line that ends without a full stop before a sentence that ends
    with one. A line with a colon may be a form's ("To: Anna") and is none.

    Args:
        sentences: of the whole text, as ``sentences_of`` gives them.
    """
    marked = {number for number, sentence in enumerate(sentences) if MARKED_HEADING.match(sentence)}
    titled = len(sentences) > 1 and not STOPPED.search(sentences[0]) and ":" not in sentences[0]
    return marked | ({0} if titled and STOPPED.search(sentences[1]) else set())


def begun_sentence(text: str) -> str:
    """The last sentence of a text, which may be about to continue."""
    read = AsRead.of(text)
    spans = _spans(read.text)
    return text[read.origin(spans[-1][0]) :] if spans else ""


def _by_rows(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a text as it is read, with those that rows divide divided."""
    spans, ends = _spans(text), _row_ends(text)
    if not ends:
        return spans
    divided = []
    for start, stop in spans:
        cuts = [start, *(end for end in ends[bisect_left(ends, start) : bisect_left(ends, stop)]), stop]
        for begin, end in itertools.pairwise(cuts):
            part = text[begin:end]
            if part.strip():
                divided.append((begin + len(part) - len(part.lstrip()), begin + len(part.rstrip())))
    return divided


def _row_ends(text: str) -> list[int]:
    """Where the lines end that are no part of a longer sentence: rows of tables, entries of lists, headings."""
    ends: list[int] = []
    lines: list[tuple[int, str]] = []  # of a paragraph: where each ends, and what it says
    place = 0
    for line in (*text.split("\n"), ""):
        if said := line.strip():
            lines.append((place + len(line), said))
        else:
            ends += _rows_of(lines) if len(lines) > 1 else []
            lines = []
        place += len(line) + 1
    return ends


def _rows_of(lines: list[tuple[int, str]]) -> list[int]:
    """The ends of those lines of a paragraph that no program broke because the next word did not fit."""
    width = FULL_SHARE * max(FULL_LINE, *(len(said) for _, said in lines))
    listed = len(lines) >= LISTED and not any(said[0].islower() for _, said in lines[1:])
    return [
        end
        for (end, said), (_, after) in itertools.pairwise(lines)
        if not (after[0].islower() or said.endswith(GOES_ON))
        and (listed or len(said) + 1 + len(after.split(maxsplit=1)[0]) <= width)
    ]


def _spans(text: str) -> list[tuple[int, int]]:
    spans = []
    start = len(text) - len(text.lstrip())
    for match in SENTENCE_END.finditer(text):
        # A blank line ends a sentence whatever stands before it: "in the U.S." as well.
        if not EMPTY_LINE.search(match[0]) and not _ends_sentence(text, start, match):
            continue
        end = match.start() + len(match[0].rstrip())
        if text[start:end].strip():
            spans.append((start, end))
        start = match.end()
    if text[start:].strip():
        spans.append((start, len(text.rstrip())))
    return spans


def sentence_stop(text: str, start: int = 0) -> int | None:
    """Where the first sentence that ends after ``start`` ends, if a word of the next one shows that it does.

    Without what follows, "version 2." may become "version 2.3.1" and "p.m." need not be the end. Nor is the end of a
    line, which may be the middle of one in the text that is being said.
    """
    read = AsRead.of(text)
    return next((end for _, stop in _spans(read.text)[:-1] if (end := read.origin(stop)) > start), None)


def may_end(text: str) -> bool:
    """Whether a text may be complete at its end: whether it is, what follows will show."""
    read = AsRead.of(text).text
    return len(_spans(f"{read} Next")) > max(1, len(_spans(read)))


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a stop that was found really ends the sentence that begins at ``start``."""
    stop, closing, after = match["stop"], match["closing"], text[match.end() : match.end() + 1]
    if stop is None:
        return True
    if stop != "." or closing:
        # “What?” he asked. Wait... what?
        return not (after.islower() and (closing or stop.startswith(("...", "…"))))
    before = text[max(start, match.start() - 24) : match.start()]
    word = re.split(r"[\s(\[“\"\u2018']", before)[-1]
    if word in NEVER_LAST or (INITIALS.fullmatch(word) and word != "I"):
        return False
    if word in NUMBER_WORDS and after.isdigit():
        return False
    if word in SELDOM_LAST or (len(word) == 1 and word.islower()):
        return not after.islower()
    return not (word.isdigit() and before.strip() == word)
