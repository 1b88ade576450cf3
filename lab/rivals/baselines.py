"""Tuning of rival methods on invented facts and documents of the ``dev`` split, never on a benchmark.

Of rivals that train, rate and weight of the term for locality are climbed together: from a rate of 0.003 and a weight
of 1 to the best neighbour, until no neighbour is better. The radius of a lookup, the number of passages that BM25 gives
and how much unrelated text it gives them to are tried one after the other. Each trial writes the facts jointly, and the
documents one after the other. What decides is the mean over the sets of

    (facts exact + paraphrases exact + retention x accuracy of the documents) / 3 - min(1, |change on unrelated text|),

that is, as much recall as there is to have at the least harm. Trials are shorter than a write of the benchmark, which
may take 300 steps and puts sentences before its facts: they must end in minutes on one core. All trials are in
``baselines.json``; of a bundled model what was chosen goes into ``lab/rivals/tuned.json`` too,
from which ``bench --baselines`` reads it.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from bdh_workbench.evaluation.locality import HeldOut, held_out
from bdh_workbench.evaluation.provenance import provenance
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model, bundled_models
from bdh_workbench.training.synthetic import documents, facts
from lab.results import Note, command, markdown_table
from lab.rivals import settings as kept
from lab.rivals.rival import rival_report
from lab.rivals.settings import RivalSettings, TuningSettings
from lab.rivals.suite import REFERENCE_NAMES, makers

TUNED_SPLIT = "dev"
SET_FACTS, SET_DOCUMENTS, SET_TOKENS = 12, 2, 2_000  # of a set, and of unrelated text
STEPS_AT_MOST, FRAMED_BY = 25, 0  # of each write: steps at most, and sentences put before each fact
TRAINED_RIVALS = ("head", "lora", "full")
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
LOCALITIES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)  # weights of the term for locality
START = (3, 1)  # places in both that the search sets out from
GRIDS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("nearest_address", "address", (0.1, 0.2, 0.35, 0.5, 0.65, 0.8)),
    ("grace", "stream", (0.6, 0.7, 0.8, 0.9)),
    ("bm25", "passages", (1, 2, 4)),
    ("bm25", "floor", (0.0, 0.5, 0.8, 0.95, 0.99)),  # of equals the first wins: it withholds least
)  # rival, its setting, values
RIVAL_FIGURES = {"nearest_address": ("address",), "grace": ("stream",), "bm25": ("passages", "floor")}


@dataclass(frozen=True, slots=True)
class Trial:
    """One rival with some settings: its score, and its figures in each set."""

    rival: str
    setting: dict[str, float]
    score: float
    figures: list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Procedure:
    """How trials were made."""

    facts: int
    documents: int
    unrelated_tokens: int
    steps: int
    framings: int
    rates: tuple[float, ...]
    localities: tuple[float, ...]
    grids: tuple[tuple[str, str, tuple[float, ...]], ...]
    threads: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: every trial, and the settings that were chosen."""

    model: str
    split: str
    seeds: int
    procedure: Procedure
    settings: RivalSettings
    trials: list[Trial]


@dataclass(frozen=True, slots=True)
class _Trials:
    """What every trial is given, and the trials that were made."""

    model: Model
    text: HeldOut
    seeds: int
    note: Note
    made: list[Trial]

    def score(self, name: str, settings: RivalSettings) -> float:
        """Measure one rival with these settings, unless that was done before."""
        setting = _setting(name, settings)
        for trial in self.made:
            if (trial.rival, trial.setting) == (name, setting):
                return trial.score
        model = self.model
        write = WriteSettings(steps=STEPS_AT_MOST, framings=FRAMED_BY)
        reports = []
        for seed in range(self.seeds):
            given, texts = facts(SET_FACTS, seed, TUNED_SPLIT), documents(SET_DOCUMENTS, seed, TUNED_SPLIT)
            rival = makers(model, settings, write)[name]
            reports.append(rival_report(rival, given, texts, self.text, lambda line: None))
        score = statistics.mean(verdict(report) for report in reports)
        self.made.append(Trial(name, setting, score, [_figures(report) for report in reports]))
        self.note(f"{REFERENCE_NAMES[name]}, {_said(setting)}: {score:.3f}")
        return score


def verdict(report: dict[str, Any]) -> float:
    """One number for a rival's report: recall less harm."""
    figures = _figures(report)
    recall = figures["exact"] + figures["paraphrase_exact"] + figures["retention"] * figures["accuracy"]
    return recall / 3.0 - min(1.0, abs(figures["locality"]))


def _figures(report: dict[str, Any]) -> dict[str, float]:
    return {
        "exact": report["facts"]["exact"],
        "paraphrase_exact": report["facts"]["paraphrase_exact"],
        "accuracy": statistics.mean(report["documents"]["token_accuracy"]),
        "retention": report["documents"]["retention_final"],
        "locality": report["locality"]["relative_change"],
        "seconds": report["facts"]["seconds"],
    }


