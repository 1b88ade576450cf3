from __future__ import annotations

import dataclasses
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch

from bdh_workbench.asking.answers import Answer
from bdh_workbench.asking.ask import ask, score_answer
from bdh_workbench.evaluation.retention import measure_retention
from bdh_workbench.inputs.items import Fact
from bdh_workbench.memory.files.memory_file import load_memory, save_memory
from bdh_workbench.memory.settings import ReadSettings, SamplingSettings, WriteSettings
from bdh_workbench.memory.writing.encoding import write_items
from bdh_workbench.memory.writing.writer import empty_memory, finish, write
from bdh_workbench.model import loading as loading_module
from bdh_workbench.model.loading import Model
from bdh_workbench.model.tokenizer import load_tokenizer
from bdh_workbench.reading.reader import PURE, Reader
from bdh_workbench.session import Session
from bdh_workbench.session.records.events import (
    AnswerDone,
    DeviceMemory,
    Estimated,
    Event,
    JobCancelled,
    JobProgress,
    MemoryChanged,
    ModelChanged,
    RetentionStepped,
    TextInspected,
    TokenRead,
    WriteStepped,
)
from bdh_workbench.session.records.jobs import (
    EstimateWrite,
    InspectText,
    LoadModel,
    NewMemory,
    OpenMemory,
    Query,
    Redo,
    RetentionRun,
    SaveMemory,
    SetLayer,
    Undo,
    Write,
)
from bdh_workbench.session.records.views import TextInspection
from bdh_workbench.session.tasks.inspecting import gates_closed
from tests.core_factory import DOCUMENT, FACTS, OTHER_DOCUMENT
from tests.model_factory import save_tiny_model
from tests.session.session_factory import Fast, Record, done, failed, real_session

pytestmark = pytest.mark.usefixtures("short_answers")
SETTINGS = WriteSettings(framings=0)


def answered(session: Session, record: Record, job: Query) -> AnswerDone:
    done(session, record, job)
    found: AnswerDone = record.all(AnswerDone)[-1]
    return found


def answer(session: Session, record: Record, job: Query) -> Answer:
    return answered(session, record, job).answer


def test_load_write_ask_undo_redo_save_and_open(tmp_path: Path, model_folder: Path, model: Model) -> None:
    with real_session(tmp_path) as (session, record):
        assert failed(session, record, Write(FACTS)).message == "No model is loaded: choose one first."
        done(session, record, LoadModel(str(model_folder), "cpu"))
        info = record.all(ModelChanged)[-1].info
        assert info.fingerprint == model.fingerprint and info.parameters == model.parameters
        assert info.sites[-1].written and len(info.sites) == len(model.network.sites) + 1
        assert [event.fraction for event in record.all(JobProgress)][-1] == 1.0

        done(session, record, EstimateWrite(FACTS, (DOCUMENT,), SETTINGS))
        estimated: Estimated = record.all(Estimated)[-1]
        items = write_items(FACTS, (DOCUMENT,), model, SETTINGS)
        assert estimated.rows == sum(len(item.ids) - item.first for item in items)
        job = session.submit(Write(FACTS, (DOCUMENT,), SETTINGS))
        summary = record.end(job).result
        view = record.all(MemoryChanged)[-1].view
        assert estimated.fits and estimated.fill_before == 0.0 and 0 < view.fill <= estimated.fill_after
        assert summary.summary.worst_p > 0.9 and summary.fill == view.fill and summary.summary.steps > 0
        assert len(view.items) == 7 and view.dirty and view.can_undo and view.path is None
        steps = [event for event in record.all(WriteStepped) if event.job == job]
        assert steps[-1].event.phase == "done" and len(steps[-1].event.item_p) == 7
        assert steps[0].labels == (*(fact.prompt for fact in FACTS), DOCUMENT.title)
        assert len(steps[0].shares) == len(model.network.sites)
        assert record.all(DeviceMemory)

        answering = answered(session, record, Query(FACTS[0].prompt))
        said = answering.answer
        assert said.completion.strip() == said.answer == FACTS[0].answer and said.ended and not said.abstained
        assert said.source is not None and said.source.item == 0
        assert said.untouched not in (None, said.completion)
        tokens = [event for event in record.all(TokenRead) if event.job == answering.job]
        assert "".join(event.text for event in tokens) == said.completion
        assert tokens[0].top == said.top and tokens[0].untouched_top == said.untouched_top != said.top

        path = done(session, record, SaveMemory())
        done(session, record, Undo())
        view = record.all(MemoryChanged)[-1].view
        assert not view.items and view.can_redo and view.dirty
        alone = answer(session, record, Query(FACTS[0].prompt))
        assert said.untouched is not None and alone.completion.startswith(said.untouched) and not alone.abstained
        done(session, record, Redo())
        assert not record.all(MemoryChanged)[-1].view.dirty

    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, OpenMemory(path))
        again = answer(session, record, Query(FACTS[0].prompt))
        assert again == said


