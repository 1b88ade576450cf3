"""What is the same, what is another version, and what becomes of it: before a write, on invented texts."""

from __future__ import annotations

import dataclasses
import itertools
import random
import unicodedata
from collections.abc import Sequence

import pytest

from bdh_workbench.inputs.items import Fact, TextDocument, prompt_key
from bdh_workbench.inputs.sentences import sentences_of
from bdh_workbench.memory.files.memory_file import without_words
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store.conflicts import Entry, Resolved, Shelf
from bdh_workbench.memory.store.conflicts import resolve as resolve_with
from bdh_workbench.memory.store.manage import set_layer
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.training.synthetic import documents
from bdh_workbench.training.synthetic.lexicon import CATEGORY_ANSWERS
from bdh_workbench.training.synthetic.skeletons import Skeleton, document, skeletons
from bdh_workbench.training.synthetic.statements import Statement, StatementSource
from tests.memory.memory_factory import refused

OLD = TextDocument("old", "User guide. The administrator password expires after thirty days.")
NEW = TextDocument("new", "User guide. The administrator password expires after ninety days.")
OTHER = TextDocument("backup", "User guide. The backup of the archive runs every night.")
MAYOR, NEXT = Fact("The mayor of Norby is", "Otto Lund"), Fact("The mayor of Norby is", "Anna Berg")
RIVER = Fact("The river through Tarn is the", "Quill")


def resolve(
    memory: Memory | None, facts: Sequence[Fact], texts: Sequence[TextDocument], choice: str, **others: bool
) -> Resolved:
    return resolve_with(memory, facts, texts, WriteSettings(on_conflict=choice, **others))  # type: ignore[arg-type]


def is_version(one: TextDocument, other: TextDocument) -> bool:
    """Whether one document would replace the other, and the other the one."""
    found = []
    for first, second in ((one, other), (other, one)):
        shelf = Shelf()
        shelf.put(Entry((0, 0), "document", first.title, first.text))
        found.append(bool(shelf.rivals(Entry((0, 1), "document", second.title, second.text))))
    assert found[0] == found[1], "it does not matter which comes first"
    return found[0]


def share(pairs: Sequence[tuple[TextDocument, TextDocument]]) -> float:
    return sum(is_version(*pair) for pair in pairs) / len(pairs)


# The thresholds


BOILERPLATE = (
    "All rights reserved.",
    "This page was last edited on the third of May.",
    "Please read the safety notes before you begin.",
    "For questions write to the office of the publisher.",
    "No part of this text may be copied without consent.",
    "The terms of use stand at the end of the volume.",
    "Copyright of the county museum and its friends.",
    "Errors may be reported at the desk during opening hours.",
)
SENTENCES = [sentence for document in documents(6, 10) for sentence in sentences_of(document.text)]
WORDS = sorted({word for answers in CATEGORY_ANSWERS.values() for word in answers})


def edited(text: str, part: float, rng: random.Random) -> str:
    """A text with some of its sentences changed by a word, said otherwise, left out, or followed by another."""
    sentences = sentences_of(text)
    for place in rng.sample(range(len(sentences)), max(1, round(part * len(sentences)))):
        words = sentences[place].split()
        match rng.choice(("word", "word", "last", "other", "gone", "more")):
            case "word":
                words[rng.randrange(len(words))] = rng.choice(WORDS)
                sentences[place] = " ".join(words)
            case "last":
                sentences[place] = " ".join((*words[:-1], rng.choice(WORDS) + "."))
            case "other":
                sentences[place] = rng.choice(SENTENCES)
            case "gone":
                sentences[place] = ""
            case "more":
                sentences[place] += " " + rng.choice(SENTENCES)
    return " ".join(filter(None, sentences))


@pytest.mark.parametrize(
    ("part", "title", "least"), [(0.1, "new", 1.0), (0.25, "new", 1.0), (0.5, "new", 0.94), (0.75, "", 0.98)]
)
def test_new_versions_are_found(part: float, title: str, least: float) -> None:
    """With a quarter of the sentences changed all, with a half 96%; with three quarters, under the same title, 98%."""
    rng = random.Random(1)
    old = documents(120, 9)
    pairs = [(one, TextDocument(title or one.title, edited(one.text, part, rng))) for one in old]
    assert share(pairs) >= least


@pytest.fixture(scope="module")
def of_one_form() -> list[tuple[TextDocument, TextDocument]]:
    """Pairs of documents made by one pattern about different subjects."""
    rng, names = random.Random(1), set[str]()

    def made(skeleton: Skeleton) -> TextDocument:
        return document(rng, skeleton, "train", names)

    return [(made(one), made(one)) for one in skeletons() for _ in range(3)]


