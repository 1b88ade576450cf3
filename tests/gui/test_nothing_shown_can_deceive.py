"""A memory, a model and a question full of hostile words: no widget of the whole window shows what could deceive."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QModelIndex
from PySide6.QtGui import QAction, Qt, QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QGraphicsTextItem,
    QGraphicsView,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from bdh_workbench.memory.files.library import Library
from bdh_workbench.memory.files.memory_file import load_memory, save_memory
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.session.records.events import JobFailed, JobStarted
from bdh_workbench.session.records.jobs import LoadModel, OpenMemory, Query, job_title
from tests.core_factory import DOCUMENT, FACTS
from tests.gui.conftest import WAIT, Said, Start, press_write, settle

EVIL = "red\u202egnp.exe\u2066\x1b[2J\x07\u2028\ufeff<b>bold</b><img src='/etc/hostname'>"


def cells(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    """Everything that a table or a tree says of itself."""
    for row in range(model.rowCount(parent)):
        for column in range(model.columnCount(parent)):
            index = model.index(row, column, parent)
            yield str(model.data(index, Qt.ItemDataRole.DisplayRole) or "")  # never taken for HTML, as tooltips are
            yield drawn(str(model.data(index, Qt.ItemDataRole.ToolTipRole) or ""))
        yield from cells(model, model.index(row, 0, parent))


def drawn(text: str) -> str:
    """Text as Qt draws it where it may look like HTML to it."""
    if not Qt.mightBeRichText(text):
        return text
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def texts(window: QWidget) -> Iterator[tuple[str, str]]:
    """All that is shown anywhere in a window, hidden panes, tooltips, menus and plots with it."""
    for action in window.findChildren(QAction):
        for said in (action.text(), action.toolTip(), action.statusTip()):
            yield "action", drawn(said)
    for widget in (window, *window.findChildren(QWidget)):
        name = f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        yield name, widget.windowTitle()
        yield name, drawn(widget.toolTip())
        yield name, widget.accessibleName()
        match widget:
            case QLabel():
                yield name, widget.text() if widget.textFormat() == Qt.TextFormat.PlainText else drawn(widget.text())
            case QAbstractButton() | QLineEdit():
                yield name, widget.text()
            case QGroupBox():
                yield name, widget.title()
            case QProgressBar():
                yield name, widget.format()
            case QComboBox():
                yield from ((name, widget.itemText(index)) for index in range(widget.count()))
            case QTabBar():
                yield from ((name, widget.tabText(index)) for index in range(widget.count()))
            case QTextEdit() | QPlainTextEdit():
                yield name, widget.toPlainText()
            case QAbstractItemView() if widget.model() is not None:
                yield from ((name, cell) for cell in cells(widget.model(), QModelIndex()))
            case QGraphicsView() if widget.scene() is not None:
                found = [item for item in widget.scene().items() if isinstance(item, QGraphicsTextItem)]
                yield from ((name, item.toPlainText()) for item in found)


def dangerous(text: str) -> bool:
    """Whether a text contains what moves a cursor or turns the direction of writing."""
    return any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t" for c in text)


def evil_memory(home: Path, model: Model) -> Path:
    """A memory in the library of a home whose every word is hostile."""
    memory = finish(write(model, None, FACTS[:2], (DOCUMENT,))).memory
    items = [dataclasses.replace(item, title=EVIL) for item in memory.items]
    items = [dataclasses.replace(i, **({"prompt": EVIL, "answer": EVIL} if i.text is None else {"text": EVIL * 40}))
             for i in items]  # fmt: skip
    layers = [dataclasses.replace(layer, title=EVIL) for layer in memory.layers]
    memory = dataclasses.replace(
        memory, title=EVIL, note=EVIL, model_name=EVIL, items=tuple(items), layers=tuple(layers)
    )
    path = Library(home / "memories").save(memory)
    other = path.with_name("other\u202e\x07.safetensors")
    save_memory(other, dataclasses.replace(load_memory(path), model="0" * 64))
    path.with_name("broken\u202e\x1b.safetensors").write_bytes(b"nothing")
    return path


def test_no_widget_shows_marks_that_turn_text_or_takes_words_for_html(
    start: Start, qtbot: QtBot, said: Said, home: Path, model: Model
) -> None:
    path = evil_memory(home, model)
    workbench = start()
    settle(workbench, qtbot)
    window = workbench.window
    assert window.panes.library.filter.rowCount() == 3
    for row in range(3):  # what is in a memory without loading it; one belongs to another model, one is broken
        window.panes.library.table.selectRow(row)
        settle(workbench, qtbot)
    window.panes.library.open_file(path)
    settle(workbench, qtbot)
    assert workbench.context.memory is not None and workbench.context.memory.items
    for question in (FACTS[0].prompt, EVIL):
        window.panes.ask.line.setText(question)
        window.panes.ask.ask()
        window.panes.ask.line.clear()
        qtbot.waitUntil(lambda: window.panes.ask.exchanges[-1].done, timeout=WAIT)
    assert window.panes.ask.exchanges[0].sources, "the answer names its hostile source"
    window.panes.gates.line.setText(FACTS[0].prompt)
    window.panes.gates.look()
    qtbot.waitUntil(lambda: window.panes.gates.seen is not None, timeout=WAIT)
    press_write(workbench, FACTS[2:4])
    settle(workbench, qtbot)
    window.fail(f"{EVIL} was refused.", EVIL)
    shown = list(texts(window))
    for number, job in enumerate((Query(EVIL), OpenMemory(Path(EVIL)), LoadModel(EVIL)), 900):
        window.panes.activity._started(JobStarted(number, job_title(job)))
        window.panes.activity._show()  # at once, not only when it takes long
        shown += texts(window)
        window.panes.activity._ended(JobFailed(number, f"{EVIL} is damaged.", ""))
    assert sum("gnp.exe" in text for _, text in shown) > 10, "the hostile words are shown in many places"
    bad = {(name, text) for name, text in shown if dangerous(text)}
    assert not bad
    # What was taken for HTML would have lost its tags.
    assert not {(name, text) for name, text in shown if "gnp.exe" in text and "bold" in text and "<b>" not in text}
