"""Errors that are shown to the user as one sentence."""

from __future__ import annotations


class UserError(Exception):
    """A problem the user can understand and act on; its text is shown as it stands, on one line.

    Names in it may come from files, and hold whatever a hostile hand put there.
    """

    def __init__(self, text: str = "") -> None:
        """Take the sentence; line ends in it become spaces."""
        super().__init__(" ".join(text.splitlines()))
