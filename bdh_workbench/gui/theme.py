"""Light and dark: one palette each, following the system unless a person chooses."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from bdh_workbench.errors import UserError
from bdh_workbench.gui.colours import DARK, LIGHT, Colours
from bdh_workbench.gui.style import stylesheet
from bdh_workbench.resources import resource_path

MODES = ("system", "light", "dark")
FONT_POINTS = 9
NOTE_PIXELS = 11


class Theme(QObject):
    """The look of the application; whoever paints by hand listens to ``changed``."""

    changed = Signal(object)  # Colours

    def __init__(self, app: QApplication, mode: str = "system") -> None:
        """Dress the application."""
        super().__init__(app)
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
        self._dressed, self.colours = True, colours
        self._app.setPalette(qt_palette(self.colours))
        self._app.setStyleSheet(stylesheet(self.colours, NOTE_PIXELS, _picture("chevron"), _picture("check")))
        self.changed.emit(self.colours)


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
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    return palette
