"""The network: a BDH backbone (Kosowski et al., arXiv 2509.26507) with memory sites between its levels.

What is notable:
- no softmax attention: neurons are sparse and positive, attention is linear and strictly causal, and all levels share
  the same three matrices;
- rotary phases turn the neuron axis; attention keeps a matrix for each level as its whole state, so that generation
  never recomputes the prefix;
- a memory site reads a slow memory (trained, frozen afterwards) and a fast Hebbian state (zero at the start of each
  sequence) through one address, each through its own gate;
- the write site is not here: it comes after the last level (``write_site.py``) and adds to the stream right before the
  head, with no norm after it.

Symbols: B sequences, T tokens, D width, H heads, N neurons per head, M slots, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.model.config import ModelConfig

GATE_START = 0.1  # of the gates of the sites: zero would be a saddle that a zero slot never leaves
# Tokens taken at once; attention inside a chunk costs its square, the rest passes through the state.
TOKENS_AT_ONCE = 512


@dataclass(slots=True)
class NetworkState:
    """What generation keeps of the tokens so far: nothing of it grows with their number.

    Attributes:
        position: tokens read so far.
        attention: for each level (B, H, N, D), the sum of outer products of turned neurons and stream.
        fast: for each site (B, M, D), the fast Hebbian state.
    """

    position: int
    attention: list[Tensor]
    fast: list[Tensor]


@dataclass(slots=True)
class SiteReading:
    """What one site did at each token; all (B, T), norms of the parts added to the stream.

    Attributes:
        stream: norm of the stream before the site added to it.
        slow: norm of the slow contribution, gate included.
        fast: norm of the fast contribution, gate included.
        active: share of the site's slots that the address uses.
    """

    stream: Tensor
    slow: Tensor
    fast: Tensor
    active: Tensor


@dataclass(slots=True)
class Trace:
    """Filled by a forward pass that is asked for it: site readings and, for each level, the share of active neurons."""

    sites: list[SiteReading]
    sparsity: list[Tensor]  # each (B, T)


def layer_norm(x: Tensor) -> Tensor:
    """Layer norm without affine, in fp32 under autocast too; any shape (..., D)."""
    return F.layer_norm(x.float(), x.shape[-1:]).to(x.dtype)


def rotary_tables(neurons: int, theta: float, start: int, length: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the rotary phases, each (length, neurons / 2), fp32.

    Position t turns pair j by t * theta^(-2j / neurons) (BDH, after RoPE, Su et al. 2021). Pair j is made of the
    neurons j and j + neurons / 2. Worked out in fp64, since at position 10,000 an fp32 phase is off by 1e-3.
    """
    pairs = torch.arange(neurons // 2, dtype=torch.float64)
    frequencies = theta ** (-2.0 * pairs / neurons)
    phases = torch.arange(start, start + length, dtype=torch.float64)[:, None] * frequencies  # (T, N/2)
    return phases.cos().float(), phases.sin().float()


def rotate(s: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of neurons of s (..., T, N) by its phase."""
    first, second = s.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


class MemorySite(nn.Module):
    """A slow memory and a fast Hebbian state, read through one address, each through a gate."""

    decay_powers: Tensor

    def __init__(self, config: ModelConfig) -> None:
        """Make a site of ``config.site_slots`` slots."""
        super().__init__()
        self.address = nn.Linear(config.width, config.site_slots)
        self.slow = nn.Parameter(torch.empty(config.site_slots, config.width))
        self.gate_slow = nn.Parameter(torch.tensor(GATE_START))
        self.gate_fast = nn.Parameter(torch.tensor(GATE_START))
        self.decay = config.fast_decay
        self.rate = config.fast_rate
        # decay^0 .. decay^TOKENS_AT_ONCE: made once, as powers are dear and every chunk needs them.
        powers = torch.tensor(self.decay, dtype=torch.float64) ** torch.arange(TOKENS_AT_ONCE + 1, dtype=torch.float64)
        self.register_buffer("decay_powers", powers.float(), persistent=False)

    def forward(self, h: Tensor, fast: Tensor | None, reading: list[SiteReading] | None) -> tuple[Tensor, Tensor]:
        """Read both memories at every token of a chunk.

        With q_t the address, F_t = decay F_{t-1} + rate q_t (x) h_t; token t reads F_{t-1}, hence nothing of itself.

        Args:
            h: (B, T, D), the stream after a level.
            fast: (B, M, D), the fast state before the chunk; None for zero.
            reading: a list to which a SiteReading is added, or None.

        Returns:
            The stream (B, T, D) after the site, and the address (B, T, M), from which the new fast state is made.
        """
        q = F.relu(self.address(h))
        q = q / q.sum(-1, keepdim=True).clamp(min=1.0)  # a weak match reads weakly: hence a clamp, not a division
        slow = torch.tanh(self.gate_slow) * (q @ self.slow)
        hebbian = torch.tanh(self.gate_fast) * self.fast_read(q, h, fast)
        if reading is not None:
            active = (q > 0).float().mean(-1)
            reading.append(SiteReading(h.norm(dim=-1), slow.norm(dim=-1), hebbian.norm(dim=-1), active))
        return layer_norm(h + slow + hebbian), q

    def fast_read(self, q: Tensor, h: Tensor, fast: Tensor | None) -> Tensor:
        """What the fast state gives (B, T, D) at addresses q (B, T, M) of a chunk with stream h (B, T, D), ungated."""
        length = h.shape[1]
        # lags (t - 1 - s) of the strictly lower triangle; the others are cut off after the product
        scores = torch.bmm(q, q.transpose(1, 2)) * self._lag_weights(length)
        read = torch.bmm(scores, h)
        return read if fast is None else read + self.decay_powers[:length, None] * torch.bmm(q, fast)

    def next_fast(self, q: Tensor, h: Tensor, fast: Tensor | None) -> Tensor:
        """The fast state (B, M, D) after a chunk with addresses q (B, T, M) and stream h (B, T, D)."""
        length = h.shape[1]
        weights = self.rate * self.decay_powers[:length].flip(0)[:, None]
        added = torch.bmm(q.transpose(1, 2), h * weights)
        return added if fast is None else added + self.decay_powers[length] * fast

    def _lag_weights(self, length: int) -> Tensor:
        steps = torch.arange(length, device=self.decay_powers.device)
        lag = steps[:, None] - 1 - steps[None, :]
        return torch.where(lag >= 0, self.rate * self.decay_powers[lag.clamp(min=0)], 0.0)


def parameter_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter of a network, by name, without making one.

    A network on the meta device would tell as well, at the price of torch's compiler, whose import takes 1.6 s.
    """
    width, hidden, slots = config.width, config.heads * config.neurons, config.site_slots
    shapes: dict[str, tuple[int, ...]] = {
        "encoder_v": (config.heads, width, config.neurons),
        "embed.weight": (config.vocab_size, width),
        "encoder.weight": (hidden, width),
        "decoder.weight": (width, hidden),
    }
    for number in range(len(config.site_levels)):
        site = {"slow": (slots, width), "gate_slow": (), "gate_fast": (), "address.weight": (slots, width)}
        shapes |= {f"sites.{number}.{name}": shape for name, shape in (site | {"address.bias": (slots,)}).items()}
    return shapes


class Network(nn.Module):
    """BDH with memory sites; ``forward`` gives the stream right before the head, ``logits`` applies the tied head."""

    rotary_cos: Tensor
    rotary_sin: Tensor

    def __init__(self, config: ModelConfig) -> None:
        """Make a network with random parameters from torch's default generator."""
        super().__init__()
        self.config = config
        width, hidden = config.width, config.heads * config.neurons
        self.embed = nn.Embedding(config.vocab_size, width)  # tied: its transpose is the head
        self.encoder = nn.Linear(width, hidden, bias=False)
        self.encoder_v = nn.Parameter(torch.empty(config.heads, width, config.neurons))
        self.decoder = nn.Linear(hidden, width, bias=False)
        self.sites = nn.ModuleList(MemorySite(config) for _ in config.site_levels)
        cos, sin = rotary_tables(config.neurons, config.rope_theta, 0, min(config.context, TOKENS_AT_ONCE))
        self.register_buffer("rotary_cos", cos, persistent=False)
        self.register_buffer("rotary_sin", sin, persistent=False)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "gate" not in name:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids: Tensor, levels: int | None = None) -> Tensor:
        """The stream after the last level, of whole texts: that of ``advance``, without the state after the last token.

        The state takes as long to make as attention itself.

        Args:
            ids: (B, T) int64, T >= 1.
            levels: to pass, where that is not all: depth can grow in training, as the levels share their weights.

        Returns:
            (B, T, D).
        """
        parts = torch.split(ids, TOKENS_AT_ONCE, dim=1)
        streams, state = [], None
        for number, part in enumerate(parts, 1):
            after = NetworkState(TOKENS_AT_ONCE * number, [], []) if number < len(parts) else None
            streams.append(self._chunk(part, state, after, None, levels))
            state = after
        return streams[0] if len(streams) == 1 else torch.cat(streams, dim=1)

    def advance(
        self, ids: Tensor, state: NetworkState | None = None, trace: Trace | None = None
    ) -> tuple[Tensor, NetworkState]:
        """Read tokens after those that made ``state``, however many, one chunk after the other.

        Args:
            ids: (B, T) int64, T >= 1.
            state: what an earlier call returned, which is not changed; None at the start of a sequence.
            trace: filled with site readings and sparsity when given.

        Returns:
            The stream (B, T, D) and the state after the last token. The result does not depend on how a text is cut
            into calls, up to rounding.
        """
        streams = []
        for part in torch.split(ids, TOKENS_AT_ONCE, dim=1):
            after = NetworkState((state.position if state else 0) + part.shape[1], [], [])
            streams.append(self._chunk(part, state, after, trace))
            state = after
        assert state is not None
        return torch.cat(streams, dim=1), state

    def logits(self, stream: Tensor) -> Tensor:
        """Scores (..., V) of the next token from the stream (..., D): the tied head."""
        return F.linear(stream, self.embed.weight)

    def _chunk(
        self,
        ids: Tensor,
        before: NetworkState | None,
        after: NetworkState | None,
        trace: Trace | None,
        levels: int | None = None,
    ) -> Tensor:
        config = self.config
        batch, length = ids.shape
        heads, neurons = config.heads, config.neurons
        cos, sin = self.rotary(before.position if before else 0, length)
        x = layer_norm(self.embed(ids))  # (B, T, D)
        for level in range(config.levels if levels is None else levels):
            s = F.relu(self.encoder(x)).view(batch, length, heads, neurons)
            turned = rotate(s.transpose(1, 2), cos, sin)  # (B, H, T, N)
            scores = torch.tril(turned @ turned.transpose(2, 3), -1)  # (B, H, T, T)
            attended = scores @ x.unsqueeze(1)  # (B, H, T, D)
            if before is not None:
                attended = attended + turned @ before.attention[level]
            if after is not None:
                added = turned.transpose(2, 3) @ x.unsqueeze(1)  # (B, H, N, D)
                after.attention.append(added if before is None else before.attention[level] + added)
            per_head = layer_norm(attended).transpose(0, 1).reshape(heads, batch * length, -1)
            g = F.relu(torch.bmm(per_head, self.encoder_v)).view(heads, batch, length, neurons)
            product = s * g.permute(1, 2, 0, 3)  # (B, T, H, N)
            if trace is not None:
                trace.sparsity.append((product > 0).float().mean((-1, -2)))
            x = layer_norm(x + layer_norm(self.decoder(product.flatten(2))))
            if level + 1 in config.site_levels:
                x = self._site(config.site_levels.index(level + 1), x, before, after, trace)
        return x

    def _site(
        self, index: int, x: Tensor, before: NetworkState | None, after: NetworkState | None, trace: Trace | None
    ) -> Tensor:
        site = self.sites[index]
        assert isinstance(site, MemorySite)
        fast = before.fast[index] if before is not None else None
        added, q = site(x, fast, trace.sites if trace is not None else None)
        if after is not None:
            after.fast.append(site.next_fast(q, x, fast))
        result: Tensor = added
        return result

    def rotary(self, start: int, length: int) -> tuple[Tensor, Tensor]:
        """Cosine and sine of the phases of ``length`` positions from ``start`` on, each (length, N / 2), fp32."""
        if start + length <= self.rotary_cos.shape[0]:
            return self.rotary_cos[start : start + length], self.rotary_sin[start : start + length]
        cos, sin = rotary_tables(self.config.neurons, self.config.rope_theta, start, length)
        return cos.to(self.rotary_cos.device), sin.to(self.rotary_sin.device)
