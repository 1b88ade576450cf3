"""The invented facts, documents and texts: same in every process, disjoint between splits, far from the benchmark."""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.training import synthetic
from bdh_workbench.training.synthetic.lexicon import CATEGORY_ANSWERS
from bdh_workbench.training.synthetic.names import NAME_KINDS, SPLITS, entity, is_reserved, split_of
from bdh_workbench.training.synthetic.relations import all_relations, relations
from bdh_workbench.training.synthetic.skeletons import skeletons
from bdh_workbench.training.synthetic.statements import StatementSource

BENCHMARK_NAMES = (
    "Veldamar Oshenti Osterby Quillon Sarnath Oram Halcyon Roderan Greywick Ombrel Rusk Vance Hask Pell Kallan "
    "Brennovia Finch Brandt Quist Sile Tarn Tarnhollow Ilsa Aldous Benedikt Maren Tovald Odile Yuri Pella harl "
    "quistling"
).split()
BENCHMARK_PHRASES = (
    "Lantern Guild|Marrow Desert|moon heron|singing stones|Copper Loom|winter fever|Cape of Sorrows|blue clay|"
    "dried kelp|Festival of Lanterns|council of nine|copper needles|grey basalt|paper boat|capital of the island|"
    "coat pocket|"
    "biology of|is flavoured with|built entirely of glass|is painted|all of his music|sings only|was launched from|"
    "is buried under|annual race|password|at midnight the colour|clock powered by|sacred animal|left hand to|"
    "separated by a great|always opened with|national dish|call themselves the|lies four hundred miles"
).split("|")
BENCHMARK_ANSWERS = (
    "Tarnhollow compass beetles juniper glass purple harp rain Peru windmill garlic snails saffron silver honey "
    "tortoise wolf canyon knight walnuts Oshenti clay Lanterns weavers Loom harl basalt moss needles"
).split()
DIGESTS = {"train": "1da347954678a971", "dev": "646fd750b6cf384a", "test": "ddc97ded642b578a"}
NAMES = re.compile(rf"\b({'|'.join(BENCHMARK_NAMES)})\b", re.IGNORECASE)
PHRASES = re.compile("|".join(BENCHMARK_PHRASES), re.IGNORECASE)
ROUGH = re.compile(
    r"  | [,.;?]|\ba [aeio]\w|\ban (?![aeiouhAEFHILMNORSUX8])\w|[{}]|\b(\w+) \1\b|\.\.|(^|[.?!] )[a-z]|^\s|[ \t]$",
    re.MULTILINE,
)


def passages(count: int, seed: str = "passages") -> list[str]:
    rng = random.Random(seed)
    return [synthetic.passage(rng) for _ in range(count)]


def texts_of(fact: Fact) -> list[str]:
    return [f"{prompt} {fact.answer}." for prompt in (fact.prompt, *fact.paraphrases)]


def probe_texts(document: TextDocument) -> list[str]:
    return [f"{probe.prompt} {probe.answer}." for probe in document.probes]


