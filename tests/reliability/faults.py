"""Faults on the real program: ``python -m tests.reliability.faults --json`` brings about each and counts what follows.

For each fault: how often it was brought about (``trials``), after how many of them the last saved memory could not be
opened or was not one of those it may be (``lost``), how many runs showed a trace (``tracebacks``), how many left
something half-written where a memory is looked for (``half_written``) or anything outside the folder they were given
(``outside``), and what else was wrong (``wrong``, in words).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bdh_workbench.memory.files.library import BrokenEntry, Library
from bdh_workbench.memory.files.memory_file import load_memory
from bdh_workbench.session.storage.recovery import Recovery
from tests.reliability.bench import FILES, PATCHES, Bench, Count, small_disk
from tests.reliability.program import program

WINDOW = ("disk_full", "read_only", "spoilt_while_open", "gpu_full", "no_number", "model_broken", "clock_back")


def _timed(bench: Bench, command: list[object]) -> float:
    begun = time.monotonic()
    done = bench.program.run(*command)
    assert done.status == 0, done.err
    return time.monotonic() - begun


def killed_commands(bench: Bench, trials: int) -> Count:
    """kill -9 of the command line, half of it anywhere in a run, half of it while it saves."""
    count = Count("kill -9 of write and forget")
    commands = {"write": bench.extend(), "forget": bench.shrink()}
    seconds = {}
    for name, command in commands.items():
        bench.restore()
        seconds[name] = _timed(bench, command)
    after = {"write": bench.items + 30, "forget": bench.items - 2}
    # A run that ends before it is killed is no trial of anything: go on until enough of them were killed.
    while count.struck < trials and count.trials < 4 * trials:
        bench.restore()
        name = "write" if count.trials % 4 < 3 else "forget"
        saving = bool(count.trials % 2)
        wait = bench.random.random() * (0.012 if saving else seconds[name])
        done = bench.program.killed(wait, *commands[name], watch=bench.work if saving else None)
        count.trials += 1
        count.struck += done.status < 0
        count.tracebacks += "Traceback" in done.err
        bench.check(count, {bench.items, after[name]})
        if done.status == 0:
            count.expect(len(load_memory(bench.saved).items) == after[name], "done, but not saved")
    return count


def killed_sessions(bench: Bench, trials: int) -> Count:
    """kill -9 of the window's session while it writes and saves: what was saved or copied last opens afterwards."""
    count = Count("kill -9 of the window's session")
    for _ in range(trials):
        home = Path(tempfile.mkdtemp(prefix="home-", dir=bench.folder / "home"))
        wait = 0.1 + 1.5 * bench.random.random()
        arguments = (home, bench.model, bench.facts, 400)
        done = bench.program.killed(wait, *arguments, call=f"{PATCHES}:session")
        count.trials += 1
        count.struck += done.status < 0
        count.tracebacks += "Traceback" in done.err
        told: dict[str, int] = {}
        for line in done.out.splitlines():
            if len(parts := line.split()) == 2 and parts[1].isdecimal():
                told[parts[0]] = int(parts[1])
        entries = Library(home / "memories").entries()
        count.half_written += sum(isinstance(entry, BrokenEntry) for entry in entries)
        held = 0
        with contextlib.suppress(IndexError):
            held = len(load_memory(entries[0].path).items)
        count.lost += held < told.get("saved", 0)
        recovery = Recovery(home)
        found = recovery.find()
        copied = len(recovery.load(found).items) if found is not None else 0
        # Whatever was told to be written is in the file or in the copy.
        count.lost += max(held, copied) < told.get("written", 0)
        recovery.close(False)
        count.outside += len(set(os.listdir(home)) - {"memories", "recovery"})
        shutil.rmtree(home)
    return count


def full_disk(bench: Bench, trials: int) -> Count:
    """A disk with less and less room for the new file beside the old one; then a quota."""
    count = Count("disk full")
    bench.restore()
    usual, size = bench.saved, len(bench.old)
    for trial in range(trials):
        with small_disk(bench.folder / "home" / "disk", int(size * (1.05 + 0.9 * trial / trials))) as mounted:
            if not mounted:
                break
            bench.saved = bench.folder / "home" / "disk" / "memory.safetensors"
            bench.saved.write_bytes(bench.old)
            command = bench.extend() if trial % 2 else bench.command("forget", bench.saved, "--item", "3")
            count.refused(bench.program.run(*command), "could not be saved", "No space left")
            count.lost += bench.saved.read_bytes() != bench.old
            count.half_written += len(os.listdir(bench.saved.parent)) != 1
    bench.saved = usual
    for _ in range(3):
        bench.restore()
        done = bench.program.run(*bench.extend(), patch=f"{PATCHES}:files_limited")
        count.refused(done, "could not be saved", "File too large")
        count.lost += bench.saved.read_bytes() != bench.old
        bench.check(count, {bench.items})
    return count


