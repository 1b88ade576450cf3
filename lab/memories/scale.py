"""What a memory costs as it grows to the size of a book, compared with other ways to search the same text."""

from __future__ import annotations

import importlib.util
import math
import pickle
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rank_bm25 import BM25Okapi

from bdh_workbench.asking.ask import reply_to
from bdh_workbench.asking.decoding import decode
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation.locality import HeldOut, held_out, locality
from bdh_workbench.evaluation.questions import QuestionsReport, questions_report, slot
from bdh_workbench.evaluation.retention import CUE_WORDS, as_question, token_accuracy
from bdh_workbench.evaluation.squad import read_articles
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.sentences import sentence_spans, sentences_of
from bdh_workbench.memory.files.memory_file import load_memory_of, save_memory
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.banks import own_rows
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import WriteEvent, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sources import Sources
from bdh_workbench.training.corpus import validation_documents
from bdh_workbench.training.pictures import COLOURS
from lab.results import Note, draw, markdown_table, pictures_in
from lab.rivals.answers import RIVAL_NAMES, by_meaning, missing, rivals
from lab.rivals.context import words

STORED_TOKENS = (1_000, 3_000, 10_000, 30_000, 100_000, 200_000)
RECITED_PARAGRAPHS, ASKED_SENTENCES = 20, 10  # paragraphs that are recited, and sentences that are asked about
RETAINED = 3_000  # tokens whose accuracy is measured
LOCAL = 8_000  # tokens of other text, none of which is stored
LEARNT_LATER = (
    Fact("The ferryman of Ostrel is", "Matthias Holm"),
    Fact("The lock keeper at Bruna is", "Edda Varn"),
)
LARGE = {"10 million": 10_000_000, "1 billion": 1_000_000_000}
CORES, NIGHT = 16, 12 * 3600.0  # cores of a machine, and seconds, of the estimate


@dataclass(frozen=True, slots=True)
class Scale:
    """One memory; times in seconds, sizes in bytes, shares from 0 to 1.

    Attributes:
        tokens: of its text.
        documents: of them.
        rows: stored positions.
        banks: of the slow memory.
        write: time of the write.
        processor: processor time of the write.
        first: time of the first thousand tokens of the same write, up to a bank.
        last: the same of the last.
        peak: memory of the process at most.
        file: size of the memory file.
        open: until the file can be asked.
        first_question: the first question after that.
        question: each of those after it.
        retention: token accuracy after all is written, on at most ``RETAINED`` tokens.
        recitation: share of paragraphs that come word for word from their first eight words to the end of a sentence.
        locality: relative change of the loss on other text.
        two_facts: time to write two facts into it.
        left_out: positions that could not be distinguished from others.
    """

    tokens: int
    documents: int
    rows: int
    banks: int
    write: float
    processor: float
    first: float
    last: float
    peak: int
    file: int
    open: float
    first_question: float
    question: float
    retention: float
    recitation: float
    locality: float
    two_facts: float
    left_out: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """The same text in an index of another kind; times in seconds."""

    rival: str
    sentences: int
    index: float
    bytes: int
    question: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What more text would take; the file in bytes."""

    tokens: int
    core_hours: float
    file: float
    machines: int


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: memories of growing size and indices of the same text, and people's questions."""

    model: str
    tokens: int
    questions: str | None
    threads: int
    results: list[Scale]
    rivals: list[Indexed]
    left_out: list[str]
    answers: dict[str, QuestionsReport] | None
    estimate: dict[str, Estimate]


def measure(
    model: Model, corpus: str, tokens: int, questions: str | None = None, note: Note = lambda line: None
) -> Iterator[Report]:
    """Write more and more of a text, each time into a fresh memory.

    Args:
        model: the frozen model.
        corpus: general text, whose validation shard is written; its last documents serve as other text.
        tokens: of the largest memory.
        questions: articles in SQuAD's JSON form, put to the memory and to its rivals, all articles in one memory.
        note: called with a line for each size.

    Raises:
        UserError: when there is too little text.
    """
    sizes = [size for size in STORED_TOKENS if size <= tokens]
    texts = documents_of(model, corpus, max(sizes, default=0))
    other = held_out(corpus, model.tokenizer, model.config.context, LOCAL, skip=len(texts))
    scales: list[Scale] = []
    indices: list[Indexed] = []
    for size in sizes:
        documents = first_documents(model, texts, size)
        scales.append(_measured(model, documents, other))
        indices += _rivals(documents)
        last = scales[-1]
        note(
            f"{last.tokens:,} tokens: {last.write:.1f} s, {last.file / last.tokens:,.0f} bytes a token, recited "
            f"{last.recitation:.0%}, other text {100 * last.locality:+.2f}%, first question {last.first_question:.2f} s"
        )
    yield Report(
        model.name,
        tokens,
        questions,
        torch.get_num_threads(),
        scales,
        indices,
        left_out=[line for line in (missing("bm25"), missing("minilm")) if line],
        answers=_answers(model, questions, note) if questions else None,
        estimate=_estimate(scales[-1]),
    )


