"""The whole of training as one resumable command: tokenizer, pre-training, addresses, calibration."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.checkpoint import save_network
from bdh_workbench.model.network import Network
from bdh_workbench.model.tokenizer import Tokenizer, load_tokenizer
from bdh_workbench.training.config import TrainingConfig, load_configs
from bdh_workbench.training.corpus import build_token_cache, encode_documents, read_corpus, validation_documents
from bdh_workbench.training.distributed import start_ranks, stop_ranks
from bdh_workbench.training.pretrain import Pretraining, stop_on_interrupt
from bdh_workbench.training.tokenizer import train_tokenizer

VALIDATION_WINDOWS = 192  # held-out windows looked at in pre-training


def train(
    corpus: str, config: str, out: Path, minutes: float | None, resume: bool, device: torch.device
) -> dict[str, Any]:
    """Train a model into ``out``, or take an interrupted run up again; working files go to ``out/run``.

    Args:
        corpus: a folder or file of text, or ``hf:NAME`` (see ``training.corpus``).
        config: a TOML file or the name of a bundled configuration.
        out: the model folder to make.
        minutes: of pre-training; None leaves the configuration's schedule.
        resume: go on from the checkpoint in ``out/run``.
        device: of this process.

    Returns:
        What was done, ready for JSON.

    Raises:
        UserError: for bad input, or when ``out`` holds a run and ``resume`` is false.
    """
    model_config, settings = load_configs(config)
    if minutes is not None:
        if minutes <= 0:
            raise UserError(f"--minutes {minutes:g} leaves no time to train: give a number above 0.")
        settings = dataclasses.replace(settings, minutes=minutes)
    folder = out / "run"
    if not resume and (folder / "checkpoint.safetensors").exists():
        raise UserError(f"{out} already holds a training run: add --resume to go on with it, or choose another --out.")
    ranks = start_ranks(device)
    try:
        stop = stop_on_interrupt()
        if ranks.first:
            _prepare_corpus(corpus, out, model_config.vocab_size, settings)
        ranks.barrier()
        tokenizer = load_tokenizer(out / "tokenizer.json")
        # A small corpus gives fewer tokens than asked for; the network is made for those there are.
        model_config = dataclasses.replace(model_config, vocab_size=tokenizer.vocab_size)
        cache = build_token_cache(corpus, tokenizer, folder / "tokens", settings.corpus_tokens or None)
        torch.manual_seed(settings.seed)
        network = Network(model_config).to(ranks.device)
        validation = held_out_windows(corpus, tokenizer, settings.early_context, VALIDATION_WINDOWS)
        run = Pretraining(network, tokenizer, cache.tokens, validation, settings, ranks, folder)
        if resume and run.resume():
            print(f"Going on at step {run.progress.step}.", file=sys.stderr)
        progress = run.run(stop)
        if ranks.first:
            save_network(out, network)
        return {
            "out": str(out),
            "parameters": sum(p.numel() for p in network.parameters()),
            "steps": progress.step,
            "tokens": progress.tokens,
            "seconds": progress.seconds,
            "held_out_loss": progress.validation[-1][3] if progress.validation else None,
        }
    finally:
        stop_ranks()


def _prepare_corpus(corpus: str, out: Path, vocab_size: int, settings: TrainingConfig) -> None:
    path = out / "tokenizer.json"
    if not path.exists():
        print("Training the tokenizer.", file=sys.stderr)
        train_tokenizer((document.text for document in read_corpus(corpus)), vocab_size).save(path)
    print("Making the corpus ready.", file=sys.stderr)
    build_token_cache(corpus, load_tokenizer(path), out / "run" / "tokens", settings.corpus_tokens or None)


def held_out_windows(corpus: str, tokenizer: Tokenizer, length: int, count: int) -> Tensor:
    """The first windows (count, length + 1) of the validation text, spread over its documents."""
    windows: list[list[int]] = []
    for ids in encode_documents(validation_documents(corpus), tokenizer, None):
        for start in range(0, min(len(ids) - length, 8 * length), length):
            windows.append([int(i) for i in ids[start : start + length + 1]])
        if len(windows) >= count:
            break
    if not windows:
        raise UserError(
            f"The validation text of {corpus} is shorter than one window of {length} tokens: use more text."
        )
    return torch.tensor(windows[:count], dtype=torch.int64)
