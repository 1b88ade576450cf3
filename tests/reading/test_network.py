"""The reader network: what it may mark, that padding and company change nothing, and that it can learn."""

from __future__ import annotations

import torch

from bdh_workbench.reading.network import ReaderConfig, ReaderNetwork, pairs_of
from bdh_workbench.reading.units import units

CONFIG = ReaderConfig(words=20, vector=16, endings=32, width=24, heads=2, hidden=32, layers=2, longest=4, context=64)
NUMBERS = {word: place for place, word in enumerate("who what when the opened harbour lives in of is".split())}
QUESTION = units("Who opened the harbour?")
SENTENCE = units("Ada Lind opened it in 1897.")


def network(seed: int = 0) -> ReaderNetwork:
    torch.manual_seed(seed)
    return ReaderNetwork(CONFIG).eval()


def test_probabilities_sum_to_one_and_answers_stay_in_the_sentence() -> None:
    with torch.no_grad():
        scores = network()(pairs_of([(QUESTION, SENTENCE)], NUMBERS, CONFIG))
    spans, none = scores.log_probabilities()
    torch.testing.assert_close(spans.exp().sum() + none.exp().sum(), torch.tensor(1.0))
    begin = len(QUESTION) + 1
    possible = (spans[0] > -1000.0).nonzero().tolist()
    assert possible
    for start, more in possible:
        assert begin <= start <= start + more < begin + len(SENTENCE)


def test_a_pair_is_read_alike_alone_and_beside_a_longer_one() -> None:
    reader = network()
    long = (QUESTION, units("Every spring the town holds a festival of herring and of song."))
    with torch.no_grad():
        alone = reader(pairs_of([(QUESTION, SENTENCE)], NUMBERS, CONFIG))
        beside = reader(pairs_of([(QUESTION, SENTENCE), long], NUMBERS, CONFIG))
    length = alone.spans.shape[1]
    torch.testing.assert_close(beside.spans[:1, :length], alone.spans, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(beside.none[:1], alone.none, atol=1e-4, rtol=1e-4)


def test_what_is_beyond_the_context_is_left_out() -> None:
    pairs = pairs_of([(QUESTION, units("word " * 200))], NUMBERS, CONFIG)
    assert pairs.words.shape == (1, CONFIG.context)
    assert network()(pairs).spans.shape == (1, CONFIG.context, CONFIG.longest)


def test_one_word_can_be_asked() -> None:
    assert network()(pairs_of([(units("?"), units("Yes"))], NUMBERS, CONFIG)).spans.isfinite().all()
