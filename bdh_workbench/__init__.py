"""BDH memory workbench: a language model with a memory that can be written, read and inspected.

Everything that `bdh_workbench.api` offers is also an attribute of this package, imported when first used.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# The stub file beside this one says the same with types: a test keeps the two alike.
_OFFERED = (
    "Answer", "Fact", "Memory", "Model", "ReadSettings", "Recital", "SamplingSettings", "Scored", "TextDocument",
    "TextInspection", "UserError", "WriteEvent", "WriteSettings", "ask", "inspect", "load", "open", "recite", "score",
    "write", "write_steps",
)  # fmt: skip


def __getattr__(name: str) -> object:
    """Import what is offered when it is first asked for: it loads torch."""
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("bdh_workbench.api"), name)


def __dir__() -> list[str]:
    """What completion in a notebook offers."""
    return sorted((*globals(), *_OFFERED))
