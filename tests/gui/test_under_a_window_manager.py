"""The real program on a real screen with a window manager, driven by real keys and clicks.

Needs Xvfb, openbox and xdotool; where they are not installed these tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("Xvfb", "openbox", "xdotool")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"),
]


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[str]:
    """The name of a display with a window manager on it."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24"], pass_fds=(write,), stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as number:
        name = f":{number.readline().strip()}"
    environment = os.environ | {"DISPLAY": name, "HOME": str(tmp_path)}
    manager = subprocess.Popen(["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60.0
    # It manages the screen once it names a desktop; a window that is shown before that may never get keys.
    while subprocess.run(["xdotool", "get_desktop"], env=environment, capture_output=True, check=False).returncode:
        assert manager.poll() is None and time.monotonic() < end, "the window manager did not start"
        time.sleep(0.1)
    yield name
    for process in (manager, server):
        process.terminate()
        process.wait(10)


def played(screen: str, scene: str, model: Path, home: Path) -> None:
    """Run the program with a scene in a process of its own."""
    environment = os.environ | {"DISPLAY": screen, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.gui.program", scene, str(model), str(home)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if "xcb" in done.stderr and "Install the package" in done.stderr:
        pytest.skip("the libraries of Qt for X11 are not installed")
    assert done.returncode == 0, done.stderr[-3000:]


def test_keys_go_to_the_pane_that_floats_and_nothing_is_written_twice(
    screen: str, model_folder: Path, tmp_path: Path
) -> None:
    played(screen, "floating_pane_takes_keys", model_folder, tmp_path / "home")


def test_a_workspace_comes_back_whatever_was_floated_or_closed(screen: str, model_folder: Path, tmp_path: Path) -> None:
    played(screen, "reset_brings_panes_back", model_folder, tmp_path / "home")


def test_the_keyboard_alone_asks_follows_the_source_and_pins_a_check(
    screen: str, model_folder: Path, tmp_path: Path
) -> None:
    played(screen, "keyboard_alone", model_folder, tmp_path / "home")


def test_files_are_dropped_anywhere(screen: str, model_folder: Path, tmp_path: Path) -> None:
    played(screen, "files_are_dropped_anywhere", model_folder, tmp_path / "home")
