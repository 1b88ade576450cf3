"""The format of memory files: names, limits and header fields, and what must be true of a memory before it is used.

The same checks run before a memory is saved and after it is read, so that nothing is saved that could not be loaded.
Importing this does not import torch.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from bdh_workbench.errors import UserError
from bdh_workbench.memory.room import machine_rows

if TYPE_CHECKING:  # a listing must not load torch
    from bdh_workbench.memory.store.state import Memory, Rows
    from bdh_workbench.model.config import ModelConfig

VERSION = 2
FORMAT = f"bdh-workbench memory {VERSION}"
MEMORY_SUFFIX = ".safetensors"
MAX_FILE = 8 << 30  # bytes of a file that will be opened
MAX_HEADER = 64 << 20  # bytes of its header: texts and history
MAX_LABEL = 100_000  # characters of a title or a note
_MAX_TEXT = 20_000_000  # characters of a prompt, an answer or a document
_MAX_NUMBER = 2**31 - 1
ROW_SENTENCES = 16  # for each row of an item, at most: a token ends in a sentence, and seldom runs over more than one
_UNIT = 1e-3  # what the squared length of an address may be off by

# Every tensor: its type in the file, its type in numpy, its number of dimensions. The file holds them in this order,
# the widest types first, so that each begins at a multiple of its size.
_ROWS: Mapping[str, tuple[str, str, int]] = {
    "rows.values": ("F32", "<f4", 2),
    "weights": ("F32", "<f4", 2),
    "rows.tokens": ("I32", "<i4", 1),
    "rows.items": ("I32", "<i4", 1),
    "rows.sentences": ("I32", "<i4", 1),
    "rows.following": ("I32", "<i4", 1),
    "rows.address_of": ("I32", "<i4", 1),
    "rows.banks": ("I32", "<i4", 1),
}
# A memory with its words: cues and addresses are made of them again.
WORDED_ARRAYS: Mapping[str, tuple[str, str, int]] = {
    "basis": ("I64", "<i8", 1),
    "rows.lead_starts": ("I64", "<i8", 1),
    **_ROWS,
    "rows.leads": ("I32", "<i4", 1),
    "rows.checks": ("F32", "<f4", 1),
}
# One without: it holds them.
WORDLESS_ARRAYS: Mapping[str, tuple[str, str, int]] = {
    "rows.starts": ("I64", "<i8", 1),
    "basis": ("I64", "<i8", 1),
    "rows.strengths": ("F32", "<f4", 1),
    **_ROWS,
    "rows.slots": ("I32", "<i4", 1),
    "rows.cues": ("F16", "<f2", 2),
}


def tensors_of(names: Iterable[str]) -> Mapping[str, tuple[str, str, int]]:
    """The tensors that a file with some of these names contains."""
    return WORDLESS_ARRAYS if "rows.cues" in names else WORDED_ARRAYS


COUNT_KEYS = ("slots", "width", "facts", "documents", "layer_count", "rank", "data", "checksum")
SMALL = ("format", "title", "note", "model_name", "fingerprint", "created", "modified", *COUNT_KEYS)
CHECKED = ("fingerprint", "slots", "width", "items", "layers")  # under the checksum: a new title leaves it as it is


class Damaged(Exception):
    """What is wrong with a memory or its file, as a clause."""


@dataclass(frozen=True, slots=True)
class MemoryHeader:
    """What a listing shows of a memory file.

    Attributes:
        path: of the file.
        title: may be empty.
        note: may be empty.
        model: fingerprint of the model that the memory belongs to.
        model_name: for people.
        items: number of facts and documents.
        facts: number of them.
        documents: number of them.
        rank: rows that S is made from.
        slots: of a bank, as the model's write site has them (M).
        layers: number of writes in its history.
        created: time of its first write in UTC, ISO 8601; empty where nothing was written.
        modified: time of its latest write.
        bytes: size of the file.
        version: of the file format.
    """

    path: Path
    title: str
    note: str
    model: str
    model_name: str
    items: int
    facts: int
    documents: int
    rank: int
    slots: int
    layers: int
    created: str
    modified: str
    bytes: int
    version: int

    @property
    def room(self) -> int:
        """Rows that this machine has room for."""
        return machine_rows()

    @property
    def fill(self) -> float:
        """Rows of the basis as a share of what this machine has room for."""
        return self.rank / self.room


def summary(path: Path, metadata: Mapping[str, Any], size: int, where: str) -> MemoryHeader:
    """The header of the file ``path`` of ``size`` bytes from its metadata, which must hold every one of ``SMALL``.

    Raises:
        Damaged: when a field is out of bounds.
        UserError: when the format is another; ``where`` names the file.
    """
    check_labels(metadata)
    check_format(metadata["format"], where)
    counts = {}
    for name in COUNT_KEYS:
        text = metadata[name]
        if not isinstance(text, str) or not (text.isascii() and text.isdecimal() and len(text) <= 12):
            raise Damaged(f"its {name} is not a number")
        counts[name] = int(text)
    if not 1 <= counts["slots"] <= _MAX_NUMBER or not 1 <= counts["width"] <= _MAX_NUMBER:
        raise Damaged("its slots or width are out of range")
    for name in ("created", "modified"):
        if metadata[name] and not _is_time(metadata[name]):
            raise Damaged(f"the time at which it was {name} is not valid")
    return MemoryHeader(
        path=path,
        title=metadata["title"],
        note=metadata["note"],
        model=metadata["fingerprint"],
        model_name=metadata["model_name"],
        items=counts["facts"] + counts["documents"],
        facts=counts["facts"],
        documents=counts["documents"],
        rank=counts["rank"],
        slots=counts["slots"],
        layers=counts["layer_count"],
        created=metadata["created"],
        modified=metadata["modified"],
        bytes=size,
        version=VERSION,
    )


def check_format(text: str, where: str) -> None:
    """Refuse a file that is not a memory file, or has a later format, with a sentence that names the file ``where``."""
    match = re.fullmatch(r"bdh-workbench memory ([0-9]{1,4})", text)
    if match is None:
        raise UserError(f"{where} is not a memory file: choose a {MEMORY_SUFFIX} file that the workbench saved.")
    if int(match[1]) > VERSION:
        raise UserError(f"{where} was saved by a newer version of the workbench: update the program to open it.")
    if int(match[1]) < VERSION:
        raise Damaged(f"there is no format {match[1]}")


def check_table(table: Mapping[str, Any], data: int) -> None:
    """Check that a safetensors table lists every tensor with its type, back to back over ``data`` bytes in all."""
    tensors = tensors_of(table)
    for name in table.keys() ^ tensors.keys():
        raise Damaged(
            f"it has no {name}" if name in tensors else "it contains a tensor that does not belong in a memory"
        )
    spans = []
    for name, (kind, code, dims) in tensors.items():
        entry = table[name]
        if not isinstance(entry, dict) or entry.get("dtype") != kind:
            raise Damaged(f"{name} is not of type {kind}")
        shape, span = entry.get("shape"), entry.get("data_offsets")
        if not _are_sizes(shape, dims) or not _are_sizes(span, 2):
            raise Damaged(f"{name} has no valid shape or place")
        if span[1] - span[0] != math.prod(shape) * int(code[-1]):
            raise Damaged(f"the size of {name} does not fit its shape")
        spans.append(tuple(span))
    end = 0
    for begin, after in sorted(spans):
        if begin != end:
            raise Damaged("its tensors overlap or leave gaps")
        end = after
    if end != data:
        raise Damaged("it is cut short" if end > data else "something follows its end")


def _are_sizes(value: object, count: int) -> TypeGuard[list[int]]:
    if not isinstance(value, list) or len(value) != count:
        return False
    return all(type(size) is int and 0 <= size <= MAX_FILE for size in value)


def check_labels(metadata: Mapping[str, Any]) -> None:
    """Check the texts among the small fields of a header."""
    for name in SMALL:
        limit = MAX_LABEL if name in ("title", "note", "model_name") else 256
        if not _is_text(metadata[name], limit):
            raise Damaged(f"its {name.replace('_', ' ')} is not a text of at most {limit:,} characters")
    if re.fullmatch("[0-9a-f]{64}", metadata["fingerprint"]) is None:
        raise Damaged("the fingerprint of its model is not valid")


def check_shapes(shapes: Mapping[str, Sequence[int]], width: int) -> None:
    """Check that the shapes of all tensors fit each other and a stream of the given width."""
    rows, rank = shapes["rows.tokens"][0], shapes["basis"][0]
    wanted = {name: [rows] for name, (_, _, dims) in tensors_of(shapes).items() if dims == 1} | {
        "rows.values": [rows, width],
        "basis": [rank],
        "weights": [rank, width],
    }
    if "rows.cues" in shapes:
        entries = shapes["rows.slots"][0]
        wanted |= {
            "rows.starts": [rows + 1],
            "rows.slots": [entries],
            "rows.strengths": [entries],
            "rows.cues": [rows, shapes["rows.cues"][1]],
        }
    else:
        # Rows that use the address of another have its value too.
        wanted |= {
            "rows.lead_starts": [rows + 1],
            "rows.leads": list(shapes["rows.leads"]),
            "rows.values": [min(rows, shapes["rows.values"][0]), width],
        }
    for name, shape in wanted.items():
        if list(shapes[name]) != shape:
            raise Damaged(f"{name} has the shape {list(shapes[name])} instead of {shape}")


def check_memory(memory: Memory) -> None:
    """Check the contents of a memory's tensors, not their types and shapes, and its items and layers against them."""
    import torch

    from bdh_workbench.memory.store.state import BareRows

    rows, count = memory.rows, len(memory.rows)
    numbers = [layer.number for layer in memory.layers]
    if len(set(numbers)) < len(numbers):
        raise Damaged("two layers have the same number")
    if not {item.layer for item in memory.items} <= set(numbers):
        raise Damaged("an item belongs to a layer that does not exist")
    bare = isinstance(rows, BareRows)
    floats = {"values": rows.values, "weights": memory.weights}
    if not bare:
        floats |= {"strengths": rows.strengths, "cues": rows.cues}
    else:
        floats["checks"] = rows.checked()
    for name, tensor in floats.items():
        if not bool(torch.isfinite(tensor).all()):
            raise Damaged(f"its {name} contain numbers that are not finite")
    if bare:
        _check_leads(rows)
    else:
        _check_addresses(rows, memory.slots)
    ranges = {"items": (0, len(memory.items)), "sentences": (0, 2**31), "tokens": (-1, 2**31), "following": (-1, count)}
    for name, (low, high) in ranges.items():
        if not _within(getattr(rows, name), low, high):
            raise Damaged(f"the {name} of its rows are out of range")
    items = rows.items.long()
    # Whoever reads a memory counts the sentences of an item up to the largest number.
    if bool((rows.sentences >= ROW_SENTENCES * torch.bincount(items, minlength=1)[items]).any()):
        raise Damaged("the sentences of its rows are more than its rows can hold")
    goes_on = (rows.following >= 0).nonzero().flatten()
    behind = rows.following[goes_on].long()
    if not bool((behind > goes_on).all()) or not bool((items[behind] == items[goes_on]).all()):
        raise Damaged("the following of its rows leads back, or into another item")
    if not _within(rows.address_of, 0, count):
        raise Damaged("its rows use addresses that do not exist")
    used = rows.address_of.long()
    if not bool(rows.have_own(used).all()) or not bool((rows.items[used] == rows.items).all()):
        raise Damaged("its rows use addresses of other items, or of rows that have none")
    if not bare and bool((rows.starts[1:] > rows.starts[:-1])[used != torch.arange(count)].any()):
        raise Damaged("a row that uses the address of another has one too")
    if not _within(rows.banks, 0, max(1, count)) or not bool((rows.banks[used] == rows.banks).all()):
        raise Damaged("the banks of its rows are out of range, or a row uses an address of another bank")
    if not _within(memory.basis, 0, count) or len(set(memory.basis.tolist())) < len(memory.basis):
        raise Damaged("its basis names rows that do not exist, or one of them twice")
    if not bool(torch.isin(memory.basis, memory.enabled_rows()).all()):
        raise Damaged("its basis names rows that are switched off")
    if not bool(rows.have_own(memory.basis).all()):
        raise Damaged("its basis names rows that have no address of their own")
    if not bare and not bool((rows.starts[1:] > rows.starts[:-1])[memory.basis].all()):
        raise Damaged("its basis names rows whose address is empty")


