"""A failure: a short sentence that a person can act on, with details to copy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from bdh_workbench.errors import UserError
from bdh_workbench.gui.look.widgets import answered
from bdh_workbench.harmless import harmless_lines


def failure_box(parent: QWidget | None, message: str, details: str = "", choice: str = "") -> QMessageBox:
    """The box: a sentence, a button that copies the details, and one for what may help."""
    box = QMessageBox(QMessageBox.Icon.Warning, "BDH memory workbench", harmless_lines(message), parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)  # a file name may look like HTML
    if choice:
        box.addButton(choice, QMessageBox.ButtonRole.AcceptRole)
    if details:
        copy = box.addButton("Copy details", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(f"{message}\n\n{details}"))
    close = box.addButton("Close", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(close)
    return box


class Failure:
    """Reports a failure."""

    @classmethod
    def ask(cls, parent: QWidget | None, message: str, details: str = "", choice: str = "") -> bool:
        """Show the sentence; returns whether the person took the offered choice."""
        box = failure_box(parent, message, details, choice)
        answered(box)
        return box.buttonRole(box.clickedButton()) == QMessageBox.ButtonRole.AcceptRole


@contextlib.contextmanager
def guarded(parent: QWidget | None) -> Iterator[None]:
    """Turn a UserError into a sentence on the screen."""
    try:
        yield
    except UserError as error:
        Failure.ask(parent, str(error))
