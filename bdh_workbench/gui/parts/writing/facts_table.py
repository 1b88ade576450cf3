"""The table of facts: editable, with a spare row at the end, and paste from a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.formats import holds_facts, merge_duplicates, parse_facts_text
from bdh_workbench.inputs.items import Fact

FACT_HEADERS = ("Prompt", "Answer", "Paraphrases")
FACT_TIPS = (
    "The beginning of a sentence, or a question.",
    "What should follow it.",
    "Other wordings of the prompt, separated by |, for measuring. An advanced setting writes them too.",
)
SHARES = (0.27, 0.23)  # of the width for answers and for paraphrases; prompts have the rest
WHOLE_ROWS = 300  # up to so many rows are as high as their texts where the table is narrow
CELL = 16  # pixels beside the text of a cell
WRAPPED = int(Qt.TextFlag.TextWordWrap)
ONE_LINE = 640  # pixels of width from which one line is enough for a prompt
KEPT_CHANGES = 20  # changes that can be taken back
Index = QModelIndex | QPersistentModelIndex


def rows_of(facts: Sequence[Fact]) -> list[list[str]]:
    """The cells of facts."""
    return [[fact.prompt, fact.answer, " | ".join(fact.paraphrases)] for fact in facts]


def cells_of(text: str) -> list[list[str]]:
    """Cells as a spreadsheet copies them: tabs between columns, or a CSV with headers."""
    if holds_facts(text):
        return rows_of(parse_facts_text(text))
    return [line.split("\t")[:3] for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


class FactsModel(QAbstractTableModel):
    """Rows of three texts."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._before: list[list[list[str]]] = []  # the rows before each change that replaced some, the newest last

    def _keep(self) -> None:
        if any(any(cell.strip() for cell in line) for line in self.rows):
            self._before.append([list(line) for line in self.rows])
            del self._before[:-KEPT_CHANGES]

    def bring_back(self) -> bool:
        """Show the rows before the last change that replaced some; whether there was one."""
        if not self._before:
            return False
        self.beginResetModel()
        self.rows = self._before.pop()
        self.endResetModel()
        return True

    def set_facts(self, facts: Sequence[Fact]) -> None:
        """Show these facts."""
        self._keep()
        self.beginResetModel()
        self.rows = rows_of(facts)
        self.endResetModel()

    def put(self, top: int, left: int, cells: Sequence[Sequence[str]]) -> None:
        """Put cells over those from a place on."""
        self._keep()
        self.beginResetModel()
        for offset, line in enumerate(cells):
            while len(self.rows) <= top + offset:
                self.rows.append(["", "", ""])
            for column, text in enumerate(line):
                if left + column < 3:
                    self.rows[top + offset][left + column] = text.strip()
        self.endResetModel()

    def remove(self, chosen: set[int]) -> None:
        """Take rows out."""
        self._keep()
        self.beginResetModel()
        self.rows = [line for number, line in enumerate(self.rows) if number not in chosen]
        self.endResetModel()

    def facts(self) -> tuple[Fact, ...]:
        """The facts of all rows that hold something.

        Raises:
            UserError: naming the row that is half empty.
        """
        made = []
        for number, (prompt, answer, others) in enumerate(self.rows, start=1):
            if not (prompt.strip() or answer.strip() or others.strip()):
                continue
            if not prompt.strip() or not answer.strip():
                missing = "prompt" if not prompt.strip() else "answer"
                raise UserError(f"Row {number} of the facts has no {missing}: fill it in, or clear the row.")
            paraphrases = tuple(part.strip() for part in others.split("|") if part.strip())
            made.append(Fact(prompt.strip(), answer.strip(), paraphrases))
        return tuple(merge_duplicates(made))

    # Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One more than there are facts."""
        return 0 if parent.isValid() else len(self.rows) + 1

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Prompt, answer, paraphrases."""
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text of a cell."""
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return None
        return self.rows[index.row()][index.column()] if index.row() < len(self.rows) else ""

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Change a cell; the spare row becomes a row of its own."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        if index.row() == len(self.rows):
            if not str(value).strip():
                return False
            self.beginInsertRows(QModelIndex(), len(self.rows) + 1, len(self.rows) + 1)
            self.rows.append(["", "", ""])
            self.endInsertRows()
        self.rows[index.row()][index.column()] = str(value)
        self.dataChanged.emit(index, index)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Every cell can be edited."""
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns and what they mean."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return FACT_HEADERS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return FACT_TIPS[section]
        elif role == Qt.ItemDataRole.DisplayRole:
            return str(section + 1) if section < len(self.rows) else "+"
        return None


class FactsTable(QTableView):
    """The table with the keys of a spreadsheet."""

    def __init__(self) -> None:
        super().__init__()
        self.facts_model = FactsModel()
        self.setModel(self.facts_model)
        self.setAccessibleName("Facts: prompt, answer and paraphrases")
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().setMinimumWidth(26)
        self._lines = 0
        for changed in (self.facts_model.modelReset, self.facts_model.dataChanged):
            changed.connect(self._make_room)

    def _make_room(self, *_: object) -> None:
        """Where rows have more than one line, show prompts and answers whole, unless there are very many rows."""
        rows = self.facts_model.rows
        if self._lines < 2 or len(rows) > WHOLE_ROWS:
            return
        metrics, least = self.fontMetrics(), self.verticalHeader().defaultSectionSize()
        for number, cells in enumerate(rows):
            texts = (
                metrics.boundingRect(0, 0, self.columnWidth(column) - CELL, 1 << 20, WRAPPED, cells[column])
                for column in (0, 1)
            )
            self.setRowHeight(number, max(least, *(text.height() + 10 for text in texts)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Prompts have half of the width; where that is little, cells have two lines or more."""
        super().resizeEvent(event)
        header = self.horizontalHeader()
        if event.oldSize().width() != event.size().width():
            for column, share in enumerate(SHARES, start=1):
                # The width is asked for again: a column that changes may bring the scroll bar, and this event again.
                width = round(share * self.viewport().width())
                header.resizeSection(column, max(width, header.sectionSizeHint(column)))
        lines = 1 if self.viewport().width() >= ONE_LINE else 2
        if lines != self._lines:
            self._lines = lines
            self.setWordWrap(lines > 1)
            self.verticalHeader().setDefaultSectionSize(lines * self.fontMetrics().height() + 10)
        self._make_room()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Paste, copy and delete as in a spreadsheet."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste(QGuiApplication.clipboard().text())
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete()
        else:
            super().keyPressEvent(event)

    def paste(self, text: str) -> None:
        """Put what was copied from a spreadsheet from the current cell on."""
        from bdh_workbench.gui.dialogs.failure import guarded

        index = self.currentIndex()
        top, left = (index.row(), index.column()) if index.isValid() else (len(self.facts_model.rows), 0)
        with guarded(self):
            cells = cells_of(text)
            self.facts_model.put(top, left if cells and len(cells[0]) < 3 else 0, cells)

    def copy(self) -> None:
        """Copy the chosen cells."""
        chosen = sorted((index.row(), index.column(), str(index.data() or "")) for index in self.selectedIndexes())
        lines: dict[int, list[str]] = {}
        for number, _, text in chosen:
            lines.setdefault(number, []).append(text)
        QGuiApplication.clipboard().setText("\n".join("\t".join(cells) for cells in lines.values()))

    def delete(self) -> None:
        """Clear the chosen cells, or take out whole rows that are chosen."""
        whole = {index.row() for index in self.selectionModel().selectedRows()}
        if whole:
            self.facts_model.remove(whole)
            return
        for index in self.selectedIndexes():
            if index.row() < len(self.facts_model.rows):
                self.facts_model.setData(index, "")
