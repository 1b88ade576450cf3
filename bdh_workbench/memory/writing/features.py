"""What a write needs of its items, worked out once: the stream, cue and address at each position that is a target.

Addresses depend on nothing that is written and the stream before the head only on the frozen network, so a write never
runs the network again, and only positions with a target need a logit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.memory.store.algebra import unwatched
from bdh_workbench.memory.store.batches import padded_batches
from bdh_workbench.memory.store.state import Rows, made_addresses, made_cues
from bdh_workbench.memory.writing.encoding import WriteItem
from bdh_workbench.model.loading import Model

READ_TOKENS = 1024  # tokens that the network reads between two looks at whether to stop: a quarter of a second


@dataclass(frozen=True, slots=True)
class Positions:
    """Target positions of write items, m of them, in the order of the items.

    Attributes:
        stream: (m, D) fp32 on the model's device, right before the head.
        rows: cues and addresses on the CPU, values zero, items numbered by ``WriteItem.source``.
        targets: (m,) int64 on the model's device, the ids to come.
        item: (m,) int64, index of the write item.
        primary: (m,) bool, whether that item is the fact or document itself.
        twins: (m,) int64, the primary position of the same token of the same source, for windows and framings; its own
            number where there is none, and for primary ones.
    """

    stream: Tensor
    rows: Rows
    targets: Tensor
    item: Tensor
    primary: Tensor
    twins: Tensor

    def __len__(self) -> int:
        """The number of positions."""
        return len(self.rows)


@torch.no_grad()
def positions(
    model: Model, items: Sequence[WriteItem], watch: Callable[[], None] = unwatched, share: bool = False
) -> Positions:
    """Run the frozen network and the write site over the items once and keep the target positions.

    Args:
        model: the frozen model.
        items: to read.
        watch: called now and then; what it raises ends the work.
        share: whether windows and framings use the addresses of their twins.
    """
    count = len(items)
    streams: list[Tensor] = [torch.empty(0)] * count
    for batch in padded_batches([len(item.ids) - 1 for item in items], READ_TOKENS):
        watch()
        longest = max(len(items[i].ids) for i in batch) - 1
        # What stands after a target cannot reach it, so any padding on the right will do.
        ids = torch.tensor([[*items[i].ids[:-1], *(0,) * (longest + 1 - len(items[i].ids))] for i in batch])
        ids = ids.to(model.device)
        stream = model.network(ids)
        for place, index in enumerate(batch):
            span = slice(items[index].first - 1, len(items[index].ids) - 1)
            streams[index] = stream[place, span].float()
    counts = [len(item.ids) - item.first for item in items]
    owner = torch.repeat_interleave(torch.arange(count), torch.tensor(counts))
    total = len(owner)
    following = torch.arange(1, total + 1, dtype=torch.int32)
    following[torch.tensor(counts).cumsum(0) - 1] = -1
    lead_counts = torch.zeros(total, dtype=torch.int64)
    lead_counts[torch.tensor(counts).cumsum(0) - torch.tensor(counts)] = torch.tensor([item.first for item in items])
    targets = torch.tensor([t for item in items for t in item.ids[item.first :]])
    columns = {
        "values": torch.zeros(total, model.config.width),
        "tokens": targets.to(torch.int32),
        "items": torch.tensor([item.source for item in items], dtype=torch.int32)[owner],
        "sentences": torch.tensor([s for item in items for s in item.sentences[item.first :]], dtype=torch.int32),
        "following": following,
        "address_of": torch.arange(total, dtype=torch.int32),
        "banks": torch.zeros(total, dtype=torch.int32),
        "lead_starts": torch.cat((torch.zeros(1, dtype=torch.int64), lead_counts.cumsum(0))),
        "leads": torch.tensor([token for item in items for token in item.ids[: item.first]], dtype=torch.int32),
    }
    watch()
    # Made by what makes them again when a file is opened, so that they have the same bits then.
    cues = made_cues(model.site, columns)
    twins, own = _twins(items), torch.arange(total)
    if share:
        columns["address_of"] = twins.to(torch.int32)
    starts, slots, strengths = made_addresses(model.site, cues, columns["address_of"] == own, watch)
    rows = Rows(starts=starts, slots=slots, strengths=strengths, cues=cues, **columns)
    primary = torch.tensor([item.primary for item in items])[owner]
    return Positions(torch.cat(streams), rows, targets.to(model.device), owner, primary, twins)


def _twins(items: Sequence[WriteItem]) -> Tensor:
    places = [(item.source, place, item.primary) for item in items for place in item.places[item.first :]]
    known: dict[tuple[int, int], int] = {}
    for number, (source, place, primary) in enumerate(places):
        if primary:
            known.setdefault((source, place), number)
    return torch.tensor(
        [n if primary else known.get((source, place), n) for n, (source, place, primary) in enumerate(places)]
    )
