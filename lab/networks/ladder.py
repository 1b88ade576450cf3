"""Which recipe trains a language model best on a CPU: short runs of equal processor time, one choice after another.

Each rung tries the values of one choice with everything chosen so far, over seeds, and passes on the one with the
lowest mean held-out loss. Every run has a whole schedule of its own. A finished run is a file in
``ladder-runs``, a run that was stopped has its checkpoint there, and the repeated command continues from both.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.errors import UserError
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import Network
from bdh_workbench.training import fused
from bdh_workbench.training.config import TrainingConfig, check_levels, load_configs
from bdh_workbench.training.corpus import build_token_cache
from bdh_workbench.training.distributed import Ranks
from bdh_workbench.training.pipeline import held_out_windows
from bdh_workbench.training.pretrain import Pretraining, held_out_loss, share_done, stop_on_interrupt
from lab.results import Note, Spread, cell, kept, markdown_table, run_key

HELD_OUT_WINDOWS = 256  # of held-out text
Recipe = tuple[ModelConfig, TrainingConfig]


@dataclass(frozen=True, slots=True)
class Variant:
    """One value of a choice: what it changes of the shape and of the training."""

    name: str
    model: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    training: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def of(self, recipe: Recipe) -> Recipe:
        """The recipe with these changes."""
        shape, settings = recipe
        changed = dataclasses.replace(shape, **self.model), dataclasses.replace(settings, **self.training)
        check_levels(*changed)
        return changed


def rungs(shape: ModelConfig, settings: TrainingConfig) -> dict[str, list[Variant]]:
    """The choices in their order, around a configuration; rates are multiples of its own."""
    rate, rows, levels = settings.rate, settings.early_rows, shape.levels
    start = max((1, *shape.site_levels))
    sizes = {"6M": (320, 768), "10M": (448, 1152)}  # with a vocabulary of 8,192
    return {
        "optimiser": [Variant(name, training={"optimiser": name}) for name in ("muon", "adamw")],
        "rate": [
            Variant(f"{factor * rate:g}", training={"rate": factor * rate, "final_rate": factor * rate / 20.0})
            for factor in (0.5, 1.0, 2.0, 4.0)
        ],
        "batch": [
            Variant(f"{n} rows", training={"early_rows": n, "late_rows": max(1, n // 2)})
            for n in (rows, 2 * rows, 4 * rows)
        ],
        "growth": [
            Variant(f"{levels} levels", {"levels": levels}, {"start_levels": 0}),
            Variant(f"{start} to {levels} levels", {"levels": levels}, {"start_levels": start}),
            Variant(f"{levels + 1} levels", {"levels": levels + 1}, {"start_levels": 0}),
            Variant(f"{start} to {levels + 1} levels", {"levels": levels + 1}, {"start_levels": start}),
        ],
        "averaging": [
            Variant("last weights" if share == 0.0 else f"mean of the last {share:.0%}", {}, {"average_share": share})
            for share in (0.0, 0.1, 0.25)
        ],
        "size": [
            Variant("as configured"),
            *(Variant(name, {"width": width, "neurons": neurons}) for name, (width, neurons) in sizes.items()),
        ],
    }


@dataclass(frozen=True, slots=True)
class Run:
    """One network that was trained; its loss is in nats per token."""

    seed: int
    parameters: int
    tokens: int
    steps: int
    seconds: float
    held_out_loss: float


@dataclass(frozen=True, slots=True)
class Tried:
    """One value of a choice."""

    variant: str
    held_out_loss: Spread
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class Rung:
    """One choice: the value that was chosen, and all that were tried."""

    chosen: str
    variants: list[Tried]


@dataclass(slots=True)
class Report:
    """What is measured so far, and the recipe that it gives."""

    model: str
    config: str
    minutes: float
    seeds: int
    threads: int
    rungs: dict[str, Rung]
    recipe: dict[str, dict[str, Any]]


def measure(
    model: Model,
    corpus: str,
    folder: Path,
    config: str,
    minutes: float,
    seeds: int,
    parts: Sequence[str] = (),
    note: Note = lambda line: None,
) -> Iterator[Report]:
    """Climb the ladder.

    Args:
        model: gives the tokenizer.
        corpus: to train on; its validation part is held out.
        folder: runs are kept in ``ladder-runs`` in it.
        config: where the ladder begins: a bundled training configuration or a TOML file.
        minutes: of processor time of each run.
        seeds: runs of each variant.
        parts: the rungs to climb; empty for all.
        note: called with a line for each run.

    Raises:
        UserError: when there is no rung of that name, it is stopped, which loses nothing, or the corpus is too small.
    """
    fused.keep_freed_memory()
    shape, settings = load_configs(config)
    recipe = (
        dataclasses.replace(shape, vocab_size=model.tokenizer.vocab_size),
        dataclasses.replace(settings, minutes=minutes, tokens=0, validate_minutes=minutes, save_minutes=1.0),
    )
    stop = stop_on_interrupt()
    report = Report(model.name, config, minutes, seeds, torch.get_num_threads(), {}, {})
    known = rungs(*recipe)
    for name in parts:
        if name not in known:
            raise UserError(f"There is no rung {name}: choose from {', '.join(known)}.")
    for rung, variants in known.items():
        if parts and rung not in parts:
            continue
        tried: list[Tried] = []
        for variant in variants:
            changed = variant.of(recipe)
            runs = [_run(model, corpus, folder / "ladder-runs", changed, seed, stop) for seed in range(seeds)]
            loss = Spread.of([each.held_out_loss for each in runs])
            note(f"{rung}, {variant.name}: held-out loss {cell(loss, '.4f')} nats per token")
            tried.append(Tried(variant.name, loss, runs))
        best = min(range(len(tried)), key=lambda number: tried[number].held_out_loss.mean)
        recipe = variants[best].of(recipe)
        report.rungs[rung] = Rung(variants[best].name, tried)
        report.recipe = _described(recipe)
        yield report


def _described(recipe: Recipe) -> dict[str, dict[str, Any]]:
    return {"model": recipe[0].network_dict(), "training": dataclasses.asdict(recipe[1])}


def _run(model: Model, corpus: str, folder: Path, recipe: Recipe, seed: int, stop: Callable[[], bool]) -> Run:
    """One run; it is made unless it was finished before."""
    recipe = recipe[0], dataclasses.replace(recipe[1], seed=seed)
    depends = {**_described(recipe), "tokenizer": model.tokenizer.fingerprint()}
    checkpoint = folder / run_key(depends)
    figures = kept(folder, depends, lambda: dataclasses.asdict(_train(model, corpus, checkpoint, recipe, stop)))
    shutil.rmtree(checkpoint, ignore_errors=True)
    return Run(**figures)


def _train(model: Model, corpus: str, folder: Path, recipe: Recipe, stop: Callable[[], bool]) -> Run:
    """Train a network, from the checkpoint in the folder if there is one."""
    shape, settings = recipe
    cache = build_token_cache(corpus, model.tokenizer, folder.parent / "tokens", settings.corpus_tokens or None)
    torch.manual_seed(settings.seed)
    network = Network(shape).to(model.device)
    validation = held_out_windows(corpus, model.tokenizer, settings.early_context, HELD_OUT_WINDOWS)
    ranks = Ranks(0, 1, model.device)
    # Processor time: what else the machine does makes a run longer, not worse.
    clock = time.process_time if model.device.type == "cpu" else time.monotonic
    training = Pretraining(network, model.tokenizer, cache.tokens, validation, settings, ranks, folder, clock=clock)
    training.resume()
    progress = training.run(stop)
    if share_done(settings, progress) < 1.0:
        raise UserError("The ladder was stopped: the same command continues from here.")
    return Run(
        seed=settings.seed,
        parameters=sum(p.numel() for p in network.parameters()),
        tokens=progress.tokens,
        steps=progress.step,
        seconds=round(progress.seconds, 1),
        held_out_loss=held_out_loss(network, validation),
    )


def page(report: Report, names: list[str]) -> str:
    """All that was tried in one table."""
    rows = []
    for name, rung in report.rungs.items():
        for tried in rung.variants:
            rows.append(
                [
                    name,
                    tried.variant + (" (chosen)" if tried.variant == rung.chosen else ""),
                    f"{tried.runs[0].parameters:,}",
                    cell(Spread.of([run.tokens / 1e6 for run in tried.runs]), ".2f"),
                    cell(tried.held_out_loss, ".4f"),
                ]
            )
    head = ["choice", "variant", "parameters", "million tokens read", "held-out loss (nats per token)"]
    return (
        "# A ladder of recipes at equal processor time\n\n"
        f"Each run trains for {report.minutes:g} minutes of processor time with {report.threads} threads, from "
        f"the configuration `{report.config}` on, with a schedule of its own; {report.seeds} seeds, mean ± "
        "sample standard deviation. Each choice is made with those above it.\n\n" + markdown_table(head, rows)
    )
