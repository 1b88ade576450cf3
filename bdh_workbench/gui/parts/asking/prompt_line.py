"""The line that questions are typed into."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit


class PromptLine(QLineEdit):
    """A line with a history under the arrow keys."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Ask or begin a sentence, then Enter")
        self.setAccessibleName("Question or beginning of a sentence")
        self.history: list[str] = []
        self._place = 0

    def remember(self, text: str) -> None:
        """Add to the history."""
        if text and (not self.history or self.history[-1] != text):
            self.history.append(text)
        self._place = len(self.history)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go through what was asked."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or not self.history:
            super().keyPressEvent(event)
            return
        self._place = min(len(self.history), max(0, self._place + step))
        self.setText(self.history[self._place] if self._place < len(self.history) else "")
