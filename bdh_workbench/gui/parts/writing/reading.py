"""Reading files, folders and pastes of unknown kind, in the background: facts or documents, and what was noticed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from PySide6.QtCore import QObject, Signal

from bdh_workbench.errors import UserError
from bdh_workbench.gui.look.words import harmless
from bdh_workbench.gui.shared.bridge import Background
from bdh_workbench.inputs.files import Inputs, read_any
from bdh_workbench.inputs.formats import holds_facts, parse_documents_text, parse_facts_text
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.inputs.prose import title_of

UNTITLED = "Pasted text"
Found = tuple[tuple[Fact, ...], tuple[TextDocument, ...]]


class Reading(QObject):
    """Reads what a person gives.

    Attributes:
        columns: of the table that was read last, those that were used although they have names of their own; or none.
    """

    found = Signal(tuple, tuple)  # facts and documents
    noticed = Signal(list)  # sentences about the files that were read; none where there is nothing to say

    def __init__(self, background: Background, parent: QObject) -> None:
        """Nothing was read yet."""
        super().__init__(parent)
        self._background = background
        self._paths: tuple[Path, ...] = ()
        self.columns: tuple[str, ...] = ()

    def files(self, paths: Sequence[Path], columns: Sequence[str] = ()) -> None:
        """Read files and folders; of tables the columns that are named."""
        if paths:
            self._background.run(lambda: read_any(paths, columns), lambda inputs: self._read(tuple(paths), inputs))

    def again(self, columns: Sequence[str]) -> None:
        """Read the table once more with other columns."""
        self.files(self._paths, columns)

    def text(self, text: str) -> None:
        """Read a paste."""
        self._background.run(lambda: read_paste(text), self._pasted)

    def _pasted(self, found: Found) -> None:
        self._paths, self.columns = (), ()
        self.found.emit(*found)
        self.noticed.emit([])

    def _read(self, paths: tuple[Path, ...], inputs: Inputs) -> None:
        self._paths = paths
        self.columns = next((file.columns for file in inputs.files if file.columns), ())
        self.found.emit(tuple(inputs.facts), tuple(inputs.documents))
        self.noticed.emit(told(inputs))


def told(inputs: Inputs) -> list[str]:
    """What a person should know of files, in sentences that name each by its own name, without its folder."""
    lines: list[str] = []
    for line in inputs.notes():
        for file in inputs.files:
            line = line.replace(file.file, PurePath(file.file).name)
        if lines and line.startswith(" "):  # one of what the line before announces
            lines[-1] += f" {harmless(line.strip())}"
        else:
            lines.append(harmless(line))
    return lines


def read_files(paths: Sequence[Path]) -> Found:
    """The facts and the documents of files and folders.

    Raises:
        UserError: naming the first file that contains neither.
    """
    inputs = read_any(paths)
    return tuple(inputs.facts), tuple(inputs.documents)


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
