"""Hostile files: what each kind of file looks like when it is good, ways to spoil it, and what must hold on opening it.

A kind of file has seeds (good files), a way to spoil one that knows its format, and a way to open it as the program
does. Opening may end well or in a UserError; anything else is a finding. Whatever draws the spoiling (hypothesis,
atheris or Python's random numbers) is a ``Draw``.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import math
import os
import random
import resource
import shutil
import signal
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from bdh_workbench.asking.generation import generate
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.files import read_facts
from bdh_workbench.memory.files import memory_file as files
from bdh_workbench.memory.files.contents import inspect
from bdh_workbench.memory.files.memory_file import load_memory, load_memory_of, read_header, rewrite_labels, save_memory
from bdh_workbench.memory.settings import SamplingSettings, WriteSettings
from bdh_workbench.memory.store import manage
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.model.tokenizer import END_TOKEN, load_tokenizer
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.resources import resource_path
from bdh_workbench.session.storage.settings import Settings, load_settings, save_settings, to_toml
from tests.core_factory import DOCUMENT, FACTS
from tests.inputs import document_factory
from tests.inputs.document_factory import read_documents
from tests.model_factory import save_tiny_model

SECONDS = 20  # that opening one small file may take
TRICKS = (
    "../../../../tmp/outside", "/etc/passwd", "C:\\Windows\\x", "..", ".", "con", "~root", "$(id)", "`id`", "a\0b",
    "\x1b]0;title\x07", "\x1b[2J", "\u202egnp.exe", "\u2066x\u2069", "\x9b31m", "\ud800", "\ufeff",
    "<img src=/dev/zero>",
    "%s%n{0}", "=cmd|' /C calc'!A0", "x" * 70_000,
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (
    0, -1, 1, 2, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, 0.5, -0.0, 1e-320, 1e308, 3.5,
    math.nan, math.inf, -math.inf,
)  # fmt: skip
OTHERS: tuple[Any, ...] = (None, True, False, "", [], {}, [[[[[[]]]]]], [None], {"": 0})
DTYPES = ("BOOL", "U8", "I8", "I16", "I32", "I64", "F16", "BF16", "F32", "F64", "F8_E4M3", "U64", "C64", "X9", "")
SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "I32": 4, "I64": 8, "F16": 2, "BF16": 2, "F32": 4, "F64": 8}
SIZES |= {"F8_E4M3": 1, "U64": 8, "C64": 8}


class Draw(Protocol):
    """A source of choices."""

    def integer(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""

    def data(self, most: int) -> bytes:
        """At most so many bytes."""


class RandomDraw:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def data(self, most: int) -> bytes:
        return self._random.randbytes(self._random.randint(0, most))


def pick(draw: Draw, choices: Sequence[Any]) -> Any:
    """One of several."""
    return choices[draw.integer(0, len(choices) - 1)]


# Spoiling


def spoil_bytes(draw: Draw, whole: bytes) -> bytes:
    """Bytes flipped, cut, left out, put in, doubled or made zero."""
    out = bytearray(whole)
    for _ in range(draw.integer(1, 3)):
        at = draw.integer(0, max(0, len(out) - 1))
        kind = draw.integer(0, 5)
        if kind == 0 and out:
            out[at] ^= draw.integer(1, 255)
        elif kind == 1:
            del out[at:]
        elif kind == 2:
            del out[at : at + draw.integer(1, 60)]
        elif kind == 3:
            out[at:at] = draw.data(60)
        elif kind == 4:
            out[at:at] = out[at : at + draw.integer(1, 400)] * draw.integer(1, 40)
        else:
            out[at : at + 16] = b"\0" * len(out[at : at + 16])
    return bytes(out)


def spoil_value(draw: Draw, value: Any, depth: int = 0) -> Any:
    """A JSON value with one part of it replaced, left out, renamed or repeated."""
    if isinstance(value, dict | list) and value and depth < 8 and draw.integer(0, 9):
        key = pick(draw, list(value) if isinstance(value, dict) else range(len(value)))
        copy: Any = value.copy()
        act = draw.integer(0, 9)
        if act == 0:
            del copy[key]
        elif act == 1 and isinstance(copy, dict):
            copy[pick(draw, TRICKS)] = copy.pop(key)
        elif act == 1:
            copy.extend([copy[key]] * draw.integer(1, 300))
        elif act == 2:
            copy[key] = copy[pick(draw, list(copy) if isinstance(copy, dict) else range(len(copy)))]
        else:
            copy[key] = spoil_value(draw, value[key], depth + 1)
        return copy
    if isinstance(value, str) and draw.integer(0, 1):
        trick = pick(draw, TRICKS)
        return pick(draw, (trick, value + trick, trick + value))
    return pick(draw, (*TRICKS, *NUMBERS, *NUMBERS, *OTHERS))


def spoil_json(draw: Draw, whole: bytes) -> bytes:
    """A JSON text with one to three parts spoilt, or its bytes."""
    if not draw.integer(0, 4):
        return spoil_bytes(draw, whole)
    value = json.loads(whole)
    for _ in range(draw.integer(1, 3)):
        value = spoil_value(draw, value)
    text = json.dumps(value, ensure_ascii=bool(draw.integer(0, 1)))
    return text.encode(errors="surrogatepass" if draw.integer(0, 1) else "replace")


Arrays = dict[str, tuple[str, list[int], bytes]]  # dtype, shape and bytes of each tensor


def split_tensors(whole: bytes) -> tuple[dict[str, Any], Arrays]:
    """Metadata and tensors of a safetensors file."""
    start = 8 + int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8:start])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = (entry["dtype"], entry["shape"], whole[start + begin : start + end])
    return metadata, arrays


def join_tensors(metadata: Mapping[str, Any], arrays: Arrays) -> bytes:
    """A safetensors file, without any check."""
    table, end = {}, 0
    for name, (dtype, shape, data) in arrays.items():
        table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps({"__metadata__": dict(metadata), **table}).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(data for _, _, data in arrays.values())


def spoil_tensor(draw: Draw, entry: tuple[str, list[int], bytes]) -> tuple[str, list[int], bytes]:
    """A tensor with hostile numbers, or of another type, shape or length."""
    dtype, shape, data = entry
    act = draw.integer(0, 8)
    if act == 0:
        return pick(draw, DTYPES), shape, data
    if act == 1:
        other = pick(draw, DTYPES)
        if dtype not in SIZES or len(data) % SIZES[dtype]:
            return other, shape, data
        size = len(data) // SIZES[dtype] * SIZES.get(other, 4)
        return other, shape, (data * SIZES["C64"])[:size]
    if act == 2:
        return dtype, [pick(draw, (*NUMBERS[:12], -5, "3", None)) for _ in shape] or [1], data
    if act == 3:
        last = shape[-1] if shape and isinstance(shape[-1], int) else 1  # it may have been spoilt before
        return dtype, [*shape[:-1], max(0, last + draw.integer(-2, 2))], data
    if act == 4:
        return dtype, [0 for _ in shape], b""
    if act == 5:
        return dtype, shape, data[: draw.integer(0, len(data))]
    codes = {"F32": "<f4", "F16": "<f2", "I32": "<i4", "I64": "<i8"}
    if dtype not in codes or not data or len(data) % SIZES[dtype]:
        return dtype, shape, spoil_bytes(draw, data)
    array = np.frombuffer(data, codes[dtype]).copy()
    if dtype[0] == "F":
        value = pick(draw, (np.nan, np.inf, -np.inf, 0.0, -1.0, 6e4, -6e4, 1e-7, *([3e38] * (dtype == "F32"))))
    else:
        most = np.iinfo(array.dtype)
        value = pick(draw, (most.max, most.min, -1, -2, 0, 1, len(array), 511, 512, 10**6))
    if draw.integer(0, 2):
        array[draw.integer(0, len(array) - 1)] = value
    else:
        array[:] = value
    return dtype, shape, array.tobytes()


def spoil_tensors(draw: Draw, whole: bytes) -> bytes:
    """A safetensors file with its bytes, its table or some of its tensors spoilt."""
    act = draw.integer(0, 5)
    if act == 0:
        return spoil_bytes(draw, whole)
    if act == 1:
        start = 8 + int.from_bytes(whole[:8], "little")
        text = spoil_json(draw, whole[8:start])
        length = len(text) if draw.integer(0, 3) else pick(draw, (0, 1, 2**31, 2**63, 2**64 - 1, len(text) + 1))
        return length.to_bytes(8, "little") + text + whole[start:]
    metadata, arrays = split_tensors(whole)
    for _ in range(draw.integer(1, 3)):
        name = pick(draw, list(arrays))
        arrays[name] = spoil_tensor(draw, arrays[name])
    return join_tensors(metadata, arrays)


def reseal(metadata: dict[str, Any], arrays: Arrays) -> None:
    """Give a spoilt memory file a summary and a checksum that fit, so that what lies after them is reached."""
    with contextlib.suppress(Exception):
        metadata["data"] = str(sum(len(data) for _, _, data in arrays.values()))
        metadata["rank"] = str(arrays["basis"][1][0])
        numbers = {name: np.frombuffer(data, np.uint8) for name, (_, _, data) in arrays.items()}
        metadata["checksum"] = str(files._checksum(metadata, numbers))


def spoil_memory(draw: Draw, whole: bytes) -> bytes:
    """A memory file spoilt as any, or with a checksum that vouches for what is wrong in it."""
    act = draw.integer(0, 3)
    if act == 0:
        return spoil_tensors(draw, whole)
    metadata, arrays = split_tensors(whole)
    if act == 1:
        name = pick(draw, ("items", "layers"))
        value = json.loads(metadata[name])
        metadata[name] = json.dumps(spoil_value(draw, value))
    elif act == 2:
        key = pick(draw, list(metadata))
        metadata[key] = spoil_value(draw, metadata[key])
    for _ in range(draw.integer(0, 2) if act < 3 else draw.integer(1, 3)):
        name = pick(draw, list(arrays))
        arrays[name] = spoil_tensor(draw, arrays[name])
    reseal(metadata, arrays)
    return join_tensors(metadata, arrays)


# Opening


@cache
def model_folder() -> Path:
    """The folder of a tiny model, made once in each process."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return save_tiny_model(folder / "model")


