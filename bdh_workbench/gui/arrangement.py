"""Where the docks stand at first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QLayout, QMainWindow

COLUMNS = {"library": 0.2, "write": 0.37, "live": 0.43}  # shares of the width
UPPER = {"write": "console", "live": "retention"}  # what stands above what
SHARE = 0.55  # of the height, for the upper one
BEHIND = ("gates", "activity")  # tabs behind retention


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    """Put all docks where they stand at first."""
    for dock in docks.values():
        window.removeDockWidget(dock)
        dock.setFloating(False)
    # All in one area: of two, Qt gives all of a larger window to one.
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks["library"])
    window.splitDockWidget(docks["library"], docks["write"], Qt.Orientation.Horizontal)
    window.splitDockWidget(docks["write"], docks["live"], Qt.Orientation.Horizontal)
    for upper, lower in UPPER.items():
        window.splitDockWidget(docks[upper], docks[lower], Qt.Orientation.Vertical)
    before = docks["retention"]
    for name in BEHIND:
        window.tabifyDockWidget(before, docks[name])
        before = docks[name]
    for dock in docks.values():
        dock.show()
    docks["retention"].raise_()
    width, height = window.width(), window.height()
    widths = [round(width * share) for share in COLUMNS.values()]
    window.resizeDocks([docks[name] for name in COLUMNS], widths, Qt.Orientation.Horizontal)
    for upper, lower in UPPER.items():
        heights = [round(height * SHARE), round(height * (1 - SHARE))]
        window.resizeDocks([docks[upper], docks[lower]], heights, Qt.Orientation.Vertical)
    QTimer.singleShot(0, window, lambda: _lay_out(docks.values()))


def _lay_out(docks: Iterable[QDockWidget]) -> None:
    """Lay out what the docks hold anew: while they were moved it had no size, and Qt may keep some of that."""
    for dock in docks:
        for layout in dock.findChildren(QLayout):
            layout.invalidate()
        for layout in dock.findChildren(QLayout):
            layout.activate()
