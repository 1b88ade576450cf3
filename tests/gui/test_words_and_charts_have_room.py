"""What is to be read has room: the text, the last answer, the numbers of a chart or table, titles and remarks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLineEdit, QStyle
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.dialogs.lines import Line, LinesDialog
from bdh_workbench.gui.panes.ask import CHART_HEIGHT
from bdh_workbench.gui.parts.writing.documents import WRITTEN_SIGN
from bdh_workbench.gui.parts.writing.reading import read_paste
from bdh_workbench.gui.plots.bars import NextTokens
from bdh_workbench.gui.plots.key import LINE_HEIGHT, Key, Sign
from bdh_workbench.gui.shared.clock import DrawClock
from bdh_workbench.gui.window.main_window import FIRST_SIZE, MINIMUM
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.prose import title_of
from bdh_workbench.session.records.events import JobQueued
from tests.core_factory import DOCUMENT, OTHER_DOCUMENT
from tests.gui.conftest import Start


def test_answers_and_chart_have_room_beside_open_settings(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    console = window.panes.ask
    window.workspaces.show("ask")
    console.chart_button.click()
    console.settings_button.click()
    for size in ((1480, 920), MINIMUM):
        window.resize(*size)
        window.workspaces.reset()
        qtbot.wait(50)
        assert console.view.height() > console.options.height(), size
        assert not console.bars.isVisible() or console.bars.height() >= CHART_HEIGHT, size
    console.settings_button.click()
    qtbot.wait(50)
    assert console.bars.isVisible(), "it comes back with the room"


def test_a_text_has_three_lines_at_least_beside_the_advanced_settings(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    window.panes.write.show_documents((DOCUMENT, OTHER_DOCUMENT))
    window.panes.write.advanced_button.click()
    for size, lines in (((1480, 920), 5), (MINIMUM, 3)):
        window.resize(*size)
        window.workspaces.reset()
        qtbot.wait(50)
        window.panes.write._tell("two lines of words about the write that has just ended " * 2)
        qtbot.wait(50)
        editor = window.panes.write.editor
        assert editor.viewport().height() >= lines * editor.fontMetrics().height(), size
        assert editor.visibleRegion().boundingRect().height() == editor.height(), f"cut off at {size}"


def test_long_prompts_are_shown_whole_in_the_smallest_window(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    prompt = (
        "The lighthouse at Cobbler's Point, which was rebuilt after the storm of the last winter, is kept by a retired"
    )
    table = window.panes.write.table
    table.facts_model.set_facts((Fact(prompt, "baker", (prompt, prompt)), Fact("Old Henrik collects", "clocks", ())))
    window.panes.write.tabs.setCurrentIndex(1)
    window.resize(*MINIMUM)
    window.workspaces.reset()
    qtbot.wait(50)
    metrics = table.fontMetrics()
    width = table.columnWidth(0)
    lines = metrics.boundingRect(0, 0, width - 16, 10_000, Qt.TextFlag.TextWordWrap, prompt).height()
    assert lines > 2 * metrics.height(), "it does not fit into two lines"
    assert 2 * lines > table.rowHeight(0) >= lines > table.rowHeight(1), "paraphrases may be cut"


def test_the_queue_shows_every_document_and_its_state(start: Start) -> None:
    pages = start(load=False).window.panes.write.pages
    assert pages.queue.isHidden() and pages.one_by_one.isHidden()
    pages.show_documents((DOCUMENT, OTHER_DOCUMENT))
    assert not pages.queue.isHidden() and not pages.one_by_one.isHidden()
    pages.set_states({OTHER_DOCUMENT.title: WRITTEN_SIGN})
    lines = [pages.queue.topLevelItem(number) for number in range(2)]
    assert [line.text(0) for line in lines] == [DOCUMENT.title, OTHER_DOCUMENT.title]
    assert [line.text(2) for line in lines] == ["", WRITTEN_SIGN]
    pages.queue.setCurrentItem(lines[1])
    assert pages.title_line.text() == OTHER_DOCUMENT.title
    pages.add_documents((TextDocument("Third", "A third text."),))
    assert [one.title for one in pages.documents()] == [DOCUMENT.title, "Third"], "what was written leaves the queue"


def test_a_short_axis_has_a_number_besides_zero(qapp: QApplication) -> None:
    for top in (0.01, 0.05, 0.07, 0.1, 0.3, 0.7, 1.0):
        bars = NextTokens(DrawClock(), "", "", ("on", "off"), "")
        bars.plot.resize(150, 200)
        bars.show_tops([("a", top)], [("a", top / 2)])
        bars.redraw()
        inside = bars.item.viewRange()[0][1]
        # A number at the very end has no room for its right half, and is left out.
        assert any(0 < place <= 0.85 * inside for place, _ in bars.item.getAxis("bottom")._tickLevels[0]), top


def test_a_probability_of_four_digits_is_shown_whole(start: Start) -> None:
    items = start(load=False).window.panes.memory.details.items
    assert items.columnWidth(1) >= QFontMetrics(items.font()).horizontalAdvance("0.9998") + 14


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the offscreen one, of windows on windows
def test_a_long_title_is_asked_about_with_its_beginning_in_sight(qapp: QApplication) -> None:
    seen: list[tuple[int, str]] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, LinesDialog)
        line = dialog.findChild(QLineEdit)
        assert line is not None
        seen.append((line.cursorPosition(), line.selectedText()))
        dialog.accept()

    QTimer.singleShot(50, look)
    title = "The floating post office + " * 8
    assert Line.ask(None, "Title", title, title="Save the memory", verb="Save") == title.strip()
    assert seen == [(0, title)]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the offscreen one, of windows on windows
def test_a_low_key_shortens_its_words_and_keeps_one_line(qtbot: QtBot) -> None:
    key = Key()
    qtbot.addWidget(key)
    key.resize(190, 20)
    key.show()
    names = ("1 The floating post office", "2 The Museum of Unfinished Things")
    key.set_signs([Sign(name, "#000000") for name in names])
    assert key.height() == 2 * LINE_HEIGHT and not key.toolTip()
    key.set_low(True)
    assert key.height() == LINE_HEIGHT and all(name in key.toolTip() for name in names)
    key.resize(60, 20)
    assert key.height() == 2 * LINE_HEIGHT, "nothing would be left of the words"


def test_the_window_opens_with_its_title_bar_on_the_screen(start: Start) -> None:
    window = start(load=False).window
    bar = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    room = window.screen().availableSize().height() - bar
    assert window.height() == max(MINIMUM[1], min(FIRST_SIZE[1], room)) < FIRST_SIZE[1]


def test_the_memory_of_last_time_is_named_while_it_is_opened(start: Start) -> None:
    window = start(load=False).window
    assert window.header.memory.text() == "empty memory"
    window.expect("Ten facts")
    assert window.header.memory.text() == "opening Ten facts …"
    window.expect("")
    assert window.header.memory.text() == "empty memory"


def test_a_pasted_text_is_titled_by_its_heading(qapp: QApplication) -> None:
    marked = "---\nlang: en\n---\n\n# Bees: a year\n\nIn spring they wake.\n"
    assert [document.title for document in read_paste(marked)[1]] == ["Bees: a year"]
    assert [document.title for document in read_paste("In spring they wake. Then")[1]] == ["In spring they wake"]
    assert title_of("# Bees: a year #\n\nIn spring") == "Bees: a year"


def test_ready_is_not_said_while_something_waits(start: Start) -> None:
    activity = start(load=False).window.panes.activity
    activity._queued(JobQueued(1, "Write 1 document"))
    assert activity.now.text() == "1 job waiting"
    activity.jobs.clear()
    activity._show()
    assert activity.now.text() == "Ready"


def test_a_remark_stands_at_the_left_while_nothing_runs(start: Start) -> None:
    window = start(load=False).window
    window.say("Saved as Stories.")
    assert not window.panes.activity.now.isVisible() and window.panes.activity.remark.text() == "Saved as Stories."
    window.panes.activity._quiet.timeout.emit()
    assert window.panes.activity.now.isVisible()
