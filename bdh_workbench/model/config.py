"""The shape of a model, as one frozen dataclass: a settings form, a file and the network are made from it alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bdh_workbench.errors import UserError


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes and constants of the network; symbols in brackets are those of the design and the BDH paper.

    Raises:
        UserError: when the values cannot make a network.
    """

    vocab_size: int = 8192  # tokens known [V]
    width: int = 512  # numbers in the stream at each token [D]
    heads: int = 4  # [H]
    neurons: int = 2048  # neurons per head [N]
    levels: int = 6  # passes through the shared level [L]
    context: int = 512  # tokens in a training window [T]; the network itself has no limit
    rope_theta: float = 65536.0  # base of the rotary frequencies
    site_levels: tuple[int, ...] = (2, 4)  # levels, counted from 1, behind which a memory site stands
    site_slots: int = 512  # slots of each of those sites [M]
    fast_decay: float = 0.98  # share of the fast state kept from one token to the next
    fast_rate: float = 1.0  # strength of one Hebbian step [eta]
    write_slots: int = 16384  # slots of the write site [M]
    code_width: int = 256  # numbers in a token code
    decays: tuple[float, ...] = (0.99, 0.9, 0.4)  # of the content summaries: subject, phrase, place in the answer
    cue_weights: tuple[float, ...] = (1.0, 0.3, 0.3)  # of the summaries in the cue, for matching
    address_weights: tuple[float, ...] = (1.0, 1.0, 1.0)  # of the summaries in the address, for storing
    address_active: float = 0.03  # share of slots active in an address
    seed: int = 0  # of the token codes and the expansion, which are made from it and not stored

    def __post_init__(self) -> None:
        """Check what the formulas need, so that a mistake is named here and not inside a matrix product."""
        for name in ("vocab_size", "width", "heads", "neurons", "levels", "context", "site_slots", "write_slots"):
            if getattr(self, name) < 1:
                raise UserError(f"The model configuration has {name} = {getattr(self, name)}; it must be at least 1.")
        if self.neurons % 2:
            raise UserError(f"The model configuration has neurons = {self.neurons}; rotary pairs need an even number.")
        if any(not 1 <= level <= self.levels for level in self.site_levels):
            raise UserError(f"site_levels {self.site_levels} must lie between 1 and {self.levels}, the levels there are.")
        if not len(self.decays) == len(self.cue_weights) == len(self.address_weights):
            raise UserError("decays, cue_weights and address_weights of the model configuration differ in length.")
        if any(not 0.0 <= decay < 1.0 for decay in (*self.decays, self.fast_decay)):
            raise UserError("Every decay of the model configuration must be at least 0 and below 1.")
        if not 0.0 < self.address_active < 1.0:
            raise UserError("address_active of the model configuration must lie between 0 and 1.")
        if not math.isfinite(self.rope_theta) or self.rope_theta <= 1.0:
            raise UserError("rope_theta of the model configuration must be a number above 1.")

    @property
    def cue_width(self) -> int:
        """Numbers in a cue: one code for each decay."""
        return self.code_width * len(self.decays)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Read the fields back, lists as tuples.

        Raises:
            UserError: for an unknown field or a value of the wrong type.
        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise UserError(f"The model configuration has unknown fields: {', '.join(unknown)}.")
        clean: dict[str, Any] = {}
        for name, value in values.items():
            default = known[name].default
            if isinstance(default, tuple):
                kind = type(default[0])
                if not isinstance(value, list | tuple) or not all(isinstance(v, int | float) for v in value):
                    raise UserError(f"{name} of the model configuration must be a list of numbers, not {value!r}.")
                clean[name] = tuple(kind(v) for v in value)
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise UserError(f"{name} of the model configuration must be a number, not {value!r}.")
            elif isinstance(default, int) and value != int(value):
                raise UserError(f"{name} of the model configuration must be a whole number, not {value!r}.")
            else:
                clean[name] = type(default)(value)
        return cls(**clean)


def tiny_config(**changes: Any) -> ModelConfig:
    """A random byte-level model for unit tests, small enough for a step of a millisecond."""
    values: dict[str, Any] = {
        "vocab_size": 257,
        "width": 32,
        "heads": 2,
        "neurons": 32,
        "levels": 2,
        "context": 32,
        "site_levels": (1,),
        "site_slots": 16,
        "write_slots": 512,
        "code_width": 32,
    }
    return ModelConfig(**(values | changes))
