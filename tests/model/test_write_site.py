"""Cues and addresses against the formulas written out in numpy, and the properties that storing relies on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.model.write_site import ROLL, SCAN, SummaryState, WriteSite, random_signs
from bdh_workbench.training.addressing.calibration import fit_whitening, last_summaries, stretches
from tests.core_factory import GENERAL, calibrated_site, general_ids, tiny_config

Array = npt.NDArray[np.float64]
PINNED = "-+-+-+---------+++++-----+--+-+-"  # the first signs of stream 1 with seed 0
TEXT = "Ännchen von Tharau, aged 93, met O'Neill near a B-road. unbelievably longwordswithoutend!"


def ids_of(text: str) -> Tensor:
    return torch.tensor([ByteTokenizer().encode(text)])


def reference_summaries(site: WriteSite, ids: list[int]) -> Array:
    """Summaries (T, K, C) from the definition, one token after the other."""
    codes, weights = site.codes[site.same_as].double().numpy(), site.token_weights.double().numpy()
    decays, begins = site.decays.double().numpy(), site.begins_word.numpy()
    width = codes.shape[1]
    sums, out = np.zeros((len(decays), width)), []
    word, place = np.ones(width), -1
    for token in ids:
        place = 0 if begins[token] or place < 0 else place + 1
        turned = np.roll(np.sign(codes[token]), -ROLL * place)
        word = turned if place == 0 else word * turned
        added = weights[token] * codes[token]
        if place > 0:
            added = added + float(site.word_weight) * word / np.sqrt(width)
        sums = decays[:, None] * sums + added
        out.append(sums)
    return np.stack(out)


def reference_normalised(site: WriteSite, summaries: Array) -> Array:
    mean, whiten = site.mean.double().numpy(), site.whiten.double().numpy()
    out = np.empty_like(summaries)
    for t in range(len(summaries)):
        for kind in range(summaries.shape[1]):
            unit = summaries[t, kind] / np.linalg.norm(summaries[t, kind])
            white = (unit - mean[kind]) @ whiten[kind]
            out[t, kind] = white / np.linalg.norm(white)
    return out


@pytest.fixture(scope="module")
def site() -> WriteSite:
    return calibrated_site(tiny_config(write_slots=4096))


def test_random_signs_are_pinned() -> None:
    """Addresses in saved memories depend on these bits: another version must make the same."""
    # First outputs of SplitMix64 from the states 0 + stream and seed offsets, lowest bit first, 0 for plus.
    start = (7 * 0xD1342543DE82EF95 + 2 * 0xDA942042E4DD58B5) % 2**64
    bits = []
    for word in (1, 2):
        z = (start + word * 0x9E3779B97F4A7C15) % 2**64
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        z ^= z >> 31
        bits += [z >> place & 1 for place in range(64)]
    assert random_signs(100, 2, 7).tolist() == [1.0 - 2.0 * bit for bit in bits[:100]]
    assert "".join("-" if s < 0 else "+" for s in random_signs(32, 1, 0)) == PINNED


def test_random_signs_are_balanced_and_their_streams_apart() -> None:
    one, two = random_signs(100_000, 1, 0), random_signs(100_000, 2, 0)
    other = random_signs(100_000, 1, 1)
    assert set(np.unique(one)) == {-1.0, 1.0} and one.dtype == np.float32
    for signs in (one, two, other):
        assert abs(signs.mean()) < 0.015
        assert abs((signs[1:] * signs[:-1]).mean()) < 0.015
    assert abs((one * two).mean()) < 0.015 and abs((one * other).mean()) < 0.015
    assert (random_signs(130, 1, 0) == one[:130]).all(), "more signs begin with the same ones"


@pytest.mark.parametrize("text", [TEXT, "x", " two words", "日本語 text", "a" * 200])
def test_summaries_are_what_the_formula_says(site: WriteSite, text: str) -> None:
    ids = ids_of(text)
    summaries, _ = site.summaries(ids)
    np.testing.assert_allclose(summaries[0].numpy(), reference_summaries(site, ids[0].tolist()), atol=1e-4)


def test_cues_and_addresses_are_what_the_formula_says(site: WriteSite) -> None:
    ids = ids_of(TEXT)
    made, _ = site(ids)
    summaries = reference_summaries(site, ids[0].tolist())
    normalised = reference_normalised(site, summaries)
    cue_weights, address_weights = site.cue_weights.double().numpy(), site.address_weights.double().numpy()
    expansion = site.expansion.double().numpy()
    for t in range(len(summaries)):
        cue = (cue_weights[:, None] * normalised[t]).ravel()
        np.testing.assert_allclose(made.cues[0, t].numpy(), cue / np.linalg.norm(cue), atol=1e-4)
        mixed = (address_weights[:, None] * normalised[t]).ravel()
        drive = expansion @ (mixed / np.linalg.norm(mixed))
        address = np.maximum(drive - float(site.threshold), 0.0)
        np.testing.assert_allclose(made.addresses[0, t].numpy(), address / np.linalg.norm(address), atol=1e-3)


HYPOTHESIS_SITE = calibrated_site(tiny_config())


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=180), st.lists(st.integers(0, 200), max_size=8))
def test_summaries_may_be_cut_into_calls_anywhere(text: str, cuts: list[int]) -> None:
    site = HYPOTHESIS_SITE
    ids = ids_of(text)
    whole, end = site.summaries(ids)
    parts, state, start = [], None, 0
    for stop in [*sorted(cuts), ids.shape[1]]:
        if start < stop <= ids.shape[1]:
            part, state = site.summaries(ids[:, start:stop], state)
            parts.append(part)
            start = stop
    assert state is not None
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-4, rtol=1e-4)
    assert torch.equal(state.word, end.word) and torch.equal(state.place, end.place)


def test_a_word_goes_on_over_the_border_of_a_chunk(site: WriteSite) -> None:
    text = "y" * (SCAN - 4) + " Wesselbrink " + "z" * SCAN
    ids = ids_of(text)
    assert ids.shape[1] > 2 * SCAN
    summaries, state = site.summaries(ids)
    np.testing.assert_allclose(summaries[0].numpy(), reference_summaries(site, ids[0].tolist()), atol=1e-4)
    assert int(state.place[0]) == SCAN, "the space begins the word of the letters after it"


def test_a_rare_name_is_told_from_others_with_the_same_letters(site: WriteSite) -> None:
    """The code of the word so far binds letters to their places; by its letters alone a name is like its anagrams."""
    normalised = [site.normalised(site.summaries(ids_of(f"It was {name}"))[0])[0, -1] for name in ("Arlon", "Ranol")]
    with_words = float((normalised[0] * normalised[1]).sum(-1).mean())
    without = WriteSite(site.config)
    without.load_state_dict(site.state_dict())
    without.word_weight.zero_()
    bare = [without.normalised(without.summaries(ids_of(f"It was {name}"))[0])[0, -1] for name in ("Arlon", "Ranol")]
    assert with_words < float((bare[0] * bare[1]).sum(-1).mean()) - 0.05


def test_a_name_is_the_same_name_in_any_case(site: WriteSite) -> None:
    """Only the weights differ, as a capital letter says more than a small one."""
    one, other = (site(ids_of(text))[0].cues[0, -1] for text in ("so said Olaf Dahl", "so said olaf dahl"))
    assert float(one @ other) > 0.9
    assert torch.equal(site.same_as[torch.tensor(list(b"AZaz @["))], torch.tensor(list(b"AZAZ @[")))


def test_sequences_of_a_batch_know_nothing_of_each_other(site: WriteSite) -> None:
    one, two, three = ids_of("a bright morning"), ids_of("the tall houses"), ids_of("forty black owls")
    length = min(one.shape[1], two.shape[1], three.shape[1])
    pair = torch.cat((one[:, :length], two[:, :length]))
    other = torch.cat((one[:, :length], three[:, :length]))
    first, state = site.summaries(pair)
    second, _ = site.summaries(other)
    assert torch.equal(first[0], second[0]) and not torch.equal(first[1], second[1])
    more, _ = site.summaries(pair[:, :5], state)
    alone, _ = site.summaries(pair[:1, :5], SummaryState(state.sums[:1], state.word[:1], state.place[:1]))
    torch.testing.assert_close(more[0], alone[0], atol=1e-5, rtol=1e-5)


def test_a_state_that_was_given_stays_as_it_was(site: WriteSite) -> None:
    _, state = site.summaries(ids_of("half a wor"))
    copies = (state.sums.clone(), state.word.clone(), state.place.clone())
    first, _ = site.summaries(ids_of("d and more"), state)
    second, _ = site.summaries(ids_of("d and more"), state)
    assert torch.equal(first, second)
    assert all(torch.equal(a, b) for a, b in zip((state.sums, state.word, state.place), copies, strict=True))


def test_calls_leave_nothing_behind(site: WriteSite) -> None:
    first, _ = site(ids_of("The same words."))
    site(ids_of("Something in between"))
    again, _ = site(ids_of("The same words."))
    assert torch.equal(first.cues, again.cues) and torch.equal(first.addresses, again.addresses)


def test_cues_and_addresses_have_unit_length_and_addresses_the_wanted_share(site: WriteSite) -> None:
    made, _ = site(ids_of(GENERAL))
    torch.testing.assert_close(made.cues.norm(dim=-1), torch.ones(made.cues.shape[:2]))
    torch.testing.assert_close(made.addresses.norm(dim=-1), torch.ones(made.addresses.shape[:2]))
    assert float(made.addresses.min()) == 0.0
    share = (made.addresses > 0).float().mean(-1)
    assert float(share.mean()) == pytest.approx(site.config.address_active, rel=0.2)
    assert float(share.min()) > 0.005 and float(share.max()) < 0.12


def test_an_address_that_no_slot_answers_to_is_zero_and_finite(site: WriteSite) -> None:
    strict = WriteSite(site.config)
    strict.load_state_dict(site.state_dict())
    strict.threshold.fill_(1e6)
    made, _ = strict(ids_of("anything"))
    assert float(made.addresses.abs().max()) == 0.0


def test_tokens_without_weight_leave_finite_cues() -> None:
    """The end token weighs nothing: at the start of a sequence the summary is zero and its direction unknown."""
    site = calibrated_site(tiny_config())
    end = torch.tensor([[ByteTokenizer().end_id]])
    made, _ = site(end)
    assert bool(torch.isfinite(made.cues).all()) and bool(torch.isfinite(made.addresses).all())


def test_whitening_makes_general_text_round() -> None:
    site = calibrated_site(tiny_config(), seed=5)
    sequences = stretches(general_ids(), 400, np.random.default_rng(5))
    unit = torch.nn.functional.normalize(last_summaries(site, sequences), dim=-1).double()
    for kind in range(unit.shape[1]):
        centred = unit[:, kind] - site.mean[kind].double()
        white = centred @ site.whiten[kind].double()
        assert float(white.mean(0).abs().max()) < 1e-4
        covariance = centred.T @ centred / len(centred)
        floor = float(covariance.diagonal().mean())
        turn = site.whiten[kind].double()
        ones = turn @ (covariance + floor * torch.eye(len(covariance))) @ turn
        torch.testing.assert_close(ones, torch.eye(len(ones), dtype=torch.float64), atol=1e-4, rtol=1e-4)
        before, after = (torch.linalg.eigvalsh(c) for c in (covariance, turn @ covariance @ turn))
        assert float(after.max() / after.median()) < float(before.max() / before.median())
        assert float(after.max()) < 1.0


def test_whitening_does_not_depend_on_the_order_of_the_text() -> None:
    one, two = calibrated_site(tiny_config()), calibrated_site(tiny_config())
    sequences = stretches(general_ids(), 100, np.random.default_rng(1))
    fit_whitening(one, sequences)
    fit_whitening(two, sequences[::-1])
    torch.testing.assert_close(one.whiten, two.whiten, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("sentence", "permuted", "other"),
    [
        ("The capital of Vessaly is", "Vessaly has as its capital", "Nobody could find the key"),
        ("Marta Brink paints blue doors", "Blue doors Marta Brink paints", "Olaf Dahl carves small owls"),
    ],
)
def test_a_sentence_is_nearer_to_its_rewording_than_to_another(
    site: WriteSite, sentence: str, permuted: str, other: str
) -> None:
    cue, near, far = (site(ids_of(text))[0].cues[0, -1] for text in (sentence, permuted, other))
    assert float(cue @ near) > float(cue @ far) + 0.1


def test_the_same_configuration_makes_the_same_site_and_another_seed_another() -> None:
    def codes(**changes: Any) -> WriteSite:
        return WriteSite(tiny_config(**changes))

    assert torch.equal(codes().codes, codes().codes) and torch.equal(codes().expansion, codes().expansion)
    assert not torch.equal(codes().codes, codes(seed=1).codes)
    assert not torch.equal(codes().expansion, codes(seed=1).expansion)
    torch.testing.assert_close(codes().codes.norm(dim=1), torch.ones(257))


def test_summaries_that_are_stored_have_the_same_bits_whatever_is_beside_them() -> None:
    site = calibrated_site(tiny_config())
    site.begins_word[torch.arange(97, 123)] = False  # words of several letters
    ids = torch.from_numpy(general_ids())[:330].view(3, 110)
    whole = site.stored_summaries(ids)
    torch.testing.assert_close(whole, site.summaries(ids)[0], atol=1e-5, rtol=1e-4)
    for row in range(3):
        assert torch.equal(site.stored_summaries(ids[row : row + 1, :70])[0], whole[row, :70])
