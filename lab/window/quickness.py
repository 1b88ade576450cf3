"""How quick the window is: `python -m lab.window.quickness [--json] [--model DIR|NAME] [--writes N]`.

Everything is measured on the real window with a real session on Qt's offscreen platform, in a home folder of its own.
The start is timed from outside, from the creation of a process to the end of its window's first painting.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bdh_workbench.errors import UserError

if TYPE_CHECKING:
    from bdh_workbench.inputs.items import Fact
    from lab.window.driving import Driver

STARTS = 5
TICK = 0.010  # seconds between two looks of the timer whose lateness is measured
FILES = 5000
PLOTTED_CURVES, PLOTTED_POINTS = 100, 300
IDLE = 3.0  # seconds for which a window in which nothing happens is watched
DRAWING = 3.0  # seconds for which curves are drawn
STALL = 0.1  # seconds of work at most between two looks at the events
SEARCHED = 200  # memories
BOOK = 900_000  # characters of a book
PASTED = 5_000_000  # characters of a long paste
WARM_UP_WRITES = 20  # writes before the growth of memory is counted: caches fill in them


@dataclass(frozen=True, slots=True)
class Target:
    """What a measurement must reach."""

    name: str
    key: str
    limit: float
    most: bool  # whether the limit is the most allowed, or else the least
    unit: str
    scale: float = 1.0

    def reached(self, results: dict[str, Any]) -> bool:
        """Whether it is."""
        value = float(results[self.key])
        return value <= self.limit if self.most else value >= self.limit


TARGETS = (
    Target("start to the first painted window", "start_seconds", 2.0, True, "s"),
    Target("torch loaded by then (0: no)", "torch_at_start", 0, True, ""),
    Target("lateness of a 10 ms timer in a write of 20 facts, 99th percentile", "write_lateness_p99", 0.05, True, "s"),
    Target(f"drawn frames of {PLOTTED_CURVES} curves of {PLOTTED_POINTS} points", "frames_per_second", 30, False, "/s"),
    Target(f"a library of {FILES:,} files listed", "library_seconds", 1.0, True, "s"),
    Target("longest stall of the window's thread in a theme switch", "theme_stall", STALL, True, "s"),
    Target("the same while a memory of a book is opened", "book_stall", STALL, True, "s"),
    Target("the same in a paste of 5 MB", "paste_stall", STALL, True, "s"),
    Target(f"search in {SEARCHED} memories", "search_seconds", 0.3, True, "s"),
    Target("memory growth over the writes", "growth_bytes", 50e6, True, "MB", 1e-6),
    Target("threads, timers, jobs and windows left after closing", "left_alive", 0, True, ""),
)


GAPS = (  # no targets: a busy machine adds to them
    ("idle_lateness_worst", "longest wait of an idle window: the machine's own"),
    ("theme_gap", "longest wait in a theme switch"),
    ("book_gap", "the same while a memory of a book is opened"),
    ("paste_gap", "the same in a paste of 5 MB"),
)


def invented_facts(count: int, seed: int = 0) -> list[Fact]:
    """Facts about things that do not exist, no two alike."""
    from bdh_workbench.inputs.items import Fact

    first, second = ("Bra", "Tol", "Quen", "Mar", "Ves", "Hul", "Ost"), ("dale", "wick", "ford", "mere", "holm")
    answers = ("copper", "a heron", "salt", "two bells", "marble", "barley", "the tide", "glass", "seven", "wool")
    facts = []
    for number in range(count):
        place = first[(number + seed) % 7] + second[number % 5] + first[(number // 5 + seed) % 7].lower()
        prompt = f"The seal of {place} number {seed * count + number} shows"
        facts.append(Fact(prompt, answers[number % len(answers)], ()))
    return facts


@contextmanager
def ticking(clock: Callable[[], float], passed: Callable[[float], None]) -> Iterator[None]:
    """Tell of the seconds by a clock between two looks of a timer of ``TICK``."""
    from PySide6.QtCore import Qt, QTimer

    timer, last = QTimer(), clock()

    def tick() -> None:
        nonlocal last
        now = clock()
        passed(now - last)
        last = now

    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(round(1000 * TICK))
    timer.timeout.connect(tick)
    timer.start()
    try:
        yield
    finally:
        timer.stop()


def lateness(late: list[float]) -> AbstractContextManager[None]:
    """Note down how late a timer of 10 ms is, each time, in seconds."""
    return ticking(time.perf_counter, lambda seconds: late.append(max(0.0, seconds - TICK)))


def stalls(found: list[float]) -> AbstractContextManager[None]:
    """Note down how long the window's thread works between two looks of a timer: its own work, not others'."""
    return ticking(time.thread_time, found.append)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values does not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def resident_bytes() -> int:
    """Memory of this process that is in use now; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def measure_start(model: str | None) -> dict[str, Any]:
    """Start the program several times; the median of the seconds to its painted window."""
    seconds, torch = [], 0
    command = [sys.executable, "-m", "lab.window.quickness", "--start-only"]
    for _ in range(STARTS):
        begun = time.time()
        made = subprocess.run(
            command + (["--model", model] if model else []), capture_output=True, text=True, timeout=120, check=True
        )
        seen = json.loads(made.stdout)
        seconds.append(seen["painted"] - begun)
        torch += seen["torch"]
    return {"start_seconds": percentile(seconds, 0.5), "start_seconds_worst": max(seconds), "torch_at_start": torch}


