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

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import Network, Trace
from bdh_workbench.training.pictures import COLOURS
from bdh_workbench.training.pipeline import held_out_windows
from lab.networks.study import (
    CONTEXT,
    HEBBIAN,
    HELD_OUT,
    NONE,
    OTHER,
    ROWS,
    SITES,
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
from lab.results import (
    Note,
    band,
    cell,
    draw,
    header,
    markdown_table,
    pictures_in,
    save,
    spread,
)

KINDS = {"Hebbian": (HEBBIAN,) * SITES, "control": (OTHER,) * SITES}
DEALS = 2000  # of the labels
ROUNDING = 1e-12  # of two sums of the same numbers in another order
TERMS = ("contrast", "p", "fast_term", "fast_p", "slow_term", "slow_p")


def run(model: Model, corpus: str, out: Path, steps: int, seeds: int, note: Note = lambda line: None) -> dict[str, Any]:
    """Train networks with Hebbian fast states and with the control, and compare their gates.

    Args:
        model: measured too, as the one network at hand that was trained for long; gives the device.
        corpus: text to train on; its validation part is held out.
        out: folder of results.
        steps: of each run.
        seeds: runs of each kind.
        note: called with a line for each run.
    """
    device = model.device
    text = study_text(corpus, steps)
    config = study_config(text.vocab_size)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in KINDS}
    for seed, name, fast in all_runs(KINDS, seeds):
        begun = time.monotonic()
        network = study_network(config, fast, seed).to(device)
        looks = list(train_study(network, text, steps, seed))
        found = measure(network, text.held_out.to(device), seed)
        runs[name].append(found | {"seed": seed, "seconds": time.monotonic() - begun, "looks": _plain(looks)})
        note(_told(f"{name}, seed {seed}: loss {found['loss']:.3f}", found))
    windows = held_out_windows(corpus, model.tokenizer, CONTEXT, HELD_OUT)
    bundled = measure(studied(model.network, [HEBBIAN] * len(model.network.sites)), windows.to(device), 0)
    note(_told(model.name, bundled))
    report = {
        **header("gates", model),
        "seeds": seeds,
        "bundled": bundled,
        "steps": steps,
        "tokens": steps * ROWS * CONTEXT,
        "parameters": sum(p.numel() for p in network.parameters()),
        "device": str(device),
        "summary": {name: _summary(found) for name, found in runs.items()},
        "runs": runs,
    }
    names = [name for kind in KINDS for name in _draw(out, kind, runs[kind])]
    save(out, report, _page(report, seeds, names))
    return report


@torch.no_grad()
def measure(network: Network, windows: Tensor, seed: int) -> dict[str, Any]:
    """The measures of a trained network on held-out windows (n, T + 1)."""
    trace = Trace([], [])
    network.advance(windows[:, :-1], None, trace)
    slow = [float((site.slow / site.stream).mean()) for site in trace.sites]
    fast = [float((site.fast / site.stream).mean()) for site in trace.sites]
    index = [(f - s) / max(f + s, 1e-12) for s, f in zip(slow, fast, strict=True)]
    whole = token_losses(network, windows)
    without_fast = _without_fast(network, windows) - whole
    without_slow = _without_slow(network, windows) - whole
    seen = seen_before(windows)
    contrast, p = permutation_test(without_fast - without_slow, seen, seed)
    fast_term, fast_p = permutation_test(without_fast, seen, seed)
    slow_term, slow_p = permutation_test(without_slow, seen, seed)
    return {
        "loss": float(whole.mean()),
        "slow_share": slow,
        "fast_share": fast,
        "index": index,
        "range": max(index) - min(index),
        "fast_seen": float(without_fast[seen].mean()),
        "fast_new": float(without_fast[~seen].mean()),
        "slow_seen": float(without_slow[seen].mean()),
        "slow_new": float(without_slow[~seen].mean()),
        "contrast": contrast,
        "p": p,
        "fast_term": fast_term,
        "fast_p": fast_p,
        "slow_term": slow_term,
        "slow_p": slow_p,
    }


