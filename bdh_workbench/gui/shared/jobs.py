"""The jobs that the window has asked for: who waits for which, and which were asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from bdh_workbench.gui.shared.bridge import Bridge
from bdh_workbench.session.records.events import JobCancelled, JobDone, JobFailed
from bdh_workbench.session.records.jobs import Job


class SessionLike(Protocol):
    """What the window asks of a session."""

    keep_recovery: bool

    def submit(self, job: Job) -> int:
        """Queue a job and return its id."""

    def cancel(self, job: int) -> bool:
        """Stop a job; whether it will end as cancelled."""

    def pause(self) -> object:
        """Hold the write or retention run that is being done between two steps."""

    def resume(self) -> object:
        """Let it go on."""

    def close(self, timeout: float | None = 10.0, *, discard_recovery: bool = False) -> bool:
        """Stop everything and wait for the thread."""


class Jobs(QObject):
    """Submits and cancels.

    Attributes:
        unfinished: numbers of jobs that have not ended.
        quiet: of those, the ones that no person asked for.
        stopping: were asked to stop, and have not ended.
    """

    asked_to_stop = Signal(int)
    failed = Signal(object)  # JobFailed of a job that a person asked for

    def __init__(self, session: SessionLike) -> None:
        """No jobs yet."""
        super().__init__()
        self._session = session
        self.unfinished: set[int] = set()
        self.quiet: set[int] = set()
        self.stopping: set[int] = set()
        self._waiting: dict[int, Callable[[object], None]] = {}

    def listen(self, bridge: Bridge) -> None:
        """Hear of the ends of jobs, after all panes have: until then a job is unfinished."""
        bridge.on(JobDone, self._done)
        bridge.on(JobFailed, self._failed)
        bridge.on(JobCancelled, self._ended)

    def submit(self, job: Job, then: Callable[[object], None] | None = None, quiet: bool = False) -> int:
        """Queue a job.

        Args:
            job: to be done.
            then: called with its result once it is done.
            quiet: no person asked for it, as for an estimate while they type: only its pane reports a failure.
        """
        number = self._session.submit(job)
        self.unfinished.add(number)
        if quiet:
            self.quiet.add(number)
        if then is not None:
            self._waiting[number] = then
        return number

    def cancel(self, number: int) -> None:
        """Ask a job to stop and let the panes say so: its end may take a while to come."""
        if self._session.cancel(number):
            self.stopping.add(number)
            self.asked_to_stop.emit(number)

    def _done(self, event: JobDone) -> None:
        then = self._waiting.get(event.job)
        self._ended(event)
        if then is not None:
            then(event.result)

    def _failed(self, event: JobFailed) -> None:
        quiet = event.job in self.quiet
        self._ended(event)
        if not quiet:
            self.failed.emit(event)

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        for jobs in (self.unfinished, self.quiet, self.stopping):
            jobs.discard(event.job)
        self._waiting.pop(event.job, None)
