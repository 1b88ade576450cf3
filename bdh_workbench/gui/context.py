"""What every pane is given: the session, its events, the library, the look, and a way to do work elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bdh_workbench.gui.bridge import Background, Bridge
from bdh_workbench.gui.colours import Colours
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.preferences import Preferences
from bdh_workbench.gui.theme import Theme
from bdh_workbench.memory.library import Library
from bdh_workbench.session.events import MemoryView, ModelInfo
from bdh_workbench.session.jobs import Job


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


@dataclass(slots=True)
class Context:
    """Shared by the panes; only the window changes ``model`` and ``memory``."""

    session: SessionLike
    bridge: Bridge
    background: Background
    clock: DrawClock
    theme: Theme
    library: Library
    preferences: Preferences
    say: Callable[[str], None]
    fail: Callable[[str, str], None]
    model: ModelInfo | None = None
    memory: MemoryView | None = None
    unfinished: set[int] = field(default_factory=set)
    quiet: set[int] = field(default_factory=set)
    waiting: dict[int, Callable[[object], None]] = field(default_factory=dict)
    stopping: set[int] = field(default_factory=set)  # were asked to stop, and have not ended
    on_stop: list[Callable[[int], object]] = field(default_factory=list)  # called with the number of each such job

    def submit(self, job: Job, then: Callable[[object], None] | None = None, quiet: bool = False) -> int:
        """Queue a job.

        Args:
            job: to be done.
            then: called with its result once it is done.
            quiet: no person asked for it, as for an estimate while they type: its pane alone tells of a failure.
        """
        number = self.session.submit(job)
        self.unfinished.add(number)
        if quiet:
            self.quiet.add(number)
        if then is not None:
            self.waiting[number] = then
        return number

    def cancel(self, number: int) -> None:
        """Ask a job to stop and let the panes say so: its end may take a while to come."""
        if self.session.cancel(number):
            self.stopping.add(number)
            for told in self.on_stop:
                told(number)

    def ended(self, number: int) -> None:
        """A job has come to its end, whatever it was."""
        for jobs in (self.unfinished, self.quiet, self.stopping):
            jobs.discard(number)

    def paint(self, follow: Callable[[Colours], None]) -> None:
        """Call with the colours now, and whenever they change."""
        follow(self.theme.colours)
        self.theme.changed.connect(follow)
