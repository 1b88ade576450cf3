"""The gradient write, the paper's: Adam on the change of the slow memory alone, with everything else frozen and cached.

Every update, after Adam's scaling, is projected off the addresses that are held already, so that they still read what
they read before. The change's norm is bounded: plain Adam at a high rate lets it run away and poisons everything near.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.losses import info_nce, kl_divergence, mean_by_owner, weighted_cross_entropy

BETAS = (0.9, 0.999)
EPSILON = 1e-8
LOCAL_ROWS = 96  # unrelated positions looked at in each step


@dataclass(frozen=True, slots=True)
class Cached:
    """Positions as the gradient write sees them.

    Attributes:
        stream: (m, D).
        addresses: (m, M) dense fp32.
        base: (m, D), what the memory as it is reads there.
        targets: (m,) token ids.
        owner: (m,), the write item or, for contrasts, the pair.
    """

    stream: Tensor
    addresses: Tensor
    base: Tensor
    targets: Tensor
    owner: Tensor

    def logits(self, change: Tensor, head: Tensor, gate: float, rows: Tensor | None = None) -> Tensor:
        """Logits (m, V) with ``change`` (M, D) added to the slot, of all positions or the given ones."""
        pick = slice(None) if rows is None else rows
        return (self.stream[pick] + gate * (self.base[pick] + self.addresses[pick] @ change)) @ head.T


@dataclass(frozen=True, slots=True)
class Problem:
    """All that the steps need, worked out once.

    Attributes:
        own: the items' positions; ``owner`` is the item.
        items: number of write items.
        contrasts: other facts' answers after a fact's prompt; ``owner`` is the pair.
        contrast_items: (f,), the primary items of the facts that have contrasts.
        contrast_owner: (pairs,), the place in ``contrast_items`` of each pair's fact.
        local: unrelated positions, targets unused.
        held: (r, M) compressed sparse addresses of the basis that is protected, or None.
        factor: (r, r) fp64, its Cholesky factor.
    """

    own: Cached
    items: int
    contrasts: Cached | None
    contrast_items: Tensor
    contrast_owner: Tensor
    local: Cached | None
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
    reference = None
    if problem.local is not None:
        with torch.no_grad():
            reference = problem.local.stream @ head.T
    for _ in range(settings.steps):
        terms = _terms(problem, change, head, gate, settings, reference, random)
        total = sum(terms.values(), torch.zeros((), device=change.device))
        if not bool(total.detach().isfinite()):
            raise UserError(
                "The write was stopped because its loss is no longer a number; the memory is as it was: try a "
                "smaller rate."
            )
        (gradient,) = torch.autograd.grad(total, change)
        before = change.detach().clone()
        with torch.no_grad():
            adam.step(gradient)
            change.copy_(before + project_off(change - before, problem.held, problem.factor))
            norm = change.norm()
            change.mul_((bound / norm).clamp(max=1.0))
        yield change.detach(), {name: float(term.detach()) for name, term in terms.items()}


def _terms(
    problem: Problem,
    change: Tensor,
    head: Tensor,
    gate: float,
    settings: WriteSettings,
    reference: Tensor | None,
    random: torch.Generator,
) -> dict[str, Tensor]:
    own = problem.own
    logits = own.logits(change, head, gate)
    terms = {"cross-entropy": weighted_cross_entropy(logits, own.targets, own.owner, problem.items)}
    if settings.contrastive and problem.contrasts is not None:
        likely = logits.log_softmax(1).gather(1, own.targets[:, None])[:, 0]
        mine = mean_by_owner(likely, own.owner, problem.items)[problem.contrast_items]
        pairs = problem.contrasts
        other = pairs.logits(change, head, gate).log_softmax(1).gather(1, pairs.targets[:, None])[:, 0]
        theirs = mean_by_owner(other, pairs.owner, len(problem.contrast_owner))
        terms["contrastive"] = settings.contrastive * info_nce(mine, theirs, problem.contrast_owner)
    if settings.locality and problem.local is not None and reference is not None:
        rows = torch.randperm(len(reference), generator=random)[:LOCAL_ROWS].to(change.device)
        changed = problem.local.logits(change, head, gate, rows)
        terms["locality"] = settings.locality * kl_divergence(reference[rows], changed)
    if settings.decay:
        terms["norm"] = settings.decay * change.square().sum()
    return terms
