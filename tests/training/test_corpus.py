"""Reading corpora, the token cache, and the order of training windows."""

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from bdh_workbench.errors import UserError
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.training import corpus as corpus_module
from bdh_workbench.training.corpus import (
    CorpusDocument,
    TokenCache,
    WindowSampler,
    build_token_cache,
    encode_documents,
    read_corpus,
    token_dtype,
    validation_documents,
)
from bdh_workbench.training.tokenizer import train_tokenizer

RECORDS = [{"text": f"Text {n}: שלום 😀\u2028 end.", "source": "s", "title": f"T{n}"} for n in range(5)]
EXPECTED = [CorpusDocument(**record) for record in RECORDS]


def json_lines(records: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def texts(documents: Iterator[CorpusDocument]) -> list[str]:
    return [document.text for document in documents]


def everything(location: object) -> list[CorpusDocument]:
    return list(read_corpus(str(location), exclude_validation=False))


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """A corpus of 450 documents, without a validation shard."""
    path = tmp_path / "numbered.jsonl"
    path.write_bytes(json_lines([{"text": f"document {n}"} for n in range(450)]))
    return path


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json_lines(RECORDS) + b"\n  \n" + json_lines([{"text": " \n"}]) + b'{"text": "no line end"}')
    *documents, last = everything(path)
    assert documents == EXPECTED
    assert last == CorpusDocument("no line end", "a.jsonl", "")


def test_zstd_json_lines_in_several_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    halves = [zstandard.compress(json_lines(RECORDS[:2])), zstandard.compress(json_lines(RECORDS[2:]))]
    path.write_bytes(b"".join(halves))
    assert everything(path) == EXPECTED


def test_lines_longer_than_a_chunk(tmp_path: Path) -> None:
    records = [{"text": f"{n} " + "wörd " * 50_000} for n in range(3)]
    for name, data in {"a.jsonl": json_lines(records), "b.jsonl.zst": zstandard.compress(json_lines(records))}.items():
        (tmp_path / name).write_bytes(data)
        assert texts(iter(everything(tmp_path / name))) == [record["text"] for record in records]


def test_parquet_with_and_without_the_optional_columns(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([*RECORDS, {"text": None}]), tmp_path / "a.parquet")
    assert everything(tmp_path / "a.parquet") == EXPECTED
    pq.write_table(pa.table({"text": ["one", ""], "url": ["u", "v"]}), tmp_path / "b.parquet")
    assert everything(tmp_path / "b.parquet") == [CorpusDocument("one", "b.parquet", "")]


