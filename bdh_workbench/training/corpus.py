"""Reading a corpus, keeping it as tokens on disk, and drawing training windows from it.

- A location is a folder or file (.jsonl.zst, .jsonl, .parquet, .txt, .md) or a Hugging Face dataset,
  `hf:NAME` or `hf:NAME:CONFIG`.
- In a folder with data shards (JSON Lines, Parquet) only these are read: a README next to them is not text to learn.
- Files are read in the order of their names and as a stream, so memory stays flat whatever the corpus' size.
- The order of training windows follows from seed and position alone, so a checkpoint holds one integer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from bdh_workbench.errors import UserError
from bdh_workbench.model.tokenizer import Tokenizer

_SHARD_ENDINGS = (".jsonl.zst", ".jsonl", ".parquet")
_TEXT_ENDINGS = (".txt", ".md")
_CHUNK_BYTES = 1 << 16
_MAX_LINE_BYTES = 1 << 26
_PIECE_CHARACTERS = 1 << 16  # long text files are cut into documents of about this length
_BATCH_CHARACTERS = 1 << 22
_CACHE_FORMAT = 1
_VALIDATION_NAME = re.compile(r"-val(idation)?([^a-z]|$)")


@dataclass(frozen=True, slots=True)
class CorpusDocument:
    """One document: its text, where it comes from, and its title ("" if it has none)."""

    text: str
    source: str
    title: str


def read_corpus(location: str | os.PathLike[str], *, exclude_validation: bool = True) -> Iterator[CorpusDocument]:
    """Yield the documents of a corpus in a fixed order, empty ones left out.

    With `exclude_validation` the documents that `validation_documents` yields are left out.

    Raises:
        UserError: the location has nothing to read, a file is broken, or a needed package is not installed.
    """
    return _split(location, False if exclude_validation else None)


def validation_documents(location: str | os.PathLike[str]) -> Iterator[CorpusDocument]:
    """Yield the documents kept for validation.

    They are those of the `*-val*` shards of a folder, or else every 200th document from the tenth on, so that
    a corpus of ten documents has one and a single document is left for training. Errors as for `read_corpus`.
    """
    return _split(location, True)


def _split(location: str | os.PathLike[str], validation: bool | None) -> Iterator[CorpusDocument]:
    """Yield the validation documents, the others, or (None) all."""
    files = _corpus_files(location)
    # A file that is itself the location counts as ordinary, whatever its name.
    held_out = [path for path in files if _VALIDATION_NAME.search(path.name) and path != Path(location)]
    if validation is None:
        yield from _documents(location, files)
    elif held_out:
        yield from _documents(location, [path for path in files if (path in held_out) == validation])
    else:
        yield from (doc for n, doc in enumerate(_documents(location, files)) if (n % 200 == 9) == validation)


def _corpus_files(location: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a location, sorted; none for a Hugging Face dataset."""
    if str(location).startswith("hf:"):
        return []
    root = Path(location)
    if root.is_file():
        if not root.name.endswith(_SHARD_ENDINGS + _TEXT_ENDINGS):
            raise UserError(f"{root} cannot be read: give a .jsonl.zst, .jsonl, .parquet, .txt or .md file.")
        return [root]
    if not root.is_dir():
        raise UserError(f"There is no corpus at {root}: give a folder, a file or hf:NAME.")
    paths = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
    for endings in (_SHARD_ENDINGS, _TEXT_ENDINGS):
        if files := [path for path in paths if path.name.endswith(endings)]:
            return files
    raise UserError(f"The folder {root} contains no .jsonl.zst, .jsonl, .parquet, .txt or .md file: choose another.")


def _documents(location: str | os.PathLike[str], files: list[Path]) -> Iterator[CorpusDocument]:
    if str(location).startswith("hf:"):
        yield from _read_hugging_face(str(location))
    for path in files:
        try:
            if path.name.endswith(".parquet"):
                yield from _read_parquet(path)
            elif path.name.endswith(_TEXT_ENDINGS):
                yield from _read_text(path)
            else:
                yield from _read_json_lines(path)
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror or error}): check the file.") from error


