"""The fused step on a CPU agrees with the network as it stands: gradients, the head's loss, the losses of a run."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.network import Network
from bdh_workbench.training import fused
from bdh_workbench.training.config import TrainingConfig, load_configs
from bdh_workbench.training.corpus import WindowSampler
from bdh_workbench.training.optimisers import make_optimisers
from bdh_workbench.training.pretrain import LanguageModel
from tests.core_factory import general_ids, tiny_config

STEPS = 30
CLOSE = 0.02  # nats by which the loss of a step may differ from fp32


def gradients(config: ModelConfig, dtype: torch.dtype | None) -> tuple[float, dict[str, Tensor]]:
    torch.manual_seed(0)
    network = Network(config)
    for parameter in network.parameters():
        parameter.data.mul_(3.0 if parameter.ndim else 1.0)  # as in a trained network, scores are not all alike
    ids = torch.randint(257, (3, 18))
    loss = LanguageModel(network, dtype)(ids)
    loss.backward()
    return float(loss.detach()), {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


def test_the_formulas_are_those_of_the_network() -> None:
    """In fp32 nothing is left but the order of sums."""
    config = tiny_config(levels=3, site_levels=())
    (loss, found), (exact, wanted) = gradients(config, torch.float32), gradients(config, None)
    assert loss == pytest.approx(exact, rel=1e-5) and found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        assert torch.allclose(found[name], gradient, atol=1e-4 * float(gradient.abs().max())), name


def test_gradients_agree_with_fp32_up_to_rounding() -> None:
    config = tiny_config(levels=3, site_levels=(1, 2))
    (loss, found), (exact, wanted) = gradients(config, torch.bfloat16), gradients(config, None)
    assert loss == pytest.approx(exact, abs=0.01) and found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        assert found[name].dtype == torch.float32
        if gradient.ndim:
            likeness = F.cosine_similarity(found[name].flatten(), gradient.flatten(), 0)
            # not closer: neurons near zero are switched by rounding
            assert likeness > 0.97, name
            assert float(found[name].norm() / gradient.norm()) == pytest.approx(1.0, abs=0.05), name


def test_fewer_levels_are_those_of_the_network() -> None:
    torch.manual_seed(0)
    network, ids = Network(tiny_config(levels=3)), torch.randint(257, (2, 10))
    assert torch.allclose(fused.stream_of(network, ids, 2, torch.bfloat16), network(ids, 2), atol=0.05)
    assert not torch.allclose(fused.stream_of(network, ids, 3, torch.bfloat16), network(ids, 2), atol=0.05)


@pytest.mark.parametrize("count", [1, fused.ROWS_AT_A_TIME, 2 * fused.ROWS_AT_A_TIME + 5])
def test_the_loss_of_the_head_is_cross_entropy(count: int) -> None:
    torch.manual_seed(0)
    stream, weight = torch.randn(count, 16).to(torch.bfloat16), torch.randn(50, 16).bfloat16().float()
    targets = torch.randint(50, (count,))
    found = []
    for kind in ("ours", "library"):
        x, w = stream.clone().requires_grad_(), weight.clone().requires_grad_()
        loss = fused.head_loss(x, w, targets) if kind == "ours" else F.cross_entropy(F.linear(x.float(), w), targets)
        torch.autograd.backward(3.0 * loss)
        assert x.grad is not None and w.grad is not None
        found.append((loss.detach(), x.grad.float(), w.grad))
    assert torch.allclose(found[0][0], found[1][0], rtol=5e-3)
    for ours, library in zip(found[0][1:], found[1][1:], strict=True):
        assert torch.allclose(ours, library, atol=0.02 * float(library.abs().max()))


@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
def test_the_losses_of_a_run_agree_with_fp32(optimiser: str) -> None:
    config, _ = load_configs("tiny")
    settings = TrainingConfig(optimiser=optimiser)
    losses = []
    for dtype in (None, torch.bfloat16):
        torch.manual_seed(0)
        network = Network(config)
        optimisers = make_optimisers(network, settings)
        sampler = WindowSampler(general_ids(), 32, 0)
        model, curve = LanguageModel(network, dtype), []
        for step in range(STEPS):
            ids = torch.from_numpy(sampler.batch(4 * step, 4))
            loss = model(ids)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for each in optimisers:
                each.step()
                each.zero_grad()
            curve.append(float(loss.detach()))
        losses.append(curve)
    assert losses[0][-1] < losses[0][0] - 0.3, "it learns"
    assert max(abs(a - b) for a, b in zip(*losses, strict=True)) < CLOSE


@pytest.mark.parametrize("slow", [torch.bfloat16, torch.float32])
def test_products_are_made_in_the_faster_type(slow: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    def product(one: Tensor, two: Tensor) -> Tensor:
        clock.now += 2.0 if one.dtype == slow else 1.0
        return one

    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(fused, "supported", lambda: True)
    monkeypatch.setattr(torch, "mm", product)
    monkeypatch.setattr(time, "perf_counter", lambda: clock.now)
    chosen = fused.product_type.__wrapped__("cpu")
    assert chosen != slow and chosen in (torch.bfloat16, torch.float32)


def test_a_processor_without_the_instructions_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "supported", lambda: False)
    monkeypatch.setattr(torch, "mm", None)
    assert fused.product_type.__wrapped__("cpu") == torch.float32
    assert fused.product_type.__wrapped__("cuda") == torch.bfloat16
    assert LanguageModel(Network(tiny_config())).fused is None
