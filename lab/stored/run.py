"""Measure this version: ``python -m lab.stored.run`` stores the figures as ``lab/stored/history/DATE-COMMIT.json``.

Facts, documents and the text for locality are the bundled ones, and the model is the bundled one on the CPU,
so that every clone measures the same. Times are also given in units of a fixed sum of matrix products, timed
beside each of them: that ratio can be compared between machines, seconds cannot.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
HISTORY = Path(__file__).parent / "history"


def reference() -> float:
    """Seconds that a fixed amount of fp32 arithmetic takes now: twenty products of 512 × 512 matrices."""
    import torch

    matrix = torch.ones(512, 512) / 512
    begun = time.perf_counter()
    for _ in range(20):
        matrix = matrix @ matrix
    return time.perf_counter() - begun


def timed(act: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """The least of several times of an act in seconds, and the least of its ratios to the reference timed beside it."""
    seconds, ratios = [], []
    for _ in range(times):
        unit = reference()
        begun = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - begun)
        ratios.append(seconds[-1] / min(unit, reference()))
    return min(seconds), min(ratios)


def command(*arguments: str) -> dict[str, Any]:
    """Run a command line in this process and return its JSON object."""
    from bdh_workbench.cli import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main([*arguments, "--json"])
    if status:
        raise SystemExit(status)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def remembered(report: dict[str, Any]) -> dict[str, float]:
    """The figures of ``bench --json`` that do not depend on the machine."""
    facts, documents, local = report["facts"], report["documents"], report["locality"]
    accuracy = documents["token_accuracy"]
    return {
        "facts.exact": facts["exact"],
        "facts.min_p": facts["min_p"],
        "facts.paraphrase_exact": facts["paraphrase_exact"],
        "facts.paraphrase_exact_without_completion": facts["paraphrase_exact_without_completion"],
        "facts.cross_contamination": facts["cross_contamination"],
        "cold_reload.identical": float(report["cold_reload"]["identical"]),
        "documents.token_accuracy": sum(accuracy) / len(accuracy),
        "documents.retention_final": documents["retention_final"],
        "documents.probe_exact": documents["probe_exact"],
        "documents.probe_exact_without_completion": documents["probe_exact_without_completion"],
        "documents.recitation": sum(documents["recitation"]) / len(documents["recitation"]),
        "locality.relative_change": local["relative_change"],
    }


def speeds() -> dict[str, float]:
    """Times of what a person waits for, in seconds and in units of the reference."""
    import tempfile

    import torch

    from bdh_workbench.inputs.files import read_facts
    from bdh_workbench.memory.files.memory_file import load_memory, read_header, save_memory
    from bdh_workbench.memory.store.state import Memory
    from bdh_workbench.memory.writing.writer import finish, write
    from bdh_workbench.model.loading import load_model
    from bdh_workbench.reading.reader import Reader
    from bdh_workbench.resources import resource_path

    model = load_model(None, torch.device("cpu"))
    facts = read_facts(resource_path("samples/facts.json"))

    def written() -> Memory:
        return finish(write(model, None, facts)).memory

    memory = written()
    reader = Reader(model, memory)
    ids = torch.tensor([model.tokenizer.encode(facts[0].prompt)])
    state = reader.advance(ids).state
    token = ids[:, -1:]
    found = {
        "load_model": timed(lambda: load_model(None, torch.device("cpu"))),
        "write_facts": timed(written, 3),
        "mount_memory": timed(lambda: Reader(model, memory)),
        "read_token": timed(lambda: [reader.advance(token, state) for _ in range(20)]),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.safetensors"
        found["save_memory"] = timed(lambda: save_memory(path, memory))
        found["load_memory"] = timed(lambda: load_memory(path))
        found["read_header"] = timed(lambda: [read_header(path) for _ in range(100)])
    start = [sys.executable, "-c", "import bdh_workbench.cli"]
    found["import_command_line"] = timed(lambda: subprocess.run(start, check=True, cwd=PROJECT), 3)
    names = ("seconds", "units")
    return {f"{name}.{kind}": value for name, both in found.items() for kind, value in zip(names, both, strict=True)}


def git(*arguments: str) -> str:
    """What git says; empty without it."""
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True)
    return done.stdout.strip() if not done.returncode else ""


def main() -> int:
    """Measure and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only times, not what is remembered")
    parser.add_argument("--out", type=Path, help="the file to write instead of one in lab/stored/history")
    args = parser.parse_args()
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "0")) or min(2, os.cpu_count() or 1))
    figures = speeds()
    if not args.quick:
        figures |= remembered(command("bench", "--device", "cpu"))
    now = datetime.datetime.now(datetime.UTC)
    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    record = {
        "date": now.isoformat(timespec="seconds"), "commit": commit, "changed": bool(git("status", "--porcelain")),
        "python": platform.python_version(), "torch": torch.__version__, "machine": platform.machine(),
        "threads": torch.get_num_threads(), "figures": figures,
    }  # fmt: skip
    path = args.out or HISTORY / f"{now:%Y%m%d-%H%M%S}-{commit}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
