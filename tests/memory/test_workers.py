"""A write in several processes gives what one process gives, and stops when it is told to."""

from __future__ import annotations

import pytest
import torch

from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.banks import SlowMemory, own_rows
from bdh_workbench.memory.store.state import KEPT_COLUMNS
from bdh_workbench.memory.writing.writer import WriteEvent, finish, write
from bdh_workbench.model.loading import Model, load_model
from tests.core_factory import many_facts, tiny_model
from tests.memory.memory_factory import refused
from tests.model_factory import save_tiny_model

SETTINGS = WriteSettings(framings=0)
SEVERAL = WriteSettings(framings=0, workers=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", write_slots=256)
    return load_model(folder, torch.device("cpu"))


@pytest.mark.slow
def test_processes_write_what_one_process_writes(model: Model) -> None:
    facts = many_facts(70)
    first = finish(write(model, None, facts[:10], settings=SETTINGS)).memory
    alone = finish(write(model, first, facts[10:], settings=SETTINGS))
    events: list[WriteEvent] = []
    steps = write(model, first, facts[10:], settings=SEVERAL)
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            together = stop.value
            break
    assert len(own_rows(together.memory.rows)) > 2 and len(events) == len(own_rows(together.memory.rows)) + 1
    for name in KEPT_COLUMNS:
        assert torch.equal(getattr(together.memory.rows, name), getattr(alone.memory.rows, name)), name
    one, other = SlowMemory(alone.memory), SlowMemory(together.memory)
    assert all(torch.equal(one.bank(bank), other.bank(bank)) for bank in own_rows(alone.memory.rows))
    assert together.memory.layers[-1].settings == alone.memory.layers[-1].settings, "it is the same memory"
    assert together.summary.worst_p == alone.summary.worst_p and together.summary.steps == alone.summary.steps
    assert [event.remaining for event in events][-1] == 0.0 and events[0].remaining > 0.0

    class Stopped(Exception):
        pass

    def watch() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        finish(write(model, first, facts[10:], settings=SEVERAL, watch=watch))


def test_a_model_without_a_folder_cannot_be_loaded_again() -> None:
    model = tiny_model(write_slots=256)
    refused(lambda: finish(write(model, None, many_facts(80), settings=SEVERAL)), "one worker")
