"""One timer that draws all plots: 50 ms after something changed, and not at all while nothing does."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, QTimer

FRAME = 50  # milliseconds


class Drawable(Protocol):
    """What the clock draws."""

    def redraw(self) -> None:
        """Draw."""

    def isVisible(self) -> bool:
        """Whether it can be seen."""


class DrawClock(QObject):
    """Draws what was marked, once for any number of marks."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Drawable] = []
        self._marked: set[int] = set()
        self.frames = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self.flush)

    def add(self, drawable: Drawable) -> None:
        """Take something in that lives as long as the clock."""
        self._all.append(drawable)

    def mark(self, drawable: Drawable) -> None:
        """Draw this at the next frame."""
        self._marked.add(id(drawable))
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Draw now what was marked and can be seen; what cannot be seen stays marked until something else is drawn."""
        self.frames += 1
        for drawable in self._all:
            if id(drawable) in self._marked and drawable.isVisible():
                self._marked.discard(id(drawable))
                drawable.redraw()

    def shown(self, drawable: Drawable) -> None:
        """It has come into sight: draw what is waiting."""
        if id(drawable) in self._marked:
            self.mark(drawable)

    def stop(self) -> None:
        """Draw no more."""
        self._timer.stop()
