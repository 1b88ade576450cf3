"""Rivals that change weights of the backbone: all of them, those of the head alone, or a LoRA adapter of rank 8.

They see what the gradient write sees: the same write items, framings and windows included, and the same weighted
cross-entropy. They take at most as many steps of Adam, and stop, as it does, when every token has passed its p twice in
a row.
"""

from __future__ import annotations

import copy
import dataclasses
from abc import abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.batches import padded_batches
from bdh_workbench.memory.writing.bank import CHECKED_TWICE
from bdh_workbench.memory.writing.encoding import WriteItem, write_items
from bdh_workbench.memory.writing.losses import kl_divergence, weighted_cross_entropy
from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import Network
from bdh_workbench.reading.reader import Reader
from lab.rivals.rival import Rival
from lab.rivals.settings import TuningSettings

RANK = 8  # of LoRA
STEP_LOCAL_WINDOWS = 4  # of unrelated text in each step, where there is such a term
BYTES = 4  # of a number


class Tuned(Rival):
    """The backbone with some of its weights tuned, in sequence where there are several writes."""

    def __init__(self, model: Model, settings: TuningSettings, write: WriteSettings) -> None:
        """Begin with a copy of the backbone.

        Args:
            model: stays as it is.
            settings: rate and weight of locality.
            write: gives the most steps, the goal, the framings and the seed.
        """
        super().__init__(model)
        self.settings, self.limits = settings, write
        self.network = self._network()
        self.trained = [p for p in self.network.parameters() if p.requires_grad]

    @abstractmethod
    def _network(self) -> Network:
        """A network of its own whose tuned parameters, and no others, ask for gradients."""

    @property
    def bytes(self) -> int:
        """Of the tuned parameters."""
        return BYTES * sum(p.numel() for p in self.trained)

    @property
    def reader(self) -> Reader:
        """The tuned network, without a memory."""
        return Reader(dataclasses.replace(self.model, network=self.network))

    def write(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
        """Tune on these facts and documents, heedless of what was tuned on before."""
        model, limits = self.model, self.limits
        items = write_items(facts, documents, model, limits)
        batches = [_Batch.of(items, chosen, model) for chosen in padded_batches([len(i.ids) - 1 for i in items])]
        targets = torch.cat([batch.targets for batch in batches])
        owner = torch.cat([batch.owner for batch in batches])
        optimiser = torch.optim.Adam(self.trained, lr=self.settings.rate)
        random = torch.Generator().manual_seed(limits.seed)
        passed = step = 0
        with torch.enable_grad():
            while step < limits.steps:
                logits = torch.cat([self.network.logits(batch.stream(self.network)) for batch in batches])
                worst = float(logits.detach().softmax(1).gather(1, targets[:, None]).min())
                passed = passed + 1 if worst > limits.goal else 0
                if passed >= CHECKED_TWICE:
                    break
                loss = weighted_cross_entropy(logits, targets, owner, len(items)) + self._local(random)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                step += 1
        return step

    def _local(self, random: torch.Generator) -> Tensor:
        """The weighted KL to the untouched model on a few windows of unrelated text; 0 where it has no weight."""
        windows = self.model.calibration.locality
        if not self.settings.locality or not len(windows):
            return torch.zeros((), device=self.model.device)
        chosen = windows[torch.randperm(len(windows), generator=random)[:STEP_LOCAL_WINDOWS]].to(self.model.device)
        with torch.no_grad():
            reference = self.model.network.logits(self.model.network(chosen)).flatten(0, 1)
        tuned = self.network.logits(self.network(chosen)).flatten(0, 1)
        return self.settings.locality * kl_divergence(reference, tuned)


@dataclasses.dataclass(frozen=True, slots=True)
class _Batch:
    """Items of similar length, padded: ids (B, T), which positions are targets, and what stands there."""

    ids: Tensor
    chosen: Tensor
    targets: Tensor
    owner: Tensor

    @staticmethod
    def of(items: Sequence[WriteItem], numbers: Sequence[int], model: Model) -> _Batch:
        longest = max(len(items[n].ids) for n in numbers) - 1
        ids = torch.zeros(len(numbers), longest, dtype=torch.int64)
        chosen = torch.zeros(len(numbers), longest, dtype=torch.bool)
        targets: list[int] = []
        owner: list[int] = []
        for place, number in enumerate(numbers):
            item = items[number]
            ids[place, : len(item.ids) - 1] = torch.tensor(item.ids[:-1])
            chosen[place, item.first - 1 : len(item.ids) - 1] = True
            targets += item.ids[item.first :]
            owner += [number] * (len(item.ids) - item.first)
        device = model.device
        return _Batch(
            ids.to(device), chosen.to(device), torch.tensor(targets, device=device), torch.tensor(owner, device=device)
        )

    def stream(self, network: Network) -> Tensor:
        """The stream (m, D) at the target positions."""
        return network.advance(self.ids)[0][self.chosen]


class Full(Tuned):
    """Every parameter of the backbone is tuned."""

    def _network(self) -> Network:
        return copy.deepcopy(self.model.network).requires_grad_(True)


class HeadNetwork(Network):
    """A network whose head is not tied to its embedding."""

    def __init__(self, network: Network) -> None:
        """Copy a network; the head starts as its embedding."""
        super().__init__(network.config)
        self.load_state_dict(network.state_dict())
        self.requires_grad_(False).to(network.embed.weight.device)
        self.head = nn.Parameter(network.embed.weight.detach().clone())

    def logits(self, stream: Tensor) -> Tensor:
        """Scores (..., V) of the next token from the stream (..., D)."""
        return F.linear(stream, self.head)


class Head(Tuned):
    """Only the head is tuned, untied from the embedding."""

    def _network(self) -> Network:
        return HeadNetwork(self.model.network)


class Lora(Tuned):
    """LoRA (Hu et al. 2021) of rank 8 on encoder and decoder, by PEFT."""

    def _network(self) -> Network:
        try:
            from peft import LoraConfig, inject_adapter_in_model
        except ImportError:
            raise UserError(
                "The baseline with LoRA needs the extra “bench”: pip install 'bdh-memory-workbench[bench]'."
            ) from None
        torch.manual_seed(self.limits.seed)
        network = copy.deepcopy(self.model.network)
        config = LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=0.0, target_modules=["encoder", "decoder"])
        inject_adapter_in_model(config, network)  # in place
        return network
