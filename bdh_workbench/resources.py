"""Where the files that come with the program are: samples, icons, fonts, and the models.

In a checkout they lie in `resources/` and `models/` beside the package, in an installed wheel inside the package.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from bdh_workbench.errors import UserError

_PACKAGE = Path(__file__).resolve().parent


def resource_path(name: str) -> Path:
    """Return the path of a bundled file or folder, named relative to `resources/`, with forward slashes.

    Raises:
        UserError: There is no such file in this installation.

    """
    return _find("resources", name, f'The bundled file "{name}" is missing from this installation.')


def bundled_model_path(name: str) -> Path:
    """Return the folder of a bundled model.

    Raises:
        UserError: No model of this name comes with the program.

    """
    known = ", ".join(bundled_model_names()) or "none"
    return _find("models", name, f'No model named "{name}" comes with the program; there are: {known}.')


def bundled_model_names() -> list[str]:
    """Return the names of the models that come with the program, sorted."""
    folder = _base("models") / "models"
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / "config.json").is_file())


def _base(kind: str) -> Path:
    """Return the folder that holds `resources/` or `models/`."""
    checkout = _PACKAGE.parent
    # A package beside a pyproject.toml of its own is a checkout; an installed package has site-packages around it.
    if (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir():
        return checkout
    return _PACKAGE


def _find(kind: str, name: str, missing: str) -> Path:
    """Return the path of something below `resources/` or `models/`, never of anything outside."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if not parts.parts or parts.is_absolute() or ".." in parts.parts:
        raise UserError(missing)
    path = _base(kind) / kind / parts
    if not path.exists():
        raise UserError(missing)
    return path
