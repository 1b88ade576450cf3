"""Writes, estimates and retention runs, step by step."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import torch

from bdh_workbench.asking.decoding import Question, score
from bdh_workbench.evaluation.retention import as_question, probes, token_accuracy
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.room import far_too_much, machine_rows
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.banks import Bases
from bdh_workbench.memory.store.conflicts import Resolved, resolve
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.encoding import characters, document_ids, write_items
from bdh_workbench.memory.writing.given import write_new
from bdh_workbench.memory.writing.writer import WriteEvent, WriteResult, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.session.control import Task, progress
from bdh_workbench.session.records.events import Estimated, RetentionStepped, WriteStepped
from bdh_workbench.session.records.views import ProbeView
from bdh_workbench.session.tasks.inspecting import mean_shares

if TYPE_CHECKING:
    from bdh_workbench.session.records.jobs import EstimateWrite, RetentionRun

LOOKED_AT = 16  # items whose tokens the shares of the sites are measured on
LOOKED_TOKENS = 128  # tokens of each
TOKEN_CHARACTERS = 4  # for each token, where there is too much text to be counted
TOKEN_ROWS = 2  # for each token of a document: once in its text, once in the window of its sentence


def run_write(
    task: Task,
    model: Model,
    memory: Memory | None,
    new: Resolved,
    settings: WriteSettings,
    bases: Bases | None,
) -> WriteResult:
    """Write what is new, sending WriteStepped after each step; held between steps, and cancelled within them too.

    Raises:
        UserError: as ``memory.writing.given.write_new``.
        Cancelled: when the job was cancelled; nothing has changed then.
    """
    labels = (*(fact.prompt for fact in new.facts), *(document.title for document in new.documents))
    progress(task, None, "Reading what is to be written")
    shares = mean_shares(model, _samples(model, new.facts, new.documents))
    steps = write_new(model, memory, new, settings, bases, task.checkpoint)
    return _watched(task, steps, labels, shares)


def _watched(
    task: Task,
    steps: Generator[WriteEvent, None, WriteResult],
    labels: tuple[str, ...],
    shares: tuple[tuple[float, float], ...],
    measuring: bool = False,
) -> WriteResult:
    try:
        while True:
            task.checkpoint(hold=True)
            try:
                event = next(steps)
            except StopIteration as stop:
                result: WriteResult = stop.value
                return result
            task.emit(WriteStepped(task.id, event, labels, shares, measuring=measuring))
    finally:
        steps.close()


def _samples(model: Model, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> list[list[int]]:
    """Tokens of some of the items."""
    texts = [f"{fact.prompt} {fact.answer}" for fact in facts[:LOOKED_AT]]
    texts += [document.text[: 16 * LOOKED_TOKENS] for document in documents[: LOOKED_AT - len(texts)]]
    encoded = [document_ids(model.tokenizer, text)[:LOOKED_TOKENS] for text in texts]
    return [ids for ids in encoded if ids]


def estimate(task: Task, model: Model, memory: Memory | None, job: EstimateWrite) -> Estimated:
    """How large a write would be, and how much of what this machine has room for is used after it.

    Raises:
        UserError: when conflicts are to be refused and there are some.
    """
    facts, documents = job.facts, job.documents
    room, used = machine_rows(), len(memory.basis) if memory is not None else 0
    size = characters(facts, documents)
    refused = far_too_much(size)
    if refused:
        tokens = size // TOKEN_CHARACTERS
        fill = (used + TOKEN_ROWS * tokens) / room
        return Estimated(task.id, tokens, TOKEN_ROWS * tokens, used / room, fill, False, False, refused)
    new = resolve(memory, facts, documents, job.settings)
    after = used
    if memory is not None and new.gone:
        after -= int(torch.isin(memory.rows.items[memory.basis], torch.tensor(new.gone)).sum())
    items = write_items(new.facts, (), model, job.settings)
    tokens = sum(len(item.ids) for item in items if item.primary)
    for document in new.documents:
        task.checkpoint()
        items += write_items((), (document,), model, job.settings)
        tokens += len(document_ids(model.tokenizer, document.text))
    rows = sum(len(item.ids) - item.first for item in items)
    after += rows
    return Estimated(task.id, tokens, rows, used / room, after / room, after <= room, True, "")


def retention_run(task: Task, model: Model, documents: Sequence[TextDocument], job: RetentionRun) -> None:
    """Write documents one after the other into a memory of their own, sending RetentionStepped after each.

    Raises:
        UserError: as ``memory.writing.writer.write``.
        Cancelled: when the job was cancelled.
    """
    titles = tuple(document.title for document in documents)
    texts = [as_question(model.tokenizer, document) for document in documents]
    asked: list[Question] = [question for group in probes(model.tokenizer, documents) for question in group]
    shown = tuple(
        ProbeView(number, probe.prompt, probe.answer)
        for number, document in enumerate(documents)
        for probe in document.probes
    )
    memory: Memory | None = None
    bases: Bases | None = None
    accuracy: list[tuple[float, ...]] = []
    probe_p: list[tuple[float, ...]] = []
    fill: list[float] = []
    for number, document in enumerate(documents):
        progress(task, number / len(documents), f"Writing document {number + 1} of {len(documents)}")
        steps = write(model, memory, (), (document,), job.settings, bases)
        result = _watched(task, steps, (document.title,), (), measuring=True)
        memory, bases = result.memory, result.bases
        progress(task, (number + 0.8) / len(documents), f"Reading after write {number + 1} of {len(documents)}")
        reader = Reader(model, memory)
        accuracy.append(tuple(token_accuracy(reader, texts[: number + 1])))
        # A document continues after the answer, so that the end token has no part in it.
        probe_p.append(tuple(math.prod(found.tokens[:-1]) for found in score(reader, asked)))
        fill.append(memory.fill)
        own = [row[-1] for row in accuracy]
        matrix = tuple(tuple(a / own[place] if own[place] else 0.0 for place, a in enumerate(row)) for row in accuracy)
        task.emit(RetentionStepped(task.id, matrix, tuple(accuracy), titles, shown, tuple(probe_p), tuple(fill)))
