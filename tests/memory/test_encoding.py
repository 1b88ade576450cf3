"""From facts and documents to write items: nothing lost, nothing too long, sentences where a reader sees them."""

from __future__ import annotations

import itertools
import re
import time
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bdh_workbench.inputs import sentences as sentences_module
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.sentences import STOPS, may_end, sentence_spans, sentence_stop
from bdh_workbench.memory.writing.encoding import (
    FRAMINGS,
    LEAD,
    WriteItem,
    answer_ids,
    document_items,
    fact_items,
    further_wordings,
    units_of,
)
from bdh_workbench.model.tokenizer import ByteTokenizer

TOKENIZER = ByteTokenizer()
END = TOKENIZER.end_id


def sentences(text: str) -> list[str]:
    return [text[start:stop] for start, stop in sentence_spans(text)]


def one_document(text: str, context: int = 64) -> list[WriteItem]:
    return document_items([TextDocument("A title", text)], TOKENIZER, context, context)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("One here. Two there! Three? Four…", ["One here.", "Two there!", "Three?", "Four…"]),
        ("He said “no.” She left.", ["He said “no.”", "She left."]),
        ('"Go!" (He went.) Then', ['"Go!"', "(He went.)", "Then"]),
        (
            "\u2018Why?’ she asked. \u2018Because.’ That was all.",
            ["\u2018Why?’ she asked.", "\u2018Because.’", "That was all."],
        ),
        ("She said «yes.» He bowed.", ["She said «yes.»", "He bowed."]),
        ("Wait... what? Well... Fine.", ["Wait... what?", "Well...", "Fine."]),
        ("Mr. Ode met Dr. Ash on St. Ives Road.", ["Mr. Ode met Dr. Ash on St. Ives Road."]),
        ("Tools, e.g. saws, i.e. blades, vs. none.", ["Tools, e.g. saws, i.e. blades, vs. none."]),
        ("It was by J. R. R. Tolk. He wrote.", ["It was by J. R. R. Tolk.", "He wrote."]),
        ("The U.S. Army came. É. Zola left.", ["The U.S. Army came.", "É. Zola left."]),
        ("He went to the U.S.\n\nIn 1920 he met Dr.\n \nNext.", ["He went to the U.S.", "In 1920 he met Dr.", "Next."]),
        ("So did I. Then we ate.", ["So did I.", "Then we ate."]),
        ("See No. 5 and pp. 3 to 7. He said No. Then", ["See No. 5 and pp. 3 to 7.", "He said No.", "Then"]),
        ("At 5 p.m. on Friday. At 5 p.m. They ate.", ["At 5 p.m. on Friday.", "At 5 p.m.", "They ate."]),
        ("1. First thing. 2. Second thing.", ["1. First thing.", "2. Second thing."]),
        ("It fell in 1987. Then it rose.", ["It fell in 1987.", "Then it rose."]),
        ("It cost 3.50 or v1.2.3 there. Yes.", ["It cost 3.50 or v1.2.3 there.", "Yes."]),
        ("the cat sat. the dog ran. all in small letters.", ["the cat sat.", "the dog ran.", "all in small letters."]),
        (
            "A heading\n\nIts text. More\nlines of it.\n \n\tEnd",
            ["A heading", "Its text.", "More\nlines of it.", "End"],
        ),
        ("我来了。你呢\uff1f好\uff01走", ["我来了。", "你呢\uff1f", "好\uff01", "走"]),
        ("「行く。」彼は言った。", ["「行く。」", "彼は言った。"]),
        ("أين البيت؟ هنا. نعم.", ["أين البيت؟", "هنا.", "نعم."]),
        ("यह घर है। वह आया॥ अब", ["यह घर है।", "वह आया॥", "अब"]),
        ("Sie mag Obst, z. B. Äpfel, d. h. viel. Er nicht.", ["Sie mag Obst, z. B. Äpfel, d. h. viel.", "Er nicht."]),
        ("Он родился в 1950 г. в Орле. Дом и т. д. стоял.", ["Он родился в 1950 г. в Орле.", "Дом и т. д. стоял."]),  # noqa: RUF001
        # A row of a table and a line of a list are whole, a line that was broken because it was full is not.
        ("Name\tAge\nAda Brand\t36\nCyril Ost\t41\n", ["Name\tAge", "Ada Brand\t36", "Cyril Ost\t41"]),
        ("# Rules\nAll boats wait.\n- one\n- two", ["# Rules", "All boats wait.", "- one", "- two"]),
        (
            "The keeper of the lamp at Orm was told by the mayor of the town that\nOdile had left. Then",
            ["The keeper of the lamp at Orm was told by the mayor of the town that\nOdile had left.", "Then"],
        ),
        ("Dear Ada,\nI came to\nthe mill", ["Dear Ada,\nI came to\nthe mill"]),
        ("no end", ["no end"]),
        ("  \n\n  Space. Around.  \n\n ", ["Space.", "Around."]),
        ("...", ["..."]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_a_reader_sees_them_end(text: str, wanted: list[str]) -> None:
    assert sentences(text) == wanted


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*'ab Z.!?…"”’)\né🜚3', "Mr. ", "\n\n", ". "]), max_size=60).map("".join))
def test_sentences_leave_out_nothing_but_space(text: str) -> None:
    spans = sentence_spans(text)
    last = 0
    for start, stop in spans:
        assert last <= start < stop and not text[last:start].strip()
        assert text[start:stop].strip() == text[start:stop], "a sentence neither begins nor ends with space"
        last = stop
    assert not text[last:].strip()
    assert re.sub(r"\s", "", "".join(sentences(text))) == re.sub(r"\s", "", text)


