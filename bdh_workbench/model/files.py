"""Writing files so that a crash at any moment leaves either the old one or the new one, never half of one.

A file is filled under another name beside its own. Its writer keeps it locked, and a lock ends with its holder: what
nobody keeps locked was left by a process that died while saving, and the next save in its place removes it.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bdh_workbench.errors import UserError

PARTIAL, LINK = ".partial", ".link"  # ends of names that files have for the time of a save
CHARACTERS = "?" * 8  # that ``tempfile`` puts before the end


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file next to ``path``, flush it to disk, and put it in place of ``path``.

    ``write`` opens the file that is there, and puts no other in its place.

    Where ``path`` is a link, the file that it leads to is renewed. A file that was there keeps its owner, its mode and
    the names that it has in its folder (hard links). Under a name in another folder it stays as it was, as backups
    made of such links rely on.

    Raises:
        UserError: when the folder cannot be written or the disk is full; ``path`` is then as it was.
    """
    temporary, descriptor = None, -1
    try:
        place = Path(os.path.realpath(path))
        if place.is_symlink():
            raise OSError(errno.ELOOP, "its links lead in a circle")
        before = place.stat() if place.exists() else None
        if before is not None and not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        place.parent.mkdir(parents=True, exist_ok=True)
        sweep(place.parent, place.name)
        descriptor, temporary = _begun(place)
        write(temporary)
        os.fsync(descriptor)
        _give_mode(temporary, before)
        for other in _other_names(place, before):
            # Each name is renewed as a whole, like the file itself: writing into it would not survive a crash.
            again = temporary.with_suffix(LINK)
            os.link(temporary, again)
            again.replace(other)
        if os.name != "posix":  # Windows replaces no file that is open
            os.close(descriptor)
            descriptor = -1
        temporary.replace(place)
        temporary = None
        _flush_folder(place.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{path} could not be saved ({reason}); the file there, if any, is unchanged.") from None
    finally:
        if descriptor >= 0:
            os.close(descriptor)  # before the file is removed: Windows removes none that is open
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove what processes left in a folder that died while saving a file of this name, or any file."""
    start = ".*" if name is None else f".{glob.escape(name)}"
    with contextlib.suppress(OSError):
        for left in [path for end in (PARTIAL, LINK) for path in folder.glob(f"{start}.{CHARACTERS}{end}")]:
            with contextlib.suppress(OSError):
                if stat.S_ISREG(left.lstat().st_mode):  # opening a pipe would wait for ever
                    _remove(left)


def _begun(place: Path) -> tuple[int, Path]:
    """A new file beside a place, open and locked."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=PARTIAL, dir=place.parent)
        with contextlib.suppress(OSError):  # some file systems know no locks
            _lock(descriptor, wait=True)  # for a sweep that is about to remove it
        if os.path.exists(name):  # else another process swept it away before it was locked
            return descriptor, Path(name)
        os.close(descriptor)


if sys.platform == "win32":

    def _lock(descriptor: int, wait: bool = False) -> None:
        """Nothing: whoever has a file open keeps others from removing it."""

    def _remove(path: Path) -> None:
        """Remove a file that nobody has open."""
        path.unlink()

else:
    import fcntl

    def _lock(descriptor: int, wait: bool = False) -> None:
        """Lock an open file; where somebody else has, wait, or else raise an OSError."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def _remove(path: Path) -> None:
        """Remove a file that nobody has locked."""
        with path.open("rb") as file:
            _lock(file.fileno())
            path.unlink()


def _other_names(path: Path, before: os.stat_result | None) -> list[Path]:
    """The other names of a file in its folder."""
    if before is None or before.st_nlink < 2:
        return []
    with os.scandir(path.parent) as entries:
        same = [entry.path for entry in entries if entry.inode() == before.st_ino and entry.name != path.name]
    return [Path(name) for name in same if os.path.samestat(os.lstat(name), before)]


def _give_mode(path: Path, before: os.stat_result | None) -> None:
    """Give a new file the owner and the mode of the one before it, or those of any new file where there was none."""
    if before is None:
        # mkstemp makes files that only their owner can read.
        umask = os.umask(0)
        os.umask(umask)
        path.chmod(0o666 & ~umask)
        return
    if os.name == "posix":
        with contextlib.suppress(OSError):  # only root may give a file to another
            os.chown(path, before.st_uid, before.st_gid)
    path.chmod(stat.S_IMODE(before.st_mode))


def _flush_folder(folder: Path) -> None:
    # Without this the new name may be lost in a power cut. Windows cannot open a folder, and needs no such call.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def save_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text as ``write_atomically`` does."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")

    write_atomically(path, write)


def save_json_atomically(path: Path, value: Any) -> None:
    """Write a value as indented JSON as ``write_atomically`` does."""
    save_text_atomically(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def save_tensors_atomically(path: Path, tensors: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Write tensors (contiguous, on the CPU) as safetensors as ``write_atomically`` does."""
    from safetensors.torch import save

    # ``save_file`` would put a file of its own there, which is neither flushed nor locked.
    write_atomically(path, lambda temporary: temporary.write_bytes(save(dict(tensors), dict(metadata))))
