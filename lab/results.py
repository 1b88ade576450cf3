"""The output of every experiment: figures with their spread, a JSON file, a page, and pictures as PNG and SVG."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import bdh_workbench
from bdh_workbench.errors import UserError
from bdh_workbench.evaluation.provenance import provenance
from bdh_workbench.model.files import save_json_atomically, save_text_atomically
from bdh_workbench.model.loading import Model
from bdh_workbench.training.pictures import new_figure, save_figure
from lab.records import EXPERIMENTS

FORMS = ("png", "svg")
COMMAND = "python3 workbench.py run experiment {name}{options} --out docs/experiments"

Note = Callable[[str], None]


def header(experiment: str, model: Model) -> dict[str, Any]:
    """What the report of an experiment on a model begins with: its name, and which model and program it is of."""
    return {"experiment": experiment} | provenance(model)


def without_model(experiment: str) -> dict[str, Any]:
    """What the report of an experiment begins with that no model is read for."""
    return {"experiment": experiment, "version": bdh_workbench.__version__}


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean, sample standard deviation (0 of a single value) and the values themselves."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": statistics.mean(values), "deviation": deviation, "values": list(values)}


def spread_of(reports: Sequence[Mapping[str, float | None]]) -> dict[str, Any]:
    """The spread of every figure over reports with the same keys; None where a figure is missing in all of them."""
    found: dict[str, Any] = {}
    for name in reports[0]:
        values = [value for report in reports if (value := report[name]) is not None]
        found[name] = spread(values) if values else None
    return found


def probability(p: float) -> str:
    """A probability in four digits, or as many more as tell it from 0 and from 1."""
    if p in (0.0, 1.0):
        return f"{p:.0f}"
    if 0.0 < p < 1e-4:
        return f"{p:.1e}"
    if p < 1.0 and round(p, 4) == 1.0:
        return f"{p:.{math.ceil(-math.log10(1.0 - p))}f}"
    return f"{p:.4f}"


def probability_cell(figure: Mapping[str, Any] | None) -> str:
    """As ``cell``, of probabilities: the mean, and the least of several, which says more than their deviation."""
    if figure is None:
        return "–"
    text = probability(figure["mean"])
    return f"{text} (least {probability(min(figure['values']))})" if len(figure["values"]) > 1 else text


def thinned(rows: Sequence[Any], most: int) -> list[Any]:
    """At most so many of the rows, spread evenly, the last one among them."""
    step = -(-len(rows) // most) if rows else 1
    return list(rows[::-1][::step])[::-1]


def cell(figure: Mapping[str, Any] | None, form: str = ".3f") -> str:
    """A figure with its spread as people read it: mean ± sample standard deviation."""
    if figure is None:
        return "–"
    text = f"{figure['mean']:{form}}"
    return f"{text} ± {figure['deviation']:{form}}" if len(figure["values"]) > 1 else text


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Paired:
    """Ratios of paired runs: the run of each seed over another one with the same start and batches.

    Attributes:
        mean: geometric.
        low: lower end of the 95% interval of the mean, by Student's t on logarithms; ``mean`` where there is one seed.
        high: its upper end.
        effect: mean of the logarithms over their standard deviation (Cohen's d of pairs); None where that is zero.
        seen: the least ratio above 1 that this spread and number of seeds would have told from 1.
        values: of each seed.
    """

    mean: float
    low: float
    high: float
    effect: float | None
    seen: float
    values: tuple[float, ...]

    @staticmethod
    def of(values: Sequence[float]) -> Paired:
        """From ratios above 0."""
        logs = [math.log(value) for value in values]
        middle, deviation = statistics.mean(logs), statistics.stdev(logs) if len(logs) > 1 else 0.0
        reach = student(len(logs) - 1) * deviation / math.sqrt(len(logs)) if deviation else 0.0
        low, mean, high = (math.exp(middle + shift) for shift in (-reach, 0.0, reach))
        return Paired(mean, low, high, middle / deviation if deviation else None, math.exp(reach), tuple(values))

    @staticmethod
    def read(values: Mapping[str, Any]) -> Paired:
        """As a report has it."""
        return Paired(**{**values, "values": tuple(values["values"])})

    def __str__(self) -> str:
        """The mean with its interval, as people read it."""
        return f"{self.mean:.2f} ({self.low:.2f} to {self.high:.2f})"


def student(freedom: int) -> float:
    """The 97.5% quantile of Student's t with so many degrees of freedom, from 1 on, to two digits."""
    x = np.linspace(0.0, 20.0, 200_001)
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)
    density = np.exp(scale - (freedom + 1) / 2 * np.log1p(x * x / freedom))
    below = np.cumsum(density[1:] + density[:-1]) * (x[1] - x[0]) / 2
    return float(x[1 + np.searchsorted(below, 0.475)])


