"""Which columns of a table hold the prompts and the answers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from bdh_workbench.gui.widgets import answered, button, note, row


class ColumnsDialog(QDialog):
    """Two lines to fill in: names or numbers of columns."""

    def __init__(self, parent: QWidget | None, used: Sequence[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Columns of the table")
        names = [name.strip("“”\"'") for name in used]
        self.lines = [QLineEdit(name) for name in [*names, "", ""][:2]]
        form = QFormLayout()
        for line, label in zip(self.lines, ("Prompts", "Answers"), strict=True):
            line.setAccessibleName(label)
            line.setMinimumWidth(260)
            form.addRow(label, line)
        self.read = button("Read again", "Read the table with these columns", self.accept, primary=True)
        self.read.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(form)
        layout.addWidget(note("The names of columns as the first row has them, or their numbers from 1."))
        layout.addLayout(row(1, button("Cancel", "Leave the facts as they are", self.reject), self.read))
        for line in self.lines:
            line.textChanged.connect(self._enable)
        self._enable()

    def _enable(self, _text: str = "") -> None:
        self.read.setEnabled(all(line.text().strip() for line in self.lines))

    def columns(self) -> tuple[str, str]:
        """What was typed."""
        return self.lines[0].text().strip(), self.lines[1].text().strip()

    @classmethod
    def ask(cls, parent: QWidget | None, used: Sequence[str]) -> tuple[str, str] | None:
        """The columns of prompts and answers; None where the person thought better of it."""
        dialog = cls(parent, used)
        return dialog.columns() if answered(dialog) else None
