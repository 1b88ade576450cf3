"""The experiment on whole books: parts that can go wrong without its page showing it."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest
import torch

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.inputs.sentences import sentences_of
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.training.synthetic import passage
from lab.memories import books
from lab.memories.scale import beginning, documents_of, first_documents
from lab.runner import carry_out
from tests.core_factory import DOCUMENT
from tests.model_factory import save_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", write_slots=1024)
    return load_model(str(folder), torch.device("cpu"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("corpus")
    for number in range(8):
        # Texts that share most of their words would be versions of one document.
        told = " ".join(sentences_of(passage(random.Random(f"book {number}")))[:3])
        text = f"Chapter {number} was found in drawer {number * 7}. {told}"
        (folder / f"some-val-{number}.txt").write_text(text, encoding="utf-8")
    return str(folder)


def test_the_time_left_is_measured_between_its_first_tenth_and_its_last_second() -> None:
    # Told at 0.5 s, before the tenth; right at 2 s; half of the truth at 6 s; wrong at 9.5 s, when it is too late.
    marks = [(0.5, 100.0), (2.0, 8.0), (6.0, 2.0), (9.5, 50.0)]
    left = books.time_left("a write", 10.0, marks)
    assert (left.told, left.right, left.median, left.largest) == (2, 0.5, 0.25, 0.5)
    assert books.time_left("a short write", 0.5, [(0.2, 7.0)]) == books.TimeLeft("a short write", 0.5, 0, 1.0, 0.0, 0.0)


def test_documents_are_as_many_and_as_long_as_asked_for(model: Model, corpus: str) -> None:
    texts = documents_of(model, corpus, 0, 3)
    assert len(texts) == 3 and texts[2].title.startswith("3. Chapter 2 was found")
    short = beginning(model, texts[0], 30)
    assert texts[0].text.startswith(short.text) and short.text.endswith(".") and len(short.text) < len(texts[0].text)
    lines = TextDocument("Lines", "The mill stands by the weir.\n\nNobody turns it.\nIt is idle.")
    assert beginning(model, lines, 40).text == "The mill stands by the weir.\n\nNobody turns it."
    one = len(model.tokenizer.encode(texts[0].text))
    chosen = first_documents(model, texts, one + 30)
    assert [text.title for text in chosen] == [text.title for text in texts[:2]] and len(chosen[1].text) < 200
    with pytest.raises(UserError, match="8 documents"):
        documents_of(model, corpus, 0, 9)
    assert documents_of(model, corpus, 0, 1, skip=2) == [texts[2]]
    with pytest.raises(UserError, match="0 documents with 0 tokens after its first 8"):
        documents_of(model, corpus, 10, skip=8)


def test_there_are_two_books_where_one_document_would_fill_both(model: Model, corpus: str) -> None:
    book, other = books.two_books(model, corpus, 30)
    assert [text.title[:2] for text in (*book, *other)] == ["1.", "2."] and all(text.text for text in (*book, *other))


def test_another_memory_is_not_taken_for_the_same(model: Model) -> None:
    memory = finish(write(model, None, (), [TextDocument("A", DOCUMENT.text)])).memory
    assert books.same(memory, memory)
    weights = memory.weights.clone()
    weights[-1, -1] += 1.0
    assert not books.same(memory, dataclasses.replace(memory, weights=weights))
    assert not books.same(memory, dataclasses.replace(memory, rows=memory.rows.altered(items=memory.rows.items + 1)))


def test_what_no_document_shared_has_no_accuracy(model: Model, corpus: str) -> None:
    one = documents_of(model, corpus, 0, 1)
    gone = books._forgotten(model, finish(write(model, None, (), one)).memory, one)
    assert gone.beside is None and gone.others is None
    page = books.page(books.Report("tiny", 1, 30, [], forgotten=gone), ())
    assert "no figure (there are none) on documents that shared a bank with it" in page


@pytest.mark.slow
def test_books_are_written_by_several_processes_merged_and_forgotten(
    model: Model, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, less in (("FACTS_BY_GRADIENT", 2), ("TEXT_BY_GRADIENT", 20), ("DOCUMENTS", 6), ("DOCUMENT_TOKENS", 100)):
        monkeypatch.setattr(books, name, less)
    lines: list[str] = []
    report = carry_out("books", tmp_path, lines.append, model, corpus=corpus, tokens=600)
    page = (tmp_path / "books.md").read_text(encoding="utf-8")
    assert report["together"]["same"] and "bit for bit" in page
    assert report["merged"]["same"] == report["merged"]["banks"] > 2
    # The banks are the same, but a beginning is met later where more is stored.
    assert (
        report["merged"]["after"] == pytest.approx(report["merged"]["before"], abs=0.02)
        and report["merged"]["after"] > 0.9
    )
    gone = report["forgotten"]
    assert gone["documents"] == 6 and gone["same"] == gone["banks"] - gone["shared"] > 0
    assert len(report["left"]) == 6 and len(lines) == 8
