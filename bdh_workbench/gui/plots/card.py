"""A card with a plot in it: title, note, log scale, held ranges, export, and words for an empty plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontMetrics, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.plots.export import save_plot
from bdh_workbench.gui.theme import LIGHT, NOTE_PIXELS, Colours
from bdh_workbench.gui.widgets import ElideLabel
from bdh_workbench.gui.words import tip

pg.setConfigOptions(antialias=False, imageAxisOrder="row-major")

Table = tuple[Sequence[str], Sequence[Sequence[object]]]
AXIS_POINTS = 7.5
P_FLOOR = 1e-6  # where a log scale ends: zero has no logarithm


def shown_p(p: float) -> str:
    """A probability as it is shown."""
    if p != p:
        return "–"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.9995 else f"{p:.4f}" if p < 0.99995 else "1.000"


class PlotCard(QFrame):
    """What all plots share; a kind of plot fills ``redraw``, ``recolour`` and ``table``."""

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
    ) -> None:
        """Make the card; ``empty`` says what will fill the plot, x and y are the names and units of the axes."""
        super().__init__()
        self.setObjectName("plotCard")
        self.setAccessibleName(f"Plot: {title}")
        self.setToolTip(tip)
        self.title, self.colours = title, LIGHT
        self._clock, self._filled = clock, False
        self.logarithmic = False
        heading = ElideLabel(title)
        heading.setObjectName("title")
        self.note = ElideLabel()
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.note.setProperty("note", True)
        self.note.setAccessibleName(f"{title}: summary")
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(2)
        heading.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        bar.addWidget(heading)
        bar.addWidget(self.note, 1)
        bar.addSpacing(4)
        self.log_button = self._button("log", f"{title}: logarithmic scale", True)
        self.log_button.setVisible(log)
        self.log_button.toggled.connect(self.set_log)
        bar.addWidget(self.log_button)
        self.hold_button = self._button("hold", f"{title}: keep the axes as they are", True)
        self.hold_button.toggled.connect(self.set_held)
        bar.addWidget(self.hold_button)
        export = self._button("export", f"{title}: save as PNG, SVG or CSV", False)
        menu = QMenu(export)
        for kind in ("PNG", "SVG", "CSV"):
            action = QAction(f"Save as {kind}…", menu)
            action.setData(kind.lower())
            menu.addAction(action)
        menu.triggered.connect(self._export_chosen)
        export.setMenu(menu)
        export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        bar.addWidget(export)

        self.plot: Any = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.setFrameShape(QFrame.Shape.NoFrame)
        self.plot.setMinimumSize(90, 70)
        self.plot.setAccessibleName(title)
        self.item: Any = self.plot.getPlotItem()
        self.item.hideButtons()
        self.item.setLabel("bottom", x)
        self.item.setLabel("left", y)
        small = QFont(self.font())
        small.setPointSizeF(AXIS_POINTS)
        for name in ("bottom", "left"):
            axis = self.item.getAxis(name)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=-4, autoExpandTextSpace=True, tickFont=small, tickTextOffset=4)
            axis.label.setFont(small)
        self.item.showGrid(x=False, y=True, alpha=0.12)
        self.plot.setMouseTracking(True)
        self.plot.scene().sigMouseMoved.connect(self._mouse_moved)

        self.empty = QLabel(empty)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("note", True)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.plot)
        body = QWidget()
        body.setLayout(self.stack)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(2)
        layout.addLayout(bar)
        layout.addWidget(body, 1)
        clock.add(self)

    def _button(self, text: str, name: str, checkable: bool) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("flat", True)
        button.setCheckable(checkable)
        font = QFont(self.font())
        font.setPixelSize(NOTE_PIXELS)
        button.setFixedWidth(QFontMetrics(font).horizontalAdvance(text) + 12)
        button.setToolTip(name.split(": ", 1)[1].capitalize())
        button.setAccessibleName(name)
        return button

    # For the kinds of plots

    def redraw(self) -> None:
        """Put the data into the plot; called at most once in 50 ms, and only while it can be seen."""
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

    # For users of plots

    def mark(self, filled: bool = True) -> None:
        """Say that the data changed; ``filled`` is false where none is left."""
        if filled != self._filled:
            self._filled = filled
            self.stack.setCurrentIndex(1 if filled else 0)
        self._clock.mark(self)

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
        if self._filled:
            self._clock.mark(self)

    def set_log(self, on: bool) -> None:
        """Make the upright axis logarithmic."""
        self.logarithmic = on
        self.item.setLogMode(y=on)
        self._clock.mark(self)

    def set_held(self, held: bool) -> None:
        """Keep the ranges of the axes, or let them follow the data."""
        if held:
            self.item.disableAutoRange()
        else:
            self.item.enableAutoRange()

    def export(self, path: Path) -> None:
        """Save what is shown as PNG or SVG, or the numbers behind it as CSV, after the name's extension.

        Raises:
            UserError: when the file cannot be written.
        """
        save_plot(path, self.plot, self.table())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A low card gives its room to the plot: the title then has to do without the names of the axes."""
        super().resizeEvent(event)
        for name, enough in (("bottom", self.height() >= 150), ("left", self.height() >= 130)):
            axis = self.item.getAxis(name)
            axis.showLabel(enough and bool(axis.labelText))

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what changed while the card could not be seen."""
        super().showEvent(event)
        self._clock.shown(self)

    def _export_chosen(self, action: QAction) -> None:
        from bdh_workbench.gui.dialogs.failure import guarded
        from bdh_workbench.gui.dialogs.files import save_path

        path = save_path(self, f"Save “{self.title}”", self.title.lower().replace(" ", "-"), str(action.data()))
        if path is not None:
            with guarded(self):
                self.export(path)

    def _mouse_moved(self, position: object) -> None:
        if not self._filled or not self.item.sceneBoundingRect().contains(position):
            return
        place = self.item.vb.mapSceneToView(position)
        self.plot.setToolTip(tip(self.hover(float(place.x()), float(place.y()))))
