"""People's questions and edits, put to the memory and to other methods that could answer them or take them in.

Questions: search by words, search by meaning, and a language model of 135M parameters that reads what was found or is
given the whole paragraph. Edits: the rivals of ``bench --baselines`` that change weights or look values up.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bdh_workbench.asking.decoding import share
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation.edits import Edit, edits_report, facts_of, opened, reach, read_edits, same_form
from bdh_workbench.evaluation.questions import QuestionsReport, questions_report, slot
from bdh_workbench.evaluation.squad import Article, read_articles
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from lab.results import Note, markdown_table
from lab.rivals import suite
from lab.rivals.answers import RIVAL_NAMES, missing, rivals
from lab.rivals.lookup import LookupReader
from lab.rivals.settings import NOT_TUNED, is_tuned, tuned_settings

EDITS = 100  # records that the rivals are given: tuning weights takes minutes
EDIT_RIVALS = ("lora", "full", "head", "nearest_address", "grace")
SLOT = "the slot"
ASKING_WAYS = {"apart": "one article at a time", "together": "all articles together"}


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured so far: answers by rival and way, and what edits reach by rival."""

    model: str
    questions: str | None
    edits: str | None
    limit: int | None
    articles: int
    records: int
    left_out: list[str]
    answers: dict[str, dict[str, QuestionsReport]] | None
    reach: dict[str, dict[str, Any]] | None


def measure(
    model: Model,
    questions: str | None = None,
    edits: str | None = None,
    limit: int | None = None,
    note: Note = lambda line: None,
) -> Iterator[Report]:
    """Put the questions and the edits to the memory and to its rivals.

    Args:
        model: the frozen model.
        questions: file of articles, in SQuAD's JSON form.
        edits: file of edits.
        limit: the first so many articles only.
        note: called with a line now and then.

    Raises:
        UserError: when there is nothing to ask, or a file cannot be read.
    """
    if questions is None and edits is None:
        raise UserError("There is nothing to ask: name articles with --questions, or edits with --edits.")
    articles = read_articles(questions)[:limit] if questions is not None else []
    records = read_edits(edits)[:EDITS] if edits is not None else []
    left_out = [line for line in map(missing, RIVAL_NAMES) if line] if articles else []
    for line in left_out:
        note(line)
    report = Report(model.name, questions, edits, limit, len(articles), len(records), left_out, None, None)
    if records:
        report = dataclasses.replace(report, reach=_reach(model, records, note))
        yield report
    for answers in _answers(model, articles, note) if articles else ():
        report = dataclasses.replace(report, answers=answers)
        yield report


def _answers(model: Model, articles: Sequence[Article], note: Note) -> Iterator[dict[str, dict[str, QuestionsReport]]]:
    """For each rival and way, the report on people's questions; one more each time."""
    reports: dict[str, dict[str, QuestionsReport]] = {}
    for name, remember in {"slot": slot(model, WriteSettings()), **rivals()}.items():
        for way in ASKING_WAYS:
            if way == "together" and (name == "smollm" or len(articles) < 2):
                continue  # it is given the paragraph, whatever else is stored
            # A rival that never says that it has no answer need not be asked about what is not there.
            report = questions_report(remember, articles, way == "together", strangers=name == "slot")
            if name == "smollm":
                report["sentence_right"] = None  # it names none
            reports[name] = reports.get(name, {}) | {way: report}
            note(f"{RIVAL_NAMES.get(name, SLOT)}, {ASKING_WAYS[way]}: F1 {report['f1'] or 0.0:.3f}")
            yield dict(reports)


def _reach(model: Model, records: Sequence[Edit], note: Note) -> dict[str, dict[str, Any]]:
    """For each rival, what edits reach."""
    if not is_tuned(model.name):
        note(NOT_TUNED.format(model=model.name))
    write = WriteSettings()
    reports: dict[str, dict[str, Any]] = {"slot": {**edits_report(model, records, write)}}
    makers = suite.makers(model, tuned_settings(model.name), write)
    half = records[: len(records) // 2]
    for name in EDIT_RIVALS:
        rival = makers[name]()
        begun = time.monotonic()
        rival.write(facts_of(records), ())
        seconds = time.monotonic() - begun
        shuts = isinstance(rival.reader, LookupReader)
        reports[name] = {**reach(rival.reader, records, rival.ask, shuts), "count": len(records), "seconds": seconds}
        if shuts and half:
            other = makers[name]()
            other.write(facts_of(half), ())
            reports[name]["same_form_opened"] = share(opened(other.reader, same_form(model, records)))
        note(f"{suite.REFERENCE_NAMES[name]}: efficacy {reports[name]['efficacy']:.3f}")
    return reports


def page(report: Report, names: list[str]) -> str:
    """One table for questions, and one for edits."""
    parts = ["# Rivals on people's questions and on edits\n"]
    if report.answers:
        rows = [
            [
                RIVAL_NAMES.get(name, SLOT),
                ASKING_WAYS[way],
                *(_percent(figure) for figure in (figures["sentence_right"], figures["exact"], figures["f1"])),
                "–" if figures["seconds_per_question"] is None else f"{figures['seconds_per_question']:.3g}",
            ]
            for name, ways in report.answers.items()
            for way, figures in ways.items()
        ]
        parts.append(
            f"{report.articles:,} articles with questions by people; exact and F1 as SQuAD measures them. The slot "
            f"is `{report.model}`.\n\n"
            + markdown_table(["answered by", "stored", "right sentence", "exact", "F1", "seconds a question"], rows)
        )
        parts += [f"{line}\n" for line in report.left_out]
    if report.reach:
        columns = {
            "efficacy": "edit given",
            "paraphrase": "paraphrases",
            "neighbour_opened": "neighbours opened",
            "neighbour_says_edit": "neighbours given the edit",
            "other_relation_opened": "other relations opened",
            "other_relation_says_edit": "other relations given the edit",
            "same_form_opened": "same form opened",
        }
        rows = [
            [
                suite.REFERENCE_NAMES.get(name, SLOT),
                *(_percent(found.get(key)) for key in columns),
                f"{found['seconds']:.1f}",
            ]
            for name, found in report.reach.items()
        ]
        parts.append(
            f"{report.records:,} edits in one write. What changes weights has no gate: nothing stays shut.\n\n"
            + markdown_table(["stored in", *columns.values(), "seconds"], rows)
        )
    return "\n".join(parts)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"
