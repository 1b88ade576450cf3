"""The ladder of recipes: every run is made once, a stop loses nothing, and the best variant goes on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from bdh_workbench.errors import UserError
from bdh_workbench.model.loading import Model
from bdh_workbench.training.config import TrainingConfig, load_configs
from lab.networks import ladder
from lab.runner import carry_out
from tests.core_factory import tiny_config
from tests.model_factory import save_passages


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_passages(tmp_path_factory.mktemp("corpus"), 4))


SECONDS = 0.4  # of processor time of a run


def test_the_best_variant_of_each_rung_goes_on(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = ladder.Variant("low", training={"rate": 1e-6, "final_rate": 1e-7})
    high = ladder.Variant("high", training={"rate": 1e-2, "final_rate": 1e-3})
    deep = [ladder.Variant(f"{n} levels", {"levels": n}) for n in (2, 3)]
    monkeypatch.setattr(ladder, "rungs", lambda *recipe: {"rate": [low, high], "depth": deep})
    lines: list[str] = []
    report = carry_out(
        "ladder", tmp_path, lines.append, model, corpus=corpus, config="tiny", minutes=SECONDS / 60.0, seeds=2
    )
    assert report["rungs"]["rate"]["chosen"] == "high" and report["recipe"]["training"]["rate"] == 1e-2
    assert len(lines) == 4
    assert json.loads((tmp_path / "ladder.json").read_text()) == json.loads(json.dumps(report))
    page = (tmp_path / "ladder.md").read_text()
    assert "high (chosen)" in page and "| depth |" in page
    runs = [run for rung in report["rungs"].values() for variant in rung["variants"] for run in variant["runs"]]
    assert all(run["seconds"] == pytest.approx(SECONDS, abs=0.3) for run in runs), "equal processor time"
    assert len(list((tmp_path / "ladder-runs").glob("*.json"))) == 6, (
        "2 levels are what was chosen before: its runs are used again"
    )

    def refused(*given: Any, **named: Any) -> None:
        raise AssertionError("a finished run is not made again")

    monkeypatch.setattr(ladder, "Pretraining", refused)
    settings: dict[str, Any] = {"corpus": corpus, "config": "tiny", "minutes": SECONDS / 60.0, "seeds": 2}
    with pytest.raises(UserError, match="choose from rate, depth"):
        carry_out("ladder", tmp_path / "none", model=model, **settings, parts=("size",))
    part = carry_out("ladder", tmp_path, model=model, **settings, parts=("rate",))
    assert part["rungs"] == {"rate": report["rungs"]["rate"]}
    again = carry_out("ladder", tmp_path, model=model, corpus=corpus, config="tiny", minutes=SECONDS / 60.0, seeds=2)
    assert again["rungs"] == report["rungs"]


def test_a_stopped_ladder_goes_on_within_a_run(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = ladder.Variant("as it is")
    monkeypatch.setattr(ladder, "rungs", lambda *recipe: {"nothing": [one]})
    monkeypatch.setattr(ladder, "stop_on_interrupt", lambda: lambda: True)
    with pytest.raises(UserError, match="continues from here"):
        carry_out("ladder", tmp_path, model=model, corpus=corpus, config="tiny", minutes=SECONDS / 60.0, seeds=1)
    (left,) = (tmp_path / "ladder-runs").glob("*/checkpoint.safetensors")
    monkeypatch.setattr(ladder, "stop_on_interrupt", lambda: lambda: False)
    resumed: list[int] = []
    plain = ladder.Pretraining.resume

    def resume(self: Any) -> bool:
        done = plain(self)
        resumed.append(self.progress.step)
        return done

    monkeypatch.setattr(ladder.Pretraining, "resume", resume)
    carry_out("ladder", tmp_path, model=model, corpus=corpus, config="tiny", minutes=SECONDS / 60.0, seeds=1)
    assert resumed == [1] and not left.exists()


@pytest.mark.parametrize("name", ["tiny", "small", "base", "bdh-30m"])
def test_every_variant_of_every_rung_is_sound(name: str) -> None:
    recipe = load_configs(name)
    for rung, variants in ladder.rungs(*recipe).items():
        made = [variant.of(recipe) for variant in variants]
        assert (
            len({json.dumps([dataclasses.asdict(part) for part in each]) for each in made}) == len(made)
            or rung == "size"
        )
        recipe = made[-1]


def test_the_sizes_are_those_of_their_names() -> None:
    variants = {v.name: v.of(load_configs("small"))[0] for v in ladder.rungs(*load_configs("small"))["size"]}
    with torch.device("meta"):
        sizes = {name: sum(p.numel() for p in ladder.Network(shape).parameters()) for name, shape in variants.items()}
    assert sizes["as configured"] == 2_654_724
    assert 5.5e6 < sizes["6M"] < 6.5e6 and 9.5e6 < sizes["10M"] < 10.5e6


def test_a_variant_that_leaves_a_site_without_a_level_is_refused() -> None:
    shape = tiny_config(levels=3, site_levels=(2,))
    with pytest.raises(UserError, match="start_levels"):
        ladder.Variant("bad", training={"start_levels": 1}).of((shape, TrainingConfig()))
