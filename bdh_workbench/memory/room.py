"""How much a memory can store: banks are added as it grows, so only the machine's own memory limits it.

Importing this does not import torch.
"""

from __future__ import annotations

import functools
import os

ROW = 16 << 10  # bytes that a stored row takes while its memory is open and read: cues, places, lists
SHARE = 0.5  # of the machine's memory that one open memory may take
ASSUMED_BYTES = 8 << 30  # bytes of a machine that does not say how many it has
CHARACTERS_PER_ROW = 3.0  # of text for each row: a token has about four, and windows store some tokens again


@functools.cache
def machine_rows() -> int:
    """Rows that this machine has room for."""
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        size = ASSUMED_BYTES
    return max(1, int(SHARE * size / ROW))


def far_too_much(characters: int) -> str | None:
    """What to say about a text of this many characters that the machine has no room for; None if it has room."""
    if characters <= CHARACTERS_PER_ROW * machine_rows():
        return None
    return f"{characters:,} characters are far too many for this machine's memory: write a part of them."
