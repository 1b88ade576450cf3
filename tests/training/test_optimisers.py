"""The optimiser of matrices: the library's updates, also for stacks, and singular values that are alike."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bdh_workbench.training.optimisers import Muon, orthogonal


def stepped(optimiser: torch.optim.Optimizer, parameters: list[nn.Parameter]) -> None:
    torch.manual_seed(1)
    for _ in range(4):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape)
        optimiser.step()  # type: ignore[no-untyped-call, unused-ignore]


@pytest.mark.parametrize("shape", [(12, 30), (30, 12)])
def test_updates_are_those_of_the_library(shape: tuple[int, int]) -> None:
    start = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    stepped(Muon([ours], 0.02, 0.1, torch.bfloat16), [ours])
    stepped(torch.optim.Muon([theirs], 0.02, 0.1, adjust_lr_fn="match_rms_adamw"), [theirs])
    apart, moved = (ours - theirs).detach().norm(), (ours.detach() - start).norm()
    assert moved > 0.1
    # The library rounds to bfloat16 on the way.
    assert float(apart / moved) < 0.03


def test_matrices_of_a_stack_are_changed_each_by_itself() -> None:
    start = torch.randn(3, 8, 20, generator=torch.Generator().manual_seed(0))
    stack, single = nn.Parameter(start.clone()), [nn.Parameter(part.clone()) for part in start]
    stepped(Muon([stack], 0.02, 0.1, torch.bfloat16), [stack])
    torch.manual_seed(1)
    optimiser = Muon(single, 0.02, 0.1, torch.bfloat16)
    for _ in range(4):
        gradient = torch.randn(start.shape)
        for parameter, part in zip(single, gradient, strict=True):
            parameter.grad = part
        optimiser.step()
    torch.testing.assert_close(stack.detach(), torch.stack([p.detach() for p in single]), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_singular_values_are_brought_together(dtype: torch.dtype) -> None:
    matrix = torch.randn(20, 50, generator=torch.Generator().manual_seed(0)) @ torch.diag(torch.logspace(-1, 1, 50))
    values = torch.linalg.svdvals(orthogonal(matrix, dtype))
    assert float(values.min()) > 0.5
    assert float(values.max()) < 1.4


def test_a_parameter_without_a_gradient_stays() -> None:
    parameter = nn.Parameter(torch.ones(3, 4))
    Muon([parameter], 0.1, 0.1, torch.float32).step()
    assert torch.equal(parameter, torch.ones(3, 4))
