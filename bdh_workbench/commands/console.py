"""The output of a command: its result on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from bdh_workbench.errors import UserError
from bdh_workbench.harmless import harmless, harmless_json, harmless_lines

ON_TERMINAL, ELSEWHERE = 0.1, 1.0  # seconds between two lines of progress; elsewhere also before the first


class Console:
    """Results and progress of one command."""

    def __init__(self, as_json: bool = False, verbose: bool = False) -> None:
        """A console on the process's own streams."""
        self.as_json, self.verbose = as_json, verbose
        self._err: TextIO = sys.stderr
        self._last = 0.0 if _is_terminal(self._err) else time.monotonic()
        self._shown = False

    def progress(self, text: str) -> None:
        """Tell how far things are, on standard error, as often as a person can read it."""
        terminal = _is_terminal(self._err)
        now = time.monotonic()
        if now - self._last < (ON_TERMINAL if terminal else ELSEWHERE):
            return
        self._last = now
        if terminal:
            width = max(20, shutil.get_terminal_size().columns - 1)
            self._tell(f"\r\x1b[K{harmless(text)[:width]}")
            self._shown = True
        else:
            self._tell(harmless(text) + "\n")

    def note(self, text: str) -> None:
        """Say something beside the result, on standard error."""
        self.clear()
        self._tell(harmless_lines(text) + "\n")

    def clear(self) -> None:
        """Take the line of progress off the terminal."""
        if self._shown:
            self._tell("\r\x1b[K")
            self._shown = False

    def result(self, record: Mapping[str, Any], text: str) -> None:
        """Print the result: as one JSON object, or in words."""
        self.clear()
        say(as_json(record) if self.as_json else text)

    def _tell(self, text: str) -> None:
        # Progress that nobody can see must not end the work.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            try:
                self._err.write(text)
            except UnicodeEncodeError:  # a ValueError too
                self._err.write(_encodable(text, self._err))
            self._err.flush()


def say(text: str, end: str = "\n", *, pale: bool = False) -> None:
    """Print to standard output whatever is harmless and its encoding has, ``pale`` on a terminal that has colours.

    Raises:
        UserError: when it cannot be written, as the disk is full or the output is closed.
        BrokenPipeError: when nobody reads on.
    """
    text = harmless_lines(text)
    with printing():
        sys.stdout.write(_encodable(_dim(text) + end if pale else text + end, sys.stdout))
        sys.stdout.flush()


@contextlib.contextmanager
def printing() -> Iterator[None]:
    """Turn what goes wrong while standard output is written into a sentence.

    Raises:
        UserError: as ``say``.
        BrokenPipeError: as ``say``.
    """
    try:
        if sys.stdout is None:  # closed before the program began
            raise ValueError("it is closed")
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"The result could not be written to standard output: {reason}.") from None


def as_json(record: Mapping[str, Any]) -> str:
    """A record as one JSON object on one line; what JSON has no word for becomes null."""
    wide = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    return harmless_json(json.dumps(_plain(record), ensure_ascii=not wide, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return value


def table(rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Columns side by side."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join((indent + line).rstrip() for line in lines)


def _dim(text: str) -> str:
    plain = not _is_terminal(sys.stdout) or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[2m{text}\x1b[0m"


def _encodable(text: str, stream: TextIO) -> str:
    """The text with a question mark for whatever the stream's encoding lacks."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (ValueError, AttributeError):  # closed, before the program began or since
        return False
