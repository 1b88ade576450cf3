"""Do the gates specialise by themselves into a slow and a fast system? Small networks trained from scratch, over seeds.

Gates alone do not tell: each is a factor on a read of its own size. Three measures, all on held-out text:

- share: norm that a site's slow or fast read adds, over the norm of the stream; index = (fast - slow) / (fast + slow),
  from -1, a site that is all slow, to 1, all fast;
- range: largest less smallest index over the sites of a network: do sites take different parts?
- contrast: how much more the fast reads do for tokens that the window has had before than for new ones, less the same
  of the slow reads, in nats per token: (dF_seen - dF_new) - (dS_seen - dS_new), where d is the loss without the reads
  of that kind at all sites less the loss with everything. Complementary learning systems would show as a contrast
  over zero: the fast state for what this text has said, the slow memory for what all texts have in common. Its two
  terms, fast and slow, are told apart: tokens that are new to a window are rarer ones than those it has had before, so
  that a slow memory which does much for rare tokens raises the contrast without any fast state. Only the fast term is
  about what the fast state is for, and of the same confound it is not free either.

Two nulls. In the control every fast state is that of another sequence (``study``): whatever the gates do then is no
specialisation in what the fast state knows. And contrast and terms are worked out again with the labels seen and new
of each window given to another one, drawn at random: the share of deals that reach what was found is its p. Tokens of
one window are not independent of each other, and the later ones are seen more often: whole windows keep both.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import Network, Trace
from bdh_workbench.training.pictures import COLOURS, MUTED_COLOUR
from bdh_workbench.training.pipeline import held_out_windows
from lab.networks.study import (
    HEBBIAN_STATE,
    NO_STATE,
    OTHER_STATE,
    STUDY_ROWS,
    STUDY_SITES,
    STUDY_TOKENS,
    STUDY_WINDOWS,
    TINY,
    Look,
    all_runs,
    set_fast,
    sites_of,
    studied,
    study_config,
    study_network,
    study_text,
    train_study,
)
from lab.results import Note, Spread, band, cell, draw, markdown_table, pictures_in

GATE_KINDS = {"Hebbian": (HEBBIAN_STATE,) * STUDY_SITES, "control": (OTHER_STATE,) * STUDY_SITES}
FAST_STATES = {"Hebbian": "Hebbian fast state", "control": "another sequence's fast state"}
DEALS = 2000  # of the labels
ROUNDING = 1e-12  # of two sums of the same numbers in another order
GATE_COLUMNS = {
    "range": "range of the index over sites",
    "fast_seen": "loss without fast reads, tokens seen before (nats)",
    "fast_new": "the same, new tokens",
    "slow_seen": "loss without slow reads, tokens seen before (nats)",
    "slow_new": "the same, new tokens",
    "fast_term": "fast term: seen less new, without fast reads (nats)",
    "fast_p": "p of the fast term",
    "slow_term": "slow term: the same without slow reads (nats)",
    "slow_p": "p of the slow term",
    "contrast": "contrast: fast less slow term (nats)",
    "p": "p of the contrast",
    "loss": "held-out loss (nats per token)",
}
OF_SITES = {"slow_share": "slow share", "fast_share": "fast share", "index": "index"}


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of a network, as explained at the top; shares and index are those of its sites."""

    loss: float
    slow_share: list[float]
    fast_share: list[float]
    index: list[float]
    range: float
    fast_seen: float
    fast_new: float
    slow_seen: float
    slow_new: float
    contrast: float
    p: float
    fast_term: float
    fast_p: float
    slow_term: float
    slow_p: float

    def __str__(self) -> str:
        """The main figures, in words."""
        return (
            f"contrast {self.contrast:+.4f} (p {self.p:.3g}), fast term {self.fast_term:+.4f} "
            f"(p {self.fast_p:.3g}), slow term {self.slow_term:+.4f}"
        )


