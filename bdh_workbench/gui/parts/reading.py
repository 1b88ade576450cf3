"""Reading files and pastes of unknown kind: facts, or documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.files import read_any
from bdh_workbench.inputs.formats import holds_facts, parse_documents_text, parse_facts_text
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.prose import title_of

UNTITLED = "Pasted text"
Found = tuple[tuple[Fact, ...], tuple[TextDocument, ...]]


def read_files(paths: Sequence[Path]) -> Found:
    """The facts and the documents of files and folders.

    Raises:
        UserError: naming the first file that holds neither.
    """
    found = read_any(paths)
    return tuple(found.facts), tuple(found.documents)


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
