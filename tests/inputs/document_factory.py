"""Small documents of each kind, made in the test."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bdh_workbench.inputs.files import read_inputs
from bdh_workbench.inputs.items import TextDocument

MILL = "The mill stood by the river and belonged to Ada Brand."


def pdf(pages: Sequence[Sequence[str]], title: str = "") -> bytes:
    """A PDF with these lines on its pages, one below the other."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
        stream = f"BT /F1 10 Tf 50 780 Td {shown}ET" if lines else ""
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title}) >>")
    made, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\nstartxref\n{len(made)}\n%%EOF\n"
    )
    return (made + end).encode("latin-1")


def encrypted(content: bytes, user: str, algorithm: str = "AES-256") -> bytes:
    """The PDF with a password for those who read it, "" for none, and one for its owner."""
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user, "of the owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx(*paragraphs: str, rows: Sequence[Sequence[str]] = (), title: str = "", body: str = "") -> bytes:
    """A DOCX with these paragraphs and then a table; ``body`` is further XML at its end."""
    import docx as library
    from docx.oxml.parser import parse_xml

    document = library.Document()
    document.core_properties.title = title
    for text in paragraphs:
        document.add_paragraph(text)
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    if body:
        names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        for element in parse_xml(f"<w:body {names}>{body}</w:body>"):
            document.element.body.append(element)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A packed file with these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def epub(*chapters: str, title: str = "A book", locked: str = "") -> bytes:
    """An electronic book; its chapters stand in the file in the opposite order."""
    numbers = range(len(chapters))
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata><manifest>'
        + "".join(f'<item id="c{n}" href="part%20{n}.xhtml"/>' for n in reversed(numbers))
        + "</manifest><spine>"
        + "".join(f'<itemref idref="c{n}"/>' for n in numbers)
        + "</spine></package>",
    }
    parts |= {f"OEBPS/part {n}.xhtml": f"<html><body>{chapters[n]}</body></html>" for n in reversed(numbers)}
    if locked:
        parts["META-INF/encryption.xml"] = f"<encryption>{locked}</encryption>"
    return packed(parts)


def odt(body: str, title: str = "", locked: bool = False) -> bytes:
    """An OpenDocument text with this XML in its body."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
    )
    content = f"<office:text>{body}</office:text>"
    content = f"<office:document-content {names}><office:body>{content}</office:body></office:document-content>"
    parts = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}
    if title:
        parts["meta.xml"] = f'<meta xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></meta>'
    if locked:
        parts["META-INF/manifest.xml"] = "<manifest><encryption-data/></manifest>"
    return packed(parts)


def seeds() -> dict[str, bytes]:
    """One good document of each kind, by the extension of its file."""
    return {
        ".pdf": pdf([[MILL, "It ground rye."], ["On the second page it rained."]], "The mill"),
        ".docx": docx(MILL, "It ground rye.", rows=[["Name", "Age"], ["Ada", "36"]], title="The mill"),
        ".odt": odt(f"<text:h>The mill</text:h><text:p>{MILL}</text:p>", "The mill"),
        ".html": f"<html><head><title>The mill</title></head><body><p>{MILL}</p></body></html>".encode(),
        ".epub": epub("<h1>The mill</h1>", f"<p>{MILL}</p>", title="The mill"),
    }


def read_documents(path: str | Path) -> list[TextDocument]:
    """The documents of a file or folder."""
    return read_inputs((), [path]).documents
