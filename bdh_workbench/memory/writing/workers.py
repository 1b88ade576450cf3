"""Writing banks in several processes at once: each has the model, and receives and returns one bank at a time."""

from __future__ import annotations

import dataclasses
import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Sequence

import torch

from bdh_workbench.errors import UserError
from bdh_workbench.memory.store.algebra import unwatched
from bdh_workbench.memory.writing.bank import BankResult, Job, write_bank
from bdh_workbench.model.loading import Model, load_model

WAIT = 0.2  # seconds between two looks at whether to stop

_model: Model | None = None  # of a worker process, loaded once


def write_in_workers(
    model: Model, jobs: Sequence[Job], workers: int, watch: Callable[[], None]
) -> Iterator[BankResult]:
    """Write banks in processes of their own, and give the results in the order of the jobs.

    Args:
        model: that the processes load too, from its folder.
        jobs: of each bank.
        workers: processes.
        watch: called now and then; what it raises ends the processes.

    Raises:
        UserError: when the model has no folder to be loaded from, or as ``write_bank``.
    """
    if not (model.folder / "config.json").is_file():
        raise UserError("This model is not in a folder, so no other process can load it: write with one worker.")
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(workers, len(jobs)), _load, (str(model.folder), model.fingerprint)) as pool:
        # Bytes, not tensors: these would be handed over as shared memory, of which there may be little.
        results = pool.imap(_write, (pickle.dumps(_small(job)) for job in jobs))
        for _ in jobs:
            while True:
                watch()
                try:
                    made = results.next(WAIT)
                except multiprocessing.TimeoutError:
                    continue
                break
            result = pickle.loads(made)
            if isinstance(result, str):
                raise UserError(result)
            yield result


def _small(job: Job) -> Job:
    """A job without the texts of items, which a bank's write does not look at."""
    items = tuple(dataclasses.replace(item, text=None) for item in job.bank.items)
    return dataclasses.replace(job, bank=dataclasses.replace(job.bank, items=items))


def _load(folder: str, fingerprint: str) -> None:
    global _model
    torch.set_num_threads(1)
    _model = load_model(folder, torch.device("cpu"))
    assert _model.fingerprint == fingerprint


def _write(job: bytes) -> bytes:
    assert _model is not None
    steps = write_bank(_model, pickle.loads(job), unwatched)
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        return pickle.dumps(stop.value)
    except UserError as problem:
        return pickle.dumps(str(problem))
