"""Reading a memory and generating from it: the gate, completion, provenance, and agreement of all ways to read."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bdh_workbench.asking.generation import GeneratedToken, choose, generate
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact
from bdh_workbench.inputs.sentences import sentence_spans
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.memory.store.algebra import solve
from bdh_workbench.memory.store.banks import SlowMemory
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.encoding import answer_ids
from bdh_workbench.memory.writing.writer import WriteSettings, empty_memory, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.reading.reader import PURE, UNTOUCHED, Reader, Reading, ReadSettings
from bdh_workbench.reading.recall import Recall
from tests.core_factory import DOCUMENT, FACTS, GENERAL, OTHER_DOCUMENT, scored, tiny_model
from tests.memory.memory_factory import refused

TOKENIZER = ByteTokenizer()
UNFAMILIAR = "Zwölf 12345 XXQ @@ ##! q.q.q/77\\~ ZZZ {}[]<> |=| 0xDEAD"
UNGATED = ReadSettings(gate=False)


def ids_of(text: str) -> Tensor:
    return torch.tensor([TOKENIZER.encode(text)])


@pytest.fixture(scope="module")
def reader(model: Model, memory: Memory) -> Reader:
    return Reader(model, memory)


def stepwise(reader: Reader, ids: Tensor, cuts: list[int]) -> Reading:
    """What is read of ``ids`` handed over in pieces that end at ``cuts`` and at the end, joined."""
    parts, state, start = [], None, 0
    for stop in [*sorted(cuts), ids.shape[1]]:
        if start < stop:
            parts.append(reader.advance(ids[:, start:stop], state))
            state, start = parts[-1].state, stop
    joined = {
        name: torch.cat([getattr(p, name) for p in parts], dim=1)
        for name in ("stream", "untouched", "raw", "familiarity", "rows", "share")
    }
    return Reading(**joined, state=parts[-1].state)


def assert_same_reading(one: Reading, other: Reading) -> None:
    torch.testing.assert_close(one.familiarity, other.familiarity, atol=1e-4, rtol=0.0)
    assert torch.equal(one.rows, other.rows)
    torch.testing.assert_close(one.stream, other.stream, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(one.share, other.share, atol=1e-3, rtol=1e-3)


# The gate


def test_a_closed_gate_gives_the_logits_of_the_untouched_model_to_the_bit(model: Model, reader: Reader) -> None:
    ids = ids_of(UNFAMILIAR)
    reading = reader.advance(ids)
    assert bool((reading.rows == -1).all()) and float(reading.familiarity.max()) < reader.threshold
    plain = Reader(model).advance(ids)
    assert torch.equal(reading.stream, plain.stream)
    assert torch.equal(reader.logits(reading), reader.logits(plain))
    assert float(reading.share.abs().max()) == 0.0
    open_ = reader.with_settings(UNGATED).advance(ids)
    assert not torch.equal(reader.logits(open_), reader.logits(plain)), "nothing was read: this shows nothing"
    assert torch.equal(open_.untouched, plain.stream) and torch.equal(open_.raw, plain.raw)


def test_the_gate_closes_token_by_token(model: Model, reader: Reader) -> None:
    ids = ids_of(FACTS[2].prompt + " " + UNFAMILIAR + " ")
    reading, plain = reader.advance(ids), Reader(model).advance(ids)
    closed = reading.rows[0] == -1
    assert 0 < int(closed.sum()) < len(closed)
    assert torch.equal(closed, reading.familiarity[0] < reader.threshold)
    assert torch.equal(reading.stream[0, closed], plain.stream[0, closed])
    assert torch.equal(reading.share[0] > 0.0, ~closed)
    assert not torch.isclose(reading.stream[0, ~closed], plain.stream[0, ~closed]).all(-1).any()


@pytest.mark.parametrize("way", [UNTOUCHED, ReadSettings(written=False, gate=False)])
def test_a_memory_that_is_not_to_be_read_is_not_read(model: Model, reader: Reader, way: ReadSettings) -> None:
    ids = ids_of(FACTS[0].prompt)
    reading = reader.with_settings(way).advance(ids)
    assert torch.equal(reading.stream, Reader(model).advance(ids).stream)
    assert float(reading.familiarity.max()) == 0.0 and bool((reading.rows == -1).all())


def test_empty_memories_and_those_switched_off_read_nothing(model: Model, memory: Memory) -> None:
    ids = ids_of(FACTS[0].prompt)
    plain = Reader(model).advance(ids)
    off = solve(memory.with_layer(1, enabled=False).with_layer(2, enabled=False))[0]
    for nothing in (None, empty_memory(model), off):
        reader = Reader(model, nothing)
        assert reader.empty
        assert torch.equal(reader.advance(ids).stream, plain.stream)


def test_another_models_memory_is_refused(model: Model, memory: Memory) -> None:
    other = tiny_model(seed=1, name="another", write_slots=2048)
    message = refused(lambda: Reader(other, memory), "tiny", "another")
    assert model.fingerprint[:8] in message and other.fingerprint[:8] in message
    refused(lambda: Reader(other, empty_memory(model)), "tiny", "another")


# Familiarity, completion and provenance


@pytest.mark.parametrize("number", range(6))
def test_a_written_prompt_is_familiar_and_names_its_source(model: Model, memory: Memory, number: int) -> None:
    reader = Reader(model, memory)
    reading = reader.advance(ids_of(FACTS[number].prompt))
    assert float(reading.familiarity[0, -1]) > 0.999
    row = int(reading.rows[0, -1])
    assert int(memory.rows.items[row]) == number
    assert int(memory.rows.tokens[row]) == TOKENIZER.encode(" " + FACTS[number].answer)[0]


def test_every_position_of_a_document_names_its_sentence(model: Model, memory: Memory) -> None:
    reader = Reader(model, memory)
    for item, document in ((6, DOCUMENT), (7, OTHER_DOCUMENT)):
        ids = ids_of(document.text)
        reading = reader.advance(ids)
        rows = reading.rows[0, 3:-1]
        assert bool((rows >= 0).all()) and bool((memory.rows.items[rows] == item).all())
        begins = torch.tensor([start for start, _ in sentence_spans(document.text)])
        following = torch.arange(4, ids.shape[1])
        sentences = (following[:, None] >= begins).sum(1) - 1
        assert float((memory.rows.sentences[rows] == sentences).float().mean()) > 0.95
        assert float((memory.rows.tokens[rows] == ids[0, 4:]).float().mean()) > 0.98


def test_a_pure_read_of_a_written_position_is_the_completed_read(model: Model, memory: Memory) -> None:
    pure, completed = Reader(model, memory, PURE), Reader(model, memory, UNGATED)
    for fact in FACTS:
        ids = ids_of(fact.prompt)
        one, other = pure.advance(ids), completed.advance(ids)
        torch.testing.assert_close(one.stream[:, -1], other.stream[:, -1], atol=2e-2, rtol=1e-3)
        assert torch.equal(one.rows[:, -1], other.rows[:, -1])


def test_completion_restores_a_partial_cue(model: Model, memory: Memory) -> None:
    """What a damaged prompt reads by itself is less than what its statement reads; completion makes up for it."""
    damaged = ids_of("Old Hanrik colects")
    wanted = Reader(model, memory, UNGATED).advance(ids_of("Old Henrik collects"))
    completed = Reader(model, memory, UNGATED).advance(damaged)
    pure = Reader(model, memory, PURE).advance(damaged)
    assert int(completed.rows[0, -1]) == int(wanted.rows[0, -1])
    full = SlowMemory(memory).stored(wanted.rows[0, -1:])
    gate = model.site.gate
    plain = Reader(model).advance(damaged).stream[0, -1]
    torch.testing.assert_close(completed.stream[0, -1] - plain, gate * full[0], atol=1e-2, rtol=1e-2)
    along = (pure.stream[0, -1] - plain) @ full[0] / (gate * full[0].square().sum())
    assert float(along) < 0.95, "and where there are several banks, it may take another"


def test_readers_of_one_memory_share_their_tensors(reader: Reader) -> None:
    pure = reader.with_settings(PURE)
    assert pure.slow is reader.slow and pure.recall is reader.recall
    assert pure.settings == PURE and reader.settings == ReadSettings()


# Following


SURE = torch.ones(1, 1)  # evidence


def recall_of(following: list[int], tokens: list[int], items: list[int], cues: Tensor) -> Recall:
    site = tiny_model().site
    summaries = cues.repeat_interleave(1, 0).view(len(tokens), 3, -1)
    return Recall(
        site, summaries, torch.tensor(items), set(), torch.zeros(len(items), dtype=torch.int64), following, tokens
    )


def test_the_row_behind_the_one_matched_last_is_preferred_if_its_token_came() -> None:
    """Two windows say the same phrase and go on differently: which one was being read decides."""
    generator = torch.Generator().manual_seed(0)
    one, two = torch.nn.functional.normalize(torch.randn(2, 3, 32, generator=generator), dim=-1)
    cues = torch.stack((one, two, one, two))
    recall = recall_of([1, -1, 3, -1], [65, 66, 65, 67], [0, 0, 1, 1], cues)
    here = two[None, None]
    for last, wanted in ((0, 1), (2, 3)):
        familiarity, rows = recall.match(torch.tensor([[65]]), here, SURE, torch.tensor([last]))
        assert int(rows) == wanted and float(familiarity) == pytest.approx(1.0, abs=1e-5)
    _, rows = recall.match(torch.tensor([[70]]), here, SURE, torch.tensor([2]))
    assert int(rows) in (0, 2), "another token came than either row told: there is nothing to continue from"
    _, rows = recall.match(torch.tensor([[65]]), here, SURE, torch.tensor([-1]))
    assert int(rows) == 1
    both = torch.stack((one, two))[None]
    _, rows = recall.match(torch.tensor([[1, 65]]), both, SURE.expand(1, 2), torch.tensor([-1]))
    assert rows.tolist() == [[0, 1]], "within one call too"


def test_sentences_that_begin_alike_are_each_recited_to_their_end(model: Model) -> None:
    text = "A red kite is seen by day over Orm. A red kite is seen by day under Pell. A red kite is seen at sea."
    document = dataclasses.replace(DOCUMENT, text=text)
    memory = finish(write(model, None, [], [document])).memory
    ids = TOKENIZER.encode(text)
    steps = generate(Reader(model, memory), ids[:12], SamplingSettings(max_tokens=200))
    assert TOKENIZER.decode([step.token for step in steps]) == text[12:]


# All ways to read agree


@settings(max_examples=20)
@given(st.data())
def test_a_text_may_be_read_in_pieces(data: st.DataObject) -> None:
    model, memory = _shared()
    reader = Reader(model, memory, data.draw(st.sampled_from([ReadSettings(), UNGATED, PURE, UNTOUCHED])))
    pieces = st.sampled_from([FACTS[0].prompt, " Orm ", DOCUMENT.text[:40], UNFAMILIAR[:20], "The mill in Brant "])
    ids = ids_of("".join(data.draw(st.lists(pieces, min_size=1, max_size=3))))
    cuts = data.draw(st.lists(st.integers(1, ids.shape[1] - 1), max_size=5))
    assert_same_reading(stepwise(reader, ids, cuts), reader.advance(ids))


_CACHE: list[tuple[Model, Memory]] = []


def _shared() -> tuple[Model, Memory]:
    if not _CACHE:
        model = tiny_model(write_slots=2048, threshold=0.75)
        _CACHE.append((model, finish(write(model, None, FACTS, [DOCUMENT])).memory))
    return _CACHE[0]


def test_token_by_token_is_as_all_at_once_across_familiar_and_strange_text(reader: Reader) -> None:
    """A match that the gate closed is nothing to continue from, in whatever pieces the text comes."""
    ids = ids_of(DOCUMENT.text[:60] + UNFAMILIAR + FACTS[1].prompt + " Quill " + OTHER_DOCUMENT.text[30:80])
    whole = reader.advance(ids)
    assert bool((whole.rows == -1).any()) and bool((whole.rows >= 0).any())
    assert_same_reading(stepwise(reader, ids, list(range(1, ids.shape[1]))), whole)


def test_a_closed_match_is_not_gone_on_from_in_the_next_call(reader: Reader) -> None:
    reading = reader.advance(ids_of(DOCUMENT.text[:30] + UNFAMILIAR))
    assert int(reading.rows[0, -1]) == -1
    assert reading.state.rows.tolist() == [-1]
    reading = reader.advance(ids_of(DOCUMENT.text[:30]))
    assert int(reader.numbers[reading.state.rows[0]]) == int(reading.rows[0, -1])


def test_sequences_of_a_batch_know_nothing_of_each_other(reader: Reader) -> None:
    one, two = ids_of(DOCUMENT.text[:30]), ids_of(FACTS[3].prompt + " t" + " " * 4)
    length = min(one.shape[1], two.shape[1])
    both = reader.advance(torch.cat((one[:, :length], two[:, :length])))
    for row, ids in enumerate((one, two)):
        alone = reader.advance(ids[:, :length])
        assert torch.equal(both.rows[row], alone.rows[0])
        torch.testing.assert_close(both.stream[row], alone.stream[0], atol=1e-3, rtol=1e-3)
    assert both.state.rows.shape == (2,)


def test_reading_changes_nothing(model: Model, memory: Memory) -> None:
    reader = Reader(model, memory)
    assert reader.slow is not None
    slow, first = reader.slow.bank(0).clone(), reader.advance(ids_of(DOCUMENT.text))
    reader.advance(ids_of(UNFAMILIAR), first.state)
    again = reader.advance(ids_of(DOCUMENT.text))
    assert torch.equal(first.stream, again.stream) and torch.equal(reader.slow.bank(0), slow)


# Generation


def generated(reader: Reader, prompt: str, **changes: Any) -> list[GeneratedToken]:
    return list(generate(reader, TOKENIZER.encode(prompt), SamplingSettings(**changes)))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.answer)
def test_a_fact_is_answered_and_the_answer_ends(reader: Reader, fact: Fact) -> None:
    for way in (ReadSettings(), UNGATED, PURE):
        steps = generated(reader.with_settings(way), fact.prompt)
        assert TOKENIZER.decode([step.token for step in steps]) == " " + fact.answer
        assert steps[-1].token == TOKENIZER.end_id
        assert min(step.p for step in steps) > 0.9
        assert all(step.row >= 0 and step.familiarity > 0.9 for step in steps)


def test_a_document_is_recited_to_its_end(reader: Reader) -> None:
    steps = generated(reader, DOCUMENT.text[:25], max_tokens=500)
    assert TOKENIZER.decode([step.token for step in steps]) == DOCUMENT.text[25:]
    assert steps[-1].token == TOKENIZER.end_id


def test_greedy_answers_are_the_same_every_time(reader: Reader) -> None:
    one, two = (generated(reader, GENERAL[:20], seed=seed, max_tokens=24) for seed in (0, 1))
    assert one == two and len(one) == 24
    for step in one:
        assert step.token == step.top[0][0] and step.p == pytest.approx(step.top[0][1])
        assert [p for _, p in step.top] == sorted((p for _, p in step.top), reverse=True) and len(step.top) == 5


def test_sampled_answers_follow_from_their_seed(reader: Reader) -> None:
    warm = {"temperature": 2.0, "max_tokens": 12}
    assert generated(reader, "Abc", seed=3, **warm) == generated(reader, "Abc", seed=3, **warm)
    assert generated(reader, "Abc", seed=3, **warm) != generated(reader, "Abc", seed=4, **warm)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_no_more_tokens_come_than_were_asked_for(reader: Reader, count: int) -> None:
    assert len(generated(reader, GENERAL[:20], max_tokens=count)) == count


def test_generation_reads_each_token_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    advance = Reader.advance

    def counted(self: Reader, ids: Tensor, state: Any = None) -> Reading:
        lengths.append(ids.shape[1])
        return advance(self, ids, state)

    monkeypatch.setattr(Reader, "advance", counted)
    generated(reader, GENERAL[:20], max_tokens=6)
    assert lengths == [20, 1, 1, 1, 1, 1], "the prefix is never read again, and nothing after the last token"


def test_an_empty_prompt_is_refused(reader: Reader) -> None:
    with pytest.raises(UserError, match="prompt is empty"):
        generated(reader, "")


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": -1.0}, {"temperature": float("nan")}, {"top_k": -1}, {"max_tokens": 0}, {"top_p": 0.0}],
    ids=str,
)
def test_sampling_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        SamplingSettings(**wrong)


def test_sampling_keeps_to_the_tokens_it_may_choose_from() -> None:
    scores = torch.tensor([0.0, 3.0, 2.0, 1.0, -9.0])
    p, random = scores.softmax(0), torch.Generator().manual_seed(0)

    def seen(**changes: Any) -> set[int]:
        chosen = SamplingSettings(**({"temperature": 1.0} | changes))
        return {choose(p, scores, chosen, random) for _ in range(300)}

    assert seen(temperature=0.0) == {1}
    assert seen(top_k=2) == {1, 2} and seen(top_k=1) == {1}
    assert seen(top_p=0.5) == {1} and seen(top_p=0.7) == {1, 2}
    assert seen() == {0, 1, 2, 3}
    assert seen(temperature=0.01) == {1}


def test_a_score_is_the_product_over_the_answer_and_its_end(reader: Reader) -> None:
    prompt, answer = answer_ids(TOKENIZER, FACTS[1].prompt, FACTS[1].answer)
    found = scored(reader, prompt, answer)
    ids = torch.tensor([[*prompt, *answer]])
    p = reader.logits(reader.advance(ids[:, :-1])).softmax(-1)[0, len(prompt) - 1 :]
    wanted = p.gather(1, ids[0, len(prompt) :, None])[:, 0]
    torch.testing.assert_close(torch.tensor(found.tokens), wanted, atol=1e-5, rtol=1e-4)
    assert found.p == pytest.approx(float(wanted.prod()), rel=1e-4) and len(found.tokens) == len(answer)
    assert found.min_token_p == min(found.tokens) and found.greedy_correct
    assert not scored(reader, prompt, answer_ids(TOKENIZER, "x", "Quilt")[1]).greedy_correct


def test_reading_does_without_the_words(model: Model) -> None:
    memory = finish(write(model, None, FACTS, settings=WriteSettings(keep_words=False))).memory
    reader = Reader(model, memory)
    for fact in FACTS:
        steps = generated(reader, fact.prompt)
        assert TOKENIZER.decode([step.token for step in steps]) == " " + fact.answer
