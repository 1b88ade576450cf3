"""A training step on a CPU in bfloat16: the same network, with hand-written gradients for the most expensive parts.

Processors with AVX512-BF16 or AMX multiply bfloat16 matrices five to nine times faster than fp32 ones. What then costs
is every pass over the (B, T, H N) activations, so that

- weights are cast once a step, activations stay in bfloat16 from one matrix product to the next;
- a level is one autograd function that works in place wherever a value is not needed again;
- the loss takes the vocabulary in blocks of rows that fit the cache, and makes its gradient in the same pass;
- parameters, their gradients and moments, layer norms of the stream, and the loss stay in fp32.

Attention keeps its T x T form: for T of 512 and less it takes fewer operations than the chunked one, T (N + D) against
2 N D and more for each token.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import torch
from torch import Tensor

from bdh_workbench.model.network import MemorySite, Network, layer_norm

ROWS_AT_A_TIME = 64  # of the scores over the vocabulary that are made at once: 2 MB in fp32 at 8,192 tokens
HALF = torch.bfloat16
SMALLEST_P = torch.finfo(torch.float32).tiny  # probability, 87 nats, below which the loss does not grow


def supported(device: torch.device) -> bool:
    """Whether a device is a processor with instructions for multiplying bfloat16 matrices."""
    if device.type != "cpu":
        return False
    check = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(available and check is not None and check())


def keep_freed_memory() -> None:
    """Let the allocator keep what a step frees; else each large tensor is mapped and zeroed again (glibc only)."""
    if sys.platform.startswith("linux"):
        try:
            mallopt = ctypes.CDLL(None).mallopt
        except (OSError, AttributeError):
            return
        mallopt(-4, 0)  # M_MMAP_MAX: take everything from the heap
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: and give nothing of it back


class _Level(torch.autograd.Function):
    """The decoder's output (B T, D) at one level for a stream x (B, T, D), both bfloat16; see ``Network._chunk``."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        encoder: Tensor,
        encoder_v: Tensor,
        decoder: Tensor,
        halves: tuple[Tensor, Tensor, Tensor],
        turns: tuple[Tensor, Tensor],
    ) -> Tensor:
        """Run the level; the parameters in fp32 are given for their gradients, and ``halves`` are used."""
        enc, enc_v, dec = halves
        batch, length, width = x.shape
        heads, neurons = enc_v.shape[0], enc_v.shape[2]
        flat = x.view(batch * length, width)
        s = torch.mm(flat, enc.t()).clamp_min_(0)  # (B T, H N)
        turned = s.new_empty(batch, heads, length, neurons)
        _turn(s.view(batch, length, heads, neurons).transpose(1, 2), turns, turned)
        rows = turned.view(batch * heads, length, neurons)
        scores = torch.bmm(rows, rows.transpose(1, 2)).tril_(-1)  # (B H, T, T)
        attended = torch.bmm(scores.view(batch, heads * length, length), x)  # (B, H T, D)
        by_head = attended.view(batch, heads, length, width).transpose(0, 1).float()  # (H, B, T, D)
        by_head = by_head.reshape(heads, batch * length, width)
        even, _, scale = torch.native_layer_norm(by_head, (width,), None, None, 1e-5)
        normed = even.to(HALF)
        g = torch.bmm(normed, enc_v).clamp_min_(0)  # (H, B T, N)
        product = torch.empty_like(s)
        torch.mul(s.view(-1, heads, neurons), g.transpose(0, 1), out=product.view(-1, heads, neurons))
        ctx.save_for_backward(x, s, turned, scores, normed, scale, g, product, *halves, *turns)
        return torch.mm(product, dec.t())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the stream (bfloat16) and of the three matrices (fp32)."""
        x, s, turned, scores, normed, scale, g, product, enc, enc_v, dec, cos, sin = ctx.saved_tensors
        batch, length, width = x.shape
        heads, neurons = enc_v.shape[0], enc_v.shape[2]
        flat = x.view(batch * length, width)
        d_out = gradients[0].contiguous()
        d_dec = torch.mm(d_out.t(), product).float()
        d_product = torch.mm(d_out, dec).view(-1, heads, neurons)
        d_g = torch.empty_like(g)
        torch.mul(d_product.transpose(0, 1), s.view(-1, heads, neurons).transpose(0, 1), out=d_g)
        d_g = torch.ops.aten.threshold_backward(d_g, g, 0)
        d_s = d_product.mul_(g.transpose(0, 1))  # (B T, H, N), so far through the product alone
        d_enc_v = torch.bmm(normed.transpose(1, 2), d_g).float()
        d_normed = torch.bmm(d_g, enc_v.transpose(1, 2)).float()  # (H, B T, D)
        y = normed.float()
        d_attended = torch.addcmul(
            d_normed - d_normed.mean(-1, keepdim=True), y, (d_normed * y).mean(-1, keepdim=True), value=-1
        )
        d_attended = d_attended.mul_(scale).to(HALF)
        d_attended = d_attended.view(heads, batch, length, width).transpose(0, 1).reshape(batch, heads * length, width)
        d_scores = torch.bmm(d_attended, x.transpose(1, 2)).view(batch * heads, length, length).tril_(-1)
        d_x = torch.bmm(scores.view(batch, heads * length, length).transpose(1, 2), d_attended)
        d_scores = d_scores + d_scores.transpose(1, 2)  # the scores are made of the turned neurons twice
        d_turned = torch.bmm(d_scores, turned.view(batch * heads, length, neurons)).view_as(turned)
        _turn_back(d_turned, (cos, sin), d_s.view(batch, length, heads, neurons).transpose(1, 2))
        d_s = torch.ops.aten.threshold_backward(d_s.view_as(s), s, 0)
        d_enc = torch.mm(d_s.t(), flat).float()
        d_x = torch.addmm(d_x.view_as(flat), d_s, enc).view_as(x)
        return d_x, d_enc, d_enc_v, d_dec, None, None


def _turn(s: Tensor, turns: tuple[Tensor, Tensor], out: Tensor) -> None:
    """``rotate`` of the network into ``out``; both (B, H, T, N)."""
    (cos, sin), (first, second) = turns, s.chunk(2, -1)
    one, two = out.chunk(2, -1)
    torch.mul(first, cos, out=one).addcmul_(second, sin, value=-1)
    torch.mul(first, sin, out=two).addcmul_(second, cos)


def _turn_back(turned: Tensor, turns: tuple[Tensor, Tensor], out: Tensor) -> None:
    """Add the gradient of ``rotate`` to ``out``; both (B, H, T, N)."""
    (cos, sin), (first, second) = turns, turned.chunk(2, -1)
    one, two = out.chunk(2, -1)
    one.addcmul_(first, cos).addcmul_(second, sin)
    two.addcmul_(second, cos).addcmul_(first, sin, value=-1)


class _HeadLoss(torch.autograd.Function):
    """Mean cross-entropy of a tied head; the gradient is made with the scores, which are never kept in fp32."""

    @staticmethod
    def forward(ctx: Any, stream: Tensor, weight: Tensor, half: Tensor, targets: Tensor) -> Tensor:
        """Loss of stream (n, D) in bfloat16 and targets (n,); weight (V, D) gets its gradient in fp32."""
        count = len(targets)
        total = torch.zeros(())
        pull = stream.new_empty(count, len(half))  # p - 1 at the target
        for start in range(0, count, ROWS_AT_A_TIME):
            part = slice(start, start + ROWS_AT_A_TIME)
            wanted = targets[part, None]
            scores = torch.mm(stream[part], half.t()).float()  # (rows, V)
            p = torch.softmax(scores, -1)
            total -= p.gather(1, wanted).clamp_min_(SMALLEST_P).log_().sum()
            p.scatter_add_(1, wanted, p.new_full((), -1.0).expand_as(wanted))
            pull[part] = p
        ctx.save_for_backward(stream, half, pull)
        return total / count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of stream (bfloat16) and weight (fp32)."""
        stream, half, pull = ctx.saved_tensors
        scale = gradients[0] / len(pull)
        d_weight = torch.mm(pull.t(), stream).float().mul_(scale)
        return torch.mm(pull, half).mul_(scale.to(HALF)), d_weight, None, None


