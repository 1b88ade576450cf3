"""Merging, forgetting, switching layers, undoing, inspecting: what stays reads what it read before."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bdh_workbench.memory.files.contents import inspect
from bdh_workbench.memory.files.memory_file import load_memory, save_memory, without_words
from bdh_workbench.memory.store import algebra, manage
from bdh_workbench.memory.store.banks import SlowMemory
from bdh_workbench.memory.store.manage import forget, merge, set_layer, undo
from bdh_workbench.memory.store.state import ItemRecord, Memory
from tests.memory.memory_factory import bank_like, random_memory, reads, refused, same

SIZES = st.integers(1, 3)


def probes(memory: Memory, seed: int = 0) -> Tensor:
    """Addresses (40, M) of unit length that nobody stored."""
    made = torch.rand(40, memory.slots, generator=torch.Generator().manual_seed(seed))
    return made / made.norm(dim=1, keepdim=True)


def read(memory: Memory) -> Tensor:
    return reads(memory, probes(memory))


def stored(memory: Memory, rows: Tensor | None = None) -> Tensor:
    """What S reads at the memory's own rows."""
    return reads(memory, memory.rows.dense(memory.slots, rows))


def close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=1e-3, atol=1e-3)


def renamed(memory: Memory, index: int, **changes: object) -> Memory:
    items = list(memory.items)
    items[index] = dataclasses.replace(items[index], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(memory, items=tuple(items))


# Merging


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), first=SIZES, second=SIZES, rows=SIZES, day=st.integers(1, 2))
def test_merging_is_commutative(seed: int, first: int, second: int, rows: int, day: int) -> None:
    one = random_memory(2 * seed, layers=first, rows=rows, day=1)
    other = random_memory(2 * seed + 1, layers=second, rows=rows, day=day)
    ab, ba = merge([one, other]), merge([other, one])
    assert close(read(ab), read(ba))
    assert same(
        ab, dataclasses.replace(ba, title=ab.title, note=ab.note)
    )  # to the bit, since the rows are put in order
    assert len(ab.rows) == len(one.rows) + len(other.rows)


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), layers=SIZES, items=SIZES, rows=SIZES)
def test_a_merged_memory_reads_what_each_memory_read(seed: int, layers: int, items: int, rows: int) -> None:
    parts = [random_memory(3 * seed + i, layers=layers, items=items, rows=rows, day=3 - i) for i in range(3)]
    joint = merge(parts)
    for part in parts:
        addresses = part.rows.dense(part.slots, part.basis)
        assert close(reads(joint, addresses, bank_like(joint, part)), reads(part, addresses))
    assert len(joint.items) == sum(len(part.items) for part in parts)


def test_each_merged_bank_is_the_smallest_that_reads_its_values() -> None:
    parts = [random_memory(seed, layers=1, rows=3) for seed in (1, 2)]
    joint = merge(parts)
    assert len(joint.basis) == sum(len(part.rows) for part in parts)
    for part in parts:
        addresses, values = part.rows.dense(part.slots).double(), part.rows.values.double()
        bank = SlowMemory(joint).bank(bank_like(joint, part))
        assert torch.allclose(torch.linalg.pinv(addresses) @ values, bank.double(), atol=1e-4)
        assert torch.equal(bank, algebra.slow_slot(part)), "nothing is solved again"


