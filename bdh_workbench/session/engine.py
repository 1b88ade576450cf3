"""The engine does the jobs: it owns the model and the memory in use, and lives on the worker thread."""

from __future__ import annotations

import dataclasses
import functools
import time
from datetime import UTC, datetime
from pathlib import Path

import torch

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import TextDocument
from bdh_workbench.memory.files.format import check_fit
from bdh_workbench.memory.files.memory_file import load_memory
from bdh_workbench.memory.settings import ReadSettings
from bdh_workbench.memory.store.state import bind
from bdh_workbench.memory.writing.event import WriteSummary
from bdh_workbench.memory.writing.given import compare
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sentence_evidence import Place
from bdh_workbench.reading.sources import Sources
from bdh_workbench.session.control import Engine, Task, log, progress
from bdh_workbench.session.in_use.memory import MemoryInUse, memory_view
from bdh_workbench.session.records import jobs
from bdh_workbench.session.records.events import ItemRecited, MemoryInspected, ModelChanged, TextInspected, TokenHeat
from bdh_workbench.session.records.jobs import Job
from bdh_workbench.session.records.notebook import CheckRun, Turn, holds_words, mark_of
from bdh_workbench.session.records.views import VersionsFound, Written
from bdh_workbench.session.storage.home import library_in
from bdh_workbench.session.storage.recovery import Recovery
from bdh_workbench.session.tasks.asking import answer
from bdh_workbench.session.tasks.checking import run_checks
from bdh_workbench.session.tasks.heat import recite
from bdh_workbench.session.tasks.inspecting import inspect_text
from bdh_workbench.session.tasks.loading import device_memory, load, model_info
from bdh_workbench.session.tasks.writing import estimate, retention_run, run_write


