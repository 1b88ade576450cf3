"""Memories of the size of a book: written by several processes, merged, and with one document forgotten.

It also measures how right a write is about the time it still needs.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from bdh_workbench.evaluation.retention import as_question, token_accuracy
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.banks import SlowMemory, own_rows
from bdh_workbench.memory.store.manage import forget, merge
from bdh_workbench.memory.store.state import KEPT_COLUMNS, Memory
from bdh_workbench.memory.writing.writer import WriteResult, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training.synthetic import facts as invented
from lab.memories.scale import beginning, documents_of, first_documents
from lab.results import Note, markdown_table

DOCUMENTS, DOCUMENT_TOKENS = 50, 500  # documents of which one is forgotten, and the tokens of each, about
PROCESSES = 2
SAMPLE = 8  # documents of a book whose retention is measured
SAMPLE_TOKENS = 1_000  # of each of them, about
FACTS_BY_GRADIENT, TEXT_BY_GRADIENT = 20, 220  # facts, and tokens of a document, that are written by gradient steps
LATE = 0.1  # share of a write's time after which its time left is to be right
LEFT = 1.0  # seconds; with less left nobody asks


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How right the time left of a write was, from a tenth of its time to its last second.

    Attributes:
        write: which.
        seconds: that it took.
        told: how often it was told in that time.
        right: share of these that were within 30%.
        median: of the differences, as a share of the true time left.
        largest: of them.
    """

    write: str
    seconds: float
    told: int
    right: float
    median: float
    largest: float


@dataclass(frozen=True, slots=True)
class Together:
    """One book written by several processes.

    Attributes:
        tokens: of it.
        processes: that wrote it.
        alone: seconds of one process.
        seconds: of all together.
        same: whether rows, basis and weights are those of one process, to the bit.
    """

    tokens: int
    processes: int
    alone: float
    seconds: float
    same: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """Two books in one memory.

    Attributes:
        tokens: of both.
        banks: of the merged memory.
        seconds: of the merge.
        same: how many of the banks are one of the books', to the bit.
        before: token accuracy on documents of both, each in its own memory.
        after: the same in the merged one.
    """

    tokens: int
    banks: int
    seconds: float
    same: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Forgotten:
    """One of several documents forgotten.

    Attributes:
        documents: there were.
        tokens: of all of them.
        banks: that they had.
        shared: banks that the one had a part in.
        seconds: of forgetting.
        same: how many of the other banks are as they were, to the bit.
        beside: token accuracy, before and after, on the documents that shared a bank with it; None if none did.
        others: the same on documents that shared none.
    """

    documents: int
    tokens: int
    banks: int
    shared: int
    seconds: float
    same: int
    beside: tuple[float, float] | None
    others: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured; parts that are not yet there are None."""

    model: str
    threads: int
    tokens: int
    left: list[TimeLeft]
    together: Together | None = None
    merged: Merged | None = None
    forgotten: Forgotten | None = None


def measure(model: Model, corpus: str, tokens: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Write two books and fifty documents of a corpus's validation text, and treat them as people may.

    Args:
        model: the frozen model.
        corpus: general text, whose validation shard is written.
        tokens: of each book.
        note: called with a line for each part.

    Raises:
        UserError: when there is too little text.
    """
    book, other = two_books(model, corpus, tokens)
    report = Report(model.name, torch.get_num_threads(), tokens, [])

    def told(left: TimeLeft) -> None:
        report.left.append(left)
        note(f"{left.write}: {left.seconds:.1f} s, time left right {left.right:.0%}, off by {left.largest:.0%} at most")

    steps = WriteSettings(method="gradient")
    facts = invented(FACTS_BY_GRADIENT, 0)
    told(_written(model, f"{FACTS_BY_GRADIENT} facts by gradient steps", facts, (), steps)[1])
    short = beginning(model, book[0], TEXT_BY_GRADIENT)
    told(_written(model, f"{TEXT_BY_GRADIENT} tokens of a document by gradient steps", (), [short], steps)[1])
    yield report
    written, left = _written(model, "a book", (), book)
    told(left)
    workers = WriteSettings(workers=PROCESSES)
    by_two, quick = _written(model, f"the book by {PROCESSES} processes", (), book, workers)
    told(quick)
    alike = same(written.memory, by_two.memory)
    together = Together(_tokens(written.memory), PROCESSES, left.seconds, quick.seconds, alike)
    note(
        f"written by {PROCESSES} processes: {quick.seconds:.1f} s, {'the same' if together.same else 'another'} memory"
    )
    report = dataclasses.replace(report, together=together)
    yield report
    second, left = _written(model, "another book", (), other)
    told(left)
    report = dataclasses.replace(report, merged=_merged(model, written.memory, second.memory, book, other))
    assert report.merged is not None
    note(f"merged in {report.merged.seconds:.1f} s: {report.merged.same} of {report.merged.banks} banks the same")
    yield report
    documents = [beginning(model, text, DOCUMENT_TOKENS) for text in documents_of(model, corpus, 0, DOCUMENTS)]
    fifty, left = _written(model, f"{len(documents)} documents", (), documents)
    told(left)
    report = dataclasses.replace(report, forgotten=_forgotten(model, fifty.memory, documents))
    yield report


