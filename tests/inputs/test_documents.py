"""Documents as people have them: PDF, word processors, web pages, books, folders, encodings."""

# ruff: noqa: RUF001 (letters of other scripts look like Latin ones)

from __future__ import annotations

import os
import random
from email.message import EmailMessage
from pathlib import Path

import pytest

from bdh_workbench.errors import UserError
from bdh_workbench.inputs import pages, text_files
from bdh_workbench.inputs import pdf as pdf_module
from bdh_workbench.inputs.files import FILE_KINDS, read_any, read_facts, read_inputs
from bdh_workbench.inputs.items import Fact
from tests.inputs import document_factory as make
from tests.inputs.document_factory import MILL, read_documents


def put(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def text_of(folder: Path, name: str, content: bytes | str) -> str:
    (document,) = read_documents(put(folder, name, content))
    return document.text


def refusal(folder: Path, name: str, content: bytes | str) -> str:
    path = put(folder, name, content)
    with pytest.raises(UserError) as caught:
        read_documents(path)
    said = str(caught.value)
    assert said.startswith(str(path)) and "\n" not in said and said.endswith(".")
    return said


# Every kind


@pytest.mark.parametrize("suffix", make.seeds())
def test_each_kind_gives_its_text_and_title(tmp_path: Path, suffix: str) -> None:
    (document,) = read_documents(put(tmp_path, f"notes{suffix}", make.seeds()[suffix]))
    assert document.title == "The mill" and MILL in document.text


@pytest.mark.parametrize("suffix", make.seeds())
def test_content_counts_and_not_the_name(tmp_path: Path, suffix: str) -> None:
    if suffix == ".odt":  # other packed files have a content.xml too
        return
    assert MILL in text_of(tmp_path, "download", make.seeds()[suffix])


@pytest.mark.parametrize("suffix", make.seeds())
def test_damaged_documents_are_read_or_refused_in_one_sentence(tmp_path: Path, suffix: str) -> None:
    draw, good, refused = random.Random(7), make.seeds()[suffix], 0
    for _ in range(60):
        spoilt = bytearray(good)
        for _ in range(draw.randint(1, 12)):
            at = draw.randrange(len(spoilt))
            how = draw.randrange(3)
            if how == 0:
                spoilt[at] = draw.randrange(256)
            elif how == 1:
                del spoilt[at : at + draw.randint(1, 400)]
            else:
                spoilt[at:at] = bytes(spoilt[draw.randrange(len(spoilt)) :][: draw.randint(1, 60)])
            if not spoilt:
                spoilt = bytearray(b"x")
        path = put(tmp_path, f"spoilt{suffix}", bytes(spoilt))
        try:
            assert read_documents(path)[0].text.strip()
        except UserError as error:
            refused += 1
            assert "\n" not in str(error) and str(path) in str(error)
    assert refused or suffix == ".html", "something was refused, or nothing was spoilt"


def test_what_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    assert "is not a PDF file" in refusal(tmp_path, "a.pdf", "only words")
    assert "is not a DOCX file" in refusal(tmp_path, "a.docx", "only words")
    assert "is a spreadsheet: save its table as .csv" in refusal(
        tmp_path, "a.xlsx", make.packed({"xl/workbook.xml": ""})
    )
    assert "is a presentation" in refusal(tmp_path, "a.pptx", make.packed({"ppt/presentation.xml": ""}))
    assert "is a zip file" in refusal(tmp_path, "a.zip", make.packed({"a.txt": "words"}))
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert "in an old Office format" in refusal(tmp_path, "a.doc", ole)
    assert "password" in refusal(tmp_path, "b.docx", ole + "EncryptedPackage".encode("utf-16-le"))


def test_a_document_is_no_file_of_facts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="contains no facts: give it as a document"):
        read_facts(put(tmp_path, "a.pdf", make.seeds()[".pdf"]))


# PDF

WRAPPED = [
    "The lighthouse of Ostra was built in the year 1874 by a",
    "company from the mainland, and it stood on a well-",
    "known rock. It burned rape oil for forty years, until elec-",
    "tric light came to the island.",
    "The keeper was Ada Brand.",
    "2.1. Her boat",
    "She called her boat the Heron.",
]


