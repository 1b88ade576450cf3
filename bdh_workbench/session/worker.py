"""The worker thread: it takes jobs from a queue, one after the other, and reports on them through one function.

Everything that a caller does (submit, cancel, pause, close) only changes what stands under one lock and wakes the
worker; all events come from the worker. The lock is held while an event is sent, so that once ``cancel`` has returned
no step, token or progress of that job follows. The receiver must therefore return soon and never wait for a thread that
is calling the session; a queued Qt signal does neither.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from bdh_workbench.model.device import is_out_of_memory
from bdh_workbench.session.control import Cancelled, Engine, Task, log_line
from bdh_workbench.session.failures import failure
from bdh_workbench.session.records.events import (
    Event,
    JobCancelled,
    JobDone,
    JobFailed,
    JobPaused,
    JobQueued,
    JobResumed,
    JobStarted,
    LogLine,
    MemoryChanged,
    ModelChanged,
    TokenRead,
    WriteStepped,
)
from bdh_workbench.session.records.jobs import REPLACING, Job, job_title
from bdh_workbench.session.storage.home import home_folder

PER_SECOND = 30  # events of one throttled kind at most
THROTTLED = (WriteStepped, TokenRead)
ALWAYS = (ModelChanged, MemoryChanged, LogLine, JobCancelled)  # true whether or not the job was cancelled meanwhile

_log = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class _Entry:
    """A job on its way through the session."""

    id: int
    job: Job | None
    title: str
    cancelled: bool = False
    committed: bool = False
    holds: bool = False  # whether it has come by a place where it can be paused
    pending: dict[type[Event], Event] = dataclasses.field(default_factory=dict)  # held back by the throttle


class Session:
    """One model, one memory in use, one thread that works on them."""

    def __init__(
        self,
        emit: Callable[[Event], None],
        home: Path | None = None,
        *,
        keep_recovery: bool = True,
        make_engine: Callable[[Path], Engine] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A session that starts its thread with its first job.

        Args:
            emit: called with each event, on the worker thread; see the module for what it must not do.
            home: folder for recovery copies and the library; None for the user's own.
            keep_recovery: whether unsaved changes are copied for a restart; may be changed at any time.
            make_engine: for tests.
            clock: for tests.
        """
        self.home = home_folder(home)
        self.keep_recovery = keep_recovery
        self._emit, self._clock = emit, clock
        self._make_engine = make_engine or _default_engine
        self._changed = threading.Condition(threading.RLock())
        self._thread: threading.Thread | None = None
        self._engine: Engine | None = None
        self._waiting: deque[_Entry] = deque()
        self._running: _Entry | None = None
        self._news: deque[Event] = deque()  # of jobs that are not running, to be sent by the worker
        self._sent: dict[type[Event], float] = {}  # when each throttled kind was sent last
        self._paused = False
        self._closing = False
        self._discard = False
        self._last_id = 0

    # What callers use, on any thread

    def submit(self, job: Job) -> int:
        """Queue a job; returns its id. After ``close`` nothing is done any more and no event comes."""
        with self._changed:
            self._last_id += 1
            entry = _Entry(self._last_id, job, job_title(job))
            if self._closing:
                return entry.id
            if isinstance(job, REPLACING):
                for other in [other for other in self._waiting if type(other.job) is type(job)]:
                    self._drop(other)
            self._waiting.append(entry)
            self._news.append(JobQueued(entry.id, entry.title))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="session", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return entry.id

    def cancel(self, job_id: int) -> bool:
        """Cancel a job that waits or runs; returns whether it will end as cancelled."""
        with self._changed:
            for entry in self._waiting:
                if entry.id == job_id:
                    self._drop(entry)
                    self._changed.notify_all()
                    return True
            running = self._running
            return running is not None and running.id == job_id and self._stop(running)

    def cancel_all(self) -> None:
        """Cancel every job that waits, and the one that runs."""
        with self._changed:
            for entry in list(self._waiting):
                self._drop(entry)
            if self._running is not None:
                self._stop(self._running)
            self._changed.notify_all()

    def pause(self) -> None:
        """Pause the running write or retention run, or the next one, between two of its steps."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Let what is paused continue."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        """Whether ``pause`` is in force; it ends with the job that it was meant for."""
        with self._changed:
            return self._paused

    @property
    def busy(self) -> bool:
        """Whether a job is running or waiting."""
        with self._changed:
            return self._running is not None or bool(self._waiting)

    def close(self, timeout: float | None = 10.0, *, discard_recovery: bool = False) -> bool:
        """Cancel everything, let go of model and memory, and wait for the thread to end.

        Args:
            timeout: seconds to wait at most; None for as long as it takes.
            discard_recovery: delete the copy of unsaved work, which is otherwise offered at the next start.

        Returns:
            Whether the thread has ended.
        """
        with self._changed:
            self._closing = True
            self._discard = self._discard or discard_recovery
            self.cancel_all()
            self._paused = False
            self._changed.notify_all()
            thread = self._thread
        if thread is None or thread is threading.current_thread():
            return thread is None
        thread.join(timeout)
        return not thread.is_alive()

    # Under the lock

    def _drop(self, entry: _Entry) -> None:
        self._waiting.remove(entry)
        self._news.append(JobCancelled(entry.id))

    def _stop(self, entry: _Entry) -> bool:
        if not entry.committed and not entry.cancelled:
            entry.cancelled = True
            entry.pending.clear()
            self._paused = False
            self._changed.notify_all()
        return entry.cancelled

    def _send(self, event: Event) -> None:
        if isinstance(event, THROTTLED):
            self._sent[type(event)] = self._clock()
        try:
            self._emit(event)
        except Exception:
            _log.exception("The receiver of an event failed.")

    def _tell_news(self) -> None:
        while self._news:
            self._send(self._news.popleft())

    def _flush(self, entry: _Entry) -> None:
        while entry.pending:
            self._send(entry.pending.pop(next(iter(entry.pending))))

    def _due(self, kind: type[Event]) -> bool:
        last = self._sent.get(kind)
        return last is None or self._clock() - last >= 1.0 / PER_SECOND

    # What tasks use, on the worker thread

    def _pass_on(self, entry: _Entry, event: Event) -> None:
        with self._changed:
            self._tell_news()
            if entry.cancelled and not isinstance(event, ALWAYS):
                return
            kind = type(event)
            if isinstance(event, THROTTLED):
                event = _joined(entry.pending.pop(kind, None), event)
                if self._due(kind):
                    self._send(event)
                else:
                    entry.pending[kind] = event
            else:
                self._flush(entry)  # what came before is sent before
                self._send(event)

    def _checkpoint(self, entry: _Entry, hold: bool) -> None:
        with self._changed:
            self._tell_news()
            for kind in [kind for kind in entry.pending if self._due(kind)]:
                self._send(entry.pending.pop(kind))
            entry.holds = entry.holds or hold
            if hold and self._holding(entry):
                self._flush(entry)
                self._send(JobPaused(entry.id))
                while self._holding(entry):
                    self._changed.wait()
                    self._tell_news()
                if not entry.cancelled:
                    self._send(JobResumed(entry.id))
            if entry.cancelled:
                raise Cancelled

    def _holding(self, entry: _Entry) -> bool:
        return self._paused and not entry.cancelled

    def _commit(self, entry: _Entry) -> None:
        with self._changed:
            if entry.cancelled:
                raise Cancelled
            entry.committed = True

    # The thread

    def _work(self) -> None:
        try:
            while (entry := self._next()) is not None:
                self._do(entry)
        finally:
            if self._engine is not None:
                try:
                    self._engine.close(self._discard)
                except Exception:
                    _log.exception("The session could not be closed properly.")
                self._engine = None

    def _next(self) -> _Entry | None:
        more = self._engine is not None  # what can be prepared while there is no job
        while True:
            with self._changed:
                self._tell_news()
                if self._closing:
                    return None
                if self._waiting:
                    self._running = self._waiting.popleft()
                    self._send(JobStarted(self._running.id, self._running.title))
                    return self._running
                if not more:
                    self._changed.wait()
                    continue
            more = self._prepare()

    def _prepare(self) -> bool:
        """Let the engine make a little of what the next job may need; a failure is that job's to report."""
        assert self._engine is not None
        try:
            return self._engine.prepare()
        except Exception as error:
            if is_out_of_memory(error):
                error.__traceback__ = None
                _free_memory()
            _log.debug("Nothing could be prepared.", exc_info=True)
            return False

    def _do(self, entry: _Entry) -> None:
        last: Event
        task = _Task(self, entry)
        try:
            assert entry.job is not None
            if self._engine is None:
                engine = self._make_engine(self.home)
                engine.start(_Task(self, _Entry(0, None, "")))
                self._engine = engine
            result = self._engine.run(entry.job, task)
            task.commit()
            last = JobDone(entry.id, result)
        except Cancelled:
            last = JobCancelled(entry.id)
        except Exception as error:
            last = failure(entry.id, error)
            if is_out_of_memory(error):
                error.__traceback__ = None  # it contains what should be freed
                _free_memory()
        with self._changed:
            if entry.cancelled:
                last = JobCancelled(entry.id)
            self._flush(entry)
            if isinstance(last, JobFailed) and last.details:
                # A failure with advice was expected: its place in the program helps nobody who reads a terminal.
                _log.error("%s\n%s", last.message, last.advice or last.details)
                self._send(log_line(entry.id, "error", f"{entry.title}: {last.message}\n{last.details}"))
            self._running = None
            if entry.holds:
                self._paused = False
            self._tell_news()
            self._send(last)


