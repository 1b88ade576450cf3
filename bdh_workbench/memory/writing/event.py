"""What a write reports after each of its steps, and at its end. Importing this does not import torch."""

from __future__ import annotations

from dataclasses import dataclass

from bdh_workbench.wording import shortened


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
class LeftOut:
    """A position that cannot be told from another, which continues differently.

    Attributes:
        words: before it, and the token that is lost after these.
        title: of its item.
        sentence: of its item, from 1.
        other_words: before the other position, and the token that follows there.
        other_title: of the other's item.
        other_sentence: of that item, from 1.
    """

    words: str
    title: str
    sentence: int
    other_words: str
    other_title: str
    other_sentence: int

    def said(self) -> str:
        """What is lost, and to what, in one line."""
        own, other = shortened(self.words), shortened(self.other_words)
        where = f"in “{shortened(self.title)}”, sentence {self.sentence}"
        there = "the same item" if self.other_title == self.title else f"“{shortened(self.other_title)}”"
        return f"“…{own}” {where}: {there}, sentence {self.other_sentence}, has “…{other}”"


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
        left_out: where some of them are, and what they cannot be told from.
        unlearnt: positions that are left out as no read makes their token certain: training never met it.
        unlearnt_tokens: some of these tokens.
    """

    steps: int = 0
    seconds: float = 0.0
    worst_p: float = 1.0
    median_p: float = 1.0
    ambiguous: int = 0
    ambiguous_words: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unlearnt: int = 0
    unlearnt_tokens: tuple[str, ...] = ()
