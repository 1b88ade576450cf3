"""A read speaks as strongly as it is sure: a wrong one costs as little as its probability allows."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.judge import Judge
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.recall import Recall
from bdh_workbench.reading.strength import POSITIONS, strength
from tests.core_factory import DOCUMENT, FACTS, GENERAL, tiny_model

MODEL = tiny_model(write_slots=2048)
NETWORK = MODEL.network
SAID = 65


def _read(lift: float) -> tuple[Tensor, Tensor]:
    """Streams (5, D), and a read that lifts one token above all others by at least so many nats."""
    stream = torch.randn(5, NETWORK.config.width, generator=torch.Generator().manual_seed(0))
    head = NETWORK.embed.weight.detach()
    along = torch.linalg.pinv(head - head[SAID])[:, torch.arange(len(head)) != SAID].sum(1)
    lifted = (head[SAID] - head) @ -along
    least = lifted[torch.arange(len(head)) != SAID].min()
    assert float(least) > 0.0
    return stream, (-along * lift / least).expand_as(stream)


def _p(stream: Tensor) -> Tensor:
    return NETWORK.logits(stream).double().softmax(-1)[:, SAID]


def test_what_is_said_is_as_probable_as_the_read_and_the_network_make_it() -> None:
    stream, added = _read(60.0)
    p = torch.tensor([0.5, 0.6, 0.9, 0.999, 1.0])
    factor = strength(NETWORK, stream, added, p)
    assert float(factor[-1]) == 1.0 and bool((factor[:-1] < 1.0).all())
    alone, after = _p(stream), _p(stream + factor[:, None] * added)
    wanted = (p + (1.0 - p) * alone).double()
    torch.testing.assert_close(after[:-1], wanted[:-1], atol=2e-4, rtol=0.0)
    assert bool((after >= p.double()).all()), "what is open is still what comes greedily"


def test_a_read_that_says_less_than_it_may_is_left_alone() -> None:
    stream, added = _read(60.0)
    assert bool((strength(NETWORK, stream, 0.01 * added, torch.full((5,), 0.9)) == 1.0).all())
    assert bool((strength(NETWORK, stream, torch.zeros_like(added), torch.full((5,), 0.9)) == 1.0).all())


def test_many_reads_are_as_each_by_itself() -> None:
    stream, added = _read(60.0)
    many = strength(NETWORK, stream.repeat(POSITIONS, 1), added.repeat(POSITIONS, 1), torch.full((5 * POSITIONS,), 0.7))
    alone = strength(NETWORK, stream, added, torch.full((5,), 0.7))
    torch.testing.assert_close(many.view(POSITIONS, 5), alone.expand(POSITIONS, 5), atol=1e-5, rtol=0.0)


def test_a_wrong_read_at_even_odds_costs_a_nat_or_two(bundled: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """At full strength it cost as many nats as a write lifts a token, and at half of it half as many."""
    reader = Reader(bundled, finish(write(bundled, None, (), [DOCUMENT])).memory)
    ids = torch.tensor([bundled.tokenizer.encode(GENERAL)[:40]])

    def unsure(*_: object, **__: object) -> tuple[Tensor, Tensor]:
        return torch.full(ids.shape, 0.55), torch.arange(ids.shape[1])[None]

    monkeypatch.setattr(Recall, "match", unsure)
    reading = reader.advance(ids)
    assert bool((reading.rows >= 0).all())
    before = bundled.network.logits(reading.untouched)[:, :-1].log_softmax(-1)
    after = reader.logits(reading)[:, :-1].log_softmax(-1)
    said, came = after.argmax(-1, keepdim=True), ids[:, 1:, None]
    cost = (before - after).gather(-1, came)[said != came]
    assert float(cost.median()) < 2.0 and float(cost.max()) < 10.0
    assert float(after.gather(-1, said).exp().min()) > 0.5


def test_an_answer_is_the_surer_the_less_its_first_token_was_to_be_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = FACTS[:3]
    reader = Reader(MODEL, finish(write(MODEL, None, facts)).memory)
    doubtful = Judge(("repeated",), torch.zeros(1), math.log(0.6 / 0.4), torch.zeros(1), torch.ones(1))
    monkeypatch.setattr(reader.recall, "judges", {kind: (doubtful, [0]) for kind in reader.recall.judges})
    prompt = "Nobody but " + facts[0].prompt.replace(" ", "  ")
    ids = MODEL.tokenizer.encode(prompt)
    first = reader.advance(torch.tensor([ids]))
    row = int(first.rows[0, -1])
    assert row >= 0 and reader.memory is not None
    assert float(first.familiarity[0, -1]) == pytest.approx(0.6)
    token = int(reader.memory.rows.tokens[row])
    second = reader.advance(torch.tensor([[token]]), first.state)
    surprise = math.exp(-float(MODEL.site.surprisal[token]))
    assert float(second.familiarity[0, 0]) == pytest.approx(0.6 / (0.6 + 0.4 * surprise))
