"""A card with a plot in it: title, note, log scale, held axes, export, and words for an empty plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QCursor, QFont, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGraphicsItem, QLabel, QStackedLayout, QToolTip, QVBoxLayout, QWidget

from bdh_workbench.gui.look.colours import LIGHT, Colours
from bdh_workbench.gui.look.words import tip
from bdh_workbench.gui.plots.axis import PlainAxis
from bdh_workbench.gui.plots.export import save_plot
from bdh_workbench.gui.plots.header import CardHeader
from bdh_workbench.gui.plots.key import Key, Sign
from bdh_workbench.gui.shared.clock import DrawClock

pg.setConfigOptions(antialias=False, imageAxisOrder="row-major")

Table = tuple[Sequence[str], Sequence[Sequence[object]]]
AXIS_POINTS = 7.5
P_FLOOR = 1e-6  # where a log scale ends: zero has no logarithm
ROOM_UP = 140  # pixels of height from which the left axis has room for many numbers
HELD = "The axes are locked: press this, or double-click the plot, to follow the data again"
WIDE_AXIS = 220.0  # pixels of width from which a lower axis has as many numbers as it likes
HALF_POINT = 7.0  # pixels that a point at the edge needs beyond it
LOW_CARD = 210  # pixels of height under which the key stays on one line
LOW_PLOT = 80  # pixels of height under which three ticks are enough


class PlotCard(QFrame):
    """What all plots share; a kind of plot fills ``draw_data``, ``recolour`` and ``table``."""

    def __init__(
        self,
        title: str,
        empty: str,
        clock: DrawClock,
        *,
        x: str = "",
        y: str = "",
        log: bool = False,
        tip: str = "",
        axis: Any = None,
    ) -> None:
        """Make the card.

        Args:
            title: of the plot.
            empty: what will fill it, said while it is empty.
            clock: that draws it.
            x: name and unit of the lower axis.
            y: name and unit of the left axis.
            log: whether a logarithmic scale is offered.
            tip: what the plot means.
            axis: a lower axis of another kind.
        """
        super().__init__()
        self.setObjectName("plotCard")
        self.setAccessibleName(f"Plot: {title}")
        self.setAccessibleDescription(tip)
        self.title, self.colours = title, LIGHT
        self._clock, self._filled = clock, False
        self._ticks: dict[str, Sequence[tuple[float, str]] | None] = {"left": None, "bottom": None}
        self.logarithmic = self.held = False
        self.header = CardHeader(title, self._export_chosen)
        self.header.setToolTip(tip)
        if log:
            self.log = self.header.add_switch("log", "Logarithmic scale", "logarithmic scale", self.set_log)
        self.hold = self.header.add_switch(
            "hold", "Lock the axes", "keep the axes as they are; off: follow the data", self.set_held
        )
        self._hold_tip = self.hold.toolTip()

        # Without its menus, which nobody sees: to make them takes a fifth of the time of the whole window.
        axes = {"left": PlainAxis("left"), "bottom": axis if axis is not None else PlainAxis("bottom")}
        self.plot: Any = pg.PlotWidget(axisItems=axes, enableMenu=False)
        self.plot.setFrameShape(QFrame.Shape.NoFrame)
        self.plot.setMinimumSize(90, 40)
        self.plot.setAccessibleName(title)
        for part in (self.plot, self.plot.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.item: Any = self.plot.getPlotItem()
        self.item.hideButtons()
        self.item.setLabel("bottom", x)
        self.item.setLabel("left", y)
        small = QFont(self.font())
        small.setPointSizeF(AXIS_POINTS)
        for name in ("bottom", "left"):
            axis = self.item.getAxis(name)
            axis.setStyle(tickLength=-4, tickFont=small, tickTextOffset=4, hideOverlappingLabels=name == "bottom")
            axis.label.setFont(small)
            axis.setZValue(-1)  # the grid lies under the data
        self._keep_axes(True)
        self.item.showGrid(x=False, y=True, alpha=0.12)
        self.plot.setMouseTracking(True)
        self.plot.scene().sigMouseMoved.connect(self._mouse_moved)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.item.vb.sigRangeChangedManually.connect(self._moved_by_hand)

        self.empty = QLabel(empty)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("note", True)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.plot)
        inner = QWidget()
        inner.setLayout(self.stack)
        self.key = Key()
        self.body = QWidget()
        self.body.setObjectName("plotBody")
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.key)
        column.addWidget(inner, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self.header)
        layout.addWidget(self.body, 1)
        self.key.setVisible(False)
        clock.add(self)

    # For the kinds of plots

    def draw_data(self) -> None:
        """Put the data into the plot; called only while the plot can be seen."""
        raise NotImplementedError

    def recolour(self) -> None:
        """Give pens and brushes the colours of ``self.colours``."""
        raise NotImplementedError

    def table(self) -> Table:
        """Headers and rows for CSV."""
        raise NotImplementedError

    def hover(self, x: float, y: float) -> str:
        """What to say about the place under the mouse, in the plot's coordinates."""
        return ""

    def leave(self) -> None:
        """Forget what the mouse pointed at."""

    def fit(self) -> None:
        """Let the axes follow the data; not called while they are held."""
        self.item.enableAutoRange()

    def signs(self) -> Sequence[Sign]:
        """What the key says."""
        return ()

    def pen(self, colour: str | QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> Any:
        """A pen of so many pixels of the window, however fine the screen is."""
        return pg.mkPen(colour, width=width * self.devicePixelRatioF(), style=style)

    def set_range(self, axis: str, low: float, high: float, padding: float) -> None:
        """Let an axis (``x`` or ``y``) go from one number to another, with a share of that as a margin at both ends."""
        margin, number = padding * (high - low), "xy".index(axis)
        wanted = [low - margin, high + margin]
        if self.item.vb.autoRangeEnabled()[number] or self.item.vb.viewRange()[number] != wanted:
            (self.item.setXRange if axis == "x" else self.item.setYRange)(*wanted, padding=0)

    def set_ticks(self, axis: str, ticks: Sequence[tuple[float, str]] | None) -> None:
        """Name these places of an axis (``left`` or ``bottom``), or let it count; one that changes is drawn again."""
        if self._ticks.get(axis, ()) != ticks:
            self._ticks[axis] = ticks
            self.item.getAxis(axis).setTicks(None if ticks is None else [list(ticks)])

    def show_shares(self, top: float = 1.0) -> None:
        """Let the upright axis go from 0 to 1 (or ``top``), with room for points on its ends, and few ticks if low."""
        height = max(1.0, self.item.vb.height())
        self.set_range("y", 0.0, top, max(0.05, HALF_POINT / height))
        low = height < LOW_PLOT and top <= 1.0
        self.set_ticks("left", [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] if low else None)

    def show_logarithms(self) -> None:
        """Let the upright axis follow logarithms, as far down as they go."""
        self.item.enableAutoRange(axis="y")
        self.set_ticks("left", None)

    # For users of plots

    def mark(self, filled: bool = True) -> None:
        """Say that the data changed; ``filled`` is false where none is left."""
        if filled != self._filled:
            self._filled = filled
            if not filled:
                self._turn()
        self._clock.mark(self)

    def redraw(self) -> None:
        """Draw the data; a plot that was empty appears in this turn, as several at once would hold the window up."""
        if self.stack.currentIndex() != int(self._filled):
            self._turn()
        self.draw_data()

    def _turn(self) -> None:
        """Show the plot, or the words that stand for an empty one."""
        self.stack.setCurrentIndex(int(self._filled))
        self._show_key()

    def _show_key(self) -> None:
        """The key stands above what it explains."""
        signs = self.signs()
        self.key.set_signs(signs)
        self.key.setVisible(self._filled and bool(signs))

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.colours = colours
        self.plot.setBackground(colours.panel)
        for name in ("bottom", "left"):
            axis = self.item.getAxis(name)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.muted))
            axis.label.setDefaultTextColor(QColor(colours.muted))
        self.recolour()
        self._show_key()
        if self._filled:
            self._clock.mark(self)

    def set_log(self, on: bool) -> None:
        """Make the upright axis logarithmic."""
        self.logarithmic = on
        self.item.setLogMode(y=on)
        self._follow()

    def set_held(self, held: bool) -> None:
        """Keep the ranges of the axes, or let them follow the data."""
        self.held = held
        self.hold.setIconText("reset view" if held else "hold")
        self.hold.setToolTip(HELD if held else self._hold_tip)
        self.header.widen()
        if held:
            self.item.disableAutoRange()
        else:
            self._follow()

    def export(self, path: Path) -> None:
        """Save what is shown as PNG or SVG, or the numbers behind it as CSV, after the name's extension.

        Raises:
            UserError: when the file cannot be written.
        """
        save_plot(path, self.body, self._draw, self.table())

    def _keep_axes(self, keep: bool) -> None:
        """Keep pictures of the axes: to write their numbers again takes half of the time that a curve's step takes."""
        mode = QGraphicsItem.CacheMode.DeviceCoordinateCache if keep else QGraphicsItem.CacheMode.NoCache
        for name in ("bottom", "left"):
            self.item.getAxis(name).setCacheMode(mode)

    def _draw(self, painter: QPainter) -> None:
        """Draw key and plot line by line."""
        painter.fillRect(self.body.rect(), QColor(self.colours.panel))
        if self.key.isVisibleTo(self.body):
            self.key.draw(painter)
        place = QRectF(QPointF(self.plot.mapTo(self.body, QPoint())), QSizeF(self.plot.size()))
        self._keep_axes(False)
        self.plot.render(painter, place, self.plot.rect())
        self._keep_axes(True)

    def _follow(self) -> None:
        if not self.held:
            self.fit()
        self._clock.mark(self)

    def _clicked(self, event: Any) -> None:
        """A double click gives the whole of the data back."""
        if event.double():
            self.hold.setChecked(False)
            self._follow()
            event.accept()

    def _moved_by_hand(self, *_: object) -> None:
        """Who moves the axes wants them to stay."""
        self.hold.setChecked(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A small card has fewer numbers on its axes; their names and the key stay."""
        super().resizeEvent(event)
        self.item.getAxis("left").setTickDensity(1.0 if self.height() >= ROOM_UP else 0.4)
        self.item.getAxis("bottom").setTickDensity(min(1.0, self.plot.width() / WIDE_AXIS))
        self.key.set_low(self.height() < LOW_CARD)
        self._show_key()
        if self._filled:
            self._clock.mark(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what changed while the card could not be seen."""
        super().showEvent(event)
        self._clock.shown(self)

    def _export_chosen(self, kind: str) -> None:
        from bdh_workbench.gui.dialogs.failure import guarded
        from bdh_workbench.gui.dialogs.files import save_path

        path = save_path(self, f"Save “{self.title}”", self.title.lower().replace(" ", "-"), kind)
        if path is not None:
            with guarded(self):
                self.export(path)

    def _mouse_moved(self, position: object) -> None:
        if not self._filled or not self.item.vb.sceneBoundingRect().contains(position):
            QToolTip.hideText()
            self.leave()
            return
        place = self.item.vb.mapSceneToView(position)
        QToolTip.showText(QCursor.pos(), tip(self.hover(float(place.x()), float(place.y()))), self.plot)
