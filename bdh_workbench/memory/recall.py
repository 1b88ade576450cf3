"""Finding the stored position that a cue is about, on two levels: first which item, then where in it.

One cosine cannot do both. What tells facts apart is their subject, which the long summary holds; what tells the
positions of a document apart is the phrase before them, while its subject is the same all through. So:

1. The item is that of the row whose cue has the largest cosine. That cosine, less where there is little evidence for it
   (``WriteSite.familiarity``), is how familiar the position is.
   Past its first, a token of a fact's answer is met only behind the one before it: a question does not hold it.
2. In a document, the place is the row nearest in the document's own terms: summaries are centred on its mean and
   whitened by its covariance, so that what all of it shares says nothing. In a fact, the row of step 1 is the place.

With P the inverse covariance, the whitened cosine of a query z with row z_j is (z - m) P (z_j - m) up to a factor that
is the same for all rows, over the norm of row j: one stored vector P (z_j - m) / |z_j| for each row serves all queries.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bdh_workbench.model.write_site import ENOUGH, SAME, WriteSite

PRODUCTS = 8_000_000  # cosines held at once
FOLLOWING = 0.08  # added to the cosine of the row behind the one matched last, if its token has come
RIDGE = 1.0  # added to a document's covariance, in units of its mean eigenvalue


class Recall:
    """The rows of a memory, ready to be matched; n of them, all enabled."""

    def __init__(
        self,
        site: WriteSite,
        summaries: Tensor,
        items: Tensor,
        documents: set[int],
        following: list[int],
        tokens: list[int],
    ) -> None:
        """Prepare rows.

        Args:
            site: gives the weights of both levels.
            summaries: (n, K, C) fp32 on the site's device, normalised.
            items: (n,) int64 on the CPU, the item of each row.
            documents: those items that are documents.
            following: the row behind each in its window, -1 at its end.
            tokens: the token that follows each row, -1 where unknown.
        """
        self.site, self.items, self.following, self.tokens = site, items, following, tokens
        self.cues = site.cues(summaries)
        needs = torch.full((len(items),), -1)
        for row, after in enumerate(following):
            if after >= 0 and int(items[row]) not in documents:
                needs[after] = tokens[row]
        self.needs = needs.to(site.codes.device)  # (n,) the token that must have come, -1 for any
        self.members: dict[int, Tensor] = {}
        self.places: dict[int, Tensor] = {}  # (m, K * C) for each document
        order = torch.argsort(items, stable=True)
        numbers, counts = torch.unique_consecutive(items[order], return_counts=True)
        for number, members in zip(numbers.tolist(), torch.split(order, counts.tolist()), strict=True):
            if number in documents:
                self.members[number] = members
                self.places[number] = self._places(summaries[members.to(summaries.device)])

    def _places(self, summaries: Tensor) -> Tensor:
        """P (z_j - m) / |z_j| (m, K * C) for the rows of one document; the part of m P z_j is the last column's work.

        A last column holds -m P (z_j - m) / |z_j|, so that the product with (z, 1) is the whole score.
        """
        flat = self._weighted(summaries).double()
        mean = flat.mean(0)
        centred = flat - mean
        covariance = centred.T @ centred / len(centred)
        ridge = RIDGE * covariance.diagonal().mean().clamp(min=1e-12)
        covariance.diagonal().add_(ridge)
        turned = torch.cholesky_solve(centred.T, torch.linalg.cholesky(covariance)).T  # P (z_j - m)
        norms = (centred * turned).sum(1, keepdim=True).clamp(min=1e-12).sqrt()
        turned = turned / norms
        return torch.cat((turned, -(turned @ mean)[:, None]), dim=1).float()

    def _weighted(self, summaries: Tensor) -> Tensor:
        return (summaries * self.site.place_weights[:, None]).flatten(-2)

    def match(
        self, ids: Tensor, summaries: Tensor, evidence: Tensor, before: Tensor, threshold: float = -1.0
    ) -> tuple[Tensor, Tensor]:
        """The best match at each token.

        Past the end of an item the long summary still matches, and within a repeated phrase several rows do: the row
        behind the one matched last is preferred if its token has come, and is the more familiar for it, so that an
        answer that has begun is not broken off.

        Args:
            ids: (B, T).
            summaries: (B, T, K, C), normalised.
            evidence: (B, T), for a cosine with them (``WriteSite.evidence``).
            before: (B,), row matched before the first token, -1 for none.
            threshold: familiarity under which a match is not gone on from.

        Returns:
            Familiarity (B, T) and rows (B, T), both on the CPU.
        """
        cues = self.site.cues(summaries)  # (B, T, K * C)
        evidence = evidence.cpu()
        cosines, best = self._best(ids, cues)
        values, rows = self.site.familiarity(cosines.cpu(), evidence), self._place(summaries, best.cpu())
        items = self.items
        for sequence, tokens in enumerate(ids.tolist()):
            last = int(before[sequence])
            value, row, sure = values[sequence].tolist(), rows[sequence].tolist(), evidence[sequence].tolist()
            for t, token in enumerate(tokens):
                after = self.following[last] if last >= 0 and self.tokens[last] == token else -1
                if after >= 0:
                    cosine = float(cues[sequence, t] @ self.cues[after])
                    familiar = cosine if cosine >= SAME and sure[t] >= ENOUGH else cosine * sure[t]
                    if familiar + FOLLOWING > value[t]:
                        own = value[t] if items[after] == items[row[t]] else familiar
                        # A text goes on in much the same words whatever they mean: there, it is no evidence.
                        value[t] = own if int(items[after]) in self.members else min(1.0, own + FOLLOWING)
                        row[t] = after
                last = row[t] if value[t] >= threshold else -1
            values[sequence], rows[sequence] = torch.tensor(value), torch.tensor(row)
        return values, rows

    def _best(self, ids: Tensor, cues: Tensor) -> tuple[Tensor, Tensor]:
        """The largest cosine (B, T) of cues (B, T, K * C) with a row that may follow ``ids`` (B, T), and that row."""
        values, rows = [], []
        size = max(1, PRODUCTS // max(1, len(self.cues)))
        for tokens, part in zip(torch.split(ids.flatten(), size), torch.split(cues.flatten(0, 1), size), strict=True):
            cosines = part @ self.cues.T
            best = cosines.masked_fill_((self.needs >= 0) & (self.needs != tokens[:, None]), -1.0).max(dim=1)
            values.append(best.values)
            rows.append(best.indices)
        return torch.cat(values).view(ids.shape), torch.cat(rows).view(ids.shape)

    def _place(self, summaries: Tensor, rows: Tensor) -> Tensor:
        """Replace rows (B, T) by the places within their items, where those are documents."""
        items = self.items[rows]
        out = rows.clone()
        flat = self._weighted(summaries)
        for number in torch.unique(items).tolist():
            if number in self.places:
                here = items == number
                query = flat[here.to(flat.device)]
                places = self.places[number]
                scores = query @ places[:, :-1].T + places[:, -1]
                out[here] = self.members[number][scores.argmax(1).cpu()]
        return out
