"""The gates of all sites, and how much each read contributes to the stream while a write runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor

from bdh_workbench.gui.look.colours import SERIES
from bdh_workbench.gui.plots.axis import NamedAxis
from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.key import Sign
from bdh_workbench.gui.shared.clock import DrawClock

SLOW, FAST = SERIES[0], SERIES[1]
BESIDE = 0.18  # of a site's room, from its middle to that of its slow or its fast bar
BAR_SHARE = 0.32  # of the same, a bar


class SitePlot(PlotCard):
    """Two bars for each site, one of its slow and one of its fast read."""

    what = ""  # the number that a bar stands for

    def __init__(self, clock: DrawClock, title: str, empty: str, y: str, tip: str) -> None:
        self._axis = NamedAxis()
        super().__init__(title, empty, clock, x="site after level", y=y, tip=tip, axis=self._axis)
        self.names: list[str] = []
        self.values: tuple[list[float], list[float]] = ([], [])
        self._bars: Any = [pg.BarGraphItem(x=[], height=[], width=BAR_SHARE) for _ in range(2)]
        for item in self._bars:
            self.item.addItem(item)

    def set_names(self, names: Sequence[str]) -> None:
        """The sites of a model; nothing is known of them yet."""
        self.names, self.values = list(names), ([], [])
        self.mark(False)

    def set_values(self, slow: Sequence[float], fast: Sequence[float]) -> None:
        """A number for each site; nan where there is none."""
        self.values = (list(slow), list(fast))
        self.mark(bool(self.names) and any(v == v for v in (*slow, *fast)))

    def draw_data(self) -> None:
        """Draw the bars."""
        for bar, side, values in zip(self._bars, (-BESIDE, BESIDE), self.values, strict=True):
            known = [(i + side, v) for i, v in enumerate(values) if v == v]
            bar.setOpts(x=[i for i, _ in known], height=[v for _, v in known])
        self._axis.set_names(self.names)
        if not self.held:
            self.fit()

    def fit(self) -> None:
        """Every site, and up to the largest number."""
        self.set_range("x", -0.5, max(0.5, len(self.names) - 0.5), 0.0)
        values = [v for one in self.values for v in one if v == v]
        self.set_range("y", min(0.0, *values, 0.0), max(0.02, *values, 0.0), 0.08)

    def recolour(self) -> None:
        """Series keep their colours."""
        for colour, bar in zip((SLOW, FAST), self._bars, strict=True):
            bar.setOpts(brush=pg.mkBrush(QColor(colour)), pen=pg.mkPen(None))

    def signs(self) -> list[Sign]:
        """Slow and fast."""
        return [Sign("slow", SLOW, "bar"), Sign("fast", FAST, "bar")]

    def hover(self, x: float, y: float) -> str:
        """Both numbers of the site."""
        index = round(x)
        if not 0 <= index < len(self.names):
            return ""
        lines = [self.names[index]]
        for name, values in zip(("slow", "fast"), self.values, strict=True):
            if index < len(values) and values[index] == values[index]:
                lines.append(f"{name} {self.what}: {values[index]:.3f}")
        return "\n".join(lines)

    def table(self) -> Table:
        """A row for each site."""

        def at(values: list[float], index: int) -> object:
            return values[index] if index < len(values) else ""

        rows = [[name, *(at(values, i) for values in self.values)] for i, name in enumerate(self.names)]
        return ["site", f"slow {self.what}", f"fast {self.what}"], rows


class GatePlot(SitePlot):
    """tanh g of each site."""

    what = "tanh g"

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            clock, "Gates", "The gates of each site appear here once a model is loaded.", "tanh g",
            "How far each learned gate is open. Gates are learnt in training and frozen during a write.",
        )  # fmt: skip


class SharePlot(SitePlot):
    """What each read makes up of the stream."""

    what = "share"

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            clock, "Shares of the stream", "How much each read adds appears here during a write.", "read / stream",
            "The norm of what each read adds, divided by that of the stream, at the written positions. The "
"write site's bar grows.",
        )  # fmt: skip
