"""All rivals with their settings, and their reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bdh_workbench.evaluation.baselines.context import InContext, Retrieved
from bdh_workbench.evaluation.baselines.lookup import ADDRESS, STREAM, Lookup
from bdh_workbench.evaluation.baselines.rival import Note, Rival, rival_report
from bdh_workbench.evaluation.baselines.settings import RivalSettings
from bdh_workbench.evaluation.baselines.tuning import Full, Head, Lora
from bdh_workbench.evaluation.locality import HeldOut
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model

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
    settings: RivalSettings,
    write: WriteSettings,
    note: Note,
) -> dict[str, dict[str, object]]:
    """The report on every rival, by name.

    Args:
        model: the frozen model.
        facts: written jointly.
        documents: written one after the other.
        text: unrelated, for locality.
        settings: of the rivals.
        write: gives the most steps, goal, margin, framings and seed, as for the slot.
        note: called with what is happening.

    Raises:
        UserError: when a library is missing.
    """
    given: Mapping[str, Callable[[], Rival]] = makers(model, settings, write)
    return {
        name: rival_report(make, facts, documents, text, _named(REFERENCE_NAMES[name], note))
        for name, make in given.items()
    }


def _named(name: str, note: Note) -> Note:
    return lambda line: note(f"{name}: {line}")
