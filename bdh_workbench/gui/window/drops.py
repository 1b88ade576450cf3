"""Files that are dropped onto any part of the window, a floating pane or a line of text included."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from bdh_workbench.gui.parts.writing.document_editor import DocumentEditor


class Drops(QObject):
    """Takes files from widgets that would insert their addresses as text, and from panes that float."""

    def __init__(self, window: QWidget, panes: Iterable[QWidget], dropped: Callable[[QDropEvent], None]) -> None:
        """``dropped`` is given each drop of files; ``panes`` are windows of their own when they float."""
        super().__init__(window)
        self._dropped = dropped
        for pane in panes:
            pane.setAcceptDrops(True)
        for widget in window.findChildren(QWidget):
            editor = isinstance(widget, DocumentEditor) or isinstance(widget.parentWidget(), DocumentEditor)
            if widget.acceptDrops() and not editor:
                widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what brings files; leave everything else."""
        # A link of a web page is text, which goes where it is dropped.
        if isinstance(event, QDropEvent) and any(url.isLocalFile() for url in event.mimeData().urls()):
            if isinstance(event, QDragMoveEvent):  # on its way: it enters, or moves
                event.acceptProposedAction()
            else:
                self._dropped(event)
            return True
        return super().eventFilter(watched, event)
