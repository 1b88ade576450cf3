"""Another answer, another version, the same again: what the window does, asks and says."""

from __future__ import annotations

import dataclasses

import pytest
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.application import Workbench
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.session.records.jobs import Undo
from tests.core_factory import FACTS
from tests.gui.conftest import Said, Start, press_write, settle

OLD = TextDocument("Old guide", "The barge leaves on Monday. The administrator password expires after thirty days.")
NEW = TextDocument("New guide", "The barge leaves on Monday. The administrator password expires after ninety days.")


def press_write_document(workbench: Workbench, qtbot: QtBot, document: TextDocument) -> None:
    workbench.window.panes.write.show_documents([document])
    workbench.window.panes.write.write()
    settle(workbench, qtbot)


def held(workbench: Workbench) -> list[str]:
    """Answers of the facts and titles of the documents that the memory in use holds."""
    memory = workbench.context.memory
    return [item.answer or item.title for item in memory.items] if memory is not None else []


def test_another_answer_replaces_the_one_before_and_undo_brings_it_back(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    write = workbench.window.panes.write
    press_write(workbench, FACTS[:2])
    settle(workbench, qtbot)
    press_write(workbench, [dataclasses.replace(FACTS[0], answer="Zell")])
    settle(workbench, qtbot)
    assert held(workbench) == [FACTS[1].answer, "Zell"] and not said.questions
    assert "1 fact replaced" in write.state.text()
    assert f"“{FACTS[0].prompt}”: “Zell” instead of “{FACTS[0].answer}”" in write.state.toolTip()
    workbench.context.submit(Undo())
    settle(workbench, qtbot)
    assert held(workbench) == [fact.answer for fact in FACTS[:2]]


def test_what_is_stored_already_is_not_written_again(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    write = workbench.window.panes.write
    for _ in range(2):
        press_write(workbench, FACTS[:2])
        settle(workbench, qtbot)
    assert "Nothing was written · 2 facts already stored" in write.state.text().replace("\xa0", " ")
    memory = workbench.context.memory
    assert memory is not None and len(memory.items) == 2 and len(memory.layers) == 1 and not said.questions
    write.estimate()
    settle(workbench, qtbot)
    assert write.status.text() == "written: 2 facts"


@pytest.mark.parametrize(
    ("answer", "titles"),
    [("replace", ["New guide"]), ("both", ["Old guide", "New guide"]), ("cancel", ["Old guide"])],
)
def test_a_new_version_of_a_document_is_asked_about(
    start: Start, qtbot: QtBot, said: Said, answer: str, titles: list[str]
) -> None:
    workbench = start()
    said.versions = answer
    press_write_document(workbench, qtbot, OLD)
    press_write_document(workbench, qtbot, NEW)
    qtbot.waitUntil(lambda: said.questions == ["“New guide” instead of “Old guide”"])
    settle(workbench, qtbot)
    assert held(workbench) == titles
    if answer == "cancel":
        assert workbench.window.panes.write.state.text() == "Nothing was written: the memory is as it was."


def test_whoever_has_chosen_is_not_asked(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    press_write_document(workbench, qtbot, OLD)
    workbench.window.panes.write.form.set_settings(WriteSettings(on_conflict="keep"))
    press_write_document(workbench, qtbot, NEW)
    assert held(workbench) == ["Old guide"] and not said.questions
    assert "1 document kept as stored" in workbench.window.panes.write.state.text()
    workbench.window.panes.write.form.set_settings(WriteSettings(on_conflict="refuse"))
    workbench.window.panes.write.write()
    settle(workbench, qtbot)
    assert "“New guide” against “Old guide”" in workbench.window.panes.write.state.text()
    assert held(workbench) == ["Old guide"]
