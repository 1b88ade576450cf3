"""The memory in use: its value, its file, its undo history and its recovery copy. Lives on the worker thread."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import composed
from bdh_workbench.memory.files.library import Library
from bdh_workbench.memory.files.locking import LOCK_TIMEOUT, renewing
from bdh_workbench.memory.files.memory_file import file_size, load_memory, load_memory_of, save_memory, shown
from bdh_workbench.memory.room import machine_rows
from bdh_workbench.memory.store import manage
from bdh_workbench.memory.store.banks import Bases, capacity, own_rows
from bdh_workbench.memory.store.conflicts import merge_notes
from bdh_workbench.memory.store.state import Memory, bind
from bdh_workbench.model.loading import Model
from bdh_workbench.session.control import Task, log
from bdh_workbench.session.in_use.history import Packed, pack
from bdh_workbench.session.records.events import MemoryChanged, NotebookChanged, RecoveryFound
from bdh_workbench.session.records.jobs import MergeMemories
from bdh_workbench.session.records.notebook import Check, CheckRun, Notebook, Turn, load_notebook, save_notebook
from bdh_workbench.session.records.notebook import merged as merged_notebooks
from bdh_workbench.session.records.views import BankView, MemoryView
from bdh_workbench.session.storage.recovery import Copy, Recovery

MOST_STATES = 30  # changes that can be undone
KEPT_STATES = 2  # that are kept however large they are
UNDO_BYTES = 256 << 20  # of all others: thirty writes over 300 facts take about 150 MB
MOST_BASIS = 256 << 20  # bytes of bases that are kept for the next write; larger ones are worked out again


Mark = tuple[int, int, int]
NO_MARK: Mark = (0, 0, 0)  # no file's


def _mark(path: Path | None) -> Mark | None:
    """What distinguishes a file from any other that takes its place."""
    with contextlib.suppress(OSError, ValueError):
        status = os.stat(path or "")
        return status.st_ino, status.st_mtime_ns, status.st_size
    return None


def _holds_memory(path: Path) -> bool:
    """Whether a file can be opened as a memory, so that something would be lost with it."""
    with contextlib.suppress(UserError):
        load_memory(path)
        return True
    return False


@dataclass(slots=True)
class _File:
    """The file of a memory, which of its values it holds, None for neither, by what it is known again; the notebook."""

    path: Path | None = None
    version: int | None = None
    mark: Mark | None = None
    notebook: Notebook = field(default_factory=Notebook)


@dataclass(frozen=True, slots=True)
class _State:
    """One value of the memory in use."""

    memory: Memory | None
    version: int
    file: _File


@dataclass(frozen=True, slots=True)
class _Kept:
    """A value that was in use before."""

    packed: Packed | None
    version: int
    file: _File

    def state(self) -> _State:
        """The value as it was."""
        return _State(self.packed.memory() if self.packed is not None else None, self.version, self.file)


class MemoryInUse:
    """The memory in use."""

    def __init__(self, recovery: Recovery, library: Library) -> None:
        """No memory yet."""
        self.recovery, self.library = recovery, library
        self.model: Model | None = None  # that memory files must fit, once one is loaded
        self.bases: Bases | None = None
        self._versions = itertools.count(1)
        self._undo: list[_Kept] = []
        self._redo: list[_Kept] = []
        self._found: Copy | None = None
        self._now = _State(None, 0, _File())
        self._told: Notebook | None = None  # the notebook that the window knows
        self._told_of: _File | None = None

    @property
    def notebook(self) -> Notebook:
        """Conversation and checks of the memory in use."""
        return self._now.file.notebook

    @property
    def memory(self) -> Memory | None:
        """Its value; None for an empty one."""
        return self._now.memory

    @property
    def dirty(self) -> bool:
        """Whether it differs from its file, or holds something and has none."""
        state = self._now
        if state.file.version is None:
            return state.memory is not None and bool(state.memory.items or state.file.path)
        return state.version != state.file.version

    def view(self) -> MemoryView:
        """It as it can be shown."""
        memory, file = self.memory, self._now.file
        can_undo, can_redo = bool(self._undo or (memory and memory.layers)), bool(self._redo)
        if memory is None:
            return MemoryView("", file.path, self.dirty, (), (), 0, machine_rows(), 0.0, can_undo, can_redo, 0)
        return memory_view(memory, file.path, self.dirty, can_undo, can_redo)

    def tell(self, task: Task) -> None:
        """Send what it is now."""
        task.emit(MemoryChanged(task.id, self.view()))
        self._tell_notebook(task)

    # The notebook

    def add_turn(self, task: Task, turn: Turn) -> None:
        """Keep a question and its answer."""
        self._note(task, self.notebook.with_turn(turn))

    def clear_conversation(self, task: Task) -> None:
        """Forget the questions that were asked."""
        task.commit()
        self._note(task, dataclasses.replace(self.notebook, turns=()))

    def keep_checks(self, task: Task, checks: tuple[Check, ...]) -> None:
        """Keep these checks in place of those before."""
        task.commit()
        self._note(task, dataclasses.replace(self.notebook, checks=checks))

    def add_run(self, task: Task, run: CheckRun) -> None:
        """Keep what came of the checks."""
        self._note(task, self.notebook.with_run(run))

    def _note(self, task: Task, notebook: Notebook) -> None:
        file = self._now.file
        file.notebook = notebook
        self._keep_notebook(task)
        self._tell_notebook(task)

    def _keep_notebook(self, task: Task) -> None:
        """Write the notebook beside the memory's file; of a memory without one it is kept until that is saved."""
        file = self._now.file
        if file.path is not None and os.path.lexists(file.path):
            try:
                save_notebook(file.path, file.notebook)
            except UserError as problem:
                log(task, "warning", f"The conversation and checks could not be saved: {problem}")
        if self.dirty and os.path.lexists(self.recovery.own):
            self._copy_notebook()

    def _copy_notebook(self) -> None:
        """Copy the notebook beside the recovery copy of its memory."""
        with contextlib.suppress(UserError):
            save_notebook(self.recovery.own, self._now.file.notebook)

    def _tell_notebook(self, task: Task) -> None:
        file = self._now.file
        if file.notebook is not self._told or file is not self._told_of:
            opened = file is not self._told_of
            self._told, self._told_of = file.notebook, file
            task.emit(NotebookChanged(task.id, file.notebook, opened))

    def _noted(self, task: Task, path: Path) -> Notebook:
        """The notebook that is kept beside a memory file."""
        try:
            return load_notebook(path)
        except UserError as problem:
            log(task, "warning", str(problem))
            return Notebook()

    # Changes

    def change(self, task: Task, memory: Memory, bases: Bases | None = None, file: _File | None = None) -> None:
        """Use another value, in a way that can be undone."""
        self._undo.append(self._kept())
        self._redo.clear()
        self._set(task, _State(memory, next(self._versions), file or self._now.file), bases)

    def merge(self, task: Task, job: MergeMemories) -> None:
        """Take the union of files into use; it has no file of its own yet.

        Raises:
            UserError: as ``manage.merge``.
        """
        parts = []
        for path in job.paths:
            task.checkpoint()
            parts.append(self._load(path))
        merged = manage.merge(parts, composed(" ".join(job.title.split())), keep=job.keep)
        task.commit()
        notebook = merged_notebooks(self._noted(task, path) for path in job.paths)
        self.change(task, merged, file=_File(notebook=notebook))
        for head, names in merge_notes(manage.merge_conflicts(parts, job.keep), job.keep):
            log(task, "info", f"{head}: {names}.")

    def forget(self, task: Task, indices: Sequence[int]) -> None:
        """Forget items."""
        left = manage.forget(self._some(), list(indices))
        task.commit()
        if left is not self.memory:
            self.change(task, left)

    def set_layer(self, task: Task, number: int, enabled: bool) -> None:
        """Switch a layer on or off."""
        changed = manage.set_layer(self._some(), number, enabled)
        task.commit()
        if changed is not self.memory:
            self.change(task, changed)

    def undo(self, task: Task) -> None:
        """Undo the last change, or the newest layer of a memory that came from a file.

        Raises: UserError: when there is nothing to undo.
        """
        if self._undo:
            task.commit()
            now, state, held = self._kept(), self._undo.pop().state(), self.memory
            if state.memory is None and held is not None and state.file.path is not None:
                # Its file holds something by now: nothing at all could not be saved in its place, this can.
                state = dataclasses.replace(state, memory=manage.forget(held, range(len(held.items))))
            self._redo.append(now)
            self._set(task, state)
            return
        before = manage.undo(self._some())
        task.commit()
        self._redo.append(self._kept())
        self._set(task, _State(before, next(self._versions), self._now.file))

    def redo(self, task: Task) -> None:
        """Redo the change that was undone last.

        Raises:
            UserError: when there is none.
        """
        if not self._redo:
            raise UserError("There is nothing to redo.")
        task.commit()
        self._undo.append(self._kept())
        self._set(task, self._redo.pop().state())

    # Files

    def new(self, task: Task) -> None:
        """Use an empty memory."""
        task.commit()
        self._replace(task, _State(None, 0, _File()))

    def open(self, task: Task, path: Path) -> None:
        """Take a file into use.

        Raises:
            UserError: when it cannot be read or belongs to another model than the one loaded.
        """
        path = path.absolute()
        mark = _mark(path)  # before it is read: what replaces it meanwhile is noticed when it is saved
        memory = self._load(path)
        task.commit()
        version = next(self._versions)
        self._replace(task, _State(memory, version, _File(path, version, mark, self._noted(task, path))))

    def save(self, task: Task, path: Path | None, title: str | None, new: bool = False) -> Path:
        """Save it to a path, its own file, or a new one in the library where it has none or ``new`` asks for it.

        Raises:
            UserError: when it cannot be saved, or another program changed its file; it stays marked as unsaved, and
                the file is as it was.
        """
        memory, file, version = self._some(), self._now.file, self._now.version
        wanted = composed(" ".join(title.split())) if title is not None else ""
        if wanted and wanted != memory.title:
            memory, version = dataclasses.replace(memory, title=wanted), next(self._versions)
        own = None if new else file.path
        target = path.absolute() if path is not None else own
        task.commit()
        if target is None:
            target = self.library.save(memory)
        else:
            with renewing(target, LOCK_TIMEOUT):
                if path is None and file.mark not in (None, _mark(target)) and _holds_memory(target):
                    raise UserError(
                        f"{shown(target)} was changed by another window or command since it was opened here: save this "
                        "memory under another name, then merge the two."
                    )
                if target.parent == self.library.folder:
                    target = self.library.save(memory, target)
                else:
                    save_memory(target, memory)
        file.path, file.version, file.mark = target, version, _mark(target)
        self._now = _State(memory, version, file)
        self._keep_notebook(task)
        self.recovery.remove()
        self.tell(task)
        return target

    def delete(self, task: Task, path: Path) -> None:
        """Move a file of the library to the trash; a memory in use that it held is unsaved then.

        Raises:
            UserError: when it cannot be moved.
        """
        task.commit()
        self.library.delete(path)
        self._set(task, self._now, self.bases)

    def relabel(self, task: Task, title: str | None, note: str | None) -> None:
        """Give it and its file in the library another title or note; what is unsaved stays so.

        Raises:
            UserError: when it has no file in the library, or that cannot be rewritten.
        """
        file = self._now.file
        if file.path is None or file.path.parent != self.library.folder:
            raise UserError("The memory in use has no file in the library: save it first.")
        task.commit()
        unchanged = file.mark in (None, _mark(file.path))
        if title is not None:
            file.path = self.library.rename(file.path, title)
        if note is not None:
            self.library.set_note(file.path, note)
        file.mark = _mark(file.path) if unchanged else file.mark

        def named(memory: Memory) -> Memory:
            if title is not None:
                memory = dataclasses.replace(memory, title=composed(" ".join(title.split())))
            return memory if note is None else dataclasses.replace(memory, note=note)

        def labelled(kept: _Kept) -> _Kept:
            packed = kept.packed
            if packed is None or kept.file is not file:
                return kept
            return dataclasses.replace(kept, packed=dataclasses.replace(packed, rest=named(packed.rest)))

        self._undo, self._redo = [labelled(kept) for kept in self._undo], [labelled(kept) for kept in self._redo]
        memory = named(self.memory) if self.memory is not None else None
        self._set(task, dataclasses.replace(self._now, memory=memory), self.bases)

    # Recovery

    def look_for_recovery(self, task: Task) -> None:
        """Report unsaved work of a session that is gone."""
        self._found = self.recovery.find()
        if self._found is not None:
            task.emit(RecoveryFound(task.id, self._found.path, self._found.title, self._found.saved_at))

    def restore(self, task: Task) -> None:
        """Use the copy that was found.

        Raises:
            UserError: when there is none, or it cannot be read; it is then kept.
        """
        copy = self._found
        if copy is None:
            raise UserError("There is no unsaved work to restore.")
        memory = self.recovery.load(copy)
        task.commit()
        # The copy of this session takes its place, unless copies are switched off or it could not be written.
        file = _File(copy.path, notebook=self._noted(task, copy.file))
        if copy.path is not None and file.notebook.empty:
            file.notebook = self._noted(task, copy.path)
        with contextlib.suppress(OSError):
            if copy.path is not None and copy.path.stat().st_mtime > copy.saved_at.timestamp():
                file.mark = NO_MARK  # another program wrote into it after the copy was made
        if self._replace(task, _State(memory, next(self._versions), file)):
            self.recovery.discard(copy)
            self._found = None

    def discard(self, task: Task) -> None:
        """Delete the copy that was found, or this session's own."""
        task.commit()
        if self._found is None:
            self.recovery.remove()
            return
        self.recovery.discard(self._found)
        self.look_for_recovery(task)

    # Inside

    def _some(self) -> Memory:
        if self.memory is None:
            raise UserError("The memory is empty: write something into it first.")
        return self.memory

    def _kept(self) -> _Kept:
        """The value in use, for the day that it is wanted again."""
        now, kept = self._now, [one.packed for one in (*self._undo, *self._redo) if one.packed is not None]
        return _Kept(pack(now.memory, kept) if now.memory is not None else None, now.version, now.file)

    def _load(self, path: Path) -> Memory:
        return load_memory(path) if self.model is None else load_memory_of(path, self.model)

    def _replace(self, task: Task, state: _State) -> bool:
        """Take a value into use with nothing to take back; returns as ``_set``."""
        self._undo.clear()
        self._redo.clear()
        return self._set(task, state)

    def _set(self, task: Task, state: _State, bases: Bases | None = None) -> bool:
        """Take a value into use; returns whether a recovery copy of it was written."""
        self._now, file = state, state.file
        if state.memory is not None and self.model is not None and state.memory.model == self.model.fingerprint:
            bind(state.memory, self.model.site)
        if file.version is not None and file.path is not None and not os.path.lexists(file.path):
            file.path = file.version = None  # it was deleted: nothing holds the memory any more
        size = sum(basis.factor.numel() * basis.factor.element_size() for basis in (bases or {}).values())
        self.bases = bases if size <= MOST_BASIS else None
        self._trim()
        copied = self._copy(task)
        self.tell(task)
        return copied

    def _copy(self, task: Task) -> bool:
        """Copy what is unsaved, or delete a copy that is needed no more; returns whether one was written."""
        state = self._now
        if not self.dirty:
            self.recovery.remove()
        elif task.keep_recovery and state.memory is not None:
            try:
                self.recovery.save(state.memory, state.file.path)
                self._copy_notebook()
            except (UserError, OSError) as error:
                log(task, "warning", f"No copy of the unsaved changes could be made: {error}")
            else:
                return True
        return False

    def _trim(self) -> None:
        """Forget the oldest of what can be taken back where there is too much of it."""
        seen: set[int] = set()
        for states in (self._undo, self._redo):
            spent = kept = 0
            for state in reversed(states):
                blocks = state.packed.blocks() if state.packed is not None else {}
                spent += sum(size for place, size in blocks.items() if place not in seen)
                seen |= blocks.keys()
                if kept == MOST_STATES or (kept >= KEPT_STATES and spent > UNDO_BYTES):
                    break
                kept += 1
            del states[: len(states) - kept]


def memory_view(
    memory: Memory, path: Path | None, dirty: bool = False, can_undo: bool = False, can_redo: bool = False
) -> MemoryView:
    """A memory as it can be shown."""
    try:
        size = file_size(memory)
    except UserError:  # it is reported when it is saved
        size = 0
    # The rows of each bank, switched on or not; nothing is made again for it.
    used = sorted(own_rows(memory.rows).items())
    banks = tuple(BankView(number, count, capacity(memory.slots)) for number, count in used)
    return MemoryView(
        memory.title, path, dirty, memory.items, memory.layers, len(memory.basis), machine_rows(), memory.fill,
        can_undo, can_redo, size, memory.note, memory.model_name, memory.model, banks,
    )  # fmt: skip
