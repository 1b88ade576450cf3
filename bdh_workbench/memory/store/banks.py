"""The banks of the slow memory: each a matrix of its own (M, D), with rows of its own, solved by itself.

One Gram matrix over all that is stored takes the square of its size to store and the cube to factor. So a write fills
banks, one after the other, and never splits a stretch of text, or a fact and its framings. A write, forgetting and
switching off touch the banks that have a part in them and leave the others as they are, to the bit; merging puts banks
side by side. A row that is found knows its bank; a pure read takes the bank that stores the content nearest to its own
(``Router``).
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.memory.store.algebra import Basis, read_rows, slow_slot
from bdh_workbench.memory.store.state import Memory, Rows

CAPACITY = 0.25  # rows with addresses of their own that go into a bank, as a share of its slots
SIGNS = 64  # numbers of the longest summary whose signs choose the bank of a pure read
OPEN_BYTES = 512 << 20  # of banks that are kept made


def capacity(slots: int) -> int:
    """Rows with an address of their own that go into a bank."""
    return max(1, int(CAPACITY * slots))


def own_rows(rows: Rows) -> dict[int, int]:
    """How many rows with an address of their own each bank has."""
    counts = torch.bincount(rows.banks[rows.address_of == torch.arange(len(rows))]).tolist()
    return {bank: count for bank, count in enumerate(counts) if count}


@dataclass(frozen=True, slots=True)
class Bank:
    """One bank of a memory, as a memory of its own.

    Attributes:
        number: of the bank.
        rows: (n,) int64, the numbers that its rows have in the whole memory, ascending.
        memory: its rows alone, with their basis and weights; items and layers are those of the whole.
    """

    number: int
    rows: Tensor
    memory: Memory

    def local(self, basis: Basis | None) -> Basis | None:
        """A basis of this bank by the bank's own row numbers."""
        if basis is None:
            return None
        return dataclasses.replace(basis, rows=torch.searchsorted(self.rows, basis.rows), considered=len(self.rows) - 1)


def bank_of(memory: Memory, number: int, *, own: bool = False) -> Bank:
    """Take one bank out of a memory; one without rows if there is none of that number.

    Args:
        memory: that it is of.
        number: of the bank.
        own: whether to leave out windows all of whose rows use the addresses of others.
    """
    chosen = memory.rows.banks == number
    if own:
        window = torch.cat((torch.zeros(1, dtype=torch.int64), (memory.rows.following[:-1] < 0).cumsum(0)))
        has_own = memory.rows.address_of == torch.arange(len(memory.rows))
        counts = torch.bincount(window[chosen & has_own], minlength=len(window))
        chosen = chosen & (counts[window] > 0)
    rows = chosen.nonzero().flatten()
    chosen = memory.rows.banks[memory.basis] == number  # a row of the basis has an address of its own
    part = dataclasses.replace(
        memory,
        rows=memory.rows.take(rows).made(),
        basis=torch.searchsorted(rows, memory.basis[chosen]),
        weights=memory.weights[chosen],
    )
    return Bank(number, rows, part)


def cues_of(rows: Rows, number: int) -> tuple[Tensor, Tensor]:
    """The rows (n,) of a bank and their cues (n, U) fp16; no others are made, and none is kept."""
    inside = (rows.banks == number).nonzero().flatten()
    return inside, rows.take(inside).cues


def with_banks(memory: Memory, changed: Sequence[Bank]) -> Memory:
    """The memory with other bases and weights in the given banks; all others keep theirs, bit for bit."""
    numbers = torch.tensor([bank.number for bank in changed], dtype=torch.int32)
    stays = ~torch.isin(memory.rows.banks[memory.basis], numbers)
    basis = [memory.basis[stays], *(bank.rows[bank.memory.basis] for bank in changed)]
    weights = [memory.weights[stays], *(bank.memory.weights for bank in changed)]
    return in_order(dataclasses.replace(memory, basis=torch.cat(basis), weights=torch.cat(weights)))


def in_order(memory: Memory) -> Memory:
    """The memory with its basis bank by bank, and the order within each as it is."""
    order = memory.rows.banks[memory.basis].argsort(stable=True)
    return dataclasses.replace(memory, basis=memory.basis[order], weights=memory.weights[order].contiguous())


def renumbered(memory: Memory) -> Memory:
    """The memory with its banks numbered from 0, in the order of their first rows."""
    known = list(dict.fromkeys(memory.rows.banks.tolist()))
    if known == list(range(len(known))):
        return memory
    number = torch.zeros(max(known) + 1, dtype=torch.int32)
    number[torch.tensor(known)] = torch.arange(len(known), dtype=torch.int32)
    rows = memory.rows.altered(banks=number[memory.rows.banks.long()])
    return in_order(dataclasses.replace(memory, rows=rows))


