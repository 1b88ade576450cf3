"""Does a Hebbian write at a site raise the gradient that the site's slow slot receives?

Two ways of asking, both with the norm of dL/dS at one site, against nothing and against two norm-matched controls
(``study``): the Hebbian state of another sequence, and random directions.

- toggled: one network, trained with Hebbian states at all sites; at a trained moment and at the start, the fast read
  of one site alone is switched between the kinds, and the gradient over the same batches compared;
- trained: networks that start alike and are trained on the same batches, without fast states but for one site of the
  given kind; the gradient there, over the steps of the training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import Network
from bdh_workbench.training.pictures import COLOURS
from bdh_workbench.training.pipeline import held_out_windows
from bdh_workbench.training.pretrain import LanguageModel
from lab.networks.study import (
    HEBBIAN_STATE,
    NO_STATE,
    NOISE_STATE,
    OTHER_STATE,
    STUDY_ROWS,
    STUDY_SITES,
    STUDY_TOKENS,
    STUDY_WINDOWS,
    WARM,
    all_runs,
    set_fast,
    slow_gradients,
    studied,
    study_config,
    study_network,
    study_text,
    train_study,
)
from lab.results import Note, Spread, band, cell, draw, markdown_table, pictures_in

ROUTED_KINDS = {
    NO_STATE: "no fast state",
    HEBBIAN_STATE: "Hebbian",
    OTHER_STATE: "control: another sequence's",
    NOISE_STATE: "control: random directions",
}
CHOSEN_SITE = 1  # the site, from 0, that has a fast state in the networks trained with one
BATCHES = 3  # over which a toggled gradient is taken


@dataclass(frozen=True, slots=True)
class Trained:
    """Networks trained alike: the gradient over the looks of each, and its ratio to that without a fast state."""

    gradients: list[list[float]]
    ratio: Spread


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: of networks trained, toggled and bundled, by the kind of the fast state.

    Attributes:
        model: that was toggled too.
        seeds: runs of each kind.
        steps: of each run.
        tokens: that each read.
        device: that they ran on.
        site: from 1, that has a fast state in the networks trained with one.
        marks: steps of the looks.
        trained: by kind.
        toggled: at the start and trained, by kind, the ratios of all sites.
        bundled: the same of the model.
    """

    model: str
    seeds: int
    steps: int
    tokens: int
    device: str
    site: int
    marks: list[int]
    trained: dict[str, Trained]
    toggled: dict[str, dict[str, list[Spread]]]
    bundled: dict[str, list[Spread]]


