"""Ask: what was asked is there tomorrow, leads to its source, is checked again, and can be taken out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.application import Workbench
from bdh_workbench.gui.dialogs.lines import CheckDialog
from bdh_workbench.gui.panes.text import SOON
from bdh_workbench.gui.parts.text_view import TextView
from bdh_workbench.gui.window.main_window import MainWindow
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.session.records.events import TokenHeat
from bdh_workbench.session.records.jobs import ForgetItems, NewMemory, SaveMemory
from bdh_workbench.session.records.notebook import Check
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT
from tests.gui.conftest import WAIT, Said, Start, press_write, settle
from tests.gui.program import FIRST, Scene, idle, loaded, play, put, written_and_saved


def asked(workbench: Workbench, qtbot: QtBot, prompt: str) -> None:
    ask = workbench.window.panes.ask
    ask.line.setText(prompt)
    ask.ask()
    qtbot.waitUntil(lambda: ask.exchanges[-1].done, timeout=WAIT)


def written(start: Start, qtbot: QtBot, documents: tuple[TextDocument, ...] = (), facts: int = 2) -> Workbench:
    workbench = start()
    write = workbench.window.panes.write
    if documents:
        write.show_documents(documents)
        write.write()
        settle(workbench, qtbot)
    if facts:
        press_write(workbench, FACTS[:facts])
        settle(workbench, qtbot)
    workbench.window.workspaces.show("ask")
    return workbench


def test_memory_conversation_and_workspace_are_back_at_the_next_start(
    qapp: QApplication, qtbot: QtBot, said: Said, home: Path, model_folder: Path
) -> None:
    def today(w: MainWindow) -> Scene:
        yield from written_and_saved(w)
        w.actions_by_name["workspace_ask"].trigger()
        w.panes.ask.line.setText(FIRST[0].prompt)
        w.panes.ask.ask()
        yield lambda: w.panes.ask.exchanges[-1].done
        w.context.state.check_pinned.emit(w.panes.ask.exchanges[-1].check())
        yield idle(w)

    def tomorrow(w: MainWindow) -> Scene:
        yield loaded(w)
        yield lambda: w.context.memory is not None and bool(w.context.memory.items)
        yield idle(w)
        assert w.workspaces.current == "ask"
        assert [exchange.prompt for exchange in w.panes.ask.exchanges] == [FIRST[0].prompt]
        assert w.panes.ask.exchanges[0].answer.strip() == FIRST[0].answer
        assert w.context.state.notebook.checks == (Check(FIRST[0].prompt, FIRST[0].answer, "beginning"),)
        put(w, (Fact("The miller eats", "figs"),))
        yield idle(w)
        w.panes.ask.line.setText(FIRST[0].prompt)
        w.panes.ask.ask()
        yield lambda: w.panes.ask.exchanges[-1].done
        w.workspaces.show("ask")
        yield lambda: "the memory changed: it now contains 3 facts" in w.panes.ask.view.toPlainText()
        w.discard = True

    assert play(today, model_folder, home) == 0
    assert play(tomorrow, model_folder, home) == 0
    assert not said.failures


def test_a_source_leads_to_its_sentence_in_the_text(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (OTHER_DOCUMENT, DOCUMENT))
    window = workbench.window
    asked(workbench, qtbot, "The lighthouse of Skarn stands on a")
    window.panes.ask.view.anchorClicked.emit(QUrl(f"source:{window.panes.ask.exchanges[-1].job}"))
    qtbot.waitUntil(lambda: window.panes.text.view.marked is not None, timeout=WAIT)
    start_, stop = window.panes.text.view.marked or (0, 0)
    assert window.panes.text.view.whole[start_:stop] == "The lighthouse of Skarn stands on a rock."
    assert window.panes.text.chooser.currentText() == DOCUMENT.title
    asked(workbench, qtbot, FACTS[1].prompt)
    window.actions_by_name["show_source"].trigger()
    start_, stop = window.panes.text.view.marked or (0, 0)
    assert window.panes.text.view.whole[start_:stop] == f"{FACTS[1].prompt} {FACTS[1].answer}"


def test_the_newest_answer_is_marked_in_the_text_that_is_in_sight(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (OTHER_DOCUMENT, DOCUMENT))
    window, text = workbench.window, workbench.window.panes.text
    window.workspaces.show("ask")
    asked(workbench, qtbot, "The lighthouse of Skarn stands on a")
    qtbot.waitUntil(lambda: text.view.marked is not None, timeout=WAIT)
    assert text.chooser.currentText() == DOCUMENT.title and window.panes.ask.line.hasFocus() is window.isActiveWindow()
    window.workspaces.show("write")
    asked(workbench, qtbot, FACTS[1].prompt)
    settle(workbench, qtbot)
    assert text.chooser.currentText() == DOCUMENT.title, "nobody sees it"
    window.workspaces.show("ask")
    asked(workbench, qtbot, FACTS[1].prompt)
    assert "fact" in text.chooser.currentText()


def test_a_source_is_found_by_its_title_once_the_items_before_it_are_gone(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (OTHER_DOCUMENT, DOCUMENT), facts=0)
    window = workbench.window
    asked(workbench, qtbot, "The lighthouse of Skarn stands on a")
    source = window.panes.ask.exchanges[-1].sources[0]
    assert source.item == 1
    workbench.context.submit(ForgetItems((0,)))
    settle(workbench, qtbot)
    window.panes.text.show_source(source)
    assert window.panes.text.chooser.currentText() == DOCUMENT.title
    workbench.context.submit(ForgetItems((0,)))
    settle(workbench, qtbot)
    window.panes.text.show_source(source)
    assert "no longer in the memory" in window.panes.activity.remark.text()


def test_the_text_is_shaded_where_it_is_recited_unsurely(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (DOCUMENT,), facts=0)
    text = workbench.window.panes.text
    qtbot.waitUntil(lambda: "ecited" in text.foot.text() and not text._job, timeout=WAIT)
    assert len(text._heat[0]) > 20
    workbench.window.workspaces.show("write")
    text._heat.clear()
    text._show_heat()
    qtbot.wait(SOON + 100)
    assert not text._heat, "nobody sees it"
    workbench.window.workspaces.show("ask")
    qtbot.waitUntil(lambda: "ecited" in text.foot.text() and not text._job, timeout=WAIT)
    text._heat[0] = (TokenHeat(0, 3, 0.2), TokenHeat(3, 14, 0.95), TokenHeat(14, 17, 0.7))
    text._show_heat()
    assert text.view.weak == 2 and "2 tokens shaded" in text.foot.text()
    shaded = [(s.cursor.selectionStart(), s.cursor.selectionEnd()) for s in text.view.extraSelections()]
    assert (0, 3) in shaded and (14, 17) in shaded and (3, 14) not in shaded
    text.heat_button.setChecked(False)
    assert not text.view.weak


def test_a_text_of_a_megabyte_with_wide_letters_is_marked_where_it_should_be(qapp: QApplication, qtbot: QtBot) -> None:
    view = TextView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    body = "\U0001d538 word of the harbour. " * 40_000 + "The last sentence."
    view.show_text(body)
    place = body.index("The last")
    view.mark((place, len(body)))
    qtbot.waitUntil(lambda: view._put >= len(body), timeout=WAIT)
    assert view.toPlainText() == body
    found = [s.cursor.selectedText() for s in view.extraSelections()]
    assert "The last sentence." in found
    assert view.find_all("HARBOUR") == 10_000, "more are not worth marking"


def test_checks_are_asked_again_after_each_change(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot)
    checks, context = workbench.window.panes.checks, workbench.context
    asked(workbench, qtbot, FACTS[0].prompt)
    asked(workbench, qtbot, FACTS[1].prompt)
    for exchange in workbench.window.panes.ask.exchanges:
        workbench.window.panes.ask.view.anchorClicked.emit(QUrl(f"pin:{exchange.job}"))
    settle(workbench, qtbot)
    assert [check.expected for check in context.state.notebook.checks] == [fact.answer for fact in FACTS[:2]]
    checks.run()
    settle(workbench, qtbot)
    assert checks.runs.text() == "2 of 2 right after write 1"
    context.submit(ForgetItems((1,)))
    qtbot.waitUntil(lambda: "1 of 2 right" in checks.runs.text(), timeout=WAIT)
    assert "was 2 of 2" in checks.runs.text()
    marks = {checks.tree.topLevelItem(n).text(0) for n in range(2)}
    assert marks == {"✓", "!"} and f"expected {FACTS[1].answer}" in checks.tree.topLevelItem(1).text(1)
    checks.tree.topLevelItem(1).setSelected(True)
    checks.remove()
    settle(workbench, qtbot)
    assert len(context.state.notebook.checks) == 1


def test_a_check_is_typed_in_a_dialog(start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = CheckDialog(None, Check("", ""))
    qtbot.addWidget(dialog)
    assert not dialog.done_button.isEnabled()
    QTest.keyClicks(dialog.lines[0], "Who is mayor?")
    assert dialog.done_button.isEnabled() and dialog.check() == Check("Who is mayor?", "")
    monkeypatch.setattr(CheckDialog, "ask", classmethod(lambda cls, parent, check: Check("Who is mayor?", "")))
    workbench = written(start, qtbot, facts=1)
    workbench.window.panes.checks.add()
    settle(workbench, qtbot)
    assert workbench.context.state.notebook.checks == (Check("Who is mayor?", ""),)


def test_words_are_found_in_the_texts_of_all_memories(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (DOCUMENT,), facts=0)
    window, context = workbench.window, workbench.context
    context.submit(SaveMemory(title="Lights"))
    context.submit(NewMemory())
    settle(workbench, qtbot)
    window.workspaces.show("write")
    press_write(workbench, FACTS[:1])
    settle(workbench, qtbot)
    window.panes.library.reload()
    settle(workbench, qtbot)
    window.actions_by_name["search"].trigger()
    assert window.panes.library.search.hasFocus() or not window.isActiveWindow()
    window.panes.library.search.setText("keeper Odile")
    qtbot.waitUntil(lambda: window.panes.library.hits.list.topLevelItemCount() == 1, timeout=WAIT)
    line = window.panes.library.hits.list.topLevelItem(0)
    assert line.text(0).startswith("…") and line.text(0).index("keeper") < 25, "the words are in sight"
    window.panes.library.hits.open(line)
    qtbot.waitUntil(lambda: "Lights (not loaded)" in window.panes.text.status.text(), timeout=WAIT)
    settle(workbench, qtbot)
    assert window.panes.text.view.whole == DOCUMENT.text and window.panes.text.edit_button.isHidden()
    window.panes.library.search.setText("nothing of the kind")
    qtbot.waitUntil(lambda: "No text" in window.panes.library.hits.title.text(), timeout=WAIT)
    window.panes.text.show_item(0)
    assert window.panes.text.view.whole == f"{FACTS[0].prompt} {FACTS[0].answer}"


def test_escape_closes_the_search_in_the_text_and_clears_that_of_the_library(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (DOCUMENT,), facts=0)
    window, text = workbench.window, workbench.window.panes.text
    window.workspaces.show("ask")
    text.start_find()
    QTest.keyClicks(text.line, "lamp")
    assert text.count.text() == "1 of 1"
    QTest.keyClick(text.line, Qt.Key.Key_Escape)
    assert text.finder.isHidden()
    text.start_find()
    workbench.context.submit(NewMemory())
    settle(workbench, qtbot)
    assert text.finder.isHidden(), "there is nothing to find"
    QTest.keyClicks(window.panes.library.search, "lamp")
    QTest.keyClick(window.panes.library.search, Qt.Key.Key_Escape)
    assert not window.panes.library.search.text()


def test_an_item_is_edited_and_takes_its_own_place(start: Start, qtbot: QtBot, said: Said) -> None:
    workbench = written(start, qtbot, (DOCUMENT, OTHER_DOCUMENT), facts=0)
    window, write = workbench.window, workbench.window.panes.write
    window.panes.text.chooser.setCurrentIndex(1)
    window.panes.text.edit()
    assert window.workspaces.current == "write" and not write.editing.isHidden()
    assert write.documents()[0].text == OTHER_DOCUMENT.text
    write.editor.setPlainText("A goat sleeps on the roof of the bakery in Ostrel.")
    write.write()
    settle(workbench, qtbot)
    memory = workbench.context.memory
    assert memory is not None and len(memory.items) == 2 and memory.items[1].text is not None
    assert memory.items[1].text.startswith("A goat") and not said.questions and write.editing.isHidden()


@pytest.mark.parametrize("kind", ["md", "json"])
def test_a_conversation_is_exported(
    start: Start, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    workbench = written(start, qtbot)
    asked(workbench, qtbot, FACTS[0].prompt)
    settle(workbench, qtbot)
    target = tmp_path / f"out.{kind}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(target), ""))
    workbench.window.panes.ask.export(kind)
    text = target.read_text(encoding="utf-8")
    if kind == "json":
        assert json.loads(text)["turns"][0]["answer"]["prompt"] == FACTS[0].prompt
    else:
        assert f"**{FACTS[0].prompt}**\n\n{FACTS[0].answer}" in text


def test_two_memories_stand_side_by_side(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot)
    context, compare = workbench.context, workbench.window.panes.compare
    context.submit(SaveMemory(title="One"))
    settle(workbench, qtbot)
    workbench.window.panes.library.reload()
    settle(workbench, qtbot)
    press_write(workbench, (Fact(FACTS[0].prompt, "Pell"), FACTS[2]))
    settle(workbench, qtbot)
    workbench.window.workspaces.show("inspect")
    compare.choosers[1].setCurrentIndex(compare.choosers[1].findText("One"))
    settle(workbench, qtbot)
    rows = {compare.tree.topLevelItem(n).text(0): compare.tree.topLevelItem(n).text(1) for n in range(3)}
    assert rows == {FACTS[0].prompt: "differs", FACTS[2].prompt: "only left", FACTS[1].prompt: "same"}
    assert compare.status.text() == "2 differences · 1 alike"


def test_a_retention_run_leaves_the_plots_of_the_last_write(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (DOCUMENT, OTHER_DOCUMENT), facts=0)
    live, retention = workbench.window.panes.live, workbench.window.panes.retention
    before, tokens = live.items.table(), live.tokens.table()
    assert len(tokens[1]) > 20 and min(p for _, p in tokens[1]) > 0.5  # type: ignore[type-var]
    assert retention.source.currentText() == "Memory in use"
    retention.run()
    settle(workbench, qtbot)
    assert retention.last is not None and live.items.table() == before and live.tokens.table() == tokens
    assert live.banks.table()[1], "the slots' use follows the memory"


def test_two_writes_are_laid_over_each_other(start: Start, qtbot: QtBot) -> None:
    workbench = written(start, qtbot, (DOCUMENT,), facts=1)
    live = workbench.window.panes.live
    assert live.other.count() == 3
    live.other.setCurrentIndex(2)
    workbench.window.workspaces.show("write")
    live.loss.redraw()
    assert live.loss._other[0] and any(sign.word == "the other write" for sign in live.loss.signs())
    live.other.setCurrentIndex(0)
    assert not live.loss._other[0]


def test_a_plot_that_was_moved_says_so_and_a_double_click_shows_all_of_it(start: Start, qtbot: QtBot) -> None:
    workbench = start(load=False)
    loss = workbench.window.panes.live.loss
    for step in range(30):
        loss.add(step, {"cross-entropy": float(30 - step)})
    loss.redraw()
    loss.item.vb.setRange(xRange=(3, 5))
    loss.item.vb.sigRangeChangedManually.emit([True, True])
    assert loss.held and loss.hold.iconText() == "reset view"
    for card in (loss, workbench.window.panes.live.items):
        assert card.item.getAxis("bottom").label.isVisible()
    assert loss.key.isVisibleTo(loss)

    class Double:
        def double(self) -> bool:
            return True

        def accept(self) -> None:
            pass

    loss._clicked(Double())
    assert not loss.held and loss.hold.iconText() == "hold"
    loss.item.vb.updateAutoRange()
    assert loss.item.viewRange()[0][1] > 20


def test_several_files_wait_in_a_queue_and_are_written_one_after_the_other(
    start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    workbench = start()
    write = workbench.window.panes.write
    for name, document in (("one", DOCUMENT), ("two", OTHER_DOCUMENT)):
        (tmp_path / f"{name}.txt").write_text(document.text, encoding="utf-8")
    write.read_paths([tmp_path / "one.txt"])
    qtbot.waitUntil(lambda: len(write.documents()) == 1, timeout=WAIT)
    write.read_paths([tmp_path / "two.txt"])
    qtbot.waitUntil(lambda: len(write.documents()) == 2, timeout=WAIT)
    write.pages.one_by_one.setChecked(True)
    write.write()
    assert len(write.row.jobs) == 2
    settle(workbench, qtbot)
    memory = workbench.context.memory
    assert memory is not None and len(memory.layers) == 2 and len(memory.items) == 2
    states = [write.pages.queue.topLevelItem(number).text(2) for number in range(2)]
    assert states == ["✓ written", "✓ written"]


def test_the_platform_is_checked_before_qt_fails_on_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from bdh_workbench.errors import UserError
    from bdh_workbench.gui import platform

    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(platform.sys, "platform", "linux")
    with pytest.raises(UserError, match="no screen"):
        platform.check_platform()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    platform.check_platform()
    words = platform._sentence("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")
    assert "libxcb-cursor0" in words and "sudo apt install" in words
    with pytest.raises(UserError, match="cannot open a window"):
        platform.check_plugin(tmp_path / "nothing.so")


def test_no_row_of_the_settings_is_cut_in_half(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    window.panes.write.advanced_button.click()
    for height in (700, 760, 830, 920):
        window.resize(1100, height)
        qtbot.wait(40)
        area = window.panes.write.advanced
        room = area.viewport().height()
        for child in area.widget().findChildren(QWidget):
            box = child.geometry()
            if child.parent() is area.widget() and area.verticalScrollBar().value() == 0:
                assert box.top() >= room or box.bottom() < room + 1, (height, box)


def test_a_theme_never_holds_the_window_up(start: Start, qtbot: QtBot) -> None:
    import time

    workbench = start(load=False)
    window = workbench.window
    begun = time.thread_time()
    window.actions_by_name["theme_dark"].trigger()
    assert time.thread_time() - begun < 0.1
    qtbot.waitUntil(lambda: workbench.theme.settled, timeout=WAIT)
    colours = workbench.theme.colours
    assert window.grab().toImage().pixelColor(2, window.height() // 2).name() == colours.background
    bar = window.docks["write"].titleBarWidget()
    assert bar.grab().toImage().pixelColor(bar.width() // 2, 4).name() == colours.panel
    window.actions_by_name["theme_light"].trigger()
    qtbot.waitUntil(lambda: workbench.theme.settled, timeout=WAIT)


def test_a_folder_and_a_table_with_other_names_are_read_and_what_was_guessed_is_said(
    start: Start, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bdh_workbench.gui.dialogs.lines import ColumnsDialog

    workbench = start(load=False)
    window, write = workbench.window, workbench.window.panes.write
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(3):
        (notes / f"note {number}.md").write_text(f"# Note {number}\n\nThe boat of pier {number} is green.\n")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(notes))
    window.actions_by_name["open_folder"].trigger()
    qtbot.waitUntil(lambda: len(write.documents()) == 3, timeout=WAIT)
    assert not write.pages.queue.isHidden() and write.columns_button.isHidden()
    table = tmp_path / "words.csv"
    table.write_text("Term,Meaning,Origin\nskerry,a small rocky island,Norse\nloch,a lake,Gaelic\n", encoding="utf-8")
    write.read_paths([table])
    qtbot.waitUntil(lambda: not write.columns_button.isHidden(), timeout=WAIT)
    assert [fact.answer for fact in write.table.facts_model.facts()] == ["a small rocky island", "a lake"]
    assert "Term" in write.state.text() or "Term" in write.state.toolTip()
    monkeypatch.setattr(ColumnsDialog, "ask", classmethod(lambda cls, parent, used: ("Term", "Origin")))
    write.choose_columns()
    qtbot.waitUntil(
        lambda: [fact.answer for fact in write.table.facts_model.facts()] == ["Norse", "Gaelic"], timeout=WAIT
    )
