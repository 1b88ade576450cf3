"""What a write reports after each of its steps, and at its end. Importing this does not import torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WriteEvent:
    """One step of a write.

    Attributes:
        phase: ``prepare``, ``direct``, ``solve``, ``gradient`` or ``done``.
        step: steps so far, over the phases.
        steps: steps at most.
        losses: each term in nats, by name.
        worst_p: smallest probability of an answer token.
        median_p: median over items of the probability of the whole answer (document: mean over its tokens).
        item_p: that probability for each item, in the order of facts and then documents.
        share: mean norm of what the write site adds, over that of the stream, at the items' positions.
        slot_use: (positions, slots), both a sample spread evenly over all of them: the strength of each position's
            address at each slot, times the norm of what is read there.
        tokens_per_second: target tokens taken through a step in a second.
        elapsed: seconds since the write began.
        remaining: estimated seconds to its end, at most.
        token_p: probability of each token of the items in reading order, a sample spread evenly where there are many.
        tokens: that the sample stands for.
    """

    phase: str
    step: int
    steps: int
    losses: dict[str, float]
    worst_p: float
    median_p: float
    item_p: tuple[float, ...]
    share: float
    slot_use: tuple[tuple[float, ...], ...]
    tokens_per_second: float
    elapsed: float
    remaining: float
    token_p: tuple[float, ...] = ()
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class WriteSummary:
    """How well a write went; by default, that of a write with nothing left to write.

    Attributes:
        steps: taken.
        seconds: taken, model loading apart.
        worst_p: smallest probability of an answer token afterwards, positions that are left out not counted.
        median_p: median probability over the items of this write.
        ambiguous: positions that are left out as they cannot be told from one that is stored with another continuation.
        ambiguous_words: the words before some of them, and the token that is lost after these.
        unlearnt: positions that are left out as no read makes their token certain: training never met it.
        unlearnt_tokens: some of these tokens.
    """

    steps: int = 0
    seconds: float = 0.0
    worst_p: float = 1.0
    median_p: float = 1.0
    ambiguous: int = 0
    ambiguous_words: tuple[str, ...] = ()
    unlearnt: int = 0
    unlearnt_tokens: tuple[str, ...] = ()
