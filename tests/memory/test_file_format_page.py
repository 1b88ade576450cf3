"""docs/file-format.md is enough: a reader that was written from that page alone agrees with the program."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from bdh_workbench.memory import algebra, file_format
from bdh_workbench.memory.files import save_memory
from bdh_workbench.memory.state import Memory
from bdh_workbench.memory.writer import write
from bdh_workbench.model.loading import Model
from tests.core_factory import DOCUMENT, FACTS
from tests.memory.memory_factory import random_memory

PAGE = (Path(__file__).parents[2] / "docs" / "file-format.md").read_text(encoding="utf-8")

# From here on, nothing of the program is used.

ORDER = (
    "rows.starts basis rows.strengths rows.values weights rows.slots rows.tokens rows.items rows.sentences "
    "rows.following rows.address_of rows.cues"
).split()


class Another:
    """A memory file as another program reads it."""

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + length])
        self.small = header.pop("__metadata__")
        assert self.small["format"] == "bdh-workbench memory 1" and sorted(header) == sorted(ORDER)
        assert int(self.small["data"]) == len(raw) - 8 - length
        self.items, self.layers = json.loads(self.small["items"]), json.loads(self.small["layers"])
        self.tensors = load_file(path)
        total = 0
        for name in ORDER:
            total = zlib.crc32(self.tensors[name].tobytes(), total)
        for name in ("fingerprint", "slots", "width", "items", "layers"):
            total = zlib.crc32(self.small[name].encode() + b"\0", total)
        assert total == int(self.small["checksum"])
        starts, items, following = (self.tensors[f"rows.{name}"] for name in ("starts", "items", "following"))
        on = {layer["number"] for layer in self.layers if layer["enabled"]}
        for row, item in enumerate(items):
            strengths = self.tensors["rows.strengths"][starts[row] : starts[row + 1]]
            assert not len(strengths) or abs(float((strengths.astype(float) ** 2).sum()) - 1.0) <= 0.001
            assert following[row] == -1 or (following[row] > row and items[following[row]] == item)
        for row in self.tensors["basis"]:
            assert self.tensors["rows.address_of"][row] == row and self.items[items[row]]["layer"] in on
        for item in self.items:
            assert item["text"] is None if item["kind"] == "fact" else item["prompt"] == item["answer"] == ""

    def address(self, row: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The address of a row, M numbers."""
        row = int(self.tensors["rows.address_of"][row])
        begin, end = self.tensors["rows.starts"][row : row + 2]
        out = np.zeros(int(self.small["slots"]))
        out[self.tensors["rows.slots"][begin:end]] = self.tensors["rows.strengths"][begin:end]
        return out

    def slow_memory(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """S (M, D)."""
        out = np.zeros((int(self.small["slots"]), int(self.small["width"])))
        for row, weights in zip(self.tensors["basis"], self.tensors["weights"], strict=True):
            out += np.outer(self.address(int(row)), weights)
        return out


# And here the two are compared.


def written(model: Model) -> Memory:
    steps = write(model, None, FACTS, (DOCUMENT,))
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            memory: Memory = stop.value.memory
            return memory


@pytest.mark.parametrize("kind", ["written", "random", "empty"])
def test_a_reader_made_from_the_page_agrees_with_the_program(kind: str, model: Model, tmp_path: Path) -> None:
    memory = written(model) if kind == "written" else random_memory(4, layers=2 if kind == "random" else 0)
    save_memory(tmp_path / "memory.safetensors", memory)
    other = Another(tmp_path / "memory.safetensors")
    slow = other.slow_memory()
    np.testing.assert_allclose(slow, algebra.slow_slot(memory).numpy(), rtol=1e-3, atol=1e-3)
    for row in range(len(memory.rows)):
        dense = memory.rows.dense(memory.slots, torch.tensor([row]))[0].numpy()
        np.testing.assert_array_equal(other.address(row), dense)
        value = other.tensors["rows.values"][row]
        if kind == "written":
            assert np.linalg.norm(other.address(row) @ slow - value) < 0.1 * max(1.0, float(np.linalg.norm(value)))
    assert [item["prompt"] for item in other.items] == [item.prompt for item in memory.items]
    assert [layer["number"] for layer in other.layers] == [layer.number for layer in memory.layers]
    assert other.small["fingerprint"] == memory.model and other.small["title"] == memory.title


def test_the_page_names_all_that_a_file_holds() -> None:
    names = (*file_format.TENSORS, *file_format.SMALL, *file_format.ITEM, *file_format.LAYER, file_format.FORMAT)
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    for name, (kind, _, dims) in file_format.TENSORS.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
        assert f"| {kind} |" in line and line.split("|")[3].count(",") == dims - 1
    assert list(file_format.TENSORS) == ORDER and f"{file_format.MAX_HEADER:,}" in PAGE
    assert f"{file_format.MAX_FILE >> 30} GiB" in PAGE and f"{file_format.MAX_LABEL:,}" in PAGE
