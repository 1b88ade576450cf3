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

import collections
import dataclasses
import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.asking.decoding import SPARE, Question, decode, judge, median, score, share
from bdh_workbench.evaluation.provenance import calibration_digest
from bdh_workbench.evaluation.recall import FactQuestions
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.problem import Unrelated, unrelated_text
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.training.pictures import COLOURS, LINE_COLOUR
from bdh_workbench.training.synthetic.names import invented
from lab.memories.protocols import Protocol, write_by
from lab.memories.variants import MEASURED_SPLIT, general_text, hidden_state_model, plain_hidden_model
from lab.results import Figures, Gain, Note, Spread, cell, draw, kept, markdown_table, panels, pictures_in, spread_of

COLLIDING_FACTS = {
    "plain": (20, 100),
    "whitened": (20,),
}  # facts, by addresses; whitening is compared with what it whitens
PART_KINDS = (("joint",), ("sequential", "independent"))  # what contrast is judged by comes first
PROMPT_STEM = "The capital of {} is"
REWORDED = ("The capital city of {} is", "The seat of the government of {} is")
STEPS_OF = {"joint": 300, "independent": 40, "sequential": 40}  # of one write at most
ADDRESSES = {"plain": "hidden states", "whitened": "hidden states, whitened"}
COLLIDING_COLUMNS = {
    "exact": "exact",
    "paraphrases": "paraphrases",
    "mixed_up": "mixed up",
    "paraphrases_mixed_up": "paraphrases mixed up",
    "median_p": "median p",
    "steps": "steps",
    "seconds": "CPU seconds",
}
ASKED = "A question gets"
ANSWERS = ("the right answer", "another fact's answer", "neither")
THIN = {"linewidth": 0.8}  # lines of deviations
SHARES = ("exact", "paraphrases", "mixed_up", "paraphrases_mixed_up")


def _protocol(how: str, contrast: bool) -> Protocol:
    name = how if how == "independent" else f"{how}, {'contrast' if contrast else 'no contrast'}"
    settings = WriteSettings(
        method="gradient", framings=0, steps=STEPS_OF[how], protect=how != "sequential", on_conflict="keep"
    )
    return Protocol(name, settings if contrast else dataclasses.replace(settings, contrastive=0.0), how, hidden=True)


