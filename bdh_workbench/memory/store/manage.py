"""Operations on whole memories: merging, forgetting items, switching layers off and on, undoing the last write.

Everything takes memories and returns a new one that is solved, leaving the old ones as they were. What stays reads what
it read before: rows that S was made from go into the new basis first, then those that now need rank of their own. Only
the banks that rows leave, or are switched on or off in, are solved again; all others stay as they are, to the bit.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Literal

import torch

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import as_read
from bdh_workbench.inputs.items import composed
from bdh_workbench.memory.store import algebra
from bdh_workbench.memory.store.algebra import Basis, unwatched
from bdh_workbench.memory.store.banks import Bases, bank_of, renumbered, with_banks
from bdh_workbench.memory.store.conflicts import Conflict, Shelf, against, entries_of, entry_of, listed
from bdh_workbench.memory.store.state import BareRows, LayerRecord, Memory, Rows
from bdh_workbench.memory.store.titles import by_layer, joined_titles, renewed_title, title_after, when
from bdh_workbench.wording import shortened

# Squared distance from the span of others under which a row that drifted spends no rank at first.
CLOSE_ADDRESSES = 1e-4


Keep = Literal["first", "last", "both"]
"""What stays of items that conflict in a merge: the first or last memory's, or both documents."""


def merge(memories: Sequence[Memory], title: str = "", *, keep: Keep | None = None) -> Memory:
    """One memory that contains what all of the given ones hold: their banks, side by side.

    The order of the memories does not matter, except for ``keep`` and the names. Layers are renumbered in the order
    of their times. An item that is stored several times, with the same words or, without words, at the same addresses,
    is kept once: the oldest of those that are switched on.

    Args:
        memories: one or more, of one model.
        title: of the result; empty for the titles of all, joined.
        keep: which stays where one memory answers a prompt otherwise than another, or holds another version of a
            document: that of the memory given first or last. ``both`` keeps both versions but refuses two answers; None
            refuses either. Items without words cannot be compared and are all kept.

    Raises:
        UserError: when there is none, they belong to different models, or conflict with each other.
    """
    if not memories:
        raise UserError("There is nothing to merge: choose at least one memory.")
    _check_one_model(memories)
    conflicts = merge_conflicts(memories, keep)
    refused = conflicts if keep is None else []
    if keep == "both":
        refused = [conflict for conflict in conflicts if conflict.stays.kind == "fact"]
    if refused:
        raise UserError(
            f"The memories contradict each other: {against(refused)}; "
            "forget one of each, or say which to keep (--keep)."
        )
    dropped = set() if keep == "both" else {conflict.other.place for conflict in conflicts}
    # What two of them have in common comes from the same one, in whatever order they were given.
    digests = [_digest(memory) for memory in memories]
    layers = sorted(_layers(memories), key=lambda entry: (entry[0], digests[entry[1]]))
    chosen = _once(memories, [(m, i) for _, m, _, held in layers for i in held if (m, i) not in dropped])
    place = {key: index for index, key in enumerate(chosen)}

    used = {(m, memories[m].items[i].layer) for m, i in chosen}
    numbers: dict[tuple[int, int], int] = {}
    records: list[LayerRecord] = []
    for _, m, layer, _ in layers:
        if (m, layer.number) in used:
            numbers[m, layer.number] = len(records) + 1
            records.append(dataclasses.replace(layer, number=len(records) + 1))
    items = [dataclasses.replace(memories[m].items[i], layer=numbers[m, memories[m].items[i].layer]) for m, i in chosen]
    before, after = [by_layer(memory.items) for memory in memories], by_layer(items)
    named: list[dict[int, str]] = [{} for _ in memories]
    for (m, old), new in numbers.items():
        named[m][old] = title_after(records[new - 1], before[m][old], after[new])
        records[new - 1] = dataclasses.replace(records[new - 1], title=named[m][old])
    titles = [renewed_title(memory.title, memory.layers, named[m]) for m, memory in enumerate(memories)]
    joint, short_of = _side_by_side(memories, place)
    joint = dataclasses.replace(
        joint,
        items=tuple(items),
        layers=tuple(records),
        title=title or joined_titles(titles),
        note="\n".join(dict.fromkeys(memory.note for memory in memories if memory.note)),
    )
    return renumbered(_solved(joint, short_of))


def merge_conflicts(memories: Sequence[Memory], keep: Keep | None) -> list[Conflict]:
    """The items of different memories that cannot both be true, or are versions of one document, for a ``merge``.

    Of each two that of the memory given last stays with ``last``, otherwise that of the memory given first; places are
    the number of the memory and the item's in it.
    """
    shelf = Shelf()
    conflicts: list[Conflict] = []
    numbers = range(len(memories))
    for m in reversed(numbers) if keep == "last" else numbers:
        stay = []  # what one memory holds side by side is no conflict
        for entry in entries_of(memories[m], m):
            rivals = shelf.rivals(entry) if shelf.twin(entry) is None else []
            if rivals:
                conflicts.append(Conflict(rivals[0], entry))
            else:
                stay.append(entry)
        for entry in stay:
            shelf.put(entry)
    return conflicts


