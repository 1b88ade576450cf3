"""All rivals with their settings, and their reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bdh_workbench.evaluation.locality import HeldOut
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from lab.rivals.context import InContext, Retrieved
from lab.rivals.lookup import ADDRESS, STREAM, Lookup
from lab.rivals.rival import Note, Rival, rival_report
from lab.rivals.settings import RivalSettings, is_tuned, tuned_settings
from lab.rivals.tuning import Full, Head, Lora

REFERENCE_NAMES = {
    "in_context": "all of it in context",
    "bm25": "BM25 and context",
    "lora": "LoRA, rank 8",
    "full": "full fine-tuning",
    "head": "head-only fine-tuning",
    "nearest_address": "nearest stored address",
    "grace": "nearest hidden state (GRACE)",
}


def makers(model: Model, settings: RivalSettings, write: WriteSettings) -> dict[str, Callable[[], Rival]]:
    """For each rival a function that gives one which contains nothing."""
    return {
        "in_context": lambda: InContext(model),
        "bm25": lambda: Retrieved(model, settings.passages, settings.floor),
        "lora": lambda: Lora(model, settings.lora, write),
        "full": lambda: Full(model, settings.full, write),
        "head": lambda: Head(model, settings.head, write),
        "nearest_address": lambda: Lookup(model, ADDRESS, settings.address, write),
        "grace": lambda: Lookup(model, STREAM, settings.stream, write),
    }


def compare(
    model: Model,
    facts: Sequence[Fact],
    documents: Sequence[TextDocument],
    text: HeldOut,
    write: WriteSettings,
    note: Note,
) -> dict[str, object]:
    """What a report of the benchmark says of rivals.

    Args:
        model: the frozen model.
        facts: written jointly.
        documents: written one after the other.
        text: unrelated, for locality.
        write: gives the most steps, goal, margin, framings and seed, as for the slot.
        note: called with what is happening.

    Returns:
        ``baselines``: the report on every rival, by name; ``baselines_tuned``: whether they were tuned for this model.

    Raises:
        UserError: when a library is missing.
    """
    reports = {
        name: rival_report(make, facts, documents, text, _named(REFERENCE_NAMES[name], note))
        for name, make in makers(model, tuned_settings(model.name), write).items()
    }
    return {"baselines": reports, "baselines_tuned": is_tuned(model.name)}


def _named(name: str, note: Note) -> Note:
    return lambda line: note(f"{name}: {line}")
