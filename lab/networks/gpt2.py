"""A transformer of the same size, to compare with BDH: GPT-2 (Radford et al. 2019) as ``transformers`` implements it.

It has the surface that pre-training uses (``embed``, ``forward`` to the stream, ``logits``), so that one loop trains
both: the same windows in the same order, optimiser, schedule, precision and compilation. Its head is tied, as that of
BDH is, and its MLP is made as wide as it takes to have as many parameters.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.errors import UserError
from bdh_workbench.model.config import ModelConfig

HEAD = 64  # numbers in an attention head, as in every published GPT-2
MLP = 4  # width of the MLP over that of the stream in the published GPT-2
SIZE_TOLERANCE = 0.01  # share by which the number of parameters may differ


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """The shape of a GPT-2.

    Attributes:
        vocab_size: tokens known.
        width: numbers in the stream.
        heads: of attention.
        layers: transformer blocks.
        inner: width of the MLP.
        context: tokens that it has positions for.
    """

    vocab_size: int
    width: int
    heads: int
    layers: int
    inner: int
    context: int

    @property
    def parameters(self) -> int:
        """Trained numbers, biases and norms included; the head is the embedding."""
        attention = 4 * self.width * self.width + 4 * self.width
        mlp = 2 * self.width * self.inner + self.inner + self.width
        norms = 4 * self.width
        embeddings = (self.vocab_size + self.context) * self.width
        return embeddings + self.layers * (attention + mlp + norms) + 2 * self.width

    def network_dict(self) -> dict[str, Any]:
        """The fields, by which a checkpoint knows its model."""
        return dataclasses.asdict(self)


def peer_config(config: ModelConfig, parameters: int, context: int) -> PeerConfig:
    """The GPT-2 of the same vocabulary, stream width and number of parameters as a BDH network.

    Args:
        config: of the network.
        parameters: that the network has.
        context: tokens in the longest training window.

    Raises:
        UserError: when no such GPT-2 comes within 1% of it.
    """
    heads = next(h for h in range(max(1, round(config.width / HEAD)), 0, -1) if config.width % h == 0)
    usual = PeerConfig(config.vocab_size, config.width, heads, 0, MLP * config.width, context)
    layer = dataclasses.replace(usual, layers=1).parameters - usual.parameters
    layers = max(1, round((parameters - usual.parameters) / layer))
    narrow = dataclasses.replace(usual, layers=layers, inner=0)
    inner = max(1, round((parameters - narrow.parameters) / (layers * (2 * config.width + 1))))
    found = dataclasses.replace(narrow, inner=inner)
    if abs(found.parameters / parameters - 1.0) > SIZE_TOLERANCE:
        raise UserError(f"There is no GPT-2 of {parameters:,} parameters at width {config.width}: use a larger model.")
    return found


class PeerNetwork(nn.Module):
    """GPT-2 behind the part of ``Network``'s interface that pre-training uses."""

    def __init__(self, config: PeerConfig) -> None:
        """Make it with random parameters, as GPT-2 starts.

        Raises:
            UserError: when ``transformers`` is not installed.
        """
        super().__init__()
        try:
            from transformers import GPT2Config, GPT2Model
        except ImportError:
            raise UserError(
                "The comparison with GPT-2 needs the extra “bench”: pip install 'bdh-memory-workbench[bench]'."
            ) from None
        shape = GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context,
            n_embd=config.width,
            n_layer=config.layers,
            n_head=config.heads,
            n_inner=config.inner,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            use_cache=False,
            bos_token_id=None,  # GPT-2's own are no tokens of ours
            eos_token_id=None,
        )
        self.config = config
        self.sites = nn.ModuleList()
        body = GPT2Model(shape)
        # Registered here first, so that its name says what it is, and weight decay leaves it alone.
        self.embed: nn.Embedding = body.wte
        self.body = body

    def forward(self, ids: Tensor) -> Tensor:
        """The stream (B, T, D) after the last block and its norm; ids (B, T) int64."""
        stream: Tensor = self.body(input_ids=ids, use_cache=False).last_hidden_state
        return stream

    def logits(self, stream: Tensor) -> Tensor:
        """Scores (..., V) of the next token from the stream (..., D): the tied head."""
        return F.linear(stream, self.embed.weight)
