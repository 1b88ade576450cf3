"""Recovery copies: unsaved work, copied after each change and found again after a crash.

Each session writes one copy under a name of its own and holds the operating system's lock on a file beside it for as
long as it lives, so that a second window does not take a living session's copy for a dead one's.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bdh_workbench.errors import UserError
from bdh_workbench.memory.files.format import MEMORY_SUFFIX
from bdh_workbench.memory.files.locking import try_lock
from bdh_workbench.memory.files.memory_file import load_memory, read_header, save_memory
from bdh_workbench.model.files import save_json_atomically, sweep
from bdh_workbench.session.records.notebook import notebook_path

if TYPE_CHECKING:
    from bdh_workbench.memory.store.state import Memory

RECOVERY_FOLDER = "recovery"


@dataclass(frozen=True, slots=True)
class Copy:
    """A recovery copy of a session that is gone.

    Attributes:
        file: the copy.
        path: of the file that the memory was to be saved to, None where it had none.
        title: of the memory.
        saved_at: when it was made, in UTC.
    """

    file: Path
    path: Path | None
    title: str
    saved_at: datetime


class Recovery:
    """The recovery copies in a home folder, as one session sees them."""

    def __init__(self, home: Path) -> None:
        """Look at nothing yet; the folder is made with the first copy."""
        self.folder = home / RECOVERY_FOLDER
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        self.own = self.folder / f"{stamp}-{os.getpid()}{MEMORY_SUFFIX}"
        self._lock: IO[bytes] | None = None
        self._offered: dict[Path, IO[bytes]] = {}  # locks on the copies of others that were found

    def save(self, memory: Memory, path: Path | None) -> None:
        """Copy the memory in use.

        Raises:
            UserError: when the copy cannot be written; the one before it is then as it was.
        """
        if self._lock is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.own)
        save_memory(self.own, memory)
        moment = datetime.now(UTC).isoformat()
        record = {"path": None if path is None else os.fspath(path), "title": memory.title, "saved_at": moment}
        # Names of files need not be valid Unicode; what cannot be written is saved again under another name.
        if path is not None and not _is_unicode(os.fspath(path)):
            record["path"] = None
        save_json_atomically(self.own.with_suffix(".json"), record)

    def remove(self) -> None:
        """Delete this session's own copy, if there is one."""
        if self._lock is not None:
            _delete(self.own, self._lock)
            self._lock = None

    def find(self) -> Copy | None:
        """The newest copy of a session that is gone."""
        sweep(self.folder)
        with contextlib.suppress(OSError):
            files = [file for file in self.folder.glob(f"*{MEMORY_SUFFIX}") if file != self.own and file.is_file()]
            for file in sorted(files, reverse=True):  # names begin with their time
                if file not in self._offered:
                    lock = _locked(file)
                    if lock is None:
                        continue
                    self._offered[file] = lock
                return _copy(file)
        return None

    def load(self, copy: Copy) -> Memory:
        """The memory in a copy.

        Raises:
            UserError: when it cannot be read.
        """
        return load_memory(copy.file)

    def discard(self, copy: Copy) -> None:
        """Delete a copy that was found."""
        lock = self._offered.pop(copy.file, None)
        if lock is not None:
            _delete(copy.file, lock)

    def close(self, discard: bool) -> None:
        """Let go of the locks; the own copy stays for the next start unless it is to be discarded."""
        if discard:
            self.remove()
        if self._lock is not None:
            self._lock.close()
        self._lock = None
        for lock in self._offered.values():
            lock.close()
        self._offered.clear()


def _copy(file: Path) -> Copy:
    record: Mapping[str, object] = {}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        record = content if isinstance(content, dict) else {}
    path, title = record.get("path"), record.get("title")
    if not isinstance(title, str):
        try:
            title = read_header(file).title
        except UserError:
            title = ""
    moment = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    with contextlib.suppress(ValueError, TypeError):
        moment = datetime.fromisoformat(record.get("saved_at")).astimezone(UTC)  # type: ignore[arg-type]
    return Copy(file, Path(path) if isinstance(path, str) and path else None, title, moment)


def _delete(file: Path, lock: IO[bytes]) -> None:
    # The copy goes first: what is left by a crash in between is too little to be offered.
    for path in (file, file.with_suffix(".json"), notebook_path(file)):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    lock.close()
    with contextlib.suppress(OSError):
        file.with_suffix(".lock").unlink(missing_ok=True)


def _locked(file: Path) -> IO[bytes] | None:
    """An open file that holds the lock on a copy until it is closed; None while another session holds it."""
    handle = file.with_suffix(".lock").open("ab")
    if try_lock(handle):
        return handle
    handle.close()
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
