"""Language-model pre-training with the memory sites present: a resumable loop, scheduled by tokens or by the clock."""

from __future__ import annotations

import contextlib
import math
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.errors import UserError
from bdh_workbench.model.network import MemorySite, Network
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.training import fused
from bdh_workbench.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from bdh_workbench.training.config import TrainingConfig
from bdh_workbench.training.corpus import WindowSampler
from bdh_workbench.training.distributed import Ranks
from bdh_workbench.training.optimisers import make_optimisers
from bdh_workbench.training.synthetic import passage
from bdh_workbench.training.telemetry import Telemetry

LONGEST_WARMUP = 0.1  # share of the schedule
AVERAGE_EVERY = 8  # steps between two snapshots in the mean of the weights
PAUSE_FACTOR = 10.0  # a step this many times slower than usual was a pause of the machine, and is not counted as work


class LanguageModel(nn.Module):
    """The network with its loss in one module, as DistributedDataParallel and ``torch.compile`` want it."""

    def __init__(self, network: Network, dtype: torch.dtype | None = None) -> None:
        """Wrap a network, whose parameters are shared, not copied.

        ``dtype`` is the type of matrix products in a fused step on a CPU; without it, the network runs as it stands.
        """
        super().__init__()
        self.network = network
        self.autocast = network.embed.weight.device.type == "cuda"
        self.fused = dtype if network.embed.weight.device.type == "cpu" else None

    def forward(self, ids: Tensor, levels: int | None = None) -> Tensor:
        """Mean cross-entropy in nats of ids[:, 1:], each given the ids before it; ids (B, T + 1) int64.

        ``levels`` is how many levels the stream passes, where that is not all.
        """
        if self.fused is not None:
            return fused.loss_of(self.network, ids, levels, self.fused)
        given = () if levels is None else (levels,)
        with torch.autocast("cuda", torch.bfloat16) if self.autocast else contextlib.nullcontext():
            logits = self.network.logits(self.network(ids[:, :-1], *given))
        return F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())


class SyntheticRows:
    """Rows of synthetic statement-and-question text, made from a seed, a rank and a place in the run alone."""

    def __init__(self, tokenizer: Tokenizer, seed: int, rank: int) -> None:
        """Prepare to make rows for one rank."""
        self._tokenizer, self._seed, self._rank = tokenizer, seed, rank

    def mix(self, rows: npt.NDArray[np.int64], position: int, share: float) -> npt.NDArray[np.int64]:
        """Replace about ``share`` of the rows (B, T + 1) by synthetic text; ``position`` numbers the first row."""
        for index in range(len(rows)):
            rng = random.Random(f"synthetic {self._seed} {self._rank} {position + index}")
            if rng.random() < share:
                ids: list[int] = []
                while len(ids) < rows.shape[1]:
                    ids += [*self._tokenizer.encode(passage(rng)), self._tokenizer.end_id]
                start = rng.randrange(len(ids) - rows.shape[1] + 1)
                rows[index] = ids[start : start + rows.shape[1]]
        return rows


@dataclass(frozen=True, slots=True)
class Order:
    """Which batch to make; its content follows from this and the seed alone."""

    late: bool
    mixed: bool  # with synthetic rows
    rows: int
    early_position: int
    late_position: int

    def following(self) -> Order:
        """The order after this one if nothing changes."""
        early, late = (0, self.rows) if self.late else (self.rows, 0)
        return Order(self.late, self.mixed, self.rows, self.early_position + early, self.late_position + late)


