"""Makes ``python -m bdh_workbench`` the command line."""

from __future__ import annotations

import sys

from bdh_workbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
