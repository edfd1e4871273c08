"""The wheel that is published: complete, typed, and of use without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.projects import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the checkout."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("orch_tui", "docs", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(copy)]
    built = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = out.glob("*.whl")
    return found


def test_the_wheel_has_everything_that_the_package_reads(wheel: Path) -> None:
    # GIVEN what lies in the package
    expected = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "orch_tui").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    # WHEN the wheel is listed
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    # THEN all of it is there: manifests, style sheets, the mark that it is typed; and the licence and the pages of man
    assert {"orch_tui/py.typed", "orch_tui/components/sql/sql.toml"} <= expected <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("share/man/man1/orch-tui.1") for name in names)
    assert not any(name.startswith(("tests/", "sample_configs/")) for name in names)


def test_the_wheel_runs_the_sample_outside_of_the_checkout(wheel: Path, tmp_path: Path) -> None:
    # GIVEN an environment with nothing but the wheel and what it needs (from this one, so that nothing is fetched)
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    packages = next((home / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(packages)
    others = [entry for entry in sys.path if entry.endswith("site-packages")]
    (packages / "others.pth").write_text("\n".join(others) + "\n", encoding="utf-8")
    project = shutil.copytree(
        ROOT / "sample_configs", tmp_path / "sample", ignore=shutil.ignore_patterns(".orch", "out")
    )
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    # WHEN the sample pipeline runs there
    argv = [str(python), "-P", "-m", "orch_tui", "run", "campaigns", "--project", str(project)]
    ran = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=180)
    # THEN it succeeds with the wheel's own modules, and leaves its file
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert list((project / "out").iterdir())
    where = [str(python), "-P", "-c", "import orch_tui; print(orch_tui.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.startswith(str(home))
