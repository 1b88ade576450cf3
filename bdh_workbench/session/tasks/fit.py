"""Whether a model fits into the memory of a machine, worked out from its configuration before anything is loaded.

Importing this does not import torch.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM_BYTES = 400 << 20  # bytes that torch and the window take with the smallest model, as measured on Linux
FLOAT_BYTES = 4
DENSE = 7  # times the addresses stand side by side as ordinary matrices at the peak of a write, as measured
FIT_ROWS = 2000  # stored positions that there should be room for: some pages of text
MODEL_FILES = ("config.json", "model.safetensors", "general.safetensors", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model needs.

    Attributes:
        parameters: trained numbers, from the size of its file.
        model_bytes: in memory once it is loaded, the program included.
        write_bytes: besides, while some pages of text are written.
        free_bytes: that are free where it would be loaded; None where the system does not say.
        slots: of one bank of its write site.
        problem: a sentence, where the folder contains no model that can be used; the rest is then zero.
    """

    parameters: int = 0
    model_bytes: int = 0
    write_bytes: int = 0
    free_bytes: int | None = None
    slots: int = 0
    problem: str = ""

    @property
    def fits(self) -> bool | None:
        """Whether there is room; None where that is not known."""
        return None if self.free_bytes is None else self.model_bytes + self.write_bytes < self.free_bytes


def estimate_fit(folder: Path, device: str = "cpu") -> Fit:
    """Work out what the model of a folder needs on a device (``auto``, ``cpu``, ``cuda`` or ``mps``)."""
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        return Fit(problem=f"This folder contains no model: it has no {missing[0]}.")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = sum(path.stat().st_size for path in folder.glob("model*.safetensors"))
        slots, width = int(config["write_slots"]), int(config["width"])
        cue = int(config["code_width"]) * len(config["decays"])
        expansion = FLOAT_BYTES * (slots * cue + int(config["vocab_size"]) * int(config["code_width"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Fit(problem="The configuration of this model is damaged: choose another, or copy its folder again.")
    write = FLOAT_BYTES * (DENSE * min(FIT_ROWS, slots) * slots + 3 * slots * width)
    return Fit(weights // FLOAT_BYTES, PROGRAM_BYTES + weights + expansion, write, free_memory(device), slots)


def free_memory(device: str = "cpu") -> int | None:
    """Bytes that are free on a device; None where that is not known. A GPU can be asked once torch is loaded."""
    torch = sys.modules.get("torch")
    cuda = torch is not None and hasattr(torch, "cuda") and torch.cuda.is_available()
    if device == "cuda" or (device == "auto" and cuda):
        return int(torch.cuda.mem_get_info()[0]) if torch is not None and cuda else None
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
