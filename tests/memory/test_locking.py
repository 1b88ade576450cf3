"""Files that several processes renew: what one wrote is not lost to the other, and links and modes stay."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from bdh_workbench.commands.common import name_notes, save
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.files.locking import renewing, try_lock
from bdh_workbench.memory.files.memory_file import load_memory, rewrite_labels, save_memory
from bdh_workbench.model.files import save_tensors_atomically, save_text_atomically, write_atomically
from tests.memory.counter import add_one
from tests.memory.memory_factory import random_memory
from tests.model_factory import save_facts

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has other links and modes")


def command(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bdh_workbench", *map(str, words)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_writes_into_one_file_lose_nothing(memory_file: Path, model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(memory_file.read_bytes())
    prompts = [f"The heron number {number} of Norby eats" for number in range(2)]
    # Each has another answer to one prompt, too: what replaces what is decided by what the file holds by then.
    shared = "The swan of Norby eats"
    files = [
        save_facts(tmp_path / f"{prompt[17]}.json", [Fact(prompt, "eels"), Fact(shared, answer)])
        for prompt, answer in zip(prompts, ("grass", "reeds"), strict=True)
    ]
    with renewing(path, 0.0):
        # All of them read the file only after it is let go.
        writers = [
            command("write", "--facts", file, "--into", path, "--memory", path, "--model", model_folder)
            for file in files
        ]
        forgetter = command("forget", path, "--item", "0", "--memory", path, "--model", model_folder)
        for process in (*writers, forgetter):
            assert process.stderr is not None
            assert any("Waiting for another window or command" in line for line in process.stderr), "it did not wait"
    for process in (*writers, forgetter):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    memory = load_memory(path)
    assert {item.prompt for item in memory.items} >= {*prompts, shared}
    assert len(memory.items) == 6 - 1 + 2 + 1 and len({layer.number for layer in memory.layers}) == 3
    assert [name for name in os.listdir(tmp_path) if "safetensors" in name] == ["m.safetensors"]


def test_many_processes_count_together(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0", encoding="utf-8")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=add_one, args=(path, 25)) for _ in range(2)]
    for process in processes:
        process.start()
    add_one(path, 25)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert path.read_text(encoding="utf-8") == "75" and os.listdir(tmp_path) == ["count"]


def test_a_file_that_another_has_is_waited_for_and_refused_after_a_while(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_memory(path, random_memory())
    waited: list[int] = []
    with renewing(path, 0.0):
        with pytest.raises(UserError, match="Another window or command is writing into"), renewing(path, 0.15):
            pass
        thread = threading.Thread(target=lambda: _append(path, waited))
        thread.start()
        time.sleep(0.2)
        assert waited == []
    thread.join()
    assert waited == [1]
    rewrite_labels(path, title="Other")
    assert os.listdir(tmp_path) == ["m.safetensors"]


def _append(path: Path, to: list[int]) -> None:
    with renewing(path, 60.0):
        to.append(1)


def test_a_failure_lets_go_and_what_is_not_there_needs_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"x")
    with pytest.raises(ZeroDivisionError), renewing(path, 0.0):
        raise ZeroDivisionError
    with renewing(path, 0.0), renewing(tmp_path / "no" / "file", 0.0), renewing(Path("a\0b"), 0.0):
        pass
    assert os.listdir(tmp_path) == ["m.safetensors"]


@POSIX
def test_a_link_stays_and_what_it_leads_to_is_renewed(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "m.safetensors", tmp_path / "link.safetensors"
    save_memory(real, random_memory())
    link.symlink_to("real/m.safetensors")
    before = real.read_bytes()
    rewrite_labels(link, title="Renewed")
    assert link.is_symlink() and os.readlink(link) == "real/m.safetensors"
    assert real.read_bytes() != before and load_memory(real).title == "Renewed"
    dangling = tmp_path / "later.txt"
    dangling.symlink_to("new/text.txt")
    save_text_atomically(dangling, "text")
    assert dangling.is_symlink() and (tmp_path / "new" / "text.txt").read_text(encoding="utf-8") == "text"
    assert sorted(os.listdir(tmp_path)) == ["later.txt", "link.safetensors", "new", "real"]
    circle = tmp_path / "circle"
    circle.symlink_to("circle")
    with pytest.raises(UserError, match="in a circle"):
        save_text_atomically(circle, "text")
    assert circle.is_symlink()


@POSIX
def test_a_file_of_two_names_keeps_both(tmp_path: Path) -> None:
    path, other, away = tmp_path / "m.safetensors", tmp_path / "n.safetensors", tmp_path / "kept" / "m.safetensors"
    save_memory(path, random_memory())
    os.link(path, other)
    rewrite_labels(other, title="Renewed")
    assert path.samefile(other) and path.stat().st_nlink == 2 and load_memory(path).title == "Renewed"
    away.parent.mkdir()
    os.link(path, away)  # as a backup does
    record = save(path, dataclasses.replace(load_memory(path), title="Again"))
    assert path.samefile(other) and load_memory(other).title == "Again" and load_memory(away).title == "Renewed"
    assert name_notes(record) == [
        f"{path} has 1 other name in another folder (a hard link), which still leads to the old file."
    ]
    assert sorted(os.listdir(tmp_path)) == ["kept", "m.safetensors", "n.safetensors"]
    assert name_notes(save(path, load_memory(path))) == []


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_of_a_file_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "m.safetensors"
    save_memory(path, random_memory())
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask, "a new file is like any other"
    path.chmod(mode)
    save_memory(path, random_memory())
    rewrite_labels(path, title="Other")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@POSIX
def test_what_is_no_ordinary_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="it is not a regular file"):
        save_text_atomically(pipe, "text")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@POSIX
def test_what_a_killed_save_left_goes_with_the_next_save_of_that_file(tmp_path: Path) -> None:
    """It had stayed in any folder but the library, as large as the memory."""
    path = tmp_path / "m.safetensors"
    script = (
        "import os, signal, sys; from pathlib import Path; from bdh_workbench.model.files import write_atomically\n"
        "def half(to):\n to.write_bytes(b'half')\n print(to, flush=True)\n sys.stdin.read()\n"
        "write_atomically(Path(sys.argv[1]), half)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        save_memory(path, random_memory())
        assert left.read_bytes() == b"half", "another process is at it"
        process.kill()
    assert left.exists()
    stay = [
        tmp_path / name
        for name in (".m.safetensors.0000000y.partial", ".m.safetensors.mine.link", ".n.safetensors.0000000x.partial")
    ]
    os.mkfifo(stay[0])
    stay[1].touch()
    stay[2].touch()
    (tmp_path / ".m.safetensors.0000000z.link").hardlink_to(path)
    save_memory(path, random_memory())
    assert sorted(os.listdir(tmp_path)) == [*(one.name for one in stay), "m.safetensors"]


@POSIX
def test_a_save_waits_for_a_sweep_that_is_about_to_remove_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    make, sweeps = tempfile.mkstemp, list[threading.Thread]()

    def remove(name: str, lock: int) -> None:
        time.sleep(0.2)
        os.unlink(name)
        os.close(lock)

    def swept(**given: Any) -> tuple[int, str]:
        descriptor, name = make(**given)
        if not sweeps:
            lock = os.open(name, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            sweeps.append(threading.Thread(target=remove, args=(name, lock)))
            sweeps[0].start()
        return descriptor, name

    monkeypatch.setattr(tempfile, "mkstemp", swept)
    path = tmp_path / "note"

    def write(temporary: Path) -> None:
        sweeps[0].join()
        assert temporary.exists()
        temporary.write_text("text", encoding="utf-8")

    write_atomically(path, write)
    assert path.read_text(encoding="utf-8") == "text" and os.listdir(tmp_path) == ["note"]


@pytest.mark.parametrize("kind", ["text", "tensors", "memory"])
def test_what_is_flushed_is_the_file_that_comes_into_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path, flushed, flush = tmp_path / "m.safetensors", list[int](), os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_ino)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    if kind == "text":
        save_text_atomically(path, "text")
    elif kind == "tensors":
        save_tensors_atomically(path, {"a": torch.ones(3)}, {})
    else:
        save_memory(path, random_memory())
    assert path.stat().st_ino in flushed


@POSIX
def test_a_failed_save_removes_no_file_that_is_still_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses it, and the half-written file stayed."""
    remove = Path.unlink

    def as_on_windows(path: Path, missing_ok: bool = False) -> None:
        with path.open("rb") as file:
            if not try_lock(file):
                raise PermissionError
        remove(path, missing_ok)

    def fail(temporary: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Path, "unlink", as_on_windows)
    with pytest.raises(ZeroDivisionError):
        write_atomically(tmp_path / "note", fail)
    assert os.listdir(tmp_path) == []
