"""Judges: from evidence to a probability.

A judge is one small fitted model. It takes a fixed list of named features, standardises them, and gives the probability
of one thing: that a position of a prompt reads a stored row, that a sentence answers a question. A model folder has one
for each such thing in ``judge.json``, outside the fingerprint that memory files are bound to, so that fitting it again
leaves them valid.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.files import save_json_atomically

JUDGE_FILE = "judge.json"
JUDGE_BYTES = 4 << 20  # bytes of it that will be opened


@dataclass(frozen=True, slots=True)
class Judge:
    """A logistic model of standardised features, or one with a hidden layer between.

    Attributes:
        names: of the features, n of them.
        weights: (n,) fp32 without a hidden layer, else (h,).
        bias: added to the weighted sum.
        mean: (n,) fp32, taken off the features.
        scale: (n,) fp32, that the difference is divided by.
        threshold: probability from which on the answer is yes; chosen by the rate of false accepts.
        hidden: (h, n) and (h,) fp32, weights and biases of a layer of tanh; None for none.
    """

    names: tuple[str, ...]
    weights: Tensor
    bias: float
    mean: Tensor
    scale: Tensor
    threshold: float = 0.5
    hidden: tuple[Tensor, Tensor] | None = None

    def logit(self, features: Tensor) -> Tensor:
        """Log-odds (...) from features (..., n) fp32 in the order of ``names``."""
        standard = (features - self.mean) / self.scale
        if self.hidden is not None:
            standard = torch.tanh(standard @ self.hidden[0].T + self.hidden[1])
        return standard @ self.weights + self.bias

    def probability(self, features: Tensor) -> Tensor:
        """Probability (...) from features (..., n)."""
        return self.logit(features).sigmoid()

    def explain(self, features: Tensor) -> tuple[tuple[str, float, float], ...]:
        """For each feature its name, its value, and what the log-odds owe to it; the weightiest first.

        Args:
            features: (n,). What is owed is the difference that it makes to have this value and not the mean one.
        """
        without = features.repeat(len(self.names), 1)
        without.diagonal().copy_(self.mean)
        owed = (self.logit(features) - self.logit(without)).tolist()
        told = zip(self.names, features.tolist(), owed, strict=True)
        return tuple(sorted(told, key=lambda entry: -abs(entry[2])))

    def to_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        fields: dict[str, object] = {
            "names": list(self.names),
            "weights": self.weights.tolist(),
            "bias": self.bias,
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "threshold": self.threshold,
        }
        if self.hidden is not None:
            fields["hidden"] = [part.tolist() for part in self.hidden]
        return fields

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Judge:
        """The judge of plain values.

        Raises:
            ValueError: when they are of no judge.
        """
        try:
            names = tuple(str(name) for name in values["names"])
            mean, scale, weights = (_numbers(values[name]) for name in ("mean", "scale", "weights"))
            hidden = values.get("hidden")
            layer = None if hidden is None else (_numbers(hidden[0]), _numbers(hidden[1]))
            bias, threshold = float(values["bias"]), float(values["threshold"])
        except (KeyError, TypeError, IndexError, RuntimeError) as error:
            raise ValueError(str(error)) from None
        inner = len(names) if layer is None else len(layer[1])
        shapes: list[tuple[Tensor, tuple[int, ...]]] = [
            (mean, (len(names),)),
            (scale, (len(names),)),
            (weights, (inner,)),
        ]
        if layer is not None:
            shapes += [(layer[0], (inner, len(names))), (layer[1], (inner,))]
        if any(tuple(tensor.shape) != shape for tensor, shape in shapes):
            raise ValueError("the sizes do not agree")
        if not (bool((scale > 0).all()) and math.isfinite(bias) and 0.0 < threshold < 1.0):
            raise ValueError("scales must be above 0, and the threshold between 0 and 1")
        return Judge(names, weights, bias, mean, scale, threshold, layer)


def _numbers(values: Any) -> Tensor:
    tensor = torch.tensor(values, dtype=torch.float32)
    if not bool(tensor.isfinite().all()):
        raise ValueError("a number is not finite")
    return tensor


def save_judges(folder: Path, judges: Mapping[str, Judge]) -> None:
    """Write the judges of a model folder, by the names of what they judge."""
    save_json_atomically(folder / JUDGE_FILE, {name: judge.to_dict() for name, judge in judges.items()})


def load_judges(folder: Path) -> dict[str, Judge]:
    """Read them back.

    Raises:
        UserError: when there are none or the file is damaged.
    """
    path = folder / JUDGE_FILE
    try:
        if path.stat().st_size > JUDGE_BYTES:
            raise ValueError("it is far too large")
        read = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): Judge.from_dict(values) for name, values in read.items()}
    except FileNotFoundError:
        raise UserError(
            f"The model folder {folder} has no {JUDGE_FILE}: make it with train --only judge, or copy the folder again."
        ) from None
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{path} cannot be read ({error}): copy the model folder again.") from None
