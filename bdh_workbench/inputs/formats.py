"""Reading facts and documents from text: JSON, JSON Lines, tables (``tables.py``), plain text and Markdown.

- Text is Unicode in and out: line ends become LF and characters their composed form (NFC); nothing else changes. What
  it is read as is decided later (``as_read.py``).
- Any problem with a text is a `UserError`: one sentence that names the place.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.items import Fact, Probe, TextDocument, prompt_key, same_text
from bdh_workbench.inputs.labelled import is_labelled, labelled_entries
from bdh_workbench.inputs.prose import first_heading, title_of, without_front_matter
from bdh_workbench.inputs.records import TEXT_NAMES, document_record, fact_record, listed, pairs_listed
from bdh_workbench.inputs.tables import COLUMNS, Layout, is_table, layout_of, table_entries
from bdh_workbench.inputs.text_files import checked, normal
from bdh_workbench.wording import shortened

FactsFormat = Literal["auto", "json", "jsonl", "csv"]
DocumentsFormat = Literal["auto", "json", "jsonl", "text", "markdown"]
MOST_FIELDS = 1_000
"""The most fields that an entry may have."""


def parse_facts(
    text: str, format: FactsFormat = "auto", columns: Sequence[str] = (), *, where: str = "The pasted text"
) -> tuple[list[Fact], Layout | None]:
    """Read facts from text, and say how their table is laid out if they are in one.

    Args:
        text: The text.
        format: How the facts are written; `auto` looks at the text.
        columns: Names of the columns or fields that hold prompt and answer, and perhaps paraphrases; columns of a table
            may be given by their numbers, from 1. Without them they are found.
        where: What to call the text in an error.

    Raises:
        UserError: The text does not hold facts.

    """
    text = checked(text, where)
    kind = format if format != "auto" else _json_kind(text) or "csv"
    labelled = kind == "csv" and not columns and is_labelled(text)
    layout = layout_of(text, where, columns) if kind == "csv" and not labelled else None
    if layout is not None:
        entries = table_entries(text, where, layout)
    elif labelled:
        entries = labelled_entries(text, where)
    else:
        entries = _FACT_READERS[kind](text, where)
        if columns:
            entries = _with_fields(entries, columns)
    facts = [_fact(entry, place) for place, entry in entries]
    if not facts:
        raise UserError(f"{where} contains no facts.")
    return merge_duplicates(facts), layout


def parse_facts_text(text: str, format: FactsFormat = "auto", *, where: str = "The pasted text") -> list[Fact]:
    """Read facts from text, as it is pasted into the window: `parse_facts` without columns.

    Raises:
        UserError: The text does not hold facts.

    """
    return parse_facts(text, format, where=where)[0]


def holds_facts(text: str) -> bool:
    """Whether a pasted text looks like facts: JSON, or a table with their headers."""
    text = normal(text, "The pasted text").lstrip("\ufeff")
    return _json_kind(text) is not None or is_table(text)


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
    text = checked(text, where)
    if format == "auto":
        format = json_kind(text) or "text"
    if format in ("text", "markdown"):
        own, text = without_front_matter(text)
        return [TextDocument(own or (first_heading(text) if format == "markdown" else "") or title, text)]
    entries = enumerate(_DOCUMENT_READERS[format](text, where), start=1)
    documents = [_document(entry, place, f"{title} {number}") for number, (place, entry) in entries]
    if not documents:
        raise UserError(f"{where} contains no documents.")
    return documents


def merge_duplicates(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts without repetitions, in the order of their first mention.

    The same fact given twice counts once, with the paraphrases of both. Call it again on facts from several files. Two
    answers to one prompt both stay: what becomes of them is for the write to say.
    """
    merged: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        first = merged.setdefault((prompt_key(fact.prompt), same_text(fact.answer)), fact)
        if first is not fact:
            paraphrases = dict.fromkeys((*first.paraphrases, *fact.paraphrases))
            merged[prompt_key(fact.prompt), same_text(fact.answer)] = replace(first, paraphrases=tuple(paraphrases))
    return list(merged.values())


