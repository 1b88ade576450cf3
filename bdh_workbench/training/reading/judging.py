"""Fitting the judges of questions: which stored sentences to recite, and which of those answers, or none.

They are fitted on texts that nothing else was chosen on: documents of the held-out part of the corpus with gaps made
from them, people's questions on sentences that the reader was not trained on, and invented facts of the ``dev`` split
asked in other words, the other way round and about other subjects. A part of the questions is put to a memory that does
not hold the answer.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from bdh_workbench.model.judge import Judge
from bdh_workbench.reading.asker import Asker, against_none, scores_of
from bdh_workbench.reading.questions import READ, RECITED, read_sentences
from bdh_workbench.reading.sentence_evidence import EVIDENCE, Array, Place, SentenceIndex
from bdh_workbench.reading.units import units
from bdh_workbench.training.corpus import CorpusDocument
from bdh_workbench.training.reading.questions import Asked, Pool, gap_questions
from bdh_workbench.training.synthetic import facts, hard_facts, other_subject_prompts, reversed_probes

FOREIGN = 0.5  # share of the questions that are put to another memory too
POINTING = 0.15  # share of those about documents whose names are replaced by "it" or "he", after another answer
PER_MEMORY = 400  # questions about one memory at most
FACTS = 60  # invented facts of a memory
CANDIDATES = 20  # sentences with the best BM25 from which the first judge learns
DECAY = 1e-3  # of squared weights: evidence that says nothing stays near zero
FALSE_ACCEPTS = 0.015  # share of questions with no answer in the memory that may get one


@dataclass(frozen=True, slots=True)
class Case:
    """A question put to a memory.

    Attributes:
        memory: number of the memory.
        question: as asked.
        gold: number of the sentence that answers, None where none does.
        last: where the answer before came from.
        beside: a sentence that is no candidate, since the question was made from it; -1 for none.
    """

    memory: int
    question: str
    gold: int | None
    last: Place | None = None
    beside: int = -1


@dataclass(frozen=True, slots=True)
class Memories:
    """Texts to ask about, as indexes, and the questions.

    Attributes:
        indexes: of each memory.
        given: for each sentence of each memory where a fact's own answer stands in it, None in a document.
        cases: the questions.
    """

    indexes: tuple[SentenceIndex, ...]
    given: tuple[tuple[tuple[int, int] | None, ...], ...]
    cases: tuple[Case, ...]


def memories(asker: Asker, documents: Iterable[CorpusDocument], people: Pool, seed: int) -> Memories:
    """Make memories and questions.

    Args:
        asker: gives words and vectors.
        documents: held-out ones of the corpus.
        people: questions that the reader was not trained on.
        seed: of all judges.
    """
    chooser = random.Random(seed)
    texts: list[list[str]] = []
    given: list[tuple[tuple[int, int] | None, ...]] = []
    titles: list[str] = []
    asked: list[list[Asked]] = []

    def add(title: str, sentences: list[str], questions: list[Asked]) -> None:
        titles.append(title)
        texts.append(sentences)
        given.append((None,) * len(sentences))
        asked.append(questions)

    add("", people.sentences, people.asked)
    for document in documents:
        pool = gap_questions([document], PER_MEMORY, seed)
        if len(pool.asked) >= 3:
            add(document.title, pool.sentences, pool.asked)
    for number in range(2):
        known = hard_facts(FACTS, seed + number, "dev") if number else facts(FACTS, seed, "dev")
        turned = reversed_probes(FACTS, seed + number, "dev") if number else []
        sentences = [f"{fact.prompt} {fact.answer}" for fact in known]
        questions = [
            Asked(text, place, 0, 0) for place, fact in enumerate(known) for text in (fact.prompt, *fact.paraphrases)
        ]
        add("", sentences, questions + [Asked(one.probe.prompt, one.index, 0, 0) for one in turned])
        given[-1] = tuple((len(s) - len(fact.answer), len(s)) for s, fact in zip(sentences, known, strict=True))
    indexes = tuple(
        SentenceIndex(
            [Place(0, number) for number in range(len(sentences))],
            sentences,
            {0: title},
            asker.numbers,
            asker.vectors,
            asker.rarity,
        )
        for sentences, title in zip(texts, titles, strict=True)
    )
    cases: list[Case] = []
    for memory, questions in enumerate(asked):
        for one in chooser.sample(questions, min(PER_MEMORY, len(questions))):
            question, gold = one.question, one.sentence
            pointing = None if given[memory][gold] is not None else _pointing(question, chooser, POINTING)
            if pointing is not None:
                last = min(len(texts[memory]) - 1, max(0, gold + chooser.randint(-3, 3)))
                cases.append(Case(memory, pointing, gold, Place(0, last), one.beside))
            else:
                cases.append(Case(memory, question, gold, None, one.beside))
            if chooser.random() < FOREIGN:
                other = chooser.randrange(len(texts))
                if other != memory:
                    cases.append(Case(other, question, None))
        if given[memory][0] is not None:
            cases += [Case(memory, prompt, None) for prompt in other_subject_prompts(FACTS, seed + memory, "dev")]
    return Memories(indexes, tuple(given), tuple(cases))


def _pointing(question: str, chooser: random.Random, share: float) -> str | None:
    """A question with its first name replaced by a pronoun, in a share of cases."""
    if chooser.random() >= share:
        return None
    words = question.split()
    names = [place for place, word in enumerate(words) if place and word[:1].isupper()]
    if not names:
        return None
    stop = names[0]
    while stop < len(words) and words[stop][:1].isupper():
        stop += 1
    return " ".join([*words[: names[0]], chooser.choice(("it", "he", "she", "they")), *words[stop:]])


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of a case: evidence (n, F), and which of them answers, -1 for none."""

    evidence: Array
    gold: int


