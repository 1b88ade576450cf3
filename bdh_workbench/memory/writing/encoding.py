"""From facts and documents to write items: token ids with the stretch of them that is to be remembered.

A fact gives its prompt and answer, alone and after a few automatic framings. A document gives its whole text in
stretches, and a window for each sentence, so that a question without context finds it too. Whatever belongs
together is a ``Unit``, which goes into one bank of the memory.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bdh_workbench.inputs.as_read import as_read, prompt_as_read
from bdh_workbench.inputs.items import Fact, TextDocument, same_text
from bdh_workbench.inputs.sentences import sentence_spans
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.banks import capacity
from bdh_workbench.memory.store.state import ItemRecord
from bdh_workbench.model.tokenizer import Tokenizer

if TYPE_CHECKING:
    from bdh_workbench.model.config import ModelConfig
    from bdh_workbench.model.loading import Model

FRAMINGS = (".", "It is known that this is so.", "Now for something else.")  # put before a fact, one at a time
FRAMING_SHARE = 0.6  # framings are left out where facts with them would take more than this share of a bank's slots
STRETCH_TOKENS = 512  # tokens of a document that are written as one stretch, at most
LEAD = 128  # tokens before a stretch that its first positions have in view; the longest summary keeps 8% of older ones
WINDOW_FIRST = 3  # a window's first target: its first two tokens do not tell sentences apart


@dataclass(frozen=True, slots=True)
class WriteItem:
    """One stretch of tokens to remember, all of it after what precedes it.

    Attributes:
        source: index of the fact or document it comes from.
        ids: token ids, the end token included where the item ends.
        first: the first id that is a target; those before it are the cue.
        sentences: for each id, the sentence of the source's text that it stands in (0 for a fact).
        primary: whether this is the item itself and not a framing or a window: p is measured on primary items.
        places: for each id, which token of the whole source it is, -1 where it is none of them: a window may cut its
            first word otherwise, and a framing stands before the source.
    """

    source: int
    ids: tuple[int, ...]
    first: int
    sentences: tuple[int, ...]
    primary: bool
    places: tuple[int, ...]

    def words(self, target: int, before: int) -> tuple[int, ...]:
        """The ids of a target, counted from 0, and of so many tokens before it."""
        place = self.first + target
        return self.ids[max(0, place - before) : place + 1]


def alone(source: int, ids: Sequence[int], first: int) -> WriteItem:
    """An item that is not part of another."""
    return WriteItem(source, tuple(ids), first, (0,) * len(ids), True, tuple(range(len(ids))))


def answer_ids(tokenizer: Tokenizer, prompt: str, answer: str) -> tuple[list[int], list[int]]:
    """Token ids of a prompt and of its answer with the space between them and the end token after it.

    The two are encoded apart, as the prompt alone is what a person will type, on one line and without the spaces that
    may stand after it: the space between them belongs to the answer's first word.
    """
    prompt, answer = prompt_as_read(prompt), as_read(answer).strip(" ")
    text = answer if prompt.endswith(("(", '"', "'", "“")) else " " + answer
    return tokenizer.encode(prompt), [*tokenizer.encode(text), tokenizer.end_id]


def write_items(
    facts: Sequence[Fact], documents: Sequence[TextDocument], model: Model, settings: WriteSettings
) -> list[WriteItem]:
    """All that a write takes in: items of facts and their framings, then of documents and their windows.

    Args:
        facts: their framings are left out where they would make many banks of one (``FRAMING_SHARE``).
        documents: numbered, as sources, after the facts.
        model: gives the tokenizer, the slots, and the length of windows.
        settings: of the write, which say how many framings a fact gets and whether its paraphrases are written.
    """
    wordings = further_wordings(facts) if settings.write_paraphrases else ()
    items, framings = fact_items(facts, model.tokenizer, 0, wordings), settings.framings
    count = sum(len(item.ids) - item.first for item in items)
    if framings and count * (1 + framings) <= FRAMING_SHARE * model.config.write_slots:
        items = fact_items(facts, model.tokenizer, framings, wordings)
    for item in document_items(documents, model.tokenizer, *document_sizes(model.config)):
        items.append(dataclasses.replace(item, source=item.source + len(facts)))
    return items


def document_sizes(config: ModelConfig) -> tuple[int, int]:
    """Tokens of a window and of a stretch at most, as ``document_items`` takes them: a stretch fits into a bank."""
    return config.context * 2, min(STRETCH_TOKENS, capacity(config.write_slots))


def document_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """Token ids of a document's text as it is read, without the end token."""
    return tokenizer.encode(as_read(text).strip())


