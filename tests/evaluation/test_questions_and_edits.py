"""People's questions and edits: how files are read, what is measured, and that it comes out of a memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bdh_workbench.evaluation.edits import OTHER_RELATIONS, Edit, edits_report, read_edits, same_form
from bdh_workbench.evaluation.questions import Answerer, Given, questions_report, slot
from bdh_workbench.evaluation.squad import (
    Article,
    PeoplesQuestion,
    area_under_curve,
    exact_match,
    f1,
    normalised,
    read_articles,
)
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT, tiny_model
from tests.memory.memory_factory import refused

SETTINGS = WriteSettings(method="direct", framings=0)
pytestmark = pytest.mark.usefixtures("short_answers")


def squad(*articles: dict[str, Any]) -> dict[str, Any]:
    return {"version": "1", "data": list(articles)}


def asked(question: str, text: str, *answers: str, impossible: bool | None = None) -> dict[str, Any]:
    record: dict[str, Any] = {"id": question, "question": question}
    record["answers"] = [{"text": answer, "answer_start": text.index(answer)} for answer in answers]
    return record if impossible is None else record | {"is_impossible": impossible}


def saved(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def questions_file(tmp_path: Path) -> Path:
    mill = OTHER_DOCUMENT.text
    first = {
        "title": "The_lighthouse",
        "paragraphs": [
            {
                "context": "  " + DOCUMENT.text,
                "qas": [
                    asked("Its keeper was", "  " + DOCUMENT.text, "Odile", "called Odile"),
                    asked("Ships from", "  " + DOCUMENT.text, "Pell", impossible=False),
                    asked("Who sank it?", DOCUMENT.text, impossible=True),
                ],
            }
        ],
    }
    second = {
        "title": "The mill",
        "paragraphs": [{"context": mill, "qas": [asked("A mill in Brant grinds", mill, "rye")]}],
    }
    return saved(tmp_path / "q.json", squad(first, second))


# Reading


def test_articles_are_read_with_the_sentences_of_their_answers(questions_file: Path) -> None:
    first, second = read_articles(questions_file)
    assert first.title == "The lighthouse" and first.text == DOCUMENT.text and second.text == OTHER_DOCUMENT.text
    keeper, ships, nobody = first.questions
    assert keeper.answers == ("Odile", "called Odile")
    assert keeper.sentences == ("Its keeper was called Odile.",) and ships.sentences == (
        "Ships from Pell steered by it.",
    )
    assert nobody.impossible and not keeper.impossible and nobody.sentences == ()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ([], "in SQuAD's format"),
        ({"data": [{"title": "x"}]}, "paragraphs"),
        ({"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "y"}]}]}]}, "answers"),
        ({"data": [{"paragraphs": [{"context": "x", "qas": []}]}]}, "no questions"),
        ({"data": []}, "no questions"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: Any, word: str) -> None:
    refused(lambda: read_articles(saved(tmp_path / "q.json", content)), word)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff\xfe{")
    for read in (read_articles, read_edits):
        refused(lambda read=read: read(tmp_path / "none.json"), "cannot be read")  # type: ignore[misc]
        refused(lambda read=read: read(broken), "not JSON")  # type: ignore[misc]


def test_edits_are_read(tmp_path: Path) -> None:
    record = {"subject": "Orm", "prompt": "Orm lies in", "answer": "Tarn", "true": "Pell", "paraphrases": ["Orm is in"]}
    assert read_edits(saved(tmp_path / "e.json", [record])) == [Edit("Orm", "Orm lies in", "Tarn", ("Orm is in",))]
    for spoilt in ({}, record | {"answer": ""}, record | {"prompt": 3}, record | {"neighbours": [4]}, "Orm"):
        refused(lambda spoilt=spoilt: read_edits(saved(tmp_path / "e.json", [record, spoilt])), "Record 2")  # type: ignore[misc]
    refused(lambda: read_edits(saved(tmp_path / "e.json", {})), "list of edits")


# Measures


@pytest.mark.parametrize(
    ("answer", "expected", "exact", "harmonic"),
    [
        ("The Orm!", ["orm"], 1.0, 1.0),
        ("an Orm  of Tarn", ["orm of tarn"], 1.0, 1.0),
        ("in Orm", ["Orm"], 0.0, 2 / 3),
        ("Orm", ["Pell", "the town of Orm"], 0.0, 2 / 4),
        ("Pell", ["Orm"], 0.0, 0.0),
        ("", ["Orm"], 0.0, 0.0),
        ("", [], 1.0, 1.0),
        ("Orm", [], 0.0, 0.0),
        ("the", ["Orm"], 0.0, 0.0),
        ("Orm Orm", ["Orm"], 0.0, 2 / 3),
        ("老渔夫。", ["老渔夫"], 1.0, 1.0),
        ("渔夫", ["老渔夫"], 0.0, 4 / 5),
        ("«Orm»", ["Orm"], 1.0, 1.0),
    ],
)
def test_exact_and_f1_are_those_of_squad(answer: str, expected: list[str], exact: float, harmonic: float) -> None:
    assert exact_match(answer, expected) == exact and f1(answer, expected) == pytest.approx(harmonic)


def test_articles_are_whole_words() -> None:
    assert normalised("The theory, a than an Anna") == ["theory", "than", "anna"]


SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.5001, 1.0]), min_size=1, max_size=8)


@given(SCORES, SCORES)
def test_the_area_counts_pairs_and_ties_by_half(positive: list[float], negative: list[float]) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a in positive for b in negative]
    assert area_under_curve(positive, negative) == pytest.approx(sum(pairs) / len(pairs))
    assert area_under_curve(positive, []) is None and area_under_curve([], negative) is None


def knowing(answers: dict[str, Given], written: list[list[str]]) -> Any:
    def remember(articles: Sequence[Article]) -> Answerer:
        titles = [article.title for article in articles]
        written.append(titles)
        nothing = Given(None, None, 0.1)
        return lambda question: answers.get(question.text, nothing) if question.paragraph in titles else nothing

    return remember


def article(name: str, *questions: tuple[str, tuple[str, ...]]) -> Article:
    return Article(
        name, name, tuple(PeoplesQuestion(text, answers, (f"S {text}",), name) for text, answers in questions)
    )


ARTICLES = [
    article("one", ("a", ("x",)), ("b", ("y z",)), ("n", ())),
    article("two", ("c", ("w",))),
    article("three", ("d", ("v",)), ("m", ())),
]
ANSWERS = {
    "a": Given("x", "S a", 0.9),
    "b": Given("y", "S other", 0.8),
    "c": Given(None, None, 0.3),
    "d": Given("v", "S d", 0.2),
    "n": Given("x", "S a", 0.3),
}


def test_the_report_counts_what_was_answered() -> None:
    written: list[list[str]] = []
    found = questions_report(knowing(ANSWERS, written), ARTICLES)
    assert written == [["one"], ["two"], ["three"]]
    assert (found["count"], found["memories"]) == (4, 3)
    assert found["exact"] == 2 / 4 and found["f1"] == pytest.approx((1 + 2 / 3 + 0 + 1) / 4)
    assert found["sentence_right"] == 2 / 4 and found["abstained"] == 1 / 4
    assert found["unanswerable"] == {"count": 2, "abstained": 1 / 2, "auc": pytest.approx(6.5 / 8)}
    assert found["foreign"] == {"count": 6, "abstained": 1.0}
    assert found["seconds_per_question"] >= 0.0


def test_together_foreign_questions_go_to_a_memory_without_their_articles() -> None:
    written: list[list[str]] = []
    found = questions_report(knowing(ANSWERS, written), ARTICLES, together=True)
    assert written == [["one", "two", "three"], ["one", "three"], ["two"]]
    assert (found["count"], found["memories"]) == (4, 1) and found["exact"] == 2 / 4
    assert found["foreign"] == {"count": 6, "abstained": 1.0}


def test_one_article_alone_has_no_foreign_questions() -> None:
    for together in (False, True):
        found = questions_report(knowing(ANSWERS, []), ARTICLES[1:2], together)
        assert found["foreign"] == {"count": 0, "abstained": None} and found["unanswerable"]["auc"] is None


# The slot


@pytest.mark.parametrize("together", [False, True])
def test_a_memory_answers_from_its_articles(questions_file: Path, together: bool) -> None:
    model = tiny_model(write_slots=2048, threshold=0.75)
    found = questions_report(slot(model, SETTINGS), read_articles(questions_file), together)
    assert found["count"] == 3 and found["sentence_right"] == 1.0 and found["abstained"] == 0.0
    # The prompts are beginnings of the sentences, and what follows in them is more than the answer.
    assert 0.0 < found["f1"] < 1.0 and found["exact"] < 1.0
    assert found["unanswerable"]["count"] == 1


def edits_of_facts() -> list[Edit]:
    subjects = ["Vessaly", "Tarn", "Henrik", "the flag", "the miller", "The bridge"]
    return [
        Edit(subject, fact.prompt, fact.answer, fact.paraphrases, ("Once upon a time there was",))
        for subject, fact in zip(subjects, FACTS, strict=True)
    ]


def test_edits_are_written_and_asked(model: Model) -> None:
    edits = edits_of_facts()
    found = edits_report(model, edits, SETTINGS)
    assert set(found) == {
        "count", "efficacy", "paraphrase", "neighbour_opened", "neighbour_says_edit", "other_relation_opened",
        "other_relation_says_edit", "same_form_opened", "without_completion", "seconds",
    }  # fmt: skip
    assert found["count"] == 6 and found["efficacy"] == 1.0 and found["without_completion"]["efficacy"] == 1.0
    assert found["neighbour_opened"] == found["neighbour_says_edit"] == 0.0
    assert 0.0 <= found["same_form_opened"] <= 1.0 and 0.0 <= found["other_relation_opened"] <= 1.0


def test_the_same_form_is_asked_of_subjects_that_are_not_stored(model: Model) -> None:
    prompts = [bytes(question.prompt).decode() for question in same_form(model, edits_of_facts())]
    assert prompts == [
        "The capital of the flag is", "The river through the miller is the", "Old The bridge collects"
    ]  # fmt: skip
    assert len(OTHER_RELATIONS) == 6 and all(relation.count("{}") == 1 for relation in OTHER_RELATIONS)