def forget(memory: Memory, titles_or_indices: str | int | Sequence[str | int]) -> Memory:
    """The memory without some items: their rows, their words and titles made of theirs; layers that are empty then too.

    What stays reads what it read before. Rows that were written later keep a trace of what is gone: their values were
    found beside it, and differ from those that they would have had without it.

    Args:
        memory: it stays as it is.
        titles_or_indices: each the title or prompt of an item, or the beginning of one, in upper or lower case, if only
            one item begins so; or its index in ``memory.items``, which may be a text where no title is that number.

    Raises:
        UserError: when there is no such item, or more than one; the message names those that come near.
    """
    wanted = [titles_or_indices] if isinstance(titles_or_indices, str | int) else list(titles_or_indices)
    gone = {index for name in wanted for index in find_items(memory, name)}
    return without(memory, gone)[0] if gone else memory


def find_items(memory: Memory, name: str | int) -> list[int]:
    """Indices of what ``forget`` would take for this title, prompt, beginning or index: one item, or copies of one.

    Raises:
        UserError: when there is no such item, or more than one.
    """
    if isinstance(name, int):
        if not 0 <= name < len(memory.items):
            raise UserError(f"There is no item {name}: the memory has {len(memory.items)}, counted from 0.")
        return [name]
    name = as_read(composed(name))
    low = name.strip().casefold()
    # A file of another program may hold texts that are not composed.
    texts = [(as_read(composed(item.title)), as_read(composed(item.prompt))) for item in memory.items]
    tests: tuple[Callable[[str], bool], ...] = (
        lambda text: text == name,
        lambda text: text.strip().casefold() == low,
        lambda text: bool(low) and text.strip().casefold().startswith(low),
    )
    for fits in tests:
        if fits is tests[-1] and low.isascii() and low.isdecimal() and len(low) < 10:
            return find_items(memory, int(low))
        matching = [index for index, both in enumerate(texts) if any(fits(text) for text in both if text)]
        entries = [entry_of(memory.items[index], (0, index)) for index in matching]
        if len(matching) == 1 or (matching and entries[0].said and len({entry.key for entry in entries}) == 1):
            return matching
        if matching:
            raise UserError(
                f"“{shortened(name)}” could be any of {len(matching)} items: {_listed(memory, matching)}; "
                "give the whole title or the item's number."
            )
    known: dict[str, int] = {}
    for index, both in enumerate(texts):
        for text in both:
            known.setdefault(text.strip().casefold(), index)
    near = difflib.get_close_matches(low, [text for text in known if text], n=3, cutoff=0.5)
    if near:
        hint = f"; near it are {_listed(memory, list(dict.fromkeys(known[text] for text in near)))}"
    elif memory.items:
        hint = f"; there are {_listed(memory, range(len(memory.items)))}"
    else:
        hint = ": it is empty"
    raise UserError(f"The memory contains no item called “{shortened(name)}”{hint}.")


def set_layer(memory: Memory, number: int, enabled: bool) -> Memory:
    """The memory with one write of its history switched on or off.

    Raises:
        UserError: when there is no layer of that number.
    """
    layer = next((layer for layer in memory.layers if layer.number == number), None)
    if layer is None:
        known = ", ".join(str(layer.number) for layer in memory.layers) or "none"
        raise UserError(f"The memory has no layer {number}; there are: {known}.")
    if layer.enabled == enabled:
        return memory
    owners = torch.tensor([item.layer == number for item in memory.items], dtype=torch.bool)
    touched = torch.unique(memory.rows.banks[owners[memory.rows.items.long()]]).tolist()
    return _solved(memory.with_layer(number, enabled), touched)


def undo(memory: Memory) -> Memory:
    """The memory without its newest layer, switched on or off, and what was written in it.

    Raises:
        UserError: when it has no layer.
    """
    if not memory.layers:
        raise UserError("There is nothing to undo: nothing was written into this memory.")
    newest = max(layer.number for layer in memory.layers)
    return without(memory, {index for index, item in enumerate(memory.items) if item.layer == newest})[0]


# Solving


