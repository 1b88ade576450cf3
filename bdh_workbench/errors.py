"""Errors that are shown to the user as one sentence."""

from __future__ import annotations


class UserError(Exception):
    """A problem the user can understand and act on; its text is shown as it stands."""
