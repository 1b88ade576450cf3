"""One question to a memory: the answer, how surely it comes, and where it comes from."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from bdh_workbench.asking.decoding import Question, exact
from bdh_workbench.asking.generation import SamplingSettings, generate, score_answer
from bdh_workbench.memory.as_read import as_read
from bdh_workbench.memory.items import composed, same_text
from bdh_workbench.memory.state import Memory
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sources import Source, Sources


@dataclass(frozen=True, slots=True)
class SpokenToken:
    """One token of an answer.

    Attributes:
        text: what it adds to the answer; empty while a character is not whole.
        p: its probability.
        familiarity: of the position that it was read from.
    """

    text: str
    p: float
    familiarity: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    Attributes:
        completion: the generated text.
        tokens: of the completion.
        ended: whether the model ended the answer itself.
        top: the most probable first tokens, (text, p), best first.
        familiarity: of the position that the first token was read from.
        source: of that position; None where nothing was read.
        abstained: whether there is a memory that holds something, and nothing of it was read there.
    """

    completion: str
    tokens: tuple[SpokenToken, ...]
    ended: bool
    top: tuple[tuple[str, float], ...]
    familiarity: float
    source: Source | None
    abstained: bool


def ask(
    reader: Reader,
    prompt: str,
    settings: SamplingSettings | None = None,
    top: int = 5,
    say: Callable[[str], None] = lambda text: None,
) -> Answer:
    """Ask a question in a fresh context.

    Args:
        reader: the model with or without a memory.
        prompt: the beginning of a sentence, or a question.
        settings: how tokens are chosen.
        top: how many of the most probable first tokens are told.
        say: told each piece of the answer as soon as it is known.

    Raises:
        UserError: for an empty prompt.
    """
    tokenizer, prompt = reader.model.tokenizer, asked(prompt)
    decoder: codecs.IncrementalDecoder = tokenizer.stream_decoder()
    spoken: list[SpokenToken] = []
    first = None
    ended = False
    for token in generate(reader, tokenizer.encode(prompt), settings or SamplingSettings(), tokenizer.end_id, top):
        first = first or token
        ended = token.token == tokenizer.end_id
        if not ended:
            text = decoder.decode(tokenizer.token_bytes(token.token))
            spoken.append(SpokenToken(text, token.p, _unit(token.familiarity)))
            say(text)
    rest = decoder.decode(b"", final=True)
    if rest:  # half a character at the end
        last = spoken[-1]
        spoken[-1] = SpokenToken(last.text + rest, last.p, last.familiarity)
        say(rest)
    assert first is not None
    source = Sources(reader.memory).of(first.row)
    return Answer(
        completion="".join(token.text for token in spoken),
        tokens=tuple(spoken),
        ended=ended,
        top=tuple((tokenizer.token_text(token), p) for token, p in first.top),
        familiarity=_unit(first.familiarity),
        source=source,
        abstained=source is None and holds_something(reader.memory) and reader.settings.written,
    )


def asked(prompt: str) -> str:
    """A prompt as it is read; a space that was typed after it belongs to the answer's first word."""
    return as_read(composed(prompt)).rstrip(" ")


def holds_something(memory: Memory | None) -> bool:
    """Whether there is anything that an answer could have come from: else it is not "not in memory"."""
    return memory is not None and bool(memory.items)


def _unit(cosine: float) -> float:
    """A cosine as a familiarity from 0 to 1: what points the other way is no less familiar than what is unrelated."""
    return min(1.0, max(0.0, cosine))


def score(reader: Reader, prompt: str, answer: str) -> dict[str, Any]:
    """How probable an answer is behind a prompt, in the keys of ``query --answer``.

    ``p`` is of the whole answer, its end included unless it is read from a document, which goes on behind it;
    ``greedy_correct`` says whether greedy decoding from the prompt alone gives the whole answer and then ends it or
    goes on to another word.
    """
    prompt, answer = asked(prompt), same_text(answer)
    question = Question.of(reader.model.tokenizer, prompt, answer)
    reading = reader.advance(torch.tensor([question.prompt], device=reader.model.device))
    source = Sources(reader.memory).of(int(reading.rows[0, -1]))
    wanted = question.answer[:-1] if source is not None and source.kind == "document" else question.answer
    found = score_answer(reader, question.prompt, wanted)
    texts = [reader.model.tokenizer.token_text(token) for token in wanted]
    return {
        "text": answer,
        "p": found.p,
        "min_token_p": found.min_token_p,
        "first_token_p": found.first_token_p,
        "greedy_correct": exact(reader, [question])[0],
        "tokens": [{"text": text, "p": p} for text, p in zip(texts, found.tokens, strict=True)],
    }
