"""Ways of writing and reading, compared on the same facts, over seeds.

Twenty facts, without framings, so that what is compared is the protocol:

- joint contrastive: one gradient write of all facts, Adam for at most 300 steps, as in the paper; joint, no contrast:
  the same without InfoNCE; independent: each fact written alone into an empty memory, and the changes added up;
  sequential: one fact after the other into one memory, with and without projection off what is stored; direct: closed
  form, with the usual margin of log-odds and with others;
- hidden states: the write site addressed by whitened hidden states in place of content summaries.

Every memory is read with gate and completion, with each alone, and pure. Retention is the share of facts exact at the
end among those exact right after their own write, by the pure read, which is S alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from bdh_workbench.asking.decoding import exact, median, score, share
from bdh_workbench.evaluation.locality import HeldOut, held_out, locality
from bdh_workbench.evaluation.recall import FactQuestions, cross_contamination
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.algebra import slow_slot
from bdh_workbench.memory.store.banks import Bases, FixedSlot
from bdh_workbench.memory.store.manage import merge
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.problem import Unrelated
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader, ReadSettings
from bdh_workbench.training.synthetic import facts
from lab.memories.variants import MEASURED_SPLIT, general_text, hidden_state_model
from lab.results import (
    Figures,
    Note,
    Spread,
    bars,
    cell,
    draw,
    in_words,
    markdown_table,
    pictures_in,
    probability_cell,
    spread_of,
)

PROTOCOL_FACTS, PROTOCOL_TOKENS = 20, 2_000
READS = {
    "both": ReadSettings(),
    "no_completion": ReadSettings(completion=False),
    "no_gate": ReadSettings(gate=False),
    "pure": PURE,
}
READ_LABELS = {
    "both": "gate and completion",
    "no_completion": "gate, no completion",
    "no_gate": "completion, no gate",
    "pure": "pure",
}


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way of writing.

    Attributes:
        name: in the table.
        settings: of each write.
        how: ``joint``, ``independent`` or ``sequential``.
        hidden: addressed by hidden states.
    """

    name: str
    settings: WriteSettings
    how: str = "joint"
    hidden: bool = False


