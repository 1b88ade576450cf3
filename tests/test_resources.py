"""Where bundled files are found: in a checkout, and inside an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from bdh_workbench import resources
from bdh_workbench.errors import UserError


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}", encoding="utf-8")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bdh_workbench"
    folder.mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", folder)
    return folder


def test_a_checkout_has_them_beside_the_package(tmp_path: Path, package: Path) -> None:
    make(tmp_path, "pyproject.toml", "resources/samples/a.json", "models/small/config.json", "models/notes/README.md")
    assert resources.resource_path("samples/a.json") == tmp_path / "resources" / "samples" / "a.json"
    assert resources.bundled_model_path("small") == tmp_path / "models" / "small"
    assert resources.bundled_model_names() == ["small"]


def test_an_installed_package_has_them_inside(tmp_path: Path, package: Path) -> None:
    # Another distribution may have left folders of these names in site-packages.
    make(tmp_path, "resources/a.json", "models/other/config.json")
    make(package, "resources/a.json", "models/small/config.json")
    assert resources.resource_path("a.json") == package / "resources" / "a.json"
    assert resources.bundled_model_path("small") == package / "models" / "small"


def test_what_is_missing_is_named(package: Path) -> None:
    make(package, "models/small/config.json")
    with pytest.raises(UserError, match=r'"large".*there are: small\.'):
        resources.bundled_model_path("large")
    with pytest.raises(UserError, match=r'"a\.json" is missing'):
        resources.resource_path("a.json")


@pytest.mark.parametrize("name", ["../secret", "/etc", "", "a/../../secret", "..\\secret"])
def test_nothing_outside_is_found(package: Path, name: str) -> None:
    make(package, "resources/a/b")
    make(package, "models/a/config.json")
    make(package.parent, "secret")
    make(package, "secret")
    with pytest.raises(UserError):
        resources.resource_path(name)
    with pytest.raises(UserError):
        resources.bundled_model_path(name)
