"""Reading PDF files with `pypdf`: the text of their pages, as paragraphs.

A PDF stores lines, not paragraphs. Lines that fill their column are joined to the next, words hyphenated at a line end
are put together, and lines that recur on most pages (titles, page numbers) are left out.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.pages import Page, damaged
from bdh_workbench.inputs.text_files import SIZE_LIMIT
from bdh_workbench.wording import plural

MOST_PAGES = 10_000
_FULL = 0.75  # of a long line's length: a line of the text that runs on is no shorter
_RETURNING = 0.5  # share of pages on which a first or last line returns
# An entry of a list, or a numbered title.
_LIST = re.compile(r"(?:[•▪◦‣·*–—-]|\(?(?:\d{1,3}|[a-z])[.)]|\d{1,2}(?:\.\d{1,2})+\.?)\s")
_LEADER = re.compile(r"(?:\s?\.){5,}\s*")  # the dots of a table of contents
_ENDED = re.compile(r"[.!?…:\u3002\uff01\uff1f][\"'”’»)\]]*$")
_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_NUMBER = re.compile(r"[-–— ]*(?:page |p\. |seite )?\d{1,4}(?: ?(?:/|of|von|de) ?\d{1,4})?[-–— ]*", re.IGNORECASE)
_PROGRAM = re.compile(r"^Microsoft \w+ - |\.(?:docx?|odt|rtf|tex|dvi|indd|pdf|pptx?|xlsx?|html?)$", re.IGNORECASE)
_GLYPHS = re.compile(r"[\ufffd\ue000-\uf8ff]|\(cid:\d+\)|/[gGcC]\d{1,4}")
_UNREADABLE = 0.3  # share of characters that are numbers of glyphs, where a font does not say which letters they are


def read_pdf(raw: bytes, where: str) -> Page:
    """The text of a PDF file.

    Args:
        raw: what the file holds.
        where: what to call it in an error.

    Raises:
        UserError: when it has a password, is damaged, or has no text.
    """
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports each small fault that it worked around
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UserError(f"{where} is protected by a password: save a copy without one and read that.")
        count = len(reader.pages)
    except UserError:
        raise
    except Exception:  # a spoilt file can fail anywhere inside pypdf
        raise UserError(damaged(where)) from None
    if count > MOST_PAGES:
        raise UserError(f"{where} has {count:,} pages, more than the limit of {MOST_PAGES:,}: split it.")
    texts, failed, length = [], 0, 0
    for number in range(count):
        try:
            text = reader.pages[number].extract_text()
        except Exception:
            failed += 1
            text = ""
        # Halves of one character may come one by one; what is left of one alone becomes a sign for it.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
        length += len(text)
        if length > SIZE_LIMIT:
            raise UserError(f"{where} contains more text than the limit of {SIZE_LIMIT / 1e6:.0f} MB: split it.")
        texts.append(text)
    letters = "".join("".join(text.split()) for text in texts)
    if not letters:
        if failed or not count:
            raise UserError(damaged(where))
        raise UserError(
            f"{where} has {plural(count, 'page')} and no text: they are empty or scanned pictures. "
            "Run text recognition (OCR) over it first."
        )
    if sum(len(match[0]) for match in _GLYPHS.finditer(letters)) > _UNREADABLE * len(letters):
        raise UserError(
            f"{where} does not say which letters its fonts draw, so its text cannot be read: run text recognition "
            "(OCR) over it first."
        )
    empty = sum(not text.strip() for text in texts)
    note = f"{empty} of {count} pages have no text that could be read" if empty else ""
    return Page(paragraphs(texts), _title(reader), note)


def _title(reader: object) -> str:
    """The title that the file gives itself, unless a program put a file name there."""
    try:
        title = " ".join(str(getattr(reader, "metadata").title or "").split())  # noqa: B009
    except Exception:
        return ""
    return "" if _PROGRAM.search(title) or title.lower() in ("untitled", "title", "none") else title[:200]


def paragraphs(pages: Sequence[str]) -> str:
    """The text of pages as paragraphs, with an empty line between two."""
    lines = _without_returning([[line.rstrip() for line in page.split("\n")] for page in pages])
    lengths = sorted(len(line.strip()) for page in lines for line in page if line.strip())
    full = _FULL * lengths[len(lengths) * 9 // 10] if lengths else 0.0
    hyphened = set(re.findall(r"\w+-\w+", " ".join(line for page in lines for line in page)))
    paragraphs: list[str] = []
    last = ""  # the line before, "" where a paragraph must begin
    for page in lines:
        last = "" if _ENDED.search(last) else last  # a page's end is a paragraph's end only after a sentence
        for line in page:
            contents = _LEADER.search(line) is not None
            line = _LEADER.sub(" ", line).strip()
            if not line:
                last = ""
            elif last and not contents and _runs_on(last, line, full):
                paragraphs[-1] = _joined(paragraphs[-1], line, hyphened)
                last = line
            else:
                paragraphs.append(line)
                last = "" if contents else line
    return "\n\n".join(paragraphs)


def _runs_on(last: str, line: str, full: float) -> bool:
    """Whether a line continues the one before it."""
    if _LIST.match(line):
        return False
    if line[0].islower() or last.endswith(("-", "\xad", ",")):
        return True
    return len(last) >= full


def _joined(text: str, line: str, hyphened: set[str]) -> str:
    """A paragraph with its next line."""
    if text.endswith("\xad"):
        return text[:-1] + line
    if text.endswith(("-", "\u2010")) and line[0].islower() and text[-2:-1].isalpha():
        before, after = re.findall(r"\w+$", text[:-1]), re.findall(r"^\w+", line)
        keep = bool(before and after) and f"{before[0]}-{after[0]}" in hyphened
        return (text if keep else text[:-1]) + line
    gap = "" if _WIDE.match(text[-1]) and _WIDE.match(line[0]) else " "
    return text + gap + line


def _without_returning(pages: list[list[str]]) -> list[list[str]]:
    """Pages without their running titles and numbers: first and last lines that return, but for their numbers.

    A running title stays where it stands first: it may be the title of the whole.
    """
    stripped = [_trimmed(page) for page in pages]
    written = sum(map(bool, stripped))
    for end in (0, -1):
        for _ in range(2):  # a page may have a title and a number above each other
            lines = [re.sub(r"\d+", "#", page[end].strip()) if page else "" for page in stripped]
            counts = Counter(filter(None, lines))
            seen: set[str] = set()
            for place, line in enumerate(lines):
                returns = counts[line] >= 3 and counts[line] > _RETURNING * written
                if (returns and (line in seen or end)) or (line and _is_number(stripped[place][end], written)):
                    stripped[place] = _trimmed(stripped[place][1:] if end == 0 else stripped[place][:-1])
                seen.add(line)
    return stripped


def _is_number(line: str, pages: int) -> bool:
    return pages > 1 and _NUMBER.fullmatch(line.strip()) is not None


def _trimmed(lines: Iterable[str]) -> list[str]:
    """Lines without the empty ones at both ends."""
    kept = list(lines)
    while kept and not kept[0].strip():
        kept.pop(0)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept
