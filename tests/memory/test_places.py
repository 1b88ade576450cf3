"""Where in a document a question stands: the last words, and the words of the sentence."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
import torch

from bdh_workbench.memory.encoding import document_items
from bdh_workbench.memory.items import TextDocument
from bdh_workbench.memory.places import Places
from bdh_workbench.memory.reading import Reader
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.words import RECENT, Lexicon, SentenceWords, Stretch, WordIndex
from bdh_workbench.memory.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.training.addresses import stored_rows
from tests.core_factory import calibrated_site, tiny_config, tiny_model
from tests.model_factory import SLOTS

# One token a letter, as a byte tokenizer has them, with capitals and spaces.
SITE = calibrated_site(tiny_config())
LEXICON = Lexicon.of(SITE)


def ids_of(text: str) -> list[int]:
    return list(text.encode())


def stretches(*sentences: str) -> list[Stretch]:
    return [Stretch(number, False, ids_of(text)) for number, text in enumerate(sentences)]


def said(words: Sequence[tuple[int, ...]]) -> list[str]:
    """Words as text, in lower case: the classes of letters are those of whichever case comes first."""
    return ["".join(map(chr, word)).strip().lower() for word in words]


def test_words_leave_names_out_and_keep_the_first_of_a_sentence() -> None:
    found = said(list(LEXICON.words(ids_of("Every house in Driftcliff has a door"), first=True, names=False)))
    assert [word for word in found if word] == ["every", "house", "in", "has", "a", "door"]


def test_the_rest_of_a_word_that_began_before_is_no_word() -> None:
    found = said(list(LEXICON.words(ids_of("use in the wood"))))
    assert [word for word in found if word] == ["in", "the", "wood"]


def test_a_stretch_that_begins_no_word_has_none() -> None:
    assert LEXICON.words(ids_of("mare")) == {} and LEXICON.words([]) == {}
    assert said(list(LEXICON.words(ids_of("mare"), first=True))) == ["mare"]


@pytest.mark.parametrize(
    "text", ["Pellmare\n\nThe clock is slow.", "The clock is slow.\n\nSincerely", "港の時計は遅い。鐘が鳴る。"]
)
def test_headings_and_texts_without_spaces_are_read(text: str) -> None:
    model = tiny_model(write_slots=SLOTS)
    reader = Reader(model, finish(write(model, None, (), (TextDocument("Clock", text),))).memory)
    reading = reader.advance(torch.tensor([model.tokenizer.encode(text)]))
    assert bool((reading.rows[0, 8:] >= 0).all())


def test_a_word_is_the_same_in_either_case() -> None:
    large, small = LEXICON.words(ids_of("House"), first=True), LEXICON.words(ids_of("house"), first=True)
    assert list(large) == list(small)


def test_a_word_that_fewer_sentences_say_tells_more() -> None:
    words = SentenceWords(LEXICON, stretches(" the mill", " the brook", " the mill"))
    mill, brook = (words.scores(LEXICON.words(ids_of(text))) for text in (" the mill", " the brook"))
    assert mill[0] == mill[2] > mill[1]
    assert brook[1] > mill[0] > 0.0
    assert words.scores(LEXICON.words(ids_of(" a ship"))) == [0.0, 0.0, 0.0]


def test_what_all_sentences_say_tells_nothing() -> None:
    words = SentenceWords(LEXICON, stretches(" the", " the"))
    assert words.scores(LEXICON.words(ids_of(" the"))) == [pytest.approx(0.0), pytest.approx(0.0)]


def test_the_words_of_the_sentence_decide_between_places_that_are_alike() -> None:
    summaries = torch.nn.functional.normalize(torch.ones(4, 3, 256), dim=-1)
    sentences = torch.tensor([0, 0, 1, 1])
    words = SentenceWords(LEXICON, stretches(" red mill", " old brook"))
    places = Places(SITE, summaries, sentences, words)
    for text, sentence in ((" red", 0), (" brook", 1)):
        scores = places.scores(summaries[:1], [LEXICON.words(ids_of(text))])
        assert int(sentences[scores.argmax()]) == sentence
    without = Places(SITE, summaries, sentences, None).scores(summaries[:1], [LEXICON.words(ids_of(" red"))])
    assert float(without.max() - without.min()) == 0.0, "nothing else tells them apart"


TEXT = TextDocument(
    "The inn",
    "The inn of Brask is a low house of grey stone. A guest who cannot pay must ring the bell in a tower. At night "
    "the cook hides her bread in a barrel.",
)


def test_a_question_is_led_to_the_sentence_that_it_is_about() -> None:
    """All three sentences have a place behind "in a" or "a"; the name stands in the first alone."""
    model = tiny_model(write_slots=SLOTS)
    tokenizer = model.tokenizer
    rows = stored_rows(model.site, document_items([TEXT], tokenizer, 256), [0])
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
    assert state is not None and state.recent.shape[1] == min(RECENT, ids.shape[1])
    assert torch.equal(state.recent, whole.state.recent)


def test_a_document_is_found_by_the_words_of_one_of_its_sentences() -> None:
    """A question shares four words with a long sentence, which its cue resembles little."""
    index = WordIndex(
        LEXICON, {3: stretches(" a goose guards the gate", " the mill is old"), 5: stretches(" the gate")}
    )
    right, wrong, none = (
        index.best(LEXICON.words(ids_of(text)))
        for text in (" goose that guards a gate", " the gate", " blue ships sail")
    )
    assert right[1] == 3 and wrong[1] in (3, 5) and none == (0.0, -1)
    assert right[0] > wrong[0] > 0.0, "the more it shares, the surer"
    diluted, _ = index.best(LEXICON.words(ids_of(" goose that guards a gate while ships sail past under blue flags")))
    assert diluted < right[0], "and the less it asks besides"


def test_only_the_last_words_count() -> None:
    index = WordIndex(LEXICON, {0: stretches(" a goose guards the gate")})
    text = ids_of(" a goose guards the gate" + " x" * RECENT)
    found = [score for score, _ in index.read(text, 0)]
    assert max(found[:24]) > 0.0 and found[-1] == 0.0


def test_words_open_a_document_whose_cues_are_not_familiar() -> None:
    """And its place is then sought as any other; without the words it stays closed."""
    model: Model = tiny_model(write_slots=SLOTS, threshold=0.5)
    limits = model.calibration
    model = dataclasses.replace(
        model, calibration=dataclasses.replace(limits, word_thresholds=torch.full_like(limits.word_thresholds, 0.05))
    )
    ids = torch.tensor([model.tokenizer.encode("Where is bread hid by the cook?")])
    for keep, opened in ((True, True), (False, False)):
        settings = WriteSettings(keep_words=keep)
        reader = Reader(model, finish(write(model, None, (), (TEXT,), settings)).memory)
        assert bool((reader.advance(ids).rows >= 0).any()) is opened
