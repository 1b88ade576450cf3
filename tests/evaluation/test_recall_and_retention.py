"""Facts, documents in sequence, and recitation: the figures mean what their names say."""

from __future__ import annotations

import itertools

import pytest

from bdh_workbench.asking import decoding
from bdh_workbench.asking.decoding import Question, score
from bdh_workbench.evaluation import recall as recall_module
from bdh_workbench.evaluation.recall import FactQuestions, cross_contamination, recall
from bdh_workbench.evaluation.retention import (
    Retention,
    as_question,
    cue_and_rest,
    documents_report,
    first_words,
    measure_retention,
    recitation,
    token_accuracy,
)
from bdh_workbench.evaluation.speed import cache_speedup
from bdh_workbench.inputs.items import Fact, Probe, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.reading.reader import UNTOUCHED, Reader
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT


@pytest.fixture(scope="module")
def reader(model: Model) -> Reader:
    return Reader(model, finish(write(model, None, FACTS)).memory)


def test_the_report_on_facts(model: Model, reader: Reader) -> None:
    questions = FactQuestions.of(model.tokenizer, FACTS)
    report = recall(reader, reader.with_settings(UNTOUCHED), questions)
    assert report["count"] == 6 and report["paraphrase_count"] == 1
    assert report["exact"] == 1.0
    assert 0.9 < report["min_p"] <= report["median_p"] <= 1.0
    assert report["median_p_before"] < 1e-4
    assert report["cross_contamination"] < 0.5
    # Without a memory nothing is right, whatever is asked.
    untouched = recall(reader.with_settings(UNTOUCHED), reader, questions)
    assert untouched["exact"] == 0.0
    assert untouched["median_p"] < 1e-4 and untouched["median_p_before"] > 0.9


@pytest.mark.parametrize("written", [True, False])
def test_cross_contamination_is_the_largest_of_all_pairs(
    model: Model, reader: Reader, written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = [*FACTS, Fact("The other river is the", "Quill")]
    mode = reader if written else reader.with_settings(UNTOUCHED)
    questions = FactQuestions.of(model.tokenizer, facts)
    pairs = [(a, b) for a, b in itertools.permutations(range(len(facts)), 2) if facts[a].answer != facts[b].answer]
    asked = [Question(questions.written[a].prompt, questions.written[b].answer) for a, b in pairs]
    largest = max(s.p for s in score(mode, asked))
    assert largest <= cross_contamination(mode, questions) <= largest + recall_module.NEGLIGIBLE
    monkeypatch.setattr(recall_module, "NEGLIGIBLE", 0.0)
    monkeypatch.setattr(recall_module, "PAIRS_AT_ONCE", 4)
    assert cross_contamination(mode, questions) == pytest.approx(largest, rel=1e-3, abs=0.0)


def test_cross_contamination_finds_a_wrong_answer_and_passes_over_equal_ones(model: Model, reader: Reader) -> None:
    # The memory contains "Quill" after the first prompt: as the answer of the other fact it is a mix-up.
    mixed = FactQuestions.of(model.tokenizer, [Fact(FACTS[1].prompt, "Orm"), Fact("Some prompt is", "Quill")])
    assert (cross_contamination(reader, mixed) or 0.0) > 0.9
    equal = FactQuestions.of(model.tokenizer, [FACTS[1], Fact("Some prompt is", "Quill")])
    assert cross_contamination(reader, equal) is None


def test_the_matrix_is_divided_by_what_was_right_after_the_own_write() -> None:
    found = Retention(accuracy=[[0.8, 0.1, 0.0], [0.4, 0.5, 0.0], [0.2, 0.5, 0.0]])
    assert found.own == [0.8, 0.5, 0.0]
    assert found.matrix == [[1.0, 0.2, 0.0], [0.5, 1.0, 0.0], [0.25, 1.0, 0.0]]
    assert found.final == pytest.approx((0.25 + 1.0) / 2)
    assert Retention(accuracy=[[0.9]]).final is None


def test_documents_in_sequence_keep_what_they_had(model: Model) -> None:
    events: list[str] = []
    found = measure_retention(
        model, [DOCUMENT, OTHER_DOCUMENT], WriteSettings(), lambda text, event: events.append(text)
    )
    assert len(found.accuracy) == 2 and all(len(row) == 2 for row in found.accuracy)
    # The second is not known before it is written, and the first not lost afterwards.
    assert found.accuracy[0][1] < 0.3 < found.accuracy[1][1]
    assert found.matrix[1][0] == pytest.approx(1.0, abs=0.02)
    assert found.final == found.matrix[1][0]
    # The pure read looks at both after each write too, and says something else.
    assert len(found.pure_accuracy) == 2 and all(len(row) == 2 for row in found.pure_accuracy)
    assert found.pure == [row[n] for n, row in enumerate(found.pure_accuracy)]
    assert found.pure_final == found.pure_matrix[1][0] == found.pure_accuracy[1][0] / found.pure[0]
    assert found.pure_accuracy[0][1] != found.accuracy[0][1]
    assert found.memory is not None and len(found.memory.layers) == 2
    assert found.rank[0] < found.rank[1]
    assert any("document 2 of 2" in text for text in events)


def test_token_accuracy_is_the_share_of_right_argmaxes(model: Model) -> None:
    memory = finish(write(model, None, (), [DOCUMENT])).memory
    reader = Reader(model, memory)
    question = as_question(model.tokenizer, DOCUMENT)
    assert len(question.answer) == len(model.tokenizer.encode(DOCUMENT.text)) - 1
    right = []
    ids = model.tokenizer.encode(DOCUMENT.text)
    for place in range(1, len(ids)):
        (only,) = score(reader, [Question(tuple(ids[:place]), (ids[place],))])
        right += only.right
    assert token_accuracy(reader, [question])[0] == pytest.approx(sum(right) / len(right), abs=0.02)


def test_a_document_longer_than_a_batch_is_read_in_parts(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(model, finish(write(model, None, (), [DOCUMENT])).memory)
    texts = [as_question(model.tokenizer, d) for d in (DOCUMENT, OTHER_DOCUMENT)]
    whole = token_accuracy(reader, texts)
    monkeypatch.setattr(decoding, "batch_limit", lambda reader: 32)
    assert token_accuracy(reader, texts) == pytest.approx(whole, abs=0.02)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("one two three four five six seven eight nine ten", "one two three four five six seven eight"),
        ("one  two\n\nthree four five six seven eight nine", "one  two\n\nthree four five six seven eight"),
        ("one two", "one two"),
    ],
)
def test_a_document_is_recited_from_its_first_eight_words(text: str, cue: str) -> None:
    first, rest = cue_and_rest(ByteTokenizer(), text)
    assert bytes(first).decode() == cue
    assert bytes([*first, *rest]).decode() == text


