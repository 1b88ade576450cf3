"""Pre-training: schedule, resuming to the bit, checkpoints that are refused, synthetic rows, and two processes."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from bdh_workbench.errors import UserError
from bdh_workbench.model.network import TOKENS_AT_ONCE, Network
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.training import checkpoint, fused
from bdh_workbench.training.checkpoint import Progress
from bdh_workbench.training.config import CONFIGS, TrainingConfig, load_configs
from bdh_workbench.training.distributed import Ranks, start_ranks
from bdh_workbench.training.optimisers import Muon, make_adamw, make_optimisers
from bdh_workbench.training.pretrain import (
    LanguageModel,
    Pretraining,
    SyntheticRows,
    held_out_loss,
    learning_rate,
    levels_at,
    share_done,
    step_type,
)
from tests.core_factory import general_ids, tiny_config

ROOT = Path(__file__).resolve().parents[2]
ALONE = Ranks(0, 1, torch.device("cpu"))
LENGTH = 16
STEPS = 10
SCHEDULE = TrainingConfig(
    early_rows=4,
    late_rows=2,
    early_context=LENGTH,
    late_context=2 * LENGTH,
    tokens=STEPS * 4 * LENGTH,
    minutes=0.0,
    rate=1e-2,
    final_rate=1e-3,
    warmup=3,
    synthetic=0.25,
    start_levels=1,
    average_share=0.3,
    compile=False,
)


def corpus() -> npt.NDArray[np.int64]:
    return np.tile(general_ids(), 2)


def prepared(folder: Path, config: TrainingConfig = SCHEDULE, **changes: Any) -> Pretraining:
    torch.manual_seed(0)
    network = Network(tiny_config(**changes))
    validation = torch.from_numpy(corpus()[: 4 * (LENGTH + 1)]).reshape(4, LENGTH + 1)
    return Pretraining(network, ByteTokenizer(), corpus(), validation, config, ALONE, folder)


def parameters(run: Pretraining) -> list[bytes]:
    return [p.detach().numpy().tobytes() for p in run.network.parameters()]


def after(steps: int) -> Callable[[], bool]:
    """A stop that is asked for in the given step."""
    asked = iter(range(1, 10_000))
    return lambda: next(asked) >= steps


# Schedule


def test_the_rate_warms_up_and_then_falls_along_a_cosine() -> None:
    config = TrainingConfig(rate=1.0, final_rate=0.1, warmup=10)
    assert learning_rate(config, 0, 0.0) == pytest.approx(0.1)
    assert learning_rate(config, 4, 0.0) == pytest.approx(0.5)
    assert learning_rate(config, 9, 0.0) == pytest.approx(1.0)
    assert learning_rate(config, 500, 0.5) == pytest.approx(0.55)
    assert learning_rate(config, 500, 0.25) == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 4)))
    assert learning_rate(config, 900, 1.0) == pytest.approx(0.1) == learning_rate(config, 900, 1.7)
    rates = [learning_rate(config, 500, done / 100) for done in range(101)]
    assert rates == sorted(rates, reverse=True)
    short = TrainingConfig(rate=1.0, final_rate=1.0, warmup=300)
    assert learning_rate(short, 5, 0.05) == pytest.approx(0.5) and learning_rate(short, 10, 0.1) == 1.0


def test_the_schedule_ends_with_tokens_or_minutes_whichever_comes_first() -> None:
    both = TrainingConfig(tokens=1000, minutes=2.0)
    assert share_done(both, Progress(tokens=100, seconds=60.0)) == pytest.approx(0.5)
    assert share_done(both, Progress(tokens=900, seconds=60.0)) == pytest.approx(0.9)
    assert share_done(both, Progress(tokens=5000)) == 1.0
    assert share_done(TrainingConfig(tokens=0, minutes=1.0), Progress(tokens=10**9, seconds=30.0)) == pytest.approx(0.5)
    assert share_done(TrainingConfig(tokens=1000), Progress(seconds=1e9)) == 0.0


def test_gates_slots_and_embeddings_are_not_decayed() -> None:
    network = Network(tiny_config())
    config = TrainingConfig(weight_decay=0.3)
    names = {id(p): name for name, p in network.named_parameters()}
    groups = make_adamw(network, config).param_groups
    decayed = {names[id(p)] for group in groups if group["weight_decay"] == 0.3 for p in group["params"]}
    plain = {names[id(p)] for group in groups if group["weight_decay"] == 0.0 for p in group["params"]}
    assert decayed | plain == set(names.values()) and not decayed & plain
    assert {"encoder.weight", "encoder_v", "decoder.weight"} <= decayed
    assert {"embed.weight", "sites.0.slow", "sites.0.gate_slow", "sites.0.gate_fast"} <= plain


def test_the_last_part_uses_the_longer_windows(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    seen: list[tuple[int, ...]] = []
    for batch in run._batches():
        seen.append(tuple(batch.shape))
        run.progress.tokens += batch[:, 1:].numel()
    late = math.ceil(STEPS * SCHEDULE.late_share)
    assert seen == [(4, LENGTH + 1)] * (STEPS - late) + [(2, 2 * LENGTH + 1)] * late
    assert run.progress.early_position == 4 * (STEPS - late) and run.progress.late_position == 2 * late


# Training


def test_the_loss_falls_and_everything_is_logged(tmp_path: Path) -> None:
    config = dataclasses.replace(SCHEDULE, tokens=60 * 4 * LENGTH, synthetic=0.0, validate_minutes=1e-4)
    run = prepared(tmp_path, config)
    before = held_out_loss(run.network, run.validation)
    assert before == pytest.approx(math.log(257), abs=0.3), "at first every byte is as likely as another"
    progress = run.run()
    assert progress.step == 60 and progress.tokens == config.tokens and progress.seconds > 0.0
    assert progress.validation[-1][3] == pytest.approx(held_out_loss(run.network, run.validation))
    assert progress.validation[-1][3] < before - 1.5
    assert "held-out loss" in (tmp_path / "log.txt").read_text()
    assert run.checkpoint.is_file()


def test_the_held_out_loss_is_the_mean_over_all_windows() -> None:
    torch.manual_seed(0)
    network = Network(tiny_config())
    windows = torch.from_numpy(corpus()[: 11 * 17]).reshape(11, 17)
    with torch.no_grad():
        logits = network.logits(network(windows[:, :-1]))
    wanted = torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    assert held_out_loss(network, windows, rows=4) == pytest.approx(float(wanted), rel=1e-5)
    assert float(LanguageModel(network)(windows).detach()) == pytest.approx(float(wanted), rel=1e-5)


# Resuming


@pytest.mark.parametrize("stop", [1, 4, 9])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path, stop: int) -> None:
    whole = prepared(tmp_path / "whole")
    whole.run()
    first = prepared(tmp_path / "parts")
    first.run(after(stop))
    assert first.progress.step == stop
    torch.manual_seed(99)  # another process begins with other random numbers
    second = prepared(tmp_path / "parts")
    assert second.resume() and second.progress.step == stop
    assert parameters(second) == parameters(first) != parameters(whole)
    second.run()
    assert parameters(second) == parameters(whole)
    ignored = ("seconds", "losses", "validation", "gates")
    one, two = (dataclasses.asdict(run.progress) for run in (whole, second))
    assert {k: v for k, v in one.items() if k not in ignored} == {k: v for k, v in two.items() if k not in ignored}


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    run.run()
    again = prepared(tmp_path)
    assert again.resume()
    again.run()
    assert parameters(again) == parameters(run) and again.progress.step == run.progress.step
    longer = prepared(tmp_path, dataclasses.replace(SCHEDULE, tokens=2 * SCHEDULE.tokens))
    assert longer.resume()
    assert longer.run().tokens == 2 * SCHEDULE.tokens


def test_without_a_checkpoint_there_is_nothing_to_resume(tmp_path: Path) -> None:
    assert not prepared(tmp_path).resume()


def test_a_checkpoint_of_another_model_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    prepared(tmp_path).run(after(1))
    other = prepared(tmp_path, width=16)
    before = parameters(other)
    with pytest.raises(UserError, match="another model configuration"):
        other.resume()
    assert parameters(other) == before
    assert prepared(tmp_path, write_slots=64).resume(), "what shapes only the write site may change"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(b"\x00\xff" * 500),
        lambda path: path.write_bytes(b""),
        lambda path: changed(path, lambda tensors, notes: notes.clear()),
        lambda path: changed(path, lambda tensors, notes: notes.update(progress="{")),
        lambda path: changed(path, lambda tensors, notes: notes.update(progress='{"steps": 1}')),
        lambda path: changed(path, lambda tensors, notes: notes.update(settings="[]")),
        lambda path: changed(path, lambda tensors, notes: tensors.pop("model.embed.weight")),
        lambda path: changed(path, lambda tensors, notes: tensors.update({"model.encoder_v": torch.zeros(3)})),
        lambda path: changed(path, lambda tensors, notes: tensors.pop("random")),
        lambda path: changed(path, lambda tensors, notes: tensors.update(random=torch.zeros(3, dtype=torch.uint8))),
    ],
)
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    run = prepared(tmp_path)
    run.run(after(1))
    damage(run.checkpoint)
    with pytest.raises(UserError, match="damaged or not a checkpoint"):
        prepared(tmp_path).resume()


def changed(path: Path, change: Callable[[dict[str, Any], dict[str, str]], object]) -> None:
    tensors: dict[str, Any] = dict(load_file(path))
    header = path.read_bytes()
    notes = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["__metadata__"]
    change(tensors, notes)
    save_file(tensors, path, metadata=notes)


# Optimisers, depth, mean of the weights


def test_every_parameter_has_one_optimiser() -> None:
    network = Network(tiny_config())
    muon, rest = make_optimisers(network, TrainingConfig())
    owned = [p for optimiser in (muon, rest) for group in optimiser.param_groups for p in group["params"]]
    assert len(owned) == len(set(owned)) and set(owned) == set(network.parameters())
    assert {id(p) for p in muon.param_groups[0]["params"]} == {
        id(p)
        for p in (network.encoder.weight, network.encoder_v, network.decoder.weight, network.sites[0].address.weight)
    }


def test_depth_grows_level_by_level() -> None:
    config = TrainingConfig(start_levels=2, grow_share=0.4)
    assert [levels_at(config, 4, done) for done in (0.0, 0.19, 0.21, 0.39, 0.4, 1.0)] == [2, 2, 3, 3, 4, 4]
    assert levels_at(TrainingConfig(), 4, 0.0) == 4
    torch.manual_seed(0)
    deep, ids = Network(tiny_config(levels=3)), torch.randint(257, (2, 9))
    shallow = Network(tiny_config(levels=2))
    shallow.load_state_dict(deep.state_dict())
    assert torch.equal(deep(ids, 2), shallow(ids)) and not torch.allclose(deep(ids), shallow(ids))


def test_the_end_of_a_run_is_the_mean_of_its_last_weights(tmp_path: Path) -> None:
    config = dataclasses.replace(SCHEDULE, tokens=64 * 4 * LENGTH, late_share=0.0, average_share=0.5)
    run = prepared(tmp_path, config)
    seen: list[torch.Tensor] = []
    plain = run._keep_average

    def spied(over: bool) -> None:
        if run.progress.step >= 32 and (over or run.progress.step % 8 == 0):
            seen.append(run.network.encoder_v.detach().clone())
        plain(over)

    run._keep_average = spied  # type: ignore[method-assign]
    run.run()
    assert len(seen) == 5
    assert torch.allclose(run.network.encoder_v, torch.stack(seen).mean(0), atol=1e-6)
    assert not torch.allclose(run.network.encoder_v, seen[-1], atol=1e-4)


def test_the_last_part_has_no_synthetic_rows(tmp_path: Path) -> None:
    config = dataclasses.replace(SCHEDULE, synthetic=1.0, plain_share=0.5, late_share=0.0, tokens=8 * 4 * LENGTH)
    run = prepared(tmp_path, config)
    rows = {tuple(row) for row in run.early.batch(0, 8 * 4).tolist()}
    real = []
    for batch in run._batches():
        real.append(sum(tuple(row) in rows for row in batch.tolist()))
        run.progress.tokens += batch[:, 1:].numel()
    assert real == [0] * 4 + [4] * 4


# Synthetic rows


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(1, 30))
def test_synthetic_rows_follow_from_seed_rank_and_place(position: int, rows: int) -> None:
    source, plain = SyntheticRows(ByteTokenizer(), 3, 0), np.zeros((rows, 40), dtype=np.int64)
    mixed = source.mix(plain.copy(), position, 0.5)
    assert (mixed == SyntheticRows(ByteTokenizer(), 3, 0).mix(plain.copy(), position, 0.5)).all()
    one_by_one = [source.mix(plain[:1].copy(), position + row, 0.5)[0] for row in range(rows)]
    assert (np.stack(one_by_one) == mixed).all(), "how a batch is cut does not matter"
    assert mixed.min() >= 0 and mixed.max() < 257


def test_synthetic_rows_come_at_the_wanted_share_and_others_are_left_alone() -> None:
    plain = np.full((240, 24), 7, dtype=np.int64)
    source = SyntheticRows(ByteTokenizer(), 0, 0)
    mixed = source.mix(plain.copy(), 0, 0.2)
    made = (mixed != 7).any(axis=1)
    assert 0.12 < made.mean() < 0.28
    assert (mixed[~made] == 7).all()
    text = ByteTokenizer().decode(mixed[made][0].tolist())
    assert (text.strip() and text.isprintable()) or "\n" in text
    assert (source.mix(plain.copy(), 0, 0.0) == 7).all()
    every = source.mix(plain[:20].copy(), 0, 1.0)
    assert (every != 7).any(axis=1).all()
    other = SyntheticRows(ByteTokenizer(), 0, 1).mix(plain[:20].copy(), 0, 1.0)
    assert (other != every).any(), "each rank has text of its own"


# Configuration


@pytest.mark.parametrize("name", sorted(path.stem for path in CONFIGS.glob("*.toml")))
def test_bundled_configurations_are_sound(name: str) -> None:
    model, training = load_configs(name)
    assert model.levels >= 1 and max(training.early_context, training.late_context) <= TOKENS_AT_ONCE


@pytest.mark.parametrize(
    "wrong",
    [
        "[training]\nminutes = 0\ntokens = 0",
        "[training]\nrate = 1e-5",
        "[training]\nearly_rows = 0",
        "[training]\nlate_context = 513",
        "[training]\nsynthetic = 1.5",
        "[training]\nminutes = nan",
        "[training]\nearly_rows = 2.5",
        "[training]\nbetas = [0.9]",
        '[training]\nbetas = ["a", "b"]',
        '[training]\noptimiser = "sgd"',
        "[training]\nstart_levels = 1",
        "[training]\nstart_levels = 7",
        "[training]\ncompile = 1",
        "[training]\ncolour = 3",
        "[model]\nwidth = -1",
        "[other]\na = 1",
        "training = 3",
        "[training",
        "\x00\x01",
    ],
)
def test_a_configuration_that_would_fail_later_is_refused_at_once(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(wrong)
    with pytest.raises(UserError) as error:
        load_configs(str(path))
    assert str(error.value).endswith(".")


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing-here"):
        load_configs("nothing-here")
    with pytest.raises(UserError):
        load_configs(str(tmp_path))


# Ranks


def test_a_plain_run_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    ranks = start_ranks(torch.device("cpu"))
    assert ranks == ALONE and ranks.first
    assert ranks.agree([1.0, 2.0]) == [1.0, 2.0] and float(ranks.mean(torch.tensor(3.0))) == 3.0
    ranks.barrier()


def test_all_ranks_multiply_in_the_type_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "product_type", lambda kind: torch.bfloat16)
    monkeypatch.setattr(Ranks, "agree", lambda ranks, values: [0.0 for _ in values])
    run = prepared(tmp_path)
    muon = run.optimisers[0]
    assert isinstance(muon, Muon) and run.dtype == muon.dtype == torch.float32


def test_only_a_cpu_can_be_kept_from_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "product_type", lambda kind: torch.bfloat16)
    plain = TrainingConfig(bf16=False)
    assert step_type(plain, ALONE) == torch.float32 and step_type(TrainingConfig(), ALONE) == torch.bfloat16
    assert step_type(plain, Ranks(0, 1, torch.device("cuda"))) == torch.bfloat16


WORKER = """
import dataclasses, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from bdh_workbench.training.distributed import start_ranks, stop_ranks
from tests.training import test_pretrain as t

