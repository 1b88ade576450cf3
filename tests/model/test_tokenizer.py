"""Tokenizers: exact round trips, the end token, offsets, files."""

import json
import pickle
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bdh_workbench.errors import UserError
from bdh_workbench.model import tokenizer as tokenizer_module
from bdh_workbench.model.tokenizer import (
    END_TOKEN,
    BpeTokenizer,
    ByteTokenizer,
    Tokenizer,
    load_tokenizer,
    tokenizer_from_bytes,
)
from bdh_workbench.training.tokenizer import train_tokenizer

_RANDOM = random.Random(1)
_WORDS = ["".join(_RANDOM.choices("abcdefghijklmnop", k=_RANDOM.randint(2, 8))) for _ in range(200)]
SENTENCES = [f"The river {name} has {n} bridges and {name} boats.\n\n" for n, name in enumerate(_WORDS * 2)]
TEXTS = [
    "",
    " ",
    "plain words",
    "  two  spaces\tand\r\nlines\n\n\n",
    "naïve café – “quotes”",
    "👩‍👩‍👧‍👦 family, 🇩🇪 flag, 👍🏽 thumb",
    "שלום עולם مرحبا بالعالم",
    "e\u0301 is not é (no normalisation)",
    "漢字かな交じり文",
    "in 1987 there were 12,345.67",
    "\x00\x01 control \u2028 separators \u00a0",
    f"a{END_TOKEN}b {END_TOKEN}",
    END_TOKEN,
]


@pytest.fixture(scope="module")
def bpe() -> BpeTokenizer:
    return train_tokenizer(SENTENCES, 400)


@pytest.fixture(params=["bpe", "byte"])
def tokenizer(request: pytest.FixtureRequest, bpe: BpeTokenizer) -> Tokenizer:
    return bpe if request.param == "bpe" else ByteTokenizer()