def measure(model: Model, corpus: str, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Tune every rival.

    Args:
        model: the frozen model.
        corpus: its held-out part is the unrelated text.
        seeds: sets of facts and documents.
        note: called with a line for each trial.
    """
    settings, begun = RivalSettings(), time.monotonic()
    text = held_out(corpus, model.tokenizer, model.config.context, SET_TOKENS)
    trials = _Trials(model, text, seeds, note, [])
    for name, field, values in GRIDS:
        settings = _best(trials, name, [_with(settings, field, value) for value in values])
    for name in TRAINED_RIVALS:
        settings = _climb(trials, name, settings)
    threads, seconds = torch.get_num_threads(), round(time.monotonic() - begun, 1)
    procedure = Procedure(
        SET_FACTS, SET_DOCUMENTS, SET_TOKENS, STEPS_AT_MOST, FRAMED_BY, RATES, LOCALITIES, GRIDS, threads, seconds
    )
    yield Report(model.name, TUNED_SPLIT, seeds, procedure, settings, trials.made)
    if model.name in bundled_models():
        origin = {"command": command("baselines", {"seeds": seeds}), "seeds": seeds, **provenance(model)}
        _keep(model.name, origin | {"settings": dataclasses.asdict(settings)})
    else:
        note(f"{model.name} is not a model of the program: what was chosen is in baselines.json alone")


def _keep(model: str, entry: dict[str, Any]) -> None:
    """Put what was found for a model into the file from which the bench reads it."""
    models = json.loads(kept.TUNED.read_text(encoding="utf-8"))["models"] | {model: entry}
    kept.TUNED.write_text(json.dumps({"models": models}, indent=2) + "\n", encoding="utf-8")


def _with(settings: RivalSettings, field: str, value: Any) -> RivalSettings:
    return dataclasses.replace(settings, **{field: value})


def _best(trials: _Trials, name: str, choices: Sequence[RivalSettings]) -> RivalSettings:
    return max(choices, key=lambda choice: trials.score(name, choice))  # of equals the first


def _climb(trials: _Trials, name: str, settings: RivalSettings) -> RivalSettings:
    """Step to the best neighbour, a rate or a weight up or down, until none is better."""

    def at(place: tuple[int, int]) -> RivalSettings:
        return _with(settings, name, TuningSettings(RATES[place[0]], LOCALITIES[place[1]]))

    best, here = START, None
    while best != here:
        here = best
        rate, weight = here
        around = (here, (rate - 1, weight), (rate + 1, weight), (rate, weight - 1), (rate, weight + 1))
        places = [p for p in around if p[0] in range(len(RATES)) and p[1] in range(len(LOCALITIES))]
        # Of equals the first wins: it stays where it is.
        best = max(places, key=lambda place: trials.score(name, at(place)))
    return at(here)


def _setting(name: str, settings: RivalSettings) -> dict[str, float]:
    """Those of the settings that a rival has."""
    if name in TRAINED_RIVALS:
        values: dict[str, float] = dataclasses.asdict(getattr(settings, name))
        return values
    return {field: getattr(settings, field) for field in RIVAL_FIGURES[name]}


def _said(setting: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in setting.items())


def page(report: Report, names: list[str]) -> str:
    """Every trial in one table, and what was chosen."""
    given = report.procedure
    head = ["rival", "setting", "score", "facts", "paraphrases", "accuracy", "retention", "other text", "seconds"]
    rows = []
    for trial in report.trials:
        means = {name: statistics.mean(each[name] for each in trial.figures) for name in trial.figures[0]}
        rows.append(
            [
                REFERENCE_NAMES[trial.rival],
                _said(trial.setting),
                f"{trial.score:.3f}",
                *(f"{means[n]:.3f}" for n in ("exact", "paraphrase_exact", "accuracy", "retention")),
                f"{means['locality']:+.2%}",
                f"{means['seconds']:.1f}",
            ]
        )
    return (
        "# Tuning of the rivals\n\n"
        f"Model `{report.model}`: {SET_FACTS} facts in one write and {SET_DOCUMENTS} documents one after the other, "
        f"of the "
        f"`{TUNED_SPLIT}` split, sets: {report.seeds}; at most {STEPS_AT_MOST} steps a write, {FRAMED_BY} "
        f"framings, {SET_TOKENS:,} "
        f"tokens of unrelated text, threads: {given.threads}, {given.seconds / 60:.1f} minutes. The bench takes "
        "up to 300 steps and 2 framings. Means over the sets; the score is (facts + paraphrases + retention × "
        "accuracy) / 3 less |other text|, and accuracy the share of tokens right given the true tokens before them.\n\n"
        + markdown_table(head, rows)
        + "\nChosen: "
        + "; ".join(
            f"{REFERENCE_NAMES[name]}: {_said(_setting(name, report.settings))}"
            for name in (*RIVAL_FIGURES, *TRAINED_RIVALS)
        )
        + ".\n"
    )
