"""Pictures of the window: a small real session in a home of its own, every workspace and pane, in light and dark."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog, QWidget

    from bdh_workbench.session.records.views import ModelInfo
    from lab.window.driving import Driver

WINDOW_SIZES = ((1100, 700), (1480, 920), (1920, 1080))
MIDDLE = WINDOW_SIZES[1]
PICTURED_MODES = ("light", "dark")
PICTURED_QUESTIONS = (
    "What is the name of the postmistress?",
    "Who is the mayor of Gdansk?",
    "The lighthouse at Cobbler's Point is kept by a retired",
    "What must the trams of Lindhaven stop for?",
)
PINNED = (0, 2)  # questions that are kept as checks
SOURCE_QUESTION = 0  # the question whose source is shown
CONTINUED_TEXT = "The trams of Lindhaven must stop whenever they meet a"
FAILURE = "The memory of the GPU ran out: 3.1 GB are needed, 1.2 GB are free. Write less at once, or use the CPU."
VERSIONS = "This document is a new version of another. Replace that one?\n\n“Harbour, 2026” instead of “Harbour, 2025”"
PAUSED_WRITE_STEPS = 40  # of the gradient write that is paused half-way
DOCS = {  # the pictures that README and tutorial show, and which of all they are
    "window-light": "ask-1480x920-light",
    "window-dark": "ask-1480x920-dark",
    "tutorial-write": "pane-write-facts-light",
    "tutorial-live": "pane-live-light",
    "tutorial-ask": "pane-ask-light",
    "tutorial-library": "pane-library-light",
    "tutorial-retention": "pane-retention-light",
    "tutorial-gates": "pane-gates-light",
}


def main(out: Path, model: str | None = None, docs: Path | None = None) -> int:
    """Take all pictures into a folder, and those of the docs into theirs besides; returns an exit status."""
    out.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "lab.window.pictures", str(out), model or ""]
    if subprocess.run(command, env=environment, check=False).returncode:
        return 1
    if docs is not None:
        docs.mkdir(parents=True, exist_ok=True)
        for name, taken in DOCS.items():
            shutil.copyfile(out / f"{taken}.png", docs / f"{name}.png")
    return 0


def take(out: Path, model: str | None) -> None:
    """Take the pictures in this process."""
    from lab.window.driving import driven

    with driven(model) as driver:
        driver.window.show()
        _workspaces(driver, out, "empty-", (MIDDLE,))
        _session(driver)
        _workspaces(driver, out, "", WINDOW_SIZES)
        driver.window.resize(*MIDDLE)
        for mode in PICTURED_MODES:
            _dress(driver, mode)
            _panes(driver, out, mode)
            _dialogs(driver, out, mode)
        _writing(driver, out)


def _dress(driver: Driver, mode: str) -> None:
    driver.workbench.theme.set_mode(mode)
    driver.settle(0.2)


def _workspaces(driver: Driver, out: Path, beginning: str, sizes: tuple[tuple[int, int], ...]) -> None:
    """Every workspace at every size, light and dark."""
    from bdh_workbench.session.storage.settings import WORKSPACES

    window = driver.window
    for size in sizes:
        window.resize(*size)
        for name in WORKSPACES:
            window.workspaces.show(name)
            window.workspaces.reset()
            driver.settle(0.3)
            for mode in PICTURED_MODES:
                _dress(driver, mode)
                window.grab().save(str(out / f"{beginning}{name}-{size[0]}x{size[1]}-{mode}.png"))


def _session(driver: Driver) -> None:
    """Load, write facts and documents, save, ask, pin checks, look at a text, run retention."""
    from bdh_workbench.gui.parts.asking.exchange import SHOW_SOURCE as SHOW
    from bdh_workbench.session.records.jobs import NewMemory, SaveMemory

    window, context = driver.window, driver.context
    driver.load()
    window.workspaces.show("write")
    for title, sample in (
        ("Ten facts", window.panes.write.sample_facts),
        ("Stories", window.panes.write.sample_documents),
    ):
        if context.memory is not None and context.memory.items:
            context.submit(NewMemory())
        sample()
        driver.wait(driver.idle)
        window.panes.write.write()
        driver.wait(driver.idle)
        context.submit(SaveMemory(None, title))
        driver.wait(driver.idle)
    window.panes.write.sample_facts()
    driver.wait(driver.idle)
    window.panes.write.write()
    driver.wait(driver.idle)
    window.workspaces.show("inspect")
    window.panes.retention.run()
    driver.wait(lambda: window.panes.retention.last is not None and driver.idle())
    window.panes.gates.line.setText(CONTINUED_TEXT)
    window.panes.gates.look()
    driver.wait(lambda: window.panes.gates.seen is not None)
    window.panes.library.reload()
    driver.wait(driver.idle)
    window.panes.compare.choosers[1].setCurrentIndex(window.panes.compare.choosers[1].findText("Ten facts"))
    driver.wait(driver.idle)
    window.workspaces.show("ask")
    for question in PICTURED_QUESTIONS:
        driver.ask(question)
    for number in PINNED:
        context.state.check_pinned.emit(window.panes.ask.exchanges[number].check())
    driver.wait(driver.idle)
    window.panes.checks.run()
    driver.wait(driver.idle)
    sources = window.panes.ask.exchanges[SOURCE_QUESTION].sources
    if sources:
        context.state.source_opened.emit(sources[0])
    else:
        window.panes.ask.do_with_last(SHOW)
    driver.wait(lambda: "ecited" in window.panes.text.foot.text() and driver.idle())  # the text is recited unasked


def _panes(driver: Driver, out: Path, mode: str) -> None:
    """Every pane in its workspace, with what its tabs and settings show."""
    from bdh_workbench.gui.window.workspaces import HOME

    window, panes = driver.window, driver.window.panes
    for name, dock in window.docks.items():
        window.workspaces.show(HOME.get(name, "ask"))
        window.workspaces.reset()
        window.workspaces.reveal(name)
        driver.settle(0.2)
        dock.grab().save(str(out / f"pane-{name}-{mode}.png"))
    for name, tabs in (
        ("gates", panes.gates.tabs), ("retention", panes.retention.tabs), ("write", panes.write.tabs),
        ("memory", panes.memory.details.tabs), ("live", panes.live.tabs),
    ):  # fmt: skip
        window.workspaces.reveal(name)
        before = tabs.currentIndex()
        for index in range(tabs.count()):
            tabs.setCurrentIndex(index)
            driver.settle(0.2)
            label = tabs.tabText(index).lower().replace(" ", "-")
            window.docks[name].grab().save(str(out / f"pane-{name}-{label}-{mode}.png"))
        tabs.setCurrentIndex(before)
    for name, toggle in (
        ("write", panes.write.advanced_button), ("ask", panes.ask.settings_button), ("ask", panes.ask.chart_button),
        ("ask", panes.ask.candidates_button),
    ):  # fmt: skip
        window.workspaces.reveal(name)
        label = toggle.text().split()[0]
        toggle.click()
        driver.settle(0.2)
        window.docks[name].grab().save(str(out / f"pane-{name}-{label}-open-{mode}.png"))
        toggle.click()


def dialogs(window: QWidget, info: ModelInfo) -> dict[str, QDialog]:
    """Every dialog of the program but those of the system, as it stands with something in it."""
    from bdh_workbench.gui.dialogs.about import about_box
    from bdh_workbench.gui.dialogs.card import ModelCard
    from bdh_workbench.gui.dialogs.failure import failure_box
    from bdh_workbench.gui.dialogs.guide import Guide
    from bdh_workbench.gui.dialogs.help import Help
    from bdh_workbench.gui.dialogs.lines import Asked, CheckDialog, ColumnsDialog, LinesDialog
    from bdh_workbench.gui.dialogs.merge import MergeDialog
    from bdh_workbench.gui.dialogs.model import ModelChooser
    from bdh_workbench.gui.dialogs.questions import question_box
    from bdh_workbench.session.records.notebook import Check

    words = Help(window)
    words.tabs.setCurrentIndex(1)
    unsaved = "The memory “Ten facts” has changes that are not saved. Save them first?"
    return {
        "guide": Guide(window),
        "help": Help(window),
        "help-words": words,
        "model": ModelChooser(window, info.folder),
        "card": ModelCard(window, info),
        "check": CheckDialog(window, Check("Who founded Nordvik Robotics?", "Ingrid Halvorsen")),
        "columns": ColumnsDialog(window, ("Term", "Meaning")),
        "title": LinesDialog(window, "Save the memory", (Asked("Title", "Ten facts"),), "Save"),
        "merge": MergeDialog(window, ["Ten facts", "Stories"]),
        "about": about_box(window, "base · 3.5M parameters · cpu"),
        "failure": failure_box(window, FAILURE, "details", "Load on the CPU"),
        "unsaved": question_box(window, unsaved, "Save", "Do not save", "Cancel"),
        "versions": question_box(window, VERSIONS, "Replace", "Keep both", "Cancel"),
        "confirm": question_box(window, "Move “Ten facts” to the trash?", "Move to trash", "Cancel"),
    }


def _dialogs(driver: Driver, out: Path, ending: str) -> None:
    info = driver.context.model
    assert info is not None
    for name, dialog in dialogs(driver.window, info).items():
        dialog.show()
        driver.settle(0.2)
        dialog.grab().save(str(out / f"dialog-{name}-{ending}.png"))
        dialog.close()
        dialog.deleteLater()


def _writing(driver: Driver, out: Path) -> None:
    """A gradient write, paused half-way, and a second one that waits."""
    from bdh_workbench.memory.settings import WriteSettings
    from bdh_workbench.session.records.jobs import NewMemory

    window = driver.window
    window.workspaces.show("write")
    window.workspaces.reset()
    driver.context.submit(NewMemory())
    driver.wait(driver.idle)
    window.panes.write.form.set_settings(
        WriteSettings(method="gradient", steps=PAUSED_WRITE_STEPS, rate=0.01, goal=0.999)
    )
    window.panes.write.tabs.setCurrentIndex(1)
    window.panes.write.write()
    window.panes.write.write()
    # The curves of the last write stay until this one has begun; only this one has the terms of gradient steps.
    driver.wait(
        lambda: (
            "norm" in window.panes.live.loss.table()[0] and window.panes.live.loss.table()[1][PAUSED_WRITE_STEPS // 2 :]
        )
    )
    window.panes.write.toggle_pause()
    driver.wait(lambda: window.panes.write.paused)
    for mode in PICTURED_MODES:
        _dress(driver, mode)
        window.grab().save(str(out / f"writing-{mode}.png"))
    window.workspaces.reveal("activity")
    driver.settle(0.2)
    window.docks["activity"].grab().save(str(out / "pane-activity-writing-dark.png"))
    for job in tuple(driver.context.jobs.unfinished):
        driver.context.session.cancel(job)
    driver.wait(driver.idle)


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2] or None)
