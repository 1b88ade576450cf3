"""Write, Ask and Inspect: three remembered arrangements of the same panes."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDockWidget, QLayout, QMainWindow, QTabBar

from bdh_workbench.gui.look.colours import Colours
from bdh_workbench.gui.look.widgets import Pane, make_dock
from bdh_workbench.gui.shared.preferences import Preferences, packed, unpacked

LAYOUT_VERSION = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column of docks.

    Attributes:
        share: of the window's width.
        cells: from top to bottom, the docks that stand there as tabs, the one in front first.
        shares: of the height, one for each cell.
    """

    share: float
    cells: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...] = (1.0,)


ARRANGEMENTS: dict[str, tuple[Column, ...]] = {
    "write": (
        Column(0.18, (("library",),)),
        Column(0.37, (("write",),)),
        Column(0.45, (("live", "memory", "activity"),)),
    ),
    "ask": (
        Column(0.18, (("library",),)),
        Column(0.52, (("ask",),)),
        Column(0.30, (("text",), ("checks", "memory")), (0.64, 0.36)),
    ),
    "inspect": (
        Column(0.18, (("library",),)),
        Column(0.44, (("gates",), ("retention",)), (0.54, 0.46)),
        Column(0.38, (("compare", "memory"), ("activity",)), (0.62, 0.38)),
    ),
}
HOME = {
    "write": "write", "live": "write", "ask": "ask", "text": "ask", "checks": "ask", "gates": "inspect",
    "retention": "inspect", "compare": "inspect", "activity": "inspect", "memory": "ask",
}  # fmt: skip
FIRST_FOCUS = {"write": "write", "ask": "ask", "inspect": "gates"}  # the pane whose main control has the focus


class Workspaces(QObject):
    """Shows one of them; the arrangement that a person has made of each is kept."""

    changed = Signal(str)

    def __init__(self, window: QMainWindow, panes: Mapping[str, Pane], preferences: Preferences) -> None:
        """Each pane gets a dock. Nothing is shown yet."""
        super().__init__(window)
        self._window, self._panes, self._preferences = window, panes, preferences
        self.docks: dict[str, QDockWidget] = {name: make_dock(window, pane, name) for name, pane in panes.items()}
        self.current = ""

    def start(self) -> None:
        """Show the workspace of the last session."""
        self.show(self._preferences.values.workspace)

    def show(self, name: str) -> None:
        """Show a workspace as it was left, or as it stands at first, and put the focus where its work begins."""
        if name != self.current:
            self._change(name)
        self.changed.emit(name)
        self._panes[FIRST_FOCUS[name]].take_focus()

    def _change(self, name: str) -> None:
        self.keep()
        self.current = name
        layout = getattr(self._preferences.values.layouts, name)
        self._window.setUpdatesEnabled(False)
        for dock in self.docks.values():
            if dock.isFloating():
                dock.setFloating(False)  # it belongs to the workspace that is left; its place there was kept
        if not layout or not self._window.restoreState(unpacked(layout), LAYOUT_VERSION):
            self._arrange()
        self._finish()

    def reset(self) -> None:
        """Put the panes of this workspace back where they stand at first, whatever was floated or closed.

        The focus stays where it is, if that can still be seen.
        """
        focus = self._window.focusWidget()
        self._window.setUpdatesEnabled(False)
        self._arrange()
        self._finish()
        if focus is not None and focus.isVisible():
            focus.setFocus()
        else:
            self._panes[FIRST_FOCUS[self.current]].take_focus()

    def go_to(self, name: str) -> None:
        """Bring a pane to the front and put the focus into it."""
        self.reveal(name)
        self._panes[name].take_focus()

    def keep(self) -> None:
        """Remember the arrangement as it is now."""
        if self.current:
            layout = packed(self._window.saveState(LAYOUT_VERSION))
            layouts = dataclasses.replace(self._preferences.values.layouts, **{self.current: layout})
            self._preferences.change(layouts=layouts)

    def reveal(self, name: str) -> None:
        """Bring a pane to the front: here if it stands here, or else in the workspace that it belongs to."""
        dock = self.docks[name]
        if dock.isHidden() and name in HOME:
            shown_here = any(name in cell for column in ARRANGEMENTS[self.current] for cell in column.cells)
            if not shown_here:
                self.show(HOME[name])
        dock.show()
        dock.raise_()
        if dock.isFloating():
            dock.activateWindow()

    def _finish(self) -> None:
        for bar in self._bars():  # those that Qt gives up stay in sight until then, which a dialog would put off
            QCoreApplication.sendPostedEvents(bar, QEvent.Type.DeferredDelete)
        self._window.setUpdatesEnabled(True)
        self._preferences.change(workspace=self.current)
        QTimer.singleShot(0, self._window, self._tidy)

    def _arrange(self) -> None:
        window, docks = self._window, self.docks
        columns = ARRANGEMENTS[self.current]
        for dock in docks.values():
            dock.setFloating(False)  # before it is taken out: a floating one would come back as it was
            window.removeDockWidget(dock)
        heads: list[QDockWidget] = []
        for column in columns:
            head = docks[column.cells[0][0]]
            if heads:
                window.splitDockWidget(heads[-1], head, Qt.Orientation.Horizontal)
            else:  # all in one area: of two, Qt gives all of a larger window to one
                window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, head)
            heads.append(head)
        for column, head in zip(columns, heads, strict=True):
            above = head
            for cell in column.cells[1:]:
                window.splitDockWidget(above, docks[cell[0]], Qt.Orientation.Vertical)
                above = docks[cell[0]]
        placed = {name for column in columns for cell in column.cells for name in cell}
        for column in columns:
            for cell in column.cells:
                for behind, name in itertools.pairwise(cell):
                    window.tabifyDockWidget(docks[behind], docks[name])
        last = columns[-1].cells[-1][-1]
        for name in docks.keys() - placed:  # what is not in the layout at all would come back in the next one
            window.tabifyDockWidget(docks[last], docks[name])
            docks[name].hide()
        for column in columns:
            for cell in column.cells:
                for name in cell:
                    docks[name].show()
                docks[cell[0]].raise_()
        width, height = window.width(), window.height()
        window.resizeDocks(heads, [round(width * column.share) for column in columns], Qt.Orientation.Horizontal)
        for column in columns:
            stacked = [docks[cell[0]] for cell in column.cells]
            heights = [round(height * share) for share in column.shares]
            window.resizeDocks(stacked, heights, Qt.Orientation.Vertical)

    def _tidy(self) -> None:
        """Lay out what the docks hold again, and hide bars of tabs that Qt left over from another arrangement."""
        _lay_out(dock for dock in self.docks.values() if dock.isVisible())
        for bar in self._bars():
            if not bar.count():
                bar.hide()

    def _bars(self) -> list[QTabBar]:
        """The tabs of docks that stand behind each other."""
        return self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def recolour(self, colours: Colours) -> None:
        """Let these tabs, which come and go, look up their colours again."""
        for bar in self._bars():
            bar.setStyleSheet(f"/* {'dark' if colours.dark else 'light'} */")


def _lay_out(docks: Iterable[QDockWidget]) -> None:
    """Lay out what the docks hold again: while they were moved it had no size, and Qt may keep some of that."""
    for dock in docks:
        for layout in dock.findChildren(QLayout):
            layout.invalidate()
        for layout in dock.findChildren(QLayout):
            layout.activate()
