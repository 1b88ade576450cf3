"""Tables of facts as people have them: CSV with any delimiter, and with what programs put above the headers.

- The delimiter is the one under which the headers prompt and answer appear. Counting commas fails on quoted texts.
- A line ``sep=;`` (Excel) and lines that begin with # (``#separator:tab`` of Anki, or a comment) may stand above.
- A table that Anki exported has no headers: prompt and answer are the first two columns of text.
"""

from __future__ import annotations

import contextlib
import csv
import html
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.items import same_text

if TYPE_CHECKING:
    from _csv import Reader

NEEDED, COLUMNS = {"prompt", "answer"}, ("prompt", "answer", "paraphrases")
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_EXCEL = re.compile(r'"?sep=(.)', re.IGNORECASE)
_ANKI = re.compile(r"#(separator|html|columns|(?:notetype|deck|tags|guid)(?: column)?):(.*)", re.IGNORECASE)
_ANKI_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " ", "colon": ":"}
_FILLING = " ,;\t|"  # a spreadsheet that saved the file again filled up such lines with empty cells
_BREAK, _TAG = re.compile(r"<br\s*/?>|</(?:div|p|li)>", re.IGNORECASE), re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
HEADER = 1 << 16  # characters of a header row at most: a hostile one would be cut into millions of cells


@dataclass(slots=True)
class _Layout:
    """How a table is laid out.

    Attributes:
        start: the place in the text where its first row begins.
        above: lines above that row.
        delimiter: between its columns.
        columns: their names in order, empty for one that is not used; none of them where this is no table of facts.
        headed: whether the first row gives these names.
        anki: what the lines above say in the words of Anki.
    """

    start: int = 0
    above: int = 0
    delimiter: str = ""
    columns: list[str] = field(default_factory=list)
    headed: bool = True
    anki: dict[str, str] = field(default_factory=dict)


def is_table(text: str) -> bool:
    """Whether a text begins as a table of facts does."""
    return set(_layout(text).columns) >= NEEDED


def table_entries(text: str, where: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the rows of a table, each after the words for its place, and with its paraphrases as a list.

    Raises:
        UserError: when it is no table of facts, or one of its rows is broken.
    """
    layout = _layout(text)
    for name in COLUMNS:
        if name in NEEDED - set(layout.columns):
            raise UserError(f'{where} has no column "{name}": its first line must hold the headers prompt, answer.')
        if layout.columns.count(name) > 1:
            raise UserError(f'{where} has two columns "{name}".')
    rows, number = _rows(text, layout.start, layout.delimiter), 0
    try:
        if layout.headed:
            next(rows)
        for row in rows:
            while len(row) > len(layout.columns) and is_blank(row[-1]):
                row.pop()
            if all(map(is_blank, row)):
                continue
            number += 1
            place = f"{where}, entry {number} (line {layout.above + rows.line_num})"
            if layout.headed and len(row) > len(layout.columns):
                delimiter = DELIMITERS.get(layout.delimiter, f"“{layout.delimiter}”")
                raise UserError(
                    f"{place} has {len(row)} columns where the header has {len(layout.columns)}: "
                    f"put double quotes around a text that holds {delimiter}."
                )
            yield place, _entry(row, layout)
    except csv.Error as error:
        raise UserError(f"{where} is not valid CSV: {error} (line {layout.above + rows.line_num}).") from None


def _entry(row: list[str], layout: _Layout) -> Mapping[str, object]:
    """The cells of a row by name; one that is left out or left empty is missing."""
    if layout.anki.get("html", "").strip(_FILLING).lower() == "true":
        row = [html.unescape(_TAG.sub("", _BREAK.sub("\n", cell))).strip() for cell in row]
    entry: dict[str, object] = {
        n: cell for n, cell in zip(layout.columns, row, strict=False) if n and not is_blank(cell)
    }
    paraphrases = entry.pop("paraphrases", None)
    if isinstance(paraphrases, str):
        entry["paraphrases"] = [part.strip() for part in paraphrases.split("|") if not is_blank(part)]
    return entry


def _layout(text: str) -> _Layout:
    """Find how a table is laid out."""
    found, declared = _Layout(), ""
    while found.start < len(text):
        for delimiter in dict.fromkeys((declared, *DELIMITERS)):
            names = _names(text, found.start, delimiter) if delimiter else []
            if len(NEEDED & set(names)) > len(NEEDED & set(found.columns)):
                found.delimiter, found.columns = delimiter, names
        line = text[found.start : found.start + 1_000].split("\n", 1)[0]
        excel, anki = _EXCEL.match(line), _ANKI.match(line)
        if set(found.columns) >= NEEDED or (line.strip() and not excel and not line.startswith("#")):
            break
        if excel:
            declared = excel[1]
        if anki:
            found.anki[anki[1].lower()] = anki[2]
        if anki and anki[1].lower() == "separator":
            declared = _ANKI_NAMES.get(anki[2].strip(_FILLING).lower()) or anki[2].strip(" ")[:1]
        end = text.find("\n", found.start)
        found.start, found.above = len(text) if end < 0 else end + 1, found.above + 1
    if found.anki and not set(found.columns) >= NEEDED:
        _without_headers(text, found, declared)
    return found


def _without_headers(text: str, found: _Layout, declared: str) -> None:
    """Lay out a table of Anki, whose columns are named above it or not at all."""
    delimiters = [declared] if declared else list(DELIMITERS)
    firsts = {delimiter: _first_row(text, found.start, delimiter) for delimiter in delimiters}
    found.delimiter = max(delimiters, key=lambda delimiter: len(firsts[delimiter]))
    found.headed = False
    names = _names(found.anki.get("columns", ""), 0, found.delimiter)
    if set(names) >= NEEDED:
        found.columns = names
        return
    taken = {value.strip(_FILLING) for key, value in found.anki.items() if key.endswith(" column")}
    free = [place for place in range(len(firsts[found.delimiter])) if str(place + 1) not in taken]
    found.columns = [""] * len(firsts[found.delimiter])
    for place, name in zip(free, ("prompt", "answer"), strict=False):
        found.columns[place] = name


def _rows(text: str, start: int, delimiter: str) -> Reader:
    file = io.StringIO(text, newline="")
    file.seek(start)
    return csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=True)


def _first_row(text: str, start: int, delimiter: str) -> list[str]:
    """The first row of a table with this delimiter; none where it is not valid."""
    with contextlib.suppress(csv.Error):
        return next(_rows(text[start : start + HEADER], 0, delimiter), [])
    return []


def _names(text: str, start: int, delimiter: str) -> list[str]:
    """The names of columns in a header row, as they are compared.

    Where no column has one of the names that are looked for and a single one begins with it, that one is taken:
    "Prompt (as typed)".
    """
    names = [same_text(cell).lower().lstrip("# ") for cell in _first_row(text, start, delimiter)]
    begun = [(re.findall(r"\w+", name) or [""])[0] for name in names]
    for name in COLUMNS:
        if name not in names and begun.count(name) == 1:
            names[begun.index(name)] = name
    return names
