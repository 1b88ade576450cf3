"""Generating from a model with a memory: token by token, never recomputing what came before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import EMPTY_PROMPT, SamplingSettings
from bdh_workbench.reading.reader import Reader, Reading

__all__ = ["AnswerScore", "GeneratedToken", "SamplingSettings", "choose", "generate", "score_answer"]


@dataclass(frozen=True, slots=True)
class GeneratedToken:
    """One token of an answer.

    Attributes:
        token: its id.
        p: its probability.
        familiarity: of the position that it was read from.
        row: of the memory that was read there, -1 where the gate was closed.
        top: the most probable tokens there, (id, p), best first.
    """

    token: int
    p: float
    familiarity: float
    row: int
    top: tuple[tuple[int, float], ...]


def generate(
    reader: Reader, prompt: Sequence[int], settings: SamplingSettings, end_id: int, top: int = 5
) -> Iterator[GeneratedToken]:
    """Yield the tokens of an answer, the end token included if it comes, each as soon as it is known.

    Raises:
        UserError: for an empty prompt.
    """
    if not prompt:
        raise UserError(EMPTY_PROMPT)
    device = reader.model.device
    random = torch.Generator().manual_seed(settings.seed)
    reading = reader.advance(torch.tensor([list(prompt)], device=device))
    for count in range(1, settings.max_tokens + 1):
        scores = reader.model.network.logits(reading.stream[:, -1]).float().cpu()[0]
        p = scores.softmax(0)
        token = choose(p, scores, settings, random)
        best = p.topk(min(top, len(p)))
        yield GeneratedToken(
            token,
            float(p[token]),
            float(reading.familiarity[0, -1]),
            int(reading.rows[0, -1]),
            tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True)),
        )
        if token == end_id or count == settings.max_tokens:
            return
        reading = reader.advance(torch.tensor([[token]], device=device), reading.state)


def choose(p: Tensor, scores: Tensor, settings: SamplingSettings, random: torch.Generator) -> int:
    """Choose a token id from probabilities p (V,) and scores (V,).

    Raises:
        UserError: when they are no numbers, as with a model or a memory whose numbers are beyond all measure.
    """
    if not bool(scores.isfinite().all()):
        raise UserError("The model or the memory gives no usable numbers here: use another copy of them.")
    if settings.temperature == 0.0:
        return int(p.argmax())
    p = (scores / settings.temperature).softmax(0)
    order = p.argsort(descending=True)
    kept = order[: settings.top_k] if settings.top_k else order
    # Keep tokens until their sum passes top_p; the first is always kept.
    before = p[kept].cumsum(0) - p[kept]
    kept = kept[before < settings.top_p]
    return int(kept[torch.multinomial(p[kept], 1, generator=random)])


@dataclass(frozen=True, slots=True)
class AnswerScore:
    """How probable an answer is behind a prompt.

    Attributes:
        p: of the whole answer, its end included: the product over its tokens.
        min_token_p: of its least probable token.
        first_token_p: of its first token.
        greedy_correct: whether each of its tokens is the most probable one, given those before it.
        tokens: p of each token.
    """

    p: float
    min_token_p: float
    first_token_p: float
    greedy_correct: bool
    tokens: tuple[float, ...]


def score_answer(reader: Reader, prompt: Sequence[int], answer: Sequence[int]) -> AnswerScore:
    """Score answer ids, end token included, behind prompt ids, in one pass."""
    ids = torch.tensor([[*prompt, *answer]], device=reader.model.device)
    reading: Reading = reader.advance(ids[:, :-1])
    logits = reader.model.network.logits(reading.stream[:, len(prompt) - 1 :]).float()[0]
    logp = logits.log_softmax(-1).gather(1, ids[0, len(prompt) :, None])[:, 0].cpu()
    right = (logits.argmax(-1) == ids[0, len(prompt) :]).all()
    p = logp.exp()
    return AnswerScore(float(logp.sum().exp()), float(p.min()), float(p[0]), bool(right), tuple(p.tolist()))
