"""Models that differ from a given one in the write site alone, and the figures that several experiments share."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bdh_workbench.asking.decoding import Question, exact, score, share
from bdh_workbench.evaluation.recall import FactQuestions
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.writing.encoding import fact_items
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.loading import SITE_TENSORS, Calibration, Model
from bdh_workbench.model.network import Network, NetworkState
from bdh_workbench.model.write_site import SummaryState, WriteSite
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.reading.recall import CUES, FACTS, plain_judge
from bdh_workbench.training.addressing.addresses import held_out_familiarity, stored_rows
from bdh_workbench.training.addressing.calibration import (
    GeneralText,
    calibrate,
    fit_threshold,
    fit_whitening,
    stretches,
)
from bdh_workbench.training.corpus import encode_documents, read_corpus, validation_documents
from bdh_workbench.training.synthetic import facts

MEASURED_SPLIT = "test"  # of the synthetic data, that experiments on memories measure on
SITE_FIT_TOKENS, SITE_HELD_OUT_TOKENS = 1_000_000, 60_000  # of general text that a site is fitted and calibrated on
HIDDEN_STRETCHES = 3000  # stretches where every token costs a pass of the network
SITE_ACCEPTS = 1e-3  # share of the positions of held-out text that may open a read of such a site
HIDDEN_ROWS = 100  # stored when the threshold of such a site is measured


def general_text(model: Model, corpus: str, tokens: int = SITE_FIT_TOKENS) -> GeneralText:
    """The first tokens of a corpus to fit on, and of its held-out documents to calibrate on."""
    tokenizer = model.tokenizer
    fit = np.concatenate(list(encode_documents(read_corpus(corpus), tokenizer, tokens)))
    held_out = np.concatenate(list(encode_documents(validation_documents(corpus), tokenizer, SITE_HELD_OUT_TOKENS)))
    return GeneralText(np.bincount(fit, minlength=tokenizer.vocab_size), fit, held_out.astype(np.int64))


def with_site(model: Model, site: WriteSite, calibration: Calibration, mark: str) -> Model:
    """The model with another write site; ``mark`` keeps its memories apart from those of others."""
    site = site.to(model.device)
    fingerprint = f"{model.fingerprint} {mark}"
    return dataclasses.replace(
        model,
        config=site.config,
        site=site,
        calibration=calibration,
        fingerprint=fingerprint,
        name=f"{model.name} {mark}",
    )


def with_slots(model: Model, slots: int) -> Model:
    """The model with a write site of so many slots; its calibration, which is of the cues, stays."""
    config = dataclasses.replace(model.config, write_slots=slots)
    site = WriteSite(config)
    for name in SITE_TENSORS:
        getattr(site, name).copy_(getattr(model.site, name).cpu())
    return with_site(model, site, model.calibration, f"with {slots} slots")


def untrained(model: Model, text: GeneralText) -> Model:
    """The model with the addresses that training started from, calibrated on the same kind of text."""
    default = ModelConfig()
    names = ("decays", "cue_weights", "place_weights", "address_weights", "address_active")
    site = WriteSite(dataclasses.replace(model.config, **{name: getattr(default, name) for name in names}))
    calibration = calibrate(site, model.tokenizer, text)
    return with_site(model, site, calibration, "untrained")


def recalibrated(model: Model, text: GeneralText) -> Model:
    """The model with its own addresses, calibrated on this text as ``untrained`` is: for a fair comparison."""
    site = WriteSite(model.config)
    for name in SITE_TENSORS:
        getattr(site, name).copy_(getattr(model.site, name).cpu())
    calibration = calibrate(site, model.tokenizer, text, trained=True)
    return with_site(model, site, calibration, "trained")


@dataclass(frozen=True, slots=True)
class HiddenState(SummaryState):
    """The reading state of a site that is addressed by hidden states: the state of the network."""

    network: NetworkState | None = None


class HiddenSite(WriteSite):
    """A write site whose cue and address are made of the hidden state after the last level, and of nothing else."""

    def __init__(self, network: Network) -> None:
        """Make an uncalibrated site above a network."""
        one = (1.0,)
        config = dataclasses.replace(
            network.config, decays=(0.0,), cue_weights=one, place_weights=one, address_weights=one,
            code_width=network.config.width,
        )  # fmt: skip
        super().__init__(config)
        self.network = [network]  # in a list, so that its parameters are not counted as the site's

    def summaries(self, ids: Tensor, before: SummaryState | None = None) -> tuple[Tensor, SummaryState]:
        """The stream (B, T, 1, D) as the only summary, and the state after the last token."""
        state = before.network if isinstance(before, HiddenState) else None
        with torch.no_grad():
            stream, after = self.network[0].advance(ids, state)
        none = torch.zeros(len(ids), dtype=torch.int64)
        summaries = stream.unsqueeze(2)
        return summaries, HiddenState(summaries[:, -1], none[:, None].int(), none, after)

    def stored_summaries(self, ids: Tensor) -> Tensor:
        """The same for cues that are stored."""
        return self.summaries(ids)[0]


def hidden_state_model(model: Model, text: GeneralText) -> Model:
    """The model with a write site addressed by whitened hidden states.

    Its reads are opened by cosines alone, above all but one in a thousand of those of held-out text with a memory of
    some dozen facts.
    """
    site = HiddenSite(model.network)
    fit_whitening(site, stretches(text.fit, HIDDEN_STRETCHES, np.random.default_rng(0)))
    fit_threshold(site)
    written = fact_items(facts(HIDDEN_ROWS, 0, "dev"), model.tokenizer, 0)
    strangers = held_out_familiarity(site, stored_rows(site, written), text.held_out)
    limit = float(torch.quantile(strangers, 1.0 - SITE_ACCEPTS).logit())
    plain = plain_judge(site, words=False)
    judge = dataclasses.replace(plain, bias=plain.bias - limit)
    blind = plain_judge(site, words=True)
    judges = {FACTS + CUES: judge, FACTS: dataclasses.replace(blind, bias=judge.bias)}
    return dataclasses.replace(with_site(model, site, model.calibration, "hidden states"), judges=judges)


def plain_hidden_model(model: Model) -> Model:
    """The model with a write site addressed by hidden states as they are, as in the paper: for pure reads alone."""
    site = HiddenSite(model.network)
    fit_threshold(site)
    # No judge: those of the model weigh content summaries, and a pure read asks none.
    return dataclasses.replace(with_site(model, site, model.calibration, "plain hidden states"), judges={})


def fact_shares(reader: Reader, written: Sequence[Fact], most: int | None = None) -> dict[str, float | None]:
    """Shares of facts and paraphrases answered exactly, with completion and by the pure read.

    Args:
        reader: of the memory.
        written: facts that were written.
        most: so many of them are asked, spread evenly; None for all.
    """
    if most is not None and len(written) > most:
        written = [written[round(place)] for place in np.linspace(0, len(written) - 1, most)]
    asked = FactQuestions.of(reader.model.tokenizer, written)
    pure = reader.with_settings(PURE)
    scores = score(reader, asked.written)
    return {
        "exact": share(exact(reader, asked.written)),
        "min_p": min(s.p for s in scores),
        "pure_exact": share(exact(pure, asked.written)),
        "paraphrase_exact": share(exact(reader, asked.reworded)),
        "paraphrase_pure": share(exact(pure, asked.reworded)),
    }


def questions(model: Model, pairs: Sequence[tuple[str, str]]) -> list[Question]:
    """Prompts and answers as questions."""
    return [Question.of(model.tokenizer, prompt, answer) for prompt, answer in pairs]
