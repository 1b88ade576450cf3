"""A probability as a small bar in a page of text: an image that the browser asks for by its name."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QImage, QPainter, QTextDocument
from PySide6.QtWidgets import QTextBrowser

from bdh_workbench.gui.look.colours import Colours

UNSURE = 0.5  # probability under which something is more probably wrong than right, and is not shown in green
BAR_WIDTH, BAR_HEIGHT = 72, 6  # pixels
SCHEME = "bar"


def bar(p: float, colours: Colours) -> str:
    """The HTML of a bar; only a ``Page`` can show it."""
    filled = round(100 * min(1.0, max(0.0, p)))
    tone = colours.good if p >= UNSURE else colours.warning
    name = f"{SCHEME}:{filled}-{tone.lstrip('#')}-{colours.line.lstrip('#')}"
    return f'<img src="{name}" width="{BAR_WIDTH}" height="{BAR_HEIGHT}" style="vertical-align:middle">'


class Page(QTextBrowser):
    """A page of text with bars in it. It opens no links and reads no files: what it shows may come from anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Draw the bar that a name describes; nothing else is loaded."""
        url = name if isinstance(name, QUrl) else QUrl(name)
        if kind != QTextDocument.ResourceType.ImageResource.value or url.scheme() != SCHEME:
            return None
        filled, colour, line = url.path().split("-")
        scale = self.devicePixelRatioF()
        image = QImage(round(BAR_WIDTH * scale), round(BAR_HEIGHT * scale), QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(scale)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for width, name_of in ((BAR_WIDTH, line), (BAR_WIDTH * int(filled) / 100, colour)):
            painter.setBrush(QColor(f"#{name_of}"))
            painter.drawRoundedRect(QRectF(0, 0, width, BAR_HEIGHT), BAR_HEIGHT / 2, BAR_HEIGHT / 2)
        painter.end()
        return image
