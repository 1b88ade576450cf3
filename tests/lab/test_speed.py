"""The comparison with the published formula: that it computes what it says, and the form of its report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bdh_workbench.model.network import Network
from bdh_workbench.training.pretrain import LanguageModel
from bdh_workbench.training.telemetry import operations_per_token
from lab.networks import speed
from lab.networks.speed import PublishedBDH, compare_with_published, main
from tests.core_factory import tiny_config


@pytest.fixture(autouse=True)
def one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "BLOCKS", 2)
    monkeypatch.setattr(speed, "WARM_UP", 1)


def in_pairs(neurons: Tensor) -> Tensor:
    """The last axis with the neurons j and j + N/2, which are our pairs, side by side."""
    return torch.stack(neurons.chunk(2, dim=-1), dim=-1).flatten(-2)


def test_it_is_our_network_without_memory() -> None:
    config = tiny_config(site_levels=())
    torch.manual_seed(0)
    ours, published = Network(config), PublishedBDH(config)
    heads, width, neurons = config.heads, config.width, config.neurons
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.mul_(8.0)
        published.embed.weight.copy_(ours.embed.weight)
        published.head.copy_(ours.embed.weight.T)
        published.encoder.copy_(in_pairs(ours.encoder.weight.view(heads, neurons, width).transpose(1, 2)))
        published.encoder_v.copy_(in_pairs(ours.encoder_v))
        decoder = in_pairs(ours.decoder.weight.view(width, heads, neurons))  # (D, H, N)
        published.decoder.copy_(decoder.permute(1, 2, 0).flatten(0, 1))
        ids = torch.randint(config.vocab_size, (2, 20))
        assert torch.allclose(LanguageModel(ours)(ids), published(ids), atol=1e-4)


def test_the_report() -> None:
    report = compare_with_published(tiny_config(), rows=2, context=8, steps=1)
    assert report["ours"] > 0 and report["published"] > 0
    assert report["plain"] > 0 and set(report["cpu"]) == {"ours", "plain", "published"}
    assert min(report["ratios"]) <= report["ratio"] <= max(report["ratios"])
    assert min(report["ratios_plain"]) <= report["ratio_plain"] <= max(report["ratios_plain"])
    assert len(report["ratios"]) == report["blocks"] == 2
    assert report["heads"] == {"ours": "tied", "published": "untied"}
    assert report["parameters"]["ours"] > 0 and report["device"] == "cpu"


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--config", "tiny", "--rows", "1", "--context", "8", "--steps", "1"]
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rows"] == 1 and report["context"] == 8
    assert main(arguments) == 0
    assert "ratio" in capsys.readouterr().out


def test_a_missing_configuration_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.toml")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_operations_are_counted_as_torch_counts_them() -> None:
    config = tiny_config()
    model = LanguageModel(Network(config))
    ids = torch.randint(config.vocab_size, (3, 17))
    with FlopCounterMode(display=False) as counter:
        model(ids).backward()
    # The first products need no gradient of their input, the embedding having none to hand down but its own.
    assert counter.get_total_flops() == pytest.approx(3 * 16 * operations_per_token(config, 16), rel=0.05)
