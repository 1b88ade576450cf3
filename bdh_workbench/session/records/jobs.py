"""What a session can be asked to do: one frozen record for each kind of job. Importing this does not import torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bdh_workbench.asking.kinds import AsKind
from bdh_workbench.harmless import harmless
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.settings import ReadSettings, SamplingSettings, WriteSettings
from bdh_workbench.session.records.notebook import Check
from bdh_workbench.wording import plural, shortened


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Load a model: the name of a bundled one, a folder, or None for the best bundled one."""

    name_or_path: str | None = None
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Write:
    """Write facts and documents into the memory in use, as one layer.

    With ``ask``, nothing is written where a document would be replaced: the job's result is then ``VersionsFound``.
    ``replaces`` names items of the memory in use that give way to what is written, as when one is edited.
    """

    facts: tuple[Fact, ...] = ()
    documents: tuple[TextDocument, ...] = ()
    settings: WriteSettings = field(default_factory=WriteSettings)
    ask: bool = False
    replaces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class EstimateWrite:
    """Say how large a write would be. One that still waits when the next is submitted is cancelled."""

    facts: tuple[Fact, ...] = ()
    documents: tuple[TextDocument, ...] = ()
    settings: WriteSettings = field(default_factory=WriteSettings)


@dataclass(frozen=True, slots=True)
class Query:
    """Ask in a fresh context, or continue from the last answer (``continue_from``)."""

    prompt: str
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    read: ReadSettings = field(default_factory=ReadSettings)
    continue_from: bool = False
    compare_untouched: bool = True
    stop_at_sentence: bool = True  # end a continuation with its first sentence
    expected: str = ""  # an answer whose probability is reported, in a fresh context
    kind: AsKind = "auto"  # of prompt


@dataclass(frozen=True, slots=True)
class ReciteItem:
    """See how surely an item of the memory in use is recited; of several that wait only the newest is done."""

    item: int


@dataclass(frozen=True, slots=True)
class KeepChecks:
    """Keep these checks with the memory in use, in place of those that it has."""

    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class RunChecks:
    """Ask the checks of the memory in use, and keep what came of it."""


@dataclass(frozen=True, slots=True)
class ClearConversation:
    """Forget the conversation that is kept with the memory in use."""


@dataclass(frozen=True, slots=True)
class InspectText:
    """Look at how a text is read. One that still waits when the next is submitted is cancelled."""

    text: str
    read: ReadSettings = field(default_factory=ReadSettings)


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """Write documents one after the other into a memory of their own and look at all of them after each write.

    None stands for the documents that the memory in use holds with their texts. The memory in use stays as it is.
    """

    documents: tuple[TextDocument, ...] | None = None
    settings: WriteSettings = field(default_factory=WriteSettings)


@dataclass(frozen=True, slots=True)
class OpenMemory:
    """Use a memory file."""

    path: Path


@dataclass(frozen=True, slots=True)
class InspectMemory:
    """Look into a memory file without using it; of several that wait only the newest is done."""

    path: Path


@dataclass(frozen=True, slots=True)
class NewMemory:
    """Take an empty memory into use."""


@dataclass(frozen=True, slots=True)
class SaveMemory:
    """Save the memory in use: to a path, or to its own file, or to a new one in the library where it has none.

    With ``new`` it is saved as a new file of the library, whose name is chosen when it is saved, whatever file it has.
    """

    path: Path | None = None
    title: str | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class DeleteMemory:
    """Move a file of the library to the trash; a memory in use that it held is unsaved then."""

    path: Path


@dataclass(frozen=True, slots=True)
class MergeMemories:
    """Make one memory of several files and take it into use, unsaved.

    ``keep`` says which stays of two answers or of two versions of a document, that of the ``first`` or the ``last``
    memory, or ``both`` versions; without it such memories are not merged.
    """

    paths: tuple[Path, ...]
    title: str = ""
    keep: Literal["first", "last", "both"] | None = None


@dataclass(frozen=True, slots=True)
class Relabel:
    """Give the memory in use and its file in the library another title or note; None keeps what there is."""

    title: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ForgetItems:
    """Forget the items of these indices (``MemoryView.items``)."""

    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SetLayer:
    """Switch one layer of history on or off."""

    number: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo the last change to the memory in use; of one that was just opened, the newest layer."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Redo the change that was undone last."""


@dataclass(frozen=True, slots=True)
class RestoreRecovery:
    """Take the recovery copy that was found into use, unsaved."""


@dataclass(frozen=True, slots=True)
class DiscardRecovery:
    """Delete the recovery copy that was found; where none was, that of the memory in use."""


Job = (
    LoadModel
    | Write
    | EstimateWrite
    | Query
    | ReciteItem
    | KeepChecks
    | RunChecks
    | ClearConversation
    | InspectText
    | RetentionRun
    | InspectMemory
    | OpenMemory
    | NewMemory
    | SaveMemory
    | DeleteMemory
    | MergeMemories
    | Relabel
    | ForgetItems
    | SetLayer
    | Undo
    | Redo
    | RestoreRecovery
    | DiscardRecovery
)

REPLACING = (EstimateWrite, InspectText, InspectMemory, ReciteItem)  # of these only the newest is waited for

_TITLES: dict[type, str] = {
    EstimateWrite: "Estimate the write",
    InspectText: "Look at a text",
    ReciteItem: "Recite an item",
    KeepChecks: "Keep the checks",
    RunChecks: "Run the checks",
    ClearConversation: "Clear the conversation",
    RetentionRun: "Retention run",
    NewMemory: "New memory",
    SaveMemory: "Save the memory",
    Undo: "Undo",
    Redo: "Redo",
    Relabel: "Label the memory",
    RestoreRecovery: "Restore unsaved work",
    DiscardRecovery: "Discard unsaved work",
}


def job_title(job: Job) -> str:
    """What a job does, in a few harmless words."""
    return harmless(_title(job))


def _title(job: Job) -> str:
    match job:
        case LoadModel(name_or_path=name):
            return f"Load the model {Path(name).name}" if name else "Load the model"
        case Write(facts=facts, documents=documents):
            parts = [plural(len(facts), "fact")] * bool(facts) + [plural(len(documents), "document")] * bool(documents)
            return f"Write {' and '.join(parts) or 'nothing'}"
        case Query(prompt=prompt):
            return f"Ask “{shortened(prompt)}”"
        case OpenMemory(path=path):
            return f"Open {path.stem}"
        case InspectMemory(path=path):
            return f"Look into {path.stem}"
        case DeleteMemory(path=path):
            return f"Delete {path.stem}"
        case MergeMemories(paths=paths):
            return f"Merge {plural(len(paths), 'memory')}"
        case ForgetItems(indices=indices):
            return f"Forget {plural(len(indices), 'item')}"
        case SetLayer(number=number, enabled=enabled):
            return f"Switch layer {number} {'on' if enabled else 'off'}"
    return _TITLES.get(type(job), type(job).__name__)
