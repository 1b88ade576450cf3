"""The live plots: how a write goes on, drawn on a timer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout

from bdh_workbench.gui.context import Context
from bdh_workbench.gui.plots.curves import ItemPlot, LossPlot
from bdh_workbench.gui.plots.gates import GatePlot
from bdh_workbench.gui.plots.heat import SlotUse
from bdh_workbench.gui.widgets import Pane
from bdh_workbench.gui.words import short
from bdh_workbench.session.events import (
    JobCancelled,
    JobDone,
    JobFailed,
    MemoryView,
    ModelInfo,
    WriteStepped,
)

if TYPE_CHECKING:  # this loads torch, which the window must not wait for
    from bdh_workbench.memory.state import LayerRecord


class LivePane(Pane):
    """Loss, probabilities, gates and slots."""

    title = "Live plots"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._job: int | None = None
        self._step = 0
        self._running = False
        self.loss = LossPlot(context.clock)
        self.items = ItemPlot(context.clock)
        self.gates = GatePlot(context.clock)
        self.slots = SlotUse(context.clock)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        for index, card in enumerate((self.loss, self.items, self.gates, self.slots)):
            context.paint(card.set_colours)
            grid.addWidget(card, index // 2, index % 2)
            grid.setRowStretch(index // 2, 1)
            grid.setColumnStretch(index % 2, 1)
        self.column.addLayout(grid, 1)
        context.bridge.on(WriteStepped, self._stepped)
        context.bridge.on(JobDone, self._ended)
        context.bridge.on(JobFailed, self._ended)
        context.bridge.on(JobCancelled, self._ended)
        context.state.memory_changed.connect(self._memory_changed)
        context.state.model_changed.connect(self._model_changed)
        context.state.layer_opened.connect(self.show_layer)

    def _model_changed(self, info: ModelInfo | None) -> None:
        if info is None:
            self.gates.set_sites((), (), ())
            return
        names = ["write" if site.written else str(site.level) for site in info.sites]
        fast = [math.nan if site.written else site.fast for site in info.sites]
        self.gates.set_sites(names, [site.slow for site in info.sites], fast)

    def _stepped(self, stepped: WriteStepped) -> None:
        event = (*stepped.before, stepped.event)[0]
        self._running = True
        # A retention run is one job of many writes.
        if stepped.job != self._job or event.step < self._step:
            self._job = stepped.job
            self.loss.clear()
            self.items.start([short(label, 80) for label in stepped.labels])
            self.slots.start()
        for event in (*stepped.before, stepped.event):
            self._step = event.step
            self.loss.add(event.step, event.losses)
            self.items.add(event.step, event.worst_p, event.median_p, event.item_p)
        self.slots.show_use(event.slot_use, self.context.model.slots if self.context.model is not None else 0)
        sites = self.context.model.sites if self.context.model is not None else ()
        others = stepped.shares or ((math.nan, math.nan),) * max(0, len(sites) - 1)  # a retention run has none
        slow = [share[0] for share in others] + [event.share]
        fast = [share[1] for share in others] + [math.nan]
        self.gates.set_shares(slow, fast)
        self.status.setText(f"step {event.step} · {event.elapsed:.1f} s")

    def _ended(self, event: JobDone | JobFailed | JobCancelled) -> None:
        if event.job == self._job:
            self._running = False

    def show_layer(self, layer: LayerRecord) -> None:
        """Show the curves of a write that was done before, as its memory file keeps them."""
        if self._running:
            self.context.say("A write is running: its curves stay until it has ended.")
            return
        history = dict(layer.history)
        steps = history.pop("step", [])
        worst, median = (history.pop(name, [math.nan] * len(steps)) for name in ("worst p", "median p"))
        self._job = None
        self.loss.clear()
        self.items.start([])
        # A file keeps neither slots in use nor shares of reads: what stands there is of another write.
        self.slots.clear()
        self.gates.set_shares((), ())
        for place, (step, low, middle) in enumerate(zip(steps, worst, median, strict=False)):
            self.loss.add(step, {name: values[place] for name, values in history.items() if place < len(values)})
            self.items.add(step, low, middle, ())
        self.status.setText(f"from the history: {short(layer.title, 40)} · {layer.seconds:.1f} s")

    def _memory_changed(self, view: MemoryView) -> None:
        self.slots.show_fill(view.rank, view.slots)
