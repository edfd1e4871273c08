"""A project directory: everything in it is read when it is first asked for, and once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT, Component
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.project.definitions.settings import ProjectSettings, decode_settings
from orch_tui.project.extensions.manifests import BUILTIN_COMPONENTS, Manifests, toml_files
from orch_tui.project.files.given_files import is_inside
from orch_tui.project.files.source import DefinitionError, SourceText, parse_toml, read_source, reading_remedy
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.toml.decode import Place, did_you_mean, quote

__all__ = ["DefinitionError", "Project", "ProjectSettings", "SourceText", "open_project"]

_ID_REMEDY = "rename the file: letters, digits, _ . and -, at most 100 characters"


class Project:
    """The definitions of one project.

    Values are cached until :meth:`reload` or :meth:`forget`. Not for use by several threads at once.
    """

    def __init__(self, root: Path, *, tolerant: bool = False, builtin: Path = BUILTIN_COMPONENTS) -> None:
        """Raises: DefinitionError when ``orch.toml`` is broken and the caller is not tolerant."""
        self.root = root
        self.paths = ProjectPaths(root)
        self._manifests = Manifests(builtin)
        self._clear()
        self.settings_fault: DefinitionError | None = None
        """Why the ``settings`` are not those of ``orch.toml``; they are no settings to run anything with then."""
        self.settings = self._read_settings(tolerant)

    def _clear(self) -> None:
        self._sources: dict[Path, SourceText] = {}
        self._problems: dict[Path, list[Problem]] = {}
        self._components: dict[str, Component] | None = None
        self._single_components: dict[str, Component | None] = {}
        self.refusal: OSError | None = None
        """Why :meth:`component` knew of none at its last call, where the system did not let its manifest be read."""
        self._orchestrations: dict[str, Orchestration] = {}
        self._configurations: dict[str, Configuration] = {}

    def reload(self, *, tolerant: bool = True) -> None:
        """Forget everything read; a broken ``orch.toml`` gives default settings and a problem, or, where the caller is
        not ``tolerant``, leaves them as they were. Raises: DefinitionError then."""
        self._clear()
        self.settings = self._read_settings(tolerant)

    def reload_settings(self) -> None:
        """Read ``orch.toml`` again; a broken one gives default settings and a problem."""
        self.forget(self.paths.settings)
        self.settings = self._read_settings(tolerant=True)

    def forget(self, path: Path) -> None:
        """Forget what was read from one file, because it was or may have been changed."""
        self._sources.pop(path, None)
        self._problems.pop(path, None)
        if path.parent == self.paths.orchestrations:
            self._orchestrations.pop(path.stem, None)
            self._configurations.pop(f"{ORCHESTRATION_COMPONENT}/{path.stem}", None)
        elif path.parent.parent == self.paths.configurations:
            self._configurations.pop(f"{path.parent.name}/{path.stem}", None)
        elif path.parent == self.paths.components:
            self._components = None
            self._single_components.clear()

    def _read_settings(self, tolerant: bool) -> ProjectSettings:
        path, settings = self.paths.settings, ProjectSettings(name=safe_line(self.root.name, 80) or "project")
        try:
            source = self.source(path)
            place = Place("orch.toml", source.text)
            settings = decode_settings(parse_toml(source.text, "orch.toml"), place, settings.name)
            self._note(path, place.problems)
            if place.broken:
                raise DefinitionError(place.problems)
            self.settings_fault = None
        except DefinitionError as error:
            if not tolerant:
                raise
            self._note(path, error.problems)
            self.settings_fault = error
        return settings

    def _note(self, path: Path, problems: list[Problem]) -> None:
        if problems:
            self._problems[path] = problems

    def source(self, path: Path) -> SourceText:
        """The text of a definition file as it was read. Raises: DefinitionError."""
        source = self._sources.get(path)
        if source is None:
            source = read_source(path, self.root, self.paths.relative(path))
            self._sources[path] = source
        return source

    def components(self) -> dict[str, Component]:
        """Components of the program, of packages and of the project, by id, the later instead of the earlier.

        Broken manifests are left out, see :meth:`problems`.
        """
        if self._components is None:
            components: dict[str, Component] = {}
            for path in self._manifests.all().values():
                self._add_component(components, path, builtin=True)
            for path in toml_files(self.paths.components):
                self._add_component(components, path, builtin=False)
            self._components = components
        return self._components

    def component(self, component_id: str) -> Component | None:
        """One component, without reading the manifests of all others; None where there is none that can be read."""
        self.refusal = None
        if self._components is not None:
            return self._components.get(component_id)
        if component_id not in self._single_components:
            component = self._read_single(component_id)
            if component is None and self.refusal is not None:
                return None
            self._single_components[component_id] = component
        return self._single_components[component_id]

    def _read_single(self, component_id: str) -> Component | None:
        if not valid_id(component_id):
            return None
        own, shipped = self.paths.component(component_id), self._manifests.find(component_id)
        self.refusal = self._manifests.refusal
        for path, builtin in ((own, False), (shipped, True)):
            if path is None or (not builtin and not os.path.lexists(path)):
                continue
            component = self._read_component(path, builtin=builtin)
            # Where the project's own cannot be read now, the one behind it is another program.
            if component is not None or self.refusal is not None:
                return component
        return None

    def _add_component(self, components: dict[str, Component], path: Path, *, builtin: bool) -> None:
        component = self._read_component(path, builtin=builtin, shadows=not builtin and path.stem in components)
        if component is not None:
            components[path.stem] = component

    def _read_component(self, path: Path, *, builtin: bool, shadows: bool = False) -> Component | None:
        """The component of a manifest; None where it is broken, with the problems noted."""
        # The first picture of the screen needs no definition: what reads one is loaded behind it.
        from orch_tui.project.definitions.configurations import decode_component, warn_of_shadow

        shown = self.paths.relative(path)
        try:
            _check_stem(path.stem, shown)
            source = read_source(path, path.parent if builtin else self.root, shown)
            self._sources[path] = source
            place = Place(shown, source.text)
            component = decode_component(
                parse_toml(source.text, shown), place, path.stem, builtin=builtin, directory=str(path.parent)
            )
        except DefinitionError as error:
            self._note(path, error.problems)
            self.refusal = error.__cause__ if isinstance(error.__cause__, OSError) else self.refusal
            return None
        if shadows:
            warn_of_shadow(place, path.stem)
        if component.runner is not None and not builtin:
            component = self._run_by(component, component.runner, place)
        self._note(path, place.problems)
        return None if place.broken else component

    def _run_by(self, component: Component, runner_id: str, place: Place) -> Component:
        """What a component takes from the built-in one that runs it; that there is none is reported."""
        path = self._manifests.find(runner_id)
        runner = self._read_component(path, builtin=True) if path is not None else None
        if runner is None:
            message = f"runner: there is no component {quote(runner_id)} that could run it"
            remedy = did_you_mean(runner_id, self._manifests.all()) or "name a built-in component"
            place.report(Severity.ERROR, "unknown-component", message, remedy, ("runner",))
            return component
        return component.run_by(runner)

    def orchestration_ids(self) -> list[str]:
        """Ids of the orchestration files, sorted; broken ones are among them."""
        return [path.stem for path in toml_files(self.paths.orchestrations) if valid_id(path.stem)]

    def orchestration(self, orchestration_id: str) -> Orchestration:
        """One orchestration. Raises: DefinitionError with everything that is wrong in its file."""
        cached = self._orchestrations.get(orchestration_id)
        if cached is not None:
            return cached
        from orch_tui.project.definitions.orchestrations import decode_orchestration, has_all_ids

        path = self.paths.orchestration(orchestration_id)
        shown = self.paths.relative(path)
        if not valid_id(orchestration_id) or not os.path.lexists(path):
            known, unlisted = self.orchestration_ids(), self.unlisted()
            raise _missing("orchestration", orchestration_id, known, "see orch-tui list", unlisted)
        source = self._read(path)
        place = Place(shown, source.text, orchestration_id)
        document = self._parse(path, source)
        value = decode_orchestration(document, place, orchestration_id)
        self._note(path, place.problems)
        if place.broken:
            raise DefinitionError(place.problems)
        if has_all_ids(document):
            self._sources[path] = replace(source, reads_as=value)
        self._orchestrations[orchestration_id] = value
        return value

    def configuration_refs(self) -> list[str]:
        """``component-id/configuration-id`` of every configuration file and every orchestration, sorted."""
        refs = []
        for path in self._configuration_files():
            if valid_id(path.stem) and valid_id(path.parent.name):
                refs.append(f"{path.parent.name}/{path.stem}")
        refs += [f"{ORCHESTRATION_COMPONENT}/{orchestration_id}" for orchestration_id in self.orchestration_ids()]
        return sorted(refs)

    def configuration(self, ref: str) -> Configuration:
        """One configuration; ``orchestration/<id>`` stands for that orchestration. Raises: DefinitionError."""
        cached = self._configurations.get(ref)
        if cached is not None:
            return cached
        try:
            component, name = split_ref(ref)
        except ValueError as error:
            raise DefinitionError([Problem(Severity.ERROR, "reference", safe_line(str(error), 200))]) from error
        if component == ORCHESTRATION_COMPONENT:
            inner = self.orchestration(name)
            file = self.paths.relative(self.paths.orchestration(name))
            value = Configuration(component, name, inner.name, inner.description, file=file)
        else:
            value = self._read_configuration(ref, component, name)
        self._configurations[ref] = value
        return value

    def _read_configuration(self, ref: str, component: str, name: str) -> Configuration:
        from orch_tui.project.definitions.configurations import decode_configuration

        path = self.paths.configuration(component, name)
        if not (valid_id(component) and valid_id(name)) or not os.path.lexists(path):
            known, unlisted = self.configuration_refs(), self.unlisted()
            raise _missing("configuration", ref, known, "create it or correct the reference", unlisted)
        source = self._read(path)
        place = Place(self.paths.relative(path), source.text)
        texts: dict[Path, str] = {}

        def read_text(named: str) -> str:
            text_path = text_file(self.root, path, named)
            texts[text_path] = _read_named_text(text_path, self.root, self.paths.relative(text_path), named)
            return texts[text_path]

        value = decode_configuration(self._parse(path, source), place, component, name, read_text)
        self._note(path, place.problems)
        if place.broken:
            raise DefinitionError(place.problems)
        if texts:
            self._sources[path] = SourceText(source.text, source.digest, texts)
        return value

    def _read(self, path: Path) -> SourceText:
        try:
            return self.source(path)
        except DefinitionError as error:
            self._note(path, error.problems)
            raise

    def _parse(self, path: Path, source: SourceText) -> dict[str, object]:
        try:
            return parse_toml(source.text, self.paths.relative(path))
        except DefinitionError as error:
            self._note(path, error.problems)
            raise

    def _configuration_directories(self) -> list[Path]:
        """That of each component, and the one around them."""
        around = self.paths.configurations
        try:
            return [around, *(Path(path) for path in sorted(one.path for one in os.scandir(around) if one.is_dir()))]
        except OSError:
            return [around]

    def _configuration_files(self) -> Iterator[Path]:
        for directory in self._configuration_directories()[1:]:
            yield from toml_files(directory)

    def unlisted(self) -> list[Problem]:
        """The directories of definitions that are there and cannot be read: nobody knows what they hold."""
        problems = []
        for directory in (self.paths.components, self.paths.orchestrations, *self._configuration_directories()):
            try:
                os.scandir(directory).close()
            except FileNotFoundError:
                continue
            except OSError as error:
                message = f"the directory cannot be read: {os.strerror(error.errno) if error.errno else error}"
                remedy = reading_remedy(error, "ls -ld")
                problems.append(Problem(Severity.ERROR, "unreadable", message, remedy, self.paths.relative(directory)))
        return problems

    def problems(self) -> list[Problem]:
        """Reads everything and returns what is wrong with the files themselves, in the order of the files."""
        self.components()
        for path in toml_files(self.paths.orchestrations):
            self._try_reading(path, path.stem, self.orchestration)
        for path in self._configuration_files():
            self._try_reading(path, f"{path.parent.name}/{path.stem}", self.configuration)
        of_files = [problem for path in sorted(self._problems) for problem in self._problems[path]]
        return [*self.unlisted(), *of_files]

    def _try_reading(self, path: Path, name: str, read: Callable[[str], object]) -> None:
        try:
            _check_stem(path.stem, self.paths.relative(path))
            if path.parent.parent == self.paths.configurations:
                _check_directory(path.parent.name, self.paths.relative(path.parent))
            read(name)
        except DefinitionError as error:
            self._problems[path] = error.problems


def open_project(path: Path, *, tolerant: bool = False) -> Project:
    """The project at ``path`` or in the nearest directory above it that has an ``orch.toml``.

    Raises:
        DefinitionError: there is none, or its ``orch.toml`` is broken and the caller is not ``tolerant``.
    """
    start = Path(os.path.abspath(path))
    for directory in (start, *start.parents):
        if os.path.lexists(directory / "orch.toml"):
            _complete_saves(directory)
            return Project(directory, tolerant=tolerant)
    message = f"there is no project in {quote(str(start), 300)} or above it: no orch.toml was found"
    raise DefinitionError(
        [Problem(Severity.ERROR, "no-project", message, 'create one with "orch-tui new", or name one with --project')]
    )


def _complete_saves(root: Path) -> None:
    """What a program that was killed had begun to save. What cannot be completed now is by the next save, which says
    why."""
    if os.path.isdir(ProjectPaths(root).unfinished_saves):
        # Every command opens a project, and hardly any finds something to complete.
        from orch_tui.project.concurrent.file_set import complete_saves

        with contextlib.suppress(OSError):
            complete_saves(root)


def text_file(root: Path, configuration_file: Path, named: str) -> Path:
    """The absolute path of a ``{ file = "…" }``, relative to the configuration's own file.

    Raises:
        ValueError: it leads out of the project, or it cannot be a path.
    """
    if not named or "\0" in named:
        raise ValueError(f"{quote(named)} cannot be the name of a file")
    path = Path(os.path.normpath(configuration_file.parent / named))
    if not path.is_relative_to(root) or not is_inside(path, root):
        raise ValueError(f"the file {quote(named)} is outside of the project")
    return path


def _read_named_text(path: Path, root: Path, shown: str, named: str) -> str:
    try:
        return read_source(path, root, shown).text
    except DefinitionError as error:
        raise ValueError(f"the file {quote(named)}: {error.problems[0].message}") from error


def _check_stem(stem: str, shown: str) -> None:
    if not valid_id(stem):
        message = f"the file name {quote(stem)} cannot be an id"
        raise DefinitionError([Problem(Severity.ERROR, "invalid-id", message, _ID_REMEDY, shown)])


def _check_directory(name: str, shown: str) -> None:
    if not valid_id(name):
        message = f"the directory name {quote(name)} cannot be the id of a component"
        raise DefinitionError([Problem(Severity.ERROR, "invalid-id", message, _ID_REMEDY, shown)])
    if name == ORCHESTRATION_COMPONENT:
        message = 'configurations of the component "orchestration" are the files in orchestrations/'
        raise DefinitionError([Problem(Severity.ERROR, "reserved", message, "move the file there", shown)])


def _missing(
    kind: str, name: str, known: list[str], otherwise: str, unlisted: Iterable[Problem] = ()
) -> DefinitionError:
    """``unlisted``: why it may be there all the same."""
    message = f"there is no {kind} {quote(name)}"
    remedy = did_you_mean(name, known) or otherwise
    for problem in unlisted:
        message, remedy = f"{message}; {problem.file}: {problem.message}", problem.remedy
    return DefinitionError([Problem(Severity.ERROR, f"missing-{kind}", message, remedy)])
