"""Tuning of the slot's rivals on invented facts and documents of the ``dev`` split, never on a benchmark.

Rates first, each without a term for locality; then that term at the best rate. The radius of a lookup and the number of
passages that BM25 gives are tuned likewise. What decides is the mean over the sets of

    (facts exact + paraphrases exact + retention x accuracy of the documents) / 3 - min(1, |change on unrelated text|),

that is, as much recall as there is to have at the least harm. The result is in ``baselines.json`` and belongs in
``bdh_workbench/evaluation/baselines/tuned.json``, from which ``bench --baselines`` reads it.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bdh_workbench.evaluation.baselines.rival import rival_report
from bdh_workbench.evaluation.baselines.settings import RivalSettings, TuningSettings
from bdh_workbench.evaluation.baselines.suite import NAMES, makers
from bdh_workbench.evaluation.experiments.results import Note, markdown_table, save
from bdh_workbench.evaluation.locality import held_out
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from bdh_workbench.training.synthetic import documents, facts

SPLIT = "dev"
FACTS, DOCUMENTS, TOKENS = 6, 2, 1_000  # of a set, and of unrelated text
STEPS = 60  # at most: a rate that needs more is not wanted
RATES = {"head": (1e-3, 3e-3, 1e-2), "lora": (3e-3, 1e-2), "full": (3e-4, 1e-3)}
LOCALITY = 1.0
GRIDS: dict[str, tuple[str, tuple[float, ...]]] = {
    "nearest_address": ("address", (0.5, 0.7, 0.9)),
    "grace": ("stream", (0.8, 0.9, 0.97)),
    "bm25": ("passages", (1, 2, 4)),
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Trials:
    """What every trial is given."""

    model: Model
    corpus: str
    seeds: int
    note: Note

    def score(self, name: str, settings: RivalSettings, trials: list[dict[str, Any]]) -> float:
        """Measure one rival with these settings; its trial is added to the list."""
        model = self.model
        text = held_out(self.corpus, model.tokenizer, model.config.context, TOKENS)
        write = WriteSettings(steps=STEPS)
        found = []
        for seed in range(self.seeds):
            given, texts = facts(FACTS, seed, SPLIT), documents(DOCUMENTS, seed, SPLIT)
            found.append(rival_report(makers(model, settings, write)[name], given, texts, text, lambda line: None))
        score = statistics.mean(verdict(report) for report in found)
        values = getattr(settings, GRIDS[name][0] if name in GRIDS else name)
        setting = dataclasses.asdict(values) if isinstance(values, TuningSettings) else values
        trials.append({"rival": name, "setting": setting, "score": score, "figures": [_figures(r) for r in found]})
        self.note(f"{NAMES[name]}, {setting}: {score:.3f}")
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
        note: told a line for each trial.
    """
    settings, trials = RivalSettings(), list[dict[str, Any]]()
    given = _Trials(model, corpus, seeds, note)
    for name, (field, values) in GRIDS.items():
        settings = _best(given, name, [_with(settings, field, value) for value in values], trials)
    for name, rates in RATES.items():
        choices = [_with(settings, name, TuningSettings(rate)) for rate in rates]
        settings = _best(given, name, choices, trials)
        gentle = dataclasses.replace(getattr(settings, name), locality=LOCALITY)
        held = _with(settings, name, gentle)
        plain = max(trial["score"] for trial in trials if trial["rival"] == name)
        if given.score(name, held, trials) > plain:
            settings = held
    report = {
        "experiment": "baselines",
        "model": model.name,
        "split": SPLIT,
        "seeds": seeds,
        "settings": settings.to_dict(),
        "trials": trials,
    }
    save(out, report, _page(report))
    return report


def _with(settings: RivalSettings, field: str, value: Any) -> RivalSettings:
    return dataclasses.replace(settings, **{field: value})


def _best(given: _Trials, name: str, choices: Sequence[RivalSettings], trials: list[dict[str, Any]]) -> RivalSettings:
    scores = [given.score(name, choice, trials) for choice in choices]
    return choices[max(range(len(choices)), key=lambda place: scores[place])]


def _page(report: dict[str, Any]) -> str:
    head = ["rival", "setting", "score", "facts", "paraphrases", "accuracy", "retention", "other text", "seconds"]
    rows = []
    for trial in report["trials"]:
        setting = trial["setting"]
        said = ", ".join(f"{k} {v:g}" for k, v in setting.items()) if isinstance(setting, dict) else f"{setting:g}"
        means = {name: statistics.mean(f[name] for f in trial["figures"]) for name in trial["figures"][0]}
        rows.append(
            [
                NAMES[trial["rival"]],
                said,
                f"{trial['score']:.3f}",
                *(f"{means[n]:.3f}" for n in ("exact", "paraphrase_exact", "accuracy", "retention")),
                f"{means['locality']:+.2%}",
                f"{means['seconds']:.1f}",
            ]
        )
    return (
        "# Tuning of the rivals\n\n"
        f"{FACTS} facts and {DOCUMENTS} documents of the `{SPLIT}` split, {report['seeds']} sets, at most {STEPS} "
        "steps; means. What is written into `tuned.json` is the best of each rival.\n\n" + markdown_table(head, rows)
    )
