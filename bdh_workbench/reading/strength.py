"""How strongly a read speaks: its token becomes as probable as the read is probable to be the right one.

S gives a token as if it were certain, tens of nats above all others. A read that is right with probability p should
leave the network's own prediction the rest: p + (1 - p) P for the token that the read says, where P is its probability
without it. A wrong read at even odds then costs less than a nat, and not thirty. What is read is scaled until this is
so: scaling acts on the stream, as everything that is read does, and the head is linear.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bdh_workbench.model.network import Network

HALVINGS = 20  # of the interval in which the factor is sought
POSITIONS = 512  # whose logits are worked out at once


def strength(network: Network, stream: Tensor, added: Tensor, p: Tensor) -> Tensor:
    """The factor of each read, from 0 to 1; 1 for those that are certain, or too faint to say as much.

    Args:
        network: gives the head.
        stream: (n, D), without the read.
        added: (n, D), the whole of what is read.
        p: (n,) fp32 on the device of both, how probable it is that each is the right one.
    """
    factor = torch.ones_like(p)
    unsure = (p < 1.0).nonzero().flatten()
    for part in torch.split(unsure, POSITIONS):
        plain, read = network.logits(stream[part]).float(), network.logits(added[part]).float()
        factor[part] = _factor(plain, read, p[part])
    return factor


def _factor(plain: Tensor, read: Tensor, p: Tensor) -> Tensor:
    """The same for logits (n, V) without a read, and what it adds to them."""
    said = (plain + read).argmax(1, keepdim=True)

    def log_odds(factor: Tensor) -> Tensor:
        logits = torch.addcmul(plain, factor[:, None], read)
        return logits.gather(1, said)[:, 0] - logits.scatter(1, said, -math.inf).logsumexp(1)

    least, most = torch.zeros_like(p), torch.ones_like(p)
    alone = log_odds(least)
    wanted = (p + (1.0 - p) * alone.sigmoid()).log() - torch.log1p(-p) - torch.nn.functional.logsigmoid(-alone)
    faint = log_odds(most) <= wanted
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        short = log_odds(middle) < wanted
        least, most = torch.where(short, middle, least), torch.where(short, most, middle)
    return torch.where(faint, 1.0, most)
