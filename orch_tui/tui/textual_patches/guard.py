"""Whether Textual is the one that the patches were written for."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path

import textual

VERSION = "8.2.8"
"""What pyproject.toml pins."""


@cache
def is_version() -> bool:
    """Whether the installed Textual has this version.

    By the name of its metadata's directory: reading it, as ``textual.__version__`` does, takes longer than a start may.
    """
    return Path(textual.__file__).parent.with_name(f"textual-{VERSION}.dist-info").is_dir()


def has(owner: object, name: str, *parameters: str) -> bool:
    """Whether ``owner`` has that part; of a method also, whether it takes these parameters, in this order."""
    part = inspect.getattr_static(owner, name, None)
    if part is None:
        return False
    if not parameters:
        return True
    try:
        return tuple(inspect.signature(getattr(owner, name)).parameters) == parameters
    except (TypeError, ValueError):
        return False
