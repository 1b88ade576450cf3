"""A session under control: a fake engine that waits before each step, and a record of all events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.session import Session
from bdh_workbench.session.control import Task
from bdh_workbench.session.records.events import Event, JobCancelled, JobDone, JobFailed, WriteStepped
from bdh_workbench.session.records.jobs import Job, Query, Write

PATIENCE = 60.0  # seconds after which a test gives up; none ever waits so long
LAST = (JobDone, JobFailed, JobCancelled)


class Record:
    """All events, in order, and a way to wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.threads: set[int] = set()
        self.changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self.changed:
            self.events.append(event)
            self.threads.add(threading.get_ident())
            self.changed.notify_all()

    def wait(self, fits: Callable[[Event], bool]) -> Event:
        """The first event that fits, once it is there."""
        with self.changed:
            assert self.changed.wait_for(lambda: any(map(fits, self.events)), PATIENCE), self.events
            return next(filter(fits, self.events))

    def end(self, job: int) -> Any:
        """The last event of a job."""
        return self.wait(lambda event: event.job == job and isinstance(event, LAST))

    def of(self, job: int) -> list[Event]:
        """The events of a job."""
        with self.changed:
            return [event for event in self.events if event.job == job]

    def kinds(self, job: int) -> list[str]:
        """Names of the events of a job."""
        return [type(event).__name__ for event in self.of(job)]

    def all(self, kind: type[Event]) -> list[Any]:
        """The events of a kind."""
        with self.changed:
            return [event for event in self.events if isinstance(event, kind)]


class FakeEngine:
    """Writes take ``settings.steps`` steps, each when the test allows it; what was finished is in ``value``."""

    def __init__(self) -> None:
        self.permits = threading.Semaphore(0)
        self.waiting = threading.Semaphore(0)  # released each time the engine begins to wait
        self.value: list[int] = []
        self.order: list[int] = []
        self.error: Exception | None = None
        self.closed: bool | None = None

    def start(self, task: Task) -> None:
        pass

    def run(self, job: Job, task: Task) -> object | None:
        self.order.append(task.id)
        if isinstance(job, Query) and self.error is not None:
            raise self.error
        if isinstance(job, Write):
            for number in range(job.settings.steps):
                self.waiting.release()
                assert self.permits.acquire(timeout=PATIENCE)
                task.checkpoint(hold=True)
                task.emit(step(task.id, number))
            task.commit()
            self.value.append(task.id)
        return task.id

    def prepare(self) -> bool:
        return False

    def close(self, discard_recovery: bool) -> None:
        self.closed = discard_recovery

    # For tests

    def at_step(self) -> None:
        """Wait until the engine waits."""
        assert self.waiting.acquire(timeout=PATIENCE)

    def allow(self, steps: int = 1) -> None:
        """Let steps be done."""
        self.permits.release(steps)


def step(job: int, number: int) -> WriteStepped:
    """A step of a write; its number stands for what a real one holds."""
    return WriteStepped(job, number, ())  # type: ignore[arg-type]


def numbers(events: Sequence[WriteStepped]) -> list[object]:
    """Of all steps that events tell of, those that were held back with them."""
    return [number for event in events for number in (*event.before, event.event)]


def a_write(steps: int) -> Write:
    """A write of so many steps."""
    return Write(settings=WriteSettings(steps=steps))


class Fast:
    """A clock on which a second goes by with every look, so that nothing is held back."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@contextmanager
def fake_session(home: Path, clock: Callable[[], float] | None = None) -> Iterator[tuple[Session, FakeEngine, Record]]:
    """A session with a fake engine; its thread has ended afterwards."""
    engine, record = FakeEngine(), Record()
    session = Session(record, home, make_engine=lambda _: engine, clock=clock or Fast())
    try:
        yield session, engine, record
    finally:
        engine.allow(10_000)
        assert session.close(PATIENCE)
        assert not any(thread.name == "session" for thread in threading.enumerate())


@contextmanager
def real_session(home: Path, **options: Any) -> Iterator[tuple[Session, Record]]:
    """A session with the engine of the window."""
    record = Record()
    session = Session(record, home, clock=Fast(), **options)
    try:
        yield session, record
    finally:
        assert session.close(PATIENCE)


def done(session: Session, record: Record, job: Job) -> Any:
    """Do a job to its good end; returns its result."""
    last = record.end(session.submit(job))
    assert isinstance(last, JobDone), last
    return last.result


def failed(session: Session, record: Record, job: Job) -> JobFailed:
    """Do a job that fails."""
    last = record.end(session.submit(job))
    assert isinstance(last, JobFailed), last
    return last
