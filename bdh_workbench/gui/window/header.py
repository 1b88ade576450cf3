"""The header: what is in use, the switch of workspaces in the middle, and the commonest actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from bdh_workbench.gui.look.widgets import ElideLabel, bare
from bdh_workbench.gui.look.words import holds, short, size, tip
from bdh_workbench.gui.shared.actions import TOOLBAR
from bdh_workbench.session.records.views import MemoryView
from bdh_workbench.session.storage.settings import WORKSPACES

PROGRAM_NAME = "BDH memory workbench"
TITLE_CHARACTERS = 32  # characters of a memory's title, so that what it holds can be read after it
FEW_CHARACTERS, WIDE = 20, 1300  # of it in a window under so many pixels, so that the mark after it stays in sight


class Header(QToolBar):
    """A tool bar that cannot be moved."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__("Header")
        self.setObjectName("header")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)  # a header that is hidden is hard to find
        name = QLabel(PROGRAM_NAME)
        name.setObjectName("title")
        self._shown: tuple[MemoryView | None, str] = (None, "")
        self.memory = ElideLabel()
        self.memory.setProperty("note", True)
        self.memory.setAccessibleName("Memory in use")
        self.memory.setContentsMargins(8, 0, 8, 0)
        left, right = QWidget(), QWidget()
        layout = QHBoxLayout(left)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(name)
        layout.addWidget(self.memory, 1)
        layout = bare(QHBoxLayout(right), 8)
        layout.addStretch(1)
        for action in TOOLBAR:
            made = QToolButton()
            made.setDefaultAction(actions[action])
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.setAccessibleName(actions[action].text())
            layout.addWidget(made)
        for side in (left, right):  # as wide as each other, so that the switch stands in the middle
            side.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(4, 0, 4, 0)
        row.addWidget(left, 1)
        row.addWidget(self._switch(actions))
        row.addWidget(right, 1)
        self.addWidget(whole)

    def _switch(self, actions: Mapping[str, QAction]) -> QWidget:
        frame = QFrame()
        frame.setObjectName("switch")
        frame.setAccessibleName("Workspace")
        layout = bare(QHBoxLayout(frame), 0)
        group = QActionGroup(self)
        for name in WORKSPACES:
            action = actions[f"workspace_{name}"]
            action.setCheckable(True)
            made = QToolButton()
            made.setDefaultAction(action)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.setAccessibleName(action.text())
            made.setMinimumWidth(84)
            made.setProperty("segment", True)
            group.addAction(action)
            layout.addWidget(made)
        return frame

    def show_memory(self, view: MemoryView | None, opening: str = "") -> None:
        """Name the memory in use and what it holds, or the one that is being opened in place of an empty one."""
        self._shown = (view, opening)
        if view is None or not (view.items or view.title):
            self.memory.setText(f"opening {short(opening, 50)} …" if opening else "empty memory")
        else:
            mark = " ●" if view.dirty else ""
            counts = [count for count in holds(view) if count != view.title]  # a title that was not chosen may say it
            title = short(view.title, TITLE_CHARACTERS if self.width() >= WIDE else FEW_CHARACTERS)
            parts = [f"{title or 'New memory'}{mark}", *counts, size(view.bytes)]
            self.memory.setText(" · ".join(parts))
        dirty = view is not None and view.dirty
        lines = [view.title if view is not None else "", "● marks changes that are not saved." if dirty else ""]
        self.memory.setToolTip(tip("\n".join(filter(None, lines))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the title, or show more of it."""
        super().resizeEvent(event)
        if (event.oldSize().width() >= WIDE) != (event.size().width() >= WIDE):
            self.show_memory(*self._shown)
