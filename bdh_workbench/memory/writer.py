"""Writing items into a memory: a generator of step events that returns a new memory and leaves the old one as it was.

Pausing is not asking for the next event, cancelling is closing the generator: until it returns nothing has changed.
"""

from __future__ import annotations

import dataclasses
import datetime
import statistics
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument, prompt_key, same_text
from bdh_workbench.memory.algebra import (
    Basis,
    coefficients,
    drifted,
    extend_basis,
    held_basis,
    like_no_other,
    read_rows,
    slow_slot,
    solve,
    unwatched,
)
from bdh_workbench.memory.direct import SLACK, STEPS, direct_reads
from bdh_workbench.memory.encoding import (
    WriteItem,
    characters,
    far_too_much,
    item_records,
    too_many,
    write_items,
)
from bdh_workbench.memory.features import Positions, positions
from bdh_workbench.memory.file_format import check_fit
from bdh_workbench.memory.gradient import gradient_steps
from bdh_workbench.memory.manage import without
from bdh_workbench.memory.problem import make_problem
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.state import LayerRecord, Memory, Rows
from bdh_workbench.memory.titles import layer_title
from bdh_workbench.memory.write_event import WriteEvent
from bdh_workbench.model.loading import Model

__all__ = ["WriteEvent", "WriteResult", "check_write", "empty_memory", "finish", "write"]

OWN_SHARE = 0.25  # of the slots; beyond it windows and framings use the addresses of what they are parts of
HEAT_SLOTS, HEAT_POSITIONS = 64, 96  # slots and positions at most in the slot-use picture, spread over all
SHOWN_TOKENS = 2048  # tokens at most whose probabilities an event carries
EXAMPLES, BEFORE = 3, 6  # positions that cannot be told apart of which the words are told, and tokens before each
CHECKED_TWICE = 2  # the goal must be passed in so many steps running
DENSE_LIMIT = 400_000_000  # numbers in the dense addresses of a gradient write
REFINED_LIMIT = 40_000_000  # the same, up to which gradient steps refine a direct write: a second or less for each
RESCUE = 1e-4  # tolerance at which positions that failed are given rank; any smaller, and S would poison what is near
SETTLING = 4  # times that such positions are looked for
LOST, FEW = 0.05, 2  # a write is refused when more than this share and number of its positions find no room


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a write made.

    Attributes:
        memory: the new memory.
        basis: of the new memory, to be handed to the next write so that it need not be worked out again.
        steps: taken.
        seconds: taken, model loading apart.
        worst_p: smallest probability of an answer token afterwards, positions that are left out not counted.
        median_p: median probability over the items of this write.
        ambiguous: positions that are left out as they cannot be told from one that is held with another continuation.
        ambiguous_words: the words before some of them, and the token that is lost behind these.
        unlearnt: positions that are left out as no read makes their token certain: training never met it.
        unlearnt_tokens: some of these tokens.
    """

    memory: Memory
    basis: Basis
    steps: int
    seconds: float
    worst_p: float
    median_p: float
    ambiguous: int
    ambiguous_words: tuple[str, ...]
    unlearnt: int
    unlearnt_tokens: tuple[str, ...]


def _spread(count: int, most: int) -> Tensor:
    """At most so many of ``count`` numbers from 0, evenly spread, in order."""
    return torch.arange(min(count, most)) * count // min(count, most) if count else torch.zeros(0, dtype=torch.int64)


def empty_memory(model: Model, title: str = "") -> Memory:
    """A memory of this model that holds nothing."""
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
    basis: Basis | None = None,
    watch: Callable[[], None] = unwatched,
    gone: Collection[int] = (),
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
        basis: of ``memory`` as an earlier write returned it; worked out where it is None.
        watch: called now and then between two events; what it raises ends the write, and nothing has changed.
        gone: indices of items of ``memory`` that are forgotten in the same step.

    Yields:
        An event after each step.

    Returns:
        The new memory and a summary.

    Raises:
        UserError: when there is nothing to write, a fact contradicts one that is held, or the memory would be too full.
    """
    return _Write(
        model, memory or empty_memory(model), facts, documents, settings or WriteSettings(), basis, watch, gone
    ).run()


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
                f"This memory was written with the model {memory.model_name}, and the one loaded is "
                f"{model.name}: load that model, or start a new memory."
            )
        check_fit(memory, model.config)
    refused = far_too_much(characters(facts, documents), model.config.write_slots)
    if refused:
        raise UserError(refused)


