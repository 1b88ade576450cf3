"""Through the real main(): a day with the program, the next day, and what is left when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.dialogs.questions import Recovered
from bdh_workbench.gui.window.main_window import MainWindow
from bdh_workbench.model.loading import Model
from bdh_workbench.session import engine
from bdh_workbench.session.control import Task
from bdh_workbench.session.storage.settings import load_settings
from tests.core_factory import DOCUMENT
from tests.gui.conftest import Said
from tests.gui.program import FIRST, SECOND, Scene, idle, loaded, play, put

pytestmark = pytest.mark.usefixtures("short_answers")
ROOT = Path(__file__).resolve().parents[2]
EXEC, RECOVERED_ASK = QDialog.exec, Recovered.ask  # before a test replaces them


def answer(w: MainWindow, prompt: str) -> Scene:
    w.panes.ask.line.setText(prompt)
    w.actions_by_name["ask"].trigger()
    w.panes.ask.ask()
    yield lambda: w.panes.ask.exchanges[-1].done


def test_a_pasted_document_is_there_tomorrow(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path
) -> None:
    def today(w: MainWindow) -> Scene:
        yield loaded(w)
        QGuiApplication.clipboard().setText(DOCUMENT.text)
        assert isinstance(w.panes.write.editor, QPlainTextEdit)
        w.panes.write.editor.paste()
        w.panes.write.title_line.setText(DOCUMENT.title)
        w.actions_by_name["write"].trigger()
        yield lambda: len(w.panes.live.items.table()[1]) > 2 and idle(w)()
        first, last = w.panes.live.items.table()[1][0], w.panes.live.items.table()[1][-1]
        assert float(str(last[2])) > float(str(first[2])), "the curves moved"
        w.actions_by_name["save"].trigger()
        yield idle(w)
        assert w.context.memory is not None and not w.context.memory.dirty

    def tomorrow(w: MainWindow) -> Scene:
        yield loaded(w)
        w.panes.library.table.selectRow(0)
        w.panes.library.load()
        yield idle(w)
        assert w.context.memory is not None and w.context.memory.items
        assert not w.panes.write.documents(), "no text is there to be copied from"
        yield from answer(w, "The lighthouse of Skarn stands on a")
        assert "rock" in w.panes.ask.exchanges[-1].answer
        assert w.panes.ask.exchanges[-1].sources[0].title == DOCUMENT.title

    assert play(today, model_folder, home) == 0
    assert play(tomorrow, model_folder, home) == 0
    assert not said.failures
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("session", "window"))]


def test_what_was_chosen_is_chosen_tomorrow(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path
) -> None:
    def today(w: MainWindow) -> Scene:
        yield loaded(w)
        w.actions_by_name["theme_dark"].trigger()
        w.docks["live"].close()
        w.panes.ask.options.completion.setChecked(False)
        w.panes.ask.options.compare.setChecked(False)
        settings = w.panes.ask.options.sampling.settings()
        w.panes.ask.options.sampling.set_settings(type(settings)(temperature=0.7, max_tokens=9))
        w.panes.write.form.set_settings(type(w.panes.write.form.settings())(steps=77))

    def tomorrow(w: MainWindow) -> Scene:
        yield loaded(w)
        assert w.context.theme.colours.dark and w.docks["live"].isHidden()
        assert not w.panes.ask.options.completion.isChecked() and not w.panes.ask.options.compare.isChecked()
        assert (
            w.panes.ask.options.sampling.settings().temperature == 0.7
            and w.panes.ask.options.sampling.settings().max_tokens == 9
        )
        assert w.panes.write.form.settings().steps == 77
        w.actions_by_name["theme_light"].trigger()

    assert play(today, model_folder, home) == 0
    assert load_settings(home)[0].theme == "dark"
    assert play(tomorrow, model_folder, home) == 0


def test_cancelling_while_the_model_loads_leaves_a_window_that_works(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()

    def load(task: Task, name: str, device: str) -> Model:
        slow.set()
        while slow.is_set():
            task.checkpoint()
            time.sleep(0.001)
        return real(task, name, device)

    real = engine.load
    monkeypatch.setattr(engine, "load", load)

    def scene(w: MainWindow) -> Scene:
        yield lambda: slow.is_set() and w.panes.activity.running is not None
        w.actions_by_name["cancel"].trigger()
        yield idle(w)
        assert w.context.model is None
        monkeypatch.setattr(engine, "load", real)
        w.commands.load_model(str(model_folder), "cpu")
        yield loaded(w)
        put(w, FIRST)
        yield idle(w)
        assert w.context.memory is not None and len(w.context.memory.items) == 2
        w.discard = True

    assert play(scene, model_folder, home) == 0
    assert not said.failures


def test_a_crash_of_yesterday_is_told_once(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path
) -> None:
    home.mkdir()
    (home / "crash.log").write_text("Fatal Python error: Segmentation fault\n")

    def scene(w: MainWindow) -> Scene:
        yield loaded(w)

    assert play(scene, model_folder, home) == 0
    assert len(said.failures) == 1 and "Segmentation fault" in said.failures[0][1]
    assert play(scene, model_folder, home) == 0
    assert len(said.failures) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_closes_the_window_and_keeps_what_is_not_saved(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path, number: signal.Signals
) -> None:
    def today(w: MainWindow) -> Scene:
        yield loaded(w)
        put(w, FIRST)
        yield idle(w)
        os.kill(os.getpid(), number)
        yield lambda: False

    def tomorrow(w: MainWindow) -> Scene:
        yield loaded(w)
        assert any("Unsaved work was found" in question for question in said.questions)
        assert w.context.memory is not None and len(w.context.memory.items) == len(FIRST)
        w.discard = True

    before = signal.getsignal(number)
    assert play(today, model_folder, home) == 128 + number
    assert signal.getsignal(number) == before
    assert play(tomorrow, model_folder, home) == 0 and not said.failures


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the offscreen one, of windows on windows
def test_work_that_was_found_is_kept_until_it_is_restored_or_discarded(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real question: Escape, a request to end, and last of all an answer."""
    monkeypatch.setattr(QDialog, "exec", EXEC)
    monkeypatch.setattr(Recovered, "ask", RECOVERED_ASK)

    def asked() -> QMessageBox | None:
        box = QApplication.activeModalWidget()
        return box if isinstance(box, QMessageBox) and "Unsaved work was found" in box.text() else None

    def written(w: MainWindow) -> Scene:
        yield loaded(w)
        put(w, FIRST)
        yield idle(w)

    def escaped(w: MainWindow) -> Scene:
        yield asked
        QTest.keyClick(asked(), Qt.Key.Key_Escape)
        yield loaded(w)
        assert asked() is None

    def ended(w: MainWindow) -> Scene:
        yield asked
        os.kill(os.getpid(), signal.SIGTERM)
        yield lambda: False

    def closed(w: MainWindow) -> Scene:
        yield asked
        w.close_now()
        box = asked()
        assert box is not None
        box.close()

    def restored(w: MainWindow) -> Scene:
        yield asked
        box = asked()
        assert box is not None
        next(button for button in box.buttons() if button.text().replace("&", "") == "Restore").click()
        yield loaded(w)
        assert w.context.memory is not None and len(w.context.memory.items) == len(FIRST) and w.context.memory.dirty
        w.discard = True

    for scene in (written, escaped, ended, closed, restored):
        assert play(scene, model_folder, home) == (128 + signal.SIGTERM if scene is ended else 0)
        left = list((home / "recovery").glob("*.safetensors"))
        assert len(left) == (scene is not restored), scene


