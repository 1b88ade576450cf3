"""The reading phase: word vectors, questions, the reader network and its judges, for a model folder that is there.

Each step leaves its result in ``run/`` beside the model, so that a stopped phase continues where it stood.
"""

from __future__ import annotations

import dataclasses
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from bdh_workbench.errors import UserError
from bdh_workbench.model.files import save_json_atomically, save_tensors_atomically
from bdh_workbench.model.judge import Judge
from bdh_workbench.reading.asker import RECORD, Asker, load_asker, make_asker, save_asker
from bdh_workbench.reading.network import ReaderConfig, ReaderNetwork
from bdh_workbench.reading.sentence_evidence import SENTENCE_EVIDENCE
from bdh_workbench.training.corpus import CorpusDocument, read_corpus, validation_documents
from bdh_workbench.training.reading.examples import Examples
from bdh_workbench.training.reading.judging import (
    ALL,
    Memories,
    People,
    figures,
    fitted,
    judge_of_sentences,
    memories,
    of_answers,
)
from bdh_workbench.training.reading.questions import (
    Article,
    Asked,
    Pool,
    articles_of,
    asked_in,
    gap_questions,
    made_questions,
    people_questions,
)
from bdh_workbench.training.reading.train import ReaderTraining, ReadingConfig, measured
from bdh_workbench.training.reading.vectors import close_words, word_vectors

PEOPLE_FILE, MADE_FILE, EXCLUDED_FILE = "people-sentences.jsonl.zst", "generated.jsonl.zst", "excluded-titles.json"
VECTOR_CHARACTERS = 400_000_000  # of the corpus from which word vectors are made: 4 minutes
RIVAL_SENTENCES = 60_000  # sentences of made questions that compete with those that people asked about
AROUND = 20  # sentences of a text on either side of one that people asked about
GAPS = 300_000  # questions made from the corpus: 7 minutes
MADE_HELD_OUT = 2500  # sentences with made questions that it is not trained on either
HELD_OUT_SENTENCES = 80  # sentences with people's questions that the reader is not trained on
ENCYCLOPAEDIC = ("wikipedia", "openstax")  # sources whose sentences can be understood by themselves
VALIDATED, DRAWN = 1500, 600  # held-out pairs: a sentence alone, and drawn as in training