@pytest.mark.parametrize("sentences", [0, 2, 8])
@pytest.mark.parametrize("titled", [True, False])
def test_unrelated_texts_in_one_form_and_frame_are_not_versions(
    of_one_form: list[tuple[TextDocument, TextDocument]], sentences: int, titled: bool
) -> None:
    """None of 51, not even where eight sentences of boilerplate stand around them: those are 37% of a text at most."""

    def framed(document: TextDocument, number: int) -> TextDocument:
        half = sentences // 2
        parts = (" ".join(BOILERPLATE[:half]), document.text, " ".join(BOILERPLATE[half:sentences]))
        return TextDocument(document.title if titled else f"page {number}", "\n\n".join(filter(None, parts)))

    assert share([(framed(one, 1), framed(other, 2)) for one, other in of_one_form]) == 0


def test_short_texts_with_more_boilerplate_than_words_of_their_own_are_not_versions(
    of_one_form: list[tuple[TextDocument, TextDocument]],
) -> None:
    def cut(document: TextDocument, number: int) -> TextDocument:
        return TextDocument(f"page {number}", " ".join((*BOILERPLATE[:4], *sentences_of(document.text)[:2])))

    assert share([(cut(one, 1), cut(other, 2)) for one, other in of_one_form]) == 0


def test_one_statement_is_a_version_where_its_end_differs_and_not_where_its_subject_does() -> None:
    """Of 1,347 pairs 99.9% where the answer differs, none where subject and answer do, 9% where the subject alone does.

    With titles that name the subjects, none of the last.
    """
    rng, groups = random.Random(2), dict[int, list[Statement]]()
    for statement in itertools.islice(StatementSource(random.Random(3), "train"), 1500):
        groups.setdefault(id(statement.relation), []).append(statement)
    pairs = [pair for group in groups.values() for pair in itertools.pairwise(group)]
    answers, both, subjects, named = [], [], [], []
    for one, two in pairs:
        form = rng.choice(one.relation.statements)
        first = TextDocument("a", f"{one.say(form)} {one.answer}.")
        answers.append((first, TextDocument("b", f"{one.say(form)} {two.answer}.")))
        both.append((first, TextDocument("b", f"{two.say(form)} {two.answer}.")))
        subjects.append((first, TextDocument("b", f"{two.say(form)} {one.answer}.")))
        titles = zip(subjects[-1], (one.entity.name, two.entity.name), strict=True)
        named.append(tuple(TextDocument(title, document.text) for document, title in titles))
    assert share(answers) > 0.99 and share(named) == 0.0
    assert share(both) == 0.0 and share(subjects) < 0.1


@pytest.mark.parametrize(
    ("one", "other", "version"),
    [
        (OLD, NEW, True),
        (OLD, OTHER, False),
        (
            TextDocument("a1", "The administrator password of the sluice expires after thirty days."),
            TextDocument("a2", "The administrator password of the sluice expires after ninety days."),
            True,
        ),
        (
            TextDocument("a", "The administrator password of the sluice expires after thirty days."),
            TextDocument("b", "The administrator password of the lock expires after thirty days."),
            False,
        ),
        (
            TextDocument("a", "The door code of room 12 is 4711. Knock first."),
            TextDocument("b", "The door code of room 14 is 3352. Knock first."),
            False,
        ),
        (
            TextDocument("Room 12", "The lamp of the room with the number 12 is green. Knock first."),
            TextDocument("Room 14", "The lamp of the room with the number 14 is green. Knock first."),
            False,
        ),
        (
            TextDocument("Manual 2.0", f"Manual 2.0. {documents(1, 3)[0].text}"),
            TextDocument("Manual 2.1", f"Manual 2.1. {documents(1, 3)[0].text}"),
            True,
        ),
        (
            TextDocument("小镇", "小镇的镇长是李明。他住在桥边。"),
            TextDocument("新", "小镇的镇长是王芳。他住在桥边。"),
            True,
        ),
        (TextDocument("a", "北方的河流很长。"), TextDocument("b", "南方的山很高。"), False),
        (TextDocument("a", "123 456."), TextDocument("b", "…"), False),
    ],
)
def test_small_documents(one: TextDocument, other: TextDocument, version: bool) -> None:
    assert is_version(one, other) == version


def test_a_part_and_a_text_that_holds_another_are_not_versions() -> None:
    book = documents(20, 4)
    whole = TextDocument("book", "\n\n".join(one.text for one in book))
    assert not is_version(whole, TextDocument("chapter", book[3].text))
    assert not is_version(whole, TextDocument("book", book[3].text)), "an excerpt under the title of the whole"


def test_other_paragraphs_under_one_title_are_not_versions(
    of_one_form: list[tuple[TextDocument, TextDocument]],
) -> None:
    """An article may be written paragraph by paragraph, each under its title."""
    assert share([(dataclasses.replace(one, title=two.title), two) for one, two in of_one_form]) == 0


