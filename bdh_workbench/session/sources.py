"""Where rows of a memory come from, for many rows of the same texts."""

from __future__ import annotations

from bdh_workbench.memory.encoding import sentence_spans
from bdh_workbench.memory.state import Memory
from bdh_workbench.session.events import SourceView


class Sources:
    """The sources of a memory's rows; each text is cut into sentences once."""

    def __init__(self, memory: Memory | None) -> None:
        """Nothing is worked out yet."""
        self.memory = memory
        self._spans: dict[int, list[tuple[int, int]]] = {}
        self._found: dict[int, SourceView] = {}
        self._starts: list[int] | None = None  # for each row, the first of those it was written together with

    def of(self, row: int) -> SourceView | None:
        """The source of a row, None for row -1."""
        if row < 0 or self.memory is None:
            return None
        if row not in self._found:
            self._found[row] = self._view(self.memory, row)
        return self._found[row]

    def _view(self, memory: Memory, row: int) -> SourceView:
        number = int(memory.rows.items[row])
        item = memory.items[number]
        sentence = int(memory.rows.sentences[row])
        text = None
        if item.kind == "document" and item.text is not None:
            if number not in self._spans:
                self._spans[number] = sentence_spans(item.text)
            spans = self._spans[number]
            if sentence < len(spans):
                text = " ".join(item.text[slice(*spans[sentence])].split())
        elif item.kind == "fact" and item.prompt:
            space = "" if item.prompt[-1].isspace() else " "
            text = item.prompt + space + item.answer
        return SourceView(item.title, item.kind, sentence + 1, text, row - self._start(memory, row) + 1, number)

    def _start(self, memory: Memory, row: int) -> int:
        if self._starts is None:
            self._starts, start = [], 0
            for place, following in enumerate(memory.rows.following.tolist()):
                self._starts.append(start)
                # The rows of a window stand together, and the last of them has none that follows.
                start = place + 1 if following < 0 else start
        return self._starts[row]
