"""Decoding and scoring in batches agree with doing it one at a time, and the verdict on an answer is strict."""

from __future__ import annotations

import pytest
import torch

from bdh_workbench.asking import decoding
from bdh_workbench.asking.decoding import Question, decode, exact, judge, median, read_long, score, share
from bdh_workbench.asking.generation import generate
from bdh_workbench.memory.settings import SamplingSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.reading.reader import PURE, UNTOUCHED, Reader
from tests.core_factory import FACTS, scored

END = ByteTokenizer().end_id


@pytest.fixture(scope="module")
def reader(model: Model) -> Reader:
    return Reader(model, finish(write(model, None, FACTS)).memory)


@pytest.fixture(scope="module")
def questions(model: Model) -> list[Question]:
    return [Question.of(model.tokenizer, fact.prompt, fact.answer) for fact in FACTS]


@pytest.mark.parametrize(
    ("generated", "ended", "verdict"),
    [
        (" wol", False, None),
        (" wolf", False, None),
        (" wolf", True, True),
        (" wol", True, False),
        (" cat", False, False),
        (" wolf and", False, True),
        (" wolf.", False, True),
        (" wolf\n", False, True),
        (" wolf,", True, True),
        (" wolfs", False, False),
        (" wolf's", False, False),
        (" wolf-like", False, False),
        (" wolf9", False, False),
        (" wolfé", False, False),
    ],
)
def test_an_answer_is_right_only_if_it_ends_or_goes_on_to_another_word(
    generated: str, ended: bool, verdict: bool | None
) -> None:
    tokens = [*generated.encode(), *([END] if ended else [])]
    assert judge(ByteTokenizer(), tokens, [*b" wolf", END]) is verdict


@pytest.mark.parametrize(
    ("answer", "generated", "ended", "verdict"),
    [
        (" 3", " 3.5 km", False, False),
        (" 1", " 1,200", False, False),
        (" 3", " 3.", False, None),
        (" 3", " 3.", True, True),
        (" 3", " 3. Then", False, True),
        (" 3", " 3, 4", False, True),
        (" 3", " 3 km", False, True),
        (" 3.5", " 3.5.", True, True),
        (" wolf", " wolf.5", False, True),
    ],
)
def test_a_number_is_not_right_if_it_goes_on_over_a_point_or_comma(
    answer: str, generated: str, ended: bool, verdict: bool | None
) -> None:
    tokens = [*generated.encode(), *([END] if ended else [])]
    assert judge(ByteTokenizer(), tokens, [*answer.encode(), END]) is verdict


def test_a_character_that_is_not_whole_is_waited_for() -> None:
    whole = " wolf—and".encode()
    assert judge(ByteTokenizer(), list(whole[:6]), [*b" wolf", END]) is None
    assert judge(ByteTokenizer(), list(whole), [*b" wolf", END]) is True


def test_scores_in_batches_are_those_of_one_at_a_time(reader: Reader, questions: list[Question]) -> None:
    for mode in (reader, reader.with_settings(PURE), reader.with_settings(UNTOUCHED)):
        together = score(mode, questions)
        for question, got in zip(questions, together, strict=True):
            alone = scored(mode, question.prompt, question.answer)
            assert got.tokens == pytest.approx(alone.tokens, abs=1e-5)
            assert got.p == pytest.approx(alone.p, abs=1e-5)
            assert got.right == alone.right


def test_decoding_in_batches_is_that_of_one_at_a_time(reader: Reader, questions: list[Question]) -> None:
    untouched = reader.with_settings(UNTOUCHED)
    # Two of the same length, so that a batch has more than one.
    prompts = [*(q.prompt for q in questions), questions[0].prompt, tuple(b"The river through Tern is THE")]
    assert len(prompts[1]) == len(prompts[-1])
    for mode in (reader, untouched):
        together = decode(mode, prompts, [12] * len(prompts), lambda _, __: False)
        for prompt, got in zip(prompts, together, strict=True):
            alone = generate(mode, prompt, SamplingSettings(max_tokens=12))
            assert got == [token.token for token in alone]
    assert decode(untouched, prompts, [12] * len(prompts), lambda _, __: False)[1] != together[2]


def test_decoding_stops_when_told_and_at_the_end_token(reader: Reader, questions: list[Question]) -> None:
    prompts = [q.prompt for q in questions]
    assert [len(out) for out in decode(reader, prompts, [3] * len(prompts), lambda _, __: False)] == [3] * len(prompts)
    assert [len(out) for out in decode(reader, prompts, [9] * len(prompts), lambda _, out: len(out) == 2)] == [2] * 6
    whole = decode(reader, prompts, [50] * len(prompts), lambda _, __: False)
    assert [tuple(out) for out in whole] == [q.answer for q in questions]


def test_written_answers_are_exact_and_others_are_not(reader: Reader, questions: list[Question]) -> None:
    assert exact(reader, questions) == [True] * len(questions)
    wrong = [Question(q.prompt, questions[0].answer) for q in questions[1:]]
    assert exact(reader, wrong) == [False] * len(wrong)
    assert exact(reader.with_settings(UNTOUCHED), questions) == [False] * len(questions)
    # Part of an answer is not the answer.
    assert exact(reader, [Question(q.prompt, (*q.answer[:-2], END)) for q in questions]) == [False] * len(questions)


def test_reading_in_parts_is_reading_at_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = torch.tensor([list(b"Nobody knows. The river through Tarn is the Quill, and it is long." * 2)] * 2)
    whole = reader.advance(ids)
    monkeypatch.setattr(decoding, "batch_limit", lambda reader: 14)
    parts = list(read_long(reader, ids))
    assert len(parts) > 10
    assert [start for start, _ in parts] == list(range(0, ids.shape[1], 7))
    assert torch.allclose(torch.cat([part.stream for _, part in parts], dim=1), whole.stream, atol=1e-4)


def test_medians_and_shares_of_nothing() -> None:
    assert median([]) is None
    assert median([3.0, 1.0]) == 2.0
    assert median([3.0, 1.0, 9.0]) == 3.0
    assert share([]) is None
    assert share([True, False, False, True]) == 0.5
