"""Decoding and scoring many questions at once, for the benchmark.

Everything goes through ``Reader.advance``, as a person's question does, so that the benchmark measures what people use.
"""

from __future__ import annotations

import codecs
import collections
import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.memory.store.batches import BATCH_SEQUENCES, padded_batches
from bdh_workbench.memory.writing.encoding import answer_ids
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.reading.reader import Reader, ReaderState, Reading

DECODED_TOKENS = 4096  # tokens read at once, padding included
BATCH_COSINES = 40_000_000  # comparisons of tokens with stored rows at once
SPARE = 8  # tokens decoded past an answer's own, to see whether it ends or continues with the same word


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt and the answer that should follow it, as token ids; the answer has its end token."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]

    @staticmethod
    def of(tokenizer: Tokenizer, prompt: str, answer: str) -> Question:
        """Encode a prompt and an answer as a write does."""
        first, second = answer_ids(tokenizer, prompt, answer)
        return Question(tuple(first), tuple(second))


@dataclass(frozen=True, slots=True)
class Score:
    """How probable each token of an answer is, given the true ones before it.

    Attributes:
        tokens: p of each.
        right: whether each is the most probable one.
    """

    tokens: tuple[float, ...]
    right: tuple[bool, ...]

    @property
    def p(self) -> float:
        """Probability of the whole answer, its end included."""
        return math.prod(self.tokens)

    @property
    def min_token_p(self) -> float:
        """Probability of its least probable token."""
        return min(self.tokens)

    @property
    def greedy_correct(self) -> bool:
        """Whether each of its tokens is the most probable one, given those before it."""
        return all(self.right)


