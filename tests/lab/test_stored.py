"""The benchmark folder: what is stored can be compared, and a fall is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.stored import compare, run


def stored(path: Path, **figures: float) -> Path:
    path.write_text(
        json.dumps({"commit": path.stem, "figures": {k.replace("_of_", "."): v for k, v in figures.items()}})
    )
    return path


def test_a_fall_and_a_slower_step_are_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = stored(tmp_path / "one.json", facts_of_exact=1.0, write_of_units=10.0, write_of_seconds=1.0)
    for name, change, status in (
        ("same", {"facts_of_exact": 0.995, "write_of_units": 12.0, "write_of_seconds": 9.0}, 0),
        ("less", {"facts_of_exact": 0.9, "write_of_units": 10.0}, 1),
        ("slow", {"facts_of_exact": 1.0, "write_of_units": 16.0}, 1),
    ):
        two = stored(tmp_path / f"{name}.json", **change)
        assert compare.main([str(one), str(two)]) == status, name
    assert "Worse: write.units." in capsys.readouterr().out
    assert compare.judged("locality.relative_change", 0.0, 0.05) == "worse"
    assert compare.judged("facts.cross_contamination", 0.5, 0.0) == "better"


def test_times_on_unlike_numbers_of_threads_are_not_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for threads, units in ((1, 10.0), (2, 30.0)):
        path = stored(tmp_path / f"{threads}.json", facts_of_exact=1.0, write_of_units=units)
        path.write_text(json.dumps(json.loads(path.read_text()) | {"threads": threads}))
        paths.append(str(path))
    assert compare.main(paths) == 0
    assert "not judged" in capsys.readouterr().out


def test_without_two_runs_there_is_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compare, "HISTORY", tmp_path)
    assert compare.main([]) == 2 and "no two runs" in capsys.readouterr().err


def test_every_stored_run_holds_the_same_figures() -> None:
    names = [set(json.loads(path.read_text())["figures"]) for path in sorted(run.HISTORY.glob("*.json"))]
    assert names and all(found == names[-1] for found in names)


@pytest.mark.slow
def test_a_run_measures_what_it_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    timed = run.timed
    monkeypatch.setattr(run, "timed", lambda act, times=1: timed(act, 1))
    monkeypatch.setattr("sys.argv", ["run", "--quick", "--out", str(path)])
    assert run.main() == 0
    figures = json.loads(path.read_text())["figures"]
    assert {"load_model.units", "write_facts.seconds", "read_token.units"} <= figures.keys() and min(
        figures.values()
    ) > 0