class _Task(Task):
    """A task of a session."""

    def __init__(self, session: Session, entry: _Entry) -> None:
        self._session, self._entry = session, entry

    @property
    def id(self) -> int:
        return self._entry.id

    @property
    def keep_recovery(self) -> bool:
        return self._session.keep_recovery

    def emit(self, event: Event) -> None:
        self._session._pass_on(self._entry, event)

    def checkpoint(self, hold: bool = False) -> None:
        self._session._checkpoint(self._entry, hold)

    def commit(self) -> None:
        self._session._commit(self._entry)


def _joined(earlier: Event | None, event: Event) -> Event:
    """An event that stands for an earlier one too: of tokens no text is lost, and of a write no step."""
    if isinstance(earlier, WriteStepped) and isinstance(event, WriteStepped):
        return dataclasses.replace(event, before=(*earlier.before, earlier.event))
    if isinstance(earlier, TokenRead) and isinstance(event, TokenRead):
        return dataclasses.replace(event, text=earlier.text + event.text)
    return event


def _default_engine(home: Path) -> Engine:
    from bdh_workbench.session.engine import WorkbenchEngine  # here, as this imports torch

    return WorkbenchEngine(home)


def _free_memory() -> None:
    """Give back what torch holds in reserve. Nothing is collected here: see ``gui/garbage.py``."""
    import sys

    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
