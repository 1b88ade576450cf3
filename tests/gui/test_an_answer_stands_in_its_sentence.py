"""The answer first, marked in its sentence, with its source and how sure it is; the rest unfolds on demand."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument
from pytestqt.qtbot import QtBot

from bdh_workbench.asking.answers import Answer, Candidate, SpokenToken
from bdh_workbench.gui.look.colours import Colours
from bdh_workbench.gui.look.theme import DARK, LIGHT
from bdh_workbench.gui.parts.asking.exchange import Exchange
from bdh_workbench.gui.parts.asking.probability import BAR_HEIGHT, BAR_WIDTH, Page, bar
from bdh_workbench.reading.sources import Source
from bdh_workbench.session.records.events import AnswerDone
from tests.core_factory import FACTS
from tests.gui.conftest import WAIT, Start, settle

SOURCE = Source("The harbour", "document", 2, "It was built by Ines & Odile in 1890.", 3, 0)
CHOSEN = Candidate(SOURCE.text or "", SOURCE, 0.91, "Ines & Odile", 0.84, (16, 28), None, (("shared words", 1.25),))
OTHER = Candidate(
    "A bridge <b>crosses</b> it.", dataclasses.replace(SOURCE, sentence=5), 0.06, None, None, None, None,
    (("meaning", 0.5), ("place", -0.25)),
)  # fmt: skip


def shown(exchange: Exchange, colours: Colours = LIGHT) -> str:
    return exchange.html(colours).replace("&nbsp;", " ")


def said(chosen: Candidate | None = CHOSEN, *candidates: Candidate, **changes: object) -> Exchange:
    answer = Answer(
        "Who built it?", "question", candidates, chosen, " Ines & Odile", (SpokenToken(" Ines", 0.9, 0.8, True),), True,
        False, (), (), 0.8, chosen is None, (SOURCE,) if chosen else (), " Nobody knows", (),
    )  # fmt: skip
    exchange = Exchange(7, "Who built it?")
    exchange.complete(AnswerDone(7, dataclasses.replace(answer, **changes)))  # type: ignore[arg-type]
    return exchange


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_the_answer_comes_first_and_is_marked_in_its_sentence(colours: Colours) -> None:
    html = shown(said(CHOSEN, CHOSEN, OTHER), colours)
    first, marked = html.index(">Ines &amp; Odile</p>"), html.index(">Ines &amp; Odile</span> in 1890.")
    assert first < marked < html.index("0.840") < html.index("The harbour, sentence 2")
    assert "bar:84-" in html and "1 other candidate ▸" in html and "memory off ▸" in html
    assert "crosses" not in html and "Nobody knows" not in html


def test_the_nearest_sentence_leads_to_the_text_where_nothing_answers() -> None:
    exchange = said(None, OTHER, CHOSEN)
    assert exchange.outside and exchange.place == OTHER.source
    assert '<a href="source:7"' in shown(exchange) and "nearest: " in shown(exchange)
    assert said(CHOSEN, CHOSEN).place == SOURCE and said(None).place is None


def test_candidates_and_the_untouched_text_unfold() -> None:
    exchange = said(CHOSEN, CHOSEN, OTHER)
    exchange.toggle("candidates")
    html = shown(exchange)
    assert "A bridge &lt;b&gt;crosses&lt;/b&gt; it." in html and 'title="meaning +0.50\nplace -0.25"' in html
    exchange.toggle("candidates")
    exchange.toggle("alone")
    html = shown(exchange)
    assert "crosses" not in html and "Nobody knows" in html and "memory off ▾" in html


def test_not_in_this_memory_is_an_answer() -> None:
    exchange = said(None, OTHER)
    html = shown(exchange)
    assert html.index("Not in this memory") < html.index("nearest: ") < html.index("“A bridge")
    assert html.index("“A bridge") < html.index("what the model says without")
    assert f"color:{LIGHT.warning}" in html and "Ines" not in html and "Nobody" not in html
    assert exchange.text().splitlines()[1] == "A: Not in this memory"
    exchange.toggle("alone")
    assert "Nobody knows" in shown(exchange)


def test_a_tiny_probability_is_seen_whole(qtbot: QtBot) -> None:
    tiny = dataclasses.replace(OTHER, p=0.0004)
    page = QTextDocument()
    page.setHtml(said(None, tiny).html(LIGHT))
    assert "(< 0.001)" in page.toPlainText()
    exchange = said(CHOSEN, CHOSEN, tiny)
    exchange.toggle("candidates")
    page.setHtml(exchange.html(LIGHT))
    assert "< 0.001" in page.toPlainText()


def test_what_was_cut_and_what_differs_from_the_stored_text_is_said() -> None:
    html = said(dataclasses.replace(CHOSEN, kept="It was built by Ines in 1890."), cut=True).html(LIGHT)
    assert "cut after 1 token" in html and "the stored text reads “It was built by Ines in 1890.”" in html
    assert "cut after" not in said(None, cut=True).html(LIGHT), "what the model says alone is only a sample"


def test_a_sentence_without_an_answer_in_it_is_shown_itself() -> None:
    exchange = said(dataclasses.replace(CHOSEN, answer=None, answer_p=None, span=None))
    assert exchange.answer == CHOSEN.sentence and "bar:91-" in shown(exchange)


def test_a_page_draws_bars_and_loads_nothing_else(qtbot: QtBot) -> None:
    page = Page()
    qtbot.addWidget(page)
    image_kind = QTextDocument.ResourceType.ImageResource.value
    name = bar(0.5, LIGHT).split('"')[1]
    image = page.loadResource(image_kind, QUrl(name))
    assert isinstance(image, QImage) and image.deviceIndependentSize().toSize().width() == BAR_WIDTH
    assert image.pixelColor(BAR_WIDTH // 4, BAR_HEIGHT // 2).name() == LIGHT.good
    assert image.pixelColor(3 * BAR_WIDTH // 4, BAR_HEIGHT // 2).name() == LIGHT.line
    for other in ("file:///etc/passwd", "http://example.com/x.png", "x.png"):
        assert page.loadResource(image_kind, QUrl(other)) is None
    assert not page.openLinks()


def test_the_switch_says_how_a_prompt_is_read_and_decides_it(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    window = workbench.window
    window.workspaces.show("ask")
    console = window.panes.ask
    window.panes.write.tabs.setCurrentIndex(1)
    window.panes.write.table.facts_model.set_facts(FACTS)
    window.panes.write.write()
    settle(workbench, qtbot)
    console.line.setText("Who built it?")
    assert console.mode.currentText() == "Auto: question"
    console.line.setText(FACTS[0].prompt)
    assert console.mode.currentText() == "Auto: beginning"
    for place, mode in enumerate(("beginning", "question", "beginning")):
        console.mode.setCurrentIndex(place)
        console.line.setText(FACTS[0].prompt)
        console.ask()
        qtbot.waitUntil(lambda: console.exchanges[-1].done, timeout=WAIT)
        found = console.exchanges[-1].reply
        assert found is not None and found.mode == mode and found.answer == FACTS[0].answer
        assert console.status.text() == f"read as a {mode}"
    assert console.mode.itemText(0) == "Auto"
    job = console.exchanges[-1].job
    console.view.anchorClicked.emit(QUrl(f"alone:{job}"))
    assert "memory off ▾" in console.view.toPlainText().replace("\xa0", " ")
    console.view.anchorClicked.emit(QUrl("alone:99999"))
    console.view.anchorClicked.emit(QUrl("http://example.com"))
    assert "memory off ▾" in console.view.toPlainText().replace("\xa0", " ")
