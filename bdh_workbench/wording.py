"""How counts, sizes, probabilities and long texts are worded, in the window and on the command line alike."""

from __future__ import annotations


def plural(count: int, word: str) -> str:
    """A count with its word: "1 memory", "2,000 memories"."""
    many = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count:,} {word if count == 1 else many}"


def shortened(text: str, limit: int = 60) -> str:
    """The beginning of a text, on one line, in at most so many characters."""
    text = " ".join(text[: limit * 8].split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def probability(p: float | None) -> str:
    """A probability in as few digits as say what it is; – if it is not known."""
    if p is None or p != p:
        return "–"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.9995 else f"{p:.4f}" if p < 0.99995 else "1.000"


def percent(value: float | None) -> str:
    """A fraction as a percentage, never rounded to nothing unless it is nothing; – if it is not known."""
    if value is None:
        return "–"
    return "< 0.1%" if 0.0 < value < 0.0005 else f"{value:.1%}"


def size(count: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
