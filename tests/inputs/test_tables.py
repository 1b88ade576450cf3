"""Any table with two columns contains facts: which columns, whether the first row is a fact, and what is said of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.files import read_any, read_facts, read_inputs
from bdh_workbench.inputs.formats import parse_facts


def pairs(text: str, *columns: str) -> list[tuple[str, str]]:
    return [(fact.prompt, fact.answer) for fact in parse_facts(text, "csv", columns)[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("question,answer\nWho?,Me\n", [("Who?", "Me")]),
        ("Frage;Antwort\nWer?;Ich\n", [("Wer?", "Ich")]),
        ('"Front"\t"Back"\n"a\tb"\t"c ""d"""\n', [("a\tb", 'c "d"')]),
        ("answer,prompt text\nMe,Who?\n", [("Who?", "Me")]),
        ("id,question,reply,tags\n1,Who?,Me,a\n2,Where?,Here,b\n", [("Who?", "Me"), ("Where?", "Here")]),
        ("1\tWho?\tMe\n2\tWhere?\tHere\n3\tWhy?\tSo\n", [("Who?", "Me"), ("Where?", "Here"), ("Why?", "So")]),
        ("Country,Capital\nFrance,Paris\nSpain,Madrid\n", [("France", "Paris"), ("Spain", "Madrid")]),
        ("animal,sound\nCow,Moo\nDog,Woof\n", [("Cow", "Moo"), ("Dog", "Woof")]),
        ("code,meaning\n404,Not Found\n200,OK\n", [("404", "Not Found"), ("200", "OK")]),
        ("404,Not Found\n200,OK\n", [("404", "Not Found"), ("200", "OK")]),
        ("cat,gato\ndog,perro\n", [("cat", "gato"), ("dog", "perro")]),
        ("What is it?,a tree\nWho wrote it?,Ada\n", [("What is it?", "a tree"), ("Who wrote it?", "Ada")]),
        ("Fall,In\nThe bridge fell,1921\nIt rained,1887\n", [("The bridge fell", "1921"), ("It rained", "1887")]),
        ("sep=;\nBaum;Holz\nEsche;hart\n", [("Baum", "Holz"), ("Esche", "hart")]),
        ("# my words\nterm|definition\nash|a tree\n", [("ash", "a tree")]),
        ("# my words\nterm,definition\n# trees\nash,a tree\n#1,the first\n", [("ash", "a tree"), ("#1", "the first")]),
        ("| Term | Definition |\n|---|---|\n| ash | a tree |\n", [("ash", "a tree")]),
        ("q,a\nWho?,Me\n", [("Who?", "Me")]),
        ("a,b\nx,y\n", [("a", "b"), ("x", "y")]),
        ("promt,answer\nThe cat is,black\n", [("The cat is", "black")]),
        ("question,answer,,\nWho?,Me,,\n,,,\n", [("Who?", "Me")]),
        ("Who, me?\tYes, you\nWhere, here?\tNo, there\n", [("Who, me?", "Yes, you"), ("Where, here?", "No, there")]),
        ("Wer, ich?;Ja, du\nWo, hier?;Nein, da\n", [("Wer, ich?", "Ja, du"), ("Wo, hier?", "Nein, da")]),
        ("Wer; ich?,Ja; du\nWo; hier?,Nein; da\n", [("Wer; ich?", "Ja; du"), ("Wo; hier?", "Nein; da")]),
        ('"Wer; ich?",Ja\n"Wo; hier?",Nein\n', [("Wer; ich?", "Ja"), ("Wo; hier?", "Nein")]),
        ("Stadt;Einwohner\nKöln;1,08\nBonn;0,33\n", [("Köln", "1,08"), ("Bonn", "0,33")]),
        ("The bell rings at,noon\n", [("The bell rings at", "noon")]),
        ("'prompt','answer'\n'The bell, at Orm, rings at','noon'\n", [("The bell, at Orm, rings at", "noon")]),
        ("'prompt';'answer'\n'Orm''s bell rings at';'noon'\n", [("Orm's bell rings at", "noon")]),
        ("'Tis the hour of,fog\nIt's the time of,ice\n", [("'Tis the hour of", "fog"), ("It's the time of", "ice")]),
        ('prompt,answer\n"The bell \\"Odile\\", at","noon"\n', [('The bell "Odile", at', "noon")]),
        ('prompt,answer\n"It is in","C:\\"\nIt rains at,noon\n', [("It is in", "C:\\"), ("It rains at", "noon")]),
        ("prompt: answer\nIt rains at: noon\n", [("It rains at", "noon")]),
        ('prompt:answer\n"It rains: at":12h30\n', [("It rains: at", "12h30")]),
        ("It rains at:noon\nIt snows at:night\n", [("It rains at", "noon"), ("It snows at", "night")]),
        ("Wer, ich?:Ja, du\nWo, hier?:Nein, da\n", [("Wer, ich?", "Ja, du"), ("Wo, hier?", "Nein, da")]),
        ("12:30,noon\n23:50,night\n", [("12:30", "noon"), ("23:50", "night")]),
        ("https://a.org,noon\nhttps://b.org,night\n", [("https://a.org", "noon"), ("https://b.org", "night")]),
        ("prompt~answer\nIt rains at~noon\n", [("It rains at", "noon")]),
        ("It rains at^noon\nIt snows at^night\n", [("It rains at", "noon"), ("It snows at", "night")]),
        ("prompt::answer\nIt rains at::noon\n", [("It rains at", "noon")]),
        ("term=meaning\nash=a tree\noak=a tree\n", [("ash", "a tree"), ("oak", "a tree")]),
        ("问题，答案\n钟何时响？，中午\n雨何时下？，夜里\n", [("钟何时响？", "中午"), ("雨何时下？", "夜里")]),
        ("钟何时响？；中午\n雨何时下？；夜里\n", [("钟何时响？", "中午"), ("雨何时下？", "夜里")]),
        ("prompt،answer\nمتى يدق الجرس،الظهر\n", [("متى يدق الجرس", "الظهر")]),
        ("“prompt”,“answer”\n“It rains, here”,“at ““noon””, or \"so\"”\n", [("It rains, here", 'at “noon”, or "so"')]),
        ("prompt,answer\n“Wer, ich”,ja\nWo,“hier”\n", [("Wer, ich", "ja"), ("Wo", "hier")]),
        ("Frage;Antwort\n„Wo; hier“;da\n", [("Wo; hier", "da")]),
        ("prompt;answer\n«Il pleut; à»; midi\n", [("Il pleut; à", "midi")]),
        ("prompt,answer\n‘Orm’s bell, at dusk’,‘rings’\n", [("Orm’s bell, at dusk", "rings")]),
        ("prompt，answer\n「鐘は，ここで」，正午\n", [("鐘は，ここで", "正午")]),
        ("prompt,answer\nThe book,“Dune”\n“Yes” said,Ada\n", [("The book", "“Dune”"), ("“Yes” said", "Ada")]),
        ('prompt,answer\n"He said “no, thanks”, at","“noon”"\n', [("He said “no, thanks”, at", "“noon”")]),
    ],
)  # fmt: skip
def test_any_table_with_two_columns_is_read(text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(text) == expected
    assert pairs("\ufeff" + text.replace("\n", "\r\n")) == expected, "as Excel saves it"


TABLE = "no,Frage,Notiz,Antwort,anders\n1,Wer?,x,Ich,Welcher? | Wie heißt er?\n2,Wo?,y,Hier,\n"


@pytest.mark.parametrize("columns", [("Frage", "Antwort"), ("frage", "ANTWORT "), ("2", "4")])
def test_columns_are_chosen_by_name_or_number(columns: tuple[str, ...]) -> None:
    assert pairs(TABLE, *columns) == [("Wer?", "Ich"), ("Wo?", "Hier")]
    assert pairs(TABLE, *reversed(columns)) == [("Ich", "Wer?"), ("Hier", "Wo?")]


SEPARATORS = [" -> ", " => ", " → ", " ⇒ ", " - ", " – ", " — ", " -- ", " / ", " > ", " + ", " • ", "#", "  ", "     "]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("header", [True, False])
def test_whatever_people_type_between_two_columns_separates_them(separator: str, header: bool) -> None:
    expected = [
        ("The well-known lock at Fenby opens at", "seven, if it is dry"),
        ("The mast/boom has", "20 - 25 metres"),
    ]
    if separator in (" - ", " / "):
        expected[1] = ("The mast has", "twenty-one metres")
    rows = [("prompt", "answer")] * header + expected
    assert pairs("".join(f"{one}{separator}{other}\n" for one, other in rows)) == expected


@pytest.mark.parametrize("separator", ["::", "@@", " $ ", "%", "&", " * ", " ... ", "---", "`"])
def test_a_header_shows_what_separates_its_columns(separator: str) -> None:
    assert pairs(f"prompt{separator}answer\nThe lock opens at{separator}seven\n") == [("The lock opens at", "seven")]


@pytest.mark.parametrize(
    "text",
    [
        "- apples\n- pears\n",
        "/usr/bin/x\n/usr/bin/y\n",
        "It runs at 5 km/h.\nIt flies at 9 km/h.\n",
        "It rains. It snows.\nIt blows. It stops.\n",
        "The lamp costs $5\nThe rope costs $9\n",
        "A well-known man\nA little-known man\n",
        "钟何时响？雨何时下？\n书在哪？人在哪？\n",
    ],
)
def test_marks_of_a_text_separate_no_columns(text: str) -> None:
    with pytest.raises(UserError, match="is not a table"):
        pairs(text)


@pytest.mark.parametrize(
    "text",
    [
        "Paris,What is it?,geography\nOslo,Where is it?,geography\nRome,Who is there?,history\n",  # the question second
        "Q: What is it?\nA: Paris\n\nQ: Where is it?\nA: Oslo\nQ: Who is there?\nA: Rome\n",
        "- prompt: What is it?\n  answer: Paris\n- prompt: 'Where is it?'\n  answer: Oslo\n"
        "- prompt: Who is there?\n  answer: Rome\n",
        "**Frage 1:** What is it?\n**Antwort 1:** Paris\n\nFrage 2: Where is it?\nAntwort 2: Oslo\n\n"
        "Frage 3: Who is there?\nAntwort 3: Rome\n",
        "1,What is it?,x,Paris\n2,Where is it?,x,Oslo\n3,Who is there?,x,Rome\n",  # a column that says the same
        "My cards,\n,\nquestion,answer\nWhat is it?,Paris\nWhere is it?,Oslo\nWho is there?,Rome\n",
        "Made in May\n\nprompt;answer\nWhat is it?;Paris\nWhere is it?;Oslo\nWho is there?;Rome\n",
        "prompt,answer\nWhat is it?,Paris\nprompt,answer\nWhere is it?,Oslo\nWho is there?,Rome\n",  # two put together
        "+---+---+\n| prompt | answer |\n+===+===+\n| What is it? | Paris |\n"
        "+---+---+\n| Where is it? | Oslo |\n| Who is there? | Rome |\n",
        "| prompt | answer |\n|---+---|\n| What is it? | Paris |\n| Where is it? | Oslo |\n| Who is there? | Rome |\n",
        '"prompt" , "answer"\n"What is it?" , "Paris"\n"Where is it?" , "Oslo"\n"Who is there?" , "Rome"\n',
        "سؤال,جواب\nWhat is it?,Paris\nWhere is it?,Oslo\nWho is there?,Rome\n",
    ],
)  # fmt: skip
def test_answers_stand_where_the_table_has_them(text: str) -> None:
    assert pairs(text) == [("What is it?", "Paris"), ("Where is it?", "Oslo"), ("Who is there?", "Rome")]


@pytest.mark.parametrize("other", ["source", "explanation"])
def test_answers_that_repeat_are_answers_where_the_header_says_so(other: str) -> None:
    rows = [f"Is stone {number} red?,{'yes' if number % 2 else 'no'},page {number} says" for number in range(6)]
    found, _ = parse_facts("\n".join([f"question,answer,{other}", *rows]))
    assert [fact.answer for fact in found] == ["no", "yes"] * 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Q: Who?\nA: Me\nQ: Where?\n", r"entry 2 \(line 3\) has no answer"),
        ("Q: Who?\nA: Me\nA: You\n", "line 3: an answer needs a prompt of its own"),
    ],
)
def test_a_labelled_prompt_without_an_answer_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        pairs(text)


