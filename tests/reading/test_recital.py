"""Recital: what was written comes out of S word for word, in one pass or token by token, with or without its words."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.inputs.sentences import sentences_of
from bdh_workbench.memory.store.banks import FixedSlot, SlowMemory
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.encoding import document_items, document_sizes
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.recital import Recital, Stretch, stretches
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT


def without_words(memory: Memory) -> Memory:
    items = tuple(
        dataclasses.replace(item, prompt="", answer="", text=None, title=f"item {number}")
        for number, item in enumerate(memory.items)
    )
    tokens = torch.full_like(memory.rows.tokens, -1)
    return dataclasses.replace(memory, items=items, rows=dataclasses.replace(memory.rows, tokens=tokens))


def recite(model: Model, memory: Memory, wanted: list[Stretch], prompts: list[str] | None = None) -> list[str]:
    return [one.text for one in Recital(model, memory, SlowMemory(memory)).recite(wanted, prompts)]


def test_every_sentence_and_answer_has_one_stretch(memory: Memory) -> None:
    found = stretches(memory)
    expected = [(number, 0) for number in range(len(FACTS))]
    for number, document in enumerate((DOCUMENT, OTHER_DOCUMENT), start=len(FACTS)):
        expected += [(number, place) for place in range(len(sentences_of(document.text)))]
    assert [(stretch.item, stretch.sentence) for stretch in found] == expected
    assert [stretch.opening for stretch in found if stretch.item >= len(FACTS)].count(True) == 2


def test_documents_are_recited_word_for_word(model: Model, memory: Memory) -> None:
    wanted = [stretch for stretch in stretches(memory) if stretch.item >= len(FACTS)]
    sentences = sentences_of(DOCUMENT.text) + sentences_of(OTHER_DOCUMENT.text)
    assert recite(model, memory, wanted) == sentences
    assert recite(model, without_words(memory), wanted) == sentences


def test_sentences_that_begin_alike_are_recited_as_they_are(model: Model) -> None:
    first = TextDocument("North", "The Museum of Norby keeps the oldest map. It is open on Sundays.")
    second = TextDocument("South", "The Museum of Fenby keeps a stuffed heron. It is closed on Mondays.")
    result = finish(write(model, None, (), [first, second]))
    wanted, sentences = stretches(result.memory), sentences_of(first.text) + sentences_of(second.text)
    assert recite(model, result.memory, wanted) == sentences
    bare = dataclasses.replace(result.memory, rows=result.memory.rows.bare(model.site))
    assert recite(model, bare, wanted) == sentences
    with pytest.raises(AttributeError):
        object.__getattribute__(bare.rows, "cues")  # those of one bank are looked at, and none is kept
    alone = recite(model, without_words(result.memory), wanted)
    assert alone != sentences, "S alone continues both as one of them"
    told = [one.said() for one in result.summary.left_out]
    assert told and any("in “South”, sentence 1: “North”, sentence 1, has “" in one for one in told), told


def test_a_damaged_memory_is_not_recited_from_its_tokens(model: Model, memory: Memory) -> None:
    spoilt = dataclasses.replace(memory, weights=torch.zeros_like(memory.weights))
    wanted = [stretch for stretch in stretches(memory) if stretch.item >= len(FACTS)]
    assert recite(model, spoilt, wanted) != recite(model, memory, wanted), "words come from S"


def test_a_sentence_longer_than_a_piece_of_the_text_is_recited_whole(model: Model) -> None:
    names = ("ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine", "rowan", "willow")
    long = "The foresters counted " + ", ".join(f"{n * 7 % 97} {names[n % 12]}s in plot {n}" for n in range(60)) + "."
    text = f"A list was kept. {long} Then it rained."
    document = TextDocument("Plots", text)
    stored = finish(write(model, None, (), [document])).memory
    items = document_items([document], model.tokenizer, *document_sizes(model.config))
    pieces = [item for item in items if item.primary and 1 in item.sentences[item.first :]]
    assert len(pieces) > 1, "it is cut where no sentence ends"
    recited = Recital(model, stored, SlowMemory(stored)).recite(stretches(stored))
    assert [one.text for one in recited] == sentences_of(text)


def test_answers_are_recited_after_their_prompts(model: Model, memory: Memory) -> None:
    wanted = [stretch for stretch in stretches(memory) if stretch.item < len(FACTS)]
    assert recite(model, memory, wanted, [fact.prompt for fact in FACTS]) == [fact.answer for fact in FACTS]


def test_all_at_once_is_token_by_token(model: Model, memory: Memory) -> None:
    """Jacobi decoding against the plain loop, with half of S gone, so that what is said depends on what was said."""
    stretch = stretches(memory)[-2]
    slow = SlowMemory(memory).bank(int(memory.rows.banks[stretch.rows[0]])).clone()
    slow[::2] = 0.0
    reads = memory.rows.sparse(memory.slots, torch.tensor(stretch.rows), torch.float32) @ slow * model.site.gate
    ids, state, said = torch.tensor([[model.tokenizer.end_id]]), None, []
    for read in reads:
        stream, state = model.network.advance(ids, state)
        ids = model.network.logits(stream[:, -1] + read).argmax(-1, keepdim=True)
        said.append(int(ids))
    one = Recital(model, memory, FixedSlot(memory, slow)).recite([stretch])[0]
    expected = model.tokenizer.decode([token for token in said if token != model.tokenizer.end_id]).strip()
    assert one.text == expected
    assert 0.0 < one.p < 1.0


def test_switched_off_layers_are_not_recited(memory: Memory) -> None:
    off = memory.with_layer(memory.layers[0].number, False)
    assert {stretch.item for stretch in stretches(off)} == {len(FACTS) + 1}