@dataclass(frozen=True, slots=True)
class Run(Measures):
    """A network that was trained: its seed, the seconds, and step, loss and gates of each look."""

    seed: int
    seconds: float
    looks: list[list[float]]


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: the bundled model, every run, and the runs of each kind together."""

    model: str
    seeds: int
    bundled: Measures
    steps: int
    tokens: int
    parameters: int
    device: str
    summary: dict[str, dict[str, Spread]]
    runs: dict[str, list[Run]]


def measure(model: Model, corpus: str, steps: int, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Train networks with Hebbian fast states and with the control, and compare their gates.

    Args:
        model: measured too, as the one network at hand that was trained for long; gives the device.
        corpus: text to train on; its validation part is held out.
        steps: of each run.
        seeds: runs of each kind.
        note: called with a line for each run.
    """
    device = model.device
    text = study_text(corpus, steps)
    config = study_config(text.vocab_size)
    runs: dict[str, list[Run]] = {name: [] for name in GATE_KINDS}
    for seed, name, fast in all_runs(GATE_KINDS, seeds):
        begun = time.monotonic()
        network = study_network(config, fast, seed).to(device)
        looks = list(train_study(network, text, steps, seed))
        measures = measure_network(network, text.held_out.to(device), seed)
        seconds = time.monotonic() - begun
        runs[name].append(Run(**dataclasses.asdict(measures), seed=seed, seconds=seconds, looks=_plain(looks)))
        note(f"{name}, seed {seed}: loss {measures.loss:.3f}: {measures}")
    windows = held_out_windows(corpus, model.tokenizer, STUDY_TOKENS, STUDY_WINDOWS)
    bundled = measure_network(studied(model.network, [HEBBIAN_STATE] * len(model.network.sites)), windows.to(device), 0)
    note(f"{model.name}: {bundled}")
    yield Report(
        model.name,
        seeds,
        bundled,
        steps,
        tokens=steps * STUDY_ROWS * STUDY_TOKENS,
        parameters=sum(p.numel() for p in network.parameters()),
        device=str(device),
        summary={name: _summary(of_kind) for name, of_kind in runs.items()},
        runs=runs,
    )


@torch.no_grad()
def measure_network(network: Network, windows: Tensor, seed: int) -> Measures:
    """The measures of a trained network on held-out windows (n, T + 1)."""
    trace = Trace([], [])
    network.advance(windows[:, :-1], None, trace)
    slow = [float((site.slow / site.stream).mean()) for site in trace.sites]
    fast = [float((site.fast / site.stream).mean()) for site in trace.sites]
    index = [(f - s) / max(f + s, TINY) for s, f in zip(slow, fast, strict=True)]
    whole = token_losses(network, windows)
    without_fast = _without_fast(network, windows) - whole
    without_slow = _without_slow(network, windows) - whole
    seen = seen_before(windows)
    contrast, p = permutation_test(without_fast - without_slow, seen, seed)
    fast_term, fast_p = permutation_test(without_fast, seen, seed)
    slow_term, slow_p = permutation_test(without_slow, seen, seed)
    return Measures(
        loss=float(whole.mean()),
        slow_share=slow,
        fast_share=fast,
        index=index,
        range=max(index) - min(index),
        fast_seen=float(without_fast[seen].mean()),
        fast_new=float(without_fast[~seen].mean()),
        slow_seen=float(without_slow[seen].mean()),
        slow_new=float(without_slow[~seen].mean()),
        contrast=contrast,
        p=p,
        fast_term=fast_term,
        fast_p=fast_p,
        slow_term=slow_term,
        slow_p=slow_p,
    )


def token_losses(network: Network, windows: Tensor) -> Tensor:
    """Cross-entropy (n, T) in nats of each token but the first of windows (n, T + 1)."""
    logits = network.logits(network(windows[:, :-1]))
    return cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten(), reduction="none").view(len(windows), -1)


def _without_fast(network: Network, windows: Tensor) -> Tensor:
    """Losses (n, T) with nothing read from the fast state of any site."""
    kinds = [site.kind for site in sites_of(network)]
    set_fast(network, [NO_STATE] * len(kinds))
    losses = token_losses(network, windows)
    set_fast(network, kinds)
    return losses


def _without_slow(network: Network, windows: Tensor) -> Tensor:
    """Losses (n, T) with empty slow memories at all sites."""
    memories = [site.slow.clone() for site in sites_of(network)]
    for site in sites_of(network):
        site.slow.zero_()
    losses = token_losses(network, windows)
    for site, before in zip(sites_of(network), memories, strict=True):
        site.slow.copy_(before)
    return losses


def seen_before(windows: Tensor) -> Tensor:
    """Whether each token but the first of windows (n, T + 1) occurs earlier in its window: (n, T) bool."""
    same = windows[:, 1:, None] == windows[:, None, :]  # (n, T, T + 1)
    places = torch.arange(windows.shape[1], device=windows.device)
    return (same & (places[None, :] <= places[:-1, None])).any(-1)


