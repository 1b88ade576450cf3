"""Asking a memory, token by token, with the untouched model beside it."""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.asking.ask import asked, holds_something, score
from bdh_workbench.asking.decoding import batch_limit
from bdh_workbench.asking.generation import SamplingSettings, choose
from bdh_workbench.errors import UserError
from bdh_workbench.memory.as_read import is_blank
from bdh_workbench.memory.sentences import sentence_spans
from bdh_workbench.memory.settings import EMPTY_PROMPT
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.reading.reader import UNTOUCHED, Reader, ReaderState
from bdh_workbench.reading.sources import Sources
from bdh_workbench.session.control import Task
from bdh_workbench.session.events import AnswerDone, ExpectedAnswer, Source, TokenRead, TokenView, Top
from bdh_workbench.session.jobs import Query

TOP = 10  # most probable tokens that are told


@dataclass(frozen=True, slots=True)
class Spoken:
    """One token of an answer.

    Attributes:
        token: its id.
        p: its probability.
        familiarity: of the position that it was read at.
        row: of the memory that was read there, -1 for none.
        top: the most probable tokens.
        untouched: the same without the memory, behind the same tokens.
    """

    token: int
    p: float
    familiarity: float
    row: int
    top: Top
    untouched: Top


@torch.no_grad()
def speak(task: Task, reader: Reader, prompt: Sequence[int], settings: SamplingSettings) -> Iterator[Spoken]:
    """Yield the tokens of an answer, the end token included if it comes; cancelled between any two of them."""
    model = reader.model
    random = torch.Generator().manual_seed(settings.seed)
    ids = torch.tensor([list(prompt)], device=model.device)
    state: ReaderState | None = None
    for part in torch.split(ids, batch_limit(reader), dim=1):
        task.checkpoint()
        reading = reader.advance(part, state)
        state = reading.state
    token = -1
    for _ in range(settings.max_tokens):
        task.checkpoint()
        if token >= 0:
            reading = reader.advance(torch.tensor([[token]], device=model.device), state)
            state = reading.state
        scores = model.network.logits(reading.stream[:, -1]).float().cpu()[0]
        p = scores.softmax(0)
        token = choose(p, scores, settings, random)
        untouched = model.network.logits(reading.untouched[:, -1]).float().cpu()[0].softmax(0)
        yield Spoken(
            token,
            float(p[token]),
            min(1.0, max(0.0, float(reading.familiarity[0, -1]))),
            int(reading.rows[0, -1]),
            best(reader, p),
            best(reader, untouched),
        )
        if token == model.tokenizer.end_id:
            return


def best(reader: Reader, p: Tensor) -> Top:
    """The most probable tokens of p (V,), as texts."""
    found = p.topk(min(TOP, len(p)))
    texts = [reader.model.tokenizer.token_text(token) for token in found.indices.tolist()]
    return tuple(zip(texts, found.values.tolist(), strict=True))


def sentence_ended(text: str) -> bool:
    """Whether the first sentence of a text is complete, as far as can be told without what follows."""
    return "\n" in text.lstrip() or len(sentence_spans(f"{text} Next")) > 1


def _told(
    tokenizer: Tokenizer, spoken: Iterable[Spoken], most: int, one_sentence: bool
) -> Iterator[tuple[Spoken, str]]:
    """At most so many tokens with the text that each adds, to the end of the first sentence if no more is wanted."""
    decoder: codecs.IncrementalDecoder = tokenizer.stream_decoder()
    said = ""
    for number, one in enumerate(spoken, start=1):
        text = "" if one.token == tokenizer.end_id else decoder.decode(tokenizer.token_bytes(one.token))
        if one.token == tokenizer.end_id or number == most:
            text += decoder.decode(b"", final=True)  # half a character at the end
        yield one, text
        said += text
        if one_sentence and sentence_ended(said):
            return


def answer(task: Task, reader: Reader, sources: Sources, job: Query, context: Sequence[int]) -> list[int]:
    """Answer a question, sending TokenRead and AnswerDone.

    Args:
        task: of the job.
        reader: the model with its memory, to be read as the job says.
        sources: of that memory.
        job: the question.
        context: tokens to go on from; empty for a fresh context.

    Returns:
        The tokens so far, from which the next question can go on.

    Raises:
        UserError: for an empty prompt in a fresh context.
        Cancelled: when the job was cancelled.
    """
    tokenizer = reader.model.tokenizer
    sampling, prompt = job.sampling, asked(job.prompt)
    space = " " if context and prompt[:1].isalnum() else ""
    ids = [*context, *tokenizer.encode(space + prompt)]
    if not ids:
        raise UserError(EMPTY_PROMPT)
    spoken: list[Spoken] = []
    tokens: list[TokenView] = []
    found: dict[int, Source] = {}
    begun = time.monotonic()
    most, one_sentence = sampling.max_tokens, job.stop_at_sentence
    for one, text in _told(tokenizer, speak(task, reader, ids, sampling), most, one_sentence):
        spoken.append(one)
        tokens.append(TokenView(text, one.p, one.familiarity, one.row >= 0))
        untouched = one.untouched if job.compare_untouched else ()
        source = sources.of(one.row)
        if source is not None:
            found.setdefault(source.item, source)
        task.emit(TokenRead(task.id, text, one.p, one.familiarity, source, one.top, untouched))
    seconds = time.monotonic() - begun
    first = spoken[0]
    other = None
    if job.compare_untouched:
        said = [one.token for one in spoken]
        if any(one.row >= 0 for one in spoken) or not job.read.gate:
            alone = speak(task, reader.with_settings(UNTOUCHED), ids, sampling)
            said = [one.token for one, _ in _told(tokenizer, alone, most, one_sentence)]
        other = tokenizer.decode(said)
    source = sources.of(first.row)
    expected = None
    if not is_blank(job.expected) and not context:
        scored = score(reader, prompt, job.expected)
        expected = ExpectedAnswer(str(scored["text"]), float(scored["p"]), bool(scored["greedy_correct"]))
    done = AnswerDone(
        task.id,
        prompt=prompt,
        completion="".join(token.text for token in tokens),
        familiarity=first.familiarity,
        source=source,
        abstained=source is None and holds_something(sources.memory) and job.read.written,
        untouched_completion=other,
        tokens_per_second=len(spoken) / max(seconds, 1e-9),
        tokens=tuple(tokens),
        ended=spoken[-1].token == tokenizer.end_id,
        top=first.top,
        untouched_top=first.untouched if job.compare_untouched else (),
        sources=tuple(found.values()),
        expected=expected,
    )
    task.emit(done)
    return ids + [one.token for one in spoken if one.token != tokenizer.end_id]
