"""One timer that draws all plots, one at a time, each at most 30 times a second.

Qt paints all that was changed between two looks at its events in one go. Drawing one plot, and then letting everything
else have its turn, keeps the window from being held up by five plots at once.
"""

from __future__ import annotations

import time
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer

FRAME = 0.030  # seconds from one drawing of a plot to its next, at least
REST = 4  # milliseconds between two drawings, for everything else


class Drawable(Protocol):
    """What the clock draws."""

    def redraw(self) -> None:
        """Draw."""

    def isVisible(self) -> bool:
        """Whether it can be seen."""


class DrawClock(QObject):
    """Draws what was marked, once for any number of marks."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn: dict[Drawable, float] = {}  # when each was drawn last
        self._marked: set[Drawable] = set()
        self._stopped = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._draw)

    def add(self, drawable: Drawable) -> None:
        """Take something in that lives as long as the clock."""
        self._drawn[drawable] = 0.0

    def mark(self, drawable: Drawable) -> None:
        """Draw this soon."""
        self._marked.add(drawable)
        self._plan()

    def _plan(self) -> None:
        """Wait for the next that is due; what cannot be seen stays marked until it is shown."""
        waiting = [self._drawn[drawable] for drawable in self._marked if drawable.isVisible()]
        if waiting and not self._timer.isActive() and not self._stopped:
            wait = FRAME - (time.monotonic() - min(waiting))
            self._timer.start(max(REST, round(1000 * wait)))

    def _draw(self) -> None:
        """Draw that which has waited longest."""
        seen = [drawable for drawable in self._marked if drawable.isVisible()]
        if seen:
            drawable = min(seen, key=self._drawn.__getitem__)
            self._marked.discard(drawable)
            self._drawn[drawable] = time.monotonic()
            drawable.redraw()
        self._plan()

    def shown(self, drawable: Drawable) -> None:
        """It has come into sight: draw it if it waits."""
        if drawable in self._marked:
            self._plan()

    @property
    def idle(self) -> bool:
        """Whether all that can be seen is drawn."""
        return not any(drawable.isVisible() for drawable in self._marked)

    def stop(self) -> None:
        """Draw no more."""
        self._stopped = True
        self._timer.stop()
