"""Cold reload: a memory is saved, and a fresh process loads it and gives the same answers as this one, bit for bit.

The fresh process is the program itself, as a person would start it. It gets the folder in which the memory and the
questions lie, and gives back a digest of the logits.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import msgspec
import torch

from bdh_workbench.asking.decoding import Question, exact, median, read_long, score, share
from bdh_workbench.errors import UserError
from bdh_workbench.memory.files.memory_file import load_memory_of, save_memory
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader

MEMORY_NAME, QUESTIONS_NAME = "memory.safetensors", "questions.json"
RELOAD_PATIENCE = 900.0  # seconds that the fresh process may take


class ColdAnswers(TypedDict):
    """What the fresh process answers: a digest of all logits, the share of exact answers, the median probability."""

    digest: str
    exact: float | None
    median_p: float | None


class FreshAnswers(ColdAnswers):
    """What the process prints: these answers, and how many seconds they took."""

    seconds: float


class ColdReload(TypedDict):
    """What came of a cold reload.

    Attributes:
        identical: whether every logit agrees bit for bit.
        exact: share of exact answers in the fresh process.
        median_p: median probability of an answer there.
        bytes: of the file.
        seconds: that the fresh process took.
    """

    identical: bool
    exact: float | None
    median_p: float | None
    bytes: int
    seconds: float


def cold_reload(model: Model, memory: Memory, questions: Sequence[Question]) -> ColdReload:
    """Save a memory, have a fresh process load it and answer questions, and compare.

    Raises:
        UserError: when the fresh process fails.
    """
    with tempfile.TemporaryDirectory(prefix="bdh-workbench-") as name:
        folder = Path(name)
        save_memory(folder / MEMORY_NAME, memory)
        pairs = [[question.prompt, question.answer] for question in questions]
        (folder / QUESTIONS_NAME).write_text(json.dumps(pairs), encoding="utf-8")
        there = _run(["bench", "--reload", name, "--model", str(model.folder), "--device", model.device.type, "--json"])
        size = (folder / MEMORY_NAME).stat().st_size
    here = logits_digest(Reader(model, memory), questions)
    return {
        "identical": here == there["digest"],
        "exact": there["exact"],
        "median_p": there["median_p"],
        "bytes": size,
        "seconds": there["seconds"],
    }


def answer_cold(model: Model, folder: Path) -> ColdAnswers:
    """What the fresh process does: load the memory in a folder and answer the questions beside it.

    Raises:
        UserError: when the folder does not hold both.
    """
    memory = load_memory_of(folder / MEMORY_NAME, model)
    try:
        pairs = json.loads((folder / QUESTIONS_NAME).read_text(encoding="utf-8"))
        questions = [Question(tuple(map(int, prompt)), tuple(map(int, answer))) for prompt, answer in pairs]
    except (OSError, ValueError, TypeError):
        raise UserError(f"{folder} contains no questions for a cold reload: run bench without --reload.") from None
    reader = Reader(model, memory)
    return {
        "digest": logits_digest(reader, questions),
        "exact": share(exact(reader, questions)),
        "median_p": median([s.p for s in score(reader, questions)]),
    }


@torch.no_grad()
def logits_digest(reader: Reader, questions: Sequence[Question]) -> str:
    """SHA-256 over the fp32 bits of all logits after each prompt, one question at a time."""
    digest = hashlib.sha256()
    for question in questions:
        ids = torch.tensor([[*question.prompt, *question.answer[:-1]]], device=reader.model.device)
        for _, reading in read_long(reader, ids):
            digest.update(reader.model.network.logits(reading.stream).float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _run(arguments: Sequence[str]) -> FreshAnswers:
    """Start the program again and return what it prints."""
    # -P keeps the current folder off the path, which may hold anything; the package itself must be found nevertheless.
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    # Sums depend on how many threads share them, so both processes must use as many.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [sys.executable, "-P", "-m", "bdh_workbench", *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=RELOAD_PATIENCE,
            check=False,
        )
        answer = msgspec.json.decode(done.stdout, type=FreshAnswers) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise UserError(f"The fresh process of the cold reload gave no answer ({type(error).__name__}).") from None
    if answer is None:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
        raise UserError(f"The cold reload failed in the fresh process: {lines[-1].removeprefix('bdh-workbench: ')}")
    return answer