def test_rows_items_and_layers_of_a_merged_memory_belong_together(tmp_path: Path) -> None:
    one, other = random_memory(1, day=2), random_memory(2, day=1, rows=2)
    other = dataclasses.replace(other, layers=(dataclasses.replace(other.layers[0], number=7), other.layers[1]))
    other = dataclasses.replace(
        other, items=tuple(dataclasses.replace(i, layer=7 if i.layer == 1 else i.layer) for i in other.items)
    )
    joint = merge([one, other], "Both")
    assert [layer.number for layer in joint.layers] == [1, 2, 3, 4]
    assert [layer.title for layer in joint.layers] == [f"write {n} of {name}" for name in ("m2", "m1") for n in (1, 2)]
    assert joint.title == "Both" and merge([one, other]).title == "Memory m1 + Memory m2"
    for index, item in enumerate(joint.items):
        source = one if "m1 " in item.title else other
        origin = next(i for i, old in enumerate(source.items) if old.title == item.title)
        assert dataclasses.replace(source.items[origin], layer=item.layer) == item
        was = next(layer for layer in source.layers if layer.number == source.items[origin].layer)
        assert joint.layers[item.layer - 1] == dataclasses.replace(was, number=item.layer)
        new, old = (m.rows.take((m.rows.items == i).nonzero().flatten()) for m, i in ((joint, index), (source, origin)))
        assert torch.equal(new.dense(96), old.dense(96))
        for name in ("cues", "values", "tokens", "sentences", "following"):
            assert torch.equal(getattr(new, name), getattr(old, name))
    save_memory(tmp_path / "joint.safetensors", joint)  # checks it whole
    assert same(load_memory(tmp_path / "joint.safetensors"), joint)


def test_the_same_item_is_kept_once() -> None:
    one = random_memory(1, layers=2)
    longer = random_memory(1, layers=3)  # holds other rows: its addresses differ
    assert len(merge([one, one]).items) == len(one.items)
    assert close(read(merge([one, one])), read(one))
    extended = merge([one, random_memory(2, day=5)])
    again = merge([extended, one])
    assert [item.title for item in again.items] == [item.title for item in extended.items]
    assert close(read(again), read(extended))
    assert len(merge([one, longer]).items) == len(longer.items), "the same words are the same, whatever the addresses"
    silent = without_words(one)
    assert len(merge([silent, silent]).items) == len(one.items)
    assert len(merge([silent, without_words(random_memory(2))]).items) == 2 * len(one.items)


@pytest.mark.parametrize("order", [1, -1])
def test_an_item_that_is_switched_off_in_one_memory_is_kept_from_the_other(order: int) -> None:
    on, off = random_memory(1), set_layer(random_memory(1), 1, False)
    joint = merge([on, off][::order])
    assert len(joint.items) == len(on.items) and all(layer.enabled for layer in joint.layers)
    assert close(SlowMemory(joint).stored(torch.arange(len(joint.rows))), joint.rows.values)
    assert same(joint, dataclasses.replace(merge([on, off][::-order]), title=joint.title, note=joint.note))
    later = merge([off, random_memory(1, day=4)][::order])
    assert len(later.items) == len(on.items)
    assert close(SlowMemory(later).stored(torch.arange(len(later.rows))), later.rows.values)
    other = merge([off, random_memory(2, day=2)][::order])
    assert [layer.enabled for layer in other.layers] == [False, True, True, True]
    assert close(read(forget(other, [i for i, item in enumerate(other.items) if item.layer > 2])), read(off))


def test_contradictions_are_listed_or_settled() -> None:
    one, other = random_memory(1), random_memory(2, day=2)
    prompt = one.items[0].prompt
    other = renamed(other, 0, prompt=prompt + " ", answer="something else")
    refused(lambda: merge([one, other]), prompt, one.items[0].answer, "something else", "forget one of each")
    refused(lambda: merge([one, other], keep="both"), prompt, "something else")

    def answers(joint: Memory) -> list[str]:
        return [item.answer for item in joint.items if item.prompt.strip() == prompt]

    assert answers(merge([one, other], keep="first")) == [one.items[0].answer]
    assert answers(merge([other, one], keep="first")) == ["something else"]
    assert answers(merge([one, other], keep="last")) == ["something else"]
    kept = merge([one, other], keep="first")
    assert len(kept.items) == len(one.items) + len(other.items) - 1
    assert len(kept.rows) == len(one.rows) + len(other.rows) - 4
    agreeing = renamed(other, 0, answer=one.items[0].answer + " ")
    assert len(answers(merge([one, agreeing]))) == 1  # the same answer at other addresses is the same fact