GRADIENT = WriteSettings(method="gradient", framings=0)
DIRECT = WriteSettings(method="direct", framings=0)
PROTOCOLS = (
    Protocol("joint contrastive, gradient", GRADIENT),
    Protocol("joint, no contrast, gradient", WriteSettings(method="gradient", framings=0, contrastive=0.0)),
    Protocol("independent, gradient", GRADIENT, "independent"),
    Protocol("sequential, gradient, projected", GRADIENT, "sequential"),
    Protocol(
        "sequential, gradient, not projected", WriteSettings(method="gradient", framings=0, protect=False), "sequential"
    ),
    Protocol("joint, direct", DIRECT),
    *(
        Protocol(f"joint, direct, margin {margin} nats", WriteSettings(method="direct", framings=0, margin=margin))
        for margin in (16, 32)
    ),
    Protocol("sequential, direct, projected", DIRECT, "sequential"),
    Protocol(
        "sequential, direct, not projected", WriteSettings(method="direct", framings=0, protect=False), "sequential"
    ),
    Protocol("joint contrastive, gradient, hidden states", GRADIENT, hidden=True),
    Protocol("joint, direct, hidden states", DIRECT, hidden=True),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: the figures of each protocol by its name."""

    model: str
    split: str
    seeds: int
    facts: int
    threads: int
    protocols: dict[str, Figures]


def measure(model: Model, corpus: str, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Write the same facts in every way.

    Args:
        model: the frozen model.
        corpus: its held-out part is the unrelated text; the hidden-state addresses are fitted on the rest.
        seeds: sets of facts.
        note: called with a line for each write.
    """
    text = held_out(corpus, model.tokenizer, model.config.context, PROTOCOL_TOKENS)
    hidden = hidden_state_model(model, general_text(model, corpus))
    measured: dict[str, list[dict[str, float | None]]] = {protocol.name: [] for protocol in PROTOCOLS}
    for seed in range(seeds):
        for protocol in PROTOCOLS:
            figures = measure_protocol(
                hidden if protocol.hidden else model, protocol, facts(PROTOCOL_FACTS, seed, MEASURED_SPLIT), text
            )
            measured[protocol.name].append(figures)
            said = in_words({name: figures[name] for name in ("pure_exact", "pure_paraphrases")})
            note(f"seed {seed}, {protocol.name}: {said}, {figures['seconds']:.1f} s")
    protocols = {name: spread_of(figures) for name, figures in measured.items()}
    yield Report(model.name, MEASURED_SPLIT, seeds, PROTOCOL_FACTS, torch.get_num_threads(), protocols)


def measure_protocol(model: Model, protocol: Protocol, given: Sequence[Fact], text: HeldOut) -> dict[str, float | None]:
    """Write facts by a protocol into a fresh memory, and read them in every way."""
    asked = FactQuestions.of(model.tokenizer, given)
    done = write_by(model, protocol, given)
    readers = {name: done.reader.with_settings(settings) for name, settings in READS.items()}
    changed = locality(model, readers, text)
    figures: dict[str, float | None] = {"seconds": done.seconds, "steps": done.steps, "retention": done.retention}
    for name, reader in readers.items():
        scores = score(reader, asked.written)
        figures |= {
            f"{name}_exact": share(exact(reader, asked.written)),
            f"{name}_median_p": median([s.p for s in scores]),
            f"{name}_min_p": min(s.p for s in scores),
            f"{name}_paraphrases": share(exact(reader, asked.reworded)),
            f"{name}_locality": changed[name]["relative_change"],
        }
    figures["pure_contamination"] = cross_contamination(readers["pure"], asked)
    figures["both_contamination"] = cross_contamination(readers["both"], asked)
    return figures


@dataclass(frozen=True, slots=True)
class Done:
    """A memory that was written: its reader, the seconds and steps of all writes together, and what was kept."""

    reader: Reader
    seconds: float
    steps: int
    retention: float | None


def write_by(
    model: Model,
    protocol: Protocol,
    given: Sequence[Fact],
    unrelated: Unrelated | None = None,
    asked_at_once: bool = True,
) -> Done:
    """Write facts by a protocol into a fresh memory.

    Args:
        model: the frozen model.
        protocol: how.
        given: the facts.
        unrelated: text that gradient steps look at; read for each write where it is not given.
        asked_at_once: whether each fact is asked right after its own write; without it there is no retention.
    """
    written = {"joint": _joint, "independent": _independent, "sequential": _sequential}[protocol.how]
    return written(model, protocol.settings, given, unrelated, asked_at_once)


def _joint(
    model: Model, settings: WriteSettings, given: Sequence[Fact], unrelated: Unrelated | None, asked_at_once: bool
) -> Done:
    del asked_at_once  # all are written at once
    result = finish(write(model, None, given, (), settings, unrelated=unrelated))
    return Done(Reader(model, result.memory), result.summary.seconds, result.summary.steps, None)


def _independent(
    model: Model, settings: WriteSettings, given: Sequence[Fact], unrelated: Unrelated | None, asked_at_once: bool
) -> Done:
    """Each fact alone; the slow memory is the sum of all changes, not the solution that a merge would compute."""
    results = [finish(write(model, None, [fact], (), settings, unrelated=unrelated)) for fact in given]
    total = sum(
        (slow_slot(result.memory) for result in results), torch.zeros(model.config.write_slots, model.config.width)
    )
    memories = [result.memory for result in results]
    reader = mounted(Reader(model, merge(memories)), total)
    kept = None
    if asked_at_once:
        right = [_right(Reader(model, memory), [fact])[0] for memory, fact in zip(memories, given, strict=True)]
        kept = _kept(right, _right(reader, given))
    return Done(reader, sum(r.summary.seconds for r in results), sum(r.summary.steps for r in results), kept)


def _sequential(
    model: Model, settings: WriteSettings, given: Sequence[Fact], unrelated: Unrelated | None, asked_at_once: bool
) -> Done:
    memory: Memory | None = None
    bases: Bases | None = None
    seconds, steps = 0.0, 0
    right: list[bool] = []
    for fact in given:
        result = finish(write(model, memory, [fact], (), settings, bases, unrelated=unrelated))
        memory, bases = result.memory, result.bases
        seconds, steps = seconds + result.summary.seconds, steps + result.summary.steps
        right += _right(Reader(model, memory), [fact]) if asked_at_once else []
    reader = Reader(model, memory)
    return Done(reader, seconds, steps, _kept(right, _right(reader, given)) if asked_at_once else None)


def mounted(reader: Reader, slow: Tensor) -> Reader:
    """A reader of the same rows with another slot (M, D)."""
    assert reader.memory is not None
    other = reader.with_settings(reader.settings)
    other.slow = FixedSlot(reader.memory, slow.to(reader.model.device))
    return other


def _right(reader: Reader, given: Sequence[Fact]) -> list[bool]:
    asked = FactQuestions.of(reader.model.tokenizer, given)
    return exact(reader.with_settings(PURE), asked.written)


def _kept(before: Sequence[bool], after: Sequence[bool]) -> float | None:
    return share([b for a, b in zip(before, after, strict=True) if a])


def pictures(report: Report, out: Path) -> list[str]:
    """What the pure read finds after each protocol."""
    shown = {"pure_exact": "facts exact", "pure_paraphrases": "paraphrases exact"}
    series = {label: [figures[key] for figures in report.protocols.values()] for key, label in shown.items()}
    labels = ("Writing protocols, pure read", "share", "")
    return draw(out, "protocols", labels, lambda axes: bars(axes, list(report.protocols), series))


def _cell(key: str, figure: Spread | None) -> str:
    if key.endswith(("min_p", "median_p", "contamination")):
        return probability_cell(figure)
    return cell(figure, ".0f" if key == "steps" else "+.1%" if "locality" in key else ".3f")


def page(report: Report, names: list[str]) -> str:
    """One table for the ways of writing, and one for the ways of reading."""
    shown = {
        "pure_exact": "exact",
        "pure_median_p": "median p",
        "pure_min_p": "least p",
        "pure_paraphrases": "paraphrases",
        "pure_contamination": "mixed up, p at most",
        "retention": "retention",
        "pure_locality": "other text",
        "steps": "steps",
        "seconds": "seconds",
    }
    rows = [[name, *(_cell(key, figures[key]) for key in shown)] for name, figures in report.protocols.items()]
    parts = [
        "# Protocols\n\n"
        f"{PROTOCOL_FACTS} facts of the `{MEASURED_SPLIT}` split, model `{report.model}`, {report.seeds} seeds, "
        f"threads: {report.threads}; mean ± sample standard deviation. "
        "Other text: relative change of the loss on held-out text.\n\n"
        "## Writing, by the pure read\n\n",
        markdown_table(["protocol", *shown.values()], rows),
    ]
    reads = []
    for name in ("joint contrastive, gradient", "joint, direct", "joint, direct, hidden states"):
        for read, label in READ_LABELS.items():
            columns = ("exact", "min_p", "paraphrases", "locality")
            reads.append([name, label, *(_cell(key, report.protocols[name][f"{read}_{key}"]) for key in columns)])
    head = ["protocol", "read", "exact", "least p", "paraphrases", "other text"]
    parts += ["\n## Reading\n\n", markdown_table(head, reads), pictures_in("Protocols", names)]
    return "".join(parts)
