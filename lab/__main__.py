"""Makes ``python -m lab`` the command line of a checkout: that of the program, with the commands of the lab added."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bdh_workbench import cli
from lab import experiment, screenshots

LAB_COMMANDS: tuple[cli.Command, ...] = (
    *cli.COMMANDS,
    ("experiment", "repeat one of the project's experiments", experiment.add_options, experiment.run),
    ("screenshots", "take pictures of the window", screenshots.add_options, screenshots.run),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit status."""
    return cli.main(argv, LAB_COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
