"""Inspecting how a text is read: gates, sparsity, familiarity, addresses, and what each kind of memory changes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.asking.answers import Top
from bdh_workbench.asking.decoding import batch_limit, read_last
from bdh_workbench.asking.generation import best
from bdh_workbench.asking.speech import with_texts
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import as_read
from bdh_workbench.inputs.items import composed
from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import TOKENS_AT_ONCE, MemorySite, Trace
from bdh_workbench.reading.reader import UNTOUCHED, Reader, ReaderState
from bdh_workbench.reading.sources import Sources
from bdh_workbench.session.records.views import Distribution, RowMatch, TextInspection
from bdh_workbench.session.tasks.asking import TOP

if TYPE_CHECKING:
    from bdh_workbench.session.records.views import Array

MOST_TOKENS = 2048  # of a text; more could not be shown
ROW_MATCHES = 5  # stored rows that each token is compared with


@torch.no_grad()
def inspect_text(
    reader: Reader,
    sources: Sources,
    text: str,
    passed: Callable[[float, str], None] = lambda done, what: None,
    checkpoint: Callable[[], None] = lambda: None,
) -> TextInspection:
    """How a text is read.

    Args:
        reader: the model with or without a memory.
        sources: of its memory.
        text: to be read.
        passed: called now and then with the share that is done, and what comes next; what it raises ends the reading.
        checkpoint: called between readings; likewise.

    Raises:
        UserError: when the text is empty or too long to be shown.
    """
    model = reader.model
    if len(text) > 64 * MOST_TOKENS:
        raise UserError(f"The text is too long to look at token by token: keep to {MOST_TOKENS:,} tokens.")
    ids = model.tokenizer.encode(as_read(composed(text)))
    if not ids:
        raise UserError("There is no text to look at: type some.")
    if len(ids) > MOST_TOKENS:
        raise UserError(f"The text has {len(ids):,} tokens: keep to {MOST_TOKENS:,} to look at each of them.")
    trace = Trace([], [])
    reads = _Reads(reader)
    state: ReaderState | None = None
    length = min(TOKENS_AT_ONCE, batch_limit(reader))
    for start in range(0, len(ids), length):
        passed(start / len(ids), "Reading the text")
        part = torch.tensor([ids[start : start + length]], device=model.device)
        reading = reader.advance(part, state, trace)
        state = reading.state
        reads.add(reading.familiarity, reading.share, reading.rows)
        reads.compare(sources, model.site.normalised(reading.raw)[0])
    parts = len(range(0, len(ids), length))
    slow, fast = _shares(trace, parts, len(model.network.sites))
    written = np.concatenate(reads.share)
    none = np.zeros_like(written)
    levels = model.config.levels
    sparsity = [torch.cat(trace.sparsity[level::levels], dim=1)[0] for level in range(levels)]
    everything = model.network.logits(reading.stream[:, -1]).float().cpu()[0].softmax(0)
    passed(1.0, "Switching each memory off")
    return TextInspection(
        tokens=_texts(model, ids),
        slow=np.stack([*slow, written]),
        fast=np.stack([*fast, none]),
        sparsity=np.stack([row.float().cpu().numpy() for row in sparsity]),
        written=written,
        familiarity=np.concatenate(reads.familiarity).clip(0.0, 1.0),
        active=np.concatenate(reads.active),
        sources=tuple(sources.of(row) for row in reads.rows),
        matches=tuple(reads.matches),
        distributions=_distributions(reader, ids, everything, checkpoint),
        threshold=1.0 if reader.empty else reader.threshold,
    )


class _Reads:
    """What was read and what it was compared with, token after token."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.familiarity: list[Array] = []
        self.share: list[Array] = []
        self.active: list[Array] = []
        self.rows: list[int] = []
        self.matches: list[tuple[RowMatch, ...]] = []

    def add(self, familiarity: Tensor, share: Tensor, rows: Tensor) -> None:
        self.familiarity.append(familiarity[0].float().numpy())
        self.share.append(share[0].float().numpy())
        self.rows += rows[0].tolist()

    def compare(self, sources: Sources, normalised: Tensor) -> None:
        """Compare tokens with normalised summaries (T, K, C) with the stored rows."""
        reader, site = self.reader, self.reader.model.site
        addresses = torch.cat([site.addresses(part).cpu() for part in torch.split(normalised, 512)])  # (T, M)
        self.active.append((addresses > 0).float().mean(1).numpy())
        memory = reader.memory
        if reader.empty or memory is None or reader.slow is None:
            self.matches += [()] * len(normalised)
            return
        cosines = site.cues(normalised) @ reader.recall.cues.T  # (T, n)
        nearest = cosines.topk(min(ROW_MATCHES, cosines.shape[1]), dim=1)
        numbers = reader.numbers[nearest.indices.cpu()]  # (T, k)
        for t, (rows, values) in enumerate(zip(numbers, nearest.values.tolist(), strict=True)):
            stored = F.normalize(reader.slow.addresses(rows), dim=1)
            shared = (stored @ addresses[t]).tolist()
            matches = []
            for row, value, overlap in zip(rows.tolist(), values, shared, strict=True):
                source = sources.of(row)
                assert source is not None
                token = int(memory.rows.tokens[row])
                text = reader.model.tokenizer.token_text(token) if token >= 0 else ""
                matches.append(RowMatch(source, text, value, overlap))
            self.matches.append(tuple(matches))