@pytest.mark.parametrize("text", TEXTS)
def test_decoding_gives_the_text_back(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.end_id not in ids
    assert all(0 <= token < tokenizer.vocab_size for token in ids)


@pytest.mark.parametrize("text", TEXTS)
def test_spans_are_the_characters_that_each_token_touches(tokenizer: Tokenizer, text: str) -> None:
    character_of_byte = [n for n, character in enumerate(text) for _ in character.encode()]
    expected, position = [], 0
    for token in tokenizer.encode(text):
        end = position + len(tokenizer.token_bytes(token))
        expected.append((character_of_byte[position], character_of_byte[end - 1] + 1))
        position = end
    assert tokenizer.encode_with_spans(text) == (tokenizer.encode(text), expected)


def test_batches_agree_with_single_texts(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode_batch(TEXTS) == [tokenizer.encode(text) for text in TEXTS]
    assert tokenizer.encode_batch([]) == []


def test_a_long_text_is_encoded_as_a_short_one(bpe: BpeTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Ünder 1,234 bridges \U0001f309 <|end|> it rains. \ud800 "
    expected = bpe.encode_with_spans(text)
    monkeypatch.setattr(tokenizer_module, "LONG", 1)
    assert bpe.encode_with_spans(text) == expected


def test_end_token_is_left_out_when_decoding(tokenizer: Tokenizer) -> None:
    ids = [tokenizer.end_id, *tokenizer.encode("a b"), tokenizer.end_id]
    assert tokenizer.decode(ids) == "a b"
    assert tokenizer.token_text(tokenizer.end_id) == END_TOKEN


def test_lone_surrogates_become_replacement_characters(tokenizer: Tokenizer) -> None:
    text = "a\ud800b"
    assert tokenizer.decode(tokenizer.encode(text)) == "a\ufffdb"
    assert tokenizer.encode_batch([text]) == [tokenizer.encode(text)]
    assert {(0, 1), (1, 2), (2, 3)} == set(tokenizer.encode_with_spans(text)[1])


def test_parts_of_a_character_show_as_replacement_characters(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("😀")
    assert len(ids) == 4
    assert [tokenizer.token_text(token) for token in ids] == ["\ufffd"] * 4
    assert tokenizer.decode(ids[:2]) == "\ufffd"
    decoder = tokenizer.stream_decoder()
    assert [decoder.decode(tokenizer.token_bytes(token)) for token in ids] == ["", "", "", "😀"]


@pytest.mark.parametrize("shift", [-1, 0])
def test_ids_outside_the_vocabulary_are_refused(tokenizer: Tokenizer, shift: int) -> None:
    token = -1 if shift else tokenizer.vocab_size
    with pytest.raises(ValueError, match="not in the vocabulary"):
        tokenizer.decode([token])


def test_every_digit_is_a_token_of_its_own(bpe: BpeTokenizer) -> None:
    pieces = [bpe.token_text(token) for token in bpe.encode("has 1987 bridges")]
    assert pieces[-6:-1] == [" ", "1", "9", "8", "7"]


def test_training_is_deterministic_and_reaches_the_size(bpe: BpeTokenizer) -> None:
    assert bpe.vocab_size == 400
    assert train_tokenizer(iter(SENTENCES), 400).fingerprint() == bpe.fingerprint()
    assert train_tokenizer(SENTENCES, 300).fingerprint() != bpe.fingerprint()


def test_training_reads_no_more_than_its_sample() -> None:
    def texts() -> Iterator[str]:
        yield "häuser und häuser " * 10
        yield "boats and boats " * 10
        raise AssertionError("read past the sample")

    train_tokenizer(texts(), 280, sample_bytes=301)


def test_training_needs_text_and_room_for_every_byte() -> None:
    with pytest.raises(UserError, match="no text"):
        train_tokenizer([], 300)
    with pytest.raises(UserError, match="257"):
        train_tokenizer(["a"], 256)


def test_saved_tokenizers_come_back_alike(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "tokenizer.json"
    tokenizer.save(path)
    loaded = load_tokenizer(path)
    assert type(loaded) is type(tokenizer)
    assert loaded.fingerprint() == tokenizer.fingerprint()
    assert (loaded.vocab_size, loaded.end_id) == (tokenizer.vocab_size, tokenizer.end_id)
    assert loaded.encode_batch(TEXTS) == tokenizer.encode_batch(TEXTS)
    assert [entry.name for entry in path.parent.iterdir()] == ["tokenizer.json"]


def test_pickled_tokenizers_still_take_the_end_token_for_text(tokenizer: Tokenizer) -> None:
    copy = pickle.loads(pickle.dumps(tokenizer))
    assert copy.encode_batch(TEXTS) == tokenizer.encode_batch(TEXTS)


def test_saving_where_nothing_can_be_written_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="could not be saved"):
        ByteTokenizer().save(tmp_path / "file" / "tokenizer.json")


def test_missing_and_oversized_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    with pytest.raises(UserError, match=r"no tokenizer file .*tokenizer\.json"):
        load_tokenizer(path)
    with pytest.raises(UserError, match="cannot be read"):
        load_tokenizer(tmp_path)
    ByteTokenizer().save(path)
    monkeypatch.setattr(tokenizer_module, "MAX_FILE_BYTES", 10)
    with pytest.raises(UserError, match="MB"):
        load_tokenizer(path)


def test_garbled_files_are_refused(bpe: BpeTokenizer, tmp_path: Path) -> None:
    good = json.loads(bpe.to_bytes())
    truncated = bpe.to_bytes()[:-100]
    no_end = json.loads(bpe.to_bytes().replace(END_TOKEN.encode(), b"<|other|>"))
    gap = {**good, "model": {**good["model"], "vocab": {**good["model"]["vocab"], "zz": 900}}}
    not_bytes = {**good, "model": {**good["model"], "vocab": {**good["model"]["vocab"], "a b": 400}}}
    dropout = {**good, "model": {**good["model"], "dropout": 0.5}}
    normalised = {**good, "normalizer": {"type": "Lowercase"}}
    other = {**good, "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
    contents = [b"", b"\xff\xfe", b"[]", b"[" * 100_000, truncated]
    changed: list[object] = [no_end, gap, not_bytes, dropout, normalised, other, {"model": {}}]
    contents += [json.dumps(content).encode() for content in changed]
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.json"
        path.write_bytes(content)
        with pytest.raises(UserError, match=rf"{number}\.json: This is not a tokenizer"):
            load_tokenizer(path)


def test_a_file_cannot_switch_on_truncation_or_padding(bpe: BpeTokenizer) -> None:
    content = json.loads(bpe.to_bytes())
    content["truncation"] = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
    loaded = tokenizer_from_bytes(json.dumps(content).encode())
    assert loaded.encode("The river has bridges") == bpe.encode("The river has bridges")