def test_text_files_are_one_document_each(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_bytes(b"# Title\r\n\r\nBody \xc3\xa9\r\n")
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfwith a mark")
    (tmp_path / ".hidden.txt").write_text("hidden")
    assert everything(tmp_path) == [
        CorpusDocument("with a mark", "a.txt", ""),
        CorpusDocument("# Title\n\nBody é", "b.md", ""),
    ]


@pytest.mark.parametrize("mark", ["\n\n", "\n", " ", ""])
def test_long_text_files_are_cut_and_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    monkeypatch.setattr(corpus_module, "_PIECE_CHARACTERS", 100)
    words = [f"wörd{n}" for n in range(300)]
    (tmp_path / "long.txt").write_text(mark.join(words), encoding="utf-8")
    pieces = texts(iter(everything(tmp_path)))
    assert len(pieces) > 15
    assert all(len(piece) <= 100 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(words)
    if mark:
        assert set(" ".join(pieces).split()) == set(words)


def test_folders_are_read_in_order_and_a_readme_beside_shards_is_not(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "MANIFEST.json").write_text("{}")
    (tmp_path / "sub").mkdir()
    for name, record in {"c.jsonl": 2, "a.jsonl": 0, "sub/d.jsonl": 3}.items():
        (tmp_path / name).write_bytes(json_lines([RECORDS[record]]))
    (tmp_path / "b.jsonl.zst").write_bytes(zstandard.compress(json_lines([RECORDS[1]])))
    assert everything(tmp_path) == EXPECTED[:4]


def test_validation_shard_is_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "corpus-000.jsonl").write_bytes(json_lines(RECORDS[:3]))
    (tmp_path / "corpus-valley.jsonl").write_bytes(json_lines(RECORDS[3:4]))
    (tmp_path / "corpus-val.jsonl.zst").write_bytes(zstandard.compress(json_lines(RECORDS[4:])))
    assert list(read_corpus(tmp_path)) == EXPECTED[:4]
    assert list(validation_documents(tmp_path)) == EXPECTED[4:]
    assert sorted(texts(iter(everything(tmp_path)))) == [document.text for document in EXPECTED]


def test_without_a_shard_every_200th_document_is_kept_apart(numbered: Path) -> None:
    held_out = texts(validation_documents(numbered))
    training = texts(read_corpus(numbered))
    assert held_out == ["document 9", "document 209", "document 409"]
    assert len(training) == 447
    assert not set(held_out) & set(training)


def test_a_single_document_is_for_training(tmp_path: Path) -> None:
    (tmp_path / "book-val.txt").write_text("a book")
    assert texts(read_corpus(tmp_path / "book-val.txt")) == ["a book"]
    assert texts(validation_documents(tmp_path / "book-val.txt")) == []


@pytest.mark.parametrize(
    "line", ["{broken", '"text"', "[1]", '{"title": "t"}', '{"text": 5}', '{"text": "\x00', "\xff"]
)
def test_broken_lines_are_named(tmp_path: Path, line: str) -> None:
    data = json_lines(RECORDS[:2]) + line.encode("latin-1") + b"\n" + json_lines(RECORDS[2:])
    (tmp_path / "a.jsonl").write_bytes(data)
    documents = read_corpus(tmp_path)
    assert [next(documents), next(documents)] == EXPECTED[:2]
    with pytest.raises(UserError, match=r"a\.jsonl, line 3 "):
        next(documents)


@pytest.mark.parametrize("keep", [0, 3, 0.5, -1])
def test_truncated_zstd_files_are_named(tmp_path: Path, keep: float) -> None:
    data = zstandard.compress(json_lines([{"text": f"{n} {n * n}"} for n in range(20_000)]))
    size = int(len(data) * keep) if isinstance(keep, float) else keep
    (tmp_path / "a.jsonl.zst").write_bytes(data[:size])
    with pytest.raises(UserError, match=r"a\.jsonl\.zst ends too early"):
        everything(tmp_path)


def test_other_broken_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {
        "a.jsonl.zst": (b"not zstd at all", "not a valid zstd"),
        "b.parquet": (b"not parquet", "not a valid Parquet"),
        "c.txt": (b"caf\xe9 au lait", "not UTF-8"),
    }
    for name, (data, message) in contents.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError, match=rf"{name} is {message}"):
            everything(tmp_path / name)
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "d.parquet")
    with pytest.raises(UserError, match=r'd\.parquet has no column "text"'):
        everything(tmp_path / "d.parquet")
    monkeypatch.setattr(corpus_module, "_MAX_LINE_BYTES", 1000)
    (tmp_path / "e.jsonl").write_bytes(b"x" * 2000)
    with pytest.raises(UserError, match=r"e\.jsonl has a line of more than"):
        everything(tmp_path / "e.jsonl")


def test_places_without_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b")
    for name, message in {"nowhere": "no corpus at", "table.csv": "cannot be read", "": "contains no"}.items():
        with pytest.raises(UserError, match=message):
            everything(tmp_path / name)


def fake_datasets(monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]] | Exception) -> list[tuple[Any, ...]]:
    """Stand in for the package `datasets` and record its calls."""
    calls: list[tuple[Any, ...]] = []

    def load_dataset(name: str, config: str | None, *, split: str, streaming: bool) -> list[dict[str, Any]]:
        calls.append((name, config, split, streaming))
        if isinstance(records, Exception):
            raise records
        return records

    module = types.ModuleType("datasets")
    module.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", module)
    return calls


def test_hugging_face_datasets_are_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_datasets(monkeypatch, [{"text": f"t{n}"} for n in range(11)])
    assert everything("hf:org/name:config")[0] == CorpusDocument("t0", "hf:org/name:config", "")
    assert texts(validation_documents("hf:org/name")) == ["t9"]
    assert calls == [("org/name", "config", "train", True), ("org/name", None, "train", True)]


def test_hugging_face_failures_are_user_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_datasets(monkeypatch, ConnectionError("offline"))
    with pytest.raises(UserError, match=r"hf:a/b cannot be read \(offline\)"):
        everything("hf:a/b")
    fake_datasets(monkeypatch, [{"content": "x"}])
    with pytest.raises(UserError, match='no column "text"'):
        everything("hf:a/b")


