"""A small reader beside a model: a random network, and judges that trust the words that a sentence shares."""

from __future__ import annotations

from pathlib import Path

import torch

from bdh_workbench.model.judge import Judge
from bdh_workbench.reading.asker import Asker, load_asker, make_asker, save_asker
from bdh_workbench.reading.network import ReaderConfig, ReaderNetwork
from bdh_workbench.reading.questions import READ_EVIDENCE
from bdh_workbench.reading.sentence_evidence import SENTENCE_EVIDENCE

WORDS = tuple("the a of in is was it she he who what when where how many and to on by its keeper lamp dusk".split())
CONFIG = ReaderConfig(
    words=len(WORDS), vector=16, endings=64, width=24, heads=2, hidden=32, layers=1, longest=6, context=96
)


def judge_of(names: tuple[str, ...], weights: dict[str, float], bias: float) -> Judge:
    """A judge with the given weights of raw evidence; others count for nothing."""
    values = torch.tensor([weights.get(name, 0.0) for name in names])
    return Judge(names, values, bias, torch.zeros(len(names)), torch.ones(len(names)))


def small_asker(seed: int = 0) -> Asker:
    """A random network with judges that look at shared words alone: half of the words asked make an answer."""
    torch.manual_seed(seed)
    weights = {"words": 10.0}
    network = ReaderNetwork(CONFIG)
    return make_asker(
        network,
        WORDS,
        judge_of(SENTENCE_EVIDENCE, weights, -3.0),
        judge_of(SENTENCE_EVIDENCE + READ_EVIDENCE, weights, -3.0),
    )


def save_small_reader(folder: Path, seed: int = 0) -> None:
    """Write such a reader into a model folder."""
    save_asker(folder, small_asker(seed), {})
    load_asker.cache_clear()