def test_lines_of_a_pdf_become_paragraphs(tmp_path: Path) -> None:
    text = text_of(tmp_path, "a.pdf", make.pdf([[*WRAPPED, "It was a well-known boat."]]))
    assert text.split("\n\n") == [
        "The lighthouse of Ostra was built in the year 1874 by a company from the mainland, and it stood on a "
        "well-known rock. It burned rape oil for forty years, until electric light came to the island.",
        "The keeper was Ada Brand.",
        "2.1. Her boat",
        "She called her boat the Heron.",
        "It was a well-known boat.",
    ]


def test_running_titles_and_page_numbers_of_a_pdf_are_left_out(tmp_path: Path) -> None:
    pages = [["The Ostra almanac", f"Boat {name} left at noon with salt.", str(n)] for n, name in enumerate("ABCDE", 1)]
    text = text_of(tmp_path, "a.pdf", make.pdf(pages))
    assert text.split("\n\n") == ["The Ostra almanac", *(f"Boat {name} left at noon with salt." for name in "ABCDE")]


def test_a_sentence_runs_on_over_a_page(tmp_path: Path) -> None:
    text = text_of(tmp_path, "a.pdf", make.pdf([["The keeper of the light was", "1"], ["called Ada Brand.", "2"]]))
    assert text == "The keeper of the light was called Ada Brand."


def test_contents_of_a_pdf_are_lines_without_dots() -> None:
    assert (
        pdf_module.paragraphs(["1 Boats . . . . . . . . 3\n2 Nets ......... 7\nText"])
        == "1 Boats 3\n\n2 Nets 7\n\nText"
    )


@pytest.mark.parametrize(
    ("given", "title"), [("The light", "The light"), ("Microsoft Word - a.doc", "a"), ("x.tex", "a")]
)
def test_a_pdf_is_titled_by_itself_unless_a_program_did(tmp_path: Path, given: str, title: str) -> None:
    (document,) = read_documents(put(tmp_path, "a.pdf", make.pdf([[MILL]], given)))
    assert document.title == title


def test_passwords_of_pdf_files(tmp_path: Path) -> None:
    good = make.seeds()[".pdf"]
    for algorithm in ("RC4-128", "AES-128", "AES-256"):
        assert "protected by a password" in refusal(tmp_path, "a.pdf", make.encrypted(good, "secret", algorithm))
        assert MILL in text_of(tmp_path, "a.pdf", make.encrypted(good, "", algorithm)), "only changes need the password"


def test_a_scan_has_no_text_and_says_so(tmp_path: Path) -> None:
    assert "2 pages and no text" in refusal(tmp_path, "scan.pdf", make.pdf([[], []]))
    found = read_inputs([], [put(tmp_path, "half.pdf", make.pdf([[MILL], []]))])
    assert found.notes() == [f"{tmp_path / 'half.pdf'}: 1 of 2 pages have no text that could be read."]


def test_letters_that_a_font_does_not_name_are_refused(tmp_path: Path) -> None:
    assert "which letters its fonts draw" in refusal(tmp_path, "a.pdf", make.pdf([["/g12/g7/g34/g9/g12"] * 5]))


# Word processors


