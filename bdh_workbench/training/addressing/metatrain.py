"""Meta-test-time-training of the addresses: they are trained for their purpose, to be written to and found again.

What is trained is a few dozen numbers: token weights by class (frequency, capitals, pieces of words, digits, marks),
the weight of word codes, decays, and the weights of the summaries in cue, place and address. They start at the
calibrated values, are bounded around them, and are pulled back to them: a few numbers that mean something transfer,
where a free projection learned its training relations by heart (see the negative results in the documentation).

An episode writes A and B together in the model's own form. The read of a query is q K^T (K K^T + ridge)^-1 V with the
addresses K of all rows and fixed target directions V; with orthonormal V its products with the targets are the weights
q K^T (K K^T + ridge)^-1, so V need not be made. As in the memory itself, what is written first reads the same after
the second write. Then rewordings of A and B are asked, and text C that has nothing to do with either:

- item: InfoNCE (van den Oord et al. 2018) over the cues of all stored rows, with a learned temperature;
- place: the same over the rows of the right document, by what tells them apart (``memory.places``);
- read: the same over the weights of the ridge read, on a random part of the slots;
- familiarity: the rewording's cosine must lie above that of the most familiar positions of C.

The whitening follows the numbers and is fitted again every few steps. Nothing of this needs the network. Whether the
result is kept is decided on other relations and names, by ``address_report`` on the ``dev`` split.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.training.addressing.addresses import (
    REPORT_SIZES,
    address_report,
    mean_report,
    normalised_at,
    ridge_weights,
    stored_rows,
)
from bdh_workbench.training.addressing.calibration import (
    PROMPT_LENGTHS,
    GeneralText,
    fit_threshold,
    fit_whitening,
    stretches,
)
from bdh_workbench.training.addressing.episodes import Episode, EpisodeSource

NUMBER_SPAN = 1.0  # a number stays within e^NUMBER_SPAN of its start, and the half-life of a summary too
CLASS_SPAN = 0.7  # the same for the weight of a class of tokens
BANDS = 6  # of token frequency
META_STEPS = 300  # at most, for each seed
META_RATE = 0.03  # of Adam, on numbers for which 1 is most of the way to the bound
PULL = 0.003  # on their squares
RIDGE_SLOTS = 1024  # of the address that the ridge read of an episode is worked out on
REFIT = 25  # steps after which the whitening is fitted again, on REFIT_TEXTS stretches
REFIT_TEXTS = 1500
FINAL_TEXTS = 4000  # the same for what is measured
FAMILIAR = 4  # positions of unrelated text that look most familiar
UNCOUNTED = PROMPT_LENGTHS[0] - 1  # positions at the start of a text that are not counted, as in calibration
MARGIN, SHARPNESS = 0.05, 20.0  # of cosine, by which a rewording is to be more familiar; steepness of the penalty
WEIGHTS = {"item": 1.0, "place": 0.5, "read": 0.3, "familiarity": 10.0}
REPORTS = 2  # dev sets that each seed is measured on
QUICK, QUICK_SIZES = 1.0, (40, 20, 2)  # minutes under which the dev sets are small: to show that it works, not how well
TRAINED_NUMBERS = ("token_weights", "word_weight", "decays", "cue_weights", "place_weights", "address_weights")


class Addressing(nn.Module):
    """The trained numbers: raw parameters, all zero at the start, and what they make of a site's buffers."""

    classes: Tensor

    def __init__(self, site: WriteSite, tokenizer: Tokenizer) -> None:
        """Start at the site's buffers."""
        super().__init__()
        self.site = [site]  # in a list, so that its buffers are not counted as this module's
        self.register_buffer("classes", token_classes(site, tokenizer), persistent=False)
        kinds = len(site.decays)
        self.by_class = nn.Parameter(torch.zeros(self.classes.shape[1]))
        self.power = nn.Parameter(torch.zeros(()))
        self.word = nn.Parameter(torch.zeros(()))
        self.half_lives = nn.Parameter(torch.zeros(kinds))
        self.cue = nn.Parameter(torch.zeros(kinds))
        self.place = nn.Parameter(torch.zeros(kinds))
        self.address = nn.Parameter(torch.zeros(kinds))
        self.scales = nn.ParameterDict(
            {"item": torch.tensor(math.log(20.0)), "place": torch.tensor(0.0), "read": torch.tensor(math.log(20.0))}
        )

    def numbers(self) -> list[nn.Parameter]:
        """The parameters that end up in the site."""
        return [p for name, p in self.named_parameters() if not name.startswith("scales")]

    def buffers_of_site(self) -> dict[str, Tensor]:
        """The site's trained buffers by name, differentiable: start times e^(span tanh(raw))."""
        site = self.site[0]
        start = site.token_weights
        logs = start.clamp(min=1e-6).log()
        scale = self.classes @ (CLASS_SPAN * torch.tanh(self.by_class)) + logs * (torch.exp(_bounded(self.power)) - 1.0)
        half_lives = torch.exp(_bounded(self.half_lives))
        return {
            "token_weights": start * torch.exp(scale),
            "word_weight": site.word_weight * torch.exp(_bounded(self.word)),
            "decays": site.decays ** (1.0 / half_lives),
            "cue_weights": site.cue_weights * torch.exp(_bounded(self.cue)),
            "place_weights": site.place_weights * torch.exp(_bounded(self.place)),
            "address_weights": site.address_weights * torch.exp(_bounded(self.address)),
        }

    def trial(self) -> WriteSite:
        """A site that shares all but the trained buffers with the start; gradients flow through these."""
        return with_buffers(self.site[0], self.buffers_of_site())


