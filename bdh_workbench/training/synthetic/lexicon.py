"""Words for invented facts: answers by category, and the words that may never be used (`lexicon.toml`).

Names and answers of the public benchmark are filtered out here, once, for everything built on these words.
"""

from __future__ import annotations

from bdh_workbench.training.synthetic.data import table

_TABLE = table("lexicon.toml")

FORBIDDEN_NAMES: tuple[str, ...] = tuple(_TABLE["forbidden"]["names"].split())
"""Lower-case proper names of the public benchmark; no invented name may contain one."""

FORBIDDEN_ANSWERS: frozenset[str] = frozenset(_TABLE["forbidden"]["answers"].split())
"""Answers of the public benchmark; no answer here may be one of them."""

ANSWER_ARTICLES: dict[str, str] = {
    category: article for article, categories in _TABLE["articles"].items() for category in categories.split()
}
"""The article that an answer of a category takes after a question; other answers take none."""


def _entries(text: str) -> tuple[str, ...]:
    """Split a raw list, restore spaces, drop benchmark answers and repeats."""
    words = (word.replace("_", " ") for word in text.split())
    return tuple(dict.fromkeys(word for word in words if not set(word.lower().split()) & FORBIDDEN_ANSWERS))


CATEGORY_ANSWERS: dict[str, tuple[str, ...]] = {
    category: _entries(text) for category, text in _TABLE["answers"].items()
}
"""Answer words by category."""