class WorkbenchEngine(Engine):
    """The engine behind the window."""

    def __init__(self, home: Path) -> None:
        self.in_use = MemoryInUse(Recovery(home), library_in(home))
        self.model: Model | None = None
        self._reader: Reader | None = None
        self._sources = Sources(None)
        self._context: list[int] = []  # tokens of the last answer and what led to it
        self._last: Place | None = None  # where that answer came from

    def start(self, task: Task) -> None:
        """Report unsaved work."""
        self.in_use.look_for_recovery(task)

    def close(self, discard_recovery: bool) -> None:
        """Release model, memory and recovery copies."""
        self.in_use.recovery.close(discard_recovery)
        self.model = self._reader = None

    def run(self, job: Job, task: Task) -> object | None:
        """Do a job."""
        in_use = self.in_use
        match job:
            case jobs.LoadModel():
                self._load(task, job)
            case jobs.Write():
                return self._write(task, job)
            case jobs.EstimateWrite():
                model, memory = self._loaded(), in_use.memory
                task.emit(estimate(task, model, memory, job))
            case jobs.Query():
                self._ask(task, job)
            case jobs.ReciteItem():
                self._recite(task, job.item)
            case jobs.KeepChecks():
                in_use.keep_checks(task, job.checks)
            case jobs.RunChecks():
                return self._run_checks(task)
            case jobs.ClearConversation():
                in_use.clear_conversation(task)
            case jobs.InspectText():
                reader = self._mounted(job.read)
                told = functools.partial(progress, task)
                seen = inspect_text(reader, self._sources, job.text, told, task.checkpoint)
                task.emit(TextInspected(task.id, seen))
            case jobs.RetentionRun():
                retention_run(task, self._loaded(), self._documents(job), job)
                self._tell_device(task)
            case jobs.InspectMemory():
                task.emit(MemoryInspected(task.id, job.path, memory_view(load_memory(job.path), job.path)))
            case jobs.OpenMemory():
                in_use.open(task, job.path)
            case jobs.NewMemory():
                in_use.new(task)
            case jobs.SaveMemory():
                return in_use.save(task, job.path, job.title, job.new)
            case jobs.DeleteMemory():
                in_use.delete(task, job.path)
            case jobs.MergeMemories():
                in_use.merge(task, job)
            case jobs.Relabel():
                in_use.relabel(task, job.title, job.note)
            case jobs.ForgetItems():
                in_use.forget(task, job.indices)
            case jobs.SetLayer():
                in_use.set_layer(task, job.number, job.enabled)
            case jobs.Undo():
                in_use.undo(task)
            case jobs.Redo():
                in_use.redo(task)
            case jobs.RestoreRecovery():
                in_use.restore(task)
            case jobs.DiscardRecovery():
                in_use.discard(task)
        return None

    def prepare(self) -> bool:
        """Make what the first question to the memory in use needs: people read and type for longer than that takes."""
        model, memory = self.model, self.in_use.memory
        if model is None or memory is None or memory.model != model.fingerprint:
            return False
        return self._mounted(ReadSettings()).prepare()

    # Jobs

    def _load(self, task: Task, job: jobs.LoadModel) -> None:
        model = load(task, job.name_or_path, job.device)
        task.commit()
        self.model = self.in_use.model = model
        self._reader, self._context = None, []
        if self.in_use.memory is not None and self.in_use.memory.model == model.fingerprint:
            bind(self.in_use.memory, model.site)
        task.emit(ModelChanged(task.id, model_info(model)))
        self.in_use.tell(task)
        memory = self.in_use.memory
        if memory is not None and memory.model != model.fingerprint:
            log(
                task,
                "warning",
                f"The memory in use was written with the model {memory.model_name}: {model.name} cannot read it.",
            )
        log(task, "info", f"Loaded the model {model.name} on {model.device}.")
        self._tell_device(task)

    def _write(self, task: Task, job: jobs.Write) -> Written | VersionsFound:
        in_use, model, goal = self.in_use, self._loaded(), job.settings.goal
        progress(task, None, "Comparing with what is stored")
        new = compare(model, in_use.memory, job.facts, job.documents, job.settings)
        held = in_use.memory.items if in_use.memory is not None else ()
        if any(not 0 <= number < len(held) for number in job.replaces):
            raise UserError("The edited item is no longer in the memory: write it as a new one.")
        edited = {(0, number) for number in job.replaces}  # that these give way was said already
        if edited and new.writes:
            beside = tuple(conflict for conflict in new.beside if conflict.other.place not in edited)
            new = dataclasses.replace(new, gone=tuple(sorted({*new.gone, *job.replaces})), beside=beside)
        notes, written = tuple(new.notes()), len(new.facts) + len(new.documents)
        versions = tuple(version for version in new.versions if version.other.place not in edited)
        if job.ask and versions:
            return VersionsFound(versions)
        if not new.writes:
            fill = in_use.memory.fill if in_use.memory is not None else 0.0
            return Written(WriteSummary(), 0, goal, fill, 0, notes)
        result = run_write(task, model, in_use.memory, new, job.settings, in_use.bases)
        task.commit()
        in_use.change(task, result.memory, result.bases)
        for head, names in notes:
            log(task, "info", f"{head}: {names}.")
        self._tell_device(task)
        paraphrases = 0 if job.settings.write_paraphrases else sum(len(fact.paraphrases) for fact in new.facts)
        return Written(result.summary, paraphrases, goal, result.memory.fill, written, notes)

    def _ask(self, task: Task, job: jobs.Query) -> None:
        reader = self._mounted(job.read)
        context = self._context if job.continue_from else []
        begun = time.monotonic()
        reply, expected = answer(task, reader, self._sources, job, context, self._last)
        memory = reader.memory
        moment = datetime.now(UTC).isoformat()
        seconds = time.monotonic() - begun
        turn = Turn(moment, mark_of(memory), holds_words(memory), reply, seconds, expected)
        self.in_use.add_turn(task, turn)
        self._context = list(reply.ids)
        self._last = reply.place or self._last

    def _recite(self, task: Task, number: int) -> None:
        reader = self._mounted(ReadSettings())
        items = reader.memory.items if reader.memory is not None else ()
        if not 0 <= number < len(items):
            raise UserError("This item is no longer in the memory: choose another.")

        def passed(tokens: tuple[TokenHeat, ...], done: float) -> None:
            task.emit(ItemRecited(task.id, number, tokens, done))

        task.emit(ItemRecited(task.id, number, recite(reader, items[number], passed, task.checkpoint)))

    def _run_checks(self, task: Task) -> CheckRun:
        checks = self.in_use.notebook.checks
        if not checks:
            raise UserError("There are no checks: pin a question as a check first.")
        run = run_checks(task, self._mounted(ReadSettings()), self._sources, checks)
        task.commit()
        self.in_use.add_run(task, run)
        return run

    def _documents(self, job: jobs.RetentionRun) -> tuple[TextDocument, ...]:
        if job.documents is not None:
            documents = job.documents
        else:
            items = self.in_use.memory.items if self.in_use.memory is not None else ()
            documents = tuple(TextDocument(item.title, item.text) for item in items if item.text)
        if not documents:
            raise UserError(
                "There are no documents for a retention run: write some, or open a file with some."
                if job.documents is not None or self.in_use.memory is None
                else "The memory contains no documents with their texts: write some, or open a file with some."
            )
        return documents

    # What jobs need

    def _loaded(self) -> Model:
        if self.model is None:
            raise UserError("No model is loaded: choose one first.")
        return self.model

    def _mounted(self, settings: ReadSettings) -> Reader:
        """The model with the memory in use, which is mounted again only when either has changed."""
        model, memory = self._loaded(), self.in_use.memory
        if self._sources.memory is not memory:
            self._sources = Sources(memory)
            self._reader = self._last = None
        if self._reader is None:
            if memory is not None and memory.model == model.fingerprint:
                check_fit(memory, model.config)  # it may have been opened before the model was
            self._reader = Reader(model, memory)
        return self._reader.with_settings(settings)

    def _tell_device(self, task: Task) -> None:
        told = device_memory(task, self.model.device if self.model else torch.device("cpu"))
        if told is not None:
            task.emit(told)
