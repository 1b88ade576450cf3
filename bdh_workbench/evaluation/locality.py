"""Locality: what a memory changes on text that has nothing to do with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bdh_workbench.asking.decoding import batch_limit
from bdh_workbench.errors import UserError
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.reading.reader import Reader, ReaderState
from bdh_workbench.resources import resource_path
from bdh_workbench.training.addressing.calibration import CALIBRATION_TOKENS, CALIBRATION_WINDOWS
from bdh_workbench.training.corpus import CorpusDocument, encode_documents, read_corpus, validation_documents

LEAST_TOKENS = 100_000  # of held-out text that are read at least, where there are so many
PLAIN_SAMPLE = 10_000  # of them that are also read without the gate, which is slow
CALIBRATED = (
    CALIBRATION_WINDOWS * CALIBRATION_TOKENS
)  # first tokens of validation text: thresholds are set on them, so that they flatter
TEXT_CHARACTERS = 8_000_000  # of a text that are looked at; the windows are spread over them


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Windows (n, T + 1) of held-out text, and the name of where it comes from."""

    windows: Tensor
    name: str

    def sample(self, tokens: int) -> HeldOut:
        """About so many tokens of it, spread evenly."""
        length = self.windows.shape[1] - 1
        return HeldOut(_spread(self.windows, -(-tokens // length)), self.name)


def held_out(
    location: str | None, tokenizer: Tokenizer, context: int, tokens: int = LEAST_TOKENS, skip: int = 0
) -> HeldOut:
    """Cut text into windows of the model's context.

    Args:
        location: a file or folder of text; of a corpus its ``*-val*`` shards alone are read. None for the bundled text,
            which writes are held to as well, so that it flatters; it is then called ``bundled``. The first tokens of
            validation text, which thresholds are set on, are left out where there are enough others.
        tokenizer: of the model.
        context: tokens in a window.
        tokens: wanted at least, where there are so many.
        skip: documents at its beginning that are left out, as they are what is stored.

    Raises:
        UserError: when there is no such text or too little of it.
    """
    name, validation = "bundled", False
    if location is None:
        text = resource_path("locality.txt").read_text(encoding="utf-8")
        documents: Iterator[CorpusDocument] = iter([CorpusDocument(text, name, "")])
    else:
        name = Path(location).name or str(location)
        documents, validation = _text(location)
    ids = np.concatenate(
        [np.zeros(0, np.int64), *encode_documents(_first(itertools.islice(documents, skip, None)), tokenizer)]
    ).astype(np.int64)
    if validation and len(ids) - CALIBRATED > tokens:
        ids = ids[CALIBRATED:]
    total = (len(ids) - 1) // context
    if total < 1:
        raise UserError(f"The text {name} is shorter than one window of {context} tokens: give more text with --text.")
    windows = torch.from_numpy(np.stack([ids[n * context : (n + 1) * context + 1] for n in range(total)]))
    return HeldOut(_spread(windows, -(-tokens // context)), name)


def _text(location: str) -> tuple[Iterator[CorpusDocument], bool]:
    """The documents of a text, and whether they are those kept for validation."""
    folder = Path(location)
    if folder.is_dir() and any(folder.rglob("*-val*")):
        return validation_documents(location), True
    return read_corpus(location, exclude_validation=False), "-val" in folder.name


def _first(documents: Iterator[CorpusDocument]) -> Iterator[CorpusDocument]:
    seen = 0
    for document in documents:
        if seen > TEXT_CHARACTERS:
            return
        seen += len(document.text)
        yield document


def _spread(windows: Tensor, count: int) -> Tensor:
    if count >= len(windows):
        return windows
    return windows[torch.linspace(0, len(windows) - 1, max(1, count)).round().long()]


@torch.no_grad()
def locality(
    model: Model, readers: Mapping[str, Reader], text: HeldOut, watch: Callable[[float], None] | None = None
) -> dict[str, dict[str, float]]:
    """Compare what each reader predicts on held-out text with the untouched model, in one pass.

    Args:
        model: the frozen model.
        readers: by name, all of this model.
        text: to read, each window on its own.
        watch: called with the share that is done.

    Returns:
        For each reader ``tokens``, ``loss_before`` and ``loss_after`` in nats per token, ``relative_change``,
        ``top1_agreement`` and ``open``, the share of positions at which something was read.
    """
    size = max(1, min(batch_limit(reader) for reader in readers.values()) // (text.windows.shape[1] - 1))
    before = 0.0
    added = dict.fromkeys(readers, 0.0)
    agreed, opened = dict.fromkeys(readers, 0), dict.fromkeys(readers, 0)
    count, done = 0, 0
    for part in torch.split(text.windows, size):
        ids, wanted = part[:, :-1].to(model.device), part[:, 1:].to(model.device)
        stream, network = model.network.advance(ids)
        raw, summaries = model.site.summaries(ids)
        logits = model.network.logits(stream).float()
        loss = cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none").view(wanted.shape)
        best = logits.argmax(-1)
        before += float(loss.double().sum())
        count += wanted.numel()
        start = ReaderState.behind(ids, network, summaries, None)
        for name, reader in readers.items():
            reading = reader.read(ids, stream, raw, start)
            opened[name] += int((reading.rows >= 0).sum())
            # Where the read added nothing, every bit of the stream and so of the logits is as before.
            changed = (reading.stream != stream).any(-1)
            after = model.network.logits(reading.stream[changed]).float()
            losses = cross_entropy(after, wanted[changed], reduction="none")
            added[name] += float((losses - loss[changed]).double().sum())
            agreed[name] += int((after.argmax(-1) == best[changed]).sum()) + int((~changed).sum())
        done += len(part)
        if watch is not None:
            watch(done / len(text.windows))
    mean = before / count
    return {
        name: {
            "tokens": count,
            "loss_before": mean,
            "loss_after": mean + added[name] / count,
            "relative_change": added[name] / before,
            "top1_agreement": agreed[name] / count,
            "open": opened[name] / count,
        }
        for name in readers
    }
