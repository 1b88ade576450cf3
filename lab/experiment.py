"""`experiment`: repeat one of the project's experiments and write its results to a folder."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from bdh_workbench.commands.common import UsageError, open_model, whole_number
from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError
from lab.records import COLLIDE_ONLY, EXPERIMENTS, ONE_GATE_ONLY, Experiment
from lab.runner import carry_out

VARIABLE, CORPUS = "BDH_WORKBENCH_CORPUS", "../shared/corpus"  # where general text is by default


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command; none has a default here, so that the given ones can be recognised."""
    named = {name: experiment for name, experiment in EXPERIMENTS.items() if not experiment.variant_of}
    described = "; ".join(f"{name}: {experiment.asks}" for name, experiment in named.items())
    parser.add_argument("experiment", choices=named, metavar="NAME", help=described)
    parser.add_argument("--out", metavar="DIR", required=True, help="where results go")
    group = parser.add_argument_group("options of some experiments")
    group.add_argument(
        "--construction",
        choices=("two-gates", "one-gate"),
        default="two-gates",
        help=f"for {', '.join(_with_flag(ONE_GATE_ONLY))}: our memory sites, or those of the paper's public code",
    )
    group.add_argument(
        "--collide",
        action="store_true",
        help=f"for {', '.join(_with_flag(COLLIDE_ONLY))}: facts that share a prefix and differ late",
    )

    def add(option: str, metavar: str, text: str, **given: Any) -> None:
        told = f"for {', '.join(_takers(option))}: {text}"
        group.add_argument(f"--{option}", metavar=metavar, help=told, **given)

    add("corpus", "DIR", f"general text, as for train; by default what {VARIABLE} names, or {CORPUS}")
    add("seeds", "N", f"repetitions{_defaults('seeds')}", type=whole_number(1, 100))
    add("parts", "PART", "only these parts", nargs="+")
    add("steps", "N", f"steps of a run{_defaults('steps')}", type=whole_number(10))
    add("tokens", "N", f"tokens read in each run{_defaults('tokens')}", type=whole_number(1))
    add("minutes", "N", f"minutes of processor time of each run{_defaults('minutes')}", type=_minutes)
    add("questions", "PATH", "articles with questions in SQuAD's JSON form; for evidence, the folder that train reads")
    add("edits", "FILE", "a JSON list of edits")
    add("limit", "N", "the first N articles only", type=whole_number(1))
    add("config", "F", f"a TOML file, tiny, small, base or bdh-30m{_defaults('config')}")


def _with_flag(flag: str) -> list[str]:
    return [experiment.variant_of for experiment in EXPERIMENTS.values() if experiment.flag == flag]


def chosen(args: argparse.Namespace) -> str:
    """The name of the experiment, or of the variant of it, that the command line asks for.

    Raises:
        UsageError: when there is no such variant.
    """
    name: str = args.experiment
    for flag, given in ((ONE_GATE_ONLY, args.construction == "one-gate"), (COLLIDE_ONLY, args.collide)):
        if not given:
            continue
        if args.experiment not in (having := _with_flag(flag)):
            raise UsageError(f"{args.experiment} takes no {flag}: only {' and '.join(having)} can")
        name = next(key for key, each in EXPERIMENTS.items() if (each.variant_of, each.flag) == (args.experiment, flag))
    return name


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _takers(option: str) -> list[str]:
    return [name for name, experiment in EXPERIMENTS.items() if option in experiment.options]


def _defaults(option: str) -> str:
    """The default of an option, or those of each experiment in the order of ``_takers``, in brackets."""
    values = dict.fromkeys(EXPERIMENTS[name].options[option] for name in _takers(option))
    return f" ({', '.join(f'{value:,}' if isinstance(value, int) else str(value) for value in values)})"


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    name, out = chosen(args), Path(args.out)
    experiment = EXPERIMENTS[name]
    given = _options(args, experiment)
    if out.exists() and not out.is_dir():
        raise UserError(f"{args.out} is a file: name a folder for --out.")
    if experiment.reads_model:
        given["model"] = open_model(args, console)
    report = carry_out(name, out, console.note, **given)
    console.result(report, f"Results are in {args.out}.")


def _options(args: argparse.Namespace, experiment: Experiment) -> dict[str, Any]:
    """The values of the experiment's options.

    Raises:
        UsageError: when an option is given that the experiment does not take.
        UserError: when it reads a text, and there is none.
    """
    every = dict.fromkeys(option for each in EXPERIMENTS.values() for option in each.options)
    given = {option: value for option in every if (value := getattr(args, option)) is not None}
    for option in given:
        if option not in experiment.options:
            known = ", ".join(f"--{name}" for name in ("out", *experiment.options))
            raise UsageError(f"{args.experiment} takes no --{option}: its options are {known}")
    values = {**experiment.options, **given}
    if "corpus" in values:
        corpus = values["corpus"] = values["corpus"] or os.environ.get(VARIABLE) or CORPUS
        if not corpus.startswith("hf:") and not Path(corpus).exists():
            raise UserError(f"There is no text at {corpus}: give a file or folder with --corpus.")
    return values
