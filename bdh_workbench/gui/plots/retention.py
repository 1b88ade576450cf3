"""Retention: the matrix as a triangle, and what each document keeps over the writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor, QFont

from bdh_workbench.gui.look.colours import SERIES
from bdh_workbench.gui.look.words import short, shown_p
from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.curves import heights
from bdh_workbench.gui.plots.key import Sign
from bdh_workbench.gui.shared.clock import DrawClock

WORDED = 12  # documents up to which every square has its number
SQUARE = 0.94  # of the room of a square is coloured
LOW, HIGH = "#e69f00", "#3fb893"  # told apart by colour-blind eyes too
# Share of the width for names, pixels of a letter, letters of a name.
NAMES_SHARE, LETTER_WIDTH, NAME_LETTERS = 0.3, 6.5, 28
INK = "#10202a"  # readable on both

Curves = dict[str, tuple[list[float], list[float]]]


def shade(value: float) -> QColor:
    """From amber for nothing kept to green for all."""
    low, high = QColor(LOW), QColor(HIGH)
    share = min(1.0, max(0.0, value))
    mixed = [a + (b - a) * share for a, b in zip(low.getRgbF()[:3], high.getRgbF()[:3], strict=True)]  # type: ignore[index]
    return QColor.fromRgbF(*mixed)


class RetentionMatrix(PlotCard):
    """R[i][j] as a triangle: column i is after write i, row j document j."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Retention matrix",
            "Run retention: after each write, a column shows how much of every document is kept.",
            clock,
            x="after write",
            y="document",
            tip="Accuracy on a document after later writes, divided by the accuracy right after its own. "
            "1.000: nothing lost.",
        )
        self._matrix: list[list[float]] = []
        self._titles: list[str] = []
        self._words: list[Any] = []
        self._squares: Any = pg.BarGraphItem(x=[], y0=[], y1=[], width=SQUARE)
        self.item.addItem(self._squares)
        self.item.invertY(True)
        self.item.showGrid(x=False, y=False)
        for name in ("bottom", "left"):
            self.item.getAxis(name).setStyle(tickLength=0)

    def show_matrix(self, matrix: Sequence[Sequence[float]], titles: Sequence[str]) -> None:
        """Show the matrix, row i after write i."""
        self._matrix, self._titles = [list(row[: i + 1]) for i, row in enumerate(matrix)], list(titles)
        kept = [value for row in self._matrix for value in row[:-1]]
        self.header.set_note(f"lowest {min(kept):.3f}" if kept else "")
        self.mark(bool(self._matrix))

    def draw_data(self) -> None:
        """Draw the squares and their numbers."""
        for word in self._words:
            self.item.removeItem(word)
        self._words = []
        places = [(i + 1, j + 1, value) for i, row in enumerate(self._matrix) for j, value in enumerate(row)]
        self._squares.setOpts(
            x=[i for i, _, _ in places],
            y0=[j - SQUARE / 2 for _, j, _ in places],
            y1=[j + SQUARE / 2 for _, j, _ in places],
            brushes=[shade(value) for _, _, value in places],
            pen=pg.mkPen(None),
        )
        count = len(self._matrix)
        room = self.item.vb.width() / max(1, self._count())
        if count <= WORDED and room >= 22:
            font = QFont(self.font())
            font.setPointSizeF(8.5 if room >= 40 else 7.0)
            for i, j, value in places:
                word = pg.TextItem(f"{value:.3f}" if room >= 34 else f"{value:.2f}", color=INK, anchor=(0.5, 0.5))
                word.setFont(font)
                word.setPos(i, j)
                self.item.addItem(word, ignoreBounds=True)
                self._words.append(word)
        step = max(1, self._count() // 10)
        numbers = range(1, self._count() + 1, step)
        self.set_ticks("bottom", [(n, str(n)) for n in numbers])
        letters = max(3, min(NAME_LETTERS, int(self.width() * NAMES_SHARE / LETTER_WIDTH)))
        names = [(n, short(self._titles[n - 1], letters) if n <= len(self._titles) else str(n)) for n in numbers]
        self.set_ticks("left", names)
        if not self.held:
            self.fit()

    def _count(self) -> int:
        return max(2, len(self._matrix), len(self._titles))

    def fit(self) -> None:
        """All documents of the run."""
        self.set_range("x", 0.5, self._count() + 0.5, 0.01)
        self.set_range("y", 0.5, self._count() + 0.5, 0.01)

    def recolour(self) -> None:
        """Squares look alike in light and dark."""

    def hover(self, x: float, y: float) -> str:
        """Title and number of the square."""
        i, j = round(x) - 1, round(y) - 1
        if not (0 <= i < len(self._matrix) and 0 <= j < len(self._matrix[i])):
            return ""
        return f"{self._name(j)}\nafter write {i + 1}: {self._matrix[i][j]:.4f}"

    def _name(self, document: int) -> str:
        return self._titles[document] if document < len(self._titles) else f"document {document + 1}"

    def table(self) -> Table:
        """A row for each write."""
        names = [self._name(j) for j in range(len(self._matrix))]
        return ["after write", *names], [[i + 1, *row] for i, row in enumerate(self._matrix)]


class ForgettingCurves(PlotCard):
    """One curve for each name over the writes: retention of documents, or p of probes."""

    def __init__(self, clock: DrawClock, title: str, empty: str, y: str, tip: str) -> None:
        super().__init__(title, empty, clock, x="after write", y=y, log=True, tip=tip)
        self._curves: Curves = {}
        self._items: list[Any] = []

    def show_curves(self, curves: Curves) -> None:
        """Show x and y of each name."""
        self._curves = curves
        self.mark(bool(curves))
        self._show_key()

    def draw_data(self) -> None:
        """Draw all curves; of those that lie on each other the later ones have the smaller points.

        Points are drawn, not copied from a store of pictures, so that an exported plot stays sharp.
        """
        while len(self._items) < len(self._curves):
            number = len(self._items)
            colour = SERIES[number % len(SERIES)]
            item = pg.PlotDataItem(
                pen=self.pen(colour, 1.4), symbol="o", symbolSize=max(4, 10 - number), symbolBrush=colour,
                symbolPen=None, antialias=True, useCache=False,
            )  # fmt: skip
            self._items.append(item)
            self.item.addItem(item)
            item.setLogMode(False, False)  # heights are worked out here, with a floor
        for item, (x, y) in zip(self._items, self._curves.values(), strict=False):
            item.setData(x, heights(y, self.logarithmic))
        for item in self._items[len(self._curves) :]:
            item.setData([], [])
        last = self._last()
        step = max(1, last // 10)
        self.set_ticks("bottom", [(n, str(n)) for n in range(1, last + 1, step)])
        if not self.held:
            self.fit()

    def _last(self) -> int:
        return max((int(max(x)) for x, _ in self._curves.values() if x), default=1)

    def fit(self) -> None:
        """All writes; from 0 to 1, or as far down as the logarithms come."""
        self.set_range("x", 0.8, max(2, self._last()) + 0.2, 0.0)
        if self.logarithmic:
            self.show_logarithms()
        else:
            self.show_shares(max([1.0, *(value for _, y in self._curves.values() for value in y)]))

    def set_log(self, on: bool) -> None:
        """Make the upright axis logarithmic; the heights are worked out here."""
        super().set_log(on)
        for item in self._items:
            item.setLogMode(False, False)

    def signs(self) -> list[Sign]:
        """A line for each of the first few curves, by name."""
        names = list(self._curves)[: len(SERIES)]
        return [Sign(short(name, NAME_LETTERS), SERIES[number]) for number, name in enumerate(names)]

    def recolour(self) -> None:
        """Series keep their colours."""

    def hover(self, x: float, y: float) -> str:
        """The nearest curve."""
        places = [
            (abs(at - x) + abs(height - y), name, at, value)
            for name, (xs, ys) in self._curves.items()
            for at, value, height in zip(xs, ys, heights(ys, self.logarithmic), strict=True)
        ]
        if not places:
            return ""
        _, name, at, value = min(places)
        return f"{name}\nafter write {at:g}: {shown_p(value)}"

    def table(self) -> Table:
        """A row for each point."""
        return ["name", "after write", "value"], [
            [name, x, y] for name, (xs, ys) in self._curves.items() for x, y in zip(xs, ys, strict=True)
        ]
