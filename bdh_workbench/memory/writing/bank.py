"""Writing one bank: read, find what each position must read, solve, and take gradient steps where that is not enough.

Each stage takes values and returns values; between them ``Step`` records tell whoever watches how far it is. Nothing
here knows of other banks, so that banks can be written one after the other or in several processes at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.algebra import (
    Basis,
    coefficients,
    drifted,
    extend_basis,
    held_basis,
    read_rows,
    slow_slot,
    solve,
)
from bdh_workbench.memory.store.state import Memory, Rows, with_addresses
from bdh_workbench.memory.writing.direct import POSITIONS_AT_ONCE, READ_STEPS, SLACK, direct_reads, log_odds
from bdh_workbench.memory.writing.encoding import WriteItem
from bdh_workbench.memory.writing.features import Positions, positions
from bdh_workbench.memory.writing.gradient import gradient_steps
from bdh_workbench.memory.writing.problem import Unrelated, addresses_of, make_problem
from bdh_workbench.model.loading import Model

CHECKED_TWICE = 2  # the goal must be passed in so many steps running
RESCUE = 1e-4  # tolerance at which positions that failed are given rank; any smaller, and S would poison what is near
SETTLING = 4  # times that such positions are looked for


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written into one bank.

    Attributes:
        bank: its number.
        items: that go into it; their sources are numbers of the write's facts and documents.
        first: the place of the first of these among the items of the memory.
        share: whether windows and framings use the addresses of what they are parts of.
        refine: whether gradient steps follow where the direct write is not certain.
    """

    bank: int
    items: tuple[WriteItem, ...]
    first: int
    share: bool
    refine: bool

    @property
    def positions(self) -> int:
        """Targets in it."""
        return sum(len(item.ids) - item.first for item in self.items)


@dataclass(frozen=True, slots=True)
class Job:
    """The write of one bank: what goes in, and what is there already.

    Attributes:
        bank: the rows that it has; its items and layers are those that the whole memory will have.
        basis: of it; None to work it out.
        facts: of the write.
        batch: what is written.
        settings: of the write.
        unrelated: text that gradient steps look at; None to read it.
    """

    bank: Memory
    basis: Basis | None
    facts: Sequence[Fact]
    batch: Batch
    settings: WriteSettings
    unrelated: Unrelated | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """How far the write of a bank is.

    Attributes:
        phase: ``prepare``, ``direct``, ``solve`` or ``gradient``.
        new: the positions that are written.
        reads: (m, D), what is read there.
        token_p: (m,), the probability of each target.
        counted: (m,) bool, those that are not left out.
        losses: each term in nats, by name.
        steps: taken in this bank.
        most: steps of the phase at most, those before it included.
    """

    phase: str
    new: Positions
    reads: Tensor
    token_p: Tensor
    counted: Tensor
    losses: dict[str, float]
    steps: int
    most: int


@dataclass(frozen=True, slots=True)
class BankResult:
    """A written bank.

    Attributes:
        rows: the new rows, numbered from 0, with their values.
        held_values: (n, D) of the rows that were there, which change where nothing protects them; None where they stay.
        basis: of the rows that were there and then the new ones, by their places among these.
        weights: (r, D) of the basis.
        new: the positions, without their stream.
        before: (m,) probability of each target before the write.
        after: (m,) after it.
        ambiguous: (m,) bool, those left out as another position has their address and continues differently.
        hopeless: (m,) bool, those left out as no read makes their token certain.
        steps: taken.
    """

    rows: Rows
    held_values: Tensor | None
    basis: Basis
    weights: Tensor
    new: Positions
    before: Tensor
    after: Tensor
    ambiguous: Tensor
    hopeless: Tensor
    steps: int


@dataclass(frozen=True, slots=True)
class Aim:
    """Reads that the positions of a bank should have.

    Attributes:
        new: the positions, with the addresses that they use.
        reads: (m, D).
        hopeless: (m,) bool, those that no read makes certain.
        steps: taken.
    """

    new: Positions
    reads: Tensor
    hopeless: Tensor
    steps: int


