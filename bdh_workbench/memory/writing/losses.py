"""The losses of a write, each a mean in nats over the positions it concerns."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

UNSURE = 0.9  # answer tokens under this probability count double


def weighted_cross_entropy(logits: Tensor, targets: Tensor, item: Tensor, items: int) -> Tensor:
    """Cross-entropy of answer tokens, averaged within and then over items; tokens under p 0.9 count double.

    Args:
        logits: (m, V).
        targets: (m,).
        item: (m,), the item that each position belongs to.
        items: how many items there are.
    """
    losses = F.cross_entropy(logits, targets, reduction="none")
    weights = torch.where(losses.detach() > -torch.tensor(UNSURE).log(), 2.0, 1.0)
    total = torch.zeros(items, device=logits.device).index_add(0, item, weights * losses)
    count = torch.zeros(items, device=logits.device).index_add(0, item, weights)
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