# What a sentence's end was found by before it had to be linear: short, and slow on runs of stops or of spaces.
PLAIN_END = re.compile(
    r"(?P<paragraph>\s*\n\s*\n\s*)"
    rf"|(?P<stop>[{STOPS}]+)(?P<closing>[\"'”’»)\]]*)\s+"
    r"|[。\uff01\uff1f\uff61]+[」』”’\uff09]*\s*"
)


@settings(max_examples=1000)
@given(
    st.lists(st.sampled_from([*'ab Z.!?…"”’)\n\t\u3000\x85。\uff01」3', "Mr. ", "\n\n", ". "]), max_size=24).map(
        "".join
    )
)
def test_sentences_are_those_of_the_plain_expression(text: str) -> None:
    found = sentence_spans(text)
    with mock.patch.object(sentences_module, "SENTENCE_END", PLAIN_END):
        assert sentence_spans(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "." * 40_000 + "x",
        ". " * 40_000,
        " " * 40_000 + "\n" + " " * 40_000 + "x",
        "x" + " \t" * 40_000,
        "x" + "\n" * 40_000,
        "." + ")" * 40_000 + "x",
        ".)" * 40_000,
        "。" * 40_000,
        "A." * 40_000,
    ],
    ids=lambda text: repr(text[:4]),
)
def test_no_text_takes_long_to_cut_into_sentences(text: str) -> None:
    begun = time.thread_time()
    sentence_spans(text)
    # It takes a few hundredths of a second; time that grew with the square of the length would be half a minute.
    assert time.thread_time() - begun < 2.0


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("It was version 2.", 3, None),
        ("It was version 2.3.1 of it. Then", 3, 27),
        ("He met Dr. Ash. Then", 3, 15),
        ("He met Dr.", 3, None),
        ("One. Two. Three", 4, 9),
        ("书在这里。那", 2, 5),
        ("书在这里。", 2, None),
        ("أين البيت؟ هنا", 1, 10),
        ("A heading\n\nText", 2, 9),
        ("A line\nOf a longer sentence", 2, None),
        ("At 5 p.m. on Friday", 3, None),
    ],
)
def test_a_sentence_stops_where_the_next_word_shows_it(text: str, start: int, end: int | None) -> None:
    assert sentence_stop(text, start) == end


@pytest.mark.parametrize(
    ("text", "open_"),
    [("It was version 2.", True), ("It was version 2", False), ("It was 2.3", False), ("书在这里。", True),
     ("He met Dr.", False), ("Done.”", True), ("A heading\n\n", True), ("", False)],
)  # fmt: skip
def test_a_text_may_end_after_a_stop_that_ends_sentences(text: str, open_: bool) -> None:
    assert may_end(text) is open_


LONG = "\n\n".join(
    " ".join(
        f"In the year {900 + 7 * p + s} the {'grey ' * (s % 4)}mill of Brant number {p} ground rye." for s in range(9)
    )
    for p in range(5)
)


def target_places(items: list[WriteItem], ids: list[int]) -> set[int]:
    """Places in the document of all targets of its stretches; checks that each is what stands there."""
    places: set[int] = set()
    for item in items:
        if item.primary:
            assert tuple(ids[place] for place in item.places) == item.ids
            here = set(item.places[item.first :])
            assert not here & places, "a token is learnt once"
            places |= here
    return places


