"""Where in a document a question stands: the last words, and the words of the sentence."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.memory.writing.encoding import document_items
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.reading.places import Places
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.recall import Recall, linked
from bdh_workbench.reading.words import (
    KNOWN_BEFORE,
    RARITY_OFFSET,
    RARITY_SPAN,
    RECENT,
    Lexicon,
    RecentWords,
    SentenceWords,
    WordIndex,
    sentences_said,
    words_of,
)
from bdh_workbench.training.addressing.addresses import Words, stored_rows
from tests.core_factory import calibrated_site, tiny_config, tiny_model
from tests.model_factory import SLOTS

# One token a letter, as a byte tokenizer has them.
SITE = calibrated_site(tiny_config())
LEXICON = Lexicon.of(SITE, ByteTokenizer())


def ids_of(text: str) -> list[int]:
    return list(text.encode())


def asked(text: str) -> dict[str, float]:
    """The words of a question and their rarities, as a reader sees them at its end."""
    ids = ids_of(text)
    return {word.text: word.rarity for word in RecentWords(LEXICON, ids).before(len(ids))}


def index_of(*documents: Sequence[str]) -> WordIndex:
    """The words of documents, numbered from 0."""
    said = [s for n, texts in enumerate(documents) for s in sentences_said(n, texts, LEXICON, ByteTokenizer())]
    return WordIndex(said)


def found(index: WordIndex, text: str) -> list[int]:
    """The items whose sentences share most words with a text."""
    ids = ids_of(text)
    weights = index.weights(RecentWords(LEXICON, ids).before(len(ids)))
    return [index.sentences[place].item for place in index.best(weights, 3)]


def test_words_leave_names_out_and_keep_the_first_of_a_sentence() -> None:
    text = "Every house in Driftcliff has a door"
    assert words_of(text, names=False) == {"every", "house", "in", "has", "a", "door"}
    assert words_of(text) - words_of(text, names=False) == {"driftcliff"}
    assert [word.text for word in LEXICON.words(ids_of(text)) if word.capital] == ["every", "driftcliff"]
    assert set(asked(text)) <= words_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "MARROWBY",
        "\u201cMarrowby\u201d",
        '"Marrowby"',
        "(marrowby)",
        "left\u2014Marrowby",
        "Marrowby's",
        "m\u00e1rrowby",
    ],
)
def test_a_word_is_the_same_whatever_stands_around_it(text: str) -> None:
    """Case, accents, quotation marks, brackets and dashes, of which a tokenizer makes other tokens."""
    assert "marrowby" in words_of(text)
    assert "marrowby" in {word.text for word in LEXICON.words(ids_of(text))}


def test_a_word_knows_its_tokens() -> None:
    text = "\u201cNa\u00efve\u201d mills"
    first, second = LEXICON.words(ids_of(text))
    data = text.encode()
    assert (first.text, data[first.start : first.stop].decode()) == ("naive", "Na\u00efve")
    assert (second.text, data[second.start : second.stop].decode()) == ("mills", "mills")
    pieces = ["\u201c", "Na", "\u00efve\u201d", " mi", "lls"]
    cut = Lexicon([piece.encode() for piece in pieces], [1.0, 6.0, 5.0, 7.0, 8.0])
    assert [(word.start, word.stop) for word in cut.words(range(5))] == [(1, 3), (3, 5)]
    assert cut.words(range(5))[0].rarity == pytest.approx((6.0 + 5.0 - RARITY_OFFSET) / RARITY_SPAN)


def test_characters_that_are_cut_off_break_nothing() -> None:
    ids = ids_of("\u00e9cole mill \u00e9")
    assert [word.text for word in LEXICON.words(ids[1:-1])] == ["cole", "mill"]
    assert LEXICON.words([]) == [] and LEXICON.words(ids[:1]) == []


def test_the_end_of_a_text_is_the_end_of_a_word() -> None:
    ids = [*ids_of("mill"), ByteTokenizer().end_id, *ids_of("stone")]
    assert [word.text for word in LEXICON.words(ids)] == ["mill", "stone"]


def test_a_word_that_began_before_the_last_tokens_does_not_count() -> None:
    text = "schoolhouse " + "y" * (RECENT - 6)
    assert "schoolhouse" not in asked(text) and "house" not in asked(text)
    assert list(asked("schoolhouse ")) == ["schoolhouse"]


def test_a_word_that_is_being_read_counts_as_far_as_it_has_come() -> None:
    words = RecentWords(LEXICON, ids_of("a windmill"))
    assert [[word.text for word in words.before(stop)] for stop in (6, 10)] == [["a", "wind"], ["a", "windmill"]]


@pytest.mark.parametrize(
    "text", ["Pellmare\n\nThe clock is slow.", "The clock is slow.\n\nSincerely", "港の時計は遅い。鐘が鳴る。"]
)
def test_headings_and_texts_without_spaces_are_read(text: str) -> None:
    model = tiny_model(write_slots=SLOTS)
    reader = Reader(model, finish(write(model, None, (), (TextDocument("Clock", text),))).memory)
    reading = reader.advance(torch.tensor([model.tokenizer.encode(text)]))
    assert bool((reading.rows[0, 8:] >= 0).all())


def test_a_word_that_fewer_sentences_say_tells_more() -> None:
    words = SentenceWords(["the mill", "the brook", "the mill"])
    mill, brook = (words.scores(asked(text)) for text in ("the mill", "the brook"))
    assert mill[0] == mill[2] > mill[1]
    assert brook[1] > mill[0] > 0.0
    assert words.scores(asked("a ship")) == [0.0, 0.0, 0.0]


def test_what_all_sentences_say_tells_nothing() -> None:
    words = SentenceWords(["mill", "mill"])
    assert words.scores(asked("mill")) == [pytest.approx(0.0), pytest.approx(0.0)]


def test_the_words_of_the_sentence_decide_between_places_that_are_alike() -> None:
    summaries = torch.nn.functional.normalize(torch.ones(4, 3, 256), dim=-1)
    sentences = torch.tensor([0, 0, 1, 1])
    places = Places(SITE, summaries, sentences, SentenceWords(["red mill", "old brook"]))
    for text, sentence in (("red", 0), ("brook", 1)):
        scores = places.scores(summaries[:1], [asked(text)])
        assert int(sentences[scores.argmax()]) == sentence
    without = Places(SITE, summaries, sentences, None).scores(summaries[:1], [asked("red")])
    assert float(without.max() - without.min()) == 0.0, "nothing else tells them apart"


TEXT = TextDocument(
    "The inn",
    "The inn of Brask is a low house of grey stone. A guest who cannot pay must ring the bell in a tower. At night "
    "the cook hides her bread in a barrel.",
)


def test_a_question_is_led_to_the_sentence_that_it_is_about() -> None:
    """All three sentences have a place after "in a" or "a"; the name stands in the first alone."""
    model = tiny_model(write_slots=SLOTS)
    tokenizer = model.tokenizer
    items = document_items([TEXT], tokenizer, 256)
    rows = stored_rows(model.site, items, [0], Words.of(model.site, tokenizer, (), [TEXT]))
    for prompt, answer in (
        ("In Brask the bread is hidden in a", " barrel"),
        ("In Brask guests ring a bell in a", " tower"),
    ):
        ids = torch.tensor([tokenizer.encode(prompt)])
        raw = model.site.summaries(ids)[0]
        _, found = rows.recall.match(
            ids, model.site.normalised(raw), model.site.evidence(raw), torch.tensor([-1])
        )  # fmt: skip
        row, told = int(found[0, -1]), []
        while row >= 0 and len(told) < len(answer):
            told.append(int(rows.targets[row]))
            row = rows.recall.following[row]
        assert tokenizer.decode(told) == answer


def test_the_words_read_in_an_earlier_call_count_in_a_later_one() -> None:
    model: Model = tiny_model(write_slots=SLOTS, threshold=0.1)
    memory = finish(write(model, None, (), (TEXT,))).memory
    reader = Reader(model, memory)
    ids = torch.tensor([model.tokenizer.encode("At night in Brask the bread is hidden away again in a")])
    whole = reader.advance(ids)
    state, rows = None, []
    for place in range(ids.shape[1]):
        reading = reader.advance(ids[:, place : place + 1], state)
        state = reading.state
        rows.append(int(reading.rows[0, 0]))
    assert rows == whole.rows[0].tolist()
    assert state is not None and state.recent.shape[1] == min(KNOWN_BEFORE, ids.shape[1])
    assert torch.equal(state.recent, whole.state.recent)


def test_a_document_is_found_by_the_first_word_that_it_says() -> None:
    """Which is no target of a write, so that no row stands for it."""
    text = TextDocument("Bees", "Marrowby keeps bees in the tower. They swarm in May.")
    model: Model = tiny_model(write_slots=SLOTS, threshold=0.9)
    memory = finish(write(model, None, (), (text,))).memory
    reader = Reader(model, memory)
    assert reader.recall.index is not None
    assert found(reader.recall.index, "Tell me of Marrowby") == [0]


def test_the_window_of_a_sentence_goes_on_in_the_text() -> None:
    """Rows 0 to 6 are the text, with a space of its own after the second sentence; then two windows; then a fact."""
    items, sentences = [0] * 11 + [1, 1], [0, 0, 1, 1, 1, 2, 2, 0, 0, 1, 1, 0, 0]
    tokens = [65, 46, 66, 46, 32, 67, 0, 65, 46, 66, 46, 68, 0]
    following = [1, 2, 3, 4, 5, 6, -1, 8, -1, 10, -1, 12, -1]
    expected = [1, 2, 3, 4, 5, 6, -1, 8, 2, 10, 4, 12, -1]
    assert linked(items, sentences, following, tokens, {0}) == expected
    assert linked(items, sentences, following, tokens, set()) == following
    cut = [*tokens[:10], 99, *tokens[11:]]
    assert linked(items, sentences, following, cut, {0})[10] == -1, "the window ends before the sentence does"


def test_sentences_that_a_text_does_not_have_are_not_looked_for() -> None:
    """A row of a damaged file may say that it stands in any sentence."""
    summaries = torch.nn.functional.normalize(torch.ones(2, 3, 256), dim=-1)
    for last, found in ((0, True), (2**31 - 1, False)):
        recall = Recall(
            SITE, summaries, torch.zeros(2, dtype=torch.int64), {0}, torch.tensor([0, last]), [1, -1], [65, 66],
            texts={0: ["a mill"]},
        )  # fmt: skip
        assert (recall.places(0).words is not None) is found


def test_a_document_is_found_by_the_words_of_one_of_its_sentences() -> None:
    index = index_of(["a goose guards the gate", "the mill is old"], ["the gate"], ["a ship"])
    assert found(index, "goose that guards a gate")[0] == 0
    assert found(index, "blue sails") == []


def test_a_word_that_many_sentences_say_weighs_less() -> None:
    index = index_of(["the mill", "the brook", "the inn", "the road"])
    weights = {word: index.weight(word, 1.0) for word in ("the", "mill", "unheard")}
    assert weights["the"] < 0.1 < weights["mill"] and weights["unheard"] == 1.0


def test_scripts_without_spaces_are_read_as_pairs_of_characters() -> None:
    assert words_of("\u6e2f\u306e\u6642\u8a08") == {"\u6e2f\u306e", "\u306e\u6642", "\u6642\u8a08"}
    assert words_of("BDH\u6e2f\u306e7") == {"bdh", "\u6e2f\u306e", "7"}
    text = "\u6e2f\u306e\u6642"
    pairs = LEXICON.words(ids_of(text))
    assert [text.encode()[word.start : word.stop].decode() for word in pairs] == [text[:2], text[1:]]


def test_words_know_which_sentence_they_are_of() -> None:
    text = "J. Smith came. Then he left! Why? Nobody said"
    assert [word.sentence for word in LEXICON.words(ids_of(text))] == [0, 0, 0, 1, 1, 1, 2, 3, 3]
