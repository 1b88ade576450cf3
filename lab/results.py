"""What experiments share: figures with their spread, tables, pictures as PNG and SVG, and finished runs."""

from __future__ import annotations

import dataclasses
import functools
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

from bdh_workbench.errors import UserError
from bdh_workbench.model.files import save_json_atomically
from bdh_workbench.training.pictures import COLOURS, LINE_COLOUR, MUTED_COLOUR, new_figure, save_figure
from lab.records import EXPERIMENTS

FORMS = ("png", "svg")
COMMAND = "python3 workbench.py run experiment {name}{options} --out docs/experiments"

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over seeds: mean, sample standard deviation (0 of a single value) and the values themselves."""

    mean: float
    deviation: float
    values: tuple[float, ...]

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """From one value or more."""
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        return Spread(statistics.mean(values), deviation, tuple(values))


Figures = dict[str, Spread | None]  # None where a figure is missing in all reports


def spread_of(reports: Sequence[Mapping[str, float | None]]) -> Figures:
    """The spread of every figure over reports with the same keys."""
    every = {name: [value for report in reports if (value := report[name]) is not None] for name in reports[0]}
    return {name: Spread.of(values) if values else None for name, values in every.items()}


def in_words(figures: Mapping[str, float | None], form: str = ".3f") -> str:
    """Figures of one run by their names, without those that it does not have."""
    return ", ".join(f"{name} {value:{form}}" for name, value in figures.items() if value is not None)


def mean(figure: Spread | None) -> float:
    """The mean of a figure, as a plot takes it."""
    return math.nan if figure is None else figure.mean


def probability(p: float) -> str:
    """A probability in four digits, or in as many more as distinguish it from 0 and 1."""
    if p in (0.0, 1.0):
        return f"{p:.0f}"
    if 0.0 < p < 1e-4:
        return f"{p:.1e}"
    if p < 1.0 and round(p, 4) == 1.0:
        return f"{p:.{math.ceil(-math.log10(1.0 - p))}f}"
    return f"{p:.4f}"


def probability_cell(figure: Spread | None) -> str:
    """Like ``cell``, for probabilities: the mean, and the least of several, which says more than their deviation."""
    if figure is None:
        return "–"
    text = probability(figure.mean)
    return f"{text} (least {probability(min(figure.values))})" if len(figure.values) > 1 else text


def thinned(rows: Sequence[Any], most: int) -> list[Any]:
    """At most so many of the rows, spread evenly, including the last one."""
    step = -(-len(rows) // most) if rows else 1
    return list(rows[::-1][::step])[::-1]


def cell(figure: Spread | None, form: str = ".3f") -> str:
    """A figure with its spread as people read it: mean ± sample standard deviation."""
    if figure is None:
        return "–"
    text = f"{figure.mean:{form}}"
    return f"{text} ± {figure.deviation:{form}}" if len(figure.values) > 1 else text


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

    def __str__(self) -> str:
        """The mean with its interval, as people read it."""
        return f"{self.mean:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Gain:
    """Differences of paired runs: what each seed's run has over another one of the same facts.

    Attributes:
        mean: of the differences.
        reach: half of the 95% interval of the mean, by Student's t: the least gain that this spread and number of seeds
            would have told from 0; 0 where there is one seed.
        effect: mean over standard deviation (Cohen's d of pairs); None where that is zero.
    """

    mean: float
    reach: float
    effect: float | None

    @staticmethod
    def of(spread: Spread) -> Gain:
        """From the differences."""
        count = len(spread.values)
        if not spread.deviation:
            return Gain(spread.mean, 0.0, None)
        reach = student(count - 1) * spread.deviation / math.sqrt(count)
        return Gain(spread.mean, reach, spread.mean / spread.deviation)

    def __str__(self) -> str:
        """The mean with its interval and effect size, as people read it."""
        if self.effect is None:
            return f"{self.mean:+.3f} in every set"
        low, high = self.mean - self.reach, self.mean + self.reach
        return f"{self.mean:+.3f} ({low:+.3f} to {high:+.3f}, d {self.effect:+.1f})"


@functools.cache
def student(freedom: int) -> float:
    """The 97.5% quantile of Student's t with so many degrees of freedom, from 1 on, to two digits."""
    x = np.linspace(0.0, 20.0, 200_001)
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)
    density = np.exp(scale - (freedom + 1) / 2 * np.log1p(x * x / freedom))
    below = np.cumsum(density[1:] + density[:-1]) * (x[1] - x[0]) / 2
    return float(x[1 + np.searchsorted(below, 0.475)])


