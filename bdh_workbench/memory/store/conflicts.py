"""Which items are the same, and which cannot both be true, among stored items, new ones, and those of a merge.

- A fact conflicts with another answer to its prompt (``items.prompt_key``). One whose prompt differs in upper and lower
  case alone is no conflict, as “MW” and “mW” are two units, but may be one to a person, who is told of it.
- A document conflicts with one that it is a version of: most of both stands in sentences that they share, or that begin
  alike and then differ.

Importing this does not import torch.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.formats import merge_duplicates
from bdh_workbench.inputs.items import Fact, TextDocument, prompt_key, same_text
from bdh_workbench.inputs.sentences import sentences_of
from bdh_workbench.wording import plural, shortened

if TYPE_CHECKING:  # it loads torch
    from bdh_workbench.memory.settings import WriteSettings
    from bdh_workbench.memory.store.state import ItemRecord, LayerRecord, Memory

# Shares of words from which one document is a version of another, measured on invented texts by
# tests/memory/test_conflicts.py: found are all versions with a quarter of their sentences changed, 96% with half of
# them changed, and no text of the same form about another subject, which shares 43% at most, boilerplate included.
SHARED_WORDS = 0.5  # of either, in sentences that both have, or that were changed
SHARED_TITLED = 0.25  # where both have one title: 98% with three quarters changed; parts of one work stay apart
SHARED_APART = 0.75  # in sentences that both have, where each names its own title
# Of a sentence that was changed, before the change and in all: 99.9% of statements with another answer, none with
# another subject and another answer, 9% with another subject and the same answer.
BEGINNING, IN_ALL = 0.6, 0.7
PREFIX = 3  # words by which such a sentence is looked for
NAMED_THINGS = 5  # things that a message names at most
BESIDE = {
    "fact": "stored beside another answer to a prompt that differs only in upper and lower case",
    "document": "stored beside another of its title or text",
}
# Scripts without spaces are compared by characters; 2.10 is one word.
_WORD = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0003ffff]|\\d+(?:[.,]\\d+)*|\\w+")

Words = tuple[str, ...]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact or a document, wherever it comes from.

    Attributes:
        place: what identifies it: the number of its container, and its own number there.
        kind: ``fact`` or ``document``.
        name: prompt of a fact, title of a document.
        said: its answer or text; empty where the words are not kept.
        off: number of its layer where that is switched off, else 0.
        reworded: whether other wordings of it are written too.
    """

    place: Place
    kind: str
    name: str
    said: str
    off: int = 0
    reworded: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What two entries that are the same have in common."""
        return self.kind, prompt_key(self.name) if self.kind == "fact" else "", same_text(self.said)


def entry_of(item: ItemRecord, place: Place, layer: LayerRecord | None = None) -> Entry:
    """A stored item, and of which layer it is where that matters."""
    fact = item.kind == "fact"
    name, said = (item.prompt, item.answer) if fact else (item.title, item.text or "")
    if layer is None:
        return Entry(place, item.kind, name, said)
    off = 0 if layer.enabled else layer.number
    return Entry(place, item.kind, name, said, off, fact and layer.settings.get("write_paraphrases") is True)


def entries_of(memory: Memory, number: int = 0) -> list[Entry]:
    """What a memory holds; its number is a part of their places."""
    layers = {layer.number: layer for layer in memory.layers}
    return [entry_of(item, (number, index), layers.get(item.layer)) for index, item in enumerate(memory.items)]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two entries that are the same or cannot both be true: the one that stays, and the other."""

    stays: Entry
    other: Entry

    def told(self, word: str = "instead of") -> str:
        """The two in a few words, with the given one between them."""
        off = max(self.stays.off, self.other.off)
        where = f" (in layer {off}, which is switched off)" if off else ""
        if self.stays.key == self.other.key or (self.stays.kind == "document" and self.stays.name == self.other.name):
            return f"“{shortened(self.stays.name)}”{where}"
        if self.stays.kind == "document":
            return f"“{shortened(self.stays.name)}” {word} “{shortened(self.other.name)}”{where}"
        said, other = shortened(self.stays.said), shortened(self.other.said)
        return f"“{shortened(self.stays.name)}”: “{said}” {word} “{other}”{where}"

    def record(self) -> dict[str, str]:
        """The two as plain values for JSON: what stays, and the answer of the other or, of a document, its title."""
        if self.stays.kind == "document":
            return {"kind": "document", "name": self.stays.name, "other": self.other.name}
        return {"kind": "fact", "name": self.stays.name, "answer": self.stays.said, "other": self.other.said}


