"""Tables of facts as people have them: CSV with any delimiter, and with lines that programs put above the headers.

- The delimiter is the one under which the headers prompt and answer appear, or else the one that cuts the rows alike.
  Counting commas fails on quoted texts. Characters that are common in texts (a colon) must cut every row alike.
- Curly quotation marks quote cells where the headers have them too, or where a cell with a delimiter needs them.
- A line ``sep=;`` (Excel) and lines that begin with # (``#separator:tab`` of Anki, or a comment) may stand above, and
  a comment without a delimiter between the rows.
- A table that Anki exported has no headers: prompt and answer are the first two columns of text.
- In any other table with two columns or more, prompt and answer are the columns that a person chose, or that the
  headers or the cells make likely. The program says what it guessed.
"""

from __future__ import annotations

import contextlib
import csv
import html
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.items import same_text
from bdh_workbench.inputs.names import ANSWER_NAMES, INPUT, INSTRUCTION, PROMPT_NAMES
from bdh_workbench.inputs.separators import (
    SPACES,
    UNIT,
    guessed_separator,
    header_separator,
    with_straight_quotes,
    with_units,
    without_frame,
)

if TYPE_CHECKING:
    from _csv import Reader

NEEDED, COLUMNS = {"prompt", "answer"}, ("prompt", "answer", "paraphrases")
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
# Delimiters only where the headers show it, or where they cut every row alike.
UNUSUAL = tuple(":=~^¦§→\x01\x1f，、；：｜،؛")
_RAREST = (*UNUSUAL, ",", "|", ";", "\t")  # in texts, the last
_EXCEL = re.compile(r'"?sep=(.)', re.IGNORECASE)
_ANKI = re.compile(r"#(separator|html|columns|(?:notetype|deck|tags|guid)(?: column)?):(.*)", re.IGNORECASE)
_ANKI_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " ", "colon": ":"}
_FILLING = " ,;\t|"  # a spreadsheet that saved the file again filled up such lines with empty cells
_BREAK, _TAG = re.compile(r"<br\s*/?>|</(?:div|p|li)>", re.IGNORECASE), re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
# A quoted cell with a quotation mark that a backslash goes before, as databases export it; it would be an error else.
_ESCAPED = re.compile(r'(?:^|[,;\t|])[ ]*"[^"\n]*\\"(?![ ]*(?:[,;\t|\n]|\Z))', re.MULTILINE)
_NO_COLON = re.compile(r"\d:\d|:/")  # a time or an address
HEADER = 1 << 16  # characters of a header row at most: a hostile one would be cut into millions of cells
WIDEST = 1_000  # columns of a table at most, of which some are chosen
LAYOUT_ROWS = 50  # rows from which the layout of a table is guessed
_VARIED = 0.75  # share of different cells from which on a column says something of each row, and not of its kind
_ALIKE = 0.6  # share of these rows that have the same number of cells, if it is a table
_IDS = frozenset("id ids nr no number index row uuid guid key_id sr sno # № n°".split()) | {"", "s.no", "s no"}
_OTHERS = frozenset(
    "name title country city capital state region category type class year date author language tag tags note notes "
    "source description text label code status email phone address price topic chapter page comment deck level unit "
    "symbol person place event film book song river species english german french spanish latin".split()
)
_RULE = re.compile(r"\s*(?::?-{2,}:?)?\s*")  # the line under the headers of a table in Markdown
_NUMERIC = re.compile(r"[\s\d.,:/%+€$£-]*\d[\s\d.,:/%+€$£-]*")


