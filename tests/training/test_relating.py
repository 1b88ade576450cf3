"""What relates prompts to answers: learned from examples, and read the same way in training and afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bdh_workbench.errors import UserError
from bdh_workbench.model.likeness import Likeness, load_likeness, save_likeness
from bdh_workbench.training.relating import Examples, _Network, _numbered, asked_words, examples, fit_relating

WORDS = (
    "the of was in born birthplace died grave plays instrument flute drum oslo lima cairo paris trumpet violin".split()
)


def likeness() -> Likeness:
    return Likeness(WORDS, torch.randn(len(WORDS), 12, generator=torch.Generator().manual_seed(0)))


def given() -> Examples:
    asked = {
        "born": "oslo",
        "died": "lima",
        "plays": "flute",
        "instrument": "drum",
        "grave": "cairo",
        "birthplace": "paris",
    }
    answered = [(["was", word, "in"], [answer]) for word, answer in asked.items()] * 80
    phrasings = [(["was", "born"], 0), (["birthplace", "of"], 0), (["plays", "the"], 1), (["instrument", "of"], 1)]
    return Examples(answered, [(["plays"], ["instrument"])] * 8, phrasings)


def test_phrasings_of_one_relation_come_together_and_answers_to_their_questions() -> None:
    found, losses = fit_relating(likeness(), given(), 0, steps=60, size=8)
    born, birthplace, plays = (found.asks(words) for words in (["was", "born"], ["birthplace", "of"], ["plays", "the"]))
    assert born @ birthplace > born @ plays
    assert found.asks(["was", "died", "in"]) @ found.answers(["lima"]) > found.asks(["plays"]) @ found.answers(["lima"])
    assert set(losses) == {"answers", "questions", "relations"}


def test_what_was_trained_is_what_is_read(tmp_path: Path) -> None:
    found, _ = fit_relating(likeness(), given(), 0, steps=3, size=8)
    assert found.relating is not None
    network = _Network(found, 8)
    with torch.no_grad():
        for name in ("content", "last", "answer", "shapes", "weighing"):
            getattr(network, name).copy_(torch.from_numpy(getattr(found.relating, name)))
        words = ["was", "plays", "nowhere", "the", "born", "in", "of"]
        ids = _numbered([words], {word: n for n, word in enumerate(WORDS)}, 16)
        assert np.allclose(network.asks(ids, network.counting())[0].numpy(), found.asks(words), atol=1e-5)
    save_likeness(tmp_path, found)
    read = load_likeness(tmp_path)
    assert read is not None and np.allclose(read.asks(words), found.asks(words), atol=5e-3)
    assert np.allclose(read.answers(["oslo", "9"]), found.answers(["oslo", "9"]), atol=5e-3)
    assert not found.asks(["nowhere"]).any()


def test_a_file_of_parts_that_do_not_fit_is_refused(tmp_path: Path) -> None:
    found, _ = fit_relating(likeness(), given(), 0, steps=1, size=8)
    assert found.relating is not None
    object.__setattr__(found.relating, "last", found.relating.last[:, :4])
    save_likeness(tmp_path, found)
    with pytest.raises(UserError, match="damaged"):
        load_likeness(tmp_path)


def test_names_are_left_out_of_what_is_asked() -> None:
    assert asked_words("The birthplace of Ada Lovelace is") == ["the", "birthplace", "of", "is"]
    assert asked_words("Ada Lovelace was born in") == ["was", "born", "in"]
    assert asked_words("") == []


def test_examples_come_from_questions_and_from_invented_relations(tmp_path: Path) -> None:
    people, made = tmp_path / "people.jsonl", tmp_path / "made.jsonl"
    sentence = "Ada sold the mill to Otto in 1843."
    told = [{"sentence": sentence, "question": q, "start": 29, "end": 33} for q in ("When was it sold?", "Which year?")]
    people.write_text("\n".join(json.dumps(one) for one in told), encoding="utf-8")
    made.write_text(json.dumps({"sentence": sentence, "questions": [["Sold to whom?", 21, 25, "x"]]}), encoding="utf-8")
    found = examples(people, made, "train", 0)
    assert any(answer == ["1843"] for _, answer in found.answered) and any(a == ["otto"] for _, a in found.answered)
    assert len(found.alike) == 1 and len({number for _, number in found.phrasings}) > 150
    assert examples(None, None, "train", 0).alike == []
