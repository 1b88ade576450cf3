"""What is said of a write is about that write: its text, its memory, its steps, and whether it was asked to stop."""

from __future__ import annotations

import threading

import pytest
from pytestqt.qtbot import QtBot

from bdh_workbench.errors import UserError
from bdh_workbench.gui.parts import job_row
from bdh_workbench.gui.parts.job_row import time_left
from bdh_workbench.gui.parts.writing.write_words import PHASES, estimate_words, step_words
from bdh_workbench.memory import room
from bdh_workbench.memory.writing.event import WriteEvent
from bdh_workbench.session.records.events import Estimated
from bdh_workbench.session.records.jobs import Relabel
from tests.core_factory import FACTS, many_facts
from tests.gui.conftest import WAIT, Said, Start, begin_long_write, press_write, settle


def test_what_is_said_of_a_write_goes_with_its_memory(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window, write = workbench.window, workbench.window.panes.write
    press_write(workbench, FACTS[:2])
    settle(workbench, qtbot)
    assert "Written in" in write.state.text()
    workbench.context.submit(Relabel("Another title"))
    settle(workbench, qtbot)
    assert "Written in" in write.state.text(), "the memory is the same"
    window.commands.new_memory()
    settle(workbench, qtbot)
    assert not write.state.text()


def test_what_is_said_of_a_write_goes_with_its_text(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write = workbench.window.panes.write
    press_write(workbench, FACTS[:2])
    settle(workbench, qtbot)
    write.form.changed.emit()
    assert "Written in" in write.state.text(), "the text is the same"
    write.table.facts_model.set_facts(FACTS[2:3])
    assert not write.state.text()


def test_an_error_does_not_stay_under_another_text(
    start: Start, qtbot: QtBot, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UserError("There is no room for it.")

    monkeypatch.setattr("bdh_workbench.session.engine.run_write", fail)
    workbench = start()
    write = workbench.window.panes.write
    write.editor.setPlainText("A heron stood in the reeds.")
    write.write()
    settle(workbench, qtbot)
    assert "no room" in write.state.text() and write.state.property("tone") == "bad"
    write.editor.setPlainText("Another heron.")
    assert not write.state.text() and not write.state.property("tone")


def test_a_write_before_the_model_is_there_is_answered_in_words(start: Start, qtbot: QtBot) -> None:
    workbench = start(load=False)
    write = workbench.window.panes.write
    write.table.facts_model.set_facts(many_facts(2))
    write.tabs.setCurrentIndex(1)
    workbench.window.actions_by_name["write"].trigger()  # Ctrl+Return
    assert "No model is loaded yet" in write.state.text() and not workbench.context.jobs.unfinished
    workbench.start()
    qtbot.waitUntil(lambda: workbench.context.model is not None, timeout=WAIT)
    settle(workbench, qtbot)
    assert not write.state.text(), "it is loaded now"


def test_a_cancel_is_heard_at_once_even_while_nothing_can_stop(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, inside = threading.Event(), threading.Event()

    def long_preparation(*_: object) -> list[tuple[float, float]]:
        inside.set()
        assert go_on.wait(WAIT / 1000)
        return []

    monkeypatch.setattr("bdh_workbench.session.tasks.writing.mean_shares", long_preparation)
    workbench = start()
    window, write = workbench.window, workbench.window.panes.write
    try:
        write.editor.setPlainText("A heron stood in the reeds of the lake and waited.")
        write.write()
        qtbot.waitUntil(lambda: inside.is_set() and "Reading what is to be written" in write.state.text(), timeout=WAIT)
        window.actions_by_name["cancel"].trigger()
        assert write.state.text() == "Cancelling …"
        assert write.cancel_button.text() == "Cancelling …" and not write.cancel_button.isEnabled()
        assert "cancelling …" in window.panes.activity.now.text()
    finally:
        go_on.set()
    settle(workbench, qtbot)
    assert "Cancelled" in write.state.text() and write.cancel_button.text() == "Cancel"
    assert not workbench.context.jobs.stopping


def test_what_would_be_refused_at_once_is_not_offered(
    start: Start, qtbot: QtBot, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "machine_rows", lambda: 1000)
    workbench = start()
    write = workbench.window.panes.write
    assert workbench.context.model is not None
    write.editor.set_text("far too much " * 400)
    write.estimate()
    qtbot.waitUntil(lambda: "does not fit" in write.status.text(), timeout=WAIT)
    write.write()
    assert "far too many" in write.state.text() and "write a part" in write.state.text()
    assert not said.questions and not write.busy
    write.editor.set_text("A heron.")
    assert not write.state.text()


def test_the_live_plots_show_every_step_that_the_history_keeps(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    press_write(workbench, FACTS[:3])
    settle(workbench, qtbot)
    live = workbench.window.panes.live
    seen = [row[:3] for row in live.items.table()[1]], [row[:2] for row in live.loss.table()[1]]
    assert workbench.context.memory is not None
    live.show_layer(workbench.context.memory.layers[-1])
    kept = [row[:3] for row in live.items.table()[1]], [row[:2] for row in live.loss.table()[1]]
    assert not live.slots.values.size, "a file keeps no picture of slots, and that of another write is not shown"
    assert live.shares.values == ([], []) and not live.tokens.p, "nor shares of reads, nor p of single tokens"
    assert any(row[1] for row in live.gates.table()[1]), "the gates are the model's"
    for one, other in zip(seen, kept, strict=True):
        assert len(one) > 3 and one == [pytest.approx(row, rel=1e-4) for row in other]


def test_how_long_it_takes_is_said_once_the_pace_is_known(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert time_left(0.5) == "" and time_left(20.2) == "about 20 s left" and time_left(600.0) == "about 10 min left"
    assert time_left(9000.0) == "about 2.5 h left"
    workbench = start()
    row = workbench.window.panes.write.row
    begin_long_write(workbench, qtbot)
    begun = row._begun
    monkeypatch.setattr(job_row.time, "monotonic", lambda: begun + 10.0)
    row._share = 0.0
    row.show_share(0.25)
    assert row.left() == "about 30 s left"
    row.show_share(0.1)
    assert row.bar.value() == 250, "the bar never goes back"
    monkeypatch.setattr(job_row.time, "monotonic", lambda: begun + 1.0)
    assert row.left() == "", "a second is no pace"
    monkeypatch.undo()
    workbench.window.panes.write.cancel()
    settle(workbench, qtbot)
    assert not row.pause_button.isEnabled() and not row.stop_button.isEnabled() and not row.bar.isVisible()


def test_after_a_write_the_header_says_what_was_written(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write = workbench.window.panes.write
    press_write(workbench, FACTS[:2])
    settle(workbench, qtbot)
    write.estimate()
    settle(workbench, qtbot)
    assert write.status.text() == "written: 2 facts", "not what would fit if it were written again"
    write.table.facts_model.set_facts(FACTS[:3])
    assert "written" not in write.status.text()


def test_the_bar_has_the_share_that_reading_takes_once_the_text_is_read() -> None:
    def stepped(phase: str, step: int) -> tuple[str, float]:
        return step_words(
            WriteEvent(phase, step, 64, {}, 0.5, 0.5, (), 0.0, (), 0.0, 1.0, 1.0), lambda: "about 9 s left"
        )

    words, read = stepped("prepare", 0)
    assert words == "Reading the text · worst p 0.500 · about 9 s left"
    assert read == PHASES["direct"][1] == stepped("direct", 0)[1] < stepped("direct", 32)[1] < PHASES["direct"][2]


def test_a_small_share_of_the_room_is_not_said_to_be_none() -> None:
    said = estimate_words(Estimated(1, 58, 96, 0.0001, 0.0015, True))
    assert said.text == "58 tokens · 96 rows · fits (fill < 0.1% → 0.1%)" and not said.tone
    crowded = estimate_words(Estimated(1, 58, 96, 0.5, 1.5, False, exact=False))
    assert crowded.text == "about 58 tokens · does not fit: 2.0 times the room left" and crowded.tone == "warning"
