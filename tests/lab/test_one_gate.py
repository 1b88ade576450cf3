"""The author's construction agrees with a slow, obvious reference, and what is read off its gradients is true."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.network import Network, layer_norm
from bdh_workbench.training.corpus import WindowSampler
from lab.networks import one_gate, study
from tests.core_factory import general_ids, tiny_config

CONFIG = tiny_config(site_levels=(1, 2), fast_rate=0.05, fast_decay=0.9)


def text() -> study.StudyText:
    ids = general_ids()
    return study.StudyText(np.tile(ids, 8), torch.from_numpy(ids[: 6 * 33].reshape(6, 33)), 257)


def site_of(config: ModelConfig, gate: float, kind: str = study.HEBBIAN_STATE) -> one_gate.OneGateSite:
    torch.manual_seed(0)
    site = one_gate.OneGateSite(config, kind)
    with torch.no_grad():
        site.gate_slow.fill_(gate)
        site.slow.mul_(20.0)
    return site


def slowly(site: one_gate.OneGateSite, h: Tensor) -> tuple[Tensor, Tensor]:
    """Stream (B, T, D) and last fast state (B, M, D) by the formulas as they are printed, one token after the other."""
    weights, gate = site.address.weight, torch.tanh(site.gate_slow)
    streams, states = [], []
    for sequence in h:
        fast = torch.zeros_like(site.slow)
        row = []
        for token in sequence:
            q = torch.stack([F.relu(weight @ token) for weight in weights])
            q = q / max(1.0, float(q.detach().sum())) if float(q.detach().sum()) <= 1.0 else q / q.sum()
            read = sum(q[slot] * site.slow[slot] + q[slot] * fast[slot] for slot in range(len(q)))
            row.append(layer_norm(token + gate * read))
            fast = site.decay * fast + site.rate * torch.outer(q, token)
        streams.append(torch.stack(row))
        states.append(fast)
    return torch.stack(streams), torch.stack(states)


@pytest.mark.parametrize("scale", [0.05, 2.0], ids=["weak addresses", "strong addresses"])
def test_a_site_is_what_the_formulas_say(scale: float) -> None:
    site = site_of(CONFIG, -0.7)
    h = scale * torch.randn(2, 7, CONFIG.width)
    out, q = site(h, None, None)
    expected, state = slowly(site, h)
    assert torch.allclose(out, expected, atol=1e-5)
    assert torch.allclose(site.next_fast(q, h, None), state, atol=1e-5)
    weights = torch.randn_like(out)
    parameters = (site.slow, site.gate_slow, site.address.weight)
    found = torch.autograd.grad((out * weights).sum(), parameters)
    wanted = torch.autograd.grad((expected * weights).sum(), parameters)
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-4, rtol=1e-4)


def test_the_fast_state_passes_from_one_part_of_a_text_to_the_next() -> None:
    network = one_gate.one_gate_network(CONFIG, (study.HEBBIAN_STATE,) * 2, 0)
    with torch.no_grad():
        for site in network.sites:
            site.gate_slow.fill_(0.5)  # type: ignore[operator]
    ids = torch.randint(256, (2, 12))
    first, state = network.advance(ids[:, :5])
    rest, _ = network.advance(ids[:, 5:], state)
    assert torch.allclose(torch.cat((first, rest), 1), network(ids), atol=1e-5)


def test_one_gate_is_one_parameter_and_starts_shut() -> None:
    network = one_gate.one_gate_network(
        one_gate.one_gate_config(257, one_gate.FAST_SETTINGS["author"]), ("none",) * 2, 1
    )
    names = [name for name, _ in network.named_parameters() if "gate" in name or "bias" in name]
    assert names == [f"sites.{number}.gate_slow" for number in range(2)]
    for site in network.sites:
        assert isinstance(site, one_gate.OneGateSite)
        assert not site.gate_slow.detach() and site.gate_fast is site.gate_slow
        assert site.slow.shape == (64, 48) and float(site.slow.detach().std()) == pytest.approx(0.02, rel=0.1)
        assert (site.rate, site.decay) == (1e-3, 0.995)


def test_networks_of_one_seed_start_alike_whatever_their_fast_state() -> None:
    first, second = (
        one_gate.one_gate_network(CONFIG, (kind,) * 2, 3) for kind in (study.HEBBIAN_STATE, study.NO_STATE)
    )
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    ids = torch.randint(256, (2, 12))
    assert torch.equal(first(ids), second(ids)), "with the gates shut nothing is read"


def trained(kinds: tuple[str, str], seeds: list[int], steps: int = 20) -> tuple[list[Network], one_gate.OneGateLook]:
    networks = [one_gate.one_gate_network(CONFIG, kinds, seed) for seed in seeds]
    *_, last = one_gate.train_side_by_side(networks, text(), steps, seeds)
    return networks, last


def test_networks_trained_side_by_side_are_those_trained_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_gate, "SEQUENCE_TOKENS", 32)
    kinds = (study.HEBBIAN_STATE, study.OTHER_STATE)
    together, looks = trained(kinds, [0, 1])
    (alone,), look = trained(kinds, [1])
    assert not torch.allclose(together[0].embed.weight, together[1].embed.weight, atol=1e-3)
    for one, other in zip(together[1].parameters(), alone.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    for field in dataclasses.fields(look):
        if field.name != "step":
            assert torch.allclose(getattr(looks, field.name)[1], getattr(look, field.name)[0], rtol=1e-2, atol=1e-4)


def test_a_step_is_that_of_adamw_on_a_clipped_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_gate, "SEQUENCE_TOKENS", 32)
    (network,), look = trained((study.HEBBIAN_STATE, study.NO_STATE), [2], steps=1)
    slow = one_gate.one_gate_network(CONFIG, (study.HEBBIAN_STATE, study.NO_STATE), 2)
    settings = dataclasses.replace(one_gate.TRAINING, warmup=1)
    optimiser = torch.optim.AdamW(
        slow.parameters(), lr=settings.rate, betas=settings.betas, weight_decay=settings.weight_decay
    )
    ids = torch.from_numpy(WindowSampler(text().tokens, 32, 2).batch(0, one_gate.STEP_SEQUENCES))
    loss = F.cross_entropy(slow.logits(slow(ids[:, :-1])).flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()  # type: ignore[no-untyped-call]
    assert float(look.loss) == pytest.approx(float(loss.detach()), rel=1e-5)
    torch.nn.utils.clip_grad_norm_(slow.parameters(), settings.clip)
    optimiser.step()
    for one, other in zip(network.parameters(), slow.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_what_pulls_a_gate_is_read_off_the_gradients() -> None:
    """Against sums worked out with the gradient at the stream itself."""
    site = site_of(CONFIG, 0.3)
    h = torch.randn(2, 7, CONFIG.width)
    q = F.relu(site.address(h))
    q = q / q.sum(-1, keepdim=True).clamp(min=1.0)
    slow, fast = q @ site.slow, site.fast_read(q, h, None)
    mixed = h + torch.tanh(site.gate_slow) * (slow + fast)
    mixed.retain_grad()
    (layer_norm(mixed) * torch.randn_like(h)).sum().backward()  # type: ignore[no-untyped-call]
    assert mixed.grad is not None
    slow_memory, gate = site.slow.detach()[None], site.gate_slow.detach()[None]
    slow_memory.grad, gate.grad = site.slow.grad[None], site.gate_slow.grad[None]  # type: ignore[index]
    look = one_gate._look(1, torch.zeros(1), [slow_memory], [gate])
    assert float(look.pull_slow) == pytest.approx(-float((mixed.grad * slow).sum().detach()), rel=1e-3)
    assert float(look.pull_fast) == pytest.approx(-float((mixed.grad * fast).sum().detach()), rel=1e-3)
    assert float(look.gradients) == pytest.approx(float(site.slow.grad.norm()))  # type: ignore[union-attr]


def test_a_lent_gate_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_gate, "SEQUENCE_TOKENS", 32)
    lent = torch.linspace(0.5, 0.9, 20)[:, None]
    network = one_gate.one_gate_network(CONFIG, (study.NO_STATE,) * 2, 0)
    noted: list[Tensor] = []
    looks = list(one_gate.train_side_by_side([network], text(), 20, [0], lent, 1, noted.append))
    assert [float(look.gates[0, 1]) for look in looks] == pytest.approx(lent[[9, 19], 0].tanh().tolist())
    assert torch.equal(torch.stack(noted)[:, 0, 1], lent[:, 0])
    assert float(looks[-1].gates[0, 0]) != 0.0, "the other level has a gate of its own"


def test_nothing_reaches_the_slow_memory_of_a_shut_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_gate, "SEQUENCE_TOKENS", 32)
    network = one_gate.one_gate_network(CONFIG, (study.HEBBIAN_STATE,) * 2, 0)
    (look,) = one_gate.train_side_by_side([network], text(), 1, [0], torch.zeros(1, 1), 1)
    assert float(look.gradients[0, 1]) == 0.0
