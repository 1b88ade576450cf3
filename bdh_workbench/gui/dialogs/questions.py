"""Short questions: yes or no, and what to do with unsaved changes, recovered work and new versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from bdh_workbench.gui.look.widgets import answered
from bdh_workbench.harmless import harmless_lines

WINDOW_TITLE = "BDH memory workbench"
MOST = 8  # documents that a question names


def question_box(parent: QWidget | None, question: str, *answers: str) -> QMessageBox:
    """A box with a question, which shows a title that looks like HTML as plain text.

    Args:
        parent: window that waits.
        question: that is asked.
        answers: on its buttons: the way on, between the two what destroys, and the way back, which Escape takes.
    """
    box = QMessageBox(QMessageBox.Icon.Question, WINDOW_TITLE, harmless_lines(question), parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    on, *destroys, back = answers
    accept = box.addButton(on, QMessageBox.ButtonRole.AcceptRole)
    accept.setProperty("primary", True)
    accept.style().polish(accept)  # a box dresses its buttons as they come
    for words in destroys:
        box.addButton(words, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(accept)
    box.addButton(back, QMessageBox.ButtonRole.RejectRole)
    return box


def _answer(box: QMessageBox, back: str) -> str:
    """The text of the button that was pressed; of the way ``back`` where the box was closed in another way."""
    answered(box)
    pressed = box.clickedButton()
    return pressed.text().replace("&", "") if pressed is not None else back


class Confirm:
    """A question with one way on and one way back."""

    @classmethod
    def ask(cls, parent: QWidget | None, question: str, yes: str, no: str = "Cancel") -> bool:
        """Whether the person chose ``yes``."""
        return _answer(question_box(parent, question, yes, no), no) == yes


def _choice(parent: QWidget | None, question: str, answers: Mapping[str, str]) -> str:
    """What the button that was pressed stands for, by what is written on it."""
    return answers[_answer(question_box(parent, question, *answers), [*answers][-1])]


class Unsaved:
    """What to do with unsaved changes."""

    @classmethod
    def ask(cls, parent: QWidget | None, title: str) -> str:
        """``save``, ``discard`` or ``cancel``."""
        question = f"The memory “{title}” has changes that are not saved. Save them first?"
        answers = {"Save": "save", "Do not save": "discard", "Cancel": "cancel"}
        return _choice(parent, question, answers)


class Versions:
    """What to do with documents that are new versions of others."""

    @classmethod
    def ask(cls, parent: QWidget | None, documents: Sequence[str]) -> str:
        """``replace``, ``both`` or ``cancel``; each text names a document and the one that it would replace."""
        what = "This document is a new version" if len(documents) == 1 else "These documents are new versions"
        more = [f"and {len(documents) - MOST} more"] * (len(documents) > MOST)
        question = "\n".join((f"{what} of another. Replace that one?", "", *documents[:MOST], *more))
        answers = {"Replace": "replace", "Keep both": "both", "Cancel": "cancel"}
        return _choice(parent, question, answers)


class Recovered:
    """What to do with unsaved work that was found."""

    @classmethod
    def ask(cls, parent: QWidget | None, title: str, when: str) -> str:
        """``restore``, ``discard`` or ``later``, which is also the answer if the box is closed."""
        question = f"Unsaved work was found: “{title}”, from {when}. Restore it?"
        answers = {"Restore": "restore", "Discard": "discard", "Later": "later"}
        return _choice(parent, question, answers)
