"""Where the session keeps what is its own: settings, recovery copies, crash log, and the library beside them."""

from __future__ import annotations

import os
from pathlib import Path

from bdh_workbench.memory.files.library import HOME_VARIABLE
from bdh_workbench.session.storage.shelf import Shelf

LIBRARY_NAME = "memories"


def home_folder(home: Path | None = None) -> Path:
    """The given folder, or that which BDH_WORKBENCH_HOME names, or the system's place for user data."""
    if home is not None:
        return home
    named = os.environ.get(HOME_VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("bdh-workbench", appauthor=False))


def library_in(home: Path | None = None) -> Shelf:
    """The library of a home folder; with None the folder of ``memory.files.library.default_library``."""
    return Shelf(home_folder(home) / LIBRARY_NAME)
