"""The gates of all sites, and how much each read contributes to the stream while a write runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.theme import SERIES

SLOW, FAST = SERIES[0], SERIES[1]


class GatePlot(PlotCard):
    """Markers: tanh(g) of each site. Lines: the share of the stream that the slow and the fast read make up."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Gates",
            "The gates of each site show here once a model is loaded; the share of each read joins them in a write.",
            clock,
            x="site",
            y="tanh g · share",
            tip="Markers: how far each learned gate is open (frozen in a write). Lines: how much of the stream "
            "the slow and the fast read make up. In a write, the share of the write site is seen to grow.",
        )
        self._names: list[str] = []
        self._gates: tuple[list[float], list[float]] = ([], [])
        self._shares: tuple[list[float], list[float]] = ([], [])
        self._markers: Any = [
            self.item.plot(pen=None, symbol=symbol, symbolSize=9, symbolBrush=colour, symbolPen=None)
            for symbol, colour in (("o", SLOW), ("t1", FAST))
        ]
        self._lines: Any = [
            self.item.plot(pen=pg.mkPen(colour, width=1, style=style))
            for colour, style in ((SLOW, Qt.PenStyle.SolidLine), (FAST, Qt.PenStyle.DashLine))
        ]

    def set_sites(self, names: Sequence[str], slow: Sequence[float], fast: Sequence[float]) -> None:
        """The gates of a model, tanh taken; a site without one has nan."""
        self._names, self._gates = list(names), (list(slow), list(fast))
        self._shares = ([], [])
        self.mark(bool(names))

    def set_shares(self, slow: Sequence[float], fast: Sequence[float]) -> None:
        """The shares of the stream now."""
        self._shares = (list(slow), list(fast))
        self.mark(bool(self._names))

    def redraw(self) -> None:
        """Draw markers and lines."""
        for marker, values in zip(self._markers, self._gates, strict=True):
            points = [(i, v) for i, v in enumerate(values) if v == v]
            marker.setData([i for i, _ in points], [v for _, v in points])
        for line, values in zip(self._lines, self._shares, strict=True):
            points = [(i, v) for i, v in enumerate(values) if v == v]
            line.setData([i for i, _ in points], [v for _, v in points])
        self.item.getAxis("bottom").setTicks([list(enumerate(self._names))])
        self.item.setXRange(-0.4, max(0.6, len(self._names) - 0.6), padding=0)

    def recolour(self) -> None:
        """Series keep their colours."""
        self.note.setText("slow ● — · fast ▲ - -")

    def hover(self, x: float, y: float) -> str:
        """All numbers of the site."""
        index = round(x)
        if not 0 <= index < len(self._names):
            return ""
        lines = [self._names[index]]
        for what, pair in (("tanh g", self._gates), ("share", self._shares)):
            for name, values in zip(("slow", "fast"), pair, strict=True):
                if index < len(values) and values[index] == values[index]:
                    lines.append(f"{name} {what}: {values[index]:.3f}")
        return "\n".join(lines)

    def table(self) -> Table:
        """A row for each site."""

        def at(values: list[float], index: int) -> object:
            return values[index] if index < len(values) else ""

        columns = (*self._gates, *self._shares)
        rows = [[name, *(at(values, i) for values in columns)] for i, name in enumerate(self._names)]
        return ["site", "slow tanh g", "fast tanh g", "slow share", "fast share"], rows
