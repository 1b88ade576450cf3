"""Reading the files and folders that people give: what each holds, as facts or documents, and what was noticed.

- A file's kind is recognised from its content, and from the extension if the content does not show it.
- Documents: text, Markdown, JSON, JSON Lines, PDF, DOCX, OpenDocument text, web pages, electronic books, and folders of
  them, in which a file that cannot be read is skipped and named.
- Facts: JSON, JSON Lines, and any table with two columns or more; a table with one column is read as a text.
- What a person should know about a file, such as a guessed encoding or guessed columns, is a note in its `FileRead`.

The libraries are imported when a file needs one, so that the program starts at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.formats import (
    DocumentsFormat,
    FactsFormat,
    merge_duplicates,
    parse_documents_text,
    parse_facts,
)
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.labelled import is_labelled
from bdh_workbench.inputs.names import INPUT
from bdh_workbench.inputs.pages import Page, kind_of
from bdh_workbench.inputs.tables import has_columns, is_table
from bdh_workbench.inputs.text_files import Decoded, checked, decode, read_bytes, shown, tidy
from bdh_workbench.wording import plural, shortened

FilePath = str | os.PathLike[str]
MOST_FILES = 10_000
"""The most files of a folder that are read."""
FOLDER_LIMIT = 200_000_000
"""The most characters that the documents of a folder may have together."""
NAMED_FILES = 10  # files that were passed over and are named in a summary

FACT_SUFFIXES: Mapping[str, FactsFormat] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
}
# A colon or an equals sign stands in every line, as in a table.
SETTINGS = (".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf")
DOCUMENT_SUFFIXES: Mapping[str, DocumentsFormat] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".ipynb": "json",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    **dict.fromkeys(SETTINGS, "text"),
}
TABLE_SUFFIXES = tuple(suffix for suffix, kind in FACT_SUFFIXES.items() if kind == "csv")
FILE_KINDS: Mapping[str, tuple[str, ...]] = {
    "Texts": (".txt", ".text", ".md", ".markdown", *SETTINGS),
    "PDF, word processor and web pages": (".pdf", ".docx", ".odt", ".html", ".htm", ".xhtml", ".epub"),
    "E-mails and subtitles": (".eml", ".srt", ".vtt"),
    "Tables and data": (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".ipynb"),
}
"""What can be read, by kind, with the extensions of its files: for the filters of file dialogs."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What was found in one file.

    Attributes:
        file: its path, as it can be shown.
        kind: text, markdown, json, jsonl, table, pdf, docx, odt, html, epub, mail or subtitles; "" if not known.
        encoding: of its text; "" where the kind settles it.
        detected: whether the encoding was guessed from the letters.
        columns: of a table whose columns have other names than ours, those used: a name in quotes, or a number from 1.
        facts: that it holds.
        documents: that it holds.
        notes: what a person should know, in sentences.
        skipped: why it was passed over, in a sentence; "" if it was read.
    """

    file: str
    kind: str = ""
    encoding: str = ""
    detected: bool = False
    columns: tuple[str, ...] = ()
    facts: int = 0
    documents: int = 0
    notes: tuple[str, ...] = ()
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Facts and documents of files, and what was found in each file."""

    facts: list[Fact] = field(default_factory=list)
    documents: list[TextDocument] = field(default_factory=list)
    files: list[FileRead] = field(default_factory=list)

    def notes(self) -> list[str]:
        """What a person should know of the files, in sentences."""
        said = [note for file in self.files for note in file.notes]
        passed = [file.skipped for file in self.files if file.skipped]
        if passed:
            said.append(f"Skipped {plural(len(passed), 'file')} that could not be read:")
            said += [f"  {reason}" for reason in passed[:NAMED_FILES]]
            said += [f"  and {len(passed) - NAMED_FILES:,} more."] * (len(passed) > NAMED_FILES)
        return said


def read_inputs(facts: Sequence[FilePath], documents: Sequence[FilePath], columns: Sequence[str] = ()) -> Inputs:
    """Read files of facts, and files and folders of documents.

    A document's title is what it says itself, in front matter, in a field or in a file's properties; else a Markdown
    text is titled after its first heading, a record without a title after its heading or first words, and any other
    after its file.

    Args:
        facts: files of facts; a table with one column becomes a document.
        documents: files and folders of documents.
        columns: of tables of facts, as `parse_facts` takes them.

    Raises:
        UserError: naming the first file that cannot be read, or a folder in which no file can.
    """
    parts = [*(_facts_of(path, columns) for path in facts), *(_documents_of(path) for path in documents)]
    return _together(parts)


def read_any(paths: Sequence[FilePath], columns: Sequence[str] = ()) -> Inputs:
    """Read files and folders of which nobody said what they hold: tables and lists of facts as facts, else documents.

    Raises:
        UserError: naming the first file that contains neither.
    """
    return _together([_any_of(path, columns) for path in paths])