def killed(scene: str, model: Path, home: Path) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.gui.program", scene, str(model), str(home)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_nothing_is_lost_by_a_kill_in_the_middle_of_a_write(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path
) -> None:
    killed("killed_in_a_write", model_folder, home)

    def afterwards(w: MainWindow) -> Scene:
        yield loaded(w)
        assert any("Unsaved work was found" in question for question in said.questions)
        assert w.context.memory is not None and w.context.memory.dirty
        assert [item.prompt for item in w.context.memory.items] == [fact.prompt for fact in FIRST]
        yield from answer(w, FIRST[0].prompt)
        assert FIRST[0].answer in w.panes.ask.exchanges[-1].answer

    assert play(afterwards, model_folder, home) == 0
    assert not said.failures


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_nothing_is_lost_by_a_kill_in_the_middle_of_a_save(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path
) -> None:
    killed("killed_in_a_save", model_folder, home)
    files = list((home / "memories").glob("*.safetensors"))
    assert len(files) == 1

    def afterwards(w: MainWindow) -> Scene:
        yield loaded(w)
        assert w.context.memory is not None and w.context.memory.dirty
        assert len(w.context.memory.items) == len(FIRST) + len(SECOND), "the copy has what the save was to keep"
        assert w.panes.library.filter.rowCount() == 1, "a half-written file is no memory"
        w.panes.library.open_file(files[0])  # said.unsaved is discard: the old file as it was
        yield idle(w)
        assert len(w.context.memory.items) == len(FIRST)

    assert play(afterwards, model_folder, home) == 0
    assert not said.failures
