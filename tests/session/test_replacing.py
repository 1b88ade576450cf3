"""Replacing in a session: it asks before a document gives way, and undo brings everything back, bit for bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from bdh_workbench.asking.decoding import Question, exact
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.files.memory_file import load_memory
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.session import Session
from bdh_workbench.session.in_use import memory as in_use_memory
from bdh_workbench.session.in_use.history import pack
from bdh_workbench.session.records.events import Estimated, LogLine, MemoryChanged
from bdh_workbench.session.records.jobs import (
    EstimateWrite,
    LoadModel,
    OpenMemory,
    Redo,
    SaveMemory,
    SetLayer,
    Undo,
    Write,
)
from bdh_workbench.session.records.views import VersionsFound, Written
from bdh_workbench.training.synthetic import facts as invented
from tests.core_factory import DOCUMENT, many_facts
from tests.memory.memory_factory import random_memory, same
from tests.session.session_factory import Record, done, failed, real_session

OLD = TextDocument("old", "User guide. The administrator password expires after thirty days.")
NEW = TextDocument("new", "User guide. The administrator password expires after ninety days.")


def right(model: Model, path: Path, facts: Sequence[Fact]) -> int:
    """How many facts a saved memory answers by the usual read."""
    reader = Reader(model, load_memory(path))
    return sum(exact(reader, [Question.of(model.tokenizer, fact.prompt, fact.answer) for fact in facts]))


def parts(facts: Sequence[Fact], writes: int) -> list[tuple[Fact, ...]]:
    size = len(facts) // writes
    return [tuple(facts[start : start + size]) for start in range(0, len(facts), size)]


def written_replaced_and_undone(
    session: Session, record: Record, model: Model, old: Sequence[Fact], writes: int, folder: Path
) -> None:
    """Write facts, replace all in as many writes, and take it all back, comparing every value."""
    saved: list[bytes] = []
    path = folder / "memory.safetensors"

    def value() -> bytes:
        done(session, record, SaveMemory(path))
        return path.read_bytes()

    new = [dataclasses.replace(fact, answer=old[place - 7].answer) for place, fact in enumerate(old)]
    pairs = list(zip(old, new, strict=True))
    assert all(before.answer != after.answer for before, after in pairs)
    fills = []
    for facts in (old, new):
        for part in parts(facts, writes):
            summary = done(session, record, Write(part))
            assert summary.items == len(part) and summary.summary.worst_p > 0.9
            saved.append(value())
        assert right(model, path, facts) == len(facts)
        fills.append(load_memory(path).fill)
    assert summary.notes[0][0] == f"{len(part)} facts replaced"
    assert right(model, path, old) == 0
    assert fills[1] == pytest.approx(fills[0], rel=0.05), "what an old answer left behind would double it"
    assert len(record.all(MemoryChanged)[-1].view.items) == len(old)
    for expected in reversed(saved[:-1]):
        done(session, record, Undo())
        assert value() == expected
    done(session, record, Undo())
    assert not record.all(MemoryChanged)[-1].view.items


def test_all_facts_are_replaced_and_come_back(tmp_path: Path, model_folder: Path, model: Model) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        written_replaced_and_undone(session, record, model, many_facts(16, answer=3), 4, tmp_path)
        last = tmp_path / "memory.safetensors"
        before = load_memory(last)
        for _ in range(8):
            done(session, record, Redo())
        done(session, record, SaveMemory(last))
        assert not same(load_memory(last), before) and len(load_memory(last).items) == 16


@pytest.mark.slow
def test_facts_of_the_bundled_model_are_replaced(tmp_path: Path) -> None:
    """Its judges, tokens and addresses are those of a trained model."""
    model = load_model(None, torch.device("cpu"))
    with real_session(tmp_path, keep_recovery=False) as (session, record):
        done(session, record, LoadModel(None, "cpu"))
        written_replaced_and_undone(session, record, model, invented(24, 5), 3, tmp_path)


@pytest.fixture
def loaded(tmp_path: Path, model_folder: Path) -> Iterator[tuple[Session, Record]]:
    """A session in which a document is written."""
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, Write((), (OLD,)))
        yield session, record


Loaded = tuple[Session, Record]


def titles(record: Record) -> list[str]:
    return [item.title for item in record.all(MemoryChanged)[-1].view.items]


def test_it_asks_before_a_document_gives_way(loaded: Loaded) -> None:
    session, record = loaded
    before = record.all(MemoryChanged)[-1]
    found = done(session, record, Write((), (NEW,), ask=True))
    assert isinstance(found, VersionsFound) and record.all(MemoryChanged)[-1] is before
    assert [conflict.told() for conflict in found.documents] == ["“new” instead of “old”"]
    summary = done(session, record, Write((), (NEW,)))
    assert isinstance(summary, Written) and titles(record) == ["new"]
    assert any("1 document replaced" in line.text for line in record.all(LogLine))
    done(session, record, Undo())
    assert titles(record) == ["old"] and record.all(MemoryChanged)[-1].view.layers == before.view.layers
    done(session, record, Write((), (NEW,), WriteSettings(on_conflict="both")))
    assert titles(record) == ["old", "new"]


def test_nothing_is_asked_where_nothing_gives_way(loaded: Loaded) -> None:
    session, record = loaded
    for job in (
        Write((), (DOCUMENT,), ask=True),
        Write((Fact("p", "a"),), ask=True),
        Write((Fact("p", "b"),), ask=True),
    ):
        assert isinstance(done(session, record, job), Written)
    assert titles(record) == ["old", DOCUMENT.title, "p"]


def test_what_is_stored_already_changes_nothing(loaded: Loaded) -> None:
    session, record = loaded
    before = record.all(MemoryChanged)[-1]
    summary = done(session, record, Write((), (dataclasses.replace(OLD, title="again"),), ask=True))
    assert (summary.items, summary.summary.steps) == (0, 0) and summary.notes[0][0] == "1 document already stored"
    assert record.all(MemoryChanged)[-1] is before


def test_what_was_replaced_does_not_come_back_with_its_layer(tmp_path: Path, loaded: Loaded) -> None:
    """Forgotten is forgotten: undo takes the write back, a layer that is switched off does not."""
    session, record = loaded
    done(session, record, Write((), (NEW,)))
    done(session, record, SetLayer(2, False))
    assert titles(record) == ["new"]
    done(session, record, SaveMemory(tmp_path / "m.safetensors"))
    done(session, record, OpenMemory(tmp_path / "m.safetensors"))
    done(session, record, Undo())
    assert titles(record) == []


def test_the_estimate_counts_what_is_new_and_what_gives_way(loaded: Loaded) -> None:
    session, record = loaded

    def estimated(document: TextDocument) -> Estimated:
        done(session, record, EstimateWrite((), (document,)))
        return record.all(Estimated)[-1]

    assert estimated(OLD).rows == 0
    other = estimated(TextDocument("other", "Nobody has seen the goat of Tarn since the ninth of May."))
    assert other.fill_after > other.fill_before
    version = estimated(NEW)
    assert (
        version.rows > 0
        and version.fill_after < version.fill_before + version.rows / record.all(MemoryChanged)[-1].view.slots
    )
    refuse = EstimateWrite((), (NEW,), WriteSettings(on_conflict="refuse"))
    assert "“new” against “old”" in failed(session, record, refuse).message


# What can be taken back


def test_earlier_values_share_the_rows_that_they_have_in_common() -> None:
    memory = random_memory(1, layers=3, rows=5)
    first = pack(memory, [])
    again = pack(dataclasses.replace(memory, title="Another"), [first])
    assert [one is other for one, other in zip(first.parts, again.parts, strict=True)] == [True] * 9
    assert same(first.memory(), memory) and again.memory().title == "Another"
    shared = first.blocks().keys() & again.blocks().keys()
    assert sum(again.blocks()[place] for place in shared) > 0.8 * sum(again.blocks().values())
    nothing = random_memory(0, layers=0)
    assert same(pack(nothing, []).memory(), nothing)


def test_rows_in_any_order_come_back_in_theirs() -> None:
    memory = random_memory(2, rows=3)
    order = torch.randperm(len(memory.rows), generator=torch.Generator().manual_seed(1))
    rows = memory.rows.take(order)
    apart = dataclasses.replace(memory, rows=dataclasses.replace(rows, following=torch.full_like(rows.following, -1)))
    packed = pack(apart, [])
    assert len(packed.parts) == 1 and same(packed.memory(), apart)


def test_how_much_is_kept_is_bounded(tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    session, record = loaded
    monkeypatch.setattr(in_use_memory, "UNDO_BYTES", 0)
    for number in range(4):
        done(session, record, Write((Fact("p", str(number)),)))
    for _ in range(in_use_memory.KEPT_STATES):
        done(session, record, Undo())
    assert [item.answer for item in record.all(MemoryChanged)[-1].view.items[1:]] == ["1"]
