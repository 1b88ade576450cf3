"""The harder set, and many facts: what comes back of 100 facts asked by synonyms, questions and reversed statements.

BM25 with the found sentences in the context is measured on the same questions, and so is what it found: whether the
right statement was among the sentences, and whether the best of them holds the answer, which needs no reader. This
separates what a small model cannot copy from what retrieval cannot find. Then 200 and 1,000 facts: whole answers, and
paraphrases with and without completion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bdh_workbench.asking.ask import reply_to
from bdh_workbench.asking.decoding import Question, exact, share
from bdh_workbench.evaluation.squad import normalised
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.reading.sources import Sources
from bdh_workbench.training.pictures import COLOURS
from bdh_workbench.training.synthetic import facts, hard_facts, reversed_probes
from lab.memories.variants import MEASURED_SPLIT, fact_shares, questions
from lab.results import (
    Figures,
    Note,
    cell,
    draw,
    in_words,
    markdown_table,
    pictures_in,
    probability_cell,
    spread_of,
)
from lab.rivals.context import Retrieved, statement
from lab.rivals.settings import NOT_TUNED, is_tuned, tuned_settings

HARD_FACTS = 100
MANY = {200: None, 1000: 200}  # facts, and how many of them are asked; None for all
FRAMING_GROUPS = {
    "written": "as written",
    "synonyms": "synonyms",
    "questions": "questions",
    "reversed": "reversed statements",
}
READING_WAYS = {"completion": "slot, with completion", "pure": "slot, pure read", "bm25": "BM25 and context"}
FOUND_BY_BM25 = {"hit": "BM25: right statement found", "extractive": "BM25: answer in the best passage"}


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured: of the harder set, and by their number of many facts."""

    model: str
    split: str
    seeds: int
    hard: Figures
    many: dict[str, Figures]


def measure(model: Model, seeds: int, note: Note = lambda line: None) -> Iterator[Report]:
    """Ask the harder questions, and many easy ones.

    Args:
        model: the frozen model.
        seeds: sets of facts.
        note: called with a line now and then.
    """
    if not is_tuned(model.name):
        note(NOT_TUNED.format(model=model.name))
    hard = []
    for seed in range(seeds):
        hard.append(_hard(model, seed))
        note(f"harder set, seed {seed}: {in_words(hard[-1], '.2f')}")
    many: dict[str, Figures] = {}
    for count, asked in MANY.items():
        sets = []
        for seed in range(seeds):
            given = facts(count, seed, MEASURED_SPLIT)
            result = finish(write(model, None, given))
            sets.append({**fact_shares(Reader(model, result.memory), given, asked), "seconds": result.summary.seconds})
            note(f"{count} facts, seed {seed}: {in_words(sets[-1])}")
        many[str(count)] = spread_of(sets)
    yield Report(model.name, MEASURED_SPLIT, seeds, spread_of(hard), many)


def kinds(written: Sequence[Fact]) -> dict[str, list[tuple[str, str, str]]]:
    """Prompt, answer and statement of hard facts; questions are the forms 'Q: ... A:' and '... The answer is'."""
    found: dict[str, list[tuple[str, str, str]]] = {"written": [], "synonyms": [], "questions": []}
    for fact in written:
        found["written"].append((fact.prompt, fact.answer, statement(fact)))
        for prompt in fact.paraphrases:
            asked = prompt.startswith("Q: ") or "? The answer is" in prompt
            found["questions" if asked else "synonyms"].append((prompt, fact.answer, statement(fact)))
    return found


