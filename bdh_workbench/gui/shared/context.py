"""What every pane is given: the session, its events, the library, the look, and a way to do work elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bdh_workbench.gui.look.colours import Colours
from bdh_workbench.gui.look.theme import Theme
from bdh_workbench.gui.shared.bridge import Background, Bridge
from bdh_workbench.gui.shared.clock import DrawClock
from bdh_workbench.gui.shared.jobs import Jobs, SessionLike
from bdh_workbench.gui.shared.preferences import Preferences
from bdh_workbench.gui.shared.state import State
from bdh_workbench.memory.files.library import Library
from bdh_workbench.session.records.jobs import Job
from bdh_workbench.session.records.views import MemoryView, ModelInfo


@dataclass(slots=True)
class Context:
    """Shared by the panes."""

    session: SessionLike
    bridge: Bridge
    background: Background
    clock: DrawClock
    theme: Theme
    library: Library
    preferences: Preferences
    say: Callable[[str], None]
    fail: Callable[[str, str], None]
    state: State = field(init=False)
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        """The state hears of everything first, the jobs last: the window lets them listen once its panes are made."""
        self.state = State(self.bridge)
        self.jobs = Jobs(self.session)

    @property
    def model(self) -> ModelInfo | None:
        """In use."""
        return self.state.model

    @property
    def memory(self) -> MemoryView | None:
        """In use."""
        return self.state.memory

    def submit(self, job: Job, then: Callable[[object], None] | None = None, quiet: bool = False) -> int:
        """Queue a job: see ``Jobs.submit``."""
        return self.jobs.submit(job, then, quiet)

    def paint(self, follow: Callable[[Colours], None]) -> None:
        """Call with the colours now, and whenever they change."""
        self.theme.follow(follow)
