"""The queue of documents that are to be written: one is in the editor, a list of them stands above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.look.widgets import flat_button, note, row
from bdh_workbench.gui.look.words import plural, short, size, tip
from bdh_workbench.gui.parts.writing.document_editor import DocumentEditor
from bdh_workbench.gui.parts.writing.facts_table import KEPT_CHANGES
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.inputs.prose import title_of

SHOWN_ROWS = 4  # documents of the queue that are in sight at once
WRITTEN_SIGN = "✓ written"
NO_TITLE = "Title of the document"
TITLE_PART = 2000  # characters of a text that its title is looked for in while it is typed


class Documents(QWidget):
    """The editor with a title line, and the queue where there are several documents."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._all: list[TextDocument | None] = [None]  # None: nothing stands in it
        self._shown = 0
        self._before: list[tuple[TextDocument, ...]] = []  # what was replaced, the newest last
        self._states: dict[str, str] = {}  # of documents, by title
        self._filling = False
        self._given = False  # whether the title came with the text, and goes with it
        self.title_line = QLineEdit()
        self.title_line.setPlaceholderText(NO_TITLE)
        self.title_line.setAccessibleName("Title of the document")
        self.editor = DocumentEditor()
        self.queue = QTreeWidget()
        self._set_up_queue()
        self.one_by_one = QCheckBox("One after the other")
        self.one_by_one.setToolTip(
            "Write each document in a separate step that can be undone by itself. Off: all in one write."
        )
        self.one_by_one.setVisible(False)
        self.large_note = note("", "Size of a long text")
        self.large_note.setVisible(False)
        self.remove_button = flat_button("remove", "Remove this document from the queue (Delete)", self.remove)
        self.remove_button.setVisible(False)
        add = flat_button("+ document", "Add another document", self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.queue)
        heading = row(self.title_line, self.one_by_one, self.remove_button, add, spacing=4)
        heading.setStretch(0, 1)
        column.addLayout(heading)
        column.addWidget(self.editor, 1)
        column.addWidget(self.large_note)
        self.editor.textChanged.connect(self._tell)
        self.editor.large_changed.connect(self._large_changed)
        self.editor.replaced.connect(self._forget_title)
        self.title_line.textChanged.connect(self._tell)
        self.title_line.textEdited.connect(lambda _text: self.keep_title())
        self.queue.currentItemChanged.connect(self._choose)

    def _set_up_queue(self) -> None:
        queue = self.queue
        queue.setAccessibleName("Documents to write")
        queue.setHeaderHidden(True)
        queue.setColumnCount(3)
        queue.setRootIsDecorated(False)
        queue.setUniformRowHeights(True)
        queue.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        queue.setVisible(False)
        header = queue.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        metrics = QFontMetrics(queue.font())
        header.resizeSection(1, metrics.horizontalAdvance("1,000 words") + 16)
        header.resizeSection(2, metrics.horizontalAdvance("writing · p 0.999") + 12)

    # What stands here

    def documents(self) -> tuple[TextDocument, ...]:
        """All that hold a text."""
        self._keep()
        return tuple(document for document in self._all if document is not None)

    def show_documents(self, documents: Sequence[TextDocument]) -> None:
        """Put these in place of what is there, which can be brought back."""
        self._remember()
        self._states.clear()
        self._fill(list(documents), 0)

    def add_documents(self, documents: Sequence[TextDocument]) -> None:
        """Add these to the queue; what was written already leaves it."""
        waiting = [one for one in self.documents() if self._states.get(one.title) != WRITTEN_SIGN]
        kept = [one for one in waiting if one not in documents]
        if len(kept) < len(self.documents()):
            self._remember()
        self._fill([*kept, *documents], len(kept))

    def bring_back(self) -> bool:
        """Show what stood here before it was replaced; whether there was something."""
        if not self._before:
            return False
        self._states.clear()
        self._fill(list(self._before.pop()), 0)
        return True

    def add(self) -> None:
        """Begin another one."""
        self._keep()
        if self._all[-1] is not None:
            self._fill([*self._all, None], len(self._all))
            self.title_line.setFocus()

    def remove(self) -> None:
        """Take the one that is shown out; it can be brought back."""
        self._remember()
        left = [document for place, document in enumerate(self._all) if place != self._shown]
        self._fill(left, min(self._shown, max(0, len(left) - 1)))

    def set_states(self, states: Mapping[str, str]) -> None:
        """Say what becomes of documents, by their titles."""
        self._states.update(states)
        for place in range(self.queue.topLevelItemCount()):
            line, document = self.queue.topLevelItem(place), self._all[place]
            if line is not None and document is not None:
                line.setText(2, self._states.get(document.title, ""))
        self._show_states()

    def clear_states(self) -> None:
        """Nothing is known of any."""
        self.set_states(dict.fromkeys(self._states, ""))
        self._states.clear()

    # Inside

    def _remember(self) -> None:
        old = self.documents()
        if old:
            self._before.append(old)
            del self._before[:-KEPT_CHANGES]

    def _keep(self) -> None:
        """Note down what stands in the editor."""
        text = self.editor.text()
        old = self._all[self._shown]
        if is_blank(text):
            self._all[self._shown] = None
            return
        title = self.title_line.text().strip()
        title = title_of(text) if is_blank(title) else title
        probes = old.probes if old is not None and old.text == text else ()
        self._all[self._shown] = TextDocument(title or "Untitled", text, probes)

    def _fill(self, documents: Sequence[TextDocument | None], shown: int) -> None:
        self._filling = True
        self._all, self._shown = list(documents) or [None], shown
        document = self._all[shown]
        self.title_line.setText(document.title if document else "")
        self.title_line.setCursorPosition(0)
        self.editor.set_text(document.text if document else "")
        self._given = document is not None
        self._propose()
        self.queue.clear()
        for one in self._all:
            words = plural(len(one.text.split()), "word") if one is not None and len(one.text) < 1_000_000 else ""
            state = self._states.get(one.title, "") if one is not None else ""
            line = QTreeWidgetItem([short(one.title, 80) if one is not None else "Untitled", words, state])
            line.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line.setToolTip(0, tip(one.title if one is not None else ""))
            self.queue.addTopLevelItem(line)
        current = self.queue.topLevelItem(shown)
        if current is not None:
            self.queue.setCurrentItem(current)
        several = len(self._all) > 1
        for widget in (self.queue, self.remove_button, self.one_by_one):
            widget.setVisible(several)
        rows = min(SHOWN_ROWS, len(self._all))
        self.queue.setFixedHeight(rows * max(20, self.queue.sizeHintForRow(0)) + 6)
        self._filling = False
        self._show_states()
        self.changed.emit()

    def _show_states(self) -> None:
        """Leave the words the room of states where there are none."""
        self.queue.setColumnHidden(2, not any(self._states.values()))

    def _choose(self, line: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        index = self.queue.indexOfTopLevelItem(line) if line is not None else -1
        if self._filling or not 0 <= index < len(self._all):
            return
        self._keep()
        self._shown = index
        document = self._all[index]
        self._filling = True
        self.title_line.setText(document.title if document else "")
        self.title_line.setCursorPosition(0)
        self.editor.set_text(document.text if document else "")
        self._given = document is not None
        self._propose()
        self._filling = False
        self.changed.emit()

    def keep_title(self) -> None:
        """The title stays whatever becomes of the text: a person has chosen it."""
        self._given = False

    def _forget_title(self) -> None:
        """The text that the title came with is gone."""
        if self._given and not self._filling:
            self.title_line.clear()

    def _tell(self) -> None:
        if not self._filling:
            if self.editor.is_empty():
                self._forget_title()
            self._propose()
            self.changed.emit()

    def _propose(self) -> None:
        """Say which title the text has if it gets none."""
        title = "" if self.editor.is_empty() else title_of(self.editor.toPlainText()[:TITLE_PART])
        self.title_line.setPlaceholderText(f"Title: {short(title, 60)}" if title else NO_TITLE)

    def _large_changed(self) -> None:
        self.large_note.setVisible(self.editor.large)
        if self.editor.large:
            self.large_note.setText(
                f"{size(len(self.editor.text()))} of text: only the beginning is shown, but all of it is "
                f"written. Paste again to replace it, or clear it."
            )
