"""What every rival of the slow memory has in common, and the report on it with the keys of the benchmark."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import cross_entropy

from bdh_workbench.asking.decoding import Question, decode, exact, median, score, share
from bdh_workbench.evaluation.locality import HeldOut
from bdh_workbench.evaluation.recall import FactQuestions, answered
from bdh_workbench.evaluation.retention import (
    Retention,
    as_question,
    cue_and_rest,
    first_words,
    probes,
    recitation,
)
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader

WINDOW_BATCH = 16  # windows of unrelated text read at once

Note = Callable[[str], None]


class Rival(ABC):
    """One way of remembering; it begins with nothing and is written to, perhaps several times."""

    def __init__(self, model: Model) -> None:
        """Begin with the untouched model."""
        self.model = model

    @abstractmethod
    def write(self, facts: Sequence[Fact], documents: Sequence[TextDocument]) -> int:
        """Take in facts and documents besides what is stored; the optimisation steps that it took."""

    @property
    @abstractmethod
    def bytes(self) -> int:
        """What has to be stored besides the untouched model."""

    @property
    def reader(self) -> Reader:
        """What answers."""
        return Reader(self.model)

    def prompt(self, ids: Sequence[int], query: Sequence[int] | None = None) -> list[int]:
        """What is put to the reader in place of a prompt: some rivals put text before it.

        Args:
            ids: of the prompt.
            query: tokens by which such text is looked for; None for the prompt itself.
        """
        return list(ids)

    def pieces(self, text: Question, cue: Sequence[int]) -> list[Question]:
        """A whole text as questions whose answers, one after the other, are its tokens.

        Args:
            text: as ``as_question`` makes it.
            cue: its first words.
        """
        # It is looked for by them, which is how a person would ask for it.
        return [self.ask(text, cue)]

    def go_on(self, prompts: Sequence[list[int]], most: Sequence[int]) -> list[list[int]]:
        """Greedily generate at most so many tokens after each prompt, with whatever is put before it."""
        return decode(self.reader, [self.prompt(prompt) for prompt in prompts], most, lambda _, __: False)

    def facts_found(self, facts: Sequence[Fact]) -> dict[str, float | None]:
        """What a rival that retrieves text reports about its retrieval, for facts."""
        return {}

    def probes_found(self, documents: Sequence[TextDocument]) -> dict[str, float | None]:
        """The same for the probes of documents."""
        return {}

    def ask(self, question: Question, query: Sequence[int] | None = None) -> Question:
        """The question with the prompt that is put to the reader."""
        return Question(tuple(self.prompt(question.prompt, query)), question.answer)


def rival_report(
    make: Callable[[], Rival], facts: Sequence[Fact], documents: Sequence[TextDocument], text: HeldOut, note: Note
) -> dict[str, object]:
    """Write facts jointly, and documents one after the other into a fresh one of the same kind.

    Args:
        make: gives a rival that contains nothing.
        facts: may be empty.
        documents: may be empty.
        text: unrelated, for locality.
        note: called with what is happening.

    Returns:
        ``facts``, ``documents`` and ``locality`` with the keys of the benchmark. What has no meaning for a rival, such
        as figures without completion, is None; so is a part that had nothing to look at.
    """
    facts_figures: dict[str, float | None] | None = None
    documents_figures: dict[str, object] | None = None
    changed: dict[str, object] = {}
    if facts:
        rival = make()
        note("writing the facts")
        begun = time.monotonic()
        steps = rival.write(facts, ())
        seconds = time.monotonic() - begun
        note("asking the facts")
        facts_figures = _facts_report(rival, facts) | {"seconds": seconds, "steps": steps, "bytes": rival.bytes}
        note("reading held-out text")
        changed = {**rival_locality(rival, text), "memory": "facts", "text": text.name}
    if documents:
        rival = make()
        documents_figures = _documents_report(rival, documents, note)
        if not facts:
            changed = {**rival_locality(rival, text), "memory": "documents", "text": text.name}
        else:
            changed["documents"] = rival_locality(rival, text)
    return {"facts": facts_figures, "documents": documents_figures, "locality": changed or None}


def _facts_report(rival: Rival, facts: Sequence[Fact]) -> dict[str, float | None]:
    plain = FactQuestions.of(rival.model.tokenizer, facts)
    asked = FactQuestions(
        [rival.ask(question) for question in plain.written],
        [rival.ask(question) for question in plain.reworded],
        plain.answers,
    )
    before = score(Reader(rival.model), plain.written)
    return {
        "count": len(facts),
        **answered(rival.reader, asked),
        "median_p_before": median([s.p for s in before]),
        "paraphrase_count": len(asked.reworded),
        "paraphrase_exact_without_completion": None,
        **rival.facts_found(facts),
    }


def _accuracy(rival: Rival, text: Question, cue: Sequence[int]) -> float:
    """The share of a text's tokens that are right given the true ones before them, however many questions it makes."""
    right = [flag for scored in score(rival.reader, rival.pieces(text, cue)) for flag in scored.right]
    return sum(right) / len(right)


