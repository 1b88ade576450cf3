"""How full the banks of a memory are, as it can be shown."""

from __future__ import annotations

from bdh_workbench.memory.store.banks import capacity, own_rows
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.session.records.views import BankView


def bank_views(memory: Memory) -> tuple[BankView, ...]:
    """How many rows each bank holds, switched on or not; nothing is made again for it."""
    used = own_rows(memory.rows)
    return tuple(BankView(number, count, capacity(memory.slots)) for number, count in sorted(used.items()))
