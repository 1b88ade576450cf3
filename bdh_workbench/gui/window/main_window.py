"""The main window: makes the panes, puts them into docks, and listens to what they ask for. Nothing else."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QPaintEvent,
    QShowEvent,
    QStatusTipEvent,
)
from PySide6.QtWidgets import QMainWindow, QMenu, QStyle, QTabWidget

from bdh_workbench.gui.dialogs.failure import Failure
from bdh_workbench.gui.dialogs.questions import Confirm, Recovered, Unsaved
from bdh_workbench.gui.look.theme import icon
from bdh_workbench.gui.look.words import short
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.gui.shared.preferences import packed, unpacked
from bdh_workbench.gui.window.commands import Commands
from bdh_workbench.gui.window.drops import Drops
from bdh_workbench.gui.window.header import PROGRAM_NAME, Header
from bdh_workbench.gui.window.panes import Panes
from bdh_workbench.gui.window.workspaces import Workspaces
from bdh_workbench.session.records.events import JobFailed, RecoveryFound
from bdh_workbench.session.records.jobs import DiscardRecovery, RestoreRecovery

MINIMUM = (1100, 700)
FIRST_SIZE = (1480, 920)
BUSY = "A write is running. Closing stops it and leaves the memory as it was."


class MainWindow(QMainWindow):
    """All panes, one model, one memory."""

    ready_to_close = Signal()
    first_painted = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context, self.preferences = context, context.preferences
        self._closing = self._painted = False
        self.opening = ""  # name of the memory of last time, while it is on its way
        self.restored = False  # whether unsaved work of a crash was taken into use
        self.discard = False  # whether unsaved work is not wanted at the next start
        self.setWindowTitle(PROGRAM_NAME)
        self.setWindowIcon(icon())
        self.setMinimumSize(*MINIMUM)
        self.setAcceptDrops(True)
        self.setAnimated(False)
        self.setDockNestingEnabled(True)
        self.setContentsMargins(8, 0, 8, 0)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        context.say, context.fail = self.say, self.fail
        self.panes = panes = Panes(context)
        context.jobs.listen(context.bridge)
        self.workspaces = Workspaces(self, panes.by_name(), self.preferences)
        self.docks = self.workspaces.docks
        self.commands = Commands(self, panes, self.workspaces, context)
        self.actions_by_name = self.commands.actions
        self.header = Header(self.actions_by_name)
        self.addToolBar(self.header)
        self.statusBar().addWidget(self.panes.activity.strip, 1)
        self.statusBar().setSizeGripEnabled(False)
        self._add_recent()
        context.theme.add_parts((self.menuBar(), self.header, self.statusBar(), *self.docks.values()))
        context.theme.follow(self.workspaces.recolour)
        self._listen()
        self._drops = Drops(self, self.docks.values(), self.dropEvent)
        self.resize(*FIRST_SIZE)
        if self.preferences.values.geometry:
            self.restoreGeometry(unpacked(self.preferences.values.geometry))
        self.workspaces.start()
        self.panes.library.reload()
        self._show_state()
        self.commands.show_choices()

    def _add_recent(self) -> None:
        recent = QMenu("Open recent memory", self)
        recent.setToolTipsVisible(True)
        recent.aboutToShow.connect(lambda: self.commands.fill_recent(recent))
        file_menu = self.actions_by_name["import_memory"].associatedObjects()[0]
        assert isinstance(file_menu, QMenu)
        file_menu.insertMenu(self.actions_by_name["import_memory"], recent)

    def _listen(self) -> None:
        context, state = self.context, self.context.state
        context.bridge.on(RecoveryFound, self._recovery)
        context.jobs.failed.connect(self._failed)
        self.workspaces.changed.connect(lambda name: self.actions_by_name[f"workspace_{name}"].setChecked(True))
        state.model_changed.connect(lambda _info: self._show_state())
        state.memory_changed.connect(lambda _view: self._show_state())
        state.layer_opened.connect(lambda _layer: self.workspaces.reveal("live"))
        state.source_opened.connect(lambda _source: self.workspaces.reveal("text"))
        state.asking_wanted.connect(lambda: self.workspaces.go_to("ask"))
        state.item_edited.connect(lambda _item: self.workspaces.go_to("write"))

    # What panes ask for

    def _failed(self, event: JobFailed) -> None:
        if self._closing:
            return
        words = f"{event.message} {event.advice}" if event.advice else event.message
        if Failure.ask(self, words, event.details, "Load on the CPU" if event.offer_cpu else ""):
            self.commands.load_model(self.commands.chosen_model[0], "cpu")

    def _recovery(self, event: RecoveryFound) -> None:
        if self._closing:
            return
        when = f"{event.saved_at.astimezone():%Y-%m-%d %H:%M}"
        answer = Recovered.ask(self, short(event.title) or "New memory", when)
        if answer != "later" and not self._closing:
            self.restored = answer == "restore"
            self.context.submit(RestoreRecovery() if self.restored else DiscardRecovery())

    def say(self, text: str) -> None:
        """Say something in the status bar and the log."""
        self.panes.activity.say(text)

    def fail(self, message: str, details: str) -> None:
        """Report a failure."""
        if not self._closing:
            Failure.ask(self, message, details)

    def expect(self, name: str) -> None:
        """Say that a memory is being opened; an empty name says that none is."""
        self.opening = name
        self._show_state()

    def _show_state(self) -> None:
        memory = self.context.memory
        title = ""
        if memory is not None and (memory.items or memory.title):
            title = (short(memory.title, 50) or "new memory") + (" *" if memory.dirty else "")
        if memory is not None and memory.path is not None and not memory.dirty:
            self.preferences.remember(memory.path)
        if memory is not None and not self._closing:
            self.preferences.change(last_memory=str(memory.path or ""))
        self.header.show_memory(memory, self.opening)
        self.panes.activity.show_model(self.commands.model_words())
        self.setWindowTitle(f"{title} – {PROGRAM_NAME}" if title else PROGRAM_NAME)
        actions = self.actions_by_name
        actions["save"].setEnabled(memory is not None and memory.dirty)
        actions["save_as"].setEnabled(memory is not None and bool(memory.items))
        actions["undo"].setEnabled(memory is not None and memory.can_undo)
        actions["redo"].setEnabled(memory is not None and memory.can_redo)
        actions["model_card"].setEnabled(self.context.model is not None)

    # The window's own events

    def event(self, event: QEvent) -> bool:
        """Explain what the mouse is over beside what is going on: Qt would hide that for as long."""
        if isinstance(event, QStatusTipEvent):
            self.panes.activity.explain(event.tip())
            return True
        return super().event(event)

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
                lambda: [library.import_file(path) for path in memories],
                lambda _: self.context.state.library_changed.emit(),
            )
        texts = [path for path in paths if path not in memories]
        if texts:
            self.workspaces.go_to("write")
            self.panes.write.read_paths(texts)
        event.acceptProposedAction()

    def showEvent(self, event: QShowEvent) -> None:
        """Keep the window on the screen, its title bar included."""
        super().showEvent(event)
        if self.isMaximized() or self.isFullScreen():
            return
        screen = QGuiApplication.primaryScreen().availableSize()
        # Before the desktop has put a frame around the window, its size is not known: that of Qt's own is near.
        bar = max(
            self.frameSize().height() - self.height(), self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
        )
        room = screen - QSize(0, bar)
        self.resize(self.size().boundedTo(room).expandedTo(QSize(*MINIMUM)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Report the first painting: slow work can begin then."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about what runs and what is unsaved, keep the layout, and let the program end."""
        if (self.panes.write.busy or self.panes.retention.busy) and not self._closing:
            if not Confirm.ask(self, BUSY, "Stop it and close", "Keep writing"):
                event.ignore()
                return
            self.panes.write.stop()
            self.panes.retention.stop()
        memory = self.context.memory
        if memory is not None and memory.dirty and not self._closing:
            answer = Unsaved.ask(self, memory.title or "New memory")
            if answer == "cancel":
                event.ignore()
                return
            if answer == "save":
                event.ignore()
                self.panes.library.save(self.close_now)
                return
            self.discard = True
        self.close_now(again=False)
        event.accept()

    def close_now(self, again: bool = True) -> None:
        """Close without asking."""
        self._closing = True
        self.workspaces.keep()
        self.preferences.change(geometry=packed(self.saveGeometry()))
        self.ready_to_close.emit()
        if again:
            self.close()
