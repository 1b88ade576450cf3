"""Reading a memory: familiarity, the gate, completion and provenance at each token.

Every position's cue is compared with the stored ones (``recall.py``). The best match says how familiar the position is
and where it comes from. With the gate, an unfamiliar position reads nothing at all, so that its logits are those of the
untouched model, bit for bit. With completion, the best match's address is read instead of the position's own: a partial
cue is completed to the stored pattern, as the hippocampal area CA3 is thought to do (Marr 1971; McNaughton and Morris
1987). The cues then act as an index, though the values live in S alone. Without both, the read is pure: S and nothing
else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.sentences import sentences_of
from bdh_workbench.memory.settings import ReadSettings
from bdh_workbench.memory.store.banks import Router, SlowMemory
from bdh_workbench.memory.store.state import Memory, bind
from bdh_workbench.model.loading import Model
from bdh_workbench.model.network import NetworkState, Trace
from bdh_workbench.model.write_site import SummaryState
from bdh_workbench.reading.questions import QuestionReader
from bdh_workbench.reading.recall import EVEN, Recall
from bdh_workbench.reading.strength import strength
from bdh_workbench.reading.verbatim import Repeated, Spoken, Verbatim, gone_on, stored_stretches, told_nats
from bdh_workbench.reading.words import KNOWN_BEFORE, Lexicon, Sentence, sentences_said

__all__ = ["PURE", "UNTOUCHED", "ReadSettings", "Reader", "ReaderState", "Reading"]


PURE = ReadSettings(gate=False, completion=False)
UNTOUCHED = ReadSettings(written=False)


@dataclass(frozen=True, slots=True)
class ReaderState:
    """What a reader keeps between tokens.

    Attributes:
        network: of the backbone.
        summaries: of the write site.
        rows: (B,) int64 on the CPU, the row matched at the last token as a place in ``Reader.numbers``, -1 for none.
        recent: (B, r) int64, the last tokens, at most ``KNOWN_BEFORE``.
        familiarity: (B,) fp32 on the CPU, of the match at the last token.
        spoken: of each sequence, what its last words repeat (``verbatim.py``); empty at the beginning of a text.
    """

    network: NetworkState
    summaries: SummaryState
    rows: Tensor
    recent: Tensor
    familiarity: Tensor
    spoken: tuple[tuple[Spoken, ...], ...] = ()

    @staticmethod
    def behind(ids: Tensor, network: NetworkState, summaries: SummaryState, before: ReaderState | None) -> ReaderState:
        """The state in which network and site have read ids (B, T) after ``before``, and nothing was matched yet."""
        if before is None:
            return ReaderState(network, summaries, torch.full((len(ids),), -1), ids[:, :0], torch.zeros(len(ids)))
        return ReaderState(network, summaries, before.rows, before.recent, before.familiarity, before.spoken)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at B x T tokens.

    Attributes:
        stream: (B, T, D), with the read added: ``network.logits`` of it are the logits.
        untouched: (B, T, D), without it.
        raw: (B, T, K, C), the content summaries.
        familiarity: (B, T) fp32 on the CPU, of the best match; 0 with nothing stored.
        rows: (B, T) int64 on the CPU, the row read, -1 where the gate is closed.
        share: (B, T) fp32 on the CPU, norm of what was added over norm of the stream.
        state: after the last token.
    """

    stream: Tensor
    untouched: Tensor
    raw: Tensor
    familiarity: Tensor
    rows: Tensor
    share: Tensor
    state: ReaderState


@dataclass(slots=True)
class _Shelf:
    """What readers of one memory share, made when it is needed: a question needs little of it."""

    recall: Recall | None = None
    verbatim: Verbatim | None = None
    facts: Verbatim | None = None
    router: Router | None = None


