"""A continuation ends where its sentence or its answer ends, in whole characters, and says where it was cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from torch import Tensor

from bdh_workbench.asking import decoding
from bdh_workbench.asking.answers import Heard
from bdh_workbench.asking.ask import UNTOUCHED_TOKENS, ask
from bdh_workbench.asking.questions import cite
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import SamplingSettings, WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader, ReaderState, Reading
from bdh_workbench.reading.sources import Source
from tests.core_factory import DOCUMENT, FACTS, tiny_model

LONG_ANSWER = "Switch it off. Open the lid. Wait 3.5 seconds, until e.g. 2.3.1 shows. Close it."
TEXTS = {
    "version": "The pump of Brask runs version 2.3.1 of the code, e.g. at night. It is quiet.",
    "doctor": "The inn of Pell was built by Dr. Ash and Prof. Elm in 1987. They left.",
    "chinese": "这本书的主人是住在河边的老渔夫。他有一条船。",
    "arabic": "بنى الجسر رجل من المدينة القديمة\u06d4 ثم رحل.",
    "question": "The keeper of Orm asked who lit the lamp? Nobody knew.",
    "quote": "The sign of Tarn says “Stop here.” It is red.",
    "heading": "The rules of the harbour\n\nAll boats wait.",
}


@pytest.fixture(scope="module")
def open_model() -> Model:
    return tiny_model(write_slots=2048, threshold=0.3)


def reader_of(model: Model, facts: Sequence[Fact] = (), documents: Sequence[TextDocument] = ()) -> Reader:
    return Reader(model, finish(write(model, None, facts, documents, WriteSettings(framings=0))).memory)


@pytest.mark.parametrize(
    ("name", "prompt", "completion"),
    [
        ("version", "The pump of Brask runs", " version 2.3.1 of the code, e.g. at night."),
        ("doctor", "The inn of Pell was", " built by Dr. Ash and Prof. Elm in 1987."),
        ("doctor", "The inn of Pell was built by Dr", ". Ash and Prof. Elm in 1987."),
        ("chinese", "这本书的主人是", "住在河边的老渔夫。"),
        ("arabic", "بنى الجسر رجل", " من المدينة القديمة\u06d4"),
        ("question", "The keeper of Orm asked", " who lit the lamp?"),
        ("quote", "The sign of Tarn says", " “Stop here.”"),
        ("heading", "The rules of the", " harbour"),
    ],
)
def test_a_beginning_is_continued_to_the_end_of_its_sentence(
    open_model: Model, name: str, prompt: str, completion: str
) -> None:
    reader = reader_of(open_model, documents=[TextDocument(name, TEXTS[name])])
    answer = ask(reader, prompt)
    assert answer.completion == completion and not answer.cut and answer.mode == "beginning"
    assert answer.chosen is not None and answer.chosen.kept is None
    whole = ask(reader, prompt, one_sentence=False)
    assert whole.completion == TEXTS[name][len(prompt) :] and whole.ended


def test_a_row_of_a_table_is_continued_to_its_end(open_model: Model) -> None:
    reader = reader_of(open_model, documents=[TextDocument("table", "Name\tAge\nAda Brand\t36\nCyril Ost\t41")])
    for prompt, completion in (("Ada Brand", " 36"), ("Cyril Ost", " 41")):
        answer = ask(reader, prompt)
        assert (answer.completion, answer.sentence) == (completion, prompt + completion)
    assert ask(reader, "Ada Brand", one_sentence=False).completion == " 36\nCyril Ost 41"


def test_an_answer_of_several_sentences_is_given_to_its_end(model: Model) -> None:
    fact = Fact("How do I change the battery?", LONG_ANSWER)
    reader = reader_of(model, [fact])
    for reads in (reader, reader.with_settings(PURE)):
        answer = ask(reads, fact.prompt)
        assert (answer.mode, answer.answer, answer.ended, answer.cut) == ("question", LONG_ANSWER, True, False)
    cut = ask(reader, fact.prompt, SamplingSettings(max_tokens=20))
    assert cut.cut and not cut.ended and LONG_ANSWER.startswith(str(cut.answer))
    exactly = ask(reader, fact.prompt, SamplingSettings(max_tokens=len(LONG_ANSWER) + 1))
    assert exactly.answer == LONG_ANSWER and not exactly.cut and exactly.ended


@pytest.mark.parametrize("most", range(1, 12))
def test_no_limit_leaves_half_a_character(model: Model, most: int) -> None:
    fact = Fact("这本书的主人是", "老渔夫🜚")
    answer = ask(reader_of(model, [fact]), fact.prompt, SamplingSettings(max_tokens=most))
    assert "\ufffd" not in answer.completion and " 老渔夫🜚".startswith(answer.completion)
    assert answer.cut is (most < len(" 老渔夫🜚".encode()))


def test_what_is_heard_is_what_was_said(open_model: Model) -> None:
    said: list[Heard] = []
    reader = reader_of(open_model, documents=[TextDocument("version", TEXTS["version"])])
    answer = ask(reader, "The pump of Brask runs", heard=said.append, untouched=True)
    assert tuple(one.token for one in said) == answer.tokens
    assert "".join(one.token.text for one in said) == answer.completion
    assert said[0].top == answer.top and said[0].untouched_top == answer.untouched_top != answer.top
    assert said[0].source == answer.source and len(answer.sources) == 1
    alone = ask(Reader(open_model), "The pump of Brask runs").completion
    assert answer.untouched and alone.startswith(answer.untouched) and len(answer.untouched) <= UNTOUCHED_TOKENS
    text = open_model.tokenizer.decode(answer.ids)
    assert text == "The pump of Brask runs" + answer.completion, "the next word, which was only looked at, is left out"


def test_a_long_prompt_is_read_in_parts(open_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = reader_of(open_model, documents=[TextDocument("doctor", TEXTS["doctor"])])
    prompt = TEXTS["doctor"][:50]
    whole = ask(reader, prompt)
    lengths: list[int] = []
    advance = Reader.advance

    def counted(self: Reader, ids: Tensor, state: ReaderState | None = None) -> Reading:
        lengths.append(ids.shape[1])
        return advance(self, ids, state)

    monkeypatch.setattr(Reader, "advance", counted)
    monkeypatch.setattr(decoding, "batch_limit", lambda reader: 16)
    parts = ask(reader, prompt)
    assert parts.completion == whole.completion == " in 1987." and max(lengths) == 16


def test_asking_stops_when_told(model: Model) -> None:
    class Stopped(Exception):
        pass

    def after(count: int) -> Callable[[], None]:
        calls = iter(range(count))

        def checkpoint() -> None:
            if next(calls, None) is None:
                raise Stopped

        return checkpoint

    reader = reader_of(model, FACTS)
    said: list[Heard] = []
    with pytest.raises(Stopped):
        ask(reader, FACTS[1].prompt, heard=said.append, checkpoint=after(3))
    assert 0 < len(said) < len(" Quill")
    with pytest.raises(Stopped):
        ask(reader, FACTS[1].prompt + "?", checkpoint=after(0))


# Answers in their sentences


def test_a_fact_is_cited_with_its_answer_marked(model: Model) -> None:
    answer = ask(reader_of(model, FACTS), FACTS[0].prompt)
    assert answer.sentence == "The capital of Vessaly is Orm" and answer.span == (26, 29)
    assert answer.answer_p is not None and answer.answer_p > 0.9
    assert [candidate.answer for candidate in answer.candidates] == ["Orm"]
    assert answer.chosen == answer.candidates[0] and answer.kept is None


def test_a_memory_without_words_cites_what_it_recites(model: Model) -> None:
    memory = finish(write(model, None, FACTS, settings=WriteSettings(keep_words=False))).memory
    answer = ask(Reader(model, memory), FACTS[0].prompt)
    assert answer.sentence == "The capital of Vessaly is Orm" and answer.answer == "Orm" and answer.kept is None


def test_what_is_not_in_memory_has_no_answer(model: Model) -> None:
    reader = reader_of(model, FACTS)
    for prompt in ("Once upon a time", "Zwölf 99 XXQ @@ ##?"):
        answer = ask(reader, prompt, SamplingSettings(max_tokens=9))
        alone = ask(Reader(model), prompt, SamplingSettings(max_tokens=9))
        assert answer.abstained and not alone.abstained
        assert (answer.answer, answer.sentence, answer.span, answer.candidates) == (None, None, None, ())
        assert answer.completion == alone.completion, "what the untouched model says is there"


def test_the_kind_of_prompt_can_be_chosen(model: Model) -> None:
    reader = reader_of(model, FACTS)
    assert ask(reader, FACTS[0].prompt, kind="question").mode == "question"
    assert ask(reader, FACTS[0].prompt, kind="gap").mode == "question"
    assert ask(reader, FACTS[0].prompt + "?", kind="beginning").mode == "beginning"
    assert ask(reader, FACTS[0].prompt, kind="question").answer == "Orm"


def test_an_empty_prompt_is_refused(model: Model) -> None:
    for prompt in ("", "  "):
        with pytest.raises(UserError, match="empty"):
            ask(Reader(model), prompt)


@pytest.mark.parametrize(
    ("text", "prompt", "completion", "sentence", "marked", "kept"),
    [
        ("The mill grinds rye.", "The mill grinds", " rye.", "The mill grinds rye.", "rye.", None),
        ("The mill grinds rye.", "What is ground?", " rye.", "The mill grinds rye.", "rye.", None),
        ("It ends after ninety days.", "It ends after", " thirty days.", "It ends after thirty days.", "thirty days.",
         "It ends after ninety days."),
        ("1 of 11 is 1.", "1 of 11 is", " 1.", "1 of 11 is 1.", "1.", None),
        ("The mill grinds rye.", "The mill grinds rye", ".", "The mill grinds rye.", None, None),
        ("One. Two.", "One", ". Two. Three.", "One. Two. Three.", ". Two. Three.", "One. Two."),
        (None, "The mill grinds", " rye.", "The mill grinds rye.", "rye.", None),
    ],
)  # fmt: skip
def test_what_is_cited_contains_what_was_answered(
    text: str | None, prompt: str, completion: str, sentence: str, marked: str | None, kept: str | None
) -> None:
    source = Source("A title", "document", 1, text, 1, 0)
    found = cite(prompt, completion, source, 0.9, 0.8)
    if marked is None:
        assert found.answer is None and found.answer_p is None, "a stop alone is no answer"
    else:
        assert found.span is not None and found.sentence[slice(*found.span)] == marked
    assert (found.sentence, found.kept) == (sentence, kept)


def test_a_sentence_is_cited_as_it_is_read(open_model: Model) -> None:
    text = "The bees of Orm live\u200b on the flat ro\xadof of\u00a0the \u200binn. They sleep."
    answer = ask(reader_of(open_model, documents=[TextDocument("bees", text)]), "The bees of Orm live on the")
    assert answer.sentence == "The bees of Orm live on the flat roof of the inn." and answer.kept is None
    assert answer.answer == "flat roof of the inn."


def test_a_document_names_the_sentence_that_it_continues(open_model: Model) -> None:
    answer = ask(reader_of(open_model, documents=[DOCUMENT]), "Its keeper was")
    assert answer.sentence == "Its keeper was called Odile." and answer.answer == "called Odile."
    assert answer.source is not None and answer.source.sentence == 2
