"""The shape of a model, as one frozen dataclass: a settings form, a file and the network are made from it alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bdh_workbench.errors import UserError

LARGEST = 1 << 27  # numbers in one matrix: a damaged configuration must not fill the memory
MOST = 1 << 24  # of anything that is counted
MOST_LEVELS = 1024  # they share their weights, so that their number would have no other bound


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
    decays: tuple[float, ...] = (0.98, 0.95, 0.4)  # of the content summaries: subject, phrase, place in the answer
    cue_weights: tuple[float, ...] = (1.0, 0.3, 0.1)  # of the summaries in the cue: which item is this about?
    place_weights: tuple[float, ...] = (0.7, 0.7, 1.5)  # of the same: where in that item are we?
    address_weights: tuple[float, ...] = (1.0, 0.6, 0.4)  # of the summaries in the address, for storing
    address_active: float = 0.06  # share of slots active in an address
    seed: int = 0  # of the token codes and the expansion, which are made from it and not stored

    def __post_init__(self) -> None:
        """Check what the formulas need, so that a mistake is named here and not inside a matrix product."""
        sizes = ("vocab_size", "width", "heads", "neurons", "levels", "context", "site_slots", "write_slots")
        for name in (*sizes, "code_width"):
            size, most = getattr(self, name), MOST_LEVELS if name == "levels" else MOST
            if not 1 <= size <= most:
                # A number from a file may have thousands of digits.
                raise UserError(f"The model configuration has {name} = {size:.6g}; it must be from 1 to {most:,}.")
        hidden, codes = self.heads * self.neurons, max(self.vocab_size, self.write_slots)
        phases = (self.neurons, min(self.context, 512))  # as many as the network makes at once
        for rows, columns in ((max(self.vocab_size, hidden), self.width), (codes, self.cue_width), phases):
            if rows * columns > LARGEST:
                raise UserError("The model configuration asks for a network too large for any machine.")
        if self.neurons % 2:
            raise UserError(f"The model configuration has neurons = {self.neurons}; rotary pairs need an even number.")
        if any(not 1 <= level <= self.levels for level in self.site_levels):
            raise UserError(
                f"site_levels {self.site_levels} must lie between 1 and {self.levels}, the levels there are."
            )
        if len(set(self.site_levels)) < len(self.site_levels):
            raise UserError(f"site_levels {self.site_levels} of the model configuration names a level twice.")
        if not 0 <= self.seed < 2**63:
            raise UserError("The seed of the model configuration must be from 0 to 2^63 - 1.")
        if not self.decays:
            raise UserError("The model configuration has no decays; at least one content summary is needed.")
        if len({len(w) for w in (self.decays, self.cue_weights, self.place_weights, self.address_weights)}) > 1:
            raise UserError("decays and the three kinds of weights of the model configuration differ in length.")
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

    def network_dict(self) -> dict[str, Any]:
        """The fields that shape the trained network: two models that differ in others can share its weights."""
        values = self.to_dict()
        site = ("write_slots", "code_width", "decays", "seed")
        return {k: v for k, v in values.items() if k not in site and not k.startswith(("cue_", "place_", "address_"))}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Read the fields back, lists as tuples.

        Raises:
            UserError: for an unknown field or a value of the wrong type.
        """
        known: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise UserError(f"The model configuration has unknown fields: {', '.join(unknown)}.")
        clean: dict[str, Any] = {}
        for name, value in values.items():
            default = known[name]
            many = isinstance(default, tuple)
            kind = type(default[0] if many else default)
            parts = value if many and isinstance(value, list | tuple) else [value]
            if isinstance(value, list | tuple) != many or not all(_is_number(part, kind) for part in parts):
                noun = ("whole number" if kind is int else "number") + ("s" if many else "")
                wanted = f"a list of {noun}" if many else f"a {noun}"
                raise UserError(f"{name} of the model configuration must be {wanted}, not {value!r}.")
            clean[name] = tuple(kind(part) for part in parts) if many else kind(value)
        return cls(**clean)


def _is_number(value: object, kind: type) -> bool:
    """Whether a value from JSON is a number that ``kind``, int or float, can hold; JSON as Python reads it has NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return kind is float or value == int(value)


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