def read_json_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a JSON Lines file, packed by zstd or not.

    Raises:
        UserError: the file is broken, or a line is no JSON object.
    """
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}, line {number} is not valid JSON: fix or remove the line.") from error
        if not isinstance(record, dict):
            raise UserError(f"{path}, line {number} is not a JSON object: fix or remove the line.")
        yield record


def _read_json_lines(path: Path) -> Iterator[CorpusDocument]:
    for number, record in enumerate(read_json_lines(path), start=1):
        if not isinstance(record.get("text"), str):
            raise UserError(f'{path}, line {number} has no "text": each line must be {{"text": "...", ...}}.')
        yield from _document(record, path.name)


def _document(record: Mapping[str, object], source: str) -> Iterator[CorpusDocument]:
    """Yield the record as a document, or nothing if its text is empty."""
    if isinstance(text := record.get("text"), str) and text.strip():
        yield CorpusDocument(text, str(record.get("source") or source), str(record.get("title") or ""))


def _lines(path: Path) -> Iterator[bytes]:
    rest = b""
    for chunk in _zstd_chunks(path) if path.name.endswith(".zst") else _chunks(path):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > _MAX_LINE_BYTES:
            raise UserError(f"{path} has a line of more than {_MAX_LINE_BYTES >> 20} MB: cut the document into parts.")
    yield rest


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _zstd_chunks(path: Path) -> Iterator[bytes]:
    """Yield the unpacked bytes of all frames; the library's own reader would not report a file cut short."""
    frame = None
    try:
        for chunk in _chunks(path):
            while chunk:
                frame = zstandard.ZstdDecompressor().decompressobj() if frame is None or frame.eof else frame
                yield frame.decompress(chunk)
                chunk = frame.unused_data if frame.eof else b""
    except zstandard.ZstdError as error:
        raise UserError(f"{path} is not a valid zstd file: download or copy it again.") from error
    if frame is None or not frame.eof:
        raise UserError(f"{path} ends too early: download or copy it again.")


