"""Stored texts repeated word for word: the exact match of tokens, which decides before any score.

A tree of all stored stretches from their first token on. Reading a text keeps the places in the tree that its last
words lead to, one for each beginning, so that a stretch is recognised wherever in the text it starts. Tokens that
differ in case, or in the space before them, take the same branch, and a line break takes none; where that leaves
several rows, the cosines choose.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch

from bdh_workbench.inputs.as_read import prompt_as_read
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.model.loading import Model
from bdh_workbench.model.write_site import WriteSite

# Nats of surprisal at which the words of a stretch within another text are as likely an accident as not, if one stretch
# is stored: the more are stored, the sooner one of them occurs by chance. With 337 stored, 0.031% of the positions of
# other text repeat one by 24 nats ("in April 20", "Nevertheless"), 0.005% by the 29.8 that this asks for.
NO_ACCIDENT = 24.0
# Nats that a token inside a word counts at most: the bundled network expects it with 4.0 on average, and its frequency
# alone, which knows nothing of the word, with 7.3. With 3,041 stretches stored, 16 of 50,048 positions of other text
# repeated one by more than is no accident before, and 4 with this ("in Brussels", "since 2014").
INSIDE = 4.0
BEYOND = 16  # tokens of the text after it that the stretch of a sentence goes on with
MOST_OPEN = 16  # beginnings followed at once; a text that says one word over and over opens one with each
ROOT_STATE = 0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stored stretch that the last words of a text repeat from its first token on.

    Attributes:
        node: place in the tree.
        tokens: how many there are so far.
        nats: their surprisal in general text.
        whole: whether the text began with them.
    """

    node: int
    tokens: int
    nats: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Repeated:
    """What a text repeats word for word at a token.

    Attributes:
        rows: whose exact tokens came before it.
        log_odds: that this is no accident, as far as it is one to repeat a stretch within another text.
    """

    rows: Sequence[int]
    log_odds: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens with the rows read after some of them.

    Attributes:
        ids: the tokens.
        first: the number of tokens before the first row.
        rows: read after ``first`` tokens, after ``first`` + 1, and so on.
    """

    ids: Sequence[int]
    first: int
    rows: Sequence[int]


def told_nats(site: WriteSite) -> list[float]:
    """How much each token tells where words are repeated, in nats."""
    return torch.where(site.begins_word, site.surprisal, site.surprisal.clamp(max=INSIDE)).tolist()


class Verbatim:
    """The tree of stored stretches."""

    def __init__(
        self,
        stretches: Sequence[Stretch],
        same_as: list[int],
        surprisal: list[float],
        breaks: Collection[int] = (),
    ) -> None:
        """Grow the tree.

        Args:
            stretches: what is stored.
            same_as: for each token the one that stands for it.
            surprisal: how much each token tells, in nats.
            breaks: tokens that break a line. They take no branch, so that a text is met however its lines are broken.
        """
        self._same_as, self._surprisal, self._breaks = same_as, surprisal, frozenset(breaks)
        self.no_accident = NO_ACCIDENT + math.log(max(1, len(stretches)))
        self._next: dict[tuple[int, int], int] = {}
        self._rows: dict[int, list[int]] = {}
        count = 1
        for stretch in stretches:
            node, last = ROOT_STATE, stretch.first + len(stretch.rows)
            for place, token in enumerate(stretch.ids[: last - 1], 1):
                if token not in self._breaks:
                    key = (node, same_as[token])
                    node = self._next.get(key, 0)
                    if not node:
                        node = self._next[key] = count
                        count += 1
                if place >= stretch.first and node != ROOT_STATE:
                    rows = self._rows.setdefault(node, [])
                    if (row := stretch.rows[place - stretch.first]) not in rows:
                        rows.append(row)

    def read(
        self, ids: Sequence[int], before: tuple[Spoken, ...] | None = None
    ) -> tuple[list[tuple[Spoken, ...]], tuple[Spoken, ...]]:
        """What is being repeated at each token of a text, the longest first.

        Args:
            ids: tokens.
            before: what was repeated at the token before the first; None at the beginning of a text.

        Returns:
            For each token those stretches that have a row there, and all that may go on after the last.
        """
        found: list[tuple[Spoken, ...]] = []
        follow, rows = self._next, self._rows
        going, fresh = before or (), before is None
        for token in ids:
            if token not in self._breaks:
                same, nats = self._same_as[token], self._surprisal[token]
                after = [
                    Spoken(node, old.tokens + 1, old.nats + nats, old.whole)
                    for old in going
                    if (node := follow.get((old.node, same), 0))
                ]
                if node := follow.get((ROOT_STATE, same), 0):
                    after.append(Spoken(node, 1, nats, fresh))
                going, fresh = tuple(after[:MOST_OPEN]), False
            found.append(tuple(spoken for spoken in going if spoken.node in rows) if going else ())
        return found, going

    def repeated(self, spoken: Sequence[Spoken]) -> Repeated | None:
        """The longest stretch that a text repeats, if that is no accident."""
        for one in spoken:
            log_odds = math.inf if one.whole else one.nats - self.no_accident
            if log_odds >= 0.0:
                return Repeated(self.rows(one), log_odds)
        return None

    def rows(self, spoken: Spoken) -> list[int]:
        """The rows read after a stretch."""
        return self._rows[spoken.node]


def stored_stretches(memory: Memory, model: Model, numbers: Sequence[int], documents: bool = True) -> list[Stretch]:
    """The stretches of the enabled rows whose words were kept: of facts the plain one, of documents all.

    Args:
        memory: to be read.
        model: gives the tokenizer.
        numbers: the enabled rows of the memory; the rows of stretches are places among these.
        documents: whether those of documents are wanted.
    """
    rows = memory.rows
    if not (documents or any(item.kind == "fact" for item in memory.items)) or not rows.remakeable:
        return []
    place = torch.full((len(rows),), -1, dtype=torch.int64)
    place[torch.tensor(numbers, dtype=torch.int64)] = torch.arange(len(numbers))
    places, starts, leads = place.tolist(), rows.lead_starts.tolist(), rows.leads.tolist()
    items, tokens = rows.items.tolist(), rows.tokens.tolist()
    begins = [row for row in range(len(rows)) if starts[row + 1] > starts[row]]
    found: list[Stretch] = []
    met: set[int] = set()
    for begin, stop in zip(begins, [*begins[1:], len(rows)], strict=True):
        item = memory.items[items[begin]]
        again = items[begin] in met
        met.add(items[begin])
        # A framing is met as the fact after other words.
        if places[begin] < 0 or (item.kind == "fact" and again) or not (documents or item.kind == "fact"):
            continue
        lead, said = leads[starts[begin] : starts[begin + 1]], tokens[begin:stop]
        own = range(places[begin], places[begin] + stop - begin)
        found.append(Stretch((*lead, *said), len(lead), own))
        if item.kind == "fact" and item.prompt:
            # Within a text a prompt begins with a space.
            start = tuple(model.tokenizer.encode(" " + prompt_as_read(item.prompt)))
            found.append(Stretch((*start, *said), len(start), own))
    return found


def gone_on(stretches: Sequence[Stretch], following: Sequence[int], tokens: Sequence[int]) -> list[Stretch]:
    """Stretches with what comes next in the text where they end: a text may begin with more than one stored sentence.

    Args:
        stretches: as ``stored_stretches`` gives them.
        following: the row after each, in the whole text.
        tokens: the token that follows each row.
    """
    found = []
    for stretch in stretches:
        rows, more = list(stretch.rows), BEYOND
        while more and rows and (after := following[rows[-1]]) >= 0:
            rows.append(after)
            more -= 1
        added = [tokens[row] for row in rows[len(stretch.rows) :]]
        found.append(Stretch((*stretch.ids, *added), stretch.first, rows))
    return found
