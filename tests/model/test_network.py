"""The network against a slow, obvious reference, and what generation relies on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.network import (
    TOKENS_AT_ONCE,
    MemorySite,
    Network,
    NetworkState,
    Trace,
    parameter_shapes,
    rotary_tables,
    rotate,
)
from tests.core_factory import random_network, tiny_config

Array = npt.NDArray[np.float64]


@pytest.mark.parametrize("sites", [[], [1], [1, 2]])
def test_shapes_are_known_without_a_network(sites: list[int]) -> None:
    config = tiny_config(site_levels=tuple(sites))
    made = {name: tuple(parameter.shape) for name, parameter in Network(config).named_parameters()}
    assert parameter_shapes(config) == made


def norm(vector: Array) -> Array:
    return (vector - vector.mean()) / np.sqrt(vector.var() + 1e-5)


def turned(neurons: Array, position: int, theta: float) -> Array:
    """One head's neurons (N,) with each pair (j, j + N/2) turned by its phase."""
    count = len(neurons)
    out = np.empty(count)
    for j in range(count // 2):
        phase = position * theta ** (-2.0 * j / count)
        a, b = neurons[j], neurons[j + count // 2]
        out[j] = a * math.cos(phase) - b * math.sin(phase)
        out[j + count // 2] = a * math.sin(phase) + b * math.cos(phase)
    return out


def reference_site(p: dict[str, Array], prefix: str, stream: Array, config: ModelConfig) -> Array:
    """A memory site over one sequence (T, D), with the fast state written out step by step."""
    fast = np.zeros((config.site_slots, config.width))
    out = np.empty_like(stream)
    for t, h in enumerate(stream):
        q = np.maximum(p[f"{prefix}.address.weight"] @ h + p[f"{prefix}.address.bias"], 0.0)
        q = q / max(1.0, q.sum())
        slow = math.tanh(p[f"{prefix}.gate_slow"].item()) * (q @ p[f"{prefix}.slow"])
        hebbian = math.tanh(p[f"{prefix}.gate_fast"].item()) * (q @ fast)
        out[t] = norm(h + slow + hebbian)
        fast = config.fast_decay * fast + config.fast_rate * np.outer(q, h)
    return out


def reference(network: Network, ids: list[int]) -> Array:
    """The stream (T, D) after the last level, as section 2 of the design says it, one token and one head at a time."""
    config = network.config
    p = {name: value.detach().double().numpy() for name, value in network.named_parameters()}
    heads, count = config.heads, config.neurons
    encoder = p["encoder.weight"].reshape(heads, count, config.width)
    x = np.stack([norm(p["embed.weight"][i]) for i in ids])
    for level in range(1, config.levels + 1):
        sparse = np.maximum(np.einsum("hnd,td->thn", encoder, x), 0.0)
        out = np.empty_like(x)
        for t in range(len(ids)):
            y = np.zeros(heads * count)
            for head in range(heads):
                attended = np.zeros(config.width)
                for s in range(t):  # strictly before t
                    here = turned(sparse[t, head], t, config.rope_theta)
                    there = turned(sparse[s, head], s, config.rope_theta)
                    attended += (here @ there) * x[s]
                gate = np.maximum(norm(attended) @ p["encoder_v"][head], 0.0)
                y[head * count : (head + 1) * count] = sparse[t, head] * gate
            out[t] = norm(x[t] + norm(p["decoder.weight"] @ y))
        x = out
        if level in config.site_levels:
            x = reference_site(p, f"sites.{config.site_levels.index(level)}", x, config)
    return x


def some_ids(batch: int, length: int, seed: int = 0, vocab: int = 257) -> Tensor:
    return torch.randint(0, vocab, (batch, length), generator=torch.Generator().manual_seed(seed))


TWO_SITES = random_network(tiny_config(site_levels=(1, 2), fast_decay=0.9), seed=1).eval()


@pytest.fixture(scope="module")
def network() -> Network:
    return random_network(tiny_config()).eval()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"site_levels": (1, 2), "fast_decay": 0.7, "fast_rate": 2.5},
        {"site_levels": (), "heads": 1, "levels": 1, "rope_theta": 100.0},
        {"levels": 3, "site_levels": (3,), "heads": 3, "neurons": 10, "width": 12},
    ],
)
@pytest.mark.parametrize("bias", [0.1, -1.5], ids=["strong addresses", "weak addresses"])
def test_the_network_is_what_the_formulas_say(changes: dict[str, Any], bias: float) -> None:
    network = random_network(tiny_config(**changes), seed=3)
    with torch.no_grad():
        for site in network.sites:
            site.gate_slow.fill_(-0.8)
            site.gate_fast.fill_(1.3)
            site.address.bias.fill_(bias)
    ids = some_ids(2, 11, seed=4)
    with torch.no_grad():
        stream = network(ids)
        scores = network.logits(stream)
    for row in range(2):
        wanted = reference(network, ids[row].tolist())
        np.testing.assert_allclose(stream[row].numpy(), wanted, atol=1e-4)
        head = network.embed.weight.detach().double().numpy()
        np.testing.assert_allclose(scores[row].numpy(), wanted @ head.T, atol=1e-3)


