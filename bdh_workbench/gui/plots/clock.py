"""One timer that draws all plots: soon after something changed, never oftener than 30 times a second."""

from __future__ import annotations

import time
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer

FRAME = 30  # milliseconds from the beginning of one drawing to that of the next, at least
REST = 8  # milliseconds between the end of one and the beginning of the next, for everything else


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
        self._begun = 0.0
        self._stopped = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.flush)

    def add(self, drawable: Drawable) -> None:
        """Take something in that lives as long as the clock."""
        self._all.append(drawable)

    def mark(self, drawable: Drawable) -> None:
        """Draw this at the next frame."""
        self._marked.add(id(drawable))
        if not self._timer.isActive() and not self._stopped:
            passed = 1000.0 * (time.monotonic() - self._begun)
            self._timer.start(max(REST, round(FRAME - passed)))

    def flush(self) -> None:
        """Draw now what was marked and can be seen; what cannot be seen stays marked until it is shown."""
        self._begun = time.monotonic()
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
        self._stopped = True
        self._timer.stop()
