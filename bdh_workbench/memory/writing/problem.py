"""Preparing a gradient write: positions of items, of rival answers and of unrelated text, cached and dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.algebra import Basis, read_rows
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.encoding import WriteItem, alone, answer_ids
from bdh_workbench.memory.writing.features import Positions, positions
from bdh_workbench.memory.writing.gradient import Addresses, Cached, Local, Problem
from bdh_workbench.memory.writing.losses import expected_codes
from bdh_workbench.model.loading import Model

NEGATIVES = 7  # other answers that an item's own is contrasted with
CONTRASTED = 8192  # positions of such answers at most, where one for each item is not more: a step holds logits of all
LOCAL_WINDOWS, LOCAL_TARGETS, LOCAL_PROMPTS = 16, 24, 64  # unrelated text: windows, positions of each, prompts


@dataclass(frozen=True, slots=True)
class Unrelated:
    """Unrelated text as a model reads it, and what it predicts there without a memory: the same for every write.

    Attributes:
        positions: of it.
        addresses: of these.
        sums: (m,) as ``expected_codes`` returns them.
        codes: (m, D) likewise.
    """

    positions: Positions
    addresses: Addresses
    sums: Tensor
    codes: Tensor


def make_problem(
    model: Model,
    memory: Memory,
    facts: Sequence[Fact],
    items: Sequence[WriteItem],
    new: Positions,
    sought: Tensor,
    base: Tensor,
    slow: Tensor,
    basis: Basis | None,
    settings: WriteSettings,
    unrelated: Unrelated | None = None,
) -> Problem:
    """All that the gradient steps need.

    Args:
        model: the frozen model.
        memory: what is extended.
        facts: of the write.
        items: of the write, of facts and documents.
        new: their positions.
        sought: (m,) bool, those that steps are to make certain.
        base: (m, D), what the memory reads there now.
        slow: (M, D), the slow memory.
        basis: of the memory; None leaves it unprotected.
        settings: of the write: what a term of no weight needs is not worked out.
        unrelated: text of the model, as ``unrelated_text`` reads it; read here where it is not given.
    """
    device = model.device
    chosen = sought.nonzero().flatten()
    own = _cached(model, new, chosen, base[chosen], new.targets[chosen.to(device)], new.item[chosen])
    contrasts, facts_with, pair_fact = _contrasts(model, memory, facts if settings.contrastive else (), items, slow)
    if unrelated is None and settings.locality:
        unrelated = unrelated_text(model)
    held, factor = None, None
    if basis is not None and len(basis.rows):
        held = memory.rows.sparse(memory.slots, basis.rows, torch.float32).to(device)
        factor = basis.factor.to(device)
    return Problem(
        own=own,
        items=len(items),
        contrasts=contrasts,
        contrast_items=facts_with,
        contrast_owner=pair_fact,
        local=_local(model, unrelated, slow) if unrelated and settings.locality else None,
        held=held,
        factor=factor,
    )


def _cached(
    model: Model,
    part: Positions,
    chosen: Tensor,
    base: Tensor,
    targets: Tensor,
    owner: Tensor,
    place: Tensor | None = None,
) -> Cached:
    """The chosen positions (m,), with what is read there (m, D), targets, owners and places."""
    device = model.device
    addresses = addresses_of(model, part, chosen)
    stream, place = part.stream[chosen.to(device)], None if place is None else place.to(device)
    return Cached(stream, addresses, base.to(device), targets, owner.to(device), place)


def addresses_of(model: Model, part: Positions, chosen: Tensor) -> Addresses:
    """Of the chosen positions (m,)."""
    return Addresses.of(part.rows.sparse(model.config.write_slots, chosen, torch.float32).to(model.device))


def _contrasts(
    model: Model, memory: Memory, facts: Sequence[Fact], items: Sequence[WriteItem], slow: Tensor
) -> tuple[Cached | None, Tensor, Tensor]:
    """Answers of other facts, of this write and of the memory, after each fact's prompt.

    Returns:
        The pairs of a prompt and another's answer; the primary items (f,) of the facts that have any; and for each pair
        the index of its fact among those (pairs,).
    """
    held = [item.answer for item in memory.items if item.kind == "fact" and item.answer]
    answers = list(dict.fromkeys([*(fact.answer for fact in facts), *held]))
    primary = {item.source: index for index, item in enumerate(items) if item.primary and item.source < len(facts)}
    targets = sum(len(items[index].ids) - items[index].first for index in primary.values())
    negatives = max(1, min(NEGATIVES, CONTRASTED // max(1, targets)))
    pairs: list[WriteItem] = []
    chosen: list[int] = []
    owners: list[int] = []
    for index, fact in enumerate(facts):
        others = [answer for answer in answers if answer != fact.answer]
        if not others or index not in primary:
            continue
        # The next answers in a ring: every answer is a rival as often as any other.
        start = index % len(others)
        for answer in (others[start:] + others[:start])[:negatives]:
            prompt, ids = answer_ids(model.tokenizer, fact.prompt, answer)
            whole = (*prompt, *ids)
            pairs.append(alone(len(pairs), whole, len(prompt)))
            owners.append(len(chosen))
        chosen.append(primary[index])
    device = model.device
    of_items = torch.tensor(chosen, dtype=torch.int64, device=device)
    of_pairs = torch.tensor(owners, dtype=torch.int64, device=device)
    if not pairs:
        return None, of_items, of_pairs
    part = positions(model, pairs)
    # Rivals after one prompt begin at the same position, and some of them with the same tokens.
    begins = [pair.ids[:place] for pair in pairs for place in range(pair.first, len(pair.ids))]
    first = {begin: row for row, begin in reversed(list(enumerate(begins)))}
    own = torch.tensor(sorted(first.values()))
    place = torch.searchsorted(own, torch.tensor([first[begin] for begin in begins]))
    base = read_rows(part.rows, slow, own)
    return _cached(model, part, own, base, part.targets, part.item, place), of_items, of_pairs


def unrelated_text(model: Model) -> Unrelated | None:
    """Positions of unrelated text, and of prompts in the same form about other subjects; None where there are none."""
    calibration, end = model.calibration, model.tokenizer.end_id
    windows = [window for window in calibration.locality.tolist()[:LOCAL_WINDOWS] if len(window) > 1]
    prompts = [[t for t in prompt if t >= 0] for prompt in calibration.others.tolist()[:LOCAL_PROMPTS]]
    items = [alone(0, window, max(1, len(window) - LOCAL_TARGETS)) for window in windows]
    items += [alone(0, (*p, end), len(p)) for p in prompts if p]
    if not items:
        return None
    part = positions(model, items)
    addresses = addresses_of(model, part, torch.arange(len(part)))
    return Unrelated(part, addresses, *expected_codes(part.stream, model.network.embed.weight.detach()))


def _local(model: Model, text: Unrelated, slow: Tensor) -> Local:
    part = text.positions
    base = read_rows(part.rows, slow, torch.arange(len(part))).to(model.device)
    return Local(part.stream, text.addresses, base, text.sums, text.codes)
