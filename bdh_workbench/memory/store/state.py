"""What a memory is: a table of stored positions (rows), the items they come from and the layers they were written in.

The slow memory S is not part of it. S consists of banks; each is the smallest matrix that reads the values of its rows
at their addresses (``algebra.py``), so that protecting, merging, forgetting and undoing are all choices of rows, and
the cost of each is that of the banks it touches (``banks.py``). Everything is a value: a write returns a new memory and
leaves the old one as it was.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.memory.room import machine_rows
from bdh_workbench.memory.store.batches import padded_batches

if TYPE_CHECKING:
    from bdh_workbench.model.write_site import WriteSite

    SiteSource = WriteSite | Callable[[], WriteSite]
    """The write site of a model, or what loads it once it is needed."""

with warnings.catch_warnings():
    # torch says once in each process that compressed sparse tensors are in beta. They are several times faster than the
    # alternatives in fp64, and the tests of the algebra check the products against dense ones.
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor(
        torch.zeros(2, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), torch.zeros(0), (1, 1)
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """Stored positions, n of them, on the CPU.

    Attributes:
        starts: (n + 1,) int64; row i uses the entries starts[i] to starts[i + 1] of slots and strengths.
        slots: (z,) int32, the active slots of each address in ascending order.
        strengths: (z,) fp32, the address there; each row has unit length.
        cues: (n, K * C) fp16, the normalised summaries (``write_site.py``), each of unit length, not yet weighted.
        values: (n, D) fp32, what S reads at the address (before the gate).
        tokens: (n,) int32, the token that follows; -1 where the words are not kept.
        items: (n,) int32, index into ``Memory.items``.
        sentences: (n,) int32, sentence of the item's text that the following token stands in, from 0.
        following: (n,) int32, the row of the next position in the same window, -1 at its end.
        address_of: (n,) int32, the row whose address, and so whose read, this row uses: most use their own. A row that
            uses another's, of the same item, has no entries in slots and strengths.
        banks: (n,) int32, the bank of S that each row's address is in, from 0; that of the row whose address it uses.
        lead_starts: (n + 1,) int64; row i has the entries lead_starts[i] to lead_starts[i + 1] of leads.
        leads: (l,) int32, the tokens before the first row of a window, for all other rows none: with them cues and
            addresses can be made again (``BareRows``). Empty where the words are not kept.
    """

    starts: Tensor
    slots: Tensor
    strengths: Tensor
    cues: Tensor
    values: Tensor
    tokens: Tensor
    items: Tensor
    sentences: Tensor
    following: Tensor
    address_of: Tensor
    banks: Tensor
    lead_starts: Tensor
    leads: Tensor

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.values.shape[0])

    def dense(self, slots: int, rows: Tensor | None = None, dtype: torch.dtype = torch.float32) -> Tensor:
        """Addresses (m, slots) as an ordinary matrix, of all rows or of the given row numbers (m,)."""
        chosen = self.address_of.long() if rows is None else self.address_of[rows].long()
        counts = (self.starts[1:] - self.starts[:-1])[chosen]
        entries = ragged_ranges(self.starts[:-1][chosen], counts)
        matrix = torch.zeros(len(chosen), slots, dtype=dtype)
        owner = torch.repeat_interleave(torch.arange(len(chosen)), counts)
        matrix[owner, self.slots[entries].long()] = self.strengths[entries].to(dtype)
        return matrix

    def take(self, rows: Tensor) -> Rows:
        """The given rows (m,) int64 in that order, with those whose addresses they use.

        ``following`` is renumbered, -1 where the next row is not taken.
        """
        counts = (self.starts[1:] - self.starts[:-1])[rows]
        entries = ragged_ranges(self.starts[:-1][rows], counts)
        return Rows(
            starts=torch.cat((torch.zeros(1, dtype=torch.int64), counts.cumsum(0))),
            slots=self.slots[entries],
            strengths=self.strengths[entries],
            cues=self.cues[rows],
            **self._chosen(rows),
        )

    def _chosen(self, rows: Tensor) -> dict[str, Tensor]:
        """What ``take`` takes beside cues and addresses."""
        # Rows that share an address belong to one item, and items are taken whole.
        number = torch.full((len(self) + 1,), -1, dtype=torch.int32)  # the last entry serves following == -1
        number[rows] = torch.arange(len(rows), dtype=torch.int32)
        counts = (self.lead_starts[1:] - self.lead_starts[:-1])[rows]
        return {name: getattr(self, name)[rows] for name in PLAIN_COLUMNS} | {
            "following": number[self.following[rows].long()],
            "address_of": number[self.address_of[rows].long()],
            "lead_starts": torch.cat((torch.zeros(1, dtype=torch.int64), counts.cumsum(0))),
            "leads": self.leads[ragged_ranges(self.lead_starts[:-1][rows], counts)],
        }

    def made(self) -> Rows:
        """The rows with their cues and addresses."""
        return self

    def bare(self, site: WriteSite) -> Rows:
        """The rows without cues and addresses, which the site makes again when they are needed.

        The rows themselves where that is not possible, as the words were not kept.
        """
        if not self.remakeable:
            return self
        return BareRows.of({name: getattr(self, name) for name in KEPT_COLUMNS}, site, self.checked())

    def checked(self) -> Tensor:
        """What each cue is recognised by (n,), as ``cue_checks`` gives it."""
        return cue_checks(self.cues)

    @property
    def remakeable(self) -> bool:
        """Whether cues and addresses follow from the tokens: every window has the tokens before it."""
        return bool(len(self)) and windows_are_whole(self) and bool((self.tokens >= 0).all())

    def altered(self, **changes: Tensor) -> Rows:
        """The rows with other columns; those without cues and addresses stay so."""
        return dataclasses.replace(self, **changes)

    @staticmethod
    def join(parts: Sequence[Rows]) -> Rows:
        """The rows of all parts, one after the other; item numbers must already be those of the joint memory.

        They are bare where a part is, and all can be made again.
        """
        parts = [part for part in parts if len(part)] or parts[:1]
        offset, following, addresses = 0, [], []
        for part in parts:
            following.append(torch.where(part.following >= 0, part.following + offset, -1).to(torch.int32))
            addresses.append(part.address_of + offset)
            offset += len(part)
        kept = {name: torch.cat([getattr(part, name) for part in parts]) for name in (*PLAIN_COLUMNS, "leads")} | {
            "following": torch.cat(following),
            "address_of": torch.cat(addresses).to(torch.int32),
            "lead_starts": _joined_starts([part.lead_starts for part in parts]),
        }
        sites = [part.site for part in parts if isinstance(part, BareRows)]
        if sites and all(part.remakeable for part in parts):
            site = next((site for site in sites if site is not None), None)
            return BareRows.of(kept, site, torch.cat([part.checked() for part in parts]))
        made = [part.made() for part in parts]
        names = ("slots", "strengths", "cues")
        return Rows(
            starts=_joined_starts([part.starts for part in made]),
            **{name: torch.cat([getattr(part, name) for part in made]) for name in names},
            **kept,
        )

    def sparse(self, slots: int, rows: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
        """Addresses of the given rows as a compressed sparse matrix (m, slots)."""
        rows = self.address_of[rows].long()
        counts = (self.starts[1:] - self.starts[:-1])[rows]
        entries = ragged_ranges(self.starts[:-1][rows], counts)
        starts = torch.cat((torch.zeros(1, dtype=torch.int64), counts.cumsum(0)))
        size = (len(rows), slots)
        values = self.strengths[entries].to(dtype)
        return torch.sparse_csr_tensor(starts, self.slots[entries].long(), values, size, check_invariants=False)

    @staticmethod
    def empty(cue_width: int, width: int) -> Rows:
        """No rows, of the given widths."""
        none = torch.zeros(0, dtype=torch.int32)
        return Rows(
            starts=torch.zeros(1, dtype=torch.int64),
            slots=none,
            strengths=torch.zeros(0),
            cues=torch.zeros(0, cue_width, dtype=torch.float16),
            values=torch.zeros(0, width),
            tokens=none,
            items=none,
            sentences=none,
            following=none,
            address_of=none,
            banks=none,
            lead_starts=torch.zeros(1, dtype=torch.int64),
            leads=none,
        )

    def sharing(self, address_of: Tensor) -> Rows:
        """The same rows with other choices (n,) of whose address each uses; what is not used any more is left out.

        Those that are chosen must have an address of their own.
        """
        counts = self.starts[1:] - self.starts[:-1]
        counts = torch.where(address_of == torch.arange(len(self)), counts, 0)
        entries = ragged_ranges(self.starts[:-1], counts)
        return dataclasses.replace(
            self,
            starts=torch.cat((torch.zeros(1, dtype=torch.int64), counts.cumsum(0))),
            slots=self.slots[entries],
            strengths=self.strengths[entries],
            address_of=address_of.to(torch.int32),
        )

    def homes(self, rows: Tensor) -> Tensor:
        """The rows whose addresses the given rows (m,) use, each once and in ascending order."""
        return torch.tensor(sorted(set(self.address_of[rows].tolist())), dtype=torch.int64)

    def have_own(self, rows: Tensor) -> Tensor:
        """Whether each of the given rows (m,) has an address of its own: (m,) bool."""
        return self.address_of[rows] == rows


PLAIN_COLUMNS = ("values", "tokens", "items", "sentences", "banks")  # columns that are no numbers of other rows
# What cues and addresses can be made from.
KEPT_COLUMNS = *PLAIN_COLUMNS, "following", "address_of", "lead_starts", "leads"
MADE_COLUMNS = ("starts", "slots", "strengths", "cues")
ROWS_AT_ONCE = 128  # rows whose cues or addresses are made at once
MOST_WINDOW = 65_536  # tokens of a window and before it whose cues are made again; of longer ones cues are stored
CHECK = 0.05  # what the check of a cue may be off by: half precision, and sums in another order


class BareRows(Rows):
    """Rows whose cues and addresses are made of their tokens when they are needed, and not before.

    A part that is taken of them is bare too. ``made`` makes all of it; whoever needs a bank takes it first.
    """

    __slots__ = ("checks", "site")
    site: SiteSource | None
    checks: Tensor

    @staticmethod
    def of(columns: Mapping[str, Tensor], site: SiteSource | None, checks: Tensor) -> BareRows:
        """Rows of the columns ``KEPT_COLUMNS``.

        Args:
            columns: by name.
            site: that makes cues and addresses; None where the model is not known yet (``bind``).
            checks: (n,) of each cue, as ``cue_checks`` gives it.
        """
        rows = object.__new__(BareRows)
        for name, value in {**columns, "site": site, "checks": checks}.items():
            object.__setattr__(rows, name, value)
        return rows

    def __getattr__(self, name: str) -> Tensor:
        """Make what is asked for; called where it is not there yet."""
        if name == "cues":
            object.__setattr__(self, name, self._made_cues())
        elif name in MADE_COLUMNS:
            made = self.made()
            for each in MADE_COLUMNS:
                object.__setattr__(self, each, getattr(made, each))
        else:
            raise AttributeError(name)
        value: Tensor = object.__getattribute__(self, name)
        return value

    def bind(self, site: SiteSource) -> None:
        """Name the site that makes cues and addresses, of the model that the memory belongs to."""
        object.__setattr__(self, "site", site)

    def take(self, rows: Tensor) -> Rows:
        """The given rows, bare."""
        return BareRows.of(self._chosen(rows), self.site, self.checks[rows])

    def bare(self, site: WriteSite) -> Rows:
        """The rows themselves."""
        return self

    def checked(self) -> Tensor:
        """What each cue is recognised by (n,)."""
        return self.checks

    @property
    def remakeable(self) -> bool:
        """They are."""
        return True

    def altered(self, **changes: Tensor) -> Rows:
        """The rows with other columns; ``following`` and the tokens stay, and with them the cues."""
        return BareRows.of(
            {name: changes.get(name, getattr(self, name)) for name in KEPT_COLUMNS}, self.site, self.checks
        )

    def made(self) -> Rows:
        """The rows with their cues and addresses."""
        own = self.address_of == torch.arange(len(self))
        cues = self.cues
        starts, slots, strengths = made_addresses(self._site(), cues, own)
        kept = {name: getattr(self, name) for name in KEPT_COLUMNS}
        return Rows(starts=starts, slots=slots, strengths=strengths, cues=cues, **kept)

    def _site(self) -> WriteSite:
        if self.site is None:
            raise UserError("Only the model of this memory can turn its words into cues: load that model first.")
        site = self.site
        # A module can be called too.
        return site() if not isinstance(site, torch.nn.Module) else site  # type: ignore[return-value]

    def _made_cues(self) -> Tensor:
        cues = made_cues(self._site(), {name: getattr(self, name) for name in KEPT_COLUMNS})
        if bool((cue_checks(cues) - self.checks).abs().gt(CHECK).any()):
            raise UserError("The words of this memory do not match what was written: use another copy of its file.")
        return cues


def bind(memory: Memory, site: SiteSource) -> None:
    """Let the site of the memory's model make its cues and addresses, if they are to be made."""
    if isinstance(memory.rows, BareRows):
        memory.rows.bind(site)


