"""Heatmaps: how a write uses the slots, and what each token reads at each site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg

from bdh_workbench.gui.look.words import shown_token
from bdh_workbench.gui.plots.axis import NamedAxis
from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.shared.clock import DrawClock

NAMED_COLUMNS = 160  # columns that may have room for their names
NAMED_ROWS = 16
NUMBERED = 6  # positions whose number stands at the axis, about
TICKS = 4  # slots whose number stands at the axis


class HeatPlot(PlotCard):
    """A matrix in the colours of viridis, with names for its rows and columns."""

    unit = ""

    def __init__(self, clock: DrawClock, title: str, empty: str, x: str, y: str, tip: str) -> None:
        self._axis = NamedAxis()
        super().__init__(title, empty, clock, x=x, y=y, tip=tip, axis=self._axis)
        self.values = np.zeros((0, 0), dtype=np.float32)
        self.columns: list[str] = []
        self.rows: list[str] = []
        self.top = 1.0
        self._image: Any = pg.ImageItem()
        self._image.setColorMap(pg.colormap.get("viridis"))
        self.item.addItem(self._image)
        self.item.showGrid(x=False, y=False)
        self.item.getAxis("left").setStyle(tickLength=0)
        self._axis.setStyle(tickLength=0)

    def show_matrix(self, values: Any, rows: Sequence[str], columns: Sequence[str], top: float | None = None) -> None:
        """Show values (rows, columns); ``top`` is the value of the brightest colour, by default the largest."""
        matrix = np.nan_to_num(np.asarray(values, dtype=np.float32))
        self.values, self.rows, self.columns = matrix, list(rows), list(columns)
        self.top = top or float(matrix.max(initial=0.0)) or 1.0
        self.mark(matrix.size > 0)

    def draw_data(self) -> None:
        """Draw the matrix."""
        if not self.values.size:
            return
        self._image.setImage(self.values, autoLevels=False, levels=(0.0, self.top))
        self._image.setRect(-0.5, -0.5, self.values.shape[1], self.values.shape[0])
        self.set_ticks("left", self.row_ticks() if self.rows else None)
        self._axis.set_names(self.columns if len(self.columns) <= NAMED_COLUMNS else ())
        self.header.set_scale(f"{self.top:.2g}{self.unit}")
        if not self.held:
            self.fit()

    def row_ticks(self) -> list[tuple[float, str]]:
        """The names of the rows, where there are few."""
        return [(float(place), name) for place, name in enumerate(self.rows)] if len(self.rows) <= NAMED_ROWS else []

    def fit(self) -> None:
        """All rows and columns."""
        self.set_range("x", -0.5, max(1, self.values.shape[1]) - 0.5, 0.0)
        self.set_range("y", -0.5, max(1, self.values.shape[0]) - 0.5, 0.0)

    def recolour(self) -> None:
        """The colours of a heatmap are the same in light and dark."""

    def hover(self, x: float, y: float) -> str:
        """Names and value of the place."""
        row, column = round(y), round(x)
        if not (0 <= row < self.values.shape[0] and 0 <= column < self.values.shape[1]):
            return ""
        name = self.columns[column] if column < len(self.columns) else str(column + 1)
        side = self.rows[row] if row < len(self.rows) else str(row + 1)
        return f"{name}\n{side}: {float(self.values[row, column]):.3g}{self.unit}"

    def table(self) -> Table:
        """The matrix with its names."""
        columns = self.columns or [str(i + 1) for i in range(self.values.shape[1])]
        rows = self.rows or [str(i + 1) for i in range(self.values.shape[0])]
        return ["", *columns], [[name, *line.tolist()] for name, line in zip(rows, self.values, strict=True)]


class SlotUse(HeatPlot):
    """Which slots each position uses, and how strongly by now."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            clock,
            "Slots in use",
            "The slots that each position of the text is written to appear here during a write.",
            "position",
            "slot",
            "Each column is a written position, each row one of a sample of the slots. Bright: the position "
            "stores much in that slot. Few cells in a column are bright because addresses are sparse; "
            "streaks are slots that neighbouring positions share. Cells brighten during the write.",
        )
        self._most, self._slots = 0.0, 0

    def start(self) -> None:
        """Begin a write."""
        self._most = 0.0
        self.header.set_note("")

    def clear(self) -> None:
        """Show no write."""
        self._most = 0.0
        self.show_matrix(np.zeros((0, 0), dtype=np.float32), (), ())

    def show_use(self, use: Sequence[Sequence[float]], slots: int) -> None:
        """Show (positions, sampled slots) of a memory with so many slots; the scale only ever grows in a write."""
        matrix = np.asarray(use, dtype=np.float32).T
        if matrix.ndim != 2 or not matrix.size:
            return
        self._most = max(self._most, float(matrix.max(initial=0.0)))
        count, self._slots = len(matrix), slots
        names = [f"slot {number * slots // count + 1:,}" for number in range(count)]
        self.show_matrix(matrix, names, (), self._most)

    def draw_data(self) -> None:
        """Draw the matrix; positions are counted from 1, as where the mouse points."""
        super().draw_data()
        count = self.values.shape[1]
        self.set_ticks("bottom", [(float(n), f"{n + 1:,}") for n in range(0, count, max(1, count // NUMBERED))])

    def row_ticks(self) -> list[tuple[float, str]]:
        """The numbers of a few slots."""
        count = len(self.rows)
        step = max(1, self._slots // TICKS)
        places = range(0, self._slots, step) if self._slots else ()
        return [(max(0.0, slot * count / self._slots - 0.5), f"{slot or 1:,}") for slot in places]

    def show_fill(self, rank: int, slots: int) -> None:
        """Say how many directions of the memory are used."""
        self.header.set_note(f"{rank:,} of {slots:,}" if slots else "")

    def hover(self, x: float, y: float) -> str:
        """Position, slot and value."""
        words = super().hover(x, y)
        return f"position {words}" if words else ""


class TokenHeat(HeatPlot):
    """A number for each token and site."""

    def __init__(self, clock: DrawClock, title: str, empty: str, tip: str, unit: str = "") -> None:
        super().__init__(clock, title, empty, "token", "", tip)
        self.unit = unit

    def show_tokens(self, tokens: Sequence[str], rows: Sequence[str], values: Any) -> None:
        """Show values (rows, tokens)."""
        self.show_matrix(values, rows, [shown_token(token) for token in tokens])
