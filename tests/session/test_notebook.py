"""Conversation and checks of a memory: kept beside its file, and lost neither by renaming nor by merging."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from bdh_workbench.asking.answers import Answer, Candidate
from bdh_workbench.errors import UserError
from bdh_workbench.reading.sources import Source
from bdh_workbench.session.records.notebook import (
    Check,
    CheckResult,
    CheckRun,
    Notebook,
    Turn,
    as_json,
    as_markdown,
    is_right,
    load_notebook,
    merged,
    notebook_path,
    save_notebook,
)
from bdh_workbench.session.storage.shelf import Shelf
from tests.memory.memory_factory import random_memory

SOURCE = Source("The mill", "document", 2, "Two brothers own it.", 3, 0)
CHOSEN = Candidate("Two brothers own it.", SOURCE, 0.9, "Two brothers", 0.8, (0, 12))


def turn(prompt: str, asked: str = "2026-01-02T03:04:05+00:00", mark: str = "m", chosen: bool = True) -> Turn:
    answer = Answer(
        prompt, "question", (CHOSEN,), CHOSEN if chosen else None, " Two brothers", (), True, False, (("Two", 0.8),),
        (), 0.7, not chosen, (), None, (1, 2, 3),
    )  # fmt: skip
    return Turn(asked, mark, "1 document", answer, 0.1)


def full() -> Notebook:
    run = CheckRun(
        "2026-01-02T03:04:05+00:00", "m", "write 1", (CheckResult("Who owns it?", "Two brothers", 0.8, True),)
    )
    return Notebook((turn("Who owns it?"),), (Check("Who owns it?", "Two brothers"),), (run,))


def test_a_notebook_comes_back_as_it_was(tmp_path: Path) -> None:
    memory = tmp_path / "Notes.safetensors"
    assert load_notebook(memory) == Notebook()
    save_notebook(memory, full())
    assert notebook_path(memory).name == "Notes.notebook.json"
    assert load_notebook(memory) == full()
    assert Notebook().with_turn(turn("x")).turns[0].answer.ids == (), "what only the next question needs is not kept"
    save_notebook(memory, Notebook())
    assert not notebook_path(memory).exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"turns": [{"asked": 1}]}', '{"checks": [["q"]]}', "\x00" * 40])
def test_a_damaged_notebook_is_set_aside_and_said(tmp_path: Path, text: str) -> None:
    memory = tmp_path / "Notes.safetensors"
    notebook_path(memory).write_text(text)
    with pytest.raises(UserError, match="damaged"):
        load_notebook(memory)
    assert (tmp_path / "Notes.notebook.broken.json").read_text() == text
    assert load_notebook(memory) == Notebook()


def test_a_merge_joins_conversations_by_time_and_keeps_each_check_once() -> None:
    one = Notebook((turn("b", "2026-01-02"), turn("d", "2026-01-04")), (Check("q", "a"), Check("r", "b")))
    other = Notebook((turn("a", "2026-01-01"), turn("c", "2026-01-03")), (Check("r", "b"), Check("s", "c")))
    both = merged([one, other])
    assert [t.answer.prompt for t in both.turns] == ["a", "b", "c", "d"]
    assert [check.question for check in both.checks] == ["q", "r", "s"]
    assert not both.runs


def test_what_is_done_to_a_memory_is_done_to_its_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import send2trash

    def none(path: str) -> None:
        raise OSError("no trash here")

    monkeypatch.setattr(send2trash, "send2trash", none)
    shelf = Shelf(tmp_path / "memories")
    path = shelf.save(dataclasses.replace(random_memory(), title="Notes"))
    save_notebook(path, full())
    renamed = shelf.rename(path, "Other")
    assert not notebook_path(path).exists() and load_notebook(renamed) == full()
    copy = shelf.duplicate(renamed)
    assert load_notebook(copy) == full() == load_notebook(renamed)
    out = shelf.export_file(renamed, tmp_path / "out.safetensors")
    assert load_notebook(out) == full()
    back = shelf.import_file(out)
    assert back != renamed and load_notebook(back) == full()
    gone = shelf.delete(renamed)
    assert gone is not None and load_notebook(gone) == full() and not notebook_path(renamed).exists()
    assert {entry.path for entry in shelf.entries()} == {copy, back}, "a notebook is no memory"


@pytest.mark.parametrize(
    ("expected", "answer", "right"),
    [
        ("2012", "in 2012", True),
        ("Two brothers", "two  BROTHERS.", True),
        ("2012", "20123", False),
        ("brothers two", "two brothers", False),
        ("", "", True),
        ("", "Orm", False),
        ("Orm", "", False),
        ("1", "1", True),
    ],
)
def test_an_answer_is_right_when_it_has_the_expected_words(expected: str, answer: str, right: bool) -> None:
    assert is_right(expected, answer) is right


def test_a_conversation_is_exported_for_people_and_for_programs() -> None:
    turns = (turn("Who owns it?"), turn("Who is mayor?", mark="n", chosen=False))
    text = as_markdown(turns, "Notes")
    assert text.startswith("# Notes\n")
    assert "**Who owns it?**\n\nTwo brothers\n" in text and "> Two brothers own it." in text
    assert "The mill, sentence 2" in text and text.count("*The memory contains 1 document.*") == 2
    assert "**Who is mayor?**\n\nNot in this memory" in text
    record = json.loads(as_json(turns, "Notes"))
    assert record["title"] == "Notes" and record["turns"][0]["answer"]["chosen"]["answer"] == "Two brothers"
