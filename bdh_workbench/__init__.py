"""BDH memory workbench: a language model with a memory that can be written, read and inspected.

Everything that `bdh_workbench.api` offers is also an attribute of this package, imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from bdh_workbench.version import __version__ as __version__

if TYPE_CHECKING:
    from bdh_workbench.api import (
        Answer,
        Fact,
        Memory,
        Model,
        ReadSettings,
        Recital,
        SamplingSettings,
        Scored,
        TextDocument,
        TextInspection,
        UserError,
        WriteEvent,
        WriteSettings,
        ask,
        inspect,
        load,
        open,
        recite,
        score,
        write,
        write_steps,
    )

__all__ = [
    "Answer", "Fact", "Memory", "Model", "ReadSettings", "Recital", "SamplingSettings", "Scored", "TextDocument",
    "TextInspection", "UserError", "WriteEvent", "WriteSettings", "ask", "inspect", "load", "open", "recite", "score",
    "write", "write_steps",
]  # fmt: skip

if not TYPE_CHECKING:  # a type checker would take every name for one of the package's

    def __getattr__(name: str) -> object:
        """Import what is offered when it is first asked for: it loads torch."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module("bdh_workbench.api"), name)


def __dir__() -> list[str]:
    """What completion in a notebook offers."""
    return sorted({*globals(), *__all__})
