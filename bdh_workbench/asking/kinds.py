"""What kind of prompt a text is: a question, a sentence with a gap, or the beginning of a sentence.

Marks decide first, as most scripts have one for a question. Where people leave it out, English is known by its question
words and by the verb before its subject, Chinese, Japanese and Korean by the word that ends a question. Everything else
is a beginning, which the model continues.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

Kind = Literal["question", "gap", "beginning"]

AsKind = Literal["auto", "question", "beginning", "gap"]
AS_KINDS: tuple[AsKind, ...] = get_args(AsKind)

# Latin, Chinese and Japanese, Arabic, Greek, Ethiopic, Armenian, Vai, Bamum, and marks that are doubled or mixed.
QUESTION_MARKS = "?\uff1f\u061f\u037e\u1367\u055e\ua60f\ua6f7\u2047\u2048\u203d\u2e2e"
CLOSING_MARKS = " \"'”’»」』)]\u3000"

GAP_MARK = re.compile(r"_{2,}|\[\s*(?:\.{2,}|…|_+)?\s*\]|\(\s*(?:\.{2,}|…)\s*\)")
DOTS = re.compile(r"(?:\.{3,}|…)\s*(?=\w)")

# Greek may be typed with a semicolon, and a mark may have a companion: "Who?!"
_MARKED = re.compile(rf"[{QUESTION_MARKS}][!\uff01]*$|[\u0370-\u03ff];$")
_TERM = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ASKING = frozenset("who whom whose what which when where why how".split())
# At the start of a sentence these verbs ask, whatever follows ...
_VERBS = frozenset("is are was were am did does isn't aren't wasn't weren't didn't doesn't don't won't can't".split())
# ... and these only before what can be a subject: "Will Smith", "May 1945" and "Have a seat" do not ask.
_MODALS = frozenset("do has have can could will would shall should may might must".split())
_SUBJECTS = frozenset(
    "i you he she it we they the this that these those there any anyone my your his her its our their".split()
)
_AUXILIARIES = _VERBS | _MODALS | {"had", "be"}
_FREE = _SUBJECTS - {"any"} | {"a", "an", "ever"}  # "What he wanted", "Where the river ends": a clause, not a question
_COUNTED = frozenset(
    "many much long old far tall high big large deep wide often fast heavy few late early soon to come about".split()
)
_PREPOSITIONS = frozenset("in on at to for from by with of under through during after before since until".split())
_ORDERS = re.compile(
    r"(?:please )?(?:(?:tell|show|remind) (?:me|us)|say (?:who|what|which|when|where|why|how)"
    r"|explain|describe|define|(?:name|list|give|state|find) "
    r"(?:me|the|a|an|all|some|any|one|two|three|four|five|every|each|its|his|her|their))\b"
)
_ENDS = re.compile(
    r"(?:吗|嗎|呢|谁|誰|什么|什麼|哪里|哪裡|哪儿|哪个|哪個|多少|几个|为什么|為什麼|ですか|ますか|か|까)$"
)


def kind_of(prompt: str) -> Kind:
    """The kind of a prompt."""
    text = " ".join(prompt.split())
    if GAP_MARK.search(text) or DOTS.search(text):
        return "gap"
    if text.startswith(("¿", "؟")) or _is_question(text.rstrip(CLOSING_MARKS)):
        return "question"
    return "beginning"


def _is_question(text: str) -> bool:
    if _MARKED.search(text):
        return True
    text = re.split(f"[{QUESTION_MARKS}]", text)[-1].strip(CLOSING_MARKS)  # a question may stand before what is begun
    if _ENDS.search(text.rstrip("。.!\uff01")):
        return True
    if text.endswith((":", "\uff1a")):  # "Q: ... A:" waits for what follows
        return False
    return _asks_in_english(text)


def _asks_in_english(text: str) -> bool:
    lowered = text.lower().replace("’", "'")
    if _ORDERS.match(lowered):
        return True
    if "," in text:  # "When it rains, ...", "Were he to come, ..."
        return False
    words = _TERM.findall(lowered)
    if len(words) > 2 and words[0] in _PREPOSITIONS and words[1] in {"which", "what", "whom", "whose", "how"}:
        return any(word in _AUXILIARIES for word in words[2:])
    if len(words) < 2:
        return False
    first, second = words[0], words[1]
    if first in _VERBS:
        return True
    if first in _MODALS:
        return second in _SUBJECTS
    if first not in _ASKING or second in _FREE:
        return False
    if first in {"when", "where", "why"}:
        return second in _AUXILIARIES
    if first == "how":
        return second in _AUXILIARIES or second in _COUNTED
    return True
