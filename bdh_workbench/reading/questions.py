"""Answering a question from a memory: evidence finds sentences, the memory recites them, the reader marks the answer.

In the terms of complementary learning systems, the slow memory replays and a fast system reads what is replayed. The
index finds, the slow memory recites, the reader reads: the words that are read come from S, free-running
(``recital.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.inputs.sentences import headings, sentences_of
from bdh_workbench.memory.store.banks import SlowMemory
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.asker import Asker, against_none, has_asker, load_asker, scores_of
from bdh_workbench.reading.network import pairs_of
from bdh_workbench.reading.recital import Recital, Stretch, stretches
from bdh_workbench.reading.sentence_evidence import READ_EVIDENCE, Array, Place, SentenceIndex, points_back
from bdh_workbench.reading.units import Unit, numbers_of, other_number, spans, unit, units
from bdh_workbench.reading.words import words_of

CERTAIN = 15.0  # nats beyond which a reader is as sure as it can be
UNITS_BEFORE, UNITS_AFTER = frozenset('$£€¥#@~"“\u2018«„(['), frozenset('%°"”’»)]€')
BRACKETS = {"(": ")", "[": "]", "“": "”", "«": "»"}
HYPHENS = frozenset("-–\u2010\u2011")
RECITED = 8  # sentences recited for a question: 97% of people's questions have theirs among so many (docs/asking.md)
# Nats of the judge's score below the best from which on a sentence is not recited, as it may need a bank that was not
# made yet: of 353 people's questions with their sentence among the best eight of 978, none lost it (with 4, three
# did), and 5.3 sentences were recited for each.
UNLIKELY = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """A stored sentence that may answer a question.

    Attributes:
        place: where it stands.
        row: a row of the memory in it, for its source.
        text: as it was recited.
        kept: the stored text if it differs from that; None if they agree or no text is kept.
        p: probability that it answers.
        span: (start, end) of the answer in characters of ``text``.
        span_p: probability of that answer, if it is this sentence that answers.
        why: (name, value, contribution to the score) of the evidence, the most telling first.
        turned: whether the question contains the answer of a fact, and so asks for its subject.
    """

    place: Place
    row: int
    text: str
    kept: str | None
    p: float
    span: tuple[int, int]
    span_p: float
    why: tuple[tuple[str, float, float], ...]
    turned: bool = False

    @property
    def answer(self) -> str:
        """The words that answer."""
        return self.text[slice(*self.span)]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a memory has to say to a question.

    Attributes:
        found: candidates, the most probable first.
        p: probability that any of them answers.
        answered: whether that is enough for an answer.
    """

    found: tuple[Found, ...]
    p: float
    answered: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known about a memory that has been asked.

    Attributes:
        asker: of its model.
        stretches: its sentences and facts.
        kept: their texts, None for one whose words were not kept.
        index: of them.
        headings: (S,) whether each is a heading, which is evidence for its text but no answer.
    """

    asker: Asker
    stretches: tuple[Stretch, ...]
    kept: tuple[str | None, ...]
    index: SentenceIndex
    headings: npt.NDArray[np.bool_]


class QuestionReader:
    """A memory that can be asked questions; the first question prepares it."""

    def __init__(self, model: Model, memory: Memory, slow: SlowMemory) -> None:
        """Take a memory with its slow memory."""
        self.model, self.memory = model, memory
        self._recital = Recital(model, memory, slow)
        self._known: _Known | None = None
        self._answers: set[frozenset[str]] | None = None  # the words of facts' answers

    @property
    def ready(self) -> bool:
        """Whether the model has a reader."""
        return has_asker(self.model.folder)

    def known(self, checkpoint: Callable[[], None] = lambda: None) -> _Known:
        """The sentences of the memory, indexed; one without its words is recited from beginning to end for it."""
        if self._known is None:
            self._known = self._learn(load_asker(self.model.folder), checkpoint)
        return self._known

    def prepare(self) -> bool:
        """Index the sentences if that has not been done and their words were kept; returns whether that was so."""
        if self._known is not None or any(item.text is None and not item.prompt for item in self.memory.items):
            return False
        self.known()
        return True

    def _learn(self, asker: Asker, checkpoint: Callable[[], None]) -> _Known:
        memory, found = self.memory, stretches(self.memory)
        cut: dict[int, tuple[list[str], set[int]]] = {}  # of each item the sentences, and which are headings
        kept: list[str | None] = []
        titles = np.zeros(len(found), dtype=bool)
        for number, stretch in enumerate(found):
            item = memory.items[stretch.item]
            if item.kind == "fact":
                kept.append(_statement(item.prompt, item.answer) if item.prompt else None)
            elif item.text is None:
                kept.append(None)
            else:
                if stretch.item not in cut:
                    sentences = sentences_of(item.text)
                    cut[stretch.item] = sentences, headings(sentences)
                sentences, above = cut[stretch.item]
                kept.append(sentences[stretch.sentence] if stretch.sentence < len(sentences) else None)
                titles[number] = stretch.sentence in above
        missing = [number for number, text in enumerate(kept) if text is None]
        texts = [text or "" for text in kept]
        recited = self._recital.recite([found[number] for number in missing], checkpoint=checkpoint)
        for number, one in zip(missing, recited, strict=True):
            texts[number] = one.text
        index = SentenceIndex(
            [Place(stretch.item, stretch.sentence) for stretch in found],
            texts,
            {number: item.title if item.kind == "document" else "" for number, item in enumerate(memory.items)},
            asker.numbers,
            asker.vectors,
            asker.rarity,
        )
        return _Known(asker, tuple(found), tuple(kept), index, titles)

    def says_an_answer(self, text: str) -> bool:
        """Whether a text contains all words of the answer of some fact."""
        if self._answers is None:
            answers = (frozenset(words_of(item.answer)) for item in self.memory.items if item.kind == "fact")
            self._answers = {words for words in answers if words}
        said = words_of(text)
        return any(words <= said for words in self._answers)

    def ask(self, question: str, last: Place | None = None, checkpoint: Callable[[], None] = lambda: None) -> Findings:
        """Answer a question.

        Args:
            question: in a person's own words, or a statement with a gap.
            last: where the answer before came from, for a question that only says "it" or "she".
            checkpoint: called now and then; what it raises ends the asking.
        """
        known, asked = self.known(checkpoint), units(question)
        if not asked or known.headings.all():
            return Findings((), 0.0, False)
        asker = known.asker
        evidence = known.index.evidence(asked, last)
        scores = np.where(known.headings, -np.inf, scores_of(asker.sentences, evidence))
        best = np.argsort(-scores, kind="stable")[:RECITED]
        chosen = best[scores[best] >= scores[best[0]] - UNLIKELY].tolist()
        leads = [known.index.lead(number) for number in chosen]
        leads = [None if lead is None or known.headings[lead] else lead for lead in leads]
        wanted = list(dict.fromkeys([*chosen, *(lead for lead in leads if lead is not None)]))
        prompts = [self.memory.items[known.stretches[number].item].prompt for number in wanted]
        recited = self._recital.recite([known.stretches[number] for number in wanted], prompts, checkpoint)
        texts, facts = dict[int, str](), dict[int, tuple[int, int] | None]()
        for number, prompt, one in zip(wanted, prompts, recited, strict=True):
            text = texts[number] = _statement(prompt, one.text) if prompt else one.text
            facts[number] = (len(text) - len(one.text), len(text)) if prompt else None
        passages = passages_of(chosen, leads, texts, facts)
        answers, read = read_sentences(asker, asked, passages)
        whole = np.concatenate((evidence[chosen], read), axis=1)
        scores = scores_of(asker.answers, whole)
        items = [known.stretches[number].item for number in chosen]
        p = against_none(np.where(self._says_other(question, items), -np.inf, scores))
        found: dict[tuple[int, tuple[int, int]], Found] = {}
        for place in np.argsort(-p, kind="stable").tolist():
            number, lead, (span, span_p) = chosen[place], leads[place], answers[place]
            if lead is not None and span[1] <= passages[place].lead:
                number = lead
            else:
                span = span[0] - passages[place].lead, span[1] - passages[place].lead
            kept, text, stretch = known.kept[number], texts[number], known.stretches[number]
            candidate = Found(
                place=Place(stretch.item, stretch.sentence),
                row=stretch.rows[0],
                text=text,
                kept=kept if kept is not None and kept.split() != text.split() else None,
                p=float(p[place]),
                span=span,
                span_p=span_p,
                why=asker.answers.explain(torch.from_numpy(whole[place])),
                turned=bool(read[place, READ_EVIDENCE.index("gives the answer")]),
            )
            found.setdefault((number, span), candidate)  # which another that points to this sentence may give too
        any_of_them = float(p.sum())
        return Findings(tuple(found.values()), any_of_them, any_of_them >= asker.answers.threshold)

    def _says_other(self, question: str, items: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Whether the question says another number than each item, if that is a fact."""
        asked, facts = numbers_of(question), [self.memory.items[item] for item in items]
        return np.array([other_number(asked, numbers_of(one.prompt), numbers_of(one.answer)) for one in facts])


