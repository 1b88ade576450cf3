"""What is replaced is forgotten in the same step: new answers, none of the old, the rest as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
import torch

from bdh_workbench.asking.decoding import Question, exact
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store import algebra, manage
from bdh_workbench.memory.store.conflicts import resolve
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import WriteResult, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from tests.core_factory import DOCUMENT, many_facts
from tests.memory.memory_factory import refused, same

TWELVE = many_facts(12, answer=3)
OTHERS = [dataclasses.replace(fact, answer=TWELVE[place - 5].answer) for place, fact in enumerate(TWELVE)]


@pytest.fixture(scope="module")
def stored(model: Model) -> WriteResult:
    """Twelve facts and a document in two writes."""
    first = finish(write(model, None, TWELVE))
    return finish(write(model, first.memory, (), [DOCUMENT], bases=first.bases))


def replaced(model: Model, before: WriteResult, facts: Sequence[Fact], *, known: bool = True) -> WriteResult:
    new = resolve(before.memory, facts, (), WriteSettings())
    bases = before.bases if known else None
    return finish(write(model, before.memory, new.facts, new.documents, bases=bases, gone=new.gone))


def right(model: Model, memory: Memory, facts: Sequence[Fact]) -> int:
    """How many of the facts are answered by the usual read."""
    return sum(exact(Reader(model, memory), [Question.of(model.tokenizer, f.prompt, f.answer) for f in facts]))


def test_new_answers_are_given_and_none_of_the_old(model: Model, stored: WriteResult) -> None:
    assert right(model, stored.memory, TWELVE) == 12
    after = replaced(model, stored, OTHERS[:6])
    assert right(model, after.memory, [*OTHERS[:6], *TWELVE[6:]]) == 12
    assert right(model, after.memory, TWELVE[:6]) == 0 and right(model, after.memory, OTHERS[6:]) == 0
    assert after.summary.worst_p > 0.9 and len(after.memory.items) == len(stored.memory.items)
    assert all(item.p_before < 0.5 for item in after.memory.items[-6:]), "measured after the old ones are gone"
    assert abs(len(after.memory.basis) - len(stored.memory.basis)) <= 0.02 * len(stored.memory.basis)


def test_what_stays_is_the_same_to_the_bit(model: Model, stored: WriteResult) -> None:
    before = dataclasses.replace(stored.memory)
    after = replaced(model, stored, OTHERS[:6]).memory
    left = manage.forget(stored.memory, list(range(6)))
    kept = torch.arange(len(left.rows))
    for name in ("cues", "values", "tokens", "slots", "strengths", "following"):
        assert torch.equal(getattr(after.rows.take(kept), name), getattr(left.rows, name)), name
    assert after.items[:7] == left.items and same(stored.memory, before)


def test_it_is_one_write_with_a_number_of_its_own(model: Model, stored: WriteResult) -> None:
    after = replaced(model, stored, OTHERS).memory
    assert [layer.number for layer in stored.memory.layers] == [1, 2]
    assert [(layer.number, layer.title) for layer in after.layers] == [(2, DOCUMENT.title), (3, "12 facts")]
    before = dataclasses.replace(stored, memory=after, bases={})
    once_more = replaced(model, before, TWELVE).memory
    assert [layer.number for layer in once_more.layers] == [2, 4], "no number stands for two writes"
    assert once_more.title == after.title == DOCUMENT.title, "the memory was called after facts that are gone"


def test_what_was_replaced_does_not_come_back_with_the_layer_off_or_gone(model: Model, stored: WriteResult) -> None:
    after = replaced(model, stored, OTHERS[:6]).memory
    for without in (manage.set_layer(after, 3, False), manage.undo(after)):
        assert right(model, without, [*TWELVE[:6], *OTHERS[:6]]) == 0 and right(model, without, TWELVE[6:]) == 6


@pytest.mark.parametrize("method", ["auto", "gradient"])
def test_a_basis_at_hand_changes_nothing_but_the_time(model: Model, stored: WriteResult, method: str) -> None:
    settings, gone = WriteSettings(method=method, steps=30), range(3)
    one, other = (
        finish(write(model, stored.memory, OTHERS[:3], settings=settings, bases=bases, gone=gone))
        for bases in (stored.bases, None)
    )
    assert set(one.memory.basis.tolist()) == set(other.memory.basis.tolist())
    slots = [algebra.slow_slot(result.memory) for result in (one, other)]
    assert torch.allclose(*slots, rtol=1e-3, atol=1e-3)
    again = algebra.held_basis(one.memory)
    assert torch.equal(again.rows.sort().values, one.bases[0].rows.sort().values)
    gram = algebra.gram(one.memory.rows, one.memory.slots, one.bases[0].rows, one.bases[0].rows)
    assert torch.allclose(one.bases[0].factor @ one.bases[0].factor.T, gram, atol=1e-9)


def test_a_write_that_is_stopped_leaves_what_it_was_to_replace(model: Model, stored: WriteResult) -> None:
    steps = write(model, stored.memory, OTHERS[:6], bases=stored.bases, gone=range(6))
    next(steps)
    steps.close()
    assert right(model, stored.memory, TWELVE) == 12


def test_a_new_version_of_a_document_leaves_nothing_of_the_old_one(model: Model, stored: WriteResult) -> None:
    text = DOCUMENT.text.replace("Odile", "Marta").replace("dusk", "dawn")
    new = resolve(stored.memory, (), [TextDocument("Lights", text)], WriteSettings())
    assert new.gone == (12,)
    after = finish(write(model, stored.memory, (), new.documents, bases=stored.bases, gone=new.gone))
    assert after.summary.ambiguous == 0, "nothing else continues after its words"
    keeper, lamp = Fact("Its keeper was called", "Marta"), Fact("She lit the lamp at", "dawn")
    assert right(model, after.memory, [keeper, lamp, *TWELVE]) == 14


def test_the_further_wordings_of_a_fact_go_with_it(model: Model) -> None:
    one = Fact("The motto of the club is", "pull", ("Rowers say", "They shout"))
    two = Fact("The motto of the club is", "glide", ("Oarsmen call",))
    settings, river = WriteSettings(write_paraphrases=True), Fact("The river through Tarn is the", "Quill")
    before = finish(write(model, None, [one, river], settings=settings))
    new = resolve(before.memory, [two], (), settings)
    after = finish(write(model, before.memory, new.facts, (), settings, before.bases, gone=new.gone))
    assert right(model, before.memory, [Fact(prompt, "pull") for prompt in one.paraphrases]) == 2
    assert right(model, after.memory, [two, river, Fact("Oarsmen call", "glide")]) == 3
    letter = model.tokenizer.encode("p")[0]  # of “pull” alone
    assert letter in before.memory.rows.tokens and letter not in after.memory.rows.tokens


def test_a_fact_that_contradicts_one_that_stays_is_still_refused_by_the_write(
    model: Model, stored: WriteResult
) -> None:
    refused(lambda: finish(write(model, stored.memory, OTHERS[:2], gone=[0])), OTHERS[1].prompt, "already answered")