@pytest.mark.parametrize("context", [2, 3, 5, 16, 64, 100, 5000])
def test_every_token_of_a_long_document_is_a_target(context: int) -> None:
    ids = [*TOKENIZER.encode(LONG), END]
    items = one_document(LONG, context)
    assert target_places(items, ids) == set(range(1, len(ids)))
    assert max(len(item.ids) for item in items) <= context + LEAD
    chunks = [item for item in items if item.primary]
    assert sum(END in item.ids for item in items) == 1 and chunks[-1].ids[-1] == END, "the end is learnt once"
    assert len(chunks) < 2 * len(ids) / context + 2, "stretches are no shorter than they need to be"
    assert all(item.first == min(LEAD, item.places[item.first]) for item in chunks[1:]), "each has its lead"


@settings(max_examples=60)
@given(st.text(alphabet=st.sampled_from(list("abc .!?\n日é")), min_size=2, max_size=300), st.integers(2, 60))
def test_no_text_and_no_context_loses_a_token(text: str, context: int) -> None:
    stripped = text.strip()
    if len(TOKENIZER.encode(stripped)) < 2:
        return
    ids = [*TOKENIZER.encode(stripped), END]
    items = one_document(text, context)
    for item in items:
        assert 2 <= len(item.ids) <= context + LEAD and 1 <= item.first < len(item.ids)
        assert len(item.sentences) == len(item.ids) and item.source == 0
        assert list(item.sentences) == sorted(item.sentences)
    # A repetitive text matches in several places, so that only the tokens themselves can be compared.
    chunks = [item for item in items if item.primary]
    assert chunks[0].ids == tuple(ids[: len(chunks[0].ids)]) and chunks[0].first == 1
    learnt = 1 + sum(len(item.ids) - item.first for item in chunks)
    assert learnt == len(ids)


def test_a_short_document_is_one_stretch_whatever_the_context() -> None:
    text = LONG[:400].rsplit(" ", 1)[0]
    items = document_items([TextDocument("A title", text)], TOKENIZER, 20)
    assert items[0].primary and items[0].ids == (*TOKENIZER.encode(text), END)
    assert not any(item.primary for item in items[1:]) and max(len(item.ids) for item in items[1:]) == 20


def test_stretches_begin_and_end_with_sentences_where_they_can() -> None:
    items = one_document(LONG, 300)
    stretches = [item for item in items if item.primary]
    assert len(stretches) > 5
    for before, item in itertools.pairwise(stretches):
        assert TOKENIZER.decode(item.ids[item.first :]).strip().startswith("In the year")
        assert TOKENIZER.decode(before.ids).strip().endswith(".")
    # Each window follows the stretch that its sentence begins in.
    for unit in units_of(items):
        own = unit.items[0]
        for window in unit.items[1:]:
            assert set(window.places) - {-1} <= set(own.places[own.first - 1 :])


def test_a_document_has_a_window_for_each_sentence() -> None:
    text = "The mill stands. A horse, called Bo, turns it!\n\nOk. Ünë 🜚 rest"
    windows = [item for item in one_document(text) if not item.primary]
    assert [TOKENIZER.decode(item.ids) for item in windows] == sentences(text)
    assert [set(item.sentences) for item in windows] == [{0}, {1}, {2}, {3}]
    assert [item.first for item in windows] == [3, 3, 1, 3], "two words do not tell long sentences apart"
    assert all(END not in item.ids for item in windows)


def test_a_window_of_four_tokens_has_targets_from_the_second_on() -> None:
    firsts = {len(item.ids): item.first for item in one_document("abc. abcd. ab. abcdef") if not item.primary}
    assert firsts == {4: 1, 5: 3, 3: 1, 6: 3}


def test_a_sentence_longer_than_the_context_is_whole_in_the_chunks() -> None:
    text = ",".join(str(number) for number in range(40))
    items = one_document(text, 30)
    window = next(item for item in items if not item.primary)
    assert len(window.ids) == 30
    assert target_places(items, [*TOKENIZER.encode(text), END]) == set(range(1, len(text) + 1))


def test_each_token_knows_its_sentence() -> None:
    text = "Café one. Two “q.” Three"
    item = one_document(text)[0]
    assert item.primary and len(item.ids) == len(TOKENIZER.encode(text)) + 1
    spans = sentence_spans(text)
    for (_, stop), sentence in zip(TOKENIZER.encode_with_spans(text)[1], item.sentences, strict=False):
        begins = [start for start, _ in spans]
        assert sentence == max(i for i, start in enumerate(begins) if start < stop or i == 0)
    assert item.sentences[-1] == 2


