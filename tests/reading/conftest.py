"""A tiny model with a memory of facts and two documents, written one after the other."""

from __future__ import annotations

import pytest

from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT, tiny_model


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model(write_slots=2048, threshold=0.75)


@pytest.fixture(scope="module")
def memory(model: Model) -> Memory:
    first = finish(write(model, None, FACTS, [DOCUMENT]))
    return finish(write(model, first.memory, [], [OTHER_DOCUMENT], bases=first.bases)).memory
