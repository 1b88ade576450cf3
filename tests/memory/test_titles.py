"""A title that was made from what is forgotten, or from words that are not kept, goes with it; a person's own stays."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Sequence

import pytest

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.files.memory_file import without_words
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.manage import find_items, forget, merge, set_layer, undo
from bdh_workbench.memory.store.state import ItemRecord, LayerRecord, Memory
from bdh_workbench.memory.store.titles import layer_title, renewed_title
from bdh_workbench.memory.writing import encoding
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT
from tests.memory.memory_factory import refused

DIRECT = WriteSettings(method="direct", framings=0)


def written(
    model: Model,
    memory: Memory | None,
    facts: Sequence[Fact] = (),
    documents: Sequence[TextDocument] = (),
    settings: WriteSettings = DIRECT,
) -> Memory:
    return finish(write(model, memory, facts, documents, settings)).memory


@pytest.fixture(scope="module")
def joint(model: Model) -> Memory:
    return written(model, None, FACTS[:2], [DOCUMENT, OTHER_DOCUMENT])


@pytest.fixture(scope="module")
def twice(model: Model) -> Memory:
    return written(model, written(model, None, (), [DOCUMENT]), (), [OTHER_DOCUMENT])


def words(memory: Memory) -> str:
    return repr((memory.title, memory.items, memory.layers))


def test_forgetting_what_a_memory_is_called_after_takes_its_title_too(twice: Memory) -> None:
    assert twice.title == DOCUMENT.title
    left = forget(twice, DOCUMENT.title)
    assert left.title == OTHER_DOCUMENT.title and DOCUMENT.title not in words(left)
    assert without_words(left).title == "1 document"
    assert forget(left, 0).title == ""
    assert forget(twice, OTHER_DOCUMENT.title).title == undo(twice).title == DOCUMENT.title


def test_the_title_of_a_joint_write_names_only_what_stays(joint: Memory) -> None:
    assert joint.title == f"{DOCUMENT.title}, {OTHER_DOCUMENT.title}, 2 facts"
    left = forget(joint, [DOCUMENT.title, FACTS[0].prompt])
    assert left.title == left.layers[0].title == f"{OTHER_DOCUMENT.title}, 1 fact"
    silent = forget(without_words(joint), ["document 1", "fact 2"])
    assert silent.title == silent.layers[0].title == "1 document, 1 fact"


def test_the_title_of_a_person_stays(joint: Memory) -> None:
    mine = dataclasses.replace(joint, title="Mine + yours")
    assert forget(mine, 0).title == without_words(mine).title == "Mine + yours"
    nameless = dataclasses.replace(joint, title="")
    assert forget(nameless, 0).title == without_words(nameless).title == ""


def test_no_title_of_a_merge_outlives_the_words(model: Model) -> None:
    parts = [written(model, None, (), [document]) for document in (DOCUMENT, OTHER_DOCUMENT)]
    both = merge(parts)
    assert both.title == f"{DOCUMENT.title} + {OTHER_DOCUMENT.title}"
    silent = without_words(both)
    assert silent.title == "1 document" and DOCUMENT.title not in words(silent)
    assert forget(both, DOCUMENT.title).title == OTHER_DOCUMENT.title
    mixed = merge([dataclasses.replace(parts[0], title="Mine"), parts[1]])
    assert without_words(mixed).title == "Mine + 1 document"
    assert merge(parts, "All").title == without_words(merge(parts, "All")).title == "All"


def test_a_fact_that_gives_way_in_a_merge_is_not_counted(model: Model) -> None:
    one = written(model, None, FACTS[:2])
    other = written(model, None, [dataclasses.replace(FACTS[0], answer="nowhere"), FACTS[3]])
    kept = merge([one, other], keep="first")
    assert sorted(layer.title for layer in kept.layers) == ["1 fact", "2 facts"]
    assert kept.title == "2 facts + 1 fact"


def item(kind: str, title: str, text: str | None = "x") -> ItemRecord:
    return ItemRecord(kind, title, "", "", text if kind == "document" else None, 1, 1, 0.0, 0.0)


def test_a_layer_is_called_after_what_it_holds() -> None:
    documents = [item("document", name) for name in "ABCD"]
    assert layer_title(documents[:3]) == "A, B, C" and layer_title(documents) == "A, B, C and 1 more"
    assert layer_title([item("fact", "f"), *documents[:1]]) == "A, 1 fact"
    assert layer_title([item("document", "A", None), item("document", "B", None)]) == "2 documents"
    assert layer_title([]) == "nothing"


def test_titles_that_hold_what_joins_titles_are_found() -> None:
    layers = [LayerRecord(1, "A + B", ""), LayerRecord(2, "C", ""), LayerRecord(3, "C", "")]
    assert renewed_title("A + B + Mine + C", layers, {1: "new", 3: "three"}) == "new + Mine + three"
    assert renewed_title("C", layers, {}) == "" and renewed_title("A", layers, {}) == "A"


# Names and prompts that mean the same


def apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def test_an_item_is_found_however_its_name_was_typed(model: Model) -> None:
    memory = written(model, None, [FACTS[0]], [TextDocument("Café Über", "The café is over there. It is shut.")])
    assert apart("Café") != "Café"
    assert find_items(memory, apart("Café Über")) == find_items(memory, apart("café üb")) == [1]
    foreign = dataclasses.replace(memory.items[1], title=apart("Café Über"))
    memory = dataclasses.replace(memory, items=(memory.items[0], foreign))
    assert find_items(memory, "Café Über") == [1]


def test_a_prompt_with_a_space_behind_it_is_the_same_prompt(model: Model) -> None:
    red, blue = Fact("The cat is", "red"), Fact("The cat is ", "blue")
    memory = written(model, None, [red])
    refused(lambda: written(model, memory, [blue]), "already answered by “red”: forget")
    refused(lambda: written(model, None, [red, blue]), "already answered by “red”")
    refused(lambda: merge([memory, written(model, None, [blue])]), "contradict")
    assert len(written(model, memory, [Fact("The cat is ", "red ")]).items) == 2


def test_a_fact_that_is_switched_off_is_told_of_as_such(model: Model) -> None:
    memory = set_layer(written(model, None, FACTS[:2]), 1, False)
    other = dataclasses.replace(FACTS[0], answer="nowhere")
    refused(lambda: written(model, memory, [other]), "in layer 1, which is switched off: forget that fact first")


@pytest.mark.parametrize("longest", [64, encoding.STRETCH_TOKENS])
def test_the_tokens_of_an_item_are_those_of_its_text(
    model: Model, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "STRETCH_TOKENS", longest)
    encode = model.tokenizer.encode
    memory = written(model, None, FACTS[:1], [DOCUMENT])
    fact, whole = len(encode(FACTS[0].prompt)) + len(encode(" " + FACTS[0].answer)), len(encode(DOCUMENT.text.strip()))
    assert [one.tokens for one in memory.items] == [fact, whole] and whole > 100