def item_records(
    facts: Sequence[Fact], documents: Sequence[TextDocument], items: Sequence[WriteItem], layer: int, keep_words: bool
) -> list[ItemRecord]:
    """What a memory notes of the facts and documents that these write items are of."""
    counts = [0] * (len(facts) + len(documents))
    for item in items:
        if item.primary:  # the last place is that of the end token, and chunks overlap
            counts[item.source] = max(counts[item.source], item.places[-1])
    records = []
    for index, fact in enumerate(facts):
        title = fact.prompt if keep_words else f"fact {index + 1} of layer {layer}"
        prompt, answer = (fact.prompt, fact.answer) if keep_words else ("", "")
        records.append(ItemRecord("fact", title, prompt, answer, None, layer, counts[index], 0.0, 0.0))
    for place, document in enumerate(documents):
        title = document.title if keep_words else f"document {place + 1} of layer {layer}"
        text = document.text.strip() if keep_words else None
        records.append(ItemRecord("document", title, "", "", text, layer, counts[len(facts) + place], 0.0, 0.0))
    return records


@dataclass(frozen=True, slots=True)
class Unit:
    """Write items that go into one bank: a fact with its framings, or a stretch of a document with its windows."""

    items: tuple[WriteItem, ...]

    @property
    def positions(self) -> int:
        """Targets of all items."""
        return sum(len(item.ids) - item.first for item in self.items)

    @property
    def primary(self) -> int:
        """Targets of the fact or the stretch itself."""
        return sum(len(item.ids) - item.first for item in self.items if item.primary)


def units_of(items: Sequence[WriteItem]) -> list[Unit]:
    """Write items in units, of which each begins with a primary item."""
    starts = [place for place, item in enumerate(items) if item.primary]
    return [Unit(tuple(items[a:b])) for a, b in zip(starts, [*starts[1:], len(items)], strict=True)]


