"""Random memories that are whole and solved, as a write leaves them, without a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import pytest
import torch

from bdh_workbench.errors import UserError
from bdh_workbench.memory.store.algebra import read_rows, slow_slot, solve
from bdh_workbench.memory.store.banks import SlowMemory
from bdh_workbench.memory.store.state import KEPT_COLUMNS, MADE_COLUMNS, BareRows, ItemRecord, LayerRecord, Memory, Rows

FINGERPRINT = "0123456789abcdef" * 4


def random_rows(
    generator: torch.Generator, items: Sequence[int], slots: int, width: int, cues: int, active: int
) -> Rows:
    """One row for each entry of ``items``, with ``active`` slots or fewer; the rows of an item are one window."""
    count = len(items)
    weights = torch.rand(count, slots, generator=generator)
    chosen = weights.topk(min(active, slots), dim=1).indices
    dense = torch.zeros(count, slots)
    dense.scatter_(1, chosen, torch.rand(count, chosen.shape[1], generator=generator) + 0.05)
    dense /= dense.norm(dim=1, keepdim=True).clamp(min=1e-9)
    where = dense.nonzero()
    owner = torch.tensor(items, dtype=torch.int32)
    following = torch.full((count,), -1, dtype=torch.int32)
    for row in range(count - 1):
        if owner[row] == owner[row + 1]:
            following[row] = row + 1
    cue = torch.randn(count, cues, generator=generator)
    return Rows(
        starts=torch.cat((torch.zeros(1, dtype=torch.int64), (dense > 0).sum(1).cumsum(0))),
        slots=where[:, 1].to(torch.int32),
        strengths=dense[dense > 0],
        cues=(cue / cue.norm(dim=1, keepdim=True)).half(),
        values=torch.randn(count, width, generator=generator),
        tokens=torch.randint(0, 500, (count,), generator=generator, dtype=torch.int32),
        items=owner,
        sentences=torch.randint(0, 4, (count,), generator=generator, dtype=torch.int32),
        following=following,
        address_of=torch.arange(count, dtype=torch.int32),
        banks=torch.zeros(count, dtype=torch.int32),
        lead_starts=torch.zeros(count + 1, dtype=torch.int64),
        leads=torch.zeros(0, dtype=torch.int32),
    )


def random_memory(
    seed: int = 0,
    *,
    slots: int = 96,
    width: int = 5,
    cues: int = 6,
    active: int = 6,
    layers: int = 2,
    items: int = 3,
    rows: int = 4,
    day: int = 1,
    name: str = "",
    disabled: Sequence[int] = (),
) -> Memory:
    """A solved memory of ``layers`` layers, each with ``items`` items of ``rows`` rows.

    Items are facts and documents in turn; ``name`` stands in all their words, and ``day`` dates the layers. As after a
    write, the values of all enabled rows are what S reads at them.
    """
    generator = torch.Generator().manual_seed(seed)
    label = name or f"m{seed}"
    records, numbers = [], range(1, layers + 1)
    for layer in numbers:
        for index in range(items):
            before, after = torch.rand(2, generator=generator).tolist()
            words = f"{label} {layer}.{index}"
            shared = {"layer": layer, "tokens": rows, "p_before": before, "p_after": after}
            if index % 2:
                text = f"Text of {words}. “Ünï” 🜚"
                record = ItemRecord("document", f"About {words}", "", "", text, **shared)
            else:
                prompt = f"The name of {words} is"
                record = ItemRecord("fact", prompt, prompt, f"answer {words}", None, **shared)
            records.append(record)
    owners = [item for item in range(len(records)) for _ in range(rows)]
    memory = Memory(
        model=FINGERPRINT,
        model_name="random",
        slots=slots,
        width=width,
        rows=random_rows(generator, owners, slots, width, cues, active) if owners else Rows.empty(cues, width),
        basis=torch.zeros(0, dtype=torch.int64),
        weights=torch.zeros(0, width),
        items=tuple(records),
        layers=tuple(
            LayerRecord(
                number,
                f"write {number} of {label}",
                f"2026-03-{day:02d}T10:{number:02d}:00+00:00",
                enabled=number not in disabled,
                settings={"method": "auto", "steps": 300, "rate": 0.03, "protect": True},
                history={"step": [0.0, 1.0, 2.0], "worst p": torch.rand(3, generator=generator).tolist()},
                seconds=1.5,
            )
            for number in numbers
        ),
        title=f"Memory {label}",
        note=f'A note, with “quotes”, "marks" and a back\\slash about {label}',
    )
    if not len(memory.enabled_rows()):
        return memory
    memory, _ = solve(memory)
    values = memory.rows.values.clone()
    enabled = memory.enabled_rows()
    values[enabled] = read_rows(memory.rows, slow_slot(memory), enabled)
    return dataclasses.replace(memory, rows=dataclasses.replace(memory.rows, values=values))


def reads(memory: Memory, addresses: torch.Tensor, bank: int | None = None) -> torch.Tensor:
    """What a bank of S, or all of them together, reads (m, D) at dense addresses (m, M)."""
    slow, banks = SlowMemory(memory), set(memory.rows.banks.tolist()) if bank is None else {bank}
    nothing = torch.zeros(len(addresses), memory.width)
    return sum((addresses @ slow.bank(number) for number in sorted(banks)), nothing)


def bank_like(memory: Memory, other: Memory) -> int:
    """The bank in which a memory has what another has in its only one, by the titles of their items."""
    titles = {item.title for item in other.items}
    owners = [number for number, item in enumerate(memory.items) if item.title in titles]
    (bank,) = set(memory.rows.banks[torch.isin(memory.rows.items, torch.tensor(owners))].tolist())
    return int(bank)


def same(one: Memory, other: Memory) -> bool:
    """Whether two memories agree in every record and in every bit of every tensor that is not made of others."""
    bare = isinstance(one.rows, BareRows) or isinstance(other.rows, BareRows)
    pairs = [
        (getattr(one.rows, name), getattr(other.rows, name))
        for name in (KEPT_COLUMNS if bare else (*KEPT_COLUMNS, *MADE_COLUMNS))
    ]
    pairs += [(one.basis, other.basis), (one.weights, other.weights)]
    tensors = all(a.dtype == b.dtype and a.shape == b.shape and _bits(a) == _bits(b) for a, b in pairs)
    names = [field.name for field in dataclasses.fields(Memory) if field.name not in ("rows", "basis", "weights")]
    return tensors and all(getattr(one, name) == getattr(other, name) for name in names)


def _bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().numpy().tobytes()


def refused(action: Callable[[], object], *words: str) -> str:
    """Call the action, check that it is refused in one clean sentence with these words, and return the sentence."""
    with pytest.raises(UserError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for word in words:
        assert word in message, message
    return message
