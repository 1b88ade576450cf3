"""How much of the slots is in use: a histogram over each bank of the memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor

from bdh_workbench.gui.colours import SERIES
from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.clock import DrawClock
from bdh_workbench.gui.words import plural
from bdh_workbench.session.views import BankView


class BankUse(PlotCard):
    """A bar for each stretch of slots: how many stored rows use a slot there on average; banks side by side."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "Use of the slots",
            "Write something: how the stored rows are spread over the slots shows here.",
            clock,
            x="slot",
            y="rows for each slot",
            tip="Each bar is a stretch of slots of a bank: the mean number of stored rows whose address uses a slot "
            "there. An even picture means that nothing is crowded.",
        )
        self.banks: list[BankView] = []
        self._bars: Any = pg.BarGraphItem(x=[], height=[], width=1.0)
        self.item.addItem(self._bars)

    def show_banks(self, banks: Sequence[BankView]) -> None:
        """Show these."""
        self.banks = list(banks)
        used = sum(bank.used for bank in self.banks)
        slots = sum(bank.slots for bank in self.banks)
        words = f"{used / slots:.1%} of {slots:,} slots in use" if slots else ""
        self.header.set_note(f"{plural(len(self.banks), 'bank')} · {words}" if len(self.banks) > 1 else words)
        self.mark(bool(used))

    def _places(self) -> list[tuple[float, float, float, str]]:
        """Middle, width and height of each bar, with the name of its bank."""
        places, start = [], 0
        for number, bank in enumerate(self.banks, start=1):
            width = bank.slots / max(1, len(bank.rows))
            for index, value in enumerate(bank.rows):
                places.append((start + (index + 0.5) * width, width, value, f"bank {number}"))
            start += bank.slots
        return places

    def redraw(self) -> None:
        """Draw the bars; neighbouring banks have different colours."""
        places = self._places()
        names = list(dict.fromkeys(name for *_, name in places))
        self._bars.setOpts(
            x=[x for x, _, _, _ in places], width=[0.9 * width for _, width, _, _ in places],
            height=[height for _, _, height, _ in places], pen=pg.mkPen(None),
            brushes=[QColor(SERIES[names.index(name) % len(SERIES)]) for *_, name in places],
        )  # fmt: skip
        if not self.held:
            self.fit()

    def fit(self) -> None:
        """All banks, and up to the highest bar."""
        self.item.setXRange(0, max(1, sum(bank.slots for bank in self.banks)), padding=0.01)
        self.item.setYRange(0.0, max([0.05, *(value for bank in self.banks for value in bank.rows)]), padding=0.05)

    def recolour(self) -> None:
        """Series keep their colours."""

    def hover(self, x: float, y: float) -> str:
        """Slots and number of the bar."""
        for middle, width, height, name in self._places():
            if abs(x - middle) <= width / 2:
                first = round(middle - width / 2) + 1
                where = f"{name}: " if len(self.banks) > 1 else ""
                return f"{where}slots {first:,} to {round(middle + width / 2):,}\n{height:.2f} rows for each slot"
        return ""

    def table(self) -> Table:
        """A row for each bar."""
        rows = [
            [name, round(x - width / 2) + 1, round(x + width / 2), value] for x, width, value, name in self._places()
        ]
        return ["bank", "first slot", "last slot", "rows for each slot"], rows
