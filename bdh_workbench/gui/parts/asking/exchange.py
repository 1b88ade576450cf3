"""Questions and answers as records, as HTML for the window and as text for copying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bdh_workbench.asking.answers import Answer, Candidate, Scored, SpokenToken
from bdh_workbench.gui.look.colours import Colours, mixed
from bdh_workbench.gui.look.theme import NOTE_PIXELS
from bdh_workbench.gui.look.words import direction, escaped, plural, short, shown_p
from bdh_workbench.gui.parts.asking.probability import UNSURE, bar
from bdh_workbench.reading.sources import Source
from bdh_workbench.session.records.events import AnswerDone
from bdh_workbench.session.records.notebook import Check, Turn

QUOTED = 300  # characters of a stored text that are shown
HEADLINE = 60  # characters up to which an answer stands in large type over its sentence
NOT_HERE = "Not in this memory"
CANDIDATE_LIST, UNTOUCHED_ANSWER, MORE = "candidates", "alone", "more"  # what can be unfolded under an answer
SHOW_SOURCE, PIN, COPY, AGAIN = "source", "pin", "copy", "again"  # what can be done with it
KEPT_JOBS = 1 << 40  # numbers of exchanges of another day begin here: no job has them
NOTHING_STORED = (
    "This memory is empty: write a text into it first (Ctrl+1), or load a memory from the library.",
    "Then ask about it here. The answer comes first, then its sentence, its source and how sure it is.",
)
NOTHING_ASKED = (
    "Ask about something that was written, or begin a sentence of it.",
    "The answer comes first, then its sentence, its source and how sure it is. Every question "
    "starts a fresh context: the text itself is never in the prompt.",
)


@dataclass(slots=True)
class Exchange:
    """One question and what came of it."""

    job: int
    prompt: str
    answer: str = ""  # as it streams, and then as it is shown
    untouched: str | None = None
    done: bool = False
    problem: str = ""
    waiting: bool = True  # for another job to end
    expected: Scored | None = None
    reply: Answer | None = None
    unfolded: set[str] = field(default_factory=set)
    seconds: float = 0.0
    mark: str = ""  # of the memory that was asked
    holds: str = ""  # what it held, in words

    @classmethod
    def of(cls, turn: Turn, number: int) -> Exchange:
        """One that was kept with the memory; the numbers count from 0."""
        made = cls(KEPT_JOBS + number, turn.answer.prompt, waiting=False)
        made._take(turn.answer, turn.expected)
        made.seconds, made.mark, made.holds = turn.seconds, turn.mark, turn.holds
        return made

    def complete(self, event: AnswerDone) -> None:
        """Take the whole answer in."""
        self._take(event.answer, event.expected)

    def _take(self, reply: Answer, expected: Scored | None) -> None:
        self.reply = reply
        self.untouched, self.expected, self.done = reply.untouched, expected, True
        self.answer = reply.completion
        if reply.chosen is not None and reply.mode == "question":
            self.answer = reply.chosen.answer or reply.chosen.sentence
        elif self.outside:
            self.answer = ""
            self.untouched = reply.untouched if reply.untouched is not None else reply.completion

    def toggle(self, part: str) -> None:
        """Unfold a part under the answer, or fold it."""
        self.unfolded ^= {part}

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the answer comes from."""
        if self.reply is None:
            return ()
        return (self.reply.source,) if self.reply.source is not None else self.reply.sources

    @property
    def place(self) -> Source | None:
        """Where to look in the memory's text: the source, or the nearest sentence where there is no answer."""
        if self.outside and self.reply is not None and self.reply.candidates:
            return self.reply.candidates[0].source
        return next(iter(self.sources), None)

    @property
    def others(self) -> tuple[Candidate, ...]:
        """The candidates that were not chosen."""
        reply = self.reply
        return tuple(one for one in reply.candidates if one is not reply.chosen) if reply is not None else ()

    @property
    def outside(self) -> bool:
        """Whether nothing of the memory in use was read, though there is one."""
        return self.reply is not None and self.reply.abstained and not self.reply.sources

    @property
    def tokens(self) -> tuple[SpokenToken, ...]:
        """Of the continuation."""
        return self.reply.tokens if self.reply is not None else ()

    def origin(self) -> str:
        """Where the answer comes from, in words."""
        reply = self.reply
        if self.problem or not self.done or reply is None:
            return self.problem or ("waits for the running job to end" if self.waiting else "reading …")
        known = f"familiarity {reply.familiarity:.2f}"
        if self.outside:
            return f"{NOT_HERE.lower()} ({known})"
        if not self.sources:
            return "answered by the model alone: no memory is in use"
        if reply.chosen is None:
            named = ", ".join(map(_place, self.sources))
            return f"{NOT_HERE.lower()} at first ({known}); the green words were read from {named}"
        return f"from {_place(self.sources[0])} · {known}"

    def verdict(self) -> str:
        """What came of the answer that was asked about, in words; empty where none was."""
        if self.expected is None:
            return ""
        how = "as decoded" if self.expected.greedy_correct else "not the decoded answer"
        return f"expected “{short(self.expected.text, 60)}”: p {shown_p(self.expected.p)}, {how}"

    def check(self) -> Check:
        """The question with this answer as the expected one."""
        reply = self.reply
        answer = "" if self.outside or reply is None else self.answer.strip()
        return Check(self.prompt, answer, reply.kind if reply is not None else "auto")

    def notes(self) -> list[str]:
        """What must be said about the answer besides: that it was cut, or that the stored text is another."""
        reply = self.reply
        lines = []
        if reply is not None and reply.cut and not reply.abstained:
            lines.append(f"cut after {plural(len(reply.tokens), 'token')}, the limit in the settings")
        if reply is not None and reply.kept is not None:
            lines.append(f"the stored text reads “{short(reply.kept, QUOTED)}”")
        return lines

    def text(self) -> str:
        """As plain text."""
        lines = [f"Q: {self.prompt}", f"A: {NOT_HERE if self.outside else self.answer.strip()}"]
        if self.reply is not None and self.reply.chosen is not None:
            lines.append(f"   “{self.reply.chosen.sentence}”")
        lines += [f"   {line}" for line in (self.origin(), *self.notes(), self.verdict()) if line]
        if self.untouched is not None:
            lines.append(f"   memory off: {self.untouched.strip()}")
        return "\n".join(lines)

    # For the window

    def html(self, colours: Colours, last: bool = False) -> str:
        """The question, the answer first, its sentence with the answer marked, source and probability.

        Of the ``last`` one what can be done with it is in sight, of others it is unfolded.
        """
        parts = [_line(self.prompt, f"margin:16px 0 0 0;font-weight:bold;color:{colours.text}")]
        reply = self.reply
        if reply is None:
            if self.answer.strip():
                parts.append(_line(self.answer, f"margin:2px 0 0 0;color:{colours.text}"))
            tone = colours.bad if self.problem and self.problem != "stopped" else colours.muted
            parts.append(_small(escaped(self.origin()), tone))
            return "".join(parts)
        if self.outside:
            parts.append(_headline(NOT_HERE, colours.warning))
            if reply.candidates:
                nearest = reply.candidates[0]
                link = self._link(SHOW_SOURCE, f"“{short(nearest.sentence, 120)}”", colours, sign=False)
                parts.append(_small(f"nearest: {link} ({_p(nearest.p)})", colours.muted))
        elif reply.chosen is not None:
            parts.append(self._answer(reply, reply.chosen, colours))
        else:
            parts.append(self._spoken(colours))
        parts.append(self._under(reply, colours, last))
        if last or MORE in self.unfolded:
            parts.append(self._doing(colours))
        parts += [_small(escaped(line), colours.warning) for line in self.notes()]
        if self.expected is not None:
            tone = colours.good if self.expected.greedy_correct else colours.warning
            parts.append(_small(escaped(self.verdict()), tone))
        parts += self._folds(colours)
        return "".join(parts)

    def _answer(self, reply: Answer, chosen: Candidate, colours: Colours) -> str:
        answer = chosen.answer or ""
        tone = colours.good if _probability(chosen) >= UNSURE else colours.text
        headline = _headline(answer, tone) if answer and len(answer) <= HEADLINE else ""
        return headline + _line(chosen.sentence, f"margin:2px 0 0 0;color:{colours.text}", _marked(chosen, colours))

    def _spoken(self, colours: Colours) -> str:
        """A continuation that no stored sentence answers for, the words that were read from the memory in green."""
        if not self.answer.strip():
            return _line("(nothing)", f"margin:2px 0 0 0;color:{colours.muted}")
        runs: list[tuple[bool, str]] = []
        for token in self.tokens:
            if runs and runs[-1][0] == token.read:
                runs[-1] = (token.read, runs[-1][1] + token.text)
            else:
                runs.append((token.read, token.text))
        styles = {True: f"color:{colours.good};font-weight:bold", False: f"color:{colours.text}"}
        body = "".join(f'<span style="{styles[read]}">{escaped(text)}</span>' for read, text in runs)
        return _line(self.answer, "margin:2px 0 0 0", body)

    def _under(self, reply: Answer, colours: Colours, last: bool) -> str:
        """Probability and source, and what can be unfolded, on one line."""
        pieces = []
        chosen = reply.chosen
        if chosen is not None:
            p = _probability(chosen)
            pieces.append(f"probability&nbsp; {bar(p, colours)}&nbsp; {_p(p)}")
            place = _place(chosen.source).replace("“", "").replace("”", "")
            pieces.append(f"from {self._link(SHOW_SOURCE, place, colours, sign=False)}")
        elif self.outside:
            pieces.append(escaped(f"familiarity {reply.familiarity:.2f}"))
        else:
            pieces.append(escaped(self.origin()))
        if self.seconds:
            pieces.append(f"{self.seconds:.1f} s" if self.seconds < 10 else f"{self.seconds:.0f} s")
        if self.others:
            pieces.append(self._link(CANDIDATE_LIST, plural(len(self.others), "other candidate"), colours))
        if (self.untouched is not None and self.sources + reply.candidates != ()) or self.outside:
            label = "what the model says without it" if self.outside else "memory off"
            pieces.append(self._link(UNTOUCHED_ANSWER, label, colours))
        if not last:  # never alone on a line
            pieces[-1] += f"&nbsp;·&nbsp;{self._link(MORE, '…', colours, sign=False)}"
        colour = colours.warning if reply.abstained and not self.outside else colours.muted
        return _small("&nbsp;· ".join(pieces), colour)

    def _doing(self, colours: Colours) -> str:
        """What can be done with the answer."""
        links = ((COPY, "copy"), (AGAIN, "ask again"), (PIN, "pin as a check"))
        return _small(" · ".join(self._link(part, label, colours, sign=False) for part, label in links), colours.muted)

    def _link(self, part: str, label: str, colours: Colours, *, sign: bool = True) -> str:
        shown = f"{label} {'▾' if part in self.unfolded else '▸'}" if sign else label
        text = escaped(shown) if not sign else shown.replace(" ", "&nbsp;")  # kept on one line
        return f'<a href="{part}:{self.job}" style="color:{colours.accent};text-decoration:none">{text}</a>'

    def _folds(self, colours: Colours) -> list[str]:
        """What is unfolded: the other candidates, with their reasons as tooltips, and the untouched model's text."""
        lines = []
        if CANDIDATE_LIST in self.unfolded:
            for other in self.others:
                body = f"{bar(other.p, colours)}&nbsp; {_p(other.p)} &nbsp;{_marked(other, colours)}"
                where = escaped(f" · {_place(other.source)}")
                reasons = escaped(why(other)).replace('"', "&quot;")
                lines.append(
                    f'<p dir="ltr" style="margin:4px 0 0 16px;color:{colours.text}">'
                    f'<a title="{reasons}" style="color:{colours.text};text-decoration:none">{body}</a>'
                    f'<span style="font-size:{NOTE_PIXELS}px;color:{colours.muted}">{where}</span></p>'
                )
        if UNTOUCHED_ANSWER in self.unfolded:
            text = (self.untouched or "").strip() or "(nothing)"
            lines.append(_line(text, f"margin:4px 0 0 16px;color:{colours.muted}"))
        return lines


