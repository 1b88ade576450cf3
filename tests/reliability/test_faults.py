"""Each fault a few times; ``python -m tests.reliability.faults`` brings them about in full."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.reliability.bench import Bench
from tests.reliability.faults import FAULTS, laid_out

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks, signals and limits as Linux has them"),
]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with laid_out() as made:
        yield made


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_saved_last_opens_after(fault: str, bench: Bench) -> None:
    act, _, few = FAULTS[fault]
    count = act(bench, few)
    # Where no disk may be mounted, the faults of disks cannot be brought about.
    assert count.good() or (fault == "readonly" and not count.trials), count
