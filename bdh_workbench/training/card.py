"""The model card: how and from what a model was made, and what it can do, as Markdown next to its weights."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

MEASURED_BY = "`bench` with `--model` and the folder of this model measures what its memories keep."
TAKEN_OVER = (
    "Tokenizer, addresses, judges and reader do not depend on the network. They were made for `{name}` and taken over "
    "by `train --parts-of`. The sections on them are from its card."
)
PART_SECTIONS = ("Addresses", "Calibration", "Reader")  # of a card, about parts that do not depend on the network
SHOWN_FIGURES = {
    "facts_nearest": "facts: a rewording is matched to its own answer",
    "facts_answers": "facts: every token of the answer is matched",
    "facts_found_01": "facts: found at 0.1% false accepts",
    "facts_pure": "facts: right by the pure read",
    "hard_nearest": "synonyms and questions: matched to the right answer",
    "hard_pure": "synonyms and questions: right by the pure read",
    "documents_nearest": "documents: a cold question is matched to the right sentence and word",
    "documents_found_01": "documents: found at 0.1% false accepts",
    "documents_told_apart": "documents: positions with an address of their own",
    "hard_found_01": "synonyms and questions: found at 0.1% false accepts",
    "score": "mean of the deciding measures",
}  # measures of addresses.py that the card names


def hardware(device: torch.device) -> dict[str, Any]:
    """What the program runs on: processor, cores, torch, and the accelerator if it is used."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass  # not on Linux
    found = {"processor": name, "cores": os.cpu_count() or 1, "torch": torch.__version__}
    if device.type == "cuda":
        found["accelerator"] = torch.cuda.get_device_name(device)
    return found


def corpus_sources(corpus: str) -> list[dict[str, str]]:
    """Name, licence, attribution and size of each part of a corpus, from its MANIFEST.json; empty without one."""
    path = Path(corpus) / "MANIFEST.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return [
            {
                "name": str(name),
                "what": str(part.get("what", "")),
                "licence": str(part.get("licence", "not stated")),
                "attribution": str(part.get("attribution", "")),
                "characters": f"{int(part.get('characters', 0)):,}",
            }
            for name, part in sorted(manifest["sources"].items())
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []  # most corpora have none


def model_card(name: str, corpus: str, record: Mapping[str, Any], pictures: list[str]) -> str:
    """The text of README.md.

    Args:
        name: of the model.
        corpus: as it was given to the command.
        record: what the phases recorded: ``model``, ``training``, ``pretraining``, ``addresses`` and ``calibration``
            or ``parts``, ``hardware`` of pre-training, ``seconds`` by phase, and ``operations_per_token`` of
            pre-training.
        pictures: file names of those that were drawn.
    """
    model, training, done = record["model"], record["training"], record["pretraining"]
    lines = [
        f"# {name}",
        "",
        f"A BDH language model with a write site, {done['parameters']:,} parameters, made by `bdh-workbench train`. "
        "It is small: it knows the form of English text and little about the world. Its purpose is to be written "
        "into; see the program's README.",
        "",
        "## Shape",
        "",
        *_table(("field", "value"), [(key.replace("_", " "), plain(value)) for key, value in model.items()]),
        "",
        "## Data",
        "",
        *_data(corpus, done, training),
        "",
        "## Training",
        "",
        *_table(("what", "value"), _training_rows(record)),
        "",
    ]
    if "loss.png" in pictures:
        lines += ["![Loss against tokens read, training and held-out text](loss.png)", ""]
    if "gates.png" in pictures:
        lines += ["![Gates of each memory site against steps](gates.png)", ""]
    if "parts" in record:
        lines += [TAKEN_OVER.format(name=record["parts"]["of"]), "", *record["parts"]["sections"]]
    else:
        lines += ["## Addresses", "", *_addresses(record["addresses"]), ""]
        lines += ["## Calibration", "", *_calibration(record["calibration"]), ""]
    if record.get("reading"):
        lines += ["## Reader", "", *reading_lines(record["reading"]), ""]
    lines += ["## Benchmark", "", MEASURED_BY, ""]
    return "\n".join(lines)


def sections_of(card: str, titles: Sequence[str]) -> list[str]:
    """The lines of the sections of a card that have these titles, headings included."""
    kept, keeping = [], False
    for line in card.splitlines():
        if line.startswith("## "):
            keeping = line[3:] in titles
        if keeping:
            kept.append(line)
    return kept


def reading_lines(figures: Mapping[str, Any]) -> list[str]:
    """What the card says of a reader, from the report of its training."""
    shares = {name: f"{100 * figures[name]:.1f}%" for name in ("exact", "none", "answered")}
    return [
        f"{figures['parameters']:,} parameters, trained for {figures['minutes']:g} minutes on {figures['questions']:,} "
        f"questions, each with one or two sentences. On questions about held-out sentences, {shares['exact']} of the "
        f"answers are right unit for unit, and F1 is {100 * figures['f1']:.1f}; {shares['none']} of the questions "
        f"without an answer get none, and {shares['answered']} of the others get one (`train --only reading`, "
        "[asking](../../docs/asking.md)).",
    ]


