"""The algebra of a linear memory with fixed addresses: one interpolation problem, solved in its dual form.

Let K (n, M) be the addresses of the basis rows and V (n, D) their values. S is the matrix of smallest norm with
K S = V, which is S = K^T A with (K K^T) A = V. It follows that

- what is added later changes no earlier read: S reads every stored value exactly, whatever else is stored (protect);
- for given values, adding rows in one step or in many, in any order, gives the same S (merge is the union of the rows);
- leaving out rows gives the S of the rows that stay (forget, undo, a layer switched off).

The values are another matter: a write finds them given what is already read, so they depend on what was stored then.

The Gram matrix and its Cholesky factor are in fp64 and grow with what is stored, not with M. Positions whose address
lies within a tolerance of the span of others get no row of the basis, since they would add little but a large A.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.memory.store.state import Memory, Rows

TOLERANCE = 0.02  # squared distance from the span of the basis under which an address (unit length) spends no rank
ADDRESSES_AT_ONCE = 512  # addresses made dense at once
DRIFT = 0.01  # change of a read, over the norm of what it should be, from which a row needs rank of its own to keep it


@dataclass(frozen=True, slots=True)
class Basis:
    """The basis rows of a memory and the Cholesky factor of their Gram matrix.

    Attributes:
        rows: (n,) int64, numbers of the basis rows in ``Rows``.
        factor: (n, n) fp64, lower triangular, factor @ factor^T = K K^T.
        considered: rows up to this number have been considered; -1 for none.
    """

    rows: Tensor
    factor: Tensor
    considered: int = -1


def gram(rows: Rows, slots: int, left: Tensor, right: Tensor) -> Tensor:
    """Inner products (m, n) fp64 of the addresses of two lists of row numbers; only a few are dense at a time."""
    if not len(left) or not len(right):
        return torch.zeros(len(left), len(right), dtype=torch.float64)
    sparse = rows.sparse(slots, left)
    parts = [sparse @ rows.dense(slots, part, torch.float64).T for part in torch.split(right, ADDRESSES_AT_ONCE)]
    return torch.cat(parts, dim=1)


def unwatched() -> None:
    """What is called between two parts of long work if nobody may want to stop it."""


def extend_basis(
    rows: Rows,
    slots: int,
    basis: Basis | None,
    new: Tensor,
    tolerance: float = TOLERANCE,
    watch: Callable[[], None] = unwatched,
) -> Basis:
    """Add those of the ``new`` rows to a basis that lie further than the tolerance from the span of the others.

    Args:
        rows: the table that all numbers refer to.
        slots: M.
        basis: of what is stored already, which stays as it is; None for nothing.
        new: (m,) int64, row numbers to choose from.
        tolerance: squared distance, of addresses of unit length; 0 takes every row that is not exactly dependent.
        watch: called before each block; what it raises ends the work.

    Returns:
        The larger basis. Within a block the most independent row is taken first (pivoted Cholesky).
    """
    if basis is None:
        basis = Basis(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 0, dtype=torch.float64))
    if not len(new):
        return basis
    considered = max(basis.considered, int(new.max()))
    new = new[rows.have_own(new)]
    held, room = basis.rows, len(basis.rows) + len(new)
    # One piece for all blocks: the factor is the largest thing that a write holds.
    factor = torch.zeros(room, room, dtype=torch.float64)
    factor[: len(held), : len(held)] = basis.factor
    for block in torch.split(new, ADDRESSES_AT_ONCE):
        watch()
        count = len(held)
        cross = gram(rows, slots, held, block)  # (n, b)
        solved = torch.linalg.solve_triangular(factor[:count, :count], cross, upper=False)  # (n, b)
        schur = gram(rows, slots, block, block) - solved.T @ solved
        chosen, lower = _pivoted_cholesky(schur, max(tolerance, 1e-9))
        held = torch.cat((held, block[chosen]))
        factor[count : len(held), :count] = solved[:, chosen].T
        factor[count : len(held), count : len(held)] = lower
    kept = factor[: len(held), : len(held)]
    # A copy only where it frees much: at fifteen thousand rows a factor is 1.8 GB.
    return Basis(held, kept.clone() if len(held) < 0.9 * room else kept, considered)


def reduced_basis(basis: Basis, stay: Tensor, numbers: Tensor, watch: Callable[[], None] = unwatched) -> Basis:
    """The basis without some of its rows, without looking at any address.

    With L the part of the factor between rows that stay, and V the part of these at the columns of those that go, the
    new factor is that of L L^T + V V^T: V is turned into L by orthogonal matrices, a block of columns at a time.

    Args:
        basis: of all rows.
        stay: (n,) bool, which of the rows of the basis stay.
        numbers: (rows,) int64, the number that each row of the table has afterwards.
        watch: called before each block; what it raises ends the work.
    """
    factor, extra = basis.factor[stay][:, stay], basis.factor[stay][:, ~stay]  # (m, m), (m, n - m)
    if extra.shape[1] > len(extra):
        extra = torch.linalg.qr(extra.T, mode="r").R.T
    changed = extra.any(dim=1).nonzero()[:1]
    for start in range(int(changed) if len(changed) else len(factor), len(factor), ADDRESSES_AT_ONCE):
        watch()
        stop = min(start + ADDRESSES_AT_ONCE, len(factor))
        size = stop - start
        both = torch.cat((factor[start:, start:stop], extra[start:]), dim=1)
        turn, upper = torch.linalg.qr(both[:size].T, mode="complete")
        both = both @ turn
        both[:, :size] *= upper.diagonal().sign()
        factor[start:, start:stop], extra[start:] = both[:, :size], both[:, size:]
    return Basis(numbers[basis.rows[stay]], factor.tril_())


def _pivoted_cholesky(matrix: Tensor, floor: float) -> tuple[Tensor, Tensor]:
    """Rows chosen by pivoting until every remaining diagonal is under ``floor``, and the factor over those chosen."""
    size = matrix.shape[0]
    rest = matrix.diagonal().clone()
    columns = torch.zeros(size, size, dtype=torch.float64)
    chosen: list[int] = []
    while len(chosen) < size:
        pivot = int(rest.argmax())
        if float(rest[pivot]) <= floor:
            break
        k = len(chosen)
        column = (matrix[:, pivot] - columns[:, :k] @ columns[pivot, :k]) / rest[pivot].sqrt()
        columns[:, k] = column
        rest -= column.square()
        rest[pivot] = -1.0
        chosen.append(pivot)
    order = torch.tensor(chosen, dtype=torch.int64)
    return order, torch.tril(columns[order][:, : len(chosen)])


def coefficients(basis: Basis, values: Tensor) -> Tensor:
    """A (n, D) fp64 with K K^T A = values (n, D): two triangular solves."""
    inner = torch.linalg.solve_triangular(basis.factor, values.double(), upper=False)
    # Row by row in memory, as a loaded file is: S is to have the same bits on both sides of a file.
    solved: Tensor = torch.linalg.solve_triangular(basis.factor.T, inner, upper=True).contiguous()
    return solved


def solve(
    memory: Memory, basis: Basis | None = None, tolerance: float = TOLERANCE, watch: Callable[[], None] = unwatched
) -> tuple[Memory, Basis]:
    """The memory with basis and weights that fit its enabled rows and their values.

    Args:
        memory: rows, items and layers are taken from it; its own basis and weights are not looked at.
        basis: of rows that are in the memory under the same numbers, all of them enabled; only the others are then
            added. None: start from nothing.
        tolerance: as for ``extend_basis``.
        watch: as for ``extend_basis``.

    Returns:
        The solved memory, and its basis for the next write.
    """
    enabled = memory.enabled_rows()
    if basis is not None:
        enabled = enabled[enabled > basis.considered]
    basis = extend_basis(memory.rows, memory.slots, basis, enabled, tolerance, watch)
    weights = coefficients(basis, memory.rows.values[basis.rows]).float()
    return dataclasses.replace(memory, basis=basis.rows, weights=weights), basis


def drifted(memory: Memory, among: Tensor, slow: Tensor) -> Tensor:
    """Rows whose addresses need rank so that all of the given rows (m,) read their stored values from S (M, D).

    A row near the span of the basis reads what the basis makes it read. That is its value when it is written, but a
    later write changes S in directions that the row has a small part in.
    """
    among = among[~torch.isin(memory.rows.address_of[among], memory.basis)]
    values = memory.rows.values[among]
    change = (read_rows(memory.rows, slow, among) - values).norm(dim=1)
    norms = values.norm(dim=1)
    # A row that should read nothing may read a little.
    away = among[change > DRIFT * norms.clamp(min=0.1 * float(norms.mean()) if len(norms) else 0.0)]
    return memory.rows.homes(away)


def held_basis(memory: Memory, watch: Callable[[], None] = unwatched) -> Basis:
    """The basis that a solved memory was made with, worked out again: rows that a write gave rank of their own stay."""
    enabled = memory.enabled_rows()
    basis = extend_basis(memory.rows, memory.slots, None, memory.basis, 0.0, watch)
    return dataclasses.replace(basis, considered=int(enabled.max()) if len(enabled) else -1)


def slow_slot(memory: Memory) -> Tensor:
    """S (M, D) fp32 of a solved memory, on the CPU: always worked out in the same order, so that bits agree."""
    slot = torch.zeros(memory.slots, memory.width)
    for start in range(0, len(memory.basis), ADDRESSES_AT_ONCE):
        dense = memory.rows.dense(memory.slots, memory.basis[start : start + ADDRESSES_AT_ONCE])
        slot.addmm_(dense.T, memory.weights[start : start + ADDRESSES_AT_ONCE])
    return slot


def read_rows(rows: Rows, slow: Tensor, chosen: Tensor) -> Tensor:
    """What S (M, D) reads at the addresses of the chosen rows: (m, D)."""
    return (rows.sparse(slow.shape[0], chosen, slow.dtype) @ slow) if len(chosen) else slow.new_zeros(0, slow.shape[1])
