"""Addresses trained by meta-test-time-training against the untrained start: one model, two write sites, over seeds.

Both sites are calibrated on the same text. Nearest-address figures need neither network nor write (``address_report``);
the others come from real writes: 100 facts with their paraphrases, prompts of the same form about subjects that are
never written (false accepts), held-out text, and two documents one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.evaluation.locality import HeldOut, held_out, locality
from bdh_workbench.evaluation.retention import measure_retention
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training.addressing.addresses import address_report
from bdh_workbench.training.addressing.calibration import GeneralText
from bdh_workbench.training.pictures import COLOURS, MUTED_COLOUR
from bdh_workbench.training.synthetic import documents, facts, other_subject_prompts
from lab.memories.variants import MEASURED_SPLIT, fact_shares, general_text, recalibrated, untrained
from lab.results import Figures, Note, Spread, cell, draw, markdown_table, pictures_in, spread_of

FIGURE_SIZES = (100, 60, 4)  # facts, hard facts and documents of the figures without writes
WRITTEN_FACTS, ASKED_FACTS, WRITTEN_DOCUMENTS, UNRELATED_PROMPTS, UNRELATED_TOKENS = 100, 60, 2, 100, 5_000
META_COLUMNS = {
    "facts_nearest": "facts: paraphrase nearest to its own",
    "hard_nearest": "synonyms and questions: the same",
    "documents_nearest": "documents: probe nearest to its place",
    "facts_found_01": "facts: found at 0.1% false accepts",
    "facts_pure": "facts: right by a ridge read",
    "exact": "written facts exact",
    "paraphrase_exact": "paraphrases exact",
    "paraphrase_pure": "paraphrases exact, pure read",
    "stranger_accepts": "false accepts: other subjects' prompts",
    "text_accepts": "false accepts: held-out text",
    "locality": "relative change of loss on held-out text",
    "retention": "retention of the first of two documents",
    "accuracy": "accuracy right after a document's write",
}
SITE_NAMES = {"untrained": "untrained start", "trained": "trained"}


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: the figures of each site, and what training gained, seed by seed."""

    model: str
    split: str
    seeds: int
    sites: dict[str, Figures]
    gain: dict[str, Spread]


def measure(model: Model, corpus: str, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Compare the model's addresses with those that their training started from.

    Args:
        model: its addresses are those that training kept.
        corpus: general text to fit and calibrate on, and its held-out part to measure on.
        seeds: sets of facts and documents.
        note: called with a line now and then.
    """
    text = general_text(model, corpus)
    sites = {"untrained": untrained(model, text), "trained": recalibrated(model, text)}
    windows = held_out(corpus, model.tokenizer, model.config.context, UNRELATED_TOKENS)
    measured: dict[str, list[dict[str, float | None]]] = {name: [] for name in sites}
    for seed in range(seeds):
        for name, variant in sites.items():
            measured[name].append(_measure(variant, text, windows, seed))
            note(f"seed {seed}, {SITE_NAMES[name]}: paraphrases {measured[name][-1]['paraphrase_exact']:.3f}")
    pairs = list(zip(measured["trained"], measured["untrained"], strict=True))
    gains = {
        name: Spread.of([_difference(after[name], before[name]) for after, before in pairs]) for name in META_COLUMNS
    }
    yield Report(
        model.name, MEASURED_SPLIT, seeds, {name: spread_of(reports) for name, reports in measured.items()}, gains
    )


def _difference(after: float | None, before: float | None) -> float:
    return (after or 0.0) - (before or 0.0)


def _measure(model: Model, text: GeneralText, windows: HeldOut, seed: int) -> dict[str, float | None]:
    figures: dict[str, float | None] = dict(
        address_report(model.site, model.tokenizer, text.held_out, seed, MEASURED_SPLIT, FIGURE_SIZES)
    )
    given = facts(WRITTEN_FACTS, seed, MEASURED_SPLIT)
    reader = Reader(model, finish(write(model, None, given)).memory)
    figures |= fact_shares(reader, given, ASKED_FACTS)
    figures["stranger_accepts"] = opened(reader, other_subject_prompts(UNRELATED_PROMPTS, seed, MEASURED_SPLIT))
    other = locality(model, {"gate": reader}, windows)["gate"]
    figures |= {"text_accepts": other["open"], "locality": other["relative_change"]}
    kept = measure_retention(
        model, documents(WRITTEN_DOCUMENTS, seed, MEASURED_SPLIT), WriteSettings(), lambda line, event: None
    )
    figures |= {"retention": kept.final, "accuracy": sum(kept.own) / len(kept.own)}
    return figures


def opened(reader: Reader, prompts: list[str]) -> float:
    """The share of prompts at whose end something is read."""
    count = 0
    for prompt in prompts:
        ids = torch.tensor([reader.model.tokenizer.encode(prompt)], device=reader.model.device)
        count += int(reader.advance(ids).rows[0, -1] >= 0)
    return count / len(prompts)


def pictures(report: Report, out: Path) -> list[str]:
    """The gain of each measure, a point for each seed."""

    def plot(axes: Any) -> None:
        places = range(len(META_COLUMNS))
        for place, name in enumerate(META_COLUMNS):
            values = report.gain[name].values
            axes.plot(values, [place] * len(values), "o", color=COLOURS[0], markersize=4)
        axes.set_yticks(list(places), list(META_COLUMNS.values()), fontsize=8)
        axes.axvline(0.0, color=MUTED_COLOUR, linewidth=0.8)

    labels = ("Trained less untrained addresses", "trained less untrained (share), one point a seed", "")
    return draw(out, "meta", labels, plot)


def page(report: Report, names: list[str]) -> str:
    """Both sites and the gain in one table."""
    rows = [
        [label, *(cell(report.sites[site][name]) for site in SITE_NAMES), cell(report.gain[name], "+.3f")]
        for name, label in META_COLUMNS.items()
    ]
    return (
        "# Meta-trained addresses\n\n"
        f"Model `{report.model}`, the `{MEASURED_SPLIT}` split, {report.seeds} seeds; mean ± sample standard "
        "deviation, "
        "shares from 0 to 1. Accuracy and retention of documents are of tokens right given the true tokens before "
        "them, with completion. The gain is taken seed by seed.\n\n"
        + markdown_table(["", *SITE_NAMES.values(), "gain"], rows)
        + pictures_in("Trained less untrained addresses", names)
    )
