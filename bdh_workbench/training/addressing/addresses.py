"""How good addresses are, measured in seconds, without the network and without writing; this predicts recall.

A memory is made of the rows that synthetic facts or documents would store. Rewordings and cold questions are matched
as a reader matches them (``memory.recall``). Every figure is a share from 0 to 1, and more is better:

- facts: ``nearest``: the row matched at the end of a paraphrase begins the answer of its own fact; ``statement``: the
  same among the ends of the statements alone; ``answers``: every token of the answer is met by a row that goes on with
  it; ``found_1`` and ``found_01``: matched more closely than 99% and 99.9% of the positions of held-out text;
  ``pure``: what a ridge read without completion gives most weight to is the right token; ``pure_weight``: how much;
- hard facts: the same for synonyms and questions, which share few words with the statement;
- documents: ``nearest``: the row matched at the end of a probe begins the answer in the right sentence; ``told_apart``:
  stored positions whose address differs from that of every row that continues differently, a proxy for retention: two
  positions with one address cannot both be kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bdh_workbench.inputs.items import Fact, Probe, TextDocument
from bdh_workbench.inputs.sentences import sentence_spans, sentences_of
from bdh_workbench.memory.store.batches import padded_batches
from bdh_workbench.memory.writing.encoding import WriteItem, answer_ids, document_items, fact_items
from bdh_workbench.model.likeness import Likeness
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.recall import Recall
from bdh_workbench.reading.words import Lexicon, Sentence, sentences_said
from bdh_workbench.training.synthetic import documents, facts, hard_facts

REPORT_SIZES = (200, 100, 8)  # facts, hard facts and documents of a report
REPORT_WINDOWS = (64, 128)  # windows of held-out text, and their length in tokens
REPORTED_ACCEPTS = {"found_1": 0.01, "found_01": 0.001}
SAME_ADDRESS = 0.98  # cosine of two addresses from which they count as the same
COMPARED = 1200  # stored positions whose addresses are compared with each other
PURE_READ_RIDGE = 0.02  # of the pure read, against addresses of unit length
CHUNK_TOKENS = 256  # tokens of a document's chunk
STRANGER_BATCH = 8  # windows matched at once
# The measures whose mean decides between two settings of the addresses.
DECIDING = (
    "facts_nearest",
    "facts_answers",
    "facts_found_1",
    "facts_found_01",
    "facts_pure",
    "hard_nearest",
    "documents_nearest",
    "documents_answers",
    "documents_found_01",
    "documents_told_apart",
)


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The rows (n) of a memory as in ``memory.store.state.Rows``, without their values.

    Attributes:
        normalised: (n, K, C), whitened summaries.
        recall: finds a row for a cue.
        targets: (n,) int64, the token that follows.
        items: (n,) int64, index of the fact or document.
        sentences: (n,) int64.
        begins: (n,) bool, the first row of its write item.
    """

    normalised: Tensor
    recall: Recall
    targets: Tensor
    items: Tensor
    sentences: Tensor
    begins: Tensor


def normalised_at(site: WriteSite, sequences: Sequence[Sequence[int]], firsts: Sequence[int]) -> list[Tensor]:
    """Whitened summaries (length - first, K, C) of each sequence from position ``first`` on."""
    parts = summaries_at(site, sequences, firsts)
    # All at once: gradients of many small calls would take far longer.
    return list(torch.split(site.normalised(torch.cat(parts)), [len(part) for part in parts]))


def summaries_at(site: WriteSite, sequences: Sequence[Sequence[int]], firsts: Sequence[int]) -> list[Tensor]:
    """Content summaries (length - first, K, C) of each sequence from position ``first`` on."""
    summaries: list[Tensor] = [torch.empty(0)] * len(sequences)
    for batch in padded_batches([len(s) for s in sequences]):
        longest = max(len(sequences[i]) for i in batch)
        ids = torch.tensor([[*sequences[i], *(0,) * (longest - len(sequences[i]))] for i in batch])
        raw, _ = site.summaries(ids.to(site.codes.device))
        counts = [len(sequences[i]) - firsts[i] for i in batch]
        # One gather for the batch: gradients of many slices would each fill a whole batch with zeros.
        chosen = torch.cat(
            [torch.arange(firsts[i], len(sequences[i])) + place * longest for place, i in enumerate(batch)]
        )
        for index, part in zip(batch, torch.split(raw.flatten(0, 1)[chosen.to(raw.device)], counts), strict=True):
            summaries[index] = part
    return summaries


