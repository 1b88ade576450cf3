"""Every action of the window in one table, of which menus, toolbar and Help are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table."""

    name: str
    text: str
    shortcut: str
    tip: str
    menu: str
    checkable: bool = False


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("new_memory", "New memory", "Ctrl+N", "Start an empty memory", "File"),
    ActionSpec("open_text", "Open text or facts…", "Ctrl+O", "Read texts, PDF, web pages, tables and more", "File"),
    ActionSpec("open_folder", "Open folder…", "Ctrl+Shift+O", "Add every document of a folder to the queue", "File"),
    ActionSpec("import_memory", "Import memory file…", "Ctrl+I", "Copy a memory file into the library", "File"),
    ActionSpec("save", "Save memory", "Ctrl+S", "Save the memory in use to the library", "File"),
    ActionSpec("save_as", "Save memory as…", "Ctrl+Shift+S", "Save it under another title", "File"),
    ActionSpec("choose_model", "Choose model…", "Ctrl+M", "Load another model, or use another device", "File"),
    ActionSpec(
        "recovery", "Keep a recovery copy", "", "Copy unsaved changes, so that a crash loses nothing", "File", True
    ),
    ActionSpec("quit", "Quit", "Ctrl+Q", "Close the window; you are asked about unsaved changes", "File"),
    ActionSpec("undo", "Undo change", "Ctrl+Z", "Undo the last change to the memory", "Edit"),
    ActionSpec("redo", "Redo change", "Ctrl+Shift+Z", "Redo the last undone change", "Edit"),
    ActionSpec(
        "paste_facts", "Paste facts or text", "Ctrl+Shift+V", "Read the clipboard as facts or a document", "Edit"
    ),
    ActionSpec(
        "bring_back",
        "Restore the previous text",
        "Ctrl+Shift+B",
        "Undo a clear, an open or a paste that replaced the text of the Write pane",
        "Edit",
    ),
    ActionSpec("find", "Find in the text…", "Ctrl+F", "Find words in the memory's texts", "Edit"),
    ActionSpec("search", "Search all memories…", "Ctrl+Shift+F", "Search the texts of every saved memory", "Edit"),
    ActionSpec("sample_facts", "Sample facts", "", "Put ten invented facts into the table", "Edit"),
    ActionSpec("sample_document", "Sample document", "", "Put an invented document into the text", "Edit"),
    ActionSpec(
        "write", "Write into memory", "Ctrl+Return", "Write the text or facts of the Write pane into memory", "Run"
    ),
    ActionSpec("pause", "Pause or resume", "Ctrl+P", "Pause a write or a retention run between two steps", "Run"),
    ActionSpec("cancel", "Cancel", "Esc", "Stop what is running; the memory stays as it was", "Run"),
    ActionSpec("ask", "Ask", "Ctrl+K", "Go to the question line", "Run"),
    ActionSpec("show_source", "Show the source", "Ctrl+J", "Show the sentence that the last answer comes from", "Run"),
    ActionSpec("pin", "Pin as a check", "Ctrl+D", "Keep the last question and its answer as a check", "Run"),
    ActionSpec("ask_again", "Ask again", "Ctrl+Shift+K", "Ask the last question again", "Run"),
    ActionSpec("run_checks", "Run checks", "Ctrl+Shift+R", "Ask the questions kept with the memory", "Run"),
    ActionSpec("run_retention", "Run retention", "Ctrl+R", "Write documents one after the other and measure", "Run"),
    ActionSpec("workspace_write", "Write workspace", "Ctrl+1", "Choose texts, write them and watch", "View", True),
    ActionSpec("workspace_ask", "Ask workspace", "Ctrl+2", "Questions, answers and the memory's text", "View", True),
    ActionSpec("workspace_inspect", "Inspect workspace", "Ctrl+3", "Gates, retention, two memories", "View", True),
    ActionSpec("show_library", "Library pane", "Alt+1", "Show the saved memories", "View"),
    ActionSpec("show_write", "Write pane", "Alt+2", "Show what will be written", "View"),
    ActionSpec("show_live", "Live plots", "Alt+3", "Show the progress of a write", "View"),
    ActionSpec("show_ask", "Ask pane", "Alt+4", "Show questions and answers", "View"),
    ActionSpec("show_text", "Text pane", "Alt+5", "Show the memory's texts, item by item", "View"),
    ActionSpec("show_checks", "Checks pane", "Alt+6", "Show the questions kept with the memory", "View"),
    ActionSpec("show_memory", "Memory pane", "Alt+7", "Show items and history of the memory", "View"),
    ActionSpec("show_gates", "Gates pane", "Alt+8", "Show what each token reads", "View"),
    ActionSpec("show_retention", "Retention pane", "Alt+9", "Show how much of each document is kept", "View"),
    ActionSpec("show_compare", "Compare pane", "Alt+0", "Show two memories side by side", "View"),
    ActionSpec("show_activity", "Activity and log", "Alt+L", "Show jobs, warnings and the log", "View"),
    ActionSpec("theme_system", "Theme of the system", "", "Light or dark, like the system", "View", True),
    ActionSpec("theme_light", "Light theme", "", "Dark text on a light background", "View", True),
    ActionSpec("theme_dark", "Dark theme", "", "Light text on a dark background", "View", True),
    ActionSpec("theme", "Switch theme", "Ctrl+T", "Switch between light and dark", "View"),
    ActionSpec(
        "reset_layout",
        "Reset workspace",
        "Ctrl+0",
        "Put the panes of this workspace back where they were",
        "View",
    ),
    ActionSpec("guide", "First steps…", "", "How to write something and ask about it", "Help"),
    ActionSpec("help", "Shortcuts and words…", "F1", "All shortcuts, and what the words mean", "Help"),
    ActionSpec("model_card", "About the model…", "", "How the model was made, and its calibration", "Help"),
    ActionSpec("about", "About…", "", "Versions and licence", "Help"),
)
MENUS = ("File", "Edit", "Run", "View", "Help")
TOOLBAR = {"open_text": "Open…", "save": "Save", "undo": "Undo"}
SEPARATED = {
    "show_library",
    "find",
    "sample_facts",
    "quit",
    "choose_model",
    "paste_facts",
    "ask",
    "theme_system",
    "reset_layout",
    "model_card",
    "save",
}


def make_actions(window: QMainWindow, slots: Mapping[str, Callable[[], object]]) -> dict[str, QAction]:
    """Make every action of the table, in its menu, connected to the slot of its name."""
    menus: dict[str, QMenu] = {name: window.menuBar().addMenu(f"&{name}") for name in MENUS}
    made: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setObjectName(spec.name)
        action.setIconText(TOOLBAR.get(spec.name, spec.text.removesuffix(" workspace")))
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
        keys = f" ({spec.shortcut})" if spec.shortcut else ""
        action.setToolTip(f"{spec.tip}{keys}")
        action.setStatusTip(spec.tip)
        action.setCheckable(spec.checkable)
        action.triggered.connect(_caller(slots[spec.name]))
        if spec.name in SEPARATED:
            menus[spec.menu].addSeparator()
        menus[spec.menu].addAction(action)
        made[spec.name] = action
    return made


def _caller(slot: Callable[[], object]) -> Callable[[], None]:
    """The slot without the flag that Qt hands to it."""

    def call() -> None:
        slot()

    return call
