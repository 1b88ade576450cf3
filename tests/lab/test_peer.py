"""GPT-2 as BDH's peer: as many parameters, causal, tied, and trained by the loop that trains BDH."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from bdh_workbench.errors import UserError
from bdh_workbench.model.network import Network
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.training.config import TrainingConfig, load_configs
from bdh_workbench.training.distributed import Ranks
from bdh_workbench.training.optimisers import make_adamw
from bdh_workbench.training.pretrain import Pretraining, held_out_loss
from lab.networks.gpt2 import PeerConfig, PeerNetwork, peer_config
from tests.core_factory import general_ids, tiny_config

LENGTH = 16
CONFIG = PeerConfig(vocab_size=257, width=32, heads=2, layers=2, inner=48, context=2 * LENGTH)


def peer(config: PeerConfig = CONFIG) -> PeerNetwork:
    torch.manual_seed(0)
    return PeerNetwork(config)


@pytest.mark.parametrize("name", ["tiny", "small", "bdh-30m"])
def test_the_peer_has_as_many_parameters(name: str) -> None:
    shape, settings = load_configs(name)
    with torch.device("meta"):
        parameters = sum(p.numel() for p in Network(shape).parameters())
    found = peer_config(shape, parameters, max(settings.early_context, settings.late_context))
    assert found.parameters == pytest.approx(parameters, rel=0.01)
    assert found.width == shape.width and found.width % found.heads == 0
    with torch.device("meta"):
        made = PeerNetwork(found)
    assert sum(p.numel() for p in made.parameters()) == found.parameters


def test_a_peer_that_cannot_be_is_refused() -> None:
    with pytest.raises(UserError, match="There is no GPT-2 of 100 parameters"):
        peer_config(tiny_config(), 100, 32)


def test_the_peer_is_causal_and_tied() -> None:
    network = peer().eval()
    ids = torch.randint(256, (2, LENGTH))
    whole = network(ids)
    ids[:, -1] = 0
    assert torch.allclose(network(ids)[:, :-1], whole[:, :-1])
    names = [name for name, _ in network.named_parameters()]
    assert names[0] == "embed.weight" and not any("wte" in name for name in names)
    assert torch.equal(network.logits(whole), whole @ network.embed.weight.T)


def test_weight_decay_leaves_the_embedding_alone() -> None:
    network = peer()
    decayed, plain = make_adamw(network, TrainingConfig()).param_groups
    assert any(p is network.embed.weight for p in plain["params"])
    assert len(decayed["params"]) + len(plain["params"]) == len(list(network.parameters()))


def test_the_loop_that_trains_bdh_trains_it_and_resumes(tmp_path: Path) -> None:
    settings = TrainingConfig(
        early_rows=4, late_rows=2, early_context=LENGTH, late_context=2 * LENGTH, tokens=40 * 4 * LENGTH, rate=1e-2,
        final_rate=1e-3, warmup=3, synthetic=0.0, compile=False,
    )  # fmt: skip
    tokens = np.tile(general_ids(), 3)
    validation = torch.from_numpy(tokens[: 8 * (LENGTH + 1)].reshape(8, LENGTH + 1))

    def run(network: PeerNetwork) -> Pretraining:
        alone = Ranks(0, 1, torch.device("cpu"))
        return Pretraining(cast(Network, network), ByteTokenizer(), tokens, validation, settings, alone, tmp_path)

    network = peer()
    before = held_out_loss(cast(Network, network), validation)
    first = run(network)
    first.run(lambda: first.progress.step >= 20)
    again = peer()
    second = run(again)
    assert second.resume() and second.progress.step == 20
    progress = second.run()
    assert progress.tokens >= settings.tokens
    assert held_out_loss(cast(Network, again), validation) < before - 1.0


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"needs the extra “bench”"):
        peer()
