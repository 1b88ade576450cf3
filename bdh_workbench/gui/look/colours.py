"""The colours of the window: one palette each for light and dark, and those of lines in charts."""

from __future__ import annotations

from dataclasses import dataclass

SERIES = ("#4e9fe0", "#e69f00", "#2fae84", "#cc79a7", "#d55e00", "#8f8ae6", "#56b4e9", "#b5a13a")


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one theme."""

    dark: bool
    background: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    warning: str
    bad: str


LIGHT = Colours(
    False, "#f3f4f7", "#ffffff", "#f7f8fa", "#d9dde5", "#1d2430", "#5a6376", "#1b65d6", "#ffffff", "#137850", "#975900",
    "#bd3545",
)  # fmt: skip
DARK = Colours(
    True, "#14171c", "#1b1f26", "#232832", "#313845", "#e6e9ef", "#98a2b3", "#5aa9e6", "#10141a", "#58c08b", "#e8b04b",
    "#ea8088",
)  # fmt: skip


def mixed(colour: str, ground: str, share: float) -> str:
    """A tint: so much of a colour over a ground."""
    pairs = zip(*(bytes.fromhex(one.lstrip("#")) for one in (colour, ground)), strict=True)
    return "#" + bytes(round(share * a + (1.0 - share) * b) for a, b in pairs).hex()
