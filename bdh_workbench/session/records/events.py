"""What a session reports: one frozen record for each kind of event. Importing this does not import torch.

Every event carries the id that ``submit`` returned for its job; 0 where no job is the cause. A job's events come in
this order: JobQueued, JobStarted, its own ones, and exactly one of JobDone, JobFailed and JobCancelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bdh_workbench.asking.answers import Answer, Scored, Top
from bdh_workbench.reading.sources import Source
from bdh_workbench.session.records.notebook import CheckResult, Notebook
from bdh_workbench.session.records.views import (
    MemoryView,
    ModelInfo,
    ProbeView,
    TextInspection,
)

if TYPE_CHECKING:  # this loads torch, which the window must not wait for
    from bdh_workbench.memory.writing.writer import WriteEvent


@dataclass(frozen=True, slots=True)
class Event:
    """What all events have in common."""

    job: int


@dataclass(frozen=True, slots=True)
class JobQueued(Event):
    """A job waits."""

    title: str


@dataclass(frozen=True, slots=True)
class JobStarted(Event):
    """A job is being done."""

    title: str


@dataclass(frozen=True, slots=True)
class JobProgress(Event):
    """How far a job is, from 0 to 1, where that is known."""

    fraction: float | None
    text: str


@dataclass(frozen=True, slots=True)
class JobPaused(Event):
    """A job is paused between two steps."""


@dataclass(frozen=True, slots=True)
class JobResumed(Event):
    """A paused job continues."""


@dataclass(frozen=True, slots=True)
class JobDone(Event):
    """A job is done; ``result`` is a Written or VersionsFound of a write, the path of a save, and else None."""

    result: Any = None


@dataclass(frozen=True, slots=True)
class JobFailed(Event):
    """A job failed, and left everything as it was.

    Attributes:
        message: one sentence.
        details: for a report, empty where the sentence says it all.
        advice: what to change, where that is known.
        offer_cpu: whether loading the model on the CPU would help.
    """

    message: str
    details: str
    advice: str | None = None
    offer_cpu: bool = False


@dataclass(frozen=True, slots=True)
class JobCancelled(Event):
    """A job was cancelled, and left everything as it was."""


@dataclass(frozen=True, slots=True)
class ModelChanged(Event):
    """Another model is in use."""

    info: ModelInfo | None


@dataclass(frozen=True, slots=True)
class MemoryChanged(Event):
    """The memory in use is another, was changed or was saved."""

    view: MemoryView


@dataclass(frozen=True, slots=True)
class WriteStepped(Event):
    """A step of a write.

    Attributes:
        event: of the write.
        labels: of the items in the order of ``event.item_p``: prompts of facts, titles of documents.
        shares: for each site but the write site, what its slow and its fast read contribute to the stream at the items'
            tokens (a write does not change it); ``event.share`` is that of the write site.
        before: the steps since the last event that was sent: steps may come faster than events.
        measuring: whether this is a write of a retention run, into a memory of its own.
    """

    event: WriteEvent
    labels: tuple[str, ...]
    shares: tuple[tuple[float, float], ...] = ()
    before: tuple[WriteEvent, ...] = ()
    measuring: bool = False


@dataclass(frozen=True, slots=True)
class TokenRead(Event):
    """Tokens of a continuation have come; the numbers are those of the last of them.

    Attributes:
        text: that was added since the event before: several tokens where they come faster than events may.
        p: probability of the token.
        familiarity: of the position that it was read at.
        source: of what was read there, None for nothing.
        top: the most probable tokens there.
        untouched_top: the same of the model without the memory, after the same text; empty where not asked for.
    """

    text: str
    p: float
    familiarity: float
    source: Source | None
    top: Top
    untouched_top: Top


@dataclass(frozen=True, slots=True)
class AnswerDone(Event):
    """An answer is complete.

    Attributes:
        answer: what came of the question.
        expected: how probable the answer that was asked about is, None where none was.
    """

    answer: Answer
    expected: Scored | None = None


@dataclass(frozen=True, slots=True)
class NotebookChanged(Event):
    """The conversation or the checks of the memory in use have changed.

    Attributes:
        notebook: as it is now.
        opened: whether it is that of another memory than before.
    """

    notebook: Notebook
    opened: bool = False


@dataclass(frozen=True, slots=True)
class CheckStepped(Event):
    """One more check was asked; ``number`` counts from 0."""

    number: int
    result: CheckResult


@dataclass(frozen=True, slots=True)
class TokenHeat:
    """A token of a stored text: its place in characters, and its probability when the text is recited."""

    start: int
    stop: int
    p: float


@dataclass(frozen=True, slots=True)
class ItemRecited(Event):
    """A stored item was recited, or some of it; ``item`` names it as the job did, ``done`` is the share."""

    item: int
    tokens: tuple[TokenHeat, ...]
    done: float = 1.0


@dataclass(frozen=True, slots=True)
class MemoryInspected(Event):
    """A memory file was looked into; ``path`` names it as the job did."""

    path: Path
    view: MemoryView


@dataclass(frozen=True, slots=True)
class TextInspected(Event):
    """A text was looked at."""

    view: TextInspection


@dataclass(frozen=True, slots=True)
class RetentionStepped(Event):
    """One more document of a retention run was written and all were looked at.

    Attributes:
        matrix: R[i][j] for the writes so far: accuracy on document j after write i over that right after write j. Each
            row goes up to the documents written so far, its last entry being 1.
        accuracy: token accuracies in the same form.
        titles: of all documents of the run.
        probes: of all documents of the run.
        probe_p: for each write so far, the probability of each probe's answer, asked cold.
        fill: after each write.
    """

    matrix: tuple[tuple[float, ...], ...]
    accuracy: tuple[tuple[float, ...], ...]
    titles: tuple[str, ...]
    probes: tuple[ProbeView, ...]
    probe_p: tuple[tuple[float, ...], ...]
    fill: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Estimated(Event):
    """How large a write would be.

    Attributes:
        tokens: of the facts and documents.
        rows: that it would store.
        fill_before: of the memory in use.
        fill_after: at most.
        fits: whether there is room.
        exact: whether tokens and rows were counted; far too much text is only estimated.
        refused: why the write would be refused at once; empty where it can be tried.
    """

    tokens: int
    rows: int
    fill_before: float
    fill_after: float
    fits: bool
    exact: bool = True
    refused: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryFound(Event):
    """Unsaved work of a crashed session was found.

    Attributes:
        path: of the file that it was to be saved to, None where it had none.
        title: of the memory.
        saved_at: when the copy was made, in UTC.
    """

    path: Path | None
    title: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceMemory(Event):
    """Memory in use on the model's device; on a CPU that of the process."""

    used_bytes: int
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class LogLine(Event):
    """A line for the log: ``info``, ``warning`` or ``error``, at a time in UTC."""

    level: str
    text: str
    time: datetime
