"""Reading the texts of word processors: DOCX with `python-docx`, and OpenDocument text.

Paragraphs, headings, lists, tables, text boxes and notes are read in their order; what was deleted with changes being
tracked is not, and what was inserted is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.pages import UNPACKED_LIMIT, Page, damaged, part, too_much, unpacking

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SKIPPED = {
    _W + "moveFrom",  # where a tracked change took a text away from
    _W + "instrText",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",  # the same text box a second time
}
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "\xad", "ptab": "\t"}
_T = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"


def read_docx(raw: bytes, where: str) -> Page:
    """The text of a DOCX file.

    Raises:
        UserError: when it is damaged, becomes too large, or has no text.
    """
    with unpacking(raw, where) as archive:
        if sum(entry.file_size for entry in archive.infolist() if entry.filename.endswith(".xml")) > UNPACKED_LIMIT:
            raise UserError(too_much(where))
    import docx

    try:
        document = docx.Document(io.BytesIO(raw))
        body = document.element.body
        styled = [p.text for p in document.paragraphs[:20] if p.style is not None and p.style.name == "Title"]
        title = document.core_properties.title or (styled[0] if styled else "")
        trees = [body, *_notes(document.part)]
        text = "\n\n".join(block for tree in trees for block in _docx_blocks(tree))
    except Exception:  # a spoilt file can fail anywhere inside python-docx and lxml
        raise UserError(damaged(where)) from None
    if not text.strip():
        raise UserError(f"{where} contains no text.")
    return Page(text, _one_line(title))


def _notes(main: Any) -> Iterator[Any]:
    """Footnotes and endnotes of a document."""
    from docx.oxml.parser import parse_xml

    for relation in main.rels.values():
        if not relation.is_external and relation.reltype.endswith(("/footnotes", "/endnotes")):
            yield parse_xml(relation.target_part.blob)


def _docx_blocks(tree: Any) -> Iterator[str]:
    """Paragraphs, and rows of tables on lines of their own."""
    from lxml import etree

    blocks: list[list[str]] = [[]]  # of nested paragraphs, as a text box stands in one
    rows: list[list[str]] = []  # of nested tables
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, node in walk:
        tag = node.tag
        if not isinstance(tag, str):
            continue
        if event == "start":
            if tag in _SKIPPED:
                walk.skip_subtree()
            elif tag == _W + "p":
                blocks.append([])
            elif tag == _W + "tr":
                rows.append([])
            elif tag == _W + "tc" and rows:
                rows[-1].append("")
            elif tag == _W + "t" and node.text:
                blocks[-1].append(node.text)
            elif tag.removeprefix(_W) in _SIGNS and node.getparent().tag == _W + "r":
                # Elsewhere a tab stands among the settings of a paragraph and is no sign of the text.
                blocks[-1].append(_SIGNS[tag.removeprefix(_W)])
        elif tag == _W + "p" and len(blocks) > 1:
            text = "".join(blocks.pop()).strip()
            if text and rows and rows[-1]:
                rows[-1][-1] = f"{rows[-1][-1]} {text}".strip()
            elif text:
                yield text
        elif tag == _W + "tr" and rows:
            cells = rows.pop()
            line = "\t".join(" ".join(cell.split()) for cell in cells).strip()
            if line and rows and rows[-1]:
                rows[-1][-1] = f"{rows[-1][-1]} {line}".strip()
            elif line:
                yield line


def read_odt(raw: bytes, where: str) -> Page:
    """The text of an OpenDocument text.

    Raises:
        UserError: when it is damaged, has a password, becomes too large, or has no text.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    with unpacking(raw, where) as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in part(archive, "META-INF/manifest.xml", where):
            raise UserError(f"{where} is protected by a password: save a copy without one and read that.")
        tree = etree.fromstring(part(archive, "content.xml", where), parser)
        meta = part(archive, "meta.xml", where) if "meta.xml" in names else b"<none/>"
        title = etree.fromstring(meta, parser).findtext(f".//{_DC_TITLE}") or ""
        text = "\n\n".join(_odt_blocks(tree))
    if not text.strip():
        raise UserError(f"{where} contains no text.")
    return Page(text, _one_line(title))


def _odt_blocks(tree: Any) -> Iterator[str]:
    """Paragraphs and headings, and rows of tables on lines of their own."""
    from lxml import etree

    texts: list[list[str]] = []
    cells: list[str] | None = None
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, node in walk:
        if event == "start":
            if node.tag == f"{_T}tracked-changes":
                walk.skip_subtree()
                continue
            if node.tag in (f"{_T}p", f"{_T}h"):
                texts.append([])
            elif node.tag == f"{_TABLE}table-row":
                cells = []
            elif node.tag == f"{_TABLE}table-cell" and cells is not None:
                cells.append("")
            if texts:
                count = node.get(f"{_T}c", "1")
                sign = {"s": " " * min(100, int(count) if count.isdecimal() else 1), "tab": "\t", "line-break": "\n"}
                texts[-1] += (sign.get(str(node.tag).removeprefix(_T), ""), node.text or "")
            continue
        if node.tag in (f"{_T}p", f"{_T}h") and texts:
            text = "".join(texts.pop()).strip()
            if text and cells:
                cells[-1] = f"{cells[-1]} {text}".strip()
            elif text:
                yield text
        elif node.tag == f"{_TABLE}table-row" and cells is not None:
            line = "\t".join(cells).strip()
            cells = None
            if line:
                yield line
        if texts and node.tail:
            texts[-1].append(node.tail)


def _one_line(title: str) -> str:
    return " ".join(title.split())[:200]