def _data(corpus: str, done: Mapping[str, Any], training: Mapping[str, Any]) -> list[str]:
    sources = corpus_sources(corpus)
    where = corpus if corpus.startswith("hf:") else Path(corpus).name
    invented = training["synthetic"] * (1.0 - training["plain_share"])
    lines = [
        f"Corpus `{where}`: {done['corpus_tokens']:,} tokens prepared; {done['tokens']:,} tokens read, "
        f"about {done['epochs']:.2f} epochs of the corpus, since about {100 * invented:.0f}% of them are invented "
        "statements and questions made by the program.",
    ]
    if sources:
        rows = [(part["name"], part["what"], part["licence"], part["characters"]) for part in sources]
        lines += ["", *_table(("part", "what", "licence", "characters"), rows), "", "Attribution:", ""]
        lines += [f"- {part['name']}: {part['attribution']}" for part in sources if part["attribution"]]
    else:
        lines += ["", "The corpus came without a manifest: its licences are not known to the program."]
    return lines


def _training_rows(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    training, done, machine = record["training"], record["pretraining"], record["hardware"]
    rate = done["tokens"] / max(done["seconds"], 1e-9)
    begun = [("weights at the start", f"those of `{done['weights_of']}`")] if "weights_of" in done else []
    rows = [
        *begun,
        ("seed", str(training["seed"])),
        ("steps", f"{done['steps']:,}"),
        ("tokens", f"{done['tokens']:,}"),
        ("loss on training text, mean of the last minutes", _nats(done["loss"])),
        ("loss on held-out text", _nats(done["held_out_loss"])),
        ("pre-training, time of work", _duration(done["seconds"])),
        ("pre-training, tokens per second", f"{rate:,.0f}"),
        ("pre-training, matrix operations per second", f"{rate * record['operations_per_token'] / 1e12:.3g} × 10^12"),
        *((f"{phase}, time", _duration(seconds)) for phase, seconds in record["seconds"].items()),
        ("processor", f"{machine['processor']}, {machine['cores']} cores"),
    ]
    if "accelerator" in machine:
        rows.append(("accelerator", str(machine["accelerator"])))
    rows += [("torch", str(machine["torch"])), ("weights stored as", str(done["dtype"]))]
    optimiser = {"muon": "Muon for the matrices, AdamW for the rest", "adamw": "AdamW"}[training["optimiser"]]
    rows.append(("optimiser", f"{optimiser}, rate {training['rate']:g} to {training['final_rate']:g}"))
    return rows


def _addresses(figures: Mapping[str, Any]) -> list[str]:
    lines = [
        "Meta-training changes a few dozen numbers of cues and addresses on invented facts, documents and stretches of "
        "the corpus; they are kept only if they beat the untrained start on other relations and names with every seed.",
        "",
        str(figures["verdict"]),
    ]
    runs = figures["seeds"]
    if figures["kept"]:
        rows = [
            (name.replace("_", " "), plain(_values(start)), plain(_values(figures["trained"][name])))
            for name, start in figures["start"].items()
        ]
        lines += ["", *_table(("number", "start", "trained, kept"), rows)]
    if runs:
        head = ["measure (share)"]
        for run in runs:
            head += [f"start, seed {run['seed']}", f"trained, seed {run['seed']}"]
        measured = []
        for key, words in SHOWN_FIGURES.items():
            cells = [f"{run[which][key]:.3f}" for run in runs for which in ("start", "trained")]
            measured.append((words, *cells))
        lines += ["", *_table(tuple(head), measured)]
    return lines


def _values(value: Any) -> Any:
    return list(value.values()) if isinstance(value, Mapping) else value


def _calibration(figures: Mapping[str, Any]) -> list[str]:
    lines = [
        "How often the judges of rows open a read, on names, relations and texts that they were not fitted on: at the "
        "right row for questions that have an answer, at any row for the others.",
        "",
    ]
    groups = {
        (judge, group): (row["right"] if row["right"] else row["opened"])
        for judge, found in figures.get("judges", {}).items()
        for group, row in found.items()
    }
    lines += _table(("judge", "asked", "share"), [(*key, f"{share:.4f}") for key, share in groups.items()])
    if figures.get("test"):
        rows = [(words, f"{figures['test'][key]:.3f}") for key, words in SHOWN_FIGURES.items()]
        lines += ["", "The finished addresses, on names and relations that were not used to choose anything:", ""]
        lines += _table(("measure (share)", "test split"), rows)
    return lines


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    bars = [["---"] * len(head), *([cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    return ["| " + " | ".join(cells) + " |" for cells in (head, *bars)]


def plain(value: Any) -> str:
    """A value as a cell of a table: numbers in four digits, or in as many more as distinguish a share from 1."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, float):
        # A share or a probability that is not quite 1 must not be shown as 1.
        return f"{value:.10g}" if 0.99995 <= value < 1.0 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(plain(part) for part in value)
    return str(value)


def _nats(loss: float | None) -> str:
    return "not measured" if loss is None else f"{loss:.4f} nats per token"


def _duration(seconds: float) -> str:
    minutes = seconds / 60.0
    return f"{seconds:.0f} s" if minutes < 2.0 else f"{minutes:.0f} min"
