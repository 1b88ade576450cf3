"""The result of a question, as records. Importing this does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bdh_workbench.asking.kinds import Kind
from bdh_workbench.reading.sentence_evidence import Place
from bdh_workbench.reading.sources import Source
from bdh_workbench.wording import shortened

Mode = Literal["question", "beginning"]

Top = tuple[tuple[str, float], ...]
"""The most probable next tokens, (text, p), best first."""


@dataclass(frozen=True, slots=True)
class SpokenToken:
    """One token of a continuation.

    Attributes:
        text: what it adds to the text; empty while a character is not whole.
        p: its probability.
        familiarity: of the position that it was read from, from 0 to 1.
        read: whether the memory was read there.
    """

    text: str
    p: float
    familiarity: float
    read: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A token as it is passed on while a continuation is generated.

    Attributes:
        token: the token.
        source: of what was read there, None for nothing.
        top: the most probable tokens there.
        untouched_top: the same without the memory, after the same text; empty where not asked for.
    """

    token: SpokenToken
    source: Source | None
    top: Top
    untouched_top: Top


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, and the answer in it.

    Attributes:
        sentence: as it was recited.
        source: where it is stored.
        p: probability that it answers.
        answer: the answer in it, None where it holds none.
        answer_p: probability of that answer, None without one.
        span: (start, end) of the answer in characters of ``sentence``, None where it does not stand there.
        kept: the stored text, where it differs from ``sentence``; None where they agree or no text was kept.
        why: what speaks for it, (name, value), largest first.
    """

    sentence: str
    source: Source
    p: float
    answer: str | None
    answer_p: float | None
    span: tuple[int, int] | None = None
    kept: str | None = None
    why: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a memory has to say to a question.

    Attributes:
        candidates: best first.
        chosen: the one that answers, None for "not in this memory".
        familiarity: of the best of them, from 0 to 1.
    """

    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    familiarity: float


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The result of a question.

    Attributes:
        prompt: as it was read: characters composed, no space at its end.
        kind: of prompt.
        candidates: sentences that may answer, best first.
        chosen: the one that answers; None if nothing in the memory does, or none is in use.
        completion: the text after the prompt: from the memory if it answers, else from the untouched model.
        tokens: of the completion.
        ended: whether the model ended the completion itself.
        cut: whether the completion stops at the limit of tokens, not at an end.
        top: the most probable first tokens after the prompt; empty where the answer was marked in a sentence, and
            nothing continued the prompt.
        untouched_top: the same without the memory; empty where not asked for.
        familiarity: of the chosen candidate or of the position after the prompt, from 0 to 1.
        abstained: whether there is a memory with something in it that has no answer: "not in this memory".
        sources: of each item that any token of the completion was read from, in the order they were first read. Where
            ``abstained``, a later token may yet have read something.
        untouched: the beginning of what the model says without the memory, None where not asked for.
        ids: tokens of context, prompt and completion, from which a next question can continue.
    """

    prompt: str
    kind: Kind
    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    completion: str
    tokens: tuple[SpokenToken, ...]
    ended: bool
    cut: bool
    top: Top
    untouched_top: Top
    familiarity: float
    abstained: bool
    sources: tuple[Source, ...]
    untouched: str | None
    ids: tuple[int, ...]

    def __repr__(self) -> str:
        if self.abstained:
            return f"Answer(not in this memory, familiarity {self.familiarity:.2f})"
        if self.chosen is None:
            return f"Answer({shortened(self.completion)!r}, without a memory)"
        said = self.answer or self.sentence
        sure = f", p {self.answer_p:.4f}" if self.answer_p is not None else ""
        return f"Answer({said!r}{sure}, from {self.chosen.source.title!r}, familiarity {self.familiarity:.2f})"

    @property
    def mode(self) -> Mode:
        """How the prompt was read: a prompt with a gap is a question."""
        return "beginning" if self.kind == "beginning" else "question"

    @property
    def answer(self) -> str | None:
        """The answer, None where the memory has none."""
        return self.chosen.answer if self.chosen else None

    @property
    def answer_p(self) -> float | None:
        """Probability of the answer."""
        return self.chosen.answer_p if self.chosen else None

    @property
    def sentence(self) -> str | None:
        """The sentence that the answer stands in, as recited."""
        return self.chosen.sentence if self.chosen else None

    @property
    def span(self) -> tuple[int, int] | None:
        """Where the answer stands in that sentence, in characters."""
        return self.chosen.span if self.chosen else None

    @property
    def kept(self) -> str | None:
        """The stored text of that sentence, where it differs from what was recited."""
        return self.chosen.kept if self.chosen else None

    @property
    def source(self) -> Source | None:
        """Where that sentence is stored."""
        return self.chosen.source if self.chosen else None

    @property
    def place(self) -> Place | None:
        """The place of that sentence, from which a question that only says "it" or "she" goes on."""
        return Place(self.source.item, self.source.sentence - 1) if self.source else None


@dataclass(frozen=True, slots=True)
class Scored:
    """How probable an expected answer is after a prompt.

    Attributes:
        text: the answer.
        p: of the whole answer; its end counts, unless it is read from a document, which continues after it.
        min_token_p: of its least probable token.
        first_token_p: of its first token.
        greedy_correct: whether greedy decoding from the prompt alone gives the whole answer, then ends it or continues
            with another word.
        tokens: (text, p) of each.
    """

    text: str
    p: float
    min_token_p: float
    first_token_p: float
    greedy_correct: bool
    tokens: tuple[tuple[str, float], ...]
