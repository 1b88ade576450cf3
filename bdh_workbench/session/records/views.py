"""The records that events carry: model, memory, sources, and how a text was read. Without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bdh_workbench.asking.answers import Top
from bdh_workbench.memory.store.conflicts import Conflict
from bdh_workbench.memory.writing.event import WriteSummary
from bdh_workbench.reading.sources import Source

if TYPE_CHECKING:  # these load torch, which the window must not wait for
    import numpy as np
    import numpy.typing as npt

    from bdh_workbench.memory.store.state import ItemRecord, LayerRecord

    Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """A memory site of the model.

    Attributes:
        level: the level of the network that it stands after.
        slots: of its slow memory.
        slow: tanh of its slow gate.
        fast: tanh of its fast gate; 0 for the write site, which has none.
        written: whether it is the write site; it is always the last.
    """

    level: int
    slots: int
    slow: float
    fast: float
    written: bool = False


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model in use.

    Attributes:
        name: of its folder.
        fingerprint: what memory files name it by.
        parameters: trained numbers in the network.
        device: that it runs on, such as ``cpu`` or ``cuda``.
        slots: of the write site.
        width: of the stream.
        levels: of the network.
        sites: in order of level, the write site last.
        context: tokens of its training context.
        folder: that it was loaded from.
    """

    name: str
    fingerprint: str
    parameters: int
    device: str
    slots: int
    width: int
    levels: int
    sites: tuple[SiteInfo, ...]
    context: int
    folder: Path


@dataclass(frozen=True, slots=True)
class BankView:
    """How full a bank of slow memory is.

    Attributes:
        number: of the bank, from 0.
        used: stored rows with an address of their own.
        room: such rows that go into a bank before the next one is begun.
    """

    number: int
    used: int
    room: int


@dataclass(frozen=True, slots=True)
class MemoryView:
    """The memory in use, as it can be shown.

    Attributes:
        title: of the memory.
        path: of its file, None where it was never saved.
        dirty: whether it differs from its file, or holds something and has none.
        items: what was written.
        layers: its history.
        rank: used.
        slots: rows that this machine has room for.
        fill: rank over these.
        can_undo: whether Undo has something to take back.
        can_redo: whether Redo has something to make again.
        bytes: of its file, as it would be saved.
        note: a person's own words about it.
        model_name: of the model that it belongs to.
        fingerprint: of that model.
        banks: how their slots are used by the layers that are switched on.
    """

    title: str
    path: Path | None
    dirty: bool
    items: tuple[ItemRecord, ...]
    layers: tuple[LayerRecord, ...]
    rank: int
    slots: int
    fill: float
    can_undo: bool
    can_redo: bool
    bytes: int
    note: str = ""
    model_name: str = ""
    fingerprint: str = ""
    banks: tuple[BankView, ...] = ()


@dataclass(frozen=True, slots=True)
class RowMatch:
    """A stored row compared with one token of a text.

    Attributes:
        source: where the row comes from.
        token: text of the token that follows the row; empty where the words were not kept.
        cosine: of the two cues.
        address_cosine: of the two addresses.
    """

    source: Source
    token: str
    cosine: float
    address_cosine: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """The next token after the text, with something switched off.

    Attributes:
        name: ``all``, ``slow off``, ``fast off`` or ``written off``.
        top: the most probable ten.
        p: of those tokens that are the most probable ten with everything on, in that order.
        before: with everything on, of the tokens of ``top``, in their order.
    """

    name: str
    top: Top
    p: tuple[float, ...]
    before: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TextInspection:
    """How a text is read; T tokens.

    Attributes:
        tokens: text of each; empty where a character is not whole yet.
        slow: (sites, T) fp32, norm of the slow contribution over that of the stream, for the sites of ``ModelInfo`` in
            order; the last row is the write site, and equals ``written``.
        fast: (sites, T) fp32, likewise of the fast contribution; the last row is zero.
        sparsity: (levels, T) fp32, share of neurons that are active.
        written: (T,) fp32, norm of what the written memory added over that of the stream.
        familiarity: (T,) fp32.
        active: (T,) fp32, share of the write site's slots that the address uses.
        sources: of the row read at each token, None where nothing was read.
        matches: for each token the best few stored rows, best first.
        distributions: the next token after the text; ``all`` is the first.
        threshold: familiarity under which the gate closes a read; 1 with nothing stored.
    """

    tokens: tuple[str, ...]
    slow: Array
    fast: Array
    sparsity: Array
    written: Array
    familiarity: Array
    active: Array
    sources: tuple[Source | None, ...]
    matches: tuple[tuple[RowMatch, ...], ...]
    distributions: tuple[Distribution, ...]
    threshold: float


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to; the result of its JobDone.

    Attributes:
        summary: how well it went.
        paraphrases: of the facts that were not written, as they only serve for measuring.
        goal: the probability that every answer token was to pass.
        fill: of the memory afterwards.
        items: facts and documents that were written; 0 where all of it was stored already, or gave way to what is.
        notes: on those that were replaced, kept, stored already or given twice: how many, and which.
    """

    summary: WriteSummary
    paraphrases: int
    goal: float
    fill: float
    items: int
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class VersionsFound:
    """The result of a write that asks first: documents and those that they would replace. Nothing was written."""

    documents: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class ProbeView:
    """A probe of a retention run: the number of its document, from 0, and its words."""

    document: int
    prompt: str
    answer: str