def test_the_first_words_of_tokens_are_words_and_not_tokens() -> None:
    ids = ByteTokenizer().encode(" one two, three four five six seven eight nine")
    assert bytes(first_words(ByteTokenizer(), ids)).decode().split()[-1] == "eight"
    assert len(first_words(ByteTokenizer(), ids)) > 8
    assert first_words(ByteTokenizer(), list(b"one two")) == list(b"one two")


def test_recitation_counts_what_comes_right_in_its_place(model: Model) -> None:
    document = TextDocument("Short", "A mill in Brant grinds the grey rye of Old Pell.")
    reader = Reader(model, finish(write(model, None, (), [document])).memory)
    few = TextDocument("Few", "Four words, no more.")
    recited = recitation(reader, [document, few])
    assert recited[0] is not None and recited[0] > 0.5
    assert recited[1] is None
    (untouched, _) = recitation(reader.with_settings(UNTOUCHED), [document, few])
    assert untouched is not None and untouched < 0.3


def test_probes_are_shared_out_to_their_documents(model: Model) -> None:
    known = TextDocument("Mill", "A mill in Brant grinds rye.", (Probe("A mill in Brant grinds", "rye"),))
    other = TextDocument(
        "Boat", "The boat of Ines is red.", (Probe("The boat of Ines is", "blue"), Probe("The boat of Ines is", "red"))
    )
    report, memory = documents_report(model, [known, other], WriteSettings(), lambda text, event: None)
    assert report["probe_count"] == 3
    matrix, final = (report[f"retention{part}_without_completion"] for part in ("", "_final"))
    assert matrix[0][0] == matrix[1][1] == 1.0 and final == matrix[1][0] > 0.0
    assert report["probe_exact_each"] == [1.0, 0.5]
    assert report["probe_exact"] == pytest.approx(2 / 3)
    assert len(memory.items) == 2


def test_a_cached_step_is_faster(model: Model) -> None:
    found = cache_speedup(model, FACTS, (), repeats=2, steps=3)
    assert found["cache_speedup"] == pytest.approx(found["uncached_step_seconds"] / found["cached_step_seconds"])
    assert found["cache_speedup"] > 1.0
