"""Calibration: what addresses and the familiarity gate need to know about general text, measured once for each model.

Token weights and whitening come from the training text, thresholds of familiarity from held-out text against memories
of growing size made of synthetic facts and documents. None of it needs the trained network.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.memory.encoding import document_items, fact_items
from bdh_workbench.memory.features import padded_batches
from bdh_workbench.model.loading import Calibration
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.resources import resource_path
from bdh_workbench.training.synthetic import documents, facts, other_subject_prompts

PROMPT_LENGTHS = (4, 31)  # tokens of the stretches of general text: from, and up to but not including
GENERAL = 8000  # stretches for mean and whitening
FLOOR = 1.0  # added to the covariance, in units of its mean eigenvalue
CAPITAL = 1.5  # factor on the weight of a token that begins a capitalised word within a text
WORD_WEIGHT = 1.0  # of the code of the word so far, against token weights of at most 1 for words in lower case
FALSE_ACCEPTS = 1e-3  # share of held-out positions that may seem familiar
SIZES = (100, 300, 1000, 3000, 10000)  # stored rows at which the threshold is measured
LOCALITY_WINDOWS, LOCALITY_LENGTH = 64, 32
OTHERS = 256


@dataclass(frozen=True, slots=True)
class GeneralText:
    """Token ids for calibration, apart from each other: training text to fit on, held-out text to set thresholds on."""

    counts: npt.NDArray[np.int64]  # (V,) how often each token comes in the training text
    fit: npt.NDArray[np.int64]  # training text, one stream
    held_out: npt.NDArray[np.int64]  # validation text, one stream


def calibrate(
    site: WriteSite, tokenizer: Tokenizer, text: GeneralText, seed: int = 0
) -> tuple[Calibration, dict[str, Any]]:
    """Fill the site's buffers and measure the thresholds.

    Args:
        site: changed in place; decays and weights of the summaries are taken as they are.
        tokenizer: of the model.
        text: general text.
        seed: of the stretches chosen.

    Returns:
        The calibration, and the figures for the model card.
    """
    random = np.random.default_rng(seed)
    fit_tokens(site, tokenizer, text.counts)
    fit_whitening(site, stretches(text.fit, GENERAL, random))
    fit_threshold(site)
    thresholds = familiarity_thresholds(site, tokenizer, text.held_out, seed)
    return Calibration(*thresholds, locality_windows(tokenizer), other_prompts(tokenizer, seed)), {
        "false_accepts": FALSE_ACCEPTS,
        "thresholds": dict(zip(SIZES, [round(float(t), 4) for t in thresholds[1]], strict=True)),
    }


def stretches(stream: npt.NDArray[np.int64], count: int, random: np.random.Generator) -> list[list[int]]:
    """Random stretches of a token stream, of prompt-like lengths."""
    lengths = random.integers(*PROMPT_LENGTHS, size=count)
    starts = random.integers(0, max(1, len(stream) - PROMPT_LENGTHS[1]), size=count)
    return [stream[start : start + length].tolist() for start, length in zip(starts, lengths, strict=True)]


def fit_tokens(site: WriteSite, tokenizer: Tokenizer, counts: npt.NDArray[np.int64]) -> None:
    """Token weights: inverse document frequency in log form, more where a capitalised word begins; word beginnings."""
    share = (counts + 1.0) / (counts.sum() + len(counts))
    weights = -np.log(share)
    weights /= weights.max()
    pieces = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
    capital = np.array([piece[:1] == b" " and piece[1:2].isupper() for piece in pieces])
    # Letters and the bytes of characters beyond ASCII go on with a word; anything else begins one.
    begins = [not (piece[:1].isalpha() or piece[:1] >= b"\x80") for piece in pieces]
    begins[tokenizer.end_id] = True
    site.token_weights.copy_(torch.from_numpy(np.where(capital, CAPITAL, 1.0) * weights))
    site.token_weights[tokenizer.end_id] = 0.0
    site.begins_word.copy_(torch.tensor(begins))
    site.word_weight.fill_(WORD_WEIGHT)


def last_summaries(site: WriteSite, sequences: Sequence[Sequence[int]]) -> Tensor:
    """Content summaries (n, K, C) behind the last token of each sequence."""
    out = site.codes.new_zeros(len(sequences), len(site.decays), site.codes.shape[1])
    for batch in padded_batches([len(s) for s in sequences]):
        longest = max(len(sequences[i]) for i in batch)
        ids = torch.tensor([[*sequences[i], *(0,) * (longest - len(sequences[i]))] for i in batch])
        summaries, _ = site.summaries(ids.to(site.codes.device))
        ends = torch.tensor([len(sequences[i]) - 1 for i in batch])
        out[batch] = summaries[torch.arange(len(batch)), ends]
    return out


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
    """The threshold that leaves the wanted share of slots active: the drive is normal with unit variance."""
    site.threshold.fill_(statistics.NormalDist().inv_cdf(1.0 - site.config.address_active))


def stored_cues(site: WriteSite, tokenizer: Tokenizer, rows: int, seed: int) -> Tensor:
    """Cues (rows, K * C) of synthetic facts and documents, half of each, as a memory would store them."""
    items = []
    count = max(4, rows // 8)
    plain = fact_items(facts(count, seed, "dev"), tokenizer, 0)
    texts = document_items(documents(max(1, min(50, rows // 400)), seed, "dev"), tokenizer, 256)
    for group in (plain, texts):
        taken = 0
        for item in group:
            if taken >= rows // 2:
                break
            items.append(item)
            taken += len(item.ids) - item.first
    parts = []
    for item in items:
        normalised = site.normalised(site.summaries(torch.tensor([item.ids[:-1]]))[0][0])
        parts.append(site.cues(normalised[item.first - 1 :]))
    return torch.cat(parts)


def familiarity_thresholds(
    site: WriteSite, tokenizer: Tokenizer, held_out: npt.NDArray[np.int64], seed: int
) -> tuple[Tensor, Tensor]:
    """Familiarity that one held-out position in a thousand exceeds, at each number of stored rows.

    Returns:
        Counts (k,) and thresholds (k,), fp32, ascending.
    """
    windows = torch.from_numpy(held_out[: len(held_out) // 128 * 128].reshape(-1, 128)[:400])
    general = torch.cat(
        [site.cues(site.normalised(site.summaries(part)[0])).flatten(0, 1) for part in torch.split(windows, 50)]
    )
    stored = stored_cues(site, tokenizer, SIZES[-1], seed)
    order = torch.randperm(len(stored), generator=torch.Generator().manual_seed(seed))
    counts = [min(size, len(stored)) for size in SIZES]
    best = torch.full((len(general),), -1.0)
    thresholds, done = [], 0
    for count in counts:
        for part in torch.split(order[done:count], 1024):
            best = torch.maximum(best, (general @ stored[part].T).max(dim=1).values)
        done = max(done, count)
        thresholds.append(float(np.quantile(best.numpy(), 1.0 - FALSE_ACCEPTS)))
    return torch.tensor(counts, dtype=torch.float32), torch.tensor(thresholds)


def locality_windows(tokenizer: Tokenizer) -> Tensor:
    """Windows (n, T) of the bundled unrelated text."""
    text = resource_path("locality.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text)
    count = min(LOCALITY_WINDOWS, len(ids) // LOCALITY_LENGTH)
    # Spread over the whole text, which comes from many books.
    starts = np.linspace(0, len(ids) - LOCALITY_LENGTH, count).astype(int)
    return torch.tensor([ids[start : start + LOCALITY_LENGTH] for start in starts])


def other_prompts(tokenizer: Tokenizer, seed: int) -> Tensor:
    """Prompts (n, T) in the form of facts about subjects of their own, padded with -1."""
    prompts = [tokenizer.encode(prompt)[:48] for prompt in other_subject_prompts(OTHERS, seed, "train")]
    longest = max(len(prompt) for prompt in prompts)
    return torch.tensor([[*prompt, *(-1,) * (longest - len(prompt))] for prompt in prompts])
