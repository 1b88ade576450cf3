"""A Query job put to the one way of asking, with its events."""

from __future__ import annotations

from collections.abc import Sequence

from bdh_workbench.asking.answers import Answer, Heard, Scored
from bdh_workbench.asking.ask import ask, score_answer
from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sentence_evidence import Place
from bdh_workbench.reading.sources import Sources
from bdh_workbench.session.control import Task
from bdh_workbench.session.records.events import AnswerDone, TokenRead
from bdh_workbench.session.records.jobs import Query

TOP = 10  # most probable tokens that are shown


def answer(
    task: Task, reader: Reader, sources: Sources, job: Query, context: Sequence[int], last: Place | None
) -> tuple[Answer, Scored | None]:
    """Answer a question, sending TokenRead and AnswerDone.

    Args:
        task: of the job.
        reader: the model with its memory, to be read as the job says.
        sources: of that memory.
        job: the question.
        context: tokens to continue from; empty for a fresh context.
        last: where the answer before came from.

    Returns:
        The answer, and how probable the expected one is, None where none was asked about.

    Raises:
        UserError: for an empty prompt in a fresh context.
        Cancelled: when the job was cancelled.
    """

    def heard(one: Heard) -> None:
        token = one.token
        task.emit(TokenRead(task.id, token.text, token.p, token.familiarity, one.source, one.top, one.untouched_top))

    reply = ask(
        reader,
        job.prompt,
        job.sampling,
        sources=sources,
        kind=job.kind,
        one_sentence=job.stop_at_sentence,
        top=TOP,
        untouched=job.compare_untouched,
        context=context,
        last=last,
        heard=heard,
        checkpoint=task.checkpoint,
    )
    expected = None
    if not is_blank(job.expected) and not context:
        expected = score_answer(reader, reply.prompt, job.expected, sources)
    task.emit(AnswerDone(task.id, reply, expected))
    return reply, expected
