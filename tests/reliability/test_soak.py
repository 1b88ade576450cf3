"""A short life of a memory; ``python -m tests.reliability.soak`` lives a long one."""

from __future__ import annotations

import pytest

from bdh_workbench.model.loading import Model
from tests.core_factory import many_facts
from tests.reliability.soak import soak


@pytest.mark.parametrize(("steps", "seed"), [(25, 1), pytest.param(60, 2, marks=pytest.mark.slow)])
def test_a_memory_holds_what_was_written_through_whatever_is_done(steps: int, seed: int, model: Model) -> None:
    report = soak(model, many_facts(6 * steps, answer=2), steps, seed)
    assert report["answered_right"] == 1.0 and report["asked"] > steps and report["unrelated_closed"] > 0.9, report
