"""A text as it is read: what a page, a word processor or a web site put between its letters becomes what it means.

A PDF has a no-break space for every space, a table has tabs, a web page hides soft hyphens in its words. A person who
asks types none of that. So documents, facts and prompts are all read in this one form before they become tokens, while
the original is stored and shown. Line breaks and the number of spaces stay.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

_LINE_ENDS = "\n\r\x0b\x85\u2028\u2029"
# Letters and marks of scripts in which a joiner or non-joiner changes what is read (Arabic to Adlam), and emoji.
_JOINED = (
    "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\u1b00-\u1bff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2801-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
)
_TAGS = "\U000e0000-\U000e007f"  # they spell the names of flags; anywhere else they hide text
_KINDS = {
    # In this order: an escape code that colours a terminal; a soft hyphen with the line end that it was put there for;
    # a form feed beside a line end, which breaks the line already; other controls and marks that nobody sees.
    "nothing": rf"\x1b\[[0-?]*[ -/]*[@-~]|\xad[ \t]*(?:\r\n?|\n)[ \t]*(?=\S)"
    rf"|\f(?=[{_LINE_ENDS}\f]|\Z)|(?<=[{_LINE_ENDS}])\f|\A\f"
    r"|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    rf"|[\u200c\u200d]++(?![{_JOINED}])|(?<![{_JOINED}\u200c\u200d])[\u200c\u200d]+"
    rf"|(?<![\U0001f3f4{_TAGS}])[{_TAGS}]+",
    "line": r"\r\n?|[\x0b\f\x85\u2028]",
    "paragraph": r"\u2029",
    "space": r"[\t\x1c-\x1f\xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164]",
    "hyphen": r"[\u2010\u2011]",
    # Ligatures, letters and digits of the width of ideographs, narrow kana, and the letters of mathematics.
    "form": r"[\ufb00-\ufb06]|[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+|[\uff66-\uff9f]+|[\U0001d400-\U0001d7ff]+",
}
_MEANT = {"nothing": "", "line": "\n", "paragraph": "\n\n", "space": " ", "hyphen": "-"}
_ODD = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _KINDS.items())
_PATTERN = re.compile(_ODD)
# Every character that a pattern may begin at: most texts have none, and are looked through ten times as fast with it.
_SUSPECT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u1680\u2000-\u2011\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufb00-\ufb06\ufeff\uff10-\uff5a\uff66-\uff9f\ufff9-\ufffb"
    "\U0001d400-\U0001d7ff\U000e0000-\U000e007f]"
)
_LETTER = re.compile(r"[^\W_]")
# A typewriter prints a letter twice to make it bold, and a manual page for printers does so too.
_OVERSTRUCK = re.compile(rf"(?P<struck>[^\n]\x08)|{_ODD}")


@dataclass(frozen=True, slots=True)
class AsRead:
    """A text as it is read, and where each part of it stands in the original.

    Attributes:
        text: as it is read.
        starts: where each stretch that was taken over begins in it, in order; the first at 0.
        origins: where that stretch begins in the original.
    """

    text: str
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    @staticmethod
    def of(text: str) -> AsRead:
        """Read a text."""
        if not _SUSPECT.search(text):
            return AsRead(text, (0,), (0,))
        parts: list[str] = []
        starts, origins, length, taken = [0], [0], 0, 0
        for match in (_OVERSTRUCK if "\x08" in text else _PATTERN).finditer(text):
            kind = match.lastgroup or ""
            meant = unicodedata.normalize("NFKC", match[0]) if kind == "form" else _MEANT.get(kind, "")
            parts += (text[taken : match.start()], meant)
            length += match.start() - taken + len(meant)
            taken = match.end()
            starts.append(length)
            origins.append(taken)
        return AsRead("".join((*parts, text[taken:])), tuple(starts), tuple(origins))

    def origin(self, place: int) -> int:
        """The place in the original of a place in the text that is read."""
        piece = bisect_right(self.starts, place) - 1
        origin = self.origins[piece] + place - self.starts[piece]
        return min(origin, self.origins[piece + 1]) if piece + 1 < len(self.origins) else origin


def as_read(text: str) -> str:
    """A text as it is read."""
    return AsRead.of(text).text


def prompt_as_read(text: str) -> str:
    """The prompt of a fact as it is read: on one line, with one space for any space between its words."""
    return " ".join(as_read(text).split())


def is_blank(text: str) -> bool:
    """Whether there is nothing to read in a text."""
    # A backspace may take letters away.
    return ("\b" in text or not _LETTER.search(text)) and not as_read(text).strip()
