"""Word vectors of a model folder: which words mean much the same, or stand beside the same others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.files import save_tensors_atomically
from bdh_workbench.model.tensor_files import Wanted, read_tensors

FILE = "vectors.safetensors"
LARGEST = 256 << 20  # bytes of it that will be opened
Vector = npt.NDArray[np.float32]


class Likeness:
    """Words with vectors of unit length."""

    def __init__(self, words: Sequence[str], vectors: Tensor) -> None:
        """Take in words, folded, with their vectors (n, C)."""
        self.words = tuple(words)
        self.vectors: Vector = torch.nn.functional.normalize(vectors.float(), dim=1).numpy()
        self._place = {word: place for place, word in enumerate(self.words)}

    def __contains__(self, word: str) -> bool:
        """Whether a word has a vector."""
        return word in self._place

    def of(self, word: str) -> Vector:
        """The vector (C,) of a word that has one."""
        vector: Vector = self.vectors[self._place[word]]
        return vector

    def all(self, words: Sequence[str]) -> Vector:
        """The vectors (n, C) of words; zero for those that have none."""
        found = np.zeros((len(words), self.vectors.shape[1]), dtype=np.float32)
        for row, word in enumerate(words):
            if word in self._place:
                found[row] = self.vectors[self._place[word]]
        return found

    def sum(self, weighted: Iterable[tuple[str, float]]) -> Vector:
        """The sum (C,) of the vectors of words by their weights, of unit length; zero where none has one."""
        total = np.zeros(self.vectors.shape[1], dtype=np.float32)
        for word, weight in weighted:
            if word in self._place:
                total += np.float32(weight) * self.vectors[self._place[word]]
        length = float(np.linalg.norm(total))
        return total / np.float32(length) if length > 0.0 else total


def save_likeness(folder: Path, likeness: Likeness) -> None:
    """Write the word vectors of a model folder."""
    vectors = torch.from_numpy(likeness.vectors).half()
    save_tensors_atomically(folder / FILE, {"vectors": vectors}, {"words": json.dumps(likeness.words)})


def load_likeness(folder: Path) -> Likeness | None:
    """Read them back; None where there are none.

    Raises:
        UserError: when the file is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return None
    vectors = read_tensors(path, {"vectors": Wanted(("F16",), (None, None))}, LARGEST)["vectors"]
    try:
        with safe_open(str(path), "pt") as file:
            words = json.loads((file.metadata() or {})["words"])
    except (OSError, ValueError, KeyError):
        words = None
    if not isinstance(words, list) or len(words) != len(vectors) or not all(isinstance(word, str) for word in words):
        raise UserError(f"{path} has no word for each of its vectors: copy the model folder again.")
    return Likeness(words, vectors)
