"""The reader network: it reads a question and a recited sentence together and marks the answer, or none.

What is notable:
- a small transformer encoder (Vaswani et al. 2017; layer norm first, rotary positions): a BDH level read both ways,
  with linear or softmax attention, was 7 points of F1 behind after the same number of steps (docs/negative-results.md);
- it reads units (``units.py``), not tokens, so that an answer is never a piece of a word or number;
- for each unit it knows the word vector, the ending and shape, and how it matches the other side: the same word, the
  same beginning, the closest vector, and how much of the question the sentence names;
- each unit of the sentence knows how the question begins, which is read from its asking word on;
- all stretches of up to ``longest`` units compete in one softmax with "no answer here", and so do the stretches of all
  sentences that are read for one question (shared normalisation, Clark and Gardner 2018).

Symbols: B pairs, T units, D width, H heads, L longest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.model.network import layer_norm, rotary_tables, rotate
from bdh_workbench.reading.units import UNIT_SHAPES, Unit, asking_first

OPENING_UNITS = 3  # units of a question that every unit of the sentence knows
QUESTION_PLACE, MARK_PLACE, TEXT_PLACE, PADDING_PLACE = range(4)  # what a place of a pair is
MATCH_NUMBERS = 5  # numbers that say how a unit matches the other side
THETA = 10_000.0  # of the rotary positions
OFF = -1e4  # score of what cannot be an answer or be attended to; finite in every type


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """Sizes of a reader network."""

    words: int = 30_000  # words with a vector of their own [V]
    vector: int = 128  # numbers in a word vector
    endings: int = 2048  # classes of word endings, for words without a vector
    width: int = 160  # numbers in the stream [D]
    heads: int = 5  # [H]
    hidden: int = 480  # neurons between the two matrices of a layer
    layers: int = 4
    longest: int = 20  # units of an answer at most [L]
    context: int = 512  # units of a pair at most


@dataclass(frozen=True, slots=True)
class Pairs:
    """Questions with sentences that may answer them, as numbers: B pairs of T places.

    Attributes:
        words: (B, T) int64, the number of each word, ``config.words`` for one without a vector.
        same: (B, T) int64, equal for equal words.
        stem: (B, T) int64, equal for words with one beginning.
        ending: (B, T) int64.
        shape: (B, T, S) fp32.
        side: (B, T) int64, ``QUESTION_PLACE``, ``MARK_PLACE`` (between the two), ``TEXT_PLACE`` or ``PADDING_PLACE``.
    """

    words: Tensor
    same: Tensor
    stem: Tensor
    ending: Tensor
    shape: Tensor
    side: Tensor


def pairs_of(
    pairs: Sequence[tuple[Sequence[Unit], Sequence[Unit]]], numbers: dict[str, int], config: ReaderConfig
) -> Pairs:
    """Encode pairs of a question and a sentence, each as units; what is beyond the context is left out."""
    rows = []
    for question, sentence in pairs:
        units: list[Unit | None] = [*asking_first(question), None, *sentence]
        side = [QUESTION_PLACE] * len(question) + [MARK_PLACE] + [TEXT_PLACE] * len(sentence)
        rows.append((units[: config.context], side))
    length = max(OPENING_UNITS, *(len(units) for units, _ in rows))
    size = (len(rows), length)
    words, same, stem, ending = (torch.zeros(size, dtype=torch.int64) for _ in range(4))
    side_of = torch.full(size, PADDING_PLACE)
    shape = torch.zeros(*size, len(UNIT_SHAPES))
    none = config.words
    for row, (units, side) in enumerate(rows):
        count = len(units)
        words[row, :count] = torch.tensor([numbers.get(u.folded, none) if u else none for u in units])
        same[row, :count] = torch.tensor([u.same if u else -1 for u in units])
        stem[row, :count] = torch.tensor([u.stem if u else -1 for u in units])
        ending[row, :count] = torch.tensor([u.ending % config.endings if u else 0 for u in units])
        shape[row, :count] = torch.tensor([u.shape if u else (0.0,) * len(UNIT_SHAPES) for u in units])
        side_of[row, :count] = torch.tensor(side[:count])
    return Pairs(words, same, stem, ending, shape, side_of)


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Scores of all answers, on one scale.

    Attributes:
        spans: (B, T, L) fp32, of the answer that begins at a place, by its number of units less one; OFF where none
            is possible.
        none: (B,) fp32, of there being no answer.
    """

    spans: Tensor
    none: Tensor

    def log_probabilities(self) -> tuple[Tensor, Tensor]:
        """log p of each span (B, T, L) and of none (B,); they sum to one for each pair."""
        whole = torch.cat((self.none[:, None], self.spans.flatten(1)), dim=1).log_softmax(1)
        return whole[:, 1:].view_as(self.spans), whole[:, 0]


