"""The front door for Python: its page and its notebook run as they stand, and importing it costs nothing."""

from __future__ import annotations

import doctest
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bdh_workbench as bdh
from bdh_workbench import api
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.sentence_evidence import Place
from tests.core_factory import tiny_model

ROOT = Path(__file__).resolve().parent.parent
PAGE, NOTEBOOK = ROOT / "docs" / "python.md", ROOT / "docs" / "notebooks" / "write.ipynb"
FACT = ("The capital of Orm is", "Quill")
FEW = bdh.SamplingSettings(max_tokens=4)
pytestmark = pytest.mark.usefixtures("short_answers")


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model()


@pytest.fixture(scope="module")
def memory(model: Model) -> bdh.Memory:
    return bdh.write(model, facts=[FACT], documents=[("Mill", "A mill in Brant grinds rye.")])


def test_the_examples_of_the_page_give_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = doctest.DocTestParser().get_doctest(PAGE.read_text(encoding="utf-8"), {}, "python.md", str(PAGE), 0)
    assert len(page.examples) > 20
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(page, out=said.append)
    assert result.failed == 0, "".join(said)


def test_the_notebook_runs_and_draws(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib").use("agg")
    import matplotlib.pyplot as plt

    plt.close("all")
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert not cell["outputs"], "a notebook is committed without its outputs"
            exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)
    figures = [plt.figure(number) for number in plt.get_fignums()]
    loss, gates, recital = (figure.axes for figure in figures)
    assert loss[0].lines and loss[0].get_ylabel() == "loss (nats)"
    assert gates[0].images and recital[0].texts
    for figure in figures:
        figure.canvas.draw()
    plt.close("all")
    assert "Tilda Quance" in capsys.readouterr().out


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, bdh_workbench as bdh; dir(bdh); print('torch' in sys.modules); bdh.load"
    code += "; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_package_and_module_offer_the_same() -> None:
    assert sorted(bdh.__all__) == sorted(api.__all__)
    assert all(getattr(bdh, name) is getattr(api, name) for name in api.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        bdh.nonsense  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("name", api.__all__)
def test_everything_offered_says_what_it_is(name: str) -> None:
    assert inspect.getdoc(getattr(api, name))


def test_a_generator_and_a_callback_see_the_same_steps(model: Model) -> None:
    seen: list[bdh.WriteEvent] = []
    bdh.write(model, facts=[FACT], progress=seen.append)
    steps = bdh.write_steps(model, facts=[FACT])
    own = []
    while True:
        try:
            own.append(next(steps))
        except StopIteration as stop:
            assert isinstance(stop.value, bdh.Memory)
            break
    assert [(event.phase, event.step) for event in own] == [(event.phase, event.step) for event in seen]


def test_a_memory_gets_a_title_though_nothing_in_it_is_new(model: Model) -> None:
    memory = bdh.write(model, facts=[FACT])
    again = bdh.write(model, facts=[FACT], into=memory, title=" Of the \n mill ")
    assert again.title == "Of the mill" and again.items == memory.items
    assert again.notes == (f"1 fact already stored: “{FACT[0]}”.",)


def test_a_bar_is_shown_when_asked_for(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    bdh.write(model, facts=[FACT], progress=True)
    assert "worst p" in capsys.readouterr().err


def test_a_callback_that_raises_ends_the_write(model: Model) -> None:
    def stop(event: bdh.WriteEvent) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        bdh.write(model, facts=[FACT], progress=stop)


def test_files_are_read_by_their_paths(model: Model, tmp_path: Path) -> None:
    facts, document = tmp_path / "facts.csv", tmp_path / "mill.txt"
    facts.write_text(f"prompt,answer\n{FACT[0]},{FACT[1]}\n", encoding="utf-8")
    document.write_text("A mill in Brant grinds rye.", encoding="utf-8")
    memory = bdh.write(model, facts=[facts], documents=[document])
    assert [(item.kind, item.title) for item in memory.items] == [("fact", FACT[0]), ("document", "mill")]


def test_what_is_stored_already_is_not_written_again(model: Model, memory: bdh.Memory) -> None:
    same = bdh.write(model, facts=[FACT], into=memory)
    assert same.value is memory.value and same.notes == ("1 fact already stored: “The capital of Orm is”.",)


def test_a_question_may_go_on_from_the_answer_before(
    model: Model, memory: bdh.Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bdh.ask(model, memory, "A mill in Brant", kind="beginning")
    assert first.place == Place(next(n for n, item in enumerate(memory.items) if item.kind == "document"), 0)
    given: list[object] = []
    original = api.asking.ask

    def noted(*arguments: object, **options: object) -> bdh.Answer:
        given.append(options["last"])
        return original(*arguments, **options)

    monkeypatch.setattr(api.asking, "ask", noted)
    bdh.ask(model, memory, "What does it grind?", sampling=FEW, after=first)
    bdh.ask(model, memory, "What does it grind?", sampling=FEW)
    assert given == [first.place, None]


def test_the_next_write_extends_and_leaves_the_first_alone(model: Model, memory: bdh.Memory) -> None:
    more = bdh.write(model, facts=[("The colour of Orm is", "blue")], into=memory)
    assert (len(memory), len(more), len(more.layers)) == (2, 3, 2)
    assert bdh.ask(model, more, "The colour of Orm is").answer == "blue"
    assert len(more.forget(0, "Mill")) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "nothing to write"),
        ({"documents": "A text."}, "Give documents as a list"),
        ({"facts": ["A text."]}, "must be given as (prompt, answer)"),
        ({"facts": [("a", "b", "c")]}, "must be given as (prompt, answer)"),
        ({"facts": [("", "b")]}, "The prompt is empty"),
        ({"documents": [Path("nowhere.txt")]}, "nowhere.txt"),
        ({"facts": [("a", "b"), ("a", "c")]}, "“a”"),
    ],
)
def test_a_mistake_is_one_sentence(model: Model, given: dict[str, object], said: str) -> None:
    with pytest.raises(bdh.UserError, match=re.escape(said)):
        bdh.write(model, settings=bdh.WriteSettings(on_conflict="refuse"), **given)  # type: ignore[arg-type]


def test_everything_says_what_it_is_in_a_line(model: Model, memory: bdh.Memory) -> None:
    answers = bdh.ask(model, memory, FACT[0]), bdh.ask(model, None, "A", sampling=FEW)
    shown = [model, memory, bdh.recite(model, memory, 0), *answers]
    for value in shown:
        assert len(repr(value)) < 200 and "\n" not in repr(value)
    assert repr(memory).startswith("Memory('Mill, 1 fact', 1 fact, 1 document, model 'tiny'")
