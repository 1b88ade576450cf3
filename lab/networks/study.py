"""Small networks trained from scratch in minutes, whose fast states can be replaced by controls.

The fast read of a site is one of:

- ``hebbian``: that of the model, F_t = decay F_{t-1} + rate q_t (x) h_t, read with the site's own address;
- ``none``: nothing is read;
- ``other``: the Hebbian state of another sequence of the batch, read with the own address and brought to the norm of
  the own read. It is made in the same way and knows nothing of the sequence at hand;
- ``noise``: a random direction at every token, of the norm of the own read: nothing Hebbian at all.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.network import MemorySite, Network
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.training.config import TrainingConfig
from bdh_workbench.training.corpus import WindowSampler, encode_documents, read_corpus, validation_documents
from bdh_workbench.training.optimisers import make_adamw
from bdh_workbench.training.pretrain import LanguageModel, learning_rate
from bdh_workbench.training.tokenizer import train_tokenizer

HEBBIAN_STATE, NO_STATE, OTHER_STATE, NOISE_STATE = "hebbian", "none", "other", "noise"
VOCABULARY, TOKENIZER_BYTES = 1024, 2_000_000  # of a tokenizer of its own: a small head leaves more steps to a minute
STUDY_ROWS, STUDY_TOKENS = 8, 128  # sequences in a step, and their tokens
STUDY_WINDOWS = 64  # windows
STUDY_SITES = 3  # one after each level
EVERY = 10  # steps between two looks at gates and gradients
TINY = 1e-12
WARM = 0.2  # share of the steps that are not counted where tokens are routed


def study_config(vocab_size: int) -> ModelConfig:
    """A network of about 0.4M parameters with a memory site after each of its levels."""
    return ModelConfig(
        vocab_size=vocab_size,
        width=96,
        heads=4,
        neurons=96,
        levels=STUDY_SITES,
        context=STUDY_TOKENS,
        site_levels=tuple(range(1, STUDY_SITES + 1)),
        site_slots=128,
    )


class StudySite(MemorySite):
    """A memory site with another fast read."""

    def __init__(self, config: ModelConfig, fast: str) -> None:
        """Make a site whose fast read is of the given kind."""
        super().__init__(config)
        self.kind = fast

    def fast_read(self, q: Tensor, h: Tensor, fast: Tensor | None) -> Tensor:
        """The fast read, or the control in its place: (B, T, D)."""
        if self.kind == NO_STATE:
            return torch.zeros_like(h)
        own: Tensor = super().fast_read(q, h, fast)
        if self.kind == HEBBIAN_STATE:
            return own
        if self.kind == NOISE_STATE:
            noise: Tensor = F.normalize(torch.randn_like(own), dim=-1) * own.detach().norm(dim=-1, keepdim=True)
            return noise
        scores = torch.bmm(q, q.roll(1, 0).transpose(1, 2)) * self._lag_weights(h.shape[1])
        read = torch.bmm(scores, h.roll(1, 0))
        size = own.detach().norm(dim=-1, keepdim=True) / read.detach().norm(dim=-1, keepdim=True).clamp(min=TINY)
        matched: Tensor = read * size
        return matched


def study_network(config: ModelConfig, fast: Sequence[str], seed: int) -> Network:
    """A network with a fast read of the given kind at each site; those of one seed start alike."""
    torch.manual_seed(seed)
    return studied(Network(config), fast)


def studied(network: Network, fast: Sequence[str]) -> Network:
    """A copy of a network, to be trained or looked at, with a fast read of the given kind at each site."""
    network = copy.deepcopy(network).requires_grad_(True)
    sites = [StudySite(network.config, kind) for kind in fast]
    for site, plain in zip(sites, network.sites, strict=True):
        site.load_state_dict(plain.state_dict())
    network.sites = nn.ModuleList(sites).to(network.embed.weight.device)
    return network


def sites_of(network: Network) -> list[StudySite]:
    """The sites, by their type."""
    return [site for site in network.sites if isinstance(site, StudySite)]


def set_fast(network: Network, fast: Sequence[str]) -> None:
    """Change the kinds of the fast reads."""
    for site, kind in zip(sites_of(network), fast, strict=True):
        site.kind = kind


@dataclass(frozen=True, slots=True)
class StudyText:
    """Tokens (n,) to train on, held-out windows (m, T + 1), and how many different tokens there are."""

    tokens: Any
    held_out: Tensor
    vocab_size: int


def study_text(
    corpus: str, steps: int, tokenizer: Tokenizer | None = None, shape: tuple[int, int] | None = None
) -> StudyText:
    """The first tokens of a corpus, enough for so many steps without a repetition.

    Args:
        corpus: general text.
        steps: of the training.
        tokenizer: makes the tokens; None for one that is trained on the corpus.
        shape: sequences in a step and their tokens; None for those of the networks with two gates.
    """
    rows, context = shape or (STUDY_ROWS, STUDY_TOKENS)
    if tokenizer is None:
        tokenizer = train_tokenizer((d.text for d in read_corpus(corpus)), VOCABULARY, sample_bytes=TOKENIZER_BYTES)
    wanted = (steps * rows + 1) * context + 1
    tokens = np.concatenate(list(encode_documents(read_corpus(corpus), tokenizer, wanted)))
    unseen = encode_documents(validation_documents(corpus), tokenizer, 4 * STUDY_WINDOWS * context)
    stream = np.concatenate(list(unseen)).astype(np.int64)
    starts = np.linspace(0, len(stream) - context - 1, STUDY_WINDOWS).astype(int)
    windows = np.stack([stream[start : start + context + 1] for start in starts])
    return StudyText(tokens, torch.from_numpy(windows), tokenizer.vocab_size)


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen at one step.

    Attributes:
        step: from 1.
        loss: of the batch, nats per token.
        gates: tanh of the slow and of the fast gate of each site.
        gradients: norm of the gradient of each site's slow slot, before clipping.
    """

    step: int
    loss: float
    gates: list[tuple[float, float]]
    gradients: list[float]


def train_study(network: Network, text: StudyText, steps: int, seed: int) -> Iterator[Look]:
    """Train a network, on its device, with the optimiser and schedule of pre-training; a look every few steps."""
    settings = TrainingConfig(rate=3e-3, final_rate=3e-4, warmup=max(1, steps // 10), compile=False)
    sampler = WindowSampler(text.tokens, STUDY_TOKENS, seed)
    model, optimiser = LanguageModel(network), make_adamw(network, settings)
    device = network.embed.weight.device
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(settings, step, step / steps)
        loss = model(torch.from_numpy(sampler.batch(step * STUDY_ROWS, STUDY_ROWS)).to(device))
        loss.backward()
        gradients = slow_gradients(network)
        nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            yield Look(step + 1, float(loss.detach()), gates_of(network), gradients)


def slow_gradients(network: Network) -> list[float]:
    """Norm of the gradient of each site's slow slot, 0 where there is none."""
    return [float(site.slow.grad.norm()) if site.slow.grad is not None else 0.0 for site in sites_of(network)]


def gates_of(network: Network) -> list[tuple[float, float]]:
    """Tanh of the slow and of the fast gate of each site."""
    with torch.no_grad():
        return [(float(site.gate_slow.tanh()), float(site.gate_fast.tanh())) for site in sites_of(network)]


def all_runs(kinds: Mapping[str, Sequence[str]], seeds: int) -> Iterator[tuple[int, str, Sequence[str]]]:
    """Seed, name and fast reads of each run: seeds first, so that an interrupted look at them is a fair one."""
    for seed, (name, fast) in itertools.product(range(seeds), kinds.items()):
        yield seed, name, fast