def why(candidate: Candidate) -> str:
    """What speaks for a candidate, one reason a line."""
    return "\n".join(f"{name} {value:+.2f}" for name, value in candidate.why) or "no reasons are known"


def _probability(candidate: Candidate) -> float:
    """How probably its answer is right, or its sentence where no answer was marked in it."""
    return candidate.p if candidate.answer_p is None else candidate.answer_p


def _p(p: float) -> str:
    """A probability as HTML, on one line."""
    return escaped(shown_p(p)).replace(" ", "&nbsp;")


def _place(source: Source) -> str:
    """A source in words; a fact is its own sentence, which stands above."""
    return "a fact" if source.kind == "fact" else f"“{short(source.title, 120)}”, sentence {source.sentence}"


def _marked(candidate: Candidate, colours: Colours) -> str:
    """A sentence with the answer marked in it."""
    if candidate.span is None:
        return escaped(candidate.sentence)
    start, stop = candidate.span
    before, answer, after = (escaped(part) for part in (
        candidate.sentence[:start], candidate.sentence[start:stop], candidate.sentence[stop:],
    ))  # fmt: skip
    style = f"font-weight:bold;background-color:{_tint(colours)}"
    return f'{before}<span style="{style}">{answer}</span>{after}'


def _tint(colours: Colours) -> str:
    """The background of an answer in its sentence: some green in the colour of the page."""
    return mixed(colours.good, colours.panel, 0.2)


