"""Before a merge: a title for the result, and what to keep where two memories differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import answered, note, verb_buttons
from bdh_workbench.gui.look.words import plural, short

Keep = Literal["first", "last", "both"] | None


class MergeDialog(QDialog):
    """Asks for both."""

    def __init__(self, parent: QWidget | None, titles: Sequence[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Merge memories")
        # Only shown: as a person's own, a title made of the others would outlive what they name.
        self.title = QLineEdit()
        self.title.setPlaceholderText(short(" + ".join(titles), 80))
        self.title.setAccessibleName("Title of the merged memory")
        self.keep = QComboBox()
        self.keep.setAccessibleName("What to keep where two memories differ")
        for words, which in (
            ("Do not merge; list the differences", None),
            (f"Keep what “{short(titles[0], 40)}” says", "first"),
            (f"Keep what “{short(titles[-1], 40)}” says", "last"),
            ("Keep both versions of a document", "both"),
        ):
            self.keep.addItem(words, which)
        heading = QLabel(f"Merge {plural(len(titles), 'memory')}")
        heading.setObjectName("heading")
        form = QFormLayout()
        form.addRow("Title", self.title)
        form.addRow("Where they differ", self.keep)
        buttons, _ = verb_buttons(self, "Merge")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(heading)
        layout.addWidget(
            note("The result contains everything in these memories and is not saved yet. Their files stay.")
        )
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.setMinimumWidth(460)

    @classmethod
    def ask(cls, parent: QWidget | None, titles: Sequence[str]) -> tuple[str, Keep] | None:
        """Title, empty for those of all, and what stays; or None."""
        dialog = cls(parent, titles)
        if not answered(dialog):
            return None
        return dialog.title.text().strip(), cast(Keep, dialog.keep.currentData())
