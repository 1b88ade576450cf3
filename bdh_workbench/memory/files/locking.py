"""The operating system's advisory locks on files: they end with their holder, so that none is ever stale."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from bdh_workbench.errors import UserError

LOCK_TIMEOUT = 10.0  # seconds to wait for another process where a person waits too
PAUSE = 0.05  # seconds between two looks at a lock that another holds

if sys.platform == "win32":
    import msvcrt

    def try_lock(file: IO[bytes]) -> bool:
        """Lock an open file if nobody holds it; returns whether it is locked now, or cannot be where it is."""
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(file: IO[bytes]) -> None:
        """Let go of the lock."""
        file.seek(0)
        with contextlib.suppress(OSError):
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(file: IO[bytes]) -> bool:
        """Lock an open file if nobody holds it; returns whether it is locked now, or cannot be where it is."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Some network file systems know no locks: better to work without than not at all.
            return error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR)
        return True

    def unlock(file: IO[bytes]) -> None:
        """Let go of the lock."""
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def renewing(path: Path, patience: float, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Keep other processes from replacing a file between reading and saving it: the changes of one would be lost.

    The lock is on the file itself. Saving puts another file in its place, so a process that waited for the old one
    looks again. On Windows, where a locked file can be neither read nor replaced, the lock is on a file beside it.
    Where there is no file yet, nothing can be lost, and there is no lock.

    Args:
        path: of the file, or of a link to it.
        patience: seconds to wait for another process.
        waiting: called while waiting.

    Raises:
        UserError: when another process keeps the file for longer than that.
    """
    until = time.monotonic() + patience
    while True:
        lock = _lock_of(path)
        if lock is None:
            yield
            return
        with lock:
            if try_lock(lock):
                try:
                    if _is_in_place(lock):
                        yield
                        return
                finally:
                    unlock(lock)
        if time.monotonic() > until:
            raise UserError(f"Another window or command is writing into {path}: wait until it is done, then try again.")
        waiting()
        time.sleep(PAUSE)


def _lock_of(path: Path) -> IO[bytes] | None:
    """The open file whose lock stands for a file; None where there is no file, or none that can be read."""
    try:
        place = Path(os.path.realpath(path))
        if not place.is_file():
            return None
        if sys.platform == "win32":
            return open(place.with_name(f".{place.name}.lock"), "ab")
        return open(place, "rb")
    except (OSError, ValueError):  # whoever reads or saves it says what is wrong
        return None


def _is_in_place(file: IO[bytes]) -> bool:
    """Whether an open file is still the one of its name."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))
    return False
