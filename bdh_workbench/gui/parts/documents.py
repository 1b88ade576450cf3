"""One or several documents: a title and a text each, and what stood there before it was replaced."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyleOptionComboBox, QVBoxLayout, QWidget

from bdh_workbench.gui.parts.document_editor import DocumentEditor
from bdh_workbench.gui.parts.facts_table import KEPT
from bdh_workbench.gui.widgets import flat_button, note, row
from bdh_workbench.gui.words import short, size
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.inputs.prose import title_of

BEHIND_NUMBER = " · "


class _Chooser(QComboBox):
    """A list of numbers and titles that shows the number alone while it is closed: the title stands beside it."""

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        option.currentText = option.currentText.split(BEHIND_NUMBER)[0]


class Documents(QWidget):
    """The editor with a title line, and a list to choose from where there are several documents."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._all: list[TextDocument | None] = [None]  # None: nothing stands in it
        self._shown = 0
        self._before: list[tuple[TextDocument, ...]] = []  # what was replaced, the newest last
        self._filling = False
        self.title_line = QLineEdit()
        self.title_line.setPlaceholderText("Title of the document")
        self.title_line.setAccessibleName("Title of the document")
        self.editor = DocumentEditor()
        self.chooser = _Chooser()
        self.chooser.setAccessibleName("Which of the documents is shown")
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.chooser.setMinimumContentsLength(7)
        self.chooser.setMaximumWidth(110)
        self.chooser.view().setMinimumWidth(300)
        self.chooser.setVisible(False)
        self.large_note = note("", "Size of a long text")
        self.large_note.setVisible(False)
        self.remove_button = flat_button("remove", "Take this document out of the list", self.remove)
        self.remove_button.setVisible(False)
        add = flat_button("+ document", "Begin another document; all are written together", self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        heading = row(self.chooser, self.title_line, self.remove_button, add)
        heading.setStretch(1, 1)
        column.addLayout(heading)
        column.addWidget(self.editor, 1)
        column.addWidget(self.large_note)
        self.editor.textChanged.connect(self._tell)
        self.editor.large_changed.connect(self._large_changed)
        self.title_line.textChanged.connect(self._tell)
        self.chooser.currentIndexChanged.connect(self._choose)

    def documents(self) -> tuple[TextDocument, ...]:
        """All that hold a text."""
        self._keep()
        return tuple(document for document in self._all if document is not None)

    def show_documents(self, documents: Sequence[TextDocument]) -> None:
        """Put these in place of what is there, which can be brought back."""
        self._remember()
        self._fill(list(documents), 0)

    def bring_back(self) -> bool:
        """Show what stood here before it was replaced; whether there was something."""
        if not self._before:
            return False
        self._fill(list(self._before.pop()), 0)
        return True

    def add(self) -> None:
        """Begin another document."""
        self._keep()
        if self._all[self._shown] is not None:
            self._fill([*self._all, None], len(self._all))
            self.title_line.setFocus()

    def remove(self) -> None:
        """Take the one that is shown out; it can be brought back."""
        self._remember()
        left = [document for place, document in enumerate(self._all) if place != self._shown]
        self._fill(left, min(self._shown, max(0, len(left) - 1)))

    def _remember(self) -> None:
        old = self.documents()
        if old:
            self._before.append(old)
            del self._before[:-KEPT]

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
        self.chooser.clear()
        names = [short(d.title, 50) if d else "Untitled" for d in self._all]
        self.chooser.addItems([f"{i} of {len(names)}{BEHIND_NUMBER}{name}" for i, name in enumerate(names, start=1)])
        self.chooser.setCurrentIndex(shown)
        for widget in (self.chooser, self.remove_button):
            widget.setVisible(len(self._all) > 1)
        self._filling = False
        self.changed.emit()

    def _choose(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._all):
            self._keep()
            self._fill(self._all, index)

    def _tell(self) -> None:
        if not self._filling:
            self.changed.emit()

    def _large_changed(self) -> None:
        self.large_note.setVisible(self.editor.large)
        if self.editor.large:
            self.large_note.setText(
                f"{size(len(self.editor.text()))} of text; its beginning is shown. It is written whole; "
                "paste again to replace it, or clear it."
            )
