"""What a session keeps of questions, how checks are run, how surely a text is recited, and editing an item."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.session.records.events import CheckStepped, ItemRecited, MemoryChanged, NotebookChanged
from bdh_workbench.session.records.jobs import (
    ClearConversation,
    ForgetItems,
    KeepChecks,
    LoadModel,
    MergeMemories,
    NewMemory,
    OpenMemory,
    Query,
    ReciteItem,
    Relabel,
    RestoreRecovery,
    RunChecks,
    SaveMemory,
    Undo,
    Write,
)
from bdh_workbench.session.records.notebook import Check, load_notebook, notebook_path
from bdh_workbench.session.records.views import Written
from bdh_workbench.session.storage.searching import HIT_MARKS, SearchIndex
from bdh_workbench.session.tasks.heat import item_text
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT
from tests.session.session_factory import done, failed, real_session

SETTINGS = WriteSettings(framings=0)


def test_a_conversation_is_kept_with_its_memory_and_marked_where_the_memory_changed(
    tmp_path: Path, model_folder: Path
) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, Write(FACTS[:2], (), SETTINGS))
        done(session, record, Query(FACTS[0].prompt))
        path = done(session, record, SaveMemory(title="Facts"))
        assert len(load_notebook(path).turns) == 1, "what was asked before the first save is there after it"
        done(session, record, Write(FACTS[2:3], (), SETTINGS))
        done(session, record, Query(FACTS[0].prompt))
        kept = load_notebook(path).turns
        assert [turn.holds for turn in kept] == ["2 facts", "3 facts"] and kept[0].mark != kept[1].mark
        assert kept[1].answer.chosen is not None and kept[1].answer.chosen.answer == FACTS[0].answer
        done(session, record, Relabel(title="Renamed"))
        renamed = record.all(MemoryChanged)[-1].view.path
        assert renamed != path and len(load_notebook(renamed).turns) == 2 and not notebook_path(path).exists()
        done(session, record, NewMemory())
        event = record.all(NotebookChanged)[-1]
        assert event.opened and event.notebook.empty
        done(session, record, OpenMemory(renamed))
        event = record.all(NotebookChanged)[-1]
        assert event.opened and [turn.answer.prompt for turn in event.notebook.turns] == [FACTS[0].prompt] * 2
        done(session, record, ClearConversation())
        assert not record.all(NotebookChanged)[-1].opened and not notebook_path(renamed).exists()


def test_a_conversation_comes_back_with_unsaved_work(tmp_path: Path, model_folder: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, Write(FACTS[:2], (), SETTINGS))
        done(session, record, Query(FACTS[0].prompt))
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, RestoreRecovery())
        event = record.all(NotebookChanged)[-1]
        assert event.opened and [turn.answer.prompt for turn in event.notebook.turns] == [FACTS[0].prompt]
        assert len(list((tmp_path / "recovery").glob("*.notebook.json"))) == 1
        path = done(session, record, SaveMemory(title="Saved"))
        assert len(load_notebook(path).turns) == 1 and not list((tmp_path / "recovery").glob("*.notebook.json"))


def test_checks_are_run_together_and_follow_a_merge(tmp_path: Path, model_folder: Path) -> None:
    checks = tuple(Check(fact.prompt, fact.answer) for fact in FACTS[:2])
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        assert "no checks" in failed(session, record, RunChecks()).message
        done(session, record, Write(FACTS[:2], (), SETTINGS))
        done(session, record, KeepChecks((*checks, Check(FACTS[0].prompt, "something else"))))
        run = done(session, record, RunChecks())
        assert [result.right for result in run.results] == [True, True, False] and run.right == 2
        assert run.results[0].answer == FACTS[0].answer and run.results[0].p > 0.5 and run.after == "write 1"
        assert [event.number for event in record.all(CheckStepped)] == [0, 1, 2]
        first = done(session, record, SaveMemory(title="One"))
        done(session, record, ForgetItems((1,)))
        run = done(session, record, RunChecks())
        assert [result.right for result in run.results] == [True, False, False]
        assert len(record.all(NotebookChanged)[-1].notebook.runs) == 2
        done(session, record, NewMemory())
        done(session, record, Write(FACTS[2:4], (), SETTINGS))
        done(session, record, KeepChecks((Check(FACTS[2].prompt, FACTS[2].answer),)))
        second = done(session, record, SaveMemory(title="Two"))
        done(session, record, MergeMemories((first, second), "Both"))
        event = record.all(NotebookChanged)[-1]
        assert event.opened and len(event.notebook.checks) == 4
        run = done(session, record, RunChecks())
        assert [result.right for result in run.results] == [True, True, False, True]
        assert len(load_notebook(first).checks) == 3, "the parts keep theirs"


def test_what_was_written_is_recited_more_surely_than_without_it(tmp_path: Path, model_folder: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        spaced = TextDocument("Spaced", f"  {DOCUMENT.text[:40]}\u00a0{DOCUMENT.text[40:]}")
        done(session, record, Write(FACTS[:1], (spaced,), SETTINGS))
        items = record.all(MemoryChanged)[-1].view.items
        for number in (0, 1):
            done(session, record, ReciteItem(number))
            heat = record.all(ItemRecited)[-1]
            text = item_text(items[number])
            assert heat.done == 1.0 and heat.item == number and heat.tokens
            said = "".join(text[token.start : token.stop] for token in heat.tokens)
            assert said.replace("\u00a0", " ").strip() == (FACTS[0].answer if number == 0 else text.strip()[1:].replace(
                "\u00a0", " "))  # fmt: skip
            mean = sum(token.p for token in heat.tokens) / len(heat.tokens)
            assert mean > 0.9, mean
        assert "no longer in the memory" in failed(session, record, ReciteItem(2)).message


def test_an_edited_item_takes_the_place_of_the_old_one_in_one_step(tmp_path: Path, model_folder: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, Write(FACTS[:1], (DOCUMENT, OTHER_DOCUMENT), SETTINGS))
        other = TextDocument("Something else", "A goat sleeps on the roof of the bakery in Ostrel.")
        done(session, record, Write((), (other,), SETTINGS, ask=True, replaces=(1,)))
        titles = [item.title for item in record.all(MemoryChanged)[-1].view.items]
        assert titles == [FACTS[0].prompt, OTHER_DOCUMENT.title, other.title], "however little they have in common"
        done(session, record, Undo())
        titles = [item.title for item in record.all(MemoryChanged)[-1].view.items]
        assert titles == [FACTS[0].prompt, DOCUMENT.title, OTHER_DOCUMENT.title]
        new = Fact(FACTS[0].prompt, "Pell")
        done(session, record, Write((new,), (), SETTINGS, replaces=(0,)))
        items = record.all(MemoryChanged)[-1].view.items
        assert [item.answer for item in items if item.kind == "fact"] == ["Pell"]
        assert "no longer in the memory" in failed(session, record, Write((new,), (), SETTINGS, replaces=(9,))).message
        number = [item.kind for item in items].index("fact")
        lower = Fact(new.prompt.lower(), "Orm")
        written = done(session, record, Write((lower,), (), SETTINGS, replaces=(number,)))
        assert isinstance(written, Written) and written.notes == (), "it stands beside nothing: it takes the old place"
        items = record.all(MemoryChanged)[-1].view.items
        assert [item.prompt for item in items if item.kind == "fact"] == [lower.prompt]


def test_a_search_finds_items_of_all_memories_and_follows_their_files(tmp_path: Path, model_folder: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, Write(FACTS[:3], (DOCUMENT,), SETTINGS))
        first = done(session, record, SaveMemory(title="One"))
        done(session, record, NewMemory())
        done(session, record, Write((), (OTHER_DOCUMENT,), SETTINGS))
        second = done(session, record, SaveMemory(title="Two"))
    index = SearchIndex(tmp_path, tmp_path / "memories")
    (hit,) = index.find("keeper Odi")
    assert hit.path == first and hit.item == 3 and hit.kind == "document" and hit.title == DOCUMENT.title
    assert f"{HIT_MARKS[0]}Odile{HIT_MARKS[1]}" in hit.excerpt
    (hit,) = index.find("HENRIK clocks")
    assert (hit.path, hit.item, hit.kind) == (first, 2, "fact")
    assert [hit.path for hit in index.find("brothers")] == [second]
    assert not index.find("Odile brothers") and not index.find("  ?! ") and not index.find('"')
    second.unlink()
    assert not index.find("brothers")
    (tmp_path / "memories" / "broken.safetensors").write_bytes(b"nothing of the kind")
    assert index.find("Odile")
    index.path.write_bytes(b"no database at all, but long enough to be taken for a damaged one" * 20)
    assert index.find("Odile"), "the index is only a cache"


def test_two_hundred_memories_are_searched_at_once(tmp_path: Path) -> None:
    import shutil
    import time

    from bdh_workbench.memory.files.memory_file import save_memory
    from tests.memory.memory_factory import random_memory

    folder = tmp_path / "memories"
    folder.mkdir()
    memory = random_memory()
    text = " ".join(f"word{number % 997} and the harbour of Bod{number % 13}" for number in range(4000))
    record = dataclasses.replace(memory.items[0], kind="document", title="A", prompt="", answer="", text=text)
    memory = dataclasses.replace(memory, items=(record, *memory.items[1:]))
    save_memory(folder / "000.safetensors", memory)
    for number in range(1, 200):
        shutil.copyfile(folder / "000.safetensors", folder / f"{number:03d}.safetensors")
    index = SearchIndex(tmp_path, folder)
    index.refresh()
    begun = time.process_time()
    assert len({hit.path for hit in index.find("harbour word99")}) == 50
    assert time.process_time() - begun < 0.3


@pytest.mark.parametrize("question", ["", " "])
def test_a_check_needs_a_question(tmp_path: Path, model_folder: Path, question: str) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, Write(FACTS[:1], (), SETTINGS))
        done(session, record, KeepChecks((Check(question, "x"),)))
        assert "empty" in failed(session, record, RunChecks()).message.lower()