def _bounded(raw: Tensor) -> Tensor:
    return NUMBER_SPAN * torch.tanh(raw)


def with_buffers(site: WriteSite, changed: dict[str, Tensor]) -> WriteSite:
    """The site with other tensors in place of some buffers; the others are shared, and nothing is copied."""
    other = copy.copy(site)
    other._buffers = {**site._buffers, **changed}
    return other


def token_classes(site: WriteSite, tokenizer: Tokenizer) -> Tensor:
    """Membership (V, classes) of each token, 0 to 1: bands of its weight's rank, then capital, piece, digit, mark."""
    rank = torch.empty(tokenizer.vocab_size)
    rank[site.token_weights.argsort()] = torch.linspace(0.0, 1.0, tokenizer.vocab_size)
    centres = torch.linspace(0.0, 1.0, BANDS)
    bands = (1.0 - (rank[:, None] - centres).abs() * (BANDS - 1)).clamp(min=0.0)  # hats that add up to one
    pieces = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
    text = [piece.lstrip() for piece in pieces]
    flags = [
        [t[:1].isupper(), not begins, t[:1].isdigit(), bool(t) and not t[:1].isalnum() and t[:1] < b"\x80"]
        for t, begins in zip(text, site.begins_word.tolist(), strict=True)
    ]
    return torch.cat((bands, torch.tensor(flags, dtype=torch.float32)), dim=1)


def episode_losses(addressing: Addressing, episode: Episode, slots: Tensor) -> dict[str, Tensor]:
    """The terms of the loss, each a scalar in nats.

    Args:
        addressing: what is trained.
        episode: what is written and asked.
        slots: (m,) int64, the slots that the ridge read is worked out on.
    """
    site, scales = addressing.trial(), addressing.scales
    rows = stored_rows(site, episode.items, [episode.placed])
    ends = [len(cue.ids) - 1 for cue in episode.cues]
    asked = torch.cat(normalised_at(site, [cue.ids for cue in episode.cues], ends))  # (q, K, C)
    source = torch.tensor([cue.source for cue in episode.cues])
    sentence = torch.tensor([cue.sentence for cue in episode.cues])
    target = torch.tensor([cue.target for cue in episode.cues])
    mine = source[:, None] == rows.items  # (q, n)
    of_fact = source < episode.facts
    # A fact is answered from its first row, a document from any: its place is another matter.
    right = mine & (rows.begins | ~of_fact[:, None])
    # Rows of a fact beyond its first are met only after the one before them, so they are no rivals.
    facts = rows.items < episode.facts
    rivals = (rows.begins | ~facts).nonzero().flatten()
    cues, right_rival = rows.recall.cues[rivals], right[:, rivals]
    cosines = site.cues(asked) @ cues.T
    losses = {"item": _contrast(cosines * scales["item"].exp(), right_rival)}

    members, chosen = rows.recall.members[episode.placed], (source == episode.placed).nonzero().flatten()
    places = rows.recall.places(episode.placed).scores(asked[chosen]) * scales["place"].exp()
    here = (rows.sentences[members] == sentence[chosen, None]) & (rows.targets[members] == target[chosen, None])
    possible = here.any(dim=1)
    losses["place"] = _contrast(places[possible], here[possible])

    narrow = with_buffers(site, {"expansion": site.expansion[slots]})
    weights = ridge_weights(narrow, rows.normalised[facts], asked[of_fact])
    losses["read"] = _contrast(weights * scales["read"].exp(), right[of_fact][:, facts])

    familiar = _most_familiar(site, episode.other, cues)
    own = cosines.masked_fill(~right_rival, -1.0).max(dim=1).values
    losses["familiarity"] = F.softplus((familiar + MARGIN - own) * SHARPNESS).mean() / SHARPNESS
    return losses


