"""All panes of the window, by their names."""

from __future__ import annotations

from bdh_workbench.gui.look.widgets import Pane
from bdh_workbench.gui.panes.activity import ActivityPane
from bdh_workbench.gui.panes.ask import AskPane
from bdh_workbench.gui.panes.checks import ChecksPane
from bdh_workbench.gui.panes.compare import ComparePane
from bdh_workbench.gui.panes.gates import GatesPane
from bdh_workbench.gui.panes.library import LibraryPane
from bdh_workbench.gui.panes.live import LivePane
from bdh_workbench.gui.panes.memory import MemoryPane
from bdh_workbench.gui.panes.retention import RetentionPane
from bdh_workbench.gui.panes.text import TextPane
from bdh_workbench.gui.panes.write import WritePane
from bdh_workbench.gui.shared.context import Context


class Panes:
    """Makes each pane once."""

    def __init__(self, context: Context) -> None:
        self.library = LibraryPane(context)
        self.write = WritePane(context)
        self.live = LivePane(context)
        self.ask = AskPane(context)
        self.text = TextPane(context)
        self.checks = ChecksPane(context)
        self.memory = MemoryPane(context)
        self.gates = GatesPane(context)
        self.retention = RetentionPane(context)
        self.compare = ComparePane(context)
        self.activity = ActivityPane(context)

    def by_name(self) -> dict[str, Pane]:
        """Each under the name of its dock, in the order of the View menu."""
        return dict(vars(self))
