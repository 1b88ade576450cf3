"""Whatever goes wrong on the command line is one sentence and an exit status, and no file is left half written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from bdh_workbench.cli import main
from bdh_workbench.commands import memories
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.files.memory_file import read_header
from tests.core_factory import FACTS
from tests.model_factory import save_facts, save_tiny_model

ROOT = Path(__file__).resolve().parent.parent
Fail = Callable[..., str]
FULL = "bdh-workbench: The result could not be written to standard output: No space left on device."


@pytest.fixture
def fail(capfd: pytest.CaptureFixture[str]) -> Fail:
    """Carry out a command line that must fail with this status, and return the one sentence it says."""

    def go(status: int, *arguments: object) -> str:
        assert main([str(argument) for argument in arguments]) == status
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith("bdh-workbench: ") and err.count("\n") == 1 and err.endswith("\n")
        assert "Traceback" not in err
        return err

    return go


# Bad input: each is written into a file, and both --facts and --document must refuse it or tell what it is

BAD_FACTS = {
    "no JSON": (b"[{", "not valid JSON"),
    "another schema": (b'[{"colour": "a", "size": "b"}]', 'no field "prompt"'),
    "a number": (b"7", "must contain a list"),
    "an empty answer": (b'[{"prompt": "a", "answer": " "}]', "is empty"),
    "an empty file": (b"", "is empty"),
    "only spaces": (b"  \n ", "is empty"),
    "no facts": (b"[]", "contains no facts"),
    "binary": (bytes(range(256)) * 8, "binary file"),
    "a document": (b"%PDF-1.7 x", "contains no facts"),
}


@pytest.mark.parametrize("name", BAD_FACTS)
def test_bad_facts_are_told_in_one_sentence(fail: Fail, tmp_path: Path, model_folder: Path, name: str) -> None:
    content, reason = BAD_FACTS[name]
    path, target = tmp_path / "facts.json", tmp_path / "m.safetensors"
    path.write_bytes(content)
    for json_option in ((), ("--json",)):
        assert reason in fail(1, "write", "--facts", path, "--memory", target, "--model", model_folder, *json_option)
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (bytes(range(256)), "binary file"),
        (b"%PDF-1.7 x", "is damaged or cut off"),
    ],
)
def test_bad_documents_are_told_in_one_sentence(
    fail: Fail, tmp_path: Path, model_folder: Path, content: bytes, reason: str
) -> None:
    path, target = tmp_path / "text.txt", tmp_path / "m.safetensors"
    path.write_bytes(content)
    assert reason in fail(1, "write", "--document", path, "--memory", target, "--model", model_folder)
    assert not target.exists()


@pytest.mark.parametrize("option", ["--facts", "--document"])
def test_a_missing_file_is_told(fail: Fail, tmp_path: Path, option: str) -> None:
    assert "does not exist" in fail(1, "write", option, tmp_path / "no.json", "--memory", tmp_path / "m")


@pytest.mark.parametrize(("size", "reason"), [(50_000_000, "more than the limit"), (19_000_000, "far too many")])
def test_a_text_that_is_too_large_is_told_at_once(
    fail: Fail, tmp_path: Path, model_folder: Path, size: int, reason: str
) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"These are many words. " * (size // 22))
    begun = time.process_time()
    assert reason in fail(1, "write", "--document", path, "--memory", tmp_path / "m", "--model", model_folder)
    assert time.process_time() - begun < 10.0


# Bad memories and models


def test_a_title_that_no_memory_has_is_told_with_those_that_are_near(
    fail: Fail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory_file: Path
) -> None:
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path))
    (tmp_path / "memories").mkdir()
    shutil.copy(memory_file, tmp_path / "memories" / "m.safetensors")
    title = read_header(memory_file).title
    assert f"did you mean “{title}”?" in fail(1, "query", "--memory", title.upper(), "x")
    assert "use list to see the memories" in fail(1, "query", "--memory", "zebra", "x")


def test_a_memory_of_another_model_names_both(fail: Fail, tmp_path: Path, memory_file: Path, facts_file: Path) -> None:
    other = save_tiny_model(tmp_path / "another", seed=1)
    said = fail(1, "query", "--memory", memory_file, "x", "--model", other)
    assert "belongs to the model tiny" in said and "another" in said
    said = fail(1, "write", "--into", memory_file, "--facts", facts_file, "--memory", tmp_path / "m", "--model", other)
    assert "belongs to the model tiny" in said
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
def test_a_memory_that_is_cut_short_is_told(
    fail: Fail, tmp_path: Path, memory_file: Path, model_folder: Path, share: float
) -> None:
    whole = memory_file.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(whole[: int(len(whole) * share)])
    for command in (("query", "--memory", path, "x", "--model", model_folder), ("inspect", path)):
        said = fail(1, *command)
        assert "damaged" in said or "not a memory file" in said or "is empty" in said


@pytest.mark.parametrize("content", [b"some words", b"\x00" * 64, b'{"a": 1}'])
def test_a_file_that_is_no_memory_is_told(fail: Fail, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    assert "not a memory file" in fail(1, "inspect", path)
    assert "not a memory file" in fail(1, "forget", path, "--item", "x", "--memory", tmp_path / "n")


def test_a_missing_memory_is_told(fail: Fail, tmp_path: Path, model_folder: Path, memory_file: Path) -> None:
    missing = tmp_path / "no.safetensors"
    assert "There is no file" in fail(1, "query", "--memory", missing, "x", "--model", model_folder)
    assert "There is no file" in fail(1, "inspect", missing)
    assert "There is no file" in fail(1, "merge", memory_file, missing, "--memory", tmp_path / "n")


def test_a_missing_or_incomplete_model_is_told(fail: Fail, tmp_path: Path) -> None:
    assert "no model" in fail(1, "query", "x", "--model", tmp_path / "no")
    assert "not a model folder" in fail(1, "query", "x", "--model", tmp_path)


def test_cuda_where_there_is_none_is_told(fail: Fail, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "No CUDA device" in fail(1, "query", "x", "--model", model_folder, "--device", "cuda")
    assert "No CUDA device" in fail(1, "--json", "bench", "--model", model_folder, "--device", "cuda")


def test_an_item_that_is_not_held_is_told(fail: Fail, memory_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "n.safetensors"
    assert "no item called" in fail(1, "forget", memory_file, "--item", "The river of", "--memory", target)
    assert "no item 99" in fail(1, "forget", memory_file, "--item", "99", "--memory", target)
    assert not target.exists()


def test_conflicts_that_are_to_be_refused_are_told(
    fail: Fail, memory_file: Path, tmp_path: Path, model_folder: Path
) -> None:
    facts = save_facts(tmp_path / "f.json", [Fact(FACTS[1].prompt, "Orm")])
    target = tmp_path / "n.safetensors"
    write = ("write", "--facts", facts, "--memory", target, "--model", model_folder, "--on-conflict", "refuse")
    assert f"“{FACTS[1].prompt}”: “Orm” against “{FACTS[1].answer}”" in fail(1, *write, "--into", memory_file)
    save_facts(facts, [Fact("The cat is", "red"), Fact("The cat is?", "blue")])
    assert "“blue” against “red”" in fail(1, *write)
    assert not target.exists()


# Wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("write", "--memory", "m"),
        ("write", "--facts", "f"),
        ("write", "--facts", "f", "--memory", "m", "--method", "magic"),
        ("write", "--facts", "f", "--memory", "m", "--steps", "many"),
        ("write", "--facts", "f", "--memory", "m", "--seed", "-1"),
        ("query",),
        ("query", "x", "--device", "abacus"),
        ("query", "x", "--top-k", "-2"),
        ("query", "x", "--max-tokens", "0"),
        ("query", "x", "--unknown"),
        ("merge", "a", "--memory", "m"),
        ("forget", "a", "--memory", "m"),
        ("train", "--corpus", "c"),
        ("--json",),
    ],
)
def test_wrong_usage_is_told_with_status_2(fail: Fail, arguments: tuple[str, ...]) -> None:
    assert "--help" in fail(2, *arguments)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("write", "--facts", "f", "--memory", "m", "--steps", "0"), "argument --steps: it must be from 1 to 100,000"),
        (("write", "--facts", "f", "--memory", "m", "--goal", "2"), "argument --goal: it must be between 0 and 1"),
        (("write", "--facts", "f", "--memory", "m", "--rate", "nan"), "argument --rate: it must be above 0"),
        (("query", "x", "--temperature", "-1"), "argument --temperature: it must be at least 0"),
        (("query", "x", "--top-p", "0"), "argument --top-p: it must be above 0 and at most 1"),
        (("query", "x", "--seed", "1e3"), "argument --seed: '1e3' is not a whole number"),
    ],
)
def test_an_option_out_of_bounds_is_named_with_its_bounds(fail: Fail, arguments: tuple[str, ...], reason: str) -> None:
    assert reason in fail(2, *arguments)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("bench", "--text", "no such text"), "There is no text"),
        (("train", "--corpus", "no", "--config", "no", "--out", "no"), "no training configuration"),
    ],
)
def test_values_that_cannot_work_are_told(fail: Fail, arguments: tuple[str, ...], reason: str) -> None:
    assert reason in fail(1, *arguments)


def test_an_empty_prompt_is_told(fail: Fail, model_folder: Path) -> None:
    assert "prompt is empty" in fail(1, "query", "", "--model", model_folder)


def test_a_target_that_cannot_be_written_is_told_before_any_work(fail: Fail, facts_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    # There is no model here: it would be missed if it were looked for first.
    said = fail(1, "write", "--facts", facts_file, "--memory", tmp_path, "--model", tmp_path)
    assert "is a folder" in said
    said = fail(1, "write", "--facts", facts_file, "--memory", tmp_path / "file" / "m", "--model", tmp_path)
    assert "is not writable" in said


# What nobody foresaw


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def instead(name: str) -> Path:
        raise error

    monkeypatch.setattr(memories.common, "memory_path", instead)


def test_an_unforeseen_error_is_one_sentence(
    fail: Fail, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, ValueError("some\nthing"))
    said = fail(1, "inspect", "m")
    assert "ValueError: some thing" in said and "--verbose" in said
    assert main(["inspect", "m", "--verbose"]) == 1
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (MemoryError(), 1, "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"), 1, "close other"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), 1, "--device cpu"),
        (UserError("It is\nso."), 1, "It is so."),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_known_ends_are_told(
    fail: Fail, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, reason: str
) -> None:
    raising(monkeypatch, error)
    assert reason in fail(status, "inspect", "m")


def test_signal_handlers_are_put_back(memory_file: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert main(["inspect", str(memory_file)]) == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.skipif(os.name == "nt", reason="closed pipes are told otherwise there")
def test_a_reader_that_goes_away_is_no_error(memory_file: Path) -> None:
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "bdh_workbench", "list"]
    done = subprocess.run(command, cwd=ROOT, stdout=written, stderr=subprocess.PIPE, check=False)
    os.close(written)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full disk to write to")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command",
    [
        "--version",
        "--help",
        "write --help",
        "list",
        "list --json",
        "inspect M",
    ],
)
def test_an_output_that_is_full_is_told_in_one_sentence(
    memory_file: Path, tmp_path: Path, command: str, unbuffered: str
) -> None:
    words = [str(memory_file) if word == "M" else word for word in command.split()]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "BDH_WORKBENCH_HOME": str(tmp_path)}
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bdh_workbench", *words],
            cwd=ROOT, env=environment, stdout=full, stderr=subprocess.PIPE, check=False, text=True,
        )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, FULL)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full disk to write to")
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_whatever_loads_a_memory_tells_of_a_full_output_too(
    capfd: pytest.CaptureFixture[str], facts_file: Path, model_folder: Path, tmp_path: Path, option: list[str]
) -> None:
    target = tmp_path / "m.safetensors"
    other = tmp_path / "n.safetensors"
    for command in (
        ["write", "--facts", facts_file, "--memory", target, "--model", model_folder],
        ["query", "x", "--memory", target, "--model", model_folder],
        ["inspect", target],
        ["forget", target, "--item", "0", "--memory", other, "--model", model_folder],
        ["merge", target, target, "--memory", other],
    ):
        with open("/dev/full", "w", encoding="utf-8") as full, pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", full)
            assert main([*map(str, command), *option]) == 1
        assert capfd.readouterr().err.splitlines()[-1] == FULL
    assert target.is_file() and other.is_file(), "what was to be saved is saved"


def test_an_output_that_was_closed_before_is_told_of(fail: Fail, memory_file: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert "standard output: it is closed" in fail(1, "inspect", memory_file)


# Interrupted writes


def start_long_write(model_folder: Path, facts_file: Path, target: Path) -> subprocess.Popen[bytes]:
    """Start a write that does not end by itself, and wait until it is at work."""
    options = ["--overwrite", "--method", "gradient", "--steps", "100000", "--goal", "0.999999999", "--rate", "1e-9"]
    command = [sys.executable, "-m", "bdh_workbench", "write", "--facts", str(facts_file), "--memory", str(target)]
    process = subprocess.Popen(
        [*command, *options, "--model", str(model_folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that runs the tests in the background ignores Ctrl-C, and so would everything it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"Writing: gradient"):
            break
    return process


@pytest.mark.skipif(os.name == "nt", reason="signals are others there")
@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "stopped"), (signal.SIGKILL, -9, "")],
)
def test_an_interrupted_write_leaves_the_previous_file_whole(
    model_folder: Path, facts_file: Path, memory_file: Path, tmp_path: Path, number: int, status: int, said: str
) -> None:
    target = tmp_path / "m.safetensors"
    target.write_bytes(memory_file.read_bytes())
    process = start_long_write(model_folder, facts_file, target)
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == status
    assert out == b""
    assert said in err.decode() and "Traceback" not in err.decode()
    assert target.read_bytes() == memory_file.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


def test_a_write_that_is_interrupted_while_it_saves_leaves_the_previous_file_whole(
    fail: Fail, model_folder: Path, facts_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "m.safetensors"
    target.write_bytes(b"the previous file")

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    fail(130, "write", "--facts", facts_file, "--memory", target, "--overwrite", "--model", model_folder)
    assert target.read_bytes() == b"the previous file"
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


@pytest.mark.skipif(os.name == "nt", reason="signals are others there")
def test_a_write_that_is_killed_while_it_saves_leaves_the_previous_file_whole(
    model_folder: Path, facts_file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "m.safetensors"
    target.write_bytes(b"the previous file")
    arguments = ["write", "--facts", str(facts_file), "--memory", str(target), "--overwrite"]
    arguments += ["--model", str(model_folder)]
    code = (
        "import os, signal, sys; os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL); "
        f"from bdh_workbench.cli import main; main({json.dumps(arguments)})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"the previous file"