def _most_familiar(site: WriteSite, other: Tensor, stored: Tensor) -> Tensor:
    """Mean cosine of the positions of unrelated text (n, T) that look most familiar; only these have gradients."""
    with torch.no_grad():
        cues = site.cues(site.normalised(site.summaries(other)[0]))[:, UNCOUNTED:]  # (n, T - UNCOUNTED, K * C)
        best, rows = (cues @ stored.T).max(dim=2)
        chosen = best.flatten().topk(min(FAMILIAR, best.numel())).indices
    window, position = chosen // best.shape[1], chosen % best.shape[1]
    again = site.normalised(site.summaries(other[window])[0][torch.arange(len(chosen)), position + UNCOUNTED])
    return (site.cues(again) * stored[rows.flatten()[chosen]]).sum(1).mean()


def _contrast(scores: Tensor, right: Tensor) -> Tensor:
    """Mean of -log of the share of e^scores (q, n) that lies on the right rows (q, n); zero for no queries."""
    if not len(scores):
        return scores.sum()
    return (scores.logsumexp(1) - scores.masked_fill(~right, float("-inf")).logsumexp(1)).mean()


class SeedRun(TypedDict):
    """The result of one seed: how it was trained, and the dev figures of the start and of the trained numbers."""

    seed: int
    steps: int
    seconds: float
    losses: dict[str, float]  # the last ones, smoothed, in nats
    start: dict[str, float]
    trained: dict[str, float]


