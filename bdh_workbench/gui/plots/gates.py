"""The gates of all sites, and how much each read contributes to the stream while a write runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor

from bdh_workbench.gui.colours import SERIES
from bdh_workbench.gui.plots.axis import NamedAxis
from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.plots.key import Sign

SLOW, FAST = SERIES[0], SERIES[1]
BESIDE = 0.16  # of a site's room, from its middle to that of its slow or its fast bar
WIDE = 0.28  # of the same, a bar


class GatePlot(PlotCard):
    """Markers: tanh(g) of each site. Bars: the share of the stream that the slow and the fast read make up."""

    def __init__(self, clock: DrawClock) -> None:
        self._axis = NamedAxis()
        super().__init__(
            "Gates",
            "The gates of each site show here once a model is loaded; the share of each read joins them in a write.",
            clock,
            x="site behind level",
            y="tanh g · share",
            tip="Diamonds: how far each learned gate is open, tanh g (frozen in a write). Bars: how much of the stream "
            "the slow (blue) and the fast read (orange) make up. In a write, the bar of the write site grows.",
            axis=self._axis,
        )
        self._names: list[str] = []
        self._gates: tuple[list[float], list[float]] = ([], [])
        self._shares: tuple[list[float], list[float]] = ([], [])
        self._bars: Any = [pg.BarGraphItem(x=[], height=[], width=WIDE) for _ in range(2)]
        self._markers: Any = [pg.ScatterPlotItem(symbol="d", size=9, useCache=False) for _ in range(2)]
        for item in (*self._bars, *self._markers):
            self.item.addItem(item)

    def set_sites(self, names: Sequence[str], slow: Sequence[float], fast: Sequence[float]) -> None:
        """The gates of a model, tanh taken; a site without one has nan."""
        self._names, self._gates = list(names), (list(slow), list(fast))
        self._shares = ([], [])
        self.mark(bool(names))

    def set_shares(self, slow: Sequence[float], fast: Sequence[float]) -> None:
        """The shares of the stream now; nan where it is not known."""
        self._shares = (list(slow), list(fast))
        self.mark(bool(self._names))

    def redraw(self) -> None:
        """Draw markers and bars."""
        for bar, marker, side, shares, gates in zip(
            self._bars, self._markers, (-BESIDE, BESIDE), self._shares, self._gates, strict=True
        ):
            known = [(i + side, v) for i, v in enumerate(shares) if v == v]
            bar.setOpts(x=[i for i, _ in known], height=[v for _, v in known])
            known = [(i + side, v) for i, v in enumerate(gates) if v == v]
            marker.setData([i for i, _ in known], [v for _, v in known])
        self._axis.set_names(self._names)
        if not self.held:
            self.fit()

    def fit(self) -> None:
        """Every site, and up to the largest number."""
        self.item.setXRange(-0.5, max(0.5, len(self._names) - 0.5), padding=0)
        values = [v for pair in (self._gates, self._shares) for one in pair for v in one if v == v]
        self.item.setYRange(min(0.0, *values, 0.0), max(0.1, *values, 0.0), padding=0.08)

    def recolour(self) -> None:
        """Series keep their colours; markers are rimmed so that they stand out from the bars."""
        for colour, bar, marker in zip((SLOW, FAST), self._bars, self._markers, strict=True):
            bar.setOpts(brush=pg.mkBrush(QColor(colour)), pen=pg.mkPen(None))
            marker.setBrush(pg.mkBrush(QColor(colour)))
            marker.setPen(self.pen(self.colours.text, 1.4))

    def signs(self) -> list[Sign]:
        """Bars and markers."""
        return [
            Sign("slow read", SLOW, "bar"),
            Sign("fast read", FAST, "bar"),
            Sign("gate", self.colours.text, "marker"),
        ]

    def hover(self, x: float, y: float) -> str:
        """All numbers of the site."""
        index = round(x)
        if not 0 <= index < len(self._names):
            return ""
        lines = [self._names[index]]
        for what, pair in (("gate tanh g", self._gates), ("share of the stream", self._shares)):
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
