"""The library: names that are safe, changes that are whole, and a listing that survives whatever lies in the folder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import send2trash
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bdh_workbench.memory.files import library as module
from bdh_workbench.memory.files.library import BrokenEntry, Library, default_library
from bdh_workbench.memory.files.locking import try_lock
from bdh_workbench.memory.files.memory_file import MemoryHeader, load_memory, read_header, save_memory
from tests.memory.memory_factory import random_memory, refused, same

ROOT = Path(__file__).resolve().parents[2]
MEMORY = random_memory(7)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


@pytest.fixture(autouse=True)
def no_system_trash(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(path: str) -> None:
        raise OSError("no trash here")

    monkeypatch.setattr(send2trash, "send2trash", none)


def titles(library: Library) -> list[str]:
    return sorted(entry.title for entry in library.entries() if isinstance(entry, MemoryHeader))


# Listing


def test_a_library_that_is_not_there_yet_is_empty(library: Library) -> None:
    assert library.entries() == []
    assert not library.folder.exists()


def test_entries_are_headers_in_order_and_broken_files_say_why(library: Library) -> None:
    path = library.save(MEMORY)
    whole = path.read_bytes()
    (library.folder / "a cut.safetensors").write_bytes(whole[:-10])
    (library.folder / "b empty.safetensors").write_bytes(b"")
    (library.folder / "c folder.safetensors").mkdir()
    (library.folder / "Z.SAFETENSORS").write_bytes(whole)
    (library.folder / ".hidden.safetensors").write_bytes(whole)
    (library.folder / "notes.txt").write_text("no memory")
    entries = library.entries()
    names = [
        "Memory m7.safetensors",
        "Z.SAFETENSORS",
        "a cut.safetensors",
        "b empty.safetensors",
        "c folder.safetensors",
    ]
    assert [entry.path for entry in entries] == [library.folder / name for name in names]
    assert entries[0] == read_header(path)
    assert isinstance(entries[1], MemoryHeader)
    for entry, words in zip(entries[2:], ("cut short", "empty", "folder"), strict=True):
        assert isinstance(entry, BrokenEntry) and words in entry.reason and entry.path.name in entry.reason


def test_a_library_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(lambda: Library(tmp_path / "file").entries(), "cannot be read", "BDH_WORKBENCH_HOME")
    refused(lambda: Library(tmp_path / "file").save(MEMORY), "cannot be changed")


def test_five_thousand_files_are_listed_in_a_moment(library: Library) -> None:
    path = library.save(MEMORY)
    for number in range(4999):
        os.link(path, library.folder / f"{number}.safetensors")
    begun = time.thread_time()
    assert len(library.entries()) == 5000
    # It takes a fifth of a second; the bound leaves room for a slow machine.
    assert time.thread_time() - begun < 2.0


def test_listing_does_not_import_torch(library: Library) -> None:
    library.save(MEMORY)
    code = (
        "import sys; from pathlib import Path\n"
        "from bdh_workbench.memory.files.library import Library, default_library\n"
        "default_library(); library = Library(Path(sys.argv[1])); path = library.entries()[0].path\n"
        "library.rename(library.duplicate(path), 'x'); library.delete(path)\n"
        "print(len(library.entries()), 'torch' in sys.modules)"
    )
    home = os.environ | {"HOME": str(library.folder), "XDG_DATA_HOME": str(library.folder / "share")}
    done = subprocess.run(
        [sys.executable, "-c", code, library.folder], capture_output=True, text=True, cwd=ROOT, env=home
    )
    assert done.stdout.split() == ["1", "False"], done.stderr


# Names of files


@settings(max_examples=300)
@given(title=st.one_of(st.text(max_size=300), st.text('./\\:*?"<>| ~-conauxCOM1\0\n', max_size=20)))
@example(title="../../etc/passwd")
@example(title="CON")
@example(title="con.tar.gz")
@example(title="LPT¹")
@example(title="nul .x")
@example(title="a" * 500)
@example(title="字" * 500)
@example(title="x. . .")
@example(title="\udcff")
@example(title="x.safetensors.safetensors")
@example(title="\u202egnp.exe")
def test_every_title_gives_a_safe_name(library: Library, title: str) -> None:
    path = library.path_for(title)
    stem = path.name.removesuffix(".safetensors")
    assert path.parent == library.folder and path.name.endswith(".safetensors") and stem
    assert 0 < len(stem.encode()) <= 101
    assert not set(stem) & set('<>:"/\\|?*') and stem.isprintable()
    assert stem == stem.strip() and stem[0] not in ".-" and stem[-1] != "."
    reserved = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³")}
    assert stem.split(".")[0].rstrip().lower() not in reserved
    assert library._own(path) == path
    library.folder.mkdir(exist_ok=True)
    path.touch()  # the system takes it
    path.unlink()


def test_plain_titles_keep_their_words(library: Library) -> None:
    names = {"Lighthouse facts": "Lighthouse facts", "Über – 記憶": "Über – 記憶", "a/b: c?": "a-b- c-", "": "memory"}
    for title, stem in names.items():
        assert library.path_for(title).name == f"{stem}.safetensors"


def test_names_are_taken_once_whatever_their_case(library: Library) -> None:
    library.folder.mkdir()
    (library.folder / "NOTES.SafeTensors").touch()
    assert library.path_for("notes").name == "notes 2.safetensors"
    (library.folder / "Notes 2.safetensors").touch()
    assert library.path_for("notes").name == "notes 3.safetensors"
    (library.folder / "cafe\u0301.safetensors").touch()
    assert library.path_for("CAF\u00c9").name == "CAF\u00c9 2.safetensors"


def test_paths_outside_the_library_are_refused(library: Library, tmp_path: Path) -> None:
    save_memory(tmp_path / "outside.safetensors", MEMORY)
    library.save(MEMORY)
    for path in (
        tmp_path / "outside.safetensors",
        library.folder / ".." / "outside.safetensors",
        library.folder / ".lock",
    ):
        for change in (library.delete, library.duplicate, lambda p: library.set_title(p, "x"), library.rename):
            arguments = (path, "x") if change == library.rename else (path,)
            refused(lambda change=change, arguments=arguments: change(*arguments), "is not a file of the library")  # type: ignore[misc]
    assert same(load_memory(tmp_path / "outside.safetensors"), MEMORY)


# Changes


def test_titles_and_notes_change_and_the_rest_stays(library: Library) -> None:
    path = library.save(MEMORY)
    library.set_title(path, "  A\nnew   title ")
    library.set_note(path, "Line one\nline two")
    header = read_header(path)
    assert (header.title, header.note) == ("A new title", "Line one\nline two")
    assert load_memory(path).items == MEMORY.items
    refused(lambda: library.set_title(path, " \n"), "title is empty")
    refused(lambda: library.set_title(library.folder / "none.safetensors", "x"), "There is no file")


def test_renaming_moves_the_file_to_the_name_of_its_title(library: Library) -> None:
    path = library.save(MEMORY)
    other = library.save(MEMORY)
    assert (path.name, other.name) == ("Memory m7.safetensors", "Memory m7 2.safetensors")
    moved = library.rename(path, "Lighthouses: all")
    assert moved.name == "Lighthouses- all.safetensors" and not path.exists()
    assert read_header(moved).title == "Lighthouses: all"
    assert library.rename(moved, "Lighthouses: all") == moved
    assert library.rename(moved, "LIGHTHOUSES: all").name == "LIGHTHOUSES- all.safetensors"
    assert library.rename(other, "lighthouses: ALL").name == "lighthouses- ALL 2.safetensors"
    assert len(library.entries()) == 2


def test_a_broken_file_is_not_renamed_but_can_be_deleted(library: Library) -> None:
    path = library.save(MEMORY)
    path.write_bytes(path.read_bytes()[:-1])
    refused(lambda: library.rename(path, "x"), "damaged")
    refused(lambda: library.duplicate(path), "damaged")
    assert path.exists()
    library.delete(path)
    assert library.entries() == []


def test_a_duplicate_is_the_same_memory_under_another_title(library: Library) -> None:
    path = library.save(MEMORY)
    copy = library.duplicate(path)
    named = library.duplicate(path, "Second")
    assert copy.name == "Memory m7 copy.safetensors" and named.name == "Second.safetensors"
    assert titles(library) == ["Memory m7", "Memory m7 copy", "Second"]
    assert load_memory(named).rows.values.equal(MEMORY.rows.values)


def test_saving_to_a_path_of_the_library_replaces_it(library: Library) -> None:
    path = library.save(MEMORY)
    other = random_memory(8)
    assert library.save(other, path) == path
    assert same(load_memory(path), other)
    library.save(other, path, keep_words=False)
    assert load_memory(path).items[0].prompt == ""


# Deleting


def test_deleting_goes_to_the_trash_of_the_system(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send2trash, "send2trash", lambda path: os.rename(path, tmp_path / "trashed"))
    path = library.save(MEMORY)
    assert library.delete(path) is None
    assert not path.exists() and same(load_memory(tmp_path / "trashed"), MEMORY)
    refused(lambda: library.delete(path), "There is no file")


@pytest.mark.parametrize("problem", [OSError("none"), ImportError("none"), RuntimeError("none"), None])
def test_without_a_system_trash_the_library_has_its_own(
    problem: Exception | None, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: str) -> None:
        if problem is not None:
            raise problem

    monkeypatch.setattr(send2trash, "send2trash", fails)
    places = [library.delete(library.save(MEMORY)) for _ in range(2)]
    names = ["Memory m7.safetensors", "Memory m7 2.safetensors"]
    assert places == [library.folder / ".trash" / name for name in names]
    assert library.entries() == []
    assert places[1] is not None and same(load_memory(library.import_file(places[1])), MEMORY)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trash of the desktop standard")
def test_the_real_trash_of_a_linux_system_takes_the_file(library: Library, tmp_path: Path) -> None:
    path = library.save(MEMORY)
    code = (
        "import sys; from pathlib import Path; from bdh_workbench.memory.files.library import Library\n"
        "path = Path(sys.argv[1]); print(Library(path.parent).delete(path))"
    )
    home = os.environ | {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share")}
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, cwd=ROOT, env=home)
    assert done.returncode == 0, done.stderr
    own = library.folder / ".trash" / path.name
    trashed = tmp_path / "share" / "Trash" / "files" / path.name
    assert done.stdout.strip() == ("None" if trashed.exists() else str(own))
    assert same(load_memory(trashed if trashed.exists() else own), MEMORY) and not path.exists()


# In and out


def test_files_come_in_and_go_out_whole(library: Library, tmp_path: Path) -> None:
    save_memory(tmp_path / "from elsewhere.safetensors", MEMORY)
    first, second = (library.import_file(tmp_path / "from elsewhere.safetensors") for _ in range(2))
    assert (first.name, second.name) == ("Memory m7.safetensors", "Memory m7 2.safetensors")
    assert first.read_bytes() == (tmp_path / "from elsewhere.safetensors").read_bytes()
    refused(lambda: library.import_file(first), "already in the library")
    (tmp_path / "bad.safetensors").write_bytes(first.read_bytes()[:-1])
    refused(lambda: library.import_file(tmp_path / "bad.safetensors"), "bad.safetensors", "damaged")

    (tmp_path / "out").mkdir()
    out = library.export_file(first, tmp_path / "out")
    assert out == tmp_path / "out" / first.name and out.read_bytes() == first.read_bytes()
    named = library.export_file(first, tmp_path / "out" / "v1.0")
    assert named.name == "v1.0.safetensors"
    named.write_text("old")
    refused(lambda: library.export_file(first, named), "already a file")
    assert named.read_text() == "old"
    library.export_file(first, named, overwrite=True)
    assert same(load_memory(named), MEMORY)
    refused(lambda: library.export_file(first, first, overwrite=True), "the same file")
    refused(lambda: library.export_file(first, tmp_path / "a\0b"), "not a usable file name")
    assert len(library.entries()) == 2


# Two at once


HOLD = """
import sys, time; from pathlib import Path; from bdh_workbench.memory.files.library import Library
with Library(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_waited_for_and_its_death_frees_the_library(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.save(MEMORY)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, library.folder], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert holder.stdout is not None and holder.stdout.readline().strip() == b"held"
        monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.1)
        refused(lambda: library.set_title(path, "x"), "Another window or command")
        assert titles(library) == ["Memory m7"]  # listing and loading need no lock
        monkeypatch.setattr(module, "LOCK_TIMEOUT", 10.0)
        holder.kill()
        library.set_title(path, "x")
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()
    assert titles(library) == ["x"]