def _solved(memory: Memory, touched: Iterable[int]) -> Memory:
    """The memory with the basis and weights of the touched banks that fit their enabled rows.

    The rows that were in a basis are the first in the new one: a write gives rank to rows that ``algebra.solve`` alone
    would take for dependent, where their answers need it, and they keep it.
    """
    changed = []
    for number in touched:
        bank = bank_of(memory, number)
        held = bank.memory.basis[torch.isin(bank.memory.basis, bank.memory.enabled_rows())]
        basis = algebra.extend_basis(bank.memory.rows, memory.slots, None, held, 0.0)
        changed.append(dataclasses.replace(bank, memory=_settled(bank.memory, basis)[0]))
    return with_banks(memory, changed)


def _settled(memory: Memory, basis: Basis, watch: Callable[[], None] = unwatched) -> tuple[Memory, Basis]:
    """A bank solved with a basis of some of its enabled rows and with whatever others need rank of their own."""
    enabled = memory.enabled_rows()
    others = enabled[~torch.isin(enabled, basis.rows)]
    basis = algebra.extend_basis(memory.rows, memory.slots, basis, others, watch=watch)
    # Every row has had its chance: what is left to solve are the weights.
    memory, basis = algebra.solve(memory, dataclasses.replace(basis, considered=len(memory.rows) - 1))
    if not len(enabled):
        return memory, basis
    for smaller in (CLOSE_ADDRESSES, 0.0):
        watch()
        lost = algebra.drifted(memory, enabled, algebra.slow_slot(memory))
        if not len(lost):
            break
        basis = algebra.extend_basis(memory.rows, memory.slots, basis, lost, smaller, watch)
        weights = algebra.coefficients(basis, memory.rows.values[basis.rows]).float()
        memory = dataclasses.replace(memory, basis=basis.rows, weights=weights)
    return memory, basis


def without(
    memory: Memory, gone: Collection[int], bases: Bases | None = None, watch: Callable[[], None] = unwatched
) -> tuple[Memory, dict[int, Basis]]:
    """The solved memory without the items of the given indices, and without layers that are empty then; and its bases.

    Args:
        memory: it stays as it is.
        gone: indices of items.
        bases: of banks of ``memory``, where they are at hand: what is left of them need not be worked out again.
        watch: called now and then; what it raises ends the work.
    """
    gone, bases = set(gone), bases or {}
    stays = torch.tensor([index not in gone for index in range(len(memory.items))], dtype=torch.bool)
    rows = stays[memory.rows.items.long()]  # (n,)
    number = rows.cumsum(0) - 1  # of each row that stays
    kept = rows[memory.basis]
    left = _renamed(memory, memory.without_items(gone))
    left = dataclasses.replace(left, basis=number[memory.basis[kept]], weights=memory.weights[kept])
    touched = set(torch.unique(memory.rows.banks[~rows]).tolist())
    changed, known = [], {}
    for place, basis in bases.items():
        if place not in touched:
            known[place] = dataclasses.replace(basis, rows=number[basis.rows])
    for place in sorted(touched):
        bank = bank_of(left, place)
        if not len(bank.rows):
            continue
        if place in bases:
            smaller = bank.local(algebra.reduced_basis(bases[place], rows[bases[place].rows], number, watch))
            assert smaller is not None
        else:
            smaller = algebra.extend_basis(bank.memory.rows, left.slots, None, bank.memory.basis, 0.0, watch)
        solved, basis = _settled(bank.memory, smaller, watch)
        changed.append(dataclasses.replace(bank, memory=solved))
        known[place] = dataclasses.replace(basis, rows=bank.rows[basis.rows])
    return with_banks(left, changed), known


def _renamed(before: Memory, after: Memory) -> Memory:
    """The memory ``after`` some items were left out of it, with titles that do not name them any more."""
    held, left = by_layer(before.items), by_layer(after.items)
    titles = {layer.number: title_after(layer, held[layer.number], left[layer.number]) for layer in after.layers}
    layers = tuple(dataclasses.replace(layer, title=titles[layer.number]) for layer in after.layers)
    # A memory that was called after what is gone is called after the first write that is left, as if it were new.
    title = renewed_title(before.title, before.layers, titles) or (layers[0].title if before.title and layers else "")
    return dataclasses.replace(after, title=title, layers=layers)


# Merging


def _check_one_model(memories: Sequence[Memory]) -> None:
    def kind(memory: Memory) -> tuple[str, int, int]:
        return memory.model, memory.slots, memory.width

    for memory in memories[1:]:
        if kind(memory) != kind(memories[0]):
            sides = " and ".join(
                f"“{shortened(m.title) or 'without a title'}” to the model {m.model_name or 'without a name'} "
                f"({m.model[:8]}, {m.slots:,} slots, width {m.width})"
                for m in (memories[0], memory)
            )
            raise UserError(f"Memories of different models cannot be merged: {sides}; merge those of one model.")
    made = [memory.rows for memory in memories if len(memory.rows) and not isinstance(memory.rows, BareRows)]
    widths = {rows.cues.shape[1] for rows in made}
    if len(widths) > 1:
        raise UserError(f"These memories have cues of different widths ({sorted(widths)}): merge those of one model.")