class Shelf:
    """Entries that can be searched for those that are the same as another, or conflict with it."""

    def __init__(self) -> None:
        """Nothing."""
        self._same: dict[tuple[str, str, str], dict[Place, Entry]] = {}
        self._answers: dict[str, dict[Place, Entry]] = {}
        self._whatever_case: dict[str, dict[Place, Entry]] = {}
        self._documents: dict[Place, tuple[Entry, list[Words]]] = {}
        self._sharing: dict[Words, set[Place]] = {}

    def put(self, entry: Entry) -> None:
        """Add one; without its words it cannot be compared, and is left out."""
        if not entry.said:
            return
        self._same.setdefault(entry.key, {})[entry.place] = entry
        if entry.kind == "fact":
            self._answers.setdefault(prompt_key(entry.name), {})[entry.place] = entry
            self._whatever_case.setdefault(_caseless(entry), {})[entry.place] = entry
            return
        sentences = sentence_words(entry.said)
        self._documents[entry.place] = entry, sentences
        for words in sentences:
            self._sharing.setdefault(words[:PREFIX], set()).add(entry.place)

    def take(self, entry: Entry) -> None:
        """Take one away."""
        del self._same[entry.key][entry.place]
        if entry.kind == "fact":
            del self._answers[prompt_key(entry.name)][entry.place]
            del self._whatever_case[_caseless(entry)][entry.place]
            return
        for words in self._documents.pop(entry.place)[1]:
            self._sharing[words[:PREFIX]].discard(entry.place)

    def twin(self, entry: Entry) -> Entry | None:
        """One that is the same, switched on if there is such a one."""
        return min(self._same.get(entry.key, {}).values(), key=lambda other: other.off, default=None)

    def rivals(self, entry: Entry) -> list[Entry]:
        """Those that conflict with it: all other answers to its prompt, or the document that it is nearest to."""
        if entry.kind == "fact":
            others = self._answers.get(prompt_key(entry.name), {}).values()
            return [other for other in others if other.key != entry.key]
        sentences = sentence_words(entry.said)
        total = sum(map(len, sentences))
        # The most that two documents can share is quick to compute.
        most: Counter[Place] = Counter()
        for words in sentences:
            for place in self._sharing.get(words[:PREFIX], ()):
                most[place] += len(words)
        versions: list[tuple[float, Place]] = []
        for place, count in most.items():
            other, theirs = self._documents[place]
            limit = SHARED_TITLED if _titled_alike(entry, other) else SHARED_WORDS
            if other.key == entry.key or count < limit * total:
                continue
            apart = _apart(entry, sentences, other, theirs)
            share = shared(sentences, theirs, changed=not apart)
            if share >= (SHARED_APART if apart else limit):
                versions.append((share, place))
        return [self._documents[max(versions)[1]][0]] if versions else []

    def namesake(self, entry: Entry) -> Entry | None:
        """A document of the same title, or another answer to a prompt that differs in upper and lower case alone."""
        if entry.kind == "fact":
            others = self._whatever_case.get(_caseless(entry), {}).values()
            return next((o for o in others if same_text(o.said).casefold() != same_text(entry.said).casefold()), None)
        alike = (other for other, _ in self._documents.values() if _titled_alike(entry, other))
        return next(alike, None)


def _caseless(fact: Entry) -> str:
    return prompt_key(fact.name).casefold()


def _titled_alike(entry: Entry, other: Entry) -> bool:
    return same_text(entry.name).casefold() == same_text(other.name).casefold()


def _apart(entry: Entry, sentences: Sequence[Words], other: Entry, theirs: Sequence[Words]) -> bool:
    """Whether two documents may be about different things: each has a word of its title that only its text has."""
    one, two = ({word for words in text for word in words} for text in (sentences, theirs))
    return bool((_title(entry) & one) - two) and bool((_title(other) & two) - one)


def _title(entry: Entry) -> set[str]:
    return {word for words in sentence_words(entry.name) for word in words}