def characters(facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
    """How many characters a write is given."""
    return sum(len(f.prompt) + len(f.answer) for f in facts) + sum(len(d.text) for d in documents)


def further_wordings(facts: Sequence[Fact]) -> list[tuple[str, ...]]:
    """For each fact those of its paraphrases that can be written: none that is a prompt or was given before."""
    known = {same_text(fact.prompt) for fact in facts}
    wordings = []
    for fact in facts:
        new = {same_text(one): one for one in reversed(fact.paraphrases) if same_text(one) not in known}
        known |= new.keys()
        wordings.append(tuple(reversed(new.values())))
    return wordings


def fact_items(
    facts: Sequence[Fact], tokenizer: Tokenizer, framings: int, wordings: Sequence[Sequence[str]] = ()
) -> list[WriteItem]:
    """Write items of facts: each alone, after the first ``framings`` framings, and after its further wordings."""
    items = []
    for source, fact in enumerate(facts):
        prompt, answer = answer_ids(tokenizer, fact.prompt, fact.answer)
        for number in range(framings + 1):
            before = tokenizer.encode(FRAMINGS[number - 1]) if number else []
            # Behind a framing the prompt follows a space, as it does in running text.
            start = tokenizer.encode(" " + prompt_as_read(fact.prompt)) if number else prompt
            ids = (*before, *start, *answer)
            first = len(ids) - len(answer)
            places = (*(-1,) * first, *range(len(prompt), len(prompt) + len(answer)))
            items.append(WriteItem(source, ids, first, (0,) * len(ids), number == 0, places))
        for wording in wordings[source] if wordings else ():
            start, said = answer_ids(tokenizer, wording, fact.answer)
            ids, first = (*start, *said), len(start)
            # After a quotation mark the answer has no space before it, and may be other tokens.
            own = range(len(prompt), len(prompt) + len(said)) if said == answer else (-1,) * len(said)
            items.append(WriteItem(source, ids, first, (0,) * len(ids), False, (*(-1,) * first, *own)))
    return items


def document_items(
    documents: Sequence[TextDocument],
    tokenizer: Tokenizer,
    context: int,
    longest: int = STRETCH_TOKENS,
    lead: int = LEAD,
) -> list[WriteItem]:
    """Write items of documents: each stretch of the text, followed by the windows of the sentences that begin in it.

    Every token of a document but its very first is a target in one stretch. The last stretch ends with the end token.
    The ids of a stretch begin with those of up to ``lead`` tokens before it, which are no targets: its cues depend on
    them and not on all that was read before, so that they can be worked out again from the stretch alone.

    Args:
        documents: to encode.
        tokenizer: of the model.
        context: tokens of a window at most.
        longest: tokens of a stretch at most.
        lead: tokens before it.
    """
    items = []
    for source, document in enumerate(documents):
        text = as_read(document.text).strip()
        ids, offsets = tokenizer.encode_with_spans(text)
        spans = sentence_spans(text)
        place_of = {where: place for place, where in enumerate(_endings(offsets))}
        sentence_of = _sentence_of_tokens(offsets, spans)
        ids.append(tokenizer.end_id)
        sentence_of.append(len(spans) - 1)
        begins = [min(bisect.bisect_left(sentence_of, number), len(ids) - 1) for number in range(len(spans))]
        for start, stop in _stretches(sentence_of, longest):
            before = max(0, start - lead)
            chunk, where = tuple(ids[before:stop]), tuple(range(before, stop))
            first = max(1, start - before)
            items.append(WriteItem(source, chunk, first, tuple(sentence_of[before:stop]), True, where))
            for sentence in range(bisect.bisect_left(begins, start), bisect.bisect_left(begins, stop)):
                begin, end = spans[sentence]
                # A question begins afresh: the window's first word stands at the start of a text, without a space.
                window, inside = tokenizer.encode_with_spans(text[begin:end])
                window = window[:context]
                if len(window) < 2:
                    continue
                first = WINDOW_FIRST if len(window) > WINDOW_FIRST + 1 else 1
                ends = [place_of.get((begin + stop, more), -1) for stop, more in _endings(inside)[: len(window)]]
                where = tuple(p if p >= 0 and ids[p] == w else -1 for p, w in zip(ends, window, strict=True))
                items.append(WriteItem(source, tuple(window), first, (sentence,) * len(window), False, where))
    return items


def _endings(offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where each token ends, and how many more end there too: a character may be several tokens."""
    endings: list[tuple[int, int]] = []
    for _, end in reversed(offsets):
        endings.append((end, endings[-1][1] + 1 if endings and endings[-1][0] == end else 0))
    return endings[::-1]


def _sentence_of_tokens(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[int]:
    sentences, current = [], 0
    for _, end in offsets:
        # A token belongs to the sentence that its last character stands in.
        while current + 1 < len(spans) and end > spans[current + 1][0]:
            current += 1
        sentences.append(current)
    return sentences


def _stretches(sentence_of: Sequence[int], longest: int) -> list[tuple[int, int]]:
    """Stretches (start, stop) of at most ``longest`` tokens, one after the other, cut after sentences if possible."""
    total = len(sentence_of)
    stretches, start = [], 0
    while True:
        stop = min(total, start + longest)
        if stop < total:
            # Cut after a sentence if one ends in the second half of the stretch.
            ends = [i for i in range(start + longest // 2 + 1, stop + 1) if sentence_of[i] != sentence_of[i - 1]]
            stop = ends[-1] if ends else stop
        stretches.append((start, stop))
        if stop == total:
            return stretches
        start = stop
