"""Layout, theme, sizes, names, shortcuts and plots."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeySequence, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from bdh_workbench.gui.dialogs.help import glossary_html, shortcuts_html
from bdh_workbench.gui.look.colours import LIGHT, SERIES
from bdh_workbench.gui.plots.curves import ItemPlot, LossPlot
from bdh_workbench.gui.plots.key import LINE_HEIGHT, Key
from bdh_workbench.gui.plots.retention import ForgettingCurves
from bdh_workbench.gui.shared.actions import ACTIONS
from bdh_workbench.gui.shared.clock import DrawClock
from bdh_workbench.gui.window.main_window import MINIMUM
from bdh_workbench.gui.window.workspaces import ARRANGEMENTS
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.session.records.views import ModelInfo, SiteInfo
from bdh_workbench.session.storage.settings import WORKSPACES
from tests.core_factory import DOCUMENT, OTHER_DOCUMENT
from tests.gui.conftest import WAIT, Said, Start, end, settle

ROOT = Path(__file__).resolve().parents[2]


def test_layout_and_theme_survive_a_restart(start: Start, qtbot: QtBot) -> None:
    first = start(load=False)
    first.window.actions_by_name["theme_dark"].trigger()
    first.window.actions_by_name["workspace_ask"].trigger()
    first.window.docks["checks"].close()
    end(first, qtbot)
    second = start(load=False)
    assert second.theme.colours.dark and second.theme.mode == "dark"
    assert second.window.workspaces.current == "ask" and second.window.docks["checks"].isHidden()
    second.window.actions_by_name["reset_layout"].trigger()
    assert not second.window.docks["checks"].isHidden()
    second.window.actions_by_name["theme_light"].trigger()
    assert not second.theme.colours.dark


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_nothing_is_clipped_at_the_smallest_size(start: Start, qtbot: QtBot, workspace: str) -> None:
    window = start(load=False).window
    window.resize(*MINIMUM)
    window.workspaces.show(workspace)
    window.workspaces.reset()
    window.panes.write.show_documents((DOCUMENT, OTHER_DOCUMENT))
    window.panes.write.advanced_button.click()
    window.panes.ask.settings_button.click()
    qtbot.wait(50)
    for name, dock in window.docks.items():
        if not dock.visibleRegion().isEmpty():
            assert dock.geometry().right() < MINIMUM[0], name
            assert dock.geometry().bottom() < MINIMUM[1], name
            assert dock.width() >= dock.minimumSizeHint().width(), name
    boxes = [dock.geometry() for dock in window.docks.values() if not dock.visibleRegion().isEmpty()]
    for index, one in enumerate(boxes):
        assert not any(one.intersects(other) for other in boxes[index + 1 :])


def test_every_control_has_an_accessible_name(start: Start) -> None:
    window = start(load=False).window
    nameless = []
    for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox):
        for widget in window.findChildren(kind):
            inner = widget.objectName().startswith("qt_") or isinstance(widget.parent(), QAbstractSpinBox | QComboBox)
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            ours = type(widget).__module__.startswith("bdh") or type(widget) in (QLineEdit, QComboBox)
            if not inner and not widget.accessibleName() and not text and ours:
                nameless.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    assert not nameless


def test_every_shortcut_is_used_once_and_stands_in_help(start: Start) -> None:
    keys = [spec.shortcut for spec in ACTIONS if spec.shortcut]
    assert len(keys) == len(set(keys))
    html = shortcuts_html()
    assert all(f">{key}</td>" in html for key in keys)
    assert all(spec.text in html for spec in ACTIONS)
    assert "familiarity" in glossary_html()
    actions = start(load=False).window.actions_by_name
    for spec in ACTIONS:
        assert actions[spec.name].shortcut() == QKeySequence(spec.shortcut)


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_plots_can_be_saved(start: Start, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    loss = start(load=False).window.panes.live.loss
    for step in range(5):
        loss.add(step, {"cross-entropy": 5.0 / (step + 1), "locality": 0.1})
    loss.log.setChecked(True)
    loss.redraw()
    path = tmp_path / f"loss.{kind}"
    loss.export(path)
    data = path.read_bytes()
    assert data.startswith({"png": b"\x89PNG", "svg": b"<?xml", "csv": b"step,"}[kind])
    assert kind != "svg" or (b"<path" in data and b"<image" not in data), "lines, not a picture of them"


@pytest.mark.parametrize("held", [False, True], ids=["linear", "logarithmic"])
def test_an_exported_drawing_looks_like_the_plot(qapp: QApplication, tmp_path: Path, held: bool) -> None:
    loss, curves = LossPlot(DrawClock()), ForgettingCurves(DrawClock(), "Curves", "", "p", "")
    curves.show_curves({"one": ([1.0, 2.0, 3.0], [1.0, 0.5, 0.1]), "two": ([2.0, 3.0], [0.8, 0.7])})
    for step in range(20):
        loss.add(step, {"cross-entropy": 5.0 / (step + 1), "locality": 0.1})
    for card in (loss, curves):
        card.set_colours(LIGHT)
        card.log.setChecked(held)
        frame = QWidget()
        frame.resize(420, 300)
        card.setParent(frame)
        card.resize(420, 300)
        frame.show()
        for _ in range(2):  # axes find their width in the first
            card.redraw()
            qapp.processEvents()
        card.export(tmp_path / "plot.svg")
        card.export(tmp_path / "plot.png")
        seen = QImage(str(tmp_path / "plot.png")).convertToFormat(QImage.Format.Format_Grayscale8)
        drawn = QImage(seen.size(), QImage.Format.Format_RGB32)
        painter = QPainter(drawn)
        QSvgRenderer(str(tmp_path / "plot.svg")).render(painter)
        painter.end()
        drawn = drawn.convertToFormat(QImage.Format.Format_Grayscale8)
        shape = (seen.height(), seen.bytesPerLine())
        both = [np.frombuffer(image.constBits(), np.uint8).reshape(shape).astype(float) for image in (seen, drawn)]
        assert np.abs(both[0] - both[1]).mean() < 2.0, "of 255"
        assert both[0].std() > 10.0, "not blank"
        frame.close()
        frame.deleteLater()


def test_a_key_says_what_each_line_is_and_breaks_where_it_has_no_room(qapp: QApplication) -> None:
    loss = LossPlot(DrawClock())
    loss.resize(400, 300)
    assert not loss.key.isVisibleTo(loss), "an empty plot needs none"
    for step in range(3):
        loss.add(step, {"cross-entropy": 1.0, "contrastive": 0.5, "locality": 0.1})
    loss.redraw()
    assert loss.key.isVisibleTo(loss)
    assert loss.key.accessibleName() == "cross-entropy, contrastive, locality"
    assert [sign.colour for sign in loss.signs()] == list(SERIES[:3])
    frame, key = QWidget(), Key()
    key.setParent(frame)
    key.set_signs(loss.signs())
    frame.show()
    heights = []
    for width in (600, 220, 60):
        key.resize(width, 10)
        heights.append(key.height())
    assert heights == [LINE_HEIGHT, 2 * LINE_HEIGHT, 3 * LINE_HEIGHT]


def test_a_header_shows_what_it_has_room_for(qapp: QApplication) -> None:
    header = ItemPlot(DrawClock()).header
    header.set_note("worst 0.123 · median 0.456", "worst 0.123")
    seen = []
    for width in (480, 230, 125):
        header.resize(width, 24)
        header.fold()
        seen.append((header.note.text(), [shown.text() for shown in header._switches if shown.isVisibleTo(header)]))
    assert seen[0] == ("worst 0.123 · median 0.456", ["log", "hold"])
    assert seen[1][0] == "worst 0.123" and "hold" not in seen[1][1]
    assert seen[2] == ("", [])


def test_the_theme_and_the_recovery_copy_are_ticked_in_the_menu(start: Start, qtbot: QtBot) -> None:
    workbench = start(load=False)
    actions = workbench.window.actions_by_name
    actions["theme_dark"].trigger()
    assert [actions[f"theme_{mode}"].isChecked() for mode in ("system", "light", "dark")] == [False, False, True]
    actions["theme_dark"].trigger()
    assert actions["theme_dark"].isChecked(), "chosen twice it stays chosen"
    assert actions["recovery"].isChecked() and workbench.session.keep_recovery
    actions["recovery"].trigger()
    assert not workbench.session.keep_recovery and not workbench.preferences.values.recovery


def test_the_card_of_a_model_opens_nothing_that_it_names(tmp_path: Path, qapp: QApplication) -> None:
    from bdh_workbench.gui.dialogs.card import NO_CARD, ModelCard, card_text

    assert card_text(tmp_path) == NO_CARD
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "README.md").write_text(
        "# Title\n\n<!-- hidden -->\n<b>plain</b>\u202e\n\n![loss](secret.png)\n\n| a |\n| --- |\n| 1 |\n",
        encoding="utf-8",
    )
    site = SiteInfo(2, 64, 0.5, 0.0, written=True)
    info = ModelInfo("m", "f" * 64, 1000, "cpu", 64, 8, 2, (site,), 32, tmp_path)
    card = ModelCard(None, info)
    words = card.view.toPlainText()
    assert "Title" in words and "<b>plain</b>" in words and "hidden" not in words and "\u202e" not in words
    assert card.view.loadResource(2, tmp_path / "secret.png") is None
    card.deleteLater()


def test_smoothing_is_drawn_over_the_raw_line_and_the_axes_can_be_held(start: Start) -> None:
    from bdh_workbench.gui.plots.curves import smoothed

    assert list(smoothed([2.0, 2.0, 2.0])) == pytest.approx([2.0, 2.0, 2.0])
    ups = smoothed([0.0, 1.0] * 40)
    assert abs(ups[-1] - 0.5) < 0.1
    loss = start(load=False).window.panes.live.loss
    for step in range(60):
        loss.add(step, {"cross-entropy": float(step % 2)})
    loss.smooth.setChecked(True)
    loss.redraw()
    raw, mean = loss._curves["cross-entropy"]
    assert list(raw.yData) == [float(step % 2) for step in range(60)]
    assert max(mean.yData[20:]) < 0.7
    loss.hold.setChecked(True)
    before = loss.item.viewRange()
    loss.add(1000, {"cross-entropy": 50.0})
    loss.redraw()
    assert loss.item.viewRange() == before
    loss.hold.setChecked(False)
    loss.item.vb.updateAutoRange()
    assert loss.item.viewRange()[1][1] >= 50.0
    loss.item.vb.sigRangeChangedManually.emit([True, True])
    assert loss.hold.isChecked(), "who moves the axes wants them to stay"


def test_the_fit_of_a_model_is_worked_out_before_it_is_loaded(tmp_path: Path) -> None:
    from bdh_workbench.gui.dialogs.model import fit_words
    from bdh_workbench.session.tasks.fit import Fit, estimate_fit

    assert "contains no model" in estimate_fit(tmp_path).problem
    fit = estimate_fit(ROOT / "models" / "base", "cpu")
    assert fit.parameters == pytest.approx(3.54e6, rel=0.02)
    assert 3e8 < fit.model_bytes < 5e8 < fit.model_bytes + fit.write_bytes < 1e9, "as measured"
    assert fit_words(Fit(1, 10, 10, 30, 1))[1] == "good"
    words, tone = fit_words(Fit(1, 10, 25, 30, 1))
    assert tone == "warning" and "may not fit" in words


def test_an_empty_plot_says_what_will_fill_it(start: Start) -> None:
    window = start(load=False).window
    for card in (
        window.panes.live.loss,
        window.panes.live.items,
        window.panes.ask.bars,
        window.panes.gates.reads,
        window.panes.retention.matrix,
    ):
        assert card.stack.currentIndex() == 0
        assert re.fullmatch(r"[A-Z].{20,}\.", card.empty.text()), card.empty.text()


def test_a_hundred_curves_are_drawn_in_a_frame(start: Start, qtbot: QtBot) -> None:
    import time

    workbench = start(load=False)
    items = workbench.window.panes.live.items
    items.start([f"item {i}" for i in range(100)])
    for step in range(300):
        items.add(step, step / 300, step / 300, tuple((step + i) % 300 / 300 for i in range(100)))
    items.redraw()
    begun = time.thread_time()
    items.redraw()
    assert time.thread_time() - begun < 0.25
    assert "item 7" in items.hover(10.0, items._items[10][7])


def test_gates_show_each_token_and_what_a_switch_changes(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    gates = workbench.window.panes.gates
    workbench.window.workspaces.go_to("gates")
    gates.line.setText("The capital of Vessaly is")
    gates.look()
    qtbot.waitUntil(lambda: gates.seen is not None, timeout=WAIT)
    assert len(gates.reads.columns) == len(gates.seen.tokens)  # type: ignore[union-attr]
    assert gates.reads.rows[-1] == "written"
    for index in range(3):
        gates.switch.setCurrentIndex(index)
        assert gates.next.values[1]


def test_retention_fills_the_matrix_after_each_write(start: Start, qtbot: QtBot) -> None:
    workbench = start()
    retention = workbench.window.panes.retention
    retention._documents = (DOCUMENT, OTHER_DOCUMENT)
    retention.source.setCurrentIndex(2)
    retention.run()
    settle(workbench, qtbot)
    headers, rows = retention.matrix.table()
    assert len(rows) == 2 and headers[1] == DOCUMENT.title
    assert retention.run_button.text() == "Run again"


def test_the_settings_form_gives_the_defaults_and_says_what_each_means(start: Start) -> None:
    form = start(load=False).window.panes.write.form
    assert form.settings() == WriteSettings()
    assert "gradient" in form._fields["steps"].toolTip().lower()


def test_the_window_opens_before_torch_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from bdh_workbench.gui.application import Workbench, make_application\n"
        "app = make_application()\n"
        "w = Workbench(app, pathlib.Path(sys.argv[1]))\n"
        "w.window.show(); app.processEvents()\n"
        "assert 'torch' not in sys.modules\n"
        "w.window.close_now(); assert w.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_focus_is_in_the_text_at_first_and_stays_when_the_layout_is_reset(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    window.activateWindow()
    assert window.focusWidget() is window.panes.write.editor
    window.actions_by_name["workspace_ask"].trigger()
    assert window.focusWidget() is window.panes.ask.line
    window.panes.text.view.setFocus()
    window.actions_by_name["reset_layout"].trigger()
    assert window.focusWidget() is window.panes.text.view


def test_a_single_letter_is_estimated_and_marks_that_nobody_sees_are_no_text(
    start: Start, qtbot: QtBot, said: Said
) -> None:
    window = start().window
    window.panes.write.editor.setPlainText("\u200b\ufeff\u00a0")
    assert window.panes.write.documents() == ()
    window.panes.write.editor.setPlainText("a\u200b")
    window.panes.write.estimate()
    qtbot.waitUntil(lambda: "1 token " in window.panes.write.status.text(), timeout=WAIT)
    assert not said.failures and not window.panes.activity.warnings


def test_keyboard_alone_reaches_the_question_line(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    window.activateWindow()
    window.actions_by_name["ask"].trigger()
    focus: QWidget | None = window.focusWidget()
    assert focus is window.panes.ask.line


def test_a_restored_layout_leaves_no_bar_of_tabs_of_another(start: Start, qtbot: QtBot) -> None:
    end(start(load=False), qtbot)
    window = start(load=False).window
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert [bar.count() for bar in bars if bar.isVisible()] == [3]


def test_every_plot_has_a_place_when_the_layout_is_reset(start: Start, qtbot: QtBot) -> None:
    window = start().window
    for size in ((1480, 920), (1100, 800)):
        window.resize(*size)
        qtbot.wait(50)
        window.actions_by_name["reset_layout"].trigger()
        qtbot.wait(50)
        live = window.panes.live
        pages = ((live.loss, live.items, live.tokens), (live.gates, live.shares, live.slots, live.banks))
        for page, card in ((page, card) for page, cards in enumerate(pages) for card in cards):
            live.tabs.setCurrentIndex(page)
            qtbot.wait(20)
            assert card.height() > 100 and card.geometry().right() < window.panes.live.width(), (
                f"{size}: {card.geometry()}"
            )


def test_each_workspace_has_its_panes_and_is_back_as_it_was_left(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    seen: dict[str, dict[str, tuple[int, int, int, int]]] = {}
    for turn in range(2):
        for name in WORKSPACES:
            window.actions_by_name[f"workspace_{name}"].trigger()
            qtbot.wait(40)
            assert window.workspaces.current == name and window.actions_by_name[f"workspace_{name}"].isChecked()
            shown = {key: dock for key, dock in window.docks.items() if not dock.visibleRegion().isEmpty()}
            assert {cell[0] for column in ARRANGEMENTS[name] for cell in column.cells} == shown.keys()
            places = {key: dock.geometry().getRect() for key, dock in shown.items()}
            assert turn == 0 or places == seen[name]
            seen[name] = places
    window.docks["gates"].close()
    window.workspaces.go_to("write")
    assert window.workspaces.current == "write"
    window.workspaces.go_to("gates")
    assert window.workspaces.current == "inspect" and not window.docks["gates"].isHidden()


def test_each_column_keeps_its_share_of_a_larger_window(start: Start, qtbot: QtBot) -> None:
    window = start(load=False).window
    shares = []
    for width in (1480, 1900, 1480):
        window.resize(width, 920)
        qtbot.wait(50)
        shares.append([window.docks[name].width() / width for name in ("library", "write", "live")])
    for share in shares[1:]:
        assert share == pytest.approx(shares[0], abs=0.02), shares
