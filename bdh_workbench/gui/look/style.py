"""The style sheet: spacing in steps of 4 px, rounded cards, a visible focus ring. Colours are roles of the palette."""

from __future__ import annotations

from string import Template

_SHEET = Template(
    """
QMainWindow::separator { background: transparent; width: 8px; height: 8px; }
QMainWindow::separator:hover { background: #4f94e8; }
QToolTip { background: $panel; color: $text; border: 1px solid $line; padding: 4px; }

QFrame#cardTitle { background: $panel; border: 1px solid $line; border-bottom: none;
  border-top-left-radius: 8px; border-top-right-radius: 8px; }
QFrame#cardBody { background: $panel; border: 1px solid $line; border-top: none;
  border-bottom-left-radius: 8px; border-bottom-right-radius: 8px; }
QFrame#plotCard { background: $panel; border: 1px solid $line; border-radius: 8px; }
QWidget#plotBody { background: $panel; }
QLabel { background: transparent; color: $text; }
QLabel#title { font-weight: bold; }
QLabel[note="true"] { color: $muted; font-size: ${note}px; }
QLabel[tone="warning"] { color: $warning; font-size: ${note}px; }
QLabel[tone="bad"] { color: $bad; font-size: ${note}px; }
QLabel[tone="good"] { color: $good; font-size: ${note}px; }
QLabel#heading { font-size: 16px; font-weight: bold; }

QPushButton, QToolButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px;
  padding: 5px 11px; }
QPushButton:hover, QToolButton:hover { border-color: $muted; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked { background: $line; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; padding: 4px 10px; }
QPushButton:disabled, QToolButton:disabled { color: $muted; background: $panel; }
QPushButton[primary="true"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: bold; }
QPushButton[primary="true"]:hover { border-color: $text; }
QPushButton[primary="true"]:focus { border: 2px solid $text; }
QPushButton[primary="true"]:disabled { background: $raised; color: $muted; border-color: $line; }
QToolButton[flat="true"] { background: transparent; border: 1px solid transparent; padding: 1px 5px; color: $muted;
  font-size: ${note}px; }
QToolButton[flat="true"]:hover { color: $text; border-color: $line; }
QToolButton[flat="true"]:checked { color: $accent; background: $raised; }
QToolButton[flat="true"]:focus { border: 1px solid $accent; }
QFrame#switch { background: $panel; border: 1px solid $line; border-radius: 6px; }
QToolButton[segment="true"], QToolBar QToolButton[segment="true"] { background: transparent; border: none;
  border-radius: 0; padding: 6px 18px; }
QToolButton[segment="true"]:hover { background: $raised; }
QToolButton[segment="true"]:checked { background: $accent; color: $on_accent; border-radius: 5px; }
QToolButton[segment="true"]:focus { border: 2px solid $text; padding: 4px 16px; border-radius: 5px; }
QTextBrowser#conversation, QTextBrowser#conversation:focus { background: $panel; border: none; padding: 0; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QFileDialog QToolButton, QFileDialog QToolButton:focus { padding: 3px; }
QToolButton::menu-indicator { image: none; width: 0; }

QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QSpinBox, QDoubleSpinBox, QComboBox, QTableView, QTreeView,
QListView { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 4px 6px;
  selection-background-color: $accent; selection-color: $on_accent;
  placeholder-text-color: $muted; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QComboBox:focus, QTableView:focus, QTreeView:focus, QListView:focus { border: 2px solid $accent; padding: 3px 5px; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: $muted; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$chevron"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $line; padding: 2px; }
QTableView, QTreeView, QListView { padding: 1px; gridline-color: $line; }
QTableView:focus, QTreeView:focus, QListView:focus { padding: 0; }
QTableView::item { padding: 3px 4px; }
QTableView::item:selected, QTreeView::item:selected { background: $accent; color: $on_accent; }
QTreeView::item { padding: 3px 2px; }
QListView::item { padding: 5px 6px; }
QListView { outline: none; }
QListView::item { border-radius: 4px; margin: 1px 2px; }
QListView::item:selected { background: $accent; color: $on_accent; border: none; }
QTableView QLineEdit { padding: 0 2px; border-radius: 0; }
QTableView QLineEdit:focus { padding: 0 2px; border: 1px solid $accent; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: $panel; color: $muted; border: none; border-bottom: 1px solid $line;
  padding: 4px 4px; font-size: ${note}px; font-weight: bold; }
QHeaderView::section:horizontal:first { border-top-left-radius: 5px; }
QHeaderView::section:horizontal:last, QHeaderView::section:horizontal:only-one { border-top-right-radius: 5px; }
QTableCornerButton::section { background: $panel; border: none; border-bottom: 1px solid $line;
  border-top-left-radius: 5px; }
QCheckBox { spacing: 6px; background: transparent; padding: 2px; border: 1px solid transparent; border-radius: 4px; }
QCheckBox:focus { border: 1px solid $accent; }
QCheckBox::indicator, QTreeView::indicator, QMenu::indicator { width: 13px; height: 13px; border: 1px solid $muted;
  border-radius: 4px; background: $panel; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QMenu::indicator:checked { background: $accent;
  border-color: $accent; image: url("$check"); }
QCheckBox::indicator:disabled, QTreeView::indicator:disabled { border-color: $line; }
QMenu::indicator { margin-left: 6px; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {
  width: 0; height: 0; border: none; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus { border: none; padding: 0; background: transparent; }
QSpinBox, QDoubleSpinBox, QSpinBox:focus, QDoubleSpinBox:focus { padding: 0; min-height: 22px; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }

QTabWidget::pane { border: none; padding-top: 4px; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $muted; padding: 5px 10px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; font-weight: bold; }
QTabBar::tab:hover { color: $text; }
QTabBar:focus { outline: none; }
QTabBar::tab:focus { border: 1px solid $accent; border-bottom: 2px solid $accent; border-radius: 4px; }

QMenuBar { background: $background; color: $text; padding: 2px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected { background: $line; }
QMenu { background: $panel; color: $text; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 20px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QToolBar { background: $background; border: none; spacing: 6px; padding: 4px 8px; }
QToolBar QToolButton { padding: 5px 11px; }
QStatusBar { background: $background; color: $muted; font-size: ${note}px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; font-size: ${note}px; }

QProgressBar { background: $raised; border: 1px solid $line; border-radius: 4px; height: 6px; max-height: 6px;
  text-align: center; color: transparent; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QSlider::groove:horizontal { background: $line; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { background: $panel; border: 2px solid $accent; width: 10px; height: 10px; margin: -5px 0;
  border-radius: 7px; }
QSlider::handle:horizontal:focus { background: $accent; border-color: $text; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $line; border-radius: 2px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""
)


ROLES = {  # the palette's role for each colour: the sheet stays the same in light and dark
    "background": "window", "panel": "alternate-base", "raised": "base", "line": "mid", "text": "window-text",
    "muted": "placeholder-text", "accent": "highlight", "on_accent": "highlighted-text", "good": "link-visited",
    "warning": "shadow", "bad": "bright-text",
}  # fmt: skip


def stylesheet(note: int, chevron: str, check: str) -> str:
    """The style sheet: ``note`` is the size of small type in pixels, the other two are pictures."""
    colours = {name: f"palette({role})" for name, role in ROLES.items()}
    return _SHEET.substitute(colours, note=note, chevron=chevron, check=check)
