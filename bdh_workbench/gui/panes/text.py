"""The Text pane: the texts of a memory, item by item, with an answer's source marked and a heat of recital."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from bdh_workbench.gui.look.widgets import Pane, clearable, flat_button, note, row, set_tone
from bdh_workbench.gui.look.words import plural, short
from bdh_workbench.gui.parts.text_view import Span, TextView
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.inputs.sentences import sentence_spans
from bdh_workbench.reading.sources import Source
from bdh_workbench.reading.units import WORD
from bdh_workbench.session.records.events import (
    ItemRecited,
    JobCancelled,
    JobFailed,
    JobQueued,
    MemoryInspected,
    TokenHeat,
)
from bdh_workbench.session.records.jobs import InspectMemory, ReciteItem
from bdh_workbench.session.records.views import MemoryView
from bdh_workbench.session.storage.searching import Hit

if TYPE_CHECKING:
    from bdh_workbench.memory.store.state import ItemRecord

NO_TEXT = (
    "The memory's texts appear here, item by item. Write something, or load a memory from the library; an "
    "answer's source then leads to its sentence."
)
NO_WORDS = "The file does not contain the words of this item: it is read from the memory alone."
SOON = 700  # milliseconds without anything else to do, after which the text is recited
SHORT = 4000  # tokens up to which that is done unasked


@dataclass(frozen=True, slots=True)
class Page:
    """A text that is shown at once: a document, or all facts, one a line.

    Attributes:
        title: of it.
        text: of it.
        items: (index in the memory, where it begins in the text) of each item, in order.
    """

    title: str
    text: str
    items: tuple[tuple[int, int], ...]


def pages_of(items: tuple[ItemRecord, ...]) -> list[Page]:
    """The pages of a memory: its documents in order, then its facts on one page."""
    pages, lines, starts, place = [], [], [], 0
    for number, item in enumerate(items):
        if item.kind == "document":
            pages.append(Page(item.title, item.text or NO_WORDS, ((number, 0),)))
            continue
        space = "" if not item.prompt or item.prompt[-1].isspace() else " "
        line = f"{item.prompt or item.title}{space}{item.answer}"
        starts.append((number, place))
        lines.append(line)
        place += len(line) + 2
    if lines:
        pages.append(Page(plural(len(lines), "fact"), "\n\n".join(lines), tuple(starts)))
    return pages


class TextPane(Pane):
    """One page at a time."""

    title = "Text"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.pages: list[Page] = []
        self._items: tuple[ItemRecord, ...] = ()
        self._other: Path | None = None  # file of the memory that is shown, None for the one in use
        self._hit: tuple[int, Hit, str] | None = None  # job, hit and words of a search that is being opened
        self._job = 0
        self._heat: dict[int, tuple[TokenHeat, ...]] = {}  # by item, of the memory in use
        self._spans: dict[int, list[Span]] = {}
        self._filling = False
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Which item of the memory is shown")
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.chooser.setMinimumContentsLength(12)
        self.chooser.setPlaceholderText("Nothing stored yet")
        self.chooser.currentIndexChanged.connect(self._chosen)
        self.back_button = flat_button("back", "Show the memory in use again", self.back)
        self.edit_button = flat_button("edit", "Change this item and write it again", self.edit)
        self.find_button = flat_button("find", "Find words in this text (Ctrl+F)", self.start_find)
        self.heat_button = flat_button(
            "heat", "Shade words that are recited less surely: amber below p 0.9, red below 0.5"
        )
        self.heat_button.setCheckable(True)
        self.heat_button.setChecked(True)
        self.heat_button.toggled.connect(lambda _on: self._show_heat())
        self.view = TextView()
        self.view.setPlaceholderText(NO_TEXT)
        context.paint(self.view.set_colours)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Find in this text")
        self.line.setAccessibleName("Words to find in the text")
        clearable(self.line, self._end_find)
        self.line.textChanged.connect(self._find)
        self.line.returnPressed.connect(lambda: self._step(1))
        self.count = note("", "Matches found")
        self.count.setWordWrap(False)
        self._place = 0
        back = flat_button("▴", "Previous match", lambda: self._step(-1))
        on = flat_button("▾", "Next match (Enter)", lambda: self._step(1))
        close = flat_button("✕", "Close the search", self._end_find)
        self.finder = QWidget()
        self.finder.setLayout(row(self.line, self.count, back, on, close, spacing=2))
        self.finder.setVisible(False)
        self.foot = note("", "How surely the text is recited")
        self.recite_button = flat_button("recite", "See how surely this long text is recited", self._recite)
        self.recite_button.setVisible(False)
        heading = row(self.chooser, self.back_button, self.edit_button, self.find_button, self.heat_button, spacing=2)
        heading.setStretch(0, 1)
        self.column.addLayout(heading)
        self.column.addWidget(self.finder)
        self.column.addWidget(self.view, 1)
        foot = row(self.foot, self.recite_button)
        foot.setStretch(0, 1)
        self.column.addLayout(foot)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOON)
        self._timer.timeout.connect(self._recite)
        state, bridge = context.state, context.bridge
        state.memory_changed.connect(self._memory_changed)
        state.source_opened.connect(self.show_source)
        state.source_found.connect(self._follow_answer)
        state.item_opened.connect(self.show_item)
        state.hit_opened.connect(self._open_hit)
        bridge.on(MemoryInspected, self._inspected)
        bridge.on(ItemRecited, self._recited)
        bridge.on(JobQueued, self._queued)
        bridge.on(JobFailed, self._stopped)
        bridge.on(JobCancelled, self._stopped)
        self._show_pages()

    def take_focus(self) -> None:
        """Into the text."""
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """What was not recited while nobody saw it is recited now."""
        super().showEvent(event)
        self._show_heat()

    # Pages

    def _memory_changed(self, view: MemoryView) -> None:
        if view.items is self._items and self._other is None:
            return
        self._other, self._hit = None, None
        self._heat.clear()
        self._show(view.items)

    def _show(self, items: tuple[ItemRecord, ...]) -> None:
        before = self.pages[self.chooser.currentIndex()] if self.pages and self.chooser.currentIndex() >= 0 else None
        self._items, self.pages = items, pages_of(items)
        self._spans.clear()
        if not self.pages:
            self.finder.setVisible(False)
        titles = [page.title for page in self.pages]
        self._show_pages(titles.index(before.title) if before is not None and before.title in titles else 0, before)

    def _show_pages(self, index: int = 0, before: Page | None = None) -> None:
        self._filling = True
        self.chooser.clear()
        self.chooser.addItems([short(page.title, 60) for page in self.pages])
        self.chooser.setCurrentIndex(index if self.pages else -1)
        self._filling = False
        for widget in (self.chooser, self.edit_button, self.find_button, self.heat_button):
            widget.setEnabled(bool(self.pages))
        self.back_button.setVisible(self._other is not None)
        self.edit_button.setVisible(self._other is None)
        self.heat_button.setVisible(self._other is None)
        where = "" if self._other is None else f"{short(self._other.stem, 30)} (not loaded)"
        self.status.setText(where)
        set_tone(self.status, "warning" if where else "")
        self._show_page(before)

    def _page(self) -> Page | None:
        index = self.chooser.currentIndex()
        return self.pages[index] if 0 <= index < len(self.pages) else None

    def _chosen(self, _index: int) -> None:
        if not self._filling:
            self._show_page()

    def _show_page(self, before: Page | None = None) -> None:
        page = self._page()
        if page is None or before is None or page.text != before.text:
            self.view.show_text(page.text if page is not None else "")
        self._show_heat()
        if not self.finder.isHidden():
            self._find(self.line.text())

    def _find_page(self, number: int) -> Page | None:
        """Show the page that an item is on."""
        for index, page in enumerate(self.pages):
            if any(item == number for item, _ in page.items):
                if index != self.chooser.currentIndex():
                    self.chooser.setCurrentIndex(index)
                return page
        return None

    def show_item(self, number: int) -> None:
        """Show an item of the memory in use."""
        self._use_own()
        page = self._find_page(number)
        if page is not None and len(page.items) > 1:
            self.view.mark(self._line_of(page, number))

    def back(self) -> None:
        """Leave a memory that a search has shown: the one in use is shown again."""
        self._use_own()
        self._end_find()

    def _use_own(self) -> None:
        memory = self.context.memory
        if self._other is not None:
            self._other = None
            self._show(memory.items if memory is not None else ())

    @staticmethod
    def _line_of(page: Page, number: int) -> Span:
        start = dict(page.items)[number]
        stop = page.text.find("\n\n", start)
        return start, stop if stop >= 0 else len(page.text)

    def _follow_answer(self, source: Source | None) -> None:
        """Mark the source of an answer, unless a person reads or looks for something else here.

        An answer without a source leaves no sentence marked: that of the question before would seem to be its own.
        """
        if source is None:
            self.view.mark(None)
        elif self.isVisible() and self._other is None and not (self.view.hasFocus() or self.line.hasFocus()):
            self.show_source(source)

    def _item_of(self, source: Source) -> int:
        """The place of a source's item in the memory as it is now; -1 where it is gone.

        An answer of yesterday, or before something was forgotten, counts the items as they were.
        """
        items = self._items
        if source.item < len(items) and items[source.item].title == source.title:
            return source.item
        alike = (n for n, item in enumerate(items) if (item.kind, item.title) == (source.kind, source.title))
        return next(alike, -1)

    def show_source(self, source: Source, answer: str = "") -> None:
        """Show where an answer comes from: its sentence is marked and scrolled to."""
        self._use_own()
        number = self._item_of(source)
        page = self._find_page(number)
        if page is None:
            self.context.say("The source is no longer in the memory.")
            return
        if source.kind == "fact":
            self.view.mark(self._line_of(page, number))
            return
        text = page.text

        def mark(spans: list[Span]) -> None:
            self._spans[number] = spans
            now = self._page()
            if now is None or now.text != text or not 0 < source.sentence <= len(spans):
                return
            self.view.mark(spans[source.sentence - 1])

        known = self._spans.get(number)
        if known is not None:
            mark(known)
        else:  # a whole book is cut into sentences elsewhere
            self.context.background.run(lambda: sentence_spans(text), mark)

    # Other memories

    def _open_hit(self, hit: Hit, words: str) -> None:
        memory = self.context.memory
        if memory is not None and memory.path == hit.path:
            self.show_item(hit.item)
            self._show_words(words)
        else:
            self._hit = (self.context.submit(InspectMemory(hit.path), quiet=True), hit, words)

    def _inspected(self, event: MemoryInspected) -> None:
        if self._hit is None or event.job != self._hit[0]:
            return
        _, hit, words = self._hit
        self._hit, self._other = None, event.path
        self._show(event.view.items)
        self._find_page(hit.item)
        self._show_words(words)

    def _show_words(self, words: str) -> None:
        """Mark the first of the words that stands in the text as it was typed."""
        self.finder.setVisible(True)
        parts = WORD.findall(words)
        whole = words.strip() if words.strip().casefold() in self.view.whole.casefold() else next(iter(parts), "")
        self.line.setText(whole)
        self._find(whole)

    # Finding

    def start_find(self) -> None:
        """Open the line to find words in."""
        self.finder.setVisible(True)
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def _end_find(self) -> None:
        self.finder.setVisible(False)
        self.view.find_all("")
        self.take_focus()

    def _find(self, words: str) -> None:
        count = self.view.find_all(words)
        self._place = 0
        self.count.setText((f"1 of {count:,}" if count else "not found") if words else "")
        self.view.go_to_found(0)

    def _step(self, step: int) -> None:
        count = self.view.find_all(self.line.text())
        if count:
            self._place = (self._place + step) % count
            self.count.setText(f"{self._place + 1:,} of {count:,}")
            self.view.go_to_found(self._place)

    # Editing

    def edit(self) -> None:
        """Change what is shown and write it again; of facts the one that the cursor is in."""
        page = self._page()
        if page is None or self._other is not None:
            return
        place = self.view.textCursor().position()
        number = [item for item, start in page.items if start <= place or start == 0][-1]
        if self._items[number].kind == "document" and self._items[number].text is None:
            self.context.say(NO_WORDS)
            return
        self.context.state.item_edited.emit(self._items[number])

    # Heat

    def _numbers(self) -> list[int]:
        page = self._page()
        return [number for number, _ in page.items] if page is not None and self._other is None else []

    def _show_heat(self) -> None:
        page = self._page()
        self.recite_button.setVisible(False)
        if page is None or self._other is not None or not self.heat_button.isChecked():
            self.view.set_heat(())
            self.foot.setText("")
            return
        tokens = [
            TokenHeat(token.start + start, token.stop + start, token.p)
            for number, start in page.items
            for token in self._heat.get(number, ())
        ]
        self.view.set_heat(tokens)
        missing = [number for number, _ in page.items if number not in self._heat]
        long = bool(missing) and sum(self._items[number].tokens for number in missing) > SHORT
        self.recite_button.setVisible(long and not self._job)
        if long:
            self.foot.setText("A long text is recited when you ask for it.")
        elif missing:
            self.foot.setText("Reciting soon …" if self.context.model is not None else "")
            self._timer.start()
        elif self.view.weak:
            share = self.view.weak / max(1, len(tokens))
            self.foot.setText(f"{plural(self.view.weak, 'token')} shaded ({share:.1%}): recited with p under 0.9")
        else:
            self.foot.setText("Recited without a mistake.")

    def _recite(self) -> None:
        """Recite the next item of the page that was not recited yet, if nothing else is to be done."""
        waiting = [number for number in self._numbers() if number not in self._heat]
        if not waiting or not self.isVisible() or self.context.model is None or not self.heat_button.isChecked():
            return
        if self.context.jobs.unfinished:
            self._timer.start()
            return
        kept = [number for number in waiting if self._items[number].text or self._items[number].prompt]
        if kept:
            self._job = self.context.submit(ReciteItem(kept[0]), quiet=True)
            self.foot.setText("Reciting …")
            self.recite_button.setVisible(False)

    def _recited(self, event: ItemRecited) -> None:
        if event.job != self._job:
            return
        if event.done < 1.0:
            self.foot.setText(f"Reciting: {event.done:.0%}")
            if len(self._numbers()) == 1:
                self.view.set_heat(event.tokens)
            return
        self._heat[event.item] = event.tokens
        self._job = 0
        waiting = [number for number in self._numbers() if number not in self._heat]
        if waiting and not self.context.jobs.unfinished - {event.job}:
            self._job = self.context.submit(ReciteItem(waiting[0]), quiet=True)
        self._show_heat()

    def _queued(self, event: JobQueued) -> None:
        """Whatever a person asks for goes first."""
        if self._job and event.job != self._job:
            self.context.jobs.cancel(self._job)

    def _stopped(self, event: JobFailed | JobCancelled) -> None:
        if event.job == self._job:
            self._job = 0
            self._timer.start()
