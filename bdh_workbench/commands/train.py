"""`train`: make a model from a corpus, or go on with an interrupted run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--corpus", metavar="DIR", required=True, help="a folder or file of text, or hf:NAME")
    parser.add_argument("--config", metavar="F", help="a TOML file, or tiny, small or bdh-30m")
    parser.add_argument("--only", choices=("judge",), help="fit this part of the finished model in --out again")
    parser.add_argument(
        "--ablate", metavar="F", help="with --only judge: what each kind of evidence is worth, as JSON and .md"
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="the model folder to make")
    parser.add_argument("--minutes", type=float, metavar="N", help="of pre-training; else as configured")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    from bdh_workbench.model.device import choose_device
    from bdh_workbench.training.pipeline import train

    if args.only == "judge":
        _judge(args, console)
        return
    if args.config is None:
        raise UserError("A model needs a configuration: give --config tiny, small, bdh-30m or a TOML file.")
    device = choose_device(args.device)
    report = train(args.corpus, args.config, Path(args.out), args.minutes, args.resume, device)
    if os.environ.get("RANK", "0") != "0":
        return  # under torchrun the first process speaks for all
    loss = report.get("held_out_loss")
    console.result(
        report,
        f"Trained {report['parameters']:,} parameters on {report['tokens']:,} tokens in {report['seconds']:.0f} s"
        + (f", held-out loss {loss:.4f}" if loss is not None else "")
        + f": {report['out']}",
    )


def _judge(args: argparse.Namespace, console: Console) -> None:
    import torch

    from bdh_workbench.model.judge import save_judges
    from bdh_workbench.model.loading import load_model
    from bdh_workbench.training.judging import ROUNDS, ablation, fit_judges

    folder = Path(args.out)
    model = load_model(str(folder), torch.device("cpu"))

    def tell(done: float, line: str) -> None:
        console.progress(f"{done:.0%} {line}")

    if args.ablate:
        report = ablation(model.site, model.tokenizer, model.likeness, args.corpus, Path(args.ablate), tell)
        console.result(report, f"What each kind of evidence is worth: {args.ablate}")
        return
    judges, report = fit_judges(model.site, model.tokenizer, model.likeness, args.corpus, 0, ROUNDS, tell)
    save_judges(folder, judges)
    console.result(report, f"Fitted {len(judges)} judges: {folder}")