def read_report(path: Path) -> dict[str, Any]:
    """A saved report, with each figure over seeds as a ``Spread`` or ``Paired`` again.

    Raises:
        OSError: when there is none.
        ValueError: when it is damaged.
    """

    def figure(values: dict[str, Any]) -> Any:
        for kind in (Spread, Paired):
            if values.keys() == {field.name for field in dataclasses.fields(kind)}:
                return kind(**{**values, "values": tuple(values["values"])})
        return values

    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), object_hook=figure)
    return report


def run_key(settings: Mapping[str, Any]) -> str:
    """The name of a run, from all that its figures depend on."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def kept(folder: Path, settings: Mapping[str, Any], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The figures of one run; it is made unless an earlier call with the same settings finished it.

    Args:
        folder: one JSON file for each run, named by its settings.
        settings: all that the figures depend on.
        make: makes the run.

    Raises:
        UserError: when the file is damaged.
    """
    record = folder / f"{run_key(settings)}.json"
    if record.is_file():
        try:
            figures: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
            return figures
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


def panels(axes: Any, rows: int, columns: int, size: tuple[float, float]) -> list[Any]:
    """Axes in rows and columns of one figure, row by row; the given ones come first, and their title goes above all.

    Args:
        axes: those of a figure that has no others.
        rows: how many.
        columns: how many in each row.
        size: of the figure, width and height in inches.
    """
    figure = axes.figure
    title_of_the_figure(axes)
    figure.set_size_inches(size)
    grid = figure.add_gridspec(rows, columns)
    axes.set_subplotspec(grid[0, 0])
    made = [axes]
    for place in range(1, rows * columns):
        panel = figure.add_subplot(grid[place // columns, place % columns])
        panel.grid(color=LINE_COLOUR, linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
        made.append(panel)
    return made


def title_of_the_figure(axes: Any) -> None:
    """Move the title of axes to the left edge of their figure."""
    title, figure = axes.get_title(loc="left"), axes.figure
    if title and figure.get_suptitle() == "":
        axes.set_title("", loc="left")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)


def bars(axes: Any, names: Sequence[str], series: Mapping[str, Sequence[Spread | None]], form: str = "") -> None:
    """Draw horizontal bars, the first name on top: for each name one bar of every series, with its deviation.

    The title moves to the left edge of the figure, as names take much of its width.

    Args:
        axes: to draw on.
        names: of the groups.
        series: figures of each group, by label.
        form: of the number that stands after each bar; none if empty.
    """
    title_of_the_figure(axes)
    height, count = 0.8 / len(series), len(names)
    for number, ((label, figures), colour) in enumerate(zip(series.items(), COLOURS, strict=False)):
        places = [count - place - number * height for place in range(count)]
        deviations = [0.0 if figure is None else figure.deviation for figure in figures]
        axes.barh(
            places,
            [mean(figure) for figure in figures],
            height,
            xerr=deviations,
            color=colour,
            label=label,
            error_kw={"linewidth": 0.8},
        )
        for place, figure, deviation in zip(places, figures, deviations, strict=True):
            if form and figure is not None:
                at, text = (figure.mean + deviation, place), f"{figure.mean:{form}}"
                axes.annotate(text, at, (4, 0), textcoords="offset points", va="center", fontsize=7, color=MUTED_COLOUR)
    axes.set_yticks([count - place - height * (len(series) - 1) / 2 for place in range(count)], names, fontsize=8)
    axes.set_axisbelow(True)


def pictures_in(page_of: str, names: Sequence[str]) -> str:
    """Lines of Markdown that show the PNG pictures among the names."""
    return "".join(f"\n![{page_of}]({name})\n" for name in names if name.endswith(".png"))
