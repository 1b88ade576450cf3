"""Finding the stored row that a position of a text reads: candidates, evidence, and a judge.

1. What is read word for word decides at once (``verbatim.py``; an equal cue).
2. Otherwise a few candidates are looked for: the facts and the documents whose rows and whose means come nearest to the
   position's cue, and those whose sentences share most words with the text. In a document, the place is sought by what
   tells its rows apart (``places.py``).
3. Each candidate is weighed by a judge of its kind, facts or documents, from all evidence (``evidence.py``). The most
   probable one is the row read, and its probability is how familiar the position is.

Past its first, a token of a fact's answer is met only after the one before it: a question does not contain it. An
answer that has begun continues with the probability that it began with, raised by how unexpected its tokens were.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.judge import Judge
from bdh_workbench.model.likeness import Likeness
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.evidence import MEANING, WORD_EVIDENCE, Relations, compared, cosine_names, cosines
from bdh_workbench.reading.places import Places
from bdh_workbench.reading.units import numbers_of, other_number
from bdh_workbench.reading.verbatim import Repeated, told_nats
from bdh_workbench.reading.words import Lexicon, RecentWords, Sentence, SentenceWords, Word, WordIndex

PRODUCTS = 8_000_000  # cosines worked out at once
EQUAL = 0.9995  # cosine from which on two cues are the same but for half precision: of 62, 99 and 60 facts that differ
# by a number alone, stored and asked again, it finds 61, 99 and 60
COSINE_NOISE = 2e-6  # difference of two cosines with equal cues that sums of 768 products in single precision may make
# Sum of the cosines with a row and its item's mean from which on a candidate is weighed at all. Under it are 0.6% of
# the right rows of facts, 3% of those of documents, and 94 to 98% of the positions of general text.
WORTH = {"facts": 0.5, "documents": 0.3}
NEAREST = 3  # items of each kind that are looked at by their cues, and as many by their words
# Nats at which the first words of a text are as likely those of a stored one as of another, if one is stored: the more
# are stored, the sooner one of them is met by chance. Of 391 other texts, with 23 documents in 3,041 stretches stored,
# the first words of none open a document with it, and those of one a sentence in it ("In 2018,").
BEGUN = 6.0
CERTAIN = 20.0  # log-odds from which on a probability is 1 in single precision, and nothing else is looked for
TAIL = 3  # tokens that a sentence may have after its last word and mark
FACTS, DOCUMENTS, CUES = "facts", "documents", " by cues"  # names of the judges; those without words end in CUES
EVEN = 0.5  # probability from which on a position is open; judges are fitted so that it lets few strangers in


def plain_judge(site: WriteSite, words: bool) -> Judge:
    """A judge of cosines alone, for models that have none yet: the mean of those with the row and with the item."""
    names = feature_names(site, words)
    weights = torch.zeros(len(names))
    own = site.cue_weights.square() / site.cue_weights.square().sum()
    weights[: len(own)] = 8.0 * own.cpu()
    weights[names.index("item")] = 8.0
    return Judge(names, weights, -8.0, torch.zeros(len(names)), torch.ones(len(names)))


def feature_names(site: WriteSite, words: bool, likeness: bool = False) -> tuple[str, ...]:
    """The evidence that a judge can be given, in order: with the words of what is stored, and with word vectors."""
    return (*cosine_names(site), *(WORD_EVIDENCE if words else ()), *(MEANING if words and likeness else ()))


def linked(
    items: list[int], sentences: list[int], following: list[int], tokens: list[int], documents: set[int]
) -> list[int]:
    """The row after each, with those that end the window of a sentence followed by what comes next in the text.

    Otherwise an answer would have nothing to continue from after the full stop, and would repeat it.

    Args:
        items: of each row.
        sentences: of each row.
        following: the row after each in its window, -1 at its end.
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
        # The space after a sentence may be tokens of its own.
        same = [
            other for other in closing.get(here, ()) if tokens[other] == tokens[row] and sentences[other] == here[1]
        ]
        out[row] = following[same[0]] if same else -1
    return out


