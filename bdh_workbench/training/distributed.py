"""The ranks of a run under ``torchrun``; alone in a plain run. gloo on CPUs, nccl on GPUs."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass

import torch
import torch.distributed as dist


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of how many processes this one is, and its device."""

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and the log."""
        return self.rank == 0

    def agree(self, values: list[float]) -> list[float]:
        """The first rank's numbers, on every rank: clocks differ, and all ranks must decide alike."""
        if self.world == 1:
            return values
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.broadcast(tensor, 0)
        return [float(v) for v in tensor.tolist()]

    def mean(self, value: torch.Tensor) -> torch.Tensor:
        """The mean of a scalar over the ranks."""
        if self.world == 1:
            return value
        total = value.detach().clone()
        dist.all_reduce(total)
        return total / self.world

    def barrier(self) -> None:
        """Wait for the others."""
        if self.world > 1:
            dist.barrier()


def start_ranks(device: torch.device) -> Ranks:
    """Join the other processes that ``torchrun`` started, if any."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Ranks(0, 1, device)
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    if device.type == "cuda":
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Ranks(rank, world, device)


def stop_ranks() -> None:
    """Leave the other processes, if there were any."""
    if dist.is_available() and dist.is_initialized():
        # A wrapped network is part of a cycle and holds the group, whose threads must not outlive the interpreter.
        gc.collect()
        dist.destroy_process_group()
