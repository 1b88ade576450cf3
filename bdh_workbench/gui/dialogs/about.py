"""About: versions and licence."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from bdh_workbench.gui.look.theme import icon
from bdh_workbench.gui.look.widgets import answered
from bdh_workbench.version import __version__

SHOWN_PACKAGES = ("torch", "PySide6-Essentials", "pyqtgraph", "numpy", "safetensors", "tokenizers")


def versions() -> str:
    """A line for each part, without importing it."""
    lines = [f"BDH memory workbench {__version__}", f"Python {platform.python_version()} on {platform.system()}"]
    for name in SHOWN_PACKAGES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name}: not installed")
    return "\n".join(lines)


def about_box(parent: QWidget | None, model: str = "") -> QMessageBox:
    """The box, with a button that copies the versions."""
    text = versions() + (f"\n\nModel: {model}" if model else "")
    name, _, others = text.partition("\n")
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About", f"<b>{name}</b>", parent=parent)
    box.setInformativeText(
        "Writes documents into the weights of a small language model, saves the memory, and answers questions "
        "about it later.\n\n"
        f"{others}\n\nMIT licence. The typeface is DejaVu Sans, under its own free licence."
    )
    box.setIconPixmap(icon().pixmap(64, 64))
    copy = box.addButton("Copy versions", QMessageBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: QApplication.clipboard().setText(text))
    box.setDefaultButton(box.addButton("Close", QMessageBox.ButtonRole.RejectRole))
    return box


class About:
    """Shows what this is."""

    @classmethod
    def ask(cls, parent: QWidget | None, model: str = "") -> None:
        """Show it until it is closed."""
        answered(about_box(parent, model))
