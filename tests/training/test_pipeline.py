"""The train command from corpus to model card, stopped and resumed in every phase, and the card itself."""

from __future__ import annotations

import json
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bdh_workbench.asking.generation import generate
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.memory.writing.encoding import answer_ids
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.judge import JUDGE_FILE
from bdh_workbench.model.loading import SITE_TENSORS, load_model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training import judging, pipeline
from bdh_workbench.training.addressing import addresses, metatrain
from bdh_workbench.training.card import MEASURED_BY, corpus_sources
from bdh_workbench.training.checkpoint import Progress
from bdh_workbench.training.pictures import draw_pictures, smoothed
from bdh_workbench.training.pipeline import token_counts, train
from bdh_workbench.training.pretrain import Ahead, Order, Pretraining
from bdh_workbench.training.tokenizer import train_tokenizer
from tests.core_factory import changed
from tests.model_factory import save_passages

CPU = torch.device("cpu")
CONFIG = """
[model]
vocab_size = 320
width = 32
heads = 2
neurons = 32
levels = 2
context = 32
site_levels = [1]
site_slots = 16
write_slots = 1024
code_width = 64

[training]
early_rows = 4
late_rows = 4
early_context = 32
late_context = 32
tokens = 8192
corpus_tokens = 60000
rate = 3e-3
final_rate = 3e-4
warmup = 5
meta_minutes = 0.02
meta_seeds = 1
"""
FILES = ["config.json", "model.safetensors", "tokenizer.json", "general.safetensors", "README.md"]


