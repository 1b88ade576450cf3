"""`bench` of a checkout: that of the program, and ``--baselines`` to measure rival methods on the same questions."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from bdh_workbench.commands import bench
from bdh_workbench.commands.console import Console, table
from bdh_workbench.wording import percent


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    bench.add_options(parser)
    parser.add_argument("--baselines", action="store_true", help="also measure rival methods on the same questions")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    if args.reload or not args.baselines:
        bench.run(args, console)
        return
    # Imports torch, which the command line does without until a command needs it.
    from lab.rivals.suite import compare

    report = bench.measured(args, console, compare)
    words = bench.in_words(report)
    console.result(report, f"{words}\n\n{_comparison(report)}" if report["baselines"] else words)


def _comparison(report: Mapping[str, Any]) -> str:
    """The slot and its rivals side by side."""
    from lab.rivals.settings import NOT_TUNED
    from lab.rivals.suite import REFERENCE_NAMES

    rows = [["", "facts", "reworded", "kept", "probes", "other text", "facts in", "documents in", "bytes"]]
    for name, part in {"the slot": report, **{REFERENCE_NAMES[k]: v for k, v in report["baselines"].items()}}.items():
        facts, documents = part["facts"] or {}, part["documents"] or {}
        local = part["locality"].get("on_sample", part["locality"])
        size = (facts.get("bytes") or 0) + (documents.get("bytes") or 0)
        rows.append(
            [
                name,
                percent(facts.get("exact")),
                percent(facts.get("paraphrase_exact")),
                percent(documents.get("retention_final")),
                percent(documents.get("probe_exact")),
                f"{100 * local['relative_change']:+.2f}%",
                f"{facts['seconds']:.1f} s" if facts else "–",
                f"{sum(documents['seconds']):.1f} s" if documents else "–",
                f"{size:,}",
            ]
        )
    lines = [table(rows)]
    bm25 = report["baselines"].get("bm25", {})
    asked = {**(bm25.get("facts") or {}), **(bm25.get("documents") or {})}
    for key, label in (("", "facts"), ("paraphrase_", "reworded"), ("probe_", "probes")):
        if f"{key}hit" in asked:
            lines.append(
                f"  BM25, {label}: right statement found {percent(asked[f'{key}hit'])}, answer in the best passage "
                f"{percent(asked[f'{key}extractive'])}"
            )
    if not report["baselines_tuned"]:
        lines.append(NOT_TUNED.format(model=report["model"]))
    return "\n".join(lines)
