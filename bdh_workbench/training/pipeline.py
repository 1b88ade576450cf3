"""The whole of training as one resumable command: tokenizer, pre-training, addresses, calibration, model card.

The results of a phase are on disk before the phase counts as finished, and ``run/state.json`` lists the finished ones.
A run that was stopped continues in the phase that was not finished; pre-training within it, at its last checkpoint.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.checkpoint import load_config, load_network, read_metadata, save_network
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.files import save_json_atomically, save_tensors_atomically, save_text_atomically
from bdh_workbench.model.judge import JUDGE_FILE, save_judges
from bdh_workbench.model.likeness import VECTORS_FILE, load_likeness
from bdh_workbench.model.loading import save_general
from bdh_workbench.model.network import Network
from bdh_workbench.model.tokenizer import Tokenizer, load_tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading.asker import NETWORK as READER_NETWORK
from bdh_workbench.reading.asker import RECORD as READER_RECORD
from bdh_workbench.reading.network import ReaderConfig
from bdh_workbench.training import fused
from bdh_workbench.training.addressing.addresses import REPORT_SIZES, address_report, mean_report
from bdh_workbench.training.addressing.calibration import GeneralText, calibrate, fit_tokens
from bdh_workbench.training.addressing.metatrain import QUICK, QUICK_SIZES, TRAINED_NUMBERS, MetaResult, meta_train
from bdh_workbench.training.card import PART_SECTIONS, hardware, model_card, sections_of
from bdh_workbench.training.checkpoint import Progress, cut_checkpoint, join_checkpoint
from bdh_workbench.training.config import TrainingConfig, load_configs
from bdh_workbench.training.corpus import (
    TokenCache,
    build_token_cache,
    encode_documents,
    read_corpus,
    validation_documents,
)
from bdh_workbench.training.distributed import Ranks, start_ranks, stop_ranks
from bdh_workbench.training.judging import QUICK_ROUNDS, WORLD_ROUNDS, fit_judges
from bdh_workbench.training.pictures import draw_pictures
from bdh_workbench.training.pretrain import Pretraining, share_done, stop_on_interrupt
from bdh_workbench.training.reading.phase import Questions, train_reader
from bdh_workbench.training.reading.train import ReadingConfig
from bdh_workbench.training.telemetry import Telemetry, operations_per_token
from bdh_workbench.training.tokenizer import train_tokenizer

VALIDATION_WINDOWS = 192  # held-out windows looked at in pre-training
HELD_OUT_TOKENS = 120_000  # of validation text that thresholds and measures use
# Files of a model that do not depend on its network.
PARTS = ("general.safetensors", JUDGE_FILE, VECTORS_FILE, READER_NETWORK, READER_RECORD)
LAST_LOSSES = 100  # log lines, of a second each, whose mean is given as the loss on training text
COUNTED = 1 << 22  # tokens counted at once


class _Stopped(Exception):
    """A stop was requested; raised where a phase can end without leaving anything half done."""


def train(
    corpus: str,
    config: str,
    out: Path,
    minutes: float | None,
    resume: bool,
    device: torch.device,
    questions: Path | None = None,
    parts: Path | None = None,
    weights: Path | None = None,
) -> dict[str, Any]:
    """Train a model into ``out``, or resume an interrupted run; working files go to ``out/run``.

    Args:
        corpus: a folder or file of text, or ``hf:NAME`` (see ``training.corpus``).
        config: a TOML file or the name of a bundled configuration.
        out: the model folder to make.
        minutes: of pre-training; None leaves the configuration's schedule.
        resume: continue with the run in ``out/run``.
        device: of this process.
        questions: folder of questions to train the reader on; None for gaps of the corpus alone.
        parts: folder of a finished model whose tokenizer, addresses, judges and reader are taken over.
        weights: folder of a finished model whose network pre-training starts with, in place of a random one.

    Returns:
        What was done, ready for JSON; ``finished`` is false and ``stopped_in`` names the phase where it was stopped.

    Raises:
        UserError: for bad input, or when ``out`` holds a model or a run and ``resume`` is false.
    """
    model_config, settings = load_configs(config)
    if minutes is not None:
        if not 0 < minutes < float("inf"):
            raise UserError(f"--minutes {minutes:g} leaves no time to train: give a number above 0.")
        settings = dataclasses.replace(settings, minutes=minutes)
    for name in ("run/checkpoint.safetensors", "run/state.json", "model.safetensors"):
        if not resume and (out / name).exists():
            raise UserError(
                f"{out} already contains a training run: add --resume to continue it, or choose another --out."
            )
    ranks = start_ranks(device)
    try:
        taken = _Taken(parts, weights)
        run = _Run(Questions(corpus, questions), out, model_config, settings, ranks, stop_on_interrupt(), taken)
        return run.run(resume)
    finally:
        stop_ranks()


@dataclass(frozen=True, slots=True)
class _Taken:
    """Folders of finished models from which something is taken over, where it is."""

    parts: Path | None
    weights: Path | None


class _Run:
    """One call of the command; every phase reads what earlier ones left on disk."""

    def __init__(
        self,
        questions: Questions,
        out: Path,
        config: ModelConfig,
        settings: TrainingConfig,
        ranks: Ranks,
        stop: Callable[[], bool],
        taken: _Taken,
    ) -> None:
        self.questions, self.corpus, self.out, self.folder = questions, questions.corpus, out, out / "run"
        self.config, self.settings, self.ranks, self.stop = config, settings, ranks, stop
        self.parts, self.weights = taken.parts, taken.weights
        self.state: dict[str, Any] = {}

    def run(self, resume: bool) -> dict[str, Any]:
        phase = "tokenizer"
        try:
            if self.parts is not None:
                self._together(self._check_parts)
            if self.weights is not None:
                self._together(self._check_weights)
            self._together(self._prepare_corpus)
            self._tokenizer()
            self._together(lambda: join_checkpoint(self.folder / "checkpoint.safetensors"))
            self._read_state()
            phase = "pre-training"
            if "pretraining" not in self.state:
                self._pretrain(resume)
            stop_ranks()  # what follows is for the first rank alone, and the others must not wait for it
            if not self.ranks.first:
                return self._report()
            made = (
                ("addresses", self._train_addresses),
                ("calibration", self._calibrate),
                ("reading", self._train_reader),
            )
            taken = (("parts", self._take_parts),)
            for phase, work in (*(taken if self.parts else made), ("card", self._write_card)):
                if phase not in self.state:
                    self._check_stop()
                    work()
        except _Stopped:
            print(
                f"Stopped in the phase “{phase}”: the same command with --resume continues from here.", file=sys.stderr
            )
            return self._report() | {"finished": False, "stopped_in": phase}
        return self._report()

    def _report(self) -> dict[str, Any]:
        done = self.state.get("pretraining") or self._progress_figures(self._progress())
        report = {"out": str(self.out), "finished": True, **done}
        if "addresses" in self.state:
            report["addresses"] = self.state["addresses"]
        if "calibration" in self.state:
            report["calibration"] = self.state["calibration"]
        return report

    def _check_stop(self) -> None:
        if self.stop():
            raise _Stopped

    def _together(self, work: Callable[[], object]) -> None:
        """Let the first rank work while the others wait; a stop there stops every rank."""
        stopped = False
        if self.ranks.first:
            try:
                work()
            except _Stopped:
                stopped = True
        if self.ranks.agree([float(stopped)])[0]:
            raise _Stopped

    # The state of the run.

    def _read_state(self) -> None:
        """Skip the phases that are finished; those that a changed configuration makes stale are repeated."""
        path = self.folder / "state.json"
        if path.is_file():
            try:
                self.state = dict(json.loads(path.read_text(encoding="utf-8")))
                shape = self.state.pop("config")
            except (OSError, ValueError, TypeError, KeyError):
                raise UserError(f"{path} is damaged: delete it to repeat everything after pre-training.") from None
            if shape != json.loads(json.dumps(self._shape())):
                self.state = {key: value for key, value in self.state.items() if key == "pretraining"}
        if share_done(self.settings, self._progress()) < 1.0:
            self.state = {}  # a longer schedule than before: there is pre-training left to do

    def _finish(self, phase: str, figures: dict[str, Any]) -> None:
        self.state[phase] = figures
        save_json_atomically(self.folder / "state.json", {"config": self._shape(), **self.state})

    def _shape(self) -> dict[str, Any]:
        return {"model": self.config.to_dict(), "meta": [self.settings.meta_minutes, self.settings.meta_seeds]}

    def _progress(self) -> Progress:
        path = self.folder / "checkpoint.safetensors"
        if not path.is_file():
            return Progress()
        try:
            return Progress(**json.loads(read_metadata(path)["progress"]))
        except (KeyError, ValueError, TypeError):
            raise UserError(
                f"{path} is damaged or not a checkpoint of this program: delete it to start again."
            ) from None

    # The phases.

    def _prepare_corpus(self) -> None:
        path = self.out / "tokenizer.json"
        with Telemetry(self.folder, self.ranks.first, 0, scalars=False) as telemetry:
            if not path.exists():
                print("Training the tokenizer.", file=sys.stderr)
                texts = self._stoppable(document.text for document in read_corpus(self.corpus))
                train_tokenizer(texts, self.config.vocab_size).save(path)
            print("Preparing the corpus.", file=sys.stderr)
            wanted = self.settings.corpus_tokens

            def tell(tokens: int) -> None:
                self._check_stop()
                telemetry.note(min(0.999, tokens / wanted) if wanted else 0.0, f"{tokens:,} tokens prepared")

            build_token_cache(self.corpus, load_tokenizer(path), self.folder / "tokens", wanted or None, tell)

    def _stoppable(self, texts: Iterator[str]) -> Iterator[str]:
        for text in texts:
            self._check_stop()
            yield text

    def _pretrain(self, resume: bool) -> None:
        settings, ranks = self.settings, self.ranks
        tokenizer, cache = self._tokenizer(), self._tokens()
        if ranks.device.type == "cpu":
            fused.keep_freed_memory()
        torch.manual_seed(settings.seed)
        network = Network(self.config).to(ranks.device)
        validation = held_out_windows(self.corpus, tokenizer, settings.early_context, VALIDATION_WINDOWS)
        run = Pretraining(network, tokenizer, cache.tokens, validation, settings, ranks, self.folder)
        if resume and run.resume():
            if ranks.first:
                print(f"Continuing at step {run.progress.step}.", file=sys.stderr)
        elif self.weights is not None:
            network.load_state_dict(load_network(self.weights, ranks.device).state_dict())
        progress = run.run(self.stop)
        if share_done(settings, progress) < 1.0:
            if ranks.first:
                cut_checkpoint(run.checkpoint)
            raise _Stopped
        if ranks.first:
            # A GPU trains in bfloat16, and so little is lost by storing it; elsewhere the files are small anyway.
            dtype = torch.bfloat16 if ranks.device.type == "cuda" else torch.float32
            save_network(self.out, network, dtype)
            # The later phases may run on another machine, after --resume.
            made: dict[str, Any] = {"dtype": str(dtype).removeprefix("torch."), "hardware": hardware(ranks.device)}
            if self.weights is not None:
                made["weights_of"] = self.weights.resolve().name
            self._finish("pretraining", self._progress_figures(progress) | made)

    def _progress_figures(self, progress: Progress) -> dict[str, Any]:
        with torch.device("meta"):
            parameters = sum(p.numel() for p in Network(self.config).parameters())
        cache = TokenCache.open(self.folder / "tokens")
        corpus_tokens = min(cache.info.tokens, self.settings.corpus_tokens or cache.info.tokens) if cache else 0
        losses = [row[3] for row in progress.losses[-LAST_LOSSES:]]
        return {
            "parameters": parameters,
            "steps": progress.step,
            "tokens": progress.tokens,
            "seconds": progress.seconds,
            "loss": sum(losses) / len(losses) if losses else None,
            "held_out_loss": progress.validation[-1][3] if progress.validation else None,
            "corpus_tokens": corpus_tokens,
            "epochs": (1.0 - self.settings.synthetic * (1.0 - self.settings.plain_share))
            * progress.tokens
            / max(1, corpus_tokens),
        }

    def _train_addresses(self) -> None:
        print("Training the addresses.", file=sys.stderr)
        begun = time.monotonic()
        site, text = WriteSite(self.config), self._general_text()
        with self._telling("addresses") as tell:
            tell(0.0, "counting tokens")
            fit_tokens(site, self._tokenizer(), text.counts)
            if self.settings.meta_minutes > 0:
                minutes, seeds = self.settings.meta_minutes, self.settings.meta_seeds
                result = meta_train(site, self._tokenizer(), text, minutes, seeds, tell)
            else:
                result = MetaResult(False, "The addresses were not trained: the configuration gives no time for it.")
        figures = result.to_dict() | {"wall_seconds": round(time.monotonic() - begun, 1)}
        save_json_atomically(self.folder / "meta.json", figures)
        buffers = {name: getattr(site, name).contiguous() for name in TRAINED_NUMBERS}
        save_tensors_atomically(self.folder / "addresses.safetensors", buffers, {"kept": str(result.kept)})
        print(result.verdict, file=sys.stderr)
        self._finish("addresses", figures)

    def _calibrate(self) -> None:
        print("Calibrating.", file=sys.stderr)
        begun = time.monotonic()
        site, text, tokenizer = WriteSite(self.config), self._general_text(), self._tokenizer()
        with self._telling("calibration") as tell:
            fit_tokens(site, tokenizer, text.counts)
            for name, value in load_file(self.folder / "addresses.safetensors").items():
                getattr(site, name).copy_(value)
            calibration = calibrate(site, tokenizer, text, self.settings.seed, trained=True, progress=tell)
            quick = self.settings.meta_minutes < QUICK
            reports = []
            for number in range(1 if quick else 2):
                tell(0.5, "measuring the finished addresses")
                sizes = QUICK_SIZES if quick else REPORT_SIZES
                reports.append(address_report(site, tokenizer, text.held_out, number, "test", sizes))
            # Pre-training wrote it too, but what shapes only the write site may have changed since.
            save_json_atomically(self.out / "config.json", self.config.to_dict())
            save_general(self.out, site, calibration, {})
            judges, report = fit_judges(
                site,
                tokenizer,
                load_likeness(self.out),
                self.corpus,
                self.settings.seed,
                QUICK_ROUNDS if quick else WORLD_ROUNDS,
                tell,
            )
            save_judges(self.out, judges)
        figures = {"test": mean_report(reports), "judges": report, "wall_seconds": round(time.monotonic() - begun, 1)}
        self._finish("calibration", figures)

    def _train_reader(self) -> None:
        if self.settings.reading_minutes <= 0:
            self._finish("reading", {})
            return
        print("Training the reader.", file=sys.stderr)
        settings = ReadingConfig.lasting(self.settings.reading_minutes, self.settings.seed)
        report = train_reader(self.out, self.questions, settings, ReaderConfig(), self.stop)
        if not report["finished"]:
            raise _Stopped
        self._finish("reading", report)

    def _check_parts(self) -> None:
        """Take over the tokenizer of the model that gives its parts, and see that the rest of it fits.

        Raises:
            UserError: when there is no such finished model, or it has another tokenizer or write site.
        """
        assert self.parts is not None
        if self.parts.resolve() == self.out.resolve():
            raise UserError(f"{self.out} cannot take over its own parts: choose another --out or --parts-of.")
        config = load_config(self.parts)
        if not (self.parts / PARTS[0]).is_file():
            raise UserError(f"{self.parts} is not a finished model: {PARTS[0]} is missing.")
        self._take_tokenizer(self.parts)
        if config.site_dict() != self.config.site_dict():
            raise UserError(
                f"{self.parts} has another write site than the configuration: give both the same "
                f"{', '.join(config.site_dict())}."
            )

    def _check_weights(self) -> None:
        """See that the weights of the model that gives them fit, and take over its tokenizer.

        Raises:
            UserError: when there is no such model, or its network or tokenizer is another.
        """
        assert self.weights is not None
        given = load_config(self.weights)
        if given.network_dict() != dataclasses.replace(self.config, vocab_size=given.vocab_size).network_dict():
            raise UserError(f"The network of {self.weights} has another shape than the configuration: use the same.")
        self._take_tokenizer(self.weights)

    def _take_tokenizer(self, folder: Path) -> None:
        mine, theirs = self.out / "tokenizer.json", folder / "tokenizer.json"
        fingerprint = load_tokenizer(theirs).fingerprint()
        if not mine.exists():
            self.out.mkdir(parents=True, exist_ok=True)
            shutil.copy(theirs, mine)
        if load_tokenizer(mine).fingerprint() != fingerprint:
            raise UserError(f"{folder} has another tokenizer than {self.out}: choose another model or --out.")

    def _take_parts(self) -> None:
        """Copy everything that does not depend on the network: addresses, judges, word vectors, reader."""
        assert self.parts is not None
        for name in PARTS:
            if (self.parts / name).is_file():
                shutil.copy(self.parts / name, self.out / name)
        save_json_atomically(self.out / "config.json", self.config.to_dict())
        card = self.parts / "README.md"
        sections = sections_of(card.read_text(encoding="utf-8"), PART_SECTIONS) if card.is_file() else []
        self._finish("parts", {"of": self.parts.resolve().name, "sections": sections})

    def _write_card(self) -> None:
        pictures = draw_pictures(self.out, self._progress())
        if not pictures:
            print("The card has no pictures: matplotlib is not installed, or nothing was logged.", file=sys.stderr)
        record = {
            "model": self.config.to_dict(),
            "training": dataclasses.asdict(self.settings),
            "hardware": self.state["pretraining"].get("hardware") or hardware(self.ranks.device),
            "operations_per_token": operations_per_token(self.config, self.settings.early_context),
            "seconds": {
                phase: self.state[phase]["wall_seconds"]
                for phase in ("addresses", "calibration")
                if phase in self.state
            },
            **self.state,
        }
        card = model_card(self.out.resolve().name, self.corpus, record, pictures)
        save_text_atomically(self.out / "README.md", card)
        self._finish("card", {"pictures": pictures})

    # What the phases share.

    def _tokenizer(self) -> Tokenizer:
        tokenizer = load_tokenizer(self.out / "tokenizer.json")
        # A small corpus gives fewer tokens than asked for; the network is made for those there are.
        self.config = dataclasses.replace(self.config, vocab_size=tokenizer.vocab_size)
        return tokenizer

    def _tokens(self) -> TokenCache:
        wanted = self.settings.corpus_tokens or None
        return build_token_cache(self.corpus, self._tokenizer(), self.folder / "tokens", wanted)

    def _general_text(self) -> GeneralText:
        tokenizer, tokens = self._tokenizer(), self._tokens().tokens
        held_out = list(encode_documents(validation_documents(self.corpus), tokenizer, HELD_OUT_TOKENS))
        if not held_out:
            raise UserError(f"{self.corpus} has no validation text to measure on: use more text.")
        counts = token_counts(tokens, tokenizer.vocab_size)
        return GeneralText(counts, tokens, np.concatenate(held_out).astype(np.int64))

    @contextmanager
    def _telling(self, phase: str) -> Iterator[Callable[[float, str], None]]:
        """A function that logs how far a phase is, and ends the phase when a stop is requested."""
        with Telemetry(self.folder, self.ranks.first, 0, scalars=False) as telemetry:

            def tell(done: float, line: str) -> None:
                self._check_stop()
                telemetry.note(done, f"{phase}: {line}")

            yield tell


def token_counts(tokens: npt.NDArray[Any], vocab_size: int) -> npt.NDArray[np.int64]:
    """How often each token occurs, (V,), in a stream (n,) that may be larger than the memory."""
    counts = np.zeros(vocab_size, dtype=np.int64)
    for start in range(0, len(tokens), COUNTED):
        counts += np.bincount(tokens[start : start + COUNTED], minlength=vocab_size)
    return counts


def held_out_windows(corpus: str, tokenizer: Tokenizer, length: int, count: int) -> Tensor:
    """The first windows (count, length + 1) of the validation text, spread over its documents."""
    windows: list[list[int]] = []
    for ids in encode_documents(validation_documents(corpus), tokenizer, None):
        for start in range(0, min(len(ids) - length, 8 * length), length):
            windows.append([int(i) for i in ids[start : start + length + 1]])
        if len(windows) >= count:
            break
    if not windows:
        raise UserError(
            f"The validation text of {corpus} is shorter than one window of {length} tokens: use more text."
        )
    return torch.tensor(windows[:count], dtype=torch.int64)
