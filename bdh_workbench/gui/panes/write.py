"""The Write pane: a document or a table of facts, what it would take up, and the write itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from bdh_workbench.errors import UserError
from bdh_workbench.gui.dialogs.files import TEXT_KINDS, open_folder, open_paths
from bdh_workbench.gui.dialogs.lines import ColumnsDialog
from bdh_workbench.gui.dialogs.questions import Confirm, Versions
from bdh_workbench.gui.look.widgets import Pane, button, flat_button, note, put_in_corner, row, set_tone, tab_pages
from bdh_workbench.gui.look.words import plural, shown_p, tip
from bdh_workbench.gui.parts.job_row import JobRow, time_left
from bdh_workbench.gui.parts.settings_form import WholeRows
from bdh_workbench.gui.parts.writing.documents import WRITTEN_SIGN, Documents
from bdh_workbench.gui.parts.writing.edit_banner import EditBanner
from bdh_workbench.gui.parts.writing.estimate import Estimate
from bdh_workbench.gui.parts.writing.facts_table import FactsTable
from bdh_workbench.gui.parts.writing.reading import Reading
from bdh_workbench.gui.parts.writing.write_settings import WriteSettingsForm
from bdh_workbench.gui.parts.writing.write_words import estimate_words, step_words, summary_words
from bdh_workbench.gui.plots.gauge import FillGauge
from bdh_workbench.gui.shared.changes import take_back
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.session.records.events import Estimated, JobCancelled, JobDone, JobFailed, WriteStepped
from bdh_workbench.session.records.jobs import EstimateWrite, Write
from bdh_workbench.session.records.views import VersionsFound, Written

if TYPE_CHECKING:  # this loads torch, which the window must not wait for
    from bdh_workbench.memory.store.state import ItemRecord

CROWDED = (
    "This is more than the memory has room for, unless much of it repeats itself. This may take minutes; if it does "
    "not fit, nothing is written."
)


class WritePane(Pane):
    """What to write, and the buttons that write it."""

    title = "Write"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._writes: dict[int, Write] = {}  # that run or wait, by the number of the job
        self._complained = False  # whether what is said about the write is about what stood here
        self._told_of: tuple[object, object] = (None, None)  # the text and the memory that it is about
        self._done: tuple[object, object, str] = (None, None, "")  # text and memory after the last write, and words
        self.reading = Reading(context.background, self)
        self.room = Estimate(context, self._would_write, self)
        self._make()
        self._listen()
        context.state.memory_changed.connect(lambda _view: self.refresh())
        context.state.model_changed.connect(lambda _info: self.refresh())
        context.state.item_edited.connect(self.edit_item)
        self._enable()

    def take_focus(self) -> None:
        """Into the text, or the table of facts."""
        (self.editor if self.tabs.currentIndex() == 0 else self.table).setFocus(Qt.FocusReason.ShortcutFocusReason)

    # Making

    def _make(self) -> None:
        self.pages = Documents()
        self.title_line, self.editor = self.pages.title_line, self.pages.editor
        self.table = FactsTable()
        facts = QWidget()
        column = QVBoxLayout(facts)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.table)
        self.form = WriteSettingsForm(self.context.preferences)
        self.advanced = WholeRows(self.form, "Advanced settings of the write")
        self.advanced.setMinimumHeight(64)
        self.advanced.setVisible(False)
        self.tabs = tab_pages("Document or facts", {"Document": self.pages, "Facts": facts})
        put_in_corner(self.tabs, self._corner())
        self.editing = EditBanner()
        self.column.addWidget(self.editing)
        self.column.addWidget(self.tabs, 3)
        self.column.addWidget(self.advanced, 2)

        self.gauge = FillGauge()
        self.context.paint(self.gauge.set_colours)
        self.write_button = button(
            "Write into memory", "Encode this into the slow memory (Ctrl+Return)", self.write, primary=True
        )
        self.row = JobRow(self.context, "write", pausable=True)
        self.bar, self.state = self.row.bar, self.row.state
        self.pause_button, self.cancel_button = self.row.pause_button, self.row.stop_button
        self.row.started.connect(self._started)
        self.row.ended.connect(self._ended)
        self.row.home = self.write_button
        self.undo_button = button("Undo", "Undo the last change to the memory (Ctrl+Z)", self.undo)
        self.ask_button = button(
            "Ask about it", "Go to the question line (Ctrl+K)", self.context.state.asking_wanted.emit
        )
        self.column.addLayout(row(self.write_button, *self.row.buttons, self.undo_button, 1, self.ask_button))
        fill = note("Fill", "")
        fill.setWordWrap(False)
        fill_row = row(fill, self.gauge)
        fill_row.setStretch(1, 1)
        self.column.addLayout(fill_row)
        self.column.addWidget(self.row)

    def _corner(self) -> QWidget:
        corner = QWidget()
        sample = flat_button("sample", "Put an invented document, or invented facts, here", self.sample)
        open_ = flat_button("open…", "Open texts, PDF, DOCX, web pages or tables (Ctrl+O)", self.open_files)
        self.columns_button = flat_button("columns…", "Choose which columns of the table are used", self.choose_columns)
        self.columns_button.setVisible(False)
        clear = flat_button("clear", "Start over", self.clear)
        self.advanced_button = flat_button("advanced ▸", "Settings of the write", self._toggle_advanced)
        corner.setLayout(row(self.columns_button, sample, open_, clear, self.advanced_button, spacing=2))
        return corner

    def _listen(self) -> None:
        self.pages.changed.connect(self._changed)
        self.editor.files_dropped.connect(lambda names: self.read_paths([Path(name) for name in names]))
        self.reading.found.connect(self._found)
        self.reading.noticed.connect(self._noticed)
        self.tabs.currentChanged.connect(self._changed)
        model = self.table.facts_model
        model.dataChanged.connect(self._changed)
        model.modelReset.connect(self._changed)
        self.form.changed.connect(self._changed)
        on = self.context.bridge.on
        on(WriteStepped, self._stepped)
        self.room.made.connect(self._estimated)
        self.room.failed.connect(self._not_estimated)

    @property
    def job(self) -> int | None:
        """The write that runs."""
        return self.row.running

    @property
    def paused(self) -> bool:
        """Whether it is held."""
        return self.row.paused

    @property
    def busy(self) -> bool:
        """Whether a write runs or waits."""
        return self.row.busy

    # What is to be written

    def documents(self) -> tuple[TextDocument, ...]:
        """All documents of the tab that hold a text."""
        return self.pages.documents()

    def bring_back(self) -> None:
        """Show what stood in this tab before it was cleared or replaced."""
        if self.tabs.currentIndex() == 1:
            if not self.table.facts_model.bring_back():
                self.context.say("There are no facts to restore.")
        elif not self.pages.bring_back():
            self.context.say("There is no text to restore.")

    def show_documents(self, documents: Sequence[TextDocument]) -> None:
        """Put these in place of what is there, which can be brought back."""
        self.editing.leave()
        self.pages.show_documents(documents)
        self.tabs.setCurrentIndex(0)

    def edit_item(self, item: ItemRecord) -> None:
        """Change a stored item: what is written takes its place."""
        if item.kind == "document":
            self.show_documents((TextDocument(item.title, item.text or ""),))
            self.pages.keep_title()
        else:
            self.table.facts_model.set_facts((Fact(item.prompt, item.answer),))
            self.tabs.setCurrentIndex(1)
        self.editing.begin(item)

    def clear(self) -> None:
        """Start over in this tab; what stood there can be brought back."""
        if self.tabs.currentIndex() == 0:
            self.show_documents(())
        else:
            self.editing.leave()
            self.table.facts_model.set_facts(())

    def sample(self) -> None:
        """Put what comes with the program here."""
        if self.tabs.currentIndex() == 0:
            self.sample_documents()
        else:
            self.sample_facts()

    def sample_facts(self) -> None:
        """Ten invented facts."""
        self.reading.files([_sample("facts")])

    def sample_documents(self) -> None:
        """Two invented documents."""
        self.reading.files([_sample("documents")])

    def open_files(self) -> None:
        """Let the person choose files."""
        self.read_paths(open_paths(self, "Open text or facts", TEXT_KINDS))

    def open_folder(self) -> None:
        """Let the person choose a folder of documents."""
        folder = open_folder(self, "Open a folder of documents")
        if folder is not None:
            self.read_paths([folder])

    def read_paths(self, paths: Sequence[Path]) -> None:
        """Read files and folders and show what they hold."""
        self.reading.files(paths)

    def choose_columns(self) -> None:
        """Read a table again with other columns."""
        chosen = ColumnsDialog.ask(self, self.reading.columns)
        if chosen is not None:
            self.reading.again(chosen)

    def paste(self) -> None:
        """Read the clipboard as facts or a document."""
        self.reading.text(QGuiApplication.clipboard().text())

    def _noticed(self, lines: list[str]) -> None:
        """Say what a person should know of the files that were read."""
        for line in lines:
            self.context.say(line)
        if lines:
            more = f" (and {plural(len(lines) - 1, 'more note')}, in the log)" if len(lines) > 1 else ""
            self._tell(f"{lines[0]}{more}")
            self.state.setToolTip(tip("\n".join(lines[:20])))
        self.columns_button.setVisible(bool(self.reading.columns))

    def _found(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> None:
        if documents:
            self.editing.leave()
            self.pages.add_documents(documents)
            self.tabs.setCurrentIndex(0)
        if facts:
            self.editing.leave()
            self.table.facts_model.set_facts(facts)
            self.tabs.setCurrentIndex(1)

    def _wanted(self) -> tuple[tuple[Fact, ...], tuple[TextDocument, ...]]:
        if self.tabs.currentIndex() == 0:
            return (), self.documents()
        return self.table.facts_model.facts(), ()

    # Estimate

    def _changed(self, *_: object) -> None:
        self.room.forget()
        self._say("")
        self._forget_told(self._complained)
        self.room.soon()

    def estimate(self) -> None:
        """Ask how much room this would take."""
        self.room.ask()

    def _would_write(self) -> EstimateWrite | None:
        facts, documents = self._wanted()
        settings = self.form.settings()
        return EstimateWrite(facts, documents, settings) if facts or documents else None

    def _not_estimated(self, problem: str) -> None:
        self._say(problem, "warning")
        self._show_fill()

    def _estimated(self, event: Estimated | None) -> None:
        if event is None:
            self._say("")
            self._show_fill()
            return
        # What was just written would only be written again.
        text, held, words = self._done
        if (text, held) == (self._text(), self._held_now()) and self.editing.item is None:
            self._say(words, "good")
            self.gauge.set_fill(event.fill_before)
            return
        said = estimate_words(event)
        self._say(said.text, said.tone)
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
            if self.context.model is None:
                raise UserError("No model is loaded yet: wait until it is, and write then.")
            if self.room.refused:
                raise UserError(self.room.refused)
        except UserError as problem:
            self._tell(str(problem), "warning")
            self._complained = True
            return
        if self.room.crowded and not Confirm.ask(self, CROWDED, "Write anyway"):
            return
        ask, replaces = settings.on_conflict == "replace", self.editing.replaces(self.context.memory)
        self.pages.clear_states()
        if documents and len(documents) > 1 and self.pages.one_by_one.isChecked() and not replaces:
            for document in documents:
                self._submit(Write((), (document,), settings, ask=ask))
        else:
            self._submit(Write(facts, documents, settings, ask, replaces))

    def _submit(self, job: Write) -> None:
        number = self.context.submit(job)
        self._writes[number] = job
        self.pages.set_states({document.title: "waiting" for document in job.documents})
        self.row.follow(number)
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
        """Pause the write, or let it continue."""
        self.row.toggle_pause()

    def cancel(self) -> None:
        """Stop the write that runs, or else the newest that waits."""
        self.row.cancel()

    def stop(self) -> None:
        """Stop the write that runs, and those that wait."""
        self.row.stop_all()

    def undo(self) -> None:
        """Undo the last change."""
        take_back(self.context)

    def _started(self, number: int) -> None:
        self.pages.set_states({document.title: "writing" for document in self._writes[number].documents})
        self._enable()

    def _stepped(self, stepped: WriteStepped) -> None:
        if stepped.job != self.job or stepped.job in self.context.jobs.stopping:
            return
        event, job = stepped.event, self._writes[stepped.job]
        # Of the steps that the direct method may take few are taken: the bar's own pace says more than their number.
        text, share = step_words(
            event, lambda: time_left(event.remaining) if event.phase == "gradient" else self.row.left()
        )
        self.row.show_share(share)
        self._tell(text)
        p = dict(zip(stepped.labels[len(job.facts) :], event.item_p[len(job.facts) :], strict=False))
        self.pages.set_states({title: f"writing · p {shown_p(value)}" for title, value in p.items()})

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        job = self._writes.pop(event.job)
        titles = [document.title for document in job.documents]
        written = isinstance(event, JobDone) and isinstance(event.result, Written)
        self.pages.set_states(dict.fromkeys(titles, WRITTEN_SIGN if written else ""))
        if self.job is None:  # else one that waited was cancelled: what is shown is about the one that runs
            if isinstance(event, JobCancelled):
                self._tell("Cancelled: the memory is as it was.")
            elif isinstance(event, JobFailed):
                self._tell(event.message, "bad")
            elif isinstance(event.result, VersionsFound):
                versions = event.result
                self._tell("")
                # Not from within the event: others must hear of it before a dialog waits for an answer.
                QTimer.singleShot(0, self, lambda: self._ask(job, versions))
            elif isinstance(event.result, Written):
                self.editing.leave()
                self._summarise(event.result)
        self._enable()

    def _summarise(self, result: Written) -> None:
        said = summary_words(result)
        self._tell(said.text, said.tone)
        if result.items:
            facts, documents = self._wanted()
            counts = [plural(len(documents), "document")] * bool(documents) + [plural(len(facts), "fact")] * bool(facts)
            self._done = self._text(), self._held_now(), f"written: {', '.join(counts)}"
            self._say(self._done[2], "good")
        self.state.setToolTip(tip(said.more))

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
        self.row.say(text, tone)

    def _text(self) -> object:
        """The contents of the pane, as far as they distinguish it from other contents."""
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

    def _toggle_advanced(self) -> None:
        self.advanced.setVisible(not self.advanced.isVisible())
        self.advanced_button.setText("advanced ▾" if self.advanced.isVisible() else "advanced ▸")

    def refresh(self) -> None:
        """Follow another model or memory."""
        self._show_fill()
        self._forget_told(self._complained)
        self._enable()
        self.room.soon()

    def _enable(self) -> None:
        memory = self.context.memory
        ready = self.context.model is not None
        self.write_button.setEnabled(ready)
        self.write_button.setToolTip(
            "Encode this into the slow memory (Ctrl+Return)" if ready else "Wait until the model is loaded."
        )
        self.ask_button.setVisible(memory is not None and bool(memory.items) and not self.busy)
        self.undo_button.setEnabled(memory is not None and memory.can_undo and self.job is None)


def _sample(name: str) -> Path:
    from bdh_workbench.resources import resource_path

    return resource_path(f"samples/{name}.json")
