"""A check: a question, and the answer that it should have."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from bdh_workbench.gui.widgets import answered, button, note, row
from bdh_workbench.session.notebook import Check


class CheckDialog(QDialog):
    """Two lines to fill in."""

    def __init__(self, parent: QWidget | None, check: Check) -> None:
        super().__init__(parent)
        self.setWindowTitle("Check")
        self._kind = check.kind
        self.question, self.expected = QLineEdit(check.question), QLineEdit(check.expected)
        self.question.setAccessibleName("Question")
        self.expected.setAccessibleName("Expected answer")
        self.question.setPlaceholderText("Who founded the company?")
        self.expected.setPlaceholderText("empty: the memory should have no answer")
        self.question.setMinimumWidth(380)
        form = QFormLayout()
        form.addRow("Question", self.question)
        form.addRow("Expected answer", self.expected)
        self.keep = button("Keep", "Keep this check with the memory", self.accept, primary=True)
        self.keep.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(form)
        layout.addWidget(note("An answer is right when it has the expected words; case does not matter."))
        layout.addLayout(row(1, button("Cancel", "Keep nothing", self.reject), self.keep))
        self.question.textChanged.connect(self._enable)
        self._enable()

    def _enable(self, _text: str = "") -> None:
        self.keep.setEnabled(bool(self.question.text().strip()))

    def check(self) -> Check:
        """What was typed."""
        question = self.question.text().strip()
        return Check(question, self.expected.text().strip(), self._kind)

    @classmethod
    def ask(cls, parent: QWidget | None, check: Check) -> Check | None:
        """The check as it was changed; None where the person thought better of it."""
        dialog = cls(parent, check)
        return dialog.check() if answered(dialog) else None