@pytest.fixture(scope="module", autouse=True)
def little() -> Iterator[None]:
    """What is measured and what judges are fitted on is little: that each phase is done, not how well."""
    less = {
        pipeline: {"QUICK_SIZES": (8, 4, 1)},
        metatrain: {"QUICK_SIZES": (8, 4, 1)},
        addresses: {"REPORT_WINDOWS": (8, 64)},
        judging: {"WORLD_FACTS": (12,), "WORLD_TEXTS": ((1, 1600), (2, 1600)), "ASKED_OF_WORLD": 10},
    }
    with changed(less):
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_passages(tmp_path_factory.mktemp("corpus"), 5)
    part = {"what": "invented text", "licence": "CC0", "attribution": "nobody", "characters": 100000}
    (folder / "MANIFEST.json").write_text(json.dumps({"sources": {"invented": part}}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("config") / "toy.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return str(path)


class Stop:
    """Stands in for Ctrl-C: asked for from a given phase on."""

    def __init__(self) -> None:
        self.asked = False

    def before(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, with a stop asked for as it begins."""

        def stopped(*arguments: Any, **options: Any) -> Any:
            self.asked = True
            return work(*arguments, **options)

        return stopped


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, corpus: Path, config: str) -> tuple[Path, list[dict[str, Any]]]:
    """A model made by a run that was stopped in each phase, and what each call of the command returned."""
    out = tmp_path_factory.mktemp("models") / "toy"
    reports = []
    for name in ("train_tokenizer", "build_token_cache", "Pretraining.run", "meta_train", "calibrate", None):
        with pytest.MonkeyPatch.context() as patch:
            stop = Stop()
            patch.setattr(pipeline, "stop_on_interrupt", lambda stop=stop: lambda: stop.asked)
            if name is not None:
                owner, _, method = name.rpartition(".")
                place = getattr(pipeline, owner) if owner else pipeline
                patch.setattr(place, method, stop.before(getattr(place, method)))
            reports.append(train(str(corpus), config, out, None, bool(reports), CPU))
    return out, reports


@pytest.mark.slow
def test_a_stop_in_each_phase_is_told_and_resumed(trained: tuple[Path, list[dict[str, Any]]]) -> None:
    _, reports = trained
    where = ["tokenizer", "tokenizer", "pre-training", "addresses", "calibration", None]
    assert [report.get("stopped_in") for report in reports] == where
    assert [report["finished"] for report in reports] == [False] * 5 + [True]
    assert reports[2]["tokens"] < 8192 <= reports[3]["tokens"] == reports[5]["tokens"]
    assert json.loads(json.dumps(reports, allow_nan=False)) == reports


@pytest.mark.slow
def test_the_folder_is_a_model_that_can_be_written_into(trained: tuple[Path, list[dict[str, Any]]]) -> None:
    out, _ = trained
    assert {path.name for path in out.iterdir()} >= set(FILES)
    model = load_model(str(out), CPU)
    fact = Fact("The gate of Orm is painted", "blue")
    memory = finish(write(model, None, [fact])).memory
    prompt, answer = answer_ids(model.tokenizer, fact.prompt, fact.answer)
    settings = SamplingSettings(max_tokens=len(answer))
    said = [made.token for made in generate(Reader(model, memory), prompt, settings)]
    assert said[: len(answer) - 1] == answer[:-1]


@pytest.mark.slow
def test_the_card_tells_where_the_model_comes_from(trained: tuple[Path, list[dict[str, Any]]]) -> None:
    out, reports = trained
    card = (out / "README.md").read_text(encoding="utf-8")
    for wanted in ("# toy", "invented text", "CC0", "nobody", "epochs", "seed", "nats per token", "cores"):
        assert wanted in card
    assert f"{reports[-1]['parameters']:,} parameters" in card
    assert json.loads((out / "run" / "meta.json").read_text(encoding="utf-8"))["verdict"] in card
    assert MEASURED_BY in card
    assert str(out) not in card
    for name in ("loss.png", "gates.png"):
        assert (name in card) == (out / name).exists()


@pytest.mark.slow
def test_what_is_finished_is_not_done_again(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, reports = trained
    before = {name: (out / name).read_bytes() for name in FILES}
    for name in ("Pretraining", "meta_train", "calibrate"):
        monkeypatch.setattr(pipeline, name, None)
    assert train(str(corpus), config, out, None, True, CPU) == reports[-1]
    assert {name: (out / name).read_bytes() for name in FILES} == before


@pytest.mark.slow
def test_a_changed_write_site_does_addresses_and_calibration_again(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = trained
    copy = shutil.copytree(out, tmp_path / "copy")
    other = tmp_path / "other.toml"
    other.write_text(CONFIG.replace("code_width = 64", "code_width = 32"), encoding="utf-8")
    monkeypatch.setattr(pipeline.Pretraining, "_loop", None)
    report = train(str(corpus), str(other), copy, None, True, CPU)
    assert report["finished"]
    assert load_model(str(copy), CPU).site.codes.shape[1] == 32


@pytest.mark.slow
def test_parts_that_do_not_depend_on_the_network_are_taken_over(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, _ = trained
    wider = tmp_path / "wider.toml"
    wider.write_text(CONFIG.replace("neurons = 32", "neurons = 64"), encoding="utf-8")
    for name in ("train_tokenizer", "meta_train", "calibrate", "fit_judges"):
        monkeypatch.setattr(pipeline, name, None)
    report = train(str(corpus), str(wider), tmp_path / "new", None, False, CPU, parts=parts)
    assert report["finished"]
    new, old = load_model(str(tmp_path / "new"), CPU), load_model(str(parts), CPU)
    assert new.config.neurons == 64 and new.tokenizer.fingerprint() == old.tokenizer.fingerprint()
    assert all(torch.equal(getattr(new.site, name), getattr(old.site, name)) for name in SITE_TENSORS)
    assert (tmp_path / "new" / JUDGE_FILE).read_bytes() == (parts / JUDGE_FILE).read_bytes()
    assert new.fingerprint != old.fingerprint
    card = (tmp_path / "new" / "README.md").read_text(encoding="utf-8")
    assert "made for `toy`" in card and "## Calibration" in card and "Muon" in card
    verdict = json.loads((parts / "run" / "meta.json").read_text(encoding="utf-8"))["verdict"]
    assert verdict in card


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["write site", "tokenizer", "config.json", "general.safetensors"])
def test_parts_that_do_not_fit_are_refused_before_anything_is_trained(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, tmp_path: Path, changed: str
) -> None:
    parts = shutil.copytree(trained[0], tmp_path / "parts")
    config = tmp_path / "toy.toml"
    config.write_text(
        CONFIG.replace("code_width = 64", "code_width = 32" if changed == "write site" else "code_width = 64")
    )
    out = tmp_path / "new"
    if changed == "tokenizer":
        out.mkdir()
        train_tokenizer(["abc abd"], 300).save(out / "tokenizer.json")
    if changed.endswith((".json", ".safetensors")):
        (parts / changed).unlink()
    with pytest.raises(UserError, match=changed):
        train(str(corpus), str(config), out, None, False, CPU, parts=parts)
    assert not (out / "run" / "checkpoint.safetensors").exists()
    with pytest.raises(UserError, match="its own parts"):
        train(str(corpus), str(config), parts, None, True, CPU, parts=parts)


@pytest.mark.slow
def test_pretraining_goes_on_from_the_weights_of_a_finished_model(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, tmp_path: Path
) -> None:
    parts = trained[0]
    still, wider = tmp_path / "still.toml", tmp_path / "wider.toml"
    nothing = re.sub(r"(?m)^(rate|final_rate) = .*$", r"\1 = 1e-12", CONFIG)
    assert nothing != CONFIG
    still.write_text(nothing, encoding="utf-8")
    wider.write_text(CONFIG.replace("neurons = 32", "neurons = 64"), encoding="utf-8")
    train(str(corpus), str(still), tmp_path / "new", None, False, CPU, parts=parts, weights=parts)
    new, old = load_model(str(tmp_path / "new"), CPU), load_model(str(parts), CPU)
    for (name, one), two in zip(new.network.state_dict().items(), old.network.state_dict().values(), strict=True):
        assert torch.allclose(one, two, atol=1e-6), name
    assert "those of `toy`" in (tmp_path / "new" / "README.md").read_text(encoding="utf-8")
    with pytest.raises(UserError, match="another shape"):
        train(str(corpus), str(wider), tmp_path / "wide", None, False, CPU, weights=parts)
    assert not (tmp_path / "wide").exists()


@pytest.mark.slow
def test_the_tokenizer_comes_with_the_weights_and_a_resumed_run_has_its_own(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, config: str, tmp_path: Path
) -> None:
    given, out = trained[0], tmp_path / "new"
    reports: list[dict[str, Any]] = []
    for forbidden in ("train_tokenizer", "load_network"):
        with pytest.MonkeyPatch.context() as patch:
            stop = Stop()
            stop.asked = bool(reports)
            patch.setattr(pipeline, forbidden, None)
            patch.setattr(pipeline, "stop_on_interrupt", lambda stop=stop: lambda: stop.asked)
            patch.setattr(Pretraining, "run", stop.before(Pretraining.run))
            reports.append(train(str(corpus), config, out, None, bool(reports), CPU, weights=given))
    assert [report["stopped_in"] for report in reports] == ["pre-training"] * 2
    assert (out / "tokenizer.json").read_bytes() == (given / "tokenizer.json").read_bytes()
    assert reports[0]["steps"] < reports[1]["steps"]


@pytest.mark.slow
def test_a_run_is_not_overwritten(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, config: str, tmp_path: Path
) -> None:
    out, _ = trained
    with pytest.raises(UserError, match="--resume"):
        train(str(corpus), config, out, None, False, CPU)
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(out / "model.safetensors", alone)  # somebody's model, without the run that made it
    with pytest.raises(UserError, match="--resume"):
        train(str(corpus), config, alone, None, False, CPU)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"[]", b"\xff\xfe", b'{"pretraining": {}}', b"{"])
def test_a_damaged_state_is_one_sentence(
    trained: tuple[Path, list[dict[str, Any]]], corpus: Path, config: str, tmp_path: Path, damage: bytes
) -> None:
    out, _ = trained
    copy = shutil.copytree(out, tmp_path / "copy")
    (copy / "run" / "state.json").write_bytes(damage)
    with pytest.raises(UserError, match=r"state\.json is damaged"):
        train(str(corpus), config, copy, None, True, CPU)


@pytest.mark.parametrize("minutes", [0.0, -3.0, float("nan")])
def test_minutes_must_be_above_zero(corpus: Path, config: str, tmp_path: Path, minutes: float) -> None:
    with pytest.raises(UserError, match="--minutes"):
        train(str(corpus), config, tmp_path / "out", minutes, False, CPU)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, "not JSON", "[]", '{"sources": [1]}', '{"sources": {"a": 3}}'])
def test_a_corpus_without_a_sound_manifest_has_no_sources(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "MANIFEST.json").write_text(content, encoding="utf-8")
    assert corpus_sources(str(tmp_path)) == []


def test_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    rows = [[n, 100 * n, float(n), 5.0 - n / 100, 1e-3] for n in range(1, 200)]
    progress = Progress(losses=rows, validation=[[100, 10000, 100.0, 4.5]], gates=[[n, 0.1, 0.2] for n in range(1, 50)])
    assert draw_pictures(tmp_path, progress) == ["loss.png", "gates.png"]
    for name in ("loss.png", "gates.png"):
        data = (tmp_path / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (864, 504)
    assert draw_pictures(tmp_path, Progress()) == []


def test_a_smoothed_line_does_not_lag() -> None:
    line = [float(n) for n in range(1000)]
    assert smoothed(line)[20:-20] == pytest.approx(line[20:-20])
    assert smoothed([3.0]) == [3.0] and smoothed([]) == []


def test_tokens_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "COUNTED", 3)
    assert token_counts(np.array([0, 2, 2, 1, 2], dtype=np.uint16), 4).tolist() == [1, 1, 3, 0]


def test_batches_made_ahead_are_those_that_were_ordered() -> None:
    made: list[Order] = []

    def make(order: Order) -> np.ndarray[Any, np.dtype[np.int64]]:
        made.append(order)
        return np.array([order.late, order.rows, order.early_position, order.late_position], dtype=np.int64)

    orders = [
        Order(False, True, 4, 0, 0),
        Order(False, True, 4, 4, 0),
        Order(False, True, 4, 8, 0),
        Order(True, True, 2, 12, 0),
    ]
    orders += [Order(True, True, 2, 12, 2), Order(True, True, 2, 12, 4)]
    with Ahead(make, depth=2) as ahead:
        taken = [ahead.take(order).tolist() for order in orders]
    assert taken == [[o.late, o.rows, o.early_position, o.late_position] for o in orders]
    assert orders[0].following() == orders[1] and orders[3].following() == orders[4]
    assert len(made) <= len(orders) + 4  # what was made for nothing when the windows changed, and after the end


def test_a_batch_that_cannot_be_made_is_told() -> None:
    def make(order: Order) -> np.ndarray[Any, np.dtype[np.int64]]:
        raise UserError("no text")

    with Ahead(make) as ahead, pytest.raises(UserError, match="no text"):
        ahead.take(Order(False, True, 1, 0, 0))
