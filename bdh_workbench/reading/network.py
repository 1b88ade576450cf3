"""The reader network: a small BDH that reads a question and recited text together and marks the answer, or none.

What is notable:
- the same level as the language model's (Kosowski et al., arXiv 2509.26507): sparse positive neurons, linear attention,
  gate, decoder, all levels sharing their matrices; but read both ways, without the causal mask;
- it reads units (``units.py``), not tokens, so that an answer is never a piece of a word or number;
- it knows of each unit its word vector, its ending and shape, and how it matches the other side: the same word, the
  same beginning, the closest vector, and how much of the question its sentence names;
- each unit attends to the question and to the text apart, and knows how the question begins;
- all stretches of up to ``longest`` units compete in one softmax with "no answer here", so that its probabilities can
  be compared between candidates.

Symbols: B pairs, Q units of the question, T units in all, D width, H heads, N neurons per head, L longest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.model.network import layer_norm, rotary_tables, rotate
from bdh_workbench.reading.units import SHAPES, Unit

OPENING = 3  # units of a question that every unit of the text knows
QUESTION, MARK, TEXT, PAD = range(4)  # what a place of a pair is
MATCHES = 6  # numbers that tell how a unit matches the other side
OFF = -1e4  # score of what cannot be an answer; finite in every type


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """Sizes of a reader network."""

    words: int = 30_000  # words with a vector of their own [V]
    vector: int = 128  # numbers in a word vector
    endings: int = 2048  # classes of word endings, for words without a vector
    width: int = 160  # numbers in the stream [D]
    heads: int = 4  # [H]
    neurons: int = 160  # per head [N]
    levels: int = 3  # passes through the shared level
    longest: int = 20  # units of an answer at most [L]
    context: int = 512  # units of a pair at most


@dataclass(frozen=True, slots=True)
class Pairs:
    """Questions with the texts that may answer them, as numbers: B pairs of T places.

    Attributes:
        words: (B, T) int64, the number of each word, ``config.words`` for one without a vector.
        same: (B, T) int64, equal for equal words.
        stem: (B, T) int64, equal for words with one beginning.
        ending: (B, T) int64.
        shape: (B, T, S) fp32.
        side: (B, T) int64, ``QUESTION``, ``MARK`` (between the two), ``TEXT`` or ``PAD``.
        sentence: (B, T) int64, number of the sentence in the text, 0 elsewhere.
    """

    words: Tensor
    same: Tensor
    stem: Tensor
    ending: Tensor
    shape: Tensor
    side: Tensor
    sentence: Tensor


def pairs_of(
    pairs: Sequence[tuple[Sequence[Unit], Sequence[Sequence[Unit]]]], numbers: dict[str, int], config: ReaderConfig
) -> Pairs:
    """Encode pairs of a question and the sentences of a text, each as units; what is beyond the context is left out."""
    rows = []
    for question, sentences in pairs:
        units: list[Unit | None] = [*question, None]
        side = [QUESTION] * len(question) + [MARK]
        number = [0] * len(units)
        for place, sentence in enumerate(sentences):
            units += sentence
            side += [TEXT] * len(sentence)
            number += [place] * len(sentence)
        rows.append((units[: config.context], side, number))
    length = max(OPENING, *(len(units) for units, _, _ in rows))
    size = (len(rows), length)
    words, same, stem, ending, sentence_of = (torch.zeros(size, dtype=torch.int64) for _ in range(5))
    side_of = torch.full(size, PAD)
    shape = torch.zeros(*size, len(SHAPES))
    none = config.words
    for row, (units, side, number) in enumerate(rows):
        count = len(units)
        words[row, :count] = torch.tensor([numbers.get(u.folded, none) if u else none for u in units])
        same[row, :count] = torch.tensor([u.same if u else -1 for u in units])
        stem[row, :count] = torch.tensor([u.stem if u else -1 for u in units])
        ending[row, :count] = torch.tensor([u.ending % config.endings if u else 0 for u in units])
        shape[row, :count] = torch.tensor([u.shape if u else (0.0,) * len(SHAPES) for u in units])
        side_of[row, :count] = torch.tensor(side[:count])
        sentence_of[row, :count] = torch.tensor(number[:count])
    return Pairs(words, same, stem, ending, shape, side_of, sentence_of)


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Scores of all answers, on one scale.

    Attributes:
        spans: (B, T, L) fp32, of the answer that begins at a place and has so many units, less one; OFF where none
            can be.
        none: (B,) fp32, of there being no answer.
    """

    spans: Tensor
    none: Tensor

    def log_probabilities(self) -> tuple[Tensor, Tensor]:
        """log p of each span (B, T, L) and of none (B,); they sum to one for each pair."""
        whole = torch.cat((self.none[:, None], self.spans.flatten(1)), dim=1).log_softmax(1)
        return whole[:, 1:].view_as(self.spans), whole[:, 0]


