"""Training the byte-level BPE tokenizer of a model on a sample of its corpus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from bdh_workbench.errors import UserError
from bdh_workbench.model.tokenizer import END_TOKEN, BpeTokenizer

TOKENIZER_SAMPLE = 60_000_000
_SMALLEST_VOCABULARY = 257  # 256 bytes and the end token


def train_tokenizer(texts: Iterable[str], vocab_size: int, *, sample_bytes: int = TOKENIZER_SAMPLE) -> BpeTokenizer:
    """Train a byte-level BPE tokenizer; the same texts and settings give the same tokenizer.

    Args:
        texts: documents; only the first ones are read, up to `sample_bytes`.
        vocab_size: number of tokens, the 256 bytes and the end token included. A small sample may give fewer.
        sample_bytes: UTF-8 bytes of text to learn from.

    Raises:
        UserError: the vocabulary is too small to hold every byte, or there is no text.
    """
    if vocab_size < _SMALLEST_VOCABULARY:
        raise UserError(
            f"A vocabulary of {vocab_size} tokens cannot hold every byte: choose {_SMALLEST_VOCABULARY} or more."
        )
    tokenizer = tokenizers.Tokenizer(models.BPE())
    # Each digit is a token of its own, without the space before it, so that a number looks alike everywhere.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=[END_TOKEN],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    sample = _Sample(texts, sample_bytes)
    tokenizer.train_from_iterator(sample, trainer=trainer)
    if sample.bytes_read == 0:
        raise UserError("There is no text to train the tokenizer on: choose a corpus with documents in it.")
    return BpeTokenizer(tokenizer.to_str().encode("utf-8"))


class _Sample:
    """The first documents of a corpus, up to a number of bytes; counts what it handed out."""

    def __init__(self, texts: Iterable[str], limit: int) -> None:
        self._texts = texts
        self._limit = limit
        self.bytes_read = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            data = text.encode("utf-8", errors="replace")[: self._limit - self.bytes_read]
            self.bytes_read += len(data)
            yield data.decode("utf-8", errors="ignore")
            if self.bytes_read >= self._limit:
                return
