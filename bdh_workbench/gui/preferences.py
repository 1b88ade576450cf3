"""What a person has chosen, saved whenever it changes."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray

from bdh_workbench.errors import UserError
from bdh_workbench.session.settings import load_settings, save_settings


class Preferences:
    """The settings file, held open as a value."""

    def __init__(self, home: Path) -> None:
        """Read them; ``notes`` says what could not be used."""
        self.home = home
        self.values, self.notes = load_settings(home)

    def change(self, **fields: Any) -> str:
        """Change some and save them; returns a sentence when they could not be saved."""
        changed = dataclasses.replace(self.values, **fields)
        if changed == self.values:
            return ""
        self.values = changed
        try:
            save_settings(self.values, self.home)
        except UserError as problem:
            return str(problem)
        return ""


def packed(data: QByteArray) -> str:
    """Bytes of Qt as text."""
    return base64.b64encode(bytes(data.data())).decode()


def unpacked(text: str) -> QByteArray:
    """Text as bytes of Qt; empty where it is no such text."""
    try:
        return QByteArray(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return QByteArray()
