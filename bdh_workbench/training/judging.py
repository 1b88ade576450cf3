"""What the judges of rows are fitted on, and the fitting.

Small worlds are made, each a memory that is never written: the rows it would store are all that the evidence needs.

- Facts: invented ones, several about one subject; half of the subjects are named by titles of the corpus. They are
  asked for in other words, by synonyms, by questions and after other text. Against them stand other relations of the
  same subjects, other subjects in the same form, and general text.
- Documents: invented ones with their probes, stretches of the corpus, and the same in alphabets that the tokenizer does
  not know, with and without spaces, so that no language is special. They are asked for by probes, by beginnings and
  middles of their sentences, whole, damaged, and after other text. Against them stands other text of the same alphabet.

A candidate is right if it is of the fact meant, or if its row continues the document with the right token.
"""

from __future__ import annotations

import dataclasses
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.sentences import sentences_of
from bdh_workbench.memory.writing.encoding import answer_ids, document_items, fact_items
from bdh_workbench.model.judge import Judge
from bdh_workbench.model.likeness import Likeness
from bdh_workbench.model.tokenizer import Tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.evidence import cosine_names
from bdh_workbench.reading.recall import CUES, DOCUMENTS, EVEN, FACTS, feature_names
from bdh_workbench.reading.words import KNOWN_BEFORE
from bdh_workbench.training.addressing.addresses import CHUNK_TOKENS, StoredRows, Words, stored_rows
from bdh_workbench.training.corpus import read_corpus
from bdh_workbench.training.synthetic import documents
from bdh_workbench.training.synthetic.distractors import distractor
from bdh_workbench.training.synthetic.names import Entity, entity
from bdh_workbench.training.synthetic.relations import Relation, plain_relations, relations
from bdh_workbench.training.synthetic.statements import Statement, StatementSource

WORLD_ROUNDS, QUICK_ROUNDS = 12, 2  # of worlds
PLAIN_KIND = "plain "  # what the kinds of question about plain relations begin with
OTHER_RELATION, LIKE_SUBJECT = "other relation", "like subject"  # of the last, no share is set: it is counted
# What asks for nothing in particular of a subject: any fact about it answers.
OPEN_PROMPTS = {
    "train": (
        "{e} is known for",
        "{e} became known for",
        "What people say of {e} is",
        "One thing is told of {e}:",
        "Everybody has heard of {e} and",
        "The best-known thing about {e} is",
    ),
    "dev": ("{e} is famous for", "{e} is remembered for", "What is special about {e} is"),
}
# Texts of the corpus; one in so many; their characters.
TEXTS_READ, ONE_TEXT_IN, LEAST_TEXT_CHARACTERS, MOST_TEXT_CHARACTERS = 600, 7, 1500, 60_000
TITLE = re.compile(r"[A-Z][a-z'.-]+(?: (?:[A-Z]?[a-z'.-]+|\d+)){0,4}")  # titles that subjects are named by
# Share that a read may open at, of the positions of each kind that have candidates. Where half of the questions about
# other relations may, 84% of what is asked for is found (dev split), at 35% 78%, at 20% about 67%.
ALLOWED = {"text": 1e-4, "foreign text": 0.01, "same form": 0.1, "other subject": 0.15, OTHER_RELATION: 0.5}
BESIDE_DOCUMENTS = 5e-4  # the same for text beside documents; a third of its positions have candidates
# Facts whose words have vectors are judged without these and without the cosines of cues: with them no more is found of
# invented facts (79 and 83% against 78 and 84%), and other relations of real subjects open half as often again or more.
SPARED = ("item", "margin", "sure", "stored", "answered", "known", "strange")
WORLD_FACTS = (15, 40, 100, 250, 600)  # facts of the worlds, in turn
# Documents of the worlds in turn, and the most characters of their texts: from a note to a book, as the best of many
# rows comes nearer to any text than the best of few. A judge fitted on small worlds alone opened at 4% of the positions
# of other text with 11,000 tokens stored.
WORLD_TEXTS = ((1, 1_600), (1, 60_000), (5, 1_600), (25, 4_000), (2, 1_600), (1, 20_000), (10, 1_600), (6, 10_000))
# Most characters of texts that are stored in other alphabets too, of which each takes many tokens.
MOST_FOREIGN_CHARACTERS = 1_600
ASKED_OF_WORLD = 80  # facts or sentences of a world that are asked for
TEXT_WINDOW, TEXT_WINDOWS = 64, 16  # tokens of a window of general text, and windows put to a memory of documents
# Weight of general text against other questions. Facts: at 2e-4 false accepts 84% of probes are found, with 1 82%.
# Documents up to a book, with so many false accepts as are allowed: 75% of probes are found with 100, and 39% by the
# judge that was fitted with 4 on memories of up to ten documents. By cues alone it is 19% with 4, and 5% with 20.
TEXT_WEIGHTS = {FACTS: 4.0, FACTS + CUES: 4.0, DOCUMENTS: 100.0, DOCUMENTS + CUES: 4.0}
DAMAGE = 0.2  # share of words left out of a damaged stretch
# Of a judge's fit: inner units, steps, and on squared weights.
FIT_HIDDEN, FIT_STEPS, FIT_RATE, FIT_PENALTY = 16, 300, 0.03, 1e-4
ALPHABETS = (0x0430, 0x03B1, 0x0561, 0x10D0, 0x05D0)  # Cyrillic, Greek, Armenian, Georgian, Hebrew
IDEOGRAPHS = (0x4E00, 3000)  # the first, and how many are used