def _check_addresses(rows: Rows, slots: int) -> None:
    import torch

    whole = int(rows.starts[0]) == 0 and int(rows.starts[-1]) == len(rows.slots)
    if not whole or not bool((rows.starts[1:] >= rows.starts[:-1]).all()):
        raise Damaged("its rows do not divide its addresses")
    if not _within(rows.slots, 0, slots) or not bool((rows.strengths >= 0).all()):
        raise Damaged("its addresses name slots or strengths out of range")
    ascending = torch.ones(len(rows.slots) + 1, dtype=torch.bool)
    ascending[1:-1] = rows.slots[1:] > rows.slots[:-1]
    ascending[rows.starts] = True  # the first slot of a row may be lower than the last of the row before it
    if not bool(ascending.all()):
        raise Damaged("the slots of an address are not in ascending order")
    sums = torch.cat((torch.zeros(1, dtype=torch.float64), rows.strengths.double().square().cumsum(0)))[rows.starts]
    if bool((((sums[1:] - sums[:-1]) - 1.0).abs() > _UNIT)[rows.starts[1:] > rows.starts[:-1]].any()):
        raise Damaged("its addresses are not of unit length")


def _check_leads(rows: Rows) -> None:
    from bdh_workbench.memory.store.state import windows_are_whole

    counts = rows.lead_starts[1:] - rows.lead_starts[:-1]
    if int(rows.lead_starts[0]) or int(rows.lead_starts[-1]) != len(rows.leads) or bool((counts < 0).any()):
        raise Damaged("its rows do not divide the tokens before them")
    if len(rows) and not windows_are_whole(rows):
        raise Damaged("a window of its rows has no tokens before it, is cut, or is far too long")
    if not _within(rows.leads, 0, 2**31) or not _within(rows.tokens, 0, 2**31):
        raise Damaged("its words are out of range")


