"""A step of a write costs the window's thread little: what is counted is how often something is done, not the clock."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QGraphicsItem, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.look.widgets import JobBar
from bdh_workbench.gui.plots.curves import ItemPlot, LossPlot, nice_end
from bdh_workbench.gui.plots.tokens import TokenPage
from lab.window import slots
from tests.gui.conftest import Start
from tests.model_factory import save_tiny_model

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # of windows of its own


def test_a_bar_waits_for_the_next_painting(qtbot: QtBot) -> None:
    painted = []

    class Neighbour(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            painted.append(1)

    parent, bar, neighbour = QWidget(), JobBar(), Neighbour()
    neighbour.setMinimumSize(20, 20)
    layout = QVBoxLayout(parent)
    layout.addWidget(bar)
    layout.addWidget(neighbour)
    qtbot.addWidget(parent)
    bar.setRange(0, 1000)
    parent.show()
    qtbot.waitUntil(lambda: bool(painted))
    qtbot.wait(50)
    painted.clear()
    for value in range(100, 1000, 100):
        neighbour.update()
        bar.setValue(value)
    assert bar.value() == 900 and not painted, "nothing is painted before the event ends"
    qtbot.waitUntil(lambda: bool(painted))


@pytest.mark.parametrize(("last", "end"), [(0, 4), (4, 4), (5, 5), (9, 10), (11, 15), (17, 20), (101, 150), (300, 300)])
def test_the_axis_of_steps_ends_at_a_round_number(last: float, end: float) -> None:
    assert nice_end(last) == end


def test_axes_are_drawn_again_only_when_they_change(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start(load=False).window
    window.workspaces.show("write")
    live = window.panes.live
    clock = window.context.clock

    def step(number: int) -> None:
        live.loss.add(number, {"cross-entropy": 5.0 / (number + 1)})
        live.items.add(number, 0.1 * number, 0.1 * number, (0.1 * number,) * 3)
        live.tokens.show_tokens([0.1 * number] * 40, 40)
        qtbot.waitUntil(lambda: clock.idle)
        qtbot.wait(40)

    for number in range(3):
        step(number)
    drawn: Counter[str] = Counter()
    for card in (live.loss, live.items, live.tokens):
        for name in ("left", "bottom"):
            axis: Any = card.item.getAxis(name)
            old = axis.drawPicture

            def counted(*given: Any, old: Any = old, key: str = f"{card.title} {name}") -> None:
                drawn[key] += 1
                old(*given)

            monkeypatch.setattr(axis, "drawPicture", counted)
    for number in (3, 4):
        step(number)
    assert not drawn, "steps up to the end of the axis change no axis"
    step(5)
    assert set(drawn) == {"Loss bottom", "p of each item bottom"}, "an axis that ends at 4 steps becomes longer"


def test_plots_that_were_empty_appear_one_at_a_time(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    window.workspaces.show("write")
    live, clock = window.panes.live, window.context.clock
    qtbot.wait(50)
    cards: tuple[LossPlot, ItemPlot, TokenPage] = (live.loss, live.items, live.tokens)
    live.loss.add(0, {"cross-entropy": 5.0})
    live.items.add(0, 0.1, 0.1, (0.1,))
    live.tokens.show_tokens([0.5] * 20, 20)
    assert [card.stack.currentIndex() for card in cards] == [0, 0, 0]
    clock._draw()
    assert sum(card.stack.currentIndex() for card in cards) == 1
    qtbot.waitUntil(lambda: clock.idle)
    assert [card.stack.currentIndex() for card in cards] == [1, 1, 1]
    live.loss.start()
    assert live.loss.stack.currentIndex() == 1, "a write that begins empties no plot"
    live.loss.clear()
    assert live.loss.stack.currentIndex() == 0


def test_axes_are_kept_as_pictures_in_the_window_and_drawn_as_lines_into_files(start: Start) -> None:
    loss = start(load=False).window.panes.live.loss
    kept = QGraphicsItem.CacheMode.DeviceCoordinateCache
    assert all(loss.item.getAxis(name).cacheMode() == kept for name in ("left", "bottom"))


@pytest.mark.slow
def test_the_command_lists_what_each_slot_costs(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slots.main(["--writes", "1", "--model", str(save_tiny_model(tmp_path / "tiny"))]) == 0
    said = capsys.readouterr().out
    assert "longest   mean   calls" in said and "stalls: median" in said


def test_what_is_loaded_with_the_model_is_left_out_of_collections_until_the_end(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    try:
        workbench = start()
        qtbot.waitUntil(lambda: gc.get_freeze_count() > 50_000)
        calls: list[str] = []
        monkeypatch.setattr(gc, "collect", lambda *_: calls.append("collect"))
        workbench.garbage.set_aside()
        assert calls == ["collect"], "a model that is no longer in use is let go"
        monkeypatch.undo()
        workbench.window.close_now()
        assert workbench.close()
        assert gc.get_freeze_count() == 0
    finally:
        if frozen:
            gc.freeze()  # as tests/conftest.py has it
