"""What menus and shortcuts do that belongs to no single pane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from bdh_workbench.gui.dialogs.about import About
from bdh_workbench.gui.dialogs.card import ModelCard
from bdh_workbench.gui.dialogs.guide import Guide
from bdh_workbench.gui.dialogs.help import Help
from bdh_workbench.gui.dialogs.model import ModelChooser
from bdh_workbench.gui.look.theme import MODES
from bdh_workbench.gui.look.words import harmless, tip
from bdh_workbench.gui.parts.asking.exchange import AGAIN, PIN, SOURCE
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.records.jobs import LoadModel, NewMemory, Redo, Undo
from bdh_workbench.session.storage.settings import WORKSPACES

if TYPE_CHECKING:
    from bdh_workbench.gui.window.main_window import MainWindow

RECENT = 10  # memory files in the menu


class Commands(QObject):
    """The slots of the table of actions."""

    def __init__(self, window: MainWindow, context: Context) -> None:
        super().__init__(window)
        self.window, self.context = window, context
        self.chosen_model: tuple[str | None, str] = (None, "auto")  # folder or name, and device, asked for last

    def slots(self) -> dict[str, Callable[[], object]]:
        """By the names of the actions."""
        window, submit = self.window, self.context.submit
        slots: dict[str, Callable[[], object]] = {
            "new_memory": self.new_memory,
            "open_text": self.open_text,
            "open_folder": self.open_folder,
            "import_memory": window.library.import_files,
            "save": window.library.save,
            "save_as": window.library.save_as,
            "choose_model": self.choose_model,
            "quit": window.close,
            "undo": lambda: submit(Undo()),
            "redo": lambda: submit(Redo()),
            "paste_facts": self.paste,
            "bring_back": window.write.bring_back,
            "sample_facts": partial(self.sample, "facts"),
            "sample_document": partial(self.sample, "document"),
            "write": window.write.write,
            "pause": self.pause,
            "cancel": window.activity.cancel,
            "ask": window.question,
            "show_source": partial(window.ask.do_with_last, SOURCE),
            "pin": partial(window.ask.do_with_last, PIN),
            "ask_again": partial(window.ask.do_with_last, AGAIN),
            "find": self.find,
            "search": self.search,
            "run_checks": self.run_checks,
            "run_retention": self.run_retention,
            "theme": self.switch_theme,
            "reset_layout": window.arrange,
            "recovery": self.keep_recovery,
            "guide": self.guide,
            "model_card": self.model_card,
            "help": lambda: Help.ask(window),
            "about": lambda: About.ask(window, self.model_words()),
        }
        for mode in MODES:
            slots[f"theme_{mode}"] = partial(self.set_theme, mode)
        for name in WORKSPACES:
            slots[f"workspace_{name}"] = partial(window.show_workspace, name)
        for name in window.docks:
            slots[f"show_{name}"] = partial(window.show_pane, name)
        return slots

    def fill_recent(self, menu: QMenu) -> None:
        """Put the memory files that were opened last into a menu."""
        menu.clear()
        for name in self.context.preferences.values.recent_files[:RECENT]:
            path = Path(name)
            action = menu.addAction(harmless(path.stem), partial(self.window.library.open_file, path))
            action.setToolTip(tip(name))
        if menu.isEmpty():
            menu.addAction("None yet").setEnabled(False)

    def new_memory(self) -> None:
        """Begin an empty memory."""
        self.window.library.keep_changes(lambda: self.context.submit(NewMemory()))

    def choose_model(self) -> None:
        """Load another model."""
        model = self.context.model
        chosen = ModelChooser.ask(self.window, model.folder if model else None, self.chosen_model[1])
        if chosen is not None:
            self.window.library.keep_changes(lambda: self.load_model(*chosen))

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
        self.window.show_pane("write")
        if kind == "facts":
            self.window.write.sample_facts()
        else:
            self.window.write.sample_documents()

    def open_text(self) -> None:
        """Choose files to write."""
        self.window.show_pane("write")
        self.window.write.open_files()

    def open_folder(self) -> None:
        """Choose a folder of documents to write."""
        self.window.show_pane("write")
        self.window.write.open_folder()

    def paste(self) -> None:
        """Read the clipboard where it can be seen."""
        self.window.show_pane("write")
        self.window.write.paste()

    def find(self) -> None:
        """Find words in the text of the memory."""
        self.window.workspaces.reveal("text")
        self.window.text.start_find()

    def search(self) -> None:
        """Search all memories."""
        self.window.workspaces.reveal("library")
        self.window.library.search.setFocus()
        self.window.library.search.selectAll()

    def run_checks(self) -> None:
        """Ask the questions that are kept with the memory."""
        self.window.workspaces.reveal("checks")
        self.window.checks.run()

    def run_retention(self) -> None:
        """Write documents one after the other and measure."""
        self.window.retention.run()
        self.window.show_pane("retention")

    def pause(self) -> None:
        """Hold the write or the retention run, or let it go on."""
        write, retention = self.window.write, self.window.retention
        (retention if retention.busy and write.job is None else write).toggle_pause()

    def keep_recovery(self) -> None:
        """Follow the tick in the menu."""
        keep = self.window.actions_by_name["recovery"].isChecked()
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
        actions = self.window.actions_by_name
        for mode in MODES:
            actions[f"theme_{mode}"].setChecked(self.context.theme.mode == mode)
        actions["recovery"].setChecked(self.context.preferences.values.recovery)