def measure(model: Model, corpus: str, steps: int, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Measure both ways over seeds.

    Args:
        model: toggled too, as the one network at hand that was trained for long; gives the device.
        corpus: text to train on.
        steps: of each run.
        seeds: runs of each kind.
        note: called with a line for each run.
    """
    device = model.device
    text = study_text(corpus, steps)
    config = study_config(text.vocab_size)
    placed = {
        kind: tuple(kind if site == CHOSEN_SITE else NO_STATE for site in range(STUDY_SITES)) for kind in ROUTED_KINDS
    }
    gradients: dict[str, list[list[float]]] = {kind: [] for kind in ROUTED_KINDS}
    marks: list[int] = []
    for seed, kind, fast in all_runs(placed, seeds):
        network = study_network(config, fast, seed).to(device)
        looks = list(train_study(network, text, steps, seed))
        marks = [look.step for look in looks]
        gradients[kind].append([look.gradients[CHOSEN_SITE] for look in looks])
        note(f"site {CHOSEN_SITE + 1}, {ROUTED_KINDS[kind]}, seed {seed}: loss {looks[-1].loss:.3f}")
    toggled: dict[str, list[dict[str, list[float]]]] = {"start": [], "trained": []}
    for seed in range(seeds):
        network = study_network(config, (HEBBIAN_STATE,) * STUDY_SITES, seed).to(device)
        toggled["start"].append(toggled_gradients(network, text.held_out, seed))
        for _ in train_study(network, text, steps, seed):
            pass
        toggled["trained"].append(toggled_gradients(network, text.held_out, seed))
        note(f"toggled, seed {seed}")
    windows = held_out_windows(corpus, model.tokenizer, STUDY_TOKENS, STUDY_WINDOWS)
    bundled = studied(model.network, [HEBBIAN_STATE] * len(model.network.sites))
    long = [toggled_gradients(bundled, windows, seed) for seed in range(seeds)]
    note(f"toggled, {model.name}")
    first = next(number for number, step in enumerate(marks) if step > WARM * steps)
    ratios = {
        kind: [_geometric(run[first:], bare[first:]) for run, bare in zip(runs, gradients[NO_STATE], strict=True)]
        for kind, runs in gradients.items()
    }
    yield Report(
        model.name,
        seeds,
        steps,
        tokens=steps * STUDY_ROWS * STUDY_TOKENS,
        device=str(device),
        site=CHOSEN_SITE + 1,
        marks=marks,
        trained={kind: Trained(runs, Spread.of(ratios[kind])) for kind, runs in gradients.items()},
        toggled={moment: _ratios(runs) for moment, runs in toggled.items()},
        bundled=_ratios(long),
    )


def toggled_gradients(network: Network, held_out: Tensor, seed: int) -> dict[str, list[float]]:
    """For each kind of fast read, the norm of the slow gradient at each site when that site alone is of that kind.

    The gradient is that of the mean loss over some of the held-out windows (n, T + 1), chosen by the seed; all other
    sites stay Hebbian.
    """
    model = LanguageModel(network)
    random = np.random.default_rng(seed)
    device = network.embed.weight.device
    batches = [held_out[random.choice(len(held_out), STUDY_ROWS, replace=False)] for _ in range(BATCHES)]
    every: dict[str, list[float]] = {}
    for kind in ROUTED_KINDS:
        norms = []
        for site in range(len(network.sites)):
            set_fast(network, [kind if place == site else HEBBIAN_STATE for place in range(len(network.sites))])
            torch.manual_seed(seed)  # the same random directions for every site
            network.zero_grad(set_to_none=True)
            for batch in batches:
                (model(batch.to(device)) / BATCHES).backward()
            norms.append(slow_gradients(network)[site])
        every[kind] = norms
    set_fast(network, [HEBBIAN_STATE] * len(network.sites))
    network.zero_grad(set_to_none=True)
    return every


def _geometric(run: list[float], bare: list[float]) -> float:
    """Geometric mean over the steps of the ratio of two norms."""
    logs = [math.log(max(a, 1e-30) / max(b, 1e-30)) for a, b in zip(run, bare, strict=True)]
    return math.exp(sum(logs) / len(logs))


def _ratios(runs: Sequence[Mapping[str, list[float]]]) -> dict[str, list[Spread]]:
    """For each kind and site, the norms over those without a fast state."""

    def at(kind: str, site: int) -> Spread:
        return Spread.of([run[kind][site] / max(run[NO_STATE][site], 1e-30) for run in runs])

    return {kind: [at(kind, site) for site in range(len(runs[0][NO_STATE]))] for kind in ROUTED_KINDS}


def pictures(report: Report, out: Path) -> list[str]:
    """The gradient while training, of each kind."""

    def plot(axes: Any) -> None:
        for (kind, label), colour in zip(ROUTED_KINDS.items(), COLOURS, strict=False):
            band(axes, report.marks, report.trained[kind].gradients, label, color=colour)
        axes.set_yscale("log")

    title = (
        f"Gradient of the slow slot of site {report.site}: mean and range over {report.seeds} seeds\n"
        f"With a Hebbian fast state it is {report.trained['hebbian'].ratio.mean:.2f} times that without"
    )
    return draw(out, "routing", (title, "step", "norm of dL/dS (nats)"), plot)


def page(report: Report, names: list[str]) -> str:
    """A table of the networks trained with a fast state at one site, and two of those in which it is switched."""
    rows = [[label, cell(report.trained[kind].ratio)] for kind, label in ROUTED_KINDS.items()]
    head = ["fast state of the site"]
    toggled = [
        [label, *(cell(figure) for moment in ("start", "trained") for figure in report.toggled[moment][kind])]
        for kind, label in ROUTED_KINDS.items()
    ]
    long = [[label, *(cell(figure) for figure in report.bundled[kind])] for kind, label in ROUTED_KINDS.items()]
    sites = [f"site {site + 1}, {moment}" for moment in ("at the start", "trained") for site in range(STUDY_SITES)]
    return (
        "# Routing of the gradient\n\n"
        f"Norm of the gradient of a site's slow slot, over the same without a fast state there; networks trained for "
        f"{report.steps} steps ({report.tokens:,} tokens), {report.seeds} seeds; mean ± sample standard deviation. The "
        "controls add as much, in norm, as the Hebbian read would.\n\n"
        f"Trained with a fast state at site {report.site} alone (geometric mean over the steps after the first "
        f"{WARM:.0%}):\n\n"
        + markdown_table([*head, "gradient, over that without"], rows)
        + "\nOne network with Hebbian states everywhere, the fast read of one site switched:\n\n"
        + markdown_table([*head, *sites], toggled)
        + f"\nThe same in `{report.model}`, which was trained for long; the seeds choose the batches:\n\n"
        + markdown_table([*head, *(f"site {n + 1}" for n in range(len(report.bundled[NO_STATE])))], long)
        + pictures_in("Gradient of the slow slot", names)
    )