def finish(steps: Generator[WriteEvent, None, WriteResult]) -> WriteResult:
    """Run a write to its end without looking at its events."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: WriteResult = stop.value
            return result


@dataclass(slots=True)
class _Write:
    """The state of one write between its steps."""

    model: Model
    memory: Memory
    facts: Sequence[Fact]
    documents: Sequence[TextDocument]
    settings: WriteSettings
    basis: Basis | None
    watch: Callable[[], None]
    gone: Collection[int]
    number: int = 0
    begun: float = field(default_factory=time.monotonic)
    step: int = 0
    passed: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=lambda: {"step": []})
    heat_rows: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))
    heat: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    items: list[WriteItem] = field(default_factory=list)
    new: Positions = field(init=False)
    own: Rows = field(init=False)
    twins: Tensor = field(init=False)
    old_count: int = 0
    excused: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.bool))
    hopeless: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.bool))

    @torch.no_grad()
    def run(self) -> Generator[WriteEvent, None, WriteResult]:
        settings = self.settings
        self._check()
        self.number = self.memory.next_layer()
        if self.gone:
            self.memory, self.basis = without(self.memory, self.gone, self.basis, self.watch)
        self.items = write_items(self.facts, self.documents, self.model, settings)
        refused = too_many(self.items, self.memory.slots)
        if refused:
            raise UserError(refused)
        self.new = positions(self.model, self.items, self.watch)
        self.own, self.twins = self.new.rows, torch.arange(len(self.new))
        if len(self.memory.basis) + len(self.new) > OWN_SHARE * self.memory.slots:
            self._share(self.new.twins)
        self.excused = self.hopeless = torch.zeros(len(self.new), dtype=torch.bool)
        self._sample_slots()
        held, self.old_count = self.memory, len(self.memory.rows)
        slow = slow_slot(held)
        base = self._dense_reads(slow)
        before = self._token_p(base)
        yield self._event("prepare", base, before)
        # Worked out again for a memory from a file, it keeps the rank that earlier writes gave to single rows.
        basis = self.basis if self.basis is not None else held_basis(held, self.watch)
        fits = len(self.new) * held.slots <= DENSE_LIMIT
        if settings.method == "gradient":
            if not fits:
                raise UserError(f"{len(self.new):,} positions are too many for gradient steps: write them in parts.")
            reads = base.to(self.model.device).clone()
            for _ in self._direct_steps(reads, torch.arange(len(reads), device=reads.device)):
                self.watch()
            self.excused = self.hopeless = self._not_reached(reads.cpu())
            change = yield from self._gradient(held, basis, base, None)
            reads, exposed = base + self._dense_reads(change), self._changed(held, change)
        else:
            reads = yield from self._direct(base)
            exposed = self._changed(held, self._alone(reads - base))
        joint, joint_basis, reads = self._solve(exposed, basis, reads)
        yield self._event("solve", reads, self._token_p(reads))
        worst, excused = self._worst(self._token_p(reads)), self.excused
        quick = len(self.new) * held.slots <= REFINED_LIMIT
        if settings.method == "auto" and quick and worst < settings.goal:
            # Positions that share their address with another's, or whose token no read makes certain, are beyond any
            # solution: only the others are pursued.
            change = yield from self._gradient(held, basis, base, slow_slot(joint) - slow)
            other = self._solve(self._changed(held, change), basis, base + self._dense_reads(change))
            if self._worst(self._token_p(other[2])) > worst:
                joint, joint_basis, reads = other
            else:
                self.excused = excused
        return (yield from self._finish(joint, joint_basis, reads, before))

    def _check(self) -> None:
        check_write(self.model, self.memory, self.facts, self.documents)
        # Switched on again, such a layer would contradict what is written now.
        off = {
            layer.number: f" in layer {layer.number}, which is switched off"
            for layer in self.memory.layers
            if not layer.enabled
        }
        known = {
            prompt_key(item.prompt): (item.answer, off.get(item.layer, ""))
            for index, item in enumerate(self.memory.items)
            if item.kind == "fact" and item.prompt and index not in self.gone
        }
        for fact in self.facts:
            other, where = known.setdefault(prompt_key(fact.prompt), (fact.answer, ""))
            if same_text(other) != same_text(fact.answer):
                raise UserError(
                    f"“{fact.prompt}” is already answered by “{other}”{where}: forget that fact first, or change one."
                )

    def _sample_slots(self) -> None:
        """Choose what the slot-use picture shows: only the addresses' strengths there are worked out."""
        slots = self.model.config.write_slots
        shown = torch.nonzero(self.new.primary)[:, 0] if bool(self.new.primary.any()) else torch.arange(len(self.new))
        self.heat_rows = shown[_spread(len(shown), HEAT_POSITIONS)]
        self.heat = self.new.rows.dense(slots, self.heat_rows)[:, _spread(slots, HEAT_SLOTS)]

    def _token_p(self, reads: Tensor) -> Tensor:
        """Probability (m,) on the CPU of each target, with the given reads (m, D)."""
        model, parts = self.model, []
        reads = reads.to(model.device)
        for part in torch.split(torch.arange(len(self.new)), 2048):
            logits = model.network.logits(self.new.stream[part] + model.site.gate * reads[part])
            parts.append(logits.softmax(1).gather(1, self.new.targets[part, None])[:, 0].cpu())
        return torch.cat(parts)

    def _item_p(self, token_p: Tensor) -> list[float]:
        """Probability of each fact's whole answer, and mean token probability of each document."""
        primary = self.new.primary
        source = self.new.rows.items.long()[primary]
        p = token_p[primary].clamp(min=1e-30)
        total = len(self.facts) + len(self.documents)
        logs = torch.zeros(total).index_add_(0, source, p.log()).exp()
        means = torch.zeros(total).index_add_(0, source, p)
        means /= torch.zeros(total).index_add_(0, source, torch.ones_like(p)).clamp(min=1.0)
        return torch.where(torch.arange(total) < len(self.facts), logs, means).tolist()

    def _worst(self, token_p: Tensor) -> float:
        counted = token_p[~self.excused]
        return float(counted.min()) if len(counted) else 1.0

    def _event(self, phase: str, reads: Tensor, token_p: Tensor, steps: int = 0) -> WriteEvent:
        elapsed = time.monotonic() - self.begun
        losses = self.losses or {"cross-entropy": float(-token_p.clamp(min=1e-30).log().mean())}
        item_p = self._item_p(token_p)
        worst, median = self._worst(token_p), statistics.median(item_p)
        for name, value in ({"step": float(self.step), "worst p": worst, "median p": median} | losses).items():
            self.history.setdefault(name, []).append(value)
        in_order = token_p[self.new.primary]
        norms = reads.norm(dim=1)
        share = self.model.site.gate * norms / self.new.stream.norm(dim=1).cpu()
        return WriteEvent(
            phase=phase,
            step=self.step,
            steps=max(steps, self.step),
            losses=dict(losses),
            worst_p=worst,
            median_p=median,
            item_p=tuple(item_p),
            share=float(share.mean()),
            slot_use=tuple(map(tuple, (self.heat * norms[self.heat_rows, None].cpu()).tolist())),
            tokens_per_second=len(self.new) * self.step / max(elapsed, 1e-9),
            elapsed=elapsed,
            remaining=max(0, steps - self.step) * elapsed / max(1, self.step),
            token_p=tuple(in_order[_spread(len(in_order), SHOWN_TOKENS)].tolist()),
            tokens=len(in_order),
        )

    def _direct(self, base: Tensor) -> Generator[WriteEvent, None, Tensor]:
        reads, own = base.to(self.model.device).clone(), torch.arange(len(base))
        while True:
            twins = self.twins.to(self.model.device)
            for odds in self._direct_steps(reads, twins):
                self.step += 1
                self.losses = {"cross-entropy": float(torch.nn.functional.softplus(-odds).mean())}
                yield self._event("direct", reads[twins].cpu(), odds.sigmoid().cpu(), STEPS)
            shared = reads[twins].cpu()
            failed = self._not_reached(shared)
            lonely = (failed | failed[self.twins]) & (self.twins != own)
            if not bool(lonely.any()):
                self.excused = self.hopeless = failed
                return torch.where(failed[:, None], base, shared)
            # One read cannot serve them and what they share it with: they get addresses of their own.
            reads = shared.to(self.model.device)
            self._share(torch.where(lonely, own, self.twins))

    def _direct_steps(self, reads: Tensor, twins: Tensor) -> Iterator[Tensor]:
        """Improve reads (m, D) in place by direct steps; yields the log-odds (m,) before each."""
        model = self.model
        head, gate, margin = model.network.embed.weight, model.site.gate, self.settings.margin
        for odds, _ in direct_reads(self.new.stream, reads, self.new.targets, head, gate, margin, twins):
            yield odds

    def _not_reached(self, reads: Tensor) -> Tensor:
        """The positions (m,) bool that direct steps left short of both the goal and their margin."""
        margin = torch.tensor(self.settings.margin - 2.0 * SLACK).sigmoid()
        return self._token_p(reads) < min(self.settings.goal, float(margin))

    def _share(self, twins: Tensor) -> None:
        """Let new rows use the addresses of others (m,): rank is spent on each token of a text once."""
        self.twins = twins
        self.new = dataclasses.replace(self.new, rows=self.own.sharing(twins))

    def _alone(self, wanted: Tensor) -> Tensor | None:
        """The change (M, D) of the slot that reads the wanted changes (m, D), heedless of what is held."""
        if self.settings.protect or not self.old_count:
            return None
        return slow_slot(solve(self._joined(empty_memory(self.model), wanted), None, self.settings.tolerance)[0])

    def _changed(self, held: Memory, change: Tensor | None) -> Memory:
        """What is held, with the values that it reads behind a change (M, D) of the slot, unless it is protected."""
        if self.settings.protect or change is None or not self.old_count:
            return held
        enabled, values = held.enabled_rows(), held.rows.values.clone()
        values[enabled] += read_rows(held.rows, change.cpu(), enabled)
        return dataclasses.replace(held, rows=dataclasses.replace(held.rows, values=values))

    def _solve(self, held: Memory, basis: Basis, reads: Tensor) -> tuple[Memory, Basis, Tensor]:
        """The joint memory with the given reads (m, D) at the new positions; what it reads there then."""
        joint = self._joined(held, reads)
        joint, basis = solve(joint, basis, self.settings.tolerance, self.watch)
        numbers = torch.arange(self.old_count, len(joint.rows))
        old = joint.enabled_rows()
        old = old[old < self.old_count]
        for turn in range(SETTLING + 1):
            slow = slow_slot(joint)
            got = read_rows(joint.rows, slow, numbers)
            failed = self._failed(joint, numbers, got)
            needy = torch.cat((drifted(joint, old, slow), joint.rows.homes(failed)))
            if turn < SETTLING:
                larger = extend_basis(joint.rows, joint.slots, basis, needy, RESCUE, self.watch)
            else:
                larger = basis
            if len(larger.rows) == len(basis.rows):
                break
            basis = larger
            weights = coefficients(basis, joint.rows.values[basis.rows]).float()
            joint = dataclasses.replace(joint, basis=basis.rows, weights=weights)
        self.excused = torch.isin(numbers, failed) | self.hopeless
        self._check_room(joint, failed)
        return joint, basis, got

    def _failed(self, joint: Memory, numbers: Tensor, reads: Tensor) -> Tensor:
        """Those of the new rows whose addresses have no rank of their own, and whose reads do not do without it."""
        held = torch.isin(joint.rows.address_of[numbers], joint.basis)
        return numbers[(self._token_p(reads) < self.settings.goal) & ~held & ~self.hopeless]

    def _check_room(self, joint: Memory, failed: Tensor) -> None:
        # Copies of others fail in any memory: the same words before, and another word behind them.
        lost = like_no_other(joint, failed, RESCUE)
        if lost > max(FEW, LOST * len(self.new)):
            raise UserError(
                f"There is no room for {lost:,} of {len(self.new):,} positions with {len(joint.basis):,} of "
                f"{joint.slots:,} directions used: forget something, write less, or start another memory."
            )

    def _joined(self, held: Memory, reads: Tensor) -> Memory:
        rows = dataclasses.replace(self.new.rows, values=reads, items=self.new.rows.items + len(held.items))
        if not self.settings.keep_words:
            rows = dataclasses.replace(rows, tokens=torch.full_like(rows.tokens, -1))
        records = item_records(self.facts, self.documents, self.items, self.number, self.settings.keep_words)
        title = layer_title(records)
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        layer = LayerRecord(self.number, title, created)
        return dataclasses.replace(
            held,
            rows=Rows.join([held.rows, rows]),
            items=(*held.items, *records),
            layers=(*held.layers, layer),
            title=held.title or title,
        )

    def _finish(
        self, joint: Memory, basis: Basis, reads: Tensor, before: Tensor
    ) -> Generator[WriteEvent, None, WriteResult]:
        token_p = self._token_p(reads)
        first = len(joint.items) - len(self.facts) - len(self.documents)
        after, prior = self._item_p(token_p), self._item_p(before)
        items = list(joint.items[:first])
        for record, p_after, p_before in zip(joint.items[first:], after, prior, strict=True):
            items.append(dataclasses.replace(record, p_before=p_before, p_after=p_after))
        # What S reads now is what is to be kept, by positions outside the basis too.
        values = torch.cat((joint.rows.values[: self.old_count], reads))
        event = self._event("done", reads, token_p)
        seconds = time.monotonic() - self.begun
        layer = dataclasses.replace(
            joint.layers[-1], settings=dataclasses.asdict(self.settings), history=self.history, seconds=seconds
        )
        memory = dataclasses.replace(
            joint,
            rows=dataclasses.replace(joint.rows, values=values),
            items=tuple(items),
            layers=(*joint.layers[:-1], layer),
        )
        yield event
        worst, median = self._worst(token_p), statistics.median(after)
        alike = self.excused & ~self.hopeless
        tokens = dict.fromkeys(self.new.targets.cpu()[self.hopeless].tolist())
        return WriteResult(
            memory=memory,
            basis=basis,
            steps=self.step,
            seconds=seconds,
            worst_p=worst,
            median_p=median,
            ambiguous=int(alike.sum()),
            ambiguous_words=self._words(alike.nonzero()[:EXAMPLES, 0]),
            unlearnt=int(self.hopeless.sum()),
            unlearnt_tokens=tuple(self.model.tokenizer.token_name(token) for token in list(tokens)[:EXAMPLES]),
        )

    def _words(self, rows: Tensor) -> tuple[str, ...]:
        """The words before each of some positions, and the token that was to follow."""
        firsts = torch.searchsorted(self.new.item, self.new.item[rows])
        places = zip(self.new.item[rows].tolist(), (rows - firsts).tolist(), strict=True)
        decode = self.model.tokenizer.decode
        return tuple(dict.fromkeys(decode(self.items[item].words(place, BEFORE)).strip() for item, place in places))

    def _dense_reads(self, change: Tensor) -> Tensor:
        return read_rows(self.new.rows, change.cpu(), torch.arange(len(self.new)))

    def _gradient(
        self, held: Memory, basis: Basis, base: Tensor, start: Tensor | None
    ) -> Generator[WriteEvent, None, Tensor]:
        model, settings = self.model, self.settings
        protected = basis if settings.protect else None
        sought = ~self.hopeless
        problem = make_problem(model, held, self.facts, self.items, self.new, sought, base, slow_slot(held), protected)
        change = torch.zeros(held.slots, held.width, device=model.device) if start is None else start.to(model.device)
        steps = gradient_steps(problem, model.network.embed.weight, model.site.gate, settings, change)
        most = self.step + settings.steps
        while self.step < most and self.passed < CHECKED_TWICE:
            with torch.enable_grad():
                change, self.losses = next(steps)
            self.step += 1
            reads = base + self._dense_reads(change)
            event = self._event("gradient", reads, self._token_p(reads), most)
            self.passed = self.passed + 1 if event.worst_p > settings.goal else 0
            yield event
        return change
