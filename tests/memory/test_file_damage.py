"""Files that are no memory files, or damaged, or forged: each is refused in one sentence, and nothing of it is used."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from bdh_workbench.errors import UserError
from bdh_workbench.memory.files import format as file_format
from bdh_workbench.memory.files import memory_file as files
from bdh_workbench.memory.files.memory_file import load_memory, read_header, rewrite_labels, save_memory
from tests.memory.memory_factory import random_memory, refused, same

MEMORY = random_memory(7)
Change = Callable[[dict[str, Any], dict[str, Any]], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "memory.safetensors"
    save_memory(target, MEMORY)
    return target


# Files that are none


def whole_header(text: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "read", [read_header, load_memory, lambda path: rewrite_labels(path, title="x")], ids=["header", "load", "title"]
)
def test_files_that_cannot_be_memories_are_refused_in_one_sentence(
    read: Callable[[Path], object], tmp_path: Path
) -> None:
    def content(written: bytes, *words: str) -> None:
        target = tmp_path / "x.safetensors"
        target.write_bytes(written)
        refused(lambda: read(target), "x.safetensors", *words)

    huge = (10**15).to_bytes(8, "little")
    for written in (b"x", b"12345678", huge + b"{}", b"\0" * 5000, b"PK\x03\x04" * 30, b"Some text. " * 500):
        content(written, "not a memory file")
    content(b"", "empty")
    content(whole_header(b'{"a":' + b"[" * 100_000), "not valid JSON")
    content(whole_header(b'{"__metadata__":{"title":' + b"[" * 4000 + b',"items":'), "not valid JSON")
    content((10**6).to_bytes(8, "little") + b"{}", "cut short")
    save_file({"a": np.zeros(3)}, tmp_path / "model.safetensors", {"format": "bdh-workbench model 1"})
    save_file({"a": np.zeros(3)}, tmp_path / "plain.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    for name, words in (
        ("model.safetensors", "not a memory file"),
        ("plain.safetensors", "not a memory file"),
        ("folder.safetensors", "is a folder"),
        ("none.safetensors", "There is no file"),
        ("model.safetensors/x", "There is no file"),
        ("a\0b", "not a usable file name"),
        ("a" * 300, "cannot be read"),
    ):
        refused(partial(read, tmp_path / name), words)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    refused(lambda: read_header(tmp_path / "pipe.safetensors"), "pipe")


def test_a_file_that_may_not_be_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    refused(lambda: load_memory(path), "cannot be read")


def test_a_file_over_the_limit_is_not_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE", path.stat().st_size - 1)
    refused(lambda: load_memory(path), "larger than")


# Files that are damaged


def forge(path: Path, change: Change, checksum: bool = True) -> None:
    """Write the memory's file with changed arrays and metadata, under a size and a checksum that fit."""
    header, arrays = files._encoded(MEMORY)
    metadata = json.loads(header[8:])["__metadata__"]
    metadata |= {"items": json.loads(metadata["items"]), "layers": json.loads(metadata["layers"])}
    arrays = {name: array.copy() for name, array in arrays.items()}
    size = metadata["data"]
    change(arrays, metadata)
    if metadata["data"] == size:
        metadata["data"] = str(sum(array.nbytes for array in arrays.values()))
    metadata |= {
        name: json.dumps(metadata[name]) for name in ("items", "layers") if not isinstance(metadata[name], str)
    }
    if checksum and arrays.keys() == file_format.WORDLESS_ARRAYS.keys():
        metadata["checksum"] = str(files._checksum(metadata, arrays))
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path, metadata)


def emptied(arrays: dict[str, Any], _: dict[str, Any]) -> None:
    """Take all entries of the address of the first row in the basis."""
    begin, end = arrays["rows.starts"][arrays["basis"][0] :][:2]
    for name in ("rows.slots", "rows.strengths"):
        arrays[name] = np.delete(arrays[name], slice(begin, end))
    arrays["rows.starts"][arrays["basis"][0] + 1 :] -= end - begin


def put(name: str, index: int, value: float) -> Change:
    return lambda arrays, _: arrays[name].__setitem__((index, 0) if arrays[name].ndim == 2 else index, value)


def recast(name: str, kind: str) -> Change:
    return lambda arrays, _: arrays.update({name: arrays[name].astype(kind)})


