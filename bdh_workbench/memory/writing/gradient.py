"""The gradient write, the paper's: Adam on the change of the slow memory alone, with everything else frozen and cached.

Every update, after Adam's scaling, is projected off the addresses that are held already, so that they still read what
they read before. The change's norm is bounded: plain Adam at a high rate lets it run away and poisons everything near.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.losses import info_nce, log_sums, mean_by_owner, weighted_loss

BETAS = (0.9, 0.999)
EPSILON = 1e-8
LOCAL_ROWS = 96  # unrelated positions looked at in each step


@dataclass(frozen=True, slots=True)
class Addresses:
    """Sparse addresses of m positions, by position and by slot: a read and its gradient are both sums over few rows.

    Attributes:
        starts: (m + 1,), where the slots of each position begin.
        slots: (n,), of the positions one after the other.
        strengths: (n,) fp32, of these.
        slot_starts: (M + 1,), where the positions of each slot begin.
        places: (n,), of the slots one after the other.
        slot_strengths: (n,) fp32, of these.
    """

    starts: Tensor
    slots: Tensor
    strengths: Tensor
    slot_starts: Tensor
    places: Tensor
    slot_strengths: Tensor

    @staticmethod
    def of(sparse: Tensor) -> Addresses:
        """From compressed sparse addresses (m, M)."""
        starts, slots, strengths = sparse.crow_indices(), sparse.col_indices(), sparse.values()
        places = torch.repeat_interleave(torch.arange(sparse.shape[0], device=slots.device), starts.diff())
        order = slots.argsort(stable=True)
        counts = torch.bincount(slots, minlength=sparse.shape[1])
        slot_starts = torch.cat((counts.new_zeros(1), counts.cumsum(0)))
        return Addresses(starts, slots, strengths, slot_starts, places[order], strengths[order])

    def read(self, change: Tensor) -> Tensor:
        """What ``change`` (M, D) of the slow memory adds to the read of each position (m, D)."""
        added: Tensor = _Read.apply(change, self)  # type: ignore[no-untyped-call]
        return added


def _sums(values: Tensor, rows: Tensor, starts: Tensor, weights: Tensor) -> Tensor:
    """Weighted sums of rows of values, one for each start but the last."""
    if len(starts) == 1 or not len(rows):
        return values.new_zeros(len(starts) - 1, values.shape[1])
    return F.embedding_bag(
        rows.to(starts.dtype), values, starts, mode="sum", per_sample_weights=weights, include_last_offset=True
    )


class _Read(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, change: Tensor, addresses: Addresses) -> Tensor:
        ctx.addresses = addresses
        return _sums(change, addresses.slots, addresses.starts, addresses.strengths)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        own = ctx.addresses
        return _sums(gradients[0].contiguous(), own.places, own.slot_starts, own.slot_strengths), None


@dataclass(frozen=True, slots=True)
class Cached:
    """Positions as the gradient write sees them.

    Attributes:
        stream: (m, D).
        addresses: of the m positions.
        base: (m, D), what the memory as it is reads there.
        targets: (t,) token ids.
        owner: (t,), the write item or, for contrasts, the pair.
        place: (t,), the position that each target follows; None where it is its own.
    """

    stream: Tensor
    addresses: Addresses
    base: Tensor
    targets: Tensor
    owner: Tensor
    place: Tensor | None = None

    def points(self, change: Tensor, gate: float) -> Tensor:
        """What the head is applied to (m, D) with ``change`` (M, D) added to the slot."""
        return self.stream + gate * (self.base + self.addresses.read(change))

    def likelihoods(self, points: Tensor, sums: Tensor, head: Tensor) -> Tensor:
        """Logarithm (t,) of the probability of each target.

        Args:
            points: (m, D).
            sums: (m,), ``log_sums`` of them.
            head: (V, D).
        """
        if self.place is not None:
            points, sums = points[self.place], sums[self.place]
        return (points * head[self.targets]).sum(1) - sums


@dataclass(frozen=True, slots=True)
class Local:
    """Positions of unrelated text, and what is predicted there without a memory.

    Attributes:
        stream: (m, D).
        addresses: of the m positions.
        base: (m, D), what the memory as it is reads there.
        sums: (m,) as ``expected_codes`` returns them of ``stream``.
        codes: (m, D) likewise.
    """

    stream: Tensor
    addresses: Addresses
    base: Tensor
    sums: Tensor
    codes: Tensor

    def points(self, change: Tensor, gate: float, rows: Tensor) -> Tensor:
        """What the head is applied to at the given rows with ``change`` (M, D) added to the slot."""
        return self.stream[rows] + gate * (self.base + self.addresses.read(change))[rows]

    def divergence(self, points: Tensor, sums: Tensor, rows: Tensor) -> Tensor:
        """Mean KL(no memory || memory) over the given rows.

        Args:
            points: of them, with the memory.
            sums: ``log_sums`` of these.
            rows: whose they are.
        """
        return (sums - self.sums[rows] - (self.codes[rows] * (points - self.stream[rows])).sum(1)).mean()


@dataclass(frozen=True, slots=True)
class Problem:
    """All that the steps need, worked out once.

    Attributes:
        own: the items' positions; ``owner`` is the item.
        items: number of write items.
        contrasts: other facts' answers after a fact's prompt; ``owner`` is the pair.
        contrast_items: (f,), the primary items of the facts that have contrasts.
        contrast_owner: (pairs,), the place in ``contrast_items`` of each pair's fact.
        local: unrelated positions.
        held: (r, M) compressed sparse addresses of the basis that is protected, or None.
        factor: (r, r) fp64, its Cholesky factor.
    """

    own: Cached
    items: int
    contrasts: Cached | None
    contrast_items: Tensor
    contrast_owner: Tensor
    local: Local | None
    held: Tensor | None
    factor: Tensor | None


class Adam:
    """Adam on one tensor, in place; to the bit as torch's own, which loads a compiler for seconds on its first step."""

    def __init__(self, tensor: Tensor, rate: float) -> None:
        self.tensor, self.rate, self.steps = tensor, rate, 0
        self.mean, self.square = torch.zeros_like(tensor), torch.zeros_like(tensor)

    def step(self, gradient: Tensor) -> None:
        """Take one step down a gradient."""
        self.steps += 1
        self.mean.lerp_(gradient, 1 - BETAS[0])
        self.square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        first, second = (1 - beta**self.steps for beta in BETAS)
        scale = (self.square.sqrt() / second**0.5).add_(EPSILON)
        self.tensor.addcdiv_(self.mean, scale, value=-self.rate / first)


