"""Secrets in a configuration of Keboola: values behind ``#`` in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orch_tui.components.keboola.parameters import Parameters
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.processes.environments import hide, secret_texts
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import secret_names
from orch_tui.project.attempt_dir import config_file
from orch_tui.project.files.own_files import read_own_text

_ENCRYPTED = "KBC::"


def note_open_secrets(parameters: Parameters, ctx: Context) -> None:
    """Mask everything behind ``#``; say so when it stands in the configuration itself or is encrypted elsewhere.

    Raises:
        UserError: a value was encrypted for Keboola's platform, whose key nobody else has.
    """
    stages = [stage.parameters for stage in (*parameters.processors.before, *parameters.processors.after)]
    groups = (parameters.parameters, parameters.image_parameters, parameters.authorization, *stages)
    values = [text for group in groups for text in secret_texts(group)]
    if any(value.startswith(_ENCRYPTED) for value in values):
        raise UserError(
            "a secret is encrypted for Keboola's platform (KBC::…), which only that platform can read; put the value "
            'itself into .env and refer to it, as in "#token" = "${API_TOKEN}"'
        )
    hide(ctx, values)
    for key in _open_keys(_as_written(ctx)):
        ctx.log(f'the value of "{safe_line(key, 60)}" stands in the configuration; refer to a secret: "${{NAME}}"')


def _as_written(ctx: Context) -> Mapping[str, Any]:
    """The parameters with their references, as config.json has them."""
    try:
        body = parse_json(read_own_text(config_file(ctx.data_dir)))
    except (OSError, ValueError):
        # A test of the function alone has none; a real task could not have started without.
        return {}
    found = body.get("parameters") if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _open_keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if str(key).startswith("#") and isinstance(item, str) and item and not secret_names(item):
                yield str(key)
            else:
                yield from _open_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _open_keys(item)
