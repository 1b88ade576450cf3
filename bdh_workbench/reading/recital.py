"""Recital: stored sentences produced from the slow memory, free-running, several at once.

A sentence is spoken from its first row to its end. At each row S is read at the stored address, as completion does, and
added to what the network makes of the words recited so far; nothing else goes in, so that the words come from the
weights whether or not the memory keeps its texts. What was recited is compared with the kept text by whoever shows it.
Where the same words come before two positions ("The Museum of"), S can only continue with one of their words. A write
reports the other as left out, and its recital takes that one word from the tokens of the rows, as it would otherwise
continue with a mixture of the two; its probability stays that which S gives it.

The first word of a document has nothing before it and so no row of its own. It is read from the cue of the row after
it, which is the code of that one word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.memory.store.banks import SlowMemory, cues_of
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.recall import EQUAL

RECITED_TOGETHER = 64  # sentences recited at once
# A batch is as long as its longest sentence. One of more than so many times the shortest begins the next, unless the
# batch is so short that it would cost no less by itself: padding was 40% of what a question about a book recited.
PADDED, SHORT = 1.5, 16
CUES = 8192  # cues compared at once


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows of one stored sentence, or of a fact's answer, in order.

    Attributes:
        item: index of its item in the memory.
        sentence: number in the item's text, from 0.
        rows: numbers of the rows.
        opening: whether it begins a document, whose first word has no row.
    """

    item: int
    sentence: int
    rows: tuple[int, ...]
    opening: bool


@dataclass(frozen=True, slots=True)
class Recited:
    """The result of reciting a stretch.

    Attributes:
        text: of it.
        p: of the least sure of its tokens.
        tokens: (text, p) of each, in order.
    """

    text: str
    p: float
    tokens: tuple[tuple[str, float], ...]


def stretches(memory: Memory) -> list[Stretch]:
    """The stretches of all items that are switched on, in the order of items and sentences."""
    rows = memory.rows
    enabled = set(memory.enabled_rows().tolist())
    items, sentences, following = rows.items.tolist(), rows.sentences.tolist(), rows.following.tolist()
    runs: dict[tuple[int, int], list[list[int]]] = {}
    starts: dict[int, int] = {}  # the first row of each item
    run: list[int] = []
    for row in range(len(rows)):
        if row in enabled:
            starts.setdefault(items[row], row)
            run.append(row)
            key = (items[row], sentences[row])
            after = following[row]
            if after != row + 1 or sentences[after] != sentences[row]:
                runs.setdefault(key, []).append(run)
                run = []
    out = []
    for (item, sentence), parts in sorted(runs.items()):
        document = memory.items[item].kind == "document"
        # The text comes first, and then the sentence's own window, which begins with its fourth word. Where a sentence
        # is longer than the end of the piece in which it begins was, the pieces after that have the rest of it.
        chosen = [*parts[0], *(row for part in parts[2:] for row in part)] if document else max(parts, key=len)
        out.append(Stretch(item, sentence, tuple(chosen), document and chosen[0] == starts[item]))
    return out


