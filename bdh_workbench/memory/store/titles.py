"""Titles that are made automatically: of a layer from its items, and of a memory from its layers.

They must not outlive what they name, or a title would still reveal a forgotten item. A file does not say who
gave the memory its title. One that is made of titles of layers is taken for automatic, and any other for a person's
own. Importing this does not import torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bdh_workbench.wording import plural

if TYPE_CHECKING:
    from bdh_workbench.memory.store.state import ItemRecord, LayerRecord

TITLE_JOINT = " + "  # between the titles of memories that were merged
NAMED_ITEMS = 3  # documents that the title of a layer names
TITLE_PARTS = 8  # parts that the title of one layer is looked for in: it may hold what joins titles


def layer_title(items: Iterable[ItemRecord]) -> str:
    """What a layer of these items is called: after its documents, or their number where the words are not kept."""
    items = list(items)
    names = [item.title for item in items if item.kind == "document" and item.text is not None]
    silent = sum(item.kind == "document" and item.text is None for item in items)
    facts = sum(item.kind == "fact" for item in items)
    for count, what in ((silent, "document"), (facts, "fact")):
        if count:
            names.append(plural(count, what))
    return (
        ", ".join(names[:NAMED_ITEMS]) + (f" and {len(names) - NAMED_ITEMS} more" if len(names) > NAMED_ITEMS else "")
        or "nothing"
    )


def by_layer(items: Iterable[ItemRecord]) -> dict[int, list[ItemRecord]]:
    """The items of each layer that has any, by its number."""
    held: dict[int, list[ItemRecord]] = {}
    for item in items:
        held.setdefault(item.layer, []).append(item)
    return held


def title_after(layer: LayerRecord, before: Sequence[ItemRecord], after: Sequence[ItemRecord]) -> str:
    """The title of a layer some of whose items were perhaps left out: its own if all of them are still there."""
    return layer.title if len(before) == len(after) else layer_title(after)


def joined_titles(titles: Iterable[str]) -> str:
    """The title of several memories, or of something with several titles: each once, and no empty ones."""
    return TITLE_JOINT.join(dict.fromkeys(title for title in titles if title))


def renewed_title(title: str, layers: Sequence[LayerRecord], titles: Mapping[int, str]) -> str:
    """A memory's title after its layers got other titles; parts that were not made of theirs stay as they are.

    Args:
        title: of the memory.
        layers: as they were.
        titles: of those layers that are still there, by number.
    """
    known: dict[str, str] = {}
    for layer in layers:
        # Where several layers have one title, that of the first that is still there is meant.
        known[layer.title] = known.get(layer.title) or titles.get(layer.number, "")
    known.pop("", None)
    parts, renewed, place = title.split(TITLE_JOINT), [], 0
    while place < len(parts):
        for stop in range(min(len(parts), place + TITLE_PARTS), place, -1):
            part = TITLE_JOINT.join(parts[place:stop])
            if part in known:
                renewed.append(known[part])
                break
        else:
            stop = place + 1
            renewed.append(parts[place])
        place = stop
    return joined_titles(renewed)


def when(created: str) -> datetime:
    """The time that an ISO 8601 text names, UTC unless it says otherwise; the earliest if the text is not a time."""
    try:
        moment = datetime.fromisoformat(created)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)