def windows_are_whole(rows: Rows) -> bool:
    """Whether every window begins with tokens before it, none inside has any, and its rows follow each other."""
    counts = rows.lead_starts[1:] - rows.lead_starts[:-1]
    begins = torch.ones(len(rows), dtype=torch.bool)
    begins[1:] = rows.following[:-1] < 0
    inside = (rows.following >= 0).nonzero().flatten()
    if not torch.equal(counts > 0, begins) or not bool((rows.following[inside] == inside + 1).all()):
        return False
    starts = begins.nonzero().flatten()
    lengths = torch.diff(starts, append=torch.tensor([len(rows)])) + counts[starts]
    return not bool((lengths > MOST_WINDOW).any())


def cue_checks(cues: Tensor) -> Tensor:
    """What a cue is recognised by (n,): the sum of its numbers (n, U), every other one taken negative."""
    return cues[:, ::2].float().sum(1) - cues[:, 1::2].float().sum(1)


@torch.no_grad()
def made_cues(site: WriteSite, columns: Mapping[str, Tensor]) -> Tensor:
    """The cues (n, U) fp16 of rows, from their tokens and those before each window (``KEPT_COLUMNS``)."""
    lead_starts, leads, tokens = (columns[name].tolist() for name in ("lead_starts", "leads", "tokens"))
    begins = [row for row in range(len(tokens)) if lead_starts[row + 1] > lead_starts[row]]
    stops = [*begins[1:], *([len(tokens)] if begins else [])]
    windows = []
    for begin, stop in zip(begins, stops, strict=True):
        lead = leads[lead_starts[begin] : lead_starts[begin + 1]]
        windows.append((len(lead), [*lead, *tokens[begin : stop - 1]]))
    raw: list[Tensor] = [torch.empty(0)] * len(windows)
    device = site.codes.device
    for batch in padded_batches([len(ids) for _, ids in windows]):
        longest = max(len(windows[number][1]) for number in batch)
        ids = torch.tensor([[*windows[n][1], *(0,) * (longest - len(windows[n][1]))] for n in batch], device=device)
        made = site.stored_summaries(ids)
        for place, number in enumerate(batch):
            first, whole = windows[number]
            raw[number] = made[place, first - 1 : len(whole)]
    if not raw:
        return torch.empty(0, site.decays.shape[0] * site.codes.shape[1], dtype=torch.float16)
    return torch.cat([site.normalised(part).flatten(1).half().cpu() for part in _blocks(torch.cat(raw))])[: len(tokens)]


