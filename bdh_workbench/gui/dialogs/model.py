"""The model chooser: which model, on which device, and whether it will fit."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.widgets import button, note
from bdh_workbench.gui.words import harmless, size, tip
from bdh_workbench.resources import bundled_model_names, bundled_model_path

DEVICES = (("auto", "Best there is"), ("cpu", "CPU"), ("cuda", "NVIDIA GPU"), ("mps", "Apple GPU"))
FOLDER = Qt.ItemDataRole.UserRole
WORKING = 4  # times its own size that a model and a write take at most, as a rule of thumb


def free_memory() -> int | None:
    """Bytes that programs may still take on this machine, where the system says."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def fit_words(folder: Path) -> str:
    """What a model is, and whether it will fit, in a sentence or two.

    A folder that holds no model is told of, too.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = sum((folder / name).stat().st_size for name in ("model.safetensors", "general.safetensors"))
    except (OSError, ValueError):
        return "This folder holds no model: it needs config.json, model.safetensors and general.safetensors."
    if not isinstance(config, dict):
        return "The configuration of this model is damaged."
    needed = weights * WORKING
    free = free_memory()
    parts = [f"Width {config.get('width', '?')}, {config.get('levels', '?')} levels, {size(weights)} on disk."]
    slots = config.get("write_slots")
    if isinstance(slots, int):
        parts.append(f"{slots:,} slots to write into.")
    if free is None:
        parts.append(f"It needs about {size(needed)} of memory.")
    else:
        fits = "it fits" if needed < free else "it may not fit: close other programs first"
        parts.append(f"It needs about {size(needed)} of memory and {size(free)} is free: {fits}.")
    return " ".join(parts)


class ModelChooser(QDialog):
    """A list of models and folders."""

    def __init__(self, parent: QWidget | None, current: Path | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose a model")
        self.resize(480, 340)
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        folders = [bundled_model_path(name) for name in bundled_model_names()]
        if current is not None and current.resolve() not in [folder.resolve() for folder in folders]:
            folders.insert(0, current)
        for folder in folders:
            self._add(folder)
        self.words = note("No model comes with this installation: choose a folder.", "What the model needs")
        self.words.setMinimumHeight(48)
        self.device = QComboBox()
        self.device.setAccessibleName("Device")
        for name, text in DEVICES:
            self.device.addItem(text, name)
        form = QFormLayout()
        form.addRow("Device", self.device)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.load_button = self.buttons.addButton("Load model", QDialogButtonBox.ButtonRole.AcceptRole)
        self.load_button.setEnabled(False)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self.list, 1)
        layout.addWidget(button("Open a folder…", "Choose the folder of a model", self._browse))
        layout.addWidget(self.words)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self.list.currentItemChanged.connect(self._chosen)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _add(self, folder: Path) -> None:
        item = QListWidgetItem(harmless(folder.resolve().name))
        item.setData(FOLDER, str(folder))
        item.setToolTip(tip(str(folder)))
        self.list.addItem(item)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of a model")
        if chosen:
            self._add(Path(chosen))
            self.list.setCurrentRow(self.list.count() - 1)

    def _chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            words = fit_words(Path(str(item.data(FOLDER))))
            self.words.setText(words)
            self.load_button.setEnabled("holds no model" not in words)

    def choice(self) -> tuple[str, str] | None:
        """Folder and device."""
        item = self.list.currentItem()
        return (str(item.data(FOLDER)), str(self.device.currentData())) if item is not None else None

    @classmethod
    def ask(cls, parent: QWidget | None, current: Path | None = None) -> tuple[str, str] | None:
        """Folder and device, or None."""
        dialog = cls(parent, current)
        return dialog.choice() if dialog.exec() == QDialog.DialogCode.Accepted else None
