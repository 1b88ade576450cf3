"""What a memory keeps: documents and facts written in sequence, memories merged, items forgotten, long texts.

Each part is measured by itself, on the ``test`` split of the synthetic data, and its results are saved as soon as it is
done, so that parts can be repeated one at a time. Peak memory is that of the whole process so far: for a figure of its
own, run a part alone.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.asking.decoding import Question, exact, score, share
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation.locality import held_out, locality
from bdh_workbench.evaluation.provenance import provenance
from bdh_workbench.evaluation.recall import FactQuestions
from bdh_workbench.evaluation.retention import as_question, probes, recitation, token_accuracy
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.files.memory_file import file_size
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store import manage
from bdh_workbench.memory.store.banks import Bases, SlowMemory
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, UNTOUCHED, Reader, ReadSettings
from bdh_workbench.training.synthetic import documents, facts
from lab.memories.keeping_page import page, pictures
from lab.memories.variants import MEASURED_SPLIT
from lab.results import Note

__all__ = ["measure", "page", "pictures"]

LOCALITY_TOKENS = 100_000  # of held-out text
ORDERS = 3  # in which ten documents are written
LONG_TOKENS = 10_000  # tokens of the long document


@dataclass(frozen=True, slots=True)
class Context:
    """What every part receives.

    Attributes:
        model: the frozen model.
        corpus: general text, whose held-out part locality and false accepts are measured on.
        seed: of the facts and documents.
        note: called with a line now and then.
    """

    model: Model
    corpus: str
    seed: int
    note: Note


def measure(
    model: Model,
    corpus: str,
    folder: Path,
    parts: Sequence[str] = (),
    seed: int = 0,
    note: Note = lambda line: None,
) -> Iterator[dict[str, Any]]:
    """Measure parts.

    Args:
        model: the frozen model.
        corpus: general text, as for training.
        folder: of results; parts of the very same model, calibration included, that it holds already and that are
            not measured now stay.
        parts: of ``PART_RUNS``; empty for all.
        seed: of the facts and documents.
        note: called with a line now and then.

    Raises:
        UserError: when there is no part of that name.
    """
    strange = sorted(set(parts) - set(PART_RUNS))
    if strange:
        raise UserError(f"There is no part {strange[0]}: choose from {', '.join(PART_RUNS)}.")
    path = folder / "keeping.json"
    report: dict[str, Any] = {}
    mine = provenance(model)
    if path.is_file():
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UserError(f"{path} is damaged: delete it, and all parts are measured again.") from None
        if isinstance(held, dict) and all(
            held.get(name) == mine[name] for name in ("fingerprint", "calibration_digest")
        ):
            report = held
    report["split"] = MEASURED_SPLIT
    for name in parts or PART_RUNS:
        started = time.monotonic()
        figures = PART_RUNS[name](Context(model, corpus, seed, note))
        report[name] = figures | {
            "seed": seed,
            "threads": torch.get_num_threads(),
            "part_seconds": round(time.monotonic() - started, 1),
            "peak_bytes": peak_bytes(),
        }
        yield report


def peak_bytes() -> int:
    """The most memory that this process has used so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


# Documents


def in_sequence(context: Context, texts: Sequence[TextDocument]) -> tuple[dict[str, Any], Memory]:
    """Write documents one after the other; each is measured right after its own write, and all at the end."""
    model = context.model
    asked = [as_question(model.tokenizer, text) for text in texts]
    memory: Memory | None = None
    bases: Bases | None = None
    own, own_pure, growth = [], [], []
    for number, text in enumerate(texts):
        result = finish(write(model, memory, (), (text,), None, bases))
        memory, bases = result.memory, result.bases
        reader = Reader(model, memory)
        own.append(token_accuracy(reader, asked[number : number + 1])[0])
        own_pure.append(token_accuracy(reader.with_settings(PURE), asked[number : number + 1])[0])
        growth.append({"seconds": result.summary.seconds, "rank": len(memory.basis), "rows": len(memory.rows)})
        context.note(f"document {number + 1} of {len(texts)}: rank {len(memory.basis)}, {result.summary.seconds:.1f} s")
    assert memory is not None
    reader = Reader(model, memory)
    pure = reader.with_settings(PURE)
    end = token_accuracy(reader, asked)
    questions = [question for group in probes(model.tokenizer, texts) for question in group]
    kept = [last / first if first else 0.0 for last, first in zip(end, own, strict=True)]
    pairs = zip(token_accuracy(pure, asked), own_pure, strict=True)
    kept_pure = [last / first if first else 0.0 for last, first in pairs]
    recited = [value for value in recitation(reader, texts) if value is not None]
    report = {
        "documents": len(texts),
        "tokens": sum(len(question.answer) + 1 for question in asked),
        "token_accuracy_mean": statistics.mean(own),
        "token_accuracy_min": min(own),
        "retention_final": statistics.mean(kept[:-1]),
        "retention_min": min(kept[:-1]),
        "retention_final_without_completion": statistics.mean(kept_pure[:-1]),
        "retention_min_without_completion": min(kept_pure[:-1]),
        "probe_count": len(questions),
        "probe_exact": share(exact(reader, questions)),
        "probe_exact_without_completion": share(exact(pure, questions)),
        "recitation_mean": statistics.mean(recited),
        "recitation_min": min(recited),
        "fill": memory.fill,
        "bytes": file_size(memory),
        "growth": growth,
    }
    return report, memory


