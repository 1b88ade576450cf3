"""The contents of a memory and its file, as plain values."""

from __future__ import annotations

import math
from typing import Any

from bdh_workbench.memory.files.format import FORMAT
from bdh_workbench.memory.files.memory_file import file_size
from bdh_workbench.memory.store.banks import own_rows
from bdh_workbench.memory.store.state import LayerRecord, Memory


def inspect(memory: Memory) -> dict[str, Any]:
    """The contents of a memory, as plain values for JSON.

    Probabilities and fill are from 0 to 1, seconds are seconds, bytes those of its file, rank and slots counts.

    Raises:
        UserError: when the memory is not whole.
    """
    items = [
        {
            "kind": item.kind,
            "title": item.title,
            "prompt": item.prompt,
            "answer": item.answer,
            "tokens": item.tokens,
            "p_before": item.p_before,
            "p_after": item.p_after,
            "layer": item.layer,
        }
        for item in memory.items
    ]
    layers = [
        {
            "number": layer.number,
            "title": layer.title,
            "created": layer.created,
            "enabled": layer.enabled,
            "steps": _steps(layer),
            "seconds": layer.seconds,
        }
        for layer in memory.layers
    ]
    return {
        "format": FORMAT,
        "title": memory.title,
        "note": memory.note,
        "model": memory.model_name,
        "fingerprint": memory.model,
        "items": items,
        "layers": layers,
        "rows": len(memory.rows),
        "rank": len(memory.basis),
        "banks": len(own_rows(memory.rows)),
        "slots": memory.slots,
        "fill": memory.fill,
        "bytes": file_size(memory),
    }


def _steps(layer: LayerRecord) -> int:
    """Steps of the write: the last in its history."""
    return int(max((step for step in layer.history.get("step", ()) if math.isfinite(step)), default=0))
