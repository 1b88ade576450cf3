"""The commands that a checkout adds to the program's: what an experiment is given, and what it refuses."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from lab.__main__ import main
from lab.records import EXPERIMENTS

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_claims_needs_neither_model_nor_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BDH_WORKBENCH_CORPUS", str(tmp_path / "nowhere"))
    arguments = ["experiment", "reproduction", "--out", str(tmp_path), "--model", str(tmp_path / "no model")]
    assert main(arguments) == 0, capsys.readouterr().err
    assert "not measured yet" in (tmp_path / "reproduction.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("capacity", (), {"seeds": 3}),
        ("harder", ("--seeds", 2), {"seeds": 2}),
        ("alike", (), {"seeds": 3}),
        ("gates", (), {"corpus": ROOT / "docs", "seeds": 3, "steps": 800}),
        ("routing", ("--steps", 30), {"corpus": ROOT / "docs", "seeds": 3, "steps": 30}),
        ("protocols-collide", ("--collide",), {"corpus": ROOT / "docs", "seeds": 5}),
        ("peer", ("--tokens", 9), {"corpus": ROOT / "docs", "seeds": 3, "tokens": 9, "config": "base"}),
        ("keeping", ("--parts", "ten", "long"), {"corpus": ROOT / "docs", "parts": ["ten", "long"]}),
    ],
)
def test_an_experiment_is_given_its_own_options_and_no_others(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str,
    arguments: tuple[object, ...], wanted: dict[str, Any],
) -> None:  # fmt: skip
    experiment = EXPERIMENTS[name]
    module = importlib.import_module(experiment.module)
    accepted = inspect.signature(module.measure).parameters
    given: dict[str, Any] = {}

    def instead(name: str, out: Path, note: object, **options: object) -> dict[str, str]:
        given.update(options, out=out, note=note)
        return {"experiment": name}

    monkeypatch.setattr("lab.experiment.carry_out", instead)
    # Where there is no text, only those that read one may fail.
    monkeypatch.setenv("BDH_WORKBENCH_CORPUS", str(wanted.get("corpus", tmp_path / "nowhere")))
    called = ["experiment", experiment.variant_of or name, *map(str, arguments)]
    given_words = [*called, "--out", str(tmp_path), "--model", str(model_folder)]
    assert main(given_words) == 0
    assert set(given) <= {*accepted, "out"}
    model, note = given.pop("model"), given.pop("note")
    assert model.name == "tiny" and callable(note)
    assert given == {"out": tmp_path} | {key: str(v) if key == "corpus" else v for key, v in wanted.items()}


def test_an_experiment_finds_its_text_where_it_was_told_once(
    tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``experiment NAME --out DIR`` is enough for a script."""
    monkeypatch.setenv("BDH_WORKBENCH_CORPUS", str(tmp_path / "nowhere"))
    assert main(["experiment", "meta", "--out", str(tmp_path / "o"), "--model", str(model_folder)]) == 1
    assert f"There is no text at {tmp_path / 'nowhere'}" in capsys.readouterr().err
    monkeypatch.delenv("BDH_WORKBENCH_CORPUS")
    monkeypatch.chdir(tmp_path)
    assert main(["experiment", "meta", "--out", str(tmp_path / "o"), "--model", str(model_folder)]) == 1
    assert "There is no text at ../shared/corpus" in capsys.readouterr().err


def test_an_option_of_another_experiment_is_named_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "keeping", "--out", "o", "--seeds", "5"]) == 2
    said = capsys.readouterr().err
    assert "keeping takes no --seeds: its options are --out, --corpus, --parts" in said


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("gates", "--parts", "ten"),
        ("meta", "--steps", "20"),
        ("addresses", "--tokens", "9"),
        ("routing", "--config", "tiny"),
        ("capacity", "--corpus", "c"),
        ("keeping", "--seeds", "3"),
    ],
)
def test_an_option_of_another_experiment_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], name: str, option: str, value: str
) -> None:
    assert main(["experiment", name, "--out", "o", option, value]) == 2
    assert "--help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("gates", "--corpus", "no such corpus", "--out", "o"), "There is no text"),
        (("reproduction", "--out", __file__), "is a file"),
    ],
)
def test_values_that_cannot_work_are_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    assert main(["experiment", *arguments]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_record_names_a_module_that_takes_its_options(name: str) -> None:
    record = EXPERIMENTS[name]
    module = importlib.import_module(record.module)
    taken = inspect.signature(module.write_page if record.has_page_alone else module.measure).parameters
    expected = {
        *record.options,
        "note",
        *(["model"] if record.reads_model else []),
        *(["folder"] if record.keeps_runs else []),
    }
    assert expected <= set(taken) <= expected | {"seed"}
