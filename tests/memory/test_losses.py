"""Losses against plain numpy, the direct step on the reads, and the gradient steps on the slot."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.algebra import Basis, extend_basis
from bdh_workbench.memory.store.state import Rows
from bdh_workbench.memory.writing import losses
from bdh_workbench.memory.writing.direct import READ_STEPS, SLACK, direct_reads, log_odds
from bdh_workbench.memory.writing.gradient import (
    BETAS,
    Adam,
    Addresses,
    Cached,
    Local,
    Problem,
    gradient_steps,
    project_off,
)
from bdh_workbench.memory.writing.losses import (
    UNSURE,
    expected_codes,
    info_nce,
    kl_divergence,
    log_sums,
    mean_by_owner,
    weighted_cross_entropy,
)
from tests.memory.memory_factory import random_rows

Array = npt.NDArray[np.float64]


def softmax(logits: Array) -> Array:
    e = np.exp(logits - logits.max(-1, keepdims=True))
    out: Array = e / e.sum(-1, keepdims=True)
    return out


def random(*shape: int, seed: int = 0, scale: float = 2.0) -> Tensor:
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).float()


def as_array(tensor: Tensor) -> Array:
    return tensor.detach().double().numpy()


@settings(max_examples=40)
@given(st.integers(0, 1000), st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_cross_entropy_is_averaged_within_and_over_items_and_unsure_tokens_count_double(
    seed: int, item: list[int]
) -> None:
    logits = random(len(item), 7, seed=seed, scale=3.0)
    targets = torch.randint(0, 7, (len(item),), generator=torch.Generator().manual_seed(seed))
    p = softmax(as_array(logits))[np.arange(len(item)), targets.numpy()]
    means = []
    for number in sorted(set(item)):
        mine = [i for i in range(len(item)) if item[i] == number]
        weights = [2.0 if p[i] < UNSURE else 1.0 for i in mine]
        means.append(sum(w * -np.log(p[i]) for w, i in zip(weights, mine, strict=True)) / sum(weights))
    loss = weighted_cross_entropy(logits, targets, torch.tensor(item), 5)
    assert float(loss) == pytest.approx(np.mean(means), rel=1e-4, abs=1e-5)


def test_a_sure_token_counts_half_of_an_unsure_one() -> None:
    def logit(p: float) -> list[float]:
        return [np.log(p), np.log(1 - p)]

    logits = torch.tensor([logit(0.95), logit(0.5)], dtype=torch.float32)
    loss = weighted_cross_entropy(logits, torch.zeros(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64), 1)
    assert float(loss) == pytest.approx((-np.log(0.95) - 2 * np.log(0.5)) / 3)


def reference_info_nce(own: Array, others: Array, owner: list[int]) -> float:
    losses = []
    for i, mine in enumerate(own):
        rivals = [others[k] for k in range(len(others)) if owner[k] == i]
        losses.append(-np.log(np.exp(mine) / (np.exp(mine) + sum(np.exp(r) for r in rivals))))
    return float(np.mean(losses))


@settings(max_examples=40)
@given(st.integers(0, 1000), st.lists(st.integers(0, 3), max_size=12))
def test_info_nce_is_minus_the_log_share_of_the_own_answer(seed: int, owner: list[int]) -> None:
    own, others = -random(4, seed=seed).abs(), -random(len(owner), seed=seed + 1).abs()
    loss = info_nce(own, others, torch.tensor(owner, dtype=torch.int64))
    assert float(loss) == pytest.approx(reference_info_nce(as_array(own), as_array(others), owner), rel=1e-4, abs=1e-5)


def test_info_nce_stays_finite_where_answers_are_hopeless() -> None:
    own = torch.tensor([-400.0, -1.0, -300.0], requires_grad=True)
    others = torch.tensor([-410.0, -500.0, -2.0], requires_grad=True)
    loss = info_nce(own, others, torch.tensor([0, 1, 2]))
    loss.backward()
    assert float(loss.detach()) == pytest.approx((np.log1p(np.exp(-10.0)) + 0.0 + 298.0) / 3, rel=1e-4)
    assert own.grad is not None and others.grad is not None
    assert bool(torch.isfinite(own.grad).all()) and bool(torch.isfinite(others.grad).all())
    assert own.grad[2] == pytest.approx(-1 / 3) and others.grad[2] == pytest.approx(1 / 3)


def test_divergence_is_from_the_memory_to_none() -> None:
    reference, logits = random(5, 9, seed=1), random(5, 9, seed=2)
    p, q = softmax(as_array(reference)), softmax(as_array(logits))
    wanted = (p * np.log(p / q)).sum(-1).mean()
    assert float(kl_divergence(reference, logits)) == pytest.approx(wanted, rel=1e-4)
    assert float(kl_divergence(logits, reference)) != pytest.approx(wanted, rel=1e-2)
    assert float(kl_divergence(logits, logits + 3.0)) == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.lists(st.integers(0, 4), max_size=12))
def test_means_are_by_owner(seed: int, owner: list[int]) -> None:
    values = random(len(owner), seed=seed)
    means = mean_by_owner(values, torch.tensor(owner, dtype=torch.int64), 6)
    for number in range(6):
        mine = [float(values[i]) for i in range(len(owner)) if owner[i] == number]
        assert float(means[number]) == pytest.approx(np.mean(mine) if mine else 0.0, rel=1e-4, abs=1e-6)


def test_log_odds_are_those_against_all_others_together() -> None:
    logits, targets = random(6, 8), torch.tensor([0, 7, 3, 3, 1, 2])
    p = softmax(as_array(logits))[np.arange(6), targets.numpy()]
    np.testing.assert_allclose(log_odds(logits.clone(), targets)[0].numpy(), np.log(p / (1 - p)), rtol=1e-4, atol=1e-5)
    sure = log_odds(torch.tensor([[90.0, 0.0, 0.0]]), torch.tensor([0]))[0]
    assert float(sure) == pytest.approx(90.0 - np.log(2.0)), "odds do not saturate where p is 1 in fp32"


def problem(**changes: Any) -> dict[str, Any]:
    values = {
        "stream": random(12, 6, seed=3),
        "reads": torch.zeros(12, 6),
        "targets": torch.arange(12) % 9,
        "head": random(9, 6, seed=4, scale=1.0),
        "gate": 0.5,
        "margin": 8.0,
    }
    return values | changes


def test_direct_reads_reach_the_margin_and_come_from_below() -> None:
    p = problem()
    steps = list(direct_reads(**p))
    assert 1 < len(steps) <= READ_STEPS and int(steps[-1][1]) == 0
    odds = log_odds((p["stream"] + 0.5 * p["reads"]) @ p["head"].T, p["targets"])[0]
    assert float(odds.min()) >= 8.0 - SLACK - 1e-3
    assert float(odds.max()) < 8.0 + 1e-3, "concave odds are never overshot"
    left = [int(short) for _, short in steps]
    assert left == sorted(left, reverse=True)


def test_the_direct_step_is_the_smallest_to_its_linear_goal() -> None:
    p = problem()
    next(direct_reads(**p))
    stream, head = as_array(p["stream"]), as_array(p["head"])
    for i in range(12):
        target = int(p["targets"][i])
        logits = head @ stream[i]
        rivals = np.delete(np.arange(9), target)
        weights = softmax(logits[rivals])
        odds = logits[target] - np.log(np.exp(logits[rivals]).sum())
        slope = 0.5 * (head[target] - weights @ head[rivals])
        np.testing.assert_allclose(p["reads"][i].numpy(), (8.0 - odds) * slope / (slope @ slope), atol=1e-3)


def test_direct_reads_leave_alone_what_is_sure_already() -> None:
    p = problem(margin=1.0)
    p["stream"][0] = 40.0 * p["head"][0]
    p["targets"][0] = int((p["head"] @ p["stream"][0]).argmax())
    list(direct_reads(**p))
    assert float(p["reads"][0].abs().max()) == 0.0
    assert float(p["reads"][1:].norm(dim=1).max()) > 0.0


def test_direct_reads_stay_finite_where_no_read_helps() -> None:
    """Two tokens with one code cannot be told apart by anything that is read."""
    head = random(9, 6, seed=4, scale=1.0)
    head[1:] = head[0]
    p = problem(head=head, targets=torch.zeros(12, dtype=torch.int64))
    steps = list(direct_reads(**p))
    assert len(steps) == READ_STEPS and int(steps[-1][1]) == 12
    assert bool(torch.isfinite(p["reads"]).all()) and bool(torch.isfinite(steps[-1][0]).all())


SLOTS, WIDTH, VOCABULARY = 64, 6, 9


def some_rows(count: int, seed: int) -> Rows:
    generator = torch.Generator().manual_seed(seed)
    return random_rows(generator, [0] * count, SLOTS, WIDTH, 4, 8)


def cached(count: int, seed: int, owner: list[int]) -> Cached:
    targets = torch.randint(0, VOCABULARY, (count,), generator=torch.Generator().manual_seed(seed))
    return Cached(
        random(count, WIDTH, seed=seed),
        Addresses.of(some_rows(count, seed).sparse(SLOTS, torch.arange(count), torch.float32)),
        random(count, WIDTH, seed=seed + 1, scale=0.1),
        targets,
        torch.tensor(owner),
    )


def dense(addresses: Addresses) -> Tensor:
    return addresses.read(torch.eye(SLOTS))


def local_text() -> Local:
    part = cached(30, 30, [0] * 30)
    return Local(part.stream, part.addresses, part.base, *expected_codes(part.stream, HEAD))


def gradient_problem(held: int = 0) -> tuple[Problem, Rows, Basis]:
    """Three facts of four tokens each, two of them with a rival, the first after a framing, and local text."""
    rows = some_rows(max(1, held), 40)
    basis = extend_basis(rows, SLOTS, None, torch.arange(held))
    sparse = rows.sparse(SLOTS, basis.rows, torch.float32)
    own = cached(16, 10, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])
    problem = Problem(
        own=own,
        items=4,
        contrasts=cached(6, 20, [0, 0, 0, 1, 1, 1]),
        contrast_items=torch.tensor([0, 2]),
        contrast_owner=torch.tensor([0, 1]),
        local=local_text(),
        held=sparse if held else None,
        factor=basis.factor if held else None,
    )
    return problem, rows.take(basis.rows), basis


HEAD = random(VOCABULARY, WIDTH, seed=5, scale=1.0)
ZERO = torch.zeros(SLOTS, WIDTH)


def test_projection_removes_all_that_held_addresses_read_and_nothing_else() -> None:
    problem, rows, basis = gradient_problem(held=20)
    update = random(SLOTS, WIDTH, seed=7)
    off = project_off(update, problem.held, problem.factor)
    dense = as_array(rows.dense(SLOTS))
    assert np.abs(dense @ as_array(off)).max() < 1e-5
    wanted = as_array(update) - np.linalg.pinv(dense) @ (dense @ as_array(update))
    np.testing.assert_allclose(as_array(off), wanted, atol=1e-4)
    torch.testing.assert_close(project_off(off, problem.held, problem.factor), off, atol=1e-5, rtol=1e-5)
    assert torch.equal(project_off(update, None, None), update)
    assert len(basis.rows) == 20


def test_gradient_steps_leave_held_reads_alone_over_hundreds_of_steps() -> None:
    problem, rows, _ = gradient_problem(held=20)
    settings = WriteSettings(method="gradient", steps=300, rate=0.1, norm=100.0)
    change = list(gradient_steps(problem, HEAD, 0.5, settings, ZERO))[-1][0]
    assert float(change.norm()) > 5.0
    assert float((rows.dense(SLOTS) @ change).abs().max()) < 1e-4 * float(change.norm())
    loose, _, _ = gradient_problem()
    change = list(gradient_steps(loose, HEAD, 0.5, settings, ZERO))[-1][0]
    assert float((rows.dense(SLOTS) @ change).abs().max()) > 0.1, (
        "without projection they do not stay: it shows nothing"
    )


def test_the_norm_of_the_change_is_bounded_in_every_step() -> None:
    problem, _, _ = gradient_problem()
    settings = WriteSettings(method="gradient", steps=60, rate=1.0, norm=0.5, decay=0.0)
    norms = [float(change.norm()) for change, _ in gradient_steps(problem, HEAD, 0.5, settings, ZERO)]
    assert max(norms) <= 0.5 * 16**0.5 * (1 + 1e-5)
    assert norms[-1] == pytest.approx(0.5 * 16**0.5, rel=1e-3), "the bound was never reached: it shows nothing"
    start = random(SLOTS, WIDTH, seed=8)
    steps = gradient_steps(problem, HEAD, 0.5, settings, start)
    assert float(next(steps)[0].norm()) > 0.8 * float(start.norm()), "what it begins from is not cut down"
    assert torch.equal(start, random(SLOTS, WIDTH, seed=8))


def test_each_term_is_what_it_says() -> None:
    problem, _, _ = gradient_problem()
    settings = WriteSettings(method="gradient", steps=1, contrastive=0.3, locality=0.7, decay=0.01)
    start = random(SLOTS, WIDTH, seed=9, scale=0.5)
    _, terms = next(gradient_steps(problem, HEAD, 0.5, settings, start))

    def likelihoods(part: Cached | Local) -> Array:
        reads = as_array(part.base) + as_array(dense(part.addresses)) @ as_array(start)
        p = softmax((as_array(part.stream) + 0.5 * reads) @ as_array(HEAD).T)
        return np.log(p)

    own, pairs, local = problem.own, problem.contrasts, problem.local
    assert pairs is not None and local is not None
    chosen = likelihoods(own)[np.arange(16), own.targets.numpy()].reshape(4, 4)
    weights = np.where(np.exp(chosen) < UNSURE, 2.0, 1.0)
    assert terms["cross-entropy"] == pytest.approx((-(weights * chosen).sum(1) / weights.sum(1)).mean(), rel=1e-4)
    rivals = likelihoods(pairs)[np.arange(6), pairs.targets.numpy()].reshape(2, 3).mean(1)
    contrast = reference_info_nce(chosen.mean(1)[[0, 2]], rivals, [0, 1])
    assert terms["contrastive"] == pytest.approx(0.3 * contrast, rel=1e-4), "a mean over facts that have rivals"
    before = softmax(as_array(local.stream) @ as_array(HEAD).T)
    divergence = (before * (np.log(before) - likelihoods(local))).sum(1).mean()
    assert terms["locality"] == pytest.approx(0.7 * divergence, rel=1e-3)
    assert terms["norm"] == pytest.approx(0.01 * (as_array(start) ** 2).sum(), rel=1e-4)
    alone = WriteSettings(method="gradient", steps=1, contrastive=0.0, locality=0.0, decay=0.0)
    assert set(next(gradient_steps(problem, HEAD, 0.5, alone, start))[1]) == {"cross-entropy"}


def test_reads_of_a_change_and_their_gradient_are_those_of_dense_addresses() -> None:
    rows = some_rows(7, 3)
    addresses = Addresses.of(rows.sparse(SLOTS, torch.tensor([4, 0, 6]), torch.float32))
    matrix, weights = rows.dense(SLOTS)[[4, 0, 6]], random(3, WIDTH, seed=1)
    change = random(SLOTS, WIDTH, seed=2).requires_grad_(True)
    torch.testing.assert_close(addresses.read(change), matrix @ change)
    (gradient,) = torch.autograd.grad((weights * addresses.read(change)).sum(), change)
    torch.testing.assert_close(gradient, matrix.T @ weights)


def test_rivals_that_follow_the_same_position_share_it() -> None:
    problem, _, _ = gradient_problem()
    pairs = problem.contrasts
    assert pairs is not None
    place = torch.tensor([0, 1, 2, 0, 1, 3])  # the second answer begins with the same two tokens
    addresses = Addresses.of(dense(pairs.addresses)[place].to_sparse_csr())
    apart = dataclasses.replace(pairs, stream=pairs.stream[place], addresses=addresses, base=pairs.base[place])
    settings = WriteSettings(method="gradient", steps=20)
    shared, alone = (
        list(gradient_steps(dataclasses.replace(problem, contrasts=each), HEAD, 0.5, settings, ZERO))
        for each in (dataclasses.replace(pairs, place=place), apart)
    )
    for (ours, terms), (wanted, others) in zip(shared, alone, strict=True):
        torch.testing.assert_close(ours, wanted, atol=1e-4, rtol=1e-3)
        assert terms == pytest.approx(others, rel=1e-4)


def test_sums_of_exponentials_and_their_gradient_are_those_of_the_logits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "POSITIONS_AT_ONCE", 4)
    points = random(11, WIDTH, seed=3, scale=30.0).requires_grad_(True)
    weights = random(11, seed=4)
    wanted = (points @ HEAD.T).logsumexp(1)
    sums = log_sums(points, HEAD)
    torch.testing.assert_close(sums, wanted)
    gradients = [torch.autograd.grad((weights * each).sum(), points)[0] for each in (sums, wanted)]
    torch.testing.assert_close(*gradients)


def test_only_the_change_of_the_slot_receives_a_gradient() -> None:
    problem, _, _ = gradient_problem(held=5)
    head = HEAD.clone().requires_grad_(True)
    for part in (problem.own, problem.contrasts, problem.local):
        assert part is not None and not part.stream.requires_grad
    changes = [change for change, _ in gradient_steps(problem, head, 0.5, WriteSettings(steps=3), ZERO)]
    assert head.grad is None and not changes[-1].requires_grad and float(changes[-1].norm()) > 0.0


def test_adam_is_torchs_to_the_bit() -> None:
    ours, theirs = random(30, 8), random(30, 8).requires_grad_(True)
    adam, optimiser = Adam(ours, 0.03), torch.optim.Adam([theirs], lr=0.03, betas=BETAS)
    for step in range(40):
        theirs.grad = random(30, 8, seed=step, scale=0.5**step)
        adam.step(theirs.grad)
        optimiser.step()
    assert torch.equal(ours, theirs)
