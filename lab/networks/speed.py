"""How fast a training step is, against the same step in fp32 and the plain published formula of BDH, in one run.

`python -m lab.networks.speed --config base --json` times all three in alternating blocks, so that other work on the
machine affects all of them alike. Our step is the one of ``pretrain.py`` with the configured optimiser and
precision: memory sites with slow slots, fast state and gates included, compiled where training compiles it. The second
is the same network as automatic differentiation runs it in fp32, with AdamW. The third is the formula of the paper
(Kosowski et al., arXiv 2509.26507) as its authors' code computes it, with AdamW: eager, no memory, rotary phases worked
out in each level, a head of its own (untied). Sizes, data, clipping and the dropout of zero are the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.errors import UserError
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.device import choose_device
from bdh_workbench.model.network import Network
from bdh_workbench.training import fused
from bdh_workbench.training.config import TrainingConfig, load_configs
from bdh_workbench.training.distributed import Ranks
from bdh_workbench.training.optimisers import make_adamw, make_optimisers
from bdh_workbench.training.pretrain import LanguageModel, step_type
from bdh_workbench.training.telemetry import operations_per_token

BLOCKS = 6  # of each kind, in turn
WARM_UP = 2  # steps before the clock runs
TIMED_NETWORKS = ("ours", "plain", "published")


class PublishedBDH(nn.Module):
    """The published network without memory, one line for each line of the formula; returns the loss."""

    frequencies: Tensor

    def __init__(self, config: ModelConfig) -> None:
        """Make it with the sizes of ``config``."""
        super().__init__()
        heads, width, neurons = config.heads, config.width, config.neurons
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, width)
        self.encoder = nn.Parameter(0.02 * torch.randn(heads, width, neurons))
        self.encoder_v = nn.Parameter(0.02 * torch.randn(heads, width, neurons))
        self.decoder = nn.Parameter(0.02 * torch.randn(heads * neurons, width))
        self.head = nn.Parameter(0.02 * torch.randn(width, config.vocab_size))
        self.norm = nn.LayerNorm(width, elementwise_affine=False, bias=False)
        # Neighbours form a pair and share a frequency; in turns per token.
        pairs = torch.arange(neurons).div(2, rounding_mode="floor") * 2
        frequencies = config.rope_theta ** (-pairs / neurons) / (2 * torch.pi)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Mean cross-entropy in nats of ids[:, 1:], each given the ids before it; ids (B, T + 1) int64."""
        inputs, targets = ids[:, :-1], ids[:, 1:]
        batch, length = inputs.shape
        x = self.norm(self.embed(inputs).unsqueeze(1))  # (B, 1, T, D)
        for _ in range(self.config.levels):
            s = F.relu(x @ self.encoder)  # (B, H, T, N)
            turned = self._turned(s)
            a = (turned @ turned.mT).tril(diagonal=-1) @ x  # (B, H, T, D)
            g = F.relu(self.norm(a) @ self.encoder_v)
            joined = (s * g).transpose(1, 2).reshape(batch, 1, length, -1)  # (B, 1, T, H * N)
            x = self.norm(x + self.norm(joined @ self.decoder))
        logits = x.squeeze(1) @ self.head
        return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())

    def _turned(self, s: Tensor) -> Tensor:
        steps = torch.arange(s.shape[2], device=s.device, dtype=self.frequencies.dtype)
        phases = (steps[:, None] * self.frequencies) % 1.0 * (2 * torch.pi)  # (T, N)
        across = torch.stack((-s[..., 1::2], s[..., ::2]), dim=-1).view(s.shape)
        return s * phases.cos() + across * phases.sin()