def made_recall(model: Model, memory: Memory, enabled: Tensor) -> Recall:
    """The enabled rows (m,) of a memory, ready to be matched."""
    rows, site = memory.rows, model.site
    place = torch.full((len(rows) + 1,), -1, dtype=torch.int64)
    place[enabled] = torch.arange(len(enabled))
    stored = rows.cues[enabled].to(model.device, torch.float32)
    items = rows.items[enabled].long()
    texts: dict[int, list[str]] = {}
    said: list[Sentence] = []
    lexicon = Lexicon.of(site, model.tokenizer)
    for number in torch.unique(items).tolist():
        item = memory.items[number]
        if item.kind == "document" and item.text is not None:
            texts[number] = sentences_of(item.text)
            said += sentences_said(number, texts[number], lexicon, model.tokenizer)
        elif item.kind == "fact" and item.prompt:
            said += sentences_said(number, [item.prompt], lexicon, model.tokenizer, item.answer)
    return Recall(
        site,
        stored.view(len(enabled), -1, model.config.code_width),
        items,
        {number for number, item in enumerate(memory.items) if item.kind == "document"},
        rows.sentences[enabled].long(),
        place[rows.following[enabled].long()].tolist(),
        rows.tokens[enabled].tolist(),
        said,
        lexicon,
        model.judges,
        texts,
        model.likeness,
    )


