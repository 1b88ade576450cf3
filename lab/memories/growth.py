"""How rank and time of writes grow with what is stored: the pictures of the ``keeping`` experiment."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bdh_workbench.training.pictures import COLOURS, new_figure, save_figure

SERIES = {
    "sequence1000": ("1,000 facts in 50 writes", "facts held", 20),
    "fifty": ("50 documents, one at a time", "documents held", 1),
}  # part of the experiment: title, axis, items of each write


def draw_growth(report: Mapping[str, Any], folder: Path) -> list[str]:
    """Draw the used rank and the seconds of each write over what is stored, as PNG and SVG.

    Args:
        report: of the experiment; parts that are missing are not drawn.
        folder: of the pictures.

    Returns:
        Names of the files made; none where matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return []
    made = []
    for part, (title, across, size) in SERIES.items():
        growth = report.get(part, {}).get("growth")
        if not growth:
            continue
        held = [size * (number + 1) for number in range(len(growth))]
        for measure, label in (("rank", "used rank (directions)"), ("seconds", "time of the write (s)")):
            figure, axes = new_figure(title, across, label)
            axes.plot(held, [step[measure] for step in growth], color=COLOURS[0], linewidth=1.8)
            axes.set_ylim(bottom=0)
            for form in ("png", "svg"):
                name = f"{part}-{measure}.{form}"
                save_figure(figure, axes, folder / name)
                made.append(name)
    return made
