"""People's questions and edits, put to the memory and to other methods that could answer them or take them in.

Questions: search by words, search by meaning, and a language model of 135M parameters that reads what was found or is
given the whole paragraph. Edits: the rivals of ``bench --baselines`` that change weights or look values up.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bdh_workbench.asking.decoding import share
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation.baselines import suite
from bdh_workbench.evaluation.baselines.lookup import LookupReader
from bdh_workbench.evaluation.baselines.settings import NOT_TUNED, is_tuned, tuned_settings
from bdh_workbench.evaluation.edits import Edit, edits_report, facts_of, opened, reach, read_edits, same_form
from bdh_workbench.evaluation.questions import questions_report, slot
from bdh_workbench.evaluation.squad import Article, read_articles
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from lab.results import Note, header, markdown_table, save
from lab.rivals.answers import NAMES, missing, rivals

EDITS = 100  # records that the rivals are given: tuning weights takes minutes
EDIT_RIVALS = ("lora", "full", "head", "nearest_address", "grace")
SLOT = "the slot"
WAYS = {"apart": "one article at a time", "together": "all articles together"}


def run(
    model: Model,
    out: Path,
    questions: str | None = None,
    edits: str | None = None,
    limit: int | None = None,
    note: Note = lambda line: None,
) -> dict[str, Any]:
    """Put the questions and the edits to the memory and to its rivals.

    Args:
        model: the frozen model.
        out: folder of results.
        questions: file of articles, in SQuAD's JSON form.
        edits: file of edits.
        limit: the first so many articles and edits only.
        note: called with a line now and then.

    Raises:
        UserError: when there is nothing to ask, or a file cannot be read.
    """
    if questions is None and edits is None:
        raise UserError("There is nothing to ask: name articles with --questions, or edits with --edits.")
    articles = read_articles(questions)[:limit] if questions is not None else []
    records = read_edits(edits)[: min(limit or EDITS, EDITS)] if edits is not None else []
    report: dict[str, Any] = {
        **header("rivals", model),
        "questions": questions,
        "edits": edits,
        "limit": limit,
        "articles": len(articles),
        "records": len(records),
        "left_out": [line for line in map(missing, NAMES) if line] if articles else [],
        "answers": _answers(model, articles, note) if articles else None,
        "reach": _reach(model, records, note) if records else None,
    }
    for line in report["left_out"]:
        note(line)
    save(out, report, _page(report))
    return report


def _answers(model: Model, articles: Sequence[Article], note: Note) -> dict[str, dict[str, Any]]:
    """For each rival and way, the report on people's questions."""
    found: dict[str, dict[str, Any]] = {}
    for name, remember in {"slot": slot(model, WriteSettings()), **rivals()}.items():
        found[name] = {}
        for way in WAYS:
            if way == "together" and (name == "smollm" or len(articles) < 2):
                continue  # it is given the paragraph, whatever else is stored
            # A rival that never says that it has no answer need not be asked about what is not there.
            report = questions_report(remember, articles, way == "together", strangers=name == "slot")
            if name == "smollm":
                report["sentence_right"] = None  # it names none
            found[name][way] = report
            note(f"{NAMES.get(name, SLOT)}, {WAYS[way]}: F1 {report['f1'] or 0.0:.3f}")
    return found


def _reach(model: Model, records: Sequence[Edit], note: Note) -> dict[str, dict[str, Any]]:
    """For each rival, what edits reach."""
    if not is_tuned(model.name):
        note(NOT_TUNED.format(model=model.name))
    write = WriteSettings()
    found = {"slot": edits_report(model, records, write)}
    makers = suite.makers(model, tuned_settings(model.name), write)
    half = records[: len(records) // 2]
    for name in EDIT_RIVALS:
        rival = makers[name]()
        begun = time.monotonic()
        rival.write(facts_of(records), ())
        seconds = time.monotonic() - begun
        shuts = isinstance(rival.reader, LookupReader)
        found[name] = {"count": len(records), **reach(rival.reader, records, rival.ask, shuts), "seconds": seconds}
        if shuts and half:
            other = makers[name]()
            other.write(facts_of(half), ())
            found[name]["same_form_opened"] = share(opened(other.reader, same_form(model, records)))
        note(f"{suite.NAMES[name]}: efficacy {found[name]['efficacy']:.3f}")
    return found


def _page(report: Mapping[str, Any]) -> str:
    parts = ["# Rivals on people's questions and on edits\n"]
    if report["answers"]:
        columns = {"sentence_right": "right sentence", "exact": "exact", "f1": "F1"}
        rows = [
            [NAMES.get(name, SLOT), WAYS[way], *(_percent(found[key]) for key in columns), _seconds(found)]
            for name, ways in report["answers"].items()
            for way, found in ways.items()
        ]
        parts.append(
            f"{report['articles']:,} articles with questions by people; exact and F1 as SQuAD measures them. The slot "
            f"is `{report['model']}`.\n\n"
            + markdown_table(["answered by", "stored", *columns.values(), "seconds a question"], rows)
        )
        parts += [f"{line}\n" for line in report["left_out"]]
    if report["reach"]:
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
            [suite.NAMES.get(name, SLOT), *(_percent(found.get(key)) for key in columns), f"{found['seconds']:.1f}"]
            for name, found in report["reach"].items()
        ]
        parts.append(
            f"{report['records']:,} edits in one write. What changes weights has no gate: nothing stays shut.\n\n"
            + markdown_table(["stored in", *columns.values(), "seconds"], rows)
        )
    return "\n".join(parts)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"


def _seconds(found: Mapping[str, Any]) -> str:
    return "–" if found["seconds_per_question"] is None else f"{found['seconds_per_question']:.3g}"
