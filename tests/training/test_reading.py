"""Training the reader: vectors, questions, pairs, a run that stops and goes on, and judges that learn."""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
import zstandard

from bdh_workbench.errors import UserError
from bdh_workbench.model.judge import Judge
from bdh_workbench.reading.asker import load_asker
from bdh_workbench.reading.network import OFF, ReaderConfig, ReaderNetwork, SpanScores, pairs_of
from bdh_workbench.reading.sentence_evidence import SENTENCE_EVIDENCE, Place, SentenceIndex
from bdh_workbench.reading.units import units
from bdh_workbench.training.corpus import CorpusDocument
from bdh_workbench.training.reading import judging
from bdh_workbench.training.reading.examples import SENTENCES_READ, Examples
from bdh_workbench.training.reading.judging import (
    RANKED_CANDIDATES,
    Case,
    Memories,
    People,
    Ranked,
    figures,
    fitted,
    memories,
    of_answers,
    of_sentences,
)
from bdh_workbench.training.reading.phase import MADE_FILE, PEOPLE_FILE, Questions, refit_judges, train_reader
from bdh_workbench.training.reading.questions import (
    Article,
    Asked,
    Pool,
    articles_of,
    asked_in,
    gap_questions,
    longer,
    made_questions,
    people_questions,
)
from bdh_workbench.training.reading.train import (
    UNFIT,
    Read,
    ReaderTraining,
    ReadingConfig,
    encoded,
    measured,
    overlap,
    span_loss,
    with_hidden,
)
from bdh_workbench.training.reading.vectors import close_words, word_vectors
from tests.reader_factory import small_asker

CONFIG = ReaderConfig(words=200, vector=16, endings=64, width=32, heads=2, hidden=64, layers=2, longest=4, context=128)
NAMES = "Ada Ben Cleo Dora Emil Fay Gus Hal Ida Jon".split()
TOWNS = "Norby Tarn Skarn Pell Brant Orm Quill Vess Lind Holm".split()
THINGS = "harbour mill bridge tower school museum market garden library theatre".split()


def sentence(number: int) -> str:
    name, town, thing = (part[(number * step) % 10] for part, step in ((NAMES, 1), (TOWNS, 3), (THINGS, 7)))
    return f"In {1800 + number} the old {thing} of {town} was opened by {name} after a long debate."


def question(number: int) -> tuple[str, str]:
    return f"Who opened the {THINGS[(number * 7) % 10]} in {1800 + number}?", NAMES[number % 10]


def write_lines(path: Path, records: list[dict[str, object]]) -> None:
    data = "\n".join(json.dumps(record) for record in records).encode()
    path.write_bytes(zstandard.ZstdCompressor().compress(data))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    people, made = [], []
    for number in range(40):
        text, (asked, answer) = sentence(number), question(number)
        start = text.index(answer)
        people.append({"sentence": text, "question": asked, "start": start, "end": start + len(answer)})
        year = text.index("18")
        made.append({"sentence": text, "questions": [["When was it opened?", year, year + 4, "rule"]]})
    write_lines(tmp_path / PEOPLE_FILE, people)
    write_lines(tmp_path / MADE_FILE, made)
    return tmp_path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl"
    records = []
    for number in range(30):
        name, town, thing = NAMES[number % 10], TOWNS[number % 7], THINGS[number % 9]
        text = (
            f"{thing.title()} keepers in this region often admired the clever {name} {town} for building it. "
            f"Nobody else wanted to build it. The region still honours clever {name} {town} and the admired building."
        )
        records.append({"text": text, "source": "wikipedia-test", "title": f"Text {number}"})
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


def test_words_in_one_place_get_like_vectors() -> None:
    texts = [f"the {pet} sleeps on the {seat}" for pet in ("cat", "dog") for seat in ("mat", "rug")] * 50
    texts += [f"a {boat} sails across every {water}" for boat in ("ship", "raft") for water in ("sea", "lake")] * 50
    found = word_vectors(lambda: texts, 50, 4)
    vectors = torch.nn.functional.normalize(found.vectors, dim=1)
    place = {word: number for number, word in enumerate(found.words)}
    like = float(vectors[place["cat"]] @ vectors[place["dog"]])
    assert like > 0.9
    assert like > float(vectors[place["cat"]] @ vectors[place["ship"]]) + 0.3
    assert sum(found.counts) == found.total == sum(len(text.split()) for text in texts)


