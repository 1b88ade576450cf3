"""Writing items into a memory: a generator of step events that returns a new memory and leaves the old one as it was.

What is written is planned first: units of it fill banks (``banks.py``). Each bank is then written by itself
(``bank.py``) and the results are joined, so that the time grows with what is written and not with what is stored,
and a write holds one bank's worth of work at a time.

To pause, do not ask for the next event; to cancel, close the generator: nothing has changed until it returns.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import statistics
import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument, prompt_key, same_text
from bdh_workbench.memory.files.format import check_fit
from bdh_workbench.memory.room import far_too_much
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.algebra import Basis, unwatched
from bdh_workbench.memory.store.banks import Bases, bank_of, capacity, cues_of, in_order, own_rows
from bdh_workbench.memory.store.manage import without
from bdh_workbench.memory.store.state import ItemRecord, LayerRecord, Memory, Rows, bind
from bdh_workbench.memory.store.titles import layer_title
from bdh_workbench.memory.writing.bank import BankResult, Batch, Job, Step, worst, write_bank
from bdh_workbench.memory.writing.encoding import Unit, WriteItem, characters, item_records, units_of, write_items
from bdh_workbench.memory.writing.event import LeftOut, WriteEvent, WriteSummary
from bdh_workbench.memory.writing.features import Positions
from bdh_workbench.memory.writing.problem import Unrelated
from bdh_workbench.memory.writing.workers import write_in_workers
from bdh_workbench.model.loading import Model

__all__ = ["WriteEvent", "WriteResult", "check_write", "empty_memory", "finish", "write"]

OWN_SHARE = 1.0  # of a bank; larger writes use the addresses of texts for windows, and those of facts for framings
HEAT_SLOTS, HEAT_POSITIONS = 64, 96  # slots and positions at most in the slot-use picture, spread over all
SHOWN_TOKENS = 2048  # tokens at most whose probabilities an event carries
EXAMPLES, SHOWN_BEFORE = 3, 6  # positions that cannot be told apart whose words are shown, and tokens before each
# Share of the time of a bank's write that is over when each phase is, with no gradient steps; measured with `small`.
ITEMS_READ, TARGETS_FOUND = 0.5, 0.73
TYPICAL = 16  # direct steps that most banks take
# Share of a bank's gradient steps that are done when the log-odds of its least certain token have risen by so much of
# their way to the goal; measured with 5 and 20 facts, which took 16 and 29 steps.
RISEN, STEPPED = (0.0, 0.4, 0.6, 0.8, 1.0), (0.04, 0.19, 0.36, 0.61, 0.93)
REFINED = 2400  # positions of a write up to which gradient steps follow: a second or less for each

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a write made.

    Attributes:
        memory: the new memory.
        bases: of those banks of the new memory that have room left, to be handed to the next write so that they need
            not be worked out again.
        summary: of how well it went.
    """

    memory: Memory
    bases: Bases
    summary: WriteSummary


def empty_memory(model: Model, title: str = "") -> Memory:
    """A memory of this model that contains nothing."""
    rows = Rows.empty(model.config.cue_width, model.config.width)
    none = torch.zeros(0, dtype=torch.int64)
    return Memory(
        model.fingerprint, model.name, model.config.write_slots, model.config.width, rows, none,
        torch.zeros(0, model.config.width), title=title,
    )  # fmt: skip


