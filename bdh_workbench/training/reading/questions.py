"""Questions to train the reader on: people's, those made by rules, and gaps made from the corpus itself.

A gap takes a name or number that stands in two sentences of one document, asks with the one sentence and is answered by
the other, so that asking and answering words differ as they do when people ask (as in recurring span selection, Ram et
al. 2021, and retrieval of a second sentence, Fabbri et al. 2020).
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.sentences import sentences_of
from bdh_workbench.reading.units import Unit, covering, spans, unit, units
from bdh_workbench.training.corpus import CorpusDocument, read_json_lines

ALIKE = 2  # words that asking and answering sentence share at least, besides the answer
PLACES = frozenset("in at from near to of through across".split())
GAP_SIGN = "___"
PLAIN_WORD = re.compile(r"[a-z0-9]+")
LONGER = 0.5  # share of the questions that are asked longer
PIECE_UNITS = (3, 8)  # units of a piece that makes a question longer
# Words in a row, and the share of a sentence's such stretches that tell that it is the same.
RUN_WORDS, SHARED_RUNS = 6, 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer's place.

    Attributes:
        question: as it is asked.
        sentence: number of the sentence that answers, in its pool.
        first: the answer's first unit in that sentence.
        last: its last one.
        beside: another sentence that answers it as well, -1 for none: the one that a gap was made from.
    """

    question: str
    sentence: int
    first: int
    last: int
    beside: int = -1


@dataclass(frozen=True, slots=True)
class Pool:
    """Sentences in the order of their texts, and questions about them."""

    sentences: list[str]
    asked: list[Asked]


def longer(asked: Asked, sentences: Sequence[str], chooser: random.Random, *, ordered: bool) -> str:
    """A question with a piece of its sentence added, or of one beside it, that does not hold the answer.

    People ask a single sentence in five words and an article in ten, naming what it says beside the answer.

    Args:
        asked: the question.
        sentences: of its pool.
        chooser: of the piece.
        ordered: whether the sentences before and after are those of one text.
    """
    near = asked.sentence + (chooser.choice((0, 0, -1, 1)) if ordered else 0)
    near = near if 0 <= near < len(sentences) else asked.sentence
    places = spans(sentences[near])
    first, last = (asked.first, asked.last) if near == asked.sentence else (len(places), len(places))
    pieces = [piece for piece in (places[:first], places[last + 1 :]) if len(piece) >= PIECE_UNITS[0]]
    if not pieces:
        return asked.question
    piece = chooser.choice(pieces)
    start = chooser.randrange(len(piece) - PIECE_UNITS[0] + 1)
    piece = piece[start : start + chooser.randint(*PIECE_UNITS)]
    asks = asked.question.rstrip()
    mark = "?" if asks.endswith("?") else ""
    return f"{asks.removesuffix(mark).rstrip()} {sentences[near][piece[0][0] : piece[-1][1]]}{mark}"


def asked_as(asked: Asked, sentences: Sequence[str], chooser: random.Random, *, ordered: bool) -> str:
    """The words in which a question is put: those of ``longer`` in a share of cases. A gap is long as it is."""
    if asked.beside < 0 and chooser.random() < LONGER:
        return longer(asked, sentences, chooser, ordered=ordered)
    return asked.question


def people_questions(path: Path) -> Pool:
    """Read questions by people: JSON Lines of {"sentence", "question", "start", "end"} in characters.

    Raises:
        UserError: when the file cannot be read or a line has another form.
    """
    return _pool(path, lambda record: [(record["question"], record["start"], record["end"])])


def made_questions(path: Path) -> Pool:
    """Read questions made by rules: JSON Lines of {"sentence", "questions": [[question, start, end, kind]]}.

    Raises:
        UserError: when the file cannot be read or a line has another form.
    """
    return _pool(path, lambda record: [(question, start, end) for question, start, end, _ in record["questions"]])


def _pool(path: Path, questions: Any) -> Pool:
    numbers: dict[str, int] = {}
    asked: list[Asked] = []
    for line, record in enumerate(read_json_lines(path), start=1):
        try:
            sentence = record["sentence"]
            number = numbers.setdefault(sentence, len(numbers))
            places = spans(sentence)
            for question, start, end in questions(record):
                found = covering(places, start, end)
                if found is not None:
                    asked.append(Asked(question, number, *found))
        except (KeyError, TypeError, ValueError):
            raise UserError(
                f"{path}, line {line} is not a question with its sentence: docs/asking.md shows the form."
            ) from None
    return Pool(list(numbers), asked)


@dataclass(frozen=True, slots=True)
class Article:
    """A stretch of a document of the corpus that holds a sentence which people asked about.

    Attributes:
        title: of the document.
        sentences: of the stretch.
        place: number of the sentence among them.
        number: of the same sentence in the pool of questions.
    """

    title: str
    sentences: list[str]
    place: int
    number: int


def articles_of(sentences: Sequence[str], documents: Iterable[CorpusDocument], around: int) -> list[Article]:
    """Find the documents from which sentences were taken, each once.

    Args:
        sentences: as people saw them.
        documents: of the corpus.
        around: sentences of the stretch on either side.
    """
    cut = [PLAIN_WORD.findall(sentence.lower()) for sentence in sentences]
    holders: dict[str, set[int]] = {}
    for number, words in enumerate(cut):
        for run in _runs(words):
            holders.setdefault(run, set()).add(number)
    found: dict[int, Article] = {}
    for document in documents:
        shared = Counter(
            number for run in _runs(PLAIN_WORD.findall(document.text.lower())) for number in holders.get(run, ())
        )
        likely = [
            n
            for n, count in shared.items()
            if n not in found and count >= SHARED_RUNS * max(RUN_WORDS, len(cut[n]) - RUN_WORDS)
        ]
        if not likely:
            continue
        texts = sentences_of(document.text)
        runs = [set(_runs(PLAIN_WORD.findall(text.lower()))) for text in texts]
        for number in likely:
            own = set(_runs(cut[number]))
            best = max(range(len(texts)), key=lambda place: len(runs[place] & own))
            if len(runs[best] & own) >= SHARED_RUNS * len(own):
                start = max(0, best - around)
                found[number] = Article(document.title, texts[start : best + around + 1], best - start, number)
    return [found[number] for number in sorted(found)]