def test_a_gap_is_asked_by_one_sentence_and_answered_by_another(corpus: Path) -> None:
    records = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    documents = [CorpusDocument(r["text"], r["source"], r["title"]) for r in records]
    pool = gap_questions(documents, 20, 0)
    assert len(pool.asked) >= 10
    for asked in pool.asked:
        answering = units(pool.sentences[asked.sentence])
        answer = {u.same for u in answering[asked.first : asked.last + 1]}
        assert asked.beside != asked.sentence
        assert answer <= {u.same for u in units(pool.sentences[asked.beside])}
        assert not answer & {u.same for u in units(asked.question)}
    assert gap_questions(documents, 20, 0) == pool


def test_questions_are_read_and_bad_lines_named(folder: Path) -> None:
    people, made = people_questions(folder / PEOPLE_FILE), made_questions(folder / MADE_FILE)
    for pool in (people, made):
        assert len(pool.asked) == len(pool.sentences) == 40
    first = people.asked[0]
    assert [u.folded for u in units(people.sentences[0])[first.first : first.last + 1]] == ["ada"]
    write_lines(folder / PEOPLE_FILE, [{"sentence": "A."}])
    with pytest.raises(UserError, match="line 1"):
        people_questions(folder / PEOPLE_FILE)


def test_the_text_of_a_sentence_is_found_and_its_questions_put_to_it(folder: Path) -> None:
    pool = people_questions(folder / PEOPLE_FILE)
    around = [f"Line {number} of the chronicle tells of nothing that anybody asked about." for number in range(9)]
    # The corpus has the sentence with another beginning and other spaces.
    known = "Then, in 1803 the old market of Holm was opened by  Dora after a long debate."
    text = " ".join([*around[:4], known, *around[4:]])
    documents = [CorpusDocument(" ".join(around), "wikipedia", "None"), CorpusDocument(text, "wikipedia", "Chronicle")]
    number = next(n for n, sentence_ in enumerate(pool.sentences) if "1803" in sentence_)
    found = articles_of([pool.sentences[number]], documents, 2)
    assert [(article.title, article.number, article.place) for article in found] == [("Chronicle", 0, 2)]
    assert len(found[0].sentences) == 5
    assert "1803" in found[0].sentences[2]
    natural = asked_in([dataclasses.replace(found[0], number=number)], pool)
    assert natural.sentences == found[0].sentences
    (asked,) = natural.asked
    assert asked.sentence == 2
    assert [u.folded for u in units(natural.sentences[2])[asked.first : asked.last + 1]] == ["dora"]


def test_the_judge_of_answers_learns_from_what_the_reader_has_not_seen(folder: Path) -> None:
    pool = people_questions(folder / PEOPLE_FILE)
    articles = [Article("One", pool.sentences[:6], 1, 1), Article("Two", pool.sentences[6:14], 2, 8)]
    asker = small_asker()
    known = memories(asker, [], People(pool, {8, 20}, articles), Pool([], []), 0)
    people = [case for case in known.cases if case.question.startswith("Who opened the")]
    # Sentence 1 was trained on; 8 and 20 were not, and of 20 no text is known. A question may have been made longer.
    known_by = {number: question(number)[0].removesuffix("?") for number in (1, 8, 20)}
    assert {number for case in people if case.seen for number in known_by if known_by[number] in case.question} == {1}
    unseen = [case.question for case in people if not case.seen]
    assert {number for asked in unseen for number in known_by if known_by[number] in asked} == {8, 20}
    assert len(of_answers(known, asker, asker.sentences)) <= sum(not case.seen for case in known.cases)
    assert len(of_sentences(known)) == len(known.cases)


