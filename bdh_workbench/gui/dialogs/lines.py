"""Lines to fill in: a title or a note, a check, the columns of a table. All are one dialog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import answered, note, verb_buttons
from bdh_workbench.session.records.notebook import Check

LINE_WIDTH = 380  # pixels of a line


@dataclass(frozen=True, slots=True)
class Asked:
    """One line.

    Attributes:
        name: what is asked for.
        text: what stands in the line at first.
        hint: shown in the line while it is empty.
        needed: whether the line must not stay empty.
    """

    name: str
    text: str = ""
    hint: str = ""
    needed: bool = True


class LinesDialog(QDialog):
    """Lines with their names, a remark, and a button with a verb that works once every needed line is filled."""

    def __init__(self, parent: QWidget | None, title: str, asked: Sequence[Asked], verb: str, remark: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._asked = asked
        self.lines = [QLineEdit(one.text) for one in asked]
        form = QFormLayout()
        for one, line in zip(asked, self.lines, strict=True):
            line.setAccessibleName(one.name)
            line.setPlaceholderText(one.hint)
            line.setMinimumWidth(LINE_WIDTH)
            line.textChanged.connect(self._enable)
            form.addRow(one.name, line)
        buttons, self.done_button = verb_buttons(self, verb)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        if remark:
            layout.addWidget(note(remark))
        layout.addWidget(buttons)
        self._enable()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin in the first line: all of it is selected, and its beginning is in sight however long it is."""
        super().showEvent(event)
        self.lines[0].setFocus()
        self.lines[0].end(False)
        self.lines[0].home(True)

    def _enable(self, _text: str = "") -> None:
        self.done_button.setEnabled(
            all(text or not one.needed for one, text in zip(self._asked, self.texts(), strict=True))
        )

    def texts(self) -> list[str]:
        """What stands in the lines."""
        return [line.text().strip() for line in self.lines]


class Line:
    """One line of text."""

    @classmethod
    def ask(
        cls, parent: QWidget | None, name: str, text: str = "", *, title: str, verb: str, empty: bool = False
    ) -> str | None:
        """The line, empty only if that is allowed; None if the person cancelled."""
        dialog = LinesDialog(parent, title, (Asked(name, text, needed=not empty),), verb)
        return dialog.texts()[0] if answered(dialog) else None


class CheckDialog(LinesDialog):
    """A check: a question, and the answer that it should have."""

    def __init__(self, parent: QWidget | None, check: Check) -> None:
        asked = (
            Asked("Question", check.question, "Who founded the company?"),
            Asked("Expected answer", check.expected, "empty: the memory should have no answer", needed=False),
        )
        remark = "An answer is right if it contains the expected words; case does not matter."
        super().__init__(parent, "Check", asked, "Keep", remark)
        self._kind = check.kind

    def check(self) -> Check:
        """What was typed."""
        question, expected = self.texts()
        return Check(question, expected, self._kind)

    @classmethod
    def ask(cls, parent: QWidget | None, check: Check) -> Check | None:
        """The check as it was changed; None if the person cancelled."""
        dialog = cls(parent, check)
        return dialog.check() if answered(dialog) else None


class ColumnsDialog(LinesDialog):
    """Which columns of a table are the prompts and the answers."""

    def __init__(self, parent: QWidget | None, used: Sequence[str]) -> None:
        names = [*(name.strip("“”\"'") for name in used), "", ""]
        asked = (Asked("Prompts", names[0]), Asked("Answers", names[1]))
        remark = "The names of the columns, as in the first row, or their numbers, starting at 1."
        super().__init__(parent, "Columns of the table", asked, "Read again", remark)

    @classmethod
    def ask(cls, parent: QWidget | None, used: Sequence[str]) -> tuple[str, str] | None:
        """The columns of prompts and answers; None if the person cancelled."""
        dialog = cls(parent, used)
        if not answered(dialog):
            return None
        prompts, answers = dialog.texts()
        return prompts, answers