def read_only(bench: Bench, trials: int) -> Count:
    """A folder on a disk that was mounted for reading."""
    count = Count("read-only folder")
    usual = bench.saved
    with small_disk(bench.folder / "home" / "disk", 64 << 20) as mounted:
        if mounted:
            bench.saved = bench.folder / "home" / "disk" / "memory.safetensors"
            bench.saved.write_bytes(bench.old)
            subprocess.run(["mount", "-o", "remount,ro", str(bench.saved.parent)], check=True)
            for trial in range(trials):
                count.refused(bench.program.run(*(bench.extend() if trial % 2 else bench.shrink())), "is not writable")
                count.lost += bench.saved.read_bytes() != bench.old
            asked = bench.program.run("query", "--memory", bench.saved, "--model", bench.model, "x")
            count.expect(asked.status == 0, f"a memory there cannot be read: {asked.last}")
    bench.saved = usual
    return count


def changed_meanwhile(bench: Bench, trials: int) -> Count:
    """Memory and model files cut short, replaced or removed by another program while they are being opened."""
    count = Count("file replaced, truncated or removed while open")
    model = bench.folder / "home" / "model"
    for trial in range(trials):
        bench.restore()
        shutil.copytree(bench.model, model, dirs_exist_ok=True)
        target = bench.saved if trial % 3 else model / FILES[1 + trial % 4 // 2 * 2]
        act = trial % 4
        stop = threading.Event()

        def spoil(target: Path = target, act: int = act, stop: threading.Event = stop) -> None:
            whole = target.read_bytes()
            source = random.Random(act)
            while not stop.is_set():
                if act == 0:
                    os.truncate(target, source.randrange(len(whole)))
                elif act == 1:
                    target.with_name("other").write_bytes(source.randbytes(len(whole)))
                    os.replace(target.with_name("other"), target)
                elif act == 2:
                    with contextlib.suppress(FileNotFoundError):
                        target.unlink()
                else:
                    with target.open("r+b") as file:
                        file.seek(source.randrange(len(whole)))
                        file.write(b"\0" * 1000)
                time.sleep(0.002)
                target.write_bytes(whole)
                time.sleep(0.002)

        thread = threading.Thread(target=spoil)
        thread.start()
        done = bench.program.run("query", "--memory", bench.saved, "--model", model, "--max-tokens", "2", "Abc is")
        stop.set()
        thread.join()
        count.trials += 1
        count.struck += done.status == 1
        count.tracebacks += "Traceback" in done.err or "panicked" in done.err
        count.expect(
            done.status in (0, 1) and "inside the program" not in done.err, f"{done.status}: {done.last[:300]}"
        )
        bench.check(count, {bench.items})
    return count


def one_library(bench: Bench, trials: int) -> Count:
    """Several processes that save, rename, note and delete in one library at the same time."""
    count = Count("processes on one library")
    home = bench.folder / "home" / "shared"
    server = subprocess.Popen
    rounds = 9
    running = []
    for number in range(trials):
        code = f"import sys; from {PATCHES} import library; library(*sys.argv[1:])"
        running.append(server([sys.executable, "-c", code, str(home), str(number), str(rounds)],
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True))  # fmt: skip
    for process in running:
        _, said = process.communicate(timeout=100)
        count.trials += rounds
        count.tracebacks += "Traceback" in said
        count.expect(process.returncode == 0, said[-300:])
    shelf = Library(home / "memories")
    entries = shelf.entries()
    count.half_written += sum(isinstance(entry, BrokenEntry) for entry in entries)
    notes = {load_memory(entry.path).note for entry in entries if not isinstance(entry, BrokenEntry)}
    wanted = {f"{n} {i}" for n in range(trials) for i in range(rounds) if i % 3 != 2}
    count.lost += len(wanted - notes)
    count.expect(len(entries) == len(wanted), f"{len(entries)} memories instead of {len(wanted)}")
    shutil.rmtree(home)
    return count


def clock_back(bench: Bench, trials: int) -> Count:
    """A clock that stands a year back from one write to the next, and files from the future."""
    count = Count("clock going backwards")
    for trial in range(trials):
        bench.restore()
        os.utime(bench.saved, (time.time() + 1e8, time.time() + 1e8))
        done = bench.program.run(*bench.extend(), patch=f"{PATCHES}:clock_backwards")
        count.trials += 1
        count.struck += 1
        count.tracebacks += "Traceback" in done.err
        count.expect(done.status == 0, done.last[:300])
        bench.check(count, {bench.items + 30})
        memory = load_memory(bench.saved)
        count.expect([layer.number for layer in memory.layers] == [1, 2], "layers out of order")
        count.expect(memory.layers[1].created < memory.layers[0].created, "the clock did not go back")
        asked = bench.program.run("query", "--json", "--memory", bench.saved, "--model", bench.model, f"Trial {trial}")
        count.expect(asked.status == 0, asked.last[:300])
    return count


def memory_short(bench: Bench, trials: int) -> Count:
    """Too little memory on the GPU (simulated) and on the machine (limited)."""
    count = Count("out of memory")
    for trial in range(trials):
        bench.restore()
        patch = "gpu_memory_short" if trial % 2 else "memory_short"
        count.refused(bench.program.run(*bench.extend(), patch=f"{PATCHES}:{patch}"), "not enough memory")
        bench.check(count, {bench.items})
    return count


def no_number(bench: Bench, trials: int) -> Count:
    """A write whose loss is no longer a number."""
    count = Count("loss that is not a number")
    for trial in range(trials):
        bench.restore()
        rate = ("1e13", "1e14", "1e15")[trial % 3]
        settings = ("--method", "gradient", "--rate", rate, "--norm", "1e30", "--decay", "1e30")
        count.refused(bench.program.run(*bench.extend(), *settings), "no longer a number")
        bench.check(count, {bench.items})
    return count


def missing_files(bench: Bench, trials: int) -> Count:
    """A model folder in which a file is missing, empty, cut short or a folder; each file in turn."""
    count = Count("model folder with a file missing or damaged")
    for trial in range(trials):
        bench.restore()
        folder = bench.folder / "home" / "spoilt"
        shutil.copytree(bench.model, folder, dirs_exist_ok=True)
        path = folder / FILES[trial % 4]
        act = trial // 4 % 4
        whole = path.read_bytes()
        path.unlink()
        if act == 3:
            path.mkdir()
        elif act:
            path.write_bytes(whole[: len(whole) // 2 * (act - 1)])
        done = bench.program.run("write", "--facts", bench.more, "--into", bench.saved, "--memory", bench.saved,
                                 "--model", folder)  # fmt: skip
        # A folder without its configuration is none; elsewhere the file is named.
        count.refused(done, *([] if path.name == "config.json" else [path.name]), str(folder))
        bench.check(count, {bench.items})
        shutil.rmtree(folder)
    return count


def in_the_window(bench: Bench, trials: int) -> Count:
    """The scenes of ``window.py``: faults while the real window is open, and what it can do once they are gone."""
    count = Count("the same faults while the window is open")
    for trial in range(trials):
        scene = WINDOW[trial % len(WINDOW)]
        home = bench.folder / "home" / "window"
        model = bench.model
        with small_disk(home, 8 << 20) as mounted:
            if scene in ("disk_full", "read_only") and not mounted:
                continue
            if scene == "model_broken":
                model = bench.folder / "home" / "broken"
                shutil.copytree(bench.model, model)
                (model / "model.safetensors").rename(model / "away")
            done = bench.program.run(scene, home, model, call="tests.reliability.window:run")
            count.trials += 1
            count.struck += "said: " in done.out or scene == "clock_back"
            shown = "Traceback" in done.err + done.out
            count.tracebacks += shown
            count.expect(done.status == 0 and not shown, f"{scene}: {done.status}: {done.err[-900:]}")
            entries = Library(home / "memories").entries()
            count.half_written += sum(isinstance(entry, BrokenEntry) for entry in entries)
            count.lost += len(entries) != 1
            strays = set(os.listdir(home)) - {
                "memories",
                "recovery",
                "settings.toml",
                "search.sqlite3",
                "crash.log",
                "window.lock",
            }
            count.outside += len(strays)
            count.expect(not strays, f"strays: {strays}")
        shutil.rmtree(home)
        shutil.rmtree(bench.folder / "home" / "broken", ignore_errors=True)
    return count


FAULTS: Mapping[str, tuple[Callable[[Bench, int], Count], int, int]] = {
    # name: the function, trials in full, trials in brief
    "kill": (killed_commands, 140, 8),
    "session": (killed_sessions, 60, 2),
    "full": (full_disk, 20, 3),
    "readonly": (read_only, 10, 2),
    "changed": (changed_meanwhile, 60, 6),
    "library": (one_library, 4, 2),
    "clock": (clock_back, 5, 1),
    "memory": (memory_short, 10, 2),
    "nan": (no_number, 6, 2),
    "missing": (missing_files, 16, 16),
    "window": (in_the_window, 21, 7),
}


@contextlib.contextmanager
def laid_out(seed: int = 0) -> Iterator[Bench]:
    """A bench in a folder of its own, for as many faults as wanted."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        with program(folder / "home") as server:
            yield Bench(folder, server, seed)


def main() -> int:
    """Bring about every fault; 0 if the promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--brief", action="store_true", help="a few trials of each")
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    counts = []
    with laid_out(args.seed) as bench:
        for name in args.only:
            act, full, few = FAULTS[name]
            begun = time.monotonic()
            count = act(bench, few if args.brief else full)
            verdict = "held" if count.good() else "BROKEN"
            print(f"{verdict} ({time.monotonic() - begun:.1f} s): {count}", file=sys.stderr, flush=True)
            counts.append(count)
    report: dict[str, Any] = {"faults": [asdict(count) for count in counts], "held": all(c.good() for c in counts)}
    if args.json:
        print(json.dumps(report))
    return 0 if report["held"] else 1


if __name__ == "__main__":
    sys.exit(main())