def test_tables_changes_and_text_boxes_of_a_docx_are_read(tmp_path: Path) -> None:
    changed = (
        "<w:p><w:r><w:t>The boat was </w:t></w:r><w:del><w:r><w:delText>red</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>green</w:t></w:r></w:ins><w:r><w:tab/><w:t>today</w:t><w:br/><w:t>again</w:t></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    text = text_of(tmp_path, "a.docx", make.docx("First.", rows=[["Name", "Age"], ["Ada", "36"]], body=changed))
    assert text.split("\n\n") == ["First.", "Name\tAge", "Ada\t36", "The boat was green\ttoday\nagain", "In a control."]


def test_an_empty_docx_holds_no_text(tmp_path: Path) -> None:
    assert "contains no text" in refusal(tmp_path, "a.docx", make.docx())
    assert "contains no text" in refusal(tmp_path, "a.odt", make.odt(""))


def test_a_docx_is_titled_by_its_title_paragraph(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.core_properties.title = ""
    document.add_heading("The mill", 0)
    document.add_paragraph(MILL)
    document.save(str(tmp_path / "a.docx"))
    (found,) = read_documents(tmp_path / "a.docx")
    assert found.title == "The mill"


def test_an_odt_is_read_in_its_order(tmp_path: Path) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    body = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h>Head</text:h>"
        '<text:p>One<text:s text:c="2"/>two <text:span>three</text:span> four<text:tab/>five<text:line-break/>six'
        "</text:p>"
        f"<table:table><table:table-row>{cell.format('A')}{cell.format('1')}</table:table-row></table:table>"
    )
    assert text_of(tmp_path, "a.odt", make.odt(body)) == "Head\n\nOne  two three four\tfive\nsix\n\nA\t1"
    assert "password" in refusal(tmp_path, "b.odt", make.odt(body, locked=True))


# Web pages and books


def test_the_readable_text_of_a_page(tmp_path: Path) -> None:
    page = """<!DOCTYPE html><html><head><title> The   mill </title><style>p {}</style></head><body>
      <nav>Home</nav><form><header><h1>A mill</h1></header><p>One <b>two</b>
      three &amp;&nbsp;four.<br>Five</p><ul><li>a<li>b</ul><p hidden>no</p><p style="display: none">no</p>
      <table><tr><th>Name</th><th>Age</th></tr><tr><td>Ada</td><td>36</td></tr></table>
      <pre>x
  y</pre><div>in<p>middle</p>out</div><script>no()</script><!-- no --></form><footer>foot</footer></body></html>"""
    (document,) = read_documents(put(tmp_path, "a.html", page))
    assert document.title == "The mill"
    assert document.text.split("\n\n") == [
        "A mill", "One two three &\u00a0four.\nFive", "a", "b", "Name\tAge", "Ada\t36", "x\n  y", "in", "middle", "out",
    ]  # fmt: skip


def test_the_main_part_of_a_page_is_read(tmp_path: Path) -> None:
    side = "<div>Buy now</div>"
    assert text_of(tmp_path, "a.html", f"<body>{side}<main><p>{MILL}</p></main>{side}") == MILL
    assert (
        text_of(tmp_path, "a.html", f"<body>{side}<article>{MILL}</article><article>End.</article>")
        == f"{MILL}\n\nEnd."
    )
    assert MILL in text_of(tmp_path, "a.html", f"<body><main><h1>A</h1></main><p>{MILL}</p>")


@pytest.mark.parametrize(
    "page",
    ["<html><body><script>draw()</script></body></html>", "<title>Only a title</title>", "<p> </p>", "<!-- x -->"],
)
def test_a_page_without_text_says_so(tmp_path: Path, page: str) -> None:
    assert "contains no text" in refusal(tmp_path, "a.html", page)


def test_the_text_of_an_e_mail_is_read_in_its_encodings(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Ada Brand <ada@norby.example>", "bo@fenby.example"
    message["Subject"], message["Date"] = "Die Schleuse für Bö", "Tue, 05 Mar 2024 10:11:12 +0100"
    message.set_content("Die Schleuse öffnet um sieben.\n", cte="quoted-printable")
    message.add_alternative("<p>Die Schleuse <b>öffnet</b> um acht.</p>", subtype="html")
    message.add_attachment(b"x", maintype="image", subtype="png", filename="a.png")
    path = tmp_path / "m.eml"
    path.write_bytes(message.as_bytes())
    found = read_inputs([], [path])
    assert [document.title for document in found.documents] == ["Die Schleuse für Bö"]
    assert found.documents[0].text == (
        "From: Ada Brand <ada@norby.example>\nTo: bo@fenby.example\nDate: Tue, 05 Mar 2024 10:11:12 +0100\n"
        "Subject: Die Schleuse für Bö\n\nDie Schleuse öffnet um sieben.\n"
    )
    assert found.notes() == [f"{path}: 1 attachment left out."]
    page = EmailMessage()
    page.set_content("<p>Nur als <i>Seite</i>.</p>", subtype="html")
    path.write_bytes(b"Subject: x\n" + page.as_bytes())
    assert "Nur als Seite." in read_inputs([], [path]).documents[0].text
    path.write_bytes(b"Subject: x\n\n")
    with pytest.raises(UserError, match="an e-mail without text"):
        read_inputs([], [path])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("film.srt", "1\n00:00:01,000 --> 00:00:03,000\nThe mill in Brant – it grinds rye.\n", "subtitles"),
        ("film.vtt", "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Ada>The mill in Brant – it grinds rye.\n", "subtitles"),
        ("a letter.eml", "From: a@b.c\nSubject: Mill\n\nThe mill in Brant – it grinds rye.\n", "mail"),
        ("page", "<!doctype html><html><body><p>The mill in Brant – it grinds rye.</p></body></html>", "html"),
    ],
)
def test_a_kind_of_text_is_recognised_in_every_encoding(
    tmp_path: Path, name: str, text: str, kind: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    found = read_inputs([], [path])
    assert found.files[0].kind == kind
    last = found.documents[0].text.strip().split("\n")[-1]
    assert "grinds rye." in last and "-->" not in last and "<" not in last
    assert kind == "mail" or last == "The mill in Brant – it grinds rye."


@pytest.mark.parametrize("suffix", [".srt", ".vtt"])
def test_what_subtitles_say_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    path.write_text(
        "WEBVTT\n\n" * (suffix == ".vtt")
        + "1\n00:00:01,000 --> 00:00:04,000\nThe old keeper lit\nthe lamp at dusk,\n\n"
        + "2\n00:00:04,500 --> 00:00:07,000 align:start\nand <i>nobody</i> came.\n\n"
        + "3\n00:00:08,000 --> 00:00:11,500\n- Where is Marta?\n- She went to Fenby.\n",
        encoding="utf-8",
    )
    found = read_inputs([], [path])
    assert found.documents[0].text == (
        "The old keeper lit the lamp at dusk, and nobody came.\n\n- Where is Marta?\n- She went to Fenby.\n"
    )
    assert found.documents[0].title == "film" and found.notes() == [f"{path}: the times of 3 subtitles left out."]


def test_a_text_that_is_only_named_like_a_mail_is_a_text(tmp_path: Path) -> None:
    for suffix in (".eml", ".srt"):
        path = tmp_path / f"notes{suffix}"
        path.write_text("It rained in Norby. Nobody minded.\n", encoding="utf-8")
        assert read_inputs([], [path]).documents[0].text == "It rained in Norby. Nobody minded.\n"


def test_a_page_is_read_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    text = "Żółta łódź płynęła."
    for head in (
        '<meta charset="iso-8859-2">',
        '<meta http-equiv=Content-Type content="text/html; charset=iso-8859-2">',
    ):
        found = read_inputs([], [put(tmp_path, "a.html", f"{head}<p>{text}".encode("iso-8859-2"))])
        assert found.documents[0].text == text and found.files[0].encoding == "ISO-8859-2"
        assert not found.files[0].detected and "ISO-8859-2" in found.notes()[0]
    assert text_of(tmp_path, "a.html", f'<meta charset="iso-8859-1"><p>{text}') == text, "UTF-8 is known by itself"


def test_deeply_nested_pages_are_read(tmp_path: Path) -> None:
    assert MILL in text_of(tmp_path, "a.html", "<div>" * 200 + MILL)
    assert "contains no text" in refusal(tmp_path, "a.html", "<div>" * 50_000 + MILL), "that no browser shows either"


def test_a_book_is_read_in_its_order(tmp_path: Path) -> None:
    assert text_of(tmp_path, "a.epub", make.epub("<p>One.</p>", "<img/>", "<p>Two.</p>")) == "One.\n\nTwo."
    assert "copy-protected" in refusal(tmp_path, "b.epub", make.epub("<p>x</p>", locked="OEBPS/part 0.xhtml"))
    assert text_of(tmp_path, "c.epub", make.epub("<p>One.</p>", locked="OEBPS/font.otf")) == "One."
    assert "contains no text" in refusal(tmp_path, "d.epub", make.epub("<img/>"))


# Sizes


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bdh_workbench.inputs import office, web

    for module in (pages, office, web):
        monkeypatch.setattr(module, "UNPACKED_LIMIT", 2_000)
    wide = "x" * 3_000
    assert "unpacks to more than" in refusal(tmp_path, "a.docx", make.docx(wide))
    assert "unpacks to more than" in refusal(tmp_path, "a.odt", make.odt(f"<text:p>{wide}</text:p>"))
    half = f"<p>{'x' * 1_500}</p>"
    assert "unpacks to more than" in refusal(tmp_path, "a.epub", make.epub(half, half))


def test_a_large_pdf_is_allowed_and_too_many_pages_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "SIZE_LIMIT", 100)
    assert MILL in text_of(tmp_path, "a.pdf", make.seeds()[".pdf"]), "pictures are no text"
    monkeypatch.setattr(text_files, "PACKED_LIMIT", 200)
    assert "limit of 0 MB" in refusal(tmp_path, "a.pdf", make.seeds()[".pdf"])
    monkeypatch.setattr(text_files, "PACKED_LIMIT", 10**6)
    monkeypatch.setattr(pdf_module, "MOST_PAGES", 1)
    assert "2 pages, more than the limit of 1" in refusal(tmp_path, "a.pdf", make.seeds()[".pdf"])


