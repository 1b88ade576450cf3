"""`experiment`: repeat one of the project's experiments and write its results to a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from bdh_workbench.commands.common import open_model, whole_number
from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError

EXPERIMENTS = {
    "addresses": "which parts of the addressing carry recall",
    "keeping": "what a memory keeps as it grows",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "experiment",
        choices=EXPERIMENTS,
        help="addresses: which parts of the addressing carry recall; keeping: what a memory keeps as it grows",
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="where results go")
    parser.add_argument("--corpus", metavar="DIR", required=True, help="general text, as for train")
    parser.add_argument("--parts", nargs="+", default=(), metavar="PART", help="of keeping: only these parts")
    parser.add_argument("--seeds", type=whole_number(1, 100), default=3, metavar="N", help="sets of facts (3)")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    model = open_model(args, console)
    out = Path(args.out)
    if args.experiment == "keeping":
        from bdh_workbench.evaluation.experiments import keeping

        strange = sorted(set(args.parts) - set(keeping.PARTS))
        if strange:
            raise UserError(f"There is no part {strange[0]}: choose from {', '.join(keeping.PARTS)}.")
        report = keeping.run(model, args.corpus, out, args.parts, note=console.note)
    else:
        from bdh_workbench.evaluation.experiments import addresses

        report = addresses.run(model, args.corpus, out, args.seeds, console.note)
    console.result(report, f"Results are in {args.out}.")
