"""People's questions to a memory of the articles that they were written about.

The memory and its rivals are measured by the same function: each takes in articles and then answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from bdh_workbench.asking.ask import reply_to
from bdh_workbench.asking.decoding import share
from bdh_workbench.evaluation.squad import Article, PeoplesQuestion, area_under_curve, exact_match, f1, squeezed
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sources import Sources


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered to a question.

    Attributes:
        answer: None for no answer.
        sentence: the best one, whether or not it was good enough to answer; None where there is none.
        p: how sure it is that there is an answer: it orders questions, and need not be a probability.
    """

    answer: str | None
    sentence: str | None
    p: float


Answerer = Callable[[PeoplesQuestion], Given]
Remember = Callable[[Sequence[Article]], Answerer]
"""Takes articles in, and gives what answers questions about them."""

Note = Callable[[str], None]


def slot(model: Model, settings: WriteSettings) -> Remember:
    """The memory: all articles in one write."""

    def remember(articles: Sequence[Article]) -> Answerer:
        documents = [TextDocument(article.title, article.text) for article in articles]
        memory = finish(write(model, None, (), documents, settings)).memory
        reader, sources = Reader(model, memory), Sources(memory)

        def answer(question: PeoplesQuestion) -> Given:
            reply = reply_to(reader, sources, question.text)
            best = reply.candidates[0] if reply.candidates else None
            sentence = (best.source.text or best.sentence) if best else None
            if reply.chosen is None:
                return Given(None, sentence, reply.familiarity)
            # Without an answer in it, the sentence itself is what is shown.
            return Given(reply.chosen.answer or reply.chosen.sentence, sentence, reply.familiarity)

        return answer

    return remember


@dataclass(slots=True)
class Tally:
    """What came of questions so far."""

    sentence_right: list[bool] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    f1: list[float] = field(default_factory=list)
    abstained: list[bool] = field(default_factory=list)
    p: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, question: PeoplesQuestion, answer: Answerer) -> None:
        """Ask a question, and compare what comes with what people answered."""
        begun = time.perf_counter()
        given = answer(question)
        self.seconds += time.perf_counter() - begun
        text = given.answer or ""
        self.abstained.append(given.answer is None)
        self.p.append(given.p)
        self.exact.append(exact_match(text, question.answers))
        self.f1.append(f1(text, question.answers))
        self.sentence_right.append(given.sentence is not None and squeezed(given.sentence) in question.sentences)


class Withheld(TypedDict):
    """Of questions that nothing stored answers: how many, and the fraction that got no answer."""

    count: int
    abstained: float | None


class Unanswerable(Withheld):
    """The same of questions that have no answer in their paragraph; ``auc``: how well p tells them from the others."""

    auc: float | None


class QuestionsReport(TypedDict):
    """What came of people's questions, ready for JSON.

    ``sentence_right``, ``exact``, ``f1`` and ``abstained`` are of the ``count`` questions that have an answer, as
    fractions; ``foreign`` is of the questions of another article: of the next one, or, together, of the other half of
    the articles to a memory of one half.
    """

    count: int
    memories: int
    articles: int
    sentence_right: float | None
    exact: float | None
    f1: float | None
    abstained: float | None
    unanswerable: Unanswerable
    foreign: Withheld
    seconds_per_question: float | None
    seconds_writing: float


def questions_report(
    remember: Remember,
    articles: Sequence[Article],
    together: bool = False,
    note: Note = lambda line: None,
    strangers: bool = True,
) -> QuestionsReport:
    """Ask the questions of articles.

    Args:
        remember: what is measured.
        articles: each in a memory of its own.
        together: whether all of them are in one memory instead.
        note: called with a line of progress.
        strangers: whether to ask questions about what is not stored too.
    """
    groups = [list(articles)] if together else [[article] for article in articles]
    own, impossible, foreign = Tally(), Tally(), Tally()
    writing = 0.0

    def taken_in(group: Sequence[Article]) -> Answerer:
        nonlocal writing
        begun = time.perf_counter()
        answer = remember(group)
        writing += time.perf_counter() - begun
        return answer

    for number, group in enumerate(groups):
        note(f"writing {'all articles' if together else f'article {number + 1} of {len(groups)}'}")
        answer = taken_in(group)
        for question in (question for article in group for question in article.questions):
            (impossible if question.impossible else own).add(question, answer)
            note(f"article {number + 1} of {len(groups)}: {_so_far(own)}")
        if strangers and not together and len(groups) > 1:
            for question in groups[(number + 1) % len(groups)][0].questions:
                foreign.add(question, answer)
                note(f"article {number + 1} of {len(groups)}, questions about another: {len(foreign.p)} asked")
    if strangers and together and len(articles) > 1:
        halves = [list(articles[::2]), list(articles[1::2])]
        for stored, other in (halves, halves[::-1]):
            note("writing half of the articles")
            answer = taken_in(stored)
            for question in (question for article in other for question in article.questions):
                foreign.add(question, answer)
                note(f"questions about articles that are not stored: {len(foreign.p)} asked")
    asked = len(own.p) + len(impossible.p)
    return {
        "count": len(own.p),
        "memories": len(groups),
        "articles": len(articles),
        "sentence_right": share(own.sentence_right),
        "exact": _mean(own.exact),
        "f1": _mean(own.f1),
        "abstained": share(own.abstained),
        "unanswerable": {
            "count": len(impossible.p),
            "abstained": share(impossible.abstained),
            "auc": area_under_curve(own.p, impossible.p),
        },
        "foreign": {"count": len(foreign.p), "abstained": share(foreign.abstained)},
        "seconds_per_question": (own.seconds + impossible.seconds) / asked if asked else None,
        "seconds_writing": writing,
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _so_far(tally: Tally) -> str:
    if not tally.p:
        return "no question yet"
    right, harmonic = share(tally.sentence_right) or 0.0, _mean(tally.f1) or 0.0
    return f"{len(tally.p)} asked, sentence {right:.1%}, F1 {harmonic:.1%}"
