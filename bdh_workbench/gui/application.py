"""Starting and ending the program: the window first, then the session, then the model."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

# Said before Qt loads: pyqtgraph must take the same binding as the window.
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from bdh_workbench.gui.garbage import GarbageCollector
from bdh_workbench.gui.look.theme import Theme
from bdh_workbench.gui.platform import check_platform
from bdh_workbench.gui.shared.bridge import Background, Bridge
from bdh_workbench.gui.shared.clock import DrawClock
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.gui.shared.jobs import SessionLike
from bdh_workbench.gui.shared.preferences import Preferences
from bdh_workbench.gui.window.main_window import MainWindow
from bdh_workbench.resources import bundled_model_names
from bdh_workbench.session import Session
from bdh_workbench.session.records.events import Event, JobFailed, ModelChanged
from bdh_workbench.session.records.jobs import OpenMemory
from bdh_workbench.session.storage.crash import forget_crash, previous_crash, start_crash_log, stop_crash_log
from bdh_workbench.session.storage.home import home_folder, library_in

NO_MODEL = "No model comes with this installation. Choose one with File, Choose model…"


def make_application() -> QApplication:
    """The one QApplication of the process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    check_platform()
    app = QApplication(["bdh-workbench"])
    app.setApplicationName("BDH memory workbench")
    app.setDesktopFileName("bdh-workbench")
    return app


class Workbench:
    """The window with all that it needs, from start to end."""

    def __init__(
        self,
        app: QApplication,
        home: Path | None = None,
        model: str | None = None,
        device: str | None = None,
        make_session: Callable[[Callable[[Event], None], Path], SessionLike] = Session,
    ) -> None:
        """Make the window; ``start`` loads the model."""
        self.home = home_folder(home)
        self.background = Background(self._failed)
        self.preferences = Preferences(self.home, self.background)
        chosen = self.preferences.values
        self.model = model or self._known(chosen.last_model)
        self.device = device or chosen.device
        self.theme = app.property("workbench_theme")
        if not isinstance(self.theme, Theme):
            self.theme = Theme(app, chosen.theme)
            app.setProperty("workbench_theme", self.theme)
        else:
            self.theme.set_mode(chosen.theme)
        self.garbage = GarbageCollector()
        self.bridge = Bridge()
        self.clock = DrawClock()
        self.session = make_session(self.bridge.emit_event, self.home)
        self.session.keep_recovery = chosen.recovery
        self.context = Context(
            self.session, self.bridge, self.background, self.clock, self.theme, library_in(self.home),
            self.preferences, say=lambda text: None, fail=lambda message, details: None,
        )  # fmt: skip
        with self.theme.undressed():
            self.window = MainWindow(self.context)
        self.bridge.on(ModelChanged, self._model_changed)
        self._closed = False
        self._last_memory = chosen.last_memory  # opened once a model is there to read it
        self._opening = 0
        self.bridge.on(JobFailed, self._not_opened)
        for note in self.preferences.notes:
            self.window.panes.activity.add(note)

    @staticmethod
    def _known(name: str) -> str | None:
        """The model of last time, if it is still there."""
        return name if name and (name in bundled_model_names() or os.path.isdir(name)) else None

    def start(self) -> None:
        """Load the model, and on the first start show the first steps."""
        if self.model is None and not bundled_model_names():
            self.window.say(NO_MODEL)
            self.window.panes.activity.now.setText(NO_MODEL)
        else:
            self.window.commands.load_model(self.model, self.device)
            if self._last_memory and os.path.isfile(self._last_memory):
                self.window.expect(Path(self._last_memory).stem)
        crash = previous_crash(self.home)
        if crash:
            forget_crash(self.home)
            self.window.fail("The program crashed last time. You can restore unsaved changes.", crash)
        if not self.preferences.values.first_start_done:
            self.preferences.change(first_start_done=True)
            self.window.commands.guide()

    def close(self) -> bool:
        """End the session and all threads; returns whether all have ended."""
        if self._closed:
            return True
        self._closed = True
        self.clock.stop()
        self.bridge.close()
        ended = self.session.close(discard_recovery=self.window.discard)
        self.background.close()
        self.preferences.flush()
        self.garbage.stop()
        return ended

    def dispose(self) -> None:
        """Take the window apart now, while everything that it is made of is still there."""
        self.theme.forget()
        self.window.deleteLater()
        # The listeners of these are in Qt's own lists, which the garbage collector cannot see.
        self.context.state.deleteLater()
        self.context.jobs.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def _failed(self, message: str, details: str) -> None:
        self.window.fail(message, details)

    def _not_opened(self, event: JobFailed) -> None:
        """Nobody asked for the last memory just now, so a remark is enough."""
        if self.context.model is None:  # nothing can be opened without one
            self.window.expect("")
        if event.job == self._opening:
            self.window.say(f"The last memory could not be opened: {event.message}")
            self.window.expect("")
            self.preferences.change(last_memory="")

    def _model_changed(self, event: ModelChanged) -> None:
        if event.info is not None:
            self.garbage.set_aside()  # torch and the model are there
            last, self._last_memory = self._last_memory, ""
            if last and not self.window.restored and os.path.isfile(last):
                self._opening = self.context.submit(
                    OpenMemory(Path(last)), lambda _: self.window.expect(""), quiet=True
                )
            else:
                self.window.expect("")
            self.preferences.change(last_model=str(event.info.folder), device=self.window.commands.chosen_model[1])


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window and return when it is closed; the exit status."""
    parser = argparse.ArgumentParser(prog="bdh-workbench", add_help=False)
    parser.add_argument("--model")
    parser.add_argument("--device")
    options, _ = parser.parse_known_args(list(sys.argv[1:] if argv is None else argv))
    app = make_application()
    start_crash_log()
    workbench = Workbench(app, None, options.model, options.device if options.device != "auto" else None)
    workbench.window.first_painted.connect(workbench.start)
    workbench.window.show()
    asked: list[int] = []

    def end(number: int) -> None:
        asked.append(number)
        workbench.window.close_now()
        app.quit()  # a dialog may be open

    try:
        with _signals(end):
            status = app.exec()
        status = 128 + asked[0] if asked else status
    finally:
        ended = workbench.close()
        workbench.dispose()
        stop_crash_log()
    if not ended:
        # A step that cannot be interrupted is still running; everything to be kept is on the disk.
        sys.stdout.flush()
        os._exit(status)
    return status


@contextlib.contextmanager
def _signals(end: Callable[[int], None]) -> Iterator[None]:
    """Let Ctrl-C and a request to end close the window in order; what is not saved stays in its recovery copy.

    As exceptions, which they are on the command line, they would come up in whatever Qt has just called, and be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        end(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