def test_a_first_write_that_was_saved_and_taken_back_can_be_saved_again(tmp_path: Path, model_folder: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, Write(FACTS[:1], (), SETTINGS))
        done(session, record, Undo())
        assert not record.all(MemoryChanged)[-1].view.dirty, "nothing was saved yet, and there is nothing to save"
        done(session, record, Redo())
        path = done(session, record, SaveMemory(title="A title"))
        done(session, record, Undo())
        view = record.all(MemoryChanged)[-1].view
        assert view.dirty and not view.items and view.title == "A title" and view.path == path
        assert done(session, record, SaveMemory()) == path
        assert not record.all(MemoryChanged)[-1].view.dirty and not load_memory(path).items
        assert answer(session, record, Query(FACTS[0].prompt)).source is None
        done(session, record, Redo())
        assert record.all(MemoryChanged)[-1].view.dirty
        done(session, record, SaveMemory())
        assert len(load_memory(path).items) == 1


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Path:
    """A memory file of the tiny model: facts in one layer, a document in another."""
    memory = finish(write(model, empty_memory(model), FACTS, (), SETTINGS)).memory
    memory = finish(write(model, memory, (), (DOCUMENT,), SETTINGS)).memory
    path = tmp_path_factory.mktemp("memory") / "written.safetensors"
    save_memory(path, memory)
    return path


def test_answers_are_those_of_the_command_line(tmp_path: Path, model_folder: Path, model: Model, written: Path) -> None:
    memory = load_memory(written)
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, OpenMemory(written))
        for prompt in (FACTS[1].prompt, "The lighthouse of", "Something else altogether", "ü 🜚"):
            for read in (ReadSettings(), ReadSettings(gate=False, completion=False)):
                own = answer(session, record, Query(prompt, SamplingSettings(max_tokens=12), read))
                reader = Reader(model, memory) if read.gate else Reader(model, memory, PURE)
                assert own == ask(reader, prompt, SamplingSettings(max_tokens=12), top=10, untouched=True)
        assert failed(session, record, Query("")).message.startswith("The prompt is empty")
        told = answered(session, record, Query(FACTS[1].prompt, expected=FACTS[1].answer)).expected
        assert told is not None and told == score_answer(Reader(model, memory), FACTS[1].prompt, FACTS[1].answer)
        assert told.greedy_correct and told.p > 0.9
        other_answer = answered(session, record, Query(FACTS[1].prompt, expected="nonsense")).expected
        assert other_answer is not None and not other_answer.greedy_correct and other_answer.p < 0.1


def test_a_word_is_the_same_word_however_its_characters_were_typed(
    tmp_path: Path, model_folder: Path, model: Model
) -> None:
    whole = "The café of Zürich sells"
    parts = unicodedata.normalize("NFD", whole)
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        for written in (whole, parts):
            done(session, record, NewMemory())
            done(session, record, Write((Fact(written, unicodedata.normalize("NFD", "Änisbrötli")),), (), SETTINGS))
            for asked in (whole, parts):
                event = answered(session, record, Query(asked, expected=unicodedata.normalize("NFD", "Änisbrötli")))
                said = event.answer
                assert said.completion == " Änisbrötli" and said.source is not None and said.prompt == whole
                assert event.expected is not None and event.expected.greedy_correct
                done(session, record, InspectText(asked))
                assert "".join(record.all(TextInspected)[-1].view.tokens) == whole
        memory = load_memory(done(session, record, SaveMemory()))
        reader = Reader(model, memory)
        assert ask(reader, parts).completion == " Änisbrötli"
        assert score_answer(reader, parts, "A\u0308nisbro\u0308tli").p > 0.9
        # Half a character can be typed, but neither read nor kept.
        assert answer(session, record, Query("half \ud800")).prompt == "half ?"


