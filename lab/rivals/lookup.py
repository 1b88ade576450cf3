"""A rival without S: the nearest stored position within a radius gives its value (GRACE, Hartvigsen et al. 2023).

A codebook of keys and values is appended to by each write. At every token the nearest key is looked for; if its cosine
passes a threshold (GRACE: a distance within the radius), its value is added to the stream, else nothing is. The key is
the position's address in the write site, or, as in GRACE itself, the hidden state, here the stream before the head.
Values are those of the direct write: the smallest that lift the wanted token to its margin. Unlike GRACE, radii are not
shrunk one by one where keys of different values come close: the nearest wins.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.direct import direct_reads
from bdh_workbench.memory.writing.encoding import write_items
from bdh_workbench.memory.writing.features import positions
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader, ReaderState, Reading
from lab.rivals.rival import Rival

ADDRESS, STREAM = "address", "stream"
VALUE_BYTES, INDEX_BYTES = 4, 4  # bytes


class LookupReader(Reader):
    """Reads the value of the nearest key."""

    def __init__(self, model: Model, keys: Tensor, values: Tensor, kind: str, threshold: float) -> None:
        """Mount a codebook.

        Args:
            model: the frozen model.
            keys: (n, M) or (n, D), unit length.
            values: (n, D), added to the stream where a key is matched.
            kind: ``address`` or ``stream``.
            threshold: cosine that the nearest key must reach.
        """
        super().__init__(model)
        self.keys, self.values, self.kind, self.limit = keys, values, kind, threshold
        self.numbers = torch.arange(len(keys))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return not len(self.keys)

    @torch.no_grad()
    def read(self, ids: Tensor, stream: Tensor, raw: Tensor, state: ReaderState) -> Reading:
        """Add the value of the nearest key at each token, if it is near enough."""
        if self.empty:
            return super().read(ids, stream, raw, state)
        site = self.model.site
        query = site.addresses(site.normalised(raw)) if self.kind == ADDRESS else F.normalize(stream, dim=-1)
        best = (query.flatten(0, 1) @ self.keys.T).max(dim=1)
        near = (best.values >= self.limit).view(ids.shape)
        added = self.values[best.indices].view(stream.shape).masked_fill(~near.unsqueeze(-1), 0.0)
        share = (added.norm(dim=-1) / stream.norm(dim=-1)).cpu()
        rows = torch.where(near, best.indices.view(ids.shape), -1).cpu()
        return Reading(stream + added, stream, raw, best.values.view(ids.shape).cpu(), rows, share, state)


class Lookup(Rival):
    """A codebook that grows with every write."""

    def __init__(self, model: Model, kind: str, threshold: float, write: WriteSettings) -> None:
        """Begin with an empty codebook.

        Args:
            model: the frozen model.
            kind: of the keys, ``address`` or ``stream``.
            threshold: cosine that the nearest key must reach.
            write: gives margin and framings.
        """
        super().__init__(model)
        self.kind, self.threshold, self.limits = kind, threshold, write
        width = model.config.write_slots if kind == ADDRESS else model.config.width
        self.keys = torch.zeros(0, width, device=model.device)
        self.values = torch.zeros(0, model.config.width, device=model.device)

    def write(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
        """Append a key and a value for each position."""
        model, limits = self.model, self.limits
        new = positions(model, write_items(facts, documents, model, limits))
        reads = torch.zeros_like(new.stream)
        head = model.network.embed.weight
        steps = sum(1 for _ in direct_reads(new.stream, reads, new.targets, head, 1.0, limits.margin))
        stream = F.normalize(new.stream, dim=-1)
        keys = new.rows.dense(model.config.write_slots).to(model.device) if self.kind == ADDRESS else stream
        self.keys, self.values = torch.cat((self.keys, keys)), torch.cat((self.values, reads))
        return steps

    @property
    def bytes(self) -> int:
        """Of keys and values; of a sparse key its entries and their places."""
        keys = (
            int((self.keys != 0).sum()) * (VALUE_BYTES + INDEX_BYTES)
            if self.kind == ADDRESS
            else self.keys.numel() * VALUE_BYTES
        )
        return keys + self.values.numel() * VALUE_BYTES

    @property
    def reader(self) -> Reader:
        """Reads the codebook as it is now."""
        return LookupReader(self.model, self.keys, self.values, self.kind, self.threshold)
