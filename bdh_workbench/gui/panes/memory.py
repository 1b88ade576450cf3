"""The Memory pane: items and history of the memory in use, or of one that is chosen in the library."""

from __future__ import annotations

from bdh_workbench.gui.look.widgets import Pane, button, row
from bdh_workbench.gui.look.words import plural
from bdh_workbench.gui.parts.library.memory_details import MemoryDetails
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.session.records.jobs import ForgetItems, SetLayer
from bdh_workbench.session.records.views import MemoryView


class MemoryPane(Pane):
    """What a memory holds, and what can be done with single items."""

    title = "Memory"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._other: tuple[MemoryHeader, MemoryView | None] | None = None  # looked at in place of the one in use
        self.details = MemoryDetails(self._switch, context.state.layer_opened.emit, context.state.item_opened.emit)
        context.paint(self.details.gauge.set_colours)
        self.show_button = button("Show text", "Show the chosen item in the Text pane (Enter)", self.show_text)
        self.edit_button = button("Edit…", "Change the chosen item and write it again", self.edit)
        self.forget_button = button(
            "Forget", "Remove the chosen items from the memory; all others are read as before", self.forget
        )
        self.column.addWidget(self.details, 1)
        self.column.addLayout(row(self.show_button, self.edit_button, self.forget_button, 1))
        self.details.items.itemSelectionChanged.connect(self._enable)
        context.state.memory_changed.connect(lambda _view: self._show())
        context.state.looked_at.connect(self._look)
        self._show()

    def _look(self, header: MemoryHeader | None, view: MemoryView | None) -> None:
        self._other = None if header is None else (header, view)
        self._show()

    def _show(self) -> None:
        if self._other is None:
            self.details.show_memory(self.context.memory)
        elif self._other[1] is None:
            self.details.show_header(self._other[0])
        else:
            self.details.show_memory(self._other[1], in_use=False)
        self._enable()

    def _enable(self) -> None:
        chosen = self.details.chosen_items()
        self.show_button.setEnabled(len(chosen) == 1)
        self.edit_button.setEnabled(len(chosen) == 1)
        self.forget_button.setEnabled(bool(chosen))

    def show_text(self) -> None:
        """Show the chosen item."""
        for number in self.details.chosen_items()[:1]:
            self.context.state.item_opened.emit(number)

    def edit(self) -> None:
        """Change the chosen item and write it again."""
        memory = self.context.memory
        for number in self.details.chosen_items()[:1]:
            if memory is not None and number < len(memory.items):
                self.context.state.item_edited.emit(memory.items[number])

    def forget(self) -> None:
        """Forget the chosen items."""
        numbers = self.details.chosen_items()
        if not numbers:
            self.details.tabs.setCurrentIndex(0)
            self.context.say("Choose the items to forget in the list first.")
            return
        words = f"{plural(len(numbers), 'item')} forgotten; Undo restores {'it' if len(numbers) == 1 else 'them'}."
        self.context.submit(ForgetItems(numbers), lambda _: self.context.say(words))

    def _switch(self, number: int, enabled: bool) -> None:
        self.context.submit(SetLayer(number, enabled))
