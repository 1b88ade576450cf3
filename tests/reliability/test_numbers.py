"""Losses and logits that are no numbers: the work stops with a sentence, and what was there is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bdh_workbench.asking.generation import choose
from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import SamplingSettings, WriteSettings
from bdh_workbench.memory.writing.writer import write
from bdh_workbench.model.loading import Model
from tests.core_factory import FACTS
from tests.training.test_pretrain import after, prepared


def test_a_write_whose_loss_is_no_number_stops(model: Model) -> None:
    settings = WriteSettings(method="gradient", rate=1e14, norm=1e30, decay=1e30)
    with pytest.raises(UserError, match="no longer a number"):
        list(write(model, None, FACTS, settings=settings))


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_no_token_is_chosen_from_what_is_no_number(bad: float, temperature: float) -> None:
    scores = torch.tensor([1.0, bad, 0.0])
    with pytest.raises(UserError, match="no usable numbers"):
        choose(scores.softmax(0), scores, SamplingSettings(temperature), torch.Generator())


def test_training_whose_loss_is_no_number_stops_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    run.run(after(2))
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix == ".safetensors"}
    assert kept
    with torch.no_grad():
        run.network.embed.weight.fill_(float("nan"))
    with pytest.raises(UserError, match="no longer a number"):
        run.run(after(2))
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
