"""The table of saved memories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QFont

from bdh_workbench.gui.colours import LIGHT, Colours, mixed
from bdh_workbench.gui.parts.two_lines import SECOND
from bdh_workbench.gui.plots.gauge import FILL_ROLE
from bdh_workbench.gui.words import date, harmless, plural, size, tip
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.memory.files.library import BrokenEntry

HEADERS = ("Memory", "Items", "Fill", "Size", "Date", "Model", "Note")
TIPS = (
    "Title of the memory. The one in use is bold; ● marks changes that are not saved.",
    "Facts and documents that it holds.",
    "The share of the memory's room that is used up.",
    "Size of its file.",
    "Time of its latest write.",
    "The model that it belongs to. A memory of another model is grey: load that model to use it.",
    "A person's own words about it.",
)
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex
Entry = MemoryHeader | BrokenEntry


class LibraryModel(QAbstractTableModel):
    """What the library holds."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.model = ""
        self.loaded: Path | None = None
        self.dirty = False
        self.colours: Colours = LIGHT

    def set_entries(self, entries: list[Entry]) -> None:
        """Show these."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def set_state(self, model: str, loaded: Path | None, dirty: bool) -> None:
        """Follow the model (its fingerprint) and the memory in use."""
        self.model, self.loaded, self.dirty = model, loaded, dirty
        self.refresh()

    def refresh(self) -> None:
        """Paint all rows again."""
        if self.entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.entries) - 1, len(HEADERS) - 1))

    def refused(self, entry: Entry) -> str:
        """Why a memory cannot be loaded; empty where it can."""
        if isinstance(entry, BrokenEntry):
            return harmless(entry.reason)
        if self.model and entry.model != self.model:
            return (
                f"This memory was written with the model {harmless(entry.model_name)} ({entry.model[:8]}), and the one "
                f"loaded is another ({self.model[:8]}): load that model first."
            )
        return ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One row for each file."""
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See HEADERS."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names and what they mean."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return TIPS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        entry = self.entries[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, column)
        if role == SECOND and column == 0:
            return self._below(entry)
        if role == SORT_ROLE:
            return self._key(entry, column)
        if role == FILL_ROLE and column == 2 and isinstance(entry, MemoryHeader):
            return entry.fill
        if role == Qt.ItemDataRole.ForegroundRole and self.refused(entry):
            return QColor(self.colours.muted)
        if role == Qt.ItemDataRole.BackgroundRole and entry.path == self.loaded:
            return QColor(mixed(self.colours.accent, self.colours.raised, 0.12))
        if role == Qt.ItemDataRole.FontRole and entry.path == self.loaded:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(entry)
        return None

    def _text(self, entry: Entry, column: int) -> str:
        if isinstance(entry, BrokenEntry):
            return harmless(entry.path.name) if column == 0 else "unreadable" if column == 5 else ""
        if column == 0:
            name = harmless(entry.title) or harmless(entry.path.stem)
            return f"{name} ●" if entry.path == self.loaded and self.dirty else name
        texts = ("", f"{entry.items:,}", "", size(entry.bytes), date(entry.modified), harmless(entry.model_name))
        return texts[column] if column < 6 else harmless(entry.note)

    def _below(self, entry: Entry) -> str:
        """What stands under the title: what the memory holds, and when it was written."""
        if isinstance(entry, BrokenEntry):
            return "cannot be read"
        parts = [plural(entry.documents, "document")] * bool(entry.documents)
        parts += [plural(entry.facts, "fact")] * bool(entry.facts)
        return f"{', '.join(parts) or 'empty'} · {date(entry.modified)}"

    def _key(self, entry: Entry, column: int) -> Any:
        if isinstance(entry, BrokenEntry):
            return entry.path.name.casefold() if column == 0 else "" if column in (4, 5, 6) else -1
        return (
            (entry.title or entry.path.stem).casefold(), entry.items, entry.fill, entry.bytes, entry.modified,
            entry.model_name, entry.note,
        )[column]  # fmt: skip

    def _tip(self, entry: Entry) -> str:
        refused = self.refused(entry)
        if isinstance(entry, BrokenEntry):
            return tip(refused)
        words = f"{entry.title}\n{plural(entry.facts, 'fact')}, {plural(entry.documents, 'document')}"
        words += f"\nFill {entry.fill:.1%} · {entry.rank:,} of {entry.room:,} rows"
        return tip(f"{words}\n{refused}" if refused else words)


class LibraryFilter(QSortFilterProxyModel):
    """Sorting by numbers, searching in titles and notes."""

    def __init__(self, model: LibraryModel) -> None:
        super().__init__()
        self.setSourceModel(model)
        self._library = model
        self.setSortRole(SORT_ROLE)
        self._words: list[str] = []

    def search(self, text: str) -> None:
        """Show what holds all of these words."""
        self.beginFilterChange()
        self._words = text.casefold().split()
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Whether a row holds all words."""
        entry = self._library.entries[row]
        if isinstance(entry, BrokenEntry):
            text = entry.path.name
        else:
            text = f"{entry.title} {entry.note} {entry.model_name} {entry.path.name}"
        return all(word in text.casefold() for word in self._words)
