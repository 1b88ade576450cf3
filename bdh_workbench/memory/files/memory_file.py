"""Memory files: one safetensors file per memory, checked in full before anything in it is used.

- The header is JSON: the small fields first, then items and layers, then the table of tensors. A library is therefore
  listed from the first few kilobytes of each file, and without torch.
- The format is that of the safetensors library, which reads these files too. They are written and read here without it,
  so that the order of the header is ours and every byte is bounded before it is read.
- A checksum over all tensors and records shows whether a file is damaged.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import stat
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from bdh_workbench.errors import UserError
from bdh_workbench.memory.files.format import (
    CHECKED,
    FORMAT,
    ITEM,
    LAYER,
    MAX_FILE,
    MAX_HEADER,
    MEMORY_SUFFIX,
    SMALL,
    Damaged,
    MemoryHeader,
    check_format,
    check_labels,
    check_memory,
    check_model,
    check_shapes,
    check_table,
    records,
    summary,
    tensors_of,
)
from bdh_workbench.memory.files.locking import LOCK_TIMEOUT, renewing
from bdh_workbench.memory.store.titles import by_layer, layer_title, renewed_title, when
from bdh_workbench.model.files import write_atomically

if TYPE_CHECKING:  # a listing must not load these
    import numpy as np
    from torch import Tensor

    from bdh_workbench.memory.store.state import ItemRecord, LayerRecord, Memory, Rows, SiteSource
    from bdh_workbench.model.loading import Model

_FIRST = 4096  # bytes that are read for a listing; nearly always enough for the small fields

__all__ = [
    "MemoryHeader",
    "check_link",
    "file_size",
    "load_memory",
    "load_memory_of",
    "read_header",
    "replace_memory",
    "rewrite_labels",
    "save_memory",
    "without_words",
]


def shown(path: Path) -> str:
    """A path as it can stand in a sentence: on one line, and without the halves of characters a file name may hold."""
    return " ".join(str(path).encode(errors="replace").decode().replace("\0", " ").split())


# Saving


def save_memory(path: Path, memory: Memory, *, keep_words: bool = True) -> None:
    """Write a memory file. A crash at any moment leaves either the old file or the new one.

    Args:
        path: of the file; its folder is made if there is none.
        memory: to save.
        keep_words: False saves it ``without_words``.

    Raises:
        UserError: when the memory has numbers that are not finite or is not whole, or the file cannot be written; the
            file at ``path``, if any, is then as it was.
    """
    try:
        header, arrays = _encoded(memory if keep_words else without_words(memory))
    except Damaged as problem:
        raise UserError(f"The memory cannot be saved as {shown(path)}: {problem}.") from None

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            file.write(header)
            for array in arrays.values():
                file.write(array.data if array.size else b"")

    replace_memory(path, write)


def without_words(memory: Memory) -> Memory:
    """The memory without the words that were written.

    Prompts, answers, texts and the tokens of the rows are dropped. Items are called "fact 1" or "document 1", layers
    after what they contain; so is the memory itself, as far as its title is made of theirs (``titles.py``).

    What remains: addresses, cues and values, so the slow memory is the same to the bit, and whoever has the model can
    ask it and can test which words fit a cue; the length of each item, the sentence of each row, probabilities, times,
    settings and loss history; and the title and the note that a person gave the memory.

    Answers may still differ, above all those about documents: without the tokens of the rows, a document or sentence
    cannot be found by its words, and a read cannot continue with the row after the one matched last.
    """
    import torch

    items, counts = [], Counter[str]()
    for item in memory.items:
        counts[item.kind] += 1
        title = f"{item.kind} {counts[item.kind]}"
        items.append(dataclasses.replace(item, title=title, prompt="", answer="", text=None))
    held = by_layer(items)
    titles = {layer.number: layer_title(held.get(layer.number, ())) for layer in memory.layers}
    return dataclasses.replace(
        memory,
        title=renewed_title(memory.title, memory.layers, titles),
        rows=dataclasses.replace(
            memory.rows.made(),
            tokens=torch.full_like(memory.rows.tokens, -1),
            lead_starts=torch.zeros_like(memory.rows.lead_starts),
            leads=memory.rows.leads[:0],
        ),
        items=tuple(items),
        layers=tuple(dataclasses.replace(layer, title=titles[layer.number]) for layer in memory.layers),
    )


def file_size(memory: Memory) -> int:
    """Bytes that the memory's file takes.

    Raises:
        UserError: when the memory could not be saved.
    """
    try:
        header, arrays = _encoded(memory)
    except Damaged as problem:
        raise UserError(f"The memory cannot be saved: {problem}.") from None
    return len(header) + sum(array.nbytes for array in arrays.values())


def rewrite_labels(
    path: Path, *, title: str | None = None, note: str | None = None, target: Path | None = None
) -> None:
    """Give a memory file another title or note, in place or as the file ``target``; all else is copied as it stands.

    Raises:
        UserError: when the title or the note is too long, or the file cannot be read or written.
    """
    with renewing(path, LOCK_TIMEOUT):
        _relabel(path, title, note, target or path)


def _relabel(path: Path, title: str | None, note: str | None, target: Path) -> None:
    with _opened(path) as (file, size, where):
        metadata, table, start = _header(file, size, where)
        summary(path, metadata, size, where)
    small = {name: metadata.pop(name) for name in SMALL}
    small |= {name: text for name, text in (("title", title), ("note", note)) if text is not None}
    try:
        check_labels(small)
        header = _encoded_header(small | metadata, table)
    except Damaged as problem:
        raise UserError(f"{where} was not changed: {problem}.") from None

    def write(temporary: Path) -> None:
        with path.open("rb") as source, temporary.open("wb") as file:
            file.write(header)
            source.seek(start)
            shutil.copyfileobj(source, file, 1 << 20)
            if file.tell() != len(header) + size - start:
                raise OSError("the file was changed in the meantime")

    replace_memory(target, write)


def replace_memory(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make a memory file, which replaces ``path`` or the memory that it is a link to.

    Raises:
        UserError: when it is a link to anything else, or cannot be written; what was there is as it was.
    """
    try:
        check_link(path)
        write_atomically(path, write)
    except ValueError:  # such as a name with a zero byte
        raise UserError(f"{shown(path)} is not a usable file name: choose another.") from None


