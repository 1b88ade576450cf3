from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import send2trash

from bdh_workbench.errors import UserError
from bdh_workbench.memory.files.locking import renewing
from bdh_workbench.memory.files.memory_file import load_memory, save_memory
from bdh_workbench.memory.room import machine_rows
from bdh_workbench.memory.store import manage
from bdh_workbench.session.in_use import memory as in_use_memory
from bdh_workbench.session.records.events import JobDone, LogLine, MemoryChanged, RecoveryFound
from bdh_workbench.session.records.jobs import (
    DeleteMemory,
    DiscardRecovery,
    ForgetItems,
    MergeMemories,
    NewMemory,
    OpenMemory,
    Redo,
    Relabel,
    RestoreRecovery,
    SaveMemory,
    SetLayer,
    Undo,
)
from bdh_workbench.session.records.views import MemoryView
from bdh_workbench.session.storage import recovery as recovery_module
from bdh_workbench.session.storage.home import library_in
from tests.memory.memory_factory import random_memory, same
from tests.session.session_factory import Record, done, failed, real_session


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A memory file with two layers of three items each."""
    path = tmp_path / "held.safetensors"
    save_memory(path, random_memory())
    return path


def now(record: Record) -> MemoryView:
    """The memory in use as it was told last."""
    view: MemoryView = record.all(MemoryChanged)[-1].view
    return view


def copies(home: Path) -> list[Path]:
    """Recovery copies that lie in a home folder."""
    return sorted((home / "recovery").glob("*.safetensors"))


def test_an_opened_memory_is_shown(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        view = now(record)
        assert view.title == "Memory m0" and view.path == file and not view.dirty
        assert len(view.items) == 6 and len(view.layers) == 2 and view.rank == 24 and view.slots == machine_rows()
        assert view.bytes == file.stat().st_size and view.fill == 24 / machine_rows()
        assert view.can_undo and not view.can_redo
        assert not copies(tmp_path)
        done(session, record, NewMemory())
        assert now(record) == MemoryView("", None, False, (), (), 0, machine_rows(), 0.0, False, False, 0)


def test_forget_undo_and_redo(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0, 2)))
        assert len(now(record).items) == 4 and now(record).dirty and now(record).can_undo
        done(session, record, SetLayer(2, False))
        assert [layer.enabled for layer in now(record).layers] == [True, False]
        done(session, record, Undo())
        assert [layer.enabled for layer in now(record).layers] == [True, True]
        done(session, record, Undo())
        assert len(now(record).items) == 6 and not now(record).dirty and now(record).can_redo
        assert not copies(tmp_path)
        done(session, record, Redo())
        done(session, record, Redo())
        assert len(now(record).items) == 4 and not now(record).layers[1].enabled and not now(record).can_redo
        assert "nothing to redo" in failed(session, record, Redo()).message


def test_undo_of_a_memory_from_a_file_takes_back_its_newest_layer(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, Undo())
        assert len(now(record).layers) == 1 and now(record).dirty
        done(session, record, Redo())
        assert len(now(record).layers) == 2 and not now(record).dirty
        done(session, record, Undo())
        done(session, record, Undo())
        assert not now(record).layers and not now(record).can_undo
        assert "nothing to undo" in failed(session, record, Undo()).message


def test_a_change_that_fails_leaves_the_memory_as_it_was(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        assert "empty" in failed(session, record, ForgetItems((0,))).message
        done(session, record, OpenMemory(file))
        before = now(record)
        for job in (ForgetItems((99,)), SetLayer(7, True), OpenMemory(tmp_path / "none"), RestoreRecovery()):
            last = failed(session, record, job)
            assert last.message and not last.details
        done(session, record, SetLayer(1, True))  # it is on already
        assert now(record) == before


def test_merging_files_gives_an_unsaved_memory_that_can_be_undone(tmp_path: Path, file: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_memory(other, random_memory(1, day=2))
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, MergeMemories((file, other)))
        assert len(now(record).items) == 12 and now(record).dirty and now(record).path is None
        done(session, record, Undo())
        assert len(now(record).items) == 6 and not now(record).dirty and now(record).path == file


def test_a_merge_has_a_title_and_says_whose_answer_stays(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    merge = manage.merge

    def spy(memories: object, title: str = "", *, keep: object = None) -> object:
        asked.append((title, keep))
        return merge(memories, title, keep=keep)  # type: ignore[arg-type]

    monkeypatch.setattr(manage, "merge", spy)
    other = tmp_path / "other.safetensors"
    save_memory(other, random_memory(1, day=2))
    with real_session(tmp_path) as (session, record):
        done(session, record, MergeMemories((file, other), " Both  of them ", "last"))
        assert now(record).title == "Both of them" and asked == [("Both of them", "last")]


def test_a_new_note_and_title_reach_the_file_and_the_memory_in_use(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        assert "no file in the library" in failed(session, record, Relabel(note="from elsewhere")).message
        done(session, record, ForgetItems((0,)))
        path = done(session, record, SaveMemory(library_in(tmp_path).path_for("Held"), "Held"))
        done(session, record, ForgetItems((0,)))
        done(session, record, Relabel(note="to be kept"))
        done(session, record, Relabel(title=" Another  title "))
        view = now(record)
        assert view.dirty and len(view.items) == 4, "what is unsaved stays so"
        assert view.note == "to be kept" and view.title == "Another title" and view.path != path
        assert not path.exists() and view.path is not None
        assert len(load_memory(view.path).items) == 5 and load_memory(view.path).note == "to be kept"
        done(session, record, Undo())
        assert now(record).note == "to be kept" and not now(record).dirty
        done(session, record, Redo())
        done(session, record, SaveMemory())
        assert load_memory(view.path).note == "to be kept" and load_memory(view.path).title == "Another title"


def test_a_memory_whose_file_was_deleted_is_unsaved(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send2trash, "send2trash", os.unlink)
    with real_session(tmp_path) as (session, record):
        done(session, record, MergeMemories((file,)))
        one = done(session, record, SaveMemory(title="One"))
        two = library_in(tmp_path).duplicate(one, "Two")
        done(session, record, OpenMemory(two))
        assert now(record).path == two and not now(record).dirty
        done(session, record, MergeMemories((one, two)))
        for path in (one, two):  # neither is that of the merged memory
            done(session, record, DeleteMemory(path))
        assert "no file" in failed(session, record, DeleteMemory(two)).message
        done(session, record, Undo())
        assert now(record).dirty and now(record).path is None and len(now(record).items) == 6 and copies(tmp_path)
        done(session, record, SaveMemory(title="Three"))
        assert not now(record).dirty and not copies(tmp_path)
        done(session, record, DeleteMemory(library_in(tmp_path).folder / "Three.safetensors"))
        assert now(record).dirty and now(record).title == "Three" and copies(tmp_path)


def test_saving(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        assert "empty" in failed(session, record, SaveMemory()).message
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        assert copies(tmp_path)
        assert done(session, record, SaveMemory()) == file
        assert not now(record).dirty and not copies(tmp_path)
        assert len(load_memory(file).items) == 5
        done(session, record, Undo())
        assert now(record).dirty and copies(tmp_path)
        target = done(session, record, SaveMemory(tmp_path / "copy.safetensors", " A new  title "))
        assert now(record).path == target and now(record).title == "A new title" and not now(record).dirty
        assert load_memory(target).title == "A new title" and len(load_memory(file).items) == 5


def test_what_another_program_wrote_into_the_file_is_not_overwritten(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        done(session, record, SaveMemory())
        done(session, record, ForgetItems((0,)))
        other = manage.forget(load_memory(file), [4])
        save_memory(file, other)
        refused = failed(session, record, SaveMemory())
        assert "was changed by another window or command" in refused.message and "another name" in refused.message
        assert same(load_memory(file), other) and now(record).dirty
        done(session, record, SaveMemory(tmp_path / "mine.safetensors"))
        assert len(load_memory(tmp_path / "mine.safetensors").items) == 4 and not now(record).dirty
        # A person who names the file means it.
        done(session, record, SaveMemory(file))
        assert len(load_memory(file).items) == 4
        done(session, record, ForgetItems((0,)))
        done(session, record, SaveMemory())


def test_another_command_that_writes_into_the_file_is_told_of(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_use_memory, "LOCK_TIMEOUT", 0.1)
    with real_session(tmp_path) as (session, record), renewing(file, 0.0):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        assert "Another window or command is writing into" in failed(session, record, SaveMemory()).message
        assert now(record).dirty


def test_a_copy_of_unsaved_work_does_not_overwrite_a_file_that_changed_since(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
    save_memory(file, manage.forget(load_memory(file), [4]))
    with real_session(tmp_path) as (session, record):
        done(session, record, RestoreRecovery())
        assert now(record).path == file
        assert "was changed by another window or command" in failed(session, record, SaveMemory()).message


def test_a_memory_without_a_file_is_saved_in_the_library(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, MergeMemories((file,)))
        path = done(session, record, SaveMemory(title="Mine"))
        assert path == tmp_path / "memories" / "Mine.safetensors" and path.is_file()
        done(session, record, ForgetItems((0,)))
        assert done(session, record, SaveMemory()) == path
        assert len(load_memory(path).items) == 5


def test_a_new_file_is_made_whatever_has_its_name_by_then(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        first, second = (done(session, record, SaveMemory(title="Mine", new=True)) for _ in range(2))
        assert [first.name, second.name] == ["Mine.safetensors", "Mine 2.safetensors"] and now(record).path == second
        done(session, record, ForgetItems((0,)))
        assert done(session, record, SaveMemory(title="Yours")) == second, "its own file"
        assert len(load_memory(first).items) == 6 and len(load_memory(second).items) == 5


def test_a_failed_save_keeps_the_mark_and_the_old_file(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        before = file.read_bytes()

        def full(path: Path, memory: object) -> None:
            raise UserError("The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(in_use_memory, "save_memory", full)
            assert failed(session, record, SaveMemory(title="New")).message == "The disk is full."
        assert file.read_bytes() == before and copies(tmp_path)
        assert now(record).dirty and now(record).title == "Memory m0"
        done(session, record, SaveMemory())
        assert not now(record).dirty and not copies(tmp_path)


def test_a_folder_in_the_place_of_the_file_fails_the_save(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        (tmp_path / "folder").mkdir()
        assert failed(session, record, SaveMemory(tmp_path / "folder")).message
        done(session, record, Undo())
        assert now(record).path == file


def test_unsaved_work_comes_back_at_the_next_start(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
    lost = load_memory(copies(tmp_path)[0])
    with real_session(tmp_path) as (session, record):
        done(session, record, NewMemory())
        found = record.all(RecoveryFound)[0]
        assert found.path == file and found.title == "Memory m0" and found.saved_at.tzinfo is not None
        done(session, record, RestoreRecovery())
        view = now(record)
        assert len(view.items) == 5 and view.dirty and view.path == file
        assert len(copies(tmp_path)) == 1 and same(load_memory(copies(tmp_path)[0]), lost)
        done(session, record, SaveMemory())
        assert same(load_memory(file), lost) and not list((tmp_path / "recovery").iterdir())
    with real_session(tmp_path) as (session, record):
        done(session, record, NewMemory())
        assert not record.all(RecoveryFound)


def test_unsaved_work_can_be_discarded(tmp_path: Path, file: Path) -> None:
    for number in (1, 2):
        with real_session(tmp_path) as (session, record):
            done(session, record, OpenMemory(file))
            done(session, record, ForgetItems((number,)))
    assert len(copies(tmp_path)) == 2
    with real_session(tmp_path) as (session, record):
        done(session, record, DiscardRecovery())
        done(session, record, DiscardRecovery())
        assert len(record.all(RecoveryFound)) == 2
        assert not list((tmp_path / "recovery").iterdir())
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        done(session, record, DiscardRecovery())  # nothing was found: this session's own
        assert not copies(tmp_path)


def test_a_new_change_does_not_overwrite_what_was_found(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0, 1, 2)))
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        assert len(copies(tmp_path)) == 2
        done(session, record, RestoreRecovery())
        assert len(now(record).items) == 3


def test_what_was_found_is_kept_while_it_cannot_be_copied_anew(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0, 1, 2)))
    lost = copies(tmp_path)[0]
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        assert len(copies(tmp_path)) == 2, "this session has a copy of its own, of other work"

        def full(path: Path, memory: object) -> None:
            raise UserError("The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(recovery_module, "save_memory", full)
            done(session, record, RestoreRecovery())
        assert len(now(record).items) == 3 and lost.exists()
        done(session, record, RestoreRecovery())
        assert len(now(record).items) == 3 and not lost.exists() and len(copies(tmp_path)) == 1


def test_a_living_session_keeps_its_copy_to_itself(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        with real_session(tmp_path) as (second, other):
            done(second, other, NewMemory())
            assert not other.all(RecoveryFound)
    assert len(copies(tmp_path)) == 1


def test_closing_with_discard_leaves_no_copy(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        assert copies(tmp_path)
        assert session.close(60.0, discard_recovery=True)
        assert not copies(tmp_path)


def test_a_damaged_copy_is_kept_and_told_of(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "recovery"
    folder.mkdir()
    (folder / "20260101-000000-000000-1.safetensors").write_bytes(b"no")
    (folder / "20260101-000000-000000-1.json").write_text("[", encoding="utf-8")
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        assert record.all(RecoveryFound)[0].path is None
        assert failed(session, record, RestoreRecovery()).message
        assert len(copies(tmp_path)) == 1 and now(record).path == file
        done(session, record, DiscardRecovery())
        assert not copies(tmp_path)


def test_a_copy_that_cannot_be_made_is_told_of_and_the_change_stands(tmp_path: Path, file: Path) -> None:
    (tmp_path / "recovery").write_text("a file where the folder should be", encoding="utf-8")
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        job = session.submit(ForgetItems((0,)))
        assert isinstance(record.end(job), JobDone) and len(now(record).items) == 5
        assert [line.level for line in record.all(LogLine)] == ["warning"]


def test_no_copies_where_a_person_wants_none(tmp_path: Path, file: Path) -> None:
    with real_session(tmp_path, keep_recovery=False) as (session, record):
        done(session, record, OpenMemory(file))
        done(session, record, ForgetItems((0,)))
        assert now(record).dirty and not copies(tmp_path)
        session.keep_recovery = True
        done(session, record, ForgetItems((0,)))
        assert copies(tmp_path)


def test_what_can_be_undone_is_bounded(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_use_memory, "UNDO_BYTES", 0)
    with real_session(tmp_path) as (session, record):
        done(session, record, OpenMemory(file))
        for _ in range(4):
            done(session, record, ForgetItems((0,)))
        done(session, record, Undo())
        done(session, record, Undo())
        assert len(now(record).items) == 4
        # Nothing older was kept: what is taken back now is the newest layer as a whole.
        expected = manage.undo(manage.forget(random_memory(), [0, 1]))
        done(session, record, Undo())
        assert len(now(record).items) == len(expected.items)


def test_killed_with_unsaved_work_nothing_is_lost(tmp_path: Path, file: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from bdh_workbench.session import Session\n"
        "from bdh_workbench.session.records import jobs\n"
        "from bdh_workbench.session.records.events import JobDone\n"
        "def tell(event):\n"
        "    if isinstance(event, JobDone) and event.job == 2: print('ready', flush=True)\n"
        f"session = Session(tell, Path({str(tmp_path)!r}))\n"
        f"session.submit(jobs.OpenMemory(Path({str(file)!r}))); session.submit(jobs.ForgetItems((0,)))\n"
        "sys.stdin.read()\n"
    )
    root = Path(__file__).resolve().parent.parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        process.kill()
    with real_session(tmp_path) as (session, record):
        done(session, record, RestoreRecovery())
        assert record.all(RecoveryFound)[0].path == file
        assert len(now(record).items) == 5 and now(record).dirty
    assert len(load_memory(file).items) == 6
