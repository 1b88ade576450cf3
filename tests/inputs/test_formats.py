"""The readers for facts and documents: what they accept, and what they say about what they refuse."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bdh_workbench.errors import UserError
from bdh_workbench.inputs import text_files
from bdh_workbench.inputs.as_read import as_read
from bdh_workbench.inputs.files import read_facts
from bdh_workbench.inputs.formats import (
    holds_facts,
    merge_duplicates,
    parse_documents_text,
    parse_facts_text,
)
from bdh_workbench.inputs.items import Fact, Probe, TextDocument, same_text
from bdh_workbench.inputs.tables import is_table
from tests.inputs.document_factory import read_documents

FACT = {"prompt": "The keeper's cat is called", "answer": "Comma", "paraphrases": ["Comma is the name of the"]}


def write(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(action: object, *words: str) -> str:
    """Call the action, check that it is refused in one clean sentence with these words, and return the sentence."""
    with pytest.raises(UserError) as caught:
        action()  # type: ignore[operator]
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for word in words:
        assert word in message, message
    return message


# Items


def test_items_refuse_what_is_empty_or_not_text() -> None:
    refused(lambda: Fact(" \n", "a"), "prompt is empty")
    refused(lambda: Fact("p", ""), "answer is empty")
    refused(lambda: Fact("p", "a", ("ok", " ")), "paraphrase 2 is empty")
    refused(lambda: Fact("p", 3), "answer must be text")  # type: ignore[arg-type]
    refused(lambda: Fact("p", "a", ["q"]), "tuple")  # type: ignore[arg-type]
    refused(lambda: Probe("", "a"), "prompt is empty")
    refused(lambda: TextDocument("", "text"), "title is empty")
    refused(lambda: TextDocument("title", "\t"), "text is empty")


def test_items_are_frozen_and_hashable() -> None:
    fact = Fact("p", "a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        fact.answer = "b"  # type: ignore[misc]
    assert {fact, Fact("p", "a")} == {fact}


# Facts


def test_facts_read_alike_from_every_format(tmp_path: Path) -> None:
    expected = [
        Fact("The cat is called", "Comma", ("Its name is", "One calls it")),
        Fact("The bell, made of brass, hangs on the", "mast"),
    ]
    entries = [
        {"prompt": fact.prompt, "answer": fact.answer, "paraphrases": list(fact.paraphrases)} for fact in expected
    ]
    lines = "\n\n".join(json.dumps(entry) for entry in entries)
    csv_text = (
        "Prompt, answer ,paraphrases\n\nThe cat is called,Comma,Its name is | One calls it |\n"
        '"The bell, made of brass, hangs on the",mast\n'
    )
    for name, content in {
        "a.json": json.dumps(entries),
        "a.jsonl": lines,
        "a.csv": csv_text,
        "a.CSV": csv_text.replace("\n", "\r\n"),
        "lines.dat": lines,
        "list.dat": json.dumps(entries, indent=1),
        "table": csv_text,
    }.items():
        assert read_facts(write(tmp_path, name, content)) == expected, name


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_table_may_be_split_as_spreadsheets_split_it(delimiter: str) -> None:
    text = f"answer{delimiter}prompt\nComma{delimiter}The cat, as you know, is called\n"
    assert parse_facts_text(text, "csv") == [Fact("The cat, as you know, is called", "Comma")]


def test_paraphrases_may_be_absent_or_null() -> None:
    assert parse_facts_text('[{"prompt": "p", "answer": "a", "paraphrases": null}]') == [Fact("p", "a")]
    assert parse_facts_text('{"prompt": "p", "answer": "a", "note": 7}') == [Fact("p", "a")]


def test_spaces_inside_and_around_texts_are_kept() -> None:
    (fact,) = parse_facts_text(json.dumps([{"prompt": " two  spaces ", "answer": "a\u2028b "}]))
    assert (fact.prompt, fact.answer) == (" two  spaces ", "a\u2028b ")


def test_a_repeated_fact_counts_once_with_all_its_paraphrases() -> None:
    facts = [Fact("p", "a", ("x",)), Fact("q", "b"), Fact("p ", "a", ("y", "x"))]
    assert merge_duplicates(facts) == [Fact("p", "a", ("x", "y")), Fact("q", "b")]


def test_two_answers_to_one_prompt_are_left_to_the_write() -> None:
    text = "prompt,answer\nThe cat is called,Comma\nThe cat is called,Colon\nThe cat  is called?,Comma\n"
    assert parse_facts_text(text) == [Fact("The cat is called", "Comma"), Fact("The cat is called", "Colon")]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([FACT, {"answer": "a"}], ["entry 2", 'no field "prompt"']),
        ([FACT, FACT, {"prompt": "p"}], ["entry 3", 'no field "answer"']),
        ([{"prompt": "p", "answer": 5}], ["entry 1", '"answer" must be text', "a number"]),
        ([{"prompt": None, "answer": "a"}], ["entry 1", '"prompt" must be text', "null"]),
        ([{"prompt": " ", "answer": "a"}], ["entry 1", '"prompt" is empty']),
        ([{"prompt": "p", "answer": "a", "paraphrases": "x"}], ["entry 1", '"paraphrases" must be a list']),
        ([{"prompt": "p", "answer": "a", "paraphrases": ["x", 1]}], ["entry 1", "paraphrase 2"]),
        ([{"prompt": "p", "answer": "a", "paraphrase": ["x"]}], ["entry 1", '"paraphrase"', 'is "paraphrases" meant']),
        ([FACT, "text"], ["entry 2", "must be an object", "a text"]),
        ({"facts": 3}, ["must contain a list", "an object"]),
        ([], ["contains no facts"]),
        (True, ["must contain a list", "true or false"]),
    ],
)
def test_wrong_facts_are_refused_by_entry_and_field(tmp_path: Path, entries: object, words: list[str]) -> None:
    path = write(tmp_path, "facts.json", json.dumps(entries))
    refused(lambda: read_facts(path), str(path), *words)


def test_wrong_lines_are_refused_by_line(tmp_path: Path) -> None:
    good = json.dumps(FACT)
    path = write(tmp_path, "facts.jsonl", f"{good}\n\n{{'prompt': 1}}\n")
    refused(lambda: read_facts(path), "line 3", "not valid JSON", "column 2")
    refused(lambda: parse_facts_text(f"{good}\n[]", "jsonl"), "line 2", "must be an object", "a list")
    refused(lambda: parse_facts_text('{"prompt": "p"}'), "line 1", 'no field "answer"')


def test_broken_json_is_refused_by_line_and_column() -> None:
    refused(lambda: parse_facts_text('[\n{"prompt": "p",}\n]', "json"), "not valid JSON", "line 2")
    refused(lambda: parse_facts_text("[" * 100_000, "json"), "not valid JSON", "nested too deeply")
    refused(lambda: parse_facts_text(f"[{'9' * 5000}]", "json"), "not valid JSON")
    refused(lambda: parse_facts_text('[{"prompt": "p", "answer": "a", "answer": "b"}]'), '"answer" twice')


def test_half_a_character_is_refused() -> None:
    refused(
        lambda: parse_facts_text('[{"prompt": "p", "answer": "\\ud83d"}]'), "entry 1", '"answer"', "half a character"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prompt\np\n", ["not a table with two columns"]),
        ("It rained, and no one came.\nThe bell rang.\n", ["not a table with two columns"]),
        ("prompt,answer,Prompt\np,a,q\n", ['two columns "prompt"']),
        ("prompt,answer\np,a\np2,a2,a3\n", ["entry 2", "line 3", "3 columns", "double quotes", "a comma"]),
        ("prompt,answer\np\n", ["entry 1", "line 2", 'no field "answer"']),
        ("prompt,answer\np, \n", ["entry 1", 'no field "answer"']),
        ('prompt,answer\np,"a\n', ["not valid CSV"]),
        ("prompt,answer\n\n", ["contains no facts"]),
    ],
)
def test_wrong_tables_are_refused_by_row(text: str, words: list[str]) -> None:
    refused(lambda: parse_facts_text(text, "csv"), *words)


LINDOW = Fact("The ferry leaves from", "pier seven")
BELL = Fact("The bell rings at", "noon")


@pytest.mark.parametrize(
    "text",
    [
        "prompt,answer\nThe ferry leaves from,pier seven,,\n,,\n\nThe bell rings at,noon,\n",
        "prompt,answer,,\nThe ferry leaves from,pier seven\n \u00a0,\u200b\nThe bell rings at,noon,,,,\n",
        "sep=;\r\nprompt;answer\r\nThe ferry leaves from;pier seven\r\nThe bell rings at;noon\r\n",
        '"sep=\t"\n\nprompt\tanswer\nThe ferry leaves from\tpier seven\nThe bell rings at\tnoon',
        "SEP=^\nprompt^answer\nThe ferry leaves from^pier seven\nThe bell rings at^noon",
        "\ufeff\ufeffprompt,answer\nThe ferry leaves from,pier seven\nThe bell rings at,noon\n",
        "\n# made by hand, 2024\n#\nprompt|answer\nThe ferry leaves from|pier seven\nThe bell rings at|noon",
        "#prompt,answer\nThe ferry leaves from,pier seven\nThe bell rings at,noon\n",
        'prompt;answer;"source (book, page, line, year)"\n'
        'The ferry leaves from;pier seven;"Almanac, 12, 3, 1921"\nThe bell rings at;noon;\n',
        '"prompt, as typed";answer\nThe ferry leaves from;pier seven\nThe bell rings at;noon\n',
        ' PROMPT ,"Answer\u00a0", note, Note\n"The ferry leaves from", pier seven,1,2\n"The bell rings at", "noon",,\n',
        "#separator:tab\n#html:true\nThe ferry leaves from\tpier&nbsp;seven\n<b>The bell</b> rings at\t noon",
        "#separator:Comma,,\n#html:true,,\nThe ferry leaves from,pier seven,geo\nThe bell rings at,noon,,\n",
        "#separator:;\n#deck:Norby\nThe ferry leaves from;pier seven\nThe bell rings at;noon;time\n",
        "#separator:Pipe\n#guid column:1\n#notetype column:2\nx1|Basic|The ferry leaves from|pier seven\n"
        "x2|Basic|The bell rings at|noon\n",
        "#separator:semicolon\n#columns:answer;prompt\npier seven;The ferry leaves from\nnoon;The bell rings at\n",
        "#html:false\nThe ferry leaves from\tpier seven\nThe bell rings at\tnoon\n",
    ],
)
def test_tables_are_read_as_programs_leave_them(tmp_path: Path, text: str) -> None:
    facts = read_facts(write(tmp_path, "facts.csv", text))
    read = [Fact(as_read(fact.prompt), as_read(fact.answer)) for fact in facts]
    assert read == [LINDOW, BELL]
    assert read_facts(write(tmp_path, "cards.txt", text)) == facts
    assert holds_facts(text), "what is pasted is recognised in the same way"


def test_html_of_cards_becomes_text() -> None:
    (fact,) = parse_facts_text("#separator:tab\n#html:true\na &lt; b<br>c\t<div class='x'>d</div>&amp; e\n")
    assert (fact.prompt, fact.answer) == ("a < b\nc", "d\n& e")
    (fact,) = parse_facts_text("#separator:tab\n#html:false\na &lt; b\t<i>\n")
    assert (fact.prompt, fact.answer) == ("a &lt; b", "<i>")


def test_prose_is_no_table() -> None:
    for text in ("# A heading\n\nThe prompt, and its answer.", "prompt and answer", "#separator\nx", "", "a,b\nc,d"):
        assert not is_table(text), text


CELL = st.text(alphabet="ab ,;|\t\"'#=\n", min_size=1, max_size=12).filter(str.strip)


@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4, unique_by=lambda pair: same_text(pair[0])),
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.sampled_from(["note, of all; kinds", 'a "quoted" one', "", "x|y\tz"]), max_size=3, unique=True),
    st.integers(0, 3),
)
def test_a_table_in_any_dialect_gives_back_its_rows(
    pairs: list[tuple[str, str]], delimiter: str, quoting: int, end: str, others: list[str], empty: int
) -> None:
    lines = io.StringIO(newline="")
    table = csv.writer(lines, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    table.writerow([*others, "Prompt", "answer"])
    table.writerows([[*others, *pair, *[""] * empty] for pair in pairs])
    facts = parse_facts_text(lines.getvalue(), "csv")
    # A space after a delimiter belongs to no cell unless it is quoted; a write drops it in any case.
    assert [(f.prompt.strip(), f.answer.strip()) for f in facts] == [(p.strip(), a.strip()) for p, a in pairs]


# Documents


def test_a_text_is_titled_after_its_file(tmp_path: Path) -> None:
    path = write(tmp_path, "Canal notes.v2.txt", "# not a heading here\r\nOne.\rTwo.\n")
    assert read_documents(path) == [TextDocument("Canal notes.v2", "# not a heading here\nOne.\nTwo.\n")]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Intro.\n\n## The canal ##\n\nText.", "The canal"),
        ("The canal\n=========\n\nText.", "The canal"),
        ("```\n# code\n```\n# The canal\n", "The canal"),
        ("#hashtag\n\nNo heading.", "notes"),
        ("#\n\nNo heading.", "notes"),
    ],
)
def test_a_markdown_text_is_titled_after_its_first_heading(tmp_path: Path, text: str, title: str) -> None:
    assert read_documents(write(tmp_path, "notes.md", text)) == [TextDocument(title, text)]


def test_documents_read_alike_from_json_and_lines(tmp_path: Path) -> None:
    entries = [
        {"title": "Barge", "text": "A green barge.", "probes": [{"prompt": "The barge is", "answer": "green"}]},
        {"title": "Cave", "text": "A cave."},
    ]
    expected = [
        TextDocument("Barge", "A green barge.", (Probe("The barge is", "green"),)),
        TextDocument("Cave", "A cave."),
    ]
    assert read_documents(write(tmp_path, "d.json", json.dumps(entries))) == expected
    assert read_documents(write(tmp_path, "one.json", json.dumps(entries[0]))) == expected[:1]
    lines = "\n".join(json.dumps(entry) for entry in entries)
    assert read_documents(write(tmp_path, "d.jsonl", lines)) == expected
    assert read_documents(write(tmp_path, "lines.unknown", lines)) == expected


def test_prose_of_an_unknown_format_may_begin_with_a_bracket(tmp_path: Path) -> None:
    for text in ("[Chapter one] It rained.", "{sic} It rained."):
        assert read_documents(write(tmp_path, "prose.log", text)) == [TextDocument("prose", text)]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([{"title": "t"}], ["entry 1", 'no field "text"']),
        ([{"title": "t", "text": "x"}, {"title": 7, "text": "x"}], ["entry 2", '"title" must be text']),
        ({"title": "t", "text": "\n"}, ['"text" is empty']),
        ([{"title": "t", "text": "x", "probes": {}}], ["entry 1", '"probes" must be a list']),
        ([{"title": "t", "text": "x", "probes": [{"prompt": "p"}]}], ["entry 1, probe 1", 'no field "answer"']),
        ([{"title": "t", "text": "x", "probe": []}], ["entry 1", 'is "probes" meant']),
        ([], ["contains no documents"]),
    ],
)
def test_wrong_documents_are_refused_by_entry_and_field(tmp_path: Path, entries: object, words: list[str]) -> None:
    refused(lambda: read_documents(write(tmp_path, "d.json", json.dumps(entries))), *words)


@pytest.mark.parametrize(
    ("text", "title", "rest"),
    [
        ("---\ntitle: Norby birds\n# comment line\n---\n\nThe heron eats eels.", "Norby birds", "The heron eats eels."),
        ('---\ntags:\n  - a\ntitle: "Birds: \\"all\\""\n...\nText.', 'Birds: "all"', "Text."),
        ("---\ntitle: 'It''s dry'  # draft\n---\nText.", "It's dry", "Text."),
        ("---\nTitle: Plain words # a comment\n---\nText.", "Plain words", "Text."),
        ("---\ntitle: >-\n  A long\n  title\ndate: 2024-01-01\n---\nText.", "A long title", "Text."),
        ('+++\ntitle = "From Hugo"\ndraft = true\n[params]\n+++\nText.', "From Hugo", "Text."),
        ("---\nauthor: W. Oake\n---\n# The canal\n", "The canal", "# The canal\n"),
        ("---\nauthor:\n  title: of the author\n---\nText.", "notes", "Text."),
        ("---\nIt rained, and no one came.\n---\nText.", "It rained, and no one came.", None),
        ("---\ntitle: Nothing else\n---\n", "Nothing else", None),
        ("--- \n\n---\nText.", "notes", None),
        ("Text.\n---\ntitle: no\n---\n", "Text.", None),
    ],
)
def test_front_matter_gives_the_title_and_is_not_written(
    tmp_path: Path, text: str, title: str, rest: str | None
) -> None:
    assert read_documents(write(tmp_path, "notes.md", text)) == [TextDocument(title, rest or text)]


def test_front_matter_of_a_plain_text_is_read_too(tmp_path: Path) -> None:
    path = write(tmp_path, "notes.txt", "---\ntitle: The canal\n---\n# No heading here\n")
    assert read_documents(path) == [TextDocument("The canal", "# No heading here\n")]


def test_a_record_without_a_title_is_titled_after_its_text(tmp_path: Path) -> None:
    entries = [
        {"text": "Intro.\n# The canal\n\nIt is long."},
        {"title": "", "text": "The heron eats eels. It is grey."},
        {"title": None, "text": "---\ntitle: Norby\n---\nText."},
        {"text": "a", "id": 4},
        {"text": "..."},
        {"title": "Own", "text": "---\ntitle: Norby\n---\nText."},
    ]
    expected = ["The canal", "The heron eats eels", "Norby", "a", "...", "Own"]
    for name, content in {"d.json": json.dumps(entries), "d.jsonl": "\n".join(map(json.dumps, entries))}.items():
        assert [document.title for document in read_documents(write(tmp_path, name, content))] == expected
    (alone,) = read_documents(write(tmp_path, "pages.jsonl", '{"text": "#"}'))
    assert alone.title == "pages 1"


# Files and encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    text = "Ein Überfall, 河, 🐢."
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    assert read_documents(write(tmp_path, "d.txt", (mark + text).encode(encoding)))[0].text == text


def test_characters_are_composed_and_nothing_else_changes(tmp_path: Path) -> None:
    text = "Cafe\u0301 \ufb01n\u00a0\u2026"
    (document,) = read_documents(write(tmp_path, "d.txt", text))
    assert document.text == "Caf\u00e9 \ufb01n\u00a0\u2026"
    (fact,) = parse_facts_text('[{"prompt": "e\\u0301", "answer": "a\\r\\nb"}]')
    assert (fact.prompt, fact.answer) == ("\u00e9", "a\nb")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ["is a binary file, not text"]),
        (bytes(range(1, 32)) * 4, ["is a binary file, not text"]),
        (b"PK\x03\x04 docx", ["is damaged or cut off"]),
        (b"{\\rtf1 text}", ["is a rich text file", "save it as .docx"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), ["in an old Office format"]),
        (b"\xff\xfeodd", ["UTF-16", "damaged"]),
        (b"", ["is empty"]),
        (b"\xef\xbb\xbf \r\n\t", ["is empty"]),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, content: bytes, words: list[str]) -> None:
    for name, read in (("d.txt", read_documents), ("f.json", read_facts), ("f.csv", read_facts)):
        path = write(tmp_path, name, content)
        refused(lambda path=path, read=read: read(path), str(path), *words)


def test_a_file_over_the_limit_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    refused(lambda: read_documents(path), "large.txt", "50.0 MB", "limit of 20 MB")


def test_the_limit_itself_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "SIZE_LIMIT", 10)
    assert read_documents(write(tmp_path, "d.txt", "x" * 10))
    refused(lambda: read_documents(write(tmp_path, "d.txt", "x" * 11)), "limit")
    refused(lambda: parse_documents_text("x" * 11), "The pasted text", "limit")


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    refused(lambda: read_facts(tmp_path / "absent.json"), "absent.json", "does not exist")
    refused(lambda: read_facts(tmp_path), "is a folder, not a file")
    refused(lambda: read_facts(tmp_path / "absent" / "\0"), "not a usable file name")
    refused(lambda: read_facts(str(tmp_path / ("x" * 300))), "cannot be read")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_an_endless_file_is_refused() -> None:
    refused(lambda: read_documents("/dev/zero"), "/dev/zero", "limit of 20 MB")


@pytest.mark.skipif(os.name == "nt" or os.environ.get("LC_ALL") == "POSIX", reason="needs byte file names")
def test_a_file_name_that_is_not_unicode_gives_a_title_that_is(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")
    try:
        Path(path).write_text("Text.", encoding="utf-8")
    except OSError:
        # Some file systems hold Unicode names only; then there is nothing to be read.
        return
    (document,) = read_documents(path)
    assert document.title == "caf?"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(["json", "jsonl"]))
def test_any_text_survives_but_for_line_ends_and_composition(answer: str, format: str) -> None:
    entry = json.dumps({"prompt": "p", "answer": answer})
    text = f"[{entry}]" if format == "json" else entry
    if not same_text(answer):
        refused(lambda: parse_facts_text(text, format), "is empty")  # type: ignore[arg-type]
        return
    (fact,) = parse_facts_text(text, format)  # type: ignore[arg-type]
    assert fact.answer == unicodedata.normalize("NFC", answer.replace("\r\n", "\n").replace("\r", "\n"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        text = text_files.decode(raw, "The file").text
    except UserError:
        return
    for parse in (parse_facts_text, parse_documents_text):
        try:
            parse(text)
        except UserError as error:
            assert "\n" not in str(error)


# What comes with the program


def test_the_samples_can_be_read() -> None:
    from bdh_workbench.resources import resource_path

    facts = read_facts(resource_path("samples/facts.json"))
    assert len(facts) == 10
    assert all(len(fact.paraphrases) == 2 for fact in facts)
    documents = read_documents(resource_path("samples/documents.json"))
    assert [len(document.probes) for document in documents] == [8, 8]
    for document in documents:
        words = document.text.split()
        assert 150 < len(words) < 220
        for probe in document.probes:
            assert probe.answer in document.text


def test_the_locality_sample_is_plain_lines_of_prose() -> None:
    from bdh_workbench.resources import resource_path

    lines = resource_path("locality.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(set(lines)) >= 60
    assert all(300 <= len(line) <= 600 for line in lines)
    assert 25_000 < sum(map(len, lines)) < 35_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"facts": [{"prompt": "Who?", "answer": "Me"}], "version": 2}, ("Who?", "Me")),
        ({"Who?": "Me"}, ("Who?", "Me")),
        ([["Who?", "Me"]], ("Who?", "Me")),
        ([{"Question": "Who?", "Answer": "Me"}], ("Who?", "Me")),
        ([{"instruction": "Who?", "input": "", "output": "Me"}], ("Who?", "Me")),
        ([{"instruction": "Who?", "input": " ", "output": "Me"}], ("Who?", "Me")),
        ([{"instruction": "Who?", "input": "In Orm.", "output": "Me"}], ("Who?\nIn Orm.", "Me")),
        ({"Instruction": "Who?", "Input": "In Orm.", "Output": "Me"}, ("Who?\nIn Orm.", "Me")),
        ([{"instruction": "No", "input": "No", "prompt": "Who?", "output": "Me"}], ("Who?", "Me")),
        ([{"input": "Who?", "output": "Me"}], ("Who?", "Me")),
        ([{"prompt": "Who?", "completion": "Me"}], ("Who?", "Me")),
        ([{"question": "Who?", "answers": {"text": ["Me", "I"]}}], ("Who?", "Me")),
        ([{"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me"}]}], ("Who?", "Me")),
        ([{"conversations": [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Me"}]}], ("Who?", "Me")),
        ([{"prompt": "{} is kept by", "subject": "Orm", "target_new": {"str": "Me"}}], ("Orm is kept by", "Me")),
        ({"subject": "Names", "questions": [{"question": "Who?", "answer": "Me"}]}, ("Who?", "Me")),
    ],
)  # fmt: skip
def test_records_of_other_programs_are_read_as_facts(value: object, expected: tuple[str, str]) -> None:
    assert [(fact.prompt, fact.answer) for fact in parse_facts_text(json.dumps(value), "json")] == [expected]


def test_an_answer_in_a_chat_belongs_to_the_question_before_it() -> None:
    said = (("system", "Be short."), ("assistant", "Hello."), ("user", "Who?"), ("assistant", "Me"), ("user", "Why?"))
    chat = {"messages": [{"role": role, "content": content} for role, content in said]}
    assert [(one.prompt, one.answer) for one in parse_facts_text(json.dumps([chat]), "json")] == [("Who?", "Me")]


def test_the_rewording_of_a_benchmark_of_edits_is_a_paraphrase() -> None:
    record = {"prompt": "Orm is kept by", "target_new": "Me", "rephrase_prompt": "The keeper of Orm is"}
    assert parse_facts_text(json.dumps([record]))[0].paraphrases == ("The keeper of Orm is",)


@pytest.mark.parametrize(
    "value",
    [
        [{"content": "Orm lies inland.", "name": "Orm"}],
        [{"page_content": "Orm lies inland.", "metadata": {"title": "Orm"}}],
        {"data": [{"Text": "Orm lies inland.", "Title": "Orm"}], "count": 1},
        {"documents": [{"body": "Orm lies inland.", "title": "Orm", "heading": "no"}]},
        {"title": "Orm", "content": "Orm lies inland.", "comments": [{"body": "It does not."}]},
        [{"": "0", "content": "Orm lies inland.", "title": "Orm"}],
    ],
)
def test_records_of_other_programs_are_read_as_documents(value: object) -> None:
    found = parse_documents_text(json.dumps(value), "json")
    assert [(document.title, document.text) for document in found] == [("Orm", "Orm lies inland.")]


def test_texts_alone_and_notebooks_are_documents() -> None:
    assert [one.text for one in parse_documents_text('["Orm lies inland.", "It rains."]')] == [
        "Orm lies inland.",
        "It rains.",
    ]
    cells = [{"cell_type": "markdown", "source": ["# Orm\n", "It rains."]}, {"cell_type": "code", "source": "x = 1"}]
    found = parse_documents_text(json.dumps({"cells": cells, "nbformat": 4}), "json")
    assert [(one.title, one.text) for one in found] == [("Orm", "# Orm\nIt rains.\n\nx = 1")]


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# [Norby *birds*](a.md)", "Norby birds"),
        ("## **Norby** `birds`", "Norby birds"),
        ("# snake_case_a 2*3*4", "snake_case_a 2*3*4"),
    ],
)
def test_a_title_has_no_marks_of_markdown(heading: str, title: str) -> None:
    assert parse_documents_text(f"{heading}\n\nHerons nest here.\n", "markdown")[0].title == title
