"""From exceptions to records of strings: an exception that left its thread would keep tensors alive."""

from __future__ import annotations

import re
import traceback

from bdh_workbench.errors import UserError
from bdh_workbench.session.events import JobFailed

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
        # torch says of a GPU that its memory is short in an exception of its own.
        gpu = type(error).__name__ == "OutOfMemoryError" or "cuda" in str(error).lower()
        return JobFailed(job, "There was not enough memory.", details, advice(str(error), gpu), offer_cpu=gpu)
    said = " ".join(str(error).split())
    reason = f" ({said if len(said) <= 120 else said[:117] + '...'})" if said else ""
    return JobFailed(job, f"This failed in a way that was not foreseen: {type(error).__name__}{reason}.", details)


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory was short; known by name, so that torch need not be imported."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    said = ("can't allocate memory", "not enough memory", "out of memory")
    return isinstance(error, RuntimeError) and any(words in text for words in said)


def advice(text: str, gpu: bool) -> str:
    """What was needed, what was free and what to change, from torch's own words."""
    needed, free = _bytes(_NEEDED, text), _bytes(_FREE, text)
    known = []
    if needed is not None:
        known.append(f"{readable(needed)} more were needed")
    if free is not None:
        known.append(f"{readable(free)} were free")
    first = " and ".join(known)
    first = f"{first[0].upper()}{first[1:]}. " if first else ""
    change = "Write fewer things at once, ask with shorter texts, or close other programs"
    return first + change + ("; or load the model on the CPU." if gpu else ".")


def readable(size: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _bytes(pattern: re.Pattern[str], text: str) -> float | None:
    found = pattern.search(text)
    return float(found[1]) * UNITS[found[2].lower()] if found else None
