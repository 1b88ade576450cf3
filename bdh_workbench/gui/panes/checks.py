"""The Checks pane: questions with expected answers, kept with a memory and asked together."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from bdh_workbench.gui.dialogs.lines import CheckDialog
from bdh_workbench.gui.look.colours import Colours
from bdh_workbench.gui.look.widgets import ROW_ROLE, Pane, button, note, popup_menu, row
from bdh_workbench.gui.look.words import harmless, plural, short, shown_p, tip
from bdh_workbench.gui.parts.job_row import JobRow
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.records.events import CheckStepped, JobCancelled, JobDone, JobFailed, NotebookChanged
from bdh_workbench.session.records.jobs import KeepChecks, RunChecks
from bdh_workbench.session.records.notebook import Check, CheckResult
from bdh_workbench.session.records.views import MemoryView

NO_CHECKS = "No checks yet. Pin an answer as a check, or add a question: they are asked together after each change."
NO_ANSWER = "nothing"
NOT_RUN = "not run yet"


class ChecksTree(QTreeWidget):
    """Enter edits, Delete removes."""

    def __init__(self, pane: ChecksPane) -> None:
        super().__init__()
        self._pane = pane

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Delete:
            self._pane.remove()
        else:
            super().keyPressEvent(event)


class ChecksPane(Pane):
    """A line for each check, with what came of it last."""

    title = "Checks"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._colours: Colours = context.theme.colours
        self._results: dict[int, CheckResult] = {}
        self._wanted: tuple[Check, ...] | None = None  # the checks that were asked to be kept last
        self._held: object = None  # what the memory held when the checks were asked last
        self.tree = ChecksTree(self)
        self.tree.setAccessibleName("Checks")
        self.tree.setHeaderHidden(True)
        self.tree.setColumnCount(3)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._menu)
        self.tree.itemActivated.connect(lambda _line, _column: self.edit())
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(0, 24)
        header.resizeSection(2, 76)
        self.empty = note(NO_CHECKS)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self.tree.viewport())
        inside.setContentsMargins(12, 4, 12, 4)
        inside.addWidget(self.empty)
        self.runs = note("", "Results of the last runs")
        self.follow = QCheckBox("Run after changes")
        self.follow.setToolTip("Ask the checks again after each write, merge and forget.")
        self.follow.setChecked(context.preferences.values.run_checks)
        self.follow.toggled.connect(lambda on: context.preferences.change(run_checks=on))
        self.add_button = button("Add…", "Add a question and its expected answer", self.add)
        self.run_button = button("Run", "Ask all checks now (Ctrl+Shift+R)", self.run)
        self.job = JobRow(context, "checks", pausable=False)
        self.job.ended.connect(self._ended)
        self.column.addWidget(self.tree, 1)
        self.column.addWidget(self.job)
        self.column.addWidget(self.runs)
        self.column.addLayout(row(self.follow, 1, *self.job.buttons, self.add_button, self.run_button, spacing=4))
        self.job.home = self.tree
        state = context.state
        state.notebook_changed.connect(self._notebook)
        state.memory_changed.connect(self._memory)
        state.model_changed.connect(lambda _info: self._enable())
        state.check_pinned.connect(self.pin)
        context.bridge.on(CheckStepped, self._stepped)
        context.paint(self._recolour)
        self._show()

    def take_focus(self) -> None:
        """Into the list."""
        self.tree.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # Showing

    def _recolour(self, colours: Colours) -> None:
        self._colours = colours
        self._show()

    def _notebook(self, event: NotebookChanged) -> None:
        runs = event.notebook.runs
        if event.opened:
            self._held = self._wanted = None
        if event.opened or (runs and not self.job.busy):
            self._results = {}
        last = runs[-1] if runs else None
        if last is not None:
            by_question = {result.question: result for result in last.results}
            for number, check in enumerate(event.notebook.checks):
                if check.question in by_question:
                    self._results[number] = by_question[check.question]
        self._show()

    def _memory(self, view: MemoryView) -> None:
        held = tuple((layer.number, layer.created, layer.enabled) for layer in view.layers), len(view.items)
        before, self._held = self._held, held
        wanted = self.follow.isChecked() and before is not None and before != held and self.context.model is not None
        if wanted and view.items and self.context.state.notebook.checks and not self.job.busy:
            self.job.follow(self.context.submit(RunChecks(), quiet=True))
        self._enable()

    def _stepped(self, event: CheckStepped) -> None:
        if event.job in self.job.jobs:
            self._results[event.number] = event.result
            self._show()

    def _show(self) -> None:
        checks, colours = self.context.state.notebook.checks, self._colours
        chosen = self._numbers()
        self.tree.clear()
        for number, check in enumerate(checks):
            result = self._results.get(number)
            mark, tone = ("·", colours.muted) if result is None else ("✓", colours.good)
            words = short(check.question, 160)
            if result is not None and not result.right:
                mark, tone = "!", colours.warning
                words += f"   expected {short(check.expected, 60) or NO_ANSWER}"
            line = QTreeWidgetItem([mark, words, NOT_RUN if result is None else _came(check, result)])
            line.setForeground(0, QColor(tone))
            line.setForeground(2, QColor(colours.muted))
            line.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line.setData(0, ROW_ROLE, number)
            came = "not asked yet" if result is None else f"got: {harmless(result.answer) or NO_ANSWER}"
            for column in range(3):
                line.setToolTip(column, tip(f"{check.question}\nexpected: {check.expected or NO_ANSWER}\n{came}"))
            self.tree.addTopLevelItem(line)
            line.setSelected(number in chosen)
        self.empty.setVisible(not checks)
        self.runs.setText(self._runs())
        self.runs.setVisible(bool(self.runs.text()))
        self._enable()

    def _runs(self) -> str:
        runs = self.context.state.notebook.runs
        if not runs:
            return ""
        last = runs[-1]
        words = f"{last.right} of {len(last.results)} right after {last.after}"
        before = next((run for run in reversed(runs[:-1]) if run.mark != last.mark), None)
        return f"{words} · was {before.right} of {len(before.results)} after {before.after}" if before else words

    def _enable(self) -> None:
        checks = self.context.state.notebook.checks
        if self.run_button.hasFocus() and self.job.busy:
            self.take_focus()
        self.run_button.setEnabled(bool(checks) and self.context.model is not None and not self.job.busy)
        self.run_button.setVisible(not self.job.busy)  # what cancels the run takes its place
        self.status.setText(plural(len(checks), "check") if checks else "")

    # What can be done

    def run(self) -> None:
        """Ask all checks."""
        if self.run_button.isEnabled():
            self._results = {}
            self.job.follow(self.context.submit(RunChecks()))
            self._show()

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        if isinstance(event, JobFailed):
            self.job.say(event.message, "bad")
        self._show()

    def pin(self, check: Check) -> None:
        """Keep a check, in place of one with the same question."""
        others = tuple(other for other in self._checks() if other.question != check.question)
        self._keep((*others, check))
        self.context.say(f"Kept as a check: “{short(check.question, 60)}”.")

    def add(self) -> None:
        """Ask for a check."""
        check = CheckDialog.ask(self, Check("", ""))
        if check is not None:
            self.pin(check)

    def edit(self) -> None:
        """Change the chosen check."""
        checks = list(self._checks())
        for number in self._numbers()[:1]:
            changed = CheckDialog.ask(self, checks[number])
            if changed is not None:
                checks[number] = dataclasses.replace(changed)
                self._results.pop(number, None)
                self._keep(tuple(checks))

    def remove(self) -> None:
        """Take the chosen checks out."""
        gone = set(self._numbers())
        if gone:
            kept = [check for n, check in enumerate(self._checks()) if n not in gone]
            self._results = {}
            self._keep(tuple(kept))

    def _keep(self, checks: tuple[Check, ...]) -> None:
        self._wanted = checks
        self.context.submit(KeepChecks(checks), lambda _: self._kept(checks))

    def _checks(self) -> tuple[Check, ...]:
        """The checks as they are, or as they will be once they are kept."""
        return self.context.state.notebook.checks if self._wanted is None else self._wanted

    def _kept(self, checks: tuple[Check, ...]) -> None:
        if self._wanted is checks:
            self._wanted = None

    def _numbers(self) -> list[int]:
        return [int(line.data(0, ROW_ROLE)) for line in self.tree.selectedItems()]

    def _menu(self, place: QPoint) -> None:
        menu = popup_menu(self)
        if self._numbers():
            menu.addAction("Ask again", self._again)
            menu.addAction("Edit…", self.edit)
            menu.addAction("Remove", self.remove)
        menu.addAction("Add…", self.add)
        menu.popup(self.tree.viewport().mapToGlobal(place))

    def _again(self) -> None:
        for number in self._numbers()[:1]:
            self.context.state.question_asked.emit(self.context.state.notebook.checks[number].question)


def _came(check: Check, result: CheckResult) -> str:
    """How sure the answer was; where rightly there was none, its probability would seem to be a bad one."""
    return "no answer" if result.right and not check.expected else shown_p(result.p)
