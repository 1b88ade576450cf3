"""The device that a model runs on: its names, the choice, and how to see that its memory is full.

Importing this does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from bdh_workbench.errors import UserError

if TYPE_CHECKING:
    import torch

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[DeviceName, ...] = get_args(DeviceName)


def choose_device(name: str = "auto") -> torch.device:
    """The torch device for a name; ``auto`` takes a GPU if there is one.

    Raises:
        UserError: for an unknown name, or one that this machine lacks.
    """
    import torch

    if name not in DEVICES:
        raise UserError(f"There is no device {name!r}: choose one of {', '.join(DEVICES)}.")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if cuda else "mps" if mps else "cpu"
    if name == "cuda" and not cuda:
        raise UserError("No CUDA device is available on this machine: choose cpu or auto.")
    if name == "mps" and not mps:
        raise UserError("No Apple GPU (mps) is available on this machine: choose cpu or auto.")
    return torch.device(name)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out; recognised by name, because torch may not be loaded.

    Torch's allocator for the CPU raises a plain RuntimeError.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"MemoryError", "OutOfMemoryError"}:
        return True
    said = ("can't allocate memory", "not enough memory", "out of memory")
    return "RuntimeError" in names and any(words in str(error).lower() for words in said)


def is_of_a_gpu(error: BaseException) -> bool:
    """Whether the memory that was short is that of a GPU: torch has an exception of its own for it."""
    return type(error).__name__ == "OutOfMemoryError" or "cuda" in str(error).lower()