@dataclass(frozen=True, slots=True)
class Solved:
    """A bank with what is new in it.

    Attributes:
        memory: the bank, the new rows last.
        basis: of it.
        reads: (m, D), what the new positions read.
        token_p: (m,), the probability of each target.
        excused: (m,) bool, those left out.
    """

    memory: Memory
    basis: Basis
    reads: Tensor
    token_p: Tensor
    excused: Tensor

    @property
    def worst(self) -> float:
        """The smallest probability of those that are not left out."""
        return worst(self.token_p, ~self.excused)


def worst(token_p: Tensor, counted: Tensor) -> float:
    """The smallest of the probabilities (m,) that count; 1 where none does."""
    return float(token_p[counted].min()) if bool(counted.any()) else 1.0


def token_p(model: Model, new: Positions, reads: Tensor) -> Tensor:
    """Probability (m,) on the CPU of each target, with the given reads (m, D)."""
    parts, reads = [], reads.to(model.device)
    for part in torch.split(torch.arange(len(new)), POSITIONS_AT_ONCE):
        logits = model.network.logits(new.stream[part] + model.site.gate * reads[part])
        parts.append(log_odds(logits, new.targets[part])[0].sigmoid().cpu())
    return torch.cat(parts)


@dataclass(frozen=True, slots=True)
class _Task:
    """A job that has been read: what every stage of it looks at, and none changes.

    Attributes:
        model: the frozen model.
        job: that is done.
        basis: of its bank.
        new: the positions that are written.
        base: (m, D), what the bank reads there.
        watch: called now and then; what it raises ends the write.
    """

    model: Model
    job: Job
    basis: Basis
    new: Positions
    base: Tensor
    watch: Callable[[], None]

    @property
    def bank(self) -> Memory:
        """The bank as it is before the write."""
        return self.job.bank

    @property
    def settings(self) -> WriteSettings:
        """Of the write."""
        return self.job.settings


@torch.no_grad()
def write_bank(model: Model, job: Job, watch: Callable[[], None]) -> Generator[Step, None, BankResult]:
    """Write into one bank.

    Args:
        model: the frozen model.
        job: what is written into which bank.
        watch: called now and then; what it raises ends the write.
    """
    batch, settings = job.batch, job.settings
    new = positions(model, batch.items, watch, batch.share)
    new = dataclasses.replace(new, rows=dataclasses.replace(new.rows, items=new.rows.items + batch.first))
    base = read_rows(new.rows, slow_slot(job.bank), torch.arange(len(new)))
    before = token_p(model, new, base)
    none = torch.zeros(len(new), dtype=torch.bool)
    yield Step("prepare", new, base, before, ~none, {}, 0, READ_STEPS)
    # Worked out again for a memory from a file, the basis keeps the rank that earlier writes gave to single rows.
    basis = held_basis(job.bank, watch) if job.basis is None else job.basis
    task = _Task(model, job, basis, new, base, watch)
    if settings.method == "gradient":
        aim, solved = yield from _by_gradient(task)
    else:
        aim = yield from _by_direct_steps(task)
        solved = _solve(task, _changed(task, _alone(task, aim)), aim)
    yield Step("solve", aim.new, solved.reads, solved.token_p, ~solved.excused, {}, aim.steps, aim.steps)
    if settings.method == "auto" and batch.refine and solved.worst < settings.goal:
        aim, solved = yield from _refined(task, aim, solved)
    return _result(task, aim, solved, before)


def _result(task: _Task, aim: Aim, solved: Solved, before: Tensor) -> BankResult:
    count = len(task.bank.rows)
    # What S reads now is what is to be kept, by positions outside the basis too.
    rows = dataclasses.replace(aim.new.rows, values=solved.reads)
    held = solved.memory.rows.values[:count]
    return BankResult(
        rows=rows,
        held_values=None if torch.equal(held, task.bank.rows.values) else held,
        basis=solved.basis,
        weights=solved.memory.weights,
        new=dataclasses.replace(aim.new, stream=aim.new.stream[:0]),
        before=before,
        after=solved.token_p,
        ambiguous=solved.excused & ~aim.hopeless,
        hopeless=aim.hopeless,
        steps=aim.steps,
    )


