"""A person's choices, saved soon after they change."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject

from bdh_workbench.errors import UserError
from bdh_workbench.gui.look.widgets import delay
from bdh_workbench.gui.shared.bridge import Background
from bdh_workbench.session.storage.settings import Settings, load_settings, save_settings

SAVE_DELAY = 400  # milliseconds after a change; a slider changes many times a second


class Preferences(QObject):
    """The settings file as a value; files are written in the background, as a disk may be slow."""

    def __init__(self, home: Path, background: Background) -> None:
        """Read them; ``notes`` says what could not be used."""
        super().__init__()
        self.home = home
        self.values, self.notes = load_settings(home)
        self._background = background
        self._saved = self.values
        self._timer = delay(self, SAVE_DELAY, self._save)

    def change(self, **fields: Any) -> None:
        """Change some; they are saved soon."""
        self.values = dataclasses.replace(self.values, **fields)
        if self.values != self._saved:
            self._timer.start()

    def remember(self, path: Path) -> None:
        """Put a memory file at the head of the recent ones."""
        self.values = self.values.with_recent(str(path))
        self._timer.start()

    def flush(self) -> str:
        """Save now what is not saved; returns a sentence when that failed."""
        self._timer.stop()
        if self.values == self._saved:
            return ""
        try:
            save_settings(self.values, self.home)
        except UserError as problem:
            return str(problem)
        self._saved = self.values
        return ""

    def _save(self) -> None:
        values, home = self.values, self.home

        def work() -> Settings:
            save_settings(values, home)
            return values

        def saved(done: Settings) -> None:
            self._saved = done

        self._background.run(work, saved)


def packed(data: QByteArray) -> str:
    """Bytes of Qt as text."""
    return base64.b64encode(bytes(data.data())).decode()


def unpacked(text: str) -> QByteArray:
    """Text as bytes of Qt; empty where it is no such text."""
    try:
        return QByteArray(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return QByteArray()
