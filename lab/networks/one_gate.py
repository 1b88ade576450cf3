"""The construction of the paper's public code, in small networks: one gate for both reads of a level.

At each level, with h the stream after it (github.com/fleeb83/bdh-fast-weights, v0.3):

    q = relu(W h), divided by max(1, sum q)        W is learned and has no bias
    x = norm(h + tanh(gate) (q S + q F))           one gate, 0 at the start
    F <- decay F + rate q (x) h                    after the read; zero at the start of each sequence

S starts at std 0.02 and is trained by backpropagation. Two things are ours: the levels are those of BDH, where the
author's are softmax attention and a feed-forward layer, and the norm has no weights of its own.

With G the gradient of the loss at h + tanh(gate) (q S + q F), two facts follow, summed over sequences and tokens:

    dL/dS    = tanh(gate) sum q (x) G              nothing reaches S while the gate is shut
    dL/dgate = (1 - tanh(gate)^2) (sum G . q S + sum G . q F)

so that the fast read can open the gate that S learns through. Since sum G . q S is S . dL/dS / tanh(gate), both sums
can be read off the gradients of S and of the gate.

Networks of several seeds are trained side by side: one call for all of them takes less time than one for each.
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.network import Network
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.training.config import TrainingConfig
from bdh_workbench.training.corpus import WindowSampler
from bdh_workbench.training.pretrain import learning_rate
from lab.networks.study import EVERY, StudySite, StudyText, study_text
from lab.results import Note, kept

TWO_GATES_NAME, ONE_GATE_NAME = "two-gates", "one-gate"
STEP_SEQUENCES, SEQUENCE_TOKENS = 2, 64  # sequences in a step, and their tokens
AUTHOR_SLOTS, AUTHOR_SLOW_STD = 64, 0.02  # of the slow memory, the author's
LEVELS = 2
# The optimiser is the author's, at thirty times his rate for a thirtieth of his 12,000 steps.
TRAINING = TrainingConfig(rate=9e-3, final_rate=9e-4, weight_decay=0.1, clip=1.0)


@dataclass(frozen=True, slots=True)
class FastSettings:
    """Rate and decay of the fast state."""

    rate: float
    decay: float


FAST_SETTINGS = {"author": FastSettings(1e-3, 0.995), "ours": FastSettings(1.0, 0.98)}
SETTING_LABELS = {"author": "the author's rate", "ours": "our rate"}
Gates = Sequence[Sequence[Sequence[float]]]  # over steps, networks and levels
TOKENIZERS = ("bytes", "BPE")  # as in the author's v0.3, and our byte-level BPE of 1,024 tokens


@functools.lru_cache(maxsize=1)
def one_gate_text(corpus: str, steps: int, tokens: str) -> StudyText:
    """Text in one kind of tokens, enough for so many steps of each network."""
    return study_text(corpus, steps, ByteTokenizer() if tokens == "bytes" else None, (STEP_SEQUENCES, SEQUENCE_TOKENS))


class OneGateSite(StudySite):
    """A slow memory and a fast state read through one bias-free address and one gate."""

    def __init__(self, config: ModelConfig, fast: str) -> None:
        """Make a site whose fast read is of the given kind."""
        super().__init__(config, fast)
        self.address = nn.Linear(config.width, config.site_slots, bias=False)
        self.gate_slow = nn.Parameter(torch.zeros(()))
        self.gate_fast = self.gate_slow  # one parameter under both names, so that the reads share it
        nn.init.normal_(self.slow, std=AUTHOR_SLOW_STD)


def one_gate_config(vocab_size: int, fast: FastSettings) -> ModelConfig:
    """A network small enough for hundreds of steps in seconds, with a site of 64 slots after each of its levels."""
    return ModelConfig(
        vocab_size=vocab_size,
        width=48,
        heads=2,
        neurons=32,
        levels=LEVELS,
        context=SEQUENCE_TOKENS,
        site_levels=tuple(range(1, LEVELS + 1)),
        site_slots=AUTHOR_SLOTS,
        fast_rate=fast.rate,
        fast_decay=fast.decay,
    )


def one_gate_network(config: ModelConfig, fast: Sequence[str], seed: int) -> Network:
    """A network with a fast read of the given kind at each site; those of one seed start alike."""
    torch.manual_seed(seed)
    network = Network(config)
    network.sites = nn.ModuleList(OneGateSite(config, kind) for kind in fast)
    return network


@dataclass(frozen=True, slots=True)
class OneGateLook:
    """What is seen at one step of networks that are trained side by side, before the step changes them.

    Attributes:
        step: from 1.
        loss: (R,), of each network's batch, nats per token.
        gates: (R, L), tanh of the gate of each level.
        gradients: (R, L), norm of the gradient of each level's slow memory, before clipping.
        pull_slow: (R, L), minus sum G . q S: above 0 the loss falls as tanh(gate) rises, for what the slow read adds.
        pull_fast: (R, L), the same of the fast read.
    """

    step: int
    loss: Tensor
    gates: Tensor
    gradients: Tensor
    pull_slow: Tensor
    pull_fast: Tensor


def train_side_by_side(
    networks: Sequence[Network],
    text: StudyText,
    steps: int,
    seeds: Sequence[int],
    lent: Tensor | None = None,
    level: int = 0,
    note_gates: Callable[[Tensor], None] = lambda gates: None,
) -> Iterator[OneGateLook]:
    """Train networks of one construction, each on batches and with gradients of its own; a look every few steps.

    Args:
        networks: R of them, alike in all but their parameters; they have the trained ones when the iterator ends.
        text: to train on.
        steps: in all.
        seeds: (R,), of each network's batches.
        lent: (steps, R), gates of another training, not tanh, to be used at one level in place of its own; or None.
        level: where, from 0.
        note_gates: called with the gates (R, L), not tanh, before each step.
    """
    settings = dataclasses.replace(TRAINING, warmup=max(1, steps // 10))
    samplers = [WindowSampler(text.tokens, SEQUENCE_TOKENS, seed) for seed in seeds]
    device = networks[0].embed.weight.device
    parameters, buffers = stack_module_state(list(networks))
    names = [f"sites.{number}" for number in range(len(networks[0].sites))]
    slow = [parameters[f"{name}.slow"] for name in names]
    gates = [parameters[f"{name}.gate_slow"] for name in names]
    if lent is not None:
        gates[level].requires_grad_(False)
    learnt = [parameter for parameter in parameters.values() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(
        learnt, lr=settings.rate, betas=settings.betas, weight_decay=settings.weight_decay, fused=True
    )

    def loss_of(values: dict[str, Tensor], fixed: dict[str, Tensor], ids: Tensor) -> Tensor:
        stream: Tensor = functional_call(networks[0], (values, fixed), (ids[:, :-1],))
        logits = F.linear(stream, values["embed.weight"])
        return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())

    losses_of = vmap(loss_of, randomness="different")
    for step in range(steps):
        if lent is not None:
            with torch.no_grad():
                gates[level].copy_(lent[step])
        note_gates(torch.stack([gate.detach() for gate in gates], 1))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(settings, step, step / steps)
        ids = np.stack([sampler.batch(step * STEP_SEQUENCES, STEP_SEQUENCES) for sampler in samplers])
        losses = losses_of(parameters, buffers, torch.from_numpy(ids).to(device))
        losses.sum().backward()  # type: ignore[no-untyped-call]
        look = None
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            look = _look(step + 1, losses.detach(), slow, gates)
        _clip(learnt, settings.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if look is not None:
            yield look
    with torch.no_grad():
        for number, network in enumerate(networks):
            for name, parameter in network.named_parameters():
                parameter.copy_(parameters[name][number])


def _look(step: int, losses: Tensor, slow: Sequence[Tensor], gates: Sequence[Tensor]) -> OneGateLook:
    columns: list[tuple[Tensor, ...]] = []
    with torch.no_grad():
        for memory, gate in zip(slow, gates, strict=True):
            opened = gate.tanh()
            gradient = torch.zeros_like(memory) if memory.grad is None else memory.grad
            whole = torch.zeros_like(gate) if gate.grad is None else -gate.grad / (1.0 - opened**2)
            shut = opened == 0.0
            own = torch.where(shut, 0.0, -(memory * gradient).sum((1, 2)) / torch.where(shut, 1.0, opened))
            columns.append((opened, gradient.flatten(1).norm(dim=1), own, whole - own))
    parts = (torch.stack(part, 1) for part in zip(*columns, strict=True))
    return OneGateLook(step, losses, *parts)


@torch.no_grad()
def _clip(stacked: Sequence[Tensor], most: float) -> None:
    """Bound the norm of each network's gradient, over its part of all parameters (R, ...)."""
    given = [parameter.grad for parameter in stacked if parameter.grad is not None]
    norms = torch.stack(
        [gradient.flatten(1).norm(dim=1) if gradient.ndim > 1 else gradient.abs() for gradient in given]
    )
    scale = (most / (norms.norm(dim=0) + 1e-6)).clamp(max=1.0)  # (R,)
    for gradient in given:
        gradient.mul_(scale.view(-1, *(1,) * (gradient.ndim - 1)))


