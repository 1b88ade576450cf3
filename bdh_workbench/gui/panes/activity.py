"""Activity: what runs and waits, memory of the device, and a log that can be copied."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QWidget

from bdh_workbench.gui.context import Context
from bdh_workbench.gui.widgets import Pane, button, flat_button, note, row
from bdh_workbench.gui.words import plural, size
from bdh_workbench.session.events import (
    DeviceMemory,
    JobCancelled,
    JobDone,
    JobFailed,
    JobPaused,
    JobProgress,
    JobQueued,
    JobResumed,
    JobStarted,
    LogLine,
    WriteStepped,
)

LINES = 2000


class ActivityPane(Pane):
    """The log, and the strip for the status bar."""

    title = "Activity and log"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.jobs: dict[int, str] = {}
        self.running: int | None = None
        self.warnings = 0
        self.queue = note("Nothing runs.", "Jobs")
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LINES)
        self.log.setAccessibleName("Log")
        self.log.setPlaceholderText("What the program does is noted down here.")
        self.cancel_button = button("Cancel job", "Stop what is running; nothing is changed (Esc)", self.cancel)
        self.cancel_button.setEnabled(False)
        copy = flat_button("copy", "Copy the log", self.copy)
        clear = flat_button("clear", "Clear the log", self.log.clear)
        self.column.addLayout(row(self.queue, 1, copy, clear, self.cancel_button))
        self.column.addWidget(self.log, 1)
        self.strip = self._make_strip()
        on = context.bridge.on
        on(JobQueued, self._queued)
        on(JobStarted, self._started)
        on(JobProgress, self._progress)
        on(WriteStepped, self._stepped)
        on(JobPaused, self._held)
        on(JobResumed, self._held)
        on(JobDone, self._ended)
        on(JobFailed, self._ended)
        on(JobCancelled, self._ended)
        on(DeviceMemory, self._device)
        on(LogLine, self._logged)

    def _make_strip(self) -> QWidget:
        strip = QWidget()
        strip.setAccessibleName("Activity")
        self.now = QLabel("Starting …")
        self.now.setAccessibleName("Current job")
        self.progress = QProgressBar()
        self.progress.setFixedWidth(120)
        self.progress.setRange(0, 1000)
        self.progress.setVisible(False)
        self.progress.setAccessibleName("Progress of the current job")
        self.device = QLabel("")
        self.device.setAccessibleName("Memory in use on the device")
        layout = QHBoxLayout(strip)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(12)
        for widget in (self.now, self.progress, self.device):
            layout.addWidget(widget)
        return strip

    def cancel(self) -> None:
        """Stop what runs, or the newest that waits."""
        number = self.running if self.running is not None else max(self.jobs, default=None)
        if number is not None:
            self.context.session.cancel(number)

    def _queued(self, event: JobQueued) -> None:
        self.jobs[event.job] = event.title
        self._show()

    def _started(self, event: JobStarted) -> None:
        self.jobs[event.job] = event.title
        self.running = event.job
        self.progress.setRange(0, 0)
        self._show()

    def _progress(self, event: JobProgress) -> None:
        if event.job != self.running:
            return
        if event.fraction is None:
            self.progress.setRange(0, 0)
        else:
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * event.fraction))
        self._show(event.text)

    def _stepped(self, event: WriteStepped) -> None:
        if event.job == self.running:
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * event.event.step / max(1, event.event.steps)))

    def _held(self, event: JobPaused | JobResumed) -> None:
        self._show("paused" if isinstance(event, JobPaused) else "")

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        self.jobs.pop(event.job, None)
        if event.job == self.running:
            self.running = None
        self._show()

    def _show(self, detail: str = "") -> None:
        waiting = len(self.jobs) - (self.running is not None)
        what = self.jobs.get(self.running, "") if self.running is not None else ""
        text = f"{what}{f' · {detail}' if detail else ''}" if what else "Ready"
        if waiting > 0:
            text += f" · {plural(waiting, 'job')} waiting"
        self.now.setText(text)
        self.queue.setText(text if what or waiting else "Nothing runs.")
        self.progress.setVisible(self.running is not None)
        self.cancel_button.setEnabled(bool(self.jobs))
        self.status.setText(plural(self.warnings, "warning") if self.warnings else "")

    def _device(self, event: DeviceMemory) -> None:
        of = f" of {size(event.total_bytes)}" if event.total_bytes else ""
        model = self.context.model
        self.device.setText(f"{model.device if model else 'memory'}: {size(event.used_bytes)}{of}")

    def _logged(self, event: LogLine) -> None:
        if event.level != "info":
            self.warnings += 1
        self.add(f"{event.time.astimezone():%H:%M:%S}  {event.level:7}  {event.text}")

    def add(self, text: str) -> None:
        """Add a line to the log."""
        self.log.appendPlainText(text)

    def copy(self) -> None:
        """Copy the log."""
        QGuiApplication.clipboard().setText(self.log.toPlainText())
