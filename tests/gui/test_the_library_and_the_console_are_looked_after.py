"""Merge, import, export and load in the library; stop, copy, clear and save in the console; cells and plots."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.application import Workbench
from bdh_workbench.gui.panes.library import LibraryPane
from bdh_workbench.memory.files.memory_file import load_memory, save_memory
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.session.records.jobs import MergeMemories, RetentionRun
from tests.core_factory import DOCUMENT, FACTS
from tests.gui.conftest import WAIT, Said, Start, settle

pytestmark = pytest.mark.qt_log_ignore(
    "This plugin does not support", extend=True
)  # the offscreen one, of windows on windows


def with_two_memories(workbench: Workbench, qtbot: QtBot, model: Model) -> LibraryPane:
    """A library with two memories of the loaded model."""
    for number, facts in enumerate((FACTS[:2], FACTS[2:4])):
        memory = finish(write(model, None, facts)).memory
        save_memory(workbench.context.library.folder / f"part {number}.safetensors", memory)
    library = workbench.window.panes.library
    library.reload()
    qtbot.waitUntil(lambda: library.filter.rowCount() == 2, timeout=WAIT)
    return library


@pytest.fixture
def library(start: Start, qtbot: QtBot, model: Model, home: Path) -> LibraryPane:
    (home / "memories").mkdir(parents=True)
    return with_two_memories(start(), qtbot, model)


def merged(library: LibraryPane, qtbot: QtBot) -> None:
    """Take both memories into use as one, unsaved."""
    context = library.context
    context.submit(MergeMemories(tuple(entry.path for entry in library.model.entries)))
    qtbot.waitUntil(lambda: context.memory is not None and len(context.memory.items) == 4, timeout=WAIT)
    qtbot.waitUntil(lambda: not context.jobs.unfinished, timeout=WAIT)
    assert context.memory is not None and context.memory.dirty and context.memory.path is None


def test_one_memory_is_not_merged(library: LibraryPane) -> None:
    library.table.selectRow(0)
    library.merge()
    assert "two or more" in library.window().panes.activity.remark.text()


def test_memories_go_out_and_come_in(
    library: LibraryPane, qtbot: QtBot, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "given away.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(out), ""))
    library.export()
    assert "one memory" in library.window().panes.activity.remark.text(), "nothing was chosen"
    library.table.selectRow(0)
    library.export()
    qtbot.waitUntil(lambda: not library.context.background.busy, timeout=WAIT)
    assert len(load_memory(out).items) == 2
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(out)], ""))
    library.import_files()
    qtbot.waitUntil(lambda: library.filter.rowCount() == 3, timeout=WAIT)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(out.with_suffix("")), ""))
    out.write_bytes(b"no memory")
    said.confirm = False
    library.table.selectRow(0)
    library.export()
    qtbot.waitUntil(lambda: not library.context.background.busy, timeout=WAIT)
    assert out.read_bytes() == b"no memory" and "Replace it?" in said.questions[-1]
    said.confirm = True
    library.export()
    qtbot.waitUntil(lambda: not library.context.background.busy, timeout=WAIT)
    assert len(load_memory(out).items) == 2
    out.write_bytes(b"no memory")
    library.import_files()
    qtbot.waitUntil(lambda: bool(said.failures), timeout=WAIT)
    assert "given away" in said.failures[0][0] and library.filter.rowCount() == 3


def test_unsaved_work_is_asked_about_before_another_memory_is_loaded(
    library: LibraryPane, qtbot: QtBot, said: Said
) -> None:
    context = library.context
    library.load()
    assert "Choose a memory" in library.window().panes.activity.remark.text()
    merged(library, qtbot)
    library.table.selectRow(0)
    qtbot.waitUntil(lambda: not context.jobs.unfinished, timeout=WAIT)
    said.unsaved = "cancel"
    library.load()
    assert len(context.memory.items) == 4 and not context.jobs.unfinished
    said.unsaved, said.line = "save", "Both"
    library.load()
    qtbot.waitUntil(lambda: len(context.memory.items) == 2 and not context.jobs.unfinished, timeout=WAIT)
    qtbot.waitUntil(lambda: library.filter.rowCount() == 3, timeout=WAIT)
    said.unsaved = "discard"
    library.window().panes.memory.forget()
    assert "Choose the items" in library.window().panes.activity.remark.text()
    library.unload()
    qtbot.waitUntil(lambda: not context.memory.items and not context.jobs.unfinished, timeout=WAIT)


def test_the_keys_and_columns_of_the_library(library: LibraryPane, qtbot: QtBot, said: Said) -> None:
    library.table.selectRow(0)
    said.line = "Renamed by F2"
    QTest.keyClick(library.table, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: any(entry.title == "Renamed by F2" for entry in library.model.entries), timeout=WAIT)
    library.table.selectRow(0)
    QTest.keyClick(library.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: library.context.memory is not None and bool(library.context.memory.items), timeout=WAIT)
    QTest.keyClick(library.table, Qt.Key.Key_Down)
    for place in (
        library._more,
        lambda: library._menu_at(QPoint(5, 5)),
        lambda: library.table._choose_columns(QPoint(5, 5)),
    ):
        place()
        menu = next(menu for menu in library.findChildren(QMenu) if menu.isVisible())
        assert menu.actions()
        if menu.actions()[0].isCheckable():
            shown = menu.actions()[-1].isChecked()
            menu.actions()[-1].toggle()
            assert library.table.isColumnHidden(library.model.columnCount() - 1) is shown
        menu.close()


def test_questions_can_be_stopped_copied_saved_and_cleared(
    start: Start, qtbot: QtBot, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = start().window.panes.ask
    console.ask()
    assert not console.exchanges, "nothing was asked"
    for question in ("The lamp is", "The tide is"):
        console.line.setText(question)
        console.ask()
        qtbot.waitUntil(lambda: console.exchanges[-1].done, timeout=WAIT)
    console.options.sampling.set_settings(type(console.options.sampling.settings())(max_tokens=4000))
    console.line.setText("The lamp is")
    console.options.sentence.setChecked(False)
    console.ask()
    console.stop()
    qtbot.waitUntil(lambda: console.exchanges[-1].done, timeout=WAIT)
    assert console.exchanges[-1].problem == "stopped" and not console.stop_button.isVisible()
    console.copy()
    assert "The tide is" in QGuiApplication.clipboard().text()
    path = tmp_path / "console.md"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    console.export("md")
    assert "The lamp is" in path.read_text(encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "no" / "console.md"), ""))
    console.export("md")
    assert "choose another place" in said.failures[-1][0]
    said.confirm = False
    console.clear()
    assert len(console.exchanges) == 3
    said.confirm = True
    console.clear()
    assert not console.exchanges and "3 questions" in said.questions[-1]


def test_cells_of_facts_are_copied_pasted_and_deleted_by_keys(start: Start) -> None:
    table = start(load=False).window.panes.write.table
    table.facts_model.set_facts(FACTS[:3])
    table.setCurrentIndex(table.facts_model.index(1, 0))
    table.selectRow(1)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith(f"{FACTS[1].prompt}\t{FACTS[1].answer}")
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert [fact.answer for fact in table.facts_model.facts()] == [FACTS[0].answer, FACTS[2].answer]
    table.clearSelection()
    table.setCurrentIndex(table.facts_model.index(2, 0))
    QTest.keyClick(table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert [fact.answer for fact in table.facts_model.facts()][-1] == FACTS[1].answer
    table.selectionModel().select(table.facts_model.index(0, 1), QItemSelectionModel.SelectionFlag.ClearAndSelect)
    QTest.keyClick(table, Qt.Key.Key_Backspace)
    assert table.facts_model.rows[0][1] == ""


def test_a_retention_run_is_of_the_documents_that_its_box_names(
    start: Start, qtbot: QtBot, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = start()
    retention = workbench.window.panes.retention
    submitted: list[RetentionRun] = []
    monkeypatch.setattr(workbench.context.session, "submit", lambda job: (submitted.append(job), len(submitted))[1])
    good, broken, no_words = tmp_path / "good.txt", tmp_path / "broken.txt", tmp_path / "facts.csv"
    good.write_text(DOCUMENT.text)
    broken.write_bytes(b"\xff\xfe\x00")
    no_words.write_text("prompt,answer\nThe lamp is,lit\n")

    def choose(source: int, path: Path | None = None) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(path)] if path else [], ""))
        retention.source.setCurrentIndex(source)
        retention.source.activated.emit(source)

    choose(0)
    choose(2, good)
    retention.run()
    assert not retention.run_button.isEnabled() and not submitted, "the file is still being read"
    qtbot.waitUntil(lambda: not workbench.background.busy, timeout=WAIT)
    assert retention.source.currentText() == "From files…" and retention.run_button.isEnabled()
    choose(2)
    assert retention.source.currentText() == "From files…", "the file dialog was closed: the files before are kept"
    for path in (broken, no_words):
        choose(2, path)
        qtbot.waitUntil(lambda: not workbench.background.busy, timeout=WAIT)
        assert retention.source.currentText() == "Memory in use"
    assert "broken" in said.failures[-1][0] and retention.run_button.isEnabled()
    choose(2)
    assert retention.source.currentText() == "Memory in use"
    choose(2, good)
    qtbot.waitUntil(lambda: not workbench.background.busy, timeout=WAIT)
    retention.run()
    assert [[document.text for document in job.documents or ()] for job in submitted] == [[DOCUMENT.text]]
    retention.job.jobs.clear()  # none was begun


def test_two_quick_presses_start_one_retention_run(start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = start()
    window, submitted = workbench.window, []
    window.panes.retention.source.setCurrentIndex(1)
    monkeypatch.setattr(workbench.context.session, "submit", lambda job: (submitted.append(job), len(submitted))[1])
    for _ in range(2):
        window.actions_by_name["run_retention"].trigger()
    qtbot.waitUntil(lambda: not workbench.background.busy, timeout=WAIT)
    assert len(submitted) == 1 and len(submitted[0].documents) > 1
    window.panes.retention.job.jobs.clear()  # none was begun
    window.panes.retention.run()
    window.panes.retention.stop()  # while the samples are being read
    qtbot.waitUntil(lambda: not workbench.background.busy, timeout=WAIT)
    assert len(submitted) == 1 and not window.panes.retention.busy and window.panes.retention.source.isEnabled()


def test_a_place_in_a_plot_is_named_with_its_value(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    retention = window.panes.retention
    retention._documents = (DOCUMENT,)
    retention.source.setCurrentIndex(2)
    retention.run()
    retention.run()  # a second press while it runs does nothing
    settle(workbench, qtbot)
    assert "one document only" in retention.state.text()
    assert DOCUMENT.title in retention.matrix.hover(1.0, 1.0) and not retention.matrix.hover(7.0, 7.0)
    window.panes.gates.line.setText("The lamp")
    window.panes.gates.look()
    qtbot.waitUntil(lambda: window.panes.gates.seen is not None, timeout=WAIT)
    assert "written" in window.panes.gates.reads.hover(0.0, float(len(window.panes.gates.reads.rows) - 1))
    headers, rows = window.panes.gates.reads.table()
    assert len(headers) == len(window.panes.gates.reads.columns) + 1 and len(rows) == len(window.panes.gates.reads.rows)


def test_a_run_of_retention_can_be_stopped(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    retention = workbench.window.panes.retention
    retention.source.setCurrentIndex(1)
    retention.run()
    qtbot.waitUntil(lambda: retention.job.busy, timeout=WAIT)
    retention.stop()
    settle(workbench, qtbot)
    assert retention.state.text() == "Stopped." and retention.run_button.isEnabled()
