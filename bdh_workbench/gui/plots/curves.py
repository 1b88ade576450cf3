"""Curves over the steps of a write: loss terms, and the probability of each item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from bdh_workbench.gui.look.colours import SERIES
from bdh_workbench.gui.look.words import shown_p
from bdh_workbench.gui.plots.card import P_FLOOR, PlotCard, Table
from bdh_workbench.gui.plots.key import Sign
from bdh_workbench.gui.shared.clock import DrawClock

ITEM_CURVES = 120  # items that get a curve of their own; more could not be told apart
SMOOTHED = 3000  # points up to which curves are drawn without stairs
TERMS = ("cross-entropy", "contrastive", "locality", "norm")  # each has the same colour in every write
SMOOTHED_STEPS = 10.0  # steps over which the smoothed curve looks back
GOAL = 0.9

NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # where an axis of steps may end, times a power of ten
HALF_NUMBER = 10.0  # pixels that a number under the end of an axis needs beyond it
LEAST_STEPS = 4  # steps that an axis shows at least

Array = npt.NDArray[np.float64]


def nice_end(last: float) -> float:
    """Where an axis from 0 ends that shows so many steps: seldom moved, and a round number."""
    last = max(float(LEAST_STEPS), last)
    power = 10.0 ** math.floor(math.log10(last))
    return next(power * share for share in NICE if power * share >= last * (1.0 - 1e-9))


def heights(values: Any, logarithmic: bool) -> Array:
    """Values as they stand on an axis: with a floor, and as logarithms where it is logarithmic."""
    array = np.asarray(values, dtype=np.float64)
    array = np.where(np.isfinite(array), array, 0.0)
    return np.log10(np.maximum(array, P_FLOOR)) if logarithmic else array


def smoothed(values: Sequence[float], window: float = SMOOTHED_STEPS) -> Array:
    """Exponential moving average over about so many steps, without a bias towards its start."""
    keep, total, weight = 1.0 - 1.0 / window, 0.0, 0.0
    means = np.empty(len(values))
    for index, value in enumerate(values):
        if math.isfinite(value):
            total, weight = keep * total + (1.0 - keep) * value, keep * weight + (1.0 - keep)
        means[index] = total / weight if weight else math.nan
    return means


class StepPlot(PlotCard):
    """Curves over the steps of a write. Its lower axis grows by leaps: an axis that moves is drawn anew each time."""

    def fit_steps(self, *steps: Sequence[float]) -> None:
        """Show all of these."""
        end = nice_end(max((one[-1] for one in steps if one), default=0.0))
        self.set_range("x", 0.0, end, max(0.02, HALF_NUMBER / max(1.0, self.item.vb.width())))


class LossPlot(StepPlot):
    """Each term of the loss."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Loss",
            "Each term of the loss appears here during a write.",
            clock,
            x="step",
            y="loss (nats)",
            log=True,
            tip="What the write minimises. Cross-entropy: how surprising the answers still are. Contrastive: "
            "how easily answers are confused. Locality: how much unrelated text changes. Norm: the size of the change.",
        )
        self.smooth = self.header.add_switch(
            "smooth",
            "Smoothed curves",
            f"a running mean over about {SMOOTHED_STEPS:g} steps, above the raw line",
            self._smooth,
        )
        self._steps: list[float] = []
        self._terms: dict[str, list[float]] = {}
        self._curves: dict[str, tuple[Any, Any]] = {}
        self._other: tuple[list[float], dict[str, list[float]]] = ([], {})  # another write, laid over this one
        self._other_curves: list[Any] = []

    def overlay(self, steps: Sequence[float], terms: dict[str, list[float]]) -> None:
        """Lay the curves of another write over these, in dashes; without steps none."""
        self._other = (list(steps), {name: list(values) for name, values in terms.items()})
        self.mark(bool(self._steps or self._other[0]))
        self._show_key()

    def start(self) -> None:
        """Begin a write; what is drawn stays until its first step."""
        self._steps.clear()
        self._terms.clear()
        for pair in self._curves.values():
            for curve in pair:
                self.item.removeItem(curve)
        self._curves.clear()
        self.header.set_note("")

    def clear(self) -> None:
        """Show no write."""
        self.start()
        self.mark(bool(self._other[0]))

    def add(self, step: float, losses: dict[str, float]) -> None:
        """Add a step."""
        self._steps.append(step)
        for name in losses:
            self._terms.setdefault(name, [math.nan] * (len(self._steps) - 1))
        for name, values in self._terms.items():
            values.append(losses.get(name, values[-1] if values else math.nan))
        self.mark()

    def _smooth(self, _on: bool) -> None:
        self.mark(bool(self._steps))

    def _colour(self, name: str) -> str:
        others = [one for one in (*self._terms, *self._other[1]) if one not in TERMS]
        place = TERMS.index(name) if name in TERMS else len(TERMS) + others.index(name)
        return SERIES[place % len(SERIES)]

    def draw_data(self) -> None:
        """Draw every term: the raw line, and the smoothed one above it where it is wanted."""
        fine = len(self._steps) * len(self._terms) <= SMOOTHED
        smooth = self.smooth.isChecked()
        for name, values in self._terms.items():
            colour = QColor(self._colour(name))
            if name not in self._curves:
                self._curves[name] = (pg.PlotCurveItem(), pg.PlotCurveItem())
                for curve in self._curves[name]:
                    self.item.addItem(curve)
                self._show_key()
            raw, mean = self._curves[name]
            faint = QColor(colour)
            faint.setAlpha(90 if smooth else 255)
            shown = smoothed(values) if smooth else values
            pen = self.pen(colour, 1.8) if fine else pg.mkPen(colour, width=1)
            raw.setData(self._steps, heights(values, self.logarithmic), pen=pg.mkPen(faint, width=1), antialias=fine)
            mean.setData(self._steps, heights(shown, self.logarithmic), pen=pen, antialias=fine)
        self._draw_other()
        if not self.held:
            self.fit()
        if self._terms:
            last = next(iter(self._terms.values()))[-1]
            self.header.set_note(f"{last:.3f} nats" if last >= 0.001 else "< 0.001 nats")

    def fit(self) -> None:
        """All steps, and the whole of each term from 0 up."""
        self.fit_steps(self._steps, self._other[0])
        if self.logarithmic:
            self.show_logarithms()
            return
        terms = (*self._terms.values(), *self._other[1].values())
        known = [value for values in terms for value in values if math.isfinite(value)]
        self.set_ticks("left", None)
        self.set_range("y", min(0.0, *known, 0.0), max(0.01, *known, 0.01), 0.05)

    def _draw_other(self) -> None:
        steps, terms = self._other
        while len(self._other_curves) < len(terms):
            self._other_curves.append(pg.PlotCurveItem())
            self.item.addItem(self._other_curves[-1])
        for curve in self._other_curves[len(terms) :]:
            curve.setData([], [])
        for curve, (name, values) in zip(self._other_curves, terms.items(), strict=False):
            pen = self.pen(self._colour(name), 1.2, Qt.PenStyle.DashLine)
            curve.setData(steps[: len(values)], heights(values, self.logarithmic), pen=pen, antialias=True)

    def signs(self) -> list[Sign]:
        """A line for each term."""
        other = [Sign("the other write", self.colours.muted, "dashes")] * bool(self._other[0])
        return [*(Sign(name, self._colour(name)) for name in self._terms), *other]

    def recolour(self) -> None:
        """Series keep their colours."""

    def hover(self, x: float, y: float) -> str:
        """All terms at the nearest step."""
        if not self._steps:
            return ""
        index = int(np.abs(np.asarray(self._steps) - x).argmin())
        lines = [f"{name}: {values[index]:.4g} nats" for name, values in self._terms.items()]
        return "\n".join([f"step {self._steps[index]:g}", *lines])

    def table(self) -> Table:
        """A row for each step."""
        return ["step", *self._terms], [
            [step, *(values[i] for values in self._terms.values())] for i, step in enumerate(self._steps)
        ]


