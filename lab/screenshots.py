"""`screenshots`: pictures of the window and of each pane after a small real session, light and dark."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--out", metavar="DIR", required=True, help="where the pictures go")
    parser.add_argument("--docs", metavar="DIR", help="where to copy the pictures that the docs show (docs/pictures)")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    # By name, as the window may need Qt, which only this command and the window itself load.
    pictures = importlib.import_module("lab.window.pictures")
    out = Path(args.out)
    if int(pictures.main(out, args.model, Path(args.docs) if args.docs else None)):
        raise UserError("The pictures could not be taken: what the window printed above says why.")
    names = sorted(path.name for path in out.glob("*.png"))
    console.result({"out": str(out), "pictures": names}, f"{len(names)} pictures are in {out}.")
