"""The fitted parts that answer questions: the reader network, its words, and the judges, as files of the model folder.

Nothing here affects what a memory stores, so a better reader can replace this one without invalidating memory files.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from bdh_workbench.errors import UserError
from bdh_workbench.model.checkpoint import load_tensors
from bdh_workbench.model.files import save_json_atomically, save_tensors_atomically
from bdh_workbench.model.judge import JUDGE_FILE as JUDGES
from bdh_workbench.model.judge import Judge, load_judges, save_judges
from bdh_workbench.reading.network import ReaderConfig, ReaderNetwork
from bdh_workbench.reading.sentence_evidence import READ_EVIDENCE, SENTENCE_EVIDENCE, Array

NETWORK, RECORD = "reader.safetensors", "reader.json"
# The judges: which sentences to recite, and which of them answers.
SENTENCE_JUDGE, ANSWER_JUDGE = "sentences", "answers"
RECORD_BYTES = 16 << 20  # bytes of the record that will be opened


@dataclass(frozen=True, slots=True)
class Asker:
    """A reader network and judges, ready for use.

    Attributes:
        network: frozen.
        words: those that have vectors, in the order of their numbers.
        numbers: the number of each.
        vectors: (V + 1, C) of unit length, the last one zero.
        rarity: (V + 1,) 0 to 1.
        sentences: the judge of which sentences to recite.
        answers: the judge of which of them answers.
    """

    network: ReaderNetwork
    words: tuple[str, ...]
    numbers: dict[str, int]
    vectors: Array
    rarity: Array
    sentences: Judge
    answers: Judge


def make_asker(network: ReaderNetwork, words: tuple[str, ...], sentences: Judge, answers: Judge) -> Asker:
    """Put the parts together."""
    network = network.eval()
    vectors = F.normalize(network.vectors.weight.detach().float(), dim=1).numpy().copy()
    vectors[-1] = 0.0
    numbers = {word: number for number, word in enumerate(words)}
    return Asker(network, words, numbers, vectors, network.rarity.numpy(), sentences, answers)


def save_asker(folder: Path, asker: Asker, figures: Mapping[str, Any]) -> None:
    """Write reader.safetensors, matrices in half precision, reader.json (sizes, words, figures) and the judges."""
    tensors = {name: value.detach().half().contiguous() for name, value in asker.network.state_dict().items()}
    save_tensors_atomically(folder / NETWORK, tensors, {"format": "bdh-workbench reader 1"})
    record = {"config": asker.network.settings(), "figures": figures, "words": asker.words}
    save_json_atomically(folder / RECORD, record)
    known = load_judges(folder) if (folder / JUDGES).is_file() else {}
    save_judges(folder, known | {SENTENCE_JUDGE: asker.sentences, ANSWER_JUDGE: asker.answers})


def has_asker(folder: Path) -> bool:
    """Whether a model folder has a reader."""
    return (folder / RECORD).is_file()


@functools.lru_cache(maxsize=2)
def load_asker(folder: Path) -> Asker:
    """Read the two files of a model folder.

    Raises:
        UserError: when a file is missing, damaged or does not fit the other.
    """
    path = folder / RECORD
    try:
        if path.stat().st_size > RECORD_BYTES:
            raise UserError(f"{path} is too large to describe a reader: copy the model folder again.")
        record = json.loads(path.read_text(encoding="utf-8"))
        config = ReaderConfig(**record["config"])
        words = tuple(str(word) for word in record["words"])
        if len(words) != config.words or not all(isinstance(size, int) for size in record["config"].values()):
            raise ValueError
    except OSError:
        raise UserError(f"{folder} has no reader ({RECORD} is missing): make one with train --only reading.") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UserError(
            f"{path} is damaged: copy the model folder again, or make it with train --only judge."
        ) from None
    network = ReaderNetwork(config)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    network.load_state_dict(load_tensors(folder / NETWORK, shapes))
    judges = load_judges(folder)
    for name, evidence in ((SENTENCE_JUDGE, SENTENCE_EVIDENCE), (ANSWER_JUDGE, SENTENCE_EVIDENCE + READ_EVIDENCE)):
        if name not in judges or judges[name].names != evidence:
            raise UserError(f"{folder} has no judge of {name} for this program: make it with train --only judge.")
    return make_asker(network.requires_grad_(False), words, judges[SENTENCE_JUDGE], judges[ANSWER_JUDGE])


def scores_of(judge: Judge, evidence: Array) -> Array:
    """Scores (n,) of candidates with evidence (n, F)."""
    out: Array = judge.logit(torch.from_numpy(evidence)).numpy()
    return out


def against_none(scores: Array) -> Array:
    """Probabilities (n,) of candidates that compete with each other and with none of them, whose score is 0.

    A conditional logit (McFadden 1974); the rest up to one is the probability of none.
    """
    most = max(0.0, float(scores.max(initial=0.0)))
    shares = np.exp(scores - most)
    out: Array = shares / (shares.sum() + np.exp(-most))
    return out
