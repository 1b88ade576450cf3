"""The Gates pane: what each token of a text reads at each site, and what changes when something is switched off."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSlider, QVBoxLayout, QWidget

from bdh_workbench.gui.look.widgets import Pane, bare, delay, note, row, splitter, tab_pages
from bdh_workbench.gui.look.words import plural, short, shown_p, shown_token, tip
from bdh_workbench.gui.plots.bars import SHOWN_BARS, NextTokens, PairedBars
from bdh_workbench.gui.plots.heat import TokenHeat
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.reading.sources import Source
from bdh_workbench.session.records.events import JobFailed, TextInspected
from bdh_workbench.session.records.jobs import InspectText
from bdh_workbench.session.records.views import RowMatch, TextInspection

AFTER = 300  # milliseconds without a key
SHOWN_CHARACTERS = 4000  # characters that are looked at
NAME = 24  # characters of the name of a stored row
SWITCHES = {"slow off": "Slow memory off", "fast off": "Fast state off", "written off": "Written memory off"}


class GatesPane(Pane):
    """Any text, token by token."""

    title = "Gates"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.seen: TextInspection | None = None
        self._job = 0
        clock = context.clock
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type any text to see what each of its tokens reads")
        self.line.setAccessibleName("Text to look at")
        self.line.setMaxLength(SHOWN_CHARACTERS)
        self.reads = TokenHeat(
            clock, "Reads by site", "Type a text above to see what each token reads at each site.",
            "How much each read adds to the stream, as a share of it: slow memory and fast state of each site, and the "
            "written memory of the write site.",
            "× the stream",
        )  # fmt: skip
        self.neurons = TokenHeat(
            clock, "Active neurons", "Type a text above to see how many neurons fire at each token.",
            "The share of neurons that are active at each level. BDH fires few of them.",
            " of the neurons",
        )  # fmt: skip
        self.address = PairedBars(
            clock, "Address",
            "Write something and type a text to see the stored rows nearest to the chosen token.", "cosine",
            ("cue", "address"),
            "How near the token's cue and address are to those of stored rows. 1: the same.",
        )  # fmt: skip
        self.next = NextTokens(
            clock, "Next token", "Type a text above to see what may follow it.", ("all on", "switched off"),
            "How the next token changes when one kind of memory is switched off.",
        )  # fmt: skip
        for card in (self.reads, self.neurons, self.address, self.next):
            context.paint(card.set_colours)
        self.switch = QComboBox()
        for name, label in SWITCHES.items():
            self.switch.addItem(label, name)
        self.switch.setCurrentIndex(2)
        self.switch.setAccessibleName("What to switch off for the comparison")
        self.switch.setToolTip(
            "Compare with one kind of memory off. Slow: what training left in the sites. Fast: notes on this text. "
            "Written: your memory."
        )
        self.switch.currentIndexChanged.connect(self._show_next)
        self.token = QSlider(Qt.Orientation.Horizontal)
        self.token.setAccessibleName("Token whose address is compared")
        self.token.setToolTip("Which token's address is compared with the stored ones")
        self.token.setRange(0, 0)
        self.token.valueChanged.connect(self._show_address)
        self.token_name = QLabel("")
        self.token_name.setMinimumWidth(90)
        self.token_name.setAccessibleName("Chosen token")
        self.match = note("", "Nearest stored row")
        self._lay_out()
        self._timer = delay(self, AFTER, self.look)
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self.look)
        context.bridge.on(TextInspected, self._seen)
        context.bridge.on(JobFailed, self._failed)
        context.state.memory_changed.connect(lambda _view: self.refresh())
        context.state.model_changed.connect(lambda _info: self.refresh())

    def _lay_out(self) -> None:
        address = QWidget()
        column = bare(QVBoxLayout(address), 4)
        column.addWidget(self.address, 1)
        column.addLayout(row(self.token, self.token_name))
        column.addWidget(self.match)
        self.tabs = tab_pages(
            "Reads, neurons or address", {"Reads": self.reads, "Neurons": self.neurons, "Address": address}
        )
        right = QWidget()
        column = bare(QVBoxLayout(right), 4)
        column.addWidget(self.switch)
        column.addWidget(self.next, 1)
        self.switch.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.switch.setMinimumContentsLength(10)
        whole = splitter(Qt.Orientation.Horizontal, self.tabs, right)
        whole.setSizes([400, 220])
        self.column.addWidget(self.line)
        self.column.addWidget(whole, 1)

    def _typed(self, _text: str) -> None:
        self._timer.start()

    def look(self) -> None:
        """Look at the text as it is now."""
        self._timer.stop()
        text = self.line.text()
        if text.strip() and self.context.model is not None:
            self._job = self.context.submit(InspectText(text, self.context.preferences.values.read), quiet=True)
            self.status.setText("looking …")

    def refresh(self) -> None:
        """Look again with another memory."""
        if self.line.text().strip() and self.isVisible():
            self._timer.start()

    def _failed(self, event: JobFailed) -> None:
        if event.job == self._job:
            self.status.setText(short(event.message))

    def _seen(self, event: TextInspected) -> None:
        if event.job != self._job:
            return
        view = self.seen = event.view
        sites = self.context.model.sites if self.context.model else ()
        names, values = [], []
        for index in range(len(view.slow)):
            written = index < len(sites) and sites[index].written
            where = f"level {sites[index].level}" if index < len(sites) else str(index)
            names.append("written" if written else f"{where} slow")
            values.append(view.slow[index])
            if not written:
                names.append(f"{where} fast")
                values.append(view.fast[index])
        self.reads.show_tokens(view.tokens, names, np.stack(values))
        levels = [f"level {number}" for number in range(1, len(view.sparsity) + 1)]
        self.neurons.show_tokens(view.tokens, levels, view.sparsity)
        self.neurons.header.set_note(f"{float(view.sparsity.mean()):.1%} active on average")
        self.token.setRange(0, max(0, len(view.tokens) - 1))
        self.token.setValue(len(view.tokens) - 1)
        self.status.setText(f"{plural(len(view.tokens), 'token')} · the gate opens at {view.threshold:.2f}")
        self._show_address()
        self._show_next()

    def _show_address(self, _value: int = 0) -> None:
        if self.seen is None or not self.seen.tokens:
            return
        index = min(self.token.value(), len(self.seen.tokens) - 1)
        self.token_name.setText(f"{index + 1}: {shown_token(self.seen.tokens[index])}")
        matches = self.seen.matches[index]
        names = [short(_named(match), NAME) for match in matches]
        self.address.show_values(
            names,
            [max(0.0, match.cosine) for match in matches],
            [max(0.0, match.address_cosine) for match in matches],
        )
        familiarity = float(self.seen.familiarity[index])
        share = f"{float(self.seen.active[index]):.1%} of the slots in the address"
        used = self.seen.sources[index]
        if used is not None:
            words = f": “{short(used.text, 120)}”" if used.text and used.kind == "document" else ""
            self.match.setText(f"read {_place(used)}{words} · familiarity {familiarity:.2f} · {share}")
        elif matches:
            nearest = _place(matches[0].source)
            self.match.setText(f"nothing was read (familiarity {familiarity:.2f}) · nearest {nearest} · {share}")
        else:
            self.match.setText("Nothing is stored yet.")
        self.match.setToolTip(tip(used.text or "") if used is not None else "")

    def _show_next(self, _index: int = 0) -> None:
        if self.seen is None:
            return
        by_name = {distribution.name: distribution for distribution in self.seen.distributions}
        on, off = by_name.get("all"), by_name.get(self.switch.currentData())
        if on is None:
            return
        if off is None:
            self.next.show_tops(on.top, ())
            return
        first = dict(zip((text for text, _ in off.top), off.before, strict=True)) | dict(on.top)
        second = dict(zip((text for text, _ in on.top), off.p, strict=True)) | dict(off.top)
        names = list(dict.fromkeys(text for pair in zip(on.top, off.top, strict=False) for text, _ in pair))[
            :SHOWN_BARS
        ]
        self.next.show_tops([(name, first[name]) for name in names], [(name, second[name]) for name in names])
        if off.top:
            text, p = off.top[0]
            self.next.setToolTip(tip(f"Switched off, the model would say “{shown_token(text)}” (p {shown_p(p)})."))


def _named(match: RowMatch) -> str:
    """A stored row by where it stands and the token that follows it."""
    source = match.source
    place = source.title if source.kind == "fact" else f"{short(source.title, NAME // 2)}, {source.sentence}"
    return f"{match.token.strip()} · {place}" if match.token.strip() else place


def _place(source: Source) -> str:
    """A source in a few words."""
    return (
        f"the fact “{short(source.title, 60)}”"
        if source.kind == "fact"
        else (f"sentence {source.sentence} of “{short(source.title, 60)}”")
    )