def write(
    model: Model,
    memory: Memory | None,
    facts: Sequence[Fact] = (),
    documents: Sequence[TextDocument] = (),
    settings: WriteSettings | None = None,
    bases: Bases | None = None,
    watch: Callable[[], None] = unwatched,
    gone: Collection[int] = (),
    unrelated: Unrelated | None = None,
) -> Generator[WriteEvent, None, WriteResult]:
    """Write facts and documents jointly, as one layer of history.

    What is to be written is not compared with what is stored, except that a fact must not contradict another: see
    ``conflicts.resolve``.

    Args:
        model: the frozen model.
        memory: what is extended; None for a new memory.
        facts: to write.
        documents: to write.
        settings: of the write.
        bases: of ``memory`` as an earlier write returned them; worked out where they are not given.
        watch: called now and then between two events; what it raises ends the write, and nothing has changed.
        gone: indices of items of ``memory`` that are forgotten in the same step.
        unrelated: text that gradient steps look at, as ``unrelated_text`` reads it: for many such writes one after the
            other; read where it is not given.

    Yields:
        An event after each step.

    Returns:
        The new memory and a summary.

    Raises:
        UserError: when there is nothing to write, a fact contradicts one that is stored, or it is far too much.
    """
    held, settings, bases = memory or empty_memory(model), settings or WriteSettings(), bases or {}
    check_write(model, held, facts, documents)
    _check_contradictions(held, facts, gone)
    number = held.next_layer()
    if gone:
        held, bases = without(held, gone, bases, watch)
    items = write_items(facts, documents, model, settings)
    batches = plan(units_of(items), held)
    records = item_records(facts, documents, items, number, settings.keep_words)
    title = layer_title(records)
    created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    layer = LayerRecord(number, title, created)
    # Every bank is solved with the rows that it gets, as part of a memory that has their items already.
    held = dataclasses.replace(
        held, items=(*held.items, *records), layers=(*held.layers, layer), title=held.title or title
    )
    watcher = _Watcher(model, len(facts), len(records), batches, settings.goal)
    results: list[BankResult] = []
    if settings.workers > 1 and len(batches) > 1:
        jobs = [_job(held, bases, facts, batch, settings, unrelated) for batch in batches]
        for result in write_in_workers(model, jobs, settings.workers, watch):
            results.append(result)
            yield watcher.finished(result)
    else:
        for batch in batches:
            steps = write_bank(model, _job(held, bases, facts, batch, settings, unrelated), watch)
            while True:
                try:
                    yield watcher.event(next(steps))
                except StopIteration as stop:
                    results.append(stop.value)
                    watcher.add(stop.value)
                    break
    joint, new_bases = _joined(model, held, bases, batches, results, settings)
    event = watcher.last()
    joint = _recorded(joint, watcher, layer, settings)
    yield event
    return watcher.result(joint, new_bases)


def _job(
    held: Memory,
    bases: Bases,
    facts: Sequence[Fact],
    batch: Batch,
    settings: WriteSettings,
    unrelated: Unrelated | None,
) -> Job:
    """What is needed to write one bank."""
    bank = bank_of(held, batch.bank)
    return Job(bank.memory, bank.local(bases.get(batch.bank)), facts, batch, settings, unrelated)


