"""However many questions were asked, the newest answer is the one in sight; and what was asked about it is told."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractSlider
from pytestqt.qtbot import QtBot

from bdh_workbench.asking.answers import Scored
from bdh_workbench.gui.panes.ask import KEPT_EXCHANGES, SHOWN_EXCHANGES
from bdh_workbench.gui.parts.asking.exchange import Exchange
from tests.gui.conftest import Start


@pytest.mark.parametrize("words", [20, 200])
def test_the_newest_answer_is_in_sight_after_any_number_of_questions(start: Start, qtbot: QtBot, words: int) -> None:
    workbench = start(load=False)
    workbench.window.resize(1480, 920)
    workbench.window.workspaces.reset()
    workbench.window.workspaces.show("ask")
    console = workbench.window.panes.ask
    bar = console.view.verticalScrollBar()
    for number in range(SHOWN_EXCHANGES + 5):
        answer = "words of it " * words
        console.exchanges.append(Exchange(number, f"Question {number}", answer, untouched="something else", done=True))
        console.redraw()
        qtbot.wait(25)  # long enough for Qt to continue with its layout
        assert bar.value() == bar.maximum(), number
    assert bar.maximum() > 0 and len(console.exchanges) < KEPT_EXCHANGES
    assert console.view.toPlainText().find(f"Question {SHOWN_EXCHANGES + 4}") > 0


def test_who_scrolls_back_stays_there_while_the_page_is_laid_out(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    window.workspaces.show("ask")
    console = window.panes.ask
    for number in range(SHOWN_EXCHANGES):
        console.exchanges.append(Exchange(number, f"Question {number}", "words of it " * 200, done=True))
    console.redraw()
    qtbot.wait(25)
    bar = console.view.verticalScrollBar()
    bar.triggerAction(QAbstractSlider.SliderAction.SliderToMinimum)
    bar.setRange(0, bar.maximum() + 50)
    assert bar.value() == 0


@pytest.mark.parametrize(("greedy", "how"), [(True, "as decoded"), (False, "not the decoded answer")])
def test_an_expected_answer_is_told_as_it_was_scored(greedy: bool, how: str) -> None:
    exchange = Exchange(1, "The miller kept", "two grey mules", done=True)
    exchange.expected = Scored("two grey mules", 0.973, 0.98, 0.99, greedy, ())
    assert exchange.verdict() == f"expected “two grey mules”: p 0.973, {how}"
