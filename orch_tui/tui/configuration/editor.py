"""A configuration that is being edited: read, checked, saved. No widgets here, so that it can be tested without any."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orch_tui.model.checks.reading import CheckFault, follow_tables, parse_checks
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT, Component
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.edits.undo import EditHistory
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import possible_secrets, secret_names, used_secrets
from orch_tui.project.files.source import DefinitionError, SourceText, describe, parse_toml, read_source
from orch_tui.project.project import Project
from orch_tui.project.saving.configuration_text import texts_in_files
from orch_tui.project.saving.writer import Over
from orch_tui.project.secrets import Secrets
from orch_tui.tui.configuration.form.checks_text import read_checks_text
from orch_tui.tui.configuration.form.config_rows import parse_rows
from orch_tui.tui.configuration.form.fields import Field, FieldPath, build_fields
from orch_tui.tui.configuration.form.state import FormState, Place, first_state, read_inputs, read_outputs, read_pool
from orch_tui.tui.configuration.form.values import collect, place_errors, plain, secret_errors

_SECRET_KEY = re.compile(
    r"^(\s*\"?(?:#[\w.-]+|[\w.-]*(?:password|passwd|secret|token|api_?key|credential)[\w.-]*)\"?\s*=)(?!\s*['\"]\$\{).+$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class User:
    """A task that runs the configuration."""

    orchestration: str
    orchestration_name: str
    phase_name: str
    task: str


@dataclass(frozen=True, slots=True)
class Checked:
    """``configuration`` is what would be saved. It may be saved only without ``errors`` and ``general``."""

    configuration: Configuration
    errors: Mapping[Place, list[str]]
    general: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.errors and not self.general


class ConfigurationEditor:
    """``fields`` and ``history`` are there unless ``obstacles`` say why there is no form, only the file.

    All methods read and write files of the project.
    """

    def __init__(self, project: Project, ref: str, new: Configuration | None = None) -> None:
        """``new``: a configuration that has no file yet."""
        self.project = project
        self.ref = ref
        self.saved = new is None
        self._new = new
        self.load()

    @property
    def path(self) -> Path:
        return self.project.paths.configuration(*split_ref(self.ref))

    @property
    def shown_path(self) -> str:
        """The file relative to the project."""
        return self.project.paths.relative(self.path)

    @property
    def component_name(self) -> str:
        return self.component.name if self.component else split_ref(self.ref)[0]

    def load(self) -> None:
        """Read everything again; what was edited since is gone."""
        self.obstacles: list[str] = []
        self.component: Component | None = None
        self.configuration: Configuration | None = None
        self.base: SourceText | None = None
        self.schema: dict[str, Any] = {}
        self.fields: tuple[Field, ...] = ()
        self.history: EditHistory[FormState] | None = None
        self._secrets = Secrets(self.project.root)
        if split_ref(self.ref)[0] == ORCHESTRATION_COMPONENT:
            self.obstacles.append("This is an orchestration: it is edited in the workbench.")
            return
        try:
            self._read()
        except DefinitionError as error:
            self.obstacles += [describe(problem) for problem in error.problems]
            return
        self._read_schema()
        if not self.obstacles and self.configuration is not None:
            texts = {field.path: field.text for field in self.fields}
            self.history = EditHistory(first_state(self.configuration, texts))

    def reload_keeping_edits(self) -> bool:
        """Read again; undo brings back what was edited. False when the form has other fields now, so that it cannot."""
        before, shape = self.history, [(field.path, field.kind) for field in self.fields]
        self.load()
        if before is None or self.history is None or shape != [(field.path, field.kind) for field in self.fields]:
            return False
        loaded = self.history.value
        before.push(loaded, "reading the file again")
        before.mark_saved_as(loaded)
        self.history = before
        return True

    def _read(self) -> None:
        if self._new is not None and not self.saved:
            self.configuration = self._new
            return
        self.project.forget(self.path)
        self.configuration = self.project.configuration(self.ref)
        self.base = self.project.source(self.path)

    def _read_schema(self) -> None:
        from orch_tui.components.kit.schema import json_schema
        from orch_tui.model.errors import UserError

        assert self.configuration is not None
        component_id = self.configuration.component
        self.component = self.project.component(component_id)
        if self.component is None:
            self.obstacles.append(
                f'There is no component "{safe_line(component_id, 60)}" (any more), so its parameters are not known. '
                f"Put its manifest back as components/{safe_line(component_id, 60)}.toml, or edit the file."
            )
            return
        try:
            self.schema = json_schema(self.component)
        except UserError as error:
            self.obstacles.append(safe_line(str(error)))
            return
        parameters = self.configuration.parameters
        self.fields = build_fields(self.schema, parameters, self._text_files())

    def _text_files(self) -> dict[FieldPath, str]:
        """Which parameters are ``{ file = "…" }``."""
        if self.base is None or self.configuration is None:
            return {}
        raw = parse_toml(self.base.text, self.shown_path).get("parameters", {})
        found = texts_in_files(raw, plain(self.configuration.parameters))
        return {tuple(map(str, path)): named for named, path, _ in found}

    def check(self, state: FormState) -> Checked:
        """What would be saved, and everything that is wrong with it."""
        from orch_tui.components.kit.schema import validate_parameters

        assert self.configuration is not None
        assert self.component is not None
        errors: dict[Place, list[str]] = {}
        collected = collect(self.fields, state.texts, self.configuration.parameters)
        name = state.name.strip()
        if not safe_line(name).strip():
            errors[("name",)] = ["give it a name"]
        pool, weight = read_pool(state.pool, self.project.settings.pools, errors)
        configuration = replace(
            self.configuration,
            name=name,
            description=state.description,
            parameters=collected.parameters,
            inputs=read_inputs(state.inputs, errors),
            outputs=read_outputs(state.outputs, errors),
            pool=pool,
            weight=weight,
            **self._rows(state, errors),
        )
        configuration = self._with_checks(configuration, state, errors)
        unread = set(collected.errors)
        configured = self.component.configured(configuration)
        sentences = []
        if not configuration.rows:
            sentences = validate_parameters(self.component, configured.parameters, self.project.root)
        for row in (row for row in configured.rows if row.enabled):
            # Each row gives what the parameters of all of them may lack.
            wrong = validate_parameters(self.component, configured.of_row(row).parameters, self.project.root)
            errors.setdefault(("rows",), []).extend(f"row {row.id}: {one}" for one in wrong)
        errors = {place: said for place, said in errors.items() if said}
        by_field, general = place_errors(self.fields, sentences)
        secrets = secret_errors(self.schema, self.fields, collected.parameters)
        for found in (collected.errors, secrets, by_field):
            for path, messages in found.items():
                # A text that cannot be read was left as it was before: what is said about that would mislead.
                if found is not by_field or path not in unread | secrets.keys():
                    errors.setdefault(("parameters", *path), []).extend(messages)
        return Checked(configuration, errors, tuple(general))

    def _with_checks(
        self, configuration: Configuration, state: FormState, errors: dict[Place, list[str]]
    ) -> Configuration:
        """With the checks of the form, about tables as they are called now; what is wrong goes to ``errors``."""
        saved = self.configuration or configuration
        wrong: list[str] = []
        checks = read_checks_text(state.checks, saved.checks, wrong)
        tables = [output.table for output in configuration.writes]
        checks = follow_tables(checks, [output.table for output in saved.writes], tables)
        try:
            parse_checks(checks, tables)
        except CheckFault as fault:
            wrong.append(str(fault))
        if wrong:
            errors[("checks",)] = wrong
        return replace(configuration, checks=checks)

    def _rows(self, state: FormState, errors: dict[Place, list[str]]) -> dict[str, Any]:
        """The rows and how many of them run at once; what is wrong goes to ``errors``."""
        if self.configuration is None or not (state.rows or self.configuration.rows):
            return {}
        text = state.row_parallel.strip() or "1"
        if not text.isdecimal() or not int(text[:9]) > 0:
            errors[("row_parallel",)] = ["it must be a whole number from 1 on"]
            text = "1"
        wrong: list[str] = []
        rows = parse_rows(state.rows, self.configuration.rows, wrong)
        if wrong:
            errors[("rows",)] = wrong
        return {"rows": rows, "row_parallel": int(text)}

    def save(self, configuration: Configuration, *, over: Over | None = None) -> None:
        """Write a configuration that was checked, with ``over`` over what was seen on disk.

        Raises:
            ChangedOnDisk, DefinitionError, SaveError: see :func:`orch_tui.project.saving.writer.save_configuration`.
        """
        from orch_tui.project.saving.writer import save_configuration

        self.base = save_configuration(self.project, configuration, self.base, over=over)
        self.saved = True
        if self.history is not None:
            self.history.mark_saved()

    def users(self) -> list[User]:
        """Every task that runs it."""
        from orch_tui.project.saving.catalog import used_by

        found: list[User] = []
        phases: dict[str, dict[str, str]] = {}
        for orchestration, task in used_by(self.project, self.ref):
            if orchestration.id not in phases:
                phases[orchestration.id] = {
                    inner.id: phase.name for phase in orchestration.phases for inner in phase.tasks
                }
            found.append(User(orchestration.id, orchestration.name, phases[orchestration.id][task.id], task.id))
        return found

    def secrets(self, parameters: Mapping[str, Any]) -> dict[str, bool]:
        """The secrets that parameters refer to, by name, and whether each has a value. Values never leave here."""
        if self.component is None:
            names, possible = secret_names(parameters), frozenset[str]()
        else:
            names = used_secrets(self.component, parameters)
            possible = possible_secrets(self.component, parameters)
        names |= possible.difference(self._secrets.missing(possible))
        return {name: self._secrets.get(name) is not None for name in sorted(names)}

    def file_text(self) -> str:
        """The file as it is on disk, with what looks like a secret in plain text hidden."""
        try:
            text = read_source(self.path, self.project.root, self.shown_path).text
        except DefinitionError:
            return ""
        return "\n".join(_SECRET_KEY.sub(r"\1 (hidden)", one) for one in text.splitlines())