def two_books(model: Model, corpus: str, tokens: int) -> tuple[list[TextDocument], list[TextDocument]]:
    """The documents of one book of so many tokens, and of another that begins with the document after its last.

    Raises:
        UserError: when there is too little text.
    """
    book = first_documents(model, documents_of(model, corpus, tokens), tokens)
    return book, first_documents(model, documents_of(model, corpus, tokens, skip=len(book)), tokens)


def _written(
    model: Model,
    name: str,
    facts: Sequence[Fact],
    documents: Sequence[TextDocument],
    settings: WriteSettings | None = None,
) -> tuple[WriteResult, TimeLeft]:
    """A write into a fresh memory, and how right its time left was."""
    begun, marks = time.perf_counter(), list[tuple[float, float]]()
    steps = write(model, None, facts, documents, settings or WriteSettings())
    result = finish(steps, lambda event: marks.append((time.perf_counter() - begun, event.remaining)))
    seconds = time.perf_counter() - begun
    return result, time_left(name, seconds, marks)


def time_left(name: str, seconds: float, marks: Sequence[tuple[float, float]]) -> TimeLeft:
    """How right the time left was.

    Args:
        name: of the write.
        seconds: that it took.
        marks: seconds since its beginning, and the seconds that were said to be left.
    """
    late = [(seconds - at, left) for at, left in marks if at >= LATE * seconds and seconds - at >= LEFT]
    off = [abs(left - true) / true for true, left in late]
    right = sum(each <= 0.3 for each in off) / len(off) if off else 1.0
    return TimeLeft(name, seconds, len(off), right, statistics.median(off or [0.0]), max(off, default=0.0))


def _tokens(memory: Memory) -> int:
    return sum(item.tokens for item in memory.items)


def same(one: Memory, other: Memory) -> bool:
    """Whether two memories read the same, to the bit."""
    columns = all(torch.equal(getattr(one.rows, name), getattr(other.rows, name)) for name in KEPT_COLUMNS)
    return columns and torch.equal(one.basis, other.basis) and torch.equal(one.weights, other.weights)


def _banks(memory: Memory) -> list[torch.Tensor]:
    """Each bank of S, in the order of their numbers."""
    slow = SlowMemory(memory)
    return [slow.bank(number) for number in own_rows(memory.rows)]


