"""How the slots of a memory are used, as it can be shown."""

from __future__ import annotations

import torch

from bdh_workbench.memory.state import Memory, ragged_ranges
from bdh_workbench.session.views import BankView

STRETCHES = 64  # of slots, over all banks


def bank_views(memory: Memory) -> tuple[BankView, ...]:
    """How the rows that are switched on use the slots of each bank."""
    rows, chosen = memory.rows, memory.enabled_rows()
    if not len(chosen):
        return ()
    homes = rows.homes(chosen)
    starts, counts = rows.starts[:-1][homes], (rows.starts[1:] - rows.starts[:-1])[homes]
    slots = rows.slots[ragged_ranges(starts, counts)].long()
    use = torch.bincount(slots, minlength=memory.slots)
    stretches = [float(part.float().mean()) for part in torch.tensor_split(use, min(STRETCHES, memory.slots))]
    return (BankView(memory.slots, int((use > 0).sum()), tuple(stretches)),)