@dataclass(frozen=True, slots=True)
class Runs:
    """Trained networks of an experiment, each kind once: those that an earlier call finished are not made again.

    Attributes:
        experiment: that they are of.
        corpus: text to train on.
        folder: where finished runs are kept.
        steps: of each run.
        seeds: networks of each kind.
        note: called with a line for each kind.
        measure: of the trained networks and their text, figures to keep besides the looks.
    """

    experiment: str
    corpus: str
    folder: Path
    steps: int
    seeds: int
    note: Note
    measure: Callable[[Sequence[Network], StudyText], dict[str, Any]] = lambda networks, text: {}

    def get(
        self,
        tokens: str,
        setting: str,
        kind: str,
        placed: Sequence[str],
        lent: Gates = (),
    ) -> dict[str, Any]:
        """Figures of one kind: for each look and seed the loss, and for each level what ``OneGateLook`` has of it.

        Args:
            tokens: kind of tokens.
            setting: of the fast state.
            kind: its name, for the note and to tell it from others.
            placed: the fast read at each level.
            lent: gates (steps, R, L) of another kind to be used at the last level; nothing for its own.
        """
        depends = {name: getattr(self, name) for name in ("experiment", "corpus", "steps", "seeds")}
        shape = {"rows": STEP_SEQUENCES, "context": SEQUENCE_TOKENS, "training": dataclasses.asdict(TRAINING)}
        named = {"tokens": tokens, "kind": kind, "placed": list(placed), **dataclasses.asdict(FAST_SETTINGS[setting])}
        found = kept(
            self.folder,
            depends | shape | named,
            lambda: self._train(one_gate_text(self.corpus, self.steps, tokens), setting, placed, lent),
        )
        loss = statistics.mean(found["loss"][-1])
        self.note(f"{tokens}, {SETTING_LABELS[setting]}, {kind}: loss {loss:.3f} nats per token")
        return found

    def _train(self, text: StudyText, setting: str, placed: Sequence[str], lent: Gates) -> dict[str, Any]:
        config = one_gate_config(text.vocab_size, FAST_SETTINGS[setting])
        networks = [one_gate_network(config, placed, seed) for seed in range(self.seeds)]
        level = LEVELS - 1
        gates = torch.tensor(lent)[..., level] if lent else None
        every: list[Tensor] = []
        looks = list(train_side_by_side(networks, text, self.steps, range(self.seeds), gates, level, every.append))
        columns = ("loss", "gates", "gradients", "pull_slow", "pull_fast")
        return {
            "marks": [look.step for look in looks],
            "every_gate": torch.stack(every).tolist(),
            **{name: [getattr(look, name).tolist() for look in looks] for name in columns},
            **self.measure(networks, text),
        }
