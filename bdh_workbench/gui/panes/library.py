"""The Library, a sidebar in every workspace: saved memories, a search through all of them, the room that is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QLineEdit,
    QMenu,
    QVBoxLayout,
)

from bdh_workbench.gui.dialogs.files import MEMORIES, open_paths, save_path
from bdh_workbench.gui.dialogs.lines import Line
from bdh_workbench.gui.dialogs.merge import MergeDialog
from bdh_workbench.gui.dialogs.questions import Confirm, Unsaved
from bdh_workbench.gui.look.colours import Colours
from bdh_workbench.gui.look.widgets import Pane, button, clearable, flat_button, note, popup_menu, row
from bdh_workbench.gui.look.words import harmless, plural
from bdh_workbench.gui.parts.library.library_table import Entry, LibraryFilter, LibraryModel, LibraryTable
from bdh_workbench.gui.parts.library.search_hits import SearchHits
from bdh_workbench.gui.plots.gauge import FillGauge
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.session.records.events import JobFailed, MemoryInspected
from bdh_workbench.session.records.jobs import (
    DeleteMemory,
    InspectMemory,
    MergeMemories,
    NewMemory,
    OpenMemory,
    Relabel,
    SaveMemory,
)
from bdh_workbench.session.records.views import MemoryView

NO_MEMORIES = "No saved memories yet. Write something, then save it (Ctrl+S): it will appear here."
UNFOUND = "No title or note contains these words."
MOST_SHOWN = 500  # memories that other panes are offered


class LibraryPane(Pane):
    """Memories to load, to look into and to look after."""

    title = "Library"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search memories")
        self.search.setAccessibleName("Search the library")
        clearable(self.search)
        self.model = LibraryModel()
        self.filter = LibraryFilter(self.model)
        self.search.textChanged.connect(self._search)
        self.table = LibraryTable(
            self.filter,
            {Qt.Key.Key_Return: self.load, Qt.Key.Key_Enter: self.load, Qt.Key.Key_Delete: self.delete,
             Qt.Key.Key_F2: self.rename},
        )  # fmt: skip
        self.table.selectionModel().selectionChanged.connect(self._look)
        self.table.doubleClicked.connect(lambda _index: self.load())
        self.table.customContextMenuRequested.connect(self._menu_at)
        context.bridge.on(MemoryInspected, self._looked_into)
        context.bridge.on(JobFailed, self._look_failed)
        self._looked: tuple[int, Path] = (0, Path())  # job and file of the memory that is being looked into
        self.hits = SearchHits(context)
        self.hits.opened.connect(context.state.hit_opened)
        self.hits.found.connect(self._searched)
        self.search.returnPressed.connect(self.hits.open_first)
        self.gauge = FillGauge()
        self.room = note("", "Room in the memory in use")
        context.paint(self._recolour)
        context.paint(self.gauge.set_colours)
        self.load_button = button("Load", "Load the chosen memory (Enter)", self.load)
        self.more_button = flat_button("more ▾", "Rename, duplicate, merge, import, export, delete")
        self.more_button.clicked.connect(self._more)
        self.column.addWidget(self.search)
        self.column.addWidget(self.table, 3)
        self.column.addWidget(self.hits, 2)
        self.column.addLayout(row(self.load_button, 1, self.more_button))
        room = QVBoxLayout()
        room.setSpacing(2)
        room.addWidget(note("Room in this memory"))
        room.addWidget(self.gauge)
        room.addWidget(self.room)
        self.column.addLayout(room)
        self.empty = note(NO_MEMORIES)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self.table.viewport())
        inside.setContentsMargins(16, 8, 16, 8)
        inside.addWidget(self.empty)
        self.load_button.setEnabled(False)
        state = context.state
        state.model_changed.connect(lambda _info: self.show_memory())
        state.memory_changed.connect(self._memory_changed)
        state.library_changed.connect(self.reload)
        self.show_memory()

    # Showing

    def _search(self, text: str) -> None:
        self.filter.search(text)
        self._tell_empty()
        self.hits.search(text)

    def _searched(self, count: int) -> None:
        """Leave the room of an empty table to what was found in texts."""
        self.table.setVisible(not count or self.filter.rowCount() > 0)

    def _tell_empty(self) -> None:
        """Say why the table is empty, if it is."""
        self.empty.setText(UNFOUND if self.model.entries else NO_MEMORIES)
        self.empty.setVisible(self.filter.rowCount() == 0)

    def reload(self) -> None:
        """List the folder again, elsewhere."""
        self.context.background.run(self.context.library.entries, self._listed)

    def _listed(self, entries: list[Entry]) -> None:
        kept = self._chosen_paths()
        self.model.set_entries(entries)
        readable = [entry for entry in entries if isinstance(entry, MemoryHeader)]
        self.hits.titles = {entry.path: entry.title for entry in readable}
        self.status.setText(f"{len(entries):,}")
        self.context.state.library_listed.emit(readable[:MOST_SHOWN])
        self._tell_empty()
        for number in range(self.filter.rowCount()):
            entry = self.model.entries[self.filter.mapToSource(self.filter.index(number, 0)).row()]
            if entry.path in kept:
                self.table.selectRow(number)
                break
        self.show_memory()
        if entries:
            self.hits.refresh()

    def _memory_changed(self, view: MemoryView) -> None:
        self.show_memory()
        self._look()
        if view.path is not None and not view.dirty and all(entry.path != view.path for entry in self.model.entries):
            self.reload()

    def show_memory(self) -> None:
        """Follow the model and the memory in use."""
        model, memory = self.context.model, self.context.memory
        self.model.set_state(
            model.fingerprint if model else "", memory.path if memory else None, memory.dirty if memory else False
        )
        self.gauge.set_fill(memory.fill if memory is not None else 0.0)
        words = f"{memory.rank:,} of {memory.slots:,} slots" if memory is not None and memory.slots else "no model yet"
        self.room.setText(words)

    def _look(self, *_: object) -> None:
        """Show what the chosen memory holds: at once what the list knows, its items once its file was looked into."""
        chosen, memory = self.entries(), self.context.memory
        self.load_button.setEnabled(len(chosen) == 1)
        entry = chosen[0] if len(chosen) == 1 else None
        if not isinstance(entry, MemoryHeader) or (memory is not None and memory.path == entry.path):
            if self._looked[1] != Path():
                self._looked = (0, Path())
                self.context.state.looked_at.emit(None, None)
            return
        if self._looked[1] != entry.path:
            self.context.state.looked_at.emit(entry, None)
            self._looked = (self.context.submit(InspectMemory(entry.path), quiet=True), entry.path)

    def _look_failed(self, event: JobFailed) -> None:
        if event.job == self._looked[0]:
            self.context.say(event.message)

    def _looked_into(self, event: MemoryInspected) -> None:
        if event.job == self._looked[0]:
            header = next((entry for entry in self.model.entries if entry.path == event.path), None)
            if isinstance(header, MemoryHeader):
                self.context.state.looked_at.emit(header, event.view)

    def _recolour(self, colours: Colours) -> None:
        self.model.colours = colours
        self.table.set_colours(colours)
        self.model.refresh()

    def entries(self) -> list[Entry]:
        """The chosen ones."""
        rows = self.table.selectionModel().selectedRows()
        return [self.model.entries[self.filter.mapToSource(index).row()] for index in rows]

    def _chosen_paths(self) -> set[Path]:
        return {entry.path for entry in self.entries()}

    # What can be done

    def load(self) -> None:
        """Take the chosen memory into use."""
        chosen = self.entries()
        if not chosen:
            self.context.say("Choose a memory in the library first.")
            return
        refused = self.model.refused(chosen[0])
        if refused:
            self.context.fail(refused, "")
            return
        self.open_file(chosen[0].path)

    def open_file(self, path: Path) -> None:
        """Take a memory file into use, wherever it is."""
        self.keep_changes(lambda: self.context.submit(OpenMemory(path)))

    def unload(self) -> None:
        """Begin an empty memory."""
        self.keep_changes(lambda: self.context.submit(NewMemory()))

    def keep_changes(self, go_on: Callable[[], object]) -> None:
        """Ask about unsaved changes, then go on: after a save once it is done, never after a failed one."""
        memory = self.context.memory
        if memory is None or not memory.dirty:
            go_on()
            return
        answer = Unsaved.ask(self, memory.title or "New memory")
        if answer == "save":
            self.save(go_on)
        elif answer == "discard":
            go_on()

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Save the memory in use; ask for a title if it has no file yet."""
        memory = self.context.memory
        if memory is None:
            return
        if memory.path is None:
            self.save_as(then)
            return
        self._submit_save(SaveMemory(), then)

    def save_as(self, then: Callable[[], object] | None = None) -> None:
        """Save it under another title, as a new file."""
        memory = self.context.memory
        text = memory.title if memory else ""
        title = Line.ask(self, "Title", text, title="Save the memory", verb="Save")
        if title is not None:
            self._submit_save(SaveMemory(title=title, new=True), then)

    def _submit_save(self, job: SaveMemory, then: Callable[[], object] | None) -> None:
        def saved(path: object) -> None:
            self.context.say(f"Saved as {harmless(Path(str(path)).name)}.")
            self.reload()
            if then is not None:
                then()

        self.context.submit(job, saved)

    def merge(self) -> None:
        """Make one memory of the chosen ones."""
        chosen = [entry for entry in self.entries() if isinstance(entry, MemoryHeader)]
        if len(chosen) < 2:
            self.context.say("Choose two or more memories to merge (hold Ctrl).")
            return
        answer = MergeDialog.ask(self, [entry.title or entry.path.stem for entry in chosen])
        if answer is not None:
            job = MergeMemories(tuple(entry.path for entry in chosen), *answer)
            self.keep_changes(lambda: self.context.submit(job))

    def rename(self) -> None:
        """Give the chosen memory another title."""
        entry = self._one()
        if entry is None:
            return
        title = Line.ask(self, "New title", entry.title, title="Rename the memory", verb="Rename")
        if title is not None:
            library = self.context.library
            self._label(entry, Relabel(title=title), lambda: library.rename(entry.path, title))

    def write_note(self) -> None:
        """Change the note of the chosen memory."""
        entry = self._one()
        if entry is not None:
            text = Line.ask(self, "Note", entry.note, empty=True, title="Note on the memory", verb="Keep")
            if text is not None:
                library = self.context.library
                self._label(entry, Relabel(note=text), lambda: library.set_note(entry.path, text))

    def _label(self, entry: MemoryHeader, job: Relabel, work: Callable[[], object]) -> None:
        """Of the memory in use the session keeps the labels, of others their files alone."""
        memory = self.context.memory
        if memory is not None and memory.path == entry.path:
            self.context.submit(job, lambda _: self.reload())
        else:
            self._change(work)

    def duplicate(self) -> None:
        """Copy the chosen memory."""
        entry = self._one()
        if entry is not None:
            library = self.context.library
            self._change(lambda: library.duplicate(entry.path))

    def delete(self) -> None:
        """Move the chosen memories to the trash."""
        chosen = self.entries()
        if not chosen:
            return
        names = f"“{harmless(chosen[0].path.stem)}”" if len(chosen) == 1 else plural(len(chosen), "memory")
        if not Confirm.ask(self, f"Move {names} to the trash?", "Move to trash"):
            return
        library, memory = self.context.library, self.context.memory
        used = memory.path if memory is not None else None
        others = [entry.path for entry in chosen if entry.path != used]
        if len(others) < len(chosen) and used is not None:
            self.context.submit(DeleteMemory(used), lambda _: self.reload())  # the session must know of it

        def work() -> None:
            for path in others:
                library.delete(path)

        if others:
            self._change(work)

    def import_files(self) -> None:
        """Copy memory files into the library."""
        paths = open_paths(self, "Import memory files", MEMORIES)
        library = self.context.library
        if paths:
            self._change(lambda: [library.import_file(path) for path in paths])

    def export(self) -> None:
        """Copy the chosen memory to another place."""
        entry = self._one()
        if entry is not None:
            target = save_path(self, "Export memory", entry.path.stem, "safetensors", MEMORIES)
            if target is not None:
                library, replaced = self.context.library, target.is_file()
                self._change(lambda: library.export_file(entry.path, target, overwrite=replaced))

    def _one(self) -> MemoryHeader | None:
        chosen = [entry for entry in self.entries() if isinstance(entry, MemoryHeader)]
        if len(chosen) != 1:
            self.context.say("Choose one memory in the library first.")
            return None
        return chosen[0]

    def _change(self, work: Callable[[], object]) -> None:
        self.context.background.run(work, lambda _: self.reload())

    # Menus

    def _menu(self) -> QMenu:
        menu = popup_menu(self)
        count = len(self.entries())
        for text, slot, possible in (
            ("Load", self.load, count == 1), ("Unload (new memory)", self.unload, True),
            ("Rename…", self.rename, count == 1), ("Note…", self.write_note, count == 1),
            ("Duplicate", self.duplicate, count == 1), ("Merge chosen…", self.merge, count > 1),
            ("Import…", self.import_files, True), ("Export…", self.export, count == 1),
            ("Delete to trash…", self.delete, count > 0), ("Refresh", self.reload, True),
        ):  # fmt: skip
            menu.addAction(text, slot).setEnabled(possible)
        return menu

    def _more(self) -> None:
        self._menu().popup(self.more_button.mapToGlobal(QPoint(0, -8)))

    def _menu_at(self, place: QPoint) -> None:
        self._menu().popup(self.table.viewport().mapToGlobal(place))
