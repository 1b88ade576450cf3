"""What each kind of evidence is worth to the judges: they are fitted again without each in turn, over seeds.

Judges of rows are fitted on worlds of invented facts and documents, as ``train --only judge`` does. With a folder of
questions, what the judges of sentences and answers owe to theirs is measured too, into ``evidence-questions``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bdh_workbench.model.loading import Model
from bdh_workbench.reading.evidence import MEANING, WORD_EVIDENCE, cosine_names
from bdh_workbench.reading.recall import DOCUMENTS, FACTS, feature_names
from bdh_workbench.training.judging import (
    ALLOWED,
    LIKE_SUBJECT,
    OTHER_RELATION,
    TEXTS_READ,
    fitted,
    gather,
    general_source,
)
from bdh_workbench.training.reading.phase import Questions
from lab.memories.question_evidence import ablate_judges
from lab.results import Note, Spread, cell, markdown_table

ROUNDS = 6  # of worlds that judges are fitted on; half as many set their thresholds
EVIDENCE_COLUMNS = {
    f"{FACTS}: found": "facts found",
    f"{FACTS}: {OTHER_RELATION}s opened": "other relations opened",
    f"{DOCUMENTS}: found": "documents found",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured.

    Attributes:
        model: its name.
        seeds: sets of worlds.
        rounds: of worlds in each.
        left_out: figures by the evidence that was left out, then by measure.
    """

    model: str
    seeds: int
    rounds: int
    left_out: dict[str, dict[str, Spread]]


def measure(
    model: Model, corpus: str, seeds: int, questions: str | None, folder: Path, note: Note = lambda line: None
) -> Iterator[Report]:
    """Fit judges without each kind of evidence.

    Args:
        model: gives the write site, the tokenizer and the vectors of words.
        corpus: general text, as for training.
        seeds: sets of worlds.
        questions: folder of questions, as for training; None for the judges of rows alone.
        folder: of results.
        note: called with a line for each fit.
    """
    site, likeness = model.site, model.likeness
    names = feature_names(site, True, likeness is not None)
    leave: dict[str, tuple[str, ...]] = {"nothing": ()} | {name: (name,) for name in names}
    leave |= {
        "all cosines": cosine_names(site)[: len(site.decays) + 2],
        "all words": (*WORD_EVIDENCE, *MEANING),
        "word vectors": tuple(MEANING),
    }
    figures: dict[str, dict[str, list[float]]] = {name: {} for name in leave}
    sources = [general_source(corpus, TEXTS_READ, odd) for odd in (False, True)]
    for seed in range(seeds):
        fit, held_out = (
            gather(site, model.tokenizer, likeness, source, seed, split, rounds)
            for split, source, rounds in zip(("train", "dev"), sources, (ROUNDS, ROUNDS // 2), strict=True)
        )
        tables = [{kind: part.table() for kind, part in samples.items()} for samples in (fit, held_out)]
        for name, left_out in leave.items():
            note(f"seed {seed + 1} of {seeds}, without {name}")
            for kind, groups in fitted(site, tables[0], tables[1], left_out)[1].items():
                for measured, value in summary(groups).items():
                    figures[name].setdefault(f"{kind}: {measured}", []).append(value)
    spreads = {name: {key: Spread.of(values) for key, values in row.items()} for name, row in figures.items()}
    yield Report(model.name, seeds, ROUNDS, spreads)
    if questions is not None:
        ablate_judges(model.folder, Questions(corpus, Path(questions)), folder / "evidence-questions.json", seeds)


def summary(groups: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean share found over the kinds of question, and the share of other relations that a read opens at."""
    asked = [row["right"] for name, row in groups.items() if name not in (*ALLOWED, LIKE_SUBJECT)]
    shares = {"found": sum(asked) / len(asked)} if asked else {}
    opened = {f"{OTHER_RELATION}s opened": groups[OTHER_RELATION]["opened"]} if OTHER_RELATION in groups else {}
    return shares | opened


def page(report: Report, names: list[str]) -> str:
    """A row for each kind of evidence."""
    rows = [
        [name, *(cell(row[key], ".1%") if key in row else "–" for key in EVIDENCE_COLUMNS)]
        for name, row in report.left_out.items()
    ]
    return (
        "# What each kind of evidence is worth\n\n"
        f"Judges of model `{report.model}` fitted without it, {report.seeds} seeds, {report.rounds} rounds of worlds "
        "each; mean ± sample standard deviation. Found: positions that read the right row, mean over the kinds of "
        "question, with as many false accepts as `ALLOWED` in `training/judging.py` permits. Other relations: "
        "questions about a stored subject that no fact answers.\n\n"
        + markdown_table(["left out", *EVIDENCE_COLUMNS.values()], rows)
    )