COLLIDING_PROTOCOLS = (
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
        names[invented(source, MEASURED_SPLIT)] = None
    drawn = list(names)
    return [
        Fact(PROMPT_STEM.format(country), capital, tuple(wording.format(country) for wording in REWORDED))
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
    make = {
        "plain": lambda: plain_hidden_model(model),
        "whitened": lambda: hidden_state_model(model, general_text(model, corpus)),
    }
    # Pure reads ask no judge: finished writes stay good where judges change.
    calibration = calibration_digest(dataclasses.replace(model, judges={}))
    origin = {"fingerprint": model.fingerprint, "calibration": calibration}
    report = Report(
        model.name, seeds, MEASURED_SPLIT, torch.get_num_threads(), STEPS_OF, {name: {} for name in ADDRESSES}
    )
    writes: dict[tuple[str, int, str], list[dict[str, Any]]] = collections.defaultdict(list)
    for name in ADDRESSES:
        addressed = make[name]()
        unrelated = unrelated_text(addressed)
        for part, seed in itertools.product(PART_KINDS, range(seeds)):
            chosen = [protocol for protocol in COLLIDING_PROTOCOLS if protocol.how in part]
            for count, protocol in itertools.product(COLLIDING_FACTS[name], chosen):
                depends = origin | {"facts": count, "seed": seed, "addresses": name}
                figures = _kept(folder, depends, addressed, protocol, unrelated)
                writes[name, count, protocol.name].append(figures)
                said = f"exact {figures['exact']:.2f}, mixed up {figures['mixed_up']:.2f}"
                note(f"{count} facts, {name}, seed {seed}, {protocol.name}: {said}, {figures['seconds']:.0f} s")
            for count in COLLIDING_FACTS[name]:
                every = {protocol.name: writes[name, count, protocol.name] for protocol in COLLIDING_PROTOCOLS}
                report.results[name][str(count)] = {key: spread_of(done) for key, done in every.items() if done}
            yield report


def _kept(
    folder: Path, depends: Mapping[str, Any], model: Model, protocol: Protocol, unrelated: Unrelated | None
) -> dict[str, Any]:
    """The figures of one write; they depend on the facts, the model and the protocol."""
    settings = {"how": protocol.how, "settings": dataclasses.asdict(protocol.settings)}
    given = colliding_facts(depends["facts"], depends["seed"])
    return kept(
        folder / "colliding-runs", {**depends, **settings}, lambda: measure_protocol(model, protocol, given, unrelated)
    )


def measure_protocol(
    model: Model, protocol: Protocol, given: Sequence[Fact], unrelated: Unrelated | None = None
) -> dict[str, Any]:
    """Write facts by a protocol into a fresh memory, and read them by the pure read."""
    asked = FactQuestions.of(model.tokenizer, given)
    begun = time.process_time()
    done = write_by(model, protocol, given, unrelated, asked_at_once=False)
    seconds = time.process_time() - begun
    reader = done.reader.with_settings(PURE)
    mean, largest = overlap(model, asked.written)
    per_fact = len(asked.reworded) // max(1, len(given))
    owners = [number for number in range(len(given)) for _ in range(per_fact)]
    right, mixed_up = answered(reader, asked.written, range(len(given)), asked.written)
    right_reworded, mixed_up_reworded = answered(reader, asked.reworded, owners, asked.written)
    return {
        "exact": share(right),
        "paraphrases": share(right_reworded),
        "mixed_up": share(mixed_up),
        "paraphrases_mixed_up": share(mixed_up_reworded),
        "median_p": median([each.p for each in score(reader, asked.written)]),
        "overlap": mean,
        "largest_overlap": largest,
        "steps": float(done.steps),
        "seconds": seconds,
    }


def answered(
    reader: Reader, asked: Sequence[Question], owners: Sequence[int], facts: Sequence[Question]
) -> tuple[list[bool], list[bool]]:
    """Whether each question, about the fact of the given number, is answered greedily with its answer, or another's."""
    tokenizer = reader.model.tokenizer
    longest = max(len(fact.answer) for fact in facts) + SPARE
    others = [{fact.answer for fact in facts} - {facts[owner].answer} for owner in owners]
    told = decode(
        reader,
        [question.prompt for question in asked],
        [longest] * len(asked),
        lambda index, tokens: tokens[-1] == tokenizer.end_id,
    )
    right = [judge(tokenizer, tokens, facts[owner].answer) is True for tokens, owner in zip(told, owners, strict=True)]
    mixed_up = [
        any(judge(tokenizer, tokens, answer) is True for answer in answers)
        for tokens, answers in zip(told, others, strict=True)
    ]
    return right, mixed_up


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


def gains(protocols: Mapping[str, Figures], how: str) -> str:
    """What contrast adds to the shares of one protocol, in words, with the power to have seen it."""
    return ", ".join(f"{COLLIDING_COLUMNS[key]} {Gain.of(gain(protocols, how, key))}" for key in SHARES)


def _sets(figures: Figures) -> int:
    exact = figures["exact"]
    return len(exact.values) if exact else 0


def finding(report: Report) -> str:
    """What contrast changes in a joint write, in two lines."""
    lines = []
    for key, text in (
        ("exact", "asked as written: the right answer"),
        ("paraphrases_mixed_up", "asked in other words: another fact's answer"),
    ):
        parts = [
            f"{gain(protocols, 'joint', key).mean:+.2f} ({count}{', whitened' if name == 'whitened' else ''})"
            for name, sizes in report.results.items()
            for count, protocols in sizes.items()
        ]
        lines.append(f"Contrast in a joint write, {text} {', '.join(parts)}")
    return "\n".join(lines)


def pictures(report: Report, out: Path) -> list[str]:
    """What becomes of the questions after each protocol: a panel for each number of facts and addresses."""
    cases = [(name, count) for name, sizes in report.results.items() for count in sizes]
    columns = min(2, len(cases))
    rows = -(-len(cases) // columns)

    def plot(axes: Any) -> None:
        made = panels(axes, rows, columns, (9.6, 1.6 + 3.0 * rows))
        for place, (panel, (name, count)) in enumerate(zip(made, cases, strict=False)):
            _answers(panel, report.results[name][count], names=place % columns == 0)
            panel.set_title(f"{count} facts, {ADDRESSES[name]}", loc="left", fontsize=10)
            panel.set_xlabel("share of the questions")
        key = axes.get_legend_handles_labels()
        for empty in made[len(cases) :]:
            empty.set_axis_off()
            axes.figure.legend(
                *key, loc="center", bbox_to_anchor=(0.5, 0.5), bbox_transform=empty.transAxes, title=ASKED
            )
        if len(made) == len(cases):
            axes.figure.legend(*key, loc="outside lower center", ncols=3, frameon=False, fontsize=9)

    title = "Facts that share a prefix and differ late, read from the slow memory alone: mean and deviation over sets\n"
    return draw(out, "protocols-collide", (title + finding(report), "", ""), plot)


def _answers(axes: Any, protocols: Mapping[str, Figures], names: bool) -> None:
    """Two bars for each protocol, asked as written and in other words: right, another fact's answer, neither."""
    ways = [protocol.name for protocol in COLLIDING_PROTOCOLS if protocol.name in protocols]
    places: list[float] = []
    labels: list[str] = []
    for number, way in enumerate(ways):
        for line, (right, mixed_up, asked) in enumerate(
            (("exact", "mixed_up", "as written"), ("paraphrases", "paraphrases_mixed_up", "in other words"))
        ):
            place, start = -2.5 * number - line, 0.0
            for key, label, colour in ((right, ANSWERS[0], COLOURS[2]), (mixed_up, ANSWERS[1], COLOURS[4])):
                figure = protocols[way][key]
                assert figure is not None
                given = label if not places else None
                width, deviation = figure.mean, figure.deviation
                axes.barh(place, width, 0.85, left=start, xerr=deviation, color=colour, label=given, error_kw=THIN)
                if width >= 0.1:
                    middle = start + width / 2
                    box = {"facecolor": colour, "edgecolor": "none", "pad": 0.5}
                    words = {"fontsize": 8, "color": "white", "bbox": box}
                    axes.text(middle, place, f"{width:.2f}", ha="center", va="center", **words)
                start += width
            axes.barh(place, 1.0 - start, 0.85, left=start, color=LINE_COLOUR, label=ANSWERS[2] if not places else None)
            places.append(place)
            labels.append(f"{way}: {asked}" if line == 0 else asked)
    axes.set_yticks(places, labels if names else [""] * len(labels), fontsize=8)
    axes.set_xlim(0.0, 1.0)
    axes.grid(visible=False)


def page(report: Report, names: list[str]) -> str:
    """A table for each number of facts and way of addressing."""
    parts = [
        "# Protocols where addresses collide\n\n"
        f'Facts "{PROMPT_STEM.format("X")}" about invented countries, which share a prefix and differ late; model '
        f"`{report.model}`, sets of facts: {report.seeds}, pure read, mean ± sample standard deviation over sets. "
        "Steps of a write at most: "
        + ", ".join(f"{how} {steps}" for how, steps in report.steps_at_most.items())
        + f"; threads: {report.threads}. Overlap: cosine of the addresses of two facts where the answer begins. "
        "Mixed up: answered with another fact's answer. What contrast adds is the mean difference over the same sets, "
        "with its 95% interval by Student's t and d, the mean over the deviation: an effect larger than half of the "
        "interval would have been seen.\n"
    ]
    for name, sizes in report.results.items():
        for count, protocols in sizes.items():
            some = protocols[COLLIDING_PROTOCOLS[0].name]
            rows = [
                [
                    key,
                    *(
                        cell(figures[column], ".0f" if column in ("steps", "seconds") else ".3f")
                        for column in COLLIDING_COLUMNS
                    ),
                    str(_sets(figures)),
                ]
                for key, figures in protocols.items()
            ]
            added = "".join(
                f"\n- {how} write: {gains(protocols, how)}"
                for how in ("joint", "sequential")
                if f"{how}, contrast" in protocols
            )
            parts.append(
                f"\n## {count} facts, {ADDRESSES[name]}\n\nOverlap {cell(some['overlap'])}, of the closest pair "
                f"{cell(some['largest_overlap'])}. Contrast adds, in shares:\n{added}\n\n"
                + markdown_table(["protocol", *COLLIDING_COLUMNS.values(), "sets"], rows)
            )
    return "".join(parts) + pictures_in("Facts answered right and mixed up", names)
