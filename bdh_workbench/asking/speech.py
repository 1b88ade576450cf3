"""A continuation as text: in whole characters, stopped at the end of its sentence, and never cut without a note."""

from __future__ import annotations

import codecs
import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence

from bdh_workbench.asking.answers import Heard, SpokenToken, Top
from bdh_workbench.asking.generation import GeneratedToken, TopIds, generate
from bdh_workbench.inputs.sentences import begun_sentence, may_end, sentence_stop
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sources import Source, Sources


class Speech:
    """What a reader says after a prompt, generated only as far as it is needed.

    With ``one_sentence`` it stops at the end of the sentence that the prompt began. Only the word after a stop shows
    that it is one, so tokens are kept back until that word has come, and that word is not said. A line of a document
    ends it too where the next line is a sentence of its own to the memory: a row of a table. What is read from a
    fact is said to the end of its answer, however many sentences that has.

    Attributes:
        prompt_ids: of all that is in the context.
        tokens: said so far.
        ids: of those tokens.
        ended: whether the model ended the text itself.
        cut: whether the limit of tokens ended it.
        sources: of each item that was read, in the order they were first read.
        most: tokens that may be said.
    """

    def __init__(
        self,
        reader: Reader,
        sources: Sources,
        prompt: str,
        ids: Sequence[int],
        sampling: SamplingSettings,
        *,
        one_sentence: bool = True,
        top: int = 5,
        untouched: bool = False,
        heard: Callable[[Heard], None] = lambda heard: None,
        checkpoint: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing is generated yet.

        Args:
            reader: the model with or without a memory.
            sources: of that memory.
            prompt: the text that is continued, to tell where its sentence ends.
            ids: token ids of all that is in the context.
            sampling: how tokens are chosen, and how many at most.
            one_sentence: whether to stop at the end of the sentence.
            top: how many of the most probable tokens are given with each token.
            untouched: whether to give those of the model without the memory too.
            heard: called with each token that is said.
            checkpoint: called before each reading; what it raises stops the generation.
        """
        self.sources: list[Source] = []
        self.tokens: list[SpokenToken] = []
        self.ids: list[int] = []
        self.ended = self.cut = False
        self.one_sentence, self.prompt_ids = one_sentence, ids
        self._of, self._heard, self._tokenizer, self.most = sources, heard, reader.model.tokenizer, sampling.max_tokens
        self._before = begun_sentence(prompt)
        # One token more than may be said shows whether the text ends there.
        one_more = dataclasses.replace(sampling, max_tokens=sampling.max_tokens + 1)
        self._steps = generate(reader, ids, one_more, top, untouched, checkpoint)
        self._first: GeneratedToken | None = None
        self._said = self._listen()

    @property
    def begun(self) -> bool:
        """Whether the prompt was read, and what comes first after it is known."""
        return self._first is not None

    @property
    def first(self) -> GeneratedToken:
        """The first token after the prompt, whether or not it is said."""
        if self._first is None:
            self._first = next(self._steps)
        return self._first

    @property
    def first_source(self) -> Source | None:
        """What the first token was read from."""
        return self._of.of(self.first.row)

    @property
    def top(self) -> Top:
        """The most probable first tokens."""
        return with_texts(self._tokenizer, self.first.top)

    @property
    def untouched_top(self) -> Top:
        """The most probable first tokens without the memory."""
        return with_texts(self._tokenizer, self.first.untouched_top)

    @property
    def text(self) -> str:
        """What has been said so far."""
        return "".join(token.text for token in self.tokens)

    @property
    def p(self) -> float:
        """Probability of all tokens so far, the end that the model made included."""
        return math.prod([token.p for token in self.tokens]) * self._end_p

    _end_p = 1.0

    def finish(self) -> Speech:
        """Say all of it."""
        for _ in self._said:
            pass
        return self

    def _listen(self) -> Iterator[None]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")  # half a character says nothing
        held: list[tuple[GeneratedToken, str]] = []
        text = self._before
        last: Source | None = None
        for count, step in enumerate(self._all(), start=1):
            if step.token == self._tokenizer.end_id:
                self.ended, self._end_p = True, step.p
                break
            piece = decoder.decode(self._tokenizer.token_bytes(step.token))
            source = self._of.of(step.row)
            if self.one_sentence and not (source is not None and source.kind == "fact"):
                stop = sentence_stop(text + piece, len(self._before.rstrip()))
                if stop is not None:
                    held = _trimmed([*held, (step, piece)], len(text + piece) - stop)
                    break
                if "\n" in text[len(text.rstrip()) :] and _moved_on(last, source):
                    held = _trimmed(held, len(text) - len(text.rstrip()))
                    break
                last = source
            if count > self.most:
                self.cut = not (self.one_sentence and may_end(text))
                break
            text += piece
            held.append((step, piece))
            if not self.one_sentence or not (text[-1].isspace() or may_end(text)):
                self._say(held)
                held = []
                yield
        self._say(held)

    def _all(self) -> Iterator[GeneratedToken]:
        yield self.first
        yield from self._steps

    def _say(self, steps: Sequence[tuple[GeneratedToken, str]]) -> None:
        for step, text in steps:
            source = self._of.of(step.row)
            token = SpokenToken(text, step.p, unit(step.familiarity), source is not None)
            self.tokens.append(token)
            self.ids.append(step.token)
            if source is not None and all(source.item != known.item for known in self.sources):
                self.sources.append(source)
            tops = with_texts(self._tokenizer, step.top), with_texts(self._tokenizer, step.untouched_top)
            self._heard(Heard(token, source, *tops))


def _moved_on(last: Source | None, source: Source | None) -> bool:
    """Whether two reads that follow each other are of two sentences of one document."""
    return last is not None and source is not None and last.item == source.item and last.sentence != source.sentence


def with_texts(tokenizer: Tokenizer, top: TopIds) -> Top:
    """The most probable tokens by their texts."""
    return tuple((tokenizer.token_text(token), p) for token, p in top)


def unit(cosine: float) -> float:
    """A cosine as a familiarity from 0 to 1: what points the other way is no less familiar than what is unrelated."""
    return min(1.0, max(0.0, cosine))


def _trimmed(steps: list[tuple[GeneratedToken, str]], surplus: int) -> list[tuple[GeneratedToken, str]]:
    """Steps without so many characters at their end; those that only space or nothing is left of go."""
    while steps and surplus >= len(steps[-1][1]):
        surplus -= len(steps.pop()[1])
    if steps and surplus:
        step, text = steps[-1]
        steps[-1] = (step, text[: len(text) - surplus])
    return steps
