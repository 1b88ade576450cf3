"""The real program, from `main()` to its end, played by a scene: a generator that yields what it waits for."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from bdh_workbench.gui.application import main, make_application
from bdh_workbench.gui.dialogs.questions import Line
from bdh_workbench.gui.driving import proposed
from bdh_workbench.gui.main_window import MainWindow
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.session.settings import Settings, save_settings

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
            assert time.monotonic() < state["end"], "what the scene waits for does not come"
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
    return lambda: not w.context.unfinished and not w.context.background.busy


def put(w: MainWindow, facts: tuple[Fact, ...]) -> None:
    """Put facts into the table and write them."""
    w.write.tabs.setCurrentIndex(1)
    w.write.table.facts_model.set_facts(facts)
    w.actions_by_name["write"].trigger()


# Scenes that end with a kill; they run in a process of their own.


def killed_in_a_write(w: MainWindow) -> Scene:
    """Something unsaved is held, and the next write has begun."""
    yield loaded(w)
    put(w, FIRST)
    yield idle(w)
    w.write.form.set_settings(WriteSettings(method="gradient", steps=100_000, rate=1e-4, goal=0.999))
    put(w, SECOND)
    before = len(w.live.items.table()[1])
    yield lambda: w.write.job is not None and 3 < len(w.live.items.table()[1]) != before
    os.kill(os.getpid(), signal.SIGKILL)


def killed_in_a_save(w: MainWindow) -> Scene:
    """A file is being replaced by a newer one of the same memory."""
    yield loaded(w)
    put(w, FIRST)
    yield idle(w)
    w.actions_by_name["save"].trigger()
    yield idle(w)
    put(w, SECOND)
    yield idle(w)

    def replace(source: object, target: object) -> None:
        if "memories" in str(target):
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace  # type: ignore[assignment]
    w.actions_by_name["save"].trigger()
    yield lambda: False


if __name__ == "__main__":
    play(globals()[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]))
