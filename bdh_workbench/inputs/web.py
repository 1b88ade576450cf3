"""Reading web pages and electronic books, which are web pages in a packed file, with `lxml`.

Only the readable text is kept, without scripts, menus, buttons and hidden parts. If a page marks its main part, only
that part is read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.pages import UNPACKED_LIMIT, Page, part, too_much, unpacking
from bdh_workbench.inputs.text_files import decode

_SKIPPED = set(
    "script style noscript template svg math head nav aside footer button select textarea iframe object canvas audio "
    "video dialog".split()
)
_ROLES = {"navigation", "banner", "contentinfo", "search", "menu", "dialog", "complementary"}
_BLOCKS = set(
    "address article blockquote body center dd details div dl dt fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 "
    "header hr html li main ol p pre section summary table tbody tfoot thead tr ul caption".split()
)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{1,40})""", re.IGNORECASE)
# Browsers read these as their larger relatives, which is what pages are written in.
_WIDER = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}
_SPACE = re.compile(r"[ \t\n\r\f]+")
_MAIN_SHARE = 0.25  # of a page's text: a main part with less contains only a heading
_SPINE = "{http://www.idpf.org/2007/opf}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_DC = "{http://purl.org/dc/elements/1.1/}"


def declared_encoding(raw: bytes) -> str:
    """The encoding that a web page says it is in; "" for none."""
    match = _XML_CHARSET.search(raw[:200]) or _CHARSET.search(raw[:4096])
    name = match[1].decode("ascii") if match else ""
    return {
        "iso-8859-1": "cp1252",
        "latin1": "cp1252",
        "us-ascii": "cp1252",
        "gb2312": "gb18030",
        "gbk": "gb18030",
    }.get(name.lower(), name)


def read_html(text: str, where: str) -> Page:
    """The readable text of a web page, with its title.

    Args:
        text: the page.
        where: what to call it in an error.

    Raises:
        UserError: when there is nothing to read on it.
    """
    from lxml import etree, html

    # Bytes, as lxml refuses a text that names an encoding of its own.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(text.encode(errors="replace").replace(b"\0", b""), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        raise UserError(f"{where} contains no text.") from None
    body = tree.find("body") if tree.find("body") is not None else tree
    said = _readable(body)
    for name in ("main", "article"):
        parts = [_readable(node) for node in body.iter(name)] if said else []
        main = "\n\n".join(filter(None, parts[:1] if name == "main" else parts))
        if len(parts) and len(main) > _MAIN_SHARE * len(said):
            said = main
            break
    if not said:
        raise UserError(f"{where} contains no text: a script may fill the page. Save it as PDF from a browser.")
    title = " ".join((tree.findtext(".//title") or "").split())
    heading = next((_readable(node) for node in body.iter("h1")), "")
    return Page(said, (title or " ".join(heading.split()))[:200])


def _hidden(node: Any) -> bool:
    style = (node.get("style") or "").replace(" ", "").lower()
    return (
        node.tag in _SKIPPED
        or node.get("hidden") is not None
        or node.get("aria-hidden") == "true"
        or "display:none" in style
        or "visibility:hidden" in style
        or (node.get("role") or "").lower() in _ROLES
        or (node.tag == "input")
    )


def _readable(tree: Any) -> str:
    """The readable text below a node: items of lists and rows of tables are paragraphs."""
    from lxml import etree

    pieces: list[str] = []
    kept = 0  # depth of parts whose spaces and line ends count
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, node in walk:
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if not tag or (node is not tree and _hidden(node)):
                walk.skip_subtree()
                continue
            kept += tag == "pre"
            pieces.append(_break(tag, node))
            pieces.append(_said(node.text, kept))
            continue
        if tag and (node is tree or not _hidden(node)):
            pieces.append("\x00" if tag in _BLOCKS else "")
            kept -= tag == "pre"
        if node is not tree:
            pieces.append(_said(node.tail, kept))
    return _laid_out("".join(pieces))


def _break(tag: str, node: Any) -> str:
    """What stands before a part: \\x00 where a paragraph ends, \\x01 where a line does."""
    if tag == "br":
        return "\x01"
    if tag in ("td", "th"):
        return "\t" if node.getprevious() is not None else ""
    return "\x00" if tag in _BLOCKS else ""


def _said(text: str | None, kept: int) -> str:
    if not text:
        return ""
    # \\x02 is a space that counts.
    return text.replace("\n", "\x01").replace(" ", "\x02") if kept else _SPACE.sub(" ", text)


def _laid_out(text: str) -> str:
    """The text with line ends where the parts began and ended."""
    blocks = []
    for block in text.split("\x00"):
        lines = [re.sub(r" ?\t ?", "\t", line).strip(" \t") for line in block.split("\x01")]
        said = re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip("\n"))
        if said:
            blocks.append(re.sub(r"(?<=\S)  +(?=\S)", " ", said).replace("\x02", " "))
    return "\n\n".join(blocks)


def read_epub(raw: bytes, where: str) -> Page:
    """The text of an electronic book in the EPUB format: its chapters in reading order.

    Raises:
        UserError: when it is damaged, protected against copying, becomes too large, or has no text.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    with unpacking(raw, where) as archive:
        names = set(archive.namelist())
        container = etree.fromstring(part(archive, "META-INF/container.xml", where), parser)
        root = container.find(f".//{_CONTAINER}rootfile")
        package_name = root.get("full-path")
        package = etree.fromstring(part(archive, package_name, where), parser)
        files = {item.get("id"): unquote(item.get("href") or "") for item in package.iter(f"{_SPINE}item")}
        order = [files.get(item.get("idref"), "") for item in package.iter(f"{_SPINE}itemref")]
        chapters = [posixpath.normpath(posixpath.join(posixpath.dirname(package_name), file)) for file in order if file]
        locked = part(archive, "META-INF/encryption.xml", where) if "META-INF/encryption.xml" in names else b""
        if any(chapter.encode() in locked for chapter in chapters):
            raise UserError(f"{where} is copy-protected, so its text cannot be read.")
        texts: list[str] = []
        size = 0
        for chapter in chapters:
            if chapter not in names:
                continue
            page = part(archive, chapter, where)
            size += len(page)
            if size > UNPACKED_LIMIT:
                raise UserError(too_much(where))
            texts += _chapter(page, where)
        title = package.findtext(f".//{_DC}title") or ""
    if not texts:
        raise UserError(f"{where} contains no text.")
    return Page("\n\n".join(texts), " ".join(title.split())[:200])


def _chapter(raw: bytes, where: str) -> Iterator[str]:
    """The text of one chapter, if it has any: a cover or a plate has none."""
    try:
        yield read_html(decode(raw, where, declared_encoding(raw)).text, where).text
    except UserError:
        return
