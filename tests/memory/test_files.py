"""Memory files: what is saved comes back to the bit, and nothing that is damaged or foreign gets in."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from bdh_workbench.memory.files import memory_file as files
from bdh_workbench.memory.files.memory_file import (
    MemoryHeader,
    file_size,
    load_memory,
    read_header,
    rewrite_labels,
    save_memory,
    without_words,
)
from bdh_workbench.memory.room import machine_rows
from bdh_workbench.memory.store.algebra import slow_slot
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.store.titles import when
from tests.memory.memory_factory import FINGERPRINT, random_memory, refused, same

ROOT = Path(__file__).resolve().parents[2]
MEMORY = random_memory(7)
OTHER = random_memory(8, rows=6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "memory.safetensors"
    save_memory(target, MEMORY)
    return target


# What is saved comes back


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    layers=st.integers(0, 3),
    items=st.integers(1, 3),
    rows=st.integers(1, 4),
    active=st.integers(1, 9),
    disabled=st.sets(st.integers(1, 3)),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_a_saved_memory_comes_back_to_the_bit(tmp_path: Path, name: str, disabled: set[int], **sizes: int) -> None:
    memory = random_memory(**sizes, disabled=sorted(disabled), name=name)
    save_memory(tmp_path / "m.safetensors", memory)
    loaded = load_memory(
        tmp_path / "m.safetensors", fingerprint=FINGERPRINT, slots=memory.slots, width=memory.width, model_name="x"
    )
    assert same(loaded, memory)
    assert torch.equal(slow_slot(loaded), slow_slot(memory))
    assert file_size(memory) == os.path.getsize(tmp_path / "m.safetensors")


def test_the_comparison_of_the_tests_sees_one_bit() -> None:
    values = MEMORY.rows.values.clone()
    values.view(torch.int32)[0, 0] ^= 1
    assert not same(MEMORY, dataclasses.replace(MEMORY, rows=dataclasses.replace(MEMORY.rows, values=values)))
    assert not same(MEMORY, dataclasses.replace(MEMORY, note="other"))


def test_histories_come_back_with_numbers_that_are_not_finite(tmp_path: Path) -> None:
    layer = dataclasses.replace(MEMORY.layers[0], history={"step": [0.0, 1.0], "loss": [float("inf"), -0.1]})
    memory = dataclasses.replace(MEMORY, layers=(layer, *MEMORY.layers[1:]))
    save_memory(tmp_path / "m.safetensors", memory)
    assert load_memory(tmp_path / "m.safetensors").layers == memory.layers


def test_the_same_memory_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    save_memory(tmp_path / "again.safetensors", load_memory(path))
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_the_safetensors_library_reads_and_writes_these_files(path: Path, tmp_path: Path) -> None:
    arrays = load_file(path)
    assert np.array_equal(arrays["rows.cues"], MEMORY.rows.cues.numpy())
    assert np.array_equal(arrays["weights"], MEMORY.weights.numpy())
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    save_file(arrays, tmp_path / "theirs.safetensors", metadata)
    assert same(load_memory(tmp_path / "theirs.safetensors"), MEMORY)
    theirs, ours = read_header(tmp_path / "theirs.safetensors"), read_header(path)
    assert dataclasses.replace(theirs, path=path, bytes=ours.bytes) == ours


# The header


def test_the_header_says_what_a_listing_shows(path: Path) -> None:
    header = read_header(path)
    assert header == MemoryHeader(
        path=path,
        title="Memory m7",
        note=MEMORY.note,
        model=FINGERPRINT,
        model_name="random",
        items=6,
        facts=4,
        documents=2,
        rank=len(MEMORY.basis),
        slots=96,
        layers=2,
        created="2026-03-01T10:01:00+00:00",
        modified="2026-03-01T10:02:00+00:00",
        bytes=path.stat().st_size,
        version=2,
    )
    assert header.fill == len(MEMORY.basis) / machine_rows()


def test_a_title_cannot_pass_for_a_field(path: Path) -> None:
    title = ',"items":"[]"}} "x\\",\\"items\\":'
    rewrite_labels(path, title=title, note='"}}' * 2000)
    assert read_header(path).title == title
    assert read_header(path).items == 6
    assert load_memory(path).title == title


def test_the_header_is_read_without_torch_and_without_the_tensors(path: Path) -> None:
    whole = path.read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    path.write_bytes(whole[:start] + b"\xff" * (len(whole) - start))
    code = (
        "import sys; from pathlib import Path; from bdh_workbench.memory.files.memory_file import read_header\n"
        "print(read_header(Path(sys.argv[1])).items, 'torch' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["6", "False", "False"], done.stderr
    refused(lambda: load_memory(path), "damaged", path.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01T10:00:00", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00+00:00"),
        ("yesterday", "0001-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00+23:00", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_times_compare_whatever_their_form(text: str, expected: str) -> None:
    assert when(text).isoformat() == expected


# Another model


def test_a_memory_of_another_model_is_refused_with_both_names(path: Path) -> None:
    other = "fedcba98" * 8
    refused(
        lambda: load_memory(path, fingerprint=other, model_name="small"),
        "memory.safetensors", "random (01234567)", "small (fedcba98)",
    )  # fmt: skip
    refused(lambda: load_memory(path, slots=128), "slots 96", "slots 128")
    refused(lambda: load_memory(path, width=6), "width 5", "width 6")


# Saving


def test_a_memory_that_could_not_be_loaded_is_not_saved(path: Path) -> None:
    def saved(memory: Memory) -> Callable[[], object]:
        return lambda: save_memory(path, memory)

    rows = MEMORY.rows
    bad = rows.values.clone()
    bad[0, 0] = float("nan")
    refused(saved(dataclasses.replace(MEMORY, rows=dataclasses.replace(rows, values=bad))), "values", "not finite")
    double = dataclasses.replace(rows, values=rows.values.double())
    refused(saved(dataclasses.replace(MEMORY, rows=double)), "rows.values is not of type F32")
    refused(saved(dataclasses.replace(MEMORY, weights=MEMORY.weights[1:])), "weights has the shape")
    layer = dataclasses.replace(MEMORY.layers[0], settings={"a": object()})
    refused(saved(dataclasses.replace(MEMORY, layers=(layer, MEMORY.layers[1]))), "not a plain value")
    refused(saved(dataclasses.replace(MEMORY, layers=MEMORY.layers[:1])), "layer that does not exist")
    refused(saved(dataclasses.replace(MEMORY, title="\ud800")), "title")
    assert same(load_memory(path), MEMORY)


def test_texts_over_the_limit_are_not_saved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_HEADER", 2000)
    refused(lambda: save_memory(path, MEMORY), "texts and history", "without the words")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    refused(lambda: save_memory(tmp_path / "folder", MEMORY), "could not be saved")
    refused(lambda: save_memory(tmp_path / "file" / "m.safetensors", MEMORY), "could not be saved")
    refused(lambda: save_memory(tmp_path / "a\0b.safetensors", MEMORY), "not a usable file name")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files")
def test_a_full_disk_leaves_the_old_file(path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        refused(lambda: save_memory(path, OTHER), "could not be saved")
        refused(lambda: rewrite_labels(path, title="x"), "could not be saved")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert same(load_memory(path), MEMORY)
    assert os.listdir(path.parent) == [path.name]


KILLED = """
import os, random, resource, signal, sys, time
from pathlib import Path
from bdh_workbench.memory.files.memory_file import load_memory, save_memory
from tests.memory.memory_factory import random_memory, same

