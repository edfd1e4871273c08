"""Code that several transformations share: put in where they name it, between two comments, and taken out again.

Sources: https://help.keboola.com/transformations/variables/#shared-code (``{{ID}}`` in a script, ``shared_code_id`` and
``shared_code_row_ids`` beside it); directories of kbc have ``shared_code_path`` and ``# {{:codes/name}}`` instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.keboola.code import comment_of
from orch_tui.keboola.values import SHARED_CODE, Body, Brought, Stored

SharedTexts = Mapping[str, str]
"""The texts of shared code by the names under which a transformation refers to them."""
_NAMED = re.compile(r"[ \t]*(?:--|#|//)?[ \t]*\{\{[ \t]*:?([A-Za-z0-9_./-]+)[ \t]*\}\}[ \t]*")
_BEGIN, _END = ">>> shared code:", "<<< shared code"
_MARKED = re.compile(r"(?:--|#) >>> shared code: (.*)")
_MARKED_END = re.compile(r"(?:--|#) <<< shared code")


def shared_texts(stored: Stored, brought: Brought) -> dict[str, str]:
    """What a transformation may refer to."""
    named, path = stored.body.get("shared_code_id"), stored.body.get("shared_code_path")
    owner = next(
        (one for one in brought.of(SHARED_CODE) if one.id == str(named) or (path and one.path == str(path))), None
    )
    found: dict[str, str] = {}
    for row in owner.rows if owner is not None else ():
        content = row.body.get("code_content")
        text = content if isinstance(content, str) else "\n".join(map(str, content or ()))
        found |= {name: text for name in (row.id, row.path) if name}
    return found


def with_shared(body: Body, texts: SharedTexts, component: str) -> Body:
    """The body with the texts of what it refers to in its code."""
    sign = comment_of(component)

    def put_in(script: str) -> str:
        lines: list[str] = []
        for line in script.split("\n"):
            named = _NAMED.fullmatch(line)
            if named is not None and named[1] in texts:
                lines += [f"{sign} {_BEGIN} {line}", *texts[named[1]].split("\n"), f"{sign} {_END}"]
            else:
                lines.append(line)
        return "\n".join(lines)

    return _each_script(body, put_in) if texts else body


def without_shared(script: str, note: Callable[[str], None], texts: SharedTexts) -> str:
    """A script with the reference in the place of each shared text; ``note`` hears the name of one that was edited."""
    lines: list[str] = []
    taken: list[str] | None = None
    line_of = ""
    for line in script.split("\n"):
        if taken is None and (begun := _MARKED.fullmatch(line)) is not None:
            taken, line_of = [], begun[1]
            lines.append(line_of)
        elif taken is None:
            lines.append(line)
        elif _MARKED_END.fullmatch(line) is None:
            taken.append(line)
        else:
            named = _NAMED.fullmatch(line_of)
            if named is not None and texts.get(named[1]) != "\n".join(taken):
                note(named[1])
            taken = None
    return "\n".join(lines)


def lacks_shared(body: Mapping[str, Any], texts: SharedTexts) -> bool:
    """Whether it refers to shared code that was not brought along."""
    ids = body.get("shared_code_row_ids")
    return any(str(one) not in texts for one in ids) if isinstance(ids, list) else not texts


def _each_script(body: Body, change: Callable[[str], str]) -> Body:
    parameters = body.get("parameters")
    blocks = parameters.get("blocks") if isinstance(parameters, Mapping) else None
    if not isinstance(parameters, Mapping) or not isinstance(blocks, list):
        return body

    def changed(value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: changed(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [changed(item, key) for item in value]
        return change(value) if key == "script" and isinstance(value, str) else value

    return {**body, "parameters": {**parameters, "blocks": changed(blocks)}}
