"""Fuzz the loaders for a while: ``python -m tests.reliability.fuzz --kind memory --engine hypothesis --seconds 600``.

The engines are ``hypothesis``, ``atheris`` (guided by coverage; ``pip install atheris`` first) and ``random`` (numbered
seeds, so that a finding is named by its number). Seconds are of processor time. What was found is kept under
``tests/reliability/findings/KIND/``, where the tests open it for ever after. With ``--corpus DIR`` atheris keeps what
reached new branches in ``DIR/KIND``, and the next run continues from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

FINDINGS = Path(__file__).parent / "findings"
ENGINES = ("hypothesis", "atheris", "random")
KINDS = ("memory", "config", "weights", "general", "tokenizer", "inputs", "documents", "settings")


class Tally:
    """What has been tried and found."""

    def __init__(self, kind: str, engine: str, seconds: float) -> None:
        self.kind, self.engine, self.seconds = kind, engine, seconds
        self.begun, self.files, self.refused = time.process_time(), 0, 0
        self.found: Counter[str] = Counter()

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.process_time() - self.begun > self.seconds

    def try_open(self, content: bytes) -> None:
        """Open one file and keep it if that is a finding."""
        from tests.reliability import hostile

        self.files += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                self.refused += hostile.try_open(self.kind, content) is not None
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            name = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno} ({str(error)[:80]})"
            if name not in self.found:
                folder = FINDINGS / self.kind
                folder.mkdir(parents=True, exist_ok=True)
                (folder / hashlib.sha256(content).hexdigest()[:12]).write_bytes(content)
                print(f"{self.kind}: {name}", file=sys.stderr, flush=True)
            self.found[name] += 1

    def report(self) -> dict[str, Any]:
        """The counts."""
        spent = round(time.process_time() - self.begun, 1)
        return {"kind": self.kind, "engine": self.engine, "cpu_seconds": spent, "files": self.files,
                "refused": self.refused, "opened": self.files - self.refused - sum(self.found.values()),
                "findings": dict(self.found)}  # fmt: skip


def by_random(tally: Tally, start: int) -> None:
    """One file for each number from ``start``."""
    from tests.reliability import hostile

    while not tally.over:
        tally.try_open(hostile.spoilt(tally.kind, hostile.RandomDraw(start + tally.files)))


def by_hypothesis(tally: Tally) -> None:
    """Files drawn by hypothesis, which continues from what was interesting."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    from tests.reliability import hostile

    class Drawn:
        def __init__(self, data: st.DataObject) -> None:
            self.source = data

        def integer(self, low: int, high: int) -> int:
            return self.source.draw(st.integers(low, high))

        def data(self, most: int) -> bytes:
            return self.source.draw(st.binary(max_size=most))

    @settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.data())
    def once(data: st.DataObject) -> None:
        tally.try_open(hostile.spoilt(tally.kind, Drawn(data)))

    while not tally.over:
        once()


def by_atheris(tally: Tally, folder: Path | None, done: Callable[[], None]) -> None:
    """Files that libFuzzer makes, guided by the branches they reach; ends the process itself."""
    import atheris

    include = ["bdh_workbench.memory", "bdh_workbench.model", "bdh_workbench.session", "json", "tomllib", "csv"]
    with atheris.instrument_imports(include=include, enable_loader_override=False):
        from tests.reliability import hostile

    class Consumed:
        def __init__(self, data: bytes) -> None:
            self.source = atheris.FuzzedDataProvider(data)

        def integer(self, low: int, high: int) -> int:
            return int(self.source.ConsumeIntInRange(low, high))

        def data(self, most: int) -> bytes:
            return bytes(self.source.ConsumeBytes(most))

    def once(data: bytes) -> None:
        if tally.over:
            done()
        # Some files straight from libFuzzer, most spoilt by its choices in the way their format invites.
        whole = len(data) > 1 and data[0] < 64
        tally.try_open(data[1:] if whole else hostile.spoilt(tally.kind, Consumed(data)))

    corpus = (folder or hostile.model_folder().parent / "corpus") / tally.kind
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(hostile.KINDS[tally.kind].seeds()):
        (corpus / str(number)).write_bytes(b"\0" + seed[:100_000])
        (corpus / f"choices {number}").write_bytes(b"\xff" + hashlib.sha512(seed).digest() * 4)
    atheris.Setup(
        [sys.argv[0], str(corpus), "-max_len=100000", "-verbosity=0", "-timeout=60", "-rss_limit_mb=4096"], once
    )
    atheris.Fuzz()


def main() -> None:
    """Fuzz, and print the counts as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("all", *KINDS), default="all")
    parser.add_argument("--engine", choices=ENGINES, default="hypothesis")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--corpus", type=Path, help="folder that keeps what atheris found worth keeping")
    parser.add_argument("--start", type=int, default=0, help="number of the first file, with --engine random")
    args = parser.parse_args()
    if args.kind == "all":
        # A process for each: libFuzzer ends its own, and what one kind imported is to be new to the next.
        rest = ["--engine", args.engine, "--seconds", str(args.seconds), "--start", str(args.start)]
        rest += ["--corpus", str(args.corpus)] if args.corpus else []
        runs = [[sys.executable, "-m", "tests.reliability.fuzz", "--kind", kind, *rest] for kind in KINDS]
        sys.exit(max(subprocess.run(run, check=False).returncode for run in runs))
    tally = Tally(args.kind, args.engine, args.seconds)

    def done() -> None:
        import os

        print(json.dumps(tally.report()), flush=True)
        os._exit(1 if tally.found else 0)

    if args.engine == "random":
        by_random(tally, args.start)
    elif args.engine == "hypothesis":
        by_hypothesis(tally)
    else:
        by_atheris(tally, args.corpus, done)
    done()


if __name__ == "__main__":
    main()
