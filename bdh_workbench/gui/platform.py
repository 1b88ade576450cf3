"""Whether Qt can open a window here: if it cannot, Qt ends the program abruptly and hardly says why."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
import sys
from pathlib import Path

from bdh_workbench.errors import UserError

X11_PACKAGES = {  # libraries that Qt's plugin for X11 needs, and the packages of Debian and Ubuntu that bring them
    "libxcb-cursor": "libxcb-cursor0",
    "libxcb-icccm": "libxcb-icccm4",
    "libxcb-image": "libxcb-image0",
    "libxcb-keysyms": "libxcb-keysyms1",
    "libxcb-randr": "libxcb-randr0",
    "libxcb-render-util": "libxcb-render-util0",
    "libxcb-shape": "libxcb-shape0",
    "libxcb-xinerama": "libxcb-xinerama0",
    "libxcb-xkb": "libxcb-xkb1",
    "libxkbcommon-x11": "libxkbcommon-x11-0",
    "libxkbcommon": "libxkbcommon0",
    "libEGL": "libegl1",
    "libGL": "libgl1",
    "libdbus-1": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
}
NO_SCREEN = (
    "There is no screen to open the window on: neither DISPLAY nor WAYLAND_DISPLAY is set. Start the program on a "
    "desktop, or use its commands (bdh-workbench --help)."
)


def check_platform() -> None:
    """Say what is missing before Qt fails on it.

    Raises:
        UserError: when there is no screen, or a library that Qt needs is not installed; it names the package.
    """
    if not sys.platform.startswith("linux"):
        return
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if not chosen and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UserError(NO_SCREEN)
    if chosen == "xcb" or (not chosen and not os.environ.get("WAYLAND_DISPLAY")):
        import PySide6

        check_plugin(Path(PySide6.__path__[0]) / "Qt" / "plugins" / "platforms" / "libqxcb.so")


def check_plugin(plugin: Path) -> None:
    """Load a plugin as Qt will.

    Raises:
        UserError: when a library that it needs is not there; it names the package.
    """
    try:
        ctypes.CDLL(os.fspath(plugin))
    except OSError as problem:
        raise UserError(_sentence(str(problem))) from None


def _sentence(problem: str) -> str:
    library = re.search(r"(lib[\w.+-]+?)\.so", problem)
    name = library[1] if library else ""
    if name not in X11_PACKAGES:
        return f"Qt cannot open a window here ({problem})."
    # The system's loader names the first that is missing: who installs that would be sent for the next.
    missing = [
        name,
        *(other for other in X11_PACKAGES if other != name and ctypes.util.find_library(other[3:]) is None),
    ]
    packages = " ".join(X11_PACKAGES[each] for each in missing)
    one = len(missing) == 1
    return (
        f"Qt cannot open a window here: {'the library' if one else 'libraries'} {' and '.join(missing)} "
        f"{'is' if one else 'are'} missing. Install the package{'' if one else 's'} {packages} "
        f"(sudo apt install {packages}; other systems have {'it under a similar name' if one else 'similar names'})."
    )
