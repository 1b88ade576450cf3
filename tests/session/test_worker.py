from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from bdh_workbench.errors import UserError
from bdh_workbench.session import Session
from bdh_workbench.session.control import Task
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
    TokenRead,
    WriteStepped,
)
from bdh_workbench.session.records.jobs import EstimateWrite, InspectText, Job, NewMemory, Query
from tests.session.session_factory import (
    PATIENCE,
    FakeEngine,
    Fast,
    Record,
    a_write,
    fake_session,
    numbers,
    step,
)


def test_no_thread_before_the_first_job(tmp_path: Path) -> None:
    before = threading.active_count()
    with fake_session(tmp_path) as (session, engine, record):
        assert threading.active_count() == before
        record.end(session.submit(NewMemory()))
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert engine.closed is False


def test_closing_a_session_that_did_nothing(tmp_path: Path) -> None:
    session = Session(Record(), tmp_path)
    assert session.close(0.0)
    assert session.submit(NewMemory()) == 1  # nothing comes of it, and nothing breaks
    assert not session.busy


def test_jobs_are_done_in_order_with_their_ids(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        first = session.submit(a_write(2))
        others = [session.submit(NewMemory()), session.submit(Query("who")), session.submit(a_write(1))]
        assert [first, *others] == [1, 2, 3, 4]
        engine.allow(3)
        record.end(4)
        assert engine.order == [1, 2, 3, 4]
        assert record.kinds(1) == ["JobQueued", "JobStarted", "WriteStepped", "WriteStepped", "JobDone"]
        assert record.end(1).result == 1
        queued, started = record.of(3)[:2]
        assert isinstance(queued, JobQueued) and queued.title == "Ask “who”"
        assert isinstance(started, JobStarted) and started.title == "Ask “who”"
        assert not session.busy


def test_all_events_come_from_one_other_thread(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        engine.allow(1)
        session.submit(a_write(1))
        record.end(session.submit(NewMemory()))
        assert len(record.threads) == 1 and threading.get_ident() not in record.threads


def test_cancelling_a_queued_job(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        running, queued = session.submit(a_write(1)), session.submit(a_write(1))
        engine.at_step()
        assert session.cancel(queued)
        assert not session.cancel(queued)
        engine.allow(1)
        record.end(running)
        assert isinstance(record.end(queued), JobCancelled)
        assert record.kinds(queued) == ["JobQueued", "JobCancelled"]
        assert engine.order == [running] == engine.value


def test_cancelling_the_running_job_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        running, after = session.submit(a_write(3)), session.submit(NewMemory())
        engine.at_step()
        engine.allow(1)
        engine.at_step()
        assert session.cancel(running)
        told = len(record.of(running))
        engine.allow(2)
        assert isinstance(record.end(running), JobCancelled)
        record.end(after)
        assert record.kinds(running)[told:] == ["JobCancelled"]
        assert engine.value == [] and engine.order == [running, after]


def test_late_events_of_a_cancelled_job_are_dropped_but_for_what_is_true(tmp_path: Path) -> None:
    at, go = threading.Event(), threading.Event()

    class Stubborn(FakeEngine):
        def run(self, job: Job, task: Task) -> object | None:
            at.set()
            assert go.wait(PATIENCE)
            task.emit(step(task.id, 0))
            task.emit(MemoryChanged(task.id, None))  # type: ignore[arg-type]
            return None

    record = Record()
    session = Session(record, tmp_path, make_engine=lambda _: Stubborn(), clock=Fast())
    job = session.submit(NewMemory())
    assert at.wait(PATIENCE)
    session.cancel(job)
    go.set()
    assert isinstance(record.end(job), JobCancelled)
    assert record.kinds(job) == ["JobQueued", "JobStarted", "MemoryChanged", "JobCancelled"]
    assert session.close(PATIENCE)


def test_cancelling_comes_too_late_behind_the_commit(tmp_path: Path) -> None:
    at, go = threading.Event(), threading.Event()

    class Committed(FakeEngine):
        def run(self, job: Job, task: Task) -> object | None:
            task.commit()
            at.set()
            assert go.wait(PATIENCE)
            return "kept"

    record = Record()
    session = Session(record, tmp_path, make_engine=lambda _: Committed(), clock=Fast())
    job = session.submit(NewMemory())
    assert at.wait(PATIENCE)
    assert not session.cancel(job)
    go.set()
    assert record.end(job) == JobDone(job, "kept")
    assert session.close(PATIENCE)


def test_cancel_all(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        jobs = [session.submit(a_write(1)) for _ in range(4)]
        engine.at_step()
        session.cancel_all()
        engine.allow(1)
        assert all(isinstance(record.end(job), JobCancelled) for job in jobs)
        assert engine.value == [] and not session.cancel(jobs[0]) and not session.cancel(99)


def test_pause_holds_between_two_steps_until_resume(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        job = session.submit(a_write(3))
        engine.at_step()
        engine.allow(1)
        engine.at_step()
        session.pause()
        engine.allow(2)
        record.wait(lambda event: isinstance(event, JobPaused))
        assert session.paused
        assert len(record.all(WriteStepped)) == 1
        session.resume()
        assert isinstance(record.end(job), JobDone)
        assert len(record.all(JobResumed)) == 1 and len(record.all(WriteStepped)) == 3


def test_a_job_that_is_queued_while_another_is_paused_is_told_of(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        session.pause()
        engine.allow(1)
        session.submit(a_write(1))
        record.wait(lambda event: isinstance(event, JobPaused))
        second = session.submit(NewMemory())
        record.wait(lambda event: event == JobQueued(second, "New memory"))
        assert session.cancel(second)
        assert isinstance(record.end(second), JobCancelled)


def test_cancelling_a_paused_job_ends_the_pause(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        job, after = session.submit(a_write(2)), session.submit(a_write(1))
        session.pause()
        engine.allow(3)
        record.wait(lambda event: isinstance(event, JobPaused))
        session.cancel(job)
        assert isinstance(record.end(job), JobCancelled)
        assert isinstance(record.end(after), JobDone)
        assert not session.paused and not record.all(JobResumed)


def test_a_pause_that_came_too_late_does_not_hold_the_next_write(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        engine.allow(2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "run", lambda job, task: _then_pause(session, engine, job, task))
            record.end(session.submit(a_write(1)))
            record.end(session.submit(a_write(1)))
        assert engine.value == [1, 2] and not record.all(JobPaused)


def _then_pause(session: Session, engine: FakeEngine, job: Job, task: Task) -> object | None:
    result = FakeEngine.run(engine, job, task)
    if task.id == 1:
        session.pause()
    return result


def test_of_estimates_and_inspections_only_the_newest_waits(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        session.submit(a_write(1))
        engine.at_step()
        old, look, new = (session.submit(job) for job in (EstimateWrite(), InspectText("a"), EstimateWrite()))
        newest = session.submit(InspectText("b"))
        engine.allow(1)
        record.end(newest)
        assert isinstance(record.end(old), JobCancelled) and isinstance(record.end(look), JobCancelled)
        assert engine.order == [1, new, newest]


def test_the_throttle_keeps_the_last_step_of_a_job(tmp_path: Path) -> None:
    with fake_session(tmp_path, clock=lambda: 0.0) as (session, engine, record):
        engine.allow(200)
        for number in range(2):
            record.end(session.submit(a_write(100)))
            steps = [event.event for event in record.all(WriteStepped) if event.job == number + 1]
            assert steps == ([0, 99] if number == 0 else [99])
            told = [event for event in record.all(WriteStepped) if event.job == number + 1]
            assert numbers(told) == list(range(100)), "those that were held back come with the next that is sent"


def test_at_most_thirty_steps_a_second(tmp_path: Path) -> None:
    times: list[float] = []
    now = [0.0]

    class Clocked(FakeEngine):
        def run(self, job: Job, task: Task) -> object | None:
            for number in range(1000):
                now[0] += 0.001
                task.checkpoint(hold=True)
                task.emit(step(task.id, number))
            return None

    class Timed(Record):
        def __call__(self, event: Event) -> None:
            if isinstance(event, WriteStepped):
                times.append(now[0])
            super().__call__(event)

    record = Timed()
    session = Session(record, tmp_path, make_engine=lambda _: Clocked(), clock=lambda: now[0])
    record.end(session.submit(NewMemory()))
    assert session.close(PATIENCE)
    assert 25 <= len(times) <= 31
    assert all(later - earlier >= 1 / 30 for earlier, later in itertools.pairwise(times[:-1]))
    assert record.all(WriteStepped)[-1].event == 999


def test_a_step_is_not_held_back_while_paused(tmp_path: Path) -> None:
    with fake_session(tmp_path, clock=lambda: 0.0) as (session, engine, record):
        session.submit(a_write(4))
        engine.at_step()
        engine.allow(2)
        engine.at_step()
        engine.at_step()
        session.pause()
        engine.allow(2)
        record.wait(lambda event: isinstance(event, JobPaused))
        assert [event.event for event in record.all(WriteStepped)] == [0, 1]


def test_no_text_is_lost_where_tokens_are_joined(tmp_path: Path) -> None:
    class Talker(FakeEngine):
        def run(self, job: Job, task: Task) -> object | None:
            for letter in "once upon":
                task.emit(TokenRead(task.id, letter, 1.0, 1.0, None, (), ()))
            return None

    record = Record()
    session = Session(record, tmp_path, make_engine=lambda _: Talker(), clock=lambda: 0.0)
    record.end(session.submit(NewMemory()))
    assert session.close(PATIENCE)
    assert [event.text for event in record.all(TokenRead)] == ["o", "nce upon"]


def test_errors_are_records_of_strings(tmp_path: Path) -> None:
    with fake_session(tmp_path) as (session, engine, record):
        engine.error = UserError("The prompt is empty.")
        assert record.end(session.submit(Query("a"))) == JobFailed(1, "The prompt is empty.", "")
        assert not record.all(LogLine)
        engine.error = KeyError("a\nb")
        last = record.end(session.submit(Query("a")))
        assert last.message == "This failed unexpectedly: KeyError ('a\\nb')."
        assert "Traceback" in last.details and last.advice is None and not last.offer_cpu
        line = record.all(LogLine)[0]
        assert line.level == "error" and line.job == 2 and "Traceback" in line.text
        engine.error = MemoryError()
        last = record.end(session.submit(Query("a")))
        assert last.message == "There was not enough memory." and "Write fewer things" in last.advice
        engine.error = None
        assert isinstance(record.end(session.submit(Query("a"))), JobDone)


def test_an_engine_that_cannot_be_made_fails_the_job_only(tmp_path: Path) -> None:
    engines: list[FakeEngine] = []

    def make(home: Path) -> FakeEngine:
        if not engines:
            engines.append(FakeEngine())
            raise ImportError("no torch here")
        return engines[0]

    record = Record()
    session = Session(record, tmp_path, make_engine=make, clock=Fast())
    assert "no torch here" in record.end(session.submit(NewMemory())).message
    assert isinstance(record.end(session.submit(NewMemory())), JobDone)
    assert session.close(PATIENCE)


def test_a_receiver_that_fails_does_not_stop_the_session(tmp_path: Path) -> None:
    record = Record()

    def emit(event: Event) -> None:
        record(event)
        raise RuntimeError("the window is gone")

    session = Session(emit, tmp_path, make_engine=lambda _: FakeEngine(), clock=Fast())
    assert isinstance(record.end(session.submit(NewMemory())), JobDone)
    assert isinstance(record.end(session.submit(NewMemory())), JobDone)
    assert session.close(PATIENCE)


def test_a_receiver_may_submit_and_cancel(tmp_path: Path) -> None:
    record = Record()
    sessions: list[Session] = []

    def emit(event: Event) -> None:
        record(event)
        if isinstance(event, JobDone) and event.job == 1:
            sessions[0].submit(NewMemory())
            sessions[0].cancel(sessions[0].submit(NewMemory()))

    sessions.append(Session(emit, tmp_path, make_engine=lambda _: FakeEngine(), clock=Fast()))
    sessions[0].submit(NewMemory())
    assert isinstance(record.end(2), JobDone) and isinstance(record.end(3), JobCancelled)
    assert sessions[0].close(PATIENCE)


@pytest.mark.parametrize("paused", [False, True])
def test_closing_in_the_middle_of_a_write(tmp_path: Path, paused: bool) -> None:
    before = threading.active_count()
    with fake_session(tmp_path) as (session, engine, record):
        running, queued = session.submit(a_write(5)), session.submit(a_write(5))
        engine.at_step()
        if paused:
            session.pause()
            engine.allow(1)
            record.wait(lambda event: isinstance(event, JobPaused))
        else:
            assert not session.close(0.0)  # the step that is being done is waited for
            engine.allow(1)
        assert session.close(PATIENCE, discard_recovery=True)
        assert threading.active_count() == before
        assert isinstance(record.end(running), JobCancelled) and isinstance(record.end(queued), JobCancelled)
        assert engine.value == [] and engine.closed is True
        assert session.close(0.0)


def test_the_engine_prepares_while_there_is_no_job_and_gives_way_to_the_next(tmp_path: Path) -> None:
    prepared, went_on = threading.Semaphore(0), threading.Semaphore(0)

    class Preparing(FakeEngine):
        left = 3
        failing = False

        def prepare(self) -> bool:
            if self.failing:
                raise ValueError("beyond repair")
            prepared.release()
            assert went_on.acquire(timeout=PATIENCE)
            self.left -= 1
            return self.left > 0

    engine, record = Preparing(), Record()
    session = Session(record, tmp_path, make_engine=lambda _: engine, clock=Fast())
    record.end(session.submit(NewMemory()))
    assert prepared.acquire(timeout=PATIENCE)
    second = session.submit(NewMemory())
    assert engine.order == [1], "one piece of it is not interrupted"
    went_on.release(3)
    record.end(second)
    assert prepared.acquire(timeout=PATIENCE), "then the rest of it"
    engine.failing = True
    record.end(session.submit(NewMemory()))
    assert session.close(PATIENCE), "a failure to prepare is no failure of a job"