def read_facts(path: FilePath) -> list[Fact]:
    """Read the facts of a JSON or JSON Lines file or of a table.

    A fact that stands twice is returned once, with the paraphrases of both.

    Raises:
        UserError: The file cannot be read, or does not hold facts.

    """
    return _facts(path, _text_of(read_bytes(path), path), ()).facts


def _together(parts: Iterable[Inputs]) -> Inputs:
    together = Inputs()
    for one in parts:
        together.facts.extend(one.facts)
        together.documents.extend(one.documents)
        together.files.extend(one.files)
    return replace(together, facts=merge_duplicates(together.facts))


# One file


def _suffix(path: FilePath) -> str:
    return os.path.splitext(os.fspath(path))[1].lower()


def _title(path: FilePath) -> str:
    # A file name need not be valid Unicode; a title must be, since it is saved and shown.
    return tidy(Path(shown(path)).stem)


def _text_of(raw: bytes, path: FilePath) -> Decoded:
    """The text of a file of facts: it is no document with a layout."""
    where = shown(path)
    kind = kind_of(raw, _suffix(path), where)
    if kind:
        raise UserError(f"{where} is {_KIND_NAMES[kind]}, which contains no facts: give it as a document.")
    return decode(raw, where)


_KIND_NAMES = {
    "pdf": "a PDF",
    "docx": "a word processor's file",
    "odt": "a word processor's file",
    "html": "a web page",
    "epub": "an electronic book",
    "mail": "an e-mail",
    "subtitles": "a file of subtitles",
}


def _facts(path: FilePath, text: Decoded, columns: Sequence[str]) -> Inputs:
    where = shown(path)
    facts, layout = parse_facts(text.text, FACT_SUFFIXES.get(_suffix(path), "auto"), columns, where=where)
    notes = _encoding_notes(text, where)
    named = layout.named if layout is not None else ()
    if layout is not None and layout.named:
        sides = " and ".join(
            f"{side} from column {name}" for side, name in zip(("prompt", "answer", "paraphrases"), named, strict=False)
        )
        first = "" if layout.headed else "; its first row is read as a fact"
        advice = " (other columns can be chosen)" if layout.guessed else ""
        more = f"; column “{INPUT}” continues the prompt" if INPUT in layout.columns else ""
        notes.append(f"{where}: {sides}{more}{first}{advice}.")
        if layout.passed:
            above = ", ".join(f"“{shortened(title, 40)}”" for title in layout.passed[:3])
            notes.append(f"{where}: what stands above the table left out ({above}).")
        if layout.left_out:
            rows = "row" if layout.left_out == 1 else "rows"
            notes.append(f"{where}: {layout.left_out:,} {rows} without a prompt or an answer left out.")
    given = FACT_SUFFIXES.get(_suffix(path)) or "json"
    kind = "table" if layout is not None else "text" if is_labelled(checked(text.text, where)) else given
    file = FileRead(
        where,
        kind,
        text.encoding,
        text.detected,
        tuple(name.strip("“”") for name in named),
        len(facts),
        0,
        tuple(notes),
    )
    return Inputs(facts, [], [file])


def _facts_of(path: FilePath, columns: Sequence[str]) -> Inputs:
    """The facts of a file; a table with one column is a text."""
    raw = read_bytes(path)
    text = _text_of(raw, path)
    said = checked(text.text, shown(path))
    if not columns and _suffix(path) in TABLE_SUFFIXES and not (has_columns(said) or is_labelled(said)):
        document = _document_file(raw, path)
        note = f"{shown(path)} is not a table with two columns, so it was read as text."
        return replace(document, files=[replace(document.files[0], notes=(*document.files[0].notes, note))])
    return _facts(path, text, columns)


def _documents_of(path: FilePath) -> Inputs:
    """The documents of a file or folder."""
    return _folder(path, _document_file_at) if os.path.isdir(path) else _document_file_at(path)


def _document_file_at(path: FilePath) -> Inputs:
    return _document_file(read_bytes(path), path)


def _document_file(raw: bytes, path: FilePath) -> Inputs:
    where, suffix = shown(path), _suffix(path)
    kind = kind_of(raw, suffix, where)
    if kind:
        page, text = _page(raw, kind, where)
        notes = [*_encoding_notes(text, where), *([f"{where}: {page.note}."] if page.note else [])]
        document = TextDocument(tidy(page.title) or _title(path), checked(page.text, where))
        file = FileRead(where, kind, text.encoding, text.detected, documents=1, notes=tuple(notes))
        return Inputs([], [document], [file])
    text = decode(raw, where)
    format = DOCUMENT_SUFFIXES.get(suffix, "auto")
    documents = parse_documents_text(text.text, format, title=_title(path), where=where)
    kind = format if format != "auto" else "text"
    notes = _encoding_notes(text, where)
    file = FileRead(where, kind, text.encoding, text.detected, documents=len(documents), notes=tuple(notes))
    return Inputs([], documents, [file])