@dataclass(slots=True)
class _Found:
    """Candidates, m of them, as lists of equal length.

    Attributes:
        positions: of each.
        rows: of each.
        margins: how much nearer its item is than any other candidate.
    """

    positions: list[int]
    rows: list[int]
    margins: list[float]

    def add(self, position: int, row: int, margin: float) -> None:
        """One more."""
        self.positions.append(position)
        self.rows.append(row)
        self.margins.append(margin)

    def of(self, kept: Sequence[bool]) -> _Found:
        """Those that are kept."""
        places = [place for place, keep in enumerate(kept) if keep]
        return _Found(
            [self.positions[place] for place in places],
            [self.rows[place] for place in places],
            [self.margins[place] for place in places],
        )


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
        said: Sequence[Sentence] = (),
        lexicon: Lexicon | None = None,
        judges: Mapping[str, Judge] | None = None,
        texts: Mapping[int, Sequence[str]] | None = None,
        likeness: Likeness | None = None,
    ) -> None:
        """Prepare rows.

        Args:
            site: gives the weights of both levels.
            summaries: (n, K, C) fp32 on the site's device, normalised.
            items: (n,) int64 on the CPU, the item of each row.
            documents: those items that are documents.
            sentences: (n,) int64, the sentence of its item that each row stands in.
            following: the row after each in its window, -1 at its end.
            tokens: the token that follows each row, -1 where unknown.
            said: the words of facts and of sentences of documents, of those whose words were kept.
            lexicon: of the site; needed where there are words.
            judges: by name (``FACTS``, ``DOCUMENTS``, and with ``CUES`` those without words); plain ones where missing.
            texts: the sentences of documents by number, of those whose words were kept.
            likeness: the word vectors of the model.
        """
        self.site, self.items, self.tokens, self.documents = site, items, tokens, documents
        self.item_of = items.tolist()
        self.sentences = sentences.tolist()
        self.following = linked(self.item_of, self.sentences, following, tokens, documents)
        self.previous = [-1] * len(items)
        for row, after in enumerate(following):
            if after >= 0:
                self.previous[after] = row
        self.lexicon, self.index = lexicon, WordIndex(said) if said and lexicon else None
        self.place_of = {(sentence.item, sentence.number): place for place, sentence in enumerate(said)}
        self.likeness = likeness
        names = feature_names(site, self.index is not None, likeness is not None)
        self.judges: dict[str, tuple[Judge, list[int]]] = {}  # of each kind, and which of the evidence it is given
        for kind in (FACTS, DOCUMENTS):
            known = (judges or {}).get(kind if self.index else kind + CUES)
            judge = known or plain_judge(site, words=False)
            if not set(judge.names) <= set(names):
                raise UserError(
                    f"The judges of this model need {', '.join(sorted(set(judge.names) - set(names)))}, which it "
                    "does not have: copy the model folder again, or run train --only judge."
                )
            self.judges[kind] = judge, [names.index(name) for name in judge.names]
        self.weights = [self.index.weights_of(sentence) for sentence in said] if self.index else []
        self.same_as, self.surprisal = site.same_as.tolist(), site.surprisal.tolist()
        self.cues = site.cues(summaries)
        self.means, self.of_item = item_means(summaries, items)
        needs = torch.full((len(items),), -1)
        for row, after in enumerate(following):
            if after >= 0 and self.item_of[row] not in documents:
                needs[after] = tokens[row]
        self.needs = needs.to(site.codes.device)  # (n,) the token that must have come, -1 for any
        self.told, self.opening = told_nats(site), self._openings()
        self.begun = self._begun()
        is_document = torch.tensor([item in documents for item in self.item_of], dtype=torch.bool)
        kinds = {FACTS: ~is_document, DOCUMENTS: is_document}
        self.kinds = {kind: rows.nonzero().flatten() for kind, rows in kinds.items() if bool(rows.any())}
        self.stored = {kind: math.log(len(rows)) for kind, rows in self.kinds.items()}
        self.members: dict[int, Tensor] = {}
        self._summaries, self._texts = summaries, texts or {}
        self._places: dict[int, Places] = {}
        order = torch.argsort(items, stable=True)
        numbers, counts = torch.unique_consecutive(items[order], return_counts=True)
        for number, members in zip(numbers.tolist(), torch.split(order, counts.tolist()), strict=True):
            self.members[number] = members
            if number not in documents:
                self.members[number] = members[needs[members] < 0]

    def _openings(self) -> list[bool]:
        """Whether each row is of the stretch that its item begins with."""
        opening: list[bool] = []
        met: set[int] = set()
        for row, item in enumerate(self.item_of):
            before = self.previous[row]
            opening.append(opening[before] if before >= 0 else item not in met)
            met.add(item)
        return opening

    def _begun(self) -> dict[bool, float]:
        """The nats that open the beginning of a document, and that of any other stretch of one."""
        counts = {True: 0, False: 0}
        for row, item in enumerate(self.item_of):
            counts[self.opening[row]] += item in self.documents and self.previous[row] < 0
        return {opening: BEGUN + math.log(max(1, count)) for opening, count in counts.items()}

    def places(self, item: int) -> Places:
        """What tells the rows of a document apart, made when it is first a candidate."""
        if item not in self._places:
            members, words, texts = self.members[item], None, self._texts.get(item)
            here = torch.tensor(self.sentences)[members]
            if texts and int(here.max()) < len(texts):
                words = SentenceWords(texts)
            summaries = self._summaries[members.to(self._summaries.device)]
            self._places[item] = Places(self.site, summaries, here, words)
        return self._places[item]

    def match(
        self,
        ids: Tensor,
        summaries: Tensor,
        evidence: Tensor,
        before: Tensor,
        threshold: float = -1.0,
        recent: Tensor | None = None,
        repeated: Sequence[Sequence[Repeated | None]] = (),
        values: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The best match at each token.

        What is read word for word decides before any score: first the rows that ``repeated`` names, then the row whose
        cue is equal up to what half precision leaves (``EQUAL``). Where it may be chance, each nat that the words tell
        beyond what chance gives adds one to the log-odds.

        Past the end of an item the long summary still matches, and within a repeated phrase several rows do: the row
        after the one matched last is preferred if its token has come, so that an answer that has begun is not broken
        off.

        Args:
            ids: (B, T).
            summaries: (B, T, K, C), normalised.
            evidence: (B, T), for a cosine with them (``WriteSite.evidence``).
            before: (B,), row matched before the first token, -1 for none.
            threshold: familiarity below which a match is not continued.
            recent: (B, r), the tokens before the first, as many as there were but not more than ``BEFORE``.
            repeated: what each sequence repeats at each token; None for most.
            values: (B,), the familiarity of ``before``.

        Returns:
            Familiarity (B, T) and rows (B, T), both on the CPU.
        """
        length, skipped = ids.shape[1], 0 if recent is None else recent.shape[1]
        whole = (ids if recent is None else torch.cat((recent, ids), dim=1)).tolist()
        words = [RecentWords(self.lexicon, tokens) for tokens in whole] if self.index and self.lexicon else []
        look = _Look(self, summaries, evidence.cpu(), whole, words, skipped, length)
        met = {b * length + t: one for b, row in enumerate(repeated) for t, one in enumerate(row) if one is not None}
        chosen = {n: self._nearest(look.cue(n), one.rows) for n, one in met.items()}  # the exact row of a position
        odds = {n: self._log_odds(look, n, row, met[n].log_odds) for n, row in chosen.items()}
        open_ = [n for n in range(len(whole) * length) if odds.get(n, 0.0) < CERTAIN]
        found, equal = self._candidates(ids, summaries, look, open_)
        for position, row in equal.items():
            if position not in chosen:
                chosen[position], odds[position] = row, self._log_odds(look, position, row)
        for position, row in chosen.items():
            if odds[position] < CERTAIN and self.item_of[row] in self.documents:
                found.add(position, row, 1.0)
        judged = look.judge(found)
        familiar, best = [0.0] * (len(whole) * length), [look.nearest.get(n, -1) for n in range(len(whole) * length)]
        for position, row, p in zip(found.positions, found.rows, judged, strict=True):
            if p > familiar[position] or familiar[position] == 0.0:
                familiar[position], best[position] = p, row
        for position, row in chosen.items():
            familiar[position] = max(familiar[position], 1.0 / (1.0 + math.exp(-odds[position])))
            best[position] = row
        for b, tokens in enumerate(ids.tolist()):
            last, sure = int(before[b]), 1.0 if values is None else float(values[b])
            for t, token in enumerate(tokens):
                position = b * length + t
                after = self.following[last] if last >= 0 and self.tokens[last] == token else -1
                if after >= 0:
                    # Its token has come: the answer is the more probable, the less that token was to be expected.
                    sure /= sure + (1.0 - sure) * math.exp(-self.surprisal[token])
                    self._go_on(look, position, last, after, sure, chosen.get(position), familiar, best)
                last, sure = (best[position] if familiar[position] >= threshold else -1), familiar[position]
        shape = (len(whole), length)
        return torch.tensor(familiar).view(shape), torch.tensor(best).view(shape)

    def weighed(
        self, ids: Tensor, summaries: Tensor, evidence: Tensor, recent: Tensor
    ) -> dict[str, tuple[list[int], list[int], Tensor]]:
        """The candidates of positions with the evidence for them, by kind: what a judge is fitted on.

        Args:
            ids: (B, T).
            summaries: (B, T, K, C), normalised.
            evidence: (B, T).
            recent: (B, r), the tokens before.

        Returns:
            Positions (of B * T, flat), rows and features (m, n).
        """
        whole = torch.cat((recent, ids), dim=1).tolist()
        words = [RecentWords(self.lexicon, tokens) for tokens in whole] if self.index and self.lexicon else []
        look = _Look(self, summaries, evidence.cpu(), whole, words, recent.shape[1], ids.shape[1])
        found, _ = self._candidates(ids, summaries, look, range(ids.numel()))
        parts = {}
        for kind in self.kinds:
            of_kind = found.of([(self.item_of[row] in self.documents) == (kind == DOCUMENTS) for row in found.rows])
            if of_kind.rows:
                parts[kind] = of_kind.positions, of_kind.rows, look.features(of_kind)
        return parts

    def _log_odds(self, look: _Look, position: int, row: int, accident: float = math.inf) -> float:
        """The log-odds that a row which a position repeats is the right one.

        Args:
            look: at the text.
            position: in it.
            row: that it repeats.
            accident: the log-odds that it is none to repeat so much within another text.
        """
        if self.item_of[row] not in self.documents:
            return math.inf  # the prompt of a fact is itself however little it says
        return min(accident, look.told(position) - self.begun[self.opening[row]])  # a text may begin as any other does

    def _go_on(
        self,
        look: _Look,
        position: int,
        last: int,
        after: int,
        sure: float,
        chosen: int | None,
        familiar: list[float],
        best: list[int],
    ) -> None:
        """Prefer the row after the one matched last, whose token has come, where nothing better is known."""
        if chosen is not None:
            if chosen != after and self._nearest(look.cue(position), [after, chosen]) == after:
                best[position] = after
            return
        p = sure
        if self.item_of[after] in self.documents:
            p = look.judge(_Found([position], [after], [1.0]))[0]
        same = self.item_of[best[position]] == self.item_of[after]
        # The row matched last has said its token: it is not where the text is now, however near its cue still is.
        if p >= familiar[position] or (same and (p >= EVEN or best[position] == last)):
            best[position], familiar[position] = after, max(p, familiar[position] if same else p)

    def _nearest(self, cue: Tensor, options: Sequence[int]) -> int:
        """Of the rows with an equal cue, the nearest; of several, the first."""
        if len(options) == 1:
            return options[0]
        cosines = (self.cues[torch.tensor(options, device=cue.device)] @ cue).tolist()
        most = max(cosines)
        return next(row for row, cosine in zip(options, cosines, strict=True) if cosine >= most - COSINE_NOISE)

    def _candidates(
        self, ids: Tensor, summaries: Tensor, look: _Look, positions: Sequence[int]
    ) -> tuple[_Found, dict[int, int]]:
        """What each of some positions may read, and the row of an equal cue where there is one."""
        found, equal = _Found([], [], []), list[int]()
        near: dict[str, list[list[tuple[float, int]]]] = {kind: [] for kind in self.kinds}
        size = max(1, PRODUCTS // max(1, len(self.cues)))
        chosen = torch.tensor(positions, dtype=torch.int64, device=look.cues.device)
        flat = (
            zip(
                torch.split(ids.flatten()[chosen.to(ids.device)], size),
                torch.split(look.cues[chosen], size),
                torch.split(summaries[..., 0, :].flatten(0, 1)[chosen], size),
                strict=True,
            )
            if positions
            else ()
        )
        for tokens, part, long in flat:
            cosines = part @ self.cues.T
            unmet = (self.needs >= 0) & (self.needs != tokens[:, None])
            nearest = cosines.max(dim=1)
            same = (nearest.values >= EQUAL) & ~unmet.gather(1, nearest.indices[:, None])[:, 0]
            # Of equal cues always the first, however their sums are rounded.
            first = (cosines[same] >= nearest.values[same, None] - COSINE_NOISE).to(torch.uint8).argmax(dim=1)
            equal += torch.full_like(nearest.indices, -1).masked_scatter_(same, first).tolist()
            scores = cosines.add_((long @ self.means.T)[:, self.of_item])
            scores.masked_fill_(unmet, -2.0)
            for kind, rows in self.kinds.items():
                of_kind = scores if len(self.kinds) == 1 else scores[:, rows.to(scores.device)]
                top = of_kind.topk(min(2 * NEAREST, of_kind.shape[1]), dim=1)
                numbers = rows[top.indices.cpu()].tolist()
                near[kind] += [list(zip(*pair, strict=True)) for pair in zip(top.values.tolist(), numbers, strict=True)]
        wanted: dict[int, list[tuple[int, float]]] = {}  # positions and margins of documents, whose place is sought
        for number, position in enumerate(positions):
            near_here = {kind: near[kind][number] for kind in self.kinds}
            look.nearest[position] = max(near_here[kind][0] for kind in self.kinds)[1]
            by_words: list[int] | None = None
            for kind in self.kinds:
                if near_here[kind][0][0] < WORTH[kind]:
                    continue
                rows_of: dict[int, tuple[float, int]] = {}
                for score, row in near_here[kind]:
                    rows_of.setdefault(self.item_of[row], (score, row))
                scores_of = [score for score, _ in rows_of.values()]
                for rank, (item, (score, row)) in enumerate(rows_of.items()):
                    if rank == NEAREST or score < WORTH[kind]:
                        break
                    others = scores_of[1] if rank == 0 and len(scores_of) > 1 else scores_of[0]
                    margin = score - others if len(scores_of) > 1 else 1.0
                    if kind == FACTS:
                        found.add(position, row, margin)
                    else:
                        wanted.setdefault(item, []).append((position, margin))
                by_words = look.by_words(position) if by_words is None else by_words
                for item in by_words:
                    if item not in rows_of and (item in self.documents) == (kind == DOCUMENTS):
                        if kind == FACTS:
                            found.add(position, self._row_of(item, look.cue(position)), 0.0)
                        else:
                            wanted.setdefault(item, []).append((position, 0.0))
        for item, here in wanted.items():
            for (position, margin), row in zip(here, look.placed(item, [p for p, _ in here]), strict=True):
                found.add(position, row, margin)
        return found, {position: row for position, row in zip(positions, equal, strict=True) if row >= 0}

    def _row_of(self, item: int, cue: Tensor) -> int:
        """The first row of a fact, as it is or after another sentence, whichever is nearer."""
        members = self.members[item]
        if len(members) == 1:
            return int(members[0])
        return int(members[(self.cues[members.to(cue.device)] @ cue).argmax().cpu()])


class _Look:
    """One call of ``Recall.match``: the texts and what is worked out about their positions when it is needed."""

    def __init__(
        self,
        recall: Recall,
        summaries: Tensor,
        evidence: Tensor,
        whole: list[list[int]],
        words: list[RecentWords],
        skipped: int,
        length: int,
    ) -> None:
        self.recall, self.summaries, self.whole = recall, summaries.flatten(0, 1), whole
        self.cues = recall.site.cues(self.summaries)
        self.evidence = evidence.flatten()
        self.words, self.skipped, self.length = words, skipped, length
        self.nearest: dict[int, int] = {}  # the row of each position whose cue is nearest, whatever is made of it
        self._before: dict[int, list[Word]] = {}
        self._asked: dict[int, dict[str, float]] = {}
        self._numbers: dict[int, frozenset[int]] = {}

    def cue(self, position: int) -> Tensor:
        """The cue (K * C,) of a position."""
        return self.cues[position]

    def told(self, position: int) -> float:
        """How much the text tells up to a position, in nats; of a long one its last tokens."""
        b, t = divmod(position, self.length)
        first, *rest = self.whole[b][: self.skipped + t + 1]
        # A text begins with a word, though without the space that begins one elsewhere.
        return float(self.recall.surprisal[first] + sum(self.recall.told[token] for token in rest))

    def before(self, position: int) -> list[Word]:
        """The last words at a position."""
        if position not in self._before:
            b, t = divmod(position, self.length)
            self._before[position] = self.words[b].before(self.skipped + t + 1)
        return self._before[position]

    def asked(self, position: int) -> dict[str, float]:
        """The same with the weight of each."""
        if position not in self._asked:
            assert self.recall.index is not None
            self._asked[position] = self.recall.index.weights(self.before(position))
        return self._asked[position]

    def by_words(self, position: int) -> list[int]:
        """The items whose sentences share most words with the text at a position."""
        index = self.recall.index
        if index is None:
            return []
        return [index.sentences[place].item for place in index.best(self.asked(position), NEAREST)]

    def placed(self, item: int, positions: list[int]) -> list[int]:
        """The rows of a document at positions that read it."""
        members, places = self.recall.members[item], self.recall.places(item)
        rows: list[int] = []
        size = max(1, PRODUCTS // len(members))
        for start in range(0, len(positions), size):
            part = positions[start : start + size]
            asked = []
            if self.words and places.words is not None:
                for position in part:
                    words = self.before(position)
                    # The capital of a text's first word says nothing.
                    kept = [w for n, w in enumerate(words) if not w.capital or (n == 0 and w.start == 0)]
                    asked.append({word.text: word.rarity for word in kept})
            scores = places.scores(self.summaries[torch.tensor(part)], asked)
            rows += members[scores.argmax(1).cpu()].tolist()
        return rows

    def repeated(self, position: int, row: int) -> float:
        """How many of the last tokens also precede a row, as the logarithm of their surprisal in nats."""
        b, t = divmod(position, self.length)
        tokens, place, nats = self.whole[b], self.skipped + t, 0.0
        same, surprisal = self.recall.same_as, self.recall.surprisal
        previous = self.recall.previous[row]
        while previous >= 0 and place >= 0 and same[tokens[place]] == same[max(0, self.recall.tokens[previous])]:
            nats += surprisal[tokens[place]]
            place, previous = place - 1, self.recall.previous[previous]
        return math.log1p(nats)

    def features(self, found: _Found) -> Tensor:
        """The evidence (m, n) for candidates of one kind; that by words is left out where there are none."""
        recall = self.recall
        rows, positions = torch.tensor(found.rows), torch.tensor(found.positions)
        here = self.summaries[positions]
        device = recall.cues.device
        by_cues = cosines(recall.site, here, recall.cues[rows.to(device)])
        item = (here[:, 0] * recall.means[recall.of_item[rows.to(device)]]).sum(-1, keepdim=True)
        kind = DOCUMENTS if found.rows and recall.item_of[found.rows[0]] in recall.documents else FACTS
        rest = [
            [margin, float(self.evidence[position]), self.repeated(position, row), recall.stored[kind]]
            for position, row, margin in zip(found.positions, found.rows, found.margins, strict=True)
        ]
        parts = [by_cues.cpu(), item.cpu(), torch.tensor(rest)]
        if recall.index is not None:
            said = []
            for position, row in zip(found.positions, found.rows, strict=True):
                place = recall.place_of.get((recall.item_of[row], recall.sentences[row]), -1)
                said.append(self._words(position, place))
            parts.append(torch.tensor(said))
        return torch.cat(parts, dim=1)

    def _words(self, position: int, place: int) -> list[float]:
        recall, index = self.recall, self.recall.index
        assert index is not None
        sentence = index.sentences[place] if place >= 0 else Sentence(-1, 0, {})
        said = recall.weights[place] if place >= 0 else {}
        known = index.known.get(sentence.item, set())
        pair = compared(self.before(position), self.asked(position), said, sentence, known)
        scores = [score(pair) for score in WORD_EVIDENCE.values()]
        if recall.likeness is not None:
            # In documents they were worth nothing: 80.8% of sentence beginnings were found without, 74.6% with them.
            if sentence.item in recall.documents:
                scores += [0.0] * len(MEANING)
            else:
                both = Relations.of(pair, recall.likeness)
                scores += [score(both) for score in MEANING.values()]
        return scores

    def _says_other(self, position: int, row: int) -> bool:
        """Whether the sentence at a position says another number than the fact of a row."""
        recall = self.recall
        place = recall.place_of.get((recall.item_of[row], recall.sentences[row]), -1)
        if recall.index is None or place < 0 or not recall.index.sentences[place].numbers:
            return False
        if position not in self._numbers:
            assert recall.lexicon is not None
            b, t = divmod(position, self.length)
            words = self.before(position)
            start = next((w.start for w in words if w.sentence == words[-1].sentence), 0)
            pieces = [recall.lexicon.pieces[token] for token in self.whole[b][start : self.skipped + t + 1]]
            self._numbers[position] = numbers_of(b"".join(pieces).decode(errors="ignore"))
        fact = recall.index.sentences[place]
        return other_number(self._numbers[position], fact.numbers, fact.answer_numbers)

    def judge(self, found: _Found) -> list[float]:
        """The probability of each candidate."""
        out = [0.0] * len(found.rows)
        recall = self.recall
        for kind in recall.kinds:
            kept = [(recall.item_of[row] in recall.documents) == (kind == DOCUMENTS) for row in found.rows]
            chosen, part = [n for n, keep in enumerate(kept) if keep], found.of(kept)
            if not chosen:
                continue
            judge, given = recall.judges[kind]
            for n, p in zip(chosen, judge.probability(self.features(part)[:, given]).tolist(), strict=True):
                out[n] = 0.0 if kind == FACTS and self._says_other(found.positions[n], found.rows[n]) else p
        return out


def item_means(summaries: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    """The mean long summary of each item, of unit length.

    Args:
        summaries: (n, K, C), normalised.
        items: (n,) int64, the item of each row.

    Returns:
        (k, C) for the items, and the place (n,) in it for each row.
    """
    numbers, place = torch.unique(items.to(summaries.device), return_inverse=True)
    means = summaries.new_zeros(len(numbers), summaries.shape[2]).index_add_(0, place, summaries[:, 0])
    return torch.nn.functional.normalize(means, dim=1), place
