"""Rivals that store text and put it before each prompt: everything that is held, or what BM25 finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bdh_workbench.errors import UserError
from bdh_workbench.evaluation.baselines.rival import Rival
from bdh_workbench.memory.items import Fact, TextDocument
from bdh_workbench.memory.sentences import sentence_spans
from bdh_workbench.model.loading import Model
from bdh_workbench.training.synthetic import documents as invented

DISTRACTORS = 10_000  # tokens of other documents that are searched too
DISTRACTOR_SEED = 7
WORD = re.compile(r"\w+")


def statement(fact: Fact) -> str:
    """A fact as a sentence."""
    space = "" if fact.prompt[-1:].isspace() else " "
    return f"{fact.prompt}{space}{fact.answer}."


class InContext(Rival):
    """Everything that is held stands before each prompt."""

    def __init__(self, model: Model) -> None:
        """Begin with no text."""
        super().__init__(model)
        self.texts: list[str] = []

    def write(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
        """Store the words."""
        if facts:
            self.texts.append(" ".join(statement(fact) for fact in facts))
        self.texts += [document.text.strip() for document in documents]
        return 0

    @property
    def bytes(self) -> int:
        """Of the text."""
        return sum(len(text.encode()) for text in self.texts)

    def prompt(self, ids: Sequence[int], query: Sequence[int] | None = None) -> list[int]:
        """All that is held, and the prompt behind it as running text goes on."""
        return self._behind(self.texts, ids)

    def _behind(self, texts: Sequence[str], ids: Sequence[int]) -> list[int]:
        tokenizer = self.model.tokenizer
        said = tokenizer.decode(ids)
        spaced = tokenizer.encode(" " + said)
        # Behind a text a prompt follows a space. Where that would cut its words otherwise, its tokens are kept.
        kept = said[:1].isspace() or len(spaced) != len(ids)
        return [*tokenizer.encode("\n\n".join(texts)), *(ids if kept else spaced)]


class Retrieved(InContext):
    """The passages that BM25 (Robertson and Zaragoza 2009) finds for a prompt stand before it.

    Searched are the sentences of all that is held and of other invented documents, together about 10,000 tokens more.
    """

    def __init__(self, model: Model, passages: int) -> None:
        """Make the distractors ready.

        Raises:
            UserError: when ``rank_bm25`` is not installed.
        """
        super().__init__(model)
        try:
            from rank_bm25 import BM25Okapi
        except ImportError:
            raise UserError(
                "The baseline with BM25 needs the extra “bench”: pip install 'bdh-memory-workbench[bench]'."
            ) from None
        self._index: Any = BM25Okapi
        self._count = passages
        self.passages = distractors(model)
        self._held = 0
        self._search: Any = None

    def write(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
        """Store the words and make the index anew."""
        new = [statement(fact) for fact in facts]
        for document in documents:
            new += sentences(document)
        self.passages += new
        self._held += sum(len(passage.encode()) for passage in new)
        self._search = self._index([words(passage) for passage in self.passages])
        return 0

    @property
    def bytes(self) -> int:
        """Of the text, distractors apart."""
        return self._held

    def prompt(self, ids: Sequence[int], query: Sequence[int] | None = None) -> list[int]:
        """The best passages, the very best last, and the prompt behind them."""
        asked = words(self.model.tokenizer.decode(ids if query is None else query))
        scores = self._search.get_scores(asked)
        best = sorted(range(len(scores)), key=lambda place: (scores[place], -place))[-self._count :]
        return self._behind([" ".join(self.passages[place] for place in best)], ids)


def sentences(document: TextDocument) -> list[str]:
    """The sentences of a document."""
    text = document.text.strip()
    return [" ".join(text[start:stop].split()) for start, stop in sentence_spans(text)]


def words(text: str) -> list[str]:
    """What BM25 counts: words in lower case."""
    return WORD.findall(text.lower())


def distractors(model: Model) -> list[str]:
    """Sentences of invented documents that are never asked for, about ``DISTRACTORS`` tokens of them."""
    found: list[str] = []
    count = 0
    for document in invented(100, DISTRACTOR_SEED, "train"):
        for sentence in sentences(document):
            if count >= DISTRACTORS:
                return found
            found.append(sentence)
            count += len(model.tokenizer.encode(sentence))
    return found
