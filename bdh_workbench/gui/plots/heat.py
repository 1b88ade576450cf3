"""Heatmaps: how a write uses the slots, and what each token reads at each site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg

from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.words import shown_token

NAMED_TOKENS = 48  # tokens that have room for their names under a heatmap


class HeatPlot(PlotCard):
    """A matrix in the colours of viridis, with names for its rows and columns."""

    def __init__(self, clock: DrawClock, title: str, empty: str, x: str, y: str, tip: str) -> None:
        super().__init__(title, empty, clock, x=x, y=y, tip=tip)
        self.values = np.zeros((0, 0), dtype=np.float32)
        self.columns: list[str] = []
        self.rows: list[str] = []
        self.top = 1.0
        self._image: Any = pg.ImageItem()
        self._image.setColorMap(pg.colormap.get("viridis"))
        self.item.addItem(self._image)
        self.item.showGrid(x=False, y=False)

    def show_matrix(self, values: Any, rows: Sequence[str], columns: Sequence[str], top: float | None = None) -> None:
        """Show values (rows, columns); ``top`` is the value of the brightest colour, by default the largest."""
        matrix = np.nan_to_num(np.asarray(values, dtype=np.float32))
        self.values, self.rows, self.columns = matrix, list(rows), list(columns)
        self.top = top or float(matrix.max(initial=0.0)) or 1.0
        self.mark(matrix.size > 0)

    def redraw(self) -> None:
        """Draw the matrix."""
        if not self.values.size:
            return
        self._image.setImage(self.values, autoLevels=False, levels=(0.0, self.top))
        self._image.setRect(-0.5, -0.5, self.values.shape[1], self.values.shape[0])
        for name, labels in (("left", self.rows), ("bottom", self.columns)):
            few = 0 < len(labels) <= (NAMED_TOKENS if name == "bottom" else 16)
            self.item.getAxis(name).setTicks([list(enumerate(labels))] if few else None)
        self.item.setXRange(-0.5, self.values.shape[1] - 0.5, padding=0)
        self.item.setYRange(-0.5, self.values.shape[0] - 0.5, padding=0)

    def recolour(self) -> None:
        """The colours of a heatmap are the same in light and dark."""

    def hover(self, x: float, y: float) -> str:
        """Names and value of the place."""
        row, column = round(y), round(x)
        if not (0 <= row < self.values.shape[0] and 0 <= column < self.values.shape[1]):
            return ""
        name = self.columns[column] if column < len(self.columns) else str(column)
        side = self.rows[row] if row < len(self.rows) else str(row)
        return f"{name}\n{side}: {float(self.values[row, column]):.3g}"

    def table(self) -> Table:
        """The matrix with its names."""
        columns = self.columns or [str(i) for i in range(self.values.shape[1])]
        rows = self.rows or [str(i) for i in range(self.values.shape[0])]
        return ["", *columns], [[name, *line.tolist()] for name, line in zip(rows, self.values, strict=True)]


class SlotUse(HeatPlot):
    """How strongly the new addresses use each block of slots."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            clock,
            "Slots in use",
            "How a write spreads over the slots shows here once it begins.",
            "block of slots, within the row",
            "row of blocks",
            "Each square is a block of slots; the brighter, the more the new addresses use it. An even picture "
            "means that the write spreads over all of the memory.",
        )

    def show_use(self, use: Sequence[float], fill: float | None) -> None:
        """Show the mean strength in each block, as a square."""
        side = max(1, int(len(use) ** 0.5))
        whole = len(use) // side * side
        matrix = np.asarray(use[:whole], dtype=np.float32).reshape(-1, side)
        self.show_matrix(matrix, [str(i) for i in range(len(matrix))], [str(i) for i in range(side)])
        if fill is not None:
            self.note.setText(f"fill {fill:.1%}")


class TokenHeat(HeatPlot):
    """A number for each token and site."""

    def __init__(self, clock: DrawClock, title: str, empty: str, tip: str) -> None:
        super().__init__(clock, title, empty, "token", "", tip)

    def show_tokens(self, tokens: Sequence[str], rows: Sequence[str], values: Any, top: float | None = None) -> None:
        """Show values (rows, tokens)."""
        self.show_matrix(values, rows, [shown_token(token) for token in tokens], top)
