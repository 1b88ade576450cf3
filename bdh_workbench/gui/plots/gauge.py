"""The fill gauge: how much of a memory's rank is used, and what a write would add."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from bdh_workbench.gui.look.colours import LIGHT, Colours
from bdh_workbench.gui.look.words import percent

FILL_ROLE = Qt.ItemDataRole.UserRole + 7


def paint_fill(painter: QPainter, box: QRectF, fill: float, after: float, colours: Colours) -> None:
    """Draw a bar: what is used, then what would be added."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(colours.line))
    painter.setBrush(QColor(colours.background))
    radius = box.height() / 2
    faint = QColor(colours.accent)
    faint.setAlpha(90)
    painter.drawRoundedRect(box, radius, radius)
    painter.setPen(Qt.PenStyle.NoPen)
    for share, colour in ((after, faint), (fill, QColor(colours.accent))):
        if share > 0:
            painter.setBrush(colour)
            width = max(box.height(), box.width() * min(1.0, share))
            painter.drawRoundedRect(QRectF(box.x(), box.y(), width, box.height()), radius, radius)
    painter.restore()


class FillGauge(QWidget):
    """The bar on its own."""

    def __init__(self) -> None:
        super().__init__()
        self.fill, self.after, self.colours = 0.0, 0.0, LIGHT
        self.setFixedHeight(10)
        self.setMinimumWidth(60)
        self.setAccessibleName("Fill of the memory")

    def set_fill(self, fill: float, after: float = 0.0) -> None:
        """Show a fill from 0 to 1, and the one after a planned write."""
        self.fill, self.after = fill, after
        words = f"Fill: {percent(fill)} of the memory's room is used"
        if after > fill:
            words += f", {after:.1%} after this write"
        self.setToolTip(words + ".")
        self.setAccessibleDescription(words)
        self.update()

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.colours = colours
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(120, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        paint_fill(painter, QRectF(0.5, 1.5, self.width() - 1, self.height() - 3), self.fill, self.after, self.colours)
        painter.end()


class FillDelegate(QStyledItemDelegate):
    """Fill bars in a table."""

    colours: Colours = LIGHT

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the cell's ground, then its bar."""
        super().paint(painter, option, index)
        fill = index.data(FILL_ROLE)
        if isinstance(fill, float):
            box = QRectF(option.rect)
            bar = QRectF(box.x() + 4, box.center().y() - 4, max(12.0, box.width() - 10), 8)
            paint_fill(painter, bar, fill, 0.0, self.colours)
