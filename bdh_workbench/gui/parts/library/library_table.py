"""The table of saved memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from bdh_workbench.gui.look.colours import LIGHT, Colours, mixed
from bdh_workbench.gui.look.widgets import popup_menu
from bdh_workbench.gui.look.words import date, harmless, percent, plural, size, tip
from bdh_workbench.gui.parts.library.two_lines import SECOND, TwoLines
from bdh_workbench.gui.plots.gauge import FILL_ROLE, FillDelegate
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.memory.files.library import BrokenEntry

LIBRARY_HEADERS = ("Memory", "Items", "Fill", "Size", "Date", "Model", "Note")
LIBRARY_TIPS = (
    "Title of the memory. The one in use is bold; ● marks changes that are not saved.",
    "Its facts and documents.",
    "The share of the memory's room that is used up.",
    "Size of its file.",
    "Time of its latest write.",
    "The model that it belongs to. A memory of another model is grey: load that model to use it.",
    "Your own words about it.",
)
WIDTHS = (0, 44, 56, 70, 116, 80, 120)  # pixels of each column; the first has what is left
ROOM = (0, 340, 340, 400, 460, 560, 680)  # width of the table from which each column is shown, unless a person chose
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
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.entries) - 1, len(LIBRARY_HEADERS) - 1))

    def refused(self, entry: Entry) -> str:
        """Why a memory cannot be loaded; empty where it can."""
        if isinstance(entry, BrokenEntry):
            return harmless(entry.reason)
        if self.model and entry.model != self.model:
            return (
                f"This memory was written with the model {harmless(entry.model_name)} ({entry.model[:8]}), but "
                f"another ({self.model[:8]}) is loaded: load its own model first."
            )
        return ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One row for each file."""
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See LIBRARY_HEADERS."""
        return 0 if parent.isValid() else len(LIBRARY_HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names and what they mean."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return LIBRARY_HEADERS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return LIBRARY_TIPS[section]
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
        when = date(entry.modified).removeprefix("today ")  # a time alone is one of today, and there is little room
        return f"{', '.join(parts) or 'empty'} · {when}"

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
        words += f"\nFill {percent(entry.fill)} · {entry.rank:,} of {entry.room:,} rows"
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


class LibraryTable(QTableView):
    """The memories, two lines each; a wide table shows more columns, and a person may choose them at its head."""

    def __init__(self, model: LibraryFilter, keys: Mapping[Qt.Key, Callable[[], object]]) -> None:
        """Show a model; ``keys`` says what a key does."""
        super().__init__()
        self._keys = keys
        self._chosen: dict[int, bool] = {}  # columns that a person has shown or hidden
        self._fills = FillDelegate(self)
        self.setModel(model)
        self.setAccessibleName("Saved memories")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setItemDelegateForColumn(0, TwoLines(self))
        self.setItemDelegateForColumn(2, self._fills)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(2 * QFontMetrics(self.font()).height() + 12)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(34)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate(WIDTHS):
            if width:
                header.resizeSection(column, width)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._fills.colours = colours

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the columns that there is room for."""
        super().resizeEvent(event)
        for column, room in enumerate(ROOM):
            self.setColumnHidden(column, not self._chosen.get(column, self.width() >= room))
        self.horizontalHeader().setVisible(any(not self.isColumnHidden(column) for column in range(1, len(ROOM))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what a key is for."""
        act = self._keys.get(Qt.Key(event.key()))
        if act is not None:
            act()
        else:
            super().keyPressEvent(event)

    def _choose_columns(self, place: QPoint) -> None:
        menu = popup_menu(self)
        for column in range(1, len(LIBRARY_HEADERS)):
            action = menu.addAction(LIBRARY_HEADERS[column])
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.toggled.connect(partial(self.show_column, column))
        menu.popup(self.horizontalHeader().mapToGlobal(place))

    def show_column(self, column: int, shown: bool) -> None:
        """Show a column, or hide it, whatever room there is."""
        self._chosen[column] = shown
        self.setColumnHidden(column, not shown)