@dataclass(slots=True)
class Layout:
    """How a table is laid out.

    Attributes:
        start: the place in the text where its first row begins.
        above: lines above that row.
        delimiter: between its columns.
        columns: their names in order, empty for one that is not used; none of them where this is no table of facts.
        headed: whether the first row gives names.
        anki: what the lines above say in the words of Anki.
        named: what the table calls the columns that are used, in that order, where it does not call them so.
        guessed: whether the columns were guessed.
        left_out: rows without a prompt or an answer, of a table whose columns have other names.
        passed: titles above the first row, which are no part of the table.
    """

    start: int = 0
    above: int = 0
    delimiter: str = ""
    columns: list[str] = field(default_factory=list)
    headed: bool = True
    anki: dict[str, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    guessed: bool = False
    left_out: int = 0
    passed: tuple[str, ...] = ()


def is_table(text: str) -> bool:
    """Whether a text begins as a table of facts does: with headers that say so, or with what Anki writes."""
    layout = _layout(text)
    if set(layout.columns) >= NEEDED:
        return True
    rows = _table(text, layout)
    names = [_name(cell) for cell in rows[0]] if rows else []
    return (
        len(rows) > 1
        and sum(name in PROMPT_NAMES for name in names) == 1
        and sum(name in ANSWER_NAMES for name in names) == 1
        and len(rows[1]) >= len(names)
    )


def has_columns(text: str) -> bool:
    """Whether a text is a table with two columns or more, or would be one if it were not broken."""
    layout = _layout(text)
    if set(layout.columns) >= NEEDED or _table(text, layout):
        return True
    first = text[layout.start : layout.start + HEADER].lstrip().split("\n", 1)[0]
    return bool(_fault(text, layout)) and any(delimiter in first for delimiter in DELIMITERS)


def layout_of(text: str, where: str, columns: Sequence[str] = ()) -> Layout:
    """Find how a table of facts is laid out.

    Args:
        text: the table.
        where: what to call it in an error.
        columns: names or numbers (from 1) of the columns with prompt and answer, and perhaps paraphrases; none: guess.

    Raises:
        UserError: when it has one column only, or not those that are asked for.
    """
    layout = _layout(text)
    if columns:
        _choose(text, layout, where, columns)
    elif not set(layout.columns) >= NEEDED:
        _guess(text, layout, where)
    for name in COLUMNS:
        if layout.columns.count(name) > 1:
            raise UserError(f'{where} has two columns "{name}".')
    return layout


def table_entries(text: str, where: str, layout: Layout) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the rows of a table, each after the words for its place, and with its paraphrases as a list.

    Raises:
        UserError: when one of its rows is broken.
    """
    rows, number = _rows(text, layout.start, layout.delimiter), 0
    headers: list[str] = []  # two tables that were put together have them twice
    try:
        if layout.headed:
            headers = [_name(cell) for cell in next((row for row in rows if not all(map(is_blank, row))), [])]
        for row in rows:
            while len(row) > len(layout.columns) and is_blank(row[-1]):
                row.pop()
            remark = len(row) == 1 < len(layout.columns) and row[0].startswith("#")
            again = layout.headed and len(row) > 1 and [_name(cell) for cell in row] == headers
            if remark or again or all(map(is_blank, row)) or all(map(_RULE.fullmatch, row)):
                continue
            number += 1
            place = f"{where}, entry {number} (line {layout.above + rows.line_num})"
            if (layout.headed or layout.guessed) and len(row) > len(layout.columns):
                delimiter = {**DELIMITERS, SPACES: "two spaces"}.get(layout.delimiter, f"“{layout.delimiter}”")
                raise UserError(
                    f"{place} has {len(row)} columns where the header has {len(layout.columns)}: "
                    f"put double quotes around a text that contains {delimiter}."
                )
            entry = _entry(row, layout)
            if layout.named and not entry.keys() >= NEEDED:
                layout.left_out += 1
                continue
            yield place, entry
    except csv.Error as error:
        raise UserError(f"{where} is not valid CSV: {error} (line {layout.above + rows.line_num}).") from None


def _entry(row: list[str], layout: Layout) -> Mapping[str, object]:
    """The cells of a row by name; one that is left out or left empty is missing."""
    if layout.anki.get("html", "").strip(_FILLING).lower() == "true":
        row = [html.unescape(_TAG.sub("", _BREAK.sub("\n", cell))).strip() for cell in row]
    entry: dict[str, object] = {
        n: cell.strip() for n, cell in zip(layout.columns, row, strict=False) if n and not is_blank(cell)
    }
    about = entry.pop(INPUT, None)
    if about is not None and "prompt" in entry:
        entry["prompt"] = f"{entry['prompt']}\n{about}"
    paraphrases = entry.pop("paraphrases", None)
    if isinstance(paraphrases, str):
        entry["paraphrases"] = [part.strip() for part in paraphrases.split("|") if not is_blank(part)]
    return entry


def _layout(text: str) -> Layout:
    """Find how a table is laid out whose columns are called prompt and answer, or which Anki exported."""
    layout, declared = Layout(), ""
    while layout.start < len(text):
        line = text[layout.start : layout.start + 1_000].split("\n", 1)[0]
        for delimiter in dict.fromkeys((declared, header_separator(line), *DELIMITERS, *UNUSUAL)):
            names = _names(text, layout.start, delimiter) if delimiter else []
            if len(NEEDED & set(names)) > len(NEEDED & set(layout.columns)):
                layout.delimiter, layout.columns = delimiter, names
        excel, anki = _EXCEL.match(line), _ANKI.match(line)
        if set(layout.columns) >= NEEDED or (line.strip() and not excel and not line.startswith("#")):
            break
        if excel:
            declared = excel[1]
        if anki:
            layout.anki[anki[1].lower()] = anki[2]
        if anki and anki[1].lower() == "separator":
            declared = _ANKI_NAMES.get(anki[2].strip(_FILLING).lower()) or anki[2].strip(" ")[:1]
        end = text.find("\n", layout.start)
        layout.start, layout.above = len(text) if end < 0 else end + 1, layout.above + 1
    if not set(layout.columns) >= NEEDED:
        layout.columns, layout.delimiter = [], declared
        if layout.anki:
            _without_headers(text, layout, declared)
    return layout


def _without_headers(text: str, layout: Layout, declared: str) -> None:
    """Lay out a table of Anki, whose columns are named above it or not at all."""
    delimiters = [declared] if declared else list(DELIMITERS)
    firsts = {delimiter: _first_row(text, layout.start, delimiter) for delimiter in delimiters}
    layout.delimiter = max(delimiters, key=lambda delimiter: len(firsts[delimiter]))
    layout.headed = False
    names = _names(layout.anki.get("columns", ""), 0, layout.delimiter)
    if set(names) >= NEEDED:
        layout.columns = names
        return
    taken = {value.strip(_FILLING) for key, value in layout.anki.items() if key.endswith(" column")}
    free = [place for place in range(len(firsts[layout.delimiter])) if str(place + 1) not in taken]
    layout.columns = [""] * len(firsts[layout.delimiter])
    for place, name in zip(free, ("prompt", "answer"), strict=False):
        layout.columns[place] = name


def _choose(text: str, layout: Layout, where: str, columns: Sequence[str]) -> None:
    """Use the columns that a person named or numbered."""
    wanted = [_name(column) for column in columns]
    if len(set(wanted)) < len(wanted):
        raise UserError(f"{where} cannot have prompt and answer in one column: name two.")
    for delimiter in dict.fromkeys((layout.delimiter or ",", *DELIMITERS, *UNUSUAL)):
        names = [_name(cell) for cell in _first_row(text, layout.start, delimiter)]
        if all(names.count(name) == 1 for name in wanted):
            layout.delimiter, layout.headed = delimiter, True
            _use(layout, [names.index(name) for name in wanted], _first_row(text, layout.start, delimiter))
            return
    rows = _table(text, layout, least=1)
    first = rows[0] if rows else []
    if all(name.isdecimal() for name in wanted) and all(0 < int(name) <= len(first) for name in wanted):
        places = [int(name) - 1 for name in wanted]
        layout.headed = not layout.anki and (bool(layout.columns) or _is_headed(rows, places))
        _use(layout, places, first)
        return
    there = ", ".join(f"“{' '.join(cell.split())[:40]}”" for cell in first[:12]) or "none"
    names = [_name(cell) for cell in first]
    numbers = map(str, range(1, len(first) + 1)) if all(map(str.isdecimal, wanted)) else ()
    known = {*numbers, *(name for name in names if names.count(name) == 1)}
    missing = next((c for c, name in zip(columns, wanted, strict=True) if name not in known), columns[0])
    raise UserError(f"{where} has no column “{missing}”, or more than one: its first line has {there}.")


def _guess(text: str, layout: Layout, where: str) -> None:
    """Use the two columns that most likely hold prompts and answers."""
    rows = _table(text, layout)
    if not rows:
        if fault := _fault(text, layout):
            raise UserError(f"{where} is not valid CSV: {fault}.")
        raise UserError(f"{where} is not a table with two columns: facts need a prompt and an answer in each row.")
    names, body = [_name(cell) for cell in rows[0]], rows[1:] or rows
    width = range(len(names))
    used = [i for i in width if any(not is_blank(row[i]) for row in body if i < len(row))]
    ids = [i for i in used if len(used) > 2 and (names[i] in _IDS or _counts(rows, i))]
    known = [i for i in used if i not in ids]
    free = _telling(rows, known)
    texts = [i for i in free if not all(_NUMERIC.fullmatch(row[i].strip()) for row in body if i < len(row))]
    prompt = next((i for i in (*free, *known) if names[i] in PROMPT_NAMES), None)
    # Answers may repeat (yes, no) where the header calls them so. A column "a" holds answers beside a column "q" alone.
    answer = next(
        (i for i in known if names[i] in ANSWER_NAMES and i != prompt and (names[i] != "a" or "q" in names)), None
    )
    if prompt is None and answer is None:
        asked = [i for i in free if _asks(body, i)]
        prompt = asked[0] if len(asked) == 1 else None
    order = free if len(free) <= 2 else [*texts, *(i for i in free if i not in texts)]
    if prompt is None:
        prompt = next((i for i in order if i != answer), None)
    if answer is None:
        after = [i for i in order if prompt is not None and i > prompt]
        answer = next((i for i in (*after, *order) if i != prompt), None)
    instructed = {INSTRUCTION, INPUT} <= set(names) and answer not in (None, names.index(INPUT))
    if instructed:
        prompt = names.index(INSTRUCTION)
    if prompt is None or answer is None:
        raise UserError(f"{where} is not a table with two columns: facts need a prompt and an answer in each row.")
    layout.headed = _is_headed(rows, [prompt, answer])
    layout.guessed = True
    _use(layout, [prompt, answer], rows[0])
    if instructed:
        layout.columns[names.index(INPUT)] = INPUT
    if layout.headed and "paraphrases" in names and not layout.columns[names.index("paraphrases")]:
        layout.columns[names.index("paraphrases")] = "paraphrases"


def _telling(rows: Sequence[Sequence[str]], places: list[int]) -> list[int]:
    """Those of more than two columns that do not repeat a few things, as a tag does."""
    telling = [i for i in places if all(_variety(part, i) >= _VARIED for part in (rows, rows[1:]))]
    return telling if len(places) > 2 and len(telling) > 1 and len(rows) > 2 else places


def _variety(rows: Sequence[Sequence[str]], place: int) -> float:
    """The share of the cells of a column that are the first to say what they say."""
    cells = [same_text(row[place]) for row in rows if place < len(row) and not is_blank(row[place])]
    return len(set(cells)) / max(1, len(cells))


def _asks(body: Sequence[Sequence[str]], place: int) -> bool:
    """Whether most cells of a column are questions."""
    cells = [row[place].strip() for row in body if place < len(row)]
    return 2 * sum(cell.endswith(("?", "\uff1f", "؟")) for cell in cells) > len(cells)


def _fault(text: str, layout: Layout) -> str:
    """What is wrong with a table with commas, "" for nothing; where only its sample ends too early, nothing is."""
    rows = _rows(text[layout.start : layout.start + HEADER], 0, ",")
    try:
        for _ in zip(rows, range(LAYOUT_ROWS), strict=False):
            pass
    except csv.Error as error:
        cut = "unexpected end" in str(error) and len(text) - layout.start > HEADER
        return "" if cut else f"{error} (line {layout.above + rows.line_num})"
    return ""


def _use(layout: Layout, places: Sequence[int], first: Sequence[str]) -> None:
    """Name the columns at these places prompt, answer and paraphrases."""
    layout.columns = [""] * len(first)
    for place, name in zip(places, COLUMNS, strict=False):
        layout.columns[place] = name
    called = [" ".join(first[place].split())[:40] if layout.headed else "" for place in places]
    layout.named = tuple(f"“{name}”" if name else str(place + 1) for name, place in zip(called, places, strict=True))


def _is_headed(rows: Sequence[Sequence[str]], places: Sequence[int]) -> bool:
    """Whether the first row of a table names the columns, and contains no fact itself."""
    first, body = [cell.strip() for cell in rows[0]], [row for row in rows[1:] if len(row) > max(places)]
    known = PROMPT_NAMES | ANSWER_NAMES | (_IDS - {""}) | _OTHERS
    names = {_name(cell) for cell in first}
    if names & (known if "q" in names else known - {"a"}):
        return True
    chosen = [first[place] for place in places]
    if not body or not all(_is_label(cell) for cell in chosen):
        return False
    for place in places:
        cells = [row[place].strip() for row in body if not is_blank(row[place])]
        if cells and all(map(_NUMERIC.fullmatch, cells)):
            return True
        if cells and sum(len(cell.split()) for cell in cells) >= 4 * len(cells):
            return True
    lower = all(cell[:1].islower() for cell in chosen)
    return lower and any(row[place].strip()[:1].isupper() for row in body for place in places)


def _is_label(cell: str) -> bool:
    """Whether a cell may name a column: a few words, no sentence and no number."""
    return (
        bool(cell)
        and len(cell) <= 40
        and len(cell.split()) <= 3
        and cell[-1] not in ".?!…"
        and not _NUMERIC.fullmatch(cell)
    )


def _counts(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether a column numbers the rows."""
    cells = [row[place].strip() for row in rows[1:] if place < len(row)]
    numbers = [int(cell) for cell in cells if cell.isdecimal()]
    return len(numbers) == len(cells) > 1 and all(b - a == 1 for a, b in itertools.pairwise(numbers))


def _table(text: str, layout: Layout, least: int = 2) -> list[list[str]]:
    """The first rows of a table under the delimiter that cuts them alike, which is noted; none if it is no table."""
    best = (0.0, False, 0, 0)
    chosen: list[list[str]] = []
    delimiter_of: tuple[str, list[int]] = ("", [])
    sample, declared = text[layout.start : layout.start + HEADER], layout.delimiter
    lines = [line for line in without_frame(sample).split("\n")[:LAYOUT_ROWS] if not is_blank(line)]
    typed = "" if declared else guessed_separator(lines)
    for delimiter in [declared] if declared else [*DELIMITERS, *UNUSUAL, *([typed] * bool(typed))]:
        if delimiter in UNUSUAL and delimiter not in sample:
            continue
        rows: list[list[str]] = []
        ends: list[int] = []  # the lines at which the rows end
        with contextlib.suppress(csv.Error):  # the sample may end within quotes
            reader = _rows(sample, 0, delimiter)
            for row in reader:
                while len(row) > 1 and is_blank(row[-1]):
                    row.pop()
                if not all(map(is_blank, row)):
                    rows.append(row)
                    ends.append(reader.line_num)
                if len(rows) == LAYOUT_ROWS:
                    break
        if not rows or not least <= max(map(len, rows)) <= WIDEST:
            continue
        usual = Counter(map(len, rows)).most_common(1)[0][0]
        width = max(usual, len(rows[0])) if usual > 1 else usual
        share = sum(1 < len(row) <= width for row in rows) / len(rows)
        if delimiter in UNUSUAL and not (declared or _cuts_all(rows, delimiter)):
            continue
        # Of two that cut the rows alike, the one after which no space follows: in a text one does.
        spaced = sample.count(f"{delimiter} ") > sample.count(delimiter) // 2
        plain = not spaced or delimiter in ("\t", typed)
        weight = (share, plain, width, (*_RAREST, delimiter).index(delimiter))
        if least <= width <= WIDEST and (share >= _ALIKE or least == 1) and weight > best:
            best, chosen, delimiter_of = weight, rows, (delimiter, ends)
    if chosen:
        layout.delimiter = delimiter_of[0]
        if least > 1 and not (layout.anki or set(layout.columns) >= NEEDED):
            _pass_titles(text, layout, chosen, delimiter_of[1])
        chosen[0] += [""] * (best[2] - len(chosen[0]))
    return chosen


def _pass_titles(text: str, layout: Layout, rows: list[list[str]], ends: Sequence[int]) -> None:
    """Begin a table after the lines of one cell that stand above its first row."""
    count = next((n for n, row in enumerate(rows) if sum(not is_blank(cell) for cell in row) > 1), 0)
    if not count or len(rows) < count + 2:
        return
    layout.passed = tuple(" ".join(row).strip() for row in rows[:count])
    for _ in range(ends[count - 1]):
        layout.start = text.find("\n", layout.start) + 1
    layout.above += ends[count - 1]
    del rows[:count]


def _cuts_all(rows: Sequence[Sequence[str]], delimiter: str) -> bool:
    """Whether a delimiter that is common in texts cuts every row into the same number of cells."""
    alike = all(len(row) == len(rows[0]) and sum(not is_blank(cell) for cell in row) > 1 for row in rows)
    return len(rows) > 1 and alike and not any(_NO_COLON.search(delimiter.join(row)) for row in rows)


def _rows(text: str, start: int, delimiter: str) -> Reader:
    text = without_frame(text[start:])
    if len(delimiter) > 1:
        text, delimiter = with_units(text, delimiter), UNIT
    text = with_straight_quotes(text, delimiter)
    if re.match(rf'"[^"\n]*"[ ]+{re.escape(delimiter)}', text):  # spaces between a quoted cell and what follows it
        text = re.sub(rf'(?<!")"[ ]+(?={re.escape(delimiter)}|$)', '"', text, flags=re.MULTILINE)
    file = io.StringIO(text, newline="")
    first = text[:HEADER]
    quote = "'" if re.match(rf"\s*'[^'\n]*'[ ]*{re.escape(delimiter)}", first) else '"'
    escape = "\\" if '\\"' in text and _ESCAPED.search(text) else None
    return csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=True, quotechar=quote, escapechar=escape)


def _first_row(text: str, start: int, delimiter: str) -> list[str]:
    """The first row of a table with this delimiter; none where it is not valid."""
    with contextlib.suppress(csv.Error):
        return next(_rows(text[start : start + HEADER], 0, delimiter), [])
    return []


def _name(cell: str) -> str:
    """The name of a column as it is compared."""
    return same_text(cell).lower().lstrip("# ").rstrip(" :")


def _names(text: str, start: int, delimiter: str) -> list[str]:
    """The names of columns in a header row, as they are compared.

    Where no column has one of the names that are looked for and a single one begins with it, that one is taken:
    "Prompt (as typed)".
    """
    names = [_name(cell) for cell in _first_row(text, start, delimiter)]
    if delimiter in UNUSUAL:
        return names
    begun = [(re.findall(r"\w+", name) or [""])[0] for name in names]
    for name in COLUMNS:
        if name not in names and begun.count(name) == 1:
            names[begun.index(name)] = name
    return names
