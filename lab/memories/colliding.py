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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from bdh_workbench.asking.decoding import SPARE, Question, decode, exact, judge, median, score, share
from bdh_workbench.evaluation.recall import FactQuestions
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.training.pictures import COLOURS
from bdh_workbench.training.synthetic.names import invented
from lab.memories.protocols import Protocol, write_by
from lab.memories.variants import general_text, hidden_state_model, plain_hidden_model
from lab.results import Note, cell, draw, header, kept, markdown_table, pictures_in, save, spread, spread_of

SIZES = (20, 100)  # facts
SPLIT = "test"
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


def run(model: Model, corpus: str, out: Path, seeds: int, note: Note = lambda line: None) -> dict[str, Any]:
    """Write the same facts in every way, or in those that an earlier call did not finish.

    Args:
        model: the frozen model.
        corpus: the whitening is fitted on it.
        out: folder of results; finished writes are kept in ``colliding-runs`` in it.
        seeds: sets of facts.
        note: told a line for each write.
    """
    models = {"plain": plain_hidden_model(model)}
    models["whitened"] = hidden_state_model(model, general_text(model, corpus))
    report: dict[str, Any] = {
        **header("protocols-collide", model),
        "seeds": seeds,
        "split": SPLIT,
        "threads": torch.get_num_threads(),
        "steps_at_most": STEPS,
        "results": {name: {} for name in ADDRESSES},
    }
    for count in SIZES:
        for name, addressed in models.items():
            found: dict[str, list[dict[str, float | None]]] = {protocol.name: [] for protocol in PROTOCOLS}
            for seed in range(seeds):
                for protocol in PROTOCOLS:
                    figures = _kept(out, report, addressed, protocol, count, seed, name)
                    found[protocol.name].append(figures)
                    said = f"exact {figures['exact']:.2f}, mixed up {figures['mixed_up']:.2f}"
                    note(f"{count} facts, {name}, seed {seed}, {protocol.name}: {said}, {figures['seconds']:.0f} s")
            report["results"][name][str(count)] = {key: spread_of(figures) for key, figures in found.items()}
            # the page is there from the first of them on, as the whole takes a while
            save(out, report, _page(report, _picture(out, report)))
    return report


def _kept(
    out: Path, report: Mapping[str, Any], model: Model, protocol: Protocol, count: int, seed: int, name: str
) -> dict[str, Any]:
    depends = {key: report[key] for key in ("fingerprint", "calibration_digest")} | {"facts": count, "seed": seed}
    depends |= {"addresses": name, "how": protocol.how, "settings": dataclasses.asdict(protocol.settings)}
    return kept(out / "colliding-runs", depends, lambda: dict(measure(model, protocol, colliding_facts(count, seed))))


def measure(model: Model, protocol: Protocol, given: Sequence[Fact]) -> dict[str, float | None]:
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


def gain(found: Mapping[str, Any], how: str, key: str) -> dict[str, Any]:
    """What contrast adds to a share of one protocol, over seeds."""
    own, without = (found[f"{how}, {end}"][key]["values"] for end in ("contrast", "no contrast"))
    return spread([a - b for a, b in zip(own, without, strict=True)])


def _gains(found: Mapping[str, Any]) -> str:
    shown = {key: SHOWN[key] for key in ("exact", "paraphrases", "mixed_up")}
    return "; ".join(
        f"{how} " + ", ".join(f"{label} {cell(gain(found, how, key), '+.3f')}" for key, label in shown.items())
        for how in ("joint", "sequential")
    )


def _picture(out: Path, report: Mapping[str, Any]) -> list[str]:
    bars = [
        (f"{count} facts, {protocol.name}, {ADDRESSES[name]}", found[protocol.name])
        for name, sizes in report["results"].items()
        for count, found in sizes.items()
        for protocol in PROTOCOLS
    ]

    def plot(axes: Any) -> None:
        shown = {
            "exact": "answered right",
            "paraphrases": "right in other words",
            "mixed_up": "another fact's answer instead",
        }
        height = 0.8 / len(shown)
        for number, ((key, label), colour) in enumerate(zip(shown.items(), COLOURS, strict=False)):
            places = [len(bars) - place - number * height for place in range(len(bars))]
            values = [figures[key]["mean"] for _, figures in bars]
            error = [figures[key]["deviation"] for _, figures in bars]
            axes.barh(places, values, height, xerr=error, color=colour, label=label, error_kw={"linewidth": 0.8})
        axes.set_yticks([len(bars) - place - height for place in range(len(bars))], [name for name, _ in bars])
        axes.tick_params(axis="y", labelsize=7)
        axes.figure.set_size_inches(8.4, 1.4 + 0.34 * len(bars))

    title = 'Facts "The capital of X is ...", written in several ways and read from the slow memory alone'
    return draw(out, "protocols-collide", (title, "share of the facts", ""), plot)


def _page(report: Mapping[str, Any], names: list[str]) -> str:
    parts = [
        "# Protocols where addresses collide\n\n"
        f'Facts "{STEM.format("X")}" about invented countries, which share a prefix and differ late; model '
        f"`{report['model']}`, {report['seeds']} seeds, pure read, mean ± sample standard deviation. At most "
        + ", ".join(f"{steps} steps for a {how} write" for how, steps in report["steps_at_most"].items())
        + ". Overlap: cosine of the addresses of two facts where the answer begins. Mixed up: answered with another "
        "fact's answer.\n"
    ]
    for name, sizes in report["results"].items():
        for count, found in sizes.items():
            some = found[PROTOCOLS[0].name]
            rows = [
                [key, *(cell(figures[column], ".0f" if column in ("steps", "seconds") else ".3f") for column in SHOWN)]
                for key, figures in found.items()
            ]
            parts.append(
                f"\n## {count} facts, {ADDRESSES[name]}\n\nOverlap {cell(some['overlap'])}, of the closest pair "
                f"{cell(some['largest_overlap'])}. Contrast adds, in shares: {_gains(found)}.\n\n"
                + markdown_table(["protocol", *SHOWN.values()], rows)
            )
    return "".join(parts) + pictures_in("Facts answered right and mixed up", names)
