"""Where the phenomena of claims 8 to 10 come from: the part of the page of claims that is more than a table.

Every sentence that says what was found is chosen by the figures, so that other results give another text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.memories.colliding import ADDRESSES, gain, gains
from lab.networks.one_gate import FAST_SETTINGS, SETTING_LABELS
from lab.networks.one_gate_routing import LENT
from lab.networks.study import HEBBIAN_STATE, OTHER_STATE
from lab.results import Gain, Paired, cell, command, markdown_table

ROUTING, GATES, COLLIDING = "routing-one-gate", "gates-one-gate", "protocols-collide"
PICTURES = {
    ROUTING: "Gradient of the slow memory and its gate, with a fast state over without",
    GATES: "What each level adds through its one gate",
    COLLIDING: "What becomes of questions about facts whose addresses collide, by how the facts were written",
}

Results = Mapping[str, Mapping[str, Any]]


def origins(results: Results) -> str:
    """What the phenomena come from, as far as the results show: a summary, and a section for each claim that has some.

    Args:
        results: of experiments, by name; nothing is said of those that are missing.
    """
    sections = {
        ROUTING: ("The gradient (claim 10)", _of_the_gradient(results)),
        GATES: ("The gates (claim 9)", _of_the_gates(results)),
        COLLIDING: ("The write protocol (claim 8)", _of_contrast(results)),
    }
    shown = [
        f"\n### {title}\n\n{text}\n![{PICTURES[name]}](experiments/{name}.png)\n\n"
        f"{PICTURES[name]}. By `{command(name, results[name])}`\n"
        for name, (title, text) in sections.items()
        if text
    ]
    return "\n## Where the phenomena come from\n\n" + _summary(results) + "".join(shown) if shown else ""


def _summary(results: Results) -> str:
    """One paragraph."""
    said = []
    if compared := compared_networks(results):
        alike = all(
            _holds_one(figures[HEBBIAN_STATE]["rest"]) and _same_when_lent(figures) for _, _, figures in compared
        )
        said.append(
            "In the construction of the paper's public code, a fast state changes the gradient of the slow memory only "
            "by moving the gate that both share: a network without a fast state that is given the same gate has the "
            "same gradient, and the fast state of another sequence does as much."
            if alike and all(_same_as_another(figures) for _, _, figures in compared)
            else "In the construction of the paper's public code, a fast state changes the gradient of the slow memory "
            "by more than the gate that both share."
        )
    if gates := _contrasts(results):
        apart = any(own.mean - own.deviation > other.mean + other.deviation for own, other in gates.values())
        said.append(
            "Its levels specialise further than with the fast state of another sequence."
            if apart
            else "Its levels specialise no further than they do with the fast state of another sequence."
        )
    if cases := _cases(results):
        gained, fewer = _surely(cases, "exact", 1), _surely(cases, "paraphrases_mixed_up", -1)
        right = f"more facts are answered ({gained})" if gained else ""
        place = f"fewer questions in other words get another fact's answer ({fewer})" if fewer else ""
        lost = _surely(cases, "paraphrases", -1)
        cost = f" Fewer of them get the right one as well ({lost})." if lost else ""
        earned = " and ".join(part for part in (right, place) if part)
        said.append(
            "A write of facts whose addresses collide works because it is joint. Contrast between their answers earns "
            f"its place with it: {earned}.{cost}"
            if earned
            else "A write of facts whose addresses collide works because it is joint; contrast between their answers "
            "adds nothing that shows."
        )
    return " ".join(said) + "\n"


def compared_networks(results: Results) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Tokens, rate and figures of each comparison of networks with one gate."""
    found = results.get(ROUTING, {}).get("results", {})
    return [
        (tokens, SETTING_LABELS[setting], of_tokens[setting])
        for tokens, of_tokens in found.items()
        for setting in FAST_SETTINGS
        if setting in of_tokens
    ]


def _holds_one(ratio: Paired) -> bool:
    return ratio.low <= 1.0 <= ratio.high


def _same_when_lent(figures: Mapping[str, Any]) -> bool:
    """Whether the Hebbian network's gradient over that of the network with its gate has a 95% interval around 1."""
    own, lent = (figures[kind]["gradient"] for kind in (HEBBIAN_STATE, LENT))
    return _holds_one(Paired.of([a / b for a, b in zip(own.values, lent.values, strict=True)]))


