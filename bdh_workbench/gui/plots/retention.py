"""Retention: the matrix as a triangle, and what each document keeps over the writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from bdh_workbench.gui.plots.card import PlotCard, Table, shown_p
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.theme import SERIES

WORDED = 12  # documents up to which every square has its number
LOW, HIGH = "#c23b4a", "#2fae84"


def shade(value: float) -> QColor:
    """From red for nothing kept to green for all."""
    low, high = QColor(LOW), QColor(HIGH)
    share = min(1.0, max(0.0, value))

    def mix(a: int, b: int) -> int:
        return round(a + (b - a) * share)

    return QColor(mix(low.red(), high.red()), mix(low.green(), high.green()), mix(low.blue(), high.blue()))


class RetentionMatrix(PlotCard):
    """R[i][j] as a triangle: column i is after write i, row j document j."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Retention matrix",
            "Run retention: after each write, a column shows what every document has kept.",
            clock,
            x="after write",
            y="document",
            tip="Accuracy on a document after later writes, divided by that right after its own. 1.000: nothing lost.",
        )
        self._matrix: list[list[float]] = []
        self._titles: list[str] = []
        self._words: list[Any] = []
        self._image: Any = pg.ImageItem()
        self.item.addItem(self._image)
        self.item.invertY(True)
        self.item.showGrid(x=False, y=False)

    def show_matrix(self, matrix: Sequence[Sequence[float]], titles: Sequence[str]) -> None:
        """Show the matrix, row i after write i."""
        self._matrix, self._titles = [list(row) for row in matrix], list(titles)
        done = [row[: i + 1] for i, row in enumerate(self._matrix)]
        kept = [value for row in done for value in row[:-1]]
        self.note.setText(f"lowest {min(kept):.3f}" if kept else "")
        self.mark(bool(self._matrix))

    def redraw(self) -> None:
        """Draw the squares and their numbers."""
        for word in self._words:
            self.item.removeItem(word)
        self._words = []
        writes, documents = len(self._matrix), max((len(row) for row in self._matrix), default=0)
        pixels = np.zeros((documents, writes, 4), dtype=np.ubyte)
        for i, row in enumerate(self._matrix):
            for j, value in enumerate(row[: i + 1]):
                colour = shade(value)
                pixels[j, i] = (colour.red(), colour.green(), colour.blue(), 255)
                if writes <= WORDED:
                    word = pg.TextItem(f"{value:.3f}", color="#ffffff", anchor=(0.5, 0.5))
                    word.setPos(i + 1, j + 1)
                    self.item.addItem(word, ignoreBounds=True)
                    self._words.append(word)
        self._image.setImage(pixels)
        self._image.setRect(0.5, 0.5, max(1, writes), max(1, documents))
        for name, count in (("bottom", writes), ("left", documents)):
            step = max(1, count // 10)
            self.item.getAxis(name).setTicks([[(n, str(n)) for n in range(1, count + 1, step)]])
        self.item.setXRange(0.5, max(2, writes) + 0.5, padding=0.01)
        self.item.setYRange(0.5, max(2, documents) + 0.5, padding=0.01)

    def recolour(self) -> None:
        """Squares look alike in light and dark."""

    def hover(self, x: float, y: float) -> str:
        """Title and number of the square."""
        i, j = round(x) - 1, round(y) - 1
        if not (0 <= i < len(self._matrix) and 0 <= j <= i and j < len(self._matrix[i])):
            return ""
        title = self._titles[j] if j < len(self._titles) else f"document {j + 1}"
        return f"{title}\nafter write {i + 1}: {self._matrix[i][j]:.4f}"

    def table(self) -> Table:
        """A row for each write."""
        count = max((len(row) for row in self._matrix), default=0)
        names = [self._titles[j] if j < len(self._titles) else f"document {j + 1}" for j in range(count)]
        return ["after write", *names], [[i + 1, *row] for i, row in enumerate(self._matrix)]


class ForgettingCurves(PlotCard):
    """One curve for each name over the writes: retention of documents, or p of probes."""

    def __init__(self, clock: DrawClock, title: str, empty: str, y: str, tip: str) -> None:
        super().__init__(title, empty, clock, x="after write", y=y, log=True, tip=tip)
        self._curves: dict[str, tuple[list[float], list[float]]] = {}
        self._items: list[Any] = []

    def show_curves(self, curves: dict[str, tuple[list[float], list[float]]]) -> None:
        """Show x and y of each name."""
        self._curves = curves
        self.mark(bool(curves))

    def redraw(self) -> None:
        """Draw all curves."""
        while len(self._items) < len(self._curves):
            colour = SERIES[len(self._items) % len(SERIES)]
            self._items.append(
                self.item.plot(pen=pg.mkPen(colour, width=1), symbol="o", symbolSize=5, symbolBrush=colour,
                               symbolPen=None)
            )  # fmt: skip
        for item in self._items[len(self._curves) :]:
            item.setData([], [])
        for item, (x, y) in zip(self._items, self._curves.values(), strict=False):
            item.setData(x, [max(1e-6, value) for value in y] if self.logarithmic else y)
        if not self.logarithmic and not self.hold_button.isChecked():
            top = max((max(y) for _, y in self._curves.values() if y), default=1.0)
            self.item.setYRange(0.0, max(1.0, top), padding=0.05)
        last = max((int(max(x)) for x, _ in self._curves.values() if x), default=1)
        step = max(1, last // 10)
        self.item.getAxis("bottom").setTicks([[(n, str(n)) for n in range(1, last + 1, step)]])

    def recolour(self) -> None:
        """Series keep their colours."""

    def hover(self, x: float, y: float) -> str:
        """The nearest curve."""
        best: tuple[float, str] | None = None
        for name, (xs, ys) in self._curves.items():
            for at, value in zip(xs, ys, strict=True):
                distance = abs(at - x) + abs(value - (10**y if self.logarithmic else y))
                if best is None or distance < best[0]:
                    best = (distance, f"{name}\nafter write {at:g}: {shown_p(value)}")
        return best[1] if best else ""

    def table(self) -> Table:
        """A row for each point."""
        return ["name", "after write", "value"], [
            [name, x, y] for name, (xs, ys) in self._curves.items() for x, y in zip(xs, ys, strict=True)
        ]