# Prompts


@pytest.mark.parametrize(
    "other",
    [
        " The mayor of Norby is ", "The  mayor of\tNorby is", "The mayor of Norby\u00a0is", "The mayor of Norby is ?",
        "The may\u00ador of Norby is", "The\u200b mayor of Norby\x00 is",
    ],
)  # fmt: skip
def test_prompts_that_ask_the_same(other: str) -> None:
    assert prompt_key(other) == prompt_key(MAYOR.prompt)
    assert prompt_key(unicodedata.normalize("NFD", "Café")) == prompt_key("Café") and prompt_key(" ?") == "?"


def test_case_tells_prompts_apart() -> None:
    both = [Fact("MW means", "megawatt"), Fact("mW means", "milliwatt")]
    assert resolve(None, both, (), "refuse").facts == tuple(both)


# Before a write


@pytest.fixture(scope="module")
def stored(model: Model) -> Memory:
    """Two writes: two facts, and a document."""
    memory = finish(write(model, None, [MAYOR, RIVER])).memory
    return finish(write(model, memory, (), [OLD])).memory


def heads(new: Resolved) -> list[str]:
    return [head for head, _ in new.notes()]


def test_what_is_new_is_written(stored: Memory) -> None:
    new = resolve(stored, [Fact("The capital of Vessaly is", "Orm")], [OTHER], "refuse")
    assert (len(new.facts), len(new.documents), new.gone, heads(new)) == (1, 1, (), [])


@pytest.mark.parametrize("choice", ["replace", "keep", "refuse", "both"])
def test_what_is_stored_already_is_one_item_whatever_the_choice(stored: Memory, choice: str) -> None:
    again = [Fact("The  mayor of Norby is?", "Otto Lund "), RIVER]
    new = resolve(stored, again, [TextDocument("again", f"  {OLD.text}\n")], choice)
    assert (new.facts, new.documents, new.gone) == ((), (), ())
    assert heads(new) == ["2 facts already stored", "1 document already stored"]


def test_texts_are_compared_as_they_are_read(stored: Memory) -> None:
    fact, wide = Fact("The may\u00ador of\u00a0Norby is", "Otto\u00a0Lund"), OLD.text.replace(" ", "\u00a0")
    new = resolve(stored, [fact], [TextDocument("old", wide)], "replace")
    assert (new.facts, new.documents, new.gone) == ((), (), ())
    assert heads(new) == ["1 fact already stored", "1 document already stored"]
    other = TextDocument("new", NEW.text.replace(" ", "\u00a0").replace("expires", "ex\u00adpires"))
    new = resolve(stored, [Fact(fact.prompt, "Anna Berg")], [other], "replace")
    assert new.gone == (0, 2) and len(new.facts) == len(new.documents) == 1


def test_another_answer_replaces(stored: Memory) -> None:
    new = resolve(stored, [RIVER, NEXT], [NEW], "replace")
    assert (new.facts, new.documents, new.gone) == ((NEXT,), (NEW,), (0, 2))
    assert new.notes() == [
        ("1 fact replaced", "“The mayor of Norby is”: “Anna Berg” instead of “Otto Lund”"),
        ("1 document replaced", "“new” instead of “old”"),
        ("1 fact already stored", "“The river through Tarn is the”"),
    ]
    assert new.record()["replaced"] == [
        {"kind": "fact", "name": "The mayor of Norby is", "answer": "Anna Berg", "other": "Otto Lund"},
        {"kind": "document", "name": "new", "other": "old"},
    ]
    assert [conflict.told() for conflict in new.versions] == ["“new” instead of “old”"]


def test_what_is_stored_may_be_kept(stored: Memory) -> None:
    new = resolve(stored, [NEXT, Fact("a", "b")], [NEW, OTHER], "keep")
    assert (new.facts, new.documents, new.gone) == ((Fact("a", "b"),), (OTHER,), ())
    assert new.notes() == [
        ("1 fact kept as stored", "“The mayor of Norby is”: “Otto Lund” instead of “Anna Berg”"),
        ("1 document kept as stored", "“old” instead of “new”"),
    ]


def test_conflicts_may_be_refused(stored: Memory) -> None:
    message = refused(lambda: resolve(stored, [NEXT, Fact("a", "b")], [NEW], "refuse"), "--on-conflict")
    assert "“The mayor of Norby is”: “Anna Berg” against “Otto Lund”; “new” against “old”" in message
    refused(lambda: resolve(None, [MAYOR, NEXT], (), "refuse"), "“Anna Berg” against “Otto Lund”")
    refused(lambda: resolve(None, (), [OLD, NEW], "refuse"), "“new” against “old”")
    many = [Fact(f"prompt {n}", answer) for n in range(9) for answer in "ab"]
    assert refused(lambda: resolve(None, many, (), "refuse"), "and 4 more").count("against") == 5


