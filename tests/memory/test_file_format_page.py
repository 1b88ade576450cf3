"""docs/file-format.md is enough: a reader that was written from that page alone agrees with the program."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from bdh_workbench.memory.files import format as file_format
from bdh_workbench.memory.files.memory_file import save_memory, without_words
from bdh_workbench.memory.store.banks import SlowMemory
from bdh_workbench.memory.store.state import MOST_WINDOW, Memory
from bdh_workbench.memory.writing.writer import write
from bdh_workbench.model.loading import Model
from tests.core_factory import DOCUMENT, FACTS, tiny_model
from tests.memory.memory_factory import random_memory

PAGE = (Path(__file__).parents[2] / "docs" / "file-format.md").read_text(encoding="utf-8")

# From here on, nothing of the program is used.

ROWS = "rows.values weights rows.tokens rows.items rows.sentences rows.following rows.address_of rows.banks".split()
WORDS = ["basis", "rows.lead_starts", *ROWS, "rows.leads", "rows.checks"]
CUES = ["rows.starts", "basis", "rows.strengths", *ROWS, "rows.slots", "rows.cues"]
Matrix = np.ndarray[Any, np.dtype[np.float64]]


class Another:
    """A memory file as another program reads it; what makes cues and addresses of tokens is given to it."""

    def __init__(self, path: Path, cue: Callable[[list[int]], Matrix], address: Callable[[Matrix], Matrix]) -> None:
        raw = path.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + length])
        self.small = header.pop("__metadata__")
        order = CUES if "rows.cues" in header else WORDS
        assert self.small["format"] == "bdh-workbench memory 2" and sorted(header) == sorted(order)
        assert int(self.small["data"]) == len(raw) - 8 - length
        self.items, self.layers = json.loads(self.small["items"]), json.loads(self.small["layers"])
        self.tensors = load_file(path)
        total = 0
        for name in order:
            total = zlib.crc32(self.tensors[name].tobytes(), total)
        for name in ("fingerprint", "slots", "width", "items", "layers"):
            total = zlib.crc32(self.small[name].encode() + b"\0", total)
        assert total == int(self.small["checksum"])
        self.rows = {name[5:]: tensor for name, tensor in self.tensors.items() if name.startswith("rows.")}
        self.count = len(self.rows["items"])
        self.own = [row for row in range(self.count) if self.rows["address_of"][row] == row]
        self.addresses = self.made(cue, address) if order is WORDS else self.stored()
        items, following = self.rows["items"], self.rows["following"]
        on = {layer["number"] for layer in self.layers if layer["enabled"]}
        for row, item in enumerate(items):
            assert following[row] == -1 or (following[row] > row and items[following[row]] == item)
        for row in self.tensors["basis"]:
            assert row in self.addresses and self.items[items[row]]["layer"] in on
        for item in self.items:
            assert item["text"] is None if item["kind"] == "fact" else item["prompt"] == item["answer"] == ""

    def stored(self) -> dict[int, Matrix]:
        """The addresses of a file that has them."""
        found, starts = {}, self.rows["starts"]
        for row in self.own:
            out = np.zeros(int(self.small["slots"]))
            strengths = self.rows["strengths"][starts[row] : starts[row + 1]]
            assert not len(strengths) or abs(float((strengths.astype(float) ** 2).sum()) - 1.0) <= 0.001
            out[self.rows["slots"][starts[row] : starts[row + 1]]] = strengths
            found[row] = out
        return found

    def made(self, cue: Callable[[list[int]], Matrix], address: Callable[[Matrix], Matrix]) -> dict[int, Matrix]:
        """The addresses of a file that has words."""
        found, ids = {}, list[int]()
        for row in range(self.count):
            lead = self.rows["leads"][self.rows["lead_starts"][row] : self.rows["lead_starts"][row + 1]]
            ids = [int(token) for token in lead] or ids
            made = cue(ids).astype(np.float16).astype(np.float64)
            assert abs(made[::2].sum() - made[1::2].sum() - self.rows["checks"][row]) < 0.05
            if row in self.own:
                found[row] = address(made)
            ids = [*ids, int(self.rows["tokens"][row])]
        return found

    def address(self, row: int) -> Matrix:
        """The address of a row, M numbers."""
        return self.addresses[int(self.rows["address_of"][row])]

    def value(self, row: int) -> Matrix:
        """What is read there."""
        home = int(self.rows["address_of"][row])
        value: Matrix = self.rows["values"][self.own.index(home) if "checks" in self.rows else row]
        return value

    def slow_memory(self, bank: int) -> Matrix:
        """One bank of S (M, D)."""
        out = np.zeros((int(self.small["slots"]), int(self.small["width"])))
        for row, weights in zip(self.tensors["basis"], self.tensors["weights"], strict=True):
            if self.rows["banks"][row] == bank:
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


@pytest.mark.parametrize("kind", ["written", "many banks", "without words", "random", "empty"])
def test_a_reader_made_from_the_page_agrees_with_the_program(kind: str, tmp_path: Path) -> None:
    model = tiny_model(write_slots=256 if kind == "many banks" else 2048)
    site = model.site
    memory = random_memory(4, layers=2 if kind == "random" else 0)
    if kind not in ("random", "empty"):
        memory = written(model)
    if kind == "without words":
        memory = without_words(memory)
    save_memory(tmp_path / "memory.safetensors", memory)

    def cue(ids: list[int]) -> Matrix:
        made = site.normalised(site.summaries(torch.tensor([ids]))[0])[0, -1].flatten().double().numpy()
        return np.asarray(made)

    def address(cue: Matrix) -> Matrix:
        made = site.addresses(torch.from_numpy(cue).float().view(len(site.decays), -1)).double().numpy()
        return np.asarray(made)

    other = Another(tmp_path / "memory.safetensors", cue, address)
    banks = sorted(set(memory.rows.banks.tolist()))
    assert len(banks) > 1 or kind != "many banks"
    slow, program = {bank: other.slow_memory(bank) for bank in banks}, SlowMemory(memory)
    for bank in banks:
        expected = program.bank(bank).numpy()
        assert np.linalg.norm(slow[bank] - expected) <= 0.02 * np.linalg.norm(expected)
    made = memory.rows.made()
    for row in range(len(memory.rows)):
        dense = made.dense(memory.slots, torch.tensor([row]))[0].numpy()
        np.testing.assert_allclose(other.address(row), dense, atol=2e-3)
        value = other.value(row)
        np.testing.assert_array_equal(value, memory.rows.values[row].numpy())
        if kind not in ("random", "empty"):
            read = other.address(row) @ slow[int(memory.rows.banks[row])]
            assert np.linalg.norm(read - value) < 0.1 * max(1.0, float(np.linalg.norm(value)))
    assert [item["prompt"] for item in other.items] == [item.prompt for item in memory.items]
    assert [layer["number"] for layer in other.layers] == [layer.number for layer in memory.layers]
    assert other.small["fingerprint"] == memory.model and other.small["title"] == memory.title


def test_the_page_names_all_that_a_file_holds() -> None:
    tensors = {**file_format.WORDED_ARRAYS, **file_format.WORDLESS_ARRAYS}
    names = (*tensors, *file_format.SMALL, *file_format.ITEM, *file_format.LAYER, file_format.FORMAT)
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    for name, (kind, _, dims) in tensors.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
        assert f"| {kind} |" in line and line.split("|")[3].count(",") == dims - 1
    assert list(file_format.WORDED_ARRAYS) == WORDS and list(file_format.WORDLESS_ARRAYS) == CUES
    assert f"{file_format.MAX_HEADER:,}" in PAGE and f"{MOST_WINDOW:,}" in PAGE
    assert f"{file_format.MAX_FILE >> 30} GiB" in PAGE and f"{file_format.MAX_LABEL:,}" in PAGE