@cache
def tiny() -> Model:
    """That model."""
    return load_model(str(model_folder()), torch.device("cpu"))


@cache
def memory_bytes(keep_words: bool = True) -> bytes:
    """A memory of that model with two facts and a document; without its words it holds cues and addresses."""
    result = finish(write(tiny(), None, FACTS[:2], (DOCUMENT,), WriteSettings(framings=0)))
    path = model_folder().parent / "seed.safetensors"
    save_memory(path, result.memory, keep_words=keep_words)
    return path.read_bytes()


def open_memory(path: Path) -> None:
    """List it, load it, and do with it all that a person can do with a memory."""
    for read in (read_header, load_memory):
        with contextlib.suppress(UserError):
            read(path)
    copy = path.with_name("copy.safetensors")
    rewrite_labels(path, title="A title", target=copy)
    model = tiny()
    memory = load_memory_of(path, model)
    save_memory(copy, memory)
    inspect(memory)
    prompt = model.tokenizer.encode(FACTS[0].prompt)
    for settings in (None, PURE):
        with contextlib.suppress(UserError):
            reader = Reader(model, memory, settings)
            sampling = SamplingSettings(max_tokens=3, temperature=1.0)
            list(generate(reader, prompt, sampling))
    acts: tuple[Callable[[], object], ...] = (
        lambda: manage.undo(memory),
        lambda: manage.forget(memory, 0),
        lambda: manage.merge([memory, memory]),
        lambda: manage.set_layer(memory, memory.layers[0].number, not memory.layers[0].enabled),
    )
    for act in acts:
        with contextlib.suppress(UserError, IndexError):
            act()


