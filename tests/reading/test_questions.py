"""Questions: the right sentence is found, recited and quoted; answers are whole; strangers are refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bdh_workbench.asking.ask import ask, score_answer
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.sentences import headings, sentences_of
from bdh_workbench.memory.store.banks import SlowMemory
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.reading import questions
from bdh_workbench.reading.asker import Asker, against_none, load_asker
from bdh_workbench.reading.questions import Passage, QuestionReader, read_sentences
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.reading.sentence_evidence import SENTENCE_EVIDENCE, Place, SentenceIndex
from bdh_workbench.reading.units import Unit, spans, units
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT
from tests.model_factory import save_tiny_model
from tests.reader_factory import save_small_reader, small_asker
from tests.reading.test_recital import without_words


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = save_tiny_model(tmp_path_factory.mktemp("model"))
    save_small_reader(folder)
    return load_model(str(folder), torch.device("cpu"))


@pytest.fixture(scope="module")
def memory(model: Model) -> Memory:
    return finish(write(model, None, FACTS, [DOCUMENT, OTHER_DOCUMENT])).memory


def reader_of(model: Model, memory: Memory) -> QuestionReader:
    return QuestionReader(model, memory, SlowMemory(memory))


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Which ships from Pell steered by it?", "Ships from Pell steered by it."),
        ("What grinds rye in Brant?", "A mill in Brant grinds rye."),
        ("What does old Henrik collect?", "Old Henrik collects clocks"),
    ],
)
def test_the_sentence_is_found_and_recited(model: Model, memory: Memory, question: str, sentence: str) -> None:
    for known in (memory, without_words(memory)):
        findings = reader_of(model, known).ask(question)
        if known is memory or "Henrik" not in question:  # without words there is no prompt to be found by
            assert findings.answered
            assert findings.found[0].text == sentence
            assert findings.found[0].answer in sentence
            assert findings.found[0].kept is None


def test_a_stranger_is_refused_and_an_empty_question_too(model: Model, memory: Memory) -> None:
    reader = reader_of(model, memory)
    assert not reader.ask("Which senator vetoed budgets?").answered
    assert not reader.ask(" ?! ").answered
    assert reader.ask(" ?! ").p < 0.5


def test_a_heading_is_no_answer(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# The mill of Brant\n\nIt grinds rye. A tall miller keeps it."
    memory = finish(write(model, None, [], [TextDocument("mill", text)])).memory
    read: list[Passage] = []
    real = questions.read_sentences

    def noted(asker: Asker, question: list[Unit], passages: list[Passage]) -> object:
        read.extend(passages)
        return real(asker, question, passages)

    monkeypatch.setattr(questions, "read_sentences", noted)
    findings = reader_of(model, memory).ask("What is the mill of Brant?")
    assert "It grinds rye." in {one.text for one in read}, "not with the heading before it, though it points back"
    assert findings.found and all(one.place.sentence > 0 for one in findings.found)
    alone = finish(write(model, None, [], [TextDocument("mill", "# The mill of Brant")])).memory
    assert reader_of(model, alone).ask("What is the mill of Brant?").found == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Soup\n\nFry the onions.\n\n## Steps\n\nStir.", {0, 2}),
        ("Runaway ostrich stops trains\n\nIt ran. It was caught.", {0}),
        ("Runaway ostrich stops trains\nIt ran. It was caught.", {0}),
        ("To: Anna\nThe meeting is at five.", set()),
        ("Anna, 555-123\nBen, 555-124\nCara, 555-125", set()),
        ("One sentence. And another.", set()),
        ("No stop at all", set()),
        ("湖はなぜ混ざるか\n水は四度で最も重い。", {0}),
    ],
)
def test_headings_are_told_from_lines_that_say_something(text: str, expected: set[int]) -> None:
    assert headings(sentences_of(text)) == expected


def test_a_recital_that_differs_from_the_kept_text_says_so(model: Model, memory: Memory) -> None:
    number = len(FACTS)
    changed = DOCUMENT.text.replace("Pell", "Norr")
    items = list(memory.items)
    items[number] = dataclasses.replace(items[number], text=changed)
    other = dataclasses.replace(memory, items=tuple(items))
    found = reader_of(model, other).ask("Which ships steered from Norr?").found[0]
    assert found.text == "Ships from Pell steered by it."
    assert found.kept == "Ships from Norr steered by it."


def test_a_sentence_that_points_back_is_read_with_the_one_before(
    model: Model, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Passage] = []

    def mark(place: int) -> Callable[..., object]:
        """A reader that marks eight characters of each passage at a place."""

        def instead(asker: Asker, question: object, passages: list[Passage]) -> object:
            read[:] = passages
            return [((place, place + 8), 1.0) for _ in passages], np.zeros((len(passages), 3), dtype=np.float32)

        return instead

    before, after = "Its keeper was called Odile.", "She lit the lamp at dusk!"
    both = f"{before} {after}"
    for place, text, answer in ((0, before, "Its keep"), (len(before) + 1, after, "She lit ")):
        monkeypatch.setattr(questions, "read_sentences", mark(place))
        found = reader_of(model, memory).ask("Who lit the lamp at dusk?").found[0]
        assert Passage(both, len(before) + 1) in read
        assert (found.text, found.answer, found.kept) == (text, answer, None)
        assert sentences_of(DOCUMENT.text)[found.place.sentence] == text
    # No sentence is read with one of another document, nor one that names what it is about.
    first, last = sentences_of(DOCUMENT.text)[0], " ".join(sentences_of(OTHER_DOCUMENT.text)[1:])
    assert {one.text for one in read if one.lead} <= {both, f"{first} {before}", last}


def test_an_answer_is_as_probable_as_it_is_among_those_that_can_be_one() -> None:
    # "(", ")", "," and what they would leave open or end with are no answers: "Ada" is the only one.
    for text in ("Ada", "Ada,", ", Ada )"):
        answers, _ = read_sentences(small_asker(), units("Who?"), [Passage(text)])
        (start, end), p = answers[0]
        assert (text[start:end], p) == ("Ada", pytest.approx(1.0, abs=1e-5))


def test_he_is_no_answer_and_none_goes_over_the_border_of_two_sentences() -> None:
    lead = "Ada rang. "
    for text in ("He", "He ran", "It"):
        one = Passage(lead + text, len(lead))
        ((start, end), _), *_ = read_sentences(small_asker(), units("Who?"), [one])[0]
        assert one.text[start:end].lower() not in ("he", "it")
        assert end <= len(lead) or start >= len(lead)


def test_a_name_in_capitals_points_to_nothing() -> None:
    assert [index(["Ada rang.", "IT came.", "It rang."]).lead(number) for number in range(3)] == [None, None, 1]
    text = "IT mended it"
    assert questions._whole(text, spans(text), 1, 0)[:, 0].tolist() == [True, True, False]


def test_a_fact_gives_its_answer_and_is_read_the_other_way_round(model: Model) -> None:
    memory = finish(write(model, None, [Fact("The keeper of the lamp is", "Marta Holm")], [])).memory
    reader = reader_of(model, memory)
    assert reader.ask("Who is the keeper of the lamp?").found[0].answer == "Marta Holm"
    turned = reader.ask("What is Marta Holm the keeper of?").found[0]
    assert "Marta" not in turned.answer
    assert turned.answer in "The keeper of the lamp is"


def test_a_statement_that_is_begun_from_its_other_end_is_answered_with_the_subject(model: Model) -> None:
    fact = Fact("The keeper of the lamp is", "Marta Holm")
    reader = Reader(model, finish(write(model, None, [fact], [])).memory)
    turned = ask(reader, "The thing that Marta Holm is keeper of is the")
    assert turned.mode == "beginning" and turned.chosen is not None and turned.answer is not None
    assert turned.answer in fact.prompt and turned.completion == f" {turned.answer}"
    # It says the answer, or it is no such statement, whatever words it shares.
    assert ask(reader, "The dusk that the keeper of the lamp is called at is").abstained
    assert ask(reader.with_settings(PURE), "The thing that Marta Holm is keeper of is the").answer != turned.answer


@pytest.mark.parametrize("prompt", ["The keeper\nof the lamp is", " The  keeper of\n the\tlamp is "])
def test_a_prompt_on_several_lines_is_the_same_prompt(model: Model, prompt: str) -> None:
    for written in (prompt, "The keeper of the lamp is"):
        reader = Reader(model, finish(write(model, None, [Fact(written, "Marta Holm")], [])).memory)
        for way in (reader, reader.with_settings(PURE)):
            assert ask(way, prompt).completion == " Marta Holm"
            assert score_answer(way, prompt, "Marta Holm").greedy_correct


def test_candidates_explain_their_scores(model: Model, memory: Memory) -> None:
    found = reader_of(model, memory).ask("Who lit the lamp at dusk?").found[0]
    assert found.why[0][0] == "words"
    assert found.why[0][2] == pytest.approx(10.0 * found.why[0][1], abs=1e-4)


@given(
    st.lists(st.sampled_from(['"', "(", ")", "well-known", "U.S.", "2.3.1", "'s", ",", "Ada", "go", "“", "”", "5%"]))
)
def test_answers_are_whole(words: list[str]) -> None:
    text = " ".join(["Ada", *words])
    answers, _ = read_sentences(small_asker(), units("Who?"), [Passage(text)])
    span, p = answers[0]
    answer = text[slice(*span)]
    assert 0.0 <= p <= 1.0 + 1e-5
    assert any(character.isalnum() for character in answer)
    places = spans(text)
    assert span[0] in {start for start, _ in places}
    assert span[1] in {end for _, end in places}
    assert answer.count("(") == answer.count(")")
    assert answer.count('"') % 2 == 0
    assert not answer.startswith(("'s", "-", ",")) and not answer.endswith((",", "-", "'s"))


def index(texts: list[str], items: list[int] | None = None) -> SentenceIndex:
    asker = small_asker()
    places = [Place(item, number) for number, item in enumerate(items or [0] * len(texts))]
    return SentenceIndex(places, texts, {}, asker.numbers, asker.vectors, asker.rarity)


def evidence(texts: list[str], question: str, name: str) -> list[float]:
    values: list[float] = index(texts).evidence(units(question))[:, SENTENCE_EVIDENCE.index(name)].round(3).tolist()
    return values


def test_evidence_is_what_it_says() -> None:
    texts = ["Ada Lind opened the harbour in 1897.", "She keeps two cats.", "The harbour has three piers."]
    assert evidence(texts, "Which piers?", "words")[2] > evidence(texts, "Which piers?", "words")[0] == 0.0
    assert evidence(texts, "What did Ada open in 1897?", "document's names") == [1.0, 1.0, 1.0]
    assert evidence(texts, "What did Ben open in 1897?", "document's names") == [0.5, 0.5, 0.5]
    assert evidence(texts, "Which piers?", "document's names") == [1.0, 1.0, 1.0]
    assert evidence(texts, "Which piers do I see?", "document's names") == [1.0, 1.0, 1.0]
    assert evidence(texts, "Does Ada keep cats?", "before")[1] > 0.0
    assert np.argmax(evidence(texts, "How many piers has the harbour?", "bm25")) == 2


def test_a_pointing_word_looks_where_the_last_answer_came_from() -> None:
    known = index(["Ada sings.", "Ada lives here.", "Ben lives here."], [0, 0, 1])
    names = [SENTENCE_EVIDENCE.index("last item"), SENTENCE_EVIDENCE.index("last sentence")]
    assert known.evidence(units("Where does she live?"), Place(0, 0))[:, names].tolist() == [[1, 1], [1, 0.5], [0, 0]]
    assert not known.evidence(units("Where does Ben live?"), Place(0, 0))[:, names].any()
    assert not known.evidence(units("Where does he live?"), Place(1, 0))[:, names].any(), "it is a single sentence"
    assert not known.evidence(units("Where does she live?"))[:, names].any()


def test_other_scripts_are_found_by_their_characters() -> None:
    texts = ["灯塔建于一八九七年。", "港长是林娜。", "Маяк стоит на скале."]
    assert np.argmax(evidence(texts, "谁是港长?", "words")) == 1
    assert np.argmax(evidence(texts, "Где стоит маяк?", "words")) == 2


def test_probabilities_against_none() -> None:
    p = against_none(np.array([0.0, 0.0], dtype=np.float32))
    assert p.tolist() == pytest.approx([1 / 3, 1 / 3])
    assert against_none(np.array([1000.0], dtype=np.float32))[0] == pytest.approx(1.0)
    assert against_none(np.array([-1000.0], dtype=np.float32))[0] == pytest.approx(0.0)


def test_a_reader_lasts_and_damage_is_one_sentence(tmp_path: Path) -> None:
    save_small_reader(tmp_path)
    again = load_asker(tmp_path)
    asked, text = units("Who?"), "Ada lit the lamp."
    one, other = (read_sentences(asker, asked, [Passage(text)])[1] for asker in (small_asker(), again))
    np.testing.assert_allclose(one, other, atol=0.02)
    for name, content in (
        ("reader.json", "{"),
        ("reader.json", "[]"),
        ("judge.json", "{}"),
        ("reader.safetensors", ""),
    ):
        save_small_reader(tmp_path)
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(UserError) as raised:
            load_asker(tmp_path)
        assert "\n" not in str(raised.value)


def test_a_prepared_memory_answers_as_one_that_is_not(model: Model, memory: Memory) -> None:
    ready, plain = Reader(model, memory), Reader(model, memory)
    steps = 0
    while ready.prepare():
        steps += 1
    assert steps > 1, "the index, and then at least one bank"
    assert not ready.prepare(), "nothing is made twice"
    question = "Who lit the lamp at dusk?"
    assert ask(ready, question) == ask(plain, question)
    assert not Reader(model).prepare(), "without a memory there is nothing to make"


def test_only_what_was_continued_has_first_tokens(model: Model, memory: Memory) -> None:
    reader = Reader(model, memory)
    assert ask(reader, "Who lit the lamp at dusk?").top == (), "its answer was marked in a sentence"
    assert ask(reader, FACTS[0].prompt).top, "this one was continued"


def test_a_prompt_of_a_fact_is_known_among_documents(model: Model, memory: Memory) -> None:
    encode, reader = model.tokenizer.encode, Reader(model, memory)
    assert all(reader.says_fact(encode(fact.prompt)) for fact in FACTS)
    assert reader.says_fact(encode(f"By the way. {FACTS[0].prompt}")) == (
        reader.says_word_for_word(encode(f"By the way. {FACTS[0].prompt}")) >= 0
    )
    assert not reader.says_fact(encode(DOCUMENT.text[:40])), "that is a document"
    assert not Reader(model).says_fact(encode(FACTS[0].prompt))