class ItemPlot(StepPlot):
    """The probability of each item, the worst token and the median."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "p of each item",
            "One curve for each item appears here during a write: how probable its answer has become.",
            clock,
            x="step",
            y="p",
            log=True,
            tip="Thin lines: one for each fact or document. Dashes: the worst answer token. Dots: the goal. Point at a "
            "line for its name. A write ends when the worst token passes the goal.",
        )
        self._steps: list[float] = []
        self._worst: list[float] = []
        self._median: list[float] = []
        self._items: list[tuple[float, ...]] = []
        self._names: list[str] = []
        self._other: tuple[list[float], list[float], list[float]] = ([], [], [])  # steps, worst, median of another
        self._chosen: int | None = None  # the item that the mouse points at
        # Curves of one colour are one drawing: a hundred of them then cost little more than eight.
        self._bundles: list[Any] = [pg.PlotCurveItem(pen=pg.mkPen(colour, width=1)) for colour in SERIES]
        self._median_curve, self._worst_curve, self._pointed = (pg.PlotCurveItem() for _ in range(3))
        self._other_worst, self._other_median = pg.PlotCurveItem(), pg.PlotCurveItem()
        for curve in (
            *self._bundles, self._other_worst, self._other_median, self._median_curve, self._worst_curve, self._pointed,
        ):  # fmt: skip
            self.item.addItem(curve)
        self._goal: Any = pg.InfiniteLine(pos=GOAL, angle=0)
        self.item.addItem(self._goal, ignoreBounds=True)
        self.fit()

    def fit(self) -> None:
        """Steps as far as they go; p from 0 to 1, or as far down as it comes."""
        self.fit_steps(self._steps, self._other[0])
        if self.logarithmic:
            self.show_logarithms()
        else:
            self.show_shares()

    def set_log(self, on: bool) -> None:
        """Make p logarithmic."""
        self._goal.setValue(math.log10(GOAL) if on else GOAL)
        super().set_log(on)

    def overlay(self, steps: Sequence[float], worst: Sequence[float], median: Sequence[float]) -> None:
        """Lay worst and median of another write under these; without steps none."""
        self._other = (list(steps), list(worst), list(median))
        self.mark(bool(self._steps or self._other[0]))
        self._show_key()

    def start(self, names: Sequence[str]) -> None:
        """Begin a write of these items; the words for an empty plot are not shown in between."""
        self._names, self._chosen = list(names), None
        for values in (self._steps, self._worst, self._median, self._items):
            values.clear()
        for curve in (*self._bundles, self._pointed):
            curve.setData([], [])
        self.header.set_note("")

    def clear(self) -> None:
        """Show no write."""
        self.start(())
        self.mark(bool(self._other[0]))

    def add(self, step: float, worst: float, median: float, items: tuple[float, ...]) -> None:
        """Add a step."""
        self._steps.append(step)
        self._worst.append(worst)
        self._median.append(median)
        self._items.append(items)
        self.mark()

    def draw_data(self) -> None:
        """Draw every curve."""
        for curve, values in zip((self._other_worst, self._other_median), self._other[1:], strict=True):
            curve.setData(self._other[0], heights(values, self.logarithmic), antialias=True)
        if not self._steps:
            return
        last = len(self._items[-1])
        rows = [row if len(row) == last else (math.nan,) * last for row in self._items]
        whole = heights(np.asarray(rows, dtype=np.float64)[:, :ITEM_CURVES].T, self.logarithmic)  # (items, steps)
        steps = np.asarray(self._steps, dtype=np.float64)
        fine = whole.size <= SMOOTHED
        for index, bundle in enumerate(self._bundles):
            part = whole[index :: len(self._bundles)]
            joined = np.ones(part.shape, dtype=np.int32)
            joined[:, -1:] = 0  # the pen is lifted between two curves
            bundle.setData(np.tile(steps, len(part)), part.ravel(), connect=joined.ravel(), antialias=fine)
        self._median_curve.setData(steps, heights(self._median, self.logarithmic), antialias=fine)
        self._worst_curve.setData(steps, heights(self._worst, self.logarithmic), antialias=fine)
        self._point()
        worst = f"worst {shown_p(self._worst[-1])}"
        self.header.set_note(f"{worst} · median {shown_p(self._median[-1])}", worst)
        if not self.held:
            self.fit()

    def signs(self) -> list[Sign]:
        """The lines that are of no single item."""
        return [
            Sign("median", self.colours.text), Sign("worst token", self.colours.bad, "dashes"),
            Sign(f"goal {GOAL:g}", self.colours.muted, "dots"),
            *[Sign("the other write", self.colours.muted)] * bool(self._other[0]),
        ]  # fmt: skip

    def recolour(self) -> None:
        """Worst in the colour of bad, median in that of text."""
        self._worst_curve.setPen(self.pen(self.colours.bad, 1.6, Qt.PenStyle.DashLine))
        self._median_curve.setPen(self.pen(self.colours.text, 1.6))
        self._other_worst.setPen(self.pen(self.colours.muted, 1.2, Qt.PenStyle.DashLine))
        self._other_median.setPen(self.pen(self.colours.muted, 1.2))
        self._goal.setPen(self.pen(self.colours.muted, 1.0, Qt.PenStyle.DotLine))
        self._pointed.setPen(self.pen(self.colours.accent, 3.0))

    def hover(self, x: float, y: float) -> str:
        """The item whose curve is nearest; it is drawn thick."""
        if not self._steps or not self._items[-1]:
            return ""
        index = int(np.abs(np.asarray(self._steps) - x).argmin())
        row = np.asarray(self._items[index], dtype=np.float64)[:ITEM_CURVES]
        nearest = int(np.abs(row - (10**y if self.logarithmic else y)).argmin())
        self._chosen = nearest
        self._point()
        name = self._names[nearest] if nearest < len(self._names) else f"item {nearest + 1}"
        return f"{name}\np {shown_p(float(row[nearest]))} at step {self._steps[index]:g}"

    def leave(self) -> None:
        """No curve is thick any more."""
        if self._chosen is not None:
            self._chosen = None
            self._point()

    def _point(self) -> None:
        """Draw the curve that the mouse points at thick."""
        chosen, steps, curve = self._chosen, self._steps, []
        if chosen is not None:
            curve = [items[chosen] if chosen < len(items) else math.nan for items in self._items]
        self._pointed.setData(steps[: len(curve)], heights(curve, self.logarithmic), antialias=True)

    def table(self) -> Table:
        """A row for each step, a column for each item."""
        count = len(self._items[-1]) if self._items else 0
        names = [self._names[i] if i < len(self._names) else f"item {i + 1}" for i in range(count)]
        rows = zip(self._steps, self._worst, self._median, self._items, strict=True)
        return ["step", "worst p", "median p", *names], [[s, w, m, *items] for s, w, m, items in rows]
