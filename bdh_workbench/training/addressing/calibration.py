"""Calibration: what addresses need to know about general text, measured once for each model.

Token weights and whitening come from the training text. None of it needs the trained network. The judges decide what
opens a read (``judging.py``).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.memory.store.batches import padded_batches
from bdh_workbench.model.loading import Calibration
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.resources import resource_path
from bdh_workbench.training.synthetic import other_subject_prompts

PROMPT_LENGTHS = (4, 31)  # tokens of the stretches of general text: from, and up to but not including
GENERAL = 8000  # stretches for mean and whitening
FLOOR = 1.0  # added to the covariance, in units of its mean eigenvalue
RARITY = 0.7  # power of the inverse document frequency in a token's weight
CAPITAL = 2.0  # factor on the weight of a token that begins a capitalised word within a text
WORD_WEIGHT = 1.0  # of the code of the word so far, against token weights of at most 1 for words in lower case
CALIBRATION_WINDOWS, CALIBRATION_TOKENS = 400, 128  # held-out windows that thresholds are measured on, and their tokens
LOCALITY_WINDOWS, LOCALITY_LENGTH = 64, 32
OTHERS = 256


@dataclass(frozen=True, slots=True)
class GeneralText:
    """Token ids for calibration, apart from each other: training text to fit on, held-out text to set thresholds on."""

    counts: npt.NDArray[np.int64]  # (V,) how often each token comes in the training text
    fit: npt.NDArray[Any]  # training text, one stream of any whole-number type; may be mapped from a file
    held_out: npt.NDArray[np.int64]  # validation text, one stream


def calibrate(
    site: WriteSite,
    tokenizer: Tokenizer,
    text: GeneralText,
    seed: int = 0,
    *,
    trained: bool = False,
    progress: Callable[[float, str], None] = lambda done, line: None,
) -> Calibration:
    """Fill the site's buffers.

    Args:
        site: changed in place; decays and weights of the summaries are taken as they are.
        tokenizer: of the model.
        text: general text.
        seed: of the stretches chosen.
        trained: the site's token weights are there already (``metatrain.py``) and stay.
        progress: called with the share done and what is being done.
    """
    random = np.random.default_rng(seed)
    if not trained:
        fit_tokens(site, tokenizer, text.counts)
    progress(0.0, "whitening")
    fit_whitening(site, stretches(text.fit, GENERAL, random))
    fit_threshold(site)
    progress(0.5, "locality")
    return Calibration(locality_windows(tokenizer), other_prompts(tokenizer, seed))


def stretches(stream: npt.NDArray[Any], count: int, random: np.random.Generator) -> list[list[int]]:
    """Random stretches of a token stream, of prompt-like lengths."""
    lengths = random.integers(*PROMPT_LENGTHS, size=count)
    starts = random.integers(0, max(1, len(stream) - PROMPT_LENGTHS[1]), size=count)
    return [stream[start : start + length].tolist() for start, length in zip(starts, lengths, strict=True)]


def fit_tokens(site: WriteSite, tokenizer: Tokenizer, counts: npt.NDArray[np.int64]) -> None:
    """Token weights: a power of the log inverse document frequency, more where a capitalised word begins; word starts.

    Args:
        site: its ``token_weights``, ``begins_word``, ``surprisal`` and ``word_weight`` are filled.
        tokenizer: says what a token stands for.
        counts: (V,), how often each token comes in general text.
    """
    pieces = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
    same = np.array(same_tokens(pieces))
    # Tokens that share a code are one word: "The" is no rarer than "the".
    together = np.bincount(same, weights=counts, minlength=len(counts))[same]
    weights = -np.log((together + 1.0) / (counts.sum() + len(counts)))
    weights = (weights / weights.max()) ** RARITY
    # A character of several bytes may be cut in the middle: such a token is taken for one in lower case.
    capital = np.array([piece.removeprefix(b" ").decode(errors="ignore")[:1].isupper() for piece in pieces])
    # Letters, digits and the bytes of characters beyond ASCII continue with a word; anything else begins one. Without a
    # code of its own a number would be no more than its digits, in any order: 379 and 397 shared one address, and of 60
    # facts about room numbers 55 could be told apart, of 30 about years 26.
    begins = [not (piece[:1].isalnum() or piece[:1] >= b"\x80") for piece in pieces]
    begins[tokenizer.end_id] = True
    site.token_weights.copy_(torch.from_numpy(np.where(capital, CAPITAL, 1.0) * weights))
    site.token_weights[tokenizer.end_id] = 0.0
    site.begins_word.copy_(torch.tensor(begins))
    site.surprisal.copy_(torch.from_numpy(-np.log((together + 1.0) / (counts.sum() + len(counts)))))
    site.same_as.copy_(torch.from_numpy(same))
    site.word_weight.fill_(WORD_WEIGHT)


def same_tokens(pieces: Sequence[bytes]) -> list[int]:
    """For each token, the first one that differs from it only in case or in the space before it."""
    first: dict[bytes, int] = {}
    return [first.setdefault(piece.removeprefix(b" ").lower() or piece, token) for token, piece in enumerate(pieces)]


def last_summaries(site: WriteSite, sequences: Sequence[Sequence[int]]) -> Tensor:
    """Content summaries (n, K, C) after the last token of each sequence."""
    last = site.codes.new_zeros(len(sequences), len(site.decays), site.codes.shape[1])
    for batch in padded_batches([len(s) for s in sequences]):
        longest = max(len(sequences[i]) for i in batch)
        ids = torch.tensor([[*sequences[i], *(0,) * (longest - len(sequences[i]))] for i in batch])
        summaries, _ = site.summaries(ids.to(site.codes.device))
        ends = torch.tensor([len(sequences[i]) - 1 for i in batch])
        last[batch] = summaries[torch.arange(len(batch)), ends]
    return last


def fit_whitening(site: WriteSite, sequences: Sequence[Sequence[int]]) -> None:
    """Mean and inverse square root of the covariance of each summary, with a floor under the eigenvalues."""
    unit = F.normalize(last_summaries(site, sequences), dim=-1).double()  # (n, K, C)
    for kind in range(unit.shape[1]):
        mean = unit[:, kind].mean(0)
        centred = unit[:, kind] - mean
        values, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
        scale = (values + FLOOR * values.mean()).rsqrt()
        site.mean[kind] = mean.float()
        site.whiten[kind] = (vectors * scale @ vectors.T).float()


def fit_threshold(site: WriteSite) -> None:
    """The threshold that leaves the given share of slots active, as the drive is normal with unit variance."""
    site.threshold.fill_(statistics.NormalDist().inv_cdf(1.0 - site.config.address_active))


def locality_windows(tokenizer: Tokenizer) -> Tensor:
    """Windows (n, T) of the bundled unrelated text."""
    text = resource_path("locality.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text)
    count = min(LOCALITY_WINDOWS, len(ids) // LOCALITY_LENGTH)
    # Spread over the whole text, which comes from many books.
    starts = np.linspace(0, len(ids) - LOCALITY_LENGTH, count).astype(int)
    return torch.tensor([ids[start : start + LOCALITY_LENGTH] for start in starts])


def other_prompts(tokenizer: Tokenizer, seed: int) -> Tensor:
    """Prompts (n, T) in the form of facts, each about its own subject, padded with -1."""
    prompts = [tokenizer.encode(prompt)[:48] for prompt in other_subject_prompts(OTHERS, seed, "train")]
    longest = max(len(prompt) for prompt in prompts)
    return torch.tensor([[*prompt, *(-1,) * (longest - len(prompt))] for prompt in prompts])
