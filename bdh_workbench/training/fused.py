"""A training step on a CPU: the same network, with hand-written gradients for the most expensive parts.

Matrices are multiplied in bfloat16 where that is faster, and in fp32 elsewhere. Processors with instructions for
bfloat16 are up to nine times faster with it, but one with AVX512-BF16 took 1.5 times as long, so it is timed.
What then costs is every pass over the (B, T, H N) activations, so that

- weights are cast once a step, activations stay in one type from one matrix product to the next;
- a level is one autograd function that works in place wherever a value is not needed again;
- the loss takes the vocabulary in blocks of rows that fit the cache, and makes its gradient in the same pass;
- parameters, their gradients and moments, layer norms of the stream, and the loss stay in fp32.

Attention keeps its T x T form: for T of 512 and less it takes fewer operations than the chunked one, T (N + D) against
2 N D and more for each token.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import sys
import time
from typing import Any

import torch
from torch import Tensor

from bdh_workbench.model.network import MemorySite, Network, layer_norm

ROWS_AT_A_TIME = 64  # of the scores over the vocabulary that are made at once: 2 MB in fp32 at 8,192 tokens
SMALLEST_P = torch.finfo(torch.float32).tiny  # probability, 87 nats, below which the loss does not grow
TIMED_SHAPE, TIMES = (1024, 192, 1536), 8  # of the product that is timed: 5 ms and less


@functools.cache
def product_type(device: str) -> torch.dtype:
    """The type in which a device multiplies matrices fastest while training, of bfloat16 and fp32.

    Args:
        device: its type, such as "cpu".
    """
    if device != "cpu":
        return torch.bfloat16 if device == "cuda" else torch.float32
    if not supported():
        return torch.float32
    rows, inner, columns = TIMED_SHAPE
    factors = {
        dtype: (torch.ones(rows, inner, dtype=dtype), torch.ones(inner, columns, dtype=dtype))
        for dtype in (torch.float32, torch.bfloat16)
    }
    fastest = dict.fromkeys(factors, math.inf)
    for _ in range(TIMES):
        for dtype, (one, two) in factors.items():
            begun = time.perf_counter()
            torch.mm(one, two)
            fastest[dtype] = min(fastest[dtype], time.perf_counter() - begun)
    return min(fastest, key=fastest.__getitem__)


def supported() -> bool:
    """Whether this processor has instructions for bfloat16 matrices; without them, it is many times slower."""
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
    """The decoder's output (B T, D) at one level for a stream x (B, T, D), in its type; see ``Network._chunk``."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        encoder: Tensor,
        encoder_v: Tensor,
        decoder: Tensor,
        cast: tuple[Tensor, Tensor, Tensor],
        turns: tuple[Tensor, Tensor],
    ) -> Tensor:
        """Run the level; the parameters in fp32 are given for their gradients, and ``cast`` are used."""
        enc, enc_v, dec = cast
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
        normed = even.to(x.dtype)
        g = torch.bmm(normed, enc_v).clamp_min_(0)  # (H, B T, N)
        product = torch.empty_like(s)
        torch.mul(s.view(-1, heads, neurons), g.transpose(0, 1), out=product.view(-1, heads, neurons))
        ctx.save_for_backward(x, s, turned, scores, normed, scale, g, product, *cast, *turns)
        return torch.mm(product, dec.t())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the stream (in its type) and of the three matrices (fp32)."""
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
        d_attended = d_attended.mul_(scale).to(x.dtype)
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
    """Mean cross-entropy of a tied head; the gradient is made with the scores, which are not kept."""

    @staticmethod
    def forward(ctx: Any, stream: Tensor, weight: Tensor, cast: Tensor, targets: Tensor) -> Tensor:
        """Loss of stream (n, D) and targets (n,); weight (V, D) gets its gradient in fp32, and ``cast`` is used."""
        count = len(targets)
        total = torch.zeros(())
        pull = stream.new_empty(count, len(cast))  # p - 1 at the target
        for start in range(0, count, ROWS_AT_A_TIME):
            part = slice(start, start + ROWS_AT_A_TIME)
            wanted = targets[part, None]
            scores = torch.mm(stream[part], cast.t()).float()  # (rows, V)
            p = torch.softmax(scores, -1)
            total -= p.gather(1, wanted).clamp_min_(SMALLEST_P).log_().sum()
            p.scatter_add_(1, wanted, p.new_full((), -1.0).expand_as(wanted))
            pull[part] = p
        ctx.save_for_backward(stream, cast, pull)
        return total / count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of stream (in its type) and weight (fp32)."""
        stream, cast, pull = ctx.saved_tensors
        scale = gradients[0] / len(pull)
        d_weight = torch.mm(pull.t(), stream).float().mul_(scale)
        return torch.mm(pull, cast).mul_(scale.to(cast.dtype)), d_weight, None, None


def head_loss(stream: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of targets (n,) int64 under the tied head ``weight`` (V, D) of stream (n, D).

    Products are made in the type of the stream.
    """
    loss: Tensor = _HeadLoss.apply(stream, weight, weight.detach().to(stream.dtype), targets)  # type: ignore[no-untyped-call]
    return loss


def stream_of(network: Network, ids: Tensor, levels: int, dtype: torch.dtype) -> Tensor:
    """The stream (B, T, D) in fp32 after so many levels, as ``Network.forward`` makes it; ids (B, T) int64.

    ``dtype`` is that of the matrix products.
    """
    parameters = network.encoder.weight, network.encoder_v, network.decoder.weight
    cast = tuple(w.detach().to(dtype) for w in parameters)
    turns = tuple(table.to(dtype) for table in network.rotary(0, ids.shape[1]))
    x = layer_norm(network.embed(ids))
    for level in range(levels):
        u: Tensor = _Level.apply(x.to(dtype), *parameters, cast, turns)  # type: ignore[no-untyped-call]
        x = layer_norm(x + layer_norm(u.float().view_as(x)))
        if level + 1 in network.config.site_levels:
            site = network.sites[network.config.site_levels.index(level + 1)]
            assert isinstance(site, MemorySite)
            with _casting(dtype):
                added: Tensor = site(x, None, None)[0]
            x = added.float()
    return x


def _casting(dtype: torch.dtype) -> contextlib.AbstractContextManager[object]:
    """Autocast to a type, which torch refuses for fp32."""
    return contextlib.nullcontext() if dtype == torch.float32 else torch.autocast("cpu", dtype)


def loss_of(network: Any, ids: Tensor, levels: int | None, dtype: torch.dtype) -> Tensor:
    """Mean cross-entropy in nats of ids[:, 1:], each given the ids before it; ids (B, T + 1) int64.

    A network that is not ours, with ``embed`` and a tied head, runs under autocast up to the head. ``dtype`` is that of
    the matrix products.
    """
    if isinstance(network, Network):
        stream = stream_of(network, ids[:, :-1], network.config.levels if levels is None else levels, dtype)
    else:
        with _casting(dtype):
            stream = network(ids[:, :-1])
    return head_loss(stream.flatten(0, 1).to(dtype), network.embed.weight, ids[:, 1:].flatten())