@torch.no_grad()
def in_calls(network: Network, ids: Tensor, cuts: list[int]) -> tuple[Tensor, NetworkState]:
    """The stream over ``ids`` handed over in pieces that end at ``cuts`` and at the end."""
    streams, state, start = [], None, 0
    for stop in [*sorted(cuts), ids.shape[1]]:
        if stop > start:
            stream, state = network.advance(ids[:, start:stop], state)
            streams.append(stream)
            start = stop
    assert state is not None
    return torch.cat(streams, dim=1), state


@settings(max_examples=25)
@given(st.integers(1, 40), st.lists(st.integers(0, 40), max_size=6), st.integers(0, 1000))
def test_a_text_may_be_cut_into_calls_anywhere(length: int, cuts: list[int], seed: int) -> None:
    network = TWO_SITES
    ids = some_ids(2, length, seed)
    with torch.no_grad():
        parallel = network(ids)
    stepwise, state = in_calls(network, ids, [cut for cut in cuts if cut < length])
    torch.testing.assert_close(stepwise, parallel, atol=1e-4, rtol=1e-4)
    assert state.position == length


def test_token_by_token_is_the_same_as_all_at_once(network: Network) -> None:
    ids = some_ids(1, 70, seed=2)
    one_by_one, state = in_calls(network, ids, list(range(1, 70)))
    with torch.no_grad():
        at_once, other = network.advance(ids)
    torch.testing.assert_close(one_by_one, at_once, atol=1e-4, rtol=1e-4)
    for a, b in zip([*state.attention, *state.fast], [*other.attention, *other.fast], strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)


def test_texts_longer_than_a_chunk_are_read_in_chunks(network: Network) -> None:
    ids = some_ids(1, TOKENS_AT_ONCE + 90, seed=5)
    with torch.no_grad():
        whole, _ = network.advance(ids)
        first, state = network.advance(ids[:, : TOKENS_AT_ONCE - 3])
        second, _ = network.advance(ids[:, TOKENS_AT_ONCE - 3 :], state)
        alone = network(ids)
    torch.testing.assert_close(torch.cat((first, second), dim=1), whole, atol=1e-4, rtol=1e-4)
    assert torch.equal(alone, whole)


