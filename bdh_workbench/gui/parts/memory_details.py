"""The lower half of the library: items and history of the memory in use."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.plots.card import shown_p
from bdh_workbench.gui.plots.gauge import FillGauge
from bdh_workbench.gui.widgets import note
from bdh_workbench.gui.words import date, plural, short, size, tip
from bdh_workbench.session.events import MemoryView

NUMBER = Qt.ItemDataRole.UserRole
MOST = 5000  # items that are listed


class MemoryDetails(QWidget):
    """Items to forget, layers to switch."""

    def __init__(self, switched: Callable[[int, bool], object]) -> None:
        super().__init__()
        self._switched = switched
        self._filling = False
        self.summary = note("", "Memory in use")
        self.gauge = FillGauge()
        self.items = self._tree("Items of the memory in use", ("Item", "Answer", "p"))
        self.items.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.history = self._tree("History: one layer for each write", ("Layer", "Written", "Steps"))
        self.history.itemChanged.connect(self._changed)
        self.history.setToolTip(
            "Every write is a layer. Take the tick away to read the memory as if it were not there."
        )
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Items or history")
        self.tabs.addTab(self.items, "Items")
        self.tabs.addTab(self.history, "History")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.summary)
        column.addWidget(self.gauge)
        column.addWidget(self.tabs, 1)

    def _tree(self, name: str, headers: tuple[str, ...]) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setAccessibleName(name)
        tree.setHeaderLabels(list(headers))
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 84), (2, 50)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        return tree

    def show_memory(self, view: MemoryView | None) -> None:
        """Show the memory in use."""
        self._filling = True
        self.items.clear()
        self.history.clear()
        if view is None or not view.items:
            self.summary.setText("The memory in use is empty. Write something, or load a memory from above.")
        else:
            facts = sum(item.kind == "fact" for item in view.items)
            documents = len(view.items) - facts
            parts = [plural(facts, "fact")] * bool(facts) + [plural(documents, "document")] * bool(documents)
            self.summary.setText(
                f"{short(view.title, 40) or 'New memory'}{' *' if view.dirty else ''} · {' · '.join(parts)} · "
                f"{view.rank:,} of {view.slots:,} slots used · {size(view.bytes)}"
            )
        if view is not None:
            self.gauge.set_fill(view.fill)
            self._fill(view)
        self._filling = False

    def _fill(self, view: MemoryView) -> None:
        on = {layer.number for layer in view.layers if layer.enabled}
        rows = []
        for number, item in enumerate(view.items[:MOST]):
            title = short(item.prompt or item.title, 120)
            answer = short(item.answer, 60) or (plural(item.tokens, "token") if item.kind == "document" else "")
            line = QTreeWidgetItem([title, answer, shown_p(item.p_after)])
            line.setData(0, NUMBER, number)
            kind = "document: mean p of its tokens" if item.kind == "document" else "fact: p of its whole answer"
            line.setToolTip(0, tip(f"{title}\n{kind}: {shown_p(item.p_before)} before, {shown_p(item.p_after)} after"))
            line.setDisabled(item.layer not in on)
            rows.append(line)
        self.items.addTopLevelItems(rows)
        for layer in view.layers:
            steps = int(max(layer.history.get("step", [0.0]), default=0.0))
            line = QTreeWidgetItem([short(layer.title, 80) or f"Layer {layer.number}", date(layer.created), str(steps)])
            line.setFlags(line.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            line.setCheckState(0, Qt.CheckState.Checked if layer.enabled else Qt.CheckState.Unchecked)
            line.setData(0, NUMBER, layer.number)
            line.setToolTip(0, tip(f"Layer {layer.number}: {short(layer.title)} · {layer.seconds:.1f} s"))
            line.setToolTip(1, date(layer.created))
            self.history.addTopLevelItem(line)

    def chosen_items(self) -> tuple[int, ...]:
        """Numbers of the items that are selected."""
        return tuple(int(line.data(0, NUMBER)) for line in self.items.selectedItems())

    def _changed(self, line: QTreeWidgetItem, column: int) -> None:
        if not self._filling and column == 0:
            self._switched(int(line.data(0, NUMBER)), line.checkState(0) == Qt.CheckState.Checked)
