"""What the suite of faults works on: a folder with a model and a saved memory, and a count of what followed."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bdh_workbench.errors import UserError
from bdh_workbench.memory.files.library import BrokenEntry, Library
from bdh_workbench.memory.files.memory_file import load_memory
from bdh_workbench.model.files import sweep
from tests.core_factory import many_facts
from tests.model_factory import save_facts, save_tiny_model
from tests.reliability.program import Done, Program

PATCHES = "tests.reliability.patches"
FILES = ("config.json", "model.safetensors", "tokenizer.json", "general.safetensors")


@dataclass(slots=True)
class Count:
    """What followed from one kind of fault."""

    fault: str
    trials: int = 0
    lost: int = 0
    tracebacks: int = 0
    half_written: int = 0
    outside: int = 0
    struck: int = 0  # trials in which the fault came before the work was done
    wrong: list[str] = field(default_factory=list)

    def good(self) -> bool:
        """Whether the promise held."""
        return self.trials > 0 and not (self.lost or self.tracebacks or self.half_written or self.outside or self.wrong)

    def expect(self, true: object, words: str) -> None:
        """Note what should not be."""
        if not true:
            self.wrong.append(words)

    def refused(self, done: Done, *words: str) -> None:
        """A run must have ended with status 1 and one sentence that holds the words."""
        self.trials += 1
        self.struck += done.status == 1
        self.tracebacks += "Traceback" in done.err
        said = done.last
        fine = done.status == 1 and said.startswith("bdh-workbench: ") and all(word in said for word in words)
        self.expect(fine and "inside the program" not in said, f"status {done.status}: {said[:300]}")


class Bench:
    """A folder with a model, facts, a saved memory, and the program."""

    def __init__(self, folder: Path, server: Program, seed: int) -> None:
        self.folder, self.program, self.random = folder, server, random.Random(seed)
        self.model = save_tiny_model(folder / "model")
        self.facts = save_facts(folder / "facts.json", many_facts(120, answer=2))
        self.more = save_facts(folder / "more.json", many_facts(150, answer=2)[120:])
        self.work = folder / "work"
        self.work.mkdir()
        self.saved = self.work / "memory.safetensors"
        done = self.write("--facts", self.facts)
        assert done.status == 0, done.err
        self.old = self.saved.read_bytes()
        self.items = len(load_memory(self.saved).items)

    def write(self, *more: object, patch: str = "") -> Done:
        """Write into the memory file."""
        return self.program.run(*self.command("write", *more), patch=patch)

    def command(self, name: str, *more: object) -> list[object]:
        """A command line with the model and the memory file as its target."""
        return [
            name,
            *more,
            "--memory",
            self.saved,
            *(["--model", self.model] if name in ("write", "query", "forget") else []),
        ]

    def extend(self) -> list[object]:
        """Write more facts into the memory in place."""
        return self.command("write", "--facts", self.more, "--into", self.saved)

    def shrink(self) -> list[object]:
        """Forget some of them in place."""
        return self.command("forget", self.saved, "--item", "3", "--item", "5")

    def restore(self) -> None:
        """The memory as it was saved first; nothing else beside it."""
        shutil.rmtree(self.work)
        self.work.mkdir()
        self.saved.write_bytes(self.old)

    def check(self, count: Count, allowed: set[int]) -> None:
        """The memory is whole and holds as many items as it may; nothing else lies about."""
        try:
            found = len(load_memory(self.saved).items)
        except UserError as error:
            count.lost += 1
            count.wrong.append(str(error)[:300])
            return
        count.lost += found not in allowed
        entries = Library(self.work).entries()
        count.half_written += sum(isinstance(entry, BrokenEntry) for entry in entries) + (len(entries) != 1)
        sweep(self.work)  # as the next save does
        strays = [name for name in os.listdir(self.work) if name != self.saved.name]
        known = {"model", "facts.json", "more.json", "work", "home"}
        count.outside += len(strays) + len(set(os.listdir(self.folder)) - known)


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """A disk of so many bytes mounted at a folder; false where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
