"""Plain sentences that say nothing about any invented entity, to put between statements and questions."""

from __future__ import annotations

import random

from bdh_workbench.training.synthetic.data import text

DISTRACTOR_SENTENCES: tuple[str, ...] = tuple(text("distractors.txt").splitlines())
"""Sentences without invented names."""


def distractor(rng: random.Random) -> str:
    """One plain sentence."""
    return rng.choice(DISTRACTOR_SENTENCES)
