"""Settings are described once: every field of every dataclass of settings has a description that its default fits."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest

from bdh_workbench.described import check, descriptions, fitting, from_table, label_of, setting
from bdh_workbench.errors import UserError
from bdh_workbench.memory.settings import ReadSettings, SamplingSettings, WriteSettings
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.session.storage.settings import Settings
from bdh_workbench.training.config import TrainingConfig

KINDS = (WriteSettings, SamplingSettings, ReadSettings, ModelConfig, TrainingConfig, Settings)
GROUPS = {"layouts", "sampling", "read", "write"}  # of settings, each described for itself


@dataclass(frozen=True, slots=True)
class Example:
    count: int = setting(3, "how many", least=1, most=1000)
    share: float = setting(0.5, "of the whole", above=0, below=1)
    rate: float = setting(1.0, "speed", label="Speed", above=0)
    kind: str = setting("a", "which", choices=("a", "b"))
    parts: tuple[float, ...] = setting((0.1, 0.2), "of it", least=0, below=1)
    on: bool = setting(True, "do it")

    def __post_init__(self) -> None:
        check(self, "example")


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_described_and_its_default_fits(kind: type) -> None:
    known = descriptions(kind)
    assert {field.name for field in fields(kind)} - GROUPS == set(known)
    for name, described in known.items():
        assert described.help and not described.help.endswith("."), name
        assert label_of(name, described)[0].isupper(), name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 0}, "The setting count of the example must be from 1 to 1,000, not 0."),
        ({"count": 10**4000}, "must be from 1 to 1,000, not a number of that size."),
        ({"share": 1.0}, "The setting share of the example must be between 0 and 1, not 1."),
        ({"rate": float("nan")}, "The setting rate of the example must be above 0, not nan."),
        ({"kind": "c"}, "The setting kind of the example must be one of a, b, not 'c'."),
        (
            {"parts": (0.5, 1.0)},
            "The setting parts of the example must each be at least 0 and below 1, not (0.5, 1.0).",
        ),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_its_bounds(given: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as told:
        Example(**given)  # type: ignore[arg-type]
    assert said in str(told.value)


def test_a_table_gives_settings_in_their_types() -> None:
    assert from_table(Example, {"count": 2.0, "rate": 3, "parts": [0.3]}, "example") == Example(
        2, rate=3.0, parts=(0.3,)
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"size": 1, "colour": 2}, "The example has unknown fields: colour, size."),
        ({"count": 1.5}, "The setting count of the example must be a whole number, not 1.5."),
        ({"rate": True}, "must be a number, not True."),
        ({"rate": float("inf")}, "must be a number, not "),
        ({"parts": 0.5}, "must be a list of numbers, not 0.5."),
        ({"on": 1}, "must be true or false, not 1."),
        ({"kind": 1}, "must be a text, not 1."),
    ],
)
def test_a_table_of_the_wrong_types_is_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as told:
        from_table(Example, table, "example")
    assert said in str(told.value)


def test_an_empty_tuple_stands_for_texts() -> None:
    assert fitting((), ["a", "b"]) == ("a", "b")
    with pytest.raises(TypeError):
        fitting((), ["a", 1])