def check_link(path: Path) -> None:
    """Refuse a link to anything but a memory file: a memory file would replace it.

    Raises:
        UserError: naming both.
    """
    if path.is_symlink() and path.exists():
        try:
            read_header(path)
        except UserError:
            place = shown(Path(os.path.realpath(path)))
            raise UserError(
                f"{shown(path)} is a link to {place}, which is not a memory file: choose another name."
            ) from None


def _encoded(memory: Memory) -> tuple[bytes, dict[str, np.ndarray[Any, Any]]]:
    """The header and the arrays after it. Raises ``Damaged`` for whatever could not be loaded again."""
    from bdh_workbench.memory.store.state import ItemRecord, LayerRecord

    tensors = _tensors(memory)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    table, end = {}, 0
    for name, (kind, code, dims) in tensors_of(tensors).items():
        array = tensors[name].detach().cpu().contiguous().numpy()
        if array.ndim != dims or array.dtype.newbyteorder("<").str != code:
            raise Damaged(f"{name} is not of type {kind} with {dims} dimension{'s' * (dims > 1)}")
        arrays[name] = array.astype(code, copy=False)
        table[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    facts = sum(item.kind == "fact" for item in memory.items)
    times = sorted((layer.created for layer in memory.layers), key=when) or [""]
    labels = (FORMAT, memory.title, memory.note, memory.model_name, memory.model, times[0], times[-1])
    counts = (memory.slots, memory.width, facts, len(memory.items) - facts, len(memory.layers), len(memory.basis), end)
    try:
        metadata = dict(zip(SMALL, (*labels, *map(str, counts), ""), strict=True))
        metadata["items"] = _json([_fields(item) for item in memory.items])
        metadata["layers"] = _json([_fields(layer) for layer in memory.layers])
    except (TypeError, ValueError, RecursionError):
        raise Damaged("its items or layers contain something that is not a plain value") from None
    metadata["checksum"] = str(_checksum(metadata, arrays))
    check_labels(metadata)
    check_shapes({name: entry["shape"] for name, entry in table.items()}, memory.width)
    items = tuple(ItemRecord(**entry) for entry in records(metadata["items"], ITEM, "item"))
    layers = tuple(LayerRecord(**entry) for entry in records(metadata["layers"], LAYER, "layer"))
    check_memory(dataclasses.replace(memory, items=items, layers=layers))
    return _encoded_header(metadata, table), arrays


def _tensors(memory: Memory) -> dict[str, Tensor]:
    """What is stored: with the words of a memory neither cues nor addresses, as they can be made again."""
    import torch

    from bdh_workbench.memory.store.state import KEPT_COLUMNS, MADE_COLUMNS

    rows, tensors = memory.rows, {"basis": memory.basis, "weights": memory.weights}
    words = rows.remakeable
    for name in KEPT_COLUMNS if words else (*KEPT_COLUMNS, *MADE_COLUMNS):
        if words or name not in ("lead_starts", "leads"):
            tensors[f"rows.{name}"] = getattr(rows, name)
    if words:
        tensors["rows.checks"] = rows.checked()
        tensors["rows.values"] = rows.values[rows.address_of == torch.arange(len(rows))]
    return tensors


def _fields(record: ItemRecord | LayerRecord) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _encoded_header(metadata: Mapping[str, str], table: Mapping[str, Any]) -> bytes:
    try:
        text = _json({"__metadata__": metadata, **table}).encode()
    except UnicodeEncodeError:
        raise Damaged("a text in it contains half a character") from None
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise Damaged(f"its texts and history take more than {MAX_HEADER >> 20} MiB; save it without the words")
    return len(text).to_bytes(8, "little") + text


def _checksum(metadata: Mapping[str, str], arrays: Mapping[str, np.ndarray[Any, Any]]) -> int:
    total = 0
    for name in tensors_of(arrays):
        array = arrays[name]
        total = zlib.crc32(array.data if array.size else b"", total)
    for name in CHECKED:
        total = zlib.crc32(metadata[name].encode(errors="replace") + b"\0", total)
    return total


# Loading


def read_header(path: Path) -> MemoryHeader:
    """What a listing shows of a memory file; neither its tensors nor, as a rule, its items are read. Needs no torch.

    Raises:
        UserError: when the file is missing, cannot be read, is no memory file, or is damaged.
    """
    with _opened(path) as (file, size, where):
        first = file.read(_FIRST)
        # Inside a JSON text every quotation mark has a backslash before it, so this can only be the field itself.
        cut = first.find(b',"items":', 8)
        with contextlib.suppress(ValueError, RecursionError, KeyError, TypeError, AttributeError, Damaged):
            metadata = json.loads(first[8 : max(8, cut)] + b"}}")["__metadata__"]
            header = summary(path, metadata, size, where)
            if 8 + int.from_bytes(first[:8], "little") + int(metadata["data"]) == size:
                return header
        # Written by another program, or something is wrong: look at the whole header.
        file.seek(0)
        metadata, _, _ = _header(file, size, where)
        return summary(path, metadata, size, where)


def load_memory_of(path: Path, model: Model) -> Memory:
    """Read a memory file that must belong to a model (``load_memory``).

    Raises:
        UserError: as ``load_memory``.
    """
    config = model.config
    return load_memory(
        path,
        fingerprint=model.fingerprint,
        slots=config.write_slots,
        width=config.width,
        cue_width=config.cue_width,
        vocabulary=config.vocab_size,
        site=model.site,
        model_name=model.name,
    )


def load_memory(
    path: Path,
    *,
    fingerprint: str | None = None,
    slots: int | None = None,
    width: int | None = None,
    cue_width: int | None = None,
    vocabulary: int | None = None,
    site: SiteSource | None = None,
    model_name: str = "",
) -> Memory:
    """Read a memory file; everything in it is checked before anything is used.

    Args:
        path: of the file.
        fingerprint: of the model that the memory must belong to; None for any.
        slots: of that model's write site (M), likewise.
        width: of that model's stream (D), likewise.
        cue_width: of that model's cues (U), likewise.
        vocabulary: tokens of that model, likewise.
        site: of that model; cues and addresses of a memory with its words cannot be made without it.
        model_name: of that model, for the message that names both.

    Returns:
        The memory as it was saved, to the bit.

    Raises:
        UserError: when the file is missing, cannot be read, is no memory file, is damaged, or belongs to another model.
    """
    from bdh_workbench.memory.store.state import ItemRecord, LayerRecord, Memory

    with _opened(path) as (file, size, where):
        metadata, table, start = _header(file, size, where)
        header = summary(path, metadata, size, where)
        if fingerprint is not None and fingerprint != header.model:
            raise UserError(
                f"{where} belongs to the model {_named(header.model_name, header.model)}, and the model in use is "
                f"{_named(model_name, fingerprint)}: load that model, or choose another memory."
            )
        columns = int(metadata["width"])
        for name, wanted, has in (("slots", slots, header.slots), ("width", width, columns)):
            if wanted is not None and wanted != has:
                raise UserError(
                    f"{where} was written with {name} {has}, and the model in use has {name} {wanted}: "
                    "load the model it was written with."
                )
        check_shapes({name: entry["shape"] for name, entry in table.items()}, columns)
        items = tuple(ItemRecord(**entry) for entry in records(metadata["items"], ITEM, "item"))
        layers = tuple(LayerRecord(**entry) for entry in records(metadata["layers"], LAYER, "layer"))
        tensors = {name: _read(file, start, table[name]) for name in tensors_of(table)}
        if _checksum(metadata, {name: tensor.numpy() for name, tensor in tensors.items()}) != int(metadata["checksum"]):
            raise Damaged("its checksum does not fit")
        rows = _rows({name[5:]: tensor for name, tensor in tensors.items() if name.startswith("rows.")}, site)
        memory = Memory(
            model=header.model,
            model_name=header.model_name,
            slots=header.slots,
            width=columns,
            rows=rows,
            basis=tensors["basis"],
            weights=tensors["weights"],
            items=items,
            layers=layers,
            title=header.title,
            note=header.note,
        )
        check_memory(memory)
        check_model(memory, cue_width, vocabulary)
        facts = sum(item.kind == "fact" for item in items)
        if (facts, len(items), len(layers), len(memory.basis)) != (
            header.facts,
            header.items,
            header.layers,
            header.rank,
        ):
            raise Damaged("its summary does not fit its contents")
        times = sorted(when(layer.created) for layer in layers) or [when("")]
        if (when(header.created), when(header.modified)) != (times[0], times[-1]):
            raise Damaged("its times do not fit those of its layers")
    return memory


def _rows(columns: dict[str, Tensor], site: SiteSource | None) -> Rows:
    """The rows of a file, made or bare."""
    import torch

    from bdh_workbench.memory.store.state import KEPT_COLUMNS, BareRows, Rows

    count = len(columns["tokens"])
    if "cues" in columns:
        none = {"lead_starts": torch.zeros(count + 1, dtype=torch.int64), "leads": torch.zeros(0, dtype=torch.int32)}
        return Rows(**columns, **none)
    # Every row that uses the address of another reads what that one reads.
    uses = columns["address_of"].long()
    own = uses == torch.arange(count)
    place = own.cumsum(0) - 1
    if int(own.sum()) != len(columns["values"]) or not bool(((uses >= 0) & (uses < count)).all()):
        raise Damaged("it does not have one value for each address")
    columns["values"] = columns["values"][place[uses]]
    return BareRows.of({name: columns[name] for name in KEPT_COLUMNS}, site, columns["checks"])


def _named(name: str, fingerprint: str) -> str:
    return f"{name or 'without a name'} ({fingerprint[:8]})"


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int, str]]:
    """The file, its size in bytes and its name for messages; turns whatever goes wrong with it into one sentence."""
    where = shown(path)
    try:
        try:
            status = os.stat(path)
        except ValueError:
            raise UserError(f"{where} is not a usable file name: choose another.") from None
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f"{where} is a folder, not a memory file: choose a file that ends in {MEMORY_SUFFIX}.")
        if not stat.S_ISREG(status.st_mode):
            raise UserError(
                f"{where} is a device or a pipe, not a memory file: choose a file that ends in {MEMORY_SUFFIX}."
            )
        if status.st_size > MAX_FILE:
            limit = f"{MAX_FILE >> 30} GiB"
            raise UserError(f"{where} is larger than {limit}, too large for a memory file: choose another.")
        with open(path, "rb") as file:
            yield file, status.st_size, where
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"There is no file {where}: it was moved or deleted, or its name is mistyped.") from None
    except PermissionError:
        raise UserError(f"{where} cannot be read: change its permissions, or choose another file.") from None
    except OSError as error:
        reason = error.strerror or "input error"
        raise UserError(f"{where} cannot be read ({reason}): check the disk, or choose another file.") from None
    except MemoryError:
        raise UserError(f"{where} does not fit into this machine's memory: close other programs first.") from None
    except Damaged as problem:
        raise UserError(f"{where} is damaged ({problem}): use another copy of it.") from None


