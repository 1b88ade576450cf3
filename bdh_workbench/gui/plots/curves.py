"""Curves over the steps of a write: loss terms, and the probability of each item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from bdh_workbench.gui.plots.card import P_FLOOR, PlotCard, Table, shown_p
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.theme import SERIES

CURVES = 120  # items that get a curve of their own; more could not be told apart


def _floored(values: Any, logarithmic: bool) -> Any:
    array = np.asarray(values, dtype=np.float64)
    array = np.where(np.isfinite(array), array, 0.0)
    return np.maximum(array, P_FLOOR) if logarithmic else array


class LossPlot(PlotCard):
    """Each term of the loss."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Loss",
            "Each term of the loss shows here while a write runs.",
            clock,
            x="step",
            y="nats",
            log=True,
            tip="What the write pushes down. Cross-entropy: how surprising the answers still are. Contrastive: whether "
            "answers are told apart. Locality: how much unrelated text changes.",
        )
        self._steps: list[float] = []
        self._terms: dict[str, list[float]] = {}
        self._curves: dict[str, Any] = {}
        self._legend: Any = self.item.addLegend(offset=(-4, 4), labelTextSize="8pt")

    def clear(self) -> None:
        """Forget the last write."""
        self._steps.clear()
        self._terms.clear()
        for curve in self._curves.values():
            self.item.removeItem(curve)
        self._curves.clear()
        self.note.setText("")
        self.mark(False)

    def add(self, step: float, losses: dict[str, float]) -> None:
        """Add a step."""
        self._steps.append(step)
        for name in losses:
            self._terms.setdefault(name, [math.nan] * (len(self._steps) - 1))
        for name, values in self._terms.items():
            values.append(losses.get(name, values[-1] if values else math.nan))
        self.mark()

    def redraw(self) -> None:
        """Draw every term."""
        for index, (name, values) in enumerate(self._terms.items()):
            if name not in self._curves:
                pen = pg.mkPen(SERIES[index % len(SERIES)], width=1)
                self._curves[name] = self.item.plot(pen=pen, name=name)
            symbol = "o" if len(values) == 1 else None
            self._curves[name].setData(
                self._steps, _floored(values, self.logarithmic), symbol=symbol, symbolSize=5, symbolPen=None,
                symbolBrush=SERIES[index % len(SERIES)],
            )  # fmt: skip
        if self._terms:
            first = next(iter(self._terms.values()))
            self.note.setText(f"{first[-1]:.3f}" if first[-1] >= 0.001 else "< 0.001")

    def recolour(self) -> None:
        """The legend's words follow the theme."""
        self._legend.setLabelTextColor(self.colours.muted)
        for _, label in self._legend.items:
            label.setText(label.text, color=self.colours.muted)

    def table(self) -> Table:
        """A row for each step."""
        return ["step", *self._terms], [
            [step, *(values[i] for values in self._terms.values())] for i, step in enumerate(self._steps)
        ]


class ItemPlot(PlotCard):
    """The probability of each item, the worst token and the median."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Probability of each item",
            "One curve for each item shows here while a write runs: how probable its answer has become.",
            clock,
            x="step",
            y="p",
            log=True,
            tip="Thin lines: one for each fact or document. Thick dashes: the worst answer token. Point at a line for "
            "its name. A write ends when the worst token passes the goal.",
        )
        self._steps: list[float] = []
        self._worst: list[float] = []
        self._median: list[float] = []
        self._items: list[tuple[float, ...]] = []
        self._names: list[str] = []
        self._curves: list[Any] = []
        self._worst_curve: Any = self.item.plot()
        self._median_curve: Any = self.item.plot()
        self._goal: Any = pg.InfiniteLine(pos=0.9, angle=0)
        self.item.addItem(self._goal, ignoreBounds=True)
        self._range()

    def _range(self) -> None:
        if self.logarithmic:
            self.item.enableAutoRange(y=True)
        else:
            self.item.setYRange(0.0, 1.0, padding=0.04)

    def set_log(self, on: bool) -> None:
        """Make p logarithmic."""
        super().set_log(on)
        self._goal.setValue(math.log10(0.9) if on else 0.9)
        self._range()

    def set_held(self, held: bool) -> None:
        """Keep the ranges; p goes from 0 to 1 otherwise."""
        super().set_held(held)
        if not held:
            self._range()

    def start(self, names: Sequence[str]) -> None:
        """Begin a write of these items."""
        for curve in self._curves:
            self.item.removeItem(curve)
        self._curves = []
        self._names = list(names)
        for values in (self._steps, self._worst, self._median):
            values.clear()
        self._items.clear()
        self.note.setText("")
        self.mark(False)

    def add(self, step: float, worst: float, median: float, items: tuple[float, ...]) -> None:
        """Add a step."""
        self._steps.append(step)
        self._worst.append(worst)
        self._median.append(median)
        self._items.append(items)
        self.mark()

    def redraw(self) -> None:
        """Draw every curve."""
        if not self._steps:
            return
        count = min(CURVES, len(self._items[-1]))
        while len(self._curves) < count:
            pen = pg.mkPen(SERIES[len(self._curves) % len(SERIES)], width=1)
            self._curves.append(self.item.plot(pen=pen))
        last = len(self._items[-1])
        whole = np.asarray([row if len(row) == last else (math.nan,) * last for row in self._items], dtype=np.float64)
        for index, curve in enumerate(self._curves[:count]):
            curve.setData(self._steps, _floored(whole[:, index], self.logarithmic))
        self._worst_curve.setData(self._steps, _floored(self._worst, self.logarithmic))
        self._median_curve.setData(self._steps, _floored(self._median, self.logarithmic))
        self.note.setText(f"worst {shown_p(self._worst[-1])} · median {shown_p(self._median[-1])}")

    def recolour(self) -> None:
        """Worst in the colour of bad, median in that of text."""
        self._worst_curve.setPen(pg.mkPen(self.colours.bad, width=1, style=Qt.PenStyle.DashLine))
        self._median_curve.setPen(pg.mkPen(self.colours.text, width=1))
        self._goal.setPen(pg.mkPen(self.colours.muted, width=1, style=Qt.PenStyle.DashLine))

    def hover(self, x: float, y: float) -> str:
        """The item whose curve is nearest."""
        if not self._steps or not self._items[-1]:
            return ""
        index = int(np.abs(np.asarray(self._steps) - x).argmin())
        row = np.asarray(self._items[index], dtype=np.float64)[:CURVES]
        if not len(row):
            return ""
        p = 10**y if self.logarithmic else y
        nearest = int(np.abs(row - p).argmin())
        name = self._names[nearest] if nearest < len(self._names) else f"item {nearest + 1}"
        return f"{name}\np {shown_p(float(row[nearest]))} at step {self._steps[index]:g}"

    def table(self) -> Table:
        """A row for each step, a column for each item."""
        count = len(self._items[-1]) if self._items else 0
        names = [self._names[i] if i < len(self._names) else f"item {i + 1}" for i in range(count)]
        rows = zip(self._steps, self._worst, self._median, self._items, strict=True)
        return ["step", "worst p", "median p", *names], [[s, w, m, *items] for s, w, m, items in rows]
