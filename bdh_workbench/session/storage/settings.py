"""What a person has chosen, kept in settings.toml in the home folder.

A file that is missing, broken or of another version never stops the program: each value that cannot be used is replaced
by its default, and a line in the log says so.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bdh_workbench.described import check, fitting, setting
from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import ReadSettings, SamplingSettings, WriteSettings
from bdh_workbench.model.device import DEVICES
from bdh_workbench.model.files import save_text_atomically
from bdh_workbench.session.storage.home import home_folder

SETTINGS_NAME = "settings.toml"
BROKEN_NAME = "settings.broken.toml"
THEMES = ("system", "light", "dark")
WORKSPACES = ("write", "ask", "inspect")
MOST_RECENT = 20
T = TypeVar("T")

MAX_SETTINGS_BYTES = 4 << 20  # bytes of a file that is read


@dataclass(frozen=True, slots=True)
class Layouts:
    """The arrangement of the docks in each workspace, bytes in base 64; empty for the default."""

    write: str = ""
    ask: str = ""
    inspect: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person has chosen.

    Attributes:
        layouts: of the docks.
        sampling: how answers are chosen.
        read: how the memory is read.
        write: how items are written.

    Raises:
        UserError: naming a setting that is not offered.
    """

    theme: str = setting("system", "light or dark, or what the system says", choices=THEMES)
    workspace: str = setting(WORKSPACES[0], "the arrangement of panes in use", choices=WORKSPACES)
    geometry: str = setting("", "of the window, bytes in base 64; empty for the default")
    last_memory: str = setting("", "file of the memory in use; empty if it had none")
    last_model: str = setting("", "name or folder of the model in use; empty for the default")
    device: str = setting("auto", "what the model runs on", choices=DEVICES)
    recent_files: tuple[str, ...] = setting((), "files opened last, newest first")
    recovery: bool = setting(True, "copy unsaved changes for a restart")
    first_start_done: bool = setting(False, "whether the guide was seen")
    compare_untouched: bool = setting(True, "show an answer beside that of the untouched model")
    stop_at_sentence: bool = setting(True, "end an answer with its first sentence")
    run_checks: bool = setting(True, "ask the checks of a memory after each change of it")
    layouts: Layouts = field(default_factory=Layouts)
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    read: ReadSettings = field(default_factory=ReadSettings)
    write: WriteSettings = field(default_factory=WriteSettings)

    def __post_init__(self) -> None:
        """Refuse what is not offered."""
        check(self)

    def with_recent(self, path: str) -> Settings:
        """The settings with a file at the head of the recent ones."""
        others = [other for other in self.recent_files if other != path]
        return dataclasses.replace(self, recent_files=(path, *others)[:MOST_RECENT])


def settings_path(home: Path | None = None) -> Path:
    """Where the settings are kept."""
    return home_folder(home) / SETTINGS_NAME


def load_settings(home: Path | None = None) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and a sentence about each thing in the file that could not be used."""
    path = settings_path(home)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SETTINGS_BYTES + 1)
    except FileNotFoundError:
        return Settings(), ()
    except OSError as error:
        return Settings(), (f"The settings cannot be read ({error.strerror}): the defaults are used.",)
    try:
        if len(raw) > MAX_SETTINGS_BYTES:
            raise ValueError("too large")
        table = tomllib.loads(raw.decode())
    except (ValueError, RecursionError):  # TOML and UTF-8 errors are of the first kind
        kept = _set_aside(path)
        return Settings(), (f"The settings are broken: the defaults are used{kept}.",)
    notes: list[str] = []
    return _read(Settings(), table, "", notes), tuple(notes)


def save_settings(settings: Settings, home: Path | None = None) -> None:
    """Write the settings; a crash leaves either the old file or the new one.

    Raises:
        UserError: when the file cannot be written; it is then as it was.
    """
    save_text_atomically(settings_path(home), to_toml(dataclasses.asdict(settings)))


def to_toml(table: Mapping[str, Any]) -> str:
    """A table of texts, numbers, truths, lists of them and tables of those as TOML."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *(f"{name} = {_value(entry)}" for name, entry in value.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        # JSON's escapes are all TOML's, but that TOML wants one for DEL too; halves of characters cannot be written.
        text = value.encode(errors="replace").decode()
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(entry) for entry in value)}]"
    raise TypeError(f"TOML has no place for {type(value).__name__}.")


def _read(default: T, table: Mapping[str, Any], where: str, notes: list[str]) -> T:
    """The default with those values of a table that fit it."""
    settings: Any = default
    names = {field.name for field in dataclasses.fields(settings)}
    for key, value in table.items():
        shown = f"{where}{key}"
        if key not in names:
            notes.append(f"There is no setting {shown}: it is ignored.")
            continue
        own = getattr(settings, key)
        try:
            if dataclasses.is_dataclass(own):
                if not isinstance(value, dict):
                    raise TypeError
                value = _read(own, value, f"{shown}.", notes)
            else:
                value = fitting(own, value)
            settings = dataclasses.replace(settings, **{key: value})
        except (TypeError, UserError):
            notes.append(f"The setting {shown} cannot be used: the default is used.")
    result: T = settings
    return result


def _set_aside(path: Path) -> str:
    """Keep a broken file under another name, so that saving does not overwrite it."""
    target = path.with_name(BROKEN_NAME)
    try:
        os.replace(path, target)
    except OSError:
        return ""
    return f", and the file is kept as {target.name}"
