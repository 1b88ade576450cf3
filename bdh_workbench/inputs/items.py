"""The things a user can ask a model to remember: facts, probes and documents.

Their texts are ``composed``, and so is whatever a memory is asked: one word is one word, however it was typed.
Otherwise they stay as the person gave them; the text ``as_read`` is what becomes tokens.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import as_read, is_blank


def composed(text: str) -> str:
    """A text with its characters composed (NFC), and with ? for halves of characters, which nothing can encode."""
    return unicodedata.normalize("NFC", text.encode(errors="replace").decode())


def same_text(text: str) -> str:
    """What two prompts or two answers that mean the same have in common: they are read alike but for space around."""
    return as_read(composed(text)).strip()


def prompt_key(prompt: str) -> str:
    """What two prompts that ask the same have in common: its words, without a final question mark.

    It is the prompt as it is read, with one space for any stretch of white space. Case counts: “MW” and “mW” are two
    prompts.
    """
    key = " ".join(same_text(prompt).split())
    return key.rstrip("?\uff1f\u061f ") or key


def _text(value: object, what: str) -> str:
    """The composed text; refuse a value that is not text or in which there is nothing to read."""
    if not isinstance(value, str):
        raise UserError(f"The {what} must be text, not {type(value).__name__}.")
    if is_blank(value):
        raise UserError(f"The {what} is empty.")
    return composed(value)


def _compose(item: Fact | Probe | TextDocument, *names: str) -> None:
    """Replace the texts that an item was made with by composed ones."""
    for name in names:
        object.__setattr__(item, name, _text(getattr(item, name), name))


@dataclass(frozen=True, slots=True)
class Fact:
    """A prompt and the answer that should follow it, with optional other wordings of the prompt."""

    prompt: str
    answer: str
    paraphrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Compose the texts, and refuse empty ones."""
        _compose(self, "prompt", "answer")
        if not isinstance(self.paraphrases, tuple):
            raise UserError("The paraphrases must be a tuple of texts.")
        others = tuple(_text(one, f"paraphrase {number}") for number, one in enumerate(self.paraphrases, start=1))
        object.__setattr__(self, "paraphrases", others)


@dataclass(frozen=True, slots=True)
class Probe:
    """A question about a document: a prompt and the answer the document gives."""

    prompt: str
    answer: str

    def __post_init__(self) -> None:
        """Compose the texts, and refuse empty ones."""
        _compose(self, "prompt", "answer")


@dataclass(frozen=True, slots=True)
class TextDocument:
    """A text with a title, and the probes that test what was remembered of it."""

    title: str
    text: str
    probes: tuple[Probe, ...] = ()

    def __post_init__(self) -> None:
        """Compose the texts, and refuse empty ones."""
        _compose(self, "title", "text")
        if not isinstance(self.probes, tuple):
            raise UserError("The probes must be a tuple of probes.")
