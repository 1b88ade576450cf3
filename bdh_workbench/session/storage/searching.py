"""Full-text search over all memories of a library: an index in SQLite (FTS5) that follows the files.

The index is a cache: it can be deleted at any time. Reading it needs no torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from bdh_workbench.memory.files.format import MEMORY_SUFFIX
from bdh_workbench.reading.units import WORD

INDEX_NAME = "search.sqlite3"
INDEX_VERSION = 2
MOST_HITS = 50  # hits
PASSAGE = 1500  # characters in which all words of a search must stand
PASSAGES = 40  # passages that are looked at for each hit that is wanted
SNIPPET = 12  # words around a hit
HIT_MARKS = "\x02", "\x03"  # before and after a word that was found


@dataclass(frozen=True, slots=True)
class Hit:
    """An item of a memory that holds the words.

    Attributes:
        path: of the memory's file.
        item: index into the memory's items.
        title: of the item.
        kind: ``fact`` or ``document``.
        excerpt: words around the first place, the found ones between ``HIT_MARKS``.
    """

    path: Path
    item: int
    title: str
    kind: str
    excerpt: str


class SearchIndex:
    """The index of one library. Every call opens the file again, so that any thread may make it."""

    def __init__(self, home: Path, folder: Path) -> None:
        """Look at nothing yet.

        Args:
            home: folder of the index.
            folder: of the library.
        """
        self.path, self.folder = home / INDEX_NAME, folder

    def find(self, text: str, limit: int = MOST_HITS) -> list[Hit]:
        """The items with a passage that has all words of a text, the last as the beginning of a word; best first."""
        words = WORD.findall(text)
        if not words:
            return []
        query = " ".join(f'"{word}"' for word in words) + "*"
        with self._open() as base:
            self._refresh(base)
            best: dict[tuple[str, int], int] = {}  # the best passage of each item
            ranked = "SELECT rowid, file, item FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?"
            for row, file, item in base.execute(ranked, (query, PASSAGES * limit)):
                best.setdefault((file, item), row)
                if len(best) == limit:
                    break
            shown = (
                "SELECT file, item, kind, title, snippet(texts, -1, ?, ?, '…', ?) FROM texts "
                "WHERE texts MATCH ? AND rowid = ?"
            )
            rows = [base.execute(shown, (*HIT_MARKS, SNIPPET, query, row)).fetchone() for row in best.values()]
        return [Hit(self.folder / file, int(item), title, kind, excerpt) for file, item, kind, title, excerpt in rows]

    def refresh(self) -> None:
        """Follow the files now, so that the next search need not."""
        with self._open() as base:
            self._refresh(base)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            base = self._connect()
        except sqlite3.DatabaseError:  # it is only a cache
            with contextlib.suppress(OSError):
                self.path.unlink()
            base = self._connect()
        with contextlib.closing(base), base:
            yield base

    def _connect(self) -> sqlite3.Connection:
        base = sqlite3.connect(self.path, timeout=10.0)
        if base.execute("PRAGMA user_version").fetchone()[0] != INDEX_VERSION:
            base.executescript(
                "DROP TABLE IF EXISTS texts; DROP TABLE IF EXISTS files;"
                "CREATE TABLE files (file TEXT PRIMARY KEY, changed INTEGER, size INTEGER);"
                "CREATE VIRTUAL TABLE texts USING fts5(file UNINDEXED, item UNINDEXED, kind UNINDEXED, title, body,"
                " tokenize = 'unicode61 remove_diacritics 2');"
                f"PRAGMA user_version = {INDEX_VERSION};"
            )
        return base

    def _refresh(self, base: sqlite3.Connection) -> None:
        known = {file: (changed, size) for file, changed, size in base.execute("SELECT * FROM files")}
        there: dict[str, tuple[int, int]] = {}
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(MEMORY_SUFFIX) and not entry.name.startswith("."):
                    with contextlib.suppress(OSError, UnicodeEncodeError):
                        entry.name.encode()
                        status = entry.stat()
                        there[entry.name] = (status.st_mtime_ns, status.st_size)
        for file in known.keys() - there.keys():
            self._forget(base, file)
        for file, mark in there.items():
            if known.get(file) != mark:
                self._forget(base, file)
                base.executemany("INSERT INTO texts VALUES (?, ?, ?, ?, ?)", _rows(self.folder / file))
                base.execute("INSERT INTO files VALUES (?, ?, ?)", (file, *mark))

    @staticmethod
    def _forget(base: sqlite3.Connection, file: str) -> None:
        base.execute("DELETE FROM texts WHERE file = ?", (file,))
        base.execute("DELETE FROM files WHERE file = ?", (file,))


def _rows(path: Path) -> Iterator[tuple[str, int, str, str, str]]:
    """File, number, kind, title and words of each item; none of a file that cannot be read."""
    items: Sequence[Any] = ()
    # Whatever is wrong with a file, the library says so when it is opened.
    with contextlib.suppress(Exception), safe_open(path, framework="np") as file:
        items = json.loads(file.metadata()["items"])
    for number, item in enumerate(items):
        with contextlib.suppress(TypeError, KeyError):
            if item["kind"] == "fact":
                title, body = item["prompt"], item["answer"]
            else:
                title, body = item["title"], item["text"] or ""
            if isinstance(title, str) and isinstance(body, str):
                for passage in _passages(body):
                    yield path.name, number, item["kind"], title, passage


def _passages(body: str) -> Iterator[str]:
    """A text in parts that end with a word: what is found in a whole book could not be shown in time."""
    start = 0
    while start < len(body) - PASSAGE:
        stop = body.rfind(" ", start + PASSAGE // 2, start + PASSAGE)
        stop = stop if stop > 0 else start + PASSAGE
        yield body[start:stop]
        start = stop
    yield body[start:]
