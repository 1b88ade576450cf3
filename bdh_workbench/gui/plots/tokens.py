"""p of each token in reading order: a page of small squares that fills from red to green while a write runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg

from bdh_workbench.gui.look.words import shown_p
from bdh_workbench.gui.plots.card import PlotCard, Table
from bdh_workbench.gui.plots.key import Sign
from bdh_workbench.gui.shared.clock import DrawClock

LINE_TOKENS = 96  # tokens in a line at most
SHADES = ((0.0, "#c23b4a"), (0.5, "#e6a23c"), (0.9, "#b9c95a"), (1.0, "#2fae84"))  # p and its colour


class TokenPage(PlotCard):
    """A square for each token, from left to right and from top to bottom as the text is read."""

    def __init__(self, clock: DrawClock) -> None:
        super().__init__(
            "p of each token, in reading order",
            "A square for each token appears here during a write: it turns from red to green as the token is learnt.",
            clock,
            x="token in its line",
            y="line",
            tip="Each square is a written token, as it is read: red until the memory gives it, green once it "
            "is sure. For a long text, a sample is shown.",
        )
        self.p: list[float] = []
        self.total = 0  # tokens that the squares stand for
        self._image: Any = pg.ImageItem()
        places, colours = zip(*SHADES, strict=True)
        self._image.setColorMap(pg.ColorMap(list(places), [pg.mkColor(colour) for colour in colours]))
        self.item.addItem(self._image)
        self.item.invertY(True)
        self.item.showGrid(x=False, y=False)
        for name in ("bottom", "left"):
            self.item.getAxis(name).setStyle(tickLength=0)

    def clear(self) -> None:
        """Show no write."""
        self.show_tokens((), 0)

    def show_tokens(self, p: Sequence[float], total: int) -> None:
        """Show the probability of each token, or of a sample that is spread evenly over so many."""
        self.p, self.total = list(p), total
        if self.p:
            unsure = sum(value < 0.9 for value in self.p)
            self.header.set_note(f"{unsure / len(self.p):.1%} under p 0.9" if unsure else "all over p 0.9")
        else:
            self.header.set_note("")
        self.mark(bool(self.p))

    def _columns(self) -> int:
        shape = max(1.0, self.item.vb.width()) / max(1.0, self.item.vb.height())
        return int(min(LINE_TOKENS, max(8, round((len(self.p) * shape) ** 0.5))))

    def draw_data(self) -> None:
        """Draw the squares; those after the last are clear."""
        if not self.p:
            return
        columns = self._columns()
        lines = -(-len(self.p) // columns)
        values = np.full(lines * columns, np.nan, dtype=np.float32)
        values[: len(self.p)] = self.p
        self._image.setImage(values.reshape(lines, columns), autoLevels=False, levels=(0.0, 1.0))
        self._image.setRect(-0.5, -0.5, columns, lines)
        self.set_ticks("left", [(n, str(n + 1)) for n in range(0, lines, max(1, lines // 4))])
        self.set_ticks("bottom", [(n, str(n + 1)) for n in range(0, columns, max(1, columns // 6))])
        if not self.held:
            self.fit()

    def fit(self) -> None:
        """All squares."""
        columns = self._columns()
        self.set_range("x", -0.5, columns - 0.5, 0.0)
        self.set_range("y", -0.5, max(1, -(-len(self.p) // columns)) - 0.5, 0.0)

    def signs(self) -> list[Sign]:
        """What the colours stand for."""
        words = ("p 0", "0.5", "0.9", "1")
        return [Sign(word, colour, "bar") for word, (_, colour) in zip(words, SHADES, strict=True)]

    def recolour(self) -> None:
        """Colours are the same in light and dark."""

    def hover(self, x: float, y: float) -> str:
        """Number and probability of the token."""
        columns = self._columns()
        index = round(y) * columns + round(x)
        if not 0 <= round(x) < columns or not 0 <= index < len(self.p):
            return ""
        number = index * self.total // len(self.p) + 1
        return f"token {number:,} of {self.total:,}\np {shown_p(self.p[index])}"

    def table(self) -> Table:
        """A row for each token."""
        return ["token", "p"], [[i * self.total // len(self.p) + 1, p] for i, p in enumerate(self.p)]
