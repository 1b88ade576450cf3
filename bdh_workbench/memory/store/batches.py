"""How many tokens and positions are worked on at once. Importing this does not import torch."""

from __future__ import annotations

from collections.abc import Sequence

BATCH_TOKENS = 8192  # tokens, padding included, that are read at once
BATCH_SEQUENCES = 128  # the same in sequences: each has a state of heads x neurons x width numbers at every level


def padded_batches(lengths: Sequence[int], limit: int = BATCH_TOKENS) -> list[list[int]]:
    """Indices in batches of similar length, each of at most ``limit`` tokens with padding (or of one long item).

    No batch has more than ``BATCH_SEQUENCES``.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        count = len(batches[-1]) + 1 if batches else 0
        if 0 < count <= BATCH_SEQUENCES and lengths[index] * count <= limit:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
