"""The program from Python: load a model, write a memory, ask it, save it.

    import bdh_workbench as bdh

    model = bdh.load()
    memory = bdh.write(model, documents=["The mill in Brant grinds rye."], facts=[("The capital of Orm is", "Pell")])
    bdh.ask(model, memory, "What is the capital of Orm?").answer
    memory.save("orm.safetensors")

Everything here is also an attribute of the package, and is imported when it is first used: ``import bdh_workbench``
loads neither torch nor Qt. An error that a user can cause is a ``UserError``, one sentence that says what to do.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bdh_workbench.asking import ask as asking
from bdh_workbench.asking.answers import Answer, Heard, Scored
from bdh_workbench.asking.kinds import AsKind
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.files import read_inputs
from bdh_workbench.inputs.items import Fact, TextDocument, composed
from bdh_workbench.inputs.prose import title_of
from bdh_workbench.memory.files.memory_file import load_memory_of, save_memory
from bdh_workbench.memory.settings import ReadSettings, SamplingSettings, WriteSettings
from bdh_workbench.memory.store import manage, state
from bdh_workbench.memory.store.banks import Bases
from bdh_workbench.memory.store.state import ItemRecord, LayerRecord
from bdh_workbench.memory.writing.event import WriteEvent
from bdh_workbench.memory.writing.given import compare, write_new
from bdh_workbench.memory.writing.writer import finish
from bdh_workbench.model.device import DeviceName, choose_device
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sources import Sources
from bdh_workbench.session.records.views import TextInspection
from bdh_workbench.session.tasks import heat, inspecting
from bdh_workbench.wording import plural, shortened

__all__ = [
    "Answer",
    "Fact",
    "Memory",
    "Model",
    "ReadSettings",
    "Recital",
    "SamplingSettings",
    "Scored",
    "TextDocument",
    "TextInspection",
    "UserError",
    "WriteEvent",
    "WriteSettings",
    "ask",
    "inspect",
    "load",
    "open",
    "recite",
    "score",
    "write",
    "write_steps",
]

FilePath = str | os.PathLike[str]
GivenFact = Fact | tuple[str, str] | Path
GivenDocument = TextDocument | str | tuple[str, str] | Path
Progress = bool | Callable[[WriteEvent], object]


class Memory:
    """What was written with a model. A memory never changes: whatever changes one returns another.

    Attributes:
        value: the memory as the rest of the program knows it.
        notes: what the write that made it replaced, left out or found already stored, in sentences.
    """

    __slots__ = ("_bases", "_reader", "_sources", "notes", "value")

    def __init__(self, value: state.Memory, notes: tuple[str, ...] = (), bases: Bases | None = None) -> None:
        """Wrap a memory; ``bases`` as its write returned them, so that the next write need not compute them again."""
        self.value, self.notes, self._bases = value, notes, bases
        self._reader: Reader | None = None
        self._sources = Sources(value)

    @property
    def title(self) -> str:
        """Made from what was written, or given to ``write``."""
        return self.value.title

    @property
    def items(self) -> tuple[ItemRecord, ...]:
        """The facts and documents, each with its probability before and after its write."""
        return self.value.items

    @property
    def layers(self) -> tuple[LayerRecord, ...]:
        """The history: one layer for each write, with its losses over the steps (``layers[-1].history``)."""
        return self.value.layers

    @property
    def fill(self) -> float:
        """How much of what this machine has room for is used, from 0 to 1."""
        return self.value.fill

    def save(self, path: FilePath) -> None:
        """Write a memory file; a crash leaves either the old file or the new one.

        Raises:
            UserError: when the file cannot be written; the old one is then as it was.
        """
        save_memory(Path(path), self.value)

    def forget(self, *items: str | int) -> Memory:
        """The memory without some items.

        Args:
            items: each the title or prompt of an item, the beginning of one, or its index in ``items``.

        Raises:
            UserError: when there is no such item, or more than one; the message names those that come near.
        """
        return Memory(manage.forget(self.value, items))

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        facts = sum(item.kind == "fact" for item in self.items)
        documents = len(self.items) - facts
        counts = f"{plural(facts, 'fact')}, {plural(documents, 'document')}"
        return f"Memory({self.title!r}, {counts}, model {self.value.model_name!r}, fill {self.fill:.2%})"

    def _read_by(self, model: Model) -> Reader:
        """A reader of this memory; mounting it takes a while, so it is kept for the next question."""
        if self._reader is None or self._reader.model is not model:
            self._reader = Reader(model, self.value)
        return self._reader


@dataclass(frozen=True, slots=True, repr=False)
class Recital:
    """A stored text as the memory recites it.

    Attributes:
        text: of the item; of a fact its prompt and answer.
        tokens: (start, end, p) of each: its characters in ``text``, and its probability given the true ones before it.
    """

    text: str
    tokens: tuple[tuple[int, int, float], ...]

    @property
    def worst_p(self) -> float:
        """The smallest probability; 1 where there are no tokens."""
        return min((p for _, _, p in self.tokens), default=1.0)

    def __repr__(self) -> str:
        return f"Recital({shortened(self.text, 40)!r}, {len(self.tokens)} tokens, worst p {self.worst_p:.4f})"


def load(name: str | None = None, device: DeviceName = "auto") -> Model:
    """Load a model, frozen.

    Args:
        name: of a bundled model, or a model folder; the default model if None.
        device: what it runs on; "auto" takes a GPU if there is one.

    Raises:
        UserError: when there is no such model or device, or a file of the model is damaged.
    """
    return load_model(name, choose_device(device))


def open(model: Model, path: FilePath) -> Memory:
    """Open a memory file.

    Raises:
        UserError: when there is none, it is damaged, or it was written with another model.
    """
    return Memory(load_memory_of(Path(path), model))


def write_steps(
    model: Model,
    *,
    documents: Iterable[GivenDocument] = (),
    facts: Iterable[GivenFact] = (),
    into: Memory | None = None,
    settings: WriteSettings | None = None,
    title: str | None = None,
) -> Generator[WriteEvent, None, Memory]:
    """Write step by step, for those who want to see or stop each one; ``write`` does it in one call.

    Not asking for the next step pauses the write, and closing the generator cancels it: ``into`` never changes.

    Args:
        model: that the memory is of.
        documents: texts, each a string, a (title, text) pair, a ``TextDocument``, or the ``Path`` of a file or folder.
        facts: each a (prompt, answer) pair, a ``Fact``, or the ``Path`` of a file with facts.
        into: a memory that is extended; None for a new one.
        settings: of the write.
        title: of the memory; made from what is written if None.

    Yields:
        What each step came to: losses, probabilities, time left.

    Returns:
        The new memory, with notes on what was replaced or left out.

    Raises:
        UserError: when there is nothing to write, it contradicts itself, a file cannot be read, or it is far too much.
    """
    settings = settings or WriteSettings()
    given_facts, given_documents, notes = _given(facts, documents)
    held = into.value if into is not None else None
    new = compare(model, held, given_facts, given_documents, settings)
    notes += [f"{head}: {names}." for head, names in new.notes()]
    result = yield from write_new(model, held, new, settings, into._bases if into is not None else None)
    value = result.memory
    if title is not None:
        value = dataclasses.replace(value, title=composed(" ".join(title.split())))
    left_out = result.summary.ambiguous + result.summary.unlearnt
    if left_out:
        notes.append(f"Left out: {left_out} positions that no memory can make certain.")
    return Memory(value, tuple(notes), result.bases)


def write(
    model: Model,
    *,
    documents: Iterable[GivenDocument] = (),
    facts: Iterable[GivenFact] = (),
    into: Memory | None = None,
    settings: WriteSettings | None = None,
    title: str | None = None,
    progress: Progress = False,
) -> Memory:
    """Write documents and facts into a memory.

    Args:
        model: as for ``write_steps``, and so are the others.
        documents: to write.
        facts: to write.
        into: a memory that is extended.
        settings: of the write.
        title: of the memory.
        progress: True shows a bar (needs tqdm); a function is called with the event of each step.

    Raises:
        UserError: as ``write_steps``, or when a bar is asked for and tqdm is not installed.
    """
    steps = write_steps(model, documents=documents, facts=facts, into=into, settings=settings, title=title)
    with _shown(progress) as show, contextlib.closing(steps):
        return finish(steps, show)


def ask(
    model: Model,
    memory: Memory | None,
    prompt: str,
    *,
    kind: AsKind = "auto",
    sampling: SamplingSettings | None = None,
    reading: ReadSettings | None = None,
    top: int = 5,
    after: Answer | None = None,
    heard: Callable[[Heard], None] = lambda heard: None,
) -> Answer:
    """Ask a question, or let the beginning of a sentence be continued.

    Args:
        model: that the memory was written with.
        memory: that answers; None asks the model alone.
        prompt: a question, the beginning of a sentence, or a sentence with a gap.
        kind: of prompt; "auto" decides by the prompt.
        sampling: how tokens are chosen; the most probable one if None.
        reading: how the memory is read.
        top: how many of the most probable first tokens are given.
        after: the answer before, for a question that only says "it" or "she".
        heard: called with each token of a continuation as soon as it is known.

    Returns:
        The answer with its sentence, its source and how sure it is. ``abstained`` says that nothing in the memory
        answers.

    Raises:
        UserError: for an empty prompt, or a memory of another model.
    """
    reader, sources = _reading(model, memory)
    if reading is not None:
        reader = reader.with_settings(reading)
    last = after.place if after is not None else None
    return asking.ask(reader, prompt, sampling, sources=sources, kind=kind, top=top, last=last, heard=heard)


def score(model: Model, memory: Memory | None, prompt: str, answer: str) -> Scored:
    """How probable an answer is after a prompt.

    Raises:
        UserError: for an empty prompt, or a memory of another model.
    """
    reader, sources = _reading(model, memory)
    return asking.score_answer(reader, prompt, answer, sources)


def recite(model: Model, memory: Memory, item: str | int) -> Recital:
    """How surely a stored text is recited, token by token.

    Args:
        model: that the memory was written with.
        memory: that holds the item.
        item: its title or prompt, the beginning of one, or its index in ``memory.items``.

    Raises:
        UserError: when there is no such item or more than one, or a memory of another model.
    """
    number = manage.find_items(memory.value, item)[0]
    record = memory.items[number]
    tokens = heat.recite(_reading(model, memory)[0], record, lambda tokens, done: None)
    return Recital(heat.item_text(record), tuple((token.start, token.stop, token.p) for token in tokens))


def inspect(model: Model, memory: Memory | None, text: str) -> TextInspection:
    """How a text is read, token by token: what each gate lets through, sparsity, familiarity, sources.

    Raises:
        UserError: when the text is empty or too long, or the memory is of another model.
    """
    reader, sources = _reading(model, memory)
    return inspecting.inspect_text(reader, sources, text)


def _reading(model: Model, memory: Memory | None) -> tuple[Reader, Sources]:
    if memory is None:
        return Reader(model), Sources(None)
    return memory._read_by(model), memory._sources


def _given(
    facts: Iterable[GivenFact], documents: Iterable[GivenDocument]
) -> tuple[list[Fact], list[TextDocument], list[str]]:
    """Facts and documents in all the forms that they may be given in, and notes on the files among them."""
    for what, values in (("facts", facts), ("documents", documents)):
        if isinstance(values, str | bytes | os.PathLike):
            raise UserError(f"Give {what} as a list, even if there is only one.")
    facts, documents = list(facts), list(documents)
    files = read_inputs(
        [fact for fact in facts if isinstance(fact, Path)],
        [document for document in documents if isinstance(document, Path)],
    )
    found_facts = [_fact(fact) for fact in facts if not isinstance(fact, Path)]
    found_documents = [_document(document) for document in documents if not isinstance(document, Path)]
    return [*found_facts, *files.facts], [*found_documents, *files.documents], files.notes()


def _fact(given: Fact | tuple[str, str]) -> Fact:
    return given if isinstance(given, Fact) else Fact(*_pair(given, "fact", "(prompt, answer)"))


def _document(given: TextDocument | str | tuple[str, str]) -> TextDocument:
    if isinstance(given, str):
        return TextDocument(title_of(given) or "Document", given)
    if isinstance(given, TextDocument):
        return given
    return TextDocument(*_pair(given, "document", "(title, text), or a text alone"))


def _pair(value: tuple[str, str], what: str, form: str) -> tuple[str, str]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise UserError(f"A {what} must be given as {form}, not as {value!r:.60}.")
    return value[0], value[1]


@contextlib.contextmanager
def _shown(progress: Progress) -> Iterator[Callable[[WriteEvent], object]]:
    """What is called with each event: the given function, a bar, or nothing."""
    if not isinstance(progress, bool):
        yield progress
        return
    if not progress:
        yield lambda event: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise UserError("A progress bar needs tqdm: install it, or give progress a function.") from None
    with tqdm(unit="step", desc="Writing") as bar:

        def show(event: WriteEvent) -> None:
            bar.total = event.steps
            bar.set_postfix_str(f"{event.phase}, worst p {event.worst_p:.4f}", refresh=False)
            bar.update(event.step - bar.n)

        yield show
