"""Turning exceptions into records of strings: an exception that left its thread would keep tensors alive."""

from __future__ import annotations

import re
import traceback

from bdh_workbench.errors import UserError
from bdh_workbench.model.device import is_of_a_gpu, is_out_of_memory
from bdh_workbench.session.records.events import JobFailed
from bdh_workbench.wording import shortened, size

UNITS = {"bytes": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
_SIZE = r"([\d.]+) ?(bytes|B|[KMGT]iB)"
_NEEDED = re.compile(rf"tried to allocate {_SIZE}", re.IGNORECASE)
_FREE = re.compile(rf"{_SIZE} (?:is|are) free", re.IGNORECASE)


def failure(job: int, error: Exception) -> JobFailed:
    """The event for the job of this id that ended with this exception."""
    if isinstance(error, UserError):
        return JobFailed(job, str(error), "")
    details = "".join(traceback.format_exception(error))
    if is_out_of_memory(error):
        gpu = is_of_a_gpu(error)
        return JobFailed(job, "There was not enough memory.", details, advice(str(error), gpu), offer_cpu=gpu)
    said = shortened(str(error), 120)
    reason = f" ({said})" if said else ""
    return JobFailed(job, f"This failed unexpectedly: {type(error).__name__}{reason}.", details)


def advice(text: str, gpu: bool) -> str:
    """What was needed, what was free and what to change, from torch's own words."""
    needed, free = _bytes(_NEEDED, text), _bytes(_FREE, text)
    known = []
    if needed is not None:
        known.append(f"{size(needed)} more were needed")
    if free is not None:
        known.append(f"{size(free)} were free")
    first = " and ".join(known)
    first = f"{first[0].upper()}{first[1:]}. " if first else ""
    change = "Write fewer things at once, ask with shorter texts, or close other programs"
    return first + change + ("; or load the model on the CPU." if gpu else ".")


def _bytes(pattern: re.Pattern[str], text: str) -> float | None:
    match = pattern.search(text)
    return float(match[1]) * UNITS[match[2].lower()] if match else None