def of_sentences(known: Memories) -> list[Ranked]:
    """What the first judge learns from."""
    out = []
    for case in known.cases:
        evidence = known.indexes[case.memory].evidence(units(case.question), case.last)
        order = _best(evidence[:, EVIDENCE.index("bm25")], CANDIDATES, case)
        if case.gold is not None and case.gold not in order:
            order.append(case.gold)
        out.append(Ranked(evidence[order], order.index(case.gold) if case.gold is not None else -1))
    return out


def _best(scores: Array, count: int, case: Case) -> list[int]:
    """The sentences with the best scores that a case may have."""
    order: list[int] = np.argsort(-scores, kind="stable")[: count + 1].tolist()
    return [number for number in order if number != case.beside][:count]


def of_answers(
    known: Memories, asker: Asker, sentences: Judge, progress: Callable[[float], None] = lambda done: None
) -> list[Ranked]:
    """What the second judge learns from: the sentences that the first one has recited, read."""
    out = []
    for number, case in enumerate(known.cases):
        index = known.indexes[case.memory]
        question = units(case.question)
        evidence = index.evidence(question, case.last)
        order = _best(scores_of(sentences, evidence), RECITED, case)
        given = [known.given[case.memory][place] for place in order]
        _, read = read_sentences(asker, question, [index.texts[place] for place in order], given)
        gold = order.index(case.gold) if case.gold in order else -1
        # A case whose sentence was not found teaches nothing about reading.
        if case.gold is None or gold >= 0:
            out.append(Ranked(np.concatenate((evidence[order], read), axis=1), gold))
        progress((number + 1) / len(known.cases))
    return out


def fitted(cases: Sequence[Ranked], names: tuple[str, ...], dropped: Sequence[str] = ()) -> Judge:
    """The conditional logit of least loss; weights of dropped evidence are zero."""
    most = max(len(case.evidence) for case in cases)
    x = torch.zeros(len(cases), most, len(names))
    there = torch.zeros(len(cases), most, dtype=torch.bool)
    for number, case in enumerate(cases):
        x[number, : len(case.evidence)] = torch.from_numpy(case.evidence)
        there[number, : len(case.evidence)] = True
    gold = torch.tensor([case.gold + 1 for case in cases])
    mean, scale = x[there].mean(0), x[there].std(0).clamp(min=1e-3)
    used = torch.tensor([name not in dropped for name in names], dtype=torch.float32)
    x = (x - mean) / scale * used
    weights, bias = torch.zeros(len(names), requires_grad=True), torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = (x @ weights + bias).masked_fill(~there, -1e9)
        value = F.cross_entropy(torch.cat((torch.zeros(len(cases), 1), scores), dim=1), gold)
        value = value + DECAY * weights.square().sum()
        torch.autograd.backward(value)
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    judge = Judge(names, (weights * used).detach(), float(bias.detach()), mean, scale)
    strangers = [float(against_none(scores_of(judge, case.evidence)).sum()) for case in cases if case.gold < 0]
    limit = float(np.quantile(strangers, 1.0 - FALSE_ACCEPTS)) if strangers else 0.5
    return dataclasses.replace(judge, threshold=min(limit, 0.99))


@dataclass(frozen=True, slots=True)
class JudgeFigures:
    """How a judge does.

    Attributes:
        right: share of the answerable questions whose sentence is the most probable.
        kept: share of them that are answered at the threshold.
        refused: share of the others that are not.
        loss: mean -log p.
    """

    right: float
    kept: float
    refused: float
    loss: float


def figures(judge: Judge, cases: Sequence[Ranked]) -> JudgeFigures:
    """How a judge does on cases."""
    right, kept, refused, losses = [], [], [], []
    for case in cases:
        p = against_none(scores_of(judge, case.evidence))
        whole = float(p.sum())
        if case.gold >= 0:
            right.append(float(int(p.argmax()) == case.gold))
            kept.append(float(whole >= judge.threshold))
            losses.append(-float(np.log(max(1e-9, p[case.gold]))))
        else:
            refused.append(float(whole < judge.threshold))
            losses.append(-float(np.log(max(1e-9, 1.0 - whole))))
    return JudgeFigures(*(float(np.mean(values)) if values else 0.0 for values in (right, kept, refused, losses)))


ALL = EVIDENCE + READ
