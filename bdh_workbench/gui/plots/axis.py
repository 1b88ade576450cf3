"""Axes: numbers as they are, and names that are written upright where they have no room beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF

TICK_GAP = 6.0  # pixels between two names
LONGEST_TICK = 64.0  # pixels of an upright name


class PlainAxis(pg.AxisItem):  # type: ignore[misc]
    """Its numbers never get a prefix such as k, so that its name stays as it is whatever its range."""

    def updateAutoSIPrefix(self) -> None:
        """Draw the numbers again; pyqtgraph would lay out the name anew with every change of the range."""
        self.picture = None
        self.update()


class NamedAxis(PlainAxis):
    """A lower axis with a name at 0, 1, 2 and so on."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._names: list[str] = []
        self._upright = False

    def set_names(self, names: Sequence[str]) -> None:
        """Write these; the room that they need is worked out with the width of the axis."""
        if self._names == list(names):
            return  # an axis that gets ticks is drawn anew
        self._names = list(names)
        self.setTicks([list(enumerate(self._names))] if self._names else None)
        self.fit()

    def fit(self) -> None:
        """Lie or stand, as the room is."""
        if not self._names or self.style["tickFont"] is None:
            self._upright = False
            self.setHeight(None)
            return
        metrics = QFontMetricsF(self.style["tickFont"])
        widest = max(metrics.horizontalAdvance(name) for name in self._names)
        room = self.geometry().width() / len(self._names)
        self._upright = widest + TICK_GAP > room
        label = self.label.boundingRect().height() * 0.8 if self.label.isVisible() else 0.0
        self.setHeight(min(LONGEST_TICK, widest) + 10.0 + label if self._upright else None)

    def resizeEvent(self, ev: Any = None) -> None:
        """Fit the names into the new width."""
        super().resizeEvent(ev)
        if getattr(self, "_names", None):
            self.fit()

    def drawPicture(self, p: Any, axisSpec: Any, tickSpecs: Any, textSpecs: Any) -> None:
        """Draw the names upright where they stand."""
        if not self._upright:
            super().drawPicture(p, axisSpec, tickSpecs, textSpecs)
            return
        super().drawPicture(p, axisSpec, [], [])
        metrics = QFontMetricsF(self.style["tickFont"])
        room = self.geometry().width() / len(self._names)
        every = max(1, -int(-metrics.height() * 0.9 // room))
        low, high = self.linkedView().viewRange()[0]
        p.setPen(self.textPen())
        p.setFont(self.style["tickFont"])
        p.setClipping(False)
        for number in range(0, len(self._names), every):
            x = (number - low) / max(1e-9, high - low) * self.geometry().width()
            if not 0 <= x <= self.geometry().width():
                continue
            text = metrics.elidedText(self._names[number], Qt.TextElideMode.ElideRight, LONGEST_TICK)
            p.save()
            p.translate(x, 4.0)
            p.rotate(-90.0)
            box = QRectF(-LONGEST_TICK - 1.0, -metrics.height() / 2, LONGEST_TICK, metrics.height())
            p.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
            p.restore()
