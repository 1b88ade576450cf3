"""How full the banks of the memory are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor

from bdh_workbench.gui.look.colours import SERIES
from bdh_workbench.gui.look.words import plural
from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.shared.clock import DrawClock
from bdh_workbench.session.records.views import BankView

NUMBERED_BANKS = 8  # banks at most that have their numbers on the axis


class BankUse(PlotCard):
    """A bar for each bank: how many rows it stores of those that it has room for."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Use of the banks",
            "Write something to see how many rows each bank of the memory stores.",
            clock,
            x="bank",
            y="share in use",
            tip="The slow memory is made of banks. Each bar is one bank: the share of its room that is in use. "
            "A write starts a new bank when the last one is full.",
        )
        self.banks: list[BankView] = []
        self._bars: Any = pg.BarGraphItem(x=[], height=[], width=0.9)
        self.item.addItem(self._bars)

    def show_banks(self, banks: Sequence[BankView]) -> None:
        """Show these."""
        self.banks = list(banks)
        used, room = sum(bank.used for bank in self.banks), sum(bank.room for bank in self.banks)
        words = f"{plural(len(self.banks), 'bank')} · {used:,} rows, {used / room:.0%} of their room" if room else ""
        self.header.set_note(words)
        self.mark(bool(used))

    def draw_data(self) -> None:
        """Draw the bars."""
        self._bars.setOpts(
            x=[bank.number + 1 for bank in self.banks], height=[bank.used / bank.room for bank in self.banks],
            pen=pg.mkPen(None), brush=QColor(SERIES[0]),
        )  # fmt: skip
        every = max(1, -(-len(self.banks) // NUMBERED_BANKS))
        self.set_ticks("bottom", [(b.number + 1, str(b.number + 1)) for b in self.banks[::every]])
        if not self.held:
            self.fit()

    def fit(self) -> None:
        """All banks, up to a full one."""
        most = max((bank.used / bank.room for bank in self.banks), default=1.0)
        last = max((bank.number + 1 for bank in self.banks), default=1)
        self.set_range("x", 0.4, last + 0.6, 0.01)
        self.set_range("y", 0.0, max(1.0, most), 0.05)

    def recolour(self) -> None:
        """Series keep their colours."""

    def hover(self, x: float, y: float) -> str:
        """Number and rows of the bank."""
        bank = next((bank for bank in self.banks if abs(bank.number + 1 - x) <= 0.45), None)
        return f"bank {bank.number + 1}\n{bank.used:,} of {bank.room:,} rows" if bank is not None else ""

    def table(self) -> Table:
        """A row for each bank."""
        return ["bank", "rows", "room"], [[bank.number + 1, bank.used, bank.room] for bank in self.banks]