def _by_direct_steps(task: _Task) -> Generator[Step, None, Aim]:
    """Reads by direct steps; positions that the read of another does not serve get addresses of their own."""
    model, new, base = task.model, task.new, task.base
    own, taken = torch.arange(len(new)), 0
    reads, p = base.to(model.device).clone(), torch.zeros(len(new))
    uses = new.rows.address_of.long()
    here = (uses == own).nonzero().flatten()
    while len(here):
        chosen = here.to(model.device)
        part = reads[chosen]
        for odds in _direct_steps(model, new.stream[chosen], part, new.targets[chosen], task.settings):
            taken += 1
            losses = {"cross-entropy": float(torch.nn.functional.softplus(-odds).mean())}
            p[here] = odds.sigmoid().cpu()
            yield Step("direct", new, reads.cpu(), p.clone(), torch.isin(own, here), losses, taken, READ_STEPS)
        reads[chosen] = part
        shared = reads[uses.to(model.device)].cpu()
        p = token_p(model, new, shared)
        failed = p < _enough(task.settings)
        lonely = failed & ~failed[uses] & (uses != own)
        here = lonely.nonzero().flatten()
        # They begin with what they would have shared.
        reads[here.to(model.device)] = shared[here].to(model.device)
        uses = torch.where(lonely, own, uses)
        if len(here):
            task.watch()
            new = dataclasses.replace(new, rows=with_addresses(model.site, new.rows, uses))
    return Aim(new, torch.where(failed[:, None], base, shared), failed, taken)


def _direct_steps(
    model: Model, stream: Tensor, reads: Tensor, targets: Tensor, settings: WriteSettings
) -> Iterator[Tensor]:
    """Improve reads (m, D) in place by direct steps; yields the log-odds (m,) before each."""
    head, gate = model.network.embed.weight, model.site.gate
    for odds, _ in direct_reads(stream, reads, targets, head, gate, settings.margin):
        yield odds


def _enough(settings: WriteSettings) -> float:
    """The probability under which a position fell short of both the goal and its margin."""
    return min(settings.goal, float(torch.tensor(settings.margin - 2.0 * SLACK).sigmoid()))


def _alone(task: _Task, aim: Aim) -> Tensor | None:
    """The change (M, D) of S that reads what is aimed at, ignoring what is stored; None where that is protected."""
    bank, new = task.bank, aim.new
    if task.settings.protect or not len(bank.rows):
        return None
    empty = dataclasses.replace(bank, rows=Rows.empty(new.rows.cues.shape[1], bank.width))
    return slow_slot(solve(_joined(empty, new, aim.reads - task.base), None, task.settings.tolerance)[0])


def _changed(task: _Task, change: Tensor | None) -> Memory:
    """The bank, with the values that its rows read after a change (M, D) of the slow memory, unless it is protected."""
    bank = task.bank
    if task.settings.protect or change is None or not len(bank.rows):
        return bank
    enabled, values = bank.enabled_rows(), bank.rows.values.clone()
    values[enabled] += read_rows(bank.rows, change.cpu(), enabled)
    return dataclasses.replace(bank, rows=dataclasses.replace(bank.rows, values=values))


def _joined(bank: Memory, new: Positions, reads: Tensor) -> Memory:
    """The bank with the new rows last, to be solved."""
    rows = dataclasses.replace(new.rows, values=reads, banks=torch.zeros_like(new.rows.banks))
    return dataclasses.replace(bank, rows=Rows.join([bank.rows, rows]))


