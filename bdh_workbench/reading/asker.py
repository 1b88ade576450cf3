"""What is fitted to answer questions: the reader network, its words, and the judges; files of the model folder.

Nothing here shapes what a memory stores, so that a better reader can take its place beside the same memory files.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch.nn.functional as F

from bdh_workbench.errors import UserError
from bdh_workbench.model.checkpoint import load_tensors
from bdh_workbench.model.files import save_json_atomically, save_tensors_atomically
from bdh_workbench.reading.network import ReaderConfig, ReaderNetwork

NETWORK, RECORD = "reader.safetensors", "reader.json"
LARGEST = 16 << 20  # bytes of the record that will be opened


@dataclass(frozen=True, slots=True)
class Choice:
    """A conditional logit (McFadden 1974): candidates compete with each other and with "none of them".

    Attributes:
        names: of the kinds of evidence, F.
        weights: (F,) of standardised evidence.
        mean: (F,) of the evidence it was fitted on.
        scale: (F,) standard deviations.
        bias: against none.
        threshold: the probability of there being an answer under which there is none.
    """

    names: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    bias: float
    threshold: float

    def scores(self, evidence: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores (n,) of candidates with evidence (n, F), against 0 for none of them."""
        out: npt.NDArray[np.float32] = (evidence - self.mean) / self.scale @ self.weights + np.float32(self.bias)
        return out

    def probabilities(self, evidence: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Probabilities (n,) of candidates; what they lack to one is that of none."""
        scores = self.scores(evidence)
        most = max(0.0, float(scores.max(initial=0.0)))
        shares = np.exp(scores - most)
        out: npt.NDArray[np.float32] = shares / (shares.sum() + np.exp(-most))
        return out

    def explain(self, evidence: npt.NDArray[np.float32]) -> tuple[tuple[str, float, float], ...]:
        """(name, value, contribution to the score) of one candidate's evidence (F,), the largest contribution first."""
        parts = (evidence - self.mean) / self.scale * self.weights
        found = zip(self.names, evidence.tolist(), parts.tolist(), strict=True)
        return tuple(sorted(found, key=lambda part: -abs(part[2])))


@dataclass(frozen=True, slots=True)
class Asker:
    """A reader network and judges, ready for use.

    Attributes:
        network: frozen.
        words: that have vectors, by number.
        numbers: the number of each.
        vectors: (V + 1, C) of unit length, the last one zero.
        rarity: (V + 1,) 0 to 1.
        sentences: the judge of which sentences to recite.
        answers: the judge of which of them answers.
    """

    network: ReaderNetwork
    words: tuple[str, ...]
    numbers: dict[str, int]
    vectors: npt.NDArray[np.float32]
    rarity: npt.NDArray[np.float32]
    sentences: Choice
    answers: Choice


def make_asker(network: ReaderNetwork, words: tuple[str, ...], sentences: Choice, answers: Choice) -> Asker:
    """Put the parts together."""
    network = network.eval()
    vectors = F.normalize(network.vectors.weight.detach().float(), dim=1).numpy().copy()
    vectors[-1] = 0.0
    numbers = {word: number for number, word in enumerate(words)}
    return Asker(network, words, numbers, vectors, network.rarity.numpy(), sentences, answers)


def save_asker(folder: Path, asker: Asker, figures: Mapping[str, Any]) -> None:
    """Write reader.safetensors, matrices in half precision, and reader.json: sizes, words, judges and figures."""
    tensors = {name: value.detach().half().contiguous() for name, value in asker.network.state_dict().items()}
    save_tensors_atomically(folder / NETWORK, tensors, {"format": "bdh-workbench reader 1"})
    judges = {"sentences": _plain(asker.sentences), "answers": _plain(asker.answers)}
    record = {"config": asker.network.settings(), "figures": figures, "judges": judges, "words": asker.words}
    save_json_atomically(folder / RECORD, record)


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
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path} is too large to describe a reader: copy the model folder again.")
        record = json.loads(path.read_text(encoding="utf-8"))
        config = ReaderConfig(**record["config"])
        words = tuple(str(word) for word in record["words"])
        judges = {name: _choice(record["judges"][name]) for name in ("sentences", "answers")}
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
    return make_asker(network.requires_grad_(False), words, judges["sentences"], judges["answers"])


def _plain(choice: Choice) -> dict[str, Any]:
    return {
        "evidence": dict(
            zip(
                choice.names,
                np.stack((choice.weights, choice.mean, choice.scale), axis=1).astype(float).round(6).tolist(),
                strict=True,
            )
        ),
        "bias": round(choice.bias, 6),
        "threshold": round(choice.threshold, 6),
    }


def _choice(plain: dict[str, Any]) -> Choice:
    table = np.array(list(plain["evidence"].values()), dtype=np.float32).reshape(-1, 3)
    bias, threshold = float(plain["bias"]), float(plain["threshold"])
    if (
        not np.isfinite(table).all()
        or not math.isfinite(bias)
        or not 0.0 <= threshold <= 1.0
        or (table[:, 2] <= 0).any()
    ):
        raise ValueError
    return Choice(tuple(plain["evidence"]), table[:, 0], table[:, 1], table[:, 2], bias, threshold)
