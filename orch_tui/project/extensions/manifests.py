"""Where the manifests of components are: in this program, in packages of others, in the project.

A package offers components by an entry point of the group :data:`GROUP` whose value is the name of a module: the
manifests (``<component-id>.toml``) lie in that module's directory. The module is found, not imported; see
https://packaging.python.org/en/latest/specifications/entry-points/.
"""

from __future__ import annotations

import os
from pathlib import Path

GROUP = "orch_tui.components"

# Manifests are data: the modules beside them are never imported from here.
BUILTIN_COMPONENTS = Path(os.path.abspath(__file__)).parents[2] / "components"


class Manifests:
    """The manifests that come with the program or with a package, by component id; each place is read once."""

    def __init__(self, builtin: Path) -> None:
        self._builtin = builtin
        self._of_program: dict[str, Path] | None = None
        self._of_packages: dict[str, Path] | None = None
        self.refusal: OSError | None = None
        """Why those of the program could not be listed at the last try; they are looked for again."""

    def find(self, component_id: str) -> Path | None:
        """One manifest. Packages are looked through only for what the program itself does not have."""
        return self._program().get(component_id) or self._packages().get(component_id)

    def all(self) -> dict[str, Path]:
        """Every manifest, sorted by component id; what the program has goes before what packages have."""
        return dict(sorted({**self._packages(), **self._program()}.items()))

    def _program(self) -> dict[str, Path]:
        if self._of_program is None:
            self.refusal = None
            try:
                self._of_program = {path.stem: path for path in _below(self._builtin)}
            except OSError as error:
                self.refusal = error
                return {}
        return self._of_program

    def _packages(self) -> dict[str, Path]:
        if self._of_packages is None:
            self._of_packages = {}
            for directory in _offered_directories():
                for path in toml_files(directory):
                    self._of_packages.setdefault(path.stem, path)
        return self._of_packages


def _offered_directories() -> list[Path]:
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    directories = []
    for entry_point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            spec = find_spec(entry_point.module)
        except (ImportError, ValueError):
            # A package that cannot be found has no components; what names one of them is told so.
            continue
        places = (spec.submodule_search_locations or ()) if spec is not None else ()
        directories += [Path(place) for place in places]
    return directories


def _below(directory: Path) -> list[Path]:
    """The manifests of a directory: beside each other, or in a folder with the modules of their family.

    Raises: OSError: they cannot be listed now; with some of them nobody would know that there are others.
    """
    try:
        with os.scandir(directory) as entries:
            families = [Path(entry.path) for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []
    return [path for folder in (directory, *families) for path in _listed(folder)]


def toml_files(directory: Path) -> list[Path]:
    """The definition files of a directory by id; hidden ones (editors, half-written files) are left out."""
    try:
        return _listed(directory)
    except OSError:
        return []


def _listed(directory: Path) -> list[Path]:
    """Raises: OSError."""
    with os.scandir(directory) as entries:
        # Without the ending: "a" comes before "a-b", and "." after "-".
        ids = sorted(entry.name[:-5] for entry in entries if entry.name.endswith(".toml"))
    return [directory / f"{name}.toml" for name in ids if not name.startswith(".")]