@dataclass(slots=True)
class MetaResult:
    """The result of the meta-training.

    Attributes:
        kept: whether the trained numbers are in the site now.
        verdict: why, in a sentence.
        seeds: a run for each.
        start: the start's numbers that were trained, by name (token weights as their mean by class).
        trained: those of the best seed.
    """

    kept: bool
    verdict: str
    seeds: list[SeedRun] = field(default_factory=list)
    start: dict[str, list[float]] = field(default_factory=dict)
    trained: dict[str, list[float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


def meta_train(
    site: WriteSite,
    tokenizer: Tokenizer,
    text: GeneralText,
    minutes: float,
    seeds: int,
    progress: Callable[[float, str], None] = lambda done, line: None,
) -> MetaResult:
    """Train a site's addresses, and keep the result only if it beats the start on dev data in every seed.

    Args:
        site: on the CPU, tokens fitted; changed only if the result is kept. Whitening and threshold are to be fitted
            afterwards in any case.
        tokenizer: of the model.
        text: training text for episodes and whitening, held-out text for measuring.
        minutes: for everything together, measuring included.
        seeds: runs that must agree.
        progress: given the share done and a line for the log, about once a second; what it raises ends the training
            and leaves the site as it was.

    Returns:
        The figures.
    """
    begun, total = time.monotonic(), 60.0 * minutes
    quick = minutes < QUICK
    runs: list[tuple[SeedRun, dict[str, Tensor]]] = []
    for seed in range(seeds):
        base = _fitted(site, {}, text)
        timer = time.monotonic()
        start = _measured(base, tokenizer, text, seed, quick)
        measuring = time.monotonic() - timer
        # Measuring the trained numbers takes as long, and what is left is shared by the seeds still to come.
        left = total - (time.monotonic() - begun) - measuring
        budget = (left - (seeds - seed - 1) * 2.0 * measuring) / (seeds - seed)

        def tell(done: float, line: str, seed: int = seed) -> None:
            progress((seed + done) / seeds, f"seed {seed + 1} of {seeds}  {line}")

        tell(0.0, f"dev score of the start {start['score']:.4f}")
        timer = time.monotonic()
        steps, losses, buffers = _train_one(base, tokenizer, text, seed, budget, tell)
        seconds = round(time.monotonic() - timer, 1)
        after = _measured(_fitted(site, buffers, text), tokenizer, text, seed, quick)
        tell(1.0, f"dev score after training {after['score']:.4f}")
        run = SeedRun(seed=seed, steps=steps, seconds=seconds, losses=losses, start=start, trained=after)
        runs.append((run, buffers))
    gains = [run["trained"]["score"] - run["start"]["score"] for run, _ in runs]
    best = max(range(seeds), key=lambda index: gains[index])
    kept = min(gains) > 0.0
    shown = ", ".join(f"{gain:+.4f}" for gain in gains)
    verdict = (
        f"The trained numbers are kept: they changed the mean dev score by {shown} (one figure a seed)."
        if kept
        else f"The untrained start is kept: training changed the mean dev score by {shown} (one figure a seed)."
    )
    result = MetaResult(kept, verdict, [run for run, _ in runs], _described(site, {}), _described(site, runs[best][1]))
    if kept:
        for name, value in runs[best][1].items():
            getattr(site, name).copy_(value)
    return result


def _train_one(
    base: WriteSite,
    tokenizer: Tokenizer,
    text: GeneralText,
    seed: int,
    seconds: float,
    tell: Callable[[float, str], None],
) -> tuple[int, dict[str, float], dict[str, Tensor]]:
    """Train for so many seconds; returns the steps taken, the last losses, and the trained buffers of the site."""
    begun = said = time.monotonic()
    source = EpisodeSource(tokenizer, text.fit, base.begins_word, seed)
    random, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    addressing = Addressing(base, tokenizer)
    groups = [
        {"params": addressing.numbers(), "lr": META_RATE},
        {"params": list(addressing.scales.values()), "lr": META_RATE},
    ]
    optimiser = torch.optim.Adam(groups, betas=(0.9, 0.98))
    smoothed: dict[str, float] = {}
    step = 0
    while True:
        done = max(step / META_STEPS, (time.monotonic() - begun) / max(seconds, 1e-9))
        if done >= 1.0 and step:
            break
        for group in optimiser.param_groups:
            group["lr"] = META_RATE * max(0.05, 1.0 - done)
        if step and step % REFIT == 0:
            with torch.no_grad():
                fit_whitening(addressing.trial(), stretches(text.fit, REFIT_TEXTS, random))  # in place, shared
        slots = torch.randperm(len(base.expansion), generator=generator)[:RIDGE_SLOTS]
        losses = episode_losses(addressing, source.draw(), slots)
        pull = sum(p.square().sum() for p in addressing.numbers())
        loss = sum(WEIGHTS[name] * value for name, value in losses.items()) + PULL * pull
        assert isinstance(loss, Tensor)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        step += 1
        for name, value in losses.items():
            smoothed[name] = 0.95 * smoothed.get(name, float(value.detach())) + 0.05 * float(value.detach())
        if time.monotonic() - said >= 1.0:
            said = time.monotonic()
            tell(min(1.0, done), f"step {step}  " + "  ".join(f"{k} {v:.3f}" for k, v in smoothed.items()))
    with torch.no_grad():
        buffers = {name: value.detach().clone() for name, value in addressing.buffers_of_site().items()}
    return step, {name: round(value, 4) for name, value in smoothed.items()}, buffers


@torch.no_grad()
def _fitted(site: WriteSite, changed: dict[str, Tensor], text: GeneralText) -> WriteSite:
    """A site of its own with some buffers changed, whitening and threshold fitted to them."""
    own = {"mean": site.mean.clone(), "whiten": site.whiten.clone(), "threshold": site.threshold.clone()}
    fitted = with_buffers(site, own | changed)
    fit_whitening(fitted, stretches(text.fit, FINAL_TEXTS, np.random.default_rng(0)))
    fit_threshold(fitted)
    return fitted


def _measured(site: WriteSite, tokenizer: Tokenizer, text: GeneralText, seed: int, quick: bool) -> dict[str, float]:
    sets = [seed] if quick else range(REPORTS * seed, REPORTS * seed + REPORTS)
    sizes = QUICK_SIZES if quick else REPORT_SIZES
    return mean_report([address_report(site, tokenizer, text.held_out, number, "dev", sizes) for number in sets])


def _described(site: WriteSite, changed: dict[str, Tensor]) -> dict[str, list[float]]:
    numbers: dict[str, list[float]] = {}
    for name in TRAINED_NUMBERS:
        value = changed.get(name, getattr(site, name))
        if name == "token_weights":
            numbers["token_weights, mean and largest"] = [round(float(value.mean()), 4), round(float(value.max()), 4)]
        else:
            numbers[name] = [round(number, 4) for number in value.flatten().tolist()]
    return numbers
