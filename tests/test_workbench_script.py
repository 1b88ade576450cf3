"""The script after the two commands of the README: what it decides, without installing anything."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import workbench
from lab import setting_up

SCRIPT = Path(workbench.__file__)
PYPROJECT = b"""
[build-system]
requires = ["hatchling"]
[project]
name = "x"
version = "1"
dependencies = ["torch==2.13.0"]
[project.optional-dependencies]
test = ["pytest"]
[tool.ruff]
line-length = 120
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, whose installation only notes what would be installed."""
    (tmp_path / "pyproject.toml").write_bytes(PYPROJECT)
    monkeypatch.setattr(setting_up, "ROOT", tmp_path)
    monkeypatch.setattr(setting_up, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setting_up, "STAMP", tmp_path / ".venv" / "workbench-stamp.json")
    return tmp_path


@pytest.fixture
def steps(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    done: list[object] = []

    def make_venv() -> None:
        python = setting_up.venv_python()
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        done.append("venv")

    monkeypatch.setattr(setting_up, "make_venv", make_venv)
    monkeypatch.setattr(setting_up, "install", lambda project, extras: done.append(extras))
    return done


def call(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *args], capture_output=True, text=True, env={**os.environ, **environment}
    )


# What is to be installed


@pytest.mark.parametrize(
    ("old", "new", "installs"),
    [
        (b"", b"# a comment\n", 1),
        (b"120", b"100", 1),
        (b"2.13.0", b"2.14.0", 2),
        (b'"pytest"', b'"pytest", "ruff"', 2),
        (b"hatchling", b"setuptools", 2),
    ],
)
def test_only_what_decides_about_the_installation_is_installed_again(
    project: Path, steps: list[object], old: bytes, new: bytes, installs: int
) -> None:
    setting_up.set_up(())
    (project / "pyproject.toml").write_bytes(PYPROJECT.replace(old, new, 1))
    setting_up.set_up(())
    assert steps == ["venv", *[[]] * installs]


def test_a_broken_project_file_is_a_sentence(project: Path) -> None:
    (project / "pyproject.toml").write_bytes(b"[project")
    with pytest.raises(setting_up.SetupError, match=r"pyproject\.toml cannot be read"):
        setting_up.set_up(())


@pytest.mark.parametrize(
    ("args", "extras"),
    [
        ([], ()),
        (["query", "train"], ()),
        (["train", "--corpus", "x"], ("train",)),
        (["train", "--corpus", "hf:org/name"], ("hf", "train")),
        (["train", "--corpus=hf:org/name"], ("hf", "train")),
        (["query", "hf:"], ()),
        (["experiment", "gates"], ("train",)),
        (["experiment", "baselines", "--out", "x"], ("bench", "train")),
        (["experiment", "peer", "--corpus", "hf:org/name"], ("bench", "hf", "train")),
        (["experiment", "rivals"], ("bench", "train")),
        (["experiment"], ("train",)),
        (["train", "--help"], ()),
        (["bench", "--quick"], ()),
        (["bench", "--quick", "--baselines"], ("bench",)),
    ],
)
def test_each_command_gets_what_it_needs(args: list[str], extras: tuple[str, ...]) -> None:
    assert workbench.extras_for(args) == extras


def test_the_groups_exist_in_the_project() -> None:
    import tomllib

    settings = tomllib.loads((SCRIPT.parent / "pyproject.toml").read_text(encoding="utf-8"))
    groups = settings["project"]["optional-dependencies"]
    assert set(workbench.TEST_EXTRAS) <= set(groups)
    # It is large, slow to install, and no test may need it.
    assert "hf" not in workbench.TEST_EXTRAS
    assert any(line.startswith("torch==") for line in settings["project"]["dependencies"])


# When it is installed


def test_setting_up_twice_installs_once(steps: list[object]) -> None:
    setting_up.set_up(())
    setting_up.set_up(())
    assert steps == ["venv", []]


def test_a_new_group_is_added_to_what_is_there(steps: list[object]) -> None:
    setting_up.set_up(("test",))
    setting_up.set_up(("train",))
    setting_up.set_up(("test",))
    assert steps == ["venv", ["test"], ["test", "train"]]


def test_changed_dependencies_are_installed_into_the_same_environment(project: Path, steps: list[object]) -> None:
    setting_up.set_up(("test",))
    (project / "pyproject.toml").write_bytes(PYPROJECT.replace(b"2.13.0", b"2.14.0"))
    setting_up.set_up(())
    assert steps == ["venv", ["test"], ["test"]]


def test_a_failed_installation_is_tried_again(steps: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    setting_up.set_up(())

    def fail(project: object, extras: list[str]) -> None:
        raise setting_up.SetupError("no")

    with monkeypatch.context() as patch:
        patch.setattr(setting_up, "install", fail)
        with pytest.raises(setting_up.SetupError):
            setting_up.set_up(("test",))
    assert not setting_up.STAMP.exists()
    setting_up.set_up(())
    assert steps[2:] == ["venv", []]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"fingerprint": 1}'])
def test_a_damaged_stamp_counts_as_none(steps: list[object], content: str) -> None:
    setting_up.set_up(())
    setting_up.STAMP.write_text(content, encoding="utf-8")
    setting_up.set_up(())
    assert steps == ["venv", [], "venv", []]


def test_a_moved_folder_or_a_lost_interpreter_needs_a_new_environment(steps: list[object]) -> None:
    setting_up.set_up(())
    stamp = json.loads(setting_up.STAMP.read_text(encoding="utf-8"))
    setting_up.STAMP.write_text(json.dumps({**stamp, "root": "/elsewhere"}), encoding="utf-8")
    setting_up.set_up(())
    setting_up.venv_python().unlink()
    setting_up.set_up(())
    assert steps == ["venv", [], "venv", [], "venv", []]


# What is run


def test_the_program_gets_its_arguments_unchanged(steps: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(workbench, "replace_process", lambda command: started.append(command) or 7)
    args = ["query", "--memory", "a b.safetensors", "The cat's name is", "--json", ""]
    assert workbench.main(["run", *args]) == 7
    assert started == [[str(setting_up.venv_python()), "-P", "-m", "lab", *args]]


@pytest.fixture
def calls(steps: list[object], monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """Record the commands that `test` runs, all of which fail."""
    made: list[tuple[list[str], dict[str, str]]] = []

    def record(command: list[str], cwd: Path, env: dict[str, str]) -> int:
        made.append((command, env))
        return 3

    monkeypatch.setattr(workbench.subprocess, "call", record)
    monkeypatch.setattr(workbench, "ensure_qt", lambda: None)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    return made


def test_all_tests_run_in_two_processes_and_decide_the_status(calls: list[tuple[list[str], dict[str, str]]]) -> None:
    assert workbench.main(["test"]) == 3
    ((command, _),) = calls
    assert command[1:] == ["-m", "pytest", "-m", "not gpu", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def test_arguments_run_only_the_tests_they_name(calls: list[tuple[list[str], dict[str, str]]]) -> None:
    assert workbench.main(["test", "tests/memory", "-k", "csv"]) == 3
    ((command, environment),) = calls
    assert command[1:] == ["-m", "pytest", "tests/memory", "-k", "csv"]
    assert environment["QT_QPA_PLATFORM"] == "offscreen"


def test_a_chosen_platform_is_kept(
    calls: list[tuple[list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    workbench.main(["test", "-x"])
    assert calls[0][1]["QT_QPA_PLATFORM"] == "xcb"


# What is said when something is wrong


def test_wrong_usage_is_told_on_standard_error() -> None:
    for args in ([], ["start"]):
        done = call(*args)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: ")
    assert "test [PYTEST ARGS...]" in call("--help").stdout


def test_an_old_python_can_read_the_script() -> None:
    for path in (SCRIPT, Path(setting_up.__file__)):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workbench, "OLDEST", (4, 0))
    monkeypatch.setattr(workbench, "NEWER", ())
    assert workbench.main(["run"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "needs Python 4.0 or newer" in printed.err


def test_a_failed_installation_is_told_in_one_sentence(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_up, "wants_cpu_torch", lambda: True)
    tried: list[tuple[str, ...]] = []
    monkeypatch.setattr(setting_up, "pip", lambda *args: tried.append(args) or 1)
    with pytest.raises(setting_up.SetupError, match="could not be installed"):
        setting_up.install(setting_up.read_project(), ["test"])
    assert [args[-1] for args in tried] == ["torch==2.13.0", f"{project}[test]"]


def test_missing_system_libraries_are_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workbench.sys, "platform", "linux")
    monkeypatch.setattr(workbench, "set_up", lambda extras: None)
    monkeypatch.setattr(setting_up, "qt_loads", lambda: False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert workbench.main(["run"]) == 1
    assert capsys.readouterr().err.strip().endswith("sudo apt-get install " + " ".join(setting_up.QT_PACKAGES))


def test_qt_is_looked_for_only_until_it_was_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[None] = []
    monkeypatch.setattr(workbench.sys, "platform", "linux")
    monkeypatch.setattr(setting_up, "qt_loads", lambda: looked.append(None) or True)
    setting_up.VENV.mkdir()
    setting_up.STAMP.write_text('{"extras": ["test"]}', encoding="utf-8")
    setting_up.ensure_qt()
    setting_up.ensure_qt()
    assert len(looked) == 1
    stamp = setting_up.read_stamp()
    assert (stamp["extras"], stamp["qt"]) == (["test"], True)


def test_packages_are_not_installed_without_being_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*args: object, **settings: object) -> int:
        raise AssertionError("a command was run")

    monkeypatch.setattr(workbench.subprocess, "call", forbidden)
    monkeypatch.setattr(workbench.os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(setting_up.SetupError, match="apt-get install libegl1"):
        setting_up.apt_install("something is missing", ["libegl1"])


def test_a_fresh_system_gets_its_list_of_packages_first(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def call(command: list[str], **settings: object) -> int:
        steps.append(command[1])
        return int("update" not in steps)

    monkeypatch.setattr(workbench.subprocess, "call", call)
    monkeypatch.setattr(workbench.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    setting_up.apt_install("something is missing", ["libegl1"])
    assert steps == ["install", "update", "install"]


@pytest.mark.parametrize(("variable", "expected"), [("PIP_INDEX_URL", False), ("PIP_FIND_LINKS", False), (None, True)])
def test_a_configured_pip_chooses_its_own_torch(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, expected: bool
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    if variable:
        monkeypatch.setenv(variable, "somewhere")
    monkeypatch.setattr(workbench.sys, "platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(workbench.Path, "exists", lambda path: False)
    monkeypatch.setattr(
        workbench.subprocess, "run", lambda *args, **settings: subprocess.CompletedProcess([], 0, stdout=b"")
    )
    assert setting_up.wants_cpu_torch() is expected


def test_pip_speaks_on_standard_error_only(tmp_path: Path) -> None:
    # A stand-in for the environment's interpreter, which answers as pip does, on both streams.
    script = tmp_path / "fake.py"
    script.write_text(
        "import subprocess, sys\nfrom lab import setting_up\n"
        "real = subprocess.call\n"
        "code = \"import sys; print('progress'); print('ERROR: no', file=sys.stderr); sys.exit(3)\"\n"
        "setting_up.subprocess.call = lambda command, **kw: real([sys.executable, '-c', code], **kw)\n"
        "assert setting_up.pip('something') == 3\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parent)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "progress" in done.stderr
    assert "ERROR: no" in done.stderr