class Rows:
    """The places of pairs (B, T) that are not padding, as rows (N, ...).

    Pairs are padded to one length. About half of a batch is padding, which the matrices can skip.
    """

    def __init__(self, side: Tensor) -> None:
        """Take the side of each place (B, T)."""
        there = side != PADDING_PLACE
        self._shape = there.shape
        self.places = there.flatten().nonzero()[:, 0]  # (N,)
        self.bias = (OFF * ~there)[:, None, None]  # (B, 1, 1, T), OFF for padding

    def gather(self, values: Tensor) -> Tensor:
        """Rows (N, C) of values (B, T, C)."""
        return values.flatten(0, 1).index_select(0, self.places)

    def spread(self, rows: Tensor) -> Tensor:
        """Values (B, T, C) of rows (N, C), zero in the padding."""
        empty = rows.new_zeros(self._shape.numel(), rows.shape[1])
        return empty.index_copy(0, self.places, rows).view(*self._shape, -1)


class Layer(nn.Module):
    """A layer of the encoder: attention between all units of a pair, then two matrices on each."""

    def __init__(self, config: ReaderConfig, dropout: float) -> None:
        """Make a layer with random matrices, the last of each half small, so that it changes little at first."""
        super().__init__()
        width, hidden = config.width, config.hidden
        self.heads, self.dropout = config.heads, dropout
        self.before_attention, self.before_neurons = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.excite = nn.Linear(width, hidden, bias=False)
        self.excited = nn.Linear(hidden, width, bias=False)
        for matrix, scale in ((self.attend, 0.7), (self.attended, 0.5), (self.excite, 1.0), (self.excited, 0.5)):
            nn.init.normal_(matrix.weight, std=scale * matrix.in_features**-0.5)

    def forward(self, x: Tensor, rows: Rows, cos: Tensor, sin: Tensor, dtype: torch.dtype) -> Tensor:
        """Change the stream x (N, D) in fp32, a row for each place that is there."""
        width = x.shape[1]
        h = F.linear(self.before_attention(x).to(dtype), self.attend.weight.to(dtype))
        h = rows.spread(h)
        h = h.view(*h.shape[:2], 3, self.heads, width // self.heads)
        q, k, v = h.permute(2, 0, 3, 1, 4)  # each (B, H, T, D / H)
        # Written out: the fused attention of torch takes most of a training step in bf16 on a processor.
        scores = rotate(q, cos, sin) @ rotate(k, cos, sin).transpose(2, 3) * (width // self.heads) ** -0.5
        h = ((scores.float() + rows.bias).softmax(-1).to(dtype) @ v).transpose(1, 2).flatten(2)
        h = F.linear(rows.gather(h), self.attended.weight.to(dtype)).float()
        x = x + F.dropout(h, self.dropout, self.training)
        h = F.relu(F.linear(self.before_neurons(x).to(dtype), self.excite.weight.to(dtype)))
        h = F.linear(h, self.excited.weight.to(dtype)).float()
        return x + F.dropout(h, self.dropout, self.training)


class ReaderNetwork(nn.Module):
    """The network; ``forward`` scores the answers of pairs."""

    rarity: Tensor
    rotary_cos: Tensor
    rotary_sin: Tensor

    def __init__(self, config: ReaderConfig, dropout: float = 0.0) -> None:
        """Make a network with random parameters; ``dropout`` of words and stream, while training."""
        super().__init__()
        self.config, self.dropout = config, dropout
        width = config.width
        self.vectors = nn.Embedding(config.words + 1, config.vector)
        self.endings = nn.Embedding(config.endings, config.vector)
        self.sides = nn.Embedding(4, width)
        self.enter = nn.Linear(config.vector, width, bias=False)
        self.known = nn.Linear(len(UNIT_SHAPES) + MATCH_NUMBERS + 1, width)
        self.opening = nn.Linear(OPENING_UNITS * config.vector, width, bias=False)
        self.begin = nn.Linear(width, width)
        self.end = nn.Linear(width, width)
        self.alone = nn.Linear(width, 2)  # how well a unit begins and ends an answer by itself
        self.nothing = nn.Linear(width, 1)
        self.length = nn.Parameter(torch.zeros(config.longest))
        for name, parameter in self.named_parameters():
            if name.endswith("bias") or name == "length":
                nn.init.zeros_(parameter)
            else:
                nn.init.normal_(parameter, std=0.05)
        self.layers = nn.ModuleList(Layer(config, dropout) for _ in range(config.layers))
        self.last = nn.LayerNorm(width)
        self.register_buffer("rarity", torch.ones(config.words + 1))
        cos, sin = rotary_tables(width // config.heads, THETA, 0, config.context)
        self.register_buffer("rotary_cos", cos, persistent=False)
        self.register_buffer("rotary_sin", sin, persistent=False)

    def forward(self, pairs: Pairs, dtype: torch.dtype = torch.float32) -> SpanScores:
        """Score the answers of pairs; ``dtype`` is that of the matrix products of the layers."""
        return self.scores(self.encode(pairs, dtype), pairs.side)

    def encode(self, pairs: Pairs, dtype: torch.dtype = torch.float32) -> Tensor:
        """What each unit means in its pair: (B, T, D) fp32."""
        words = pairs.words
        if self.training and self.dropout:
            words = words.masked_fill(torch.rand(words.shape) < self.dropout, self.config.words)
        rows = Rows(pairs.side)
        vectors = self.vectors(words) + self.endings(pairs.ending)
        known = torch.cat((pairs.shape, self._matches(pairs)), dim=2)
        side = pairs.side.flatten()[rows.places]
        x = self.enter(rows.gather(vectors)) + self.sides(side) + self.known(rows.gather(known))
        # What a question asks for stands at its beginning, and concerns every unit of the sentence.
        opening = self.opening(vectors[:, :OPENING_UNITS].flatten(1))[rows.places // pairs.side.shape[1]]
        x = layer_norm(x + opening * (side == TEXT_PLACE).unsqueeze(1))
        length = pairs.words.shape[1]
        cos, sin = self.rotary_cos[:length].to(dtype), self.rotary_sin[:length].to(dtype)
        for layer in self.layers:
            x = layer(x, rows, cos, sin, dtype)
        return rows.spread(self.last(x))

    @torch.no_grad()
    def _matches(self, pairs: Pairs) -> Tensor:
        """How well each unit matches the other side, and how rare it is: (B, T, MATCHES + 1)."""
        question, text = pairs.side == QUESTION_PLACE, pairs.side == TEXT_PLACE
        across = (question[:, :, None] & text[:, None]) | (text[:, :, None] & question[:, None])  # (B, T, T)
        word = pairs.shape[:, :, 5] == 0.0
        across &= word[:, :, None] & word[:, None]
        same = (pairs.same[:, :, None] == pairs.same[:, None]) & across
        stem = (pairs.stem[:, :, None] == pairs.stem[:, None]) & across
        unit = F.normalize(self.vectors.weight[pairs.words], dim=-1)
        near = (unit @ unit.transpose(1, 2)).masked_fill(~across | (pairs.words == self.config.words)[:, None], 0.0)
        closest = torch.where(stem, 1.0, near).amax(2)
        rarity = self.rarity[pairs.words] * word
        flags = torch.stack((same.any(2), stem.any(2)), dim=2).to(near.dtype)  # (B, T, 2)
        # How much of the question the sentence names, by rarity; the same for every unit of it.
        asked = rarity * question  # (B, T)
        named = (flags[:, :, 1] * asked).sum(1) / asked.sum(1).clamp(min=1e-6)  # (B,)
        columns = (closest, flags[:, :, 1] * rarity, named[:, None] * text, rarity)
        return torch.cat((flags, torch.stack(columns, dim=2)), dim=2)

    def scores(self, x: Tensor, side: Tensor) -> SpanScores:
        """Score the answers from what ``encode`` returned (B, T, D), with the side of each place (B, T)."""
        batch, length, width = x.shape
        longest = self.config.longest
        alone = self.alone(x)
        whole = self.begin(x) @ self.end(x).transpose(1, 2) / width**0.5  # (B, T, T)
        whole = whole + alone[:, :, :1] + alone[:, None, :, 1]
        starts = torch.arange(length, device=x.device)[:, None]
        ends = starts + torch.arange(longest, device=x.device)  # (T, L)
        last = ends.clamp(max=length - 1)
        spans = whole.gather(2, last.expand(batch, -1, -1)) + self.length
        text = side == TEXT_PLACE
        possible = text.unsqueeze(-1) & (ends < length) & text[:, last]
        none = self.nothing(x[side == MARK_PLACE])[:, 0]
        return SpanScores(spans.masked_fill(~possible, OFF), none)

    def settings(self) -> dict[str, int]:
        """The configuration as plain values."""
        return dataclasses.asdict(self.config)
