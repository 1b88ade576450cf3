"""What several commands share: options, opening a model, finding and saving memory files."""

from __future__ import annotations

import argparse
import contextlib
import csv
import dataclasses
import difflib
import functools
import math
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bdh_workbench.commands.console import Console
from bdh_workbench.described import LARGEST_SEED, Described, descriptions
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import composed
from bdh_workbench.memory.files.locking import renewing
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.wording import plural, probability

if TYPE_CHECKING:  # torch is loaded by the commands that need it, when they need it
    from bdh_workbench.inputs.files import Inputs
    from bdh_workbench.memory.store.state import Memory
    from bdh_workbench.memory.writing.writer import WriteEvent
    from bdh_workbench.model.loading import Model
    from bdh_workbench.model.write_site import WriteSite

S = TypeVar("S")


class UsageError(Exception):
    """Options that do not go together; its text is shown as it stands, and the exit status is 2."""


def whole_number(least: int, most: int = LARGEST_SEED) -> Any:
    """A type for argparse: whole numbers from ``least`` to ``most``."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not least <= number <= most:
            bound = f"at least {least}" if number < least else f"at most {most}"
            raise argparse.ArgumentTypeError(f"it must be {bound}, not {number}")
        return number

    return read


def add_settings(parser: Any, kind: type, *, without: Collection[str] = ()) -> None:
    """Add an option for each field of a dataclass of settings; none has a default, so that what is given is known.

    Args:
        parser: or a group of its options.
        kind: the dataclass.
        without: fields that get no option.
    """
    for field in dataclasses.fields(kind):
        if field.name in without:
            continue
        known, default = descriptions(kind)[field.name], field.default
        add = functools.partial(
            parser.add_argument,
            f"--{known.flag or field.name.replace('_', '-')}",
            dest=f"{kind.__name__}.{field.name}",
            default=argparse.SUPPRESS,
        )
        if default is True:
            add(action="store_false", help=f"do not {known.help}")
        elif default is False:
            add(action="store_true", help=known.help)
        elif known.choices:
            add(choices=known.choices, help=f"{known.help} ({default})")
        else:
            number = _described_number(known, type(default))
            add(type=number, metavar="N" if isinstance(default, int) else "X", help=f"{known.help} ({default:g})")


def _described_number(known: Described, kind: type) -> Callable[[str], float]:
    """A type for argparse: numbers within the bounds of a setting."""

    def read(text: str) -> float:
        try:
            number: float = kind(text)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None
        if not known.allows(number):
            raise argparse.ArgumentTypeError(f"it must be {known.bounds() or 'finite'}, not {text}")
        return number

    return read


def given_settings(args: argparse.Namespace, kind: type[S]) -> S:
    """The settings that the options give.

    Raises:
        UserError: naming one that cannot work.
    """
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    given = {name: f"{kind.__name__}.{name}" for name in names}
    return kind(**{name: getattr(args, option) for name, option in given.items() if hasattr(args, option)})


def add_write_settings(parser: argparse.ArgumentParser, *, into: bool = True) -> None:
    """Add an option for every field of ``WriteSettings``; ``into``: the write may extend what is stored."""
    group = parser.add_argument_group("settings of the write")
    add_settings(group, WriteSettings, without=() if into else ("on_conflict",))


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add the options that name what to write."""
    parser.add_argument(
        "--facts",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="facts: .json, .jsonl, or a table (.csv, .tsv) with at least two columns",
    )
    parser.add_argument(
        "--columns",
        type=_columns,
        default=(),
        metavar="PROMPT,ANSWER[,PARAPHRASES]",
        help="the columns to use from tables of facts, by name or number, starting at 1; by default they are detected",
    )
    parser.add_argument(
        "--document",
        "--documents",
        dest="documents",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="documents: text (.txt, .md), PDF, .docx, .odt, .html, .epub, .json or .jsonl, or folders of these",
    )


def _columns(text: str) -> tuple[str, ...]:
    """The names or numbers of two or three columns; quotes allow a comma in a name."""
    names = tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), []))
    if len(names) not in (2, 3) or not all(names) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(
            "give the columns of prompt and answer, and optionally paraphrases, such as “2,3”"
        )
    return names


def read_inputs(args: argparse.Namespace, facts: Sequence[str], documents: Sequence[str]) -> Inputs:
    """Read files of facts, and files and folders of documents.

    Raises:
        UsageError: when columns are named, and no file of facts.
    """
    from bdh_workbench.inputs.files import read_inputs

    if args.columns and not facts:
        raise UsageError("--columns is for tables of facts: give them with --facts")
    return read_inputs(facts, documents, args.columns)


def open_model(args: argparse.Namespace, console: Console) -> Model:
    """Load the model that the options name onto the device that they name."""
    console.progress("Loading the model")
    from bdh_workbench.model.device import choose_device
    from bdh_workbench.model.loading import load_model

    device = choose_device(args.device)
    started = time.monotonic()
    model = load_model(args.model, device)
    if console.verbose:
        console.note(
            f"Model {model.name} ({model.fingerprint[:8]}), {model.parameters:,} parameters, on {device}, "
            f"loaded in {time.monotonic() - started:.1f} s."
        )
    return model