class Ahead:
    """A context that makes the next batches in a thread; their contents do not depend on it."""

    def __init__(self, make: Callable[[Order], npt.NDArray[np.int64]], depth: int = 3) -> None:
        """Use ``make`` for each batch, and stay up to ``depth`` batches ahead."""
        self._make, self._depth = make, depth
        self._pool = ThreadPoolExecutor(1, "batches")
        self._waiting: deque[tuple[Order, Future[npt.NDArray[np.int64]]]] = deque()

    def __enter__(self) -> Ahead:
        """Make nothing before the first order."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop what was made ahead, and wait for the batch in work."""
        self._pool.shutdown(cancel_futures=True)

    def take(self, order: Order) -> npt.NDArray[np.int64]:
        """The batch for an order; begins those after it."""
        if not self._waiting or self._waiting[0][0] != order:
            for _, future in self._waiting:
                future.cancel()
            self._waiting.clear()
            self._submit(order)
        while len(self._waiting) <= self._depth:
            self._submit(self._waiting[-1][0].following())
        return self._waiting.popleft()[1].result()

    def _submit(self, order: Order) -> None:
        self._waiting.append((order, self._pool.submit(self._make, order)))


def step_type(config: TrainingConfig, ranks: Ranks) -> torch.dtype:
    """The type of the matrix products of a training step: the first rank's, as others would let the weights drift."""
    kind = ranks.device.type
    half = (config.bf16 or kind == "cuda") and fused.product_type(kind) == torch.bfloat16
    return torch.bfloat16 if ranks.agree([float(half)])[0] else torch.float32


def learning_rate(config: TrainingConfig, step: int, done: float) -> float:
    """Linear warm-up over the first steps; a cosine from ``rate`` to ``final_rate`` over the share done (0 to 1).

    The warm-up ends at the latest when ``LONGEST_WARMUP`` of the schedule is done: a short run would know nothing else.
    """
    cosine = config.final_rate + (config.rate - config.final_rate) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    return cosine * min(1.0, max((step + 1) / config.warmup, done / LONGEST_WARMUP))


def share_done(config: TrainingConfig, progress: Progress) -> float:
    """Share of the schedule that is done, by tokens or by minutes of work, whichever is further."""
    by_tokens = progress.tokens / config.tokens if config.tokens > 0 else 0.0
    by_clock = progress.seconds / (60.0 * config.minutes) if config.minutes > 0 else 0.0
    return min(1.0, max(by_tokens, by_clock))


def levels_at(config: TrainingConfig, levels: int, done: float) -> int:
    """Levels in use at a share of the schedule (0 to 1): they grow one by one, the last at ``grow_share``."""
    if config.start_levels == 0 or done >= config.grow_share:
        return levels
    return config.start_levels + int((levels - config.start_levels) * done / config.grow_share)


@torch.no_grad()
def held_out_loss(network: Network, windows: Tensor, rows: int = 8, levels: int | None = None) -> float:
    """Mean cross-entropy in nats over held-out windows (n, T + 1), through so many levels, or all."""
    model = LanguageModel(network)
    parts = [
        (model(part, levels).item(), len(part)) for part in torch.split(windows.to(network.embed.weight.device), rows)
    ]
    return float(sum(loss * count for loss, count in parts) / sum(count for _, count in parts))