def _same_as_another(figures: Mapping[str, Any]) -> bool:
    over: Paired = figures[OTHER_STATE]["hebbian_over"]
    return _holds_one(over)


def _of_the_gradient(results: Results) -> str:
    compared = compared_networks(results)
    if not compared:
        return ""
    count = len(compared)
    near = sum(_holds_one(figures[HEBBIAN_STATE]["rest"]) for _, _, figures in compared)
    lent = sum(_same_when_lent(figures) for _, _, figures in compared)
    another = sum(_same_as_another(figures) for _, _, figures in compared)
    rows = [
        [tokens, rate, *(str(figures[HEBBIAN_STATE][part]) for part in ("gradient", "gate", "rest")), str(gradient)]
        for tokens, rate, figures in compared
        if (gradient := figures[LENT]["gradient"])
    ]
    head = ["tokens", "rate of the fast state", "gradient", "gate", "rest", "gradient, lent gate"]
    return (
        "With one gate, the gradient of the slow memory is tanh(gate) times a rest, and the fast read acts on the same "
        "gate. So a fast state can change the gradient by moving the gate; the question is whether it does anything "
        f"else. In {near} of {count} comparisons the rest is unchanged: the 95% interval of its ratio includes 1. In "
        f"{lent} of {count}, a network without a fast state that is lent the gate of the Hebbian one has the same "
        f"gradient, and in {another} of {count} so has a network with the fast state of another sequence (again by the "
        "95% interval of the ratio). With two gates nothing is shared, and a "
        "fast state can act on the slow memory only through the rest.\n\n"
        "Ratios to networks without a fast state, where gradient is gate times rest:\n\n" + markdown_table(head, rows)
    )


def _contrasts(results: Results) -> dict[str, tuple[Any, Any]]:
    """The contrast at the author's rate with the own fast state, and with that of another sequence, by tokens."""
    found = results.get(GATES, {}).get("results", {})
    return {
        tokens: (own[HEBBIAN_STATE]["contrast"], own[OTHER_STATE]["contrast"])
        for tokens, of_tokens in found.items()
        if (own := of_tokens.get("author"))
    }


def _of_the_gates(results: Results) -> str:
    parts = [
        f"{cell(own, '.3f')} nats against {cell(other, '.3f')} in {tokens}"
        for tokens, (own, other) in _contrasts(results).items()
    ]
    if not parts:
        return ""
    return (
        "One gate for both reads cannot choose between them: a level can only open it more or less. What could still "
        "differ is what the reads are worth, the fast ones for tokens that the text has had before and the slow ones "
        "for new tokens. This contrast, with the text's own fast state against that of another sequence, is "
        f"{' and '.join(parts)}. Only the difference between the two can come from what the fast state contains.\n"
    )


def _cases(results: Results) -> list[tuple[str, Mapping[str, Any]]]:
    """The figures of the protocols for each way of addressing and number of facts, with both in words."""
    found = results.get(COLLIDING, {}).get("results", {})
    return [
        (f"{count} facts, {ADDRESSES[name]}", protocols)
        for name, sizes in found.items()
        for count, protocols in sizes.items()
    ]


def _surely(cases: list[tuple[str, Mapping[str, Any]]], key: str, sign: int) -> str:
    """Where contrast surely raises (sign 1) or lowers (-1) a share of a joint write, and by how much."""
    parts = []
    for named, protocols in cases:
        change = Gain.of(gain(protocols, "joint", key))
        if sign * change.mean > change.reach:
            parts.append(f"{named}: {change.mean:+.2f}")
    return "; ".join(parts)


def _of_contrast(results: Results) -> str:
    cases = _cases(results)
    if not cases:
        return ""
    parts = []
    for named, protocols in cases:
        own = protocols["joint, contrast"]
        exact = ", ".join(f"{name} {cell(figures['exact'], '.2f')}" for name, figures in protocols.items())
        parts.append(
            f"- {named} (overlap of addresses {own['overlap'].mean:.2f}). Facts exact: {exact}. Contrast adds to the "
            f"joint write: {gains(protocols, 'joint')}.\n"
        )
    return (
        "The prompts of these facts differ in one name, so that their addresses nearly coincide. What contrast adds is "
        "a share of the questions, with its 95% interval over sets of facts, and d, the mean over the "
        "deviation. *Mixed up* is answered with another fact's answer.\n\n" + "".join(parts)
    )
