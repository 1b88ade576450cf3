"""The direct write: the smallest change of what is read at each position that makes its token certain.

With logits (x + g r) E^T, the log-odds m(r) of the expected token against all others together are concave in the read
r. Each step solves the linearised constraint m(r) = margin with the smallest change, as in passive-aggressive learning
(Crammer et al. 2006): r += (margin - m) dm/dr / |dm/dr|^2. Concavity makes the steps fall short, never over.

A token that never occurred in training has nearly the same row of the head as every other such token: the difference is
so small that only a read of a thousand times the usual length could lift it above them, and that would spoil what is
near. Reads are therefore bounded. A position that shares its read with no other and is still not certain after the last
step is one that no memory can make certain.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

READ_STEPS = 64  # at most; nearly all positions need fewer than 24
SLACK = 0.05  # nats under the margin that count as having reached it
POSITIONS_AT_ONCE = 256  # positions whose logits are held at once: they stay in the processor's cache
# Length of what a read adds at most, in lengths of the stream. Ordinary texts need up to 7.4, the hardest token that
# training met 158 to its margin and less to its goal. Of the 8192 tokens of `small`, 70 stay uncertain: bytes that no
# text holds, controls, and stems such as " resour" that always grow to a longer token. Their rows differ from their
# neighbours' by 0.1% of their length, those of all others by 0.4% or more.
LARGEST_NORM = 100.0


def log_odds(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Log-odds of the targets (m,) against all other tokens together.

    Args:
        logits: (m, V); overwritten, as copies of it are what takes the time.
        targets: (m,) token ids.

    Returns:
        The log-odds (m,), and the exponentials (m, V) of the others, up to a factor, with their sums (m,).
    """
    wanted = logits.gather(1, targets[:, None])
    logits.scatter_(1, targets[:, None], float("-inf"))
    most = logits.amax(1, keepdim=True)
    others = logits.sub_(most).exp_()
    whole = others.sum(1)
    return (wanted - most)[:, 0] - whole.log(), others, whole


@torch.no_grad()
def direct_reads(
    stream: Tensor, reads: Tensor, targets: Tensor, head: Tensor, gate: float, margin: float
) -> Iterator[tuple[Tensor, Tensor]]:
    """Improve the reads step by step until every position has its margin.

    Args:
        stream: (m, D), right before the head.
        reads: (m, D), what is read now; changed in place.
        targets: (m,) token ids.
        head: (V, D).
        gate: factor on the read.
        margin: log-odds to reach, in nats.

    Yields:
        After each step the log-odds (m,) before it, and the number of positions (scalar) still short of the margin.
    """
    odds = torch.full((len(targets),), float("-inf"), device=stream.device)
    longest = LARGEST_NORM / gate * stream.norm(dim=1, keepdim=True)
    short = torch.arange(len(targets), device=stream.device)
    for _ in range(READ_STEPS):
        for part in torch.split(short, POSITIONS_AT_ONCE):
            wanted = targets[part]
            odds[part], others, whole = log_odds((stream[part] + gate * reads[part]) @ head.T, wanted)
            slope = gate * (head[wanted] - (others @ head) / whole[:, None])  # (b, D): dm/dr
            lack = torch.where(odds[part] < margin - SLACK, margin - odds[part], 0.0)
            # A token whose code is the mean of its rivals' has no slope; the floor keeps such a step finite.
            size = lack / slope.square().sum(1).clamp(min=1e-6)
            better = reads[part] + size[:, None] * slope
            reads[part] = better * (longest[part] / better.norm(dim=1, keepdim=True).clamp(min=1e-9)).clamp(max=1.0)
        short = (odds < margin - SLACK).nonzero().flatten()
        yield odds.clone(), torch.tensor(len(short))
        if not len(short):
            return