def head_loss(stream: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of targets (n,) int64 under the tied head ``weight`` (V, D) of stream (n, D)."""
    loss: Tensor = _HeadLoss.apply(stream.to(HALF), weight, weight.detach().to(HALF), targets)  # type: ignore[no-untyped-call]
    return loss


def stream_of(network: Network, ids: Tensor, levels: int) -> Tensor:
    """The stream (B, T, D) in fp32 after so many levels, as ``Network.forward`` makes it; ids (B, T) int64."""
    halves = tuple(w.detach().to(HALF) for w in (network.encoder.weight, network.encoder_v, network.decoder.weight))
    parameters = network.encoder.weight, network.encoder_v, network.decoder.weight
    turns = tuple(table.to(HALF) for table in network.rotary(0, ids.shape[1]))
    x = layer_norm(network.embed(ids))
    for level in range(levels):
        u: Tensor = _Level.apply(x.to(HALF), *parameters, halves, turns)  # type: ignore[no-untyped-call]
        x = layer_norm(x + layer_norm(u.float().view_as(x)))
        if level + 1 in network.config.site_levels:
            x = _site(network, network.config.site_levels.index(level + 1), x)
    return x


def _site(network: Network, index: int, x: Tensor) -> Tensor:
    site = network.sites[index]
    assert isinstance(site, MemorySite)
    with torch.autocast("cpu", HALF):
        added: Tensor = site(x, None, None)[0]
    return added.float()


def loss_of(network: Any, ids: Tensor, levels: int | None) -> Tensor:
    """Mean cross-entropy in nats of ids[:, 1:], each given the ids before it; ids (B, T + 1) int64.

    A network that is not ours, with ``embed`` and a tied head, runs under autocast up to the head.
    """
    if isinstance(network, Network):
        stream = stream_of(network, ids[:, :-1], network.config.levels if levels is None else levels)
    else:
        with torch.autocast("cpu", HALF):
            stream = network(ids[:, :-1])
    return head_loss(stream.flatten(0, 1), network.embed.weight, ids[:, 1:].flatten())
