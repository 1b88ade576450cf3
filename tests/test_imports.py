"""The window must open before torch is loaded: importing the command line or the window must not import it."""

from __future__ import annotations

import ast
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import bdh_workbench.gui

ROOT = Path(__file__).resolve().parent.parent


def loaded_by(module: str) -> set[str]:
    """Return the top-level modules that importing a module loads, in a fresh process."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_probe_sees_what_is_imported() -> None:
    assert "PySide6" in loaded_by("PySide6")


def test_the_command_line_does_not_import_torch_or_qt() -> None:
    loaded = loaded_by("bdh_workbench.cli")
    assert not loaded & {"torch", "PySide6", "pyqtgraph"}


def test_libraries_for_files_are_imported_when_a_file_needs_one() -> None:
    loaded = loaded_by("bdh_workbench.commands.write, bdh_workbench.inputs.files")
    assert not loaded & {"pypdf", "docx", "lxml", "chardet", "zipfile", "cryptography"}


def test_a_question_does_not_load_the_compiler_of_torch(model_folder: Path) -> None:
    """It would take as long as all the rest, each time the program is started."""
    code = (
        "import sys; from bdh_workbench.cli import main; main(sys.argv[1:]); sys.exit('torch._dynamo' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "query", "--model", str(model_folder), "--max-tokens", "2", "The sea"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_no_module_of_the_window_imports_torch() -> None:
    names = [info.name for info in pkgutil.walk_packages(bdh_workbench.gui.__path__, "bdh_workbench.gui.")]
    loaded = loaded_by(", ".join(["bdh_workbench.gui", *names]))
    assert "torch" not in loaded


def test_what_the_program_imports_is_installed_with_it() -> None:
    """Tests run where all optional packages are installed too, and would not notice."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in project["dependencies"]}
    imported: set[str] = set()
    for path in (ROOT / "bdh_workbench").rglob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in statement.names}
            elif isinstance(statement, ast.ImportFrom) and statement.module:
                imported.add(statement.module.split(".")[0])
    # shiboken6 is a part of PySide6.
    others = imported - set(sys.stdlib_module_names) - {"bdh_workbench", "shiboken6"}
    assert "torch" in others
    distributions = packages_distributions()
    missing = {name for name in others if not {d.lower().replace("_", "-") for d in distributions[name]} & declared}
    assert not missing
