"""A long text to read in, with a sentence marked, words found, and shades where it is recited unsurely."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QTimer, Signal
from PySide6.QtGui import QColor, QHelpEvent, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QToolTip

from bdh_workbench.gui.look.colours import LIGHT, Colours, mixed
from bdh_workbench.gui.look.widgets import WholeLines
from bdh_workbench.gui.look.words import shown_p
from bdh_workbench.harmless import harmless_places
from bdh_workbench.session.records.events import TokenHeat

SHADED_PART = 60_000  # characters that are put in at once: more would hold the window up
UNSURE_SHADED, WEAK_RED = 0.9, 0.5  # probabilities under which a token is shaded, and under which it is red
Span = tuple[int, int]


def utf16(text: str) -> npt.NDArray[np.int64] | None:
    """For each character its place as Qt counts, in halves of wide characters; None where both counts agree."""
    if text.isascii():
        return None
    wide = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32) > 0xFFFF
    if not wide.any():
        return None
    return np.concatenate(([0], np.cumsum(1 + wide.astype(np.int64))))


class TextView(WholeLines):
    """Read-only. Places are characters of the text that was shown."""

    filled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAccessibleName("Text of the memory")
        self.setTabChangesFocus(True)
        self.viewport().setMouseTracking(True)
        self._colours = LIGHT
        self._whole, self._shown, self._put = "", "", 0
        self._places: npt.NDArray[np.int64] | None = None
        self._heat: list[TokenHeat] = []
        self._weak: list[TokenHeat] = []
        self._starts: list[int] = []
        self._marked: Span | None = None
        self._answer: Span | None = None
        self._found: list[Span] = []
        self._wanted: int | None = None  # place to be scrolled to once it is there
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fill)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._shade())

    def show_text(self, text: str) -> None:
        """Show a text from its beginning; the rest of a long one comes while the window lives on."""
        self._whole, self._put = text, 0
        self._shown = harmless_places(text)
        self._places = utf16(self._shown)
        self._marked = self._answer = self._wanted = None
        self._found, self._heat, self._weak, self._starts = [], [], [], []
        self.setExtraSelections([])
        self.clear()
        self._fill()

    @property
    def whole(self) -> str:
        """The text, whether or not all of it is there yet."""
        return self._whole

    def _fill(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(self._shown[self._put : self._put + SHADED_PART])
        self._put += SHADED_PART
        if self._wanted is not None:
            self._go(self._wanted)
        self._shade()
        if self._put < len(self._whole):
            self._timer.start(0)
        else:
            self.filled.emit()

    # Marks

    def mark(self, sentence: Span | None, answer: Span | None = None) -> None:
        """Mark a sentence, and the answer in it, and bring it into sight."""
        self._marked, self._answer = sentence, answer
        if sentence is not None:
            self._go(sentence[0])
        self._shade()

    def set_heat(self, heat: Sequence[TokenHeat]) -> None:
        """Shade what is recited unsurely."""
        self._heat = list(heat)
        self._weak = [token for token in self._heat if token.p < UNSURE_SHADED]
        self._starts = [token.start for token in self._heat]
        self._shade()

    @property
    def marked(self) -> Span | None:
        """The sentence that is marked."""
        return self._marked

    @property
    def weak(self) -> int:
        """How many tokens are shaded."""
        return len(self._weak)

    def find_all(self, words: str) -> int:
        """Mark every place of these words, whatever their case; returns how many there are."""
        self._found = []
        wanted, text = words.casefold(), self._whole.casefold()
        if wanted and len(text) == len(self._whole):  # in a few languages folding changes the length
            place = text.find(wanted)
            while place >= 0 and len(self._found) < 10_000:
                self._found.append((place, place + len(wanted)))
                place = text.find(wanted, place + len(wanted))
        self._shade()
        return len(self._found)

    def go_to_found(self, number: int) -> None:
        """Bring a place that was found into sight, and select it."""
        if self._found:
            start, stop = self._found[number % len(self._found)]
            self._go(start)
            cursor = self.textCursor()
            cursor.setPosition(self._qt(start))
            cursor.setPosition(self._qt(stop), QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._colours = colours
        self._shade()

    # Inside

    def _qt(self, place: int) -> int:
        return place if self._places is None else int(self._places[min(place, len(self._places) - 1)])

    def _character(self, place: int) -> int:
        """The character at a place as Qt counts."""
        return place if self._places is None else int(np.searchsorted(self._places, place))

    def _go(self, place: int) -> None:
        if place >= min(self._put, len(self._whole)) and self._put < len(self._whole):
            self._wanted = place
            return
        self._wanted = None
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._qt(place))
        self.setTextCursor(cursor)
        self.centerCursor()

    def _sight(self) -> Span:
        first = self.cursorForPosition(QPoint(0, 0)).position()
        last = self.cursorForPosition(QPoint(self.viewport().width(), self.viewport().height())).position()
        return self._character(first), self._character(last) + 1

    def _shade(self) -> None:
        """Put the marks into what can be seen: thousands at once would be slow."""
        first, last = self._sight()
        colours, marks = self._colours, []
        if self._marked is not None:
            marks.append(self._mark(self._marked, mixed(colours.good, colours.raised, 0.22), ""))
        for token in self._weak[bisect_left([token.start for token in self._weak], first) :]:
            if token.start > last:
                break
            tone = colours.bad if token.p < WEAK_RED else colours.warning
            marks.append(self._mark((token.start, token.stop), mixed(tone, colours.raised, 0.28), ""))
        for span in self._found:
            if first <= span[1] and span[0] <= last:
                marks.append(self._mark(span, mixed(colours.accent, colours.raised, 0.35), ""))
        if self._answer is not None:
            marks.append(self._mark(self._answer, mixed(colours.good, colours.raised, 0.4), "bold"))
        self.setExtraSelections(marks)

    def _mark(self, span: Span, colour: str, weight: str) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        form = QTextCharFormat()
        form.setBackground(QColor(colour))
        if weight:
            form.setFontWeight(700)
        cursor = QTextCursor(self.document())
        end = max(0, self.document().characterCount() - 1)
        cursor.setPosition(min(end, self._qt(span[0])))
        cursor.setPosition(min(end, self._qt(span[1])), QTextCursor.MoveMode.KeepAnchor)
        made.cursor, made.format = cursor, form
        return made

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less of the text is in sight."""
        super().resizeEvent(event)
        self._shade()

    def event(self, event: QEvent) -> bool:
        """Say how surely the token under the mouse is recited."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._heat:
            place = self._character(self.cursorForPosition(self.viewport().mapFromGlobal(event.globalPos())).position())
            index = bisect_left(self._starts, place + 1) - 1
            if 0 <= index < len(self._heat) and place <= self._heat[index].stop:
                QToolTip.showText(event.globalPos(), f"recited with p {shown_p(self._heat[index].p)}", self)
            return True
        return super().event(event)
