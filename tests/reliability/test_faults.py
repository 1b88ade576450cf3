"""Each fault a few times; ``python -m tests.reliability.faults`` brings them about in full."""

from __future__ import annotations

import sys

import pytest

from tests.reliability.faults import FAULTS, bring_about

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks, signals and limits as Linux has them"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_saved_last_opens_after(fault: str) -> None:
    (count,) = bring_about([fault], brief=True)
    # Where no disk may be mounted, the faults of disks cannot be brought about.
    assert count.good() or (fault == "readonly" and not count.trials), count
