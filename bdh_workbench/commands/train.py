"""`train`: make a model from a corpus, or continue an interrupted run."""

from __future__ import annotations

import argparse
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError

if TYPE_CHECKING:
    from bdh_workbench.training.reading.phase import Questions


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--corpus", metavar="DIR", required=True, help="a folder or file of text, or hf:NAME")
    parser.add_argument("--config", metavar="F", help="a TOML file, or tiny, small, base or bdh-30m")
    parser.add_argument(
        "--only", choices=("reading", "judge"), help="make only this part of the finished model in --out again"
    )
    parser.add_argument("--questions", metavar="DIR", help="questions to train the reader on (docs/asking.md)")
    parser.add_argument(
        "--parts-of",
        metavar="DIR",
        help="take tokenizer, addresses, judges and reader from this model: they do not depend on the network",
    )
    parser.add_argument(
        "--weights-of",
        metavar="DIR",
        help="start pre-training with the network and the tokenizer of this finished model",
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="the model folder to make")
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="minutes of pre-training, or of --only reading (90); by default as configured",
    )
    parser.add_argument(
        "--rate", type=float, metavar="N", help="with --only reading: the highest learning rate (0.001)"
    )
    parser.add_argument(
        "--further", action="store_true", help="with --only reading: start from the reader that --out contains"
    )
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run")


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    from bdh_workbench.model.device import choose_device
    from bdh_workbench.training.pipeline import train

    if args.only is not None:
        for option in ("config", "parts_of", "weights_of"):
            if getattr(args, option) is not None:
                raise UserError(f"--only makes a part of a finished model: leave out --{option.replace('_', '-')}.")
        _only(args, console)
        return
    if args.config is None:
        raise UserError("A model needs a configuration: give --config tiny, small, base, bdh-30m or a TOML file.")
    device = choose_device(args.device)
    questions = Path(args.questions) if args.questions else None
    parts = Path(args.parts_of) if args.parts_of else None
    weights = Path(args.weights_of) if args.weights_of else None
    report = train(
        args.corpus, args.config, Path(args.out), args.minutes, args.resume, device, questions, parts, weights
    )
    if os.environ.get("RANK", "0") != "0":
        return  # under torchrun the first process speaks for all
    loss = report.get("held_out_loss")
    console.result(
        report,
        f"Trained {report['parameters']:,} parameters on {report['tokens']:,} tokens in {report['seconds']:.0f} s"
        + (f", held-out loss {loss:.4f}" if loss is not None else "")
        + f": {report['out']}",
    )


def _only(args: argparse.Namespace, console: Console) -> None:
    """Train the reader of a finished model, or fit its judges."""
    from bdh_workbench.reading.network import ReaderConfig
    from bdh_workbench.training.pretrain import stop_on_interrupt
    from bdh_workbench.training.reading.phase import Questions, train_reader
    from bdh_workbench.training.reading.train import ReadingConfig

    folder = Path(args.out)
    if not (folder / "model.safetensors").is_file():
        raise UserError(f"{folder} contains no finished model: train one first, without --only.")
    questions = Questions(args.corpus, Path(args.questions) if args.questions else None)
    questions.check()
    if args.only == "judge":
        _judge(args, questions, console)
        return
    settings = ReadingConfig() if args.minutes is None else ReadingConfig.lasting(args.minutes)
    if args.further:
        # A reader has read its plain text: all of the time goes to questions.
        minutes = settings.minutes if args.minutes is None else args.minutes
        settings = dataclasses.replace(settings, minutes=minutes, pretraining_minutes=0.0)
    if args.rate is not None:
        if not 0.0 < args.rate <= 1.0:
            raise UserError(f"The learning rate cannot be {args.rate:g}: give one above 0, such as 0.001.")
        settings = dataclasses.replace(settings, rate=args.rate)
    if not args.resume and any((folder / "run").glob("reader*-checkpoint.safetensors")):
        raise UserError(f"{folder} already contains a run of the reader: add --resume to continue it.")
    report = train_reader(folder, questions, settings, ReaderConfig(), stop_on_interrupt(), args.further)
    state = "" if report["finished"] else ", stopped early: --resume continues it"
    console.result(
        report,
        f"Trained a reader of {report['parameters']:,} parameters on {report['questions']:,} questions, exact "
        f"{report['exact']:.1%}, F1 {100 * report['f1']:.1f} on held-out questions{state}: {folder}",
    )


def _judge(args: argparse.Namespace, questions: Questions, console: Console) -> None:
    """Fit all judges of a model again."""
    import torch

    from bdh_workbench.model.judge import load_judges, save_judges
    from bdh_workbench.model.likeness import load_likeness, save_likeness
    from bdh_workbench.model.loading import load_model
    from bdh_workbench.reading.asker import has_asker
    from bdh_workbench.training.judging import WORLD_ROUNDS, fit_judges
    from bdh_workbench.training.reading.phase import MADE_FILE, PEOPLE_FILE, refit_judges
    from bdh_workbench.training.relating import examples, fit_relating

    folder = Path(args.out)
    model = load_model(str(folder), torch.device("cpu"))

    def tell(done: float, line: str) -> None:
        console.progress(f"{done:.0%} {line}")

    likeness = model.likeness
    if likeness is not None:
        people, made = (questions.folder / name if questions.folder else None for name in (PEOPLE_FILE, MADE_FILE))
        fitted, _ = fit_relating(likeness, examples(people, made, "train", 0), 0)
        save_likeness(folder, fitted)
        likeness = load_likeness(folder)  # as it will be read: in half precision
    judges, report = fit_judges(model.site, model.tokenizer, likeness, args.corpus, 0, WORLD_ROUNDS, tell)
    save_judges(folder, load_judges(folder) | judges)
    record: dict[str, object] = {**report}
    if has_asker(folder):
        record = {"rows": report, "questions": refit_judges(folder, questions)}
    console.result(record, f"Fitted the judges: {folder}")
