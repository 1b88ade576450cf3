"""Help: all shortcuts, and what the words mean; both made from the tables that the window is made from."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import answered
from bdh_workbench.gui.look.words import GLOSSARY
from bdh_workbench.gui.shared.actions import ACTIONS

_CELL = 'style="padding:3px 16px 3px 0"'
FURTHER = (
    ("Ask", "Earlier questions", "Up, Down", "Step through earlier questions"),
    ("Ask", "Stop", "Esc", "Stop the questions that wait or are being answered, and nothing else"),
    ("Facts", "Paste cells", "Ctrl+V", "Paste cells from a spreadsheet, starting at the current cell"),
    ("Facts", "Clear", "Delete", "Clear cells, or delete whole rows"),
    ("Library", "Load", "Enter", "Load the chosen memory"),
    ("Library", "Rename", "F2", "Change its title"),
    ("Library", "Delete", "Delete", "Move it to the trash"),
    ("Everywhere", "Next control", "Tab, Shift+Tab", "Go to the next or the previous control"),
)


def shortcuts_html() -> str:
    """A table of every action."""
    rows = [(spec.menu, spec.text, spec.shortcut or "–", spec.tip) for spec in ACTIONS] + list(FURTHER)
    groups = ["", *(menu for menu, *_ in rows)]
    lines = "".join(
        f"<tr><td {_CELL}>{escape(menu) if menu != before else ''}</td><td {_CELL}><b>{escape(name)}</b></td>"
        f"<td {_CELL}>{escape(keys)}</td><td {_CELL}>{escape(tip)}</td></tr>"
        for (menu, name, keys, tip), before in zip(rows, groups, strict=False)
    )
    return f"<table>{lines}</table>"


def glossary_html() -> str:
    """A table of the words."""
    lines = "".join(
        f'<tr><td {_CELL} width="120"><b>{escape(word)}</b></td><td {_CELL}>{escape(text)}</td></tr>'
        for word, text in GLOSSARY.items()
    )
    return f"<table>{lines}</table>"


class Help(QDialog):
    """Shortcuts and words."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts and words")
        self.resize(820, 600)
        self.tabs = tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.setAccessibleName("Shortcuts or words")
        tabs.tabBar().setDrawBase(False)
        for name, html in (("Shortcuts", shortcuts_html()), ("Words", glossary_html())):
            view = QTextBrowser()
            view.setHtml(html)
            view.setAccessibleName(name)
            tabs.addTab(view, name)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addWidget(tabs)
        layout.addWidget(buttons)

    @classmethod
    def ask(cls, parent: QWidget | None) -> None:
        """Show it until it is closed."""
        answered(cls(parent))
