"""The built wheel, installed in an environment of its own, gives a window that works with the bundled model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCENE = """
import os, sys
import bdh_workbench
assert bdh_workbench.__file__.startswith(sys.prefix), bdh_workbench.__file__
from lab.window.driving import driven
from bdh_workbench.inputs.items import Fact
with driven() as driver:
    driver.window.show()
    assert not driver.window.windowIcon().isNull()
    driver.load()
    assert driver.context.model.name == "base"
    driver.window.panes.write.sample_facts()
    driver.wait(lambda: len(driver.window.panes.write.table.facts_model.rows) == 10)
    driver.write_facts((Fact("The harbour master of Tesh owns a", "parrot"),))
    driver.ask("The harbour master of Tesh owns a")
    assert "parrot" in driver.window.panes.ask.exchanges[-1].answer
    assert not driver.window.grab().isNull()
    driver.window.discard = True
print("the window works")
"""


def run(*command: str | Path, cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(240)  # commands, one of which may fetch the tools that build a wheel
def test_the_wheel_gives_a_working_window(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    pip = (sys.executable, "-m", "pip")
    built = run(*pip, "wheel", "--quiet", "--no-deps", "-w", tmp_path, ROOT, cwd=tmp_path, environment=environment)
    if built.returncode and ("No matching distribution" in built.stderr or "connection" in built.stderr.lower()):
        pytest.skip("the tools that build a wheel are not at hand, and cannot be fetched")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("icons/workbench.svg", "icons/bdh-workbench.desktop", "fonts/DejaVuSans.ttf", "samples/facts.json"):
        assert f"bdh_workbench/resources/{wanted}" in names
    place = tmp_path / "empty"
    made = run(sys.executable, "-m", "venv", "--without-pip", place, cwd=tmp_path, environment=environment)
    assert made.returncode == 0, made.stderr
    scripts = place / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / ("python.exe" if sys.platform == "win32" else "python")
    # What the wheel asks for stands in this environment already; only the program itself is installed again.
    found = run(python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])", cwd=tmp_path,
                environment=environment)  # fmt: skip
    Path(found.stdout.strip(), "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    install = ("install", "--quiet", "--no-compile", "--no-deps", "--ignore-installed", wheel)
    installed = run(*pip, "--python", python, *install, cwd=tmp_path, environment=environment)
    assert installed.returncode == 0, installed.stderr
    assert (scripts / ("bdh-workbench-window.exe" if sys.platform == "win32" else "bdh-workbench-window")).exists()
    if sys.platform == "linux":
        assert (place / "share" / "applications" / "bdh-workbench.desktop").is_file()
        assert (place / "share" / "icons" / "hicolor" / "scalable" / "apps" / "bdh-workbench.svg").is_file()
    # What drives the window is no part of the product: it comes from the checkout, and the window from the wheel.
    shutil.copytree(ROOT / "lab", tmp_path / "lab")
    played = run(python, "-c", SCENE, cwd=tmp_path, environment=environment)
    assert played.returncode == 0 and "the window works" in played.stdout, played.stderr[-3000:]
