"""Settings of the rivals: tuned on invented facts and documents, by ``experiment baselines``, never on a benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

TUNED = Path(__file__).parent / "tuned.json"


@dataclass(frozen=True, slots=True)
class TuningSettings:
    """How weights are tuned.

    Attributes:
        rate: of Adam.
        locality: weight of KL(untouched ‖ tuned) on unrelated text, in the loss.
    """

    rate: float
    locality: float = 0.0


@dataclass(frozen=True, slots=True)
class RivalSettings:
    """Settings of all rivals."""

    full: TuningSettings = TuningSettings(3e-4)
    head: TuningSettings = TuningSettings(3e-3)
    lora: TuningSettings = TuningSettings(3e-3)
    address: float = 0.8  # cosine of addresses under which nothing is looked up
    stream: float = 0.9  # the same of hidden states
    passages: int = 2  # that BM25 puts before a prompt
    floor: float = 0.8  # share of unrelated texts that BM25 finds nothing for


@dataclass(frozen=True, slots=True)
class _Tuned:
    """What the file of tuned settings says of one model, as far as it is needed here."""

    settings: RivalSettings


@dataclass(frozen=True, slots=True)
class _TunedFile:
    """The file of tuned settings."""

    models: dict[str, _Tuned]


NOT_TUNED = "No rival was tuned for {model}: they have the settings that were found for small."


def is_tuned(model: str) -> bool:
    """Whether the rivals were tuned for the model of this name."""
    return model in _tuned()


def tuned_settings(model: str) -> RivalSettings:
    """The tuned settings of a model by name; of one that was never tuned, those of ``small`` (see ``is_tuned``)."""
    tuned = _tuned()
    return tuned[model if model in tuned else "small"].settings


def _tuned() -> dict[str, _Tuned]:
    return msgspec.json.decode(TUNED.read_bytes(), type=_TunedFile).models
