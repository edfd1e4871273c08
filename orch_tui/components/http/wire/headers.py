"""Headers as a person configured them."""

from __future__ import annotations

from collections.abc import Mapping

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Raises: UserError when a header cannot be sent; its value is not shown."""
    for name, value in headers.items():
        if not (value.isascii() and (value.isprintable() or not value)):
            raise UserError(
                f"header {safe_line(name, 60)}: its value holds line ends or letters that a header cannot carry"
            )
        if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
            raise UserError(f'header "{safe_line(name, 60)}": this is no name of a header')
    return dict(headers)
