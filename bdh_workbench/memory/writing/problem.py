"""Preparing a gradient write: positions of items, of rival answers and of unrelated text, cached and dense."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor

from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.store.algebra import Basis, read_rows
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.encoding import WriteItem, alone, answer_ids
from bdh_workbench.memory.writing.features import Positions, positions
from bdh_workbench.memory.writing.gradient import Cached, Problem
from bdh_workbench.model.loading import Model

NEGATIVES = 7  # other answers that an item's own is contrasted with
CONTRASTED = 8192  # positions of such answers at most, where one for each item is not more: a step holds logits of all
LOCAL_WINDOWS, LOCAL_TARGETS, LOCAL_PROMPTS = 16, 24, 64  # unrelated text: windows, positions of each, prompts


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
    """
    device = model.device
    own = _cached(model, new, new.item, base)
    if not bool(sought.all()):
        chosen = sought.to(device)
        own = Cached(*(getattr(own, field.name)[chosen] for field in dataclasses.fields(Cached)))
    contrasts, facts_with, pair_fact = _contrasts(model, memory, facts, items, slow)
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
        local=_local(model, slow),
        held=held,
        factor=factor,
    )


def _cached(model: Model, part: Positions, owner: Tensor, base: Tensor) -> Cached:
    device = model.device
    addresses = part.rows.dense(model.config.write_slots).to(device)
    return Cached(part.stream, addresses, base.to(device), part.targets, owner.to(device))


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
    of_items = torch.tensor(chosen, dtype=torch.int64, device=model.device)
    of_pairs = torch.tensor(owners, dtype=torch.int64, device=model.device)
    if not pairs:
        return None, of_items, of_pairs
    part = positions(model, pairs)
    base = read_rows(part.rows, slow, torch.arange(len(part)))
    return _cached(model, part, part.item, base), of_items, of_pairs


def _local(model: Model, slow: Tensor) -> Cached | None:
    """Positions of unrelated text, and of prompts in the same form about other subjects."""
    calibration, end = model.calibration, model.tokenizer.end_id
    windows = [window for window in calibration.locality.tolist()[:LOCAL_WINDOWS] if len(window) > 1]
    prompts = [[t for t in prompt if t >= 0] for prompt in calibration.others.tolist()[:LOCAL_PROMPTS]]
    items = [alone(0, window, max(1, len(window) - LOCAL_TARGETS)) for window in windows]
    items += [alone(0, (*p, end), len(p)) for p in prompts if p]
    if not items:
        return None
    part = positions(model, items)
    return _cached(model, part, part.item, read_rows(part.rows, slow, torch.arange(len(part))))
