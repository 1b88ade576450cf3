"""The whole report of the bench command: facts, cold reload, documents, locality."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from bdh_workbench.asking.decoding import Question
from bdh_workbench.evaluation.cold import cold_reload
from bdh_workbench.evaluation.edits import Edit, edits_report
from bdh_workbench.evaluation.locality import LEAST_TOKENS, PLAIN_SAMPLE, HeldOut, held_out, locality
from bdh_workbench.evaluation.provenance import provenance, training_tokens
from bdh_workbench.evaluation.questions import questions_report, slot
from bdh_workbench.evaluation.recall import FactQuestions, recall
from bdh_workbench.evaluation.retention import documents_report, probes
from bdh_workbench.evaluation.speed import cache_speedup
from bdh_workbench.evaluation.squad import Article
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.files.memory_file import file_size
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import WriteEvent, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, UNTOUCHED, Reader, ReadSettings

QUICK_FACTS, QUICK_DOCUMENTS, QUICK_TOKENS, QUICK_SAMPLE = 10, 2, 10_000, 2_000

Watch = Callable[[str, WriteEvent | None], None]
# Measures other methods on the same questions, given the model, facts, documents, unrelated text, the settings of
# writes, and what to call with what is happening; gives what belongs under ``baselines`` and ``baselines_tuned``.
MeasureRivals = Callable[
    [Model, Sequence[Fact], Sequence[TextDocument], HeldOut, WriteSettings, Callable[[str], None]],
    Mapping[str, object],
]


@dataclass(frozen=True, slots=True)
class BenchmarkInput:
    """What is measured.

    Attributes:
        facts: written jointly into a fresh memory; may be empty.
        documents: written one after the other into another; may be empty.
        text: file or folder of held-out text, or None for the bundled text.
        quick: whether to look at the first few of each only.
        articles: that people's questions are put to; may be empty.
        together: whether all of them are in one memory.
        edits: written in one write; may be empty.
    """

    facts: Sequence[Fact]
    documents: Sequence[TextDocument]
    text: str | None = None
    quick: bool = False
    articles: Sequence[Article] = ()
    together: bool = False
    edits: Sequence[Edit] = ()


def benchmark(
    model: Model, given: BenchmarkInput, settings: WriteSettings, watch: Watch, rivals: MeasureRivals | None = None
) -> dict[str, object]:
    """Write facts and documents, and report what became of them.

    Args:
        model: the frozen model.
        given: what to write and to read.
        settings: of every write.
        watch: called with what is happening, and each step of a write.
        rivals: measures rival methods too; None for the memory alone.

    Returns:
        The report, ready for JSON. A part that had nothing to look at is None.

    Raises:
        UserError: when a write refuses its input or the text cannot be read.
    """
    facts = given.facts[:QUICK_FACTS] if given.quick else given.facts
    documents = given.documents[:QUICK_DOCUMENTS] if given.quick else given.documents
    # Read first: a mistake in it should not come to light after minutes of work.
    text = held_out(given.text, model.tokenizer, model.config.context, QUICK_TOKENS if given.quick else LEAST_TOKENS)
    report: dict[str, object] = {
        **provenance(model),
        "parameters": model.parameters,
        "training_tokens": training_tokens(model),
        "device": str(model.device),
        "threads": torch.get_num_threads(),
        "quick": given.quick,
        **dict.fromkeys(("facts", "cold_reload", "documents", "locality", "baselines", "baselines_tuned")),
    }
    if given.articles:
        report["questions"] = questions_report(
            slot(model, settings), given.articles, given.together, lambda line: watch(_sentence(line), None)
        )
    if given.edits:
        report["edits"] = edits_report(model, given.edits, settings, lambda line: watch(_sentence(line), None))
    if not facts and not documents:
        return report
    memories: dict[str, Memory] = {}
    figures: dict[str, dict[str, object]] = {}
    questions: list[Question] = []
    if facts:
        asked = FactQuestions.of(model.tokenizer, facts)
        questions = asked.written
        about_facts, memories["facts"] = _facts(model, facts, asked, settings, watch)
        watch("Timing a step with and without cached features", None)
        figures["facts"] = {**about_facts, **cache_speedup(model, facts, (), 1 if given.quick else 3)}
    if documents:
        figures["documents"], memories["documents"] = documents_report(model, documents, settings, watch)
        if not facts:
            questions = [question for group in probes(model.tokenizer, documents) for question in group]
            watch("Timing a step with and without cached features", None)
            figures["documents"] |= cache_speedup(model, (), documents[:1], 1 if given.quick else 3)
    name = next(iter(memories))
    if questions:
        watch("Reloading in a fresh process", None)
        report["cold_reload"] = cold_reload(model, memories[name], questions)
    readers = {key: Reader(model, memory) for key, memory in memories.items()}
    by_memory = locality(model, readers, text, lambda done: watch(f"Reading held-out text, {done:.0%}", None))
    watch("Reading held-out text without the gate", None)
    open_readers = {
        "without_gate": readers[name].with_settings(ReadSettings(gate=False)),
        "pure": readers[name].with_settings(PURE),
    }
    if rivals:  # which read the sample alone
        open_readers["on_sample"] = readers[name]
    sample = text.sample(QUICK_SAMPLE if given.quick else PLAIN_SAMPLE)
    changed: dict[str, object] = {**by_memory.pop(name), "memory": name, "text": text.name}
    report["locality"] = changed | locality(model, open_readers, sample) | by_memory
    if rivals:
        for key, memory in memories.items():
            figures[key]["bytes"] = file_size(memory)
        report |= rivals(model, facts, documents, sample, settings, lambda line: watch(_sentence(line), None))
    return report | figures


def _sentence(line: str) -> str:
    return line[:1].upper() + line[1:]


def _facts(
    model: Model, facts: Sequence[Fact], asked: FactQuestions, settings: WriteSettings, watch: Watch
) -> tuple[dict[str, float | None], Memory]:
    """The report on facts written jointly, and the memory that holds them."""
    label = f"Writing {len(facts)} facts"
    result = finish(write(model, None, facts, (), settings), functools.partial(watch, label))
    watch("Asking the facts", None)
    reader = Reader(model, result.memory)
    report = recall(reader, reader.with_settings(UNTOUCHED), asked)
    report |= {
        "seconds": result.summary.seconds,
        "steps": result.summary.steps,
        "rows": len(result.memory.rows),
        "rank": len(result.memory.basis),
        "fill": result.memory.fill,
        "ambiguous": result.summary.ambiguous,
    }
    return report, result.memory