def open_model_with(name: str) -> Callable[[Path], None]:
    """Load a model folder in which one file is the given one, and ask it something."""

    def opened(path: Path) -> None:
        folder = path.parent / "a model"
        shutil.copytree(model_folder(), folder, dirs_exist_ok=True)
        shutil.copyfile(path, folder / name)
        model = load_model(str(folder), torch.device("cpu"))
        ids = model.tokenizer.encode("The river")
        if ids:
            list(generate(Reader(model), ids, SamplingSettings(max_tokens=2, temperature=1.0)))

    return opened


def open_tokenizer(path: Path) -> None:
    """Load a tokenizer; one that loads must give every text back."""
    tokenizer = load_tokenizer(path)
    for text in ("The river 1984 runs.", "naïve — 東京 🜚\n\t x", END_TOKEN, "\u202e\x1b[2J\0"):
        ids = tokenizer.encode(text)
        assert all(0 <= token < tokenizer.vocab_size and token != tokenizer.end_id for token in ids)
        assert tokenizer.decode(ids) == text and tokenizer.encode_with_spans(text)[0] == ids


def open_inputs(path: Path) -> None:
    """Read a file as facts and as documents, under each name it could have."""
    for suffix in (".json", ".jsonl", ".csv", ".txt", ".md", ".unknown"):
        named = path.with_name(f"input{suffix}")
        shutil.copyfile(path, named)
        for read in (read_facts, read_documents):
            with contextlib.suppress(UserError):
                read(named)


