"""By keyboard and by ear: every control has a name, is reached by Tab in the order of its pane, and has a mnemonic of
its own if it has one. By eye: words stand out from their ground."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QKeySequence, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTableView,
    QTabWidget,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.application import Workbench
from bdh_workbench.gui.look.colours import DARK, LIGHT, Colours, mixed
from bdh_workbench.session.storage.settings import WORKSPACES
from lab.window.pictures import dialogs
from tests.core_factory import many_facts
from tests.gui.conftest import WAIT, Start, press_write, settle

LEAST_CONTRAST = 4.5  # WCAG 2, level AA, for text of this size
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # windows on windows


def focusable(parent: QWidget) -> list[QWidget]:
    """What Tab can reach in a window, seen or not; the inner parts of a control are that control."""
    return [
        widget
        for widget in parent.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(widget, QDockWidget | QMenu | QMainWindow)
        and not any(isinstance(one, QAbstractSpinBox | QComboBox) for one in ancestors(widget))
    ]


def ancestors(widget: QWidget) -> Iterator[QWidget]:
    """What a widget is in, from the inside out, pop-ups included."""
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def spoken(widget: QWidget) -> str:
    """What a screen reader says of it."""
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
    tabs = " ".join(widget.tabText(number) for number in range(widget.count())) if isinstance(widget, QTabBar) else ""
    return (widget.accessibleName() or text or tabs).strip()


def described(widget: QWidget) -> str:
    """Enough of a widget to find it."""
    return f"{type(widget).__name__} {widget.objectName()!r} in {type(widget.parentWidget()).__name__}"


def mnemonics(parent: QWidget) -> Iterator[str]:
    """The letters that Alt takes to a control."""
    for widget in parent.findChildren(QWidget):
        if isinstance(widget, QAbstractButton) or (isinstance(widget, QLabel) and widget.buddy() is not None):
            yield QKeySequence.mnemonic(widget.text()).toString()
        if isinstance(widget, QTabWidget):
            yield from (QKeySequence.mnemonic(widget.tabText(n)).toString() for n in range(widget.count()))


def twice(letters: Iterator[str]) -> list[str]:
    return [letter for letter, count in Counter(filter(None, letters)).items() if count > 1]


def every_dialog(start: Start) -> dict[str, QDialog]:
    workbench = start()
    assert workbench.context.model is not None
    return dialogs(workbench.window, workbench.context.model)


def test_every_control_of_the_window_has_a_name(start: Start) -> None:
    window = start(load=False).window
    assert [described(widget) for widget in focusable(window) if not spoken(widget)] == []


def test_every_control_of_a_dialog_has_a_name_and_mnemonics_are_its_own(start: Start) -> None:
    for name, dialog in every_dialog(start).items():
        assert [described(widget) for widget in focusable(dialog) if not spoken(widget)] == [], name
        assert twice(mnemonics(dialog)) == [], name
        assert dialog.windowTitle(), name
        dialog.deleteLater()


def test_no_two_entries_of_a_menu_have_the_same_mnemonic(start: Start) -> None:
    window = start(load=False).window
    for menu in (window.menuBar(), *window.menuBar().findChildren(QMenu)):
        assert twice(QKeySequence.mnemonic(action.text()).toString() for action in menu.actions()) == []


@pytest.fixture
def written(start: Start, qtbot: QtBot) -> Workbench:
    """A window with three facts in memory."""
    workbench = start()
    press_write(workbench, many_facts(3))
    settle(workbench, qtbot)
    return workbench


@pytest.mark.parametrize("name", WORKSPACES)
def test_tab_goes_through_all_controls_pane_by_pane(written: Workbench, qtbot: QtBot, name: str) -> None:
    window = written.window
    window.workspaces.show("ask")
    window.panes.ask.ask_again("What does the seal of Oster show?")
    qtbot.waitUntil(lambda: window.panes.ask.exchanges[-1].done, timeout=WAIT)
    settle(written, qtbot)
    window.workspaces.show(name)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.waitUntil(lambda: window.context.clock.idle)
    wanted = {widget for widget in focusable(window) if widget.isVisible() and widget.isEnabled()}
    seen: list[QWidget] = []
    for _ in range(3 * len(wanted)):
        now = QApplication.focusWidget()
        assert now is not None, described(seen[-1]) if seen else name
        if seen and now is seen[0]:
            break
        if not seen or now is not seen[-1]:  # links of the conversation are reached one after the other
            seen.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    assert len(seen) == len(set(seen)), "Tab comes to a control only once"
    proxies = {widget.focusProxy() for widget in wanted if widget.focusProxy() is not None}
    missed = [described(one) for one in wanted - set(seen) if one.focusProxy() is None and one not in proxies]
    assert missed == [], "Tab never comes there"
    docks = [next((dock for dock in window.docks.values() if dock.isAncestorOf(widget)), None) for widget in seen]
    visits = [dock for place, dock in enumerate(docks) if dock is not None and docks[place - 1] is not dock]
    assert len(visits) == len(set(visits)), [dock.objectName() for dock in visits]


def in_order(parent: QWidget) -> list[QWidget]:
    """What Tab reaches in a pane or a dialog, one after the other."""
    reached, now = [], parent.nextInFocusChain()
    can = {widget for widget in focusable(parent) if widget.isVisible() and widget.focusProxy() is None}
    while now is not None and now is not parent:
        if now in can:
            reached.append(now)
        now = now.nextInFocusChain()
    return reached


def turned_back(parent: QWidget) -> list[tuple[str, str]]:
    """Controls that are followed by one to the left of them in their row, or above them in their column."""
    found = []
    boxes = [(one, QRect(one.mapTo(parent, QPoint()), one.size())) for one in in_order(parent)]
    for (first, here), (second, there) in itertools.pairwise(boxes):
        shared = min(here.bottom(), there.bottom()) - max(here.top(), there.top())
        in_row = shared > min(here.height(), there.height()) / 2
        if there.left() < here.left() if in_row else there.top() < here.top() and there.left() < here.right():
            found.append((spoken(first), spoken(second)))
    return found


@pytest.mark.parametrize("name", WORKSPACES)
def test_tab_reads_a_pane_from_left_to_right_and_from_top_to_bottom(
    written: Workbench, qtbot: QtBot, name: str
) -> None:
    window = written.window
    window.workspaces.show(name)
    qtbot.waitUntil(lambda: window.context.clock.idle)
    for key, pane in window.panes.by_name().items():  # the buttons of a pane's frame come after its own
        if pane.isVisible():
            assert turned_back(pane) == [], key


def test_tab_reads_a_dialog_likewise(start: Start) -> None:
    for name, dialog in every_dialog(start).items():
        dialog.show()
        QApplication.processEvents()
        assert turned_back(dialog) == [], name
        dialog.deleteLater()


def luminance(colour: str) -> float:
    parts = [value / 255 for value in bytes.fromhex(colour.lstrip("#"))]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(ink: str, ground: str) -> float:
    """As WCAG 2 defines it."""
    low, high = sorted((luminance(ink), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(colours: Colours) -> None:
    for ink in (colours.text, colours.muted, colours.accent, colours.good, colours.warning, colours.bad):
        for ground in (colours.background, colours.panel, colours.raised):
            assert contrast(ink, ground) >= LEAST_CONTRAST, (ink, ground)
    assert contrast(colours.on_accent, colours.accent) >= LEAST_CONTRAST
    assert contrast(colours.muted, mixed(colours.accent, colours.raised, 0.12)) >= LEAST_CONTRAST, "the memory in use"
    for mark, share in ((colours.good, 0.4), (colours.bad, 0.28), (colours.warning, 0.28), (colours.accent, 0.35)):
        assert contrast(colours.text, mixed(mark, colours.raised, share)) >= LEAST_CONTRAST, "marked text"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_what_stands_in_empty_fields_and_second_lines_can_be_read(start: Start, qtbot: QtBot, mode: str) -> None:
    workbench = start(load=False)
    workbench.theme.set_mode(mode)
    workbench.theme.finish()
    colours = workbench.theme.colours
    for kind in (QLineEdit, QPlainTextEdit, QTableView, QTreeView):
        for widget in workbench.window.findChildren(kind):
            if not isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox) and widget.isVisible():
                ink = widget.palette().color(QPalette.ColorRole.PlaceholderText)
                assert ink.alpha() == 255 and ink.name() == colours.muted, described(widget)
