"""Write, save, quit, start again, ask: what a person does, and what may go wrong on the way."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from bdh_workbench.gui.application import Workbench
from bdh_workbench.gui.panes.library import LibraryPane
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.files.format import MemoryHeader
from bdh_workbench.session.records.jobs import NewMemory
from tests.core_factory import DOCUMENT, FACTS
from tests.gui.conftest import WAIT, Said, Start, begin_long_write, end, press_write, settle
from tests.model_factory import save_tiny_model


def write_facts(workbench: Workbench, qtbot: QtBot) -> None:
    press_write(workbench, FACTS[:3])
    settle(workbench, qtbot)


def saved(workbench: Workbench, qtbot: QtBot) -> LibraryPane:
    """The library with one memory, which is in use and chosen."""
    write_facts(workbench, qtbot)
    library = workbench.window.panes.library
    library.save()
    settle(workbench, qtbot)
    library.table.selectRow(0)
    return library


def ask(workbench: Workbench, qtbot: QtBot, prompt: str) -> str:
    workbench.window.workspaces.show("ask")
    console = workbench.window.panes.ask
    console.line.setText(prompt)
    console.ask()
    qtbot.waitUntil(lambda: console.exchanges[-1].done, timeout=WAIT)
    return console.exchanges[-1].answer


def test_what_was_written_is_answered_after_a_restart(start: Start, qtbot: QtBot, said: Said, home: Path) -> None:
    first = start()
    write_facts(first, qtbot)
    assert first.window.panes.live.items.table()[1], "the curves moved"
    assert "Written in" in first.window.panes.write.state.text()
    assert FACTS[0].answer in ask(first, qtbot, FACTS[0].prompt)
    first.window.actions_by_name["save"].trigger()
    settle(first, qtbot)
    assert first.context.memory is not None and not first.context.memory.dirty
    end(first, qtbot)

    second = start()
    settle(second, qtbot)
    window = second.window
    assert window.panes.library.filter.rowCount() == 1
    window.panes.library.table.selectRow(0)
    window.panes.library.load()
    settle(second, qtbot)
    assert FACTS[0].answer in ask(second, qtbot, FACTS[0].prompt)
    assert window.panes.ask.exchanges[-1].sources
    assert not said.failures


def test_an_unfamiliar_question_says_not_in_memory(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write_facts(workbench, qtbot)
    ask(workbench, qtbot, "zzzzqqqq 99 xxxx")
    assert "Not in this memory" in workbench.window.panes.ask.text()


def test_an_answer_that_comes_to_the_memory_later_is_not_called_untouched() -> None:
    from bdh_workbench.asking.answers import Answer, SpokenToken
    from bdh_workbench.gui.look.theme import LIGHT
    from bdh_workbench.gui.parts.asking.exchange import Exchange
    from bdh_workbench.reading.sources import Source
    from bdh_workbench.session.records.events import AnswerDone

    source = Source("The museum", "document", 3, "The largest piece is a staircase.", 9, 0)
    tokens = (SpokenToken(" the", 0.1, 0.14), SpokenToken(" staircase", 0.99, 0.9, True))
    said = Answer(
        "The largest", "beginning", (), None, " the staircase", tokens, False, False, (), (), 0.14, True, (source,),
        " the the", (),
    )  # fmt: skip
    event = AnswerDone(1, said)
    exchange = Exchange(1, "The largest")
    exchange.complete(event)
    assert not exchange.outside and "untouched model" not in exchange.origin() and "The museum" in exchange.origin()
    assert f'color:{LIGHT.good};font-weight:bold"> staircase' in exchange.html(LIGHT)


def test_a_memory_that_is_not_loaded_shows_what_it_holds(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    write_facts(workbench, qtbot)
    library, details = workbench.window.panes.library, workbench.window.panes.memory.details
    library.save()
    settle(workbench, qtbot)
    workbench.window.actions_by_name["new_memory"].trigger()
    settle(workbench, qtbot)
    assert details.stack.currentIndex() == 0, "the memory in use is empty"
    library.table.selectRow(0)
    assert details.stack.currentIndex() == 1 and not details.in_use
    settle(workbench, qtbot)
    assert details.items.topLevelItemCount() == 3
    assert details.state.text() == "not loaded" and not details.chosen_items()
    library.load()
    settle(workbench, qtbot)
    assert details.in_use and details.items.topLevelItemCount() == 3


def test_undo_takes_a_write_back_and_redo_makes_it_again(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write_facts(workbench, qtbot)
    actions = workbench.window.actions_by_name
    actions["undo"].trigger()
    settle(workbench, qtbot)
    assert workbench.context.memory is not None and not workbench.context.memory.items
    actions["redo"].trigger()
    settle(workbench, qtbot)
    assert len(workbench.context.memory.items) == 3


def test_a_forgotten_item_is_gone_and_the_others_stay(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write_facts(workbench, qtbot)
    details = workbench.window.panes.memory.details
    details.items.topLevelItem(0).setSelected(True)
    workbench.window.panes.memory.forget()
    settle(workbench, qtbot)
    assert workbench.context.memory is not None
    assert [item.prompt for item in workbench.context.memory.items] == [fact.prompt for fact in FACTS[1:3]]


def test_a_layer_of_history_can_be_switched_off(start: Start, qtbot: QtBot) -> None:
    from PySide6.QtCore import Qt

    workbench = start()
    write_facts(workbench, qtbot)
    line = workbench.window.panes.memory.details.history.topLevelItem(0)
    line.setCheckState(0, Qt.CheckState.Unchecked)
    settle(workbench, qtbot)
    assert workbench.context.memory is not None and not workbench.context.memory.layers[0].enabled


def test_a_memory_of_another_model_is_grey_and_refused_with_the_reason(
    start: Start, qtbot: QtBot, said: Said, tmp_path: Path
) -> None:
    first = start()
    write_facts(first, qtbot)
    first.window.panes.library.save()
    settle(first, qtbot)
    end(first, qtbot)
    other = start(model=save_tiny_model(tmp_path / "other", seed=5))
    settle(other, qtbot)
    library = other.window.panes.library
    library.table.selectRow(0)
    library.load()
    assert "load its own model first" in said.failures[-1][0]
    assert other.context.memory is None or not other.context.memory.items


def test_a_failed_save_keeps_the_old_file_and_stays_unsaved(start: Start, qtbot: QtBot, said: Said, home: Path) -> None:
    workbench = start()
    write_facts(workbench, qtbot)
    workbench.window.panes.library.save()
    settle(workbench, qtbot)
    memory = workbench.context.memory
    assert memory is not None and memory.path is not None
    old = memory.path.read_bytes()
    workbench.window.panes.write.show_documents([DOCUMENT])
    workbench.window.panes.write.write()
    settle(workbench, qtbot)
    memory.path.unlink()
    memory.path.mkdir()  # a folder cannot be replaced by a file
    workbench.window.panes.library.save()
    settle(workbench, qtbot)
    assert said.failures
    assert workbench.context.memory is not None and workbench.context.memory.dirty
    memory.path.rmdir()
    memory.path.write_bytes(old)


def test_delete_goes_to_the_trash(start: Start, qtbot: QtBot, said: Said, home: Path, monkeypatch) -> None:
    import send2trash

    gone: list[str] = []

    def trash(path: str) -> None:
        gone.append(path)
        Path(path).unlink()

    monkeypatch.setattr(send2trash, "send2trash", trash)
    workbench = start()
    write_facts(workbench, qtbot)
    library = workbench.window.panes.library
    library.save()
    settle(workbench, qtbot)
    library.table.selectRow(0)
    library.duplicate()
    settle(workbench, qtbot)
    library.table.selectAll()
    library.delete()
    settle(workbench, qtbot)
    assert len(gone) == 2 and said.questions[-1].startswith("Move")
    assert library.filter.rowCount() == 0
    memory = workbench.context.memory
    assert memory is not None and memory.dirty and len(memory.items) == 3, "its file is gone, what it held is not"
    said.unsaved = "cancel"
    assert not workbench.window.close() and said.questions[-1] == memory.title
    said.unsaved = "save"
    workbench.window.close()
    qtbot.waitUntil(lambda: not workbench.window.isVisible(), timeout=WAIT)
    assert [entry.items for entry in workbench.context.library.entries() if isinstance(entry, MemoryHeader)] == [3]


def test_a_note_on_the_memory_in_use_outlives_the_next_save(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    library = saved(workbench, qtbot)
    said.line = "from the archive"
    library.write_note()
    settle(workbench, qtbot)
    workbench.window.panes.write.table.facts_model.set_facts(FACTS[3:4])
    workbench.window.panes.write.write()
    settle(workbench, qtbot)
    library.save()
    settle(workbench, qtbot)
    entry = library.model.entries[0]
    assert isinstance(entry, MemoryHeader) and entry.note == "from the archive" and entry.items == 4
    library.search.setText("archive")
    assert library.filter.rowCount() == 1 and not library.empty.isVisible()
    library.search.setText("no such word")
    assert library.filter.rowCount() == 0 and "contains these words" in library.empty.text()


def test_memories_that_differ_are_merged_once_it_is_said_whose_answer_stays(
    start: Start, qtbot: QtBot, said: Said
) -> None:
    workbench = start()
    library, window = workbench.window.panes.library, workbench.window
    window.panes.write.tabs.setCurrentIndex(1)
    for title, answer in (("One", "copper"), ("Two", "barley")):
        window.commands.new_memory()
        window.panes.write.table.facts_model.set_facts([Fact("The seal of Bradale shows", answer, ())])
        window.panes.write.write()
        settle(workbench, qtbot)
        said.line = title
        library.save()
        settle(workbench, qtbot)
    library.table.selectAll()
    said.merge = None
    library.merge()
    settle(workbench, qtbot)
    assert workbench.context.memory is not None and workbench.context.memory.title == "Two"
    said.merge = ("Both", None)
    library.merge()
    settle(workbench, qtbot)
    assert said.failures and "The seal of Bradale shows" in said.failures[-1][0]
    said.merge = ("Both", "last")
    library.merge()
    settle(workbench, qtbot)
    memory = workbench.context.memory
    assert memory.title == "Both" and memory.dirty and [item.answer for item in memory.items] == ["barley"]


def test_a_layer_shows_the_curves_of_its_write(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    write_facts(workbench, qtbot)
    window = workbench.window
    before = window.panes.live.loss.table()
    window.panes.live.loss.clear()
    line = window.panes.memory.details.history.topLevelItem(0)
    assert line is not None and "method auto" in line.toolTip(0)
    window.panes.memory.details.history.itemActivated.emit(line, 0)
    headers, rows = window.panes.live.loss.table()
    assert list(headers) == list(before[0]) and len(rows) >= len(before[1])
    assert "from the history" in window.panes.live.status.text()
    assert window.panes.live.items.table()[1][-1][1] > 0.9, "worst p"
    window.panes.live.items.redraw()


def test_a_memory_that_is_opened_brings_the_curves_of_its_newest_write(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    library = saved(workbench, qtbot)
    live = workbench.window.panes.live
    steps = len(live.loss.table()[1])
    assert steps and "from the history" not in live.status.text()
    workbench.context.submit(NewMemory())
    settle(workbench, qtbot)
    assert not live.loss.table()[1] and not live.status.text(), "an empty memory has no write"
    library.open_file(library.model.entries[0].path)
    settle(workbench, qtbot)
    assert len(live.loss.table()[1]) >= steps and "from the history" in live.status.text()


def test_saving_under_a_title_never_takes_the_place_of_another_file(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    library = saved(workbench, qtbot)
    begin_long_write(workbench, qtbot)
    said.line = "Second"
    library.save_as()  # waits after the write
    other = workbench.context.library.duplicate(library.model.entries[0].path, "Second")
    before = other.read_bytes()
    workbench.window.panes.write.cancel()
    settle(workbench, qtbot)
    memory = workbench.context.memory
    assert other.read_bytes() == before and memory is not None and memory.path not in (None, other)
    assert [entry.title for entry in library.model.entries] == ["A title", "Second", "Second"]


def test_rename_duplicate_and_search(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = start()
    library = saved(workbench, qtbot)
    library.duplicate()
    settle(workbench, qtbot)
    assert library.filter.rowCount() == 2
    library.search.setText("copy")
    assert library.filter.rowCount() == 1
    library.table.selectRow(0)
    said.line = "Zebra"
    library.rename()
    settle(workbench, qtbot)
    library.search.setText("zebra")
    assert library.filter.rowCount() == 1