# Of each judge: figures by name, of each kind of question.
Figures = dict[str, dict[str, dict[str, float]]]


@dataclass
class Samples:
    """Candidates, and what they are candidates for.

    Attributes:
        features: (m, n).
        right: (m,) bool.
        group: of each, the name of the kind of question.
        asked: of each, the number of the position.
    """

    features: list[Tensor] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, features: Tensor, right: Sequence[bool], group: str, positions: Sequence[int], count: int) -> None:
        """Candidates (m, n) of ``count`` positions."""
        self.features.append(features)
        self.right += right
        self.group += [group] * len(right)
        self.asked += [self.count + position for position in positions]
        self.count += count

    def table(self) -> Table:
        """All of them in one piece."""
        return Table(torch.cat(self.features), torch.tensor(self.right), self.group, self.asked)


@dataclass(frozen=True)
class Table:
    """Samples in one piece: features (m, n), right (m,) bool, and group and asked as there."""

    features: Tensor
    right: Tensor
    group: Sequence[str]
    asked: Sequence[int]


@dataclass(frozen=True)
class GeneralSource:
    """Text of the corpus for the worlds: documents with titles, none of which anything else is measured on."""

    texts: Sequence[str]
    titles: Sequence[str]


@dataclass(frozen=True)
class _Ground:
    """What all worlds of a split are made with, and where their candidates go."""

    site: WriteSite
    tokenizer: Tokenizer
    likeness: Likeness | None
    general: GeneralSource
    split: str
    seed: int
    samples: dict[str, Samples]


class _Asking:
    """Puts questions to the rows of one world and keeps the candidates."""

    def __init__(self, ground: _Ground, rows: StoredRows) -> None:
        self.site, self.samples, self.rows = ground.site, ground.samples, rows

    def ask(self, ids: Sequence[int], group: str, right: Callable[[int], bool] | None, whole: bool = False) -> None:
        """Weigh the candidates at the last of some tokens, or at all of them."""
        if not ids:
            return
        raw = self.site.summaries(torch.tensor([list(ids)]))[0]
        first = 0 if whole else len(ids) - 1
        raw = raw[:, first:]
        recent = torch.tensor([list(ids[max(0, first - KNOWN_BEFORE) : first])], dtype=torch.int64)
        here = torch.tensor([list(ids[first:])])
        weighed = self.rows.recall.weighed(here, self.site.normalised(raw), self.site.evidence(raw), recent)
        for kind, (positions, rows, features) in weighed.items():
            verdicts = [right is not None and right(row) for row in rows]
            self.samples[kind].add(features, verdicts, group, positions, here.shape[1])


def gather(
    site: WriteSite,
    tokenizer: Tokenizer,
    likeness: Likeness | None,
    general: GeneralSource,
    seed: int,
    split: str,
    rounds: int,
    told: Callable[[int], None] = lambda done: None,
) -> dict[str, Samples]:
    """Candidates for facts and for documents from so many rounds of worlds."""
    samples = {FACTS: Samples(), DOCUMENTS: Samples()}
    ground = _Ground(site, tokenizer, likeness, general, split, seed, samples)
    for number in range(rounds):
        told(number)
        # Each world is by itself, so that none changes with what is made before it.
        rng = random.Random(f"judge:{split}:{seed}:{number}:{FACTS}")
        _facts_world(ground, rng, WORLD_FACTS[number % len(WORLD_FACTS)])
        rng = random.Random(f"judge:{split}:{seed}:{number}:{DOCUMENTS}")
        size = WORLD_TEXTS[number % len(WORLD_TEXTS)]
        alphabets = (None, "letters", "ideographs") if size[1] <= MOST_FOREIGN_CHARACTERS else (None,)
        for spoken in alphabets:
            _documents_world(ground, rng, size, spoken)
    return samples


