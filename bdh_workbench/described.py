"""Settings that are described once: each field of their dataclass carries its label, its help and its bounds.

The form in the window, the options of the command line, the reading of files and the check of values all follow from
that description. Importing this does not import torch.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from bdh_workbench.errors import UserError

T = TypeVar("T")
_KEY = "described"
LARGEST_SEED = 2**63 - 1  # the largest seed that torch takes


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a setting besides its name, its type and its default.

    Attributes:
        help: what it does, in a phrase; a default is not repeated.
        label: what a form calls it; made from its name if empty.
        least: the smallest value, itself allowed; of several numbers, each is checked.
        most: the largest value, itself allowed.
        above: a number below all values.
        below: a number above all values.
        choices: the values of a text; any if empty.
        flag: the option on the command line, if it does not follow from the name.
    """

    help: str
    label: str = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    flag: str = ""

    def bounds(self) -> str:
        """The bounds in words; empty if there are none."""
        least, most, above, below = (_number(x) for x in (self.least, self.most, self.above, self.below))
        if least and most:
            return f"from {least} to {most}"
        if above and below:
            return f"between {above} and {below}"
        return " and ".join(
            f"{word} {bound}"
            for word, bound in (("at least", least), ("above", above), ("at most", most), ("below", below))
            if bound
        )

    def allows(self, value: object) -> bool:
        """Whether a value is one of the choices or within the bounds; a number that is not finite never is."""
        if isinstance(value, tuple):
            return all(map(self.allows, value))
        if self.choices:
            return value in self.choices
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return (
            _is_finite(value)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def setting(
    default: T,
    help: str,
    *,
    label: str = "",
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] = (),
    flag: str = "",
) -> T:
    """A field of a dataclass of settings with its description; the arguments are those of ``Described``."""
    known = Described(help, label, least, most, above, below, choices, flag)
    return dataclasses.field(default=default, metadata={_KEY: known})


def descriptions(kind: type | object) -> dict[str, Described]:
    """The description of each field that has one, by name."""
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    return {field.name: field.metadata[_KEY] for field in fields if _KEY in field.metadata}


def label_of(name: str, known: Described) -> str:
    """What a form calls a setting."""
    return known.label or name.replace("_", " ").capitalize()


def check(settings: object, where: str = "") -> None:
    """Check each setting against its description.

    Args:
        settings: a dataclass.
        where: what the settings are of, to be named in a sentence, such as "model configuration".

    Raises:
        UserError: naming the first setting that cannot be used, and what it must be.
    """
    for name, known in descriptions(settings).items():
        value = getattr(settings, name)
        if known.allows(value):
            continue
        wanted = f"one of {', '.join(known.choices)}" if known.choices else known.bounds() or "a finite number"
        each = "each " if isinstance(value, tuple) else ""
        raise UserError(f"{_called(name, where)} must {each}be {wanted}, not {_shown(value)}.")


def from_table(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Settings from a table of a file, in which some may be missing.

    Args:
        kind: the dataclass; every field has a default.
        values: by name; lists stand for tuples.
        where: what the settings are of, such as "model configuration".

    Raises:
        UserError: for an unknown name, a value of the wrong type, or one that is out of bounds.
    """
    known = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UserError(f"The {where} has unknown fields: {', '.join(unknown)}.")

    def given(name: str, value: object) -> Any:
        try:
            return fitting(known[name], value)
        except TypeError:
            raise UserError(f"{_called(name, where)} must be {_kind(known[name])}, not {_shown(value)}.") from None

    return kind(**{name: given(name, value) for name, value in values.items()})


def fitting(default: Any, value: Any) -> Any:
    """A value from a file in the type of a default.

    Raises:
        TypeError: when it is of another.
    """
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple):
            raise TypeError
        return tuple(fitting(default[0] if default else "", part) for part in value)
    if isinstance(default, int | float) and not isinstance(default, bool):
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise TypeError
        if isinstance(default, int) and value != int(value):
            raise TypeError
        try:
            return type(default)(value)
        except OverflowError:
            raise TypeError from None
    if type(value) is not type(default):
        raise TypeError
    return value


def _kind(default: object) -> str:
    """What a value must be to take the place of a default, in words."""
    if isinstance(default, tuple):
        return f"a list of {_kind(default[0] if default else '').removeprefix('a ')}s"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return names[type(default)]


def _is_finite(value: float) -> bool:
    """Whether a number is finite: every whole number is, even one too large for a float."""
    return isinstance(value, int) or math.isfinite(value)


def _called(name: str, where: str) -> str:
    return f"The setting {name} of the {where}" if where else f"The setting {name}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value == LARGEST_SEED:
        return "2^63 - 1"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _shown(value: object) -> str:
    """A value in a few characters."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A number from a file may have thousands of digits.
        return "a number of that size" if isinstance(value, int) and abs(value) > 1 << 200 else f"{value:.6g}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
