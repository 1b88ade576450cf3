"""Finding the stored position that a cue is about, on two levels: first which item, then where in it.

One cosine cannot do both. What tells facts apart is their subject, which the long summary holds; what tells the
positions of a document apart is the phrase before them, while its subject is the same all through. So:

1. The item is that of the row that scores best: by the cosine of its cue, and by that of the long summary with the mean
   of its item's. Many rows give a stranger many chances to resemble one of them; their mean gives it one. The score,
   less where there is little evidence for it (``familiarity``), is how familiar the position is.
   Past its first, a token of a fact's answer is met only behind the one before it: a question does not hold it.
2. In a document, the place is sought by what tells its rows apart (``places.py``). In a fact, the row of step 1 is the
   place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.places import Places
from bdh_workbench.reading.words import Lexicon, RecentWords, SentenceWords, WordIndex

PRODUCTS = 8_000_000  # cosines held at once
ITEM = 1.0  # weight of the item's mean against that of the row
SAME, ENOUGH = 0.98, 0.42  # cosine that only the same words have; evidence without which nothing is familiar
EQUAL = 0.9995  # cosine from which on two cues are the same but for half precision: of 62, 99 and 60 facts that differ
# by a number alone, stored and asked again, it finds 61, 99 and 60
NOISE = 2e-6  # difference of two cosines with equal cues that sums of 768 products in single precision may make
TINY = 1e-6
TAIL = 3  # tokens that a sentence may have behind its last word and mark
TIE = 1e-3  # difference of two cosines of the same words that were stored in half precision
FOLLOWING = 0.08  # added to the cosine of the row behind the one matched last, if its token has come
RAMP = 0.4  # familiarity over the threshold from which on nothing is barely familiar
WORD_RAMP = 0.15  # the same of how far a sentence answers for words, which few questions raise by more


def scoring_cues(site: WriteSite, summaries: Tensor, items: Tensor) -> Tensor:
    """What cues are multiplied with to score rows: (n, K * C).

    The product with a cue u of a position is (cosine with the row's cue + ITEM * cosine of the long summary with the
    mean of the item's) / (1 + ITEM): a mean of cosines.

    Args:
        site: gives the weights.
        summaries: (n, K, C), normalised.
        items: (n,) int64, the item of each row.
    """
    means, place = item_means(site, summaries, items)
    out = site.cues(summaries)
    out[:, : means.shape[1]] += means[place]
    return out / (1.0 + ITEM)


def item_means(site: WriteSite, summaries: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    """What the long part of a cue is multiplied with for the cosine with an item's mean times ``ITEM``.

    Args:
        site: gives the weights.
        summaries: (n, K, C), normalised.
        items: (n,) int64, the item of each row.

    Returns:
        (k, C) for the items, and the place (n,) in it for each row.
    """
    numbers, place = torch.unique(items.to(summaries.device), return_inverse=True)
    means = summaries.new_zeros(len(numbers), summaries.shape[2]).index_add_(0, place, summaries[:, 0])
    # The long summary's part of a cue is the summary times its share of the cue's length.
    weights = site.cue_weights
    return ITEM * (weights.norm() / weights[0]) * torch.nn.functional.normalize(means, dim=1), place


def familiarity(scores: Tensor, cosines: Tensor, evidence: Tensor, limits: Tensor, threshold: float) -> Tensor:
    """Familiarity of best matches from their scores, the cosines of their cues and the evidence, all of one shape.

    The third word of a stored text is itself again whatever else is stored. Its first may be any text's.

    Args:
        scores: mean cosines.
        cosines: of the cues.
        evidence: for them.
        limits: of the rows matched, under which a score says nothing.
        threshold: the familiarity that a score at its limit has.
    """
    found = torch.where(cosines >= SAME, cosines, common(scores * evidence, limits, threshold))
    return found.masked_fill(evidence < ENOUGH, 0.0)


def ramp_over(threshold: float) -> float:
    """How far above the threshold a familiarity is that counts for all: ``RAMP``, or what is left below 1."""
    return min(RAMP, max(TINY, 1.0 - threshold))


def common(scores: Tensor, limits: Tensor, threshold: float, ramp: float = RAMP) -> Tensor:
    """Scores of one kind of row on the scale of all: its own limit is the threshold, and as far above it is as sure.

    A fact is one more chance to resemble a stranger, a row of a document much less so, and the words of a sentence are
    no cosine: each kind has a limit of its own. Where a limit is so high that less than ``ramp`` is left above it, what
    is left counts for as much.
    """
    over = (scores - limits) / (1.0 - limits).clamp(min=TINY, max=ramp)
    found = torch.where(over > 0.0, threshold + over * ramp_over(threshold), scores * (threshold / limits))
    return found.clamp(max=1.0)


def linked(
    items: list[int], sentences: list[int], following: list[int], tokens: list[int], documents: set[int]
) -> list[int]:
    """The row behind each, with those that end the window of a sentence followed by what comes next in the text.

    Without that an answer would have nothing to go on from behind the full stop, and say it again.

    Args:
        items: of each row.
        sentences: of each row.
        following: the row behind each in its window, -1 at its end.
        tokens: the token that follows each row.
        documents: those items that are documents.
    """
    closing: dict[tuple[int, int], list[int]] = {}  # the last rows of each sentence in the whole text
    windows: list[int] = []  # the last row of each
    start = 0
    for row, after in enumerate(following):
        if after >= 0 and sentences[after] != sentences[row]:
            closing.setdefault((items[row], sentences[row]), list(range(row, max(start, row - TAIL) - 1, -1)))
        elif after < 0:
            if items[row] in documents and sentences[start] == sentences[row]:
                windows.append(row)
            start = row + 1
    out = list(following)
    for row in windows:
        here = (items[row], sentences[row])
        # The space behind a sentence may be tokens of its own.
        same = [
            other for other in closing.get(here, ()) if tokens[other] == tokens[row] and sentences[other] == here[1]
        ]
        out[row] = following[same[0]] if same else -1
    return out


class Recall:
    """The rows of a memory, ready to be matched; n of them, all enabled."""

    def __init__(
        self,
        site: WriteSite,
        summaries: Tensor,
        items: Tensor,
        documents: set[int],
        sentences: Tensor,
        following: list[int],
        tokens: list[int],
        texts: Mapping[int, Sequence[str]] | None = None,
        lexicon: Lexicon | None = None,
        limits: Tensor | None = None,
        word_limit: float = 1.0,
    ) -> None:
        """Prepare rows.

        Args:
            site: gives the weights of both levels.
            summaries: (n, K, C) fp32 on the site's device, normalised.
            items: (n,) int64 on the CPU, the item of each row.
            documents: those items that are documents.
            sentences: (n,) int64, the sentence of its item that each row stands in.
            following: the row behind each in its window, -1 at its end.
            tokens: the token that follows each row, -1 where unknown.
            texts: the sentences of documents by number, of those whose words were kept.
            lexicon: of the site; needed where there are texts.
            limits: (n,) fp32, the score under which each row is unfamiliar (``common``); 1 where they are not given.
            word_limit: the same of how far a sentence answers for words.
        """
        self.site, self.items, self.tokens = site, items, tokens
        self.following = linked(items.tolist(), sentences.tolist(), following, tokens, documents)
        self.lexicon, self.word_limit = lexicon, torch.tensor(word_limit)
        self.limits = torch.ones(len(items)) if limits is None else limits
        self.threshold = float(self.limits.min()) if len(items) else 1.0
        self.cues = site.cues(summaries)
        self.scoring = scoring_cues(site, summaries, items)
        self.means, self.of_item = item_means(site, summaries, items)
        # Rows of one limit are of one kind; scores of unlike kinds cannot be compared.
        self.kinds = [(self.limits == limit).nonzero().flatten() for limit in torch.unique(self.limits)]
        needs = torch.full((len(items),), -1)
        for row, after in enumerate(following):
            if after >= 0 and int(items[row]) not in documents:
                needs[after] = tokens[row]
        self.needs = needs.to(site.codes.device)  # (n,) the token that must have come, -1 for any
        self.members: dict[int, Tensor] = {}
        self.places: dict[int, Places] = {}
        order = torch.argsort(items, stable=True)
        numbers, counts = torch.unique_consecutive(items[order], return_counts=True)
        said = {}
        for number, members in zip(numbers.tolist(), torch.split(order, counts.tolist()), strict=True):
            if number in documents:
                self.members[number] = members
                here, words = sentences[members], None
                if texts and texts.get(number) and int(here.max()) < len(texts[number]):
                    said[number] = texts[number]
                    words = SentenceWords(texts[number])
                self.places[number] = Places(site, summaries[members.to(summaries.device)], here, words)
        self.index = WordIndex(said) if said else None

    def match(
        self,
        ids: Tensor,
        summaries: Tensor,
        evidence: Tensor,
        before: Tensor,
        threshold: float = -1.0,
        recent: Tensor | None = None,
        repeated: Sequence[Sequence[Sequence[int]]] = (),
    ) -> tuple[Tensor, Tensor]:
        """The best match at each token.

        What is read word for word decides before any score: first the rows that ``repeated`` names, then the row whose
        cue is equal up to what half precision leaves (``EQUAL``).

        Past the end of an item the long summary still matches, and within a repeated phrase several rows do: the row
        behind the one matched last is preferred if its token has come, so that an answer that has begun is not broken
        off. In a fact it is the more familiar for it; a document goes on in much the same words whatever they mean.

        Args:
            ids: (B, T).
            summaries: (B, T, K, C), normalised.
            evidence: (B, T), for a cosine with them (``WriteSite.evidence``).
            before: (B,), row matched before the first token, -1 for none.
            threshold: familiarity under which a match is not gone on from, and its place in a document not sought.
            recent: (B, r), the tokens before the first, as many as there were but not more than ``BEFORE``.
            repeated: for each sequence and token the rows whose very tokens came, none for most.

        Returns:
            Familiarity (B, T) and rows (B, T), both on the CPU.
        """
        cues = self.site.cues(summaries)  # (B, T, K * C)
        evidence = evidence.cpu()
        values, best, equal = self._best(ids, cues, evidence)
        whole = ids if recent is None else torch.cat((recent, ids), dim=1)
        words = self._words(whole)
        told, documents = self._by_words(words, whole, ids.shape[1])
        better = (documents >= 0) & (told > values)
        if bool(better.any()):
            # Any row of the document will do: its place is sought next.
            rows_of = [int(self.members[number][0]) for number in documents[better].tolist()]
            best[better], values[better] = torch.tensor(rows_of), told[better]
        wanted = (values >= threshold) & (equal < 0)
        rows = self._place(summaries, best, wanted, words, whole.shape[1] - ids.shape[1])
        # The row that scored best need not have been the place whose very words these are.
        cosines = (cues * self.cues[rows.to(cues.device)]).sum(-1).cpu()
        values = torch.where((cosines >= SAME) & (values >= threshold), torch.maximum(values, cosines), values)
        items = self.items
        for sequence, tokens in enumerate(ids.tolist()):
            last = int(before[sequence])
            value, row = values[sequence].tolist(), rows[sequence].tolist()
            same, enough = equal[sequence].tolist(), (evidence[sequence] >= ENOUGH).tolist()
            for t, token in enumerate(tokens):
                after = self.following[last] if last >= 0 and self.tokens[last] == token else -1
                options = list(repeated[sequence][t]) if repeated else []
                if not options and same[t] >= 0:
                    options = [same[t]]
                if options:
                    row[t] = self._equal(cues[sequence, t], options, after)
                    # The prompt of a fact is itself however little it says; a text may begin as any other does.
                    if enough[t] or int(items[row[t]]) not in self.members:
                        value[t] = 1.0
                elif after >= 0:
                    cue, number = cues[sequence, t], torch.tensor(after, device=cues.device)
                    score = cue @ self.scoring[number]
                    familiar = float(self._familiarity(cue, score, number, evidence[sequence, t]))
                    if int(documents[sequence, t]) == int(items[after]):
                        familiar = max(familiar, float(told[sequence, t]))
                    # The very same words need no help: an answer may begin with the word that its question ends with.
                    if familiar + (FOLLOWING if value[t] < SAME else TIE) > value[t]:
                        own = value[t] if items[after] == items[row[t]] else familiar
                        # A text goes on in much the same words whatever they mean: there, it is no evidence.
                        value[t] = own if int(items[after]) in self.members else min(1.0, own + FOLLOWING)
                        row[t] = after
                last = row[t] if value[t] >= threshold else -1
            values[sequence], rows[sequence] = torch.tensor(value), torch.tensor(row)
        return values, rows

    def _equal(self, cue: Tensor, options: list[int], after: int) -> int:
        """Of rows that a cue is equal to, the nearest; ``after`` where it is as near."""
        if len(options) == 1 and after < 0:
            return options[0]
        numbers = list(dict.fromkeys([*([after] if after >= 0 else []), *options]))
        cosines = (self.cues[torch.tensor(numbers, device=cue.device)] @ cue).tolist()
        most = max(cosines)
        # The first that is as near, which may be the one behind the row matched last.
        return next(row for row, cosine in zip(numbers, cosines, strict=True) if cosine >= most - NOISE)

    def _familiarity(self, cues: Tensor, scores: Tensor, rows: Tensor, evidence: Tensor) -> Tensor:
        """Familiarity (...) on the CPU of cues (..., K * C) with the rows (...) that they score so with."""
        cosines = (cues * self.cues[rows]).sum(-1)
        return familiarity(scores.cpu(), cosines.cpu(), evidence, self.limits[rows.cpu()], self.threshold)

    def _best(self, ids: Tensor, cues: Tensor, evidence: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The largest familiarity (B, T) of cues (B, T, K * C) with a row that may follow ``ids`` (B, T), and that row.

        All are on the CPU, as the evidence (B, T) is. The third is the row (B, T) of an equal cue, -1 for none.
        """
        values, rows, equal = [], [], []
        size = max(1, PRODUCTS // max(1, len(self.cues)))
        parts = (torch.split(flat, size) for flat in (ids.flatten(), cues.flatten(0, 1), evidence.flatten()))
        for tokens, part, sure in zip(*parts, strict=True):
            cosines = part @ self.cues.T
            unmet = (self.needs >= 0) & (self.needs != tokens[:, None])
            nearest = cosines.max(dim=1)
            same = (nearest.values >= EQUAL) & ~unmet.gather(1, nearest.indices[:, None])[:, 0]
            # Of equal cues always the first, however their sums are rounded.
            first = (cosines[same] >= nearest.values[same, None] - NOISE).to(torch.uint8).argmax(dim=1)
            equal.append(torch.full_like(nearest.indices, -1).masked_scatter_(same, first).cpu())
            long = part[:, : self.means.shape[1]] @ self.means.T  # (m, items)
            scores = cosines.add_(long[:, self.of_item]).div_(1.0 + ITEM)
            scores.masked_fill_(unmet, -1.0)
            familiar, best = torch.full((len(part),), -1.0), torch.zeros(len(part), dtype=torch.int64)
            for kind in self.kinds:
                found = (scores if len(self.kinds) == 1 else scores[:, kind.to(scores.device)]).max(dim=1)
                row = kind[found.indices.cpu()]
                value = self._familiarity(part, found.values, row.to(part.device), sure)
                best, familiar = torch.where(value > familiar, row, best), torch.maximum(value, familiar)
            values.append(familiar)
            rows.append(best)
        return torch.cat(values).view(ids.shape), torch.cat(rows).view(ids.shape), torch.cat(equal).view(ids.shape)

    def strangers(self, cues: Tensor, evidence: Tensor) -> Tensor:
        """Familiarity (m,) of positions by themselves, from their cues (m, K * C) and the evidence (m,) for each."""
        found = []
        size = max(1, PRODUCTS // len(self.cues))
        for part, sure in zip(torch.split(cues, size), torch.split(evidence, size), strict=True):
            best = (part @ self.scoring.T).max(dim=1)
            found.append(self._familiarity(part, best.values, best.indices, sure))
        return torch.cat(found)

    def strange_words(self, windows: Tensor) -> Tensor:
        """Familiarity (n * T,) by words at all positions of windows (n, T) of text."""
        return self._by_words(self._words(windows), windows, windows.shape[1])[0].flatten()

    def _words(self, ids: Tensor) -> list[RecentWords]:
        """The words of texts ids (B, T); none where there is nothing to compare them with."""
        if self.index is None or self.lexicon is None:
            return []
        return [RecentWords(self.lexicon, tokens) for tokens in ids.tolist()]

    def _place(
        self, summaries: Tensor, rows: Tensor, wanted: Tensor, words: Sequence[RecentWords], skipped: int
    ) -> Tensor:
        """Replace rows (B, T) by the places within their items, where those are documents and a place is wanted (B, T).

        Of the ``words`` of texts, the first ``skipped`` tokens came before those that the rows were matched at.
        """
        items = self.items[rows]
        out = rows.clone()
        for number in torch.unique(items[wanted]).tolist():
            if number in self.places:
                members = self.members[number]
                for here in torch.split((wanted & (items == number)).nonzero(), max(1, PRODUCTS // len(members))):
                    asked = [words[b].before(skipped + t + 1, names=False) for b, t in here.tolist()] if words else []
                    b, t = here.T
                    scores = self.places[number].scores(summaries[b, t], asked)
                    out[b, t] = members[scores.argmax(1).cpu()]
        return out

    def _by_words(self, words: Sequence[RecentWords], ids: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Familiarity (B, count) by the words of stored sentences, and their documents, -1 for none, on the CPU.

        The positions are the last ``count`` of the tokens ids (B, r + count), whose ``words`` are given.
        """
        size = (len(ids), count)
        if self.index is None:
            return torch.zeros(size), torch.full(size, -1)
        stop = ids.shape[1]
        found = [match for text in words for match in self.index.read(text, stop - count, stop)]
        told = common(torch.tensor([score for score, _ in found]), self.word_limit, self.threshold, WORD_RAMP)
        return told.view(size), torch.tensor([document for _, document in found]).view(size)