def test_many_contradictions_make_one_sentence() -> None:
    one, other = random_memory(1, items=18, rows=1), random_memory(2, items=18, rows=1)
    for index in range(len(one.items)):
        other = renamed(other, index, prompt=one.items[index].prompt)
    message = refused(lambda: merge([one, other]), "and 13 more")
    assert message.count("” against “") == 5


def test_memories_that_do_not_fit_are_named() -> None:
    one = random_memory(1)
    stranger = dataclasses.replace(random_memory(2), model="ab" * 32, model_name="small")
    refused(lambda: merge([one, stranger]), "Memory m1", "random (01234567", "Memory m2", "small (abababab")
    refused(lambda: merge([one, random_memory(2, slots=128)]), "96 slots", "128 slots")
    refused(lambda: merge([one, random_memory(2, width=6)]), "width 5", "width 6")
    refused(lambda: merge([one, random_memory(2, cues=7)]), "cues of different widths")
    refused(lambda: merge([]), "nothing to merge")
    assert close(read(merge([one])), read(one))


def test_empty_memories_can_be_merged() -> None:
    nothing, one = random_memory(0, layers=0, cues=3), random_memory(1)
    assert close(read(merge([nothing, one])), read(one)) and close(read(merge([one, nothing])), read(one))
    assert len(merge([nothing, nothing]).rows) == 0


# Forgetting


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), layers=SIZES, items=SIZES, rows=SIZES, day=st.integers(1, 9))
def test_forgetting_what_was_joined_gives_back_the_memory(
    seed: int, layers: int, items: int, rows: int, day: int
) -> None:
    one = random_memory(2 * seed, layers=layers, items=items, rows=rows, day=5)
    other = random_memory(2 * seed + 1, layers=layers, items=items, rows=rows, day=day)
    joint = merge([one, other])
    assert not close(read(joint), read(one))
    back = forget(joint, [item.title for item in other.items])
    assert close(read(back), read(one))
    assert [item.title for item in back.items] == [item.title for item in one.items]
    assert len(back.rows) == len(one.rows) and len(back.layers) == len(one.layers)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), index=st.integers(0, 5), rows=st.integers(1, 8))
def test_forgetting_an_item_leaves_all_other_reads(seed: int, index: int, rows: int) -> None:
    memory = random_memory(seed, rows=rows)
    after = forget(memory, index)
    assert len(after.items) == 5 and memory.items[index] not in after.items
    kept = memory.basis[memory.rows.items[memory.basis] != index]
    addresses = memory.rows.dense(memory.slots, kept)
    assert close(reads(after, addresses), reads(memory, addresses))
    assert len(after.basis) <= len(memory.basis)