def start_only(arguments: list[str]) -> int:
    """Run the program's own ``main`` until its window was painted, and print when that was."""
    import tempfile

    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QMainWindow

    from bdh_workbench.gui.application import main, make_application
    from lab.window.driving import prepare

    app = make_application()
    told: list[float] = []

    class Painted(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow) and not told:
                told.append(0.0)
                QTimer.singleShot(0, tell)  # comes when all that this painting covers is painted
            return False

    def tell() -> None:
        print(json.dumps({"painted": time.time(), "torch": int("torch" in sys.modules)}))
        QTimer.singleShot(0, app.quit)

    painted = Painted()
    app.installEventFilter(painted)
    with tempfile.TemporaryDirectory(prefix="bdh-start-") as folder:
        prepare(Path(folder))
        os.environ["BDH_WORKBENCH_HOME"] = folder
        return main(arguments)


def measure_lateness(driver: Driver) -> dict[str, Any]:
    """How late the window is while things are done: loading, writing, asking, a retention run."""
    results: dict[str, Any] = {}

    def during(name: str, work: Callable[[], object]) -> None:
        late: list[float] = []
        with lateness(late):
            work()
        results[f"{name}_lateness_p99"] = percentile(late, 0.99)
        results[f"{name}_lateness_worst"] = max(late, default=0.0)

    # What the machine itself adds, when it is busy with other things.
    during("idle", lambda: driver.settle(IDLE))
    during("load", driver.load)
    begun = time.perf_counter()
    during("write", lambda: driver.write_facts(invented_facts(20)))
    results["write_seconds"] = time.perf_counter() - begun
    during("ask", lambda: driver.ask("The seal of Bradalebra number 0 shows"))
    during("retention", lambda: _retention(driver))
    for mode in ("dark", "light"):
        during(f"{mode}_theme", partial(_theme, driver, mode))
    return results


def _retention(driver: Driver) -> None:
    retention = driver.window.panes.retention
    retention.source.setCurrentIndex(1)
    retention.run()
    driver.wait(lambda: retention.last is not None and driver.idle())


def _theme(driver: Driver, mode: str) -> None:
    driver.workbench.theme.set_mode(mode)
    driver.settle(0.3)