class Recital:
    """A model and a memory, ready to recite."""

    def __init__(self, model: Model, memory: Memory, slow: SlowMemory) -> None:
        """Mount a memory with its slow memory."""
        self.model, self.memory = model, memory
        self._slow = slow
        self._first: Tensor | None = None

    @torch.no_grad()
    def recite(
        self,
        wanted: Sequence[Stretch],
        prompts: Sequence[str] | None = None,
        checkpoint: Callable[[], None] = lambda: None,
    ) -> list[Recited]:
        """Recite stretches.

        Args:
            wanted: at least one row each.
            prompts: what stands before each, such as a fact's prompt; nothing where they are not given.
            checkpoint: called now and then; what it raises ends the recital.
        """
        out: list[Recited | None] = [None] * len(wanted)
        order = sorted(range(len(wanted)), key=lambda place: len(wanted[place].rows))
        for batch in _batches(order, [len(stretch.rows) for stretch in wanted]):
            checkpoint()
            before = [prompts[place] if prompts else "" for place in batch]
            for place, recited in zip(batch, self._together([wanted[p] for p in batch], before), strict=True):
                out[place] = recited
        return [recited for recited in out if recited is not None]

    def _together(self, wanted: Sequence[Stretch], prompts: Sequence[str]) -> list[Recited]:
        """Greedy decoding of all stretches at once.

        What S alone would say is the first guess; then all places are decoded in parallel, given the guess so far,
        until nothing changes. That is the very result of decoding token by token (Jacobi decoding, Santilli et al.
        2023), since each pass settles at least one more token of each stretch, and usually all of them.
        """
        tokenizer, network = self.model.tokenizer, self.model.network
        lengths = [len(stretch.rows) for stretch in wanted]
        longest = max(lengths)
        begun = [
            tokenizer.encode(prompt) or ([self._opening(stretch)] if stretch.opening else [tokenizer.end_id])
            for stretch, prompt in zip(wanted, prompts, strict=True)
        ]
        flat = torch.tensor([row for stretch in wanted for row in stretch.rows])
        reads = self._slow.stored(flat)
        read = torch.zeros(len(wanted), longest, reads.shape[1])
        for place, part in enumerate(torch.split(reads * self.model.site.gate, lengths)):
            read[place, : len(part)] = part
        device = self.model.device
        read = read.to(device)
        real = torch.arange(longest) < torch.tensor(lengths)[:, None]
        said = torch.zeros(len(wanted), longest, dtype=torch.long)
        said[real] = network.logits(read[real.to(device)]).argmax(-1).cpu()
        p = torch.zeros(len(wanted), longest)
        before = torch.tensor([len(ids) - 1 for ids in begun])
        ids = torch.full((len(wanted), int(before.max()) + longest), tokenizer.end_id)
        for place, first in enumerate(begun):
            ids[place, : len(first)] = torch.tensor(first)
        spots = before[:, None] + torch.arange(longest)  # where each token is decided
        lost = torch.full((len(wanted), longest), -1)  # the tokens that S has given up for those of another position
        left = torch.arange(len(wanted))  # stretches that may still change
        while len(left):
            while len(left):
                ids.scatter_(1, spots[:, 1:], said[:, :-1])
                here = real[left]
                here = here[:, : int(here.sum(1).max())]
                size = here.shape[1]
                at = spots[left, :size]
                stream = network(ids[left, : int(at.max()) + 1].to(device))
                x = stream.gather(1, at.to(device)[:, :, None].expand(-1, -1, stream.shape[2])) + read[left, :size]
                scores = network.logits(x[here.to(device)]).float()
                rows, places = here.nonzero(as_tuple=True)
                rows = left[rows]
                given = lost[rows, places]
                now = torch.where(given >= 0, given, scores.argmax(-1).cpu())
                changed = now != said[rows, places]
                said[rows, places] = now
                of_now = scores.gather(-1, now.to(device)[:, None])[:, 0]
                p[rows, places] = (of_now - scores.logsumexp(-1)).exp().cpu()
                left = left[torch.isin(left, rows[changed])]
            left = self._take_lost(wanted, said, lost)
        out = []
        for place, stretch in enumerate(wanted):
            opening = [(begun[place][0], 1.0)] if stretch.opening and not prompts[place] else []
            pairs = zip(said[place, : lengths[place]].tolist(), p[place, : lengths[place]].tolist(), strict=True)
            out.append(self._recited([*opening, *pairs]))
        return out

    def _take_lost(self, wanted: Sequence[Stretch], said: Tensor, lost: Tensor) -> Tensor:
        """Note the first word of each stretch that S has given up; returns the stretches that have one."""
        stored, found = self.memory.rows, []
        for place, stretch in enumerate(wanted):
            rows = torch.tensor(stretch.rows)
            own = stored.tokens[rows].long()
            wrong = ((own >= 0) & (own != said[place, : len(rows)])).nonzero().flatten()
            if not len(wrong):
                continue
            first = int(wrong[0])
            if self._has_twin(int(rows[first])):
                lost[place, first] = own[first]
                found.append(place)
        return torch.tensor(found, dtype=torch.int64)

    def _has_twin(self, row: int) -> bool:
        """Whether another row of its bank has the cue of a row and another token."""
        stored = self.memory.rows
        inside, cues = cues_of(stored, int(stored.banks[row]))  # S gives up what another row of the same bank has
        cue = cues[torch.searchsorted(inside, row)].float()
        other = cues[stored.tokens[inside] != stored.tokens[row]]
        equal = EQUAL * float(cue @ cue)
        return any(bool((part.float() @ cue >= equal).any()) for part in torch.split(other, CUES))

    def _recited(self, tokens: Sequence[tuple[int, float]]) -> Recited:
        tokenizer = self.model.tokenizer
        kept = [(token, p) for token, p in tokens if token != tokenizer.end_id]
        decoder = tokenizer.stream_decoder()
        texts = [(decoder.decode(tokenizer.token_bytes(token)), p) for token, p in kept]
        rest = decoder.decode(b"", final=True)
        text = "".join(piece for piece, _ in texts) + rest
        return Recited(text.strip(), min((p for _, p in kept), default=0.0), tuple(texts))

    def _opening(self, stretch: Stretch) -> int:
        """The one token whose code is the cue of the row after it."""
        if self._first is None:
            self._first = self.model.site.opening_summaries().cpu()  # (V, C)
        cue = self._slow.cue(stretch.rows[0])[: self._first.shape[1]].float()
        likeness = self._first @ cue
        best = likeness >= likeness.max() - 1e-3
        # Words that differ in case, or in the space before them, share a code: a text begins without a space.
        tokens: list[int] = best.nonzero().flatten().tolist()
        pieces = {token: self.model.tokenizer.token_bytes(token) for token in tokens}
        return min(tokens, key=lambda token: (pieces[token][:1] == b" ", not pieces[token][:1].isupper(), token))


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Places, the shortest first, in batches of like lengths."""
    start = 0
    for stop, place in enumerate(order):
        uneven = lengths[place] > PADDED * lengths[order[start]] and lengths[order[stop - 1]] >= SHORT
        if stop - start == RECITED_TOGETHER or (uneven and stop > start):
            yield order[start:stop]
            start = stop
    if order:
        yield order[start:]