def check_write(model: Model, memory: Memory | None, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> None:
    """Refuse at once what cannot be written, before anything is compared or worked out.

    Raises:
        UserError: when there is nothing to write, far too much, or the memory is not one of this model.
    """
    if not facts and not documents:
        raise UserError("There is nothing to write: give at least one fact or document.")
    if memory is not None:
        if memory.model != model.fingerprint:
            raise UserError(
                f"This memory was written with the model {memory.model_name}, but {model.name} is loaded: load "
                f"{memory.model_name}, or start a new memory."
            )
        check_fit(memory, model.config)
        bind(memory, model.site)
    refused = far_too_much(characters(facts, documents))
    if refused:
        raise UserError(refused)


def _check_contradictions(memory: Memory, facts: Sequence[Fact], gone: Collection[int]) -> None:
    # Switched on again, such a layer would contradict what is written now.
    off = {
        layer.number: f" in layer {layer.number}, which is switched off" for layer in memory.layers if not layer.enabled
    }
    known = {
        prompt_key(item.prompt): (item.answer, off.get(item.layer, ""))
        for index, item in enumerate(memory.items)
        if item.kind == "fact" and item.prompt and index not in gone
    }
    for fact in facts:
        other, where = known.setdefault(prompt_key(fact.prompt), (fact.answer, ""))
        if same_text(other) != same_text(fact.answer):
            raise UserError(
                f"“{fact.prompt}” is already answered by “{other}”{where}: forget that fact first, or change one."
            )


def finish(
    steps: Generator[WriteEvent, None, Result], see: Callable[[WriteEvent], object] = lambda event: None
) -> Result:
    """Run a write to its end, and hand each of its events to ``see``."""
    while True:
        try:
            event = next(steps)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        see(event)


def plan(units: Sequence[Unit], memory: Memory) -> list[Batch]:
    """Which units go into which bank of a memory: the first with room, then new ones, each filled before the next.

    Where all that is written fits into one bank with addresses of its own for every window and framing, they get them;
    otherwise they use the addresses of what they are parts of, and rank is spent on each token once.
    """
    room, used = capacity(memory.slots), own_rows(memory.rows)
    first, whole = len(memory.items), sum(unit.positions for unit in units)
    share = whole > OWN_SHARE * room
    sizes = [unit.primary if share else unit.positions for unit in units]
    # What would fit into one bank is not cut for the sake of the rest of another.
    least = sizes[0] if share else whole
    fresh = max(used, default=-1) + 1
    number = next((bank for bank, count in used.items() if count + least <= room), fresh)
    fresh += number == fresh
    filled: dict[int, list[WriteItem]] = {number: []}
    count = used.get(number, 0)
    for unit, size in zip(units, sizes, strict=True):
        if filled[number] and count + size > room:
            number, count = fresh, 0
            fresh += 1
            filled[number] = []
        filled[number].extend(unit.items)
        count += size
    return [Batch(bank, tuple(items), first, share, whole <= REFINED) for bank, items in filled.items()]


def _joined(
    model: Model,
    held: Memory,
    bases: Bases,
    batches: Sequence[Batch],
    results: Sequence[BankResult],
    settings: WriteSettings,
) -> tuple[Memory, dict[int, Basis]]:
    """The memory with all written banks, and the bases of those banks that have room left."""
    parts, offset = [held.rows], len(held.rows)
    values, numbers = held.rows.values, []
    for batch, result in zip(batches, results, strict=True):
        own = (held.rows.banks == batch.bank).nonzero().flatten()
        if result.held_values is not None:
            values = values.index_copy(0, own, result.held_values)
        rows = dataclasses.replace(result.rows, banks=torch.full_like(result.rows.banks, batch.bank))
        if not settings.keep_words:
            rows = dataclasses.replace(
                rows,
                tokens=torch.full_like(rows.tokens, -1),
                lead_starts=torch.zeros_like(rows.lead_starts),
                leads=rows.leads[:0],
            )
        elif len(batches) > 1:
            rows = rows.bare(model.site)  # cues and addresses of many banks are more than need be held
        parts.append(rows)
        numbers.append(torch.cat((own, torch.arange(offset, offset + len(rows)))))
        offset += len(rows)
    parts[0] = held.rows.altered(values=values)
    joint = dataclasses.replace(held, rows=Rows.join(parts))
    changed = torch.tensor([batch.bank for batch in batches], dtype=torch.int32)
    stays = ~torch.isin(held.rows.banks[held.basis], changed)
    basis = [held.basis[stays], *(own[result.basis.rows] for own, result in zip(numbers, results, strict=True))]
    weights = [held.weights[stays], *(result.weights for result in results)]
    joint = in_order(dataclasses.replace(joint, basis=torch.cat(basis), weights=torch.cat(weights)))
    room, used = capacity(held.slots), own_rows(joint.rows)
    known = dict(bases)
    for batch, own, result in zip(batches, numbers, results, strict=True):
        known[batch.bank] = dataclasses.replace(result.basis, rows=own[result.basis.rows])
    return joint, {bank: basis for bank, basis in known.items() if used.get(bank, room) < room}


class _Watcher:
    """Sees every step of a write, makes events from it, and keeps the history and the result of each item."""

    def __init__(self, model: Model, facts: int, total: int, batches: Sequence[Batch], goal: float) -> None:
        self.model, self.facts, self.begun, self.goal = model, facts, time.monotonic(), goal
        self.first = batches[0].first
        self.history: dict[str, list[float]] = {"step": []}
        self.steps = 0
        self._whole = [batch.positions for batch in batches]
        self._done: list[BankResult] = []
        self._done_p: list[Tensor] = []  # of the primary positions of each of these
        self._done_worst = 1.0
        # Of each item: sums of the logarithms of p and of p, and the number of tokens, before and after.
        self._sums = {name: torch.zeros(3, total, dtype=torch.float64) for name in ("before", "after")}
        self._tokens: dict[int, int] = {}
        self._items = [batch.items for batch in batches]
        self._banks = [batch.bank for batch in batches]
        self._heat: tuple[Positions, Tensor, Tensor] | None = None
        self._last: Step | None = None
        self._bank_begun = 0.0  # seconds of the write when its present bank was begun
        self._stepping: Stepping | None = None

    def event(self, step: Step) -> WriteEvent:
        """The event of a step."""
        self._last = step
        item_p = self._item_p(self._sums["after"] + self._of(step.new, step.token_p))
        worst_p = min(worst(step.token_p, step.counted), self._done_worst)
        losses = step.losses or {"cross-entropy": float(-step.token_p.clamp(min=1e-30).log().mean())}
        return self._event(step, step.phase, self.steps + step.steps, losses, worst_p, item_p, self._share_done(step))

    def finished(self, result: BankResult) -> WriteEvent:
        """Take in what came of a bank that was written elsewhere, and tell of it."""
        counted = ~(result.ambiguous | result.hopeless)
        reads = result.rows.values
        step = self._last = Step("solve", result.new, reads, result.after, counted, {}, result.steps, result.steps)
        event = self.event(step)
        self.add(result)
        return event

    def last(self) -> WriteEvent:
        """The event of the end."""
        assert self._last is not None
        p = torch.cat([result.after for result in self._done])
        losses = {"cross-entropy": float(-p.clamp(min=1e-30).log().mean())}
        return self._event(self._last, "done", self.steps, losses, self._done_worst, self.after, 1.0)

    def add(self, result: BankResult) -> None:
        """Take in what came of a bank."""
        self._done.append(result)
        self._done_p.append(result.after[result.new.primary])
        self._done_worst = min(self._done_worst, worst(result.after, ~(result.ambiguous | result.hopeless)))
        self._sums["before"] += self._of(result.new, result.before)
        self._sums["after"] += self._of(result.new, result.after)
        self.steps += result.steps
        self._bank_begun, self._stepping = time.monotonic() - self.begun, None

    @property
    def before(self) -> list[float]:
        """Probability of each item before the write."""
        return self._item_p(self._sums["before"])

    @property
    def after(self) -> list[float]:
        """The same after it."""
        return self._item_p(self._sums["after"])

    def result(self, memory: Memory, bases: Bases) -> WriteResult:
        """The end of the write."""
        ambiguous, words, unlearnt = 0, dict[str, None](), 0
        tokens, left_out = dict[int, None](), dict[LeftOut, None]()
        for items, bank, done in zip(self._items, self._banks, self._done, strict=True):
            ambiguous += int(done.ambiguous.sum())
            unlearnt += int(done.hopeless.sum())
            if len(words) < EXAMPLES:
                rows = done.ambiguous.nonzero()[:EXAMPLES, 0]
                said = self._words(items, done.new, rows)
                words |= dict.fromkeys(said)
                left_out |= dict.fromkeys(self._left_out(memory, bank, done.new, rows, said))
            tokens |= dict.fromkeys(done.new.targets.cpu()[done.hopeless].tolist())
        summary = WriteSummary(
            steps=self.steps,
            seconds=time.monotonic() - self.begun,
            worst_p=self._done_worst,
            median_p=statistics.median(self.after),
            ambiguous=ambiguous,
            ambiguous_words=tuple(words)[:EXAMPLES],
            left_out=tuple(left_out)[:EXAMPLES],
            unlearnt=unlearnt,
            unlearnt_tokens=tuple(self.model.tokenizer.token_name(token) for token in list(tokens)[:EXAMPLES]),
        )
        return WriteResult(memory, bases, summary)

    def _of(self, new: Positions, p: Tensor) -> Tensor:
        """The sums of some positions by item: (3, items)."""
        place = new.rows.items.long()[new.primary] - self.first
        p = p[new.primary].double().clamp(min=1e-30)
        return torch.zeros_like(self._sums["after"]).index_add_(1, place, torch.stack((p.log(), p, torch.ones_like(p))))

    def _item_p(self, sums: Tensor) -> list[float]:
        """Probability of each fact's whole answer, mean token probability of each document; 0 where not yet read."""
        logs, total, count = sums
        whole = torch.where(torch.arange(len(logs)) < self.facts, logs.exp(), total / count.clamp(min=1.0))
        return torch.where(count > 0, whole, 0.0).tolist()

    def _share_done(self, step: Step) -> float:
        """How much of the work is done, by the time that its parts take."""
        if step.phase == "prepare":
            own = ITEMS_READ
        elif step.phase == "direct":
            own = ITEMS_READ + (TARGETS_FOUND - ITEMS_READ) * min(1.0, step.steps / TYPICAL)
        elif step.phase == "gradient":
            own = self._stepped(step).done
        else:
            own = 1.0
        done = len(self._done)
        return (sum(self._whole[:done]) + own * self._whole[done]) / sum(self._whole)

    def _stepped(self, step: Step) -> Stepping:
        """How far the gradient steps of a bank are."""
        odds = _log_odds(step)
        if self._stepping is None:
            self._stepping = Stepping(step.steps, time.monotonic() - self.begun, odds, self.goal)
        self._stepping.see(step.steps, step.most, odds)
        return self._stepping

    def _left(self, phase: str, elapsed: float, share: float) -> float:
        """Seconds that are left of the write."""
        if phase != "gradient" or self._stepping is None:
            return elapsed * (1.0 - share) / max(share, 1e-3)
        here = self._stepping.left(elapsed)
        done = len(self._done)
        return here + (elapsed + here - self._bank_begun) * sum(self._whole[done + 1 :]) / self._whole[done]

    def _event(
        self,
        step: Step,
        phase: str,
        number: int,
        losses: dict[str, float],
        worst_p: float,
        item_p: list[float],
        share: float,
    ) -> WriteEvent:
        elapsed = time.monotonic() - self.begun
        median = statistics.median(item_p)
        for name, value in ({"step": float(number), "worst p": worst_p, "median p": median} | losses).items():
            self.history.setdefault(name, []).append(value)
        # Banks take the items one after the other; of a bank that is done this step tells again.
        parts = self._done_p[:-1] if self._done and self._done[-1].new is step.new else self._done_p
        in_order = torch.cat((*parts, step.token_p[step.new.primary].cpu()))
        norms = step.reads.norm(dim=1)
        chosen, heat = self._sampled(step.new)
        added = torch.zeros(1)
        if len(step.new.stream):  # else it was read in another process
            added = self.model.site.gate * norms / step.new.stream.norm(dim=1).cpu()
        return WriteEvent(
            phase=phase,
            step=number,
            steps=max(number, self.steps + step.most if phase != "done" else number),
            losses=dict(losses),
            worst_p=worst_p,
            median_p=median,
            item_p=tuple(item_p),
            share=float(added.mean()),
            slot_use=tuple(map(tuple, (heat * norms[chosen, None]).tolist())),
            tokens_per_second=len(step.new) * step.steps / max(elapsed, 1e-9),
            elapsed=elapsed,
            remaining=self._left(phase, elapsed, share),
            token_p=tuple(in_order[_spread(len(in_order), SHOWN_TOKENS)].tolist()),
            tokens=len(in_order),
        )

    def _sampled(self, new: Positions) -> tuple[Tensor, Tensor]:
        """What the slot-use picture shows of a bank: some positions, and strengths of their addresses (p, slots)."""
        if self._heat is None or self._heat[0] is not new:
            slots = self.model.config.write_slots
            shown = new.primary.nonzero()[:, 0] if bool(new.primary.any()) else torch.arange(len(new))
            chosen = shown[_spread(len(shown), HEAT_POSITIONS)]
            self._heat = new, chosen, new.rows.dense(slots, chosen)[:, _spread(slots, HEAT_SLOTS)]
        return self._heat[1], self._heat[2]

    def _words(self, items: Sequence[WriteItem], new: Positions, rows: Tensor) -> list[str]:
        """The words before each of some positions, and the token that was to follow."""
        firsts = torch.searchsorted(new.item, new.item[rows])
        places = zip(new.item[rows].tolist(), (rows - firsts).tolist(), strict=True)
        decode = self.model.tokenizer.decode
        return [decode(items[item].words(place, SHOWN_BEFORE)).strip() for item, place in places]

    def _left_out(self, memory: Memory, bank: int, new: Positions, rows: Tensor, words: Sequence[str]) -> list[LeftOut]:
        """Where some positions of a bank are, and the stored one with their cue and another token, where it has one."""
        if not words:
            return []
        stored, left_out = memory.rows, []
        inside, cues = cues_of(stored, bank)
        tokens, cues = stored.tokens[inside], cues.float()
        for row, said in zip(rows.tolist(), words, strict=True):
            token = int(new.targets[row])
            likeness = cues @ new.rows.cues[row].float()
            likeness[(tokens == token) | (tokens < 0)] = -torch.inf
            nearest = int(likeness.argmax())
            if not bool(likeness[nearest].isfinite()):
                continue
            first = other = int(inside[nearest])
            while first > max(0, other - SHOWN_BEFORE) and int(stored.following[first - 1]) == first:
                first -= 1
            leads = stored.leads[int(stored.lead_starts[first]) : int(stored.lead_starts[first + 1])].tolist()
            ids = [*leads, *stored.tokens[first : other + 1].tolist()][-SHOWN_BEFORE - 1 :]
            places = [
                (rows_.items[place], rows_.sentences[place]) for rows_, place in ((new.rows, row), (stored, other))
            ]
            (title, sentence), (there, number) = [(memory.items[int(item)].title, int(n) + 1) for item, n in places]
            left_out.append(LeftOut(said, title, sentence, self.model.tokenizer.decode(ids).strip(), there, number))
        return left_out


def _log_odds(step: Step) -> float:
    """Those of the least certain token."""
    p = min(max(worst(step.token_p, step.counted), 1e-30), 1.0 - 1e-7)
    return math.log(p / (1.0 - p))


class Stepping:
    """The gradient steps of one bank, and how many more there will be: unlike those of a direct write, any number.

    Attributes:
        done: share of them that were taken.
    """

    def __init__(self, first: int, elapsed: float, odds: float, goal: float) -> None:
        """Begin.

        Args:
            first: number of the first step.
            elapsed: seconds of the write when it was taken.
            odds: log-odds of the least certain token after it.
            goal: probability that it is to have.
        """
        self.done = 0.0
        self._first, self._elapsed, self._odds = first, elapsed, odds
        self._way = math.log(goal / (1.0 - goal)) - odds
        self._taken = 1

    def see(self, number: int, most: int, odds: float) -> None:
        """Take in a step: its number, the largest that there can be, and the log-odds of the least certain token."""
        self._taken = number - self._first + 1
        risen = (odds - self._odds) / self._way if self._way > 0.0 else 1.0
        self.done = max(float(np.interp(risen, RISEN, STEPPED)), self._taken / max(1, most - self._first + 1))

    def left(self, elapsed: float) -> float:
        """Seconds until the last step, at so many seconds of the write."""
        if self._taken < 2:
            return elapsed  # what comes before the first step takes about as long as all of them
        each = (elapsed - self._elapsed) / (self._taken - 1)
        return each * self._taken * (1.0 - self.done) / self.done


def _spread(count: int, most: int) -> Tensor:
    """At most so many of ``count`` numbers from 0, evenly spread, in order."""
    return torch.arange(min(count, most)) * count // min(count, most) if count else torch.zeros(0, dtype=torch.int64)


def _recorded(joint: Memory, watcher: _Watcher, layer: LayerRecord, settings: WriteSettings) -> Memory:
    """The memory with what the write achieved in its records."""
    first = len(joint.items) - len(watcher.after)
    items: list[ItemRecord] = list(joint.items[:first])
    for record, after, before in zip(joint.items[first:], watcher.after, watcher.before, strict=True):
        items.append(dataclasses.replace(record, p_before=before, p_after=after))
    layer = dataclasses.replace(
        layer,
        # However many processes write it, the memory is the same.
        settings={name: value for name, value in dataclasses.asdict(settings).items() if name != "workers"},
        history=watcher.history,
        seconds=time.monotonic() - watcher.begun,
    )
    return dataclasses.replace(joint, items=tuple(items), layers=(*joint.layers[:-1], layer))
