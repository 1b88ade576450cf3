"""A line above the editor that says which stored item will be replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from bdh_workbench.gui.look.widgets import flat_button, note, row
from bdh_workbench.gui.look.words import short
from bdh_workbench.session.records.views import MemoryView

if TYPE_CHECKING:  # this loads torch, which the window must not wait for
    from bdh_workbench.memory.store.state import ItemRecord


class EditBanner(QWidget):
    """Names the item that is edited; hidden while there is none.

    Attributes:
        item: that is edited; None for none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.item: ItemRecord | None = None
        self._words = note("", "Item being edited")
        leave = flat_button(
            "keep the old one", "Store this as well as the old item, instead of replacing it", self.leave
        )
        line = row(self._words, leave)
        line.setStretch(0, 1)
        self.setLayout(line)
        self.setVisible(False)

    def begin(self, item: ItemRecord) -> None:
        """What is written next replaces this item."""
        self.item = item
        self._words.setText(f"Editing “{short(item.title, 80)}”: writing it replaces the stored one.")
        self.setVisible(True)

    def leave(self) -> None:
        """What is written next replaces nothing."""
        self.item = None
        self.setVisible(False)

    def replaces(self, memory: MemoryView | None) -> tuple[int, ...]:
        """The place of the item in a memory as it is now; empty where it is not there."""
        if self.item is None or memory is None or self.item not in memory.items:
            return ()
        return (memory.items.index(self.item),)