def _ten(context: Context) -> dict[str, Any]:
    """Ten documents, in several orders."""
    texts = documents(10, context.seed, MEASURED_SPLIT)
    reports = []
    for order in range(ORDERS):
        turn = list(texts)
        random.Random(order).shuffle(turn)
        report, memory = in_sequence(context, turn)
        report["locality"] = _locality(context, memory)
        reports.append(report)
    return {"orders": reports} | _spread(
        reports,
        (
            "retention_final",
            "retention_final_without_completion",
            "token_accuracy_min",
            "probe_exact",
            "recitation_mean",
        ),
    )


def _fifty(context: Context) -> dict[str, Any]:
    report, memory = in_sequence(context, documents(50, context.seed, MEASURED_SPLIT))
    return report | {"locality": _locality(context, memory)}


def _spread(reports: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Mean, least and sample standard deviation of some figures over several reports."""
    return {
        name: {
            "mean": statistics.mean(report[name] for report in reports),
            "min": min(report[name] for report in reports),
            "deviation": statistics.stdev(report[name] for report in reports),
        }
        for name in names
    }


def _long(context: Context) -> dict[str, Any]:
    """One document of about ten thousand tokens, joined from invented documents."""
    tokenizer = context.model.tokenizer
    parts, count = [], 0
    for text in documents(60, context.seed + 1, MEASURED_SPLIT):
        if count >= LONG_TOKENS:
            break
        parts.append(text.text.strip())
        count += len(tokenizer.encode(parts[-1]))
    whole = TextDocument("A long document", "\n\n".join(parts))
    report, memory = in_sequence(context, [whole, documents(1, context.seed, MEASURED_SPLIT)[0]])
    return report | {"locality": _locality(context, memory)}


# Facts


def _facts_in_sequence(context: Context, count: int, writes: int) -> dict[str, Any]:
    """Facts in equal writes, scored only at the end."""
    model = context.model
    given = facts(count, context.seed, MEASURED_SPLIT)
    size = count // writes
    memory: Memory | None = None
    bases: Bases | None = None
    growth = []
    for number in range(writes):
        result = finish(write(model, memory, given[number * size : (number + 1) * size], (), None, bases))
        memory, bases = result.memory, result.bases
        growth.append({"seconds": result.summary.seconds, "rank": len(memory.basis), "rows": len(memory.rows)})
        context.note(f"write {number + 1} of {writes}: rank {len(memory.basis)}, {result.summary.seconds:.1f} s")
    assert memory is not None
    return {"facts": count, "writes": writes, "growth": growth} | _fact_figures(context, given, memory)


def _facts_at_once(context: Context) -> dict[str, Any]:
    """A thousand facts in one write."""
    given = facts(1000, context.seed, MEASURED_SPLIT)
    result = finish(write(context.model, None, given))
    report = {"facts": len(given), "writes": 1, "seconds": result.summary.seconds, "steps": result.summary.steps}
    report["peak_bytes_of_write"] = peak_bytes()
    return report | _fact_figures(context, given, result.memory)


def _fact_figures(context: Context, given: Sequence[Fact], memory: Memory) -> dict[str, Any]:
    reader = Reader(context.model, memory)
    asked = FactQuestions.of(context.model.tokenizer, given)
    found = [answer.p for answer in score(reader, asked.written)]
    return {
        "exact": share(exact(reader, asked.written)),
        "exact_without_completion": share(exact(reader.with_settings(PURE), asked.written)),
        "min_p": min(found),
        "median_p": statistics.median(found),
        "paraphrase_exact": share(exact(reader, asked.reworded)),
        "fill": memory.fill,
        "bytes": file_size(memory),
        "locality": _locality(context, memory),
    }


# Algebra


def _algebra(context: Context) -> dict[str, Any]:
    """Merge memories written apart, forget one document of five, undo everything."""
    model = context.model
    texts, given = documents(5, context.seed, MEASURED_SPLIT), facts(100, context.seed, MEASURED_SPLIT)
    first = finish(write(model, None, given[:50], texts[:2])).memory
    second = finish(write(model, None, given[50:], texts[2:])).memory
    joint = manage.merge([first, second])
    other = manage.merge([second, first])
    asked = FactQuestions.of(model.tokenizer, given).written
    groups = probes(model.tokenizer, texts)
    flat = [question for group in groups for question in group]
    reader = Reader(model, joint)
    apart = [Reader(model, first), Reader(model, second)]
    before = exact(apart[0], asked[:50]) + exact(apart[1], asked[50:])
    whole = [as_question(model.tokenizer, text) for text in texts]
    accuracy = token_accuracy(apart[0], whole[:2]) + token_accuracy(apart[1], whole[2:])
    merged = {
        "facts_exact_apart": share(before),
        "facts_exact": share(exact(reader, asked)),
        "token_accuracy_apart": accuracy,
        "token_accuracy": token_accuracy(reader, whole),
        "probe_exact": share(exact(reader, flat)),
        "order_difference": _difference(joint, other),
    }
    return {"merge": merged, "forget": _forget(context, texts, groups, whole), "undo": _undo(context, texts[:2])}


def _difference(one: Memory, other: Memory) -> float:
    """The largest difference of two slow memories, bank by bank."""
    both, banks = (SlowMemory(one), SlowMemory(other)), sorted({*one.rows.banks.tolist(), *other.rows.banks.tolist()})
    return max(float((both[0].bank(bank) - both[1].bank(bank)).abs().max()) for bank in banks)


def _forget(
    context: Context, texts: Sequence[TextDocument], groups: Sequence[Sequence[Question]], whole: Sequence[Question]
) -> dict[str, Any]:
    model = context.model
    _, memory = in_sequence(context, texts)
    gone = 2
    # The text continues after an answer, so that its end is not asked for.
    asked = [Question(question.prompt, question.answer[:-1]) for question in groups[gone]]
    left = manage.forget(memory, texts[gone].title)
    reader, untouched = Reader(model, left), Reader(model, memory).with_settings(UNTOUCHED)
    p_before = [answer.p for answer in score(Reader(model, memory), asked)]
    p_after = [answer.p for answer in score(reader, asked)]
    p_untouched = [answer.p for answer in score(untouched, asked)]
    others = [index for index in range(len(texts)) if index != gone]
    held = token_accuracy(Reader(model, memory), [whole[index] for index in others])
    kept = token_accuracy(reader, [whole[index] for index in others])
    return {
        "probe_p_before_mean": statistics.mean(p_before),
        "probe_p_difference_max": max(abs(a - b) for a, b in zip(p_after, p_untouched, strict=True)),
        "others_kept_min": min(after / before for after, before in zip(kept, held, strict=True)),
    }


def _undo(context: Context, texts: Sequence[TextDocument]) -> dict[str, Any]:
    model = context.model
    memory = finish(write(model, None, (), texts[:1])).memory
    memory = finish(write(model, memory, (), texts[1:2])).memory
    ids = torch.tensor([model.tokenizer.encode(texts[0].text)[:64]])
    untouched = Reader(model).logits(Reader(model).advance(ids))
    for _ in range(2):
        memory = manage.undo(memory)
    reader = Reader(model, memory)
    return {"untouched_bits": bool(torch.equal(reader.logits(reader.advance(ids)), untouched))}


# Familiarity and locality


def _locality(context: Context, memory: Memory) -> dict[str, Any]:
    text = held_out(context.corpus, context.model.tokenizer, context.model.config.context, LOCALITY_TOKENS)
    return locality(context.model, {"gate": Reader(context.model, memory)}, text)["gate"]


def _familiarity(context: Context) -> dict[str, Any]:
    """False accepts on held-out text, false rejects of written prompts, unseen paraphrases and cold probes."""
    given, texts = facts(200, context.seed, MEASURED_SPLIT), documents(10, context.seed, MEASURED_SPLIT)
    report = {}
    for name, (some_facts, some_texts) in {
        "200 facts": (given, ()),
        "10 documents": ((), texts),
        "200 facts and 10 documents": (given, texts),
    }.items():
        memory = finish(write(context.model, None, some_facts, some_texts)).memory
        report[name] = _found(context, memory, some_facts, some_texts)
        context.note(f"familiarity with {name} is measured")
    return report


def _found(
    context: Context, memory: Memory, some_facts: Sequence[Fact], some_texts: Sequence[TextDocument]
) -> dict[str, Any]:
    model = context.model
    reader, tokenizer = Reader(model, memory), model.tokenizer
    text = held_out(context.corpus, tokenizer, model.config.context, LOCALITY_TOKENS)
    general, closed_same, opened = [], True, 0
    open_reader = reader.with_settings(ReadSettings(gate=False))
    for part in torch.split(text.windows[:, :-1], 8):
        reading, untouched = reader.advance(part), model.network.advance(part)[0]
        closed = reading.rows < 0
        opened += int((~closed).sum())
        closed_same &= bool(torch.equal(reading.stream[closed], untouched[closed]))
        # Without the threshold's part in which row is gone on from: what the gate compares.
        general.append(open_reader.advance(part).familiarity.flatten())
    stranger = torch.cat(general)
    groups = {
        "written prompts": [fact.prompt for fact in some_facts],
        "unseen paraphrases": [prompt for fact in some_facts for prompt in fact.paraphrases],
        "probes": [probe.prompt for text_ in some_texts for probe in text_.probes],
    }
    asked = {name: _familiarities(reader, prompts) for name, prompts in groups.items() if prompts}
    report: dict[str, Any] = {
        "positions": len(stranger),
        "closed_bits_as_untouched": closed_same,
        "calibrated": {"threshold": reader.threshold}
        | _errors(stranger, asked, reader.threshold)
        | {"false accepts": opened / len(stranger)},  # without the gate a place is sought at every position
    }
    for rate in (0.001, 0.01):
        limit = float(torch.quantile(stranger.double(), 1.0 - rate))
        report[f"at {rate:.1%} false accepts"] = {"threshold": limit} | _errors(stranger, asked, limit)
    return report


def _familiarities(reader: Reader, prompts: Sequence[str]) -> torch.Tensor:
    found = []
    for prompt in prompts:
        reading = reader.advance(torch.tensor([reader.model.tokenizer.encode(prompt)]))
        found.append(float(reading.familiarity[0, -1]))
    return torch.tensor(found)


def _errors(stranger: torch.Tensor, asked: Mapping[str, torch.Tensor], limit: float) -> dict[str, float]:
    rates = {"false accepts": float((stranger >= limit).double().mean())}
    return rates | {f"{name} found": float((values >= limit).double().mean()) for name, values in asked.items()}


def _ablation(context: Context) -> dict[str, Any]:
    """The KL term, the norm bound and the gate, each left out: gradient writes of three sets of 20 facts."""
    model = context.model
    text = held_out(context.corpus, model.tokenizer, model.config.context, LOCALITY_TOKENS // 20)
    loose = 1e6  # a bound on the norm that is none
    variants = {
        "all": WriteSettings(method="gradient"),
        "without KL": WriteSettings(method="gradient", locality=0.0),
        "without norm bound": WriteSettings(method="gradient", norm=loose),
        "without decay": WriteSettings(method="gradient", decay=0.0),
        "without any": WriteSettings(method="gradient", locality=0.0, norm=loose, decay=0.0),
        "direct": WriteSettings(method="direct"),
    }
    report: dict[str, Any] = {}
    for name, settings in variants.items():
        found = []
        for seed in range(3):
            given = facts(20, seed, MEASURED_SPLIT)
            result = finish(write(model, None, given, (), settings))
            reader = Reader(model, result.memory)
            readers = {"gate": reader, "no gate": reader.with_settings(ReadSettings(gate=False))}
            readers["pure"] = reader.with_settings(PURE)
            changes = locality(model, readers, text)
            asked = FactQuestions.of(model.tokenizer, given)
            figures = {f"change, {read}": changes[read]["relative_change"] for read in readers}
            figures |= {
                "exact": share(exact(reader, asked.written)) or 0.0,
                "pure paraphrases": share(exact(readers["pure"], asked.reworded)) or 0.0,
                "norm": float(SlowMemory(result.memory).bank(0).norm()),
                "steps": result.summary.steps,
            }
            found.append(figures)
        report[name] = _spread(found, tuple(found[0]))
        context.note(f"ablation: {name}")
    return report


PART_RUNS: dict[str, Callable[[Context], dict[str, Any]]] = {
    "ten": _ten,
    "algebra": _algebra,
    "familiarity": _familiarity,
    "facts200": lambda context: _facts_in_sequence(context, 200, 10),
    "ablation": _ablation,
    "long": _long,
    "facts1000": _facts_at_once,
    "sequence1000": lambda context: _facts_in_sequence(context, 1000, 50),
    "fifty": _fifty,
}
