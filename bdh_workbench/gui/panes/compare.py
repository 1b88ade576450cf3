"""The Compare pane: two memories side by side, item by item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from bdh_workbench.gui.look.colours import Colours
from bdh_workbench.gui.look.widgets import Pane, note, row
from bdh_workbench.gui.look.words import holds, percent, plural, short, shown_p, size, tip
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.inputs.items import prompt_key, same_text
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.session.records.events import JobCancelled, JobFailed, MemoryInspected
from bdh_workbench.session.records.jobs import InspectMemory
from bdh_workbench.session.records.views import MemoryView

if TYPE_CHECKING:
    from bdh_workbench.memory.store.state import ItemRecord

NOTHING_COMPARED = "Choose a memory on each side to see what only one of them contains, and where they differ."
IN_USE = "Memory in use"
SIDES = ("left", "right")
SAME, DIFFERS = "same", "differs"


def paired(left: MemoryView, right: MemoryView) -> list[tuple[str, ItemRecord | None, ItemRecord | None]]:
    """Items of two memories beside each other, with what is to be said of each pair: what differs comes first."""
    others: dict[tuple[str, str], list[ItemRecord]] = {}
    for item in right.items:
        others.setdefault(_key(item), []).append(item)
    pairs: list[tuple[str, ItemRecord | None, ItemRecord | None]] = []
    for item in left.items:
        beside = others.get(_key(item), [])
        other = beside.pop(0) if beside else None
        if other is None:
            pairs.append(("only left", item, None))
        else:
            same = item.answer == other.answer and same_text(item.text or "") == same_text(other.text or "")
            pairs.append((SAME if same else DIFFERS, item, other))
    pairs += [("only right", None, item) for rest in others.values() for item in rest]
    order = {DIFFERS: 0, "only left": 1, "only right": 2, SAME: 3}
    return sorted(pairs, key=lambda pair: order[pair[0]])


def _key(item: ItemRecord) -> tuple[str, str]:
    return item.kind, prompt_key(item.prompt or item.title) if item.kind == "fact" else item.title.casefold()


class ComparePane(Pane):
    """A memory on each side, and a list of what they hold."""

    title = "Compare"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._views: list[MemoryView | None] = [None, None]
        self._jobs = [0, 0]
        self._filling = False
        self._colours: Colours = context.theme.colours
        self.choosers = [QComboBox(), QComboBox()]
        for side, chooser in enumerate(self.choosers):
            chooser.setAccessibleName(f"Memory on the {SIDES[side]}")
            chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            chooser.setMinimumContentsLength(10)
            chooser.currentIndexChanged.connect(lambda _index, side=side: self._chosen(side))
        self.facts = [note("", f"Facts about the memory on the {name}") for name in SIDES]
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Items of both memories")
        self.tree.setHeaderLabels(["Item", "Where", "p left", "p right"])
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 84), (2, 56), (3, 60)):
            header.resizeSection(column, width)
        self.empty = note(NOTHING_COMPARED)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self.tree.viewport())
        inside.addWidget(self.empty)
        choosers, facts = row(*self.choosers), row(*self.facts)
        for line in (choosers, facts):
            line.setStretch(0, 1)
            line.setStretch(1, 1)
            self.column.addLayout(line)
        self.column.addWidget(self.tree, 1)
        context.bridge.on(MemoryInspected, self._inspected)
        context.bridge.on(JobFailed, self._failed)
        context.bridge.on(JobCancelled, self._cancelled)
        context.state.memory_changed.connect(self._memory)
        context.state.library_listed.connect(self._listed)
        context.paint(self._recolour)
        self._listed([])

    def _recolour(self, colours: Colours) -> None:
        self._colours = colours
        self._show()

    def _listed(self, entries: list[MemoryHeader]) -> None:
        """Offer what the library has, without losing the choice."""
        for side, chooser in enumerate(self.choosers):
            before = chooser.currentData()
            self._filling = True
            chooser.clear()
            chooser.addItem(IN_USE, None)
            for entry in entries:
                chooser.addItem(short(entry.title or entry.path.stem, 60), entry.path)
            if side == 1:
                chooser.insertItem(0, "Choose a memory …", Path())
                before = before or Path()
            place = next((i for i in range(chooser.count()) if chooser.itemData(i) == before), 0)
            chooser.setCurrentIndex(place)
            self._filling = False

    def _memory(self, view: MemoryView) -> None:
        for side, chooser in enumerate(self.choosers):
            if chooser.currentData() is None:
                self._views[side] = view
        self._show()

    def _chosen(self, side: int) -> None:
        if self._filling:
            return
        path = self.choosers[side].currentData()
        self._views[side] = self.context.memory if path is None else None
        if path is not None and path != Path():
            self._jobs[side] = self.context.submit(InspectMemory(path), quiet=True)
        self._show()

    def _inspected(self, event: MemoryInspected) -> None:
        if event.job in self._jobs:
            self._views[self._jobs.index(event.job)] = event.view
            self._show()

    def _failed(self, event: JobFailed) -> None:
        if event.job in self._jobs:
            self.facts[self._jobs.index(event.job)].setText(event.message)

    def _cancelled(self, event: JobCancelled) -> None:
        """Another pane wanted to look into a file meanwhile, and only the newest such wish is kept: ask again."""
        if event.job in self._jobs:
            side = self._jobs.index(event.job)
            QTimer.singleShot(0, self, lambda: self._chosen(side))

    def _show(self) -> None:
        for facts, view in zip(self.facts, self._views, strict=True):
            words = (
                [] if view is None else [*(holds(view) or ["empty"]), f"fill {percent(view.fill)}", size(view.bytes)]
            )
            facts.setText("\xa0· ".join(word.replace(" ", "\xa0") for word in words))  # a number stays with its unit
        self.tree.clear()
        left, right = self._views
        self.empty.setVisible(left is None or right is None)
        self.status.setText("")
        if left is None or right is None:
            return
        tones = {DIFFERS: self._colours.warning, SAME: self._colours.muted}
        pairs, lines = paired(left, right), []
        for state, one, other in pairs:
            item = one or other
            assert item is not None
            p = [shown_p(side.p_after) if side is not None else "" for side in (one, other)]
            line = QTreeWidgetItem([short(item.prompt or item.title, 120), state, *p])
            line.setForeground(1, QColor(tones.get(state, self._colours.text)))
            if state == DIFFERS and one is not None and other is not None:
                parts = [short(side.answer or side.text or "", 300) for side in (one, other)]
                line.setToolTip(0, tip(f"left: {parts[0]}\nright: {parts[1]}"))
            lines.append(line)
        self.tree.addTopLevelItems(lines)
        shared = sum(state == SAME for state, _, _ in pairs)
        self.status.setText(f"{plural(len(pairs) - shared, 'difference')} · {shared:,} alike")
