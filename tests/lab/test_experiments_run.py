"""Every experiment from its start to its page, made small: what is saved is what was found, and the page shows it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bdh_workbench.asking.decoding import Question
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training.addressing import addresses as addressing
from bdh_workbench.training.addressing import calibration
from bdh_workbench.training.synthetic import facts
from lab import results
from lab.memories import addresses, alike, capacity, colliding, harder, meta, protocols, variants
from lab.networks import gates, one_gate, one_gate_gates, one_gate_routing, routing, study
from lab.rivals import baselines, settings
from lab.runner import carry_out
from tests.core_factory import DOCUMENT, OTHER_DOCUMENT, changed, general_ids, tiny_config
from tests.model_factory import save_passages

CONFIG = tiny_config(levels=study.STUDY_SITES, site_levels=tuple(range(1, study.STUDY_SITES + 1)))
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def little() -> Iterator[None]:
    """Sites are fitted and measured on little: that everything is done, not how well."""
    less = {
        addressing: {"REPORT_WINDOWS": (8, 64)},
        addresses: {"GENERAL": 400, "address_report": partial(addressing.address_report, sizes=(12, 6, 1))},
        calibration: {"GENERAL": 400},
        variants: {"HIDDEN_STRETCHES": 300, "HIDDEN_ROWS": 10},
        results: {"FORMS": ("png",)},  # to draw is most of the work; another test draws both
    }
    with changed(less):
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_passages(tmp_path_factory.mktemp("corpus"), 4))


def checked(out: Path, report: dict[str, Any], lines: list[str]) -> str:
    """The page of an experiment, once its file has what it returned and every line of its progress says something."""
    name = report["experiment"]
    assert (
        len(report["fingerprint"]) == len(report["calibration_digest"]) == 64 and report["model"] and report["version"]
    )
    assert json.loads((out / f"{name}.json").read_text()) == json.loads(json.dumps(report))
    assert lines and all(lines) and len(set(lines)) == len(lines)
    page = (out / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith("# ") and "|---" in page
    for picture in out.glob("*.png"):
        assert f"]({picture.name})" in page
    return page


def share(figure: dict[str, Any]) -> float:
    value = figure["mean"]
    assert 0.0 <= value <= 1.0
    return float(value)


@pytest.mark.slow
def test_capacity_counts_what_is_answered(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, less in (("FACT_COUNTS", (1, 4)), ("SLOT_COUNTS", (1024,)), ("ASKED_AT_MOST", 4)):
        monkeypatch.setattr(capacity, name, less)
    lines: list[str] = []
    report = carry_out("capacity", tmp_path, lines.append, model, seeds=1)
    checked(tmp_path, report, lines)
    sizes = {(size["slots"], size["facts"]): size for size in report["results"]}
    assert sizes.keys() == {(slots, count) for slots in (1024, 2048) for count in (1, 4)}
    assert share(sizes[2048, 1]["figures"]["exact"]) == 1.0 and not sizes[2048, 4]["refused"]


@pytest.mark.slow
def test_the_harder_questions_are_asked_in_every_way(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harder, "HARD_FACTS", 4)
    monkeypatch.setattr(harder, "MANY", {200: None, 1000: 2})
    monkeypatch.setattr(harder, "facts", lambda count, seed, split: facts(count // 50, seed, split))
    lines: list[str] = []
    report = carry_out("harder", tmp_path, lines.append, model, seeds=2)
    page = checked(tmp_path, report, lines)
    assert lines[0].startswith("No rival was tuned for tiny") and "answer in the best passage" in page
    assert share(report["hard"]["written_hit"]) == share(report["hard"]["written_extractive"]) == 1.0
    assert share(report["hard"]["reversed_extractive"]) <= share(report["hard"]["reversed_hit"])
    assert share(report["hard"]["written_completion"]) == 1.0 and set(report["many"]) == {"200", "1000"}
    assert len(report["many"]["1000"]["exact"]["values"]) == 2


def test_facts_that_look_alike_are_asked_for_by_both_reads(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "NUMBERED_FACTS", {"rooms": alike.NUMBERED_FACTS["rooms"][:3]})
    monkeypatch.setattr(alike, "SUBJECTS", "Pell Arlow|Ines Corvane")
    lines: list[str] = []
    report = carry_out("alike", tmp_path, lines.append, model, seeds=2)
    page = checked(tmp_path, report, lines)
    assert "3 rooms" in page and share(report["numbered"]["rooms"]["usual"]) == 1.0
    assert share(report["several"]["written"]) == 1.0
    share(report["several"]["reworded"])
    assert 0.0 <= share(report["several"]["never stored, opened"]) <= 1.0


def test_each_subject_has_several_facts_and_every_deal_is_another() -> None:
    facts, strange = alike.several(0)
    assert len(facts) == 75 and len({fact.prompt for fact in facts}) == 75 and len(strange) == 75
    assert alike.several(0) == (facts, strange) and alike.several(1)[0] != facts
    assert all(len(fact.paraphrases) == 2 for fact in facts)


@pytest.mark.slow
def test_every_protocol_writes_the_same_facts(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocols, "PROTOCOL_FACTS", 2)
    monkeypatch.setattr(protocols, "PROTOCOL_TOKENS", 100)
    few = [dataclasses.replace(protocol, settings=dataclasses.replace(protocol.settings, steps=5))
           for protocol in protocols.PROTOCOLS]  # fmt: skip
    monkeypatch.setattr(protocols, "PROTOCOLS", tuple(few))
    lines: list[str] = []
    report = carry_out("protocols", tmp_path, lines.append, model, corpus=corpus, seeds=1)
    page = checked(tmp_path, report, lines)
    assert set(report["protocols"]) == {protocol.name for protocol in few}
    for protocol in few:
        assert protocol.name in page
        share(report["protocols"][protocol.name]["pure_exact"])


def test_addresses_of_every_variant_are_measured(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "VARIANTS", addresses.VARIANTS[:2])
    lines: list[str] = []
    report = carry_out("addresses", tmp_path, lines.append, model, corpus=corpus, seeds=1)
    assert len(report["fingerprint"]) == len(report["calibration_digest"]) == 64
    assert [found["variant"] for found in report["variants"]] == [variant.name for variant in addresses.VARIANTS]
    assert len(lines) == 2 and "|---|" in (tmp_path / "addresses.md").read_text()


def test_trained_addresses_are_set_against_their_start(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, less in (
        ("FIGURE_SIZES", (4, 3, 1)),
        ("WRITTEN_FACTS", 2),
        ("ASKED_FACTS", 2),
        ("UNRELATED_PROMPTS", 4),
        ("UNRELATED_TOKENS", 100),
    ):
        monkeypatch.setattr(meta, name, less)
    texts = [DOCUMENT, OTHER_DOCUMENT]
    monkeypatch.setattr(meta, "documents", lambda count, seed, split: texts[:count])
    lines: list[str] = []
    report = carry_out("meta", tmp_path, lines.append, model, corpus=corpus, seeds=1)
    checked(tmp_path, report, lines)
    assert set(report["sites"]) == {"trained", "untrained"} and set(report["gain"]) == set(meta.META_COLUMNS)


def studied_small(monkeypatch: pytest.MonkeyPatch, module: Any, out: Path, model: Model, corpus: str) -> dict[str, Any]:
    """The report of a study of networks that are trained for a moment, on a little text of bytes."""
    ids = general_ids()
    windows = torch.from_numpy(ids[: 6 * 33].reshape(6, 33))
    text = study.StudyText(np.tile(ids, 8), windows, 257)
    for where in (study, module):
        monkeypatch.setattr(where, "STUDY_TOKENS", 32)
        monkeypatch.setattr(where, "STUDY_ROWS", 4)
    monkeypatch.setattr(module, "study_text", lambda corpus, steps: text)
    monkeypatch.setattr(module, "study_config", lambda vocabulary: CONFIG)
    monkeypatch.setattr(module, "held_out_windows", lambda *given: windows)
    lines: list[str] = []
    name = module.__name__.rpartition(".")[2]
    report = carry_out(name, out, lines.append, model, corpus=corpus, steps=10, seeds=2)
    checked(out, report, lines)
    return report


@pytest.mark.slow
def test_gates_are_trained_and_compared(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = studied_small(monkeypatch, gates, tmp_path, model, corpus)
    assert all(len(runs) == 2 for runs in report["runs"].values())
    assert all(0.0 < run["p"] <= 1.0 for runs in report["runs"].values() for run in runs)


def test_gradients_of_a_site_are_told_with_and_without_its_fast_state(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = studied_small(monkeypatch, routing, tmp_path, model, corpus)
    assert set(report["trained"]) == set(routing.ROUTED_KINDS)
    assert report["trained"][study.NO_STATE]["ratio"]["mean"] == pytest.approx(1.0), "against itself"
    assert all(ratio > 0.0 for ratios in report["bundled"].values() for each in ratios for ratio in each["values"])


def test_every_rival_is_tuned_with_the_same_care(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rivals have tests of their own: here a rate of 0.1 and a weight of 10 are best, far from the start."""
    tried: list[str] = []
    pairs: list[tuple[str, float, float]] = []

    def reported(rival: tuple[str, settings.RivalSettings], *given: object) -> dict[str, Any]:
        name, chosen = rival
        tried.append(name)
        off = 0.0
        if name in baselines.TRAINED_RIVALS:
            of = getattr(chosen, name)
            pairs.append((name, of.rate, of.locality))
            off = abs(math.log10(of.rate / 0.1)) + abs(of.locality - 10.0) / 10.0
        found = {"exact": 1.0 - off / 20.0, "paraphrase_exact": 0.5, "seconds": 1.0}
        return {"facts": found, "documents": {"token_accuracy": [1.0], "retention_final": 1.0},
                "locality": {"relative_change": 0.01}}  # fmt: skip

    monkeypatch.setattr(
        baselines, "makers", lambda model, chosen, write: {n: (n, chosen) for n in baselines.REFERENCE_NAMES}
    )
    monkeypatch.setattr(baselines, "rival_report", reported)
    lines: list[str] = []
    kept = tmp_path / "tuned.json"
    kept.write_text('{"models": {"other": {"settings": {}}}}', encoding="utf-8")
    monkeypatch.setattr(settings, "TUNED", kept)
    report = carry_out("baselines", tmp_path, lines.append, model, corpus=corpus, seeds=1)
    page = checked(tmp_path, report, lines)
    assert (
        f"at most {baselines.STEPS_AT_MOST} steps" in page and report["procedure"]["steps"] == baselines.STEPS_AT_MOST
    )
    assert "tiny is not a model of the program" in lines[-1] and "tiny" not in kept.read_text(encoding="utf-8")
    tries = {"nearest_address": 6, "grace": 4, "bm25": 3 + 5 - 1}  # of BM25 one value of each is the start of the other
    for name in baselines.RIVAL_FIGURES:
        assert tried.count(name) == tries[name]
    assert len(set(pairs)) == len(pairs), "nothing is tried twice"
    for name in baselines.TRAINED_RIVALS:
        assert report["settings"][name] == {"rate": 0.1, "locality": 10.0}
        assert {(name, rate, 10.0) for rate in (0.03, 0.3)} <= set(pairs), "its neighbours were worse"
        assert {(name, 0.1, weight) for weight in (3.0, 30.0)} <= set(pairs)
    monkeypatch.setattr(baselines, "bundled_models", lambda: ["tiny"])
    carry_out("baselines", tmp_path, lines.append, model, corpus=corpus, seeds=1)
    held = json.loads(kept.read_text(encoding="utf-8"))["models"]
    assert set(held) == {"other", "tiny"} and held["tiny"]["calibration_digest"] == report["calibration_digest"]
    assert dataclasses.asdict(settings.tuned_settings("tiny")) == held["tiny"]["settings"]


