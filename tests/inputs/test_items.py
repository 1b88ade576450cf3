from __future__ import annotations

import unicodedata

import pytest

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, Probe, TextDocument, composed

WHOLE = "The café of Zürich"
PARTS = unicodedata.normalize("NFD", WHOLE)


def test_texts_are_composed_however_they_were_typed() -> None:
    assert PARTS != WHOLE
    assert Fact(PARTS, PARTS, (PARTS, "plain")) == Fact(WHOLE, WHOLE, (WHOLE, "plain"))
    assert TextDocument(PARTS, PARTS, (Probe(PARTS, PARTS),)) == TextDocument(WHOLE, WHOLE, (Probe(WHOLE, WHOLE),))
    assert composed("half \ud800, \ufb01n\r\n") == "half ?, \ufb01n\r\n", "and nothing else changes"


def test_empty_texts_and_other_things_are_refused() -> None:
    for make in (lambda text: Fact(text, "a"), lambda text: Fact("a", text), lambda text: Fact("a", "a", ("a", text)),
                 lambda text: Probe("a", text), lambda text: TextDocument("a", text)):  # fmt: skip
        for text, words in ((" \n", "is empty"), (7, "must be text, not int")):
            with pytest.raises(UserError, match=words):
                make(text)
    with pytest.raises(UserError, match="tuple"):
        Fact("a", "a", ["a"])  # type: ignore[arg-type]
