"""The link between the worker thread and the engine: the task that the engine gets with each job."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from bdh_workbench.session.records.events import Event, JobProgress, LogLine
from bdh_workbench.session.records.jobs import Job


class Cancelled(Exception):
    """A job was asked to stop; it leaves everything as it was."""


class Task(Protocol):
    """One job from the side of the engine that does it; used on the worker thread only."""

    @property
    def id(self) -> int:
        """The id that the job's events carry."""

    @property
    def keep_recovery(self) -> bool:
        """Whether unsaved changes are to be copied for a restart."""

    def emit(self, event: Event) -> None:
        """Send an event. Write steps and tokens may be joined with the next; the last of a job is always sent."""

    def checkpoint(self, hold: bool = False) -> None:
        """Stop here if the job was cancelled; with ``hold``, wait here while the session is paused.

        Raises:
            Cancelled: when the job was cancelled.
        """

    def commit(self) -> None:
        """From here on the job cannot be cancelled, because the next steps change what is in use.

        Raises:
            Cancelled: when it was cancelled before.
        """


class Engine(Protocol):
    """What does the jobs. Made, used and closed on the worker thread."""

    def start(self, task: Task) -> None:
        """Called once, before the first job."""

    def run(self, job: Job, task: Task) -> object | None:
        """Do a job; what it returns is the result of JobDone."""

    def prepare(self) -> bool:
        """Do a little that the next job may need, while there is none; returns whether there is more to do."""

    def close(self, discard_recovery: bool) -> None:
        """Release everything; with ``discard_recovery``, delete the copy of unsaved work too."""


def progress(task: Task, fraction: float | None, text: str) -> None:
    """Say how far a job is, and stop here if it was cancelled.

    Raises:
        Cancelled: when it was.
    """
    task.checkpoint()
    task.emit(JobProgress(task.id, fraction, text))


def log(task: Task, level: str, text: str) -> None:
    """Send a line for the log."""
    task.emit(log_line(task.id, level, text))


def log_line(job: int, level: str, text: str) -> LogLine:
    """A line for the log, of this moment."""
    return LogLine(job, level, text, datetime.now(UTC))
