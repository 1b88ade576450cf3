"""Rivals that store text and put it before each prompt: everything that is stored, or what BM25 finds."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rank_bm25 import BM25Okapi

from bdh_workbench.asking.decoding import Question, decode, share
from bdh_workbench.evaluation.retention import first_words
from bdh_workbench.inputs.as_read import as_read
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.sentences import sentence_spans, sentences_of
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.units import WORD
from bdh_workbench.training.synthetic import documents as invented
from lab.rivals.rival import Rival

DISTRACTORS = 10_000  # tokens of other documents that are searched too
DISTRACTOR_SEED = 7
QUERY = 24  # tokens before a sentence by which it is looked for
SENTENCE_ENDS = (".", "!", "?")  # of what is generated; at an abbreviation it is looked for once more, which costs time


def statement(fact: Fact) -> str:
    """A fact as a sentence."""
    space = "" if fact.prompt[-1:].isspace() else " "
    return f"{fact.prompt}{space}{fact.answer}."


class InContext(Rival):
    """Everything that is stored stands before each prompt."""

    def __init__(self, model: Model) -> None:
        """Begin with no text."""
        super().__init__(model)
        self.texts: list[str] = []

    def write(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
        """Store the words."""
        if facts:
            self.texts.append(" ".join(statement(fact) for fact in facts))
        self.texts += [as_read(document.text).strip() for document in documents]
        return 0

    @property
    def bytes(self) -> int:
        """Of the text."""
        return sum(len(text.encode()) for text in self.texts)

    def prompt(self, ids: Sequence[int], query: Sequence[int] | None = None) -> list[int]:
        """All that is stored, and the prompt after it as running text goes on."""
        return self._behind(self.texts, ids)

    def _behind(self, texts: Sequence[str], ids: Sequence[int]) -> list[int]:
        tokenizer = self.model.tokenizer
        said = tokenizer.decode(ids)
        spaced = tokenizer.encode(" " + said)
        # Behind a text a prompt follows a space. Where that would cut its words otherwise, its tokens are kept.
        kept = said[:1].isspace() or len(spaced) != len(ids)
        return [*tokenizer.encode("\n\n".join(texts)), *(ids if kept else spaced)]


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence that is searched, and what is put before a prompt when it is found.

    Attributes:
        sentence: is searched.
        given: it and, in a document, the sentence after it: what a text continues with stands there.
    """

    sentence: str
    given: str