def cut(name: str, count: int) -> Change:
    return lambda arrays, _: arrays.update({name: arrays[name][:-count]})


def field(name: str, value: object) -> Change:
    return lambda _, metadata: metadata.update({name: value})


def record(kind: str, name: str, value: object) -> Change:
    return lambda _, metadata: metadata[kind][1].update({name: value})


def borrowed(arrays: dict[str, Any], _: dict[str, Any]) -> None:
    """The first row of the basis uses the address of a row of its item, and has none itself."""
    row = int(arrays["basis"][0])
    begin, end = arrays["rows.starts"][row : row + 2]
    for name in ("rows.slots", "rows.strengths"):
        arrays[name] = np.delete(arrays[name], slice(begin, end))
    arrays["rows.starts"][row + 1 :] -= end - begin
    arrays["rows.address_of"][row] = row + 1 if MEMORY.rows.following[row] == row + 1 else row - 1


FORGERIES = {
    "starts from 1": (put("rows.starts", 0, 1), "do not divide"),
    "starts past the end": (put("rows.starts", -1, 10**9), "do not divide"),
    "starts going back": (put("rows.starts", 3, 0), "do not divide"),
    "starts that overflow": (put("rows.starts", 3, 2**63 - 1), "do not divide"),
    "a slot too high": (put("rows.slots", 5, 96), "out of range"),
    "a slot below zero": (put("rows.slots", 0, -1), "out of range"),
    "slots out of order": (lambda a, _: a["rows.slots"].__setitem__(slice(0, 2), [9, 8]), "ascending"),
    "a slot twice": (lambda a, _: a["rows.slots"].__setitem__(slice(0, 2), [0, 0]), "ascending"),
    "a strength below zero": (put("rows.strengths", 4, -0.1), "out of range"),
    "a strength that is no number": (put("rows.strengths", 4, np.nan), "not finite"),
    "a value that is no number": (put("rows.values", 2, np.nan), "not finite"),
    "an endless weight": (put("weights", 1, np.inf), "not finite"),
    "an endless cue": (put("rows.cues", 1, np.inf), "not finite"),
    "an item too high": (put("rows.items", 3, 6), "items of its rows"),
    "an item below zero": (put("rows.items", 3, -1), "items of its rows"),
    "a token below -1": (put("rows.tokens", 3, -2), "tokens of its rows"),
    "a sentence below zero": (put("rows.sentences", 3, -1), "sentences of its rows"),
    "more sentences than there can be": (put("rows.sentences", 3, 2**31 - 1), "more than its rows can hold"),
    "sentences just too many": (put("rows.sentences", 3, 16 * 4), "more than its rows can hold"),
    "following itself": (put("rows.following", 1, 1), "leads back"),
    "following what came before": (put("rows.following", 2, 1), "leads back"),
    "following into another item": (put("rows.following", 3, 4), "another item"),
    "strengths too great": (put("rows.strengths", 4, 3.0), "unit length"),
    "strengths that are nothing": (lambda a, _: a["rows.strengths"].fill(0.0), "unit length"),
    "following too high": (put("rows.following", 3, len(MEMORY.rows)), "following of its rows"),
    "following below -1": (put("rows.following", 3, -2), "following of its rows"),
    "basis too high": (put("basis", 0, len(MEMORY.rows)), "basis"),
    "basis below zero": (put("basis", 0, -1), "basis"),
    "basis twice": (lambda a, _: a["basis"].__setitem__(0, a["basis"][1]), "basis"),
    "a basis that is switched off": (record("layers", "enabled", False), "switched off"),
    "a basis without an address of its own": (borrowed, "no address of their own"),
    "a basis of an empty address": (emptied, "address is empty"),
    "weights too few": (cut("weights", 1), "weights has the shape"),
    "strengths too few": (cut("rows.strengths", 1), "rows.strengths has the shape"),
    "cues too few": (cut("rows.cues", 1), "rows.cues has the shape"),
    "starts too few": (cut("rows.starts", 1), "rows.starts has the shape"),
    "values too wide": (lambda a, _: a.update({"rows.values": np.zeros((len(MEMORY.rows), 6), "f4")}), "rows.values"),
    "values flat": (lambda a, _: a.update({"rows.values": a["rows.values"].ravel()}), "rows.values"),
    "slots as 64 bits": (recast("rows.slots", "i8"), "rows.slots is not of type I32"),
    "cues as 32 bits": (recast("rows.cues", "f4"), "rows.cues is not of type F16"),
    "a tensor missing": (lambda a, _: a.pop("basis"), "it has no basis"),
    "a tensor too many": (lambda a, _: a.update(extra=np.zeros(2)), "does not belong in a memory"),
    "a field missing": (lambda _, m: m.pop("note"), "it has no note"),
    "slots that are no number": (field("slots", "many"), "slots is not a number"),
    "no slots at all": (field("slots", "0"), "out of range"),
    "fewer slots": (field("slots", "40"), "out of range"),
    "a rank that does not fit": (field("rank", "3"), "summary does not fit"),
    "a count that does not fit": (field("facts", "5"), "summary does not fit"),
    "a size that does not fit": (field("data", "1"), "summary does not fit"),
    "a fingerprint too short": (field("fingerprint", "0" * 63), "fingerprint of its model is not valid"),
    "a fingerprint in capitals": (field("fingerprint", "A" * 64), "fingerprint of its model is not valid"),
    "items that are no JSON": (field("items", "{"), "items are not valid JSON"),
    "items too deep": (field("items", "[" * 100_000), "items are not valid JSON"),
    "a number too long": (field("items", "[" + "1" * 5000 + "]"), "items are not valid JSON"),
    "items that are no list": (field("items", "3"), "items are not a list"),
    "an item that is no object": (field("items", "[3]"), "item 1 does not have the fields"),
    "half a character": (field("items", '[{"kind":"fact","title":"\\ud800"}]'), "item 1"),
    "a title with half a character": (record("items", "title", "\ud800"), "item 2 has no valid title"),
    "an unknown kind": (record("items", "kind", "poem"), "item 2 has no valid kind"),
    "a kind that is a list": (record("items", "kind", []), "item 2 has no valid kind"),
    "a prompt that is no text": (record("items", "prompt", 3), "item 2 has no valid prompt"),
    "no p": (record("items", "p_after", None), "item 2 has no valid p_after"),
    "a fact with a text": (lambda _, m: m["items"][0].update(text=""), "item 1 is a fact with text"),
    "a document with a prompt": (record("items", "prompt", "The"), "item 2 is a document with prompt"),
    "a document with an answer": (record("items", "answer", "yes"), "item 2 is a document with answer"),
    "p over 1": (record("items", "p_after", 1.5), "item 2 has no valid p_after"),
    "p that is no number": (record("items", "p_before", float("nan")), "item 2 has no valid p_before"),
    "a true count": (record("items", "tokens", True), "item 2 has no valid tokens"),
    "an item of no layer": (record("items", "layer", 9), "layer that does not exist"),
    "a field too many": (record("items", "extra", 1), "item 2 does not have the fields"),
    "two layers of one number": (record("layers", "number", 1), "two layers"),
    "a layer's switch as a number": (record("layers", "enabled", 1), "layer 2 has no valid enabled"),
    "a history of words": (record("layers", "history", {"step": ["a"]}), "layer 2 has no valid history"),
    "a history that is a list": (record("layers", "history", []), "layer 2 has no valid history"),
    "nested settings": (record("layers", "settings", {"a": {"b": 1}}), "layer 2 has no valid settings"),
    "settings that are no number": (record("layers", "settings", {"rate": float("nan")}), "no valid settings"),
    "settings without end": (record("layers", "settings", {"rate": [1.0, float("inf")]}), "no valid settings"),
    "a time that is none": (record("layers", "created", "yesterday"), "layer 2 has no valid created"),
    "a time that moves the cursor": (record("layers", "created", "2026-03-01\x1b10:02:00"), "no valid created"),
    "a time of no layer": (record("layers", "created", "2027-01-01T00:00:00Z"), "times do not fit"),
    "a first time that is none": (field("created", "yesterday"), "time at which it was created is not valid"),
    "a last time that is none": (field("modified", "{}"), "time at which it was modified is not valid"),
    "a time that is a number": (record("layers", "created", 5), "layer 2 has no valid created"),
    "seconds below zero": (record("layers", "seconds", -1.0), "layer 2 has no valid seconds"),
    "a newer version": (field("format", "bdh-workbench memory 3"), "newer version"),
    "no version": (field("format", "bdh-workbench memory"), "not a memory file"),
    "a title too long": (field("title", "x" * 100_001), "its title is not a text"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    change, words = FORGERIES[name]
    forge(tmp_path / "forged.safetensors", change)
    refused(lambda: load_memory(tmp_path / "forged.safetensors"), "forged.safetensors", words)


def test_what_a_history_may_hold(tmp_path: Path) -> None:
    forge(tmp_path / "forged.safetensors", record("layers", "history", {"step": [0.0], "loss": [float("nan")]}))
    assert "loss" in load_memory(tmp_path / "forged.safetensors").layers[1].history


def test_a_memory_that_its_model_cannot_have_written_is_refused(path: Path) -> None:
    refused(lambda: load_memory(path, cue_width=7), path.name, "cues have 6 numbers", "its model 7")
    most = int(MEMORY.rows.tokens.max())
    refused(lambda: load_memory(path, vocabulary=most), path.name, "not among the")
    assert same(load_memory(path, cue_width=6, vocabulary=most + 1), MEMORY)


def test_a_file_forged_without_any_change_is_good(tmp_path: Path) -> None:
    forge(tmp_path / "forged.safetensors", lambda arrays, metadata: None)
    assert same(load_memory(tmp_path / "forged.safetensors"), MEMORY)
    forge(tmp_path / "forged.safetensors", put("rows.values", 2, 0.5), checksum=False)
    refused(lambda: load_memory(tmp_path / "forged.safetensors"), "checksum")


def rewrite_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + length :])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda h: h["basis"].update(data_offsets=[0, 8]), "size of basis"),
        (lambda h: h["rows.cues"].update(data_offsets=h["rows.values"]["data_offsets"]), "size of rows.cues"),
        (lambda h: h["rows.items"].update(data_offsets=h["rows.tokens"]["data_offsets"]), "overlap"),
        (lambda h: h["basis"].update(shape=[-1]), "no valid shape"),
        (lambda h: h["basis"].update(shape=[10**30]), "no valid shape"),
        (lambda h: h["basis"].update(shape=[True]), "no valid shape"),
        (lambda h: h["basis"].update(data_offsets="x"), "no valid shape"),
        (lambda h: h.update(basis=[]), "basis is not of type"),
        (lambda h: h["__metadata__"].update(note=3), "metadata is not text"),
        (lambda h: h["__metadata__"].update(data=["3"]), "metadata is not text"),
        (lambda h: h.update(__metadata__="x"), "not a memory file"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(change: Callable[[Any], object], words: str, path: Path) -> None:
    rewrite_header(path, change)
    refused(lambda: load_memory(path), words)


def test_a_file_with_something_behind_its_end_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")
    refused(lambda: load_memory(path), "something follows")
    refused(lambda: read_header(path), "something follows")


@settings(max_examples=150)
@given(data=st.data())
def test_damage_anywhere_is_refused_or_harmless(path: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = path.read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    kind = data.draw(st.sampled_from(["flip", "cut", "drop", "insert", "zero"]))
    # Half of the damage goes into the header, which is the smaller part.
    at = data.draw(st.one_of(st.integers(0, start - 1), st.integers(0, len(whole) - 1)))
    damaged = bytearray(whole)
    if kind == "flip":
        damaged[at] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del damaged[at:]
    elif kind == "drop":
        del damaged[at : at + data.draw(st.integers(1, 40))]
    elif kind == "insert":
        damaged[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    else:
        damaged[at : at + 16] = b"\0" * min(16, len(whole) - at)
    target = tmp_path / "damaged.safetensors"
    target.write_bytes(damaged)
    try:
        loaded = load_memory(target)
    except UserError as error:
        assert "damaged.safetensors" in str(error) and "\n" not in str(error)
    else:
        # Only the labels stand outside the checksum.
        assert same(dataclasses.replace(loaded, title="", note="", model_name=""), dataclasses.replace(
            MEMORY, title="", note="", model_name="")) and (at < start or bytes(damaged) == whole)  # fmt: skip
    try:
        assert read_header(target).bytes == len(damaged)
        rewrite_labels(target, title="x")
    except UserError as error:
        assert "damaged.safetensors" in str(error)
