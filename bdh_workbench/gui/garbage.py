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
        self._set_aside = False  # whether objects were left out of collections here
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

    def set_aside(self) -> None:
        """Leave out of collections what is there now: with torch loaded, looking through it all takes 0.13 s.

        What was set aside before, such as a model that is no longer in use, is looked through once more.
        """
        if self._set_aside:
            gc.unfreeze()
            gc.collect()
        elif gc.get_freeze_count():
            return  # somebody else's
        gc.freeze()
        self._set_aside = True

    def stop(self) -> None:
        """Give collection back to Python, with all that there is."""
        self._timer.stop()
        if self._set_aside:
            self._set_aside = False
            gc.unfreeze()
        if self._was_on:
            gc.enable()