def documents_of(model: Model, corpus: str, tokens: int, count: int = 1, skip: int = 0) -> list[TextDocument]:
    """Documents of a corpus's validation shard, titled by their first words: so many, and with so many tokens.

    Args:
        model: gives the tokenizer.
        corpus: general text.
        tokens: of all of them together, at least.
        count: of them, at least.
        skip: documents before the first of them.

    Raises:
        UserError: when there is too little text.
    """
    texts: list[TextDocument] = []
    found = 0
    for number, document in enumerate(validation_documents(corpus)):
        if found >= tokens and len(texts) >= count:
            break
        if number < skip:
            continue
        text = document.text.strip()
        found += len(model.tokenizer.encode(text))
        texts.append(TextDocument(f"{number + 1}. {' '.join(text.split()[:6])}", text))
    if found < tokens or len(texts) < count:
        where = f" after its first {skip}" if skip else ""
        raise UserError(
            f"The validation text at {corpus} has {len(texts)} documents with {found:,} tokens{where}, and "
            f"{count} with {tokens:,} are to be written: give a larger corpus."
        )
    return texts


def first_documents(model: Model, texts: Sequence[TextDocument], tokens: int) -> list[TextDocument]:
    """The first documents with so many tokens; the last one is cut after a sentence where it would be far too much."""
    chosen: list[TextDocument] = []
    left = tokens
    for text in texts:
        size = len(model.tokenizer.encode(text.text))
        if size > 1.2 * left:
            return [*chosen, beginning(model, text, left)]
        chosen.append(text)
        left -= size
        if left <= 0:
            break
    return chosen


def beginning(model: Model, text: TextDocument, tokens: int) -> TextDocument:
    """The first sentences of a document, as they stand there, with so many tokens or a few more."""
    end = 0
    for start, end in sentence_spans(text.text):
        tokens -= len(model.tokenizer.encode(text.text[start:end]))
        if tokens <= 0:
            break
    return TextDocument(text.title, text.text[:end].strip())