def _read_text(path: Path) -> Iterator[CorpusDocument]:
    """Yield a text file as one document, a long one as several, cut at paragraphs where there are any."""
    rest = ""
    try:
        with path.open(encoding="utf-8-sig") as file:
            while chunk := file.read(_PIECE_CHARACTERS):
                rest += chunk
                while len(rest) > _PIECE_CHARACTERS:
                    cuts = (rest.rfind(mark, 1, _PIECE_CHARACTERS) for mark in ("\n\n", "\n", " "))
                    cut = next((cut for cut in cuts if cut > 0), _PIECE_CHARACTERS)
                    yield from _document({"text": rest[:cut].strip("\n")}, path.name)
                    rest = rest[cut:].lstrip("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    yield from _document({"text": rest.strip("\n")}, path.name)


def _read_parquet(path: Path) -> Iterator[CorpusDocument]:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise UserError(f"Reading {path} needs the package pyarrow: install it with pip install pyarrow.") from error
    try:
        with parquet.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            if "text" not in names:
                raise UserError(f'{path} has no column "text": rename the column that holds the documents.')
            for batch in file.iter_batches(batch_size=256, columns=sorted(names & {"text", "source", "title"})):
                for record in batch.to_pylist():
                    yield from _document(record, path.name)
    except arrow.ArrowException as error:
        raise UserError(f"{path} is not a valid Parquet file: download or copy it again.") from error


def _read_hugging_face(location: str) -> Iterator[CorpusDocument]:
    name, _, config = location.removeprefix("hf:").partition(":")
    try:
        import datasets
    except ImportError as error:
        raise UserError(f"{location} needs the package datasets: install it with pip install datasets.") from error
    try:
        for record in datasets.load_dataset(name, config or None, split="train", streaming=True):
            if "text" not in record:
                raise UserError(f'The dataset {location} has no column "text": choose another dataset or config.')
            yield from _document(record, location)
    except UserError:
        raise
    except Exception as error:  # its many back ends share no narrower class
        raise UserError(f"{location} cannot be read ({error}): check name, config and network.") from error


def encode_documents(
    documents: Iterable[CorpusDocument], tokenizer: Tokenizer, max_tokens: int | None = None
) -> Iterator[npt.NDArray[np.unsignedinteger[Any]]]:
    """Yield each document as a 1-D array of token ids with the end token after it, at most `max_tokens` in all.

    The type is uint16, or uint32 where the vocabulary has more than 65,535 tokens.
    """
    if max_tokens is not None and max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
    left = max_tokens
    for texts in _batches(documents):
        for ids in tokenizer.encode_batch(texts):
            ids.append(tokenizer.end_id)
            yield np.array(ids[:left], dtype=token_dtype(tokenizer.vocab_size))
            if left is not None and (left := left - len(ids)) <= 0:
                return


def token_dtype(vocab_size: int) -> np.dtype[np.unsignedinteger[Any]]:
    """Return the smallest type that the token cache uses for a vocabulary."""
    return np.dtype("<u4" if vocab_size > 65535 else "<u2")


def _batches(documents: Iterable[CorpusDocument]) -> Iterator[list[str]]:
    texts: list[str] = []
    size = 0
    for document in documents:
        texts.append(document.text)
        size += len(document.text)
        if size >= _BATCH_CHARACTERS:
            yield texts
            texts, size = [], 0
    if texts:
        yield texts


@dataclass(frozen=True, slots=True)
class TokenCacheInfo:
    """What `tokens.json` says about a token cache."""

    fingerprint: str  # of the tokenizer
    location: str  # as it was given
    corpus: str  # hash of the names and sizes of the files read
    dtype: str
    tokens: int
    documents: int
    max_tokens: int | None
    complete: bool  # the whole corpus is there, not only its first max_tokens
    format: int = _CACHE_FORMAT


@dataclass(frozen=True, slots=True)
class TokenCache:
    """A corpus as token ids in a file, each document followed by the end token."""

    folder: Path
    info: TokenCacheInfo
    limit: int | None = None  # use only so many tokens of a larger cache

    @property
    def tokens(self) -> np.memmap[Any, Any]:
        """All token ids, shape (tokens,), mapped from the file for reading."""
        count = min(self.info.tokens, self.limit or self.info.tokens)
        return np.memmap(self.folder / "tokens.bin", dtype=self.info.dtype, mode="r", shape=(count,))

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> TokenCache | None:
        """Return the cache in a folder, or None if there is none or its files do not fit together."""
        try:
            content = json.loads((Path(folder) / "tokens.json").read_text(encoding="utf-8"))
            info = TokenCacheInfo(**content)
            size = (Path(folder) / "tokens.bin").stat().st_size
            sound = info.format == _CACHE_FORMAT and size == info.tokens * {"<u2": 2, "<u4": 4}[info.dtype] > 0
        except (OSError, ValueError, TypeError, LookupError):
            return None
        return cls(Path(folder), info) if sound else None


def build_token_cache(
    location: str | os.PathLike[str],
    tokenizer: Tokenizer,
    folder: str | os.PathLike[str],
    max_tokens: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> TokenCache:
    """Tokenise a corpus, without its validation documents, into `folder`, or reuse what is there.

    A cache is reused when the tokenizer's fingerprint and the names and sizes of the corpus files are the same and
    it holds enough tokens. A new one takes its place only once it is whole. `max_tokens` stops it early; `progress`
    is called with the number of tokens so far.

    Raises:
        UserError: the corpus cannot be read or is empty, or the folder cannot be written.
    """
    target = Path(folder)
    fingerprint, corpus = tokenizer.fingerprint(), _corpus_hash(location)
    old = TokenCache.open(target)
    same = old is not None and (old.info.fingerprint, old.info.corpus) == (fingerprint, corpus)
    if old and same and (old.info.complete or (max_tokens is not None and old.info.tokens >= max_tokens)):
        return TokenCache(target, old.info, max_tokens)
    partial = target / f"tokens.bin.{os.getpid()}.partial"
    tokens = documents = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for ids in encode_documents(read_corpus(location), tokenizer, max_tokens):
                file.write(ids.tobytes())
                tokens, documents = tokens + len(ids), documents + 1
                if progress is not None:
                    progress(tokens)
            file.flush()
            os.fsync(file.fileno())
        if tokens == 0:
            raise UserError(f"The corpus {location} contains no text to train on: choose another.")
        info = TokenCacheInfo(
            fingerprint=fingerprint,
            location=str(location),
            corpus=corpus,
            dtype=token_dtype(tokenizer.vocab_size).str,
            tokens=tokens,
            documents=documents,
            max_tokens=max_tokens,
            complete=max_tokens is None or tokens < max_tokens,
        )
        # The description goes first and comes back last: a crash in between leaves no cache, never a wrong one.
        (target / "tokens.json").unlink(missing_ok=True)
        partial.replace(target / "tokens.bin")
        partial.write_text(json.dumps(asdict(info), indent=2), encoding="utf-8")
        partial.replace(target / "tokens.json")
    except OSError as error:
        raise UserError(
            f"The tokens cannot be written to {target} ({error.strerror}): make room there or choose another folder."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    return TokenCache(target, info)


def _corpus_hash(location: str | os.PathLike[str]) -> str:
    """Hash the files' names and sizes, but not their folder, so that a corpus may be moved with its cache."""
    names = [[path.name, path.stat().st_size] for path in _corpus_files(location)]
    return hashlib.sha256(json.dumps(names or str(location)).encode()).hexdigest()


class WindowSampler:
    """Draws training windows in an order that follows from the seed and the position alone.

    The corpus is cut into windows of `length` inputs and the target after the last one. Each epoch visits all
    `windows` of them once, in an order of its own. The ranks of a parallel run take turns and never share a window.
    """

    def __init__(self, cache_tokens: npt.NDArray[Any], length: int, seed: int, rank: int = 0, world: int = 1) -> None:
        """Draw from `cache_tokens`, shape (tokens,); UserError if there is not one window for each rank."""
        self._tokens = np.asarray(cache_tokens)
        self._length, self._seed, self._rank, self._world = length, seed, rank, world
        self.windows = (len(self._tokens) - 1) // length
        if self.windows < world:
            raise UserError(f"{len(self._tokens)} tokens are too few for windows of {length}: use more text.")

    def epoch(self, position: int) -> float:
        """Return how often the corpus has been seen once this rank has drawn `position` windows."""
        return position * self._world / self.windows

    def batch(self, position: int, rows: int) -> npt.NDArray[np.int64]:
        """Return this rank's windows number `position` to `position + rows - 1`, shape (rows, length + 1)."""
        turns = [divmod((position + row) * self._world + self._rank, self.windows) for row in range(rows)]
        starts = [_permuted(place, self.windows, (self._seed, epoch)) * self._length for epoch, place in turns]
        return np.stack([self._tokens[start : start + self._length + 1] for start in starts]).astype(np.int64)


def _permuted(place: int, count: int, key: tuple[int, int]) -> int:
    """Return where a pseudo-random permutation of `range(count)` takes `place`.

    A Feistel network with cycle walking: it needs no table, and unlike NumPy's shuffles it is the same under every
    version, so that a run resumed elsewhere continues in the same order.
    """
    half = max(1, (count.bit_length() + 1) // 2)
    while True:
        left, right = place >> half, place & ((1 << half) - 1)
        for turn in range(4):
            digest = hashlib.blake2b(repr((*key, turn, right)).encode(), digest_size=8).digest()
            left, right = right, left ^ (int.from_bytes(digest, "little") & ((1 << half) - 1))
        place = left << half | right
        if place < count:
            return place