def compare_with_published(
    config: ModelConfig,
    rows: int,
    context: int,
    steps: int,
    device: torch.device | None = None,
    settings: TrainingConfig | None = None,
) -> dict[str, Any]:
    """Time our training step against the same in fp32 and the published formula's.

    Args:
        config: sizes of both.
        rows: sequences in a step.
        context: tokens in each.
        steps: in a block; there are ``BLOCKS`` blocks of each kind.
        device: to run on; None for the CPU.
        settings: name the optimiser and the precision; None for the defaults.

    Returns:
        ``ours``, ``plain`` (fp32 and AdamW) and ``published``: median tokens per second over the blocks, of wall time;
        ``ratio`` of ours to published, ``ratio_plain`` of ours to plain, both medians of ``ratios`` and
        ``ratios_plain`` of neighbouring blocks; ``cpu``: the same rates per second of processor time on a CPU, which
        other programs disturb less; ``ours_gigaflops``: 1e9 operations of matrix products a second; and what was timed.
    """
    device = device or torch.device("cpu")
    settings = settings or TrainingConfig()
    torch.manual_seed(0)
    ids = torch.randint(config.vocab_size, (rows, context + 1), device=device)
    fused.keep_freed_memory()
    network, same = Network(config).to(device), Network(config).to(device)
    plain = PublishedBDH(config).to(device)
    dtype = step_type(settings, Ranks(0, 1, device))
    ours: nn.Module = LanguageModel(network, dtype)
    if device.type == "cuda" and settings.compile:
        ours = torch.compile(ours, dynamic=False)  # type: ignore[assignment]
    adamw = torch.optim.AdamW(plain.parameters(), lr=settings.rate, betas=settings.betas, fused=True)
    steppers = [
        _stepper(ours, make_optimisers(network, settings, dtype), network, ids, settings.clip),
        _stepper(LanguageModel(same), [make_adamw(same, settings)], same, ids, settings.clip),
        _stepper(plain, [adamw], plain, ids, settings.clip),
    ]
    for step in steppers:
        _seconds(step, WARM_UP, device)
    tokens = rows * context * steps
    # [block][kind] of wall and processor time
    times = [[_seconds(step, steps, device) for step in steppers] for _ in range(BLOCKS)]
    rates = [statistics.median(tokens / block[kind][0] for block in times) for kind in range(3)]
    ratios, ratios_plain = ([block[kind][0] / block[0][0] for block in times] for kind in (2, 1))
    report = {
        **{name: round(rate, 1) for name, rate in zip(TIMED_NETWORKS, rates, strict=True)},
        "ratio": round(statistics.median(ratios), 3),
        "ratio_plain": round(statistics.median(ratios_plain), 3),
        "ratios": [round(value, 3) for value in ratios],
        "ratios_plain": [round(value, 3) for value in ratios_plain],
        "ours_gigaflops": round(rates[0] * operations_per_token(config, context) / 1e9, 2),
        "optimiser": settings.optimiser,
        "type": str(dtype).removeprefix("torch."),
        "parameters": {"ours": _count(network), "published": _count(plain)},
        "heads": {"ours": "tied", "published": "untied"},
        "rows": rows,
        "context": context,
        "steps": steps,
        "blocks": BLOCKS,
        "device": str(device),
        "threads": torch.get_num_threads(),
    }
    if device.type == "cpu":
        report["cpu"] = {
            name: round(statistics.median(tokens / block[kind][1] for block in times), 1)
            for kind, name in enumerate(TIMED_NETWORKS)
        }
    return report


def _stepper(
    model: nn.Module, optimisers: list[torch.optim.Optimizer], owner: nn.Module, ids: Tensor, clip: float
) -> Callable[[], None]:
    cuda = ids.device.type == "cuda"

    def step() -> None:
        # Ours turns this on itself; the published code trains under it as well.
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=cuda):
            loss = model(ids)
        loss.backward()
        nn.utils.clip_grad_norm_(owner.parameters(), clip)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    return step


def _seconds(step: Callable[[], None], count: int, device: torch.device) -> tuple[float, float]:
    """Wall and processor time of so many steps."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    begun, busy = time.perf_counter(), time.process_time()
    for _ in range(count):
        step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begun, time.process_time() - busy


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison from the command line; 0 if it could be made, 1 for an error explained in one line."""
    parser = argparse.ArgumentParser(prog="python -m lab.networks.speed", description=__doc__)
    parser.add_argument("--config", default="base", help="a TOML file, or tiny, small, base or bdh-30m")
    parser.add_argument("--rows", type=int, help="sequences in a step; else as configured")
    parser.add_argument("--context", type=int, help="tokens in a sequence; else as configured")
    parser.add_argument("--steps", type=int, default=3, help="steps in a block")
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda or mps")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    try:
        config, settings = load_configs(options.config)
        rows, context = options.rows or settings.early_rows, options.context or settings.early_context
        result = compare_with_published(config, rows, context, options.steps, choose_device(options.device), settings)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result))
    else:
        print(
            f"ours {result['ours']:,.0f} tokens/s, in fp32 with AdamW {result['plain']:,.0f}, published formula "
            f"{result['published']:,.0f}, ratio {result['ratio_plain']:.2f} to the former, {result['ratio']:.2f} to "
            "the latter"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
