"""Bars: the next token with memory on and off, and the stored positions that an address comes near to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg

from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.theme import SERIES
from bdh_workbench.gui.words import shown_p, shown_token

SHOWN = 6


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

    def redraw(self) -> None:
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
        self.item.getAxis("left").setTicks([list(enumerate(self.names))[::every]])
        self.header.set_note(f"{self.series[0]} blue · {self.series[1]} grey" if double else "")
        if not self.held:
            self.fit()

    def fit(self) -> None:
        """All names, and as far as the longest bar."""
        self.item.setYRange(-0.6, max(0.6, len(self.names) - 0.4), padding=0)
        self.item.setXRange(0.0, max([0.05, *self.values[0], *self.values[1]]), padding=0.04)

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
    """The most probable next tokens, with memory and without."""

    def __init__(self, clock: DrawClock, title: str = "Next token") -> None:
        super().__init__(
            clock,
            title,
            "Ask something: the most probable next tokens show here, with memory on and off.",
            "p",
            ("memory on", "memory off"),
            "How probable each next token is. Blue: with the memory. Grey: the untouched model.",
        )

    def show_tops(self, on: Sequence[tuple[str, float]], off: Sequence[tuple[str, float]]) -> None:
        """Show the tokens that are most probable with memory on, then those with memory off."""
        names = list(dict.fromkeys([text for text, _ in on] + [text for text, _ in off]))
        first, second = dict(on), dict(off)
        names.sort(key=lambda name: -max(first.get(name, 0.0), second.get(name, 0.0)))
        names = names[:SHOWN]
        self.show_values(
            [shown_token(name) for name in names],
            [first.get(name, 0.0) for name in names],
            [second.get(name, 0.0) for name in names] if off else [],
        )