torch.set_num_threads(1)
ranks = start_ranks(torch.device("cpu"))
folder = Path(sys.argv[1])
t.ALONE = ranks
run = t.prepared(folder, t.PARALLEL)
run.run()
save_file({n: p.detach() for n, p in run.network.named_parameters()}, folder / f"rank{ranks.rank}.safetensors")
agreed = ranks.agree([float(ranks.rank + 5)])
mean = float(ranks.mean(torch.tensor(float(ranks.rank))))
(folder / f"rank{ranks.rank}.txt").write_text(f"{ranks.world} {agreed[0]} {mean} {run.progress.tokens}")
stop_ranks()
"""
PARALLEL = dataclasses.replace(
    SCHEDULE, synthetic=0.0, optimiser="adamw", bf16=False, late_share=0.0, tokens=4 * 4 * LENGTH
)


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path: Path) -> None:
    """Under torchrun with gloo: each has half of every batch, both end with the same parameters, as one alone does."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [*command, str(script), str(tmp_path)], env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr[-3000:]
    one, two = (load_file(tmp_path / f"rank{rank}.safetensors") for rank in (0, 1))
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
    notes = {(tmp_path / f"rank{rank}.txt").read_text() for rank in (0, 1)}
    assert notes == {f"2 5.0 0.5 {PARALLEL.tokens}"}
    alone = prepared(tmp_path / "alone", PARALLEL)
    alone.run()
    for name, parameter in alone.network.named_parameters():
        torch.testing.assert_close(one[name], parameter.detach(), atol=2e-4, rtol=1e-3)
    resumed = prepared(tmp_path, PARALLEL)
    assert resumed.resume(), "the first rank saved a checkpoint"
    assert all(torch.equal(one[name], p.detach()) for name, p in resumed.network.named_parameters())


def test_a_checkpoint_that_travels_in_parts_goes_on_as_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "PART", 20_000)
    run = prepared(tmp_path)
    run.run(after(8))
    assert run.progress.averaged == 1, "the mean of the weights has begun"
    whole = run.checkpoint.read_bytes()
    parts = checkpoint.cut_checkpoint(run.checkpoint)
    assert len(parts) > 2 and all(part.stat().st_size <= 20_000 for part in parts)
    assert not checkpoint.join_checkpoint(run.checkpoint), "the checkpoint is there"
    run.checkpoint.unlink()
    assert checkpoint.join_checkpoint(run.checkpoint) and run.checkpoint.read_bytes() == whole
    (tmp_path / f"{run.checkpoint.name}.999").write_bytes(b"left over")
    assert len(checkpoint.cut_checkpoint(run.checkpoint)) == len(parts)
    again = prepared(tmp_path)
    assert again.resume() and again.average.keys() == dict(again.network.named_parameters()).keys()
    again.run()
    run.run()
    assert parameters(again) == parameters(run)
