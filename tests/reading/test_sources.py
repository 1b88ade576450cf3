"""Each stored row is traced to its item, its sentence and its place among those that were written together."""

from __future__ import annotations

from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.sources import Sources
from tests.core_factory import DOCUMENT, FACTS


def test_the_source_in_a_document_is_its_sentence(model: Model) -> None:
    memory = finish(write(model, None, [FACTS[0]], [DOCUMENT])).memory
    rows = [row for row in range(len(memory.rows)) if int(memory.rows.items[row]) == 1]
    sources = [source for row in rows if (source := Sources(memory).of(row)) is not None]
    first, second, last = sources[0], sources[1], sources[-1]
    assert (first.title, first.kind, first.sentence, first.position) == ("The lighthouse", "document", 1, 1)
    assert first.text == "The lighthouse of Skarn stands on a rock."
    assert second.position == 2
    assert last.sentence == 4 and last.text == "Ships from Pell steered by it."
    # The last window is the last sentence, whose first tokens are no targets.
    assert len(last.text) - 5 < last.position < len(last.text)
    assert [source.position - last.position for source in sources[-3:]] == [-2, -1, 0]
    assert {source.item for source in sources} == {1}
    at_once = Sources(memory)
    assert [at_once.of(row) for row in rows] == sources, "whatever was looked up before"
    assert at_once.of(-1) is None and Sources(None).of(0) is None


def test_each_item_is_counted_from_its_own_beginning(model: Model) -> None:
    memory = finish(write(model, None, FACTS[:3], (), WriteSettings(framings=1))).memory
    sources = Sources(memory)
    begins = [row for row in range(len(memory.rows)) if (found := sources.of(row)) and found.position == 1]
    assert len(begins) == 6, "each of three facts stands alone and after a framing"
    told = [sources.of(row) for row in begins]
    assert [source.item for source in told if source] == [0, 0, 1, 1, 2, 2]
    assert {source.text for source in told if source} == {f"{fact.prompt} {fact.answer}" for fact in FACTS[:3]}


def test_without_the_words_the_source_has_no_text(model: Model) -> None:
    settings = WriteSettings(keep_words=False)
    memory = finish(write(model, None, [FACTS[0]], [DOCUMENT], settings)).memory
    sources = Sources(memory)
    assert all((found := sources.of(row)) and found.text is None for row in range(len(memory.rows)))
    assert "lighthouse" not in repr((memory.items, memory.layers, memory.title))