class Reader:
    """A model with a memory, or none, mounted on it."""

    def __init__(self, model: Model, memory: Memory | None = None, settings: ReadSettings | None = None) -> None:
        """Mount a memory.

        Raises:
            UserError: when the memory belongs to another model.
        """
        self.model, self.memory, self.settings = model, memory, settings or ReadSettings()
        self.threshold = EVEN
        self.slow: SlowMemory | None = None
        self.questions: QuestionReader | None = None
        if memory is not None and memory.model != model.fingerprint:
            raise UserError(
                f"This memory was written with the model {memory.model_name} ({memory.model[:8]}), but "
                f"{model.name} ({model.fingerprint[:8]}) is loaded: load its own model first."
            )
        if memory is not None and len(memory.rows):
            bind(memory, model.site)
            enabled = memory.enabled_rows()
            self.numbers = enabled  # of the rows that can be matched
            if not len(enabled):
                return  # every layer is switched off: there is nothing to read
            self.slow = SlowMemory(memory, model.device)
            self.questions = QuestionReader(model, memory, self.slow)
            self._shelf = _Shelf()

    @property
    def recall(self) -> Recall:
        """What finds the row of a position; made when it is first asked for."""
        assert self.memory is not None
        if self._shelf.recall is None:
            self._shelf.recall = made_recall(self.model, self.memory, self.numbers)
        return self._shelf.recall

    @property
    def verbatim(self) -> Verbatim:
        """What recognises stored texts word for word; made when it is first asked for."""
        if self._shelf.verbatim is None:
            self._shelf.verbatim = self._made_verbatim(documents=True)
        return self._shelf.verbatim

    def _made_verbatim(self, documents: bool) -> Verbatim:
        assert self.memory is not None
        site, tokenizer = self.model.site, self.model.tokenizer
        stored = stored_stretches(self.memory, self.model, self.numbers.tolist(), documents)
        if stored and documents:
            stored = gone_on(stored, self.recall.following, self.recall.tokens)
        texts = enumerate(map(tokenizer.token_bytes, range(tokenizer.vocab_size)))
        breaks = [token for token, text in texts if text.isspace() and b"\n" in text]
        return Verbatim(stored, site.same_as.tolist(), told_nats(site), breaks)

    @property
    def router(self) -> Router:
        """What chooses the bank of a pure read; made when it is first asked for."""
        assert self.memory is not None
        if self._shelf.router is None:
            width = self.model.config.code_width
            self._shelf.router = Router(self.memory.rows, self.numbers, width, self.model.device)
        return self._shelf.router

    def says_word_for_word(self, ids: Sequence[int]) -> int:
        """The item that token ids end by repeating, from its first token on and at some length; -1 for none."""
        if self.empty or self.memory is None:
            return -1
        spoken, _ = self.verbatim.read(ids)
        repeated = self.verbatim.repeated(spoken[-1]) if spoken else None
        return int(self.memory.rows.items[self.numbers[repeated.rows[0]]]) if repeated else -1

    def says_fact(self, ids: Sequence[int]) -> bool:
        """Whether token ids end with the prompt of a stored fact."""
        if self.empty:
            return False
        # Where no fact alone is met, none is met among documents, and the tree of these is long in the making.
        if self._shelf.facts is None:
            self._shelf.facts = self._made_verbatim(documents=False)
        spoken, _ = self._shelf.facts.read(ids)
        if not spoken or self._shelf.facts.repeated(spoken[-1]) is None:
            return False
        item = self.says_word_for_word(ids)
        return item >= 0 and self.memory is not None and self.memory.items[item].kind == "fact"

    def prepare(self) -> bool:
        """Make a part of what a question needs, for a tenth of a second or so; returns whether there is more to make.

        The index over the sentences comes first, and then the banks that have room beside each other.
        """
        if self.slow is None or self.questions is None or not self.questions.ready:
            return False
        return self.questions.prepare() or self.slow.prepare(self.numbers)

    def with_settings(self, settings: ReadSettings) -> Reader:
        """The same memory read in another way, sharing all tensors."""
        other = object.__new__(Reader)
        other.__dict__.update(self.__dict__)
        other.settings = settings
        return other

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return self.slow is None or not self.settings.written

    @torch.no_grad()
    def advance(self, ids: Tensor, state: ReaderState | None = None, trace: Trace | None = None) -> Reading:
        """Read tokens ids (B, T) int64 after those that made ``state``; fill a trace of the network when given."""
        stream, network = self.model.network.advance(ids, state.network if state else None, trace)
        raw, summaries = self.model.site.summaries(ids, state.summaries if state else None)
        return self.read(ids, stream, raw, ReaderState.behind(ids, network, summaries, state))

    @torch.no_grad()
    def read(self, ids: Tensor, stream: Tensor, raw: Tensor, state: ReaderState) -> Reading:
        """Read where the network has been already: the second half of ``advance``.

        Args:
            ids: (B, T) int64.
            stream: (B, T, D), of the network.
            raw: (B, T, K, C), the content summaries.
            state: as ``ReaderState.behind`` makes it.
        """
        batch, length = ids.shape
        if self.empty:
            none = torch.zeros(batch, length)
            rows = torch.full((batch, length), -1)
            return Reading(stream, stream, raw, none, rows, none, state)
        normalised, evidence = self.model.site.normalised(raw), self.model.site.evidence(raw)
        threshold = self.threshold if self.settings.gate else -1.0
        repeated, spoken = self._repeated(ids, state)
        familiarity, places = self.recall.match(
            ids, normalised, evidence, state.rows, threshold, state.recent, repeated, state.familiarity
        )
        added = self.model.site.gate * self._read(normalised, places)
        open_ = places >= 0
        if self.settings.gate:
            open_ &= familiarity >= self.threshold
            # A closed gate adds an exact zero, which leaves every bit of the stream as it was.
            factor = torch.zeros_like(familiarity, device=added.device)
            here = open_.to(added.device)
            sure = familiarity.to(added.device)[here]
            factor[here] = strength(self.model.network, stream[here], added[here], sure)
            added = torch.where(here.unsqueeze(-1), added * factor.unsqueeze(-1), 0.0)
        share = (added.norm(dim=-1) / stream.norm(dim=-1)).cpu()
        rows = torch.where(open_, self.numbers[places.clamp(min=0)], -1)
        # A match that the gate closed is nothing to continue from, in the next call as in this one.
        last = torch.where(familiarity[:, -1] >= threshold, places[:, -1], -1)
        recent = torch.cat((state.recent, ids), dim=1)[:, -KNOWN_BEFORE:]
        after = ReaderState(state.network, state.summaries, last, recent, familiarity[:, -1], spoken)
        return Reading(stream + added, stream, raw, familiarity, rows, share, after)

    def _repeated(
        self, ids: Tensor, state: ReaderState
    ) -> tuple[list[list[Repeated | None]], tuple[tuple[Spoken, ...], ...]]:
        """What is read word for word, place by place of ids (B, T); what may go on after the last."""
        found, going = [], []
        for number, tokens in enumerate(ids.tolist()):
            spoken, open_ = self.verbatim.read(tokens, state.spoken[number] if state.spoken else None)
            found.append([self.verbatim.repeated(here) for here in spoken])
            going.append(open_)
        return found, tuple(going)

    def logits(self, reading: Reading) -> Tensor:
        """Scores (B, T, V) of the next token."""
        return self.model.network.logits(reading.stream)

    def _read(self, normalised: Tensor, places: Tensor) -> Tensor:
        assert self.slow is not None
        if self.settings.completion:
            return self.slow.stored(self.numbers[places.flatten()]).view(*places.shape, -1).to(normalised.device)
        return self.slow.read(self.model.site.addresses(normalised), self.router.banks(normalised))