# Facts


def _subject(rng: random.Random, general: GeneralSource, split: str, kind: str) -> Entity:
    if rng.random() < 0.5 and general.titles:
        title = rng.choice(general.titles)
        return Entity(kind, title, title.split()[-1], rng.choice("fm") if kind == "person" else "")
    return entity(rng, kind, split)


def _facts_world(ground: _Ground, rng: random.Random, size: int) -> None:
    site, tokenizer, general, split = ground.site, ground.tokenizer, ground.general, ground.split
    elaborate: dict[str, list[Relation]] = {}
    for relation in relations(split):
        elaborate.setdefault(relation.kind, []).append(relation)
    plain: dict[str, list[Relation]] = {}
    for relation in plain_relations(split):
        plain.setdefault(relation.kind, []).append(relation)
    source = StatementSource(rng, split)
    stated: list[Statement] = []
    unstated: list[Statement] = []
    while len(stated) < size:
        pool = rng.choice((elaborate, plain))
        kind = rng.choice([kind for kind in pool for _ in pool[kind]])
        subject = _subject(rng, general, split, kind)
        # What is asked of other kinds of subject is asked of this one too.
        chosen = rng.sample(pool[kind], min(len(pool[kind]), rng.choice((1, 1, 1, 2, 3))))
        others = [*pool[kind], *rng.sample(relations(split), 4), *rng.sample(plain_relations(split), 8)]
        others = [relation for relation in others if relation not in chosen]
        stated += [Statement(relation, subject, source.answer(relation, subject)) for relation in chosen]
        unstated += [Statement(relation, subject, "") for relation in rng.sample(others, min(2, len(others)))]
    subjects = {statement.entity.name for statement in stated}
    wordings = [rng.sample(s.relation.statements, len(s.relation.statements)) for s in stated]
    facts = [Fact(s.say(w[0]), s.answer) for s, w in zip(stated, wordings, strict=True)]
    words = Words.of(site, tokenizer, facts, likeness=ground.likeness)
    asking = _Asking(ground, stored_rows(site, fact_items(facts, tokenizer, 2), (), words))
    items = asking.rows.items.tolist()
    encode = tokenizer.encode
    for index in rng.sample(range(len(stated)), min(ASKED_OF_WORLD, len(stated))):
        own, wording = stated[index], wordings[index]
        mark = "" if own.relation.synonyms else PLAIN_KIND

        def right(row: int, index: int = index) -> bool:
            return bool(items[row] == index)

        asking.ask(encode(own.say(wording[1])), mark + "reworded", right)
        if own.relation.synonyms:
            asking.ask(encode(own.say(rng.choice(own.relation.synonyms))), "synonym", right)
        asking.ask(encode(rng.choice(own.questions() or [own.say(wording[2])]).rstrip()), mark + "question", right)
        before = distractor(rng) if rng.random() < 0.5 else _stretch(rng, general, 3, 30)
        asking.ask(encode(f"{before} {own.say(rng.choice(wording[:3]))}"), "after other text", right)
        if rng.random() < 0.5:

            def about(row: int, name: str = own.entity.name) -> bool:
                return bool(stated[items[row]].entity.name == name)

            asking.ask(encode(own.say(rng.choice(OPEN_PROMPTS[split]))), "open question", about)
        stranger = dataclasses.replace(own, entity=_subject(rng, general, split, own.relation.kind))
        if stranger.entity.name not in subjects:
            asking.ask(encode(stranger.say(wording[0])), "same form", None)
            asking.ask(encode(stranger.say(wording[1])), "other subject", None)
            if " " in own.entity.name:
                near = " ".join((own.entity.name.split()[0], stranger.entity.short))
                near = near if rng.random() < 0.5 else f"{stranger.entity.short} {own.entity.name.split()[-1]}"
                other = dataclasses.replace(own, entity=Entity(own.entity.kind, near, near, own.entity.gender))
                asking.ask(encode(other.say(rng.choice(wording))), LIKE_SUBJECT, None)
        if rng.random() < 0.5:
            asking.ask(encode(_stretch(rng, general, 4, 40)), "text", None)
    for other in rng.sample(unstated, min(2 * ASKED_OF_WORLD, len(unstated))):
        forms = [*other.relation.statements, *other.relation.synonyms]
        asking.ask(encode(other.say(rng.choice(forms))), OTHER_RELATION, None)
    for _ in range(6):
        asking.ask(encode(_stretch(rng, general, 60, 90))[:TEXT_WINDOW], "text", None, whole=True)


