"""The model chooser: which model, on which device, and whether it will fit, before anything is loaded."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.dialogs.files import open_folder
from bdh_workbench.gui.look.widgets import answered, button, note, row, set_tone, verb_buttons
from bdh_workbench.gui.look.words import harmless, size, tip
from bdh_workbench.memory.room import machine_rows
from bdh_workbench.resources import bundled_model_names, bundled_model_path
from bdh_workbench.session.tasks.fit import Fit, estimate_fit

DEVICE_NAMES = (("auto", "Best available"), ("cpu", "CPU"), ("cuda", "NVIDIA GPU"), ("mps", "Apple GPU"))
FOLDER_ROLE = Qt.ItemDataRole.UserRole


def fit_words(fit: Fit) -> tuple[str, str]:
    """What a model needs and whether that is there, in sentences, and the tone to say them in."""
    if fit.problem:
        return fit.problem, "bad"
    words = (
        f"{fit.parameters / 1e6:.1f}M parameters. A memory grows in banks of {fit.slots:,} slots, up to "
        f"{machine_rows():,} on this machine. It takes about {size(fit.model_bytes)} of memory together with "
        f"the program, and up to {size(fit.write_bytes)} more while it writes a few pages."
    )
    if fit.free_bytes is None:
        return f"{words} How much is free there is known only after the model is loaded.", ""
    words = f"{words} {size(fit.free_bytes)} are free: "
    return (f"{words}it fits.", "good") if fit.fits else (
        f"{words}it may not fit. Close other programs, or choose another device or model.", "warning"
    )  # fmt: skip


class ModelChooser(QDialog):
    """A list of models and folders."""

    def __init__(self, parent: QWidget | None, current: Path | None, device: str = "auto") -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose a model")
        self.resize(520, 340)
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        folders = [bundled_model_path(name) for name in bundled_model_names()]
        if current is not None and current.resolve() not in [folder.resolve() for folder in folders]:
            folders.insert(0, current)
        self.words = note("No model comes with this installation: choose a folder.", "What the model needs")
        self.words.setMinimumHeight(58)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.device = QComboBox()
        self.device.setAccessibleName("Device")
        for name, text in DEVICE_NAMES:
            self.device.addItem(text, name)
        self.device.setCurrentIndex(max(0, self.device.findData(device)))
        self.buttons, self.load_button = verb_buttons(self, "Load model")
        self.load_button.setEnabled(False)
        heading = QLabel("Choose a model")
        heading.setObjectName("heading")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(8)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)
        browse = button("Open a folder…", "Choose the folder of a model", self._browse)
        layout.addLayout(row(browse, 1, QLabel("Device"), self.device))
        layout.addWidget(self.words)
        layout.addWidget(self.buttons)
        self.list.currentItemChanged.connect(self._show_fit)
        self.device.currentIndexChanged.connect(self._show_fit)
        for folder in folders:
            self._add(folder)
        now = [folder.resolve() for folder in folders].index(current.resolve()) if current is not None else 0
        self.list.setCurrentRow(now if folders else -1)

    def _add(self, folder: Path) -> None:
        item = QListWidgetItem(harmless(folder.resolve().name))
        item.setData(FOLDER_ROLE, str(folder))
        item.setToolTip(tip(str(folder)))
        self.list.addItem(item)

    def _browse(self) -> None:
        chosen = open_folder(self, "Folder of a model")
        if chosen is not None:
            self._add(chosen)
            self.list.setCurrentRow(self.list.count() - 1)

    def _show_fit(self, *_: object) -> None:
        item = self.list.currentItem()
        if item is not None:
            fit = estimate_fit(Path(str(item.data(FOLDER_ROLE))), str(self.device.currentData()))
            words, tone = fit_words(fit)
            self.words.setText(words)
            set_tone(self.words, tone)
            self.load_button.setEnabled(not fit.problem)

    def choice(self) -> tuple[str, str] | None:
        """Folder and device."""
        item = self.list.currentItem()
        return (str(item.data(FOLDER_ROLE)), str(self.device.currentData())) if item is not None else None

    @classmethod
    def ask(cls, parent: QWidget | None, current: Path | None = None, device: str = "auto") -> tuple[str, str] | None:
        """Folder and device, or None."""
        dialog = cls(parent, current, device)
        return dialog.choice() if answered(dialog) else None
