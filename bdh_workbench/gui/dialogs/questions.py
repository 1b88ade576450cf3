"""Short questions: yes or no, and what to do with unsaved changes, recovered work and new versions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from bdh_workbench.gui.look.widgets import answered
from bdh_workbench.harmless import harmless_lines

WINDOW_TITLE = "BDH memory workbench"
MOST = 8  # documents that a question names


def _box(parent: QWidget | None, question: str) -> QMessageBox:
    """A box with a question, which shows a title that looks like HTML as plain text."""
    box = QMessageBox(QMessageBox.Icon.Question, WINDOW_TITLE, harmless_lines(question), parent=parent)
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


def _keep_or_discard(parent: QWidget | None, question: str, keep: str, discard: str, neither: str) -> str:
    """Which of three buttons was pressed, by its text; Escape and whatever else closes the box are the last."""
    box = _box(parent, question)
    kept = box.addButton(keep, QMessageBox.ButtonRole.AcceptRole)
    discarded = box.addButton(discard, QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(neither, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(kept)
    answered(box)
    if box.clickedButton() is kept:
        return keep
    return discard if box.clickedButton() is discarded else neither


class Unsaved:
    """What to do with unsaved changes."""

    @classmethod
    def ask(cls, parent: QWidget | None, title: str) -> str:
        """``save``, ``discard`` or ``cancel``."""
        question = f"The memory “{title}” has changes that are not saved."
        answers = {"Save": "save", "Do not save": "discard", "Cancel": "cancel"}
        return answers[_keep_or_discard(parent, question, *answers)]


class Versions:
    """What to do with documents that are new versions of others."""

    @classmethod
    def ask(cls, parent: QWidget | None, documents: Sequence[str]) -> str:
        """``replace``, ``both`` or ``cancel``; each text names a document and the one that it would replace."""
        what = "This document is a new version" if len(documents) == 1 else "These documents are new versions"
        more = [f"and {len(documents) - MOST} more"] * (len(documents) > MOST)
        question = "\n".join((f"{what} of another. Replace that one?", "", *documents[:MOST], *more))
        answers = {"Replace": "replace", "Keep both": "both", "Cancel": "cancel"}
        return answers[_keep_or_discard(parent, question, *answers)]


class Recovered:
    """What to do with unsaved work that was found."""

    @classmethod
    def ask(cls, parent: QWidget | None, title: str, when: str) -> str:
        """``restore``, ``discard`` or ``later``, which is also the answer if the box is closed."""
        question = f"Unsaved work was found: “{title}”, from {when}. Restore it?"
        answers = {"Restore": "restore", "Discard": "discard", "Later": "later"}
        return answers[_keep_or_discard(parent, question, *answers)]
