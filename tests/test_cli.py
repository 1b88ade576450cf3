"""The command line as a contract: options, JSON keys, exit status, and one sentence for whatever goes wrong."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bdh_workbench import cli
from bdh_workbench.asking import ask as asking
from bdh_workbench.asking.answers import Answer
from bdh_workbench.cli import main
from bdh_workbench.commands import common
from bdh_workbench.inputs.items import Fact, Probe, TextDocument
from bdh_workbench.memory.files.memory_file import load_memory, rewrite_labels, save_memory
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.sentence_evidence import Place
from tests.core_factory import FACTS, OTHER_DOCUMENT
from tests.inputs import document_factory
from tests.model_factory import save_documents, save_facts, save_questions

ROOT = Path(__file__).resolve().parent.parent
PROMPT = FACTS[1].prompt  # answered by "Quill"
DOCUMENTS = (
    TextDocument("Mill", "A mill in Brant grinds rye.", (Probe("A mill in Brant grinds", "rye"),)),
    TextDocument("Boat", "The boat of Ines is red.", (Probe("The boat of Ines is", "red"),)),
)
Run = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.usefixtures("short_answers")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Carry out a command line in this process: exit status, standard output, standard error."""

    def go(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return go


@pytest.fixture
def ask(run: Run, model_folder: Path) -> Callable[..., dict[str, Any]]:
    """Carry out a command on the tiny model that must succeed, and return its JSON object."""

    def go(*arguments: object) -> dict[str, Any]:
        status, out, err = run("--model", model_folder, "--json", *arguments)
        assert status == 0, err
        assert out.count("\n") == 1
        found: dict[str, Any] = json.loads(out)
        return found

    return go


def elsewhere(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Carry out a command line in a fresh process."""
    command = [sys.executable, "-m", "bdh_workbench", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


# Writing and asking


def test_what_was_written_is_answered_by_another_process(memory_file: Path, model_folder: Path) -> None:
    done = elsewhere("query", "--memory", memory_file, PROMPT, "--json", "--model", model_folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["completion"].startswith(" Quill")


def test_the_json_of_a_query_has_the_keys_of_the_contract(
    ask: Callable[..., dict[str, Any]], memory_file: Path
) -> None:
    found = ask("query", "--memory", memory_file, PROMPT, "--answer", "Quill", "--top-k", "3")
    assert set(found) >= {"prompt", "completion", "tokens", "top", "familiarity", "source", "abstained", "scored"}
    assert set(found) >= {"mode", "answer", "answer_p", "sentence", "span", "candidates", "cut", "ended"}
    assert (found["mode"], found["kind"], found["answer"]) == ("beginning", "beginning", "Quill")
    assert found["sentence"] == f"{PROMPT} Quill" and found["sentence"][slice(*found["span"])] == "Quill"
    assert found["answer_p"] > 0.9 and found["ended"] is True and found["cut"] is False
    assert set(found["candidates"][0]) >= {"sentence", "source", "p", "answer", "answer_p", "why"}
    assert found["candidates"][0]["answer"] == "Quill" and found["candidates"][0]["source"] == found["source"]
    assert found["prompt"] == PROMPT and found["completion"] == " Quill"
    assert "".join(token["text"] for token in found["tokens"]) == " Quill"
    assert all(0.0 <= token["p"] <= 1.0 for token in found["tokens"])
    assert len(found["top"]) == 3 and set(found["top"][0]) == {"text", "p"}
    assert found["top"][0]["text"] == " " and found["top"][0]["p"] > 0.9
    assert 0.9 < found["familiarity"] <= 1.0 and found["abstained"] is False
    assert found["source"] == {
        "title": PROMPT,
        "kind": "fact",
        "sentence": 1,
        "text": f"{PROMPT} Quill",
        "position": 1,
    }
    answer = found["scored"]
    assert set(answer) >= {"p", "min_token_p", "first_token_p", "greedy_correct"}
    assert answer["greedy_correct"] is True
    assert 0.9 < answer["p"] <= answer["min_token_p"] <= answer["first_token_p"] <= 1.0


def test_without_an_answer_to_score_there_is_none(ask: Callable[..., dict[str, Any]], memory_file: Path) -> None:
    assert "scored" not in ask("query", "--memory", memory_file, PROMPT)
    wrong = ask("query", "--memory", memory_file, PROMPT, "--answer", "Orm")["scored"]
    assert wrong["greedy_correct"] is False and wrong["p"] < 0.1


def test_what_was_not_written_is_left_to_the_model(ask: Callable[..., dict[str, Any]], memory_file: Path) -> None:
    prompt = "Once upon a time"
    found = ask("query", "--memory", memory_file, prompt, "--max-tokens", "4")
    plain = ask("query", prompt, "--max-tokens", "4")
    off = ask("query", "--memory", memory_file, PROMPT, "--no-memory", "--max-tokens", "8")
    assert found["abstained"] is True and found["source"] is None
    assert plain["abstained"] is False and plain["familiarity"] == 0.0
    assert off["abstained"] is False and off["completion"] != " Quill"
    assert (found["completion"], found["top"]) == (plain["completion"], plain["top"])
    assert ask("query", "--memory", memory_file, prompt, "--no-gate")["source"] is not None
    assert ask("query", "--memory", memory_file, PROMPT, "--no-completion")["completion"] == " Quill"


def test_several_prompts_are_asked_one_after_the_other(
    ask: Callable[..., dict[str, Any]], memory_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[Place | None] = []
    real = asking.ask

    def watched(*args: Any, last: Place | None, **options: Any) -> Answer:
        places.append(last)
        return real(*args, last=last, **options)

    monkeypatch.setattr("bdh_workbench.asking.ask.ask", watched)
    alone = ask("query", "--memory", memory_file, PROMPT)
    prompts = (PROMPT, "Once upon a time", FACTS[2].prompt)
    asked = ask("query", "--memory", memory_file, *prompts, "--max-tokens", "8")
    assert set(asked) == {"answers"} and asked["answers"][0] == alone
    assert [each["prompt"] for each in asked["answers"]] == list(prompts)
    # “It” refers to the last answer that there was.
    assert places == [None, None, Place(1, 0), Place(1, 0)]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"\ufeff{PROMPT}\r\n\n  Once upon a time\n{FACTS[2].prompt}"))
    assert ask("query", "--memory", memory_file, "-", "--max-tokens", "8") == asked


def test_in_words_several_answers_repeat_what_they_answer(
    run: Run, memory_file: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common_options = ("--memory", memory_file, "--model", model_folder, "--max-tokens", "8")
    out = run("query", PROMPT, "Once upon a time", *common_options)[1]
    first, second = out.split("\n\n")
    assert first.startswith(f"{PROMPT} Quill\n") and second.startswith("Once upon a time\nNot in this memory.\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("Once upon a time"))
    assert run("query", "-", *common_options)[1] == second


@pytest.mark.parametrize(
    ("prompts", "typed", "status", "said"),
    [
        (("Who", "is", "it?"), "", 2, "put each prompt between quotes"),
        (("Who’s", "서울은", "it?"), "", 2, "put each prompt between quotes"),
        (("Who is it?", "Who else?", "--answer", "Orm"), "", 2, "--answer is for one prompt"),
        (("Who is it?", " "), "", 1, "The prompt is empty"),
        (("-",), " \n\n", 1, "standard input has no prompts"),
    ],
)
def test_prompts_that_cannot_be_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch, prompts: tuple[str, ...], typed: str, status: int, said: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    found, out, err = run("query", *prompts)
    assert (found, out) == (status, "") and said in err


def test_input_that_is_no_text(run: Run, monkeypatch: pytest.MonkeyPatch, model_folder: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8"))
    status, out, err = run("query", "-", "--model", model_folder)
    assert (status, out) == (1, "") and "Standard input is not text in the encoding utf-8." in err


def test_in_words_an_answer_stands_over_its_source(run: Run, memory_file: Path, model_folder: Path) -> None:
    common_options = ("--memory", memory_file, "--model", model_folder)
    status, out, err = run("query", PROMPT, *common_options)
    assert status == 0 and err == ""
    assert out.splitlines()[0] == f"{PROMPT} Quill"
    assert out.splitlines()[1].startswith(f"from the fact “{PROMPT}” · familiarity ")
    _, out, _ = run("query", "Once upon a time", *common_options, "--max-tokens", "2")
    assert out.splitlines()[0] == "Not in this memory." and "familiarity 0." in out and "--no-memory" in out
    alone = run("query", "Once upon a time", "--model", model_folder, "--max-tokens", "2")[1]
    assert "ot in this memory" not in alone and alone.startswith("Once upon a time")
    assert "cut after 2 tokens" in alone


def test_the_source_of_a_document_is_named_by_its_sentence(run: Run, tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "The mill.txt").write_text(OTHER_DOCUMENT.text, encoding="utf-8")
    target = tmp_path / "m.safetensors"
    status, _, _ = run("write", "--document", tmp_path / "The mill.txt", "--memory", target, "--model", model_folder)
    assert status == 0
    _, out, _ = run("query", "A mill in Brant", "--memory", target, "--model", model_folder)
    assert "from “The mill”, sentence 1 · familiarity" in out
    assert "“A mill in Brant [grinds rye.]”" in out, "the sentence stands under it"


def test_sampling_follows_from_its_seed(ask: Callable[..., dict[str, Any]]) -> None:
    def sampled(seed: int) -> str:
        options = ("--temperature", "2", "--sample-top-k", "50", "--top-p", "0.9", "--max-tokens", "8", "--seed", seed)
        return str(ask("query", "Once", *options)["completion"])

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in range(5)}) > 1


def test_the_json_of_a_write(ask: Callable[..., dict[str, Any]], facts_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "m.safetensors"
    found = ask("write", "--facts", facts_file, "--memory", target, "--title", "My  facts")
    assert set(found) >= {
        "memory",
        "title",
        "items",
        "steps",
        "seconds",
        "worst_p",
        "median_p",
        "fill",
        "rank",
        "bytes",
    }
    assert found["memory"] == str(target) and found["title"] == "My facts"
    assert (found["facts"], found["documents"], found["items"], found["layers"]) == (6, 0, 6, 1)
    assert found["worst_p"] > 0.9 and found["bytes"] == target.stat().st_size
    assert load_memory(target).title == "My facts"


def test_documents_of_every_kind_and_folders_are_written(
    ask: Callable[..., dict[str, Any]], run: Run, tmp_path: Path, model_folder: Path
) -> None:
    folder, out = tmp_path / "notes", tmp_path / "m.safetensors"
    folder.mkdir()
    for suffix, content in document_factory.seeds().items():
        (folder / f"{suffix[1:]}{suffix}").write_bytes(content)
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "cafe.txt").write_bytes("Le café d'Ostréval a été bâti près de la forêt.".encode("cp1252"))
    given = (
        "write",
        "--document",
        folder,
        tmp_path / "cafe.txt",
        "--memory",
        out,
        "--overwrite",
        "--on-conflict",
        "both",
    )
    found = ask(*given)
    assert found["documents"] == 5 and len(found["twice"]) == 1, "two of them are the same text"
    kinds = {file["kind"]: file for file in found["files"]}
    assert kinds.keys() == {"pdf", "docx", "odt", "html", "epub", "text", ""}
    assert kinds[""]["skipped"].endswith("photo.png is a binary file, not text.")
    assert (kinds["text"]["encoding"], kinds["text"]["detected"]) == ("Windows-1252", True)
    code, said, _ = run(*given, "--model", model_folder)
    assert code == 0 and "cafe.txt: read as Windows-1252, which was detected from its letters." in said
    assert "Skipped 1 file that could not be read:" in said and "photo.png is a binary file" in said


def test_columns_of_a_table_are_guessed_or_chosen_and_said(
    ask: Callable[..., dict[str, Any]], run: Run, tmp_path: Path, model_folder: Path
) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "m.safetensors"
    table.write_text("id;Frage;Antwort\n1;The mayor is;Quill\n2;The bell is;brass\n", encoding="utf-8")
    assert ask("write", "--facts", table, "--memory", out)["files"][0]["columns"] == ["Frage", "Antwort"]
    chosen = ask("write", "--facts", table, "--columns", "Antwort,Frage", "--memory", out, "--overwrite")
    assert chosen["facts"] == 2 and chosen["files"][0]["columns"] == ["Antwort", "Frage"]
    code, said, _ = run(
        "write", "--facts", table, "--columns", "1,3", "--memory", out, "--overwrite", "--model", model_folder
    )
    assert code == 0 and "t.csv: prompt from column “id” and answer from column “Antwort”." in said
    for wrong in ("3", "1,1", "1,,2", "1,2,3,4"):
        assert run("write", "--facts", table, "--columns", wrong, "--memory", out)[0] == 2
    assert run("write", "--document", table, "--columns", "1,2", "--memory", out)[0] == 2


def test_a_memory_is_extended_and_the_old_one_is_left(
    ask: Callable[..., dict[str, Any]], memory_file: Path, tmp_path: Path
) -> None:
    before = memory_file.read_bytes()
    more = save_facts(tmp_path / "more.json", [Fact("The tallest tower is in", "Ulm")])
    again = save_facts(tmp_path / "again.json", [Fact("The tallest tower is in", "Ulm", ("The tower stands in",))])
    texts = save_documents(tmp_path / "texts.json", DOCUMENTS)
    target = tmp_path / "m2.safetensors"
    found = ask(
        "write", "--into", memory_file, "--facts", more, again, "--document", texts, "--facts", more, "--memory", target
    )
    assert (found["facts"], found["documents"], found["items"], found["layers"]) == (1, 2, 9, 2)
    assert memory_file.read_bytes() == before
    assert ask("query", "--memory", target, PROMPT)["completion"] == " Quill"
    assert ask("query", "--memory", target, "The tallest tower is in")["completion"] == " Ulm"
    assert ask("query", "--memory", target, "The boat of Ines is")["source"]["title"] == "Boat"


def test_a_memory_may_be_extended_in_place(
    ask: Callable[..., dict[str, Any]], memory_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(memory_file.read_bytes())
    # Composed in the file and typed with a combining accent: the same words to a person.
    facts = save_facts(tmp_path / "f.json", [Fact("The caf\u00e9 of Orm sells", "figs")])
    assert ask("write", "--into", path, "--facts", facts, "--memory", path)["items"] == 7
    assert ask("query", "--memory", path, "The cafe\u0301 of Orm sells")["completion"] == " figs"
    assert ask("query", "--memory", path, PROMPT)["completion"] == " Quill"


def test_the_settings_of_a_write_reach_it(ask: Callable[..., dict[str, Any]], facts_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "m.safetensors"
    ask("write", "--facts", facts_file, "--memory", target, "--method", "direct", "--framings", "0", "--no-words")
    (layer,) = load_memory(target).layers
    assert (layer.settings["method"], layer.settings["framings"], layer.settings["keep_words"]) == ("direct", 0, False)
    assert b"Quill" not in target.read_bytes() and b"river" not in target.read_bytes()
    assert ask("query", "--memory", target, PROMPT)["source"]["text"] is None


def test_paraphrases_are_written_when_asked_and_counted_otherwise(
    ask: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str], tmp_path: Path, model_folder: Path
) -> None:
    facts, target = tmp_path / "f.csv", tmp_path / "m.safetensors"
    facts.write_text(
        "prompt;answer;paraphrases\nThe motto of the club is;pull;Rowers say|They shout\n", encoding="utf-8"
    )
    arguments = ["write", "--facts", str(facts), "--memory", str(target), "--overwrite"]
    assert cli.main([*arguments, "--model", str(model_folder)]) == 0
    assert "2 paraphrases kept for measuring and not written: --write-paraphrases" in capsys.readouterr().out
    kept = ask(*arguments)
    assert (kept["paraphrases"], kept["paraphrases_written"]) == (2, 0)
    assert ask("query", "--memory", target, "Rowers say")["source"] is None
    assert cli.main([*arguments, "--model", str(model_folder), "--write-paraphrases"]) == 0
    assert "Also wrote 2 paraphrases as further wordings" in capsys.readouterr().out
    written = ask(*arguments, "--write-paraphrases")
    assert (written["paraphrases"], written["paraphrases_written"], written["items"]) == (2, 2, 1)
    for prompt in ("The motto of the club is", "Rowers say", "They shout"):
        found = ask("query", "--memory", target, prompt)
        assert found["completion"] == " pull" and found["source"]["title"] == "The motto of the club is"


def test_every_setting_of_a_write_has_an_option() -> None:
    parser = cli.make_parser()
    given = {
        "method": "direct", "on_conflict": "keep", "protect": False, "keep_words": False, "goal": 0.5,
        "write_paraphrases": True,
    }  # fmt: skip
    options = ["--method", "direct", "--on-conflict", "keep", "--no-protect", "--no-words", "--goal", "0.5"]
    options.append("--write-paraphrases")
    for field in dataclasses.fields(WriteSettings):
        if field.name not in given:
            given[field.name] = 3
            options += [f"--{field.name}", "3"]
    args = parser.parse_args(["write", "--memory", "m", *options])
    assert common.given_settings(args, WriteSettings) == WriteSettings(**given)
    assert common.given_settings(parser.parse_args(["write", "--memory", "m"]), WriteSettings) == WriteSettings()


@pytest.mark.parametrize("before", [True, False])
def test_common_options_stand_before_or_behind_the_command(before: bool) -> None:
    given = ["--model", "x", "--device", "cpu", "--json", "--verbose"]
    args = cli.make_parser().parse_args([*given, "list"] if before else ["list", *given])
    assert (args.model, args.device, args.json, args.verbose) == ("x", "cpu", True, True)
    args = cli.make_parser().parse_args(["list"])
    assert (args.model, args.device, args.json, args.verbose) == (None, "auto", False, False)


# Whole memories


def test_inspect_tells_what_is_held(run: Run, memory_file: Path) -> None:
    status, out, _ = run("inspect", memory_file, "--json")
    found = json.loads(out)
    assert status == 0
    assert set(found) >= {
        "format",
        "title",
        "model",
        "fingerprint",
        "items",
        "layers",
        "rank",
        "slots",
        "fill",
        "bytes",
    }
    assert [item["answer"] for item in found["items"]] == [fact.answer for fact in FACTS]
    status, out, _ = run("inspect", memory_file)
    assert status == 0 and "6 items in 1 layer" in out and "Quill" in out
    lines = [line.split() for line in out.splitlines() if line.startswith("  ")]
    assert [line[:2] for line in lines] == [[str(number), "fact"] for number in range(6)], "as forget takes them"


def test_forget_takes_a_title_or_a_number(
    ask: Callable[..., dict[str, Any]], memory_file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "less.safetensors"
    found = ask("forget", memory_file, "--item", PROMPT, "--item", "0", "--memory", target)
    assert found["forgotten"] == [PROMPT, FACTS[0].prompt]
    assert [item.prompt for item in load_memory(target).items] == [fact.prompt for fact in FACTS[2:]]
    assert ask("query", "--memory", target, PROMPT)["completion"] != " Quill"
    assert ask("query", "--memory", target, FACTS[2].prompt)["completion"] == " clocks"
    assert len(load_memory(memory_file).items) == 6


def test_merge_holds_what_both_hold(
    run: Run, ask: Callable[..., dict[str, Any]], memory_file: Path, tmp_path: Path
) -> None:
    other, target = tmp_path / "other.safetensors", tmp_path / "both.safetensors"
    ask("write", "--facts", save_facts(tmp_path / "f.json", [Fact("The tower is in", "Ulm")]), "--memory", other)
    status, out, err = run("merge", memory_file, other, "--memory", target, "--title", "Both", "--json")
    assert status == 0, err
    assert (json.loads(out)["items"], json.loads(out)["title"]) == (7, "Both")
    assert ask("query", "--memory", target, PROMPT)["completion"] == " Quill"
    assert ask("query", "--memory", target, "The tower is in")["completion"] == " Ulm"


NEW, OLD = Fact(PROMPT + " ?", "Orm"), FACTS[1].answer


def test_another_answer_replaces_the_stored_one(
    ask: Callable[..., dict[str, Any]], memory_file: Path, tmp_path: Path
) -> None:
    target, facts = tmp_path / "new.safetensors", save_facts(tmp_path / "f.json", [NEW])
    found = ask("write", "--into", memory_file, "--facts", facts, "--memory", target)
    assert found["replaced"] == [{"kind": "fact", "name": NEW.prompt, "answer": "Orm", "other": OLD}]
    assert (found["facts"], found["items"], found["layers"]) == (1, 6, 2)
    assert ask("query", "--memory", target, PROMPT)["completion"].startswith(" Orm")
    assert "Quill" not in target.read_bytes().decode(errors="replace"), "what was replaced is forgotten, words and all"


def test_the_stored_answer_may_be_kept(run: Run, memory_file: Path, tmp_path: Path, model_folder: Path) -> None:
    target, facts = tmp_path / "new.safetensors", save_facts(tmp_path / "f.json", [NEW])
    write = ("write", "--into", memory_file, "--facts", facts, "--memory", target, "--model", model_folder)
    status, out, _ = run(*write, "--on-conflict", "keep")
    assert status == 0 and target.read_bytes() == memory_file.read_bytes()
    assert "Nothing was written" in out and f"1 fact kept as stored: “{PROMPT}”: “{OLD}” instead of “Orm”." in out


def test_the_same_things_again_are_written_once(
    run: Run, facts_file: Path, memory_file: Path, tmp_path: Path, model_folder: Path
) -> None:
    text, target = tmp_path / "mill.txt", tmp_path / "m.safetensors"
    text.write_text("A mill in Brant grinds rye.")
    write = ("--model", model_folder, "write", "--memory", target, "--document", text)
    status, out, _ = run(*write, text, "--into", memory_file, "--facts", facts_file)
    assert status == 0 and "Wrote 1 document" in out and "6 facts already stored" in out
    assert "1 document given twice, written once: “mill”." in out
    before = target.read_bytes()
    status, out, _ = run(*write, "--into", target)
    assert status == 0 and "1 document already stored: “mill”." in out and target.read_bytes() == before
    assert out.startswith(f"Nothing was written: {target} is as it was.")


def test_a_new_version_of_a_document_replaces_the_old_one(
    run: Run, ask: Callable[..., dict[str, Any]], tmp_path: Path, model_folder: Path
) -> None:
    old, new, target = tmp_path / "old.txt", tmp_path / "new.txt", tmp_path / "m.safetensors"
    old.write_text("User guide. The administrator password expires after thirty days.")
    new.write_text("User guide. The administrator password expires after ninety days.")
    ask("write", "--document", old, "--memory", target)
    status, out, _ = run("write", "--document", new, "--into", target, "--memory", target, "--model", model_folder)
    assert status == 0 and "1 document replaced: “new” instead of “old”." in out
    found = ask("query", "--memory", target, "The administrator password expires after")
    assert found["completion"].startswith(" ninety") and "ninety" in found["source"]["text"]
    assert [item.title for item in load_memory(target).items] == ["new"]
    found = ask("write", "--document", old, "--into", target, "--memory", target, "--on-conflict", "both")
    assert found["items"] == 2 and found["beside"] == [{"kind": "document", "name": "old", "other": "new"}]


def test_a_merge_keeps_the_first_or_the_last_of_facts_and_documents(
    run: Run, ask: Callable[..., dict[str, Any]], model_folder: Path, tmp_path: Path
) -> None:
    paths = []
    for name, days, answer in (("a", "thirty", "red"), ("b", "ninety", "blue")):
        text, path = tmp_path / f"{name}.txt", tmp_path / f"{name}.safetensors"
        text.write_text(f"The administrator password of the sluice expires after {days} days.")
        facts = [Fact("The flag of Tarn is", answer), Fact("The tower is in", "Ulm")]
        ask("write", "--document", text, "--facts", save_facts(tmp_path / f"{name}.json", facts), "--memory", path)
        paths.append(path)
    target = tmp_path / "m.safetensors"
    status, _, err = run("merge", *paths, "--memory", target)
    assert status == 1 and "“red” against “blue”; “a” against “b”" in err and "--keep" in err
    for keep, name, days, answer in (("first", "a", "thirty", "red"), ("last", "b", "ninety", "blue")):
        found = ask("merge", *paths, "--keep", keep, "--memory", target)
        assert [conflict["name"] for conflict in found["conflicts"]] == ["The flag of Tarn is", name]
        assert (found["items"], found["repeated"]) == (3, 1)
        asked = ask("query", "--memory", target, "The administrator password of the sluice expires after")
        assert asked["completion"].startswith(f" {days}") and days in asked["source"]["text"]
        assert ask("query", "--memory", target, "The flag of Tarn is")["completion"].startswith(f" {answer}")
    status, out, _ = run("merge", *paths, "--keep", "last", "--memory", target, "--model", model_folder)
    assert "1 fact kept from the last memory: “The flag of Tarn is”: “blue” instead of “red”." in out
    assert "1 document kept from the last memory: “b” instead of “a”." in out and "stored once" in out
    assert run("merge", *paths, "--keep", "both", "--memory", target)[0] == 1, "two answers cannot both be kept"


def test_copies_of_a_fact_are_forgotten_together(
    ask: Callable[..., dict[str, Any]], memory_file: Path, model: Model, tmp_path: Path
) -> None:
    """Written by the program they are one; a file of another program may hold both."""
    path, target = tmp_path / "twice.safetensors", tmp_path / "less.safetensors"
    save_memory(path, finish(write(model, load_memory(memory_file), [FACTS[1]])).memory)
    assert len(load_memory(path).items) == 7
    ask("forget", path, "--item", PROMPT, "--memory", target)
    assert len(load_memory(target).items) == 5


def test_a_title_is_the_same_however_its_accents_were_typed(
    run: Run, memory_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title, typed = "Café Über", unicodedata.normalize("NFD", "Café Über")
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path))
    (tmp_path / "memories").mkdir()
    target = tmp_path / "both.safetensors"
    assert run("merge", memory_file, memory_file, "--memory", target, "--title", typed)[0] == 0
    assert load_memory(target).title == title
    for stored, name in ((title, "by title"), (typed, "foreign title"), ("", title)):
        path = tmp_path / "memories" / f"{name}.safetensors"
        rewrite_labels(memory_file, title=stored, target=path)
        assert run("inspect", typed)[0] == 0, name
        assert run("inspect", title)[0] == 0, name
        path.unlink()
        assert run("inspect", typed)[0] == 1, name


def test_the_library_is_listed_without_torch(
    memory_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "memories"
    folder.mkdir()
    (folder / "A memory.safetensors").write_bytes(memory_file.read_bytes())
    (folder / "broken.safetensors").write_bytes(b"no memory")
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path))
    code = "import sys; sys.modules['torch'] = None; from bdh_workbench.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "list", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(entry["title"], entry["items"]) for entry in found["memories"]] == [("6 facts", 6)]
    assert [Path(entry["path"]).name for entry in found["broken"]] == ["broken.safetensors"]
    assert found["folder"] == str(folder)


def test_a_memory_of_the_library_is_found_by_its_title(
    run: Run, ask: Callable[..., dict[str, Any]], memory_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "memories"
    folder.mkdir()
    (folder / "kept.safetensors").write_bytes(memory_file.read_bytes())
    monkeypatch.setenv("BDH_WORKBENCH_HOME", str(tmp_path))
    for name in ("kept", "kept.safetensors", "6 facts"):
        assert ask("query", "--memory", name, PROMPT)["completion"] == " Quill"
    assert "1 memory in" in run("list")[1]
    (folder / "twin.safetensors").write_bytes(memory_file.read_bytes())
    status, _, err = run("inspect", "6 facts")
    assert status == 1 and "title of 2 memories" in err


def test_an_instruction_and_its_input_are_the_prompt(
    run: Run, ask: Callable[..., dict[str, Any]], tmp_path: Path, model_folder: Path
) -> None:
    target, records, rows = (tmp_path / name for name in ("m.safetensors", "alpaca.json", "alpaca.csv"))
    animals = {"A whale.": "mammal", "A trout.": "fish"}
    said = [{"instruction": "Classify the animal.", "input": i, "output": o} for i, o in animals.items()]
    records.write_text(json.dumps(said), encoding="utf-8")
    rows.write_text("instruction,input,output\nName it.,The owl,bird\nName it.,The toad,frog\nSing.,,la\n", "utf-8")
    found = ask("write", "--facts", records, rows, "--memory", target)
    assert found["facts"] == 5 and not found["twice"]
    assert found["files"][1]["notes"] == [
        f"{rows}: prompt from column “instruction” and answer from column “output”; column “input” continues the "
        "prompt (other columns can be chosen)."
    ]
    assert ask("query", "--memory", target, "Classify the animal. A trout.")["completion"] == " fish"
    assert ask("query", "--memory", target, "Name it. The owl")["completion"] == " bird"
    assert ask("query", "--memory", target, "Sing.")["completion"] == " la"


# Measuring and training


def test_bench_puts_peoples_questions_and_edits(
    run: Run, ask: Callable[..., dict[str, Any]], model_folder: Path, tmp_path: Path
) -> None:
    articles, edits = save_questions(tmp_path)
    found = ask("bench", "--questions", articles, "--edits", edits, "--limit", "2")
    assert found["facts"] is None and found["locality"] is None, "nothing else is measured"
    assert set(found["questions"]) >= {
        *("count", "memories", "sentence_right", "exact", "f1", "abstained", "unanswerable", "foreign"),
        "seconds_per_question",
    }
    assert (found["questions"]["count"], found["questions"]["memories"]) == (2, 2)
    assert set(found["questions"]["unanswerable"]) == {"count", "abstained", "auc"}
    assert found["questions"]["sentence_right"] == 1.0 and found["questions"]["foreign"]["count"] == 2
    assert found["edits"]["count"] == 2 and found["edits"]["efficacy"] == 1.0
    one = ask("bench", "--questions", articles, "--together", "--limit", "2")
    assert one["questions"]["memories"] == 1 and "edits" not in one
    status, out, _ = run("bench", "--questions", articles, "--limit", "1", "--model", model_folder)
    assert status == 0 and "1 question on 1 article in 1 memory: right sentence 100.0%" in out
    for wrong in (("--together",), ("--limit", "2"), ("--questions", articles, "--limit", "0")):
        assert run("bench", *wrong, "--model", model_folder)[0] == 2


@pytest.mark.slow
def test_the_json_of_bench_has_the_keys_of_the_contract(
    ask: Callable[..., dict[str, Any]], facts_file: Path, tmp_path: Path, little_text: None
) -> None:
    texts = save_documents(tmp_path / "texts.json", DOCUMENTS)
    found = ask("bench", "--facts", facts_file, "--documents", texts, "--quick")
    assert set(found) >= {"model", "parameters", "device", "facts", "cold_reload", "documents", "locality"}
    assert set(found["facts"]) >= {
        *("count", "exact", "min_p", "median_p", "median_first_token_p", "median_p_before", "paraphrase_exact"),
        *("paraphrase_median_p", "paraphrase_exact_without_completion", "cross_contamination", "seconds", "steps"),
        "cache_speedup",
    }
    assert (found["facts"]["count"], found["facts"]["exact"]) == (6, 1.0)
    assert set(found["cold_reload"]) >= {"identical", "exact", "median_p"}
    assert found["cold_reload"]["identical"] is True and found["cold_reload"]["exact"] == 1.0
    assert set(found["documents"]) >= {
        *("count", "token_accuracy", "retention", "retention_final", "probe_exact"),
        *("probe_exact_without_completion", "recitation", "seconds"),
    }
    assert [len(row) for row in found["documents"]["retention"]] == [2, 2]
    # What was added to the contract since.
    assert len(found["fingerprint"]) == len(found["calibration_digest"]) == 64 and "training_tokens" in found
    assert [len(row) for row in found["documents"]["retention_without_completion"]] == [2, 2]
    kept = found["documents"]["retention_final_without_completion"]
    assert kept == found["documents"]["retention_without_completion"][1][0]
    assert len(found["documents"]["token_accuracy"]) == len(found["documents"]["recitation"]) == 2
    assert set(found["locality"]) >= {"tokens", "loss_before", "loss_after", "relative_change", "top1_agreement"}
    assert found["locality"]["text"] == "bundled" and found["locality"]["tokens"] > 1000
    assert found["parameters"] > 1000 and found["device"] == "cpu"


def test_bench_of_the_program_measures_no_rivals(run: Run) -> None:
    status, _, err = run("bench", "--baselines")
    assert status == 2 and "unrecognized arguments: --baselines" in err


def test_bench_without_files_uses_the_samples(run: Run, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bdh_workbench.evaluation import benchmark

    given: list[Any] = []

    def instead(model: object, what: Any, settings: object, watch: object, rivals: object) -> dict[str, Any]:
        assert rivals is None
        given.append(what)
        raise KeyboardInterrupt

    monkeypatch.setattr(benchmark, "benchmark", instead)
    assert run("bench", "--model", model_folder)[0] == 130
    assert run("bench", "--model", model_folder, "--facts", ROOT / "resources/samples/facts.json")[0] == 130
    assert (len(given[0].facts), len(given[0].documents), given[0].text) == (10, 2, None)
    assert (len(given[1].facts), len(given[1].documents)) == (10, 0)


def test_a_part_of_bench_that_was_not_asked_for_is_null(run: Run, model_folder: Path, tmp_path: Path) -> None:
    texts = save_documents(tmp_path / "texts.json", [dataclasses.replace(DOCUMENTS[0], probes=())])
    text = tmp_path / "held out.txt"
    text.write_text("The rain fell on the roofs of the town. " * 20, encoding="utf-8")
    status, out, err = run("bench", "--documents", texts, "--text", text, "--model", model_folder)
    assert status == 0, err
    assert "document 1 in" in out and "held out.txt" in out and "fact" not in out


def test_train_passes_on_what_it_is_given(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from bdh_workbench.training import pipeline

    given: list[tuple[object, ...]] = []

    def instead(*arguments: object) -> dict[str, Any]:
        given.append(arguments)
        return {"out": "x", "parameters": 1, "steps": 2, "tokens": 3, "seconds": 4.0, "held_out_loss": None}

    monkeypatch.setattr(pipeline, "train", instead)
    options = ["--corpus", tmp_path, "--config", "tiny", "--out", tmp_path / "x", "--minutes", "0.5", "--resume"]
    options += ["--parts-of", tmp_path / "y", "--weights-of", tmp_path / "z"]
    status, out, _ = run("train", *options, "--device", "cpu", "--json")
    assert status == 0 and json.loads(out)["steps"] == 2
    corpus, config, target, minutes, resume, device, questions, parts, weights = given[0]
    assert (corpus, config, target, minutes, resume) == (str(tmp_path), "tiny", tmp_path / "x", 0.5, True)
    assert questions is None and parts == tmp_path / "y" and weights == tmp_path / "z"
    assert str(device) == "cpu"


def test_a_memory_is_not_replaced_unasked(
    run: Run, model_folder: Path, facts_file: Path, memory_file: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.safetensors"
    there.write_bytes(memory_file.read_bytes())
    write = ("write", "--facts", facts_file, "--memory", there, "--model", model_folder)
    status, _, err = run(*write)
    assert status == 1 and "--overwrite replaces it" in err and there.read_bytes() == memory_file.read_bytes()
    assert run(*write, "--into", there)[0] == 0
    assert run(*write, "--overwrite")[0] == 0
    assert run("query", there, "Who?", "--model", model_folder)[0] == 2, "a memory is no prompt"


# The window


def test_without_a_command_the_window_opens(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some_window.py").write_text("def main(arguments):\n    return 40 + len(arguments)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(cli, "WINDOW_MODULE", "some_window")
    assert run("--model", "x")[0] == 42
