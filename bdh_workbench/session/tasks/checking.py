"""Checks: questions with expected answers, asked together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from bdh_workbench.asking.answers import Answer
from bdh_workbench.asking.ask import ask
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sources import Sources
from bdh_workbench.session.control import Task, progress
from bdh_workbench.session.records.events import CheckStepped
from bdh_workbench.session.records.notebook import Check, CheckResult, CheckRun, answer_words, is_right, mark_of


def run_checks(task: Task, reader: Reader, sources: Sources, checks: Sequence[Check]) -> CheckRun:
    """Ask every check's question in a fresh context, sending CheckStepped after each.

    Raises:
        UserError: for a check without a question.
        Cancelled: when the job was cancelled.
    """
    results: list[CheckResult] = []
    for number, check in enumerate(checks):
        progress(task, number / len(checks), f"Check {number + 1} of {len(checks)}")
        answer = ask(reader, check.question, sources=sources, kind=check.kind, top=1, checkpoint=task.checkpoint)
        words = answer_words(answer)
        results.append(CheckResult(check.question, words, _p(answer), is_right(check.expected, words)))
        task.emit(CheckStepped(task.id, number, results[-1]))
    memory = reader.memory
    layers = [layer for layer in memory.layers if layer.enabled] if memory is not None else []
    after = f"write {layers[-1].number}" if layers else "no write"
    return CheckRun(datetime.now(UTC).isoformat(), mark_of(memory), after, tuple(results))


def _p(answer: Answer) -> float:
    """How probable the answer is; of a continuation all its tokens, of none the nearest sentence."""
    chosen = answer.chosen
    if chosen is not None:
        return chosen.p if chosen.answer_p is None else chosen.answer_p
    if answer.abstained:
        return answer.candidates[0].p if answer.candidates else 0.0
    return math.prod(token.p for token in answer.tokens)
