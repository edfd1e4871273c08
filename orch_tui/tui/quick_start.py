"""Textual loaded for a quick first picture: it defines far more than that picture uses.

Most of the time until the first picture goes into loading Textual, a tenth of that into compiling the methods of its
values (``dataclass``). Here they become values of :mod:`orch_tui.model.dataclass`, whose methods are compiled when they
are used; where a class asks for what that does not have, it stays the standard library's. asyncio comes without TLS.

To be called before anything else of Textual is imported; later it does nothing, and neither is anything needed.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass as when_used

if TYPE_CHECKING:
    from collections.abc import Callable

_SAME = frozenset({"frozen", "slots"})
"""Options that mean the same in both."""


def load_textual() -> None:
    """Import what every screen needs of Textual."""
    if "textual" in sys.modules:
        return
    from orch_tui.engine.runs import light_asyncio  # noqa: F401 - for its effect

    standard = dataclasses.dataclass
    dataclasses.dataclass = _choosing(standard)
    try:
        import textual.app
        import textual.drivers.linux_driver
        import textual.scroll_view
        import textual.widgets  # noqa: F401 - for their effect
    finally:
        dataclasses.dataclass = standard


def _choosing(standard: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator that Textual finds in the meantime."""

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        if cls is None:
            return lambda one: dataclass(one, **options)
        if options.keys() <= _SAME and _is_plain(cls):
            return when_used(**options)(cls)
        return standard(cls, **options)

    return dataclass


def _is_plain(cls: type) -> bool:
    """Whether each of its fields is one of ``__init__``, given by place or name."""
    fields = [value for value in vars(cls).values() if isinstance(value, dataclasses.Field)]
    told = [str(kind) for kind in vars(cls).get("__annotations__", {}).values()]
    return all(one.init and one.kw_only in (False, dataclasses.MISSING) for one in fields) and not any(
        word in kind for kind in told for word in ("InitVar", "KW_ONLY")
    )
