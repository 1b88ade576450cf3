"""The library: a folder of memory files. Listing it reads headers only, and needs no torch.

Whatever changes the folder holds an advisory lock on it, so that a window and a command line, or two windows, do not
take the same name or rewrite the same file at once. The lock is the operating system's, which releases it when its
holder dies, so there are no stale locks. On a file system without locks, the library works without them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bdh_workbench.errors import UserError
from bdh_workbench.memory.files.format import MEMORY_SUFFIX
from bdh_workbench.memory.files.locking import LOCK_TIMEOUT, PAUSE, try_lock, unlock
from bdh_workbench.memory.files.memory_file import (
    MemoryHeader,
    read_header,
    replace_memory,
    rewrite_labels,
    save_memory,
    shown,
)
from bdh_workbench.model.files import sweep

if TYPE_CHECKING:  # a listing must not load torch
    from bdh_workbench.memory.store.state import Memory

HOME_VARIABLE = "BDH_WORKBENCH_HOME"
LOCK_NAME = ".lock"
TRASH_NAME = ".trash"
# Bytes of a file name without its extension: encrypted folders allow 143 in all, and a file that is being saved carries
# a longer name for a moment.
MAX_STEM = 100
_PORTS = {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | _PORTS  # Windows takes these for devices


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """A file of the library that cannot be listed.

    Attributes:
        path: of the file.
        reason: why, as a sentence that names the file and what to do.
    """

    path: Path
    reason: str


class Library:
    """A folder of memory files. Paths of its files are those that ``entries`` and the methods return."""

    def __init__(self, folder: Path) -> None:
        """A library in this folder, which is created when something is first put into it."""
        self.folder = folder
        self._guard = threading.RLock()
        self._depth = 0

    def entries(self) -> list[MemoryHeader | BrokenEntry]:
        """The memories of the library, in order of file names; a file that cannot be read is listed with the reason.

        Raises:
            UserError: when the folder itself cannot be read.
        """
        entries: list[MemoryHeader | BrokenEntry] = []
        for name in sorted(self._names()):
            path = self.folder / name
            try:
                entries.append(read_header(path))
            except UserError as error:
                if os.path.lexists(path):  # it may have been deleted since the folder was read
                    entries.append(BrokenEntry(path, str(error)))
        return entries

    def path_for(self, title: str) -> Path:
        """A free path in the library whose name is safe on every system and as close to the title as possible.

        Hold the lock (``locked``) until the file exists, or another process may take the name in the meantime.
        """
        return self._free_path(title, self._taken())

    def save(self, memory: Memory, path: Path | None = None, *, keep_words: bool = True) -> Path:
        """Save a memory under a path of the library, or under a new one after its title; returns the path.

        Raises:
            UserError: as ``save_memory``, or when another process holds the library for too long.
        """
        with self.locked():
            target = self.path_for(memory.title) if path is None else self._own(path)
            save_memory(target, memory, keep_words=keep_words)
        return target

    def set_title(self, path: Path, title: str) -> None:
        """Give a memory another title; the file keeps its name.

        Raises:
            UserError: when the title is empty or too long, or the file cannot be rewritten.
        """
        with self.locked():
            rewrite_labels(self._own(path), title=_tidy_title(title))

    def set_note(self, path: Path, note: str) -> None:
        """Give a memory another note.

        Raises:
            UserError: when the note is too long, or the file cannot be rewritten.
        """
        with self.locked():
            rewrite_labels(self._own(path), note=note)

    def rename(self, path: Path, title: str) -> Path:
        """Give a memory another title, and its file the name that belongs to it; returns the new path.

        Raises:
            UserError: when the title is empty or too long, or the file cannot be rewritten or moved.
        """
        title = _tidy_title(title)
        with self.locked():
            old = self._own(path)
            target = self._free_path(title, self._taken() - {_key(old.name)})
            # A crash between the two leaves the new title under the old name: nothing is lost or duplicated.
            rewrite_labels(old, title=title)
            if target.name != old.name:
                try:
                    old.rename(target)
                except OSError as error:
                    reason = error.strerror or "it is in use"
                    raise UserError(
                        f"{shown(old)} has its new title but keeps its file name ({reason}): try again later."
                    ) from None
        return target

    def duplicate(self, path: Path, title: str | None = None) -> Path:
        """Copy a memory under another title, by default its own with the word copy; returns the copy's path.

        Raises:
            UserError: when the title is too long, or the file cannot be read or written.
        """
        with self.locked():
            source = self._own(path)
            header = read_header(source)
            title = _tidy_title(title) if title is not None else f"{header.title or source.stem} copy"
            target = self.path_for(title)
            rewrite_labels(source, title=title, target=target)
        return target

    def delete(self, path: Path) -> Path | None:
        """Move a memory to the system's trash, or into the library's own where the system has none.

        Returns:
            Where it went: the path in the library's own trash, or None for the system's.

        Raises:
            UserError: when it can be moved to neither; it is then still there.
        """
        with self.locked():
            target = self._own(path)
            if not os.path.lexists(target):
                raise UserError(f"There is no file {shown(target)}: it has been moved or deleted.")
            # Every system raises errors of its own kind here; what counts is whether the file is gone.
            with contextlib.suppress(Exception):
                from send2trash import send2trash

                send2trash(str(target.absolute()))
            if not os.path.lexists(target):
                return None
            # A machine without a desktop, or a disk that has no trash.
            trash = self.folder / TRASH_NAME
            try:
                trash.mkdir(exist_ok=True)
                place = _free(trash, target.stem, {_key(name) for name in os.listdir(trash)})
                target.rename(place)
            except OSError as error:
                reason = error.strerror or "it is in use"
                raise UserError(f"{shown(target)} could not be deleted ({reason}): it is still there.") from None
        return place

    def import_file(self, path: Path) -> Path:
        """Copy a memory file from elsewhere into the library; returns the copy's path.

        Raises:
            UserError: when it is in the library already, is no memory file or damaged, or cannot be read or copied.
        """
        header = read_header(path)
        if _same(path.parent, self.folder):
            raise UserError(f"{shown(path)} is already in the library: duplicate it there for a second copy.")
        with self.locked():
            target = self.path_for(header.title or path.stem)
            _copy(path, target)
        return target

    def export_file(self, path: Path, target: Path, *, overwrite: bool = False) -> Path:
        """Copy a memory of the library to a file elsewhere, or into a folder; returns the copy's path.

        Args:
            path: in the library.
            target: a folder, or a file whose name gets the right extension if it has another.
            overwrite: whether a file that is there already is replaced.

        Raises:
            UserError: when there is such a file already, or the file cannot be read or written.
        """
        source = self._own(path)
        read_header(source)
        if os.path.isdir(target):
            target = target / source.name
        elif target.suffix.lower() != MEMORY_SUFFIX:
            target = target.with_name(target.name + MEMORY_SUFFIX)
        if os.path.lexists(target) and not overwrite:
            raise UserError(f"There is already a file {shown(target)}: choose another name.")
        _copy(source, target)
        return target

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the library, so that no other process or thread changes it; may be nested.

        Raises:
            UserError: when another process holds it for more than ten seconds, or the folder cannot be written.
        """
        if not self._guard.acquire(timeout=LOCK_TIMEOUT):
            raise UserError(self._busy())
        try:
            self._depth += 1
            with self._lock_file() if self._depth == 1 else contextlib.nullcontext():
                yield
        finally:
            self._depth -= 1
            self._guard.release()

    @contextlib.contextmanager
    def _lock_file(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = open(self.folder / LOCK_NAME, "ab")  # noqa: SIM115, it is closed below
        except OSError as error:
            reason = error.strerror or "it is in use"
            raise UserError(
                f"The library {shown(self.folder)} cannot be changed ({reason}): check its permissions, or choose "
                f"another folder with the environment variable {HOME_VARIABLE}."
            ) from None
        with file:
            until = time.monotonic() + LOCK_TIMEOUT
            while not try_lock(file):
                if time.monotonic() > until:
                    raise UserError(self._busy())
                time.sleep(PAUSE)
            try:
                sweep(self.folder)
                yield
            finally:
                unlock(file)

    def _busy(self) -> str:
        return (
            f"Another window or command is changing the library {shown(self.folder)}: "
            "wait until it is done, then try again."
        )

    def _names(self) -> list[str]:
        try:
            return [name for name in os.listdir(self.folder) if name.lower().endswith(MEMORY_SUFFIX) and name[0] != "."]
        except FileNotFoundError:
            return []
        except OSError as error:
            reason = error.strerror or "input error"
            raise UserError(
                f"The library {shown(self.folder)} cannot be read ({reason}): check its permissions, or choose another "
                f"folder with the environment variable {HOME_VARIABLE}."
            ) from None

    def _taken(self) -> set[str]:
        return {_key(name) for name in self._names()}

    def _free_path(self, title: str, taken: set[str]) -> Path:
        return _free(self.folder, _stem(title), taken)

    def _own(self, path: Path) -> Path:
        """The path, if it is one of a file of this library."""
        inside = path.parent.absolute() == self.folder.absolute() or _same(path.parent, self.folder)
        if not inside or not path.name.lower().endswith(MEMORY_SUFFIX) or path.name.startswith("."):
            raise UserError(f"{shown(path)} is not a file of the library {shown(self.folder)}: import it first.")
        return self.folder / path.name


def default_library() -> Library:
    """The user's library: below the folder that BDH_WORKBENCH_HOME names, or else the system's place for user data."""
    import platformdirs

    home = os.environ.get(HOME_VARIABLE, "").strip()
    base = Path(home).expanduser() if home else Path(platformdirs.user_data_dir("bdh-workbench", appauthor=False))
    return Library(base / "memories")


def _tidy_title(title: str) -> str:
    """A title on one line.

    Raises:
        UserError: when nothing remains of it.
    """
    title = unicodedata.normalize("NFC", " ".join(title.split()))
    if not title:
        raise UserError("The title is empty: give the memory a name.")
    return title


def _stem(title: str) -> str:
    """A file name without extension that every system takes, from any text."""
    text = unicodedata.normalize("NFC", title)
    # Controls, halves of characters and marks that cannot be seen have no place in a file name.
    text = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    text = re.sub(r'[<>:"/\\|?*]+', "-", text)
    text = " ".join(text.split()).lstrip("-. ")
    text = text.encode()[:MAX_STEM].decode(errors="ignore").rstrip(". ")
    if text.lower().endswith(MEMORY_SUFFIX):
        text = text[: -len(MEMORY_SUFFIX)].rstrip(". ")
    if text.split(".")[0].strip().lower() in _RESERVED:
        text = f"_{text}"
    return text or "memory"


def _free(folder: Path, stem: str, taken: set[str]) -> Path:
    name, number = stem + MEMORY_SUFFIX, 1
    while _key(name) in taken:
        number += 1
        name = f"{stem} {number}{MEMORY_SUFFIX}"
    return folder / name


def _key(name: str) -> str:
    """File names with the same key are one file on some system."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _copy(source: Path, target: Path) -> None:
    if _same(source, target):
        raise UserError(f"{shown(target)} is the same file: choose another name.")

    def write(temporary: Path) -> None:
        shutil.copyfile(source, temporary)

    replace_memory(target, write)
