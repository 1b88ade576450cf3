"""`train`: make a model from a corpus, or go on with an interrupted run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bdh_workbench.commands.console import Console


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--corpus", metavar="DIR", required=True, help="a folder or file of text, or hf:NAME")
    parser.add_argument("--config", metavar="F", required=True, help="a TOML file, or tiny, small or bdh-30m")
    parser.add_argument("--out", metavar="DIR", required=True, help="the model folder to make")
    parser.add_argument("--minutes", type=float, metavar="N", help="of pre-training; else as configured")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    from bdh_workbench.model.device import choose_device
    from bdh_workbench.training.pipeline import train

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
