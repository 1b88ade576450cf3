"""Hostile files and hostile words: refused in a sentence or opened, and shown as they are."""

from __future__ import annotations

import dataclasses
import json
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox

from bdh_workbench.cli import main
from bdh_workbench.errors import UserError
from bdh_workbench.gui.dialogs.questions import question_box
from bdh_workbench.gui.look.words import escaped, tip
from bdh_workbench.harmless import harmless, harmless_json, harmless_lines
from bdh_workbench.inputs.formats import parse_facts_text
from bdh_workbench.memory.files.contents import inspect
from bdh_workbench.memory.files.format import check_fit
from bdh_workbench.memory.files.library import Library
from bdh_workbench.memory.files.memory_file import load_memory, save_memory
from bdh_workbench.memory.settings import SamplingSettings, WriteSettings
from bdh_workbench.memory.writing.writer import write
from tests.core_factory import FACTS
from tests.memory.memory_factory import random_memory
from tests.reliability import hostile
from tests.reliability.fuzz import FINDINGS, KINDS
from tests.reliability.program import Done, Program, program

KEPT = sorted(path for path in FINDINGS.glob("*/*") if path.is_file())
EVIL = "\x1b]0;owned\x07\x1b[2Jred\u202egnp.exe\u2066\x9b31m\r\x7f\u2028\ufeff"


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_once_found_stays_mended(path: Path) -> None:
    hostile.try_open(path.parent.name, path.read_bytes())


def test_the_fuzzer_knows_every_kind() -> None:
    assert set(KINDS) == hostile.KINDS.keys()


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_good_files_are_opened(kind: str) -> None:
    for seed in hostile.KINDS[kind].seeds():
        assert hostile.try_open(kind, seed) is None


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_spoilt_files_are_refused_or_opened(kind: str) -> None:
    refused = [hostile.try_open(kind, hostile.spoilt(kind, hostile.RandomDraw(seed))) for seed in range(60)]
    assert kind in ("inputs", "documents", "settings") or any(refused), "nothing was refused: is anything checked?"


# Memory


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Forks a process for each file that may take only so much memory."""
    with program(tmp_path_factory.mktemp("home")) as made:
        yield made


def _allocating(server: Program, tmp_path: Path, kind: str, content: bytes, limit: int) -> Done:
    """Open a file in a process that may take so many bytes more than it has when it is ready."""
    path = tmp_path / "content"
    path.write_bytes(content)
    return server.run(kind, path, limit, call="tests.reliability.hostile:open_within")


def _claiming(kind: str) -> bytes:
    """A small file that claims to be huge."""
    whole = hostile.KINDS[kind].seeds()[0]
    if kind == "config":
        return json.dumps(json.loads(whole) | {"write_slots": 1 << 24, "vocab_size": 1 << 24, "code_width": 8}).encode()
    metadata, arrays = hostile.split_tensors(whole)
    name = next(iter(arrays))
    dtype, shape, data = arrays[name]
    arrays[name] = dtype, [1 << 40, *shape[1:]], data
    return hostile.join_tensors(metadata, arrays)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of this kind are Linux's")
@pytest.mark.parametrize("kind", ["memory", "weights", "general", "config"])
def test_a_file_that_claims_to_be_huge_takes_no_memory(server: Program, kind: str, tmp_path: Path) -> None:
    done = _allocating(server, tmp_path, kind, _claiming(kind), 200 << 20)
    assert done.status == 0 and done.out.strip() not in ("", "None"), done.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of this kind are Linux's")
@pytest.mark.parametrize(
    ("kind", "piece"), [("memory", "[],"), ("tokenizer", "{},"), ("inputs", "[],"), ("config", "0,")]
)
def test_json_of_the_worst_kind_stays_within_its_bound(server: Program, kind: str, piece: str, tmp_path: Path) -> None:
    # Large enough that what a process has free anyway does not matter; the bound is for each byte.
    sizes = {"memory": 1_800_000, "tokenizer": 1_800_000, "inputs": 1_800_000, "config": 1 << 19}
    text = f"[{piece * (sizes[kind] // len(piece))}0]"
    content = text.encode()
    if kind == "memory":
        metadata, arrays = hostile.split_tensors(hostile.memory_bytes())
        content = hostile.join_tensors(metadata | {"items": text}, arrays)
    # 40 bytes for each byte of JSON is the bound that docs/reliability.md states.
    done = _allocating(server, tmp_path, kind, content, max(64 << 20, 40 * len(content)))
    assert done.status == 0 and done.out, done.err[-500:]


# Words


def dangerous(text: str, kept: str = "") -> list[str]:
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in kept]


def test_hostile_words_are_made_visible() -> None:
    assert not dangerous(harmless(EVIL)) and "red" in harmless(EVIL)
    assert not dangerous(harmless_lines(EVIL + "\n\t"), "\n\t") and harmless_lines("a\n\tb") == "a\n\tb"
    assert not dangerous(harmless_json(json.dumps(EVIL, ensure_ascii=False)))
    assert json.loads(harmless_json(json.dumps(EVIL, ensure_ascii=False))) == EVIL, "the same text, written otherwise"
    for good in ("naïve — 東京", "x\u200cy", "\U0001f469\u200d\U0001f680", "\u05e9\u05dc", "\u0e44\u0e17"):
        assert harmless(good) == good == harmless_lines(good) and harmless_json(good) == good
    assert harmless("obser\xadva\u200btory\ufeff") == "observatory", "marks that nobody sees, and that turn nothing"
    assert harmless("a\fb\u2028c\td\xa0e") == "a b c d\xa0e" and harmless_lines("a\fb\u2028c\rd") == "a\nb\nc d"


def _evil_words(kind: str) -> dict[str, str]:
    return {"text": EVIL} if kind == "document" else {"prompt": EVIL, "answer": EVIL}


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with a memory full of hostile words."""
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path))
    memory = random_memory(3)
    items = tuple(dataclasses.replace(i, title=EVIL, **_evil_words(i.kind)) for i in memory.items)
    layers = tuple(dataclasses.replace(layer, title=EVIL) for layer in memory.layers)
    memory = dataclasses.replace(memory, title=EVIL, note=EVIL, model_name=EVIL, items=items, layers=layers)
    return Library(tmp_path / "memories").save(memory)


