"""The shape of a model, as one frozen dataclass: a settings form, a file and the network are made from it alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bdh_workbench.described import LARGEST_SEED, check, from_table, setting
from bdh_workbench.errors import UserError

WHERE = "model configuration"
LARGEST_MATRIX = 1 << 27  # numbers in one matrix: a damaged configuration must not fill the memory
LARGEST_COUNT = 1 << 24  # of anything that is counted
MOST_LEVELS = 1024  # they share their weights, so that their number would have no other bound


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes and constants of the network; symbols in brackets are those of the design and the BDH paper.

    Raises:
        UserError: when the values cannot make a network.
    """

    vocab_size: int = setting(8192, "tokens known [V]", least=1, most=LARGEST_COUNT)
    width: int = setting(512, "numbers in the stream at each token [D]", least=1, most=LARGEST_COUNT)
    heads: int = setting(4, "heads [H]", least=1, most=LARGEST_COUNT)
    neurons: int = setting(2048, "neurons per head [N]", least=1, most=LARGEST_COUNT)
    levels: int = setting(6, "passes through the shared level [L]", least=1, most=MOST_LEVELS)
    context: int = setting(
        512, "tokens in a training window [T]; the network has no limit", least=1, most=LARGEST_COUNT
    )
    rope_theta: float = setting(65536.0, "base of the rotary frequencies", above=1)
    site_levels: tuple[int, ...] = setting((2, 4), "levels, counted from 1, that a memory site follows", least=1)
    site_slots: int = setting(512, "slots of each of those sites [M]", least=1, most=LARGEST_COUNT)
    fast_decay: float = setting(0.98, "share of the fast state kept from one token to the next", least=0, below=1)
    fast_rate: float = setting(1.0, "strength of one Hebbian step [eta]")
    write_slots: int = setting(16384, "slots of the write site [M]", least=1, most=LARGEST_COUNT)
    code_width: int = setting(256, "numbers in a token code", least=1, most=LARGEST_COUNT)
    decays: tuple[float, ...] = setting(
        (0.98, 0.95, 0.4), "of the content summaries: subject, phrase, place in the answer", least=0, below=1
    )
    cue_weights: tuple[float, ...] = setting((1.0, 0.3, 0.1), "of the summaries in the cue: which item is this about?")
    place_weights: tuple[float, ...] = setting((0.7, 0.7, 1.5), "of the same: where in that item are we?")
    address_weights: tuple[float, ...] = setting((1.0, 0.6, 0.4), "of the summaries in the address, for storing")
    address_active: float = setting(0.06, "share of slots active in an address", above=0, below=1)
    seed: int = setting(0, "of the token codes and the expansion, which are made from it", least=0, most=LARGEST_SEED)

    def __post_init__(self) -> None:
        """Check what the formulas need, so that a mistake is named here and not inside a matrix product."""
        check(self, WHERE)
        hidden, codes = self.heads * self.neurons, max(self.vocab_size, self.write_slots)
        phases = (self.neurons, min(self.context, 512))  # as many as the network makes at once
        for rows, columns in ((max(self.vocab_size, hidden), self.width), (codes, self.cue_width), phases):
            if rows * columns > LARGEST_MATRIX:
                raise UserError("The model configuration asks for a network too large for any machine.")
        if self.neurons % 2:
            raise UserError(f"The model configuration has neurons = {self.neurons}; rotary pairs need an even number.")
        if any(level > self.levels for level in self.site_levels):
            raise UserError(
                f"site_levels {self.site_levels} must lie between 1 and {self.levels}, the levels there are."
            )
        if len(set(self.site_levels)) < len(self.site_levels):
            raise UserError(f"site_levels {self.site_levels} of the model configuration names a level twice.")
        if not self.decays:
            raise UserError("The model configuration has no decays; at least one content summary is needed.")
        if len({len(w) for w in (self.decays, self.cue_weights, self.place_weights, self.address_weights)}) > 1:
            raise UserError("decays and the three kinds of weights of the model configuration differ in length.")

    @property
    def cue_width(self) -> int:
        """Numbers in a cue: one code for each decay."""
        return self.code_width * len(self.decays)

    def to_dict(self) -> dict[str, object]:
        """The fields as plain values that JSON can hold."""
        return dataclasses.asdict(self)

    def network_dict(self) -> dict[str, object]:
        """The fields that shape the trained network: two models that differ in others can share its weights."""
        site = self.site_dict()
        return {k: v for k, v in self.to_dict().items() if k not in site}

    def site_dict(self) -> dict[str, Any]:
        """The fields that shape the write site: two models that differ in others can share its trained numbers."""
        named = ("write_slots", "code_width", "decays", "seed")
        return {k: v for k, v in self.to_dict().items() if k in named or k.startswith(("cue_", "place_", "address_"))}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Read the fields back, lists as tuples.

        Raises:
            UserError: for an unknown field or a value of the wrong type.
        """
        return from_table(cls, values, WHERE)
