"""What the documentation tells people to type is what the program takes."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from bdh_workbench.cli import make_parser
from lab import experiment
from lab.__main__ import LAB_COMMANDS
from lab.records import EXPERIMENTS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").rglob("*.md")])
RUN = re.compile(r"python3 workbench\.py run ([a-z][^`\n]*)")
MODULE = re.compile(r"\.venv/bin/python -m ([\w.]+)")


def commands() -> list[tuple[str, str]]:
    """Every command line in the documentation, after ``run``, with the page that it stands on."""
    found = [(page, match[1]) for page in PAGES for match in RUN.finditer(page.read_text(encoding="utf-8"))]
    return [(str(page.relative_to(ROOT)), text.split(" #")[0].split(" > ")[0].strip()) for page, text in found]


def test_there_are_commands() -> None:
    assert len(commands()) > 20


@pytest.mark.parametrize(("page", "text"), dict.fromkeys(commands()))
def test_a_documented_command_is_taken(page: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(experiment.VARIABLE, str(tmp_path))
    words = shlex.split(text.replace(experiment.CORPUS, str(tmp_path)))
    if "NAME" in words or words[1:2] == ["ARGS..."]:
        return  # a pattern
    args = make_parser(LAB_COMMANDS).parse_args(words)
    if args.command == "experiment":
        experiment._options(args, EXPERIMENTS[args.experiment])  # refuses those of other experiments


@pytest.mark.parametrize("module", sorted({m for page in PAGES for m in MODULE.findall(page.read_text("utf-8"))}))
def test_a_documented_module_is_there(module: str) -> None:
    assert importlib.util.find_spec(module) is not None