def _documents_report(rival: Rival, documents: Sequence[TextDocument], note: Note) -> dict[str, object]:
    tokenizer = rival.model.tokenizer
    texts = [as_question(tokenizer, document) for document in documents]
    cues = [cue_and_rest(tokenizer, document.text)[0] for document in documents]
    retention = Retention()
    for number, document in enumerate(documents, start=1):
        note(f"writing document {number} of {len(documents)}")
        begun = time.monotonic()
        retention.steps.append(rival.write((), (document,)))
        retention.seconds.append(time.monotonic() - begun)
        retention.accuracy.append([_accuracy(rival, text, cue) for text, cue in zip(texts, cues, strict=True)])
    note("asking the probes")
    questions = [rival.ask(question) for group in probes(tokenizer, documents) for question in group]
    return {
        "count": len(documents),
        "tokens": [len(text.answer) + 1 for text in texts],
        "token_accuracy": retention.own,
        "retention": retention.matrix,
        "retention_final": retention.final,
        "token_accuracy_after": retention.accuracy,
        "probe_count": len(questions),
        "probe_exact": share(exact(rival.reader, questions)),
        "probe_exact_without_completion": None,
        **rival.probes_found(documents),
        "recitation": recitation(rival.reader, documents, rival.go_on),
        "seconds": retention.seconds,
        "steps": retention.steps,
        "bytes": rival.bytes,
    }


@torch.no_grad()
def rival_locality(rival: Rival, text: HeldOut) -> dict[str, float]:
    """What a rival changes on unrelated text, in the keys of ``locality.locality``.

    Text that a rival puts before a prompt stands before each window too, looked for by the window's first words.
    """
    model, reader = rival.model, rival.reader
    before = after = 0.0
    agreed = count = 0
    for part in torch.split(text.windows, WINDOW_BATCH):
        ids, wanted = part[:, :-1], part[:, 1:].to(model.device)
        plain = model.network.logits(model.network.advance(ids.to(model.device))[0]).float()
        length = ids.shape[1]
        asked = [rival.prompt(row, first_words(model.tokenizer, row)) for row in ids.tolist()]
        if len({len(row) for row in asked}) == 1:
            streams = reader.advance(torch.tensor(asked, device=model.device)).stream[:, -length:]
        else:
            rows = [reader.advance(torch.tensor([row], device=model.device)).stream[:, -length:] for row in asked]
            streams = torch.cat(rows)
        logits = reader.model.network.logits(streams).float()
        before += float(cross_entropy(plain.flatten(0, 1), wanted.flatten(), reduction="sum").double())
        after += float(cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="sum").double())
        agreed += int((logits.argmax(-1) == plain.argmax(-1)).sum())
        count += wanted.numel()
    return {
        "tokens": count,
        "loss_before": before / count,
        "loss_after": after / count,
        "relative_change": (after - before) / before,
        "top1_agreement": agreed / count,
    }