def sentence_words(text: str) -> list[Words]:
    """The words of each sentence of a text, without case, marks and spaces; sentences without words are left out."""
    folded = unicodedata.normalize("NFKC", same_text(text)).casefold()
    return [words for sentence in sentences_of(folded) if (words := tuple(_WORD.findall(sentence)))]


def shared(one: Sequence[Words], other: Sequence[Words], *, changed: bool = True) -> float:
    """The share of their words that two documents have in the same sentences, or in changed ones, the lower of the two.

    An excerpt contains little of the whole, and a text in a frame little of another text in the same frame.
    """
    same = set(one) & set(other)
    order = sorted(set(other) - same)
    counted_one, counted_other = set(same), set(same)
    for words in set(one) - same if changed else ():
        # What begins with the most words alike stands next to it in the order of the alphabet.
        place = bisect.bisect(order, words)
        for near in order[max(0, place - 1) : place + 1]:
            if is_changed(words, near):
                counted_one.add(words)
                counted_other.add(near)
    return min(_share(one, counted_one), _share(other, counted_other))


def _share(sentences: Sequence[Words], counted: set[Words]) -> float:
    total = sum(map(len, sentences))
    return sum(len(words) for words in sentences if words in counted) / total if total else 0.0


def is_changed(one: Words, other: Words) -> bool:
    """Whether one sentence is the other with one stretch of it changed, and not near its beginning.

    The subject is usually there, and another subject makes it another statement.
    """
    most, least = max(len(one), len(other)), min(len(one), len(other))
    begin = _alike(one, other)
    end = min(_alike(one[::-1], other[::-1]), least - begin)
    between = set(one[begin : len(one) - end]) & set(other[begin : len(other) - end])
    return begin >= BEGINNING * most and begin + end >= IN_ALL * most and not between


def _alike(one: Words, other: Words) -> int:
    """How many words two sentences begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


# Before a write


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a write does, and what becomes of the items that are stored.

    Attributes:
        facts: to write.
        documents: to write.
        gone: indices of stored items that are forgotten in the same step.
        replaced: what is written, and stored items that give way to it.
        kept: stored items, and what is not written as it conflicts with them.
        stored: stored items, and what is not written as it is the same.
        twice: of what was given twice what is written, and what is not.
        beside: documents that are written, and a stored version or a stored text of the same title; facts that are
            written, and another answer to a prompt that differs in upper and lower case alone.
    """

    facts: tuple[Fact, ...]
    documents: tuple[TextDocument, ...]
    gone: tuple[int, ...]
    replaced: tuple[Conflict, ...]
    kept: tuple[Conflict, ...]
    stored: tuple[Conflict, ...]
    twice: tuple[Conflict, ...]
    beside: tuple[Conflict, ...]

    @property
    def writes(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.facts or self.documents)

    @property
    def versions(self) -> tuple[Conflict, ...]:
        """Documents that take the place of another: stored, or given before."""
        both = (*self.replaced, *self.twice)
        return tuple(c for c in both if c.stays.kind == "document" and c.stays.key != c.other.key)

    def notes(self) -> list[tuple[str, str]]:
        """What there is to say of it: how many of what, and which."""
        return [
            *notes(self.replaced, "replaced"),
            *notes(self.kept, "kept as stored"),
            *notes(self.stored, "already stored"),
            *notes(self.twice, "given twice, written once"),
            *notes(self.beside, BESIDE, "beside"),
        ]

    def record(self) -> dict[str, list[dict[str, str]]]:
        """The same as plain values for JSON."""
        names = ("replaced", "kept", "stored", "twice", "beside")
        return {name: [conflict.record() for conflict in getattr(self, name)] for name in names}


