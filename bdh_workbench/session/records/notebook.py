"""What is kept next to a memory file: the conversation with the memory, and the checks that people run.

A notebook is one JSON file next to the memory's own: ``Notes.safetensors`` and ``Notes.notebook.json``. Renaming,
copying, deleting and merging memories takes it along (``shelf.py``). Importing this does not import torch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from bdh_workbench.asking.answers import Answer, Scored
from bdh_workbench.asking.kinds import AsKind
from bdh_workbench.errors import UserError
from bdh_workbench.harmless import harmless_lines
from bdh_workbench.model.files import save_text_atomically
from bdh_workbench.reading.units import WORD
from bdh_workbench.wording import plural

if TYPE_CHECKING:
    from bdh_workbench.memory.store.state import ItemRecord, LayerRecord

NOTEBOOK_SUFFIX = ".notebook.json"
MOST_TURNS = 500  # of a conversation that are kept
MOST_RUNS = 50  # of the checks
NOTEBOOK_BYTES = 32 << 20  # of a file that is read


class Held(Protocol):
    """A memory or what is shown of one: items and history."""

    @property
    def items(self) -> tuple[ItemRecord, ...]:
        """What was written."""

    @property
    def layers(self) -> tuple[LayerRecord, ...]:
        """The writes."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer.

    Attributes:
        asked: time in UTC, ISO 8601.
        mark: of the memory as it was then (``mark_of``); another one means that the memory has changed since.
        holds: what the memory held then, in words.
        answer: what came of the question.
        seconds: taken.
        expected: how probable the answer that was asked about was, None where none was.
    """

    asked: str
    mark: str
    holds: str
    answer: Answer
    seconds: float
    expected: Scored | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A question with the answer that it should have; empty where the memory should have none."""

    question: str
    expected: str
    kind: AsKind = "auto"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check.

    Attributes:
        question: that was asked.
        answer: that came; empty for "not in this memory".
        p: probability of that answer.
        right: whether it is the expected one.
    """

    question: str
    answer: str
    p: float
    right: bool


@dataclass(frozen=True, slots=True)
class CheckRun:
    """All checks, asked one after the other.

    Attributes:
        time: in UTC, ISO 8601.
        mark: of the memory (``mark_of``).
        after: the write that the memory ends with, in words.
        results: one for each check.
    """

    time: str
    mark: str
    after: str
    results: tuple[CheckResult, ...]

    @property
    def right(self) -> int:
        """How many answers were the expected ones."""
        return sum(result.right for result in self.results)


@dataclass(frozen=True, slots=True)
class Notebook:
    """Conversation, checks and their runs, each in order of time."""

    turns: tuple[Turn, ...] = ()
    checks: tuple[Check, ...] = ()
    runs: tuple[CheckRun, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.turns or self.checks or self.runs)

    def with_turn(self, turn: Turn) -> Notebook:
        """With one more turn; the ids of its answer's tokens and what else only the moment needs are left out."""
        answer = dataclasses.replace(turn.answer, ids=())
        return dataclasses.replace(self, turns=(*self.turns, dataclasses.replace(turn, answer=answer))[-MOST_TURNS:])

    def with_run(self, run: CheckRun) -> Notebook:
        """With one more run of the checks."""
        return dataclasses.replace(self, runs=(*self.runs, run)[-MOST_RUNS:])


def merged(notebooks: Iterable[Notebook]) -> Notebook:
    """The union: conversations joined in order of time, each check once; runs were about the parts and are left out."""
    books = list(notebooks)
    turns = sorted((turn for book in books for turn in book.turns), key=lambda turn: turn.asked)
    checks = dict.fromkeys(check for book in books for check in book.checks)
    return Notebook(tuple(turns[-MOST_TURNS:]), tuple(checks))


def notebook_path(memory: Path) -> Path:
    """Where the notebook of a memory file is."""
    return memory.with_name(memory.stem + NOTEBOOK_SUFFIX)


