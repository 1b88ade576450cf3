"""A report is known again by the model that it is of: its calibration counts, which the fingerprint leaves out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from bdh_workbench.evaluation.provenance import calibration_digest, provenance, training_tokens
from bdh_workbench.model.loading import Model


def test_every_number_of_calibration_and_judges_is_in_their_digest(model: Model) -> None:
    held = model.calibration
    digests = {calibration_digest(model)}
    for field in dataclasses.fields(held):
        values = getattr(held, field.name).clone()
        values.view(-1)[0] += 1
        changed = dataclasses.replace(held, **{field.name: values})
        digests.add(calibration_digest(dataclasses.replace(model, calibration=changed)))
    assert len(digests) == 1 + len(dataclasses.fields(held))
    again = dataclasses.replace(model, calibration=dataclasses.replace(held, locality=held.locality.clone()))
    assert calibration_digest(again) in digests


def test_a_report_of_other_judges_is_of_another_model(model: Model) -> None:
    judges = {name: dataclasses.replace(judge, bias=judge.bias + 1.0) for name, judge in model.judges.items()}
    other = dataclasses.replace(model, judges=judges)
    mine, theirs = provenance(model), provenance(other)
    assert model.judges and mine["fingerprint"] == theirs["fingerprint"]
    assert mine["calibration_digest"] != theirs["calibration_digest"]


@pytest.mark.parametrize(
    ("content", "tokens"),
    [(json.dumps({"pretraining": {"tokens": 12345}}), 12345), ("{", None), ("[]", None), ("{}", None), (None, None)],
)
def test_the_tokens_that_a_model_read_are_told_if_its_folder_records_them(
    model: Model, tmp_path: Path, content: str | None, tokens: int | None
) -> None:
    if content is not None:
        (tmp_path / "training").mkdir()
        (tmp_path / "training" / "state.json").write_text(content, encoding="utf-8")
    assert training_tokens(dataclasses.replace(model, folder=tmp_path)) == tokens
