"""What prompts ask for and what answers are, learned from questions, from sentences and from invented relations.

Three things are learned at once, each by choosing the right one among the others of a batch:

- which answer belongs to a question, or to the beginning of a sentence up to it;
- which two questions people asked about the same words of a sentence;
- which two phrasings are of the same invented relation.

Names are left out, as a relation is asked of any subject.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bdh_workbench.model.likeness import LAST, SHAPE_NUMBERS, Likeness, Relating, shape_of
from bdh_workbench.reading.units import folded
from bdh_workbench.reading.words import spans
from bdh_workbench.training.corpus import read_json_lines
from bdh_workbench.training.synthetic.lexicon import CATEGORY_ANSWERS
from bdh_workbench.training.synthetic.relations import Relation, plain_relations, relations

SIZE = 64  # numbers that tell what is asked
# Of the fit: steps, rate, answers and pairs of a batch.
RELATING_STEPS, RELATING_RATE, ANSWER_BATCH, PAIR_BATCH = 400, 4e-3, 384, 192
MADE_SENTENCES, TOLD = 20_000, 2  # sentences with made questions, and how many of each are taken
PROMPT_WORDS = 16  # words of a prompt
PLACEHOLDER = re.compile(r"\{\w+\}('s)?")  # places of names in a phrasing


@dataclass
class Examples:
    """What is learned from.

    Attributes:
        answered: the words of a prompt, and those of its answer.
        alike: two prompts with one answer.
        phrasings: the words of each, and the number of its relation.
    """

    answered: list[tuple[list[str], list[str]]] = field(default_factory=list)
    alike: list[tuple[list[str], list[str]]] = field(default_factory=list)
    phrasings: list[tuple[list[str], int]] = field(default_factory=list)


def asked_words(text: str) -> list[str]:
    """The words of a prompt, folded, without names: words with a capital, but for a first one that none follows."""
    words = [text[start:stop] for start, stop in spans(text)]
    kept = []
    for place, word in enumerate(words):
        begins = place == 0 and not (len(words) > 1 and words[1][0].isupper())
        if begins or not word[0].isupper():
            kept.append(folded(word))
    return kept


def answer_words(text: str) -> list[str]:
    """The words of an answer, folded."""
    return [folded(text[start:stop]) for start, stop in spans(text)]


def examples(people: Path | None, made: Path | None, split: str, seed: int) -> Examples:
    """Gather what is learned from.

    Args:
        people: questions by people, as ``training.reading.questions`` reads them; None for none.
        made: questions made by rules.
        split: of the invented relations.
        seed: of what is chosen.

    Raises:
        UserError: when a file cannot be read.
    """
    rng, gathered = random.Random(f"relating:{seed}"), Examples()
    of_sentence: dict[str, dict[tuple[int, int], list[str]]] = {}
    for record in read_json_lines(people) if people else ():
        places = of_sentence.setdefault(record["sentence"], {})
        places.setdefault((record["start"], record["end"]), []).append(record["question"])
    for sentence, places in of_sentence.items():
        for (start, end), questions in places.items():
            answer = answer_words(sentence[start:end])
            gathered.answered += [(asked_words(question), answer) for question in questions if rng.random() < 0.5]
            gathered.answered.append((asked_words(sentence[:start]), answer))
            for _ in range(min(3, len(questions) - 1)):
                one, other = rng.sample(questions, 2)
                gathered.alike.append((asked_words(one), asked_words(other)))
    for record in itertools.islice(read_json_lines(made), MADE_SENTENCES) if made else ():
        sentence, questions = record["sentence"], record["questions"]
        for question, start, end, _ in rng.sample(questions, min(TOLD, len(questions))):
            prompt = sentence[:start] if rng.random() < 0.6 else question
            gathered.answered.append((asked_words(prompt), answer_words(sentence[start:end])))
    for number, relation in enumerate((*relations(split), *plain_relations(split))):
        lines = _phrasings(relation)
        gathered.phrasings += [(line, number) for line in lines]
        answers = CATEGORY_ANSWERS.get(relation.category, ())
        gathered.answered += [(line, answer_words(rng.choice(answers))) for line in lines if answers]
    for pairs in (gathered.answered, gathered.alike):
        pairs[:] = [pair for pair in pairs if pair[0] and pair[1]]
    return gathered


def _phrasings(relation: Relation) -> list[list[str]]:
    questions = [line.partition(" => ")[0] for line in relation.questions]
    lines = (*relation.statements, *questions, *relation.synonyms)
    return [asked_words(PLACEHOLDER.sub(" ", line).strip()) for line in lines]


class _Network(nn.Module):
    """The same as ``Likeness.asks`` and ``answers``, for a batch and with gradients."""

    def __init__(self, likeness: Likeness, size: int) -> None:
        super().__init__()
        count, width = likeness.vectors.shape
        self.vectors = torch.cat((torch.from_numpy(likeness.vectors), torch.zeros(1, width)))  # the last is of no word
        self.places = torch.cat(((torch.arange(count) + 2.0).log(), torch.zeros(1)))
        self.content = nn.Parameter(torch.randn(width, size) / width**0.5)
        self.last = nn.Parameter(torch.randn(width, size) / width**0.5 / 2)
        self.answer = nn.Parameter(torch.randn(width, size) / width**0.5)
        self.shapes = nn.Parameter(torch.randn(SHAPE_NUMBERS, size) / SHAPE_NUMBERS**0.5)
        weighing = torch.zeros(2, width + 2)
        weighing[0, -2:] = torch.tensor([0.8, -5.6])  # a frequent word counts little, from the start
        self.weighing = nn.Parameter(weighing)
        self.sharpness = nn.Parameter(torch.full((2,), 2.5))

    def counting(self) -> Tensor:
        """(V + 1, 2), what each word counts in a prompt and among its last words; worked out once for a step."""
        by_vector = self.vectors @ self.weighing[:, :-2].T
        return (by_vector + self.places[:, None] * self.weighing[:, -2] + self.weighing[:, -1]).sigmoid()

    def asks(self, ids: Tensor, counting: Tensor) -> Tensor:
        """(B, K) of the words (B, PROMPT_WORDS) of prompts, numbers with -1 for none after the last."""
        places = (ids >= 0).sum(1, keepdim=True) - LAST + torch.arange(LAST)
        last = ids.gather(1, places.clamp(min=0)).masked_fill(places < 0, -1)
        parts = []
        for words, matrix, counts in ((ids, self.content, counting[:, 0]), (last, self.last, counting[:, 1])):
            known = words % len(self.vectors)  # -1 becomes the last
            bags = F.embedding_bag(known, self.vectors, mode="sum", per_sample_weights=counts[known])
            parts.append(bags @ matrix)
        return F.normalize(parts[0] + parts[1], dim=1)

    def answers(self, ids: Tensor, shapes: Tensor) -> Tensor:
        """(B, K) of the words (B, n) of answers with their shapes (B, SHAPES)."""
        bags = F.embedding_bag(ids % len(self.vectors), self.vectors, mode="sum")
        return F.normalize(bags @ self.answer + shapes @ self.shapes, dim=1)


def fit_relating(
    likeness: Likeness,
    given: Examples,
    seed: int,
    steps: int = RELATING_STEPS,
    size: int = SIZE,
) -> tuple[Likeness, dict[str, float]]:
    """Word vectors with what relates prompts to answers fitted to examples, and the loss of each kind at the end."""
    torch.manual_seed(seed)
    numbers = {word: number for number, word in enumerate(likeness.words)}
    network = _Network(likeness, size)
    prompts = _numbered([prompt for prompt, _ in given.answered], numbers, PROMPT_WORDS)
    answers = _numbered([answer for _, answer in given.answered], numbers, PROMPT_WORDS)
    known = (answers >= 0).sum(1).tolist()
    shapes = torch.tensor([shape_of(words, count) for (_, words), count in zip(given.answered, known, strict=True)])
    alike = [_numbered([pair[side] for pair in given.alike], numbers, PROMPT_WORDS) for side in (0, 1)]
    phrasings = _numbered([words for words, _ in given.phrasings], numbers, PROMPT_WORDS)
    relation = torch.tensor([number for _, number in given.phrasings])
    optimizer = torch.optim.Adam(network.parameters(), lr=RELATING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses: dict[str, Tensor] = {}
    for _ in range(steps):
        sharpness, counting = network.sharpness.exp(), network.counting()
        chosen = torch.randint(len(prompts), (ANSWER_BATCH,))
        told_of = network.answers(answers[chosen], shapes[chosen])
        scores = network.asks(prompts[chosen], counting) @ told_of.T * sharpness[0]
        own = torch.arange(ANSWER_BATCH)
        losses["answers"] = (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2
        if len(alike[0]):
            chosen = torch.randint(len(alike[0]), (PAIR_BATCH,))
            one, other = (network.asks(side[chosen], counting) for side in alike)
            scores = one @ other.T * sharpness[1]
            losses["questions"] = F.cross_entropy(scores, torch.arange(PAIR_BATCH))
        chosen = torch.randperm(len(phrasings))[:PAIR_BATCH]
        asked = network.asks(phrasings[chosen], counting)
        itself = torch.eye(len(chosen), dtype=torch.bool)
        same = (relation[chosen][:, None] == relation[chosen]) & ~itself
        logs = (asked @ asked.T * sharpness[1]).masked_fill(itself, -torch.inf).log_softmax(1)
        losses["relations"] = -logs.masked_fill(~same, -torch.inf).logsumexp(1)[same.any(1)].mean()
        optimizer.zero_grad()
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        optimizer.step()
        schedule.step()
    parts: Mapping[str, Any] = {
        name: getattr(network, name).detach().numpy() for name in ("content", "last", "answer", "shapes", "weighing")
    }
    fitted = Likeness(likeness.words, network.vectors[:-1], Relating(**parts))
    return fitted, {name: float(loss.detach()) for name, loss in losses.items()}


def _numbered(texts: Sequence[Sequence[str]], numbers: Mapping[str, int], most: int) -> Tensor:
    """The numbers (n, most) of the last words that have one, -1 after them."""
    rows = torch.full((len(texts), most), -1)
    for row, words in enumerate(texts):
        known = [numbers[word] for word in words if word in numbers][-most:]
        rows[row, : len(known)] = torch.tensor(known, dtype=torch.int64)
    return rows
