"""The operating system's advisory locks on files: they end with their holder, so that none is ever stale."""

from __future__ import annotations

import contextlib
import errno
import sys
from typing import IO

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