def _page(raw: bytes, kind: str, where: str) -> tuple[Page, Decoded]:
    """What a file that is laid out for people says, and how a web page is encoded."""
    packed = Decoded("", "")
    if kind == "pdf":
        from bdh_workbench.inputs.pdf import read_pdf

        return read_pdf(raw, where), packed
    if kind in ("docx", "odt"):
        from bdh_workbench.inputs import office

        return (office.read_docx if kind == "docx" else office.read_odt)(raw, where), packed
    if kind == "mail":
        from bdh_workbench.inputs.spoken import read_mail

        return read_mail(raw, where), packed
    if kind == "subtitles":
        from bdh_workbench.inputs.spoken import read_subtitles

        text = decode(raw, where)
        return read_subtitles(text.text), text
    from bdh_workbench.inputs import web

    if kind == "epub":
        return web.read_epub(raw, where), packed
    text = decode(raw, where, web.declared_encoding(raw))
    return web.read_html(text.text, where), text


def _encoding_notes(text: Decoded, where: str) -> list[str]:
    if text.detected:
        return [f"{where}: read as {text.encoding}, which was detected from its letters."]
    if text.damaged:
        what = "1 character that is" if text.damaged == 1 else f"{text.damaged:,} characters that are"
        return [f"{where}: UTF-8 with {what} damaged."]
    return [f"{where}: read as {text.encoding}."] if text.encoding not in ("", "UTF-8") else []


def _any_of(path: FilePath, columns: Sequence[str]) -> Inputs:
    """What a file or folder holds."""
    if os.path.isdir(path):
        return _folder(path, lambda file: _any_of(file, columns))
    raw, suffix, where = read_bytes(path), _suffix(path), shown(path)
    if kind_of(raw, suffix, where):
        return _document_file(raw, path)
    if suffix in TABLE_SUFFIXES:
        return _facts_of(path, columns)
    text = decode(raw, where)
    if DOCUMENT_SUFFIXES.get(suffix) in ("text", "markdown"):
        # A card program exports its cards as .txt.
        return _facts(path, text, columns) if is_table(checked(text.text, where)) else _document_file(raw, path)
    try:
        return _facts(path, text, columns)
    except UserError as problem:
        try:
            return _document_file(raw, path)
        except UserError:
            raise problem from None


# Folders


def _folder(path: FilePath, read: Callable[[Path], Inputs]) -> Inputs:
    """What the files of a folder and of the folders in it hold; files that cannot be read are passed over and named.

    Raises:
        UserError: when none can be read, or it holds too much.
    """
    where = shown(path)
    parts: list[Inputs] = []
    size = 0
    for count, file in enumerate(_files(Path(path), parts), start=1):
        if count > MOST_FILES:
            raise UserError(f"{where} has more than {MOST_FILES:,} files: give the folders in it one by one.")
        try:
            parts.append(read(file))
        except UserError as problem:
            parts.append(_passed_over(file, str(problem)))
        size += sum(len(document.text) for document in parts[-1].documents)
        if size > FOLDER_LIMIT:
            raise UserError(
                f"{where} contains more than {FOLDER_LIMIT / 1e6:.0f} MB of text: give the folders in it one by one."
            )
    inputs = _together(parts)
    if not (inputs.facts or inputs.documents):
        passed = next((f" {file.skipped}" for file in inputs.files if file.skipped), "")
        raise UserError(f"{where} is a folder with no file that can be read.{passed}")
    return replace(inputs, documents=_told_apart(inputs.documents, inputs.files, Path(path)))


def _passed_over(path: FilePath, reason: str) -> Inputs:
    return Inputs(files=[FileRead(shown(path), skipped=reason)])


def _files(folder: Path, parts: list[Inputs]) -> Iterator[Path]:
    """The files in a folder and the folders in it, by name; hidden ones and links to folders not.

    Folders that may not be read are noted among ``parts``.
    """

    def refused(error: OSError) -> None:
        name = shown(error.filename or folder)
        parts.append(_passed_over(name, f"{name} cannot be read: {(error.strerror or 'input error').lower()}."))

    for at, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith((".", "~$")) and os.path.isfile(os.path.join(at, name)):
                yield Path(at, name)


def _told_apart(documents: list[TextDocument], files: Sequence[FileRead], folder: Path) -> list[TextDocument]:
    """Documents with titles of their own: those of one title in several folders get their folder's name before it."""
    owners = [file.file for file in files for _ in range(file.documents)]
    titles = [document.title for document in documents]
    named = []
    for document, owner in zip(documents, owners, strict=True):
        part = tidy(os.path.relpath(os.path.dirname(owner), shown(folder)))
        again = titles.count(document.title) > 1 and part != "."
        named.append(replace(document, title=f"{part}/{document.title}") if again else document)
    return named
