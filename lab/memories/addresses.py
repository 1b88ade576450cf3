"""Which parts of the addressing carry recall: an ablation without network and without writing, over seeds.

It begins with plain token codes and one cosine and adds one part at a time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.training.addressing.addresses import address_report
from bdh_workbench.training.addressing.calibration import (
    GENERAL,
    GeneralText,
    fit_threshold,
    fit_tokens,
    fit_whitening,
    stretches,
)
from lab.memories.variants import MEASURED_SPLIT, general_text
from lab.results import Note, Spread, cell, markdown_table

MORE_TOKENS = 2_000_000  # that a site is fitted on
ADDRESS_COLUMNS = {
    "facts_nearest": "facts: nearest",
    "facts_found_01": "found at 0.1%",
    "facts_pure": "pure",
    "hard_nearest": "hard facts: nearest",
    "documents_nearest": "probes: nearest",
    "documents_found_01": "found at 0.1%",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One form of the addressing.

    Attributes:
        name: in the table.
        config: fields of the model's configuration that differ.
        plain: token weights are the inverse document frequency alone, for capitals too.
        words: words have codes besides their tokens.
        two_level: the place in a document is sought by itself.
        sentence_words: the words of its sentences count there.
    """

    name: str
    config: Mapping[str, Any]
    plain: bool = False
    words: bool = True
    two_level: bool = True
    sentence_words: bool = True


ONE_COSINE: Mapping[str, Any] = {
    "cue_weights": (1.0, 0.3, 0.3),
    "address_weights": (1.0, 1.0, 1.0),
    "address_active": 0.03,
}
VARIANTS = (
    Variant("tokens, one cosine (1, 0.3, 0.3)", ONE_COSINE, plain=True, words=False, two_level=False),
    Variant(
        "tokens, one cosine (1, 0.3, 0.6)",
        {**ONE_COSINE, "cue_weights": (1.0, 0.3, 0.6)},
        plain=True,
        words=False,
        two_level=False,
    ),
    Variant("and words", ONE_COSINE, plain=True, two_level=False),
    Variant("and weight on capitals", ONE_COSINE, two_level=False),
    Variant("two levels, tokens only", {"address_weights": (1.0, 1.0, 1.0), "address_active": 0.03}, True, False),
    Variant("two levels, words and capitals", {"address_weights": (1.0, 1.0, 1.0), "address_active": 0.03}),
    Variant("and the model's own addresses", {}),
    Variant("the same without the words of the sentence", {}, sentence_words=False),
    Variant("the same without the last words besides", {"place_weights": (0.7, 0.7, 0.0)}, sentence_words=False),
)


def variant_site(variant: Variant, config: ModelConfig, tokenizer: Tokenizer, text: GeneralText) -> WriteSite:
    """A write site of this form, fitted on general text."""
    site = WriteSite(dataclasses.replace(config, **variant.config))
    fit_tokens(site, tokenizer, text.counts)
    if variant.plain:
        share = (text.counts + 1.0) / (text.counts.sum() + len(text.counts))
        weights = -np.log(share)
        site.token_weights.copy_(torch.from_numpy(weights / weights.max()))
        site.token_weights[tokenizer.end_id] = 0.0
    if not variant.words:
        site.word_weight.fill_(0.0)
    fit_whitening(site, stretches(text.fit, GENERAL, np.random.default_rng(0)))
    fit_threshold(site)
    return site


@dataclass(frozen=True, slots=True)
class Measured:
    """A variant by its name, and its figures."""

    variant: str
    figures: dict[str, Spread]


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured."""

    model: str
    split: str
    seeds: int
    variants: list[Measured]


def measure(model: Model, corpus: str, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Measure every variant on the ``test`` split of the synthetic data.

    Args:
        model: gives tokenizer and configuration; its network is not used.
        corpus: general text, as for training.
        seeds: sets of facts and documents.
        note: called with a line for each variant.
    """
    text = general_text(model, corpus, MORE_TOKENS)
    report = Report(model.name, MEASURED_SPLIT, seeds, [])
    for variant in VARIANTS:
        site = variant_site(variant, model.config, model.tokenizer, text)
        reports = [
            address_report(
                site,
                model.tokenizer,
                text.held_out,
                seed,
                MEASURED_SPLIT,
                two_level=variant.two_level,
                sentence_words=variant.sentence_words,
            )
            for seed in range(seeds)
        ]
        figures = {name: Spread.of([each[name] for each in reports]) for name in reports[0]}
        report.variants.append(Measured(variant.name, figures))
        note(f"{variant.name}: {figures['score'].mean:.3f}")
    yield report


def page(report: Report, names: list[str]) -> str:
    """The chief measures of every variant in one table."""
    rows = [[each.variant, *(cell(each.figures[name]) for name in ADDRESS_COLUMNS)] for each in report.variants]
    return (
        "# Addresses\n\n"
        f"Tokenizer and shape of model `{report.model}`, the `{MEASURED_SPLIT}` split, {report.seeds} seeds; mean ± "
        "sample "
        "standard deviation, shares from 0 to 1.\n\n" + markdown_table(["addressing", *ADDRESS_COLUMNS.values()], rows)
    )