# Each line has a direction of its own: an answer may be written from right to left.


def _line(text: str, style: str, body: str | None = None) -> str:
    return f'<p dir="{direction(text)}" style="{style}">{escaped(text) if body is None else body}</p>'


def _headline(text: str, colour: str) -> str:
    return _line(text, f"margin:2px 0 0 0;font-size:19px;font-weight:bold;color:{colour}")


def _small(body: str, colour: str) -> str:
    return f'<p dir="ltr" style="margin:3px 0 0 0;font-size:{NOTE_PIXELS}px;color:{colour}">{body}</p>'


def page(exchanges: Sequence[Exchange], colours: Colours, before: str | None = None, empty: bool = False) -> str:
    """All of them, divided where the memory changed; with none, what asking is for.

    Args:
        exchanges: in order.
        colours: of the theme.
        before: mark of the memory before the first, None where that is not known.
        empty: whether nothing is stored that could be asked about.
    """
    parts = []
    for exchange in exchanges:
        if exchange.done and exchange.reply is not None:
            if before is not None and exchange.mark != before:
                parts.append(_divider(exchange.holds, colours))
            before = exchange.mark
        parts.append(exchange.html(colours, exchange is exchanges[-1]))
    if not exchanges:
        words = NOTHING_STORED if empty else NOTHING_ASKED
        parts = [f'<p style="margin:4px 0 6px 0;color:{colours.muted}">{escaped(text)}</p>' for text in words]
    return f'<body style="color:{colours.text}">{"".join(parts)}</body>'


def _divider(holds: str, colours: Colours) -> str:
    words = f"the memory changed: it now contains {holds}" if holds else "the memory changed"
    return (
        f'<p align="center" style="margin:18px 0 0 0;font-size:{NOTE_PIXELS}px;color:{colours.muted}">'
        f"———&nbsp; {escaped(words)} &nbsp;———</p>"
    )
