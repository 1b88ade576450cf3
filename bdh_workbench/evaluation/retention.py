"""Documents written one after the other: what each keeps, what is found when it is asked, and what can be recited."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bdh_workbench.asking.decoding import Question, decode, exact, score, share
from bdh_workbench.inputs.as_read import as_read
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.encoding import document_ids
from bdh_workbench.memory.writing.writer import WriteEvent, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.reading.reader import PURE, Reader

CUE_WORDS = 8  # words of a document from which it is recited


@dataclass(slots=True)
class Retention:
    """What was measured while documents were written in sequence.

    Attributes:
        accuracy: after each write (rows), the token accuracy on each document (columns), written yet or not.
        pure_accuracy: the same by the pure read, S alone.
        seconds: of each write.
        steps: of each write.
        rank: used after each write.
        ambiguous: positions of each write that cannot be told from one that is stored with another continuation.
        memory: after the last write.
    """

    accuracy: list[list[float]] = field(default_factory=list)
    pure_accuracy: list[list[float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    ambiguous: list[int] = field(default_factory=list)
    memory: Memory | None = None

    @property
    def own(self) -> list[float]:
        """Token accuracy of each document right after its own write."""
        return _own(self.accuracy)

    @property
    def pure(self) -> list[float]:
        """The same by the pure read."""
        return _own(self.pure_accuracy)

    @property
    def matrix(self) -> list[list[float]]:
        """R[i][j]: accuracy on document j after write i, divided by that right after write j (0 where that is 0).

        Right of the diagonal stands what the untouched model, and what is like it in earlier documents, give for
        nothing.
        """
        return _matrix(self.accuracy)

    @property
    def pure_matrix(self) -> list[list[float]]:
        """The same by the pure read."""
        return _matrix(self.pure_accuracy)

    @property
    def final(self) -> float | None:
        """Mean of the last row of the matrix without its last entry; None of a single document."""
        return _final(self.matrix)

    @property
    def pure_final(self) -> float | None:
        """The same by the pure read."""
        return _final(self.pure_matrix)


def _own(accuracy: list[list[float]]) -> list[float]:
    return [row[number] for number, row in enumerate(accuracy)]


def _matrix(accuracy: list[list[float]]) -> list[list[float]]:
    own = _own(accuracy)
    return [[a / own[j] if own[j] else 0.0 for j, a in enumerate(row)] for row in accuracy]


def _final(matrix: list[list[float]]) -> float | None:
    last = matrix[-1][:-1]
    return sum(last) / len(last) if last else None


def token_accuracy(reader: Reader, texts: Sequence[Question]) -> list[float]:
    """Share of each text's tokens whose argmax is right given the true ones before it (``as_question``)."""
    return [sum(s.right) / len(s.right) for s in score(reader, texts)]


def as_question(tokenizer: Tokenizer, document: TextDocument) -> Question:
    """A document's first token as the prompt and all others as the answer, its end only where there are none."""
    ids = document_ids(tokenizer, document.text)
    return Question(tuple(ids[:1]), tuple(ids[1:]) or (tokenizer.end_id,))


def measure_retention(
    model: Model,
    documents: Sequence[TextDocument],
    settings: WriteSettings,
    watch: Callable[[str, WriteEvent | None], None],
) -> Retention:
    """Write documents one after the other into a fresh memory and look at all of them after each write.

    Args:
        model: the frozen model.
        documents: in the order of writing.
        settings: of each write.
        watch: called with what is happening, and each step of a write.
    """
    texts = [as_question(model.tokenizer, document) for document in documents]
    retention = Retention()
    bases = None
    for number, document in enumerate(documents):
        label = f"Writing document {number + 1} of {len(documents)}"
        steps = write(model, retention.memory, (), (document,), settings, bases)
        result = finish(steps, functools.partial(watch, label))
        retention.memory, bases = result.memory, result.bases
        retention.seconds.append(result.summary.seconds)
        retention.steps.append(result.summary.steps)
        retention.rank.append(len(result.memory.basis))
        retention.ambiguous.append(result.summary.ambiguous)
        watch(f"Reading after write {number + 1} of {len(documents)}", None)
        reader = Reader(model, result.memory)
        retention.accuracy.append(token_accuracy(reader, texts))
        retention.pure_accuracy.append(token_accuracy(reader.with_settings(PURE), texts))
    return retention


