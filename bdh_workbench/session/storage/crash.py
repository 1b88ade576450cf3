"""The crash log: what Python can still report when the program crashes, offered at the next start."""

from __future__ import annotations

import contextlib
import faulthandler
import os
from pathlib import Path
from typing import IO

from bdh_workbench.session.storage.home import home_folder

LOG_NAME = "crash.log"
PREVIOUS_NAME = "crash-previous.log"
MAX_TEXT = 100_000  # bytes of a log that are read

_file: IO[bytes] | None = None
_path: Path | None = None


def start_crash_log(home: Path | None = None) -> None:
    """Write a fault of this process to crash.log; one of an earlier process is set aside for ``previous_crash``.

    Where the folder cannot be written, there is no log.
    """
    global _file, _path
    stop_crash_log()
    folder = home_folder(home)
    path = folder / LOG_NAME
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size:
            os.replace(path, folder / PREVIOUS_NAME)
        _file = path.open("ab")
        _path = path
        faulthandler.enable(_file, all_threads=True)


def stop_crash_log() -> None:
    """End the log of this process, in order; an empty one is deleted."""
    global _file, _path
    if _file is None:
        return
    faulthandler.disable()
    _file.close()
    with contextlib.suppress(OSError):
        if _path is not None and not _path.stat().st_size:
            _path.unlink()
    _file = _path = None


def previous_crash(home: Path | None = None) -> str | None:
    """What the last crashed process reported; None if none crashed, or if it was already reported."""
    folder = home_folder(home)
    for name in (PREVIOUS_NAME, LOG_NAME):
        with contextlib.suppress(OSError):
            with (folder / name).open("rb") as file:
                text = file.read(MAX_TEXT).decode(errors="replace").strip()
            if text:
                return text
    return None


def forget_crash(home: Path | None = None) -> None:
    """Do not report the last crash again."""
    for name in (PREVIOUS_NAME, LOG_NAME):
        path = home_folder(home) / name
        with contextlib.suppress(OSError):
            if path == _path:  # this process's own log stays open
                continue
            path.unlink(missing_ok=True)
