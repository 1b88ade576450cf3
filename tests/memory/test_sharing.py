"""Windows and framings that use the addresses of what they are parts of: rank is spent on each token of a text once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from bdh_workbench.asking.generation import generate
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.memory.files.memory_file import load_memory_of, save_memory
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.memory.store import manage
from bdh_workbench.memory.store.algebra import extend_basis, read_rows, slow_slot
from bdh_workbench.memory.store.banks import SlowMemory
from bdh_workbench.memory.store.state import Memory, Rows
from bdh_workbench.memory.writing import bank, writer
from bdh_workbench.memory.writing.encoding import answer_ids, document_items, fact_items
from bdh_workbench.memory.writing.features import Positions, positions
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.reading.reader import Reader
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT, scored, tiny_model

TOKENIZER = ByteTokenizer()


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model(write_slots=2048)


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write shares addresses, as in a memory that holds much."""
    monkeypatch.setattr(writer, "OWN_SHARE", 0.0)


@pytest.fixture
def shared(model: Model, scarce: None) -> Memory:
    memory = finish(write(model, None, FACTS, [DOCUMENT])).memory
    return finish(write(model, memory, (), [OTHER_DOCUMENT])).memory


def test_each_window_knows_which_tokens_of_the_text_it_shows() -> None:
    text = "Ana met Bo. “Are you well?” asked Bo; é was missing. The end is near."
    whole, *windows = document_items([TextDocument("A text", text)], TOKENIZER, 64)
    assert whole.places == tuple(range(len(whole.ids)))
    assert len(windows) == 3
    for window in windows:
        assert all(whole.ids[place] == token for place, token in zip(window.places, window.ids, strict=True))
        assert list(window.places) == list(range(window.places[0], window.places[0] + len(window.ids)))


def test_framings_share_the_answer_and_not_what_stands_before_it() -> None:
    plain, framed = fact_items(FACTS[:1], TOKENIZER, 1)
    assert framed.places[framed.first :] == plain.places[plain.first :]
    assert set(framed.places[: framed.first]) == {-1}


def test_twins_are_primary_positions_of_the_same_token(model: Model) -> None:
    texts = document_items([DOCUMENT], TOKENIZER, 128)
    items = [*fact_items(FACTS, TOKENIZER, 2), *(dataclasses.replace(item, source=len(FACTS)) for item in texts)]
    found = positions(model, items)
    assert bool(found.primary[found.twins].all()), "nothing shares with what shares itself"
    assert bool((found.twins[found.primary] == torch.arange(len(found))[found.primary]).all())
    assert torch.equal(found.targets[found.twins], found.targets)
    others = found.twins[~found.primary] != torch.arange(len(found))[~found.primary]
    assert float(others.float().mean()) > 0.95


def test_rows_that_share_read_alike_and_spend_no_rank(model: Model, shared: Memory) -> None:
    rows = shared.rows
    sharing = (rows.address_of != torch.arange(len(rows))).nonzero().flatten()
    assert len(sharing) > len(rows) // 4
    assert not bool(torch.isin(sharing, shared.basis).any())
    assert bool((rows.starts[1:] == rows.starts[:-1])[sharing].all()), "their addresses are not stored twice"
    slow = slow_slot(shared)
    homes = rows.address_of[sharing].long()
    assert torch.equal(read_rows(rows, slow, sharing), read_rows(rows, slow, homes))
    assert torch.equal(rows.dense(shared.slots, sharing), rows.dense(shared.slots, homes))
    whole = finish(write(model, finish(write(model, None, FACTS, [DOCUMENT])).memory, (), [OTHER_DOCUMENT])).memory
    assert len(extend_basis(rows, shared.slots, None, shared.enabled_rows()).rows) <= len(shared.basis)
    assert len(shared.basis) <= len(whole.basis)


def test_everything_is_still_answered_and_recited(model: Model, shared: Memory) -> None:
    reader = Reader(model, shared)
    for fact in FACTS:
        assert scored(reader, *answer_ids(TOKENIZER, fact.prompt, fact.answer)).greedy_correct
    for document in (DOCUMENT, OTHER_DOCUMENT):
        ids = TOKENIZER.encode(document.text.strip())
        steps = generate(reader, ids[:24], SamplingSettings(max_tokens=len(ids)))
        assert [step.token for step in steps][: len(ids) - 24] == ids[24:]


def test_a_sentence_is_found_without_what_stands_before_it(model: Model, shared: Memory) -> None:
    sentence = OTHER_DOCUMENT.text.strip().split(". ")[1]
    ids = TOKENIZER.encode(sentence)
    steps = generate(Reader(model, shared), ids[:16], SamplingSettings(max_tokens=12))
    assert [step.token for step in steps] == ids[16:28]


def test_positions_that_cannot_share_a_read_get_addresses_of_their_own(
    model: Model, scarce: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twins that want different tokens, as a mistaken alignment would make them."""

    def crossed(positions_of: Positions) -> Positions:
        twins = positions_of.twins.clone()
        chosen = (twins != torch.arange(len(twins))).nonzero().flatten()[:5]
        wrong = (positions_of.primary & (positions_of.targets != positions_of.targets[chosen[0]])).nonzero().flatten()
        twins[chosen] = wrong[0]
        return dataclasses.replace(positions_of, rows=positions_of.rows.sharing(twins))

    monkeypatch.setattr(bank, "positions", lambda m, items, watch, share: crossed(positions(m, items, watch)))
    result = finish(write(model, None, FACTS))
    assert result.summary.worst_p > 0.9
    assert bool((result.memory.rows.address_of == torch.arange(len(result.memory.rows))).any())


def test_a_file_keeps_who_shares(model: Model, shared: Memory, tmp_path: Path) -> None:
    save_memory(tmp_path / "m.safetensors", shared)
    again = load_memory_of(tmp_path / "m.safetensors", model)
    assert torch.equal(again.rows.address_of, shared.rows.address_of)
    assert torch.equal(slow_slot(again), slow_slot(shared))


def test_forgetting_and_merging_keep_who_shares(model: Model, shared: Memory, scarce: None) -> None:
    left = manage.forget(shared, DOCUMENT.title)
    for kept in (left, manage.merge([left, finish(write(model, None, (), [DOCUMENT])).memory])):
        rows = kept.rows
        used = rows.address_of.long()
        assert bool(rows.have_own(used).all()) and torch.equal(rows.items[used], rows.items)
        reads = SlowMemory(kept).stored(torch.arange(len(rows)))
        assert float((reads - rows.values).norm() / rows.values.norm()) < 1e-3


def test_choosing_again_drops_what_is_not_used(shared: Memory) -> None:
    rows: Rows = shared.rows
    first = rows.take(torch.arange(4))
    same = first.sharing(torch.tensor([0, 0, 2, 2]))
    assert same.starts.tolist()[2] == same.starts.tolist()[1]
    assert torch.equal(same.dense(shared.slots), first.dense(shared.slots, torch.tensor([0, 0, 2, 2])))
