"""What the linters and the type checker find. As tests, they share the processors with all others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The import rules cannot be run as a module.
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command as c; sys.argv[0] = 'lint-imports'; c()"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("-m", "mypy"), id="types"),
        pytest.param(("-c", LINT_IMPORTS), id="import rules"),
        pytest.param(("-m", "ruff", "check", "."), id="lint"),
        pytest.param(("-m", "ruff", "format", "--check", "."), id="format"),
    ],
)
def test_nothing_is_found(command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
