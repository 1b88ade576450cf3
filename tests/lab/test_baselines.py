"""The slot's rivals answer the same questions in the same keys, and leave the untouched model as it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from bdh_workbench.asking.decoding import Question, exact, score
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation import benchmark as benchmarking
from bdh_workbench.evaluation.benchmark import BenchmarkInput, benchmark
from bdh_workbench.evaluation.locality import HeldOut
from bdh_workbench.evaluation.retention import as_question, first_words
from bdh_workbench.inputs.items import Probe, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing import encoding
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from lab.__main__ import main
from lab.rivals import baselines as tuning
from lab.rivals import context, suite
from lab.rivals.context import DISTRACTORS, InContext, Retrieved, holds, statement
from lab.rivals.lookup import ADDRESS, STREAM, Lookup
from lab.rivals.rival import Rival, rival_locality, rival_report
from lab.rivals.settings import (
    TUNED,
    RivalSettings,
    TuningSettings,
    is_tuned,
    tuned_settings,
)
from lab.rivals.suite import REFERENCE_NAMES, makers
from lab.rivals.tuning import RANK, Full, Head, HeadNetwork, Lora
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT, general_ids, many_facts
from tests.model_factory import save_documents

SOME = FACTS[1:3]
SHORT = WriteSettings(steps=12, framings=0)
PROBED = (
    TextDocument("Mill", "A mill in Brant grinds rye.", (Probe("A mill in Brant grinds", "rye"),)),
    TextDocument("Boat", "The boat of Ines is red.", (Probe("The boat of Ines is", "red"),)),
)


@pytest.fixture(scope="module")
def text() -> HeldOut:
    return HeldOut(torch.from_numpy(general_ids())[: 10 * 33].reshape(10, 33), "general")


def asked(rival: Rival) -> list[Question]:
    return [rival.ask(Question.of(rival.model.tokenizer, fact.prompt, fact.answer)) for fact in SOME]


def test_rivals_report_in_the_keys_of_the_benchmark(
    model: Model, text: HeldOut, little_text: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bdh_workbench.evaluation.benchmark.cold_reload", lambda *given: None)
    given = BenchmarkInput(SOME, (DOCUMENT,), None, quick=True)
    wanted = benchmark(model, given, WriteSettings(steps=5), lambda line, event: None)
    make = makers(model, RivalSettings(), SHORT)["nearest_address"]
    found = rival_report(make, SOME, (DOCUMENT,), text, lambda line: None)
    slot_alone = {"rows", "rank", "fill", "ambiguous", "cached_step_seconds", "uncached_step_seconds", "cache_speedup"}
    slot_alone |= {"probe_exact_each", "open", "without_gate", "pure"}
    for part in ("facts", "documents", "locality"):
        keys = {key for key in wanted[part] if not key.endswith("without_completion")} - slot_alone
        assert keys <= set(found[part]) | {"documents"}, part
        assert "probe_exact_without_completion" in found["documents"]


def test_a_lookup_recalls_everything_and_keeps_it(model: Model, text: HeldOut) -> None:
    for kind in (ADDRESS, STREAM):
        found = rival_report(
            lambda kind=kind: Lookup(model, kind, 0.99, SHORT),
            SOME,
            (DOCUMENT, OTHER_DOCUMENT),
            text,
            lambda line: None,
        )
        assert found["facts"]["exact"] == 1.0
        assert found["documents"]["retention_final"] == 1.0
        assert found["documents"]["recitation"] == [1.0, 1.0]
        assert found["facts"]["bytes"] > 0


def test_rivals_are_written_with_what_the_slot_is_written_with(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "FRAMING_SHARE", 0.15)
    settings = WriteSettings(method="direct", framings=2)
    for count, rows in (
        (4, 4 * 3 * 3),
        (40, 40 * 3),
    ):  # three tokens for each answer; framings only where there is room
        given = many_facts(count)
        rival = Lookup(model, ADDRESS, 0.8, settings)
        rival.write(given, ())
        assert len(rival.keys) == len(finish(write(model, None, given, (), settings)).memory.rows) == rows


def test_a_lookup_with_no_radius_changes_nothing(model: Model, text: HeldOut) -> None:
    rival = Lookup(model, ADDRESS, 1.5, SHORT)
    rival.write(SOME, ())
    changed = rival_locality(rival, text)
    assert changed["relative_change"] == 0.0 and changed["top1_agreement"] == 1.0
    wide = Lookup(model, ADDRESS, -1.0, SHORT)
    wide.write(SOME, ())
    assert rival_locality(wide, text)["relative_change"] > 0.0


@pytest.mark.parametrize("make", [Full, Head, Lora])
def test_tuning_raises_p_and_leaves_the_model_alone(model: Model, make: type[Full | Head | Lora]) -> None:
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    rival = make(model, TuningSettings(1e-2), SHORT)
    questions = asked(rival)
    untouched = [s.p for s in score(Reader(model), questions)]
    assert [s.p for s in score(rival.reader, questions)] == pytest.approx(untouched, rel=1e-4)
    assert rival.write(SOME, ()) == SHORT.steps
    after = [s.p for s in score(rival.reader, questions)]
    assert all(new > 10 * old for new, old in zip(after, untouched, strict=True))
    for name, value in model.network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert not any(p.requires_grad for p in model.network.parameters())


def test_tuning_stops_when_every_token_is_sure(model: Model) -> None:
    rival = Full(model, TuningSettings(1e-2), WriteSettings(steps=200, framings=0))
    assert rival.write(SOME, ()) < 200
    assert exact(rival.reader, asked(rival)) == [True, True]
    assert min(min(s.tokens) for s in score(rival.reader, asked(rival))) > 0.9


def test_the_term_for_locality_keeps_other_text_as_it_was(model: Model, text: HeldOut) -> None:
    changes = []
    for weight in (0.0, 20.0):
        rival = Full(model, TuningSettings(1e-2, weight), WriteSettings(steps=20, framings=0))
        rival.write(SOME, ())
        changes.append(abs(rival_locality(rival, text)["loss_after"] - rival_locality(rival, text)["loss_before"]))
    assert changes[1] < changes[0]


def test_rivals_store_what_they_say(model: Model) -> None:
    config = model.config
    assert Full(model, TuningSettings(1e-3), SHORT).bytes == 4 * model.parameters
    assert Head(model, TuningSettings(1e-3), SHORT).bytes == 4 * config.vocab_size * config.width
    # Two factors for the encoder and two for the decoder, each between the stream and all neurons.
    hidden = config.heads * config.neurons
    assert Lora(model, TuningSettings(1e-3), SHORT).bytes == 4 * 2 * RANK * (config.width + hidden)


def test_a_head_of_its_own_starts_as_the_tied_one(model: Model) -> None:
    network = HeadNetwork(model.network)
    ids = torch.randint(256, (2, 9))
    assert torch.equal(network.logits(network(ids)), model.network.logits(model.network(ids)))
    assert [name for name, p in network.named_parameters() if p.requires_grad] == ["head"]


def test_everything_held_stands_before_the_prompt(model: Model) -> None:
    rival = InContext(model)
    rival.write(SOME, ())
    rival.write((), (DOCUMENT,))
    said = model.tokenizer.decode(asked(rival)[0].prompt)
    assert said.endswith(SOME[0].prompt)
    assert statement(SOME[0]) in said and statement(SOME[1]) in said and DOCUMENT.text in said
    assert rival.bytes == sum(len(part.encode()) for part in rival.texts)


def test_bm25_finds_the_sentence_among_distractors(model: Model) -> None:
    rival = Retrieved(model, 1)
    tokens = sum(len(model.tokenizer.encode(passage.sentence)) for passage in rival.passages)
    assert DISTRACTORS <= tokens < 1.1 * DISTRACTORS
    rival.write(SOME, (DOCUMENT,))
    for question, fact in zip(asked(rival), SOME, strict=True):
        assert model.tokenizer.decode(question.prompt).startswith(statement(fact))
    query = model.tokenizer.encode("Who lit the lamp at dusk?")
    assert "She lit the lamp at dusk!" in model.tokenizer.decode(rival.prompt(query))


def test_bm25_gives_the_sentence_behind_too_and_looks_anew_at_each_sentence(model: Model) -> None:
    rival = Retrieved(model, 1)
    rival.write((), (DOCUMENT, OTHER_DOCUMENT))
    text = as_question(model.tokenizer, DOCUMENT)
    said = DOCUMENT.text.split(". ")[0]
    pieces = rival.pieces(text, model.tokenizer.encode(said))
    assert len(pieces) == 4, "one for each sentence"
    assert [token for piece in pieces for token in piece.answer] == list(text.answer)
    before = [model.tokenizer.decode(piece.prompt) for piece in pieces]
    assert all(DOCUMENT.text[: len(text.prompt)] in prompt for prompt in before)
    # What is to be scored stands in what was found by the sentence before it.
    for piece, prompt in zip(pieces, before, strict=True):
        assert model.tokenizer.decode(piece.answer).strip() in prompt


def test_bm25_recites_by_looking_for_what_it_has_recited(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    rival = Retrieved(model, 1)
    rival.write((), (DOCUMENT, OTHER_DOCUMENT))
    asked: list[str] = []
    whole = DOCUMENT.text.encode()
    prompt = whole[: whole.index(b" stands")]
    out: list[int] = []

    def spoken(reader: Reader, prompts: list[list[int]], most: list[int], done: Any) -> list[list[int]]:
        asked.append(model.tokenizer.decode(prompts[0]))
        part: list[int] = []
        while len(part) < most[0] and not done(0, part):
            part.append(whole[len(prompt) + len(out) + len(part)])
        out.extend(part)
        return [part]

    monkeypatch.setattr(context, "decode", spoken)
    got = rival.go_on([list(prompt)], [len(whole) - len(prompt)])
    assert bytes(got[0]) == whole[len(prompt) :]
    assert len(asked) == 4 and "Ships from Pell" in asked[3] and "Ships from Pell" not in asked[0]


def test_bm25_gives_unrelated_text_nothing(model: Model, text: HeldOut) -> None:
    rival = Retrieved(model, 2, 1.0)
    rival.write(SOME, ())
    assert rival.least > 0.0
    for question, fact in zip(asked(rival), SOME, strict=True):
        assert statement(fact) in model.tokenizer.decode(question.prompt)
    for row in model.calibration.locality.tolist():
        words = first_words(model.tokenizer, row)
        assert rival.prompt(row, words) == row
    without = Retrieved(model, 2)
    without.write(SOME, ())
    row = model.calibration.locality[0].tolist()
    assert without.least == 0.0 and len(without.prompt(row)) > len(row)


def test_what_is_found_is_told_apart_from_what_is_read(model: Model) -> None:
    rival = Retrieved(model, 1)
    rival.write(SOME, (DOCUMENT,))
    first = statement(SOME[0])
    found = rival.found([(SOME[0].prompt, SOME[0].answer, first), (SOME[1].prompt, SOME[0].answer, first)])
    assert found == {"hit": 0.5, "extractive": 0.5}
    assert rival.facts_found(SOME) == {
        "hit": 1.0, "extractive": 1.0, "paraphrase_hit": None, "paraphrase_extractive": None
    }  # fmt: skip
    probes = (Probe("The keeper of the lighthouse was called", "Odile"), Probe("She lit the lamp at", "dawn"))
    known = TextDocument(DOCUMENT.title, DOCUMENT.text, probes)
    assert rival.probes_found([known]) == {"probe_hit": 0.5, "probe_extractive": 0.5}
    assert holds("It is 3.5 km, by Orm!", "orm") and not holds("It was in Ormskirk", "Orm")


def test_a_missing_library_is_named(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(UserError, match=r"needs the extra “bench”"):
        Lora(model, TuningSettings(1e-3), SHORT)


def test_every_rival_has_tuned_settings_and_a_name(model: Model) -> None:
    settings = tuned_settings("small")
    assert settings != RivalSettings(), "the file was read"
    assert is_tuned("small") and not is_tuned("a model that was never tuned")
    assert tuned_settings("a model that was never tuned") == settings
    assert set(makers(model, settings, SHORT)) == set(REFERENCE_NAMES)


def test_tuned_settings_are_ones_that_were_tried() -> None:
    for model in json.loads(TUNED.read_text(encoding="utf-8"))["models"]:
        settings = tuned_settings(model)
        for name, field, values in tuning.GRIDS:
            assert getattr(settings, field) in values, f"{model}: {name}"
        for name in tuning.TRAINED_RIVALS:
            assert getattr(settings, name).rate in tuning.RATES, f"{model}: {name}"
            assert getattr(settings, name).locality in tuning.LOCALITIES, f"{model}: {name}"


def test_the_rivals_of_bench_stand_beside_the_slot(
    model_folder: Path,
    tmp_path: Path,
    little_text: None,
    short_answers: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    every = suite.makers
    chosen = ("nearest_address", "in_context", "bm25")
    monkeypatch.setattr(suite, "makers", lambda *given: {name: every(*given)[name] for name in chosen})
    monkeypatch.setattr(benchmarking, "cold_reload", lambda *given: None)
    texts = save_documents(tmp_path / "texts.json", PROBED)
    given = ("bench", "--documents", texts, "--quick", "--baselines", "--model", model_folder)
    status, out, err = run(*given, "--json")
    assert status == 0, err
    found = json.loads(out)
    assert set(found["baselines"]) == set(chosen)
    for report in found["baselines"].values():
        assert report["facts"] is None
        assert set(report["documents"]) >= {"retention", "probe_exact", "recitation", "seconds", "bytes"}
        assert set(report["locality"]) >= {"loss_before", "loss_after", "relative_change", "top1_agreement"}
    assert found["documents"]["bytes"] > found["baselines"]["in_context"]["documents"]["bytes"] > 0
    monkeypatch.setattr(benchmarking, "benchmark", lambda *given: found)
    status, out, err = run(*given)
    assert status == 0, err
    *rows, found_by, last = out.splitlines()[-6:]
    names = ["the slot", "all of it in context", "BM25 and context", "nearest stored address"]
    assert sorted(row.split("  ")[0] for row in rows) == sorted(names)
    assert found_by.startswith("  BM25, probes: right statement found ") and "answer in the best passage" in found_by
    assert last == "No rival was tuned for tiny: they have the settings that were found for small."
    assert found["baselines_tuned"] is False
