"""A text as it is read: what stands between the letters becomes what it means, and every place is found again."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bdh_workbench.inputs.as_read import AsRead, as_read
from bdh_workbench.inputs.items import Fact, TextDocument, same_text
from bdh_workbench.inputs.sentences import sentence_spans, sentences_of
from bdh_workbench.memory.writing.encoding import answer_ids, document_items
from bdh_workbench.model.tokenizer import ByteTokenizer

SPACES = "\t\xa0\u1680\u2000\u2002\u2007\u2009\u200a\u202f\u205f\u2800\u3000\u3164\x1f"
UNSEEN = "\xad\u200b\u200c\u200d\u2060\ufeff\u200e\u202b\u2066\x00\x07\x7f\u034f"
ODD = SPACES + UNSEEN + "\r\n\f\v\x85\u2028\u2029\x1b[0m\x08\u2010\ufb01\U000e0041\U0001f3f4"


@pytest.mark.parametrize("space", SPACES)
def test_every_space_is_a_space(space: str) -> None:
    assert as_read(f"one{space}two{space}{space}three") == "one two  three"


@pytest.mark.parametrize("mark", UNSEEN)
def test_what_nobody_sees_is_not_read(mark: str) -> None:
    assert as_read(f"{mark}obser{mark}vatory, {mark}dome{mark}") == "observatory, dome"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\r\nb\rc\n\rd", "a\nb\nc\n\nd"),
        ("a\x0bb\x85c\u2028d\u2029e", "a\nb\nc\nd\n\ne"),
        # A page ends at a line end, or within a line.
        ("last.\n\fNext", "last.\nNext"),
        ("last.\n\f\nNext", "last.\n\nNext"),
        ("last.\f\nNext\f", "last.\nNext"),
        ("\flast\fNext", "last\nNext"),
        # Indentation and list items stay.
        ("all:\n\tcc -o x\n\t\trm", "all:\n cc -o x\n  rm"),
        ("- one\n\u00a0\u00a0- two", "- one\n  - two"),
        # A word that a line end cuts at its soft hyphen is one word.
        ("the obser\xad\n  vatory", "the observatory"),
        ("co\u2011op \ufb01ne o\ufb03ce", "co-op fine office"),
        # The same letters in other widths and faces, as in Japanese text and on social media.
        ("ＮＨＫは１９２５年、ﾊﾞﾅﾅ", "NHKは1925年、バナナ"),
        ("\U0001d407\U0001d41e\U0001d42b\U0001d42b", "Herr"),
        ("N\x08NA\x08AM\x08ME\x08E of _\x08x_\x08y", "NAME of xy"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        # Joiners that change what is read stay; those that a program left do not.
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈", "👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈"),
        ("Auf\u200clage \u062a\u200c\u200c \u0648\u200d", "Auflage \u062a \u0648"),
        ("\u200c\u200c\u0641 \u0641\u200c\u2800", "\u0641 \u0641 "),
        ("🏴\U000e0067\U000e0062\U000e007f ok\U000e0067\U000e0062", "🏴\U000e0067\U000e0062\U000e007f ok"),
    ],
)
def test_marks_are_read_as_what_they_mean(text: str, read: str) -> None:
    assert as_read(text) == read
    assert as_read(read) == read


@given(st.text(alphabet=ODD + "ab. \u0641\u0915👩"))
def test_reading_twice_is_reading_once_and_places_are_found_again(text: str) -> None:
    found = AsRead.of(text)
    # Only what was struck over leaves a new text to be read: in "a\b\b" the first \b takes the a.
    if "\x08" not in text and "\x1b" not in text:
        assert as_read(found.text) == found.text
    origins = [found.origin(place) for place in range(len(found.text) + 1)]
    assert origins == sorted(origins) and origins[0] >= 0 and origins[-1] <= len(text)
    for place, letter in enumerate(found.text):
        if letter in "ab.\u0641\u0915👩":
            assert text[origins[place]] == letter


@given(st.text(alphabet=ODD.replace("\x08", "") + "ab.! \n"))
def test_sentences_of_the_original_are_those_that_are_read(text: str) -> None:
    spans = sentence_spans(text)
    assert len(spans) == len(sentences_of(text))
    for (start, stop), sentence in zip(spans, sentences_of(text), strict=True):
        kept = [letter for letter in text[start:stop] if letter in "ab.!"]
        assert kept == [letter for letter in sentence if letter in "ab.!"]
    assert [s.strip() for s in sentences_of(as_read(text))] == [s.strip() for s in sentences_of(text)]


WORDS = st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=6), min_size=2, max_size=12)


@given(WORDS, st.sampled_from(SPACES), st.sampled_from(UNSEEN))
def test_a_text_becomes_the_same_tokens_however_it_is_spaced(words: list[str], space: str, mark: str) -> None:
    plain = " ".join(words)
    odd = space.join(word[:1] + mark + word[1:] for word in words) + mark
    tokenizer = ByteTokenizer()
    one, other = (document_items([TextDocument("t", text)], tokenizer, 64) for text in (plain, odd))
    assert one == other
    assert answer_ids(tokenizer, odd, odd) == answer_ids(tokenizer, plain, plain)
    assert same_text(odd) == same_text(plain)


def test_items_keep_the_original_and_refuse_what_holds_nothing_to_read() -> None:
    fact = Fact("The\xa0ferry\tleaves from", "pier\u200bseven")
    assert (fact.prompt, fact.answer) == ("The\xa0ferry\tleaves from", "pier\u200bseven")
    with pytest.raises(Exception, match="prompt is empty"):
        Fact("\u200b\xa0\ufeff", "a")


def test_long_texts_are_read_in_a_moment() -> None:
    for text in ("a b. " * 400_000, "\xa0\xad" * 500_000, "\x1b[" * 500_000, "\xad \t" * 300_000, "\u200c" * 1_000_000):
        begun = time.thread_time()
        as_read(text)
        assert time.thread_time() - begun < 8.0, ascii(text[:8])


def test_characters_that_are_read_as_others_are_of_the_kinds_that_they_should_be() -> None:
    changed = {chr(code) for code in range(0x20, 0xD800) if as_read(f"a{chr(code)}b") != f"a{chr(code)}b"}
    blank = {"\u2800", "\u3164"}  # of Braille and of Hangul: letters and signs by name, and nothing to see
    kinds = {unicodedata.category(letter) for letter in changed - blank}
    assert kinds <= {"Zs", "Zl", "Zp", "Cf", "Cc", "Mn", "Pd", "Cn"}
    spaces = {chr(code) for code in range(0x20, 0xD800) if unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp")}
    assert spaces - {" "} <= changed