@pytest.mark.parametrize("package", ["datasets", "pyarrow"])
def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    (tmp_path / "a.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=f"pip install {package}"):
        everything("hf:a/b" if package == "datasets" else tmp_path)


def test_cache_holds_all_training_documents_with_ends(numbered: Path, tmp_path: Path) -> None:
    tokenizer = ByteTokenizer()
    seen: list[int] = []
    cache = build_token_cache(numbered, tokenizer, tmp_path / "cache", progress=seen.append)
    training = texts(read_corpus(numbered))
    tokens = cache.tokens
    assert isinstance(tokens, np.memmap)
    assert tokens.dtype == np.uint16
    assert seen[-1] == cache.info.tokens == len(tokens) == sum(len(text) + 1 for text in training)
    assert cache.info.documents == 447
    assert cache.info.complete
    ends = np.flatnonzero(tokens == tokenizer.end_id)
    pieces = np.split(np.asarray(tokens), ends + 1)
    assert [tokenizer.decode(piece.tolist()) for piece in pieces[:-1]] == training
    assert len(pieces[-1]) == 0
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["tokens.bin", "tokens.json"]


def test_cache_is_reused_only_where_it_fits(numbered: Path, tmp_path: Path) -> None:
    folder, tokenizer = tmp_path / "cache", ByteTokenizer()
    progress: list[int] = []

    def build(max_tokens: int | None = None, **changes: Any) -> tuple[int, bool]:
        """Return the number of tokens and whether they were made again."""
        progress.clear()
        arguments = {"location": numbered, "tokenizer": tokenizer, "folder": folder, **changes}
        cache = build_token_cache(**arguments, max_tokens=max_tokens, progress=progress.append)
        return len(cache.tokens), bool(progress)

    assert build(1000) == (1000, True)
    assert build(1000) == (1000, False)
    assert build(500) == (500, False)
    assert build(1001) == (1001, True)
    total, made = build()
    assert made
    assert build() == (total, False)
    assert build(1000) == (1000, False)
    assert build(10**9) == (total, False)

    other = train_tokenizer(["some other words"], 260)
    assert build(tokenizer=other)[1]
    assert build() == (total, True)

    moved = tmp_path / "moved" / numbered.name
    moved.parent.mkdir()
    moved.write_bytes(numbered.read_bytes())
    assert build(location=moved) == (total, False)
    with moved.open("ab") as file:
        file.write(json_lines([{"text": "more"}]))
    assert build(location=moved) == (total + 5, True)


def test_damaged_caches_are_rebuilt(numbered: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    whole = np.array(build_token_cache(numbered, ByteTokenizer(), folder).tokens)
    content = json.loads((folder / "tokens.json").read_text())
    damaged: list[object] = [{**content, "format": 0}, {**content, "dtype": "O"}, {"tokens": 3}, [], None]
    for description in ["", "{", *map(json.dumps, damaged)]:
        (folder / "tokens.json").write_text(description)
        assert TokenCache.open(folder) is None
        assert np.array_equal(build_token_cache(numbered, ByteTokenizer(), folder).tokens, whole)
    (folder / "tokens.bin").write_bytes((folder / "tokens.bin").read_bytes()[:-1])
    assert TokenCache.open(folder) is None


def test_failed_build_keeps_the_old_cache(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.jsonl", tmp_path / "cache"
    path.write_bytes(json_lines(RECORDS))
    old = np.array(build_token_cache(path, ByteTokenizer(), folder).tokens)
    path.write_bytes(json_lines(RECORDS) + b"{broken\n")
    with pytest.raises(UserError, match="line 6"):
        build_token_cache(path, ByteTokenizer(), folder)
    kept = TokenCache.open(folder)
    assert kept is not None
    assert np.array_equal(kept.tokens, old)
    assert sorted(entry.name for entry in folder.iterdir()) == ["tokens.bin", "tokens.json"]


def test_caches_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n")
    with pytest.raises(UserError, match="no text to train on"):
        build_token_cache(tmp_path, ByteTokenizer(), tmp_path / "cache")
    (tmp_path / "b.jsonl").write_bytes(json_lines(RECORDS))
    with pytest.raises(UserError, match="cannot be written"):
        build_token_cache(tmp_path, ByteTokenizer(), tmp_path / "a.jsonl" / "cache")
    with pytest.raises(ValueError, match="max_tokens"):
        build_token_cache(tmp_path, ByteTokenizer(), tmp_path / "cache", max_tokens=0)


def test_encoding_documents_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_module, "_BATCH_CHARACTERS", 30)
    tokenizer = ByteTokenizer()
    arrays = list(encode_documents(iter(EXPECTED), tokenizer))
    assert [tokenizer.decode(array.tolist()) for array in arrays] == [document.text for document in EXPECTED]
    assert all(array[-1] == tokenizer.end_id for array in arrays)
    cut = list(encode_documents(iter(EXPECTED), tokenizer, len(arrays[0]) + 3))
    assert [len(array) for array in cut] == [len(arrays[0]), 3]
    assert [token_dtype(65535).name, token_dtype(65536).name] == ["uint16", "uint32"]


def starts(batch: np.ndarray[Any, Any]) -> list[int]:
    return [int(start) for start in batch[:, 0]]


@pytest.mark.parametrize(("tokens", "length"), [(2, 1), (11, 10), (101, 10), (1000, 7), (4097, 4), (520, 1)])
def test_each_epoch_visits_every_window_once_in_its_own_order(tokens: int, length: int) -> None:
    sampler = WindowSampler(np.arange(tokens, dtype=np.uint16), length, seed=3)
    assert sampler.windows == (tokens - 1) // length
    epochs = []
    for epoch in range(3):
        batch = sampler.batch(epoch * sampler.windows, sampler.windows)
        assert batch.shape == (sampler.windows, length + 1)
        assert batch.dtype == np.int64
        assert (np.diff(batch, axis=1) == 1).all()
        epochs.append(starts(batch))
        assert sorted(epochs[-1]) == list(range(0, sampler.windows * length, length))
    if sampler.windows > 20:
        assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
        assert epochs[0] != sorted(epochs[0])


def test_order_looks_random() -> None:
    sampler = WindowSampler(np.arange(4001), 1, seed=0)
    order = np.array(starts(sampler.batch(0, 4000)))
    assert abs(np.corrcoef(order, np.arange(4000))[0, 1]) < 0.06
    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.06
    later = np.array(starts(sampler.batch(4000, 4000)))
    assert abs(np.corrcoef(order, later)[0, 1]) < 0.06


def test_position_alone_decides() -> None:
    tokens = np.arange(1001)
    whole = WindowSampler(tokens, 10, seed=5).batch(0, 250)
    resumed = WindowSampler(tokens, 10, seed=5)
    assert np.array_equal(resumed.batch(90, 20), whole[90:110])
    assert np.array_equal(resumed.batch(7, 1), whole[7:8])
    assert not np.array_equal(WindowSampler(tokens, 10, seed=6).batch(0, 250), whole)


def test_order_stays_the_same_from_version_to_version() -> None:
    """A resumed run must go on where it was, so a change of this order breaks checkpoints."""
    assert starts(WindowSampler(np.arange(101), 1, seed=7).batch(95, 10)) == [84, 92, 97, 80, 6, 88, 22, 63, 38, 98]


@pytest.mark.parametrize("world", [2, 3, 7])
def test_ranks_share_out_the_windows(world: int) -> None:
    tokens = np.arange(1001)
    single = WindowSampler(tokens, 10, seed=1)
    ranks = [WindowSampler(tokens, 10, seed=1, rank=rank, world=world) for rank in range(world)]
    drawn = [starts(sampler.batch(0, 100 // world)) for sampler in ranks]
    together = [start for stripe in drawn for start in stripe]
    assert len(set(together)) == len(together) == 100 // world * world
    interleaved = np.stack([sampler.batch(0, 60) for sampler in ranks], axis=1).reshape(-1, 11)
    assert np.array_equal(interleaved, single.batch(0, 60 * world))
    assert ranks[0].epoch(100) == world


def test_corpus_too_short_for_its_ranks() -> None:
    WindowSampler(np.arange(21), 10, seed=0, world=2)
    with pytest.raises(UserError, match="too few for windows of 10"):
        WindowSampler(np.arange(20), 10, seed=0, world=2)
    with pytest.raises(UserError, match="too few"):
        WindowSampler(np.arange(0), 10, seed=0)


def test_windows_come_from_the_cache(numbered: Path, tmp_path: Path) -> None:
    cache = build_token_cache(numbered, ByteTokenizer(), tmp_path / "cache")
    batch = WindowSampler(cache.tokens, 16, seed=0).batch(0, 4)
    text = ByteTokenizer().decode(np.asarray(cache.tokens).tolist())
    assert type(batch) is np.ndarray
    assert all(ByteTokenizer().decode(row.tolist()) in text for row in batch)
