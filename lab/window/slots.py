"""What a write costs the window's thread, slot by slot: `python -m lab.window.slots [--model DIR|NAME] [--writes N]`.

Processor time, not the clock: other programs do not change it much. A stall is all that the thread does between two
looks of a 10 ms timer, painting included.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lab.window.quickness import invented_facts, percentile, stalls

if TYPE_CHECKING:
    from lab.window.driving import Driver

FACTS = 20
LEAST_SHOWN = 0.0002  # seconds of the longest call from which a slot is listed

Times = dict[str, list[float]]


def timed(call: Callable[..., None], name: str, times: Times) -> Callable[..., None]:
    """The same call, whose processor time is noted down."""

    def run(*given: Any) -> None:
        begun = time.thread_time()
        try:
            call(*given)
        finally:
            times[name].append(time.thread_time() - begun)

    return run


def watch(driver: Driver, times: Times) -> None:
    """Note down what listeners of the session's events take, and the drawings of plots."""
    for kind, listeners in driver.context.bridge._listeners.items():
        for place, listener in enumerate(listeners):
            name = f"{kind.__name__} → {getattr(listener, '__qualname__', type(listener).__name__)}"
            listeners[place] = timed(listener, name, times)
    for drawable in driver.context.clock._drawn:
        setattr(drawable, "redraw", timed(drawable.redraw, f"draw {type(drawable).__name__}", times))  # noqa: B010


def measure(model: str | None, writes: int) -> tuple[Times, list[float]]:
    """Times of each slot and of each stall over some writes, each into a new memory."""
    from bdh_workbench.session.records.jobs import NewMemory
    from lab.window.driving import driven

    times: Times = defaultdict(list)
    found: list[float] = []
    with driven(model) as driver:
        driver.window.show()
        driver.load()
        driver.window.workspaces.show("write")
        driver.settle(0.5)
        watch(driver, times)
        for seed in range(writes):
            driver.context.submit(NewMemory())
            driver.wait(driver.idle)
            with stalls(found):
                driver.write_facts(invented_facts(FACTS, seed))
                driver.settle(0.3)
    return times, found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m lab.window.slots", description=__doc__.split("\n")[0])
    parser.add_argument("--model", metavar="DIR|NAME", help="a model folder, or a bundled model")
    parser.add_argument("--writes", type=int, default=5, help=f"of {FACTS} facts each")
    options = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    times, found = measure(options.model, options.writes)
    print("longest   mean   calls   (ms of processor time)")
    for name, values in sorted(times.items(), key=lambda pair: -max(pair[1], default=0.0)):
        if max(values, default=0.0) >= LEAST_SHOWN:
            print(f"{1e3 * max(values):7.2f}{1e3 * sum(values) / len(values):7.2f}{len(values):8}   {name}")
    middle, late, most = (1e3 * value for value in (percentile(found, 0.5), percentile(found, 0.99), max(found)))
    print(f"stalls: median {middle:.1f} ms, 99th percentile {late:.1f} ms, longest {most:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