def _shares(trace: Trace, parts: int, sites: int) -> tuple[list[Array], list[Array]]:
    """For each site (T,), the norms of the slow and the fast contribution over that of the stream."""
    slow, fast = [], []
    for number in range(sites):
        readings = trace.sites[number::sites]
        assert len(readings) == parts
        stream = torch.cat([reading.stream[0] for reading in readings]).clamp(min=1e-12)
        slow.append((torch.cat([reading.slow[0] for reading in readings]) / stream).float().cpu().numpy())
        fast.append((torch.cat([reading.fast[0] for reading in readings]) / stream).float().cpu().numpy())
    return slow, fast


def _texts(model: Model, ids: list[int]) -> tuple[str, ...]:
    decoder = model.tokenizer.stream_decoder()
    texts = [decoder.decode(model.tokenizer.token_bytes(token)) for token in ids]
    texts[-1] += decoder.decode(b"", final=True)
    return tuple(texts)


def _distributions(
    reader: Reader, ids: list[int], everything: Tensor, checkpoint: Callable[[], None]
) -> tuple[Distribution, ...]:
    """The next token with everything on (given), and with each kind of memory off."""
    kept = everything.topk(min(TOP, len(everything))).indices

    def named(name: str, p: Tensor) -> Distribution:
        top: Top = with_texts(reader.model.tokenizer, best(p, TOP))
        own = p.topk(len(kept)).indices
        return Distribution(name, top, tuple(p[kept].tolist()), tuple(everything[own].tolist()))

    distributions = [named("all", everything)]
    for name, gate in (("slow off", "gate_slow"), ("fast off", "gate_fast")):
        checkpoint()
        with gates_closed(reader.model, gate):
            distributions.append(named(name, _next(reader, ids, checkpoint)))
    checkpoint()
    distributions.append(named("written off", _next(reader.with_settings(UNTOUCHED), ids, checkpoint)))
    return tuple(distributions)


def _next(reader: Reader, ids: list[int], checkpoint: Callable[[], None]) -> Tensor:
    """Probabilities (V,) of the token after ids."""
    reading = read_last(reader, torch.tensor([ids], device=reader.model.device), None, checkpoint)
    return reader.model.network.logits(reading.stream[:, -1]).float().cpu()[0].softmax(0)


@contextlib.contextmanager
def gates_closed(model: Model, name: str) -> Iterator[None]:
    """Close one kind of gate (``gate_slow`` or ``gate_fast``) of every site for a while.

    Only the thread that owns the model may do this; the gates are as they were afterwards, whatever happens.
    """
    gates = [getattr(site, name) for site in model.network.sites if isinstance(site, MemorySite)]
    before = [gate.detach().clone() for gate in gates]
    with torch.no_grad():
        try:
            for gate in gates:
                gate.zero_()
            yield
        finally:
            for gate, value in zip(gates, before, strict=True):
                gate.copy_(value)


@torch.no_grad()
def mean_shares(model: Model, texts: list[list[int]]) -> tuple[tuple[float, float], ...]:
    """For each site, what its slow and its fast read contribute to the stream on average over the tokens of texts."""
    count = len(model.network.sites)
    sums, tokens = torch.zeros(count, 2), 0
    for ids in texts:
        trace = Trace([], [])
        model.network.advance(torch.tensor([ids], device=model.device), None, trace)
        for place, reading in enumerate(trace.sites):
            stream = reading.stream.clamp(min=1e-12)
            both = torch.stack(((reading.slow / stream).sum(), (reading.fast / stream).sum()))
            sums[place % count] += both.float().cpu()
        tokens += len(ids)
    return tuple((slow, fast) for slow, fast in (sums / max(1, tokens)).tolist())
