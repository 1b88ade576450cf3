"""Saving a plot: a picture of it, its lines, or the numbers behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from bdh_workbench.errors import UserError

FINE = 2  # pixels of a picture for each of the window, so that it can be printed


def save_plot(
    path: Path,
    body: QWidget,
    draw: Callable[[QPainter], None],
    table: tuple[Sequence[str], Sequence[Sequence[object]]],
) -> None:
    """Save a plot with its key after the extension of the path: .png, .svg or .csv.

    Args:
        path: of the file.
        body: key and plot as they are seen.
        draw: draws both line by line.
        table: headers and rows of the numbers behind it.

    Raises:
        UserError: when the file cannot be written, or the extension is another.
    """
    kind = path.suffix.lower()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if kind == ".csv":
        headers, rows = table
        stream = io.StringIO(newline="")
        writer = csv.writer(stream)
        writer.writerow(headers)
        writer.writerows(rows)
        data = stream.getvalue().encode()
    elif kind == ".png":
        picture = QPixmap(body.size() * FINE)
        picture.setDevicePixelRatio(FINE)
        body.render(picture)
        picture.save(buffer, "PNG")
        data = bytes(buffer.data().data())
    elif kind == ".svg":
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setResolution(body.logicalDpiX())  # axes are recorded in that of the screen
        generator.setSize(body.size())
        generator.setViewBox(body.rect())
        painter = QPainter(generator)
        draw(painter)
        painter.end()
        data = bytes(buffer.data().data())
    else:
        raise UserError(f"“{path.suffix}” is not a plot format: use .png, .svg or .csv.")
    try:
        path.write_bytes(data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name cannot be used"
        raise UserError(f"The plot could not be saved ({reason}): choose another place.") from None
