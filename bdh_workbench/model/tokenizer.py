"""Turning text into token ids and back.

- Every tokenizer here works on UTF-8 bytes, so any text can be encoded and decoding gives it back exactly.
- `BpeTokenizer` is the one that models use; `ByteTokenizer` needs no training and serves the tests.
- `encode` never returns the end token: text that spells it is ordinary text. To add it, append `end_id`.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tokenizers

from bdh_workbench.errors import UserError
from bdh_workbench.model.files import write_atomically

END_TOKEN = "<|end|>"
MAX_FILE_BYTES = 16 * 1024 * 1024
LONG = 20_000  # characters from which other threads would notice that a text is encoded

_BYTE_FORMAT = "bdh-byte-tokenizer"
_UNUSED = ("unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Tokenizer(ABC):
    """Maps text to token ids in `range(vocab_size)` and back, through UTF-8 bytes.

    Attributes:
        vocab_size: number of token ids, the end token included.
        end_id: id of the token that stands between documents.
    """

    vocab_size: int
    end_id: int
    _pieces: tuple[bytes, ...]  # the bytes of every token, empty for the end token
    _data: bytes  # the tokenizer as a file

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Return the token ids of `text`; the end token is never among them."""

    @abstractmethod
    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the token ids of `text`, and the span (start, end) of each in characters.

        Tokens that hold a part of a character's bytes have the span of the whole character.
        """

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return `encode(text)` for every text."""
        return [self.encode(text) for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`, end tokens left out and broken UTF-8 replaced by U+FFFD.

        Raises:
            ValueError: an id is not in the vocabulary.
        """
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", errors="replace")

    def token_bytes(self, token: int) -> bytes:
        """Return the UTF-8 bytes of one token, empty for the end token.

        Raises:
            ValueError: the id is not in the vocabulary.
        """
        if not 0 <= token < self.vocab_size:
            raise ValueError(f"token id {token} is not in the vocabulary of {self.vocab_size} tokens")
        return self._pieces[token]

    def token_text(self, token: int) -> str:
        """Return one token in readable form: its text, or U+FFFD where it holds a part of a character.

        Raises:
            ValueError: the id is not in the vocabulary.
        """
        if token == self.end_id:
            return END_TOKEN
        return self.token_bytes(token).decode("utf-8", errors="replace")

    def token_name(self, token: int) -> str:
        """Return one token as it can be named in a sentence: its text, or its bytes where nobody could see that.

        Raises:
            ValueError: the id is not in the vocabulary.
        """
        text = self.token_text(token)
        return text if text.strip().isprintable() and "\ufffd" not in text else self.token_bytes(token).hex(" ")

    def stream_decoder(self) -> codecs.IncrementalDecoder:
        """Return a decoder to feed with `token_bytes`, which holds back characters until they are whole."""
        return codecs.getincrementaldecoder("utf-8")(errors="replace")

    def to_bytes(self) -> bytes:
        """Return the tokenizer as the contents of a file that `load_tokenizer` reads."""
        return self._data

    def fingerprint(self) -> str:
        """Return the SHA-256 of `to_bytes()` in hexadecimal; equal fingerprints encode alike."""
        return hashlib.sha256(self._data).hexdigest()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the tokenizer to `path`, replacing an older file in one step.

        Raises:
            UserError: the file cannot be written.
        """

        def write(temporary: Path) -> None:
            temporary.write_bytes(self._data)

        write_atomically(Path(path), write)


class ByteTokenizer(Tokenizer):
    """One token per UTF-8 byte, then the end token: 257 ids and nothing to train."""

    def __init__(self) -> None:
        """Make the tokenizer; all of them are alike."""
        self.vocab_size = 257
        self.end_id = 256
        self._pieces = (*(bytes([value]) for value in range(256)), b"")
        self._data = json.dumps({"format": _BYTE_FORMAT}).encode()

    def encode(self, text: str) -> list[int]:
        """Return the UTF-8 bytes of `text` as ids."""
        return list(_without_surrogates(text).encode("utf-8"))

    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the UTF-8 bytes of `text` as ids, and the span of the character that each belongs to."""
        spans: list[tuple[int, int]] = []
        for position, character in enumerate(_without_surrogates(text)):
            spans += [(position, position + 1)] * len(character.encode("utf-8"))
        return self.encode(text), spans


class BpeTokenizer(Tokenizer):
    """A byte-level BPE tokenizer in the file format of the `tokenizers` library."""

    def __init__(self, data: bytes) -> None:
        """Read a tokenizer file's contents.

        Raises:
            UserError: they are not a byte-level BPE tokenizer with the end token.
        """
        self._check_settings(data)
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(data.decode("utf-8"))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the library's panics do not derive from Exception
            raise _garbled(f"it cannot be read: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # Without this, a document that spells the end token would be cut in two.
        self._tokenizer.encode_special_tokens = True
        self._data = data
        self.vocab_size = self._tokenizer.get_vocab_size(with_added_tokens=True)
        end = self._tokenizer.token_to_id(END_TOKEN)
        if end is None:
            raise _garbled(f"its vocabulary has no {END_TOKEN} token")
        self.end_id = int(end)
        self._pieces = self._read_pieces()

    @staticmethod
    def _check_settings(data: bytes) -> None:
        """Refuse files under which text would not survive encoding and decoding."""
        try:
            content: Any = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _garbled("it is not JSON") from error
        model = content.get("model") if isinstance(content, dict) else None
        if not isinstance(model, dict) or model.get("type") != "BPE":
            raise _garbled("it contains no BPE model")
        if content.get("normalizer") is not None or content.get("post_processor") is not None:
            raise _garbled("it changes the text before or after encoding")
        if model.get("dropout"):
            raise _garbled("it encodes at random")
        if any(model.get(name) for name in _UNUSED) or not _is_byte_level(content):
            raise _garbled("it cuts text in a way that is not known here")
        _check_merges(model.get("vocab"), model.get("merges"))

    def _read_pieces(self) -> tuple[bytes, ...]:
        """Return the bytes of every token and check that each byte has a token."""
        alphabet = _byte_alphabet()
        pieces = [b""] * self.vocab_size
        for text, token in self._tokenizer.get_vocab(with_added_tokens=True).items():
            if not 0 <= token < self.vocab_size:
                raise _garbled("its token ids have gaps")
            if token == self.end_id:
                continue
            try:
                pieces[token] = bytes(alphabet[character] for character in text)
            except KeyError as error:
                raise _garbled("it is not byte-level") from error
        if len(set(pieces)) != self.vocab_size or sum(len(piece) == 1 for piece in pieces) != 256:
            raise _garbled("it does not cover every byte once")
        return tuple(pieces)

    def __reduce__(self) -> tuple[type[BpeTokenizer], tuple[bytes]]:
        """Copy and pickle by contents, since the library's object forgets a setting on the way."""
        return BpeTokenizer, (self._data,)

    def encode(self, text: str) -> list[int]:
        """Return the token ids of `text`; the end token is never among them."""
        return list(self._encoding(text).ids)

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return `encode(text)` for every text, using all processor cores."""
        clean = [_without_surrogates(text) for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(clean, add_special_tokens=False)]

    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the token ids of `text`, and the span (start, end) of each in characters.

        Tokens that hold a part of a character's bytes have the span of the whole character.
        """
        encoding = self._encoding(text)
        return list(encoding.ids), list(encoding.offsets)

    def _encoding(self, text: str) -> tokenizers.Encoding:
        clean = _without_surrogates(text)
        if len(clean) < LONG:
            return self._tokenizer.encode(clean, add_special_tokens=False)
        # Only as a batch does the library let other threads go on: the window would stand still.
        return self._tokenizer.encode_batch([clean], add_special_tokens=False)[0]


def load_tokenizer(path: str | os.PathLike[str]) -> Tokenizer:
    """Read a tokenizer that `Tokenizer.save` wrote.

    Raises:
        UserError: the file is missing, larger than 16 MB, or not such a tokenizer.
    """
    source = Path(path)
    try:
        size = source.stat().st_size
        if size > MAX_FILE_BYTES:
            raise UserError(
                f"The tokenizer file {source} has {size / 1e6:.0f} MB, more than any tokenizer needs: choose another."
            )
        data = source.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"There is no tokenizer file {source}: train one or choose another model folder.") from error
    except OSError as error:
        raise UserError(
            f"The tokenizer file {source} cannot be read ({error.strerror}): check its permissions."
        ) from error
    try:
        return tokenizer_from_bytes(data)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error


def tokenizer_from_bytes(data: bytes) -> Tokenizer:
    """Read a tokenizer from what `Tokenizer.to_bytes` returned.

    Raises:
        UserError: the bytes are not such a tokenizer.
    """
    byte_tokenizer = ByteTokenizer()
    return byte_tokenizer if data == byte_tokenizer.to_bytes() else BpeTokenizer(data)


def _is_byte_level(content: Mapping[str, object]) -> bool:
    """Whether text is cut and put together by bytes alone: patterns of a file's own might never come to an end."""

    first = content.get("pre_tokenizer")
    steps = first.get("pretokenizers") if isinstance(first, dict) and first.get("type") == "Sequence" else [first]
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return False
    kinds = [step.get("type") for step in steps]
    if kinds not in (["ByteLevel"], ["Digits", "ByteLevel"]) or steps[-1].get("add_prefix_space") is not False:
        return False
    decoder, added = content.get("decoder"), content.get("added_tokens")
    plain = isinstance(decoder, dict) and decoder.get("type") == "ByteLevel"
    if not plain or not isinstance(added, list) or len(added) != 1 or not isinstance(added[0], dict):
        return False
    # The end token, and no text that spells it, as ordinary text in which nothing is stripped.
    end = {name: value for name, value in added[0].items() if value is not False and name != "id"}
    return end == {"content": END_TOKEN, "special": True}


def _check_merges(vocab: object, merges: object) -> None:
    """Check that every merge joins two tokens to a third; the library would come down with a trace of its own."""
    if not isinstance(vocab, dict) or not isinstance(merges, list):
        raise _garbled("it has no vocabulary or no merges")
    if not all(isinstance(token, int) and 0 <= token < len(vocab) for token in vocab.values()):
        raise _garbled("its token ids have gaps")
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        sound = isinstance(pair, list) and len(pair) == 2 and all(isinstance(p, str) and p in vocab for p in pair)
        if not sound or pair[0] + pair[1] not in vocab:
            raise _garbled("its merges do not fit its vocabulary")


def _garbled(reason: str) -> UserError:
    return UserError(f"This is not a tokenizer of the workbench ({reason}): restore the file or train a new one.")


def _without_surrogates(text: str) -> str:
    """Replace lone surrogates, which have no UTF-8 form, one for one so that offsets stay true."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _byte_alphabet() -> dict[str, int]:
    """Return the byte that each character of a byte-level vocabulary stands for.

    Printable Latin-1 characters stand for themselves, the other bytes in order for the characters from U+0100.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(256) if value not in printable]
    return {chr(value): value for value in printable} | {chr(0x100 + n): value for n, value in enumerate(others)}
