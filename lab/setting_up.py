"""Making the virtual environment of a checkout fit the project; `workbench.py` asks for it before each start.

It needs the standard library alone, and says what it does on standard error.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "workbench-stamp.json"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# The Debian packages of the libraries that Qt expects of a Linux system.
QT_PACKAGES = ["libegl1", "libgl1", "libxkbcommon0", "libdbus-1-3", "libfontconfig1", "libglib2.0-0"]


class SetupError(Exception):
    """A reason why the workbench cannot be set up, as one sentence."""


def set_up(extras: tuple[str, ...]) -> None:
    """Make the virtual environment fit the project and these groups of dependencies; do nothing if it does."""
    project = read_project()
    digest = hashlib.sha256(json.dumps(project, sort_keys=True).encode()).hexdigest()
    if is_ready(digest, extras):
        return
    with lock():
        # Another call may have done it while this one waited.
        if is_ready(digest, extras):
            return
        stamp = read_stamp()
        if stamp["root"] != str(ROOT) or not venv_python().exists():
            make_venv()
            stamp["extras"] = []
        groups = sorted({*extras, *stamp["extras"]})
        STAMP.unlink(missing_ok=True)
        install(project, groups)
        STAMP.write_text(json.dumps({"root": str(ROOT), "project": digest, "extras": groups}), encoding="utf-8")


def read_project() -> dict[str, Any]:
    """Return what pyproject.toml says, except the settings of tools."""
    import tomllib

    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise SetupError("pyproject.toml cannot be read; is this a complete copy of the project?") from None
    project.pop("tool", None)
    return project


def is_ready(digest: str, extras: tuple[str, ...]) -> bool:
    """Say whether the virtual environment can be used as it is; not in a moved folder, whose scripts name the old."""
    stamp = read_stamp()
    same = stamp["project"] == digest and stamp["root"] == str(ROOT)
    return same and set(extras) <= set(stamp["extras"]) and venv_python().exists()


def read_stamp() -> dict[str, Any]:
    """Return what was noted after the last complete installation; of nothing if there was none."""
    stamp: dict[str, Any] = {"root": None, "project": None, "extras": []}
    try:
        return {**stamp, **json.loads(STAMP.read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError):
        return stamp


def venv_python() -> Path:
    """Return the interpreter of the virtual environment, which may not exist yet."""
    return VENV / "Scripts" / "python.exe" if os.name == "nt" else VENV / "bin" / "python"


def make_venv() -> None:
    """Make an empty virtual environment."""
    from importlib.util import find_spec

    tell("Making a virtual environment in .venv ...")
    # Debian and Ubuntu have these in a separate package.
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        apt_install("this Python cannot make virtual environments", ["python{}.{}-venv".format(*sys.version_info[:2])])
    # In a process of its own: what a package manager has just installed is not visible to this one.
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)], stdout=sys.stderr) != 0:
        raise SetupError("the virtual environment could not be made in .venv; the reason is shown above.")


def install(project: dict[str, Any], extras: list[str]) -> None:
    """Install the project and these groups of dependencies into the virtual environment."""
    tell("Installing what the workbench needs; the first time this takes a few minutes ...")
    if wants_cpu_torch():
        # The ordinary package for Linux brings gigabytes of CUDA libraries that a machine without such a card never
        # uses. If this does not work, the ordinary package is installed below.
        torch = next(line for line in project["project"]["dependencies"] if line.startswith("torch=="))
        pip("--retries", "1", "--timeout", "15", "--index-url", TORCH_CPU_INDEX, torch)
    if pip("--editable", str(ROOT) + ("[{}]".format(",".join(extras)) if extras else "")) != 0:
        raise SetupError("the packages could not be installed: see pip's message above, the network and the disk.")
    tell("Ready.")


def wants_cpu_torch() -> bool:
    """Say whether to ask for the build of torch without CUDA: on Linux, without a card, unless pip is configured."""
    if not sys.platform.startswith("linux") or Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi"):
        return False
    settings = subprocess.run([str(venv_python()), "-m", "pip", "config", "list"], stdout=subprocess.PIPE).stdout
    variables = [name.lower().replace("_", "-") for name in os.environ if name.startswith("PIP_")]
    configured = " ".join([settings.decode(errors="replace"), *variables])
    return not any(word in configured for word in ("index-url", "find-links", "no-index"))


def pip(*args: str) -> int:
    """Let pip install something, with all that it says on standard error, and return its status."""
    # Most modules are never imported: to compile each when it first is saves a minute.
    command = [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-compile"]
    return subprocess.call([*command, *args], stdout=sys.stderr)


def ensure_qt() -> None:
    """Make sure that Qt can be loaded, or say which system packages it needs; looks only until it once succeeded."""
    stamp = read_stamp()
    if not sys.platform.startswith("linux") or stamp.get("qt"):
        return
    if not qt_loads():
        apt_install("the window needs system libraries that are missing", QT_PACKAGES)
        if not qt_loads():
            raise SetupError("Qt cannot be loaded; the reason is shown above.")
    STAMP.write_text(json.dumps({**stamp, "qt": True}), encoding="utf-8")


def qt_loads() -> bool:
    """Say whether Qt can be loaded; the reason why not goes to standard error."""
    return subprocess.call([str(venv_python()), "-c", "import PySide6.QtWidgets"], stdout=sys.stderr) == 0


def apt_install(reason: str, packages: list[str]) -> None:
    """Install Debian packages if this is a Debian system and the user may; otherwise say how to."""
    apt = shutil.which("apt-get")
    command = [apt or "apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        tell("Installing system packages: {} ...".format(" ".join(packages)))
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # A fresh system has no list of packages yet.
        for step in (command, [apt, "update"], command):
            if subprocess.call(step, stdout=sys.stderr, env=environment) == 0 and step is command:
                return
    raise SetupError("{}; on Debian or Ubuntu run: sudo apt-get install {}".format(reason, " ".join(packages)))


def lock() -> IO[str]:
    """Keep two calls from setting up at once, until the file that is returned is closed."""
    try:
        file = (ROOT / ".venv.lock").open("a")
    except OSError as error:
        raise SetupError(f"the folder of the workbench cannot be written: {error.strerror}.") from None
    if os.name != "nt":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def tell(message: str) -> None:
    """Say what is going on."""
    print(f"workbench.py: {message}", file=sys.stderr, flush=True)
