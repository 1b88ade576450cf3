"""The Retention pane: documents written one after the other, and how much of each is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from bdh_workbench.gui.dialogs.files import TEXT_KINDS, open_paths
from bdh_workbench.gui.look.widgets import Pane, button, row, splitter, tab_pages
from bdh_workbench.gui.look.words import percent, plural, short
from bdh_workbench.gui.parts.job_row import JobRow
from bdh_workbench.gui.parts.writing.reading import Found, read_files
from bdh_workbench.gui.plots.retention import ForgettingCurves, RetentionMatrix
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.resources import resource_path
from bdh_workbench.session.records.events import (
    JobCancelled,
    JobDone,
    JobFailed,
    RetentionStepped,
)
from bdh_workbench.session.records.jobs import RetentionRun

SAMPLES = ("documents", "stories")
SOURCES = ("Memory in use", "Samples", "From files…")
USED_SOURCE, SAMPLED_SOURCE, OPENED_SOURCE = range(len(SOURCES))


class RetentionPane(Pane):
    """The matrix, the curves, and the button that runs it again."""

    title = "Retention"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.last: RetentionStepped | None = None
        self._reading = False  # whether documents are being read, for a run or to be chosen
        self._documents: tuple[TextDocument, ...] = ()  # of the files that were opened last
        self._source = USED_SOURCE  # chosen last, if it was not files
        clock = context.clock
        self.matrix = RetentionMatrix(clock)
        self.curves = ForgettingCurves(
            clock, "Forgetting curves", "Run retention to see how much of each document is kept after each write.",
            "retention", "Retention of each document after later writes. A flat line at 1: nothing is forgotten.",
        )  # fmt: skip
        self.probes = ForgettingCurves(
            clock, "Probes", "Run retention with documents that have probes to see their p after each write.",
            "p of the whole answer", "The probability of each probe's whole answer, asked cold after each write.",
        )  # fmt: skip
        for card in (self.matrix, self.curves, self.probes):
            context.paint(card.set_colours)
        self.source = QComboBox()
        self.source.addItems(list(SOURCES))
        self.source.setAccessibleName("Documents of the run")
        self.source.setToolTip(
            "Which documents: those of the memory in use, those that came with the program, or files. The "
            "run uses a separate memory and the settings of the Write pane; the memory in use stays as it is."
        )
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(14)
        self.run_button = button(
            "Run retention", "Write the documents one after the other and check them all after each write "
"(Ctrl+R)", self.run,
            primary=True,
        )  # fmt: skip
        self.job = JobRow(context, "retention", pausable=True)
        self.state, self.pause_button, self.stop_button = self.job.state, self.job.pause_button, self.job.stop_button
        self.job.ended.connect(self._ended)
        self.tabs = tab_pages("Curves or probes", {"Curves": self.curves, "Probes": self.probes})
        whole = splitter(Qt.Orientation.Horizontal, self.matrix, self.tabs)
        self.column.addWidget(whole, 1)
        self.column.addLayout(row(self.run_button, *self.job.buttons, self.source, 1))
        self.job.home = self.run_button
        self.column.addWidget(self.job)
        self.source.activated.connect(self._chosen)
        context.bridge.on(RetentionStepped, self._stepped)
        self._enable()

    def take_focus(self) -> None:
        """Onto the button that runs it, or the one that stops it."""
        (self.run_button if not self.busy else self.stop_button).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _chosen(self, index: int) -> None:
        if index != OPENED_SOURCE:
            self._source = index
            return
        paths = open_paths(self, "Open documents", TEXT_KINDS)
        if paths:
            self._documents = ()
            self._read(paths, self._opened)
        elif not self._documents:
            self.source.setCurrentIndex(self._source)

    def _opened(self, documents: tuple[TextDocument, ...]) -> None:
        self._documents = documents
        self.job.say(f"{plural(len(documents), 'document')} read.")
        if not documents:
            self.source.setCurrentIndex(self._source)

    def _read(self, paths: Sequence[Path], then: Callable[[tuple[TextDocument, ...]], None]) -> None:
        """Read documents elsewhere; until that is done nothing else can be chosen or begun here."""

        def read(found: Found) -> None:
            wanted = self._reading  # unless it was stopped meanwhile
            self._show_reading(False)
            if wanted:
                then(found[1])

        def failed(message: str) -> None:
            self._show_reading(False)
            if self.source.currentIndex() == OPENED_SOURCE:
                self.source.setCurrentIndex(self._source)
            self.context.fail(message, "")

        self._show_reading(True)
        self.context.background.run(lambda: read_files(paths), read, failed)

    def _show_reading(self, reading: bool) -> None:
        self._reading = reading
        self.source.setEnabled(not reading)
        self._enable()

    @property
    def busy(self) -> bool:
        """Whether a run is under way or waits."""
        return self.job.busy or self._reading

    def run(self) -> None:
        """Run, or run again."""
        if self.context.model is None:
            self.job.say("Wait until the model is loaded.")
        elif not self.busy:
            if self.source.currentIndex() == SAMPLED_SOURCE:
                self._read([resource_path(f"samples/{name}.json") for name in SAMPLES], self._begin)
            else:
                self._begin(self._documents if self.source.currentIndex() == OPENED_SOURCE else None)

    def _begin(self, documents: tuple[TextDocument, ...] | None) -> None:
        self.job.follow(self.context.submit(RetentionRun(documents, self.context.preferences.values.write)))
        self._enable()

    def toggle_pause(self) -> None:
        """Pause the run, or let it continue."""
        self.job.toggle_pause()

    def _enable(self) -> None:
        self.run_button.setEnabled(not self.busy)

    def stop(self) -> None:
        """Stop the run; what was measured stays to be seen."""
        self._reading = False
        self.job.stop_all()

    def _stepped(self, event: RetentionStepped) -> None:
        if event.job != self.job.running:
            return
        self.last = event
        titles = [short(title, 40) for title in event.titles]
        self.matrix.show_matrix(event.matrix, titles)
        curves: dict[str, tuple[list[float], list[float]]] = {}
        for j in range(len(event.matrix)):
            xs = [float(i + 1) for i in range(j, len(event.matrix))]
            curves[f"{j + 1} {titles[j]}"] = (xs, [event.matrix[i][j] for i in range(j, len(event.matrix))])
        self.curves.show_curves(curves)
        probes: dict[str, tuple[list[float], list[float]]] = {}
        for number, probe in enumerate(event.probes):
            points = [(float(i + 1), ps[number]) for i, ps in enumerate(event.probe_p) if number < len(ps)]
            probes[f"{short(probe.prompt, 60)} → {short(probe.answer, 30)}"] = (
                [x for x, _ in points],
                [p for _, p in points],
            )
        self.probes.show_curves(probes)
        self.status.setText(f"{plural(len(event.matrix), 'write')} of {len(titles)} · fill {percent(event.fill[-1])}")

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        self._enable()
        if isinstance(event, JobFailed):
            self.job.say(event.message)
        elif isinstance(event, JobCancelled):
            self.job.say("Stopped.")
        elif self.last is not None:
            self.run_button.setText("Run again")
            last = self.last.matrix[-1][:-1]
            kept = f"kept on average {sum(last) / len(last):.1%}" if last else "one document only"
            right = [row[j] for j, row in enumerate(self.last.accuracy) if j < len(row)]
            self.job.say(f"{kept} · right after its own write {sum(right) / len(right):.1%} of the tokens")
