"""What a configuration saved for its next run: ``.orch/state/<component>/<configuration>.json``, and for a
row of it ``.orch/state/<component>/<configuration>/<row>.json``.

On the disk secrets in it are references; the program gets the values, and gives them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.components.kit.contract import TaskConfig
from orch_tui.components.kit.staging.in_memory import served_json
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.model.variables.references import MissingSecrets
from orch_tui.project.attempt_dir import input_state, output_state, referring_state
from orch_tui.project.files.own_files import read_own, read_own_text, replace_json, replace_own
from orch_tui.project.masking.kept import HiddenSecret, has_references, resolved, with_references
from orch_tui.project.masking.redactor import secrets_of_task
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.storage.tables import StorageError


class SavedState:
    """The state of one attempt's configuration, from the last run and for the next."""

    def __init__(self, config: TaskConfig) -> None:
        self._config = config
        self._secrets = secrets_of_task()
        self._memory = contextlib.ExitStack()

    @property
    def _file(self) -> Path | None:
        component, configuration = self._config.component, self._config.configuration
        if not (valid_id(component) and valid_id(configuration)):
            return None
        return ProjectPaths(self._config.project).saved_state(component, configuration, self._config.row)

    def fetch(self) -> None:
        """Bring it to ``in/state.json``: in memory only, until :meth:`close`, if it has secrets in it.

        Raises:
            UserError: it refers to a secret that the configuration does not name any more.
        """
        data = self._data()
        if data is None:
            return
        path = input_state(self._config.data_dir)
        state = self._with_values(data)
        if state is None:
            replace_own(path, data)
        else:
            replace_own(referring_state(self._config.data_dir), data, durable=False)
            self._memory.enter_context(served_json(state, path))

    def _data(self) -> bytes | None:
        """As it is kept; None where there is none."""
        then = self._config.as_it_ran
        places = [self._file] if then is None else [referring_state(then), input_state(then)]
        for place in places:
            # There is none in the first run of a configuration.
            with contextlib.suppress(FileNotFoundError):
                if place is not None:
                    return read_own(place)
        return None

    def _with_values(self, data: bytes) -> Any:
        """The data with secrets in place of references; None when it has none, or is no JSON."""
        try:
            state = parse_json(data)
        except ValueError:
            return None
        if not has_references(state):
            return None
        try:
            return resolved(state, self._secrets.get)
        except MissingSecrets as error:
            one = f"${{{error.names[0]}}}"
            raise UserError(
                f"the saved state {self._file} refers to the secret {', '.join(error.names)}, which this configuration "
                f"does not name any more; write {one} into the configuration again, or delete the state to start from "
                "the beginning"
            ) from error

    def read(self) -> dict[str, Any]:
        """What :meth:`fetch` brought. Raises: UserError when it is not JSON."""
        path = input_state(self._config.data_dir)
        try:
            state = parse_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise UserError(
                f"the saved state {self._file} cannot be read: {safe_line(str(error))}; repair it, or delete it "
                "to start from the beginning"
            ) from error
        return state if isinstance(state, dict) else {}

    def of_program(self) -> dict[str, Any] | None:
        """What the program left in ``out/state.json``; None when it left nothing. Raises: UserError."""
        return left_state(self._config.data_dir)

    def to_keep(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """``state`` with references in place of secrets. Raises: UserError when that cannot be."""
        try:
            kept: dict[str, Any] = with_references(state, self._secrets)
        except HiddenSecret as error:
            raise UserError(
                f"the state that the task leaves holds the secret {error.name}, encoded or in part, at "
                f'"{safe_line(error.key, 200)}", and a state is kept on the disk; leave it out, or save the secret as '
                "it is: then a reference to it is kept"
            ) from error
        return kept

    def save(self, kept: Mapping[str, Any]) -> None:
        """Replace the saved state by what :meth:`to_keep` gave. Raises: StorageError."""
        if self._file is None:
            return
        try:
            make_private(self._file.parent)
            replace_json(self._file, kept)
        except OSError as error:
            raise StorageError(
                f"the tables are published, but the state {self._file} could not be saved: {error}; the next run "
                "starts from the state before this one"
            ) from error

    def close(self) -> None:
        """Forget what was in memory only."""
        self._memory.close()


def left_state(attempt: Path) -> dict[str, Any] | None:
    """What a program left in ``out/state.json`` of its attempt; None when it left nothing. Raises: UserError."""
    try:
        text = read_own_text(output_state(attempt))
        state = parse_json(text) if text.strip() else {}
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(f"out/state.json cannot be read: {safe_line(str(error))}; write one JSON object") from error
    return state if isinstance(state, dict) else {}
