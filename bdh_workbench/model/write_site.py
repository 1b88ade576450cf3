"""The write site's addressing: what a position is about, as a dense cue for matching and a sparse address for storing.

Nothing here depends on anything that is ever written, so cues and addresses of a text are worked out once and kept.

- Content summaries: c_t[k] = decay_k c_{t-1}[k] + w[id_t] E[id_t] + v P_t, fading sums of codes, K of them. They
  know which words came before and roughly how long ago, not their order, so that a rewording lands close by.
- P_t is the code of the word so far, where it has more than one token: the product of its tokens' codes, each rolled
  by its place in the word (binding as in Gayler 2003). A rare name is a run of common tokens; by its tokens alone it
  is hard to tell from other names, by the codes of its beginnings it is like itself and its inflections only.
- Cue: the summaries, each whitened against general text and brought to unit length, weighted and joined. Dense.
- Address: the same with other weights, expanded by fixed random signs and cut at a threshold. Sparse and wide.

Token codes and the expansion are random signs made from the configuration's seed by SplitMix64 (Steele et al. 2014),
so that they need not be stored and another program can make them. Symbols: C numbers in a code, K summaries, M slots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.model.config import ModelConfig

ROLL = 7  # places by which a code is turned for each place in its word
SCAN = 64  # tokens of the summaries worked out by one matrix product
# Norm of the longest summary, in weights of a rare token, at which a cosine counts for 1 / sqrt(2) of it.
GATE_EVIDENCE = 1.0
GATE = 0.5  # tanh of the write site's slow gate; S scales against it, so its value is a unit and not a setting


@dataclass(frozen=True, slots=True)
class SummaryState:
    """What generation keeps for the write site.

    Attributes:
        sums: (B, K, C), the content summaries after the last token.
        word: (B, C) int32 of 0 and 1, the sign bits of the code of the word so far.
        place: (B,) int64, the place of the last token in its word, from 0; -1 before the first token.
    """

    sums: Tensor
    word: Tensor
    place: Tensor


@dataclass(frozen=True, slots=True)
class Addresses:
    """Cues and addresses of positions.

    Attributes:
        cues: (..., K * C), unit length: the cosine of two is their product.
        addresses: (..., M), non-negative, sparse, unit length.
    """

    cues: Tensor
    addresses: Tensor


def random_signs(count: int, stream: int, seed: int) -> npt.NDArray[np.float32]:
    """Random signs (count,), each 1 or -1: the bits, lowest first, of SplitMix64 with this seed and stream number."""
    words = np.arange(1, -(-count // 64) + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        start = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(stream) * np.uint64(0xDA942042E4DD58B5)
        z = start + words * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    bits = np.unpackbits(z.astype("<u8").view(np.uint8), bitorder="little")[:count]
    return 1.0 - 2.0 * bits.astype(np.float32)


class WriteSite(nn.Module):
    """Makes cues and addresses from token ids; its buffers are calibrated once for each model (general.safetensors)."""

    codes: Tensor
    expansion: Tensor
    same_as: Tensor
    token_weights: Tensor
    begins_word: Tensor
    surprisal: Tensor
    word_weight: Tensor
    mean: Tensor
    whiten: Tensor
    threshold: Tensor
    decays: Tensor
    cue_weights: Tensor
    place_weights: Tensor
    address_weights: Tensor

    def __init__(self, config: ModelConfig) -> None:
        """Make an uncalibrated site: equal token weights, no whitening, threshold zero."""
        super().__init__()
        self.config = config
        width, kinds = config.code_width, len(config.decays)
        codes = random_signs(config.vocab_size * width, 1, config.seed).reshape(config.vocab_size, width)
        expansion = random_signs(config.write_slots * kinds * width, 2, config.seed)
        self.register_buffer("codes", torch.from_numpy(codes) / width**0.5)
        self.register_buffer("expansion", torch.from_numpy(expansion.reshape(config.write_slots, kinds * width)))
        # Tokens that differ only in case and in the space before them share a code: a name is the same name anywhere.
        self.register_buffer("same_as", torch.arange(config.vocab_size))
        self.register_buffer("token_weights", torch.ones(config.vocab_size))
        self.register_buffer("begins_word", torch.ones(config.vocab_size, dtype=torch.bool))
        self.register_buffer("surprisal", torch.full((config.vocab_size,), 8.0))  # -log p of its class, in nats
        self.register_buffer("word_weight", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(kinds, width))
        self.register_buffer("whiten", torch.eye(width).repeat(kinds, 1, 1))
        self.register_buffer("threshold", torch.zeros(()))
        self.register_buffer("decays", torch.tensor(config.decays))
        self.register_buffer("cue_weights", torch.tensor(config.cue_weights))
        self.register_buffer("place_weights", torch.tensor(config.place_weights))
        self.register_buffer("address_weights", torch.tensor(config.address_weights))

    @property
    def gate(self) -> float:
        """Factor tanh(g_slow) on what is read."""
        return GATE

    def summaries(self, ids: Tensor, before: SummaryState | None = None) -> tuple[Tensor, SummaryState]:
        """Content summaries at every token, by a chunked scan.

        Args:
            ids: (B, T) int64.
            before: the state after the token before the first; None at the start of a sequence.

        Returns:
            (B, T, K, C), and the state after the last token.
        """
        parts, state = [], before or self._start(ids)
        for part in torch.split(ids, SCAN, dim=1):
            weighted, word, place = self._weighted(part, state)
            sums = self._scan(weighted, state.sums)
            parts.append(sums)
            state = SummaryState(sums[:, -1], word[:, -1], place[:, -1])
        return torch.cat(parts, dim=1), state

    def stored_summaries(self, ids: Tensor) -> Tensor:
        """Content summaries (B, T, K, C) of ids (B, T) from the start of a sequence, for cues that are stored.

        Token by token, in sums of two numbers: unlike products of matrices these have the same bits whatever else is
        worked out beside them, so that a cue can be made again to the bit. ``summaries`` agrees up to rounding.
        """
        width = self.codes.shape[1]
        same, decays = self.same_as[ids], self.decays[:, None]
        begins = self.begins_word[ids]
        begins[:, 0] = True
        steps = torch.arange(ids.shape[1], device=ids.device)
        place = steps - torch.where(begins, steps, 0).cummax(dim=1).values  # (B, T), in its word
        weighted = self.codes[same] * self.token_weights[ids].unsqueeze(-1)
        negative = self.codes < 0
        word = negative[same]  # of the word so far, right where it begins
        columns = torch.arange(width, device=ids.device)
        for number in range(1, int(place.max()) + 1):
            row, step = (place == number).nonzero(as_tuple=True)
            turned = negative[same[row, step]][:, (columns + ROLL * number) % width]
            word[row, step] = word[row, step - 1] ^ turned
        row, step = (place > 0).nonzero(as_tuple=True)
        weighted[row, step] += self.word_weight * (1.0 - 2.0 * word[row, step]) / width**0.5
        summaries = weighted.new_zeros(*ids.shape, len(decays), width)
        sums = summaries[:, 0] + weighted[:, 0, None]
        summaries[:, 0] = sums
        for number in range(1, ids.shape[1]):
            sums = torch.addcmul(weighted[:, number, None], sums, decays)
            summaries[:, number] = sums
        return summaries

    def _start(self, ids: Tensor) -> SummaryState:
        """The state before the first of ids (B, T)."""
        batch, width = ids.shape[0], self.codes.shape[1]
        word = torch.zeros(batch, width, dtype=torch.int32, device=ids.device)
        place = torch.full((batch,), -1, dtype=torch.int64, device=ids.device)
        return SummaryState(self.codes.new_zeros(batch, self.decays.shape[0], width), word, place)

    def _weighted(self, ids: Tensor, state: SummaryState) -> tuple[Tensor, Tensor, Tensor]:
        """What each token adds to the summaries (B, T, C), and as ``_words`` gives it."""
        word, place = self._words(ids, state)
        weighted = self.codes[self.same_as[ids]] * self.token_weights[ids].unsqueeze(-1)
        signs = (1.0 - 2.0 * word) / self.codes.shape[1] ** 0.5
        return weighted + self.word_weight * (place > 0).unsqueeze(-1) * signs, word, place

    def _scan(self, weighted: Tensor, sums: Tensor) -> Tensor:
        steps = torch.arange(weighted.shape[1], device=weighted.device)
        lag = steps[:, None] - steps[None, :]
        mixing = torch.where(lag >= 0, self.decays[:, None, None] ** lag.clamp(min=0), 0.0)  # (K, t, s)
        carried = self.decays[:, None] ** (steps + 1)  # (K, t)
        inside = torch.einsum("kts,bsc->btkc", mixing, weighted)
        return inside + torch.einsum("kt,bkc->btkc", carried, sums)

    def _words(self, ids: Tensor, state: SummaryState) -> tuple[Tensor, Tensor]:
        """Sign bits (B, T, C) of the word so far, and each token's place (B, T) in its word."""
        batch, length = ids.shape
        width = self.codes.shape[1]
        # A token begins a word if its text says so, or if nothing stands before it.
        begins = self.begins_word[ids]
        begins[:, 0] |= state.place < 0
        steps = torch.arange(length, device=ids.device).expand(batch, length)
        begin = torch.where(begins, steps, -1).cummax(dim=1).values  # -1: the word began before this part
        place = torch.where(begin >= 0, steps - begin, steps + 1 + state.place[:, None])
        turn = (torch.arange(width, device=ids.device) + ROLL * place.unsqueeze(-1)) % width
        bits = (self.codes[self.same_as[ids]] < 0).to(torch.int32).gather(2, turn)
        # Signs multiply where their bits add modulo 2: a sum since the word's first token is a difference of two.
        running = torch.cat((torch.zeros_like(bits[:, :1]), bits.cumsum(1, dtype=torch.int32)), dim=1)
        before = running.gather(1, begin.clamp(min=0).unsqueeze(-1).expand(-1, -1, width))
        carried = torch.where((begin < 0).unsqueeze(-1), state.word.unsqueeze(1), 0)
        return (running[:, 1:] - before + carried) % 2, place

    def opening_summaries(self) -> Tensor:
        """The longest summary (V, C) of each token as the first of a text, as ``normalised`` gives it."""
        first = F.normalize(self.codes[self.same_as] * self.token_weights[:, None], dim=1)
        return F.normalize((first - self.mean[0]) @ self.whiten[0], dim=1)

    def normalised(self, summaries: Tensor) -> Tensor:
        """Summaries (..., K, C) brought to unit length, whitened against general text, and to unit length again."""
        unit = F.normalize(summaries, dim=-1)
        white = torch.einsum("...kc,kcd->...kd", unit - self.mean, self.whiten)
        return F.normalize(white, dim=-1)

    def cues(self, normalised: Tensor) -> Tensor:
        """Cues (..., K * C) of unit length from normalised summaries (..., K, C)."""
        return F.normalize((normalised * self.cue_weights[:, None]).flatten(-2), dim=-1)

    def evidence(self, summaries: Tensor) -> Tensor:
        """How far a cosine with the cues of these summaries (..., K, C) can be trusted: (...), from 0 to 1.

        Dividing by sqrt(|c|^2 + EVIDENCE^2) instead of |c| shrinks the cosine of a sum of few and common tokens: a text
        that has only said "The" is equal to every stored text that begins with it, and means none of them.
        """
        norm: Tensor = summaries[..., 0, :].norm(dim=-1)
        return norm / (norm.square() + GATE_EVIDENCE**2).sqrt()

    def drive(self, normalised: Tensor) -> Tensor:
        """Input (..., M) to each slot before the threshold; of unit variance over random directions."""
        mixed = F.normalize((normalised * self.address_weights[:, None]).flatten(-2), dim=-1)
        return F.linear(mixed, self.expansion)

    def addresses(self, normalised: Tensor) -> Tensor:
        """Addresses (..., M) of unit length from normalised summaries; all zero where no slot passes the threshold."""
        return F.normalize(F.relu(self.drive(normalised) - self.threshold), dim=-1)

    def forward(self, ids: Tensor, before: SummaryState | None = None) -> tuple[Addresses, SummaryState]:
        """Cues and addresses of every token of ids (B, T), and the state after the last one."""
        summaries, state = self.summaries(ids, before)
        normalised = self.normalised(summaries)
        return Addresses(self.cues(normalised), self.addresses(normalised)), state
