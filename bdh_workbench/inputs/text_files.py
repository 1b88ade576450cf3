"""Reading text files: encodings are told apart or refused, and text is Unicode in one form, whatever the system wrote.

Whatever is wrong with a file is told in one sentence that names it: always a `UserError`.
"""

from __future__ import annotations

import codecs
import os
import stat
import unicodedata

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank

SIZE_LIMIT = 20_000_000
"""The largest file that is read, in bytes."""

_SIGNATURES = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a zip or office file"),
    (b"{\\rtf", "a rich text file"),
)
_ALLOWED_CONTROLS = b"\t\n\v\r\f\b\x1b"
_CONTROL_SHARE = 0.02


def read_text(path: str | os.PathLike[str]) -> str:
    """Return a file's text, or say why it has none."""
    where = shown(path)
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


def checked(text: str, where: str) -> str:
    """Return the text with LF line ends and composed characters, if there is something to read and not too much.

    Byte order marks at its beginning are left out: programs that each add one make two of them.
    """
    if len(text) > SIZE_LIMIT:
        raise UserError(_too_large(where, None))
    if is_blank(text):
        raise UserError(f"{where} is empty.")
    return normal(text.lstrip("\ufeff"), where)


def normal(text: str, where: str) -> str:
    """Return the text with LF line ends and composed characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # A JSON escape can name half a character, which could be neither saved nor shown.
        raise UserError(f"{where} holds half a character (a lone surrogate).") from None
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path as it can stand in one line of text."""
    return tidy(os.fspath(path)) or "The file name"


def tidy(text: str) -> str:
    """Return text on one line, without the halves of characters that a file name may hold."""
    return unicodedata.normalize("NFC", " ".join(text.encode(errors="replace").decode().replace("\0", " ").split()))