# Encodings

FRENCH = "Le phare d'Ostréval a été bâti en 1874 à côté de l'église. Le gardien élevait des chèvres près de la forêt."
RUSSIAN = "Старый мельник жил у реки и держал семь гусей. Каждое утро он ходил на рынок за хлебом."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        ("one\ncafé", "cp1252"),
        ("Die Mühle gehörte dem Müller Jürgen Weiß und wurde grün gestrichen.", "cp1252"),
        ("Żółta łódź płynęła wzdłuż rzeki. Gospodarz miał pięć gęsi.", "cp1250"),
        ("Żółta łódź płynęła wzdłuż rzeki. Gospodarz miał pięć gęsi.", "iso8859_2"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "cp866"),
        ("Ο γέρος ψαράς ζούσε στο νησί και είχε επτά κατσίκες.", "cp1253"),
        ("Yaşlı değirmenci ırmağın kıyısında yaşıyordu ve yedi kazı vardı.", "cp1254"),
        ("年老いた粉屋は川のそばに住み、七羽のガチョウを飼っていた。", "shift_jis"),
        ("年老いた粉屋は川のそばに住み、七羽のガチョウを飼っていた。", "euc_jp"),
        ("年老いた粉屋は川のそばに住み、七羽のガチョウを飼っていた。", "iso2022_jp"),
        ("老磨坊主住在河边，养了七只鹅。每天早上他都去市场买面包和盐。", "gb18030"),
        ("늙은 방앗간 주인은 강가에 살았고 거위 일곱 마리를 키웠다.", "cp949"),
        ("הטוחן הזקן גר ליד הנהר והיו לו שבעה אווזים.", "cp1255"),
        ("some plain words", "utf-16-le"),
        ("Ein Überfall, 河", "utf-16-be"),
    ],
)
def test_an_encoding_is_detected_and_said(tmp_path: Path, text: str, encoding: str) -> None:
    path = put(tmp_path, "a.txt", text.encode(encoding))
    found = read_inputs([], [path])
    assert found.documents[0].text == text
    (file,) = found.files
    assert file.detected and file.encoding
    assert found.notes() == [f"{path}: read as {file.encoding}, which was detected from its letters."]


