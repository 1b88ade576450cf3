"""Pictures of the window: a small real session in a home of its own, offscreen, in light and dark, at 1x and 2x.

The scale of a process is fixed before Qt starts, so that each scale has a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SCALES = (1, 2)
SIZES = {"window": (1480, 920), "window-small": (1100, 700)}
PATIENCE = 300.0  # seconds for any one job
QUESTIONS = ("The lighthouse at Cobbler's Point is kept by a retired", "The capital of France is")
TEXT = "The trams of Lindhaven must stop whenever they meet a"


def main(out: Path, model: str | None = None) -> int:
    """Take all pictures into a folder; returns an exit status."""
    out.mkdir(parents=True, exist_ok=True)
    for scale in SCALES:
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, "-m", "bdh_workbench.gui.screenshots", str(out), str(scale), model or ""]
        done = subprocess.run(command, env=environment, check=False)
        if done.returncode:
            return 1
    return 0


def take(out: Path, scale: int, model: str | None) -> None:
    """Take the pictures of one scale."""
    from bdh_workbench.gui.application import Workbench, make_application

    app = make_application()

    def wait(until: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not until():
            app.processEvents()
            time.sleep(0.01)
            if time.monotonic() > end:
                raise TimeoutError("The session did not get on with its job.")
        settle()

    def settle() -> None:
        for _ in range(12):
            app.processEvents()
            time.sleep(0.01)

    with tempfile.TemporaryDirectory(prefix="bdh-screenshots-") as home:
        workbench = Workbench(app, Path(home), model, "cpu")
        try:
            _session(workbench, wait, out, scale)
            _pictures(workbench, settle, out, scale)
        finally:
            workbench.window.close_now()
            workbench.close()


def _session(workbench: object, wait: Callable[[Callable[[], object]], None], out: Path, scale: int) -> None:
    """Load, write facts and a document, save, ask, look at a text, run retention."""
    from bdh_workbench.gui.application import Workbench
    from bdh_workbench.session.jobs import LoadModel, SaveMemory

    assert isinstance(workbench, Workbench)
    window, context = workbench.window, workbench.context
    window.show()
    window.resize(*SIZES["window"])
    window.arrange()
    for mode in ("light", "dark"):
        workbench.theme.set_mode(mode)
        wait(lambda: True)
        window.grab().save(str(out / f"empty-{mode}-{scale}x.png"))
    context.submit(LoadModel(workbench.model, "cpu"))
    wait(lambda: context.model is not None)
    window.write.sample_facts()
    wait(lambda: window.write.table.facts_model.rows)
    window.write.write()
    wait(lambda: context.memory is not None and context.memory.items and not context.unfinished)
    context.submit(SaveMemory(None, "Twenty odd facts"))
    wait(lambda: not context.unfinished)
    window.write.sample_documents()
    wait(lambda: window.write.tabs.currentIndex() == 0)
    window.write.write()
    wait(lambda: context.memory is not None and len(context.memory.layers) == 2 and not context.unfinished)
    window.library.reload()
    for question in QUESTIONS:
        window.console.line.setText(question)
        window.console.ask()
        wait(lambda: window.console.exchanges[-1].done)
    window.gates.line.setText(TEXT)
    window.gates.look()
    wait(lambda: window.gates.seen is not None)
    window.retention.source.setCurrentIndex(1)
    window.retention.run()
    wait(lambda: window.retention.last is not None and not context.unfinished)


def _pictures(workbench: object, settle: Callable[[], None], out: Path, scale: int) -> None:
    from bdh_workbench.gui.application import Workbench

    assert isinstance(workbench, Workbench)
    window = workbench.window
    window.console.line.setFocus()
    for mode in ("light", "dark"):
        workbench.theme.set_mode(mode)
        for name, size in SIZES.items():
            window.resize(*size)
            window.arrange()
            settle()
            window.grab().save(str(out / f"{name}-{mode}-{scale}x.png"))
        window.resize(*SIZES["window"])
        window.arrange()
        for name, dock in window.docks.items():
            dock.raise_()
            settle()
            dock.grab().save(str(out / f"{name}-{mode}-{scale}x.png"))
        window.docks["retention"].raise_()


if __name__ == "__main__":
    take(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] or None)