def batch_limit(reader: Reader) -> int:
    """Tokens that may be read at once, so that their comparison with every stored row fits into memory."""
    rows = 1 if reader.empty else len(reader.numbers)
    return max(128, min(DECODED_TOKENS, BATCH_COSINES // rows))


def read_long(
    reader: Reader, ids: Tensor, state: ReaderState | None = None, checkpoint: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, Reading]]:
    """Read tokens ids (B, T), however many, in parts.

    Args:
        reader: the model with its memory.
        ids: int64.
        state: after the tokens before them, None for a fresh context.
        checkpoint: called before each part; what it raises stops the reading.

    Yields:
        The place of a part's first token and what was read of the part.
    """
    length = max(1, batch_limit(reader) // len(ids))
    for start in range(0, ids.shape[1], length):
        checkpoint()
        reading = reader.advance(ids[:, start : start + length], state)
        state = reading.state
        yield start, reading


def read_last(
    reader: Reader, ids: Tensor, state: ReaderState | None = None, checkpoint: Callable[[], None] = lambda: None
) -> Reading:
    """What is read of the last part of tokens ids (B, T): the reading at the last token stands at its end."""
    ((_, reading),) = collections.deque(read_long(reader, ids, state, checkpoint), maxlen=1)
    return reading


def read_alike(reader: Reader, prompts: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Reading]]:
    """Read prompts, those of one length together.

    Yields:
        The indices of a batch, and the last part of what was read of it.
    """
    by_length: dict[int, list[int]] = {}
    for index, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt), []).append(index)
    for length, group in by_length.items():
        size = max(1, min(BATCH_SEQUENCES, batch_limit(reader) // length))
        for first in range(0, len(group), size):
            batch = group[first : first + size]
            ids = torch.tensor([list(prompts[index]) for index in batch], device=reader.model.device)
            yield batch, read_last(reader, ids)


@torch.no_grad()
def score(reader: Reader, questions: Sequence[Question]) -> list[Score]:
    """Score each question's answer after its prompt."""
    scores: list[Score] = [Score((), ())] * len(questions)
    lengths = [len(question.prompt) + len(question.answer) - 1 for question in questions]
    device = reader.model.device
    for batch in padded_batches(lengths, batch_limit(reader)):
        longest = max(lengths[index] for index in batch)
        whole = [(*questions[index].prompt, *questions[index].answer) for index in batch]
        # Padding on the right changes nothing before it.
        ids = torch.tensor([[*row[:-1], *(0,) * (longest + 1 - len(row))] for row in whole], device=device)
        wanted = torch.tensor([[*row[1:], *(0,) * (longest + 1 - len(row))] for row in whole], device=device)
        p = torch.zeros(len(batch), longest)
        right = torch.zeros(len(batch), longest, dtype=torch.bool)
        answered = torch.zeros(len(batch), longest, dtype=torch.bool)
        for place, index in enumerate(batch):
            answered[place, len(questions[index].prompt) - 1 : lengths[index]] = True
        for start, reading in read_long(reader, ids):
            part = slice(start, start + reading.stream.shape[1])
            chosen = answered[:, part].to(device)
            logits = reader.model.network.logits(reading.stream[chosen]).float()
            targets = wanted[:, part][chosen]
            p[:, part][chosen.cpu()] = logits.softmax(-1).gather(1, targets[:, None])[:, 0].cpu()
            right[:, part][chosen.cpu()] = (logits.argmax(-1) == targets).cpu()
        for place, index in enumerate(batch):
            span = slice(len(questions[index].prompt) - 1, lengths[index])
            scores[index] = Score(tuple(p[place, span].tolist()), tuple(right[place, span].tolist()))
    return scores


@torch.no_grad()
def decode(
    reader: Reader, prompts: Sequence[Sequence[int]], most: Sequence[int], done: Callable[[int, Sequence[int]], bool]
) -> list[list[int]]:
    """Continue each prompt greedily, with nothing in the context but the prompt and what was generated.

    Args:
        reader: the model with its memory.
        prompts: token ids, none of them empty.
        most: the largest number of tokens to generate after each.
        done: given a prompt's index and the tokens after it so far, says whether they are enough.

    Returns:
        The generated ids; the end token, if it came, is the last.
    """
    answers: list[list[int]] = [[] for _ in prompts]
    end = reader.model.tokenizer.end_id
    for batch, reading in read_alike(reader, prompts):
        going = set(batch)
        while going:
            chosen = reader.model.network.logits(reading.stream[:, -1]).argmax(-1)
            for index, token in zip(batch, chosen.tolist(), strict=True):
                if index in going:
                    answers[index].append(token)
                    if token == end or len(answers[index]) >= most[index] or done(index, answers[index]):
                        going.discard(index)
            if going:
                reading = reader.advance(chosen[:, None], reading.state)
    return answers


def exact(reader: Reader, questions: Sequence[Question]) -> list[bool]:
    """Whether greedy decoding from each prompt alone gives the whole answer, then ends or starts another word."""
    tokenizer = reader.model.tokenizer
    verdicts: list[bool | None] = [None] * len(questions)

    def done(index: int, generated: Sequence[int]) -> bool:
        verdicts[index] = judge(tokenizer, generated, questions[index].answer)
        return verdicts[index] is not None

    most = [len(question.answer) + SPARE for question in questions]
    generated = decode(reader, [question.prompt for question in questions], most, done)
    for index, tokens in enumerate(generated):
        if verdicts[index] is None:
            verdicts[index] = judge(tokenizer, tokens, questions[index].answer)
    return [verdict is True for verdict in verdicts]


def judge(tokenizer: Tokenizer, generated: Sequence[int], answer: Sequence[int]) -> bool | None:
    """Whether generated tokens are the answer and then end or start another word; None while it is still open."""
    wanted = b"".join(tokenizer.token_bytes(token) for token in answer)
    got = b"".join(tokenizer.token_bytes(token) for token in generated)
    if not got.startswith(wanted):
        return None if wanted.startswith(got) and tokenizer.end_id not in generated else False
    if len(got) == len(wanted):
        return True if tokenizer.end_id in generated else None
    rest = codecs.getincrementaldecoder("utf-8")(errors="replace").decode(got[len(wanted) :])
    if not rest:  # the beginning of a character
        return None
    if wanted[-1:].isdigit() and rest[0] in ".,":
        # Digits after it make another number of it: 3 is not 3.5, and 1 not 1,200.
        if len(rest) == 1:
            return True if tokenizer.end_id in generated else None
        return not rest[1].isdecimal()
    return not (rest[0] in "'’-_\u2011" or unicodedata.category(rest[0])[0] in "LNM")


def median(values: Sequence[float]) -> float | None:
    """The median, or None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def share(flags: Sequence[bool]) -> float | None:
    """The share of flags that are set, or None of nothing."""
    return sum(flags) / len(flags) if flags else None
