"""The results in the documentation are of the models that come with the program, and their commands are commands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import torch

from bdh_workbench.cli import make_parser
from bdh_workbench.evaluation.provenance import provenance
from bdh_workbench.model.loading import bundled_models, load_model
from lab import experiment
from lab.__main__ import LAB_COMMANDS
from lab.records import EXPERIMENTS
from lab.results import command

EARLIER = "> Measured with an earlier model (`{name}`), and to be measured again."
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
    if name is None:
        return  # of networks that the experiment trains itself
    marks = ("fingerprint", "calibration_digest")
    now = name in bundled and all(report.get(mark) == bundled[name][mark] for mark in marks)
    page = path.with_suffix(".md")
    told = page.is_file() and EARLIER.format(name=name) in page.read_text(encoding="utf-8")
    assert now or told, f"{path.name} is of another state of {name}, and its page does not say so"
    assert not (now and told), f"{page.name} says that it is of an earlier state, and it is not"


@pytest.mark.parametrize("name", sorted(EXPERIMENTS.keys() - {"reproduction"}))
def test_the_command_that_pages_name_is_one(name: str, tmp_path: Path) -> None:
    held = Path(__file__).parents[2] / "docs" / "experiments" / f"{name}.json"
    report = json.loads(held.read_text(encoding="utf-8")) if held.is_file() else {}
    told = command(name, report)
    if report:
        assert f"By `{told}`" in held.with_suffix(".md").read_text(encoding="utf-8")
    words = shlex.split(told.replace("../shared/corpus", str(tmp_path)))
    assert words[:3] == ["python3", "workbench.py", "run"]
    args = make_parser(LAB_COMMANDS).parse_args(words[3:])
    options = experiment._options(args, EXPERIMENTS[name])
    assert all(options[option] == report[option] for option in ("seeds", "steps") if option in options and report)
