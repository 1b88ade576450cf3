"""About: versions and licence."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from bdh_workbench import __version__
from bdh_workbench.gui.widgets import answered

PACKAGES = ("torch", "PySide6-Essentials", "pyqtgraph", "numpy", "safetensors", "tokenizers")


def versions() -> str:
    """A line for each part, without importing it."""
    lines = [f"BDH memory workbench {__version__}", f"Python {platform.python_version()} on {platform.system()}"]
    for name in PACKAGES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name}: not installed")
    return "\n".join(lines)


class About:
    """Shows what this is."""

    @classmethod
    def ask(cls, parent: QWidget | None, model: str = "") -> None:
        """Show it until it is closed."""
        text = versions() + (f"\n\nModel: {model}" if model else "")
        box = QMessageBox(QMessageBox.Icon.NoIcon, "About", "BDH memory workbench", parent=parent)
        box.setInformativeText(
            "Writes documents into the weights of a small language model, saves the memory, and asks it later.\n\n"
            f"{text}\n\nMIT licence. The typeface is DejaVu Sans, under its own free licence."
        )
        copy = box.addButton("Copy versions", QMessageBox.ButtonRole.ActionRole)
        box.addButton("Close", QMessageBox.ButtonRole.RejectRole)
        answered(box)
        if box.clickedButton() is copy:
            QApplication.clipboard().setText(text)
