"""Text from any source, made safe to show: files, models and people may put anything into a title.

A control character can move a terminal's cursor, and a mark that turns the direction of writing can make a name read
as another. Both are replaced by a visible sign, or in JSON by an escape that stands for the same text. Line breaks
stay, and marks that are invisible and turn nothing, such as soft hyphens, are left out.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping

_CATEGORIES = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # they shape letters and pictures, and turn nothing
_UNSEEN = dict.fromkeys("\xad\u200b\u2060\ufeff", "")
_BREAKS = "\f\v\x85\u2028\u2029"
_ON_ONE_LINE = _UNSEEN | dict.fromkeys("\t\n\r" + _BREAKS, " ")
_ON_LINES = _UNSEEN | dict.fromkeys(_BREAKS, "\n") | {"\r": " "}
_IN_PLACE = _ON_LINES | dict.fromkeys(_UNSEEN, "\u200a")  # a hair space in place of what is invisible
_SUSPECT = re.compile("[^\x20-\x7e\u00a1-\u00ac\u00ae-\u05ff\u4e00-\u9fff]")  # few characters need a closer look


def _replaced(text: str, kept: str, meant: Mapping[str, str]) -> str:
    def sign(match: re.Match[str]) -> str:
        character = match[0]
        if character in kept or unicodedata.category(character) not in _CATEGORIES:
            return character
        return meant.get(character, "\ufffd")

    return _SUSPECT.sub(sign, text)


def harmless(text: str) -> str:
    """Text on one line, with control characters and marks that turn the direction of writing made visible."""
    return _replaced(text, _JOINERS, _ON_ONE_LINE)


def harmless_lines(text: str) -> str:
    """The same with its line ends and tabs."""
    return _replaced(text, _JOINERS + "\n\t", _ON_LINES)


def harmless_places(text: str) -> str:
    """As ``harmless_lines``, with a character for each character, so that every place stays where it is."""
    return _replaced(text, _JOINERS + "\n\t", _IN_PLACE)


def harmless_json(text: str) -> str:
    """A JSON text with the same meaning, with escapes in place of characters that could turn or move what is shown."""

    def escape(match: re.Match[str]) -> str:
        character = match[0]
        plain = character in _JOINERS or unicodedata.category(character) not in _CATEGORIES
        return character if plain else json.dumps(character)[1:-1]

    return _SUSPECT.sub(escape, text)