def _solve(task: _Task, bank: Memory, aim: Aim) -> Solved:
    """A bank with the reads that are aimed at, at the new positions, and what it reads there then."""
    new, count, settings = aim.new, len(bank.rows), task.settings
    joint, basis = solve(_joined(bank, new, aim.reads), task.basis, settings.tolerance, task.watch)
    numbers = torch.arange(count, len(joint.rows))
    old = joint.enabled_rows()
    old = old[old < count]
    for turn in range(SETTLING + 1):
        task.watch()
        slow = slow_slot(joint)
        got = read_rows(joint.rows, slow, numbers)
        task.watch()
        p = token_p(task.model, new, got)
        task.watch()
        has_rank = torch.isin(joint.rows.address_of[numbers], joint.basis)
        failed = numbers[(p < settings.goal) & ~has_rank & ~aim.hopeless]
        larger = basis
        if turn < SETTLING:
            needy = torch.cat((drifted(joint, old, slow), joint.rows.homes(failed)))
            larger = extend_basis(joint.rows, joint.slots, basis, needy, RESCUE, task.watch)
        if len(larger.rows) == len(basis.rows):
            break
        basis = larger
        weights = coefficients(basis, joint.rows.values[basis.rows]).float()
        joint = dataclasses.replace(joint, basis=basis.rows, weights=weights)
    return Solved(joint, basis, got, p, torch.isin(numbers, failed) | aim.hopeless)


def _by_gradient(task: _Task) -> Generator[Step, None, tuple[Aim, Solved]]:
    """The paper's write: gradient steps alone. Direct steps only tell which positions no read makes certain."""
    model, new = task.model, task.new
    reads = task.base.to(model.device).clone()
    for _ in _direct_steps(model, new.stream, reads, new.targets, task.settings):
        task.watch()
    sought = Aim(new, task.base, token_p(model, new, reads) < _enough(task.settings), 0)
    aim, change = yield from _gradient(task, sought, None)
    return aim, _solve(task, _changed(task, change), aim)


def _refined(task: _Task, aim: Aim, solved: Solved) -> Generator[Step, None, tuple[Aim, Solved]]:
    """Gradient steps after a direct write that left a position uncertain, kept where they help.

    Positions that share their address with another's, or whose token no read makes certain, are beyond any solution:
    only the others are pursued.
    """
    sought = dataclasses.replace(aim, hopeless=solved.excused)
    stepped, change = yield from _gradient(task, sought, slow_slot(solved.memory) - slow_slot(task.bank))
    other = dataclasses.replace(stepped, hopeless=aim.hopeless)
    again = _solve(task, _changed(task, change), other)
    if again.worst > solved.worst:
        return other, again
    return dataclasses.replace(aim, steps=stepped.steps), solved


def _gradient(task: _Task, aim: Aim, start: Tensor | None) -> Generator[Step, None, tuple[Aim, Tensor]]:
    """Steps until all that is sought has passed the goal twice.

    Args:
        task: that is done.
        aim: the positions; those that are hopeless are not sought.
        start: (M, D), the change of the slow memory to begin from; None for none.

    Returns:
        What is read then, and the change (M, D) of the slow memory.
    """
    model, bank, settings, base = task.model, task.bank, task.settings, task.base
    new, sought = aim.new, ~aim.hopeless
    protected, slow = task.basis if settings.protect else None, slow_slot(bank)
    job = task.job
    problem = make_problem(
        model, bank, job.facts, job.batch.items, new, sought, base, slow, protected, settings, job.unrelated
    )
    change = torch.zeros(bank.slots, bank.width, device=model.device) if start is None else start.to(model.device)
    steps = gradient_steps(problem, model.network.embed.weight, model.site.gate, settings, change)
    taken, passed, most = aim.steps, 0, aim.steps + settings.steps
    reads, addresses = aim.reads, addresses_of(model, new, torch.arange(len(new)))
    while taken < most and passed < CHECKED_TWICE:
        with torch.enable_grad():
            change, losses = next(steps)
        taken += 1
        reads = base + addresses.read(change).cpu()
        p = token_p(model, new, reads)
        passed = passed + 1 if worst(p, sought) > settings.goal else 0
        yield Step("gradient", new, reads, p, sought, losses, taken, most)
    return dataclasses.replace(aim, reads=reads, steps=taken), change