def _accuracy(model: Model, memory: Memory, documents: Sequence[TextDocument]) -> float:
    """Token accuracy on the beginnings of some documents spread over those given."""
    chosen = [beginning(model, text, SAMPLE_TOKENS) for text in documents[:: max(1, len(documents) // SAMPLE)]]
    asked = [as_question(model.tokenizer, text) for text in chosen]
    weights = [len(question.answer) for question in asked]
    right = token_accuracy(Reader(model, memory), asked)
    return sum(a * w for a, w in zip(right, weights, strict=True)) / max(1, sum(weights))


def _merged(
    model: Model, one: Memory, other: Memory, book: Sequence[TextDocument], second: Sequence[TextDocument]
) -> Merged:
    begun = time.perf_counter()
    both = merge([one, other])
    seconds = time.perf_counter() - begun
    known = [*_banks(one), *_banks(other)]
    kept = sum(any(torch.equal(bank, each) for each in known) for bank in _banks(both))
    before = (_accuracy(model, one, book) + _accuracy(model, other, second)) / 2
    after = (_accuracy(model, both, book) + _accuracy(model, both, second)) / 2
    return Merged(_tokens(both), len(own_rows(both.rows)), seconds, kept, before, after)


def _forgotten(model: Model, memory: Memory, documents: Sequence[TextDocument]) -> Forgotten:
    middle = len(documents) // 2
    banks = memory.rows.banks
    held = {int(n): set(banks[memory.rows.items == n].tolist()) for n in range(len(documents))}
    near = [n for n in held if n != middle and held[n] & held[middle]]
    far = [n for n in held if not held[n] & held[middle]]
    begun = time.perf_counter()
    after = forget(memory, middle)
    seconds = time.perf_counter() - begun
    one, other = SlowMemory(memory), SlowMemory(after)
    # A bank that nothing is left of has no number any more.
    number = {int(a): int(b) for a, b in zip(banks[memory.rows.items != middle], after.rows.banks, strict=True)}
    apart = [bank for bank in own_rows(memory.rows) if bank not in held[middle]]
    untouched = sum(torch.equal(one.bank(bank), other.bank(number[bank])) for bank in apart)

    def kept(numbers: Sequence[int]) -> tuple[float, float] | None:
        chosen = [documents[n] for n in numbers]
        if not chosen:
            return None
        return _accuracy(model, memory, chosen), _accuracy(model, after, chosen)

    return Forgotten(
        len(documents),
        _tokens(memory),
        len(own_rows(memory.rows)),
        len(held[middle]),
        seconds,
        untouched,
        kept(near),
        kept(far),
    )


def page(report: Report, names: Sequence[str]) -> str:
    """The report as Markdown; it has no pictures."""
    parts = [
        f"# Books\n\nText of the corpus's validation shard in books of about {report.tokens:,} tokens, by model "
        f"`{report.model}`, threads: {report.threads}.\n\n## The time left\n\nFrom a tenth of a write's time to its "
        f"last second: how often it was within 30% of the truth, and by how much it was off.\n\n",
        markdown_table(
            ["write", "seconds", "told", "within 30%", "median", "largest"],
            [
                [e.write, f"{e.seconds:.1f}", f"{e.told}", f"{e.right:.0%}", f"{e.median:.0%}", f"{e.largest:.0%}"]
                for e in report.left
            ],
        ),
    ]
    if (together := report.together) is not None:
        parts.append(
            f"\n## Several processes\n\n{together.tokens:,} tokens: {together.alone:.1f} s by one process, "
            f"{together.seconds:.1f} s by {together.processes}; "
            f"{'the memory is the same, bit for bit' if together.same else 'the memory is another'}.\n"
        )
    if (merged := report.merged) is not None:
        parts.append(
            f"\n## Two books merged\n\n{merged.tokens:,} tokens in {merged.seconds:.1f} s; {merged.same} of "
            f"{merged.banks} banks are as they were in one of the books, bit for bit. Token accuracy: "
            f"{merged.before:.4f} apart, {merged.after:.4f} together.\n"
        )
    if (gone := report.forgotten) is not None:
        parts.append(
            f"\n## One of {gone.documents} documents forgotten\n\n{gone.tokens:,} tokens in {gone.banks} banks, "
            f"{gone.shared} of which the document had a part in; {gone.seconds:.1f} s. {gone.same} of the "
            f"{gone.banks - gone.shared} other banks are as they were, bit for bit. Token accuracy before and after: "
            f"{_before_and_after(gone.beside)} on documents that shared a bank with it, "
            f"{_before_and_after(gone.others)} on others.\n"
        )
    return "".join(parts)


def _before_and_after(accuracy: tuple[float, float] | None) -> str:
    return "no figure (there are none)" if accuracy is None else f"{accuracy[0]:.4f} and {accuracy[1]:.4f}"