def kept(folder: Path, settings: Mapping[str, Any], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The figures of one run, which is made unless an earlier call with the same settings finished it.

    Args:
        folder: one JSON file for each run, named by its settings.
        settings: all that the figures depend on.
        make: makes the run.

    Raises:
        UserError: when the file is damaged.
    """
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    record = folder / f"{key}.json"
    if record.is_file():
        try:
            found: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
            return found
        except ValueError:
            raise UserError(f"{record} is damaged: delete it to make that run again.") from None
    made = make()
    folder.mkdir(parents=True, exist_ok=True)
    save_json_atomically(record, made)
    return made


def command(name: str, report: Mapping[str, Any] | None = None) -> str:
    """The command that makes the results of an experiment; with the options that its report names, if one is there."""
    record = EXPERIMENTS[name]
    taken = record.options
    options = f" {record.flag}" if record.flag else ""
    options += " --corpus ../shared/corpus" if "corpus" in taken else ""
    for option in taken:
        if option not in ("corpus", "parts") and report and report.get(option) is not None:
            options += f" --{option} {report[option]}"
    return COMMAND.format(name=record.variant_of or name, options=options)


def save(out: Path, report: Mapping[str, Any], page: str) -> None:
    """Write ``NAME.json`` and ``NAME.md`` of the experiment that the report names.

    Args:
        out: folder.
        report: as it goes into the JSON file.
        page: its title, an empty line, and the rest; the command that makes both is put after the title.
    """
    name = report["experiment"]
    title, rest = page.split("\n", 1)
    save_json_atomically(out / f"{name}.json", report)
    save_text_atomically(out / f"{name}.md", f"{title}\n\nBy `{command(name, report)}`\n{rest}")


def draw(out: Path, name: str, labels: tuple[str, str, str], plot: Callable[[Any], None]) -> list[str]:
    """Draw one picture as PNG and SVG.

    Args:
        out: folder.
        name: of the picture, without its suffix.
        labels: title, label of the axis across and label of the axis up, with their units.
        plot: given the axes, draws on them.

    Returns:
        Names of the files; none where matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return []
    figure, axes = new_figure(*labels)
    plot(axes)
    names = [f"{name}.{form}" for form in FORMS]
    for file in names:
        save_figure(figure, axes, out / file)
    return names


def band(axes: Any, x: Sequence[float], runs: Sequence[Sequence[float]], label: str, **style: Any) -> None:
    """Draw the mean of several runs over x, and a band from the least to the largest of them."""
    columns = list(zip(*runs, strict=True))
    axes.plot(x, [statistics.mean(column) for column in columns], label=label, linewidth=1.8, **style)
    low, high = [min(column) for column in columns], [max(column) for column in columns]
    axes.fill_between(x, low, high, color=style.get("color"), alpha=0.15, linewidth=0)


def pictures_in(page_of: str, names: Sequence[str]) -> str:
    """Lines of Markdown that show the PNG pictures among the names."""
    return "".join(f"\n![{page_of}]({name})\n" for name in names if name.endswith(".png"))