def load_notebook(memory: Path) -> Notebook:
    """The notebook of a memory file, an empty one where there is none.

    Raises:
        UserError: when there is one that cannot be used.
    """
    path = notebook_path(memory)
    try:
        with path.open("rb") as file:
            raw = file.read(NOTEBOOK_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Notebook()
    except OSError as error:
        raise UserError(f"The notebook {path.name} cannot be read ({error.strerror}).") from None
    try:
        if len(raw) > NOTEBOOK_BYTES:
            raise ValueError("too large")
        return msgspec.json.decode(raw, type=Notebook)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        kept = path.with_name(path.name.removesuffix(".json") + ".broken.json")
        with contextlib.suppress(OSError):
            path.replace(kept)  # so that it is not overwritten
        raise UserError(
            f"The notebook {path.name} is damaged: it was kept as {kept.name}, and a new one was started."
        ) from None


def save_notebook(memory: Path, notebook: Notebook) -> None:
    """Write the notebook of a memory file; an empty one is no file.

    Raises:
        UserError: when it cannot be written; it is then as it was.
    """
    path = notebook_path(memory)
    if notebook.empty:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return
    # Halves of characters, as a broken file name may have, cannot be written.
    text = json.dumps(msgspec.to_builtins(notebook), ensure_ascii=False, indent=1)
    save_text_atomically(path, text.encode("utf-8", "replace").decode())


def mark_of(memory: Held | None) -> str:
    """What distinguishes one value of a memory from another, title and file apart; empty for nothing."""
    if memory is None or not (memory.items or memory.layers):
        return ""
    layers = [f"{layer.number}/{layer.created}/{int(layer.enabled)}" for layer in memory.layers]
    return f"{len(memory.items)};{','.join(layers)}"


def holds_words(memory: Held | None) -> str:
    """What a memory holds, in words."""
    items = memory.items if memory is not None else ()
    facts = sum(item.kind == "fact" for item in items)
    parts = [plural(len(items) - facts, "document")] * (len(items) > facts) + [plural(facts, "fact")] * bool(facts)
    return ", ".join(parts) or "nothing"


def is_right(expected: str, answer: str) -> bool:
    """Whether an answer is the expected one: the same words, or these as a stretch of its words, whatever the case."""
    wanted, given = (WORD.findall(text.casefold()) for text in (expected, answer))
    if not wanted:
        return not given
    return any(given[start : start + len(wanted)] == wanted for start in range(len(given) - len(wanted) + 1))


# Export


def answer_words(answer: Answer) -> str:
    """The answer in one line; empty where the memory has none."""
    chosen = answer.chosen
    if chosen is not None and answer.mode == "question":
        return chosen.answer or chosen.sentence
    return "" if answer.abstained and not answer.sources else answer.completion.strip()


def as_markdown(turns: Sequence[Turn], title: str) -> str:
    """A conversation for people."""
    lines = [f"# {title or 'Conversation'}"]
    before = None
    for turn in turns:
        if turn.mark != before:
            lines += ["", f"*The memory contains {turn.holds}.*"]
        before, answer = turn.mark, turn.answer
        lines += ["", f"**{_line(answer.prompt)}**", "", _line(answer_words(answer)) or "Not in this memory"]
        if answer.chosen is not None:
            source = answer.chosen.source
            p = answer.chosen.p if answer.chosen.answer_p is None else answer.chosen.answer_p
            place = "a fact" if source.kind == "fact" else f"{_line(source.title)}, sentence {source.sentence}"
            lines += ["", f"> {_line(answer.chosen.sentence)}", "", f"p {p:.3f} · from {place} · {_when(turn.asked)}"]
        else:
            lines += ["", f"{_when(turn.asked)}"]
    return "\n".join(lines) + "\n"


def as_json(turns: Sequence[Turn], title: str) -> str:
    """A conversation for programs."""
    return json.dumps({"title": title, "turns": msgspec.to_builtins(tuple(turns))}, ensure_ascii=False, indent=2) + "\n"


def _line(text: str) -> str:
    return " ".join(harmless_lines(text).split())


def _when(stamp: str) -> str:
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""
