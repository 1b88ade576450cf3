"""The losses of a write, each a mean in nats over the positions it concerns.

The logits of thousands of positions take most of the time. A loss needs only the logarithm of their summed
exponentials, and its gradient only the code that they expect: ``log_sums`` computes both in one pass and keeps no
logits.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.memory.writing.direct import POSITIONS_AT_ONCE

UNSURE = 0.9  # answer tokens under this probability count double


@torch.no_grad()
def expected_codes(points: Tensor, head: Tensor) -> tuple[Tensor, Tensor]:
    """Logarithms (m,) of the summed exponentials of logits, and the codes (m, D) that their softmax expects.

    Args:
        points: (m, D), what the head is applied to.
        head: (V, D).
    """
    sums, codes = points.new_empty(len(points)), torch.empty_like(points)
    for rows in torch.split(torch.arange(len(points), device=points.device), POSITIONS_AT_ONCE):
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        logits = points[part] @ head.T
        most = logits.amax(1, keepdim=True)
        likely = logits.sub_(most).exp_()
        whole = likely.sum(1, keepdim=True)
        sums[part] = (most + whole.log())[:, 0]
        torch.div(likely @ head, whole, out=codes[part])
    return sums, codes


class _LogSums(torch.autograd.Function):
    """``log_sums``, whose gradient by a point is the code that is expected there."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, head: Tensor) -> Tensor:
        sums, codes = expected_codes(points, head)
        ctx.save_for_backward(codes)
        return sums

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (codes,) = ctx.saved_tensors
        return gradients[0][:, None] * codes, None


def log_sums(points: Tensor, head: Tensor) -> Tensor:
    """Logarithms (m,) of the summed exponentials of the logits at points (m, D), with a frozen head (V, D)."""
    sums: Tensor = _LogSums.apply(points, head)  # type: ignore[no-untyped-call]
    return sums


def weighted_cross_entropy(logits: Tensor, targets: Tensor, item: Tensor, items: int) -> Tensor:
    """Cross-entropy of answer tokens, averaged within and then over items; tokens under p 0.9 count double.

    Args:
        logits: (m, V).
        targets: (m,).
        item: (m,), the item that each position belongs to.
        items: how many items there are.
    """
    return weighted_loss(F.cross_entropy(logits, targets, reduction="none"), item, items)


def weighted_loss(losses: Tensor, item: Tensor, items: int) -> Tensor:
    """The same from the cross-entropy (m,) of each answer token."""
    weights = torch.where(losses.detach() > -torch.tensor(UNSURE).log(), 2.0, 1.0)
    total = torch.zeros(items, device=losses.device).index_add(0, item, weights * losses)
    count = torch.zeros(items, device=losses.device).index_add(0, item, weights)
    return (total / count.clamp(min=1e-9))[count > 0].mean()


def info_nce(own: Tensor, others: Tensor, owner: Tensor) -> Tensor:
    """InfoNCE (van den Oord et al. 2018) over length-normalised log-likelihoods.

    Args:
        own: (n,), mean log-likelihood per token of each item's own answer.
        others: (k,), the same of other items' answers after an item's prompt.
        owner: (k,), the item whose prompt that was.
    """
    # Shifted by the largest of each item: wrong answers can be so unlikely that their exponential is zero.
    top = own.detach().scatter_reduce(0, owner, others.detach(), "amax")
    sums = torch.exp(own - top).index_add(0, owner, torch.exp(others - top[owner]))
    return (top + sums.log() - own).mean()


def kl_divergence(reference: Tensor, logits: Tensor) -> Tensor:
    """Mean KL(no memory || memory) over positions, from logits (m, V) without and with memory."""
    return F.kl_div(logits.log_softmax(1), reference.log_softmax(1), reduction="batchmean", log_target=True)


def mean_by_owner(values: Tensor, owner: Tensor, count: int) -> Tensor:
    """Means (count,) of values (m,) with the same owner (m,)."""
    total = torch.zeros(count, device=values.device).index_add(0, owner, values)
    number = torch.zeros(count, device=values.device).index_add(0, owner, torch.ones_like(values))
    return total / number.clamp(min=1.0)
