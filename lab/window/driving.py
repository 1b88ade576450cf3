"""Driving the real window from a program, for pictures and measurements: its own home folder, and waiting for it."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from bdh_workbench.errors import UserError
from bdh_workbench.gui.application import Workbench, make_application
from bdh_workbench.gui.dialogs.failure import Failure
from bdh_workbench.gui.dialogs.lines import Line
from bdh_workbench.gui.dialogs.questions import Confirm
from bdh_workbench.inputs.items import Fact
from bdh_workbench.session.records.jobs import LoadModel
from bdh_workbench.session.storage.settings import load_settings, save_settings

PATIENCE = 1500.0  # seconds for any one job, on a busy machine
LOOK = 5  # milliseconds between two looks at whether something has come


class Driver:
    """A window and the event loop that a person's machine would run for it."""

    def __init__(self, app: QApplication, workbench: Workbench) -> None:
        self.app, self.workbench = app, workbench
        self.window, self.context = workbench.window, workbench.context
        self.failures: list[str] = []  # messages and questions for a person, who is not there to answer

    def wait(self, until: Callable[[], object]) -> None:
        """Let the window live until something is true.

        Raises:
            UserError: when the window reports a failure instead, or asks something.
            TimeoutError: when it has not come in a very long time.
        """
        loop, timer = QEventLoop(), QTimer()
        end = time.monotonic() + PATIENCE
        come = False

        def look() -> None:
            # What has come once counts: more may begin before the loop has ended.
            nonlocal come
            come = come or bool(until())
            if self.failures or come or time.monotonic() > end:
                loop.quit()

        timer.setInterval(LOOK)
        timer.timeout.connect(look)
        if self.failures or not until():
            timer.start()
            loop.exec()
            timer.stop()
            if self.failures:
                raise UserError(self.failures.pop())
            if not come:
                raise TimeoutError("The session did not get on with its job.")

    def idle(self) -> bool:
        """Whether nothing runs or waits."""
        return not self.context.jobs.unfinished and not self.workbench.background.busy

    def settle(self, seconds: float = 0.12) -> None:
        """Let the window live for a moment, so that it lays itself out and draws."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= end and self.workbench.clock.idle and self.workbench.theme.settled)

    def load(self) -> None:
        """Load the model on the CPU."""
        self.context.submit(LoadModel(self.workbench.model, "cpu"))
        self.wait(lambda: self.context.model is not None and self.idle())

    def write_facts(self, facts: Sequence[Fact]) -> None:
        """Put facts into the table and write them."""
        self.window.panes.write.tabs.setCurrentIndex(1)
        self.window.panes.write.table.facts_model.set_facts(facts)
        self.window.panes.write.write()
        self.wait(self.idle)

    def ask(self, question: str) -> None:
        """Ask, and wait for the whole answer."""
        pane = self.window.panes.ask
        pane.line.setText(question)
        pane.ask()
        self.wait(lambda: pane.exchanges[-1].done)


@contextmanager
def driven(model: str | None = None) -> Iterator[Driver]:
    """A window in a home of its own, that is gone afterwards; the first steps are taken as seen.

    A failure or a question ends what is waited for (``Driver.wait``): a dialog would wait for a person.
    """
    app = make_application()
    with tempfile.TemporaryDirectory(prefix="bdh-window-") as folder:
        prepare(Path(folder))
        workbench = Workbench(app, Path(folder), model, "cpu")
        driver = Driver(app, workbench)

        def told(parent: QWidget | None, words: str, *_: str) -> bool:
            driver.failures.append(words)
            return False

        def unanswered(dialog: QDialog) -> int:
            driver.failures.append(f"{dialog.windowTitle()}: a dialog waits for an answer.")
            return 0

        with (
            mock.patch.object(Failure, "ask", told),
            mock.patch.object(Confirm, "ask", told),
            mock.patch.object(Line, "ask", proposed),
            mock.patch.object(QDialog, "exec", unanswered),
        ):
            try:
                yield driver
            finally:
                workbench.window.close_now()
                workbench.close()
                workbench.dispose()


def proposed(parent: QWidget | None, name: str, text: str = "", *, title: str, verb: str, empty: bool = False) -> str:
    """The answer of a person who takes the title that is proposed."""
    return text or "Untitled"


def prepare(home: Path) -> None:
    """A home folder in which the first steps were seen, so that no dialog waits for a person."""
    save_settings(dataclasses.replace(load_settings(home)[0], first_start_done=True), home)
