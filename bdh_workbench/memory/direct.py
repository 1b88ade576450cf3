"""The direct write: the smallest change of what is read at each position that makes its token certain.

With logits (x + g r) E^T, the log-odds m(r) of the wanted token against all others together are concave in the read r.
Each step solves the linearised constraint m(r) = margin with the smallest change, as in passive-aggressive learning
(Crammer et al. 2006): r += (margin - m) dm/dr / |dm/dr|^2. Concavity makes the steps fall short, never over.

A token that training never met has a row of the head like that of every other such token: what tells it apart is so
small that only a read of a thousand times the usual length could lift it above them, and that would spoil what lies
near. Reads are therefore bounded. A position that is alone with its read and still not certain after the last step is
one that no memory makes certain.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

STEPS = 64  # at most; nearly all positions need fewer than 24
SLACK = 0.05  # nats under the margin that count as having reached it
CHUNK = 1024  # positions whose logits are held at once
# Length of what a read adds at most, in lengths of the stream. Ordinary texts need up to 7.4, the hardest token that
# training met 158 to its margin and less to its goal. Of the 8192 tokens of `small`, 70 stay uncertain: bytes that no
# text holds, controls, and stems such as " resour" that always grow to a longer token. Their rows differ from their
# neighbours' by 0.1% of their length, those of all others by 0.4% or more.
LONGEST = 100.0


def log_odds(logits: Tensor, targets: Tensor) -> Tensor:
    """Log-odds (m,) of the targets (m,) against all other tokens together, from logits (m, V)."""
    wanted = logits.gather(1, targets[:, None])[:, 0]
    others = logits.scatter(1, targets[:, None], float("-inf")).logsumexp(1)
    return wanted - others


@torch.no_grad()
def direct_reads(
    stream: Tensor, reads: Tensor, targets: Tensor, head: Tensor, gate: float, margin: float, twins: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Improve the reads step by step until every position has its margin.

    Args:
        stream: (m, D), right before the head.
        reads: (m, D), what is read now; changed in place where a position has a read of its own.
        targets: (m,) token ids.
        head: (V, D).
        gate: factor on the read.
        margin: wanted log-odds in nats.
        twins: (m,), the position whose read each one uses, its own number for most. Where several share one, it takes
            the mean of the steps that they want.

    Yields:
        After each step the log-odds (m,) before it, and the number of positions (scalar) still short of the margin.
    """
    odds = torch.full((len(targets),), float("-inf"), device=stream.device)
    longest = LONGEST / gate * stream.norm(dim=1, keepdim=True)
    short = torch.arange(len(targets), device=stream.device)
    for _ in range(STEPS):
        step, wanting = torch.zeros_like(reads), reads.new_zeros(len(reads), 1)
        for part in torch.split(short, CHUNK):
            logits = (stream[part] + gate * reads[twins[part]]) @ head.T
            wanted = targets[part]
            odds[part] = log_odds(logits, wanted)
            others = logits.scatter(1, wanted[:, None], float("-inf")).softmax(1)
            slope = gate * (head[wanted] - others @ head)  # (b, D): dm/dr
            lack = torch.where(odds[part] < margin - SLACK, margin - odds[part], 0.0)
            # A token whose code is the mean of its rivals' has no slope; the floor keeps such a step finite.
            size = lack / slope.square().sum(1).clamp(min=1e-6)
            step.index_add_(0, twins[part], size[:, None] * slope)
            wanting.index_add_(0, twins[part], (lack > 0.0).to(reads.dtype)[:, None])
        reads += step / wanting.clamp(min=1.0)
        reads *= (longest / reads.norm(dim=1, keepdim=True).clamp(min=1e-9)).clamp(max=1.0)
        yield odds.clone(), (odds < margin - SLACK).sum()
        # What several share may take from one what it gives another: all of them are looked at again.
        short = (wanting[twins, 0] > 0.0).nonzero().flatten()
        if not len(short):
            return
