#!/usr/bin/env python3
"""Set up the BDH memory workbench and run it, or its tests.

    python3 workbench.py run [ARGS...]          open the window, or run a command such as: run list
    python3 workbench.py test [PYTEST ARGS...]  run every check and test, or only the tests that the arguments name

The first call makes a virtual environment in .venv beside this file and installs what is needed; later calls start at
once. Needs Python 3.11 or newer, and nothing else. Whatever happens while setting up is told on standard error:
standard output belongs to the program that is run.
"""

# This file must be readable by older versions of Python, so that they can say that they are too old, and it must not
# import anything slow: it stands before every start of the program.
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "workbench-stamp.json"
OLDEST = (3, 11)
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
TEST_EXTRAS = ("bench", "test", "train")
CHECKS = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", ".")),
    ("mypy", ("mypy",)),
    ("import rules", ("importlinter.cli",)),
)
# Two processes, each with whole files of tests, so that what the tests of a file share is made once. tests/conftest.py
# puts the files first that take long.
ALL_TESTS = ("pytest", "-m", "not gpu", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")

# The libraries that Qt expects of a Linux system, and the Debian packages that hold them.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}

# What pip says when it fails, and what that means.
PIP_FAILURES = (
    ("no space left on device", "the disk is full"),
    ("certificate_verify_failed", "the certificate of the package server was not accepted"),
    ("name resolution", "there is no network connection"),
    ("name or service not known", "there is no network connection"),
    ("getaddrinfo failed", "there is no network connection"),
    ("nodename nor servname", "there is no network connection"),
    ("failed to establish a new connection", "there is no network connection"),
    ("network is unreachable", "there is no network connection"),
    ("cannot connect to proxy", "the network proxy does not answer"),
    ("timed out", "the network is too slow or blocked"),
    ("permission denied", "a file in .venv cannot be written"),
)


class SetupError(Exception):
    """A reason why the workbench cannot be set up, as one sentence."""


def main(argv: list[str]) -> int:
    """Carry out a command line and return its exit status."""
    command, rest = (argv[0] if argv else ""), argv[1:]
    if command in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0
    if command not in ("run", "test"):
        print("Usage: python3 workbench.py run [ARGS...] | test [PYTEST ARGS...]", file=sys.stderr)
        return 2
    try:
        if sys.version_info[:2] < OLDEST:
            newer = find_newer_python()
            if newer is None:
                raise SetupError(
                    "the workbench needs Python {}.{} or newer, and this is Python {}.{}.".format(
                        *OLDEST, *sys.version_info[:2]
                    )
                )
            return replace_process([newer, str(Path(__file__).resolve()), *argv])
        return run(rest) if command == "run" else test(rest)
    except SetupError as error:
        print(f"workbench.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("workbench.py: interrupted.", file=sys.stderr)
        return 130


def run(args: list[str]) -> int:
    """Run the program with these arguments and return its exit status."""
    set_up(extras_for(args))
    if not args:
        ensure_qt()
    # With -P, a file in the current folder cannot stand in for a module of the program.
    return replace_process([str(venv_python()), "-P", "-m", "lab", *args])


def test(args: list[str]) -> int:
    """Run every check and all tests, or only the tests that the arguments name."""
    set_up(TEST_EXTRAS)
    ensure_qt()
    environment = dict(os.environ)
    # Windows that open and close by themselves would only disturb, and there may be no screen at all.
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    python = str(venv_python())
    if args:
        return subprocess.call([python, "-m", "pytest", *args], cwd=ROOT, env=environment)
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        if subprocess.call(check_command(python, command), cwd=ROOT, env=environment) != 0:
            failed.append(name)
    print("== tests", flush=True)
    if failed:
        # The last line belongs to pytest, so this has to be said before.
        print("Failed before the tests: {}.".format(", ".join(failed)), flush=True)
    status = subprocess.call([python, "-m", *ALL_TESTS], cwd=ROOT, env=environment)
    return status or int(bool(failed))


def check_command(python: str, command: tuple[str, ...]) -> list[str]:
    """Return the full command of a check that is an installed module."""
    if command[0] == "importlinter.cli":
        # This one cannot be run as a module.
        code = "import sys; from importlinter.cli import lint_imports_command as c; sys.argv[0] = 'lint-imports'; c()"
        return [python, "-c", code]
    return [python, "-m", *command]


def extras_for(args: list[str]) -> tuple[str, ...]:
    """Return the optional groups of dependencies that a command of the program needs."""
    if {"-h", "--help"} & set(args):
        return ()
    if (args[:1] == ["bench"] and "--baselines" in args) or args[:2] == ["experiment", "rivals"]:
        return ("bench",)
    if args[:1] in (["train"], ["experiment"]):
        # A data set of Hugging Face is named hf:NAME.
        downloads = any(arg.startswith(("hf:", "--corpus=hf:")) for arg in args)
        return ("hf", "train") if downloads else ("train",)
    return ()


# The virtual environment


def set_up(extras: tuple[str, ...]) -> None:
    """Make the virtual environment fit the project and these groups of dependencies; do nothing if it does."""
    wanted = fingerprint((ROOT / "pyproject.toml").read_bytes())
    if is_ready(read_stamp(), wanted, extras):
        return
    with Lock(ROOT / ".venv.lock"):
        # Another call may have done it while this one waited.
        stamp = read_stamp()
        if is_ready(stamp, wanted, extras):
            return
        keep = stamp.get("root") == str(ROOT) and venv_python().exists()
        installed = stamp.get("extras") if keep else None
        groups = sorted({*extras, *(installed if isinstance(installed, list) else [])})
        if not keep:
            make_venv()
        STAMP.unlink(missing_ok=True)
        install(groups)
        write_stamp({"root": str(ROOT), "fingerprint": wanted, "extras": groups})


def fingerprint(pyproject: bytes) -> str:
    """Return a digest of what in a pyproject.toml decides about the installation."""
    import tomllib

    try:
        settings = tomllib.loads(pyproject.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SetupError("pyproject.toml cannot be read; is this a complete copy of the project?") from None
    project = settings.get("project", {})
    names = ("name", "version", "requires-python", "dependencies", "optional-dependencies", "scripts", "gui-scripts")
    parts = {name: project.get(name) for name in names}
    parts["build-system"] = settings.get("build-system")
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_ready(stamp: dict[str, object], wanted: str, extras: tuple[str, ...]) -> bool:
    """Say whether an environment with this stamp can be used as it is."""
    installed = stamp.get("extras")
    return (
        stamp.get("fingerprint") == wanted
        # The installed scripts name their place, so a moved folder needs a new environment.
        and stamp.get("root") == str(ROOT)
        and isinstance(installed, list)
        and set(extras) <= set(installed)
        and venv_python().exists()
    )


def read_stamp() -> dict[str, object]:
    """Return what was noted after the last complete installation; nothing if there was none."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: dict[str, object]) -> None:
    """Note what is installed."""
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")


def venv_python() -> Path:
    """Return the interpreter of the virtual environment, which may not exist yet."""
    return VENV / "Scripts" / "python.exe" if os.name == "nt" else VENV / "bin" / "python"


def make_venv() -> None:
    """Make an empty virtual environment."""
    from importlib.util import find_spec

    tell("Making a virtual environment in .venv ...")
    # Debian and Ubuntu keep these in a package of their own.
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        if not apt_install([package]):
            raise SetupError(
                f"this Python cannot make virtual environments; on Debian or Ubuntu run: sudo apt-get install {package}"
            )
    # In a process of its own: what a package manager has just installed is not visible to this one.
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)], stdout=sys.stderr) != 0:
        raise SetupError("the virtual environment could not be made in .venv; the reason is shown above.")


def install(extras: list[str]) -> None:
    """Install the project and these groups of dependencies into the virtual environment."""
    tell("Installing what the workbench needs; the first time this takes a few minutes ...")
    if not has_package("torch") and wants_cpu_torch():
        # The ordinary package for Linux brings gigabytes of CUDA libraries that a machine without such a card never
        # uses. If this does not work, the ordinary package is installed below.
        torch = next((line for line in dependencies() if line.startswith("torch==")), "torch")
        status, _ = pip(["install", "--retries", "1", "--timeout", "15", "--index-url", TORCH_CPU_INDEX, torch])
        if status != 0:
            tell("No smaller build of torch is available; using the ordinary one ...")
    project = str(ROOT) + ("[{}]".format(",".join(extras)) if extras else "")
    status, output = pip(["install", "--editable", project])
    if status != 0:
        reason = pip_failure(output)
        raise SetupError(f"the packages could not be installed: {reason}.")
    tell("Ready.")


def dependencies() -> list[str]:
    """Return the packages that the project always needs."""
    import tomllib

    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return [str(line) for line in found]


def has_package(name: str) -> bool:
    """Say whether the virtual environment has a package."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.call([str(venv_python()), "-c", code]) == 0


def wants_cpu_torch() -> bool:
    """Say whether to ask for the build of torch without CUDA: on Linux, without a card, unless pip is configured."""
    import shutil

    if not sys.platform.startswith("linux") or Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi"):
        return False
    settings = subprocess.run(
        [str(venv_python()), "-m", "pip", "config", "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout.decode(errors="replace")
    configured = settings + " ".join(name.lower().replace("_", "-") for name in os.environ if name.startswith("PIP_"))
    return not any(word in configured for word in ("index-url", "find-links", "no-index"))


def pip(args: list[str]) -> tuple[int, str]:
    """Run pip, show what it says on standard error, and return its status and what it said of errors."""
    command = [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "--no-input", *args]
    # Its progress goes straight to the terminal; its complaints are read along, to tell what they mean.
    process = subprocess.Popen(command, stdout=sys.stderr, stderr=subprocess.PIPE)
    assert process.stderr is not None
    lines = []
    try:
        for raw in process.stderr:
            line = raw.decode(errors="replace")
            sys.stderr.write(line)
            lines.append(line)
        return process.wait(), "".join(lines)
    except KeyboardInterrupt:
        process.wait()
        raise


def pip_failure(output: str) -> str:
    """Return in plain words why pip failed."""
    low = output.lower()
    for words, meaning in PIP_FAILURES:
        if words in low:
            return meaning
    return "pip's own message is shown above"


# System libraries


def ensure_qt() -> None:
    """Make sure that Qt can be loaded, or say which system packages are missing; looks only until it once succeeded."""
    if not sys.platform.startswith("linux"):
        return
    stamp = read_stamp()
    if stamp.get("qt") is True:
        return
    error = qt_error()
    if error:
        packages = missing_packages()
        if not packages:
            raise SetupError(f"Qt cannot be loaded: {error}")
        if not apt_install(packages) or qt_error():
            raise SetupError(
                "the window needs system libraries that are missing; on Debian or Ubuntu run: "
                "sudo apt-get install {}".format(" ".join(packages))
            )
    write_stamp({**stamp, "qt": True})


def qt_error() -> str:
    """Return the last line of what Qt says when it cannot be loaded; nothing if it can."""
    done = subprocess.run(
        [str(venv_python()), "-c", "import PySide6.QtWidgets"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with status {done.returncode}."


def missing_packages() -> list[str]:
    """Return the Debian packages of those libraries for Qt that this system lacks."""
    import ctypes

    missing = []
    for library, package in QT_LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages if this is a Debian system and the user may; say whether it worked."""
    import shutil

    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    tell("Installing system packages: {} ...".format(" ".join(packages)))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [apt, "install", "--yes", "--no-install-recommends", *packages]
    if subprocess.call(command, stdout=sys.stderr, env=environment) == 0:
        return True
    # A fresh system has no list of packages yet.
    subprocess.call([apt, "update"], stdout=sys.stderr, env=environment)
    return subprocess.call(command, stdout=sys.stderr, env=environment) == 0


# Processes


class Lock:
    """Keeps two calls from setting up at once; the operating system drops it when the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def __enter__(self) -> None:
        try:
            self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise SetupError(f"the folder of the workbench cannot be written: {error.strerror}.") from None
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            tell("Waiting for another call to finish setting up ...")
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def __exit__(self, *details: object) -> None:
        os.close(self.descriptor)


def find_newer_python() -> str | None:
    """Return an installed Python that is new enough, if there is one."""
    import shutil

    for minor in (13, 12, 11, 14):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def replace_process(command: list[str]) -> int:
    """Become another program, so that signals and the exit status need no passing on."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        # There, a replaced process returns to the caller's prompt at once.
        return subprocess.call(command)
    os.execv(command[0], command)


def tell(message: str) -> None:
    """Say what is going on."""
    print(f"workbench.py: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
