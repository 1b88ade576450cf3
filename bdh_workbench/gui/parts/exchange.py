"""Questions and answers as records, as HTML for the window and as text for copying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bdh_workbench.gui.colours import Colours
from bdh_workbench.gui.theme import NOTE_PIXELS
from bdh_workbench.gui.words import direction, escaped, short, shown_p
from bdh_workbench.session.events import AnswerDone, Scored, Source, SpokenToken

QUOTED = 300  # characters of a source that are shown
EMPTY = (
    "Ask about something that was written, or begin a sentence of it.",
    "Words that were read from the memory are green, and the source stands under each answer. Every question starts a "
    "fresh context: the text itself is never in the prompt.",
)


@dataclass(slots=True)
class Exchange:
    """One question and what came of it."""

    job: int
    prompt: str
    answer: str = ""
    untouched: str | None = None
    familiarity: float = 0.0
    sources: tuple[Source, ...] = ()
    tokens: tuple[SpokenToken, ...] = ()
    abstained: bool = False
    done: bool = False
    problem: str = ""
    waiting: bool = True  # behind another job
    p: float | None = None
    expected: Scored | None = None

    def complete(self, event: AnswerDone) -> None:
        """Take the whole answer in."""
        found = event.answer
        self.answer, self.untouched, self.tokens = found.completion, found.untouched, found.tokens
        self.familiarity, self.sources, self.abstained = found.familiarity, found.sources, found.abstained
        self.p = found.tokens[0].p if found.tokens else None
        self.expected = event.expected
        self.done = True

    @property
    def outside(self) -> bool:
        """Whether nothing of the memory in use was read, though there is one."""
        return self.abstained and not self.sources

    def origin(self) -> str:
        """Where the answer comes from, in words."""
        if self.problem or not self.done:
            return self.problem or ("waits for what runs now (Esc stops that)" if self.waiting else "reading …")
        known = f"familiarity {self.familiarity:.2f}"
        if self.outside:
            return f"not in memory ({known}): answered by the untouched model"
        if not self.sources:
            return "answered by the model alone: no memory is in use"
        source = self.sources[0]
        where = f", sentence {source.sentence}" if source.kind == "document" else ""
        named = f"“{short((source.kind == 'fact' and source.text) or source.title, 120)}”{where}"
        if len(self.sources) > 1:
            named += f" and {len(self.sources) - 1} more"
        if self.abstained:
            return f"not in memory at first ({known}); the green words were read from {named}"
        return f"from {named} · {known}" + (f" · first token p {shown_p(self.p)}" if self.p is not None else "")

    def verdict(self) -> str:
        """What came of the answer that was asked about, in words; empty where none was."""
        if self.expected is None:
            return ""
        how = "as decoded" if self.expected.greedy_correct else "not what is decoded"
        return f"expected “{short(self.expected.text, 60)}”: p {shown_p(self.expected.p)}, {how}"

    def text(self) -> str:
        """As plain text."""
        lines = [f"Q: {self.prompt}", f"A: {self.answer}", f"   {self.origin()}"]
        lines += [f"   {self.verdict()}"] * (self.expected is not None)
        if self.untouched is not None:
            lines.append(f"   memory off: {self.untouched}")
        return "\n".join(lines)

    def html(self, colours: Colours, wide: bool) -> str:
        """For the window; the answer without the memory stands beside where it is wide, and below where not."""
        small = f"font-size:{NOTE_PIXELS}px"
        tone = colours.bad if self.problem else colours.warning if self.abstained else colours.muted
        lines = [(tone, self.origin())]
        if self.expected is not None:
            lines.append((colours.good if self.expected.greedy_correct else colours.warning, self.verdict()))
        quoted = self.sources[0].text if self.sources and self.done and self.sources[0].kind == "document" else None
        if quoted:
            lines.append((colours.muted, f"“{short(quoted, QUOTED)}”"))
        # Each has a direction of its own: an answer may be written from right to left.
        notes = "".join(
            f'<p dir="ltr" style="margin:0;{small};color:{colour}">{escaped(line)}</p>' for colour, line in lines
        )
        left = f'<p dir="{direction(self.answer)}" style="margin:0">{self._answer(colours)}</p>{notes}'
        style = f"margin:12px 0 2px 0;color:{colours.muted}"
        prompt = f'<p dir="{direction(self.prompt)}" style="{style}">{escaped(self.prompt)}</p>'
        if self.untouched is None:
            return prompt + left
        off = escaped(self.untouched.strip()) or "(nothing)"
        if not wide:
            right = f'<span style="{small};color:{colours.muted}">memory off: {off}</span>'
            return f'{prompt}{left}<p dir="ltr" style="margin:2px 0 0 0">{right}</p>'
        right = (
            f'<span style="{small};color:{colours.muted}">memory off</span><br>'
            f'<span style="color:{colours.muted}">{off}</span>'
        )
        return (
            f'{prompt}<table width="100%" cellspacing="0" cellpadding="0"><tr><td width="60%" valign="top">{left}</td>'
            f'<td width="40%" valign="top" style="padding-left:16px">{right}</td></tr></table>'
        )

    def _answer(self, colours: Colours) -> str:
        """The answer, with the words that were read from the memory in green."""
        if not self.answer.strip():
            return "<i>(nothing)</i>" if self.done else "…"
        if not self.tokens:
            return f'<span style="color:{colours.text}">{escaped(self.answer)}</span>'
        runs: list[tuple[bool, str]] = []
        for token in self.tokens:
            if runs and runs[-1][0] == token.read:
                runs[-1] = (token.read, runs[-1][1] + token.text)
            else:
                runs.append((token.read, token.text))
        styles = {True: f"color:{colours.good};font-weight:bold", False: f"color:{colours.text}"}
        return "".join(f'<span style="{styles[read]}">{escaped(text)}</span>' for read, text in runs)


def page(exchanges: Sequence[Exchange], colours: Colours, wide: bool) -> str:
    """All of them; with none, what the console is for."""
    body = "".join(exchange.html(colours, wide) for exchange in exchanges)
    if not exchanges:
        body = "".join(f'<p style="margin:4px 0 6px 0;color:{colours.muted}">{escaped(text)}</p>' for text in EMPTY)
    return f'<body style="color:{colours.text}">{body}</body>'
