"""Facts that look alike: facts that differ only in a number, and several facts about one subject.

Numbered facts are asked for word for word, by the usual read and by the pure one: the usual may find no fewer. Of
subjects with several facts each, every fact is asked for in its own words and in others, and each subject for what was
never stored of it. All of it is invented, and nothing is fitted to it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bdh_workbench.asking.decoding import Question, exact, share
from bdh_workbench.evaluation.edits import opened
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader
from lab.memories.variants import questions
from lab.results import Figures, Note, cell, in_words, markdown_table, mean, spread_of

ANSWER_WORDS = """amber birch copper delta ember fennel garnet hazel indigo juniper kelp larch maple nickel olive pewter
    quartz rowan saffron teak umber velvet willow yarrow""".split()
NUMBERED_FACTS = {
    "rooms": [f"The key of room {number} hangs beside the" for number in range(101, 161)],
    "articles": [f"Article {number} of the Norby charter begins with the word" for number in range(1, 21)],
    "years": [f"In {number} the prize of the Orlen fair went to a" for number in range(1871, 1901)],
    "versions": [f"Version {n % 7}.{n}.{n * 3 % 10} of the Tarn client changed the" for n in range(40)],
}
SUBJECTS = """Pell Arlow|Ines Corvane|Tobias Lundmark|Mirela Vosk|Hector Dunmore|Sanna Ekroth|Bruno Halvard|Leila Qasim
    Otto Fenwick|Greta Solheim|Dario Montel|Wanda Krell|Felix Ashby|Noor Haddad|Ivan Petrosk|Clara Benning|Rui Tavares
    Signe Dahl|Marcus Thorne|Yuki Arata|Edna Pollard|Kofi Mensar|Lena Brandt|Piet Vermeer|Rosa Calder"""
# What is stored of a subject, other wordings of it, and its answers.
KNOWN: tuple[tuple[str, tuple[str, str], tuple[str, ...]], ...] = (
    (
        "{} likes to eat",
        ("What {} enjoys eating is", "The meal that {} likes most is"),
        ("plums", "herring", "barley soup", "walnuts", "pancakes"),
    ),
    (
        "{} was born in the town of",
        ("The birthplace of {} is", "{} comes from the town of"),
        ("Harlow", "Vestby", "Dorn", "Calmer Bay", "Ostrava"),
    ),
    (
        "{} works as a",
        ("The profession of {} is that of a", "{} earns a living as a"),
        ("glazier", "surveyor", "beekeeper", "notary", "piano tuner"),
    ),
    (
        "{} plays the",
        ("The instrument that {} plays is the", "On stage {} performs on the"),
        ("oboe", "lute", "viola", "trombone", "harp"),
    ),
    (
        "The car that {} drives is",
        ("{} drives a car that is", "The colour of the car of {} is"),
        ("green", "white", "dark red", "yellow", "silver"),
    ),
)
EACH = 3  # facts of a subject
NEVER_STORED = ("The cousin of {} is called", "{} learned to swim in the year", "The height of {} in metres is")


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: of each kind of numbered facts, and of several facts about one subject."""

    model: str
    seeds: int
    numbered: dict[str, Figures]
    several: Figures


def measure(model: Model, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Write numbered facts, and several facts about each subject, and ask for them.

    Args:
        model: the frozen model.
        seeds: deals of the answers.
        note: called with a line now and then.
    """
    numbered: dict[str, Figures] = {}
    for name, prompts in NUMBERED_FACTS.items():
        numbered[name] = spread_of([_numbered(model, prompts, seed) for seed in range(seeds)])
        note(f"{name}: {mean(numbered[name]['usual']):.3f} of {len(prompts)}")
    deals = []
    for seed in range(seeds):
        deals.append(_several(model, seed))
        note(f"several facts about one subject, seed {seed}: {in_words(deals[-1])}")
    yield Report(model.name, seeds, numbered, spread_of(deals))


def several(seed: int) -> tuple[list[Fact], list[str]]:
    """Facts about the subjects, with other wordings as paraphrases; and prompts for what is not stored of any."""
    rng = random.Random(f"several:{seed}")
    names = [name.strip() for line in SUBJECTS.splitlines() for name in line.split("|")]
    facts = [
        Fact(prompt.format(name), rng.choice(answers), tuple(other.format(name) for other in others))
        for name in names
        for prompt, others, answers in rng.sample(KNOWN, EACH)
    ]
    return facts, [prompt.format(name) for name in names for prompt in NEVER_STORED]


def _numbered(model: Model, prompts: Sequence[str], seed: int) -> dict[str, float | None]:
    rng = random.Random(seed)
    facts = [Fact(prompt, " ".join(rng.sample(ANSWER_WORDS, 2))) for prompt in prompts]
    reader = Reader(model, finish(write(model, None, facts)).memory)
    asked = questions(model, [(fact.prompt, fact.answer) for fact in facts])
    return {"usual": share(exact(reader, asked)), "pure": share(exact(reader.with_settings(PURE), asked))}


def _several(model: Model, seed: int) -> dict[str, float | None]:
    facts, strange = several(seed)
    reader = Reader(model, finish(write(model, None, facts)).memory)
    written = [(fact.prompt, fact.answer) for fact in facts]
    reworded = [(prompt, fact.answer) for fact in facts for prompt in fact.paraphrases]
    return {
        "written": share(exact(reader, questions(model, written))),
        "reworded": share(exact(reader, questions(model, reworded))),
        "never stored, opened": share(
            opened(reader, [Question.of(model.tokenizer, prompt, ANSWER_WORDS[0]) for prompt in strange])
        ),
    }


def page(report: Report, names: list[str]) -> str:
    """One table for numbered facts, and one for several about one subject."""
    numbered = [
        [f"{len(NUMBERED_FACTS[name])} {name}", cell(row["usual"]), cell(row["pure"])]
        for name, row in report.numbered.items()
    ]
    rows = [[name, cell(value)] for name, value in report.several.items()]
    return (
        "# Facts that look alike\n\n"
        f"Model `{report.model}`, {report.seeds} deals of the answers; mean ± sample standard deviation.\n\n"
        "Facts that differ by a number alone, asked for word for word; whole answers, greedily decoded.\n\n"
        f"{markdown_table(['facts', 'usual read', 'pure read'], numbered)}\n"
        f"25 subjects, {EACH} facts each. Reworded: two other wordings of each fact. Never stored: "
        f"{len(NEVER_STORED)} questions about each subject that no fact answers.\n\n"
        f"{markdown_table(['asked', 'share'], rows)}"
    )