@dataclass(frozen=True, slots=True)
class Passage:
    """What is read for a question: a sentence, with the one before it where it points back to that.

    Attributes:
        text: all of it.
        lead: characters of the sentence before, with the space after it.
        fact: where a fact's own answer stands, in characters; None for a sentence of a document.
    """

    text: str
    lead: int = 0
    fact: tuple[int, int] | None = None


def passages_of(
    numbers: Sequence[int],
    leads: Sequence[int | None],
    texts: Mapping[int, str],
    facts: Mapping[int, tuple[int, int] | None],
) -> list[Passage]:
    """Sentences as they are read.

    Args:
        numbers: of the sentences.
        leads: of the one before each that is read with it.
        texts: by number.
        facts: by number where a fact's own answer stands in its text.
    """
    before = [f"{texts[lead]} " if lead is not None else "" for lead in leads]
    return [Passage(b + texts[n], len(b), facts[n]) for n, b in zip(numbers, before, strict=True)]


def read_sentences(
    asker: Asker, question: Sequence[Unit], passages: Sequence[Passage]
) -> tuple[list[tuple[tuple[int, int], float]], Array]:
    """Read a question with each of some passages.

    Args:
        asker: whose network reads.
        question: its units.
        passages: to be read.

    Returns:
        For each passage the answer's span in characters with its probability among all that could be the answer, if
        that passage answers; and the evidence (n, len(READ)).
    """
    network, texts = asker.network, [one.text for one in passages]
    cut = [spans(text) for text in texts]
    known = [[unit(text[start:end]) for start, end in places] for text, places in zip(texts, cut, strict=True)]
    longest = network.config.longest
    question = question[: network.config.context // 2]
    with torch.no_grad():
        scores = network(pairs_of([(question, sentence) for sentence in known], asker.numbers, network.config))
    log_p, none = scores.log_probabilities()
    begin = len(question) + 1
    whole = torch.logsumexp(log_p.flatten(1), dim=1)
    evidence = np.zeros((len(texts), len(READ_EVIDENCE)), dtype=np.float32)
    evidence[:, 0] = (whole - none).clamp(-CERTAIN, CERTAIN).numpy()
    said = {u.stem for u in question if u.word}
    answers = []
    for number, (text, places) in enumerate(zip(texts, cut, strict=True)):
        fact, lead = passages[number].fact, passages[number].lead
        allowed = _whole(text, places, longest, lead)
        repeats = False
        if fact is not None:
            own = [u.stem for u, (start, _) in zip(known[number], places, strict=True) if start >= fact[0] and u.word]
            # "Who ... the answer?" asks a fact the other way round.
            repeats = bool(own) and sum(stem in said for stem in own) > len(own) / 2
            evidence[number, 1:] = 1.0, float(repeats)
            if repeats:
                allowed &= torch.tensor([[end <= fact[0]] for _, end in places])
        if fact is not None and not repeats:
            answers.append((fact, 1.0))
            continue
        inside = torch.full_like(allowed, -torch.inf, dtype=log_p.dtype)
        part = log_p[number, begin : begin + len(places)]
        inside[: len(part)] = part
        inside = inside.masked_fill(~allowed, -torch.inf).flatten()
        best, place = inside.max(0)
        if not bool(best.isfinite()):
            answers.append(((lead, len(text)), 0.0))
            continue
        first, more = divmod(int(place), longest)
        answers.append(((places[first][0], places[first + more][1]), float((best - inside.logsumexp(0)).exp())))
    return answers, evidence


def _whole(text: str, places: Sequence[tuple[int, int]], longest: int, lead: int) -> Tensor:
    """Which stretches of a text's units can be an answer: (n, longest) bool.

    An answer begins and ends with a word, a number or a mark that belongs to one; it cuts no compound at its hyphen and
    leaves no bracket or quotation open. It stands in one sentence, where the first is ``lead`` characters long, and
    says more than "he" or "this".
    """
    count = len(places)
    begins, ends = [], []
    for start, end in places:
        word = any(character.isalnum() for character in text[start:end])
        possessive = text[start:end].lower() in ("'s", "’s")
        glued = start > 1 and text[start - 1] in HYPHENS and not text[start - 2].isspace()
        begins.append((word and not possessive and not glued) or text[start:end] in UNITS_BEFORE)
        glued = text[end : end + 1] in HYPHENS and bool(text[end + 1 : end + 2].strip()) and end < len(text)
        ends.append((word and not possessive and not glued) or text[start:end] in UNITS_AFTER)
    # How many brackets and quotation marks of each kind are open before each unit, and after the last.
    marks = [text[start:end] for start, end in places]
    depths = [[(mark == opening) - (mark == closing) for mark in marks] for opening, closing in BRACKETS.items()]
    depths.append([mark == '"' for mark in marks])
    open_ = F.pad(torch.tensor(depths).cumsum(1), (1, 0))  # (kinds, n + 1)
    open_[-1] %= 2
    first = torch.arange(count)[:, None]
    last = first + torch.arange(longest)  # (n, longest)
    inside = last < count
    last = last.clamp(max=count - 1)
    closed = (open_[:, last + 1] == open_[:, first]).all(0)
    second = torch.tensor([start >= lead for start, _ in places])
    whole = torch.tensor(begins)[:, None] & torch.tensor(ends)[last] & inside & closed
    whole &= second[:, None] == second[last]
    whole[:, 0] &= torch.tensor([not points_back(unit(text[start:end])) for start, end in places])
    return whole


def _statement(prompt: str, answer: str) -> str:
    """A fact as a sentence."""
    return f"{prompt.rstrip()} {answer.strip()}"
