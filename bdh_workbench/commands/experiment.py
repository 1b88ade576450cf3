"""`experiment`: repeat one of the project's experiments and write its results to a folder."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bdh_workbench.commands.common import open_model, whole_number
from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError

if TYPE_CHECKING:
    from bdh_workbench.model.loading import Model

EXPERIMENTS = {
    "addresses": "which parts of the addressing carry recall",
    "keeping": "what a memory keeps as it grows",
    "gates": "do slow and fast gates specialise while a model is trained",
    "routing": "the gradient that a slow slot receives with and without a fast state beside it",
    "protocols": "ways of writing and reading against each other",
    "capacity": "facts against slots and time",
    "meta": "trained addresses against their untrained start",
    "harder": "synonyms, questions and reversed statements; 200 and 1,000 facts",
    "peer": "BDH and a GPT-2 of the same size, trained alike",
    "reproduction": "the page of the paper's claims, from the results in DIR/experiments",
    "baselines": "tune the rivals of bench --baselines on facts of their own",
}
STEPS = {"gates": 800, "routing": 200}  # of training, of each run
VARIABLE, CORPUS = "BDH_WORKBENCH_CORPUS", "../shared/corpus"  # where general text is, unless told
TOKENS = 300_000  # that each run of peer reads


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    described = "; ".join(f"{name}: {text}" for name, text in EXPERIMENTS.items())
    parser.add_argument("experiment", choices=EXPERIMENTS, metavar="NAME", help=described)
    parser.add_argument("--out", metavar="DIR", required=True, help="where results go")
    parser.add_argument(
        "--corpus", metavar="DIR", help=f"general text, as for train; else what {VARIABLE} names, or {CORPUS}"
    )
    parser.add_argument("--parts", nargs="+", default=(), metavar="PART", help="of keeping: only these parts")
    parser.add_argument("--seeds", type=whole_number(1, 100), default=3, metavar="N", help="repetitions (3)")
    parser.add_argument("--steps", type=whole_number(10), metavar="N", help="of gates and routing: steps of a run")
    parser.add_argument(
        "--tokens", type=whole_number(1), default=TOKENS, metavar="N", help=f"of peer: read in each run ({TOKENS:,})"
    )
    parser.add_argument("--config", default="small", metavar="F", help="of peer: a TOML file, tiny, small or bdh-30m")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    args.corpus = args.corpus or os.environ.get(VARIABLE) or CORPUS
    _check(args)
    model = open_model(args, console)
    report = _report(args, model, Path(args.out), console)
    console.result(report, f"Results are in {args.out}.")


def _check(args: argparse.Namespace) -> None:
    if not args.corpus.startswith("hf:") and not Path(args.corpus).exists():
        raise UserError(f"There is no text at {args.corpus}: give a file or folder with --corpus.")
    if Path(args.out).exists() and not Path(args.out).is_dir():
        raise UserError(f"{args.out} is a file: name a folder for --out.")


def _report(args: argparse.Namespace, model: Model, out: Path, console: Console) -> dict[str, Any]:
    name, corpus, seeds, note = args.experiment, args.corpus, args.seeds, console.note
    if name == "keeping":
        from bdh_workbench.evaluation.experiments import keeping

        strange = sorted(set(args.parts) - set(keeping.PARTS))
        if strange:
            raise UserError(f"There is no part {strange[0]}: choose from {', '.join(keeping.PARTS)}.")
        return keeping.run(model, corpus, out, args.parts, note=note)
    if name == "peer":
        from bdh_workbench.evaluation.experiments import peer

        return peer.run(model, corpus, out, args.config, args.tokens, seeds, note)
    if name in STEPS:
        from bdh_workbench.evaluation.experiments import gates, routing

        steps = args.steps or STEPS[name]
        study = gates.run if name == "gates" else routing.run
        return study(model, corpus, out, steps, seeds, note)
    module = importlib.import_module(f"bdh_workbench.evaluation.experiments.{name}")
    report: dict[str, Any] = module.run(model, corpus, out, seeds, note)
    return report
