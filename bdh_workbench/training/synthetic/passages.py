"""Statement-then-question training texts in varied layouts, for pre-training the language model.

Each layout states invented facts and then asks for them again in other words, always with the right answer.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from bdh_workbench.training.synthetic.distractors import distractor
from bdh_workbench.training.synthetic.grammar import capitalised
from bdh_workbench.training.synthetic.relations import relations
from bdh_workbench.training.synthetic.skeletons import document, skeletons
from bdh_workbench.training.synthetic.statements import Statement, StatementSource

_SPLIT = "train"
_JOINTS = (
    "",
    "",
    "",
    "",
    "It is said that ",
    "In the same region, ",
    "Everyone knows that ",
    "By all accounts, ",
    "According to an old record, ",
    "It is well known that ",
    "Oddly enough, ",
    "As one guide puts it, ",
)
_LOWERABLE = frozenset(
    "The In On At Every Each Nobody What Under For All To People Those Whoever Members Before Since Only Without When "
    "Most Nearly Again Behind Inside Near Seen Guests Visitors Hunters Priests Sailors Farmers Once There After It "
    "Its This From As By Instead Among Legend Players Pupils Doctors During Deep Beyond Halfway".split()
)
_ASKERS = (
    ("Anna", "Ben"),
    ("Teacher", "Pupil"),
    ("A", "B"),
    ("Visitor", "Guide"),
    ("Judge", "Witness"),
    ("Child", "Aunt"),
    ("Host", "Guest"),
    ("Reporter", "Professor"),
    ("Tom", "Mary"),
)


def _stated(rng: random.Random, statement: Statement) -> str:
    """The statement as a sentence."""
    return f"{statement.say(rng.choice(statement.relation.statements))} {statement.answer}."


def _joined(rng: random.Random, statement: Statement) -> str:
    """The statement as a sentence, sometimes after an opening phrase."""
    text = _stated(rng, statement)
    joint = rng.choice(_JOINTS)
    first = text.split()[0]
    if joint and first in _LOWERABLE:
        return joint + text[0].lower() + text[1:]
    return text


def _again(rng: random.Random, statement: Statement) -> str:
    """The statement asked or completed once more in some other form, with its answer."""
    relation = statement.relation
    roll = rng.random()
    if roll < 0.35:
        return _stated(rng, statement)
    if roll < 0.55:
        return f"{statement.say(rng.choice(relation.synonyms))} {statement.answer}."
    if roll < 0.85 or not relation.reversals:
        return f"{rng.choice(statement.questions())} {statement.answer}."
    return f"{statement.turned(rng.choice(relation.reversals))} {statement.entity.name}."


def _question_and_answer(rng: random.Random, statement: Statement) -> tuple[str, str]:
    """A question and the full or short answer to it."""
    question = statement.question()
    if rng.random() < 0.5:
        return question, f"{capitalised(statement.answer)}."
    return question, _stated(rng, statement)


def _many(rng: random.Random, low: int, high: int) -> list[Statement]:
    source = iter(StatementSource(rng, _SPLIT))
    return [next(source) for _ in range(rng.randint(low, high))]


def _one_entity(rng: random.Random, low: int, high: int) -> list[Statement]:
    """Several facts about one entity."""
    pool = relations(_SPLIT)
    counts = Counter(relation.kind for relation in pool)
    kinds = sorted(kind for kind, times in counts.items() if times >= low)
    source = StatementSource(rng, _SPLIT)
    subject = source.subject(rng.choice(kinds))
    fitting = [r for r in pool if r.kind == subject.kind]
    chosen = rng.sample(fitting, min(len(fitting), rng.randint(low, high)))
    return [Statement(relation, subject, source.answer(relation, subject)) for relation in chosen]


def _some(rng: random.Random) -> list[Statement]:
    return _many(rng, 3, 8) if rng.random() < 0.7 else _one_entity(rng, 3, 6)


def _shuffled(rng: random.Random, statements: list[Statement]) -> list[Statement]:
    return rng.sample(statements, min(len(statements), 8))


def _prose(rng: random.Random) -> str:
    statements = _some(rng)
    told = []
    for statement in statements:
        told.append(_joined(rng, statement))
        if rng.random() < 0.3:
            told.append(distractor(rng))
    asked = [_again(rng, statement) for statement in _shuffled(rng, statements)]
    return " ".join(told) + rng.choice(("\n\n", "\n", " ")) + rng.choice((" ", "\n")).join(asked)


def _list(rng: random.Random) -> str:
    statements = _some(rng)
    mark = rng.choice(("- ", "* ", "• ", ""))
    head = rng.choice(("Notes", "Things to remember", "Facts", "What we know", "From the notebook", "Did you know?"))
    told = "\n".join(mark + _stated(rng, statement) for statement in statements)
    asked = "\n".join(mark + _again(rng, statement) for statement in _shuffled(rng, statements))
    return f"{head}\n{told}\n\n{rng.choice(('Again', 'In other words', 'Check', 'To repeat'))}:\n{asked}"


def _dialogue(rng: random.Random) -> str:
    statements = _some(rng)
    asker, teller = rng.choice(_ASKERS)
    lines = [f"{teller}: {_joined(rng, statement)}" for statement in statements]
    if rng.random() < 0.5:
        lines.append(f"{asker}: {rng.choice(('I see.', 'That is interesting.', 'I will try to remember it.'))}")
    for statement in _shuffled(rng, statements):
        question, answer = _question_and_answer(rng, statement)
        lines += [f"{asker}: {question}", f"{teller}: {answer}"]
    return "\n".join(lines)


def _entry(rng: random.Random) -> str:
    statements = _one_entity(rng, 3, 7)
    name = statements[0].entity.name
    told = " ".join(_joined(rng, statement) for statement in statements)
    asked = "\n".join(_again(rng, statement) for statement in _shuffled(rng, statements))
    head = rng.choice((name.upper(), name, f"{name} (entry)", f"About {name}"))
    return f"{head}\n\n{told}\n\n{rng.choice(('Summary', 'In short', 'Review', 'Key facts'))}\n{asked}"


def _exam(rng: random.Random) -> str:
    statements = _some(rng)
    told = " ".join(_joined(rng, statement) for statement in statements)
    order = _shuffled(rng, statements)
    head = rng.choice(("Read the text and answer the questions.", "Exam", "Reading test", "Study the following."))
    if rng.random() < 0.5:
        pairs = [_question_and_answer(rng, statement) for statement in order]
        body = "\n".join(f"{i}. {question}\nAnswer: {answer}" for i, (question, answer) in enumerate(pairs, 1))
    else:
        gaps = [(s.say(rng.choice(s.relation.statements + s.relation.synonyms)), s.answer) for s in order]
        body = "\n".join(f"{i}. {gap} ____. ({answer})" for i, (gap, answer) in enumerate(gaps, 1))
    return f"{head}\n\n{told}\n\n{body}"


def _interleaved(rng: random.Random) -> str:
    """Each fact comes back after one or two others."""
    waiting: list[Statement] = []
    parts: list[str] = []
    for statement in _many(rng, 4, 8):
        parts.append(_joined(rng, statement))
        waiting.append(statement)
        if len(waiting) > rng.randint(1, 3):
            parts.append(_again(rng, waiting.pop(0)))
        if rng.random() < 0.2:
            parts.append(distractor(rng))
    parts += [_again(rng, statement) for statement in waiting]
    return rng.choice((" ", "\n")).join(parts)


def _cards(rng: random.Random) -> str:
    """Statements, then question and answer cards."""
    statements = _some(rng)
    told = rng.choice((" ", "\n")).join(_stated(rng, statement) for statement in statements)
    cards = []
    for statement in _shuffled(rng, statements):
        question, answer = _question_and_answer(rng, statement)
        cards.append(f"Q: {question}\nA: {answer}")
    return told + "\n\n" + rng.choice(("\n", "\n\n")).join(cards)


def _reading(rng: random.Random) -> str:
    """A document, then its probes."""
    text = document(rng, rng.choice(skeletons()), _SPLIT, set())
    asked = rng.sample(text.probes, rng.randint(4, len(text.probes)))
    style = rng.choice(("{p} {a}.", "{p} ____. ({a})", "- {p} {a}", "Complete: {p} ... Answer: {a}"))
    lines = [style.format(p=probe.prompt, a=probe.answer) for probe in asked]
    head = rng.choice(("", "", f"{text.title}\n\n"))
    return f"{head}{text.text}\n\n" + "\n".join(lines)


_LAYOUTS: tuple[Callable[[random.Random], str], ...] = (
    _prose,
    _prose,
    _list,
    _dialogue,
    _entry,
    _exam,
    _interleaved,
    _interleaved,
    _cards,
    _reading,
)


def passage(rng: random.Random) -> str:
    """One text of 80 to 400 words in a random layout."""
    while True:
        text = rng.choice(_LAYOUTS)(rng)
        if 80 <= len(text.split()) <= 400:
            return text