def resolve(
    memory: Memory | None, facts: Sequence[Fact], documents: Sequence[TextDocument], settings: WriteSettings
) -> Resolved:
    """Work out what to write.

    Args:
        memory: that is extended; items without words cannot be compared, and stay.
        facts: given.
        documents: given.
        settings: of the write. ``on_conflict`` says what happens where something given conflicts with a stored item, or
            with what was given before it: ``replace`` writes it and forgets the other, ``keep`` leaves it out,
            ``refuse`` writes nothing, ``both`` replaces facts and leaves documents side by side. What is stored already
            is not written again, whatever the choice, unless other wordings of it are to be written now.

    Raises:
        UserError: with ``refuse``, naming the first conflicts.
    """
    shelf = Shelf()
    for stored in entries_of(memory) if memory is not None else ():
        if facts if stored.kind == "fact" else documents:
            shelf.put(stored)
    on_conflict = settings.on_conflict
    given: list[Fact | TextDocument] = [*merge_duplicates(facts), *documents]
    chosen: dict[Place, Fact | TextDocument] = {}
    gone: list[int] = []
    outcome: dict[str, list[Conflict]] = {name: [] for name in ("replaced", "kept", "stored", "twice", "beside")}
    for number, thing in enumerate(given):
        entry = _entry(thing, (1, number), settings.write_paraphrases)
        twin, rivals = shelf.twin(entry), shelf.rivals(entry)
        if twin is not None and entry.reworded and not twin.reworded:
            rivals = [twin]
        elif twin is not None:
            outcome["twice" if twin.place in chosen else "stored"].append(Conflict(twin, entry))
            continue
        if on_conflict == "keep" and rivals:
            outcome["twice" if rivals[0].place in chosen else "kept"].append(Conflict(rivals[0], entry))
            continue
        if entry.kind == "document" and (on_conflict == "both" or not rivals):
            other = rivals[0] if rivals else shelf.namesake(entry)
            if other is not None and other.place not in chosen:
                outcome["beside"].append(Conflict(entry, other))
            rivals = []
        if entry.kind == "fact" and not rivals and (other := shelf.namesake(entry)):
            outcome["beside"].append(Conflict(entry, other))
        for rival in rivals:
            shelf.take(rival)
            if chosen.pop(rival.place, None) is None:
                gone.append(rival.place[1])
                outcome["replaced"].append(Conflict(entry, rival))
            else:
                outcome["twice"].append(Conflict(entry, rival))
        chosen[entry.place] = thing
        shelf.put(entry)
    refused = [c for c in (*outcome["replaced"], *outcome["twice"]) if c.stays.key != c.other.key]
    if on_conflict == "refuse" and refused:
        raise UserError(
            f"The new items conflict with stored ones, or with each other: {against(refused)}; nothing was "
            f"written. Change them, or choose another way to settle conflicts (--on-conflict)."
        )
    return Resolved(
        tuple(thing for thing in chosen.values() if isinstance(thing, Fact)),
        tuple(thing for thing in chosen.values() if isinstance(thing, TextDocument)),
        tuple(gone),
        **{name: tuple(conflicts) for name, conflicts in outcome.items()},
    )


def _entry(thing: Fact | TextDocument, place: Place, reworded: bool) -> Entry:
    if isinstance(thing, Fact):
        return Entry(place, "fact", thing.prompt, thing.answer, reworded=reworded and bool(thing.paraphrases))
    return Entry(place, "document", thing.title, thing.text.strip())


# Names in messages


def notes(
    conflicts: Sequence[Conflict], what: str | Mapping[str, str], word: str = "instead of"
) -> list[tuple[str, str]]:
    """How many facts and documents ``what`` happened to, by kind where that differs, and which ones."""
    heads = []
    for kind in ("fact", "document"):
        those = [conflict.told(word) for conflict in conflicts if conflict.stays.kind == kind]
        if those:
            heads.append((f"{plural(len(those), kind)} {what if isinstance(what, str) else what[kind]}", listed(those)))
    return heads


def against(conflicts: Iterable[Conflict]) -> str:
    """The first few conflicts, in which nothing stays yet."""
    return listed([conflict.told("against") for conflict in conflicts])


def merge_notes(conflicts: Sequence[Conflict], keep: str | None) -> list[tuple[str, str]]:
    """The same of the conflicts of a merge that was settled by ``keep``."""
    if keep == "both":
        return notes(conflicts, "kept in two versions", "beside")
    return notes(conflicts, f"kept from the {keep} memory")


def listed(texts: Iterable[str]) -> str:
    """The first few of some texts, and how many more there are."""
    texts = list(texts)
    return "; ".join(texts[:NAMED_THINGS]) + (
        f"; and {len(texts) - NAMED_THINGS} more" if len(texts) > NAMED_THINGS else ""
    )
