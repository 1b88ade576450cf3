"""What people type around the cells of a table: separators of more than one character, runs of spaces, curly quotes.

``csv`` knows one character alone, so such a separator becomes a unit separator (U+001F) before it reads the rows. One
that has spaces at its ends (`` - ``) needs them in every row, as the same mark stands within words.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from functools import partial

from bdh_workbench.inputs.as_read import is_blank

UNIT = "\x1f"
"""What stands for a separator while rows are read."""
SPACES = "  "
"""The separator of columns between which two spaces or more stand."""
_HEADER = re.compile(r"\W*(?:prompt|answer)(?P<mark>\W+)(?:prompt|answer)\b", re.IGNORECASE)
_KNOWN = ",;\t|\"'“”„«»‘’「」『』\n"  # cells are cut or quoted with these already
# What may separate columns without a header to show it: a mark between spaces, two or three marks, columns under each
# other, or one of the marks that texts hardly have.
_CANDIDATE = re.compile(
    r"(?<=\S)(?: +(?P<spaced>[^\w\s]{1,3}) +|(?P<spaces>[ \xa0]{2,})"
    r"|(?P<bare>[^\w\s.,;:!?'\"’”“()\[\]…\u3001-\u3003\uff01-\uff1f]{2,3}|[#/\\⇒·•]))(?=\S)"
)
_SENTENCE = frozenset(".,;:!?…&")  # between spaces they are set in some languages, or stand for a word
_CURLY = ("“”", "„“", "„”", "””", "«»", "»«", "‘’", "‚‘", "「」", "『』")  # quotation marks that open and close
_FRAME = re.compile(r"^[ \t]*+[+|](?=[^\n]*?[-=]{2})[-+=:| \t]*+$", re.MULTILINE)


def header_separator(line: str) -> str:
    """The separator that a header shows between the names prompt and answer; "" where it is one of the usual ones."""
    match = _HEADER.match(line)
    if not match:
        return ""
    mark = match["mark"]
    core = mark.strip(" \xa0")
    if not core:
        return SPACES if len(mark) > 1 else ""
    if any(character in _KNOWN for character in core) or (len(core) == 1 and core in ":=~^¦§→\x01\x1f，、；：｜،؛"):
        return ""
    if len(core) == 1 and mark[0].isspace() and mark[-1].isspace():
        return f" {core} "
    return core


def guessed_separator(lines: Sequence[str]) -> str:
    """The separator that cuts every line of a table without a header into the same number of cells; "" for none.

    A column in which every cell is the same is no column: the h of km/h.
    """
    if len(lines) < 2:
        return ""
    counted = [_marks(line) for line in lines]
    both = set(counted[0]).intersection(*map(set, counted[1:]))
    alike = [mark for mark in both if len({count[mark] for count in counted}) == 1]
    for mark in sorted(alike, key=_oddity):
        rows = [cells(line, mark) for line in lines]
        full = all(len(row) == len(rows[0]) > 1 and not any(map(is_blank, row)) for row in rows)
        if full and all(len(set(column)) > 1 for column in itertools.islice(zip(*rows, strict=True), 2)):
            return mark
    return ""


def with_units(text: str, separator: str) -> str:
    """A text in which each separator is a unit separator."""
    return _pattern(separator).sub(UNIT, text)


def cells(line: str, separator: str) -> list[str]:
    """A line cut by a separator."""
    return [cell.strip() for cell in _pattern(separator).split(line)]


def without_frame(text: str) -> str:
    """A text without the lines that frame a drawn table (``+----+----+``); they stay as empty lines."""
    return _FRAME.sub("", text) if "--" in text or "==" in text else text


def with_straight_quotes(text: str, delimiter: str) -> str:
    """A table in which curly quotation marks around cells are straight, where they are there to quote the cells."""
    pairs = [pair for pair in _CURLY if pair[0] in text]
    if not pairs or re.search(rf'(?:^|{re.escape(delimiter)})[ ]*"', text, re.MULTILINE):
        return text
    first = text.lstrip("\n").split("\n", 1)[0]
    for pair in pairs:
        cell = _quoted_by(pair, delimiter)
        headers = not cell.sub("", first).strip(f"{delimiter} ")
        if headers or any(delimiter in match[1] for match in cell.finditer(text)):
            return cell.sub(partial(_straight, pair), text)
    return text


def _quoted_by(pair: str, delimiter: str) -> re.Pattern[str]:
    """What matches a cell within a pair of quotation marks, in which they stand in pairs or doubled."""
    opening, closing = pair[0], pair[1]
    other, end = rf"[^\n{pair}]", re.escape(delimiter)
    inside = [other, closing * 2]
    if opening != closing:
        inside += [opening * 2, f"{opening}{other}++{closing}"]
    if closing == "’":
        inside.append(r"(?<=\w)’(?=\w)")  # an apostrophe
    return re.compile(rf"(?:^|(?<={end}))[ ]*{opening}((?:{'|'.join(inside)})*){closing}[ ]*(?={end}|$)", re.MULTILINE)


def _straight(pair: str, match: re.Match[str]) -> str:
    """A cell in straight quotation marks, in which those are doubled and the doubled ones of the pair single."""
    inside = match[1]
    for mark in pair:
        inside = inside.replace(mark * 2, mark)
    return '"{}"'.format(inside.replace('"', '""'))


def _marks(line: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for match in _CANDIDATE.finditer(line.strip()):
        if match["spaces"]:
            counts[SPACES] += 1
        elif match["bare"]:
            counts[match["bare"]] += 1
        elif match["spaced"] not in _SENTENCE:
            counts[f" {match['spaced']} "] += 1
    return counts


def _oddity(mark: str) -> tuple[bool, int, str]:
    """Sorts what texts have least first: a mark between spaces, then the longest."""
    return (not mark.strip() or mark == mark.strip(), -len(mark.strip()), mark)


def _pattern(separator: str) -> re.Pattern[str]:
    if separator == SPACES:
        return re.compile(r"(?<=\S)[ \xa0]{2,}(?=\S)")
    core = re.escape(separator.strip())
    if separator != separator.strip():
        return re.compile(rf"(?:(?<=\S)|^)[ \xa0]+{core}(?:[ \xa0]+|$)", re.MULTILINE)
    # A run of spaces is looked at once, from its beginning: the square of its length would never come to an end.
    return re.compile(rf"(?:(?<![ \xa0])[ \xa0]++)?{core}[ \xa0]*+")
