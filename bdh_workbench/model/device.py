"""Choosing the device that a model runs on."""

from __future__ import annotations

import torch

from bdh_workbench.errors import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """The torch device for a name; ``auto`` takes a GPU if there is one.

    Raises:
        UserError: for an unknown name, or one that this machine lacks.
    """
    if name not in DEVICES:
        raise UserError(f"There is no device {name!r}: choose one of {', '.join(DEVICES)}.")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if cuda else "mps" if mps else "cpu"
    if name == "cuda" and not cuda:
        raise UserError("No CUDA device is available on this machine: choose --device cpu or auto.")
    if name == "mps" and not mps:
        raise UserError("No Apple GPU (mps) is available on this machine: choose --device cpu or auto.")
    return torch.device(name)
