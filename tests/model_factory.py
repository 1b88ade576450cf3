"""A tiny random model as a folder on disk, and files of facts, documents and a corpus for it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.model.checkpoint import save_network
from bdh_workbench.model.judge import save_judges
from bdh_workbench.model.loading import save_general
from bdh_workbench.training.synthetic import passage
from tests.core_factory import FACTS, OTHER_DOCUMENT, tiny_model

SLOTS = 2048


def save_tiny_model(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """Write a random byte-level model to a folder, as training does; returns the folder."""
    model = tiny_model(seed, **({"write_slots": SLOTS} | changes))
    save_network(folder, model.network)
    model.tokenizer.save(folder / "tokenizer.json")
    save_general(folder, model.site, model.calibration, {})
    save_judges(folder, model.judges)
    return folder


def save_facts(path: Path, facts: Sequence[Fact]) -> Path:
    """Write facts to a JSON file; returns its path."""
    entries = [{"prompt": f.prompt, "answer": f.answer, "paraphrases": list(f.paraphrases)} for f in facts]
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def save_documents(path: Path, documents: Sequence[TextDocument]) -> Path:
    """Write documents to a JSON file; returns its path."""
    entries = [
        {"title": d.title, "text": d.text, "probes": [{"prompt": p.prompt, "answer": p.answer} for p in d.probes]}
        for d in documents
    ]
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def save_questions(folder: Path) -> tuple[Path, Path]:
    """Three articles with a question each, and the facts as edits, in files that `bench` reads."""
    text = OTHER_DOCUMENT.text
    asked = {"question": "A mill in Brant grinds", "answers": [{"text": "rye", "answer_start": text.index("rye")}]}
    data = [{"title": f"Mill {n}", "paragraphs": [{"context": text, "qas": [asked]}]} for n in range(3)]
    articles, edits = folder / "squad.json", folder / "edits.json"
    articles.write_text(json.dumps({"data": data}), encoding="utf-8")
    records = [{"subject": "Orm", "prompt": f.prompt, "answer": f.answer, "neighbours": ["Once"]} for f in FACTS]
    edits.write_text(json.dumps(records), encoding="utf-8")
    return articles, edits


def save_passages(folder: Path, each: int) -> Path:
    """Write a corpus of 24 texts of so many invented passages each into a folder; returns the folder."""
    for number in range(24):
        rng = random.Random(number)
        (folder / f"{number:02}.txt").write_text("\n\n".join(passage(rng) for _ in range(each)), encoding="utf-8")
    return folder