class Pretraining:
    """One pre-training run; ``run`` continues from the last checkpoint to the end of the schedule."""

    def __init__(
        self,
        network: Network,
        tokenizer: Tokenizer,
        tokens: npt.NDArray[Any],
        validation: Tensor,
        config: TrainingConfig,
        ranks: Ranks,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare a run.

        Args:
            network: on the rank's device; trained in place.
            tokenizer: for the synthetic rows.
            tokens: the corpus as token ids (n,), a memory map.
            validation: held-out windows (n, T + 1) int64.
            config: the schedule.
            ranks: this process among the others.
            folder: where checkpoint, log and scalars go.
            clock: seconds by which work is measured, and the schedule where it goes by minutes.
        """
        self.network, self.config, self.ranks, self.folder = network, config, ranks, folder
        self.validation, self.clock = validation, clock
        self.dtype = step_type(config, ranks)
        self.optimisers = make_optimisers(network, config, self.dtype)
        self.average: dict[str, Tensor] = {}
        self.progress = Progress()
        self.settings = {"model": network.config.network_dict()}
        self.early = WindowSampler(tokens, config.early_context, config.seed, ranks.rank, ranks.world)
        self.late = WindowSampler(tokens, config.late_context, config.seed + 1, ranks.rank, ranks.world)
        self.synthetic = SyntheticRows(tokenizer, config.seed, ranks.rank)
        self.checkpoint = folder / "checkpoint.safetensors"

    def resume(self) -> bool:
        """Resume from the checkpoint if there is one; returns whether there was.

        Raises:
            UserError: when it is damaged or of another model.
        """
        if not self.checkpoint.is_file():
            return False
        self.progress = load_checkpoint(self.checkpoint, self.network, self.optimisers, self.settings, self.average)
        return True

    def run(self, stop: Callable[[], bool] = lambda: False) -> Progress:
        """Train until the schedule ends or ``stop`` says so, and save; returns the progress."""
        model = self._model()
        with Telemetry(self.folder, self.ranks.first, self.progress.step) as telemetry:
            self._loop(model, telemetry, stop)
        self._save()
        return self.progress

    def _model(self) -> Callable[[Tensor, int | None], Tensor]:
        model: nn.Module = LanguageModel(self.network, self.dtype)
        if self.config.compile and self.ranks.device.type == "cuda":
            # Shapes change once, when the longer windows begin: two fixed graphs are faster than one for any shape.
            model = torch.compile(model, dynamic=False)  # type: ignore[assignment]
        if self.ranks.world > 1:
            devices = [self.ranks.device] if self.ranks.device.type == "cuda" else None
            model = nn.parallel.DistributedDataParallel(model, device_ids=devices)
        return model

    def _loop(
        self, model: Callable[[Tensor, int | None], Tensor], telemetry: Telemetry, stop: Callable[[], bool]
    ) -> None:
        progress, config = self.progress, self.config
        saved = validated = progress.seconds
        usual = 0.0  # seconds of an ordinary step
        losses: list[Tensor] = []
        # From step to step, as a GPU is waited for wherever a number is looked at, which may be in the log.
        mark = self.clock()
        for ids in self._batches():
            rate = learning_rate(config, progress.step, share_done(config, progress))
            for optimiser in self.optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = rate
            loss = model(ids, self._levels())
            loss.backward()  # type: ignore[no-untyped-call]
            norm = nn.utils.clip_grad_norm_(self.network.parameters(), config.clip)
            for optimiser in self.optimisers:
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            losses.append(loss.detach())
            progress.step += 1
            progress.tokens += ids[:, 1:].numel() * self.ranks.world
            mark, took = self.clock(), self.clock() - mark
            usual = took if usual == 0.0 else 0.95 * usual + 0.05 * min(took, PAUSE_FACTOR * usual)
            worked = progress.seconds + min(took, PAUSE_FACTOR * usual)
            progress.seconds, halt, due = self.ranks.agree([worked, float(stop()), float(telemetry.due())])
            over = share_done(config, progress) >= 1.0
            self._keep_average(over)
            done = over or bool(halt)
            saving = progress.seconds - saved >= 60.0 * config.save_minutes
            if due or done or saving:
                mean = float(self.ranks.mean(torch.stack(losses).mean()))
                if not math.isfinite(mean):
                    raise UserError(
                        f"Training was stopped after step {progress.step:,} because its loss is no longer a number: "
                        "lower the rate, and continue from the last checkpoint with --resume."
                    )
                losses.clear()
                self._log(telemetry, mean, rate, float(norm))
            if done or progress.seconds - validated >= 60.0 * config.validate_minutes:
                validated = progress.seconds
                self._validate(telemetry)
                mark = self.clock()
            if saving:
                saved = progress.seconds
                self._save()
                mark = self.clock()
            if done:
                return

    def _batches(self) -> Iterator[Tensor]:
        progress, config, world = self.progress, self.config, self.ranks.world
        # On a large GPU making a batch takes longer than a step leaves time for: the next ones are made meanwhile.
        with Ahead(self._batch) as ahead:
            while share_done(config, progress) < 1.0:
                # The flag is worked out from numbers that all ranks share, so that all use the same windows.
                late = share_done(config, progress) >= 1.0 - config.late_share
                mixed = share_done(config, progress) < 1.0 - config.plain_share
                rows = max(1, (config.late_rows if late else config.early_rows) // world)
                batch = ahead.take(Order(late, mixed, rows, progress.early_position, progress.late_position))
                if late:
                    progress.late_position += rows
                else:
                    progress.early_position += rows
                yield torch.from_numpy(batch).to(self.ranks.device, non_blocking=True)

    def _batch(self, order: Order) -> npt.NDArray[np.int64]:
        sampler, position = (self.late, order.late_position) if order.late else (self.early, order.early_position)
        batch = sampler.batch(position, order.rows)
        share = self.config.synthetic if order.mixed else 0.0
        return self.synthetic.mix(batch, order.early_position + order.late_position, share)

    def _levels(self) -> int | None:
        """Levels in use now; None for a network whose depth is fixed."""
        network: nn.Module = self.network
        if not isinstance(network, Network):
            return None
        return levels_at(self.config, self.network.config.levels, share_done(self.config, self.progress))

    @torch.no_grad()
    def _keep_average(self, over: bool) -> None:
        """Add the weights to their mean every few steps of the last part; at the end, the mean is the result."""
        progress, config = self.progress, self.config
        if share_done(config, progress) < 1.0 - config.average_share or config.average_share == 0.0:
            return
        if over or progress.step % AVERAGE_EVERY == 0:
            progress.averaged += 1
            for name, parameter in self.network.named_parameters():
                mean = self.average.setdefault(name, parameter.detach().clone())
                mean.lerp_(parameter, 1.0 / progress.averaged)
        if over:
            for name, parameter in self.network.named_parameters():
                parameter.copy_(self.average[name])
            self.average.clear()
            progress.averaged = 0

    def _log(self, telemetry: Telemetry, loss: float, rate: float, norm: float) -> None:
        progress = self.progress
        progress.losses.append([progress.step, progress.tokens, round(progress.seconds, 2), loss, rate])
        gates = []
        for site in self.network.sites:
            assert isinstance(site, MemorySite)
            gates += [math.tanh(float(gate.detach())) for gate in (site.gate_slow, site.gate_fast)]
        if not progress.gates or progress.step - progress.gates[-1][0] >= 50:
            progress.gates.append([progress.step, *gates])
        scalars = {"loss/train": loss, "rate": rate, "gradient_norm": norm}
        for index in range(len(gates) // 2):
            scalars |= {f"gate/slow_{index + 1}": gates[2 * index], f"gate/fast_{index + 1}": gates[2 * index + 1]}
        telemetry.log(progress, share_done(self.config, progress), scalars)

    def _validate(self, telemetry: Telemetry) -> None:
        if self.ranks.first:
            loss = held_out_loss(self.network, self.validation, levels=self._levels())
            progress = self.progress
            progress.validation.append([progress.step, progress.tokens, round(progress.seconds, 2), loss])
            telemetry.validation(progress, loss)
        self.ranks.barrier()

    def _save(self) -> None:
        if self.ranks.first:
            save_checkpoint(self.checkpoint, self.network, self.optimisers, self.progress, self.settings, self.average)
        self.ranks.barrier()


def stop_on_interrupt() -> Callable[[], bool]:
    """A function that returns true after the first Ctrl-C or SIGTERM, so that the run ends with a checkpoint."""
    import signal

    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        print("Stopping after this step; the run can be resumed.", file=sys.stderr)

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    return lambda: bool(asked)
