"""The library as the session uses it: each operation on a memory file is done to its notebook too."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from bdh_workbench.memory.files.library import Library
from bdh_workbench.session.records.notebook import notebook_path


class Shelf(Library):
    """A library whose memories keep their notebooks."""

    def rename(self, path: Path, title: str) -> Path:
        """As ``Library.rename``; the notebook gets the file's new name."""
        target = super().rename(path, title)
        if target != path:
            _carry(path, target, move=True)
        return target

    def duplicate(self, path: Path, title: str | None = None) -> Path:
        """As ``Library.duplicate``; the copy has a copy of the notebook."""
        target = super().duplicate(path, title)
        _carry(path, target)
        return target

    def delete(self, path: Path) -> Path | None:
        """As ``Library.delete``; the notebook goes where the memory went."""
        place = super().delete(path)
        notebook = notebook_path(path)
        if not os.path.lexists(notebook):
            return place
        if place is not None:
            _carry(path, place, move=True)
            return place
        # Where there is no trash for it after all it stays, which loses nothing.
        with contextlib.suppress(Exception):
            from send2trash import send2trash

            send2trash(str(notebook.absolute()))
        return place

    def import_file(self, path: Path) -> Path:
        """As ``Library.import_file``, with the notebook that lies beside the file."""
        target = super().import_file(path)
        _carry(path, target)
        return target

    def export_file(self, path: Path, target: Path, *, overwrite: bool = False) -> Path:
        """As ``Library.export_file``, with the notebook."""
        written = super().export_file(path, target, overwrite=overwrite)
        _carry(path, written)
        return written


def _carry(source: Path, target: Path, *, move: bool = False) -> None:
    """Copy or move a notebook; one that cannot be is left where it is, as the memory is there already."""
    first, second = notebook_path(source), notebook_path(target)
    if first == second or not first.is_file():
        return
    with contextlib.suppress(OSError):
        if move:
            os.replace(first, second)
        else:
            shutil.copyfile(first, second)
