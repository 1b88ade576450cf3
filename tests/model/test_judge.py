"""Judges: probabilities from evidence, what they owe to each kind of it, and their file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from bdh_workbench.errors import UserError
from bdh_workbench.model.judge import JUDGE_FILE, Judge, load_judges, save_judges

PLAIN = Judge(("row", "words"), torch.tensor([2.0, -1.0]), 0.5, torch.tensor([0.5, 1.0]), torch.tensor([0.25, 2.0]))
LAYERED = Judge(
    PLAIN.names,
    torch.tensor([1.0, -2.0, 0.5]),
    -0.25,
    PLAIN.mean,
    PLAIN.scale,
    0.3,
    (torch.tensor([[1.0, 0.0], [0.5, -1.0], [2.0, 2.0]]), torch.tensor([0.0, 0.1, -0.1])),
)


def test_a_probability_is_that_of_the_standardised_features() -> None:
    features = torch.tensor([[1.0, 3.0], [0.5, 1.0]])
    expected = torch.tensor([2.0 * 2.0 - 1.0 * 1.0 + 0.5, 0.5]).sigmoid()
    torch.testing.assert_close(PLAIN.probability(features), expected)


def test_what_a_logistic_judge_owes_to_its_features_is_all_that_it_says() -> None:
    features = torch.tensor([1.0, 3.0])
    owed = PLAIN.explain(features)
    assert [name for name, _, _ in owed] == ["row", "words"]
    assert owed[0][1:] == pytest.approx((1.0, 4.0)) and owed[1][1:] == pytest.approx((3.0, -1.0))
    assert sum(part for _, _, part in owed) + PLAIN.bias == pytest.approx(float(PLAIN.logit(features)))


def test_judges_come_back_from_their_file(tmp_path: Path) -> None:
    save_judges(tmp_path, {"rows": PLAIN, "sentences": LAYERED})
    found, features = load_judges(tmp_path), torch.tensor([0.3, 0.7])
    assert set(found) == {"rows", "sentences"} and found["sentences"].threshold == 0.3
    for name, judge in (("rows", PLAIN), ("sentences", LAYERED)):
        assert torch.equal(found[name].logit(features), judge.logit(features))


@pytest.mark.parametrize(
    "change",
    [
        {"weights": [1.0]},
        {"scale": [0.0, 1.0]},
        {"bias": float("inf")},
        {"mean": [float("nan"), 0.0]},
        {"threshold": 2.0},
        {"names": None},
        {"hidden": [[[1.0]], [0.0]]},
    ],
    ids=str,
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    (tmp_path / JUDGE_FILE).write_text(json.dumps({"rows": PLAIN.to_dict() | change}), encoding="utf-8")
    with pytest.raises(UserError, match="copy the model folder again"):
        load_judges(tmp_path)


def test_a_folder_without_judges_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--only judge"):
        load_judges(tmp_path)
