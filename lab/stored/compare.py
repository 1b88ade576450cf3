"""Compare two stored runs: ``python -m lab.stored.compare`` compares the newest with the one before it.

Exit status 0: nothing is worse by more than chance explains; 1: something is; 2: there is nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.stored.run import HISTORY

SLOWER = 1.5  # times in units of the reference may grow by this factor before they count as worse
LESS = 0.01  # by which a share or a probability may fall


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in two runs; ``verdict`` is ``worse``, ``better`` or ``same``, or empty where it is not judged."""

    name: str
    before: float
    after: float
    verdict: str


def judged(name: str, before: float, after: float) -> str:
    """What a change of one figure means."""
    if name.endswith(".seconds"):
        return ""  # the machine may have been another, or busy
    if name.endswith(".units"):
        ratio = after / before
        return "worse" if ratio > SLOWER else "better" if ratio < 1 / SLOWER else "same"
    rise = after - before
    if name in ("facts.cross_contamination", "locality.relative_change"):
        rise = -rise
    return "worse" if rise < -LESS else "better" if rise > LESS else "same"


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The figures that both runs have; times of runs on unlike numbers of threads are not judged."""
    old, new = before["figures"], after["figures"]
    comparable = same_threads(before, after)
    changes = []
    for name in filter(old.__contains__, new):
        skipped = name.endswith(".units") and not comparable
        changes.append(Change(name, old[name], new[name], "" if skipped else judged(name, old[name], new[name])))
    return changes


def same_threads(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two runs had as many threads: more of them help the reference more than most of what is timed."""
    return bool(before.get("threads") == after.get("threads"))


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, nargs="?", help="the second newest")
    parser.add_argument("after", type=Path, nargs="?", help="the newest")
    args = parser.parse_args(argv)
    stored = sorted(HISTORY.glob("*.json"))
    if args.after is None and len(stored) < 2 and (args.before is None or not stored):
        print("There are no two runs to compare: python -m lab.stored.run stores one.", file=sys.stderr)
        return 2
    paths = args.before or stored[-2], args.after or stored[-1]
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    print(f"{'':42}{before['commit']:>12}{after['commit']:>12}")
    changes = compare(before, after)
    for change in changes:
        print(f"{change.name:42}{change.before:12.5g}{change.after:12.5g}  {change.verdict}")
    worse = [change.name for change in changes if change.verdict == "worse"]
    if not same_threads(before, after):
        print("Times are not judged: the runs had unlike numbers of threads (OMP_NUM_THREADS sets it).")
    print(f"Worse: {', '.join(worse)}." if worse else "Nothing is worse.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
