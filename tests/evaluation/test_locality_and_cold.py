"""Locality compares with the untouched model on held-out text; the cold reload notices a changed memory."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import zstandard
from torch import Tensor

from bdh_workbench.asking.ask import ask, score_answer
from bdh_workbench.asking.decoding import Question
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation import cold
from bdh_workbench.evaluation import locality as locality_module
from bdh_workbench.evaluation.cold import answer_cold, cold_reload, logits_digest
from bdh_workbench.evaluation.locality import CALIBRATED, HeldOut, held_out, locality
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.memory.store.manage import set_layer
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import empty_memory, finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.reading.reader import PURE, UNTOUCHED, Reader, ReadSettings
from tests.core_factory import FACTS, tiny_model

TEXT = "The people went home when the rain began. " + FACTS[1].prompt + " longest of all. Then the bells rang. "


@pytest.fixture(scope="module")
def memory(model: Model) -> Memory:
    return finish(write(model, None, FACTS)).memory


@pytest.fixture(scope="module")
def text() -> HeldOut:
    ids = np.frombuffer((TEXT * 6).encode(), dtype=np.uint8).astype(np.int64)
    return HeldOut(torch.from_numpy(ids[: 17 * 33].reshape(17, 33)), "text")


def slowly(reader: Reader, windows: Tensor) -> tuple[float, float, float]:
    """Loss before, loss after and agreement, one window at a time through the ordinary reading."""
    before, after, agreed, count = 0.0, 0.0, 0, 0
    for window in windows:
        ids, wanted = window[None, :-1], window[1:]
        plain = reader.with_settings(UNTOUCHED)
        a, b = (mode.logits(mode.advance(ids))[0].double().log_softmax(-1) for mode in (plain, reader))
        before -= float(a.gather(1, wanted[:, None]).sum())
        after -= float(b.gather(1, wanted[:, None]).sum())
        agreed += int((a.argmax(-1) == b.argmax(-1)).sum())
        count += len(wanted)
    return before / count, after / count, agreed / count


@pytest.mark.parametrize("settings", [ReadSettings(), PURE, ReadSettings(gate=False)])
def test_locality_is_that_of_ordinary_reading(
    model: Model, memory: Memory, text: HeldOut, settings: ReadSettings
) -> None:
    reader = Reader(model, memory, settings)
    before, after, agreed = slowly(reader, text.windows)
    shares: list[float] = []
    found = locality(model, {"it": reader}, text, shares.append)["it"]
    assert found["tokens"] == 17 * 32
    assert found["loss_before"] == pytest.approx(before, rel=1e-5)
    assert found["loss_after"] == pytest.approx(after, rel=1e-4)
    assert found["relative_change"] == pytest.approx((after - before) / before, abs=1e-4)
    assert found["top1_agreement"] == pytest.approx(agreed, abs=0.004)
    assert found["loss_after"] != found["loss_before"]
    assert shares[-1] == 1.0
    assert 0.0 < found["open"] <= 1.0


def test_a_memory_that_is_not_read_changes_nothing(model: Model, memory: Memory, text: HeldOut) -> None:
    found = locality(model, {"off": Reader(model, memory, UNTOUCHED), "gated": Reader(model, memory)}, text)
    assert found["off"]["relative_change"] == 0.0
    assert found["off"]["top1_agreement"] == 1.0
    assert found["off"]["open"] == 0.0
    # The written prompt stands in the text: the gate is open there, and nearly nowhere else.
    assert 0.0 < found["gated"]["open"] < 0.5


def test_without_a_text_the_bundled_one_is_named_as_such() -> None:
    found = held_out(None, ByteTokenizer(), 32, 1000)
    assert found.name == "bundled"
    assert found.windows.shape == (32, 33)
    assert found.sample(100).windows.shape == (4, 33)


def test_of_a_corpus_only_the_validation_shard_is_read(tmp_path: Path) -> None:
    def shard(name: str, word: str) -> None:
        line = ('{"text": "' + f"{word} " * 100 + '"}\n').encode()
        (tmp_path / name).write_bytes(zstandard.ZstdCompressor().compress(line))

    shard("corpus-000.jsonl.zst", "train")
    shard("corpus-val.jsonl.zst", "apart")
    for location in (tmp_path, tmp_path / "corpus-val.jsonl.zst"):
        found = held_out(str(location), ByteTokenizer(), 16)
        assert b"apart" in bytes(found.windows[:, :-1].flatten().clamp(max=255).to(torch.uint8).tolist())
        assert b"train" not in bytes(found.windows[:, :-1].flatten().clamp(max=255).to(torch.uint8).tolist())
        assert found.name == location.name
    # Each target is counted once: a window begins with the last target of the one before.
    assert torch.equal(found.windows[1:, 0], found.windows[:-1, -1])


def test_what_thresholds_are_set_on_is_left_out_where_there_is_enough_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-val.txt").write_text("x" * 320 + "y" * 640, encoding="utf-8")
    (tmp_path / "b.txt").write_text("z" * 100, encoding="utf-8")
    monkeypatch.setattr(locality_module, "CALIBRATED", 320)
    for location in (tmp_path, tmp_path / "a-val.txt"):
        found = held_out(str(location), ByteTokenizer(), 32, 600)
        assert found.windows.shape[0] == 19 and not (found.windows == ord("x")).any()
        # Of a short text all is read.
        assert (held_out(str(location), ByteTokenizer(), 32, 700).windows == ord("x")).any()
    assert CALIBRATED == 400 * 128, "what calibration reads from the beginning"


def test_a_folder_of_plain_text_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("first " * 50, encoding="utf-8")
    (tmp_path / "b.txt").write_text("second " * 50, encoding="utf-8")
    assert held_out(str(tmp_path), ByteTokenizer(), 16).windows.shape[0] == (300 + 350 - 1) // 16
    rest = held_out(str(tmp_path), ByteTokenizer(), 16, skip=1).windows
    assert rest.shape[0] == 350 // 16 and not (rest == ord("f")).any(), "what is stored is no other text"


def test_a_text_that_is_too_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("word", encoding="utf-8")
    with pytest.raises(UserError, match="shorter than one window"):
        held_out(str(path), ByteTokenizer(), 128)


def questions_of(model: Model) -> list[Question]:
    return [Question.of(model.tokenizer, fact.prompt, fact.answer) for fact in FACTS]


def test_a_fresh_process_answers_the_same_to_the_bit(model: Model, memory: Memory) -> None:
    found = cold_reload(model, memory, questions_of(model))
    assert found["identical"] is True
    assert found["exact"] == 1.0
    assert found["median_p"] > 0.99
    assert found["bytes"] > 1000


def test_a_memory_that_came_back_otherwise_is_noticed(
    model: Model, memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = cold.save_memory

    def spoilt(path: Path, memory: Memory) -> None:
        save(path, dataclasses.replace(memory, weights=memory.weights * (1.0 + 1e-5)))

    def here(arguments: list[str]) -> dict[str, object]:
        return {**answer_cold(model, Path(arguments[2])), "seconds": 0.0}

    monkeypatch.setattr(cold, "_run", here)
    assert cold_reload(model, memory, questions_of(model))["identical"] is True
    monkeypatch.setattr(cold, "save_memory", spoilt)
    assert cold_reload(model, memory, questions_of(model))["identical"] is False


def test_a_fresh_process_that_fails_is_told(model: Model, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    other = dataclasses.replace(memory, model="f" * 64)
    with pytest.raises(UserError, match=r"fresh process: .* belongs to the model"):
        cold_reload(model, other, questions_of(model))


def test_the_digest_tells_memories_apart(model: Model, memory: Memory) -> None:
    questions = questions_of(model)
    assert logits_digest(Reader(model, memory), questions) == logits_digest(Reader(model, memory), questions)
    assert logits_digest(Reader(model, memory), questions) != logits_digest(Reader(model), questions)


def test_an_answer_tells_where_it_comes_from(model: Model, memory: Memory) -> None:
    answer = ask(Reader(model, memory), FACTS[1].prompt)
    assert answer.completion == " Quill"
    assert "".join(token.text for token in answer.tokens) == " Quill"
    assert answer.ended and not answer.abstained
    assert answer.familiarity > 0.95
    assert answer.source is not None
    assert (answer.source.kind, answer.source.title, answer.source.position) == ("fact", FACTS[1].prompt, 1)
    assert answer.source.text == f"{FACTS[1].prompt} Quill"


def test_what_is_not_in_memory_is_answered_by_the_untouched_model(model: Model, memory: Memory) -> None:
    prompt, sampling = "Once upon a time", SamplingSettings(max_tokens=5)
    answer, plain = ask(Reader(model, memory), prompt, sampling), ask(Reader(model), prompt, sampling)
    assert answer.abstained and answer.source is None
    assert not plain.abstained and plain.familiarity == 0.0
    assert answer.completion == plain.completion and answer.top == plain.top
    assert not answer.ended
    assert not ask(Reader(model, memory, ReadSettings(written=False)), prompt, sampling).abstained
    assert ask(Reader(model, memory, ReadSettings(gate=False)), prompt, sampling).source is not None


def test_what_an_empty_memory_does_not_hold_is_not_called_not_in_memory(model: Model) -> None:
    answer, plain = ask(Reader(model, empty_memory(model)), FACTS[1].prompt), ask(Reader(model), FACTS[1].prompt)
    assert not answer.abstained and answer == plain


def test_a_memory_whose_layers_are_off_is_not_read(model: Model, memory: Memory) -> None:
    off = set_layer(memory, 1, False)
    answer, plain = ask(Reader(model, off), FACTS[1].prompt), ask(Reader(model), FACTS[1].prompt)
    assert answer.abstained and answer.familiarity == 0.0
    assert answer.completion == plain.completion
    assert ask(Reader(model, set_layer(off, 1, True)), FACTS[1].prompt).completion == " Quill"


def test_pieces_of_an_answer_make_the_whole(model: Model) -> None:
    fact = Fact("The motto of Orm is", "déjà – vu")
    memory = finish(write(model, None, [fact])).memory
    said: list[str] = []
    answer = ask(Reader(model, memory), fact.prompt, heard=lambda heard: said.append(heard.token.text))
    assert answer.completion == " déjà – vu" == "".join(said)
    assert answer.ended and not answer.cut
    cut = ask(Reader(model, memory), fact.prompt, SamplingSettings(max_tokens=3))
    assert cut.completion == " d" and cut.cut, "half a character is not shown"


def test_a_space_behind_a_question_changes_nothing(model: Model, memory: Memory) -> None:
    reader, sampling = Reader(model, memory), SamplingSettings(max_tokens=6)
    assert ask(reader, FACTS[1].prompt + "  ", sampling) == ask(reader, FACTS[1].prompt, sampling)
    assert score_answer(reader, FACTS[1].prompt + " ", " Quill ") == score_answer(reader, FACTS[1].prompt, "Quill")
    with pytest.raises(UserError):
        ask(reader, "   ", sampling)


def test_a_document_goes_on_behind_an_answer() -> None:
    """Past the full stop of a sentence that was asked for cold comes the next one, and no end of an answer."""
    model = tiny_model(write_slots=2048, threshold=0.3)
    said = "The inn of Brask is a low grey house. Guests ring a bell. The cook hides her bread."
    reader = Reader(model, finish(write(model, None, (), (TextDocument("The inn", said),))).memory)
    answer = ask(reader, "Guests ring a", SamplingSettings(max_tokens=15), one_sentence=False)
    assert answer.completion == " bell. The cook" and answer.cut
    assert ask(reader, "Guests ring a").completion == " bell."
    scored = score_answer(reader, "Guests ring a", "bell")
    assert scored.greedy_correct and scored.p > 0.9
    assert [text for text, _ in scored.tokens] == list(" bell")
    of_a_fact = score_answer(Reader(model, finish(write(model, None, FACTS)).memory), FACTS[1].prompt, "Quill")
    assert of_a_fact.p > 0.9 and len(of_a_fact.tokens) == len(" Quill") + 1
