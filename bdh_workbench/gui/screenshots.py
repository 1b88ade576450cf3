"""Pictures of the window: a small real session in a home of its own, offscreen, in light and dark, at 1x and 2x.

The scale of a process is fixed before Qt starts, so that each scale has a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bdh_workbench.gui.driving import Driver

SCALES = (1, 2)
SIZES = {"window": (1480, 920), "window-small": (1100, 700)}
MODES = ("light", "dark")
QUESTIONS = (
    "The lighthouse at Cobbler's Point is kept by a retired",
    "The smallest post office in the county of Hollin has no",
    "Who painted the ceiling of the town hall?",
    "What must the trams of Lindhaven stop for?",
)
TEXT = "The trams of Lindhaven must stop whenever they meet a"
FAILURE = "The memory of the GPU ran out: 3.1 GB are needed, 1.2 GB are free. Write less at once, or use the CPU."
STEPS = 40  # of the gradient write that is held half-way
DOCS = {  # the pictures that README and tutorial show, and which of all they are
    "window-light": "window-light-1x",
    "window-dark": "window-dark-1x",
    "tutorial-write": "write-facts-light-1x",
    "tutorial-live": "live-light-1x",
    "tutorial-console": "console-light-1x",
    "tutorial-library": "library-light-1x",
    "tutorial-retention": "retention-light-1x",
    "tutorial-gates": "gates-light-1x",
}


def main(out: Path, model: str | None = None, docs: Path | None = None) -> int:
    """Take all pictures into a folder, and those of the docs into theirs besides; returns an exit status."""
    out.mkdir(parents=True, exist_ok=True)
    for scale in SCALES:
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, "-m", "bdh_workbench.gui.screenshots", str(out), str(scale), model or ""]
        done = subprocess.run(command, env=environment, check=False)
        if done.returncode:
            return 1
    if docs is not None:
        docs.mkdir(parents=True, exist_ok=True)
        for name, taken in DOCS.items():
            shutil.copyfile(out / f"{taken}.png", docs / f"{name}.png")
    return 0


def take(out: Path, scale: int, model: str | None) -> None:
    """Take the pictures of one scale."""
    from bdh_workbench.gui.driving import driven

    with driven(model) as driver:
        _empty(driver, out, scale)
        _session(driver)
        for mode in MODES:
            driver.workbench.theme.set_mode(mode)
            _window(driver, out, f"{mode}-{scale}x")
            _panes(driver, out, f"{mode}-{scale}x")
            _dialogs(driver, out, f"{mode}-{scale}x")
        _writing(driver, out, scale)


def _empty(driver: Driver, out: Path, scale: int) -> None:
    window = driver.window
    window.show()
    window.resize(*SIZES["window"])
    window.arrange()
    for mode in MODES:
        driver.workbench.theme.set_mode(mode)
        driver.settle()
        window.grab().save(str(out / f"empty-{mode}-{scale}x.png"))


def _session(driver: Driver) -> None:
    """Load, write facts and documents, save, ask, look at a text, run retention."""
    from bdh_workbench.session.jobs import NewMemory, SaveMemory

    window, context = driver.window, driver.context
    driver.load()
    for title, sample in (("Ten facts", window.write.sample_facts), ("Stories", window.write.sample_documents)):
        if context.memory is not None and context.memory.items:
            context.submit(NewMemory())
        sample()
        driver.wait(driver.idle)
        window.write.write()
        driver.wait(driver.idle)
        context.submit(SaveMemory(None, title))
        driver.wait(driver.idle)
    window.retention.source.setCurrentIndex(1)
    window.retention.run()
    driver.wait(lambda: window.retention.last is not None and driver.idle())
    window.write.sample_facts()
    driver.wait(driver.idle)
    window.write.write()
    driver.wait(driver.idle)
    window.library.reload()
    for question in QUESTIONS:
        driver.ask(question)
    window.gates.line.setText(TEXT)
    window.gates.look()
    driver.wait(lambda: window.gates.seen is not None)
    window.write.tabs.setCurrentIndex(0)
    window.ask.line.setFocus()


def _window(driver: Driver, out: Path, ending: str) -> None:
    for name, size in SIZES.items():
        driver.window.resize(*size)
        driver.window.arrange()
        driver.settle(0.3)
        driver.window.grab().save(str(out / f"{name}-{ending}.png"))


def _panes(driver: Driver, out: Path, ending: str) -> None:
    window = driver.window
    window.resize(*SIZES["window"])
    window.arrange()
    for name, dock in window.docks.items():
        dock.raise_()
        driver.settle(0.2)
        dock.grab().save(str(out / f"{name}-{ending}.png"))
    for name, tabs in (("gates", window.gates.tabs), ("retention", window.retention.tabs), ("write", window.write.tabs),
                       ("library", window.memory.details.tabs)):  # fmt: skip
        window.docks[name].raise_()
        for index in range(1, tabs.count()):
            tabs.setCurrentIndex(index)
            driver.settle(0.2)
            label = tabs.tabText(index).lower()
            window.docks[name].grab().save(str(out / f"{name}-{label}-{ending}.png"))
        tabs.setCurrentIndex(0)
    for name, toggle in (("write", window.write.advanced_button), ("console", window.ask.settings_button)):
        toggle.click()
        driver.settle(0.2)
        window.docks[name].grab().save(str(out / f"{name}-settings-{ending}.png"))
        toggle.click()
    window.docks["retention"].raise_()


def _dialogs(driver: Driver, out: Path, ending: str) -> None:
    from bdh_workbench.gui.dialogs.about import about_box
    from bdh_workbench.gui.dialogs.card import ModelCard
    from bdh_workbench.gui.dialogs.failure import failure_box
    from bdh_workbench.gui.dialogs.guide import Guide
    from bdh_workbench.gui.dialogs.help import Help
    from bdh_workbench.gui.dialogs.merge import MergeDialog
    from bdh_workbench.gui.dialogs.model import ModelChooser

    info = driver.context.model
    assert info is not None
    words = Help(driver.window)
    words.tabs.setCurrentIndex(1)
    for name, dialog in (
        ("guide", Guide(driver.window)),
        ("help", Help(driver.window)),
        ("help-words", words),
        ("model", ModelChooser(driver.window, info.folder)),
        ("card", ModelCard(driver.window, info)),
        ("merge", MergeDialog(driver.window, ["Ten facts", "Stories"])),
        ("about", about_box(driver.window, "small · 2.7M parameters · cpu")),
        ("failure", failure_box(driver.window, FAILURE, "details", "Load on the CPU")),
    ):
        dialog.show()
        driver.settle(0.2)
        dialog.grab().save(str(out / f"{name}-{ending}.png"))
        dialog.close()
        dialog.deleteLater()


def _writing(driver: Driver, out: Path, scale: int) -> None:
    """A gradient write, held half-way, with a second one that waits."""
    from bdh_workbench.memory.settings import WriteSettings
    from bdh_workbench.session.jobs import NewMemory

    window = driver.window
    window.resize(*SIZES["window"])
    window.arrange()
    driver.context.submit(NewMemory())
    driver.wait(driver.idle)
    window.write.form.set_settings(WriteSettings(method="gradient", steps=STEPS, rate=0.01, goal=0.999))
    window.write.tabs.setCurrentIndex(1)
    window.write.write()
    window.write.write()
    # The curves of the write before stand until this one has begun; it alone has the terms of gradient steps.
    driver.wait(lambda: "norm" in window.live.loss.table()[0] and window.live.loss.table()[1][STEPS // 2 :])
    window.write.toggle_pause()
    driver.wait(lambda: window.write.paused)
    for mode in MODES:
        driver.workbench.theme.set_mode(mode)
        driver.settle(0.3)
        window.grab().save(str(out / f"writing-{mode}-{scale}x.png"))
    window.docks["activity"].raise_()
    driver.settle(0.2)
    window.docks["activity"].grab().save(str(out / f"activity-writing-dark-{scale}x.png"))
    for job in tuple(driver.context.jobs.unfinished):
        driver.context.session.cancel(job)
    driver.wait(driver.idle)


if __name__ == "__main__":
    take(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] or None)
