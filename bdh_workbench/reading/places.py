"""Which place in a document a question is about: each stored row of the document is scored by three kinds of evidence.

- The document's own terms: the longer summaries, centred on the document's mean and whitened by its covariance, so that
  what all of it shares says nothing. With P the inverse covariance, the whitened cosine of a question z with row z_j is
  (z - m) P (z_j - m) up to a factor that is the same for all rows, over the norm of row j: one stored vector
  P (z_j - m) / |z_j| for each row serves all questions.
- The last words: the plain cosine of the shortest summaries. "... is kept in a" asks for what follows "kept in a",
  however often the document says "in a".
- The words of the sentence (``words.py``), those before the place and those after it. Where the words were not kept
  there is no such evidence.

Each score is taken in standard deviations over the rows of the document, and their weighted sum decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.words import SentenceWords

COVARIANCE_RIDGE = 5.0  # added to a document's covariance, in units of its mean eigenvalue
SENTENCE_WEIGHT = 1.5  # weight of the words of the sentence against that of the document's own terms
LEAST_NORM = 1e-12


class Places:
    """The rows of one document, ready to be distinguished; m of them."""

    def __init__(self, site: WriteSite, summaries: Tensor, sentences: Tensor, words: SentenceWords | None) -> None:
        """Prepare rows.

        Args:
            site: its ``place_weights`` weigh the longer summaries against each other, and the last of them the last
                words against the document's own terms.
            summaries: (m, K, C) fp32, normalised.
            sentences: (m,) int64 on the CPU, the sentence of each row.
            words: of the sentences, None where they are not known.
        """
        self._long = slice(0, max(1, summaries.shape[1] - 1))
        self._weights = site.place_weights
        flat = self._weighted(summaries)
        mean = flat.mean(0)
        centred = flat - mean
        # With the ridge no eigenvalue is over 104 times the smallest: single precision is enough for the products.
        covariance = (centred.T @ centred).double() / len(centred)
        ridge = COVARIANCE_RIDGE * covariance.diagonal().mean().clamp(min=LEAST_NORM)
        covariance.diagonal().add_(ridge)
        turned = centred @ torch.cholesky_inverse(torch.linalg.cholesky(covariance)).float()  # P (z_j - m)
        turned = turned / (centred * turned).sum(1, keepdim=True).clamp(min=LEAST_NORM).sqrt()
        self._turned, self._offset = turned, turned @ mean  # (m, (K - 1) * C), (m,)
        self._last_words = summaries[:, -1]
        self._sentences, self.words = sentences, words

    def scores(self, summaries: Tensor, asked: Sequence[Mapping[str, float]] = ()) -> Tensor:
        """Scores (q, m) of questions.

        Args:
            summaries: (q, K, C), normalised.
            asked: the words of each question; none where words are not to count.
        """
        own = _standard(self._weighted(summaries) @ self._turned.T - self._offset)
        last_words = _standard(summaries[:, -1] @ self._last_words.T)
        out = own + self._weights[-1] * last_words
        if self.words is not None and asked:
            shared = torch.tensor([self.words.scores(words) for words in asked])[:, self._sentences]
            out = out + SENTENCE_WEIGHT * _standard(shared).to(out)
        return out

    def _weighted(self, summaries: Tensor) -> Tensor:
        return (summaries[:, self._long] * self._weights[self._long, None]).flatten(1)


def _standard(scores: Tensor) -> Tensor:
    """Scores (q, m) less their mean over m, in units of their standard deviation."""
    centred = scores - scores.mean(1, keepdim=True)
    return centred / centred.square().mean(1, keepdim=True).clamp(min=LEAST_NORM).sqrt()
