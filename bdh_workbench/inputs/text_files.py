"""Reading files and their encodings: text is Unicode in one form, whatever the system that wrote it.

- UTF-8 is taken where it is valid. Any other encoding is what a mark at the beginning or a web page says, or else what
  `chardet` detects from the letters; a short text gives it little to go by, so what was detected is said.
- Any problem with a file is a `UserError`: one sentence that names the file.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
import unicodedata
from dataclasses import dataclass

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank

SIZE_LIMIT = 20_000_000
"""The largest text that is read, in bytes."""
PACKED_LIMIT = 200_000_000
"""The largest file that holds pictures beside its text, a PDF or an office file, in bytes."""
PACKED_SUFFIXES = (".pdf", ".docx", ".docm", ".dotx", ".odt", ".epub")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_ALLOWED_CONTROLS = "\t\n\v\r\f\b\x1b\x1a\x85"
_ODD_SHARE = 0.02  # of control characters and of code points that nobody uses: beyond it, a file is no text
_LOOKED_AT = 200_000  # bytes
_SHIFTED = re.compile(rb"\x1b[$(][@A-J]")  # ISO 2022: valid ASCII, and Japanese, Chinese or Korean
# Where the letters speak for several encodings alike, the one that more files are in.
_COMMON = ("windows-1252", "cp1252", "windows-1251", "windows-1250", "gb18030", "cp932", "big5", "cp949")
_NEARLY = 0.9999
_SOUND = 10  # characters of UTF-8 beside each damaged one: a file with fewer is in another encoding


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file.

    Attributes:
        text: as the file has it.
        encoding: that it is in, as people write its name.
        detected: whether that was guessed from the letters.
        damaged: characters that could not be read and became U+FFFD.
    """

    text: str
    encoding: str = "UTF-8"
    detected: bool = False
    damaged: int = 0


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return what a file holds, or say why it cannot be read.

    Raises:
        UserError: when there is none, or it is a folder, empty or too large.
    """
    where = shown(path)
    limit = PACKED_LIMIT if os.fspath(path).lower().endswith(PACKED_SUFFIXES) else SIZE_LIMIT
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size > limit:
                raise UserError(_too_large(where, limit, status.st_size))
            # A pipe does not tell its size, so never read more than is allowed.
            raw = file.read(limit + 1)
    except FileNotFoundError:
        raise UserError(f"{where} does not exist.") from None
    except IsADirectoryError:
        raise UserError(f"{where} is a folder, not a file.") from None
    except PermissionError:
        # Windows reports a folder in this way.
        if os.path.isdir(path):
            raise UserError(f"{where} is a folder, not a file.") from None
        raise UserError(f"{where} cannot be read: permission denied.") from None
    except OSError as error:
        raise UserError(f"{where} cannot be read: {error.strerror or 'input error'}.") from None
    except ValueError:
        raise UserError(f"{where} is not a usable file name.") from None
    if len(raw) > limit:
        raise UserError(_too_large(where, limit, None))
    if not raw:
        raise UserError(f"{where} is empty.")
    return raw


def _too_large(where: str, limit: int, size: int | None) -> str:
    """Return the sentence about a file over the limit."""
    bound = f"{limit / 1e6:.0f} MB"
    if size is None:
        return f"{where} is larger than the limit of {bound}: split it into smaller files."
    return f"{where} is {size / 1e6:.1f} MB, more than the limit of {bound}: split it into smaller files."


def decode(raw: bytes, where: str, declared: str = "") -> Decoded:
    """Return the text that the bytes stand for.

    Args:
        raw: what a file holds.
        where: what to call the file in an error.
        declared: the encoding that the text says it is in, "" for none.

    Raises:
        UserError: when they are no text.
    """
    for mark, codec, name in _MARKS:
        if raw.startswith(mark):
            try:
                text = raw.decode(codec)
            except UnicodeDecodeError:
                raise UserError(f"{where} begins as {name} text but is damaged or cut off.") from None
            return Decoded(_text(text, where), name)
    if b"\0" not in raw and not _SHIFTED.search(raw):
        try:
            return Decoded(_text(raw.decode(), where))
        except UnicodeDecodeError:
            pass
    if declared:
        try:
            return Decoded(_text(raw.decode(declared), where), _named(declared))
        except (UnicodeDecodeError, LookupError):
            pass  # pages do say what is not so
    if _control_share(raw) > _ODD_SHARE:
        raise UserError(f"{where} is a binary file, not text.")
    return _detected(raw, where)


def _detected(raw: bytes, where: str) -> Decoded:
    """The text in the likeliest encoding in which it can be read."""
    if b"\0" not in raw:
        text = raw.decode(errors="replace")
        damaged = text.count("\ufffd")
        if 0 < damaged * (_SOUND + 1) <= sum(character > "\x7f" for character in text):
            return Decoded(text, damaged=damaged)
    import chardet

    eras = chardet.EncodingEra.ALL & ~chardet.EncodingEra.MAINFRAME
    candidates = chardet.detect_all(raw, encoding_era=eras, max_bytes=_LOOKED_AT)
    best = max((one["confidence"] for one in candidates), default=0.0)
    names = [one["encoding"] or "" for one in candidates]
    near = [one["encoding"] for one in candidates if one["confidence"] >= _NEARLY * best and one["encoding"]]
    for name in dict.fromkeys((*(n for common in _COMMON for n in near if n.lower() == common), *names)):
        try:
            text = raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if _odd_share(text) <= _ODD_SHARE:
            # Where a common encoding gives the same text, that is the one to name.
            alike = next((common for common in _COMMON if _decodes_to(raw, common, text)), name)
            return Decoded(text, _named(alike), detected=True)
    if b"\0" in raw:
        raise UserError(f"{where} is a binary file, not text.")
    line = _first_odd_line(raw)
    raise UserError(f"{where} is text in an unknown encoding (line {line}): save it as UTF-8.")


def _decodes_to(raw: bytes, name: str, text: str) -> bool:
    try:
        return raw.decode(name) == text
    except UnicodeDecodeError:
        return False


def _first_odd_line(raw: bytes) -> int:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return raw.count(b"\n", 0, error.start) + 1
    return 1


def _named(codec: str) -> str:
    """The name of an encoding as people write it: UTF-16, Windows-1252, KOI8-R."""
    name = codec.strip().lower().replace("_", "-")
    number = re.fullmatch(r"(?:cp|windows-)(125\d)", name)
    if number:
        return f"Windows-{number[1]}"
    iso = re.fullmatch(r"iso-?8859-(\d+)", name)
    return f"ISO-8859-{iso[1]}" if iso else name.upper()


def _text(text: str, where: str) -> str:
    """The text, unless it is none."""
    if "\0" in text or _odd_share(text) > _ODD_SHARE:
        raise UserError(f"{where} is a binary file, not text.")
    return text


def _control_share(raw: bytes) -> float:
    """The share of bytes that are control characters no text needs; zero bytes, which UTF-16 has, are not counted."""
    unwanted = bytes(byte for byte in (*range(1, 32), 127) if chr(byte) not in _ALLOWED_CONTROLS)
    return (len(raw) - len(raw.translate(None, unwanted))) / len(raw)


_ODD = re.compile(f"[^\\x20-\\x7e\\xa0-\\ud7ff{re.escape(_ALLOWED_CONTROLS)}]")


def _odd_share(text: str) -> float:
    """The share of characters that no text needs: controls, and code points that nobody uses."""
    odd = sum(unicodedata.category(match[0]) in ("Cc", "Cn", "Co") for match in _ODD.finditer(text, 0, _LOOKED_AT))
    return odd / max(1, min(len(text), _LOOKED_AT))


def checked(text: str, where: str) -> str:
    """Return the text with LF line ends and composed characters, if there is something to read and not too much.

    Byte order marks at its beginning are left out: programs that each add one make two of them.
    """
    if len(text) > SIZE_LIMIT:
        raise UserError(_too_large(where, SIZE_LIMIT, None))
    if is_blank(text):
        raise UserError(f"{where} is empty.")
    return normal(text.lstrip("\ufeff"), where)


def normal(text: str, where: str) -> str:
    """Return the text with LF line ends and composed characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # A JSON escape can name half a character, which could be neither saved nor shown.
        raise UserError(f"{where} contains half a character (a lone surrogate).") from None
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path as it can stand in one line of text."""
    return tidy(os.fspath(path)) or "The file name"


def tidy(text: str) -> str:
    """Return text on one line, without the halves of characters that a file name may hold."""
    return unicodedata.normalize("NFC", " ".join(text.encode(errors="replace").decode().replace("\0", " ").split()))