def _runs(words: list[str]) -> Iterator[str]:
    """All stretches of ``RUN_WORDS`` words."""
    return (" ".join(words[start : start + RUN_WORDS]) for start in range(len(words) - RUN_WORDS + 1))


def asked_in(articles: Sequence[Article], pool: Pool) -> Pool:
    """The questions of a pool about the sentences as they stand in articles; left out where the answer is not there."""
    out = Pool([], [])
    of: dict[int, list[Asked]] = {}
    for asked in pool.asked:
        of.setdefault(asked.sentence, []).append(asked)
    for article in articles:
        seen, stands = units(pool.sentences[article.number]), units(article.sentences[article.place])
        same = [u.same for u in stands]
        for asked in of.get(article.number, []):
            answer = [u.same for u in seen[asked.first : asked.last + 1]]
            starts = [at for at in range(len(same)) if same[at : at + len(answer)] == answer]
            if starts:
                # Where it stands more than once, the one nearest to where people saw it.
                first = min(starts, key=lambda at: abs(at - asked.first))
                sentence = len(out.sentences) + article.place
                out.asked.append(Asked(asked.question, sentence, first, first + len(answer) - 1))
        out.sentences.extend(article.sentences)
    return out


def gap_questions(documents: Iterable[CorpusDocument], count: int, seed: int) -> Pool:
    """Make gaps from documents until there are ``count`` of them or no more documents."""
    pool = Pool([], [])
    chooser = random.Random(seed)
    for document in documents:
        sentences = [s for s in sentences_of(document.text)[:60] if 5 <= len(s.split()) <= 45 and "\n" not in s]
        found = list(_gaps(sentences, chooser))
        if found:
            base = len(pool.sentences)
            pool.sentences.extend(sentences)
            chosen = chooser.sample(found, min(12, len(found)))
            pool.asked.extend(Asked(q, base + at, first, last, base + by) for q, by, at, first, last in chosen)
        if len(pool.asked) >= count:
            break
    return pool


def _gaps(sentences: list[str], chooser: random.Random) -> Iterator[tuple[str, int, int, int, int]]:
    """Questions with the numbers of the asking and the answering sentence, and the answer's first and last unit."""
    cut = [[sentence[a:b] for a, b in spans(sentence)] for sentence in sentences]
    known = [[unit(text) for text in texts] for texts in cut]
    where: dict[tuple[int, ...], list[tuple[int, int, int]]] = {}
    for number, sentence in enumerate(known):
        for first, last in _names(sentence):
            where.setdefault(tuple(u.same for u in sentence[first : last + 1]), []).append((number, first, last))
    for places in where.values():
        if not 2 <= len({number for number, _, _ in places}) <= 6:
            continue
        for asking, answering in itertools.permutations(places, 2):
            if asking[0] == answering[0] or chooser.random() < 0.5:
                continue
            theirs = {u.stem for u in known[answering[0]] if u.word and len(u.folded) > 3}
            own = {u.stem for u in known[asking[0]] if u.word and len(u.folded) > 3}
            name = {u.stem for u in known[asking[0]][asking[1] : asking[2] + 1]}
            if len((own & theirs) - name) >= ALIKE:
                yield (_asked(cut[asking[0]], known[asking[0]], *asking[1:], chooser), asking[0], *answering)


def _names(units: list[Unit]) -> Iterator[tuple[int, int]]:
    """Runs of capitalised words within a sentence, and numbers."""
    place = 0
    while place < len(units):
        stop = place
        while stop < len(units) and units[stop].shape[0] and units[stop].word and stop > 0:
            stop += 1
        if 0 < stop - place <= 5 and not units[place].shape[1]:
            yield place, stop - 1
        elif units[place].shape[3]:
            yield place, place
            stop = place + 1
        place = max(stop, place + 1)


def _asked(cut: list[str], known: list[Unit], first: int, last: int, chooser: random.Random) -> str:
    """A sentence as a question for the stretch that is taken out of it."""
    before = cut[max(0, first - chooser.randint(5, 14)) : first]
    after = cut[last + 1 : last + 1 + chooser.randint(4, 12)]
    if chooser.random() < 0.2:
        return " ".join([*before, GAP_SIGN, *after])
    if known[first].shape[4]:
        asks = chooser.choice(["When", "In what year", "What year"])
        before = before[:-1] if before and before[-1] in ("in", "In") else before
    elif known[first].shape[3]:
        asks = "How many"
    elif before and before[-1] in PLACES and chooser.random() < 0.6:
        asks = chooser.choice(["Where", "What place", "What city", "What country", "Which"])
        before = before[:-1]
    else:
        asks = chooser.choice(["Who", "Who", "What", "What", "Which", "What is the name of"])
    kept = [text for text in [*after, *before] if unit(text).word and chooser.random() > 0.15]
    if before and chooser.random() < 0.3:
        kept = [text for text in [*before, *after] if unit(text).word and chooser.random() > 0.15]
    return f"{asks} {' '.join(kept)}?"
