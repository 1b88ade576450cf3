"""The real dialogs, not their stand-ins: each is opened, a button of it is pressed, and what follows is looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QTabWidget, QTextBrowser

from bdh_workbench.gui.dialogs.about import About
from bdh_workbench.gui.dialogs.failure import Failure
from bdh_workbench.gui.dialogs.files import Folder, open_paths, save_path
from bdh_workbench.gui.dialogs.guide import Guide
from bdh_workbench.gui.dialogs.help import Help
from bdh_workbench.gui.dialogs.lines import ColumnsDialog, Line, LinesDialog
from bdh_workbench.gui.dialogs.merge import MergeDialog
from bdh_workbench.gui.dialogs.model import ModelChooser, fit_words
from bdh_workbench.gui.dialogs.questions import MOST, Confirm, Recovered, Unsaved, Versions
from bdh_workbench.memory.room import machine_rows
from bdh_workbench.resources import bundled_model_path
from bdh_workbench.session.tasks.fit import estimate_fit

pytestmark = pytest.mark.qt_log_ignore(
    "This plugin does not support", extend=True
)  # the offscreen one, of windows on windows
T = TypeVar("T")


def answering(ask: Callable[[], T], button: str, look: Callable[[object], object] = lambda dialog: None) -> T:
    """What a dialog returns once the button with this text was pressed; ``look`` sees it before."""
    problems: list[BaseException] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            QTimer.singleShot(10, press)
            return
        try:
            look(dialog)
            found = [b for b in dialog.findChildren(QAbstractButton) if b.text().replace("&", "") == button]
            assert len(found) == 1, [b.text() for b in dialog.findChildren(QAbstractButton)]
            found[0].click()
        except BaseException as problem:
            problems.append(problem)
            dialog.close()

    QTimer.singleShot(0, press)
    answer = ask()
    if problems:
        raise problems[0]
    return answer


@pytest.mark.parametrize(("button", "answer"), [("Save", "save"), ("Do not save", "discard"), ("Cancel", "cancel")])
def test_unsaved_changes_have_three_ways_on(qapp: QApplication, button: str, answer: str) -> None:
    assert answering(lambda: Unsaved.ask(None, "Ten facts"), button) == answer


@pytest.mark.parametrize(("button", "answer"), [("Restore", "restore"), ("Discard", "discard"), ("Later", "later")])
def test_work_that_was_found_has_three_ways_on(qapp: QApplication, button: str, answer: str) -> None:
    def look(dialog: object) -> None:
        assert "“Ten facts”, from 2026-01-01 12:00" in dialog.text()  # type: ignore[attr-defined]

    assert answering(lambda: Recovered.ask(None, "Ten facts", "2026-01-01 12:00"), button, look) == answer


@pytest.mark.parametrize(("button", "answer"), [("Replace", "replace"), ("Keep both", "both"), ("Cancel", "cancel")])
def test_new_versions_of_documents_have_three_ways_on(qapp: QApplication, button: str, answer: str) -> None:
    def one(dialog: object) -> None:
        assert "This document is a new version of another" in dialog.text()  # type: ignore[attr-defined]
        assert "“new” instead of “old”" in dialog.text()  # type: ignore[attr-defined]

    def many(dialog: object) -> None:
        assert dialog.text().endswith("“7” instead of “o”\nand 2 more")  # type: ignore[attr-defined]

    assert answering(lambda: Versions.ask(None, ["“new” instead of “old”"]), button, one) == answer
    names = [f"“{number}” instead of “o”" for number in range(MOST + 2)]
    assert answering(lambda: Versions.ask(None, names), button, many) == answer


@pytest.mark.parametrize(("button", "answer"), [("Move to trash", True), ("Cancel", False)])
def test_a_question_has_a_verb_and_a_way_back(qapp: QApplication, button: str, answer: bool) -> None:
    assert answering(lambda: Confirm.ask(None, "Move “a” to the trash?", "Move to trash"), button) is answer


@pytest.mark.parametrize(("button", "answer"), [("Rename", "Mill"), ("Cancel", None)])
def test_a_line_is_taken_by_a_verb(qapp: QApplication, button: str, answer: str | None) -> None:
    def typed(dialog: object) -> None:
        assert isinstance(dialog, LinesDialog)
        dialog.lines[0].setText("  ")
        assert not dialog.done_button.isEnabled(), "a title is needed"
        dialog.lines[0].setText(" Mill ")
        assert all(button.icon().isNull() for button in dialog.findChildren(QAbstractButton))

    ask = lambda: Line.ask(None, "New title", "Old", title="Rename the memory", verb="Rename")  # noqa: E731
    assert answering(ask, button, typed) == answer


def test_columns_are_asked_for_in_pairs(qapp: QApplication) -> None:
    def look(dialog: object) -> None:
        assert isinstance(dialog, LinesDialog)
        assert dialog.texts() == ["Term", "Meaning"]
        dialog.lines[1].setText("3")

    assert answering(lambda: ColumnsDialog.ask(None, ("“Term”", "“Meaning”")), "Read again", look) == ("Term", "3")
    assert answering(lambda: ColumnsDialog.ask(None, ("1", "2")), "Cancel") is None


def test_the_chooser_says_what_a_bank_and_what_the_machine_has_room_for(qapp: QApplication) -> None:
    words, _ = fit_words(estimate_fit(bundled_model_path("base"), "cpu"))
    assert f"banks of 4,096 slots, up to {machine_rows():,} on this machine" in words


def test_a_merged_memory_has_no_title_but_one_that_a_person_gave(qapp: QApplication) -> None:
    def typed(dialog: object) -> None:
        assert isinstance(dialog, MergeDialog)
        dialog.title.setText(" Both ")

    titles = ["Mill", "Boat"]
    assert answering(lambda: MergeDialog.ask(None, titles), "Merge") == ("", None)
    assert answering(lambda: MergeDialog.ask(None, titles), "Merge", typed) == ("Both", None)
    assert answering(lambda: MergeDialog.ask(None, titles), "Cancel") is None


@pytest.mark.parametrize(("button", "taken"), [("Load on the CPU", True), ("Close", False), ("Copy details", False)])
def test_a_failure_offers_a_choice_and_its_details(qapp: QApplication, button: str, taken: bool) -> None:
    QGuiApplication.clipboard().clear()
    sentence, details = "There was not enough memory.", "Traceback: the insides"

    def look(dialog: object) -> None:
        assert dialog.text() == sentence, "the insides are not shown"  # type: ignore[attr-defined]

    assert answering(lambda: Failure.ask(None, sentence, details, "Load on the CPU"), button, look) is taken
    copied = QGuiApplication.clipboard().text()
    assert copied == (f"{sentence}\n\n{details}" if button == "Copy details" else "")


@pytest.mark.parametrize(
    ("button", "choice"), [("Try sample facts", "facts"), ("Try a sample document", "document"), ("Start empty", "")]
)
def test_the_first_steps_lead_to_samples_or_to_nothing(qapp: QApplication, button: str, choice: str) -> None:
    assert answering(lambda: Guide.ask(None), button) == choice


def test_help_shows_every_shortcut_and_every_word(qapp: QApplication) -> None:
    def look(dialog: object) -> None:
        assert isinstance(dialog, Help)
        tabs = dialog.findChild(QTabWidget)
        assert tabs is not None and [tabs.tabText(index) for index in range(tabs.count())] == ["Shortcuts", "Words"]
        pages = {view.accessibleName(): view.toPlainText() for view in dialog.findChildren(QTextBrowser)}
        assert "Ctrl+K" in pages["Shortcuts"] and "familiarity" in pages["Words"]

    answering(lambda: Help.ask(None), "Close", look)


def test_versions_can_be_copied(qapp: QApplication) -> None:
    answering(lambda: About.ask(None, "base"), "Copy versions")
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("BDH memory workbench") and "torch 2" in copied and copied.endswith("Model: base")


def test_a_model_is_chosen_with_its_device_and_a_folder_without_one_cannot_be(
    qapp: QApplication, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(dialog: object) -> None:
        assert isinstance(dialog, ModelChooser)
        assert dialog.list.count() == 2 and "parameters" in dialog.words.text(), "the one in use, and the bundled one"
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
        dialog._browse()
        assert "contains no model" in dialog.words.text() and not dialog.load_button.isEnabled()
        dialog.list.setCurrentRow(0)
        assert dialog.load_button.isEnabled()
        dialog.device.setCurrentIndex(dialog.device.findData("cpu"))

    ask = lambda: ModelChooser.ask(None, model_folder)  # noqa: E731
    assert answering(ask, "Load model", look) == (str(model_folder), "cpu")
    assert answering(ask, "Cancel") is None


def test_the_chooser_begins_with_the_model_in_use(qapp: QApplication, tmp_path: Path) -> None:
    other = Path(shutil.copytree(bundled_model_path("base"), tmp_path / "other"))
    for current, name in ((bundled_model_path("base"), "base"), (other, "other")):
        chosen = answering(lambda current=current: ModelChooser.ask(None, current), "Load model")
        assert chosen is not None and Path(chosen[0]).name == name and chosen[1] == "auto"


@pytest.mark.parametrize(("button", "replaced"), [("Replace", True), ("Cancel", False)])
def test_a_file_is_never_replaced_unasked_for_an_ending_that_was_added(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, button: str, replaced: bool
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "backup"), ""))
    path = tmp_path / "backup.txt"
    assert save_path(None, "Save", "console", "txt") == path  # type: ignore[arg-type]
    path.write_text("precious")

    def look(dialog: object) -> None:
        assert "backup.txt" in dialog.text() and "Replace it?" in dialog.text()  # type: ignore[attr-defined]

    ask = lambda: save_path(None, "Save", "console", "txt")  # type: ignore[arg-type]  # noqa: E731
    assert answering(ask, button, look) == (path if replaced else None)


def test_the_name_of_a_picture_gets_its_ending(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    for given, made in (("/x/a", "/x/a.png"), ("/x/a.PNG", "/x/a.PNG"), ("/x/a.b", "/x/a.b.png")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, given=given, **__: (given, ""))
        assert save_path(None, "Save", "plot", "png") == Path(made)  # type: ignore[arg-type]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: ("", ""))
    assert save_path(None, "Save", "plot", "png") is None  # type: ignore[arg-type]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: (["/x/a", "/x/b"], ""))
    assert open_paths(None, "Open", "*") == [Path("/x/a"), Path("/x/b")]  # type: ignore[arg-type]


def test_a_file_dialog_begins_where_a_file_was_chosen_last(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def choose(parent: object, title: str, begin: str, kinds: str, options: object) -> tuple[list[str], str]:
        begun.append(begin)
        return [str(tmp_path / "notes.txt")], ""

    monkeypatch.setattr(Folder, "last", "")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    for _ in range(2):
        open_paths(None, "Open", "*")  # type: ignore[arg-type]
    assert begun == [str(Path.home()), str(tmp_path)]