def measure_stalls(driver: Driver) -> dict[str, Any]:
    """The longest time that the window's thread works without looking at its events, and a search in many memories.

    A stall is its own work, a gap is by the clock: it counts what other threads and programs take as well.
    """
    import dataclasses

    from bdh_workbench.memory.files.memory_file import load_memory, save_memory
    from bdh_workbench.session.records.jobs import NewMemory, OpenMemory, SaveMemory
    from bdh_workbench.session.storage.searching import SearchIndex

    window, context = driver.window, driver.context
    results: dict[str, Any] = {}

    def during(name: str, work: Callable[[], object]) -> None:
        found: list[float] = []
        late: list[float] = []
        with stalls(found), lateness(late):
            work()
            driver.settle(0.5)
        results[f"{name}_stall"] = max(found, default=0.0)
        results[f"{name}_gap"] = max(late, default=0.0)

    for name in ("ask", "inspect", "write"):
        window.workspaces.show(name)
        driver.settle(0.2)
    for mode in ("dark", "light"):
        during(mode, partial(_theme, driver, mode))
    for kind in ("stall", "gap"):
        results[f"theme_{kind}"] = max(results.pop(f"dark_{kind}"), results.pop(f"light_{kind}"))
    context.submit(SaveMemory(title="Small"))
    driver.wait(driver.idle)
    path = driver.workbench.context.library.folder / "Book.safetensors"
    memory = load_memory(context.memory.path) if context.memory is not None and context.memory.path else None
    assert memory is not None
    sentence = "In the harbour of Bod the ferries wait for the tide, and nobody on the quay knows whose turn it is. "
    text = "".join(f"{sentence}{chr(10) * 2 * (n % 7 == 6)}" for n in range(BOOK // len(sentence)))
    record = dataclasses.replace(
        memory.items[0], kind="document", title="A book", prompt="", answer="", text=text, tokens=len(text) // 4
    )
    save_memory(path, dataclasses.replace(memory, items=(record, *memory.items[1:]), title="Book"))
    for number in range(SEARCHED):
        shutil.copyfile(context.memory.path, path.with_name(f"copy {number:03d}.safetensors"))  # type: ignore[arg-type, union-attr]
    window.workspaces.show("ask")
    driver.settle(0.3)

    def opened() -> None:
        context.submit(OpenMemory(path))
        driver.wait(lambda: driver.idle() and window.panes.text.view.whole == text)
        driver.settle(1.0)

    during("book", opened)
    index = SearchIndex(driver.workbench.home, path.parent)
    index.refresh()
    begun = time.perf_counter()
    index.find("harbour tide")
    results["search_seconds"] = time.perf_counter() - begun
    window.workspaces.show("write")
    long = (sentence * (PASTED // len(sentence) + 1))[:PASTED]

    def pasted() -> None:
        from PySide6.QtGui import QGuiApplication

        QGuiApplication.clipboard().setText(long)
        window.panes.write.editor.paste()

    during("paste", pasted)
    window.panes.write.clear()
    for other in path.parent.glob("*.safetensors"):
        other.unlink()
    context.submit(NewMemory())
    driver.wait(driver.idle)
    return results


def measure_frames(driver: Driver) -> dict[str, Any]:
    """Frames a second that the plot of all items draws while steps come faster than they can be drawn."""
    import math

    from PySide6.QtCore import QTimer

    plot = driver.window.panes.live.items
    painted = [0]
    late: list[float] = []
    driver.window.workspaces.go_to("live")
    plot.start([f"item {number}" for number in range(PLOTTED_CURVES)])

    def values(step: int) -> tuple[float, ...]:
        return tuple(1 / (1 + math.exp((150 + number - step) / 30)) for number in range(PLOTTED_CURVES))

    for step in range(PLOTTED_POINTS):
        plot.add(step, min(values(step)), values(step)[PLOTTED_CURVES // 2], values(step))
    driver.settle(0.5)
    old = plot.plot.paintEvent

    def counted(event: object) -> None:
        painted[0] += 1
        old(event)

    plot.plot.paintEvent = counted
    feed = QTimer()
    feed.setInterval(5)
    feed.timeout.connect(plot.mark)
    begun = time.perf_counter()
    feed.start()
    with lateness(late):
        driver.wait(lambda: time.perf_counter() - begun >= DRAWING)  # the feed never lets it settle
    feed.stop()
    seconds = time.perf_counter() - begun
    del plot.plot.paintEvent
    plot.clear()
    return {"frames_per_second": painted[0] / seconds, "frames_lateness_p99": percentile(late, 0.99)}


def measure_library(driver: Driver) -> dict[str, Any]:
    """Seconds until the table shows a library of many files, and how late the window is meanwhile."""
    library = driver.window.panes.library
    driver.write_facts(invented_facts(3))
    library.save()
    driver.wait(driver.idle)
    folder = driver.context.library.folder
    source = next(folder.glob("*.safetensors"))
    for number in range(FILES - 1):
        try:
            os.link(source, folder / f"copy {number:04d}.safetensors")
        except OSError:
            shutil.copyfile(source, folder / f"copy {number:04d}.safetensors")
    late: list[float] = []
    with lateness(late):
        begun = time.perf_counter()
        library.reload()
        driver.wait(lambda: library.filter.rowCount() == FILES)
        seconds = time.perf_counter() - begun
        driver.settle(0.2)
    shutil.rmtree(folder)
    library.reload()
    driver.wait(lambda: library.filter.rowCount() == 0 and driver.idle())
    return {"library_seconds": seconds, "library_lateness_p99": percentile(late, 0.99), "library_files": FILES}


def measure_growth(driver: Driver, writes: int) -> dict[str, Any]:
    """Memory that the process has gained over so many writes, each into a new memory."""
    from bdh_workbench.session.records.jobs import NewMemory

    before = 0
    for number in range(WARM_UP_WRITES + writes):
        if number == WARM_UP_WRITES:
            gc.collect()
            before = resident_bytes()
        driver.context.submit(NewMemory())
        driver.wait(driver.idle)  # or its facts would be replaced
        driver.write_facts(invented_facts(3, seed=number))
    gc.collect()
    return {"growth_bytes": resident_bytes() - before, "growth_writes": writes}


def measure_closing(model: str | None) -> dict[str, Any]:
    """What is left of a window that was closed in the middle of a write."""
    import shiboken6

    threads = set(threading.enumerate())
    window, timers, workbench, session = _closed_in_a_write(model)
    found = {
        "threads": sum(thread not in threads for thread in threading.enumerate()),
        "timers": sum(shiboken6.isValid(timer) and timer.isActive() for timer in timers),
        "jobs": int(session.busy),
        "windows": int(shiboken6.isValid(window)),
    }
    del window, session, timers
    gc.collect()
    found["objects"] = int(workbench() is not None)
    return {"left_alive": sum(found.values()), "left": found}


def _closed_in_a_write(model: str | None) -> tuple[Any, list[Any], Callable[[], Any], Any]:
    """A window that is gone, its timers, a weak reference to the whole program, and its session."""
    from PySide6.QtCore import QTimer

    from bdh_workbench.memory.settings import WriteSettings
    from lab.window.driving import driven

    with driven(model) as driver:
        window = driver.window
        window.show()
        driver.load()
        window.panes.write.form.set_settings(WriteSettings(method="gradient", steps=100_000, rate=1e-4, goal=0.999))
        window.panes.write.tabs.setCurrentIndex(1)
        window.panes.write.table.facts_model.set_facts(invented_facts(4))
        window.panes.write.write()
        driver.wait(lambda: len(window.panes.live.items.table()[1]) > 1)
        timers = [*window.findChildren(QTimer), *driver.workbench.clock.findChildren(QTimer)]
        return window, timers, weakref.ref(driver.workbench), driver.workbench.session


def measure(model: str | None, writes: int, say: Callable[[str], object]) -> dict[str, Any]:
    """All measurements, by name."""
    from lab.window.driving import driven

    results: dict[str, Any] = {"platform": sys.platform, "cpus": os.cpu_count()}
    say("starting the program")
    results |= measure_start(model)
    with driven(model) as driver:
        driver.window.show()
        driver.settle()
        say("lateness")
        results |= measure_lateness(driver)
        say("stalls")
        results |= measure_stalls(driver)
        say("frames")
        results |= measure_frames(driver)
        say("library")
        results |= measure_library(driver)
        say(f"{writes} writes")
        results |= measure_growth(driver, writes)
        info = driver.context.model
        results |= {"model": info.name if info else "", "qt_platform": driver.app.platformName()}
    say("closing")
    results |= measure_closing(model)
    results["missed"] = [target.key for target in TARGETS if not target.reached(results)]
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit status 1 where a target is missed, 2 where the window reported a failure."""
    parser = argparse.ArgumentParser(prog="python -m lab.window.quickness", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--model", metavar="DIR|NAME", help="a model folder, or a bundled model")
    parser.add_argument("--writes", type=int, default=200, help="over which the growth of memory is measured")
    parser.add_argument("--start-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if options.start_only:
        return start_only(["--model", options.model] if options.model else [])
    try:
        results = measure(options.model, options.writes, lambda text: print(text, "…", file=sys.stderr, flush=True))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(results))
    else:
        for target in TARGETS:
            mark = "ok    " if target.reached(results) else "MISSED"
            value, limit = results[target.key] * target.scale, target.limit * target.scale
            print(f"{mark}  {value:8.3f} {target.unit:3} ({'≤' if target.most else '≥'} {limit:g})  {target.name}")
        for key, name in GAPS:
            print(f"        {results[key]:8.3f} s    (by the clock)  {name}")
    return 1 if results["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
