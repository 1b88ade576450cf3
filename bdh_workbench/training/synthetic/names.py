"""Invented names: people, places and things from seeded syllable tables in several styles.

* A name belongs to exactly one split, by a checksum of its text: 60% train, 20% dev, 20% test.
* Styles differ so that names tokenise in varied ways; ordinary English names are mixed in for people.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from bdh_workbench.training.synthetic.data import table
from bdh_workbench.training.synthetic.lexicon import FORBIDDEN_ANSWERS, FORBIDDEN_NAMES

SPLITS: tuple[str, ...] = ("train", "dev", "test")

_TABLE = table("names.toml")
_STYLES: tuple[tuple[str, str, str], ...] = tuple(
    (style["beginnings"], style["middles"], style["endings"]) for style in _TABLE["styles"]
)
_WORDS: dict[str, list[str]] = {kind: words.split() for kind, words in _TABLE["words"].items()}
_SUFFIXED: dict[str, list[str]] = _TABLE["suffixes"]


@dataclass(frozen=True)
class Entity:
    """An invented person, place or thing: its full name, its short name and, for people, a gender."""

    kind: str
    name: str
    short: str
    gender: str = ""

    def pronouns(self) -> dict[str, str]:
        """Pronouns that agree with the entity."""
        he, his, him = {"f": ("she", "her", "her"), "m": ("he", "his", "him")}.get(self.gender, ("it", "its", "it"))
        return {"he": he, "his": his, "him": him, "He": he.capitalize(), "His": his.capitalize()}


def split_of(text: str) -> str:
    """The one split that a name or a relation belongs to: 60% train, 20% dev, 20% test."""
    return ("train", "train", "train", "dev", "test")[zlib.crc32(text.lower().encode("utf-8")) % 5]


def is_reserved(name: str) -> bool:
    """Whether a name is kept for subjects about which nothing is ever written: one name in eight."""
    return zlib.crc32(f"reserved:{name.lower()}".encode()) % 8 == 0


def _allowed(name: str) -> bool:
    low = name.lower()
    return not any(word in low for word in FORBIDDEN_NAMES) and not set(low.split()) & FORBIDDEN_ANSWERS


def _until(rng: random.Random, split: str, make: Callable[[random.Random], str]) -> str:
    """Draw from `make` until the text is allowed and belongs to `split`."""
    while True:
        text = make(rng)
        if split_of(text) == split and _allowed(text):
            return text


def _root(rng: random.Random) -> str:
    onset, middle, ending = rng.choice(_STYLES)
    parts = [rng.choice(onset.split()), rng.choice(middle.split()), rng.choice(ending.split())]
    return "".join(part for part in parts if part != "-")


def _compound(rng: random.Random) -> str:
    return rng.choice(_WORDS["compound_heads"]) + rng.choice(_WORDS["compound_tails"])


def _coined(rng: random.Random) -> str:
    """A free consonant-vowel string, for names like no other."""
    text = "".join(rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") for _ in range(rng.choice((2, 2, 3))))
    return (text + rng.choice(("", "", "n", "r", "l", "s", "th", "x"))).capitalize()


def _place_name(rng: random.Random) -> str:
    roll = rng.random()
    return _root(rng) if roll < 0.5 else _compound(rng) if roll < 0.8 else _coined(rng)


def invented(rng: random.Random, split: str) -> str:
    """One invented capitalised word of any style."""
    return _until(rng, split, _place_name)


def person(rng: random.Random, split: str) -> Entity:
    """An invented person with a first and a last name."""
    gender = rng.choice("fm")
    roll = rng.random()
    if roll < 0.6:
        pool = _WORDS["female"] if gender == "f" else _WORDS["male"]
        first = _until(rng, split, lambda r: r.choice(pool))
    else:
        first = _until(rng, split, lambda r: _root(r) if r.random() < 0.5 else _coined(r))
    roll = rng.random()
    if roll < 0.3:
        last = _until(rng, split, lambda r: r.choice(_WORDS["surnames"]))
    elif roll < 0.6:
        last = _until(rng, split, _root)
    else:
        last = _until(rng, split, lambda r: _compound(r) if r.random() < 0.6 else _coined(r))
    if last == first:
        return person(rng, split)
    if rng.random() < 0.06:
        last = rng.choice(("van ", "de ", "von ", "ibn ", "O'", "Mac")) + last
    return Entity("person", f"{first} {last}", last, gender)


def _settlement(rng: random.Random, split: str) -> str:
    """A place name, now and then with a word before it."""
    word = rng.choice(("Port", "Saint", "New", "Upper", "Little", "Great", "Old", "Fort"))
    return f"{word} {invented(rng, split)}" if rng.random() < 0.15 else invented(rng, split)


def _ship(rng: random.Random, split: str) -> str:
    roll = rng.random()
    if roll < 0.6:
        return f"{rng.choice(_WORDS['qualities'])} {rng.choice(_WORDS['nouns'])}"
    return f"{rng.choice(('Maid', 'Star', 'Pride', 'Spirit', 'Queen'))} of {invented(rng, split)}"


def _book(rng: random.Random, split: str) -> str:
    roll = rng.random()
    if roll < 0.4:
        return f"The {rng.choice(_WORDS['qualities'])} {rng.choice(_WORDS['nouns'])}"
    if roll < 0.7:
        return f"The {rng.choice(_WORDS['nouns'])} of {invented(rng, split)}"
    noun = rng.choice(_WORDS["nouns"])
    return f"{'An' if noun[0] in 'AEIOU' else 'A'} {noun} for {invented(rng, split)}"


def _beast(rng: random.Random, split: str) -> str:
    return f"{_epithet(rng, split)} {rng.choice(_WORDS['beasts'])}"


def _bloom(rng: random.Random, split: str) -> str:
    return f"{_epithet(rng, split)} {rng.choice(_WORDS['blooms'])}"


def _epithet(rng: random.Random, split: str) -> str:
    """The word before an animal or a plant."""
    return rng.choice(_WORDS["adjectives"]) if rng.random() < 0.6 else invented(rng, split)


def _machine(rng: random.Random, split: str) -> str:
    roll = rng.random()
    if roll < 0.35:
        return f"{rng.choice('ABCDEFGHKLMNPRSTVX')}{rng.choice('ABCDEFGHKLMNPRSTVX')}-{rng.randint(2, 990)}"
    if roll < 0.7:
        return f"{_coined(rng)} {rng.choice(('Two', 'Three', 'Four', 'Seven', 'Mark II', 'Prime', 'Ten'))}"
    return _coined(rng) + rng.choice(("tron", "matic", "graph", "scope", "phone", "plex"))


_PLAIN: dict[str, Callable[[random.Random, str], str]] = {
    "ship": _ship,
    "book": _book,
    "animal": _beast,
    "plant": _bloom,
    "machine": _machine,
    "mineral": lambda rng, split: _coined(rng).lower() + rng.choice(("ite", "ine", "ium", "spar", "stone")),
    "deity": lambda rng, split: _root(rng) if rng.random() < 0.5 else _coined(rng),
    "town": _settlement,
    "island": _settlement,
    "country": invented,
    "lake": invented,
    "river": invented,
    "planet": lambda rng, split: invented(rng, split) + rng.choice(("", "", f" {rng.randint(2, 90)}", " Prime")),
    "tribe": lambda rng, split: _root(rng) if rng.random() < 0.5 else _coined(rng),
    "language": lambda rng, split: _coined(rng) + rng.choice(("ish", "ese", "ic", "ian")),
}
NAME_KINDS: tuple[str, ...] = ("person", *_PLAIN, *_SUFFIXED)
"""Every kind of entity that can be named."""


def entity(rng: random.Random, kind: str, split: str) -> Entity:
    """Draw an invented entity of a kind; its name belongs to `split` alone."""
    if kind == "person":
        return person(rng, split)
    if kind in _PLAIN:
        make = _PLAIN[kind]
        name = _until(rng, split, lambda r: make(r, split))
        return Entity(kind, name, name)
    root = invented(rng, split)
    return Entity(kind, f"{root} {rng.choice(_SUFFIXED[kind])}", root)
