"""Edits: facts that change what the model believes, which prompts they should affect, and which they must not."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from bdh_workbench.asking.decoding import Question, exact, read_alike, share
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader

# Other relations of a stored subject, which none of the records holds. They measure only: nothing is fitted to them.
OTHER_RELATIONS = (
    "The spouse of {} is",
    "The favourite food of {} is",
    "The weight of {} in kilograms is",
    "{} was first photographed in the year",
    "A novel about {} was written by",
    "{} was insured for the sum of",
)

Note = Callable[[str], None]
Put = Callable[[Question], Question]


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit.

    Attributes:
        subject: that it is about.
        prompt: of the fact.
        answer: the new one.
        paraphrases: other wordings of the prompt, never written.
        neighbours: prompts whose answers must not change.
    """

    subject: str
    prompt: str
    answer: str
    paraphrases: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()


class EditFigures(TypedDict):
    """What edits reach through one reader, as fractions; ``..._opened`` is missing where a reader has no gate.

    ``efficacy`` and ``paraphrase`` are of whole answers, decoded greedily; ``..._opened`` is the share of prompts after
    which the memory is read, ``..._says_edit`` that of those which are given the edit's answer.
    """

    efficacy: float | None
    paraphrase: float | None
    neighbour_opened: NotRequired[float | None]
    neighbour_says_edit: float | None
    other_relation_opened: NotRequired[float | None]
    other_relation_says_edit: float | None


class EditsReport(EditFigures):
    """The report on edits; ``without_completion`` has the figures of the pure read, which never closes."""

    count: int
    same_form_opened: float | None
    without_completion: EditFigures
    seconds: float


def read_edits(path: str | os.PathLike[str]) -> list[Edit]:
    """Read a JSON list of edits.

    Raises:
        UserError: when it cannot be read, or is no such list.
    """
    file = Path(path)
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"The edits in {file} cannot be read ({error.strerror}): give another file.") from None
    except (ValueError, RecursionError):
        raise UserError(f"{file} is not JSON in UTF-8: edits must be a JSON list of records.") from None
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{file} is not a JSON list of edits: each has “subject”, “prompt” and “answer”.")
    return [_edit(file, number, entry) for number, entry in enumerate(entries, start=1)]


def _edit(file: Path, number: int, entry: object) -> Edit:
    try:
        if isinstance(entry, dict):
            subject, prompt, answer = (_text(entry[name]) for name in ("subject", "prompt", "answer"))
            others = (tuple(map(_text, entry.get(name, []))) for name in ("paraphrases", "neighbours"))
            return Edit(subject, prompt, answer, *others)
    except (KeyError, TypeError):
        pass
    raise UserError(
        f"Record {number} of {file} is not an edit: it needs “subject”, “prompt” and “answer” as text, and may have "
        "“paraphrases” and “neighbours” as lists of text."
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def edits_report(
    model: Model, edits: Sequence[Edit], settings: WriteSettings, note: Note = lambda line: None
) -> EditsReport:
    """Write edits as facts in one write, and report what they reach."""
    note(f"writing {len(edits):,} edits")
    begun = time.monotonic()
    reader = Reader(model, finish(write(model, None, facts_of(edits), (), settings)).memory)
    seconds = time.monotonic() - begun
    figures = reach(reader, edits, note=note)
    pure = reach(reader.with_settings(PURE), edits, opens=False, note=note)
    note("writing half of the edits")
    half = len(edits) // 2
    stored = finish(write(model, None, facts_of(edits[:half]), (), settings)).memory if half else None
    return {
        "count": len(edits),
        **figures,
        "same_form_opened": share(opened(Reader(model, stored), same_form(model, edits))) if stored else None,
        "without_completion": pure,
        "seconds": seconds,
    }


def facts_of(edits: Sequence[Edit]) -> list[Fact]:
    """What is written of edits."""
    return [Fact(edit.prompt, edit.answer) for edit in edits]


def reach(
    reader: Reader,
    edits: Sequence[Edit],
    put: Put = lambda question: question,
    opens: bool = True,
    note: Note = lambda line: None,
) -> EditFigures:
    """What edits reach through a reader of theirs.

    Args:
        reader: in which they are stored.
        edits: all of them.
        put: makes of a question what is put to the reader.
        opens: whether the reader has a gate that can stay shut.
        note: called with a line of progress.
    """

    def asked(group: str, prompts: Callable[[Edit], Sequence[str]]) -> list[Question]:
        note(f"asking {group}")
        tokenizer = reader.model.tokenizer
        return [put(Question.of(tokenizer, prompt, edit.answer)) for edit in edits for prompt in prompts(edit)]

    neighbours = asked("neighbours", lambda edit: edit.neighbours)
    others = asked("other relations", lambda edit: [relation.format(edit.subject) for relation in OTHER_RELATIONS])
    figures: EditFigures = {
        "efficacy": share(exact(reader, asked("the edits", lambda edit: [edit.prompt]))),
        "paraphrase": share(exact(reader, asked("paraphrases", lambda edit: edit.paraphrases))),
        "neighbour_says_edit": share(exact(reader, neighbours)),
        "other_relation_says_edit": share(exact(reader, others)),
    }
    if opens:
        figures["neighbour_opened"] = share(opened(reader, neighbours))
        figures["other_relation_opened"] = share(opened(reader, others))
    return figures


def same_form(model: Model, edits: Sequence[Edit]) -> list[Question]:
    """The prompts of the first half, each with the subject of a record of the second half in place of its own."""
    half = len(edits) // 2
    questions = []
    for edit, other in zip(edits[:half], edits[half:], strict=False):
        if edit.subject in edit.prompt and other.subject != edit.subject:
            prompt = edit.prompt.replace(edit.subject, other.subject)
            questions.append(Question.of(model.tokenizer, prompt, edit.answer))
    return questions


def opened(reader: Reader, questions: Sequence[Question]) -> list[bool]:
    """Whether the memory is read after each prompt."""
    flags = [False] * len(questions)
    for batch, reading in read_alike(reader, [question.prompt for question in questions]):
        for index, row in zip(batch, reading.rows[:, -1].tolist(), strict=True):
            flags[index] = row >= 0
    return flags
