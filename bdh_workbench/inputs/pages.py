"""Which kind of file a document is, and what to say about those that cannot be read."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bdh_workbench.errors import UserError

if TYPE_CHECKING:
    import zipfile

UNPACKED_LIMIT = 200_000_000
"""The most bytes that the parts of a packed file that are read may have."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old office files, and new ones with a password
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:From [^\n]*\n)?[A-Za-z-]+:[ \t]", re.ASCII)  # of an e-mail
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_NAMES = {"pdf": "a PDF", "docx": "a DOCX", "odt": "an ODT", "epub": "an EPUB"}
_SUFFIXES = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".dotx": "docx",
    ".odt": "odt",
    ".epub": "epub",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".eml": "mail",
    ".srt": "subtitles",
    ".vtt": "subtitles",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What a file that is laid out for people says.

    Attributes:
        text: the readable text, with an empty line between paragraphs.
        title: that the file gives itself; "" for none.
        note: what was left out of it; "" for nothing.
    """

    text: str
    title: str = ""
    note: str = ""


def kind_of(raw: bytes, suffix: str, where: str) -> str:
    """What a file is: pdf, docx, odt, epub, html, mail, subtitles, or "" for plain text or data.

    Its content counts, not its name; e-mails and subtitles must be named so too.

    Args:
        raw: what the file holds.
        suffix: of its name, with the dot, in lower case.
        where: what to call it in an error.

    Raises:
        UserError: when it is of a kind that cannot be read.
    """
    if b"%PDF-" in raw[: 1024 if suffix == ".pdf" else 5]:
        return "pdf"
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed_kind(raw, suffix, where)
    if raw.startswith(_OLE):
        if _ENCRYPTED in raw:
            raise UserError(f"{where} is protected by a password: save a copy without one and read that.")
        raise UserError(f"{where} is in an old Office format: save it as .docx, or its table as .csv.")
    raw = _one_byte_each(raw)
    if raw.startswith(b"{\\rtf"):
        raise UserError(f"{where} is a rich text file: save it as .docx or as plain text.")
    kind = _SUFFIXES.get(suffix, "")
    if kind in _NAMES:
        raise UserError(
            f"{where} is not {_NAMES[kind]} file, despite its name: it is damaged, or another kind of file."
        )
    if kind == "mail" and _HEADER.match(raw):
        return kind
    if kind == "subtitles" and b"-->" in raw:
        return kind
    if kind == "html" or (suffix not in (".txt", ".text", ".md", ".markdown") and _begins_as_html(raw)):
        return "html"
    return ""


def _one_byte_each(raw: bytes) -> bytes:
    """A text of ASCII letters as UTF-8 has it: UTF-16 and UTF-32 put zeros beside each letter."""
    if b"\0" not in raw[:1024]:
        return raw
    return raw.replace(b"\0", b"").removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE)


def _begins_as_html(raw: bytes) -> bool:
    start = raw[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<?xml") and b"<html" in start)


def _packed_kind(raw: bytes, suffix: str, where: str) -> str:
    with unpacking(raw, where) as archive:
        names = set(archive.namelist())
        if "word/document.xml" in names:
            return "docx"
        if "META-INF/container.xml" in names:
            return "epub"
        if "content.xml" in names and suffix in (".odt", ".ott"):
            return "odt"
    if any(name.startswith("xl/") for name in names):
        raise UserError(f"{where} is a spreadsheet: save its table as .csv.")
    if any(name.startswith("ppt/") for name in names):
        raise UserError(f"{where} is a presentation: save it as PDF.")
    raise UserError(
        f"{where} is a zip file or another kind of file that cannot be read: unpack it, or save it as PDF or text."
    )


@contextmanager
def unpacking(raw: bytes, where: str) -> Iterator[zipfile.ZipFile]:
    """Open a packed file, and say in one sentence what is wrong with it.

    Raises:
        UserError: when it is damaged, has a password, or becomes too large.
    """
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield archive
    except UserError:
        raise
    except RuntimeError as error:  # zipfile says so where a part has a password
        if "password" not in str(error):
            raise UserError(damaged(where)) from None
        raise UserError(f"{where} is protected by a password: save a copy without one and read that.") from None
    except Exception:  # a spoilt archive can fail anywhere inside zipfile and zlib
        raise UserError(damaged(where)) from None


def part(archive: zipfile.ZipFile, name: str, where: str) -> bytes:
    """One part of a packed file.

    Raises:
        UserError: when it is larger than is read: a few kilobytes can unpack to gigabytes.
    """
    with archive.open(name) as file:
        contents = file.read(UNPACKED_LIMIT + 1)
    if len(contents) > UNPACKED_LIMIT:
        raise UserError(too_much(where))
    return contents


def damaged(where: str) -> str:
    """The sentence about a file that cannot be read to its end."""
    return f"{where} is damaged or cut off: open it in the program that made it and save it again."


def too_much(where: str) -> str:
    """The sentence about a small file that holds too much."""
    return f"{where} unpacks to more than the limit of {UNPACKED_LIMIT / 1e6:.0f} MB: split it into smaller files."
