"""The real window with a real session, a tiny model, and a home folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.application import Workbench
from bdh_workbench.gui.dialogs import failure, guide, lines, merge, questions
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from tests.core_factory import many_facts

WAIT = 60_000  # milliseconds; a busy machine may take long
Start = Callable[..., Workbench]


class Said:
    """What dialogs were asked, and what they answer."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, str]] = []
        self.questions: list[str] = []
        self.unsaved = "discard"
        self.recovered = "restore"
        self.versions = "replace"
        self.confirm = True
        self.line: str | None = "A title"
        self.merge: tuple[str, str | None] | None = ("", None)  # title, and what stays


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """Answers for every dialog, so that none waits for a person."""
    record = Said()

    def fail(cls: object, parent: object, message: str, details: str = "", choice: str = "") -> bool:
        record.failures.append((message, details))
        return False

    def confirm(cls: object, parent: object, question: str, yes: str, no: str = "") -> bool:
        record.questions.append(question)
        return record.confirm

    def unsaved(cls: object, parent: object, title: str) -> str:
        record.questions.append(title)
        return record.unsaved

    def recovered(cls: object, parent: object, title: str, when: str) -> str:
        record.questions.append(f"Unsaved work was found: {title}")
        return record.recovered

    def versions(cls: object, parent: object, documents: Sequence[str]) -> str:
        record.questions += documents
        return record.versions

    def waits(dialog: QDialog) -> int:
        raise AssertionError(f"a dialog waits for a person: {dialog.windowTitle()}")

    monkeypatch.setattr(QDialog, "exec", waits)
    monkeypatch.setattr(failure.Failure, "ask", classmethod(fail))
    monkeypatch.setattr(questions.Confirm, "ask", classmethod(confirm))
    monkeypatch.setattr(questions.Unsaved, "ask", classmethod(unsaved))
    monkeypatch.setattr(questions.Recovered, "ask", classmethod(recovered))
    monkeypatch.setattr(questions.Versions, "ask", classmethod(versions))
    monkeypatch.setattr(
        lines.Line, "ask", classmethod(lambda cls, parent, name, text="", *, title, verb, empty=False: record.line)
    )
    monkeypatch.setattr(merge.MergeDialog, "ask", classmethod(lambda cls, parent, titles: record.merge))
    monkeypatch.setattr(guide.Guide, "ask", classmethod(lambda cls, parent: ""))
    return record


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def start(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path, short_answers: None
) -> Iterator[Start]:
    """Start the program as often as wanted; whatever is still open at the end is closed."""
    opened: list[Workbench] = []

    def begin(load: bool = True, model: Path = model_folder) -> Workbench:
        workbench = Workbench(qapp, home, str(model), "cpu")
        opened.append(workbench)
        workbench.window.show()
        if load:
            workbench.start()
            qtbot.waitUntil(lambda: workbench.context.model is not None, timeout=WAIT)
        return workbench

    yield begin
    for workbench in opened:
        end(workbench, qtbot)


def end(workbench: Workbench, qtbot: QtBot) -> None:
    """Close the program for good."""
    if not shiboken6.isValid(workbench.window):
        return
    if not workbench._closed:
        workbench.window.close_now()
        assert workbench.close()
    workbench.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(workbench.window)


def idle(workbench: Workbench) -> bool:
    """Whether nothing runs or waits."""
    return not workbench.context.jobs.unfinished and not workbench.background.busy


def settle(workbench: Workbench, qtbot: QtBot) -> None:
    """Wait until nothing runs or waits."""
    qtbot.waitUntil(lambda: idle(workbench), timeout=WAIT)


def press_write(workbench: Workbench, facts: Sequence[Fact]) -> None:
    """Put facts into the table, look at it, and press the button."""
    write = workbench.window.panes.write
    write.tabs.setCurrentIndex(1)
    write.table.facts_model.set_facts(facts)
    write.write()


def begin_long_write(workbench: Workbench, qtbot: QtBot) -> None:
    """Start a write that would take thousands of steps, and wait until it has begun."""
    write = workbench.window.panes.write
    write.form.set_settings(WriteSettings(method="gradient", steps=100_000, rate=0.0001, goal=0.999))
    press_write(workbench, many_facts(4, answer=3))
    assert workbench.context.jobs.unfinished, write.state.text()
    qtbot.waitUntil(lambda: len(workbench.window.panes.live.items.table()[1]) > 1, timeout=WAIT)
