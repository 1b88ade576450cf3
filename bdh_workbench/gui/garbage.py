"""Cyclic garbage is collected only on the GUI thread.

Python collects wherever the next allocation happens to come up to its limit. On the session's thread that can take Qt
objects apart there, which may wait for the GUI thread while it waits for Python: both stand still for ever.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

COLLECT_INTERVAL = 500  # milliseconds between two looks


class GarbageCollector(QObject):
    """Takes the place of automatic collection until it is stopped; by the same limits, generation by generation."""

    def __init__(self) -> None:
        """Turn automatic collection off and begin to look."""
        super().__init__()
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_INTERVAL)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect what has come up to its limit."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Give collection back to Python."""
        self._timer.stop()
        if self._was_on:
            gc.enable()
