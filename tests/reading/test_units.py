"""Units: numbers, names and words stay whole in every script, and matching does not care about case or inflection."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bdh_workbench.reading.units import asking_first, covering, numbers_of, other_number, spans, unit, units


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Version 2.3.1 costs 1,200 kr.", ["Version", "2.3.1", "costs", "1,200", "kr", "."]),
        ("The 1990s, the 5th and 6½ sacks", ["The", "1990s", ",", "the", "5th", "and", "6½", "sacks"]),
        ("Ada's U.S. visa", ["Ada", "'s", "U.S.", "visa"]),
        ("O'Brien doesn’t", ["O'Brien", "doesn’t"]),
        ("18:30–19:00", ["18:30", "–", "19:00"]),
        ("北京的port在", ["北", "京", "的", "port", "在"]),
        ("Straße über", ["Straße", "über"]),
        ("the ___ of", ["the", "_", "_", "_", "of"]),
    ],
)
def test_words_and_numbers_are_whole(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_case_accents_and_inflections_match() -> None:
    assert unit("Straße").same == unit("STRASSE").same
    assert unit("Café").same == unit("cafe").same
    assert unit("founded").stem == unit("Founder").stem
    assert unit("cats").stem == unit("cat").stem
    assert unit("379").stem != unit("397").stem
    assert not unit("—").word
    assert unit("379").word


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("In the US, who decides?", "who decides in the us , ?"),
        ("Ada took how many teams to the final?", "how many teams to the final ada took ?"),
        ("The man who led the guild founded what?", "what the man who led the guild founded ?"),
        ("in what year did it open", "what year did it open in"),
        ("Who said what?", "who said what ?"),
        ("The man who led the guild", "the man who led the guild"),
        ("Is it high or low?", "is it high or low ?"),
        ("", ""),
    ],
)
def test_a_question_is_read_from_its_asking_word_on(question: str, read: str) -> None:
    assert " ".join(u.folded for u in asking_first(units(question))) == read


def test_a_stretch_of_characters_is_covered_by_whole_units() -> None:
    places = spans("opened in 1,897 by Ada")
    assert covering(places, 12, 14) == (2, 2)
    assert covering(places, 7, 12) == (1, 2)
    assert covering(places, 6, 7) is None


@given(st.text(max_size=60))
def test_units_lose_nothing_but_space(text: str) -> None:
    found = spans(text)
    assert all(a < b for a, b in found)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(found))
    between = set(range(len(text))) - {place for a, b in found for place in range(a, b)}
    assert all(text[place].isspace() for place in between)
    assert len(units(text)) == len(found)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("lock 77", {77}),
        ("the 77th lock, 007", {77, 7}),
        ("水門77の暗証番号", {77}),
        ("\u0667\u0667 \u096d\u096d", {77}),
        ("1,200 and 1.200 and 1 200 and 1\u202f200", {1200}),
        ("version 2.4", {2, 4}),
        ("seven", set()),
        ("9" * 5000, {int("9" * 300), int("9" * 200)}),
    ],
)
def test_numbers_are_found_however_they_are_written(text: str, numbers: set[int]) -> None:
    assert numbers_of(text) == numbers


def test_another_number_is_told_from_one_that_is_not_said() -> None:
    lock, answer = numbers_of("The code of lock 13 is"), numbers_of("4711")
    assert other_number(numbers_of("the code of lock 77"), lock, answer)
    assert not other_number(numbers_of("code of lock 13"), lock, answer)
    assert not other_number(numbers_of("the code of the lock"), lock, answer), "none is said"
    assert not other_number(numbers_of("In 1999, what was the code of lock 13?"), lock, answer), "more is said"
    assert not other_number(numbers_of("Which lock has the code 4711?"), lock, answer), "it asks the other way round"
    assert not other_number(numbers_of("Who kept it in 1999?"), numbers_of("Who kept it?"), frozenset())