def token_losses(network: Network, windows: Tensor) -> Tensor:
    """Cross-entropy (n, T) in nats of each token but the first of windows (n, T + 1)."""
    logits = network.logits(network(windows[:, :-1]))
    return cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten(), reduction="none").view(len(windows), -1)


def _without_fast(network: Network, windows: Tensor) -> Tensor:
    """Losses (n, T) with nothing read from the fast state of any site."""
    kinds = [site.kind for site in sites_of(network)]
    set_fast(network, [NONE] * len(kinds))
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
    """Whether each token but the first of windows (n, T + 1) stands earlier in its window: (n, T) bool."""
    same = windows[:, 1:, None] == windows[:, None, :]  # (n, T, T + 1)
    places = torch.arange(windows.shape[1], device=windows.device)
    return (same & (places[None, :] <= places[:-1, None])).any(-1)


def permutation_test(values: Tensor, flags: Tensor, seed: int) -> tuple[float, float]:
    """Is what is flagged larger, more than by chance?

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


def _told(name: str, found: dict[str, Any]) -> str:
    return (
        f"{name}: contrast {found['contrast']:+.4f} (p {found['p']:.3g}), fast term {found['fast_term']:+.4f} "
        f"(p {found['fast_p']:.3g}), slow term {found['slow_term']:+.4f}"
    )


def _plain(looks: Sequence[Look]) -> list[list[float]]:
    return [[look.step, round(look.loss, 4), *(round(g, 5) for pair in look.gates for g in pair)] for look in looks]


def _summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("loss", "range", "fast_seen", "fast_new", "slow_seen", "slow_new", *TERMS)
    summary: dict[str, Any] = {name: spread([run[name] for run in found]) for name in names}
    for site in range(SITES):
        for name in ("slow_share", "fast_share", "index"):
            summary[f"{name}_{site + 1}"] = spread([run[name][site] for run in found])
    return summary


def _draw(out: Path, kind: str, found: list[dict[str, Any]]) -> list[str]:
    def plot(axes: Any) -> None:
        steps = [look[0] for look in found[0]["looks"]]
        for site in range(SITES):
            for column, (label, style) in enumerate((("slow", "-"), ("fast", "--"))):
                values = [[look[2 + 2 * site + column] for look in run["looks"]] for run in found]
                band(axes, steps, values, f"site {site + 1}, {label}", color=COLOURS[site], linestyle=style)
        axes.axhline(0.0, color="#667085", linewidth=0.8)

    title = f"Gates while training, {kind} fast state, mean and range over seeds"
    return draw(out, f"gates-{kind.lower()}", (title, "step", "gate, tanh(g) (no unit)"), plot)


def _at(values: list[float], site: int) -> str:
    return f"{values[site]:.3f}" if site < len(values) else "–"


def _page(report: dict[str, Any], seeds: int, names: list[str]) -> str:
    summary, bundled = report["summary"], report["bundled"]
    rows = [
        [
            f"site {site + 1}: {text}",
            *(cell(summary[kind][f"{name}_{site + 1}"]) for kind in KINDS),
            _at(bundled[name], site),
        ]
        for site in range(SITES)
        for name, text in (("slow_share", "slow share"), ("fast_share", "fast share"), ("index", "index"))
    ]
    shown = {
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
    rows += [
        [text, *(cell(summary[kind][name], ".4f") for kind in KINDS), f"{bundled[name]:.4f}"]
        for name, text in shown.items()
    ]
    return (
        "# Gates\n\n"
        f"Networks of {report['parameters']:,} parameters, {SITES} sites, trained from scratch for {report['steps']} "
        f"steps ({report['tokens']:,} tokens), {seeds} seeds; mean ± sample standard deviation. Beside them one "
        f"network that was trained for long, `{report['model']}`, with its own tokenizer. What the measures mean "
        "stands at the top of `lab/networks/gates.py`; p are shares of deals in which windows "
        "have each other's labels. New tokens are rarer ones than those seen before: a slow term under zero may be no "
        "more than slow reads that do much for rare tokens, and raises the contrast without any fast state.\n\n"
        + markdown_table(
            ["", "Hebbian fast state", "control: that of another sequence", f"model `{report['model']}`"], rows
        )
        + pictures_in("Gates while training", names)
    )
