"""What a search finds in the texts of all memories: a list of items, each with the words around what was found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import bare, delay, note
from bdh_workbench.gui.look.words import plural, short, tip
from bdh_workbench.gui.parts.library.two_lines import SECOND, TwoLines
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.storage.searching import HIT_MARKS, Hit, SearchIndex

SEARCH_AFTER = 150  # milliseconds without a key
HIT = Qt.ItemDataRole.UserRole
LEAD_WORDS = 2  # words before those that were found: a list is narrow, and they must be in sight


class SearchHits(QWidget):
    """A title and a list, hidden while nothing is searched for. The search runs in the background."""

    found = Signal(int)  # how many items have the words that were searched for last; 0 too where there are none
    opened = Signal(object, str)  # Hit, and the words

    def __init__(self, context: Context) -> None:
        """Nothing is searched for yet."""
        super().__init__()
        self._context = context
        self._index = SearchIndex(context.preferences.home, context.library.folder)
        self._searched = 0  # number of the newest search
        self._words = ""
        self.titles: Mapping[Path, str] = {}  # of memories, by file
        self.title = note("", "What the search found")
        self.list = QTreeWidget()
        self.list.setAccessibleName("Items that have the words")
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setItemDelegate(TwoLines(self.list))
        self.list.itemActivated.connect(self.open)
        self.list.itemClicked.connect(self.open)
        column = bare(QVBoxLayout(self), 8)
        column.addWidget(self.title)
        column.addWidget(self.list, 1)
        self._timer = delay(self, SEARCH_AFTER, self._find)
        self.setVisible(False)

    def search(self, words: str) -> None:
        """Look for words in the texts of all memories, once nothing was typed for a moment."""
        self._words = words
        self._timer.start()

    def refresh(self) -> None:
        """Follow the files of the library, in the background."""
        self._context.background.run(self._index.refresh, lambda _: None, lambda _message: None)

    def open(self, line: QTreeWidgetItem, _column: int = 0) -> None:
        """Show an item that was found."""
        self.opened.emit(line.data(0, HIT), self._words)

    def open_first(self) -> None:
        """Show the first item that was found."""
        first = self.list.topLevelItem(0)
        if first is not None and self.isVisible():
            self.open(first)

    def _find(self) -> None:
        self._searched += 1
        number, words, index = self._searched, self._words, self._index
        if words.strip():
            self._context.background.run(lambda: index.find(words), lambda hits: self._show(number, words, hits))
        else:
            self._show(number, words, [])

    def _show(self, number: int, words: str, hits: list[Hit]) -> None:
        if number != self._searched:
            return
        self.list.clear()
        rows = []
        for hit in hits:
            line = QTreeWidgetItem([short(_from_words(hit.excerpt), 120)])
            memory = self.titles.get(hit.path) or hit.path.stem
            line.setData(0, SECOND, f"{short(hit.title, 40)} · {short(memory, 40)}")
            line.setToolTip(0, tip(f"{hit.title}\n{_plain(hit.excerpt)}"))
            line.setData(0, HIT, hit)
            rows.append(line)
        self.list.addTopLevelItems(rows)
        self.list.setVisible(bool(hits))
        self.title.setText(f"In the texts: {plural(len(hits), 'item')}" if hits else "No text has these words.")
        self.setVisible(bool(words.strip()))
        self.found.emit(len(hits))


def _plain(excerpt: str) -> str:
    """An excerpt without the marks around what was found."""
    return excerpt.replace(HIT_MARKS[0], "").replace(HIT_MARKS[1], "")


def _from_words(excerpt: str) -> str:
    """An excerpt that begins shortly before the first of the words that were found."""
    before, mark, rest = excerpt.partition(HIT_MARKS[0])
    lead = before.split()
    if not mark or len(lead) <= LEAD_WORDS:
        return _plain(excerpt)
    space = " " if before[-1].isspace() else ""
    return f"…{' '.join(lead[-LEAD_WORDS:])}{space}{_plain(rest)}"
