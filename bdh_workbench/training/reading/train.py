"""The reader's own runs: resumable, by the clock, with a log, a progress bar and scalars for TensorBoard.

First it reads a lot of plain text, then it learns from questions. In the first run it fills gaps, answering one
sentence of a document with another (recurring spans, Ram et al. 2021), and guesses words that are hidden from it
(Devlin et al. 2019).
"""

from __future__ import annotations

import dataclasses
import math
import random
import string
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.reading.network import (
    PADDING_PLACE,
    QUESTION_PLACE,
    TEXT_PLACE,
    Pairs,
    ReaderConfig,
    ReaderNetwork,
    SpanScores,
    pairs_of,
)
from bdh_workbench.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from bdh_workbench.training.fused import product_type
from bdh_workbench.training.optimisers import Muon
from bdh_workbench.training.reading.examples import Example, Examples
from bdh_workbench.training.telemetry import Telemetry

TURNED = ("reader.layers.", "reader.enter", "reader.begin", "reader.end.", "guesser.turn")  # matrices, for Muon
SORTED_STEPS = 16  # steps whose examples are sorted by length
GUESSED = 8192  # most frequent words, which are guessed where they are hidden
UNFIT = -2  # place of an answer that is too long to be one


@dataclass(frozen=True, slots=True)
class ReadingConfig:
    """How the reader is trained."""

    minutes: float = 30.0  # of processor time, a thread
    batch: int = 48  # questions in a step
    rate: float = 1e-3  # highest learning rate
    final_rate: float = 2e-5  # where the cosine ends
    warmup: int = 300  # steps to the highest rate
    weight_decay: float = 0.01
    clip: float = 1.0
    dropout: float = 0.2
    tuned: bool = True  # whether word vectors are trained too
    people: float = 0.45  # share of the questions that people asked
    made: float = 0.4  # of those made by rules; the rest are gaps
    validate_minutes: float = 5.0
    save_minutes: float = 3.0
    pretraining_minutes: float = 60.0  # of work before it, on plain text
    hidden: float = 0.0  # share of the words that are to be guessed
    seed: int = 0

    @classmethod
    def lasting(cls, minutes: float, seed: int = 0) -> ReadingConfig:
        """Two thirds of the minutes for plain text, one for questions."""
        return cls(minutes=minutes / 3, pretraining_minutes=2 * minutes / 3, seed=seed)

    def pretraining(self) -> ReadingConfig:
        """The run on plain text that comes before this one."""
        return dataclasses.replace(
            self,
            minutes=self.pretraining_minutes,
            rate=1.5e-3,
            dropout=0.1,
            tuned=True,
            people=0.0,
            made=0.3,
            hidden=0.12,
        )


class Guesser(nn.Module):
    """Guesses hidden words from what stands around them, by their vectors; used in training alone."""

    def __init__(self, config: ReaderConfig) -> None:
        """Make one for a network of the same sizes."""
        super().__init__()
        self.turn = nn.Linear(config.width, config.vector, bias=False)
        self.common = nn.Parameter(torch.zeros(min(GUESSED, config.words)))

    def forward(self, x: Tensor, vectors: Tensor, words: Tensor) -> Tensor:
        """Mean -log p of words (n,) where the stream is x (n, D); vectors (V + 1, C)."""
        logits = F.linear(self.turn(x), vectors[: len(self.common)]) + self.common
        return F.cross_entropy(logits, words)


@dataclass(frozen=True, slots=True)
class ReadingFigures:
    """How well answers are found in the sentence given.

    Attributes:
        exact: share of answers that are right, unit for unit.
        f1: mean overlap of words.
        none: share of unanswerable questions for which "no answer" wins.
        answered: share of answerable ones for which it does not.
    """

    exact: float
    f1: float
    none: float
    answered: float