@torch.no_grad()
def made_addresses(
    site: WriteSite, cues: Tensor, own: Tensor, watch: Callable[[], None] = lambda: None
) -> tuple[Tensor, Tensor, Tensor]:
    """Starts (n + 1,), slots and strengths of the addresses of rows, from their cues (n, U) as they are stored.

    Args:
        site: that makes them.
        cues: fp16.
        own: (n,) bool, whether a row has an address of its own; none is made for others.
        watch: called now and then; what it raises ends the work.
    """
    chosen = own.nonzero().flatten()
    counts = torch.zeros(len(cues), dtype=torch.int64)
    slots, strengths = [torch.zeros(0, dtype=torch.int32)], [torch.zeros(0)]
    for part in torch.split(chosen, ROWS_AT_ONCE) if len(chosen) else ():
        watch()
        (summaries,) = _blocks(cues[part].to(site.codes.device).float().view(len(part), site.decays.shape[0], -1))
        address = site.addresses(summaries)[: len(part)].cpu()
        # Twice as quick as torch's own search.
        where = torch.from_numpy(np.flatnonzero(address.numpy() > 0.0))
        counts[part] = torch.bincount(where // address.shape[1], minlength=len(part))
        slots.append((where % address.shape[1]).to(torch.int32))
        strengths.append(address.flatten()[where])
    starts = torch.cat((torch.zeros(1, dtype=torch.int64), counts.cumsum(0)))
    return starts, torch.cat(slots), torch.cat(strengths)


def with_addresses(site: WriteSite, rows: Rows, address_of: Tensor) -> Rows:
    """Rows with other choices (n,) of whose address each uses; those addresses are made that are not there yet."""
    own = address_of == torch.arange(len(rows))
    counts = rows.starts[1:] - rows.starts[:-1]
    missing = own & (counts == 0)
    starts, slots, strengths = made_addresses(site, rows.cues, missing)
    kept = torch.where(own, counts, 0)
    entries = ragged_ranges(rows.starts[:-1], kept)
    added = starts[1:] - starts[:-1]
    owners = torch.cat([torch.repeat_interleave(torch.arange(len(rows)), each) for each in (kept, added)])
    order = owners.argsort(stable=True)
    return dataclasses.replace(
        rows,
        starts=torch.cat((torch.zeros(1, dtype=torch.int64), (kept + added).cumsum(0))),
        slots=torch.cat((rows.slots[entries], slots))[order],
        strengths=torch.cat((rows.strengths[entries], strengths))[order],
        address_of=address_of.to(torch.int32),
    )


def _blocks(values: Tensor) -> Iterator[Tensor]:
    """Values (n, ...) in blocks of ``ROWS_AT_ONCE``, the last filled up with zeros.

    A product of matrices is rounded alike only where the matrices have one shape: so every row is made with the same
    bits, whatever is made with it.
    """
    for part in torch.split(values, ROWS_AT_ONCE):
        yield torch.cat((part, part.new_zeros(ROWS_AT_ONCE - len(part), *part.shape[1:])))


def _joined_starts(parts: Sequence[Tensor]) -> Tensor:
    joined, entries = [torch.zeros(1, dtype=torch.int64)], 0
    for starts in parts:
        joined.append(starts[1:] + entries)
        entries += int(starts[-1])
    return torch.cat(joined)


def ragged_ranges(starts: Tensor, counts: Tensor) -> Tensor:
    """starts[0] .. starts[0] + counts[0] - 1, then the same for the next, joined: (sum of counts,) int64."""
    total = int(counts.sum())
    ends = counts.cumsum(0)
    return torch.arange(total) + torch.repeat_interleave(starts - (ends - counts), counts)


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One thing that was written: a fact or a document.

    Attributes:
        kind: ``fact`` or ``document``.
        title: of a document; of a fact its prompt, or "fact 1" and so on where the words are not kept.
        prompt: of a fact; empty for a document, or where the words are not kept.
        answer: likewise.
        text: of a document; None where the words are not kept.
        layer: number of the layer of history, as in ``LayerRecord.number``.
        tokens: of the text, or of prompt and answer; each counts once, and the end token does not.
        p_before: probability of the whole answer before the write; of a document the mean over its tokens.
        p_after: the same after it.
    """

    kind: str
    title: str
    prompt: str
    answer: str
    text: str | None
    layer: int
    tokens: int
    p_before: float
    p_after: float


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One write in the history of a memory.

    Attributes:
        number: unlike that of every other layer of the memory, in order of writing.
        title: what was written, in a few words.
        created: time in UTC, ISO 8601.
        enabled: whether S is made with the layer's rows.
        settings: of the write, as plain values.
        history: numbers over the steps of the write: ``step``, and each loss term, worst and median p by name.
        seconds: the write took.
    """

    number: int
    title: str
    created: str
    enabled: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory as a value.

    Attributes:
        model: fingerprint of the model that it belongs to.
        model_name: for people.
        slots: of each bank of S (M), those of the model's write site.
        width: of its stream (D).
        rows: the stored positions, those of switched-off layers included.
        basis: (r,) int64, numbers of the rows that S is made from, bank by bank; rows whose addresses lie in their span
            are left out.
        weights: (r, D) fp32, each bank of S is the sum of weights (x) addresses over its part of the basis. Both follow
            from the rows (``algebra.solve``) and are kept so that opening a memory costs no solving, and gives the same
            bits.
        items: what was written.
        layers: the history.
        title: for people.
        note: a person's own words about it.
    """

    model: str
    model_name: str
    slots: int
    width: int
    rows: Rows
    basis: Tensor
    weights: Tensor
    items: tuple[ItemRecord, ...] = ()
    layers: tuple[LayerRecord, ...] = ()
    title: str = ""
    note: str = ""

    def enabled_rows(self) -> Tensor:
        """Row numbers (m,) of the layers that are switched on."""
        on = {layer.number for layer in self.layers if layer.enabled}
        flags = torch.tensor([item.layer in on for item in self.items], dtype=torch.bool)
        if not len(flags):
            return torch.zeros(0, dtype=torch.int64)
        return flags[self.rows.items.long()].nonzero().flatten()

    @property
    def fill(self) -> float:
        """Rows of the basis as a share of what this machine has room for (``room.py``)."""
        return len(self.basis) / machine_rows()

    def next_layer(self) -> int:
        """The number that the next layer gets."""
        return 1 + max((layer.number for layer in self.layers), default=0)

    def with_layer(self, number: int, enabled: bool) -> Memory:
        """The memory with one layer of history switched on or off; to be solved again (``algebra.solve``).

        Raises:
            KeyError: when there is no layer of that number.
        """
        if number not in {layer.number for layer in self.layers}:
            raise KeyError(number)
        layers = tuple(
            dataclasses.replace(layer, enabled=enabled) if layer.number == number else layer for layer in self.layers
        )
        return dataclasses.replace(self, layers=layers)

    def without_items(self, items: Iterable[int]) -> Memory:
        """The memory without the items of the given indices, their rows, and layers that are empty then.

        To be solved again (``algebra.solve``).
        """
        gone = set(items)
        kept = [index for index in range(len(self.items)) if index not in gone]
        number = torch.full((len(self.items),), -1, dtype=torch.int32)
        number[torch.tensor(kept, dtype=torch.int64)] = torch.arange(len(kept), dtype=torch.int32)
        owner = number[self.rows.items.long()]
        rows = self.rows.take((owner >= 0).nonzero().flatten()).altered(items=owner[owner >= 0])
        records = tuple(self.items[index] for index in kept)
        used = {record.layer for record in records}
        layers = tuple(layer for layer in self.layers if layer.number in used)
        return dataclasses.replace(self, rows=rows, items=records, layers=layers)
