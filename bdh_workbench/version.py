"""The version of the program: on the ground floor, where the rest can read it without going through the front door."""

from __future__ import annotations

__version__ = "0.1.0"
