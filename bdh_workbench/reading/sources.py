"""Where rows of a memory come from. Importing this does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bdh_workbench.inputs.as_read import as_read
from bdh_workbench.inputs.sentences import sentence_spans

if TYPE_CHECKING:
    from bdh_workbench.memory.store.state import Memory


@dataclass(frozen=True, slots=True)
class Source:
    """Where a read comes from.

    Attributes:
        title: of the item.
        kind: ``fact`` or ``document``.
        sentence: of the item's text, from 1.
        text: that sentence as it is read, or the fact's words; None where the words were not kept.
        position: place of the row, from 1, among those that were written together: of a fact's answer, or of a
            stretch of a document's text (a chunk, or one sentence), whose first tokens have none.
        item: index into the items of the memory.
    """

    title: str
    kind: str
    sentence: int
    text: str | None
    position: int
    item: int


class Sources:
    """The sources of a memory's rows; each text is cut into sentences once."""

    def __init__(self, memory: Memory | None) -> None:
        """Nothing is worked out yet."""
        self.memory = memory
        self._spans: dict[int, list[tuple[int, int]]] = {}
        self._found: dict[int, Source] = {}

    def of(self, row: int) -> Source | None:
        """The source of a row, None for row -1."""
        if row < 0 or self.memory is None:
            return None
        if row not in self._found:
            self._found[row] = self._source(self.memory, row)
        return self._found[row]

    def _source(self, memory: Memory, row: int) -> Source:
        number = int(memory.rows.items[row])
        item = memory.items[number]
        sentence = int(memory.rows.sentences[row])
        text = None
        if item.kind == "document" and item.text is not None:
            if number not in self._spans:
                self._spans[number] = sentence_spans(item.text)
            spans = self._spans[number]
            if sentence < len(spans):
                text = " ".join(as_read(item.text[slice(*spans[sentence])]).split())
        elif item.kind == "fact" and item.prompt:
            space = "" if item.prompt[-1].isspace() else " "
            text = item.prompt + space + item.answer
        return Source(item.title, item.kind, sentence + 1, text, row - self._start(memory, row) + 1, number)

    def _start(self, memory: Memory, row: int) -> int:
        """The first of the rows that a row was written together with."""
        # The rows of a window stand together, and the last of them has none that follows.
        ends = (memory.rows.following[:row] < 0).nonzero()
        return int(ends[-1]) + 1 if len(ends) else 0
