"""The command line, and how errors are reported: one sentence on standard error and an exit status.

0 is success, 1 a failure that the sentence explains, 2 wrong usage, 130 and 143 an interruption.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any, NoReturn

from bdh_workbench.commands import bench, memories, query, train, write
from bdh_workbench.commands.common import UsageError
from bdh_workbench.commands.console import Console, printing, say
from bdh_workbench.errors import UserError
from bdh_workbench.model.device import DEVICES, is_of_a_gpu, is_out_of_memory
from bdh_workbench.version import __version__

PROGRAM = "bdh-workbench"
WINDOW_MODULE = "bdh_workbench.gui.application"

Command = tuple[str, str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace, Console], None]]
COMMANDS: tuple[Command, ...] = (
    ("write", "write facts and documents into a memory file", write.add_options, write.run),
    ("query", "ask a model, with or without a memory", query.add_options, query.run),
    ("inspect", "show what a memory file contains", memories.add_inspect_options, memories.run_inspect),
    ("list", "list the memories of the library", memories.add_list_options, memories.run_list),
    ("merge", "combine several memories into one", memories.add_merge_options, memories.run_merge),
    ("forget", "copy a memory without some of its items", memories.add_forget_options, memories.run_forget),
    ("bench", "measure what is remembered, and what else changes", bench.add_options, bench.run),
    ("train", "make a model from a corpus", train.add_options, train.run),
)


class Terminated(BaseException):
    """The process was asked to end (SIGTERM)."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{PROGRAM}: {' '.join(message.split())} (see {self.prog} --help)\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help and version as results are printed: argparse does not report a full disk."""
        if file is None or file is sys.stderr:
            super()._print_message(message, file)
        elif message:
            say(message, end="")


def main(argv: Sequence[str] | None = None, commands: Sequence[Command] = COMMANDS) -> int:
    """Carry out a command line, or open the window if it names no command.

    Args:
        argv: the arguments; those of the process if None.
        commands: those that may be given; a checkout adds its own.

    Returns:
        The exit status.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser, console = make_parser(commands), Console()
    try:
        args = parser.parse_args(arguments)
    except SystemExit as stop:
        return _flushed(console, stop.code if isinstance(stop.code, int) else 2)
    except UserError as error:
        return _unwritten(_failed(console, 1, str(error)))
    except BrokenPipeError:
        return _unwritten(1)
    console = Console(args.json, args.verbose)
    with _signals(), warnings.catch_warnings():
        # torch says this once in each process; it means nothing to a user.
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return _flushed(console, _carry_out(args, arguments, console))


def make_parser(commands: Sequence[Command] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = _Parser(
        prog=PROGRAM,
        description="Write documents into the weights of a small language model, save the memory, and ask "
        "about them later. Without a command, the window opens.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    _add_common(parser, top=True)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, text, add_options, run in commands:
        sub = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
        add_options(sub)
        _add_common(sub, top=False)
        sub.set_defaults(run=run)
    return parser


def _add_common(parser: argparse.ArgumentParser, top: bool) -> None:
    """Add the options that may stand before or after the command; after it, they have no defaults of their own."""
    group = parser.add_argument_group("common options")

    def default(value: object) -> object:
        return value if top else argparse.SUPPRESS

    group.add_argument("--model", metavar="DIR|NAME", default=default(None), help="a model folder, or a bundled model")
    group.add_argument("--device", choices=DEVICES, default=default("auto"), help="what the model runs on (auto)")
    group.add_argument(
        "--json", action="store_true", default=default(False), help="print one JSON object on standard output"
    )
    group.add_argument(
        "--verbose", action="store_true", default=default(False), help="print more, and show the details of errors"
    )


def _carry_out(args: argparse.Namespace, arguments: list[str], console: Console) -> int:
    """Carry out the command and turn whatever goes wrong into one sentence and an exit status."""
    try:
        if args.command is None:
            return _window(args, arguments)
        args.run(args, console)
        return 0
    except UserError as error:
        return _failed(console, 1, str(error))
    except UsageError as error:
        return _failed(console, 2, f"{error} (see {' '.join(filter(None, (PROGRAM, args.command)))} --help)")
    except KeyboardInterrupt:
        return _failed(console, 130, "interrupted.")
    except Terminated:
        return _failed(console, 143, "stopped on request.")
    except BrokenPipeError:
        return _unwritten(1)
    except Exception as error:
        if console.verbose:
            console.note(traceback.format_exc().rstrip())
        if is_out_of_memory(error):
            where = "on the GPU: use --device cpu" if is_of_a_gpu(error) else "free: close other programs"
            return _failed(console, 1, f"There is not enough memory {where}, or write fewer things at once.")
        detail = "" if console.verbose else " (--verbose shows the details)"
        reason = " ".join(str(error).split())
        return _failed(console, 1, f"Something went wrong inside the program, {type(error).__name__}: {reason}{detail}")


def _window(args: argparse.Namespace, arguments: list[str]) -> int:
    """Open the window."""
    if args.json:
        raise UsageError("--json needs a command")
    return int(importlib.import_module(WINDOW_MODULE).main(arguments))


def _failed(console: Console, status: int, text: str) -> int:
    """Say a sentence on standard error, on one line, and return the status."""
    console.note(f"{PROGRAM}: {' '.join(text.split())}")
    return status


def _flushed(console: Console, status: int) -> int:
    """The status, once everything is printed."""
    if sys.stdout is None:  # started without one, as a window may be
        return status
    try:
        with printing():
            sys.stdout.flush()
    except BrokenPipeError:
        return _unwritten(1)
    except UserError as error:
        # One sentence is enough: a command that could not print its result has already said so.
        return _unwritten(status or _failed(console, 1, str(error)))
    return status


def _unwritten(status: int) -> int:
    """The status, after Python was kept from trying and complaining again when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)
    return status


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that half-written files are cleaned up; restore all handlers afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGTERM] is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
