"""How the memory is read and the next token chosen: the settings that unfold over the question line."""

from __future__ import annotations

import contextlib

from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from bdh_workbench.asking.kinds import AsKind
from bdh_workbench.errors import UserError
from bdh_workbench.gui.look.widgets import bare, row
from bdh_workbench.gui.parts.settings_form import SettingsForm, WholeRows
from bdh_workbench.gui.shared.preferences import Preferences
from bdh_workbench.memory.settings import ReadSettings, SamplingSettings
from bdh_workbench.session.records.jobs import Query

SETTINGS_LABEL = "How the memory is read and the next token chosen"
MOST_HEIGHT = 222  # pixels at most
LEAST_WIDTH = 64  # pixels


class AskSettings(WholeRows):
    """Boxes to tick, an expected answer, and a form for sampling; what a person chooses is kept for the next start."""

    def __init__(self, preferences: Preferences) -> None:
        """Show what was chosen last."""
        inner = QWidget()
        super().__init__(inner, SETTINGS_LABEL)
        self.setMinimumHeight(LEAST_WIDTH)
        self.setMaximumHeight(MOST_HEIGHT)
        self._preferences, chosen = preferences, preferences.values
        self.sampling: SettingsForm[SamplingSettings] = SettingsForm(SamplingSettings)
        self.sampling.set_settings(chosen.sampling)
        self.completion = _box(
            "Completion",
            "Complete a partial cue to the stored position that it matches best. Off: pure read.",
            chosen.read.completion,
        )
        self.gate = _box("Familiarity gate", "Read nothing where nothing stored is familiar.", chosen.read.gate)
        self.compare = _box(
            "Memory off too",
            "Ask the untouched model as well; “memory off” under an answer shows what it says.",
            chosen.compare_untouched,
        )
        self.sentence = _box(
            "Stop after a sentence",
            "End a continuation with its sentence. Off: continue for as many tokens as allowed.",
            chosen.stop_at_sentence,
        )
        self.go_on = _box(
            "Continue from the last answer", "Otherwise each question starts a fresh context.", chosen=False
        )
        self.expected = QLineEdit()
        self.expected.setPlaceholderText("an answer whose p is shown with each question")
        self.expected.setAccessibleName("Expected answer")
        self.expected.setToolTip("How probable this answer is after the question, and whether decoding gives it.")
        column = bare(QVBoxLayout(inner), 4)
        boxes = QGridLayout()
        boxes.setVerticalSpacing(0)
        for number, box in enumerate((self.completion, self.gate, self.compare, self.sentence, self.go_on)):
            boxes.addWidget(box, *divmod(number, 2))
            box.toggled.connect(self._keep)
        self.sampling.changed.connect(self._keep)
        column.addLayout(boxes)
        column.addLayout(row(QLabel("Expected answer"), self.expected))
        column.addWidget(self.sampling)

    def query(self, prompt: str, kind: AsKind) -> Query:
        """A question asked in this way.

        Raises:
            UserError: when the settings cannot work.
        """
        return Query(
            prompt, self.sampling.settings(), self._read(), self.go_on.isChecked(), self.compare.isChecked(),
            self.sentence.isChecked(), self.expected.text(), kind,
        )  # fmt: skip

    def _read(self) -> ReadSettings:
        return ReadSettings(gate=self.gate.isChecked(), completion=self.completion.isChecked())

    def _keep(self, _on: bool = False) -> None:
        """Remember how a person reads and samples, once it makes sense."""
        with contextlib.suppress(UserError):
            self._preferences.change(
                sampling=self.sampling.settings(),
                read=self._read(),
                compare_untouched=self.compare.isChecked(),
                stop_at_sentence=self.sentence.isChecked(),
            )


def _box(text: str, tip: str, chosen: bool) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setChecked(chosen)
    return box
