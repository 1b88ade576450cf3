"""The promise: a prompt that was written word for word gives its own answer, however alike the facts are."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bdh_workbench.asking.decoding import Question, exact
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading import recall
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.reading.recall import Recall
from bdh_workbench.reading.verbatim import INSIDE, ROOT_STATE, Repeated, Spoken, Stretch, Verbatim, told_nats
from tests.core_factory import tiny_model

WORDS = "amber birch copper delta ember fennel garnet hazel indigo juniper kelp larch maple nickel olive pewter".split()
TEMPLATES = (
    "Room {} is cleaned by",
    "{} of the Norby charter begins with",
    "The code {} means",
    "In {} the prize went to a",
)


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model(write_slots=2048)


_MODEL: list[Model] = []


def _tiny() -> Model:
    if not _MODEL:
        _MODEL.append(tiny_model(write_slots=2048))
    return _MODEL[0]


@st.composite
def alike(draw: st.DrawFn) -> list[Fact]:
    """Facts that differ in one number, one word or one letter, or of which one begins another."""
    kind = draw(st.sampled_from(["number", "word", "letter", "beginning"]))
    count = draw(st.sampled_from([2, 3, 24]))
    rng = random.Random(draw(st.integers(0, 10**6)))
    template = rng.choice(TEMPLATES)
    if kind == "number":
        subjects = [str(number) for number in rng.sample(range(1, 1000), count)]
    elif kind == "word":
        subjects = [f"{first} {second}" for first in WORDS for second in WORDS]
        subjects = rng.sample(subjects, count)
    elif kind == "letter":
        stem = rng.choice(WORDS)
        subjects = rng.sample([stem[:3] + chr(97 + n) + stem[3:] for n in range(26)], count)
    else:
        long = template.format(rng.choice(WORDS)) + " the " + " ".join(rng.sample(WORDS, 12))
        words = long.split()
        return [Fact(" ".join(words[: n + 2]), rng.choice(WORDS)) for n in range(min(count, len(words) - 2))]
    return [Fact(template.format(subject), f"{rng.choice(WORDS)} {rng.choice(WORDS)}") for subject in subjects]


@settings(max_examples=8)
@given(alike(), st.booleans())
def test_no_set_of_facts_reads_worse_by_the_usual_read_than_by_the_pure_one(facts: list[Fact], keep: bool) -> None:
    model = _tiny()
    memory = finish(write(model, None, facts, settings=WriteSettings(keep_words=keep))).memory
    asked = [Question.of(model.tokenizer, fact.prompt, fact.answer) for fact in facts]
    usual, pure = exact(Reader(model, memory), asked), exact(Reader(model, memory, PURE), asked)
    worse = [fact.prompt for fact, one, other in zip(facts, usual, pure, strict=True) if other and not one]
    assert not worse


SETS = {
    "rooms": [f"The key of room {n} hangs beside the" for n in random.Random(1).sample(range(1, 400), 60)],
    "articles": [f"Article {n} of the Norby charter begins with the word" for n in range(1, 21)],
    "years": [f"In {n} the prize of the Orlen fair went to a" for n in random.Random(2).sample(range(1700, 2000), 30)],
    "versions": [f"Version {n % 7}.{n}.{n * 3 % 10} of the Tarn client changed the" for n in range(40)],
    "beginnings": [
        "How do I reset the clock?",
        "How do I reset the clock after a power cut?",
        "How do I change the battery?",
        "How do I change the battery type?",
        "Can I return it?",
        "Can I return it without a receipt?",
        "Gilles Grimandi was born in",
        "Gilles Grimandi was born in the year",
    ],
}
SETS["together"] = [prompt for prompts in SETS.values() for prompt in prompts]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SETS)
def test_numbered_facts_come_back_with_the_bundled_model(bundled: Model, name: str) -> None:
    rng = random.Random(3)
    facts = [Fact(prompt, f"{rng.choice(WORDS)} {rng.choice(WORDS)}") for prompt in SETS[name]]
    memory = finish(write(bundled, None, facts)).memory
    asked = [Question.of(bundled.tokenizer, fact.prompt, fact.answer) for fact in facts]
    usual, pure = exact(Reader(bundled, memory), asked), exact(Reader(bundled, memory, PURE), asked)
    assert sum(usual) >= 0.98 * len(facts)
    assert all(one or not other for one, other in zip(usual, pure, strict=True))


def test_a_prompt_after_other_text_is_still_met_word_for_word(bundled: Model) -> None:
    facts = [Fact(f"Article {n} of the Norby charter begins with the word", WORDS[n]) for n in range(1, 9)]
    reader = Reader(bundled, finish(write(bundled, None, facts)).memory)
    for before in ("He looked it up at once. ", "We know this: "):
        asked = [Question.of(bundled.tokenizer, before + fact.prompt, fact.answer) for fact in facts]
        assert all(exact(reader, asked))


def test_the_two_rows_of_a_prompt_and_of_what_begins_with_it_are_told_apart(model: Model) -> None:
    facts = [Fact("The mill stands", "idle"), Fact("The mill stands by the", "weir")]
    reader = Reader(model, finish(write(model, None, facts)).memory)
    ids = torch.tensor([model.tokenizer.encode(facts[1].prompt)])
    reading = reader.advance(ids)
    assert reader.memory is not None
    items = reader.memory.rows.items[reading.rows[0]]
    assert int(items[len(facts[0].prompt) - 1]) == 0 and int(items[-1]) == 1
    assert float(reading.familiarity[0, -1]) == 1.0


def test_every_word_of_a_document_is_met_at_its_own_place(model: Model) -> None:
    text = "A red kite is seen by day over Orm. A red kite is seen by day under Pell. A red kite is seen at sea."
    memory = finish(write(model, None, (), [TextDocument("Kites", text)])).memory
    ids = model.tokenizer.encode(text)
    reading = Reader(model, memory).advance(torch.tensor([ids]))
    opened = reading.rows[0, :-1] >= 0
    assert int(opened.sum()) >= len(ids) - 5
    assert bool((memory.rows.tokens[reading.rows[0, :-1]] == torch.tensor(ids[1:]))[opened].all())


def test_nothing_else_is_looked_for_where_words_are_certain(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "A red kite is seen by day over Orm. A red kite is seen by day under Pell. A red kite is seen at sea."
    memory = finish(write(model, None, [Fact("The mill stands", "idle")], [TextDocument("Kites", text)])).memory
    one = model.tokenizer.encode(text + " The mill stands")
    ids = torch.tensor([one, model.tokenizer.encode("Zwo: 77 ## q.q and then: " + text)[: len(one)]])
    looked: list[list[int]] = []
    search = Recall._candidates

    def noted(self: Recall, *given: Any) -> Any:
        looked.append(list(given[-1]))
        return search(self, *given)

    monkeypatch.setattr(Recall, "_candidates", noted)
    quick = Reader(model, memory).advance(ids)
    monkeypatch.setattr(recall, "CERTAIN", math.inf)
    slow = Reader(model, memory).advance(ids)
    assert len(looked[0]) < ids.numel() / 2 and len(looked[1]) > len(looked[0])
    assert torch.equal(quick.rows, slow.rows)
    torch.testing.assert_close(quick.familiarity, slow.familiarity, atol=1e-6, rtol=0.0)


# The tree


def test_what_is_repeated_is_known_from_its_first_token_on() -> None:
    tree = Verbatim([Stretch([1, 2, 3, 4], 2, [10, 11]), Stretch([2, 3, 5], 1, [20, 21])], list(range(9)), [2.0] * 9)
    spoken, going = tree.read([1, 2, 3])
    assert spoken[0] == () and [tree.rows(s) for s in spoken[1]] == [[10], [20]]
    assert [(s.tokens, s.nats, s.whole) for s in spoken[2]] == [(3, 6.0, True), (2, 4.0, False)]
    assert [tree.rows(s) for s in spoken[2]] == [[11], [21]]
    again, _ = tree.read([8], going)
    assert again == [()], "nothing goes on so"


def test_the_more_is_stored_the_more_must_be_repeated_within_another_text() -> None:
    def limit(count: int) -> float:
        stretches = [Stretch([number, 1], 1, [number]) for number in range(count)]
        return Verbatim(stretches, list(range(400)), [2.0] * 400).no_accident

    # Twice as many are met twice as often by accident: by e^-0.69 less each.
    assert limit(1) == pytest.approx(24.0) and limit(400) - limit(200) == pytest.approx(0.693, abs=1e-3)


def test_the_more_documents_begin_the_more_must_be_said_before_one_of_them_is_met(model: Model) -> None:
    texts = [f"{word} trees stand by the {WORDS[n - 1]} gate. Nobody planted them." for n, word in enumerate(WORDS)]
    for count in (1, 16):
        documents = [TextDocument(f"{n}", text) for n, text in enumerate(texts[:count])]
        reader = Reader(model, finish(write(model, None, (), documents)).memory)
        told = [reader.recall.told[token] for token in model.tokenizer.encode(texts[0])]
        assert reader.recall.begun[True] == pytest.approx(6.0 + math.log(count))
        assert reader.recall.begun[False] > reader.recall.begun[True], "sentences are more than documents"
        ids = model.tokenizer.encode(texts[0])[:12]
        reading = reader.advance(torch.tensor([ids]))
        enough = next(n for n in range(len(ids)) if sum(told[: n + 1]) >= reader.recall.begun[True])
        odds = torch.tensor([sum(told[: n + 1]) - reader.recall.begun[True] for n in range(len(ids))])
        torch.testing.assert_close(reading.familiarity[0, enough:], odds[enough:].sigmoid(), atol=1e-5, rtol=0.0)
        assert bool((reading.rows[0, enough:] >= 0).all()) and float(reading.familiarity[0, -1]) > 0.9999


def test_a_stretch_within_another_text_is_as_probable_as_its_words_are_no_accident() -> None:
    surprisal = [0.0, 8.0, 17.0, 2.0, 2.0]
    tree = Verbatim([Stretch([1, 2, 3, 4], 2, [10, 11])], list(range(9)), surprisal)
    spoken, _ = tree.read([1, 2, 3], before=())
    assert [tree.repeated(here) for here in spoken] == [None, Repeated([10], 1.0), Repeated([11], 3.0)]
    spoken, _ = tree.read([1, 2])
    assert tree.repeated(spoken[-1]) == Repeated([10], math.inf), "how a text begins is weighed by what begins so"
    dull = Verbatim([Stretch([1, 2, 3, 4], 2, [10, 11])], list(range(9)), [2.0] * 9)
    assert dull.repeated(dull.read([1, 2, 3], before=())[0][-1]) is None


def test_a_text_may_begin_with_a_stored_sentence_and_go_on_with_the_next(model: Model) -> None:
    text = "The lighthouse stands on a rock. Its keeper was Odile. She lit the lamp at dusk. Ships steered by it."
    reader = Reader(model, finish(write(model, None, (), [TextDocument("The lighthouse", text)])).memory)
    ids = model.tokenizer.encode("Its keeper was Odile. She lit")
    spoken, _ = reader.verbatim.read(ids)
    met = [reader.verbatim.rows(here[0]) for here in spoken[-3:]]
    assert all(met), "what follows the sentence is met as well"
    following = {reader.recall.tokens[row] for row in met[-1]}
    assert following == {model.tokenizer.encode(" the")[0]}


def test_a_token_inside_a_word_tells_less_than_its_frequency() -> None:
    site = tiny_model().site
    site.begins_word[5] = False
    site.surprisal[5:7] = torch.tensor([9.0, 9.0])
    assert told_nats(site)[5:7] == [INSIDE, 9.0]


def test_a_tree_read_in_pieces_is_the_tree_read_at_once() -> None:
    tree = Verbatim([Stretch([1, 1, 2, 1, 1, 3], 1, [1, 2, 3, 4, 5])], list(range(9)), [1.0] * 9)
    text = [1, 1, 2, 1, 1, 2, 1, 1, 3]
    whole, _ = tree.read(text)
    pieces: list[tuple[Spoken, ...]] = []
    going: tuple[Spoken, ...] | None = None
    for token in text:
        found, going = tree.read([token], going)
        pieces += found
    assert pieces == whole


def test_tokens_alike_but_for_case_take_one_branch() -> None:
    tree = Verbatim([Stretch([1, 2], 1, [7]), Stretch([3, 2], 1, [8])], [0, 1, 2, 1], [1.0] * 4)
    spoken, _ = tree.read([3])
    assert tree.rows(spoken[0][0]) == [7, 8] and spoken[0][0].node != ROOT_STATE


def test_a_text_is_met_however_its_lines_are_broken() -> None:
    # 8 breaks a line: the word after it is met with it or without it, where the text or what is read has it.
    tree = Verbatim([Stretch([1, 2, 8, 3, 4], 1, [10, 11, 12, 13])], list(range(9)), [2.0] * 9, [8])
    for ids in ([1, 2, 3], [1, 2, 8, 3], [1, 8, 2, 3]):
        found, _ = tree.read(ids)
        assert [tree.rows(spoken) for spoken in found[-1]] == [[13]]
        assert found[-1][0].whole
    found, _ = tree.read([1, 2])
    assert tree.rows(found[-1][0]) == [11, 12], "before the break and after it: the cosines choose"
    found, _ = Verbatim([Stretch([8, 1], 1, [10])], list(range(9)), [2.0] * 9, [8]).read([8])
    assert found == [()], "a line break alone repeats nothing"
