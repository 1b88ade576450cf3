"""Readers for the files that facts and documents come in.

- Facts: JSON (a list of objects), JSON Lines, or CSV with the headers prompt, answer, paraphrases.
- Documents: plain text, Markdown, JSON (one object or a list), or JSON Lines.
- Text is Unicode in and out: line ends become LF and characters their composed form (NFC); nothing else changes.
- Whatever is wrong with a file is told in one sentence that names the place: always a `UserError`.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import json
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from bdh_workbench.errors import UserError
from bdh_workbench.memory.items import Fact, Probe, TextDocument

FactsFormat = Literal["auto", "json", "jsonl", "csv"]
DocumentsFormat = Literal["auto", "json", "jsonl", "text", "markdown"]

SIZE_LIMIT = 20_000_000
"""The largest file that is read, in bytes."""

_FACT_SUFFIXES: Mapping[str, FactsFormat] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
}
_DOCUMENT_SUFFIXES: Mapping[str, DocumentsFormat] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
}
_SIGNATURES = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a zip or office file"),
    (b"{\\rtf", "a rich text file"),
)
_ALLOWED_CONTROLS = b"\t\n\r\f\b\x1b"
_CONTROL_SHARE = 0.02
_HEADING = re.compile(r"#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r"(=+|-{2,})[ \t]*$")


def read_facts(path: str | os.PathLike[str]) -> list[Fact]:
    """Read the facts of a JSON, JSON Lines or CSV file.

    The format follows from the file's extension, or from its content where the extension says nothing. A fact that
    stands twice is returned once, with the paraphrases of both.

    Raises:
        UserError: The file cannot be read, is not text, or does not hold facts.

    """
    where = _shown(path)
    return parse_facts_text(_read_text(path), _FACT_SUFFIXES.get(_suffix(path), "auto"), where=where)


def read_documents(path: str | os.PathLike[str]) -> list[TextDocument]:
    """Read the documents of a text, Markdown, JSON or JSON Lines file.

    A plain text is titled after its file, a Markdown text after its first heading.

    Raises:
        UserError: The file cannot be read, is not text, or does not hold documents.

    """
    where = _shown(path)
    # A file name need not be valid Unicode; a title must be, since it is saved and shown.
    title = _tidy(Path(where).stem)
    return parse_documents_text(
        _read_text(path), _DOCUMENT_SUFFIXES.get(_suffix(path), "auto"), title=title, where=where
    )


def parse_facts_text(text: str, format: FactsFormat = "auto", *, where: str = "The pasted text") -> list[Fact]:
    """Read facts from text, as it is pasted into the window.

    Args:
        text: The text.
        format: How the facts are written; `auto` looks at the text.
        where: What to call the text in an error.

    Raises:
        UserError: The text does not hold facts.

    """
    text = _checked(text, where)
    if format == "auto":
        format = _json_kind(text) or "csv"
    facts = [_fact(entry, place) for place, entry in _FACT_READERS[format](text, where)]
    if not facts:
        raise UserError(f"{where} holds no facts.")
    return merge_duplicates(facts, where=where)


def parse_documents_text(
    text: str,
    format: DocumentsFormat = "auto",
    *,
    title: str = "Pasted text",
    where: str = "The pasted text",
) -> list[TextDocument]:
    """Read documents from text, as it is pasted into the window.

    Args:
        text: The text.
        format: How the documents are written; `auto` looks at the text.
        title: The title of a document that has none of its own.
        where: What to call the text in an error.

    Raises:
        UserError: The text does not hold documents.

    """
    text = _checked(text, where)
    if format == "auto":
        kind = _json_kind(text)
        # Prose may begin with a bracket too, so an unnamed format counts as JSON only if it can be read as such.
        format = kind if kind and _is_json(text, kind) else "text"
    if format == "text":
        return [TextDocument(title, text)]
    if format == "markdown":
        return [TextDocument(_first_heading(text) or title, text)]
    documents = [_document(entry, place) for place, entry in _DOCUMENT_READERS[format](text, where)]
    if not documents:
        raise UserError(f"{where} holds no documents.")
    return documents


def merge_duplicates(facts: Iterable[Fact], *, where: str = "The facts") -> list[Fact]:
    """Return the facts with each prompt once, in the order of their first mention.

    The same fact given twice counts once, with the paraphrases of both. Call it again on facts from several files.

    Raises:
        UserError: One prompt is given two different answers, which no memory can hold.

    """
    found: dict[str, Fact] = {}
    for fact in facts:
        key = fact.prompt.strip()
        first = found.setdefault(key, fact)
        if first is fact:
            continue
        if first.answer.strip() != fact.answer.strip():
            raise UserError(
                f'{where}: the prompt "{_short(key)}" has two different answers, '
                f'"{_short(first.answer)}" and "{_short(fact.answer)}".'
            )
        paraphrases = dict.fromkeys((*first.paraphrases, *fact.paraphrases))
        found[key] = replace(first, paraphrases=tuple(paraphrases))
    return list(found.values())


# Files and encodings


def _read_text(path: str | os.PathLike[str]) -> str:
    """Return a file's text, or say why it has none."""
    where = _shown(path)
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size > SIZE_LIMIT:
                raise UserError(_too_large(where, status.st_size))
            # A pipe does not tell its size, so never read more than is allowed.
            raw = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise UserError(f"{where} does not exist.") from None
    except IsADirectoryError:
        raise UserError(f"{where} is a folder, not a file.") from None
    except PermissionError:
        # Windows reports a folder in this way.
        if os.path.isdir(path):
            raise UserError(f"{where} is a folder, not a file.") from None
        raise UserError(f"{where} may not be read: permission denied.") from None
    except OSError as error:
        raise UserError(f"{where} cannot be read: {error.strerror or 'input error'}.") from None
    except ValueError:
        raise UserError(f"{where} is not a usable file name.") from None
    if len(raw) > SIZE_LIMIT:
        raise UserError(_too_large(where, None))
    return _decode(raw, where)


