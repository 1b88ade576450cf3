"""`bench`: how well a model remembers facts and documents, and what else they change."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bdh_workbench.commands import common
from bdh_workbench.commands.common import UsageError
from bdh_workbench.commands.console import Console
from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.resources import resource_path
from bdh_workbench.wording import percent, plural, probability

if TYPE_CHECKING:
    from bdh_workbench.evaluation.benchmark import MeasureRivals
    from bdh_workbench.evaluation.edits import Edit, EditsReport
    from bdh_workbench.evaluation.questions import QuestionsReport
    from bdh_workbench.evaluation.squad import Article
    from bdh_workbench.memory.writing.writer import WriteEvent


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    common.add_inputs(parser)
    parser.add_argument("--text", metavar="F", help="held-out text for locality: a file, or a folder (of a corpus)")
    parser.add_argument("--quick", action="store_true", help="only the first few of each")
    group = parser.add_argument_group("people's questions, and edits")
    group.add_argument(
        "--questions", nargs="+", action="extend", default=[], metavar="FILE",
        help="articles with questions in SQuAD's JSON format; each article is written into its own memory",
    )  # fmt: skip
    group.add_argument("--together", action="store_true", help="write all articles into one memory")
    group.add_argument("--edits", metavar="FILE", help="a JSON list of facts that change what the model believes")
    group.add_argument(
        "--limit", type=common.whole_number(1), metavar="N", help="only the first N articles and the first N edits"
    )
    # How the fresh process of the cold reload is asked.
    parser.add_argument("--reload", metavar="DIR", help=argparse.SUPPRESS)
    common.add_write_settings(parser, into=False)


def run(args: argparse.Namespace, console: Console) -> None:
    """Carry out the command."""
    if args.reload:
        _reload(args, console)
        return
    report = measured(args, console)
    console.result(report, in_words(report))


def measured(args: argparse.Namespace, console: Console, rivals: MeasureRivals | None = None) -> dict[str, object]:
    """Measure what the options ask for.

    Args:
        args: of the command.
        console: says what is happening.
        rivals: measures rival methods too; None for the memory alone.

    Returns:
        The report, ready for JSON.

    Raises:
        UsageError: when options contradict each other.
        UserError: when the input cannot be read or written.
    """
    settings = common.given_settings(args, WriteSettings)
    facts_files, document_files = args.facts, args.documents
    others = bool(args.questions or args.edits)
    if args.together and not args.questions:
        raise UsageError("--together is about articles: name them with --questions")
    if args.limit and not others:
        raise UsageError("--limit works only with --questions or --edits")
    if not facts_files and not document_files and not others:
        facts_files = [str(resource_path("samples/facts.json"))]
        document_files = [str(resource_path("samples/documents.json"))]
    inputs = common.read_inputs(args, facts_files, document_files)
    for note in inputs.notes():
        console.note(note)
    articles, edits = _read(args)
    if args.text is not None and not args.text.startswith("hf:") and not os.path.exists(args.text):
        raise UserError(f"There is no text at {args.text}: give a file or folder with --text.")
    model = common.open_model(args, console)
    from bdh_workbench.evaluation.benchmark import BenchmarkInput, benchmark

    def watch(text: str, event: WriteEvent | None) -> None:
        console.progress(text if event is None else f"{text}: {common.step_line(event)}")

    given = BenchmarkInput(inputs.facts, inputs.documents, args.text, args.quick, articles, args.together, edits)
    return benchmark(model, given, settings, watch, rivals)


def _read(args: argparse.Namespace) -> tuple[list[Article], list[Edit]]:
    """The articles and the edits that the options name."""
    from bdh_workbench.evaluation.edits import read_edits
    from bdh_workbench.evaluation.squad import read_articles

    articles = [article for file in args.questions for article in read_articles(file)]
    edits = read_edits(args.edits) if args.edits else []
    return articles[: args.limit], edits[: args.limit]


def _reload(args: argparse.Namespace, console: Console) -> None:
    model = common.open_model(args, console)
    from bdh_workbench.evaluation.cold import answer_cold

    begun = time.monotonic()
    record = answer_cold(model, Path(args.reload))
    console.result(record | {"seconds": time.monotonic() - begun}, "")


def in_words(report: Mapping[str, Any]) -> str:
    """The report for a person to read."""
    lines = [f"{report['model']}, {report['parameters']:,} parameters, on {report['device']}"]
    facts, cold, documents, local = (report[key] for key in ("facts", "cold_reload", "documents", "locality"))
    if facts:
        lines += [
            f"{plural(facts['count'], 'fact')} in {facts['seconds']:.1f} s ({plural(facts['steps'], 'step')}): "
            f"exact {percent(facts['exact'])}, p median {probability(facts['median_p'])} "
            f"(before {probability(facts['median_p_before'])}), worst {probability(facts['min_p'])}",
            f"  in other words: exact {percent(facts['paraphrase_exact'])}, by the pure read "
            f"{percent(facts['paraphrase_exact_without_completion'])}",
            f"  mixed up: p {probability(facts['cross_contamination'])} at most · a cached step is "
            f"{facts['cache_speedup']:.1f} times as fast",
        ]
    if cold:
        same = "the same, bit for bit" if cold["identical"] else "NOT the same"
        lines.append(f"fresh process: {same}, exact {percent(cold['exact'])}")
    if documents:
        pairs = zip(documents["token_accuracy"], documents["recitation"], documents["seconds"], strict=True)
        for number, (accuracy, recited, seconds) in enumerate(pairs, start=1):
            lines.append(
                f"document {number} in {seconds:.1f} s: tokens {percent(accuracy)}, recited {percent(recited)}, "
                f"kept at the end {percent(documents['retention'][-1][number - 1])}, by the pure read "
                f"{percent(documents['retention_without_completion'][-1][number - 1])}"
            )
        lines.append(
            f"  probes: exact {percent(documents['probe_exact'])}, by the pure read "
            f"{percent(documents['probe_exact_without_completion'])} · tokens, and how "
            "many are kept: given the true tokens before"
        )
    if local:
        lines.append(
            f"unrelated text, {plural(local['tokens'], 'token')} of {local['text']}: loss {local['loss_before']:.4f} "
            f"→ {local['loss_after']:.4f} ({100 * local['relative_change']:+.3f}%), same best token "
            f"{percent(local['top1_agreement'])}"
        )
    lines += [*_questions(report.get("questions")), *_edits(report.get("edits"))]
    return "\n".join(lines)


def _questions(asked: QuestionsReport | None) -> list[str]:
    """What came of people's questions."""
    if asked is None:
        return []
    lines = [
        f"{plural(asked['count'], 'question')} on {plural(asked['articles'], 'article')} in "
        f"{plural(asked['memories'], 'memory')}: right sentence {percent(asked['sentence_right'])}, F1 "
        f"{percent(asked['f1'])}, exact {percent(asked['exact'])}, not in memory {percent(asked['abstained'])}, "
        f"{asked['seconds_per_question'] or 0.0:.2f} s each"
    ]
    impossible, foreign = asked["unanswerable"], asked["foreign"]
    if impossible["count"]:
        auc = "–" if impossible["auc"] is None else f"{impossible['auc']:.3f}"
        lines.append(
            f"  {impossible['count']:,} that have no answer: not in memory {percent(impossible['abstained'])}, "
            f"area {auc}"
        )
    if foreign["count"]:
        lines.append(f"  {foreign['count']:,} on other articles: not in memory {percent(foreign['abstained'])}")
    return lines


def _edits(report: EditsReport | None) -> list[str]:
    """What came of edits."""
    if report is None:
        return []
    pure = report["without_completion"]
    return [
        f"{plural(report['count'], 'edit')} in {report['seconds']:.1f} s: exact {percent(report['efficacy'])}, "
        f"paraphrases {percent(report['paraphrase'])}; by the pure read {percent(pure['efficacy'])} and "
        f"{percent(pure['paraphrase'])}",
        f"  neighbours: opened {percent(report['neighbour_opened'])}, answered with the edit "
        f"{percent(report['neighbour_says_edit'])}",
        f"  other relations of the same subject: opened {percent(report['other_relation_opened'])}, answered with the "
        f"edit {percent(report['other_relation_says_edit'])}",
        f"  same form, other subject: opened {percent(report['same_form_opened'])}",
    ]