class ReaderTraining:
    """One run."""

    def __init__(
        self,
        network: ReaderNetwork,
        numbers: dict[str, int],
        sources: Sequence[tuple[Examples, float]],
        held_out: Sequence[Example],
        settings: ReadingConfig,
        folder: Path,
        name: str = "reader",
    ) -> None:
        """Prepare.

        Args:
            network: trained in place.
            numbers: of the words that have vectors.
            sources: examples with the share of each in a batch.
            held_out: pairs to validate on.
            settings: of the run.
            folder: checkpoint and log go here.
            name: of the run, for its checkpoint.
        """
        self.network, self.numbers, self.sources, self.held_out = network, numbers, sources, held_out
        self.settings, self.path, self.folder = settings, folder / f"{name}-checkpoint.safetensors", folder / name
        self.guesser = Guesser(network.config) if settings.hidden else None
        self.trained = nn.ModuleDict({"reader": network} | ({"guesser": self.guesser} if self.guesser else {}))
        turned = [p for name, p in self.trained.named_parameters() if name.startswith(TURNED) and p.ndim == 2]
        chosen = set(map(id, turned))
        network.vectors.weight.requires_grad_(settings.tuned)
        others = [p for p in self.trained.parameters() if id(p) not in chosen and p.requires_grad]
        self.dtype = product_type("cpu")
        self.optimisers: list[torch.optim.Optimizer] = [
            # Its updates are scaled to those of AdamW, so that both follow one rate.
            Muon(turned, settings.rate, settings.weight_decay, self.dtype),
            torch.optim.AdamW(others, settings.rate, (0.9, 0.98), weight_decay=0.0, fused=True),
        ]
        self.progress = Progress()
        self._group, self._batches = -1, list[list[Example]]()

    def resume(self) -> bool:
        """Take up a checkpoint if there is one.

        Raises:
            UserError: when it is damaged or of another network.
        """
        if not self.path.is_file():
            return False
        self.progress = load_checkpoint(self.path, self.trained, self.optimisers, {"model": self.network.settings()})
        return True

    def run(self, stop: Callable[[], bool]) -> Progress:
        """Train until the time is over or a stop is asked for; the checkpoint is written at the end."""
        settings, progress = self.settings, self.progress
        begun, before = _worked(), progress.seconds
        saved = validated = time.monotonic()
        with Telemetry(self.folder, True, progress.step) as telemetry:
            while progress.seconds < settings.minutes * 60 and not stop():
                loss = self._step()
                progress.step += 1
                progress.seconds = before + _worked() - begun
                done = min(1.0, progress.seconds / (settings.minutes * 60))
                if telemetry.due():
                    value = float(loss)
                    progress.losses.append([progress.step, progress.tokens, progress.seconds, value, self._rate(done)])
                    telemetry.log(progress, done, {"loss/train": value, "rate": self._rate(done)})
                now = time.monotonic()
                if now - validated > settings.validate_minutes * 60:
                    self._validate(telemetry)
                    validated = now
                if now - saved > settings.save_minutes * 60:
                    self.save()
                    saved = now
            self._validate(telemetry)
        self.save()
        return progress

    @property
    def finished(self) -> bool:
        """Whether the time of the run is over."""
        return self.progress.seconds >= self.settings.minutes * 60

    def save(self) -> None:
        """Write the checkpoint."""
        save_checkpoint(self.path, self.trained, self.optimisers, self.progress, {"model": self.network.settings()})

    def _rate(self, done: float) -> float:
        low, high = self.settings.final_rate, self.settings.rate
        warm = min(1.0, (self.progress.step + 1) / self.settings.warmup)
        return warm * (low + (high - low) * 0.5 * (1.0 + math.cos(math.pi * done)))

    def _step(self) -> Tensor:
        settings, progress = self.settings, self.progress
        torch.manual_seed(settings.seed * 1_000_003 + progress.step)
        read = encoded(self._batch(progress.step), self.numbers, self.network.config)
        progress.tokens += int((read.pairs.side != PADDING_PLACE).sum())
        rate = self._rate(min(1.0, progress.seconds / (settings.minutes * 60)))
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        self.trained.train()
        pairs, hidden = read.pairs, None
        if self.guesser is not None:
            pairs, hidden = with_hidden(pairs, settings.hidden, len(self.guesser.common), self.network.config.words)
        x = self.network.encode(pairs, self.dtype)
        loss = span_loss(self.network.scores(x, pairs.side), read)
        if self.guesser is not None and hidden is not None:
            loss = loss + self.guesser(x[hidden], self.network.vectors.weight, read.pairs.words[hidden])
        self.trained.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.trained.parameters(), settings.clip)
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.detach()

    def _batch(self, step: int) -> list[Example]:
        """The examples of a step: those of ``SORTED_STEPS`` steps are drawn at once and sorted, to pad little."""
        group, place = divmod(step, SORTED_STEPS)
        if self._group != group:
            chooser = random.Random(self.settings.seed * 1_000_003 + group)
            count = self.settings.batch * SORTED_STEPS
            choices = chooser.choices(self.sources, weights=[share for _, share in self.sources], k=count)
            drawn = [source.draw(chooser) for source, _ in choices]
            drawn.sort(key=lambda example: len(example.question) + sum(map(len, example.sentences)))
            order = list(range(SORTED_STEPS))
            chooser.shuffle(order)
            size = self.settings.batch
            self._batches = [drawn[number * size : (number + 1) * size] for number in order]
            self._group = group
        return self._batches[place]

    def _validate(self, telemetry: Telemetry) -> None:
        figures, loss = measured(self.network, self.numbers, self.held_out)
        progress = self.progress
        progress.validation.append([progress.step, progress.tokens, progress.seconds, loss])
        telemetry.validation(progress, loss)
        text = (
            f"exact {figures.exact:.3f}  F1 {figures.f1:.3f}  none {figures.none:.3f}  answered {figures.answered:.3f}"
        )
        telemetry.note(1.0, f"step {progress.step}  {text}")


def _worked() -> float:
    """Seconds of processor time of this process, a thread; the work of other processes does not count."""
    return time.process_time() / torch.get_num_threads()


