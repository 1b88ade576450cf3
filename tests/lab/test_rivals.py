"""Rivals are asked the same questions and given the same edits, and those that cannot be had are named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bdh_workbench.evaluation.questions import questions_report
from bdh_workbench.evaluation.squad import Article, PeoplesQuestion
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from lab.rivals import answers as rivals
from lab.rivals import people as experiment
from lab.runner import carry_out
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT, tiny_model
from tests.memory.memory_factory import refused


def article(title: str, text: str, question: str, answer: str, sentence: str) -> Article:
    return Article(title, text, (PeoplesQuestion(question, (answer,), (sentence,), text),))


ARTICLES = [
    article("The lighthouse", DOCUMENT.text, "Who was its keeper called?", "Odile", "Its keeper was called Odile."),
    article(
        "The mill", OTHER_DOCUMENT.text, "What does the mill in Brant grind?", "rye", "A mill in Brant grinds rye."
    ),
]


@pytest.mark.parametrize("together", [False, True])
def test_search_by_words_finds_the_sentence(together: bool) -> None:
    pytest.importorskip("rank_bm25")
    found = questions_report(rivals.best_sentence(rivals.by_words), ARTICLES, together, strangers=False)
    assert found["sentence_right"] == 1.0 and found["abstained"] == 0.0 and 0.0 < found["f1"] < 1.0
    assert found["foreign"] == {"count": 0, "abstained": None}


def test_a_reader_is_given_the_sentence_or_the_paragraph() -> None:
    read: list[tuple[str, str]] = []

    def reader(text: str, question: str) -> str:
        read.append((text, question))
        return "rye"

    def longest(sentences: Sequence[str]) -> Callable[[str], tuple[str, float]]:
        return lambda question: (max(sentences, key=len), 0.5)

    found = questions_report(rivals.best_sentence(longest, reader), ARTICLES[1:])
    assert read == [("Two brothers own it, and a grey horse turns the stone.", ARTICLES[1].questions[0].text)]
    assert found["exact"] == 1.0 and found["sentence_right"] == 0.0
    read.clear()
    questions_report(rivals.in_context(reader), ARTICLES[1:])
    assert read == [(OTHER_DOCUMENT.text, ARTICLES[1].questions[0].text)]


def test_what_is_missing_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(rivals.RIVAL_NAMES) == set(rivals.NEEDS)
    monkeypatch.setitem(rivals.NEEDS, "minilm", ("transformers", "no_such_module"))
    monkeypatch.setitem(rivals.PACKAGES, "no_such_module", "--no-deps no-such-package")
    assert rivals.missing("minilm").endswith("a package is missing: pip install --no-deps no-such-package.")
    monkeypatch.setitem(rivals.NEEDS, "minilm_smollm", ("no_such_module",))
    monkeypatch.setitem(rivals.NEEDS, "smollm", ("no_such_module",))
    assert set(rivals.rivals()) <= {"bm25"}


def test_the_experiment_writes_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rank_bm25")
    pytest.importorskip("peft")
    model: Model = tiny_model(write_slots=2048, threshold=0.75)
    monkeypatch.setattr(experiment, "WriteSettings", lambda: WriteSettings(steps=2, framings=0))
    monkeypatch.setattr(experiment, "rivals", lambda: {"bm25": rivals.best_sentence(rivals.by_words)})
    monkeypatch.setattr(experiment, "missing", lambda name: "" if name == "bm25" else f"{name} is left out.")
    data = [
        {
            "title": one.title,
            "paragraphs": [
                {
                    "context": one.text,
                    "qas": [{"question": q.text, "answers": [{"text": a, "answer_start": one.text.index(a)}]}],
                }
                for q in one.questions
                for a in q.answers
            ],
        }
        for one in ARTICLES
    ]
    (tmp_path / "q.json").write_text(json.dumps({"data": data}), encoding="utf-8")
    records = [{"subject": f.prompt.split()[-2], "prompt": f.prompt, "answer": f.answer} for f in FACTS[:4]]
    (tmp_path / "e.json").write_text(json.dumps(records), encoding="utf-8")
    out = tmp_path / "out"
    report = carry_out(
        "rivals", out, model=model, questions=str(tmp_path / "q.json"), edits=str(tmp_path / "e.json"), limit=None
    )
    assert set(report["answers"]) == {"slot", "bm25"} and set(report["answers"]["slot"]) == {"apart", "together"}
    assert report["answers"]["bm25"]["together"]["sentence_right"] == 1.0
    assert set(report["reach"]) == {"slot", *experiment.EDIT_RIVALS} and report["reach"]["slot"]["efficacy"] == 1.0
    assert "neighbour_opened" not in report["reach"]["lora"] and "same_form_opened" in report["reach"]["grace"]
    page = (out / "rivals.md").read_text(encoding="utf-8")
    assert "| BM25: the best sentence | all articles together | 100.0% |" in page and "| LoRA, rank 8 | " in page
    assert "smollm is left out." in page and f"--edits {tmp_path / 'e.json'}" in page
    assert json.loads((out / "rivals.json").read_text(encoding="utf-8"))["records"] == 4


def test_an_experiment_with_nothing_to_ask_is_refused(model: Model, tmp_path: Path) -> None:
    refused(lambda: carry_out("rivals", tmp_path, model=model), "--questions", "--edits")
