"""What each kind of evidence is worth to the judges of questions: they are fitted again without each in turn."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bdh_workbench.model.files import save_json_atomically, save_text_atomically
from bdh_workbench.reading.asker import load_asker
from bdh_workbench.reading.sentence_evidence import SENTENCE_EVIDENCE
from bdh_workbench.training.reading.judging import (
    ALL,
    JudgeFigures,
    Ranked,
    figures,
    fitted,
    judge_of_sentences,
    of_answers,
)
from bdh_workbench.training.reading.phase import Questions, memories_asked, working_folder


@dataclass(frozen=True, slots=True)
class Worth:
    """What a kind of evidence is worth: the judge's figures without it, over seeds.

    Attributes:
        name: of the evidence, or "all" with nothing left out.
        right: share of questions whose sentence is the most probable; mean and standard deviation.
        kept: share of answerable questions that are answered at the threshold.
        loss: mean -log p.
    """

    name: str
    right: tuple[float, float]
    kept: tuple[float, float]
    loss: tuple[float, float]


def worths(cases: Sequence[Ranked], names: tuple[str, ...], seeds: int) -> list[Worth]:
    """What each kind of evidence is worth: fitted without it on half of the memories, measured on the others."""
    figures_of: dict[str, list[JudgeFigures]] = {}
    for seed in range(seeds):
        memories_ = sorted({case.memory for case in cases})
        half = set(random.Random(seed).sample(memories_, len(memories_) // 2))
        learned, other = ([case for case in cases if (case.memory in half) is side] for side in (True, False))
        for name in ("all", *names):
            figures_of.setdefault(name, []).append(figures(fitted(learned, names, dropped=(name,)), other))
    return [
        Worth(name, *(_spread([getattr(one, field) for one in each]) for field in ("right", "kept", "loss")))
        for name, each in figures_of.items()
    ]


def _spread(values: Sequence[float]) -> tuple[float, float]:
    return round(float(np.mean(values)), 4), round(float(np.std(values, ddof=min(1, len(values) - 1))), 4)


def ablate_judges(out: Path, questions: Questions, path: Path, seeds: int = 3) -> dict[str, Any]:
    """What each kind of evidence is worth to the judges of questions, as ``path`` (JSON) and the same name in Markdown.

    Raises:
        UserError: when the model folder has no reader, or for bad input.
    """
    asker = load_asker(out)
    known = memories_asked(asker, questions, working_folder(out), 0)
    judge, first = judge_of_sentences(known)
    second = of_answers(known, asker, judge)
    report: dict[str, Any] = {"model": out.resolve().name, "seeds": seeds, "questions": len(known.cases)}
    page = [
        "# What each kind of evidence is worth to a question",
        "",
        f"`train --only judge --ablate`, model `{report['model']}`, {len(known.cases):,} questions. Each judge is "
        "fitted on a random half of the memories, with one kind of evidence left out, and measured on the other half; "
        f"{seeds} seeds, mean ± standard deviation. *right*: the right sentence is the most probable; *kept*: an "
        "answerable question gets an answer at the judge's threshold; *loss*: mean -log p.",
    ]
    titles = {"sentences": "Which sentences to recite", "answers": "Which of them answers"}
    for name, cases, names in (("sentences", first, SENTENCE_EVIDENCE), ("answers", second, ALL)):
        found = worths(cases, names, seeds)
        report[name] = [dataclasses.asdict(one) for one in found]
        page += ["", f"## {titles[name]}", "", "| left out | right | kept | loss |", "|---|---|---|---|"]
        for one in found:
            shares = [f"{100 * mean:.1f} ± {100 * spread:.1f}%" for mean, spread in (one.right, one.kept)]
            label = "nothing" if one.name == "all" else one.name
            page.append(f"| {label} | {shares[0]} | {shares[1]} | {one.loss[0]:.3f} ± {one.loss[1]:.3f} |")
    save_json_atomically(path, report)
    save_text_atomically(path.with_suffix(".md"), "\n".join(page) + "\n")
    return report