def open_documents(path: Path) -> None:
    """Read a file as documents, under each name it could have, and as facts under none."""
    for suffix in (*document_factory.seeds(), ""):
        named = path.with_name(f"input{suffix}")
        shutil.copyfile(path, named)
        for read in (read_documents, read_facts)[: 1 if suffix else 2]:
            with contextlib.suppress(UserError):
                read(named)


def open_settings(path: Path) -> None:
    """Read settings; what was read can be saved and is read again as it is."""
    shutil.copyfile(path, path.with_name("settings.toml"))
    settings, _ = load_settings(path.parent)
    save_settings(settings, path.parent)
    again, notes = load_settings(path.parent)
    assert again == settings and not notes
    torch.Generator().manual_seed(settings.write.seed)
    torch.Generator().manual_seed(settings.sampling.seed)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: good ones, a way to spoil one, and the way the program opens it."""

    seeds: Callable[[], tuple[bytes, ...]]
    spoil: Callable[[Draw, bytes], bytes]
    open: Callable[[Path], None]


def _of_model(name: str) -> Callable[[], tuple[bytes, ...]]:
    return lambda: ((model_folder() / name).read_bytes(),)


@cache
def _tokenizers() -> tuple[bytes, ...]:
    """The byte tokenizer's file, and a small one made by training."""
    from bdh_workbench.training.tokenizer import train_tokenizer

    text = resource_path("locality.txt").read_text(encoding="utf-8")
    return (model_folder() / "tokenizer.json").read_bytes(), train_tokenizer([text], 400).to_bytes()


def _inputs() -> tuple[bytes, ...]:
    found = [resource_path(f"samples/{name}.json").read_bytes()[:6000] for name in ("facts", "documents")]
    whole = json.dumps([{"prompt": "The cat is", "answer": "black", "paraphrases": ["Of the cat it is said"]}]).encode()
    titled = json.dumps({"title": "A", "text": "B c.", "probes": [{"prompt": "B", "answer": "c"}]}).encode()
    csv = b'prompt,answer,paraphrases\nThe cat is,black,"a|b"\n"x, y",z,\n'
    return (*found, whole, titled, titled + b"\n" + titled, csv, b"# A heading\n\nSome *text*.\n\n---\nmore\n")


