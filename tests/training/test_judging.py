"""Judges of rows: the worlds that they are fitted on, the fitting, and the threshold."""

from __future__ import annotations

import random

import pytest
import torch

from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.recall import DOCUMENTS, EVEN, FACTS, feature_names
from bdh_workbench.training.judging import (
    ALLOWED,
    GeneralSource,
    Table,
    alphabet,
    balanced,
    fit_layered,
    fitted,
    gather,
    measured,
    with_threshold,
)
from tests.core_factory import GENERAL, calibrated_site, tiny_config

SOURCE = GeneralSource([GENERAL * 4], ["Lake Orm", "The Long Road"])


@pytest.fixture(scope="module")
def site() -> WriteSite:
    return calibrated_site(tiny_config(code_width=64))


@pytest.fixture(scope="module")
def world(site: WriteSite) -> dict[str, Table]:
    """What is asked in the world of one seed, for facts and for documents."""
    return gathered(site)


def gathered(site: WriteSite) -> dict[str, Table]:
    samples = gather(site, ByteTokenizer(), None, SOURCE, 0, "train", 1)
    return {kind: samples[kind].table() for kind in (FACTS, DOCUMENTS)}


def table(features: torch.Tensor, right: torch.Tensor, group: str = "reworded") -> Table:
    return Table(features, right, [group] * len(right), list(range(len(right))))


def test_a_judge_learns_that_two_things_must_both_be_right() -> None:
    features = torch.rand(800, 2, generator=torch.Generator().manual_seed(0))
    right = (features > 0.5).all(dim=1)
    data = table(features, right)
    judge = fit_layered(("subject", "relation"), features, right, balanced(data))
    assert float(((judge.probability(features) > 0.5) == right).float().mean()) > 0.95
    assert float(judge.probability(torch.tensor([0.9, 0.1]))) < 0.5 < float(judge.probability(torch.tensor([0.9, 0.9])))


def test_at_even_odds_no_more_strangers_come_in_than_are_allowed() -> None:
    generator = torch.Generator().manual_seed(1)
    asked, strangers = torch.randn(500, 1, generator=generator) + 2.0, torch.randn(2000, 1, generator=generator)
    features, right = torch.cat((asked, strangers)), torch.arange(2500) < 500
    data = Table(features, right, ["reworded"] * 500 + ["same form"] * 2000, list(range(2500)))
    judge = with_threshold(fit_layered(("near",), features, right, balanced(data)), data)
    shares = measured(judge, data)
    assert shares["same form"]["opened"] == pytest.approx(ALLOWED["same form"], abs=2e-3)
    assert judge.threshold == EVEN and 0.2 < shares["reworded"]["right"] < 0.9
    lax = with_threshold(fit_layered(("near",), features, right, balanced(data)), table(features, right))
    assert measured(lax, data)["same form"]["opened"] > 0.05, "nothing was to be kept out"


def test_worlds_ask_for_what_is_stored_and_for_what_is_not(site: WriteSite, world: dict[str, Table]) -> None:
    facts, texts = world[FACTS], world[DOCUMENTS]
    for data in (facts, texts):
        assert data.features.shape == (len(data.right), len(feature_names(site, True)))
        assert bool(data.features.isfinite().all())
    groups = {group for group, right in zip(facts.group, facts.right.tolist(), strict=True) if right}
    assert {"reworded", "synonym", "question", "after other text"} <= groups
    assert groups.isdisjoint({*ALLOWED, "other relation", "like subject"}) and {"same form", "other relation"} <= set(
        facts.group
    )
    assert {"foreign text", "text", "beginning"} <= set(texts.group)
    judges, figures = fitted(site, world, world)
    assert set(judges) == {"facts", "documents", "facts by cues", "documents by cues"} == set(figures)
    blind, _ = fitted(site, world, world, left_out=("named",))
    assert "named" in judges["facts"].names and "named" not in blind["facts"].names


def test_worlds_are_the_same_for_the_same_seed(site: WriteSite, world: dict[str, Table]) -> None:
    for kind, again in gathered(site).items():
        assert torch.equal(again.features, world[kind].features) and again.group == world[kind].group


def test_other_alphabets_keep_words_apart_and_have_no_spaces_where_they_should_not() -> None:
    text = "The mill on the brook, the old mill."
    letters = alphabet(random.Random(0), "letters")(text)
    assert letters.split()[1] == letters.split()[-1].rstrip(".") and not set(letters) & set("millbrook")
    ideographs = alphabet(random.Random(0), "ideographs")(text)
    assert " " not in ideographs and ideographs.endswith("\u3002") and len(ideographs) >= 8
    assert alphabet(random.Random(0), None)(text) == text
