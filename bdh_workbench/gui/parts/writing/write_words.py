"""What the window says about a write: its phases, how it went, and how much room it would take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bdh_workbench.gui.look.words import harmless, percent, plural, shown_p
from bdh_workbench.memory.writing.event import WriteEvent
from bdh_workbench.session.records.events import Estimated
from bdh_workbench.session.records.views import Written

PHASES = {  # what the phases of a write are called, and where the bar stands at their beginning and end, as measured
    "prepare": ("Reading the text", 0.0, 0.4),
    "direct": ("Finding what each word needs", 0.4, 0.7),
    "solve": ("Fitting the memory", 0.7, 0.8),
    "gradient": ("Refining", 0.8, 1.0),
    "done": ("Checking", 1.0, 1.0),
}
AMBIGUOUS = "cannot be told apart (same words before): reword it"
AMBIGUOUS_TIP = (
    "The same words come before it as before another position, but a different word follows: only one of the "
    "two can be answered. If that matters, change some of the words before it."
)


@dataclass(frozen=True, slots=True)
class Words:
    """Something to say, its tone (``good``, ``warning``, ``bad`` or none), and more of it for a tooltip."""

    text: str
    tone: str = ""
    more: str = ""


def step_words(event: WriteEvent, left: Callable[[], str]) -> tuple[str, float]:
    """What a step of a write is called, and the share of the write that is done; ``left`` says the time left."""
    name, begin, end = PHASES.get(event.phase, (event.phase.capitalize(), 0.0, 1.0))
    text = " · ".join(filter(None, (name, f"worst p {shown_p(event.worst_p)}", left())))
    share = 1.0 if event.phase == "prepare" else event.step / max(1, event.steps)  # it reports only its end
    return text, begin + (end - begin) * share


def estimate_words(event: Estimated) -> Words:
    """How much room a write would take."""
    if not event.rows:
        return Words("already stored")
    tokens = f"{'' if event.exact else 'about '}{plural(event.tokens, 'token')}"
    if event.fits:
        fits = f"fits (fill {percent(event.fill_before)} → {percent(event.fill_after)})"
        return Words(f"{tokens} · {plural(event.rows, 'row')} · {fits}")
    more = (event.fill_after - event.fill_before) / max(1e-9, 1.0 - event.fill_before)
    return Words(f"{tokens} · does not fit: {more:,.1f} times the room left", "warning")


def summary_words(result: Written) -> Words:
    """How a write went."""
    summary = result.summary
    reached = summary.worst_p >= result.goal
    parts = [
        f"Written in {plural(summary.steps, 'step')} and {summary.seconds:.1f} s · worst p "
        f"{shown_p(summary.worst_p)} · median {shown_p(summary.median_p)} · fill {percent(result.fill)}"
        if result.items
        else "Nothing was written"
    ]
    parts += [head for head, _ in result.notes]
    if summary.ambiguous:
        parts.append(f"{plural(summary.ambiguous, 'position')} {AMBIGUOUS}")
    if summary.unlearnt:
        tokens = ", ".join(f"“{harmless(token)}”" for token in summary.unlearnt_tokens)
        parts.append(f"{plural(summary.unlearnt, 'position')} left out: the model never learnt {tokens}")
    if result.paraphrases:
        parts.append(f"{plural(result.paraphrases, 'paraphrase')} kept for measuring, not written")
    if not reached:
        parts.append(f"the goal of {result.goal:g} was not reached")
    more = [f"{head}: {names}." for head, names in result.notes]
    if summary.ambiguous:
        places = [each.said() for each in summary.left_out] or [f"“…{words}”" for words in summary.ambiguous_words]
        more.append(AMBIGUOUS_TIP + "".join(f"\n{harmless(place)}" for place in places))
    # A line breaks after a dot and not before it.
    return Words("\xa0· ".join(parts), "good" if reached else "warning", "\n".join(more))
