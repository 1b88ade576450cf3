"""Meta-training of the addresses: what is trained, on what, and the rule by which it is kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from bdh_workbench.inputs.items import Probe, TextDocument
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.training.addressing import episodes as episodes_module
from bdh_workbench.training.addressing import metatrain
from bdh_workbench.training.addressing.addresses import (
    DECIDING,
    address_report,
    answer_sentence,
    mean_report,
    stored_rows,
)
from bdh_workbench.training.addressing.calibration import GeneralText
from bdh_workbench.training.addressing.episodes import EpisodeSource
from bdh_workbench.training.addressing.metatrain import (
    TRAINED_NUMBERS,
    Addressing,
    episode_losses,
    meta_train,
    token_classes,
    with_buffers,
)
from bdh_workbench.training.synthetic.relations import relations
from tests.core_factory import calibrated_site, general_ids, tiny_config

TOKENIZER = ByteTokenizer()
SIZES = (12, 6, 1)


@pytest.fixture
def site() -> WriteSite:
    return calibrated_site(tiny_config(write_slots=256))


@pytest.fixture(scope="module")
def source() -> EpisodeSource:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"EPISODE_STATEMENTS": 400, "EPISODE_DOCUMENTS": 2}.items():
            patch.setattr(episodes_module, name, value)
        return EpisodeSource(TOKENIZER, general_ids(), calibrated_site(tiny_config()).begins_word, 0)


@pytest.fixture
def small_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {
        "EPISODE_STATEMENTS": 400,
        "EPISODE_DOCUMENTS": 2,
        "EPISODE_RELATIONS": 3,
        "EPISODE_ENTITIES": 2,
        "STRETCHES": 3,
        "TEXT_TOKENS": 120,
        "UNRELATED_WINDOWS": (2, 24),
    }
    for name, value in small.items():
        monkeypatch.setattr(episodes_module, name, value)


def text() -> GeneralText:
    ids = general_ids()
    return GeneralText(np.bincount(ids, minlength=257).astype(np.int64), ids, ids)


def test_training_starts_at_the_calibrated_numbers(site: WriteSite) -> None:
    buffers = Addressing(site, TOKENIZER).buffers_of_site()
    assert set(buffers) == set(TRAINED_NUMBERS)
    for name, value in buffers.items():
        assert torch.allclose(value, getattr(site, name), atol=1e-7), name


@pytest.mark.parametrize("extreme", [-50.0, 50.0])
def test_numbers_stay_within_their_bounds(site: WriteSite, extreme: float) -> None:
    addressing = Addressing(site, TOKENIZER)
    with torch.no_grad():
        for number in addressing.numbers():
            number.fill_(extreme)
    buffers = addressing.buffers_of_site()
    assert all(torch.isfinite(value).all() for value in buffers.values())
    assert ((buffers["decays"] > 0) & (buffers["decays"] < 1)).all()
    ratio = buffers["cue_weights"] / site.cue_weights
    assert torch.allclose(
        ratio, torch.full_like(ratio, float(np.exp(np.sign(extreme) * metatrain.NUMBER_SPAN))), rtol=1e-4
    )
    assert buffers["token_weights"][TOKENIZER.end_id] == 0


def test_classes_of_tokens(site: WriteSite) -> None:
    classes = token_classes(site, TOKENIZER)
    bands = classes[:, : metatrain.BANDS]
    assert torch.allclose(bands.sum(1), torch.ones(257), atol=1e-5)
    capital, piece, digit, mark = classes[:, metatrain.BANDS :].bool().T
    assert capital[ord("K")] and not capital[ord("k")]
    assert piece[ord("k")] and piece[ord("3")], "a digit continues a number"
    assert digit[ord("3")] and mark[ord("?")] and not mark[ord("k")]


def test_changed_buffers_leave_the_site_alone(site: WriteSite) -> None:
    before = site.decays.clone()
    other = with_buffers(site, {"decays": torch.full_like(before, 0.5)})
    assert torch.equal(site.decays, before) and float(other.decays[0]) == 0.5
    assert other.codes is site.codes


def test_episodes_follow_from_the_seed(small_episodes: None, site: WriteSite) -> None:
    drawn = [EpisodeSource(TOKENIZER, general_ids(), site.begins_word, seed).draw() for seed in (3, 3, 4)]
    assert drawn[0].items == drawn[1].items and drawn[0].cues == drawn[1].cues
    assert drawn[0].cues != drawn[2].cues


def test_every_cue_has_something_to_find(small_episodes: None, source: EpisodeSource, site: WriteSite) -> None:
    for _ in range(3):
        episode = source.draw()
        rows = stored_rows(site, episode.items, range(episode.facts, episode.sources))
        assert {cue.source for cue in episode.cues} == set(range(episode.sources))
        assert episode.other.shape == (2, 24)
        for cue in episode.cues:
            assert cue.ids
            right = (rows.items == cue.source) & (rows.targets == cue.target)
            # A fact is found by its first row, a document in the right sentence.
            place = rows.begins if cue.source < episode.facts else rows.sentences == cue.sentence
            assert (right & place).any()


def test_episodes_know_only_relations_of_the_training_split(source: EpisodeSource) -> None:
    kept = {statement for split in ("dev", "test") for r in relations(split) for statement in r.statements}
    assert not kept & set(source._relations)


def test_gradients_reach_every_number(small_episodes: None, source: EpisodeSource, site: WriteSite) -> None:
    addressing = Addressing(site, TOKENIZER)
    losses = episode_losses(addressing, source.draw(), torch.arange(128))
    assert set(losses) == set(metatrain.WEIGHTS)
    sum(losses.values()).backward()  # type: ignore[union-attr]
    for name, parameter in addressing.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_a_seed_gives_the_same_numbers(small_episodes: None, site: WriteSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metatrain, "META_STEPS", 6)
    monkeypatch.setattr(metatrain, "REFIT", 4)
    monkeypatch.setattr(metatrain, "REFIT_TEXTS", 100)
    site = with_buffers(site, {"mean": site.mean.clone(), "whiten": site.whiten.clone()})
    copies = [with_buffers(site, {"mean": site.mean.clone(), "whiten": site.whiten.clone()}) for _ in range(2)]
    # Steps alone end it: the least share of a time that is given would change the first rate.
    runs = [metatrain._train_one(copy, TOKENIZER, text(), 0, math.inf, lambda done, line: None) for copy in copies]
    (steps, _, buffers), (_, _, others) = runs
    assert steps == 6
    for name, value in buffers.items():
        assert torch.equal(value, others[name]), name
    assert any(not torch.equal(value, getattr(site, name)) for name, value in buffers.items())


class Scores:
    """Stands in for the measuring: hands out the given scores in turn."""

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)

    def __call__(self, *arguments: Any) -> dict[str, float]:
        return {"score": self.scores.pop(0)}


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def trained(base: WriteSite, *arguments: Any) -> tuple[int, dict[str, float], dict[str, torch.Tensor]]:
        return 1, {}, {name: getattr(base, name) * 0.5 for name in TRAINED_NUMBERS}

    monkeypatch.setattr(metatrain, "_train_one", trained)
    monkeypatch.setattr(metatrain, "_fitted", lambda site, changed, text: with_buffers(site, changed))


@pytest.mark.parametrize(
    ("scores", "kept"),
    [((0.5, 0.6, 0.5, 0.51), True), ((0.5, 0.9, 0.5, 0.49), False), ((0.5, 0.5, 0.5, 0.6), False)],
)
def test_kept_only_if_better_with_every_seed(
    no_work: None, site: WriteSite, monkeypatch: pytest.MonkeyPatch, scores: tuple[float, ...], kept: bool
) -> None:
    monkeypatch.setattr(metatrain, "_measured", Scores(*scores))
    before = {name: getattr(site, name).clone() for name in TRAINED_NUMBERS}
    result = meta_train(site, TOKENIZER, text(), 1.0, 2)
    assert result.kept is kept
    assert result.verdict.startswith("The trained numbers are kept" if kept else "The untrained start is kept")
    for name, value in before.items():
        assert torch.equal(getattr(site, name), 0.5 * value if kept else value), name
    figures = result.to_dict()
    assert [run["start"]["score"] for run in figures["seeds"]] == list(scores[::2])
    assert [run["trained"]["score"] for run in figures["seeds"]] == list(scores[1::2])
    assert figures["start"]["decays"] != figures["trained"]["decays"]


def test_a_stop_leaves_the_site_as_it_was(no_work: None, site: WriteSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metatrain, "_measured", Scores(0.5, 0.6))

    def stop(done: float, line: str) -> None:
        if done > 0:
            raise InterruptedError

    before = site.decays.clone()
    with pytest.raises(InterruptedError):
        meta_train(site, TOKENIZER, text(), 1.0, 1, stop)
    assert torch.equal(site.decays, before)


def test_the_report_is_made_of_shares(site: WriteSite) -> None:
    reports = [address_report(site, TOKENIZER, general_ids(), 0, "dev", SIZES) for _ in range(2)]
    assert reports[0] == reports[1]
    assert all(-0.5 <= value <= 1.0 for value in reports[0].values())
    assert reports[0]["score"] == pytest.approx(sum(reports[0][name] for name in DECIDING) / len(DECIDING), abs=1e-3)
    assert mean_report(reports) == reports[0]


def test_exact_prompts_are_found_and_their_positions_told_apart(site: WriteSite) -> None:
    report = address_report(site, TOKENIZER, general_ids(), 1, "test", SIZES)
    assert report["documents_told_apart"] > 0.9
    assert report["facts_statement"] > 3 / SIZES[0]  # far above chance, even with bytes for tokens


def test_the_sentence_that_answers_a_probe() -> None:
    document = TextDocument("T", "Ada met Bo in Rome. Bo, a cook, left Rome for Oslo. In Oslo it rained.")
    assert answer_sentence(document, Probe("The cook Bo left", "Rome")) == 1
    assert answer_sentence(document, Probe("Ada met Bo in", "Rome")) == 0
    assert answer_sentence(document, Probe("It rained in", "Oslo")) == 2