def check_fit(memory: Memory, config: ModelConfig) -> None:
    """Refuse a memory that a model of this configuration cannot have written, though it names that model.

    ``load_memory`` does so where the model is known by then; a window may open the memory first.

    Raises:
        UserError: saying what does not fit.
    """
    try:
        for name, has, wanted in (
            ("slots", memory.slots, config.write_slots),
            ("width", memory.width, config.width),
        ):
            if has != wanted:
                raise Damaged(f"it has {name} {has}, and its model {wanted}")
        check_model(memory, config.cue_width, config.vocab_size)
    except Damaged as problem:
        raise UserError(f"The memory in use is damaged ({problem}): open another copy of it.") from None


def check_model(memory: Memory, cue_width: int | None, vocabulary: int | None) -> None:
    """Check that a memory could have been written with a model of this cue width and so many tokens; None for any."""
    from bdh_workbench.memory.store.state import BareRows

    if cue_width is not None and not isinstance(memory.rows, BareRows):
        has = memory.rows.cues.shape[1]
        if has != cue_width:
            raise Damaged(f"its cues have {has} numbers, and those of its model {cue_width}")
    known = _within(memory.rows.tokens, -1, vocabulary or 2**31) and _within(memory.rows.leads, 0, vocabulary or 2**31)
    if not known:
        raise Damaged(f"the tokens of its rows are not among the {vocabulary:,} of its model")


