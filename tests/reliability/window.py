"""Faults in the real window: each is a scene that a process of its own plays from ``main()`` to its end.

A scene meets its fault, looks at what the window says and does, and goes on as a person would once the fault is gone.
What the window said in a dialog is printed as ``said: …``; the scene ends with an error if anything is not as promised.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bdh_workbench.gui.dialogs import failure, lines, questions
from bdh_workbench.gui.window.main_window import MainWindow
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.files.memory_file import load_memory
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing import gradient
from tests.gui.program import FIRST, SECOND, Scene, idle, play, put, written_and_saved
from tests.reliability import patches

said: list[str] = []


def held(w: MainWindow) -> int:
    """How many items the memory in use has."""
    return len(w.context.memory.items) if w.context.memory is not None else 0


def path_of(w: MainWindow) -> Path:
    """The file of the memory in use."""
    assert w.context.memory is not None and w.context.memory.path is not None
    return w.context.memory.path


def refused(*words: str) -> None:
    """The window must have told of a failure, in one sentence with these words and none of a traceback."""
    assert said, f"nothing was said of {words}"
    assert all(word in said[-1] for word in words) and "Traceback" not in said[-1], said
    assert "\n" not in said[-1] and "failed unexpectedly" not in said[-1], said
    said.clear()


def saved(w: MainWindow) -> Scene:
    """Two facts written and saved."""
    yield from written_and_saved(w)
    assert not said and len(load_memory(path_of(w)).items) == len(FIRST)


def still_saved(w: MainWindow, old: bytes) -> None:
    """The file is as it was, and what is new stays marked as unsaved."""
    assert path_of(w).read_bytes() == old and w.context.memory is not None and w.context.memory.dirty
    assert held(w) == len(FIRST) + len(SECOND)
    assert [path.name for path in path_of(w).parent.glob("*.safetensors")] == [path_of(w).name]


def save_works_again(w: MainWindow) -> Scene:
    """Once the fault is gone, the same button saves."""
    w.actions_by_name["save"].trigger()
    yield idle(w)
    assert not said and w.context.memory is not None and not w.context.memory.dirty
    assert len(load_memory(path_of(w)).items) == len(FIRST) + len(SECOND)


def disk_full(w: MainWindow) -> Scene:
    """The disk of the library has no room for the next version of a memory."""
    yield from saved(w)
    old = path_of(w).read_bytes()
    filler = path_of(w).with_name("filler")
    free = shutil.disk_usage(filler.parent).free
    filler.write_bytes(bytes(free - len(old) // 2))
    put(w, SECOND)
    yield idle(w)
    assert "No copy of the unsaved changes" in w.panes.activity.log.toPlainText(), "a warning in the log"
    w.actions_by_name["save"].trigger()
    yield idle(w)
    refused("could not be saved", "No space left")
    still_saved(w, old)
    filler.unlink()
    yield from save_works_again(w)


def read_only(w: MainWindow) -> Scene:
    """The folder of the library is mounted for reading only, half-way."""
    yield from saved(w)
    old, folder = path_of(w).read_bytes(), str(path_of(w).parent)
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    try:
        put(w, SECOND)
        yield idle(w)
        w.actions_by_name["save"].trigger()
        yield idle(w)
        refused("cannot be changed", "Read-only file system")
        still_saved(w, old)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
    yield from save_works_again(w)


def spoilt_while_open(w: MainWindow) -> Scene:
    """Another program cuts the file short that the memory in use came from."""
    yield from saved(w)
    whole = path_of(w).read_bytes()
    os.truncate(path_of(w), len(whole) // 2)
    w.panes.ask.line.setText(FIRST[0].prompt)
    w.panes.ask.ask()
    yield lambda: w.panes.ask.exchanges[-1].done
    assert FIRST[0].answer in w.panes.ask.exchanges[-1].answer, "what was loaded is there still"
    w.panes.library.open_file(path_of(w))
    yield idle(w)
    refused("damaged")
    assert held(w) == len(FIRST)
    put(w, SECOND)
    yield idle(w)
    yield from save_works_again(w)


def gpu_full(w: MainWindow) -> Scene:
    """The GPU has no memory left for a write (simulated)."""
    yield from saved(w)
    patches.gpu_memory_short()
    put(w, SECOND)
    yield idle(w)
    refused("not enough memory", "2.1 GB more were needed", "load the model on the CPU")
    assert held(w) == len(FIRST) and w.context.memory is not None and not w.context.memory.dirty


def no_number(w: MainWindow) -> Scene:
    """The loss of a write is no longer a number (simulated: the form takes no rate that is high enough)."""
    yield from saved(w)
    w.panes.write.form.set_settings(WriteSettings(method="gradient"))
    whole = gradient._terms
    gradient._terms = lambda *given: {name: term * float("nan") for name, term in whole(*given).items()}
    put(w, SECOND)
    yield idle(w)
    refused("no longer a number")
    assert held(w) == len(FIRST) and w.context.memory is not None and not w.context.memory.dirty
    gradient._terms = whole
    put(w, SECOND)
    yield idle(w)
    assert held(w) == len(FIRST) + len(SECOND)


def model_broken(w: MainWindow) -> Scene:
    """A file of the model is missing; once it is back the same window loads it."""
    yield lambda: bool(said) and idle(w)()
    refused("model.safetensors")
    folder = Path(str(w.commands.chosen_model[0]))
    (folder / "away").rename(folder / "model.safetensors")
    w.commands.load_model(str(folder), "cpu")
    yield from saved(w)


def clock_back(w: MainWindow) -> Scene:
    """The clock jumps back a year between two writes."""
    yield from saved(w)
    patches.clock_backwards()
    put(w, SECOND)
    yield idle(w)
    w.actions_by_name["save"].trigger()
    yield idle(w)
    layers = load_memory(path_of(w)).layers
    assert [layer.number for layer in layers] == [1, 2] and layers[1].created < layers[0].created
    put(w, (Fact("The ferry to Aldmoor leaves at", "dawn"),))
    yield idle(w)
    w.actions_by_name["undo"].trigger()
    yield idle(w)
    assert held(w) == len(FIRST) + len(SECOND) and not said


SCENES = {scene.__name__: scene for scene in (disk_full, read_only, spoilt_while_open, gpu_full, no_number,
                                              model_broken, clock_back)}  # fmt: skip


def run(scene: str, home: str, model: str) -> int:
    """Play a scene; what the window says is heard, and no dialog waits for a person."""

    def fail(cls: object, parent: object, message: str, details: str = "", choice: str = "") -> bool:
        said.append(message)
        print("said:", message, flush=True)
        return False

    failure.Failure.ask = classmethod(fail)  # type: ignore[assignment, method-assign]
    questions.Unsaved.ask = classmethod(lambda *_: "discard")  # type: ignore[assignment, method-assign]
    lines.Line.ask = classmethod(lambda *_, **__: "A title")  # type: ignore[assignment, method-assign]
    return play(SCENES[scene], Path(model), Path(home))
