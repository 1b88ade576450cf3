"""From facts and documents to write items: token ids with the stretch of them that is to be remembered.

A fact gives its prompt and answer, alone and behind a few automatic framings. A document gives its whole text, in
overlapping chunks if it is very long, and a window for each sentence, so that a question without context finds it too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bdh_workbench.inputs.as_read import as_read
from bdh_workbench.inputs.items import Fact, TextDocument, same_text
from bdh_workbench.inputs.sentences import sentence_spans
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.state import ItemRecord
from bdh_workbench.model.tokenizer import Tokenizer

if TYPE_CHECKING:
    from bdh_workbench.model.loading import Model

FRAMINGS = (".", "It is known that this is so.", "Now for something else.")  # put before a fact, one at a time
FRAMING_SHARE = 0.15  # framings are left out where facts with them would take more than this share of the slots
HOPELESS = 64  # characters for each slot from which a write is refused before any work
# Different positions for each slot from which it is refused before the network reads them: a position takes about one.
CROWDED, TOLD_APART = 1.2, 12  # tokens before a position that tell it from others
OVERLAP = 0.25  # share of a chunk that the next one repeats, so that every sentence has context in one of them
LONGEST = 32_768  # tokens of a document that are written as one stretch; the network and the cues know no limit
WINDOW_FIRST = 3  # a window's first target: its first two tokens do not tell sentences apart


@dataclass(frozen=True, slots=True)
class WriteItem:
    """One stretch of tokens to remember, all of it behind what precedes it.

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
    """An item that stands for nothing but itself."""
    return WriteItem(source, tuple(ids), first, (0,) * len(ids), True, tuple(range(len(ids))))


def answer_ids(tokenizer: Tokenizer, prompt: str, answer: str) -> tuple[list[int], list[int]]:
    """Token ids of a prompt and of its answer with the space between them and the end token behind it.

    The two are encoded apart, as the prompt alone is what a person will type, without the spaces that may stand behind
    it: the space between them belongs to the answer's first word.
    """
    prompt, answer = as_read(prompt).rstrip(" "), as_read(answer).strip(" ")
    text = answer if prompt.endswith(("\n", "(", '"', "'", "“")) else " " + answer
    return tokenizer.encode(prompt), [*tokenizer.encode(text), tokenizer.end_id]


def write_items(
    facts: Sequence[Fact], documents: Sequence[TextDocument], model: Model, settings: WriteSettings
) -> list[WriteItem]:
    """All that a write takes in: items of facts and their framings, then of documents and their windows.

    Args:
        facts: their framings are left out where they would crowd the slots of the model (``FRAMING_SHARE``).
        documents: numbered, as sources, behind the facts.
        model: gives the tokenizer, the slots, and the length of windows.
        settings: of the write, which say how many framings a fact gets and whether its paraphrases are written.
    """
    wordings = further_wordings(facts) if settings.write_paraphrases else ()
    items, framings = fact_items(facts, model.tokenizer, 0, wordings), settings.framings
    count = sum(len(item.ids) - item.first for item in items)
    if framings and count * (1 + framings) <= FRAMING_SHARE * model.config.write_slots:
        items = fact_items(facts, model.tokenizer, framings, wordings)
    for item in document_items(documents, model.tokenizer, model.config.context * 2):
        items.append(dataclasses.replace(item, source=item.source + len(facts)))
    return items


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


