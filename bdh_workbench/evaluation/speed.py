"""What caching saves: a step of a gradient write with features computed once, or each time."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import write
from bdh_workbench.model.loading import Model


def cache_speedup(
    model: Model, facts: Sequence[Fact], documents: Sequence[TextDocument], repeats: int = 3, steps: int = 8
) -> dict[str, float]:
    """Time steps of a gradient write with and without cached features, in turns.

    Without caching, every step begins as a write's first step does: stream, cues and addresses of all positions that
    the loss looks at are worked out for it. With caching, only the first step does so, and the others are timed.

    Args:
        model: the frozen model.
        facts: to write.
        documents: to write.
        repeats: steps without caching, between which the others are timed.
        steps: cached steps timed after each.

    Returns:
        ``cached_step_seconds`` and ``uncached_step_seconds``, medians, and their ratio ``cache_speedup``.
    """
    settings = WriteSettings(method="gradient", steps=steps + 1)
    # A goal that is never reached keeps the write from ending before its steps are used up.
    settings = dataclasses.replace(settings, goal=1.0 - 1e-12)
    cached: list[float] = []
    uncached: list[float] = []
    for _ in range(repeats):
        taken = 0
        begun = time.perf_counter()
        for event in write(model, None, facts, documents, settings):
            if event.phase != "gradient":
                continue
            (cached if taken else uncached).append(time.perf_counter() - begun)
            taken += 1
            if taken > steps:
                break
            begun = time.perf_counter()
    slow, fast = statistics.median(uncached), statistics.median(cached)
    return {"cached_step_seconds": fast, "uncached_step_seconds": slow, "cache_speedup": slow / fast}
