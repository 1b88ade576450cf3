"""Reading files and pastes of unknown kind: facts, or documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.formats import (
    holds_facts,
    merge_duplicates,
    parse_documents_text,
    parse_facts_text,
    read_documents,
    read_facts,
)
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.prose import title_of
from bdh_workbench.inputs.tables import is_table

FACT_KINDS = (".csv", ".tsv")
TEXT_KINDS = (".txt", ".text", ".md", ".markdown")
UNTITLED = "Pasted text"
Found = tuple[tuple[Fact, ...], tuple[TextDocument, ...]]


def read_files(paths: Sequence[Path]) -> Found:
    """The facts and the documents of files.

    Raises:
        UserError: naming the first file that holds neither.
    """
    facts: list[Fact] = []
    documents: list[TextDocument] = []
    for path in paths:
        kind = path.suffix.lower()
        if kind in FACT_KINDS:
            facts += read_facts(path)
        elif kind in TEXT_KINDS:
            found = read_documents(path)
            if is_table(found[0].text):  # a card program exports its cards as .txt
                facts += read_facts(path)
            else:
                documents += found
        else:
            try:
                facts += read_facts(path)
            except UserError as problem:
                try:
                    documents += read_documents(path)
                except UserError:
                    raise problem from None
    return tuple(merge_duplicates(facts)), tuple(documents)


def read_paste(text: str) -> Found:
    """The facts or the document of a pasted text.

    Raises:
        UserError: when there is nothing in it.
    """
    if holds_facts(text):
        try:
            return tuple(parse_facts_text(text)), ()
        except UserError:
            pass
    documents = parse_documents_text(text, title=UNTITLED)
    if [document.title for document in documents] == [UNTITLED]:  # prose: titled as if it came from a Markdown file
        documents = parse_documents_text(text, "markdown", title=title_of(text) or UNTITLED)
    return (), tuple(documents)