def trained_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks with one gate that are trained for a moment, on a little text of bytes."""
    ids = general_ids()
    text = study.StudyText(np.tile(ids, 8), torch.from_numpy(ids[: 6 * 33].reshape(6, 33)), 257)
    monkeypatch.setattr(one_gate, "SEQUENCE_TOKENS", 32)
    monkeypatch.setattr(one_gate, "one_gate_text", lambda corpus, steps, tokens: text)


@pytest.mark.slow
def test_routing_with_one_gate_is_told_by_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_for_a_moment(monkeypatch)
    monkeypatch.setattr(one_gate_routing, "TOKENIZERS", ("bytes",))
    lines: list[str] = []
    report = carry_out("routing-one-gate", tmp_path, lines.append, corpus="corpus", steps=10, seeds=2)
    page = (tmp_path / "routing-one-gate.md").read_text(encoding="utf-8")
    assert "routing --construction one-gate" in page and "|---" in page
    assert json.loads((tmp_path / "routing-one-gate.json").read_text()) == json.loads(json.dumps(report))
    assert len(set(lines)) == len(lines) == 9, "what has no fast state is trained once for both settings"
    for setting in one_gate.FAST_SETTINGS:
        found = report["results"]["bytes"][setting]
        assert set(found) == set(one_gate_routing.LEVEL_KINDS)
        for figures in found.values():
            for gradient, gate, rest in zip(
                *(figures[name]["values"] for name in one_gate_routing.RATIOS), strict=True
            ):
                assert gradient == pytest.approx(gate * rest)
        own, lent = (found[kind]["gates"] for kind in (study.HEBBIAN_STATE, one_gate_routing.LENT))
        assert own == lent and found["lent"]["gate"]["values"] == found[study.HEBBIAN_STATE]["gate"]["values"]
        assert found["lent"]["gradients"] != found[study.HEBBIAN_STATE]["gradients"]
    # Repeated, it makes no run again and says the same.
    monkeypatch.setattr(one_gate, "train_side_by_side", None)
    assert carry_out("routing-one-gate", tmp_path, corpus="corpus", steps=10, seeds=2) == report


@pytest.mark.slow
def test_gates_with_one_gate_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_for_a_moment(monkeypatch)
    monkeypatch.setattr(one_gate_gates, "TOKENIZERS", ("bytes",))
    lines: list[str] = []
    report = carry_out("gates-one-gate", tmp_path, lines.append, corpus="corpus", steps=10, seeds=2)
    assert "gates --construction one-gate" in (tmp_path / "gates-one-gate.md").read_text(encoding="utf-8")
    assert len(set(lines)) == len(lines) == 5
    found = report["results"]["bytes"]
    assert all(figure["mean"] == 0.0 for figure in found["none"]["fast_share"])
    for kind in one_gate_gates.ONE_GATE_KINDS:
        assert all(figure["mean"] > 0.0 for figure in found["ours"][kind]["fast_share"])
        assert all(0.0 < p <= 1.0 for p in found["author"][kind]["p"]["values"])


@pytest.mark.slow
def test_facts_that_differ_late_are_written_in_every_way(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {"rate": 1.0, "norm": 200.0, "locality": 0.01, "steps": 8}
    few = [dataclasses.replace(protocol, settings=dataclasses.replace(protocol.settings, **quick))
           for protocol in colliding.COLLIDING_PROTOCOLS]  # fmt: skip
    monkeypatch.setattr(colliding, "COLLIDING_PROTOCOLS", tuple(few))
    monkeypatch.setattr(colliding, "COLLIDING_FACTS", dict.fromkeys(colliding.ADDRESSES, (3,)))
    lines: list[str] = []
    report = carry_out("protocols-collide", tmp_path, lines.append, model, corpus=corpus, seeds=1)
    page = checked(tmp_path, report, lines)
    assert "protocols --collide" in page
    for name in colliding.ADDRESSES:
        found = report["results"][name]["3"]
        assert set(found) == {protocol.name for protocol in few}
        for figures in found.values():
            assert share(figures["exact"]) + share(figures["mixed_up"]) <= 1.0
            assert 0.0 < share(figures["overlap"]) <= figures["largest_overlap"]["mean"] <= 1.0
    assert (
        report["results"]["plain"]["3"]["joint, contrast"]["overlap"]["mean"]
        > (report["results"]["whitened"]["3"]["joint, contrast"]["overlap"]["mean"])
    ), "whitening pulls addresses apart"
    assert carry_out("protocols-collide", tmp_path, model=model, corpus=corpus, seeds=1) == report, (
        "finished writes are not made again"
    )


def test_facts_that_differ_late_differ_in_their_subject_alone() -> None:
    facts = colliding.colliding_facts(100, 0)
    assert len({fact.prompt for fact in facts}) == len({fact.answer for fact in facts}) == 100
    assert all(fact.prompt.startswith("The capital of ") and fact.prompt.endswith(" is") for fact in facts)
    assert colliding.colliding_facts(100, 0) == facts != colliding.colliding_facts(100, 1)


def test_an_answer_is_mixed_up_only_if_it_is_another_facts(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    asked = [Question.of(model.tokenizer, "The capital is", answer) for answer in ("Orm", "Tarn", "Pell")]
    said = [list(asked[1].answer), list(asked[1].answer), [*model.tokenizer.encode(" Rome"), model.tokenizer.end_id]]
    monkeypatch.setattr(colliding, "decode", lambda reader, prompts, most, done: said)
    right, mixed_up = colliding.answered(Reader(model), asked, range(3), asked)
    assert right == [False, True, False] and mixed_up == [True, False, False]
