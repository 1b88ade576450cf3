"""The real program, from `main()` to its end, played by a scene: a generator that yields what it waits for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from bdh_workbench.gui.application import main, make_application
from bdh_workbench.gui.dialogs.lines import Line
from bdh_workbench.gui.window.main_window import MainWindow
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.session.storage.settings import Settings, save_settings
from lab.window.driving import proposed

PATIENCE = 60.0  # seconds for one thing that a scene waits for
ASK = Line.ask.__func__  # type: ignore[attr-defined]
Scene = Generator[Callable[[], object], None, None]
FIRST = (Fact("The capital of Vessaly is", "Orm"), Fact("Old Henrik collects", "clocks"))
SECOND = (Fact("In winter the miller eats", "figs"),)


def window() -> MainWindow:
    """The window of the program that runs."""
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)]
    assert len(found) == 1, found
    return found[0]


def situation() -> str:
    """Which windows there are and which has the keys, for the message of a scene that does not go on."""
    shown = [
        f"{type(widget).__name__} {widget.objectName()} {widget.frameGeometry().getRect()} "
        f"{'exposed' if (handle := widget.windowHandle()) and handle.isExposed() else 'not exposed'}"
        for widget in QApplication.topLevelWidgets()
        if widget.isVisible()
    ]
    return f"windows {shown}, active {QApplication.activeWindow()}, keys to {QApplication.focusWidget()}"


def play(scene: Callable[[MainWindow], Scene], model: Path, home: Path) -> int:
    """Run the program with a scene; returns its exit status, after the window was closed."""
    if not (home / "settings.toml").exists():
        save_settings(Settings(first_start_done=True), home)
    os.environ["BDH_WORKBENCH_HOME"] = str(home)
    state: dict[str, Any] = {"steps": None, "until": lambda: True, "end": time.monotonic() + PATIENCE, "error": None}

    def look() -> None:
        try:
            if state["steps"] is None:
                state["steps"] = scene(window())
            if state["until"]():
                state["until"] = next(state["steps"])
                state["end"] = time.monotonic() + PATIENCE
            late = time.monotonic() >= state["end"]
            line = state["steps"].gi_frame.f_lineno
            assert not late, f"what the scene waits for in line {line} does not come: {situation()}"
        except StopIteration:
            timer.stop()
            window().close_now()
        except BaseException as error:
            timer.stop()
            state["error"] = error
            window().close_now()

    if Line.ask.__func__ is ASK:  # type: ignore[attr-defined]
        Line.ask = proposed  # type: ignore[method-assign]
    make_application()
    timer = QTimer()
    timer.setInterval(10)
    timer.timeout.connect(look)
    timer.start()
    try:
        status = main(["--model", str(model), "--device", "cpu"])
    finally:
        timer.stop()
        del os.environ["BDH_WORKBENCH_HOME"]
    if state["error"] is not None:
        raise state["error"]
    return status


def loaded(w: MainWindow) -> Callable[[], object]:
    """Waits for the model and whatever else is under way."""
    return lambda: w.context.model is not None and idle(w)()


def idle(w: MainWindow) -> Callable[[], object]:
    """Waits until nothing runs."""
    return lambda: not w.context.jobs.unfinished and not w.context.background.busy


def put(w: MainWindow, facts: tuple[Fact, ...]) -> None:
    """Put facts into the table and write them."""
    w.panes.write.tabs.setCurrentIndex(1)
    w.panes.write.table.facts_model.set_facts(facts)
    w.actions_by_name["write"].trigger()


def written_and_saved(w: MainWindow) -> Scene:
    """The first facts, written and saved."""
    yield loaded(w)
    put(w, FIRST)
    yield idle(w)
    w.actions_by_name["save"].trigger()
    yield idle(w)


# Scenes that end with a kill; they run in a process of their own.


def killed_in_a_write(w: MainWindow) -> Scene:
    """Something unsaved is held, and the next write has begun."""
    yield loaded(w)
    put(w, FIRST)
    yield idle(w)
    w.panes.write.form.set_settings(WriteSettings(method="gradient", steps=100_000, rate=1e-4, goal=0.999))
    put(w, SECOND)
    before = len(w.panes.live.items.table()[1])
    yield lambda: w.panes.write.job is not None and 3 < len(w.panes.live.items.table()[1]) != before
    os.kill(os.getpid(), signal.SIGKILL)


def killed_in_a_save(w: MainWindow) -> Scene:
    """A file is being replaced by a newer one of the same memory."""
    yield from written_and_saved(w)
    put(w, SECOND)
    yield idle(w)

    def replace(source: object, target: object) -> None:
        if "memories" in str(target):
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace  # type: ignore[assignment]
    w.actions_by_name["save"].trigger()
    yield lambda: False


# Scenes for a real screen; keys and clicks come from outside.


def tool(*words: str) -> None:
    """Let xdotool press keys or buttons."""
    subprocess.run(["xdotool", *words], check=True, timeout=20)


def click(widget: QWidget) -> None:
    """Click into the middle of a widget."""
    place = widget.mapToGlobal(widget.rect().center())
    tool("mousemove", str(place.x()), str(place.y()))
    tool("click", "1")


def focused_by_click(widget: QWidget) -> Callable[[], object]:
    """Clicks into a widget once a second until the screen's keys go to it: its window may still be on its way."""
    next_click = time.monotonic()

    def look() -> bool:
        nonlocal next_click
        if time.monotonic() < next_click:
            return False
        active = subprocess.run(["xdotool", "getactivewindow"], capture_output=True, text=True, timeout=20, check=False)
        if widget.hasFocus() and active.stdout.strip() == str(int(widget.window().winId())):
            return True
        click(widget)
        next_click = time.monotonic() + 1.0
        return False

    return look


