"""How much room something would take, worked out shortly after it changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from bdh_workbench.errors import UserError
from bdh_workbench.gui.look.widgets import delay
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.records.events import Estimated, JobFailed
from bdh_workbench.session.records.jobs import EstimateWrite

ESTIMATE_DELAY = 400  # milliseconds without a change


class Estimate(QObject):
    """Asks the session, and answers for the last thing that was asked about alone.

    Attributes:
        crowded: whether it is more than there is room for; False while that is not known.
        refused: why it would be refused at once; empty while that is not known.
    """

    made = Signal(object)  # Estimated, or None where there is nothing to work out
    failed = Signal(str)

    def __init__(self, context: Context, wanted: Callable[[], EstimateWrite | None], parent: QObject) -> None:
        """``wanted`` says what would be written: None for nothing; it may raise a ``UserError``."""
        super().__init__(parent)
        self._context, self._wanted = context, wanted
        self._job = 0
        self.crowded, self.refused = False, ""
        self._timer = delay(self, ESTIMATE_DELAY, self.ask)
        context.bridge.on(Estimated, self._estimated)
        context.bridge.on(JobFailed, self._job_failed)

    def forget(self) -> None:
        """What was worked out is about something else."""
        self.crowded, self.refused = False, ""

    def soon(self) -> None:
        """Ask once nothing has changed for a moment."""
        self._timer.start()

    def ask(self) -> None:
        """Ask now."""
        try:
            job = self._wanted()
        except UserError as problem:
            self.failed.emit(str(problem))
            return
        if job is None or self._context.model is None:
            self.made.emit(None)
        else:
            self._job = self._context.submit(job, quiet=True)

    def _estimated(self, event: Estimated) -> None:
        if event.job == self._job:
            self.crowded, self.refused = not event.fits, event.refused
            self.made.emit(event)

    def _job_failed(self, event: JobFailed) -> None:
        if event.job == self._job:
            self.failed.emit(event.message)
