"""BDH and a GPT-2 of the same size: held-out loss after the same tokens in the same order, over seeds.

Both are trained by one loop (``training.pretrain``) with the same tokenizer, windows, schedule, precision and machine;
on a GPU that is bf16 and ``torch.compile``. Each run keeps a checkpoint in the folder of results and continues from it
if the command is repeated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from bdh_workbench.errors import UserError
from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import Network
from bdh_workbench.training.config import TrainingConfig, load_configs
from bdh_workbench.training.corpus import build_token_cache
from bdh_workbench.training.distributed import Ranks
from bdh_workbench.training.pictures import COLOURS, smoothed
from bdh_workbench.training.pipeline import held_out_windows
from bdh_workbench.training.pretrain import Pretraining, held_out_loss
from lab.networks.gpt2 import PeerNetwork, peer_config
from lab.networks.ladder import HELD_OUT_WINDOWS
from lab.results import Note, Spread, cell, draw, markdown_table, pictures_in, thinned

PEER_KINDS = ("bdh", "gpt2")
LABELS = {"bdh": "BDH", "gpt2": "GPT-2"}
LEAST = 20  # steps of a run
KEPT_POINTS = 200  # of the curve of a run that are kept
WARMUP = 0.1  # share of the steps, at most
CURVE_SMOOTHING = 0.03  # share of the points on each side of a smoothed one
LIMIT = 1.03  # BDH should not lose by more


@dataclass(frozen=True, slots=True)
class Run:
    """One network that was trained.

    Attributes:
        seed: of its start and batches.
        parameters: how many it has.
        shape: its configuration.
        tokens: that it read.
        steps: of its training.
        seconds: that it took.
        tokens_per_second: both of them in one.
        held_out_loss: in windows of the early context, nats per token.
        held_out_loss_long: in windows of the late one.
        losses: tokens read and loss of the batch, some hundred of them.
        validation: tokens read and held-out loss.
    """

    seed: int
    parameters: int
    shape: dict[str, Any]
    tokens: int
    steps: int
    seconds: float
    tokens_per_second: float
    held_out_loss: float
    held_out_loss_long: float
    losses: list[list[float]]
    validation: list[list[float]]


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: every run, and the loss of BDH over that of GPT-2, seed by seed."""

    model: str
    config: str
    tokens: int
    seeds: int
    device: str
    threads: int
    settings: TrainingConfig
    runs: dict[str, list[Run]]
    ratio: Spread
    ratio_long: Spread
    limit: float


def measure(
    model: Model, corpus: str, folder: Path, config: str, tokens: int, seeds: int, note: Note = lambda line: None
) -> Iterator[Report]:
    """Train both and compare them.

    Args:
        model: gives the tokenizer; where its vocabulary is not that of the configuration, the configuration follows.
        corpus: to train on; its validation part is held out.
        folder: runs are kept in ``peer-runs`` in it.
        config: a bundled training configuration or a TOML file.
        tokens: that each run reads.
        seeds: runs of each kind.
        note: called with a line for each run.

    Raises:
        UserError: when ``transformers`` is missing or the corpus too small.
    """
    shape, settings = load_configs(config)
    shape = dataclasses.replace(shape, vocab_size=model.tokenizer.vocab_size)
    steps = tokens // (settings.early_rows * settings.early_context)
    if steps < LEAST:
        raise UserError(f"{tokens:,} tokens are fewer than {LEAST} steps: give more with --tokens.")
    settings = dataclasses.replace(
        settings, tokens=tokens, minutes=0.0, warmup=max(1, min(settings.warmup, int(WARMUP * steps)))
    )
    with torch.device("meta"):
        parameters = sum(p.numel() for p in Network(shape).parameters())
    peer = peer_config(shape, parameters, max(settings.early_context, settings.late_context))
    runs: dict[str, list[Run]] = {kind: [] for kind in PEER_KINDS}
    for seed in range(seeds):
        for kind in PEER_KINDS:
            trained = _train(model, corpus, folder, kind, shape if kind == "bdh" else peer, settings, seed)
            runs[kind].append(trained)
            note(f"{LABELS[kind]}, seed {seed}: held-out loss {trained.held_out_loss:.4f} nats per token")
    pairs = list(zip(runs["bdh"], runs["gpt2"], strict=True))
    yield Report(
        model.name,
        config,
        settings.tokens,
        seeds,
        str(model.device),
        torch.get_num_threads(),
        settings,
        runs,
        ratio=Spread.of([bdh.held_out_loss / gpt2.held_out_loss for bdh, gpt2 in pairs]),
        ratio_long=Spread.of([bdh.held_out_loss_long / gpt2.held_out_loss_long for bdh, gpt2 in pairs]),
        limit=LIMIT,
    )