def _within(tensor: Any, low: int, high: int) -> bool:
    return not len(tensor) or (int(tensor.min()) >= low and int(tensor.max()) < high)


def _is_text(value: object, limit: int = _MAX_TEXT) -> bool:
    if not isinstance(value, str) or len(value) > limit:
        return False
    try:
        value.encode()  # half a character can be neither shown nor saved again
    except UnicodeEncodeError:
        return False
    return True


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MAX_NUMBER


def _is_number(value: object) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 2**53)


def _is_probability(value: object) -> bool:
    # A mean of rounded probabilities may pass 1 by a rounding error.
    return _is_number(value) and 0.0 <= value <= 1.001  # type: ignore[operator]


def _is_time(value: object) -> bool:
    # Python takes any character between date and time.
    if not isinstance(value, str) or len(value) > 64 or not (value.isascii() and value.isprintable()):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_settings(value: object) -> bool:
    def plain(entry: object) -> bool:
        if isinstance(entry, float):
            return math.isfinite(entry)
        return entry is None or isinstance(entry, bool) or _is_number(entry) or _is_text(entry)

    return (
        isinstance(value, dict)
        and len(value) <= 1_000
        and all(
            _is_text(name, MAX_LABEL) and (plain(entry) or (isinstance(entry, list) and all(map(plain, entry))))
            for name, entry in value.items()
        )
    )


def _is_history(value: object) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= 1_000
        and all(
            _is_text(name, MAX_LABEL) and isinstance(series, list) and all(map(_is_number, series))
            for name, series in value.items()
        )
    )


Spec = Mapping[str, Callable[[object], bool]]
ITEM: Spec = {
    "kind": lambda value: value in ("fact", "document"),
    "title": _is_text,
    "prompt": _is_text,
    "answer": _is_text,
    "text": lambda value: value is None or _is_text(value),
    "layer": _is_whole,
    "tokens": _is_whole,
    "p_before": _is_probability,
    "p_after": _is_probability,
}
LAYER: Spec = {
    "number": _is_whole,
    "title": _is_text,
    "created": _is_time,
    "enabled": lambda value: isinstance(value, bool),
    "settings": _is_settings,
    "history": _is_history,
    "seconds": lambda value: _is_number(value) and 0.0 <= value < math.inf,  # type: ignore[operator]
}


# What the fields that belong to the other kind must hold.
_EMPTY: Mapping[str, Mapping[str, object]] = {"fact": {"text": None}, "document": {"prompt": "", "answer": ""}}


def records(text: str, spec: Spec, what: str) -> list[dict[str, Any]]:
    """The entries of a JSON list of ``what``, each with exactly the fields of ``spec`` and values that fit."""
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise Damaged(f"its {what}s are not valid JSON") from None
    if not isinstance(entries, list):
        raise Damaged(f"its {what}s are not a list")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or entry.keys() != spec.keys():
            raise Damaged(f"{what} {number} does not have the fields it should have")
        for name, fits in spec.items():
            if not fits(entry[name]):
                raise Damaged(f"{what} {number} has no valid {name}")
        for name, empty in _EMPTY.get(entry.get("kind", ""), {}).items():
            if entry[name] != empty:
                raise Damaged(f"{what} {number} is a {entry['kind']} with {name}")
    return entries