def near_twins() -> Memory:
    """Two rows whose addresses are nearly one, with values that are not: as a write leaves them that needed both."""
    memory = random_memory(4, layers=1, items=3, rows=3)
    dense = memory.rows.dense(memory.slots)
    dense[4] = dense[1]
    dense[4, int(dense.sum(0).argmin())] += 0.02  # in a slot that no other row uses
    dense /= dense.norm(dim=1, keepdim=True)
    where = dense.nonzero()
    rows = dataclasses.replace(
        memory.rows,
        starts=torch.cat((torch.zeros(1, dtype=torch.int64), (dense > 0).sum(1).cumsum(0))),
        slots=where[:, 1].to(torch.int32),
        strengths=dense[dense > 0],
    )
    memory = dataclasses.replace(memory, rows=rows)
    basis = algebra.extend_basis(rows, memory.slots, None, torch.arange(9), 0.0)
    weights = algebra.coefficients(basis, rows.values[basis.rows]).float()
    return dataclasses.replace(memory, basis=basis.rows, weights=weights)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: forget(m, 2),
        lambda m: merge([m, random_memory(9, layers=1, day=2)]),
        lambda m: undo(merge([m, random_memory(9, layers=1, day=2)])),
        lambda m: set_layer(merge([m, random_memory(9, layers=1, day=2)]), 2, False),
        lambda m: set_layer(set_layer(m, 1, False), 1, True),
    ],
    ids=["forget", "merge", "undo", "off", "off and on"],
)
def test_rows_that_a_write_gave_rank_of_their_own_keep_it(change: Callable[[Memory], Memory]) -> None:
    memory = near_twins()
    twins = memory.rows.dense(memory.slots, torch.tensor([1, 4]))
    wanted = memory.rows.values[torch.tensor([1, 4])]
    alone, _ = algebra.solve(memory)
    assert not torch.allclose(reads(alone, twins), wanted, rtol=0.1, atol=0.1)  # solving again would lose one
    after = change(memory)
    assert torch.allclose(reads(after, twins, bank_like(after, memory)), wanted, rtol=0.02, atol=0.02)


def test_rows_in_the_basis_keep_reading_exactly_what_they_read() -> None:
    memory = near_twins()
    values = memory.rows.values.clone()
    values[4] = 1.05 * values[1]
    memory = dataclasses.replace(memory, rows=dataclasses.replace(memory.rows, values=values))
    weights = algebra.coefficients(algebra.held_basis(memory), values[algebra.held_basis(memory).rows]).float()
    memory = dataclasses.replace(memory, basis=algebra.held_basis(memory).rows, weights=weights)
    twin = memory.rows.dense(memory.slots, torch.tensor([4]))
    assert torch.allclose(reads(forget(memory, 2), twin), values[4], rtol=1e-3, atol=1e-3)


def test_forgetting_everything_leaves_an_empty_memory(tmp_path: Path) -> None:
    memory = random_memory(1)
    empty = forget(memory, range(len(memory.items)))
    assert (len(empty.rows), len(empty.basis), empty.items, empty.layers, empty.fill) == (0, 0, (), (), 0.0)
    assert not algebra.slow_slot(empty).any()
    save_memory(tmp_path / "empty.safetensors", empty)
    assert same(load_memory(tmp_path / "empty.safetensors"), empty)
    assert empty.title == memory.title
    refused(lambda: forget(empty, "x"), "no item called “x”: it is empty")


def test_forgetting_nothing_changes_nothing() -> None:
    memory = random_memory(1)
    assert forget(memory, []) is memory


def items_named(*names: tuple[str, str]) -> Memory:
    """A memory whose items have these titles and prompts."""
    memory = random_memory(1, layers=1, items=len(names), rows=1)
    records = tuple(ItemRecord("fact", title, prompt, "a", None, 1, 1, 0.0, 1.0) for title, prompt in names)
    return dataclasses.replace(memory, items=records)


LIGHTHOUSES = items_named(
    ("The lighthouse at Skerry", "The lighthouse at Skerry was built in"),
    ("The lighthouse at Skelly", ""),
    ("fact 1", ""),
    ("fact 10", ""),
    ("Doubled", "x"),
    ("Doubled", "y"),
    ("7", ""),
)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("The lighthouse at Skerry", 0),
        ("the LIGHTHOUSE at skerry ", 0),
        ("The lighthouse at Skerry was", 0),
        ("the lighthouse at skel", 1),
        ("fact 1", 2),
        ("fact 10", 3),
        ("y", 5),
        (4, 4),
        ("4", 4),
        ("7", 6),
    ],
)
def test_items_are_found_by_title_prompt_beginning_or_number(name: str | int, index: int) -> None:
    assert manage.find_items(LIGHTHOUSES, name) == [index]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("The light", ("2 items", "Skerry” (number 0)", "Skelly” (number 1)", "whole title")),
        ("Doubled", ("2 items", "(number 4, of layer 1)", "(number 5, of layer 1)")),
        ("The lihgthouse at Skery", ("no item called", "near it are", "“The lighthouse at Skerry” (number 0)")),
        ("zzz", ("no item called “zzz”", "there are", "and 2 more")),
        ("", ("no item called",)),
        (7, ("no item 7", "has 7", "from 0")),
        (-1, ("no item -1",)),
        ("99", ("no item 99",)),
    ],
)
def test_an_item_that_is_not_found_is_told_with_those_near_it(name: str | int, words: tuple[str, ...]) -> None:
    refused(lambda: forget(LIGHTHOUSES, ["fact 1", name]), *words)


