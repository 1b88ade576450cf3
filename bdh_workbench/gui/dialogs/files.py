"""Choosing files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

TEXTS = "Text, facts and documents (*.txt *.md *.markdown *.json *.jsonl *.ndjson *.csv *.tsv);;All files (*)"
MEMORIES = "Memory files (*.safetensors)"


def save_path(parent: QWidget, title: str, name: str, extension: str) -> Path | None:
    """A place to save to, its extension added."""
    chosen, _ = QFileDialog.getSaveFileName(
        parent, title, f"{name}.{extension}", f"{extension.upper()} (*.{extension})"
    )
    if not chosen:
        return None
    path = Path(chosen)
    return path if path.suffix.lower() == f".{extension}" else path.with_name(f"{path.name}.{extension}")


def open_paths(parent: QWidget, title: str, kinds: str) -> list[Path]:
    """Files to open."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, title, "", kinds)
    return [Path(name) for name in chosen]
