"""The algebra of a memory: exact reads, protection, forgetting and rank, in fp32 and fp64, over hundreds of writes."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bdh_workbench.memory.store.algebra import (
    TOLERANCE,
    Basis,
    coefficients,
    extend_basis,
    gram,
    held_basis,
    read_rows,
    reduced_basis,
    slow_slot,
    solve,
)
from bdh_workbench.memory.store.state import ItemRecord, LayerRecord, Memory, Rows
from tests.memory.memory_factory import random_rows

SLOTS, WIDTH = 1024, 6


def memory_of(rows: Rows, slots: int = SLOTS) -> Memory:
    """A memory, not solved, whose items have a layer each."""
    count = int(rows.items.max()) + 1 if len(rows) else 0
    items = tuple(ItemRecord("document", f"d{i}", "", "", None, i + 1, 1, 0.0, 0.0) for i in range(count))
    layers = tuple(LayerRecord(i + 1, f"write {i}", "2026-01-01T00:00:00+00:00") for i in range(count))
    none = torch.zeros(0, dtype=torch.int64)
    return Memory("f" * 64, "m", slots, WIDTH, rows, none, torch.zeros(0, WIDTH), items, layers)


def some_rows(writes: int, each: int, seed: int = 0, slots: int = SLOTS, active: int = 24) -> Rows:
    generator = torch.Generator().manual_seed(seed)
    return random_rows(generator, [w for w in range(writes) for _ in range(each)], slots, WIDTH, 4, active)


def crowded_rows(writes: int, each: int, seed: int = 0, slots: int = SLOTS, apart: float = 0.25) -> Rows:
    """Rows of a write that are near each other, as the positions of one text are: squared distance about ``apart``."""
    rows = some_rows(writes, each, seed, slots)
    dense = rows.dense(slots)
    mixed = torch.stack([(1 - apart) ** 0.5 * dense[i - i % each] + apart**0.5 * dense[i] for i in range(len(rows))])
    return with_addresses(rows, mixed)


def with_addresses(rows: Rows, dense: Tensor) -> Rows:
    dense = dense / dense.norm(dim=1, keepdim=True).clamp(min=1e-9)
    where = dense.nonzero()
    starts = torch.cat((torch.zeros(1, dtype=torch.int64), (dense != 0).sum(1).cumsum(0)))
    return dataclasses.replace(rows, starts=starts, slots=where[:, 1].to(torch.int32), strengths=dense[dense != 0])


def sequentially(rows: Rows, writes: int, slots: int = SLOTS, tolerance: float = TOLERANCE) -> tuple[Memory, Basis]:
    """Write the rows of one item after those of another, handing the basis on."""
    basis: Basis | None = None
    memory = memory_of(rows.take(torch.zeros(0, dtype=torch.int64)), slots)
    for write in range(writes):
        memory = memory_of(rows.take((rows.items <= write).nonzero().flatten()), slots)
        memory, basis = solve(memory, basis, tolerance)
    assert basis is not None
    return memory, basis


def relative(read: Tensor, wanted: Tensor) -> float:
    return float((read.double() - wanted.double()).norm(dim=1).div(wanted.double().norm(dim=1)).max())


def double_slot(memory: Memory, basis: Basis) -> Tensor:
    """S (M, D) in fp64, dense and without blocks."""
    dense = memory.rows.dense(memory.slots, basis.rows, torch.float64)
    return dense.T @ coefficients(basis, memory.rows.values[basis.rows])


@pytest.mark.parametrize("writes", [10, 100, 300])
def test_stored_values_are_read_exactly_after_many_writes(writes: int) -> None:
    """fp64: to 1e-9 of the value; the fp32 slot that is used: to 1e-4."""
    rows = crowded_rows(writes, 3, slots=2048)
    memory, basis = sequentially(rows, writes, 2048)
    assert len(basis.rows) == len(rows), "no row of this set lies in the span of the others"
    dense = rows.dense(2048, None, torch.float64)
    assert relative(dense @ double_slot(memory, basis), rows.values) < 1e-9
    assert relative(read_rows(rows, slow_slot(memory), torch.arange(len(rows))), rows.values) < 1e-4
    torch.testing.assert_close(slow_slot(memory).double(), double_slot(memory, basis), atol=1e-4, rtol=1e-4)


def test_what_was_held_reads_the_same_after_further_writes() -> None:
    rows = crowded_rows(40, 4, seed=1)
    early, early_basis = sequentially(rows, 10)
    held = torch.arange(40)
    before = read_rows(early.rows, slow_slot(early), held)
    late, late_basis = sequentially(rows, 40)
    after = read_rows(late.rows, slow_slot(late), held)
    assert relative(after, before) < 1e-4
    exact = early.rows.dense(SLOTS, None, torch.float64)
    assert relative(exact @ double_slot(late, late_basis), exact @ double_slot(early, early_basis)) < 1e-9
    assert torch.equal(late_basis.rows[: len(early_basis.rows)], early_basis.rows)
    n = len(early_basis.rows)
    assert torch.equal(late_basis.factor[:n, :n], early_basis.factor), "what is stored is not worked out again"


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_order_of_writing_does_not_matter(seed: int, writes: int, each: int, shuffle: random.Random) -> None:
    rows = crowded_rows(writes, each, seed, slots=256)
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    one, _ = solve(memory_of(rows, 256))
    other, _ = solve(memory_of(rows.take(torch.tensor(order)), 256))
    torch.testing.assert_close(slow_slot(one), slow_slot(other), atol=2e-4, rtol=2e-4)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 8))
def test_extending_a_basis_is_solving_from_scratch(seed: int, writes: int, each: int) -> None:
    rows = crowded_rows(writes, each, seed, slots=256)
    stepwise, basis = sequentially(rows, writes, 256)
    at_once, other = solve(memory_of(rows, 256))
    assert sorted(basis.rows.tolist()) == sorted(other.rows.tolist())
    torch.testing.assert_close(slow_slot(stepwise), slow_slot(at_once), atol=2e-4, rtol=2e-4)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = crowded_rows(10, 4, seed=2)
    whole, _ = solve(memory_of(rows))
    monkeypatch.setattr("bdh_workbench.memory.store.algebra.ADDRESSES_AT_ONCE", 7)
    parts, _ = solve(memory_of(rows))
    torch.testing.assert_close(slow_slot(whole), slow_slot(parts), atol=1e-4, rtol=1e-4)


def test_the_slot_is_the_smallest_that_reads_the_values() -> None:
    rows = crowded_rows(12, 4, seed=3, slots=128)
    memory, basis = solve(memory_of(rows, 128))
    dense = rows.dense(128, None, torch.float64)
    assert len(basis.rows) == 48
    smallest = torch.linalg.lstsq(dense, rows.values.double(), driver="gelsd").solution
    torch.testing.assert_close(slow_slot(memory).double(), smallest, atol=1e-4, rtol=1e-4)


def test_a_forgotten_item_was_never_written() -> None:
    rows = crowded_rows(8, 4, seed=4)
    memory, _ = solve(memory_of(rows))
    forgotten, _ = solve(memory.without_items([2, 5]))
    kept = (rows.items != 2) & (rows.items != 5)
    never, _ = solve(memory_of(rows.take(kept.nonzero().flatten())))
    torch.testing.assert_close(slow_slot(forgotten), slow_slot(never), atol=1e-5, rtol=1e-5)
    assert len(forgotten.items) == 6 == len(forgotten.layers) and len(forgotten.rows) == 24
    gone = read_rows(rows, slow_slot(forgotten), torch.arange(8, 12))
    assert relative(gone, rows.values[8:12]) > 0.5, "what was forgotten is still read"
    assert relative(read_rows(forgotten.rows, slow_slot(forgotten), torch.arange(24)), forgotten.rows.values) < 1e-4


def test_a_layer_switched_off_is_as_if_never_written_and_comes_back() -> None:
    rows = crowded_rows(5, 4, seed=5)
    memory, _ = solve(memory_of(rows))
    off, _ = solve(memory.with_layer(3, enabled=False))
    never, _ = solve(memory.without_items([2]))
    torch.testing.assert_close(slow_slot(off), slow_slot(never), atol=1e-5, rtol=1e-5)
    assert off.enabled_rows().tolist() == [*range(8), *range(12, 20)] and len(off.rows) == 20
    back, _ = solve(off.with_layer(3, enabled=True))
    assert torch.equal(slow_slot(back), slow_slot(memory)), "undo and redo give the same bits"
    nothing = memory
    for number in range(1, 6):
        nothing = nothing.with_layer(number, enabled=False)
    nothing, basis = solve(nothing)
    assert float(slow_slot(nothing).abs().max()) == 0.0 and nothing.fill == 0.0 and not len(basis.rows)
    with pytest.raises(KeyError):
        memory.with_layer(9, enabled=False)


def test_the_factor_is_the_cholesky_factor_of_the_chosen_rows() -> None:
    rows = crowded_rows(30, 4, seed=6, apart=0.1)
    basis = extend_basis(rows, SLOTS, None, torch.arange(len(rows)))
    dense = rows.dense(SLOTS, basis.rows, torch.float64)
    torch.testing.assert_close(basis.factor, torch.linalg.cholesky(dense @ dense.T), atol=1e-10, rtol=1e-8)
    diagonal = basis.factor.diagonal().square()
    assert bool((diagonal[1:] <= diagonal[:-1] + 1e-12).all()), "within a block the most independent row comes first"
    assert float(diagonal.min()) > TOLERANCE
    assert basis.considered == len(rows) - 1


def test_rows_within_the_tolerance_of_the_span_spend_no_rank() -> None:
    rows = some_rows(1, 6, seed=7)
    dense = rows.dense(SLOTS)
    near = dense[:3] + 0.05 * dense[[3, 4, 5]]  # squared distance about 0.0025
    far = dense[:3] + 0.5 * dense[[3, 4, 5]]
    joint = Rows.join([rows, rows, rows, rows])
    joint = with_addresses(joint, torch.cat((dense[:3], dense[:3], dense[:3], near, far, dense, dense[:3])))
    basis = extend_basis(joint, SLOTS, None, torch.arange(12))
    assert len(basis.rows) == 3, "copies and near copies are left out"
    basis = extend_basis(joint, SLOTS, basis, torch.arange(12, 15))
    assert len(basis.rows) == 6 and set(basis.rows[3:].tolist()) == {12, 13, 14}
    basis = extend_basis(joint, SLOTS, basis, torch.arange(15, 24))
    assert len(basis.rows) == 6, "rows in the span of two others are left out as well"
    sharp = extend_basis(joint, SLOTS, None, torch.arange(12), tolerance=1e-4)
    assert len(sharp.rows) == 6, "with a smaller tolerance near copies get rank of their own"


def test_rank_never_exceeds_the_slots() -> None:
    for slots, active in ((16, 3), (32, 8), (48, 48)):
        rows = some_rows(60, 5, seed=8, slots=slots, active=active)
        memory, basis = sequentially(rows, 60, slots, tolerance=0.0)
        assert len(basis.rows) <= slots and memory.fill <= 1.0
        loose, _ = solve(memory_of(rows, slots))
        assert 0 < len(loose.basis) <= len(basis.rows)
        assert bool(torch.isfinite(slow_slot(loose)).all())


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 24), st.integers(1, 60), st.sampled_from([0.0, 1e-4, 0.02, 0.5]))
def test_rank_is_bounded_by_rows_slots_and_their_true_rank(seed: int, slots: int, count: int, tolerance: float) -> None:
    rows = some_rows(count, 1, seed, slots=slots, active=4)
    basis = extend_basis(rows, slots, None, torch.arange(count), tolerance)
    assert len(basis.rows) == len(set(basis.rows.tolist()))
    true = int(torch.linalg.matrix_rank(rows.dense(slots, None, torch.float64), rtol=1e-12))
    assert len(basis.rows) <= true <= min(slots, count)


def test_three_hundred_writes_of_neighbours_stay_stable() -> None:
    """Rows as near as the tolerance allows, so that the Gram matrix is as bad as it gets."""
    rows = crowded_rows(300, 3, seed=9, apart=0.03)
    memory, basis = sequentially(rows, 300)
    assert bool(torch.isfinite(memory.weights).all()) and bool(torch.isfinite(basis.factor).all())
    chosen = basis.rows
    assert len(chosen) > 500
    wanted = rows.values[chosen]
    assert relative(rows.dense(SLOTS, chosen, torch.float64) @ double_slot(memory, basis), wanted) < 1e-8
    assert relative(read_rows(rows, slow_slot(memory), chosen), wanted) < 1e-3
    product = basis.factor @ basis.factor.T
    torch.testing.assert_close(product, gram(rows, SLOTS, chosen, chosen), atol=1e-9, rtol=1e-9)


def test_the_basis_of_a_memory_is_found_again_with_the_rows_that_were_given_rank() -> None:
    """A write may give rank to rows that solving alone would leave out; the next write must not take it away."""
    rows = some_rows(1, 8, seed=10)
    dense = rows.dense(SLOTS)
    close = with_addresses(rows, torch.cat((dense[:4], dense[:4] + 0.05 * dense[4:])))
    memory, basis = solve(memory_of(close))
    assert len(basis.rows) == 4
    basis = extend_basis(close, SLOTS, basis, torch.arange(8), 1e-4)
    assert len(basis.rows) == 8
    memory = dataclasses.replace(
        memory, basis=basis.rows, weights=coefficients(basis, close.values[basis.rows]).float()
    )
    again = held_basis(memory)
    assert sorted(again.rows.tolist()) == list(range(8)) and again.considered == 7
    solved, _ = solve(memory, again)
    assert relative(read_rows(close, slow_slot(solved), torch.arange(8)), close.values) < 1e-3


def test_nothing_to_solve_is_no_mistake() -> None:
    rows = some_rows(2, 3)
    empty = rows.take(torch.zeros(0, dtype=torch.int64))
    memory, basis = solve(memory_of(empty))
    assert len(memory.basis) == 0 == len(basis.rows) and slow_slot(memory).shape == (SLOTS, WIDTH)
    memory, basis = solve(memory_of(rows))
    again, same = solve(memory, basis)
    assert torch.equal(again.weights, memory.weights) and torch.equal(same.factor, basis.factor)
    assert read_rows(rows, slow_slot(memory), torch.zeros(0, dtype=torch.int64)).shape == (0, WIDTH)


def test_solving_leaves_memory_and_basis_as_they_were() -> None:
    rows = crowded_rows(4, 3, seed=11)
    memory, basis = sequentially(rows.take(torch.arange(6)), 2)
    factor, numbers, weights = basis.factor.clone(), basis.rows.clone(), memory.weights.clone()
    solve(memory_of(rows), basis)
    assert torch.equal(basis.factor, factor) and torch.equal(basis.rows, numbers)
    assert torch.equal(memory.weights, weights)


def ragged(seed: int, counts: Sequence[int], slots: int) -> Rows:
    """Rows with the given numbers of active slots, none included."""
    rows = some_rows(1, len(counts), seed, slots=slots, active=slots)
    dense = rows.dense(slots)
    for row, count in enumerate(counts):
        dense[row, count:] = 0.0
    return with_addresses(rows, dense)


@settings(max_examples=40)
@given(st.integers(0, 1000), st.lists(st.integers(0, 9), min_size=1, max_size=12), st.data())
def test_rows_are_taken_and_joined_as_matrices_are(seed: int, counts: list[int], data: st.DataObject) -> None:
    rows = ragged(seed, counts, 9)
    dense = rows.dense(9)
    chosen = data.draw(st.lists(st.sampled_from(range(len(counts))), unique=True))
    picked = torch.tensor(chosen, dtype=torch.int64)
    assert torch.equal(rows.take(picked).dense(9), dense[picked])
    assert torch.equal(rows.dense(9, picked), dense[picked])
    assert torch.equal(rows.sparse(9, picked, torch.float32).to_dense(), dense[picked])
    torch.testing.assert_close(
        gram(rows, 9, picked, torch.arange(len(rows))), dense[picked].double() @ dense.double().T, atol=1e-12, rtol=0.0
    )
    joined = Rows.join([rows.take(picked), rows])
    assert torch.equal(joined.dense(9), torch.cat((dense[picked], dense)))
    assert torch.equal(joined.values, torch.cat((rows.values[picked], rows.values)))
    for place, row in enumerate(chosen):
        after = int(rows.following[row])
        wanted = chosen.index(after) if after in chosen else -1
        assert int(joined.following[place]) == wanted
    for row, after in enumerate(rows.following.tolist()):
        assert int(joined.following[len(chosen) + row]) == (after + len(chosen) if after >= 0 else -1)


@pytest.mark.parametrize(
    ("rows", "gone"), [(1, 0), (1, 1), (40, 0), (40, 7), (40, 39), (40, 40), (700, 60), (700, 640)]
)
def test_a_basis_is_made_smaller_without_looking_at_addresses(rows: int, gone: int) -> None:
    generator = torch.Generator().manual_seed(rows + gone)
    addresses = torch.randn(rows, rows + 20, generator=generator, dtype=torch.float64)
    inner = addresses @ addresses.T
    whole = Basis(torch.arange(rows) + 3, torch.linalg.cholesky(inner))
    before = whole.factor.clone()
    stay = torch.ones(rows, dtype=torch.bool)
    stay[torch.randperm(rows, generator=generator)[:gone]] = False
    numbers = torch.arange(rows + 3) * 2
    blocks: list[None] = []
    smaller = reduced_basis(whole, stay, numbers, lambda: blocks.append(None))
    assert torch.equal(smaller.rows, 2 * whole.rows[stay])
    expected = torch.linalg.cholesky(inner[stay][:, stay])
    assert torch.allclose(smaller.factor, expected, rtol=1e-8, atol=1e-8 * float(inner.max()))
    assert torch.equal(whole.factor, before) and bool((smaller.factor.diagonal() > 0).all())
    assert bool(blocks) == (0 < gone < rows), "it can be stopped"
