"""What confused somebody who used the window for the first time, with texts and questions of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QEventLoop, QMimeData, Qt, QTimer
from PySide6.QtGui import QStatusTipEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.application import Workbench
from bdh_workbench.gui.dialogs.files import TEXT_KINDS, open_paths
from bdh_workbench.gui.dialogs.questions import question_box
from bdh_workbench.gui.look.colours import LIGHT
from bdh_workbench.gui.panes.checks import _came
from bdh_workbench.gui.parts.asking.exchange import NOTHING_ASKED, NOTHING_STORED
from bdh_workbench.gui.parts.asking.probability import bar
from bdh_workbench.gui.window.main_window import FIRST_SIZE, MINIMUM
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.session.records.events import JobProgress, JobQueued, JobStarted
from bdh_workbench.session.records.jobs import NewMemory, SaveMemory
from bdh_workbench.session.records.notebook import Check, CheckResult
from tests.core_factory import DOCUMENT, OTHER_DOCUMENT, many_facts
from tests.gui.conftest import WAIT, Start, begin_long_write, press_write, settle


def paste_over(workbench: Workbench, text: str) -> None:
    """Select all of the text in the Write pane, and paste another."""
    editor = workbench.window.panes.write.editor
    editor.selectAll()
    source = QMimeData()
    source.setText(text)
    editor.insertFromMimeData(source)


def test_a_text_that_is_pasted_over_another_does_not_get_its_title(start: Start) -> None:
    workbench = start(load=False)
    write = workbench.window.panes.write
    write.show_documents([TextDocument("minutes", "The club has met. It has a boat.")])
    paste_over(workbench, "The clockmender\n\nHe lost his sight and told nobody.")
    assert [one.title for one in write.documents()] == ["The clockmender"]
    assert write.title_line.placeholderText() == "Title: The clockmender"
    write.editor.selectAll()
    write.editor.textCursor().removeSelectedText()
    assert write.title_line.placeholderText() == "Title of the document"


def test_a_title_that_was_typed_stays_with_another_text(start: Start, qtbot: QtBot) -> None:
    workbench = start(load=False)
    write = workbench.window.panes.write
    write.show_documents([TextDocument("minutes", "The club has met.")])
    write.title_line.selectAll()
    QTest.keyClicks(write.title_line, "My club")
    paste_over(workbench, "The club has met again.")
    assert [one.title for one in write.documents()] == ["My club"]


def test_a_paste_into_a_text_leaves_its_title(start: Start) -> None:
    workbench = start(load=False)
    write = workbench.window.panes.write
    write.show_documents([TextDocument("minutes", "The club has met.")])
    write.editor.moveCursor(QTextCursor.MoveOperation.End)
    source = QMimeData()
    source.setText(" It has a boat.")
    write.editor.insertFromMimeData(source)
    assert [one.title for one in write.documents()] == ["minutes"]


def test_what_is_going_on_stays_in_sight_while_the_mouse_rests_on_a_button(start: Start) -> None:
    window = start(load=False).window
    activity, bridge = window.panes.activity, window.context.bridge
    bridge.emit_event(JobStarted(7, "Write 1 document"))
    bridge.emit_event(JobProgress(7, 0.5, "Fitting the memory"))
    QApplication.processEvents()
    activity._begun -= 1.0
    QApplication.sendEvent(window, QStatusTipEvent("Undo the last change to the memory"))
    assert activity.now.isVisible() and "Fitting" in activity.now.text() and activity.progress.isVisible()
    assert activity.remark.text() == "Undo the last change to the memory"
    assert window.statusBar().currentMessage() == ""
    activity.say("Copied.")
    QApplication.sendEvent(window, QStatusTipEvent(""))
    assert activity.remark.text() == "Copied.", "what was said last comes back"


def test_a_job_that_nobody_asked_for_is_not_shown_as_one(start: Start) -> None:
    window = start(load=False).window
    activity, context = window.panes.activity, window.context
    context.jobs.quiet.add(9)
    for event in (JobQueued(9, "Recite an item"), JobStarted(9, "Recite an item"), JobProgress(9, 0.5, "")):
        context.bridge.emit_event(event)
    QApplication.processEvents()
    activity._begun -= 1.0
    activity._changed()
    assert activity.now.text() == "Ready" and not activity.progress.isVisible()
    assert activity.list.topLevelItemCount() == 0 and not activity.idle.isHidden()


def test_no_sentence_stays_marked_after_an_answer_without_a_source(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    write = window.panes.write
    write.show_documents([DOCUMENT])
    write.write()
    settle(workbench, qtbot)
    window.workspaces.show("ask")
    text = window.panes.text
    text.view.mark((0, 10))
    window.context.state.source_found.emit(None)
    assert text.view.marked is None


def test_after_a_write_the_way_to_the_question_line_is_a_button(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    window.workspaces.show("write")
    write = window.panes.write
    assert write.ask_button.isHidden() and write.pause_button.isHidden() and write.cancel_button.isHidden()
    press_write(workbench, many_facts(2))
    assert write.ask_button.isHidden() and not write.cancel_button.isHidden()
    settle(workbench, qtbot)
    assert not write.ask_button.isHidden() and write.cancel_button.isHidden()
    write.ask_button.click()
    assert window.workspaces.current == "ask" and window.focusWidget() is window.panes.ask.line


def test_the_focus_of_a_button_that_goes_away_comes_to_no_button_that_undoes(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    window.workspaces.show("write")
    write = window.panes.write
    press_write(workbench, many_facts(2))
    write.cancel_button.setFocus()
    settle(workbench, qtbot)
    assert window.focusWidget() is write.write_button


def test_what_was_written_is_not_called_written_in_another_memory(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write = workbench.window.panes.write
    press_write(workbench, many_facts(2))
    settle(workbench, qtbot)
    assert "written: 2 facts" in write.status.text()
    workbench.context.submit(NewMemory())
    settle(workbench, qtbot)
    qtbot.waitUntil(lambda: "fits" in write.status.text(), timeout=60_000)
    assert "written" not in write.status.text()


def test_undo_and_redo_say_what_the_memory_contains_now(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    press_write(workbench, many_facts(2))
    settle(workbench, qtbot)
    window.actions_by_name["undo"].trigger()
    settle(workbench, qtbot)
    assert window.panes.activity.remark.text() == "Undone: the memory is now empty."
    window.actions_by_name["redo"].trigger()
    settle(workbench, qtbot)
    assert window.panes.activity.remark.text() == "Redone: the memory now contains 2 facts."


def test_an_empty_memory_says_that_something_must_be_written_first(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    ask = workbench.window.panes.ask
    workbench.window.workspaces.show("ask")
    qtbot.waitUntil(lambda: NOTHING_STORED[0] in ask.view.toPlainText())
    press_write(workbench, many_facts(2))
    settle(workbench, qtbot)
    qtbot.waitUntil(lambda: NOTHING_ASKED[0] in ask.view.toPlainText())


def test_the_chart_of_next_tokens_goes_with_its_memory(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    ask = workbench.window.panes.ask
    ask.bars.show_tops([("salt", 0.9)], [("sea", 0.5)])
    workbench.context.submit(NewMemory())
    settle(workbench, qtbot)
    assert ask.bars.names == []


def test_from_a_memory_that_a_search_found_there_is_a_way_back(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window, context = workbench.window, workbench.context
    write, text = window.panes.write, window.panes.text
    for document in (OTHER_DOCUMENT, DOCUMENT):
        write.show_documents([document])
        write.write()
        settle(workbench, qtbot)
        context.submit(SaveMemory(None, document.title))
        settle(workbench, qtbot)
        if document is OTHER_DOCUMENT:
            assert context.memory is not None
            other = context.memory.path
            context.submit(NewMemory())
            settle(workbench, qtbot)
    window.workspaces.show("ask")
    assert text.back_button.isHidden()
    text._other = other  # as a hit of a search leaves it
    text._show_pages()
    assert not text.back_button.isHidden()
    text.back_button.click()
    assert text.back_button.isHidden() and text.view.whole == DOCUMENT.text


def test_an_answer_that_is_more_probably_wrong_is_not_green() -> None:
    assert LIGHT.good.lstrip("#") in bar(0.5, LIGHT) and LIGHT.warning.lstrip("#") in bar(0.49, LIGHT)


def test_a_check_that_rightly_had_no_answer_does_not_seem_a_bad_one() -> None:
    check = Check("What colour is the saw?", "")
    assert _came(check, CheckResult(check.question, "", 0.08, right=True)) == "no answer"
    assert _came(check, CheckResult(check.question, "red", 0.6, right=False)) == "0.600"


def test_a_file_dialog_does_not_list_thirty_endings(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def choose(*_: object, options: object) -> tuple[list[str], str]:
        given.append(options)
        return [], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    open_paths(None, "Open", TEXT_KINDS)  # type: ignore[arg-type]
    assert given == [QFileDialog.Option.HideNameFilterDetails]


def test_the_library_offers_what_can_be_done_with_the_chosen_memories(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    library = workbench.window.panes.library
    press_write(workbench, many_facts(2))
    settle(workbench, qtbot)
    for title in ("One", "Two"):
        workbench.context.submit(SaveMemory(title=title, new=True))
        settle(workbench, qtbot)
    library.reload()
    settle(workbench, qtbot)

    def offered() -> set[str]:
        menu = library._menu()
        names = {action.text().rstrip("….") for action in menu.actions() if action.isEnabled()}
        menu.deleteLater()
        return names

    library.table.clearSelection()
    assert not library.load_button.isEnabled() and not offered() & {"Load", "Rename", "Merge chosen"}
    library.table.selectRow(0)
    assert library.load_button.isEnabled() and "Rename" in offered() and "Merge chosen" not in offered()
    library.table.selectAll()
    assert not library.load_button.isEnabled() and "Merge chosen" in offered() and "Rename" not in offered()


@pytest.mark.parametrize("height", [180, 187, 193])
def test_no_line_of_a_text_is_cut_in_half(start: Start, qtbot: QtBot, height: int) -> None:
    window = start(load=False).window
    view = window.panes.text.view
    window.workspaces.show("ask")
    view.show_text("A line of the text.\n" * 60)
    view.setFixedHeight(height)
    qtbot.wait(30)
    assert view.viewport().height() % view.fontMetrics().height() == 0
    assert view.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    view.verticalScrollBar().setValue(20)
    assert view.contentOffset().y() == 0, "nor is one at the top"


def test_a_dialog_opens_over_the_workspace_that_was_chosen_and_nothing_of_another(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    window.workspaces.show("ask")
    qtbot.wait(50)
    seen: list[list[str]] = []

    def open_dialog() -> None:
        window.workspaces.go_to("write")
        loop = QEventLoop()  # as a dialog has one: what is to be deleted waits for the loop around it
        QTimer.singleShot(100, loop.quit)
        loop.exec()
        seen.extend([bar.tabText(n) for n in range(bar.count())] for bar in window.workspaces._bars())

    QTimer.singleShot(0, open_dialog)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [["Live plots", "Memory", "Activity and log"]]


def test_positions_are_counted_from_one_at_the_axis_too(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    slots = window.panes.live.slots
    slots.show_use([[1.0, 0.0]] * 12, 64)
    slots.redraw()
    assert [name for _, name in slots._ticks["bottom"] or ()] == ["1", "3", "5", "7", "9", "11"]
    assert slots.hover(0.0, 0.0).startswith("position 1\n")


def test_what_cancels_the_checks_takes_the_place_of_what_runs_them(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    checks = window.panes.checks
    window.workspaces.show("ask")
    press_write(workbench, many_facts(2))
    settle(workbench, qtbot)
    checks.pin(Check("The seal of Oster shows", "salt"))
    settle(workbench, qtbot)
    assert not checks.run_button.isHidden() and checks.job.stop_button.isHidden()
    before = window.docks["checks"].minimumSizeHint().width()
    checks.run_button.setFocus()
    checks.run()
    assert checks.run_button.isHidden() and not checks.job.stop_button.isHidden()
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    assert window.docks["checks"].minimumSizeHint().width() <= before + 40, "the pane does not jump"
    assert window.focusWidget() is checks.tree
    settle(workbench, qtbot)
    assert not checks.run_button.isHidden() and checks.job.stop_button.isHidden()


def test_a_list_of_documents_has_no_room_for_states_that_there_are_not(start: Start) -> None:
    pages = start(load=False).window.panes.write.pages
    pages.show_documents([DOCUMENT, OTHER_DOCUMENT])
    assert pages.queue.isColumnHidden(2)
    pages.set_states({DOCUMENT.title: "waiting"})
    assert not pages.queue.isColumnHidden(2)
    pages.clear_states()
    assert pages.queue.isColumnHidden(2)


def test_the_workspaces_have_short_names_on_their_buttons_and_whole_ones_in_the_menu(start: Start) -> None:
    window = start(load=False).window
    action = window.actions_by_name["workspace_ask"]
    assert (action.text(), action.iconText()) == ("Ask workspace", "Ask")


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # a window on a window
def test_a_question_shows_in_blue_what_enter_does(qapp: QApplication, start: Start) -> None:
    window = start(load=False).window
    box = question_box(window, "Save them first?", "Save", "Do not save", "Cancel")
    box.show()
    QApplication.processEvents()
    save = next(button for button in box.buttons() if button.text() == "Save")
    shade = save.grab().toImage().pixelColor(save.width() // 2, 6)
    assert shade.name() == LIGHT.accent
    box.deleteLater()


def test_escape_in_the_question_line_stops_the_question_and_not_the_write_before_it(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    begin_long_write(workbench, qtbot)
    write = window.panes.write.job
    window.workspaces.go_to("ask")
    window.panes.ask.ask_again("What does the seal of Oster show?")
    window.actions_by_name["cancel"].trigger()
    qtbot.waitUntil(lambda: window.panes.ask.exchanges[-1].done, timeout=WAIT)
    assert window.panes.ask.exchanges[-1].problem == "stopped"
    assert window.panes.write.job == write and write not in window.context.jobs.stopping
    window.actions_by_name["cancel"].trigger()
    settle(workbench, qtbot)
    assert window.panes.write.job is None, "then it stops the write"


def test_the_mark_of_unsaved_changes_is_in_sight_however_long_the_title(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    window.panes.write.show_documents([TextDocument("Minutes of the Millbrook Rowing Club, 14 March", DOCUMENT.text)])
    window.panes.write.write()
    settle(workbench, qtbot)
    label = window.header.memory
    for size in (MINIMUM, FIRST_SIZE):
        window.resize(*size)
        qtbot.wait(30)
        beginning = label.text()[: label.text().index("●") + 1]
        assert label.fontMetrics().horizontalAdvance(f"{beginning}…") <= label.contentsRect().width(), size
