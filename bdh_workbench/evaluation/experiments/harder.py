"""The harder set, and many facts: what comes back of 100 facts asked by synonyms, questions and reversed statements.

BM25 with the found sentences in the context stands beside the slot on the same questions. Then 200 and 1,000 facts:
whole answers, and paraphrases with and without completion.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bdh_workbench.evaluation.baselines.context import Retrieved
from bdh_workbench.evaluation.baselines.settings import tuned_settings
from bdh_workbench.evaluation.decoding import Question, exact, share
from bdh_workbench.evaluation.experiments.results import (
    Note,
    cell,
    draw,
    markdown_table,
    pictures_in,
    save,
    spread_of,
)
from bdh_workbench.evaluation.experiments.variants import fact_shares, questions
from bdh_workbench.memory.items import Fact
from bdh_workbench.memory.reading import PURE, Reader
from bdh_workbench.memory.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.training.pictures import COLOURS
from bdh_workbench.training.synthetic import facts, hard_facts, reversed_probes

SPLIT = "test"
FACTS = 100
MANY = {200: None, 1000: 200}  # facts, and how many of them are asked; None for all
GROUPS = {
    "written": "as written",
    "synonyms": "synonyms",
    "questions": "questions",
    "reversed": "reversed statements",
}
WAYS = {"completion": "slot, with completion", "pure": "slot, pure read", "bm25": "BM25 and context"}


def run(model: Model, out: Path, seeds: int, note: Note = lambda line: None) -> dict[str, Any]:
    """Ask the harder questions, and many easy ones.

    Args:
        model: the frozen model.
        out: folder of results.
        seeds: sets of facts.
        note: told a line now and then.
    """
    hard = []
    for seed in range(seeds):
        hard.append(_hard(model, seed))
        note(f"harder set, seed {seed}: " + ", ".join(f"{k} {v:.2f}" for k, v in hard[-1].items() if v is not None))
    many: dict[str, Any] = {}
    for count, asked in MANY.items():
        found = []
        for seed in range(seeds):
            given = facts(count, seed, SPLIT)
            result = finish(write(model, None, given))
            found.append({**fact_shares(Reader(model, result.memory), given, asked), "seconds": result.seconds})
            note(
                f"{count} facts, seed {seed}: "
                + ", ".join(f"{k} {v:.3f}" for k, v in found[-1].items() if v is not None)
            )
        many[str(count)] = spread_of(found)
    report: dict[str, Any] = {
        "experiment": "harder",
        "model": model.name,
        "split": SPLIT,
        "seeds": seeds,
        "hard": spread_of(hard),
        "many": many,
    }
    names = draw(
        out,
        "harder",
        (f"{FACTS} facts, asked in other ways", "", "share answered exactly"),
        lambda axes: _plot(axes, report["hard"]),
    )
    save(out, report, _page(report, names))
    return report


def kinds(written: Sequence[Fact]) -> dict[str, list[tuple[str, str]]]:
    """Prompts and answers of hard facts by kind; questions are the forms 'Q: ... A:' and '... The answer is'."""
    found: dict[str, list[tuple[str, str]]] = {"written": [], "synonyms": [], "questions": []}
    for fact in written:
        found["written"].append((fact.prompt, fact.answer))
        for prompt in fact.paraphrases:
            asked = prompt.startswith("Q: ") or "? The answer is" in prompt
            found["questions" if asked else "synonyms"].append((prompt, fact.answer))
    return found


def _hard(model: Model, seed: int) -> dict[str, float | None]:
    written = hard_facts(FACTS, seed, SPLIT)
    pairs = kinds(written)
    pairs["reversed"] = [(p.probe.prompt, p.probe.answer) for p in reversed_probes(FACTS, seed, SPLIT)]
    reader = Reader(model, finish(write(model, None, written)).memory)
    pure = reader.with_settings(PURE)
    bm25 = Retrieved(model, tuned_settings(model.name).passages)
    bm25.write(written, ())
    figures: dict[str, float | None] = {}
    for group, asked in pairs.items():
        plain = questions(model, asked)
        behind: list[Question] = [bm25.ask(question) for question in plain]
        figures[f"{group}_completion"] = share(exact(reader, plain))
        figures[f"{group}_pure"] = share(exact(pure, plain))
        figures[f"{group}_bm25"] = share(exact(bm25.reader, behind))
    return figures


def _plot(axes: Any, hard: dict[str, Any]) -> None:
    width = 0.8 / len(WAYS)
    for number, ((way, label), colour) in enumerate(zip(WAYS.items(), COLOURS, strict=False)):
        x = [place + (number - 1) * width for place in range(len(GROUPS))]
        y = [hard[f"{group}_{way}"]["mean"] for group in GROUPS]
        error = [hard[f"{group}_{way}"]["deviation"] for group in GROUPS]
        axes.bar(x, y, width, yerr=error, color=colour, label=label, error_kw={"linewidth": 0.8})
    axes.set_xticks(range(len(GROUPS)), list(GROUPS.values()))
    axes.set_ylim(0, 1.03)


def _page(report: dict[str, Any], names: list[str]) -> str:
    hard = [[label, *(cell(report["hard"][f"{group}_{way}"]) for way in WAYS)] for group, label in GROUPS.items()]
    shown = {
        "exact": "exact",
        "min_p": "least p",
        "pure_exact": "exact, pure read",
        "paraphrase_exact": "paraphrases",
        "paraphrase_pure": "paraphrases, pure read",
        "seconds": "seconds of the write",
    }
    many = [[f"{int(count):,}", *(cell(figures[name]) for name in shown)] for count, figures in report["many"].items()]
    return (
        "# The harder set, and many facts\n\n"
        f"Model `{report['model']}`, the `{SPLIT}` split, {report['seeds']} seeds; mean ± sample standard deviation, "
        "shares of questions whose whole answer is decoded greedily.\n\n"
        f"{FACTS} facts:\n\n" + markdown_table(["asked by", *WAYS.values()], hard) + "\nMany facts in one write (of "
        f"1,000, {MANY[1000]} are asked):\n\n"
        + markdown_table(["facts", *shown.values()], many)
        + pictures_in("The harder set", names)
    )
