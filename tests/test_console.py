"""What a command says: JSON that any program can read, rounded numbers, progress that disturbs nobody."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence

import pytest

from bdh_workbench.commands import console
from bdh_workbench.commands.console import Console, as_json
from bdh_workbench.wording import probability


def test_json_holds_no_word_that_json_lacks() -> None:
    record = {"nan": float("nan"), "list": (1.0, float("inf")), "text": "é\udcff", "deep": {"a": None, "b": True}}
    assert json.loads(as_json(record)) == {
        "nan": None,
        "list": [1.0, None],
        "text": "é?",
        "deep": {"a": None, "b": True},
    }


def test_probabilities_are_rounded_to_what_they_mean() -> None:
    assert [probability(p) for p in (None, 0.0, 0.0004, 0.5, 1.0)] == ["–", "< 0.001", "< 0.001", "0.500", "1.000"]


class Terminal:
    """A stream that says it is a terminal, and may break."""

    def __init__(self, broken: bool = False) -> None:
        self.text, self.broken = "", broken

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.broken:
            raise BrokenPipeError
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


def seconds(monkeypatch: pytest.MonkeyPatch, values: Sequence[float]) -> None:
    clock = iter(values)
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))


def test_progress_is_rewritten_in_place_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    shown = Console()
    seconds(monkeypatch, [10.0, 10.05, 10.11, 10.12])
    for number in range(4):
        shown.progress(f"line {number}")
    assert terminal.text == "\r\x1b[Kline 0\r\x1b[Kline 2"
    shown.note("done")
    assert terminal.text.endswith("\r\x1b[Kline 2\r\x1b[Kdone\n")


def test_progress_that_nobody_can_see_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal(broken=True))
    Console().progress("line")


def test_a_line_that_a_terminal_has_no_letters_for_is_told_with_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(heard, encoding="ascii", errors="strict"))
    Console().note("1 fact → 2")
    assert heard.getvalue() == b"1 fact ? 2\n"
