"""The key of a plot: a sign and a word for each kind of line, bar or marker in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from bdh_workbench.gui.look.widgets import small_font
from bdh_workbench.gui.look.words import tip

# Pixels: height of a line, sign to word, width of a sign, word to next sign.
LINE_HEIGHT, SIGN_GAP, SIGN_WIDTH, SIGN_SPACING = 15, 5, 14, 12
LEAST_WORD = 44  # pixels that a shortened word has at least
STYLES = {"line": Qt.PenStyle.SolidLine, "dashes": Qt.PenStyle.DashLine, "dots": Qt.PenStyle.DotLine}


@dataclass(frozen=True, slots=True)
class Sign:
    """What one sign means; ``kind`` is ``line``, ``dashes``, ``dots``, ``bar`` or ``marker``."""

    word: str
    colour: str
    kind: str = "line"


class Key(QWidget):
    """Signs with their words, in as many lines as the width asks for; nothing where there are none.

    A key that must be low shortens its words to stay on one line, as long as something of each word is left.
    """

    def __init__(self) -> None:
        super().__init__()
        self._low = False
        self._signs: tuple[Sign, ...] = ()
        self.setFont(small_font(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(0)

    def set_signs(self, signs: Sequence[Sign]) -> None:
        """Show these."""
        if tuple(signs) != self._signs:
            self._signs = tuple(signs)
            self.setAccessibleName(", ".join(sign.word for sign in signs))
            self._fit()
            self.update()

    def set_low(self, low: bool) -> None:
        """Stay on one line if that can be, or take as many as the words need."""
        if low != self._low:
            self._low = low
            self._fit()
            self.update()

    def _places(self) -> list[tuple[int, int, str, Sign]]:
        """Left edge, line and word of each sign."""
        places = self._placed([sign.word for sign in self._signs])
        count = len(places)
        if self._low and count and places[-1][1]:
            room = (self.width() - (count - 1) * SIGN_SPACING) // count - SIGN_WIDTH - SIGN_GAP
            if room >= LEAST_WORD:
                metrics = QFontMetrics(self.font())
                words = [metrics.elidedText(sign.word, Qt.TextElideMode.ElideRight, room) for sign in self._signs]
                places = self._placed(words)
        return places

    def _placed(self, words: Sequence[str]) -> list[tuple[int, int, str, Sign]]:
        metrics = QFontMetrics(self.font())
        x, line, places = 0, 0, []
        for word, sign in zip(words, self._signs, strict=True):
            width = SIGN_WIDTH + SIGN_GAP + metrics.horizontalAdvance(word)
            if x and x + width > self.width():
                x, line = 0, line + 1
            places.append((x, line, word, sign))
            x += width + SIGN_SPACING
        return places

    def _fit(self) -> None:
        places = self._places()
        self.setFixedHeight(LINE_HEIGHT * max((line + 1 for _, line, _, _ in places), default=0))
        cut = any(word != sign.word for _, _, word, sign in places)
        self.setToolTip(tip("\n".join(sign.word for sign in self._signs)) if cut else "")

    def sizeHint(self) -> QSize:
        """Any width."""
        return QSize(0, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines again."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each sign, then its word."""
        painter = QPainter(self)
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Draw with any painter, such as that of a file."""
        painter.save()
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = self.palette().placeholderText().color()
        for x, line, word, sign in self._places():
            middle = line * LINE_HEIGHT + LINE_HEIGHT / 2
            colour = QColor(sign.colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            if sign.kind == "bar":
                painter.drawRoundedRect(QRectF(x + 2, middle - 4, 9, 9), 2, 2)
            elif sign.kind == "marker":
                painter.setPen(QPen(colour, 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                corners = [QPointF(6.5, -5), QPointF(11.5, 0), QPointF(6.5, 5), QPointF(1.5, 0)]
                painter.drawPolygon(QPolygonF([QPointF(x + corner.x(), middle + corner.y()) for corner in corners]))
            else:
                painter.setPen(QPen(colour, 2, STYLES[sign.kind]))
                painter.drawLine(QPointF(x, middle), QPointF(x + SIGN_WIDTH, middle))
            painter.setPen(words)
            box = QRectF(x + SIGN_WIDTH + SIGN_GAP, line * LINE_HEIGHT, self.width(), LINE_HEIGHT)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), word)
        painter.restore()
