"""Word vectors of a model folder: which words mean much the same, or stand beside the same others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.files import save_tensors_atomically
from bdh_workbench.model.tensor_files import Wanted, read_tensors

VECTORS_FILE = "vectors.safetensors"
LARGEST_VECTORS = 256 << 20  # bytes of it that will be opened
LAST = 4  # words that an answer follows, which count for themselves
SHAPE_NUMBERS = 5  # numbers that tell the shape of an answer
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Relating:
    """From word vectors to what a prompt asks for and what an answer is, K numbers each; fitted in training.

    Attributes:
        content: (C, K), of all words of a prompt.
        last: (C, K), of its last words.
        answer: (C, K), of the words of an answer.
        shapes: (SHAPES, K), of its shape.
        weighing: (2, C + 2), what a word counts in a prompt and among its last words: the log-odds by its vector, by
            the logarithm of its place among the words, which come by frequency, and always.
    """

    content: Vector
    last: Vector
    answer: Vector
    shapes: Vector
    weighing: Vector


def shape_of(words: Sequence[str], known: int) -> list[float]:
    """The shape of an answer: a digit, the share of unknown words, a single word, more than three, and 1.

    Args:
        words: of the answer.
        known: how many of them have vectors.
    """
    digit = any(character.isdigit() for word in words for character in word)
    return [float(digit), 1.0 - known / max(1, len(words)), float(len(words) == 1), float(len(words) > 3), 1.0]


class Likeness:
    """Words with vectors of unit length."""

    def __init__(self, words: Sequence[str], vectors: Tensor, relating: Relating | None = None) -> None:
        """Take in words, folded and the most frequent first, with their vectors (n, C)."""
        self.relating = relating
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
        vectors = np.zeros((len(words), self.vectors.shape[1]), dtype=np.float32)
        for row, word in enumerate(words):
            if word in self._place:
                vectors[row] = self.vectors[self._place[word]]
        return vectors

    def asks(self, words: Sequence[str]) -> Vector:
        """What a prompt asks for (K,), of unit length: zero without a word that has a vector.

        Args:
            words: of the prompt in order, without the names in it.
        """
        assert self.relating is not None
        places = [self._place[word] for word in words if word in self._place]
        wanted = np.zeros(self.relating.content.shape[1], dtype=np.float32)
        matrices = (self.relating.content, self.relating.last)
        for matrix, weighing, kept in zip(matrices, self.relating.weighing, (places, places[-LAST:]), strict=True):
            vectors = self.vectors[kept]
            odds = vectors @ weighing[:-2] + np.log(np.array(kept) + 2.0) * weighing[-2] + weighing[-1]
            wanted += (1.0 / (1.0 + np.exp(-odds))).astype(np.float32) @ vectors @ matrix
        return _unit(wanted)

    def answers(self, words: Sequence[str]) -> Vector:
        """What kind of thing an answer is (K,), of unit length."""
        assert self.relating is not None
        known = [word for word in words if word in self._place]
        shape = np.array(shape_of(words, len(known)), dtype=np.float32)
        return _unit(self.all(known).sum(axis=0) @ self.relating.answer + shape @ self.relating.shapes)


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 0.0 else vector


def save_likeness(folder: Path, likeness: Likeness) -> None:
    """Write the word vectors of a model folder."""
    tensors = {"vectors": torch.from_numpy(likeness.vectors).half()}
    if likeness.relating is not None:
        for part in fields(Relating):
            tensors[part.name] = torch.from_numpy(getattr(likeness.relating, part.name)).half()
    save_tensors_atomically(folder / VECTORS_FILE, tensors, {"words": json.dumps(likeness.words)})


def load_likeness(folder: Path) -> Likeness | None:
    """Read them back; None where there are none.

    Raises:
        UserError: when the file is damaged.
    """
    path = folder / VECTORS_FILE
    if not path.exists():
        return None
    names = ("vectors", *(part.name for part in fields(Relating)))
    tensors = read_tensors(path, {name: Wanted(("F16",), (None, None)) for name in names}, LARGEST_VECTORS)
    try:
        with safe_open(str(path), "pt") as file:
            words = json.loads((file.metadata() or {})["words"])
    except (OSError, ValueError, KeyError):
        words = None
    vectors = tensors.pop("vectors")
    if not isinstance(words, list) or len(words) != len(vectors) or not all(isinstance(word, str) for word in words):
        raise UserError(f"{path} does not have a word for each vector: copy the model folder again.")
    relating = Relating(**{name: tensor.float().numpy() for name, tensor in tensors.items()})
    width, size = vectors.shape[1], relating.content.shape[1]
    shapes = ((width, size), (width, size), (width, size), (SHAPE_NUMBERS, size), (2, width + 2))
    if shapes != tuple(getattr(relating, part.name).shape for part in fields(Relating)):
        raise UserError(f"{path} is damaged: copy the model folder again.")
    return Likeness(words, vectors, relating)