def test_a_judge_learns_from_what_it_would_rank_high_itself() -> None:
    asker = small_asker()
    long = "Far away from all of this a number of entirely different things went on for many years without end."
    sentences = [f"The mill number {number} was opened." for number in range(RANKED_CANDIDATES + 5)] + [long]
    places = [Place(0, number) for number in range(len(sentences))]
    index = SentenceIndex(places, sentences, {0: ""}, asker.numbers, asker.vectors, asker.rarity)
    case = Case(0, "Who opened mill number 3?", 3)
    known = Memories((index,), ((None,) * len(sentences),), (case,), (index.evidence(units(case.question)),))
    weights = torch.tensor([float(name == "length") for name in SENTENCE_EVIDENCE])
    by_length = Judge(
        SENTENCE_EVIDENCE, weights, 0.0, torch.zeros(len(SENTENCE_EVIDENCE)), torch.ones(len(SENTENCE_EVIDENCE))
    )
    longest = index.evidence(units(long))[-1, SENTENCE_EVIDENCE.index("length")]
    (before,), (after,) = of_sentences(known), of_sentences(known, [by_length])
    assert longest not in before.evidence[:, SENTENCE_EVIDENCE.index("length")]
    assert longest in after.evidence[:, SENTENCE_EVIDENCE.index("length")]


def test_a_longer_question_says_more_of_its_sentence_but_not_the_answer() -> None:
    sentences = ["The old mill by the river stood empty for years.", "Ada bought it in spring and mended the wheel."]
    asked, chooser = Asked("Who bought it?", 1, 0, 0), random.Random(0)
    alone = {longer(asked, sentences, chooser, ordered=False) for _ in range(60)}
    beside = {longer(asked, sentences, chooser, ordered=True) for _ in range(60)}
    for text in alone | beside:
        assert text.startswith("Who bought it ")
        assert text.endswith("?")
        assert "Ada" not in text
        added = text.removeprefix("Who bought it ").removesuffix("?")
        assert any(added in sentence for sentence in sentences)
    assert len(alone) > 5
    assert not any("mill" in text for text in alone)
    assert any("mill" in text for text in beside)
    # A sentence that has no three units beside its answer adds nothing.
    assert longer(Asked("Who came?", 0, 0, 0), ["Ada came."], chooser, ordered=True) == "Who came?"


def test_a_large_memory_is_asked_what_it_does_not_hold_as_often_as_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "TEXTS_TOGETHER", (1, 1, 1, 1, 16))
    titles = [f"Text {number}" for number in range(120)]
    sentences = [f"The mill of {title} was opened by {title} in spring." for title in titles]
    pool = Pool(sentences, [Asked(f"Who opened the mill {n}?", n, 0, 0) for n in range(120)])
    articles = [Article(title, [sentences[n]], 0, n) for n, title in enumerate(titles)]
    known = memories(small_asker(), [], People(pool, set(), articles), Pool([], []), 0)
    people = [case for case in known.cases if case.people]
    share = {
        large: [case.gold is None for case in people if (len(known.indexes[case.memory]) > 1) is large]
        for large in (False, True)
    }
    assert len(share[False]) > 20
    assert np.mean(share[True]) == pytest.approx(np.mean(share[False]), abs=0.2)


def test_what_answers_as_well_is_no_rival(folder: Path) -> None:
    pool = people_questions(folder / PEOPLE_FILE)
    asked = [dataclasses.replace(one, beside=(one.sentence + 1) % 40) for one in pool.asked]
    examples, chooser = Examples(Pool(pool.sentences, asked), ordered=True), random.Random(0)
    beside = {tuple(u.same for u in units(one.question)): units(pool.sentences[one.beside]) for one in asked}
    drawn = [examples.draw(chooser) for _ in range(400)]
    for example in drawn:
        forbidden = beside.get(tuple(u.same for u in example.question))
        assert forbidden is None or forbidden not in list(example.sentences)
    assert 0.1 < sum(example.answer is None for example in drawn) / 400 < 0.35
    assert {len(example.sentences) for example in drawn} == set(SENTENCES_READ)


