"""What a person gives to a memory: compared with what is stored, and then what is new of it written.

These are two calls because people can look at what will give way before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.algebra import unwatched
from bdh_workbench.memory.store.banks import Bases
from bdh_workbench.memory.store.conflicts import Resolved, resolve
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.event import WriteEvent, WriteSummary
from bdh_workbench.memory.writing.writer import WriteResult, check_write, write
from bdh_workbench.model.loading import Model


def compare(
    model: Model,
    memory: Memory | None,
    facts: Sequence[Fact],
    documents: Sequence[TextDocument],
    settings: WriteSettings,
) -> Resolved:
    """Work out what a write would write, and what would give way to it.

    Raises:
        UserError: as ``check_write`` and ``conflicts.resolve``.
    """
    check_write(model, memory, facts, documents)
    return resolve(memory, facts, documents, settings)


def write_new(
    model: Model,
    memory: Memory | None,
    new: Resolved,
    settings: WriteSettings,
    bases: Bases | None = None,
    watch: Callable[[], None] = unwatched,
) -> Generator[WriteEvent, None, WriteResult]:
    """Write what is new, and forget what gives way to it; the memory stays as it is where nothing is new.

    Args:
        model: as for ``write``, and so are the others.
        memory: what is extended.
        new: from ``compare``, with the same memory.
        settings: of the write.
        bases: of ``memory``.
        watch: called between events.
    """
    if new.writes:
        return (yield from write(model, memory, new.facts, new.documents, settings, bases, watch, new.gone))
    assert memory is not None  # where nothing is stored, all that is given is new
    return WriteResult(memory, bases or {}, WriteSummary())
