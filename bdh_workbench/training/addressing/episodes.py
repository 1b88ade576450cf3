"""Episodes for training addresses: what is written, and other wordings that should find it again.

- Invented facts, several of each relation, so that it is the subject that tells them apart; cued by other phrasings,
  synonyms and questions.
- Stretches of the corpus, cued by damaged copies of themselves: words dropped, blocks moved, other text before them.
- Documents, invented ones with their probes and stretches of the corpus, cued by what is left of a sentence.
- Unrelated text of the corpus, which should find nothing.

Diversity decides (the relations are hundreds, the corpus has everything else); names and relations are of the ``train``
split alone.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.writing.encoding import WriteItem, alone, answer_ids, document_items, fact_items
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.training.addressing.addresses import CHUNK_TOKENS, answer_sentence
from bdh_workbench.training.synthetic import documents
from bdh_workbench.training.synthetic.statements import Statement, StatementSource

EPISODE_STATEMENTS, EPISODE_DOCUMENTS = 2400, 48  # made once for each source
EPISODE_RELATIONS, EPISODE_ENTITIES = 14, 5  # of the facts of an episode
HARD = 0.4  # share of the relations that are cued by synonyms and questions
STRETCHES = 24  # of the corpus, stored like facts
STRETCH_LENGTHS = (8, 24)  # tokens of such a stretch, from and to
TEXT_TOKENS = 160  # of a stretch of the corpus that is stored as a document
TEXT_PROBES = 8  # cues to each document
UNRELATED_WINDOWS = (20, 96)  # windows of unrelated text, and their tokens


@dataclass(frozen=True, slots=True)
class Cue:
    """A wording that should find something.

    Attributes:
        ids: token ids of the cue.
        source: the fact or document.
        sentence: of the document; 0 for a fact.
        target: the token that should follow.
    """

    ids: list[int]
    source: int
    sentence: int
    target: int


@dataclass(frozen=True, slots=True)
class Episode:
    """What is written (sources are numbered, facts first) and what is asked.

    Attributes:
        items: write items of the facts, and then of the documents.
        facts: how many sources are facts; those after them are documents.
        sources: how many there are.
        placed: the document whose places are trained; one, as working them out is dear.
        cues: of facts and documents.
        other: unrelated text (n, T) int64.
    """

    items: list[WriteItem]
    facts: int
    sources: int
    placed: int
    cues: list[Cue]
    other: Tensor


class EpisodeSource:
    """Makes episodes from a seed."""

    def __init__(self, tokenizer: Tokenizer, stream: npt.NDArray[np.int64], begins_word: Tensor, seed: int) -> None:
        """Prepare invented facts and documents.

        Args:
            tokenizer: of the model.
            stream: token ids (n,) of training text.
            begins_word: (V,) bool, as the write site has it.
            seed: of everything that is drawn.
        """
        self._random = random.Random(f"episodes {seed}")
        self._tokenizer, self._stream, self._begins = tokenizer, stream, begins_word.tolist()
        self._relations: dict[str, list[Statement]] = {}
        for statement in itertools.islice(StatementSource(self._random, "train"), EPISODE_STATEMENTS):
            self._relations.setdefault(statement.relation.statements[0], []).append(statement)
        self._documents = documents(EPISODE_DOCUMENTS, seed, "train")

    def draw(self) -> Episode:
        """The next episode."""
        items: list[WriteItem] = []
        cues: list[Cue] = []
        wanted = self._random.sample(sorted(self._relations), min(EPISODE_RELATIONS, len(self._relations)))
        for relation in wanted:
            pool = self._relations[relation]
            hard = self._random.random() < HARD
            for statement in self._random.sample(pool, min(EPISODE_ENTITIES, len(pool))):
                self._add_fact(statement, hard, items, cues)
        for _ in range(STRETCHES):
            self._add_stretch(items, cues)
        facts = len(items)
        texts = [self._random.choice(self._documents), self._corpus_document()]
        for number, text in enumerate(texts, start=facts):
            self._add_document(text, number, items, cues)
        windows = [self._cut(UNRELATED_WINDOWS[1]) for _ in range(UNRELATED_WINDOWS[0])]
        width = min(len(window) for window in windows)
        other = torch.tensor([window[:width] for window in windows])
        sources = facts + len(texts)
        return Episode(items, facts, sources, self._random.randrange(facts, sources), cues, other)

    def _cut(self, length: int) -> list[int]:
        start = self._random.randrange(max(1, len(self._stream) - length))
        return [int(token) for token in self._stream[start : start + length]]

    def _add_fact(self, statement: Statement, hard: bool, items: list[WriteItem], cues: list[Cue]) -> None:
        relation, rng = statement.relation, self._random
        phrasings = rng.sample(relation.statements, len(relation.statements))
        others = [statement.say(p) for p in (relation.synonyms if hard else (*phrasings[1:], *relation.synonyms))]
        if hard:
            others += statement.questions()
        number = len(items)
        fact = Fact(statement.say(phrasings[0]), statement.answer)
        items += [_renumbered(item, number) for item in fact_items([fact], self._tokenizer, 0)]
        prompt, answer = answer_ids(self._tokenizer, rng.choice(others), statement.answer)
        cues.append(Cue(prompt, number, 0, answer[0]))

    def _add_stretch(self, items: list[WriteItem], cues: list[Cue]) -> None:
        length = self._random.randrange(*STRETCH_LENGTHS)
        ids = self._cut(length + 2)
        number = len(items)
        items.append(alone(number, ids, len(ids) - 2))
        cues.append(Cue(self._damaged(ids[:-2]), number, 0, ids[-2]))

    def _corpus_document(self) -> TextDocument:
        while True:
            text = self._tokenizer.decode(self._cut(TEXT_TOKENS)).strip()
            if len(self._tokenizer.encode(text)) >= 8:
                return TextDocument("corpus", text)

    def _add_document(self, document: TextDocument, number: int, items: list[WriteItem], cues: list[Cue]) -> None:
        made = [_renumbered(item, number) for item in document_items([document], self._tokenizer, CHUNK_TOKENS)]
        items += made
        for probe in document.probes:
            prompt, answer = answer_ids(self._tokenizer, probe.prompt, probe.answer)
            cues.append(Cue(prompt, number, answer_sentence(document, probe), answer[0]))
        windows = [item for item in made if not item.primary and len(item.ids) >= 6]
        for _ in range(TEXT_PROBES if windows else 0):
            window = self._random.choice(windows)
            at = self._random.randrange(4, len(window.ids))
            ids = self._damaged(list(window.ids[:at]))
            cues.append(Cue(ids, number, window.sentences[at], window.ids[at]))

    def _damaged(self, ids: Sequence[int]) -> list[int]:
        """The words with some dropped, two blocks exchanged, and other text before them; at least two are left."""
        rng = self._random
        words: list[list[int]] = []
        for token in ids:
            if words and not self._begins[token]:
                words[-1].append(token)
            else:
                words.append([token])
        drop = rng.choice((0.1, 0.25, 0.4))
        ends = 2 if rng.random() < 0.6 else 0  # what stands right before the answer is often the same
        kept = [w for place, w in enumerate(words) if place >= len(words) - ends or rng.random() >= drop]
        kept = kept if len(kept) >= 2 else words
        if len(kept) >= 4 and rng.random() < 0.3:
            first, second = sorted(rng.sample(range(1, len(kept) - 1), 2)) if len(kept) > 4 else (1, 2)
            kept = kept[first:second] + kept[:first] + kept[second:]
        before = self._cut(rng.randrange(4, 12)) if rng.random() < 0.3 else []
        return [*before, *(token for word in kept for token in word)]


def _renumbered(item: WriteItem, source: int) -> WriteItem:
    return dataclasses.replace(item, source=source)
