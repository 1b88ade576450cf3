"""Optimisers of pre-training: Muon for the matrices and AdamW for the rest, or AdamW for all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bdh_workbench.training.config import TrainingConfig

# Coefficients of the iteration (Jordan et al. 2024), and how often it is repeated.
QUINTIC, ITERATIONS = (3.4445, -4.7750, 2.0315), 5
RMS = 0.2  # root mean square of an update of AdamW, to which updates are scaled (Liu et al. 2025)


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024) with Nesterov momentum, for matrices and for stacks of them.

    ``torch.optim.Muon`` takes no stacks, and orthogonalises in bfloat16, which costs a third of a step on a processor
    without such instructions.
    """

    def __init__(
        self,
        matrices: Sequence[nn.Parameter],
        rate: float,
        weight_decay: float,
        dtype: torch.dtype,
        momentum: float = 0.95,
    ) -> None:
        """Take parameters (..., m, n), each matrix orthogonalised by itself, with updates as large as AdamW's.

        ``dtype`` is that of the matrix products.
        """
        super().__init__(list(matrices), {"lr": rate, "weight_decay": weight_decay, "momentum": momentum})
        self.dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step; parameters without a gradient do not change."""
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(matrix)
                mean = state["momentum_buffer"].lerp_(matrix.grad, 1.0 - momentum)
                update = orthogonal(torch.lerp(matrix.grad, mean, momentum), self.dtype)
                matrix.mul_(1.0 - rate * group["weight_decay"])
                matrix.add_(update, alpha=-rate * RMS * max(matrix.shape[-2:]) ** 0.5)


def orthogonal(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """Matrices (..., m, n) with their singular values brought to between about 0.7 and 1.2, in the same type.

    Products are made in ``dtype``.
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    x: Tensor = (matrices.mT if tall else matrices).to(dtype)
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrices.dtype)


def _is_matrix(name: str, parameter: Tensor) -> bool:
    """Whether a parameter is a matrix that is multiplied with: not a slot, gate, bias or embedding."""
    return parameter.ndim >= 2 and not any(word in name for word in ("slow", "embed", "wpe"))


def make_adamw(network: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW with weight decay on the big matrices alone: not on slots, gates, biases and embeddings."""
    decayed = [p for name, p in network.named_parameters() if _is_matrix(name, p)]
    plain = [p for name, p in network.named_parameters() if not _is_matrix(name, p)]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.rate, betas=config.betas, fused=True)


def make_optimisers(
    network: nn.Module, config: TrainingConfig, dtype: torch.dtype = torch.float32
) -> list[torch.optim.Optimizer]:
    """The optimisers that the configuration names; every parameter belongs to one of them.

    ``dtype`` is that of their matrix products.
    """
    if config.optimiser == "adamw":
        return [make_adamw(network, config)]
    matrices = [p for name, p in network.named_parameters() if _is_matrix(name, p)]
    others = [p for name, p in network.named_parameters() if not _is_matrix(name, p)]
    return [
        Muon(matrices, config.rate, config.weight_decay, dtype),
        torch.optim.AdamW(others, lr=config.rate, betas=config.betas, weight_decay=0.0, fused=True),
    ]
