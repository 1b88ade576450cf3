"""Which parts of the addressing carry recall: an ablation without network and without writing, over seeds.

It begins with plain token codes and one cosine and adds one part at a time.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
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
from bdh_workbench.training.corpus import encode_documents, read_corpus, validation_documents
from lab.results import Note, header, markdown_table, save

FIT_TOKENS, HELD_OUT_TOKENS = 2_000_000, 60_000
SHOWN = {
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


def general_text(corpus: str, tokenizer: Tokenizer) -> GeneralText:
    """The first tokens of a corpus to fit on, and of its held-out documents to measure on."""
    fit = np.concatenate(list(encode_documents(read_corpus(corpus), tokenizer, FIT_TOKENS)))
    held_out = np.concatenate(list(encode_documents(validation_documents(corpus), tokenizer, HELD_OUT_TOKENS)))
    return GeneralText(np.bincount(fit, minlength=tokenizer.vocab_size), fit, held_out.astype(np.int64))


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


def run(model: Model, corpus: str, out: Path, seeds: int = 3, note: Note = lambda line: None) -> dict[str, Any]:
    """Measure every variant on the ``test`` split of the synthetic data, over seeds.

    Args:
        model: gives tokenizer and configuration; its network is not used.
        corpus: general text, as for training.
        out: folder for ``addresses.json`` and ``addresses.md``.
        seeds: sets of facts and documents.
        note: called with a line for each variant.

    Returns:
        For each variant the mean and the sample standard deviation of each measure over the seeds.
    """
    text = general_text(corpus, model.tokenizer)
    results: list[dict[str, Any]] = []
    for variant in VARIANTS:
        site = variant_site(variant, model.config, model.tokenizer, text)
        reports = [_report(site, model.tokenizer, text.held_out, seed, variant) for seed in range(seeds)]
        figures = {name: _spread([report[name] for report in reports]) for name in reports[0]}
        results.append({"variant": variant.name, "figures": figures})
        note(f"{variant.name}: {figures['score']['mean']:.3f}")
    report = header("addresses", model) | {"split": "test", "seeds": seeds, "variants": results}
    save(out, report, page(report))
    return report


def _report(
    site: WriteSite, tokenizer: Tokenizer, held_out: npt.NDArray[np.int64], seed: int, variant: Variant
) -> dict[str, float]:
    return address_report(
        site, tokenizer, held_out, seed, "test", two_level=variant.two_level, sentence_words=variant.sentence_words
    )


def _spread(values: list[float]) -> dict[str, float]:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": round(statistics.mean(values), 4), "deviation": round(deviation, 4)}


def page(report: Mapping[str, Any]) -> str:
    """The chief measures as a Markdown table, mean ± deviation."""
    rows = []
    for result in report["variants"]:
        figures = [result["figures"][name] for name in SHOWN]
        rows.append([result["variant"], *(f"{each['mean']:.3f} ± {each['deviation']:.3f}" for each in figures)])
    return (
        "# Addresses\n\n"
        f"Tokenizer and shape of model `{report['model']}`, the `{report['split']}` split, {report['seeds']} seeds; "
        "mean ± sample standard deviation, shares from 0 to 1.\n\n"
        + markdown_table(["addressing", *SHOWN.values()], rows)
    )
