"""The real program, started as often as a test likes: a server that has imported everything forks for each start.

A start of Python with torch takes three seconds; a fork takes milliseconds, and what runs in it is ``cli.main`` with a
command line, or a named function of this package. A child may be killed at any moment, as by a power cut or a person.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 100  # seconds in which every run is over, also on a busy machine


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended: its exit status (below zero: the signal that killed it), and what it said."""

    status: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on standard error."""
        return self.err.strip().rsplit("\n", 1)[-1]


class Program:
    """A server that forks the program."""

    def __init__(self, home: Path) -> None:
        """Start it, with a home folder for everything that the program keeps of its own."""
        self.home = home
        self._said = Path(tempfile.mkdtemp(prefix="said-"))
        environment = os.environ | {
            "BDH_WORKBENCH_HOME": str(home),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            "QT_QPA_PLATFORM": "offscreen",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.program"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
        )  # fmt: skip
        assert self._reply() == "ready"

    def begin(self, arguments: Sequence[str], patch: str = "", call: str = "") -> int:
        """Start a run; returns its process id.

        Args:
            arguments: the command line.
            patch: ``module:function`` to be called before, in the child.
            call: ``module:function`` to be called with the arguments in the place of the command line.
        """
        said = str(self._said / "run")
        return int(self._ask({"arguments": list(arguments), "patch": patch, "call": call, "said": said}))

    def end(self, pid: int, kill: bool = False) -> Done:
        """Wait for a run, or kill it as nothing can be refused."""
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        status = int(self._ask({"wait": pid}))
        out, err = (Path(f"{self._said / 'run'}.{end}").read_text(errors="replace") for end in ("out", "err"))
        return Done(status, out, err)

    def run(self, *arguments: object, patch: str = "", call: str = "") -> Done:
        """Run to the end."""
        return self.end(self.begin([str(argument) for argument in arguments], patch, call))

    def killed(
        self, seconds: float, *arguments: object, patch: str = "", call: str = "", watch: Path | None = None
    ) -> Done:
        """Run and kill after so many seconds; with ``watch``, counted from when a save into that folder begins."""
        pid = self.begin([str(argument) for argument in arguments], patch, call)
        if watch is not None:
            until = time.monotonic() + 20
            while time.monotonic() < until and not _gone(pid) and not any(watch.glob(".*.partial")):
                pass
        until = time.monotonic() + seconds
        while time.monotonic() < until and not _gone(pid):
            time.sleep(min(0.001, seconds))
        return self.end(pid, kill=True)

    def close(self) -> None:
        """End the server."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.kill()  # it has nothing to tidy up, and a busy machine may take long to end it
        self._process.wait()
        self._process.stdout.close()
        shutil.rmtree(self._said)

    def _ask(self, order: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._reply()

    def _reply(self) -> str:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        assert ready, f"no answer in {PATIENCE} s: {self._process.args}"
        return self._process.stdout.readline().strip()


def _gone(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


@contextlib.contextmanager
def program(home: Path) -> Iterator[Program]:
    """A server for a while."""
    server = Program(home)
    try:
        yield server
    finally:
        server.close()


def _function(name: str) -> Any:
    module, function = name.split(":")
    return getattr(importlib.import_module(module), function)


def _child(order: dict[str, Any]) -> int:
    """What the forked process does."""
    for descriptor, end in ((1, "out"), (2, "err")):
        file = os.open(f"{order['said']}.{end}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, descriptor)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    if order["patch"]:
        _function(order["patch"])()
    if order["call"]:
        return int(_function(order["call"])(*order["arguments"]) or 0)
    from bdh_workbench.cli import main

    return main(order["arguments"])


def _serve() -> None:
    """Fork for each order on standard input."""
    for name in ("torch", "tokenizers", "safetensors", "bdh_workbench.cli", "bdh_workbench.session.engine",
                 "bdh_workbench.commands.common", "bdh_workbench.asking.ask", "bdh_workbench.memory.writing.writer",
                 "bdh_workbench.memory.store.manage", "bdh_workbench.memory.files.library",
                 "bdh_workbench.model.loading", "bdh_workbench.session", "bdh_workbench.gui.application"):  # fmt: skip
        importlib.import_module(name)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if not pid:
            status = 99
            try:
                status = _child(order)
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                with contextlib.suppress(Exception):
                    sys.stdout.flush()
                os._exit(status)
        print(pid, flush=True)


if __name__ == "__main__":
    _serve()
