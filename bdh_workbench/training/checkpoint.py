"""Checkpoints of a training run: one safetensors file, replaced as a whole, that resumes on another device."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from bdh_workbench.errors import UserError
from bdh_workbench.model.checkpoint import PART
from bdh_workbench.model.files import save_tensors_atomically, write_atomically


@dataclass(slots=True)
class Progress:
    """How far a run is: everything that a resumed run needs apart from tensors."""

    step: int = 0
    tokens: int = 0  # read so far, over all ranks
    seconds: float = 0.0  # of work so far; pauses do not count
    averaged: int = 0  # snapshots in the mean of the weights
    early_position: int = 0  # windows drawn by each rank from the shorter-window sampler
    late_position: int = 0
    losses: list[list[float]] = field(default_factory=list)  # [step, tokens, seconds, training loss, rate]
    validation: list[list[float]] = field(default_factory=list)  # [step, tokens, seconds, held-out loss]
    gates: list[list[float]] = field(default_factory=list)  # [step, then tanh of slow and fast gate of each site]


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimisers: Sequence[torch.optim.Optimizer],
    progress: Progress,
    settings: Mapping[str, object],
    average: Mapping[str, Tensor] | None = None,
) -> None:
    """Write model, optimisers, progress and random state to ``path`` in one step.

    Args:
        path: the file to replace.
        model: its parameters are stored under ``model.``.
        optimisers: each parameter belongs to one of them; its moments are stored under ``optimiser.`` with its name.
        progress: stored as JSON in the file's header.
        settings: configurations, to be compared when the run is resumed.
        average: mean of the weights by their names, if there is one.
    """
    tensors: dict[str, Tensor] = {"random": torch.get_rng_state()}
    for name, parameter in model.named_parameters():
        tensors[f"model.{name}"] = parameter.detach()
        for key, value in _optimiser_of(parameter, optimisers).state.get(parameter, {}).items():
            tensors[f"optimiser.{name}.{key}"] = torch.as_tensor(value).detach()
    tensors |= {f"average.{name}": tensor for name, tensor in (average or {}).items()}
    metadata = {"progress": json.dumps(asdict(progress)), "settings": json.dumps(settings, sort_keys=True)}
    save_tensors_atomically(path, {name: t.cpu().contiguous() for name, t in tensors.items()}, metadata)


def load_checkpoint(
    path: Path,
    model: nn.Module,
    optimisers: Sequence[torch.optim.Optimizer],
    settings: Mapping[str, object],
    average: dict[str, Tensor] | None = None,
) -> Progress:
    """Put a checkpoint's tensors into model and optimisers, on whatever device they are, and return the progress.

    The mean of the weights, if the checkpoint has one, goes into ``average``.

    Raises:
        UserError: when the file is damaged or belongs to a run with another model.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            stored = json.loads(metadata["settings"])
            # JSON has no tuples, and what shapes only the write site may change between two runs.
            wanted = json.loads(json.dumps(settings["model"]))
            if {name: stored["model"].get(name) for name in wanted} != wanted:
                raise UserError(f"{path} is a checkpoint of another model configuration: train into another folder.")
            progress = Progress(**json.loads(metadata["progress"]))
            names = set(file.keys())
            for name, parameter in model.named_parameters():
                with torch.no_grad():
                    parameter.copy_(file.get_tensor(f"model.{name}"))
                prefix = f"optimiser.{name}."
                keys = [key for key in names if key.startswith(prefix)]
                state = {key.removeprefix(prefix): file.get_tensor(key) for key in keys}
                if state:
                    optimiser = _optimiser_of(parameter, optimisers)
                    # AdamW keeps its step count on the CPU unless it is fused: follow the parameter only for moments.
                    optimiser.state[parameter] = {
                        key: value.to(parameter.device) if value.ndim or optimiser.defaults.get("fused") else value
                        for key, value in state.items()
                    }
                if average is not None and f"average.{name}" in names:
                    average[name] = file.get_tensor(f"average.{name}").to(parameter.device)
            torch.set_rng_state(file.get_tensor("random"))
    except (OSError, SafetensorError, AttributeError, KeyError, RuntimeError, TypeError, ValueError):
        raise UserError(f"{path} is damaged or not a checkpoint of this program: delete it to start again.") from None
    return progress


def cut_checkpoint(path: Path) -> list[Path]:
    """Copy a checkpoint into files of at most ``PART`` bytes next to it, for stores that limit the size of a file."""
    for old in _parts_of(path):
        old.unlink()
    made: list[Path] = []
    with path.open("rb") as file:
        while piece := file.read(PART):
            made.append(path.with_name(f"{path.name}.{len(made) + 1:03}"))
            made[-1].write_bytes(piece)
    return made


def join_checkpoint(path: Path) -> bool:
    """Make a missing checkpoint from its parts, if they are there; returns whether it was made."""
    parts = _parts_of(path)
    if path.is_file() or not parts:
        return False

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part.read_bytes())

    write_atomically(path, write)
    return True


def _parts_of(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.[0-9][0-9][0-9]"))


def _optimiser_of(parameter: nn.Parameter, optimisers: Sequence[torch.optim.Optimizer]) -> torch.optim.Optimizer:
    """The optimiser that a parameter belongs to."""
    for optimiser in optimisers:
        if any(parameter is other for group in optimiser.param_groups for other in group["params"]):
            return optimiser
    return optimisers[0]  # which has nothing to say of one that is frozen
