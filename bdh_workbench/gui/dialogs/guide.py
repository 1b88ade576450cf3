"""First steps: what to do first, with samples one click away."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import answered, button, row

GUIDE_STEPS = (
    (
        "1  Choose what to write",
        "Paste or open a document, or fill in a table of facts. Samples are a click away below.",
    ),
    ("2  Write into memory", "The text is encoded into the slow memory of the model. Watch each probability rise."),
    (
        "3  Ask",
        "Type a question in the Ask workspace. The text is not in the prompt: the answer comes from the memory.",
    ),
    (
        "4  Save",
        "The memory becomes a file in the Library. Close the program, open it tomorrow, load it, and ask again.",
    ),
)


class Guide(QDialog):
    """Four steps, and what to begin with."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("First steps")
        self.choice = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(4)
        heading = QLabel("Write a text into a model’s memory, and ask about it later")
        heading.setObjectName("heading")
        layout.addWidget(heading)
        layout.addSpacing(8)
        for title, text in GUIDE_STEPS:
            name = QLabel(title)
            name.setObjectName("title")
            words = QLabel(text)
            words.setWordWrap(True)
            words.setMinimumWidth(460)
            layout.addWidget(name)
            layout.addWidget(words)
            layout.addSpacing(8)
        facts = button("Try sample facts", "Put ten invented facts into the table", self._facts, primary=True)
        document = button("Try a sample document", "Put an invented document into the text", self._document)
        close = button("Start empty", "Close this window and begin", self.reject)
        layout.addLayout(row(facts, document, 1, close))

    def _facts(self) -> None:
        self.choice = "facts"
        self.accept()

    def _document(self) -> None:
        self.choice = "document"
        self.accept()

    @classmethod
    def ask(cls, parent: QWidget | None) -> str:
        """``facts``, ``document`` or nothing."""
        dialog = cls(parent)
        answered(dialog)
        return dialog.choice
