"""Small parts that several panes use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from PySide6.QtCore import QEvent, QMargins, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bdh_workbench.gui.look.theme import NOTE_PIXELS

L = TypeVar("L", bound=QBoxLayout)

PAGE_MARGIN = 4  # pixels around a page of text
SETTLED_MS = 400  # time that a window manager is given for a window
ROW_ROLE = Qt.ItemDataRole.UserRole  # the number of what a row of a list or tree stands for


def button(text: str, tip: str, clicked: Callable[[], object], *, primary: bool = False) -> QPushButton:
    """A button with a verb on it."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setAccessibleName(text)
    made.setAccessibleDescription(tip)
    made.setProperty("primary", primary)
    made.clicked.connect(lambda checked=False: clicked())
    return made


def answered(dialog: QDialog) -> bool:
    """Show a dialog until it is closed; whether it was accepted. Its parent then keeps it no longer."""
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return accepted


def small_font(font: QFont) -> QFont:
    """The font in the size of small type."""
    small = QFont(font)
    small.setPixelSize(NOTE_PIXELS)
    return small


def flat_button(text: str, tip: str, clicked: Callable[[], object] | None = None) -> QToolButton:
    """A small grey button without a border."""
    made = QToolButton()
    made.setText(text)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setProperty("flat", True)
    made.setFixedWidth(QFontMetrics(small_font(made.font())).horizontalAdvance(text) + 14)
    if clicked is not None:
        made.clicked.connect(lambda checked=False: clicked())
    return made


def note(text: str = "", name: str = "") -> QLabel:
    """A line in small grey type that may be copied."""
    label = QLabel(text)
    label.setProperty("note", True)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAccessibleName(name)
    return label


def set_tone(label: QLabel, tone: str) -> None:
    """Make a note grey, or good, warning or bad."""
    if label.property("tone") != tone:
        label.setProperty("tone", tone)
        label.setProperty("note", not tone)
        label.style().unpolish(label)
        label.style().polish(label)


