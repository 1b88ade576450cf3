"""Words for the window: the glossary, and ways to show what may hold anything."""

from __future__ import annotations

import html
import unicodedata
from typing import TYPE_CHECKING

from bdh_workbench.harmless import harmless, harmless_lines
from bdh_workbench.wording import percent, plural, shortened, size
from bdh_workbench.wording import probability as shown_p

if TYPE_CHECKING:
    from bdh_workbench.session.records.views import MemoryView

__all__ = [
    "GLOSSARY",
    "date",
    "direction",
    "escaped",
    "harmless",
    "holds",
    "percent",
    "plural",
    "short",
    "shown_p",
    "shown_token",
    "size",
    "tip",
]

TOKEN_LETTERS = 14  # of a token as a name on an axis
GLOSSARY: dict[str, str] = {
    "bank": "One of the matrices that make up the slow memory. A write starts a new one when the last is full.",
    "slot": "One row of a bank: what is stored for one direction of the address space.",
    "row": "A stored position in a memory: one token of an item, with its cue and its address.",
    "slow memory": "The matrix S that a write changes. Nothing else in the model changes.",
    "fast state": "What the model notes while it reads one text. It is discarded when the text ends.",
    "gate": "A learned number that sets how much of a read reaches the model's stream.",
    "address": "Where in the slow memory a position stores and reads. Sparse: few slots at a time.",
    "cue": "The vector that a position is matched by. Dense: many small numbers.",
    "completion": "Replacing the address of a partial cue with that of the stored position it matches best.",
    "write": "One joint encoding of facts and documents into the slow memory.",
    "item": "What one write encodes: a prompt and its answer, or a window of a document.",
    "fact": "A prompt, an answer, and optionally other wordings of the prompt.",
    "document": "A title and a text.",
    "version": "A document that shares most of its text with a stored one. Writing it replaces that one.",
    "conflict": "Two items that cannot both be true: two answers to one prompt, or two versions of a document.",
    "probe": "A question about a document, with its answer; used only for measuring.",
    "memory file": "A saved memory: its rows, items and history.",
    "layer": "One write in the history of a memory. It can be switched off.",
    "level": "One pass through the network's shared weights.",
    "site": "A place after a level where the stream reads slow memory and fast state.",
    "write site": "The one site, after the last level, whose slow memory is written.",
    "retention": "Accuracy on a document after later writes, divided by the accuracy right after its own write.",
    "fill": "The share of the memory's room that is used up.",
    "familiarity": "How well the best stored row, or sentence of a document, matches the question, from 0 to 1.",
    "source": "The item, sentence and position that an answer came from.",
    "as it is read": "The form of a text that becomes tokens: spaces, line ends and invisible characters "
    "replaced by what they mean.",
    "unlearnt token": "A token that never occurred in training. No read can make it certain, so a write leaves it out.",
    "pure read": "An answer from the slow memory alone, without completion.",
    "check": "A question and its expected answer, kept with a memory and asked again after each change.",
    "notebook": "The conversation and the checks of a memory, kept in a file next to the memory file.",
    "workspace": "An arrangement of panes for one kind of work: Write, Ask or Inspect.",
}


def escaped(text: str) -> str:
    """Text as a part of HTML that shows it as it stands."""
    return html.escape(harmless_lines(text))


def tip(text: str) -> str:
    """A tooltip that shows a text as it stands: Qt would take what looks like HTML for it, and open files it names."""
    return f"<qt>{escaped(text)}</qt>".replace("\n", "<br>") if text else ""


def shown_token(text: str) -> str:
    """A token as a name on an axis: blanks and line ends made visible, not too long."""
    text = text.replace("\n", "↵").replace("\t", "⇥")
    text = "·" if text and not text.strip() else text.strip()
    text = harmless(text) or "∅"
    return text if len(text) <= TOKEN_LETTERS else text[: TOKEN_LETTERS - 1] + "…"


def short(text: str, limit: int = 60) -> str:
    """The beginning of a text, harmless, on one line."""
    return harmless(shortened(text, limit))


def direction(text: str) -> str:
    """``rtl`` for a text whose first letter is written from right to left, or else ``ltr``."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return "rtl" if next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L" else "ltr"


def date(stamp: str) -> str:
    """Day and time of an ISO 8601 stamp, in the time of this place; the time alone of today."""
    import datetime

    try:
        moment = datetime.datetime.fromisoformat(stamp).astimezone()
        today = moment.date() == datetime.datetime.now().astimezone().date()
        return moment.strftime("today %H:%M" if today else "%Y-%m-%d %H:%M")
    except ValueError:
        return ""


def holds(view: MemoryView) -> list[str]:
    """How many documents and facts a memory has, in words; empty for nothing."""
    facts = sum(item.kind == "fact" for item in view.items)
    documents = len(view.items) - facts
    return [plural(documents, "document")] * bool(documents) + [plural(facts, "fact")] * bool(facts)