class Retrieved(InContext):
    """The passages that BM25 (Robertson and Zaragoza 2009) finds for a prompt stand before it.

    Searched are the sentences of all that is stored and of other invented documents, together about 10,000 tokens more.
    A text that is longer than a sentence is looked for again at each sentence. What answers too little of the query is
    not given: how much unrelated text reaches is measured on the model's sample of it after each write.
    """

    def __init__(self, model: Model, passages: int, floor: float = 0.0) -> None:
        """Make the distractors ready.

        Args:
            model: the frozen model.
            passages: that are put before a prompt at most.
            floor: share of unrelated texts that get none.
        """
        super().__init__(model)
        self._count, self._floor = passages, floor
        self.passages = distractors(model)
        self._held = 0
        self._search: Any = None
        self._heaviest = self.least = 0.0  # weight of a word that no passage has; score under which none is given

    def write(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
        """Store the words and make the index again."""
        new = [Passage(said, said) for said in map(statement, facts)]
        for document in documents:
            new += passages_of(document)
        self.passages += new
        self._held += sum(len(passage.sentence.encode()) for passage in new)
        self._search = BM25Okapi([words(passage.sentence) for passage in self.passages])
        self._heaviest = max(self._search.idf.values())
        self.least = self._least()
        return 0

    def _least(self) -> float:
        """The score that the wanted share of unrelated texts do not pass; 0 where none is wanted."""
        tokenizer = self.model.tokenizer
        windows = self.model.calibration.locality.tolist()
        if not self._floor or not windows:
            return 0.0
        best = [max(self.scores(tokenizer.decode(first_words(tokenizer, row)))) for row in windows]
        return float(np.quantile(best, self._floor))

    @property
    def bytes(self) -> int:
        """Of the text, distractors apart."""
        return self._held

    def scores(self, query: str) -> list[float]:
        """How much of a query's words, by their weight, each passage answers for: about 0 to 1, whatever its length."""
        asked = words(query)
        weight = sum(self._search.idf.get(word, self._heaviest) for word in asked)
        if not weight:
            return [0.0] * len(self.passages)
        return [float(score) / weight for score in self._search.get_scores(asked)]

    def retrieve(self, query: str) -> list[Passage]:
        """The passages for a query, the very best last; none where all of them answer too little of it."""
        scores = self.scores(query)
        best = sorted(range(len(scores)), key=lambda place: (scores[place], -place))[-self._count :]
        return [self.passages[place] for place in best if scores[place] > self.least]

    def prompt(self, ids: Sequence[int], query: Sequence[int] | None = None) -> list[int]:
        """The best passages and the prompt after them."""
        passages = self.retrieve(self.model.tokenizer.decode(ids if query is None else query))
        return self._behind([" ".join(passage.given for passage in passages)], ids) if passages else list(ids)

    def pieces(self, text: Question, cue: Sequence[int]) -> list[Question]:
        """One question for each sentence: it is looked for by the tokens before it, the first one by the cue."""
        ids = [*text.prompt, *text.answer]
        cuts = [*self._starts(ids), len(ids)]
        return [
            Question(tuple(self.prompt(ids[:start], ids[max(0, start - QUERY) : start] if start > 1 else cue)),
                     tuple(ids[start:stop]))
            for start, stop in itertools.pairwise(cuts)
        ]  # fmt: skip

    def _starts(self, ids: Sequence[int]) -> list[int]:
        """Where the sentences of a text begin, in tokens; the first of them at its second token."""
        tokenizer = self.model.tokenizer
        whole = tokenizer.decode(ids)
        starts = [start for start, _ in sentence_spans(whole)]
        ends = [end for _, end in tokenizer.encode_with_spans(whole)[1]]
        # A token belongs to the sentence that it ends in: the space before a word is part of its token.
        places = {bisect.bisect_right(ends, start) for start in starts} if len(ends) == len(ids) else set()
        return [1, *sorted(place for place in places if 1 < place < len(ids))]

    def go_on(self, prompts: Sequence[list[int]], most: Sequence[int]) -> list[list[int]]:
        """Sentence by sentence, each looked for by the tokens before it; the first one by the whole prompt."""
        tokenizer = self.model.tokenizer
        answers: list[list[int]] = [[] for _ in prompts]
        going = list(range(len(prompts)))
        while going:
            texts = [[*prompts[index], *answers[index]] for index in going]
            asked = [
                self.prompt(text, text[-QUERY:] if answers[index] else None)
                for index, text in zip(going, texts, strict=True)
            ]
            left = [most[index] - len(answers[index]) for index in going]
            parts = decode(
                self.reader, asked, left, lambda _, part: tokenizer.decode(part).rstrip()[-1:] in SENTENCE_ENDS
            )
            for index, part in zip(going, parts, strict=True):
                answers[index] += part
            going = [i for i in going if len(answers[i]) < most[i] and answers[i][-1] != tokenizer.end_id]
        return answers

    def facts_found(self, facts: Sequence[Fact]) -> dict[str, float | None]:
        """How often the right statement is found, and the best passage holds the answer: what no reader can spoil."""
        written = [(fact.prompt, fact.answer, statement(fact)) for fact in facts]
        reworded = [(asked, fact.answer, statement(fact)) for fact in facts for asked in fact.paraphrases]
        return self.found(written) | {f"paraphrase_{name}": value for name, value in self.found(reworded).items()}

    def probes_found(self, documents: Sequence[TextDocument]) -> dict[str, float | None]:
        """The same for probes, whose right statement is any sentence of their document that holds the answer."""
        verdicts = []
        for document in documents:
            own = [passage.sentence for passage in passages_of(document)]
            for probe in document.probes:
                given = self.retrieve(probe.prompt)
                right = any(p.sentence in own and holds(p.given, probe.answer) for p in given)
                verdicts.append((right, bool(given) and holds(given[-1].given, probe.answer)))
        return {
            "probe_hit": share([hit for hit, _ in verdicts]),
            "probe_extractive": share([held for _, held in verdicts]),
        }

    def found(self, asked: Sequence[tuple[str, str, str]]) -> dict[str, float | None]:
        """``hit`` and ``extractive`` of questions: (prompt, answer, right statement) each.

        Returns:
            The share whose statement is among the passages given, and the share whose answer the best of them holds.
        """
        given = [self.retrieve(prompt) for prompt, _, _ in asked]
        hits = [right in {p.sentence for p in got} for got, (_, _, right) in zip(given, asked, strict=True)]
        held = [bool(got) and holds(got[-1].given, answer) for got, (_, answer, _) in zip(given, asked, strict=True)]
        return {"hit": share(hits), "extractive": share(held)}


def holds(text: str, answer: str) -> bool:
    """Whether the words of an answer stand in a text, one after the other."""
    wanted = words(answer)
    return bool(wanted) and f" {' '.join(wanted)} " in f" {' '.join(words(text))} "


def passages_of(document: TextDocument) -> list[Passage]:
    """The sentences of a document, each given with the one after it."""
    said = sentences(document)
    return [Passage(first, " ".join((first, *said[n + 1 : n + 2]))) for n, first in enumerate(said)]


def sentences(document: TextDocument) -> list[str]:
    """The sentences of a document."""
    return [" ".join(sentence.split()) for sentence in sentences_of(document.text)]


def words(text: str) -> list[str]:
    """What BM25 counts: words in lower case."""
    return WORD.findall(text.lower())


def distractors(model: Model) -> list[Passage]:
    """Sentences of invented documents that are never asked for, about ``DISTRACTORS`` tokens of them."""
    passages: list[Passage] = []
    count = 0
    for document in invented(100, DISTRACTOR_SEED, "train"):
        for passage in passages_of(document):
            if count >= DISTRACTORS:
                return passages
            passages.append(passage)
            count += len(model.tokenizer.encode(passage.sentence))
    return passages