def test_the_right_place_is_the_one_trained_on(folder: Path) -> None:
    examples, chooser = Examples(people_questions(folder / PEOPLE_FILE), ordered=False), random.Random(1)
    drawn = [examples.draw(chooser) for _ in range(30)]
    read = encoded(drawn, {}, CONFIG)
    assert read.question.tolist() == [n for n, example in enumerate(drawn) for _ in example.sentences]
    length = read.pairs.words.shape[1]
    for number, example in enumerate(drawn):
        gold = int(read.gold[number])
        if example.answer is None:
            assert gold == -1
            continue
        row, place, more = gold // (length * CONFIG.longest), gold // CONFIG.longest % length, gold % CONFIG.longest
        sentence_, first, last = example.answer
        expected = [u.same for u in example.sentences[sentence_][first : last + 1]]
        assert read.question[row] == number
        assert read.pairs.same[row, place : place + more + 1].tolist() == expected


def test_sentences_of_a_question_compete_with_each_other_and_with_none() -> None:
    spans = torch.full((3, 1, 2), OFF)
    spans[:, 0, 0] = torch.tensor([1.0, 2.0, 0.5])
    scores = SpanScores(spans, torch.tensor([0.0, 1.0, 0.25]))
    pairs = pairs_of([(units("Who"), units("Ada"))] * 3, {}, CONFIG)
    # The first question has two sentences, and the second of them answers; the other has one that does not.
    read = Read(pairs, torch.tensor([0, 0, 1]), torch.tensor([2, -1]))
    first = torch.tensor([1.0, 2.0, 0.5]).logsumexp(0) - 2.0
    second = torch.tensor([0.5, 0.25]).logsumexp(0) - 0.25
    torch.testing.assert_close(span_loss(scores, read), (first + second) / 2)
    # An answer that is too long to be one teaches nothing.
    read = Read(pairs, torch.tensor([0, 0, 1]), torch.tensor([2, UNFIT]))
    torch.testing.assert_close(span_loss(scores, read), first)


def test_a_sentence_that_points_back_is_trained_on_with_the_one_before() -> None:
    texts = ["Ada built it.", "She opened the port.", *(f"Mill {number} stands." for number in range(8))]
    pool = Pool(texts, [Asked("What opened?", 1, 2, 3), Asked("What did Ada?", 1, 1, 1, 0)])
    for ordered in (True, False):
        examples, chooser = Examples(pool, ordered=ordered), random.Random(0)
        for example in (examples.draw(chooser) for _ in range(60)):
            if example.answer is None:
                continue
            number, first, last = example.answer
            said = [u.folded for u in example.sentences[number]]
            opening = example.question[1].folded == "opened"
            # A gap was made from the sentence before, which would give the answer away.
            assert (said[0] == "ada") == (ordered and opening)
            assert said[first : last + 1] == (["the", "port"] if opening else ["opened"])


def test_words_of_a_question_are_replaced_by_close_ones(folder: Path) -> None:
    pool = people_questions(folder / PEOPLE_FILE)
    close = {"opened": ("founded",), "the": ("a",)}
    examples, chooser = Examples(pool, ordered=False, close=close), random.Random(0)
    drawn = [[u.folded for u in examples.draw(chooser).question] for _ in range(400)]
    assert 0.1 < sum(question[2] == "a" for question in drawn) / 400 < 0.35
    # What a question asks for stands at its beginning, and stays.
    assert all(question[:2] == ["who", "opened"] for question in drawn)


def test_close_words_stand_in_like_surroundings() -> None:
    words = ("harbour", "harbours", "port", "year", "1900", "bee")
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.9, 0.1], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    # A form of the word itself, a number and a short word stand for nothing.
    assert close_words(words, vectors) == {"harbour": ("port",), "harbours": ("port",), "port": ("harbours", "harbour")}


def training(
    folder: Path, into: Path, minutes: float, numbers: dict[str, int] | None = None, hidden: float = 0.0
) -> ReaderTraining:
    torch.manual_seed(0)
    examples = Examples(people_questions(folder / PEOPLE_FILE), ordered=False)
    settings = ReadingConfig(minutes=minutes, batch=16, rate=5e-3, warmup=5, dropout=0.0, hidden=hidden)
    held_out = [examples.plain(number) for number in range(20)]
    return ReaderTraining(ReaderNetwork(CONFIG), numbers or {}, [(examples, 1.0)], held_out, settings, into)


