"""Questions and answers as records, as HTML for the window and as text for copying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bdh_workbench.gui.plots.card import shown_p
from bdh_workbench.gui.theme import NOTE_PIXELS, Colours
from bdh_workbench.gui.words import escaped
from bdh_workbench.session.events import SourceView


@dataclass(slots=True)
class Exchange:
    """One question and what came of it."""

    job: int
    prompt: str
    answer: str = ""
    untouched: str | None = None
    familiarity: float = 0.0
    source: SourceView | None = None
    abstained: bool = False
    done: bool = False
    problem: str = ""
    p: float | None = None

    def origin(self) -> str:
        """Where the answer comes from, in words."""
        if self.problem:
            return self.problem
        if not self.done:
            return "…"
        if self.abstained:
            return f"not in memory (familiarity {self.familiarity:.2f}): answered by the untouched model"
        if self.source is None:
            return "answered by the model alone: no memory is in use"
        source = self.source
        where = f", sentence {source.sentence}" if source.kind == "document" else ""
        return f"from “{source.title}”{where} · familiarity {self.familiarity:.2f}" + (
            f" · first token p {shown_p(self.p)}" if self.p is not None else ""
        )

    def text(self) -> str:
        """As plain text."""
        lines = [f"Q: {self.prompt}", f"A: {self.answer}", f"   {self.origin()}"]
        if self.untouched is not None:
            lines.append(f"   memory off: {self.untouched}")
        return "\n".join(lines)

    def html(self, colours: Colours, wide: bool) -> str:
        """For the window; the answer without the memory stands beside where it is wide, and below where not."""
        small = f"font-size:{NOTE_PIXELS}px"
        answer = escaped(self.answer) or ("…" if not self.done else "<i>(nothing)</i>")
        tone = colours.bad if self.problem else colours.warning if self.abstained else colours.muted
        weight = "bold" if self.source is not None else "normal"
        shade = colours.good if self.source is not None else colours.text
        left = (
            f'<span style="color:{shade};font-weight:{weight}">{answer}</span>'
            f'<br><span style="{small};color:{tone}">{escaped(self.origin())}</span>'
        )
        if self.source is not None and self.source.text and self.done:
            left += f'<br><span style="{small};color:{colours.muted}"><i>{escaped(self.source.text[:300])}</i></span>'
        prompt = f'<p style="margin:10px 0 2px 0;color:{colours.muted}">{escaped(self.prompt)}</p>'
        if self.untouched is None:
            return f'{prompt}<p style="margin:0">{left}</p>'
        right = (
            f'<span style="{small};color:{colours.muted}">memory off</span><br>'
            f'<span style="color:{colours.muted}">{escaped(self.untouched) or "(nothing)"}</span>'
        )
        if not wide:
            return f'{prompt}<p style="margin:0 0 4px 0">{left}</p><p style="margin:0">{right}</p>'
        return (
            f'{prompt}<table width="100%" cellspacing="0" cellpadding="0"><tr><td width="62%" valign="top">{left}</td>'
            f'<td width="38%" valign="top" style="padding-left:12px">{right}</td></tr></table>'
        )


def page(exchanges: Sequence[Exchange], colours: Colours, wide: bool) -> str:
    """All of them."""
    body = "".join(exchange.html(colours, wide) for exchange in exchanges)
    return f'<body style="color:{colours.text}">{body}</body>'
