"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bdh_workbench.model.loading import Model, load_model
from tests.model_factory import save_tiny_model


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random model on a byte tokenizer; not to be changed."""
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Model:
    """That model, loaded onto the CPU; frozen."""
    return load_model(str(model_folder), torch.device("cpu"))