def _measured(model: Model, documents: Sequence[TextDocument], other: HeldOut) -> Scale:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.safetensors"
        begun, used = time.perf_counter(), time.process_time()
        marks: list[float] = []

        def see(event: WriteEvent) -> None:
            if event.phase == "solve":
                marks.append(event.elapsed)

        result = finish(write(model, None, (), documents), see)
        seconds, processor = time.perf_counter() - begun, time.process_time() - used
        memory = result.memory
        save_memory(path, memory)
        begun = time.perf_counter()
        loaded = load_memory_of(path, model)
        reader, sources = Reader(model, loaded), Sources(loaded)
        if reader.questions is not None and reader.questions.ready:
            reader.questions.known()
        opened = time.perf_counter() - begun
        asked = [_question(text.text) for text in documents[:: max(1, len(documents) // ASKED_SENTENCES)]]
        times = []
        for question in asked:
            begun = time.perf_counter()
            reply_to(reader, sources, question)
            times.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        later = write(model, loaded, LEARNT_LATER)
        for _ in later:
            pass
        two_facts = time.perf_counter() - begun
        tokens = sum(item.tokens for item in memory.items)
        lengths = _spans(memory, marks)
        return Scale(
            tokens=tokens,
            documents=len(documents),
            rows=len(memory.rows),
            banks=len(own_rows(memory.rows)),
            write=seconds,
            processor=processor,
            first=lengths[0],
            last=lengths[-1],
            peak=_peak(),
            file=path.stat().st_size,
            open=opened,
            first_question=times[0],
            question=statistics.mean(times[1:] or times),
            retention=_retention(model, reader, documents),
            recitation=_recitation(model, reader, documents),
            locality=locality(model, {"slot": reader}, other)["slot"]["relative_change"],
            two_facts=two_facts,
            left_out=result.summary.ambiguous + result.summary.unlearnt,
        )


def _spans(memory: Memory, marks: Sequence[float]) -> list[float]:
    """Seconds per thousand rows with their own address, bank by bank; the last bank may be small."""
    counts = list(own_rows(memory.rows).values())
    spans = [after - before for before, after in zip([0.0, *marks], marks, strict=False)]
    rates = [1000.0 * span / count for span, count in zip(spans, counts, strict=False)]
    return rates[:-1] if len(rates) > 1 and counts[len(rates) - 1] < counts[0] / 2 else rates


def _peak() -> int:
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _question(text: str) -> str:
    """A question made of the words of a sentence: only the time is measured, not the answer."""
    sentence = max(sentences_of(text)[:3], key=len)
    return f"What is said of {' '.join(sentence.split()[:8]).rstrip('.,;:')}?"


def _retention(model: Model, reader: Reader, documents: Sequence[TextDocument]) -> float:
    """Mean token accuracy of documents spread over the memory, weighted by their tokens."""
    chosen, count = [], 0
    for text in documents[:: max(1, len(documents) // 20)]:
        chosen.append(as_question(model.tokenizer, text))
        count += len(chosen[-1].answer)
        if count > RETAINED:
            break
    accuracy = token_accuracy(reader, chosen)
    weights = [len(question.answer) for question in chosen]
    return sum(a * w for a, w in zip(accuracy, weights, strict=True)) / sum(weights)


def _recitation(model: Model, reader: Reader, documents: Sequence[TextDocument]) -> float:
    """Recite random paragraphs, from their first eight words to the end of the sentence."""
    paragraphs = [p for text in documents for p in text.text.split("\n") if len(p.split()) > 2 * CUE_WORDS]
    drawn = np.random.default_rng(0).permutation(len(paragraphs))[:RECITED_PARAGRAPHS]
    tokenizer = model.tokenizer
    prompts, wanted = [], []
    for number in drawn.tolist():
        sentence = sentences_of(paragraphs[number])[0]
        cut = sentence.split()
        if len(cut) <= CUE_WORDS:  # then a little of the next
            cut = paragraphs[number].split()[: 2 * CUE_WORDS]
        whole = tokenizer.encode(" ".join(cut))
        prompt = tokenizer.encode(" ".join(cut[:CUE_WORDS]))
        prompts.append(prompt)
        wanted.append(whole[len(prompt) :])
    said = decode(reader, prompts, [len(ids) for ids in wanted], lambda index, ids: False)
    right = sum(a == b for one, other in zip(said, wanted, strict=True) for a, b in zip(one, other, strict=False))
    return right / max(1, sum(map(len, wanted)))


def _rivals(documents: Sequence[TextDocument]) -> Iterator[Indexed]:
    """The cost of indexing the same text in other ways, and of finding a sentence in it."""
    sentences = [sentence for text in documents for sentence in sentences_of(text.text)]
    asked = [_question(text.text) for text in documents[:: max(1, len(documents) // ASKED_SENTENCES)]]

    def indexed(name: str, seconds: float, size: int, times: Sequence[float]) -> Indexed:
        return Indexed(name, len(sentences), seconds, size, statistics.mean(times))

    begun = time.perf_counter()
    index = BM25Okapi([words(sentence) for sentence in sentences])
    spent = time.perf_counter() - begun
    yield indexed("bm25", spent, len(pickle.dumps(index)), list(_timed(asked, lambda q: index.get_scores(words(q)))))
    if importlib.util.find_spec("transformers") is None or missing("minilm"):
        return
    find = by_meaning()
    begun = time.perf_counter()
    best = find(sentences)
    spent = time.perf_counter() - begun
    yield indexed("minilm", spent, len(sentences) * 384 * 4, list(_timed(asked, best)))


def _timed(asked: Sequence[str], act: Any) -> Iterator[float]:
    for question in asked:
        begun = time.perf_counter()
        act(question)
        yield time.perf_counter() - begun


def _answers(model: Model, file: str, note: Note) -> dict[str, QuestionsReport]:
    """People's questions, all articles in one memory, by the slot, BM25 and MiniLM."""
    articles = read_articles(file)
    known = {name: remember for name, remember in rivals().items() if name in ("bm25", "minilm")}
    reports = {}
    for name, remember in {"slot": slot(model, WriteSettings()), **known}.items():
        reports[name] = questions_report(remember, articles, True, strangers=False)
        note(f"{RIVAL_NAMES.get(name, 'the slot')}: right sentence {reports[name]['sentence_right'] or 0.0:.1%}")
    return reports


def _estimate(largest: Scale) -> dict[str, Estimate]:
    """What more text would take, by the slopes of the largest memory: an estimate, and nothing measured."""
    estimates = {}
    for name, tokens in LARGE.items():
        hours = largest.processor / largest.tokens * tokens / 3600.0
        machines = math.ceil(hours * 3600.0 / (CORES * NIGHT))
        estimates[name] = Estimate(tokens, hours, largest.file / largest.tokens * tokens, machines)
    return estimates


def pictures(report: Report, out: Path) -> list[str]:
    """What a memory costs and keeps, over its tokens."""
    scales = report.results
    x = [each.tokens for each in scales]
    curves: dict[str, tuple[str, str, dict[str, list[float]]]] = {
        "write": ("Time of a write", "seconds per 1,000 tokens", {"slot": [1000 * e.write / e.tokens for e in scales]}),
        "bytes": ("Size on disk", "bytes per token", {"slot": [e.file / e.tokens for e in scales]}),
        "peak": ("Memory while writing and reading", "peak (GiB)", {"slot": [e.peak / 2**30 for e in scales]}),
        "open": (
            "Opening a memory",
            "seconds",
            {"open": [e.open for e in scales], "first question": [e.first_question for e in scales]},
        ),
        "question": ("Asking", "seconds a question", {"slot": [e.question for e in scales]}),
        "kept": (
            "What is kept",
            "share",
            {"retention": [e.retention for e in scales], "recitation": [e.recitation for e in scales]},
        ),
        "locality": ("Other text", "relative change of the loss", {"slot": [e.locality for e in scales]}),
    }
    for name in ("bm25", "minilm"):
        own = [index for index in report.rivals if index.rival == name]
        if len(own) == len(scales):
            curves["question"][2][name] = [index.question for index in own]
            curves["bytes"][2][name] = [index.bytes / tokens for index, tokens in zip(own, x, strict=True)]
            seconds = [1000 * index.index / tokens for index, tokens in zip(own, x, strict=True)]
            curves["write"][2][name] = seconds
    names = []
    for name, (title, label, lines) in curves.items():

        def plot(axes: Any, lines: dict[str, list[float]] = lines, name: str = name) -> None:
            for (label, y), colour in zip(lines.items(), COLOURS, strict=False):
                axes.plot(x, y, color=colour, marker="o", markersize=3, label=label)
            axes.set_xscale("log")
            if name not in ("kept", "locality", "peak"):
                axes.set_yscale("log")

        names += draw(out, f"scale-{name}", (title, "tokens stored", label), plot)
    return names


def page(report: Report, names: list[str]) -> str:
    """A table of memories, one of other indices, one of people's questions, and an estimate."""
    head = [
        "tokens", "rows", "banks", "write (s)", "processor (s)", "s per 1,000: first, last", "bytes a token",
        "peak (GiB)", "open (s)", "first question (s)", "question (s)", "two facts (s)", "retention", "recitation",
        "locality",
    ]  # fmt: skip
    rows = [
        [
            f"{e.tokens:,}", f"{e.rows:,}", f"{e.banks:,}", f"{e.write:.1f}", f"{e.processor:.1f}",
            f"{e.first:.2f}, {e.last:.2f}", f"{e.file / e.tokens:,.0f}", f"{e.peak / 2**30:.2f}",
            f"{e.open:.2f}", f"{e.first_question:.2f}", f"{e.question:.2f}", f"{e.two_facts:.2f}",
            f"{e.retention:.4f}", f"{e.recitation:.4f}", f"{e.locality:+.3%}",
        ]
        for e in report.results
    ]  # fmt: skip
    parts = [
        "# Scale\n\n"
        f"Text of the corpus's validation shard in one write by model `{report.model}`, threads: "
        f"{report.threads}. Retention: share of tokens that come greedily after the true ones before them. "
        f"Recitation: share of tokens that come free-running after the first {CUE_WORDS} words of {RECITED_PARAGRAPHS} "
        "paragraphs, to the end of the sentence.\n\n",
        markdown_table(head, rows),
    ]
    if report.rivals:
        cells = [
            [
                RIVAL_NAMES[e.rival].split(":")[0], f"{e.sentences:,}", f"{e.index:.2f}", f"{e.bytes:,}",
                f"{e.question:.4f}",
            ]
            for e in report.rivals
        ]  # fmt: skip
        parts += [
            "\n## The same text, searched otherwise\n\n",
            markdown_table(["index", "sentences", "indexing (s)", "bytes", "s a question"], cells),
        ]
        parts += [f"\n{line}\n" for line in report.left_out]
    if report.answers:
        answered = [
            [
                RIVAL_NAMES.get(name, "the slot"),
                f"{figures['sentence_right'] or 0.0:.1%}",
                f"{figures['seconds_per_question'] or 0.0:.3f}",
            ]
            for name, figures in report.answers.items()
        ]
        parts += [
            "\n## People's questions, all articles together\n\n",
            markdown_table(["answered by", "right sentence", "s a question"], answered),
        ]
    estimate = [
        [name, f"{e.core_hours:,.1f}", f"{e.file / 1e9:,.1f}", f"{e.machines:,}"] for name, e in report.estimate.items()
    ]
    parts += [
        "\n## More text: an estimate\n\n"
        "By the slopes of the largest memory, which nothing here has measured further: banks are independent, so that "
        f"machines write parts and `merge` puts them side by side. Machines of {CORES} cores, {NIGHT / 3600:.0f} "
        "hours.\n\n",
        markdown_table(["tokens", "core hours", "file (GB)", "machines"], estimate),
        pictures_in("Scale", names),
    ]
    return "".join(parts)
