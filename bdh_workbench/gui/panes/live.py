"""The live plots: how a write goes on, drawn on a timer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import Pane, bare, put_in_corner, row, tab_pages
from bdh_workbench.gui.look.words import short
from bdh_workbench.gui.plots.banks import BankUse
from bdh_workbench.gui.plots.curves import ItemPlot, LossPlot
from bdh_workbench.gui.plots.gates import GatePlot, SharePlot
from bdh_workbench.gui.plots.heat import SlotUse
from bdh_workbench.gui.plots.tokens import TokenPage
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.records.events import JobCancelled, JobDone, JobFailed, WriteStepped
from bdh_workbench.session.records.views import MemoryView, ModelInfo

if TYPE_CHECKING:  # this loads torch, which the window must not wait for
    from bdh_workbench.memory.store.state import LayerRecord


NO_OTHER_WRITE = "No other write"


class LivePane(Pane):
    """Loss, probabilities, gates and slots."""

    title = "Live plots"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._job: int | None = None
        self._step = 0
        self._running = False
        self._shown: tuple[int, str] | None = None  # the write of the memory in use whose curves these are
        self._layers: list[LayerRecord] = []  # whose curves can be laid over these, the newest first
        self.loss = LossPlot(context.clock)
        self.items = ItemPlot(context.clock)
        self.tokens = TokenPage(context.clock)
        self.gates = GatePlot(context.clock)
        self.shares = SharePlot(context.clock)
        self.slots = SlotUse(context.clock)
        self.banks = BankUse(context.clock)
        for card in (self.loss, self.items, self.tokens, self.gates, self.shares, self.slots, self.banks):
            context.paint(card.set_colours)
        self.tabs = tab_pages(
            "Progress of the write, or slots and reads",
            {
                "Course": _page(((self.loss, self.items), (self.tokens,))),
                "Slots and reads": _page(((self.banks, self.slots), (self.gates, self.shares))),
            },
        )
        self.other = QComboBox()
        self.other.setAccessibleName("Write whose curves are shown over these")
        self.other.setToolTip("Show the curves of an earlier write over these")
        self.other.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.other.setMinimumContentsLength(14)
        self.other.addItem(NO_OTHER_WRITE)
        self.other.currentIndexChanged.connect(self._overlay)
        put_in_corner(self.tabs, self.other)
        self.column.addWidget(self.tabs, 1)
        context.bridge.on(WriteStepped, self._stepped)
        context.bridge.on(JobDone, self._ended)
        context.bridge.on(JobFailed, self._ended)
        context.bridge.on(JobCancelled, self._ended)
        context.state.memory_changed.connect(self._memory_changed)
        context.state.model_changed.connect(self._model_changed)
        context.state.layer_opened.connect(self.show_layer)

    def _model_changed(self, info: ModelInfo | None) -> None:
        if info is None:
            self.gates.set_names(())
            self.shares.set_names(())
            return
        names = ["write" if site.written else str(site.level) for site in info.sites]
        fast = [math.nan if site.written else site.fast for site in info.sites]
        self.gates.set_names(names)
        self.shares.set_names(names)
        self.gates.set_values([site.slow for site in info.sites], fast)

    def _stepped(self, stepped: WriteStepped) -> None:
        if stepped.measuring:
            return  # a retention run: the plots stay those of the last write into the memory in use
        event = (*stepped.before, stepped.event)[0]
        self._running = True
        if stepped.job != self._job or event.step < self._step:
            self._job = stepped.job
            self.loss.start()
            self.items.start([short(label, 80) for label in stepped.labels])
            self.slots.start()
        for event in (*stepped.before, stepped.event):
            self._step = event.step
            self.loss.add(event.step, event.losses)
            self.items.add(event.step, event.worst_p, event.median_p, event.item_p)
        self.tokens.show_tokens(event.token_p, event.tokens)
        self.slots.show_use(event.slot_use, self.context.model.slots if self.context.model is not None else 0)
        sites = self.context.model.sites if self.context.model is not None else ()
        others = stepped.shares or ((math.nan, math.nan),) * max(0, len(sites) - 1)
        slow = [share[0] for share in others] + [event.share]
        fast = [share[1] for share in others] + [math.nan]
        self.shares.set_values(slow, fast)
        self.status.setText(f"step {event.step} · {event.elapsed:.1f} s")

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        if event.job == self._job:
            self._running = False

    def show_layer(self, layer: LayerRecord) -> None:
        """Show the curves of a write that was done before, as its memory file keeps them."""
        if self._running:
            self.context.say("A write is running: its curves stay until it ends.")
            return
        steps, worst, median, history = _curves(layer)
        self._clear()
        self._shown = _known(layer)
        for place, (step, low, middle) in enumerate(zip(steps, worst, median, strict=False)):
            self.loss.add(step, {name: values[place] for name, values in history.items() if place < len(values)})
            self.items.add(step, low, middle, ())
        self.status.setText(f"from the history: {short(layer.title, 40)} · {layer.seconds:.1f} s")

    def _clear(self) -> None:
        """Show no write: of one that is over a file keeps neither slots in use, shares of reads nor tokens."""
        self._job = self._shown = None
        self.loss.clear()
        self.items.clear()
        self.slots.clear()
        self.shares.set_values((), ())
        self.tokens.clear()
        self.status.setText("")

    def _follow(self, view: MemoryView) -> None:
        """Keep to the memory in use: where the write that is shown is none of its own, show its newest one."""
        newest = view.layers[-1] if view.layers else None
        if self._running:  # it has just been written
            self._shown = _known(newest) if newest is not None else None
        elif self._shown is None or self._shown not in map(_known, view.layers):
            if newest is not None:
                self.show_layer(newest)
            elif self._shown is not None:
                self._clear()

    def _memory_changed(self, view: MemoryView) -> None:
        self._follow(view)
        self.slots.show_fill(view.rank, view.slots)
        self.banks.show_banks(view.banks)
        layers = view.layers[::-1]
        if [layer.number for layer in layers] != [layer.number for layer in self._layers]:
            self._layers = list(layers)
            self.other.clear()
            self.other.addItem(NO_OTHER_WRITE)
            self.other.addItems([f"With {short(layer.title, 40) or f'layer {layer.number}'}" for layer in layers])

    def _overlay(self, index: int) -> None:
        """Lay the curves of an earlier write over those that are shown."""
        if index <= 0 or index > len(self._layers):
            self.loss.overlay((), {})
            self.items.overlay((), (), ())
            return
        steps, worst, median, history = _curves(self._layers[index - 1])
        self.loss.overlay(steps, history)
        self.items.overlay(steps, worst, median)


def _known(layer: LayerRecord) -> tuple[int, str]:
    """What tells a write from every other, of other memories too."""
    return layer.number, layer.created


def _curves(layer: LayerRecord) -> tuple[list[float], list[float], list[float], dict[str, list[float]]]:
    """Steps, worst p, median p and the terms of the loss of a write, as its memory file keeps them."""
    history = dict(layer.history)
    steps = history.pop("step", [])
    worst, median = (history.pop(name, [math.nan] * len(steps)) for name in ("worst p", "median p"))
    return steps, worst, median, history


def _page(rows: Sequence[Sequence[QWidget]]) -> QWidget:
    """Cards in rows of one height; those of a row share its width."""
    page = QWidget()
    column = bare(QVBoxLayout(page), 8)
    for cards in rows:
        line = row(*cards)
        for place, card in enumerate(cards):
            line.setStretch(place, 1)
            # A plot that was large once would ask for that room again.
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        column.addLayout(line, 1)
    return page
