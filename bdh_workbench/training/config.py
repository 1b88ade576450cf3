"""Settings of a training run, read from a TOML file with a [model] and a [training] table."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bdh_workbench.errors import UserError
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.network import CHUNK

OPTIMISERS = ("muon", "adamw")
CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How a model is trained; the defaults are for one large GPU."""

    early_rows: int = 128  # sequences in a step, over all ranks
    late_rows: int = 64  # the same in the last fifth, where the windows are longer
    late_context: int = 512  # tokens in a window of the last fifth; the first four fifths use early_context
    early_context: int = 256
    minutes: float = 0.0  # pre-training stops after so many minutes of work; 0: no limit
    tokens: int = 240_000_000  # or after so many tokens, whichever comes first; 0: no limit
    corpus_tokens: int = 0  # tokens of the corpus that are made ready; 0: all
    rate: float = 1e-3  # highest learning rate
    final_rate: float = 1e-4  # where the cosine ends
    warmup: int = 300  # steps to the highest rate
    optimiser: str = "muon"  # for the matrices, with AdamW for the rest; or "adamw" for all
    betas: tuple[float, float] = (0.9, 0.95)  # of AdamW
    weight_decay: float = 0.1
    clip: float = 1.0  # largest norm of the gradient
    synthetic: float = 0.05  # share of the sequences that are synthetic statements and questions
    plain_share: float = 1 / 3  # share of the schedule, its end, without any
    start_levels: int = 0  # levels at the start, which grow one by one to those of the model; 0: all from the start
    grow_share: float = 0.4  # share of the schedule after which all levels are there
    average_share: float = 0.0  # share of the schedule, its end, whose mean weights are the result; 0: the last weights
    late_share: float = 0.2  # share of the schedule that uses the longer windows
    validate_minutes: float = 5.0  # between two looks at held-out text
    save_minutes: float = 2.0  # between two checkpoints
    meta_minutes: float = 8.0  # for training the addresses
    reading_minutes: float = 0.0  # for training the reader that answers questions; 0: none
    meta_seeds: int = 3  # runs that must agree before trained addresses are kept
    seed: int = 0
    bf16: bool = True  # on a CPU, if it multiplies bfloat16 matrices itself; on a GPU it is always used
    compile: bool = True  # torch.compile, on a GPU only

    def __post_init__(self) -> None:
        """Check what would otherwise fail an hour later."""
        if self.minutes <= 0 and self.tokens <= 0:
            raise UserError("The training configuration sets no end: give minutes or tokens.")
        for name in ("early_rows", "late_rows", "late_context", "early_context", "warmup", "meta_seeds"):
            if getattr(self, name) < 1:
                raise UserError(
                    f"The training configuration has {name} = {getattr(self, name)}; it must be at least 1."
                )
        for name in ("early_context", "late_context"):
            if getattr(self, name) > CHUNK:
                raise UserError(
                    f"The training configuration has {name} = {getattr(self, name)}; at most {CHUNK} will do."
                )
        if not 0.0 < self.final_rate <= self.rate:
            raise UserError("The training configuration needs 0 < final_rate <= rate.")
        if self.optimiser not in OPTIMISERS:
            raise UserError(f"The training configuration has optimiser = {self.optimiser!r}; it must be muon or adamw.")
        if self.start_levels < 0:
            raise UserError(
                f"The training configuration has start_levels = {self.start_levels}; it cannot be negative."
            )
        for name in ("synthetic", "late_share", "plain_share", "grow_share", "average_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UserError(f"The training configuration has {name} = {getattr(self, name)}; it must be in 0 to 1.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Read the fields of a table.

        Raises:
            UserError: for an unknown field or a value of the wrong type.
        """
        known = {field.name: field.default for field in dataclasses.fields(cls)}
        clean: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise UserError(f"The training configuration has an unknown field {name!r}.")
            default = known[name]
            if isinstance(default, tuple):
                fits = isinstance(value, list) and len(value) == len(default) and all(map(_is_number, value))
                value = tuple(value) if fits else value
            elif isinstance(default, float):
                fits = _is_number(value)
            else:
                fits = type(value) is type(default)
            if not fits:
                raise UserError(f"{name} of the training configuration must be like {default!r}, not {value!r}.")
            clean[name] = value
        return cls(**clean)


def _is_number(value: object) -> bool:
    """Whether a value from TOML, which knows nan and inf, is an ordinary number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def load_configs(name_or_path: str) -> tuple[ModelConfig, TrainingConfig]:
    """Read a configuration file, or one of the bundled ones (``tiny``, ``small``, ``base``, ``bdh-30m``) by name.

    Raises:
        UserError: when there is no such file or it is not a configuration.
    """
    path = Path(name_or_path)
    bundled = CONFIGS / f"{name_or_path}.toml"
    if not path.is_file() and bundled.is_file():
        path = bundled
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        names = ", ".join(sorted(p.stem for p in CONFIGS.glob("*.toml")))
        raise UserError(
            f"There is no training configuration {name_or_path}: give a TOML file or one of {names}."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML ({error}): mend it or start from a bundled configuration.") from None
    unknown = sorted(set(tables) - {"model", "training"})
    if unknown or not all(isinstance(table, dict) for table in tables.values()):
        raise UserError(f"{path} must hold the tables [model] and [training] only.")
    model = ModelConfig.from_dict(tables.get("model", {}))
    training = TrainingConfig.from_dict(tables.get("training", {}))
    check_levels(model, training)
    return model, training


def check_levels(model: ModelConfig, training: TrainingConfig) -> None:
    """Check that the levels at the start are there and reach every memory site, whose parameters all need gradients.

    Raises:
        UserError: when they do not.
    """
    least = max(model.site_levels, default=1)
    if training.start_levels and not least <= training.start_levels <= model.levels:
        raise UserError(
            f"The training configuration has start_levels = {training.start_levels}; it must be 0 or from {least}, "
            f"the last level with a memory site, to {model.levels}, the levels there are."
        )