def _too_large(where: str, size: int | None) -> str:
    """Return the sentence about a file over the limit."""
    limit = f"{SIZE_LIMIT / 1e6:.0f} MB"
    if size is None:
        return f"{where} is larger than the limit of {limit}."
    return f"{where} is {size / 1e6:.1f} MB, more than the limit of {limit}."


def _decode(raw: bytes, where: str) -> str:
    """Return the text that the bytes stand for, or say which encoding they seem to be in."""
    if not raw:
        raise UserError(f"{where} is empty.")
    for signature, kind in _SIGNATURES:
        if raw.startswith(signature):
            raise UserError(f"{where} is {kind}, not text; save its text as a UTF-8 text file first.")
    if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UserError(f"{where} is encoded in UTF-32; save it as UTF-8.")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = raw.decode("utf-16")
        except UnicodeDecodeError:
            raise UserError(f"{where} begins as UTF-16 text but is damaged or cut off.") from None
        if "\0" in text:
            raise UserError(f"{where} is a binary file, not text.")
        return text
    if b"\0" in raw:
        # Plain English in UTF-16 has a zero in every other byte, always on the same side.
        even, odd = raw[0::2].count(0), raw[1::2].count(0)
        if min(even, odd) == 0 and max(even, odd) > len(raw) // 4:
            raise UserError(f"{where} looks like UTF-16 without a byte order mark; save it as UTF-8.")
        raise UserError(f"{where} is a binary file, not text.")
    if _control_share(raw) > _CONTROL_SHARE:
        raise UserError(f"{where} is a binary file, not text.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        raise UserError(f"{where} is not UTF-8 text (line {line}); save it as UTF-8.") from None
    raise UserError(
        f"{where} is not UTF-8 text (line {line}) and looks like Windows-1252; save it as UTF-8, "
        f"for example with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"
    ) from None


def _control_share(raw: bytes) -> float:
    """Return the share of bytes that are control characters no text needs."""
    unwanted = bytes(byte for byte in (*range(32), 127) if byte not in _ALLOWED_CONTROLS)
    return (len(raw) - len(raw.translate(None, unwanted))) / len(raw)


def _checked(text: str, where: str) -> str:
    """Return the text with LF line ends and composed characters, if it is not empty and not too large."""
    if len(text) > SIZE_LIMIT:
        raise UserError(_too_large(where, None))
    if not text.strip("\ufeff \t\r\n\f\v"):
        raise UserError(f"{where} is empty.")
    return _normal(text, where)


def _normal(text: str, where: str) -> str:
    """Return the text with LF line ends and composed characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # A JSON escape can name half a character, which could be neither saved nor shown.
        raise UserError(f"{where} holds half a character (a lone surrogate).") from None
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _shown(path: str | os.PathLike[str]) -> str:
    """Return a path as it can stand in one line of text."""
    return _tidy(os.fspath(path)) or "The file name"


def _tidy(text: str) -> str:
    """Return text on one line, without the halves of characters that a file name may hold."""
    return unicodedata.normalize("NFC", " ".join(text.encode(errors="replace").decode().replace("\0", " ").split()))


def _suffix(path: str | os.PathLike[str]) -> str:
    return os.path.splitext(os.fspath(path))[1].lower()


def _short(text: str) -> str:
    """Return the beginning of a text, on one line, for use in a message."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


# The formats: each yields what an entry holds and how to name its place


Entries = Iterator[tuple[str, Mapping[str, object]]]


def _json_kind(text: str) -> Literal["json", "jsonl"] | None:
    """Guess from the first line whether a text is JSON or JSON Lines."""
    start = text.lstrip()
    if start.startswith("["):
        return "json"
    if not start.startswith("{"):
        return None
    try:
        return "jsonl" if isinstance(json.loads(start.split("\n", 1)[0]), dict) else "json"
    except (ValueError, RecursionError):
        return "json"


def _is_json(text: str, kind: Literal["json", "jsonl"]) -> bool:
    """Say whether the text, or its first line, can be read as JSON."""
    try:
        json.loads(text if kind == "json" else text.lstrip().split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return True


def _load_json(text: str, where: str, *, one_line: bool = False) -> object:
    """Return the value of a JSON text, or say where it is broken."""

    def distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
        entry: dict[str, object] = {}
        for name, value in pairs:
            if name in entry:
                # The standard reader would keep the last value and drop the others without a word.
                raise UserError(f'{where} gives the field "{_short(name)}" twice in one entry.')
            entry[name] = value
        return entry

    try:
        return json.loads(text, object_pairs_hook=distinct)
    except json.JSONDecodeError as error:
        spot = f"column {error.colno}" if one_line else f"line {error.lineno}, column {error.colno}"
        raise UserError(f"{where} is not valid JSON: {error.msg.lower()} ({spot}).") from None
    except RecursionError:
        raise UserError(f"{where} is not valid JSON: it is nested too deeply.") from None
    except ValueError:
        raise UserError(f"{where} is not valid JSON: it holds a number that is too long.") from None


def _json_entries(text: str, where: str, *, single: bool) -> Entries:
    """Yield the entries of a JSON list; a lone object counts as a list of one if `single`."""
    value = _load_json(text, where)
    if single and isinstance(value, dict):
        yield where, value
        return
    if not isinstance(value, list):
        raise UserError(f"{where} must hold a list of entries, but it holds {_kind(value)}.")
    for number, entry in enumerate(value, start=1):
        yield f"{where}, entry {number}", _object(entry, f"{where}, entry {number}")


def _jsonl_entries(text: str, where: str) -> Entries:
    """Yield the entries of a JSON Lines text; empty lines are passed over."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = f"{where}, line {number}"
            yield place, _object(_load_json(line, place, one_line=True), place)


def _csv_entries(text: str, where: str) -> Entries:
    """Yield the rows of a CSV text, with the paraphrases as a list."""
    header_line = text.lstrip("\n").split("\n", 1)[0]
    # Spreadsheets write commas, semicolons or tabs according to the country: take what splits the headers.
    delimiter = max(",;\t", key=header_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    number = 0
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _csv_header(row, where)
                continue
            number += 1
            place = f"{where}, entry {number} (line {rows.line_num})"
            if len(row) > len(header):
                raise UserError(
                    f"{place} has {len(row)} columns where the header has {len(header)}: "
                    f"put double quotes around a text that holds {_DELIMITER_NAMES[delimiter]}."
                )
            # A column that a row leaves out or leaves empty counts as missing.
            entry: dict[str, object] = {name: cell for name, cell in zip(header, row, strict=False) if cell.strip()}
            paraphrases = entry.pop("paraphrases", None)
            if isinstance(paraphrases, str):
                entry["paraphrases"] = [part.strip() for part in paraphrases.split("|") if part.strip()]
            yield place, entry
    except csv.Error as error:
        raise UserError(f"{where} is not valid CSV: {error} (line {rows.line_num}).") from None


_DELIMITER_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab"}


def _csv_header(row: list[str], where: str) -> list[str]:
    """Return the names of the columns, if they are the ones facts need."""
    header = [cell.strip().lower() for cell in row]
    for name in ("prompt", "answer"):
        if name not in header:
            raise UserError(f'{where} has no column "{name}": its first line must hold the headers prompt, answer.')
    for name in header:
        if name and header.count(name) > 1:
            raise UserError(f'{where} has two columns "{_short(name)}".')
    return header


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UserError(f"{place} must be an object with named fields, but it is {_kind(value)}.")
    return value


# Entries


def _fact(entry: Mapping[str, object], place: str) -> Fact:
    """Return the fact that an entry describes."""
    _refuse_misspelling(entry, "paraphrases", place)
    return Fact(
        prompt=_text_field(entry, "prompt", place),
        answer=_text_field(entry, "answer", place),
        paraphrases=tuple(
            _text(value, f'paraphrase {number} in the field "paraphrases"', place)
            for number, value in enumerate(_list_field(entry, "paraphrases", place), start=1)
        ),
    )


def _document(entry: Mapping[str, object], place: str) -> TextDocument:
    """Return the document that an entry describes."""
    _refuse_misspelling(entry, "probes", place)
    probes = []
    for number, value in enumerate(_list_field(entry, "probes", place), start=1):
        probe_place = f"{place}, probe {number}"
        probe = _object(value, probe_place)
        probes.append(Probe(_text_field(probe, "prompt", probe_place), _text_field(probe, "answer", probe_place)))
    return TextDocument(_text_field(entry, "title", place), _text_field(entry, "text", place), tuple(probes))


def _refuse_misspelling(entry: Mapping[str, object], name: str, place: str) -> None:
    """Refuse a field that is nearly an optional one: other fields are ignored, and this one would be lost."""
    if name not in entry:
        for near in difflib.get_close_matches(name, [str(key) for key in entry], n=1, cutoff=0.8):
            raise UserError(f'{place} has a field "{near}"; is "{name}" meant?')


def _text_field(entry: Mapping[str, object], name: str, place: str) -> str:
    if name not in entry:
        raise UserError(f'{place} has no field "{name}".')
    return _text(entry[name], f'the field "{name}"', place)


def _text(value: object, name: str, place: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{place}: {name} must be text, but it is {_kind(value)}.")
    if not value.strip():
        raise UserError(f"{place}: {name} is empty.")
    return _normal(value, f"{place}: {name}")


def _list_field(entry: Mapping[str, object], name: str, place: str) -> list[object]:
    value = entry.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise UserError(f'{place}: the field "{name}" must be a list, but it is {_kind(value)}.')
    return value


def _kind(value: object) -> str:
    """Return what a JSON value is, in plain words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def _first_heading(text: str) -> str | None:
    """Return the first heading of a Markdown text, if it has one."""
    previous = ""
    fence = ""
    # A block of settings between two rules at the very top is no part of the prose.
    for line in re.sub(r"\A---[ \t]*\n.*?\n---[ \t]*\n", "", text, flags=re.DOTALL).split("\n"):
        marker = line.strip()[:3]
        if marker in ("```", "~~~") and fence in ("", marker):
            # A line of code may begin with a number sign without being a heading.
            fence = "" if fence else marker
        elif not fence:
            match = _HEADING.match(line)
            if match and match[1].strip():
                return match[1].strip()
            if previous.strip() and _UNDERLINE.match(line):
                return previous.strip()
        previous = line
    return None


Reader = Callable[[str, str], Entries]


def _json_facts(text: str, where: str) -> Entries:
    return _json_entries(text, where, single=False)


def _json_documents(text: str, where: str) -> Entries:
    return _json_entries(text, where, single=True)


_FACT_READERS: Mapping[str, Reader] = {"json": _json_facts, "jsonl": _jsonl_entries, "csv": _csv_entries}
_DOCUMENT_READERS: Mapping[str, Reader] = {"json": _json_documents, "jsonl": _jsonl_entries}
