"""Subject and relation apart: what is asked of a subject is weighed by itself, word by word."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bdh_workbench.model.likeness import SHAPE_NUMBERS, Likeness, Relating
from bdh_workbench.reading.evidence import MEANING, Compared, Relations, compared
from bdh_workbench.reading.words import Sentence, Word

WORDS = ("the", "of", "was", "profession", "occupation", "weight", "baker")
SAID = Sentence(0, 0, {"profession": 0.8, "of": 0.0, "ada": 1.0}, frozenset({"ada"}), frozenset({"baker"}))


@pytest.fixture
def likeness() -> Likeness:
    vectors = torch.eye(7)
    vectors[4] = torch.tensor([0.0, 0.0, 0.0, 0.9, 0.436, 0.0, 0.0])  # an occupation is nearly a profession
    part = np.eye(7, dtype=np.float32)
    relating = Relating(part, part, part, np.zeros((SHAPE_NUMBERS, 7), np.float32), np.zeros((2, 9), np.float32))
    return Likeness(WORDS, vectors, relating)


def pair_of(text: str) -> Compared:
    words = [
        Word(word.lower(), 0.0 if word in ("The", "of", "is") else 0.8, word[0].isupper(), place, place + 1)
        for place, word in enumerate(text.split())
    ]
    return compared(words, {word.text: word.rarity for word in words}, SAID.words, SAID, {*SAID.words, "baker"})


def test_the_subject_is_no_part_of_what_is_asked() -> None:
    pair = pair_of("The occupation of Ada is")
    assert "ada" not in pair.content and pair.content["occupation"] == 0.8
    assert "brown" not in pair_of("The occupation of Ada Brown is").content


def test_what_is_like_something_known_is_not_beyond_it(likeness: Likeness) -> None:
    def scores(text: str) -> dict[str, float]:
        both = Relations.of(pair_of(text), likeness)
        return {name: score(both) for name, score in MEANING.items()}

    near, far, inflected = (scores(f"The {word} of Ada is") for word in ("occupation", "weight", "professions"))
    assert near["beyond"] == pytest.approx(0.08, abs=0.01) and far["beyond"] == pytest.approx(0.8)
    assert near["same"] > far["same"] and near["covers"] > far["covers"] and near["unsaid"] < far["unsaid"]
    assert inflected["beyond"] == pytest.approx(0.8 * (1 - 10 / 11), abs=0.01)
    assert far["rarest"] == pytest.approx(0.8) and scores("Ada")["rarest"] == 0.0
    assert all(np.isfinite(list(scores("Ada").values())))
