"""Writing: the five classic bugs by name, what a write may touch, and what it promises."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from bdh_workbench.asking.ask import ask
from bdh_workbench.asking.generation import generate
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import SamplingSettings, WriteSettings
from bdh_workbench.memory.store.algebra import DRIFT, slow_slot, solve
from bdh_workbench.memory.store.banks import SlowMemory, capacity, own_rows
from bdh_workbench.memory.store.batches import BATCH_SEQUENCES, padded_batches
from bdh_workbench.memory.store.state import Memory, Rows
from bdh_workbench.memory.writing import writer
from bdh_workbench.memory.writing.direct import direct_reads
from bdh_workbench.memory.writing.encoding import answer_ids, document_items, fact_items, units_of, write_items
from bdh_workbench.memory.writing.features import positions
from bdh_workbench.memory.writing.writer import WriteEvent, WriteResult, empty_memory, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.reading.reader import PURE, Reader
from tests.core_factory import DOCUMENT, FACTS, GENERAL, OTHER_DOCUMENT, many_facts, scored, tiny_model
from tests.memory.memory_factory import refused

TOKENIZER = ByteTokenizer()
SLOTS = 2048
# A random model's head is small, so that its answers need a longer reach than a trained one's.
GRADIENT = WriteSettings(method="gradient", rate=1.0, norm=200.0, decay=1e-6, locality=0.01)
METHODS = pytest.mark.parametrize("settings", [WriteSettings(method="direct"), GRADIENT], ids=["direct", "gradient"])
BELLS = "Old bells ring low. Old bells ring at dusk. Old bells ring in fog. Old bells ring for Ida."
ALIKE = TextDocument("Bells", BELLS)  # sentences that begin alike, so that some positions cannot be told apart
LATER = (Fact("The baker of Holm is", "Una"), Fact("Grey geese nest at", "Lyr"))


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model(write_slots=SLOTS)


@pytest.fixture(scope="module")
def first(model: Model) -> WriteResult:
    """Six facts and a document, written by the default method."""
    return finish(write(model, None, FACTS, [DOCUMENT]))


def tensors_of(memory: Memory) -> dict[str, Tensor]:
    rows = {field.name: getattr(memory.rows, field.name) for field in dataclasses.fields(Rows)}
    return rows | {"basis": memory.basis, "weights": memory.weights}


def bits(memory: Memory) -> dict[str, bytes]:
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in tensors_of(memory).items()}


def model_bits(model: Model) -> list[bytes]:
    tensors = [*model.network.parameters(), *model.network.buffers(), *model.site.buffers()]
    return [tensor.detach().numpy().tobytes() for tensor in tensors]


def held_reads(memory: Memory, count: int) -> Tensor:
    return SlowMemory(memory).stored(torch.arange(count))


def change_of(after: Tensor, before: Tensor) -> float:
    """Largest change of a read, relative to the reads' usual size."""
    return float((after - before).norm(dim=1).max() / before.norm(dim=1).mean())


def worst_answer(model: Model, memory: Memory, facts: Sequence[Fact] = FACTS) -> float:
    reader = Reader(model, memory, PURE)
    return min(scored(reader, *answer_ids(TOKENIZER, f.prompt, f.answer)).min_token_p for f in facts)


# The five bugs that others made


@METHODS
def test_bug_wrong_matrix_written(model: Model, settings: WriteSettings) -> None:
    """Only S may change, and it must be the S that is read."""
    before = model_bits(model)
    result = finish(write(model, None, FACTS, settings=settings))
    assert model_bits(model) == before, "the write changed the model"
    assert worst_answer(model, empty_memory(model)) < 0.5
    assert worst_answer(model, result.memory) > 0.9
    zero = dataclasses.replace(result.memory, weights=torch.zeros_like(result.memory.weights))
    assert worst_answer(model, zero) < 0.5, "the answers come from elsewhere than S"


