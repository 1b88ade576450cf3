"""Settings of the rivals: tuned on invented facts and documents, by ``experiment baselines``, never on a benchmark."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RivalSettings:
        """Read what ``to_dict`` gave."""
        tables = {name: TuningSettings(**value) for name, value in values.items() if isinstance(value, dict)}
        return cls(**(values | tables))


NOT_TUNED = "No rival was tuned for {model}: they have the settings that were found for small."


def is_tuned(model: str) -> bool:
    """Whether the rivals were tuned for the model of this name."""
    return model in _held()


def tuned_settings(model: str) -> RivalSettings:
    """The tuned settings of a model by name; of one that was never tuned, those of ``small`` (see ``is_tuned``)."""
    held = _held()
    return RivalSettings.from_dict(held[model if model in held else "small"]["settings"])


def save_tuned(model: str, settings: RivalSettings, of: dict[str, Any]) -> None:
    """Keep the settings found for a model, beside ``of``, which tells what they were found by."""
    held = _held() | {model: of | {"settings": settings.to_dict()}}
    TUNED.write_text(json.dumps({"models": held}, indent=2) + "\n", encoding="utf-8")


def _held() -> dict[str, Any]:
    models: dict[str, Any] = json.loads(TUNED.read_text(encoding="utf-8"))["models"]
    return models