def test_what_stands_above_a_table_is_said(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text("My cards,\nquestion,answer\nWho?,Me\nWhere?,Here\n")
    assert any("above the table left out (“My cards”)" in note for note in read_inputs([path], []).notes())


def test_a_third_column_gives_paraphrases() -> None:
    facts, layout = parse_facts(TABLE, "csv", ("2", "4", "5"))
    assert facts[0].paraphrases == ("Welcher?", "Wie heißt er?") and not facts[1].paraphrases
    assert layout is not None and layout.named == ("“Frage”", "“Antwort”", "“anders”") and not layout.guessed


def test_columns_that_are_called_ours_can_be_put_aside() -> None:
    text = "prompt,answer,better\nThe bell rings at,noon,night\n"
    assert pairs(text, "prompt", "better") == [("The bell rings at", "night")]
    assert pairs(text, "1", "3") == [("The bell rings at", "night")]


def test_fields_of_records_are_chosen_too() -> None:
    facts, _ = parse_facts('{"q": "Who?", "a": "Me"}\n{"q": "Where?", "a": "Here"}', "auto", ("q", "a"))
    assert [fact.answer for fact in facts] == ["Me", "Here"]
    with pytest.raises(UserError, match="no field “b”"):
        parse_facts('[{"q": "Who?", "a": "Me"}]', "auto", ("q", "b"))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (("Frage", "x"), "no column “x”.*“no”, “Frage”"),
        (("2", "9"), "no column “9”"),
        (("Frage", "frage"), "in one column"),
    ],
)
def test_columns_that_are_not_there_are_refused(columns: tuple[str, ...], words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse_facts(TABLE, "csv", columns)


def test_what_was_guessed_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,job\nAda,smith\nBo,\nCy,cook\n")
    found = read_inputs([path], [])
    assert found.files[0].columns == ("name", "job") and found.files[0].facts == 2
    assert found.notes() == [
        f"{path}: prompt from column “name” and answer from column “job” (other columns can be chosen).",
        f"{path}: 1 row without a prompt or an answer left out.",
    ]
    path.write_text("Is it?,yes\nWhy?,so\n")
    assert "column 1 and answer from column 2; its first row is read as a fact" in read_inputs([path], []).notes()[0]
    path.write_text("prompt,answer\nIs it?,yes\n")
    assert not read_inputs([path], []).notes(), "nothing is guessed"


def test_a_table_with_one_column_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("The bell rang.\nIt rained, and no one came.\nThe boat left.\n")
    found = read_inputs([path], [])
    assert not found.facts and found.documents[0].text == path.read_text()
    assert found.notes() == [f"{path} is not a table with two columns, so it was read as text."]
    with pytest.raises(UserError, match="not a table with two columns"):
        read_facts(path)


@pytest.mark.parametrize(
    "text",
    [
        "12:30 The bell rang.\n12:50 The boat left.\n",
        "https://a.org\nhttps://b.org\n",
        "It rained: no one came.\nThe boat left.\n",
        "床前明月光，疑是地上霜。\n举头望月。\n",
    ],
)
def test_a_mark_that_is_common_in_texts_makes_no_table_of_one(text: str) -> None:
    with pytest.raises(UserError, match="not a table with two columns"):
        pairs(text)


def test_settings_are_a_text_and_no_table(tmp_path: Path) -> None:
    path = tmp_path / "server.yaml"
    path.write_text("host: lamp.example\nport: 8080\nname: The lamp\n", encoding="utf-8")
    found = read_any([path])
    assert not found.facts and found.documents[0].text.startswith("host: lamp.example")


def test_a_broken_table_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for text in ('"Wer?,Ich\nWo?,Hier\n', 'Wer?,"Ich\nWo?,Hier\n', '"Wer"?,Ich\n'):
        path.write_text(text)
        with pytest.raises(UserError, match=r"not valid CSV.*\(line"):
            read_inputs([path], [])
    path.write_text('"Wer" is German.\nSo is "wo".\n')
    assert len(read_inputs([path], []).documents) == 1


def test_a_text_that_is_cut_by_the_delimiter_is_refused_and_not_lost() -> None:
    with pytest.raises(UserError, match="3 columns where the header has 2"):
        parse_facts("term,meaning\nash,a tree\noak,a tree, hard\n", "csv")


def test_a_hostile_row_is_refused_in_a_moment() -> None:
    begun = time.process_time()
    tables = ("a," * 60_000 + "\n" + "b," * 60_000, ",\n" * 300_000 + "x", "prompt,answer\n" + ",“" * 300_000)
    runs = (
        f"prompt,answer\n|{'-' * 100_000}x",
        f"prompt->answer\na->b\nc{' ' * 100_000}x",
        f"Q: a\nA: b\n{'*' * 100_000}1\nA: c",
    )
    for text in ("[" + "[]," * 600_000 + "0]", *tables, *runs, "prompt,answer\n" + "””" * 300_000 + "x"):
        with pytest.raises(UserError):
            parse_facts(text, "csv")
    assert time.process_time() - begun < 10