@dataclass(frozen=True, slots=True)
class Questions:
    """Where questions to train on come from.

    Attributes:
        corpus: a location as in ``training.corpus``.
        folder: with people's and made questions; None for gaps of the corpus alone.
    """

    corpus: str
    folder: Path | None

    def check(self) -> None:
        """Make sure that the folder has its files.

        Raises:
            UserError: when one is missing.
        """
        for name in (PEOPLE_FILE, MADE_FILE) if self.folder else ():
            if self.folder and not (self.folder / name).is_file():
                raise UserError(f"{self.folder} has no {name}: docs/asking.md says what belongs there.")

    def excluded(self) -> frozenset[str]:
        """Titles, in lower case, of texts that are measured and so never trained on."""
        path = self.folder / EXCLUDED_FILE if self.folder else None
        if path is None or not path.is_file():
            return frozenset()
        return frozenset(str(title).lower() for title in json.loads(path.read_text(encoding="utf-8")))

    def documents(self) -> Iterator[CorpusDocument]:
        """The documents of the corpus that may be trained on."""
        excluded = self.excluded()
        return (document for document in read_corpus(self.corpus) if document.title.lower() not in excluded)

    def held_out(self) -> Iterator[CorpusDocument]:
        """Its held-out documents, those that can be understood sentence by sentence where there are such."""
        excluded = self.excluded()
        found = [d for d in validation_documents(self.corpus) if d.title.lower() not in excluded]
        return iter(_encyclopaedic(found))

    def people(self) -> tuple[Pool, set[int]]:
        """All questions by people, and the sentences that the reader is not trained on; empty without a folder.

        Raises:
            UserError: when a file cannot be read.
        """
        if self.folder is None:
            return Pool([], []), set()
        pool = people_questions(self.folder / PEOPLE_FILE)
        chooser = random.Random(7)
        return pool, set(chooser.sample(range(len(pool.sentences)), min(HELD_OUT_SENTENCES, len(pool.sentences) // 4)))

    def made(self) -> tuple[Pool, Pool]:
        """Questions made by rules to train on, and those about the last sentences; empty without a folder.

        Raises:
            UserError: when a file cannot be read.
        """
        if self.folder is None:
            return Pool([], []), Pool([], [])
        pool = made_questions(self.folder / MADE_FILE)
        border = len(pool.sentences) - min(MADE_HELD_OUT, len(pool.sentences) // 4)
        held_out = [Asked(a.question, a.sentence - border, a.first, a.last) for a in pool.asked if a.sentence >= border]
        training = Pool(pool.sentences[:border], [a for a in pool.asked if a.sentence < border])
        return training, Pool(pool.sentences[border:], held_out)


def _parted(pool: Pool, kept: set[int]) -> tuple[Pool, Pool]:
    """People's questions to train on, and those on the held-out sentences."""
    place = {number: new for new, number in enumerate(sorted(kept))}
    training = Pool(pool.sentences, [one for one in pool.asked if one.sentence not in kept])
    held_out = Pool(
        [pool.sentences[number] for number in sorted(kept)],
        [Asked(a.question, place[a.sentence], a.first, a.last) for a in pool.asked if a.sentence in kept],
    )
    return training, held_out


def train_reader(
    out: Path,
    questions: Questions,
    settings: ReadingConfig,
    config: ReaderConfig,
    stop: Callable[[], bool],
    further: bool = False,
) -> dict[str, Any]:
    """Train a reader into a model folder, or take up a run that was stopped.

    Args:
        out: the model folder; working files go to ``out/run``.
        questions: to train on.
        settings: of the run.
        config: sizes of the network; fewer words where the corpus has fewer.
        stop: whether to stop.
        further: start from the reader that the folder holds, with its sizes and words, instead of a random one.

    Returns:
        Figures, and whether the run is finished.

    Raises:
        UserError: for bad input.
    """
    folder = working_folder(out)
    torch.manual_seed(settings.seed)
    network, words = _further(out, settings) if further else _fresh(folder, questions, config, settings)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    everything, kept = questions.people()
    people, held_out = _parted(everything, kept)
    gaps = _gaps(folder, questions)
    made, _ = questions.made()
    close = close_words(words, network.vectors.weight.detach()[:-1])
    from_gaps, from_made = (Examples(pool, ordered=True, close=close) for pool in (gaps, made))
    natural = asked_in([one for one in _articles(folder, questions) if one.number not in kept], everything)
    # A part of people's questions is put to the texts that their sentences come from.
    in_texts = Examples(natural, ordered=True, close=close)
    # People asked about single sentences: what competes with those comes from elsewhere.
    apart = Examples(people, ordered=False, rivals=made.sentences[:RIVAL_SENTENCES], close=close)

    def shared(run: ReadingConfig) -> list[tuple[Examples, float]]:
        part = run.people * len(in_texts) / max(1, len(in_texts) + len(apart))
        shares = [(in_texts, part), (apart, run.people - part), (from_made, run.made)]
        found = [(source, share) for source, share in shares if len(source) and share]
        return [*found, (from_gaps, 1.0 - sum(share for _, share in found))]

    numbers = {word: number for number, word in enumerate(words)}
    looked = held_out if held_out.asked else gap_questions(questions.held_out(), VALIDATED, 1)
    alone, chooser = Examples(looked, ordered=False), random.Random(5)
    pairs = [alone.plain(number) for number in range(min(VALIDATED, len(alone)))]
    pairs += [alone.draw(chooser) for _ in range(DRAWN)]
    runs = [("reader-text", settings.pretraining())] if settings.pretraining_minutes else []
    runs.append(("reader", settings))
    for name, one in runs:
        run = ReaderTraining(network, numbers, shared(one), pairs, one, folder, name)
        if run.resume():
            print(f"Continuing at step {run.progress.step}.", file=sys.stderr)
        progress = run.run(stop)
        if not run.finished:
            break
    if further and run.finished:
        # The mean of the weights before and after does better on other texts than either (Wortsman et al. 2022).
        network.load_state_dict({name: (start[name] + value) / 2 for name, value in network.state_dict().items()})
    found, loss = measured(network, numbers, pairs)
    report: dict[str, Any] = {
        **dataclasses.asdict(found),
        "held_out_loss": round(loss, 4),
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps": progress.step,
        "questions": progress.step * settings.batch,
        "minutes": round(progress.seconds / 60, 1),
        "further": further,
        "finished": run.finished,
        "settings": dataclasses.asdict(settings),
    }
    blank = Judge(
        SENTENCE_EVIDENCE,
        torch.zeros(len(SENTENCE_EVIDENCE)),
        0.0,
        torch.zeros(len(SENTENCE_EVIDENCE)),
        torch.ones(len(SENTENCE_EVIDENCE)),
    )
    asker = make_asker(network, words, blank, blank)
    judged, judge_figures = fit_judges(asker, questions, folder, settings.seed)
    save_asker(out, judged, {"reading": report, "judges": judge_figures})
    load_asker.cache_clear()
    return report | {"judges": judge_figures}


def _fresh(
    folder: Path, questions: Questions, config: ReaderConfig, settings: ReadingConfig
) -> tuple[ReaderNetwork, tuple[str, ...]]:
    """A network with random parameters and the vectors of the corpus's words, and these words."""
    words, counts, total, vectors = _words(folder, questions, config)
    network = ReaderNetwork(dataclasses.replace(config, words=len(words)), settings.dropout)
    with torch.no_grad():
        network.vectors.weight[:-1] = vectors
        network.vectors.weight[-1] = 0.0
        # A word without a vector is as rare as the rarest that has one, and a little more.
        rarity = -(torch.tensor([*counts, min(counts) / 2]) / total).log()
        network.rarity.copy_(rarity / rarity.max())
    return network, words


def _further(out: Path, settings: ReadingConfig) -> tuple[ReaderNetwork, tuple[str, ...]]:
    """A copy of the reader that a folder holds, and its words."""
    asker = load_asker(out)
    network = ReaderNetwork(asker.network.config, settings.dropout)
    network.load_state_dict(asker.network.state_dict())
    return network, asker.words


def refit_judges(out: Path, questions: Questions, seed: int = 0) -> dict[str, Any]:
    """Fit the judges of a model folder's reader again.

    Raises:
        UserError: when it has no reader, or for bad input.
    """
    asker = load_asker(out)
    record = json.loads((out / RECORD).read_text(encoding="utf-8"))
    judged, found = fit_judges(asker, questions, working_folder(out), seed)
    save_asker(out, judged, {**record["figures"], "judges": found})
    load_asker.cache_clear()
    return found


def fit_judges(asker: Asker, questions: Questions, folder: Path, seed: int) -> tuple[Asker, dict[str, Any]]:
    """An asker with judges fitted to its network, and how they do on the questions they were fitted on.

    Args:
        asker: with any judges.
        questions: to fit them to.
        folder: for working files.
        seed: of all choices.
    """
    known = memories_asked(asker, questions, folder, seed)
    sentences, first = judge_of_sentences(known)
    second = of_answers(known, asker, sentences)
    answers = fitted(second, ALL)
    found = {
        "sentences": dataclasses.asdict(figures(sentences, first)),
        "answers": dataclasses.asdict(figures(answers, second)),
        "questions": len(known.cases),
        "memories": len(known.indexes),
    }
    return dataclasses.replace(asker, sentences=sentences, answers=answers), found


def memories_asked(asker: Asker, questions: Questions, folder: Path, seed: int) -> Memories:
    """The memories and questions that judges are fitted to."""
    pool, unseen = questions.people()
    people = People(pool, unseen, _articles(folder, questions))
    return memories(asker, questions.held_out(), people, questions.made()[1], seed)


def working_folder(out: Path) -> Path:
    """The folder for working files beside a model."""
    folder = out / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _encyclopaedic(documents: list[CorpusDocument]) -> list[CorpusDocument]:
    return [d for d in documents if d.source.startswith(ENCYCLOPAEDIC)] or documents


def _words(
    folder: Path, questions: Questions, config: ReaderConfig
) -> tuple[tuple[str, ...], list[int], int, torch.Tensor]:
    """Words, how often each came, the units of the text, and their vectors; made once."""
    tensors, record = folder / "reader-vectors.safetensors", folder / "reader-words.json"
    if not (tensors.is_file() and record.is_file()):
        print("Making word vectors.", file=sys.stderr)

        def texts() -> Iterator[str]:
            taken = 0
            for document in questions.documents():
                yield document.text
                taken += len(document.text)
                if taken > VECTOR_CHARACTERS:
                    return

        found = word_vectors(texts, config.words, config.vector)
        save_tensors_atomically(tensors, {"vectors": found.vectors.contiguous()}, {})
        save_json_atomically(record, {"words": found.words, "counts": found.counts, "total": found.total})
    try:
        values = json.loads(record.read_text(encoding="utf-8"))
        return tuple(values["words"]), list(values["counts"]), int(values["total"]), load_file(tensors)["vectors"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{record} is damaged: delete it to make the word vectors again.") from None


def _articles(folder: Path, questions: Questions) -> list[Article]:
    """The texts of the corpus that hold sentences which people asked about; found once."""
    path = folder / "reader-articles.json"
    if not path.is_file():
        print("Looking for the texts that people asked about.", file=sys.stderr)
        pool, _ = questions.people()
        documents = (d for d in questions.documents() if d.source.startswith(ENCYCLOPAEDIC))
        found = articles_of(pool.sentences, documents, AROUND) if pool.sentences else []
        save_json_atomically(path, [dataclasses.asdict(article) for article in found])
    try:
        return [Article(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{path} is damaged: delete it to look for the texts again.") from None


def _gaps(folder: Path, questions: Questions) -> Pool:
    """Gaps from the corpus; made once."""
    path = folder / "reader-gaps.json"
    if not path.is_file():
        print("Making questions from the corpus.", file=sys.stderr)
        documents = (d for d in questions.documents() if d.source.startswith(ENCYCLOPAEDIC))
        pool = gap_questions(documents, GAPS, 0)
        if not pool.asked:
            pool = gap_questions(questions.documents(), GAPS, 0)
        if not pool.asked:
            raise UserError(f"{questions.corpus} has no sentences to make questions from: use more text.")
        save_json_atomically(
            path,
            {"sentences": pool.sentences, "asked": [dataclasses.astuple(a) for a in pool.asked]},
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Pool(list(values["sentences"]), [Asked(*one) for one in values["asked"]])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{path} is damaged: delete it to make the questions again.") from None
