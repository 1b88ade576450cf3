"""The results in the documentation are of the models that come with the program, as they are now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from bdh_workbench.evaluation.provenance import provenance
from bdh_workbench.model.loading import bundled_models, load_model

RESULTS = sorted((Path(__file__).parents[2] / "docs" / "experiments").glob("*.json"))


@pytest.fixture(scope="module")
def bundled() -> dict[str, dict[str, str]]:
    """What reports of the bundled models must say, by their names."""
    return {name: provenance(load_model(name, torch.device("cpu"))) for name in bundled_models()}


def test_there_are_results() -> None:
    assert RESULTS


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_are_of_the_bundled_model_as_it_is_now(path: Path, bundled: dict[str, dict[str, str]]) -> None:
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    name = report.get("model")
    if name not in bundled:
        return  # of a model that is not here
    for mark in ("fingerprint", "calibration_digest"):
        assert report.get(mark) == bundled[name][mark], f"{path.name} is stale: {mark} is of another state of {name}"