def _header(file: BinaryIO, size: int, where: str) -> tuple[dict[str, str], dict[str, Any], int]:
    """Metadata, table of tensors and the place where their bytes begin; table and size fit each other."""
    if not size:
        raise UserError(f"{where} is empty: use another copy of it.")
    length = int.from_bytes(file.read(8), "little")
    if size < 10 or length > MAX_HEADER or file.read(1) != b"{":
        raise UserError(f"{where} is not a memory file: choose a {MEMORY_SUFFIX} file that the workbench saved.")
    if 8 + length > size:
        raise Damaged("it is cut short")
    raw = b"{" + file.read(length - 1)
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError):
        raise Damaged("its header is not valid JSON") from None
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or "format" not in metadata:
        raise UserError(f"{where} is not a memory file: choose a {MEMORY_SUFFIX} file that the workbench saved.")
    if not all(isinstance(text, str) for text in metadata.values()):
        raise Damaged("its metadata is not text")
    check_format(metadata["format"], where)
    missing = [name for name in (*SMALL, "items", "layers") if name not in metadata]
    if missing:
        raise Damaged(f"it has no {missing[0]}")
    data = size - 8 - length
    check_table(header, data)
    if metadata["data"] != str(data):
        raise Damaged("its summary does not fit its contents")
    return metadata, header, 8 + length


def _read(file: BinaryIO, start: int, entry: Mapping[str, Any]) -> Tensor:
    import torch

    kinds = {"I64": torch.int64, "I32": torch.int32, "F32": torch.float32, "F16": torch.float16}
    try:
        # Memory of torch's own, and not numpy's, is aligned as everywhere else: sums are rounded alike then.
        tensor = torch.empty(entry["shape"], dtype=kinds[entry["dtype"]])
    except RuntimeError:
        raise MemoryError from None
    array = tensor.numpy()
    file.seek(start + entry["data_offsets"][0])
    if array.size and file.readinto(array.data) != array.nbytes:  # type: ignore[attr-defined]
        raise Damaged("it is cut short")
    return tensor