path = Path(sys.argv[1])
old, new = random_memory(7), random_memory(8, slots=2000, width=300, cues=200, active=40, items=40, rows=6)
save_memory(path, old)

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def at_size(limit):
    def arrange():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the kernel ends the process in the middle of a write
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return arrange

def before_flush():
    os.fsync = killed

def before_replace():
    Path.replace = killed

def after_replace():
    replace = Path.replace
    Path.replace = lambda self, target: (replace(self, target), killed())

def attempt(arrange, forever=False):
    child = os.fork()
    if not child:
        arrange()
        while True:
            save_memory(path, new)
            if not forever:
                os._exit(0)
            save_memory(path, old)
    if forever:
        time.sleep(random.uniform(0.0, 0.05))
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status), status
    found = load_memory(path)
    which = "old" if same(found, old) else "new" if same(found, new) else "neither"
    if not forever:
        save_memory(path, old)
    return which

print(*[attempt(at_size(limit)) for limit in (0, 5, 3000, 100_000)], attempt(before_flush), attempt(before_replace))
print(attempt(after_replace))
print(*[attempt(lambda: None, forever=True) for _ in range(8)])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(path: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, path], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    before, after, anywhere = (line.split() for line in done.stdout.splitlines())
    assert before == ["old"] * 6
    assert after == ["new"]
    assert len(anywhere) == 8 and set(anywhere) <= {"old", "new"}


# Without the words


def test_a_memory_without_words_has_the_same_slow_memory_and_holds_none(tmp_path: Path) -> None:
    memory = dataclasses.replace(random_memory(3, name="Quillfeather"), title="write 2 of Quillfeather", note="mine")
    save_memory(tmp_path / "with.safetensors", memory)
    save_memory(tmp_path / "without.safetensors", memory, keep_words=False)
    assert b"Quillfeather" in (tmp_path / "with.safetensors").read_bytes()
    assert b"Quillfeather" not in (tmp_path / "without.safetensors").read_bytes()
    loaded = load_memory(tmp_path / "without.safetensors")
    assert torch.equal(slow_slot(loaded), slow_slot(memory))
    assert torch.equal(loaded.rows.cues, memory.rows.cues)
    assert (loaded.rows.tokens == -1).all() and not (memory.rows.tokens == -1).any()
    titles = ["fact 1", "document 1", "fact 2", "fact 3", "document 2", "fact 4"]
    assert [item.title for item in loaded.items] == titles
    assert all(item.prompt == item.answer == "" and item.text is None for item in loaded.items)
    assert [layer.title for layer in loaded.layers] == ["1 document, 2 facts"] * 2
    assert loaded.title == "1 document, 2 facts" and loaded.note == "mine"
    assert [item.p_after for item in loaded.items] == [item.p_after for item in memory.items]
    assert without_words(dataclasses.replace(memory, title="Mine")).title == "Mine"


# Titles and notes


def test_a_new_title_and_note_change_nothing_else(path: Path, tmp_path: Path) -> None:
    rewrite_labels(path, title="Neuer Titel 🜚")
    rewrite_labels(path, note="n" * 10_000)
    assert same(load_memory(path), dataclasses.replace(MEMORY, title="Neuer Titel 🜚", note="n" * 10_000))
    assert read_header(path).note == "n" * 10_000
    rewrite_labels(path, title="copy", note="", target=tmp_path / "copy.safetensors")
    assert read_header(path).title == "Neuer Titel 🜚"
    assert same(load_memory(tmp_path / "copy.safetensors"), dataclasses.replace(MEMORY, title="copy", note=""))
    refused(lambda: rewrite_labels(path, title="x" * 100_001), "was not changed", "100,000 characters")
    refused(lambda: rewrite_labels(path, note="\udc00"), "was not changed", "note")
