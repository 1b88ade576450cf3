"""Light and dark: one palette each, following the system unless a person chooses."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from bdh_workbench.errors import UserError
from bdh_workbench.gui.look.colours import DARK, LIGHT, Colours
from bdh_workbench.gui.look.style import stylesheet
from bdh_workbench.resources import resource_path

MODES = ("system", "light", "dark")
FONT_POINTS = 9
NOTE_PIXELS = 11
TURN = 0.02  # seconds at most for which the window is held up while it changes its colours


class Theme(QObject):
    """The look of the application; whoever paints by hand follows it."""

    def __init__(self, app: QApplication, mode: str = "system") -> None:
        """Dress the application."""
        super().__init__(app)
        self._parts: list[QWidget] = []
        self._followers: list[Callable[[], Callable[[Colours], None] | None]] = []  # kept alive by their owners
        self._steps: deque[Callable[[], object]] = deque()
        self._dressed_times = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)
        self._app = app
        self._mode = mode if mode in MODES else "system"
        self.colours = LIGHT
        self._dressed = False
        app.setStyle("Fusion")
        load_fonts(app)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    @property
    def mode(self) -> str:
        """``system``, ``light`` or ``dark``."""
        return self._mode

    @contextmanager
    def undressed(self) -> Iterator[None]:
        """Make a window without the style sheet and dress it as a whole afterwards.

        With the sheet, whatever gets a parent is dressed again with all that it holds: a third of the time.
        """
        sheet = self._app.styleSheet()
        self._app.setStyleSheet("")
        try:
            yield
        finally:
            self._app.setStyleSheet(sheet)

    def set_mode(self, mode: str) -> None:
        """Choose light, dark or the system's."""
        self._mode = mode if mode in MODES else "system"
        self._apply()

    def _system_changed(self, _scheme: object) -> None:
        if self._mode == "system":
            self._apply()

    def _apply(self) -> None:
        dark = self._mode == "dark"
        if self._mode == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        colours = DARK if dark else LIGHT
        if self._dressed and colours is self.colours:
            return  # to polish every widget again takes time
        self.colours = colours
        self._app.setPalette(qt_palette(colours))
        if not self._dressed:
            self._dressed = True
            self._app.setStyleSheet(stylesheet(NOTE_PIXELS, _picture("chevron"), _picture("check")))
            return
        # To polish every widget at once holds the window up for half a second: part by part, what is in sight first.
        self._dressed_times += 1
        parts = [part for part in self._parts if shiboken6.isValid(part)]
        seen = [part for part in parts if not part.visibleRegion().isEmpty()]
        self._steps.clear()
        self._steps.extend(partial(self._dress, part) for part in seen)
        alive = [follow for follow in (reference() for reference in self._followers) if follow is not None]
        self._steps.extend(partial(_tell, follow, colours) for follow in alive)
        self._steps.extend(partial(self._dress, part) for part in parts if part not in seen)
        self._timer.start(0)

    def _dress(self, part: QWidget) -> None:
        """Let a part of the window look up its colours again."""
        if shiboken6.isValid(part):
            part.setStyleSheet(f"/* {self._dressed_times} */")

    def _step(self) -> None:
        """Do what there is time for before everything else has its turn."""
        begun = time.monotonic()
        while self._steps and time.monotonic() - begun < TURN:
            self._steps.popleft()()
        if self._steps:
            self._timer.start(1)

    def finish(self) -> None:
        """Dress what is not dressed yet, now."""
        while self._steps:
            self._steps.popleft()()

    @property
    def settled(self) -> bool:
        """Whether everything wears the colours."""
        return not self._steps

    def add_parts(self, parts: Iterable[QWidget]) -> None:
        """Parts of a window that are dressed one after the other when the colours change."""
        self._parts += parts

    def follow(self, follower: Callable[[Colours], None]) -> None:
        """Call with the colours now, and whenever they change."""
        follower(self.colours)
        bound = hasattr(follower, "__self__")
        self._followers.append(weakref.WeakMethod(follower) if bound else lambda: follower)

    def forget(self) -> None:
        """The window is gone, and whoever followed with it."""
        self._parts.clear()
        self._followers.clear()
        self._steps.clear()


def _tell(follower: Callable[[Colours], None], colours: Colours) -> None:
    """Hand on the colours, unless what would wear them is gone."""
    owner = getattr(follower, "__self__", None)
    if not isinstance(owner, QObject) or shiboken6.isValid(owner):
        follower(colours)


def load_fonts(app: QApplication) -> None:
    """Use the bundled font everywhere, so that the window looks alike on every system."""
    family = ""
    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
        try:
            number = QFontDatabase.addApplicationFont(str(resource_path(f"fonts/{name}")))
        except UserError:
            continue
        families = QFontDatabase.applicationFontFamilies(number)
        family = family or (families[0] if families else "")
    if family:
        app.setFont(QFont(family, FONT_POINTS))


def icon() -> QIcon:
    """The program's icon."""
    try:
        return QIcon(str(resource_path("icons/workbench.svg")))
    except UserError:
        return QIcon()


def _picture(name: str) -> str:
    try:
        return resource_path(f"icons/{name}.svg").as_posix()
    except UserError:
        return ""


def qt_palette(colours: Colours) -> QPalette:
    """The colours in Qt's roles."""
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, colours.background),
        (roles.WindowText, colours.text),
        (roles.Base, colours.raised),
        (roles.AlternateBase, colours.panel),
        (roles.Text, colours.text),
        (roles.Button, colours.raised),
        (roles.ButtonText, colours.text),
        (roles.ToolTipBase, colours.panel),
        (roles.ToolTipText, colours.text),
        (roles.PlaceholderText, colours.muted),
        (roles.Highlight, colours.accent),
        (roles.HighlightedText, colours.on_accent),
        (roles.Link, colours.accent),
        (roles.Mid, colours.line),
        (roles.Midlight, colours.line),
        (roles.Light, colours.panel),
        (roles.Dark, colours.line),
        (roles.BrightText, colours.bad),
        (roles.LinkVisited, colours.good),
        (roles.Shadow, colours.warning),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    return palette