class ReaderNetwork(nn.Module):
    """The network; ``forward`` scores the answers of pairs."""

    rarity: Tensor
    rotary_cos: Tensor
    rotary_sin: Tensor

    def __init__(self, config: ReaderConfig, dropout: float = 0.0) -> None:
        """Make a network with random parameters; ``dropout`` of words and stream, while training."""
        super().__init__()
        self.config, self.dropout = config, dropout
        width, hidden = config.width, config.heads * config.neurons
        self.vectors = nn.Embedding(config.words + 1, config.vector)
        self.endings = nn.Embedding(config.endings, config.vector)
        self.sides = nn.Embedding(4, width)
        self.enter = nn.Linear(config.vector, width, bias=False)
        self.known = nn.Linear(len(SHAPES) + MATCHES + 1, width)
        self.opening = nn.Linear(OPENING * config.vector, width, bias=False)
        self.encoder = nn.Linear(width, hidden, bias=False)
        self.encoder_v = nn.ParameterList(torch.empty(width, config.neurons) for _ in range(config.heads))
        self.decoder = nn.Linear(hidden, width, bias=False)
        self.begin = nn.Linear(width, width)
        self.end = nn.Linear(width, width)
        self.alone = nn.Linear(width, 2)  # how well a unit begins and ends an answer by itself
        self.nothing = nn.Linear(width, 1)
        self.length = nn.Parameter(torch.zeros(config.longest))
        self.register_buffer("rarity", torch.ones(config.words + 1))
        cos, sin = rotary_tables(config.neurons, 65536.0, 0, config.context)
        self.register_buffer("rotary_cos", cos, persistent=False)
        self.register_buffer("rotary_sin", sin, persistent=False)
        for name, parameter in self.named_parameters():
            if name.endswith("bias") or name == "length":
                nn.init.zeros_(parameter)
            else:
                nn.init.normal_(parameter, std=0.02 if "encoder" in name or "decoder" in name else 0.05)

    def forward(self, pairs: Pairs, dtype: torch.dtype = torch.float32) -> SpanScores:
        """Score the answers of pairs; ``dtype`` is that of the levels."""
        config = self.config
        batch, length = pairs.words.shape
        heads, neurons = config.heads, config.neurons
        words = pairs.words
        if self.training and self.dropout:
            words = words.masked_fill(torch.rand(words.shape) < self.dropout, config.words)
        vectors = self.vectors(words)
        known = torch.cat((pairs.shape, self._matches(pairs)), dim=2)
        vectors = vectors + self.endings(pairs.ending)
        x = self.enter(vectors) + self.sides(pairs.side) + self.known(known)
        # What a question asks for stands at its beginning, and concerns every unit of the text.
        x = x + self.opening(vectors[:, :OPENING].flatten(1)).unsqueeze(1) * (pairs.side == TEXT).unsqueeze(-1)
        present = (pairs.side != PAD).to(dtype).unsqueeze(-1)  # (B, T, 1)
        x = layer_norm(x).to(dtype) * present
        cos, sin = self.rotary_cos[:length].to(dtype), self.rotary_sin[:length].to(dtype)
        encoder, decoder = self.encoder.weight.to(dtype), self.decoder.weight.to(dtype)
        encoder_v = torch.stack(list(self.encoder_v)).to(dtype)  # (H, D, N)
        question = (pairs.side == QUESTION).to(dtype)
        text = present.squeeze(-1) - question
        own = (question[:, :, None] * question[:, None] + text[:, :, None] * text[:, None]).unsqueeze(1)  # (B, 1, T, T)
        for _ in range(config.levels):
            s = F.relu(F.linear(x, encoder)).view(batch, length, heads, neurons)
            turned = rotate(s.transpose(1, 2), cos, sin)  # (B, H, T, N)
            # Absent places have a stream of zero and so no neurons: nothing is read from them.
            scores = turned @ turned.transpose(2, 3)  # (B, H, T, T)
            # Each side is attended to by itself, so that a long text does not drown a short question.
            same = layer_norm((scores * own) @ x.unsqueeze(1))  # (B, H, T, D)
            other = layer_norm((scores * (1.0 - own)) @ x.unsqueeze(1))
            per_head = (same + other).transpose(0, 1).reshape(heads, batch * length, -1)
            g = F.relu(torch.bmm(per_head, encoder_v)).view(heads, batch, length, neurons)
            product = s * g.permute(1, 2, 0, 3)  # (B, T, H, N)
            y = layer_norm(F.linear(product.flatten(2), decoder))
            x = layer_norm(x + F.dropout(y, self.dropout, self.training)) * present
        return self._scores(x.float(), pairs.side, pairs.sentence)

    def _matches(self, pairs: Pairs) -> Tensor:
        """How each unit matches the other side, and how rare it is: (B, T, MATCHES + 1)."""
        question, text = pairs.side == QUESTION, pairs.side == TEXT
        across = (question[:, :, None] & text[:, None]) | (text[:, :, None] & question[:, None])  # (B, T, T)
        word = pairs.shape[:, :, 5] == 0.0
        across &= word[:, :, None] & word[:, None]
        same = (pairs.same[:, :, None] == pairs.same[:, None]) & across
        stem = (pairs.stem[:, :, None] == pairs.stem[:, None]) & across
        with torch.no_grad():
            unit = F.normalize(self.vectors.weight[pairs.words], dim=-1)
            near = (unit @ unit.transpose(1, 2)).masked_fill(~across | (pairs.words == self.config.words)[:, None], 0.0)
            near = torch.where(stem, 1.0, near)
            closest = near.amax(2)
            rarity = self.rarity[pairs.words] * word
            # How much of the question each sentence of the text names, by rarity; the same for every unit of it.
            count = int(pairs.sentence.max()) + 1
            sentences = F.one_hot(pairs.sentence, count).to(near.dtype) * text.unsqueeze(-1)  # (B, T, K)
            asked = (rarity * question).unsqueeze(-1)  # (B, T, 1)
            total = asked.sum(1).clamp(min=1e-6)
            named = ((stem.to(near.dtype) @ sentences).clamp(max=1.0) * asked).sum(1) / total  # (B, K)
            spread = sentences @ named.unsqueeze(-1)  # (B, T, 1)
            best = spread - named.amax(1)[:, None, None] * text.unsqueeze(-1)
        flags = torch.stack((same.any(2), stem.any(2)), dim=2).to(near.dtype)
        columns = (
            flags,
            closest.unsqueeze(-1),
            flags[:, :, 1:] * rarity.unsqueeze(-1),
            spread,
            best,
            rarity.unsqueeze(-1),
        )
        return torch.cat(columns, dim=2)

    def _scores(self, x: Tensor, side: Tensor, sentence: Tensor) -> SpanScores:
        batch, length, width = x.shape
        longest = self.config.longest
        alone = self.alone(x)
        whole = self.begin(x) @ self.end(x).transpose(1, 2) / width**0.5  # (B, T, T)
        whole = whole + alone[:, :, :1] + alone[:, None, :, 1]
        starts = torch.arange(length, device=x.device)[:, None]
        ends = starts + torch.arange(longest, device=x.device)  # (T, L)
        last = ends.clamp(max=length - 1)
        spans = whole.gather(2, last.expand(batch, -1, -1)) + self.length
        text = side == TEXT
        possible = text.unsqueeze(-1) & (ends < length) & text[:, last]
        possible &= sentence.unsqueeze(-1) == sentence[:, last]
        none = self.nothing(x[side == MARK])[:, 0]
        return SpanScores(spans.masked_fill(~possible, OFF), none)

    def settings(self) -> dict[str, int]:
        """The configuration as plain values."""
        return dataclasses.asdict(self.config)
