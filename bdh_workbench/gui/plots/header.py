"""The upper line of a card: title, a note in grey, and what can be done, folded into one button where room is short."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QMenu, QSizePolicy, QToolButton, QWidget

from bdh_workbench.gui.look.widgets import ElideLabel, flat_button, small_font

PICTURE_KINDS = ("PNG", "SVG", "CSV")


class ColourScale(QWidget):
    """What the colours of a heatmap stand for: viridis from 0 to the largest value."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.setFont(small_font(self.font()))
        shades = pg.colormap.get("viridis").getLookupTable(0.0, 1.0, 64, alpha=False).astype(np.uint8)
        self._bar = QImage(shades[None].copy().data, 64, 1, 64 * 3, QImage.Format.Format_RGB888).copy()
        self.setVisible(False)

    def set_top(self, words: str) -> None:
        """Say what the brightest colour stands for."""
        self.words = words
        self.setAccessibleName(f"Colours from 0 to {words}")
        self.setToolTip(f"Dark is 0, bright is {words}.")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its numbers."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(f"0{self.words}") + 56, metrics.height())

    def minimumSizeHint(self) -> QSize:
        """Likewise."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the numbers with the colours between them."""
        painter = QPainter(self)
        painter.setPen(self.palette().placeholderText().color())
        zero, box = QFontMetrics(self.font()).horizontalAdvance("0"), self.rect()
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "0")
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.words)
        painter.drawImage(QRectF(zero + 4, box.height() / 2 - 3, 44, 7), self._bar)
        painter.end()


class CardHeader(QWidget):
    """The line; ``note`` and ``scale`` are for the card to fill."""

    def __init__(self, title: str, export: Callable[[str], object]) -> None:
        super().__init__()
        self._title, self._save = title, export
        self.heading = ElideLabel(title)
        self.heading.setObjectName("title")
        self.heading.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.note = ElideLabel(whole=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.note.setProperty("note", True)
        self.note.setAccessibleName(f"{title}: summary")
        self.scale = ColourScale()
        self._notes = ("", "")
        self._switches: list[QToolButton] = []
        self._menu = QMenu(self)
        for kind in PICTURE_KINDS:
            action = QAction(f"Save as {kind}…", self)
            action.triggered.connect(partial(self._export, kind.lower()))
            self._menu.addAction(action)
        self.more = flat_button("⋯", f"{title}: scale, axes and export")
        self.more.setMenu(self._menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        # Buttons that are shown must not keep the card from becoming narrower: it then folds them.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(110)
        self._line = QHBoxLayout(self)
        self._line.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(4)
        self._line.addWidget(self.heading)
        self._line.addWidget(self.note, 1)
        self._line.addWidget(self.scale)
        self._line.addWidget(self.more)

    def add_switch(self, text: str, long: str, tip: str, switch: Callable[[bool], object]) -> QAction:
        """A switch, as a button and in the menu of a narrow card."""
        action = QAction(long, self)
        action.setIconText(text)
        action.setCheckable(True)
        action.setToolTip(tip)
        action.toggled.connect(switch)
        shown = flat_button(text, f"{self._title}: {tip}")
        shown.setDefaultAction(action)
        shown.setAccessibleName(f"{self._title}: {tip}")
        self._switches.append(shown)
        self._line.insertWidget(self._line.count() - 1, shown)
        self.more.setParent(None)  # Tab comes to what was put in last at last
        self._line.addWidget(self.more)
        self._menu.insertAction(self._menu.actions()[-len(PICTURE_KINDS)], action)
        return action

    def widen(self) -> None:
        """Follow the texts of the switches."""
        for shown in self._switches:
            text = shown.defaultAction().iconText()
            shown.setFixedWidth(QFontMetrics(small_font(shown.font())).horizontalAdvance(text) + 14)
        self.fold()

    def _export(self, kind: str, _checked: bool = False) -> None:
        self._save(kind)

    def set_note(self, text: str, brief: str = "") -> None:
        """Say something in grey, where there is room for all of it; ``brief`` where there is less."""
        if (text, brief) != self._notes:
            self._notes = (text, brief)
            self.note.setToolTip(text)
            self.fold()

    def set_scale(self, words: str) -> None:
        """Say what the brightest colour stands for, where there is room for it."""
        if words != self.scale.words:
            self.scale.set_top(words)
            self.fold()

    def fold(self) -> None:
        """Show what there is room for: the title, the scale, the note, then one switch after the other."""
        bold, small = QFont(self.font()), QFontMetrics(small_font(self.font()))
        bold.setBold(True)
        room = self.width() - QFontMetrics(bold).horizontalAdvance(self._title) - self.more.sizeHint().width() - 24
        scale = self.scale.sizeHint().width() + 4
        self.scale.setVisible(bool(self.scale.words) and scale <= room)
        room -= scale if self.scale.isVisibleTo(self) else 0
        widths = ((text, small.horizontalAdvance(text) + 8) for text in self._notes if text)
        note, taken = next(((text, width) for text, width in widths if width <= room), ("", 0))
        self.note.setText(note)
        room -= taken
        # The way back from axes that are held stands first: without it a plot would seem to have stopped.
        for shown in sorted(self._switches, key=lambda one: one.defaultAction().iconText() != "reset view"):
            room -= shown.width() + 4
            shown.setVisible(room >= 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Follow the room that there is."""
        super().resizeEvent(event)
        self.fold()