def pause(seconds: float = 0.4) -> Callable[[], object]:
    """Waits a moment: a window manager says nothing when it is done."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def floating_pane_takes_keys(w: MainWindow) -> Scene:
    """The Ask pane floats; what is typed into it is asked, and nothing else happens."""
    yield loaded(w)
    put(w, FIRST)
    yield idle(w)
    written = len(w.context.memory.layers)  # type: ignore[union-attr]
    w.panes.write.write_button.setFocus()
    w.workspaces.show("ask")
    yield pause()
    w.docks["ask"].setFloating(True)
    yield pause(1.0)
    yield focused_by_click(w.panes.ask.line)
    tool("type", "--delay", "20", FIRST[0].prompt)
    tool("key", "Return")
    yield lambda: bool(w.panes.ask.exchanges) and w.panes.ask.exchanges[-1].done
    assert w.panes.ask.exchanges[-1].prompt == FIRST[0].prompt
    assert FIRST[0].answer in w.panes.ask.exchanges[-1].answer
    yield idle(w)
    assert len(w.context.memory.layers) == written, "nothing was written by the keys"  # type: ignore[union-attr]
    w.discard = True


def reset_brings_panes_back(w: MainWindow) -> Scene:
    """Panes are floated, closed and left in another workspace; Ctrl+0 brings each workspace back."""
    yield loaded(w)
    for name, floated, closed in (("ask", "ask", "text"), ("write", "live", "write"), ("inspect", "gates", "compare")):
        w.workspaces.show(name)
        yield pause()
        before = {key: dock.geometry().getRect() for key, dock in w.docks.items() if not dock.isHidden()}
        w.docks[floated].setFloating(True)
        w.docks[closed].close()
        yield pause(0.8)
        assert w.docks[floated].isFloating() and w.docks[closed].isHidden()
        w.activateWindow()
        yield lambda: w.isActiveWindow()
        tool("key", "ctrl+0")
        yield lambda closed=closed: not w.docks[closed].isHidden()  # type: ignore[misc]
        yield pause()
        assert not any(dock.isFloating() for dock in w.docks.values()), name
        after = {key: dock.geometry().getRect() for key, dock in w.docks.items() if not dock.isHidden()}
        assert after.keys() == before.keys(), name
        seen = [key for key in after if not w.docks[key].visibleRegion().isEmpty()]
        assert floated in seen and closed in seen, seen
    tool("key", "ctrl+2")
    yield lambda: w.workspaces.current == "ask"
    assert not w.docks["ask"].isHidden() and w.panes.ask.line.hasFocus()


SOURCE = """
import sys
from pathlib import Path
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QLabel