def test_going_on_from_an_answer(tmp_path: Path, model_folder: Path, written: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, OpenMemory(written))
        six = SamplingSettings(max_tokens=6)
        whole = answer(session, record, Query("The lighthouse of", SamplingSettings(max_tokens=12)))
        first = answer(session, record, Query("The lighthouse of", six, compare_untouched=False))
        second = answer(session, record, Query("", six, continue_from=True, compare_untouched=False))
        assert first.completion + second.completion == whole.completion
        assert first.untouched is None and first.untouched_top == ()


def test_looking_at_a_text(tmp_path: Path, model_folder: Path, model: Model, written: Path) -> None:
    text = FACTS[0].prompt + " ü"
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, InspectText(text))
        before: TextInspection = record.all(TextInspected)[-1].view
        done(session, record, OpenMemory(written))
        done(session, record, InspectText(text))
        view: TextInspection = record.all(TextInspected)[-1].view
        assert "".join(view.tokens) == text
        count, sites = len(view.tokens), len(model.network.sites)
        assert view.slow.shape == view.fast.shape == (sites + 1, count)
        assert view.sparsity.shape == (model.config.levels, count)
        assert all(array.dtype == np.float32 for array in (view.slow, view.fast, view.sparsity, view.active))
        assert np.isfinite(view.slow).all() and (view.slow[:-1] > 0).all() and view.fast[0, 0] == 0.0
        assert np.array_equal(view.slow[-1], view.written) and view.written.max() > 0 and before.written.max() == 0
        end = len(FACTS[0].prompt) - 1
        match = view.matches[end][0]
        assert match.source.item == 0 and match.cosine == pytest.approx(1.0, abs=1e-3)
        assert match.address_cosine == pytest.approx(1.0, abs=1e-3) and view.sources[end] is not None
        assert [one.name for one in view.distributions] == ["all", "slow off", "fast off", "written off"]
        assert all(len(one.top) == len(one.p) == 10 for one in view.distributions)
        assert view.distributions[0].p == tuple(p for _, p in view.distributions[0].top)
        assert view.distributions[1].top != view.distributions[0].top
        everything = dict(view.distributions[0].top)
        for one in view.distributions:
            assert len(one.before) == 10 and max(one.before) <= max(everything.values())
            assert all(
                before == everything[text]
                for (text, _), before in zip(one.top, one.before, strict=True)
                if text.isascii() and text in everything
            )
        assert view.distributions[3].p != view.distributions[0].p or view.written[-1] == 0
        assert "keep to" in failed(session, record, InspectText("a" * 5000)).message
        assert "no text" in failed(session, record, InspectText("")).message
        # A long text goes through in parts, and the gates are as they were.
        done(session, record, InspectText("word " * 200))
        long: TextInspection = record.all(TextInspected)[-1].view
        assert long.slow.shape == (sites + 1, 1000) and long.sparsity.shape[1] == 1000
        done(session, record, InspectText(text))
        assert record.all(TextInspected)[-1].view.distributions == view.distributions


def test_a_space_behind_a_question_changes_nothing(tmp_path: Path, model_folder: Path, written: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, OpenMemory(written))
        plain, spaced = (answer(session, record, Query(FACTS[1].prompt + behind)) for behind in ("", "  "))
        assert (spaced.prompt, spaced.completion) == (plain.prompt, plain.completion)
        assert spaced.source == plain.source and spaced.familiarity == plain.familiarity
        assert "empty" in failed(session, record, Query("   ")).message


def test_gates_are_opened_again_whatever_happens(model: Model) -> None:
    gates = [gate for name, gate in model.network.named_parameters() if name.endswith("gate_slow")]
    before = [gate.clone() for gate in gates]
    with pytest.raises(ValueError, match="on purpose"), gates_closed(model, "gate_slow"):
        assert gates and all(float(gate) == 0.0 for gate in gates)
        raise ValueError("on purpose")
    assert all(torch.equal(gate, value) for gate, value in zip(gates, before, strict=True))


