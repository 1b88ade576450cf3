"""A cell of two lines: a title, and under it in small grey type what belongs to it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from bdh_workbench.gui.look.widgets import small_font

SECOND = Qt.ItemDataRole.UserRole + 8
LINE_INSET, LINE_SPACING = 4, 2  # pixels beside and between the lines
Index = QModelIndex | QPersistentModelIndex


class TwoLines(QStyledItemDelegate):
    """Draws the second line from the role ``SECOND``."""

    def _fonts(self, option: QStyleOptionViewItem) -> tuple[QFont, QFont]:
        font = QFont(option.font)
        second = small_font(font)
        second.setBold(False)
        return font, second

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines high."""
        first, second = (QFontMetrics(font).height() for font in self._fonts(option))
        return QSize(super().sizeHint(option, index).width(), first + second + LINE_SPACING + 2 * LINE_INSET)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the cell's ground, then its lines."""
        self.initStyleOption(option, index)
        style = option.widget.style() if option.widget is not None else QApplication.style()
        room = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, option.widget)
        text, option.text = option.text, ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
        roles = QPalette.ColorRole
        colours = (
            option.palette.color(group, roles.HighlightedText if chosen else roles.Text),
            option.palette.color(group, roles.HighlightedText if chosen else roles.PlaceholderText),
        )
        lines = (text, str(index.data(SECOND) or ""))
        painter.save()
        box = room.adjusted(LINE_INSET, 0, -LINE_INSET, 0)
        top = option.rect.top() + LINE_INSET
        for font, colour, line in zip(self._fonts(option), colours, lines, strict=True):
            metrics = QFontMetrics(font)
            place = QRect(box.left(), top, box.width(), metrics.height())
            painter.setFont(font)
            painter.setPen(colour)
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
            top = place.bottom() + 1 + LINE_SPACING
        painter.restore()