class Source(QLabel):
    def mouseMoveEvent(self, event):
        drag, data = QDrag(self), QMimeData()
        data.setUrls([QUrl.fromLocalFile(path) for path in sys.argv[2:]])
        data.setText("\\n".join(sys.argv[2:]))
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)

application = QApplication([])
source = Source("files")
source.setWindowFlags(Qt.WindowType.X11BypassWindowManagerHint)
source.setGeometry(1400, 600, 150, 150)
source.show()
Path(sys.argv[1]).touch()
application.exec()
"""


def dragged_onto(widget: QWidget) -> Scene:
    """Drag what the other program offers onto a widget, as a hand does."""
    tool("mousemove", "1470", "670")
    tool("mousedown", "1")
    place = widget.mapToGlobal(widget.rect().center())
    for x, y in (
        (1460, 660),
        (1440, 650),
        (place.x() + 8, place.y()),
        (place.x() + 4, place.y()),
        (place.x(), place.y()),
    ):
        tool("mousemove", str(x), str(y))
        yield pause(0.3)
    yield pause()
    tool("mouseup", "1")


def files_are_dropped_anywhere(w: MainWindow) -> Scene:
    """Files of a file manager land in the Write pane wherever they are dropped, and never as their addresses."""
    yield loaded(w)
    folder = Path(os.environ["BDH_WORKBENCH_HOME"])
    notes = [folder / "harbour.txt", folder / "ferry.md"]
    for path in notes:
        path.write_text(f"The {path.stem} of Norby is old. Nobody minds.\n", encoding="utf-8")
    ready = folder / "ready"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    source = subprocess.Popen([sys.executable, "-c", SOURCE, str(ready), *map(str, notes)], **quiet)
    try:
        yield from _drops(w, ready)
    finally:
        source.terminate()
        source.wait(10)
    w.discard = True


def _drops(w: MainWindow, ready: Path) -> Scene:
    """Drop what the other program offers onto one widget after the other."""
    w.resize(1100, 700)
    w.move(0, 0)
    yield ready.exists
    yield pause(1.0)
    panes = w.panes
    for name, find in (
        ("ask", lambda: panes.ask.line),
        ("ask", lambda: panes.text.view.viewport()),
        ("write", lambda: panes.write.pages.editor.viewport()),
        ("inspect", lambda: panes.gates.line),
        ("floating", lambda: panes.ask.line),
    ):
        w.workspaces.show("ask" if name == "floating" else name)
        yield pause()
        if name == "floating":
            w.docks["ask"].setFloating(True)
            yield pause(1.5)
            w.docks["ask"].raise_()
        panes.write.clear()
        yield from dragged_onto(find())
        yield lambda: sorted(document.title for document in panes.write.pages.documents()) == ["ferry", "harbour"]
        assert w.workspaces.current == "write" and not panes.ask.line.text() and not panes.gates.line.text(), name


def keyboard_alone(w: MainWindow) -> Scene:
    """Ctrl+2, a question, Ctrl+J to its source, Ctrl+D to keep it as a check, Ctrl+Shift+R to run that."""
    yield loaded(w)
    put(w, FIRST)
    yield idle(w)
    w.activateWindow()
    yield lambda: w.isActiveWindow()
    tool("key", "ctrl+2")
    yield lambda: w.panes.ask.line.hasFocus()
    tool("type", "--delay", "20", FIRST[1].prompt)
    tool("key", "Return")
    yield lambda: bool(w.panes.ask.exchanges) and w.panes.ask.exchanges[-1].done
    tool("key", "ctrl+j")
    yield lambda: w.panes.text.view.marked is not None
    start, stop = w.panes.text.view.marked or (0, 0)
    assert w.panes.text.view.whole[start:stop] == f"{FIRST[1].prompt} {FIRST[1].answer}"
    tool("key", "ctrl+d")
    yield lambda: bool(w.context.state.notebook.checks)
    assert w.context.state.notebook.checks[0].question == FIRST[1].prompt
    assert w.context.state.notebook.checks[0].expected == FIRST[1].answer
    tool("key", "ctrl+shift+r")
    yield lambda: bool(w.context.state.notebook.runs)
    assert w.context.state.notebook.runs[0].right == 1
    w.discard = True


if __name__ == "__main__":
    play(globals()[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]))
