"""Tuning of rival methods on invented facts and documents of the ``dev`` split, never on a benchmark.

Of rivals that train, rate and weight of the term for locality are climbed together: from a rate of 0.003 and a weight
of 1 to the best neighbour, until no neighbour is better. The radius of a lookup, the number of passages that BM25 gives
and how much unrelated text it gives them to are tried one after the other. Each trial writes the facts jointly, and the
documents one after the other. What decides is the mean over the sets of

    (facts exact + paraphrases exact + retention x accuracy of the documents) / 3 - min(1, |change on unrelated text|),

that is, as much recall as there is to have at the least harm. Trials are shorter than a write of the benchmark, which
may take 300 steps and puts sentences before its facts: they must end in minutes on one core. All trials are in
``baselines.json``; of a bundled model what was chosen goes into ``bdh_workbench/evaluation/baselines/tuned.json`` too,
from which ``bench --baselines`` reads it.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.evaluation.baselines.rival import rival_report
from bdh_workbench.evaluation.baselines.settings import RivalSettings, TuningSettings, save_tuned
from bdh_workbench.evaluation.baselines.suite import NAMES, makers
from bdh_workbench.evaluation.locality import HeldOut, held_out
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model, bundled_models
from bdh_workbench.training.synthetic import documents, facts
from lab.results import Note, command, header, markdown_table, save

SPLIT = "dev"
FACTS, DOCUMENTS, TOKENS = 12, 2, 2_000  # of a set, and of unrelated text
STEPS, FRAMINGS = 25, 0  # of each write: steps at most, and sentences put before each fact
TRAINED = ("head", "lora", "full")
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
LOCALITIES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)  # weights of the term for locality
START = (3, 1)  # places in both that the search sets out from
GRIDS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("nearest_address", "address", (0.1, 0.2, 0.35, 0.5, 0.65, 0.8)),
    ("grace", "stream", (0.6, 0.7, 0.8, 0.9)),
    ("bm25", "passages", (1, 2, 4)),
    ("bm25", "floor", (0.0, 0.5, 0.8, 0.95, 0.99)),  # of equals the first wins: it withholds least
)  # rival, its setting, values
SHOWN = {"nearest_address": ("address",), "grace": ("stream",), "bm25": ("passages", "floor")}


@dataclasses.dataclass(frozen=True, slots=True)
class _Trials:
    """What every trial is given."""

    model: Model
    text: HeldOut
    seeds: int
    note: Note

    def score(self, name: str, settings: RivalSettings, trials: list[dict[str, Any]]) -> float:
        """Measure one rival with these settings; its trial is added to the list, unless it stands there already."""
        setting = _setting(name, settings)
        for trial in trials:
            if (trial["rival"], trial["setting"]) == (name, setting):
                return float(trial["score"])
        model = self.model
        write = WriteSettings(steps=STEPS, framings=FRAMINGS)
        found = []
        for seed in range(self.seeds):
            given, texts = facts(FACTS, seed, SPLIT), documents(DOCUMENTS, seed, SPLIT)
            found.append(rival_report(makers(model, settings, write)[name], given, texts, self.text, lambda line: None))
        score = statistics.mean(verdict(report) for report in found)
        trials.append({"rival": name, "setting": setting, "score": score, "figures": [_figures(r) for r in found]})
        self.note(f"{NAMES[name]}, {_said(setting)}: {score:.3f}")
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


def run(model: Model, corpus: str, out: Path, seeds: int, note: Note = lambda line: None) -> dict[str, Any]:
    """Tune every rival.

    Args:
        model: the frozen model.
        corpus: its held-out part is the unrelated text.
        out: folder of results.
        seeds: sets of facts and documents.
        note: called with a line for each trial.
    """
    settings, trials = RivalSettings(), list[dict[str, Any]]()
    begun = time.monotonic()
    text = held_out(corpus, model.tokenizer, model.config.context, TOKENS)
    given = _Trials(model, text, seeds, note)
    for name, field, values in GRIDS:
        settings = _best(given, name, [_with(settings, field, value) for value in values], trials)
    for name in TRAINED:
        settings = _climb(given, name, settings, trials)
    report = {
        **header("baselines", model),
        "split": SPLIT,
        "seeds": seeds,
        "procedure": {
            "facts": FACTS,
            "documents": DOCUMENTS,
            "unrelated_tokens": TOKENS,
            "steps": STEPS,
            "framings": FRAMINGS,
            "rates": RATES,
            "localities": LOCALITIES,
            "grids": GRIDS,
            "threads": torch.get_num_threads(),
            "seconds": round(time.monotonic() - begun, 1),
        },
        "settings": settings.to_dict(),
        "trials": trials,
    }
    save(out, report, _page(report))
    if model.name in bundled_models():
        of = {name: report[name] for name in ("fingerprint", "calibration_digest", "version", "seeds")}
        save_tuned(model.name, settings, of | {"command": command("baselines", report)})
    else:
        note(f"{model.name} is not a model of the program: what was chosen is in baselines.json alone")
    return report


def _with(settings: RivalSettings, field: str, value: Any) -> RivalSettings:
    return dataclasses.replace(settings, **{field: value})


def _best(given: _Trials, name: str, choices: Sequence[RivalSettings], trials: list[dict[str, Any]]) -> RivalSettings:
    return max(choices, key=lambda choice: given.score(name, choice, trials))  # of equals the first


def _climb(given: _Trials, name: str, settings: RivalSettings, trials: list[dict[str, Any]]) -> RivalSettings:
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
        best = max(places, key=lambda place: given.score(name, at(place), trials))
    return at(here)


def _setting(name: str, settings: RivalSettings) -> dict[str, float]:
    """Those of the settings that a rival has."""
    if name in TRAINED:
        found: dict[str, float] = dataclasses.asdict(getattr(settings, name))
        return found
    return {field: getattr(settings, field) for field in SHOWN[name]}


def _said(setting: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in setting.items())


def _page(report: dict[str, Any]) -> str:
    given, chosen = report["procedure"], RivalSettings.from_dict(report["settings"])
    head = ["rival", "setting", "score", "facts", "paraphrases", "accuracy", "retention", "other text", "seconds"]
    rows = []
    for trial in report["trials"]:
        means = {name: statistics.mean(f[name] for f in trial["figures"]) for name in trial["figures"][0]}
        rows.append(
            [
                NAMES[trial["rival"]],
                _said(trial["setting"]),
                f"{trial['score']:.3f}",
                *(f"{means[n]:.3f}" for n in ("exact", "paraphrase_exact", "accuracy", "retention")),
                f"{means['locality']:+.2%}",
                f"{means['seconds']:.1f}",
            ]
        )
    return (
        "# Tuning of the rivals\n\n"
        f"Model `{report['model']}`: {FACTS} facts in one write and {DOCUMENTS} documents one after the other, of the "
        f"`{SPLIT}` split, sets: {report['seeds']}; at most {STEPS} steps a write, {FRAMINGS} framings, {TOKENS:,} "
        f"tokens of unrelated text, threads: {given['threads']}, {given['seconds'] / 60:.1f} minutes. The bench takes "
        "up to 300 steps and 2 framings. Means over the sets; the score is (facts + paraphrases + retention × "
        "accuracy) / 3 less |other text|, and accuracy the share of tokens right given the true tokens before them.\n\n"
        + markdown_table(head, rows)
        + "\nChosen: "
        + "; ".join(f"{NAMES[name]}: {_said(_setting(name, chosen))}" for name in (*SHOWN, *TRAINED))
        + ".\n"
    )