def test_facts_are_read_in_any_encoding(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "prompt,answer\nDer Bürgermeister von Köln heißt,Jürgen Groß\n".encode("cp1252"))
    found = read_inputs([path], [])
    assert found.facts == [Fact("Der Bürgermeister von Köln heißt", "Jürgen Groß")] and found.files[0].detected


def test_a_damaged_byte_does_not_make_utf_8_another_encoding(tmp_path: Path) -> None:
    path = put(tmp_path, "a.txt", FRENCH.encode() + b"\xff")
    found = read_inputs([], [path])
    assert found.documents[0].text == FRENCH + "\ufffd"
    assert found.notes() == [f"{path}: UTF-8 with 1 character that is damaged."]


def test_a_mark_names_the_encoding(tmp_path: Path) -> None:
    found = read_inputs([], [put(tmp_path, "a.txt", "words".encode("utf-16"))])
    assert found.files[0].encoding == "UTF-16" and not found.files[0].detected
    assert not read_inputs([], [put(tmp_path, "a.txt", "plain")]).notes(), "nothing is to be said of UTF-8"


# Folders and several files


def test_a_folder_is_read_and_what_is_passed_over_is_said(tmp_path: Path) -> None:
    put(tmp_path, "b.txt", "Second.")
    put(tmp_path, "a.md", "# First\n\nText.")
    put(tmp_path, "deep/down/c.pdf", make.seeds()[".pdf"])
    put(tmp_path, "deep/b.txt", "Another of that name.")
    put(tmp_path, "picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    put(tmp_path, "broken.docx", b"PK\x03\x04 half")
    put(tmp_path, ".hidden", "x")
    put(tmp_path, ".git/config", "x")
    put(tmp_path, "~$a.docx", "x")
    if os.name != "nt":
        (tmp_path / "deep" / "round").symlink_to(tmp_path)
    found = read_inputs([], [tmp_path])
    assert [document.title for document in found.documents] == ["First", "b", "deep/b", "The mill"]
    assert [Path(file.file).name for file in found.files if file.skipped] == ["broken.docx", "picture.png"]
    notes = found.notes()
    assert notes[0] == "Skipped 2 files that could not be read:" and "broken.docx is damaged" in notes[1]
    assert "picture.png is a binary file" in notes[2]


def test_many_files_that_are_passed_over_are_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "Text.")
    for number in range(30):
        put(tmp_path, f"{number}.bin", bytes(range(1, 32)))
    notes = read_inputs([], [tmp_path]).notes()
    assert notes[0].startswith("Skipped 30 files") and len(notes) == 12 and notes[-1].strip() == "and 20 more."