def test_a_reader_learns_and_a_stopped_run_goes_on(folder: Path, tmp_path: Path) -> None:
    run = training(folder, tmp_path / "run", 10.0)
    before = measured(run.network, {}, run.held_out)[0]
    run.run(lambda: run.progress.step >= 60)
    after = measured(run.network, {}, run.held_out)[0]
    assert after.f1 > before.f1 + 0.3
    again = training(folder, tmp_path / "run", 10.0)
    assert again.resume()
    assert again.progress.step == 60
    for one, other in zip(run.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
    again.run(lambda: again.progress.step >= 63)
    assert again.progress.step == 63


def test_a_hidden_word_is_told_by_nothing(folder: Path) -> None:
    examples = Examples(people_questions(folder / PEOPLE_FILE), ordered=False)
    numbers = {"harbour": 3, "opened": 4}
    pairs = encoded([examples.plain(number) for number in range(20)], numbers, CONFIG).pairs
    torch.manual_seed(0)
    hidden, where = with_hidden(pairs, 1.0, 10, CONFIG.words)
    assert where.any()
    assert set(pairs.words[where].tolist()) <= {3, 4}
    assert set(hidden.words[where].tolist()) == {CONFIG.words}
    assert not hidden.ending[where].any()
    assert not hidden.shape[where].any()
    for before, after in ((pairs.same, hidden.same), (pairs.stem, hidden.stem)):
        assert len(set(after[where].tolist())) == int(where.sum())
        assert not set(after[where].tolist()) & set(before.flatten().tolist())
        assert torch.equal(before[~where], after[~where])


def test_the_run_on_plain_text_learns_to_guess_words(folder: Path, tmp_path: Path) -> None:
    words = "harbour mill opened founded who the in was where of".split()
    run = training(folder, tmp_path / "run", 10.0, {word: number for number, word in enumerate(words)}, hidden=0.3)
    run.run(lambda: run.progress.step >= 1)
    assert run.guesser is not None
    start = run.guesser.turn.weight.detach().clone()
    run.run(lambda: run.progress.step >= 40)
    assert not torch.equal(start, run.guesser.turn.weight)
    again = training(folder, tmp_path / "run", 10.0, run.numbers, hidden=0.3)
    assert again.resume()
    assert again.guesser is not None
    assert torch.equal(again.guesser.turn.weight, run.guesser.turn.weight)


def test_overlap_is_f1_of_words() -> None:
    assert overlap(["the", "old", "mill"], ["old", "mill", "of", "tarn"]) == pytest.approx(2 * 2 / 6)
    assert overlap(["a"], ["b"]) == 0.0


def test_a_judge_finds_the_evidence_that_counts() -> None:
    random_ = np.random.default_rng(0)
    cases = []
    for number in range(400):
        evidence = random_.normal(size=(6, 2)).astype(np.float32)
        gold = int(evidence[:, 0].argmax()) if number % 2 else -1
        if gold >= 0:
            evidence[gold, 0] += 3.0
        cases.append(Ranked(number, evidence, gold))
    judge = fitted(cases, ("telling", "noise"))
    (best, _, owed), (_, _, little) = judge.explain(torch.tensor([3.0, 3.0]))
    assert best == "telling"
    assert owed > 3 * abs(little)
    found = figures(judge, cases)
    assert found.right > 0.95
    assert found.refused > 0.97
    blind = fitted(cases, ("telling", "noise"), dropped=("noise",))
    assert torch.equal(blind.logit(torch.tensor([3.0, -5.0])), blind.logit(torch.tensor([3.0, 5.0])))


@pytest.mark.slow
def test_the_whole_phase(folder: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MEMORY_FACTS", 8)
    monkeypatch.setattr(judging, "CORPUS_DOCUMENTS", 8)
    out = tmp_path / "model"
    questions = Questions(str(corpus), folder)
    settings = ReadingConfig(minutes=0.02, batch=8, pretraining_minutes=0.02)
    report = train_reader(out, questions, settings, CONFIG, lambda: False)
    assert report["finished"]
    asker = load_asker(out)
    assert asker.network.config.words == len(asker.words) <= CONFIG.words
    assert asker.sentences.weights.abs().sum() > 0.0
    assert report["judges"].keys() == refit_judges(out, questions).keys()