def test_documents_may_stand_side_by_side(stored: Memory) -> None:
    new = resolve(stored, [NEXT], [NEW], "both")
    assert (new.facts, new.documents, new.gone) == ((NEXT,), (NEW,), (0,)), "two answers cannot"
    assert new.notes()[1] == ("1 document stored beside another of its title or text", "“new” beside “old”")
    same_title = resolve(stored, (), [TextDocument("Old", "Something else.")], "replace")
    assert same_title.gone == () and heads(same_title) == ["1 document stored beside another of its title or text"]


@pytest.mark.parametrize("choice", ["replace", "keep", "refuse", "both"])
def test_prompts_that_differ_in_case_alone_are_two_facts_and_are_named(stored: Memory, choice: str) -> None:
    lower = Fact("the mayor of norby is", "Anna Berg")
    new = resolve(stored, [lower], (), choice)
    assert (new.facts, new.gone) == ((lower,), ())
    head, names = new.notes()[0]
    assert head == "1 fact stored beside another answer to a prompt that differs only in upper and lower case"
    assert names == "“the mayor of norby is”: “Anna Berg” beside “Otto Lund”"
    assert new.record()["beside"] == [
        {"kind": "fact", "name": lower.prompt, "answer": "Anna Berg", "other": "Otto Lund"}
    ]
    units = [Fact("MW is short for", "megawatt"), Fact("mW is short for", "milliwatt")]
    assert resolve(None, units, (), choice).facts == tuple(units)
    assert len(resolve(None, units, (), choice).beside) == 1
    assert not resolve(stored, [Fact(lower.prompt, "otto lund")], (), choice).notes(), "they agree"


@pytest.mark.parametrize(("choice", "answer"), [("replace", "c"), ("both", "c"), ("keep", "a")])
def test_of_what_is_given_twice_the_last_is_written_or_the_first(choice: str, answer: str) -> None:
    facts = [Fact("p", "a"), Fact("q", "x"), Fact("p ", "b"), Fact("p", "c"), Fact("p", "c", ("other words",))]
    new = resolve(None, facts, (), choice)
    assert {(prompt_key(fact.prompt), fact.answer) for fact in new.facts} == {("p", answer), ("q", "x")}
    assert heads(new) == ["2 facts given twice, written once"]
    new = resolve(
        None, (), [OLD, NEW, dataclasses.replace(NEW, title="newest")], "keep" if choice == "keep" else "replace"
    )
    assert new.documents == ((OLD,) if choice == "keep" else (NEW,))


def test_a_version_of_what_was_given_before_is_compared_with_what_is_stored_too(stored: Memory) -> None:
    newest = TextDocument("newest", OLD.text.replace("thirty", "sixty"))
    new = resolve(stored, (), [NEW, newest], "replace")
    assert (new.documents, new.gone) == ((newest,), (2,))
    assert heads(new) == ["1 document replaced", "1 document given twice, written once"]


def test_what_is_switched_off_is_told_of_as_such(stored: Memory) -> None:
    off = set_layer(stored, 1, False)
    new = resolve(off, [MAYOR], (), "replace")
    assert new.facts == () and new.notes()[0][1] == "“The mayor of Norby is” (in layer 1, which is switched off)"
    new = resolve(off, [NEXT], (), "replace")
    assert new.gone == (0,) and "layer 1, which is switched off" in new.notes()[0][1]


def test_what_is_stored_without_words_cannot_be_compared(stored: Memory) -> None:
    new = resolve(without_words(stored), [MAYOR, NEXT], [NEW], "replace")
    assert (new.facts, new.documents, new.gone) == ((NEXT,), (NEW,), ())
    assert heads(new) == ["1 fact given twice, written once"]


def test_a_fact_is_written_again_where_its_other_wordings_are_to_be_written_now(stored: Memory, model: Model) -> None:
    worded = dataclasses.replace(MAYOR, paraphrases=("Norby has as its mayor",))
    for choice in ("replace", "refuse"):
        assert resolve(stored, [worded], (), choice).facts == (), "wordings for measuring alone change nothing"
        new = resolve(stored, [worded], (), choice, write_paraphrases=True)
        assert (new.facts, new.gone) == ((worded,), (0,))
    assert resolve(stored, [worded], (), "keep", write_paraphrases=True).facts == ()
    settings = WriteSettings(write_paraphrases=True)
    after = finish(write(model, stored, new.facts, settings=settings, gone=new.gone)).memory
    assert heads(resolve(after, [worded], (), "replace", write_paraphrases=True)) == ["1 fact already stored"]
