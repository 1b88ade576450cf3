"""Facts under labels, as people type them: ``Q: ...`` and ``A: ...`` below each other, or a list in YAML.

A line that begins with a label begins a prompt or an answer; lines without one belong to what stands above them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import is_blank

_LINE = re.compile(
    r"[\s>*_#-]*+(?:\d+[.)]\s*+)?[*_]*+(?P<label>[^\W\d_]{1,16})\s?\d{0,4}[*_]*\s*[:.)\uff1a][*_]*\s*(?P<text>.*)"
)
LABELS = {
    "prompt": frozenset("q question prompt frage pregunta pergunta domanda вопрос 问 問 vraag".split()),
    "answer": frozenset("a answer antwort réponse respuesta resposta risposta ответ 答 antwoord".split()),
    "paraphrases": frozenset(("paraphrases",)),
}


def is_labelled(text: str) -> bool:
    """Whether a text begins with a labelled prompt and an answer to it."""
    labels = []
    for line in text[:10_000].split("\n"):
        labelled = _labelled(line)
        if labelled:
            labels.append(labelled[0])
        elif not labels and not is_blank(line) and not line.lstrip().startswith(("#", "---")):
            return False
    return labels[:2] == ["prompt", "answer"] and labels.count("answer") >= labels.count("prompt") - 1


def labelled_entries(text: str, where: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the facts of a labelled text, each after the words for its place.

    Raises:
        UserError: where a prompt has no answer, or an answer no prompt.
    """
    entry: dict[str, str] = {}
    number, at, last = 0, 1, ""
    for count, line in enumerate((*text.split("\n"), "prompt:"), start=1):
        labelled = _labelled(line)
        if not labelled:
            if last and not is_blank(line):
                entry[last] = f"{entry[last]}\n{line.strip()}".strip()
            continue
        last, said = labelled
        if last == "prompt":
            if entry:
                number += 1
                yield _complete(entry, f"{where}, entry {number} (line {at})")
            entry, at = {}, count
        elif last in entry or "prompt" not in entry:
            raise UserError(f"{where}, line {count}: an answer needs a prompt of its own above it.")
        entry[last] = said


def _complete(entry: dict[str, str], place: str) -> tuple[str, Mapping[str, object]]:
    for name in ("prompt", "answer"):
        if is_blank(entry.get(name, "")):
            raise UserError(f"{place} has no {name}.")
    record: dict[str, object] = dict(entry)
    if "paraphrases" in entry:
        record["paraphrases"] = [
            part.strip(" -\"'") for part in re.split(r"[|\n]", entry["paraphrases"]) if part.strip()
        ]
    return place, record


def _labelled(line: str) -> tuple[str, str] | None:
    """The side that a line begins, and what follows the label; None for a line without one."""
    match = _LINE.fullmatch(line.rstrip())
    if not match:
        return None
    label = match["label"].lower()
    for side, names in LABELS.items():
        if label in names:
            said = match["text"].strip()
            quoted = len(said) > 1 and said[0] == said[-1] and said[0] in "\"'" and said[0] not in said[1:-1]
            return side, said[1:-1] if quoted else said
    return None