Key = tuple[Any, ...]


def _layers(memories: Sequence[Memory]) -> list[tuple[Key, int, LayerRecord, list[int]]]:
    """Every layer with what it is sorted by, its memory and its items; the order of the memories has no part in it."""
    layers: list[tuple[Key, int, LayerRecord, list[int]]] = []
    for m, memory in enumerate(memories):
        held: dict[int, list[int]] = {}
        for index, item in enumerate(memory.items):
            held.setdefault(item.layer, []).append(index)
        for layer in memory.layers:
            items = held.get(layer.number, [])
            digest = hashlib.blake2b(b"".join(_content(memory, items)), digest_size=16).hexdigest()
            layers.append(
                ((when(layer.created), layer.number, layer.title, digest, not layer.enabled), m, layer, items)
            )
    return layers


def _digest(memory: Memory) -> bytes:
    """What identifies a memory, apart from its names."""
    digest = hashlib.blake2b(digest_size=16)
    for tensor in (memory.rows.items, memory.rows.values, memory.basis, memory.weights):
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.digest()


def _content(memory: Memory, items: Iterable[int]) -> list[bytes]:
    """The words of items, or their addresses where the words were not kept, as bytes: equal for equal items."""
    parts = []
    for index in items:
        item = memory.items[index]
        parts.append(repr((item.kind, item.prompt, item.answer, item.text)).encode())
        if item.prompt or item.text:
            continue
        addresses = memory.rows.take((memory.rows.items == index).nonzero().flatten()).made()
        for tensor in (addresses.starts, addresses.slots, addresses.strengths):
            parts.append(tensor.numpy().tobytes())
    return parts


def _once(memories: Sequence[Memory], order: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The items (memory, item) without repetitions: of equal ones the first that is switched on, or else the first."""
    chosen: dict[Key, tuple[int, int]] = {}
    for m, i in order:
        entry = entry_of(memories[m].items[i], (m, i))
        # Without words only the addresses can tell.
        key = entry.key if entry.said else (entry.kind, *_content(memories[m], [i]))
        first = chosen.setdefault(key, (m, i))
        if _enabled(memories, m, i) and not _enabled(memories, *first):
            chosen[key] = (m, i)
    kept = set(chosen.values())
    return [key for key in order if key in kept]


def _enabled(memories: Sequence[Memory], m: int, i: int) -> bool:
    number = memories[m].items[i].layer
    return any(layer.enabled for layer in memories[m].layers if layer.number == number)


def _side_by_side(memories: Sequence[Memory], place: dict[tuple[int, int], int]) -> tuple[Memory, list[int]]:
    """The rows of the items (memory, item) in ``place``, in the order of their indices, in banks of each memory's own.

    Returns:
        The memory with the basis and weights that they had, and the banks that rows were left out of.
    """
    parts, owners, basis, weights, offset, banks = [], [], [], [], 0, 0
    for m, memory in enumerate(memories):
        if not len(memory.rows):
            continue
        new = torch.tensor([place.get((m, i), -1) for i in range(len(memory.items))], dtype=torch.int64)
        parts.append(memory.rows.altered(banks=memory.rows.banks + banks))
        owners.append(new[memory.rows.items.long()])
        basis.append(memory.basis + offset)
        weights.append(memory.weights)
        offset, banks = offset + len(memory.rows), banks + int(memory.rows.banks.max()) + 1
    if not parts:
        return memories[0], []
    rows, owner, held, held_weights = Rows.join(parts), torch.cat(owners), torch.cat(basis), torch.cat(weights)
    order = owner.argsort(stable=True)
    order = order[owner[order] >= 0]
    number = torch.full((len(rows),), -1, dtype=torch.int64)
    number[order] = torch.arange(len(order))
    kept = number[held] >= 0
    joint = dataclasses.replace(
        memories[0],
        rows=rows.take(order).altered(items=owner[order].to(torch.int32)),
        basis=number[held[kept]],
        weights=held_weights[kept],
    )
    left_out = torch.unique(rows.banks[owner < 0])
    still = left_out[torch.isin(left_out, joint.rows.banks)]
    return joint, still.tolist()


def _listed(memory: Memory, indices: Sequence[int]) -> str:
    """Items by title and number; of those with one title, the layer too."""
    items = [memory.items[index] for index in indices]
    titles = [item.title for item in items]
    return listed(
        [
            f"“{shortened(item.title)}” (number {index}{f', of layer {item.layer}' * (titles.count(item.title) > 1)})"
            for index, item in zip(indices, items, strict=True)
        ]
    )