def _train(model: Model, corpus: str, out: Path, kind: str, shape: Any, settings: TrainingConfig, seed: int) -> Run:
    # A run of another length has another schedule, and is no beginning of this one.
    folder = out / "peer-runs" / f"{kind}-{settings.tokens}-{seed}"
    settings = dataclasses.replace(settings, seed=seed)
    cache = build_token_cache(corpus, model.tokenizer, out / "peer-runs" / "tokens", settings.tokens)
    torch.manual_seed(seed)
    network = Network(shape) if kind == "bdh" else PeerNetwork(shape)
    network = network.to(model.device)
    # Both have the surface that the loop uses.
    trained = cast(Network, network)
    validation = held_out_windows(corpus, model.tokenizer, settings.early_context, HELD_OUT_WINDOWS)
    ranks = Ranks(0, 1, model.device)
    run = Pretraining(trained, model.tokenizer, cache.tokens, validation, settings, ranks, folder)
    run.resume()
    progress = run.run()
    late = held_out_windows(corpus, model.tokenizer, settings.late_context, HELD_OUT_WINDOWS // 2)
    return Run(
        seed=seed,
        parameters=sum(p.numel() for p in network.parameters()),
        shape=shape.network_dict(),
        tokens=progress.tokens,
        steps=progress.step,
        seconds=progress.seconds,
        tokens_per_second=progress.tokens / max(1e-9, progress.seconds),
        held_out_loss=held_out_loss(trained, validation),
        held_out_loss_long=held_out_loss(trained, late, 4),
        losses=[[row[1], round(row[3], 4)] for row in thinned(progress.losses, KEPT_POINTS)],
        validation=[[row[1], row[3]] for row in progress.validation],
    )


def pictures(report: Report, out: Path) -> list[str]:
    """The loss while training, of every seed."""

    def plot(axes: Any) -> None:
        for kind, colour in zip(PEER_KINDS, COLOURS, strict=False):
            for number, run in enumerate(report.runs[kind]):
                x, y = [point[0] / 1e6 for point in run.losses], [point[1] for point in run.losses]
                axes.plot(x, y, color=colour, alpha=0.25, linewidth=0.7)
                label = f"{LABELS[kind]}, smoothed" if number == 0 else None
                axes.plot(x, smoothed(y, CURVE_SMOOTHING), color=colour, linewidth=1.5, label=label)

    labels = (
        "Training loss of BDH and GPT-2, every seed",
        "tokens read (millions)",
        "cross-entropy (nats per token)",
    )
    return draw(out, "peer", labels, plot)


def page(report: Report, names: list[str]) -> str:
    """Both networks in one table."""
    early, late = report.settings.early_context, report.settings.late_context
    rows = []
    for kind, runs in report.runs.items():
        rows.append(
            [
                LABELS[kind],
                f"{runs[0].parameters:,}",
                cell(Spread.of([run.held_out_loss for run in runs]), ".4f"),
                cell(Spread.of([run.held_out_loss_long for run in runs]), ".4f"),
                cell(Spread.of([run.tokens_per_second for run in runs]), ",.0f"),
            ]
        )
    head = ["model", "parameters", f"held-out loss, windows of {early}", f"windows of {late}", "tokens per second"]
    verdict = "within" if report.ratio.mean <= LIMIT else "outside"
    return (
        "# BDH beside a GPT-2 of the same size\n\n"
        f"Configuration `{report.config}`, {report.tokens:,} tokens, {report.seeds} seeds, on "
        f"{report.device} with {report.threads} threads; mean ± sample standard deviation, in nats per token.\n\n"
        + markdown_table(head, rows)
        + f"\nLoss of BDH over that of GPT-2: {cell(report.ratio, '.4f')} (windows of {late}: "
        f"{cell(report.ratio_long, '.4f')}), {verdict} the limit of {LIMIT}.\n" + pictures_in("Held-out loss", names)
    )
