"""The card of the model in use: what it is, what it was trained on, and what its calibration found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PySide6.QtGui import QTextCursor, QTextDocument, QTextFrameFormat, QTextTable
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTextBrowser, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import answered, note
from bdh_workbench.gui.look.words import harmless
from bdh_workbench.harmless import harmless_lines
from bdh_workbench.session.records.views import ModelInfo

LONGEST_CARD = 400_000  # characters of a card that are shown
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
NO_CARD = "This model came without a card (README.md in its folder)."
CARD_MARKDOWN = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML


class _Closed(QTextBrowser):
    """A page that opens no file and no address that it names."""

    def loadResource(self, type: int, name: Any) -> Any:
        """Nothing."""
        return None


def card_text(folder: Path) -> str:
    """The card of a model's folder."""
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            text = COMMENT.sub("", harmless_lines(file.read(LONGEST_CARD)))
        named = re.compile(rf"\A\s*# {re.escape(folder.name)}\s*\n")  # the name stands above the card already
        return named.sub("", text) or NO_CARD
    except OSError:
        return NO_CARD


class ModelCard(QDialog):
    """Sites and card."""

    def __init__(self, parent: QWidget | None, info: ModelInfo) -> None:
        super().__init__(parent)
        self.setWindowTitle("The model in use")
        self.resize(860, 640)
        heading = QLabel(harmless(info.name))
        heading.setObjectName("heading")
        sites = []
        for site in info.sites:
            where = "write site" if site.written else f"site after level {site.level}"
            fast, each = ("", " in each bank") if site.written else (f", fast {site.fast:.2f}", "")
            sites.append(f"{where}: {site.slots:,} slots{each}, gate slow {site.slow:.2f}{fast}")
        facts = note(
            f"{info.parameters:,} parameters · {info.levels} levels · width {info.width} · context of {info.context} "
            f"tokens · on {info.device} · fingerprint {info.fingerprint[:16]}\n{' · '.join(sites)}\n"
            f"{harmless(str(info.folder))}",
            "What the model is",
        )
        self.view = _Closed()
        self.view.setOpenLinks(False)
        self.view.setAccessibleName("Card of the model")
        self.view.document().setMarkdown(card_text(info.folder), CARD_MARKDOWN)
        for frame in self.view.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                form = frame.format().toTableFormat()
                form.setBorderBrush(self.palette().mid())
                form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)  # Qt's own has a white side
                form.setBorderCollapse(True)
                form.setCellPadding(4)
                frame.setFormat(form)
        self.view.moveCursor(QTextCursor.MoveOperation.Start)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(8)
        for widget in (heading, facts, self.view, buttons):
            layout.addWidget(widget)

    @classmethod
    def ask(cls, parent: QWidget | None, info: ModelInfo) -> None:
        """Show it until it is closed."""
        answered(cls(parent, info))
