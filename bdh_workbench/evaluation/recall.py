"""Facts: how many are answered, how surely, when asked in other words, and whether answers are confused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.asking.decoding import Question, exact, median, read_alike, score, share
from bdh_workbench.inputs.items import Fact
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.reading.reader import PURE, Reader

PAIRS_AT_ONCE = 64  # pairs of a prompt and another's answer that are scored at once
NEGLIGIBLE = 1e-6  # difference of probabilities that is not looked into
# Reported for the pure read too.
WITHOUT_COMPLETION = (
    "exact",
    "min_p",
    "median_p",
    "median_first_token_p",
    "paraphrase_exact",
    "paraphrase_median_p",
    "cross_contamination",
)


@dataclass(frozen=True, slots=True)
class FactQuestions:
    """Questions made of facts.

    Attributes:
        written: one for each fact, in its own words.
        reworded: the other wordings of all facts, which were never written.
        answers: of the facts as text, to tell which are the same.
    """

    written: list[Question]
    reworded: list[Question]
    answers: list[str]

    @staticmethod
    def of(tokenizer: Tokenizer, facts: Sequence[Fact]) -> FactQuestions:
        """Encode facts."""
        return FactQuestions(
            [Question.of(tokenizer, fact.prompt, fact.answer) for fact in facts],
            [Question.of(tokenizer, wording, fact.answer) for fact in facts for wording in fact.paraphrases],
            [fact.answer.strip() for fact in facts],
        )


def recall(reader: Reader, untouched: Reader, questions: FactQuestions) -> dict[str, float | None]:
    """The report on written facts.

    Args:
        reader: of the memory, with gate and completion.
        untouched: the same model without a memory.
        questions: about what was written.

    Returns:
        Fractions from 0 to 1 and probabilities of whole answers; keys that end in ``without_completion`` are of the
        pure read, S alone. Figures about nothing are None.
    """
    pure = answered(reader.with_settings(PURE), questions)
    return {
        "count": len(questions.written),
        **answered(reader, questions),
        "median_p_before": median([s.p for s in score(untouched, questions.written)]),
        "paraphrase_count": len(questions.reworded),
        **{f"{name}_without_completion": pure[name] for name in WITHOUT_COMPLETION},
    }


def answered(reader: Reader, questions: FactQuestions) -> dict[str, float | None]:
    """How well one reader answers: fractions from 0 to 1 and probabilities of whole answers; None about nothing."""
    scores, reworded = score(reader, questions.written), score(reader, questions.reworded)
    return {
        "exact": share(exact(reader, questions.written)),
        "min_p": min(s.p for s in scores),
        "median_p": median([s.p for s in scores]),
        "median_first_token_p": median([s.tokens[0] for s in scores]),
        "min_token_p": min(min(s.tokens) for s in scores),
        "paraphrase_exact": share(exact(reader, questions.reworded)),
        "paraphrase_median_p": median([s.p for s in reworded]),
        "cross_contamination": cross_contamination(reader, questions),
    }


@torch.no_grad()
def cross_contamination(reader: Reader, questions: FactQuestions) -> float | None:
    """The largest probability of one fact's whole answer after another's prompt; None if there is no such pair.

    Facts with the same answer are no such pair. An answer is at most as probable as its first token, so pairs are
    looked at in that order, and only until no later one can be larger, or by less than 1e-6, which is then added.
    """
    asked = questions.written
    first = _first_token_p(reader, asked)  # (n, n): row i, the first token of answer j after prompt i
    same = torch.tensor([[a == b for b in questions.answers] for a in questions.answers])
    bounds, order = first.masked_fill(same, -1.0).flatten().sort(descending=True)
    count = int((bounds >= 0.0).sum())
    if not count:
        return None
    largest = 0.0
    for start in range(0, count, PAIRS_AT_ONCE):
        bound = float(bounds[start])
        if bound <= largest + NEGLIGIBLE:
            return max(largest, bound)
        pairs = [divmod(place, len(asked)) for place in order[start : min(count, start + PAIRS_AT_ONCE)].tolist()]
        scores = score(reader, [Question(asked[i].prompt, asked[j].answer) for i, j in pairs])
        largest = max(largest, *(s.p for s in scores))
    return largest


def _first_token_p(reader: Reader, asked: Sequence[Question]) -> Tensor:
    """Probability (n, n) of every answer's first token (columns) after every prompt (rows)."""
    tokens = torch.tensor([question.answer[0] for question in asked])
    probabilities = torch.zeros(len(asked), len(asked))
    for batch, reading in read_alike(reader, [question.prompt for question in asked]):
        probabilities[batch] = reader.model.network.logits(reading.stream[:, -1]).float().softmax(-1).cpu()[:, tokens]
    return probabilities
