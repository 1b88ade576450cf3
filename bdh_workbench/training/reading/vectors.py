"""Word vectors from a corpus: what words stand beside, as positive pointwise mutual information, in few numbers.

With p(c | w) the share of the neighbours of w that are c, those at distance d within ``UNITS_ASIDE`` counting 1 / d,
and p(c) the share of all neighbours that are c, to the power 0.75, PMI(w, c) = log p(c | w) / p(c). Negative values are
dropped, and the vectors are those of a truncated SVD weighted by the square root of the singular values (Levy, Goldberg
and Dagan 2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.reading.units import UNIT, unit

UNITS_ASIDE = 5  # units on either side
CONTEXTS = 8192  # most frequent words that count as neighbours
COUNT_POWER = 0.75  # power of the neighbours' counts
UNITS_AT_ONCE = 2_000_000  # units counted at once
CLOSE_WORDS, CLOSE_COSINE = 5, 0.5  # close words of a word at most, and the least cosine
WORDS_AT_ONCE = 2000  # words compared with all at once


@dataclass(frozen=True, slots=True)
class Words:
    """The words that have vectors.

    Attributes:
        words: (V,) the most frequent first; the number of a word is its place.
        counts: (V,) how often each came.
        total: units in the text.
        vectors: (V, C) fp32, of unit length on average.
    """

    words: tuple[str, ...]
    counts: tuple[int, ...]
    total: int
    vectors: Tensor


def word_vectors(
    texts: Callable[[], Iterable[str]],
    size: int,
    width: int,
    progress: Callable[[float, str], None] = lambda done, line: None,
) -> Words:
    """Vectors of the ``size`` most frequent words of texts, which are read twice.

    Args:
        texts: gives the texts afresh at each call.
        size: words.
        width: numbers in a vector.
        progress: called with the share done and what is being done.
    """
    counts: Counter[str] = Counter()
    for text in texts():
        counts.update(UNIT.findall(text))
    progress(0.3, "counting words")
    merged: Counter[str] = Counter()
    for form, count in counts.items():
        merged[unit(form).folded] += count
    chosen = merged.most_common(size)
    number = {word: place for place, (word, _) in enumerate(chosen)}
    of_form = {form: number.get(unit(form).folded, -1) for form in counts}
    together = np.zeros(len(chosen) * min(CONTEXTS, len(chosen)), dtype=np.float32)
    contexts = min(CONTEXTS, len(chosen))
    for piece in _pieces(texts(), of_form):
        for distance in range(1, UNITS_ASIDE + 1):
            first, second = piece[:-distance], piece[distance:]
            for word, beside in ((first, second), (second, first)):
                kept = (word >= 0) & (beside >= 0) & (beside < contexts)
                np.add.at(together, word[kept] * contexts + beside[kept], np.float32(1.0 / distance))
        progress(0.6, "counting neighbours")
    matrix = torch.from_numpy(together).view(len(chosen), contexts)
    rows = matrix.sum(1, keepdim=True).clamp(min=1e-9)
    columns = matrix.sum(0).clamp(min=1e-9) ** COUNT_POWER
    columns = columns / columns.sum()
    matrix.div_(rows).div_(columns).clamp_(min=1.0).log_()
    progress(0.8, "reducing")
    torch.manual_seed(0)
    left, values, _ = torch.svd_lowrank(matrix, q=width + 8, niter=4)
    vectors = left[:, :width] * values[:width].sqrt()
    vectors = vectors / vectors.norm(dim=1).mean()
    return Words(tuple(word for word, _ in chosen), tuple(count for _, count in chosen), sum(counts.values()), vectors)


def _pieces(texts: Iterable[str], of_form: dict[str, int]) -> Iterator[npt.NDArray[np.int64]]:
    """The texts as word numbers, -1 for a word without one, some million at once; texts are kept apart."""
    apart = [-1] * UNITS_ASIDE
    found: list[int] = []
    for text in texts:
        found += [of_form[form] for form in UNIT.findall(text)] + apart
        if len(found) >= UNITS_AT_ONCE:
            yield np.array(found, dtype=np.int64)
            found = []
    if found:
        yield np.array(found, dtype=np.int64)


def close_words(words: Sequence[str], vectors: Tensor) -> dict[str, tuple[str, ...]]:
    """For each word those that stand in the same surroundings: the ``CLOSE_WORDS`` of largest cosine over
    ``CLOSE_COSINE``.

    Numbers, marks, words of up to three letters and forms of one word are left out.

    Args:
        words: the V words.
        vectors: (V, C).
    """
    known = [unit(word) for word in words]
    usable = torch.tensor([u.word and not u.shape[2] and len(u.folded) > 3 for u in known])
    normal = F.normalize(vectors.float(), dim=1)
    out = {}
    for start in range(0, len(words), WORDS_AT_ONCE):
        cosines = (normal[start : start + WORDS_AT_ONCE] @ normal.T).masked_fill(~usable, -1.0)
        best, places = cosines.topk(min(3 * CLOSE_WORDS, len(words)), dim=1)
        for row, (values, others) in enumerate(zip(best.tolist(), places.tolist(), strict=True), start=start):
            found = [words[n] for n, cosine in zip(others, values, strict=True) if cosine > CLOSE_COSINE]
            found = [word for word in found if unit(word).stem != known[row].stem]
            if usable[row] and found:
                out[words[row]] = tuple(found[:CLOSE_WORDS])
    return out