def characters(facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
    """How many characters a write is asked to take in."""
    return sum(len(f.prompt) + len(f.answer) for f in facts) + sum(len(d.text) for d in documents)


def far_too_much(size: int, slots: int) -> str | None:
    """What to say of so many characters for so many slots where there is no hope; None where there is."""
    if size <= HOPELESS * slots:
        return None
    return f"{size:,} characters are far too much for a memory of {slots:,} slots: write a part."


def too_many(items: Sequence[WriteItem], slots: int) -> str | None:
    """What to say of a write that would need far more positions than there are slots; None where there is hope.

    Positions behind the same dozen tokens are counted once: what repeats itself takes less room.
    """
    different = {
        item.ids[max(0, place - TOLD_APART) : place]
        for item in items
        if item.primary
        for place in range(item.first, len(item.ids))
    }
    if len(different) <= CROWDED * slots:
        return None
    return f"{len(different):,} different positions are too many for a memory of {slots:,} slots: write a part."


def further_wordings(facts: Sequence[Fact]) -> list[tuple[str, ...]]:
    """For each fact those of its paraphrases that can be written: none that is a prompt or was given before."""
    known = {same_text(fact.prompt) for fact in facts}
    found = []
    for fact in facts:
        new = {same_text(one): one for one in reversed(fact.paraphrases) if same_text(one) not in known}
        known |= new.keys()
        found.append(tuple(reversed(new.values())))
    return found


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
            start = tokenizer.encode(" " + as_read(fact.prompt).rstrip(" ")) if number else prompt
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
    documents: Sequence[TextDocument], tokenizer: Tokenizer, context: int, longest: int = LONGEST
) -> list[WriteItem]:
    """Write items of documents: chunks over the whole text, and a window per sentence.

    Every token of a document but its very first is a target in some chunk. The last chunk ends with the end token.
    A text that fits into one chunk is read from its beginning as it was written; behind the border of two chunks the
    cues differ, since they know of all that was read before.

    Args:
        documents: to encode.
        tokenizer: of the model.
        context: tokens of a window at most.
        longest: tokens of a chunk at most.
    """
    items = []
    for source, document in enumerate(documents):
        text = as_read(document.text).strip()
        ids = tokenizer.encode(text)
        spans = sentence_spans(text)
        offsets = tokenizer.offsets(text)
        place_of = {where: place for place, where in enumerate(_endings(offsets))}
        sentence_of = _sentence_of_tokens(offsets, spans)
        ids.append(tokenizer.end_id)
        sentence_of.append(len(spans) - 1)
        reached = 0
        for start, stop in _chunks(sentence_of, longest):
            # What the chunk before has as targets already need not be learnt again from one or two words of context.
            first = max(1, min(WINDOW_FIRST, reached - start, stop - start - 1))
            chunk, where = tuple(ids[start:stop]), tuple(range(start, stop))
            items.append(WriteItem(source, chunk, first, tuple(sentence_of[start:stop]), True, where))
            reached = stop
        for number, (begin, end) in enumerate(spans):
            # A question begins afresh: the window's first word stands at the start of a text, with no space before it.
            window = tokenizer.encode(text[begin:end])[:context]
            if len(window) >= 2:
                first = WINDOW_FIRST if len(window) > WINDOW_FIRST + 1 else 1
                found = [
                    place_of.get((begin + stop, more), -1)
                    for stop, more in _endings(tokenizer.offsets(text[begin:end]))[: len(window)]
                ]
                where = tuple(p if p >= 0 and ids[p] == w else -1 for p, w in zip(found, window, strict=True))
                items.append(WriteItem(source, tuple(window), first, (number,) * len(window), False, where))
    return items


def _endings(offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where each token ends, and how many more end there too: a character may be several tokens."""
    out: list[tuple[int, int]] = []
    for _, end in reversed(offsets):
        out.append((end, out[-1][1] + 1 if out and out[-1][0] == end else 0))
    return out[::-1]


def _sentence_of_tokens(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[int]:
    out, current = [], 0
    for _, end in offsets:
        # A token belongs to the sentence that its last character stands in.
        while current + 1 < len(spans) and end > spans[current + 1][0]:
            current += 1
        out.append(current)
    return out


def _chunks(sentence_of: Sequence[int], longest: int) -> list[tuple[int, int]]:
    """Overlapping stretches (start, stop) of at most ``longest`` tokens that begin at sentences where they can."""
    total = len(sentence_of)
    starts = [0, *(i for i in range(1, total) if sentence_of[i] != sentence_of[i - 1])]
    chunks, start = [], 0
    while True:
        stop = min(total, start + longest)
        if stop < total:
            # Cut behind a sentence if one ends in the second half of the chunk.
            ends = [s for s in starts if start + longest // 2 < s <= stop]
            stop = ends[-1] if ends else stop
        chunks.append((start, stop))
        if stop == total:
            return chunks
        wanted = stop - max(1, int(OVERLAP * longest))
        start = max([s for s in starts if start < s <= wanted], default=max(start + 1, wanted))
