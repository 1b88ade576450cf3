"""Where the texts come from that invented facts and documents are made of: files in `resources/synthetic/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from bdh_workbench.resources import resource_path


def text(name: str) -> str:
    """The content of a file, named relative to the folder, without white space around it."""
    return resource_path(f"synthetic/{name}").read_text(encoding="utf-8").strip()


def table(name: str) -> Mapping[str, Any]:
    """The content of a TOML file."""
    return tomllib.loads(text(name))
