"""Short questions: yes or no, a line of text, and what to do with unsaved changes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMessageBox, QWidget

from bdh_workbench.gui.widgets import answered
from bdh_workbench.harmless import harmless_lines

TITLE = "BDH memory workbench"


def _box(parent: QWidget | None, question: str) -> QMessageBox:
    """A box with a question, in which a title that looks like HTML stands as it is."""
    box = QMessageBox(QMessageBox.Icon.Question, TITLE, harmless_lines(question), parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    return box


class Confirm:
    """A question with one way on and one way back."""

    @classmethod
    def ask(cls, parent: QWidget | None, question: str, yes: str, no: str = "Cancel") -> bool:
        """Whether the person chose ``yes``."""
        box = _box(parent, question)
        accept = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
        box.addButton(no, QMessageBox.ButtonRole.RejectRole)
        answered(box)
        return box.clickedButton() is accept


class Unsaved:
    """What to do with unsaved changes."""

    @classmethod
    def ask(cls, parent: QWidget | None, title: str) -> str:
        """``save``, ``discard`` or ``cancel``."""
        box = _box(parent, f"The memory “{title}” has changes that are not saved.")
        save = box.addButton("Save", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Do not save", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)
        answered(box)
        if box.clickedButton() is save:
            return "save"
        return "discard" if box.clickedButton() is discard else "cancel"


class Line:
    """A line of text."""

    @classmethod
    def ask(cls, parent: QWidget | None, question: str, text: str = "", *, empty: bool = False) -> str | None:
        """The line, or None; an empty one only where that is an answer."""
        dialog = QInputDialog(parent)
        dialog.setWindowTitle(TITLE)
        dialog.setLabelText(question)
        dialog.setTextEchoMode(QLineEdit.EchoMode.Normal)
        dialog.setTextValue(text)
        dialog.resize(420, dialog.sizeHint().height())
        accepted = answered(dialog)
        given = dialog.textValue().strip()
        return given if accepted and (given or empty) else None
