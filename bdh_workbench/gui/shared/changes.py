"""Undo and redo of changes to the memory in use, and what is said afterwards."""

from __future__ import annotations

from bdh_workbench.gui.look.words import holds
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.records.jobs import Redo, Undo


def take_back(context: Context) -> None:
    """Undo the last change."""
    context.submit(Undo(), lambda _: context.say(f"Undone: {_now(context)}"))


def do_again(context: Context) -> None:
    """Redo the change that was undone last."""
    context.submit(Redo(), lambda _: context.say(f"Redone: {_now(context)}"))


def _now(context: Context) -> str:
    memory = context.memory
    counts = holds(memory) if memory is not None else []
    return f"the memory now contains {' and '.join(counts)}." if counts else "the memory is now empty."
