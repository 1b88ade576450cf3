"""Choosing files."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from bdh_workbench.gui.dialogs.questions import Confirm
from bdh_workbench.inputs.files import FILE_KINDS
from bdh_workbench.inputs.text_files import shown


def _kinds() -> str:
    """What can be read, as a file dialog offers it: all of it first, then by kind."""
    kinds = {"Texts, documents and facts": [one for each in FILE_KINDS.values() for one in each], **FILE_KINDS}
    filters = [f"{name} ({' '.join(f'*{suffix}' for suffix in suffixes)})" for name, suffixes in kinds.items()]
    return ";;".join([*filters, "All files (*)"])


TEXT_KINDS = _kinds()
SHORT = QFileDialog.Option.HideNameFilterDetails  # a list of thirty endings has no room in the dialog
MEMORIES = "Memory files (*.safetensors)"


class Folder:
    """Where a file was chosen last: the next file dialog begins there, the first in the person's home folder."""

    last = ""

    @classmethod
    def begin(cls) -> str:
        """The folder that a dialog begins with."""
        return cls.last if os.path.isdir(cls.last) else str(Path.home())

    @classmethod
    def keep(cls, chosen: str) -> None:
        """Remember the folder of a file that was chosen."""
        cls.last = os.path.dirname(chosen)


def save_path(parent: QWidget, title: str, name: str, extension: str, kinds: str = "") -> Path | None:
    """A place to save to, its extension added; what is there already is replaced only if the person said so."""
    kinds = kinds or f"{extension.upper()} (*.{extension})"
    chosen, _ = QFileDialog.getSaveFileName(
        parent, title, os.path.join(Folder.begin(), f"{name}.{extension}"), kinds, options=SHORT
    )
    if not chosen:
        return None
    Folder.keep(chosen)
    path = Path(chosen)
    if path.suffix.lower() == f".{extension}":
        return path  # the file dialog has asked about it
    path = path.with_name(f"{path.name}.{extension}")
    if os.path.lexists(path) and not Confirm.ask(parent, f"{shown(path)} already exists. Replace it?", "Replace"):
        return None
    return path


def open_folder(parent: QWidget, title: str) -> Path | None:
    """A folder to open."""
    chosen = QFileDialog.getExistingDirectory(parent, title, Folder.begin())
    if not chosen:
        return None
    Folder.keep(chosen)
    return Path(chosen)


def open_paths(parent: QWidget, title: str, kinds: str) -> list[Path]:
    """Files to open."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, title, Folder.begin(), kinds, options=SHORT)
    if chosen:
        Folder.keep(chosen[0])
    return [Path(name) for name in chosen]