def test_many_at_once_never_take_the_same_name(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = module.save_memory

    def slowly(path: Path, *rest: object, **more: object) -> None:
        time.sleep(0.01)  # between the choice of the name and the file
        slow(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "save_memory", slowly)
    found: list[Path] = []
    shared = Library(library.folder)

    def work(mine: Library) -> None:
        found.extend(mine.save(MEMORY) for _ in range(3))

    workers = [
        threading.Thread(target=work, args=(each,)) for each in (shared, shared, Library(library.folder), library)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == len(set(found)) == len(library.entries()) == 12


def test_the_lock_may_be_nested_and_is_freed_by_an_error(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.1)
    with pytest.raises(ZeroDivisionError), library.locked():
        library.save(MEMORY)
        raise ZeroDivisionError
    library.save(MEMORY)
    Library(library.folder).save(MEMORY)
    assert len(library.entries()) == 3


def test_what_dead_processes_left_is_swept_away(library: Library) -> None:
    library.folder.mkdir()
    left, filled = (library.folder / f".{name}.safetensors.0000000x.partial" for name in "mn")
    left.touch()
    with filled.open("wb") as file:
        assert try_lock(file)
        library.save(MEMORY)
        assert not left.exists() and filled.exists()
    library.save(MEMORY)
    assert not filled.exists()
    assert len(library.entries()) == 2


# Where it is


def test_the_default_library_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path))
    assert default_library().folder == tmp_path / "memories"
    monkeypatch.setenv("BDH_WORKBENCH_HOME", "~/bench")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert default_library().folder == tmp_path / "bench" / "memories"
    monkeypatch.setenv("BDH_WORKBENCH_HOME", " ")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    folder = default_library().folder
    assert folder.is_absolute() and folder.parent.name == "bdh-workbench" and folder.name == "memories"
    assert not folder.exists()