def test_a_folder_without_a_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a folder with no file that can be read"):
        read_documents(tmp_path)
    put(tmp_path, "a.bin", bytes(range(1, 32)))
    with pytest.raises(UserError, match=r"a\.bin is a binary file"):
        read_documents(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="an administrator may read everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "Text.")
    closed = put(tmp_path, "closed/b.txt", "x").parent
    closed.chmod(0)
    try:
        assert str(closed) in "".join(read_inputs([], [tmp_path]).notes())
    finally:
        closed.chmod(0o700)


def test_a_folder_with_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bdh_workbench.inputs import files

    for number in range(3):
        put(tmp_path, f"{number}.txt", "Text.")
    monkeypatch.setattr(files, "FOLDER_LIMIT", 12)
    with pytest.raises(UserError, match="one by one"):
        read_documents(tmp_path)
    monkeypatch.setattr(files, "MOST_FILES", 2)
    with pytest.raises(UserError, match="more than 2 files"):
        read_documents(tmp_path)


def test_what_nobody_named_is_told_apart(tmp_path: Path) -> None:
    table = put(tmp_path, "t.tsv", "Frage\tAntwort\nWer?\tIch\n")
    cards = put(tmp_path, "cards.txt", "#separator:tab\nThe bell rings at\tnoon\n")
    prose = put(tmp_path, "prose.txt", "It rained, and no one came.\nThe bell rang.")
    book = put(tmp_path, "b.epub", make.seeds()[".epub"])
    records = put(tmp_path, "d.json", '[{"text": "A cave."}]')
    found = read_any([table, cards, prose, book, records])
    assert [fact.answer for fact in found.facts] == ["Ich", "noon"]
    assert [document.title for document in found.documents] == ["prose", "The mill", "A cave"]
    assert len(read_any([tmp_path]).documents) == 3


def test_file_dialogs_offer_every_kind() -> None:
    from bdh_workbench.inputs.files import DOCUMENT_SUFFIXES, FACT_SUFFIXES

    offered = {suffix for suffixes in FILE_KINDS.values() for suffix in suffixes}
    assert offered >= {*DOCUMENT_SUFFIXES, *FACT_SUFFIXES, *make.seeds()}
