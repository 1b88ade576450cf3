from __future__ import annotations

import pytest
import torch

from bdh_workbench.errors import UserError
from bdh_workbench.session.failures import failure


def test_a_gpu_without_memory_gives_advice_and_offers_the_cpu() -> None:
    error = torch.OutOfMemoryError(
        "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 8.00 GiB of which 512.00 MiB is "
        "free. Process 1 has 7.00 GiB memory in use."
    )
    told = failure(3, error)
    assert told.job == 3 and told.offer_cpu and "OutOfMemoryError" in told.details
    assert told.advice is not None
    assert told.advice.startswith("2.7 GB more were needed and 537 MB were free. Write fewer")
    assert told.advice.endswith("load the model on the CPU.")


def test_a_cpu_without_memory_gives_advice() -> None:
    error = RuntimeError(
        "[enforce fail at alloc_cpu.cpp:116] DefaultCPUAllocator: can't allocate memory: you tried to allocate "
        "1099511627776 bytes. Error code 12 (Cannot allocate memory)"
    )
    told = failure(1, error)
    assert told.message == "There was not enough memory." and not told.offer_cpu
    assert told.advice is not None and told.advice.startswith("1099.5 GB more were needed. Write fewer")


@pytest.mark.parametrize("error", [MemoryError(), ValueError("x" * 500), RuntimeError("other")])
def test_records_hold_strings_only(error: Exception) -> None:
    told = failure(1, error)
    assert "\n" not in told.message and len(told.message) < 250 and told.message.endswith(".")
    assert isinstance(told.details, str) and (told.advice is None or isinstance(told.advice, str))


def test_what_a_user_can_cause_is_told_as_it_stands() -> None:
    told = failure(1, UserError("There is nothing to write."))
    assert told.message == "There is nothing to write." and told.details == "" and told.advice is None