def _hard(model: Model, seed: int) -> dict[str, float | None]:
    written = hard_facts(HARD_FACTS, seed, MEASURED_SPLIT)
    groups = kinds(written)
    groups["reversed"] = [
        (turned.probe.prompt, turned.probe.answer, statement(written[turned.index]))
        for turned in reversed_probes(HARD_FACTS, seed, MEASURED_SPLIT)
    ]
    reader = Reader(model, finish(write(model, None, written)).memory)
    pure = reader.with_settings(PURE)
    tuned = tuned_settings(model.name)
    bm25 = Retrieved(model, tuned.passages, tuned.floor)
    bm25.write(written, ())
    figures: dict[str, float | None] = {}
    for group, asked in groups.items():
        plain = questions(model, [(prompt, answer) for prompt, answer, _ in asked])
        behind: list[Question] = [bm25.ask(question) for question in plain]
        right = _answered(reader, asked) if group == "reversed" else exact(reader, plain)
        figures[f"{group}_completion"] = share(right)
        figures[f"{group}_pure"] = share(exact(pure, plain))
        figures[f"{group}_bm25"] = share(exact(bm25.reader, behind))
        figures |= {f"{group}_{name}": value for name, value in bm25.found(asked).items()}
    return figures


def _answered(reader: Reader, asked: Sequence[tuple[str, str, str]]) -> list[bool]:
    """Whether each reversed statement is answered with the subject of its fact.

    It is no beginning of what is stored, so it is asked as a person would ask it: what was said must be the answer.
    """
    sources = Sources(reader.memory)
    replies = [reply_to(reader, sources, prompt).chosen for prompt, _, _ in asked]
    return [
        reply is not None and reply.answer is not None and normalised(reply.answer) == normalised(answer)
        for reply, (_, answer, _) in zip(replies, asked, strict=True)
    ]


def pictures(report: Report, out: Path) -> list[str]:
    """Each way of reading, by the way of asking."""

    def plot(axes: Any) -> None:
        width = 0.8 / len(READING_WAYS)
        for number, ((way, label), colour) in enumerate(zip(READING_WAYS.items(), COLOURS, strict=False)):
            figures = [figure for group in FRAMING_GROUPS if (figure := report.hard[f"{group}_{way}"]) is not None]
            x = [place + (number - 1) * width for place in range(len(figures))]
            y, error = [figure.mean for figure in figures], [figure.deviation for figure in figures]
            axes.bar(x, y, width, yerr=error, color=colour, label=label, error_kw={"linewidth": 0.8})
        axes.set_xticks(range(len(FRAMING_GROUPS)), list(FRAMING_GROUPS.values()))
        axes.set_ylim(0, 1.03)

    return draw(out, "harder", (f"{HARD_FACTS} facts, asked in other ways", "", "share answered exactly"), plot)


def page(report: Report, names: list[str]) -> str:
    """One table for the harder set, and one for many facts."""
    columns = READING_WAYS | FOUND_BY_BM25
    hard = [
        [label, *(cell(report.hard[f"{group}_{way}"]) for way in columns)] for group, label in FRAMING_GROUPS.items()
    ]
    shown = {
        "exact": "exact",
        "min_p": "least p",
        "pure_exact": "exact, pure read",
        "paraphrase_exact": "paraphrases",
        "paraphrase_pure": "paraphrases, pure read",
        "seconds": "seconds of the write",
    }
    many = [
        [f"{int(count):,}", *((probability_cell if name == "min_p" else cell)(figures[name]) for name in shown)]
        for count, figures in report.many.items()
    ]
    return (
        "# The harder set, and many facts\n\n"
        f"Model `{report.model}`, the `{MEASURED_SPLIT}` split, {report.seeds} seeds; mean ± sample standard "
        "deviation, "
        "shares of questions whose whole answer is decoded greedily.\n\n"
        f"{HARD_FACTS} facts:\n\n"
        + markdown_table(["asked by", *columns.values()], hard)
        + "\nThe last two columns need no reader: the share of questions whose right statement is among the passages "
        "that BM25 puts before them, and the share whose answer stands in the best of these.\n\n"
        f"Many facts in one write (of 1,000, {MANY[1000]} are asked):\n\n"
        + markdown_table(["facts", *shown.values()], many)
        + pictures_in("The harder set", names)
    )
