"""The text of a document: ordinary editing up to a size, and beyond it a preview of text that is kept aside."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from bdh_workbench.gui.look.widgets import WholeLines

EDITABLE = 200_000  # characters that are edited in place; laying out more would hold the window up
PREVIEW = 4_000


class DocumentEditor(WholeLines):
    """An editor that a paste of megabytes does not hold up."""

    large_changed = Signal()
    files_dropped = Signal(object)  # tuple[str, ...]
    replaced = Signal()  # the whole text, by one that was pasted

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setMinimumHeight(58)  # three lines
        self.setAccessibleName("Text of the document")
        self.setPlaceholderText(
            "Paste or type a text, drop a file here, or open one.\n\nWrite into memory then encodes it into the "
            "weights of the model: afterwards you can ask about it without the text."
        )
        self._large: str | None = None

    @property
    def large(self) -> bool:
        """Whether the text is kept aside."""
        return self._large is not None

    def text(self) -> str:
        """The whole text."""
        return self.toPlainText() if self._large is None else self._large

    def is_empty(self) -> bool:
        """Whether no text stands here."""
        return self.document().isEmpty()

    def set_text(self, text: str) -> None:
        """Show a text."""
        if len(text) > EDITABLE:
            self._large = text
            self.setReadOnly(True)
            self.setPlainText(text[:PREVIEW] + "…")
        else:
            self._large = None
            self.setReadOnly(False)
            self.setPlainText(text)
        self.large_changed.emit()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text and files."""
        return source.hasUrls() or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Take a paste, however long."""
        if source.hasUrls():
            paths = tuple(url.toLocalFile() for url in source.urls() if url.isLocalFile())
            if paths:
                self.files_dropped.emit(paths)
                return
        text, cursor = source.text(), self.textCursor()
        if self.large or (cursor.hasSelection() and len(cursor.selectedText()) == len(self.toPlainText())):
            self.replaced.emit()
        if len(text) + self.document().characterCount() <= EDITABLE and not self.large:
            super().insertFromMimeData(source)
            return
        if self.large:
            self.set_text(text)
            return
        old = self.toPlainText()
        self.set_text(old[: cursor.selectionStart()] + text + old[cursor.selectionEnd() :])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped even while the text is read-only."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Likewise."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand files on."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.insertFromMimeData(event.mimeData())
        else:
            super().dropEvent(event)
