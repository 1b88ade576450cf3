"""A form made from a frozen dataclass of settings, so that the two cannot drift apart."""

from __future__ import annotations

import dataclasses
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from bdh_workbench.described import Described, descriptions, label_of

S = TypeVar("S")


LARGEST_NUMBER = 1_000_000  # that a field for whole numbers takes, unless its setting has a lower bound


class _Form(QWidget):
    changed = Signal()


class Number(QDoubleSpinBox):
    """A number without zeros that say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(6)
        self.setRange(0.0, 1000.0)

    def textFromValue(self, value: float) -> str:
        """The number in as few digits as it needs."""
        return f"{value:.6f}".rstrip("0").rstrip(".") or "0"


class WholeRows(QScrollArea):
    """A scrolled form of which no row is cut in half: what is left of the height stays empty."""

    def __init__(self, form: QWidget, name: str) -> None:
        super().__init__()
        self.form = form
        self.setWidget(form)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many whole rows as there is room for."""
        super().resizeEvent(event)
        form = self.form
        ends = sorted({child.geometry().bottom() + 1 for child in form.findChildren(QWidget) if child.parent() is form})
        room = self.height() - 2 * self.frameWidth()
        whole = max((end for end in ends if end <= room), default=room)
        spare = room - whole if form.sizeHint().height() > room else 0
        if self.viewportMargins().bottom() != spare:
            self.setViewportMargins(0, 0, 0, spare)
        self.verticalScrollBar().setSingleStep(max(1, form.sizeHint().height() // max(1, len(ends))))


N = TypeVar("N", bound=QAbstractSpinBox)


def _indented(spin: N) -> N:
    """A field for a number whose digits stand where those of other fields stand."""
    spin.lineEdit().setTextMargins(5, 0, 0, 0)
    spin.setMinimumWidth(56)
    return spin


class SettingsForm(_Form, Generic[S]):
    """One control for each field, in two columns."""

    def __init__(self, kind: type[S]) -> None:
        """Make the form with the defaults of the dataclass, whose fields are all described."""
        super().__init__()
        self._kind = kind
        self._fields: dict[str, QWidget] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(2, 8)
        for column in (1, 4):
            grid.setColumnStretch(column, 1)
        known = descriptions(kind)
        fields = dataclasses.fields(kind)  # type: ignore[arg-type]
        for number, field in enumerate(fields):
            described = known[field.name]
            widget = self._control(field.default, described)
            label = label_of(field.name, described)
            widget.setToolTip(f"{described.help[0].upper()}{described.help[1:]}.")
            widget.setAccessibleName(label)
            self._fields[field.name] = widget
            shown = QLabel(label)
            shown.setToolTip(widget.toolTip())
            shown.setBuddy(widget)
            column, line = divmod(number, -(-len(fields) // 2))
            grid.addWidget(shown, line, 3 * column)
            grid.addWidget(widget, line, 3 * column + 1)
        grid.setRowStretch(len(fields), 1)

    def _control(self, default: Any, described: Described) -> QWidget:
        if described.choices:
            combo = QComboBox()
            for choice in described.choices:
                combo.addItem(str(choice).capitalize(), choice)
            combo.setCurrentIndex(combo.findData(str(default)))
            combo.currentTextChanged.connect(self._tell)
            return combo
        if isinstance(default, bool):
            check = QCheckBox()
            check.setChecked(default)
            check.toggled.connect(self._tell)
            return check
        if isinstance(default, int):
            spin = _indented(QSpinBox())
            spin.setRange(int(described.least or 0), int(min(described.most or LARGEST_NUMBER, LARGEST_NUMBER)))
            spin.setValue(default)
            spin.valueChanged.connect(self._tell)
            return spin
        if isinstance(default, float):
            number = _indented(Number())
            number.setSingleStep(0.1 if default >= 0.1 else 0.01)
            number.setValue(default)
            number.valueChanged.connect(self._tell)
            return number
        line = QLineEdit(str(default))
        line.textChanged.connect(self._tell)
        return line

    def _tell(self, _value: object = None) -> None:
        self.changed.emit()

    def settings(self) -> S:
        """The settings as they stand in the form.

        Raises:
            UserError: when they cannot work.
        """
        return self._kind(**{name: self._value(widget) for name, widget in self._fields.items()})

    def set_settings(self, settings: S) -> None:
        """Show these."""
        for name, widget in self._fields.items():
            value = getattr(settings, name)
            if isinstance(widget, QComboBox):
                widget.setCurrentIndex(widget.findData(str(value)))
            elif isinstance(widget, QCheckBox):
                widget.setChecked(bool(value))
            elif isinstance(widget, QSpinBox | QDoubleSpinBox):
                widget.setValue(value)

    @staticmethod
    def _value(widget: QWidget) -> Any:
        if isinstance(widget, QComboBox):
            return widget.currentData()
        if isinstance(widget, QCheckBox):
            return widget.isChecked()
        if isinstance(widget, QSpinBox | QDoubleSpinBox):
            return widget.value()
        assert isinstance(widget, QLineEdit)
        return widget.text()
