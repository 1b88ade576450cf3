"""The things a user can ask a model to remember: facts, probes and documents."""

from __future__ import annotations

from dataclasses import dataclass

from bdh_workbench.errors import UserError


def _require_text(value: object, what: str) -> None:
    """Refuse a value that is not text or that holds only white space."""
    if not isinstance(value, str):
        raise UserError(f"The {what} must be text, not {type(value).__name__}.")
    if not value.strip():
        raise UserError(f"The {what} is empty.")


@dataclass(frozen=True, slots=True)
class Fact:
    """A prompt and the answer that should follow it, with optional other wordings of the prompt."""

    prompt: str
    answer: str
    paraphrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse empty texts."""
        _require_text(self.prompt, "prompt")
        _require_text(self.answer, "answer")
        if not isinstance(self.paraphrases, tuple):
            raise UserError("The paraphrases must be a tuple of texts.")
        for number, paraphrase in enumerate(self.paraphrases, start=1):
            _require_text(paraphrase, f"paraphrase {number}")


@dataclass(frozen=True, slots=True)
class Probe:
    """A question about a document: a prompt and the answer the document gives."""

    prompt: str
    answer: str

    def __post_init__(self) -> None:
        """Refuse empty texts."""
        _require_text(self.prompt, "prompt")
        _require_text(self.answer, "answer")


@dataclass(frozen=True, slots=True)
class TextDocument:
    """A text with a title, and the probes that test what was remembered of it."""

    title: str
    text: str
    probes: tuple[Probe, ...] = ()

    def __post_init__(self) -> None:
        """Refuse empty texts."""
        _require_text(self.title, "title")
        _require_text(self.text, "text")
        if not isinstance(self.probes, tuple):
            raise UserError("The probes must be a tuple of probes.")