class SlowMemory:
    """S of a solved memory, its banks made when they are first read."""

    def __init__(self, memory: Memory, device: torch.device | str = "cpu") -> None:
        """Take a memory; nothing is made yet."""
        self.memory, self.device = memory, torch.device(device)
        self._open: OrderedDict[int, tuple[Bank, Tensor]] = OrderedDict()
        self._most = max(1, OPEN_BYTES // (8 * memory.slots * memory.width))

    def _opened(self, number: int) -> tuple[Bank, Tensor]:
        if number not in self._open:
            bank = bank_of(self.memory, number, own=True)
            self._open[number] = bank, slow_slot(bank.memory).to(self.device)
            if len(self._open) > self._most:
                self._open.popitem(last=False)
        self._open.move_to_end(number)
        return self._open[number]

    def prepare(self, rows: Tensor) -> bool:
        """Make one more of the banks of the given rows (m,); returns whether there was one to make, and room for it."""
        if len(self._open) >= self._most:
            return False
        number = next((n for n in torch.unique(self.memory.rows.banks[rows]).tolist() if n not in self._open), None)
        if number is not None:
            self._opened(number)
        return number is not None

    def bank(self, number: int) -> Tensor:
        """A bank (M, D) fp32, zero where nothing is stored."""
        return self._opened(number)[1]

    def stored(self, rows: Tensor) -> Tensor:
        """What is read at the addresses of stored rows (m,), which may repeat: (m, D) on the CPU."""
        values = torch.zeros(len(rows), self.memory.width)
        banks = self.memory.rows.banks[rows]
        for number in torch.unique(banks).tolist():
            chosen = banks == number
            bank, _ = self._opened(number)
            homes = self.memory.rows.address_of[rows[chosen]].long()
            values[chosen] = read_rows(bank.memory.rows, self.bank(number).cpu(), torch.searchsorted(bank.rows, homes))
        return values

    def cue(self, row: int) -> Tensor:
        """The cue (U,) fp16 of a stored row with an address of its own."""
        bank, _ = self._opened(int(self.memory.rows.banks[row]))
        return bank.memory.rows.cues[torch.searchsorted(bank.rows, row)]

    def addresses(self, rows: Tensor) -> Tensor:
        """The addresses of stored rows (m,): (m, M) on the CPU."""
        dense, banks = torch.zeros(len(rows), self.memory.slots), self.memory.rows.banks[rows]
        for number in torch.unique(banks).tolist():
            chosen = banks == number
            bank, _ = self._opened(number)
            homes = self.memory.rows.address_of[rows[chosen]].long()
            dense[chosen] = bank.memory.rows.dense(self.memory.slots, torch.searchsorted(bank.rows, homes))
        return dense

    def read(self, addresses: Tensor, banks: Tensor) -> Tensor:
        """What is read at addresses (..., M) in the given banks (...): (..., D)."""
        values = addresses.new_zeros(*addresses.shape[:-1], self.memory.width)
        for number in torch.unique(banks).tolist():
            chosen = (banks == number).to(addresses.device)
            values[chosen] = addresses[chosen] @ self.bank(number)
        return values


class FixedSlot(SlowMemory):
    """A slow memory that is one given matrix (M, D), whatever the rows of its memory say."""

    def __init__(self, memory: Memory, slot: Tensor) -> None:
        """Take the matrix in place of every bank."""
        super().__init__(memory, slot.device)
        self._slot = slot

    def bank(self, number: int) -> Tensor:
        """The matrix."""
        return self._slot


class Router:
    """Chooses the bank that a pure read takes: that of the row whose long summary has most signs in common with it.

    The signs are a content hash (SimHash, Charikar 2002): a position with the very words that were written has the very
    signs of its row, and one with like words has most of them.
    """

    def __init__(self, rows: Rows, numbers: Tensor, width: int, device: torch.device) -> None:
        """Take in the given rows (m,) of a memory, whose summaries have ``width`` numbers each."""
        self._banks = rows.banks[numbers]
        self._first = int(self._banks[0]) if len(self._banks) else 0
        self._one = not bool((self._banks != self._first).any())
        signs = torch.zeros(0, 0) if self._one else _signs(rows.cues[numbers][:, : min(SIGNS, width)])
        self._signs = signs.to(device, torch.float32)

    def banks(self, summaries: Tensor) -> Tensor:
        """The banks (...) of positions by their normalised summaries (..., K, C)."""
        shape = summaries.shape[:-2]
        if self._one:
            return torch.full(shape, self._first, dtype=torch.int32)
        own = _signs(summaries[..., 0, : self._signs.shape[1]]).flatten(0, -2)
        best = [(part.float() @ self._signs.T).argmax(1).cpu() for part in torch.split(own, 256)]
        return self._banks[torch.cat(best)].view(shape)


def _signs(values: Tensor) -> Tensor:
    return torch.where(values >= 0, 1.0, -1.0)


Bases = Mapping[int, Basis]
"""The bases of some banks of a memory, by bank; their rows are numbers in the whole memory."""
