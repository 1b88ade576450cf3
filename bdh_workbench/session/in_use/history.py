"""Earlier values of a memory, kept so that what they have in common is there once: the rows of items that stayed.

A write makes all rows again. Kept whole, thirty values of a memory of 300 facts would take over a gigabyte.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.memory.store.state import KEPT_COLUMNS, MADE_COLUMNS, BareRows, Memory, Rows


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one item, numbered from 0, or all rows of a memory whose items do not stand one after the other."""

    digest: bytes
    rows: Rows


@dataclass(frozen=True, slots=True)
class Packed:
    """A memory without its rows, and these in parts that other values may have too."""

    rest: Memory
    parts: tuple[Part, ...]
    items: Tensor  # (n,) of the rows, in their order

    def memory(self) -> Memory:
        """The memory, bit for bit."""
        if not self.parts:
            return self.rest
        rows = Rows.join([part.rows for part in self.parts]).altered(items=self.items)
        return dataclasses.replace(self.rest, rows=rows)

    def blocks(self) -> dict[int, int]:
        """Bytes of each block of numbers, by its place."""
        tensors = [*numbers(self.rest.rows), self.rest.basis, self.rest.weights, self.items]
        tensors += [tensor for part in self.parts for tensor in numbers(part.rows)]
        storages = [tensor.untyped_storage() for tensor in tensors]
        return {block.data_ptr(): block.nbytes() for block in storages}


def numbers(rows: Rows) -> list[Tensor]:
    """All tensors of a table of rows, as far as they are there."""
    return [
        getattr(rows, name) for name in (KEPT_COLUMNS if isinstance(rows, BareRows) else (*KEPT_COLUMNS, *MADE_COLUMNS))
    ]


def pack(memory: Memory, others: Iterable[Packed]) -> Packed:
    """Pack a memory, using the parts that other packed values have already."""
    known = {part.digest: part for other in others for part in other.parts}
    items = memory.rows.items
    in_order = bool((items[1:] >= items[:-1]).all())
    starts = [0, *(items[1:] != items[:-1]).nonzero().flatten().add(1).tolist()] if in_order else [0]
    stops = [*starts[1:], len(items)]
    parts = [_part(memory.rows, torch.arange(a, b), known) for a, b in zip(starts, stops, strict=True) if b > a]
    none = memory.rows.take(torch.zeros(0, dtype=torch.int64))
    return Packed(dataclasses.replace(memory, rows=none), tuple(parts), items.clone())


def _part(rows: Rows, chosen: Tensor, known: Mapping[bytes, Part]) -> Part:
    taken = rows.take(chosen)
    taken = taken.altered(items=torch.zeros_like(taken.items))
    digest = hashlib.blake2b(digest_size=32)
    for tensor in numbers(taken):
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    key = digest.digest()
    return known.get(key) or Part(key, taken)
