"""The benchmark of the window measures what it says; how quick the window is depends on the machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from bdh_workbench.errors import UserError
from bdh_workbench.gui.dialogs.questions import Confirm, Unsaved
from bdh_workbench.gui.panes import retention
from lab.window import quickness as benchmark
from lab.window.driving import driven
from tests.core_factory import DOCUMENT, OTHER_DOCUMENT
from tests.model_factory import save_documents, save_tiny_model


def test_a_target_is_reached_or_missed() -> None:
    most = benchmark.Target("", "a", 2.0, True, "s")
    least = benchmark.Target("", "a", 30.0, False, "/s")
    assert most.reached({"a": 2.0}) and not most.reached({"a": 2.1})
    assert least.reached({"a": 30.0}) and not least.reached({"a": 29.0})


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(number) for number in range(100)]
    assert benchmark.percentile(values, 0.99) == 99.0 and benchmark.percentile(values, 0.5) == 50.0
    assert benchmark.percentile([], 0.99) == 0.0


def test_facts_are_all_different() -> None:
    facts = [fact for seed in range(30) for fact in benchmark.invented_facts(3, seed)]
    assert len({fact.prompt for fact in facts}) == 90


@pytest.mark.slow
@pytest.mark.timeout(240)  # it opens the window several times
def test_the_benchmark_measures_the_real_window(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_tiny_model(tmp_path / "tiny")
    less = {
        "STARTS": 1,
        "IDLE": 0.1,
        "FILES": 50,
        "WARM_UP_WRITES": 1,
        "DRAWING": 0.5,
        "PLOTTED_CURVES": 10,
        "PLOTTED_POINTS": 30,
    }
    for name, value in (less | {"BOOK": 20_000, "PASTED": 100_000, "SEARCHED": 3}).items():
        monkeypatch.setattr(benchmark, name, value)
    monkeypatch.setattr(retention, "SAMPLES", ("one",))
    save_documents(tmp_path / "one.json", [DOCUMENT, OTHER_DOCUMENT])
    monkeypatch.setattr(retention, "resource_path", lambda name: tmp_path / Path(name).name)
    assert benchmark.main(["--json", "--writes", "2", "--model", str(model)]) in (0, 1)
    results = json.loads(capsys.readouterr().out)
    assert all(target.key in results for target in benchmark.TARGETS)
    assert all(results[key] >= 0.0 for key, _ in benchmark.GAPS)
    assert results["torch_at_start"] == 0, "the window is painted before torch is loaded"
    assert results["left_alive"] == 0, results["left"]
    assert results["growth_writes"] == 2 and results["library_files"] == benchmark.FILES
    assert 0.0 < results["start_seconds"] <= results["start_seconds_worst"] < 60.0
    assert results["frames_per_second"] > 1.0 and results["write_lateness_p99"] >= 0.0


def test_a_failure_or_a_question_ends_what_is_waited_for(qapp: QApplication, model_folder: Path) -> None:
    """Nobody is there to close a dialog."""
    with driven(str(model_folder)) as driver:
        QTimer.singleShot(0, lambda: driver.window.fail("The disk is full.", ""))
        with pytest.raises(UserError, match="disk is full"):
            driver.wait(lambda: False)
        assert not Confirm.ask(driver.window, "Write again?", "Write")
        with pytest.raises(UserError, match="Write again"):
            driver.wait(lambda: True)
        assert Unsaved.ask(driver.window, "Ten facts") == "cancel"
        with pytest.raises(UserError, match="waits for an answer"):
            driver.wait(lambda: True)
        driver.wait(lambda: True)
