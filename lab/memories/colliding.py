"""Where does contrast earn its place? Ways of writing facts that share a prefix and differ late, over seeds.

"The capital of X is" with invented X: the last token, whose hidden state is the address, is the same in all of them,
and what differs stands just before it. The write site is addressed by hidden states, in two ways: as they are, which is
how the paper's public code addresses, and whitened against general text, which pulls them apart. The overlap of two
facts is the cosine of their addresses where the answer begins.

All writes are the paper's, by gradient steps, and all reads are pure: S alone.

- joint: all facts in one write, with contrast between their answers and without;
- sequential: one fact after the other into one slot, nothing protected; the contrast is with what was written before;
- independent: each fact alone into an empty slot, the changes added up. A fact that is alone has nothing to be
  contrasted with, so that there is one protocol, not two.

A fact is mixed up if its prompt is answered, greedily, with another fact's answer.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.asking.decoding import SPARE, Question, decode, exact, judge, median, score, share
from bdh_workbench.evaluation.provenance import calibration_digest
from bdh_workbench.evaluation.recall import FactQuestions
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.training.synthetic.names import invented
from lab.memories.protocols import Protocol, write_by
from lab.memories.variants import SPLIT, general_text, hidden_state_model, plain_hidden_model
from lab.results import Figures, Note, Spread, bars, cell, draw, kept, markdown_table, pictures_in, spread_of

SIZES = (20, 100)  # facts
STEM = "The capital of {} is"
REWORDED = ("The capital city of {} is", "The seat of the government of {} is")
STEPS = {"joint": 300, "independent": 40, "sequential": 40}  # of one write at most
ADDRESSES = {"plain": "hidden states", "whitened": "hidden states, whitened"}
SHOWN = {
    "exact": "exact",
    "paraphrases": "paraphrases",
    "mixed_up": "mixed up",
    "paraphrases_mixed_up": "paraphrases mixed up",
    "median_p": "median p",
    "steps": "steps",
    "seconds": "seconds",
}


def _protocol(how: str, contrast: bool) -> Protocol:
    name = how if how == "independent" else f"{how}, {'contrast' if contrast else 'no contrast'}"
    settings = WriteSettings(
        method="gradient", framings=0, steps=STEPS[how], protect=how != "sequential", on_conflict="keep"
    )
    return Protocol(name, settings if contrast else dataclasses.replace(settings, contrastive=0.0), how, hidden=True)


PROTOCOLS = (
    _protocol("joint", True),
    _protocol("joint", False),
    _protocol("sequential", True),
    _protocol("sequential", False),
    _protocol("independent", True),
)


def colliding_facts(count: int, seed: int) -> list[Fact]:
    """Facts about the capitals of invented countries, all names different."""
    source = random.Random(f"colliding:{seed}")
    names: dict[str, None] = {}
    while len(names) < 2 * count:
        names[invented(source, SPLIT)] = None
    drawn = list(names)
    return [
        Fact(STEM.format(country), capital, tuple(wording.format(country) for wording in REWORDED))
        for country, capital in zip(drawn[:count], drawn[count:], strict=True)
    ]


Results = dict[str, dict[str, dict[str, Figures]]]  # by addresses, number of facts and protocol


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured so far."""

    model: str
    seeds: int
    split: str
    threads: int
    steps_at_most: dict[str, int]
    results: Results


