"""`experiment`: repeat one of the project's experiments and write its results to a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from bdh_workbench.commands.common import open_model, whole_number
from bdh_workbench.commands.console import Console

EXPERIMENTS = ("addresses",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("experiment", choices=EXPERIMENTS, help="addresses: which parts of the addressing carry recall")
    parser.add_argument("--out", metavar="DIR", required=True, help="where results go")
    parser.add_argument("--corpus", metavar="DIR", required=True, help="general text, as for train")
    parser.add_argument("--seeds", type=whole_number(1, 100), default=3, metavar="N", help="sets of facts (3)")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    from bdh_workbench.evaluation.experiments import addresses

    model = open_model(args, console)
    report = addresses.run(model, args.corpus, Path(args.out), args.seeds, console.note)
    console.result(report, f"Results are in {args.out}.")