def project_off(update: Tensor, held: Tensor | None, factor: Tensor | None) -> Tensor:
    """Remove from an update (M, D) all that the held addresses (r, M) would read of it."""
    if held is None or factor is None or not held.shape[0]:
        return update
    read = (held @ update.to(held.dtype)).double()
    weights = torch.cholesky_solve(read, factor).to(held.dtype)
    return update - (held.t() @ weights).to(update.dtype)


def gradient_steps(
    problem: Problem, head: Tensor, gate: float, settings: WriteSettings, start: Tensor
) -> Iterator[tuple[Tensor, dict[str, float]]]:
    """Take steps on the change of the slow memory.

    Args:
        problem: what is to be remembered and protected.
        head: (V, D).
        gate: factor on the read.
        settings: rate, weights of the terms, bound.
        start: (M, D), the change to begin from.

    Yields:
        After each step the change (M, D), which must not be altered, and each loss term by name before the step.

    Raises:
        UserError: when the loss is no longer a number.
    """
    head = head.detach()  # whatever it asks for: only the change of the slow memory is learnt
    change = start.detach().clone().requires_grad_(True)
    adam = Adam(change.detach(), settings.rate)
    # What it begins from is not cut down: a direct write can need more than the bound, and knows why.
    bound = max(settings.norm * max(1, len(problem.own.targets)) ** 0.5, float(start.norm()))
    random = torch.Generator().manual_seed(settings.seed)
    for _ in range(settings.steps):
        terms = _terms(problem, change, head, gate, settings, random)
        total = sum(terms.values(), torch.zeros((), device=change.device))
        if not bool(total.detach().isfinite()):
            raise UserError(
                "The write was stopped because its loss is no longer a number; the memory is as it was: try a "
                "smaller rate."
            )
        (gradient,) = torch.autograd.grad(total, change)
        with torch.no_grad():
            if problem.held is None:
                adam.step(gradient)
            else:
                before = change.clone()
                adam.step(gradient)
                change.copy_(before + project_off(change - before, problem.held, problem.factor))
            norm = float(change.norm())
            if norm > bound:
                change.mul_(bound / norm)
        yield change.detach(), {name: float(term.detach()) for name, term in terms.items()}


def _terms(
    problem: Problem,
    change: Tensor,
    head: Tensor,
    gate: float,
    settings: WriteSettings,
    random: torch.Generator,
) -> dict[str, Tensor]:
    own = problem.own
    pairs = problem.contrasts if settings.contrastive else None
    local = problem.local if settings.locality else None
    points = [own.points(change, gate)]
    if pairs is not None:
        points.append(pairs.points(change, gate))
    rows = torch.zeros(0, dtype=torch.int64)
    if local is not None:
        rows = torch.randperm(len(local.stream), generator=random)[:LOCAL_ROWS].to(change.device)
        points.append(local.points(change, gate, rows))
    # The head is applied to all of them at once: it is large, and they are few.
    sums = list(torch.split(log_sums(torch.cat(points), head), [len(part) for part in points]))
    likely = own.likelihoods(points.pop(0), sums.pop(0), head)
    terms = {"cross-entropy": weighted_loss(-likely, own.owner, problem.items)}
    if pairs is not None:
        mine = mean_by_owner(likely, own.owner, problem.items)[problem.contrast_items]
        other = pairs.likelihoods(points.pop(0), sums.pop(0), head)
        theirs = mean_by_owner(other, pairs.owner, len(problem.contrast_owner))
        terms["contrastive"] = settings.contrastive * info_nce(mine, theirs, problem.contrast_owner)
    if local is not None:
        terms["locality"] = settings.locality * local.divergence(points.pop(0), sums.pop(0), rows)
    if settings.decay:
        terms["norm"] = settings.decay * change.square().sum()
    return terms