def measure(model: Model, corpus: str, folder: Path, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Write the same facts in every way, or in those that an earlier call did not finish.

    Args:
        model: the frozen model.
        corpus: the whitening is fitted on it.
        folder: finished writes are kept in ``colliding-runs`` in it.
        seeds: sets of facts.
        note: called with a line for each write.
    """
    models = {"plain": plain_hidden_model(model)}
    models["whitened"] = hidden_state_model(model, general_text(model, corpus))
    origin = {"fingerprint": model.fingerprint, "calibration_digest": calibration_digest(model)}
    report = Report(model.name, seeds, SPLIT, torch.get_num_threads(), STEPS, {name: {} for name in ADDRESSES})
    for count in SIZES:
        for name, addressed in models.items():
            writes: dict[str, list[dict[str, Any]]] = {protocol.name: [] for protocol in PROTOCOLS}
            for seed in range(seeds):
                for protocol in PROTOCOLS:
                    depends = origin | {"facts": count, "seed": seed, "addresses": name}
                    figures = _kept(folder, depends, addressed, protocol)
                    writes[protocol.name].append(figures)
                    said = f"exact {figures['exact']:.2f}, mixed up {figures['mixed_up']:.2f}"
                    note(f"{count} facts, {name}, seed {seed}, {protocol.name}: {said}, {figures['seconds']:.0f} s")
            report.results[name][str(count)] = {key: spread_of(figures) for key, figures in writes.items()}
            yield report


def _kept(folder: Path, depends: Mapping[str, Any], model: Model, protocol: Protocol) -> dict[str, Any]:
    """The figures of one write; they depend on the facts, the model and the protocol."""
    settings = {"how": protocol.how, "settings": dataclasses.asdict(protocol.settings)}
    given = colliding_facts(depends["facts"], depends["seed"])
    return kept(folder / "colliding-runs", {**depends, **settings}, lambda: measure_protocol(model, protocol, given))


def measure_protocol(model: Model, protocol: Protocol, given: Sequence[Fact]) -> dict[str, Any]:
    """Write facts by a protocol into a fresh memory, and read them by the pure read."""
    asked = FactQuestions.of(model.tokenizer, given)
    done = write_by(model, protocol, given)
    reader = done.reader.with_settings(PURE)
    mean, largest = overlap(model, asked.written)
    per_fact = len(asked.reworded) // max(1, len(given))
    owners = [number for number in range(len(given)) for _ in range(per_fact)]
    return {
        "exact": share(exact(reader, asked.written)),
        "paraphrases": share(exact(reader, asked.reworded)),
        "mixed_up": share(mixed_up(reader, asked.written, range(len(given)), asked.written)),
        "paraphrases_mixed_up": share(mixed_up(reader, asked.reworded, owners, asked.written)),
        "median_p": median([each.p for each in score(reader, asked.written)]),
        "retention": done.retention,
        "overlap": mean,
        "largest_overlap": largest,
        "steps": float(done.steps),
        "seconds": done.seconds,
    }


def mixed_up(reader: Reader, asked: Sequence[Question], owners: Sequence[int], facts: Sequence[Question]) -> list[bool]:
    """Whether each question, about the fact of the given number, is answered with the answer of another fact."""
    tokenizer = reader.model.tokenizer
    longest = max(len(fact.answer) for fact in facts) + SPARE
    others = [{fact.answer for fact in facts} - {facts[owner].answer} for owner in owners]
    told = decode(
        reader,
        [question.prompt for question in asked],
        [longest] * len(asked),
        lambda index, tokens: tokens[-1] == tokenizer.end_id,
    )
    return [
        any(judge(tokenizer, tokens, answer) is True for answer in answers)
        for tokens, answers in zip(told, others, strict=True)
    ]


@torch.no_grad()
def overlap(model: Model, asked: Sequence[Question]) -> tuple[float, float]:
    """Mean and largest cosine of the addresses of two facts where their answers begin; 0 of a single one."""
    device = model.device
    rows = [model.site(torch.tensor([question.prompt], device=device))[0].addresses[0, -1] for question in asked]
    if len(rows) < 2:
        return 0.0, 0.0
    addresses = torch.stack(rows)
    cosines = (addresses @ addresses.T)[~torch.eye(len(rows), dtype=torch.bool, device=device)]
    return float(cosines.mean()), float(cosines.max())


def gain(protocols: Mapping[str, Figures], how: str, key: str) -> Spread:
    """What contrast adds to a share of one protocol, over seeds."""
    own, without = (protocols[f"{how}, {end}"][key] for end in ("contrast", "no contrast"))
    assert own is not None and without is not None
    return Spread.of([a - b for a, b in zip(own.values, without.values, strict=True)])


def _gains(protocols: Mapping[str, Figures]) -> str:
    shown = {key: SHOWN[key] for key in ("exact", "paraphrases", "mixed_up")}
    return "; ".join(
        f"{how} " + ", ".join(f"{label} {cell(gain(protocols, how, key), '+.3f')}" for key, label in shown.items())
        for how in ("joint", "sequential")
    )


def pictures(report: Report, out: Path) -> list[str]:
    """What is answered right and mixed up after each protocol."""
    figures = {
        f"{count} facts, {protocol.name}, {ADDRESSES[name]}": protocols[protocol.name]
        for name, sizes in report.results.items()
        for count, protocols in sizes.items()
        for protocol in PROTOCOLS
    }
    shown = {
        "exact": "answered right",
        "paraphrases": "right in other words",
        "mixed_up": "another fact's answer instead",
    }

    def plot(axes: Any) -> None:
        bars(axes, list(figures), {label: [each[key] for each in figures.values()] for key, label in shown.items()})
        axes.tick_params(axis="y", labelsize=7)
        axes.figure.set_size_inches(8.4, 1.4 + 0.34 * len(figures))

    title = 'Facts "The capital of X is ...", written in several ways and read from the slow memory alone'
    return draw(out, "protocols-collide", (title, "share of the facts", ""), plot)


def page(report: Report, names: list[str]) -> str:
    """A table for each number of facts and way of addressing."""
    parts = [
        "# Protocols where addresses collide\n\n"
        f'Facts "{STEM.format("X")}" about invented countries, which share a prefix and differ late; model '
        f"`{report.model}`, {report.seeds} seeds, pure read, mean ± sample standard deviation. At most "
        + ", ".join(f"{steps} steps for a {how} write" for how, steps in report.steps_at_most.items())
        + ". Overlap: cosine of the addresses of two facts where the answer begins. Mixed up: answered with another "
        "fact's answer.\n"
    ]
    for name, sizes in report.results.items():
        for count, protocols in sizes.items():
            some = protocols[PROTOCOLS[0].name]
            rows = [
                [key, *(cell(figures[column], ".0f" if column in ("steps", "seconds") else ".3f") for column in SHOWN)]
                for key, figures in protocols.items()
            ]
            parts.append(
                f"\n## {count} facts, {ADDRESSES[name]}\n\nOverlap {cell(some['overlap'])}, of the closest pair "
                f"{cell(some['largest_overlap'])}. Contrast adds, in shares: {_gains(protocols)}.\n\n"
                + markdown_table(["protocol", *SHOWN.values()], rows)
            )
    return "".join(parts) + pictures_in("Facts answered right and mixed up", names)