def test_with_every_layer_off_nothing_is_read(tmp_path: Path, model_folder: Path, written: Path) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, OpenMemory(written))
        done(session, record, SetLayer(1, False))
        done(session, record, SetLayer(2, False))
        said = answer(session, record, Query(FACTS[0].prompt))
        assert said.abstained and said.source is None and said.completion == said.untouched
        done(session, record, InspectText(FACTS[0].prompt))


def test_a_retention_run_leaves_the_memory_alone(tmp_path: Path, model_folder: Path, model: Model) -> None:
    documents = (DOCUMENT, OTHER_DOCUMENT)
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))
        assert "no documents" in failed(session, record, RetentionRun()).message
        done(session, record, RetentionRun(documents, SETTINGS))
        rows = record.all(RetentionStepped)
        expected = measure_retention(model, documents, SETTINGS, lambda _, __: None)
        assert [len(row.matrix) for row in rows] == [1, 2]
        assert rows[-1].matrix[1] == pytest.approx(tuple(expected.matrix[1])) and rows[-1].titles[0] == DOCUMENT.title
        assert rows[-1].matrix[0] == (1.0,)
        assert not record.all(MemoryChanged)[-1].view.items
        done(session, record, Write((), documents, SETTINGS))
        done(session, record, RetentionRun(settings=SETTINGS))
        assert record.all(RetentionStepped)[-1].titles == (DOCUMENT.title, OTHER_DOCUMENT.title)


def test_a_cancelled_load_leaves_the_model_in_place(
    tmp_path: Path, model_folder: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(model_folder), "cpu"))

        def cancelled_meanwhile(path: Path) -> object:
            session.cancel_all()
            return load_tokenizer(path)

        with monkeypatch.context() as patch:
            patch.setattr(loading_module, "load_tokenizer", cancelled_meanwhile)
            assert isinstance(record.end(session.submit(LoadModel(str(model_folder), "cpu"))), JobCancelled)
        assert failed(session, record, LoadModel(str(tmp_path), "cpu")).message
        assert len(record.all(ModelChanged)) == 1
        done(session, record, Query("The", SamplingSettings(max_tokens=1)))


def test_a_cancelled_write_leaves_the_memory_as_it_was(tmp_path: Path, model_folder: Path, written: Path) -> None:
    record = Record()
    sessions: list[Session] = []

    def emit(event: Event) -> None:
        record(event)
        if isinstance(event, WriteStepped) and event.event.step == 3:
            sessions[0].cancel(event.job)

    sessions.append(Session(emit, tmp_path, clock=Fast()))
    session = sessions[0]
    done(session, record, LoadModel(str(model_folder), "cpu"))
    done(session, record, OpenMemory(written))
    before = record.all(MemoryChanged)[-1]
    assert isinstance(record.end(session.submit(Write((), (OTHER_DOCUMENT,), SETTINGS))), JobCancelled)
    assert record.all(MemoryChanged)[-1] is before and not list((tmp_path / "recovery").glob("*"))
    other, refuse = dataclasses.replace(FACTS[0], answer="Nowhere"), dataclasses.replace(SETTINGS, on_conflict="refuse")
    assert "“Nowhere” against “Orm”" in failed(session, record, Write((other,), (), refuse)).message
    assert record.all(MemoryChanged)[-1] is before
    done(session, record, NewMemory())
    assert session.close(60.0)


def test_a_memory_of_another_model_is_refused(tmp_path: Path, model_folder: Path, written: Path) -> None:
    other = save_tiny_model(tmp_path / "other", seed=5)
    with real_session(tmp_path) as (session, record):
        done(session, record, LoadModel(str(other), "cpu"))
        assert "belongs to the model" in failed(session, record, OpenMemory(written)).message
        done(session, record, LoadModel(str(model_folder), "cpu"))
        done(session, record, OpenMemory(written))
        done(session, record, LoadModel(str(other), "cpu"))
        assert "load its own model" in failed(session, record, Query("The")).message
        assert "or start a new memory" in failed(session, record, Write(FACTS)).message