@dataclass(frozen=True, slots=True)
class Read:
    """Questions, each with every one of its sentences as a pair of its own.

    Attributes:
        pairs: B pairs, those of a question beside each other.
        question: (B,) int64, number of the question of each pair.
        gold: (Q,) int64, place of each question's answer among the scores of its spans, (B, T, L) flattened; -1 for no
            answer, ``UNFIT`` for one that is too long.
    """

    pairs: Pairs
    question: Tensor
    gold: Tensor


def encoded(examples: Sequence[Example], numbers: dict[str, int], config: ReaderConfig) -> Read:
    """Encode examples for the network."""
    rows = [(example.question, sentence) for example in examples for sentence in example.sentences]
    counts = torch.tensor([len(example.sentences) for example in examples])
    pairs = pairs_of(rows, numbers, config)
    length = pairs.words.shape[1]
    gold = torch.full((len(examples),), -1)
    for number, (example, before) in enumerate(zip(examples, (counts.cumsum(0) - counts).tolist(), strict=True)):
        if example.answer is not None:
            sentence, first, last = example.answer
            place = len(example.question) + 1 + first
            size = last - first
            fits = size < config.longest and place + size < length
            gold[number] = ((before + sentence) * length + place) * config.longest + size if fits else UNFIT
    return Read(pairs, torch.repeat_interleave(torch.arange(len(examples)), counts), gold)


def with_hidden(pairs: Pairs, share: float, most: int, unknown: int) -> tuple[Pairs, Tensor]:
    """Pairs in which a share of the ``most`` frequent words is ``unknown``, and where: (B, T) bool.

    Of a hidden word neither form, ending nor shape is told, nor that it stands on the other side as well.
    """
    usable = ((pairs.side == QUESTION_PLACE) | (pairs.side == TEXT_PLACE)) & (pairs.words < most)
    hidden = usable & (torch.rand(pairs.words.shape) < share)
    alone = -2 - torch.arange(hidden.numel()).view_as(pairs.words)  # equal to nothing
    return (
        dataclasses.replace(
            pairs,
            words=pairs.words.masked_fill(hidden, unknown),
            same=torch.where(hidden, alone, pairs.same),
            stem=torch.where(hidden, alone, pairs.stem),
            ending=pairs.ending.masked_fill(hidden, 0),
            shape=pairs.shape.masked_fill(hidden.unsqueeze(-1), 0.0),
        ),
        hidden,
    )


def span_loss(scores: SpanScores, read: Read) -> Tensor:
    """Mean -log p of the right answers, all spans of a question's sentences competing with each other and with none.

    The score of none is its mean over the sentences.
    """
    count = len(read.gold)
    log_whole = scores.spans.flatten(1).logsumexp(1)  # (B,)
    zeros = torch.zeros(count)
    none = zeros.index_add(0, read.question, scores.none) / torch.bincount(read.question, minlength=count)
    most = log_whole.detach().max()
    whole = zeros.index_add(0, read.question, (log_whole - most).exp()) + (none - most).exp()
    picked = scores.spans.flatten()[read.gold.clamp(min=0)]
    losses = whole.log() + most - torch.where(read.gold >= 0, picked, none)
    return losses[read.gold != UNFIT].mean()


@torch.no_grad()
def measured(
    network: ReaderNetwork, numbers: dict[str, int], examples: Sequence[Example], batch: int = 64
) -> tuple[ReadingFigures, float]:
    """Figures and mean loss on questions, greedily, in fp32."""
    network.eval()
    exact, f1, none, answered, losses = [], [], [], [], []
    longest = network.config.longest
    order = sorted(range(len(examples)), key=lambda i: sum(map(len, examples[i].sentences)))
    for start in range(0, len(order), batch):
        part = [examples[i] for i in order[start : start + batch]]
        read = encoded(part, numbers, network.config)
        scores = network(read.pairs)
        losses.append(float(span_loss(scores, read)) * len(part))
        length = scores.spans.shape[1]
        best, place = scores.spans.flatten(1).max(1)
        for number, example in enumerate(part):
            rows = (read.question == number).nonzero().flatten()
            winner = int(best[rows].argmax())
            found = bool(best[rows[winner]] >= scores.none[rows].mean())
            if example.answer is None:
                none.append(float(not found))
                continue
            answered.append(float(found))
            within = int(place[rows[winner]])
            exact.append(float(int(rows[winner]) * length * longest + within == int(read.gold[number])))
            first = within // longest - len(example.question) - 1
            got = [u.folded for u in example.sentences[winner][first : first + within % longest + 1]]
            sentence, begin, end = example.answer
            f1.append(overlap(got, [u.folded for u in example.sentences[sentence][begin : end + 1]]))
    mean = [sum(values) / max(1, len(values)) for values in (exact, f1, none, answered)]
    return ReadingFigures(*mean), sum(losses) / max(1, len(examples))


def overlap(got: Sequence[str], wanted: Sequence[str]) -> float:
    """F1 of two bags of words, articles and marks left out."""
    drop = {"a", "an", "the", *string.punctuation}
    one, two = (Counter(word for word in words if word not in drop) for words in (got, wanted))
    shared = sum((one & two).values())
    return 2 * shared / max(1, sum(one.values()) + sum(two.values()))
