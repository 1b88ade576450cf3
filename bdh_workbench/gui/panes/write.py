"""The Write pane: a document or a table of facts, what it would take up, and the write itself."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QProgressBar, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from bdh_workbench.errors import UserError
from bdh_workbench.gui.context import Context
from bdh_workbench.gui.dialogs.files import TEXTS, open_paths
from bdh_workbench.gui.dialogs.questions import Confirm, Versions
from bdh_workbench.gui.parts.documents import Documents
from bdh_workbench.gui.parts.facts_table import FactsTable
from bdh_workbench.gui.parts.reading import Found, read_files, read_paste
from bdh_workbench.gui.parts.settings_form import SettingsForm
from bdh_workbench.gui.plots.gauge import FillGauge
from bdh_workbench.gui.widgets import Pane, button, flat_button, note, row, set_tone
from bdh_workbench.gui.words import harmless, plural, shown_p, tip
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import METHODS, ON_CONFLICT, WriteSettings
from bdh_workbench.session.events import (
    Estimated,
    JobCancelled,
    JobDone,
    JobFailed,
    JobPaused,
    JobProgress,
    JobResumed,
    JobStarted,
    VersionsFound,
    WriteStepped,
    WriteSummary,
)
from bdh_workbench.session.jobs import EstimateWrite, Undo, Write

CROWDED = (
    "This is more than the memory has room for, unless much of it repeats itself. To try may take minutes, and nothing "
    "is written if there is no room."
)
AMBIGUOUS = "cannot be told apart (same words before): reword it"
AMBIGUOUS_TIP = (
    "The same words stand before it as before another, and another word behind them: only one of the two can be "
    "answered. Where that matters, change some of the words before."
)
LABELS = {
    "steps": "Gradient steps",
    "rate": "Step size",
    "margin": "Margin (nats)",
    "goal": "Goal for p",
    "contrastive": "Contrast weight",
    "locality": "Locality weight",
    "decay": "Decay weight",
    "norm": "Norm bound",
    "protect": "Protect the rest",
    "on_conflict": "Where items conflict",
}
ESTIMATE_AFTER = 400  # milliseconds without a change
PACED = 20  # steps whose pace tells how long the rest may take
SURE = 5  # of them from which it is told


class WritePane(Pane):
    """What to write, and the buttons that write it."""

    title = "Write"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.job: int | None = None
        self.paused = False
        self._writes: dict[int, Write] = {}  # that run or wait, by the number of the job
        self._estimate_job = 0
        self._crowded = False  # whether what stands here is more than there is room for
        self._refused = ""  # why what stands here would be refused at once
        self._complained = False  # whether what is said about the write is about what stood here
        self._told_of: tuple[object, object] = (None, None)  # the text and the memory that it is about
        self._paces: deque[tuple[int, float]] = deque(maxlen=PACED)  # the last steps, and when each was done
        self._make()
        self._listen()
        self._enable()

    # Making

    def _make(self) -> None:
        self.pages = Documents()
        self.title_line, self.editor = self.pages.title_line, self.pages.editor
        self.table = FactsTable()
        facts = QWidget()
        column = QVBoxLayout(facts)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.table)
        self.form: SettingsForm[WriteSettings] = SettingsForm(
            WriteSettings, {"method": METHODS, "on_conflict": ON_CONFLICT}, LABELS
        )
        self.form.set_settings(self.context.preferences.values.write)
        self.form.changed.connect(self._keep_settings)
        area = QScrollArea()
        area.setWidget(self.form)
        area.setWidgetResizable(True)
        area.setMinimumHeight(52)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Advanced settings of the write")
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Document or facts")
        self.tabs.addTab(self.pages, "Document")
        self.tabs.addTab(facts, "Facts")
        self.tabs.setDocumentMode(True)
        self.tabs.setCornerWidget(self._corner(), Qt.Corner.TopRightCorner)
        self.advanced = area
        self.advanced.setVisible(False)
        self.column.addWidget(self.tabs, 3)
        self.column.addWidget(self.advanced, 2)

        self.gauge = FillGauge()
        self.context.paint(self.gauge.set_colours)
        self.write_button = button(
            "Write into memory", "Encode this into the slow memory (Ctrl+Return)", self.write, primary=True
        )
        self.pause_button = button("Pause", "Hold the write between two steps (Ctrl+P)", self.toggle_pause)
        self.cancel_button = button("Cancel", "Stop the write; the memory stays as it was (Esc)", self.cancel)
        self.undo_button = button("Undo", "Take the last change of the memory back (Ctrl+Z)", self.undo)
        self.column.addLayout(
            row(self.write_button, self.pause_button, self.cancel_button, self.undo_button, 1, spacing=6)
        )
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress of the write")
        self.state = note("", "State of the write")
        fill = note("Fill", "")
        fill.setWordWrap(False)
        fill_row = row(fill, self.gauge)
        fill_row.setStretch(1, 1)
        self.column.addLayout(fill_row)
        self.column.addWidget(self.bar)
        self.column.addWidget(self.state)
        self.bar.setVisible(False)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(ESTIMATE_AFTER)
        self._timer.timeout.connect(self.estimate)

    def _corner(self) -> QWidget:
        corner = QWidget()
        sample = flat_button("sample", "Put an invented document, or invented facts, here", self.sample)
        open_ = flat_button("open…", "Open text, Markdown, JSON or CSV (Ctrl+O)", self.open_files)
        clear = flat_button("clear", "Begin anew", self.clear)
        self.advanced_button = flat_button("advanced ▸", "Settings of the write", self._toggle_advanced)
        corner.setLayout(row(sample, open_, clear, self.advanced_button, spacing=2))
        return corner

    def _listen(self) -> None:
        self.pages.changed.connect(self._changed)
        self.editor.files_dropped.connect(self._dropped)
        self.tabs.currentChanged.connect(self._changed)
        model = self.table.facts_model
        model.dataChanged.connect(self._changed)
        model.modelReset.connect(self._changed)
        self.form.changed.connect(self._changed)
        on = self.context.bridge.on
        on(JobStarted, self._started)
        on(JobPaused, self._held)
        on(JobResumed, self._held)
        on(WriteStepped, self._stepped)
        on(JobProgress, self._progress)
        on(JobDone, self._ended)
        on(JobFailed, self._ended)
        on(JobCancelled, self._ended)
        on(Estimated, self._estimated)
        self.context.on_stop.append(self._stopping)

    # What is to be written

    def documents(self) -> tuple[TextDocument, ...]:
        """All documents of the tab that hold a text."""
        return self.pages.documents()

    def bring_back(self) -> None:
        """Show what stood in this tab before it was cleared or replaced."""
        if self.tabs.currentIndex() == 1:
            if not self.table.facts_model.bring_back():
                self.context.say("There are no facts to bring back.")
        elif not self.pages.bring_back():
            self.context.say("There is no text to bring back.")

    def show_documents(self, documents: Sequence[TextDocument]) -> None:
        """Put these in place of what is there, which can be brought back."""
        self.pages.show_documents(documents)
        self.tabs.setCurrentIndex(0)

    def clear(self) -> None:
        """Begin anew in this tab; what stood there can be brought back."""
        if self.tabs.currentIndex() == 0:
            self.show_documents(())
        else:
            self.table.facts_model.set_facts(())

    def sample(self) -> None:
        """Put what comes with the program here."""
        if self.tabs.currentIndex() == 0:
            self.sample_documents()
        else:
            self.sample_facts()

    def sample_facts(self) -> None:
        """Ten invented facts."""
        self._read(lambda: read_files([_sample("facts")]))

    def sample_documents(self) -> None:
        """Two invented documents."""
        self._read(lambda: read_files([_sample("documents")]))

    def open_files(self) -> None:
        """Let the person choose files."""
        self.read_paths(open_paths(self, "Open text or facts", TEXTS))

    def read_paths(self, paths: Sequence[Path]) -> None:
        """Read files in the background and show what they hold."""
        if paths:
            self._read(lambda: read_files(paths))

    def paste(self) -> None:
        """Read the clipboard as facts or a document."""
        text = QGuiApplication.clipboard().text()
        self._read(lambda: read_paste(text))

    def _dropped(self, names: tuple[str, ...]) -> None:
        self.read_paths([Path(name) for name in names])

    def _read(self, work: Callable[[], Found]) -> None:
        self.context.background.run(work, self._found)

    def _found(self, found: Found) -> None:
        facts, documents = found
        if documents:
            self.show_documents(documents)
        if facts:
            self.table.facts_model.set_facts(facts)
            self.tabs.setCurrentIndex(1)

    def _wanted(self) -> tuple[tuple[Fact, ...], tuple[TextDocument, ...]]:
        if self.tabs.currentIndex() == 0:
            return (), self.documents()
        return self.table.facts_model.facts(), ()

    # Estimate

    def _changed(self, *_: object) -> None:
        self._crowded, self._refused = False, ""  # until the new estimate says otherwise
        self._say("")
        self._forget_told(self._complained)
        self._timer.start()

    def estimate(self) -> None:
        """Ask how much room this would take."""
        try:
            facts, documents = self._wanted()
            settings = self.form.settings()
        except UserError as problem:
            self._say(str(problem), "warning")
            self._show_fill()
            return
        if (not facts and not documents) or self.context.model is None:
            self._say("")
            self._show_fill()
            return
        self._estimate_job = self.context.submit(EstimateWrite(facts, documents, settings), quiet=True)

    def _estimated(self, event: Estimated) -> None:
        if event.job != self._estimate_job:
            return
        about = "" if event.exact else "about "
        more = (event.fill_after - event.fill_before) / max(1e-9, 1.0 - event.fill_before)
        fits = f"fits (fill {event.fill_before:.0%} → {event.fill_after:.0%})"
        tokens = f"{about}{plural(event.tokens, 'token')}"
        if not event.rows:
            self._say("already stored")
        elif event.fits:
            self._say(f"{tokens} · {plural(event.rows, 'row')} · {fits}")
        else:
            self._say(f"{tokens} · does not fit: {more:,.1f} times the room left", "warning")
        self._crowded, self._refused = not event.fits, event.refused
        self.gauge.set_fill(event.fill_before, event.fill_after)

    def _show_fill(self) -> None:
        memory = self.context.memory
        self.gauge.set_fill(memory.fill if memory is not None else 0.0)

    # The write

    def write(self) -> None:
        """Write what the tab holds."""
        try:
            facts, documents = self._wanted()
            settings = self.form.settings()
            if not facts and not documents:
                raise UserError("There is nothing to write: type or paste a text, or fill in a fact.")
            if self._refused:
                raise UserError(self._refused)
        except UserError as problem:
            self._tell(str(problem), "warning")
            self._complained = True
            return
        if self._crowded and not Confirm.ask(self, CROWDED, "Write anyway"):
            return
        self._submit(Write(facts, documents, settings, ask=settings.on_conflict == "replace"))

    def _submit(self, job: Write) -> None:
        number = self.context.submit(job)
        self._writes[number] = job
        if self.job is not None:
            self._tell("Queued: it begins when the write that runs has ended.")
        self._enable()

    def _ask(self, job: Write, versions: VersionsFound) -> None:
        """Nothing was written yet: ask what becomes of the documents that would be replaced."""
        choice = Versions.ask(self, [conflict.told() for conflict in versions.documents])
        if choice == "cancel":
            self._tell("Nothing was written: the memory is as it was.")
            return
        settings = dataclasses.replace(job.settings, on_conflict="replace" if choice == "replace" else "both")
        self._submit(dataclasses.replace(job, settings=settings, ask=False))

    def toggle_pause(self) -> None:
        """Hold the write, or let it go on."""
        if self.job is None:
            return
        if self.paused:
            self.context.session.resume()
        else:
            self.context.session.pause()

    def cancel(self) -> None:
        """Stop the write that runs, or else the newest that waits."""
        number = self.job if self.job is not None else max(self._writes, default=None)
        if number is not None:
            self.context.cancel(number)

    def _stopping(self, number: int) -> None:
        """Say at once that it was heard: the step that is being done may take long."""
        if number == (self.job or number) and number in self._writes:
            self._tell("Cancelling …")
            self._enable()

    @property
    def busy(self) -> bool:
        """Whether a write runs or waits."""
        return bool(self._writes)

    def stop(self) -> None:
        """Stop the write that runs, and those that wait."""
        for number in sorted(self._writes, reverse=True):  # so that none that waits begins
            self.context.cancel(number)

    def undo(self) -> None:
        """Take the last change back."""
        self.context.submit(Undo())

    def _started(self, event: JobStarted) -> None:
        if event.job in self._writes:
            self.job, self.paused = event.job, False
            self._paces.clear()
            self.bar.setValue(0)
            self.bar.setVisible(True)
            self._tell("Cancelling …" if event.job in self.context.stopping else "Preparing …")
            self._enable()

    def _held(self, event: JobPaused | JobResumed) -> None:
        if event.job == self.job:
            self.paused = isinstance(event, JobPaused)
            if self.paused:
                self._tell("Paused between two steps.")
            self._enable()

    def _progress(self, event: JobProgress) -> None:
        if event.job == self.job and event.fraction is not None:
            self.bar.setValue(round(1000 * event.fraction))

    def _stepped(self, stepped: WriteStepped) -> None:
        if stepped.job != self.job or stepped.job in self.context.stopping:
            return
        event = stepped.event
        self.bar.setValue(round(1000 * event.step / max(1, event.steps)))
        rate = f" · {event.tokens_per_second:,.0f} tokens/s" if event.tokens_per_second else ""
        rest = self._rest(stepped)
        place = f" · step {event.step} of at most {event.steps}" if event.steps else ""
        self._tell(f"{event.phase.capitalize()}{place} · worst p {shown_p(event.worst_p)}{rate}{rest}")

    def _rest(self, stepped: WriteStepped) -> str:
        """How long it may take still, from the pace of the last steps; nothing where most steps are never needed."""
        event = stepped.event
        if event.phase != "gradient":
            self._paces.clear()
            return ""
        self._paces.append((event.step, event.elapsed))
        (first, begun), steps = self._paces[0], event.steps - event.step
        if event.step - first < SURE or steps <= 0:
            return ""
        left = steps * (event.elapsed - begun) / (event.step - first)
        return f" · about {left:.0f} s left at most" if left >= 1.0 else ""

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        if event.job == self._estimate_job and isinstance(event, JobFailed):
            self._say(event.message, "warning")
        if event.job not in self._writes:
            return
        job = self._writes.pop(event.job)
        if self.job not in (None, event.job):
            return  # one that waited was cancelled: what is shown is about the one that runs
        self.job, self.paused = None, False
        self.bar.setVisible(False)
        if isinstance(event, JobCancelled):
            self._tell("Cancelled: the memory is as it was.")
        elif isinstance(event, JobFailed):
            self._tell(event.message, "bad")
        elif isinstance(event.result, VersionsFound):
            versions = event.result
            self._tell("")
            # Not from within the event: others must hear of it before a dialog waits for an answer.
            QTimer.singleShot(0, self, lambda: self._ask(job, versions))
        elif isinstance(event.result, WriteSummary):
            self._summarise(event.result)
        self._enable()

    def _summarise(self, result: WriteSummary) -> None:
        reached = result.worst_p >= result.goal
        parts = [
            f"Written in {plural(result.steps, 'step')} and {result.seconds:.1f} s · worst p "
            f"{shown_p(result.worst_p)} · median {shown_p(result.median_p)} · fill {result.fill:.1%}"
            if result.written
            else "Nothing was written"
        ]
        parts += [head for head, _ in result.notes]
        if result.ambiguous:
            parts.append(f"{plural(result.ambiguous, 'position')} {AMBIGUOUS}")
        if result.unlearnt:
            tokens = ", ".join(f"“{harmless(token)}”" for token in result.unlearnt_tokens)
            parts.append(f"{plural(result.unlearnt, 'position')} left out: the model never learnt {tokens}")
        if result.paraphrases:
            parts.append(f"{plural(result.paraphrases, 'paraphrase')} kept for measuring, not written")
        if not reached:
            parts.append(f"the goal of {result.goal:g} was not reached")
        self._tell(" · ".join(parts), "good" if reached else "warning")
        more = [f"{head}: {names}." for head, names in result.notes]
        if result.ambiguous:
            more.append(AMBIGUOUS_TIP + "".join(f"\n“…{words}”" for words in result.ambiguous_words))
        self.state.setToolTip(tip("\n".join(more)))

    def _say(self, text: str, tone: str = "") -> None:
        """Say something about what stands here, beside the title."""
        set_tone(self.status, tone)
        self.status.setText(text)
        self.status.setToolTip(tip(text))

    def _tell(self, text: str, tone: str = "") -> None:
        """Say something about the write."""
        self._complained = False
        if self.job is None:  # what is said while it runs is said of it, whatever stands here meanwhile
            self._told_of = self._text(), self._held_now()
        set_tone(self.state, tone)
        self.state.setText(text)
        self.state.setToolTip("")

    def _text(self) -> object:
        """What stands here, as far as it can be told from something else."""
        return self.tabs.currentIndex(), self.pages.documents(), tuple(map(tuple, self.table.facts_model.rows))

    def _held_now(self) -> object:
        """What the memory in use holds; its title and file are no part of that."""
        memory = self.context.memory
        layers = memory.layers if memory is not None else ()
        return tuple((layer.number, layer.created, layer.enabled) for layer in layers), memory.rank if memory else 0

    def _forget_told(self, anyway: bool = False) -> None:
        """Take back what is said about a write that ended, once it is no more about what stands here or is in use."""
        if self.job is None and self.state.text() and (anyway or self._told_of != (self._text(), self._held_now())):
            self._tell("")

    def _keep_settings(self) -> None:
        """Remember how a person writes, once it makes sense."""
        with contextlib.suppress(UserError):
            self.context.preferences.change(write=self.form.settings())

    def _toggle_advanced(self) -> None:
        self.advanced.setVisible(not self.advanced.isVisible())
        self.advanced_button.setText("advanced ▾" if self.advanced.isVisible() else "advanced ▸")

    def refresh(self) -> None:
        """Follow another model or memory."""
        self._show_fill()
        self._forget_told()
        self._enable()
        self._timer.start()

    def _enable(self) -> None:
        memory = self.context.memory
        ready = self.context.model is not None
        self.write_button.setEnabled(ready)
        self.write_button.setToolTip(
            "Encode this into the slow memory (Ctrl+Return)" if ready else "A model is being loaded first."
        )
        self.pause_button.setEnabled(self.job is not None)
        self.pause_button.setText("Resume" if self.paused else "Pause")
        stopping = bool(self._writes.keys() & self.context.stopping)
        self.cancel_button.setEnabled(bool(self._writes) and not stopping)
        self.cancel_button.setText("Cancelling …" if stopping else "Cancel")
        self.undo_button.setEnabled(memory is not None and memory.can_undo and self.job is None)


def _sample(name: str) -> Path:
    from bdh_workbench.resources import resource_path

    return resource_path(f"samples/{name}.json")
