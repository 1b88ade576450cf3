"""Settings of a training run, read from a TOML file with a [model] and a [training] table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bdh_workbench.described import LARGEST_SEED, check, from_table, setting
from bdh_workbench.errors import UserError
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.network import TOKENS_AT_ONCE

TRAINING_TABLE = "training configuration"
OPTIMISERS = ("muon", "adamw")
CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How a model is trained; the defaults are for one large GPU."""

    early_rows: int = setting(128, "sequences in a step, over all ranks", least=1)
    late_rows: int = setting(64, "the same in the last fifth, where the windows are longer", least=1)
    late_context: int = setting(
        512,
        "tokens in a window of the last fifth; the first four fifths use early_context",
        least=1,
        most=TOKENS_AT_ONCE,
    )
    early_context: int = setting(256, "tokens in a window of the first four fifths", least=1, most=TOKENS_AT_ONCE)
    minutes: float = setting(0.0, "pre-training stops after this many minutes of work; 0: no limit")
    tokens: int = setting(240_000_000, "or after this many tokens, whichever comes first; 0: no limit")
    corpus_tokens: int = setting(0, "tokens of the corpus to prepare; 0: all")
    rate: float = setting(1e-3, "highest learning rate", above=0)
    final_rate: float = setting(1e-4, "where the cosine ends", above=0)
    warmup: int = setting(300, "steps to the highest rate", least=1)
    optimiser: str = setting(
        "muon", "for the matrices, with AdamW for the rest; or 'adamw' for all", choices=OPTIMISERS
    )
    betas: tuple[float, float] = setting((0.9, 0.95), "of AdamW", least=0, below=1)
    weight_decay: float = setting(0.1, "of the optimisers")
    clip: float = setting(1.0, "largest norm of the gradient")
    synthetic: float = setting(
        0.05, "share of the sequences that are synthetic statements and questions", least=0, most=1
    )
    plain_share: float = setting(1 / 3, "share of the schedule, its end, without any", least=0, most=1)
    start_levels: int = setting(
        0, "levels at the start, which grow one by one to those of the model; 0: all from the start", least=0
    )
    grow_share: float = setting(0.4, "share of the schedule after which all levels are there", least=0, most=1)
    average_share: float = setting(
        0.0, "share of the schedule, its end, whose mean weights are the result; 0: the last weights", least=0, most=1
    )
    late_share: float = setting(0.2, "share of the schedule that uses the longer windows", least=0, most=1)
    validate_minutes: float = setting(5.0, "between two evaluations on held-out text")
    save_minutes: float = setting(2.0, "between two checkpoints")
    meta_minutes: float = setting(8.0, "for training the addresses")
    reading_minutes: float = setting(0.0, "for training the reader that answers questions; 0: none")
    meta_seeds: int = setting(3, "runs that must agree before trained addresses are kept", least=1)
    seed: int = setting(0, "seed for everything random", least=0, most=LARGEST_SEED)
    bf16: bool = setting(True, "on a CPU where it is faster; on a GPU it is always used")
    compile: bool = setting(True, "torch.compile, on a GPU only")

    def __post_init__(self) -> None:
        """Check what would otherwise fail an hour later."""
        if self.minutes <= 0 and self.tokens <= 0:
            raise UserError("The training configuration sets no end: give minutes or tokens.")
        check(self, TRAINING_TABLE)
        if self.final_rate > self.rate:
            raise UserError("The training configuration needs 0 < final_rate <= rate.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Read the fields of a table.

        Raises:
            UserError: for an unknown field or a value of the wrong type.
        """
        config = from_table(cls, values, TRAINING_TABLE)
        if len(config.betas) != 2:
            raise UserError("The training configuration needs two numbers for betas.")
        return config


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
        raise UserError(f"{path} is not valid TOML ({error}): fix it or start from a bundled configuration.") from None
    unknown = sorted(set(tables) - {"model", "training"})
    if unknown or not all(isinstance(table, dict) for table in tables.values()):
        raise UserError(f"{path} must contain the tables [model] and [training] only.")
    model = ModelConfig.from_dict(tables.get("model", {}))
    training = TrainingConfig.from_dict(tables.get("training", {}))
    check_levels(model, training)
    return model, training


def check_levels(model: ModelConfig, training: TrainingConfig) -> None:
    """Check that the first levels exist and reach every memory site, as all parameters of a site need gradients.

    Raises:
        UserError: when they do not.
    """
    least = max(model.site_levels, default=1)
    if training.start_levels and not least <= training.start_levels <= model.levels:
        raise UserError(
            f"The training configuration has start_levels = {training.start_levels}; it must be 0 or from {least}, "
            f"the last level with a memory site, to {model.levels}, the levels there are."
        )