# Documents


def _documents_world(ground: _Ground, rng: random.Random, size: tuple[int, int], spoken: str | None) -> None:
    site, tokenizer, general = ground.site, ground.tokenizer, ground.general
    change = alphabet(rng, spoken)
    count, characters = size
    made = documents(count, rng.randrange(10**6) + ground.seed, ground.split) if spoken is None else []
    stored = [
        *made[: (count + 1) // 2],
        *(TextDocument("text", change(_excerpt(rng, general, characters))) for _ in range((count + 1) // 2)),
    ]
    words = Words.of(site, tokenizer, (), stored, likeness=ground.likeness)
    items = document_items(stored, tokenizer, CHUNK_TOKENS)
    asking = _Asking(ground, stored_rows(site, items, range(len(stored)), words))
    owners, targets = asking.rows.items.tolist(), asking.rows.targets.tolist()
    places = asking.rows.sentences.tolist()

    def goes_on(item: int, token: int, sentence: int | None = None) -> Callable[[int], bool]:
        same = site.same_as.tolist()
        return lambda row: owners[row] == item and same[targets[row]] == same[token] and sentence in (None, places[row])

    for number, document in enumerate(stored):
        for probe in document.probes:
            prompt, answer = answer_ids(tokenizer, probe.prompt, probe.answer)
            asking.ask(prompt, "probe", goes_on(number, answer[0]))
            if rng.random() < 0.3:
                asking.ask(
                    [*tokenizer.encode(distractor(rng)), *prompt], "after other text", goes_on(number, answer[0])
                )
    sentences = [(n, *s) for n, document in enumerate(stored) for s in enumerate(sentences_of(document.text))]
    for number, place, sentence in rng.sample(sentences, min(ASKED_OF_WORLD, len(sentences))):
        ids = tokenizer.encode((" " if rng.random() < 0.5 else "") + sentence)
        if len(ids) < 8:
            continue
        start = 0 if rng.random() < 0.5 else rng.randrange(len(ids) - 6)
        stop = rng.randint(min(len(ids) - 1, start + 4), min(len(ids) - 1, start + 24))
        kept = ids[start:stop]
        group = "beginning" if start == 0 else "middle"
        if rng.random() < 0.4:
            kept = [i for i in kept[:-2] if rng.random() > DAMAGE] + kept[-2:]
            group = "damaged"
        if rng.random() < 0.3:
            kept = tokenizer.encode(change(_stretch(rng, general, 3, 30))) + kept
        asking.ask(kept, group, goes_on(number, ids[stop], place))
    for _ in range(TEXT_WINDOWS if spoken is None else 2):
        ids = tokenizer.encode(change(_stretch(rng, general, 60, 90)))
        asking.ask(ids[:TEXT_WINDOW], "text" if spoken is None else "foreign text", None, whole=True)


def _excerpt(rng: random.Random, general: GeneralSource, characters: int) -> str:
    """Paragraphs of a text, of at most so many characters and at least a third of them where a text is long enough."""
    texts = general.texts[::2]  # it must be distinguished from the others
    texts = [text for text in texts if 2 * len(text) > characters] or [max(texts, key=len)]
    for _ in range(100):
        text = rng.choice(texts)
        start = text.find("\n", rng.randrange(max(1, len(text) - 3 * characters // 4))) + 1
        part = text[start : start + rng.randint(3 * characters // 8, characters)].rpartition(".")[0].strip()
        if len(part) > 300:
            return part + "."
    return text[:1000]


def _stretch(rng: random.Random, general: GeneralSource, least: int, most: int) -> str:
    """So many words in a row, from a random place in a text."""
    words = rng.choice(general.texts[1::2] or general.texts).split()
    start = rng.randrange(max(1, len(words) - most))
    return " ".join(words[start : start + rng.randint(least, most)])


def alphabet(rng: random.Random, spoken: str | None) -> Callable[[str], str]:
    """A way to write English so that the tokenizer does not know it."""
    if spoken is None:
        return lambda text: text
    if spoken == "letters":
        first = rng.choice(ALPHABETS)
        letters = [chr(first + n) for n in range(26)]
        rng.shuffle(letters)
        table = {97 + n: letter for n, letter in enumerate(letters)}
        table |= {65 + n: letter.upper() for n, letter in enumerate(letters) if len(letter.upper()) == 1}
        return lambda text: text.translate(table)
    salt = rng.randrange(10**6)

    def ideographs(text: str) -> str:
        swapped = []
        for word in text.split():
            bare = word.strip(".,;:!?()\"'").lower()
            chars = random.Random(f"{salt}{bare}")
            swapped.append(
                "".join(chr(IDEOGRAPHS[0] + chars.randrange(IDEOGRAPHS[1])) for _ in range(1 + (len(bare) > 4)))
            )
            swapped.append({".": "\u3002", ",": "\uff0c", "?": "\uff1f"}.get(word[-1:], ""))
        return "".join(swapped)

    return ideographs


# Fitting


def general_source(corpus: str, count: int, odd: bool) -> GeneralSource:
    """So many texts of a corpus, every seventh, and the titles among theirs that could be names.

    Args:
        corpus: a folder or file of text.
        count: texts.
        odd: whether those at odd places are meant or the others, so that what is fitted is measured on other text.
    """
    texts, titles = [], []
    for place, document in enumerate(read_corpus(corpus)):
        if place % ONE_TEXT_IN or (place // ONE_TEXT_IN) % 2 != odd or len(document.text) < LEAST_TEXT_CHARACTERS:
            continue
        if TITLE.fullmatch(document.title):
            titles.append(document.title)  # and the text, which would name a stored subject, is left out
        else:
            texts.append(document.text[:MOST_TEXT_CHARACTERS])
        if len(texts) == count:
            break
    if not texts:
        raise UserError(f"{corpus} has no text that is long enough to fit judges on: use more text.")
    return GeneralSource(texts, titles)


def fit_judges(
    site: WriteSite,
    tokenizer: Tokenizer,
    likeness: Likeness | None,
    corpus: str,
    seed: int,
    rounds: int,
    progress: Callable[[float, str], None] = lambda done, line: None,
) -> tuple[dict[str, Judge], Figures]:
    """The judges of rows, and how well they judge on names, relations and texts that they were not fitted on.

    Args:
        site: calibrated, on the CPU.
        tokenizer: of the model.
        likeness: its word vectors, where there are any.
        corpus: a folder or file of text.
        seed: of the worlds.
        rounds: of worlds that they are fitted on; half as many set the thresholds, or one of each size of documents.
        progress: called with the share done and what is being done.

    Returns:
        The judges by name, and the figures of ``measured`` by the same names.
    """
    samples = []
    for place, split in enumerate(("train", "dev")):
        source = general_source(corpus, TEXTS_READ, bool(place))
        # Where there are enough, all sizes set the threshold.
        count = max(rounds // 2, min(rounds, len(WORLD_TEXTS))) if place else rounds

        def tell(done: int, place: int = place, count: int = count) -> None:
            progress((place + done / count) / 2, "judges")

        samples.append(
            {
                kind: part.table()
                for kind, part in gather(site, tokenizer, likeness, source, seed, split, count, tell).items()
            }
        )
    return fitted(site, samples[0], samples[1])


def fitted(
    site: WriteSite, fit: Mapping[str, Table], held_out: Mapping[str, Table], left_out: Sequence[str] = ()
) -> tuple[dict[str, Judge], Figures]:
    """The judges of candidates, their thresholds from others; some evidence may be left out."""
    judges, figures = {}, {}
    for kind in (FACTS, DOCUMENTS):
        for words in (True, False):
            meant = kind == FACTS and fit[kind].features.shape[1] > len(feature_names(site, True))
            names = feature_names(site, words, meant)
            spared = (*cosine_names(site)[: len(site.decays)], *SPARED) if words and meant else ()
            kept = [n for n, name in enumerate(names) if name not in (*left_out, *spared)]
            chosen = tuple(names[n] for n in kept)
            name = kind if words else kind + CUES
            weights = balanced(fit[kind], TEXT_WEIGHTS[name])
            judge = fit_layered(chosen, fit[kind].features[:, kept], fit[kind].right, weights)
            table = dataclasses.replace(held_out[kind], features=held_out[kind].features[:, kept])
            judge = with_threshold(judge, table, ALLOWED["text"] if kind == FACTS else BESIDE_DOCUMENTS)
            judges[name], figures[name] = judge, measured(judge, table)
    return judges, figures


def balanced(table: Table, text: float = 1.0) -> Tensor:
    """Weights (m,): kinds of question count alike but for text, and in each right candidates as much as wrong ones."""
    keys = [(group, right) for group, right in zip(table.group, table.right.tolist(), strict=True)]
    counts = Counter(keys)
    return torch.tensor([(text if key[0] == "text" else 1.0) / counts[key] for key in keys])


def with_threshold(judge: Judge, table: Table, text: float = ALLOWED["text"]) -> Judge:
    """The judge shifted so that at even odds it opens no more than ``ALLOWED`` of any kind of text.

    Args:
        judge: as it was fitted.
        table: candidates that it was not fitted on.
        text: the share of general text, in place of that in ``ALLOWED``.
    """
    limit = -math.inf
    best = best_of(judge, table)
    for group, rate in (ALLOWED | {"text": text}).items():
        logits = [logit for name, logit, _ in best if name == group]
        if logits:
            limit = max(limit, float(torch.tensor(logits).quantile(1.0 - rate)))
    return dataclasses.replace(judge, bias=judge.bias - limit, threshold=EVEN) if math.isfinite(limit) else judge


def best_of(judge: Judge, table: Table) -> list[tuple[str, float, bool]]:
    """For each position: the kind of question, the log-odds of its best candidate, and whether that is right."""
    logits = judge.logit(table.features).tolist()
    best: dict[int, tuple[str, float, bool]] = {}
    for position, group, logit, right in zip(table.asked, table.group, logits, table.right.tolist(), strict=True):
        if position not in best or logit > best[position][1]:
            best[position] = (group, logit, right)
    return list(best.values())


def measured(judge: Judge, table: Table) -> dict[str, dict[str, float]]:
    """For each kind of question how many there were, and the shares opened and opened at the right row."""
    rows: dict[str, list[tuple[bool, bool]]] = {}
    for group, logit, right in best_of(judge, table):
        rows.setdefault(group, []).append((logit >= 0.0, logit >= 0.0 and right))
    return {
        group: {
            "count": len(verdicts),
            "opened": sum(opened for opened, _ in verdicts) / len(verdicts),
            "right": sum(right for _, right in verdicts) / len(verdicts),
        }
        for group, verdicts in rows.items()
    }


def fit_layered(names: tuple[str, ...], features: Tensor, right: Tensor, weights: Tensor) -> Judge:
    """The judge of features (m, n) that tells right from wrong (m,), each counted by its weight (m,).

    A hidden layer is worth it: what is asked and of whom must both be right, which no sum of the two says. At the same
    false accepts a logistic judge found 38% of reworded questions about facts, one with a layer 56%.
    """
    share = weights / weights.sum()
    mean = (features * share[:, None]).sum(0)
    scale = ((features - mean).square() * share[:, None]).sum(0).sqrt().clamp(min=1e-3)
    standard, wanted = (features - mean) / scale, right.float()
    generator = torch.Generator().manual_seed(0)
    inner = torch.randn(FIT_HIDDEN, len(names), generator=generator) / len(names) ** 0.5
    outer = torch.randn(FIT_HIDDEN, generator=generator) / FIT_HIDDEN**0.5
    parts = [part.requires_grad_() for part in (inner, torch.zeros(FIT_HIDDEN), outer, torch.zeros(()))]
    optimizer = torch.optim.Adam(parts, lr=FIT_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, FIT_STEPS)
    for _ in range(FIT_STEPS):
        optimizer.zero_grad()
        logits = torch.tanh(standard @ parts[0].T + parts[1]) @ parts[2] + parts[3]
        loss = (F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * share).sum()
        torch.autograd.backward(loss + FIT_PENALTY * (parts[0].square().sum() + parts[2].square().sum()))
        optimizer.step()
        schedule.step()
    layer, bias, last, shift = (part.detach() for part in parts)
    return Judge(names, last, float(shift), mean, scale, EVEN, (layer, bias))
