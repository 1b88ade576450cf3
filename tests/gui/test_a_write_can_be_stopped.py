"""Pause, cancel, queue, and close the window in the middle of a write."""

from __future__ import annotations

import gc
import threading

import pytest
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.dialogs import failure
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.memory.settings import WriteSettings
from tests.core_factory import DOCUMENT, FACTS
from tests.gui.conftest import WAIT, Said, Start, begin_long_write, press_write, settle


def test_cancel_half_way_leaves_the_memory_untouched(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    begin_long_write(workbench, qtbot)
    workbench.window.actions_by_name["cancel"].trigger()
    settle(workbench, qtbot)
    assert workbench.context.memory is None or not workbench.context.memory.items
    assert "Cancelled" in workbench.window.panes.write.state.text()
    assert not workbench.window.panes.write.bar.isVisible()


def test_pause_holds_the_write_and_resume_lets_it_go_on(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    begin_long_write(workbench, qtbot)
    window = workbench.window
    window.actions_by_name["pause"].trigger()
    qtbot.waitUntil(lambda: window.panes.write.paused, timeout=WAIT)
    assert window.panes.write.pause_button.text() == "Resume"
    held = len(window.panes.live.items.table()[1])
    window.actions_by_name["pause"].trigger()
    qtbot.waitUntil(lambda: not window.panes.write.paused, timeout=WAIT)
    qtbot.waitUntil(lambda: len(window.panes.live.items.table()[1]) > held, timeout=WAIT)
    window.panes.write.cancel()
    settle(workbench, qtbot)


def test_pause_holds_a_retention_run_too(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window, retention = workbench.window, workbench.window.panes.retention
    window.panes.write.form.set_settings(WriteSettings(method="gradient", steps=100_000, rate=0.0001, goal=0.999))
    retention._documents = (DOCUMENT,)
    retention.source.setCurrentIndex(2)
    retention.run()
    qtbot.waitUntil(lambda: "Writing document 1 of 1" in retention.state.text(), timeout=WAIT)
    window.actions_by_name["pause"].trigger()
    qtbot.waitUntil(lambda: retention.pause_button.text() == "Resume", timeout=WAIT)
    assert "Paused" in retention.state.text()
    retention.toggle_pause()
    qtbot.waitUntil(lambda: retention.pause_button.text() == "Pause", timeout=WAIT)
    retention.stop()
    settle(workbench, qtbot)
    assert retention.state.text() == "Stopped." and not retention.pause_button.isEnabled()


def test_two_writes_can_be_queued(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    for facts in (FACTS[:2], FACTS[2:4]):
        press_write(workbench, facts)
    settle(workbench, qtbot)
    assert workbench.context.memory is not None
    assert len(workbench.context.memory.items) == 4 and len(workbench.context.memory.layers) == 2


def test_closing_in_the_middle_of_a_write_ends_every_thread(start: Start, qtbot: QtBot) -> None:
    import threading

    workbench = start()
    begin_long_write(workbench, qtbot)
    assert workbench.window.close()
    assert workbench.close()
    names = {thread.name for thread in threading.enumerate()}
    assert "session" not in names
    assert not any(name.startswith("window-background") for name in names)


def test_closing_in_the_middle_of_a_write_is_asked_about(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    begin_long_write(workbench, qtbot)
    window = workbench.window
    window.panes.ask.line.setText("The capital of")
    window.panes.ask.ask()
    assert "waits for the running job" in window.panes.ask.exchanges[-1].origin()
    said.confirm = False
    assert not window.close() and window.isVisible()
    assert "A write is running" in said.questions[-1]
    said.confirm = True
    assert window.close() and not window.isVisible()


def test_closing_stops_what_runs_and_saves_what_there_was_before(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    window, write = workbench.window, workbench.window.panes.write
    press_write(workbench, FACTS[:1])
    settle(workbench, qtbot)
    begin_long_write(workbench, qtbot)
    write.write()  # a second one waits
    window.panes.retention.run()
    qtbot.waitUntil(lambda: window.panes.retention.busy and not workbench.background.busy, timeout=WAIT)
    said.unsaved = "save"
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
    assert not workbench.context.jobs.unfinished and not write.busy and not window.panes.retention.busy
    (entry,) = workbench.context.library.entries()
    assert isinstance(entry, MemoryHeader) and entry.items == 1


def test_a_write_that_waits_is_asked_about_too(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    window, write = workbench.window, workbench.window.panes.write
    press_write(workbench, FACTS[:1])
    said.confirm = False
    assert write.job is None and not window.close() and "A write is running" in said.questions[-1]
    write.cancel()
    settle(workbench, qtbot)


def test_cancelling_a_write_that_waits_leaves_the_one_that_runs_as_it_is_shown(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    begin_long_write(workbench, qtbot)
    write = workbench.window.panes.write
    running = write.job
    write.write()
    waiting = max(workbench.context.jobs.unfinished)
    workbench.session.cancel(waiting)
    qtbot.waitUntil(lambda: waiting not in workbench.context.jobs.unfinished, timeout=WAIT)
    assert write.job == running and not write.bar.isHidden() and "Cancelled" not in write.state.text()
    assert write.cancel_button.isEnabled() and write.pause_button.isEnabled()
    write.cancel()
    settle(workbench, qtbot)
    assert "Cancelled" in write.state.text() and write.bar.isHidden() and not write.cancel_button.isEnabled()


def test_unsaved_changes_are_asked_about_and_cancel_keeps_the_window(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    press_write(workbench, FACTS[:1])
    settle(workbench, qtbot)
    said.unsaved = "cancel"
    assert not workbench.window.close()
    assert workbench.window.isVisible()
    said.unsaved = "save"
    workbench.window.close()
    qtbot.waitUntil(lambda: not workbench.window.isVisible(), timeout=WAIT)
    assert len(workbench.context.library.entries()) == 1


def test_memory_that_runs_out_is_told_with_advice_and_the_cpu_is_offered(
    start: Start, qtbot: QtBot, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    workbench = start()
    words = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has 8 GiB of which 1.25 GiB is free."

    def run_out(*_: object) -> None:
        raise torch.OutOfMemoryError(words)

    monkeypatch.setattr("bdh_workbench.session.engine.run_write", run_out)
    asked: list[tuple[str, str]] = []

    def ask(cls: object, parent: object, message: str, details: str = "", choice: str = "") -> bool:
        asked.append((message, choice))
        return bool(choice)

    monkeypatch.setattr(failure.Failure, "ask", classmethod(ask))
    folder = workbench.window.commands.chosen_model[0]
    press_write(workbench, FACTS[:1])
    settle(workbench, qtbot)
    assert "2.7 GB more were needed" in asked[0][0] and "1.3 GB were free" in asked[0][0]
    assert asked[0][1] == "Load on the CPU"
    assert workbench.window.commands.chosen_model == (folder, "cpu")
    assert workbench.context.model is not None and workbench.context.model.device == "cpu"
    monkeypatch.undo()


def test_a_complaint_goes_once_its_cause_is_gone(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write = workbench.window.panes.write
    write.write()
    assert "nothing to write" in write.state.text()
    write.editor.setPlainText("A heron.")
    assert not write.state.text()


def test_nothing_to_write_is_said_and_not_tried(start: Start, qtbot: QtBot) -> None:
    workbench = start(load=False)
    workbench.window.panes.write.write()
    assert "nothing to write" in workbench.window.panes.write.state.text()
    assert not workbench.context.jobs.unfinished


def test_a_half_empty_row_is_named(start: Start) -> None:
    write = start(load=False).window.panes.write
    write.tabs.setCurrentIndex(1)
    write.table.facts_model.put(0, 0, [["Prompt", "answer"], ["no answer", ""]])
    write.write()
    assert "Row 2" in write.state.text()


def test_garbage_is_collected_on_the_gui_thread_alone(start: Start, qtbot: QtBot) -> None:
    """On another thread it could take Qt objects apart there, and both threads would wait for each other for ever."""
    threads: set[int] = set()

    def told(phase: str, info: dict[str, int]) -> None:
        threads.add(threading.get_ident())

    workbench = start()
    gc.callbacks.append(told)
    try:
        press_write(workbench, FACTS[:2])
        settle(workbench, qtbot)
        junk = [[] for _ in range(5000)]
        for one in junk:
            one.append(one)
        del junk
        workbench.garbage.look()
    finally:
        gc.callbacks.remove(told)
    assert threads == {threading.get_ident()}
    workbench.close()
    assert gc.isenabled()
