from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import ReadSettings, SamplingSettings, WriteSettings
from bdh_workbench.session.storage.settings import (
    Layouts,
    Settings,
    load_settings,
    save_settings,
    settings_path,
    to_toml,
)

ROOT = Path(__file__).resolve().parent.parent.parent


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = Settings(
        theme="dark",
        workspace="ask",
        layouts=Layouts(ask="AAAA/w=="),
        last_model='a "quoted" \\ name\n',
        recent_files=("/tmp/ünï 🜚.safetensors", "C:\\memories\\a.safetensors"),
        first_start_done=True,
        sampling=SamplingSettings(temperature=0.7, seed=3),
        read=ReadSettings(gate=False),
        write=WriteSettings(method="gradient", decay=1e-7, keep_words=False),
    )
    save_settings(settings, tmp_path)
    assert load_settings(tmp_path) == (settings, ())
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "nowhere") == (Settings(), ())


@pytest.mark.parametrize("raw", [b"theme = ", b"\xff\xfe\x00", b"[[[", b"\0" * 100, b"a = " + b"[" * 100_000])
def test_a_broken_file_gives_the_defaults_and_is_kept(tmp_path: Path, raw: bytes) -> None:
    settings_path(tmp_path).write_bytes(raw)
    settings, notes = load_settings(tmp_path)
    assert settings == Settings() and len(notes) == 1 and "broken" in notes[0]
    save_settings(settings, tmp_path)
    assert (tmp_path / "settings.broken.toml").read_bytes() == raw


def test_what_cannot_be_used_gives_way_to_its_default(tmp_path: Path) -> None:
    text = """
        theme = "pink"
        device = 3
        recovery = "yes"
        recent_files = ["a", 2]
        last_model = "base"
        new_thing = 1
        read = 5
        [sampling]
        temperature = 1
        top_p = 7.0
        max_tokens = true
        [write]
        steps = 50
        method = "magic"
        rate = nan
        colour = "red"
    """
    settings_path(tmp_path).write_text(text, encoding="utf-8")
    settings, notes = load_settings(tmp_path)
    assert settings == Settings(
        last_model="base",
        sampling=SamplingSettings(temperature=1.0),
        write=WriteSettings(steps=50),
    )
    named = "theme device recovery recent_files new_thing read sampling.top_p sampling.max_tokens write.method"
    for name in (*named.split(), "write.rate", "write.colour"):
        assert sum(f" {name} " in note or f" {name}:" in note for note in notes) == 1, (name, notes)
    assert len(notes) == 11


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    settings_path(tmp_path).mkdir(parents=True)
    settings, notes = load_settings(tmp_path)
    assert settings == Settings() and len(notes) == 1
    with pytest.raises(UserError):
        save_settings(settings, tmp_path)


def test_recent_files_are_newest_first_and_few() -> None:
    settings = Settings()
    for number in range(30):
        settings = settings.with_recent(f"{number}")
    settings = settings.with_recent("20")
    assert settings.recent_files[:3] == ("20", "29", "28") and len(settings.recent_files) == 20


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
        st.one_of(
            st.text(),
            st.booleans(),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False),
            st.lists(st.text()),
        ),
    )
)
def test_toml_is_read_back_by_python(table: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(table | {"inner": table})) == table | {"inner": table}


def test_half_a_character_does_not_break_the_file() -> None:
    assert tomllib.loads(to_toml({"path": "a\udcffb"})) == {"path": "a?b"}


def test_the_session_does_not_import_torch_before_its_first_job() -> None:
    code = (
        "import sys, bdh_workbench.session.storage.settings, bdh_workbench.session.storage.crash; "
        "from bdh_workbench.session import Session; from bdh_workbench.session.records import jobs, events; "
        "Session(print).close(); print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert found.stdout.split() == ["False"], found.stderr


def test_a_crash_is_told_of_at_the_next_start(tmp_path: Path) -> None:
    start = "from pathlib import Path; from bdh_workbench.session.storage import crash; "
    start += f"home = Path({str(tmp_path)!r}); crash.start_crash_log(home); "

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, cwd=ROOT)

    ended = run("print(crash.previous_crash(home)); crash.stop_crash_log()")
    assert ended.stdout.split() == ["None"], ended.stderr
    assert list(tmp_path.iterdir()) == []
    assert run("import faulthandler; faulthandler._sigabrt()").returncode != 0
    told = run("print(crash.previous_crash(home)); crash.forget_crash(home); print(crash.previous_crash(home))")
    assert "Fatal Python error: Aborted" in told.stdout and told.stdout.split()[-1] == "None", told.stderr