def test_bug_state_leaking_across_the_batch(model: Model) -> None:
    """What stands beside an item in a batch, or in its padding, must not reach it."""
    items = fact_items(FACTS, TOKENIZER, 2) + document_items([DOCUMENT], TOKENIZER, 64)
    together = positions(model, items)
    for index, item in enumerate(items):
        alone = positions(model, [item])
        mine = (together.item == index).nonzero().flatten()
        torch.testing.assert_close(together.stream[mine], alone.stream, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(together.rows.dense(SLOTS, mine), alone.rows.dense(SLOTS), atol=1e-4, rtol=1e-4)
    shuffled = positions(model, items[::-1])
    back = torch.cat([(shuffled.item == len(items) - 1 - i).nonzero().flatten() for i in range(len(items))])
    torch.testing.assert_close(shuffled.stream[back], together.stream, atol=1e-4, rtol=1e-4)
    assert torch.equal(shuffled.targets[back], together.targets)


@METHODS
def test_bug_missing_reset(model: Model, settings: WriteSettings) -> None:
    """One write must not begin where another ended, unless it is told to."""
    fresh = finish(write(model, None, LATER, settings=settings)).memory
    finish(write(model, None, FACTS, settings=settings))
    again = finish(write(model, None, LATER, settings=settings)).memory
    assert bits(fresh) == bits(again)
    assert worst_answer(model, again) < 0.5, "facts of another memory are known"


@METHODS
def test_bug_addresses_that_drift(model: Model, settings: WriteSettings) -> None:
    """Addresses and cues of a text are the same whatever has been written meanwhile."""
    memory = finish(write(model, None, FACTS, settings=settings)).memory
    count = len(memory.rows)
    stored = (memory.rows.dense(SLOTS), memory.rows.cues.clone())
    memory = finish(write(model, memory, LATER, [DOCUMENT], settings=dataclasses.replace(settings, steps=20))).memory
    framings = 2 if count > 50 else 0
    now = positions(model, fact_items(FACTS, TOKENIZER, framings)).rows
    assert torch.equal(now.dense(SLOTS), stored[0]) and torch.equal(now.cues, stored[1])
    old = memory.rows.take(torch.arange(count))
    assert torch.equal(old.dense(SLOTS), stored[0]) and torch.equal(old.cues, stored[1])


@METHODS
def test_bug_evaluation_that_does_not_match_use(model: Model, settings: WriteSettings) -> None:
    """The p that a write reports is the p that reading gives, token by token, from the prompt alone."""
    result = finish(write(model, None, FACTS, settings=settings))
    reader = Reader(model, result.memory, PURE)
    for fact, record in zip(FACTS, result.memory.items, strict=True):
        prompt, answer = answer_ids(TOKENIZER, fact.prompt, fact.answer)
        assert scored(reader, prompt, answer).p == pytest.approx(record.p_after, abs=1e-3)
        steps = list(generate(reader, prompt, SamplingSettings(max_tokens=len(answer))))
        assert [step.token for step in steps] == answer
        assert math.prod(step.p for step in steps) == pytest.approx(record.p_after, abs=1e-3)
        untouched = scored(Reader(model), prompt, answer)
        assert untouched.p == pytest.approx(record.p_before, rel=1e-2, abs=1e-6)
    assert result.summary.worst_p <= worst_answer(model, result.memory) + 1e-3


# What a write may touch


def test_gradient_reaches_only_the_slot() -> None:
    """Even in a model that was not frozen, no parameter receives a gradient, and none is changed."""
    model = tiny_model(write_slots=SLOTS)
    model.network.requires_grad_(True)
    before = model_bits(model)
    finish(write(model, None, FACTS, settings=dataclasses.replace(GRADIENT, steps=5)))
    assert all(parameter.grad is None for parameter in model.network.parameters())
    assert model_bits(model) == before


@pytest.mark.parametrize("method", ["auto", "direct", "gradient"])
def test_the_backbone_is_the_same_to_the_bit_after_a_write(model: Model, method: str) -> None:
    before = model_bits(model)
    finish(write(model, None, FACTS, [OTHER_DOCUMENT], dataclasses.replace(GRADIENT, method=method, steps=10)))
    assert model_bits(model) == before


@METHODS
def test_a_cancelled_write_leaves_everything_as_it_was(
    model: Model, first: WriteResult, settings: WriteSettings
) -> None:
    before, factor = bits(first.memory), first.bases[0].factor.clone()
    for stop in (1, 3, 6):
        steps = write(model, first.memory, LATER, settings=settings, bases=first.bases)
        for _ in range(stop):
            next(steps)
        steps.close()
        assert bits(first.memory) == before and torch.equal(first.bases[0].factor, factor)
        assert len(first.memory.items) == 7 and len(first.memory.layers) == 1
    done = finish(write(model, first.memory, LATER, settings=settings, bases=first.bases))
    assert bits(first.memory) == before, "a write that ends changes only the memory it returns"
    assert len(done.memory.layers) == 2


# What it promises


def test_both_methods_together_reach_the_goal(model: Model, first: WriteResult) -> None:
    assert first.summary.worst_p > 0.9 and first.summary.median_p > 0.99 and first.summary.ambiguous == 0
    memory = first.memory
    assert [item.kind for item in memory.items] == ["fact"] * 6 + ["document"]
    assert all(item.p_after > 0.9 > 0.5 > item.p_before for item in memory.items)
    assert memory.items[0].prompt == FACTS[0].prompt and memory.items[6].text == DOCUMENT.text
    assert 0.0 < memory.fill < 0.01 and memory.model == model.fingerprint
    assert torch.equal(first.bases[0].rows, memory.basis)
    layer = memory.layers[0]
    # Workers change how fast a memory is written, not what it holds.
    recorded = {name: value for name, value in dataclasses.asdict(WriteSettings()).items() if name != "workers"}
    assert layer.enabled and layer.settings == recorded and layer.seconds > 0.0
    assert layer.title == memory.title == "The lighthouse, 6 facts"
    assert len({len(values) for values in layer.history.values()}) == 1, "histories are of one length"
    json.dumps([layer.settings, layer.history])


def test_gradient_steps_stop_once_the_goal_is_passed_twice(model: Model) -> None:
    events = list(write(model, None, FACTS, settings=GRADIENT))
    worst = [event.worst_p for event in events if event.phase == "gradient"]
    assert 2 < len(worst) < GRADIENT.steps
    assert all(p > GRADIENT.goal for p in worst[-2:]) and worst[-3] <= GRADIENT.goal


@METHODS
@pytest.mark.parametrize("handed", [True, False], ids=["basis handed on", "memory from a file"])
def test_a_second_write_keeps_the_first_exactly(
    model: Model, first: WriteResult, settings: WriteSettings, handed: bool
) -> None:
    count = len(first.memory.rows)
    before = held_reads(first.memory, count)
    documents = [OTHER_DOCUMENT] if settings.method == "direct" else []  # gradient steps over a text take their time
    second = finish(write(model, first.memory, LATER, documents, settings, first.bases if handed else None))
    chosen = first.memory.basis
    assert len(chosen) < count, "this set has no row outside the basis: it shows less than it should"
    after = held_reads(second.memory, count)
    assert change_of(after[chosen], before[chosen]) < 1e-4, "rows of the basis read what they read before"
    assert change_of(after, before) < 2 * DRIFT, "so do, nearly, those that share the basis of others"
    assert worst_answer(model, second.memory, (*FACTS, *LATER)) > 0.9
    assert torch.equal(second.memory.rows.values[:count], first.memory.rows.values)


def test_rank_that_a_write_gave_to_single_rows_is_kept_by_the_next(model: Model) -> None:
    """Solving alone would leave these rows out: a memory that was saved and loaded must not lose them."""
    memory = finish(write(model, None, FACTS, [ALIKE])).memory
    _, plain = solve(memory)
    rescued = memory.basis[~torch.isin(memory.basis, plain.rows)]
    assert len(rescued), "this set has no such row: the test shows nothing"
    count = len(memory.rows)
    before = held_reads(memory, count)
    second = finish(write(model, memory, LATER)).memory
    assert bool(torch.isin(rescued, second.basis).all())
    assert change_of(held_reads(second, count)[rescued], before[rescued]) < 1e-4


@METHODS
def test_without_protection_the_first_write_suffers(model: Model, first: WriteResult, settings: WriteSettings) -> None:
    """The switch exists to measure what protection is worth: what it leaves out must show."""
    count = len(first.memory.rows)
    before = held_reads(first.memory, count)
    loose = dataclasses.replace(settings, protect=False)
    second = finish(write(model, first.memory, LATER, settings=loose, bases=first.bases))
    assert change_of(held_reads(second.memory, count), before) > 0.01
    assert worst_answer(model, second.memory, LATER) > 0.9
    assert not torch.equal(second.memory.rows.values[:count], first.memory.rows.values), "what is stored now is kept"


def test_ten_writes_in_a_row_all_stay(model: Model) -> None:
    facts, memory, bases = many_facts(40, answer=2), None, None
    for start in range(0, 40, 4):
        result = finish(write(model, memory, facts[start : start + 4], bases=bases))
        memory, bases = result.memory, result.bases
        assert result.summary.worst_p > 0.9
    assert memory is not None and len(memory.layers) == 10 and memory.next_layer() == 11
    assert worst_answer(model, memory, facts) > 0.9


def test_contradictions_are_refused(model: Model, first: WriteResult) -> None:
    other = Fact(FACTS[0].prompt, "Zell")
    message = refused(lambda: finish(write(model, first.memory, [other])))
    assert FACTS[0].prompt in message and "“Orm”" in message
    refused(lambda: finish(write(model, None, [FACTS[0], other])), "already answered")
    again = finish(write(model, first.memory, [FACTS[0]]))
    assert again.summary.worst_p > 0.9, "saying the same again is no contradiction"


def test_nothing_and_other_models_are_refused(model: Model, first: WriteResult) -> None:
    refused(lambda: finish(write(model, None)), "nothing to write")
    other = tiny_model(seed=1, name="another", write_slots=SLOTS)
    refused(lambda: finish(write(other, first.memory, LATER)), "tiny", "another")


def test_a_memory_grows_by_banks_and_a_write_leaves_those_that_are_full_as_they_are() -> None:
    small = tiny_model(write_slots=256)
    room = capacity(256)
    facts = many_facts(100)
    settings = WriteSettings(method="direct", framings=0)
    result = finish(write(small, None, facts[:80], settings=settings))
    before = result.memory
    counts = own_rows(before.rows)
    assert len(counts) >= 80 * 2 // room and max(counts.values()) <= room
    later = finish(write(small, before, facts[80:], settings=settings, bases=result.bases))
    full = [bank for bank, count in counts.items() if count + 2 > room]
    assert full and max(own_rows(later.memory.rows).values()) <= room
    for bank in full:
        assert torch.equal(SlowMemory(before).bank(bank), SlowMemory(later.memory).bank(bank))
    assert worst_answer(small, later.memory, facts) > 0.9
    without_bases = finish(write(small, before, facts[80:], settings=settings))
    assert torch.equal(without_bases.memory.rows.banks, later.memory.rows.banks)


def test_a_bank_gets_no_more_than_it_has_room_for_and_no_unit_is_cut(model: Model) -> None:
    documents = [TextDocument(f"Part {n}", GENERAL + f"It was told {n} times. ") for n in range(4)]
    items = write_items(FACTS, documents, model, WriteSettings())
    batches = writer.plan(units_of(items), writer.empty_memory(model))
    assert len(batches) > 1 and [item for batch in batches for item in batch.items] == items
    assert all(batch.items[0].primary and batch.share for batch in batches)
    for batch in batches:
        assert sum(unit.primary for unit in units_of(batch.items)) <= capacity(SLOTS)


def test_a_write_ends_between_events_too_where_its_watch_says_so(model: Model) -> None:
    class Stopped(Exception):
        pass

    calls = 0

    def watch() -> None:
        nonlocal calls
        calls += 1
        if calls == last:
            raise Stopped

    held = finish(write(model, None, many_facts(3))).memory
    before, last = bits(held), 0
    finish(write(model, held, LATER, (DOCUMENT,), watch=watch))
    assert calls >= 4, "while it reads, and while it solves"
    for number in (1, calls):
        last, calls = number, 0
        with pytest.raises(Stopped):
            finish(write(model, held, LATER, (DOCUMENT,), watch=watch))
        assert bits(held) == before


def test_positions_that_no_address_tells_apart_are_counted_and_refuse_nothing(model: Model) -> None:
    result = finish(write(model, None, [], [ALIKE]))
    summary = result.summary
    assert 0 < summary.ambiguous < 0.2 * len(result.memory.rows)
    assert summary.worst_p > 0.9, "they do not count against the rest"
    assert 0 < len(summary.ambiguous_words) <= 3 and all(words in ALIKE.text for words in summary.ambiguous_words)


def test_a_write_too_large_for_gradient_steps(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "REFINED", 10)
    weak = WriteSettings(margin=0.1)  # too little for the goal, so that gradient steps would be wanted
    result = finish(write(model, None, FACTS, settings=weak))
    assert result.summary.worst_p < weak.goal, "what the direct write reached is kept"


@pytest.mark.parametrize("space", ["\u00a0", "\t", "\u3000", " \u200b"])
def test_a_text_and_its_odd_version_are_one_memory_and_are_cited_as_they_were(model: Model, space: str) -> None:
    def odd(text: str) -> str:
        return text.replace(" ", space).replace("lighthouse", "light\u00adhouse")

    facts = [Fact(odd(fact.prompt), odd(fact.answer)) for fact in FACTS]
    plain = finish(write(model, None, FACTS, [DOCUMENT])).memory
    other = finish(write(model, None, facts, [TextDocument(DOCUMENT.title, odd(DOCUMENT.text))])).memory
    assert bits(plain) == bits(other)
    assert other.items[-1].text == odd(DOCUMENT.text), "what is shown is the original"
    prompt = "Its keeper was called"
    few = SamplingSettings(max_tokens=16)  # a random model never ends its text
    answers = [ask(Reader(model, memory), asked, few) for memory in (plain, other) for asked in (prompt, odd(prompt))]
    assert len({answer.completion for answer in answers}) == 1 and answers[0].completion.startswith(" Odile.")
    sources = [answer.source for answer in answers if answer.source is not None]
    assert len(sources) == 4 and {source.sentence for source in sources} == {2}
    assert (sources[2].text or "").replace("\u200b", "") == sources[0].text == "Its keeper was called Odile."


UNLEARNT = b"\xf3\xf4~^`"


@pytest.fixture(scope="module")
def unlearnt() -> Model:
    """A model to which training left some tokens as they were: their rows differ by a thousandth of their length."""
    model = tiny_model(write_slots=SLOTS)
    weight = model.network.embed.weight
    with torch.no_grad():
        noise = 1e-3 * torch.randn(len(UNLEARNT), weight.shape[1], generator=torch.Generator().manual_seed(0))
        weight[list(UNLEARNT)] = weight[UNLEARNT[0]] + noise * weight[UNLEARNT[0]].norm() / weight.shape[1] ** 0.5
    return model


@pytest.mark.parametrize("method", ["auto", "direct", "gradient"])
def test_tokens_that_training_never_met_are_left_out_and_named(unlearnt: Model, method: str) -> None:
    settings = dataclasses.replace(GRADIENT, method=method) if method == "gradient" else WriteSettings(method=method)
    facts = [Fact("The bell of Tarn reads", "a~b^"), *FACTS]
    steps = write(unlearnt, None, facts, settings=settings)
    events: list[WriteEvent] = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            result: WriteResult = stop.value
            break
    framed = 1 + settings.framings
    summary = result.summary
    assert (summary.unlearnt, summary.unlearnt_tokens, summary.ambiguous) == (2 * framed, ("~", "^"), 0)
    assert summary.worst_p > 0.9, "they do not count against the rest"
    assert method == "gradient" or all(event.phase != "gradient" for event in events), "no step is taken for them"
    # What is read there is what was read before: nothing that could spoil what lies near.
    lengths = result.memory.rows.values.norm(dim=1)
    gone = torch.isin(result.memory.rows.tokens, torch.tensor([ord("~"), ord("^")]))
    assert float(lengths[gone].max()) < 1e-3 * float(lengths[~gone].max()) or method == "gradient"
    assert worst_answer(unlearnt, result.memory, FACTS) > 0.9


def test_a_token_is_named_so_that_a_person_sees_it() -> None:
    names = [TOKENIZER.token_name(token) for token in (ord("a"), ord(" "), 0xF4, 0x07, TOKENIZER.end_id)]
    assert names == ["a", " ", "f4", "07", "<|end|>"]


def test_the_bundled_model_has_learnt_what_texts_are_made_of(bundled: Model) -> None:
    head, tokenizer = bundled.network.embed.weight, bundled.tokenizer
    never = {bytes([byte]) for byte in (0xC0, 0xC1, *range(0xF5, 0x100))}  # no text holds them
    hopeless = [token for token in range(tokenizer.vocab_size) if tokenizer.token_bytes(token) in never]
    common = tokenizer.encode("The keeper of the 3 sluices, Hedda Pike, eats bread — at 5.30 p.m. naïvely 河 🐢")
    targets = torch.tensor([*hopeless, *dict.fromkeys(common)])
    random = torch.Generator().manual_seed(0)
    stream = 13.9 * torch.nn.functional.normalize(torch.randn(len(targets), head.shape[1], generator=random), dim=1)
    reads = torch.zeros_like(stream)
    for _ in direct_reads(stream, reads, targets, head, bundled.site.gate, 24.0):
        pass
    p = ((stream + bundled.site.gate * reads) @ head.T).softmax(1).gather(1, targets[:, None])[:, 0]
    assert len(hopeless) == 13 and float((p[:13] < 0.9).float().mean()) > 0.7
    assert float(p[13:].min()) > 0.999


# Events


@METHODS
def test_events_go_forward_and_are_finite(model: Model, first: WriteResult, settings: WriteSettings) -> None:
    documents = [OTHER_DOCUMENT] if settings.method == "direct" else []
    events: list[WriteEvent] = list(write(model, first.memory, LATER, documents, settings, first.bases))
    phases = [event.phase for event in events]
    assert phases[0] == "prepare" and phases[-2:] == ["solve", "done"]
    assert list(dict.fromkeys(phases)) == ["prepare", settings.method, "solve", "done"]
    steps = [event.step for event in events]
    assert steps == sorted(steps) and steps[-1] == len(events) - 3
    for event in events:
        numbers = [event.worst_p, event.median_p, *event.item_p, event.share, *event.losses.values()]
        numbers += [strength for row in event.slot_use for strength in row]
        numbers += [event.tokens_per_second, event.elapsed, event.remaining]
        assert all(math.isfinite(number) and number >= 0.0 for number in numbers)
        assert event.steps >= event.step and len(event.item_p) == 2 + len(documents)
        assert {len(row) for row in event.slot_use} == {64} and len(event.slot_use) <= 96
        assert event.worst_p <= 1.0 + 1e-6 and event.losses
    assert events[-1].worst_p > 0.9 > events[0].worst_p
    elapsed = [event.elapsed for event in events]
    assert elapsed == sorted(elapsed)


def test_the_time_left_of_gradient_steps_follows_the_least_certain_token() -> None:
    # Log-odds after each of the 29 steps that 20 facts took, before which a write prepares for a while.
    odds = [-12.6, -9.8, -8.5, -7.3, -6.1, -5.6, -5.1, -4.6, -4.1, -3.7, -3.2, -2.7, -2.2, -1.7, -1.3, -0.8, -0.3]
    odds += [0.1, 0.5, 0.7, 0.7, 0.9, 1.1, 1.4, 1.7, 2.1, 2.4, 2.8, 2.8]
    stepping, left = writer.Stepping(17, 1.85, odds[0], 0.9), []
    for number, each in enumerate(odds):
        stepping.see(17 + number, 316, each)
        left.append(stepping.left(1.85 + 0.08 * number))
    true = [0.08 * (len(odds) - 1 - number) for number in range(len(odds))]
    assert 0.5 * true[0] < left[0] < 2 * true[0]
    assert all(0.55 * true[number] < left[number] < 1.45 * true[number] for number in range(1, 26))
    # What was certain from the beginning passes its goal at once.
    stepping = writer.Stepping(17, 1.85, 4.0, 0.9)
    stepping.see(18, 316, 4.1)
    assert stepping.left(1.95) < 0.1


def test_automatic_writes_go_on_with_gradient_steps_where_needed(model: Model) -> None:
    settings = dataclasses.replace(GRADIENT, method="auto", margin=2.0)  # a margin that falls short of the goal
    events = list(write(model, None, FACTS, settings=settings))
    phases = list(dict.fromkeys(event.phase for event in events))
    assert phases == ["prepare", "direct", "solve", "gradient", "done"]
    assert [event.step for event in events] == sorted(event.step for event in events)
    assert all(event.step <= event.steps for event in events)
    assert events[-1].worst_p > 0.9


def test_gradient_steps_never_spoil_what_the_direct_write_reached(model: Model) -> None:
    """The change they begin from can have a larger norm than their bound: it must not be cut down to it."""
    modest = WriteSettings(method="direct", margin=2.0, norm=0.01, steps=5)  # a margin that falls short of the goal
    direct = finish(write(model, None, FACTS, settings=modest))
    assert direct.summary.worst_p < modest.goal and float(slow_slot(direct.memory).norm()) > 20.0
    both = finish(write(model, None, FACTS, settings=dataclasses.replace(modest, method="auto")))
    assert both.summary.steps > direct.summary.steps, "gradient steps were taken"
    assert both.summary.worst_p >= direct.summary.worst_p and both.summary.median_p > 0.5 * direct.summary.median_p


# Positions


def test_positions_are_what_reading_token_by_token_gives(model: Model) -> None:
    items = fact_items(FACTS[:2], TOKENIZER, 1) + document_items([DOCUMENT], TOKENIZER, 50)
    made = positions(model, items)
    place = 0
    for index, item in enumerate(items):
        network, summaries = None, None
        for t, token in enumerate(item.ids[:-1]):
            ids = torch.tensor([[token]])
            with torch.no_grad():
                stream, network = model.network.advance(ids, network)
                raw, summaries = model.site.summaries(ids, summaries)
            if t < item.first - 1:
                continue
            normalised = model.site.normalised(raw)[0, 0]
            torch.testing.assert_close(made.stream[place], stream[0, 0], atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(made.rows.cues[place].float(), normalised.flatten(), atol=2e-3, rtol=0.0)
            address = made.rows.dense(SLOTS, torch.tensor([place]))[0]
            torch.testing.assert_close(address, model.site.addresses(normalised), atol=3e-4, rtol=1e-3)
            row = (made.targets, made.rows.tokens, made.item, made.rows.items, made.rows.sentences, made.primary)
            wanted = (item.ids[t + 1], item.ids[t + 1], index, item.source, item.sentences[t + 1], item.primary)
            assert tuple(int(column[place]) for column in row) == tuple(map(int, wanted))
            last = t == len(item.ids) - 2
            assert int(made.rows.following[place]) == (-1 if last else place + 1)
            place += 1
    assert place == len(made)


def test_many_short_sequences_are_not_read_at_once() -> None:
    """Each has a state of its own in the network: six hundred of a dozen tokens took four gigabytes."""
    batches = padded_batches([3] * (2 * BATCH_SEQUENCES + 1))
    assert max(map(len, batches)) == BATCH_SEQUENCES
    assert sorted(index for batch in batches for index in batch) == list(range(2 * BATCH_SEQUENCES + 1))


def test_batches_hold_every_item_once_and_no_more_than_they_may() -> None:
    lengths = [5, 900, 3, 40, 40, 7, 2000, 1]
    batches = padded_batches(lengths, 1000)
    assert sorted(index for batch in batches for index in batch) == list(range(8))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= 1000


# Settings


@METHODS
def test_the_same_seed_gives_the_same_bytes(model: Model, first: WriteResult, settings: WriteSettings) -> None:
    short = dataclasses.replace(settings, steps=12)
    one, two = (finish(write(model, first.memory, LATER, [OTHER_DOCUMENT], short)).memory for _ in range(2))
    assert bits(one) == bits(two)
    assert [item.p_after for item in one.items] == [item.p_after for item in two.items]


def test_words_are_not_kept_where_a_person_wants_that(model: Model) -> None:
    result = finish(write(model, None, FACTS, [DOCUMENT], WriteSettings(keep_words=False)))
    memory = result.memory
    assert bool((memory.rows.tokens == -1).all())
    kept = repr((memory.items, memory.layers, memory.title, memory.note))
    for words in (DOCUMENT.title, "lighthouse", "Skarn", "Vessaly", "Orm", "Henrik", "clocks"):
        assert words not in kept, words
    assert [item.text for item in memory.items] == [None] * 7
    assert len({item.title for item in memory.items}) == 7 and memory.title
    assert worst_answer(model, memory) > 0.9


def test_framings_are_left_out_where_they_would_fill_the_memory(model: Model) -> None:
    few = finish(write(model, None, FACTS, settings=WriteSettings(method="direct"))).memory
    plain = finish(write(model, None, FACTS, settings=WriteSettings(method="direct", framings=0))).memory
    assert len(few.rows) == 3 * len(plain.rows)
    framed = Reader(model, few, PURE)
    prompt, answer = answer_ids(TOKENIZER, "It is known that this is so. " + FACTS[0].prompt, FACTS[0].answer)
    assert scored(framed, prompt, answer).min_token_p > 0.9
    many = many_facts(220)
    crowded = finish(write(model, None, many, settings=WriteSettings(method="direct"))).memory
    assert len(crowded.rows) == sum(len(answer_ids(TOKENIZER, f.prompt, f.answer)[1]) for f in many)


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "magic"},
        {"steps": 0},
        {"goal": 1.0},
        {"margin": 0.0},
        {"framings": 4},
        {"rate": float("nan")},
        {"norm": float("inf")},
        {"decay": -1.0},
        {"tolerance": float("nan")},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        WriteSettings(**wrong)