def stored_rows(
    site: WriteSite,
    items: Sequence[WriteItem],
    documents: Collection[int] = (),
    words: Words | None = None,
) -> StoredRows:
    """The rows that a write of these items stores.

    Args:
        site: calibrated.
        items: in the order of their sources.
        documents: the sources that are documents and not facts.
        words: what is known of the words of the sources, where these are to count.
    """
    normalised = torch.cat(normalised_at(site, [i.ids[:-1] for i in items], [i.first - 1 for i in items]))
    counts = torch.tensor([len(item.ids) - item.first for item in items])
    ends = counts.cumsum(0)
    following = torch.arange(1, int(ends[-1]) + 1)
    following[ends - 1] = -1
    begins = torch.zeros(len(following), dtype=torch.bool)
    begins[ends - counts] = True
    targets = torch.tensor([t for item in items for t in item.ids[item.first :]])
    owners = torch.repeat_interleave(torch.tensor([item.source for item in items]), counts)
    sentences = torch.tensor([s for item in items for s in item.sentences[item.first :]])
    known = words or Words()
    recall = Recall(
        site,
        normalised,
        owners,
        set(documents),
        sentences,
        following.tolist(),
        targets.tolist(),
        known.said,
        known.lexicon,
        {},  # plain judges
        known.texts,
        known.likeness,
    )
    return StoredRows(normalised, recall, targets, owners, sentences, begins)


@dataclass(frozen=True, slots=True)
class Words:
    """What a reader knows besides the rows themselves.

    Attributes:
        said: the words of facts and of sentences of documents.
        lexicon: of the site.
        texts: the sentences of documents.
        likeness: its word vectors.
    """

    said: Sequence[Sentence] = ()
    lexicon: Lexicon | None = None
    texts: Mapping[int, Sequence[str]] = field(default_factory=dict)
    likeness: Likeness | None = None

    @staticmethod
    def of(
        site: WriteSite,
        tokenizer: Tokenizer,
        facts: Sequence[Fact],
        documents: Sequence[TextDocument] = (),
        likeness: Likeness | None = None,
    ) -> Words:
        """Those of facts, and of documents numbered after them."""
        lexicon, said = Lexicon.of(site, tokenizer), []
        for number, fact in enumerate(facts):
            said += sentences_said(number, [fact.prompt], lexicon, tokenizer, fact.answer)
        texts = {len(facts) + number: sentences_of(document.text) for number, document in enumerate(documents)}
        for number, sentences in texts.items():
            said += sentences_said(number, sentences, lexicon, tokenizer)
        return Words(said, lexicon, texts, likeness)


@dataclass(frozen=True, slots=True)
class Matched:
    """How prompts (q) with their answers are matched.

    Attributes:
        rows: for each prompt (a,) int64, the row matched before each token of the answer, given those before it.
        familiarity: (q,), at the end of the prompt.
        normalised: (q, K, C), at the end of the prompt.
    """

    rows: list[Tensor]
    familiarity: Tensor
    normalised: Tensor

    @property
    def ends(self) -> Tensor:
        """Rows (q,) matched at the end of the prompt."""
        return torch.stack([rows[0] for rows in self.rows])


@torch.no_grad()
def match_answers(site: WriteSite, rows: StoredRows, asked: Sequence[tuple[list[int], list[int]]]) -> Matched:
    """Match prompts with their answers, given the true tokens, as a reader does."""
    chosen, familiarity, ends = [], [], []
    sequences = [[*prompt, *answer[:-1]] for prompt, answer in asked]
    features = summaries_at(site, sequences, [0] * len(asked))
    for (prompt, _), ids, raw in zip(asked, sequences, features, strict=True):
        normalised, none = site.normalised(raw), torch.tensor([-1])
        values, places = rows.recall.match(torch.tensor([ids]), normalised[None], site.evidence(raw)[None], none)
        chosen.append(places[0, len(prompt) - 1 :])
        familiarity.append(values[0, len(prompt) - 1])
        ends.append(normalised[len(prompt) - 1])
    return Matched(chosen, torch.stack(familiarity), torch.stack(ends))


