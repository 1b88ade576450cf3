"""docs/json.md lists what the commands print with --json: every key that is printed, and none that is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bdh_workbench.cli import main
from bdh_workbench.inputs.items import Probe, TextDocument
from tests.core_factory import FACTS
from tests.model_factory import save_documents, save_questions, save_tiny_model
from tests.reader_factory import save_small_reader

PAGE = Path(__file__).parents[1] / "docs" / "json.md"
PROMPT = FACTS[1].prompt
DOCUMENTS = (
    TextDocument("Mill", "A mill in Brant grinds rye.", (Probe("A mill in Brant grinds", "rye"),)),
    TextDocument("Boat", "The boat of Ines is red.", (Probe("The boat of Ines is", "red"),)),
)
# The second cannot be told from the first after the words that they begin with: a position is left out.
ALIKE = (
    TextDocument("North", "The Museum of Norby keeps the oldest map. It is open on Sundays."),
    TextDocument("South", "The Museum of Fenby keeps a stuffed heron. It is closed on Mondays."),
)
Ask = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("short_answers")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], model_folder: Path) -> Ask:
    """Carry out a command on the tiny model and return its JSON object."""

    def go(*arguments: object) -> dict[str, Any]:
        assert main(["--model", str(model_folder), "--json", *map(str, arguments)]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return go


def documented(command: str) -> set[str]:
    """The keys in the tables below the heading of a command; those of inner objects stand after a dot."""
    section = re.search(rf"^## {command}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert section is not None, f"{PAGE.name} has no section {command}"
    cells = re.findall(r"^\| (`.*?) \|", section[1], re.M)
    return {key for cell in cells for key in re.findall(r"`([\w.]+)`", cell)}


def keys(value: object, prefix: str = "") -> set[str]:
    """The keys of an object and of the objects in it."""
    if isinstance(value, list):
        return {key for entry in value for key in keys(entry, prefix)}
    if not isinstance(value, dict):
        return set()
    return {prefix + name for name in value} | {k for name, e in value.items() for k in keys(e, f"{prefix}{name}.")}


def test_write(ask: Ask, tmp_path: Path, facts_file: Path) -> None:
    target = tmp_path / "m.safetensors"
    texts = save_documents(tmp_path / "texts.json", ALIKE)
    found = keys(ask("write", "--facts", facts_file, "--document", texts, "--memory", target))
    other = tmp_path / "other.csv"
    other.write_text(f"prompt,answer\n{PROMPT},Pell\n", encoding="utf-8")
    found |= keys(ask("write", "--facts", other, "--into", target, "--memory", target))
    assert found == documented("A saved memory") | documented("write")


def test_query(ask: Ask, tmp_path: Path, memory_file: Path) -> None:
    with_reader = save_tiny_model(tmp_path / "tiny")
    save_small_reader(with_reader)
    found = keys(ask("query", "--memory", memory_file, PROMPT, "--answer", "Quill"))
    found |= keys(ask("query", "--memory", memory_file, "--model", with_reader, "Who collects clocks?"))
    assert found | {"answers"} == documented("query")
    assert set(ask("query", "--memory", memory_file, PROMPT, "Once upon a time")) == {"answers"}


@pytest.mark.slow
def test_bench(ask: Ask, facts_file: Path, tmp_path: Path, little_text: None) -> None:
    texts = save_documents(tmp_path / "texts.json", DOCUMENTS)
    articles, edits = save_questions(tmp_path)
    options = ("--questions", articles, "--edits", edits, "--limit", "2", "--quick")
    found = keys(ask("bench", "--facts", facts_file, "--documents", texts, *options))
    found |= keys(ask("bench", "--documents", texts, "--quick"))
    assert found == documented("bench")


def test_what_is_done_with_memories(
    ask: Ask, memory_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path))
    folder = tmp_path / "memories"
    folder.mkdir()
    (folder / "kept.safetensors").write_bytes(memory_file.read_bytes())
    (folder / "broken.safetensors").write_bytes(b"no memory")
    out = tmp_path / "out.safetensors"
    assert keys(ask("inspect", memory_file)) == documented("inspect")
    assert keys(ask("list")) == documented("list")
    other = tmp_path / "other.csv"
    other.write_text(f"prompt,answer\n{PROMPT},Pell\n", encoding="utf-8")
    ask("write", "--facts", other, "--memory", out)
    assert keys(ask("merge", memory_file, out, "--keep", "first", "--memory", out)) == documented(
        "A saved memory"
    ) | documented("merge")
    assert keys(ask("forget", memory_file, "--item", PROMPT, "--memory", out)) == documented(
        "A saved memory"
    ) | documented("forget")
