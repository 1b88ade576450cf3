"""Calibration: token weights, whitening, the threshold of addresses, and thresholds of familiarity."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.training.addressing import calibration
from bdh_workbench.training.addressing.calibration import (
    GeneralText,
    calibrate,
    fit_threshold,
    fit_tokens,
    fit_whitening,
    last_summaries,
    locality_windows,
    other_prompts,
    same_tokens,
    stretches,
)
from tests.core_factory import GENERAL, calibrated_site, general_ids, tiny_config

TOKENIZER = ByteTokenizer()


def counts() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.bincount(general_ids(), minlength=257).astype(np.int64)


def text() -> GeneralText:
    ids = general_ids()
    return GeneralText(counts(), ids, ids[::-1].copy())


@pytest.fixture
def site() -> WriteSite:
    return calibrated_site(tiny_config())


def test_rare_tokens_weigh_more_and_the_end_token_nothing() -> None:
    site = WriteSite(tiny_config())
    fit_tokens(site, TOKENIZER, counts())
    weights = site.token_weights
    assert weights[ord("z")] > weights[ord("e")] > 0
    assert weights[TOKENIZER.end_id] == 0
    assert weights.max() <= calibration.CAPITAL
    assert float(site.word_weight) == calibration.WORD_WEIGHT


def test_words_go_on_with_letters_and_digits_and_begin_with_anything_else() -> None:
    site = WriteSite(tiny_config())
    fit_tokens(site, TOKENIZER, counts())
    begins = site.begins_word
    assert not begins[ord("a")] and not begins[ord("Q")] and not begins[0xC3]
    assert not begins[ord("7")], "379 and 397 are not the same digits in another order"
    assert begins[ord(" ")] and begins[ord("-")] and begins[TOKENIZER.end_id]


def test_tokens_alike_but_for_case_and_space_are_the_same() -> None:
    assert same_tokens([b"The", b" the", b"a", b" ", b" THE", b"A"]) == [0, 0, 2, 3, 0, 2]


def test_whitening_takes_the_mean_off_and_evens_the_spread_out() -> None:
    site = WriteSite(tiny_config())
    fit_tokens(site, TOKENIZER, counts())
    sequences = stretches(general_ids(), 500, np.random.default_rng(0))
    unit = F.normalize(last_summaries(site, sequences), dim=-1)
    fit_whitening(site, sequences)
    white = torch.einsum("nkc,kcd->nkd", unit - site.mean, site.whiten)
    assert white.mean(0).abs().max() < 1e-3
    for kind in range(white.shape[1]):
        before = torch.linalg.eigvalsh(torch.cov((unit - site.mean)[:, kind].T)).clamp(min=1e-9)
        after = torch.linalg.eigvalsh(torch.cov(white[:, kind].T)).clamp(min=1e-9)
        assert after.max() < 1.0  # the floor keeps directions that hardly occur from being blown up
        assert after.max() / after.median() < before.max() / before.median()


def test_the_wanted_share_of_slots_is_active() -> None:
    config = tiny_config(write_slots=4096, code_width=64)
    site = WriteSite(config)
    fit_threshold(site)
    kinds, width = len(config.decays), config.code_width
    random = torch.randn(64, kinds, width, generator=torch.Generator().manual_seed(0))
    share = (site.addresses(F.normalize(random, dim=-1)) > 0).float().mean()
    assert float(share) == pytest.approx(config.address_active, rel=0.15)


def test_stretches_are_as_long_as_prompts() -> None:
    stream = general_ids()
    made = stretches(stream, 200, np.random.default_rng(0))
    low, high = calibration.PROMPT_LENGTHS
    assert {len(s) for s in made} == set(range(low, high))
    assert all(bytes(s).decode() in GENERAL * 4 for s in made)


def test_calibrate_fills_the_site() -> None:
    site, said = WriteSite(tiny_config()), []
    result = calibrate(site, TOKENIZER, text(), progress=lambda done, line: said.append(done))
    assert said == sorted(said)
    assert float(site.threshold) > 0 and float(site.token_weights[TOKENIZER.end_id]) == 0
    again = calibrate(WriteSite(tiny_config()), TOKENIZER, text())
    assert torch.equal(result.locality, again.locality) and torch.equal(result.others, again.others)


def test_trained_token_weights_stay() -> None:
    site = WriteSite(tiny_config())
    fit_tokens(site, TOKENIZER, counts())
    site.token_weights.mul_(0.5)
    mine = site.token_weights.clone()
    calibrate(site, TOKENIZER, text(), trained=True)
    assert torch.equal(site.token_weights, mine)


def test_locality_sample_and_prompts_about_others() -> None:
    windows, prompts = locality_windows(TOKENIZER), other_prompts(TOKENIZER, 0)
    assert windows.shape == (calibration.LOCALITY_WINDOWS, calibration.LOCALITY_LENGTH)
    assert windows.min() >= 0 and len(torch.unique(windows, dim=0)) == len(windows)
    assert prompts.shape[0] == calibration.OTHERS and prompts.shape[1] <= 48
    padding = prompts < 0
    assert (padding[:, 1:] >= padding[:, :-1]).all()  # once padding begins, it goes on
    assert not padding[:, 0].any()
