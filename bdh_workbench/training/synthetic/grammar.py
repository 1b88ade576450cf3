"""Small repairs that keep filled-in templates good English: articles and capitals."""

from __future__ import annotations

import re

from bdh_workbench.training.synthetic.names import Entity

_ARTICLE = re.compile(r"\b([Aa])n? (?=[\"']?(\w[\w-]*))")
_CONSONANT_SOUND = ("uni", "use", "usu", "eu", "one-", "once", "ukulele", "uran")
_VOWEL_SOUND = ("hour", "honest", "honour", "heir")


def _vowel_sound(word: str) -> bool:
    if re.match(r"[A-Z]{2}-\d", word):
        return word[0] in "AEFHILMNORSX"
    if word.isdigit():
        return word.startswith("8") or word in ("11", "18")
    low = word.lower()
    if low.startswith(_VOWEL_SOUND):
        return True
    return low[0] in "aeiou" and low != "one" and not low.startswith(_CONSONANT_SOUND)


def articles(text: str) -> str:
    """Choose 'a' or 'an' by the sound of the next word."""
    return _ARTICLE.sub(lambda match: match[1] + ("n " if _vowel_sound(match[2]) else " "), text)


def capitalised(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def fill(template: str, entity: Entity, following: str, given: str = "") -> str:
    """Fill a phrasing with an entity, its pronouns and `given` for {a}; a final article agrees with `following`."""
    if entity.name.startswith(("The ", "A ", "An ")):
        template = template.replace("the {e}", "{e}").replace("The {e}", "{e}")
    text = template.format(e=entity.name, l=entity.short, a=given, **entity.pronouns())
    whole = articles(f"{text} {following}")
    return capitalised(whole[: len(whole) - len(following)].strip())
