#!/usr/bin/env python3
"""Set up the BDH memory workbench and run it, or its tests.

    python3 workbench.py run [ARGS...]          open the window, or run a command such as: run list
    python3 workbench.py test [PYTEST ARGS...]  run every check and test, or only the tests that the arguments name

The first call makes a virtual environment in .venv beside this file and installs what is needed; later calls start at
once. Needs Python 3.11 or newer, and nothing else. Messages about the installation go to standard error: standard
output belongs to the program.
"""

# This file and the one that it imports must be readable by older versions of Python, so that they can say that they are
# too old, and must not import anything slow: they stand before every start of the program.
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from lab.setting_up import ROOT, SetupError, ensure_qt, set_up, tell, venv_python

OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11", "python3.14")
TEST_EXTRAS = ("bench", "test", "train")
# Two processes, each with whole files of tests, so that what the tests of a file share is made once. tests/conftest.py
# puts the files first that take long.
ALL_TESTS = ("-m", "not gpu", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def main(argv: list[str]) -> int:
    """Carry out a command line and return its exit status."""
    command, rest = (argv[0] if argv else ""), argv[1:]
    # What is installed is compiled when it is first imported; each start would compile it again if that were not kept.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if command in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0
    if command not in ("run", "test"):
        print("Usage: python3 workbench.py run [ARGS...] | test [PYTEST ARGS...]", file=sys.stderr)
        return 2
    try:
        if sys.version_info[:2] < OLDEST:
            newer = next(filter(None, map(shutil.which, NEWER)), None)
            if newer is None:
                needs = "the workbench needs Python {}.{} or newer, and this is Python {}.{}."
                raise SetupError(needs.format(*OLDEST, *sys.version_info[:2]))
            return replace_process([newer, str(Path(__file__).resolve()), *argv])
        return run(rest) if command == "run" else test(rest)
    except SetupError as error:
        tell(str(error))
        return 1
    except KeyboardInterrupt:
        tell("interrupted.")
        return 130


def run(args: list[str]) -> int:
    """Run the program with these arguments and return its exit status."""
    set_up(extras_for(args))
    if not args:
        ensure_qt()
    # With -P, a file in the current folder cannot stand in for a module of the program.
    return replace_process([str(venv_python()), "-P", "-m", "lab", *args])


def test(args: list[str]) -> int:
    """Run all tests, the checks of the code among them, or only the tests that the arguments name."""
    set_up(TEST_EXTRAS)
    ensure_qt()
    # Windows that open and close by themselves would only disturb, and there may be no screen at all.
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    return subprocess.call([str(venv_python()), "-m", "pytest", *(args or ALL_TESTS)], cwd=ROOT, env=environment)


def extras_for(args: list[str]) -> tuple[str, ...]:
    """Return the optional groups of dependencies that a command of the program needs."""
    if {"-h", "--help"} & set(args):
        return ()
    if args[:1] == ["bench"]:
        return ("bench",) if "--baselines" in args else ()
    if args[:1] not in (["train"], ["experiment"]):
        return ()
    # A data set of Hugging Face is named hf:NAME.
    downloads = any(arg.startswith(("hf:", "--corpus=hf:")) for arg in args)
    rivals = args[0] == "experiment" and args[1:2] in (["baselines"], ["peer"], ["rivals"])
    return ("bench",) * rivals + ("hf",) * downloads + ("train",)


def replace_process(command: list[str]) -> int:
    """Become another program, so that signals and the exit status need no passing on."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        # There, a replaced process returns to the caller's prompt at once.
        return subprocess.call(command)
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
