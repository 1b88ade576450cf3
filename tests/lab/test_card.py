"""The card's sections are filled from the model and from a report, and nothing else of it changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bdh_workbench.errors import UserError
from bdh_workbench.model.loading import Model
from lab import card
from lab.card import Sample, bench_section, invented_names, main, samples, with_section


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(3):
        text = "The river Ulvemund was bridged in the year of the great flood by two masons. " * 3
        (folder / f"{number}-val.txt").write_text(text, encoding="utf-8")
    (folder / "text.txt").write_text("Torlaheim is a town that people have read about. " * 20, encoding="utf-8")
    return folder


def test_a_section_is_replaced_between_its_marks_and_added_where_there_is_none() -> None:
    text = "# m\n\n<!-- bench:begin -->\nold\n<!-- bench:end -->\n\nafter\n"
    assert with_section(text, "bench", "Benchmark", ["new"]) == text.replace("old", "new")
    added = with_section("# m\n", "bench", "Benchmark", ["new"])
    assert added == "# m\n\n## Benchmark\n\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\n"
    with pytest.raises(UserError, match="bench:end"):
        with_section("<!-- bench:begin -->", "bench", "Benchmark", [])


def test_every_figure_of_a_report_has_a_row() -> None:
    lines = bench_section({"model": "m", "facts": {"exact": 1.0, "deep": {"p": 0.99999}}, "baselines": None})
    assert "| model | m |" in lines and "| facts.exact | 1 |" in lines and "| facts.deep.p | 0.99999 |" in lines
    assert "| baselines | – |" in lines


def test_samples_continue_held_out_texts_and_are_the_same_each_time(
    model: Model, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "APART", 1)
    monkeypatch.setattr(card, "SAID_TOKENS", 8)
    found = samples(model, str(corpus), 2)
    assert [sample.prompt for sample in found] == ["The river Ulvemund was bridged in the year of the great flood"] * 2
    assert found[0].said != found[1].said
    assert samples(model, str(corpus), 2) == found


def test_invented_names_are_those_that_the_corpus_does_not_contain(corpus: Path) -> None:
    said = [Sample("A", "sailed to Ulvemund and Torlaheim, near London.")]
    assert invented_names(said, str(corpus)) == ["Ulvemund"]


def test_the_command_fills_a_card(
    model_folder: Path,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(card, "APART", 1)
    monkeypatch.setattr(card, "SAID_TOKENS", 4)
    folder = shutil.copytree(model_folder, tmp_path / "copy")
    (folder / "README.md").write_text("# copy\n", encoding="utf-8")
    report = tmp_path / "bench.json"
    report.write_text(json.dumps({"facts": {"exact": 1.0}}), encoding="utf-8")
    assert main(["--model", str(folder), "--corpus", str(corpus), "--bench", str(report)]) == 0
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# copy\n") and "## Without a memory" in text and "| facts.exact | 1 |" in text
    assert text.count("**The river Ulvemund") == 3
    report.write_text("{", encoding="utf-8")
    assert main(["--model", str(folder), "--corpus", str(corpus), "--bench", str(report)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert (folder / "README.md").read_text(encoding="utf-8") == text