def test_whole_texts_are_read_without_the_state_after_them(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(MemorySite, "next_fast", lambda *given: made.append(1))
    with torch.no_grad():
        network(some_ids(2, TOKENS_AT_ONCE))
    assert not made


def test_sequences_of_a_batch_know_nothing_of_each_other(network: Network) -> None:
    ids = some_ids(3, 20, seed=6)
    changed = ids.clone()
    changed[1] = some_ids(1, 20, seed=7)
    with torch.no_grad():
        before, state = network.advance(ids[:, :9])
        after, other = network.advance(changed[:, :9])
        assert torch.equal(before[[0, 2]], after[[0, 2]])
        assert not torch.equal(before[1], after[1])
        ahead, _ = network.advance(ids[:, 9:], state)
        turn, _ = network.advance(changed[:, 9:], other)
        alone, _ = network.advance(ids[2:, :9])
    assert torch.equal(ahead[[0, 2]], turn[[0, 2]])
    torch.testing.assert_close(alone[0], before[2], atol=1e-5, rtol=1e-5)


def test_nothing_looks_ahead(network: Network) -> None:
    ids = some_ids(1, 24, seed=8)
    with torch.no_grad():
        base = network(ids)
        for place in (0, 7, 23):
            changed = ids.clone()
            changed[0, place] = (changed[0, place] + 1) % 257
            stream = network(changed)
            assert torch.equal(stream[:, :place], base[:, :place])
            assert not torch.equal(stream[:, place], base[:, place])
            if place < 23:
                assert not torch.equal(stream[:, -1], base[:, -1])


def test_attention_leaves_out_the_token_itself() -> None:
    """With everything but attention's own read of x cut off, the first token attends to nothing at all."""
    network = random_network(tiny_config(levels=1, site_levels=()), seed=2)
    with torch.no_grad():
        stream = network(some_ids(1, 1))
        embedded = torch.nn.functional.layer_norm(network.embed.weight[some_ids(1, 1)], (32,))
    torch.testing.assert_close(stream, torch.nn.functional.layer_norm(embedded, (32,)), atol=1e-5, rtol=1e-5)


def test_phases_are_exact_far_into_a_text() -> None:
    cos, sin = rotary_tables(24, 65536.0, 10_000, 1)
    for j in range(12):
        phase = math.fmod(10_000 * 65536.0 ** (-2.0 * j / 24), 2.0 * math.pi)
        assert cos[0, j].item() == pytest.approx(math.cos(phase), abs=2e-7)
        assert sin[0, j].item() == pytest.approx(math.sin(phase), abs=2e-7)
    single = torch.tensor(10_000.0) * torch.tensor(65536.0) ** (-torch.arange(12.0) / 12.0)
    assert (single.cos() - cos[0]).abs().max() > 1e-5, "phases in fp32 would be as good: this test shows nothing"


def test_the_stream_is_right_at_position_ten_thousand(network: Network) -> None:
    """Reading from position 10,000 is reading with phases from there on: the state tells the position."""
    config = network.config
    none = NetworkState(
        10_000,
        [torch.zeros(1, config.heads, config.neurons, config.width) for _ in range(config.levels)],
        [torch.zeros(1, config.site_slots, config.width)],
    )
    ids = some_ids(1, 8, seed=9)
    with torch.no_grad():
        far, state = network.advance(ids, none)
        near, _ = network.advance(ids)
    assert state.position == 10_008
    # Only differences of positions matter, and phases are exact, so that the shift changes nothing else.
    torch.testing.assert_close(far, near, atol=1e-4, rtol=1e-4)


def test_turning_keeps_lengths_and_knows_only_distances() -> None:
    s = torch.rand(2, 16, generator=torch.Generator().manual_seed(0))
    products = []
    for start in (0, 1000):
        cos, sin = rotary_tables(16, 10_000.0, start, 8)
        first, second = rotate(s[:1], cos[:1], sin[:1]), rotate(s[1:], cos[5:6], sin[5:6])
        torch.testing.assert_close(first.norm(), s[0].norm(), atol=1e-5, rtol=1e-5)
        products.append(float(first @ second.T))
    assert products[0] == pytest.approx(products[1], abs=1e-4)


def test_a_state_that_was_given_stays_as_it_was(network: Network) -> None:
    with torch.no_grad():
        _, state = network.advance(some_ids(2, 9))
        copies = [t.clone() for t in (*state.attention, *state.fast)]
        first, _ = network.advance(some_ids(2, 5, seed=1), state)
        second, _ = network.advance(some_ids(2, 5, seed=1), state)
    assert torch.equal(first, second)
    assert state.position == 9
    assert all(torch.equal(a, b) for a, b in zip((*state.attention, *state.fast), copies, strict=True))


def test_calls_leave_nothing_behind(network: Network) -> None:
    with torch.no_grad():
        first, _ = network.advance(some_ids(1, 12))
        network.advance(some_ids(1, 12, seed=3))
        again, _ = network.advance(some_ids(1, 12))
    assert torch.equal(first, again)


def test_gradient_flows_to_every_parameter() -> None:
    torch.manual_seed(0)
    network = Network(tiny_config(site_levels=(1, 2)))
    ids = some_ids(4, 20)
    torch.nn.functional.cross_entropy(network.logits(network(ids)).flatten(0, 1), ids.roll(-1, 1).flatten()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and float(parameter.grad.abs().sum()) > 0.0, name
    for site in network.sites:
        # Neither gate nor slot starts at a saddle, from which no gradient would lead away.
        for gate in (site.gate_slow, site.gate_fast):
            assert float(gate.grad.abs()) > 0.0
            assert 0.09 < float(torch.tanh(gate.detach())) < 0.11


def test_a_trace_tells_what_each_site_added(network: Network) -> None:
    ids = some_ids(2, 10)
    trace = Trace([], [])
    with torch.no_grad():
        traced, _ = network.advance(ids, None, trace)
        plain, _ = network.advance(ids)
    assert torch.equal(traced, plain)
    assert len(trace.sites) == 1 and len(trace.sparsity) == 2
    site = trace.sites[0]
    for part in (site.stream, site.slow, site.fast, site.active, *trace.sparsity):
        assert part.shape == (2, 10) and bool(torch.isfinite(part).all())
    assert float(site.fast[:, 0].abs().max()) == 0.0, "nothing can be remembered at the first token"
    assert float(site.fast[:, 1:].min()) > 0.0
    assert 0.0 < float(trace.sparsity[0].mean()) < 1.0


def test_mixed_precision_keeps_phases_and_norms_exact(network: Network) -> None:
    ids = some_ids(1, 30)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        half = network(ids)
    with torch.no_grad():
        full = network(ids)
    assert float((half - full).norm() / full.norm()) < 0.1
