"""Counting in a file together with other processes; by itself, so that these start without torch."""

from __future__ import annotations

from pathlib import Path

from bdh_workbench.memory.files.locking import renewing
from bdh_workbench.model.files import save_text_atomically


def add_one(path: Path, rounds: int) -> None:
    """Raise the number in a file by one, so many times."""
    for _ in range(rounds):
        with renewing(path, 60.0):
            save_text_atomically(path, str(int(path.read_text(encoding="utf-8")) + 1))