@torch.no_grad()
def held_out_familiarity(site: WriteSite, rows: StoredRows, held_out: npt.NDArray[np.int64]) -> Tensor:
    """Familiarity (positions,) at each position of windows of held-out text."""
    length = min(REPORT_WINDOWS[1], len(held_out))
    count = min(REPORT_WINDOWS[0], len(held_out) // length)
    starts = np.linspace(0, len(held_out) - length, count).astype(int)
    windows = torch.from_numpy(np.stack([held_out[start : start + length] for start in starts]).astype(np.int64))
    parts = []
    for part in torch.split(windows, STRANGER_BATCH):
        raw, none = site.summaries(part)[0], torch.full((len(part),), -1)
        # Nothing is gone on from: each position by itself.
        parts.append(
            rows.recall.match(part, site.normalised(raw), site.evidence(raw), none, threshold=2.0)[0].flatten()
        )
    return torch.cat(parts)


@torch.no_grad()
def address_report(
    site: WriteSite,
    tokenizer: Tokenizer,
    held_out: npt.NDArray[np.int64],
    seed: int,
    split: str = "dev",
    sizes: tuple[int, int, int] = REPORT_SIZES,
    two_level: bool = True,
    sentence_words: bool = True,
) -> dict[str, float]:
    """Measure a calibrated site on synthetic facts, hard facts and documents.

    Args:
        site: with tokens, whitening and threshold fitted; on the CPU.
        tokenizer: of the model.
        held_out: token ids (n,) of text that nothing was fitted on.
        seed: of the facts and documents.
        split: of the synthetic data: ``train``, ``dev`` or ``test``.
        sizes: how many facts, hard facts and documents.
        two_level: whether the place in a document is sought by itself, as a reader does; for ablation.
        sentence_words: whether the words of its sentences count there; for ablation.

    Returns:
        Shares by name, as the module's docstring explains them, and ``score``, the mean of ``DECIDING``.
    """
    report = {
        f"facts_{k}": v for k, v in _facts_report(site, tokenizer, held_out, facts(sizes[0], seed, split)).items()
    }
    hard = hard_facts(sizes[1], seed, split)
    report |= {f"hard_{k}": v for k, v in _facts_report(site, tokenizer, held_out, hard).items()}
    texts = documents(sizes[2], seed, split)
    words = Words.of(site, tokenizer, (), texts) if sentence_words and two_level else None
    numbers, items = range(len(texts)) if two_level else (), document_items(texts, tokenizer, CHUNK_TOKENS)
    stored = stored_rows(site, items, numbers, words)
    report |= {f"documents_{k}": v for k, v in _documents_report(site, tokenizer, held_out, texts, stored).items()}
    report["score"] = sum(report[name] for name in DECIDING) / len(DECIDING)
    return {name: round(value, 4) for name, value in report.items()}


def mean_report(reports: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of several reports, measure by measure."""
    return {name: round(sum(r[name] for r in reports) / len(reports), 4) for name in reports[0]}


def _facts_report(
    site: WriteSite, tokenizer: Tokenizer, held_out: npt.NDArray[np.int64], written: Sequence[Fact]
) -> dict[str, float]:
    rows = stored_rows(site, fact_items(written, tokenizer, 0))
    mine = torch.tensor([index for index, fact in enumerate(written) for _ in fact.paraphrases])
    asked = [answer_ids(tokenizer, prompt, fact.answer) for fact in written for prompt in fact.paraphrases]
    matched = match_answers(site, rows, asked)
    ends = matched.ends
    starts = rows.begins.nonzero().flatten()
    statements = starts[(site.cues(matched.normalised) @ rows.recall.cues[starts].T).argmax(dim=1)]
    weights = ridge_weights(site, rows.normalised, matched.normalised)
    by_token = torch.zeros(len(asked), tokenizer.vocab_size).index_add_(1, rows.targets, weights)
    wanted = torch.tensor([answer[0] for _, answer in asked])
    return {
        "nearest": _share((rows.items[ends] == mine) & rows.begins[ends]),
        "statement": _share(rows.items[statements] == mine),
        "answers": _answered(rows, matched, asked),
        **_found(site, rows, held_out, matched),
        "pure": _share(by_token.argmax(dim=1) == wanted),
        "pure_weight": float(by_token.gather(1, wanted[:, None]).mean()),
    }


def _documents_report(
    site: WriteSite,
    tokenizer: Tokenizer,
    held_out: npt.NDArray[np.int64],
    written: Sequence[TextDocument],
    rows: StoredRows,
) -> dict[str, float]:
    probes = [(index, probe) for index, document in enumerate(written) for probe in document.probes]
    asked = [answer_ids(tokenizer, probe.prompt, probe.answer) for _, probe in probes]
    # The text continues after an answer, so its end is not asked for.
    asked = [(prompt, answer[:-1]) for prompt, answer in asked]
    matched = match_answers(site, rows, asked)
    right = []
    for (index, probe), (_, answer), row in zip(probes, asked, matched.ends.tolist(), strict=True):
        place = (int(rows.items[row]), int(rows.sentences[row]), int(rows.targets[row]))
        right.append(place == (index, answer_sentence(written[index], probe), answer[0]))
    return {
        "nearest": sum(right) / len(right),
        "answers": _answered(rows, matched, asked),
        **_found(site, rows, held_out, matched),
        "told_apart": _told_apart(site, rows),
    }


def _answered(rows: StoredRows, matched: Matched, asked: Sequence[tuple[list[int], list[int]]]) -> float:
    met = [rows.targets[chosen].tolist() == answer for chosen, (_, answer) in zip(matched.rows, asked, strict=True)]
    return sum(met) / len(met)


def answer_sentence(document: TextDocument, probe: Probe) -> int:
    """The sentence of the document that answers the probe: it has the answer, and most words of the question."""
    text = document.text.strip()
    words = set(probe.prompt.lower().split())
    best, chosen = -1, 0
    for number, (start, stop) in enumerate(sentence_spans(text)):
        sentence = text[start:stop]
        if probe.answer in sentence:
            shared = len(words & set(sentence.lower().replace(",", " ").split()))
            if shared > best:
                best, chosen = shared, number
    return chosen


def _found(site: WriteSite, rows: StoredRows, held_out: npt.NDArray[np.int64], matched: Matched) -> dict[str, float]:
    general = held_out_familiarity(site, rows, held_out)
    return {
        name: _share(matched.familiarity > float(torch.quantile(general, 1.0 - rate)))
        for name, rate in REPORTED_ACCEPTS.items()
    }


def ridge_weights(site: WriteSite, rows: Tensor, asked: Tensor) -> Tensor:
    """Weight (q, n) of each row's value in the pure read of queries (q, K, C): k K^T (K K^T + ridge)^-1."""
    stored = site.addresses(rows)
    system = stored @ stored.T + PURE_READ_RIDGE * torch.eye(len(stored))
    cross = stored @ site.addresses(asked).T  # (n, q)
    return torch.cholesky_solve(cross, torch.linalg.cholesky(system)).T


def _told_apart(site: WriteSite, rows: StoredRows) -> float:
    count = min(COMPARED, len(rows.targets))
    # Of all documents alike, and the same rows whatever is being compared.
    chosen = torch.linspace(0, len(rows.targets) - 1, count).long()
    stored = site.addresses(rows.normalised[chosen])
    cosines = stored @ stored.T
    same = rows.targets[chosen][:, None] == rows.targets[chosen][None, :]
    return _share(cosines.masked_fill(same, -1.0).max(dim=1).values < SAME_ADDRESS)


def _share(flags: Tensor) -> float:
    return float(flags.float().mean())