def clearable(line: QLineEdit, escape: Callable[[], object] | None = None) -> None:
    """Give a line a cross that clears it, as Escape does. Qt's own is a dark picture, unseen on a dark ground.

    Args:
        line: that is typed into.
        escape: what Escape does in the line instead, also while it is empty.
    """

    class Cross(QToolButton):
        def place(self) -> None:
            size = self.sizeHint()
            self.setGeometry(line.width() - size.width() - 4, (line.height() - size.height()) // 2, *size.toTuple())

    cross = Cross(line)
    cross.setText("✕")
    cross.setProperty("flat", True)
    cross.setToolTip("Clear")
    cross.setAccessibleName("Clear")
    cross.setCursor(Qt.CursorShape.ArrowCursor)
    cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    cross.clicked.connect(lambda checked=False: line.clear())
    cross.setVisible(False)
    line.setTextMargins(0, 0, 22, 0)

    def follow(text: str) -> None:
        cross.setVisible(bool(text))
        cross.place()

    line.textChanged.connect(follow)
    line.installEventFilter(_LineWatcher(cross, cross.place, line, escape))


class _LineWatcher(QObject):
    """Moves the cross when its line changes its size, and takes Escape before the window's shortcut does."""

    def __init__(
        self, cross: QObject, place: Callable[[], None], line: QLineEdit, escape: Callable[[], object] | None
    ) -> None:
        super().__init__(cross)
        self._place, self._line, self._escape = place, line, escape

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See the class."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        elif isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and (self._escape or self._line.text()):
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                (self._escape or self._line.clear)()
                return True
        return False


def row(*widgets: QWidget | int, spacing: int = 8) -> QHBoxLayout:
    """Widgets side by side; a number is a stretch."""
    layout = bare(QHBoxLayout(), spacing)
    for widget in widgets:
        if isinstance(widget, int):
            layout.addStretch(widget)
        else:
            layout.addWidget(widget)
    return layout


def bare(layout: L, spacing: int) -> L:
    """A layout without margins."""
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    return layout


def splitter(direction: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    """Widgets beside or under each other, whose shares a person can change; none can be pushed out of sight."""
    made = QSplitter(direction)
    for widget in widgets:
        made.addWidget(widget)
    made.setChildrenCollapsible(False)
    return made


def tab_pages(name: str, pages: Mapping[str, QWidget]) -> QTabWidget:
    """Pages behind each other, by what stands on their tabs; ``name`` is for people who cannot see them."""
    made = QTabWidget()
    made.setDocumentMode(True)
    made.setAccessibleName(name)
    for title, page in pages.items():
        made.addTab(page, title)
    return made


class WholeLines(QPlainTextEdit):
    """A page of text of which no line is cut in half: what is left of the height stays empty."""

    def __init__(self) -> None:
        super().__init__()
        self.document().setDocumentMargin(0.0)  # in a margin of the text, half of the line above would be in sight
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # lines are broken at the edge

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many whole lines as there is room for."""
        super().resizeEvent(event)
        room = self.contentsRect().height() - 2 * PAGE_MARGIN
        spare = max(0, room) % max(1, self.fontMetrics().height())
        margins = QMargins(PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN + spare)
        if self.viewportMargins() != margins:
            self.setViewportMargins(margins)


class JobBar(QProgressBar):
    """A progress bar that waits for its turn: Qt's own paints at once, and with it all else that is to be painted."""

    def setValue(self, value: int) -> None:
        """Show a value with the next painting of the window."""
        if value != self.value():
            self.setUpdatesEnabled(False)
            super().setValue(value)
            self.setUpdatesEnabled(True)


def put_in_corner(tabs: QTabWidget, corner: QWidget) -> None:
    """Put something beside the tabs; Tab comes to it before it comes to the pages, as the eye does."""
    tabs.setCornerWidget(corner, Qt.Corner.TopRightCorner)
    before: QWidget = tabs.tabBar()
    inside = corner.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    for widget in (corner, *(inside if corner.focusPolicy() == Qt.FocusPolicy.NoFocus else ())):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            QWidget.setTabOrder(before, widget)
            before = widget


def delay(parent: QObject, wait: int, call: Callable[[], object]) -> QTimer:
    """A timer that calls once, so many milliseconds after it was started last."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(wait)
    timer.timeout.connect(call)
    return timer


def verb_buttons(dialog: QDialog, verb: str) -> tuple[QDialogButtonBox, QPushButton]:
    """The buttons of a dialog: Cancel, and one with a verb that accepts it, which is returned too."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    accept = buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
    accept.setProperty("primary", True)
    accept.setDefault(True)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, accept


def popup_menu(parent: QWidget) -> QMenu:
    """A menu that is gone once it is closed."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


class ElideLabel(QLabel):
    """A label that ends in … where it has no room, and never asks for any; with ``whole`` it says all or nothing."""

    def __init__(self, text: str = "", *, whole: bool = False) -> None:
        super().__init__(text)
        self._whole = whole
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(0)

    def minimumSizeHint(self) -> QSize:
        """No width at all."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what there is room for."""
        painter = QPainter(self)
        box = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, box.width())
        if self._whole and shown != self.text():
            shown = ""
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(box, int(self.alignment()), shown)
        painter.end()


class Pane(QWidget):
    """The content of a dock. ``title`` names it, ``status`` stands right of the title."""

    title = ""
    whole_status = False  # whether the state is shown whole or not at all, and never cut
    status: QLabel

    def __init__(self) -> None:
        super().__init__()
        self.status = ElideLabel(whole=self.whole_status)
        self.status.setProperty("note", True)
        self.status.setAccessibleName(f"{self.title}: state")
        self.setAccessibleName(f"{self.title} pane")
        self.tools: list[QWidget] = []  # stand right of the state
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 4, 12, 12)
        self.column.setSpacing(8)

    def take_focus(self) -> None:
        """Put the focus where the work of this pane begins; by default into its first control."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.focusNextChild()


class TitleBar(QFrame):
    """The upper part of a card: title left, state right in grey, and the dock's buttons."""

    def __init__(self, dock: QDockWidget, pane: Pane) -> None:
        super().__init__(dock)
        self.setObjectName("cardTitle")
        self.setToolTip("Drag to move this pane; double-click to float it.")
        grip = QLabel("⋮⋮")
        grip.setProperty("note", True)
        title = QLabel(pane.title)
        title.setObjectName("title")
        pane.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

        def toggle_floating() -> None:
            dock.setFloating(not dock.isFloating())

        float_ = flat_button("❐", f"Float the {pane.title} pane, or put it back", toggle_floating)
        close = flat_button("✕", f"Close the {pane.title} pane (View opens it again)", dock.close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 6, 2)
        layout.setSpacing(6)
        layout.addWidget(grip)
        layout.addWidget(title)
        layout.addWidget(pane.status, 1)
        for tool in pane.tools:
            layout.addWidget(tool)
        layout.addWidget(float_)
        layout.addWidget(close)


def make_dock(window: QMainWindow, pane: Pane, name: str) -> QDockWidget:
    """A dock that looks like a card."""
    dock = QDockWidget(pane.title, window)
    dock.setObjectName(name)
    dock.setAccessibleName(f"{pane.title} pane")
    frame = QFrame()
    frame.setObjectName("cardBody")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(pane)
    dock.setWidget(frame)
    bar = TitleBar(dock, pane)
    dock.setTitleBarWidget(bar)

    def dress() -> None:
        """Let a floating pane have a frame of the desktop's: without one, many desktops give it no keys."""
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:  # it is being dragged: not under the mouse
            QTimer.singleShot(50, dock, dress)
            return
        floating = dock.isFloating()
        wanted = None if floating else bar
        if dock.titleBarWidget() is not wanted:
            dock.setTitleBarWidget(wanted)  # type: ignore[arg-type]
            bar.setVisible(not floating)
        if floating:
            dock.activateWindow()

    def changed(floating: bool) -> None:
        if not floating:
            dress()
            return
        # The frame makes Qt take the window away and show another. Where the window manager has not yet taken in the
        # first, the second may never come onto the screen.
        QTimer.singleShot(SETTLED_MS, dock, dress)

    dock.topLevelChanged.connect(changed)
    return dock
