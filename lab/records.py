"""The experiments: one record for each, from which the command line, the runner and the pages are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment.

    Attributes:
        asks: the question that it answers.
        module: the module that measures it, as ``lab.runner`` describes.
        options: those that it takes besides ``--out``, with their defaults; no other may be given.
        reads_model: whether a model is loaded for it.
        keeps_runs: whether it keeps finished runs in the folder of results, and so continues where it was stopped.
        has_page_alone: whether it measures nothing, and makes a page of what others measured.
        variant_of: the experiment that it is a variant of, by whose name it is called with ``flag``; "" for none.
        flag: what the command line says to get the variant.
    """

    asks: str
    module: str
    options: Mapping[str, Any]
    reads_model: bool = True
    keeps_runs: bool = False
    has_page_alone: bool = False
    variant_of: str = ""
    flag: str = ""


ONE_GATE_ONLY, COLLIDE_ONLY = "--construction one-gate", "--collide"
GENERAL_TEXT, THREE_SEEDS = {"corpus": None}, {"seeds": 3}
EXPERIMENTS = {
    "addresses": Experiment(
        "which parts of the addressing carry recall", "lab.memories.addresses", GENERAL_TEXT | THREE_SEEDS
    ),
    "evidence": Experiment(
        "what each kind of evidence is worth to the judges",
        "lab.memories.evidence",
        GENERAL_TEXT | THREE_SEEDS | {"questions": None},
        keeps_runs=True,
    ),
    "keeping": Experiment(
        "what a memory keeps as it grows", "lab.memories.keeping", GENERAL_TEXT | {"parts": ()}, keeps_runs=True
    ),
    "gates": Experiment(
        "do slow and fast gates specialise while a model is trained",
        "lab.networks.gates",
        GENERAL_TEXT | THREE_SEEDS | {"steps": 800},
    ),
    "routing": Experiment(
        "the gradient that a slow slot receives with and without a fast state beside it",
        "lab.networks.routing",
        GENERAL_TEXT | THREE_SEEDS | {"steps": 200},
    ),
    "gates-one-gate": Experiment(
        "the same in the construction of the paper's public code, with one gate for both reads",
        "lab.networks.one_gate_gates",
        GENERAL_TEXT | {"seeds": 5, "steps": 400},
        reads_model=False,
        keeps_runs=True,
        variant_of="gates",
        flag=ONE_GATE_ONLY,
    ),
    "routing-one-gate": Experiment(
        "the same in the construction of the paper's public code, with one gate for both reads",
        "lab.networks.one_gate_routing",
        GENERAL_TEXT | {"seeds": 5, "steps": 800},
        reads_model=False,
        keeps_runs=True,
        variant_of="routing",
        flag=ONE_GATE_ONLY,
    ),
    "protocols-collide": Experiment(
        "ways of writing facts whose addresses collide: one prefix, a late difference",
        "lab.memories.colliding",
        GENERAL_TEXT | {"seeds": 5},
        keeps_runs=True,
        variant_of="protocols",
        flag=COLLIDE_ONLY,
    ),
    "protocols": Experiment(
        "ways of writing and reading compared", "lab.memories.protocols", GENERAL_TEXT | THREE_SEEDS
    ),
    "capacity": Experiment(
        "how many facts fit into how many slots, and in what time", "lab.memories.capacity", THREE_SEEDS
    ),
    "meta": Experiment(
        "trained addresses compared with their untrained start", "lab.memories.meta", GENERAL_TEXT | THREE_SEEDS
    ),
    "harder": Experiment(
        "synonyms, questions and reversed statements; 200 and 1,000 facts", "lab.memories.harder", THREE_SEEDS
    ),
    "alike": Experiment(
        "facts that differ by a number alone, and several facts about one subject", "lab.memories.alike", THREE_SEEDS
    ),
    "peer": Experiment(
        "BDH and a GPT-2 of the same size, trained alike",
        "lab.networks.peer",
        GENERAL_TEXT | {"config": "base", "tokens": 300_000} | THREE_SEEDS,
        keeps_runs=True,
    ),
    "ladder": Experiment(
        "recipes of pre-training at equal processor time, one choice after another",
        "lab.networks.ladder",
        GENERAL_TEXT | {"config": "base", "minutes": 5.0, "parts": ()} | THREE_SEEDS,
        keeps_runs=True,
    ),
    "baselines": Experiment(
        "tune the rivals of bench --baselines on facts of their own",
        "lab.rivals.baselines",
        GENERAL_TEXT | {"seeds": 1},
    ),
    "rivals": Experiment(
        "people's questions and edits, answered by search and small language models as well",
        "lab.rivals.people",
        {"questions": None, "edits": None, "limit": None},
    ),
    "scale": Experiment(
        "what a memory costs as it grows to a book, compared with search",
        "lab.memories.scale",
        GENERAL_TEXT | {"tokens": 200_000, "questions": None},
    ),
    "books": Experiment(
        "what is done with whole books: several processes, merging, forgetting, and the time left of a write",
        "lab.memories.books",
        GENERAL_TEXT | {"tokens": 30_000},
    ),
    "reproduction": Experiment(
        "the page of the paper's claims, from the results in DIR/experiments",
        "lab.reproduction",
        {},
        reads_model=False,
        keeps_runs=True,
        has_page_alone=True,
    ),
}
