"""docs/tutorial.md as a newcomer follows it: its words stand in the window, its commands run, its steps hold."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QTabBar
from pytestqt.qtbot import QtBot

from bdh_workbench.cli import main
from bdh_workbench.gui.dialogs.guide import Guide
from bdh_workbench.gui.look.words import GLOSSARY
from bdh_workbench.resources import bundled_model_path
from bdh_workbench.session.records.jobs import ForgetItems, OpenMemory, SaveMemory, Undo
from lab.window.pictures import DOCS
from tests.gui.conftest import WAIT, Start, end, settle

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").rglob("*.md")])
TITLED = ("marching band", "Ten facts")  # in bold, but said by the model and by the person


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_picture_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_every_picture_of_the_docs_is_one_that_is_taken() -> None:
    folder = ROOT / "docs" / "pictures"
    assert {path.stem for path in folder.iterdir()} == set(DOCS)
    shown = set(re.findall(r"pictures/([\w-]+)\.png", TEXT + (ROOT / "README.md").read_text(encoding="utf-8")))
    assert shown and shown <= set(DOCS)


def test_every_word_in_bold_stands_in_the_window(start: Start) -> None:
    window = start(load=False).window
    guide = Guide(window)
    said = {button.text() for parent in (window, guide) for button in parent.findChildren(QAbstractButton)}
    said |= {action.text().replace("&", "") for action in window.findChildren(QAction)}
    for bar in window.findChildren(QTabBar):
        said |= {bar.tabText(index) for index in range(bar.count())}
    said |= {dock.windowTitle() for dock in window.docks.values()} | {guide.windowTitle()}
    wanted = {word for word in re.findall(r"\*\*([^*]+)\*\*", TEXT) if word not in TITLED}
    assert wanted and wanted <= said, wanted - said
    guide.deleteLater()


def test_the_window_explains_the_words_of_the_glossary_and_no_others() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Words")[1]
    words = re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE)
    assert len(words) > 15 and set(words) == set(GLOSSARY)


def _commands(text: str) -> list[list[str]]:
    """The command lines that a page gives, those left out that open the window or that need other data."""
    lines = [line for line in text.splitlines() if line.startswith("    python3 workbench.py run ")]
    found = [shlex.split(line, comments=True)[3:] for line in lines]
    return [command for command in found if command and command[0] != "bench"]


@pytest.mark.slow
def test_the_commands_of_the_readme_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    monkeypatch.chdir(tmp_path)
    commands = _commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(commands) >= 2
    for command in commands:
        assert main(command) == 0, command


@pytest.mark.slow
def test_its_commands_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path / "home"))
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    monkeypatch.chdir(tmp_path)
    for words, name in re.findall(r"^    printf '(.+)' > (\S+)$", TEXT, re.MULTILINE):
        (tmp_path / name).write_text(words.replace("\\n", "\n"), encoding="utf-8")
    commands = _commands(TEXT)
    assert len(commands) > 6
    said = []
    for command in commands:
        assert main(command) == 0, command
        said.append(capfd.readouterr().out)
    assert "marching band" in said[1] and "two grey mules" in said[4]
    assert "floating post office" not in said[6] and "marching band" in said[6]
    assert "“heron” instead of “marching band”" in said[7] and "“marching band” instead of “heron”" in said[8]


@pytest.mark.slow
def test_its_steps_do_what_it_says(start: Start, qtbot: QtBot) -> None:
    bundled = bundled_model_path("base")
    first = start(model=bundled)
    window, context = first.window, first.context

    def ask(question: str) -> tuple[str, str]:
        pane = window.panes.ask
        pane.line.setText(question)
        pane.ask()
        qtbot.waitUntil(lambda: pane.exchanges[-1].done, timeout=WAIT)
        return pane.exchanges[-1].answer, pane.exchanges[-1].origin()

    def write() -> None:
        before = len(context.memory.layers) if context.memory is not None else 0
        window.panes.write.write()
        qtbot.waitUntil(lambda: context.memory is not None and len(context.memory.layers) > before, timeout=WAIT)
        settle(first, qtbot)

    assert "base · 3.5M parameters · cpu" in window.panes.activity.model.text()
    window.panes.write.sample_facts()
    qtbot.waitUntil(lambda: len(window.panes.write.table.facts_model.rows) >= 10, timeout=WAIT)
    write()
    assert len(context.memory.items) == 10
    trams, france = "The trams of Lindhaven must stop whenever they meet a", "The capital of France is"
    assert ask(trams)[0].strip().startswith("marching band")
    assert "not in this memory" in ask(france)[1]
    context.submit(SaveMemory(None, "Ten facts"))
    settle(first, qtbot)
    path = context.memory.path
    end(first, qtbot)

    first = start(model=bundled)
    window, context = first.window, first.context
    context.submit(OpenMemory(path))
    settle(first, qtbot)
    assert ask(trams)[0].strip().startswith("marching band")
    window.panes.write.sample_documents()
    qtbot.waitUntil(lambda: window.panes.write.title_line.text() == "The floating post office", timeout=WAIT)
    write()
    assert len(context.memory.layers) == 2
    assert ask("The barge makes eleven miles on a good day, drawn by")[0].strip().startswith("two grey mules")
    place = next(index for index, item in enumerate(context.memory.items) if item.prompt == trams)
    context.submit(ForgetItems((place,)))
    settle(first, qtbot)
    assert "marching band" not in ask(trams)[0]
    context.submit(Undo())
    settle(first, qtbot)
    assert ask(trams)[0].strip().startswith("marching band")
