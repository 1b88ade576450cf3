"""The job of a pane: a bar, words, the time left, and the buttons that pause and stop it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import JobBar, bare, button, note, set_tone
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.records.events import (
    JobCancelled,
    JobDone,
    JobFailed,
    JobPaused,
    JobProgress,
    JobResumed,
    JobStarted,
)

SURE_AFTER = 2.0  # seconds after which the pace so far says something about the rest
BAR_STEPS = 1000


def time_left(seconds: float) -> str:
    """A time that is left, in words; empty where it is not worth saying."""
    if seconds < 1.5:
        return ""
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"


class JobRow(QWidget):
    """Follows the jobs of one pane: at most one of them runs, the others wait."""

    started = Signal(int)
    ended = Signal(object)  # JobDone, JobFailed or JobCancelled of one of the jobs

    def __init__(self, context: Context, name: str, *, pausable: bool) -> None:
        """No job yet.

        Args:
            context: of the pane.
            name: of what runs, for people who cannot see the bar.
            pausable: whether the jobs can be held between two steps.
        """
        super().__init__()
        self.context = context
        self.running: int | None = None
        self.paused = False
        self.jobs: set[int] = set()
        self.home: QWidget | None = None  # takes the focus of a button that goes away
        self._begun, self._share = 0.0, 0.0
        self.bar = JobBar()
        self.bar.setRange(0, BAR_STEPS)
        self.bar.setAccessibleName(f"Progress: {name}")
        self.bar.setVisible(False)
        self.state = note("", f"State: {name}")
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.pause_button = button("Pause", "Pause it between two steps (Ctrl+P)", self.toggle_pause)
        self.stop_button = button("Cancel", "Stop it; the memory stays as it was (Esc)", self.cancel)
        self.buttons: Sequence[QPushButton] = (*([self.pause_button] if pausable else []), self.stop_button)
        if not pausable:
            # It stands in no layout, and would outlive the window without a parent.
            self.pause_button.setParent(self)
            self.pause_button.hide()
        column = bare(QVBoxLayout(self), 4)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        on = context.bridge.on
        on(JobStarted, self._started)
        on(JobProgress, self._progress)
        on(JobPaused, self._held)
        on(JobResumed, self._held)
        on(JobDone, self._ended)
        on(JobFailed, self._ended)
        on(JobCancelled, self._ended)
        context.jobs.asked_to_stop.connect(self._stopping)
        self._enable()

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return bool(self.jobs)

    def follow(self, number: int) -> None:
        """Follow a job that was submitted."""
        self.jobs.add(number)
        if self.running is not None:
            self.say("Queued: it starts when the running job ends.")
        elif len(self.context.jobs.unfinished) > 1:
            self.say("Waiting for the running job …")
        self._enable()

    def say(self, text: str, tone: str = "", tip: str = "") -> None:
        """Say something about the job."""
        set_tone(self.state, tone)
        self.state.setText(text)
        self.state.setToolTip(tip)
        self.state.setVisible(bool(text))

    def show_share(self, share: float | None) -> None:
        """Move the bar: to a share of the whole, or to and fro where that is not known."""
        if share is None:
            self.bar.setRange(0, 0)
            return
        self._share = min(1.0, max(self._share, share))  # it never goes back
        self.bar.setRange(0, BAR_STEPS)
        self.bar.setValue(round(BAR_STEPS * self._share))

    def left(self) -> str:
        """The time that is left at the pace so far, in words; empty while nothing can be said."""
        spent = time.monotonic() - self._begun
        if self.paused or spent < SURE_AFTER or not 0.02 < self._share < 1.0:
            return ""
        return time_left(spent * (1.0 - self._share) / self._share)

    def toggle_pause(self) -> None:
        """Pause the running job, or let it continue."""
        if self.running is not None:
            (self.context.session.resume if self.paused else self.context.session.pause)()

    def cancel(self) -> None:
        """Stop what runs, or else the newest that waits."""
        number = self.running if self.running is not None else max(self.jobs, default=None)
        if number is not None:
            self.context.jobs.cancel(number)

    def stop_all(self) -> None:
        """Stop what runs and what waits."""
        for number in sorted(self.jobs, reverse=True):  # so that none that waits begins
            self.context.jobs.cancel(number)

    def _started(self, event: JobStarted) -> None:
        if event.job in self.jobs:
            self.running, self.paused = event.job, False
            self._begun, self._share = time.monotonic(), 0.0
            self.show_share(None)
            self.bar.setVisible(True)
            self.say("Cancelling …" if event.job in self.context.jobs.stopping else "Preparing …")
            self._enable()
            self.started.emit(event.job)

    def _progress(self, event: JobProgress) -> None:
        if event.job == self.running and event.job not in self.context.jobs.stopping:
            if event.fraction is not None:
                self.show_share(event.fraction)
            self.say(" · ".join(part for part in (event.text, self.left()) if part))

    def _held(self, event: JobPaused | JobResumed) -> None:
        if event.job == self.running:
            self.paused = isinstance(event, JobPaused)
            self.say("Paused between two steps." if self.paused else "Continuing …")
            self._enable()

    def _stopping(self, number: int) -> None:
        """Confirm at once: the current step may take long."""
        if number in self.jobs and number == (self.running or number):
            self.say("Cancelling …")
            self._enable()

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        if event.job not in self.jobs:
            return
        self.jobs.discard(event.job)
        if event.job == self.running or self.running is None:
            self.running, self.paused = None, False
            self.bar.setVisible(False)
            self.say("")
        self._enable()
        self.ended.emit(event)

    def _enable(self) -> None:
        stopping = bool(self.jobs & self.context.jobs.stopping)
        gone = stopping or not self.jobs
        # By itself the focus would go into the next control, and that may be one that destroys.
        if gone and self.home is not None and any(one.hasFocus() for one in self.buttons):
            self.home.setFocus(Qt.FocusReason.OtherFocusReason)
        self.pause_button.setEnabled(self.running is not None and not stopping)
        self.pause_button.setText("Resume" if self.paused else "Pause")
        self.stop_button.setEnabled(bool(self.jobs) and not stopping)
        for one in self.buttons:
            one.setVisible(bool(self.jobs))
        self.stop_button.setText("Cancelling …" if stopping else "Cancel")