def bind_model(args: argparse.Namespace, console: Console, memory: Memory) -> None:
    """Let the model be loaded where the memory's cues and addresses must be made of its words.

    Raises (once they are needed):
        UserError: when there is no such model, or it is not the memory's.
    """
    from bdh_workbench.memory.store.state import bind

    @functools.cache
    def site() -> WriteSite:
        model = open_model(args, console)
        if model.fingerprint != memory.model:
            raise UserError(
                f"This memory belongs to the model {memory.model_name} ({memory.model[:8]}), but {model.name} "
                f"({model.fingerprint[:8]}) is loaded: name its own model with --model."
            )
        return model.site

    bind(memory, site)


def open_memory(name: str, model: Model) -> Memory:
    """Load a memory file of this model."""
    from bdh_workbench.memory.files.memory_file import load_memory_of

    return load_memory_of(memory_path(name), model)


def memory_path(name: str) -> Path:
    """The memory file that a name stands for: a path, or the file name or title of a memory in the library.

    Raises:
        UserError: when the name can only be a title, and no memory or several have it.
    """
    path = Path(name)
    # A terminal may hand over a name with its accents apart; titles are composed, and so are the library's file names.
    title = composed(name)
    if path.name != name or os.path.lexists(path):
        return path
    from bdh_workbench.memory.files.format import MEMORY_SUFFIX
    from bdh_workbench.memory.files.library import BrokenEntry, default_library

    library = default_library()
    names = dict.fromkeys((name, title))
    for candidate in (library.folder / f"{one}{suffix}" for one in names for suffix in ("", MEMORY_SUFFIX)):
        if os.path.isfile(candidate):
            return candidate
    titles = [(composed(e.title), e.path) for e in library.entries() if not isinstance(e, BrokenEntry)]
    titled = [held for one, held in titles if one == title]
    if len(titled) > 1:
        raise UserError(f"“{name}” is the title of {len(titled)} memories in the library: give a file name.")
    if not titled and path.suffix != MEMORY_SUFFIX:
        folded = {one.casefold(): one for one, _ in titles if one}
        near = [f"“{folded[one]}”" for one in difflib.get_close_matches(title.casefold(), folded, 3)]
        hint = f"did you mean {' or '.join(near)}?" if near else "use list to see the memories there."
        raise UserError(f"There is no file {name}, and no memory of that title in the library: {hint}")
    return titled[0] if titled else path


def check_target(name: str) -> Path:
    """The path of a file to be saved, if it looks as if it could be: long work should not be lost to a typing error.

    Raises:
        UserError: when it is a folder, or its folder cannot be written.
    """
    from bdh_workbench.memory.files.memory_file import check_link

    path = Path(name)
    try:
        if path.is_dir():
            raise UserError(f"{name} is a folder: name a file for --memory.")
        check_link(path)
        if path.exists() and not path.is_file():
            raise UserError(f"{name} is not a regular file: name another for --memory.")
        folder = Path(os.path.realpath(path)).parent
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UserError(f"{name} cannot be saved because {folder} is not writable: choose another place.")
    except (OSError, ValueError):
        raise UserError(f"{name!r} is not a usable file name: choose another.") from None
    return path


def renewing_target(args: argparse.Namespace, console: Console) -> contextlib.AbstractContextManager[None]:
    """Have the file that is named by --memory alone while it is read and saved; another command is waited for.

    However long that takes: the lock of a process ends with it, and what it wrote is then read.
    """
    waiting = f"Waiting for another window or command to finish with {args.memory}"
    return renewing(Path(args.memory), math.inf, lambda: console.progress(waiting))


def save(path: Path, memory: Memory) -> dict[str, object]:
    """Save a memory; returns what is reported about the file."""
    from bdh_workbench.memory.files.memory_file import save_memory

    names = path.stat().st_nlink if path.exists() else 1
    save_memory(path, memory)
    return {
        "memory": str(path),
        "title": memory.title,
        "model": memory.model_name,
        "items": len(memory.items),
        "layers": len(memory.layers),
        "rows": len(memory.rows),
        "rank": len(memory.basis),
        "slots": memory.slots,
        "fill": memory.fill,
        "bytes": path.stat().st_size,
        "names_not_renewed": max(0, names - path.stat().st_nlink),
    }


def name_notes(record: Mapping[str, Any]) -> list[str]:
    """What is said of a file that has names in other folders too, after ``save``."""
    if not record["names_not_renewed"]:
        return []
    others = plural(record["names_not_renewed"], "other name")
    return [f"{record['memory']} has {others} in another folder (a hard link), which still leads to the old file."]


def step_line(event: WriteEvent) -> str:
    """One step of a write, in one line of progress."""
    step = f"step {event.step} of at most {event.steps}" if event.steps > event.step else f"step {event.step}"
    left = f", {event.remaining:.0f} s left at most" if event.phase == "gradient" and event.remaining >= 1 else ""
    return f"{event.phase}, {step}: worst p {probability(event.worst_p)}, median {probability(event.median_p)}{left}"