def test_no_command_lets_hostile_words_through(evil: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = evil.with_name("a\x1b[2J\u202e.safetensors")
    broken.write_bytes(b"nothing")
    out = str(tmp_path / "out.safetensors")
    for arguments in (
        ["list"], ["inspect", str(evil)], ["inspect", str(broken)], ["inspect", EVIL], ["query", "--model", EVIL, "x"],
        ["forget", str(evil), "--item", EVIL, "--memory", out], ["forget", str(evil), "--item", "0", "--memory", out],
        ["merge", str(evil), str(broken), "--memory", out], ["write", "--facts", EVIL, "--memory", out],
        ["write", "--facts", str(broken), "--memory", EVIL + "/x"],
    ):  # fmt: skip
        for extra in ([], ["--json"]):
            main([*arguments, *extra])
            said = capsys.readouterr()
            assert not dangerous(said.out + said.err, "\n"), arguments
            assert "Traceback" not in said.err


def test_titles_never_leave_the_library(tmp_path: Path) -> None:
    library = Library(tmp_path / "inner" / "memories")
    for trick in hostile.TRICKS:
        title = trick.encode(errors="replace").decode()
        saved = library.save(dataclasses.replace(random_memory(1, rows=1), title=title))
        assert saved.parent == library.folder and not dangerous(saved.name) and load_memory(saved).title == title
    assert {path.name for path in tmp_path.iterdir()} == {"inner"}
    assert {path.name for path in (tmp_path / "inner").iterdir()} == {"memories"}
    assert len(library.entries()) == len(hostile.TRICKS)


def test_a_link_to_anything_but_a_memory_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("precious")
    link = tmp_path / "memory.safetensors"
    link.symlink_to(tmp_path / "outside")
    with pytest.raises(UserError, match=r"is a link to .*outside, which is not a memory file"):
        save_memory(link, random_memory(1))
    assert link.is_symlink()
    assert (tmp_path / "outside").read_text() == "precious"


@pytest.mark.parametrize("text", ["<img src=/etc/hostname>", "<b>bold</b>", EVIL, "a < b & c"])
def test_the_window_shows_what_looks_like_html_as_it_is(text: str, qapp: QApplication) -> None:
    shown = QLabel(tip(text))
    from PySide6.QtGui import QTextDocument

    document = QTextDocument()
    document.setHtml(shown.text())
    assert document.toPlainText().split() == harmless_lines(text).split()
    assert "<" not in escaped(text) and not dangerous(escaped(text), "\n\t")
    box: QMessageBox = question_box(None, f"{text} is asked for", "Yes", "No")
    from PySide6.QtCore import Qt

    assert box.textFormat() == Qt.TextFormat.PlainText and not dangerous(box.text(), "\n\t")


# What was found by reading

KILLERS = {
    # name: the tensor, what it holds then, and what is said of it
    "a last sentence": ("rows.sentences", 2**31 - 1, "sentences of its rows"),
    "a token of no vocabulary": ("rows.tokens", 10**6, "tokens of its rows"),
    "a token before a window of no vocabulary": ("rows.leads", 10**6, "tokens of its rows"),
    "cues of another model": ("rows.cues", None, "its cues have"),
}


def killing(name: str) -> bytes:
    """A memory file under a checksum that fits, which would pass for whole and end the program that reads it."""
    tensor, value, _ = KILLERS[name]
    metadata, arrays = hostile.split_tensors(hostile.memory_bytes(keep_words=tensor != "rows.cues"))
    dtype, shape, data = arrays[tensor]
    if value is None:
        arrays[tensor] = dtype, [shape[0], shape[1] // 2], data[: len(data) // 2]
    else:
        numbers = np.frombuffer(data, "<i4").copy()
        numbers[-1] = value  # the last row is one of the document
        arrays[tensor] = dtype, shape, numbers.tobytes()
    hostile.reseal(metadata, arrays)
    return hostile.join_tensors(metadata, arrays)


@pytest.mark.parametrize("name", KILLERS)
def test_a_memory_that_would_end_the_program_is_refused(name: str) -> None:
    said = hostile.try_open("memory", killing(name))
    assert said is not None and KILLERS[name][2] in str(said)


@pytest.mark.parametrize("name", KILLERS)
def test_a_memory_opened_before_its_model_does_not_end_the_program(name: str, tmp_path: Path) -> None:
    model, path = hostile.tiny(), tmp_path / "memory.safetensors"
    path.write_bytes(killing(name))
    try:
        memory = load_memory(path)
    except UserError as error:
        assert KILLERS[name][2] in str(error)
        return
    inspect(memory)
    for act in (lambda: check_fit(memory, model.config), lambda: next(write(model, memory, FACTS[3:]))):
        with pytest.raises(UserError, match=r"^The memory in use is damaged .*: open another copy of it\.$"):
            act()


def test_tables_and_entries_beyond_all_measure_are_told_of(tmp_path: Path) -> None:
    wide = ",".join(f"c{number}" for number in range(300_000)) + "\nx\n"
    with pytest.raises(UserError, match="column"):
        parse_facts_text(wide, "csv")
    entry = {f"paraphrase {number}": 1 for number in range(100_000)} | {"prompt": "a", "answer": "b"}
    with pytest.raises(UserError, match="fields"):
        parse_facts_text(json.dumps([entry]))


@pytest.mark.parametrize("seed", [-1, 2**63, 10**30])
def test_a_seed_that_no_generator_takes_is_refused(seed: int) -> None:
    for settings in (WriteSettings, SamplingSettings):
        with pytest.raises(UserError, match="seed"):
            settings(seed=seed)


@pytest.mark.parametrize("name", ["a" * 300, "a" * 5000, "a\0b", "\ud800", "", "~nobody", "/dev/stdin/x", "con"])
def test_names_that_no_system_takes_are_told_of(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.safetensors")
    for arguments in (
        ["query", "--model", name, "x"], ["query", "--memory", name, "x"],
        ["inspect", name], ["merge", name, name, "--memory", out],
        ["write", "--facts", name, "--memory", out], ["write", "--document", name, "--memory", out],
        ["forget", name, "--item", "0", "--memory", out], ["bench", "--text", name],
    ):  # fmt: skip
        if name == "" and arguments[0] in ("query", "bench"):
            continue  # an empty name stands for none
        assert main(arguments) in (1, 2), arguments
        said = capsys.readouterr().err
        assert "inside the program" not in said and "Traceback" not in said and said.count("\n") == 1, said