def _documents() -> tuple[bytes, ...]:
    return tuple(document_factory.seeds().values())


def _spoil_document(draw: Draw, whole: bytes) -> bytes:
    """Spoil the bytes of a document or, of one that is packed, those of one of its parts."""
    if not whole.startswith(b"PK") or not draw.integer(0, 2):
        return spoil_bytes(draw, whole)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = pick(draw, list(parts))
    parts[name] = spoil_bytes(draw, parts[name])
    return document_factory.packed(parts)


def _spoil_text(draw: Draw, whole: bytes) -> bytes:
    try:
        json.loads(whole)
    except ValueError:
        return spoil_bytes(draw, whole)
    return spoil_json(draw, whole)


def _settings() -> tuple[bytes, ...]:
    import dataclasses

    whole = to_toml(dataclasses.asdict(Settings(last_model="base", recent_files=("a", "b"))))
    return (whole.encode(),)


def _spoil_settings(draw: Draw, whole: bytes) -> bytes:
    if not draw.integer(0, 3):
        return spoil_bytes(draw, whole)
    lines = whole.decode().split("\n")
    at = draw.integer(0, len(lines) - 1)
    key = lines[at].split(" = ")[0]
    value = pick(draw, (*TRICKS[:18], *NUMBERS, True, [], ["a", 3], ["x"] * 1000))
    text = json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")
    lines[at] = f"{key} = {pick(draw, (text, '1979-05-27', '{a = 1}', '[[[[[[]]]]]]', '0xffffffffffffffffff'))}"
    return "\n".join(lines).encode()


KINDS: Mapping[str, Kind] = {
    "memory": Kind(lambda: (memory_bytes(), memory_bytes(False)), spoil_memory, open_memory),
    "config": Kind(_of_model("config.json"), spoil_json, open_model_with("config.json")),
    "weights": Kind(_of_model("model.safetensors"), spoil_tensors, open_model_with("model.safetensors")),
    "general": Kind(_of_model("general.safetensors"), spoil_tensors, open_model_with("general.safetensors")),
    "tokenizer": Kind(_tokenizers, spoil_json, open_tokenizer),
    "inputs": Kind(_inputs, _spoil_text, open_inputs),
    "documents": Kind(_documents, _spoil_document, open_documents),
    "settings": Kind(_settings, _spoil_settings, open_settings),
}


class Stuck(BaseException):
    """Opening a file took too long."""


@contextlib.contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise ``Stuck`` after so many seconds of processor time."""

    def ring(number: int, frame: object) -> None:
        raise Stuck(f"not opened after {seconds} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def try_open(kind: str, content: bytes) -> str | None:
    """Open a file of these bytes; returns why it was refused, None if it was not.

    Raises:
        AssertionError: when something was written outside the folder, or the refusal is no single line.
        Exception: whatever else opening it raised: a finding.
    """
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        outer = Path(name)
        (outer / "inner").mkdir()
        path = outer / "inner" / "file.safetensors"
        path.write_bytes(content)
        reason = None
        try:
            with within(SECONDS):
                KINDS[kind].open(path)
        except UserError as error:
            reason = str(error)
            assert reason and "\n" not in reason, reason
        assert os.listdir(outer) == ["inner"], "something was written outside"
        assert not os.path.exists("/tmp/outside"), "something was written outside"
        return reason


def spoilt(kind: str, draw: Draw) -> bytes:
    """A hostile file of a kind."""
    return KINDS[kind].spoil(draw, pick(draw, KINDS[kind].seeds()))


def open_within(kind: str, path: str, most: str) -> int:
    """Open a file in this process, which gets so many bytes more than it has once it is ready; prints why not."""
    global SECONDS
    SECONDS = 100  # that a file as large as is allowed may take
    content = Path(path).read_bytes()
    try_open(kind, KINDS[kind].seeds()[0])
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + int(most), held + int(most)))
    print(try_open(kind, content))
    return 0
