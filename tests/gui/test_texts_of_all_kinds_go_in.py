"""Pastes, files and drops: large, foreign, from a spreadsheet, with odd names."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.dialogs.files import TEXT_KINDS
from bdh_workbench.gui.look.colours import LIGHT
from bdh_workbench.gui.look.words import direction, harmless, plural, short, shown_token, size
from bdh_workbench.gui.parts.asking.exchange import Exchange
from bdh_workbench.gui.parts.writing.facts_table import cells_of
from bdh_workbench.gui.parts.writing.reading import read_files, read_paste, told
from bdh_workbench.inputs.files import read_any
from tests.gui.conftest import WAIT, Said, Start
from tests.inputs import document_factory

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"


def test_a_paste_of_five_megabytes_does_not_freeze_the_window(start: Start, qtbot: QtBot) -> None:
    write = start(load=False).window.panes.write
    data = QMimeData()
    data.setText("A sentence of some length stands here.\n" * 130_000)
    begun = time.thread_time()
    write.editor.insertFromMimeData(data)
    assert time.thread_time() - begun < 0.2
    assert len(write.editor.text()) > 5_000_000
    assert len(write.editor.toPlainText()) < 10_000
    assert write.pages.large_note.isVisible() and "MB" in write.pages.large_note.text()
    assert len(write.documents()[0].text) > 5_000_000
    write.clear()
    assert not write.editor.large and not write.editor.isReadOnly()


def test_right_to_left_text_and_emoji_come_back_as_they_were(start: Start, qtbot: QtBot) -> None:
    write = start(load=False).window.panes.write
    text = "שלום עולם. مرحبا بالعالم. 👩‍👩‍👧 naïve 日本語"
    write.title_line.setText("עברית 🎈")
    write.editor.setPlainText(text)
    assert write.documents()[0].text == text
    assert write.documents()[0].title == "עברית 🎈"


def test_each_line_of_an_exchange_has_its_own_direction() -> None:
    html = Exchange(1, "كان يا مكان", answer="ملك").html(LIGHT)
    assert html.count('dir="rtl"') == 2 and html.count('dir="ltr"') == 1
    assert direction("123 abc") == "ltr" and direction("… 12 ملك") == "rtl" and direction("") == "ltr"


def test_cells_from_a_spreadsheet_become_facts(start: Start, qtbot: QtBot) -> None:
    table = start(load=False).window.panes.write.table
    table.paste("The cat is\tblack\tColour of the cat: | A cat that is\nThe dog is\twhite\t\n")
    facts = table.facts_model.facts()
    assert [fact.answer for fact in facts] == ["black", "white"]
    assert len(facts[0].paraphrases) == 2


def test_a_cell_can_be_typed_into_the_spare_row(start: Start, qtbot: QtBot) -> None:
    model = start(load=False).window.panes.write.table.facts_model
    assert model.setData(model.index(0, 0), "The moon is", Qt.ItemDataRole.EditRole)
    assert model.setData(model.index(0, 1), "round", Qt.ItemDataRole.EditRole)
    assert model.rowCount() == 2
    assert model.facts()[0].answer == "round"


def test_files_of_every_kind_are_read(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt,answer\nThe sky is,blue\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"prompt": "The sea is", "answer": "deep"}\n', encoding="utf-8")
    (tmp_path / "c.md").write_text("# A heading\n\nSome text.", encoding="utf-8")
    workbench = start(load=False)
    workbench.window.panes.write.read_paths([tmp_path / name for name in ("a.csv", "b.jsonl", "c.md")])
    write = workbench.window.panes.write
    qtbot.waitUntil(lambda: len(write.table.facts_model.rows) == 2, timeout=WAIT)
    assert write.documents()[0].title == "A heading"


KINDS = {
    "a.txt": "Tove keeps bees on the roof.",
    "b.md": "# Bees\n\nTove keeps bees on the roof.",
    "c.json": '[{"title": "Bees", "text": "Tove keeps bees on the roof."}]',
    "d.json": '[{"prompt": "Tove keeps", "answer": "bees"}]',
    "e.jsonl": '{"prompt": "Tove keeps", "answer": "bees"}\n',
    "f.csv": "prompt,answer\nTove keeps,bees\n",
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("onto", ["window", "editor"])
def test_files_are_dropped_onto_the_window_or_the_text(
    start: Start, qtbot: QtBot, tmp_path: Path, name: str, onto: str
) -> None:
    (tmp_path / name).write_text(KINDS[name], encoding="utf-8")
    window = start(load=False).window
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    target = window if onto == "window" else window.panes.write.editor.viewport()
    place = QPoint(20, 20)
    enter = QDragEnterEvent(place, actions, data, buttons, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(place), actions, data, buttons, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(target, drop)
    write = window.panes.write
    if name[0] in "abc":
        qtbot.waitUntil(lambda: len(write.documents()) == 1, timeout=WAIT)
        assert "bees" in write.documents()[0].text and write.tabs.currentIndex() == 0
    else:
        qtbot.waitUntil(lambda: len(write.table.facts_model.facts()) == 1, timeout=WAIT)
        assert write.table.facts_model.facts()[0].answer == "bees" and write.tabs.currentIndex() == 1


def test_a_link_of_a_web_page_is_dropped_as_text(start: Start) -> None:
    line = start(load=False).window.panes.gates.line
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/norby")])
    data.setText("https://example.org/norby")
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(5, 5), actions, data, buttons, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(line, enter)
    drop = QDropEvent(QPointF(5, 5), actions, data, buttons, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(line, drop)
    assert "example.org/norby" in line.text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_told_apart(start: Start, qtbot: QtBot, said: Said, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text("Æsa’s naïve café in Ålesund sells crêpes à la carte.", encoding=encoding)
    write = start(load=False).window.panes.write
    write.read_paths([tmp_path / "a.txt"])
    qtbot.waitUntil(lambda: bool(write.documents() or said.failures), timeout=WAIT)
    assert not said.failures and "crêpes" in write.documents()[0].text


def test_sample_facts_and_documents_are_one_click_away(start: Start, qtbot: QtBot) -> None:
    workbench = start(load=False)
    actions, write = workbench.window.actions_by_name, workbench.window.panes.write
    actions["sample_document"].trigger()
    qtbot.waitUntil(lambda: len(write.documents()) == 2, timeout=WAIT)
    assert write.pages.queue.isVisible() and write.documents()[0].probes
    actions["sample_facts"].trigger()
    qtbot.waitUntil(lambda: len(write.table.facts_model.facts()) == 10, timeout=WAIT)


def test_what_was_cleared_or_replaced_can_be_brought_back(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    write, back = window.panes.write, window.actions_by_name["bring_back"]
    write.editor.setPlainText("Words that took an hour to find.")
    write.clear()
    assert not write.documents()
    back.trigger()
    assert write.documents()[0].text == "Words that took an hour to find."
    write.tabs.setCurrentIndex(1)
    model = write.table.facts_model
    model.put(0, 0, [["The tea is", "hot"], ["The milk is", "cold"]])
    model.remove({0})
    write.clear()
    assert not model.facts()
    back.trigger()
    assert [fact.answer for fact in model.facts()] == ["cold"]
    back.trigger()
    assert [fact.answer for fact in model.facts()] == ["hot", "cold"]
    back.trigger()
    back.trigger()
    assert "no facts to restore" in window.panes.activity.remark.text()


def test_a_broken_file_is_told_in_one_sentence(start: Start, qtbot: QtBot, said: Said, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"%PDF-1.4 nonsense")
    workbench = start(load=False)
    workbench.window.panes.write.read_paths([tmp_path / "x.csv"])
    qtbot.waitUntil(lambda: bool(said.failures), timeout=WAIT)
    assert "x.csv is damaged or cut off" in said.failures[0][0]


def test_a_folder_and_a_document_of_a_word_processor_are_read(
    start: Start, qtbot: QtBot, said: Said, tmp_path: Path
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("# Bees\n\nShe kept bees.", encoding="utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "mill.docx").write_bytes(document_factory.seeds()[".docx"])
    (tmp_path / "mill.pdf").write_bytes(document_factory.seeds()[".pdf"])
    write = start(load=False).window.panes.write
    write.read_paths([folder, tmp_path / "mill.docx", tmp_path / "mill.pdf"])
    qtbot.waitUntil(lambda: bool(write.documents() or said.failures), timeout=WAIT)
    assert not said.failures and [one.title for one in write.documents()] == ["Bees", "The mill", "The mill"]


def test_what_is_said_of_files_names_them_without_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "mill.txt").write_text("Die Mühle steht über dem Fluß. Käthe Sölch führt sie.", encoding="cp1252")
    for name in ("photo.jpg", "film.jpg"):
        (folder / name).write_bytes(b"\0\1\2")
    encoding, passed = told(read_any([folder]))
    assert encoding.startswith("mill.txt: read as Windows-1252")
    assert passed.startswith("Skipped 2 files") and "photo.jpg" in passed and "film.jpg" in passed
    assert str(tmp_path) not in encoding + passed


def test_a_file_of_another_encoding_is_named_in_the_window(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "mill.txt").write_text("Die Mühle steht über dem Fluß. Käthe Sölch führt sie.", encoding="cp1252")
    write = start(load=False).window.panes.write
    write.read_paths([tmp_path / "mill.txt"])
    qtbot.waitUntil(lambda: write.state.text().startswith("mill.txt: read as Windows-1252"), timeout=WAIT)
    assert write.state.isVisible()


def test_the_file_dialog_offers_what_can_be_read() -> None:
    first = TEXT_KINDS.split(";;")[0]
    assert all(f"*{suffix}" in first for suffix in (".txt", ".pdf", ".docx", ".html", ".epub", ".csv", ".json"))


def test_the_clipboard_is_read_as_what_it_is(start: Start, qtbot: QtBot) -> None:
    workbench = start(load=False)
    QGuiApplication.clipboard().setText('[{"prompt": "The tea is", "answer": "hot"}]')
    workbench.window.actions_by_name["paste_facts"].trigger()
    qtbot.waitUntil(lambda: len(workbench.window.panes.write.table.facts_model.rows) == 1, timeout=WAIT)


def test_cards_that_anki_exported_are_facts_wherever_they_come_from(tmp_path: Path) -> None:
    cards = "#separator:tab\n#html:true\nThe ferry leaves from\tpier&nbsp;seven\n"
    (tmp_path / "cards.txt").write_text(cards, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("# A heading\n\nThe prompt, and its answer.\n", encoding="utf-8")
    facts, documents = read_files([tmp_path / "cards.txt", tmp_path / "notes.txt"])
    assert [(fact.prompt, fact.answer) for fact in facts] == [("The ferry leaves from", "pier\u00a0seven")]
    assert [document.title for document in documents] == ["notes"]
    assert read_paste(cards) == (facts, ()) and cells_of(cards) == [["The ferry leaves from", "pier\u00a0seven", ""]]
    assert cells_of("a\tb\r\nc\td") == [["a", "b"], ["c", "d"]], "what a spreadsheet copied has no headers"


def test_control_characters_in_names_are_made_harmless() -> None:
    assert harmless("a\u202eb\x07c") == "a\ufffdb\ufffdc"
    assert shown_token(" \n") == "↵"
    assert short("x" * 100, 10).endswith("…")
    assert plural(1, "memory") == "1 memory" and plural(2, "memory") == "2 memories"
    assert size(1_500_000) == "1.5 MB"
