"""Optimisers of pre-training: Muon for the matrices and AdamW for the rest, or AdamW for all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bdh_workbench.training.config import TrainingConfig


class HeadwiseMuon(torch.optim.Muon):
    """Muon (Jordan et al. 2024) that also takes stacks of matrices (H, D, N), each of them orthogonalised by itself."""

    def __init__(self, matrices: Sequence[nn.Parameter], rate: float, weight_decay: float) -> None:
        """Take parameters of two or three axes; updates are as large as AdamW's, so that one rate fits both."""
        parts = [part for matrix in matrices for part in _parts(matrix.detach())]
        super().__init__(parts, rate, weight_decay, adjust_lr_fn="match_rms_adamw")
        # The library's class refuses stacks: it is given their parts in each step, and the moments stay with the stack.
        self.param_groups[0]["params"] = list(matrices)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step; parameters without a gradient stay as they are."""
        group = self.param_groups[0]
        matrices: list[Tensor] = group["params"]
        parts: list[Tensor] = []
        for matrix in matrices:
            if matrix.grad is None:
                continue
            state = self.state[matrix]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(matrix)
            triples = zip(*map(_parts, (matrix.detach(), matrix.grad, state["momentum_buffer"])), strict=True)
            for part, gradient, momentum in triples:
                part.grad = gradient
                self.state[part]["momentum_buffer"] = momentum
                parts.append(part)
        group["params"] = parts
        try:
            super().step()  # type: ignore[no-untyped-call]
        finally:
            group["params"] = matrices
            for part in parts:
                self.state.pop(part, None)


def _parts(matrix: Tensor) -> list[Tensor]:
    """The matrices of a stack, as views."""
    return [matrix.view_as(matrix)] if matrix.ndim == 2 else list(matrix.unbind(0))


def _is_matrix(name: str, parameter: Tensor) -> bool:
    """Whether a parameter is a matrix that is multiplied with: not a slot, gate, bias or embedding."""
    return parameter.ndim >= 2 and not any(word in name for word in ("slow", "embed", "wpe"))


def make_adamw(network: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW with weight decay on the big matrices alone: not on slots, gates, biases and embeddings."""
    decayed = [p for name, p in network.named_parameters() if _is_matrix(name, p)]
    plain = [p for name, p in network.named_parameters() if not _is_matrix(name, p)]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.rate, betas=config.betas, fused=True)


def make_optimisers(network: nn.Module, config: TrainingConfig) -> list[torch.optim.Optimizer]:
    """The optimisers that the configuration names; every parameter belongs to one of them."""
    if config.optimiser == "adamw":
        return [make_adamw(network, config)]
    matrices = [p for name, p in network.named_parameters() if _is_matrix(name, p)]
    others = [p for name, p in network.named_parameters() if not _is_matrix(name, p)]
    return [
        HeadwiseMuon(matrices, config.rate, config.weight_decay),
        torch.optim.AdamW(others, lr=config.rate, betas=config.betas, weight_decay=0.0, fused=True),
    ]