# History


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), layers=st.integers(1, 3), rows=st.integers(1, 5))
def test_a_layer_off_and_on_again_reads_the_same(seed: int, layers: int, rows: int) -> None:
    memory = random_memory(seed, layers=layers, rows=rows)
    off = set_layer(memory, layers, False)
    assert [layer.enabled for layer in off.layers] == [True] * (layers - 1) + [False]
    assert len(off.rows) == len(memory.rows) and off.items == memory.items
    assert close(read(off), read(undo(memory)))
    assert not close(read(off), read(memory))
    back = set_layer(off, layers, True)
    assert close(read(back), read(memory)) and back.layers == memory.layers


def test_switching_every_layer_off_reads_nothing() -> None:
    memory = random_memory(1)
    off = set_layer(set_layer(memory, 1, False), 2, False)
    assert len(off.basis) == 0 and not read(off).any()
    assert set_layer(memory, 1, True) is memory
    refused(lambda: set_layer(memory, 3, True), "no layer 3", "1, 2")


def test_undo_takes_back_the_newest_layer_and_nothing_else() -> None:
    one = random_memory(1, layers=2)
    joint = merge([one, random_memory(2, layers=1, day=9)])
    before = undo(joint)
    assert before.layers == one.layers and before.items == one.items
    assert close(read(before), read(one))
    assert close(stored(before), one.rows.values)
    nothing = undo(undo(before))
    assert len(nothing.rows) == 0 and nothing.layers == ()
    refused(lambda: undo(nothing), "nothing to undo")
    hollow = dataclasses.replace(one, layers=(*one.layers, dataclasses.replace(one.layers[0], number=5)))
    assert undo(hollow).layers == one.layers


def test_nothing_touches_the_memory_that_was_given() -> None:
    memory, twin = random_memory(1), random_memory(1)
    other = random_memory(2)
    for change in (lambda: merge([memory, other]), lambda: forget(memory, 0), lambda: undo(memory)):
        change()
    set_layer(memory, 1, False)
    assert same(memory, twin)


# Inspecting


def test_inspect_is_plain_json_and_complete(tmp_path: Path) -> None:
    memory = set_layer(random_memory(1), 2, False)
    save_memory(tmp_path / "m.safetensors", memory)
    found = inspect(memory)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["bytes"] == (tmp_path / "m.safetensors").stat().st_size
    assert (found["format"], found["model"], found["title"]) == ("bdh-workbench memory 2", "random", "Memory m1")
    assert (found["rows"], found["rank"], found["slots"]) == (24, len(memory.basis), 96)
    assert found["fill"] == memory.fill > 0.0
    first = memory.items[0]
    assert found["items"][0] == {
        "kind": "fact",
        "title": first.title,
        "prompt": first.prompt,
        "answer": first.answer,
        "tokens": 4,
        "p_before": first.p_before,
        "p_after": first.p_after,
        "layer": 1,
    }
    assert found["layers"][1] == {
        "number": 2,
        "title": "write 2 of m1",
        "created": "2026-03-01T10:02:00+00:00",
        "enabled": False,
        "steps": 2,
        "seconds": 1.5,
    }
    assert inspect(random_memory(0, layers=0))["items"] == []
