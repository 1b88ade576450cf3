"""Activity: running and waiting jobs, the device's memory, warnings, and a log that can be copied."""

from __future__ import annotations

import time
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.look.widgets import (
    ROW_ROLE,
    ElideLabel,
    JobBar,
    Pane,
    WholeLines,
    button,
    delay,
    flat_button,
    note,
    row,
    set_tone,
    splitter,
)
from bdh_workbench.gui.look.words import plural
from bdh_workbench.gui.parts.writing.write_words import step_words
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.harmless import harmless_lines
from bdh_workbench.session.records.events import (
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
from bdh_workbench.wording import size

LINES = 2000
SAID = 6000  # milliseconds for which a remark stands in the strip
QUIET = 0.5  # seconds that a job takes before its progress is worth showing


class ActivityPane(Pane):
    """Jobs and log, and the strip for the status bar."""

    title = "Activity and log"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.jobs: dict[int, str] = {}
        self.running: int | None = None
        self.warnings = 0
        self._begun = 0.0
        self._detail = self._said = ""
        self._measured = False  # whether the job itself says how far it is
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Job", "State"])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Running and waiting jobs")
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 140)
        self.idle = note("Nothing is running or waiting.", "Jobs")
        self.idle.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self.list.viewport())
        inside.addWidget(self.idle)
        self.log = WholeLines()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LINES)
        self.log.setAccessibleName("Log")
        self.log.setPlaceholderText("The log shows what the program does.")
        self.cancel_button = button("Cancel job", "Stop the chosen job, or the running one (Esc)", self.cancel_chosen)
        self.cancel_button.setEnabled(False)
        self.used = ElideLabel()
        self.used.setProperty("note", True)
        self.used.setAccessibleName("Memory in use on the device")
        copy = flat_button("copy log", "Copy the log", self.copy)
        clear = flat_button("clear log", "Clear the log", self.clear)
        whole = splitter(Qt.Orientation.Vertical, self.list, self.log)
        whole.setSizes([90, 200])
        self.column.addWidget(whole, 1)
        below = row(self.cancel_button, self.used, copy, clear)
        below.setStretch(1, 1)
        self.column.addLayout(below)
        self.strip = self._make_strip()
        # A job that is done at once would only make the strip flicker.
        self._timer = delay(self, round(1000 * QUIET), self._show)
        self._quiet = delay(self, SAID, lambda: self._remark(""))
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
        context.jobs.asked_to_stop.connect(lambda _number: self._show())

    def _make_strip(self) -> QWidget:
        strip = QWidget()
        strip.setAccessibleName("Activity")
        self.now = QLabel("Starting …")
        self.now.setTextFormat(Qt.TextFormat.PlainText)  # a question may look like HTML
        self.now.setAccessibleName("Current job")
        self.progress = JobBar()
        self.progress.setFixedWidth(140)
        self.progress.setRange(0, 1000)
        self.progress.setVisible(False)
        self.progress.setAccessibleName("Progress of the current job")
        self.remark = ElideLabel()
        self.remark.setAccessibleName("Last message")
        self.model = QLabel("")
        self.model.setTextFormat(Qt.TextFormat.PlainText)
        self.model.setAccessibleName("Model and device")
        self.device = QLabel("")
        self.device.setAccessibleName("Memory in use on the device")
        layout = QHBoxLayout(strip)
        layout.setContentsMargins(8, 0, 12, 0)
        layout.setSpacing(12)
        for widget in (self.now, self.progress):
            layout.addWidget(widget)
        layout.addWidget(self.remark, 1)
        layout.addWidget(self.model)
        layout.addWidget(self.device)
        return strip

    def show_model(self, words: str) -> None:
        """Name the model in the strip."""
        self.model.setText(words)

    def say(self, text: str) -> None:
        """Say something for a while, and note it down."""
        self._remark(text)
        self._quiet.start()
        self.add(text)

    def _remark(self, text: str) -> None:
        self._said = text
        self.explain("")

    def explain(self, text: str) -> None:
        """Say what something is for while the mouse is over it; afterwards the last remark is back."""
        self.remark.setText(text or self._said)
        self._show()

    def cancel(self) -> None:
        """Stop what runs, or the newest that waits."""
        number = self.running if self.running is not None else max(self.jobs, default=None)
        if number is not None:
            self.context.jobs.cancel(number)

    def cancel_chosen(self) -> None:
        """Stop the jobs that are chosen in the list, or what runs."""
        chosen = [int(line.data(0, ROW_ROLE)) for line in self.list.selectedItems()]
        for number in chosen:
            self.context.jobs.cancel(number)
        if not chosen:
            self.cancel()

    def _queued(self, event: JobQueued) -> None:
        self.jobs[event.job] = event.title
        self._changed()

    def _started(self, event: JobStarted) -> None:
        self.jobs[event.job] = event.title
        self.running, self._detail, self._measured = event.job, "", False
        self._begun = time.monotonic()
        self.progress.setRange(0, 0)
        self._changed()

    def _progress(self, event: JobProgress) -> None:
        if event.job != self.running:
            return
        if event.fraction is None:
            self.progress.setRange(0, 0)
        else:
            self._measured = True
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * event.fraction))
        self._detail = event.text
        self._changed()

    def _stepped(self, event: WriteStepped) -> None:
        if event.job == self.running and not self._measured:
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * step_words(event.event, str)[1]))  # as in the Write pane
            self._detail = f"step {event.event.step} of at most {event.event.steps}"
            self._changed()

    def _held(self, event: JobPaused | JobResumed) -> None:
        self._detail = "paused" if isinstance(event, JobPaused) else ""
        self._changed()

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        title = self.jobs.pop(event.job, "")
        if event.job == self.running:
            seconds = time.monotonic() - self._begun
            self.running = None
            if isinstance(event, JobDone) and seconds >= QUIET:
                self.add(f"{title}: done in {seconds:.1f} s")
        if event.job not in self.context.jobs.quiet:
            if isinstance(event, JobFailed):
                self.warnings += 1
                self.add(f"{title}: {event.message}", "error")
            elif isinstance(event, JobCancelled):
                self.add(f"{title}: cancelled")
        self._show()

    def _changed(self) -> None:
        """Show it now if something has been going on for a while, and else in a moment."""
        if self.running is not None and time.monotonic() - self._begun < QUIET:
            if not self._timer.isActive():
                self._timer.start()
            return
        self._show()

    def _show(self) -> None:
        asked = self._asked_for()
        waiting = sum(job != self.running for job in asked)
        what = asked.get(self.running, "") if self.running is not None else ""
        detail = "cancelling …" if self.running in self.context.jobs.stopping else self._detail
        words = [f"{what} · {detail}" if detail else what] if what else []
        words += [f"{plural(waiting, 'job')} waiting"] * (waiting > 0)
        text = " · ".join(words) or "Ready"
        self.now.setText(text)
        self.now.setVisible(bool(words) or not self.remark.text())  # a remark stands where it is looked for
        self.progress.setVisible(bool(what))
        self.cancel_button.setEnabled(bool(asked))
        self.status.setText(plural(self.warnings, "warning") if self.warnings else "")
        set_tone(self.status, "warning" if self.warnings else "")
        self._list()

    def _asked_for(self) -> dict[int, str]:
        """The jobs that a person asked for: others, such as reciting a text that is in sight, only their panes show."""
        return {number: title for number, title in self.jobs.items() if number not in self.context.jobs.quiet}

    def _list(self) -> None:
        """Follow the jobs in the list, without losing which are chosen."""
        lines, asked = {}, self._asked_for()
        for index in reversed(range(self.list.topLevelItemCount())):
            line = self.list.topLevelItem(index)
            number = int(line.data(0, ROW_ROLE)) if line is not None else -1
            if line is not None and number in asked:
                lines[number] = line
            else:
                self.list.takeTopLevelItem(index)
        for number, title in asked.items():
            line = lines.get(number)
            if line is None:
                line = QTreeWidgetItem([title, ""])
                line.setData(0, ROW_ROLE, number)
                self.list.addTopLevelItem(line)
            state = (self._detail or "running") if number == self.running else "waiting"
            line.setText(1, "cancelling …" if number in self.context.jobs.stopping else state)
        self.idle.setVisible(not asked)

    def _device(self, event: DeviceMemory) -> None:
        of = f" of {size(event.total_bytes)}" if event.total_bytes else ""
        model = self.context.model
        self.device.setText(size(event.used_bytes))
        self.used.setText(f"{model.device if model else 'memory'}: {size(event.used_bytes)}{of}")

    def _logged(self, event: LogLine) -> None:
        if event.level == "warning":
            self.warnings += 1
        self.add(event.text, event.level, event.time)

    def add(self, text: str, level: str = "info", moment: datetime | None = None) -> None:
        """Add a line to the log."""
        shown = (moment or datetime.now().astimezone()).astimezone()
        self.log.appendPlainText(f"{shown:%H:%M:%S}  {level:7}  {harmless_lines(text)}")

    def clear(self) -> None:
        """Clear the log and forget the warnings."""
        self.log.clear()
        self.warnings = 0
        self._show()

    def copy(self) -> None:
        """Copy the log."""
        QGuiApplication.clipboard().setText(self.log.toPlainText())
