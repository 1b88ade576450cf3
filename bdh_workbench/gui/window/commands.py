"""What menus and shortcuts do that belongs to no single pane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow, QMenu

from bdh_workbench.gui.dialogs.about import About
from bdh_workbench.gui.dialogs.card import ModelCard
from bdh_workbench.gui.dialogs.guide import Guide
from bdh_workbench.gui.dialogs.help import Help
from bdh_workbench.gui.dialogs.model import ModelChooser
from bdh_workbench.gui.look.theme import MODES
from bdh_workbench.gui.look.words import harmless, tip
from bdh_workbench.gui.parts.asking.exchange import AGAIN, PIN, SHOW_SOURCE
from bdh_workbench.gui.shared.actions import make_actions
from bdh_workbench.gui.shared.changes import do_again, take_back
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.gui.window.panes import Panes
from bdh_workbench.gui.window.workspaces import Workspaces
from bdh_workbench.session.records.jobs import LoadModel, NewMemory
from bdh_workbench.session.storage.settings import WORKSPACES

RECENT_FILES = 10  # memory files in the menu


class Commands(QObject):
    """Makes the actions of the table, and does what they say."""

    def __init__(self, window: QMainWindow, panes: Panes, workspaces: Workspaces, context: Context) -> None:
        super().__init__(window)
        self.window, self.panes, self.workspaces, self.context = window, panes, workspaces, context
        self.chosen_model: tuple[str | None, str] = (None, "auto")  # folder or name, and device, asked for last
        self.actions = make_actions(window, self.slots())

    def slots(self) -> dict[str, Callable[[], object]]:
        """By the names of the actions."""
        panes = self.panes
        slots: dict[str, Callable[[], object]] = {
            "new_memory": self.new_memory,
            "open_text": self._there("write", panes.write.open_files),
            "open_folder": self._there("write", panes.write.open_folder),
            "import_memory": panes.library.import_files,
            "save": panes.library.save,
            "save_as": panes.library.save_as,
            "choose_model": self.choose_model,
            "quit": self.window.close,
            "undo": partial(take_back, self.context),
            "redo": partial(do_again, self.context),
            "paste_facts": self._there("write", panes.write.paste),
            "bring_back": panes.write.bring_back,
            "sample_facts": partial(self.sample, "facts"),
            "sample_document": partial(self.sample, "document"),
            "write": panes.write.write,
            "pause": self.pause,
            "cancel": self.cancel,
            "ask": partial(self.workspaces.go_to, "ask"),
            "show_source": partial(panes.ask.do_with_last, SHOW_SOURCE),
            "pin": partial(panes.ask.do_with_last, PIN),
            "ask_again": partial(panes.ask.do_with_last, AGAIN),
            "find": self.find,
            "search": self.search,
            "run_checks": self.run_checks,
            "run_retention": self.run_retention,
            "theme": self.switch_theme,
            "reset_layout": self.workspaces.reset,
            "recovery": self.keep_recovery,
            "guide": self.guide,
            "model_card": self.model_card,
            "help": lambda: Help.ask(self.window),
            "about": lambda: About.ask(self.window, self.model_words()),
        }
        for mode in MODES:
            slots[f"theme_{mode}"] = partial(self.set_theme, mode)
        for name in WORKSPACES:
            slots[f"workspace_{name}"] = partial(self.workspaces.show, name)
        for name in panes.by_name():
            slots[f"show_{name}"] = partial(self.workspaces.go_to, name)
        return slots

    def fill_recent(self, menu: QMenu) -> None:
        """Put the memory files that were opened last into a menu."""
        menu.clear()
        for name in self.context.preferences.values.recent_files[:RECENT_FILES]:
            path = Path(name)
            action = menu.addAction(harmless(path.stem), partial(self.panes.library.open_file, path))
            action.setToolTip(tip(name))
        if menu.isEmpty():
            menu.addAction("None yet").setEnabled(False)

    def new_memory(self) -> None:
        """Begin an empty memory."""
        self.panes.library.keep_changes(lambda: self.context.submit(NewMemory()))

    def choose_model(self) -> None:
        """Load another model."""
        model = self.context.model
        chosen = ModelChooser.ask(self.window, model.folder if model else None, self.chosen_model[1])
        if chosen is not None:
            self.panes.library.keep_changes(lambda: self.load_model(*chosen))

    def load_model(self, name: str | None, device: str) -> None:
        """Load a model; the device is kept for the next start."""
        self.chosen_model = (name, device)
        self.context.submit(LoadModel(name, device))

    def guide(self) -> None:
        """Show the first steps."""
        choice = Guide.ask(self.window)
        if choice:
            self.sample(choice)

    def sample(self, kind: str) -> None:
        """Put invented facts or documents where they can be written."""
        self.workspaces.go_to("write")
        if kind == "facts":
            self.panes.write.sample_facts()
        else:
            self.panes.write.sample_documents()

    def _there(self, pane: str, action: Callable[[], object]) -> Callable[[], None]:
        """An action of a pane, done where it can be seen: its pane comes to the front first."""

        def go_and_do() -> None:
            self.workspaces.go_to(pane)
            action()

        return go_and_do

    def find(self) -> None:
        """Find words in the text of the memory."""
        self.workspaces.reveal("text")
        self.panes.text.start_find()

    def search(self) -> None:
        """Search all memories."""
        self.workspaces.reveal("library")
        self.panes.library.search.setFocus()
        self.panes.library.search.selectAll()

    def run_checks(self) -> None:
        """Ask the questions that are kept with the memory."""
        self.workspaces.reveal("checks")
        self.panes.checks.run()

    def run_retention(self) -> None:
        """Write documents one after the other and measure."""
        self.panes.retention.run()
        self.workspaces.go_to("retention")

    def cancel(self) -> None:
        """Stop what is running; whoever is about to ask means the question, which may wait for a long write."""
        ask, focus = self.panes.ask, self.window.focusWidget()
        if ask.busy and focus is not None and ask.isAncestorOf(focus):
            ask.stop()
        else:
            self.panes.activity.cancel()

    def pause(self) -> None:
        """Hold the write or the retention run, or let it go on."""
        write, retention = self.panes.write, self.panes.retention
        (retention if retention.busy and write.job is None else write).toggle_pause()

    def keep_recovery(self) -> None:
        """Follow the tick in the menu."""
        keep = self.actions["recovery"].isChecked()
        self.context.preferences.change(recovery=keep)
        self.context.session.keep_recovery = keep

    def model_card(self) -> None:
        """Show what the model was made of."""
        if self.context.model is not None:
            ModelCard.ask(self.window, self.context.model)

    def model_words(self) -> str:
        """The model in a few words."""
        model = self.context.model
        return f"{harmless(model.name)} · {model.parameters / 1e6:.1f}M parameters · {model.device}" if model else ""

    def switch_theme(self) -> None:
        """From light to dark and back."""
        self.set_theme("light" if self.context.theme.colours.dark else "dark")

    def set_theme(self, mode: str) -> None:
        """Choose light, dark or the system's."""
        self.context.theme.set_mode(mode)
        self.context.preferences.change(theme=mode)
        self.show_choices()

    def show_choices(self) -> None:
        """Tick in the menus what is chosen."""
        actions = self.actions
        for mode in MODES:
            actions[f"theme_{mode}"].setChecked(self.context.theme.mode == mode)
        actions["recovery"].setChecked(self.context.preferences.values.recovery)
