"""The lower half of the library: details of a memory, its items and its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.look.widgets import ROW_ROLE, ElideLabel, bare, note, row, set_tone, tab_pages
from bdh_workbench.gui.look.words import date, harmless, plural, short, shown_p, size, tip
from bdh_workbench.gui.parts.library.two_lines import SECOND, TwoLines
from bdh_workbench.gui.plots.gauge import FillGauge
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.session.records.views import MemoryView

if TYPE_CHECKING:  # this loads torch, which the window must not wait for
    from bdh_workbench.memory.store.state import LayerRecord

CELL = 18  # pixels around the words of a cell
MOST_ITEMS = 5000  # items that are listed
EMPTY_MEMORY = (
    "The memory in use is empty.\nWrite something, or load a memory from the library: its contents appear here."
)


class MemoryDetails(QWidget):
    """Of the memory in use: items to forget and layers to switch. Of another that is chosen: what it holds."""

    def __init__(
        self,
        switched: Callable[[int, bool], object],
        opened: Callable[[LayerRecord], object],
        shown: Callable[[int], object],
    ) -> None:
        """``switched`` hears of a layer's tick, ``opened`` of a layer whose curves and ``shown`` of an item whose text
        a person wants to see."""
        super().__init__()
        self._switched, self._opened, self._shown = switched, opened, shown
        self._layers: dict[int, LayerRecord] = {}
        self._filling = False
        self.in_use = True  # whether what is shown is the memory in use
        self.title = ElideLabel()
        self.title.setObjectName("title")
        self.state = note("", "Whether this memory is in use")
        self.state.setWordWrap(False)
        self.summary = note("", "Facts about this memory")
        self.gauge = FillGauge()
        self.items = self._tree("Items of the memory", ("Item", "p"), (50,))
        self.items.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.history = self._tree("History: one layer for each write", ("Layer", "Steps"), (50,))
        for tree in (self.items, self.history):
            tree.setItemDelegateForColumn(0, TwoLines(tree))
        self.history.itemChanged.connect(self._changed)
        self.history.itemActivated.connect(self._open)
        self.items.itemActivated.connect(self._show_item)
        self.tabs = tab_pages("Items or history", {"Items": self.items, "History": self.history})
        self.empty = note(EMPTY_MEMORY, "What appears here")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        full = QWidget()
        column = bare(QVBoxLayout(full), 4)
        heading = row(self.title, self.state)
        heading.setStretch(0, 1)
        column.addLayout(heading)
        column.addWidget(self.summary)
        column.addWidget(self.gauge)
        column.addWidget(self.tabs, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.stack)

    def _tree(self, name: str, headers: tuple[str, ...], widths: tuple[int, ...]) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setAccessibleName(name)
        tree.setHeaderLabels(list(headers))
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate(widths, start=1):
            width = max(width, QFontMetrics(tree.font()).horizontalAdvance("0.9999") + CELL)
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        return tree

    def show_header(self, header: MemoryHeader) -> None:
        """Show what a listing knows of a memory that is not in use; its items come when its file was looked into."""
        self._begin(False, header.title or header.path.stem)
        self._show_facts(header.facts, header.documents, header.rank, header.room, header.bytes, header.model_name)
        self.gauge.set_fill(header.fill)
        self._end()

    def show_memory(self, view: MemoryView | None, in_use: bool = True) -> None:
        """Show a memory."""
        empty = view is None or not (view.items or view.layers)
        self._begin(in_use, (view.title if view is not None else "") or "New memory", bool(view and view.dirty))
        if view is not None:
            facts = sum(item.kind == "fact" for item in view.items)
            self._show_facts(facts, len(view.items) - facts, view.rank, view.slots, view.bytes, view.model_name)
            self.gauge.set_fill(view.fill)
            self._fill(view)
        self._end(empty)

    def _begin(self, in_use: bool, title: str, dirty: bool = False) -> None:
        self._filling = True
        self.in_use = in_use
        self.title.setText(f"{short(title, 80)}{' ●' if dirty else ''}")
        self.title.setToolTip(tip(title))
        self.state.setText("in use" if in_use else "not loaded")
        set_tone(self.state, "good" if in_use else "")
        self.items.clear()
        self.history.clear()
        self._layers.clear()

    def _end(self, empty: bool = False) -> None:
        self.stack.setCurrentIndex(0 if empty else 1)
        self._filling = False

    def _show_facts(self, facts: int, documents: int, rank: int, slots: int, bytes_: int, model: str) -> None:
        parts = [plural(facts, "fact")] * bool(facts) + [plural(documents, "document")] * bool(documents)
        words = [*(parts or ["nothing"]), f"{rank:,} of {slots:,} slots", size(bytes_), f"model {harmless(model)}"]
        self.summary.setText(" · ".join(words))

    def _fill(self, view: MemoryView) -> None:
        on = {layer.number for layer in view.layers if layer.enabled}
        rows = []
        for number, item in enumerate(view.items[:MOST_ITEMS]):
            title = short(item.prompt or item.title, 120)
            answer = short(item.answer, 60) or (plural(item.tokens, "token") if item.kind == "document" else "")
            line = QTreeWidgetItem([title, shown_p(item.p_after)])
            line.setData(0, ROW_ROLE, number)
            line.setData(0, SECOND, answer)
            kind = "document: mean p of its tokens" if item.kind == "document" else "fact: p of its whole answer"
            answered = f"\n→ {short(item.answer, 300)}" if item.answer else ""
            change = f"{kind}: {shown_p(item.p_before)} before, {shown_p(item.p_after)} after the write"
            for column in (0, 1):
                line.setToolTip(column, tip(f"{title}{answered}\n{change}"))
            line.setDisabled(item.layer not in on)
            rows.append(line)
        self.items.addTopLevelItems(rows)
        for layer in view.layers:
            steps = int(max(layer.history.get("step", [0.0]), default=0.0))
            line = QTreeWidgetItem([short(layer.title, 80) or f"Layer {layer.number}", str(steps)])
            line.setData(0, SECOND, f"written {date(layer.created)}")
            if self.in_use:
                line.setFlags(line.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            line.setCheckState(0, Qt.CheckState.Checked if layer.enabled else Qt.CheckState.Unchecked)
            line.setData(0, ROW_ROLE, layer.number)
            for column in (0, 1):
                line.setToolTip(column, tip(_layer_words(layer)))
            self._layers[layer.number] = layer
            self.history.addTopLevelItem(line)

    def chosen_items(self) -> tuple[int, ...]:
        """Numbers of the items that are selected, of the memory in use only."""
        return tuple(int(line.data(0, ROW_ROLE)) for line in self.items.selectedItems()) if self.in_use else ()

    def _changed(self, line: QTreeWidgetItem, column: int) -> None:
        if not self._filling and column == 0 and self.in_use:
            self._switched(int(line.data(0, ROW_ROLE)), line.checkState(0) == Qt.CheckState.Checked)

    def _show_item(self, line: QTreeWidgetItem, _column: int) -> None:
        if self.in_use:
            self._shown(int(line.data(0, ROW_ROLE)))

    def _open(self, line: QTreeWidgetItem, _column: int) -> None:
        self._opened(self._layers[int(line.data(0, ROW_ROLE))])


def _layer_words(layer: LayerRecord) -> str:
    """What is known of a write, and how to see more."""
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in layer.settings.items())
    return (
        f"Layer {layer.number}: {short(layer.title)}, written {date(layer.created)} in {layer.seconds:.1f} s\n"
        f"Settings: {short(chosen, 400) or 'not known'}\n"
        "Untick it to read the memory as if it were not there; double-click it to see the curves of the write."
    )
