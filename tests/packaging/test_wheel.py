"""The wheel: one import root, and everything the daemon reads at run time."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from a clean copy of the source."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    for name in ("emca_daemon", "conf"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_only_top_level_name_is_the_package(contents: set[str]) -> None:
    """Nothing called `policy` or `store` is put beside other people's packages."""
    assert {name.split("/")[0] for name in contents if ".dist-info/" not in name} == {"emca_daemon"}


def test_every_file_of_the_package_is_inside(contents: set[str]) -> None:
    """Modules, migrations with their template, and the marker for type checkers."""
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = {path.relative_to(ROOT).as_posix() for path in files} - contents
    assert missing == set()


def test_the_configuration_is_inside(contents: set[str]) -> None:
    """`conf/` goes along as `emca_daemon/conf`: the demonstration takes its profiles from there."""
    profiles = {f"emca_daemon/conf/profiles/{path.name}" for path in Path(ROOT / "conf/profiles").glob("*.toml")}
    assert profiles
    assert profiles | {"emca_daemon/conf/emca.toml"} <= contents