# The formats: each yields what an entry holds and how to name its place


Entries = Iterator[tuple[str, Mapping[str, object]]]


def json_kind(text: str) -> Literal["json", "jsonl"] | None:
    """Whether a text of unknown format is JSON or JSON Lines; it must be valid, as prose may begin with a bracket."""
    kind = _json_kind(text)
    return kind if kind and _is_json(text, kind) else None


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
                raise UserError(f'{where} gives the field "{shortened(name)}" twice in one entry.')
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
        raise UserError(f"{where} is not valid JSON: it contains a number that is too long.") from None


def _listed(value: object, where: str) -> Iterator[tuple[str, object]]:
    """The entries of a JSON list, each with its place."""
    if not isinstance(value, list):
        raise UserError(f"{where} must contain a list of entries, but it contains {_kind(value)}.")
    yield from ((f"{where}, entry {number}", entry) for number, entry in enumerate(value, start=1))


def _lines(text: str, where: str) -> Iterator[tuple[str, object]]:
    """The entries of a JSON Lines text, each with its place; empty lines are passed over."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = f"{where}, line {number}"
            yield place, _load_json(line, place, one_line=True)


def _with_fields(entries: Entries, columns: Sequence[str]) -> Entries:
    """Entries with the fields that a person named as prompt, answer and paraphrases."""
    for place, entry in entries:
        for name in columns[:2]:
            if name not in entry:
                raise UserError(f"{place} has no field “{name}”: --columns must name fields that every entry has.")
        yield place, {ours: entry[name] for ours, name in zip(COLUMNS, columns, strict=False) if name in entry}


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


def _document(entry: Mapping[str, object], place: str, title: str) -> TextDocument:
    """Return the document that an entry describes, with a title made from its text or else the given one."""
    _refuse_misspelling(entry, "probes", place)
    probes = []
    for number, value in enumerate(_list_field(entry, "probes", place), start=1):
        probe_place = f"{place}, probe {number}"
        probe = _object(value, probe_place)
        probes.append(Probe(_text_field(probe, "prompt", probe_place), _text_field(probe, "answer", probe_place)))
    own, text = without_front_matter(_text_field(entry, "text", place))
    if entry.get("title") not in (None, ""):
        own = _text_field(entry, "title", place)
    return TextDocument(own or first_heading(text) or title_of(text) or title, text, tuple(probes))


def _refuse_misspelling(entry: Mapping[str, object], name: str, place: str) -> None:
    """Refuse a field that is nearly an optional one: other fields are ignored, and this one would be lost."""
    if len(entry) > MOST_FIELDS:
        raise UserError(f"{place} has {len(entry):,} fields, more than the limit of {MOST_FIELDS:,}.")
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
    if is_blank(value):
        raise UserError(f"{place}: {name} is empty.")
    return normal(value, f"{place}: {name}")


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


Reader = Callable[[str, str], Entries]


def _json_facts(text: str, where: str) -> Entries:
    return _fact_records(_listed(pairs_listed(_load_json(text, where)), where))


def _jsonl_facts(text: str, where: str) -> Entries:
    return _fact_records(_lines(text, where))


def _fact_records(entries: Iterable[tuple[str, object]]) -> Entries:
    return ((place, fact_record(_object(entry, place))) for place, entry in entries)


def _json_documents(text: str, where: str) -> Entries:
    value = listed(_load_json(text, where), "text", TEXT_NAMES)
    alone = isinstance(value, dict | str)
    return _document_records([(where, value)] if alone else _listed(value, where))


def _jsonl_documents(text: str, where: str) -> Entries:
    return _document_records(_lines(text, where))


def _document_records(entries: Iterable[tuple[str, object]]) -> Entries:
    return ((place, _object(document_record(entry), place)) for place, entry in entries)


_FACT_READERS: Mapping[str, Reader] = {"json": _json_facts, "jsonl": _jsonl_facts}
_DOCUMENT_READERS: Mapping[str, Reader] = {"json": _json_documents, "jsonl": _jsonl_documents}
