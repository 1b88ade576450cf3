"""The tables of docs/reliability.md from what the suites printed: ``python -m tests.reliability.page FILE...``.

Files are what ``faults --json``, ``soak --json`` and ``fuzz`` wrote, one JSON object on a line, or what coverage wrote
with ``--cov-report=json:FILE``.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

CORE = ("model", "memory", "training", "evaluation", "session")


def faults(found: list[dict[str, Any]]) -> str:
    """The table of faults."""
    lines = [
        "| fault | trials | struck | lost | traces | half-written | written outside | promise |",
        "|---|" + "---:|" * 6 + "---|",
    ]
    for count in found:
        good = not (count["lost"] or count["tracebacks"] or count["half_written"] or count["outside"] or count["wrong"])
        columns = ("trials", "struck", "lost", "tracebacks", "half_written", "outside")
        cells = " | ".join(str(count[name]) for name in columns)
        lines.append(f"| {count['fault']} | {cells} | {'kept' if good else 'broken'} |")
    return "\n".join(lines)


def fuzz(found: list[dict[str, Any]]) -> str:
    """The table of fuzzing, summed over runs."""
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * 5)
    for run in found:
        figures = (run["cpu_seconds"], run["files"], run["refused"], run["opened"], len(run["findings"]))
        sums[run["kind"], run["engine"]] = [
            a + b for a, b in zip(sums[run["kind"], run["engine"]], figures, strict=True)
        ]
    lines = ["| kind | engine | processor time | files | refused | opened | findings |", "|---|---|" + "---:|" * 5]
    for (kind, engine), (seconds, files, refused, opened, findings) in sorted(sums.items()):
        cells = f"{seconds:,.0f} s | {files:,.0f} | {refused:,.0f} | {opened:,.0f} | {findings:.0f}"
        lines.append(f"| {kind} | {engine} | {cells} |")
    return "\n".join(lines)


def soak(found: list[dict[str, Any]]) -> str:
    """The table of the soak."""
    lines = [
        "| model | steps | done | asked | right | step | slope of time | memory | slope of memory |",
        "|---|---:|---|" + "---:|" * 6,
    ]
    for run in found:
        done = ", ".join(f"{count} {name}" for name, count in sorted(run["done"].items()))
        lines.append(
            f"| {run['model']} | {run['steps']:,} | {done} | {run['asked']:,} | {run['answered_right']:.1%} | "
            f"{run['mean_step_ms']:.0f} ms | {run['time_slope']:+.1%} | {run['memory_mib']:.0f} MiB | "
            f"{run['memory_slope']:+.1%} |"
        )
    return "\n".join(lines)


def coverage(found: list[dict[str, Any]]) -> str:
    """The table of what tests reach, package by package."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * 4)
    figures = ("covered_lines", "num_statements", "covered_branches", "num_branches")
    for name, file in found[-1]["files"].items():
        parts = Path(name).parts
        groups = [f"`{parts[1]}`" if len(parts) > 2 else "the rest", "all"]
        groups += ["the core: these five"] * (len(parts) > 2 and parts[1] in CORE)
        for group in groups:
            sums[group] = [a + file["summary"][figure] for a, figure in zip(sums[group], figures, strict=True)]
    lines = ["| package | statements | lines | lines and branches |", "|---|" + "---:|" * 3]
    order = [*(f"`{name}`" for name in CORE), "the core: these five", "`gui`", "`commands`", "the rest", "all"]
    for group in order:
        covered, count, taken, branches = sums[group]
        lines.append(f"| {group} | {count:,} | {covered / count:.1%} | {(covered + taken) / (count + branches):.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Print what tables the files allow."""
    found = [
        json.loads(line) for name in sys.argv[1:] for line in Path(name).read_text().splitlines() if line[:1] == "{"
    ]
    for make, chosen in (
        (faults, [count for one in found for count in one.get("faults", ())]),
        (fuzz, [one for one in found if "engine" in one]),
        (soak, [one for one in found if "time_slope" in one]),
        (coverage, [one for one in found if "totals" in one]),
    ):
        if chosen:
            print(make(chosen), end="\n\n")


if __name__ == "__main__":
    main()
