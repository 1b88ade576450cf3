"""The main window: makes the panes, puts them into docks, and wires actions and events. Nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QMenu, QSizePolicy, QTabWidget, QToolBar

from bdh_workbench.gui.actions import TOOLBAR, make_actions
from bdh_workbench.gui.arrangement import arrange
from bdh_workbench.gui.context import Context
from bdh_workbench.gui.dialogs.about import About
from bdh_workbench.gui.dialogs.card import ModelCard
from bdh_workbench.gui.dialogs.failure import Failure
from bdh_workbench.gui.dialogs.guide import Guide
from bdh_workbench.gui.dialogs.help import Help
from bdh_workbench.gui.dialogs.model import ModelChooser
from bdh_workbench.gui.dialogs.questions import Confirm, Recovered, Unsaved
from bdh_workbench.gui.panes.activity import ActivityPane
from bdh_workbench.gui.panes.console import ConsolePane
from bdh_workbench.gui.panes.gates import GatesPane
from bdh_workbench.gui.panes.library import LibraryPane
from bdh_workbench.gui.panes.live import LivePane
from bdh_workbench.gui.panes.retention import RetentionPane
from bdh_workbench.gui.panes.write import WritePane
from bdh_workbench.gui.preferences import packed, unpacked
from bdh_workbench.gui.theme import MODES, icon
from bdh_workbench.gui.widgets import ElideLabel, Pane, make_dock
from bdh_workbench.gui.words import harmless, short, tip
from bdh_workbench.session.events import (
    JobCancelled,
    JobDone,
    JobFailed,
    MemoryChanged,
    ModelChanged,
    RecoveryFound,
)
from bdh_workbench.session.jobs import DiscardRecovery, LoadModel, NewMemory, Redo, RestoreRecovery

if TYPE_CHECKING:  # this loads torch, which the window must not wait for
    from bdh_workbench.memory.state import LayerRecord

LAYOUT_VERSION = 2
MINIMUM = (1100, 700)
FIRST_SIZE = (1480, 920)
BUSY = "A write is running. Closing stops it, and leaves the memory as it was before."
RECENT = 10  # memory files in the menu
Area = Qt.DockWidgetArea


class MainWindow(QMainWindow):
    """All panes, one model, one memory."""

    ready_to_close = Signal()
    first_painted = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context, self.preferences = context, context.preferences
        self._closing = self._painted = False
        self.chosen_model: tuple[str | None, str] = (None, "auto")  # folder or name, and device, asked for last
        self.discard = False  # whether unsaved work is not wanted at the next start
        self.setWindowTitle("BDH memory workbench")
        self.setWindowIcon(icon())
        self.setMinimumSize(*MINIMUM)
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setContentsMargins(8, 0, 8, 0)
        self.setTabPosition(Area.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        context.say, context.fail = self.say, self.fail
        self.library = LibraryPane(context)
        self.write = WritePane(context)
        self.live = LivePane(context)
        self.console = ConsolePane(context)
        self.gates = GatesPane(context)
        self.retention = RetentionPane(context)
        self.activity = ActivityPane(context)
        self.console.attach()
        panes: dict[str, Pane] = {
            "library": self.library,
            "write": self.write,
            "live": self.live,
            "console": self.console,
            "gates": self.gates,
            "retention": self.retention,
            "activity": self.activity,
        }
        self.panes = panes
        self.docks: dict[str, QDockWidget] = {name: make_dock(self, pane, name) for name, pane in panes.items()}
        self.actions_by_name = make_actions(self, self._slots())
        self._make_toolbar()
        self.statusBar().addWidget(self.activity.strip, 1)
        self.statusBar().setSizeGripEnabled(False)
        self._recent = QMenu("Open recent memory", self)
        self._recent.setToolTipsVisible(True)
        self._recent.aboutToShow.connect(self._fill_recent)
        file_menu = self.actions_by_name["import_memory"].associatedObjects()[0]
        assert isinstance(file_menu, QMenu)
        file_menu.insertMenu(self.actions_by_name["import_memory"], self._recent)
        self.resize(*FIRST_SIZE)
        if not self._restored():
            self.arrange()
        self._listen()
        self.library.reload()
        self._show_state()
        self._show_choices()
        self.library.layer_opened.connect(self._show_layer)
        self.write.editor.setFocus()

    # Making

    def _slots(self) -> dict[str, Callable[[], object]]:
        slots: dict[str, Callable[[], object]] = {
            "new_memory": self.new_memory,
            "open_text": self._open_text,
            "import_memory": self.library.import_files,
            "save": self.library.save,
            "save_as": self.library.save_as,
            "choose_model": self.choose_model,
            "quit": self.close,
            "undo": self.write.undo,
            "redo": lambda: self.context.submit(Redo()),
            "paste_facts": self.write.paste,
            "bring_back": self.write.bring_back,
            "sample_facts": self.write.sample_facts,
            "sample_document": self.write.sample_documents,
            "write": self.write.write,
            "pause": self._pause,
            "cancel": self.activity.cancel,
            "ask": self._ask,
            "run_retention": self._run_retention,
            "theme": self._switch_theme,
            "reset_layout": self.arrange,
            "recovery": self._keep_recovery,
            "guide": self.guide,
            "model_card": self._model_card,
            "help": lambda: Help.ask(self),
            "about": lambda: About.ask(self, self._model_words()),
        }
        for mode in MODES:
            slots[f"theme_{mode}"] = partial(self._set_theme, mode)
        for name in self.docks:
            slots[f"show_{name}"] = partial(self.show_pane, name)
        return slots

    def _make_toolbar(self) -> None:
        bar = QToolBar("Toolbar")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        name = QLabel("BDH memory workbench")
        name.setObjectName("title")
        self.heading = ElideLabel()
        self.heading.setProperty("note", True)
        self.heading.setAccessibleName("Model, device and memory in use")
        self.heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.heading.setContentsMargins(8, 0, 8, 0)
        for widget in (name, self.heading):
            bar.addWidget(widget)
        for action in TOOLBAR:
            bar.addAction(self.actions_by_name[action])
            button = bar.widgetForAction(self.actions_by_name[action])
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(self.actions_by_name[action].text())
        self.addToolBar(bar)

    def arrange(self) -> None:
        """Put all docks where they stand at first; the focus stays where it is."""
        focus = self.focusWidget()
        arrange(self, self.docks)
        (focus or self.write.editor).setFocus()

    def _restored(self) -> bool:
        """Take size, place and layout of the last session; whether there was a layout.

        Docks must not have been arranged before: the bar of tabs of that arrangement would stay, above the menus.
        """
        chosen = self.preferences.values
        if chosen.geometry:
            self.restoreGeometry(unpacked(chosen.geometry))
        return bool(chosen.layout) and self.restoreState(unpacked(chosen.layout), LAYOUT_VERSION)

    def _listen(self) -> None:
        on = self.context.bridge.on
        on(ModelChanged, self._model_changed)
        on(MemoryChanged, self._memory_changed)
        on(JobDone, self._done)
        on(JobFailed, self._failed)
        on(JobCancelled, self._cancelled)
        on(RecoveryFound, self._recovery)

    # Events

    def _model_changed(self, event: ModelChanged) -> None:
        self.context.model = event.info
        self._refresh()

    def _memory_changed(self, event: MemoryChanged) -> None:
        self.context.memory = event.view
        if event.view.path is not None and not event.view.dirty:
            self.preferences.remember(event.view.path)
        self.library.show_details()
        self._refresh()

    def _refresh(self) -> None:
        self.library.show_memory()
        self.write.refresh()
        self.gates.refresh()
        self._show_state()

    def _done(self, event: JobDone) -> None:
        self.context.ended(event.job)
        then = self.context.waiting.pop(event.job, None)
        if then is not None:
            then(event.result)

    def _failed(self, event: JobFailed) -> None:
        quiet = event.job in self.context.quiet
        self._cancelled(event)
        if self._closing or quiet:
            return
        words = f"{event.message} {event.advice}" if event.advice else event.message
        if Failure.ask(self, words, event.details, "Load on the CPU" if event.offer_cpu else ""):
            self.load_model(self.chosen_model[0], "cpu")

    def _cancelled(self, event: JobCancelled | JobFailed) -> None:
        self.context.ended(event.job)
        self.context.waiting.pop(event.job, None)

    def _recovery(self, event: RecoveryFound) -> None:
        if self._closing:
            return
        answer = Recovered.ask(
            self, short(event.title) or "New memory", f"{event.saved_at.astimezone():%Y-%m-%d %H:%M}"
        )
        if answer != "later" and not self._closing:
            self.context.submit(RestoreRecovery() if answer == "restore" else DiscardRecovery())

    # Actions

    def _fill_recent(self) -> None:
        self._recent.clear()
        for name in self.preferences.values.recent_files[:RECENT]:
            path = Path(name)
            action = self._recent.addAction(harmless(path.stem), partial(self.library.open_file, path))
            action.setToolTip(tip(name))
        if self._recent.isEmpty():
            self._recent.addAction("None yet").setEnabled(False)

    def new_memory(self) -> None:
        """Begin an empty memory."""
        self.library.keep_changes(lambda: self.context.submit(NewMemory()))

    def choose_model(self) -> None:
        """Load another model."""
        model = self.context.model
        chosen = ModelChooser.ask(self, model.folder if model else None, self.chosen_model[1])
        if chosen is not None:
            self.library.keep_changes(lambda: self.load_model(*chosen))

    def load_model(self, name: str | None, device: str) -> None:
        """Load a model; the device is kept for the next start."""
        self.chosen_model = (name, device)
        self.context.submit(LoadModel(name, device))

    def guide(self) -> None:
        """Show the first steps."""
        choice = Guide.ask(self)
        if choice == "facts":
            self.write.sample_facts()
        elif choice == "document":
            self.write.sample_documents()

    def show_pane(self, name: str) -> None:
        """Bring a pane to the front and put the focus into it."""
        dock = self.docks[name]
        dock.show()
        dock.raise_()
        self.panes[name].setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.panes[name].focusNextChild()

    def _open_text(self) -> None:
        self.show_pane("write")
        self.write.open_files()

    def _ask(self) -> None:
        self.show_pane("console")
        self.console.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _run_retention(self) -> None:
        self.show_pane("retention")
        self.retention.run()

    def _pause(self) -> None:
        (self.retention if self.retention.busy and self.write.job is None else self.write).toggle_pause()

    def _keep_recovery(self) -> None:
        keep = self.actions_by_name["recovery"].isChecked()
        self.preferences.change(recovery=keep)
        self.context.session.keep_recovery = keep

    def _model_card(self) -> None:
        if self.context.model is not None:
            ModelCard.ask(self, self.context.model)

    def _show_layer(self, layer: LayerRecord) -> None:
        self.docks["live"].show()
        self.docks["live"].raise_()
        self.live.show_layer(layer)

    def _switch_theme(self) -> None:
        self._set_theme("light" if self.context.theme.colours.dark else "dark")

    def _set_theme(self, mode: str) -> None:
        self.context.theme.set_mode(mode)
        self.preferences.change(theme=mode)
        self._show_choices()

    def _show_choices(self) -> None:
        """Tick in the menus what is chosen."""
        for mode in MODES:
            self.actions_by_name[f"theme_{mode}"].setChecked(self.context.theme.mode == mode)
        self.actions_by_name["recovery"].setChecked(self.preferences.values.recovery)

    def say(self, text: str) -> None:
        """Say something in the status bar and the log."""
        self.activity.say(text)

    def fail(self, message: str, details: str) -> None:
        """Tell of a failure."""
        if not self._closing:
            Failure.ask(self, message, details)

    def _model_words(self) -> str:
        model = self.context.model
        return f"{harmless(model.name)} · {model.parameters / 1e6:.1f}M parameters · {model.device}" if model else ""

    def _show_state(self) -> None:
        memory = self.context.memory
        title = ""
        if memory is not None and (memory.items or memory.title):
            title = (short(memory.title, 50) or "new memory") + (" *" if memory.dirty else "")
        words = [self._model_words() or "no model yet", f"memory: {title or 'empty'}"]
        self.heading.setText("  ·  ".join(words))
        self.setWindowTitle(f"{title} – BDH memory workbench" if title else "BDH memory workbench")
        self.setWindowModified(False)
        actions = self.actions_by_name
        actions["save"].setEnabled(memory is not None and memory.dirty)
        actions["save_as"].setEnabled(memory is not None and bool(memory.items))
        actions["undo"].setEnabled(memory is not None and memory.can_undo)
        actions["redo"].setEnabled(memory is not None and memory.can_redo)
        for name in ("write", "model_card"):
            actions[name].setEnabled(self.context.model is not None)

    # The window's own events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Text goes into the Write pane, a memory file into the library."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        memories = [path for path in paths if path.suffix.lower() == ".safetensors"]
        if memories:
            library = self.context.library
            self.context.background.run(
                lambda: [library.import_file(path) for path in memories], lambda _: self.library.reload()
            )
        self.write.read_paths([path for path in paths if path not in memories])
        event.acceptProposedAction()

    def showEvent(self, event: QShowEvent) -> None:
        """Keep the window on the screen."""
        super().showEvent(event)
        screen = QGuiApplication.primaryScreen().availableGeometry()
        if not self.isMaximized() and (self.width() > screen.width() or self.height() > screen.height()):
            self.resize(
                max(MINIMUM[0], min(self.width(), screen.width())), max(MINIMUM[1], min(self.height(), screen.height()))
            )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first painting: what is slow can begin then."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about what runs and what is unsaved, keep the layout, and let the program end."""
        if (self.write.busy or self.retention.busy) and not self._closing:
            if not Confirm.ask(self, BUSY, "Stop it and close", "Go on"):
                event.ignore()
                return
            self.write.stop()
            self.retention.stop()
        memory = self.context.memory
        if memory is not None and memory.dirty and not self._closing:
            answer = Unsaved.ask(self, memory.title or "New memory")
            if answer == "cancel":
                event.ignore()
                return
            if answer == "save":
                event.ignore()
                self.library.save(self.close_now)
                return
            self.discard = True
        self.close_now(again=False)
        event.accept()

    def close_now(self, again: bool = True) -> None:
        """Close without asking."""
        self._closing = True
        self.preferences.change(geometry=packed(self.saveGeometry()), layout=packed(self.saveState(LAYOUT_VERSION)))
        self.ready_to_close.emit()
        if again:
            self.close()
