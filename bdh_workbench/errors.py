"""Errors that are shown to the user as one sentence."""

from __future__ import annotations


class UserError(Exception):
    """A problem that the user can understand and act on; its text is shown unchanged, on one line.

    Names in it may come from files and contain anything, even hostile text.
    """

    def __init__(self, text: str = "") -> None:
        """Take the sentence; line ends in it become spaces."""
        super().__init__(" ".join(text.splitlines()))
