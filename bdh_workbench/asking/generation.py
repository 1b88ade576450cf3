"""The one loop that generates: token by token, without reading again what came before.

Window, command line and experiments all continue a text through ``generate``; ``decoding.py`` does the same for many
prompts at once, where only the tokens matter. Both know token ids, not text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.asking.decoding import read_last
from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import EMPTY_PROMPT, SamplingSettings
from bdh_workbench.reading.reader import Reader

TopIds = tuple[tuple[int, float], ...]
"""The most probable tokens, (id, p), best first."""


@dataclass(frozen=True, slots=True)
class GeneratedToken:
    """One token of a continuation.

    Attributes:
        token: its id.
        p: its probability.
        familiarity: of the position that it was read from.
        row: of the memory that was read there, -1 where the gate was closed.
        top: the most probable tokens there.
        untouched_top: the same without the memory, after the same tokens; empty where not asked for.
    """

    token: int
    p: float
    familiarity: float
    row: int
    top: TopIds
    untouched_top: TopIds = ()


@torch.no_grad()
def generate(
    reader: Reader,
    prompt: Sequence[int],
    settings: SamplingSettings,
    top: int = 5,
    untouched: bool = False,
    checkpoint: Callable[[], None] = lambda: None,
) -> Iterator[GeneratedToken]:
    """Yield the tokens after a prompt, the end token included if it comes, each as soon as it is known.

    Args:
        reader: the model with or without a memory.
        prompt: token ids, however many: a long prompt is read in parts.
        settings: how tokens are chosen.
        top: how many of the most probable tokens are given.
        untouched: whether to give those of the model without the memory too.
        checkpoint: called before each reading; what it raises stops the generation.

    Raises:
        UserError: for an empty prompt.
    """
    if not prompt:
        raise UserError(EMPTY_PROMPT)
    network, device = reader.model.network, reader.model.device
    random = torch.Generator().manual_seed(settings.seed)
    reading = read_last(reader, torch.tensor([list(prompt)], device=device), None, checkpoint)
    for count in range(1, settings.max_tokens + 1):
        scores = network.logits(reading.stream[:, -1]).float().cpu()[0]
        p = scores.softmax(0)
        token = choose(p, scores, settings, random)
        yield GeneratedToken(
            token,
            float(p[token]),
            float(reading.familiarity[0, -1]),
            int(reading.rows[0, -1]),
            best(p, top),
            best(network.logits(reading.untouched[:, -1]).float().cpu()[0].softmax(0), top) if untouched else (),
        )
        if token == reader.model.tokenizer.end_id or count == settings.max_tokens:
            return
        checkpoint()
        reading = reader.advance(torch.tensor([[token]], device=device), reading.state)


def best(p: Tensor, count: int) -> TopIds:
    """The most probable tokens of p (V,)."""
    likely = p.topk(min(count, len(p)))
    return tuple(zip(likely.indices.tolist(), likely.values.tolist(), strict=True))


def choose(p: Tensor, scores: Tensor, settings: SamplingSettings, random: torch.Generator) -> int:
    """Choose a token id from probabilities p (V,) and scores (V,).

    Raises:
        UserError: when they are not numbers, as with a model or a memory whose numbers are absurdly large.
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