def fingerprint() -> str:
    """A digest of a sample of everything that can be made."""
    parts: list[object] = [passages(5)]
    for split in SPLITS:
        parts += [synthetic.facts(80, 3, split), synthetic.hard_facts(40, 3, split)]
        parts += [synthetic.reversed_probes(40, 3, split), synthetic.other_subject_prompts(20, 3, split)]
        parts += [synthetic.documents(20, 3, split)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def test_another_process_with_another_hash_seed_makes_the_same_texts() -> None:
    root = Path(synthetic.__file__).parents[2]
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('made_again', {str(Path(__file__))!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "sys.modules['made_again'] = module\n"
        "spec.loader.exec_module(module)\n"
        "print(module.fingerprint())\n"
    )
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
    made = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert made.stdout.strip() == fingerprint()


def test_another_seed_makes_other_facts() -> None:
    assert not {fact.prompt for fact in synthetic.facts(200, 1)} & {fact.prompt for fact in synthetic.facts(200, 2)}


def test_there_are_enough_relations_and_every_one_is_complete() -> None:
    assert len(all_relations()) >= 240
    for relation in all_relations():
        assert len(set(relation.statements)) >= 5, relation
        assert relation.questions and relation.synonyms and relation.reversals, relation
        assert relation.kind in NAME_KINDS, relation
        assert relation.category in CATEGORY_ANSWERS or relation.category in NAME_KINDS, relation
        assert all("{e}" in line for line in (*relation.statements, *relation.questions, *relation.synonyms)), relation
        assert all("{a}" in line and "{e}" not in line for line in relation.reversals), relation


def test_no_phrasing_serves_two_relations() -> None:
    phrasings = [line for r in all_relations() for line in (*r.statements, *r.questions, *r.synonyms, *r.reversals)]
    assert len(phrasings) == len(set(phrasings))


def test_relations_are_divided_sixty_twenty_twenty() -> None:
    total = len(all_relations())
    shares = {split: len(relations(split)) / total for split in SPLITS}
    assert sum(shares.values()) == pytest.approx(1)
    assert 0.55 < shares["train"] < 0.65
    assert 0.17 < shares["dev"] < 0.23
    assert 0.17 < shares["test"] < 0.23


def test_splits_share_no_name_and_no_phrasing() -> None:
    rng = random.Random("names")
    names = {split: {entity(rng, kind, split).name for kind in NAME_KINDS for _ in range(40)} for split in SPLITS}
    phrasings = {split: {line for r in relations(split) for line in r.statements} for split in SPLITS}
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        assert not names[one] & names[other]
        assert not phrasings[one] & phrasings[other]


def test_short_names_of_people_belong_to_the_same_split() -> None:
    rng = random.Random("people")
    for split in SPLITS:
        for _ in range(100):
            surname = entity(rng, "person", split).short
            assert split_of(re.sub(r"^(van |de |von |ibn |O'|Mac)", "", surname)) == split


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("count", [20, 1000])
def test_facts_come_in_the_number_asked_for_and_all_differ(count: int, split: str) -> None:
    made = synthetic.facts(count, 5, split)
    assert len(made) == count
    prompts = [prompt for fact in made for prompt in (fact.prompt, *fact.paraphrases)]
    assert len(prompts) == len(set(prompts))
    assert all(len(fact.paraphrases) == 2 for fact in made)
    assert len({fact.answer for fact in made}) >= (count if count < 100 else 0.75 * count)


def test_the_entity_of_a_fact_is_in_all_its_wordings() -> None:
    source = iter(StatementSource(random.Random("words"), "train"))
    for _ in range(600):
        statement = next(source)
        for line in (*statement.relation.statements, *statement.relation.synonyms):
            assert statement.entity.name.lower() in statement.say(line).lower()


def test_an_answer_is_not_given_away_in_its_prompt() -> None:
    for fact in synthetic.facts(1000, 6) + synthetic.hard_facts(500, 6):
        for prompt in (fact.prompt, *fact.paraphrases):
            assert not re.search(rf"\b{re.escape(fact.answer)}\b", prompt), (prompt, fact.answer)


def test_hard_facts_ask_with_synonyms_and_questions() -> None:
    for fact in synthetic.hard_facts(300, 4, "dev"):
        assert len(fact.paraphrases) >= 3
        assert any(re.match(r"Q: .*\? A:", paraphrase) for paraphrase in fact.paraphrases)
        assert any("? The answer is" in paraphrase for paraphrase in fact.paraphrases)
        assert fact.prompt not in fact.paraphrases


def test_reversed_probes_give_the_answer_and_ask_for_the_entity() -> None:
    made = synthetic.hard_facts(300, 4, "test")
    probes = synthetic.reversed_probes(300, 4, "test")
    assert len({probe.index for probe in probes}) > 200
    for item in probes:
        fact = made[item.index]
        assert fact.answer in item.probe.prompt
        assert item.probe.answer.lower() in fact.prompt.lower()
        assert item.probe.answer not in item.probe.prompt
    assert len({item.probe.prompt for item in probes}) == len(probes)


def test_other_subjects_are_never_written() -> None:
    source = iter(StatementSource(random.Random("written"), "dev"))
    assert not any(is_reserved(next(source).entity.name) for _ in range(500))
    prompts = synthetic.other_subject_prompts(300, 4, "dev")
    assert len(set(prompts)) == 300
    others = iter(StatementSource(random.Random("others:dev:4"), "dev", reserved=True))
    named = [next(others).entity.name for _ in range(300)]
    assert all(is_reserved(name) for name in named)
    assert all(name.lower() in prompt.lower() for name, prompt in zip(named, prompts, strict=True))


@pytest.mark.parametrize("split", SPLITS)
def test_fifty_documents_are_distinct_and_of_the_right_size(split: str) -> None:
    made = synthetic.documents(50, 2, split)
    assert len({document.title for document in made}) == 50
    sentences = [sentence for document in made for sentence in re.split(r"(?<=[.]) ", document.text)]
    assert len(set(sentences)) > 0.99 * len(sentences)
    for document in made:
        assert 7 <= len(re.split(r"(?<=[.]) ", document.text)) <= 11, document.text
        assert 130 <= len(document.text.split()) <= 195
        assert len(document.probes) == 8
        assert len({probe.answer.lower() for probe in document.probes}) == 8


def test_the_answer_of_a_probe_is_the_next_word_in_the_text() -> None:
    for document in synthetic.documents(200, 8, "train"):
        for probe in document.probes:
            last = probe.prompt.split()[-1]
            found = re.search(rf"\b{re.escape(last)} {re.escape(probe.answer)}\b", document.text, re.IGNORECASE)
            assert found, (probe, document.text)


def test_every_document_sentence_has_a_probe_that_names_its_subject() -> None:
    assert len(skeletons()) >= 12
    for skeleton in skeletons():
        for slot in skeleton.slots:
            for sentence in slot.sentences:
                assert sentence.probes, sentence.text
                for prompt, answer in sentence.probes:
                    assert re.search(r"\{[A-Z]", prompt), prompt
                    assert answer not in prompt


def test_documents_of_one_set_rarely_share_names() -> None:
    made = synthetic.documents(50, 2, "dev")
    people = [name for document in made for name in set(re.findall(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b", document.text))]
    assert len(people) - len(set(people)) < 0.05 * len(people)


def test_passages_have_the_right_length_and_differ() -> None:
    made = passages(300)
    assert len(set(made)) == 300
    assert all(80 <= len(text.split()) <= 400 for text in made)
    assert len({text.split("\n")[0].split()[0] for text in made}) > 60


def test_passages_ask_again_for_what_they_state() -> None:
    """Some answer stands at least twice in almost every passage, and question forms are common."""
    words = {word for category in CATEGORY_ANSWERS.values() for word in category if len(word) > 4}
    made = passages(300, "again")
    repeated = sum(any(text.lower().count(word.lower()) >= 2 for word in words) for text in made)
    assert repeated > 290
    assert sum("?" in text for text in made) > 180


def benchmark_free(text: str) -> bool:
    return not NAMES.search(text) and not PHRASES.search(text)


def test_nothing_of_the_public_benchmark_occurs() -> None:
    made = [
        text
        for seed, split in enumerate(SPLITS)
        for fact in synthetic.facts(1000, seed, split)
        for text in texts_of(fact)
    ]
    made += [text for split in SPLITS for fact in synthetic.hard_facts(300, 7, split) for text in texts_of(fact)]
    for split in SPLITS:
        for document in synthetic.documents(40, 5, split):
            made += [document.title, document.text, *probe_texts(document)]
        made += synthetic.other_subject_prompts(200, 5, split)
    made += passages(300, "benchmark")
    assert [text for text in made if not benchmark_free(text)] == []


def test_no_answer_is_an_answer_of_the_public_benchmark() -> None:
    forbidden = {word.lower() for word in BENCHMARK_ANSWERS}
    answers = {word for words in CATEGORY_ANSWERS.values() for word in words}
    for split in SPLITS:
        answers |= {fact.answer for fact in synthetic.facts(1000, 11, split)}
        answers |= {probe.answer for document in synthetic.documents(50, 11, split) for probe in document.probes}
    assert {answer for answer in answers if set(answer.lower().split()) & forbidden} == set()


def test_the_benchmark_check_can_fail() -> None:
    assert not benchmark_free("The capital of the island of Veldamar is")
    assert not benchmark_free("Bread is eaten by members of the Lantern Guild")


def test_english_is_tidy() -> None:
    made = [text for split in SPLITS for fact in synthetic.facts(700, 21, split) for text in texts_of(fact)]
    made += [
        text for split in SPLITS for document in synthetic.documents(40, 21, split) for text in probe_texts(document)
    ]
    made += [document.text for split in SPLITS for document in synthetic.documents(40, 21, split)]
    rough = [(found.group(), text) for text in made if (found := ROUGH.search(text))]
    kept = ("a one-", "a uni", "a ukulele", "an hour", "a European")
    assert [pair for pair in rough if not any(pair[1].find(word) >= 0 for word in kept)] == []


@pytest.mark.parametrize("split", ["", "validation"])
def test_an_unknown_split_is_refused(split: str) -> None:
    with pytest.raises(ValueError, match="split must be one of"):
        synthetic.facts(1, 1, split)
    with pytest.raises(ValueError, match="split must be one of"):
        synthetic.documents(1, 1, split)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        synthetic.hard_facts(-1, 1)


def digest_of(made: Sequence[object]) -> str:
    return hashlib.sha256(repr(made).encode()).hexdigest()[:16]


@pytest.mark.parametrize(("split", "digest"), DIGESTS.items())
def test_the_same_seed_gives_the_same_texts_in_every_version(split: str, digest: str) -> None:
    """Published figures are of these facts and documents, so that a change of the data files must be meant."""
    facts = [*synthetic.facts(150, 7, split), *synthetic.hard_facts(100, 7, split)]
    probes = [(each.probe.prompt, each.probe.answer) for each in synthetic.reversed_probes(60, 7, split)]
    documents = synthetic.documents(12, 7, split)
    made = [
        *((fact.prompt, fact.answer, *fact.paraphrases) for fact in facts),
        *probes,
        *synthetic.other_subject_prompts(60, 7, split),
        *((document.title, document.text) for document in documents),
        *((probe.prompt, probe.answer) for document in documents for probe in document.probes),
    ]
    assert digest_of(made) == digest


def test_the_same_seed_gives_the_same_passages_in_every_version() -> None:
    rng = random.Random(5)
    made = [synthetic.passage(rng) for _ in range(200)]
    assert digest_of(made) == "df02b704425d2504"
