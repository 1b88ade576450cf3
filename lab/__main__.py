"""Makes ``python -m lab`` the command line of a checkout: that of the program, with what the lab adds."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bdh_workbench import cli
from lab import experiment, screenshots
from lab.rivals import bench

LAB_COMMANDS: tuple[cli.Command, ...] = (
    *((*command[:2], bench.add_options, bench.run) if command[0] == "bench" else command for command in cli.COMMANDS),
    ("experiment", "repeat one of the project's experiments", experiment.add_options, experiment.run),
    ("screenshots", "take pictures of the window", screenshots.add_options, screenshots.run),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit status."""
    return cli.main(argv, LAB_COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
