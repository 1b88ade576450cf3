"""The experiment about what a memory keeps, on a tiny model: its figures are those of the memories it makes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from bdh_workbench.asking.decoding import Question
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation.retention import as_question
from bdh_workbench.inputs.items import Probe, TextDocument
from bdh_workbench.model.loading import Model
from lab.memories import keeping
from lab.memories.keeping import Context
from lab.runner import carry_out
from tests.core_factory import DOCUMENT, GENERAL, OTHER_DOCUMENT, many_facts, tiny_model

TEXTS = [
    TextDocument(DOCUMENT.title, DOCUMENT.text, (Probe("The lighthouse of Orm", "stands"),)),
    TextDocument(OTHER_DOCUMENT.title, OTHER_DOCUMENT.text, ()),
    TextDocument("Kites", "Nine blue kites hung over Ulm at noon. The wind took one of them to sea.", ()),
]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "general-val.txt").write_text(GENERAL * 8, encoding="utf-8")
    model: Model = tiny_model(write_slots=2048)
    return Context(model, str(folder), 0, lambda line: None)


def test_documents_in_sequence_are_kept(context: Context) -> None:
    report, memory = keeping.in_sequence(context, TEXTS)
    assert report["documents"] == 3 and len(memory.items) == 3
    assert report["retention_final"] == pytest.approx(1.0, abs=0.01)
    assert 0.0 < report["retention_min_without_completion"] <= report["retention_final_without_completion"] <= 1.5
    assert report["token_accuracy_min"] > 0.9 and report["recitation_mean"] > 0.9
    assert [step["rank"] for step in report["growth"]] == sorted(step["rank"] for step in report["growth"])


def test_a_forgotten_document_is_measured_against_the_untouched_model(context: Context) -> None:
    text = DOCUMENT.text.strip()
    cut = text.index(" ", 30)
    tokenizer = context.model.tokenizer
    question = Question.of(tokenizer, text[:cut], text[cut + 1 :].split(" ")[0])
    groups = [[], [], [question]]
    order = [TEXTS[1], TEXTS[2], TEXTS[0]]
    report = keeping._forget(context, order, groups, [as_question(tokenizer, text) for text in order])
    assert report["probe_p_before_mean"] > 0.5, "what is to be forgotten must have been known"
    assert report["probe_p_difference_max"] < 0.02 < report["probe_p_before_mean"]
    assert report["others_kept_min"] > 0.99


def test_undoing_everything_leaves_the_untouched_model(context: Context) -> None:
    assert keeping._undo(context, TEXTS[:2]) == {"untouched_bits": True}


def test_results_are_saved_part_by_part_with_their_tables(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "facts", lambda count, seed, split: many_facts(12))
    monkeypatch.setattr(keeping, "documents", lambda count, seed, split: TEXTS[:2])
    monkeypatch.setitem(keeping.PART_RUNS, "facts200", lambda context: keeping._facts_in_sequence(context, 12, 3))
    carry_out("keeping", tmp_path, model=context.model, corpus=context.corpus, parts=["facts200"])
    first = json.loads((tmp_path / "keeping.json").read_text(encoding="utf-8"))
    assert first["facts200"]["exact"] == 1.0 and len(first["facts200"]["growth"]) == 3
    carry_out("keeping", tmp_path, model=context.model, corpus=context.corpus, parts=["familiarity"])
    both = json.loads((tmp_path / "keeping.json").read_text(encoding="utf-8"))
    assert both["facts200"] == first["facts200"], "parts that are not measured again stay"
    assert both["familiarity"]["200 facts"]["closed_bits_as_untouched"] is True
    assert both["familiarity"]["200 facts"]["calibrated"]["written prompts found"] == 1.0
    judges = {name: dataclasses.replace(judge, threshold=0.97) for name, judge in context.model.judges.items()}
    other = dataclasses.replace(context.model, judges=judges)
    assert other.fingerprint == context.model.fingerprint
    table = (tmp_path / "keeping.md").read_text(encoding="utf-8")
    assert "200 facts in ten writes" in table and "| exact | 1.0000 |" in table
    assert "given the true tokens before" in table and "no spread over sets" in " ".join(table.split())
    carry_out("keeping", tmp_path, model=other, corpus=context.corpus, parts=["facts200"])
    anew = json.loads((tmp_path / "keeping.json").read_text(encoding="utf-8"))
    assert "familiarity" not in anew, "with other thresholds a part that is not measured again is stale"
    assert anew["calibration_digest"] != both["calibration_digest"]


def test_a_part_that_there_is_not_is_told_before_any_is_measured(context: Context, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no part eleven: choose from ten"):
        carry_out("keeping", tmp_path, model=context.model, corpus=context.corpus, parts=["ten", "eleven"])
    assert not list(tmp_path.iterdir())


def test_damaged_results_are_told_and_kept(context: Context, tmp_path: Path) -> None:
    (tmp_path / "keeping.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="is damaged: delete it"):
        carry_out("keeping", tmp_path, model=context.model, corpus=context.corpus, parts=["facts200"])
    assert (tmp_path / "keeping.json").read_text(encoding="utf-8") == "{"