def cue_and_rest(tokenizer: Tokenizer, text: str) -> tuple[list[int], list[int]]:
    """Token ids of a text's first eight words, and of what follows them."""
    text = as_read(text).strip()
    ids, words = tokenizer.encode(text), 0
    cut = len(text)
    for place, character in enumerate(text):
        if character.isspace() and not text[place - 1 : place].isspace():
            words += 1
            if words == CUE_WORDS:
                cut = place
                break
    count = sum(end <= cut for _, end in tokenizer.encode_with_spans(text)[1])
    return ids[:count], ids[count:]


def first_words(tokenizer: Tokenizer, ids: Sequence[int]) -> list[int]:
    """The beginning of some tokens that holds their first eight words; all of them where there are no more."""
    for count in range(1, len(ids)):
        if len(tokenizer.decode(ids[: count + 1]).split()) > CUE_WORDS:
            return list(ids[:count])
    return list(ids)


def recitation(
    reader: Reader,
    documents: Sequence[TextDocument],
    go_on: Callable[[Sequence[list[int]], Sequence[int]], list[list[int]]] | None = None,
) -> list[float | None]:
    """Share of each document's tokens after its first eight words that free-running greedy decoding gets right.

    A text of no more words has None. ``go_on`` generates in place of the reader, told prompts and how many tokens to
    generate after each.
    """
    parts = [cue_and_rest(reader.model.tokenizer, document.text) for document in documents]
    chosen = [index for index, (_, rest) in enumerate(parts) if rest]
    prompts = [parts[index][0] for index in chosen]
    most = [len(parts[index][1]) for index in chosen]
    shares: list[float | None] = [None] * len(documents)
    generated = go_on(prompts, most) if go_on else decode(reader, prompts, most, lambda _, __: False)
    for index, got in zip(chosen, generated, strict=True):
        rest = parts[index][1]
        shares[index] = sum(a == b for a, b in zip(got, rest, strict=False)) / len(rest)
    return shares


def probes(tokenizer: Tokenizer, documents: Sequence[TextDocument]) -> list[list[Question]]:
    """The probes of each document as questions."""
    return [[Question.of(tokenizer, probe.prompt, probe.answer) for probe in d.probes] for d in documents]


def documents_report(
    model: Model,
    documents: Sequence[TextDocument],
    settings: WriteSettings,
    watch: Callable[[str, WriteEvent | None], None],
) -> tuple[dict[str, object], Memory]:
    """The report on documents written in sequence, and the memory that holds them all.

    Keys that end in ``without_completion`` are of the pure read, S alone. Probes are asked cold, after all writes.
    """
    retention = measure_retention(model, documents, settings, watch)
    assert retention.memory is not None
    reader = Reader(model, retention.memory)
    pure = reader.with_settings(PURE)
    watch("Asking the probes", None)
    questions = probes(model.tokenizer, documents)
    flat = [question for group in questions for question in group]
    right, pure_right = exact(reader, flat), exact(pure, flat)
    each, start = [], 0
    for group in questions:
        each.append(share(right[start : start + len(group)]))
        start += len(group)
    watch("Reciting", None)
    report: dict[str, object] = {
        "count": len(documents),
        "tokens": [len(as_question(model.tokenizer, document).answer) + 1 for document in documents],
        "token_accuracy": retention.own,
        "token_accuracy_without_completion": retention.pure,
        "retention": retention.matrix,
        "retention_final": retention.final,
        "retention_without_completion": retention.pure_matrix,
        "retention_final_without_completion": retention.pure_final,
        "token_accuracy_after": retention.accuracy,
        "probe_count": len(flat),
        "probe_exact": share(right),
        "probe_exact_without_completion": share(pure_right),
        "probe_exact_each": each,
        "recitation": recitation(reader, documents),
        "recitation_without_completion": recitation(pure, documents),
        "seconds": retention.seconds,
        "steps": retention.steps,
        "rank": retention.rank,
        "ambiguous": retention.ambiguous,
        "fill": retention.memory.fill,
    }
    return report, retention.memory
