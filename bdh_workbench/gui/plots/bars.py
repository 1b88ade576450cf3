"""Bars: the next token with memory on and off, and the stored positions that an address comes near to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg

from bdh_workbench.gui.look.colours import SERIES
from bdh_workbench.gui.look.words import shown_p, shown_token
from bdh_workbench.gui.plots.card import WIDE_AXIS, PlotCard, Table
from bdh_workbench.gui.plots.key import Sign
from bdh_workbench.gui.shared.clock import DrawClock

SHOWN_BARS = 6
TICK_STEPS = (0.5, 0.2, 0.1, 0.05, 0.02)  # between the numbers of a short axis


class PairedBars(PlotCard):
    """Lying bars with names, one or two to a name."""

    def __init__(self, clock: DrawClock, title: str, empty: str, x: str, series: tuple[str, str], tip: str) -> None:
        super().__init__(title, empty, clock, x=x, tip=tip)
        self.series = series
        self.names: list[str] = []
        self.values: tuple[list[float], list[float]] = ([], [])
        self._bars: Any = [pg.BarGraphItem(x0=[], y=[], height=0.34, width=[]) for _ in range(2)]
        for bar in self._bars:
            self.item.addItem(bar)
        self.item.showGrid(x=True, y=False, alpha=0.12)
        self.item.invertY(True)
        self.item.setMouseEnabled(y=False)
        self.item.getAxis("left").setStyle(tickLength=0)

    def show_values(self, names: Sequence[str], first: Sequence[float], second: Sequence[float] = ()) -> None:
        """Show these bars; without second values each name has one bar."""
        self.names, self.values = list(names), (list(first), list(second))
        self.mark(bool(names))

    def draw_data(self) -> None:
        """Draw the bars."""
        double = bool(self.values[1])
        colours = (SERIES[0], self.colours.muted)
        for index, bar in enumerate(self._bars):
            values = self.values[index]
            offset = (-0.18, 0.18)[index] if double else 0.0
            bar.setOpts(
                x0=0.0, y=[i + offset for i in range(len(values))], width=values, height=0.32 if double else 0.6,
                brush=pg.mkBrush(colours[index]), pen=pg.mkPen(None),
            )  # fmt: skip
        every = max(1, round(15 * len(self.names) / max(15.0, self.item.vb.height())))
        self.set_ticks("left", list(enumerate(self.names))[::every])
        self._show_key()
        if not self.held:
            self.fit()

    def fit(self) -> None:
        """All names, and as far as the longest bar; few numbers where the axis is short."""
        self.set_range("y", -0.6, max(0.6, len(self.names) - 0.4), 0.0)
        top = max([0.05, *self.values[0], *self.values[1]])
        top = 1.0 if 0.9 < top < 1.0 else top
        self.set_range("x", 0.0, top, 0.04)
        step = next(step for step in TICK_STEPS if top / step >= 1.5)  # one at the very end would be left out
        ticks = [(place * step, f"{place * step:g}") for place in range(int(top / step + 1e-9) + 1)]
        self.set_ticks("bottom", ticks if self.plot.width() < WIDE_AXIS else None)

    def signs(self) -> list[Sign]:
        """A bar for each series, where there are two."""
        colours = (SERIES[0], self.colours.muted)
        return [Sign(*pair, "bar") for pair in zip(self.series, colours, strict=True)] if self.values[1] else []

    def recolour(self) -> None:
        """The next drawing takes the colours."""

    def hover(self, x: float, y: float) -> str:
        """Name and values of the bar."""
        index = round(y)
        if not 0 <= index < len(self.names):
            return ""
        lines = [self.names[index]]
        for name, values in zip(self.series, self.values, strict=True):
            if index < len(values):
                lines.append(f"{name}: {shown_p(values[index])}")
        return "\n".join(lines)

    def table(self) -> Table:
        """A row for each name."""
        second = self.values[1] or [float("nan")] * len(self.names)
        return ["name", *self.series], [list(row) for row in zip(self.names, self.values[0], second, strict=True)]


class NextTokens(PairedBars):
    """The most probable next tokens, as they are and with something switched off."""

    def __init__(self, clock: DrawClock, title: str, empty: str, series: tuple[str, str], tip: str) -> None:
        super().__init__(clock, title, empty, "p", series, tip)

    def show_tops(self, on: Sequence[tuple[str, float]], off: Sequence[tuple[str, float]]) -> None:
        """Show the tokens that are most probable either way, best first."""
        names = list(dict.fromkeys([text for text, _ in on] + [text for text, _ in off]))
        first, second = dict(on), dict(off)
        names.sort(key=lambda name: -max(first.get(name, 0.0), second.get(name, 0.0)))
        names = names[:SHOWN_BARS]
        self.show_values(
            [shown_token(name) for name in names],
            [first.get(name, 0.0) for name in names],
            [second.get(name, 0.0) for name in names] if off else [],
        )
