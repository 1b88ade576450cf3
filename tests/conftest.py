"""Fixtures for all tests."""

from __future__ import annotations

import functools
import gc
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Matrices of tests are small: two threads that wait for each other on a busy machine take many times as long as one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Windows of tests need no screen, wherever pytest was started from.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Tests start the program in many processes, and each would compile all of it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import hypothesis
import pytest
import torch

from bdh_workbench.cli import main
from bdh_workbench.commands import console
from bdh_workbench.evaluation import benchmark
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.model.loading import Model, load_model
from tests.core_factory import FACTS
from tests.model_factory import save_facts, save_tiny_model

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

sys.dont_write_bytecode = False

# A busy machine is no failure, and what a fixture prepares may serve every example.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the files of tests out, the slow ones begin first, so that none runs alone at the end."""
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What was imported stays to the end; looking through it takes every collection of garbage a fifth of a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_progress() -> Iterator[None]:
    """What a command says in this process does not depend on how long it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "ELSEWHERE", math.inf)
        yield


@pytest.fixture(scope="module")
def short_answers() -> Iterator[None]:
    """A random model ends no text by itself: an answer to which no limit is given ends sooner."""
    with pytest.MonkeyPatch.context() as patch:
        less = functools.partialmethod(SamplingSettings.__init__, max_tokens=128)
        patch.setattr(SamplingSettings, "__init__", less)
        yield


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application of the program, whichever test of a process comes first."""
    from bdh_workbench.gui.application import make_application

    return make_application()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random model on a byte tokenizer; not to be changed."""
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Model:
    """That model, loaded onto the CPU; frozen."""
    return load_model(str(model_folder), torch.device("cpu"))


@pytest.fixture(scope="session")
def bundled() -> Model:
    """The model that comes with the program; frozen."""
    return load_model(None, torch.device("cpu"))


@pytest.fixture
def little_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """``bench --quick`` looks at a little of its held-out text alone."""
    monkeypatch.setattr(benchmark, "QUICK_TOKENS", 1500)
    monkeypatch.setattr(benchmark, "QUICK_SAMPLE", 300)


@pytest.fixture(scope="module")
def facts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_facts(tmp_path_factory.mktemp("facts") / "facts.json", FACTS)


@pytest.fixture(scope="module")
def memory_file(tmp_path_factory: pytest.TempPathFactory, model_folder: Path, facts_file: Path) -> Path:
    path = tmp_path_factory.mktemp("memory") / "m.safetensors"
    assert main(["write", "--facts", str(facts_file), "--memory", str(path), "--model", str(model_folder)]) == 0
    return path
