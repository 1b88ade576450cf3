"""What is done to a run of the program before it starts, to bring about what cannot be waited for."""

from __future__ import annotations

import sys
from pathlib import Path


def clock_backwards() -> None:
    """The clock of this process stands a year back, as after a dead battery."""
    import datetime
    import time

    year = 365 * 86_400.0
    real_time, real = time.time, datetime.datetime
    time.time = lambda: real_time() - year

    class Back(real):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return real.fromtimestamp(real_time() - year, tz)

    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("bdh_workbench") and getattr(module, "datetime", None) is real:
            module.datetime = Back  # type: ignore[attr-defined]
    datetime.datetime = Back  # type: ignore[misc]


def gpu_memory_short() -> None:
    """Every pass through the network ends as on a full GPU."""
    import torch

    from bdh_workbench.model.network import Network

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB of which 1.12 GiB "
            "is free."
        )

    Network.forward = Network.advance = full  # type: ignore[assignment]


def memory_short() -> None:
    """This process gets hardly more memory than it has."""
    import resource

    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + (8 << 20), held + (8 << 20)))


def files_limited() -> None:
    """No file may grow over 64 KiB, as under a quota."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, 64 << 10))


def session(home: str, model: str, facts: str, count: str) -> int:
    """What the window's session does when a person writes and saves again and again; killed sooner or later."""
    from bdh_workbench.inputs.files import read_facts
    from bdh_workbench.inputs.items import Fact
    from bdh_workbench.session import Session
    from bdh_workbench.session.records import jobs
    from tests.session.session_factory import Record

    record = Record()
    running = Session(record, Path(home))
    assert record.end(running.submit(jobs.LoadModel(model, "cpu"))).job
    found = read_facts(facts)
    saved = 0
    for number in range(int(count)):
        one = found[number % len(found)]
        part = (Fact(f"{one.prompt} in case {number}", one.answer),)
        record.end(running.submit(jobs.Write(part)))
        print("written", number + 1, flush=True)
        if number % 2:
            record.end(running.submit(jobs.SaveMemory(title="Kept")))
            saved = number + 1
            print("saved", saved, flush=True)
    return 0


def library(home: str, name: str, count: str) -> int:
    """One of several processes that work on one library at the same time."""
    from bdh_workbench.memory.files.library import Library
    from tests.memory.memory_factory import random_memory

    shelf = Library(Path(home) / "memories")
    for number in range(int(count)):
        path = shelf.save(random_memory(number, rows=1, name="Same title"), None)
        path = shelf.rename(path, f"Of {name}")
        shelf.set_note(path, f"{name} {number}")
        if number % 3 == 2:
            shelf.delete(path)
        print(path.name, flush=True)
    return 0
