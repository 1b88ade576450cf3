"""Reading the tensors of a model folder: names, types, shapes and sizes are checked before any of them is made.

The file is read, not mapped: if another program truncates or replaces it while it is open, that is an error that can be
reported, whereas touching a page that a mapping has lost would end the process.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, deserialize
from torch import Tensor

from bdh_workbench.errors import UserError

MAX_HEADER_BYTES = 8 << 20  # bytes of a header: names, shapes and a few texts
DTYPES: Mapping[str, torch.dtype] = {
    "BOOL": torch.bool,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "I32": torch.int32,
    "I64": torch.int64,
}
FLOATS = ("F32", "BF16", "F16")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a tensor must be: one of some types, and a shape in which None stands for any size."""

    dtypes: tuple[str, ...]
    shape: tuple[int | None, ...]

    def fits(self, dtype: str, shape: list[int]) -> bool:
        """Whether a tensor of this type and shape is one."""
        same = len(shape) == len(self.shape) and all(w in (None, h) for w, h in zip(self.shape, shape, strict=True))
        return same and dtype in self.dtypes

    def most_bytes(self, unbounded: int) -> int:
        """Bytes that it can take; ``unbounded`` where a size is free."""
        if None in self.shape:
            return unbounded
        return math.prod(size or 0 for size in self.shape) * max(DTYPES[name].itemsize for name in self.dtypes)


def read_tensors(path: Path, wanted: Mapping[str, Wanted], unbounded: int = 0) -> dict[str, Tensor]:
    """Read the named tensors of a safetensors file; others in it are passed over.

    Args:
        path: of the file. At most twice the bytes that the wanted tensors can take are held while it is read.
        wanted: what each must be.
        unbounded: bytes that a tensor with a free size may take.

    Returns:
        The tensors, on the CPU, in the types of the file.

    Raises:
        UserError: when the file is missing, damaged, too large, or a tensor is missing, of another kind or not finite.
    """
    most = MAX_HEADER_BYTES + sum(kind.most_bytes(unbounded) for kind in wanted.values())
    try:
        with path.open("rb") as file:
            # As many bytes are set aside as are asked for, and a file may grow while it is read.
            raw = file.read(min(most, os.fstat(file.fileno()).st_size) + 1)
        if len(raw) > most:
            raise UserError(f"{path} is larger than the model configuration next to it allows: copy the folder again.")
        entries = dict(deserialize(raw))  # type: ignore[no-untyped-call]
    except FileNotFoundError:
        raise UserError(f"{path.parent} is not a complete model folder: {path.name} is missing.") from None
    except (OSError, SafetensorError):
        raise UserError(f"{path} is damaged or cut short: copy the model folder again.") from None
    del raw
    missing = sorted(wanted.keys() - entries.keys())
    if missing:
        raise UserError(f"{path} lacks {missing[0]}: it does not belong to the model configuration next to it.")
    tensors = {}
    for name, kind in wanted.items():
        entry = entries.pop(name)
        dtype, shape = entry["dtype"], entry["shape"]
        if not kind.fits(dtype, shape):
            sizes = ["any" if size is None else size for size in kind.shape]
            raise UserError(
                f"{path} contains {name} as {dtype} {shape} where the configuration requires {sizes} of "
                f"{' or '.join(kind.dtypes)}: the files of the model folder do not belong together."
            )
        data = bytearray(entry["data"])
        flat = torch.frombuffer(data, dtype=DTYPES[dtype]) if data else torch.empty(0, dtype=DTYPES[dtype])
        tensors[name] = flat.reshape(shape)
        if flat.is_floating_point() and not bool(torch.isfinite(flat).all()):
            raise UserError(f"{path} contains numbers in {name} that are not finite: copy the model folder again.")
    return tensors