def test_documents_keep_their_numbers_and_may_be_short() -> None:
    documents = [TextDocument("a", "First text."), TextDocument("b", " Second text. More. ")]
    items = document_items(documents, TOKENIZER, 64)
    assert [item.source for item in items] == [0, 0, 1, 1, 1]
    assert TOKENIZER.decode(items[2].ids) == "Second text. More.", "space around a text is no part of it"
    (short,) = document_items([TextDocument("c", "x")], TOKENIZER, 64)
    assert short.ids == (*TOKENIZER.encode("x"), END) and short.first == 1, "what follows a letter is its end"
    assert document_items([], TOKENIZER, 64) == []


def test_a_fact_is_its_prompt_and_answer_with_the_end() -> None:
    fact = Fact("The capital is", "Orm")
    items = fact_items([fact, Fact("Its river:", "Quill")], TOKENIZER, 0)
    assert [TOKENIZER.decode(item.ids) for item in items] == ["The capital is Orm", "Its river: Quill"]
    assert [item.source for item in items] == [0, 1] and all(item.primary for item in items)
    first = items[0]
    assert TOKENIZER.decode(first.ids[: first.first]) == fact.prompt
    assert first.ids[first.first :] == (*TOKENIZER.encode(" Orm"), END) and set(first.sentences) == {0}


@pytest.mark.parametrize("framings", [1, 2, 3])
def test_a_fact_is_written_behind_framings_too(framings: int) -> None:
    items = fact_items([Fact("The capital is", "Orm")], TOKENIZER, framings)
    assert [item.primary for item in items] == [True, *[False] * framings]
    plain = items[0]
    for number, item in enumerate(items[1:]):
        assert TOKENIZER.decode(item.ids) == f"{FRAMINGS[number]} The capital is Orm"
        assert item.ids[item.first :] == plain.ids[plain.first :], "the answer is the same tokens everywhere"
        assert len(item.sentences) == len(item.ids)


def test_paraphrases_become_further_wordings_of_the_same_fact() -> None:
    facts = [
        Fact("The motto is", "pull; rest", ("Rowers say", "The motto\u00a0is", "Rowers\tsay", 'The wall reads "')),
        Fact("Its river:", "Quill", ("Rowers say", "It lies on the")),
    ]
    wordings = further_wordings(facts)
    assert wordings == [("Rowers say", 'The wall reads "'), ("It lies on the",)], (
        "none twice, and none that is a prompt"
    )
    items = fact_items(facts, TOKENIZER, 1, wordings)
    said = [(item.source, item.primary, TOKENIZER.decode(item.ids)) for item in items]
    assert said == [
        (0, True, "The motto is pull; rest"),
        (0, False, f"{FRAMINGS[0]} The motto is pull; rest"),
        (0, False, "Rowers say pull; rest"),
        (0, False, 'The wall reads "pull; rest'),
        (1, True, "Its river: Quill"),
        (1, False, f"{FRAMINGS[0]} Its river: Quill"),
        (1, False, "It lies on the Quill"),
    ]
    assert items[2].places[items[2].first :] == items[0].places[items[0].first :], "the same tokens of the same fact"
    assert set(items[3].places) == {-1}, "an answer without its space is other tokens"
    assert fact_items(facts, TOKENIZER, 1) == [items[0], items[1], items[4], items[5]]


@pytest.mark.parametrize("end", [" ", "(", '"', "“"])
def test_no_space_is_put_where_the_prompt_has_one(end: str) -> None:
    prompt, answer = answer_ids(TOKENIZER, f"Name{end}", "Orm")
    assert TOKENIZER.decode(prompt + answer) == f"Name{end}Orm"
    assert answer_ids(TOKENIZER, " My \n name\n", "Orm") == answer_ids(TOKENIZER, "My name", "Orm"), "on one line"
    prompt, answer = answer_ids(TOKENIZER, "日本の首都は", "東京 🜚")
    assert TOKENIZER.decode(answer) == " 東京 🜚" and answer[-1] == END


def test_lines_of_a_long_list_are_rows_however_long_they_are() -> None:
    rows = [f"Room {n}, the one with the view of the harbour and of the old lighthouse of Orm" for n in range(6)]
    assert sentences("\n".join(rows)) == rows
    wrapped = "\n".join([*rows[:3], "its door is red and " + rows[3], *rows[4:]])
    assert sentences(wrapped) == [wrapped], "a small letter shows that a sentence goes on"
