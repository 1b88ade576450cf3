"""Model folders: what is saved comes back, the fingerprint names all that a read depends on, damage is one sentence."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from bdh_workbench.errors import UserError
from bdh_workbench.model import checkpoint
from bdh_workbench.model.checkpoint import load_config, load_network, load_tensors, read_metadata, save_network
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.device import choose_device
from bdh_workbench.model.loading import (
    SITE_TENSORS,
    Calibration,
    bundled_models,
    find_model,
    load_general,
    load_model,
    make_model,
    save_general,
)
from bdh_workbench.model.network import Network
from bdh_workbench.model.tokenizer import ByteTokenizer, Tokenizer
from tests.core_factory import calibrated_site, random_network, tiny_calibration, tiny_config, tiny_model

CPU = torch.device("cpu")


def save_folder(folder: Path, **changes: Any) -> None:
    config = tiny_config(**changes)
    folder.mkdir(parents=True, exist_ok=True)
    save_network(folder, random_network(config))
    ByteTokenizer().save(folder / "tokenizer.json")
    save_general(folder, calibrated_site(config), tiny_calibration(), {"made": "by a test"})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "whole"
    save_folder(folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of a whole model folder, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "model"))


def refused(folder: Path) -> str:
    """The one sentence with which a folder is refused."""
    with pytest.raises(UserError) as error:
        load_model(str(folder), CPU)
    message = str(error.value)
    assert message.endswith(".") and "\n" not in message and "Traceback" not in message
    assert message.count(". ") == 0, f"more than one sentence: {message}"
    assert len(message) < 500
    return message


def test_a_network_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    network = random_network(tiny_config(site_levels=(1, 2)), seed=3)
    save_network(tmp_path, network)
    back = load_network(tmp_path, CPU)
    assert back.config == network.config
    assert not back.training and not any(p.requires_grad for p in back.parameters())
    saved, loaded = dict(network.named_parameters()), dict(back.named_parameters())
    assert saved.keys() == loaded.keys()
    assert all(torch.equal(saved[name].detach(), loaded[name]) for name in saved)
    ids = torch.arange(20)[None]
    with torch.no_grad():
        assert torch.equal(network(ids), back(ids))


def test_half_precision_files_load_as_fp32(tmp_path: Path) -> None:
    network = random_network(tiny_config())
    save_network(tmp_path, network, torch.bfloat16)
    back = load_network(tmp_path, CPU)
    assert back.embed.weight.dtype == torch.float32
    torch.testing.assert_close(back.embed.weight, network.embed.weight.detach(), atol=0.0, rtol=0.01)
    save_network(tmp_path / "again", back, torch.bfloat16)
    assert (tmp_path / "again/model.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_a_folder_loads_as_the_model_that_was_saved(whole: Path) -> None:
    model, wanted = load_model(str(whole), CPU), tiny_model()
    assert model.fingerprint == wanted.fingerprint and model.name == "whole" and model.folder == whole
    assert model.parameters == wanted.parameters
    for key in SITE_TENSORS:
        assert torch.equal(getattr(model.site, key), getattr(wanted.site, key)), key
    for field in dataclasses.fields(Calibration):
        value = getattr(model.calibration, field.name)
        assert torch.equal(value, getattr(wanted.calibration, field.name)), field.name
    assert read_metadata(whole / "general.safetensors") == {"made": "by a test"}
    assert load_model(str(whole), CPU).fingerprint == model.fingerprint


def test_the_fingerprint_changes_with_every_weight() -> None:
    model = tiny_model()
    seen = {model.fingerprint}
    for _, parameter in model.network.named_parameters():
        flat = parameter.data.view(-1)
        flat[-1] += 1e-3
        seen.add(remade(model).fingerprint)
        flat[-1] -= 1e-3
    for key in SITE_TENSORS:
        tensor = getattr(model.site, key)
        before = tensor.clone()
        last = tensor.view(-1)[-1]
        other = not bool(last) if tensor.dtype == torch.bool else last + (0.5 if tensor.is_floating_point() else -1)
        tensor.view(-1)[-1] = other
        seen.add(remade(model).fingerprint)
        tensor.copy_(before)
    assert len(seen) == 1 + len(list(model.network.parameters())) + len(SITE_TENSORS)


def remade(model: Any, tokenizer: Tokenizer | None = None) -> Any:
    return make_model("x", Path(), model.network, model.site, tokenizer or model.tokenizer, model.calibration)


def test_the_fingerprint_changes_with_every_setting_and_the_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    seen = {model.fingerprint}
    changed: dict[str, Any] = {"context": 31, "rope_theta": 1000.0, "fast_decay": 0.5, "fast_rate": 2.0, "seed": 4}
    changed |= {"address_active": 0.05, "address_weights": (1.0, 1.0, 0.5)}
    for name, value in changed.items():
        seen.add(tiny_model(**{name: value}).fingerprint)
    other = ByteTokenizer()
    monkeypatch.setattr(other, "_data", b"another")
    seen.add(remade(model, other).fingerprint)
    assert len(seen) == len(changed) + 2


def test_the_fingerprint_does_not_change_with_the_name_or_the_thresholds() -> None:
    assert tiny_model().fingerprint == tiny_model(name="other", threshold=0.3).fingerprint


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "general.safetensors"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b"\xff\x00\x9f" * 1000),
        lambda path: path.write_bytes(b"\x00" * 64 + path.read_bytes()),
        lambda path: path.write_text("[1, 2]"),
        lambda path: path.write_text("[" * 100_000),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["missing", "empty", "half", "binary", "shifted", "list", "deep", "folder"],
)
def test_a_damaged_or_missing_file_is_named(folder: Path, name: str, damage: Callable[[Path], object]) -> None:
    damage(folder / name)
    message = refused(folder)
    assert name in message or str(folder) in message


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"width": -3},
        {"width": "wide"},
        {"width": 2.5},
        {"width": True},
        {"width": None},
        {"width": float("nan")},
        {"width": float("inf")},
        {"neurons": 33},
        {"levels": 10**18},
        {"write_slots": 10**12},
        {"vocab_size": 10**12},
        {"code_width": 0},
        {"site_levels": [9]},
        {"site_levels": [1, 1]},
        {"site_levels": [1.5]},
        {"site_levels": 1},
        {"decays": []},
        {"decays": [0.9]},
        {"decays": [0.9, 0.5, 1.0]},
        {"decays": [0.9, 0.5, float("nan")]},
        {"cue_weights": [0.9, 0.5, float("inf")]},
        {"fast_decay": 1.5},
        {"fast_rate": float("nan")},
        {"rope_theta": 1.0},
        {"address_active": 0.0},
        {"seed": -1},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_network_is_refused(folder: Path, change: dict[str, Any]) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    message = refused(folder)
    assert any(name in message for name in (*change, "lacks", "too large", "decay")), message


def test_a_configuration_survives_json() -> None:
    config = tiny_config(site_levels=(2, 1), fast_rate=3.0, seed=9)
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert ModelConfig.from_dict({"width": 64.0, "fast_rate": 2}).width == 64


def changed_tensors(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    tensors = dict(load_file(path))
    change(tensors)
    save_file(tensors, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.pop("embed.weight"),
        lambda t: t.update({"embed.weight": t["embed.weight"][:, :-1].contiguous()}),
        lambda t: t.update({"sites.0.gate_slow": torch.zeros(2)}),
        lambda t: t.update({"encoder.weight": t["encoder.weight"].to(torch.int32)}),
        lambda t: t["decoder.weight"].view(-1)[5].fill_(float("nan")),
        lambda t: t["sites.0.slow"].view(-1)[5].fill_(float("inf")),
    ],
    ids=["missing", "narrow", "shape", "whole numbers", "nan", "inf"],
)
def test_weights_that_do_not_fit_are_refused(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    changed_tensors(folder / "model.safetensors", change)
    assert "model.safetensors" in refused(folder)


@pytest.mark.parametrize(
    "change",
    [
        *(lambda t, key=key: t.pop(f"site.{key}") for key in SITE_TENSORS),
        lambda t: t.pop("locality.ids"),
        lambda t: t.update({"site.mean": t["site.mean"].double()}),
        lambda t: t.update({"site.whiten": t["site.whiten"][:, :, :-1].contiguous()}),
        lambda t: t["site.whiten"].view(-1)[0].fill_(float("nan")),
        lambda t: t["site.same_as"].view(-1)[0].fill_(257),
        lambda t: t["site.same_as"].view(-1)[0].fill_(-1),
        lambda t: t["locality.ids"].view(-1)[0].fill_(257),
        lambda t: t["locality.ids"].view(-1)[0].fill_(-1),
        lambda t: t["others.ids"].view(-1)[0].fill_(-2),
        lambda t: t.update({"others.ids": torch.zeros(4, dtype=torch.int32)}),
    ],
)
def test_a_calibration_that_does_not_fit_is_refused(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    changed_tensors(folder / "general.safetensors", change)
    assert "general.safetensors" in refused(folder)


def test_files_of_two_models_are_refused(folder: Path, tmp_path: Path) -> None:
    save_folder(tmp_path / "other", width=16, code_width=16)
    for name in ("model.safetensors", "general.safetensors"):
        mixed = Path(shutil.copytree(folder, tmp_path / f"mixed-{name}"))
        shutil.copy(tmp_path / "other" / name, mixed / name)
        assert name in refused(mixed)
    save_network(folder, random_network(tiny_config(vocab_size=256)))
    assert "257 tokens and the network 256" in refused(folder)


def test_a_file_that_is_too_large_is_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bdh_workbench.model.tensor_files.MAX_HEADER_BYTES", -100)
    assert "model.safetensors is larger than" in refused(folder)
    with (folder / "config.json").open("ab") as file:
        file.truncate(2 << 20)
    assert "too large" in refused(folder)


def test_there_is_no_such_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no model nothing"):
        find_model("nothing")
    with pytest.raises(UserError, match="not a model folder"):
        load_model(str(tmp_path), CPU)
    with pytest.raises(UserError):
        load_config(tmp_path / "missing")
    with pytest.raises(UserError):
        read_metadata(tmp_path / "missing")
    with pytest.raises(UserError):
        load_tensors(tmp_path / "missing", {})
    with pytest.raises(UserError):
        load_general(tmp_path, tiny_config(), ByteTokenizer())


def test_without_a_name_the_best_bundled_model_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = ["zebra", "base", "bdh-30m"]
    monkeypatch.setattr("bdh_workbench.model.loading.bundled_model_names", lambda: names)
    monkeypatch.setattr("bdh_workbench.model.loading.bundled_model_path", lambda name: tmp_path / name)
    assert bundled_models() == ["bdh-30m", "base", "zebra"]
    assert find_model(None) == tmp_path / "bdh-30m" and find_model("zebra") == tmp_path / "zebra"
    names.clear()
    with pytest.raises(UserError, match="No model is installed"):
        find_model(None)


def test_a_device_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device() == CPU == choose_device("cpu")
    for name in ("cuda", "mps", "tpu", ""):
        with pytest.raises(UserError):
            choose_device(name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"


def test_weights_in_parts_are_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "PART", 5_000)
    torch.manual_seed(0)
    network = Network(tiny_config())
    checkpoint.save_network(tmp_path, network)
    files = checkpoint.weight_files(tmp_path)
    assert len(files) > 2
    loaded = checkpoint.load_network(tmp_path, torch.device("cpu"))
    for (name, ours), (_, theirs) in zip(network.named_parameters(), loaded.named_parameters(), strict=True):
        assert torch.equal(ours, theirs), name
    part = files[1].read_bytes()
    files[1].unlink()
    with pytest.raises(UserError, match=r"model-2\.safetensors is missing or belongs to another model"):
        checkpoint.load_network(tmp_path, torch.device("cpu"))
    checkpoint.save_network(tmp_path, Network(tiny_config()))
    files[1].write_bytes(part)
    with pytest.raises(UserError, match="belongs to another model"):
        checkpoint.load_network(tmp_path, torch.device("cpu"))
    monkeypatch.undo()
    checkpoint.save_network(tmp_path, network)
    assert list(tmp_path.glob("model*.safetensors")) == [tmp_path / "model.safetensors"]
