"""Records of other programs: JSON whose fields have other names than ours, or that wraps its list in an object.

Only names are translated. What a field holds is checked afterwards as if it had our name, and a record that has our
names is taken as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bdh_workbench.inputs.as_read import is_blank
from bdh_workbench.inputs.names import ANSWER_NAMES, INPUT, INSTRUCTION, PROMPT_NAMES

TEXT_NAMES = ("content", "page_content", "body", "passage", "context", "article", "document", "paragraph")
TITLE_NAMES = ("name", "heading", "headline", "subject")
WORDING_NAMES = ("rephrase_prompt", "rephrase", "paraphrase_prompts")  # of benchmarks of edits
CELLS = "cells"  # of a notebook


def listed(value: object, single: str, *sides: Collection[str]) -> object:
    """The list of records that an object wraps; the value itself where it is none, or is a record.

    Args:
        value: of the file.
        single: a field that only a record has.
        sides: other names of what a record says; one that says something under a name of each is a record too.
    """
    if not isinstance(value, dict) or any(str(name).lower() == single for name in value):
        return value
    said = {str(name).lower() for name, part in value.items() if isinstance(part, str)}
    if all(said & set(side) for side in sides):
        return value
    if isinstance(value.get(CELLS), list):
        return [{"text": "\n\n".join(filter(None, map(_said, value[CELLS])))}]
    lists = [part for part in value.values() if isinstance(part, list) and any(isinstance(p, dict) for p in part)]
    return lists[0] if len(lists) == 1 else value


def pairs_listed(value: object) -> object:
    """Records of facts from an object of prompts with their answers, or from a list of pairs."""
    value = listed(value, "prompt", PROMPT_NAMES, ANSWER_NAMES)
    if isinstance(value, dict) and value and all(isinstance(answer, str) for answer in value.values()):
        if not any(str(name).lower() in PROMPT_NAMES | ANSWER_NAMES for name in value):
            return [{"prompt": prompt, "answer": answer} for prompt, answer in value.items()]
        return [value]
    if isinstance(value, list) and value and all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        return [{"prompt": prompt, "answer": answer} for prompt, answer in value]
    return value


def fact_record(entry: Mapping[str, object]) -> Mapping[str, object]:
    """A record of a fact under our names."""
    record = dict(entry)
    turns = entry.get("messages", entry.get("conversations"))
    if isinstance(turns, list) and "prompt" not in record:
        record |= _exchange(turns)
    if "target_new" in record and "answer" not in record:
        target = record["target_new"]
        record["answer"] = target.get("str") if isinstance(target, dict) else target
    if "prompt" not in record:
        record |= _with_input(record)
    for ours, names in (("prompt", PROMPT_NAMES), ("answer", ANSWER_NAMES)):
        theirs = [name for name in record if str(name).lower().strip() in names and not _says_nothing(record[name])]
        if ours not in record and len(theirs) == 1:
            record[ours] = record[theirs[0]]
    answer = record.get("answer")
    if isinstance(answer, dict) and isinstance(answer.get("text"), list):  # as SQuAD has it
        record["answer"] = next(iter(answer["text"]), None)
    prompt, subject = record.get("prompt"), record.get("subject")
    if isinstance(prompt, str) and isinstance(subject, str):
        record["prompt"] = prompt.replace("{}", subject)
    wordings = next((record[name] for name in WORDING_NAMES if name in record), None)
    if wordings is not None and "paraphrases" not in record:
        record["paraphrases"] = [wordings] if isinstance(wordings, str) else wordings
    return {name: value for name, value in record.items() if name not in WORDING_NAMES}


def document_record(entry: object) -> object:
    """A record of a document under our names; a text alone is a record too."""
    if isinstance(entry, str):
        return {"text": entry}
    if not isinstance(entry, dict) or "text" in entry:
        return entry
    record = dict(entry)
    lower = {str(name).lower(): name for name in reversed(list(entry))}
    metadata = entry.get("metadata")
    inside = metadata.get("title") if isinstance(metadata, dict) else None
    for ours, names in (("text", ("text", *TEXT_NAMES)), ("title", ("title", *TITLE_NAMES))):
        theirs = next((lower[name] for name in names if name in lower and isinstance(entry[lower[name]], str)), None)
        if theirs is not None and ours not in record:
            record[ours] = entry[theirs]
    if isinstance(inside, str):
        record.setdefault("title", inside)
    return record


def _with_input(record: Mapping[str, object]) -> dict[str, object]:
    """The prompt of a record that has an instruction and what it is about."""
    fields = {str(name).lower().strip(): said for name, said in record.items() if not _says_nothing(said)}
    parts = fields.get(INSTRUCTION), fields.get(INPUT)
    return {"prompt": "\n".join(map(str, parts))} if all(isinstance(part, str) for part in parts) else {}


def _says_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and is_blank(value))


def _exchange(turns: Sequence[object]) -> dict[str, object]:
    """The first question of a chat and the answer to it; what is said later means little without them."""
    asked: object = None
    for turn in turns:
        role = _role(turn) if isinstance(turn, dict) else ""
        if isinstance(turn, dict) and role == "user":
            asked = _content(turn)
        elif isinstance(turn, dict) and role == "assistant" and asked is not None:
            return {"prompt": asked, "answer": _content(turn)}
    return {}


def _role(turn: Mapping[str, object]) -> str:
    role = str(turn.get("role", turn.get("from", ""))).lower()
    return {"human": "user", "gpt": "assistant", "bot": "assistant"}.get(role, role)


def _content(turn: Mapping[str, object]) -> object:
    return turn.get("content", turn.get("value"))


def _said(cell: object) -> str:
    """The source of a cell of a notebook."""
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
