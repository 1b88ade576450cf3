"""Counts, sizes and probabilities read the same everywhere."""

from __future__ import annotations

from bdh_workbench.wording import percent, plural, probability, shortened, size


def test_counts_come_with_their_word() -> None:
    assert [plural(count, "memory") for count in (0, 1, 2000)] == ["0 memories", "1 memory", "2,000 memories"]
    assert plural(2, "fact") == "2 facts"


def test_a_long_text_is_cut_to_its_limit() -> None:
    assert shortened("a  short\ntext") == "a short text"
    cut = shortened("many words " * 100, 20)
    assert cut == "many words many wor…" and len(cut) == 20


def test_a_probability_is_never_rounded_to_certainty_unless_it_is_certain() -> None:
    given = (None, float("nan"), 0.0, 0.0004, 0.5, 0.9997, 0.99999, 1.0)
    assert [probability(p) for p in given] == ["–", "–", "< 0.001", "< 0.001", "0.500", "0.9997", "1.000", "1.000"]


def test_shares_and_sizes() -> None:
    given = (None, 0.0, 0.0004, 0.0005, 0.1234, 1.0)
    assert [percent(share) for share in given] == ["–", "0.0%", "< 0.1%", "0.1%", "12.3%", "100.0%"]
    assert [size(count) for count in (12, 2048, 3 << 20, 5 << 30)] == ["12 B", "2.0 kB", "3.1 MB", "5.4 GB"]