def permutation_test(values: Tensor, flags: Tensor, seed: int) -> tuple[float, float]:
    """Are the flagged values larger, by more than chance?

    Args:
        values: (n, T), of the tokens of n windows.
        flags: (n, T).
        seed: of the deals.

    Returns:
        Mean of the flagged values less that of the others, and the share of deals in which the windows get each
        other's flags and it is as large or larger.
    """
    values, flags = values.double().cpu(), flags.double().cpu()
    count, total = flags.sum(), values.sum()

    # of the values of window i, what the flags of window j would mark: one look-up instead of a sum for each deal
    marked = flags @ values.T

    def gap(inside: Tensor) -> Tensor:
        return inside / count - (total - inside) / (values.numel() - count)

    random = torch.Generator().manual_seed(seed)
    windows = torch.arange(len(flags))
    found = gap((flags * values).sum())
    reached = 0
    for _ in range(DEALS):
        dealt = marked[torch.randperm(len(flags), generator=random), windows].sum()
        reached += int(gap(dealt) >= found - ROUNDING * found.abs())
    return float(found), (reached + 1) / (DEALS + 1)


def _plain(looks: Sequence[Look]) -> list[list[float]]:
    return [[look.step, round(look.loss, 4), *(round(g, 5) for pair in look.gates for g in pair)] for look in looks]


def _summary(runs: Sequence[Run]) -> dict[str, Spread]:
    summary = {name: Spread.of([getattr(run, name) for run in runs]) for name in GATE_COLUMNS}
    for site in range(STUDY_SITES):
        for name in OF_SITES:
            summary[f"{name}_{site + 1}"] = Spread.of([getattr(run, name)[site] for run in runs])
    return summary


def pictures(report: Report, out: Path) -> list[str]:
    """The gates of each kind while training."""
    names = []
    for kind, runs in report.runs.items():

        def plot(axes: Any, runs: list[Run] = runs) -> None:
            steps = [look[0] for look in runs[0].looks]
            for site in range(STUDY_SITES):
                for column, (label, style) in enumerate((("slow", "-"), ("fast", "--"))):
                    values = [[look[2 + 2 * site + column] for look in run.looks] for run in runs]
                    band(axes, steps, values, f"site {site + 1}, {label}", color=COLOURS[site], linestyle=style)
            axes.axhline(0.0, color=MUTED_COLOUR, linewidth=0.8)

        ends = [
            [statistics.mean(run.looks[-1][2 + 2 * site + column] for run in runs) for site in range(STUDY_SITES)]
            for column in range(2)
        ]
        at_end = ", ".join(
            f"{label} gates {min(end):.2f} to {max(end):.2f}" for label, end in zip(("slow", "fast"), ends, strict=True)
        )
        title = (
            f"Gates while training, {FAST_STATES[kind]}: mean and range over {report.seeds} seeds\nAt the end: {at_end}"
        )
        names += draw(out, f"gates-{kind.lower()}", (title, "step", "gate, tanh(g) (no unit)"), plot)
    return names


def page(report: Report, names: list[str]) -> str:
    """Both kinds and the bundled model in one table."""
    summary, bundled = report.summary, report.bundled
    rows = []
    for site in range(STUDY_SITES):
        for name, text in OF_SITES.items():
            own = getattr(bundled, name)
            figures = [cell(summary[kind][f"{name}_{site + 1}"]) for kind in GATE_KINDS]
            rows.append([f"site {site + 1}: {text}", *figures, f"{own[site]:.3f}" if site < len(own) else "–"])
    rows += [
        [text, *(cell(summary[kind][name], ".4f") for kind in GATE_KINDS), f"{getattr(bundled, name):.4f}"]
        for name, text in GATE_COLUMNS.items()
    ]
    return (
        "# Gates\n\n"
        f"Networks of {report.parameters:,} parameters, {STUDY_SITES} sites, trained from scratch for {report.steps} "
        f"steps ({report.tokens:,} tokens), {report.seeds} seeds; mean ± sample standard deviation. Beside them one "
        f"network that was trained for long, `{report.model}`, with its own tokenizer. What the measures mean "
        "stands at the top of `lab/networks/gates.py`; p are shares of deals in which windows "
        "have each other's labels. New tokens are rarer ones than those seen before: a slow term under zero may be no "
        "more than slow reads that do much for rare tokens, and raises the contrast without any fast state.\n\n"
        + markdown_table(
            ["", "Hebbian fast state", "control: that of another sequence", f"model `{report.model}`"], rows
        )
        + pictures_in("Gates while training", names)
    )
